"""Layers beside Keras, a row each: outputs, gradients, weights, configs and shapes from the same arguments and inputs."""

import inspect
import json

import numpy as np
import pytest
from harness import as_input, config, drawn, label, mine, pair, real, run, same, weights_like
from rows import ELSEWHERE, JAX_ROWS, ROWS
from rows.core import ACTIVATIONS, INTEGERS
from torch.utils import _pytree as pytree

import torchkeras_lite

rows = pytest.mark.parametrize(("name", "kwargs", "x"), ROWS, ids=map(label, ROWS))


def tolerance(name, training=False):
    """Where `same` has to allow more than elsewhere."""
    if "Conv" in name:  # adds up many products of either sign, in another order than Keras
        return {"of_largest": 1e-6}
    if name == "MelSpectrogram":  # products of transforms, which add up in another order
        return {"of_largest": 1e-6}
    if name == "Attention":  # one kernel, which rounds elsewhere than Keras's four steps
        return {"atol": 3e-6}
    if name == "GroupNormalization":  # Keras's way to write it cancels
        return {"rtol": 1e-4, "atol": 5e-6}
    return {"rtol": 1e-4, "of_largest": 1e-6} if training and "Batch" in name else {}


def draws(kwargs):
    """Whether a layer with these arguments draws random numbers in training."""
    return any(kwargs.get(strength, 0) not in (0, 1) for strength in ("rate", "stddev"))


@rows
def test_outputs_and_gradients(name, kwargs, x):
    x = as_input(x)
    ours, theirs = pair(name, kwargs, x)
    same(run(ours, x), run(theirs, x), **tolerance(name))
    same(run(ours, x, training=False), run(theirs, x, training=False), **tolerance(name))
    if not draws(kwargs):
        for _ in range(3):
            same(run(ours, x, training=True), run(theirs, x, training=True), **tolerance(name, training=True))
        same(run(ours, x), run(theirs, x), **tolerance(name))


def moved_to_channels_first(row):
    """The row with the channels on axis 1, if its layer knows of formats and the row leaves the format open."""
    name, kwargs, x = row
    takes_format = "data_format" in inspect.signature(getattr(mine, name)).parameters
    if not takes_format or "data_format" in kwargs or isinstance(x, list):
        return None
    if isinstance(x, tuple):
        x = (x[0], x[-1], *x[1:-1]) if len(x) > 2 else x
    else:
        x = np.moveaxis(x, -1, 1) if x.ndim > 2 else x
    return name, {**kwargs, "data_format": "channels_first"}, x


CHANNELS_FIRST = [moved for moved in map(moved_to_channels_first, ROWS) if moved is not None]


@pytest.mark.parametrize(("name", "kwargs", "x"), CHANNELS_FIRST, ids=map(label, CHANNELS_FIRST))
def test_channels_first(name, kwargs, x):
    x = as_input(x)
    ours, theirs = pair(name, kwargs, x)
    same(run(ours, x), run(theirs, x), **tolerance(name))
    assert config(ours) == config(theirs)
    shape = (None, *x.shape[1:])
    assert ours.compute_output_shape(shape) == as_tuple(theirs.compute_output_shape(shape))


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
    same(run(made[0], x), expected, **tolerance(name))
    same(run(made[1], x), expected, **tolerance(name))


def shape_of(x):
    return [each.shape for each in x] if isinstance(x, list) else x.shape


def with_other_batches(x):
    """The shape (or list of shapes) of the input; with None and with 1 in front, too."""
    if isinstance(x, list):
        return [shape_of(x), *([(size, *each.shape[1:]) for each in x] for size in (None, 1))]
    return [x.shape, (None, *x.shape[1:]), (1, *x.shape[1:])]


def as_tuple(shape):
    """A shape of Keras's; some of its layers answer with a list."""
    return tuple(shape) if isinstance(shape, list) and not any(isinstance(size, (list, tuple)) for size in shape) else shape


@rows
def test_shapes_and_weights(name, kwargs, x):
    x = as_input(x)
    for ours, theirs in (pair(name, kwargs), pair(name, kwargs, x)):
        for shape in with_other_batches(x) if kwargs.get("axis") != 0 else [shape_of(x)]:
            assert ours.compute_output_shape(shape) == as_tuple(theirs.compute_output_shape(shape))
    for group in ("weights", "variables", "trainable_weights", "non_trainable_weights", "trainable_variables"):
        found, wanted = ([v for v in getattr(one, group) if "seed_generator" not in v.path] for one in (ours, theirs))
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
    x = as_input(x)
    if any(each.ndim == 1 for each in (x if isinstance(x, list) else [x])):
        return
    ours, theirs = pair(name, kwargs)

    def symbolic(library):
        def one(array):
            shape = {"batch_shape": array.shape} if kwargs.get("axis") == 0 else {"shape": array.shape[1:]}
            return library.Input(**shape, dtype=str(array.dtype))

        return [one(each) for each in x] if isinstance(x, list) else one(x)

    found, wanted = ours(symbolic(mine)), theirs(symbolic(real))
    for made, expected in ((found, wanted), (ours.output, theirs.output), (ours.input, theirs.input)):
        assert pytree.tree_map(lambda leaf: leaf.shape, made) == pytree.tree_map(lambda leaf: leaf.shape, expected)
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]


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
    theirs.set_weights(weights_like(theirs))
    ours.set_weights(theirs.get_weights())
    for kwargs in ({}, {"training": True}):
        same(run(ours, drawn((6, 4)), **kwargs), run(theirs, drawn((6, 4)), **kwargs), rtol=1e-4)


def test_every_layer_of_ours_has_a_row():
    classes = {cls.__name__ for cls in vars(mine).values() if isinstance(cls, type) and issubclass(cls, mine.Layer)}
    tested = {name for name, _, _ in ROWS} | {"InputLayer", "Lambda"} | ELSEWHERE
    no_rows = {"Layer", "TorchModuleWrapper", "Wrapper", "SpectralNormalization", "JaxLayer", "FlaxLayer", "TFSMLayer"}
    assert classes - no_rows == tested
    assert {name for name, _, _ in JAX_ROWS} <= tested
    assert set(ACTIVATIONS) | {"glu", "threshold", "sparsemax"} == set(real.src.activations.ALL_OBJECTS_DICT)
