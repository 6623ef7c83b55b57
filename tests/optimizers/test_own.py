"""Optimizers that users write, as Keras teaches it; names, configs and files."""

import numpy as np
import pytest
import torch
from torch import nn

from torchkeras_lite import optimizers, registry
from torchkeras_lite.variable import Permuted, Variable


class Momentum(optimizers.Optimizer):
    """Written as for Keras: a variable at a time, in its layout."""

    def __init__(self, learning_rate=0.1, momentum=0.9, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = momentum

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.momentums = [self.add_variable_from_reference(reference_variable=v, name="momentum") for v in variables]
        self.count = self.add_variable((), name="count", initializer="ones")

    def update_step(self, gradient, variable, learning_rate):
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, m * self.momentum - gradient * learning_rate)
        self.assign_add(variable, m)
        self.assign_add(self.count, 1)

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum}


def variables():
    torch.manual_seed(0)
    linear = nn.Linear(3, 2)
    return [Variable.of(linear, "weight", Permuted(1, 0), name="kernel"), Variable.of(linear, "bias", name="bias")]


def grads(seed=1):
    rng = np.random.default_rng(seed)
    return [torch.from_numpy(rng.standard_normal(s).astype("float32")) for s in ((3, 2), (2,))]


@pytest.mark.parametrize("settings", [{}, {"clipnorm": 0.1, "use_ema": True, "gradient_accumulation_steps": 2}])
def test_an_optimizer_written_for_keras(settings):
    ours, own = variables(), variables()
    reference = optimizers.SGD(0.1, momentum=0.9, **settings)
    optimizer = Momentum(0.1, **settings)
    for seed in range(4):
        reference.apply(grads(seed), ours)
        optimizer.apply(grads(seed), own)
    for a, b in zip(own, ours, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)
    own[0].raw.grad, own[1].raw.grad = torch.ones(2, 3), torch.ones(2)
    optimizer.step([v.raw for v in own])
    assert int(optimizer.count) == 1 + 2 * (2 if settings else 5)
    assert optimizer.count.path == f"{optimizer.name}/count"
    again = Momentum.from_config(optimizer.get_config())
    assert again.momentum == 0.9 and again.clipnorm == settings.get("clipnorm")


def test_a_subclass_of_adam_with_its_own_step():
    class Slower(optimizers.Adam):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient, variable, 0.5 * learning_rate)

    slower, adam = variables(), variables()
    one, two = Slower(0.2), optimizers.Adam(0.1)
    for seed in range(3):
        one.apply(grads(seed), slower)
        two.apply(grads(seed), adam)
    for a, b in zip(slower, adam, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)
    assert one.get_config()["beta_1"] == 0.9


def test_added_variables():
    optimizer = optimizers.SGD()
    target = variables()
    single = optimizer.add_optimizer_variables(target, "slot", initializer="ones")
    pair = optimizer.add_optimizer_variables(
        target, ["a", "b"], initializer=["zeros", lambda shape, dtype: torch.full(shape, 3.0)]
    )
    assert [v.shape for v in single] == [(3, 2), (2,)] and single[0].numpy().sum() == 6
    assert pair[1][0].numpy().sum() == 18 and pair[0][0].numpy().sum() == 0
    assert [v.name for v in optimizer.variables[2:6]] == ["kernel_slot", "bias_slot", "kernel_a", "kernel_b"]
    with pytest.raises(ValueError, match="one initializer per name"):
        optimizer.add_optimizer_variables(target, ["a", "b"], initializer=["zeros"])


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("adam", optimizers.Adam),
        ("ADAM", optimizers.Adam),
        ("RMSprop", optimizers.RMSprop),
        ("rmsprop", optimizers.RMSprop),
        ("sgd", optimizers.SGD),
        ("AdamW", optimizers.AdamW),
        ({"class_name": "ADAMW", "config": {"learning_rate": 0.5}}, optimizers.AdamW),
        (optimizers.SGD, optimizers.SGD),
    ],
)
def test_get(name, cls):
    assert type(optimizers.get(name)) is cls


def test_get_gives_an_instance_back():
    optimizer = optimizers.SGD()
    assert optimizers.get(optimizer) is optimizer
    assert optimizers.get(None) is None


def test_get_of_a_class_of_ones_own():
    with registry.custom_object_scope({"Momentum": Momentum}):
        assert type(optimizers.get("Momentum")) is Momentum
        config = optimizers.serialize(Momentum(0.3))
        assert float(optimizers.deserialize(config).learning_rate) == pytest.approx(0.3)
    assert type(optimizers.deserialize(config, custom_objects={"Momentum": Momentum})) is Momentum


@pytest.mark.parametrize("wrong", ["adamm", "torchoptimizer", 3, len, [optimizers.SGD]])
def test_get_of_something_else(wrong):
    with pytest.raises(ValueError, match=r"optimizer"):
        optimizers.get(wrong)


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match="Did you mean 'adam'"):
        optimizers.get("adamm")
    with pytest.raises(ValueError, match=r"'learning_rat'.*Did you mean 'learning_rate'"):
        optimizers.Adam(learning_rat=0.1)
    with pytest.raises(ValueError, match=r"'beta1'.*Did you mean 'beta_1'"):
        optimizers.AdamW(beta1=0.1)
    with pytest.raises(ValueError, match=r"learning_rate=None"):
        optimizers.SGD(None)
    with pytest.raises(ValueError, match=r"clipnorm.*0\.5"):
        optimizers.SGD(clipnorm=1.0, clipvalue=0.5)


# ---------------------------------------------------------------- files


def test_state_is_saved_and_loaded():
    first, second = variables(), variables()
    optimizer, other = optimizers.Adam(0.1), optimizers.Adam(0.7)
    optimizer.apply(grads(), first)
    store = {}
    optimizer.save_own_variables(store)
    assert list(store) == ["0", "1", "2", "3", "4", "5"] and store["2"].shape == (3, 2)
    with pytest.warns(UserWarning, match="has not been built"):
        other.load_own_variables(store)
    for a, b in zip(first, second, strict=True):
        b.assign(a)
    other.build(second)
    other.load_own_variables(store)
    assert float(other.learning_rate) == pytest.approx(0.1) and int(other.iterations) == 1
    for optimizer_, targets in ((optimizer, first), (other, second)):
        optimizer_.apply(grads(2), targets)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_weights_are_set():
    target = variables()
    optimizer = optimizers.SGD(0.1, momentum=0.5)
    optimizer.build(target)
    optimizer.set_weights([3, 0.5, np.ones((3, 2)), np.full(2, 2.0)])
    optimizer.apply([torch.zeros(3, 2), torch.zeros(2)])
    assert int(optimizer.iterations) == 4 and float(optimizer.learning_rate) == 0.5
    assert optimizer.variables[2].numpy().tolist() == [[0.5, 0.5]] * 3
