"""`tensorflow.examples.tutorials.mnist`: of it `input_data`."""

from __future__ import annotations

from ...._missing import getattr_of

__all__ = ["input_data"]
__getattr__ = getattr_of(__name__, {"input_data": "input_data"})
