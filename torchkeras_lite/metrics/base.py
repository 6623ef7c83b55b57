"""Metric: a state that batches are added to, and a result. Nothing leaves the device before somebody asks for it."""

from __future__ import annotations

import torch
import torch.distributed as dist

from torchkeras_lite import config, dtype_policies, initializers, registry
from torchkeras_lite.scopes import StatelessScope
from torchkeras_lite.variable import Variable

table = registry.Table("metric", "keras.metrics")


class Metric(registry.Configurable):
    """Base class: define `update_state(...)`, which changes variables, and `result()`, which reads them.

    Variables and metrics that are attributes, or stand in lists and dicts that are, belong to the state.

    Args:
        dtype: of the result and of new variables; None is `floatx()`.
        name: the key in logs and history; None makes one from the class name.
    """

    _direction: str | None = None  # "up" or "down": which way is better

    def __init__(self, dtype=None, name=None):
        self.name = name or registry.unique_name(registry.snake_case(type(self).__name__))
        self._torch_dtype = dtype_policies.get(dtype or config.floatx()).compute_torch_dtype
        self._dtype = config.dtype_name(self._torch_dtype)  # users' own classes read it
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        return self._dtype

    def _base_config(self):
        return {"name": self.name, "dtype": self.dtype}

    # ------------------------------------------------------------ state

    def add_variable(self, shape, initializer, dtype=None, aggregation="sum", name=None) -> Variable:
        """A new variable of the state.

        `assign` and `assign_add` give it a new tensor and leave the old one as it was: who kept that one keeps its values.
        """
        if "_variables" not in self.__dict__:
            raise RuntimeError(f"`super().__init__()` has to come first in the `__init__()` of {type(self).__name__}.")
        with torch.inference_mode(False):
            variable = Variable(
                initializers.get("zeros" if initializer is None else initializer),
                shape=shape,
                dtype=dtype or self._torch_dtype,
                trainable=False,
                aggregation=aggregation,
                name=name,
            )
        variable.path = f"{self.name.replace('/', '>')}/{variable.path.rpartition('/')[2]}"
        self._variables.append(variable)
        return variable

    def add_weight(self, shape=(), initializer=None, dtype=None, name=None) -> Variable:
        """`add_variable` with every argument optional."""
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """The state: own variables, then those of metrics kept as attributes."""
        own, inner = list(self._variables), []
        waiting = [value for key, value in reversed(self.__dict__.items()) if key != "_variables"]
        while waiting:
            item = waiting.pop()
            if isinstance(item, Variable) and not any(item is known for known in own):
                own.append(item)
            elif isinstance(item, Metric):
                inner += item.variables
            elif isinstance(item, (list, tuple, dict)):
                waiting += reversed(list(item.values()) if isinstance(item, dict) else item)
        return own + inner

    def reset_state(self) -> None:
        """Back to zeros."""
        for variable in self.variables:
            variable.assign(torch.zeros_like(variable.raw))

    def merge_state(self, metrics) -> None:
        """Adds what other metrics of this kind have seen, as if this one had seen it too. For states that are sums.

        Raises:
            ValueError: one is of another class, or its state has other shapes.
        """
        metrics = list(metrics)
        for metric in metrics:
            if type(metric) is not type(self):
                raise ValueError(f"A {type(self).__name__} takes in the state of others. Received: {metric!r}")
        for metric in metrics:
            self._take_in([(variable.name, variable.value.detach()) for variable in metric.variables])

    def merge_over_processes(self, group=None) -> None:
        """Adds up what the processes of a group of torch.distributed have seen: each then has it all. All must call it.

        It reads the state from the device: once an epoch, behind its last step. A process may have seen nothing.
        """
        mine = [(variable.name, variable.value.detach().cpu()) for variable in self.variables]
        found: list = [None] * dist.get_world_size(group)
        dist.all_gather_object(found, mine, group)
        del found[dist.get_rank(group)]
        for state in found:
            self._take_in(state)

    def _take_in(self, state: list[tuple[str, torch.Tensor]]) -> None:
        """Adds the values of another one's variables, given by name. One that has seen nothing may have fewer of them."""
        if len(state) > len(self.variables):
            self._begin_as(state[len(self.variables) :])
        pairs = list(zip(self.variables, (value for _, value in state), strict=False))
        for variable, value in pairs:
            if tuple(variable.shape) != tuple(value.shape):
                raise ValueError(
                    f"{self.name}: `{variable.name}` of shape {tuple(variable.shape)} cannot take in one of shape "
                    f"{tuple(value.shape)}."
                )
        for variable, value in pairs:
            variable.assign(variable.value + value.to(variable.value.device))

    def _begin_as(self, state: list[tuple[str, torch.Tensor]]) -> None:
        """Makes the variables that a metric makes when it sees the first batch."""
        raise ValueError(f"{self.name} has no {state[0][0]!r}, and cannot take it in from another metric.")

    def stateless_update_state(self, metric_variables, *args, **kwargs) -> list[torch.Tensor]:
        """The values of `variables` after `update_state`, if before it they are `metric_variables`. Nothing is changed."""
        with self._having(metric_variables) as scope:
            self.update_state(*args, **kwargs)
            return [scope.get_current_value(variable) for variable in self.variables]

    def stateless_result(self, metric_variables):
        """The result, if the values of `variables` are `metric_variables`."""
        with self._having(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[torch.Tensor]:
        """The values of `variables` after `reset_state`. Nothing is changed."""
        with self._having([variable.value for variable in self.variables]) as scope:
            self.reset_state()
            return [scope.get_current_value(variable) for variable in self.variables]

    def _having(self, values) -> StatelessScope:
        mine, values = self.variables, list(values)
        if len(mine) != len(values):
            raise ValueError(
                f"Argument `metric_variables` must have a value for each of the {len(mine)} variables of {self.name!r}. "
                f"Received: {len(values)} values"
            )
        return StatelessScope(list(zip(mine, values, strict=True)))

    # ------------------------------------------------------------ use

    def update_state(self, *args, **kwargs):
        raise NotImplementedError(f"{type(self).__name__} must define `update_state()`.")

    def result(self):
        raise NotImplementedError(f"{type(self).__name__} must define `result()`.")

    def pending(self):
        """What the value can be computed from later: the result, or a pair (total, count) whose quotient it is."""
        return self.result()

    def __call__(self, *args, **kwargs):
        """Adds a batch and returns the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"
