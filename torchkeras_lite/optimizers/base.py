"""The optimizer that all others are short subclasses of."""

from __future__ import annotations

import contextlib
import re

import torch

from torchkeras_lite import registry
from torchkeras_lite.notices import warn
from torchkeras_lite.optimizers import clipping
from torchkeras_lite.optimizers.host import HostScalar, number_of
from torchkeras_lite.optimizers.slots import Plan, as_variable, is_regular, places, regular
from torchkeras_lite.optimizers.state import State
from torchkeras_lite.variable import Variable, tensor_of

TABLE = registry.Table("optimizer", "keras.optimizers")


class Optimizer(State):
    """Base of the optimizers: what Keras lets each of them do around its own formula.

    In each step, in this order: the gradients are divided by `loss_scale_factor`, accumulated, clipped; weights decay; the
    formula is applied; averages are kept; constraints are applied; the step is counted.

    A subclass names its slots (tensors kept per parameter) in `slot_names` and writes `update`, for whole lists in torch's
    layout. One written for Keras (`build`, `add_optimizer_variables`, `update_step`) works as well, a variable at a time.

    Args:
        learning_rate: float, LearningRateSchedule, a callable without arguments, or a Variable.
        weight_decay: float or None; before each update, weights are multiplied by `1 - weight_decay * learning_rate`.
        clipnorm: float or None; the longest (L2) that the gradient of one variable may be.
        clipvalue: float or None; the largest that an element of a gradient may be.
        global_clipnorm: float or None; the longest that all gradients together may be.
        use_ema: keep a moving average of each weight. It replaces the weights every `ema_overwrite_frequency` steps, and
            when training ends (`finalize_variable_values`).
        ema_momentum: float in [0, 1], the part of the old average that stays in each step.
        ema_overwrite_frequency: int >= 1, or None (only at the end).
        loss_scale_factor: float or None; `scale_loss` multiplies by it, and gradients are divided by it.
        gradient_accumulation_steps: int >= 2 or None; weights change once in so many steps, along the mean gradient.
        name: a name; the class name in snake case by default.

    Raises:
        ValueError: a value of the wrong type or range, more than one kind of clipping, or an unknown argument.
    """

    _by_name = True  # a name finds the class
    _regular_gradients = True  # the kernels want them dense, and laid out in memory like their parameters

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "update_step" in cls.__dict__ and "update" not in cls.__dict__:
            cls.update = Optimizer.update  # a subclass of Adam that brings its own `update_step` wants that one used
        if cls._by_name and registry.public_module(cls) == TABLE.public:
            TABLE.add(cls, cls.__name__.lower())

    def __init__(
        self,
        learning_rate,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        use_ema=False,
        ema_momentum=0.99,
        ema_overwrite_frequency=None,
        loss_scale_factor=None,
        gradient_accumulation_steps=None,
        name=None,
        **kwargs,
    ):
        if kwargs:
            signatures = (*type(self).__init__._parameters, *Optimizer.__init__._parameters)
            known = list(dict.fromkeys(p.name for p in signatures if p.kind is not p.VAR_KEYWORD))
            hints = "".join(registry.suggest(key, known) for key in kwargs)
            raise ValueError(
                f"{type(self).__name__} does not know the argument(s) {', '.join(map(repr, kwargs))}.{hints} "
                f"It takes: {', '.join(known)}."
            )
        self.name = name or registry.unique_name(registry.snake_case(type(self).__name__))
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum, self.ema_overwrite_frequency = use_ema, ema_momentum, ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_settings()
        self._start(learning_rate)
        self._excluded: tuple[list, re.Pattern | None] = ([], None)
        self._warned: set = set()

    def _check_settings(self):
        steps = self.gradient_accumulation_steps
        if steps and not steps >= 2:
            raise ValueError(f"`gradient_accumulation_steps` must be None or an integer >= 2. Received: {steps}")
        if self.use_ema:
            if not 0 <= self.ema_momentum <= 1:
                raise ValueError(f"`ema_momentum` must be in the range [0, 1]. Received: ema_momentum={self.ema_momentum}")
            every = self.ema_overwrite_frequency
            if every and (not isinstance(every, int) or every < 1):
                raise ValueError(f"`ema_overwrite_frequency` must be None or an integer >= 1. Received: {every!r}")
        given = {key: getattr(self, key) for key in ("clipnorm", "clipvalue", "global_clipnorm")}
        if sum(value is not None for value in given.values()) > 1:
            raise ValueError(f"Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: {given}")

    # ------------------------------------------------------------ slots

    def slot_names(self) -> list[tuple[str, ...]]:
        """The names of the tensors to keep per parameter; those of one tuple lie side by side in `variables`."""
        return []

    def slot_initializers(self) -> dict:
        """What slots begin as, by name, where that is not zero."""
        return {}

    def build(self, variables) -> None:
        """Makes the slots for `variables`: Variables or torch parameters, all that this optimizer will ever train."""
        if self.built:
            return
        variables = list(variables)
        self._targets = [as_variable(target, i) for i, target in enumerate(variables)]
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(self._targets, "average")
        if self.gradient_accumulation_steps:
            self._accumulated_gradients = self.add_optimizer_variables(self._targets, "gradient_accumulator")
        begin = self.slot_initializers()
        for names in self.slot_names():
            starts = [begin.get(name, "zeros") for name in names]
            self._slots.update(zip(names, self.add_optimizer_variables(self._targets, list(names), starts), strict=True))
        self.built = True

    def exclude_from_weight_decay(self, var_list=None, var_names=None) -> None:
        """No weight decay for these variables, nor for those whose name contains one of the (regular) expressions."""
        pattern = re.compile("|".join(sorted(set(var_names)))) if var_names else None
        self._excluded = (list(var_list or []), pattern)
        self._plan = None

    def _decays(self, target: Variable) -> bool:
        listed, pattern = self._excluded
        raws = [v.raw if isinstance(v, Variable) else v for v in listed]
        return not any(raw is target.raw for raw in raws) and not (pattern and pattern.search(target.name))

    def _decay_of(self, target: Variable) -> float | None:
        return self.weight_decay

    def _apply_weight_decay(self, variables) -> None:
        """Weight decay of these variables. A step decays all at once, unless a subclass brings this one."""
        rate = self._rate.item() if type(self._rate) is HostScalar else self._rate_now()
        with torch.no_grad():
            for variable in variables:
                decay = self._decay_of(variable)
                if decay is not None and self._decays(variable):
                    variable.raw.mul_(1 - decay * rate)

    # ------------------------------------------------------------ plans

    def _plan_for(self, params: list[torch.Tensor], key) -> Plan:
        """The plan for these parameters, found through their Variables: a loaded state dict may have replaced them."""
        if not self.built:
            self.build(params)
        indices = [self._get_variable_index(param) for param in params]
        self._store.follow()
        self._plan = plan = self._made_plan(params, indices, key)
        return plan

    def _made_plan(self, params, indices, key) -> Plan:
        plan = Plan(list(params), indices, key)
        targets = [self._targets[i] for i in indices]
        plan.slots = {name: [slots[i].raw for i in indices] for name, slots in self._slots.items()}
        plan.slots.update(self.update_constants(params))
        plan.accumulators = [self._accumulated_gradients[i].raw for i in indices] if self._accumulated_gradients else []
        plan.overwritten = tuple(i for i, target in enumerate(targets) if getattr(target, "overwrite_with_gradient", False))
        plan.decayed = [p for p, target in zip(params, targets, strict=True) if self._decays(target)]
        if type(self)._apply_weight_decay is not Optimizer._apply_weight_decay:
            plan.decayed, plan.decayed_by_itself = [], targets
        plan.constrained = [target for target in targets if target.constraint is not None]
        plan.places = places(params)
        plan.trained = [target.raw for target in self._targets]
        plan.averages = [average.raw for average in self._model_variables_moving_average]
        return plan

    def update_constants(self, params: list[torch.Tensor]) -> dict:
        """More keyword arguments of `update` that stay the same as long as the list of parameters does."""
        return {}

    overflow = None  # a LossScaleOptimizer's mark on the device: where it is not 0, a fused kernel changes nothing

    def leaves_out(self, params: list[torch.Tensor]) -> bool:
        """Whether a step for `params` changes nothing at all where the tensor `self.overflow` is not 0."""
        plan = self._plan
        if plan is None or plan.key is not params or not plan.fused:
            return False
        decayed = plan.decayed if self.weight_decay is not None else ()
        around = (decayed, plan.decayed_by_itself, plan.constrained, plan.averages, plan.accumulators, plan.overwritten)
        return not any(around)

    # ------------------------------------------------------------ the two ways in

    def step(self, params: list[torch.Tensor]) -> None:
        """Updates parameters along the gradients that `backward()` has left in their `.grad`.

        Args:
            params: parameters in torch's layout, among those the optimizer was built with. All that can be looked up is kept
                for as long as it is the same list object: make a new list to add or replace parameters.
        """
        if not params:
            return
        plan = self._plan
        addresses = [param.data_ptr() for param in params]  # other ones: `.to(...)` has moved or re-laid parameters in place
        if plan is None or plan.key is not params or plan.addresses != addresses:
            plan = self._plan_for(params, params)
            plan.addresses = addresses
            plan.irregular = self._regular_gradients and not is_regular([p.grad for p in params], params)
        grads = [param.grad for param in params]
        for grad in grads:
            if grad is None:
                plan, grads = self._without_missing(plan, grads)
                break
        if plan.irregular:
            grads = [regular(grad, param) for grad, param in zip(grads, plan.params, strict=True)]
        # Of all spellings of `no_grad` this is the one that costs nothing; the context manager costs as much as two kernels.
        enabled = torch.is_grad_enabled()
        torch._C._set_grad_enabled(False)
        try:
            self._advance(plan, grads)
        finally:
            torch._C._set_grad_enabled(enabled)

    def apply(self, grads, trainable_variables=None) -> None:
        """Updates variables along gradients given one for one.

        Args:
            grads: tensors (or None), each in the layout of its variable: Keras's for a Variable, torch's for a parameter.
            trainable_variables: Variables or torch parameters; by default all that the optimizer was built with.

        Raises:
            ValueError: a variable that the optimizer was not built with, as many gradients as variables are not given, or
                no gradient at all.
        """
        grads = list(grads)
        if not grads:
            return
        if trainable_variables is None:
            if not self.built:
                raise ValueError(
                    "`apply(grads)` without variables needs an optimizer that knows its variables: call "
                    "`optimizer.build(model.trainable_variables)` first, or pass the variables too."
                )
            trainable_variables = self._targets
        variables = list(trainable_variables)
        if len(grads) != len(variables):
            raise ValueError(
                f"Give one gradient per variable. Received: {len(grads)} gradients for {len(variables)} variables."
            )
        if not self.built:
            self.build(variables)
        with torch.no_grad():
            params = [v.raw if isinstance(v, Variable) else v for v in variables]
            plan = self._plan
            if plan is None or not plan.holds(params):
                plan = self._plan_for(params, None)
            grads = [_as_raw(grad, v, p) for grad, v, p in zip(grads, variables, params, strict=True)]
            if any(grad is None for grad in grads):
                plan, grads = self._without_missing(plan, grads)
            self._advance(plan, grads)

    def apply_gradients(self, grads_and_vars):
        """`apply` for pairs `(gradient, variable)`. Returns the number of steps made."""
        pairs = list(grads_and_vars)
        if not pairs:
            raise ValueError("`apply_gradients` got no pair (gradient, variable).")
        self.apply([grad for grad, _ in pairs], [variable for _, variable in pairs])
        return self._iterations

    def _without_missing(self, plan: Plan, grads: list) -> tuple[Plan, list]:
        missing = tuple(i for i, grad in enumerate(grads) if grad is None)
        names = [self._targets[plan.indices[i]].path for i in missing]
        if len(missing) == len(grads):
            raise ValueError(
                f"No gradients provided for any variable: none of {names} has one. Has `backward()` been called on "
                "a loss that depends on them?"
            )
        if missing not in self._warned:
            self._warned.add(missing)
            warn(
                f"Gradients do not exist for variables {names}: the loss does not depend on them, and they stay as they "
                "are. (If you use `model.compile()`, did you give every output a loss?)",
            )
        irregular, plan = plan.irregular, plan.without(missing, self._made_plan)
        plan.irregular = irregular
        return plan, [grad for grad in grads if grad is not None]

    # ------------------------------------------------------------ one step

    def _advance(self, plan: Plan, grads: list[torch.Tensor]) -> None:
        """One step, under no_grad, for gradients in torch's layout that are all there."""
        counter = self._iterations.array
        count = counter.item()
        if plan.overwritten:
            plan, grads = self._overwrite(plan, grads)
            if not grads:
                counter[()] = count + 1
                return
        if self.loss_scale_factor is not None:
            grads = torch._foreach_div(grads, self.loss_scale_factor)
        every = self.gradient_accumulation_steps
        if not every:
            self._step_number = count + 1
            self._change(plan, grads)
        else:
            self._step_number = count // every + 1
            if (count + 1) % every:
                torch._foreach_add_(plan.accumulators, grads)
            else:
                grads = torch._foreach_add(plan.accumulators, grads)
                torch._foreach_div_(grads, every)
                self._change(plan, grads)
                for slot in self._accumulated_gradients:
                    slot.raw.zero_()
        if self.use_ema:
            self._average(plan)
        for variable in plan.constrained:
            variable.assign(variable.constraint(variable.value))
        counter[()] = count + 1

    def _overwrite(self, plan: Plan, grads: list[torch.Tensor]) -> tuple[Plan, list[torch.Tensor]]:
        """Variables with `overwrite_with_gradient` become their gradients (with accumulation, the largest of them).

        Returns:
            the plan for the others, and their gradients.
        """
        every = self.gradient_accumulation_steps
        last = not every or (self._iterations.item() + 1) % every == 0
        for i in plan.overwritten:
            value = grads[i]
            if every:
                value = torch.maximum(plan.accumulators[i], value)
                plan.accumulators[i].copy_(torch.zeros_like(value) if last else value)
            if last:
                plan.params[i].copy_(value)
        others = [grad for i, grad in enumerate(grads) if i not in plan.overwritten]
        return (plan.without(plan.overwritten, self._made_plan) if others else plan), others

    def _clip_gradients(self, grads: list[torch.Tensor]) -> list[torch.Tensor]:
        """Gradients as the formula gets them: clipped by the settings that are given."""
        if grads and type(grads[0]) is not torch.Tensor:
            grads = [tensor_of(grad) for grad in grads]
        if self.clipnorm:
            grads = clipping.by_norm(grads, self.clipnorm)
        if self.global_clipnorm:
            grads = clipping.by_global_norm(grads, self.global_clipnorm)
        return clipping.by_value(grads, self.clipvalue) if self.clipvalue else grads

    def _change(self, plan: Plan, grads: list[torch.Tensor]) -> None:
        grads = self._clip_gradients(grads)
        rate = self._rate
        rate = rate.item() if type(rate) is HostScalar else self._rate_now()
        if self.weight_decay is not None and plan.decayed:
            torch._foreach_mul_(plan.decayed, 1 - self.weight_decay * rate)
        elif plan.decayed_by_itself:
            self._apply_weight_decay(plan.decayed_by_itself)
        self.update(plan.params, grads, rate, **plan.slots)

    def update(self, params, grads, learning_rate: float, **slots) -> None:
        """The formula. Changes `params` in place.

        Args:
            params, grads: lists of tensors in torch's layout, on one or several devices.
            learning_rate: the rate, a number.
            slots: for each name of `slot_names`, the list of tensors that belong to `params`. `self._step_number` is 1
                in the first update.
        """
        for param, grad in zip(params, grads, strict=True):
            variable = self._targets[self._get_variable_index(param)]
            self.update_step(variable.to_keras(grad), variable, self.learning_rate)

    def update_step(self, gradient, variable, learning_rate) -> None:
        """The formula for one variable, in the Keras layout: override this one or `update`."""
        own = [cls.__dict__["update"] for cls in type(self).__mro__ if "update" in cls.__dict__]
        formula = next((update for update in own if update is not Optimizer.update), None)
        if formula is None:
            raise NotImplementedError(f"The optimizer {type(self).__name__} has to override `update` or `update_step`.")
        param = variable.raw if isinstance(variable, Variable) else variable
        plan = self._made_plan([param], [self._get_variable_index(variable)], None)
        self._step_number = self._iterations.item() // (self.gradient_accumulation_steps or 1) + 1
        with torch.no_grad():
            formula(self, plan.params, [_as_raw(gradient, variable, param)], float(number_of(learning_rate)), **plan.slots)

    def assign(self, variable, value) -> None:
        """Sets a variable of the model or of the optimizer."""
        variable.assign(value)

    def assign_add(self, variable, value) -> None:
        variable.assign_add(value)

    def assign_sub(self, variable, value) -> None:
        variable.assign_sub(value)

    # ------------------------------------------------------------ averages, loss scale

    def _average(self, plan: Plan) -> None:
        """`average = ema_momentum * average + (1 - ema_momentum) * weight`; the first average is the weight itself."""
        kept = self.ema_momentum if self._step_number > 1 else 0.0
        torch._foreach_lerp_(plan.averages, plan.trained, 1 - kept)
        every = self.ema_overwrite_frequency
        if every and self._step_number % every == 0:
            torch._foreach_copy_(plan.trained, plan.averages)

    def finalize_variable_values(self, var_list) -> None:
        """At the end of training: with `use_ema`, the variables become their averages.

        Args:
            var_list: all variables that the optimizer was built with.
        """
        if not self.use_ema:
            return
        variables = list(var_list)
        kept = len(self._model_variables_moving_average)
        if len(variables) != kept:
            raise ValueError(
                f"The optimizer {self.name!r} keeps averages of {kept} variables, and {len(variables)} were given to "
                "`finalize_variable_values`. Give those it was built with."
            )
        with torch.no_grad():
            for variable in variables:
                raw = variable.raw if isinstance(variable, Variable) else variable
                raw.copy_(self._model_variables_moving_average[self._get_variable_index(variable)].raw)

    def weights_and_averages(self) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """The parameters and, in the same order, their averages: the tensors themselves."""
        return [target.raw for target in self._targets], [average.raw for average in self._model_variables_moving_average]

    def scale_loss(self, loss):
        """The loss to call `backward()` on: times `loss_scale_factor`, by which the step divides the gradients again."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor


def _as_raw(grad, variable, param: torch.Tensor) -> torch.Tensor | None:
    """A gradient as the user has it, as the kernels want it."""
    if grad is None:
        return None
    grad = raw = tensor_of(grad, None, param.device)
    with contextlib.suppress(RuntimeError):  # torch cannot even turn a gradient with other dimensions round
        raw = variable.to_raw(grad) if isinstance(variable, Variable) else grad
    if raw.shape != param.shape:
        raise ValueError(
            f"The gradient of {getattr(variable, 'path', 'a parameter')} must have the variable's shape, "
            f"{tuple(variable.shape)}. Received a gradient of shape {tuple(grad.shape)}."
        )
    return regular(raw, param)
