"""Functions and gradients of symbolic tensors."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import ValuesView

import torch
from torch import nn
from torch.utils import _pytree as pytree

from torchkeras_lite import config, ops, symbolic
from torchkeras_lite.calls import going_on
from torchkeras_lite.graph import Graph, leaves
from torchkeras_lite.modes import training_mode
from torchkeras_lite.notices import warn
from torchkeras_lite.ops.dispatch import to_tensor
from torchkeras_lite.symbolic import KerasTensor, tensors_in
from torchkeras_lite.variable import Variable

from . import _methods
from ._backend_phase import Phase, learning_phase_scope
from ._backend_shapes import Shape, vector
from ._backend_state import get_value, replays

# ---------------------------------------------------------------- functions


class Function:
    """What `function` makes."""

    def __init__(self, inputs, outputs, updates=None, name=None):
        inputs, outputs = (list(x) if isinstance(x, ValuesView) else x for x in (inputs, outputs))
        self.inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        outputs = pytree.tree_map(lambda x: vector(x) if isinstance(x, Shape) else x, outputs)
        self.outputs, self.name = outputs, name or "function"
        self.updates = _pairs(updates)
        fed = [x for x in self.inputs if not isinstance(x, Phase)]
        unfit = [x for x in fed if not isinstance(x, KerasTensor)]
        if unfit:
            raise TypeError(f"function: `inputs` must be symbolic tensors (placeholders, a model's inputs). Received: {unfit}")
        if None in leaves([outputs]):
            raise ValueError("function: an output is None. (A gradient is None where nothing depends on the variable.)")
        self._wanted = list(dict.fromkeys(tensors_in([outputs, [value for _, value in self.updates]])))
        self._graph = Graph(fed, self._wanted)
        self._forward = self._graph.compile(self.name)
        self._slopes = [op.function for op in self._graph.operations if isinstance(getattr(op, "function", None), _Slope)]
        self._layers = [layer for layer in self._graph.operations if isinstance(layer, nn.Module)]

    def __call__(self, inputs=(), *more):
        given = [*inputs] if isinstance(inputs, (list, tuple)) and not more else [inputs, *more]
        if len(given) != len(self.inputs):
            raise ValueError(f"The function {self.name!r} takes {len(self.inputs)} inputs. Received: {len(given)}")
        phase, fed = None, []
        for place, value in zip(self.inputs, given, strict=True):
            if isinstance(place, Phase):
                phase = value
            else:
                fed.append(self._fed(place, value))
        with contextlib.ExitStack() as around:
            phase = around.enter_context(learning_phase_scope(phase))
            for layer in self._layers:
                around.enter_context(training_mode(layer, bool(phase)))
            around.enter_context(torch.set_grad_enabled(bool(self._slopes)))
            for slope in self._slopes:
                around.enter_context(slope.watching())
            made = self._forward(*fed)
        values = dict(zip(self._wanted, made if len(self._wanted) != 1 else [made], strict=True))
        outputs = pytree.tree_map(lambda x: get_value(values[x] if isinstance(x, KerasTensor) else x), self.outputs)
        for variable, value in self.updates:
            variable.assign(values[value].detach() if isinstance(value, KerasTensor) else value)
        return outputs

    def _fed(self, place, value):
        tensor = to_tensor(value, config.torch_dtype(place.dtype), config.get_device()).to(config.get_device())
        fits = tensor.ndim == place.ndim and all(b in (None, a) for a, b in zip(tensor.shape, place.shape, strict=True))
        if not fits and not getattr(place, "_of_any_shape", False):
            raise ValueError(f"Cannot feed value of shape {tuple(tensor.shape)} for {place!r} of {self.name!r}.")
        return tensor.detach().requires_grad_() if self._slopes and tensor.is_floating_point() else tensor


def function(inputs, outputs, updates=None, name=None, **kwargs) -> Function:
    """A function from the values of some symbolic tensors to those of others, as arrays of numpy's.

    Outside of training, unless `learning_phase()` is among the inputs and 1 is given for it.

    Args:
        inputs: a list of KerasTensors: placeholders, inputs of models, or any others, from which the graph goes on then.
        outputs: a KerasTensor, or a list (or other structure); Variables and tensors give the values that they have then.
        updates: pairs (Variable, new value), and what `update` and its kin return; done after the outputs are computed.

    Raises:
        TypeError: an input that is not symbolic.
        ValueError: outputs that need other inputs; None among the outputs; a new value that was computed already.
    """
    if kwargs:
        warn(f"function: there is no session that could use the arguments {sorted(kwargs)}.")
    return Function(inputs, outputs, updates, name)


def _pairs(updates) -> list[tuple]:
    pairs = []
    for each in updates or ():
        if isinstance(each, Variable) or each is None:  # `update` has done it at once
            continue
        if isinstance(each, list):
            pairs += _pairs(each)
            continue
        variable, value = each
        if isinstance(value, torch.Tensor) and value.requires_grad:
            raise ValueError(
                f"function: the new value of {variable.path!r} has been computed already, from Variables alone, and would be "
                "the same in each call. Let it depend on a placeholder, or call `K.update` in a loop."
            )
        pairs.append((variable, value))
    return pairs


def eval(x):
    """The value, as an array of numpy's.

    Raises:
        ValueError: a symbolic tensor that depends on placeholders.
    """
    return function([], [x])([])[0] if isinstance(x, KerasTensor) else get_value(x)


# ---------------------------------------------------------------- gradients


def gradients(loss, variables) -> list:
    """The gradients of `loss` (summed, if it is no number) by each of `variables`; None where it does not depend on one.

    Args:
        loss: a tensor, symbolic or not, or a list of them.
        variables: a Variable or tensor, or a list of them; of a symbolic loss, KerasTensors that it follows from too.

    Of a symbolic loss they are symbolic, for `function`, losses and models. Those by Variables that it does not follow from are
    zeros then, for nobody knows before what layers do.

    Raises:
        ValueError: a loss with values of whose making torch has kept no record.
    """
    losses = list(loss) if isinstance(loss, (list, tuple)) else [loss]
    wanted = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    if replays and losses[0] is replays[-1]:
        return replays[-1].gradients(wanted)
    if not tensors_in(losses):
        return _of_values(losses, wanted)
    behind = _behind(losses)
    depends = [x for x in wanted if (x in behind if isinstance(x, KerasTensor) else isinstance(x, (Variable, torch.Tensor)))]
    depends = [x for x in depends if not isinstance(x, KerasTensor) or x.dtype.startswith(("float", "bfloat"))]
    roots, nested, beside = _way(losses, [x for x in depends if isinstance(x, KerasTensor)])
    inner = [*roots, *nested]
    slope = _Slope([x for x in depends if not isinstance(x, KerasTensor)], (losses, roots, nested, beside))
    outlines = [KerasTensor(x.shape, config.dtype_name(x.dtype)) for x in (*inner, *slope.variables)]
    op = symbolic.Op("Gradients", slope)
    op._nodes.append(symbolic.Node(op, (losses, inner, beside), {}, outlines))
    symbolic.drawing.begin()
    found = {id(x): outline for x, outline in zip((*inner, *slope.variables), outlines, strict=True)}
    return [found.get(id(x)) for x in wanted]


def _of_values(losses, wanted) -> list:
    if going_on.inferring:
        _methods.asked_for_gradients += 1
        return [torch.zeros_like(_shown(x)) for x in wanted]
    total = _total([to_tensor(each) for each in losses])
    blind = [x for x in wanted if isinstance(x, (Variable, torch.Tensor)) and not _raw(x).requires_grad]
    if blind or not torch.is_grad_enabled():
        raise ValueError(
            "gradients: torch has kept no record of how this loss came about. It does so for Variables and tensors that "
            "require gradients, outside of `predict` and `evaluate`: call `x.requires_grad_()` before a loss is computed of x."
        )
    return _slopes(total, wanted)


class _Slope:
    """The gradients of losses by tensors of a graph, and by Variables (or tensors) that its layers use.

    Args:
        variables: those.
        way: the losses, and what leads there, as `_way` says it.
    """

    __name__ = "gradients"

    def __init__(self, variables, way):
        self.variables, self.way = variables, way
        self.again = True  # whether the gradients are recorded: outside of `K.function` nobody knows who differentiates them
        self.differentiated = False  # whether a gradient has been drawn of them

    def __call__(self, losses, inner, beside):
        if going_on.inferring:
            return [torch.zeros_like(x) for x in inner] + [torch.zeros_like(_shown(x)) for x in self.variables]
        total = _total(losses)
        if inner and not all(x.requires_grad for x in (total, *inner)):  # they came about off the record, as in `predict`
            return self._once_more(inner, beside)
        if not total.requires_grad:
            raise RuntimeError(
                "gradients: there is nothing to differentiate here. Gradients by Variables are computed by `K.function` and in "
                "training; elsewhere in layers and models compute them of tensors, inside of `call`."
            )
        return self._of(total, inner)

    def _of(self, total, inner):
        sources = [*inner, *self.variables]
        found = _slopes(total, sources, self.again)
        return [torch.zeros_like(_shown(x)) if slope is None else slope for slope, x in zip(found, sources, strict=True)]

    def _once_more(self, inner, beside):
        """Computes the losses again from the tensors, this time on record."""
        training, count = torch.is_grad_enabled(), len(self.way[1])
        with torch.inference_mode(False), torch.enable_grad():
            own = [x.clone() if x.requires_grad else x.detach().clone().requires_grad_() for x in inner[:count]]
            given = [x.clone() if x.is_inference() else x for x in beside]
            made, between = self._forward(*own, *given)
            slopes = self._of(_total(made), [*own, *between])
        return slopes if training else [slope.detach() for slope in slopes]

    @functools.cached_property
    def _forward(self):
        losses, roots, nested, beside = self.way
        return Graph([*roots, *beside], [losses, nested]).compile("gradients")

    @contextlib.contextmanager
    def watching(self):
        """Inside, the Variables count for gradients, frozen or not; only what is known to be differentiated again will be."""
        frozen = [raw for raw in map(_raw, self.variables) if raw.is_leaf and raw.is_floating_point() and not raw.requires_grad]
        for raw in frozen:
            raw.requires_grad_(True)
        before, self.again = self.again, self.differentiated
        try:
            yield
        finally:
            self.again = before
            for raw in frozen:
                raw.requires_grad_(False)


def _total(losses) -> torch.Tensor:
    return functools.reduce(torch.add, [each.sum() for each in losses])


def _way(losses, inner) -> tuple:
    """What leads from tensors to losses: (the tensors, those of them that follow from others of them, what else comes in)."""
    on_the_way, beside, nested = dict.fromkeys(inner), {}, {}  # dicts as sets: of lists `in` would draw an ==
    for node in _nodes_behind(losses):
        if on_the_way.keys().isdisjoint(node.inputs):
            continue
        nested |= {tensor: None for tensor in node.outputs if tensor in on_the_way}  # they were asked for
        on_the_way.update(dict.fromkeys(node.outputs))
        beside.update(dict.fromkeys(node.inputs))
    beside = [tensor for tensor in beside if tensor not in on_the_way]
    return [tensor for tensor in dict.fromkeys(inner) if tensor not in nested], list(nested), beside


def _nodes_behind(tensors) -> list:
    """All calls from which tensors follow, each after those that it needs. Without recursion: some graphs are deep."""
    done: dict = {}
    waiting = [(tensor.node, False) for tensor in tensors_in(tensors)]
    while waiting:
        node, ready = waiting.pop()
        if node is None or node in done:
            continue
        if ready:
            done[node] = None
            continue
        waiting.append((node, True))
        waiting += [(tensor.node, False) for tensor in node.inputs if tensor.node not in done]
    return list(done)


def _behind(losses) -> set:
    """All KerasTensors from which `losses` follow. Gradients among them will be differentiated."""
    found, waiting = set(), tensors_in(losses)
    while waiting:
        tensor = waiting.pop()
        if tensor in found:
            continue
        found.add(tensor)
        if tensor.node is not None:
            waiting += tensor.node.inputs
            if isinstance(getattr(tensor.node.operation, "function", None), _Slope):
                tensor.node.operation.function.differentiated = True
    return found


def _slopes(total, sources, again=True) -> list:
    raws = [_raw(x) if isinstance(x, (Variable, torch.Tensor)) else None for x in sources]
    places = [i for i, raw in enumerate(raws) if raw is not None and raw.requires_grad and total.requires_grad]
    slopes: list = [None] * len(raws)
    if places:
        made = torch.autograd.grad(total, [raws[i] for i in places], None, True, again, allow_unused=True)
        for i, slope in zip(places, made, strict=True):
            slopes[i] = sources[i].to_keras(slope) if isinstance(sources[i], Variable) and slope is not None else slope
    return slopes


def _raw(x) -> torch.Tensor:
    return x.raw if isinstance(x, Variable) else x


def _shown(x) -> torch.Tensor:
    return x.value if isinstance(x, Variable) else x


def stop_gradient(variables):
    """The same values, through which no gradient flows: of a tensor, or of each in a list."""
    if isinstance(variables, (list, tuple)):
        return [ops.stop_gradient(x) for x in variables]
    return ops.stop_gradient(variables)
