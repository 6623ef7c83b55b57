"""`tf.summary`: files for TensorBoard, through torch's writer (it needs the package tensorboard)."""

from __future__ import annotations

import contextlib
import os

from ._creation import given
from ._missing import getattr_of
from ._pictures import decode_image
from .profiler import experimental as _profiler

__all__ = [
    "audio", "create_file_writer", "create_noop_writer", "experimental", "flush", "histogram", "image", "record_if", "scalar",
    "should_record_summaries", "text", "trace_export", "trace_off", "trace_on",
]  # fmt: skip
__getattr__ = getattr_of(__name__)

_state = {"writer": None, "step": None, "recording": True}


class FileWriter:
    """Writes into a folder; `with writer.as_default(): tf.summary.scalar(...)`. TensorFlow 1's has `add_summary`.

    Args:
        logdir: the folder, or a writer of torch's. graph: nothing comes of it, as there is none.
    """

    def __init__(self, logdir, graph=None, *args, **settings):
        from torch.utils.tensorboard import SummaryWriter

        self._writer = logdir if isinstance(logdir, SummaryWriter) else SummaryWriter(os.fspath(logdir))

    def add_summary(self, summary, global_step=None) -> None:
        """Writes what is in a `tf.Summary`."""
        for value in summary.value:
            if value.simple_value is not None:
                self._writer.add_scalar(value.tag, float(value.simple_value), global_step)
            if value.image is not None:
                picture = decode_image(value.image.encoded_image_string)
                self._writer.add_image(value.tag, picture, global_step, dataformats="HWC")

    def add_graph(self, graph, global_step=None, graph_def=None) -> None:
        """Has no effect: there is no graph of TensorFlow's."""

    @contextlib.contextmanager
    def as_default(self, step=None):
        before = dict(_state)
        _state.update(writer=self._writer, **({} if step is None else {"step": step}))
        try:
            yield self
        finally:
            _state.update(before)
            self.flush()

    def set_as_default(self, step=None) -> None:
        _state.update(writer=self._writer, step=step)

    def flush(self) -> None:
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


def create_file_writer(logdir, max_queue=None, flush_millis=None, filename_suffix=None, name=None) -> FileWriter:
    return FileWriter(logdir)


class _Silent(FileWriter):
    def __init__(self):
        self._writer = None

    def flush(self) -> None:
        pass

    close = flush


def create_noop_writer() -> FileWriter:
    """A writer that writes nothing."""
    return _Silent()


def _write(method, name, data, step, **settings) -> bool:
    step = _state["step"] if step is None else step
    if _state["writer"] is None or not should_record_summaries():
        return False
    if step is None:
        raise ValueError("No step set. Pass `step=...`, or call `tf.summary.experimental.set_step(...)` before.")
    getattr(_state["writer"], method)(name, data, int(step), **settings)
    return True


def _host(data):
    return given(data).detach().cpu()


def scalar(name, data, step=None, description=None) -> bool:
    return _write("add_scalar", name, float(_host(data)), step)


def histogram(name, data, step=None, buckets=None, description=None) -> bool:
    return _write("add_histogram", name, _host(data), step)


def image(name, data, step=None, max_outputs=3, description=None) -> bool:
    """Images of shape (n, height, width, channels): floats in [0, 1] or uint8."""
    images, written = _host(data)[:max_outputs], False
    for i, one in enumerate(images):
        shown = one.clamp(0, 1) if one.is_floating_point() else one
        written = _write("add_image", name if len(images) == 1 else f"{name}/{i}", shown, step, dataformats="HWC")
    return written


def audio(name, data, sample_rate, step=None, max_outputs=3, encoding=None, description=None) -> bool:
    """Sounds of shape (n, samples, channels), in [-1, 1]."""
    written = False
    for i, one in enumerate(_host(data)[:max_outputs]):
        written = _write("add_audio", f"{name}/{i}", one.T, step, sample_rate=int(sample_rate))
    return written


def text(name, data, step=None, description=None) -> bool:
    return _write("add_text", name, str(data), step)


def flush(writer=None, name=None) -> None:
    chosen = _state["writer"] if writer is None else writer
    if chosen is not None:
        chosen.flush()


@contextlib.contextmanager
def record_if(condition):
    """Inside, things are written only if the condition holds."""
    before, _state["recording"] = _state["recording"], condition
    try:
        yield
    finally:
        _state["recording"] = before


def should_record_summaries() -> bool:
    recording = _state["recording"]
    return bool(recording() if callable(recording) else recording)


def trace_on(graph=True, profiler=False, profiler_outdir=None) -> None:
    """From now on what torch computes is noted, if `profiler`. There is no graph to note."""
    if profiler:
        _profiler.start(profiler_outdir)


def trace_off() -> None:
    """Forgets what has been noted since `trace_on`."""
    if _profiler._running is not None:
        _profiler.stop(save=False)


def trace_export(name, step=None, profiler_outdir=None) -> None:
    """Writes what has been noted since `trace_on`, if it was told to note anything."""
    if _profiler._running is not None:
        _profiler._logdir = profiler_outdir if profiler_outdir is not None else _profiler._logdir
        _profiler.stop(save=_profiler._logdir is not None)


class experimental:
    """`tf.summary.experimental`."""

    @staticmethod
    def set_step(step) -> None:
        _state["step"] = step

    @staticmethod
    def get_step():
        return _state["step"]
