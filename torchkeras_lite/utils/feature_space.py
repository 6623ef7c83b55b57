"""FeatureSpace: the columns of a table, each encoded in its own way, as one vector per row."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import torch

from torchkeras_lite import config, symbolic
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.categories import CategoryEncoding, Discretization, HashedCrossing, Hashing
from torchkeras_lite.layers.core import Input
from torchkeras_lite.layers.data_normalization import Normalization
from torchkeras_lite.layers.image_preprocessing import Rescaling
from torchkeras_lite.layers.lookup import IntegerLookup, StringLookup
from torchkeras_lite.registry import Configurable, deserialize, serialize, unique_name
from torchkeras_lite.saving import save_model
from torchkeras_lite.texts import Texts, is_texts
from torchkeras_lite.variable import tensor_of

_IN_FILES = "keras.src.layers.preprocessing.feature_space"
_ROWS = 32  # at a time, of data without batches


def _check(name, value, known) -> None:
    if value not in known:
        raise ValueError(f"Invalid value for argument `{name}`. Expected one of {known}. Received: {name}={value}")


class Cross(Configurable):
    """Features whose values count together: each combination is hashed to a number below `crossing_dim`.

    Args:
        feature_names: the features.
        output_mode: "one_hot" or "int".
    """

    keras_module = _IN_FILES

    def __init__(self, feature_names, crossing_dim, output_mode="one_hot"):
        _check("output_mode", output_mode, ("int", "one_hot"))
        self.feature_names, self.crossing_dim, self.output_mode = tuple(feature_names), crossing_dim, output_mode

    @property
    def name(self) -> str:
        return "_X_".join(self.feature_names)


class Feature(Configurable):
    """How a column is encoded.

    Args:
        dtype: of the raw values.
        preprocessor: the layer that makes numbers of them.
        output_mode: "float": its output is taken as it is; "one_hot": it gives numbers of categories, which become vectors;
            "int": it gives numbers of categories, which are taken as they are.
    """

    keras_module = _IN_FILES

    def __init__(self, dtype, preprocessor, output_mode):
        _check("output_mode", output_mode, ("int", "one_hot", "float"))
        self.dtype, self.preprocessor, self.output_mode = dtype, deserialize(preprocessor), output_mode


class Identity(Layer):
    """Its input."""

    keras_module, keras_name = _IN_FILES, "TFDIdentity"

    def call(self, x):
        return x


class Concat(Layer):
    """A list of tensors as one, along `axis`."""

    keras_module, keras_name = _IN_FILES, "TFDConcat"

    def __init__(self, axis, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, xs):
        return torch.cat(list(xs), self.axis)


class FeatureSpace(Layer):
    """Encodes rows of a table: a dict of columns becomes one vector per row, or a dict of encoded columns.

    It learns what it has to know (vocabularies, means) from data: `space.adapt(data)`. Then it is called on a dict of columns,
    of shape (rows,) or (rows, 1), or on one row (a dict of scalars); in `dataset.map(space)` too. For models that take raw
    columns there are `space.get_inputs()` and `space.get_encoded_features()`.

    In vectors features stand in alphabetical order, then crosses.

    Args:
        features: name of a column -> the kind of feature: what a method of this class gives (`FeatureSpace.float_normalized()`)
            or that method's name (`"float_normalized"`).
        output_mode: "concat": a vector (rows, all encoded features); "dict": name -> encoded feature.
        crosses: tuples of names of features that are to count together, or `FeatureSpace.cross(...)`.
        crossing_dim, hashing_dim, num_discretization_bins: sizes for crosses and for kinds given by their name.

    Raises:
        ValueError: no features, an unknown kind or mode, crosses of unknown features; a call before `adapt`, where something
            has to be learned, or on something else than a dict; integers that are to become part of a vector.
        KeyError: a call on other columns than the features.
    """

    def __init__(
        self,
        features,
        output_mode="concat",
        crosses=None,
        crossing_dim=32,
        hashing_dim=32,
        num_discretization_bins=32,
        name=None,
    ):
        super().__init__(name=name)
        if not features:
            raise ValueError("The `features` argument cannot be None or empty.")
        _check("output_mode", output_mode, ("dict", "concat"))
        self.crossing_dim, self.hashing_dim, self.num_discretization_bins = crossing_dim, hashing_dim, num_discretization_bins
        self.output_mode = output_mode
        features = {key: self._as_feature(key, value) for key, value in features.items()}
        crosses = [self._as_cross(cross, features) for cross in crosses or ()]
        self.__dict__.update(
            features=features,
            crosses=crosses,
            crosses_by_name={cross.name: cross for cross in crosses},
            inputs={key: Input(shape=(1,), dtype=feature.dtype, name=key) for key, feature in features.items()},
            encoded_features=None,
            _adapted=False,
        )
        self.preprocessors = {key: feature.preprocessor for key, feature in features.items()}
        self.crossers = {cross.name: HashedCrossing(cross.crossing_dim, name=cross.name) for cross in crosses}
        self.one_hot_encoders = {}
        self.concat = None

    def _as_feature(self, name, value):
        if isinstance(value, dict):
            value = deserialize(value)
        if isinstance(value, Feature):
            return value
        sizes = {"float_discretized": self.num_discretization_bins}
        sizes.update(dict.fromkeys(("integer_hashed", "string_hashed"), self.hashing_dim))
        if value not in _KINDS:
            raise ValueError(f"Invalid feature type: {value}. Known: {', '.join(_KINDS)}, `FeatureSpace.feature(...)`.")
        make = getattr(self, value)
        return make(sizes[value], name=name) if value in sizes else make(name=name)

    def _as_cross(self, cross, features):
        if isinstance(cross, dict):
            cross = deserialize(cross)
        if not isinstance(cross, Cross):
            if not self.crossing_dim:
                raise ValueError("Where `crosses` are given, `crossing_dim` (the size of their vectors) must be given too.")
            cross = Cross(cross, self.crossing_dim)
        if unknown := [name for name in cross.feature_names if name not in features]:
            raise ValueError(
                "All features referenced in the `crosses` argument should be present in `features`. Received: unknown "
                f"features: {unknown}"
            )
        return cross

    # ------------------------------------------------------------ kinds of features

    @classmethod
    def cross(cls, feature_names, crossing_dim, output_mode="one_hot"):
        """Features that count together: see Cross."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype, preprocessor, output_mode):
        """A feature with a layer of one's own: see Feature."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name=None):
        """Numbers, as they are."""
        return Feature("float32", Identity(dtype="float32", name=_named(name, "float")), "float")

    @classmethod
    def float_rescaled(cls, scale=1.0, offset=0.0, name=None):
        """Numbers, as number * scale + offset."""
        return Feature("float32", Rescaling(scale, offset, name=_named(name, "float_rescaled")), "float")

    @classmethod
    def float_normalized(cls, name=None):
        """Numbers, with mean 0 and variance 1, which are learned."""
        return Feature("float32", Normalization(axis=-1, name=_named(name, "float_normalized")), "float")

    @classmethod
    def float_discretized(cls, num_bins, bin_boundaries=None, output_mode="one_hot", name=None):
        """Numbers, as the intervals in which they lie; learned, if no boundaries are given."""
        layer = Discretization(num_bins=num_bins, bin_boundaries=bin_boundaries, name=_named(name, "float_discretized"))
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(cls, max_tokens=None, num_oov_indices=1, output_mode="one_hot", name=None):
        """Integers that are categories, which are learned."""
        name = _named(name, "integer_categorical")
        return Feature("int32", IntegerLookup(max_tokens=max_tokens, num_oov_indices=num_oov_indices, name=name), output_mode)

    @classmethod
    def string_categorical(cls, max_tokens=None, num_oov_indices=1, output_mode="one_hot", name=None):
        """Strings that are categories, which are learned."""
        name = _named(name, "string_categorical")
        return Feature("string", StringLookup(max_tokens=max_tokens, num_oov_indices=num_oov_indices, name=name), output_mode)

    @classmethod
    def string_hashed(cls, num_bins, output_mode="one_hot", name=None):
        """Strings, hashed to numbers below `num_bins`."""
        return Feature("string", Hashing(num_bins, name=_named(name, "string_hashed")), output_mode)

    @classmethod
    def integer_hashed(cls, num_bins, output_mode="one_hot", name=None):
        """Integers, hashed to numbers below `num_bins`."""
        return Feature("int32", Hashing(num_bins, name=_named(name, "integer_hashed")), output_mode)

    # ------------------------------------------------------------ learning

    def _learners(self) -> list[str]:
        """The features that learn from data."""

        def learns(layer):
            if isinstance(layer, Normalization):
                return layer.input_mean is None
            if isinstance(layer, Discretization):
                return layer.num_bins is not None
            lookup = getattr(layer, "_lookup_layer", layer)
            return hasattr(layer, "adapt") and not getattr(lookup, "_has_input_vocabulary", False)

        return [name for name, layer in self.preprocessors.items() if learns(layer)]

    def adapt(self, dataset) -> None:
        """Learns what the features have to know, anew.

        Args:
            dataset: a dict of columns, or a data set (anything that can be iterated) of dicts: rows or batches of rows.

        Raises:
            ValueError: it is none of these, or it is empty.
        """
        if not isinstance(dataset, dict) and (isinstance(dataset, (list, tuple, str)) or not isinstance(dataset, Iterable)):
            raise ValueError(
                "`adapt()` can only be called on a data set of dicts, or on a dict of arrays or lists. Received: "
                f"{dataset} (of type {type(dataset)})"
            )
        if iter(dataset) is dataset:  # each feature goes through it
            dataset = list(dataset)
        for name in self._learners():
            self.preprocessors[name].adapt(self._column(dataset, name))
        self.one_hot_encoders = {}  # of other sizes than before, perhaps
        self.__dict__.update(_adapted=True, encoded_features=None)
        self._finish()

    def _column(self, dataset, name):
        """The batches (rows, 1) of one feature."""
        if isinstance(dataset, dict):
            column = _as_data(dataset[name])
            column = column.unsqueeze(-1) if len(column.shape) == 1 else column
            yield from (column[i : i + _ROWS] for i in range(0, len(column), _ROWS))
            return
        rows: list = []
        for element in itertools.chain(dataset, [None]):
            if element is not None:
                if not isinstance(element, dict):
                    raise ValueError(
                        f"`adapt()` needs a data set whose elements are dicts. Received elements of type {type(element)}. The "
                        "usual fix: `space.adapt(dataset.map(lambda x, y: x))`"
                    )
                value = _as_data(element[name])
                if len(value.shape) == 0:
                    rows.append(value.reshape(1, 1))
                else:
                    yield value.unsqueeze(-1) if len(value.shape) == 1 else value
            if rows and (element is None or len(rows) == _ROWS):
                yield Texts(np.concatenate(rows)) if isinstance(rows[0], Texts) else torch.cat(rows)
                rows = []

    def _finish(self) -> None:
        """Makes the encoders, whose sizes are known now."""
        if self.encoded_features is not None:
            return
        if not self._adapted and self._learners():
            raise ValueError(
                f"FeatureSpace {self.name!r} has to learn from data before it is used. You need to call `.adapt(dataset)`."
            )
        self.__dict__.update(_adapted=True, encoded_features=self.call(self.inputs))
        self.built = True

    def get_inputs(self) -> dict:
        """An `Input` for each column."""
        self._finish()
        return self.inputs

    def get_encoded_features(self):
        """What becomes of `get_inputs()`: symbolic tensors for a model."""
        self._finish()
        return self.encoded_features

    # ------------------------------------------------------------ encoding

    def forward(self, data):
        """The encoded rows, or the one encoded row, of a dict of columns."""
        self._finish()
        if not isinstance(data, dict):
            raise ValueError(f"A FeatureSpace can only be called with a dict. Received: data={data} (of type {type(data)})")
        if data.keys() != self.features.keys():
            raise KeyError(
                f"FeatureSpace {self.name!r} has the features {sorted(self.features)}. Received a dict with other keys: "
                f"{sorted(data)}"
            )
        if symbolic.is_symbolic(data):
            return self.call(data)
        columns, one = {}, False
        for name, value in data.items():
            value = _as_data(value)
            rank = len(value.shape)
            one = one or rank == 0
            columns[name] = value.reshape(1, 1) if rank == 0 else value.unsqueeze(-1) if rank == 1 else value
        encoded = self.call(columns)
        if not one:
            return encoded
        if self.output_mode == "concat":
            return encoded.squeeze(0)
        return {name: x.squeeze(0) if x.ndim == 2 else x for name, x in encoded.items()}

    def call(self, inputs):
        numbers = {name: self.preprocessors[name](inputs[name]) for name in sorted(self.features)}
        crossed = {
            name: self.crossers[name]([numbers[part] for part in self.crosses_by_name[name].feature_names])
            for name in sorted(self.crossers)
        }
        encoded = {name: self._encode(name, x) for name, x in [*numbers.items(), *crossed.items()]}
        if self.output_mode == "dict":
            return encoded
        if self.concat is None:
            self.concat = Concat(axis=-1)
        return self.concat(list(encoded.values()))

    def _encode(self, name, x):
        """Numbers of categories as vectors, where the feature is to be such."""
        spec = self.features.get(name) or self.crosses_by_name[name]
        if spec.output_mode == "one_hot":
            if name not in self.one_hot_encoders:
                self.one_hot_encoders[name] = CategoryEncoding(self._categories(name, x), output_mode="multi_hot")
            return self.one_hot_encoders[name](x)
        if self.output_mode == "concat" and not _is_float(x):
            raise ValueError(
                f"Cannot concatenate features because feature {name!r} has not been encoded (it has dtype "
                f"{config.dtype_name(x.dtype)}). Consider using `output_mode='dict'`."
            )
        return x

    def _categories(self, name, x) -> int:
        """How many categories a feature or cross has."""
        layer = self.preprocessors.get(name) or self.crossers[name]
        if _is_float(x):
            raise ValueError(
                f"Feature {name!r} has `output_mode='one_hot'`, so its preprocessor should give integers. It gives "
                f"{config.dtype_name(x.dtype)}."
            )
        if isinstance(layer, (IntegerLookup, StringLookup)):
            return layer.vocabulary_size()
        size = layer.num_tokens if isinstance(layer, CategoryEncoding) else getattr(layer, "num_bins", None)
        if size is None and isinstance(layer, Discretization):
            size = len(layer.bin_boundaries) + 1
        if size is None:
            raise ValueError(
                f"Feature {name!r} has `output_mode='one_hot'`, but how many categories its preprocessor gives is not known. "
                "The usual fix: `output_mode='int'`."
            )
        return size

    # ------------------------------------------------------------ files

    def get_config(self):
        names = ("output_mode", "crossing_dim", "hashing_dim", "num_discretization_bins")
        own = {name: getattr(self, name) for name in names}
        return {"features": serialize(self.features), "crosses": serialize(self.crosses), **own}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def get_build_config(self):
        return {name: layer.get_build_config() for name, layer in self.preprocessors.items()}

    def build_from_config(self, config):
        for name, one in config.items():
            if not self.preprocessors[name].built and one:
                self.preprocessors[name].build_from_config(one)
        self.__dict__["_adapted"] = True
        self.built = True

    def save(self, filepath, **kwargs) -> None:
        """Writes a `.keras` file; `load_model` reads it."""
        self._finish()
        save_model(self, filepath, **kwargs)


_KINDS = (
    "float", "float_normalized", "float_rescaled", "float_discretized", "integer_categorical", "string_categorical",
    "integer_hashed", "string_hashed",
)  # fmt: skip


def _named(name, kind) -> str:
    return f"{name or unique_name(kind)}_preprocessor"


def _is_float(x) -> bool:
    return str(x.dtype).removeprefix("torch.").startswith(("float", "bfloat"))


def _as_data(value):
    """Texts, or a tensor."""
    if is_texts(value):
        return Texts(value)
    if hasattr(value, "to_numpy"):  # a column of pandas
        value = value.to_numpy()
        return Texts(value) if is_texts(value) else tensor_of(value)
    return value if isinstance(value, torch.Tensor) else tensor_of(value, device=config.get_device())
