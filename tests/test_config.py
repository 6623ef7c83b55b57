"""What the whole process agrees on."""

import random
import threading

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import config, dtype_policies, layers


@pytest.fixture(autouse=True)
def settings():
    saved = dict(config._values), dict(dtype_policies._global)
    yield
    config._values.update(saved[0])
    dtype_policies._global.update(saved[1])


NAMES = [(None, "float32"), ("float32", "float32"), (torch.float16, "float16"), (np.float64, "float64"),
         (np.dtype("int8"), "int8"), (float, "float32"), (int, "int32"), (bool, "bool"), ("half", "float16"),
         ("double", "float64"), ("long", "int64"), ("torch.bfloat16", "bfloat16"), ("string", "string"),
         (np.dtype(">f4"), "float32")]  # fmt: skip


@pytest.mark.parametrize(("given", "name"), NAMES)
def test_names_of_dtypes(given, name):
    assert config.dtype_name(given) == name
    if name != "string":
        assert config.torch_dtype(given) is getattr(torch, name)


@pytest.mark.parametrize("given", ["float31", "", "Float32x", object])
def test_unknown_dtypes(given):
    with pytest.raises((ValueError, TypeError)):
        config.dtype_name(given)


def test_floatx_is_that_of_new_layers():
    config.set_floatx("float64")
    assert config.floatx() == "float64" == config.dtype_name(None) == config.dtype_name(float)
    layer = layers.Dense(2)
    assert layer(torch.ones(1, 3)).dtype is torch.float64 and layer.kernel.dtype == "float64"
    with pytest.raises(ValueError, match="int32"):
        config.set_floatx("int32")
    assert config.floatx() == "float64"


def test_epsilon_and_image_format():
    config.set_epsilon("1e-3")
    assert config.epsilon() == 1e-3
    config.set_image_data_format("channels_first")
    assert config.image_data_format() == "channels_first" == config.standardize_data_format(None)
    with pytest.raises(ValueError, match="channels"):
        config.set_image_data_format("channels")
    assert config.backend() == "torch"


DEVICES = [("cpu", "cpu"), ("cpu:3", "cpu"), ("/CPU:0", "cpu"), ("/device:CPU:0", "cpu"), ("meta", "meta"),
           ("cuda:1", "cuda:1"), (torch.device("meta"), "meta")]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), DEVICES)
def test_names_of_devices(given, expected):
    assert config.standardize_device(given) == torch.device(expected)


def test_unknown_devices():
    with pytest.raises(ValueError, match="toaster"):
        config.standardize_device("toaster")


def test_device_scopes():
    outside = config.get_device()
    with config.device("meta") as device:
        assert device == config.get_device() == torch.device("meta")
        with config.device("cpu"):
            assert config.get_device().type == "cpu"
        layer = layers.Dense(2)
        layer.build((None, 3))
        seen = []
        thread = threading.Thread(target=lambda: seen.append(config.get_device()))
        thread.start(), thread.join()
        assert seen == [outside]  # a scope is one thread's
    assert layer.linear.weight.is_meta and config.get_device() == outside
    with pytest.raises(KeyError), config.device("meta"):
        raise KeyError
    assert config.get_device() == outside


def test_the_environment_names_the_device(monkeypatch):
    monkeypatch.setenv("TORCHKERAS_DEVICE", "meta")
    assert config.get_device().type == "meta"
    with config.device("cpu"):
        assert config.get_device().type == "cpu"


def test_seeds():
    def draw():
        return random.random(), np.random.rand(), torch.rand(1).item(), layers.Dense(3)(torch.ones(1, 2)).tolist()

    config.set_random_seed(7)
    one, other = draw(), draw()
    config.set_random_seed(np.int64(7))
    assert draw() == one and one != other
    for wrong in (1.5, "a", None, True):
        with pytest.raises(ValueError, match="seed"):
            config.set_random_seed(wrong)


POLICIES = [("float32", "float32", "float32", False), ("mixed_bfloat16", "bfloat16", "float32", True),
            ("mixed_float16", "float16", "float32", True), ("float64", "float64", "float64", False),
            (torch.float16, "float16", "float16", False), (None, "float32", "float32", False)]  # fmt: skip


@pytest.mark.parametrize(("given", "compute", "kept", "mixed"), POLICIES)
def test_policies(given, compute, kept, mixed):
    policy = dtype_policies.get(given)
    assert (policy.compute_dtype, policy.variable_dtype, policy.is_mixed) == (compute, kept, mixed)
    again = dtype_policies.DTypePolicy.from_config(policy.get_config())
    assert again == policy and hash(again) == hash(policy) and dtype_policies.get(policy) is policy
    assert dtype_policies.get({"class_name": "DTypePolicy", "config": policy.get_config()}) == policy


def test_the_policy_of_new_layers():
    dtype_policies.set_dtype_policy("mixed_bfloat16")
    layer = layers.Dense(2)
    assert layer(torch.ones(1, 3)).dtype is torch.bfloat16 and layer.kernel.dtype == "float32"
    assert layers.Dense(2, dtype="float32")(torch.ones(1, 3)).dtype is torch.float32
    with pytest.raises(ValueError, match="mixed_int8"):
        dtype_policies.set_dtype_policy("mixed_int8")


# ---------------------------------------------------------------- switches


def test_limits_of_the_process():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((20, 2), "float32")
    config.set_max_epochs(2)
    config.set_max_steps_per_epoch(3)
    try:
        history = model.fit(x, x[:, :1], epochs=5, batch_size=2, verbose=0)
        assert len(history.epoch) == 2 and model.optimizer.iterations == 6
        assert model.predict(x, batch_size=2, verbose=0).shape == (6, 1)
        model.fit(x, x[:, :1], steps_per_epoch=1, batch_size=2, verbose=0)
        assert model.optimizer.iterations == 7
    finally:
        config.set_max_epochs(None)
        config.set_max_steps_per_epoch(None)
    assert (config.max_epochs(), config.max_steps_per_epoch()) == (None, None)


def test_what_is_said_can_go_to_the_log(capsys, caplog):
    config.disable_interactive_logging()
    try:
        assert not config.is_interactive_logging_enabled()
        with caplog.at_level("INFO", logger="torchkeras_lite"):
            keras.callbacks.write("a message")
    finally:
        config.enable_interactive_logging()
    assert capsys.readouterr().out == "" and "a message" in caplog.text
    keras.callbacks.write("another")
    assert capsys.readouterr().out == "another\n"


def test_backends_and_policies():
    config.set_backend("torch")
    with pytest.raises(ValueError, match="jax"):
        config.set_backend("jax")
    before = config.dtype_policy()
    try:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
        assert keras.mixed_precision.global_policy().name == config.dtype_policy().name == "mixed_bfloat16"
        policy = keras.dtype_policies.deserialize(keras.dtype_policies.serialize(config.dtype_policy()))
        assert policy == config.dtype_policy()
    finally:
        config.set_dtype_policy(before)
