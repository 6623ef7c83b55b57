"""Distillation: a small model learns from targets and from what a large one makes of the same inputs (Hinton et al., 2015)."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import losses, registry, tree
from torchkeras_lite.metrics import Mean
from torchkeras_lite.models import Model
from torchkeras_lite.notices import warn


def _functions(loss):
    """A name, a loss, None or a structure of them, with losses for names; ValueError if there is none in it."""
    found = pytree.tree_map(losses.get, loss)
    if all(one is None for one in pytree.tree_leaves(found)):
        raise ValueError("The `loss` argument must contain at least one non-`None` value: nothing would be learned.")
    return found


def _total(values) -> torch.Tensor:
    return sum(value.mean() for value in pytree.tree_leaves(values) if value is not None)


class DistillationLoss(registry.Configurable):
    """Base class: how far a student is from its teacher. A subclass defines `compute_loss`."""

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """A scalar, of the outputs of both: tensors, or equal structures of them."""
        raise NotImplementedError("Subclasses must implement compute_loss")

    def validate_outputs(self, teacher_outputs, student_outputs) -> None:
        """Raises ValueError where the outputs cannot be compared."""
        tree.assert_same_structure(teacher_outputs, student_outputs)

    def validate_model_compatibility(self, teacher, student) -> None:
        """Raises ValueError where the models cannot be compared."""

    def _applied(self, function, teacher_outputs, student_outputs):
        def apply(loss, teacher, student):
            return None if loss is None else function(loss, teacher, student)

        return _total(tree.map_structure(apply, self.loss, teacher_outputs, student_outputs))


def _from_config(cls, config):
    """A file names a loss by its function alone."""

    def revived(loss):
        if isinstance(loss, dict) and "class_name" not in loss:
            return {key: revived(one) for key, one in loss.items()}
        if isinstance(loss, (list, tuple)):
            return type(loss)(map(revived, loss))
        return losses.deserialize(loss) if isinstance(loss, dict) else loss

    return cls(**{**config, "loss": revived(config["loss"])})


class FeatureDistillation(DistillationLoss):
    """The outputs of a layer of the student are to be like those of a layer of the teacher.

    Args:
        loss: a name, a loss, or a structure of them like that of the outputs; None passes over an output.
        teacher_layer_name, student_layer_name: names of layers; None: the models' outputs.

    Raises:
        ValueError: no loss, a layer that a model does not have, or one of a model that is not made from tensors.
    """

    from_config = classmethod(_from_config)

    def __init__(self, loss="mse", teacher_layer_name=None, student_layer_name=None):
        self.loss = _functions(loss)
        self.teacher_layer_name, self.student_layer_name = teacher_layer_name, student_layer_name

    def validate_model_compatibility(self, teacher, student) -> None:
        named = (("teacher", teacher, self.teacher_layer_name), ("student", student, self.student_layer_name))
        if any(name is not None for _, _, name in named):
            free = [who for who, model, _ in named if not _is_drawn(model)]
            if free:
                raise ValueError(
                    "FeatureDistillation with specific layer names requires Functional or Sequential models: the "
                    f"{' and the '.join(free)} (subclassed) has no symbolic layers. Leave the layer names out."
                )
        for who, model, name in named:
            if name is not None:
                try:
                    model.get_layer(name=name)
                except ValueError as error:
                    raise ValueError(f"In {who} model: {error}") from error

    def validate_outputs(self, teacher_outputs, student_outputs) -> None:
        super().validate_outputs(teacher_outputs, student_outputs)
        try:
            tree.assert_same_structure(self.loss, teacher_outputs)
        except ValueError as error:
            raise ValueError(f"Loss structure mismatch: the losses are not arranged as the outputs. {error}") from error

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        return self._applied(lambda loss, teacher, student: loss(teacher, student), teacher_outputs, student_outputs)


class LogitsDistillation(DistillationLoss):
    """The outputs of the student, divided by a temperature, are to be like those of the teacher.

    A `KLDivergence` object sees their softmax and weighs temperature**2; any other loss, and the function of the name
    `"kl_divergence"`, sees the quotients themselves, as in Keras.

    Args:
        temperature: a number above 0; the higher, the softer the distributions.
        loss: as of `FeatureDistillation`.

    Raises:
        ValueError: a temperature that is none, or no loss.
    """

    from_config = classmethod(_from_config)

    def __init__(self, temperature=3.0, loss="kl_divergence"):
        self.temperature, self.loss = temperature, _functions(loss)
        if isinstance(temperature, bool) or not isinstance(temperature, (int, float)):
            raise ValueError(f"temperature must be a number, got {type(temperature)}")
        if temperature <= 0:
            raise ValueError(f"temperature must be positive. Received: {temperature}")

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        def apply(loss, teacher, student):
            teacher, student = teacher / self.temperature, student / self.temperature
            if not isinstance(loss, losses.KLDivergence):
                return loss(teacher, student)
            return loss(torch.softmax(teacher, -1), torch.softmax(student, -1)) * self.temperature**2

        return self._applied(apply, teacher_outputs, student_outputs)


class Distiller(Model):
    """A model that is its student, and trains it on targets and on the teacher's outputs. The teacher is frozen.

    Args:
        teacher, student: models with inputs and outputs of equal shapes and dtypes.
        distillation_losses: a `DistillationLoss` or a list of them.
        distillation_loss_weights: a number for each; 1 where left out.
        student_loss_weight: the share of the loss on the targets, from 0 to 1.

    Raises:
        ValueError: what is no model, models that do not fit, a weight that is none.
    """

    def __init__(
        self,
        teacher,
        student,
        distillation_losses,
        distillation_loss_weights=None,
        student_loss_weight=0.5,
        name="distiller",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        for who, model in (("Teacher", teacher), ("Student", student)):
            if not isinstance(model, Model):
                raise ValueError(f"{who} must be a keras.Model, got {type(model)}")
        if isinstance(student_loss_weight, bool) or not isinstance(student_loss_weight, (int, float)):
            raise ValueError(f"student_loss_weight must be a number, got {type(student_loss_weight)}")
        if not 0 <= student_loss_weight <= 1:
            raise ValueError(f"student_loss_weight must be between 0.0 and 1.0, got {student_loss_weight}")
        if distillation_losses is None:
            raise ValueError("'distillation_losses' cannot be `None`. Provide a distillation loss or a list of them.")
        _compare(teacher, student)
        if not isinstance(distillation_losses, (list, tuple)):
            distillation_losses, distillation_loss_weights = [distillation_losses], [1.0]
        weights = distillation_loss_weights or [1.0] * len(distillation_losses)
        if len(weights) != len(distillation_losses):
            raise ValueError(
                f"Number of distillation_loss_weights ({len(weights)}) must match number of distillation_losses "
                f"({len(distillation_losses)})"
            )
        for one in distillation_losses:
            one.validate_model_compatibility(teacher, student)
        self.teacher, self.student = teacher, student
        self.distillation_losses, self.distillation_loss_weights = distillation_losses, weights
        self.student_loss_weight = student_loss_weight
        for who, model in (("teacher", teacher), ("student", student)):
            # Beside the layers of this model: the same layers under other names would be counted twice.
            object.__setattr__(self, f"_{who}_features", _features(model, who, distillation_losses))
        teacher.trainable = False
        self.student_loss_tracker = Mean(name="student_loss")
        self.distillation_loss_tracker = Mean(name="distillation_loss")
        self.total_loss_tracker = Mean(name="total_loss")

    def compile(self, optimizer: Any = "adam", loss: Any = None, metrics: Any = None, **kwargs) -> None:
        """As of any model; the loss is that of the student on the targets, and there must be one."""
        if loss is None:
            raise ValueError("'loss' cannot be `None`.")
        if metrics is not None and not isinstance(metrics, (list, tuple)):
            raise ValueError(f"metrics must be a list or tuple, got {type(metrics)}")
        self.__dict__.update(_student_loss=pytree.tree_map(losses.get, loss), _given_loss=loss)
        super().compile(optimizer=optimizer, loss=None, metrics=metrics, **kwargs)

    def get_compile_config(self) -> dict:
        return {**super().get_compile_config(), "loss": registry.serialize(self._given_loss)} if self.compiled else {}

    def compile_from_config(self, config: dict) -> None:
        if config.get("loss") is None:
            text = "The file does not know the loss of the student (Keras does not write it down): call `compile()`."
            warn(text)
            return
        self.compile(**registry.deserialize(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    def call(self, inputs, training=None, **kwargs):
        return self.student(inputs, training=training, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The weighted sum of the student's loss and the distance from the teacher. (Sample weights are not used.)"""
        y_pred = self(x, training=training) if y_pred is None else y_pred
        student_loss = distance = pytree.tree_leaves(y_pred)[0].new_zeros(())
        if self.student_loss_weight > 0 and y is not None:
            student_loss = _total(tree.map_structure(lambda loss, *pair: loss(*pair), self._student_loss, y, y_pred))
        if self.student_loss_weight < 1:
            distance = self._distance(x, y_pred)
        total = self.student_loss_weight * student_loss + (1 - self.student_loss_weight) * distance
        self.student_loss_tracker.update_state(student_loss.detach())
        self.distillation_loss_tracker.update_state(distance.detach())
        self.total_loss_tracker.update_state(total.detach())
        return total

    def _distance(self, x, y_pred):
        with torch.no_grad():
            taught = (self._teacher_features or self.teacher)(x, training=False)
        taught = taught if self._teacher_features else {"": taught}
        learned = self._student_features(x, training=True) if self._student_features else {"": y_pred}
        distance = 0
        for loss, weight in zip(self.distillation_losses, self.distillation_loss_weights, strict=True):
            name = getattr(loss, "teacher_layer_name", None)
            mine = y_pred if name is None else learned[loss.student_layer_name or ""]
            theirs = taught[name or ""]
            loss.validate_outputs(theirs, mine)
            one = loss.compute_loss(theirs, mine)
            if getattr(one, "ndim", 0) > 0:
                raise ValueError(
                    f"Distillation loss {type(loss).__name__} returned a non-scalar loss with shape {tuple(one.shape)}: "
                    "`compute_loss` must return a scalar."
                )
            distance = distance + weight * one
        return distance


def _is_drawn(model) -> bool:
    return getattr(model, "inputs", None) is not None


def _compare(teacher, student) -> None:
    """ValueError where inputs or outputs, as far as they are known, differ in shape or dtype."""
    if not (_is_drawn(teacher) and _is_drawn(student)):
        return

    def fit(theirs, mine, what):
        pairs = zip(theirs.shape, mine.shape, strict=False)
        if len(theirs.shape) != len(mine.shape) or any(None not in pair and pair[0] != pair[1] for pair in pairs):
            raise ValueError(
                f"Teacher and student {what} shapes are incompatible. Teacher: {theirs.shape}, Student: {mine.shape}."
            )
        if theirs.dtype != mine.dtype:
            raise ValueError(
                f"Teacher and student {what} dtypes must match. Teacher: {theirs.dtype}, Student: {mine.dtype}."
            )

    for what in ("input", "output"):
        tree.map_structure(lambda *pair, what=what: fit(*pair, what), *(getattr(m, f"{what}s") for m in (teacher, student)))


def _features(model, who: str, distillation_losses) -> Model | None:
    """The model whose outputs are those of the layers that the losses name, by name, and its own ("")."""
    names = [getattr(one, f"{who}_layer_name", None) for one in distillation_losses]
    if not any(names):
        return None
    drawn = {name: model.get_layer(name=name).output for name in names if name}
    return Model(model.inputs, {"": model.output, **drawn})
