"""TensorBoard: files that TensorBoard shows, written by torch's own writer."""

from __future__ import annotations

import os
import time

from torchkeras_lite.callbacks.base import Callback
from torchkeras_lite.files import naming


class TensorBoard(Callback):
    """Writes what happens in training for TensorBoard (`tensorboard --logdir=logs`). Needs the package `tensorboard`.

    The curves are named as Keras names them (`epoch_loss`, `batch_loss`, `evaluation_loss_vs_iterations`), in the folders
    `train` and `validation`.

    Args:
        log_dir: the folder.
        histogram_freq: every how many epochs the weights are written as histograms; 0 is never.
        write_graph: whether the layers and how they are connected are written.
        write_images: whether weights are written as images too, when histograms are.
        write_steps_per_second: whether the pace is written.
        update_freq: `"epoch"`, or every how many batches the logs are written (`"batch"` is each).
        profile_batch: a batch, or the first and the last one, that torch's profiler watches; 0 is none.
        embeddings_freq, embeddings_metadata: every how many epochs the rows of embeddings are written as points, and a file
            of labels for them (or one for each layer's name).
    """

    def __init__(
        self,
        log_dir="logs",
        histogram_freq=0,
        write_graph=True,
        write_images=False,
        write_steps_per_second=False,
        update_freq="epoch",
        profile_batch=0,
        embeddings_freq=0,
        embeddings_metadata=None,
    ):
        super().__init__()
        self.log_dir, self.histogram_freq = os.fspath(log_dir), histogram_freq
        self.write_graph, self.write_images, self.write_steps_per_second = write_graph, write_images, write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.embeddings_freq, self.embeddings_metadata = embeddings_freq, embeddings_metadata
        self._profiled = _batches(profile_batch)
        self._writers, self._profiler = {}, None
        self._batches_seen = self._tests_seen = 0

    def _writer(self, part: str):
        if part not in self._writers:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError as error:
                raise ImportError("TensorBoard needs the package `tensorboard`: pip install tensorboard.") from error
            with naming(self.log_dir):
                self._writers[part] = SummaryWriter(os.path.join(self.log_dir, part))
        return self._writers[part]

    # ------------------------------------------------------------ training

    def on_train_begin(self, logs=None):
        self._batches_seen = self._tests_seen = 0
        if self.write_graph and self.model.built:
            self._write_graph()

    def _abandon(self):
        self.on_train_end()

    def on_train_end(self, logs=None):
        self._stop_profiler()
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_begun, self._batches_before = time.time(), self._batches_seen

    def on_train_batch_begin(self, batch, logs=None):
        if self._batches_seen + 1 == self._profiled[0]:
            import torch

            handler = torch.profiler.tensorboard_trace_handler(os.path.join(self.log_dir, "plugins", "profile"))
            self._profiler = torch.profiler.profile(on_trace_ready=handler)
            self._profiler.start()
        self._batch_begun = time.time()

    def on_train_batch_end(self, batch, logs=None):
        self._batches_seen += 1
        if self._batches_seen == self._profiled[1]:
            self._stop_profiler()
        if self.update_freq == "epoch" or (self._batches_seen - 1) % self.update_freq:
            return
        writer = self._writer("train")
        for name, value in (logs or {}).items():
            writer.add_scalar(f"batch_{name}", value, self._batches_seen - 1)
        if self.write_steps_per_second:
            pace = 1 / max(time.time() - self._batch_begun, 1e-9)
            writer.add_scalar("batch_steps_per_second", pace, self._batches_seen - 1)

    def _stop_profiler(self):
        if self._profiler is not None:
            self._profiler.stop()
            self._profiler = None

    # ------------------------------------------------------------ evaluation

    def on_test_end(self, logs=None):
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is None:
            return
        for name, value in (logs or {}).items():
            self._writer("validation").add_scalar(f"evaluation_{name}_vs_iterations", value, int(optimizer.iterations))

    # ------------------------------------------------------------ epochs

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            part = "validation" if name.startswith("val_") else "train"
            self._writer(part).add_scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)
        writer = self._writer("train")
        optimizer = self.model.optimizer
        if "learning_rate" not in (logs or {}) and getattr(optimizer, "learning_rate", None) is not None:
            writer.add_scalar("epoch_learning_rate", float(optimizer.learning_rate), epoch)
        if self.write_steps_per_second:
            steps = self._batches_seen - self._batches_before
            writer.add_scalar("epoch_steps_per_second", steps / max(time.time() - self._epoch_begun, 1e-9), epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings(epoch)
        with naming(self.log_dir):
            for each in self._writers.values():
                each.flush()

    def _write_weights(self, epoch):
        writer = self._writer("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                name = weight.path.replace(":", "_")
                value = weight.value.detach().float()
                writer.add_histogram(f"{name}/histogram", value, epoch)
                if self.write_images and value.numel():
                    image = _as_image(value)
                    if image is not None:
                        writer.add_images(f"{name}/image", image, epoch, dataformats="NHWC")

    def _write_embeddings(self, epoch):
        for layer in self.model.layers:
            table = getattr(layer, "embeddings", None)
            if table is None:
                continue
            labels = self.embeddings_metadata
            path = labels.get(layer.name) if isinstance(labels, dict) else labels
            rows = None
            if path is not None:
                with open(path, encoding="utf8") as file:
                    rows = file.read().splitlines()[: table.shape[0]]
            self._writer("train").add_embedding(table.value.detach(), metadata=rows, tag=layer.name, global_step=epoch)

    def _write_graph(self):
        from tensorboard.compat.proto import config_pb2, graph_pb2, node_def_pb2, step_stats_pb2, versions_pb2

        nodes = []
        for layer in self.model.layers:
            inputs = {tensor.node.operation.name for node in layer._nodes for tensor in node.inputs if tensor.node is not None}
            nodes.append(node_def_pb2.NodeDef(name=layer.name, op=type(layer).__name__, input=sorted(inputs)))
        graph = graph_pb2.GraphDef(node=nodes, versions=versions_pb2.VersionDef(producer=22))
        metadata = config_pb2.RunMetadata(step_stats=step_stats_pb2.StepStats())
        self._writer("train")._get_file_writer().add_graph((graph, metadata))


def _batches(value) -> tuple[int, int]:
    """The first and the last batch to be profiled, counted from 1."""
    parts = value.split(",") if isinstance(value, str) else value
    try:
        first, last = (int(parts), int(parts)) if not isinstance(parts, (list, tuple)) else (int(parts[0]), int(parts[-1]))
    except (TypeError, ValueError):
        first, last = -1, -1
    if first < 0 or last < first or (isinstance(parts, (list, tuple)) and len(parts) > 2):
        raise ValueError(
            "profile_batch must be a non-negative integer or a pair of positive integers, the first and the last batch. "
            f"Received: profile_batch={value!r}"
        )
    return first, last


def _as_image(value):
    """A weight as gray images (number, height, width, 1); None if it has too many axes."""
    value = value.squeeze()
    if value.ndim > 4 or value.ndim == 0:
        return None
    if value.ndim == 1:
        value = value[None, :, None, None]
    elif value.ndim == 2:
        value = (value if value.shape[0] <= value.shape[1] else value.T)[None, :, :, None]
    elif value.ndim == 3:
        value = value.permute(2, 0, 1)[..., None]
    else:
        value = value.permute(2, 3, 0, 1).flatten(0, 1)[..., None]
    low, high = value.amin(), value.amax()
    return (value - low) / (high - low).clamp(min=1e-12)
