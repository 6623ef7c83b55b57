"""`tf.profiler.experimental`: torch's profiler, whose traces TensorBoard shows (and `chrome://tracing`)."""

from __future__ import annotations

import contextlib
import os

import torch

from ._missing import getattr_of

__all__ = ["experimental"]
__getattr__ = getattr_of(__name__)


class experimental:
    """`tf.profiler.experimental`."""

    _running = _logdir = None

    class ProfilerOptions:
        """Settings of TensorFlow's; they are taken and mean nothing here."""

        def __init__(self, host_tracer_level=2, python_tracer_level=0, device_tracer_level=1, delay_ms=None):
            pass

    @classmethod
    def start(cls, logdir, options=None) -> None:
        """From now on what torch computes is noted; `stop` writes it into the folder."""
        if cls._running is not None:
            raise RuntimeError("Another profiler is running. Stop it first: `tf.profiler.experimental.stop()`.")
        cls._running, cls._logdir = torch.profiler.profile(), logdir
        cls._running.start()

    @classmethod
    def stop(cls, save=True) -> None:
        if cls._running is None:
            raise RuntimeError("No profiler is running. Begin with `tf.profiler.experimental.start(logdir)`.")
        running, cls._running = cls._running, None
        if save:
            folder = os.path.join(os.fspath(cls._logdir), "plugins", "profile")
            running.on_trace_ready = torch.profiler.tensorboard_trace_handler(folder)
        running.stop()

    @classmethod
    @contextlib.contextmanager
    def Profile(cls, logdir, options=None):
        """Notes what is computed inside."""
        cls.start(logdir, options)
        try:
            yield
        finally:
            cls.stop()

    @staticmethod
    def Trace(name, **kwargs):
        """Inside, what is noted bears this name (and the numbers given with it)."""
        return torch.profiler.record_function("".join([name, *(f" {word}={value}" for word, value in kwargs.items())]))
