"""Losses for outputs in structures: lists in dicts and the like, and several losses for one output."""

from __future__ import annotations

import torch

from torchkeras_lite import losses
from torchkeras_lite.graph import leaves
from torchkeras_lite.metrics import Mean
from torchkeras_lite.models.side_losses import SideLoss
from torchkeras_lite.registry import suggest

_CONTAINERS = (list, tuple, dict)


def is_nested(loss, y_pred) -> bool:
    """Whether one loss for each output is not all that there is to it."""
    parts = loss.values() if isinstance(loss, dict) else loss if isinstance(loss, (list, tuple)) else ()
    if any(isinstance(part, _CONTAINERS) for part in parts):
        return True
    if isinstance(y_pred, torch.Tensor):
        return isinstance(loss, (list, tuple)) and len(loss) > 1
    return has_structures(y_pred)


def has_structures(y_pred) -> bool:
    """Whether outputs are more than a row or a dict of tensors."""
    if isinstance(y_pred, torch.Tensor):
        return False
    return any(isinstance(part, _CONTAINERS) for part in (y_pred.values() if isinstance(y_pred, dict) else y_pred))


class NestedLoss:
    """Losses of parts of the outputs, added up.

    Each loss belongs to an output, or to a structure of outputs, which it gets whole. A list of losses where the output is a
    tensor, or a structure of another kind, is several losses for this output.

    Args:
        loss: in the structure of the outputs.
        loss_weights: numbers in the structure of `loss`; or in a row.
        output_names: the names of the outputs in a row.
        y_true, y_pred: the first batch.
    """

    def __init__(self, loss, loss_weights, output_names, y_true, y_pred):
        count = len(leaves(y_pred))
        names = output_names if output_names and len(output_names) == count else [None] * count
        self.outline = y_pred
        if isinstance(loss, dict) and isinstance(y_pred, (list, tuple)) and None not in names:
            _check_keys(loss, names, ())
            loss = [loss.get(name) for name in names]
        if loss_weights is not None and not isinstance(loss_weights, (int, float)):
            loss_weights = _packed(loss, leaves(loss_weights))
        self.parts: list = []  # (path, loss, weight, name)
        self._collect(loss, loss_weights, self._targets(y_true), y_pred, _packed(y_pred, list(names)), (), spread=True)
        several = len(self.parts) > 1
        self.trackers = [Mean(name=f"{name}_loss") for *_, name in self.parts] if several else []

    def __call__(self, y_true, y_pred, sample_weight=None):
        y_true, total = self._targets(y_true), None
        for index, (path, loss, weight, _) in enumerate(self.parts):
            prediction = _at(y_pred, path)
            weights = _at(sample_weight, path) if isinstance(sample_weight, _CONTAINERS) else sample_weight
            if isinstance(prediction, torch.Tensor):
                value = loss(_at(y_true, path), prediction, weights)
            else:
                value = loss(_at(y_true, path), prediction).mean()
            if self.trackers:
                self.trackers[index].add(value.detach(), len(leaves(prediction)[0]), mean=True)
            value = value if weight is None else value * weight
            total = value if total is None else total + value
        if total is None:
            raise ValueError("No loss to compute: every output has a loss of None.")
        return total

    def _targets(self, y_true):
        """The targets in the structure of the outputs."""
        found = leaves(y_true)
        if isinstance(y_true, dict) or len(found) != len(leaves(self.outline)):
            return y_true
        return _packed(self.outline, found)

    def _collect(self, loss, weight, truth, prediction, names, path, spread=False):
        if loss is None:
            return
        inside = isinstance(prediction, _CONTAINERS)
        if not isinstance(loss, _CONTAINERS):
            if inside and spread:  # one loss for the whole model is a loss for each output
                for key in _keys(prediction):
                    self._collect(loss, weight, truth[key], prediction[key], names[key], (*path, key), spread=True)
                return
            found = losses.resolve(loss, truth, prediction) if not inside else getattr(loss, "fn", loss)
            if inside and isinstance(found, SideLoss):  # it may compare what it gets with the outputs of the model
                found = found.function
            self.parts.append((path, found, weight, _name(path, names, found)))
            return
        if isinstance(loss, (list, tuple)):
            flat = not any(isinstance(part, _CONTAINERS) for part in loss)
            if inside and flat and len(loss) == len(leaves(prediction)):
                loss = _packed(prediction, list(loss))
                weight = None if weight is None else _packed(prediction, list(weight))
            elif not inside or not isinstance(prediction, type(loss)):
                for index, one in enumerate(loss):
                    self._collect(one, None if weight is None else weight[index], truth, prediction, names, path)
                return
        if isinstance(loss, dict):
            if not inside and len(loss) == 1:  # whatever the only output is called
                self._collect(*loss.values(), leaves(weight)[0], truth, prediction, names, path)
                return
            if not isinstance(prediction, dict):
                raise KeyError(f"Path {path} in the `loss` argument, can't be found in the model's output, {_kind(prediction)}")
            _check_keys(loss, prediction, path)
        elif not isinstance(prediction, (list, tuple)) or len(loss) > len(prediction):
            raise ValueError(
                f"`loss` has {_kind(loss)} at {path or 'the top'}, where the expected outputs are {_kind(prediction)}."
            )
        for key in _keys(loss):
            if loss[key] is not None:
                below = None if weight is None else weight[key] if isinstance(weight, _CONTAINERS) else weight
                self._collect(loss[key], below, truth[key], prediction[key], names[key], (*path, key))


def _check_keys(loss, known, path):
    for key in loss:
        if key not in known:
            raise KeyError(
                f"The path: {(*path, key)} in the `loss` argument, can't be found in the model's outputs, {[*known]}, "
                f"nor among the targets.{suggest(key, known)}"
            )


def _kind(value) -> str:
    return f"a {type(value).__name__} of {len(value)}" if isinstance(value, _CONTAINERS) else "one tensor"


def _keys(structure):
    return structure.keys() if isinstance(structure, dict) else range(len(structure))


def _at(structure, path):
    for key in path:
        structure = structure[key]
    return structure


def _name(path, names, loss) -> str:
    if isinstance(names, _CONTAINERS):
        return "/".join(map(str, path)) or "_".join(map(str, sorted(names) if isinstance(names, dict) else leaves(names)))
    if not path:
        return names or loss.name
    last = (names or loss.name) if isinstance(path[-1], int) else path[-1]
    return "/".join(map(str, (*path[:-1], last)))


def _packed(structure, values: list):
    """The values, in the order of `leaves`, in the structure. They are used up."""
    if isinstance(structure, dict):
        packed = {key: _packed(structure[key], values) for key in sorted(structure)}
        return {key: packed[key] for key in structure}
    if isinstance(structure, (list, tuple)):
        parts = [_packed(part, values) for part in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    if not values:
        raise ValueError("There are fewer `loss_weights` or targets than losses.")
    return values.pop(0)
