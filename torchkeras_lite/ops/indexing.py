"""Parts of tensors: by place, by condition, diagonals and triangles."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from torchkeras_lite.calls import going_on
from torchkeras_lite.ops.dispatch import Tensor, family, lifted, promoted, to_tensor, together
from torchkeras_lite.symbolic import KerasTensor, is_symbolic, open_size

op = family("numpy")


def get_item(x, key):
    """`x[key]`: integers, slices, None for new axes, `...`, tensors of places or bools, and tuples of them."""
    if isinstance(x, (Tensor, KerasTensor)):
        return x[key]
    return to_tensor(x)[key]


@op("Take", tensors=2)
def take(x, indices, axis=None):
    """The entries at `indices` (negative: from the end) along `axis`, which their shape replaces. None: of `x` flattened."""
    if not (isinstance(x, Tensor) and isinstance(indices, Tensor)):
        if isinstance(x, Tensor) and type(indices) is int:
            return (x.reshape(-1) if axis is None else x).select(axis or 0, indices)
        return lifted(take, x, indices, axis)
    if axis is None:
        x, axis = x.reshape(-1), 0
    if indices.dtype is not torch.int32:
        indices = indices.to(torch.int64)
    axis = axis + x.ndim if axis < 0 else axis
    if going_on.inferring:
        x, indices = _single(x, indices, axis)
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    if axis == 0 and x.ndim == 2:
        return F.embedding(indices, x)
    taken = x.index_select(axis, indices.reshape(-1))
    return taken if indices.ndim == 1 else taken.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


@op("TakeAlongAxis", tensors=2)
def take_along_axis(x, indices, axis=None):
    """Along `axis` the entries at `indices`, which has the axes of `x`; the others broadcast. None: of `x` flattened."""
    if not (isinstance(x, Tensor) and isinstance(indices, Tensor)):
        return lifted(take_along_axis, x, indices, axis)
    if axis is None:
        x, indices, axis = x.reshape(-1), indices.reshape(-1), 0
    if x.ndim != indices.ndim:
        raise ValueError(
            "`take_along_axis` expects `x` and `indices` with equally many axes. "
            f"Received: x.shape={tuple(x.shape)}, indices.shape={tuple(indices.shape)}"
        )
    indices = indices.to(torch.int64)
    if going_on.inferring:
        x, indices = _single(x, indices, axis)
    return torch.take_along_dim(x, torch.where(indices < 0, indices + x.shape[axis], indices), axis)


def _single(x, indices, axis):
    """A stand-in may have fewer entries along `axis` than the tensor to come: it gets one, and all indices mean that."""
    sizes = list(x.shape)
    sizes[axis] = 1
    return x.new_zeros(sizes), torch.zeros_like(indices)


@op("UnravelIndex", tensors=("indices",))
def unravel_index(indices, shape):
    """Places in a flattened tensor of `shape` as places in the tensor: a tuple with the indices for each axis."""
    if not isinstance(indices, Tensor):
        return lifted(unravel_index, indices, shape)
    return tuple(each.to(indices.dtype) for each in torch.unravel_index(indices, shape))


# ---------------------------------------------------------------- conditions


@op("Nonzero")
def nonzero(x):
    """The places where `x` is not 0: a tuple with their indices along each axis."""
    if not isinstance(x, Tensor):
        return tuple(map(open_size, lifted(nonzero, x)))
    return torch.nonzero(x).to(torch.int32).unbind(1)


@op("Select", tensors=("condlist", "choicelist", "default"))
def select(condlist, choicelist, default=0):
    """Of each place the choice whose condition is the first to hold there, or `default`."""
    if not (isinstance(condlist, (list, tuple)) and isinstance(choicelist, (list, tuple))):
        raise ValueError(
            "`select` expects lists of conditions and choices. "
            f"Received: condlist of type {type(condlist)}, choicelist of type {type(choicelist)}"
        )
    if not condlist or len(condlist) != len(choicelist):
        raise ValueError(
            "`select` expects as many choices as conditions, at least one. "
            f"Received: {len(condlist)} conditions and {len(choicelist)} choices"
        )
    for value in (*condlist, *choicelist):
        if not isinstance(value, Tensor):
            break
    else:
        if isinstance(default, (Tensor, int, float)):
            for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
                default = torch.where(condition.to(torch.bool), choice, default)
            return default
    if is_symbolic((condlist, choicelist, default)):
        return lifted(select, list(condlist), list(choicelist), default)
    *choices, default = together([*choicelist, default])
    return select([to_tensor(one) for one in condlist], choices, default)


@op("IsIn", tensors=2)
def isin(x1, x2, assume_unique=False, invert=False):
    """Of each number of `x1` whether it is in `x2` (or is not: `invert`). `assume_unique`: neither holds a number twice."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(isin, x1, x2, assume_unique, invert)
    if x1.dtype is torch.bool:  # torch compares numbers only
        x1, x2 = x1.to(torch.uint8), x2.to(torch.uint8)
    return torch.isin(x1, x2, assume_unique=assume_unique, invert=invert)


# ---------------------------------------------------------------- diagonals and triangles


@op("Diag")
def diag(x, k=0):
    """Of a matrix its k-th diagonal (a view); of numbers in a row the matrix that has them there and zeros elsewhere."""
    if not isinstance(x, Tensor):
        return lifted(diag, x, k)
    if x.ndim not in (1, 2):
        raise ValueError(f"`diag` expects `x` with 1 or 2 axes. Received: x.shape={tuple(x.shape)}")
    return torch.diag_embed(x, k) if x.ndim == 1 else torch.diagonal(x, k)


@op("Diagflat")
def diagflat(x, k=0):
    """The matrix with all numbers of `x` on its k-th diagonal and zeros elsewhere."""
    if not isinstance(x, Tensor):
        return lifted(diagflat, x, k)
    return torch.diagflat(x, k)


@op("Diagonal")
def diagonal(x, offset=0, axis1=0, axis2=1):
    """The diagonals of the matrices that `axis1` and `axis2` span, along a new last axis (a view)."""
    if not isinstance(x, Tensor):
        return lifted(diagonal, x, offset, axis1, axis2)
    if not (-x.ndim <= axis1 < x.ndim and -x.ndim <= axis2 < x.ndim) or (axis1 - axis2) % x.ndim == 0:
        raise ValueError(
            f"`diagonal` expects two different axes of `x`. Received: x.shape={tuple(x.shape)}, axis1={axis1}, axis2={axis2}"
        )
    return torch.diagonal(x, offset, axis1, axis2)


@op("Tril")
def tril(x, k=0):
    """Zeros above the k-th diagonal of the last two axes."""
    if not isinstance(x, Tensor):
        return lifted(tril, x, k)
    return torch.tril(x, k)


@op("Triu")
def triu(x, k=0):
    """Zeros below the k-th diagonal of the last two axes."""
    if not isinstance(x, Tensor):
        return lifted(triu, x, k)
    return torch.triu(x, k)
