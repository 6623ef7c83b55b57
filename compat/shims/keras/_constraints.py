"""Constraints that Keras no longer has."""

from __future__ import annotations

import torch

from torchkeras_lite import constraints
from torchkeras_lite.variable import tensor_of


class RadialConstraint(constraints.Constraint):
    """Square kernels (side, side, channels, filters) with one value on each ring around the middle.

    The values of the rings, from the middle outwards, are those on the diagonal from one place before its half on; where the
    side is even, the place behind that one is left out.

    Raises:
        ValueError: a kernel of other axes, or not a square one.
    """

    def __call__(self, w) -> torch.Tensor:
        w = tensor_of(w)
        side = w.shape[0]
        if w.ndim != 4 or w.shape[1] != side:
            raise ValueError(f"RadialConstraint is for square kernels of four axes. Received: {tuple(w.shape)}")
        half, odd = divmod(side, 2)
        if not half:
            return w
        diagonal = torch.tensor([half - 1, *range(half + 1 - odd, 2 * half)], device=w.device)
        places = torch.arange(side, device=w.device)
        steps = torch.maximum(places - half, half - 1 + odd - places)  # to the middle
        chosen = diagonal[torch.maximum(steps[:, None], steps)]
        return w[chosen, chosen]


radial_constraint = RadialConstraint
