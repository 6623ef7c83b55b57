"""Readiness: what a model needs before its first step, and what is put back behind the last."""

from __future__ import annotations

import contextlib
import copy

import torch
from torch import nn
from torch.utils import _pytree as pytree

from torchkeras_lite import data
from torchkeras_lite.calls import going_on
from torchkeras_lite.modes import flushed_denormals, training_mode


def _unbuilt(model) -> list[tuple]:
    """The layers that are not built, with copies of what they hold."""
    layers = [module for module in nn.Module.modules(model) if getattr(module, "built", True) is False]
    return [(layer, [(name, value, _content(value)) for name, value in vars(layer).items()]) for layer in layers]


def _content(value):
    return copy.copy(value) if type(value) in (dict, list) else None


def has_unbuilt(model) -> bool:
    return any(getattr(module, "built", True) is False for module in nn.Module.modules(model))


def _put_back(before) -> None:
    """Layers become what they were."""
    for layer, held in before:
        vars(layer).clear()
        for name, value, content in held:
            if content is not None:  # others hold this very list or dict
                value.clear()
                value.extend(content) if type(value) is list else value.update(content)
            vars(layer)[name] = value


class Readiness:
    """The part of Trainer that builds, and says which weights train."""

    _captured = None  # the Variables that compile() found trainable
    _there: tuple | list = ()  # all that there were then
    _params: list | None = None  # their torch parameters: the same list object as long as they are the same parameters
    _regularized: tuple | list = ()

    def _build_from(self, batch):
        """Builds the model and its optimizer from the first batch."""
        late = self.compiled and self._captured is None and not self._has_own_steps() and has_unbuilt(self)
        if not self.built or late:  # or layers have been put into it since
            self._build_for_data(batch[0])
        if self.compiled and self._captured is None and not self._builds_itself():
            self._capture()

    def _builds_itself(self) -> bool:
        """Whether steps of its own are still to build what is in it."""
        return self._has_own_steps() and has_unbuilt(self)

    def _capture(self) -> None:
        """Settles which weights train: those that are trainable now."""
        object.__setattr__(self, "_captured", self.trainable_weights)
        object.__setattr__(self, "_there", self.weights)

    def _refuse_new(self) -> None:
        """Weights that came after compile() would silently stay as they are."""
        known = {(id(variable._module), variable._key) for variable in (*self._there, *self._captured)}
        for variable in self.trainable_weights:
            if (id(variable._module), variable._key) not in known:
                raise ValueError(
                    f"Unknown variable: {variable.path} of shape {tuple(variable.shape)} has come into {self.name!r} after "
                    "`compile()`, and the optimizer does not know it. Compile the model again before you train it."
                )

    def _build_for_data(self, x):
        """Builds an unbuilt model by one call on two rows, in inference mode: nothing is learned, nothing counted.

        A model without a `call`, whose steps use the models in it, has nothing to build by. Nor has one whose own steps call
        it on something else than the data: it is built in its first step.
        """
        if not self.computes:
            self.built = True
            return
        few = pytree.tree_map(lambda t: t[:2], x) if data.in_rows(x) else x
        before = _unbuilt(self) if self._has_own_steps() else None
        forgetting, going_on.forgetting = going_on.forgetting, True
        try:
            with torch.no_grad():
                self(few, training=False)
        except Exception:
            if before is None:
                raise
            _put_back(before)
        finally:
            going_on.forgetting = forgetting

    @contextlib.contextmanager
    def _training(self):
        """Inside, the captured weights want gradients; at the end, however it comes, all is as it was."""
        params = self._begin_training()
        thawed = [parameter for parameter in params if not parameter.requires_grad]
        for parameter in thawed:
            parameter.requires_grad_(True)
        try:
            with training_mode(self, True, settle=True), flushed_denormals():
                yield
        finally:
            for parameter in thawed:
                parameter.requires_grad_(False)
            for parameter in params:
                parameter.grad = None

    def _begin_training(self) -> list:
        """The parameters to train, as a list that stays the same object while they are the same parameters."""
        if self._captured is None:
            if self._builds_itself():
                self._look_around()
                return []
            self._capture()
        elif not self._has_own_steps():
            self._refuse_new()
        params = [variable.raw for variable in self._captured]
        current = self._params
        if current is None or len(current) != len(params) or any(a is not b for a, b in zip(current, params, strict=True)):
            object.__setattr__(self, "_params", params)
            if not self.optimizer.built:
                self.optimizer.build(self._captured)
        self._look_around()
        return self._params

    def _look_around(self):
        """What takes a walk through all modules and stays the same from step to step."""
        regularized = [v for v in self.weights if v.regularizer is not None]
        object.__setattr__(self, "_regularized", regularized)
        self._find_held_metrics()
