"""What a step does around its formula, by both ways in."""

import copy
import gc
import pickle
import sys
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from torchkeras_lite import optimizers
from torchkeras_lite.variable import Permuted, Variable

MAKERS = {
    "sgd": lambda **s: optimizers.SGD(0.1, momentum=0.9, **s),
    "rmsprop": lambda **s: optimizers.RMSprop(0.1, momentum=0.5, centered=True, **s),
    "adam": lambda **s: optimizers.Adam(0.1, **s),
    "adamw": lambda **s: optimizers.AdamW(0.1, amsgrad=True, **s),
    "adagrad": lambda **s: optimizers.Adagrad(0.1, **s),
    "adadelta": lambda **s: optimizers.Adadelta(0.1, **s),
    "adamax": lambda **s: optimizers.Adamax(0.1, **s),
    "nadam": lambda **s: optimizers.Nadam(0.1, **s),
    "lamb": lambda **s: optimizers.Lamb(0.1, **s),
    "lion": lambda **s: optimizers.Lion(0.1, **s),
    "ftrl": lambda **s: optimizers.Ftrl(0.1, beta=1.0, **s),
    "adafactor": lambda **s: optimizers.Adafactor(0.1, **s),
    "muon": lambda **s: optimizers.Muon(0.1, **s),
    "schedule_free": lambda **s: optimizers.ScheduleFreeAdamW(0.1, **s),
    "torch": lambda **s: optimizers.TorchOptimizer(torch.optim.Adam, learning_rate=0.1, **s),
}


class Net(nn.Module):
    """A transposed variable, a vector, and an image kernel."""

    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.linear = nn.Linear(3, 2)
        self.conv = nn.Conv2d(3, 2, 3, bias=False)

    def variables(self):
        return [
            Variable.of(self.linear, "weight", Permuted(1, 0), name="kernel", path="dense/kernel"),
            Variable.of(self.linear, "bias", name="bias", path="dense/bias"),
            Variable.of(self.conv, "weight", Permuted(2, 3, 1, 0), name="kernel", path="conv/kernel"),
        ]

    def backward(self, seed=0):
        torch.manual_seed(seed)
        loss = self.linear(torch.randn(4, 3)).square().mean() + self.conv(torch.randn(2, 3, 5, 5)).square().mean()
        self.zero_grad()
        loss.backward()


def train(net, optimizer, steps=range(3)):
    params = list(net.parameters())
    for seed in steps:
        net.backward(seed)
        optimizer.step(params)


def values(net):
    return [p.detach().clone() for p in net.parameters()]


def assert_same(ours, theirs, exactly=True):
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=0 if exactly else 1e-5, atol=0 if exactly else 1e-6, check_stride=False)


@pytest.fixture(params=MAKERS)
def make(request):
    return MAKERS[request.param]


def built(make, net, **settings):
    optimizer = make(**settings)
    optimizer.build(net.variables())
    return optimizer


def test_both_ways_in_are_the_same(make):
    nets, results = [Net(), Net()], []
    for net, public in zip(nets, (False, True), strict=True):
        variables, optimizer = net.variables(), built(make, net)
        params = list(net.parameters())
        for seed in range(3):
            net.backward(seed)
            if public:
                optimizer.apply_gradients([(v.grad, v) for v in variables])
            else:
                optimizer.step(params)
        results.append(values(net))
    assert_same(*results)
    assert not torch.equal(results[0][0], values(Net())[0])


def test_plain_torch_parameters(make):
    with_variables, plain = Net(), Net()
    train(with_variables, built(make, with_variables))
    optimizer, params = make(), list(plain.parameters())
    for seed in range(3):
        plain.backward(seed)
        optimizer.apply([p.grad for p in params], params)
    if isinstance(optimizer, optimizers.Adafactor):  # it means over the last two axes, which are others in torch's layout
        assert_same(values(plain)[:2], values(with_variables)[:2], exactly=False)
    else:
        assert_same(values(plain), values(with_variables))


def test_step_builds_itself_with_parameters():
    net, optimizer = Net(), optimizers.SGD(0.1)
    train(net, optimizer, range(1))
    assert optimizer.built
    reference = Net()
    reference.backward(0)
    assert_same(values(net), [p.detach() - 0.1 * p.grad for p in reference.parameters()], exactly=False)


def test_slots_lie_like_their_parameters():
    net = Net().to(memory_format=torch.channels_last)
    optimizer = built(MAKERS["adam"], net)
    kernel = net.conv.weight
    momentum = optimizer.variables[-2]
    assert momentum.path.endswith("conv_kernel_momentum")
    assert momentum.raw.stride() == kernel.stride() and not kernel.is_contiguous()
    assert momentum.shape == (3, 3, 3, 2)


# ---------------------------------------------------------------- parameters that are moved or replaced


def test_replaced_parameters_keep_their_slots(make):
    moved, reference = Net(), Net()
    optimizer, other = built(make, moved), built(make, reference)
    train(moved, optimizer, range(2))
    moved.load_state_dict(copy.deepcopy(moved.state_dict()), assign=True)
    train(moved, optimizer, range(2, 4))
    train(reference, other, range(4))
    assert_same(values(moved), values(reference))


def test_apply_follows_replaced_parameters(make):
    moved, reference = Net(), Net()
    optimizer, other, variables = built(make, moved), built(make, reference), None
    variables = moved.variables()
    for seed in range(4):
        if seed == 2:
            moved.load_state_dict(copy.deepcopy(moved.state_dict()), assign=True)
        moved.backward(seed)
        optimizer.apply([v.grad for v in variables], variables)
    train(reference, other, range(4))
    assert_same(values(moved), values(reference))


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("same_list", [False, True])
def test_slots_follow_another_dtype_and_layout(public, same_list):
    for change in (lambda net: net.double(), lambda net: net.to(memory_format=torch.channels_last)):
        net, reference = Net(), Net()
        optimizer, other = built(MAKERS["adam"], net), built(MAKERS["adam"], reference)
        params = {net: list(net.parameters()), reference: list(reference.parameters())}
        for n, o in ((net, optimizer), (reference, other)):
            for seed in range(2):
                n.backward(seed)
                o.step(params[n])
        change(net)
        for n, o in ((net, optimizer), (reference, other)):
            n.zero_grad()
            n.conv.weight.grad = torch.ones_like(n.conv.weight).cumsum(1)
            n.linear.weight.grad, n.linear.bias.grad = torch.ones_like(n.linear.weight), torch.ones_like(n.linear.bias)
            if public:
                o.apply([v.grad for v in n.variables()], n.variables())
            else:
                o.step(params[n] if same_list else list(n.parameters()))
        assert_same([v.float() for v in values(net)], values(reference), exactly=False)
        assert optimizer.variables[-1].raw.dtype is net.conv.weight.dtype


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("name", MAKERS)
def test_slots_follow_to_the_device(name):
    net, reference = Net(), Net()
    optimizer, other = built(MAKERS[name], net), built(MAKERS[name], reference)
    train(net, optimizer, range(2))
    train(reference, other, range(3))
    reference_grads = [p.grad for p in reference.parameters()]
    net.cuda()
    for p, grad in zip(net.parameters(), reference_grads, strict=True):
        p.grad = grad.cuda()
    optimizer.step(list(net.parameters()))
    assert_same([v.cpu() for v in values(net)], values(reference), exactly=False)
    assert optimizer.iterations.device.type == "cpu"


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
@pytest.mark.parametrize("settings", [{}, {"use_ema": True, "gradient_accumulation_steps": 2}])
def test_copies_go_on_where_the_original_was(make, duplicate, settings):
    net = Net()
    optimizer = built(make, net, **settings)
    train(net, optimizer, range(3))
    other, copied = duplicate((net, optimizer))
    assert int(copied.iterations) == int(optimizer.iterations)
    copied.learning_rate = 0.2
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    optimizer.learning_rate = 0.2
    train(net, optimizer, range(3, 6))
    before = values(other)
    assert not torch.equal(before[0], values(net)[0])
    train(other, copied, range(3, 6))
    assert_same(values(other), values(net))


# ---------------------------------------------------------------- gradients that are missing or odd


def test_missing_gradients_are_named_once_and_left_alone(make):
    net = Net()
    optimizer, params = built(make, net), list(net.parameters())
    before = values(net)
    for i in range(2):
        net.backward(0)
        net.linear.bias.grad = None
        if i == 0:
            with pytest.warns(UserWarning, match=r"dense/bias"):
                optimizer.step(params)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                optimizer.step(params)
    assert torch.equal(net.linear.bias, before[1])
    assert not torch.equal(net.conv.weight, before[2])
    # With its gradient back it goes on, and its slots are its own.
    alone = Net()
    other = built(make, alone)
    train(net, optimizer, [3])
    assert not torch.equal(net.linear.bias, before[1])
    with pytest.raises(ValueError, match="No gradients provided"):
        other.step(list(alone.parameters()))
    with pytest.raises(ValueError, match="No gradients provided"):
        other.apply([None, None, None])
    assert int(other.iterations) == 0


def test_gradients_laid_out_otherwise_give_the_same(make):
    net, odd = Net(), Net()
    train(net, built(make, net), range(1))
    optimizer = built(make, odd)
    odd.backward(0)
    for p in odd.parameters():
        p.grad = p.grad.flip(0).t().contiguous().t().flip(0) if p.dim() == 2 else p.grad
        if p.dim() == 4:
            p.grad = p.grad.contiguous(memory_format=torch.channels_last)
    assert odd.conv.weight.grad.stride() != odd.conv.weight.stride()
    optimizer.step(list(odd.parameters()))
    assert_same(values(odd), values(net), exactly=False)


def test_sparse_gradients():
    results = []
    for sparse in (False, True):
        torch.manual_seed(0)
        table = nn.Embedding(5, 2, sparse=sparse)
        optimizer, params = optimizers.Adam(0.1), list(table.parameters())
        table(torch.tensor([1, 1, 3])).square().sum().backward()
        optimizer.step(params)
        results.append(values(table))
    assert_same(*results)


def test_apply_takes_arrays_and_casts():
    net = Net().double()
    optimizer, variables = optimizers.SGD(0.5), net.variables()
    before = [v.numpy() for v in variables]
    optimizer.apply([np.ones(v.shape, "float32") for v in variables], variables)
    for v, b in zip(variables, before, strict=True):
        np.testing.assert_allclose(v.numpy(), b - 0.5)


def test_wrong_calls():
    net, variables = Net(), Net().variables()
    optimizer = optimizers.SGD(0.1)
    with pytest.raises(ValueError, match="build"):
        optimizer.apply([torch.ones(2)])
    with pytest.raises(ValueError, match="no pair"):
        optimizer.apply_gradients([])
    optimizer.build(variables)
    assert optimizer.apply([]) is None
    with pytest.raises(ValueError, match=r"2 gradients for 3"):
        optimizer.apply([torch.ones(3, 2)] * 2)
    with pytest.raises(ValueError, match=r"dense/kernel.*shape"):
        optimizer.apply([torch.ones(4), None, None])
    with pytest.raises(ValueError, match="Unknown variable"):
        optimizer.apply([torch.ones(2)], [net.linear.bias])
    net.backward()
    with pytest.raises(ValueError, match="Unknown variable"):
        optimizer.step(list(net.parameters()))
    with pytest.raises(ValueError, match="position 0"):
        optimizers.SGD(0.1).build(["kernel"])
    with pytest.raises(ValueError, match="set_weights"):
        optimizers.SGD(0.1).set_weights([])
    with pytest.raises(NotImplementedError, match="update_step"):
        optimizers.Optimizer(0.1).apply([torch.ones(2)], [net.linear.bias])


def test_nothing_to_train_is_no_error():
    optimizer = optimizers.Adam()
    optimizer.build([])
    optimizer.step([])
    assert int(optimizer.iterations) == 0


# ---------------------------------------------------------------- around the formula


def test_clipping():
    grads = [torch.tensor([3.0, 4.0]), torch.tensor([[0.0, 0.3]])]
    kept = [g.clone() for g in grads]

    def moved(**settings):
        params = [nn.Parameter(torch.zeros_like(g)) for g in grads]
        optimizers.SGD(1.0, **settings).apply(grads, params)
        return [-p.detach() for p in params]

    assert_same(moved(clipnorm=1.0), [torch.tensor([0.6, 0.8]), grads[1]], exactly=False)
    assert_same(moved(clipvalue=3.5), [torch.tensor([3.0, 3.5]), grads[1]])
    length = float(torch.cat([g.flatten() for g in grads]).norm())
    assert_same(moved(global_clipnorm=2.0), [g * 2 / length for g in grads], exactly=False)
    assert_same(moved(global_clipnorm=100.0), grads, exactly=False)
    assert_same(grads, kept)  # what the user gave is not changed
    zeros = [torch.zeros(2)]
    for setting in ("clipnorm", "global_clipnorm"):
        param = nn.Parameter(torch.ones(2))
        optimizers.SGD(1.0, **{setting: 1.0}).apply(zeros, [param])
        assert torch.equal(param.detach(), torch.ones(2))


def test_an_overflowed_gradient_spoils_all_under_a_global_norm():
    params = [nn.Parameter(torch.zeros(2)) for _ in range(2)]
    optimizers.SGD(1.0, global_clipnorm=1.0).apply([torch.tensor([torch.inf, 1.0]), torch.ones(2)], params)
    assert all(p.isnan().all() for p in params)


def test_accumulation_forgets_after_an_overflow():
    param = nn.Parameter(torch.zeros(1))
    optimizer = optimizers.SGD(1.0, gradient_accumulation_steps=2)
    for grad in (torch.inf, 1.0):
        optimizer.apply([torch.tensor([grad])], [param])
    with torch.no_grad():
        param.zero_()
    for grad in (1.0, 3.0):
        optimizer.apply([torch.tensor([grad])], [param])
    assert param.item() == -2.0
    assert int(optimizer.iterations) == 2


def test_constraints_are_applied_after_the_update_in_the_keras_layout(make):
    net = Net()
    variables = net.variables()
    seen = []

    def unit_columns(w):
        seen.append(tuple(w.shape))
        return w / w.norm(dim=0, keepdim=True)

    variables[0].constraint = unit_columns
    optimizer = make()
    optimizer.build(variables)
    train(net, optimizer, range(2))
    assert seen == [(3, 2), (3, 2)]
    torch.testing.assert_close(net.linear.weight.detach().norm(dim=1), torch.ones(2))


def test_the_loss_is_scaled_and_gradients_scaled_back():
    param = nn.Parameter(torch.tensor([2.0]))
    optimizer = optimizers.SGD(1.0, loss_scale_factor=1024.0)
    optimizer.scale_loss(param.sum() * 3).backward()
    assert param.grad.item() == 3072
    optimizer.step([param])
    assert param.item() == -1.0
    assert optimizers.SGD().scale_loss(5) == 5


def test_averages():
    param = nn.Parameter(torch.tensor([1.0]))
    optimizer = optimizers.SGD(1.0, use_ema=True, ema_momentum=0.75)
    optimizer.build([param])
    for grad in (1.0, 4.0):  # the weight is 0, then -4; its average 0, then -1
        optimizer.apply([torch.tensor([grad])], [param])
    assert param.item() == -4
    with pytest.raises(ValueError, match="averages of 1"):
        optimizer.finalize_variable_values([param, param])
    optimizer.finalize_variable_values([param])
    assert param.item() == -1
    untouched = nn.Parameter(torch.ones(1))
    optimizers.SGD().finalize_variable_values([untouched])


def test_fused_kernel_and_foreach_agree(monkeypatch):
    for settings in ({}, {"momentum": 0.9}, {"momentum": 0.5, "weight_decay": 0.1}, {"momentum": 0.9, "nesterov": True}):
        results = []
        for devices in ({"cpu"}, set()):
            monkeypatch.setattr("torchkeras_lite.optimizers.slots.FUSED_DEVICES", devices)
            net = Net()
            optimizer = optimizers.SGD(optimizers.schedules.ExponentialDecay(0.5, 3, 0.5), **settings)
            optimizer.build(net.variables())
            train(net, optimizer, range(6))
            results.append(values(net) + [v.value for v in optimizer.variables])
        assert_same(*results, exactly=False)
    results = []
    for devices in ({"cpu"}, set()):
        monkeypatch.setattr("torchkeras_lite.optimizers.slots.FUSED_DEVICES", devices)
        net = Net()
        optimizer = optimizers.AdamW(0.01, amsgrad=True, weight_decay=0.3)
        optimizer.exclude_from_weight_decay(var_names=["bias"])
        optimizer.build(net.variables())
        train(net, optimizer, range(6))
        results.append(values(net))
    assert_same(*results, exactly=False)


def test_settings_may_change_between_steps():
    net, reference = Net(), Net()
    optimizer = optimizers.AdamW(0.1, weight_decay=0.5)
    params = list(net.parameters())
    for n in (net, reference):
        n.backward(0)
    optimizer.weight_decay = None
    optimizer.step(params)
    other = optimizers.Adam(0.1)
    other.step(list(reference.parameters()))
    assert_same(values(net), values(reference))


# ---------------------------------------------------------------- counted, not timed


class Counter:
    def __init__(self):
        self.frames = self.calls = 0

    def __call__(self, frame, event, argument):
        self.frames += event == "call"
        self.calls += event in ("call", "c_call")


@pytest.mark.parametrize(
    ("name", "settings", "calls"),
    [
        ("Adam", {}, 22),
        ("AdamW", {}, 22),
        ("SGD", {}, 22),
        ("SGD", {"momentum": 0.9}, 24),
        ("RMSprop", {}, 25),
        ("Adagrad", {}, 26),  # two of them save 200 conversions of a number
        ("Adadelta", {}, 32),
        ("Adamax", {}, 26),
        ("Nadam", {}, 34),
        ("Lion", {}, 24),
        ("Ftrl", {}, 40),
        ("ScheduleFreeAdamW", {}, 32),
        ("Adam", {"use_ema": True}, 25),
        ("Adam", {"clipnorm": 1.0}, 26),  # `_clip_gradients`, which classes of users override, is one of them
    ],
)
def test_python_calls_of_a_step(name, settings, calls):
    params = [nn.Parameter(torch.ones(3, 2)) for _ in range(6)]
    for p in params:
        p.grad = torch.ones_like(p)
    optimizer = getattr(optimizers, name)(**settings)
    optimizer.step(params)
    counter, former = Counter(), sys.getprofile()
    gc.collect()
    gc.disable()  # what other tests have left behind, and says so when it goes, is not the step's
    sys.setprofile(counter)
    try:
        optimizer.step(params)
    finally:
        sys.setprofile(former)
        gc.enable()
    assert 3 <= counter.frames <= 8
    assert counter.calls <= calls


def test_a_step_reads_nothing_back(monkeypatch, make):
    net = Net()
    optimizer = built(make, net, use_ema=True, global_clipnorm=1.0)
    if isinstance(optimizer, optimizers.TorchOptimizer):
        pytest.skip("what torch's optimizers do in a step is theirs")
    train(net, optimizer, range(1))
    net.backward(1)
    params = list(net.parameters())
    optimizer.step(params)

    def refuse(*_):
        raise AssertionError("a step waits for the device")

    for reading in ("item", "__float__", "__int__", "__bool__", "cpu", "numpy", "tolist"):
        monkeypatch.setattr(torch.Tensor, reading, refuse)
    optimizer.step(params)
    rate, count = optimizer.learning_rate.item(), optimizer.iterations.item()  # nor do these: they live on the host
    monkeypatch.undo()
    assert (rate, count) == (pytest.approx(0.1), 3)
    assert int(optimizer.iterations) == 3
