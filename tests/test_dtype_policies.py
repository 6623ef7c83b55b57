"""Policies by path, and those of quantized weights."""

import copy
import pickle

import numpy as np
import pytest
import torch

from torchkeras_lite import Sequential, layers
from torchkeras_lite import dtype_policies as policies


def test_each_layer_takes_the_policy_of_its_path():
    chosen = policies.DTypePolicyMap("float32", {"(net/)?first": "float64"})
    chosen[".*mixed_.*"] = policies.DTypePolicy("mixed_bfloat16")
    model = Sequential(
        [layers.Dense(units, name=name, dtype=chosen) for units, name in ((2, "first"), (3, "mixed_one"), (1, "last"))],
        name="net",
    )
    assert model.layers[0].dtype_policy is chosen and model.layers[0].compute_dtype == "float32"
    outputs = [np.ones((4, 3), "float32")]
    model.build((None, 3))
    for layer in model.layers:
        outputs.append(layer(outputs[-1]))
    assert [y.dtype for y in outputs[1:]] == [torch.float64, torch.bfloat16, torch.float32]
    assert [layer.kernel.dtype for layer in model.layers] == ["float64", "float32", "float32"]
    assert all(layer.dtype_policy is chosen for layer in model.layers)
    again = Sequential.from_config(model.get_config())
    assert [layer.kernel.dtype for layer in again.layers] == ["float64", "float32", "float32"]
    assert [layer.compute_dtype for layer in again.layers] == ["float64", "bfloat16", "float32"]
    again.layers[2].dtype_policy = policies.DTypePolicyMap("float32", {".*last": "mixed_float16"})
    assert again.layers[2].compute_dtype == "float16" and again.layers[2].dtype_policy.name == "map_float32"
    again.layers[2].dtype_policy = "float32"  # the map keeps it
    assert again.layers[2].compute_dtype == again.layers[2].dtype_policy[again.layers[2].path].name == "float32"
    assert again.layers[2].dtype_policy.name == "map_float32"


def test_layers_inside_get_the_map():
    chosen = policies.DTypePolicyMap(None, {".*query": "float64"})
    attention = layers.MultiHeadAttention(2, 3, name="heads", dtype=chosen)
    attention.build((None, 4, 5), (None, 4, 5))
    assert attention._flatten_layers()[0] is attention
    dtypes = {layer.name: layer.dtype for layer in attention._flatten_layers(include_self=False)}
    assert dtypes["query"] == "float64" and dtypes["key"] == "float32"


def test_a_map_is_a_dict():
    chosen = policies.DTypePolicyMap("bfloat16", {"a": "float16"})
    assert (chosen["a"].name, chosen["b"].name, chosen.name) == ("float16", "bfloat16", "map_bfloat16")
    assert (len(chosen), list(chosen), "a" in chosen, "b" in chosen) == (1, ["a"], True, False)
    assert chosen.compute_dtype == chosen.variable_dtype == "bfloat16"
    assert (chosen.is_mixed, chosen.quantization_mode) == (False, None)
    with pytest.raises(ValueError, match="a already exist"):
        chosen["a"] = "float32"
    with pytest.raises(ValueError, match="Cannot interpret the assigned value"):
        chosen["c"] = 3
    with pytest.raises(ValueError, match="cannot be a `DTypePolicyMap`"):
        policies.DTypePolicyMap(chosen)
    with pytest.raises(TypeError, match="must be a dict"):
        policies.DTypePolicyMap(None, [("a", "float32")])
    chosen["b.*"] = chosen["bc.*"] = "float32"
    with pytest.raises(ValueError, match="matches multiple"):
        chosen["bcd"]
    del chosen["b.*"], chosen["bc.*"]
    for other in (
        policies.DTypePolicyMap.from_config(chosen.get_config()), policies.deserialize(policies.serialize(chosen)),
        policies.get(policies.serialize(chosen)), copy.deepcopy(chosen), pickle.loads(pickle.dumps(chosen)),
    ):  # fmt: skip
        assert dict(other) == dict(chosen) and other.default_policy == chosen.default_policy
    assert "default_policy=bfloat16, mapping=[('a', 'float16')]" in repr(chosen)


QUANTIZED = [
    ("int8_from_float32", policies.QuantizedDTypePolicy, {}),
    ("int4_from_mixed_bfloat16", policies.QuantizedDTypePolicy, {}),
    ("float8_from_float32", policies.QuantizedFloat8DTypePolicy, {"amax_history_length": 1024}),
    ("int4/64_from_float32", policies.Int4DTypePolicy, {"block_size": 64}),
    ("gptq/3/-1_from_float32", policies.GPTQDTypePolicy, {"weight_bits": 3, "group_size": -1}),
    ("awq/4/128_from_bfloat16", policies.AWQDTypePolicy, {"weight_bits": 4, "group_size": 128}),
]


@pytest.mark.parametrize(("name", "cls", "settings"), QUANTIZED)
def test_quantized_policies(name, cls, settings):
    policy = policies.get(name)
    mode, _, source = name.partition("_from_")
    assert type(policy) is cls and policy.name == name and repr(policy) == f'<{cls.__name__} "{name}">'
    assert policy.quantization_mode == mode.partition("/")[0] and {key: getattr(policy, key) for key in settings} == settings
    assert policy.compute_dtype == policies.DTypePolicy(source).compute_dtype
    assert policy.variable_dtype == policies.DTypePolicy(source).variable_dtype
    assert policies.deserialize(policies.serialize(policy)) == policy == cls(mode, source) != policies.DTypePolicy(source)
    assert policy.over("bfloat16") == cls(mode, "bfloat16")
    for given in (name, policy, policies.serialize(policy)):
        layer = layers.Dense(1, dtype=given)
        layer.build((None, 2))
        assert layer.dtype_policy == policy and layer.quantization_mode == policy.quantization_mode
    chosen = policies.DTypePolicyMap("float32", {"dense_x": policy})
    layer = layers.Dense(1, name="dense_x", dtype=chosen)
    layer.build((None, 2))
    assert layer.quantization_mode == policy.quantization_mode


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: policies.get("int9_from_float32"), "Invalid quantization mode"),
        (lambda: policies.get("int8_from_"), "Cannot convert 'int8_from_'"),
        (lambda: policies.get("int8_from_floot"), "Cannot convert 'floot'"),
        (lambda: policies.get("int8_from_mixed_float16"), "doesn't work well"),
        (lambda: policies.get("int4/0_from_float32"), "Invalid block_size"),
        (lambda: policies.Int4DTypePolicy("int4", "float32"), "'int4/<block_size>'"),
        (lambda: policies.GPTQDTypePolicy("gptq/4/many", "float32"), "with integers"),
        (lambda: policies.GPTQDTypePolicy("gptq/5/2", "float32"), "only supports 2-bit, 3-bit"),
        (lambda: policies.AWQDTypePolicy("awq/8/2", "float32"), "only supports 4-bit"),
        (lambda: policies.DTypePolicy("int8_from_float32"), "Cannot convert.*dtype_policies.get"),
    ],
)
def test_wrong_quantized_policies(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_a_map_without_a_default_leaves_it_to_where_it_is_read():
    made = {"a": policies.DTypePolicy("mixed_float16"), "b": policies.QuantizedDTypePolicy("int8", "mixed_bfloat16")}
    open_map, fixed = policies.DTypePolicyMap(policy_map=dict(made)), policies.DTypePolicyMap("float32", dict(made))
    before = policies.dtype_policy()
    policies.set_dtype_policy("bfloat16")
    try:
        opened, kept = (policies.deserialize(policies.serialize(one)) for one in (open_map, fixed))
    finally:
        policies.set_dtype_policy(before)
    assert [opened[key].name for key in "ab"] == ["bfloat16", "int8_from_bfloat16"]
    assert [kept[key].name for key in "ab"] == ["mixed_float16", "int8_from_mixed_bfloat16"]
    assert open_map["a"].name == "mixed_float16"


@pytest.mark.parametrize("dtype, kind", [("bfloat16", str), ("int8_from_float32", policies.DTypePolicy)])
def test_a_class_of_the_users_gets_a_plain_precision_by_its_name(dtype, kind):
    class Asks(layers.Dense):
        def __init__(self, units, dtype=None, **kwargs):
            assert isinstance(dtype, kind)
            super().__init__(units, dtype=dtype, **kwargs)

    assert Asks.from_config(layers.Dense(2, dtype=dtype).get_config()).dtype_policy.name == dtype
