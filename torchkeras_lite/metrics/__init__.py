"""Metrics: reset, update, result."""

from torchkeras_lite.metrics.base import Metric
from torchkeras_lite.metrics.reduction import Mean, MeanMetricWrapper, Sum
from torchkeras_lite.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
)
from torchkeras_lite.metrics.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
)
from torchkeras_lite.losses import (
    binary_crossentropy,
    categorical_crossentropy,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
from torchkeras_lite.metrics.lookup import deserialize, get, resolve, serialize
