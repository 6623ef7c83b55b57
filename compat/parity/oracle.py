"""The real Keras, on torch, in this process. Import it from here: this module makes sure that it is not ourselves."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch

assert "torchkeras_lite" not in (keras.__file__ or "") and "shims" not in keras.__file__, (
    f"the oracle must be the real Keras, not the stand-in: {keras.__file__}"
)
assert keras.backend.backend() == "torch"
__all__ = ["keras", "torch"]
