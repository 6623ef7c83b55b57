"""Attention of several heads: MultiHeadAttention, GroupedQueryAttention."""

from __future__ import annotations

import functools
import string
from operator import attrgetter, itemgetter

import torch

from torchkeras_lite import constraints, initializers, registry, regularizers
from torchkeras_lite.calls import careful
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.core import STRICTLY, known, positive
from torchkeras_lite.layers.einsum_dense import EinsumDense
from torchkeras_lite.layers.regularization import Dropout
from torchkeras_lite.ops.attention import fused, hiding
from torchkeras_lite.shown import Shown
from torchkeras_lite.symbolic import KerasTensor
from torchkeras_lite.variable import tensor_of


class Heads(Layer):
    """What attention layers with heads share: they project query, key and value, attend in each head, and project back.

    Where the weights are not asked for, all heads attend in one kernel of torch's. A query that sees no key gets the mean of
    the values there, and 0 if the weights are asked for, `dropout` is not 0 or the input has more than three axes: as in Keras.
    """

    unsaved = ("flash_attention", "activity_regularizer")
    part_names = ("query_dense", "key_dense", "value_dense", "output_dense")  # attributes, and where weights lie in files
    parts = itemgetter(*part_names)  # out of nn.Module's table: to ask for an attribute would be a Python call each
    leaves_masks = True  # on its inputs; and an explicit `query_mask` counts
    _axes = None  # a FoldedAxes, where attention is not over axis 1 of three

    def __init__(
        self,
        dropout,
        use_bias,
        sliding_window,
        flash_attention,
        kernel_initializer,
        bias_initializer,
        kernel_regularizer,
        bias_regularizer,
        activity_regularizer,
        kernel_constraint,
        bias_constraint,
        use_gate,
        seed,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if flash_attention and dropout > 0:
            raise ValueError("Dropout is not supported when flash attention is enabled. The usual fix: `dropout=0.0`.")
        self.dropout, self.use_bias, self.use_gate, self.seed = dropout, use_bias, use_gate, seed
        self.sliding_window = None if sliding_window is None else positive(sliding_window, "sliding_window", STRICTLY)
        self.flash_attention = flash_attention
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self._activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._dropout_layer = Dropout(dropout, seed=seed, dtype=self.dtype_policy)
        self._has_own_attention = type(self)._compute_attention is not Heads._compute_attention
        self.supports_masking = True

    # ------------------------------------------------------------ weights

    def _build_parts(self, shapes, heads, sizes, output):
        """Makes the projections.

        Args:
            shapes: of query, key and value; heads: how many each has; sizes: of a head of each.
            output: the shape of the output behind the axes of the query.
        """
        for name, place, shape, *made in zip(("query", "key", "value"), self.part_names, shapes, heads, sizes):  # noqa: B905
            setattr(self, place, self._projection(name, shape, made))
            if name == "key" and self.use_gate:  # here, because Keras's `weights` have it here
                self._gate_dense = self._projection("gate", shapes[0], (heads[0], sizes[2]), activation="sigmoid")
        last = self._projection("attention_output", (*shapes[0][:-1], heads[0], sizes[2]), output, bound=2)
        setattr(self, self.part_names[3], last)
        self._scale = sizes[0] ** -0.5

    def _projection(self, name, shape, made, bound=1, activation=None):
        """An EinsumDense from the last `bound` axes of `shape` to axes of the sizes `made`."""
        letters, rank = string.ascii_lowercase, len(shape)
        free, summed, new = letters[: rank - bound], letters[rank - bound : rank], letters[rank : rank + len(made)]
        part = EinsumDense(
            f"{free}{summed},{summed}{new}->{free}{new}",
            output_shape=(*[None] * (len(free) - 1), *made),
            activation=activation,
            bias_axes=new if self.use_bias else None,
            kernel_initializer=another(self.kernel_initializer),
            bias_initializer=another(self.bias_initializer),
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            activity_regularizer=self._activity_regularizer,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            trainable=self.trainable,
            dtype=self.dtype_policy,
            name=name,
        )
        part.build(shape)
        return part

    # ------------------------------------------------------------ calling

    def call(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        carried = None
        if careful[0]:  # somewhere a layer makes masks: tensors may carry one
            carried = getattr(query, "_keras_mask", None)
            value_mask = getattr(value, "_keras_mask", None) if value_mask is None else value_mask
            key_mask = getattr(key, "_keras_mask", None) if key_mask is None else key_mask
            if not self.leaves_masks:
                _take_off_masks(query, value, key)
        if query_mask is None or not self.leaves_masks:
            query_mask = carried
        if key is None:
            key = value
        mask, more = None, {}
        if (
            query_mask is not None
            or value_mask is not None
            or key_mask is not None
            or attention_mask is not None
            or self.sliding_window
            or (use_causal_mask and self._has_own_attention)
        ):
            masks = query_mask, value_mask, key_mask, attention_mask
            mask = self._compute_attention_mask(query, value, *masks, use_causal_mask)
        elif use_causal_mask:
            more = {"use_causal_mask": True}
        if return_attention_scores:  # said only then: some subclasses have a `_compute_attention` without it
            more["return_attention_scores"] = True
        query_dense, key_dense, value_dense, output_dense = self.parts(self._modules)
        output, scores = self._compute_attention(
            query_dense(query), key_dense(key), value_dense(value), mask, training, **more
        )
        output = output_dense(output * self._gate_dense(query) if self.use_gate else output)
        if carried is not None:
            output._keras_mask = carried
        return (output, scores) if return_attention_scores else output

    def _compute_attention_mask(
        self,
        query,
        value,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        use_causal_mask=False,
    ):
        """All masks in one: True where a query sees a key. (batch, T, S), sizes of 1 are to be stretched."""
        masks = [] if query_mask is None else [query_mask.bool().unsqueeze(-1)]
        masks += [each.bool().unsqueeze(-2) for each in (value_mask, key_mask) if each is not None]
        if use_causal_mask or self.sliding_window:
            rows, columns = (torch.arange(each.shape[1], device=each.device) for each in (query, value))
            ahead = (columns - rows[:, None])[None]
            if use_causal_mask:
                masks.append(ahead <= 0)
            if self.sliding_window:
                masks.append(ahead.abs() < self.sliding_window)
        if attention_mask is not None:
            masks.append(attention_mask.bool())
        return functools.reduce(torch.logical_and, masks)

    def _compute_attention(
        self,
        query,
        key,
        value,
        attention_mask=None,
        training=None,
        return_attention_scores=False,
        use_causal_mask=False,
    ):
        """Attends in each head. Subclasses may write their own.

        Args:
            query, key, value: (batch, T or S, heads, size), projected.
            attention_mask: None, or True where a query sees a key: (batch, T, S), (T, S) or the shape of the scores.
            use_causal_mask: whether queries see no later keys.

        Returns:
            The output (batch, T, heads, size), and the scores (batch, heads, T, S) if they are asked for.
        """
        rate = self.dropout if (self.training if training is None else training) else 0
        explicit = return_attention_scores or (rate > 0 and self.seed is not None)  # torch's kernels take no seed
        axes, mask = self._axes, attention_mask
        if mask is not None and mask.dtype is not torch.bool:
            query, key, value, mask = map(tensor_of, (query, key, value, mask))  # arrays, perhaps
            mask = mask.bool()
        if use_causal_mask and (explicit or axes is not None or mask is not None):
            mask = self._compute_attention_mask(query, key, attention_mask=mask, use_causal_mask=True)
            use_causal_mask = False
        if axes is None:
            q, k, v = query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)
            if mask is not None and mask.ndim < 4:
                mask = mask.unsqueeze(-3)
        else:
            q, k, v = axes.folded(query), axes.folded(key), axes.folded(value)
            if mask is not None:
                mask = axes.folded_mask(mask, query, key)
        scores = None
        if explicit:
            if self.flash_attention:
                raise ValueError(
                    f"Layer {self.name!r}: with flash attention there are no attention scores to return. The usual fix: "
                    "`flash_attention=None`."
                )
            output, scores = self._attend(q, k, v, mask, rate)
        else:
            added = None if mask is None else hiding(mask, q.new_zeros(()))
            output = fused(q, k, v, added, rate, use_causal_mask, self._scale, self.flash_attention)
            if mask is not None and (self.dropout > 0 or axes is not None):
                output = output.masked_fill(~mask.any(-1, keepdim=True), 0)
        if axes is None:
            return output.transpose(1, 2), scores
        return axes.unfolded(output, query), None if scores is None else axes.unfolded_scores(scores, query, key)

    def _attend(self, query, key, value, mask, rate):
        """(batch, heads, T, size) of the output, and (batch, heads, T, S) of the scores before dropout."""
        groups = query.shape[1] // key.shape[1]
        if groups > 1:
            key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
        scores = query * self._scale @ key.transpose(-2, -1)
        if mask is None:
            scores = torch.softmax(scores, -1)
        else:  # far below all others, yet finite: where everything is hidden the exponentials must not be NaN
            low = -3e4 if scores.dtype is torch.float16 else -1e9
            scores = torch.softmax(scores.masked_fill(~mask, low), -1).masked_fill(~mask, 0)
        scores = scores.to(value.dtype)
        return (scores if rate == 0 else self._dropout_layer.call(scores, training=True)) @ value, scores

    # ------------------------------------------------------------ shapes

    def compute_output_shape(self, query_shape, value_shape, key_shape=None):
        """The shape of the output for inputs of these shapes (None: varies)."""
        self._check_shapes(value_shape, key_shape)
        shapes = [shape for shape in (query_shape, value_shape, key_shape) if shape is not None]
        return self.compute_output_spec(*(KerasTensor(shape, self.compute_dtype) for shape in shapes)).shape

    def _declared_shape(self, args, kwargs):
        # The trial fails where the size of a mask is known and that of the sequence varies, or the reverse.
        given = {**dict(zip(self._signature.tensors, args, strict=False)), **kwargs}
        given = {name: value for name, value in given.items() if value is not None}
        if given.get("return_attention_scores") or not any(name.endswith("mask") for name in given):
            return None
        return self.compute_output_shape(*(given[name].shape for name in ("query", "value", "key") if name in given))

    def _check_shapes(self, value_shape, key_shape):
        if key_shape is not None and tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
            raise ValueError(
                f"Layer {self.name!r}: all axes of `value` and `key` between the first and the last must be equal: each value "
                f"has a key. Received: value_shape={tuple(value_shape)}, key_shape={tuple(key_shape)}"
            )


class MultiHeadAttention(Heads):
    """Attention of several heads side by side (Vaswani et al. 2017).

    Shapes: query (batch, T, dim), value (batch, S, size), key (batch, S, size) or None, which is the value; output (batch, T,
    dim), or (batch, T, *output_shape); scores (batch, num_heads, T, S). There may be more axes in the place of T and S.

    Args:
        num_heads: how many heads.
        key_dim: the size of a head's queries and keys.
        value_dim: the size of a head's values; None is `key_dim`.
        dropout: the share of the scores that is set to 0 in training.
        use_bias: whether the projections have a bias.
        output_shape: the sizes of the output behind T; None is that of the query.
        attention_axes: the axes to attend over, an int or several; None is all between batch and features.
        sliding_window: queries see keys that are less than this away; None is all.
        flash_attention: True insists on torch's flash kernel; otherwise torch chooses.
        use_gate: whether the heads' outputs are multiplied with sigmoid(a projection of the query).
        seed: fixes what dropout drops.

    Call arguments:
        attention_mask: True where a query sees a key, (batch, T, S) or (T, S) or (batch, num_heads, T, S).
        value_mask, key_mask: (batch, S); left out, those that value and key carry. That which the query carries hides keys from
            its False rows and is handed on. An explicit `query_mask` does nothing, as in Keras, and as there the inputs lose
            the masks they carry.
        return_attention_scores: whether to return (output, scores).
        use_causal_mask: whether a query sees no later keys.

    Raises:
        ValueError: sizes that are no positive integers, axes that are not between batch and features, `value` and `key` of
            different lengths, or flash attention together with dropout or scores.

    The projections, `query_dense`, `key_dense`, `value_dense` and `output_dense`, are EinsumDense layers: an nn.Linear in each.
    """

    leaves_masks = False
    # The names that subclasses written for Keras know, and under which they may make projections of their own.
    _query_dense, _key_dense, _value_dense, _output_dense = (Shown(attrgetter(name)) for name in Heads.part_names)

    def __init__(
        self,
        num_heads,
        key_dim,
        value_dim=None,
        dropout=0.0,
        use_bias=True,
        output_shape=None,
        attention_axes=None,
        sliding_window=None,
        flash_attention=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        use_gate=False,
        seed=None,
        **kwargs,
    ):
        super().__init__(
            dropout, use_bias, sliding_window, flash_attention, kernel_initializer, bias_initializer, kernel_regularizer,
            bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint, use_gate, seed, **kwargs
        )  # fmt: skip
        self.num_heads = positive(num_heads, "num_heads", STRICTLY)
        self.key_dim = positive(key_dim, "key_dim", STRICTLY)
        self.value_dim = self.key_dim if value_dim is None else positive(value_dim, "value_dim", STRICTLY)
        output_shape = _several(output_shape, "output_shape")
        self._output_shape = None if output_shape is None else tuple(output_shape)
        self.attention_axes = _several(attention_axes, "attention_axes")

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = value_shape if key_shape is None else key_shape
        self._check_shapes(value_shape, key_shape)
        rank = len(value_shape)
        axes = range(1, rank - 1) if self.attention_axes is None else self.attention_axes
        resolved = tuple(axis if axis >= 0 else rank + axis for axis in axes)
        if not resolved or not set(resolved) <= set(range(1, rank - 1)):
            raise ValueError(
                f"Layer {self.name!r}: `attention_axes` must be axes between the batch and the features, 1 to {rank - 2}. "
                f"Received: attention_axes={self.attention_axes}, value_shape={tuple(value_shape)}"
            )
        output = self._output_shape or (known(query_shape[-1], self, "the last axis"),)
        shapes, sizes = (query_shape, key_shape, value_shape), (self.key_dim, self.key_dim, self.value_dim)
        self._build_parts(shapes, [self.num_heads] * 3, sizes, output)
        self.attention_axes = resolved
        self._axes = None if rank == 3 else FoldedAxes(rank + 1, resolved)

    def get_config(self):  # `layer.output_shape` is the shape that came out; penalties on activities are the projections'
        own = {"output_shape": self._output_shape, "activity_regularizer": registry.serialize(self._activity_regularizer)}
        return {**registry.arguments_as_config(self, MultiHeadAttention), **own}


class GroupedQueryAttention(Heads):
    """Attention of several heads, groups of which share keys and values (Ainslie et al. 2023).

    Shapes: query (batch, T, dim), value (batch, S, size), key (batch, S, size) or None, which is the value; output (batch, T,
    dim), scores (batch, num_query_heads, T, S).

    Args:
        head_dim: the size of a head.
        num_query_heads: how many heads.
        num_key_value_heads: how many keys and values; it divides `num_query_heads`.
        dropout: the share of the scores that is set to 0 in training.
        use_bias: whether the projections have a bias.
        sliding_window: queries see keys that are less than this away; None is all.
        flash_attention: True insists on torch's flash kernel; otherwise torch chooses.
        use_gate: whether the heads' outputs are multiplied with sigmoid(a projection of the query).
        seed: fixes what dropout drops.

    Call arguments: those of `MultiHeadAttention`. Here an explicit `query_mask` counts, and inputs keep their masks.

    Raises:
        ValueError: heads that cannot be grouped, `value` and `key` of different lengths, or flash attention together with
            dropout or scores.

    Keras publishes it, and files name it, as `GroupQueryAttention`.
    """

    keras_name = "GroupQueryAttention"
    part_names = ("_query_dense", "_key_dense", "_value_dense", "_output_dense")
    parts = itemgetter(*part_names)

    def __init__(
        self,
        head_dim,
        num_query_heads,
        num_key_value_heads,
        dropout=0.0,
        use_bias=True,
        sliding_window=None,
        flash_attention=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        use_gate=False,
        seed=None,
        **kwargs,
    ):
        super().__init__(
            dropout, use_bias, sliding_window, flash_attention, kernel_initializer, bias_initializer, kernel_regularizer,
            bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint, use_gate, seed, **kwargs
        )  # fmt: skip
        self.activity_regularizer = self._activity_regularizer  # its own, and the projections' too: Keras's choice
        self.head_dim = positive(head_dim, "head_dim", STRICTLY)
        self.num_query_heads = positive(num_query_heads, "num_query_heads", STRICTLY)
        self.num_key_value_heads = positive(num_key_value_heads, "num_key_value_heads", STRICTLY)
        if self.num_query_heads % self.num_key_value_heads:
            raise ValueError(
                "`num_query_heads` must be divisible by `num_key_value_heads`. Received: "
                f"num_query_heads={num_query_heads}, num_key_value_heads={num_key_value_heads}"
            )

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = value_shape if key_shape is None else key_shape
        self._check_shapes(value_shape, key_shape)
        if not len(query_shape) == len(value_shape) == len(key_shape) == 3:
            raise ValueError(
                f"Layer {self.name!r}: query, value and key must have three axes. Received: query_shape={tuple(query_shape)}, "
                f"value_shape={tuple(value_shape)}, key_shape={tuple(key_shape)}"
            )
        features = known(query_shape[-1], self, "the last axis")
        heads = self.num_query_heads, self.num_key_value_heads, self.num_key_value_heads
        self._build_parts((query_shape, key_shape, value_shape), heads, [self.head_dim] * 3, (features,))

    def get_config(self):
        own = {"activity_regularizer": registry.serialize(self._activity_regularizer)}
        return {**registry.arguments_as_config(self, GroupedQueryAttention), **own}


GroupQueryAttention = GroupedQueryAttention


class FoldedAxes:
    """Axes to attend over taken as one, so that kernels see (rows, heads, T, size) whatever the axes are.

    Args:
        rank: the number of axes of a projected tensor, (batch, ..., heads, size).
        axes: those to attend over. The others, without the heads, are taken as more rows.
    """

    def __init__(self, rank, axes):
        self.axes = tuple(axes)
        self.batch = tuple(axis for axis in range(rank - 2) if axis not in axes)
        self.order = (*self.batch, rank - 2, *axes, rank - 1)
        self.inverse = tuple(self.order.index(axis) for axis in range(rank))
        self.count, self.last_row = len(axes), len(self.batch) - 1

    def folded(self, x):
        """(rows, heads, T, size) of a projected tensor."""
        return x.permute(self.order).flatten(-self.count - 1, -2).flatten(0, self.last_row)

    def unfolded(self, x, query):
        """An output back in the axes of the query."""
        sizes = [query.shape[axis] for axis in self.order[:-1]]
        return x.reshape(*sizes, x.shape[-1]).permute(self.inverse)

    def unfolded_scores(self, scores, query, key):
        """(batch, ..., heads, T, ..., S, ...) of scores."""
        return scores.reshape(*(query.shape[axis] for axis in self.order[:-1]), *(key.shape[axis] for axis in self.axes))

    def folded_mask(self, mask, query, key):
        """(rows, heads or 1, T, S) of a mask that has the axes of the scores; it may lack heads and others in front of them."""
        rank = self.last_row + 2 + 2 * self.count
        while mask.ndim < rank:
            mask = mask.unsqueeze(-2 * self.count - 1)
        rows = [query.shape[axis] for axis in self.batch]
        seen = [each.shape[axis] for each in (query, key) for axis in self.axes]
        mask = mask.expand(*rows, mask.shape[len(rows)], *seen)
        return mask.flatten(-self.count).flatten(-self.count - 1, -2).flatten(0, self.last_row)


def another(initializer):
    """One that draws other values, where no seed was given; the projections are not to begin alike."""
    return type(initializer).from_config(initializer.get_config()) if hasattr(initializer, "get_config") else initializer


def _several(value, name):
    """An int as a tuple; several of them, and None, stay."""
    if value is not None and not isinstance(value, (int, list, tuple)):
        raise ValueError(f"Invalid `{name}`: it must be an int, a list or a tuple. Received: {name}={value!r}")
    return (value,) if isinstance(value, int) else value or None


def _take_off_masks(*tensors):
    for tensor in tensors:
        if hasattr(tensor, "_keras_mask"):
            tensor._keras_mask = None
