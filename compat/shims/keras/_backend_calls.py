"""What the functions of `keras.backend` share: how they meet symbolic tensors, old words, and sizes that are tensors."""

from __future__ import annotations

import functools

import torch

from torchkeras_lite import config, symbolic
from torchkeras_lite.calls import going_on
from torchkeras_lite.ops.dispatch import to_tensor
from torchkeras_lite.symbolic import KerasTensor

from ._members import today
from ._words import data_format as dim_ordering


def drawn(function):
    """The decorator of a function of tensors: called on KerasTensors, it stands in the graph as one call."""
    kind = _kind(function)

    @functools.wraps(function)
    def call(*args, **kwargs):
        if symbolic.is_symbolic(args, kwargs):
            return symbolic.record_op(symbolic.Op(kind, call), args, kwargs)
        made = function(*args, **kwargs)
        if going_on.inferring and symbolic.tensors_in(made):
            raise ValueError(
                f"{function.__name__}: a function that was given to it uses a symbolic tensor that it does not get as an "
                f"argument: {symbolic.tensors_in(made)}. Pass that tensor as an argument, or put the call into a layer."
            )
        return made

    return call


def draw(function, args: tuple, shape, dtype) -> KerasTensor:
    """Puts `function(*args)` into the graph, where running it on stand-ins cannot tell what comes out: `shape`, `dtype`."""
    op = symbolic.Op(_kind(function), function)
    output = KerasTensor(shape, dtype)
    op._nodes.append(symbolic.Node(op, args, {}, output))
    symbolic.drawing.begin()
    return output


def _kind(function) -> str:
    return function.__name__.title().replace("_", "")


def words(**rows):
    """The decorator of a function with old words for its arguments. What a row means: see ARGUMENTS in `_tables.py`."""

    def decorate(function):
        @functools.wraps(function)
        def understood(*args, **kwargs):
            if kwargs and not rows.keys().isdisjoint(kwargs):
                kwargs = today({}, kwargs, rows, {}, function.__name__)
            return function(*args, **kwargs)

        return understood

    return decorate


def channels(data_format) -> str:
    """Where the channels are, in today's words: of today's, of Keras 1's ("tf", "th", "default"), or None."""
    if data_format in ("tf", "th", "default"):
        data_format = dim_ordering(data_format)
    return config.standardize_data_format(data_format)


def sizes_of(shape):
    """A shape as a tuple of ints; with KerasTensors among them where sizes are symbolic, or as one KerasTensor."""
    if isinstance(shape, KerasTensor):
        return shape
    if isinstance(shape, torch.Tensor):
        shape = shape.tolist()
    if not isinstance(shape, (list, tuple)):
        shape = shape.tolist() if getattr(shape, "ndim", 0) else (shape,)
    return tuple(size if size is None or isinstance(size, KerasTensor) else int(size) for size in shape)


def known(sizes) -> tuple:
    """What is known of symbolic sizes before anything runs: None for those that are not."""
    if isinstance(sizes, KerasTensor):
        return (None,) * sizes.shape[0]
    return tuple(None if isinstance(size, KerasTensor) or size == -1 else size for size in sizes)


def as_tensor(x, dtype=None):
    """`x` as a tensor; KerasTensors stay."""
    return x if isinstance(x, KerasTensor) else to_tensor(x, dtype)
