"""What a tensor is: its dtype and shape, made from and into numpy's arrays; and parts of tensors, read and replaced.

Nothing here changes a tensor in place: what is replaced is replaced in a copy.
"""

from __future__ import annotations

import builtins
import functools
import math
import operator

import numpy as np
import torch

from torchkeras_lite import config, symbolic
from torchkeras_lite.calls import going_on
from torchkeras_lite.ops.dispatch import Tensor, family, lifted, to_tensor
from torchkeras_lite.texts import Texts, is_texts

op = family("core")
_SPELLED = {
    key: dtype
    for dtype in (
        torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
        torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128,
    )
    for key in (dtype, config.dtype_name(dtype))
}  # fmt: skip


# ---------------------------------------------------------------- what a tensor is


def is_tensor(x) -> bool:
    """Whether `x` is a torch tensor. Variables, arrays and symbolic tensors are none."""
    return isinstance(x, Tensor)


def shape(x) -> tuple:
    """The shape as a plain tuple; None for the sizes of a KerasTensor that are open."""
    return tuple(x.shape)


def dtype(x) -> str:
    """The name of the dtype: `"float32"`."""
    return config.dtype_name(x.dtype)


@op("Cast")
def cast(x, dtype):
    """The values of `x` in another dtype. What does not fit wraps around or is cut off; see `saturate_cast`."""
    if not isinstance(x, Tensor):
        return _cast_anything(cast, x, dtype)
    return x.to(_SPELLED.get(dtype) or config.torch_dtype(dtype))


_UNSIGNED = {"uint16": torch.uint16, "uint32": torch.uint32}  # whose range the larger dtype keeps


@op("SaturateCast")
def saturate_cast(x, dtype):
    """The values of `x` in another dtype; what lies outside of its range becomes the nearest value inside.

    Infinity counts as the largest number of the dtype of `x`.
    """
    if not isinstance(x, Tensor):
        return _cast_anything(saturate_cast, x, dtype)
    name, dtype = dtype, _SPELLED.get(dtype) or config.torch_dtype(dtype)
    if x.dtype is torch.bool:
        return x.to(dtype)
    low, high, above = _limits(x.dtype, _UNSIGNED.get(name, dtype))
    y = torch.clamp(x, low, high).to(dtype)
    return y if above is None else y.masked_fill(x > high, above)


def _cast_anything(function, x, dtype):
    if symbolic.is_symbolic((x,)):
        return symbolic.record(function, (x, config.dtype_name(dtype)), {})  # files hold the name, however it was spelled
    if is_texts(x) and config.dtype_name(dtype) == "string":
        return Texts(x)
    return function(to_tensor(x), dtype)


@functools.cache
def _limits(source: torch.dtype, target: torch.dtype) -> tuple:
    """The least and the greatest number of `source` that `target` can hold; and what is above, if that is a greater one."""
    if target is torch.bool:
        return 0, 1, None
    inside, outside = _range(source), _range(target)
    low, high = max(inside[0], outside[0]), min(inside[1], outside[1])
    if source.is_floating_point:
        # The greatest number may lie between two of `source`, as 2**31 - 1 in float32. Below a power of two, the next number is
        # half an epsilon away.
        power = high.bit_length() if isinstance(high, int) else math.frexp(high)[1]
        below = math.ldexp(1 - torch.finfo(source).eps / 2, power)
        if below < high:
            return low if isinstance(low, int) else -below, below, outside[1] if isinstance(high, int) else None
    return low, high, None


def _range(dtype: torch.dtype) -> tuple:
    about = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    return about.min, about.max


@op("ConvertToTensor")
def convert_to_tensor(x, dtype=None, sparse=None, ragged=None):
    """`x` as a tensor. Python's integers become int32 and its floats floatx, arrays keep their dtype if none is given.

    Strings, which no tensor of torch holds, become an array of them. `sparse` may be said, and what comes out is dense.

    Raises:
        ValueError: a `ragged` tensor is asked for: torch has none that Keras's functions could take.
    """
    if not isinstance(x, Tensor) or dtype is not None or sparse or ragged:
        return _converted(x, dtype, sparse, ragged)
    return x


def _converted(x, dtype, sparse, ragged):
    if ragged:
        raise ValueError("convert_to_tensor: `ragged=True` is not supported by torch. Pass the tensor as a dense one.")
    if symbolic.is_symbolic((x,)):
        if isinstance(x, symbolic.KerasTensor):
            name = None if dtype is None else config.dtype_name(dtype)
            return symbolic.record(convert_to_tensor, (x, name, sparse, ragged), {})
        raise ValueError(f"convert_to_tensor: symbolic tensors inside of a {type(x).__name__} need `keras.ops.stack`: {x!r}.")
    try:
        return to_tensor(x, None if dtype is None else config.torch_dtype(dtype))
    except (TypeError, ValueError, KeyError):
        if dtype not in (None, "string", str) or not is_texts(x):
            raise
        return x if isinstance(x, np.ndarray) and x.dtype == object else Texts(x)


def convert_to_numpy(x) -> np.ndarray:
    """A copy of `x` as a numpy array, on the host. numpy has no bfloat16: that becomes float32."""
    if isinstance(x, (list, tuple)):
        return np.array([convert_to_numpy(part) for part in x])
    if isinstance(x, Tensor):
        x = x.detach().cpu().resolve_conj().resolve_neg()
        x = (x.float() if x.dtype is torch.bfloat16 else x).numpy()
    return np.array(x)


# ---------------------------------------------------------------- parts of tensors


@op("Unstack")
def unstack(x, num=None, axis=0):
    """The parts of `x` along `axis`, without that axis, as a list. `num` is how many there are, if the shape does not say.

    Raises:
        ValueError: the size of the axis is open and `num` not given, or the two differ.
    """
    if not isinstance(x, Tensor):
        if isinstance(x, symbolic.KerasTensor) and not -len(x.shape) <= axis < len(x.shape):
            raise ValueError(f"unstack: axis {axis} is out of bounds for a tensor of shape {x.shape}.")
        if isinstance(x, symbolic.KerasTensor) and num is None and x.shape[axis] is None:
            raise ValueError(
                f"unstack: Cannot infer argument `num` from shape {x.shape}: axis {axis} is open. "
                "Pass `num`, the number of parts, or give the tensor a fixed size there."
            )
        return lifted(unstack, x, num, axis)
    if num is not None and x.shape[axis] != num:
        if not going_on.inferring:
            raise ValueError(f"unstack: `num` is {num}, but axis {axis} of the shape {tuple(x.shape)} has another size.")
        return [x.select(axis, 0) if x.shape[axis] else x.sum(axis) for _ in range(num)]
    return list(x.unbind(axis))


_INTS = frozenset((int,))


@op("Slice", tensors=2)
def slice(inputs, start_indices, shape):
    """The part of `inputs` that begins at `start_indices` and has this `shape`; both name every axis, and a size of -1 means
    up to the end. `start_indices` may be a tensor: it is not read.
    """
    if going_on.inferring or not (
        isinstance(inputs, Tensor)
        and isinstance(start_indices, (list, tuple))
        and _INTS.issuperset(map(type, start_indices))
        and -1 not in shape
    ):
        return _sliced_anyhow(inputs, start_indices, shape)
    return inputs[tuple(map(builtins.slice, start_indices, map(operator.add, start_indices, shape)))]


def _are_numbers(start_indices) -> bool:
    return isinstance(start_indices, (list, tuple)) and _INTS.issuperset(map(type, start_indices))


def _sliced_anyhow(inputs, start_indices, shape):
    if symbolic.is_symbolic((inputs, start_indices)):
        if len(inputs.shape) != len(shape):
            raise ValueError(
                f"slice: `shape` must have one size for each axis of `inputs`. Received: "
                f"inputs.shape={tuple(inputs.shape)} and shape={shape}"
            )
        if isinstance(start_indices, (list, tuple)) and len(start_indices) != len(inputs.shape):
            raise ValueError(
                "slice: `start_indices` must have one number for each axis of `inputs`. Received: "
                f"start_indices={start_indices} and inputs.shape={tuple(inputs.shape)}"
            )
        return symbolic.record(slice, (inputs, start_indices, shape), {})
    inputs, start_indices = to_tensor(inputs), _numbers_if_at_hand(start_indices)
    shape = _numbers_if_at_hand(shape)
    if going_on.inferring:  # a stand-in may be too small to be sliced
        starts = start_indices if _are_numbers(start_indices) else [0] * inputs.ndim
        sizes = zip(inputs.shape, starts, shape, strict=True)
        return inputs.new_zeros([size if size != -1 else max(0, whole - start) for whole, start, size in sizes])
    if _are_numbers(start_indices):
        sizes = zip(inputs.shape, start_indices, shape, strict=True)
        return slice(inputs, start_indices, [max(0, whole - start) if size == -1 else size for whole, start, size in sizes])
    for axis, (start, size) in enumerate(zip(to_tensor(start_indices).unbind(), shape, strict=True)):
        if size == -1:
            raise ValueError(f"slice: the size of axis {axis} is -1, which needs a number, and no tensor, in `start_indices`.")
        inputs = inputs.index_select(axis, torch.arange(size, device=inputs.device) + start)
    return inputs


def _numbers_if_at_hand(places):
    """Arrays, and numpy's numbers in lists, as Python's."""
    if isinstance(places, np.ndarray):
        return places.tolist()
    if isinstance(places, (list, tuple)):
        return [int(place) if isinstance(place, np.integer) else place for place in places]
    return places


@op("SliceUpdate", tensors=3)
def slice_update(inputs, start_indices, updates):
    """A copy of `inputs` with `updates` in place of what begins at `start_indices` (every axis named; may be a tensor)."""
    if going_on.inferring or not (
        isinstance(inputs, Tensor)
        and isinstance(updates, Tensor)
        and isinstance(start_indices, (list, tuple))
        and _INTS.issuperset(map(type, start_indices))
    ):
        return _updated_anyhow(inputs, start_indices, updates)
    outputs = inputs.clone()
    outputs[tuple(map(builtins.slice, start_indices, map(operator.add, start_indices, updates.shape)))] = updates
    return outputs


def _updated_anyhow(inputs, start_indices, updates):
    if symbolic.is_symbolic((inputs, start_indices, updates)):
        return symbolic.record(slice_update, (inputs, start_indices, updates), {})
    inputs, start_indices = to_tensor(inputs), _numbers_if_at_hand(start_indices)
    updates = to_tensor(updates, inputs.dtype, inputs.device)
    if going_on.inferring:
        return inputs.clone()
    if _are_numbers(start_indices):
        return slice_update(inputs, start_indices, updates)
    starts = zip(to_tensor(start_indices).unbind(), updates.shape, strict=True)
    places = [
        (torch.arange(size, device=inputs.device) + start).view(-1, *[1] * (updates.ndim - 1 - axis))
        for axis, (start, size) in enumerate(starts)
    ]
    return inputs.index_put(places, updates)


# ---------------------------------------------------------------- single places


@op("Scatter", tensors=2)
def scatter(indices, values, shape):
    """Zeros of this `shape` with `values` added at `indices`.

    Args:
        indices: integers, shape (..., k): the first k coordinates of a place.
        values: shape (..., *shape[k:]).
    """
    if not (isinstance(indices, Tensor) and isinstance(values, Tensor)):
        return lifted(scatter, indices, values, shape)
    if going_on.inferring:  # as many indices as values? Stand-ins do not know
        return values.new_zeros(shape)
    places = indices.long().reshape(-1, indices.shape[-1]).unbind(-1)
    return values.new_zeros(shape).index_put(places, values.reshape(len(places[0]), *shape[len(places) :]), accumulate=True)


_REDUCTIONS = {"max": "amax", "min": "amin", "mul": "prod"}


@op("ScatterUpdate", tensors=3)
def scatter_update(inputs, indices, updates, reduction=None):
    """A copy of `inputs` with `updates` at `indices`.

    Args:
        indices: integers, shape (n, k): the first k coordinates of n places.
        updates: shape (n, *inputs.shape[k:]).
        reduction: None replaces what was there. If a place is named twice, one of the two stays: on a CPU, the last. `"add"`,
            `"mul"`, `"max"` and `"min"` join all updates of a place and what was there.

    Raises:
        ValueError: another `reduction`.
    """
    if not (isinstance(inputs, Tensor) and isinstance(indices, Tensor) and isinstance(updates, Tensor)) or going_on.inferring:
        return _scatter_anything(inputs, indices, updates, reduction)
    places = indices.long().unbind(-1)
    updates = updates.to(inputs.dtype)
    if reduction is None or reduction == "add":
        return inputs.index_put(places, updates, accumulate=reduction == "add")
    if reduction not in _REDUCTIONS:
        return scatter_update(inputs, indices, updates, _reduction(reduction))
    count = len(places)
    rows = inputs.flatten(0, count - 1)
    place = torch.arange(len(rows), device=rows.device).view(inputs.shape[:count])[places]  # which of the rows
    place = place.view(*place.shape, *[1] * (rows.ndim - 1)).expand(*place.shape, *rows.shape[1:])
    return rows.scatter_reduce(0, place, updates.expand_as(place), _REDUCTIONS[reduction]).view(inputs.shape)


def _scatter_anything(inputs, indices, updates, reduction):
    if symbolic.is_symbolic((inputs, indices, updates)):
        return symbolic.record(scatter_update, (inputs, indices, updates, _reduction(reduction)), {})
    inputs = to_tensor(inputs)
    if going_on.inferring:  # as many indices as updates? Stand-ins do not know
        return inputs.clone()
    device = inputs.device
    return scatter_update(inputs, to_tensor(indices, None, device), to_tensor(updates, inputs.dtype, device), reduction)


def _reduction(name):
    """The name in small letters; ValueError if there is none of it."""
    small = name.lower() if isinstance(name, str) else name
    if small not in (None, "add", *_REDUCTIONS):
        raise ValueError(f"scatter_update: expected `reduction` to be None, 'add', 'max', 'min' or 'mul'. Received: {name!r}")
    return small
