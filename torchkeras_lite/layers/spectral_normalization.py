"""Normalization of weights by the largest factor by which they can stretch an input."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from torchkeras_lite import initializers
from torchkeras_lite.calls import going_on
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layers.wrapper import Wrapper


class SpectralNormalization(Wrapper):
    """Before each call in training, divides the kernel of the layer inside by its spectral norm (its largest singular value).

    The norm is estimated by power iteration from a vector that is kept from call to call. The kernel itself is changed, and
    no gradient flows through the norm. A kernel of zeros stays. Source: Miyato et al. 2018, arXiv:1802.05957.

    Args:
        layer: a layer with a `kernel` or `embeddings`. Its last axis counts as the outputs, the others together as the inputs.
        power_iterations: how many steps are made each time.

    Raises:
        ValueError: less than one step; the layer has neither kernel nor embeddings.
    """

    def __init__(self, layer, power_iterations=1, **kwargs):
        super().__init__(layer, **kwargs)
        if power_iterations <= 0:
            raise ValueError(
                f"Layer {self.name!r}: `power_iterations` should be greater than zero. Received: "
                f"power_iterations={power_iterations}"
            )
        self.power_iterations = power_iterations

    def build(self, input_shape):
        super().build(input_shape)
        kernel = getattr(self.layer, "kernel", None)
        kernel = getattr(self.layer, "embeddings", None) if kernel is None else kernel
        if kernel is None:
            raise ValueError(
                f"Layer {self.name!r}: the layer inside, {self.layer.name!r}, cannot be normalized. "
                f"{type(self.layer).__name__} object has no attribute 'kernel' nor 'embeddings'."
            )
        self.kernel = kernel
        self.vector_u = self.add_weight(
            (1, kernel.shape[-1]), initializers.TruncatedNormal(stddev=0.02), kernel.dtype, trainable=False, name="vector_u"
        )
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})

    def call(self, inputs, training=None):
        if (self.training if training is None else training) and not going_on.trying:
            self._normalize()
        return self.layer(inputs).to(inputs.dtype)

    @torch.no_grad()
    def _normalize(self):
        kernel, u = self.kernel.value, self.vector_u.value
        matrix, new = kernel.reshape(-1, kernel.shape[-1]), u
        for _ in range(self.power_iterations):
            v = F.normalize(new @ matrix.T, dim=None, eps=1e-7)
            new = F.normalize(v @ matrix, dim=None, eps=1e-7)
        zeros = (kernel == 0).all()  # decided on the device
        self.kernel.assign(torch.where(zeros, kernel, kernel / (v @ matrix @ new.T).reshape(())))
        self.vector_u.assign(torch.where(zeros, u, new))
