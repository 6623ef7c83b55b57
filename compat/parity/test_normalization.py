"""What a row cannot say of normalizations: many batches, masks, data to learn from, precision, errors, files."""

import sys
import types
import warnings

import numpy as np
import pytest
import torch
from harness import both, config, drawn, equalize, mine, pair, real, run, same

import torchkeras_lite


@pytest.mark.parametrize("shape", [(6, 4), (6, 3, 4), (2, 3, 3, 4)])
@pytest.mark.parametrize("momentum", [0.99, 0.6])
def test_moving_statistics_over_batches(shape, momentum):
    ours, theirs = both(lambda layers: layers.BatchNormalization(momentum=momentum, name="one"), drawn(shape))
    for seed in range(20):
        x = drawn(shape, seed) * (seed + 1) + seed
        for layer in (ours, theirs):
            layer(x, training=seed % 4 != 3)
        for actual, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)
    same(run(ours, x), run(theirs, x), rtol=1e-4)


def test_a_frozen_normalization_uses_the_moving_statistics():
    x = drawn((6, 4))
    ours, theirs = both(lambda layers: layers.BatchNormalization(name="one"), x)
    ours.trainable = theirs.trainable = False
    kept = ours.get_weights()
    np.testing.assert_allclose(ours(x, training=True), theirs(x, training=True).detach(), rtol=1e-5, atol=1e-6)
    np.testing.assert_equal(ours.get_weights(), kept)
    ours.trainable = theirs.trainable = True
    same(run(ours, x, training=True), run(theirs, x, training=True))
    assert (ours.get_weights()[2] != kept[2]).all()


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("dtype", [bool, "float32", "int32"])
def test_masked_normalization(axis, dtype, with_masks):
    x = drawn((4, 3, 5))
    mask = torch.tensor(np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 1, 1]]).astype(dtype))
    ours, theirs = both(lambda layers: layers.BatchNormalization(axis=axis, momentum=0.5, name="one"), x)
    for training in (True, False, True):
        same(run(ours, x, mask=mask, training=training), run(theirs, x, mask=mask, training=training), rtol=1e-4, atol=1e-5)
    x[0, 2] = np.nan  # masked, so it must not matter
    for layer in (ours, theirs):
        layer(x, mask=mask, training=True)
    np.testing.assert_allclose(ours.get_weights(), theirs.get_weights(), rtol=1e-5)
    for layer in (ours, theirs):
        with pytest.raises(ValueError):
            layer(x, mask=mask[:, 0], training=True)


@pytest.mark.parametrize("bounds", [None, {"rmax": 1.2, "rmin": 0.8, "dmax": 0.3}])
def test_renormalization_over_batches(bounds, with_masks):
    x = drawn((6, 3, 4))
    ours, theirs = both(
        lambda layers: layers.BatchNormalization(
            renorm=True, renorm_clipping=bounds, momentum=0.8, renorm_momentum=0.6, name="one"
        ),
        x,
    )
    mask = torch.tensor(np.arange(18).reshape(6, 3) % 4 > 0)
    for seed in range(8):
        x = drawn((6, 3, 4), seed) * (seed + 1) + seed
        for kwargs in ({"training": True}, {}, {"training": True, "mask": mask}):
            same(run(ours, x, **kwargs), run(theirs, x, **kwargs), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("BatchNormalization", {"renorm": True, "renorm_clipping": {"rmaxx": 1}}),
        ("BatchNormalization", {"renorm": True, "renorm_clipping": {"rmin": 2, "rmax": 1}}),
        ("BatchNormalization", {"renorm": True, "renorm_clipping": {"dmax": -1}}),
        ("BatchNormalization", {"axis": [1, 2]}),
        ("LayerNormalization", {"axis": 1.5}),
        ("LayerNormalization", {"axis": "last"}),
        ("UnitNormalization", {"axis": 1.5}),
        ("GroupNormalization", {"groups": 0}),
        ("GroupNormalization", {"groups": -2}),
        ("GroupNormalization", {"groups": 2.0}),
        ("GroupNormalization", {"groups": 5}),
        ("GroupNormalization", {"groups": 3}),
        ("Normalization", {"mean": 1.0}),
        ("Normalization", {"variance": 1.0}),
        ("Normalization", {"mean": [1.0], "variance": [1.0, 2.0]}),
        ("Normalization", {"mean": [[1.0]], "variance": [[1.0]]}),
        ("Normalization", {"axis": 5}),
        ("Wrapper", {"layer": 3}),
    ],
    ids=str,
)
def test_the_same_type_of_error(name, kwargs):
    raised = []
    for library in (mine, real.layers):
        with pytest.raises(Exception) as caught:
            getattr(library, name)(**kwargs)(drawn((2, 4)))
        raised.append(caught.type)
    assert raised[0] is raised[1]


def test_a_scaling_that_is_no_root_mean_square():
    x = drawn((4, 5, 3))
    for axis in (-1, [1, 2], [1]):
        with pytest.warns(UserWarning, match="RMSNormalization"):
            ours, theirs = pair("LayerNormalization", {"rms_scaling": True, "axis": axis})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras's function says it again
            ours(x), theirs(x)
            equalize(ours, theirs)
            same(run(ours, x), run(theirs, x))
        assert config(ours) == config(theirs)
        assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16", "float64"])
@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("LayerNormalization", {}),
        ("LayerNormalization", {"axis": [1, 2]}),
        ("GroupNormalization", {"groups": 2}),
        ("GroupNormalization", {"groups": 2, "scale": False}),
        ("RMSNormalization", {}),
        ("UnitNormalization", {}),
        ("Normalization", {"mean": [1.0, 2.0, 3.0, 4.0], "variance": [1.0, 2.0, 3.0, 4.0]}),
        ("BatchNormalization", {"renorm": True}),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_precision(name, kwargs, policy, dtype):
    x = (drawn((5, 6, 4)) * 3 + 20).astype(dtype)  # far from 0: statistics in half precision would be wrong
    ours, theirs = pair(name, {**kwargs, "dtype": policy}, x)
    assert [v.dtype for v in ours.weights] == [v.dtype for v in theirs.weights]
    found, wanted = ours(x), theirs(x)
    assert found.dtype is wanted.dtype
    np.testing.assert_allclose(found.detach().double(), wanted.detach().double(), rtol=0.02, atol=0.02)


# ---------------------------------------------------------------- spectral


def spectral(layers, inner, **kwargs):
    return layers.SpectralNormalization(inner(layers), name="outer", **kwargs)


@pytest.mark.parametrize(
    ("inner", "x"),
    [
        (lambda layers: layers.Dense(3, name="in"), drawn((5, 4))),
        (lambda layers: layers.Conv2D(3, 2, name="in"), drawn((2, 5, 5, 4))),
        (lambda layers: layers.Embedding(5, 3, name="in"), np.array([[1.0, 2.0], [3.0, 0.0]], "float32")),
        (lambda layers: layers.Dense(3, kernel_initializer="zeros", name="in"), drawn((5, 4))),
    ],
)
@pytest.mark.parametrize("kwargs", [{}, {"power_iterations": 4}])
def test_spectral_normalization(inner, x, kwargs):
    ours, theirs = spectral(mine, inner, **kwargs), spectral(real.layers, inner, **kwargs)
    ours(x), theirs(x)
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    assert [v.trainable for v in ours.weights] == [v.trainable for v in theirs.weights]
    ours.set_weights(theirs.get_weights())
    for training in (False, True, True, True, False):
        np.testing.assert_allclose(
            ours(x, training=training).detach(), theirs(x, training=training).detach(), rtol=1e-4, atol=1e-5
        )
        for actual, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)
    copies = type(ours).from_config(theirs.get_config()), type(theirs).from_config(ours.get_config())
    assert copies[0].power_iterations == copies[1].power_iterations == theirs.power_iterations
    assert config(copies[0].layer) == config(copies[1].layer)
    assert ours.compute_output_shape((None, *x.shape[1:])) == theirs.compute_output_shape((None, *x.shape[1:]))


def test_what_cannot_be_normalized():
    for layers in (mine, real.layers):
        with pytest.raises(ValueError):
            layers.SpectralNormalization(layers.Dense(3), power_iterations=0)
        with pytest.raises(ValueError):
            layers.SpectralNormalization(layers.Activation("relu"))(drawn((2, 3)))


# ---------------------------------------------------------------- learned from data


@pytest.fixture
def no_tensorflow(monkeypatch):
    """Keras asks whether the data is one of TensorFlow's, and fails where that is not installed."""
    dataset = types.SimpleNamespace(Dataset=type("Dataset", (), {}))
    module = sys.modules[real.layers.Normalization.__module__]
    monkeypatch.setattr(module, "tf", types.SimpleNamespace(data=dataset))


def batches_of(x):
    return [x[:3], x[3:4], x[4:]]


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), None, (0, 1)])
@pytest.mark.parametrize(
    "given",
    [
        lambda x: x,
        lambda x: (x * 100).astype("int64"),
        lambda x: x.astype("float64"),
        torch.tensor,
        batches_of,
        lambda x: iter(batches_of(x)),
        lambda x: [(batch, None) for batch in batches_of(x)],
        lambda x: [torch.tensor(batch) for batch in batches_of(x)],
    ],
)
def test_adapt(axis, given, no_tensorflow):
    x = drawn((9, 3, 2)) * 3 + 1
    if axis == (0, 1) and not isinstance(given(x), (np.ndarray, torch.Tensor)):
        return
    ours, theirs = pair("Normalization", {"axis": axis})
    for _ in range(2):  # a second time begins anew
        ours.adapt(given(x)), theirs.adapt(given(x))
        for actual, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)
        same(run(ours, x), run(theirs, x))
        np.testing.assert_allclose(ours.mean, theirs.mean, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(ours.variance, theirs.variance, rtol=1e-5, atol=1e-5)
        x = x + 5


@pytest.mark.parametrize("data", [3, [], [[1.0, 2.0]], iter([]), [drawn((2, 3)), drawn((2, 4))]], ids=range(5))
def test_adapt_on_what_is_no_data(data, no_tensorflow):
    raised = []
    for library in (mine, real.layers):
        with pytest.raises((ValueError, TypeError)) as caught:
            library.Normalization().adapt(data)
        raised.append(caught.type)
    assert raised[0] is raised[1]


def test_adapt_after_build():
    for library in (mine, real.layers):
        layer = library.Normalization()
        layer(drawn((2, 3)))
        with pytest.raises(ValueError):
            layer.adapt(drawn((2, 4)))


# ---------------------------------------------------------------- files


def everything(lib):
    layers = lib.layers
    return lib.Sequential(
        [
            lib.Input((6, 4)),
            layers.Normalization(),
            layers.Normalization(mean=1.0, variance=2.0),
            layers.SpectralNormalization(layers.Dense(4)),
            layers.BatchNormalization(renorm=True),
            layers.LayerNormalization(axis=[1, 2]),
            layers.GroupNormalization(2),
            layers.RMSNormalization(),
            layers.UnitNormalization(),
            layers.PReLU(shared_axes=[1]),
            layers.SpatialDropout1D(0.5),
            layers.GaussianNoise(0.5),
            layers.AlphaDropout(0.5),
            layers.ActivityRegularization(0.1),
            layers.Masking(),
            layers.Identity(),
            layers.LeakyReLU(),
            layers.ELU(),
        ]
    )


@pytest.mark.parametrize("ours_writes", [True, False])
@pytest.mark.parametrize("whole", [True, False])
def test_files_of_both(ours_writes, whole, keras, tmp_path, with_masks):
    x = drawn((3, 6, 4))
    libraries = (torchkeras_lite, keras) if ours_writes else (keras, torchkeras_lite)
    writer = everything(libraries[0])
    writer.layers[0].adapt(x * 2 + 1)
    values = enumerate(writer.get_weights())
    writer.set_weights([value + np.abs(drawn(value.shape, i)).astype(value.dtype) for i, value in values])
    if whole:
        writer.save(tmp_path / "x.keras")
        reader = libraries[1].models.load_model(tmp_path / "x.keras")
    else:
        reader = everything(libraries[1])
        writer.save_weights(tmp_path / "x.weights.h5")
        reader.load_weights(tmp_path / "x.weights.h5")
    for written, read in zip(writer.get_weights(), reader.get_weights(), strict=True):
        np.testing.assert_array_equal(written, read)
    np.testing.assert_allclose(writer(x).detach(), reader(x).detach(), rtol=1e-4, atol=1e-5)
