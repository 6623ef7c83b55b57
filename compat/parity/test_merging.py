"""Merging layers beside Keras over random ranks, shapes, axes, dtypes and masks."""

import numpy as np
import pytest
import torch
from harness import drawn, pair, run, same
from hypothesis import given, settings
from hypothesis import strategies as st

FEW = settings(max_examples=40, deadline=None, database=None)
MANY = settings(max_examples=2000, deadline=None, database=None)
ELEMENTWISE = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]
DTYPES = ["float32", "float32", "float32", "int32", "uint8"]


@st.composite
def elementwise(draw):
    """A layer and inputs that broadcast, of any ranks."""
    name = draw(st.sampled_from(ELEMENTWISE))
    count = 2 if name == "Subtract" else draw(st.integers(1, 4))
    rows, whole = draw(st.integers(1, 3)), draw(st.lists(st.integers(1, 4), max_size=3))
    inputs = []
    for i in range(count):
        tail = whole[draw(st.integers(0, len(whole))) :]
        tail = [1 if draw(st.booleans()) else size for size in tail]
        x = drawn((rows, *tail), draw(st.integers(0, 1000)) + i) * 5
        inputs.append(np.abs(x).astype(dtype) if (dtype := draw(st.sampled_from(DTYPES))) != "float32" else x)
    return name, {}, inputs


@st.composite
def concatenation(draw):
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    shapes = [list(shape) for _ in range(draw(st.integers(1, 4)))]
    for one in shapes:
        one[axis] = draw(st.integers(1, 4))
    return "Concatenate", {"axis": axis}, [drawn(tuple(one), seed) for seed, one in enumerate(shapes)]


@st.composite
def dot(draw):
    rows, size = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    shapes, axes = [], []
    for _ in range(2):
        others = draw(st.lists(st.integers(1, 4), max_size=3))
        place = draw(st.integers(0, len(others)))
        shapes.append((rows, *others[:place], size, *others[place:]))
        axes.append(place + 1 - (len(others) + 2) * draw(st.booleans()))
    if axes[0] == axes[1] and draw(st.booleans()):
        axes = axes[0]
    # Away from 0, where the gradient of a direction is the noise of a division by almost nothing; of one number it is nothing
    # but noise.
    inputs = [x + np.sign(x) for x in (drawn(shape, seed) for seed, shape in enumerate(shapes))]
    return "Dot", {"axes": axes, "normalize": size > 1 and draw(st.booleans())}, inputs


def compare(case):
    name, kwargs, inputs = case
    ours, theirs = pair(name, kwargs, inputs)
    same(run(ours, inputs), run(theirs, inputs), atol=1e-5)
    shapes = [x.shape for x in inputs]
    assert ours.compute_output_shape(shapes) == theirs.compute_output_shape(shapes)


cases = st.one_of(elementwise(), concatenation(), dot())


@FEW
@given(cases)
def test_merging(case):
    compare(case)


@pytest.mark.slow
@MANY
@given(cases)
def test_merging_in_many_cases(case):
    compare(case)


# ---------------------------------------------------------------- masks


@st.composite
def masked(draw):
    """Inputs (2, 3, features), some with a mask."""
    name = draw(st.sampled_from([*ELEMENTWISE, "Concatenate", "Dot"]))
    count = 2 if name in ("Subtract", "Dot") else draw(st.integers(1, 3))
    steps = [draw(st.sampled_from((1, 3))) if name in ELEMENTWISE else 3 for _ in range(count)]
    inputs = [drawn((2, length, 4), seed) for seed, length in enumerate(steps)]
    masks = [
        np.array(draw(st.lists(st.booleans(), min_size=2 * length, max_size=2 * length))).reshape(2, length)
        if draw(st.booleans()) or draw(st.booleans()) else None
        for length in steps
    ]  # fmt: skip
    kwargs = {"Concatenate": {"axis": draw(st.sampled_from((1, 2, -1, -2)))}, "Dot": {"axes": 2}}.get(name, {})
    return name, kwargs, inputs, masks


def compare_masks(case):
    name, kwargs, inputs, masks = case
    results = []
    for layer in pair(name, kwargs, inputs):
        tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
        for tensor, mask in zip(tensors, masks, strict=True):
            if mask is not None:
                tensor._keras_mask = torch.tensor(mask)
        y = layer(tensors)
        (y * torch.linspace(-1, 2, y.numel()).reshape(y.shape)).sum().backward()
        # A result may be its input, mask and all.
        results.append([y.detach(), getattr(y, "_keras_mask", None), *(tensor.grad for tensor in tensors)])
    for ours, theirs in zip(*results, strict=True):
        assert (ours is None) == (theirs is None)
        if theirs is not None:
            assert ours.dtype is theirs.dtype
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6, strict=True)


@FEW
@given(case=masked())
def test_masks(with_masks, case):
    compare_masks(case)


@pytest.mark.slow
@MANY
@given(case=masked())
def test_masks_in_many_cases(with_masks, case):
    compare_masks(case)


@pytest.mark.parametrize("name", ["Add", "Multiply", "Maximum"])
@pytest.mark.parametrize("mask", [None, np.array([True, False])])
def test_masks_of_inputs_of_different_rank(name, mask, with_masks):
    """In Keras an input that is given axes counts everywhere, whatever its mask says; the output's mask knows of it."""
    inputs, masks = [drawn((2, 2, 4)), drawn((2, 4), 1)], [np.array([[True, False], [False, False]]), mask]
    compare_masks((name, {}, inputs, masks))
