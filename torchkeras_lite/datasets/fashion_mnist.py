"""Pieces of clothing."""

from torchkeras_lite.datasets.images import fashion_mnist as load_data

__all__ = ["load_data"]
