"""`tf.compat.v1.logging`: Python's logger "tensorflow"."""

from __future__ import annotations

import logging as _logging

from ..._missing import getattr_of

__all__ = [
    "DEBUG", "ERROR", "FATAL", "INFO", "WARN", "debug", "error", "fatal", "get_verbosity", "info", "set_verbosity", "warn",
    "warning",
]  # fmt: skip
__getattr__ = getattr_of(__name__)

DEBUG, INFO, WARN, ERROR, FATAL = _logging.DEBUG, _logging.INFO, _logging.WARNING, _logging.ERROR, _logging.CRITICAL
_logger = _logging.getLogger("tensorflow")
debug, info, warn, warning = _logger.debug, _logger.info, _logger.warning, _logger.warning
error, fatal = _logger.error, _logger.critical


def set_verbosity(v) -> None:
    """From this level on messages are shown."""
    _logger.setLevel(v)


def get_verbosity() -> int:
    return _logger.getEffectiveLevel()
