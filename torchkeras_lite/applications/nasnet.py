"""Cells found by a search, repeated (Zoph et al., https://arxiv.org/abs/1707.07012)."""

from __future__ import annotations

import functools

from torchkeras_lite import layers
from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.imagenet_utils import tf as preprocess_input
from torchkeras_lite.applications.network import BASE, Files, Request, channels, described, halving_pad, only_channels_last
from torchkeras_lite.scopes import name_scope

__all__ = ["NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]


def _scoped(scope):
    """Decorator: the paths of a part's weights begin with this word and the part's name, as in Keras."""

    def decorate(part):
        @functools.wraps(part)
        def make(*args, name, **kwargs):
            with name_scope(f"{scope}_{name}"):
                return part(*args, name=name, **kwargs)

        return make

    return decorate


def _positive(x, name=None):
    return layers.Activation("relu", name=name)(x)


def _normalized(x, name):
    return layers.BatchNormalization(axis=-1, momentum=0.9997, epsilon=1e-3, name=name)(x)


def _convolution(x, filters, name):
    return layers.Conv2D(filters, 1, padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(x)


def _separable(x, filters, kernel, name, block, stride=1):
    """Two separable convolutions; the first may halve the maps."""
    x, padding = _positive(x), "same"
    if stride == 2:
        x, padding = layers.ZeroPadding2D(halving_pad(x, kernel), name=f"separable_conv_1_pad_{name}")(x), "valid"
    with name_scope(f"block_{block}"), name_scope(f"separable_conv_block_{name}"):
        for i in (1, 2):
            x = layers.SeparableConv2D(
                filters, kernel, strides=stride, padding=padding, use_bias=False, name=f"separable_conv_{i}_{name}"
            )(x)
            x = _normalized(x, f"separable_conv_{i}_bn_{name}")
            if i == 1:
                x, stride, padding = _positive(x), 1, "same"
    return x


def _adjusted(p, x, filters, name):
    """What the cell before the last one gave, in the size and with the number of channels that this cell needs."""
    if p is None:
        return x
    with name_scope("adjust_block"):
        if p.shape[-2] != x.shape[-2]:
            return _halved(p, filters, name=name)
        return _projected(p, filters, name=name) if channels(p) != filters else p


@_scoped("adjust_reduction_block")
def _halved(p, filters, name):
    p = _positive(p, f"adjust_relu_1_{name}")
    moved = layers.Cropping2D(((1, 0), (1, 0)))(layers.ZeroPadding2D(((0, 1), (0, 1)))(p))
    halves = []
    for i, half in enumerate((p, moved), 1):
        half = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_{i}_{name}")(half)
        halves.append(_convolution(half, filters // 2, f"adjust_conv_{i}_{name}"))
    return _normalized(layers.concatenate(halves, axis=-1), f"adjust_bn_{name}")


@_scoped("adjust_projection_block")
def _projected(p, filters, name):
    return _normalized(_convolution(_positive(p), filters, f"adjust_conv_projection_{name}"), f"adjust_bn_{name}")


@_scoped("normal_A_block")
def _normal_cell(x, p, filters, name):
    """(x, p) to (what the cell gives, x): a cell looks back on two cells."""
    p = _adjusted(p, x, filters, name)
    h = _normalized(_convolution(_positive(x), filters, f"normal_conv_1_{name}"), f"normal_bn_1_{name}")

    def separable(tensor, kernel, side, i):
        return _separable(tensor, filters, kernel, f"normal_{side}{i}_{name}", i)

    def averages(tensor, word):
        return layers.AveragePooling2D(3, strides=1, padding="same", name=f"normal_{word}_{name}")(tensor)

    def total(one, other, i):
        return layers.add([one, other], name=f"normal_add_{i}_{name}")

    sums = [
        total(separable(h, 5, "left", 1), separable(p, 3, "right", 1), 1),
        total(separable(p, 5, "left", 2), separable(p, 3, "right", 2), 2),
        total(averages(h, "left3"), p, 3),
        total(averages(p, "left4"), averages(p, "right4"), 4),
        total(separable(h, 3, "left", 5), h, 5),
    ]
    return layers.concatenate([p, *sums], axis=-1, name=f"normal_concat_{name}"), x


@_scoped("reduction_A_block")
def _reduction_cell(x, p, filters, name):
    """As `_normal_cell`, with maps of half the size."""
    p = _adjusted(p, x, filters, name)
    h = _normalized(_convolution(_positive(x), filters, f"reduction_conv_1_{name}"), f"reduction_bn_1_{name}")
    padded = layers.ZeroPadding2D(halving_pad(h, 3), name=f"reduction_pad_1_{name}")(h)

    def separable(tensor, kernel, side, i):
        return _separable(tensor, filters, kernel, f"reduction_{side}{i}_{name}", i, stride=2)

    def pooled(kind, word):
        return kind(3, strides=2, name=f"reduction_{word}_{name}")(padded)

    first = layers.add([separable(h, 5, "left", 1), separable(p, 7, "right", 1)], name=f"reduction_add_1_{name}")
    maxima = pooled(layers.MaxPooling2D, "left2")
    second = layers.add([maxima, separable(p, 7, "right", 2)], name=f"reduction_add_2_{name}")
    means = pooled(layers.AveragePooling2D, "left3")
    third = layers.add([means, separable(p, 5, "right", 3)], name=f"reduction_add3_{name}")
    fourth = layers.AveragePooling2D(3, strides=1, padding="same", name=f"reduction_left4_{name}")(first)
    fourth = layers.add([second, fourth])
    fifth = _separable(first, filters, 3, f"reduction_left4_{name}", 5)
    fifth = layers.add([fifth, pooled(layers.MaxPooling2D, "right5")], name=f"reduction_add4_{name}")
    return layers.concatenate([second, third, fourth, fifth], axis=-1, name=f"reduction_concat_{name}"), x


def _nasnet(request, size, filters, repeats, stem_filters, skips, official):
    """`filters` of the first cells; `skips`: the cell after a reduction looks back past it."""
    only_channels_last("NASNet")
    if request.weights == "imagenet" and request.input_shape is not None and None in request.input_shape:
        raise ValueError(
            "The weights of ImageNet need an `input_shape` of a NASNet without None in it. Received: "
            f"input_shape={request.input_shape}."
        )
    x = request.entrance(default_size=size, min_size=32)
    x = layers.Conv2D(stem_filters, 3, strides=2, use_bias=False, name="stem_conv1", kernel_initializer="he_normal")(x)
    x, p = _reduction_cell(_normalized(x, "stem_bn1"), None, filters // 4, name="stem_1")
    x, p = _reduction_cell(x, p, filters // 2, name="stem_2")
    for part in range(3):
        if part:
            x, before = _reduction_cell(x, p, filters * 2**part, name=f"reduce_{repeats * part}")
            p = p if skips else before
        for i in range(repeats):
            x, p = _normal_cell(x, p, filters * 2**part, name=str(repeats * part + i + (part > 0)))
    return request.model(request.ended(_positive(x), top=None), official)


def _official(kind, *hashes):
    addresses = tuple(f"{BASE}nasnet/NASNet-{kind}{ending}.h5" for ending in ("", "-no-top"))
    return Files(addresses, hashes, (f"nasnet_{kind}.h5", f"nasnet_{kind}_no_top.h5"))


def NASNetMobile(
    input_shape=None,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="nasnet_mobile",
):
    shape = (224, 224, 3) if input_shape is None and not include_top else input_shape
    request = Request(include_top, weights, input_tensor, shape, pooling, classes, classifier_activation, name)
    official = _official("mobile", "020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63")
    return _nasnet(request, 224, 1056 // 24, 4, 32, False, official)


def NASNetLarge(
    input_shape=None,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="nasnet_large",
):
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    official = _official("large", "11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5")
    return _nasnet(request, 331, 4032 // 24, 6, 96, True, official)


for _make, _about in (
    (NASNetMobile, "12 cells and 4 that reduce, for images of 224 x 224 (at least 32 x 32)."),
    (NASNetLarge, "18 cells and 4 that reduce, for images of 331 x 331 (at least 32 x 32)."),
):
    described(_make, _make.__name__, _about, __name__)
