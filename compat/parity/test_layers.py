"""Layers beside Keras, a row each: outputs, gradients, weights, configs and shapes from the same arguments and inputs."""

import itertools
import json

import numpy as np
import pytest
import torch
from oracle import keras as real

import torchkeras_lite
from torchkeras_lite import layers as mine

L1L2 = {"module": "keras.regularizers", "class_name": "L1L2", "config": {"l1": 0.1, "l2": 0.2}, "registered_name": None}
ORDINARY = np.random.default_rng(7)
INTEGERS = np.array([[3, 0, 1], [0, 2, 4]])
ACTIVATIONS = [name for name in real.src.activations.ALL_OBJECTS_DICT if name not in ("glu", "threshold", "sparsemax")]

# (class, arguments, shape of the input or the input itself)
ROWS = [
    ("Dense", {"units": 3}, (5, 4)),
    ("Dense", {"units": 3}, (2, 5, 4)),
    ("Dense", {"units": 2, "activation": "gelu"}, (2, 3, 2, 4)),
    ("Dense", {"units": 1, "use_bias": False}, (5, 4)),
    ("Dense", {"units": 3}, INTEGERS),
    ("Dense", {"units": 3, "activation": "tanh"}, INTEGERS.astype("uint8")),
    ("Dense", {"units": 3}, INTEGERS > 1),
    ("Dense", {"units": 3}, ORDINARY.normal(size=(4, 2))),
    ("Dense", {"units": 3, "dtype": "float64"}, ORDINARY.normal(size=(4, 2))),
    ("Dense", {"units": 3, "trainable": False}, (5, 4)),
    ("Dense", {"units": 3, "kernel_regularizer": "l2", "bias_regularizer": L1L2}, (5, 4)),
    ("Dense", {"units": 3, "activity_regularizer": "l2", "activation": "sigmoid"}, (5, 4)),
    ("Dense", {"units": 3, "kernel_constraint": "max_norm", "bias_constraint": "non_neg"}, (5, 4)),
    ("Dense", {"units": 3, "kernel_initializer": "he_normal", "bias_initializer": "ones"}, (5, 4)),
    *(("Activation", {"activation": name}, (5, 4)) for name in ACTIVATIONS),
    ("Activation", {"activation": "softmax"}, (2, 3, 4)),
    ("Activation", {"activation": "relu"}, INTEGERS),
    ("Activation", {"activation": None}, INTEGERS),
    ("Activation", {"activation": "tanh"}, INTEGERS),
    ("Dropout", {"rate": 0}, (5, 4)),
    ("Dropout", {"rate": 0.3, "seed": 1}, (5, 4)),
    ("Dropout", {"rate": 1, "noise_shape": (None, 1)}, (5, 4)),
    ("Dropout", {"rate": 0.5, "noise_shape": [None, 1, 4]}, (5, 2, 4)),
    ("Flatten", {}, (5,)),
    ("Flatten", {}, (5, 4)),
    ("Flatten", {}, (2, 3, 4, 5)),
    ("Flatten", {"data_format": "channels_first"}, (2, 3, 4, 5)),
    ("Flatten", {"data_format": "channels_first"}, (2, 3, 4)),
    ("Flatten", {"data_format": "channels_first"}, (5, 4)),
    ("Flatten", {}, INTEGERS),
    ("Reshape", {"target_shape": (3, 4)}, (2, 12)),
    ("Reshape", {"target_shape": (-1, 2, 2)}, (2, 12)),
    ("Reshape", {"target_shape": [12]}, (2, 3, 4)),
    ("Reshape", {"target_shape": (-1,)}, (5,)),
    ("Reshape", {"target_shape": (3, 1)}, INTEGERS),
    ("Embedding", {"input_dim": 5, "output_dim": 3}, INTEGERS),
    ("Embedding", {"input_dim": 5, "output_dim": 3}, INTEGERS[0]),
    ("Embedding", {"input_dim": 5, "output_dim": 3}, INTEGERS.astype("uint8")),
    ("Embedding", {"input_dim": 5, "output_dim": 3}, INTEGERS.astype("float32")),
    ("Embedding", {"input_dim": 5, "output_dim": 3, "mask_zero": True}, INTEGERS),
    ("Embedding", {"input_dim": 5, "output_dim": 3, "embeddings_regularizer": "l1"}, INTEGERS.astype("int32")),
    ("Embedding", {"input_dim": 5, "output_dim": 1, "embeddings_constraint": "unit_norm"}, INTEGERS[..., None]),
    ("Embedding", {"input_dim": 5, "output_dim": 3, "embeddings_initializer": "ones", "trainable": False}, INTEGERS),
    ("BatchNormalization", {}, (6, 4)),
    ("BatchNormalization", {"axis": 1}, (6, 4)),
    ("BatchNormalization", {"momentum": 0.5, "epsilon": 0.1}, (6, 4)),
    ("BatchNormalization", {"center": False}, (6, 4)),
    ("BatchNormalization", {"scale": False}, (6, 4)),
    ("BatchNormalization", {"center": False, "scale": False}, (6, 3, 4)),
    ("BatchNormalization", {}, (1, 4)),
    ("BatchNormalization", {}, (1, 3, 4)),
    ("BatchNormalization", {}, INTEGERS),
    ("BatchNormalization", {"trainable": False}, (6, 4)),
    ("BatchNormalization", {"gamma_regularizer": "l2", "beta_regularizer": "l1", "gamma_constraint": "non_neg"}, (6, 4)),
    ("BatchNormalization", {"beta_initializer": "ones", "moving_mean_initializer": "ones"}, (6, 4)),
    *(("BatchNormalization", {"axis": axis}, (4, 5, 2, 3, 2)[:rank]) for rank in (3, 4, 5) for axis in (1, -1, 2)),
    ("BatchNormalization", {"axis": 0}, (6, 4)),
    ("Rescaling", {"scale": 1 / 255}, INTEGERS.astype("uint8")),
    ("Rescaling", {"scale": 2, "offset": -1}, (5, 4)),
    ("Rescaling", {"scale": [0.5, 1.0, 2.0], "offset": [1.0, 0.0, -1.0]}, (2, 4, 4, 3)),
    ("Rescaling", {"scale": np.array([0.5, 1.0, 2.0], "float32"), "offset": 0.5}, INTEGERS),
    ("Rescaling", {"scale": 0.5}, ORDINARY.normal(size=(4, 2)).astype("float16")),
    *(
        ("ReLU", {"max_value": top, "negative_slope": slope, "threshold": start}, (5, 4))
        for top, slope, start in itertools.product((None, 0.8, 6), (0.0, 0.2), (0.0, 0.3))
    ),
    ("ReLU", {}, INTEGERS - 2),
    ("ReLU", {"max_value": 0.0}, (5, 4)),
    ("Softmax", {}, (5, 4)),
    ("Softmax", {"axis": 1}, (2, 3, 4)),
    ("Softmax", {"axis": [1, 2]}, (2, 3, 4)),
    ("Softmax", {"axis": (-1,)}, (2, 3, 4)),
    ("Softmax", {"axis": 0}, (5,)),
]


def label(row):
    name, kwargs, x = row
    shown = ",".join(f"{key}={value.get('class_name') if isinstance(value, dict) else value}" for key, value in kwargs.items())
    return f"{name}({shown})-{x if isinstance(x, tuple) else f'{x.dtype}{x.shape}'}".replace(" ", "")


rows = pytest.mark.parametrize(("name", "kwargs", "x"), ROWS, ids=map(label, ROWS))


def drawn(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def as_input(x):
    return drawn(x) if isinstance(x, tuple) else x


def pair(name, kwargs, x=None):
    """Our layer and Keras's; built for `x`, if there is one, and with the same weights."""
    made = [getattr(library, name)(name="one", **kwargs) for library in (mine, real.layers)]
    if x is not None:
        made[0](x), made[1](x)
        equalize(*made)
    return made


def equalize(ours, theirs):
    weights = theirs.weights
    values = [np.abs(value) + 0.5 if "var" in v.path else value for v, value in zip(weights, random_like(theirs), strict=True)]
    theirs.set_weights(values)
    ours.set_weights([np.asarray(value, "float64") for value in theirs.get_weights()])


def random_like(layer):
    return [drawn(tuple(v.shape), seed) for seed, v in enumerate(layer.weights)]


def run(layer, x, **kwargs):
    """All that a call and its backward pass leave: output, gradients, losses, mask, state."""
    x = torch.tensor(x)
    if x.is_floating_point():
        x.requires_grad_()
    layer.zero_grad()
    y = layer(x, **kwargs)
    penalties = sum((loss.sum() for loss in layer.losses), torch.zeros(()))
    if y.requires_grad or penalties.requires_grad:
        factors = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).reshape(y.shape)
        ((y * factors).sum() + penalties).backward()
    return {
        "output": y,
        "input gradient": x.grad,
        "losses": penalties,
        "mask": getattr(y, "_keras_mask", None),
        **{f"gradient of {v.name}": v.value.grad for v in layer.weights},
        **{v.path: v.value for v in layer.weights},
    }


def same(ours, theirs, rtol=1e-5, atol=1e-6):
    assert ours.keys() == theirs.keys()
    for key, expected in theirs.items():
        actual = ours[key]
        if (actual is None) != (expected is None) and "gradient" in key:  # no gradient, or one of zeros
            assert not (expected if actual is None else actual).any(), key
            continue
        assert (actual is None) == (expected is None), key
        if expected is not None:
            assert actual.dtype is expected.dtype, key
            np.testing.assert_allclose(
                actual.detach().numpy(), expected.detach().numpy(), rtol=rtol, atol=atol, err_msg=key, strict=True
            )


def config(layer):
    """The config without words of quantization; Keras hands back the strength of a penalty as float32 holds it."""
    words = layer.get_config()
    for word in words:
        if "regularizer" in word and words[word]:
            strengths = words[word]["config"]
            words[word]["config"] = {key: pytest.approx(value) for key, value in strengths.items()}
    return {word: value for word, value in words.items() if word != "quantization_config" and "lora" not in word}


# ---------------------------------------------------------------- every row


@rows
def test_outputs_and_gradients(name, kwargs, x):
    x = as_input(x)
    ours, theirs = pair(name, kwargs, x)
    same(run(ours, x), run(theirs, x))
    same(run(ours, x, training=False), run(theirs, x, training=False))
    if name != "Dropout" or kwargs["rate"] in (0, 1):
        for _ in range(3):
            same(run(ours, x, training=True), run(theirs, x, training=True), rtol=1e-4 if "Batch" in name else 1e-5)
        same(run(ours, x), run(theirs, x))


@rows
def test_config_both_ways(name, kwargs, x):
    x = as_input(x)
    for ours, theirs in (pair(name, kwargs), pair(name, kwargs, x)):
        assert config(ours) == config(theirs)
        assert json.loads(json.dumps(ours.get_config())).keys() == ours.get_config().keys()
    made = type(ours).from_config(theirs.get_config()), type(theirs).from_config(ours.get_config())
    assert config(made[0]) == config(made[1]) == config(theirs)
    for copy in made:
        copy(x)
        copy.set_weights(theirs.get_weights())
    expected = run(theirs, x)
    same(run(made[0], x), expected)
    same(run(made[1], x), expected)


@rows
def test_shapes_and_weights(name, kwargs, x):
    x = as_input(x)
    for ours, theirs in (pair(name, kwargs), pair(name, kwargs, x)):
        for shape in {(None, *x.shape[1:]), x.shape, (1, *x.shape[1:])} if kwargs.get("axis") != 0 else {x.shape}:
            assert ours.compute_output_shape(shape) == theirs.compute_output_shape(shape)
    for group in ("weights", "variables", "trainable_weights", "non_trainable_weights", "trainable_variables"):
        found, wanted = getattr(ours, group), [v for v in getattr(theirs, group) if "seed_generator" not in v.path]
        assert [(v.name, v.path, tuple(v.shape), v.dtype, v.trainable) for v in found] == [
            (v.name, v.path, tuple(v.shape), v.dtype, v.trainable) for v in wanted
        ], group
    assert ours.count_params() == theirs.count_params()
    assert ours.built and theirs.built
    assert (ours.dtype, ours.compute_dtype, ours.supports_masking, ours.trainable) == (
        theirs.dtype, theirs.compute_dtype, theirs.supports_masking, theirs.trainable
    )  # fmt: skip


@rows
def test_symbolic_calls(name, kwargs, x):
    if x.shape[1:] == () if not isinstance(x, tuple) else len(x) == 1:
        return
    ours, theirs = pair(name, kwargs)
    shape, dtype = as_input(x).shape, str(as_input(x).dtype)
    if kwargs.get("axis") == 0:
        given = {"batch_shape": shape, "dtype": dtype}
    else:
        given = {"shape": shape[1:], "dtype": dtype}
    found, wanted = ours(mine.Input(**given)), theirs(real.Input(**given))
    assert found.shape == wanted.shape
    assert ours.output.shape == theirs.output.shape
    assert ours.input.shape == theirs.input.shape
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]


def both(make, x):
    """`make(layers)` with either library's layers; built for `x` and with the same weights."""
    made = [make(library) for library in (mine, real.layers)]
    made[0](x), made[1](x)
    equalize(*made)
    return made


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float64"])
@pytest.mark.parametrize(
    ("name", "kwargs", "x"),
    [
        ("Dense", {"units": 3, "activation": "relu"}, (5, 4)),
        ("Embedding", {"input_dim": 5, "output_dim": 3}, INTEGERS),
        ("BatchNormalization", {}, (6, 4)),
        ("Activation", {"activation": "gelu"}, (5, 4)),
        ("Softmax", {}, (5, 4)),
        ("Rescaling", {"scale": 2.0}, INTEGERS),
        ("Flatten", {}, (2, 3, 4)),
        ("Dropout", {"rate": 0.5}, (5, 4)),
    ],
)
def test_precision(name, kwargs, x, policy):
    x = as_input(x)
    ours, theirs = pair(name, {**kwargs, "dtype": policy}, x)
    assert [v.dtype for v in ours.weights] == [v.dtype for v in theirs.weights]
    for training in (False, True):
        if training and name == "Dropout":
            continue
        found, wanted = ours(x, training=training), theirs(x, training=training)
        assert found.dtype is wanted.dtype
        np.testing.assert_allclose(found.detach().double(), wanted.detach().double(), rtol=0.02, atol=0.02)
    assert config(ours) == config(theirs)


# ---------------------------------------------------------------- Dropout


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("noise_shape", [None, (None, 1), (1, 50)])
@pytest.mark.parametrize("seed", [None, 5])
def test_dropout_in_training(rate, noise_shape, seed):
    x = np.full((2000, 50), 3.0, "float32")
    for layer in pair("Dropout", {"rate": rate, "noise_shape": noise_shape, "seed": seed}):
        y = layer(x, training=True).numpy()
        kept = y != 0
        np.testing.assert_allclose(y[kept], 3.0 / (1 - rate), rtol=1e-6)
        if noise_shape == (None, 1):
            assert (kept == kept[:, :1]).all()
        elif noise_shape == (1, 50):
            assert (kept == kept[:1]).all()
        decisions = kept[: noise_shape[0] if noise_shape else None, : 1 if noise_shape == (None, 1) else None]
        error = (rate * (1 - rate) / decisions.size) ** 0.5
        assert abs(decisions.mean() - (1 - rate)) < 5 * error
        assert (layer(x, training=True).numpy() != y).any()
        assert (layer(x) == 3).all()


def test_a_seeded_dropout_repeats_its_sequence():
    x = np.ones((20, 5), "float32")
    for library in (mine, real.layers):
        first, second = library.Dropout(0.5, seed=3), library.Dropout(0.5, seed=3)
        torch.manual_seed(0)
        sequence = [first(x, training=True) for _ in range(3)]
        torch.manual_seed(1)
        assert all(torch.equal(y, second(x, training=True)) for y in sequence)
        assert not torch.equal(sequence[0], sequence[1])


# ---------------------------------------------------------------- BatchNormalization


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
def test_masked_normalization(axis, dtype):
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


# ---------------------------------------------------------------- masks


def test_masks_flow_through_as_in_keras():
    """Embedding makes one; element-wise layers hand it on; what changes the axes loses it."""
    chain = [
        lambda layers: layers.Embedding(5, 4, mask_zero=True),
        lambda layers: layers.Dense(4, activation="tanh"),
        lambda layers: layers.Dropout(0.5),
        lambda layers: layers.BatchNormalization(),
        lambda layers: layers.Activation("relu"),
        lambda layers: layers.ReLU(),
        lambda layers: layers.Rescaling(2.0),
    ]
    ours = theirs = torch.tensor(INTEGERS)
    for make in chain:
        pairs = make(mine), make(real.layers)
        pairs[0](ours), pairs[1](theirs)
        equalize(*pairs)
        ours, theirs = pairs[0](ours), pairs[1](theirs)
        assert torch.equal(ours._keras_mask, theirs._keras_mask)
        assert torch.equal(ours._keras_mask, torch.tensor(INTEGERS != 0))
        np.testing.assert_allclose(ours.detach(), theirs.detach(), rtol=1e-5, atol=1e-6)
    for make in (lambda layers: layers.Flatten(), lambda layers: layers.Reshape((12,))):
        assert getattr(make(mine)(ours), "_keras_mask", None) is None
        with pytest.warns(UserWarning, match="does not support masking"):
            assert getattr(make(real.layers)(theirs), "_keras_mask", None) is None


def test_an_embedding_with_given_vectors():
    table = drawn((5, 3))
    for weights in (table, [table], torch.tensor(table)):
        ours, theirs = mine.Embedding(5, 3, weights=weights), real.layers.Embedding(5, 3, weights=weights)
        assert ours.built and theirs.built
        np.testing.assert_array_equal(ours(INTEGERS).detach(), theirs(INTEGERS).detach())
        np.testing.assert_array_equal(ours.get_weights()[0], table)
        assert config(ours).keys() == config(theirs).keys()
        assert "weights" not in config(ours)


@pytest.mark.parametrize("axis", [-1, 1, (1, 2)])
@pytest.mark.parametrize("dtype", [bool, "float32", "int64"])
def test_masked_softmax(axis, dtype):
    x = drawn((2, 3, 4))
    masks = [drawn((2, 3, 4), 1) > 0, drawn((3, 4), 2) > 0, drawn((2, 1, 4), 3) > 0, np.zeros((2, 3, 4), bool)]
    for mask in masks:
        mask = torch.tensor(mask.astype(dtype))
        ours, theirs = pair("Softmax", {"axis": axis})
        same(run(ours, x, mask=mask), run(theirs, x, mask=mask))
        assert not ours(x, mask=mask)[(mask == 0).expand(2, 3, 4)].any()


# ---------------------------------------------------------------- Lambda, Input


def test_lambda():
    def function(x, factor=2.0, training=None):
        return x * factor if training else x

    def masking(x, mask=None):
        return mask

    x = drawn((2, 3))
    for kwargs in ({}, {"arguments": {"factor": 3.0}}, {"mask": masking}, {"output_shape": (3,)}):
        ours, theirs = pair("Lambda", {"function": function, **kwargs})
        for training in (None, False, True):
            same(run(ours, x, training=training), run(theirs, x, training=training))
        assert ours.compute_output_shape((None, 3)) == theirs.compute_output_shape((None, 3)) == (None, 3)
        assert ours.supports_masking == theirs.supports_masking
        assert config(ours).keys() == config(theirs).keys()
        assert config(ours)["arguments"] == config(theirs)["arguments"]
    ours, theirs = pair("Lambda", {"function": lambda x: x[:, None] ** 2})
    same(run(ours, x), run(theirs, x))
    assert ours.compute_output_shape((None, 3)) == theirs.compute_output_shape((None, 3)) == (None, 1, 3)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"shape": (3,)},
        {"shape": (None, 4), "dtype": "int32"},
        {"shape": (), "batch_size": 2},
        {"batch_shape": (5, 3)},
        {"shape": (3,), "dtype": "uint8", "optional": True},
    ],
)
def test_input(kwargs):
    ours, theirs = (library.InputLayer(name="one", **kwargs) for library in (mine, real.layers))
    assert ours.get_config() == theirs.get_config()
    assert mine.InputLayer.from_config(theirs.get_config()).get_config() == theirs.get_config()
    assert real.layers.InputLayer.from_config(ours.get_config()).get_config() == theirs.get_config()
    assert (ours.batch_shape, ours.dtype, ours.built) == (theirs.batch_shape, theirs.dtype, theirs.built)
    ours, theirs = (library.Input(name="one", **kwargs) for library in (mine, real))
    assert (ours.shape, ours.dtype, ours.name) == (theirs.shape, theirs.dtype, theirs.name)


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("name", "kwargs", "x"),
    [
        ("Dense", {"units": 0}, None),
        ("Dense", {"units": -1}, None),
        ("Dense", {"units": 2.5}, None),
        ("Dense", {"units": 3, "activation": "rellu"}, None),
        ("Dense", {"units": 3, "kernel_initializer": "glorot"}, None),
        ("Dense", {"units": 3, "kernel_regularizer": "l3"}, None),
        ("Dense", {"units": 3, "unit": 3}, None),
        ("Dense", {"units": 3, "name": 3}, None),
        ("Dense", {"units": 3, "name": "a/b"}, None),
        ("Dense", {"units": 3, "trainable": "yes"}, None),
        ("Dense", {"units": 3, "dtype": "float31"}, None),
        ("Dense", {"units": 3}, drawn((4,))),
        ("Activation", {"activation": "rellu"}, None),
        ("Activation", {"activation": 3}, None),
        ("Dropout", {"rate": 1.5}, None),
        ("Dropout", {"rate": -0.1}, None),
        ("Dropout", {"rate": 0.5, "noise_shape": "ab"}, None),
        ("Dropout", {"rate": 0.5, "noise_shape": 3}, None),
        ("Dropout", {"rate": 0.5, "noise_shape": (0, 2)}, None),
        ("Dropout", {"rate": 0.5, "noise_shape": (1.5, 2)}, None),
        ("Flatten", {"data_format": "channels"}, None),
        ("Flatten", {}, np.float32(3)),
        ("Reshape", {"target_shape": (-1, -1)}, None),
        ("Reshape", {"target_shape": (-2, 3)}, None),
        ("Reshape", {"target_shape": (5,)}, drawn((2, 12))),
        ("Reshape", {"target_shape": (-1, 5)}, drawn((2, 12))),
        ("Embedding", {"input_dim": 0, "output_dim": 3}, None),
        ("Embedding", {"input_dim": 3, "output_dim": -3}, None),
        ("Embedding", {"input_dim": 3, "output_dim": "3"}, None),
        ("Embedding", {"input_dim": 5, "output_dim": 3, "weights": drawn((5, 2))}, None),
        ("Embedding", {"input_dim": 3, "output_dim": 2}, INTEGERS),
        ("ReLU", {"max_value": -1}, None),
        ("ReLU", {"negative_slope": -1}, None),
        ("ReLU", {"negative_slope": None}, None),
        ("ReLU", {"threshold": None}, None),
        ("InputLayer", {}, None),
        ("InputLayer", {"shape": (3,), "batch_shape": (None, 3)}, None),
        ("InputLayer", {"shape": (3,), "dtype": "float31"}, None),
        ("InputLayer", {"shape": (-3,)}, None),
        ("InputLayer", {"shape": (2.5,)}, None),
        ("InputLayer", {"batch_size": 3, "batch_shape": (3, 3)}, None),
    ],
    ids=str,
)
def test_the_same_type_of_error(name, kwargs, x):
    raised = []
    for library in (mine, real.layers):
        with pytest.raises(Exception) as caught:
            layer = getattr(library, name)(**kwargs)
            assert x is not None
            layer(x)
        raised.append(caught.type)
    assert raised[0] is raised[1]


@pytest.mark.parametrize(
    ("name", "kwargs", "first", "second"),
    [
        ("Dense", {"units": 3}, (2, 4), (2, 5)),
        ("BatchNormalization", {}, (2, 4), (2, 5)),
        ("BatchNormalization", {}, (2, 4), (2, 3, 4)),
        ("Reshape", {"target_shape": (3, 4)}, (2, 12), (2, 10)),
        ("Reshape", {"target_shape": (-1, 4)}, (2, 12), (2, 10)),
    ],
)
def test_a_second_input_that_does_not_fit(name, kwargs, first, second):
    for layer in pair(name, kwargs, drawn(first)):
        with pytest.raises(ValueError):
            layer(drawn(second))
        assert layer(drawn(first)).isfinite().all()


@pytest.mark.parametrize(
    ("name", "kwargs", "shapes"),
    [
        ("Dense", {"units": 3}, [(2, 4), (5, 2, 4), (1, 4)]),
        ("Reshape", {"target_shape": (-1, 2)}, [(2, 12), (2, 6), (3, 5, 4)]),
        ("Flatten", {}, [(2, 12), (2, 6, 2), (3,)]),
        ("Embedding", {"input_dim": 5, "output_dim": 2}, [(2, 12), (3,)]),
        ("BatchNormalization", {}, [(2, 4), (7, 4)]),
    ],
)
def test_a_second_input_of_another_size(name, kwargs, shapes):
    inputs = [abs(drawn(shape)).astype("int64") if name == "Embedding" else drawn(shape) for shape in shapes]
    ours, theirs = pair(name, kwargs, inputs[0])
    for x in inputs:
        same(run(ours, x), run(theirs, x))


# ---------------------------------------------------------------- layers in models


@pytest.mark.parametrize("input_first", [True, False])
def test_paths_in_a_sequential(input_first):
    def make(layers, models):
        inner = models.Sequential([layers.Dense(3, name="in"), layers.BatchNormalization(name="norm")], name="inner")
        entry = [layers.Input((4,))] if input_first else []
        return models.Sequential([*entry, layers.Dense(4, name="first"), inner, layers.Dense(1, name="last")], name="outer")

    ours, theirs = make(mine, torchkeras_lite.models), make(real.layers, real.models)
    if not input_first:
        ours(drawn((2, 4))), theirs(drawn((2, 4)))
    for group in ("weights", "trainable_weights", "non_trainable_weights"):
        assert [v.path for v in getattr(ours, group)] == [v.path for v in getattr(theirs, group)]
    assert ours.count_params() == theirs.count_params()
    theirs.set_weights(random_like(theirs))
    ours.set_weights(theirs.get_weights())
    for kwargs in ({}, {"training": True}):
        same(run(ours, drawn((6, 4)), **kwargs), run(theirs, drawn((6, 4)), **kwargs), rtol=1e-4)


def test_every_layer_of_ours_has_a_row():
    classes = {cls.__name__ for cls in vars(mine).values() if isinstance(cls, type) and issubclass(cls, mine.Layer)}
    tested = {name for name, _, _ in ROWS} | {"InputLayer", "Lambda"}
    assert classes - {"Layer", "TorchModuleWrapper"} == tested
    assert set(ACTIVATIONS) | {"glu", "threshold", "sparsemax"} == set(real.src.activations.ALL_OBJECTS_DICT)
