"""Wide passes: several small batches of inference as one.

A batch of 32 rows costs a small model more in calls than in arithmetic. Where each row of the output comes from that row of the
inputs alone, and the loss and the metrics are means over rows, nothing but rounding tells 32 batches of 32 rows from one of
1,024: `predict` and `evaluate` then take as many batches at a time as leave the largest tensor of the model in the cache.

This is for models that are graphs of our own layers. A layer, a loss, a metric or a model of a user's may count batches, or
look at all rows of one: with it, and wherever somebody listens to single batches, each goes by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import data, layers
from torchkeras_lite.graph import Graph
from torchkeras_lite.layer import Layer, has_hooks
from torchkeras_lite.layers.convolutional import Convolving
from torchkeras_lite.layers.global_pooling import _AdaptivePooling, _GlobalAveragePooling, _GlobalMaxPooling
from torchkeras_lite.layers.layer_normalization import _OverAxes
from torchkeras_lite.layers.merging import Extreme, Merge
from torchkeras_lite.layers.multi_head import Heads
from torchkeras_lite.layers.pooling import _Pooling
from torchkeras_lite.layers.recurrent import RNN
from torchkeras_lite.layers.recurrent_cells import GatedCell
from torchkeras_lite.layers.regularization import Noise
from torchkeras_lite.layers.resizing import _Cropping, _UpSampling, _ZeroPadding
from torchkeras_lite.models.compile import CompileLoss
from torchkeras_lite.models.wiring import Wired

_ELEMENTS = 2**19  # of the largest tensor: beyond that, rows cost more again (measured on CPUs with 1 to 2 MB of cache)
_BATCHES = 64
_PACKAGE = __name__.partition(".")[0]

_STEPS = ("call", "predict_step", "test_step", "compute_loss", "compute_metrics")  # which may hang on one model alone

# The classes whose `call` keeps rows apart; who overrides it leaves the list.
_BY_ROW = frozenset((
    layers.Activation, layers.Attention, layers.Average, layers.BatchNormalization, layers.Bidirectional, layers.Concatenate,
    layers.Dense, layers.Dot, layers.EinsumDense, layers.ELU, layers.Embedding, layers.Flatten, layers.GlobalAveragePooling1D,
    layers.GroupNormalization, layers.Identity, layers.LayerNormalization, layers.LeakyReLU, layers.Multiply,
    layers.Normalization, layers.Permute, layers.PReLU, layers.ReLU, layers.RepeatVector, layers.Rescaling, layers.Reshape,
    layers.Softmax, layers.TimeDistributed, layers.UnitNormalization, layers.UpSampling2D, Convolving, Extreme, Heads, Merge,
    Noise, RNN, GatedCell, _AdaptivePooling, _Cropping, _GlobalAveragePooling, _GlobalMaxPooling, _OverAxes, _Pooling,
    _UpSampling, _ZeroPadding,
))  # fmt: skip


def rows_to_predict(model) -> int:
    """How many rows may go through the model together; 0 where its batches must stay as they are."""
    if not _is_ours(model) or model._graph is None or model.run_eagerly or not model.__dict__.keys().isdisjoint(_STEPS):
        return 0
    return _ELEMENTS // _largest(model._graph) if _is_by_row(model) else 0


def rows_to_evaluate(model) -> int:
    """The same where the loss and the metrics have to be means over rows, too."""
    loss, metrics = model._compile_loss, model._compile_metrics
    if type(loss) is not CompileLoss or not _is_mean_over_rows(loss.single):
        return 0
    if metrics.given and not (metrics.built and metrics.can_wait):
        return 0
    if not isinstance(model, Wired) or any(_weighs_rows(layer) for layer in model._flatten_layers()):
        return 0
    return rows_to_predict(model)


def numbered(batches, rows: int, steps: int | None) -> Iterator | None:
    """(number of the last batch in it, batches as one), at most so many rows together; None where nothing is gained.

    Args:
        batches: Arrays, or what gives batches in an order of its own.
        steps: stop behind so many batches, or None.
    """
    if isinstance(batches, data.Arrays):
        count = min(rows // batches.batch_size, _BATCHES, batches.steps)
        if count < 2 or steps is not None:
            return None
        wide = data.Arrays(batches.parts, count * batches.batch_size, False, batches.device)
        return ((min((i + 1) * count, batches.steps) - 1, batch) for i, batch in enumerate(wide))
    return _joined(batches, rows, steps) if rows else None


def _joined(batches, rows, steps):
    """Batches of tensors as they come, several as one; others by themselves."""
    kept: list = []
    last, full = -1, 0
    for number, batch in enumerate(batches):
        plain = _is_plain(batch)
        if kept and not (
            plain and full + len(batch[0]) <= rows and len(kept) < _BATCHES and _is_like(kept[0], batch)
        ):
            yield last, _cat(kept)
            kept, full = [], 0
        kept.append(batch)
        last, full = number, full + len(batch[0]) if plain else rows
        if number + 1 == steps:
            break
    if kept:
        yield last, _cat(kept)


def _cat(batches):
    return batches[0] if len(batches) == 1 else tuple(torch.cat(parts) for parts in zip(*batches, strict=True))


def _is_plain(batch) -> bool:
    return type(batch) is tuple and all(type(part) is torch.Tensor and part.ndim for part in batch)


def _is_like(batch, other) -> bool:
    return len(batch) == len(other) and all(
        a.shape[1:] == b.shape[1:] and a.dtype is b.dtype for a, b in zip(batch, other, strict=True)
    )


# ---------------------------------------------------------------- what keeps rows apart


def _is_ours(model) -> bool:
    return type(model).__module__.partition(".")[0] == _PACKAGE


def _is_by_row(model) -> bool:
    if not isinstance(model, Wired) or model._graph is None or model._extended is not None:
        return False
    return not has_hooks(model) and all(map(_node_is_by_row, model._graph.nodes))


def _node_is_by_row(node) -> bool:
    operation = node.operation
    if isinstance(operation, layers.InputLayer):
        return operation.batch_shape[0] is None
    given = pytree.tree_leaves((node.args, node.kwargs))
    if "training" in node.kwargs or any(isinstance(leaf, torch.Tensor) for leaf in given):
        return False
    return _layer_is_by_row(operation, len(node.outputs[0].shape))


def _layer_is_by_row(layer, rank: int) -> bool:
    if isinstance(layer, Wired):
        return _is_ours(layer) and _is_by_row(layer)
    if not isinstance(layer, Layer) or type(layer).__call__ is not Layer.__call__ or has_hooks(layer):
        return False
    if "call" in layer.__dict__ or next(one for one in type(layer).__mro__ if "call" in one.__dict__) not in _BY_ROW:
        return False
    if getattr(layer, "stateful", False) or any(_is_first(getattr(layer, name, None), rank) for name in ("axis", "axes")):
        return False
    if not all(_is_known(getattr(layer, name, None)) for name in ("activation", "recurrent_activation")):
        return False
    # what a wrapper holds sees tensors of another rank: at least (rows, features)
    return all(_layer_is_by_row(inner, 2) for inner in layer._modules.values() if isinstance(inner, Layer))


def _is_first(axis, rank: int) -> bool:
    """Whether one of these axes is that of the rows."""
    return any(
        isinstance(one, int) and (one == 0 or one <= -rank) for one in (axis if isinstance(axis, (list, tuple)) else (axis,))
    )


def _is_known(function) -> bool:
    return function is None or getattr(function, "__module__", "").partition(".")[0] == _PACKAGE


def _weighs_rows(layer) -> bool:
    """Whether the layer makes a mask, so that rows count for more or less, or adds to the loss."""
    return layer._makes_masks or getattr(layer, "mask_zero", False) or layer.activity_regularizer is not None


def _is_mean_over_rows(loss) -> bool:
    if getattr(loss, "_fused", None) is None or getattr(loss, "ignore_class", None) is not None:
        return False
    return loss.reduction in ("sum_over_batch_size", "mean")  # that with sample weights divides by the batch's own sum of them


def _largest(graph: Graph) -> int:
    """Elements in a row of the largest tensor; without an end where its shape is open."""
    largest = 1
    for node in graph.nodes:
        for tensor in node.outputs:
            row = tensor.shape[1:]
            if None in row:
                return _ELEMENTS + 1
            largest = max(largest, math.prod(row))
        inner = getattr(node.operation, "_graph", None)
        if inner is not None:
            largest = max(largest, _largest(inner))
    return largest
