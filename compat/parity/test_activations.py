"""Activations against Keras: values, gradients, names."""

import json

import numpy as np
import pytest
import torch

import torchkeras_lite as mine
from torchkeras_lite import activations

NAMES = [
    "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
    "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus",
    "swish", "tanh", "tanh_shrink", "threshold",
]  # fmt: skip
ARGUMENTS = {
    "celu": [{}, {"alpha": 0.3}],
    "elu": [{}, {"alpha": 0.3}],
    "gelu": [{}, {"approximate": True}],
    "glu": [{}, {"axis": 1}],
    "hard_shrink": [{}, {"threshold": 1.0}],
    "leaky_relu": [{}, {"negative_slope": 0.5}],
    "log_softmax": [{}, {"axis": 1}, {"axis": 0}],
    "relu": [
        {"negative_slope": slope, "max_value": top, "threshold": start}
        for slope in (0.0, 0.1)
        for top in (None, 2.5, 6)
        for start in (0.0, 0.7)
    ],
    "soft_shrink": [{}, {"threshold": 1.0}],
    "softmax": [{}, {"axis": 1}, {"axis": 0}, {"axis": None}],
    "squareplus": [{}, {"b": 1}],
    "threshold": [{"threshold": 0.3, "default_value": 2.0}],
}


def test_every_name_of_keras_is_known(keras):
    assert set(NAMES) == set(keras.src.activations.ALL_OBJECTS_DICT)
    for name in NAMES:
        assert activations.get(name) is getattr(activations, name)
        assert activations.serialize(activations.get(name)) == keras.activations.serialize(keras.activations.get(name))


def run(function, x, kwargs):
    x = x.clone().requires_grad_()
    y = function(x, **kwargs)
    weights = torch.linspace(-1, 2, y.numel(), dtype=y.dtype, device=y.device).reshape(y.shape)
    (y * weights).sum().backward()
    return y.detach().cpu().numpy(), x.grad.numpy()


@pytest.mark.parametrize(("name", "kwargs"), [(n, kw) for n in NAMES for kw in ARGUMENTS.get(n, [{}])])
def test_values_and_gradients(keras, name, kwargs):
    x = torch.linspace(-7.3, 8.1, 48).reshape(
        4, 2, 6
    )  # steps of 0.3: one or no output of sparsemax differs from zero in Keras
    if name == "sparsemax":
        x = x * 10
    for actual, expected in zip(
        run(getattr(activations, name), x, kwargs), run(getattr(keras.activations, name), x, kwargs), strict=True
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_arrays_lists_and_dtypes(keras):
    for x in ([-1.5, 0.0, 2.0], np.array([-1.5, 0.0, 2.0], "float32")):
        actual, expected = activations.relu(x), keras.activations.relu(x)
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual.cpu(), expected.detach().cpu())
    half = torch.tensor([-1.5, 0.0, 2.0], dtype=torch.float16)
    for name in ("softmax", "gelu", "sparse_sigmoid", "squareplus"):
        assert getattr(activations, name)(half).dtype is torch.float16


def test_files_of_keras_are_read(keras):
    written = keras.saving.serialize_keras_object(keras.activations.relu)
    assert activations.get(written) is activations.relu
    assert activations.deserialize("gelu") is activations.gelu


def drawn(library, name, kwargs):
    """A model of an activation alone, as plain data; names, which count up over a process, apart."""
    x = library.Input((2, 6), name="x")
    model = library.Model(x, getattr(library.activations, name)(x, **kwargs))
    config = json.loads(json.dumps(model.get_config()))
    operation = json.loads(json.dumps(config["layers"][1]))
    del operation["name"], operation["config"]["name"]
    return model, config, operation


# What Keras 3.15 cannot draw.
BROKEN = ("hard_silu", "hard_swish", "mish", "sparsemax")


@pytest.mark.parametrize(
    ("name", "kwargs"), [(n, kw) for n in NAMES if n != "linear" for kw in ARGUMENTS.get(n, [{}]) if "axis" not in kw]
)
def test_in_a_graph(keras, name, kwargs):
    ours, config, operation = drawn(mine, name, kwargs)
    x = torch.linspace(-2.3, 3.1, 24).reshape(2, 2, 6)
    y = getattr(activations, name)(x, **kwargs)
    models = [ours, mine.Model.from_config(config)]
    if name != "sparsemax":  # Keras's is wrong
        models.append(keras.Model.from_config(config))
    if name in BROKEN:
        with pytest.raises(ValueError, match="symbolic"):
            drawn(keras, name, kwargs)
    else:
        _, theirs, expected = drawn(keras, name, kwargs)
        assert operation == expected
        models.append(mine.Model.from_config(theirs))
    for model in models:
        torch.testing.assert_close(model(x).detach(), y)
