"""ReversibleEmbedding: from integers to vectors, and back to a number for each integer."""

from __future__ import annotations

import contextlib

import torch
from torch import nn
from torch.nn import functional as F

from torchkeras_lite import config
from torchkeras_lite.layers.core import Embedding
from torchkeras_lite.layers.few_bits import FewBits, Form
from torchkeras_lite.symbolic import KerasTensor
from torchkeras_lite.variable import Permuted
from torchkeras_lite.weights import bare


class ReversibleEmbedding(Embedding):
    """An Embedding that language models use at both ends (Press and Wolf 2016): y = E[x], and `layer(y, reverse=True)` is y Eᵀ.

    Shapes: input (batch, ...) of integers, output (batch, ..., output_dim); in reverse, input (batch, ..., output_dim), output
    (batch, ..., input_dim).

    Args:
        input_dim: how many integers there are.
        output_dim: the length of a vector.
        tie_weights: whether the way back has the same weights; else it has a matrix of its own, `reverse_embeddings`.
        mask_zero: whether 0 is padding: later layers get a mask of the entries that are not 0.
        reverse_dtype: what the way back is computed in; None is the layer's compute dtype.
        logit_soft_cap: keeps what comes back between -cap and cap, by cap * tanh(y / cap).

    The body is `self.embedding`, an nn.Embedding, and without tied weights `self.reverse`, an nn.Linear.
    """

    quantized_modes = ("int8", "int4")
    reads_integers = True

    def __init__(
        self,
        input_dim,
        output_dim,
        tie_weights=True,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        reverse_dtype=None,
        logit_soft_cap=None,
        **kwargs,
    ):
        super().__init__(
            input_dim, output_dim, embeddings_initializer, embeddings_regularizer, embeddings_constraint, mask_zero, **kwargs
        )
        self.tie_weights, self.reverse_dtype, self.logit_soft_cap = tie_weights, reverse_dtype, logit_soft_cap

    def _make_weights(self):
        super()._make_weights()
        if not self.tie_weights:
            self.reverse = bare(nn.Linear, self.output_dim, self.input_dim, bias=False, **self.placement())
            self.reverse_embeddings = self.adopt(
                "reverse_embeddings", self.reverse, "weight", Permuted(1, 0), self.embeddings_initializer
            )

    def _forms(self, mode):
        forms = super()._forms(mode)
        if not self.tie_weights:
            shape = self.output_dim, self.input_dim
            floats = config.torch_dtype(self.variable_dtype)
            back = Form("reverse_embeddings", shape, Permuted(1, 0), 0, paired=0, zero_dtype=floats, indexed=False)
            forms.append((self.reverse, back))
        return forms

    def call(self, inputs, reverse=False):
        if reverse:
            return self._reversed(inputs)
        output = super().call(inputs)
        if self.mask_zero:
            output._keras_mask = inputs != 0
        return output

    def _reversed(self, inputs):
        way = self.embedding if self.tie_weights else self.reverse
        if isinstance(way, FewBits):
            logits = way.product(inputs)
        else:
            logits = self._product(inputs, way.weight)
        cap = self.logit_soft_cap
        return logits if cap is None else torch.tanh(logits / cap) * cap

    def _product(self, inputs, kernel):
        exactly = contextlib.nullcontext()
        if self.reverse_dtype is not None:
            dtype = config.torch_dtype(self.reverse_dtype)
            inputs, kernel = inputs.to(dtype), kernel.to(dtype)
            exactly = torch.autocast(inputs.device.type, enabled=False)
        with exactly:
            return F.linear(inputs, kernel)

    def compute_mask(self, inputs, mask=None):
        return None  # `call` knows which way it goes

    def compute_output_shape(self, input_shape, reverse=False):
        """The shape of the output for an input of this shape, there or back."""
        return self.compute_output_spec(KerasTensor(input_shape, self.compute_dtype), reverse=reverse).shape

    def get_config(self):
        own = ("tie_weights", "reverse_dtype", "logit_soft_cap")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
