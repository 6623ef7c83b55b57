"""Normalization by statistics of the data, learned before training."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from torchkeras_lite import config
from torchkeras_lite.data import PyDataset
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.normalization import size_along
from torchkeras_lite.variable import tensor_of


class Normalization(Layer):
    """(x - mean) / sqrt(variance), in floats, with one mean and variance for each index of `axis`.

    Both are given, or learned from data: `layer.adapt(data)`, before a model with this layer is trained.

    Args:
        axis: the axes that keep statistics of their own (an int or several); None: there is one mean for all numbers.
        mean, variance: numbers, or arrays with the sizes of `axis`, both or neither.
        invert: whether to do the opposite: x * sqrt(variance) + mean.

    Raises:
        ValueError: only one of `mean` and `variance`, or of shapes that do not fit; an axis of unknown size.
    """

    casts_integers = True

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **kwargs):
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean, self.input_variance, self.invert = mean, variance, invert
        self.supports_masking = True
        self.__dict__["_given"] = None
        shapes = [None if value is None else np.shape(value) for value in (mean, variance)]
        if None in shapes and shapes != [None, None]:
            raise ValueError(
                f"Layer {self.name!r}: both `mean` and `variance` must be set, or neither. Received: mean={mean}, "
                f"variance={variance}"
            )
        if shapes[0] != shapes[1] or (shapes[0] is not None and len(shapes[0]) > len(self.axis)):
            raise ValueError(
                f"Layer {self.name!r}: `mean` and `variance` go together, with the same shape, of at most as many axes as "
                f"`axis` has. Received: mean of shape {shapes[0]}, variance of shape {shapes[1]}, axis={self.axis}"
            )

    def build(self, input_shape):
        rank = len(input_shape)
        sizes = {axis % rank: size_along(self, axis, input_shape) for axis in self.axis}
        kept = sorted(sizes)
        self.__dict__.update(
            _kept={axis: sizes[axis] for axis in kept},
            _reduced=[axis for axis in range(rank) if axis not in sizes],
            _broadcast=[sizes.get(axis, 1) for axis in range(rank)],
        )
        if self.input_mean is None:
            shape = [sizes[axis] for axis in kept]
            self.adapt_mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(shape, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")  # in Keras's files; unused
        else:
            self.__dict__["_given"] = tuple(map(self._among_axes, (self.input_mean, self.input_variance)))

    def _among_axes(self, value):
        """A given mean or variance with the axes of the input: its own are the last ones of `axis`."""
        value = tensor_of(value, self.compute_dtype, config.get_device())
        sizes = dict(zip(reversed(self._kept), reversed(value.shape), strict=False))
        return value.reshape([sizes.get(axis, 1) for axis in range(len(self._broadcast))]).expand(self._broadcast)

    def _apply(self, fn, recurse=True):
        super()._apply(fn, recurse)
        if self._given is not None:  # no weights, but they move along
            self.__dict__["_given"] = tuple(map(fn, self._given))
        return self

    def _statistics(self):
        return self._given or tuple(v.value.reshape(self._broadcast) for v in (self.adapt_mean, self.adapt_variance))

    @property
    def mean(self):
        """The mean, with the axes of the input; None before `build`."""
        return self._statistics()[0] if self.built else None

    @property
    def variance(self):
        """The variance, with the axes of the input; None before `build`."""
        return self._statistics()[1] if self.built else None

    def call(self, inputs):
        mean, variance = (value.to(inputs.dtype) for value in self._statistics())
        deviation = variance.sqrt().clamp(min=config.epsilon())
        return inputs * deviation + mean if self.invert else (inputs - mean) / deviation

    def adapt(self, data) -> None:
        """Learns mean and variance anew from an array, a tensor, or an iterable of batches (of tuples: their first parts).

        Raises:
            TypeError: none of these. ValueError: no batches; sizes along `axis` that differ; the statistics were given.
        """
        if self.input_mean is not None:
            raise ValueError(f"Layer {self.name!r}: `mean` and `variance` were given, so there is nothing to `adapt`.")
        batches = map(self._as_batch, _batches(data))
        first = next(batches, None)
        if first is None:
            raise ValueError(f"Layer {self.name!r}: `adapt` needs at least one batch, and got an empty iterable.")
        if not self.built:
            self.build(tuple(first.shape))
        count, mean, variance = 0, 0.0, 0.0
        for batch in itertools.chain([first], batches):
            self._check_sizes(batch)
            here = batch.mean(self._reduced) if self._reduced else batch
            size = batch.numel() // max(here.numel(), 1)
            if size == 0:
                continue
            share, apart = size / (count + size), here - mean
            spread = batch.var(self._reduced, correction=0) if self._reduced else 0.0
            # Mean and variance of two sets together: Chan et al. 1983.
            mean = mean + apart * share
            variance = variance * (1 - share) + spread * share + apart.square() * (share * (1 - share))
            count += size
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(variance)

    def _as_batch(self, batch):
        batch = batch[0] if isinstance(batch, tuple) else batch
        if not hasattr(batch, "shape"):
            raise TypeError(
                f"Layer {self.name!r}: `adapt` takes an array, a tensor, or an iterable of such. Received an element "
                f"of type {type(batch).__name__}, without a `.shape`. The usual fix: `numpy.array(data)`."
            )
        batch = tensor_of(batch)
        return batch if batch.dtype in (torch.float32, torch.float64) else batch.double()

    def _check_sizes(self, batch):
        found = {axis: batch.shape[axis] for axis in self._kept} if batch.ndim == len(self._broadcast) else None
        if found != self._kept:
            raise ValueError(
                f"Layer {self.name!r}: `adapt` got data of an incompatible shape, {tuple(batch.shape)}. Expected "
                f"{len(self._broadcast)} axes, with the sizes {self._kept} (axis: size)."
            )

    def get_config(self):
        mean, variance = (np.array(value).tolist() for value in (self.input_mean, self.input_variance))  # None stays None
        return {**self._base_config(), "axis": self.axis, "invert": self.invert, "mean": mean, "variance": variance}


def _batches(data):
    """An array as one batch; a data set of single vectors in batches; PyDatasets batch by batch; whatever can be iterated."""
    if hasattr(data, "__array__"):
        return iter([data if isinstance(data, torch.Tensor) else np.asarray(data)])
    if hasattr(data, "element_spec"):
        spec = data.element_spec
        while not hasattr(spec, "dtype"):  # of (x, y) the first
            spec = spec[0]
        return iter(data.batch(128) if len(spec.shape) == 1 else data)
    if isinstance(data, PyDataset):
        return (data[i] for i in range(len(data)))
    if not hasattr(data, "__iter__") or isinstance(data, str):
        raise TypeError(
            f"`adapt` takes an array, a tensor, a PyDataset or an iterable of batches. Received: {data!r} ({type(data)})"
        )
    return iter(data)
