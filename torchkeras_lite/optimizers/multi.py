"""Several optimizers for one model, each for some of its variables."""

from __future__ import annotations

import re
from collections.abc import MutableMapping

from torchkeras_lite import registry
from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.loss_scale import LossScaleOptimizer
from torchkeras_lite.optimizers.slots import as_variable


class OptimizerMap(registry.Configurable, MutableMapping):
    """Which optimizer is for which variable: a dict whose keys are paths, or regular expressions that match a whole path.

    Args:
        default_optimizer: for variables whose path no key matches.
        optimizer_map: dict, path or expression to Optimizer.

    Raises:
        TypeError: an argument is of another type.
        ValueError: a key is there already, is no string, or has a value that cannot be used here; looking up a path: more
            than one expression matches it.
    """

    def __init__(self, default_optimizer, optimizer_map=None):
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(f"`default_optimizer` must be an Optimizer. Received: {default_optimizer!r}")
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(f"`optimizer_map` must be a dict of optimizers by path. Received: {optimizer_map!r}")
        self.default_optimizer = default_optimizer
        self._optimizer_map = optimizer_map or {}

    @property
    def optimizer_map(self) -> dict:
        return self._optimizer_map

    def __getitem__(self, key):
        if key in self._optimizer_map:
            return self._optimizer_map[key]
        matching = [expression for expression in self._optimizer_map if re.fullmatch(expression, key)]
        if len(matching) > 1:
            raise ValueError(f"More than one key of the OptimizerMap matches the variable {key!r}: {matching}.")
        return self._optimizer_map[matching[0]] if matching else self.default_optimizer

    def __setitem__(self, key, optimizer):
        if key in self._optimizer_map:
            raise ValueError(f"{key!r} is in the OptimizerMap already, for {self._optimizer_map[key].name!r}.")
        if not isinstance(key, str):
            raise ValueError(f"A key of an OptimizerMap is a path or a regular expression. Received: {key!r}")
        self._optimizer_map[key] = _usable(optimizer, f"the key {key!r}")

    def __delitem__(self, key):
        del self._optimizer_map[key]

    def __len__(self):
        return len(self._optimizer_map)

    def __iter__(self):
        return iter(self._optimizer_map)

    def __call__(self, variable):
        return self[variable.path]


class MultiOptimizer(Optimizer):
    """Trains each variable with the optimizer that is meant for it.

    There is no `learning_rate`: each of `optimizers` has its own.

    Args:
        optimizer_map: an OptimizerMap, or a function from a Variable to its Optimizer.
        loss_scale_factor: float or None; the optimizers get this one in the place of their own.
        name: a name.

    Raises:
        ValueError: what is meant for a variable is no optimizer, or one that scales losses or holds several itself.
        AttributeError: reading or setting `learning_rate`.
    """

    _by_name = False

    def __init__(self, optimizer_map, loss_scale_factor=None, name=None):
        self.optimizers: list[Optimizer] = []
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self.optimizer_map = optimizer_map
        self._parts: tuple = (None, [])
        for optimizer in getattr(optimizer_map, "values", list)():
            self._adopt(optimizer)
        if getattr(optimizer_map, "default_optimizer", None) is not None:
            self._adopt(optimizer_map.default_optimizer)

    def _adopt(self, optimizer) -> None:
        if not any(optimizer is known for known in self.optimizers):
            optimizer.loss_scale_factor = self.loss_scale_factor
            self.optimizers.append(optimizer)

    def build(self, variables) -> None:
        if self.built:
            return
        targets = [as_variable(target, i) for i, target in enumerate(variables)]
        self._chosen = [_usable(self.optimizer_map(target), f"the variable {target.path!r}") for target in targets]
        for optimizer in self._chosen:
            self._adopt(optimizer)
        for optimizer in self.optimizers:
            mine = [target for target, chosen in zip(targets, self._chosen, strict=True) if chosen is optimizer]
            if mine:
                optimizer.build(mine)
        super().build(targets)

    def _shared(self, variables) -> list[tuple[Optimizer, list[int]]]:
        """Each optimizer with the positions of what is its own."""
        chosen = [self._chosen[self._get_variable_index(variable)] for variable in variables]
        shares = [(each, [i for i, other in enumerate(chosen) if other is each]) for each in self.optimizers]
        return [(optimizer, positions) for optimizer, positions in shares if positions]

    def step(self, params) -> None:
        if not params:
            return
        if not self.built:
            self.build(params)
        if self._parts[0] is not params:
            self._parts = (params, [(each, [params[i] for i in positions]) for each, positions in self._shared(params)])
        for optimizer, part in self._parts[1]:
            optimizer.step(part)
        self._iterations.array[()] += 1

    def apply(self, grads, trainable_variables=None) -> None:
        grads = list(grads)
        if not grads:
            return
        if trainable_variables is None and not self.built:
            raise ValueError("`apply(grads)` without variables needs an optimizer that knows them: call `build` first.")
        variables = self._targets if trainable_variables is None else list(trainable_variables)
        if not self.built:
            self.build(variables)
        if len(grads) != len(variables):
            raise ValueError(
                f"Give one gradient per variable. Received: {len(grads)} gradients for {len(variables)} variables."
            )
        for optimizer, positions in self._shared(variables):
            optimizer.apply([grads[i] for i in positions], [variables[i] for i in positions])
        self._iterations.array[()] += 1

    def finalize_variable_values(self, var_list) -> None:
        variables = list(var_list)
        if self.built:
            for optimizer, positions in self._shared(variables):
                optimizer.finalize_variable_values([variables[i] for i in positions])

    def sibling(self):
        """One of the same settings, for other variables: nothing is shared, as the map is for paths."""
        return type(self).from_config(self.get_config())

    @property
    def variables(self) -> list:
        return [*super().variables, *(variable for optimizer in self.optimizers for variable in optimizer.variables)]

    @property
    def loss_scale_factor(self):
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value):
        self._loss_scale_factor = value
        for optimizer in self.optimizers:
            optimizer.loss_scale_factor = value

    @property
    def learning_rate(self):
        raise AttributeError("A MultiOptimizer has no learning rate of its own: ask one of its `optimizers`.")

    @learning_rate.setter
    def learning_rate(self, rate):
        raise AttributeError("A MultiOptimizer has no learning rate of its own: set those of its `optimizers`.")

    def __getstate__(self):
        return {**super().__getstate__(), "_parts": (None, [])}


def _usable(optimizer, where: str) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise ValueError(f"optimizer must be a Keras Optimizer instance for {where}. Received: {optimizer!r}")
    for kind in (LossScaleOptimizer, MultiOptimizer):
        if isinstance(optimizer, kind):
            raise ValueError(
                f"For {where} optimizer cannot be {kind.__name__}. {kind.__name__} cannot be used inside an MultiOptimizer. "
                "Put those that do the work into the map, and the LossScaleOptimizer around the MultiOptimizer."
            )
    return optimizer
