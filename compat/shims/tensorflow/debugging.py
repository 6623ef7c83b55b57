"""`tf.debugging`: assertions about tensors. They raise `tf.errors.InvalidArgumentError`, which is a ValueError."""

from __future__ import annotations

import torch

from torchkeras_lite import ops
from torchkeras_lite.config import (
    disable_traceback_filtering,
    enable_traceback_filtering,
    is_traceback_filtering_enabled,
)

from ._creation import given
from ._missing import getattr_of
from .dtypes import as_dtype
from .errors import InvalidArgumentError
from .math import equal as _equal

__all__ = [
    "Assert", "assert_all_finite", "assert_equal", "assert_greater", "assert_greater_equal", "assert_integer", "assert_less",
    "assert_less_equal", "assert_near", "assert_negative", "assert_non_negative", "assert_non_positive", "assert_none_equal",
    "assert_positive", "assert_rank", "assert_rank_at_least", "assert_rank_in", "assert_same_float_dtype", "assert_scalar",
    "assert_shapes", "assert_type", "check_numerics", "disable_check_numerics", "disable_traceback_filtering",
    "enable_check_numerics", "enable_traceback_filtering", "is_numeric_tensor", "is_traceback_filtering_enabled",
    "set_log_device_placement",
]  # fmt: skip
__getattr__ = getattr_of(__name__)


def _fail(message, text):
    raise InvalidArgumentError(message=f"{message}: {text}" if message else text)


def _compares(test, words):
    def check(x, y, message=None, summarize=None, name=None):
        if not bool(test(x, y).all()):
            _fail(message, f"Condition x {words} y did not hold. x = {given(x)}, y = {given(y)}")

    return check


def _ops(function):
    return lambda x, y: function(given(x), given(y))


assert_equal = _compares(_equal, "==")
assert_none_equal = _compares(lambda x, y: ~_equal(x, y), "!=")
assert_less, assert_less_equal = _compares(_ops(ops.less), "<"), _compares(_ops(ops.less_equal), "<=")
assert_greater, assert_greater_equal = _compares(_ops(ops.greater), ">"), _compares(_ops(ops.greater_equal), ">=")


def _against_zero(check):
    return lambda x, message=None, summarize=None, name=None: check(x, 0, message)


assert_positive, assert_non_negative = _against_zero(assert_greater), _against_zero(assert_greater_equal)
assert_negative, assert_non_positive = _against_zero(assert_less), _against_zero(assert_less_equal)


def assert_near(x, y, rtol=None, atol=None, message=None, summarize=None, name=None):
    """|x - y| <= atol + rtol * |y|; both are ten times the resolution of the dtype, if not given."""
    x, y = given(x), given(y)
    default = 10 * torch.finfo(x.dtype if x.is_floating_point() else torch.float32).eps
    rtol, atol = default if rtol is None else rtol, default if atol is None else atol
    if not bool(((x - y).abs() <= atol + rtol * y.abs()).all()):
        _fail(message, f"x and y not equal to tolerance rtol = {rtol}, atol = {atol}. x = {x}, y = {y}")


def Assert(condition, data, summarize=None, name=None):
    if not bool(given(condition).all()):
        _fail("assertion failed", str(list(data)))


def assert_rank(x, rank, message=None, name=None):
    if len(given(x).shape) != int(rank):
        raise ValueError(f"{message or ''} Tensor must have rank {int(rank)}. Received shape {tuple(given(x).shape)}")


def assert_rank_at_least(x, rank, message=None, name=None):
    if len(given(x).shape) < int(rank):
        raise ValueError(f"{message or ''} Tensor must have rank at least {int(rank)}. Received shape {tuple(given(x).shape)}")


def assert_rank_in(x, ranks, message=None, name=None):
    if len(given(x).shape) not in [int(rank) for rank in ranks]:
        raise ValueError(f"{message or ''} Tensor must have rank in {list(ranks)}. Received shape {tuple(given(x).shape)}")


def assert_scalar(tensor, message=None, name=None):
    assert_rank(tensor, 0, message)
    return tensor


def assert_type(tensor, tf_type, message=None, name=None):
    if as_dtype(given(tensor).dtype) != as_dtype(tf_type):
        raise TypeError(f"{message or ''} tensor must be of type {as_dtype(tf_type)!r}; got {as_dtype(given(tensor).dtype)!r}")


def assert_integer(x, message=None, name=None):
    if not as_dtype(given(x).dtype).is_integer:
        raise TypeError(f"{message or ''} Expected an integer tensor, got {as_dtype(given(x).dtype)!r}")


def assert_same_float_dtype(tensors=None, dtype=None):
    """The one float dtype that all have; ValueError if there are several."""
    kinds = {str(as_dtype(given(one).dtype)) for one in tensors or ()} | {str(as_dtype(one)) for one in [dtype] if one}
    if len(kinds) > 1 or not all("float" in kind for kind in kinds):
        raise ValueError(f"Expected tensors of one floating point dtype. Received: {sorted(kinds)}")
    return as_dtype(kinds.pop() if kinds else "float32")


def assert_shapes(shapes, data=None, summarize=None, message=None, name=None):
    """Pairs of a tensor and the names or sizes of its axes: the same name is the same size everywhere. None is any size."""
    sizes: dict = {}
    for tensor, axes in shapes.items() if isinstance(shapes, dict) else shapes:
        shape, axes = tuple(given(tensor).shape), tuple(axes)
        if len(shape) != len(axes):
            raise ValueError(f"{message or ''} Expected axes {axes}. Received a tensor of shape {shape}")
        for size, axis in zip(shape, axes, strict=True):
            wanted = axis if isinstance(axis, int) else sizes.setdefault(axis, size)
            if axis is not None and size != wanted:
                raise ValueError(f"{message or ''} Axis {axis!r} must have size {wanted}. Received a tensor of shape {shape}")


def check_numerics(tensor, message, name=None):
    """The tensor; InvalidArgumentError if there is nan or infinity in it."""
    x = given(tensor)
    if not bool(torch.isfinite(x).all()):
        _fail(message, "Tensor had NaN or Inf values")
    return x


def assert_all_finite(x, message, name=None):
    return check_numerics(x, message)


def is_numeric_tensor(tensor) -> bool:
    return isinstance(tensor, torch.Tensor) and tensor.dtype is not torch.bool


def enable_check_numerics(*args, **kwargs) -> None:
    """From now on gradients that are nan raise, with the line of the forward pass: torch's anomaly detection."""
    torch.autograd.set_detect_anomaly(True)


def disable_check_numerics() -> None:
    torch.autograd.set_detect_anomaly(False)


def set_log_device_placement(enabled) -> None:
    """Has no effect: operations run where their tensors lie."""
