"""What `compile()` was given, as objects: losses and metrics for one output or for many."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import losses
from torchkeras_lite import metrics as metrics_module
from torchkeras_lite.graph import leaves
from torchkeras_lite.metrics import Counted, Mean, MeanMetricWrapper
from torchkeras_lite.models.nested_loss import NestedLoss, has_structures, is_nested
from torchkeras_lite.registry import public_module, suggest


class CompileLoss:
    """The loss of a model: one object for one output; for several outputs one each, weighted and added.

    Args:
        loss: a name, callable or Loss; or a list or dict of these, in the structure of the outputs.
        loss_weights: a number each, in the same structure.
        output_names: the names of the outputs, in order, if the model knows them.
    """

    def __init__(self, loss, loss_weights=None, output_names=None):
        self.given, self.loss_weights, self.output_names = loss, loss_weights, output_names
        self.single = self.parts = self.nested = None
        self.trackers: list[Mean] = []
        self._weight = _single_weight(loss_weights)
        if isinstance(loss, (list, tuple, dict)):
            for one in leaves(loss):
                _is_late(one) or losses.resolve(one)  # unknown names are refused at once, in compile()
        elif not _is_late(loss):
            self.single = losses.resolve(loss)

    def build(self, y_true, y_pred) -> None:
        """For loops of the user's own that build before they compute. There is nothing to do: the first call settles all."""

    def __call__(self, y_true, y_pred, sample_weight=None) -> torch.Tensor:
        """The scalar loss."""
        if self.single is None and _is_late(self.given) and type(y_pred) is torch.Tensor:
            self.single = losses.resolve(self.given, _only(y_true, "y"), y_pred)
        if self.single is not None and type(y_pred) is torch.Tensor:
            if type(y_true) is not torch.Tensor:
                y_true = _only(y_true, "y")
            value = self.single(y_true, y_pred, sample_weight)
            if self._weight is None:
                return value
            if isinstance(self._weight, list):
                _in_order(self._weight, [None], 1, "loss_weights")  # raises
            return value * self._weight
        if self.nested is None and self.parts is None and is_nested(self.given, y_pred):
            self.nested = NestedLoss(self.given, self.loss_weights, self.output_names, y_true, y_pred)
            self.trackers = self.nested.trackers
        if self.nested is not None:
            return self.nested(y_true, y_pred, sample_weight)
        predictions = _values(y_pred)
        self.names = _names(y_pred, self.output_names)
        truths, weights = self._aligned(y_true, "y"), self._aligned(sample_weight, "sample_weight", spread=True)
        if self.parts is None:
            self._resolve(truths, predictions)
            if isinstance(y_pred, dict):  # whose losses Keras names in the order in which the model was written
                written = [f"{key}_loss" for key in y_pred]
                self.trackers.sort(key=lambda tracker: written.index(tracker.name) if tracker.name in written else 0)
        total = None
        for index, (loss, weight, tracker) in enumerate(self.parts):
            if loss is None or truths[index] is None:
                continue
            value = loss(truths[index], predictions[index], weights[index])
            if tracker is not None:
                tracker.add(value.detach(), len(predictions[index]), mean=True)
            if weight is not None:
                value = value * weight
            total = value if total is None else total + value
        if total is None:
            raise ValueError("No loss to compute: every output has a loss of None.")
        return total

    def _resolve(self, truths, predictions):
        names, count = self.names, len(predictions)
        one_for_all = not isinstance(self.given, (list, tuple, dict))
        given = [self.given] * count if one_for_all else _in_order(self.given, names, count, "loss")
        weights = self.loss_weights
        weights = [None] * count if weights is None else _in_order(weights, names, count, "loss_weights")
        track = sum(loss is not None for loss in given) > 1
        self.parts = []
        for loss, weight, name, truth, prediction in zip(given, weights, names, truths, predictions, strict=True):
            found = losses.resolve(loss, truth, prediction)
            # Outputs without names are told apart by their losses.
            tracker = Mean(name=f"{name or found.name}_loss") if track and found is not None else None
            self.parts.append((found, weight, tracker))
        self.trackers = [tracker for _, _, tracker in self.parts if tracker is not None]

    def _aligned(self, data, what, spread=False):
        if data is None:
            return [None] * len(self.names)
        if spread and isinstance(data, torch.Tensor):
            return [data] * len(self.names)
        if what == "y" and isinstance(self.given, (list, tuple, dict)) and not isinstance(data, dict):
            found = _values(data)
            if len(found) != len(self.names):
                wanted = [loss is not None for loss in _in_order(self.given, self.names, len(self.names), "loss")]
                if sum(wanted) == len(found):  # there are targets for those outputs alone that have a loss
                    targets = iter(found)
                    return [next(targets) if has_loss else None for has_loss in wanted]
        return _in_order(data, self.names, len(self.names), what)


class CompileMetrics:
    """The metrics of a model, made when the first batch shows the shapes (a name such as "accuracy" depends on them)."""

    def __init__(self, metrics=None, weighted_metrics=None, output_names=None):
        self.name = "compile_metrics"
        self.metrics_given, self.weighted_given = metrics, weighted_metrics
        self.output_names = output_names
        self.built = False
        self.plain: list = []  # (output index, metric), fed without weights
        self.weighted: list = []  # (output index, metric), fed with them
        self.metrics: list = []
        self.can_wait = False  # whether batches may be counted several at a time (see Tally)
        self.labels: list[str] = []
        self._lone: tuple | None = None
        self._parts = _values  # the outputs, or the targets, in a row
        for one in pytree.tree_leaves((metrics, weighted_metrics)):
            if isinstance(one, str):
                metrics_module.resolve(one, (1, 1), (1, 1))  # unknown names are refused at once, in compile()

    @property
    def given(self) -> bool:
        """Whether `compile()` was given any metric."""
        return bool(self.metrics_given or self.weighted_given)

    def build(self, y_true, y_pred):
        nested = has_structures(y_pred)
        if nested:
            self._parts = leaves
        predictions, truths = self._parts(y_pred), self._beside(y_true, y_pred)
        names = _names(predictions if nested else y_pred, self.output_names)
        several = len(predictions) > 1
        seen: dict[str, int] = {}
        given_each: list = []
        for weighted, given in ((False, self.metrics_given), (True, self.weighted_given)):
            target = self.weighted if weighted else self.plain
            groups = _by_leaf(given, y_pred, ()) if nested else self._by_output(given, names, len(predictions))
            for index, group in enumerate(groups):
                for one in group:
                    if one is None:
                        continue
                    if isinstance(one, dict):
                        raise ValueError(
                            "`metrics` is a list or a dict by output, and a list in it holds a dict, which is no metric. "
                            f"Received: {given}"
                        )
                    truth = truths[min(index, len(truths) - 1)]
                    metric = metrics_module.resolve(one, truth.shape, predictions[index].shape)
                    target.append((index, metric))
                    given_each.append(one)
                    prefix = f"{names[index]}_" if several and names[index] else ""
                    label = prefix + metric.name
                    if weighted and label in seen:
                        label = f"{prefix}weighted_{metric.name}"
                    seen[label] = seen.get(label, 0) + 1
                    self.labels.append(label if seen[label] == 1 else f"{label}_{seen[label] - 1}")
        self.metrics = [metric for _, metric in (*self.plain, *self.weighted)]
        self.can_wait = not several and not self.weighted and all(
            isinstance(one, str) and can_wait(metric) for one, metric in zip(given_each, self.metrics, strict=True)
        )
        self.built = True
        self._lone = tuple(self.metrics) if not several and not self.weighted else None

    def _beside(self, data, y_pred) -> list:
        """Targets or weights in the order of the outputs; those in a dict by the names of these."""
        names = self.output_names
        if isinstance(data, dict) and not isinstance(y_pred, dict) and names and data.keys() <= set(names):
            return [data.get(name) for name in names]
        return self._parts(data)

    def _by_output(self, given, names, count):
        if given is None:
            return [[] for _ in range(count)]
        if isinstance(given, dict):
            return [_listed(one) for one in _in_order(given, names, count, "metrics")]
        given = _listed(given)
        if count == 1:
            return [given[0] if len(given) == 1 and isinstance(given[0], (list, tuple)) else given]
        if any(isinstance(one, (list, tuple)) for one in given) or len(given) == count:
            if len(given) != count:
                raise ValueError(f"`metrics` has {len(given)} entries for {count} outputs. Received: metrics={given}")
            return [_listed(one) for one in given]
        return [[_fresh(one) for one in given] for _ in range(count)]

    def update_state(self, y_true, y_pred, sample_weight=None):
        if not self.built:
            self.build(y_true, y_pred)
        if self._lone is not None and type(y_true) is torch.Tensor:
            for metric in self._lone:
                metric.update_state(y_true, y_pred)
            return
        predictions, truths = self._parts(y_pred), self._beside(y_true, y_pred)
        weights = self._beside(sample_weight, y_pred) if sample_weight is not None else [None]
        for index, metric in self.plain:
            metric.update_state(truths[index], predictions[index])
        for index, metric in self.weighted:
            metric.update_state(truths[index], predictions[index], weights[min(index, len(weights) - 1)])

    def pending(self) -> dict:
        """The values so far, by name, not yet read from the device."""
        return {label: metric.pending() for label, metric in zip(self.labels, self.metrics, strict=True)}

    def result(self) -> dict:
        """The values so far, by name, as tensors."""
        return {label: metric.result() for label, metric in zip(self.labels, self.metrics, strict=True)}

    def reset_state(self):
        for metric in self.metrics:
            metric.reset_state()

    @property
    def variables(self):
        return [variable for metric in self.metrics for variable in metric.variables]

    def __repr__(self):
        return f"<CompileMetrics name={self.name}>"


def _by_leaf(given, outputs, path) -> list[list]:
    """The metrics of each output, for outputs in structures, in their order. What `given` does not name has none."""
    if given is None:
        return [[] for _ in leaves(outputs)]
    if isinstance(outputs, torch.Tensor):
        return [_listed(given)]
    if isinstance(given, (list, tuple)) and not isinstance(outputs, dict) and len(given) == len(outputs):
        return [group for one, output in zip(given, outputs, strict=True) for group in _by_leaf(one, output, (*path, "..."))]
    if not isinstance(given, dict) or not isinstance(outputs, dict) or not given.keys() <= outputs.keys():
        raise ValueError(
            "`metrics` has to be in the structure of the outputs, which has "
            f"{list(outputs) if isinstance(outputs, dict) else f'a list of {len(outputs)}'} at {path or 'its top'}. "
            f"Received there: {given}"
        )
    return [group for key in sorted(outputs) for group in _by_leaf(given.get(key), outputs[key], (*path, key))]


class NoSuchOutput(ValueError, KeyError):
    """A key that no output has: Keras raises the one where outputs have names only, and the other where they are a dict."""

    __str__ = Exception.__str__  # a KeyError shows its text in quotes


def _is_late(loss) -> bool:
    """Whether only the shapes of a batch will tell which loss this name means."""
    return isinstance(loss, str) and loss.lower() in ("crossentropy", "ce")


def _listed(value) -> list:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def _fresh(metric):
    """The same metric for another output must not share its state."""
    return type(metric).from_config(metric.get_config()) if hasattr(metric, "update_state") else metric


def _single_weight(weights):
    """The weight of a loss that is the only one; a list, if these are the weights of several."""
    if weights is None:
        return None
    values = list(weights.values()) if isinstance(weights, dict) else _listed(weights)
    if len(values) != 1:
        return values
    return None if values[0] == 1 else values[0]


def _only(data, what):
    leaves = _values(data)
    if len(leaves) != 1:
        raise ValueError(f"The model has one output, but `{what}` has {len(leaves)} parts.")
    return leaves[0]


def _values(data) -> list:
    if isinstance(data, torch.Tensor):
        return [data]
    return [data[key] for key in _ordered(data)] if isinstance(data, dict) else list(data)


def _ordered(outputs: dict) -> list[str]:
    """The keys of outputs in the order in which Keras counts them."""
    return list(outputs) if isinstance(outputs, OrderedDict) else sorted(outputs)


def _names(y_pred, output_names) -> list[str | None]:
    """The names of the outputs; None for those that have none."""
    if isinstance(y_pred, dict):
        return _ordered(y_pred)
    count = len(_values(y_pred))
    if output_names and len(output_names) == count:
        return list(output_names)
    return [None] * count


def _in_order(data, names, count, what) -> list:
    """The entries of a list or dict, one for each output, in the order of the outputs."""
    if isinstance(data, dict) and count == 1 == len(data) and names == [None]:
        return list(data.values())  # one output without a name: whatever it is called here, it is meant
    if isinstance(data, dict):
        unknown = [key for key in data if key not in names]
        if unknown:
            raise NoSuchOutput(
                f"Invalid `{what}`: its key {unknown[0]!r} does not correspond to any model output. Expected keys: "
                f"{list(names)}.{suggest(unknown[0], names)}"
            )
        return [data.get(name) for name in names]
    values = [data] if isinstance(data, (torch.Tensor, int, float)) else list(data)
    if len(values) != count:
        outputs, entries = ("one output", "one entry") if count == 1 else (f"{count} outputs", f"{count} entries")
        raise ValueError(f"For a model with {outputs}, `{what}` must have {entries}. Received {len(values)}.")
    return values


def can_wait(metric) -> bool:
    """Whether a metric of ours is a plain mean over rows, or sums over rows, so that two batches may be counted as one."""
    if public_module(type(metric)) != "keras.metrics":
        return False
    return isinstance(metric, Counted) or (isinstance(metric, MeanMetricWrapper) and hasattr(metric.fn, "hits"))
