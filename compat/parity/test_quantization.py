"""Weights in few bits: the same integers, names, outputs, gradients and files as Keras's, both ways."""

import inspect
import warnings

import numpy as np
import pytest
import torch
from oracle import keras as real

import torchkeras_lite as mine
from torchkeras_lite.models.calibration import AWQ, GPTQ

# layer, its arguments, the shape of its input (None: integers below 9)
DENSE = ("Dense", {"units": 5, "activation": "tanh"}, (3, 6))
EMBEDDING = ("Embedding", {"input_dim": 9, "output_dim": 5}, None)
ROWS = {
    "dense": DENSE,
    "dense-no-bias": ("Dense", {"units": 4, "use_bias": False}, (2, 3, 7)),
    "heads": ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "de"}, (2, 3, 6)),
    "out": ("EinsumDense", {"equation": "abcd,cde->abe", "output_shape": (None, 5), "bias_axes": "e"}, (2, 3, 2, 4)),
    "turned": ("EinsumDense", {"equation": "abc,dec->abde", "output_shape": (None, 2, 3), "bias_axes": "e"}, (2, 3, 6)),
    "einsum": ("EinsumDense", {"equation": "abc,bcd->abd", "output_shape": (3, 4)}, (2, 3, 6)),
    "first": ("EinsumDense", {"equation": "abc,bd->adc", "output_shape": (4, 5), "bias_axes": "d"}, (2, 6, 5)),
    "embedding": EMBEDDING,
    "tied": ("ReversibleEmbedding", {"input_dim": 9, "output_dim": 5}, None),
    "untied": ("ReversibleEmbedding", {"input_dim": 9, "output_dim": 5, "tie_weights": False, "logit_soft_cap": 2.0}, None),
}


def configs(keras, name):
    q = keras.quantizers
    return {
        "int8": lambda: q.Int8QuantizationConfig(),
        "int8-weights": lambda: q.Int8QuantizationConfig(activation_quantizer=None),
        "int8-narrow": lambda: q.Int8QuantizationConfig(activation_quantizer=q.AbsMaxQuantizer(value_range=(-15, 15))),
        "int4": lambda: q.Int4QuantizationConfig(),
        "int4-blocks": lambda: q.Int4QuantizationConfig(block_size=4),
        "int4-whole": lambda: q.Int4QuantizationConfig(block_size=None),
        "int4-inputs": lambda: q.Int4QuantizationConfig(block_size=-1, activation_quantizer=q.AbsMaxQuantizer()),
        "float8": lambda: q.Float8QuantizationConfig(),
    }[name]()


HOW = ("int8", "int8-weights", "int8-narrow", "int4", "int4-blocks", "int4-whole", "int4-inputs", "float8")
CASES = [(row, how) for row in ROWS for how in HOW if how != "float8" or ROWS[row][2]]
CASES = [(row, how) for row, how in CASES if (row, how) != ("embedding", "int8-narrow")]


def inputs(shape, seed=3):
    x = np.random.default_rng(seed).normal(size=shape or (3, 4)).astype("float32")
    return x if shape else np.abs(x * 100).astype("int32") % 9


def pair(row, adapted=False, rows=ROWS, **more):
    """The layer of both, built, with the same weights."""
    cls, kwargs, shape = rows[row]
    both = [getattr(keras.layers, cls)(**kwargs, **more, name="one") for keras in (real, mine)]
    for layer in both:
        layer(inputs(shape))
        if adapted:
            layer.enable_lora(2, lora_alpha=3.0, b_initializer="ones")
    for seed, (theirs, ours) in enumerate(zip(both[0].weights, both[1].weights, strict=True)):
        value = np.random.default_rng(seed).normal(size=theirs.shape)
        theirs.assign(value)
        ours.assign(value)
    return both


def quantized(row, how, adapted=False, **more):
    both = pair(row, adapted, **more)
    for keras, layer in zip((real, mine), both, strict=True):
        layer.quantize(config=configs(keras, how))
    return both


def numbers(value):
    return value.detach().cpu().numpy()


def described(layer):
    return [(v.path, tuple(v.shape), str(v.dtype), v.trainable) for v in layer.weights]


def same_weights(theirs, ours):
    assert described(ours) == described(theirs)
    for a, b in zip(theirs.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-6, err_msg=str(ours))


def close(ours, theirs):
    np.testing.assert_allclose(numbers(ours), numbers(theirs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("row", "how"), CASES)
def test_the_same_integers_and_outputs(row, how):
    theirs, ours = quantized(row, how)
    same_weights(theirs, ours)
    assert ours.dtype_policy.name == theirs.dtype_policy.name and ours.quantization_mode == theirs.quantization_mode
    assert mine.dtype_policies.serialize(ours.dtype_policy) == real.dtype_policies.serialize(theirs.dtype_policy)
    config, expected = ours.get_config(), theirs.get_config()
    assert config["quantization_config"] == expected["quantization_config"]
    x = inputs(ROWS[row][2])
    close(ours(x), theirs(x))
    if row in ("tied", "untied"):
        back = inputs((3, 5))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras turns a vector around
            close(ours(back, reverse=True), theirs(back, reverse=True))
    born = [type(a).from_config(b.get_config()) for a, b in ((theirs, ours), (ours, theirs))]
    for layer in born:
        layer.build(x.shape)
    assert described(born[1]) == described(born[0])
    assert {*described(born[1])} == {*described(ours)}
    born[1].set_weights([numbers(next(v for v in theirs.weights if v.name == w.name).value) for w in born[1].weights])
    close(born[1](x), theirs(x))


# Keras turns the scale of a product without a matrix around twice on the way back.
BROKEN = [(row, "int8-weights") for row in ("turned", "einsum", "first")]


@pytest.mark.parametrize(("row", "how"), [case for case in CASES if ROWS[case[0]][2] and case not in BROKEN])
def test_the_same_gradients(row, how):
    theirs, ours = quantized(row, how)
    x, grads = inputs(ROWS[row][2]), []
    for layer in (theirs, ours):
        t = torch.tensor(x, requires_grad=True)
        layer(t, training=True).square().sum().backward()
        grads.append([t.grad] + [v.value.grad for v in layer.trainable_weights])
    for a, b in zip(*grads, strict=True):
        np.testing.assert_allclose(numbers(b), numbers(a), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("how", ["int8", "int4-blocks", "int4-whole"])
@pytest.mark.parametrize("row", ["dense", "heads", "out", "embedding"])
def test_adapted(row, how, order, tmp_path):
    if order == "before":
        theirs, ours = quantized(row, how, adapted=True)
    else:
        theirs, ours = quantized(row, how)
        for layer in (theirs, ours):
            layer.enable_lora(2, lora_alpha=3.0, b_initializer="ones")
        ours.set_weights(theirs.get_weights())
    same_weights(theirs, ours)
    x = inputs(ROWS[row][2])
    close(ours(x), theirs(x))
    grads = []
    for layer in (theirs, ours):
        layer(x).square().sum().backward()
        grads.append([v.value.grad for v in layer.trainable_weights])
    for a, b in zip(*grads, strict=True):
        np.testing.assert_allclose(numbers(b), numbers(a), rtol=1e-4, atol=1e-4)
    stores = {}, {}
    theirs.save_own_variables(stores[0])
    ours.save_own_variables(stores[1])
    assert stores[0].keys() == stores[1].keys()
    for key, value in stores[0].items():
        value = numbers(getattr(value, "value", value)) if not isinstance(value, np.ndarray) else value
        np.testing.assert_allclose(stores[1][key], value, rtol=1e-5, err_msg=key)


def model_of(keras, row):
    cls, kwargs, shape = ROWS[row]
    x = inputs(shape)
    layer = getattr(keras.layers, cls)(**kwargs, name="one")
    return keras.Sequential([keras.Input(x.shape[1:], dtype=str(x.dtype)), layer], name="model"), x


@pytest.mark.parametrize("writer", [real, mine], ids=["theirs", "ours"])
@pytest.mark.parametrize(("row", "how"), [(row, how) for row in ROWS for how in ("int8", "int4-blocks", "int4-whole", "float8")
                                          if (row, how) in CASES])  # fmt: skip
def test_files(row, how, writer, tmp_path):
    reader = mine if writer is real else real
    model, x = model_of(writer, row)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an InputLayer has nothing to quantize
        model.quantize(config=configs(writer, how))
        expected = model.predict(x, verbose=0)
        model.save(tmp_path / "m.keras")
        model.save_weights(tmp_path / "m.weights.h5")
        back, again = (keras.models.load_model(tmp_path / "m.keras") for keras in (reader, writer))
        assert [what[1:] for what in described(back.layers[-1])] == [what[1:] for what in described(again.layers[-1])]
        np.testing.assert_allclose(back.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)
        other, _ = model_of(reader, row)
        other.quantize(config=configs(reader, how))
        other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_allclose(other.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)


# ---------------------------------------------------------------- with data

SETTINGS = {
    "gptq": {},
    "gptq-groups": {"group_size": 8, "activation_order": True, "hessian_damping": 1.0},
    "gptq-bytes": {"weight_bits": 8, "group_size": 8, "symmetric": True},
    "gptq-three": {"weight_bits": 3, "per_channel": False, "group_size": -1},
    "awq": {},
    "awq-groups": {"group_size": 8, "num_grid_points": 7},
}


WATCHED = {
    "dense": ("Dense", {"units": 5, "activation": "tanh"}, (3, 16)),
    "heads": ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "de"}, (2, 3, 16)),
    "out": ("EinsumDense", {"equation": "abcd,cde->abe", "output_shape": (None, 5), "bias_axes": "e"}, (2, 3, 4, 4)),
}


def calibrated(row, how):
    """The layer of both, with the integers that they find for the same data.

    Signs alternate: of a group of one sign Keras makes a zero point that uint8 does not hold.
    """
    both, mode = pair(row, rows=WATCHED), how.partition("-")[0]
    for layer in both:
        rows = numbers(layer.kernel.value).reshape(16, -1)
        layer.kernel.assign((np.abs(rows) * (-1.0) ** np.arange(16)[:, None]).reshape(layer.kernel.shape))
    for keras, layer in zip((real, mine), both, strict=True):
        cls = getattr(keras.quantizers, f"{mode.upper()}Config")
        config = cls(dataset=None, tokenizer=None, **SETTINGS[how])
        layer.quantize(config=config)
        if keras is mine:
            watcher = {"gptq": GPTQ, "awq": AWQ}[mode](layer, config)
        else:
            watcher = getattr(getattr(real.src.quantizers, mode), mode.upper())(layer, config)
        for seed in (5, 6):
            x = real.ops.reshape(inputs((9, *WATCHED[row][2][1:]), seed), (-1, watcher.rows))
            watcher.update_hessian_with_batch(x) if mode == "gptq" else watcher.update_activation_magnitudes(x)
        watcher.quantize_and_correct_layer() if mode == "gptq" else watcher.quantize_layer()
    return both


@pytest.mark.parametrize("how", SETTINGS)
@pytest.mark.parametrize("row", WATCHED)
def test_the_same_integers_by_the_same_data(row, how):
    theirs, ours = calibrated(row, how)
    same_weights(theirs, ours)
    assert ours.dtype_policy.name == theirs.dtype_policy.name
    assert ours.get_config()["quantization_config"] == theirs.get_config()["quantization_config"]
    x = inputs(WATCHED[row][2])
    close(ours(x), theirs(x))
    close(ours.kernel, theirs.kernel.value if hasattr(theirs.kernel, "value") else theirs.kernel)
    store = {}  # Keras leaves out the zero points, and then finds its own file too short
    ours.save_own_variables(store)
    for layer, other in ((ours, theirs), (theirs, ours)):
        born = type(layer).from_config(other.get_config())
        born.build(x.shape)
        born.load_own_variables(store)
        close(born(x), other(x))


@pytest.mark.parametrize("name", ["Layer", "Dense", "EinsumDense", "Embedding", "ReversibleEmbedding"])
def test_the_order_of_its_arguments(name):
    ours, theirs = (inspect.signature(getattr(library.layers, name).quantize) for library in (mine, real))
    assert [(p.name, p.default) for p in ours.parameters.values()] == [(p.name, p.default) for p in theirs.parameters.values()]
