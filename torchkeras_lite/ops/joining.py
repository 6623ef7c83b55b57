"""Several tensors made one, one made several, and one many times."""

from __future__ import annotations

import torch

from torchkeras_lite.calls import going_on
from torchkeras_lite.ops.dispatch import Tensor, family, lifted, promoted

op = family("numpy")


@op("Concatenate", listed=True)
def concatenate(xs, axis=0):
    """Tensors behind each other along `axis`; their other sizes are equal."""
    if axis is None:
        raise ValueError(
            "`concatenate` expects an integer for `axis`. Received: axis=None. To flatten, use `append` or `ravel`."
        )
    for x in xs:
        if not isinstance(x, Tensor):
            return promoted(concatenate, xs, axis)
    try:
        return torch.cat(tuple(xs), axis)
    except RuntimeError as error:
        raise _misfit("concatenate", xs, f"along all axes but {axis}", error) from error


@op("Append", tensors=2)
def append(x1, x2, axis=None):
    """`x2` behind `x1` along `axis`; None: both are flattened."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor)):
        return promoted(append, x1, x2, axis)
    if axis is None:
        return torch.cat((x1.reshape(-1), x2.reshape(-1)))
    try:
        return torch.cat((x1, x2), axis)
    except RuntimeError as error:
        raise _misfit("append", (x1, x2), f"along all axes but {axis}", error) from error


@op("Stack", listed=True)
def stack(x, axis=0):
    """Tensors of one shape beside each other, along a new `axis`."""
    for each in x:
        if not isinstance(each, Tensor):
            return promoted(stack, x, axis)
    try:
        return torch.stack(tuple(x), axis)
    except RuntimeError as error:
        raise _misfit("stack", x, "along all axes", error) from error


@op("Hstack", listed=True)
def hstack(xs):
    """Tensors behind each other along the second axis, or the only one."""
    for x in xs:
        if not isinstance(x, Tensor):
            return promoted(hstack, xs)
    try:
        return torch.hstack(tuple(xs))
    except RuntimeError as error:
        raise _misfit("hstack", xs, "along all axes but 1", error) from error


@op("Vstack", listed=True)
def vstack(xs):
    """Tensors behind each other along the first axis; those with one axis are rows."""
    for x in xs:
        if not isinstance(x, Tensor):
            return promoted(vstack, xs)
    try:
        return torch.vstack(tuple(xs))
    except RuntimeError as error:
        raise _misfit("vstack", xs, "along all axes but 0", error) from error


@op("Dstack", listed=True)
def dstack(xs):
    """Tensors behind each other along the third axis; (n,) counts as (1, n, 1) and (m, n) as (m, n, 1)."""
    for x in xs:
        if not isinstance(x, Tensor):
            return promoted(dstack, xs)
    try:
        return torch.dstack(tuple(xs))
    except RuntimeError as error:
        raise _misfit("dstack", xs, "along all axes but 2", error) from error


def _misfit(name, tensors, where, error) -> Exception:
    """The story of shapes that do not fit; any other error of torch as it is."""
    shapes = [tuple(tensor.shape) for tensor in tensors]
    if len(set(shapes)) == 1:
        return error
    return ValueError(f"`{name}` expects tensors of equal sizes {where}. Received tensors of the shapes {shapes}")


# ---------------------------------------------------------------- one made several


@op("Split")
def split(x, indices_or_sections, axis=0):
    """A list of views of `x`: so many equal parts along `axis`, or the parts between the given places."""
    if not isinstance(x, Tensor):
        return lifted(split, x, _places(indices_or_sections), axis)
    return _parts("split", x, indices_or_sections, axis)


@op("Hsplit")
def hsplit(x, indices_or_sections):
    """`split` along the second axis, or the only one."""
    if not isinstance(x, Tensor):
        return lifted(hsplit, x, _places(indices_or_sections))
    return _parts("hsplit", x, indices_or_sections, min(x.ndim - 1, 1))


@op("Vsplit")
def vsplit(x, indices_or_sections):
    """`split` along the first of two axes or more."""
    if not isinstance(x, Tensor):
        return lifted(vsplit, x, _places(indices_or_sections))
    return _parts("vsplit", x, indices_or_sections, 0, needs=2)


@op("Dsplit")
def dsplit(x, indices_or_sections):
    """`split` along the third axis."""
    if not isinstance(x, Tensor):
        return lifted(dsplit, x, _places(indices_or_sections))
    return _parts("dsplit", x, indices_or_sections, 2, needs=3)


@op("ArraySplit")
def array_split(x, indices_or_sections, axis=0):
    """As `split` into so many parts, of which the first may be longer by one than the last."""
    if not isinstance(indices_or_sections, int) or not isinstance(axis, int):
        raise TypeError(
            "`array_split` expects integers for `indices_or_sections` and `axis`. "
            f"Received: indices_or_sections={indices_or_sections}, axis={axis}"
        )
    if indices_or_sections <= 0:
        raise ValueError(f"`array_split` expects 1 part or more. Received: indices_or_sections={indices_or_sections}")
    if not isinstance(x, Tensor):
        return lifted(array_split, x, indices_or_sections, axis)
    return list(torch.tensor_split(x, indices_or_sections, axis))


def _places(indices_or_sections):
    """The same in integers, so that a file can hold it."""
    if isinstance(indices_or_sections, int):
        return indices_or_sections
    return tuple(int(place) for place in indices_or_sections)


def _parts(name, x, indices_or_sections, axis, needs=1) -> list[Tensor]:
    if x.ndim < needs:
        raise ValueError(f"`{name}` expects `x` with {needs} axes or more. Received: x.shape={tuple(x.shape)}")
    if not isinstance(indices_or_sections, int):
        return list(torch.tensor_split(x, _places(indices_or_sections), axis))
    if indices_or_sections < 1 or x.shape[axis] % indices_or_sections:
        raise ValueError(
            f"`{name}` expects a number of parts that divides the size of axis {axis}. "
            f"Received: indices_or_sections={indices_or_sections} and x.shape={tuple(x.shape)}"
        )
    return list(torch.tensor_split(x, indices_or_sections, axis))


# ---------------------------------------------------------------- many times


@op("Repeat")
def repeat(x, repeats, axis=None):
    """Each entry along `axis` so many times in a row; `repeats` may differ for each. None: of `x` flattened."""
    if not isinstance(x, Tensor):
        return lifted(repeat, x, repeats, axis)
    if axis is None:
        x, axis = x.reshape(-1), 0
    if isinstance(repeats, (tuple, list)):
        if len(repeats) > 1:
            counts = torch.tensor(repeats, dtype=torch.int64).to(x.device, non_blocking=True)
            if going_on.inferring and x.shape[axis] == 0:
                counts = counts[:0]  # a stand-in without rows
            elif len(repeats) != x.shape[axis]:
                raise ValueError(
                    f"`repeat` expects one number, or one for each entry along axis {axis}. "
                    f"Received: repeats={repeats} and x of shape {tuple(x.shape)}"
                )
            return torch.repeat_interleave(x, counts, axis, output_size=sum(repeats) if len(counts) else 0)
        repeats = repeats[0]
    if not isinstance(repeats, int):  # how long the result is, is in the tensor
        repeats = torch.as_tensor(repeats, device=x.device).to(torch.int64)
    return torch.repeat_interleave(x, repeats, axis)


@op("Tile")
def tile(x, repeats):
    """All of `x` so many times along each axis, the last ones if `repeats` is shorter; new axes in front if longer."""
    if not isinstance(x, Tensor):
        return lifted(tile, x, repeats)
    if not isinstance(repeats, (tuple, list)):
        repeats = (repeats,) if isinstance(repeats, int) else tuple(repeats.reshape(-1).tolist())
    return torch.tile(x, tuple(repeats))
