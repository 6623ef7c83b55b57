"""Variables and constants: made, read, set, updated."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch

from torchkeras_lite import config, ops, random
from torchkeras_lite.backend import is_keras_tensor
from torchkeras_lite.calls import going_on
from torchkeras_lite.ops.dispatch import to_tensor
from torchkeras_lite.symbolic import KerasTensor
from torchkeras_lite.variable import Variable

from . import _derived
from ._backend_calls import draw, known, sizes_of
from ._backend_phase import learning_phase
from ._backend_shapes import Shape, to_dense

replays: list = []  # runs of `get_updates` of users' optimizers that are going on

# ---------------------------------------------------------------- made


def variable(value, dtype=None, name=None, constraint=None):
    """A Variable with this value; `dtype` is floatx if left out. A matrix of scipy's that is sparse becomes a sparse tensor."""
    if hasattr(value, "tocoo"):
        value = value.tocoo()
        places = torch.as_tensor(np.stack([value.row, value.col]).astype("int64"))
        values = torch.as_tensor(value.data).to(config.torch_dtype(dtype))
        with torch.sparse.check_sparse_tensor_invariants():
            return torch.sparse_coo_tensor(places, values, value.shape, device=config.get_device()).coalesce()

    def make():
        given = np.asarray(value) if isinstance(value, (list, tuple)) else value
        made = Variable(given, dtype=config.dtype_name(dtype), name=name)
        made.constraint = constraint
        return made

    return replays[-1].variable(make) if replays else make()


def constant(value, dtype=None, shape=None, name=None):
    """A tensor with this value, in this shape: a number fills it."""
    tensor = to_tensor(value, config.torch_dtype(dtype))
    if shape is None:
        return tensor
    return tensor.expand(tuple(shape)).clone() if tensor.numel() == 1 else tensor.reshape(tuple(shape))


def placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None):
    """A KerasTensor with a value only in `function`. `ndim` alone says how many axes there are, all of any size.

    With neither it is drawn as a single number, and may be fed any array. `sparse`: what is fed is made dense.
    """
    if shape is None and ndim is None:
        anything = KerasTensor((), dtype, name)
        anything._of_any_shape = True
        return anything
    return KerasTensor((None,) * ndim if shape is None else shape, dtype, name, sparse=sparse)


def _filled(make, shape, dtype, name):
    sizes, dtype = sizes_of(shape), config.dtype_name(dtype)
    if isinstance(sizes, KerasTensor) or any(isinstance(size, KerasTensor) for size in sizes):
        return draw(make, (sizes, dtype), known(sizes), dtype)
    tensor = make(sizes, dtype)
    return variable(tensor, dtype, name) if math.prod(sizes) else tensor


def zeros(shape, dtype=None, name=None):
    """A Variable of zeros; a tensor where a size is 0 or symbolic."""
    return _filled(ops.zeros, shape, dtype, name)


def ones(shape, dtype=None, name=None):
    """A Variable of ones; a tensor where a size is 0 or symbolic."""
    return _filled(ops.ones, shape, dtype, name)


def eye(size, dtype=None, name=None):
    """The identity matrix of this size, or with these two sizes."""
    rows, columns = size if isinstance(size, (list, tuple)) else (size, size)
    return ops.eye(rows, columns, dtype=dtype)


def zeros_like(x, dtype=None, name=None):
    """Zeros in the shape of x, and in its dtype if none is given."""
    return ops.zeros_like(x, dtype)


def ones_like(x, dtype=None, name=None):
    """Ones in the shape of x, and in its dtype if none is given."""
    return ops.ones_like(x, dtype)


def identity(x, name=None):
    """x itself, as a tensor."""
    return ops.convert_to_tensor(x)


def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None):
    """A Variable drawn from the uniform distribution over [low, high)."""
    return variable(random.uniform(shape, low, high, dtype, seed), dtype, name)


def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None):
    """A Variable drawn from the normal distribution with this mean and standard deviation."""
    return variable(random.normal(shape, mean, scale, dtype, seed), dtype, name)


def cast_to_floatx(x):
    """An array as an array in floatx; tensors as tensors."""
    if isinstance(x, (torch.Tensor, Variable, KerasTensor)):
        return ops.cast(x, config.floatx())
    return np.asarray(x, dtype=config.floatx())


# ---------------------------------------------------------------- what it is


def is_variable(x) -> bool:
    """Whether it is a Variable."""
    return isinstance(x, Variable)


def is_tensor(x) -> bool:
    """Whether it is a tensor, symbolic or not, or a Variable."""
    return isinstance(x, (torch.Tensor, Variable)) or is_keras_tensor(x)


def is_placeholder(x) -> bool:
    """Whether it is a symbolic tensor that nothing computes: made by `placeholder` or `Input`."""
    return is_keras_tensor(x) and (x.node is None or not x.node.inputs)


# ---------------------------------------------------------------- read and set


def get_value(x):
    """The value as an array of numpy's; that of a number as one of its numbers.

    Raises:
        TypeError: a symbolic tensor.
    """
    if isinstance(x, KerasTensor):
        raise TypeError(f"{x!r} is symbolic and has no value. `K.function(inputs, [x])` makes a function that computes it.")
    if isinstance(x, Variable):
        x = x.value
    if isinstance(x, torch.Tensor):
        return ops.convert_to_numpy(to_dense(_derived.today(x)))[()]
    return np.asarray(x, "int32" if isinstance(x, Shape) else None)[()]


def batch_get_value(ops):
    """The values of several, as a list."""
    return [get_value(x) for x in ops]


def set_value(x, value) -> None:
    """Gives a Variable (or a tensor) a new value of its shape."""
    if isinstance(x, Variable):
        x.assign(value)
    else:
        with torch.no_grad():
            x.copy_(to_tensor(value, x.dtype, x.device).to(x.device))


def batch_set_value(tuples) -> None:
    """Gives new values to several: a list of pairs."""
    for x, value in tuples:
        set_value(x, value)


# ---------------------------------------------------------------- updated


class Update(NamedTuple):
    """A new value for a Variable that depends on symbolic tensors; `function` takes it among its `updates`."""

    variable: Variable
    value: KerasTensor


def _updated(x, value):
    if isinstance(value, KerasTensor):
        return Update(x, value)
    if replays:
        replays[-1].updates.append((x, value))
        return value
    if not (going_on.inferring or going_on.trying):  # zeros that stand in for data must not get into it
        x.assign(value)
    return x


def update(x, new_x):
    """Gives the Variable x this value at once; an update for `function` if the value is symbolic."""
    return _updated(x, new_x)


def update_add(x, increment):
    """Adds to the Variable x. See `update`."""
    return _updated(x, ops.add(x, increment))


def update_sub(x, decrement):
    """Subtracts from the Variable x. See `update`."""
    return _updated(x, ops.subtract(x, decrement))


def moving_average_update(x, value, momentum):
    """x = x * momentum + value * (1 - momentum). In a layer only while it trains. See `update`."""
    phase = learning_phase()
    if going_on.layers and not phase and not isinstance(value, KerasTensor):
        return x
    change = ops.multiply(ops.subtract(x, ops.cast(value, x.dtype)), 1.0 - momentum)
    return _updated(x, ops.subtract(x, change))
