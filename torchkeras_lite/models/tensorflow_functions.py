"""TensorFlow's functions as graphs in files of Keras 2 name them: each over `ops`, so that what is drawn is a graph of today.

Such a graph has a node "TFOpLambda" for each function of TensorFlow that was called on its tensors, and a "SlicingOpLambda" for
each x[...]. The arguments have TensorFlow's names.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from torchkeras_lite import ops


def find(name: str) -> Callable:
    """The function that a file calls by this name.

    Raises:
        ValueError: it is not one of those that can be read.
    """
    function = _FUNCTIONS.get(name.removeprefix("compat.v1."))
    if function is None:
        raise ValueError(
            f"The model in the file calls TensorFlow's function {name!r}, which is not known here. The usual fix: build the "
            "model in code, and take the weights with `load_weights`."
        )
    return function


def _of_one(function, **more):
    return lambda x, axis=None, **_: function(x, **more)


def _of_two(function):
    return lambda x, y, **_: function(x, y)


def _along(function, default=None):
    def call(x, axis=default, keepdims=False, **_):
        return function(x, axis=_axis(axis), keepdims=keepdims)

    return call


def _axis(axis):
    return tuple(axis) if isinstance(axis, list) else axis


def _softmax(function):
    return lambda logits, axis=None, **_: function(logits, axis=-1 if axis is None else axis)


def _matmul(a, b, transpose_a=False, transpose_b=False, **_):
    a = ops.swapaxes(a, -1, -2) if transpose_a else a
    return ops.matmul(a, ops.swapaxes(b, -1, -2) if transpose_b else b)


def _pad(tensor, paddings, mode="CONSTANT", constant_values=0, **_):
    more = {"constant_values": constant_values} if mode.upper() == "CONSTANT" else {}
    return ops.pad(tensor, [tuple(one) for one in paddings], mode=mode.lower(), **more)


def _gather(params, indices, axis=0, batch_dims=0, **_):
    if batch_dims:
        raise ValueError(f"The model in the file gathers with batch_dims={batch_dims}; 0 can be read.")
    return ops.take(params, indices, axis=axis)


def _where(condition, x=None, y=None, **_):
    return ops.where(condition, x, y)


def _clip(t, clip_value_min, clip_value_max, **_):
    return ops.clip(t, clip_value_min, clip_value_max)


def _resize(images, size, method="bilinear", antialias=False, **_):
    return ops.image.resize(images, size, interpolation=method, antialias=antialias, data_format="channels_last")


def _split(value, num_or_size_splits, axis=0, **_):
    if isinstance(num_or_size_splits, int):
        return ops.split(value, num_or_size_splits, axis=axis)
    ends = [sum(num_or_size_splits[: i + 1]) for i in range(len(num_or_size_splits) - 1)]
    return ops.split(value, ends, axis=axis)


def _item(x, slice_spec, **_):
    key = slice_spec if isinstance(slice_spec, (list, tuple)) else _items(slice_spec)
    key = tuple(map(_part, key)) if isinstance(key, (list, tuple)) else _part(key)
    return operator.getitem(x, key)


def _items(spec):
    """What stands in a tuple that a config holds."""
    return spec["items"] if isinstance(spec, dict) and spec.get("class_name") == "__tuple__" else spec


def _part(part):
    if isinstance(part, dict) and "class_name" in part:
        return ...
    return slice(part["start"], part["stop"], part["step"]) if isinstance(part, dict) else part


_FUNCTIONS: dict[str, Callable] = {
    "__operators__.getitem": _item,
    **{name: _of_two(function) for name, function in {
        "__operators__.add": ops.add, "math.add": ops.add, "math.subtract": ops.subtract,
        "math.multiply": ops.multiply, "math.truediv": ops.true_divide, "math.divide": ops.divide,
        "math.floordiv": ops.floor_divide, "math.floormod": ops.mod, "math.pow": ops.power,
        "math.maximum": ops.maximum, "math.minimum": ops.minimum, "math.greater": ops.greater,
        "math.greater_equal": ops.greater_equal, "math.less": ops.less, "math.less_equal": ops.less_equal,
        "math.equal": ops.equal, "math.not_equal": ops.not_equal, "__operators__.eq": ops.equal,
        "__operators__.ne": ops.not_equal, "math.logical_and": ops.logical_and, "math.logical_or": ops.logical_or,
        "math.logical_xor": ops.logical_xor, "math.atan2": ops.arctan2,
    }.items()},
    **{name: _of_one(function) for name, function in {
        "math.negative": ops.negative, "math.exp": ops.exp, "math.expm1": ops.expm1, "math.log": ops.log,
        "math.log1p": ops.log1p, "math.abs": ops.abs, "math.square": ops.square, "math.sqrt": ops.sqrt,
        "math.rsqrt": ops.rsqrt, "math.sin": ops.sin, "math.cos": ops.cos, "math.tan": ops.tan, "math.tanh": ops.tanh,
        "math.sigmoid": ops.sigmoid, "math.erf": ops.erf, "math.floor": ops.floor, "math.ceil": ops.ceil,
        "math.round": ops.round, "math.sign": ops.sign, "math.reciprocal": ops.reciprocal,
        "math.logical_not": ops.logical_not, "math.is_nan": ops.isnan, "math.softplus": ops.softplus,
        "nn.relu": ops.relu, "nn.relu6": ops.relu6, "nn.elu": ops.elu, "nn.selu": ops.selu, "nn.silu": ops.silu,
        "nn.swish": ops.silu, "nn.softplus": ops.softplus, "nn.softsign": ops.softsign, "nn.tanh": ops.tanh,
        "nn.sigmoid": ops.sigmoid, "identity": ops.copy, "stop_gradient": ops.stop_gradient,
        "zeros_like": ops.zeros_like, "ones_like": ops.ones_like, "shape": ops.shape,
    }.items()},
    **{f"math.reduce_{name}": _along(function) for name, function in {
        "mean": ops.mean, "sum": ops.sum, "max": ops.max, "min": ops.min, "prod": ops.prod, "std": ops.std,
        "variance": ops.var, "logsumexp": ops.logsumexp, "any": ops.any, "all": ops.all,
    }.items()},
    "math.argmax": lambda x, axis=None, **_: ops.argmax(x, axis=0 if axis is None else axis),
    "math.argmin": lambda x, axis=None, **_: ops.argmin(x, axis=0 if axis is None else axis),
    "math.cumsum": lambda x, axis=0, **_: ops.cumsum(x, axis=axis),
    "math.l2_normalize": lambda x, axis=None, epsilon=1e-12, **_: ops.multiply(
        x, ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis=_axis(axis), keepdims=True), epsilon))
    ),
    "nn.softmax": _softmax(ops.softmax),
    "nn.log_softmax": _softmax(ops.log_softmax),
    "nn.leaky_relu": lambda features, alpha=0.2, **_: ops.leaky_relu(features, alpha),
    "nn.gelu": lambda features, approximate=False, **_: ops.gelu(features, approximate),
    "linalg.matmul": _matmul,
    "concat": lambda values, axis, **_: ops.concatenate(values, axis=axis),
    "stack": lambda values, axis=0, **_: ops.stack(values, axis=axis),
    "unstack": lambda value, num=None, axis=0, **_: ops.unstack(value, num, axis),
    "split": _split,
    "reshape": lambda tensor, shape, **_: ops.reshape(tensor, shape),
    "expand_dims": lambda x, axis, **_: ops.expand_dims(x, axis),
    "squeeze": lambda x, axis=None, **_: ops.squeeze(x, _axis(axis)),
    "transpose": lambda a, perm=None, **_: ops.transpose(a, perm),
    "tile": lambda x, multiples, **_: ops.tile(x, multiples),
    "repeat": lambda x, repeats, axis=None, **_: ops.repeat(x, repeats, axis=axis),
    "broadcast_to": lambda x, shape, **_: ops.broadcast_to(x, shape),
    "reverse": lambda tensor, axis, **_: ops.flip(tensor, _axis(axis)),
    "pad": _pad,
    "gather": _gather,
    "where": _where,
    "clip_by_value": _clip,
    "cast": lambda x, dtype, **_: ops.cast(x, dtype),
    "one_hot": lambda indices, depth, **_: ops.one_hot(indices, depth),
    "image.resize": _resize,
}  # fmt: skip
