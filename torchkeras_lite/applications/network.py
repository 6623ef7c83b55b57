"""What all networks share: arguments, entrance, classifier, official weights."""

from __future__ import annotations

import dataclasses
import os
from typing import Any, NamedTuple

from torchkeras_lite import config, layers
from torchkeras_lite.applications.imagenet_utils import obtain_input_shape, validate_activation
from torchkeras_lite.models import Functional
from torchkeras_lite.symbolic import KerasTensor
from torchkeras_lite.utils import get_file

BASE = "https://storage.googleapis.com/tensorflow/keras-applications/"
_ARGUMENTS = """
    Args:
        include_top: whether the classifier at the end is part of the model.
        weights: `"imagenet"` (trained; fetched once and kept in the cache), None (drawn at random), or the path of a file.
        input_tensor: a KerasTensor to take the images from, instead of an `Input` of its own.
        input_shape: (rows, columns, channels), or (channels, rows, columns) where `channels_first` is the image data format.
            Without the classifier, rows and columns may vary (None).
        pooling: without the classifier, None gives maps, (batch, rows, columns, channels); `"avg"` and `"max"` give their mean
            or maximum, (batch, channels).
        classes: how many; 1000 with the trained classifier.
        classifier_activation: the last activation; None gives logits.
        name: of the model.{more}

    Returns:
        A functional Model.

    Raises:
        ValueError: weights that are neither known nor a file, or arguments that do not fit the weights or the network.
"""


class Files(NamedTuple):
    """The official weights: for each of (with the classifier, without it) an address, a checksum, and a name in the cache."""

    addresses: tuple[str, str]
    hashes: tuple[str | None, str | None] = (None, None)
    names: tuple[str | None, str | None] = (None, None)


def files(stem: str, *hashes: str, endings=(".h5", "_notop.h5"), base=BASE) -> Files:
    """Two addresses that differ in their endings."""
    return Files(tuple(f"{base}{stem}{ending}" for ending in endings), hashes or (None, None))


def early_files(folder: str, name: str, *hashes: str) -> Files:
    """As the first networks were published."""
    return files(f"{folder}/{name}_weights_tf_dim_ordering_tf_kernels", *hashes)


@dataclasses.dataclass
class Request:
    """What a user asks of any network: the arguments that all of them have. See `constructor`."""

    include_top: bool = True
    weights: Any = "imagenet"
    input_tensor: Any = None
    input_shape: Any = None
    pooling: str | None = None
    classes: int = 1000
    classifier_activation: Any = "softmax"
    name: str | None = None

    def check_weights(self) -> None:
        """ValueError unless the weights are known or a file, and fit the number of classes."""
        if self.weights not in ("imagenet", None) and not os.path.exists(self.weights):
            raise ValueError(
                "The `weights` argument should be either `None` (initial values), 'imagenet', or the path of a file that "
                f"exists. Received: weights={self.weights}"
            )
        if self.weights == "imagenet" and self.include_top and self.classes != 1000:
            raise ValueError(
                "The top of `weights='imagenet'` has 1000 outputs, so `classes` should be 1000. "
                f"Received: classes={self.classes}"
            )

    def check_shape(self, default_size: int, min_size: int) -> None:
        """Settles `input_shape`; ValueError where the network cannot have it."""
        self.input_shape = obtain_input_shape(
            self.input_shape, default_size, min_size, config.image_data_format(), self.include_top, self.weights
        )

    def images(self) -> KerasTensor:
        """The tensor that the network begins with."""
        if self.input_tensor is None:
            self.input_tensor = layers.Input(self.input_shape)
        elif not isinstance(self.input_tensor, KerasTensor):
            self.input_tensor = layers.Input(self.input_shape, tensor=self.input_tensor)
        return self.input_tensor

    def entrance(self, default_size: int, min_size: int) -> KerasTensor:
        """The tensor that the network begins with, once the arguments are checked."""
        self.check_weights()
        self.check_shape(default_size, min_size)
        return self.images()

    def activated(self, x) -> KerasTensor:
        """The last layer of networks whose classifier is a convolution."""
        validate_activation(self.classifier_activation, self.weights)
        return layers.Activation(self.classifier_activation, name="predictions")(x)

    def classified(self, x, name="predictions", **dense) -> KerasTensor:
        """The last layer: (batch, features) to (batch, classes)."""
        validate_activation(self.classifier_activation, self.weights)
        return layers.Dense(self.classes, activation=self.classifier_activation, name=name, **dense)(x)

    def pooled(self, x, average=None, maximum=None) -> KerasTensor:
        """Maps, or what `pooling` makes of them, by layers of these names."""
        if self.pooling == "avg":
            return layers.GlobalAveragePooling2D(name=average)(x)
        return layers.GlobalMaxPooling2D(name=maximum)(x) if self.pooling == "max" else x

    def ended(self, x, top="avg_pool", average=None, maximum=None, dropout=0.0, **dense) -> KerasTensor:
        """The end of most networks: averages and a classifier, or `pooled`."""
        if not self.include_top:
            return self.pooled(x, average, maximum)
        x = layers.GlobalAveragePooling2D(name=top)(x)
        if dropout > 0:
            x = layers.Dropout(dropout, name="top_dropout")(x)
        return self.classified(x, **dense)

    def model(self, x, official: Files | None = None) -> Functional:
        """The model that ends in `x`, with the weights asked for."""
        model = Functional(_sources(self.input_tensor), x, name=self.name)
        if self.weights == "imagenet" and official is not None:
            which = 0 if self.include_top else 1
            address, file_hash, name = (pair[which] for pair in official)
            name = name or address.rpartition("/")[2]
            model.load_weights(get_file(name, address, cache_subdir="models", file_hash=file_hash))
        elif self.weights is not None:
            model.load_weights(self.weights)
        return model


def _sources(tensor):
    """The inputs from which `tensor` is computed: one, or a list."""
    found, waiting, seen = {}, [tensor], set()
    while waiting:
        one = waiting.pop()
        if one.node is None or not one.node.inputs:
            found[id(one)] = one
        elif one.node not in seen:
            seen.add(one.node)
            waiting.extend(reversed(one.node.inputs))
    first, *others = found.values()
    return [first, *others] if others else first


def constructor(build, title: str, about: str, module: str | None = None, model_name: str | None = None, **numbers):
    """The function that users call for one member of a family: it calls `build(request, **numbers)`."""

    def make(
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        name=model_name or title.lower(),
    ):
        request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        return build(request, **numbers)

    return described(make, title, about, module or build.__module__)


def described(make, title: str, about: str, module: str, more: str = ""):
    """`make` under its public name, with a docstring."""
    make.__name__ = make.__qualname__ = title
    make.__module__ = module
    make.__doc__ = f"{title}: {about}\n{_ARGUMENTS.format(more=more)}"
    return make


def channel_axis(last: int = 3) -> int:
    """The axis of the channels; `last` is how the last one of four is written."""
    return 1 if config.image_data_format() == "channels_first" else last


def only_channels_last(title: str) -> None:
    """ValueError unless images have their channels last."""
    if config.image_data_format() == "channels_first":
        raise ValueError(
            f"{title} does not support the `channels_first` image data format. Switch to `channels_last`: "
            'config.set_image_data_format("channels_last")'
        )


def channels(x) -> int:
    """The number of channels of maps."""
    return x.shape[channel_axis()]


def halving_pad(x, kernel_size: int):
    """The padding before a convolution of stride 2 that gives half the size, rounded up."""
    rows, columns = (x.shape[2:4] if channel_axis() == 1 else x.shape[1:3])
    even = (1, 1) if rows is None else (1 - rows % 2, 1 - columns % 2)
    half = kernel_size // 2
    return ((half - even[0], half), (half - even[1], half))


def divisible(number: float, divisor: int = 8) -> int:
    """The nearest multiple of the divisor, not below it, and not more than a tenth below the number."""
    near = max(divisor, int(number + divisor / 2) // divisor * divisor)
    return int(near + divisor if near < 0.9 * number else near)
