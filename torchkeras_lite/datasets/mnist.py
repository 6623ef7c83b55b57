"""Handwritten digits."""

from torchkeras_lite.datasets.images import mnist as load_data

__all__ = ["load_data"]
