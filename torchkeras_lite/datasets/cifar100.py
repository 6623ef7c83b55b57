"""Photographs of 100 kinds."""

from torchkeras_lite.datasets.images import cifar100 as load_data

__all__ = ["load_data"]
