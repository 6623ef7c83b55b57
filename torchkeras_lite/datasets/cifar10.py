"""Photographs of 10 kinds."""

from torchkeras_lite.datasets.images import cifar10 as load_data

__all__ = ["load_data"]
