"""Convolutions that have another kernel at each place."""

from __future__ import annotations

import torch

from torchkeras_lite import activations, config, constraints, initializers, layers, registry, regularizers

from ._words import by_name

_PLACES = (
    "filters kernel_size strides padding data_format activation use_bias kernel_initializer bias_initializer "
    "kernel_regularizer bias_regularizer activity_regularizer kernel_constraint bias_constraint implementation"
).split()
_DEFAULTS = {
    "strides": 1, "padding": "valid", "data_format": None, "activation": None, "use_bias": True,
    "kernel_initializer": "glorot_uniform", "bias_initializer": "zeros", "kernel_regularizer": None,
    "bias_regularizer": None, "activity_regularizer": None, "kernel_constraint": None, "bias_constraint": None,
    "implementation": 1,
}  # fmt: skip
_OLD = {
    "nb_filter": "filters", "filter_length": "kernel_size", "subsample": "strides", "subsample_length": "strides",
    "border_mode": "padding", "dim_ordering": "data_format", "init": "kernel_initializer", "bias": "use_bias",
    "W_regularizer": "kernel_regularizer", "b_regularizer": "bias_regularizer", "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
}  # fmt: skip
_FORMATS = {"th": "channels_first", "tf": "channels_last", "default": None}
_OLD_PENALTIES = {"activity_l1": "l1", "activity_l2": "l2"}


class _LocallyConnected(layers.Layer):
    """The base of both.

    Args:
        filters, kernel_size, strides, data_format, activation, use_bias, initializers, regularizers, constraints: as of a
            convolution, in the words of Keras 2 or 1 (there the kernel of the 2-D one is `nb_row, nb_col`).
        padding: "valid" only.

    The kernel is (places, kernel size * channels, filters), the bias (places along each axis, filters).
    """

    rank: int

    def __init__(self, *args, **words):
        sides = args[1 : self.rank + 1]
        if self.rank == 2 and len(sides) == 2 and all(isinstance(side, int) for side in sides):
            args = (args[0], tuple(sides), *args[3:])
        if "nb_row" in words:
            words["kernel_size"] = (words.pop("nb_row"), words.pop("nb_col"))
        words = {_OLD.get(word, word): value for word, value in words.items()}
        words = {**_DEFAULTS, **by_name(args, _PLACES, words, type(self).__name__)}
        given = {name: words.pop(name, None) for name in _PLACES}
        if self.rank == 1 and "input_dim" in words:
            words["input_shape"] = (words.pop("input_length", None), words.pop("input_dim"))
        penalty = given.pop("activity_regularizer")
        penalty = _OLD_PENALTIES.get(penalty, penalty) if isinstance(penalty, str) else penalty
        super().__init__(activity_regularizer=penalty, **words)
        self.filters = given["filters"]
        for name in ("kernel_size", "strides"):
            value = given[name]
            setattr(self, name, (value,) * self.rank if isinstance(value, int) else tuple(value))
        if given["padding"] != "valid":
            raise ValueError(f"{type(self).__name__} knows `padding='valid'` only. Received: padding={given['padding']!r}")
        self.data_format = config.standardize_data_format(_FORMATS.get(given["data_format"], given["data_format"]))
        self.activation = activations.get(given["activation"])
        self.use_bias = given["use_bias"]
        for part in ("kernel", "bias"):
            for kind, module in (("initializer", initializers), ("regularizer", regularizers), ("constraint", constraints)):
                setattr(self, f"{part}_{kind}", module.get(given[f"{part}_{kind}"]))

    def get_config(self):
        """The arguments in the words of Keras 2."""
        own = {name: registry.serialize(getattr(self, name)) for name in _PLACES if name not in ("padding", "implementation")}
        return {**self._base_config(), **own, "padding": "valid"}

    def build(self, input_shape):
        first = self.data_format == "channels_first"
        channels, sizes = (input_shape[1], input_shape[2:]) if first else (input_shape[-1], input_shape[1:-1])
        if any(size is None for size in sizes):
            raise ValueError(f"Layer {self.name!r} needs the whole shape of its input. Received: {tuple(input_shape)}")
        axes = zip(sizes, self.kernel_size, self.strides, strict=True)
        places = tuple((size - window) // stride + 1 for size, window, stride in axes)
        fan = channels * _product(self.kernel_size)
        self.kernel = self.add_weight(
            (_product(places), fan, self.filters), self.kernel_initializer, regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint, name="kernel",
        )  # fmt: skip
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (*places, self.filters), self.bias_initializer, regularizer=self.bias_regularizer,
                constraint=self.bias_constraint, name="bias",
            )  # fmt: skip

    def call(self, x):
        first, rank = self.data_format == "channels_first", self.rank
        for axis in range(rank):
            x = x.unfold(axis + (2 if first else 1), self.kernel_size[axis], self.strides[axis])
        # (batch, places, channels, window), or with the channels before the places; a window's own order is Keras's.
        axes = [*range(x.ndim)]
        places, window = axes[2 : 2 + rank] if first else axes[1 : 1 + rank], axes[2 + rank :]
        channels = 1 if first else 1 + rank
        inner = [channels, *window] if first else [*window, channels]
        x = x.permute(0, *places, *inner)
        shape = x.shape[1 : 1 + rank]
        y = torch.einsum("npk,pkf->npf", x.reshape(len(x), _product(shape), -1), self.kernel.value)
        y = y.reshape(len(x), *shape, self.filters)
        y = y if self.bias is None else y + self.bias
        y = y.movedim(-1, 1) if first else y
        return self.activation(y)


def _product(sizes) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


class LocallyConnected1D(_LocallyConnected):
    """A kernel of its own for each place of a sequence: (batch, steps, channels) -> (batch, new steps, filters)."""

    rank = 1


class LocallyConnected2D(_LocallyConnected):
    """A kernel of its own for each place of an image: (batch, rows, columns, channels) -> (batch, ..., filters)."""

    rank = 2
