"""Masking, and the layer that does nothing."""

from __future__ import annotations

import torch

from torchkeras_lite.calls import require_care
from torchkeras_lite.layer import Layer


class Masking(Layer):
    """Masks the steps of sequences at which all features equal `mask_value`, and sets those to 0.

    Shapes: input and output (batch, ..., features); the mask (batch, ...) is True at the steps that count.

    Args:
        mask_value: a number, or an array that broadcasts against the input.
    """

    def __init__(self, mask_value=0.0, **kwargs):
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True
        self.built = self.builds_nothing
        require_care()

    def call(self, inputs):
        counts = self._counts(inputs)
        outputs = torch.where(counts.unsqueeze(-1), inputs, 0)
        if not torch.compiler.is_compiling():
            outputs._keras_mask = counts
        return outputs

    def compute_mask(self, inputs, mask=None):
        return self._counts(inputs)

    def _counts(self, inputs):
        value = self.mask_value
        if not isinstance(value, (int, float)):
            value = torch.as_tensor(value, device=inputs.device)
        return (inputs != value).any(-1)

    def _set_output_mask(self, args, mask, outputs):
        if type(self).compute_mask is not Masking.compute_mask:  # else `call` has made it on the way
            super()._set_output_mask(args, mask, outputs)


class Identity(Layer):
    """Hands on its input, a tensor or any structure of tensors."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.built = self.builds_nothing

    def call(self, inputs):
        return inputs
