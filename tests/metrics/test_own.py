"""Metrics that users write, as the guides of Keras write them, alone and in models; what `compile` makes of names."""

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import callbacks, layers, metrics, ops


class CategoricalTruePositives(keras.metrics.Metric):
    """A count that gives its variable as the result."""

    def __init__(self, name="categorical_true_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.true_positives = self.add_variable(shape=(), name="ctp", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = ops.reshape(ops.argmax(y_pred, axis=1), (-1, 1))
        values = ops.equal(ops.cast(y_true, "int32"), ops.cast(y_pred, "int32"))
        values = ops.cast(values, "float32")
        if sample_weight is not None:
            values = ops.multiply(values, ops.reshape(ops.cast(sample_weight, "float32"), (-1, 1)))
        self.true_positives.assign_add(ops.sum(values))

    def result(self):
        return self.true_positives

    def reset_state(self):
        self.true_positives.assign(0)


class ByClass(keras.metrics.Metric):
    """Two sums behind one result, made by `add_weight`; the result is a dict."""

    def __init__(self, name="by_class", **kwargs):
        super().__init__(name=name, **kwargs)
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.rows = self.add_weight(name="rows", initializer="zeros", shape=(2,), dtype="float32")
        self.parts = {"mean": keras.metrics.Mean(name="part")}

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        self.rows.assign_add(ops.stack([ops.sum(ops.cast(ops.equal(y_true, i), "float32")) for i in range(2)]))
        self.hits.assign(self.hits + ops.cast(ops.count_nonzero(ops.equal(y_true, ops.argmax(y_pred, -1))), "float32"))
        self.parts["mean"].update_state(y_pred)

    def result(self):
        return {"share": self.hits / ops.sum(self.rows), "ones": self.rows[1], "mean": self.parts["mean"].result()}


class Doubled(keras.metrics.AUC):
    """Twice the area: a subclass with a result of its own."""

    def result(self):
        return 2 * super().result()


def data(rows=30):
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, 4)).astype("float32"), rng.integers(0, 2, (rows, 1))


def model(**compiled):
    net = keras.Sequential([layers.Input((4,)), layers.Dense(2, activation="softmax")])
    net.compile("sgd", "sparse_categorical_crossentropy", **compiled)
    return net


def test_alone():
    metric = CategoricalTruePositives()
    y_true, y_pred = [[1], [0], [1]], [[0.1, 0.9], [0.8, 0.2], [0.7, 0.3]]
    assert float(metric(y_true, y_pred)) == 2
    metric.update_state(y_true, y_pred, sample_weight=[3.0, 0.0, 1.0])
    assert float(metric.result()) == 5
    metric.reset_state()
    assert float(metric.result()) == 0
    assert [v.path for v in metric.variables] == ["categorical_true_positives/ctp"]
    by_class = ByClass()
    result = by_class(y_true, y_pred)
    assert {key: round(float(value), 5) for key, value in result.items()} == {"share": 0.66667, "ones": 2, "mean": 0.5}
    assert [v.path for v in by_class.variables] == ["by_class/hits", "by_class/rows", "part/total", "part/count"]
    by_class.reset_state()
    assert all(float(v.numpy().sum()) == 0 for v in by_class.variables)


def test_in_fit_and_evaluate():
    x, y = data()
    net = model(metrics=[CategoricalTruePositives(), ByClass(), "accuracy"])
    history = net.fit(x, y, batch_size=7, epochs=2, verbose=0).history
    assert sorted(history) == ["accuracy", "categorical_true_positives", "loss", "mean", "ones", "share"]
    for hits, share, accuracy in zip(
        history["categorical_true_positives"], history["share"], history["accuracy"], strict=True
    ):
        assert hits / 30 == pytest.approx(share) == pytest.approx(accuracy)
    scores = net.evaluate(x, y, verbose=0, return_dict=True)
    hits = int((net.predict(x, verbose=0).argmax(-1) == y[:, 0]).sum())
    assert scores["categorical_true_positives"] == hits
    assert scores["ones"] == y.sum()
    assert {type(value) for value in scores.values()} == {float}


def test_in_a_step_of_ones_own():
    seen = CategoricalTruePositives(name="seen")

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)
            self.seen = seen

        def call(self, x):
            return self.dense(x)

        @property
        def metrics(self):
            return [self.seen]

        def train_step(self, data):
            x, y = data
            self.seen.update_state(y, self(x, training=True))
            return {self.seen.name: self.seen.result()}

    x, y = data()
    net = Own()
    net.compile("sgd")
    history = net.fit(x, y, batch_size=10, epochs=2, verbose=0).history
    assert history["seen"] == [float((net.predict(x, verbose=0).argmax(-1) == y[:, 0]).sum())] * 2  # nothing is learned


def test_a_subclass_of_a_counting_metric():
    x, y = np.linspace(0, 1, 12, dtype="float32"), np.arange(12) % 3 == 0
    double, single = Doubled(name="d"), metrics.AUC()
    assert double(y, x).item() == 2 * single(y, x).item()
    assert double.pending().item() == 2 * float(single.pending())
    assert double.get_config()["num_thresholds"] == 200


# ---------------------------------------------------------------- in models


def test_results_of_many_numbers_in_logs():
    x, y = data()
    one_hot = np.eye(2, dtype="float32")[y[:, 0]]
    net = keras.Sequential([layers.Input((4,)), layers.Dense(2, activation="softmax")])
    f1, cuts = metrics.F1Score(), metrics.Precision(thresholds=[0.2, 0.8], name="cuts")
    net.compile("sgd", "categorical_crossentropy", metrics=[f1, cuts])
    history = net.fit(x, one_hot, verbose=0).history
    assert [np.shape(history[key][0]) for key in ("f1_score", "cuts")] == [(2,), (2,)]
    scores = net.evaluate(x, one_hot, verbose=0, return_dict=True)
    np.testing.assert_allclose(scores["f1_score"], f1.result())
    np.testing.assert_allclose(scores["cuts"], cuts.result())


@pytest.mark.parametrize(
    ("monitor", "metric", "larger"),
    [
        ("auc", metrics.AUC(name="auc"), True),
        ("precision", "precision", True),
        ("f", metrics.F1Score("macro", name="f"), True),
        ("mean_io_u", metrics.MeanIoU(2, sparse_y_pred=False, sparse_y_true=False, name="mean_io_u"), True),
        ("kl_divergence", "kl_divergence", False),
        ("mape", "mape", False),
        ("cosine_similarity", "cosine_similarity", True),
        ("false_positives", "false_positives", None),
    ],
)
def test_early_stopping_knows_which_way_is_better(monitor, metric, larger):
    x, y = data()
    net = keras.Sequential([layers.Input((4,)), layers.Dense(2, activation="softmax")])
    net.compile("sgd", "categorical_crossentropy", metrics=[metric])
    stop = callbacks.EarlyStopping(monitor, patience=5)
    fit = lambda: net.fit(x, np.eye(2, dtype="float32")[y[:, 0]], epochs=1, verbose=0, callbacks=[stop])  # noqa: E731
    if larger is None:
        with pytest.raises(ValueError, match="false_positives"):
            fit()
    else:
        fit()
        assert stop.monitor_op is (np.greater if larger else np.less)


def test_names_are_counted_several_batches_at_a_time():
    """And numbers that nobody looks at are not computed."""
    x, y = data(64)
    net = keras.Sequential([layers.Input((4,)), layers.Dense(1, activation="sigmoid")])
    net.compile("sgd", "binary_crossentropy", metrics=["AUC", "Precision", "accuracy"])
    net.fit(x, y, batch_size=2, verbose=0)
    calls = []
    auc = next(m for m in net._compile_metrics.metrics if m.name == "AUC")
    update, score = auc.update_state, auc._score
    auc.update_state = lambda *args: (calls.append("update"), update(*args))
    auc._score = lambda *args: (calls.append("score"), score(*args))[1]
    net.fit(x, y, batch_size=2, verbose=0)
    assert calls.count("update") <= 4  # of 32 batches
    assert calls.count("score") <= 2
    again = metrics.AUC()
    assert net.evaluate(x, y, batch_size=5, verbose=0, return_dict=True)["AUC"] == pytest.approx(
        again(y, torch.tensor(net.predict(x, verbose=0))).item()
    )


def test_state_in_nested_structures_and_a_dtype_as_users_read_it():
    class Deep(keras.metrics.Metric):
        def __init__(self):
            super().__init__(name="deep", dtype="float64")
            self.parts = {"a": [self.add_variable((), "ones")], "b": ({"c": keras.Variable(3.0)}, [keras.metrics.Sum()])}

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.parts["a"][0].assign_add(keras.ops.sum(keras.ops.cast(y_pred, self._dtype)))

        def result(self):
            return self.parts["a"][0] + 0

    deep = Deep()
    assert deep._dtype == deep.dtype == "float64" and keras.losses.MeanSquaredError(dtype="float16")._dtype == "float16"
    assert [float(v) for v in deep.variables] == [1.0, 3.0, 0.0]
    deep.update_state(None, np.ones(2, self_dtype := deep._dtype))
    assert self_dtype == "float64" and float(deep.result()) == 3.0
    deep.reset_state()
    assert [float(v) for v in deep.variables] == [0.0, 0.0, 0.0]


def test_counts_that_begin_elsewhere():
    metric = keras.metrics.MeanIoU(2, name="iou")
    metric.total_cm = metric.add_variable((2, 2), lambda shape, dtype: torch.full(shape, 5, dtype=torch.int32), dtype="int32")
    assert len(metric.variables) == 1
    metric.update_state([0, 1, 1], [0, 1, 0])
    assert metric.total_cm.numpy().tolist() == [[6, 5], [6, 6]]
    assert float(metric.result()) == pytest.approx((6 / 17 + 6 / 17) / 2)


def test_a_mask_that_is_an_array():
    y_pred = torch.tensor([1.0, 2.0, 4.0])
    y_pred._keras_mask = np.array([True, False, True])
    loss = keras.losses.LossFunctionWrapper(lambda y_true, y_pred: (y_pred - y_true) ** 2)
    assert float(loss(torch.zeros(3), y_pred)) == pytest.approx(8.5)
    y_pred._keras_mask = np.zeros(3, bool)
    assert float(loss(torch.zeros(3), y_pred)) == 0


def test_one_value_for_a_batch_with_weights():
    metric = metrics.MeanMetricWrapper(lambda y_true, y_pred: y_pred.max())
    metric.update_state(np.zeros(3), np.array([1.0, 4.0, 2.0]), sample_weight=np.array([1.0, 1.0, 0.0]))
    metric.update_state(np.zeros(3), np.array([1.0, 1.0, 1.0]), sample_weight=np.array([0.0, 1.0, 0.0]))
    assert float(metric.result()) == 3.0
