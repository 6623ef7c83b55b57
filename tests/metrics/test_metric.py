"""What every metric can do: state, users' own classes, copies, inference mode; compat/parity compares values with Keras."""

import copy
import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from torchkeras_lite import activations, losses, metrics, registry

ALL = [
    metrics.Mean,
    metrics.Sum,
    metrics.Accuracy,
    metrics.BinaryAccuracy,
    metrics.CategoricalAccuracy,
    metrics.SparseCategoricalAccuracy,
    metrics.MeanSquaredError,
    metrics.MeanAbsoluteError,
    metrics.RootMeanSquaredError,
    metrics.BinaryCrossentropy,
    metrics.CategoricalCrossentropy,
    metrics.SparseCategoricalCrossentropy,
]
COUNTED = [
    metrics.TruePositives,
    metrics.TrueNegatives,
    metrics.Precision,
    metrics.SensitivityAtSpecificity,
    metrics.AUC,
    metrics.FBetaScore,
    metrics.MeanIoU,
    metrics.R2Score,
]


class Positives(metrics.Metric):
    """As the guides of Keras write one."""

    def __init__(self, name="positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.hits = self.add_variable(shape=(), initializer="zeros", name="hits")
        self.by_class = self.add_weight(shape=(2,), name="by_class")

    def update_state(self, y_true, y_pred, sample_weight=None):
        values = (y_true == 1) & (y_pred > 0.5)
        self.hits.assign_add(values.sum().float())
        self.by_class.assign(self.by_class + torch.stack([values.sum(), y_pred.sum()]))

    def result(self):
        return self.hits.value


def made(cls):
    arguments = {metrics.SensitivityAtSpecificity: [0.5], metrics.MeanIoU: [2], metrics.FBetaScore: ["micro"]}
    return cls(*arguments.get(cls, []))


def read(taken):
    return float(taken) if isinstance(taken, metrics.counting.Later) else taken


def feed(metric, grad=False):
    """One batch for any of the metrics above."""
    if isinstance(metric, (metrics.MeanMetricWrapper, metrics.RootMeanSquaredError, metrics.Counted)):
        y_true, y_pred = torch.eye(3), torch.full((3, 3), 0.25) + torch.eye(3) / 2
        if "sparse" in metric.name:
            y_true = torch.tensor([0, 1, 1])
        return metric.update_state(y_true, y_pred.requires_grad_(grad))
    if isinstance(metric, Positives):
        return metric.update_state(torch.tensor([1.0, 0.0]), torch.tensor([0.9, 0.8], requires_grad=grad))
    return metric.update_state(torch.tensor([1.0, 3.0], requires_grad=grad))


@pytest.mark.parametrize("cls", [*ALL, *COUNTED, Positives])
def test_updates_inside_and_outside_of_inference_mode(cls):
    expected = made(cls)
    for _ in range(4):
        feed(expected)
    with torch.inference_mode():
        metric = made(cls)
        assert not any(variable.value.is_inference() for variable in metric._variables)  # in place works too, later
        feed(metric)
    feed(metric, grad=True)
    with torch.inference_mode():
        feed(metric)
        metric.result()
    feed(metric)
    assert torch.equal(metric.result(), expected.result())
    assert not metric.result().requires_grad
    with torch.inference_mode():
        metric.reset_state()
    feed(metric, grad=True)
    one = made(cls)
    feed(one)
    assert torch.equal(metric.result(), one.result())


@pytest.mark.parametrize("cls", [*ALL, *COUNTED, Positives])
def test_copies_are_independent(cls):
    metric = made(cls)
    feed(metric)
    before = metric.result()
    for other in (copy.deepcopy(metric), pickle.loads(pickle.dumps(metric))):
        assert torch.equal(other.result(), before)
        feed(other)
        assert any(not torch.equal(a.value, b.value) for a, b in zip(metric.variables, other.variables, strict=True))
        assert torch.equal(metric.result(), before)
        other.reset_state()
        assert other.result().item() == 0 or cls is metrics.R2Score  # a share of nothing


@pytest.mark.parametrize("cls", [*ALL, *COUNTED, Positives])
def test_what_was_taken_stays_what_it_was(cls):
    """Logs are read later: neither an update nor a reset may change what they hold."""
    metric = made(cls)
    feed(metric)
    kept, tensors = metric.pending(), [variable.value for variable in metric.variables]
    before = copy.deepcopy((read(kept), tensors))
    feed(metric)
    metric.reset_state()
    torch.testing.assert_close((read(kept), tensors), before, rtol=0, atol=0)


@pytest.mark.parametrize("cls", ALL[2:])
def test_pending_is_a_pair_or_the_result(cls):
    metric = cls()
    feed(metric)
    pending = metric.pending()
    if cls is metrics.RootMeanSquaredError:
        assert torch.equal(pending, metric.result())
    else:
        total, count = pending
        assert type(count) in (int, float)  # nothing was computed on the device for it
        torch.testing.assert_close(total / count, metric.result())


def test_state_can_be_read_and_assigned():
    mean = metrics.Mean(name="m")
    mean.update_state([1.0, 2.0])
    assert [(v.name, v.path, v.shape, v.dtype, float(v)) for v in mean.variables] == [
        ("total", "m/total", (), "float32", 3.0),
        ("count", "m/count", (), "float32", 2.0),
    ]
    mean.total.assign(10)
    mean.count.assign_add(2.0)
    assert mean.result().item() == 2.5
    mean.update_state([10.0])
    assert mean.result().item() == 4.0
    for variable in mean.variables:
        variable.assign(np.zeros((), "float32"))
    assert mean.result().item() == 0.0
    with pytest.raises(ValueError, match=r"m/total is a single number.*\(2,\)"):
        mean.total.assign([1.0, 2.0])


def test_adding_known_sums():
    mean = metrics.Mean()
    loss = torch.tensor(2.0, requires_grad=True)
    mean.add(loss * 32, 32)
    mean.add(torch.tensor(4.0) * 32, torch.tensor(32.0))
    assert mean.result().item() == 3.0
    assert not mean.result().requires_grad


def test_users_own_metric():
    metric = Positives()
    assert metric(torch.tensor([1.0, 1.0]), torch.tensor([0.9, 0.1])).item() == 1.0
    assert metric(torch.tensor([1.0, 1.0]), torch.tensor([0.9, 0.9])).item() == 3.0
    assert [v.path for v in metric.variables] == ["positives/hits", "positives/by_class"]
    metric.reset_state()
    assert metric.by_class.numpy().tolist() == [0.0, 0.0]
    assert metric.get_config() == {"name": "positives", "dtype": "float32"}
    assert Positives.from_config({"name": "other", "dtype": "float64"}).hits.dtype == "float64"

    class Ratio(metrics.Metric):
        def __init__(self):
            super().__init__()
            self.parts = [metrics.Mean(name="a"), metrics.Mean(name="b")]
            self.extra = metrics.Sum()

        def update_state(self, y_true, y_pred):
            self.parts[0].update_state(y_true)
            self.parts[1].update_state(y_pred)

        def result(self):
            return self.parts[0].result() / self.parts[1].result()

    ratio = Ratio()
    assert ratio([2.0], [4.0]).item() == 0.5
    assert [v.path for v in ratio.variables] == ["a/total", "a/count", "b/total", "b/count", "sum/total"]
    ratio.reset_state()
    assert ratio([3.0], [4.0]).item() == 0.75

    class Forgetful(metrics.Metric):
        def __init__(self):
            self.add_variable((), "zeros")

    with pytest.raises(RuntimeError, match=r"super\(\).__init__\(\).*Forgetful"):
        Forgetful()
    with pytest.raises(NotImplementedError, match="update_state"):
        metrics.Metric().update_state()


def test_subclasses_of_mean():
    class Doubled(metrics.Mean):
        def __init__(self):
            super().__init__(name="doubled")
            self.seen = self.add_variable((), "zeros", name="seen")

        def update_state(self, values):
            self.seen.assign_add(1.0)
            super().update_state(values)

        def result(self):
            return 2 * super().result()

    metric = Doubled()
    assert metric([1.0, 2.0]).item() == 3.0
    assert metric.pending().item() == 3.0
    assert [v.name for v in metric.variables] == ["total", "count", "seen"]
    metric.reset_state()
    assert float(metric.seen) == 0.0


def test_an_update_costs_few_calls(python_calls):
    x, labels = torch.randn(8, 4, requires_grad=True), torch.randint(0, 4, (8,))
    probabilities = activations.softmax(x)
    for identifier, y_true, y_pred, most in [
        ("accuracy", labels, probabilities, 2),
        ("accuracy", labels[:, None].float(), probabilities, 2),
        ("accuracy", torch.eye(4)[labels], probabilities, 2),
        ("accuracy", labels % 2, probabilities[:, :1], 5),
        ("mse", labels, x[:, :1], 6),
        ("sparse_categorical_crossentropy", labels, probabilities, 5),
    ]:
        metric = metrics.resolve(identifier, y_true, y_pred)
        metric.update_state(y_true, y_pred)
        calls = python_calls(lambda metric=metric, y_true=y_true, y_pred=y_pred: metric.update_state(y_true, y_pred))
        assert len(calls) <= most, (identifier, calls)


def test_hits_are_counted_exactly():
    """A float32 sum stops growing at 2**24."""
    metric = metrics.SparseCategoricalAccuracy()
    metric.add(torch.tensor(2**24), 2**24)
    for _ in range(8):
        metric.update_state(torch.tensor([0]), torch.tensor([[1.0, 0.0]]))
    assert metric.pending() == (torch.tensor(2**24 + 8), 2**24 + 8)


def test_logits_behind_an_activation():
    x = torch.tensor([[300.0, -300.0]])
    metric = metrics.SparseCategoricalCrossentropy()
    assert metric(torch.tensor([1]), activations.softmax(x)).item() == 600.0


# ---------------------------------------------------------------- names and functions


def test_resolve():
    assert type(metrics.resolve("ce", (6,), (6, 4))) is metrics.SparseCategoricalCrossentropy
    assert type(metrics.resolve("crossentropy", torch.zeros(6, 4), torch.zeros(6, 4))) is metrics.CategoricalCrossentropy
    assert metrics.resolve("crossentropy", (6,), (6, 1)).name == "crossentropy"
    given = metrics.BinaryAccuracy(name="given")
    assert metrics.resolve(given) is given
    metric = metrics.resolve(nn.L1Loss())
    assert metric(torch.zeros(4), torch.ones(4, 1)).item() == 1.0
    assert metric.name == "l1_loss"
    assert metrics.resolve(F.mse_loss).name == "mse_loss"
    assert metrics.resolve(lambda y_true, y_pred: y_pred).name
    loss = metrics.resolve(losses.MeanSquaredError())
    assert loss(torch.zeros(4, 1), torch.full((4, 1), 2.0)).item() == 4.0
    assert (loss.name, loss._direction) == ("mean_squared_error", "down")
    with pytest.raises(ValueError, match=r"Unknown metric: 'acuracy'\. Did you mean 'accuracy'"):
        metrics.resolve("acuracy", (6,), (6, 1))
    with pytest.raises(ValueError, match="is None"):
        metrics.resolve(None)
    assert metrics.get(None) is None


@registry.register_keras_serializable("tests")
def scaled(y_true, y_pred, factor=1.0):
    return factor * (y_true - y_pred)


def test_functions_as_metrics():
    metric = metrics.MeanMetricWrapper(scaled, name="scaled", factor=2.0)
    assert metric(torch.tensor([3.0, 1.0]), torch.tensor([1.0, 1.0], requires_grad=True)).item() == 2.0
    back = metrics.deserialize(metrics.serialize(metric))
    assert back.get_config() == metric.get_config()
    assert back(torch.tensor([3.0, 1.0]), torch.tensor([1.0, 1.0])).item() == 2.0
    for function in (metrics.binary_accuracy, metrics.mean_squared_error):
        wrapped = metrics.MeanMetricWrapper(function, name="w")
        assert metrics.deserialize(metrics.serialize(wrapped))._fn is function
    constant = metrics.MeanMetricWrapper(lambda y_true, y_pred: 3.0)
    assert constant(torch.zeros(4), torch.zeros(4)).item() == 3.0


def test_numpy_and_weights():
    metric = metrics.SparseCategoricalAccuracy()
    metric.update_state(np.array([0, 1, 1], "uint8"), np.eye(3, 2, dtype="float32"), sample_weight=[1.0, 0.0, 3.0])
    assert metric.result().item() == 0.25
    assert torch.is_tensor(metric.pending()[1])
    metric.update_state([0], [[1.0, 0.0]])
    assert metric.result().item() == pytest.approx(2 / 5)


def test_targets_of_true_and_false():
    y_true = np.array([[False, True, False], [True, False, False]])
    y_pred = torch.tensor([[0.1, 0.7, 0.2], [0.2, 0.7, 0.1]])
    assert metrics.categorical_accuracy(y_true, y_pred).tolist() == [1.0, 0.0]
    assert metrics.top_k_categorical_accuracy(y_true, y_pred, k=2).tolist() == [1.0, 1.0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_nothing_is_read_back_from_the_gpu():
    x = torch.randn(64, 4, device="cuda", requires_grad=True)
    labels = torch.randint(0, 4, (64,), device="cuda")
    every = [metrics.resolve(name, labels, x) for name in ("accuracy", "ce")]
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for metric in every:
            metric.update_state(labels, activations.softmax(x))
            metric.update_state(labels, activations.softmax(x), torch.ones(64, device="cuda"))
            metric.result()
    finally:
        torch.cuda.set_sync_debug_mode("default")
