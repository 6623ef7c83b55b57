"""Scopes: names in paths, and calls without side effects."""

import numpy as np
import pytest
import torch
from torch import nn

import torchkeras_lite as keras
from torchkeras_lite import Variable, layers
from torchkeras_lite.scopes import StatelessScope, SymbolicScope, name_scope

# ---------------------------------------------------------------- names


def test_name_scope():
    with name_scope("block"):
        layer = layers.Dense(2, name="dense")
        layer.build((None, 3))
        later = layers.Dense(2, name="later")
        alone = Variable(1.0, name="alone")
        with name_scope("block"):
            deeper = Variable(1.0, name="deeper")
            namesake = layers.Dense(2, name="block")
            namesake.build((None, 3))
        with name_scope("elsewhere", override_parent="a/b"):
            moved = Variable(1.0, name="moved")
        again = Variable(1.0, name="again")
    later.build((None, 3))
    assert layer.kernel.path == "block/dense/kernel" and layer.path == "block/dense"
    assert later.kernel.path == "later/kernel"
    assert (alone.path, deeper.path, again.path) == ("block/alone", "block/block/deeper", "block/again")
    assert namesake.kernel.path == "block/block/block/kernel"
    assert moved.path == "a/b/elsewhere/moved"
    assert Variable(1.0, name="out").path == "out"


def test_name_scope_of_one_caller():
    caller, other = object(), object()
    with name_scope("a", caller=caller), name_scope("a", caller=caller), name_scope("a", caller=other):
        assert Variable(1.0, name="v").path == "a/a/v"
    with name_scope("a", caller=caller), name_scope("a", caller=caller, deduplicate=False):
        assert Variable(1.0, name="v").path == "a/a/v"


def test_name_scope_around_layers_that_are_drawn():
    with name_scope("block"):
        inputs = layers.Input((3,))
        model = keras.Model(inputs, layers.Dense(2, name="one")(inputs))
        sequence = keras.Sequential([layers.Dense(2, name="one")], name="sequence")
        sequence(np.zeros((1, 3), "float32"))
    assert [v.path for v in model.weights] == ["block/one/kernel", "block/one/bias"]
    assert [v.path for v in sequence.weights] == ["block/sequence/one/kernel", "block/sequence/one/bias"]


def test_name_scope_ends_with_an_error():
    with pytest.raises(RuntimeError), name_scope("block"):
        raise RuntimeError
    assert Variable(1.0, name="v").path == "v"
    for name in ("a/b", 3, None):
        with pytest.raises(ValueError, match=r"cannot contain character `/`. Received: name="):
            name_scope(name)


# ---------------------------------------------------------------- StatelessScope


def test_reads_and_assigns_go_to_the_mapping():
    mapped, other = Variable([1.0, 2.0]), Variable([5.0, 6.0], trainable=False)
    given = torch.tensor([3.0, 4.0])
    with StatelessScope([(mapped, given)]) as scope:
        assert mapped.value.tolist() == [3, 4] and (mapped + 1).tolist() == [4, 5] and other.value.tolist() == [5, 6]
        assert mapped.trainable and not other.trainable
        assert scope.get_current_value(other) is None
        mapped.assign_add([1.0, 1.0])
        other.assign([0.0, 0.0])
        assert mapped.value.tolist() == [4, 5] and other.value.tolist() == [0, 0]
        assert scope.get_current_value(mapped).tolist() == [4, 5]
    assert mapped.value.tolist() == [1, 2] and other.value.tolist() == [5, 6] and given.tolist() == [3, 4]
    assert scope.get_current_value(mapped).tolist() == [4, 5] and scope.get_current_value(other).tolist() == [0, 0]
    assert isinstance(mapped.value, nn.Parameter)


def test_scopes_in_scopes():
    variable = Variable([1.0])
    with StatelessScope([(variable, [2.0])]) as outer:
        variable.assign([3.0])
        with StatelessScope() as inner:
            assert variable.value.tolist() == [1]
            variable.assign([4.0])
        assert variable.value.tolist() == [3]
    assert variable.value.tolist() == [1]
    assert outer.get_current_value(variable).tolist() == [3] and inner.get_current_value(variable).tolist() == [4]


def test_a_scope_ends_with_an_error():
    variable = Variable([1.0])
    with pytest.raises(RuntimeError), StatelessScope([(variable, [2.0])]):
        raise RuntimeError
    assert variable.value.tolist() == [1]
    variable.assign([5.0])
    assert variable.value.tolist() == [5]


def test_values_come_in_the_layout_of_the_variable_and_gradients_flow_to_them():
    layer = layers.Dense(2)
    layer.build((None, 3))
    kernel = torch.arange(6.0).reshape(3, 2).requires_grad_()
    x = torch.ones(4, 3)
    with StatelessScope([(layer.kernel, kernel)]):
        y = layer(x)
    torch.testing.assert_close(y, x @ kernel)
    y.sum().backward()
    assert torch.equal(kernel.grad, torch.full((3, 2), 4.0)) and layer.kernel.grad is None


def test_wrong_mappings():
    variable = Variable([1.0, 2.0], name="v")
    with pytest.raises(ValueError, match=r"keys of `state_mapping` must be Variables. Received: 3"):
        StatelessScope([(3, 4)])
    with pytest.raises(ValueError, match=r"v has shape \(2,\). Received: a value of shape \(3,\)"):
        StatelessScope([(variable, torch.zeros(3))])


def test_names_at_the_top():
    assert keras.StatelessScope is StatelessScope and keras.name_scope is name_scope and keras.version() == keras.__version__
    seeds = keras.random.SeedGenerator(1)
    with SymbolicScope():
        keras.random.normal((2,), seed=seeds)
    assert seeds.state.numpy().tolist() == [1, 0]


# ---------------------------------------------------------------- stateless calls


class Noise(layers.Layer):
    def __init__(self):
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator(3)

    def call(self, x):
        return x + keras.random.normal(x.shape, seed=self.seed_generator)


def network():
    model = keras.Sequential([layers.Dense(4), layers.BatchNormalization(), Noise(), layers.Dense(1, kernel_regularizer="l2")])
    model.build((None, 3))
    return model


def values_of(variables):
    return [variable.value.detach().clone() for variable in variables]


@pytest.mark.parametrize("training", [True, False])
def test_stateless_call(training):
    model, x = network(), torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    before = values_of(model.variables)
    trained = [value + 0.5 for value in values_of(model.trainable_variables)]
    state = values_of(model.non_trainable_variables)
    given = [value.clone() for value in state]
    outputs, after, losses = model.stateless_call(trained, state, x, training=training, return_losses=True)
    assert all(map(torch.equal, values_of(model.variables), before)) and all(map(torch.equal, state, given))
    # The same with side effects:
    for variable, value in zip(model.trainable_variables, trained, strict=True):
        variable.assign(value)
    torch.testing.assert_close(outputs, model(x, training=training))
    for value, variable in zip(after, model.non_trainable_variables, strict=True):
        torch.testing.assert_close(value, variable.value)
    torch.testing.assert_close(losses[0], model.losses[0])
    assert after[-1].tolist() == [3, 1] and torch.equal(after[0], given[0]) is not training


def test_stateless_call_under_torch_func():
    model, x = network(), torch.randn(5, 3)
    trained, state = values_of(model.trainable_variables), values_of(model.non_trainable_variables)

    def loss(*values):
        outputs, _ = model.stateless_call(values, state, x, training=True)
        return outputs.square().mean()

    grads = torch.func.grad(loss, argnums=tuple(range(len(trained))))(*trained)
    for seeds in model.non_trainable_variables[-1:]:
        assert seeds.numpy().tolist() == [3, 0]
    model(x, training=True).square().mean().backward()
    for grad, variable in zip(grads, model.trainable_variables, strict=True):
        torch.testing.assert_close(grad, variable.grad)


def test_stateless_call_refuses():
    with pytest.raises(ValueError, match=r"'one' needs its variables, and it is not built yet"):
        layers.Dense(2, name="one").stateless_call([], [], np.ones((1, 2)))
    model = network()
    trained, state = values_of(model.trainable_variables), values_of(model.non_trainable_variables)
    with pytest.raises(ValueError, match=r"each of the 6 variables in `trainable_variables` of .* Received: 1 values"):
        model.stateless_call(trained[:1], state, np.ones((1, 3)))
    with pytest.raises(ValueError, match=r"each of the 3 variables in `non_trainable_variables` of .* Received: 0 values"):
        model.stateless_call(trained, [], np.ones((1, 3)))


@pytest.mark.parametrize("name, settings", [("SGD", {"momentum": 0.9}), ("Adam", {}), ("RMSprop", {"clipnorm": 0.1})])
def test_stateless_apply(name, settings):
    model = network()
    optimizer = getattr(keras.optimizers, name)(0.1, **settings)
    optimizer.build(model.trainable_variables)
    weights, kept = model.trainable_variables, optimizer.variables
    before = values_of([*weights, *kept])
    grads = [torch.full(variable.shape, 0.3) for variable in weights]
    trained, state = values_of(weights), values_of(kept)
    for _ in range(3):
        given = [value.clone() for value in [*trained, *state]]
        new_trained, new_state = optimizer.stateless_apply(state, grads, trained)
        assert all(map(torch.equal, [*trained, *state], given))
        trained, state = new_trained, new_state
    assert all(map(torch.equal, values_of([*weights, *kept]), before)) and optimizer.iterations.numpy() == 0
    for _ in range(3):
        optimizer.apply(grads)
    assert all(map(torch.equal, values_of([*weights, *kept]), [*trained, *state]))
    assert optimizer.iterations.numpy() == 3


def test_stateless_apply_refuses():
    optimizer = keras.optimizers.Adam()
    with pytest.raises(ValueError, match=r"needs its variables: call `build"):
        optimizer.stateless_apply([], [], [])
    variable = Variable([1.0])
    optimizer.build([variable])
    with pytest.raises(ValueError, match=r"Argument `optimizer_variables` must have a value for each of the 4 variables"):
        optimizer.stateless_apply([], [[1.0]], [[1.0]])
    with pytest.raises(ValueError, match=r"Argument `trainable_variables` must have a value for each of the 1 variables"):
        optimizer.stateless_apply(values_of(optimizer.variables), [[1.0]], [])


class Own(keras.Metric):
    def __init__(self):
        super().__init__(name="own")
        self.sum = self.add_variable((2,), "zeros", name="sum")

    def update_state(self, values):
        self.sum.assign_add(values)

    def result(self):
        return self.sum.value.prod()


@pytest.mark.parametrize("metric", [Own, keras.metrics.Mean])
def test_stateless_metrics(metric):
    metric = metric()
    metric.update_state(torch.tensor([1.0, 5.0]))
    before = values_of(metric.variables)
    state = metric.stateless_reset_state()
    assert not any(value.any() for value in state)
    state = metric.stateless_update_state(state, torch.tensor([2.0, 3.0]))
    state = metric.stateless_update_state(state, torch.tensor([2.0, 3.0]))
    result = metric.stateless_result(state)
    assert all(map(torch.equal, values_of(metric.variables), before))
    metric.reset_state()
    metric.update_state(torch.tensor([2.0, 3.0]))
    metric.update_state(torch.tensor([2.0, 3.0]))
    assert all(map(torch.equal, values_of(metric.variables), state)) and torch.equal(metric.result(), result)
    with pytest.raises(ValueError, match=r"Argument `metric_variables` must have a value for each of the"):
        metric.stateless_update_state([], torch.ones(2))
