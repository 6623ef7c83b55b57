"""torch's optimizers in the place of Keras's."""

import functools

import numpy as np
import pytest
import torch
from torch import nn

from torchkeras_lite import optimizers
from torchkeras_lite.optimizers import TorchOptimizer
from torchkeras_lite.variable import Permuted, Variable


def net():
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def variables(module):
    return [Variable.of(module, "weight", Permuted(1, 0), name="kernel"), Variable.of(module, "bias", name="bias")]


def backward(module, seed):
    torch.manual_seed(seed)
    module.zero_grad()
    module(torch.randn(4, 3)).square().mean().backward()


def by_hand(make, steps=4):
    module = net()
    optimizer = make(module.parameters())
    for seed in range(steps):
        backward(module, seed)
        optimizer.step()
    return [p.detach() for p in module.parameters()]


CASES = {
    "class": (torch.optim.AdamW, torch.optim.AdamW),
    "partial": (
        functools.partial(torch.optim.SGD, lr=0.3, momentum=0.9),
        functools.partial(torch.optim.SGD, lr=0.3, momentum=0.9),
    ),
    "rmsprop": (functools.partial(torch.optim.RMSprop, lr=0.01), functools.partial(torch.optim.RMSprop, lr=0.01)),
}


@pytest.mark.parametrize("entry", ["step", "apply"])
@pytest.mark.parametrize("case", CASES)
def test_steps_are_those_of_torch(case, entry):
    given, make = CASES[case]
    module = net()
    optimizer, params = optimizers.get(given), list(module.parameters())
    assert isinstance(optimizer, TorchOptimizer)
    targets = variables(module)
    optimizer.build(targets)
    for seed in range(4):
        backward(module, seed)
        if entry == "step":
            optimizer.step(params)
        else:
            kept = [v.grad.clone() for v in targets]
            module.zero_grad()
            optimizer.apply(kept, targets)
            assert module.weight.grad is None  # nothing is left behind
    for a, b in zip(params, by_hand(make), strict=True):
        torch.testing.assert_close(a.detach(), b)
    assert int(optimizer.iterations) == 4


def test_an_instance():
    module = net()
    inner = torch.optim.SGD(module.parameters(), lr=0.5)
    optimizer = optimizers.get(inner)
    assert optimizer.optimizer is inner and float(optimizer.learning_rate) == 0.5
    optimizer.build(variables(module))
    params = list(module.parameters())
    for seed in range(4):
        backward(module, seed)
        optimizer.step(params)
    for a, b in zip(params, by_hand(functools.partial(torch.optim.SGD, lr=0.5)), strict=True):
        torch.testing.assert_close(a.detach(), b)


def test_the_learning_rate_is_that_of_the_groups():
    module = net()
    inner = torch.optim.SGD([{"params": [module.weight]}, {"params": [module.bias], "lr": 0.05}], lr=0.5)
    optimizer = optimizers.get(inner)
    optimizer.learning_rate = 0.25
    assert [group["lr"] for group in inner.param_groups] == [0.25, 0.025]
    inner.param_groups[0]["lr"] = 0.125  # as torch's schedulers do
    assert optimizer.learning_rate.numpy() == 0.125
    optimizer.learning_rate.assign(0.0)
    optimizer.learning_rate.assign(0.5)
    assert [group["lr"] for group in inner.param_groups] == [0.5, 0.5]
    tensor = optimizers.get(torch.optim.Adam([module.weight], lr=torch.tensor(0.5)))
    tensor.learning_rate = 0.25
    assert float(tensor.optimizer.param_groups[0]["lr"]) == 0.25


def test_the_learning_rate_before_there_are_parameters():
    module = net()
    optimizer = optimizers.get(torch.optim.SGD)
    assert float(optimizer.learning_rate) == pytest.approx(0.001)
    optimizer.learning_rate = 0.5
    optimizer.build(variables(module))
    assert optimizer.optimizer.param_groups[0]["lr"] == 0.5
    made = TorchOptimizer(lambda params: torch.optim.SGD(params, lr=0.7))
    made.build(variables(module))
    assert made.optimizer.param_groups[0]["lr"] == 0.7


def test_what_the_base_offers_works_here_too():
    def run(make):
        module = net()
        optimizer = make()
        optimizer.build(variables(module))
        params = list(module.parameters())
        for seed in range(6):
            backward(module, seed)
            grads = [p.grad for p in params]
            optimizer.step(params)
            assert all(p.grad is g for p, g in zip(params, grads, strict=True))
        optimizer.finalize_variable_values(variables(module))
        return [p.detach() for p in params]

    schedule = optimizers.schedules.ExponentialDecay(0.5, 2, 0.5)
    settings = {"clipnorm": 0.1, "use_ema": True, "gradient_accumulation_steps": 2, "weight_decay": 0.1}
    ours = run(lambda: TorchOptimizer(torch.optim.SGD, learning_rate=schedule, **settings))
    theirs = run(lambda: optimizers.SGD(schedule, **settings))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)


def test_only_what_is_asked_for_moves():
    module = net()
    optimizer = optimizers.get(torch.optim.SGD(module.parameters(), lr=1.0))
    targets = variables(module)
    optimizer.build(targets)
    backward(module, 0)
    before, stale = module.bias.detach().clone(), module.bias.grad
    optimizer.apply([targets[0].grad], [targets[0]])
    assert torch.equal(module.bias, before) and module.bias.grad is stale


def test_sparse_gradients_reach_torch():
    table = nn.Embedding(5, 2, sparse=True)
    optimizer, params = optimizers.get(torch.optim.SparseAdam), list(table.parameters())
    optimizer.build(params)
    before = table.weight.detach().clone()
    table(torch.tensor([1, 3])).sum().backward()
    optimizer.step(params)
    assert (table.weight != before).any(1).tolist() == [False, True, False, True, False]


@pytest.mark.parametrize("make", [torch.optim.AdamW, functools.partial(torch.optim.SGD, lr=0.3, momentum=0.9)])
def test_config_and_state_travel(make):
    def ready(optimizer):
        module = net()
        optimizer.build(variables(module))
        return module, list(module.parameters())

    optimizer = optimizers.get(make)
    unbuilt = optimizers.deserialize(optimizers.serialize(optimizer))
    module, params = ready(optimizer)
    for seed in range(3):
        backward(module, seed)
        optimizer.step(params)
    optimizer.learning_rate = 0.0625
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert type(again._factory.func) is type(unbuilt._factory.func) is type
    assert float(again.learning_rate) == 0.0625
    store = {}
    optimizer.save_own_variables(store)
    kept = {key: np.array(value) for key, value in store.items()}
    other, other_params = ready(again)
    again.load_own_variables({key: np.asarray(value) for key, value in store.items()})
    other.load_state_dict(module.state_dict())
    for seed in range(3, 5):
        backward(module, seed)
        optimizer.step(params)
        backward(other, seed)
        again.step(other_params)
    for a, b in zip(params, other_params, strict=True):
        assert torch.equal(a, b)
    assert int(again.iterations) == 5
    assert all(np.array_equal(store[key], value) for key, value in kept.items())  # a file does not train on


def test_wrong_ones():
    module = net()
    with pytest.raises(ValueError, match="closure"):
        optimizers.get(torch.optim.LBFGS)
    with pytest.raises(ValueError, match="closure"):
        optimizers.get(torch.optim.LBFGS(module.parameters()))
    with pytest.raises(ValueError, match="holds none of the 2 parameters"):
        optimizers.get(torch.optim.SGD(net().parameters(), lr=0.1)).build(variables(module))
    with pytest.raises(ValueError, match="class or partial"):
        TorchOptimizer("sgd")
    with pytest.raises(ValueError, match="should have made"):
        TorchOptimizer(lambda params: 3).build(variables(module))
    with pytest.raises(TypeError, match=r"torch\.optim has no 'Mine'"):
        TorchOptimizer.from_config({"optimizer": {"class": "Mine", "arguments": {}}})
