"""`tf.math`: numbers one by one, comparisons, and sums along axes."""

from __future__ import annotations

import functools
from typing import NamedTuple

import torch

from torchkeras_lite import ops
from torchkeras_lite.ops.segments import bounds
from torchkeras_lite.symbolic import KerasTensor

from . import _segments
from ._creation import cast, given
from ._missing import getattr_of
from ._segments import *  # noqa: F403
from ._tensors import torch_dtype
from ._text import Texts, is_text


def _of_one(function):
    def applied(x, name=None):
        return function(given(x))

    return applied


def _of_two(function):
    def applied(x, y, name=None):
        return function(given(x), given(y))

    return applied


def _inverse(x, where):
    """1 / x where it is asked for, and 0 elsewhere; gradients are zero there too."""
    return torch.where(where, 1 / torch.where(where, x, torch.ones_like(x)), torch.zeros_like(x))


def _floats(x):
    return x if x.is_floating_point() else x.float()


def _named(table, make):
    for name, function in table.items():
        made = globals()[name] = make(function)
        made.__name__ = made.__qualname__ = name
        made.__doc__ = function.__doc__
    return list(table)


_ONE = _named(
    {
        "abs": ops.abs, "acos": ops.arccos, "acosh": ops.arccosh, "angle": ops.angle, "asin": ops.arcsin, "asinh": ops.arcsinh,
        "atan": ops.arctan, "atanh": ops.arctanh, "ceil": ops.ceil, "conj": ops.conj, "cos": ops.cos, "cosh": ops.cosh,
        "digamma": torch.digamma, "erf": ops.erf, "erfc": ops.erfc, "erfinv": ops.erfinv, "exp": ops.exp, "expm1": ops.expm1,
        "floor": ops.floor, "imag": ops.imag, "is_finite": ops.isfinite, "is_inf": ops.isinf, "is_nan": ops.isnan,
        "lgamma": torch.lgamma, "log": ops.log, "log1p": ops.log1p, "log_sigmoid": ops.log_sigmoid,
        "logical_not": ops.logical_not, "negative": ops.negative, "real": ops.real, "reciprocal": ops.reciprocal,
        "reciprocal_no_nan": lambda x: _inverse(x, where=x != 0), "rint": ops.round, "round": ops.round,
        "bessel_i0": torch.special.i0, "bessel_i0e": torch.special.i0e, "bessel_i1": torch.special.i1,
        "bessel_i1e": torch.special.i1e, "erfcinv": lambda x: torch.erfinv(1 - x), "ndtri": torch.special.ndtri,
        "rsqrt": ops.rsqrt, "sigmoid": ops.sigmoid, "sign": ops.sign, "sin": ops.sin, "sinh": ops.sinh,
        "softplus": ops.softplus, "softsign": ops.softsign, "sqrt": ops.sqrt, "square": ops.square, "tan": ops.tan,
        "tanh": ops.tanh,
    },
    _of_one,
)  # fmt: skip
_TWO = _named(
    {
        "add": ops.add, "atan2": ops.arctan2, "divide": ops.divide, "divide_no_nan": ops.divide_no_nan,
        "floordiv": ops.floor_divide, "floormod": ops.mod, "greater": ops.greater, "greater_equal": ops.greater_equal,
        "less": ops.less, "less_equal": ops.less_equal, "logical_and": ops.logical_and, "logical_or": ops.logical_or,
        "logical_xor": ops.logical_xor, "maximum": ops.maximum, "minimum": ops.minimum, "mod": ops.mod,
        "multiply": ops.multiply, "pow": ops.power, "subtract": ops.subtract, "truediv": ops.true_divide, "xlogy": torch.xlogy,
        "igamma": torch.special.gammainc, "igammac": torch.special.gammaincc,
        "nextafter": lambda x, y: torch.nextafter(_floats(x), _floats(y)),
        "xdivy": lambda x, y: x * _inverse(y, where=x != 0), "xlog1py": torch.special.xlog1py,
        "zeta": torch.special.zeta,
    },
    _of_two,
)  # fmt: skip
_MORE = [
    "accumulate_n", "add_n", "argmax", "argmin", "bincount", "confusion_matrix", "count_nonzero", "cumprod", "cumsum",
    "cumulative_logsumexp", "equal", "in_top_k", "is_non_decreasing", "is_strictly_increasing", "l2_normalize",
    "multiply_no_nan", "not_equal", "polyval", "reduce_all", "reduce_any", "reduce_euclidean_norm", "reduce_logsumexp",
    "reduce_max",
    "reduce_mean", "reduce_min", "reduce_prod", "reduce_std", "reduce_sum", "reduce_variance", "scalar_mul",
    "squared_difference", "top_k", "zero_fraction",
]  # fmt: skip
__all__ = sorted([*_ONE, *_TWO, *_MORE, *_segments.__all__])
__getattr__ = getattr_of(__name__, {"softmax": "nn", "log_softmax": "nn"})

# ---------------------------------------------------------------- of several


def squared_difference(x, y, name=None):
    return ops.square(ops.subtract(given(x), given(y)))


def multiply_no_nan(x, y, name=None):
    """x * y, and 0 where y is 0, whatever x is."""
    y = given(y)
    return ops.where(ops.equal(y, 0), ops.zeros_like(y), ops.multiply(given(x), y))


def scalar_mul(scalar, x, name=None):
    return ops.multiply(scalar, given(x))


def add_n(inputs, name=None):
    """The sum of a list of tensors of one shape."""
    inputs = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
    if not inputs:
        raise ValueError("Inputs must be an Operation or a list of Tensors: tf.add_n got an empty list.")
    total = given(inputs[0])
    for each in inputs[1:]:
        total = ops.add(total, given(each))
    return total


accumulate_n = add_n


def polyval(coeffs, x, name=None):
    """The polynomial with these coefficients, the one of the highest power first, at x (Horner's scheme)."""
    total = ops.zeros_like(given(x))
    for each in coeffs:
        total = ops.add(ops.multiply(total, x), each)
    return total


def equal(x, y, name=None):
    """Where x and y are the same: numbers or text."""
    if is_text(x) or is_text(y):
        return torch.as_tensor(Texts(x) == Texts(y), dtype=torch.bool)
    return ops.equal(given(x), given(y))


def not_equal(x, y, name=None):
    found = equal(x, y)
    return ops.logical_not(found)


# ---------------------------------------------------------------- along axes


def _axis(axis):
    if isinstance(axis, torch.Tensor):
        axis = axis.tolist()
    return tuple(map(int, axis)) if isinstance(axis, (list, tuple)) else axis


def _reduced(function, x, axis, keepdims, keep_dims):
    """`function` along an axis, several, or (None) all."""
    if keep_dims is not None:  # the word of TensorFlow 1
        keepdims = keep_dims
    return function(given(x), axis=_axis(axis), keepdims=bool(keepdims))


def _either(today, old):
    """The value of an argument under its name, or under the one it had in TensorFlow 1."""
    found = old if today is None else today
    return tuple(found) if isinstance(found, range) else found


def reduce_sum(input_tensor, axis=None, keepdims=False, name=None, keep_dims=None, reduction_indices=None):
    """The sum; its dtype is that of the tensor."""
    x = given(input_tensor)
    total = _reduced(ops.sum, x, _either(axis, reduction_indices), keepdims, keep_dims)
    return total if isinstance(x, KerasTensor) or total.dtype is x.dtype else total.to(x.dtype)


def reduce_prod(input_tensor, axis=None, keepdims=False, name=None, keep_dims=None, reduction_indices=None):
    """The product; its dtype is that of the tensor."""
    x = given(input_tensor)
    total = _reduced(ops.prod, x, _either(axis, reduction_indices), keepdims, keep_dims)
    return total if isinstance(x, KerasTensor) or total.dtype is x.dtype else total.to(x.dtype)


def reduce_mean(input_tensor, axis=None, keepdims=False, name=None, keep_dims=None, reduction_indices=None):
    """The mean. Integers stay integers: what is behind the point is lost."""
    x = given(input_tensor)
    if isinstance(x, torch.Tensor) and not (x.is_floating_point() or x.is_complex()):
        return _reduced(ops.mean, x.double(), _either(axis, reduction_indices), keepdims, keep_dims).to(x.dtype)
    return _reduced(ops.mean, x, _either(axis, reduction_indices), keepdims, keep_dims)


def _extreme(function, bound, x, axis, keepdims, keep_dims):
    """An extreme; that of no elements is what all numbers of their dtype are beyond."""
    x = given(x)
    if isinstance(x, torch.Tensor) and not x.numel():
        function = functools.partial(function, initial=bounds(x.dtype)[bound])
    return _reduced(function, x, axis, keepdims, keep_dims)


def reduce_max(input_tensor, axis=None, keepdims=False, name=None, keep_dims=None, reduction_indices=None):
    return _extreme(ops.max, 0, input_tensor, _either(axis, reduction_indices), keepdims, keep_dims)


def reduce_min(input_tensor, axis=None, keepdims=False, name=None, keep_dims=None, reduction_indices=None):
    return _extreme(ops.min, 1, input_tensor, _either(axis, reduction_indices), keepdims, keep_dims)


def reduce_all(input_tensor, axis=None, keepdims=False, name=None, keep_dims=None, reduction_indices=None):
    return _reduced(ops.all, input_tensor, _either(axis, reduction_indices), keepdims, keep_dims)


def reduce_any(input_tensor, axis=None, keepdims=False, name=None, keep_dims=None, reduction_indices=None):
    return _reduced(ops.any, input_tensor, _either(axis, reduction_indices), keepdims, keep_dims)


def reduce_logsumexp(input_tensor, axis=None, keepdims=False, name=None, keep_dims=None, reduction_indices=None):
    return _reduced(ops.logsumexp, input_tensor, _either(axis, reduction_indices), keepdims, keep_dims)


def reduce_std(input_tensor, axis=None, keepdims=False, name=None):
    """The standard deviation, over n."""
    return _reduced(ops.std, input_tensor, axis, keepdims, None)


def reduce_variance(input_tensor, axis=None, keepdims=False, name=None):
    """The variance, over n."""
    return _reduced(ops.var, input_tensor, axis, keepdims, None)


def reduce_euclidean_norm(input_tensor, axis=None, keepdims=False, name=None):
    return ops.sqrt(_reduced(ops.sum, ops.square(given(input_tensor)), axis, keepdims, None))


def count_nonzero(input, axis=None, keepdims=None, dtype="int64", name=None):
    """How many are not 0 (True for booleans; not "" for text)."""
    x = torch.as_tensor(Texts(input) != "", dtype=torch.bool) if is_text(input) else given(input)
    return cast(ops.sum(ops.cast(ops.not_equal(x, 0), "int32"), axis=_axis(axis), keepdims=bool(keepdims)), dtype)


def zero_fraction(value, name=None):
    """The share of zeros."""
    return ops.mean(ops.cast(ops.equal(given(value), 0), "float32"))


def argmax(input, axis=None, output_type="int64", name=None, dimension=None):
    """Where the largest number along `axis` (0, if left out) stands; the first of equal ones."""
    return cast(ops.argmax(given(input), axis=int(_either(axis, dimension) or 0)), output_type)


def argmin(input, axis=None, output_type="int64", name=None, dimension=None):
    """Where the smallest number along `axis` (0, if left out) stands; the first of equal ones."""
    return cast(ops.argmin(given(input), axis=int(_either(axis, dimension) or 0)), output_type)


def l2_normalize(x, axis=None, epsilon=1e-12, name=None, dim=None):
    """x / sqrt(max(sum(x ** 2), epsilon)) along `axis`."""
    x, axis = given(x), _axis(dim if axis is None else axis)
    return ops.multiply(x, ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), epsilon)))


def top_k(input, k=1, sorted=True, index_type="int32", name=None):
    """The k largest along the last axis, and where they stand: `(values, indices)`."""
    values, indices = ops.top_k(given(input), int(k), sorted=sorted)
    return TopK(values, cast(indices, index_type))


class TopK(NamedTuple):
    """What `top_k` gives."""

    values: torch.Tensor
    indices: torch.Tensor


def in_top_k(targets, predictions, k, name=None):
    """Whether the prediction for the target is among the k largest of its row."""
    return ops.in_top_k(given(targets), given(predictions), int(k))


# ---------------------------------------------------------------- running sums


def _running(function, x, axis, exclusive, reverse, start):
    x = given(x)
    if reverse:
        x = ops.flip(x, axis)
    found = function(x, axis)
    if exclusive:  # each place has what is in front of it
        first = ops.take(ops.full_like(x, start), ops.arange(1), axis=axis)
        found = ops.concatenate([first, ops.take(found, ops.arange(x.shape[axis] - 1), axis=axis)], axis=axis)
    return ops.flip(found, axis) if reverse else found


def cumsum(x, axis=0, exclusive=False, reverse=False, name=None):
    """Sums of all up to each place; `exclusive`: without it; `reverse`: from the end."""
    return _running(ops.cumsum, x, int(axis), exclusive, reverse, 0)


def cumprod(x, axis=0, exclusive=False, reverse=False, name=None):
    """Products of all up to each place; `exclusive`: without it; `reverse`: from the end."""
    return _running(ops.cumprod, x, int(axis), exclusive, reverse, 1)


def cumulative_logsumexp(x, axis=0, exclusive=False, reverse=False, name=None):
    least = torch.finfo(given(x).dtype).min
    return _running(torch.logcumsumexp, x, int(axis), exclusive, reverse, least)


def is_non_decreasing(x, name=None):
    x = given(x).reshape(-1)
    return (x[1:] >= x[:-1]).all()


def is_strictly_increasing(x, name=None):
    x = given(x).reshape(-1)
    return (x[1:] > x[:-1]).all()


# ---------------------------------------------------------------- counts


def bincount(arr, weights=None, minlength=None, maxlength=None, dtype="int32", name=None, axis=None, binary_output=False):
    """How often each number occurs, or the sum of its weights: of all (`axis` None or 0), or (-1) row by row."""
    arr = given(arr).long()
    if axis == -1 and arr.ndim == 2:
        length = max(int(arr.max()) + 1 if arr.numel() else 0, minlength or 0)
        rows = [bincount(row, None if weights is None else w, length, maxlength, dtype, binary_output=binary_output)
                for row, w in zip(arr, arr if weights is None else given(weights), strict=True)]  # fmt: skip
        return torch.stack(rows)
    arr, weights = arr.reshape(-1), None if weights is None else given(weights).reshape(-1)
    if maxlength is not None:
        kept = arr < maxlength
        arr, weights = arr[kept], None if weights is None else weights[kept]
    found = torch.bincount(arr, weights, minlength or 0)
    if binary_output:
        found = found > 0
    return found.to(torch_dtype(dtype) if weights is None else weights.dtype)


def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype="int32", name=None):
    """How often label i (the row) was predicted to be j (the column)."""
    labels, predictions = (given(each).reshape(-1).long() for each in (labels, predictions))
    if num_classes is None:
        num_classes = max([int(each.max()) + 1 for each in (labels, predictions) if each.numel()], default=0)
    places = labels * int(num_classes) + predictions
    weights = None if weights is None else given(weights).reshape(-1).double()
    return torch.bincount(places, weights, int(num_classes) ** 2).reshape(num_classes, num_classes).to(torch_dtype(dtype))
