"""Layers that make one tensor of several: values, broadcasting, masks, errors, laws."""

import functools
import itertools
import string

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import calls, layers

LIGHT = settings(max_examples=60, deadline=None, database=None)
ELEMENTWISE = {
    "add": (layers.Add, layers.add, np.add),
    "multiply": (layers.Multiply, layers.multiply, np.multiply),
    "maximum": (layers.Maximum, layers.maximum, np.maximum),
    "minimum": (layers.Minimum, layers.minimum, np.minimum),
}
MASK = torch.tensor([[True, True, False], [True, False, False]])
OTHER = torch.tensor([[True, False, False], [True, True, False]])


@pytest.fixture
def with_masks():
    before, calls.careful[0] = calls.careful[0], True
    yield
    calls.careful[0] = before


def drawn(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def masked(x, mask):
    x = x.clone()
    if mask is not None:
        x._keras_mask = mask
    return x


# ---------------------------------------------------------------- values


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_elementwise(name, count):
    cls, function, numpy_function = ELEMENTWISE[name]
    xs = [drawn((4, 3, 2), seed) for seed in range(count)]
    expected = functools.reduce(numpy_function, [x.numpy() for x in xs])
    for y in (cls()(xs), cls()(tuple(xs)), function(xs), cls()([x.numpy() for x in xs])):
        np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-7)


def test_average_and_subtract():
    a, b, c = (drawn((4, 3), seed) for seed in range(3))
    torch.testing.assert_close(layers.Average()([a, b, c]), (a + b + c) / 3)
    torch.testing.assert_close(layers.average([a, b]), (a + b) / 2)
    torch.testing.assert_close(layers.Subtract()([a, b]), a - b)
    torch.testing.assert_close(layers.subtract([a, b]), a - b)
    halves = layers.Average()([torch.tensor([[1, 2]]), torch.tensor([[2, 2]])])
    assert halves.tolist() == [[1.5, 2.0]]


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([(2, 4), (2, 3, 4)], (2, 3, 4)),
        ([(2, 3, 4), (2, 1, 4)], (2, 3, 4)),
        ([(2, 3, 1), (2, 1, 4), (2, 4)], (2, 3, 4)),
        ([(2,), (2, 3, 4)], (2, 3, 4)),
        ([(3, 4), (3, 3, 4)], (3, 3, 4)),  # the batch axis stays the batch axis, even if it fits elsewhere
        ([(0, 4), (0, 3, 4)], (0, 3, 4)),
    ],
)
def test_ranks_are_made_equal_behind_the_batch_axis(shapes, expected):
    xs = [drawn(shape, seed) for seed, shape in enumerate(shapes)]
    y = layers.Add()(xs)
    assert y.shape == expected
    for row in range(expected[0]):  # each row by itself broadcasts as numpy does
        np.testing.assert_allclose(y[row], sum(x[row].numpy() for x in xs), rtol=1e-5, atol=1e-6)
    layer = layers.Add()
    layer([drawn((2, 4)), drawn((2, 4))])
    torch.testing.assert_close(layer(xs), y)  # built for other ranks, too


def brute_force_dot(x, y, first, second):
    """The definition, one entry at a time."""
    left = [size for axis, size in enumerate(x.shape) if axis not in (0, first)]
    right = [size for axis, size in enumerate(y.shape) if axis not in (0, second)]
    result = np.zeros((len(x), *left, *right), "float64")
    for place in itertools.product(*map(range, result.shape)):
        row, i, j = place[0], list(place[1 : 1 + len(left)]), list(place[1 + len(left) :])
        i.insert(first - 1, slice(None))
        j.insert(second - 1, slice(None))
        result[place] = (x[(row, *i)].astype("float64") * y[(row, *j)]).sum()
    return result if left or right else result[:, None]


@pytest.mark.parametrize("ranks", [(2, 2), (2, 3), (3, 2), (3, 3), (3, 4), (4, 4)])
def test_dot_over_every_pair_of_axes(ranks):
    for first, second in itertools.product(range(1, ranks[0]), range(1, ranks[1])):
        shapes = [2, 3, 4, 5][: ranks[0]], [2, 4, 3, 2][: ranks[1]]
        shapes[0][first] = shapes[1][second] = 3
        x, y = (drawn(shape, seed) for seed, shape in enumerate(shapes))
        expected = brute_force_dot(x.numpy(), y.numpy(), first, second)
        for axes in ((first, second), [first - ranks[0], second - ranks[1]], *([first] if first == second else [])):
            np.testing.assert_allclose(layers.Dot(axes)([x, y]), expected, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(layers.dot([x, y], axes=axes), expected, rtol=1e-4, atol=1e-5)


def test_normalized_dot_is_the_cosine():
    x, y = drawn((5, 4, 3)), drawn((5, 3), 1)
    expected = torch.nn.functional.cosine_similarity(x, y[:, None], dim=2)
    torch.testing.assert_close(layers.Dot((2, 1), normalize=True)([x, y]), expected)
    zero = torch.zeros(1, 3, requires_grad=True)
    layers.Dot(1, normalize=True)([zero, torch.ones(1, 3)]).sum().backward()
    assert zero.grad.isfinite().all()  # a vector of zeros gets a gradient, not NaN


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8])
def test_dot_of_integers_is_exact(dtype):
    x = torch.tensor([[3, 200, 1]], dtype=dtype)
    y = layers.Dot(1)([x, x])
    assert y.dtype is dtype
    assert y.item() == (40010 % 256 if dtype is torch.uint8 else 40010)
    large = torch.tensor([[2**53 + 1, 1]])
    assert layers.Dot(1)([large, torch.tensor([[1, 2]])]).item() == 2**53 + 3


def test_on_symbolic_tensors():
    a, b = layers.Input((None, 3)), layers.Input((4, 3))
    assert layers.Add()([a, b]).shape == (None, 4, 3)  # an open size beside 4 is 4 or 1 (Keras's layers leave it open)
    assert layers.Concatenate()([a, b]).shape == (None, None, 6)
    assert layers.Concatenate(axis=1)([b, b]).shape == (None, 8, 3)
    assert layers.Dot(2)([a, b]).shape == (None, None, 4)
    assert layers.Multiply()([layers.Input((3,)), b]).shape == (None, 4, 3)


# ---------------------------------------------------------------- masks


@pytest.mark.parametrize("cls", [layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum])
def test_the_mask_of_an_elementwise_output(cls, with_masks):
    a, b = drawn((2, 3, 4)), drawn((2, 3, 4), 1)
    y = cls()([masked(a, MASK), masked(b, OTHER)])
    assert torch.equal(y._keras_mask, MASK | OTHER)
    assert getattr(cls()([masked(a, MASK), b]), "_keras_mask", None) is None
    assert getattr(cls()([a, b]), "_keras_mask", None) is None


def test_what_is_masked_takes_no_part(with_masks):
    a, b, c = torch.full((2, 3, 1), 5.0), torch.full((2, 3, 1), 2.0), torch.full((2, 3, 1), 3.0)
    both = [masked(a, MASK), masked(b, OTHER)]
    assert layers.Maximum()(both)[..., 0].tolist() == [[5, 5, 5], [5, 2, 5]]
    assert layers.Minimum()(both)[..., 0].tolist() == [[2, 5, 5], [2, 2, 5]]
    assert layers.Multiply()(both)[..., 0].tolist() == [[10, 5, 0], [10, 2, 0]]
    one = [masked(a, MASK), c]
    assert layers.Maximum()(one)[..., 0].tolist() == [[5, 5, 3], [5, 3, 3]]
    assert layers.Multiply()(one)[..., 0].tolist() == [[15, 15, 3], [15, 3, 3]]
    assert layers.Add()(both)[..., 0].tolist() == [[7, 7, 7], [7, 7, 7]]


def test_the_mask_of_a_concatenation(with_masks):
    a, b = drawn((2, 3, 4)), drawn((2, 3, 2), 1)
    assert torch.equal(layers.Concatenate()([masked(a, MASK), masked(b, OTHER)])._keras_mask, MASK | OTHER)
    assert layers.Concatenate()([masked(a, MASK), b])._keras_mask.all()
    assert getattr(layers.Concatenate()([a, b]), "_keras_mask", None) is None
    b = drawn((2, 3, 4), 1)
    y = layers.Concatenate(axis=1)([masked(a, MASK), b, masked(b, OTHER)])
    assert torch.equal(y._keras_mask, torch.cat([MASK, torch.ones(2, 3, dtype=bool), OTHER], 1))
    whole = drawn((2, 3, 4), 2) > 1
    assert torch.equal(layers.Concatenate().compute_mask([a, b], [whole, None]), torch.ones(2, 3, dtype=bool))
    assert torch.equal(layers.Concatenate(1).compute_mask([a, b], [whole, OTHER]), torch.cat([whole.any(-1), OTHER], 1))


def test_no_mask_comes_out_of_a_dot(with_masks):
    x = masked(drawn((2, 3, 4)), MASK)
    assert getattr(layers.Dot(1)([x, x]), "_keras_mask", None) is None


@pytest.mark.parametrize("layer", [layers.Add(), layers.Multiply(), layers.Concatenate()])
def test_masks_that_do_not_belong_to_the_inputs(layer):
    x = drawn((2, 3, 4))
    for inputs, mask, words in (
        ([x, x], MASK, "`mask` should be a list"),
        (x, [MASK, MASK], "`inputs` should be a list"),
        ([x, x], [MASK], "the same length"),
    ):
        with pytest.raises(ValueError, match=words):
            layer.compute_mask(inputs, mask)


# ---------------------------------------------------------------- errors

BAD = [
    (layers.Add, {}, [(2, 3), (2, 1), (2, 4)], ValueError, r"'one' \(Add\): inputs 0 and 2, .*3 against 4 on axis -1"),
    (layers.Add, {}, [(2, 3), (3, 3)], ValueError, "2 against 3 rows. All inputs need the same batch size"),
    (layers.Add, {}, [(2, 5, 3), (2, 4)], ValueError, "3 against 4 on axis -1.*usual fix"),
    (layers.Add, {}, (2, 3), ValueError, "called on a list of at least 1 input"),
    (layers.Multiply, {}, [(), (2, 3)], ValueError, "input 0 is a scalar"),
    (layers.Subtract, {}, [(2, 3)], ValueError, "exactly 2 inputs.*Received: 1 inputs"),
    (layers.Subtract, {}, [(2, 3)] * 3, ValueError, "exactly 2 inputs.*Received: 3 inputs"),
    (layers.Concatenate, {}, [(2, 3, 4), (2, 5, 4)], ValueError, "0 and 1 differ on axis 1, 3 against 5.*axis=1"),
    (layers.Concatenate, {"axis": 1}, [(2, 3, 4), (2, 3, 5)], ValueError, "matching shapes except .* 4 against 5.*axis=2"),
    (layers.Concatenate, {"axis": 1}, [(2, 3, 4), (3, 3, 5)], ValueError, "differ on axis 0, 2 against 3.*padding"),
    (layers.Concatenate, {}, [(2, 3, 4), (2, 5)], ValueError, "have 3 and 2 axes"),
    (layers.Concatenate, {"axis": 2}, [(2, 3), (2, 3)], IndexError, "axis=2 is not an axis of inputs with 2 axes"),
    (layers.Concatenate, {}, (2, 3), ValueError, "called on a list"),
    (layers.Dot, {"axes": 1}, [(2, 3), (2, 4)], ValueError, "axis 1 of input 0 is 3 and axis 1 of input 1 is 4"),
    (layers.Dot, {"axes": 1}, [(2, 3), (1, 3)], ValueError, "the same batch size"),
    (layers.Dot, {"axes": 0}, [(2, 3), (2, 3)], ValueError, "axis 0 is the batch axis"),
    (layers.Dot, {"axes": (1, 2)}, [(2, 3), (2, 3)], IndexError, "input 1 has no axis 2"),
    (layers.Dot, {"axes": 1}, [(2, 3)] * 3, ValueError, "exactly 2 inputs"),
    (layers.Dot, {"axes": 1}, (2, 3), ValueError, "a list of exactly 2 inputs"),
]


@pytest.mark.parametrize(("cls", "kwargs", "shapes", "error", "message"), BAD, ids=str)
def test_inputs_that_do_not_fit(cls, kwargs, shapes, error, message):
    inputs = drawn(shapes) if isinstance(shapes, tuple) else [drawn(shape) for shape in shapes]
    layer = cls(name="one", **kwargs)
    with pytest.raises(error, match=message):
        layer(inputs)
    assert not layer.built
    with pytest.raises(error, match=message):
        layer.build(shapes)
    if kwargs.get("axes") != 0:
        layer([drawn((7, 6, 6))] * 2)
        with pytest.raises(error, match=message):  # a later call says the same
            layer(inputs)


def test_one_row_is_not_stretched():
    for shapes in ([(1, 3), (2, 3)], [(1, 3), (2, 3, 3)], [(None, 3), (2, 3), (1, 3)]):
        with pytest.raises(ValueError, match=r"against \d rows"):
            layers.Add().build(shapes)


def test_what_is_no_tensor():
    for bad in (None, 3.0):
        with pytest.raises(ValueError, match="input 1 is no tensor"):
            layers.Add()([drawn((2, 3)), bad])
    with pytest.raises(ValueError, match="called on a list"):
        layers.Add()({"a": drawn((2, 3))})
    layer = layers.Add()
    layer([drawn((2, 3))] * 2)
    with pytest.raises(ValueError, match="called on a list"):
        layer([])
    with pytest.raises(ValueError, match="input 1 is no tensor"):
        layer([drawn((2, 3)), None])
    with pytest.raises(ValueError, match="called on a list"):
        layer(drawn((2, 3)))  # two rows are not two inputs


@pytest.mark.parametrize(
    ("axes", "error"),
    [*((axes, TypeError) for axes in ("a", 1.5, None)), *((axes, ValueError) for axes in ((1,), (1, 2, 3), (1.0, 2)))],
)
def test_axes_that_are_none(axes, error):
    with pytest.raises(error, match="axes"):
        layers.Dot(axes)
    if error is TypeError:
        with pytest.raises(TypeError, match="axis"):
            layers.Concatenate(axis=axes)


# ---------------------------------------------------------------- laws

sizes = st.lists(st.integers(1, 4), min_size=1, max_size=3)


@LIGHT
@given(shape=sizes, rows=st.integers(0, 3), stretched=st.lists(st.booleans(), min_size=3, max_size=3), drop=st.integers(0, 2))
def test_broadcasting_is_numpys_within_a_row(shape, rows, stretched, drop):
    other = [1 if stretch else size for size, stretch in zip(shape, stretched, strict=False)][min(drop, len(shape) - 1) :]
    x, y = drawn((rows, *shape)), drawn((rows, *other), 1)
    for cls, _, function in ELEMENTWISE.values():
        for inputs in ([x, y], [y, x]):
            result = cls()(inputs)
            assert result.shape == x.shape
            for row in range(rows):
                np.testing.assert_allclose(result[row], function(inputs[0][row].numpy(), inputs[1][row].numpy()))


@LIGHT
@given(shape=sizes, count=st.integers(1, 4), seed=st.integers(0, 100))
def test_sums_products_and_means(shape, count, seed):
    xs = [drawn((2, *shape), seed + i) for i in range(count)]
    torch.testing.assert_close(layers.Average()(xs) * count, layers.Add()(xs))
    torch.testing.assert_close(layers.Maximum()(xs), -layers.Minimum()([-x for x in xs]))
    torch.testing.assert_close(layers.Add()(xs), layers.Add()(xs[::-1]))
    logs = layers.Add()([x.abs().log() for x in xs])
    torch.testing.assert_close(layers.Multiply()([x.abs() for x in xs]).log(), logs, rtol=1e-4, atol=1e-4)


@LIGHT
@given(shape=sizes, widths=st.lists(st.integers(0, 4), min_size=1, max_size=4), data=st.data())
def test_splitting_undoes_concatenation(shape, widths, data):
    axis = data.draw(st.integers(0, len(shape)))
    shapes = [[2, *shape] for _ in widths]
    for one, width in zip(shapes, widths, strict=True):
        one[axis] = width
    xs = [drawn(one, i) for i, one in enumerate(shapes)]
    for where in (axis, axis - len(shape) - 1):
        y = layers.Concatenate(axis=where)(xs)
        assert y.shape[axis] == sum(widths)
        assert all(torch.equal(part, x) for part, x in zip(y.split(widths, axis), xs, strict=True))


@LIGHT
@given(
    left=st.lists(st.integers(1, 4), max_size=2),
    right=st.lists(st.integers(1, 4), max_size=2),
    size=st.integers(1, 4),
    rows=st.integers(0, 3),
    data=st.data(),
)
def test_dot_is_an_einsum(left, right, size, rows, data):
    first, second = data.draw(st.integers(0, len(left))), data.draw(st.integers(0, len(right)))
    a, b = [*left[:first], size, *left[first:]], [*right[:second], size, *right[second:]]
    x, y = drawn((rows, *a)), drawn((rows, *b), 1)
    letters = iter(string.ascii_lowercase.replace("n", "").replace("s", ""))
    names_left, names_right = ["".join(next(letters) for _ in one) for one in (left, right)]
    equation = (
        f"n{names_left[:first]}s{names_left[first:]},n{names_right[:second]}s{names_right[second:]}->n{names_left}{names_right}"
    )
    expected = torch.einsum(equation, x, y)
    y = layers.Dot((first + 1, second + 1))([x, y])
    torch.testing.assert_close(y, expected if left or right else expected[:, None], rtol=1e-4, atol=1e-5)
