"""What Keras's MultiHeadAttention has inside, for subclasses with a `build` and a computation of their own."""

from __future__ import annotations

import string
from operator import attrgetter, itemgetter

from torchkeras_lite import layers, ops
from torchkeras_lite.layers.multi_head import FoldedAxes, another
from torchkeras_lite.shown import Shown

_PLACES = ("_query_dense", "_key_dense", "_value_dense", "_output_dense")
SETTINGS = (
    "num_heads", "key_dim", "value_dim", "dropout", "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer",
    "bias_regularizer", "kernel_constraint", "bias_constraint",
)  # fmt: skip
(
    num_heads, key_dim, value_dim, dropout, use_bias, kernel_initializer, bias_initializer, kernel_regularizer,
    bias_regularizer, kernel_constraint, bias_constraint,
) = (Shown(attrgetter(name)) for name in SETTINGS)  # fmt: skip


def common_kwargs(self) -> dict:
    """The arguments that all projections have alike, with initializers of their own."""
    alike = ("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint")
    return {
        **{name: getattr(self, name) for name in alike},
        **{name: another(getattr(self, name)) for name in ("kernel_initializer", "bias_initializer")},
        "activity_regularizer": self._activity_regularizer,
        "dtype": self.dtype_policy,
    }


def build_attention(self, rank: int) -> None:
    """Settles over which axes of projected tensors of this rank to attend: a `build` that makes the projections calls it."""
    axes = range(1, rank - 2) if self.attention_axes is None else self.attention_axes
    self.attention_axes = tuple(axes)
    self._axes = None if rank == 4 else FoldedAxes(rank, self.attention_axes)
    self._scale = self.key_dim**-0.5
    vars(self)["parts"] = itemgetter(*_PLACES)  # `call` finds the projections under the names that they have there


def _equations(layer) -> tuple[str, str]:
    """What `einsum` is to do with (key, query), and with (scores, value)."""
    rank = 4 if layer._axes is None else len(layer._axes.order)
    axes = (1,) if layer._axes is None else layer._axes.axes
    query = string.ascii_lowercase[:rank]
    new = iter(string.ascii_lowercase[rank:])
    key = "".join(next(new) if axis in axes else letter for axis, letter in enumerate(query))
    rows = "".join(letter for axis, letter in enumerate(query[:-1]) if axis not in axes)
    scores = rows + "".join(query[axis] for axis in axes) + "".join(key[axis] for axis in axes)
    return f"{key},{query}->{scores}", f"{scores},{key}->{query}"


dot_product_equation = Shown(lambda layer: _equations(layer)[0])
combine_equation = Shown(lambda layer: _equations(layer)[1])
inverse_sqrt_key_dim = Shown(lambda layer: layer.key_dim**-0.5)


@Shown
def softmax(self):
    """The layer that makes weights of scores: along the axes of the keys."""
    count = 1 if self._axes is None else self._axes.count
    made = vars(self)["_softmax"] = layers.Softmax(tuple(range(-count, 0)), dtype=self.dtype_policy)
    return made


def masked_softmax(self, attention_scores, attention_mask=None):
    """The weights, where the mask, which may lack the axis of the heads, hides none."""
    if attention_mask is None:
        return self._softmax(attention_scores)
    count = 1 if self._axes is None else self._axes.count
    for _ in range(len(attention_scores.shape) - len(attention_mask.shape)):
        attention_mask = ops.expand_dims(attention_mask, -2 * count - 1)
    return self._softmax(attention_scores, mask=attention_mask)
