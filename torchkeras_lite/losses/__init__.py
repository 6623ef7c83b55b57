"""Losses: by function, by class, by name, and torch's own."""

from torchkeras_lite.losses.base import FUSED, Loss, LossFunctionWrapper, apply_mask, reduce_weighted
from torchkeras_lite.losses.regression import (
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from torchkeras_lite.losses.hinges import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from torchkeras_lite.losses.divergence import KLDivergence, Poisson, kl_divergence, poisson
from torchkeras_lite.losses.crossentropies import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    categorical_generalized_cross_entropy,
    sparse_categorical_crossentropy,
)
from torchkeras_lite.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
)
from torchkeras_lite.losses.segmentation import Dice, Tversky, dice, tversky
from torchkeras_lite.losses.similarity import Circle, CosineSimilarity, circle, cosine_similarity
from torchkeras_lite.losses.alignment import CTC, ctc
from torchkeras_lite.losses import fused
from torchkeras_lite.losses.torch_loss import TorchLoss, is_torch_loss
from torchkeras_lite.losses.lookup import cross_entropy_kind, deserialize, get, resolve, serialize
