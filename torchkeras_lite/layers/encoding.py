"""Categories, given by their numbers, as vectors."""

from __future__ import annotations

import torch

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


def refuse_sparse(layer, sparse) -> None:
    """Raises ValueError if sparse tensors are asked for."""
    if sparse:
        raise ValueError(f"Layer {layer.name!r}: `sparse=True` is not supported by torch layers. The usual fix: leave it out.")


def check_choice(layer, name, value, known) -> None:
    """Raises ValueError if an argument is none of those known."""
    if value not in known:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected one of {known}. Received: {name}={value!r} in layer {layer.name!r}"
        )
