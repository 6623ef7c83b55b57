"""`tf.compat`."""

from __future__ import annotations

import os

from keras._shape import dimension_at_index, dimension_value

from .._missing import getattr_of

__all__ = ["as_bytes", "as_str", "as_str_any", "as_text", "dimension_at_index", "dimension_value", "path_to_str", "v1", "v2"]


def as_bytes(bytes_or_text, encoding="utf-8") -> bytes:
    return bytes_or_text.encode(encoding) if isinstance(bytes_or_text, str) else bytes(bytes_or_text)


def as_text(bytes_or_text, encoding="utf-8") -> str:
    return bytes_or_text.decode(encoding) if isinstance(bytes_or_text, bytes) else str(bytes_or_text)


as_str = as_text


def as_str_any(value, encoding="utf-8") -> str:
    return as_text(value, encoding)


def path_to_str(path) -> str:
    return os.fspath(path)


def __getattr__(name):
    if name == "v2":
        import tensorflow

        return tensorflow
    return _others(name)


_others = getattr_of(__name__, {"v1": "v1"})
