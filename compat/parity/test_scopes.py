"""Name scopes, stateless calls and operations of users beside Keras's."""

import json

import numpy as np
import pytest
import torch
from oracle import keras as real

import torchkeras_lite as mine

BOTH = (mine, real)


def paths(library):
    layers = library.layers
    with library.name_scope("block"):
        dense = layers.Dense(2, name="dense")
        dense.build((None, 3))
        later = layers.Dense(2, name="later")
        namesake = layers.Dense(2, name="block")
        namesake.build((None, 3))
        variables = [library.Variable(1.0, name="v"), library.random.SeedGenerator(3, name="seeds").state]
        with library.name_scope("block"):
            variables.append(library.Variable(1.0, name="v"))
        with library.name_scope("far", override_parent="x/y"):
            variables.append(library.Variable(1.0, name="v"))
        inputs = layers.Input((3,))
        model = library.Model(inputs, layers.Dense(3, name="f")(inputs), name="model")
        sequence = library.Sequential([layers.Dense(2, name="e"), layers.BatchNormalization(name="n")], name="s")
        sequence.build((None, 3))
    later.build((None, 3))
    variables += [*dense.weights, *later.weights, *namesake.weights, *model.weights, *sequence.weights]
    return [variable.path for variable in variables] + [dense.path, later.path, namesake.path]


def test_paths():
    assert paths(mine) == paths(real)


def models():
    made = []
    for library in BOTH:
        layers = library.layers
        model = library.Sequential(
            [layers.Dense(4, kernel_regularizer="l2", name="a"), layers.BatchNormalization(name="b"), layers.Dense(1, name="c")]
        )
        model.build((None, 3))
        made.append(model)
    made[0].set_weights([np.asarray(w) for w in made[1].get_weights()])
    return made


def values_of(variables):
    return [variable.value.detach().clone() for variable in variables]


def close(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(torch.as_tensor(a).detach(), torch.as_tensor(b).detach())


@pytest.mark.parametrize("training", [True, False])
def test_stateless_call(training):
    x, found = np.random.default_rng(0).normal(size=(5, 3)).astype("float32"), []
    for model in models():
        trained = [value + 0.1 for value in values_of(model.trainable_variables)]
        state = [value + 0.2 for value in values_of(model.non_trainable_variables)]
        outputs, after, losses = model.stateless_call(trained, state, x, training=training, return_losses=True)
        found.append([outputs, *after, *losses, *values_of(model.variables)])
    close(*found)


@pytest.mark.parametrize("name, settings", [("SGD", {"momentum": 0.9}), ("Adam", {"weight_decay": 0.1})])
def test_stateless_apply(name, settings):
    found = []
    for library, model in zip(BOTH, models(), strict=True):
        optimizer = getattr(library.optimizers, name)(0.1, **settings)
        optimizer.build(model.trainable_variables)
        grads = [torch.full(tuple(variable.shape), 0.3) for variable in model.trainable_variables]
        trained, state = values_of(model.trainable_variables), values_of(optimizer.variables)
        for _ in range(2):
            trained, state = optimizer.stateless_apply(state, grads, trained)
        found.append([*trained, *state, *values_of(model.variables)])
    close(*found)


def test_stateless_metrics():
    found = []
    for library in BOTH:
        metric = library.metrics.Mean()
        state = metric.stateless_reset_state()
        for values in ([1.0, 2.0], [6.0]):
            state = metric.stateless_update_state(state, np.float32(values))
        found.append([*state, metric.stateless_result(state), metric.result(), *values_of(metric.variables)])
    close(*found)


def test_stateless_scope():
    found = []
    for library in BOTH:
        mapped, other = library.Variable([1.0, 2.0]), library.Variable([5.0, 6.0])
        seen = []
        with library.StatelessScope(state_mapping=[(mapped, torch.tensor([3.0, 4.0]))]) as scope:
            seen += [mapped.value, other.value, mapped + 1]
            other.assign([0.0, 0.0])
            mapped.assign_sub([1.0, 1.0])
            seen += [mapped.value, other.value]
            with library.StatelessScope() as inner:
                seen.append(mapped.value)
                mapped.assign([9.0, 9.0])
            seen.append(mapped.value)
        seen += [mapped.value, other.value, scope.get_current_value(mapped), scope.get_current_value(other)]
        seen.append(inner.get_current_value(mapped))
        assert inner.get_current_value(other) is None
        found.append([value.detach().clone() for value in seen])
    close(*found)


# ---------------------------------------------------------------- operations of users


def scale(library):
    @library.saving.register_keras_serializable("parity", "Scale")
    class Scale(library.Operation):
        def __init__(self, factor, name=None):
            super().__init__(name=name)
            self.factor = factor

        def call(self, x, times=1):
            return x * self.factor * times

    return Scale


def test_operations():
    x, found, configs = torch.ones(2, 3), [], []
    for library in BOTH:
        kind = scale(library)
        operation = kind(3.0, name="scale")
        inputs = library.layers.Input((3,), name="x")
        outputs = operation(inputs, times=2)
        model = library.Model(inputs, outputs, name="m")
        assert outputs.shape == (None, 3) and repr(operation) == "<Operation name=scale>"
        assert isinstance(library.layers.Dense(2), library.Operation)
        assert operation.input is inputs and operation.output is outputs
        found.append([model(x), operation(x)])
        config = json.loads(json.dumps(model.get_config()))["layers"][1]
        configs.append({key: config[key] for key in ("class_name", "config", "registered_name", "name", "inbound_nodes")})
    close(*found)
    assert configs[0] == configs[1]


def test_functions():
    x, found = np.ones((2, 3), "float32"), []
    for library in BOTH:
        inputs = library.layers.Input((3,))
        function = library.Function([inputs], {"twice": inputs * 2, "more": [inputs + 1]}, name="f")
        made = function([torch.as_tensor(x)])
        assert function.name == "f" and len(function.inputs) == 1 and len(function.outputs) == 2
        assert function.compute_output_shape([(7, 3)]) == {"twice": (7, 3), "more": [(7, 3)]}
        found.append([made["twice"], made["more"][0]])
    close(*found)


# ---------------------------------------------------------------- policies of dtypes

POLICIES = {
    "map": lambda d: d.DTypePolicyMap(d.DTypePolicy("float32"), {"a/.*": d.DTypePolicy("mixed_bfloat16")}),
    "int8": lambda d: d.get("int8_from_mixed_bfloat16"),
    "float8": lambda d: d.QuantizedFloat8DTypePolicy("float8", "float32", 16),
    "int4": lambda d: d.get("int4/64_from_float32"),
    "gptq": lambda d: d.get("gptq/4/128_from_float32"),
    "awq": lambda d: d.AWQDTypePolicy("awq/4/-1", "float32"),
}


@pytest.mark.parametrize("name", POLICIES)
def test_policies_travel(name):
    """What one writes, the other reads."""
    theirs, ours = (POLICIES[name](library.dtype_policies) for library in (real, mine))
    read = mine.dtype_policies.deserialize(json.loads(json.dumps(real.dtype_policies.serialize(theirs))))
    back = real.dtype_policies.deserialize(json.loads(json.dumps(mine.dtype_policies.serialize(ours))))
    for one in (ours, read):
        for word in ("name", "compute_dtype", "variable_dtype", "quantization_mode"):
            assert getattr(one, word) == getattr(theirs, word) == getattr(back, word), word
    if name == "map":
        for path in ("a/b", "a", "z"):
            assert ours[path].name == read[path].name == back[path].name == theirs[path].name
    else:
        assert read == ours and back == theirs and ours.get_config() == theirs.get_config()


def test_the_map_that_layers_inside_get():
    found = []
    for library in BOTH:
        chosen = library.dtype_policies.DTypePolicyMap("float32", {"heads/query": library.dtype_policies.get("float64")})
        heads = library.layers.MultiHeadAttention(2, 3, name="heads", dtype=chosen)
        heads.build((None, 4, 5), (None, 4, 5))
        inside = {layer.name.rstrip("_0123456789"): layer for layer in heads._flatten_layers()}  # "dropout_7" is "dropout"
        found.append({name: (inside[name].dtype_policy.name, inside[name].dtype) for name in ("heads", "query", "dropout")})
    assert found[0] == found[1] and found[0]["query"] == ("map_float32", "float64")
