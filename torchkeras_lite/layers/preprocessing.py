"""Layers that prepare data."""

from __future__ import annotations

from torchkeras_lite.layer import Layer
from torchkeras_lite.variable import tensor_of


class Rescaling(Layer):
    """y = x * scale + offset, in floats: `Rescaling(1 / 255)` takes images to [0, 1].

    Args:
        scale, offset: numbers, or arrays that broadcast against the last axes of the input.
    """

    casts_integers = True

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        self.supports_masking = True
        self.built = True

    def call(self, inputs):
        scale, offset = (
            value if isinstance(value, (int, float)) else tensor_of(value, inputs.dtype, inputs.device)
            for value in (self.scale, self.offset)
        )
        return inputs * scale + offset if not isinstance(offset, (int, float)) or offset else inputs * scale
