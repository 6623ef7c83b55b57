"""How an operation meets what is no tensor: symbolic tensors are drawn, anything else becomes a tensor first.

An operation is one `def` over torch. Its first lines ask whether everything is as torch wants it; only if not, `lifted` or
`promoted` takes over, and calls the operation again on what it made of the arguments. So a call on tensors costs one Python
frame.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import config, symbolic
from torchkeras_lite.promotion import dtype_of, result_type, torch_result_type
from torchkeras_lite.texts import Texts, is_texts
from torchkeras_lite.variable import device_of, tensor_of

Tensor = torch.Tensor
# What functions of real and complex numbers compute in; and the Python numbers that are weak beside a tensor of a dtype.
INEXACT = frozenset((torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.complex64, torch.complex128))
BESIDE_INEXACT = {dtype: (float, int, complex) if dtype.is_complex else (float, int) for dtype in INEXACT}
BESIDE = BESIDE_INEXACT | dict.fromkeys((torch.int32, torch.int64, torch.uint8, torch.int8, torch.int16), (int,))
_Function = TypeVar("_Function", bound=Callable)


def family(module: str) -> Callable:
    """The decorator for the operations of one file of Keras (`"numpy"`, `"nn"`, ...).

    `@op("Softmax")` makes the function known under the name that Keras's files use. `tensors` says which parameters are
    tensors: a number counts them from the first, else their names, in the order in which Keras's class is called with them.
    The other parameters are settings. `listed`: the first parameter is a list of tensors.
    """

    def op(kind: str, tensors: int | tuple[str, ...] = 1, listed: bool = False) -> Callable[[_Function], _Function]:
        def decorate(function: _Function) -> _Function:
            chosen = function.__code__.co_varnames[:tensors] if isinstance(tensors, int) else tensors
            symbolic.name_op(function, kind, f"keras.src.ops.{module}", chosen, listed)
            return function

        return decorate

    return op


def lifted(function, *args, **kwargs):
    """`function` on these arguments: drawn if a KerasTensor is among them, else with its tensor arguments made tensors."""
    if symbolic.is_symbolic(args, kwargs):
        return symbolic.record(function, args, kwargs)
    named = symbolic.NAMED[function]
    if not _PLAIN.issuperset(map(type, args[0] if named.listed else args)) and _has_texts(named, args):
        return _of_texts(function, named, args, kwargs)
    device = next((arg.device for arg in (args[0] if named.listed else args) if isinstance(arg, Tensor)), None)
    if named.listed:
        return function([to_tensor(value, None, device) for value in args[0]], *args[1:], **kwargs)
    made = [to_tensor(arg, None, device) if named.takes_tensor(place) else arg for place, arg in enumerate(args)]
    return function(*made, **kwargs)


def promoted(function, *args, **kwargs):
    """As `lifted`, with all tensor arguments in the dtype in which they meet (see `promotion`)."""
    return _joined(function, args, kwargs)


def counted(function, *args, **kwargs):
    """As `promoted`, and booleans become int32."""
    return _joined(function, args, kwargs, int)


def floated(function, *args, **kwargs):
    """As `promoted`, and integers and booleans become floatx. For functions whose guard asks for `INEXACT`."""
    return _joined(function, args, kwargs, float)


def doubled(function, x):
    """As `floated` for a function of one number, and int64 becomes float64: Keras's choice in a few of them."""
    if symbolic.is_symbolic((x,)):
        return symbolic.record(function, (x,), {})
    x = to_tensor(x)
    return function(x.double()) if x.dtype is torch.int64 else floated(function, x)


_NOTHING = type(None)


def _outline(value) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)


def _joined(function, args, kwargs, *dtypes):
    if symbolic.is_symbolic(args, kwargs):
        return symbolic.record(function, args, kwargs)
    named = symbolic.NAMED[function]
    if not _PLAIN.issuperset(map(type, args[0] if named.listed else args)) and _has_texts(named, args):
        return _of_texts(function, named, args, kwargs)
    if named.listed:
        return function(together(args[0], *dtypes), *args[1:], **kwargs)
    count = len(args)
    if count <= named.leading:
        made = together(args, *dtypes)
        if _NOTHING in map(type, made) and [*map(id, made)] == [*map(id, args)]:  # it would come here for ever
            raise TypeError(f"`{function.__name__}` takes tensors and numbers. Received: {', '.join(map(_outline, args))}")
        return function(*made, **kwargs)
    places = [place for place in range(count) if named.takes_tensor(place)]
    made = list(args)
    for place, value in zip(places, together([args[place] for place in places], *dtypes), strict=True):
        made[place] = value
    return function(*made, **kwargs)


# What only moves values, or compares them: so it does with strings.
_FOR_TEXTS = frozenset(
    """BroadcastTo Concatenate Equal ExpandDims Flip GetItem Greater GreaterEqual Hsplit Hstack Less LessEqual Moveaxis NotEqual
    Ravel Repeat Reshape Roll Slice Sort Split Squeeze Stack Swapaxes Take TakeAlongAxis Tile Transpose Unstack Vsplit Vstack
    Where""".split()
)


_PLAIN = frozenset((Tensor, torch.nn.Parameter, int, float, bool, type(None)))  # what holds no strings, seen without a call


def _has_texts(named, args) -> bool:
    """Whether strings stand where tensors should. (Settings may well be strings.)"""
    if named.listed:
        return any(map(is_texts, args[0]))
    return any(is_texts(arg) for place, arg in enumerate(args) if not isinstance(arg, Tensor) and named.takes_tensor(place))


def _of_texts(function, named, args, kwargs):
    """`function` of strings, which go through it as their numbers in a sorted list."""
    texts = [(place, arg) for place, arg in enumerate(args[0] if named.listed else args) if is_texts(arg)]
    texts = [(place, Texts(arg)) for place, arg in texts if named.listed or named.takes_tensor(place)]
    if named.kind not in _FOR_TEXTS or not texts:
        raise ValueError(f"The operation {named.kind} computes with numbers. Received strings: {args}")
    words = sorted({word for _, arg in texts for word in arg.ravel().tolist()})
    numbers = {word: number for number, word in enumerate(words)}
    made = [*(args[0] if named.listed else args)]
    for place, arg in texts:
        made[place] = torch.tensor([numbers[word] for word in arg.ravel().tolist()], dtype=torch.int64).reshape(arg.shape)
    table = Texts(np.array([*words, None], dtype=object)[:-1])

    def word(leaf):
        return table[leaf.numpy()].view(Texts) if isinstance(leaf, Tensor) and leaf.dtype is torch.int64 else leaf

    with config.device("cpu"):
        result = function(made, *args[1:], **kwargs) if named.listed else function(*made, **kwargs)
    return pytree.tree_map(word, result)


def together(values, *dtypes) -> list:
    """The values as tensors of the dtype in which they meet, with `dtypes` as of `result_type`. None stays."""
    device, kinds, values = None, [*dtypes], list(values)
    for value in values:
        if isinstance(value, Tensor):
            device = value.device
            break
    for place, value in enumerate(values):
        if isinstance(value, (list, tuple)):
            values[place] = value = to_tensor(value, None, device)
        if value is not None:
            kinds.append(dtype_of(value))
    dtype = torch_result_type(*kinds)
    return [to_tensor(value, dtype, device) for value in values]


def weak(number, tensor, among=BESIDE) -> bool:
    """Whether these are a Python number and a tensor of its kind: much of torch takes such a pair as it is.

    Args:
        among: the dtypes that the tensor may have (`BESIDE` or `BESIDE_INEXACT`).
    """
    return isinstance(tensor, Tensor) and type(number) in among.get(tensor.dtype, ())


def to_tensor(value, dtype: torch.dtype | None = None, device=None):
    """A tensor of an array, number, list (of tensors too) or Variable; None stays.

    Without a `dtype`, Python's integers become int32 and its floats `floatx()`; arrays keep theirs. Without a `device`, tensors
    stay where they are and the rest goes to `config.get_device()`.
    """
    if value is None:
        return None
    if isinstance(value, Tensor):
        return value if dtype is None or value.dtype is dtype else value.to(dtype)
    if dtype is not None and type(value) in (int, float, bool):
        return torch.scalar_tensor(value, dtype=dtype, device=device or config.get_device())  # fills: no copy from the host
    if isinstance(value, (list, tuple)) and any(hasattr(kind, "__torch_function__") for kind in _kinds(value)):
        parts = [to_tensor(part, None, device) for part in value]
        return torch.stack([to_tensor(part, dtype or config.torch_dtype(result_type(*map(dtype_of, parts)))) for part in parts])
    if dtype is None and not hasattr(value, "dtype"):
        dtype = _plain_dtype(value)
    return tensor_of(value, dtype, device or device_of(value))


def _kinds(value) -> set:
    """The types of what is in a list, however deep."""
    kinds = set(map(type, value))
    if kinds & {list, tuple}:
        kinds = (kinds - {list, tuple}).union(*(_kinds(part) for part in value if type(part) in (list, tuple)))
    return kinds


def _plain_dtype(value) -> torch.dtype | None:
    """The dtype that Keras gives to a Python number or to a list of them; None leaves it to numpy."""
    if isinstance(value, (list, tuple)):
        kinds = _kinds(value)
        if complex in kinds:
            return torch.complex64
        if kinds and kinds <= {int, bool}:
            return torch.bool if kinds == {bool} else torch.int32
        return None  # `tensor_of` makes floats floatx
    if type(value) is int:
        return torch.int32 if -(2**31) <= value < 2**31 else torch.int64
    return torch.complex64 if type(value) is complex else None
