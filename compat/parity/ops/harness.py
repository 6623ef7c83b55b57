"""What a row of an operation goes through, beside the real Keras."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from oracle import keras as real
from torch.utils import _pytree as pytree
from values import factors

import torchkeras_lite as mine

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
JAX = "what Keras on JAX makes of it"
UNDRAWN: dict = {
    "symbolic": None,
    "config": False,
}  # for `but`: Keras cannot draw the call (a list or number beside a KerasTensor)
_RECORD = Path(__file__).with_name("jax_values.npz")
_ROOM = {torch.float16: (2e-3, 2e-3), torch.bfloat16: (2e-2, 2e-2), torch.float64: (1e-9, 1e-9)}


class Row(NamedTuple):
    """An operation and arguments for it: arrays and torch tensors are tensors, Python's numbers and lists are what they are.

    Attributes:
        expected: what comes out, where Keras on torch is wrong: an array, or a structure of them, with a comment that says how
            we know; or `JAX`, for a single result that `record_jax_ops.py` writes down.
        gradients, symbolic, config: what is compared beside the values. None for `symbolic`: our own shapes only.
        batched: how many of the first arguments have a batch in front (a kernel has none). None: all tensors.
        rtol, atol: for results in float32.
    """

    name: str
    args: tuple
    kwargs: dict
    expected: Any = None
    gradients: bool = True
    symbolic: bool | None = True
    config: bool = True
    batched: int | None = None
    rtol: float = 1e-5
    atol: float = 1e-6

    def but(self, **changes) -> Row:
        return self._replace(**changes)

    def __str__(self):
        shown = [_short(arg) for arg in self.args] + [f"{key}={_short(value)}" for key, value in self.kwargs.items()]
        return f"{self.name}({','.join(shown)})".replace(" ", "")


def row(name: str, *args, **kwargs) -> Row:
    """`row("softmax", x, axis=-1)`. Names in modules of their own are written with them: `"image.resize"`."""
    return Row(name, args, kwargs)


def plain(name: str, *args, **kwargs) -> Row:
    """A row without tensors, of Python's numbers and lists: there is nothing to draw or to write down."""
    return row(name, *args, **kwargs).but(gradients=False, symbolic=False, config=False)


def over_dtypes(name: str, *args, dtypes=DTYPES, **kwargs) -> list[Row]:
    """A row for each dtype, with all arrays among the arguments in it; their values must fit.

    Gradients are those of float32 and float64; shapes of KerasTensors are looked at in one dtype of each kind.
    """

    def cast(leaf, dtype):
        return torch.as_tensor(leaf).to(getattr(torch, dtype)) if is_tensor(leaf) else leaf

    def in_dtype(dtype):
        given = pytree.tree_map(lambda leaf: cast(leaf, dtype), (args, kwargs))
        return Row(
            name,
            *given,
            gradients=dtype in ("float32", "float64"),
            symbolic=dtype in ("bool", "int32", "float32"),
            config=False,
        )

    return [in_dtype(dtype) for dtype in dtypes]


def without_steps(rows: list[Row]) -> list[Row]:
    """For functions that jump or bend at whole numbers: there are no differences to compare gradients with."""
    return [one.but(gradients=False) for one in rows]


def over_wide(name: str, truth, *args, dtypes=("int64", "float64"), **kwargs) -> list[Row]:
    """Rows for dtypes of 64 bits where Keras on torch returns 32 (see the comment in compat/parity/test_promotion.py).

    Args:
        truth: the function of numpy's that says what comes out.
    """
    rows = over_dtypes(name, *args, dtypes=dtypes, **kwargs)
    return [one.but(expected=truth(*pytree.tree_map(np.asarray, one.args), **kwargs)) for one in rows]


def is_tensor(leaf) -> bool:
    return isinstance(leaf, (np.ndarray, torch.Tensor))


def _short(arg) -> str:
    if is_tensor(arg):
        return f"{str(arg.dtype).removeprefix('torch.')}{list(arg.shape)}"
    if isinstance(arg, (list, tuple)):
        return f"[{','.join(map(_short, arg))}]"
    return getattr(arg, "__name__", None) or str(arg)


def find(library, name: str):
    """`keras.ops.softmax` of "softmax", `keras.ops.image.resize` of "image.resize"."""
    found = library.ops
    for part in name.split("."):
        found = getattr(found, part)
    return found


# ---------------------------------------------------------------- values


def check_values(one: Row):
    """Values, dtypes and shapes, for arrays as well as for tensors."""
    theirs = find(real, one.name)(*one.args, **one.kwargs) if one.expected is None else truth(one)
    for as_given in (False, True):
        args, kwargs = (one.args, one.kwargs) if as_given else fresh(one)
        same(find(mine, one.name)(*args, **kwargs), theirs, one)


def truth(one: Row):
    """What a row with `expected` expects."""
    if one.expected is not JAX:
        return one.expected
    assert str(one) in recorded(), "there is no recorded value: run `python compat/parity/record_jax_ops.py`"
    return recorded()[str(one)]


@functools.cache
def recorded() -> dict[str, np.ndarray]:
    """The values from Keras on JAX, by row; under "header" the versions."""
    with np.load(_RECORD) as file:
        return dict(file)


def fresh(one: Row) -> tuple[tuple, dict]:
    """The arguments of a row, with copies of its arrays as tensors: Keras on torch writes into some."""
    return pytree.tree_map(_tensor, (one.args, one.kwargs))


def _tensor(leaf):
    return torch.as_tensor(leaf).clone() if is_tensor(leaf) else leaf


def same(ours, theirs, one: Row):
    """Whether two results are equal: in structure, dtype, shape and values."""
    ours, theirs = (leaves(result) for result in (ours, theirs))
    assert len(ours) == len(theirs)
    for ours_one, theirs_one in zip(ours, theirs, strict=True):
        assert isinstance(ours_one, torch.Tensor) == (is_tensor(theirs_one)), (ours_one, theirs_one)
        if not is_tensor(theirs_one):
            assert ours_one == theirs_one
            continue
        a, b = ours_one.detach(), torch.as_tensor(theirs_one).detach()
        assert a.dtype is b.dtype, f"dtype {a.dtype} instead of {b.dtype}"
        assert tuple(a.shape) == tuple(b.shape), f"shape {tuple(a.shape)} instead of {tuple(b.shape)}"
        inexact = a.is_floating_point() or a.is_complex()
        rtol, atol = _ROOM.get(a.dtype, (one.rtol, one.atol)) if inexact else (0, 0)
        torch.testing.assert_close(a, b, rtol=rtol, atol=atol, equal_nan=True, check_dtype=False, check_stride=False)


def leaves(result) -> list:
    return [leaf for leaf in pytree.tree_leaves(result) if leaf is not None]


# ---------------------------------------------------------------- gradients


def check_gradients(one: Row):
    """Gradients of all floating arguments: against Keras's, and in float64 against differences."""
    found = [gradients(find(library, one.name), one) for library in ((mine,) if one.expected is not None else (mine, real))]
    if found[0] is not None:
        _against_differences(find(mine, one.name), one)
    if all(each is None for each in found):
        pytest.skip("nothing to differentiate")
    if one.expected is None:
        assert found[0] is not None and found[1] is not None, f"ours is differentiable: {found[0] is not None}, Keras's is not"
        for ours, theirs in zip(*found, strict=True):
            assert (ours is None) == (theirs is None)
            if ours is not None:
                torch.testing.assert_close(ours, theirs, rtol=10 * one.rtol, atol=10 * one.atol, equal_nan=True)


def gradients(function, one: Row):
    args, kwargs = pytree.tree_map(_wanting, (one.args, one.kwargs))
    wanting = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor) and leaf.requires_grad]
    outputs = [
        leaf for leaf in leaves(function(*args, **kwargs)) if isinstance(leaf, torch.Tensor) and leaf.grad_fn is not None
    ]
    if not wanting or not outputs:
        return None
    total = sum((torch.view_as_real(y) if y.is_complex() else y).float().mul(_weights(y)).sum() for y in outputs)
    return torch.autograd.grad(total, wanting, allow_unused=True)


def _against_differences(function, one: Row):
    """Float64 gradients against differences, along one random direction."""
    numbers = [leaf for leaf in pytree.tree_leaves((one.args, one.kwargs)) if is_tensor(leaf)]
    wanting = [torch.as_tensor(leaf).double().requires_grad_() for leaf in numbers if torch.as_tensor(leaf).is_floating_point()]

    def outputs(*values):
        values = iter(values)

        def put(leaf):
            return next(values) if is_tensor(leaf) and torch.as_tensor(leaf).is_floating_point() else _tensor(leaf)

        args, kwargs = pytree.tree_map(put, (one.args, one.kwargs))
        found = [leaf for leaf in leaves(function(*args, **kwargs)) if isinstance(leaf, torch.Tensor)]
        return tuple(leaf for leaf in found if leaf.requires_grad)

    assert torch.autograd.gradcheck(outputs, tuple(wanting), fast_mode=True)


def _weights(y):
    return torch.from_numpy(factors(torch.view_as_real(y).shape if y.is_complex() else y.shape))


def _wanting(leaf):
    if not is_tensor(leaf):
        return leaf
    tensor = torch.as_tensor(leaf).clone()
    return tensor.requires_grad_() if tensor.dtype in (torch.float32, torch.float64) else tensor


# ---------------------------------------------------------------- symbolic tensors


def check_symbolic(one: Row):
    """Shapes and dtypes of KerasTensors: those of a real run; with the batch left open, those that Keras says."""
    function = find(mine, one.name)
    with torch.no_grad():
        real_run = leaves(function(*pytree.tree_map(_tensor, one.args), **pytree.tree_map(_tensor, one.kwargs)))
    outlines = leaves(_symbolically(mine, one, False))
    assert [(tuple(k.shape), k.dtype) for k in outlines] == [
        (tuple(t.shape), str(t.dtype).removeprefix("torch.")) for t in real_run
    ]
    if one.symbolic:
        theirs = leaves(_symbolically(real, one, True))
        ours = leaves(_symbolically(mine, one, True))
        assert [tuple(k.shape) for k in ours] == [tuple(k.shape) for k in theirs]


def _symbolically(library, one: Row, open_batch: bool):
    kind = mine.KerasTensor if library is mine else real.KerasTensor

    def outline(leaf, batched):
        if not is_tensor(leaf):
            return leaf
        shape = (None, *leaf.shape[1:]) if open_batch and batched and leaf.ndim > 1 else tuple(leaf.shape)
        return kind(shape, dtype=str(leaf.dtype).removeprefix("torch."))

    count = sys.maxsize if one.batched is None else one.batched
    args = [pytree.tree_map(lambda leaf, b=place < count: outline(leaf, b), arg) for place, arg in enumerate(one.args)]
    kwargs = pytree.tree_map(lambda leaf: outline(leaf, one.batched is None), one.kwargs)
    return find(library, one.name)(*args, **kwargs)


# ---------------------------------------------------------------- files


def check_config(one: Row):
    """A model with the operation in it goes through its config, our own and both ways with Keras."""
    given = [_tensor(leaf) for leaf in pytree.tree_leaves((one.args, one.kwargs)) if is_tensor(leaf)]
    made = [_model(library, one) for library in (mine, real)]
    ours, theirs = (json.loads(json.dumps(model.get_config())) for model in made)
    assert "torchkeras_lite" not in json.dumps(ours), f"keras.ops.{one.name} has no name in files: it is written as torch calls"
    once = leaves(made[0](given))
    for model in (mine.Model.from_config(ours), mine.Model.from_config(theirs)):
        same(once, leaves(model(given)), one)
    read = real.Model.from_config(ours)
    if one.expected is None:  # else Keras on torch computes something else
        same(once, leaves(read(given)), one)


def _model(library, one: Row):
    inputs = []

    def entry(leaf):
        if not is_tensor(leaf):
            return leaf
        inputs.append(library.Input(batch_shape=tuple(leaf.shape), dtype=str(leaf.dtype).removeprefix("torch.")))
        return inputs[-1]

    args, kwargs = pytree.tree_map(entry, (one.args, one.kwargs))
    return library.Model(inputs, find(library, one.name)(*args, **kwargs))
