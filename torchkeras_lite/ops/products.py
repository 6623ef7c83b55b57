"""Products of tensors, and functions spread over them.

Torch multiplies matrices of floats everywhere, of integers on the CPU only, and of bools nowhere. `_counted` is the way round:
bools count, and on a GPU whole numbers are multiplied in float64, which is exact up to 2^53.
"""

from __future__ import annotations

import functools
import re

import torch

from torchkeras_lite.ops.dispatch import Tensor, family, lifted, promoted, to_tensor, together
from torchkeras_lite.symbolic import KerasTensor

op = family("numpy")
_WHOLE = frozenset({torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64})
_SMALL = frozenset({torch.bool, torch.uint8, torch.int8, torch.int16})


def _counted(product, *tensors, result=None):
    """`product` of tensors of one dtype that is no float; in that dtype, or in `result`."""
    result = result or tensors[0].dtype
    device = tensors[0].device.type
    if device == "cpu":
        counts = torch.int32 if result is torch.bool else result
    else:
        counts = torch.float32 if device == "mps" else torch.float64
    made = product(*(tensor.to(counts) for tensor in tensors))
    return made if made.dtype is result else made != 0 if result is torch.bool else made.to(torch.int64).to(result)


@op("Matmul", tensors=2)
def matmul(x1, x2):
    """(..., m, k) times (..., k, n) gives (..., m, n); one axis alone counts as a row on the left and a column on the right.

    The product of int8 is int32.
    """
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor)):
        return lifted(matmul, x1, x2)
    sum_dtype = torch.int32 if x1.dtype is x2.dtype is torch.int8 else None
    if x1.dtype is not x2.dtype:
        x1, x2 = together((x1, x2))
    try:
        if x1.dtype in _WHOLE:
            return _counted(torch.matmul, x1, x2, result=sum_dtype)
        return torch.matmul(x1, x2)
    except RuntimeError as error:
        raise _misfit("matmul", x1, x2, error) from error


@op("Dot", tensors=2)
def dot(x1, x2):
    """Sums products over the last axis of `x1` and the last but one (or the only one) of `x2`; (..., k) (..., k, n).

    Unlike `matmul`, all other axes of both stay. If one has no axes, they are multiplied.
    """
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(dot, x1, x2)
    if x1.ndim == 0 or x2.ndim == 0:
        return torch.mul(x1, x2)
    try:
        product = torch.matmul if x2.ndim <= 2 else functools.partial(torch.tensordot, dims=([-1], [-2]))
        return _counted(product, x1, x2) if x1.dtype in _WHOLE else product(x1, x2)
    except RuntimeError as error:
        raise _misfit("dot", x1, x2, error) from error


@op("Inner", tensors=2)
def inner(x1, x2):
    """Sums products over the last axis of both; the others stay, first those of `x1`."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(inner, x1, x2)
    if x1.ndim and x2.ndim and x1.shape[-1] != x2.shape[-1]:
        raise ValueError(f"`inner` expects equal last sizes. Received: x1.shape={tuple(x1.shape)}, x2.shape={tuple(x2.shape)}")
    return _counted(torch.inner, x1, x2) if x1.dtype in _WHOLE else torch.inner(x1, x2)


@op("Outer", tensors=2)
def outer(x1, x2):
    """Each number of `x1` times each of `x2`: (numbers in x1, numbers in x2)."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor)):
        return promoted(outer, x1, x2)
    return torch.mul(x1.reshape(-1, 1), x2.reshape(1, -1))


@op("Vdot", tensors=2)
def vdot(x1, x2):
    """The sum of all products of the two, flattened; complex `x1` is conjugated."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(vdot, x1, x2)
    x1, x2 = x1.reshape(-1), x2.reshape(-1)
    return _counted(torch.dot, x1, x2) if x1.dtype in _WHOLE else torch.vdot(x1, x2)


@op("Tensordot", tensors=2)
def tensordot(x1, x2, axes=2):
    """Sums products over pairs of axes: the last `axes` of `x1` with the first of `x2`, or (of x1, of x2) as two lists."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(tensordot, x1, x2, axes)
    if not isinstance(axes, int):
        axes = [[one] if isinstance(one, int) else list(one) for one in axes]
    try:
        if x1.dtype in _WHOLE:
            return _counted(functools.partial(torch.tensordot, dims=axes), x1, x2)
        return torch.tensordot(x1, x2, axes)
    except RuntimeError as error:
        raise _misfit("tensordot", x1, x2, error) from error


@op("Einsum", tensors=("operands",))
def einsum(subscripts, *operands, **kwargs):
    """Sums of products in Einstein's notation: "bij,bjk->bik". The product of int8 is int32. Further arguments do nothing."""
    for each in operands:
        if not isinstance(each, Tensor):
            return lifted(einsum, subscripts, *operands)
    dtypes = {each.dtype for each in operands}
    if len(dtypes) > 1:
        operands = together(operands)
    if operands and operands[0].dtype in _WHOLE:
        sum_dtype = torch.int32 if dtypes == {torch.int8} else None
        return _counted(functools.partial(torch.einsum, subscripts), *operands, result=sum_dtype)
    return torch.einsum(subscripts, *operands)


@op("Kron", tensors=2)
def kron(x1, x2):
    """Each number of `x1` times all of `x2`, in its place: sizes multiply, axes that one lacks are added in front."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(kron, x1, x2)
    return torch.kron(x1, x2)


@op("Cross", tensors=2)
def cross(x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The vector product along `axisa` of x1 and `axisb` of x2, put at `axisc`; `axis` stands for all three.

    Vectors of 2 numbers lie in the plane z = 0; of two such only z is returned, without an axis.
    """
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is x2.dtype):
        return promoted(cross, x1, x2, axisa, axisb, axisc, axis)
    if axis is not None:
        axisa = axisb = axisc = axis
    x1, x2 = x1.movedim(axisa, -1), x2.movedim(axisb, -1)
    for name, x in (("x1", x1), ("x2", x2)):
        if x.shape[-1] not in (2, 3):
            raise ValueError(f"`cross` expects vectors of 2 or 3 numbers. Received: {name} with {x.shape[-1]}")
    if x1.shape[-1] == x2.shape[-1] == 2:
        return x1[..., 0] * x2[..., 1] - x1[..., 1] * x2[..., 0]
    x1, x2 = (torch.nn.functional.pad(x, (0, 3 - x.shape[-1])) if x.shape[-1] == 2 else x for x in (x1, x2))
    return torch.linalg.cross(*torch.broadcast_tensors(x1, x2), dim=-1).movedim(-1, axisc)


@op("Trace")
def trace(x, offset=0, axis1=0, axis2=1):
    """The sums of the diagonals of the matrices that `axis1` and `axis2` span. Small integers are summed in int32."""
    if not isinstance(x, Tensor):
        return lifted(trace, x, offset, axis1, axis2)
    if x.ndim and (axis1 - axis2) % x.ndim == 0:
        raise ValueError(f"`trace` expects two different axes. Received: axis1={axis1}, axis2={axis2}, shape {tuple(x.shape)}")
    return torch.diagonal(x, offset, axis1, axis2).sum(-1, dtype=torch.int32 if x.dtype in _SMALL else x.dtype)


def _misfit(name, x1, x2, error) -> Exception:
    """The story of shapes that do not fit; an error of torch that tells of something else as it is."""
    if isinstance(error, torch.OutOfMemoryError) or "CUDA" in str(error):
        return error
    return ValueError(
        f"`{name}` cannot multiply `x1` of shape {tuple(x1.shape)} and `x2` of shape {tuple(x2.shape)}: the axes that are "
        f"summed over need equal sizes ({error})"
    )


# ---------------------------------------------------------------- functions spread over tensors


def vectorize(pyfunc, *, excluded=None, signature=None):
    """A function that applies `pyfunc`, written for single numbers, to each number of tensors that broadcast.

    Args:
        excluded: places and names of arguments that go to `pyfunc` whole; so do None and all arguments by name.
        signature: "(m,n),(n)->(m)" if `pyfunc` takes and returns tensors with these axes, the last ones of its arguments.
    """
    if not callable(pyfunc):
        raise ValueError(f"`vectorize` expects a function for `pyfunc`. Received: pyfunc={pyfunc!r}")
    cores, results = (None, None) if signature is None else _cores(signature)
    whole = frozenset(excluded or ())

    @functools.wraps(pyfunc)
    def vectorized(*args, **kwargs):
        spread = [place for place, arg in enumerate(args) if place not in whole and arg is not None]
        own = [()] * len(spread) if cores is None else cores
        if len(own) != len(spread):
            raise TypeError(f"The function takes {len(own)} tensors ({signature}). Received: {len(spread)}")
        tensors = [args[place] if isinstance(args[place], KerasTensor) else to_tensor(args[place]) for place in spread]
        sizes: dict[str, int] = {}
        outer_shapes = [_outer_shape(tensor.shape, core, sizes) for tensor, core in zip(tensors, own, strict=True)]

        def once(*values):
            given = list(args)
            for place, value in zip(spread, values, strict=True):
                given[place] = value
            made = pyfunc(*given, **kwargs)
            _check_results(made, results, sizes)
            return made

        return _spread_over(once, tensors, outer_shapes)

    return vectorized


def _cores(signature):
    """The axes of each argument and of each result in "(m,n),(n)->(m)"."""
    group = r"\((?:\w+(?:,\w+)*)?\)"
    if not re.fullmatch(rf"{group}(?:,{group})*->{group}(?:,{group})*", signature.replace(" ", "")):
        raise ValueError(f"`vectorize` expects a signature such as '(m,n),(n)->(m)'. Received: signature={signature!r}")
    return [[tuple(re.findall(r"\w+", part)) for part in re.findall(r"\(.*?\)", side)] for side in signature.split("->")]


def _outer_shape(shape, core, sizes) -> tuple[int, ...]:
    """The axes in front of `core`, whose sizes must be those that the other arguments have."""
    if len(shape) < len(core):
        raise ValueError(f"An argument of shape {tuple(shape)} has no axes for ({','.join(core)}).")
    split = len(shape) - len(core)
    for name, size in zip(core, shape[split:], strict=True):
        if sizes.setdefault(name, size) != size:
            raise ValueError(f"The axis {name} has the sizes {sizes[name]} and {size} in arguments of one call.")
    return tuple(shape[:split])


def _check_results(made, results, sizes):
    several = isinstance(made, (tuple, list))
    made = made if several else [made]
    results = [()] * len(made) if results is None else results
    if len(results) != len(made):
        raise TypeError(f"The function returned {len(made)} results, its signature says {len(results)}.")
    for value, core in zip(made, results, strict=True):
        shape = tuple(value.shape)
        if len(shape) != len(core) or any(sizes.get(name, size) != size for name, size in zip(core, shape, strict=True)):
            raise ValueError(f"The function returned a tensor of shape {shape}, expected were axes ({','.join(core)}).")


def _spread_over(function, tensors, outer_shapes):
    """`function` mapped over each of the outer axes along which a tensor has more than one entry."""
    ndim = max((len(shape) for shape in outer_shapes), default=0)
    try:
        torch.broadcast_shapes(*outer_shapes)
    except RuntimeError as error:
        raise ValueError(f"Tensors of the shapes {outer_shapes} (in front of their own axes) do not broadcast.") from error
    aligned = [(1,) * (ndim - len(shape)) + shape for shape in outer_shapes]
    single = [axis for axis in range(ndim) if all(shape[axis] == 1 for shape in aligned)]
    tensors = [
        tensor.squeeze(tuple(axis for axis, size in enumerate(shape) if size == 1)) if 1 in shape else tensor
        for tensor, shape in zip(tensors, outer_shapes, strict=True)
    ]
    for axis in reversed(range(ndim)):
        if axis not in single:
            function = torch.vmap(function, tuple(None if shape[axis] == 1 else 0 for shape in aligned))
    made = function(*tensors)
    if not single:
        return made

    def unsqueezed(value):
        for axis in single:
            value = value.unsqueeze(axis)
        return value

    return tuple(map(unsqueezed, made)) if isinstance(made, (tuple, list)) else unsqueezed(made)
