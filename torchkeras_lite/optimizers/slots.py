"""Where an optimizer keeps its tensors, and the lists of them that one step works on."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn

from torchkeras_lite import config, initializers
from torchkeras_lite.optimizers.host import _Home
from torchkeras_lite.variable import Variable, tensor_of


def as_variable(target, position: int) -> Variable:
    """What is trained, as a Variable: itself, or a plain torch parameter under a name of its own."""
    if isinstance(target, Variable):
        return target
    if not isinstance(target, torch.Tensor):
        raise ValueError(
            f"An optimizer is built with Variables (`model.trainable_variables`) or torch parameters "
            f"(`list(module.parameters())`). Received, at position {position}: {target!r} (of type {type(target).__name__})"
        )
    home = _Home()
    if isinstance(target, nn.Parameter):
        home._parameters["value"] = target
    else:
        home._buffers["value"] = target
    return Variable.of(home, "value", name="variable" if position == 0 else f"variable_{position}")


class Store:
    """The slots of an optimizer: tensors laid out in memory like the parameters they belong to, seen as Variables."""

    def __init__(self):
        self.variables: list[Variable] = []
        self._home = _Home()
        self._like: list[tuple[Variable, Variable]] = []  # (slot, parameter)
        self._beside: list[tuple[Variable, Variable]] = []

    def _keep(self, tensor: torch.Tensor, layout, name: str, owner: str) -> Variable:
        key = str(len(self.variables))
        self._home._buffers[key] = tensor
        self.variables.append(Variable.of(self._home, key, layout, name, f"{owner}/{name}"))
        return self.variables[-1]

    def like(self, target: Variable, name: str, owner: str, initializer="zeros") -> Variable:
        """A slot with the shape and memory layout of `target`."""
        with torch.no_grad():
            tensor = torch.zeros_like(target.raw, requires_grad=False)
        slot = self._keep(tensor, target._layout, f"{target.path.replace('/', '_')}_{name}", owner)
        if initializer != "zeros":
            slot.assign(initial_value(initializer, slot.shape, slot.dtype))
        self._like.append((slot, target))
        return slot

    def beside(self, target: Variable, shape, name: str, owner: str) -> Variable:
        """A slot of another shape, where `target` lies and of its dtype."""
        slot = self._keep(torch.zeros(tuple(shape), dtype=target.raw.dtype, device=target.device), None, name, owner)
        self._beside.append((slot, target))
        return slot

    def free(self, shape, initializer, dtype, name: str, owner: str) -> Variable:
        """A slot of any shape, for no parameter in particular."""
        dtype = config.dtype_name(dtype)
        tensor = tensor_of(initial_value(initializer, tuple(shape), dtype), dtype, config.get_device()).detach().clone()
        return self._keep(tensor, None, name, owner)

    def follow(self) -> None:
        """Brings each slot to where its parameter has gone (`.to(...)` moves, converts and re-lays parameters in place)."""
        for slot, target in self._like:
            old, now = slot.raw, target.raw
            if old.device != now.device or old.dtype != now.dtype or old.stride() != now.stride():
                self._home._buffers[slot._key] = torch.empty_like(now, requires_grad=False).copy_(old)
        for slot, target in self._beside:
            self._home._buffers[slot._key] = slot.raw.to(target.raw)


def initial_value(initializer, shape, dtype):
    """What `initializer` (a name, an Initializer, a callable, or the value itself) gives for this shape."""
    found = initializers.get(initializer) if isinstance(initializer, (str, dict)) else initializer
    return found(tuple(shape), dtype=dtype) if callable(found) else found


class Plan:
    """All that one step needs of a list of parameters, looked up once: the loop of `fit` uses one list from start to end.

    Args:
        params: the parameters, in torch's layout.
        indices: where each of them stands among those the optimizer was built with.
        key: the list object for which this plan holds.
    """

    def __init__(self, params: list[torch.Tensor], indices: list[int], key):
        self.params, self.indices, self.key = params, indices, key
        self.slots: dict[str, list] = {}  # keyword arguments of `update`
        self.accumulators: list[torch.Tensor] = []
        self.overwritten: tuple[int, ...] = ()  # positions of what becomes its gradient
        self.decayed: list[torch.Tensor] = []
        self.decayed_by_itself: list[Variable] = []  # by a method that a user's class overrides
        self.constrained: list[Variable] = []
        self.trained: list[torch.Tensor] = []  # all that the optimizer was built with, and their averages
        self.averages: list[torch.Tensor] = []
        self.places: list[tuple] = []
        self.addresses: list[int] = []
        self.fused = False  # one kernel does the whole update, or nothing where the optimizer's `overflow` is not 0
        self.irregular = False  # a gradient is sparse, or laid out unlike its parameter
        self._parts: dict[tuple, Plan] = {}

    def holds(self, params: list[torch.Tensor]) -> bool:
        """Whether this plan is one for these parameters, where and as they now lie."""
        same = len(params) == len(self.params) and all(a is b for a, b in zip(params, self.params, strict=True))
        return same and self.places == places(params)

    def without(self, missing: tuple[int, ...], make: Callable) -> Plan:
        """The plan for all but the parameters at the positions `missing`: those that got no gradient."""
        if missing not in self._parts:
            left = [i for i in range(len(self.params)) if i not in missing]
            self._parts[missing] = make([self.params[i] for i in left], [self.indices[i] for i in left], None)
        return self._parts[missing]


# Where torch's fused kernels have been compared with Keras's formulas; elsewhere the same arithmetic runs as foreach kernels.
FUSED_DEVICES = {"cpu", "cuda"}


def fits_fused(params: list[torch.Tensor]) -> bool:
    """Whether a fused kernel can serve: floating parameters of one dtype on one known device."""
    first = params[0]
    alike = all(p.device == first.device and p.dtype is first.dtype for p in params)
    return alike and first.device.type in FUSED_DEVICES and first.is_floating_point()


def places(params: Iterable[torch.Tensor]) -> list[tuple]:
    return [(param.device, param.dtype, param.stride()) for param in params]


def regular(grad: torch.Tensor, param: torch.Tensor) -> torch.Tensor:
    """`grad`, dense and laid out in memory like `param`: the fused kernels walk through both side by side, unchecked."""
    if grad.layout is torch.strided and grad.stride() == param.stride() and grad.dtype is param.dtype:
        return grad
    return torch.empty_like(param, requires_grad=False).copy_(grad.to_dense() if grad.layout is not torch.strided else grad)


def is_regular(grads: Iterable[torch.Tensor | None], params: Iterable[torch.Tensor]) -> bool:
    return all(
        g is None or (g.layout is torch.strided and g.stride() == p.stride()) for g, p in zip(grads, params, strict=True)
    )
