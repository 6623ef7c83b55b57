"""Quantizers against Keras: the same numbers, dtypes and shapes for the same calls; the same configs."""

import json

import numpy as np
import pytest
from oracle import keras as real

import torchkeras_lite as ours

X = np.random.default_rng(3).normal(size=(7, 6)).astype("float32")
W = np.random.default_rng(4).normal(size=(10, 5)).astype("float32")
NIBBLES = np.random.default_rng(5).integers(-8, 8, size=(5, 3)).astype("int8")
F32 = np.float32


def abs_max(keras, x, *args, **kwargs):
    return keras.quantizers.abs_max_quantize(x, *args, **kwargs)


def grouped(keras, *args, **kwargs):
    return keras.quantizers.abs_max_quantize_grouped_with_zero_point(keras.ops.convert_to_tensor(W), *args, **kwargs)


def packed(keras, numbers, axis, dtype):
    given = keras.ops.convert_to_tensor(numbers)
    nibbles, shape, length = keras.quantizers.pack_int4(given, axis, dtype)
    return nibbles, np.array(shape), np.array(length), keras.quantizers.unpack_int4(nibbles, length, axis, dtype)


def fake(keras, *args, **kwargs):
    return (keras.quantizers.fake_quant_with_min_max_vars(X, *args, **kwargs),)


def eighths(keras, function, *args):
    return (getattr(keras.quantizers, function)(*map(keras.ops.convert_to_tensor, args)),)


def narrowed(keras, scale, dtype):
    return (keras.quantizers.quantize_and_dequantize(X, F32(scale), dtype, "float32"),)


def parameters(keras, **kwargs):
    quantizers = keras.quantizers if keras is ours else real.src.quantizers.quantizers
    w = keras.ops.convert_to_tensor(W)
    scale, zero, largest = quantizers.compute_quantization_parameters(w, **kwargs)
    groups = np.arange(5) // 2 if scale.shape[1] == 3 else np.zeros(5, "int32")
    steps = quantizers.quantize_with_sz_map(w, scale, zero, groups, largest)
    return scale, zero, largest, steps, quantizers.dequantize_with_sz_map(steps, scale, zero, groups)


CASES = [
    *((abs_max, (X, axis), {"to_numpy": host}) for axis in (0, -1, (0, 1)) for host in (False, True)),
    (abs_max, (X.astype("float16"), 0), {}),
    (abs_max, (X, 0, (-8, 7)), {"epsilon": 0.1}),
    *((grouped, (block,), {"to_numpy": host}) for block in (4, 5, 16) for host in (False, True)),
    *((packed, (NIBBLES, axis, "int8"), {}) for axis in (0, 1, -1)),
    *((packed, ((NIBBLES + 8).astype("uint8"), axis, "uint8"), {}) for axis in (0, 1)),
    *((fake, (F32(-1.3), F32(0.9)), kwargs) for kwargs in ({}, {"narrow_range": True}, {"num_bits": 4})),
    (fake, (np.full(6, -1, "float32"), np.linspace(0.5, 2, 6, dtype="float32")), {"axis": -1}),
    *((eighths, ("compute_float8_scale", F32(amax), F32(0.5), F32(448)), {}) for amax in (3.0, 0.0, np.inf)),
    (eighths, ("compute_float8_amax_history", X, np.arange(4, dtype="float32")), {}),
    *((narrowed, (0.001, dtype), {}) for dtype in ("float8_e4m3fn", "float8_e5m2")),
    *(
        (parameters, (), kwargs)
        for kwargs in (
            {"bits": 4},
            {"bits": 4, "symmetric": True},
            {"bits": 8, "per_channel": True},
            {"bits": 4, "per_channel": True, "group_size": 2},
            {"bits": 4, "per_channel": True, "group_size": 2, "symmetric": True, "signed": True},
            {"bits": 3, "signed": True, "epsilon": 0.1},
        )
    ),
]


@pytest.mark.parametrize(("call", "args", "kwargs"), CASES, ids=[f"{case[0].__name__}-{n}" for n, case in enumerate(CASES)])
def test_numbers(call, args, kwargs):
    found, expected = call(ours, *args, **kwargs), call(real, *args, **kwargs)
    for mine, theirs in zip(found, expected, strict=True):
        assert str(mine.dtype) == str(theirs.dtype) and tuple(mine.shape) == tuple(theirs.shape)
        mine, theirs = (np.asarray(ours.ops.convert_to_numpy(one), "float64") for one in (mine, theirs))
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("axis", [None, 1])
def test_fake_quantization_has_the_gradients_of_keras(axis):
    low = np.array([-1, -0.5, -2, -1, -1, -1], "float32") if axis else F32(-1)
    high = np.array([0.5, 1, 2, 0.3, 1, 1.5], "float32") if axis else F32(0.7)
    grads = []
    for keras in (ours, real):
        given = [keras.ops.convert_to_tensor(one).clone().requires_grad_() for one in (X, low, high)]
        out = keras.quantizers.fake_quant_with_min_max_vars(*given, axis=axis)
        (out * keras.ops.convert_to_tensor(np.arange(42, dtype="float32").reshape(7, 6))).sum().backward()
        grads.append([one.grad.numpy() for one in given])
    for mine, theirs in zip(*grads, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)


CONFIGS = {
    "quantizer": lambda q: q.AbsMaxQuantizer(),
    "with axis": lambda q: q.AbsMaxQuantizer(axis=0, value_range=(-8, 7), output_dtype="int8"),
    "int8": lambda q: q.Int8QuantizationConfig(),
    "int8, weights only": lambda q: q.Int8QuantizationConfig(activation_quantizer=None),
    "int4": lambda q: q.Int4QuantizationConfig(),
    "int4, own": lambda q: q.Int4QuantizationConfig(q.AbsMaxQuantizer(value_range=(-8, 7)), block_size=None),
    "float8": lambda q: q.Float8QuantizationConfig(),
    "gptq": lambda q: q.GPTQConfig(["a text"], len, weight_bits=8, group_size=-1, activation_order=True),
    "awq": lambda q: q.AWQConfig(["a text"], len, num_grid_points=3),
}


@pytest.mark.parametrize("make", CONFIGS.values(), ids=CONFIGS)
def test_configs(make):
    mine, theirs = make(ours.quantizers), make(real.quantizers)
    written = ours.quantizers.serialize(mine)
    assert json.loads(json.dumps(written)) == json.loads(json.dumps(real.quantizers.serialize(theirs)))
    again = ours.quantizers.deserialize(written)
    assert type(again) is type(mine) and again.get_config() == mine.get_config()
    assert getattr(mine, "mode", None) == getattr(theirs, "mode", None)


WRONG = {
    "range": lambda q: q.AbsMaxQuantizer(value_range=(-256, 127)),
    "dtype of weights": lambda q: q.Int8QuantizationConfig(q.AbsMaxQuantizer(output_dtype="int16")),
    "block": lambda q: q.Int4QuantizationConfig(block_size=0),
    "block and own": lambda q: q.Int4QuantizationConfig(q.AbsMaxQuantizer(value_range=(-8, 7))),
    "range of weights": lambda q: q.Int4QuantizationConfig(q.AbsMaxQuantizer(), block_size=-1),
    "bits": lambda q: q.GPTQConfig(None, None, weight_bits=5),
    "damping": lambda q: q.GPTQConfig(None, None, hessian_damping=1.5),
    "samples": lambda q: q.AWQConfig(None, None, num_samples=0),
    "group": lambda q: q.AWQConfig(None, None, group_size=-2),
    "nothing known": lambda q: q.get("largest"),
    "no number": lambda q: q.get(3),
    "packing, dtype": lambda q: q.pack_int4(np.zeros(2, "int8"), dtype="int4"),
    "packing floats": lambda q: q.pack_int4(np.zeros(2, "float32")),
    "unpacking floats": lambda q: q.unpack_int4(np.zeros(2, "float32"), 4),
    "no mode": lambda q: q.QuantizationConfig().mode,
    "no config": lambda q: q.Quantizer().get_config(),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_errors_are_of_keras_kind(wrong):
    with pytest.raises((ValueError, TypeError, NotImplementedError)) as theirs:
        wrong(real.quantizers)
    with pytest.raises(theirs.type):
        wrong(ours.quantizers)


def test_symbolic_tensors_and_files():
    entry = ours.Input((6,))
    x = ours.quantizers.fake_quant_with_min_max_vars(ours.layers.Dense(3)(entry), -1.0, 1.0, num_bits=4)
    model = ours.Model(entry, x)
    again = ours.Model.from_config(json.loads(json.dumps(model.get_config())))
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert len(np.unique(model.predict(X, verbose=0))) <= 16
    integers, scale = ours.quantizers.AbsMaxQuantizer()(ours.Input((6,)))
    assert (integers.shape, integers.dtype, scale.shape) == ((None, 6), "int8", (None, 1))
