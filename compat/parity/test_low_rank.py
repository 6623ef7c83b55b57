"""Low-rank adaptation: outputs, a step of training, and files, both ways."""

import numpy as np
import pytest
from oracle import keras as real

import torchkeras_lite as mine

# name of the layer, its arguments, the shape of its input (integers below 7 for an Embedding)
ROWS = {
    "Dense": ("Dense", {"units": 4, "activation": "tanh"}, (3, 5)),
    "matrix": ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "de"}, (2, 3, 5)),
    "einsum": ("EinsumDense", {"equation": "ab,bca->ac", "output_shape": (4,)}, (3, 5)),
    "Conv1D": ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "causal"}, (2, 6, 3)),
    "Conv2D": ("Conv2D", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "groups": 2}, (2, 6, 7, 4)),
    "Conv3D": ("Conv3D", {"filters": 2, "kernel_size": 2, "data_format": "channels_first"}, (2, 3, 4, 4, 4)),
    "Embedding": ("Embedding", {"input_dim": 7, "output_dim": 5}, None),
}


def rows(name):
    cls, kwargs, shape = ROWS[name]
    x = np.random.default_rng(3).normal(size=shape or (3, 4)).astype("float32")
    return cls, kwargs, x if shape else np.abs(x * 100).astype("int32") % 7


def model_of(keras, cls, kwargs, x, **adaptation):
    layer = getattr(keras.layers, cls)(**kwargs, name="one", **adaptation)
    model = keras.Sequential([keras.Input(x.shape[1:], batch_size=len(x), dtype=str(x.dtype)), layer], name="model")
    return model, layer


def same_values(*layers):
    for seed, name in enumerate(sorted(variable.name for variable in layers[0].weights)):
        found = [next(v for v in layer.weights if v.name == name) for layer in layers]
        value = np.random.default_rng(seed).normal(size=found[0].shape)
        for variable in found:
            variable.assign(value)


@pytest.mark.parametrize("name", ROWS)
def test_learns_the_same(name):
    cls, kwargs, x = rows(name)
    models = [model_of(keras, cls, kwargs, x) for keras in (real, mine)]
    for model, layer in models:
        layer.enable_lora(2, lora_alpha=3.0, b_initializer="ones")
        model.compile("sgd", "mse")
    theirs, ours = (layer for _, layer in models)
    same_values(theirs, ours)
    assert [(v.path, tuple(v.shape), v.trainable) for v in ours.weights] == [
        (v.path, tuple(v.shape), v.trainable) for v in theirs.weights
    ]
    assert {**ours.get_config(), "dtype": None} == {
        **{key: value for key, value in theirs.get_config().items() if key != "quantization_config"},
        "dtype": None,
    }
    expected = models[0][0].predict(x, verbose=0)
    np.testing.assert_allclose(models[1][0].predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)
    for model, _ in models:
        model.fit(x, np.ones_like(expected), batch_size=len(x), shuffle=False, verbose=0)  # of one equation the batch is a part
    for v, w in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(v.numpy(), w.value.detach().numpy(), rtol=1e-5, atol=1e-6, err_msg=v.path)


@pytest.mark.parametrize("writer", [real, mine], ids=["theirs", "ours"])
@pytest.mark.parametrize("name", ROWS)
def test_files(name, writer, tmp_path):
    cls, kwargs, x = rows(name)
    reader = mine if writer is real else real
    model, layer = model_of(writer, cls, kwargs, x, lora_rank=2, lora_alpha=3.0)
    same_values(layer)
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.weights.h5")
    back = reader.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(back.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)
    assert back.layers[-1].lora_enabled and back.layers[-1].lora_rank == 2
    plain, _ = model_of(reader, cls, kwargs, x)
    plain.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_allclose(plain.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)
