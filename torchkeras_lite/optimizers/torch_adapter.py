"""Any optimizer of torch behind the interface of ours."""

from __future__ import annotations

import functools
import inspect
import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from torchkeras_lite import config, registry
from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.host import number_of
from torchkeras_lite.optimizers.slots import Plan
from torchkeras_lite.optimizers.state import Settings
from torchkeras_lite.references import Known
from torchkeras_lite.variable import Variable

if TYPE_CHECKING:
    from typing_extensions import Unpack


class GroupRate(Variable):
    """The learning rate that torch keeps in `param_groups`, which its own schedulers change too: read there at each use.

    It shows the first group's rate. Assigning sets that one, and the other groups keep their ratio to it.
    """

    def __init__(self, optimizer: TorchOptimizer, path: str):
        self._optimizer = Known(optimizer)
        self._init(None, "", None, "learning_rate", path)

    def _groups(self) -> list[dict]:
        return self._optimizer()._groups()

    @property
    def raw(self) -> torch.Tensor:
        return torch.tensor(self.item(), dtype=config.torch_dtype(config.floatx()))

    def item(self) -> float:
        return float(self._groups()[0]["lr"])

    def assign(self, value):
        value, first = float(number_of(value)), self.item()
        for i, group in enumerate(self._groups()):
            rate = value if i == 0 or not first else value * float(group["lr"]) / first
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
        return self


class TorchOptimizer(Optimizer):
    """A `torch.optim.Optimizer` in the place of a Keras one: `compile(optimizer=torch.optim.AdamW)` makes this of it.

    Args:
        optimizer: an instance (made with parameters of the model that it is to train), or what makes one out of
            parameters: a class, or `functools.partial(torch.optim.SGD, lr=0.1)`.
        learning_rate: None (torch's own), a float, a schedule, or a callable.
        For the others (clipping, averages, accumulation, ...) see `Optimizer`.

    Raises:
        ValueError: the optimizer needs a closure (LBFGS), or holds none of the parameters it is to train.
    """

    _by_name = False
    _regular_gradients = False  # torch's optimizers read strides, and some want sparse gradients

    def __init__(self, optimizer, learning_rate=None, **settings: Unpack[Settings]):
        self.optimizer = optimizer if isinstance(optimizer, torch.optim.Optimizer) else None
        self._factory = None if self.optimizer is not None else optimizer
        made = type(optimizer) if self._factory is None else getattr(optimizer, "func", optimizer)
        if self._factory is not None and not callable(optimizer):
            raise ValueError(f"Expected a torch.optim.Optimizer, or a class or partial that makes one. Received: {optimizer!r}")
        closure = inspect.signature(made.step).parameters.get("closure") if hasattr(made, "step") else None
        if closure is not None and closure.default is closure.empty:
            raise ValueError(
                f"torch's {made.__name__} evaluates the loss several times in a step, through a closure, and here is none. "
                "Use it in a training loop of your own."
            )
        self._waiting = [self._arguments_of(made, getattr(optimizer, "keywords", {}))]  # stands in for `param_groups`
        self._held: list[torch.Tensor] = []
        settings.setdefault("name", None)
        settings["name"] = settings["name"] or registry.unique_name(registry.snake_case(getattr(made, "__name__", "torch")))
        super().__init__(learning_rate, **settings)

    @staticmethod
    def _arguments_of(made, given: dict) -> dict:
        """The arguments by name, the rate among them, that a class will be called with."""
        parameters = inspect.signature(made).parameters.values() if inspect.isclass(made) else ()
        return {"lr": math.nan, **{p.name: p.default for p in parameters if p.default is not p.empty}, **given}

    def _groups(self) -> list[dict]:
        return self._waiting if self.optimizer is None else self.optimizer.param_groups

    def _made_rate(self, rate):
        group_rate = GroupRate(self, f"{self.name}/learning_rate")
        if rate is None:
            return group_rate
        if isinstance(rate, (int, float)):
            return group_rate.assign(rate)
        return super()._made_rate(rate)

    def _rate_now(self) -> float:
        return self._rate.item() if isinstance(self._rate, GroupRate) else super()._rate_now()

    # ------------------------------------------------------------ parameters

    def build(self, variables) -> None:
        if self.built:
            return
        super().build(variables)
        params = [target.raw for target in self._targets]
        if self.optimizer is None:
            made, rate = self._factory(params), self._waiting[0]["lr"]
            if not isinstance(made, torch.optim.Optimizer):
                self.built = False
                raise ValueError(f"{self._factory!r} should have made a torch.optim.Optimizer. It made: {made!r}")
            self.optimizer = made
            if rate == rate and rate != made.param_groups[0]["lr"]:  # assigned before there were parameters
                GroupRate(self, "").assign(rate)
        ours = {id(param) for param in params}
        if not any(id(param) in ours for group in self._groups() for param in group["params"]):
            self.built = False
            raise ValueError(
                f"The torch optimizer {type(self.optimizer).__name__} holds none of the {len(params)} parameters it is to "
                "train. Make it with `model.parameters()` after the model is built, or pass the class "
                f"(`torch.optim.{type(self.optimizer).__name__}`, or a functools.partial of it) and leave that to `fit`."
            )
        self._held = params

    def _plan_for(self, params, key) -> Plan:
        if self.built:
            self._follow()
        return super()._plan_for(params, key)

    def _follow(self) -> None:
        """Brings torch's optimizer to where the parameters are now."""
        now = [target.raw for target in self._targets]
        swapped = {id(old): new for old, new in zip(self._held, now, strict=True) if old is not new}
        state = self.optimizer.state
        if swapped:  # by `load_state_dict(assign=True)`
            for group in self._groups():
                group["params"] = [swapped.get(id(param), param) for param in group["params"]]
            for old in self._held:
                if id(old) in swapped and old in state:
                    state[swapped[id(old)]] = state.pop(old)
            self._held = now
        tensors = ((p, t) for p, slots in state.items() for t in slots.values() if isinstance(t, torch.Tensor) and t.dim())
        if any(tensor.device != param.device for param, tensor in tensors):
            self.optimizer.load_state_dict(self.optimizer.state_dict())  # torch puts each tensor where its parameter is

    def update_constants(self, params) -> dict:
        chosen = {id(param) for param in params}
        return {"others": [p for group in self._groups() for p in group["params"] if id(p) not in chosen]}

    def update(self, params, grads, learning_rate, others=()):
        if not isinstance(self._rate, GroupRate):
            GroupRate(self, "").assign(learning_rate)
        kept = [(param, param.grad) for param in others if param.grad is not None]
        for param, _ in kept:
            param.grad = None  # torch steps wherever it finds a gradient: only where we were asked to
        for param, grad in zip(params, grads, strict=True):
            if param.grad is not grad:  # clipped, scaled, accumulated, or given to `apply`
                kept.append((param, param.grad))
                param.grad = grad
        try:
            self.optimizer.step()
        finally:
            for param, grad in kept:
                param.grad = grad

    def stateless_apply(self, optimizer_variables, grads, trainable_variables):
        """Refused: what torch's optimizer keeps is not among the variables, so it could not be put back."""
        raise NotImplementedError(f"{self.name!r} has no `stateless_apply`: the state of a torch optimizer is its own.")

    def sibling(self):
        """One of the same settings. torch keeps the rate with the parameters, so it belongs to each of them alone."""
        return type(self).from_config(self.get_config())

    # ------------------------------------------------------------ files

    @property
    def variables(self) -> list[Variable]:
        """Step count, learning rate, and what the base keeps; torch's own state stays in `optimizer.state`."""
        return [self._iterations, *([self._rate] if isinstance(self._rate, GroupRate) else []), *self._store.variables]

    def save_own_variables(self, store) -> None:
        super().save_own_variables(store)
        if self.optimizer is None:
            return
        store["rates"] = np.array([float(group["lr"]) for group in self._groups()])
        for i, state in self.optimizer.state_dict()["state"].items():
            for key, value in state.items():
                if isinstance(value, torch.Tensor):
                    value = (value.float() if value.dtype is torch.bfloat16 else value).cpu().numpy().copy()
                if isinstance(value, (np.ndarray, int, float)):
                    store[f"{i}.{key}"] = value

    def load_own_variables(self, store) -> None:
        own = {key: store[key] for key in store.keys() if key.isdigit()}  # noqa: SIM118 - not every store iterates
        super().load_own_variables(own)
        if self.optimizer is None or "rates" not in store.keys():  # noqa: SIM118
            return
        whole = self.optimizer.state_dict()
        for key in store.keys():  # noqa: SIM118
            i, dot, name = key.partition(".")
            if dot:
                whole["state"].setdefault(int(i), {})[name] = torch.from_numpy(np.array(store[key]))
        for group, rate in zip(whole["param_groups"], np.asarray(store["rates"]), strict=True):
            group["lr"] = float(rate)
        self.optimizer.load_state_dict(whole)

    def get_config(self) -> dict:
        if self.optimizer is not None:
            made, defaults = type(self.optimizer), self.optimizer.defaults
            arguments = {key: value for key, value in defaults.items() if key in inspect.signature(made).parameters}
        else:
            made, arguments = getattr(self._factory, "func", self._factory), self._waiting[0]
        arguments = {key: registry.serialize(value) for key, value in arguments.items() if key != "lr"}
        rate = self._rate.item() if isinstance(self._rate, GroupRate) else registry.serialize(self._rate)
        return {**self._base_config(), "optimizer": {"class": made.__name__, "arguments": arguments}, "learning_rate": rate}

    def _base_config(self) -> dict:
        return {key: getattr(self, key) for key in Settings.__annotations__}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None):
        config = registry.config_of(cls, config)
        described = config.get("optimizer")
        if not isinstance(described, dict) or not isinstance(described.get("arguments"), dict) or "class" not in described:
            raise ValueError(
                f"The config of a {cls.__name__} says in `optimizer` which of torch.optim's it is: {{'class': a name, "
                f"'arguments': a dict}}. Received: {described!r}"
            )
        made = registry.get_registered_object(described["class"], custom_objects)
        made = made or _OF_TORCH.get(described["class"])
        if made is None:
            raise TypeError(
                f"torch.optim has no {described['class']!r}. If it is your own, pass "
                f"`custom_objects={{{described['class']!r}: ...}}`, or compile again with the optimizer itself."
            )
        rest = {key: registry.deserialize(value, custom_objects) for key, value in config.items() if key != "optimizer"}
        return cls(functools.partial(made, **described["arguments"]), **rest)


_OF_TORCH = {
    name: made
    for name, made in vars(torch.optim).items()
    if inspect.isclass(made) and issubclass(made, torch.optim.Optimizer) and made is not torch.optim.Optimizer
}


def is_torch_optimizer(identifier) -> bool:
    """An instance or class of torch's optimizers, or a partial of such a class."""
    made = getattr(identifier, "func", identifier)
    return isinstance(made, torch.optim.Optimizer) or (inspect.isclass(made) and issubclass(made, torch.optim.Optimizer))
