"""The masks of merging layers before Keras 3: an entry counts where all inputs that have a mask say so.

(Today one input without a mask takes it from the output, and an entry counts where any input says so.)
"""

from __future__ import annotations

import functools
from importlib import import_module

import torch

from torchkeras_lite import layers

FUNCTIONS = ("add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate")


def _of_all(layer, inputs, mask=None):
    """The mask of a layer that works element by element."""
    given = [one for one in mask or () if one is not None]
    return functools.reduce(torch.logical_and, given) if given else None


def _of_parts(layer, inputs, mask=None):
    """The mask of a Concatenate."""
    if all(one is None for one in mask or ()):
        return None
    columns = []
    for x, one in zip(inputs, mask, strict=True):
        if one is None:
            column = torch.ones((*x.shape[:-1], 1), dtype=torch.bool, device=x.device)
        else:
            column = one.unsqueeze(-1) if one.ndim < x.ndim else one.all(-1, keepdim=True)
        columns.append(column.bool().expand(*x.shape[:-1], 1))
    return torch.cat(columns, layer.axis).all(-1)


def of_all(layer, words):
    vars(layer)["compute_mask"] = functools.partial(_of_all, layer)


def of_parts(layer, words):
    vars(layer)["compute_mask"] = functools.partial(_of_parts, layer)


def _function(name):
    plain = getattr(layers, name)

    @functools.wraps(plain)
    def merged(inputs, *args, **words):
        cls = import_module("keras._eras").of(getattr(layers, name.capitalize()))
        return cls(*args, **words)(inputs)

    return merged


globals().update((name, _function(name)) for name in FUNCTIONS)
