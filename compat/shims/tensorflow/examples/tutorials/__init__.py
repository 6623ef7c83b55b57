"""`tensorflow.examples.tutorials`: of it the handwritten digits."""

from __future__ import annotations

from ..._missing import getattr_of

__all__ = ["mnist"]
__getattr__ = getattr_of(__name__, {"mnist": "mnist"})
