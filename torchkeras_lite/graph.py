"""Graph: the calls that lead from some KerasTensors to others, and the straight-line function that makes them.

The function is what one would write by hand: a line for each call, a name free again behind its last use, so that activations
are let go as early as in a loop over layers.
"""

from __future__ import annotations

import keyword
import linecache
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from torchkeras_lite import registry
from torchkeras_lite.symbolic import KerasTensor, Node, Op, tensors_in


class Graph:
    """The nodes between `inputs` and `outputs`.

    Args:
        inputs, outputs: KerasTensors, or lists, tuples and dicts of them.

    Attributes:
        entrances, exits: the KerasTensors in `inputs` and `outputs`, in a row (of dicts by sorted keys, as in Keras).
        nodes: all calls, each behind those that it needs; those of InputLayers too.
        operations: Layers and Ops, those farthest from the outputs first: Keras's order.
        is_chain: whether each call has one input, the output of the call before.

    Raises:
        ValueError: an output does not follow from the inputs, or two operations have one name.
    """

    def __init__(self, inputs, outputs):
        self.inputs, self.outputs = inputs, outputs
        self.entrances, self.exits = leaves(inputs), leaves(outputs)
        self._trace()
        self._check_names()

    # ------------------------------------------------------------ order

    def _trace(self):
        nodes, seen = _walk(self.entrances, self.exits)
        depths: dict[Node, int] = {}
        of_operation: dict = {}
        for node in reversed(nodes):  # outputs first: each node is as deep as the longest way from it to an output
            depth = depths[node] = max(depths.get(node, 0), of_operation.get(node.operation, 0))
            of_operation[node.operation] = depth
            for tensor in node.inputs:
                if tensor.node in seen:
                    depths[tensor.node] = max(depths.get(tensor.node, 0), depth + 1)
        first_met = {operation: i for i, operation in enumerate(dict.fromkeys(seen.values()))}
        for tensor in self.entrances:  # an input that no output needs is an input all the same
            node = tensor.node
            if node is not None and not node.inputs and node.operation not in of_operation:
                of_operation[node.operation], first_met[node.operation] = 0, -1
                depths[node] = 0
                nodes = [node, *nodes]
        self.nodes = nodes
        self.operations = sorted(of_operation, key=lambda operation: (-of_operation[operation], first_met[operation]))
        levels = list(depths.values())
        alone = len(set(levels)) == len(levels) and all(len(node.inputs) < 2 for node in nodes)
        self.is_chain = alone and len(self.operations) == len(nodes)

    def _check_names(self):
        names: set[str] = set()
        for operation in sorted(self.operations, key=lambda operation: isinstance(operation, Op)):
            while operation.name in names:
                if not isinstance(operation, Op):
                    raise ValueError(
                        f'The name "{operation.name}" is used by two layers of the model. All layers should have unique names: '
                        "pass `name=...` to one of them."
                    )
                operation.name = registry.unique_name(operation.name)  # an operator took it, which nobody asked for
            names.add(operation.name)

    def calls_of(self, operation) -> list[Node]:
        """The calls of one layer or Op in this graph, in the order in which they were made."""
        inside = set(self.nodes)
        return [node for node in operation._nodes if node in inside]

    def history(self, tensor: KerasTensor) -> tuple[str, int, int]:
        """Where a tensor of the graph comes from, as Keras says it: name of the operation, its which call, its which output."""
        operation = tensor.node.operation
        return operation.name, self.calls_of(operation).index(tensor.node), tensor.index

    def redrawn(self, replaced: dict[KerasTensor, KerasTensor]) -> Graph:
        """The same calls once more, from other entrances: where a graph begins in the middle of another."""
        new = dict(replaced)
        for node in self.nodes:
            if not node.inputs:
                continue  # an InputLayer stays what it is
            args, kwargs = mapped((node.args, node.kwargs), lambda t: new.get(t, t))
            structure = mapped(node.structure, lambda t: KerasTensor(t.shape, t.dtype, name=t.name))
            twin = Node(node.operation, args, kwargs, structure)
            node.operation._nodes.append(twin)
            new.update((old, made) for old, made in zip(node.outputs, twin.outputs, strict=True) if old not in replaced)
        return Graph(*mapped((self.inputs, self.outputs), lambda t: new.get(t, t)))

    # ------------------------------------------------------------ running

    def source(self, fused: Mapping = MappingProxyType({})) -> str:
        """The calls as the text of a Python function of the entrances. See `compile`."""
        return _Writer(self, fused).text

    def compile(self, name: str, fused: Mapping = MappingProxyType({})) -> Callable:
        """The function: takes a tensor for each entrance, returns the structure of `outputs`.

        Args:
            name: of the model, for tracebacks.
            fused: calls that are made as one: the last node of a group -> (its first node, a function of that one's argument),
                its other nodes -> None.
        """
        writer = _Writer(self, fused)
        file = f"<graph of {re.sub(r'[^A-Za-z0-9_]', '_', name)}>"
        # No word of a file gets into the text: names in it are made of letters, digits and underscores, values are not in it.
        exec(compile(writer.text, file, "exec"), writer.globals)
        linecache.cache[file] = (len(writer.text), None, writer.text.splitlines(True), file)  # tracebacks show its lines
        return writer.globals.pop("forward")  # which is not to hold itself

    # ------------------------------------------------------------ copies

    def packed(self, structure):
        """A structure with numbers in the place of the graph's KerasTensors."""
        places = self._places()
        return mapped(structure, lambda t: _Place(places[t]) if t in places else t)

    def unpacked(self, structure):
        """What `packed` gave, with the KerasTensors of this graph."""
        tensors = list(self._places())
        return _rebuilt(structure, _Place, lambda place: tensors[place.number])

    def _places(self) -> dict[KerasTensor, int]:
        found = dict.fromkeys([*self.entrances, *(tensor for node in self.nodes for tensor in node.outputs)])
        return {tensor: number for number, tensor in enumerate(found)}

    def __getstate__(self):
        # Flat, because a copy or a pickle of a deep chain of nodes would come to the limit of Python's stack.
        tensors = self._places()
        pack = lambda structure: mapped(structure, lambda t: _Place(tensors[t]))  # noqa: E731
        return {
            "tensors": [(tensor.shape, tensor.dtype, tensor.name) for tensor in tensors],
            "ends": pack((self.inputs, self.outputs)),
            "nodes": [(node.operation, *pack((node.args, node.kwargs, node.structure))) for node in self.nodes],
        }

    def __setstate__(self, state):
        tensors = [KerasTensor(shape, dtype, name) for shape, dtype, name in state["tensors"]]
        unpack = lambda structure: _rebuilt(structure, _Place, lambda place: tensors[place.number])  # noqa: E731
        for operation, *parts in state["nodes"]:
            if isinstance(parts[-1], _Place) and not parts[0] and not parts[1]:  # an InputLayer has its tensor already
                tensors[parts[-1].number] = operation._nodes[0].structure
                continue
            operation._nodes.append(Node(operation, *unpack(tuple(parts))))
        self.__init__(*unpack(state["ends"]))


class _Place:
    """Stands for a KerasTensor of a graph that is being copied."""

    def __init__(self, number: int):
        self.number = number


# ---------------------------------------------------------------- structures


def leaves(structure) -> list:
    """The values in lists, tuples and dicts, one after the other; those of dicts by sorted keys, as Keras counts them."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in leaves(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in leaves(part)]
    return [structure]


def only_one(structure):
    """What a model returns: of a list with one output that output, as in Keras."""
    return structure[0] if isinstance(structure, (list, tuple)) and len(structure) == 1 else structure


def mapped(structure, function):
    """The structure with `function` applied to each KerasTensor in it."""
    return _rebuilt(structure, KerasTensor, function)


def _rebuilt(structure, kind, function):
    if isinstance(structure, kind):
        return function(structure)
    if isinstance(structure, dict):
        return {key: _rebuilt(value, kind, function) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        values = [_rebuilt(value, kind, function) for value in structure]
        if hasattr(structure, "_fields"):
            return type(structure)(*values)
        return tuple(values) if isinstance(structure, tuple) else values
    return structure


# ---------------------------------------------------------------- the walk


def _walk(entrances, exits) -> tuple[list[Node], dict[Node, object]]:
    """The nodes behind `exits`, each after those it needs; and all nodes met, in the order met, with their operations.

    Without recursion: networks of a thousand layers are deeper than Python's stack.
    """
    given = set(entrances)
    done: list[Node] = []
    seen: dict[Node, object] = {}
    for end in exits:
        if end in given and (end.node is None or end.node.inputs):
            continue
        stack: list[tuple[Node, Iterator[KerasTensor]]] = [_entered(end, given, seen, None)] if end.node not in seen else []
        while stack:
            node, waiting = stack[-1]
            for tensor in waiting:
                if tensor in given and (tensor.node is None or tensor.node.inputs):
                    continue  # what comes before is not of this graph
                if tensor.node not in seen:
                    stack.append(_entered(tensor, given, seen, node))
                    break
            else:
                done.append(node)
                stack.pop()
    return done, seen


def _entered(tensor, given, seen, asker) -> tuple[Node, Iterator[KerasTensor]]:
    node = tensor.node
    if node is None or (not node.inputs and tensor not in given):
        who = "an output of the model" if asker is None else f"layer {asker.operation.name!r}"
        made = "a KerasTensor that no layer made" if node is None else f"the Input {node.operation.name!r}"
        raise ValueError(
            f"Graph disconnected: {who} needs {made} ({tensor!r}), which is not among the inputs of the model: "
            f"{[t.name for t in given]}. The usual fix: add it to `inputs`, or build from the inputs that are there."
        )
    seen[node] = node.operation
    return node, iter(node.inputs)


# ---------------------------------------------------------------- the writer


class _Call:
    """A line of the function: that of one node, or of a group of fused ones."""

    def __init__(self, node: Node, group: tuple[Node, Callable] | None = None):
        first, function = group or (node, node.operation.function if isinstance(node.operation, Op) else node.operation)
        self.function, self.name = function, function.name if group else node.operation.name
        self.args, self.kwargs, self.inputs, self.structure = first.args, first.kwargs, first.inputs, node.structure


class _Writer:
    """Writes a graph as a function. `globals` holds what its text names: the layers, functions and constants."""

    def __init__(self, graph: Graph, fused: Mapping):
        self.globals: dict[str, object] = {}
        self.known: dict[int, str] = {}
        self.names: dict[KerasTensor, str] = {}
        self.free: list[str] = []
        self.deleted: set[str] = set()
        self.count = 0
        calls = [_Call(node, fused[node]) if node in fused else _Call(node) for node in graph.nodes if fused.get(node, node)]
        self.last_use = {tensor: i for i, call in enumerate(calls) for tensor in call.inputs}
        self.last_use |= dict.fromkeys(graph.exits, len(calls))
        lines = [f"def forward({', '.join([self._named(tensor) for tensor in graph.entrances])}):"]
        for i, call in enumerate(calls):
            if call.inputs:
                lines += self._call(i, call)
                if dead := sorted(set(self.free) - self.deleted):  # what nobody needs any more is let go at once
                    lines.append(f"del {', '.join(dead)}")
                    self.deleted |= set(dead)
        lines.append(f"return {self._expression(only_one(graph.outputs))}")
        self.text = "\n    ".join(lines) + "\n"

    def _call(self, i: int, node: _Call):
        parts = [self._expression(arg) for arg in node.args]
        parts += [
            f"{key}={self._expression(value)}" if _is_name(key) else f"**{self._expression({key: value})}"
            for key, value in node.kwargs.items()
        ]
        call = f"{self._global(node.function, node.name)}({', '.join(parts)})"
        for tensor in dict.fromkeys(node.inputs):
            if self.last_use[tensor] == i:
                self.free.append(self.names[tensor])
        structure = node.structure
        if isinstance(structure, KerasTensor):
            yield f"{self._target(structure)} = {call}"
        elif isinstance(structure, (list, tuple)) and len(structure) == 1 and isinstance(structure[0], KerasTensor):
            # a model with one output returns it bare, whatever it was made with
            yield f"{self._target(structure[0])} = {self._global(only_one, 'only_one')}({call})"
        elif isinstance(structure, (list, tuple)) and all(isinstance(part, KerasTensor) for part in structure):
            yield f"{', '.join([self._target(part) for part in structure])} = {call}"
        else:
            whole = self._new_name()
            yield f"{whole} = {call}"
            for path, tensor in _paths(structure):
                yield f"{self._target(tensor)} = {whole}{''.join(f'[{self._expression(key)}]' for key in path)}"
            self.free.append(whole)

    def _target(self, tensor: KerasTensor) -> str:
        name = self._named(tensor)
        if tensor not in self.last_use:  # nobody needs it
            self.free.append(name)
        return name

    def _named(self, tensor: KerasTensor) -> str:
        self.names[tensor] = name = self.free.pop() if self.free else self._new_name()
        self.deleted.discard(name)
        return name

    def _new_name(self) -> str:
        self.count += 1
        return f"x{self.count}"

    def _expression(self, value) -> str:
        if isinstance(value, KerasTensor):
            return self.names[value]
        if type(value) in (int, bool, type(None)):
            return repr(value)
        if type(value) is str and re.fullmatch(r"[A-Za-z0-9_]*", value):
            return repr(value)
        if type(value) in (list, tuple) or (isinstance(value, (list, tuple)) and tensors_in(value)):
            inside = ", ".join(self._expression(part) for part in value)
            if hasattr(value, "_fields"):
                return f"{self._global(type(value), type(value).__name__)}({inside})"
            return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' * (len(value) == 1)})"
        if isinstance(value, dict) and tensors_in(value):
            return f"{{{', '.join(f'{self._expression(key)}: {self._expression(part)}' for key, part in value.items())}}}"
        if isinstance(value, slice):
            return f"slice({self._expression(value.start)}, {self._expression(value.stop)}, {self._expression(value.step)})"
        return self._global(value, "constant")

    def _global(self, value, wish: str) -> str:
        """The name under which the text finds `value`, near to the name wished for."""
        name = self.known.get(id(value))
        if name is None:
            name = re.sub(r"[^A-Za-z0-9_]", "_", wish)
            name = name if _is_name(name) and not name.startswith("__") else f"of_{name}"
            while name in self.globals or re.fullmatch(r"x\d+|slice|forward", name):
                name += "_"
            self.known[id(value)], self.globals[name] = name, value
        return name


def _is_name(text: str) -> bool:
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text)


def _paths(structure, path=()):
    """The KerasTensors in a structure, each with the keys that lead to it."""
    if isinstance(structure, KerasTensor):
        yield path, structure
    elif isinstance(structure, dict):
        for key, value in structure.items():
            yield from _paths(value, (*path, key))
    elif isinstance(structure, (list, tuple)):
        for i, value in enumerate(structure):
            yield from _paths(value, (*path, i))
