"""Attention over one sequence of vectors: Attention, AdditiveAttention."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.core import known
from torchkeras_lite.layers.regularization import Dropout
from torchkeras_lite.shown import Shown


class Attention(Layer):
    """Each query gets the mean of the values, weighted by softmax(query · key) (Luong et al. 2015).

    Shapes: inputs [query (batch, Tq, dim), value (batch, Tv, size)] or [query, value, key (batch, Tv, dim)], where the value is
    the key if there is none; output (batch, Tq, size), scores (batch, Tq, Tv). There may be more axes behind the batch axis.

    Args:
        use_scale: whether the scores are multiplied with a trained number, `scale`.
        score_mode: `"dot"`, or `"concat"`: `concat_score_weight` * sum(tanh(scale * (query + key))).
        dropout: the share of the scores that is set to 0 in training.
        seed: fixes the sequence of these.

    Call arguments:
        inputs: the list above.
        mask: [query_mask (batch, Tq), value_mask (batch, Tv)], either may be None: where the first is False the output is 0,
            where the second is, the value does not count. A query that no value counts for gets the mean of all.
        return_attention_scores: whether to return (output, scores).
        use_causal_mask: whether the query at i sees values up to i only.

    Raises:
        ValueError: not a list of two or three inputs, or of two or three masks.
    """

    def __init__(self, use_scale=False, score_mode="dot", dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                f"Invalid value for argument score_mode. Expected one of {{'dot', 'concat'}}. Received: "
                f"score_mode={score_mode!r}"
            )
        self.use_scale, self.score_mode, self.dropout, self.seed = use_scale, score_mode, dropout, seed
        self._dropout_layer = Dropout(dropout, seed=seed, dtype=self.dtype_policy) if dropout > 0 else None
        self._fuses = score_mode == "dot"
        self.supports_masking = True

    def build(self, input_shape):
        self._check(input_shape)
        self.scale = self.add_weight((), "ones", name="scale") if self.use_scale else None
        concat = self.score_mode == "concat"
        self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight") if concat else None

    def call(self, inputs, mask=None, training=None, return_attention_scores=False, use_causal_mask=False):
        if type(inputs) is not list or not 2 <= len(inputs) <= 3 or mask is not None:
            self._check(inputs, mask)
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = mask[:2] if mask is not None else (None, None)
        dropped = self.dropout > 0 and (self.training if training is None else training)
        if self._fuses and not (return_attention_scores or dropped) and query.ndim == 3:
            output, scores = self._fused(query, key, value, value_mask, use_causal_mask), None
        else:
            scores = self._calculate_scores(query, key)
            if value_mask is not None or use_causal_mask:
                scores = scores + _hiding(query, key, value_mask, use_causal_mask)
            scores = torch.softmax(scores, -1)
            if dropped:
                scores = self._dropout_layer.call(scores, training=True)
            output = scores @ value
        if query_mask is not None:
            output = output.masked_fill(~query_mask.bool().unsqueeze(-1), 0)
            if return_attention_scores:
                output._keras_mask = query_mask  # of one tensor `compute_mask` tells
        return (output, scores) if return_attention_scores else output

    @Shown
    def seed_generator(self):
        """See `Dropout`: for subclasses that draw themselves. None without dropout."""
        return self._dropout_layer and self._dropout_layer.seed_generator

    def _fused(self, query, key, value, value_mask, causal):
        if self.scale is not None:
            query = query * self.scale.value
        added = None
        if value_mask is not None:
            added, causal = _hiding(query, key, value_mask, causal).unsqueeze(1), False
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)  # torch's kernels want four axes
        return F.scaled_dot_product_attention(query, key, value, added, is_causal=causal, scale=1.0).squeeze(1)

    def _calculate_scores(self, query, key):
        """(batch, ..., Tq, Tv), before the softmax."""
        if self.score_mode == "dot":
            scores = query @ key.transpose(-2, -1)
            return scores if self.scale is None else scores * self.scale.value
        total = query.unsqueeze(-2) + key.unsqueeze(-3)
        if self.scale is not None:
            total = total * self.scale.value
        return torch.tanh(total).sum(-1) * self.concat_score_weight.value

    def compute_mask(self, inputs, mask=None):
        self._check(inputs, mask)
        return None if mask is None else mask[0]

    def _check(self, inputs, mask=None):
        name = type(self).__name__
        if not isinstance(inputs, list) or not 2 <= len(inputs) <= 3:
            raise ValueError(
                f"{name} layer must be called on a list of length 2 or 3, namely [query, value] or [query, value, key]. "
                f"Received: inputs={inputs if not isinstance(inputs, list) else f'a list of {len(inputs)}'}"
            )
        if mask is not None and (not isinstance(mask, list) or not 2 <= len(mask) <= 3):
            raise ValueError(
                f"{name} layer mask must be a list of length 2 or 3, namely [query_mask, value_mask], with None where there "
                f"is none. Received: mask={mask if not isinstance(mask, list) else f'a list of {len(mask)}'}"
            )


class AdditiveAttention(Attention):
    """Each query gets the mean of the values, weighted by softmax(sum(scale * tanh(query + key))) (Bahdanau et al. 2015).

    Shapes, call arguments and errors: see `Attention`. `scale` has a number for each of the dim features.

    Args:
        use_scale: whether there is a trained `scale`; else it is 1.
        dropout: the share of the scores that is set to 0 in training.
        seed: fixes the sequence of these.
    """

    def __init__(self, use_scale=True, dropout=0.0, seed=None, **kwargs):
        super().__init__(use_scale=use_scale, dropout=dropout, seed=seed, **kwargs)
        self._fuses = False  # torch has no kernel for this

    def build(self, input_shape):
        self._check(input_shape)
        size = known(input_shape[0][-1], self, "the last axis")
        self.scale = self.add_weight((size,), "glorot_uniform", name="scale") if self.use_scale else None

    def _calculate_scores(self, query, key):
        total = torch.tanh(query.unsqueeze(-2) + key.unsqueeze(-3))
        return total.sum(-1) if self.scale is None else total @ self.scale.value


def _hiding(query, key, value_mask, causal):
    """What is added to the scores: 0 where a query sees a value, else so little that a value beside it gets all the weight.

    The number is Keras's: a query that sees no value at all gets the mean of all of them.
    """
    seen = None
    if value_mask is not None:
        seen = value_mask.bool()
        if causal or seen.ndim == 2:
            seen = seen.unsqueeze(-2)
    if causal:
        lower = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device).tril()
        seen = lower if seen is None else seen & lower
    return torch.where(seen, query.new_zeros(()), -65504.0 if query.dtype is torch.float16 else -1e9)
