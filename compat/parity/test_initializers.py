"""Initializers against Keras: configs, equal values where the algorithm is the same, else equal distributions."""

import inspect

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import keras as real

from torchkeras_lite import initializers, random

SEEDED = [
    "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform", "Orthogonal",
    "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling",
]  # fmt: skip
TRUNCATED = {"GlorotNormal", "HeNormal", "LecunNormal", "TruncatedNormal", "VarianceScaling"}
SHAPES = [(40, 30), (30, 40), (3, 3, 8, 16), (5, 4, 6), (300,), ()]
ARGUMENTS = [
    ("RandomNormal", {"mean": 1.0, "stddev": 3.0}),
    ("RandomUniform", {"minval": -2.0, "maxval": 5.0}),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 3.0}),
    ("Orthogonal", {"gain": 2.0}),
    *(
        ("VarianceScaling", {"scale": scale, "mode": mode, "distribution": distribution})
        for scale in (0.5, 2.0)
        for mode in ("fan_in", "fan_out", "fan_avg")
        for distribution in ("uniform", "truncated_normal", "untruncated_normal")
    ),
    ("HeNormal", {"input_axes": [0, 1], "output_axes": [2]}),
    ("GlorotUniform", {"input_axes": [0], "output_axes": [1, 2]}),
    *((name, {}) for name in SEEDED),
]


def truncated(name, kwargs):
    return name in TRUNCATED and kwargs.get("distribution", "truncated_normal") == "truncated_normal"


def values(tensor):
    return tensor.detach().cpu().numpy()


@pytest.mark.parametrize(("name", "kwargs"), ARGUMENTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_seeded_values(keras, name, kwargs, shape):
    if (name == "Orthogonal" and len(shape) < 2) or ("input_axes" in kwargs and len(shape) < 3):
        return
    ours = getattr(initializers, name)(seed=7, **kwargs)
    theirs = getattr(keras.initializers, name)(seed=7, **kwargs)
    assert ours.get_config() == theirs.get_config()
    actual, expected = values(ours(shape)), values(theirs(shape))
    assert actual.shape == expected.shape == shape
    assert actual.dtype == expected.dtype
    if not truncated(name, kwargs):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)  # the same numbers from the same generator


@pytest.mark.parametrize(("name", "kwargs"), [one for one in ARGUMENTS if truncated(*one)])
def test_truncated_normal_distribution(keras, name, kwargs):
    shape = (100, 50, 40)
    actual = np.sort(values(getattr(initializers, name)(seed=3, **kwargs)(shape)).ravel())
    expected = np.sort(values(getattr(keras.initializers, name)(seed=5, **kwargs)(shape)).ravel())
    spread = expected.std()
    assert abs(actual.mean() - expected.mean()) < 0.01 * spread
    assert abs(actual.std() / spread - 1) < 0.01
    # The largest distance between the two distribution functions (Kolmogorov and Smirnov): 1 % would be far from chance.
    at = np.concatenate([actual, expected])
    distance = np.abs(np.searchsorted(actual, at, "right") - np.searchsorted(expected, at, "right")).max() / actual.size
    assert distance < 0.01
    assert actual.min() >= expected.min() - 0.01 * spread
    assert actual.max() <= expected.max() + 0.01 * spread


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("Zeros", {}),
        ("Ones", {}),
        ("Constant", {"value": 2.5}),
        ("Constant", {"value": [1.0, 2.0, 3.0]}),
        ("Identity", {"gain": 2.0}),
    ],
)
@pytest.mark.parametrize("dtype", [None, "float16", "int32"])
def test_constant_ones(keras, name, kwargs, dtype):
    ours, theirs = getattr(initializers, name)(**kwargs), getattr(keras.initializers, name)(**kwargs)
    if name != "Identity":  # Keras forgets the gain
        assert ours.get_config() == theirs.get_config()
    for shape in [(2, 3), (3, 3)]:
        actual, expected = ours(shape, dtype=dtype), theirs(shape, dtype=dtype)
        np.testing.assert_array_equal(values(actual), values(expected))
        if not (name == "Identity" and dtype == "int32"):  # times a gain of 2.0 Keras turns it into a float
            assert actual.dtype == expected.dtype


@pytest.mark.parametrize("window", ["hann", "hamming", "bartlett", "blackman", "cosine", "nuttall", "parzen", "boxcar", None])
@pytest.mark.parametrize("shape", [(128, 1, 65), (50, 1, 33), (8, 1, 9)])
def test_stft(keras, window, shape):
    """Ours is nearer to the truth: Keras rounds large angles to float32 before it takes their cosine."""
    for side in ("real", "imag"):
        for scaling in ("density", "spectrum", None):
            for periodic in (False, True):
                ours = initializers.STFT(side, window, scaling, periodic)
                theirs = keras.initializers.STFT(side, window, scaling, periodic)
                assert initializers.serialize(ours) == keras.initializers.serialize(theirs)
                np.testing.assert_allclose(values(ours(shape)), values(theirs(shape)), atol=5e-5, strict=True)
                np.testing.assert_allclose(values(ours(shape, "float64")), values(theirs(shape, "float64")), atol=1e-13)


@pytest.mark.parametrize("scaling", ["density", "spectrum", None])
def test_stft_with_a_window_of_numbers(keras, scaling):
    window = np.linspace(-1, 2, 8, dtype="float32")
    ours, theirs = (library.STFT("imag", window, scaling) for library in (initializers, keras.initializers))
    np.testing.assert_allclose(values(ours((8, 1, 5))), values(theirs((8, 1, 5))), atol=1e-5, strict=True)


def test_names(keras):
    assert set(keras.src.initializers.ALL_OBJECTS_DICT) <= set(initializers._table.objects)
    for name, found in keras.src.initializers.ALL_OBJECTS_DICT.items():
        if name not in ("Initializer", "initializer"):
            assert type(initializers.get(name)).__name__ == found.__name__


def test_every_public_name_has_the_same_signature(keras):
    for name, found in vars(keras.initializers).items():
        if inspect.isclass(found):
            ours = getattr(initializers, name)
            assert ours.__name__ == found.__name__
            parameters = [[(p.name, p.default) for p in inspect.signature(cls).parameters.values()] for cls in (ours, found)]
            assert parameters[0] == parameters[1], name


@settings(max_examples=50, deadline=None)
@given(
    row=st.sampled_from([one for one in ARGUMENTS if not truncated(*one) and "input_axes" not in one[1]]),
    shape=st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple),
    seed=st.integers(0, 2**31 - 1),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_any_shape_and_seed(row, shape, seed, dtype):
    name, kwargs = row
    ours, theirs = (getattr(library, name)(seed=seed, **kwargs) for library in (initializers, real.initializers))
    actual, expected = values(ours(shape, dtype)), values(theirs(shape, dtype))
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5, strict=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda library: library.VarianceScaling(scale=-1),
        lambda library: library.VarianceScaling(mode="fan"),
        lambda library: library.VarianceScaling(distribution="cauchy"),
        lambda library: library.RandomNormal(seed="abc"),
        lambda library: library.Identity()((2, 2, 2)),
        lambda library: library.Orthogonal()((2,)),
        lambda library: library.STFT(side="left"),
        lambda library: library.STFT(window="no such window"),
        lambda library: library.STFT(scaling="power"),
        lambda library: library.STFT(window=np.ones(3))((4, 1, 3)),
        lambda library: library.STFT()((4, 3)),
        lambda library: library.get(5),
        lambda library: library.get(np.ones(3))((4,)),
    ],
)
def test_what_both_refuse(keras, make):
    for library in (keras.initializers, initializers):
        with pytest.raises(ValueError):
            make(library)


@pytest.mark.parametrize(("name", "kwargs"), [*ARGUMENTS, ("Constant", {"value": 2.0}), ("STFT", {"side": "imag"})])
def test_configs_both_ways(keras, name, kwargs):
    ours, theirs = getattr(initializers, name)(**kwargs), getattr(keras.initializers, name)(**kwargs)
    assert initializers.serialize(ours) == keras.initializers.serialize(theirs)
    assert keras.initializers.deserialize(initializers.serialize(ours)).get_config() == theirs.get_config()
    assert initializers.deserialize(keras.initializers.serialize(theirs)).get_config() == ours.get_config()


def test_objects_written_by_keras_are_read(keras):
    written = keras.initializers.serialize(keras.initializers.HeNormal(seed=3))
    assert initializers.serialize(initializers.deserialize(written)) == written
    unseeded = keras.initializers.serialize(keras.initializers.RandomNormal())
    assert initializers.serialize(initializers.deserialize(unseeded)) == unseeded


def test_seed_generators_move_alike(keras):
    ours, theirs = random.SeedGenerator(9), keras.random.SeedGenerator(9)
    mine, other = initializers.RandomNormal(seed=ours), keras.initializers.RandomNormal(seed=theirs)
    for _ in range(3):
        np.testing.assert_allclose(values(mine((5,))), values(other((5,))), rtol=1e-6)
    assert not torch.equal(mine((5,)), mine((5,)))
    assert mine.get_config()["seed"]["class_name"] == other.get_config()["seed"]["class_name"]
    assert mine.get_config()["seed"]["config"]["seed"] == 9
