"""Prices of houses in California."""

from torchkeras_lite.datasets.tables import california_housing as load_data

__all__ = ["load_data"]
