"""How alike predictions and targets move along an axis, the mean over all samples."""

from __future__ import annotations

import torch

from torchkeras_lite import config, losses
from torchkeras_lite.losses.functions import paired, tensors_of
from torchkeras_lite.metrics.base import table
from torchkeras_lite.metrics.reduction import MeanMetricWrapper, functions


def _both(name, y_true, y_pred):
    y_true, y_pred = tensors_of(y_true, y_pred)
    return paired(name, y_true, y_pred if y_pred.is_floating_point() else y_pred.to(config.torch_dtype(None)))


def _centred(x, axis):
    return x - x.mean(axis, keepdim=True)


def cosine_similarity(y_true, y_pred, axis=-1) -> torch.Tensor:
    """The cosine of the angle between targets and predictions along `axis`: 1 where they point the same way."""
    return -losses.cosine_similarity(y_true, y_pred, axis)


def pearson_correlation(y_true, y_pred, axis=-1) -> torch.Tensor:
    """The covariance of targets and predictions along `axis` over the product of their deviations, from -1 to 1."""
    y_true, y_pred = (_centred(y, axis) for y in _both("pearson_correlation", y_true, y_pred))
    y_true, y_pred = (y / y.std(axis, correction=0, keepdim=True) for y in (y_true, y_pred))
    return (y_true * y_pred).mean(axis)


def concordance_correlation(y_true, y_pred, axis=-1) -> torch.Tensor:
    """Pearson's correlation along `axis`, less where means or deviations differ: 1 only where both are equal."""
    y_true, y_pred = _both("concordance_correlation", y_true, y_pred)
    apart = y_true.mean(axis, keepdim=True) - y_pred.mean(axis, keepdim=True)
    y_true, y_pred = _centred(y_true, axis), _centred(y_pred, axis)
    spread = y_true.square().mean(axis) + y_pred.square().mean(axis) + apart.squeeze(axis).square()
    return 2 * (y_true * y_pred).mean(axis) / (spread + config.epsilon())


class CosineSimilarity(MeanMetricWrapper):
    """The cosine of the angle between targets and predictions along `axis`."""

    _direction = "up"

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(cosine_similarity, name, dtype, axis=axis)

    def get_config(self):
        config = self._base_config()
        return config if self.axis == -1 else {**config, "axis": self.axis}  # Keras forgets the axis


class PearsonCorrelation(MeanMetricWrapper):
    """Pearson's correlation of targets and predictions along `axis`."""

    _direction = "up"

    def __init__(self, name="pearson_correlation", dtype=None, axis=-1):
        super().__init__(pearson_correlation, name, dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """Lin's concordance correlation of targets and predictions along `axis`."""

    _direction = "up"

    def __init__(self, name="concordance_correlation", dtype=None, axis=-1):
        super().__init__(concordance_correlation, name, dtype, axis=axis)


for _function in (pearson_correlation, concordance_correlation):
    functions[_function.__name__] = _function
for _class in (CosineSimilarity, PearsonCorrelation, ConcordanceCorrelation):
    table.add(_class)
