"""Layers that draw in training: not the same numbers as Keras, but the same law. And masks from Masking to the loss."""

import numpy as np
import pytest
import torch
from harness import drawn, mine, pair, real, run, same

import torchkeras_lite

RANDOM = [
    ("GaussianNoise", {"stddev": 0.3}, (4000, 10)),
    ("GaussianDropout", {"rate": 0.3}, (4000, 10)),
    ("AlphaDropout", {"rate": 0.3}, (4000, 10)),
    ("AlphaDropout", {"rate": 0.3, "noise_shape": (None, 1)}, (40000, 10)),
    ("SpatialDropout1D", {"rate": 0.3}, (400, 3, 100)),
    ("SpatialDropout2D", {"rate": 0.3}, (400, 3, 2, 100)),
    ("SpatialDropout2D", {"rate": 0.3, "data_format": "channels_first"}, (400, 100, 3, 2)),
    ("SpatialDropout3D", {"rate": 0.3}, (400, 3, 2, 1, 100)),
    ("SpatialDropout3D", {"rate": 0.3, "data_format": "channels_first"}, (400, 100, 3, 2, 1)),
]
rows = pytest.mark.parametrize(("name", "kwargs", "shape"), RANDOM, ids=lambda value: str(value).replace(" ", ""))


@rows
@pytest.mark.parametrize("seed", [None, 5])
def test_the_same_law(name, kwargs, shape, seed):
    torch.manual_seed(0)
    x = np.full(shape, 3.0, "float32")
    x[1::2] = -1.0
    found, wanted = (layer(x, training=True).numpy() for layer in pair(name, {**kwargs, "seed": seed}))
    assert found.dtype == wanted.dtype
    for part in (slice(0, None, 2), slice(1, None, 2)):
        a, b = found[part].ravel(), wanted[part].ravel()
        spread = 5 * b.std() / 100
        assert abs(a.mean() - b.mean()) < spread and abs(a.std() - b.std()) < 2 * spread
        np.testing.assert_allclose(np.quantile(a, [0.1, 0.5, 0.9]), np.quantile(b, [0.1, 0.5, 0.9]), atol=0.05 + spread)
        if "Gaussian" not in name:
            np.testing.assert_allclose(np.unique(a), np.unique(b), rtol=1e-5)
    if "Spatial" in name:  # whole channels go
        channels = found if kwargs.get("data_format") else np.moveaxis(found, -1, 1)
        assert (channels == channels[(slice(None), slice(None), *[slice(1)] * (channels.ndim - 2))]).all()


@rows
def test_seeds(name, kwargs, shape):
    x = np.ones((30, *shape[1:]), "float32")
    first, second = (getattr(mine, name)(**kwargs, seed=3) for _ in range(2))
    sequence = [first(x, training=True) for _ in range(3)]
    assert all(torch.equal(y, second(x, training=True)) for y in sequence)
    assert not torch.equal(sequence[0], sequence[1])
    assert torch.equal(first(x), torch.tensor(x)) and torch.equal(first(x, training=False), torch.tensor(x))
    unseeded = getattr(mine, name)(**kwargs)
    torchkeras_lite.utils.set_random_seed(1)
    y = unseeded(x, training=True)
    torchkeras_lite.utils.set_random_seed(1)
    assert torch.equal(y, unseeded(x, training=True))


@pytest.mark.parametrize(
    ("name", "kwargs", "call"),
    [
        ("GaussianNoise", {"stddev": 1.5}, False),
        ("GaussianNoise", {"stddev": -0.1}, False),
        ("GaussianDropout", {"rate": 1.5}, False),
        ("GaussianDropout", {"rate": 1}, True),
        ("AlphaDropout", {"rate": -0.5}, False),
        ("AlphaDropout", {"rate": 1}, True),
        ("SpatialDropout1D", {"rate": 2}, False),
        ("SpatialDropout2D", {"rate": 0.5, "data_format": "channels"}, False),
        ("SpatialDropout2D", {"rate": 0.5}, True),
        ("LeakyReLU", {"negative_slope": -1}, False),
        ("LeakyReLU", {"negative_slope": None}, False),
        ("JaxLayer", {"call_fn": None}, False),
        ("TFSMLayer", {"filepath": "x"}, False),
    ],
)
def test_the_same_type_of_error(name, kwargs, call):
    raised = []
    for library in (mine, real.layers):
        with pytest.raises(Exception) as caught:
            layer = getattr(library, name)(**kwargs)
            assert call
            layer(drawn((2, 3)), training=True)
        raised.append(caught.type)
    assert raised[0] is raised[1]


def test_flax():
    with pytest.raises(ValueError, match="FlaxLayer"):  # Keras looks first whether flax is there
        mine.FlaxLayer(None)


def test_a_deprecated_name():
    for library in (mine, real.layers):
        with pytest.warns(UserWarning, match="negative_slope"):
            layer = library.LeakyReLU(alpha=0.2)
        assert layer.negative_slope == 0.2 and "alpha" not in layer.get_config()


# ---------------------------------------------------------------- masks


STEPS = np.array([[[1.0, 2.0], [0.0, 0.0], [0.0, 3.0]], [[0.0, 0.0], [0.0, 0.0], [7.0, 7.0]]], "float32")
HAND_ON = [
    ("LayerNormalization", {}), ("GroupNormalization", {"groups": 2}), ("RMSNormalization", {}), ("UnitNormalization", {}),
    ("Normalization", {}), ("GaussianNoise", {"stddev": 0.5}), ("GaussianDropout", {"rate": 0.5}),
    ("AlphaDropout", {"rate": 0.5}), ("SpatialDropout1D", {"rate": 0.5}), ("ActivityRegularization", {"l1": 0.1}),
    ("Identity", {}), ("LeakyReLU", {}),
    ("ELU", {}), ("PReLU", {}), ("Masking", {"mask_value": 7.0}), ("BatchNormalization", {"renorm": True}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kwargs"), HAND_ON)
def test_who_hands_on_a_mask(name, kwargs, with_masks, recwarn):
    found = []
    for library in (mine, real.layers):
        y = getattr(library, name)(**kwargs)(library.Masking()(STEPS))
        found.append(getattr(y, "_keras_mask", None))
    assert (found[0] is None) == (found[1] is None)
    assert found[0] is None or torch.equal(found[0], found[1])


def test_a_mask_value_that_is_an_array():
    value = np.array([7.0, 2.0], "float32")
    ours, theirs = (library.Masking(value) for library in (mine, real.layers))
    x = np.array([[[7.0, 2.0], [7.0, 7.0]]], "float32")
    same(run(ours, x), run(theirs, x))
    assert torch.equal(mine.Masking.from_config(ours.get_config())(x)._keras_mask, torch.tensor([[False, True]]))


def masked_models(ending, compile_arguments):
    def make(library, layers):
        model = library.Sequential(
            [
                library.Input((6, 2)),
                layers.Masking(),
                layers.Dense(4, name="one"),
                layers.BatchNormalization(momentum=0.5),
                layers.LayerNormalization(),
                layers.SpatialDropout1D(0.0),
                layers.PReLU(),
                *ending(layers),
            ]
        )
        model.compile(library.optimizers.SGD(0.1), **compile_arguments)
        return model

    ours, theirs = make(torchkeras_lite, mine), make(real, real.layers)
    theirs.set_weights([drawn(v.shape, i) * 0.3 + ("var" in v.path) * 2 for i, v in enumerate(theirs.weights)])
    ours.set_weights(theirs.get_weights())
    return ours, theirs


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["mse", "sparse", "binary"])
def test_masks_reach_losses_and_metrics(kind, weighted, recwarn):
    x = drawn((8, 6, 2))
    x[np.arange(48).reshape(8, 6) % 5 < 2] = 0
    if kind == "mse":
        ending, y, told = lambda layers: [layers.Dense(2)], drawn((8, 6, 2), 1), {"loss": "mse", "metrics": ["mae"]}
    elif kind == "sparse":
        ending, y = lambda layers: [layers.Dense(3, activation="softmax")], np.arange(48).reshape(8, 6) % 3
        told = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    else:
        ending, y = lambda layers: [layers.Dense(1, activation="sigmoid")], np.arange(48.0).reshape(8, 6, 1) % 2
        told = {"loss": "binary_crossentropy", "weighted_metrics": ["accuracy"], "metrics": ["accuracy"]}
    sample_weight = np.linspace(0, 2, 48).reshape(8, 6) if weighted else None
    ours, theirs = masked_models(ending, told)
    results = []
    for model in (ours, theirs):
        # (In one batch: over batches of different sizes Keras's weighted accuracy is not that of all steps together.)
        before = model.evaluate(x, y, sample_weight=sample_weight, batch_size=8, verbose=0)
        history = model.fit(x, y, sample_weight=sample_weight, batch_size=4, epochs=3, shuffle=False, verbose=0).history
        results.append((before, history, model.get_weights(), model.predict(x, verbose=0)))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-4)
    assert results[0][1].keys() == results[1][1].keys()
    for key, values in results[1][1].items():
        np.testing.assert_allclose(results[0][1][key], values, rtol=1e-3, err_msg=key)
    for a, b in zip(results[0][2], results[1][2], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(results[0][3], results[1][3], rtol=1e-3, atol=1e-3)
