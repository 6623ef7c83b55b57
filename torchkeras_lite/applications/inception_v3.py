"""Inception, version 3 (Szegedy et al., https://arxiv.org/abs/1512.00567)."""

from __future__ import annotations

from torchkeras_lite.applications.imagenet_utils import decode_predictions
from torchkeras_lite.applications.imagenet_utils import tf as preprocess_input
from torchkeras_lite.applications.inception import averages, chain, convolution, joined, mixed, stem
from torchkeras_lite.applications.network import constructor, early_files

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]


def _inception(request):
    x = stem(request.entrance(default_size=299, min_size=75))
    for number, pool_filters in enumerate((32, 64, 64)):  # 35 x 35; a convolution is (filters, rows, columns, stride)
        branches = [[(64, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)]]
        x = mixed(x, f"mixed{number}", branches, pool_filters)
    x = mixed(x, "mixed3", [[(384, 3, 3, 2)], [(64, 1), (96, 3), (96, 3, 3, 2)]])
    for number, n in enumerate((128, 160, 160, 192), 4):  # 17 x 17
        once, twice = [(n, 1), (n, 1, 7), (192, 7, 1)], [(n, 1), (n, 7, 1), (n, 1, 7), (n, 7, 1), (192, 1, 7)]
        x = mixed(x, f"mixed{number}", [[(192, 1)], once, twice], 192)
    x = mixed(x, "mixed8", [[(192, 1), (320, 3, 3, 2)], [(192, 1), (192, 1, 7), (192, 7, 1), (192, 3, 3, 2)]])
    for i in range(2):  # 8 x 8
        straight = convolution(x, 320, 1)
        forks = [_fork(x, [(384, 1)], f"mixed9_{i}"), _fork(x, [(448, 1), (384, 3)], None)]
        x = joined([straight, *forks, averages(x, 192)], f"mixed{9 + i}")
    official = early_files(
        "inception_v3", "inception_v3", "9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63"
    )
    return request.model(request.ended(x), official)


def _fork(x, convolutions, name):
    x = chain(x, convolutions)
    return joined([convolution(x, 384, 1, 3), convolution(x, 384, 3, 1)], name)


InceptionV3 = constructor(
    _inception,
    "InceptionV3",
    "convolutions of several sizes side by side, for images of 299 x 299 (at least 75 x 75).",
    model_name="inception_v3",
)
