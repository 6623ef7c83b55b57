"""Wrapper: the base of layers around another layer."""

from __future__ import annotations

from torchkeras_lite.layer import Layer


class Wrapper(Layer):
    """A layer around another one, which a subclass calls in its own way.

    Args:
        layer: the layer inside, kept as `self.layer`.

    Raises:
        ValueError: `layer` is no Keras layer.
    """

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Layer {layer!r} supplied to Wrapper isn't a supported layer type. A {type(self).__name__} holds a Layer. "
                f"Received: {type(layer)}"
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape=None):
        if not self.layer.built:
            self.layer.build(input_shape)
