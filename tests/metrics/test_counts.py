"""Laws of the metrics that count, against the plainest numpy; compat/parity compares them with Keras."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from torchkeras_lite import metrics

ONE = st.integers(0, 20).map(lambda n: n / 20)  # predictions stand exactly at thresholds now and then
CONDITIONS = {
    "TruePositives": lambda above, true: above & true,
    "FalsePositives": lambda above, true: above & ~true,
    "TrueNegatives": lambda above, true: ~above & ~true,
    "FalseNegatives": lambda above, true: ~above & true,
}


@st.composite
def batches(draw, most=3):
    """A few batches of targets, predictions and weights (or None) of one shape."""
    inner = draw(st.sampled_from([(), (1,), (3,), (2, 3)]))
    weighted = draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    found = []
    for _ in range(draw(st.integers(1, most))):
        shape = (draw(st.integers(0, 7)), *inner)
        y_pred = (rng.integers(-1, 22, shape) / 20).astype("float32")
        weight = rng.integers(0, 5, shape[: rng.integers(1, len(shape) + 1)]).astype("float32") if weighted else None
        found.append((rng.integers(0, 2, shape), y_pred, weight))
    return found


def fed(metric, batches):
    for y_true, y_pred, weight in batches:
        metric.update_state(y_true, torch.tensor(y_pred), sample_weight=weight)
    return metric


@settings(max_examples=50, deadline=None)
@given(batches(), st.lists(ONE, min_size=1, max_size=6), st.sampled_from(sorted(CONDITIONS)))
def test_counts(batches, thresholds, name):
    expected = np.zeros(len(thresholds))
    for y_true, y_pred, weight in batches:
        weight = np.ones(y_true.shape) if weight is None else weight
        weight = np.broadcast_to(weight.reshape(weight.shape + (1,) * (y_true.ndim - weight.ndim)), y_true.shape)
        for place, threshold in enumerate(thresholds):
            chosen = CONDITIONS[name](y_pred > np.float32(threshold), y_true == 1)
            expected[place] += weight[chosen].sum()
    counted = fed(getattr(metrics, name)(thresholds=thresholds), batches).result()
    np.testing.assert_array_equal(counted.reshape(-1), expected)


@settings(max_examples=50, deadline=None)
@given(batches(), st.integers(2, 30), st.booleans())
def test_all_four_counts_add_up(batches, num_thresholds, given_ones):
    more = {"thresholds": list(np.linspace(0, 1, num_thresholds)[1:-1] ** 2)} if given_ones else {}
    auc = fed(metrics.AUC(num_thresholds=num_thresholds, **more), batches)
    tp, fp, tn, fn = (variable.value for variable in auc.variables)
    assert [v.name for v in auc.variables] == ["true_positives", "false_positives", "true_negatives", "false_negatives"]
    for rising in (tn, fn, -tp, -fp):
        assert (rising.diff() >= 0).all()
    positives, negatives = tp + fn, fp + tn
    assert (positives == positives[0]).all()
    assert (negatives == negatives[0]).all()
    assert 0 <= auc.result().item() <= 1 + 1e-6


def test_roc_is_the_chance_that_a_positive_lies_above_a_negative():
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.integers(0, 2, 400), rng.integers(1, 1000, 400) / 1000
    above = y_pred[y_true == 1][:, None] - y_pred[y_true == 0]
    exact = (above > 0).mean() + (above == 0).mean() / 2
    auc = metrics.AUC(num_thresholds=2001)
    assert auc(y_true, y_pred).item() == pytest.approx(exact, abs=1e-6)
    assert auc(y_true, 1 - y_pred).item() == pytest.approx(0.5, abs=1e-6)
    per_label = metrics.AUC(num_thresholds=2001, multi_label=True, label_weights=[1.0, 3.0])
    both = per_label(np.stack([y_true, y_true], 1), np.stack([y_pred, 1 - y_pred], 1)).item()
    assert both == pytest.approx((exact + 3 * (1 - exact)) / 4, abs=1e-6)


EVERY = [
    metrics.TruePositives([0.2, 0.7]),
    metrics.Precision(),
    metrics.Recall(top_k=2),
    metrics.Precision(class_id=1),
    metrics.SpecificityAtSensitivity(0.6),
    metrics.RecallAtPrecision(0.5, num_thresholds=30),
    metrics.AUC(),
    metrics.AUC(curve="PR", thresholds=[0.7, 0.1]),
    metrics.AUC(multi_label=True, curve="PRGAIN"),
    metrics.F1Score(),
    metrics.FBetaScore("weighted", 2.0, 0.5),
    metrics.BinaryIoU(),
    metrics.OneHotMeanIoU(3),
    metrics.R2Score(),
    metrics.TopKCategoricalAccuracy(2),
    metrics.CosineSimilarity(),
    metrics.PearsonCorrelation(),
    metrics.Hinge(),
    metrics.Mean(),
    metrics.Sum(),
    metrics.Accuracy(),
    metrics.IoU(3, [0, 2]),
    metrics.MeanIoU(3),
    metrics.OneHotIoU(3, [1]),
    metrics.SparseCategoricalAccuracy(),
    metrics.SparseTopKCategoricalAccuracy(2),
    metrics.SparseCategoricalCrossentropy(),
    metrics.MeanMetricWrapper(lambda y_true, y_pred: (y_pred - y_true).abs()),
    metrics.SensitivityAtSpecificity(0.6),
    metrics.PrecisionAtRecall(0.5),
    metrics.FalseNegatives(),
    metrics.FalsePositives(),
    metrics.TrueNegatives(),
    metrics.BinaryAccuracy(),
    metrics.CategoricalAccuracy(),
    metrics.BinaryCrossentropy(),
    metrics.CategoricalCrossentropy(),
    metrics.CategoricalHinge(),
    metrics.SquaredHinge(),
    metrics.KLDivergence(),
    metrics.Poisson(),
    metrics.LogCoshError(),
    metrics.MeanAbsoluteError(),
    metrics.MeanAbsolutePercentageError(),
    metrics.MeanSquaredError(),
    metrics.MeanSquaredLogarithmicError(),
    metrics.RootMeanSquaredError(),
    metrics.ConcordanceCorrelation(),
]
IDS = [f"{type(metric).__name__}-{i}" for i, metric in enumerate(EVERY)]


def test_no_metric_is_left_out():
    public = {one for one in vars(metrics).values() if isinstance(one, type) and issubclass(one, metrics.Metric)}
    left = {one.__name__ for one in public - {type(metric) for metric in EVERY}}
    assert left == {"Metric", "Counted"}  # the bases


def suited(metric, y_true, y_pred):
    """What `update_state` takes of one-hot targets and of scores."""
    if type(metric) in (metrics.Mean, metrics.Sum):
        return (y_pred,)
    if type(metric) in (metrics.Accuracy, metrics.IoU, metrics.MeanIoU):
        return y_true.argmax(-1), y_pred.argmax(-1)
    return (y_true.argmax(-1) if "Sparse" in type(metric).__name__ else y_true), y_pred


@pytest.mark.parametrize("metric", EVERY, ids=IDS)
def test_a_thousand_updates_are_one(metric):
    rng = np.random.default_rng(0)
    y_pred = torch.tensor(rng.random((2000, 3)), dtype=torch.float32)
    y_true = torch.eye(3)[rng.integers(0, 3, 2000)]
    small, large = copy.deepcopy(metric), copy.deepcopy(metric)
    data = suited(metric, y_true, y_pred)
    large.update_state(*data)
    for row in range(0, 2000, 2):
        small.update_state(*(part[row : row + 2] for part in data))
    torch.testing.assert_close(small.result(), large.result(), rtol=2e-6, atol=1e-6)
    for a, b in zip(small.variables, large.variables, strict=True):
        torch.testing.assert_close(a.value, b.value, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("metric", EVERY, ids=IDS)
def test_what_several_have_seen_is_merged(metric):
    rng = np.random.default_rng(1)
    y_pred = torch.tensor(rng.random((60, 3)), dtype=torch.float32)
    data = suited(metric, torch.eye(3)[rng.integers(0, 3, 60)], y_pred)
    whole, idle, *parts = (copy.deepcopy(metric) for _ in range(5))
    whole.update_state(*data)
    for part, rows in zip(parts, (slice(0, 10), slice(10, 35), slice(35, 60)), strict=True):
        part.update_state(*(values[rows] for values in data))
    parts[0].merge_state([parts[1], idle, parts[2]])
    torch.testing.assert_close(parts[0].result(), whole.result(), rtol=2e-6, atol=1e-6)
    idle.merge_state([whole])  # which has seen nothing, and may not know of how many classes yet
    torch.testing.assert_close(idle.result(), whole.result())
    parts[1].update_state(*(values[:5] for values in data))  # and goes on


def test_what_cannot_be_merged():
    with pytest.raises(ValueError, match="A Mean takes in"):
        metrics.Mean().merge_state([metrics.Sum()])
    one, other = metrics.F1Score(), metrics.F1Score()
    one.update_state(torch.eye(3), torch.eye(3))
    other.update_state(torch.eye(2), torch.eye(2))
    with pytest.raises(ValueError, match=r"of shape \(3,\) cannot take in one of shape \(2,\)"):
        one.merge_state([other])


READING = ("_local_scalar_dense", "nonzero", "is_nonzero", "bincount", "_unique2", "masked_select", "equal")


class NoReading(TorchDispatchMode):
    """Refuses whatever would wait for a device: `.item()`, `bool()`, masks as an index, sizes that depend on values."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        assert name not in READING, name
        if name in ("index", "index_put", "index_put_"):
            assert not any(i is not None and i.dtype in (torch.bool, torch.uint8) for i in args[1]), name
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("metric", EVERY, ids=IDS)
def test_nothing_is_read_back(metric, monkeypatch):
    metric = copy.deepcopy(metric)
    data = suited(metric, torch.eye(3), torch.rand(3, 3, requires_grad=True))
    metric.update_state(*data)

    def refuse(self, *args, **kwargs):
        raise AssertionError("read back from the device")

    for name in ("item", "cpu", "numpy", "tolist", "__float__", "__int__", "__bool__", "__index__"):
        monkeypatch.setattr(torch.Tensor, name, refuse)
    with NoReading():
        for weight in (None, torch.tensor([1, 2, 0], dtype=torch.int32 if "io_u" in metric.name else torch.float32)):
            if weight is not None and isinstance(metric, (metrics.BinaryIoU, metrics.PearsonCorrelation)):
                weight = weight[:, None].expand(3, 3) if isinstance(metric, metrics.BinaryIoU) else weight
            metric.update_state(*data, sample_weight=weight)
            result = metric.result()
            metric.pending()
        metric.reset_state()
    assert not result.requires_grad


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("metric", EVERY, ids=IDS)
def test_the_host_never_waits_for_the_gpu(metric):
    metric = copy.deepcopy(metric)
    data = suited(metric, torch.eye(3, device="cuda"), torch.rand(3, 3, device="cuda"))
    metric(*data)  # thresholds are copied once
    torch.cuda.set_sync_debug_mode("error")
    try:
        metric.update_state(*data)
        result = metric.result()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert result.device.type == "cuda"


def test_predictions_that_are_no_numbers_are_above_nothing():
    nan = float("nan")
    for thresholds in (None, [0.3, 0.4], [0.0, 0.5, 1.0]):
        counted = metrics.FalseNegatives(thresholds)([1, 1], [nan, 0.9])
        assert counted.max().item() == (1 if thresholds is None or 1.0 not in thresholds else 2)
        assert counted.min().item() == 1
    assert metrics.AUC()([1, 0], [nan, nan]).item() == pytest.approx(0.5)
    infinite = metrics.TruePositives([0.0, 0.5, 1.0])([1, 1], [float("inf"), -float("inf")])
    assert infinite.tolist() == [1, 1, 0]  # clipped to 1, as in Keras


def test_labels_behind_threshold_shapes():
    precision = metrics.Precision()
    precision.update_state(np.array([1, 0, 1]), np.array([[0.9], [0.8], [0.1]], "float32"))
    assert precision.result().item() == 0.5
    precision.update_state(np.array([[True], [False]]), np.array([0.9, 0.1]))
    assert precision.result().item() == pytest.approx(2 / 3)
    assert metrics.Recall()([[1.0, 0.0]], [[0.6, 0.7]], sample_weight=[[2.0]]).item() == 1.0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: metrics.Precision(name="p")([1, 2, 0], np.zeros((3, 4))), r"p: .*\(3,\).*\(3, 4\).*to_categorical"),
        (lambda: metrics.AUC(name="a")([1, 0], [0.5, 0.5], sample_weight=[1, 2, 3]), r"a: `sample_weight` of shape \(3,\)"),
        (lambda: metrics.AUC(name="a", multi_label=True)([1], [0.5]), r"a: .*two axes.*\(1,\)"),
        (lambda: metrics.Recall(name="r", class_id=1)([1], [0.5]), r"class_id.*\(1,\) \(metric: 'r'\)"),
        (lambda: metrics.F1Score(name="f")([1, 2], np.zeros((2, 3))), r"\(2, 3\).*\(2,\).*'f'.*to_categorical"),
        (lambda: metrics.R2Score(name="r")(np.zeros((2, 2, 2)), np.zeros((2, 2, 2))), r"\(2, 2, 2\).*'r'"),
        (lambda: metrics.MeanIoU(3, name="i")([1, 2], np.zeros((2, 3))), r"i: .*\(2, 3\).*sparse_y_pred=False"),
        (lambda: metrics.AUC(curve="auc"), r"\"auc\".*'ROC', 'PR', 'PRGAIN'"),
        (lambda: metrics.Precision(thresholds=[0.5, 2]), r"\[0, 1\].*\[2\]"),
        (lambda: metrics.FBetaScore(beta=2), r"beta=2.*int"),
        (lambda: metrics.FBetaScore(threshold=0.0), r"threshold=0.0"),
    ],
)
def test_errors_say_what_is_wrong(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_what_only_the_first_batch_tells():
    for metric in (metrics.F1Score(), metrics.R2Score(), metrics.AUC(multi_label=True)):
        assert metric.result().item() == 0
        metric.reset_state()
    known = metrics.AUC(multi_label=True, num_labels=3)
    assert [tuple(v.shape) for v in known.variables] == [(200, 3)] * 4


def test_adjusted_r2_with_a_state_that_was_assigned():
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.random((9, 1)), rng.random((9, 1))
    metric = metrics.R2Score(num_regressors=2)
    expected = metric(y_true, y_pred)
    other = metrics.R2Score(num_regressors=2)
    other.update_state(y_true, y_pred)
    for mine, its in zip(other.variables, metric.variables, strict=True):
        mine.assign(its.value)
    torch.testing.assert_close(other.result(), expected)
    other.num_samples.assign(2)
    plain = metrics.R2Score()
    torch.testing.assert_close(other.result(), plain(y_true, y_pred))


def test_state_without_side_effects():
    for metric in (metrics.AUC(), metrics.R2Score(), metrics.Precision(), metrics.MeanIoU(2), metrics.BinaryAccuracy()):
        data = torch.tensor([[1.0], [0.0], [1.0]]), torch.tensor([[0.9], [0.4], [0.2]])
        metric.update_state(*data)
        before = [variable.numpy() for variable in metric.variables]
        state = metric.stateless_update_state(metric.stateless_reset_state(), *data)
        torch.testing.assert_close(metric.stateless_result(state), metric.result(), equal_nan=True)
        for a, b, c in zip(state, before, metric.variables, strict=True):
            np.testing.assert_array_equal(a, b)
            np.testing.assert_array_equal(b, c.numpy())


def test_top_k_with_fewer_classes_than_k():
    assert metrics.TopKCategoricalAccuracy()(np.eye(3), np.eye(3)).item() == 1
    assert metrics.SparseTopKCategoricalAccuracy(2)([2, 0], [[0.1, 0.1, 0.1], [0.1, 0.2, 0.3]]).item() == 0.5
    large = np.array([[2**30 + 1, 7]])
    assert metrics.SparseTopKCategoricalAccuracy(1, from_sorted_ids=True)([2**30], torch.tensor(large)).item() == 0
