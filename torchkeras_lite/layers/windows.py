"""The arithmetic of windows that slide over an input: for convolutions and for pooling."""

from __future__ import annotations

import numbers

from torchkeras_lite import symbolic

WORDS = {1: ("long",), 2: ("high", "wide"), 3: ("deep", "high", "wide")}  # what an input of some rank is, axis by axis


def turns(rank: int, data_format: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The orders of axes that bring data into torch's order, channels on axis 1, and back.

    For channels_last data the turn is a view, whose memory is the layout that torch calls channels_last. What torch's kernels
    return is, turned back, contiguous.
    """
    last = rank + 1
    if data_format == "channels_first":
        return (*range(last + 1),), (*range(last + 1),)
    return (0, last, *range(1, last)), (0, *range(2, last + 1), 1)


def shape_with_room(layer, args, kwargs, axes, room):
    """The output shape where a trial failed, perhaps as a size made up for None is too small for a large window.

    So `room` is made up for the sizes that are None on `axes`. Returns None where there is nothing to make larger.
    """
    given = args[0] if args else next(iter(kwargs.values()))
    shape = [*given.shape]
    for axis, size in zip(axes, room, strict=False):
        shape[axis] = size if shape[axis] is None else shape[axis]
    if shape == [*given.shape]:
        return None
    larger = symbolic.KerasTensor(shape, given.dtype)
    tried = (layer._infer((larger, *args[1:]), kwargs) if args else layer._infer((larger,), {})).shape
    return tuple(None if before is None else after for before, after in zip(given.shape, tried, strict=True))


def spread(value, rank: int, name: str, layer_name: str | None = None, zero: bool = False) -> tuple[int, ...]:
    """`value`, an integer or `rank` of them, as a tuple of `rank` ints.

    Args:
        name: the argument's name, for the message.
        layer_name: the layer's name, for the message, if there is one already.
        zero: whether 0 is allowed.

    Raises:
        ValueError: another number of values, or one that is no integer or too small.
    """
    try:
        given = (value,) * rank if isinstance(value, numbers.Integral) else tuple(value)
        whole = tuple(int(one) for one in given)
    except (TypeError, ValueError):
        given, whole = (), None
    if whole is None or len(whole) != rank or whole != given or min(whole) < (0 if zero else 1):
        where = f"Layer {layer_name!r}: the" if layer_name else "The"
        raise ValueError(
            f"{where} `{name}` argument must be a tuple of {rank} integers >= {0 if zero else 1}, or one integer for all axes. "
            f"Received: {name}={value!r}"
        )
    return whole


def same_padding(size: int, window: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """How much `padding="same"` adds (before, after) an axis of this size, so that size / stride windows (rounded up) fit.

    An odd rest goes behind, as in TensorFlow and JAX.
    """
    steps = -(-size // stride)
    total = max((steps - 1) * stride + dilation * (window - 1) + 1 - size, 0)
    return total // 2, total - total // 2


def transposed_cut(window: int, stride: int, dilation: int, padding: str, extra: int | None) -> tuple[int, int]:
    """How many entries (before, after) of a transposed convolution's full output are cut off; fewer than 0 are added.

    The full output has (size - 1) * stride + reach entries, where reach is how far the dilated window goes. Keras wants at
    least size * stride of them for "valid" and exactly as many for "same". With an output padding (`extra`) it wants the full
    output and `extra` more, or for "same" (size - 1) * stride + reach % 2 + extra entries.
    """
    reach = dilation * (window - 1) + 1
    if padding == "valid":
        total = min(reach - stride, 0) if extra is None else -extra
    else:
        total = reach - stride if extra is None else reach - reach % 2 - extra
    before = max(total // 2, 0)
    return before, total - before
