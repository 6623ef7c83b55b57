"""Activations in the words of Keras 2."""

from torchkeras_lite import activations as _activations

from ._members import function_with

relu = function_with(_activations.relu, {"alpha": "negative_slope"})
