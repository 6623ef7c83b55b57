"""No step of any optimizer, under any setting and schedule, makes the host wait for numbers of the device."""

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from torchkeras_lite import optimizers
from torchkeras_lite.optimizers import loss_scale, schedules
from torchkeras_lite.variable import Permuted, Variable

NAMES = sorted(
    name
    for name, one in vars(optimizers).items()
    if isinstance(one, type)
    and issubclass(one, optimizers.Optimizer)
    and name not in ("Optimizer", "TorchOptimizer", "LossScaleOptimizer", "MultiOptimizer")
)
SETTINGS = [
    {},
    {"clipnorm": 0.5, "weight_decay": 0.1},
    {"clipvalue": 0.5, "loss_scale_factor": 8.0},
    {"global_clipnorm": 0.5, "use_ema": True, "ema_overwrite_frequency": 2},
    {"gradient_accumulation_steps": 2, "use_ema": True},
]
SCHEDULES = [
    schedules.ExponentialDecay(0.1, 3, 0.5, staircase=True),
    schedules.PiecewiseConstantDecay([2, 4], [0.3, 0.2, 0.1]),
    schedules.PolynomialDecay(0.1, 3, cycle=True),
    schedules.InverseTimeDecay(0.1, 2, 0.5),
    schedules.CosineDecay(0.1, 4, warmup_target=0.2, warmup_steps=2),
    schedules.CosineDecayRestarts(0.1, 2),
    lambda: 0.1,
]


class Refused(TorchDispatchMode):
    """Counts what would wait: numbers out of tensors, sizes that depend on values."""

    WAITS = ("_local_scalar_dense", "equal", "nonzero", "is_nonzero", "masked_select", "_unique2", "bincount")
    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func.overloadpacket.__name__ in self.WAITS
        return func(*args, **(kwargs or {}))


def variables():
    linear, conv = nn.Linear(3, 2), nn.Conv2d(3, 2, 3, bias=False)
    return [
        Variable.of(linear, "weight", Permuted(1, 0), name="kernel", path="dense/kernel"),
        Variable.of(linear, "bias", name="bias", path="dense/bias"),
        Variable.of(conv, "weight", Permuted(2, 3, 1, 0), name="kernel", path="conv/kernel"),
    ]


def assert_reads_nothing(optimizer, monkeypatch, steps=4):
    trained = variables()
    optimizer.build(trained)
    params = [variable.raw for variable in trained]

    def step():
        for param in params:
            param.grad = torch.ones_like(param)
        optimizer.scale_loss(torch.ones(()))
        optimizer.step(params)

    step()
    before = [param.detach().clone() for param in params]

    def refuse(*_, **__):
        raise AssertionError("a step waits for the device")

    with monkeypatch.context() as patch:
        for reading in ("item", "__float__", "__int__", "__bool__", "__index__", "cpu", "numpy", "tolist"):
            patch.setattr(torch.Tensor, reading, refuse)
        with Refused() as refused:
            for _ in range(steps):
                step()
    assert refused.count == 0
    assert int(optimizer.iterations) > 1
    assert all((a - b).abs().max() > 0 for a, b in zip(params, before, strict=True))


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: "-".join(settings) or "plain")
@pytest.mark.parametrize("name", NAMES)
def test_steps(name, settings, monkeypatch):
    assert_reads_nothing(getattr(optimizers, name)(0.1, **settings), monkeypatch)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda one: type(one).__name__)
def test_schedules(schedule, monkeypatch):
    assert_reads_nothing(optimizers.SGD(schedule, momentum=0.5), monkeypatch)


@pytest.mark.parametrize("inner", [optimizers.SGD, optimizers.Adam, optimizers.AdamW])
def test_a_loss_scale(inner, monkeypatch):
    """Those of one fused kernel: what others run cannot leave a step out, and torch.amp waits for the check there too."""
    monkeypatch.setattr(loss_scale, "_IMMEDIATE_DEVICES", set())
    assert_reads_nothing(optimizers.LossScaleOptimizer(inner(0.1), initial_scale=1.0), monkeypatch)


def test_several_optimizers(monkeypatch):
    rest = {".*bias": optimizers.Lion(0.1), "conv.*": optimizers.Muon(0.1)}
    assert_reads_nothing(optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.Nadam(0.1), rest)), monkeypatch)


def test_what_waits_is_counted():
    with Refused() as refused:
        torch.ones(2).nonzero().sum().item()
    assert refused.count == 2
