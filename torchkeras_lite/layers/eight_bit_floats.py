"""Products in eight-bit floats.

The module keeps its floats, and goes on learning: what it multiplies is rounded to float8, and the gradient too. Three scales
follow the largest magnitudes of the last steps. (Micikevicius et al., arXiv:2209.05433.)
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from torchkeras_lite.layers.few_bits import Einsum
from torchkeras_lite.quantizers.float8 import compute_float8_amax_history, compute_float8_scale


def _rounded(x, scale, narrow):
    """`quantize_and_dequantize`, in as little memory as will do."""
    most, scale = torch.finfo(narrow).max, scale.to(x.dtype)
    return (x / scale).clamp_(-most, most).to(narrow).to(x.dtype).mul_(scale)


class _Rounded(torch.autograd.Function):
    """x as it is in float8. Its gradient passes."""

    @staticmethod
    def forward(x, scale):
        return _rounded(x, scale, torch.float8_e4m3fn)

    @staticmethod
    def setup_context(ctx, inputs, output):
        return None

    @staticmethod
    def backward(ctx, grad):
        return grad, None


class _Narrowed(torch.autograd.Function):
    """The same while it trains: the gradients of the scale and the history are what they are to be next."""

    @staticmethod
    def forward(x, scale, history, next_scale, next_history):
        return _rounded(x, scale, torch.float8_e4m3fn)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs[3:])

    @staticmethod
    def backward(ctx, grad):
        return grad, *ctx.saved_tensors, None, None


class _NarrowedGradient(torch.autograd.Function):
    """y as it is; its gradient goes on as it is in float8, those of the scale and the history are their next values."""

    @staticmethod
    def forward(y, scale, history):
        return y.view_as(y)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs[1:])

    @staticmethod
    def backward(ctx, grad):
        scale, history = ctx.saved_tensors
        after = compute_float8_scale(history.amax(0), scale, torch.finfo(torch.float8_e5m2).max)
        return _rounded(grad, scale, torch.float8_e5m2), after, compute_float8_amax_history(grad, history)


class Float8:
    """A torch module that multiplies in float8. Training writes its scales by way of their gradients."""

    weights = ("inputs", "kernel", "outputs_grad")

    def product(self, x):
        y = self.through(self.narrow(x, "inputs"), self.narrow(self._parameters["weight"].to(x.dtype), "kernel"))
        return _NarrowedGradient.apply(y, *self._kept("outputs_grad"))

    def narrow(self, x, name):
        """x as it is in float8, with the scale of this name, which follows x in training."""
        scale, history = self._kept(name)
        if not self.training:
            return _Rounded.apply(x, scale)
        with torch.no_grad():
            largest = torch.finfo(torch.float8_e4m3fn).max
            after = compute_float8_scale(history.amax(0), scale, largest), compute_float8_amax_history(x, history)
        return _Narrowed.apply(x, scale, history, *after)

    def _kept(self, name):
        return self._parameters[f"{name}_scale"], self._parameters[f"{name}_amax_history"]


def add_narrow(y, bias):
    """y + bias, of which as much counts as bfloat16 holds (with products of float8 a GPU adds it so)."""
    return y + (bias.to(torch.bfloat16) if y.dtype is torch.float32 else bias).to(y.dtype)


class Float8Linear(Float8, nn.Linear):
    through = staticmethod(F.linear)

    def forward(self, x):
        y = self.product(x)
        return y if self.bias is None else add_narrow(y, self.bias)


class Float8Einsum(Float8, Einsum):
    def through(self, x, weight):
        return torch.einsum(self.equation, x, weight)

    def forward(self, x):
        return self.product(x)


FLOAT8: dict[type, type] = {nn.Linear: Float8Linear, Einsum: Float8Einsum}
