"""`keras.src.api_export`: the mark that Keras's own files, and extensions written like them, put on what is public."""

from __future__ import annotations


class keras_export:
    """Decorator: leaves a class or function as it is.

    Args:
        path: the public name, or a list of them.
    """

    def __init__(self, path):
        self.path = path

    def __call__(self, symbol):
        return symbol
