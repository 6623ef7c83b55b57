"""`tf.Variable` and `tf.Module`."""

from __future__ import annotations

import enum
import functools
import re
import sys
import weakref

import numpy as np
import torch

from torchkeras_lite.layer import Layer
from torchkeras_lite.registry import snake_case
from torchkeras_lite.variable import Variable as _Variable

from ._control import name_scope
from ._creation import given
from ._tensors import sizes, torch_dtype
from .dtypes import as_dtype


class _Alive:
    """The Variables of a script that are still in use, by their identity."""

    def __init__(self):
        self._known = {}

    def add(self, variable) -> None:
        key = id(variable)
        self._known[key] = weakref.ref(variable, lambda _: self._known.pop(key, None))

    def __iter__(self):
        return iter([one for one in (known() for known in list(self._known.values())) if one is not None])


alive = _Alive()


class _Kind(type(_Variable)):
    def __instancecheck__(cls, value) -> bool:
        return isinstance(value, _Variable)  # a layer's weights are variables too


class _Value(torch.Tensor):
    """A tensor that gives itself when it is called; what is computed of it is a tensor like any other."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    def __call__(self):
        return self.as_subclass(torch.Tensor)


class Variable(_Variable, metaclass=_Kind):
    """A tensor that can be given another value: torchkeras_lite's Variable, made with TensorFlow's arguments.

    Args:
        initial_value: a tensor, array, number, or a function without arguments that gives one.
        trainable: whether a tape watches it.
        dtype: what the value becomes; Python's floats are float32, its integers int32.
        shape: what the value must fit.
        constraint: a function of the value, for optimizers.
    """

    def __init__(
        self, initial_value=None, trainable=None, validate_shape=True, caching_device=None, name=None, variable_def=None,
        dtype=None, import_scope=None, constraint=None, synchronization=None, aggregation=None, shape=None, **settings,
    ):  # fmt: skip
        if initial_value is None:
            raise ValueError("The `initial_value` arg to `tf.Variable` must be specified.")
        value = initial_value() if callable(initial_value) and not isinstance(initial_value, torch.Tensor) else initial_value
        value = given(value)
        if not isinstance(value, torch.Tensor):
            raise TypeError("Variables of text do not exist here: keep the strings in a Python list or a numpy array.")
        value = value if dtype is None else value.to(torch_dtype(dtype))
        if shape is not None and None not in tuple(shape) and tuple(value.shape) != sizes(shape):
            raise ValueError(f"Expected an initial value of shape {tuple(shape)}. Received: shape {tuple(value.shape)}")
        asked = re.sub(r":.*", "", name or "")
        super().__init__(value, trainable=trainable is None or bool(trainable), name=asked.partition("/")[0] or None)
        names = sys.modules.get("keras._weight_names")
        self._full_name = names.full(asked or "Variable", "tf2") if names else f"{asked or 'Variable'}:0"
        alive.add(self)
        self.constraint = constraint

    @property
    def name(self):
        """With the scopes around: `layer/temperature:0`."""
        return vars(self).get("_full_name", vars(self)["name"])

    @name.setter
    def name(self, name):
        vars(self)["name"] = name

    @property
    def dtype(self):
        return as_dtype(self.raw.dtype)

    def numpy(self):
        """The value as an array; as a number of numpy's where there is one only."""
        array = super().numpy()
        return array if array.ndim else array[()]

    def __array__(self, dtype=None, copy=None):
        return np.asarray(super().numpy(), dtype)

    def eval(self, session=None):
        """The value as an array."""
        return self.numpy()

    def initialized_value(self):
        return self.read_value()

    @property
    def value(self):
        """The tensor, which in TensorFlow is what a method gives and in Keras 3 an attribute: it answers to both."""
        return self.seen().as_subclass(_Value)

    def read_value(self):
        """The value now: what happens later to the Variable is not seen."""
        return self.seen().clone()

    def get_shape(self):
        return self.seen().get_shape()

    def assign(self, value, use_locking=False, name=None, read_value=True):
        return super().assign(given(value).detach() if isinstance(value, torch.Tensor) else value)

    def assign_add(self, delta, use_locking=False, name=None, read_value=True):
        return super().assign_add(delta)

    def assign_sub(self, delta, use_locking=False, name=None, read_value=True):
        return super().assign_sub(delta)

    def __getitem__(self, index):
        """A part of the value. `variable[index].assign(value)` changes that part."""
        found = super().__getitem__(index)
        found.assign = functools.partial(self._assign_part, index)
        return found

    def _assign_part(self, index, value, name=None):
        whole = self.seen().detach().clone()
        whole[index] = given(value).to(whole.dtype)
        return self.assign(whole)

    def scatter_update(self, sparse_delta, use_locking=False, name=None):
        """Rows replaced by those of an IndexedSlices."""
        return self.scatter_nd_update(given(sparse_delta.indices)[:, None], sparse_delta.values)

    def scatter_add(self, sparse_delta, use_locking=False, name=None):
        return self.scatter_nd_add(given(sparse_delta.indices)[:, None], sparse_delta.values)

    def scatter_nd_update(self, indices, updates, name=None):
        return self._scattered("tensor_scatter_nd_update", indices, updates)

    def scatter_nd_add(self, indices, updates, name=None):
        return self._scattered("tensor_scatter_nd_add", indices, updates)

    def scatter_nd_sub(self, indices, updates, name=None):
        return self._scattered("tensor_scatter_nd_sub", indices, updates)

    def _scattered(self, function, indices, updates):
        from . import _indexing

        return self.assign(getattr(_indexing, function)(self.seen().detach(), indices, updates))

    def __repr__(self):
        value = np.array2string(self.numpy(), separator=", ")
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype}, numpy={value}>"


class Module:
    """Gathers the Variables, layers and modules among its attributes, and in lists, tuples and dicts there."""

    def __init__(self, name=None):
        if name is not None and not name.isidentifier():
            raise ValueError(f"{name!r} is not a valid module name. Module names must be valid Python identifiers.")
        self._name = name or snake_case(type(self).__name__)

    @property
    def name(self) -> str:
        return self.__dict__.get("_name") or snake_case(type(self).__name__)

    @property
    def name_scope(self):
        return name_scope(self.name)

    @classmethod
    def with_name_scope(cls, method):
        return method

    @property
    def variables(self) -> tuple:
        return tuple(_unique(_variables(self)))

    @property
    def trainable_variables(self) -> tuple:
        """Those of `variables` that a tape watches."""
        return tuple(variable for variable in self.variables if variable.trainable)

    @property
    def non_trainable_variables(self) -> tuple:
        return tuple(variable for variable in self.variables if not variable.trainable)

    @property
    def submodules(self) -> tuple:
        """The modules and layers inside, however deep."""
        return tuple(_unique(_submodules(self)))


def _unique(values) -> list:
    return list({id(value): value for value in values}.values())


def _leaves(value):
    """The Variables, modules and layers in a container."""
    if isinstance(value, (_Variable, Module, Layer)):
        yield value
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from _leaves(value[key])


def _attributes(module) -> list:
    return [leaf for _, value in sorted(vars(module).items()) for leaf in _leaves(value)]


def _variables(module):
    """A module's own first, in the order of the names of its attributes, then those inside."""
    found = _attributes(module)
    yield from (leaf for leaf in found if isinstance(leaf, _Variable))
    for leaf in found:
        if isinstance(leaf, Module):
            yield from _variables(leaf)
        elif isinstance(leaf, Layer):
            yield from leaf.variables


def _submodules(module):
    for leaf in _attributes(module):
        if isinstance(leaf, Module):
            yield leaf
            yield from _submodules(leaf)
        elif isinstance(leaf, Layer):
            yield leaf


ResourceVariable = Variable


class VariableSynchronization(enum.Enum):
    """When copies of a Variable become equal; there is one copy."""

    AUTO, NONE, ON_WRITE, ON_READ = range(4)


class VariableAggregation(enum.Enum):
    """What becomes of several copies' values; there is one copy."""

    NONE, SUM, MEAN, ONLY_FIRST_REPLICA = range(4)
