"""What scripts ask of TensorFlow's tensors and torch's do not answer: a few methods, there as long as the stand-in is imported.

- `tensor.numpy()` works on tensors that want gradients, lie on another device or are conjugated: torch's own
  `numpy(force=True)` becomes the default. It still shares memory where it did; 0-d tensors give numbers of numpy's, which
  can be keys of dicts.
- numpy's operators take tensors, and gradients flow: `array * tensor` is a tensor. numpy's other functions take them for
  arrays (`np.argmax(tensor, axis=1)`), where torch's own methods would not understand numpy's arguments.
- `float(loss)` is silent about gradients that do not go through it: a filter for that one warning of torch's.
- `x += y` in a file that does not import torch makes a new tensor, as TensorFlow's do: the tensor that another name still
  means, or that gradients need, stays as it is, and `y` may have the larger shape. Who imports torch gets torch's.
- `tensor.set_shape(shape)`, which tells TensorFlow what it does not know while it draws, checks the shape.
- `tensor.get_shape()` is the shape as a `TensorShape`, and `tensor.shape` has its methods, `rank` and `ndims`.

Nothing else that torch has is changed, and but for `x += y` none of its operations gets slower. `dropin.uninstall()`
takes all of it away.
"""

from __future__ import annotations

import gc
import operator
import sys
import warnings

import torch
from keras._shape import Dimension, TensorShape  # noqa: F401 (`tf.Dimension`)

from .dtypes import DType, as_dtype


def _numpy(self, *, force=None):
    # numpy has no bfloat16 of its own: the same numbers in the width that has them all.
    array = _torchs_numpy(self.float() if self.dtype is torch.bfloat16 else self, force=force is None or force)
    return array if array.ndim or force is not None else array[()]  # who says `force` is no script for TensorFlow


def _array(self, dtype=None, copy=None):
    array = _numpy(self, force=True)
    array = array if dtype is None else array.astype(dtype, copy=False)
    return array.copy() if copy else array


def _get_shape(self) -> TensorShape:
    return TensorShape(self.shape)


def _set_shape(self, shape) -> None:
    if not TensorShape(self.shape).is_compatible_with(TensorShape(shape)):
        raise ValueError(f"Tensor's shape {tuple(self.shape)} is not compatible with supplied shape {TensorShape(shape)}.")


def _array_ufunc(self, ufunc, method, *inputs, out=None, **kwargs):
    """What numpy asks of a tensor among the operands of its own functions."""
    function = _OPERATORS.get(ufunc.__name__) if method == "__call__" and out is None and not kwargs else None
    if function is not None:
        return function(*(torch.as_tensor(each, device=self.device) for each in inputs))
    arrays = [each.numpy() if isinstance(each, torch.Tensor) else each for each in inputs]
    return getattr(ufunc, method)(*arrays, **kwargs, **({} if out is None else {"out": out}))


def _array_function(self, function, types, args, kwargs):
    from torch.utils import _pytree as pytree

    args, kwargs = pytree.tree_map(lambda leaf: leaf.numpy() if isinstance(leaf, torch.Tensor) else leaf, (args, kwargs))
    return function(*args, **kwargs)


_OPERATORS = {
    name: getattr(operator, short)
    for name, short in {
        "add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv", "floor_divide": "floordiv", "remainder": "mod",
        "power": "pow", "matmul": "matmul", "equal": "eq", "not_equal": "ne", "less": "lt", "less_equal": "le", "greater": "gt",
        "greater_equal": "ge", "bitwise_and": "and_", "bitwise_or": "or_", "bitwise_xor": "xor",
    }.items()
}  # fmt: skip
_WARNING = "Converting a tensor with requires_grad=True to a scalar"
_torchs_numpy = getattr(torch.Tensor, "numpy", None)


def _new_tensor_of(name: str):
    """`x += y` and its kin, as `x = x + y` where the file that says it knows no torch."""
    in_place, anew = getattr(torch.Tensor, f"__i{name}__"), getattr(operator, name if name not in ("and", "or") else f"{name}_")

    def changed(self, other):
        names = sys._getframe(1).f_globals
        if "torch" in names or names.get("__name__", "").partition(".")[0] in _TORCH_FILES:
            return in_place(self, other)
        return anew(self, other)

    return changed


_TORCH_FILES = ("torch", "torchkeras_lite")
_METHODS = {
    **{
        f"__i{name}__": _new_tensor_of(name)
        for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift")
        if hasattr(torch.Tensor, f"__i{name}__")
    },
    "numpy": _numpy, "__array__": _array, "get_shape": _get_shape, "set_shape": _set_shape, "__array_ufunc__": _array_ufunc,
    "__array_function__": _array_function,
}  # fmt: skip
_torchs_own = {name: vars(torch.Tensor)[name] for name in _METHODS if name in vars(torch.Tensor)}
_BEFORE = {name: vars(torch.Tensor)[name] for name in _METHODS if name in vars(torch.Tensor)}
# What scripts ask of `x.dtype`, answered by tf's own dtype.
_DTYPES = {
    name: property(lambda self, name=name: getattr(as_dtype(self), name))
    for name in ("name", "as_numpy_dtype", "is_floating", "is_integer", "is_bool", "is_unsigned", "min", "max", "size")
}
_DTYPES["base_dtype"] = property(lambda self: self)
# torch.Size takes no attributes from Python, so these are written into its dict itself. None of them hides anything.
_SIZES = {
    "as_list": list, "rank": property(len), "ndims": property(len),
    **{name: lambda self, *args, name=name: getattr(TensorShape(self), name)(*args) for name in (
        "num_elements", "is_fully_defined", "is_compatible_with", "assert_is_compatible_with", "concatenate", "merge_with",
        "assert_has_rank", "with_rank", "with_rank_at_least",
    )},
}  # fmt: skip
# Nor does torch.device, which scripts take for the name of a place: `x.device.endswith("GPU:0")`.
_DEVICES = {
    "endswith": lambda self, *args: _place(self).endswith(*args),
    "startswith": lambda self, *args: _place(self).startswith(*args),
}


def _attributes_of(cls: type) -> dict:
    """The dict behind `cls.__dict__`, which shows it read-only; an empty one on Pythons that keep it elsewhere."""
    return next((found for found in gc.get_referents(cls.__dict__) if isinstance(found, dict)), {})


def _forget_lookups(cls: type) -> None:
    import ctypes

    ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))


def put_on() -> None:
    """Gives the methods to `torch.Tensor` and `torch.Size`; doing it again changes nothing."""
    for name, method in _METHODS.items():
        setattr(torch.Tensor, name, method)
    _attributes_of(torch.Size).update({name: _method_of(value) for name, value in _SIZES.items()})
    _attributes_of(torch.device).update(_DEVICES)
    _attributes_of(torch.dtype).update(_DTYPES)
    _forget_lookups(torch.Size)
    _forget_lookups(torch.device)
    _forget_lookups(torch.dtype)
    warnings.filterwarnings("ignore", _WARNING, UserWarning)
    _keep_sparse_as(_sparse_tensor)


def _keep_sparse_as(find_class) -> None:
    if "torchkeras_lite.sparse" in sys.modules:
        sys.modules["torchkeras_lite.sparse"].keep_as(find_class)


def _sparse_tensor() -> type:
    from .sparse import SparseTensor

    return SparseTensor


def _place(device) -> str:
    """A device as TensorFlow names it."""
    kind = "CPU" if device.type == "cpu" else "GPU"
    return f"/job:localhost/replica:0/task:0/device:{kind}:{device.index or 0}"


def _method_of(value):
    return value if isinstance(value, property) else lambda self, *args: value(self, *args)


def take_off() -> None:
    """Undoes `put_on`."""
    _keep_sparse_as(None)
    for name in _METHODS:
        if name in _BEFORE:
            setattr(torch.Tensor, name, _BEFORE[name])
        elif name in vars(torch.Tensor):
            delattr(torch.Tensor, name)  # `numpy` is inherited again
    for name, method in _torchs_own.items():
        setattr(torch.Tensor, name, method)
    for cls, names in ((torch.Size, _SIZES), (torch.device, _DEVICES), (torch.dtype, _DTYPES)):
        attributes = _attributes_of(cls)
        for name in names:
            attributes.pop(name, None)
        _forget_lookups(cls)
    warnings.filters[:] = [one for one in warnings.filters if getattr(one[1], "pattern", None) != _WARNING]


class _OfAnyTensor(type):
    def __instancecheck__(cls, value) -> bool:
        return isinstance(value, torch.Tensor) or getattr(value, "is_text_tensor", False)


class Tensor(metaclass=_OfAnyTensor):
    """For `isinstance(x, tf.Tensor)`: torch's tensors, and text."""


EagerTensor = torch.Tensor  # what `type(x)` is


class IndexedSlices:
    """Rows of a tensor. Gradients are whole tensors here, so nothing is one unless a script makes it.

    Args:
        values: the rows. indices: which they are. dense_shape: the shape of the whole.
    """

    def __init__(self, values, indices, dense_shape=None):
        self.values, self.indices, self.dense_shape = values, indices, dense_shape

    def whole(self, shape) -> torch.Tensor:
        """The tensor of this shape, zero in the other rows; rows that are there twice are added."""
        values, indices = (torch.as_tensor(part) for part in (self.values, self.indices))
        return values.new_zeros(tuple(shape)).index_add_(0, indices.long(), values)


def torch_dtype(dtype) -> torch.dtype | None:
    """The torch dtype of any spelling; None stays. TypeError for text, which is no number."""
    if dtype is None or isinstance(dtype, torch.dtype):
        return dtype
    name = as_dtype(dtype)
    if name == "string":
        raise TypeError("Expected numbers here. Received: dtype=tf.string")
    return getattr(torch, str(name))


def is_string(dtype) -> bool:
    return isinstance(dtype, (DType, str, type)) and dtype in (str, "string")


def sizes(shape) -> tuple:
    """A shape as torch takes it: from a number, tensor, or list of numbers and tensors. None stays where it stands."""
    if isinstance(shape, (torch.Tensor, list, tuple)):
        shape = shape.reshape(-1).tolist() if isinstance(shape, torch.Tensor) else shape
        return tuple(size if size is None or isinstance(size, int) else int(size) for size in shape)
    return tuple(int(size) for size in shape) if hasattr(shape, "__iter__") else (int(shape),)
