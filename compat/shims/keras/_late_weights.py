"""`load_weights` of TensorFlow's checkpoints: of a model that is not built yet, and with what it returned."""

from __future__ import annotations

import os
from importlib import import_module

import torch

from torchkeras_lite.layer import Layer
from torchkeras_lite.models import Model
from torchkeras_lite.modes import training_mode

from ._words import replace

_load = getattr(Model.load_weights, "_todays", Model.load_weights)
_OTHERS = (".h5", ".hdf5", ".keras", ".json")  # files of which it returned nothing, and for which the model had to be built


def load_weights(self, filepath, *args, **words):
    """Reads weights. Those of a model that is not built yet, in a file without a suffix of Keras's, it gets when it is.

    Returns:
        A status, whose methods (`expect_partial`, ...) have nothing to say; None for files with a suffix of Keras's.
    """
    path = os.fspath(filepath)
    if path.endswith(_OTHERS):
        return _load(self, filepath, *args, **words)
    if self.built or not os.path.exists(path):
        _load(self, filepath, *args, **words)
    elif type(self).build is Model.build and not _unbuilt(self):
        self.built = True
        try:
            _load(self, filepath, *args, **words)
        except BaseException:
            self.built = False
            raise
    else:
        vars(self)["_weights_to_come"] = (path, args, words)
        for name in ("build", "_build_for"):
            replace(self, name, _build_and_load)
    return import_module("tensorflow.train").Status()


load_weights._todays = _load


def _unbuilt(model) -> list:
    """The layers inside that have no weights yet, and may get some."""
    inside = model._flatten_layers(include_self=False)
    return [part for part in inside if not part.built and type(part).build is not Layer.build]


def _build_and_load(model, build, *args, **kwargs):
    path, more, words = vars(model).pop("_weights_to_come")
    for name in ("build", "_build_for"):
        vars(model).pop(name)
    build(*args, **kwargs)
    if not model.built and _unbuilt(model):
        with torch.no_grad(), training_mode(model, False):  # what it builds as it goes
            model.call(*args[0], **args[1])
    model.built = True
    _load(model, path, *more, **words)
