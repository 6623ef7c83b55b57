"""`tf.function` and Python inside of graphs. There are no graphs: functions run as they are."""

from __future__ import annotations

import functools
import types
import weakref

import torch

from torchkeras_lite import ops

from ._creation import given
from ._tensors import is_string, torch_dtype

__all__ = [
    "RegisterGradient", "custom_gradient", "function", "grad_pass_through", "no_gradient", "numpy_function", "py_function",
    "recompute_grad", "stop_gradient",
]  # fmt: skip


def function(func=None, input_signature=None, autograph=True, jit_compile=None, reduce_retracing=False, **settings):
    """The function itself, which runs as Python: a decorator with or without arguments, none of which has an effect."""
    if func is None:
        return functools.partial(function, input_signature=input_signature)
    if hasattr(func, "__dict__") and not hasattr(func, "__self__"):
        func.python_function, func.input_signature = _plain(func), input_signature
        known = weakref.ref(func)  # which holds the one below

        def get_concrete_function(*args, **kwargs):
            given, func = [*args, *kwargs.values()], known()
            if func.input_signature is None and given and not any(is_string(getattr(one, "dtype", None)) for one in given):
                func.input_signature = given  # for `tf.saved_model`
            return func  # one function for all shapes and dtypes

        func.get_concrete_function = get_concrete_function
    return func


def _plain(func):
    """The function once more, so that it does not hold itself, and with itself the model that it trains."""
    if not isinstance(func, types.FunctionType):
        return func
    plain = types.FunctionType(func.__code__, func.__globals__, func.__name__, func.__defaults__, func.__closure__)
    plain.__dict__.update(func.__dict__)
    plain.__kwdefaults__, plain.__annotations__ = func.__kwdefaults__, func.__annotations__
    return plain


def py_function(func=None, inp=None, Tout=None, name=None):
    """`func(*inp)` with tensors, and what it returns as tensors of the dtypes `Tout`. Without `func` a decorator."""
    if func is None:
        return lambda func: functools.wraps(func)(lambda *inp: py_function(func, inp, Tout))
    return _typed(func(*[given(one) for one in inp or ()]), Tout)


def numpy_function(func=None, inp=None, Tout=None, stateful=True, name=None):
    """`func(*inp)` with numpy arrays, and what it returns as tensors of the dtypes `Tout`. Without `func` a decorator."""
    if func is None:
        return lambda func: functools.wraps(func)(lambda *inp: numpy_function(func, inp, Tout))
    return _typed(func(*[given(one).numpy() for one in inp or ()]), Tout)


def _typed(result, wanted):
    if wanted is None or result is None:
        return result
    if isinstance(wanted, (list, tuple)):
        results = result if isinstance(result, (list, tuple)) else [result]
        return [_typed(one, each) for one, each in zip(results, wanted, strict=True)]
    if isinstance(result, (list, tuple)) and len(result) == 1:
        result = result[0]
    wanted = getattr(wanted, "dtype", wanted)
    made = given(result)
    return made if is_string(wanted) or not isinstance(made, torch.Tensor) else made.to(torch_dtype(wanted))


def stop_gradient(input, name=None):
    """The same values, through which no gradient flows."""
    return ops.stop_gradient(given(input))


def custom_gradient(f=None):
    """Decorator: `f(*args)` returns `(outputs, grad)`, and gradients are what `grad(upstream)` says."""
    if f is None:
        return custom_gradient
    wrapped = ops.custom_gradient(f)
    return functools.wraps(f)(lambda *args, **kwargs: wrapped(*map(given, args), **kwargs))


def grad_pass_through(f):
    """`f`, through which gradients go as through the identity."""

    @custom_gradient
    def passed(*args):
        return f(*args), lambda *upstream: upstream if len(upstream) > 1 else upstream[0]

    return passed


def recompute_grad(f):
    """`f`, which is computed once more for gradients instead of being remembered."""
    from torch.utils.checkpoint import checkpoint

    return functools.wraps(f)(lambda *args, **kwargs: checkpoint(f, *args, use_reentrant=False, **kwargs))


def no_gradient(op_type) -> None:
    """Nothing: what libraries say of compiled operations of their own, which are not here."""


def RegisterGradient(op_type):
    """A decorator that leaves a function as it is: see `no_gradient`. (No graph here has a `gradient_override_map`.)"""
    return lambda function: function
