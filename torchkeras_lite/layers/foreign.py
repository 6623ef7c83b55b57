"""Layers of Keras's that run the models of other frameworks: here they only say why they cannot."""

from __future__ import annotations

from torchkeras_lite.layer import Layer


class JaxLayer(Layer):
    """A function of JAX as a layer. Raises ValueError, as Keras on torch does: torch can neither run nor differentiate it."""

    def __init__(self, *args, **kwargs):
        raise ValueError(
            f"{type(self).__name__} runs a model of JAX, and layers here are PyTorch. The usual fix: write the model as a "
            "Layer or a torch.nn.Module (which may stand in any model, as a layer)."
        )


class FlaxLayer(JaxLayer):
    """A module of Flax as a layer. Raises ValueError: see JaxLayer."""


class TFSMLayer(Layer):
    """A TensorFlow SavedModel as a layer. Raises NotImplementedError, as Keras on torch does: only TensorFlow can run it."""

    def __init__(self, *args, **kwargs):
        raise NotImplementedError(
            "TFSMLayer runs a TensorFlow SavedModel, and layers here are PyTorch. The usual fix: save the model as a `.keras` "
            "file where it was made, and `load_model` that."
        )
