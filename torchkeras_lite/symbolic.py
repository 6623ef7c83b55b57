"""Tensors without values, and the graph that calls on them draw.

A `KerasTensor` knows a shape (with None for what varies), a dtype, and the `Node` that made it. Shapes are not computed by
formulas: the real function runs on a real tensor with zero rows, which costs microseconds and cannot disagree with itself.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import operator
import re
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import config, nested, registry
from torchkeras_lite.calls import going_on
from torchkeras_lite.references import Known
from torchkeras_lite.sparse import Sparse, kind
from torchkeras_lite.texts import Texts
from torchkeras_lite.variable import Variable, forwards, tensor_of

# Sizes put where a shape says None inside (not in front). Two, because one cannot tell a size that follows from one that is
# fixed; large and even, so that the kernels, strides and pools of usual networks fit into them.
_PROBES = (256, 320)
_LARGE_PROBES = (8192, 10240)  # for what does not fit into these, without rows
_MUCH = 1 << 22  # elements of an input from which on few rows stand for many
_PLAIN = frozenset((torch.Tensor, torch.nn.Parameter, np.ndarray, float, int, bool, str, type(None)))
_MISFIT_OF_ROWS = re.compile(r"tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at non-singleton dimension 0")
_NO_AXIS = re.compile(r"Dimension out of range .* but got (-?\d+)\)")
_VALUES = ("numpy", "tolist", "item", "cpu", "cuda")  # what only a tensor with values can answer


class KerasTensor:
    """A tensor still to come: `shape` (a tuple; None where the size varies), `dtype` (a name) and where it comes from."""

    _mask: KerasTensor | None = None  # what the mask that the tensor will carry looks like
    sparse = ragged = False
    __array_priority__ = 1000
    __array_ufunc__ = None  # `array * x` is asked of x, instead of of each number in the array

    sparse = ragged = False  # torch has such tensors, and nothing here makes them

    def __init__(
        self,
        shape,
        dtype: str | None = None,
        name: str | None = None,
        record_history: bool = True,
        sparse: bool = False,
        ragged: bool = False,
        **_,
    ):
        if sparse or ragged:
            if sparse and ragged:
                raise ValueError("A KerasTensor cannot have `sparse=True` and `ragged=True` at once.")
            self.sparse, self.ragged = bool(sparse), bool(ragged)
        self.shape = tuple(None if size is None else int(size) for size in shape)
        self.dtype = config.dtype_name(dtype)
        self.name = name or registry.unique_name("keras_tensor")
        self.node: Node | None = None
        self.index = 0
        self._operation = None  # the node only knows it; who has the tensor has it too

    @property
    def ndim(self) -> int:
        return len(self.shape)

    rank = ndim

    @property
    def device(self) -> torch.device:
        """Where the tensor will be, if nothing else is said."""
        if drawing.on_record is not None:
            drawing.on_record()
        return config.get_device()

    def dim(self) -> int:
        return len(self.shape)

    def size(self, dim: int | None = None):
        return self.shape if dim is None else self.shape[dim]

    def __repr__(self):
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def __len__(self):
        if not self.shape or self.shape[0] is None:
            raise TypeError(f"The first axis of {self!r} varies: it has no length.")
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self):
        operation = self.node and self.node.operation
        if isinstance(operation, Op) and operation.function is operator.eq:
            one, other = self.node.args
            if isinstance(one, KerasTensor) and isinstance(other, KerasTensor):
                return one is other  # `x in inputs`, `inputs.index(x)`
        raise TypeError(
            "A symbolic KerasTensor cannot be used as a boolean: it has no value that could decide an `if` or `while`. Put the "
            "decision into a layer's `call()`, where tensors are real, or use `torch.where`."
        )

    def __float__(self):
        raise TypeError(f"A symbolic KerasTensor has no value, so it is no number: {self!r}.")

    __int__ = __index__ = __float__

    def __array__(self, *args, **kwargs):
        raise ValueError(
            f"{self!r} is symbolic: it doesn't have any actual numerical value that numpy could see. Use a torch function or a "
            "layer on it instead."
        )

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return record(func, args, kwargs or {})

    def __getattr__(self, name: str):
        if name in _VALUES:
            raise TypeError(f"A symbolic KerasTensor has no value, so there is no `{name}()` of it: {self!r}.")
        method = None if name.startswith("_") else getattr(torch.Tensor, name, None)
        if not callable(method):
            if drawing.on_record is not None and not name.startswith("_"):
                drawing.on_record()
            raise AttributeError(f"'KerasTensor' object has no attribute {name!r}")
        return lambda *args, **kwargs: record(method, (self, *args), kwargs)

    @property
    def T(self):
        return record(torch.t, (self,), {})

    @property
    def _keras_mask(self) -> KerasTensor | None:
        """The mask that the tensor will carry. Its layer draws it where somebody asks, for few graphs need it as a tensor."""
        layer = self._operation
        if self._mask is None or self._mask.node is not None or not hasattr(layer, "compute_mask"):
            return self._mask
        args, kwargs = self.node.args, self.node.kwargs
        before = kwargs.get("mask")
        if before is None and args:
            before = nested.mapped(lambda leaf: getattr(leaf, "_keras_mask", None), args[0])
        mask = layer.compute_mask(args[0] if len(args) == 1 else args, before)
        mask = mask[self.index] if isinstance(mask, (list, tuple)) else mask
        return self._mask if mask is None else mask

    @_keras_mask.setter
    def _keras_mask(self, mask):
        self._mask = mask

    @_keras_mask.deleter
    def _keras_mask(self):
        self._mask = None

    def __getitem__(self, index):
        axes, index = forwards(index, len(self.shape))
        if axes:
            self = record(op_named("Flip", "numpy") or torch.flip, (self, axes), {})
        return record(operator.getitem, (self, index), {})

    def __hash__(self):
        return id(self)


class Drawing:
    """Whether somebody draws a graph just now: from a KerasTensor that a user gets to a finished model or a call on real data.

    Attributes:
        on_begin, on_pause: what else is to happen then; on_record: before a function is put into the graph.
    """

    def __init__(self):
        self.going_on = False
        self.on_begin = self.on_pause = self.on_record = None

    def begin(self) -> None:
        if not self.going_on:
            self.going_on = True
            if self.on_begin is not None:
                self.on_begin()

    def pause(self) -> None:
        if self.going_on:
            self.going_on = False
            if self.on_pause is not None:
                self.on_pause()


drawing = Drawing()


class Op:
    """A function in the graph.

    Attributes:
        kind: Keras's name for the function (`"Add"`), or our own for a raw torch call (`"torch.relu"`).
        function: what computes it.
        name: the name of this use of it, unique in a model.
    """

    def __init__(self, kind: str, function, name: str | None = None):
        self.kind, self.function = kind, function
        self.name = name or registry.unique_name(registry.snake_case(kind.rpartition(".")[2]))
        self._nodes = Nodes()

    def __getstate__(self):
        return {**self.__dict__, "_nodes": Nodes()}  # a graph copies its calls

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)

    def __repr__(self):
        return f"<Op {self.kind} name={self.name}>"


# Keras files spell these operators as objects of its ops; one row each: the function, and the class that Keras calls it.
OPS: dict[Any, str] = {
    function: name
    for name, function in {
        "Add": operator.add, "Subtract": operator.sub, "Multiply": operator.mul, "TrueDivide": operator.truediv,
        "FloorDivide": operator.floordiv, "Mod": operator.mod, "Power": operator.pow, "Matmul": operator.matmul,
        "Negative": operator.neg, "Absolute": operator.abs, "GetItem": operator.getitem,
        "Equal": operator.eq, "NotEqual": operator.ne, "Less": operator.lt, "LessEqual": operator.le,
        "Greater": operator.gt, "GreaterEqual": operator.ge,
        "LogicalAnd": operator.and_, "LogicalOr": operator.or_, "LogicalXor": operator.xor, "LogicalNot": operator.invert,
    }.items()
}  # fmt: skip


# Operations that look at each element by itself, so that they do the same to many rows as to few.
_BY_ELEMENT = {*OPS.values(), *"Relu Relu6 Sigmoid Tanh Gelu Silu Exp Log Sqrt Square Maximum Minimum Clip Cast".split()}
_BY_ELEMENT -= {"GetItem", "Matmul"}


class Named(NamedTuple):
    """What Keras's files call a function: a class and its module.

    Attributes:
        tensors: the parameters that are tensors, in the order in which Keras calls the class with them; the others are
            settings.
        places: where they stand in the call; from `rest` on all are tensors.
        leading: how many stand in front of the first setting.
        listed: whether the first one is a list of tensors.
    """

    kind: str
    module: str
    tensors: tuple[str, ...]
    places: frozenset[int]
    rest: int
    leading: int
    listed: bool

    def takes_tensor(self, place: int) -> bool:
        return place in self.places or place >= self.rest


NAMED: dict[Any, Named] = {}
_by_name: dict[tuple[str, str], Any] = {}


def name_op(function, kind: str, module: str, tensors: tuple[str, ...], listed: bool = False) -> None:
    """Makes `function` known in graphs and files as Keras's operation `module.kind`. See `Named`."""
    code = function.__code__  # asking `inspect` for three hundred signatures takes longer than the rest of this file
    names = code.co_varnames[: code.co_argcount]
    places = frozenset(place for place, name in enumerate(names) if name in tensors)
    variadic = code.co_flags & inspect.CO_VARARGS and code.co_varnames[code.co_argcount + code.co_kwonlyargcount] in tensors
    rest = code.co_argcount if variadic else sys.maxsize
    leading = min(set(range(len(places) + 1)) - places)
    NAMED[function] = Named(kind, module, tensors, places, rest, leading, listed)
    _by_name.setdefault((module, kind), function)
    registry.publish(function, "keras.ops")


def op_named(kind: str, module: str):
    """The function that a file calls `module.kind`, or None."""
    operators = (function for function, name in OPS.items() if name == kind)
    return _by_name.get((module, kind)) or next(operators, None)


def _operator(function):
    def forward(self, *others):
        return record(function, (self, *(_beside(self, other) for other in others)), {})

    def reflected(self, other):
        return record(function, (_beside(self, other), self), {})

    return forward, reflected


def _beside(tensor, other):
    """The other side of an operator: a list of numbers is a tensor, of the dtype of this one unless that would round it."""
    if type(other) not in (list, tuple) or tensors_in(other):
        return other
    made = tensor_of(other, device=config.get_device())
    dtype = config.torch_dtype(tensor.dtype)
    return made.to(dtype) if dtype.is_floating_point or not made.is_floating_point() else made


def _equal(self, other):
    """`==`, in the graph. Whether two are the same tensor is what the result says, if it is asked for its truth."""
    try:
        return record(operator.eq, (self, _beside(self, other)), {})
    except ValueError:
        if isinstance(other, KerasTensor):
            return NotImplemented  # of shapes that do not go together: surely another tensor
        raise


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor"):
    _forward, _reflected = _operator(getattr(operator, _name))
    setattr(KerasTensor, f"__{_name.rstrip('_')}__", _forward)
    setattr(KerasTensor, f"__r{_name.rstrip('_')}__", _reflected)
KerasTensor.__eq__ = _equal
for _name in ("ne", "lt", "le", "gt", "ge", "neg", "abs", "invert"):
    setattr(KerasTensor, f"__{_name}__", _operator(getattr(operator, _name))[0])


class Node:
    """One call: `operation(*args, **kwargs)`, some of whose arguments are KerasTensors, gave `outputs`.

    A KerasTensor holds all that led to it: its node, the operation, and by the node's arguments the tensors before. The other
    way round a node only knows its operation and its outputs, so that nothing holds itself, and a model is freed when nobody
    has it any more. An output that nobody has is made anew when it is asked for.

    Args:
        structure: what the call returned; the KerasTensors in it are the outputs.
        makes_outputs: whether they are this node's. (The node that shows a model as one call leaves them to the nodes inside.)

    Attributes:
        inputs: the KerasTensors among the arguments, in order.
    """

    def __init__(self, operation, args, kwargs, structure, makes_outputs: bool = True):
        self._operation = Known(operation)
        self.args, self.kwargs, self.makes_outputs = args, kwargs, makes_outputs
        self.inputs = tensors_in((args, kwargs))
        if not makes_outputs:
            self._returned = structure
            return
        outputs = [structure] if type(structure) is KerasTensor else tensors_in(structure)
        self._outlines = [{**tensor.__dict__, "node": None, "_operation": None} for tensor in outputs]  # to make them anew
        self._made: list[Known | None] = [None] * len(outputs)
        places = iter(map(_Output, range(len(outputs))))
        self._returned = _mapped(structure, KerasTensor, lambda _: next(places))
        for index, tensor in enumerate(outputs):
            self._claim(tensor, index)

    def _claim(self, tensor: KerasTensor, index: int) -> None:
        tensor.node, tensor.index, tensor._operation = self, index, self.operation
        self._made[index] = Known(tensor)

    @property
    def operation(self):
        """The Layer or Op that was called."""
        return self._operation()

    @property
    def structure(self):
        """What the call returned."""
        return _mapped(self._returned, _Output, lambda place: self._output(place.index))

    @property
    def outputs(self) -> list[KerasTensor]:
        """The KerasTensors that it returned, in order."""
        return [self._output(index) for index in range(len(self._made))] if self.makes_outputs else tensors_in(self._returned)

    def _output(self, index: int) -> KerasTensor:
        tensor = self._made[index] and self._made[index]()
        if tensor is None:
            tensor = KerasTensor.__new__(KerasTensor)
            tensor.__dict__.update(self._outlines[index])
            self._claim(tensor, index)
        return tensor


def _mapped(structure, kind, function):
    """The structure with `function` applied to what is of this kind in it."""
    if type(structure) is kind:
        return function(structure)
    return nested.mapped(lambda leaf: function(leaf) if isinstance(leaf, kind) else leaf, structure)


class _Output:
    """Stands for an output of a node in what the node returned."""

    def __init__(self, index: int):
        self.index = index


class Nodes(Sequence):
    """The calls of an operation on KerasTensors, in order.

    It holds the first one, and so all that leads to it: that is what `layer.input` and `layer.output` show. Later ones it only
    knows, for what leads to them may begin at the operation itself: they last as long as a tensor that came of them, or a model
    that they are part of.
    """

    def __init__(self):
        self._first: Node | None = None
        self._later: list[Known] = []

    def append(self, node: Node) -> None:
        if self._first is None:
            self._first = node
        else:
            self._later = [known for known in self._later if known() is not None] + [Known(node)]

    def begin_with(self, node: Node) -> None:
        """Makes this one the first."""
        before = list(self)
        self.clear()
        for one in (node, *before):
            self.append(one)

    def clear(self) -> None:
        self.__init__()

    def _all(self) -> list[Node]:
        if self._first is None:
            return []
        return [self._first, *(node for known in self._later if (node := known()) is not None)]

    def __iter__(self):
        return iter(self._all())

    def __len__(self):
        return len(self._all())

    def __getitem__(self, index):
        return self._all()[index]


def tensors_in(structure) -> list[KerasTensor]:
    """The KerasTensors in a structure of lists, tuples and dicts, in order."""
    return [leaf for leaf in nested.leaves(structure) if isinstance(leaf, KerasTensor)]


def is_symbolic(args, kwargs=None) -> bool:
    """Whether a KerasTensor is among the arguments, however deep."""
    for arg in args if not kwargs else (*args, *kwargs.values()):
        if type(arg) not in _PLAIN:
            break
    else:
        return False
    return any(isinstance(leaf, KerasTensor) for leaf in nested.leaves((args, kwargs)))


def record(function, args, kwargs):
    """Puts a call of a torch function or operator into the graph; returns its KerasTensors."""
    if drawing.on_record is not None:
        drawing.on_record()
    named = NAMED.get(function)
    kind = named.kind if named is not None else OPS.get(function) or f"torch.{getattr(function, '__name__', repr(function))}"
    return record_op(Op(kind, function), args, kwargs)


def record_op(op: Op, args, kwargs):
    """Puts a call of an Op into the graph; returns its KerasTensors."""
    args, kwargs = nested.mapped(_constant, (args, kwargs))
    try:
        outputs = infer(op.function, args, kwargs, by_rows=lambda: op.kind in _BY_ELEMENT)
    except (RuntimeError, IndexError) as error:
        shapes = [tensor.shape for tensor in tensors_in((args, kwargs))]
        axis = _NO_AXIS.match(str(error))
        why = f"axis {axis[1]} is out of bounds" if axis else error
        raise ValueError(f"The operation {op.kind} cannot be applied to tensors of shapes {shapes}: {why}") from error
    op._nodes.append(Node(op, args, kwargs, outputs))
    drawing.begin()
    return outputs


# Torch's inner functions trust their arguments, and a file is not to be trusted; hooks, storages and copies compute nothing.
_NOT_FOR_CONFIGS = re.compile(
    r"\._(?!_)|\.__(get|reduce_ex|setstate|deepcopy|array|array_wrap|dlpack|dlpack_device|format|repr)__|"
    r"\.(apply_|map2?_|backward|register_\w+|set_|resize_|resize_as_\w*|module_load|share_memory_|(untyped_)?storage)$"
)


@functools.cache
def torch_functions() -> dict[str, Any]:
    """The functions of torch that can take a KerasTensor, by their full names: those that a config may ask for."""
    found = {}
    for functions in torch.overrides.get_overridable_functions().values():
        for function in functions:
            name = torch.overrides.resolve_name(function)
            if not _NOT_FOR_CONFIGS.search(name):
                found.setdefault(name, function)
    return found


def _constant(leaf):
    """Arrays beside symbolic tensors become tensors once, here. (Python numbers stay: they take on the other's dtype.)"""
    return tensor_of(leaf, device=config.get_device()) if isinstance(leaf, (np.ndarray, np.generic)) else leaf


def stand_ins(
    structure, rows: int = 2, inner: int = _PROBES[0], device=None, make=torch.zeros, many: int | None = None, square=False
):
    """The structure with tensors of zeros for its KerasTensors; None or `many` in front becomes `rows`, further in `inner`.

    `square`: sparse ones have as many rows as columns, for they say how things hang together.
    """

    def stand_in(leaf):
        if not isinstance(leaf, KerasTensor):
            return leaf
        front = [rows if size is None or size == many else size for size in leaf.shape[:1]]
        rest = [inner if size is None else size for size in leaf.shape[1:]]
        if leaf.dtype == "string":
            if going_on.loading:
                going_on.loading.take(math.prod(front + rest))
            return Texts(np.full(front + rest, "", dtype=object))
        if leaf.sparse and kind() is not None:
            if square and len(rest) == 1 and leaf.shape[0] is None:
                front = rest
            return kind().stand_in(front + rest, make, config.torch_dtype(leaf.dtype), device or config.get_device())
        tensor = make(front + rest, dtype=config.torch_dtype(leaf.dtype), device=device or config.get_device())
        if leaf._mask is not None:
            tensor._keras_mask = stand_ins(leaf._mask, rows, inner, device, torch.ones, many)
        return tensor

    return nested.mapped(stand_in, structure)


def _value_of(leaf):
    """A Variable among what a call returns, as a tensor."""
    return leaf.seen() if isinstance(leaf, Variable) else leaf


def infer(function, args, kwargs, device=None, by_rows=None):
    """What `function` returns for these arguments, as fresh KerasTensors: found by running it on stand-ins.

    A None in front becomes zero rows, and an output size of zero is None again. A None further in is tried with two sizes:
    output sizes that differ were following it. Functions that refuse zero rows get two and then three real ones; those that
    know how many there will be (`x + torch.rand(32, 1)`) that number; where a None in front meets one further in (x times its
    transpose), both get the same size.

    Args:
        by_rows: called where there are a great many rows. If it says True, the function does not look at their number, and a
            few of them are tried.
    """
    leaves = [leaf for leaf in nested.leaves((args, kwargs)) if isinstance(leaf, KerasTensor)]
    varies_inside = any(None in leaf.shape[1:] for leaf in leaves)
    varies_in_front = any(leaf.shape[:1] == (None,) for leaf in leaves)
    fixed = [leaf.shape[0] for leaf in leaves if leaf.shape and leaf.shape[0] not in (None, 1)]
    device = device or config.get_device()

    def run(rows: int, inner: int = _PROBES[0], make=torch.zeros, many=None, square=False):
        real_args, real_kwargs = stand_ins((args, kwargs), rows, inner, device, make, many, square)
        before = going_on.inferring, going_on.forgetting
        going_on.inferring = going_on.forgetting = True
        try:
            with torch.no_grad():
                return nested.mapped(_value_of, function(*real_args, **real_kwargs))
        finally:
            going_on.inferring, going_on.forgetting = before

    def with_rows(make=torch.zeros):
        return [run(2, _PROBES[0], make), *([run(3, _PROBES[0], make)] if varies_in_front else [])]

    def with_ones(error):
        """What comes out where open sizes further in are 1, which goes with any other."""
        for counts in ((2, 3), fixed[:1]) if varies_inside else ():
            with contextlib.suppress(Exception):
                if made := [run(rows, 1) for rows in counts]:
                    return made
        raise error

    many, few = (0, ()) if varies_inside or varies_in_front or len({*fixed}) != 1 else _few_for_many(leaves, fixed[0])
    if few and by_rows is not None and by_rows():
        with contextlib.suppress(Exception):
            results = [run(rows, many=many) for rows in few]
            return pytree.tree_map(functools.partial(_outline, functools.partial(_for_many, few, many)), *results)

    results, stretched, zero_rows, probes, as_many = None, False, False, _PROBES, None
    for probes in (_PROBES, _LARGE_PROBES) if varies_inside else (_PROBES,):
        with contextlib.suppress(Exception):
            results, zero_rows = [run(0, probes[0])], True
            break
    else:
        probes = _PROBES  # rows of the large ones would not go into memory
    if not zero_rows:
        try:
            results = with_rows()
        except IndexError:
            if not varies_in_front:
                raise
            results = [run(rows) for rows in _PROBES]  # `x[5]`: there will be so many rows
        except (RuntimeError, ValueError) as error:
            if "ZeroDivisionError" in str(error):  # torch's word for a division of integers by the zeros in a stand-in
                results = with_rows(torch.ones)
            elif varies_in_front:
                # Beside a tensor of so many rows there can be no other number of them; or they meet a size further in.
                misfit = _MISFIT_OF_ROWS.search(str(error))
                counts = [*fixed[:1], *(map(int, misfit.groups()) if misfit else ())]
                for pairs in (*([(rows, size) for size in _PROBES] for rows in counts), [(size, size) for size in _PROBES]):
                    with contextlib.suppress(Exception):
                        results, varies_inside = [run(*pair) for pair in pairs], False
                        break
                else:
                    if any(leaf.sparse for leaf in leaves):
                        with contextlib.suppress(Exception):
                            results = [run(2, square=True), run(3, square=True)]
                    # Or as many as columns: a matrix that says how the rows hang together, beside the rows.
                    columns = dict.fromkeys(leaf.shape[1] for leaf in leaves if len(leaf.shape) == 2 and leaf.shape[1])
                    for rows in columns if results is None else ():
                        with contextlib.suppress(Exception):
                            results, as_many = [run(rows, size) for size in _PROBES], rows
                            break
                    if results is None:
                        results, stretched = with_ones(error), True
            else:
                results, stretched = with_ones(error), True
    made = nested.leaves(results[0])
    found = [leaf for leaf in made if _is_tensor(leaf)]
    if strays := [leaf for leaf in made if isinstance(leaf, KerasTensor)]:
        raise ValueError(
            f"Given tensors with values, the call returns {strays[0]!r}, which has none: it uses a symbolic tensor that is not "
            "among its arguments. The usual fix: hand that one to the layer too, `layer([x, other])`."
        )
    if zero_rows and varies_in_front and any(0 in leaf.shape[1:] or leaf.shape[:1] > (0,) for leaf in found):
        # A zero further in may be the rows, moved, or a size that really is zero; rows in front may be the given ones and more.
        with contextlib.suppress(Exception):
            results, zero_rows = with_rows(), False
    if varies_inside and not stretched and as_many is None:
        with contextlib.suppress(Exception):  # beside a size that happened to be the first one there is no other
            results.append(run(0 if zero_rows else 2, probes[1]))

    open_size = 0 if zero_rows and varies_in_front else 1 if stretched else -1
    outline = functools.partial(_outline, functools.partial(_same_or_none, open_size))
    drawn = nested.mapped(outline, results[0]) if len(results) == 1 else pytree.tree_map(outline, *results)
    for tensor in tensors_in(drawn) if as_many is not None else ():
        if tensor.shape[:1] == (as_many,):
            tensor.shape = (None, *tensor.shape[1:])
    return drawn


def _few_for_many(leaves, many: int) -> tuple[int, tuple[int, ...]]:
    """The number of rows, and those few numbers of them that are to be tried in its place: none if it is no great one."""
    wide = max(math.prod(leaf.shape[1:]) for leaf in leaves)
    if many < 5 or many * wide <= _MUCH:
        return many, ()
    return many, (2, 3, min(max(_MUCH // 16 // max(wide, 1), 4), many))


def _same_or_none(open_size: int, sizes) -> int | None:
    """What an axis is that had these sizes: None if they differ, or are `open_size`."""
    return None if len(set(sizes)) > 1 or sizes[0] == open_size else sizes[0]


def _for_many(counts, many: int, sizes) -> int:
    """What an axis would be of many rows that had these sizes of so few; ValueError where it follows no line."""
    slope = sizes[1] - sizes[0]
    if [sizes[0] + slope * (count - counts[0]) for count in counts] != [*sizes]:
        raise ValueError(f"sizes {sizes} of {counts} rows")
    return sizes[0] + slope * (many - counts[0])


def _outline(size_of, *tensors):
    """The KerasTensor of which these are examples: `size_of(sizes)` says what an axis is that has these sizes in them."""
    first = tensors[0]
    if not _is_tensor(first):
        return first
    shape = [size_of(sizes) for sizes in zip(*(tensor.shape for tensor in tensors), strict=True)]
    if isinstance(first, Sparse):
        return KerasTensor(shape, config.dtype_name(first.values.dtype), sparse=True)
    drawn = KerasTensor(shape, "string" if isinstance(first, Texts) else config.dtype_name(first.dtype))
    if isinstance(getattr(first, "_keras_mask", None), torch.Tensor):
        drawn._mask = _outline(size_of, *(tensor._keras_mask for tensor in tensors))
    return drawn


def open_size(tensor, axis: int = 0):
    """The same tensor; if it is symbolic, the size along `axis` is None from now on: it is known with the values only."""
    if isinstance(tensor, KerasTensor):
        shape = list(tensor.shape)
        shape[axis] = None
        tensor.shape = tensor.node._outlines[tensor.index]["shape"] = tuple(shape)
    return tensor


def _is_tensor(value) -> bool:
    return isinstance(value, (torch.Tensor, Texts, Sparse))
