"""What an optimizer has: its step count, its learning rate, its slots, and how these are saved."""

from __future__ import annotations

import copy
import weakref
from typing import TypedDict

import torch

from torchkeras_lite import config, registry
from torchkeras_lite.notices import warn
from torchkeras_lite.optimizers.host import HostScalar, Live, number_of
from torchkeras_lite.optimizers.schedules import Formula, LearningRateSchedule
from torchkeras_lite.optimizers.slots import Plan, Store, as_variable
from torchkeras_lite.variable import Variable


class Settings(TypedDict, total=False):
    """The arguments that every optimizer takes by name, beside those of its formula; `Optimizer` describes them."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None


class State(registry.Configurable):
    """The state of an optimizer. `Optimizer` is what works with it."""

    def _start(self, learning_rate) -> None:
        self._iterations = HostScalar(0, "int32", "iteration", f"{self.name}/iteration")
        self._rate = self._made_rate(learning_rate)
        self._step_number = 1
        self._family = None
        self._begin()

    def _begin(self) -> None:
        """Nothing is known yet of what is trained."""
        self.built = False
        self._store = Store()
        self._targets: list[Variable] = []  # what is trained
        self._slots: dict[str, list[Variable]] = {}
        self._model_variables_moving_average: list[Variable] = []
        self._accumulated_gradients: list[Variable] = []
        self._plan: Plan | None = None
        self._positions: dict[int, int] = {}

    def sibling(self):
        """An optimizer of the same settings for other variables. The learning rate and the step count belong to both.

        Whoever changes the rate of one changes that of the other, and a step of either counts: as where one optimizer object
        trains several models, each with slots of its own.
        """
        other = copy.copy(self)
        other._begin()
        if self._family is None:
            self._family = weakref.WeakSet([self])
        self._family.add(other)
        other._family = self._family
        return other

    # ------------------------------------------------------------ learning rate and step count

    def _made_rate(self, rate):
        """A number in a HostScalar; schedules and callables as they are."""
        if isinstance(rate, (Variable, torch.Tensor)):
            return Live(rate)
        if callable(rate):
            return rate
        if not isinstance(rate, float):
            raise ValueError(
                f"`learning_rate` of {type(self).__name__} must be a float, a LearningRateSchedule, or a callable without "
                f"arguments that returns the rate. Received: learning_rate={rate!r} (of type {type(rate).__name__})"
            )
        dtype = config.floatx() if config.floatx() != "bfloat16" else "float32"  # numpy has no bfloat16
        return HostScalar(rate, dtype, "learning_rate", f"{self.name}/learning_rate")

    @property
    def learning_rate(self):
        """The rate: a Variable of the host that can be assigned to, or what the schedule or callable says at this step."""
        rate = self._rate
        if isinstance(rate, LearningRateSchedule):
            return rate(self._iterations)
        if isinstance(rate, Live):
            return rate.source
        return rate() if callable(rate) and not isinstance(rate, Variable) else rate

    @learning_rate.setter
    def learning_rate(self, rate):
        if callable(rate) and not isinstance(rate, (Variable, torch.Tensor)):
            self._take_rate(rate)  # as in Keras: a schedule may take the place of a number, and not the other way round
        elif isinstance(self._rate, LearningRateSchedule):
            raise TypeError(
                f"The learning rate of {self.name!r} is given by the schedule {type(self._rate).__name__}, so no number can "
                "be assigned to it. Make the optimizer with a float if you want to set the rate yourself."
            )
        elif isinstance(self._rate, (Variable, Live)):
            self._rate.assign(rate)
        else:
            self._take_rate(self._made_rate(float(number_of(rate))))

    def _take_rate(self, rate) -> None:
        for optimizer in self._family or (self,):
            optimizer._rate = rate

    def _rate_now(self) -> float:
        """The rate as a number, where it is not simply kept in a HostScalar."""
        rate = self._rate
        if isinstance(rate, Formula) and type(rate).__call__ is Formula.__call__:
            return rate.value(self._iterations.item())
        return number_of(rate(self._iterations) if isinstance(rate, LearningRateSchedule) else rate())

    @property
    def iterations(self):
        """How often weights have been updated: a Variable of the host (with accumulation: a tensor)."""
        steps = self.gradient_accumulation_steps
        return self._iterations.value // steps if steps else self._iterations

    # ------------------------------------------------------------ variables

    def add_variable(self, shape, initializer="zeros", dtype=None, aggregation="none", layout=None, name=None) -> Variable:
        """A variable of the optimizer with a shape of its own."""
        return self._store.free(shape, initializer, dtype, name or registry.unique_name("variable"), self.name)

    def add_variable_from_reference(self, reference_variable, name=None, initializer="zeros") -> Variable:
        """A variable of the optimizer with the shape and dtype of another."""
        return self._store.like(as_variable(reference_variable, 0), name or "var", self.name, initializer)

    def add_optimizer_variables(self, trainable_variables, name, initializer="zeros"):
        """A list with one new variable per trainable variable; for a list of names, a tuple of such lists."""
        names = [name] if isinstance(name, str) else list(name)
        starts = list(initializer) if isinstance(initializer, (list, tuple)) else [initializer] * len(names)
        if len(names) != len(starts):
            raise ValueError(f"Give one initializer per name. Received: name={name!r}, initializer={initializer!r}")
        rows = [
            [self.add_variable_from_reference(target, n, start) for n, start in zip(names, starts, strict=True)]
            for target in trainable_variables
        ]
        columns = tuple([row[i] for row in rows] for i in range(len(names)))
        return columns[0] if isinstance(name, str) else columns

    @property
    def variables(self) -> list[Variable]:
        """Step count, learning rate (where it is a number), then the slots, in the Keras layout and order."""
        rate = [self._rate] if isinstance(self._rate, HostScalar) else []
        return [self._iterations, *rate, *self._store.variables]

    @property
    def _trainable_variables(self) -> list[Variable]:
        return self._targets

    def knows(self, variables) -> bool:
        """Whether it has been built with all of these."""
        mine = {id(target.raw) for target in self._targets}
        return all(id(variable.raw if isinstance(variable, Variable) else variable) in mine for variable in variables)

    def _get_variable_index(self, variable) -> int:
        """The position of a variable (or of its parameter) among those that the optimizer was built with."""
        raw = variable.raw if isinstance(variable, Variable) else variable
        found = self._positions.get(id(raw), -1)
        if found < 0 or self._targets[found].raw is not raw:
            self._positions = {id(target.raw): i for i, target in enumerate(self._targets)}
            found = self._positions.get(id(raw), -1)
        if found < 0:
            raise ValueError(
                f"Unknown variable: {getattr(variable, 'path', 'a parameter')} of shape {tuple(raw.shape)} is none of the "
                f"{len(self._targets)} variables that the optimizer {self.name!r} was built with. An optimizer keeps state "
                "for each variable: for another set of variables make a new optimizer (and compile again)."
            )
        return found

    def set_weights(self, weights) -> None:
        """Sets all of `variables`, in their order, from arrays."""
        if not self.built:
            raise ValueError(
                f"You are calling `set_weights` on the optimizer {self.name!r}, which has no variables yet: call "
                "`build(model.trainable_variables)` first."
            )
        for variable, weight in zip(self.variables, weights, strict=True):
            variable.assign(weight)

    def stateless_apply(self, optimizer_variables, grads, trainable_variables) -> tuple[list, list]:
        """What `apply(grads)` makes of these values of the trained variables and of `variables`. Nothing is changed.

        The kernels work in place, so the variables take on the values for the time of the step, and get their own back.

        Returns:
            (values of the trained variables, values of the optimizer's), as new tensors.

        Raises:
            ValueError: the optimizer is not built, or as many values as there are variables are not given.
        """
        if not self.built:
            raise ValueError(
                f"`stateless_apply` of {self.name!r} needs its variables: call `build(model.trainable_variables)` first."
            )
        mine: list[Variable] = []
        values: list = []
        for word, variables, given in (
            ("optimizer_variables", self.variables, list(optimizer_variables)),
            ("trainable_variables", self._targets, list(trainable_variables)),
        ):
            if len(given) != len(variables):
                raise ValueError(
                    f"Argument `{word}` must have a value for each of the {len(variables)} variables. "
                    f"Received: {len(given)} values"
                )
            mine, values = mine + variables, values + given
        before = [variable.value.detach().clone() for variable in mine]
        try:
            for variable, value in zip(mine, values, strict=True):
                variable.assign(value)
            self.apply(grads)
            after = [variable.value.detach().clone() for variable in mine]
        finally:
            for variable, value in zip(mine, before, strict=True):
                variable.assign(value)
        count = len(self.variables)
        return after[count:], after[:count]

    def save_own_variables(self, store) -> None:
        """Puts the variables into a dict of arrays (or a group of an HDF5 file), under "0", "1", ..."""
        put = getattr(store, "put", None)  # ours take variables; a dict takes arrays
        for i, variable in enumerate(self.variables):
            put(str(i), variable) if put else store.__setitem__(str(i), variable.numpy())

    def load_own_variables(self, store) -> None:
        """Takes the variables from where `save_own_variables` put them; where their number differs: a warning, no change."""
        if len(store.keys()) != len(self.variables):
            hint = "" if self.built else " It has not been built: `build(model.trainable_variables)` makes its variables."
            warn(
                f"Skipping the state of the optimizer {self.name!r}: it has {len(self.variables)} variables, and the file "
                f"has {len(store.keys())}.{hint}",
            )
            return
        take = getattr(store, "take", None)
        for i, variable in enumerate(self.variables):
            take(str(i), variable) if take else variable.assign(store[str(i)][()])

    def __getstate__(self):
        # Plans and positions go by the identity of objects, which a copy does not have.
        return {**self.__dict__, "_plan": None, "_positions": {}, "_family": None}

    # ------------------------------------------------------------ config

    def _base_config(self) -> dict:
        rate = self._rate() if isinstance(self._rate, Live) else self._rate
        rate = rate.item() if isinstance(rate, HostScalar) else registry.serialize(rate)
        return {"learning_rate": rate, **{key: getattr(self, key) for key in Settings.__annotations__}}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None):
        """An optimizer with the same settings, and no state."""
        with registry.CustomObjectScope(custom_objects or {}):
            return super().from_config(config)
