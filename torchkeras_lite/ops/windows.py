"""The arithmetic of windows that slide over an input: for convolutions, pooling and patches, as operations and as layers."""

from __future__ import annotations

import functools
import numbers

import torch

from torchkeras_lite import config

WORDS = {1: ("long",), 2: ("high", "wide"), 3: ("deep", "high", "wide")}  # what an input of some rank is, axis by axis
WHOLE = frozenset({torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64})

# ---------------------------------------------------------------- settings


def settled(settle):
    """`settle`, which makes of an operation's settings what its calls need, run once for each combination of them."""
    kept = functools.lru_cache(1024)(settle)

    @functools.wraps(settle)
    def find(*settings):
        if torch.compiler.is_compiling():
            return settle(*settings)
        try:
            return kept(*settings)
        except TypeError:  # a list is among them, as files have it
            return settle(*settings)

    return find


def spread(value, rank: int, name: str, owner: str | None = None, zero: bool = False) -> tuple[int, ...]:
    """`value`, an integer or `rank` of them, as a tuple of `rank` ints.

    Args:
        name: the argument's name, for the message.
        owner: whose argument it is, for the message.
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
        small = {one for one in whole or () if one < (0 if zero else 1)}
        small = f", including values {small} that do not satisfy `value >{'=' if zero else ''} 0`" if small else ""
        raise ValueError(
            f"{f'{owner}: ' if owner else ''}The `{name}` argument must be a tuple of {rank} integers. Received "
            f"{name}={value!r}{small}. (One integer holds for all axes.)"
        )
    return whole


def rank_of(ndim: int, owner: str) -> int:
    """How many axes the windows slide along: those of an input that are neither batch nor channels.

    Raises:
        ValueError: torch has no kernels for so many.
    """
    if ndim not in (3, 4, 5):
        raise ValueError(
            f"{owner}: `inputs` must have 3, 4 or 5 axes: sequences, images or volumes, with batch and channels. Received: an "
            f"input with {ndim} axes"
        )
    return ndim - 2


def padding_named(padding, owner: str) -> str:
    """ "valid" or "same", in small letters.

    Raises:
        ValueError: anything else.
    """
    name = padding.lower() if isinstance(padding, str) else padding
    if name not in ("valid", "same"):
        raise ValueError(f"{owner}: the `padding` argument must be 'valid' or 'same'. Received: padding={padding!r}")
    return name


# ---------------------------------------------------------------- axes and dtypes


def turns(rank: int, data_format: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The orders of axes that bring data into torch's order, channels on axis 1, and back.

    For channels_last data the turn is a view, whose memory is the layout that torch calls channels_last. What torch's kernels
    return is, turned back, contiguous.
    """
    last = rank + 1
    if data_format == "channels_first":
        return (*range(last + 1),), (*range(last + 1),)
    return (0, last, *range(1, last)), (0, *range(2, last + 1), 1)


def in_doubles(function, tensors, *settings):
    """An operation on integers or truth values, for which torch has few kernels: in float64, exact up to 2**53.

    What does not fit into the dtype wraps around, as sums of integers do.
    """
    y = function(*[tensor.double() for tensor in tensors], *settings)
    return y.to(torch.int64).to(tensors[0].dtype)


def in_floats(function, tensor, *settings):
    """A mean of integers or truth values: in `floatx()`."""
    return function(tensor.to(config.torch_dtype(config.floatx())), *settings)


# ---------------------------------------------------------------- padding


def same_padding(size: int, window: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """How much `padding="same"` adds (before, after) an axis of this size, so that size / stride windows (rounded up) fit.

    An odd rest goes behind, as in TensorFlow and JAX.
    """
    steps = -(-size // stride)
    total = max((steps - 1) * stride + dilation * (window - 1) + 1 - size, 0)
    return total // 2, total - total // 2


def padding_shares(pads):
    """Pairs (before, after) for each axis as what a convolution can add itself, and what F.pad has to add ahead of it."""
    front = tuple(before for before, _ in pads)
    if front == tuple(after for _, after in pads):
        return front, None
    return (0,) * len(pads), [amount for pair in reversed(pads) for amount in pair]


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


def transposed_shares(window: int, stride: int, dilation: int, padding: str, extra: int | None):
    """A cut (see `transposed_cut`) as torch's padding and output padding, and a pair that is left to cut off."""
    before, after = transposed_cut(window, stride, dilation, padding, extra)
    if before + after == dilation * (window - 1) + 1:  # nothing remains of an input of one entry: torch would refuse it
        return 0, 0, (before, after)
    if before - after >= max(stride, dilation):  # more than torch adds
        return before, 0, (0, after - before)
    return before, max(before - after, 0), (0, max(after - before, 0))  # torch cuts as much behind as in front, or less
