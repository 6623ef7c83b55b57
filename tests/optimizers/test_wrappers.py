"""Optimizers around others: dynamic loss scales, and several optimizers for one model."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from torchkeras_lite import Input, Sequential, layers, optimizers
from torchkeras_lite.models import load_model
from torchkeras_lite.optimizers import loss_scale


def parameters(seed=0):
    torch.manual_seed(seed)
    return [nn.Parameter(torch.randn(shape)) for shape in ((3, 2), (2,), (4, 2, 2))]


def set_grads(params, seed, scale=1.0, overflow=False):
    torch.manual_seed(100 + seed)
    for param in params:
        param.grad = scale * torch.randn_like(param)
    if overflow:
        params[1].grad[0] = torch.inf


def scaling(inner=None, **settings):
    return optimizers.LossScaleOptimizer(optimizers.Adam(0.1) if inner is None else inner, **settings)


def snapshot(optimizer, params):
    return [v.numpy() for v in optimizer.variables] + [p.detach().numpy().copy() for p in params]


# ---------------------------------------------------------------- dynamic loss scale

OVERFLOWS = (0, 3, 4, 9)


@pytest.fixture
def as_if_far(monkeypatch):
    """The host of this device has to wait for what it wants to see."""
    monkeypatch.setattr(loss_scale, "_IMMEDIATE_DEVICES", set())


def run(optimizer, steps=range(12), params=None):
    params = params or parameters()
    for step in steps:
        scale = float(optimizer.scale_loss(torch.tensor(1.0)))
        set_grads(params, step, scale, step in OVERFLOWS)
        optimizer.step(params)
    return params


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (optimizers.Adam, {}),
        (optimizers.Adam, {"amsgrad": True, "clipnorm": 0.5}),
        (optimizers.AdamW, {}),
        (optimizers.AdamW, {"amsgrad": True, "clipnorm": 0.5}),
        (optimizers.SGD, {"clipnorm": 0.5}),
        (optimizers.SGD, {"momentum": 0.9, "nesterov": True}),
    ],
)
def test_the_kernel_leaves_the_same_steps_out(make, settings, as_if_far, monkeypatch):
    schedule = optimizers.schedules.ExponentialDecay(0.1, 3, 0.5)
    far = scaling(make(schedule, **settings), dynamic_growth_steps=2)
    looked = []
    has_overflowed = optimizers.LossScaleOptimizer._has_overflowed
    monkeypatch.setattr(optimizers.LossScaleOptimizer, "_has_overflowed", lambda self: looked.append(1) or has_overflowed(self))
    ours = run(far)
    count = len(looked)
    far._decide()
    near = scaling(make(schedule, **settings), dynamic_growth_steps=2)
    monkeypatch.setattr(loss_scale, "_IMMEDIATE_DEVICES", {"cpu"})
    theirs = run(near)
    assert int(far.iterations) == int(near.iterations) == 12 - len(OVERFLOWS)
    for a, b in zip(snapshot(far, ours), snapshot(near, theirs), strict=True):
        np.testing.assert_array_equal(a, b)
    assert count == 11  # each step once, when the next begins: nobody has looked at the last


def test_the_last_step_is_decided_when_somebody_asks(as_if_far):
    optimizer = scaling()
    params = run(optimizer, range(1, 4))
    assert optimizer._undecided and int(optimizer.inner_optimizer._iterations) == 3  # the third has overflowed
    assert int(optimizer.iterations) == 2
    run(optimizer, [4], params)
    assert [int(v) for v in optimizer.variables[4:5]] == [2]
    run(optimizer, [4], params)
    assert int(copy.deepcopy(optimizer).iterations) == 2


@pytest.mark.parametrize(
    "inner",
    [
        lambda: optimizers.SGD(0.1, momentum=0.9, weight_decay=0.1),
        lambda: optimizers.Adam(0.1, use_ema=True),
        lambda: optimizers.Adam(0.1, gradient_accumulation_steps=2),
        lambda: optimizers.TorchOptimizer(torch.optim.Adam, learning_rate=0.1),
        lambda: optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(0.1), {"variable": optimizers.Adam(0.1)})),
    ],
)
def test_no_other_optimizer_is_asked_to_leave_out(inner, as_if_far):
    optimizer, plain = scaling(inner(), dynamic_growth_steps=2), inner()
    params, others = run(optimizer), parameters()
    for step in range(12):
        if step not in OVERFLOWS:
            set_grads(others, step)
            plain.step(others)
    for a, b in zip(params, others, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7)
    assert int(optimizer.iterations) == int(plain.iterations)


def test_the_scale_moves():
    optimizer = scaling(initial_scale=8.0, dynamic_growth_steps=2)
    params, seen = parameters(), []
    for overflow in (False, False, False, True, True, False, False):
        set_grads(params, 0, overflow=overflow)
        optimizer.step(params)
        seen.append((float(optimizer.dynamic_scale), int(optimizer.step_counter)))
    assert seen == [(8.0, 1), (16.0, 0), (16.0, 1), (8.0, 0), (4.0, 0), (4.0, 1), (8.0, 0)]


def test_gradients_that_are_missing_or_sparse():
    optimizer = scaling(optimizers.SGD(1.0), initial_scale=2.0)
    table, bias = nn.Parameter(torch.zeros(4, 2)), nn.Parameter(torch.zeros(2))
    params = [table, bias]
    table.grad = torch.sparse_coo_tensor([[1, 1]], [[2.0, 4.0], [2.0, 2.0]], (4, 2), check_invariants=True)
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        optimizer.step(params)
    assert table.tolist() == [[0, 0], [-2, -3], [0, 0], [0, 0]] and bias.tolist() == [0, 0]
    table.grad = None
    for call in (lambda: optimizer.step(params), lambda: optimizer.apply([None, None], params)):
        with pytest.raises(ValueError, match="No gradients provided"):
            call()
    assert int(optimizer.iterations) == 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_parameters_of_other_dtypes(dtype):
    params = [nn.Parameter(torch.ones(2, dtype=dtype)), nn.Parameter(torch.ones(2))]
    optimizer = scaling(optimizers.SGD(0.5), initial_scale=4.0)
    for param in params:
        param.grad = torch.full_like(param, 4.0)
    optimizer.step(params)
    assert [p.tolist() for p in params] == [[0.5, 0.5]] * 2


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
def test_copies_go_on(duplicate):
    optimizer = scaling(dynamic_growth_steps=2)
    params = run(optimizer, range(4))
    others, copied = duplicate((params, optimizer))
    run(optimizer, range(4, 8), params)
    run(copied, range(4, 8), others)
    for a, b in zip(snapshot(optimizer, params), snapshot(copied, others), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_belongs_to_the_inner_optimizer():
    inner = optimizers.SGD(0.5, loss_scale_factor=4.0)
    optimizer = scaling(inner, initial_scale=16.0)
    assert inner.loss_scale_factor is None and float(optimizer.scale_loss(2.0)) == 32.0
    optimizer.learning_rate = 0.25
    assert float(inner.learning_rate) == float(optimizer.learning_rate) == 0.25
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()
    # Files of other releases hold the settings of the base, as they are by default.
    old = {**optimizer.get_config(), "weight_decay": None, "use_ema": False, "ema_momentum": 0.99, "clipnorm": None}
    assert optimizers.LossScaleOptimizer.from_config(old).get_config() == optimizer.get_config()
    with pytest.raises(ValueError, match=r"`clipnorm`.*on the `inner_optimizer`"):
        scaling(clipnorm=1.0)


def small_model(**settings):
    return Sequential([Input((3,)), layers.Dense(4, activation="relu", **settings), layers.Dense(1, **settings)])


def data():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((32, 3)).astype("float32")
    return x, x.sum(1, keepdims=True)


def mixed():
    model = small_model()
    model.dtype_policy = "mixed_float16"
    return model


def test_compile_scales_losses_of_float16():
    model = mixed()
    model.compile("sgd", "mse")
    assert isinstance(model.optimizer, optimizers.LossScaleOptimizer) and model.optimizer.name == "loss_scale_optimizer"
    given = scaling()
    model.compile(given, "mse")
    assert model.optimizer is given
    model.compile("sgd", "mse", auto_scale_loss=False)
    assert isinstance(model.optimizer, optimizers.SGD)
    model = small_model()
    model.compile("sgd", "mse")
    assert isinstance(model.optimizer, optimizers.SGD)


def test_fit_survives_a_scale_that_is_too_large():
    model = small_model(kernel_initializer="ones")
    optimizer = scaling(optimizers.Adam(0.05), initial_scale=2.0**127, dynamic_growth_steps=1000)
    model.compile(optimizer, "mse")
    losses = model.fit(*data(), epochs=40, batch_size=32, shuffle=False, verbose=0).history["loss"]
    assert losses[0] == losses[1] and losses[-1] < 0.5 * losses[0]
    assert 20 < int(optimizer.iterations) < 40 and float(optimizer.dynamic_scale) < 2.0**127


@pytest.mark.parametrize("kind", ["scale", "several"])
def test_whole_models(kind, tmp_path):
    model = small_model()
    several = optimizers.OptimizerMap(optimizers.SGD(0.01, momentum=0.9), {".*/kernel": optimizers.Nadam(0.01)})
    model.compile(scaling(dynamic_growth_steps=2) if kind == "scale" else optimizers.MultiOptimizer(several), "mse")
    model.fit(*data(), epochs=3, verbose=0, shuffle=False)
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert again.optimizer.get_config() == model.optimizer.get_config()
    for each in (model, again):
        each.fit(*data(), epochs=2, verbose=0, shuffle=False)
    for a, b in zip(again.optimizer.variables + again.weights, model.optimizer.variables + model.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


class Reads(TorchDispatchMode):
    """Counts what makes the host wait for numbers, if they lay on a device."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func in (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.equal.default)
        return func(*args, **(kwargs or {}))


def test_a_step_reads_nothing_back(as_if_far):
    several = optimizers.OptimizerMap(optimizers.SGD(0.01), {"variable": optimizers.Muon(0.01)})
    for optimizer in (scaling(), optimizers.MultiOptimizer(several)):
        params = parameters()
        for step in range(3):
            set_grads(params, step)
            if step < 2:
                optimizer.step(params)
        with Reads() as reads:
            optimizer.scale_loss(torch.ones(()))
            optimizer.step(params)
        assert reads.count == 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_the_scale_on_a_gpu():
    results = []
    for device in ("cpu", "cuda"):
        optimizer = scaling(dynamic_growth_steps=2)
        params = [nn.Parameter(p.detach().to(device)) for p in parameters()]
        for step in range(12):
            set_grads(host := parameters(), step, float(optimizer.scale_loss(torch.tensor(1.0))), step in OVERFLOWS)
            for param, other in zip(params, host, strict=True):
                param.grad = other.grad.to(device)
            optimizer.step(params)
        assert optimizer.dynamic_scale.device.type == device
        results.append([v.numpy() for v in optimizer.variables] + [p.detach().cpu().numpy() for p in params])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------- several optimizers


def test_each_variable_has_its_optimizer():
    model = small_model()
    sgd, adam = optimizers.SGD(0.5), optimizers.Adam(0.01)
    model.compile(optimizers.MultiOptimizer(lambda variable: adam if "kernel" in variable.path else sgd), "mse")
    model.fit(*data(), epochs=2, verbose=0)
    assert model.optimizer.optimizers == [adam, sgd]
    assert [v.name for v in adam._targets] == ["kernel", "kernel"] and [v.name for v in sgd._targets] == ["bias", "bias"]
    assert int(adam.iterations) == int(sgd.iterations) == int(model.optimizer.iterations) == 2


def test_new_lists_of_parameters():
    optimizer = optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(1.0), {"variable_1": optimizers.SGD(0.5)}))
    params = parameters()
    optimizer.build(params)
    for chosen in (params, params[:2], [params[1]]):
        before = [p.detach().clone() for p in chosen]
        for param in chosen:
            param.grad = torch.ones_like(param)
        optimizer.step(chosen)
        for param, old in zip(chosen, before, strict=True):
            torch.testing.assert_close(old - param.detach(), torch.full_like(old, 0.5 if param is params[1] else 1.0))
    with pytest.raises(ValueError, match=r"1 gradients for 3"):
        optimizer.apply([torch.ones(2)])


def test_one_loss_scale_for_all():
    sgd, adam = optimizers.SGD(1.0, loss_scale_factor=3.0), optimizers.Adam()
    optimizer = optimizers.MultiOptimizer(optimizers.OptimizerMap(sgd, {"a": adam}), loss_scale_factor=8.0)
    assert sgd.loss_scale_factor == adam.loss_scale_factor == 8.0
    assert optimizer.scale_loss(2.0) == 16.0
    param = nn.Parameter(torch.zeros(2))
    optimizer.apply([torch.full((2,), 8.0)], [param])
    assert param.tolist() == [-1.0, -1.0]
    optimizer.loss_scale_factor = None
    assert sgd.loss_scale_factor is None


def test_a_map_is_a_dict():
    first, second = optimizers.SGD(), optimizers.Adam()
    choice = optimizers.OptimizerMap(first)
    choice["encoder/.*"] = second
    assert choice["encoder/dense/kernel"] is second and choice["decoder/kernel"] is first
    assert len(choice) == 1 and list(choice) == ["encoder/.*"]
    del choice["encoder/.*"]
    assert choice["encoder/dense/kernel"] is first
    with pytest.raises(ValueError, match="the variable 'variable'"):
        optimizers.MultiOptimizer(lambda variable: "sgd").build(parameters())
