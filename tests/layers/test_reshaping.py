"""Layers that move, repeat, cut off, put around or interpolate: values by hand, laws, errors, memory."""

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import layers

LIGHT = settings(max_examples=60, deadline=None, database=None)
METHODS = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]
RANKS = (1, 2, 3)
SHAPES = {1: (2, 5, 3), 2: (2, 4, 5, 3), 3: (2, 4, 5, 3, 2)}
ALL = [
    *((f"ZeroPadding{rank}D", {"padding": 2}, SHAPES[rank]) for rank in RANKS),
    *((f"Cropping{rank}D", {"cropping": 1}, SHAPES[rank]) for rank in RANKS),
    *((f"UpSampling{rank}D", {"size": 3}, SHAPES[rank]) for rank in RANKS),
    *(("UpSampling2D", {"interpolation": method}, SHAPES[2]) for method in METHODS),
    ("Permute", {"dims": (3, 1, 2)}, SHAPES[2]),
    ("RepeatVector", {"n": 3}, (4, 5)),
]
every = pytest.mark.parametrize(("name", "kwargs", "shape"), ALL)


def drawn(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def image(rows):
    return torch.tensor(rows)[None, ..., None]


# ---------------------------------------------------------------- by hand


def test_permute():
    x = torch.arange(6).reshape(1, 2, 3)
    assert layers.Permute((2, 1))(x).tolist() == [[[0, 3], [1, 4], [2, 5]]]
    assert layers.Permute((3, 1, 2))(torch.zeros(2, 3, 4, 5)).shape == (2, 5, 3, 4)


def test_repeat_vector():
    assert layers.RepeatVector(2)(torch.tensor([[1, 2], [3, 4]])).tolist() == [[[1, 2], [1, 2]], [[3, 4], [3, 4]]]
    y = layers.RepeatVector(3)(torch.zeros(2, 2))
    y[0, 0] = 1  # three vectors, not one seen three times
    assert y[0].tolist() == [[1, 1], [0, 0], [0, 0]]


def test_zero_padding():
    x = torch.ones(1, 2, 3, 1)
    y = layers.ZeroPadding2D(((1, 0), (0, 2)))(x)
    assert y[0, ..., 0].tolist() == [[0, 0, 0, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 0, 0]]
    y = layers.ZeroPadding2D((1, 0), data_format="channels_first")(torch.ones(1, 1, 1, 2))
    assert y.tolist() == [[[[0, 0], [1, 1], [0, 0]]]]
    assert layers.ZeroPadding1D((0, 1))(torch.ones(1, 1, 2)).tolist() == [[[1, 1], [0, 0]]]
    assert layers.ZeroPadding3D((1, 0, 2))(torch.ones(1, 1, 1, 1, 1)).shape == (1, 3, 1, 5, 1)


def test_cropping():
    x = torch.arange(12).reshape(1, 3, 4, 1)
    assert layers.Cropping2D(((1, 0), (0, 2)))(x)[0, ..., 0].tolist() == [[4, 5], [8, 9]]
    assert layers.Cropping2D((1, 0))(x)[0, ..., 0].tolist() == [[4, 5, 6, 7]]
    assert layers.Cropping1D((2, 0))(x[0]).flatten().tolist() == [2, 3, 6, 7, 10, 11]
    y = layers.Cropping2D(1)(x)
    assert y.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()  # a view


def test_repetition():
    assert layers.UpSampling1D(2)(torch.tensor([[[1.0], [2.0]]])).flatten().tolist() == [1, 1, 2, 2]
    y = layers.UpSampling2D((2, 3))(image([[1.0, 2.0]]))
    assert y[0, ..., 0].tolist() == [[1, 1, 1, 2, 2, 2]] * 2
    x = torch.arange(8.0).reshape(1, 2, 2, 2, 1)
    expected = x.repeat_interleave(3, 1).repeat_interleave(2, 3)
    assert torch.equal(layers.UpSampling3D((3, 1, 2))(x), expected)


@pytest.mark.parametrize("factor", [3, 7, 41, 47, 55, 61])
def test_every_factor_repeats_the_right_entry(factor):
    for x in (torch.arange(40.0).reshape(1, 40, 1), torch.arange(40).reshape(1, 40, 1)):
        assert torch.equal(layers.UpSampling1D(factor)(x), x.repeat_interleave(factor, 1))


def test_bilinear():
    y = layers.UpSampling2D((1, 2), interpolation="bilinear")(image([[0.0, 1.0, 3.0]]))
    assert y.flatten().tolist() == [0, 0.25, 0.75, 1.5, 2.5, 3]


def test_bicubic_is_that_of_keys():
    """A step of one pixel: a quarter away the weights of a = -0.5 are fractions of 128; at the edge they are shared out."""
    y = layers.UpSampling2D((1, 2), interpolation="bicubic")(image([[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]])).flatten()
    away = {0.25: 111 / 128, 0.75: 29 / 128, 1.25: -9 / 128, 1.75: -3 / 128}
    for i in range(3, 11):
        assert y[i].item() == pytest.approx(away[abs((i + 0.5) / 2 - 0.5 - 3)], abs=1e-6)
    edge = layers.UpSampling2D((1, 2), interpolation="bicubic")(image([[1.0, 0.0, 0.0, 0.0]])).flatten()
    assert edge[0].item() == pytest.approx(111 / (111 - 9), abs=1e-6)  # what lies to the left (29 - 3) does not count


@pytest.mark.parametrize("method", METHODS)
def test_integers_are_rounded_and_stay_in_their_range(method):
    x = image([[0, 255, 255, 0]])
    layer = layers.UpSampling2D((1, 2), interpolation=method)
    y, exact = layer(x.to(torch.uint8)), layer(x.float())
    assert y.dtype is torch.uint8
    torch.testing.assert_close(y.float(), exact.clamp(0, 255), rtol=0, atol=0.501)
    assert layer(x > 0).dtype is torch.bool


# ---------------------------------------------------------------- laws

amounts = st.integers(0, 3)


@st.composite
def around(draw):
    """A rank, a pair for each axis, a data format, and an input."""
    rank = draw(st.sampled_from(RANKS))
    pairs = tuple((draw(amounts), draw(amounts)) for _ in range(rank))
    sizes = draw(st.lists(st.integers(1, 4), min_size=rank, max_size=rank))
    return rank, pairs if rank > 1 else pairs[0], drawn((2, *sizes, 3), draw(st.integers(0, 100)))


@LIGHT
@given(around())
def test_cropping_undoes_padding(case):
    rank, pairs, x = case
    y = getattr(layers, f"ZeroPadding{rank}D")(pairs)(x)
    assert torch.equal(getattr(layers, f"Cropping{rank}D")(pairs)(y), x)
    assert y.abs().sum().item() == pytest.approx(x.abs().sum().item(), rel=1e-5)  # nothing but zeros around
    if rank > 1:
        first = getattr(layers, f"ZeroPadding{rank}D")(pairs, data_format="channels_first")(x.movedim(-1, 1))
        assert torch.equal(first.movedim(1, -1), y)
        assert torch.equal(getattr(layers, f"Cropping{rank}D")(pairs, data_format="channels_first")(first), x.movedim(-1, 1))


@LIGHT
@given(st.permutations(range(1, 5)), st.integers(0, 2))
def test_the_inverse_undoes_a_permutation(dims, rows):
    x = drawn((rows, 2, 3, 4, 5))
    y = layers.Permute(dims)(x)
    assert list(y.shape[1:]) == [x.shape[dim] for dim in dims]
    inverse = [dims.index(axis) + 1 for axis in range(1, 5)]
    assert torch.equal(layers.Permute(inverse)(y), x)


@LIGHT
@given(st.sampled_from(RANKS), st.integers(1, 5), st.integers(1, 4), st.integers(0, 100))
def test_pooling_undoes_repetition(rank, factor, size, seed):
    x = drawn((2, *[size] * rank, 3), seed)
    y = getattr(layers, f"UpSampling{rank}D")(factor)(x)
    for kind in ("Max", "Average"):
        torch.testing.assert_close(getattr(layers, f"{kind}Pooling{rank}D")(factor)(y), x)


@LIGHT
@given(
    method=st.sampled_from(METHODS),
    size=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    value=st.floats(-5, 5),
)
def test_a_plain_image_stays_plain(method, size, height, width, value):
    y = layers.UpSampling2D(size, interpolation=method)(torch.full((1, height, width, 2), value))
    assert y.shape == (1, height * size[0], width * size[1], 2)
    torch.testing.assert_close(y, torch.full_like(y, value), rtol=1e-5, atol=1e-5)


@LIGHT
@given(st.sampled_from(METHODS), st.sampled_from([1, 3, 5]), st.integers(1, 9), st.integers(0, 100))
def test_odd_factors_keep_the_pixels(method, factor, size, seed):
    """The middle of a pixel is the middle of one of the new pixels, and every kernel interpolates."""
    x = drawn((2, size, size, 3), seed)
    y = layers.UpSampling2D(factor, interpolation=method)(x)
    torch.testing.assert_close(y[:, factor // 2 :: factor, factor // 2 :: factor], x, rtol=1e-5, atol=1e-5)


@LIGHT
@given(st.sampled_from(METHODS), st.integers(1, 4), st.integers(1, 4), st.integers(0, 100))
def test_upsampling_knows_no_left_and_right(method, down, right, seed):
    x = drawn((2, 5, 7, 3), seed)
    layer = layers.UpSampling2D((down, right), interpolation=method)
    torch.testing.assert_close(layer(x.flip(2)), layer(x).flip(2))
    turned = layers.UpSampling2D((right, down), interpolation=method)(x.transpose(1, 2))
    torch.testing.assert_close(turned.transpose(1, 2), layer(x), rtol=1e-4, atol=1e-5)
    first = layers.UpSampling2D((down, right), "channels_first", method)
    torch.testing.assert_close(first(x.movedim(-1, 1)).movedim(1, -1), layer(x), rtol=1e-4, atol=1e-5)


# ---------------------------------------------------------------- memory, rows, copies


@every
def test_no_rows(name, kwargs, shape):
    layer = getattr(layers, name)(**kwargs)
    x = drawn(shape)
    assert layer(x[:0]).shape == (0, *layer(x).shape[1:])
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *layer(x).shape[1:])


@every
def test_copies_and_pickles(name, kwargs, shape):
    layer = getattr(layers, name)(**kwargs)
    x = drawn(shape)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), type(layer).from_config(layer.get_config())):
        assert torch.equal(other(x), layer(x))
        assert other.get_config() == layer.get_config()
    assert not list(layer.parameters()) and not layer.state_dict()


@every
def test_channels_stay_last_in_memory(name, kwargs, shape):
    if name[:-2] not in ("Cropping", "Permu"):  # those are views
        assert getattr(layers, name)(**kwargs)(drawn(shape)).is_contiguous()


@pytest.mark.parametrize("method", ["bicubic", "lanczos3"])
def test_weights_found_in_inference_mode_serve_in_training(method):
    x = drawn((1, 11, 13, 2))  # sizes that no other test has: the weights are kept
    layer = layers.UpSampling2D(2, interpolation=method)
    with torch.inference_mode():
        y = layer(x)
    x.requires_grad_()
    layer(x).sum().backward()
    torch.testing.assert_close(layer(x).detach(), y)
    torch.testing.assert_close(x.grad.sum(), torch.tensor(float(y.numel())), rtol=1e-4, atol=1e-3)


def test_unknown_sizes():
    assert layers.ZeroPadding2D((1, 2))(layers.Input((None, 5, 3))).shape == (None, None, 9, 3)
    assert layers.Cropping1D(300)(layers.Input((None, 2))).shape == (None, None, 2)  # more than the sizes that are tried
    for method in METHODS:
        assert layers.UpSampling2D(2, interpolation=method)(layers.Input((None, 5, 3))).shape == (None, None, 10, 3)
    assert layers.UpSampling3D(2)(layers.Input((3, None, None, 1))).shape == (None, 6, None, None, 1)
    assert layers.Permute((2, 1))(layers.Input((None, 3))).shape == (None, 3, None)
    assert layers.RepeatVector(2)(layers.Input((None,))).shape == (None, 2, None)


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize("again", [False, True])  # the second call goes the short way
@pytest.mark.parametrize(
    ("layer", "right", "wrong", "words"),
    [
        (layers.Cropping1D((1, 2), name="c"), (1, 4, 1), (1, 3, 1), "Layer 'c': the input is 3 long, and of that 3 are"),
        (layers.Cropping2D((0, 2), name="c"), (1, 1, 5, 1), (1, 1, 3, 1), "'c'.* 3 wide.* 4 are cropped"),
        (layers.Cropping2D((2, 0), "channels_first", name="c"), (1, 1, 5, 1), (1, 1, 4, 9), "'c'.* 4 high"),
        (layers.Cropping3D(name="c"), (1, 3, 3, 3, 1), (1, 2, 3, 3, 1), "'c'.* 2 deep"),
        (layers.Cropping1D(name="c"), (1, 3, 1), (1, 3, 3, 1), "'c'.*expected ndim=3, found ndim=4"),
        (layers.ZeroPadding2D(name="c"), (1, 3, 3, 1), (1, 3, 3), "'c'.*expected ndim=4, found ndim=3"),
        (layers.UpSampling1D(name="c"), (1, 3, 1), (1, 3, 3, 1), "'c'.*expected ndim=3, found ndim=4"),
        *(
            (layers.UpSampling2D(interpolation=method, name="c"), (1, 3, 3, 1), (1, 3, 3), "'c'.*expected ndim=4, found ndim=3")
            for method in METHODS
        ),
        (layers.UpSampling3D(name="c"), (1, 3, 3, 3, 1), (1, 3, 3, 1), "'c'.*expected ndim=5, found ndim=4"),
        (layers.Permute((2, 1), name="c"), (1, 3, 3), (1, 3, 3, 1), "'c'.*expected ndim=3, found ndim=4"),
        (layers.RepeatVector(2, name="c"), (1, 3), (1, 3, 3), "'c'.*expected ndim=2, found ndim=3"),
    ],
)
def test_inputs_that_do_not_fit(layer, right, wrong, words, again):
    layer = copy.deepcopy(layer)
    for dtype in (torch.float32, torch.int32):
        if again:
            layer(torch.zeros(right, dtype=dtype))
        with pytest.raises(ValueError, match=words):
            layer(torch.zeros(wrong, dtype=dtype))
    with pytest.raises(ValueError, match=words):
        layer(layers.Input(wrong[1:]))


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: layers.ZeroPadding1D((1, 2, 3), name="z"), ValueError, r"'z'.*`padding`.* 2 integers.*\(1, 2, 3\)"),
        (lambda: layers.ZeroPadding2D((1, 2, 3), name="z"), ValueError, r"'z'.*`padding`.*2 axes.*\(1, 2, 3\)"),
        (lambda: layers.ZeroPadding2D(((1, 1), (1, -1)), name="z"), ValueError, r"`padding\[1\]`.*\(1, -1\).*`value >= 0`"),
        (lambda: layers.ZeroPadding2D(-1, name="z"), ValueError, r"'z'.*`padding\[0\]`.*-1"),
        (lambda: layers.ZeroPadding2D("ab", name="z"), ValueError, "'z'.*`padding`.*'ab'"),
        (lambda: layers.Cropping3D(None, name="z"), ValueError, "'z'.*`cropping`.*3 axes.*None"),
        (lambda: layers.UpSampling1D(2.0, name="z"), TypeError, r"integer value for `size`.*'z'.*2\.0"),
        (lambda: layers.UpSampling1D(0, name="z"), ValueError, "'z'.*`size` should be a positive integer.*size=0"),
        (lambda: layers.UpSampling2D((2, 0), name="z"), ValueError, r"'z'.*`size`.*\(2, 0\), including values \{0\}.*> 0"),
        (lambda: layers.UpSampling2D(interpolation="cubic", name="z"), ValueError, "'z'.*`interpolation`.*'bicubic'.*'cubic'"),
        (lambda: layers.UpSampling2D(interpolation=None, name="z"), ValueError, "'z'.*`interpolation`.*None"),
        (lambda: layers.Permute((0, 1), name="z"), ValueError, r"permutation.*`dims`.*'z'.*1, \.\.\., 2.*batch.*\(0, 1\)"),
        (lambda: layers.Permute(2, name="z"), TypeError, r"'z'.*`dims`.*\(2, 1\).*2"),
        (lambda: layers.RepeatVector(0, name="z"), ValueError, "'z'.*`n`.*positive.*n=0"),
        (lambda: layers.RepeatVector("2", name="z"), TypeError, "an integer value for `n`.*'z'.*'2'"),
    ],
)
def test_arguments_that_make_no_sense(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_numpy_integers():
    for layer, name, expected in (
        (layers.ZeroPadding2D(np.array([[1, 2], [3, 4]])), "padding", ((1, 2), (3, 4))),
        (layers.Cropping1D(np.int64(1)), "cropping", (1, 1)),
        (layers.UpSampling1D(np.int64(2)), "size", 2),
        (layers.UpSampling2D([np.int64(2), 3], interpolation="Bilinear"), "size", (2, 3)),
        (layers.Permute(np.array([2, 1])), "dims", (2, 1)),
        (layers.RepeatVector(np.int64(2)), "n", 2),
    ):
        value = layer.get_config()[name]
        assert value == expected
        assert "int64" not in repr(value)
