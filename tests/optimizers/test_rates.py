"""The learning rate, the step count, and schedules."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from torchkeras_lite import config, optimizers, registry
from torchkeras_lite.optimizers import schedules
from torchkeras_lite.variable import Variable


def step_of(optimizer, grad=1.0):
    """How far one step of SGD goes."""
    param = optimizer.param
    before = param.item()
    param.grad = torch.tensor([grad])
    optimizer.step(optimizer.params)
    return before - param.item()


def sgd(rate, **settings):
    optimizer = optimizers.SGD(rate, **settings)
    optimizer.param = nn.Parameter(torch.zeros(1, dtype=torch.float32))
    optimizer.params = [optimizer.param]
    return optimizer


def test_a_number_is_a_variable_that_can_be_set():
    optimizer = sgd(0.5)
    assert isinstance(optimizer.learning_rate, Variable) and optimizer.learning_rate.device.type == "cpu"
    assert step_of(optimizer) == 0.5
    for set_rate in (
        lambda: setattr(optimizer, "learning_rate", 0.25),
        lambda: optimizer.learning_rate.assign(0.25),
        lambda: setattr(optimizer, "learning_rate", torch.tensor(0.25)),
        lambda: setattr(optimizer, "learning_rate", np.float32(0.25)),
        lambda: setattr(optimizer, "learning_rate", Variable(0.25, device="cpu")),
        lambda: optimizer.learning_rate.value.fill_(0.25),
    ):
        optimizer.learning_rate = 1
        assert step_of(optimizer) == 1
        set_rate()
        assert step_of(optimizer) == 0.25
        assert float(optimizer.learning_rate) == optimizer.learning_rate.numpy() == 0.25
    assert optimizer.get_config()["learning_rate"] == 0.25


def test_the_rate_is_rounded_to_floatx():
    assert optimizers.Adam(0.1).get_config()["learning_rate"] == float(np.float32(0.1))
    config.set_floatx("float64")
    try:
        assert optimizers.Adam(0.1).get_config()["learning_rate"] == 0.1
    finally:
        config.set_floatx("float32")


def test_the_step_count_can_be_set():
    optimizer = sgd(schedules.PiecewiseConstantDecay([10], [1.0, 0.5]))
    assert step_of(optimizer) == 1.0
    assert int(optimizer.iterations) == 1 and optimizer.iterations.dtype == "int32"
    optimizer.iterations.assign(11)
    assert step_of(optimizer) == 0.5
    optimizer.iterations.assign_add(5)
    assert optimizer.iterations.numpy() == 17
    optimizer.iterations.value.zero_()
    assert step_of(optimizer) == 1.0


def test_adam_counts_from_an_assigned_step():
    param = nn.Parameter(torch.zeros(1))
    optimizer = optimizers.Adam(1.0)
    optimizer.build([param])
    optimizer.iterations.assign(9)
    optimizer.apply([torch.ones(1)])
    alpha = math.sqrt(1 - 0.999**10) / (1 - 0.9**10)
    assert param.item() == pytest.approx(-alpha * 0.1 / (math.sqrt(0.001) + 1e-7), rel=1e-5)


def test_a_schedule_is_followed_and_cannot_be_overwritten():
    optimizer = sgd(schedules.ExponentialDecay(1.0, 1, 0.5))
    assert [step_of(optimizer) for _ in range(4)] == [1.0, 0.5, 0.25, 0.125]
    assert float(optimizer.learning_rate) == 0.0625 and optimizer.learning_rate.device.type == "cpu"
    with pytest.raises(TypeError, match="ExponentialDecay"):
        optimizer.learning_rate = 0.1
    assert len(optimizer.variables) == 1  # a schedule is no variable
    plain = sgd(0.1)
    assert len(plain.variables) == 2
    plain.learning_rate = schedules.ExponentialDecay(1.0, 1, 0.5)
    assert step_of(plain) == 1.0 and len(plain.variables) == 1


def test_a_schedule_counts_batches_even_when_accumulating():
    optimizer = sgd(schedules.ExponentialDecay(1.0, 1, 0.5), gradient_accumulation_steps=2)
    assert [step_of(optimizer) for _ in range(4)] == [0, 0.5, 0, 0.125]
    assert int(optimizer.iterations) == 2


def test_a_schedule_of_ones_own():
    seen = []

    class Halving(schedules.LearningRateSchedule):
        def __init__(self, start):
            self.start = torch.tensor(start)

        def __call__(self, step):
            seen.append(step)
            return self.start / (step + 1)

    optimizer = sgd(Halving(1.0))
    assert [step_of(optimizer) for _ in range(2)] == [1.0, 0.5]
    assert isinstance(seen[0], Variable)
    assert optimizer.get_config()["learning_rate"]["config"] == {"start": 1.0}

    class Doubled(schedules.ExponentialDecay):
        def __call__(self, step):
            return 2 * super().__call__(step)

    assert step_of(sgd(Doubled(1.0, 1, 0.5))) == 2.0
    with pytest.raises(NotImplementedError, match="__call__"):
        schedules.LearningRateSchedule()(0)
    with pytest.raises(NotImplementedError, match="get_config"):
        schedules.LearningRateSchedule().get_config()


def test_callables_and_variables_are_asked_in_each_step():
    rates = iter([1.0, 0.5])
    optimizer = sgd(lambda: next(rates))
    assert [step_of(optimizer), step_of(optimizer)] == [1.0, 0.5]
    optimizer.learning_rate = 0.25
    assert step_of(optimizer) == 0.25
    for source in (Variable(1.0, trainable=False, device="cpu"), torch.tensor(1.0)):
        optimizer = sgd(source)
        assert optimizer.learning_rate is source
        assert step_of(optimizer) == 1.0
        source.assign(0.5) if isinstance(source, Variable) else source.fill_(0.5)
        assert step_of(optimizer) == 0.5
        optimizer.learning_rate = 0.125
        assert step_of(optimizer) == float(source) == 0.125
        assert optimizer.get_config()["learning_rate"] == 0.125


def test_schedules_take_steps_of_any_kind():
    schedule = schedules.CosineDecay(1.0, 10)
    for step in (5, 5.0, np.int64(5), torch.tensor(5), Variable(5, trainable=False, device="cpu")):
        assert float(schedule(step)) == pytest.approx(0.5)
    assert schedule(torch.tensor([[0, 10]])).tolist() == [[1.0, 0.0]]
    assert schedule(np.array([0, 10])).shape == (2,)
    assert schedule(3).dtype is torch.float32


@pytest.mark.parametrize(("length", "factor"), [(4, 1.5), (5, 2.0), (7, 3.0), (10, 1.1)])
def test_restarts_happen_where_they_should(length, factor):
    schedule = schedules.CosineDecayRestarts(1.0, length, t_mul=factor)
    begin = 0.0
    for i in range(12):
        assert schedule.value(begin + 1e-6) == pytest.approx(1.0, abs=1e-4)
        begin += length * factor**i
        assert schedule.value(begin - 1e-6) == pytest.approx(0.0, abs=1e-4)


def test_a_restart_where_the_logarithm_is_one_off():
    assert math.floor(math.log(243) / math.log(3)) == 4
    assert schedules.CosineDecayRestarts(1.0, 1, t_mul=3.0).value(121) == pytest.approx(1.0)  # 1 + 3 + 9 + 27 + 81


def test_a_schedule_is_saved_with_its_optimizer():
    optimizer = optimizers.SGD(schedules.PolynomialDecay(0.3, 5, cycle=True))
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()
    assert float(again.learning_rate) == pytest.approx(0.3)


def test_a_function_is_saved_under_its_registered_name():
    def rate():
        return 0.5

    registry.register_keras_serializable("rates")(rate)
    optimizer = optimizers.SGD(rate)
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.learning_rate == 0.5
