"""Prices of houses in Boston."""

from torchkeras_lite.datasets.tables import boston_housing as load_data

__all__ = ["load_data"]
