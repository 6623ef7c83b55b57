"""`tf.feature_column` and `DenseFeatures`, of Keras 2: columns of a table as the numbers of a model's first layer.

A column that stands for numbers has `numbers(features, layer)`, which gives (batch, width); one that stands for categories has
`places(features)`, which gives the number of each row's category, (batch, values), -1 where it is not known. `features` is a
dict of tensors and Texts, (batch,) or (batch, values).
"""

from __future__ import annotations

import math

import numpy as np
import torch

from torchkeras_lite import initializers, layers
from torchkeras_lite.texts import Texts, is_texts

__all__ = [
    "bucketized_column", "categorical_column_with_hash_bucket", "categorical_column_with_identity",
    "categorical_column_with_vocabulary_file", "categorical_column_with_vocabulary_list", "crossed_column", "embedding_column",
    "indicator_column", "make_parse_example_spec", "numeric_column", "shared_embeddings", "weighted_categorical_column",
]  # fmt: skip


def _column(features, key):
    """The feature `key`, (batch, values)."""
    if key not in features:
        raise ValueError(f"Feature {key} is not in features dictionary.")
    x = features[key]
    x = Texts(x) if is_texts(x) and not isinstance(x, Texts) else x
    return x.reshape(len(x), -1)


class _Categories:
    """The base of columns that stand for categories. `size`: how many there are."""

    name: str
    size: int

    def parts(self) -> list:
        return [self]


class numeric_column:
    """Numbers as they are, or as `normalizer_fn` makes them."""

    def __init__(self, key, shape=(1,), default_value=None, dtype="float32", normalizer_fn=None):
        self.key = self.name = key
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.default_value, self.dtype, self.normalizer_fn = default_value, dtype, normalizer_fn

    @property
    def width(self):
        return math.prod(self.shape)

    def numbers(self, features, layer):
        x = _column(features, self.key).to(torch.float32)
        x = x if self.normalizer_fn is None else self.normalizer_fn(x)
        return x.reshape(len(x), self.width)


class bucketized_column(_Categories):
    """Numbers cut into ranges: one-hot, or categories for a cross."""

    def __init__(self, source_column, boundaries):
        self.source_column, self.boundaries = source_column, tuple(boundaries)
        self.name, self.size = f"{source_column.name}_bucketized", len(self.boundaries) + 1

    @property
    def width(self):
        return self.source_column.width * self.size

    def places(self, features):
        x = self.source_column.numbers(features, None)
        return torch.bucketize(x, torch.tensor(self.boundaries, dtype=x.dtype, device=x.device), right=True)

    def numbers(self, features, layer):
        found = torch.nn.functional.one_hot(self.places(features), self.size).float()
        return found.reshape(len(found), self.width)


class categorical_column_with_vocabulary_list(_Categories):
    """Categories by a list of their values; others share `num_oov_buckets` further ones, or have `default_value`."""

    def __init__(self, key, vocabulary_list, dtype=None, default_value=-1, num_oov_buckets=0):
        self.key = self.name = key
        self.vocabulary_list = [v.decode() if isinstance(v, bytes) else v for v in np.asarray(vocabulary_list).tolist()]
        self._numbers = {value: i for i, value in enumerate(self.vocabulary_list)}
        self.default_value, self.num_oov_buckets = default_value, num_oov_buckets
        self.size = len(self.vocabulary_list) + num_oov_buckets

    def places(self, features):
        x = _column(features, self.key)
        others = layers.Hashing(self.num_oov_buckets)(x) + len(self.vocabulary_list) if self.num_oov_buckets else None
        found = torch.tensor([self._numbers.get(value, -1) for value in x.reshape(-1).tolist()], dtype=torch.int64)
        found = found.reshape(tuple(x.shape))
        return torch.where(found < 0, self.default_value if others is None else others.to(found.device), found)


def categorical_column_with_vocabulary_file(
    key, vocabulary_file, vocabulary_size=None, dtype="string", default_value=None, num_oov_buckets=0, file_format=None
):  # fmt: skip
    """Categories by a file of their values, one a line."""
    with open(vocabulary_file, encoding="utf-8") as file:
        words = file.read().splitlines()[:vocabulary_size]
    default = -1 if default_value is None else default_value
    return categorical_column_with_vocabulary_list(key, words, dtype, default, num_oov_buckets)


class categorical_column_with_identity(_Categories):
    """Whole numbers below `num_buckets`, which are categories themselves; others have `default_value`."""

    def __init__(self, key, num_buckets, default_value=None):
        self.key = self.name = key
        self.size, self.default_value = num_buckets, default_value

    def places(self, features):
        x = _column(features, self.key).long()
        return x if self.default_value is None else torch.where((x < 0) | (x >= self.size), self.default_value, x)


class categorical_column_with_hash_bucket(_Categories):
    """As many categories as said, among which the values are spread: the numbers of TensorFlow."""

    def __init__(self, key, hash_bucket_size, dtype="string"):
        self.key = self.name = key
        self.size = hash_bucket_size

    def places(self, features):
        return layers.Hashing(self.size)(_column(features, self.key))


class crossed_column(_Categories):
    """As many categories as said, among which what several columns have together is spread: the numbers of TensorFlow.

    Args:
        keys: names of features, or columns of categories.
        hash_bucket_size: how many categories.
    """

    def __init__(self, keys, hash_bucket_size, hash_key=None):
        self.keys, self.size = tuple(keys), hash_bucket_size
        self.name = "_X_".join(sorted(name for key in keys for name in ([key] if isinstance(key, str) else _names(key))))

    def places(self, features):
        found = []
        for key in self.keys:
            for part in [key] if isinstance(key, str) else key.keys if isinstance(key, crossed_column) else [key]:
                found.append(_column(features, part) if isinstance(part, str) else part.places(features))
        cross = layers.HashedCrossing(self.size)
        columns = [[x[:, i : i + 1] for i in range(x.shape[1])] for x in found]
        rows = [[]]
        for column in columns:
            rows = [[*row, one] for row in rows for one in column]
        return torch.cat([cross(row) for row in rows], 1)


def _names(column) -> list[str]:
    return column.name.split("_X_") if isinstance(column, crossed_column) else [column.name]


class weighted_categorical_column(_Categories):
    """Categories each of which counts as much as another feature says."""

    def __init__(self, categorical_column, weight_feature_key, dtype="float32"):
        self.column, self.weight_feature_key = categorical_column, weight_feature_key
        self.name = f"{categorical_column.name}_weighted_by_{weight_feature_key}"
        self.size = categorical_column.size

    def places(self, features):
        return self.column.places(features)

    def weights(self, features):
        return _column(features, self.weight_feature_key).float()


class indicator_column:
    """How often each category stands in a row."""

    def __init__(self, categorical_column):
        self.categorical_column, self.name = categorical_column, f"{categorical_column.name}_indicator"
        self.width = categorical_column.size

    def numbers(self, features, layer):
        places = self.categorical_column.places(features)
        counts = torch.nn.functional.one_hot(places.clamp(min=0), self.width) * (places >= 0)[..., None]
        weights = getattr(self.categorical_column, "weights", None)
        return counts.sum(1).float() if weights is None else (counts * weights(features)[..., None]).sum(1)


class embedding_column:
    """A learnt vector for each category; of several in a row their mean, sum, or sum over the root of their number."""

    def __init__(self, categorical_column, dimension, combiner="mean", initializer=None, ckpt_to_load_from=None,
                 tensor_name_in_ckpt=None, max_norm=None, trainable=True, use_safe_embedding_lookup=True):  # fmt: skip
        if combiner not in ("mean", "sqrtn", "sum"):
            raise ValueError(f"combiner must be one of 'mean', 'sqrtn' or 'sum'. Received: {combiner!r}")
        self.categorical_column, self.width, self.combiner = categorical_column, dimension, combiner
        self.initializer = initializer or initializers.TruncatedNormal(0.0, 1 / math.sqrt(dimension))
        self.max_norm, self.trainable, self.name = max_norm, trainable, f"{categorical_column.name}_embedding"
        self.shared = self

    def numbers(self, features, layer):
        places, table = self.categorical_column.places(features), layer.tables[id(self.shared)].value
        known = (places >= 0).to(table.device)
        vectors = table[places.clamp(min=0).to(table.device)]
        if self.max_norm is not None:
            vectors = vectors * (self.max_norm / vectors.norm(dim=-1, keepdim=True)).clamp(max=1)
        weights = getattr(self.categorical_column, "weights", None)
        shares = known.float() if weights is None else known * weights(features).to(table.device)
        total = (vectors * shares[..., None]).sum(1)
        if self.combiner == "sum":
            return total
        below = shares.sum(1, keepdim=True) if self.combiner == "mean" else (shares**2).sum(1, keepdim=True).sqrt()
        return torch.where(below > 0, total / torch.where(below > 0, below, 1.0), 0.0)


def shared_embeddings(categorical_columns, dimension, combiner="mean", initializer=None, **settings):
    """Embedding columns, one for each, with one table of vectors for all of them."""
    settings = {name: settings[name] for name in ("max_norm", "trainable") if name in settings}
    made = [embedding_column(column, dimension, combiner, initializer, **settings) for column in categorical_columns]
    for one in made:
        one.shared, one.name = made[0], f"{one.categorical_column.name}_shared_embedding"
    return made


def make_parse_example_spec(feature_columns) -> dict:
    """What `tf.io.parse_example` reads for numeric columns and the sources of bucketized ones."""
    from tensorflow import io

    spec = {}
    for column in feature_columns:
        column = getattr(column, "source_column", getattr(column, "categorical_column", column))
        if isinstance(column, numeric_column):
            spec[column.key] = io.FixedLenFeature(column.shape, column.dtype, column.default_value)
        else:
            kind = "int64" if isinstance(column, categorical_column_with_identity) else "string"
            spec[column.name] = io.VarLenFeature(kind)
    return spec


class DenseFeatures(layers.Layer):
    """The numbers of feature columns side by side, (batch, width), in the order of the columns' names.

    Args:
        feature_columns: numeric, bucketized, indicator and embedding columns, one or a list.

    Raises:
        ValueError: a column of categories, which has no numbers (put it into an indicator or embedding column).
    """

    takes_texts = True

    def __init__(self, feature_columns, trainable=True, name=None, partitioner=None, **kwargs):
        super().__init__(name=name, trainable=trainable, **kwargs)
        columns = list(feature_columns.values()) if isinstance(feature_columns, dict) else feature_columns
        columns = list(columns) if isinstance(columns, (list, tuple)) else [columns]
        for column in columns:
            if not hasattr(column, "numbers"):
                raise ValueError(
                    f"Items of feature_columns must be dense: {type(column).__name__} {column.name!r} stands for categories. "
                    "You can wrap a categorical column with an embedding_column or indicator_column."
                )
        self.feature_columns = sorted(columns, key=lambda column: column.name)
        self.tables = {}

    def build(self, input_shape):
        for column in self.feature_columns:
            if isinstance(column, embedding_column) and id(column.shared) not in self.tables:
                shape = (column.categorical_column.size, column.width)
                self.tables[id(column.shared)] = self.add_weight(
                    shape=shape, initializer=column.initializer, trainable=column.trainable,
                    name=f"{column.name}/embedding_weights",
                )  # fmt: skip

    def call(self, features, training=None):
        if not isinstance(features, dict):
            raise ValueError(f"We expected a dictionary here. Instead we got: {features}")
        home = self._device()
        return torch.cat([column.numbers(features, self).to(home) for column in self.feature_columns], 1)
