"""Categories, given by their numbers, as vectors."""

from __future__ import annotations

import numpy as np
import torch

from torchkeras_lite.texts import Texts

MODES = ("int", "one_hot", "multi_hot", "count")


def encoded(places, mode, depth, dtype, weights=None):
    """Numbers of categories as what `mode` says. What is no number of one (negative, too large) counts for nothing.

    Args:
        places: an integer tensor (..., samples), in which the first axis is the batch, if there is more than one.
        mode: "int": as they are; "one_hot": each a vector of length `depth` (a last axis of 1 goes); "multi_hot": the
            categories of axis 1 (of axis 0, if that is all) in one vector; "count": how often each occurs.
        dtype: a torch dtype.
        weights: how much each place counts, in "count".
    """
    if mode == "int":
        return places.to(dtype)
    places = places.long()
    if places.ndim == 0:
        places = places[None]
    if mode == "one_hot":
        places = places.squeeze(-1) if places.ndim > 1 else places
        return (places.unsqueeze(-1) == torch.arange(depth, device=places.device)).to(dtype)
    if places.ndim > 1:
        places = places.movedim(1, -1)
    places = torch.where((places >= 0) & (places < depth), places, depth)
    if weights is None:
        weights = torch.ones_like(places, dtype=dtype)
    elif weights.ndim > 1:
        weights = weights.movedim(1, -1)
    table = torch.zeros((*places.shape[:-1], depth + 1), dtype=weights.dtype, device=places.device)
    table = table.scatter(-1, places, 1) if mode == "multi_hot" else table.scatter_add(-1, places, weights)
    return table[..., :depth]


def check_sparse(layer, sparse, output_mode) -> None:
    """Raises ValueError if numbers of categories are to be sparse. (Vectors may be asked to be: they come out dense.)"""
    if sparse and output_mode == "int":
        raise ValueError(
            f"Layer {layer.name!r}: `sparse` may only be true if `output_mode` is one of {MODES[1:]}. Received: "
            f"sparse={sparse}, output_mode='int'"
        )


class ByValue:
    """Stands in front of Layer among the bases of layers that take sparse tensors of one's own by their values.

    These are what has `with_values`, as `tf.SparseTensor` has.

    With "int" a sparse tensor comes out, else the vectors of its rows: what stands nowhere counts for nothing.
    """

    def forward(self, *args, **kwargs):
        if not args or not hasattr(args[0], "with_values"):
            return super().forward(*args, **kwargs)
        sparse = args[0]
        if self.output_mode == "int":
            return sparse.with_values(self(sparse.values))
        if len(sparse.shape) != 2:
            raise ValueError(f"Layer {self.name!r} takes sparse tensors (batch, samples). Received: {sparse!r}")
        values, rows = sparse.values, sparse.indices[:, 0].cpu().numpy()
        values = values if isinstance(values, torch.Tensor) else Texts(values)
        made = torch.stack([self(values[np.flatnonzero(rows == row)]) for row in range(sparse.shape[0])])
        return made.squeeze(1) if self.output_mode == "one_hot" else made


def check_choice(layer, name, value, known) -> None:
    """Raises ValueError if an argument is none of those known."""
    if value not in known:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected one of {known}. Received: {name}={value!r} in layer {layer.name!r}"
        )
