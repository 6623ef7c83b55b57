"""Tensors out of values: `tf.constant`, `tf.zeros`, `tf.range`, `tf.cast` and their kin."""

from __future__ import annotations

import numpy as np
import torch

from torchkeras_lite import config, ops
from torchkeras_lite.ops.dispatch import to_tensor
from torchkeras_lite.symbolic import KerasTensor
from torchkeras_lite.variable import Variable

from ._tensors import is_string, sizes, torch_dtype
from ._text import is_text, text
from .dtypes import as_dtype

__all__ = [
    "cast", "complex", "constant", "convert_to_tensor", "eye", "fill", "identity", "is_tensor", "linspace", "meshgrid",
    "one_hot", "ones", "ones_like", "range", "saturate_cast", "sequence_mask", "zeros", "zeros_like",
]  # fmt: skip


def given(value, dtype=None):
    """A tensor of anything; symbolic ones stay, text becomes Text. Python's floats are float32, its integers int32."""
    if isinstance(value, torch.Tensor) and dtype is None:
        return value
    if isinstance(value, KerasTensor):
        return value if dtype is None else ops.cast(value, as_dtype(dtype).name)
    if is_text(value):
        return text(value)
    if isinstance(value, np.ndarray) and not value.flags.writeable:
        value = value.copy()  # torch's tensors can be written into
    if dtype is None and isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind == "u":
        dtype = value.dtype  # "uint16" says how bright an image is, though Keras counts in a larger one
    return to_tensor(value, torch_dtype(dtype))


def constant(value, dtype=None, shape=None, name=None):
    """A tensor of the value, of another shape if there is one: a single number fills it."""
    made = given(value, None if is_string(dtype) else dtype)
    if isinstance(made, torch.Tensor) and isinstance(value, (torch.Tensor, np.ndarray)):
        made = made.clone()  # what happens to the array later is not seen
    if shape is None or not isinstance(made, torch.Tensor):
        return made
    return made.expand(sizes(shape)).clone() if made.numel() == 1 else made.reshape(sizes(shape))


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None):
    """A tensor of the value. ValueError where it is a tensor of another dtype."""
    if dtype is not None and not is_string(dtype) and isinstance(value, (torch.Tensor, Variable)):
        has, wanted = config.torch_dtype(value.dtype), torch_dtype(dtype)
        if has is not wanted:
            raise ValueError(f"Tensor conversion requested dtype {as_dtype(dtype)} for Tensor with dtype {as_dtype(has)}")
    return given(value, None if is_string(dtype) else dtype)


def is_tensor(x) -> bool:
    """Whether it is a tensor, a Variable, a symbolic tensor or text of the stand-in."""
    return isinstance(x, (torch.Tensor, KerasTensor, Variable)) or getattr(x, "is_text_tensor", False)


def identity(input, name=None):
    """The same values in a tensor of its own."""
    made = given(input)
    return made.clone() if isinstance(made, torch.Tensor) else made


# ---------------------------------------------------------------- dtypes


def cast(x, dtype, name=None):
    """x in another dtype; floats lose what is behind the point, complex numbers their imaginary part."""
    if isinstance(x, torch.Tensor):
        dtype = torch_dtype(dtype)
        return x.real.to(dtype) if x.is_complex() and not dtype.is_complex else x.to(dtype)
    if hasattr(x, "with_values"):  # a sparse tensor
        return x.with_values(cast(x.values, dtype))
    x = given(x)
    return cast(x, dtype) if isinstance(x, torch.Tensor) else ops.cast(x, as_dtype(dtype).name)


def saturate_cast(value, dtype, name=None):
    """value in another dtype, brought into its range first."""
    made = ops.saturate_cast(given(value), as_dtype(dtype).name)
    return cast(made, dtype) if isinstance(made, torch.Tensor) else made


def complex(real, imag, name=None):
    return torch.complex(given(real), given(imag))


# ---------------------------------------------------------------- filled


def zeros(shape, dtype="float32", name=None):
    return _filled(torch.zeros, shape, dtype)


def ones(shape, dtype="float32", name=None):
    return _filled(torch.ones, shape, dtype)


def _filled(make, shape, dtype):
    if is_string(dtype):
        return text(np.full(sizes(shape), "", dtype=object))
    shape = sizes(shape)
    if None in shape:
        raise ValueError(
            f"The number of rows of a symbolic tensor is not known yet, so there is no tensor of shape {shape}. Do it in the "
            "`call` of a layer, or in a Lambda layer."
        )
    return make(shape, dtype=torch_dtype(dtype), device=config.get_device())


def zeros_like(input, dtype=None, name=None):
    return ops.zeros_like(given(input), dtype=None if dtype is None else as_dtype(dtype).name)


def ones_like(input, dtype=None, name=None):
    return ops.ones_like(given(input), dtype=None if dtype is None else as_dtype(dtype).name)


def fill(dims, value, name=None):
    """A tensor of shape `dims` with one value everywhere."""
    made = given(value)
    return made.expand(sizes(dims)).clone() if isinstance(made, torch.Tensor) else text(np.full(sizes(dims), value, object))


def eye(num_rows, num_columns=None, batch_shape=None, dtype="float32", name=None):
    """Ones on the diagonal; as many of these matrices as `batch_shape` says."""
    columns = None if num_columns is None else int(num_columns)
    one = ops.eye(int(num_rows), columns, dtype=as_dtype(dtype).name)
    return one if batch_shape is None else one.expand(*sizes(batch_shape), *one.shape).clone()


# ---------------------------------------------------------------- in a row


def range(start, limit=None, delta=1, dtype=None, name=None):
    """The numbers from `start` (0 if left out) on, below `limit`, in steps of `delta`: int32, if all are integers."""
    if limit is None:
        start, limit = 0, start
    ends = [_number(each) for each in (start, limit, delta)]
    kinds = [each.dtype for each in (start, limit, delta) if isinstance(each, torch.Tensor)]
    kind = torch_dtype(dtype)
    if kind is None:
        kind = torch.float32 if any(isinstance(end, float) for end in ends) else torch.int32
        for each in kinds:
            kind = torch.promote_types(kind, each)
    if ends[2] == 0:
        raise ValueError("tf.range: `delta` must not be 0.")
    if (ends[1] - ends[0]) * ends[2] <= 0:
        return torch.zeros(0, dtype=kind, device=config.get_device())
    return torch.arange(*ends, dtype=kind, device=config.get_device())


def _number(value):
    return value if isinstance(value, (int, float)) else value.item() if hasattr(value, "item") else value


def linspace(start, stop, num, name=None, axis=0):
    """`num` numbers from `start` to `stop`, both included."""
    return ops.linspace(start, stop, int(num), axis=axis)


def meshgrid(*args, indexing="xy", name=None):
    return list(ops.meshgrid(*map(given, args), indexing=indexing))


def one_hot(indices, depth, on_value=None, off_value=None, axis=None, dtype=None, name=None):
    """`on_value` (1) at the place that an index names, `off_value` (0) at the others of `depth`, along a new axis."""
    if dtype is None:
        kinds = [each.dtype for each in map(given, (v for v in (on_value, off_value) if v is not None))]
        dtype = kinds[0] if kinds else "float32"
    dtype, indices = as_dtype(dtype).name, given(indices)
    places = ops.arange(int(depth), dtype="int64")
    axis = -1 if axis is None else axis
    if isinstance(indices, torch.Tensor):
        places = places.to(indices.device)
        after = len(indices.shape) if axis == -1 else axis
        places = places.reshape(-1, *[1] * (indices.ndim - after))
        held = indices.unsqueeze(after) == places
    else:
        held = ops.cast(ops.one_hot(indices, int(depth), axis=axis), "bool")
    if on_value is None and off_value is None:
        return ops.cast(held, dtype)
    on, off = (given(each, dtype) for each in (1 if on_value is None else on_value, 0 if off_value is None else off_value))
    return ops.where(held, on, off)


def sequence_mask(lengths, maxlen=None, dtype="bool", name=None):
    """True in the first `lengths[i]` places of row i, of `maxlen` (the longest)."""
    lengths = given(lengths)
    if maxlen is None:
        maxlen = int(lengths.max()) if isinstance(lengths, torch.Tensor) and lengths.numel() else 0
    places = torch.arange(int(maxlen), device=getattr(lengths, "device", None))
    return cast(places < ops.expand_dims(lengths, -1), dtype)
