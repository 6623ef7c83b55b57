"""What is said where the memory of a device does not suffice."""

from __future__ import annotations

import traceback

import torch
from torch.utils import _pytree as pytree


def out_of_memory(error: torch.OutOfMemoryError, batch) -> torch.OutOfMemoryError:
    """The error to raise in the place of torch's, once what the failed step held is free again."""
    traceback.clear_frames(error.__traceback__)  # they hold its activations; which line it was stays to be seen
    leaves = [leaf for leaf in pytree.tree_leaves(batch) if hasattr(leaf, "shape")]
    rows = f" on a batch of {leaves[0].shape[0]} rows" if leaves and len(leaves[0].shape) else ""
    return torch.OutOfMemoryError(
        f"The device ran out of memory in a step{rows}. The model is as it was before that step. Three ways out: a smaller "
        "`batch_size`; the same in effect with `gradient_accumulation_steps` in the optimizer, which adds up the gradients of "
        "several small batches; numbers of half the size, `mixed_precision.set_global_policy('mixed_bfloat16')` before the "
        f"model is made. ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
    )
