"""How an operation meets what is no tensor: symbolic tensors are drawn, anything else becomes a tensor first.

An operation is one `def` over torch. Its first lines ask whether everything is as torch wants it; only if not, `lifted` or
`promoted` takes over, and calls the operation again on what it made of the arguments. So a call on tensors costs one Python
frame.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TypeVar

import torch

from torchkeras_lite import config, symbolic
from torchkeras_lite.promotion import dtype_of, result_type
from torchkeras_lite.variable import tensor_of

Tensor = torch.Tensor
_Function = TypeVar("_Function", bound=Callable)


def family(module: str) -> Callable:
    """The decorator for the operations of one file of Keras (`"numpy"`, `"nn"`, ...).

    `@op("Softmax")` makes the function known under the name that Keras's files use. `tensors` says which parameters are
    tensors: a number counts them from the first, else their names, in the order in which Keras's class is called with them.
    The other parameters are settings. `listed`: the first parameter is a list of tensors.
    """

    def op(kind: str, tensors: int | tuple[str, ...] = 1, listed: bool = False) -> Callable[[_Function], _Function]:
        def decorate(function: _Function) -> _Function:
            names = tuple(inspect.signature(function).parameters)
            chosen = names[:tensors] if isinstance(tensors, int) else tensors
            symbolic.name_op(function, kind, f"keras.src.ops.{module}", chosen, listed)
            return function

        return decorate

    return op


def lifted(function, *args, **kwargs):
    """`function` on these arguments: drawn if a KerasTensor is among them, else with its tensor arguments made tensors."""
    if symbolic.is_symbolic(args, kwargs):
        return symbolic.record(function, args, kwargs)
    return _again(function, args, kwargs, None)


def promoted(function, *args, **kwargs):
    """As `lifted`, with all tensor arguments in the dtype in which they meet (see `promotion`)."""
    if symbolic.is_symbolic(args, kwargs):
        return symbolic.record(function, args, kwargs)
    named = symbolic.NAMED[function]
    values = args[0] if named.listed else [arg for place, arg in enumerate(args) if named.takes_tensor(place)]
    return _again(function, args, kwargs, config.torch_dtype(result_type(*[dtype_of(value) for value in values])))


def _again(function, args, kwargs, dtype):
    """Calls the operation on tensors of `dtype` (None: each of its own), on the device of those that are tensors already."""
    named = symbolic.NAMED[function]
    device = next((arg.device for arg in (args[0] if named.listed else args) if isinstance(arg, Tensor)), None)
    if named.listed:
        return function([to_tensor(value, dtype, device) for value in args[0]], *args[1:], **kwargs)
    made = [to_tensor(arg, dtype, device) if named.takes_tensor(place) else arg for place, arg in enumerate(args)]
    return function(*made, **kwargs)


def to_tensor(value, dtype: torch.dtype | None = None, device=None):
    """A tensor of an array, number, list (of tensors too) or Variable; None stays.

    Without a `dtype`, Python's integers become int32 and its floats `floatx()`; arrays keep theirs. Without a `device`, tensors
    stay where they are and the rest goes to `config.get_device()`.
    """
    if value is None:
        return None
    if isinstance(value, Tensor):
        return value if dtype is None or value.dtype is dtype else value.to(dtype)
    if isinstance(value, (list, tuple)) and any(hasattr(part, "__torch_function__") for part in value):
        parts = [to_tensor(part, None, device) for part in value]
        return torch.stack([to_tensor(part, dtype or config.torch_dtype(result_type(*map(dtype_of, parts)))) for part in parts])
    if dtype is None and not hasattr(value, "dtype"):
        dtype = _plain_dtype(value)
    return tensor_of(value, dtype, device or getattr(value, "device", None) or config.get_device())


def _plain_dtype(value) -> torch.dtype | None:
    """The dtype that Keras gives to a Python number or to a list of them; None leaves it to numpy."""
    while isinstance(value, (list, tuple)) and value:
        kinds = {type(part) for part in value}
        if float in kinds:
            return None  # `tensor_of` makes them floatx
        if kinds <= {int, bool}:
            return torch.bool if kinds == {bool} else torch.int32
        value = value[0]
    return torch.int32 if type(value) is int else None
