"""Tensors without values, and the graph that calls on them draw.

A `KerasTensor` knows a shape (with None for what varies), a dtype, and the `Node` that made it. Shapes are not computed by
formulas: the real function runs on a real tensor with zero rows, which costs microseconds and cannot disagree with itself.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import config, registry

# Sizes put where a shape says None inside (not in front). Two, because one cannot tell a size that follows from one that is
# fixed; large and even, so that the kernels, strides and pools of usual networks fit into them.
_PROBES = (256, 320)


class KerasTensor:
    """A tensor still to come: `shape` (a tuple; None where the size varies), `dtype` (a name) and where it comes from."""

    def __init__(self, shape, dtype: str | None = None, name: str | None = None, record_history: bool = True, **_):
        self.shape = tuple(None if size is None else int(size) for size in shape)
        self.dtype = config.dtype_name(dtype)
        self.name = name or registry.unique_name("keras_tensor")
        self.node: Node | None = None
        self.index = 0

    @property
    def ndim(self) -> int:
        return len(self.shape)

    rank = ndim

    def __repr__(self):
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def __len__(self):
        if not self.shape or self.shape[0] is None:
            raise TypeError(f"The first axis of {self!r} varies: it has no length.")
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self):
        raise TypeError(
            "A symbolic KerasTensor has no value, so it cannot decide an `if` or `while`. Put the decision into a layer's "
            "`call()`, where tensors are real, or use `torch.where`."
        )

    def __float__(self):
        raise TypeError(f"A symbolic KerasTensor has no value, so it is no number: {self!r}.")

    __int__ = __index__ = __float__

    def __array__(self, *args, **kwargs):
        raise ValueError(
            f"{self!r} is symbolic: it has no value that numpy could see. Use a torch function or a layer on it instead."
        )

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return record(func, args, kwargs or {})

    def __getattr__(self, name: str):
        method = None if name.startswith("_") else getattr(torch.Tensor, name, None)
        if not callable(method):
            raise AttributeError(f"'KerasTensor' object has no attribute {name!r}")
        return lambda *args, **kwargs: record(method, (self, *args), kwargs)

    @property
    def T(self):
        return record(torch.t, (self,), {})

    def __getitem__(self, index):
        return record(operator.getitem, (self, index), {})

    def __hash__(self):
        return id(self)


class Op:
    """A function in the graph: Keras's name for it (or our own, for raw torch calls) and what computes it."""

    __slots__ = ("function", "name")

    def __init__(self, name: str, function):
        self.name, self.function = name, function

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)

    def __repr__(self):
        return f"<Op {self.name}>"


# Keras files spell these operators as objects of its ops; one row each.
OPS: dict[Any, Op] = {
    function: Op(name, function)
    for name, function in {
        "Add": operator.add, "Subtract": operator.sub, "Multiply": operator.mul, "TrueDivide": operator.truediv,
        "FloorDivide": operator.floordiv, "Mod": operator.mod, "Power": operator.pow, "Matmul": operator.matmul,
        "Negative": operator.neg, "Absolute": operator.abs, "GetItem": operator.getitem,
        "Equal": operator.eq, "NotEqual": operator.ne, "Less": operator.lt, "LessEqual": operator.le,
        "Greater": operator.gt, "GreaterEqual": operator.ge,
        "LogicalAnd": operator.and_, "LogicalOr": operator.or_, "LogicalXor": operator.xor, "LogicalNot": operator.invert,
    }.items()
}  # fmt: skip


def _operator(function):
    def forward(self, *others):
        return record(function, (self, *others), {})

    def reflected(self, other):
        return record(function, (other, self), {})

    return forward, reflected


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor"):
    _forward, _reflected = _operator(getattr(operator, _name))
    setattr(KerasTensor, f"__{_name.rstrip('_')}__", _forward)
    setattr(KerasTensor, f"__r{_name.rstrip('_')}__", _reflected)
for _name in ("eq", "ne", "lt", "le", "gt", "ge", "neg", "abs", "invert"):
    setattr(KerasTensor, f"__{_name}__", _operator(getattr(operator, _name))[0])


class Node:
    """One call: `operation(*args, **kwargs)`, some of whose arguments are KerasTensors, gave `outputs`.

    Attributes:
        operation: a Layer or an Op.
        inputs: the KerasTensors among the arguments, in order.
        outputs: the KerasTensors made, in order; `structure` is the value that the call returned.
    """

    def __init__(self, operation, args, kwargs, structure):
        self.operation, self.args, self.kwargs, self.structure = operation, args, kwargs, structure
        self.inputs = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, KerasTensor)]
        self.outputs = [leaf for leaf in pytree.tree_leaves(structure) if isinstance(leaf, KerasTensor)]
        for index, tensor in enumerate(self.outputs):
            tensor.node, tensor.index = self, index


def is_symbolic(args, kwargs=None) -> bool:
    """Whether a KerasTensor is among the arguments, however deep."""
    return any(isinstance(leaf, KerasTensor) for leaf in pytree.tree_leaves((args, kwargs)))


def record(function, args, kwargs):
    """Puts a call of a torch function or operator into the graph; returns its KerasTensors."""
    op = OPS.get(function)
    if op is None:
        op = Op(f"torch.{getattr(function, '__name__', repr(function))}", function)
    outputs = infer(function, args, kwargs)
    Node(op, args, kwargs, outputs)
    return outputs


def infer(function, args, kwargs, device=None):
    """What `function` returns for these arguments, as fresh KerasTensors: found by running it on stand-ins.

    A None in front becomes zero rows, and an output size of zero is None again. A None further in is tried with two sizes:
    output sizes that differ were following it. Functions that refuse zero rows get two and then three real ones.
    """
    leaves = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, KerasTensor)]
    varies_inside = any(None in leaf.shape[1:] for leaf in leaves)
    varies_in_front = any(leaf.shape[:1] == (None,) for leaf in leaves)
    device = device or config.get_device()

    def run(rows: int, inner: int):
        def stand_in(leaf):
            if not isinstance(leaf, KerasTensor):
                return leaf
            front = [rows if size is None else size for size in leaf.shape[:1]]
            rest = [inner if size is None else size for size in leaf.shape[1:]]
            return torch.zeros(front + rest, dtype=config.torch_dtype(leaf.dtype), device=device)

        real_args, real_kwargs = pytree.tree_map(stand_in, (args, kwargs))
        with torch.no_grad():
            return function(*real_args, **real_kwargs)

    try:
        results = [run(0, _PROBES[0])]
        zero_rows = True
    except Exception:
        results = [run(2, _PROBES[0]), *([run(3, _PROBES[0])] if varies_in_front else [])]
        zero_rows = False
    if varies_inside:
        results.append(run(0 if zero_rows else 2, _PROBES[1]))

    def outline(*tensors):
        first = tensors[0]
        if not isinstance(first, torch.Tensor):
            return first
        shape = [
            None if len(set(sizes)) > 1 or (zero_rows and varies_in_front and sizes[0] == 0) else sizes[0]
            for sizes in zip(*(tensor.shape for tensor in tensors), strict=True)
        ]
        return KerasTensor(shape, config.dtype_name(first.dtype))

    return pytree.tree_map(outline, *results)
