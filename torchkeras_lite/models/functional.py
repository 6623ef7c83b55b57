"""Functional: what `Model(inputs, outputs)` makes."""

from __future__ import annotations

from torchkeras_lite.models.model import Model


class Functional(Model):
    """A model that is the calls between some KerasTensors and others, and nothing else. See `Model`."""

    keras_module = "keras.src.models.functional"


Model.from_tensors = Functional
