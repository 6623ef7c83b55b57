"""Deep stacks of small convolutions (Simonyan and Zisserman, https://arxiv.org/abs/1409.1556)."""

from __future__ import annotations

from torchkeras_lite import layers
from torchkeras_lite.applications.network import early_files


def vgg(request, convolutions: tuple[int, ...], hashes: tuple[str, str]):
    """Blocks of so many convolutions, each block half as large as the one before; then three dense layers."""
    official = early_files(f"vgg{sum(convolutions) + 3}", f"vgg{sum(convolutions) + 3}", *hashes)
    x = request.entrance(default_size=224, min_size=32)
    for block, (filters, count) in enumerate(zip((64, 128, 256, 512, 512), convolutions, strict=True), 1):
        for i in range(1, count + 1):
            x = layers.Conv2D(filters, 3, activation="relu", padding="same", name=f"block{block}_conv{i}")(x)
        x = layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
    if not request.include_top:
        return request.model(request.pooled(x), official)
    x = layers.Flatten(name="flatten")(x)
    for name in ("fc1", "fc2"):
        x = layers.Dense(4096, activation="relu", name=name)(x)
    return request.model(request.classified(x), official)
