"""Optimizers that users write, as Keras teaches it; names, configs and files."""

import copy

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


# ---------------------------------------------------------------- what classes of users reach into


def test_a_step_for_one_variable_by_hand():
    """As Keras's own tests and loops of users call it: gradients may be enabled, and nothing else of a step happens."""
    kernel, bias = variables()
    kernel.assign(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])), bias.assign(np.array([1.0, 2.0]))
    muon = optimizers.Muon(rms_rate=None, ns_steps=0, nesterov=False, weight_decay=0.5, adam_weight_decay=0.5)
    muon.build([kernel, bias])
    muon.update_step(torch.tensor([0.5, -4.0]), bias, 0.25)
    np.testing.assert_allclose(bias.numpy(), [0.75, 2.25], rtol=1e-5)
    gradient = torch.tensor([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]])
    muon.update_step(gradient, kernel, 1.0)
    np.testing.assert_allclose(kernel.numpy(), [[0.4, 2.0], [3.0, 3.2], [5.0, 6.0]], rtol=1e-5)
    assert int(muon.iterations) == 0 and kernel.raw.requires_grad
    adam = optimizers.Adam()
    adam.build([bias])
    adam.iterations.assign(3)
    adam.update_step(torch.tensor([1.0, 1.0]), bias, 1.0)  # the fourth
    moved = 0.1 / (1 - 0.9**4) * np.sqrt((1 - 0.999**4) / 0.001)
    np.testing.assert_allclose(bias.numpy(), np.array([0.75, 2.25]) - moved, rtol=1e-4)


@pytest.mark.parametrize("settings", [{}, {"gradient_accumulation_steps": 2}])
def test_variables_that_their_gradients_overwrite(settings):
    """The scales of float8 training: the gradient is the new value; of several, the largest."""
    scale, bias = variables()
    before = bias.numpy().copy()
    start = scale.numpy().copy()
    scale.overwrite_with_gradient = True
    optimizer = optimizers.SGD(0.5, clipnorm=100.0, loss_scale_factor=4.0, weight_decay=0.5, **settings)
    for value, expected in ((3.0, 3.0), (2.0, 3.0 if settings else 2.0)):
        optimizer.apply([torch.full((3, 2), value), torch.full((2,), 4.0)], [scale, bias])
        waits = settings and value == 3.0
        np.testing.assert_array_equal(scale.numpy(), start if waits else np.full((3, 2), expected, "float32"))
    for _ in range(1 if settings else 2):
        before = before * 0.75 - 0.5
    np.testing.assert_allclose(bias.numpy(), before, rtol=1e-6)
    scale.raw.grad, bias.raw.grad = torch.full((2, 3), 7.0), None
    only = optimizers.SGD(0.5)
    only.build([scale])
    only.step([scale.raw])
    assert (scale.numpy() == 7).all() and int(only.iterations) == 1


def test_an_overwritten_variable_is_not_unscaled():
    scale, bias = variables()
    scale.overwrite_with_gradient = True
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(1.0), initial_scale=8.0)
    before = bias.numpy().copy()
    optimizer.apply([torch.full((3, 2), 5.0), torch.full((2,), 8.0)], [scale, bias])
    assert (scale.numpy() == 5).all()
    np.testing.assert_allclose(bias.numpy(), before - 1, rtol=1e-6)
    optimizer.apply([torch.full((3, 2), 6.0), torch.tensor([torch.inf, 1.0])])
    assert (scale.numpy() == 5).all()


def test_weight_decay_of_ones_own():
    class ByDepth(optimizers.AdamW):
        def _apply_weight_decay(self, variables):
            for variable, share in zip(variables, (0.5, 1.0), strict=True):
                variable.assign(variable * (1 - share * self.weight_decay * self.learning_rate))

    kernel, bias = variables()
    before = kernel.numpy().copy(), bias.numpy().copy()
    ByDepth(0.5, weight_decay=0.5).apply([torch.zeros(3, 2), torch.zeros(2)], [kernel, bias])
    np.testing.assert_allclose(kernel.numpy(), before[0] * 0.875, rtol=1e-6)
    np.testing.assert_allclose(bias.numpy(), before[1] * 0.75, rtol=1e-6)
    muon = optimizers.Muon(0.5, weight_decay=0.5, adam_weight_decay=0.25)
    muon._apply_weight_decay([kernel, bias])
    np.testing.assert_allclose(kernel.numpy(), before[0] * 0.875 * 0.75, rtol=1e-6)
    np.testing.assert_allclose(bias.numpy(), before[1] * 0.75 * 0.875, rtol=1e-6)


def test_clipping_of_ones_own():
    class Centred(optimizers.SGD):
        def _clip_gradients(self, grads):
            return [grad - grad.mean() for grad in super()._clip_gradients(grads)]

    _, bias = variables()
    before = bias.numpy().copy()
    Centred(1.0, clipvalue=1.0).apply([torch.tensor([3.0, 0.5])], [bias])
    np.testing.assert_allclose(bias.numpy(), before - [0.25, -0.25], rtol=1e-6)
    assert optimizers.SGD(clipnorm=1.0)._clip_gradients([np.array([3.0, 4.0])])[0].tolist() == pytest.approx([0.6, 0.8])


# ---------------------------------------------------------------- one rate and step count for several


@pytest.mark.parametrize("scaled", [False, True])
def test_siblings_share_the_rate_and_the_step_count(scaled):
    first, _ = variables()
    second, _ = variables()
    one = optimizers.LossScaleOptimizer(optimizers.Adam(0.1)) if scaled else optimizers.Adam(0.1, clipnorm=1.0)
    one.build([first])
    other = one.sibling()
    grad = torch.ones(3, 2)
    one.apply([grad])
    other.apply([grad], [second])
    assert int(one.iterations) == int(other.iterations) == 2
    assert not other.knows([first]) and other.knows([second]) and one.knows([first.raw])
    other.learning_rate = 0.25
    assert float(one.learning_rate) == 0.25
    one.learning_rate = optimizers.schedules.InverseTimeDecay(0.5, 1, 0.5)
    assert float(other.learning_rate) == 0.25
    if not scaled:
        assert other.get_config() == one.get_config()
        assert one.variables[-1] is not other.variables[-1]  # each has slots of its own
        np.testing.assert_allclose(one.variables[-1].numpy(), other.variables[-1].numpy(), rtol=1e-6)
    third = copy.deepcopy(other).sibling()
    third.learning_rate = optimizers.schedules.InverseTimeDecay(8.0, 1, 0.0)
    assert float(one.learning_rate) == 0.25


def test_siblings_of_others():
    by_torch = optimizers.TorchOptimizer(torch.optim.SGD, 0.5)
    by_torch.build(variables())
    assert not by_torch.sibling().built and float(by_torch.sibling().learning_rate) == 0.5
    several = optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(0.5)))
    several.build(variables())
    sibling = several.sibling()
    assert not sibling.built and sibling.optimizers[0] is not several.optimizers[0]
