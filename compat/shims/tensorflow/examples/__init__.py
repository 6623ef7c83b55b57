"""`tensorflow.examples`: of it the tutorials' data."""

from __future__ import annotations

from .._missing import getattr_of

__all__ = ["tutorials"]
__getattr__ = getattr_of(__name__, {"tutorials": "tutorials"})
