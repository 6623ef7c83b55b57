"""`keras.legacy.interfaces`: decorators that let methods understand the words of Keras 1. Here classes do so by themselves."""

from __future__ import annotations


def __getattr__(name: str):
    if name.startswith("legacy_") and name.endswith("_support"):
        return as_it_is
    raise AttributeError(f"module 'keras.legacy.interfaces' has no attribute {name!r}")


def as_it_is(function):
    """The function itself."""
    return function


def generate_legacy_interface(*_, **__):
    return as_it_is


generate_legacy_method_interface = generate_legacy_interface
