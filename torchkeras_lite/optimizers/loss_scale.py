"""Loss scaling for float16: the scale is found while training, on the device."""

from __future__ import annotations

import torch

from torchkeras_lite import registry
from torchkeras_lite.initializers import Constant
from torchkeras_lite.optimizers.base import Optimizer
from torchkeras_lite.optimizers.slots import regular
from torchkeras_lite.variable import Variable, tensor_of

# Where a number that a kernel wrote is there at once, so that looking at it waits for nothing.
_IMMEDIATE_DEVICES = {"cpu"}


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss by a scale, so that small gradients do not vanish in float16, and divides the gradients again.

    A step whose gradients overflow is left out and halves the scale; `dynamic_growth_steps` steps without one double it.
    Scale, counter and check stay on the device, as in `torch.amp.GradScaler`. What is left out is decided by the fused
    kernel of SGD, Adam and AdamW on CUDA (with no average, accumulation or constraint around it), and the step count is set
    right when the next step begins; other optimizers have to wait for the check.

    Args:
        inner_optimizer: the Optimizer that does the work.
        initial_scale: float, the scale to begin with: rather too large, as it shrinks faster than it grows.
        dynamic_growth_steps: int, the steps after which it grows.
        name: a name.

    Raises:
        ValueError: settings that belong to the inner optimizer.
    """

    _by_name = False

    def __init__(self, inner_optimizer, initial_scale=2.0**15, dynamic_growth_steps=2000, name=None, **kwargs):
        if not kwargs.pop("dynamic", True):
            raise ValueError(
                "The scale of LossScaleOptimizer is dynamic. For a fixed one set `loss_scale_factor` of the optimizer."
            )
        usual = {p.name: p.default for p in Optimizer.__init__._parameters if p.kind is not p.VAR_KEYWORD}
        # Older files hold the settings of the base, as they are by default.
        misplaced = [key for key, value in kwargs.items() if key not in usual or value != usual[key]]
        if misplaced:
            raise ValueError(
                f"LossScaleOptimizer does not take the arguments: {', '.join(f'`{key}`' for key in misplaced)}. What belongs "
                "to a step is set on the `inner_optimizer`."
            )
        super().__init__(0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None  # or gradients would be divided twice
        self._forget()

    def _forget(self):
        self._found = None  # 1.0 after an overflow: a tensor on the device,
        self._host = self._seen = self._event = None  # its copy on the host, that memory as an array, and when it is there
        self._undecided = False
        self._overwritten: list[Variable] = []

    def build(self, variables) -> None:
        if self.built:
            return
        variables = list(variables)
        self.inner_optimizer.build(variables)
        super().build(variables)
        self.step_counter = self.add_variable((), "zeros", "int32", name="step_counter")
        self.dynamic_scale = self.add_variable((), Constant(self.initial_scale), "float32", name="dynamic_scale")
        self._overwritten = [target for target in self._targets if getattr(target, "overwrite_with_gradient", False)]
        if self._targets:
            self._settle_on(self._targets[0].device)

    def _settle_on(self, device: torch.device) -> None:
        for variable in (self.step_counter, self.dynamic_scale):
            variable._module._buffers[variable._key] = variable.raw.to(device)
        self._found = torch.zeros((), device=device)
        cuda = device.type == "cuda"
        self._host = self._found if device.type == "cpu" else torch.zeros((), pin_memory=cuda)
        self._seen = self._host.numpy(force=False)
        self._event = torch.cuda.Event() if cuda else None

    # ------------------------------------------------------------ one step

    def scale_loss(self, loss):
        return loss * (self.dynamic_scale.raw if self.built else self.initial_scale)

    def step(self, params: list[torch.Tensor]) -> None:
        if not params:
            return
        if not self.built:
            self.build(params)
        self._decide()
        for param in params:
            if param.grad is not None and param.grad.layout is not torch.strided:
                param.grad = regular(param.grad, param)
        some = self._unscale([param.grad for param in params], params)
        inner = self.inner_optimizer
        if self._found.device.type not in _IMMEDIATE_DEVICES and inner.leaves_out(params):
            inner.overflow = self._found
            try:
                inner.step(params)
            finally:
                inner.overflow = None
            self._undecided = True
        elif not (some and self._has_overflowed()):
            inner.step(params)

    def apply(self, grads, trainable_variables=None) -> None:
        if not self.built and trainable_variables is not None:
            trainable_variables = list(trainable_variables)
            self.build(trainable_variables)
        grads = list(grads)
        if self.built and grads:
            self._decide()
            device = self._found.device
            grads = [None if grad is None else tensor_of(grad, None, device).detach().clone() for grad in grads]
            grads = [grad if grad is None or grad.layout is torch.strided else grad.to_dense() for grad in grads]
            with torch.no_grad():
                variables = self._targets if trainable_variables is None else trainable_variables
                some = self._unscale(grads, [v.raw if isinstance(v, Variable) else v for v in variables])
            if some and self._has_overflowed():
                return
        self.inner_optimizer.apply(grads, trainable_variables)

    def apply_gradients(self, grads_and_vars):
        super().apply_gradients(grads_and_vars)
        return self.iterations

    def _unscale(self, grads: list[torch.Tensor | None], params: list[torch.Tensor]) -> bool:
        """Divides the gradients in place, marks an overflow in `_found`, and makes the scale that of the next step.

        What its gradient overwrites (`overwrite_with_gradient`) is no derivative of the loss, so that one stays as it is.

        Returns:
            whether there is any gradient.
        """
        alike: dict[tuple, list[torch.Tensor]] = {}
        overwritten = {id(variable.raw) for variable in self._overwritten}
        for grad, param in zip(grads, params, strict=True):
            if grad is not None:
                alike.setdefault((grad.device, grad.dtype, id(param) in overwritten), []).append(grad)
        if not alike:
            return False
        first = next(iter(alike))[0]
        if self._found is None or self._found.device != first:
            self._settle_on(first)
        found, scale = self._found.zero_(), self.dynamic_scale.raw
        inverse = scale.reciprocal()
        for (device, _, overwrites), members in alike.items():
            here = found if device == first else torch.zeros((), device=device)
            factor = torch.ones_like(inverse) if overwrites else inverse
            torch._amp_foreach_non_finite_check_and_unscale_(members, here, factor.to(device))
            if here is not found:
                found += here.to(first)
        torch._amp_update_scale_(scale, self.step_counter.raw, found, 2.0, 0.5, self.dynamic_growth_steps)
        if self._host is not found:
            self._host.copy_(found, non_blocking=True)
            if self._event is not None:
                self._event.record()
        return True

    def _has_overflowed(self) -> bool:
        if self._event is not None:
            self._event.synchronize()
        return bool(self._seen)

    def _decide(self) -> None:
        """Takes back the count of the step before, if its kernel has left it out. That is long known on the device."""
        if self._undecided:
            self._undecided = False
            if self._has_overflowed():
                self.inner_optimizer._iterations.array[()] -= 1

    def finalize_variable_values(self, var_list) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def sibling(self):
        other = super().sibling()
        other._forget()
        other.inner_optimizer = self.inner_optimizer.sibling()
        return other

    # ------------------------------------------------------------ what belongs to the inner one

    @property
    def learning_rate(self):
        self._decide()
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate):
        self.inner_optimizer.learning_rate = rate

    @property
    def iterations(self):
        self._decide()
        return self.inner_optimizer.iterations

    @property
    def variables(self) -> list:
        self._decide()
        return [*super().variables, *self.inner_optimizer.variables]

    def __getstate__(self):
        self._decide()
        return {**super().__getstate__(), "_found": None, "_host": None, "_seen": None, "_event": None}

    def get_config(self) -> dict:
        return {
            "name": self.name,
            "inner_optimizer": registry.serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }
