"""Metrics against Keras: results and sums over several batches for every rank, weight and mask; configs; names."""

import itertools

import numpy as np
import pytest
import torch

import torchkeras_lite
from torchkeras_lite import metrics, registry

ACCURACIES = ["Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy"]
ERRORS = ["MeanSquaredError", "MeanAbsoluteError", "RootMeanSquaredError"]
ENTROPIES = ["BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"]
NAMES = [*ACCURACIES, *ERRORS, *ENTROPIES]
SMOOTHED = [{"from_logits": f, "label_smoothing": s} for f in (False, True) for s in (0, 0.1)]
ARGUMENTS = {
    "BinaryAccuracy": [{}, {"threshold": 0.3}],
    "BinaryCrossentropy": SMOOTHED,
    "CategoricalCrossentropy": [{}, *SMOOTHED],
    "SparseCategoricalCrossentropy": [{"from_logits": f, "ignore_class": i} for f in (False, True) for i in (None, 2)],
}
SHAPES = [(6,), (6, 1), (6, 4), (5, 6, 4), (2, 3, 4, 5)]


def batch(name, shape):
    y_pred = torch.rand(shape) * 0.8 + 0.1
    if name == "Accuracy":
        return torch.randint(0, 3, shape), torch.randint(0, 3, shape).float()
    if name.startswith("Sparse"):
        return torch.randint(0, shape[-1], shape[:-1]), y_pred
    if name.startswith("Categorical"):
        return torch.eye(shape[-1])[torch.randint(0, shape[-1], shape[:-1])], y_pred
    return (torch.rand(shape) > 0.5).float(), y_pred


def number(value):
    return float(getattr(value, "value", value))


def same(ours, theirs):
    """Results and both sums."""
    actual, expected = ours.result(), theirs.result()
    assert actual.shape == expected.shape == ()
    assert actual.dtype == expected.dtype
    assert not actual.requires_grad
    np.testing.assert_allclose(actual.item(), expected.item(), rtol=2e-6, atol=1e-7)
    assert [v.name for v in ours.variables] == [v.name for v in theirs.variables]
    for mine, other in zip(ours.variables, theirs.variables, strict=True):
        np.testing.assert_allclose(number(mine), number(other), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", SHAPES)
def test_results(keras, name, shape):
    if "ategorical" in name and shape[-1:] in ((1,), shape):
        return
    torch.manual_seed(0)
    for kwargs, weighted, masked in itertools.product(ARGUMENTS.get(name, [{}]), ("", "sample", "value", "column"), (0, 1)):
        if (len(shape) == 1 and (weighted or masked)) or (len(shape) > 2 and weighted == "sample" and masked):
            continue  # Keras cannot broadcast these
        if len(shape) > 2 and weighted == "sample" and kwargs.get("ignore_class") is not None:
            continue
        ours, theirs = getattr(metrics, name)(**kwargs), getattr(keras.metrics, name)(**kwargs)
        same(ours, theirs)
        for _ in range(3):
            y_true, y_pred = batch(name, shape)
            weight = {
                "": None,
                "sample": torch.rand(shape[0]),
                "value": torch.rand(shape[:-1]),
                "column": torch.rand(*shape[:-1], 1),
            }[weighted]
            mine, other = y_pred.clone().requires_grad_(), y_pred.clone()
            if masked:
                mine._keras_mask = other._keras_mask = torch.rand(shape[:-1]) > 0.3
            ours.update_state(y_true, mine, sample_weight=weight)
            theirs.update_state(y_true, other, sample_weight=weight)
            same(ours, theirs)
        ours.reset_state()
        theirs.reset_state()
        same(ours, theirs)


@pytest.mark.parametrize("name", ["Mean", "Sum"])
def test_reductions(keras, name):
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    cases = [
        ([1.0, 3.0, 5.0],),
        ([1.0, 3.0, 5.0], [1.0, 1.0, 0.0]),
        (4.0,),
        (4.0, 3.0),
        (np.ones((2, 3), "int32"),),
        (np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0])),
        (np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3)),
        (np.arange(24.0).reshape(2, 3, 4), np.arange(6.0).reshape(2, 3)),
        (np.arange(24.0).reshape(2, 3, 4), 2.0),
    ]
    for arguments in cases:
        ours.update_state(*arguments)
        theirs.update_state(*arguments)
        same(ours, theirs)


@pytest.mark.parametrize("name", ["binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"])
def test_functions(keras, name):
    kind = "".join(part.title() for part in name.split("_"))
    for shape in [(6, 4), (5, 6, 4), (6, 1, 4)]:
        y_true, y_pred = batch(kind, shape)
        truths = [y_true, y_true.to(torch.uint8)]
        if kind.startswith("Sparse"):
            truths.append(y_true.unsqueeze(-1))
        for truth in truths:
            actual, expected = getattr(metrics, name)(truth, y_pred), getattr(keras.metrics, name)(truth, y_pred)
            assert actual.dtype == expected.dtype
            np.testing.assert_array_equal(actual.cpu(), expected.cpu())
            np.testing.assert_array_equal(getattr(metrics, name)(truth.numpy(), y_pred.numpy()).cpu(), expected.cpu())


@pytest.mark.parametrize("name", [*NAMES, "Mean", "Sum"])
def test_configs(keras, name):
    ours, theirs = getattr(metrics, name), getattr(keras.metrics, name)
    assert ours()._direction == getattr(theirs(), "_direction", None)
    assert metrics.serialize(ours()) == keras.metrics.serialize(theirs())
    for kwargs in ARGUMENTS.get(name, [{}]):
        kwargs = {**kwargs, "name": "mine", "dtype": "float64"}
        assert ours(**kwargs).get_config() == theirs(**kwargs).get_config()
        back = metrics.deserialize(keras.metrics.serialize(theirs(**kwargs)))
        assert type(back) is ours
        assert back.get_config() == theirs(**kwargs).get_config()


def test_every_name_of_keras_means_the_same(keras):
    for name, found in keras.src.metrics.ALL_OBJECTS_DICT.items():
        if found.__name__ in NAMES:
            assert type(metrics.get(name)).__name__ == found.__name__


SHAPE_PAIRS = [((6,), (6, 1)), ((6, 1), (6, 1)), ((6,), (6, 4)), ((6, 1), (6, 4)), ((6, 4), (6, 4)), ((6, 3), (6, 3, 5))]


def own_metric(y_true, y_pred):
    return y_true - y_pred


@pytest.mark.parametrize("identifier", ["accuracy", "acc", "Accuracy", "mse", "AUC", "MAPE", "hinge", own_metric])
@pytest.mark.parametrize("shapes", SHAPE_PAIRS)
def test_resolved_as_compile_does(keras, identifier, shapes):
    ours = metrics.resolve(identifier, *shapes)
    theirs = keras.src.trainers.compile_utils.get_metric(identifier, np.zeros(shapes[0]), np.zeros(shapes[1]))
    assert type(ours).__name__ == type(theirs).__name__
    assert ours.name == theirs.name


def test_resolved_loss_functions_and_objects(keras):
    get_metric = keras.src.trainers.compile_utils.get_metric
    shape = np.zeros((6, 4))
    for mine, other in [
        (metrics.mean_squared_error, keras.metrics.mean_squared_error),
        (metrics.MeanSquaredError, keras.metrics.MeanSquaredError),
        (metrics.MeanSquaredError(name="mine"), keras.metrics.MeanSquaredError(name="mine")),
        (metrics.sparse_categorical_accuracy, keras.metrics.sparse_categorical_accuracy),
    ]:
        ours, theirs = metrics.resolve(mine, shape, shape), get_metric(other, shape, shape)
        assert type(ours).__name__ == type(theirs).__name__
        assert ours.name == theirs.name
        assert ours._direction == getattr(theirs, "_direction", None)


# ---------------------------------------------------------------- counts, curves, overlaps, correlations

FLAT, COLUMN, TABLE, CUBE = (12,), (12, 1), (12, 5), (4, 3, 5)
CUTS = [None, 0.3, [0.2, 0.5, 0.9], [0.9, 0.1, 0.4], [0.0, 0.25, 0.5, 0.75, 1.0]]
AT_CUTS = [({"thresholds": cuts}, shape) for cuts in CUTS for shape in (FLAT, COLUMN, TABLE, CUBE)]
OF_CLASSES = [
    *(({**which, "thresholds": cuts}, TABLE) for which in ({"top_k": 2}, {"class_id": 3}) for cuts in CUTS),
    ({"class_id": 0, "top_k": 3}, TABLE),
    ({"class_id": -1}, CUBE),
]
PLAIN = """CosineSimilarity PearsonCorrelation ConcordanceCorrelation MeanAbsolutePercentageError MeanSquaredLogarithmicError
    LogCoshError Hinge SquaredHinge CategoricalHinge KLDivergence Poisson""".split()
LINE = [1.0, 2.0, 0.5, 1.0, 3.0]
MORE = {
    **dict.fromkeys(("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives"), AT_CUTS),
    **dict.fromkeys(("Precision", "Recall"), AT_CUTS + OF_CLASSES),
    **{
        name: [
            ({kind: value, **more}, shape)
            for value, more, shape in [
                (0.0, {}, FLAT),
                (0.5, {}, TABLE),
                (0.8, {"num_thresholds": 11}, COLUMN),
                (1.0, {"num_thresholds": 2}, FLAT),
                (0.3, {"num_thresholds": 1}, FLAT),
                (0.4, {"class_id": 2}, TABLE),
            ]
        ]
        for name, kind in [
            ("SensitivityAtSpecificity", "specificity"),
            ("SpecificityAtSensitivity", "sensitivity"),
            ("PrecisionAtRecall", "recall"),
            ("RecallAtPrecision", "precision"),
        ]
    },
    "AUC": [
        ({"curve": curve, "summation_method": method, **more}, shape)
        for curve in ("ROC", "PR", "PRGAIN", "roc")
        for method in ("interpolation", "minoring", "Majoring")
        for more, shape in [
            ({}, FLAT),
            ({"num_thresholds": 5}, COLUMN),
            ({"num_thresholds": 2}, TABLE),
            ({"thresholds": [0.6, 0.3, 0.35]}, TABLE),
            ({"thresholds": [0.5]}, FLAT),
            ({"multi_label": True, "num_labels": 5}, TABLE),
            ({"multi_label": True, "thresholds": [0.4, 0.1]}, TABLE),
            ({"multi_label": True, "label_weights": LINE, "num_thresholds": 9}, TABLE),
            ({"label_weights": LINE}, TABLE),
            ({"label_weights": LINE, "thresholds": [0.4, 0.1]}, TABLE),
            ({"from_logits": True}, FLAT),
        ]
    ],
    "FBetaScore": [
        ({"average": average, "beta": beta, "threshold": threshold}, TABLE)
        for average in (None, "micro", "macro", "weighted")
        for beta in (1.0, 0.5, 2.0)
        for threshold in (None, 0.4)
    ],
    "F1Score": [
        ({"average": average, "threshold": threshold}, shape)
        for average in (None, "micro", "macro", "weighted")
        for threshold, shape in [(None, TABLE), (0.5, COLUMN)]
    ],
    "IoU": [
        ({"num_classes": 4, "target_class_ids": ids, **more}, shape)
        for ids in ([0], [1, 3], (0, 1, 2, 3))
        for more, shape in [
            ({}, FLAT),
            ({"dtype": "float32"}, TABLE),
            ({"ignore_class": 1}, CUBE),
            ({"ignore_class": -1}, FLAT),
            ({"ignore_class": 255, "dtype": "float64"}, FLAT),
            ({"sparse_y_pred": False}, FLAT),
            ({"sparse_y_true": False, "sparse_y_pred": False}, CUBE),
        ]
    ],
    "MeanIoU": [({"num_classes": 4, **more}, TABLE) for more in ({}, {"dtype": "float32"}, {"ignore_class": 0})],
    "OneHotIoU": [({"num_classes": 4, "target_class_ids": [0, 2], **more}, FLAT) for more in ({}, {"sparse_y_pred": True})],
    "OneHotMeanIoU": [({"num_classes": 4, **more}, CUBE) for more in ({}, {"sparse_y_pred": True}, {"ignore_class": 2})],
    "BinaryIoU": [
        ({"target_class_ids": ids, "threshold": threshold, **more}, shape)
        for ids in ((0, 1), [0], (1,))
        for threshold in (0.5, 0.3)
        for more, shape in [({}, FLAT), ({"dtype": "float32"}, CUBE)]
    ],
    "R2Score": [
        ({"class_aggregation": aggregation, "num_regressors": count}, shape)
        for aggregation in (None, "uniform_average", "variance_weighted_average")
        for count in (0, 3)
        for shape in (COLUMN, TABLE)
    ],
    "TopKCategoricalAccuracy": [({"k": k}, shape) for k in (1, 2, 5) for shape in (TABLE, CUBE)],
    "SparseTopKCategoricalAccuracy": [
        ({"k": k, "from_sorted_ids": ids}, shape) for k in (1, 3) for ids in (False, True) for shape in (TABLE, CUBE)
    ],
    **{name: [({}, TABLE), ({}, CUBE)] for name in PLAIN},
}
for _name in ("CosineSimilarity", "PearsonCorrelation", "ConcordanceCorrelation"):
    MORE[_name] = [*MORE[_name], ({"axis": 1}, TABLE), ({"axis": -2}, CUBE)]


def wide(name, kwargs, shape, seed):
    """Targets and predictions for any metric of the table, with numbers that stand exactly at thresholds."""
    rng = np.random.default_rng(seed)
    if "IoU" in name:
        classes = kwargs.get("num_classes", 2)
        y_true, y_pred = rng.integers(0, classes, shape), rng.integers(-1, classes + 1, shape)
        y_true = np.where(rng.random(shape) < 0.1, 255 if classes > 2 else 1, y_true)
        if name == "BinaryIoU":
            return y_true, rng.integers(0, 11, shape).astype("float32") / 10
        if name.startswith("OneHot") or not kwargs.get("sparse_y_true", True):
            y_true = np.eye(classes, dtype="float32")[rng.integers(0, classes, shape)]
        if not kwargs.get("sparse_y_pred", not name.startswith("OneHot")):
            y_pred = rng.random((*shape, classes)).astype("float32")
        return y_true, y_pred
    y_pred = (rng.integers(0, 21, shape) / 20).astype("float32")
    if kwargs.get("from_logits"):
        y_pred = rng.normal(size=shape).astype("float32")
    if name == "SparseTopKCategoricalAccuracy":
        ids = np.argsort(y_pred, -1)[..., ::-1].copy()
        return rng.integers(0, shape[-1], shape[:-1]), ids if kwargs["from_sorted_ids"] else y_pred
    if name in ("TopKCategoricalAccuracy", "CategoricalHinge"):
        return np.eye(shape[-1], dtype="float32")[rng.integers(0, shape[-1], shape[:-1])], y_pred
    if name in ("R2Score", "LogCoshError") or "Similarity" in name or "Correlation" in name or name.startswith("Mean"):
        return (rng.random(shape) + 0.1).astype("float32"), (rng.random(shape) + 0.2).astype("float32")
    if name in ("KLDivergence", "Poisson"):
        return rng.random(shape).astype("float32"), y_pred
    return rng.integers(0, 2, shape), y_pred


def weights(name, kwargs, shape, seed):
    """The forms in which Keras takes weights for these values."""
    rng = np.random.default_rng(seed)
    if name.endswith("IoU"):
        kind = kwargs.get("dtype", "int32")
        return [(rng.integers(0, 3, shape) if kind == "int32" else rng.random(shape)).astype(kind)]
    per_sample, per_value = (rng.integers(0, 17, each).astype("float32") / 8 for each in (shape[0], shape[:-1]))  # exact sums
    if name in ("FBetaScore", "F1Score"):
        return [per_sample]
    if name == "R2Score":
        return [per_sample, per_sample[:, None], rng.random(shape).astype("float32"), 2.0]
    if isinstance(getattr(metrics, name)(**kwargs), metrics.MeanMetricWrapper):
        return [per_sample, per_value, 2.0] if "axis" not in kwargs else [2.0]
    return [per_sample if len(shape) < 3 else per_value, per_value, 2.0]


def same_state(ours, theirs):
    for mine, other in zip(ours.variables, theirs.variables, strict=True):
        assert (mine.name, mine.path, tuple(mine.shape), mine.dtype) == (other.name, other.path, other.shape, other.dtype)
        np.testing.assert_allclose(mine.numpy(), other.value.numpy(), rtol=1e-6, atol=1e-6)


def same_result(ours, theirs):
    actual, expected = ours.result(), theirs.result()
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(actual.numpy(), expected.numpy(), rtol=1e-6, atol=1e-6)
    pending = ours.pending()
    if isinstance(pending, metrics.counting.Later):
        assert float(pending) == pytest.approx(actual.item(), nan_ok=True)


@pytest.mark.parametrize("name", MORE)
def test_streams(keras, name):
    """Results and state after each of a few batches, without weights and with each form of them, and after a reset."""
    for kwargs, shape in MORE[name]:
        for form in range(1 + len(weights(name, kwargs, shape, 0))):
            ours, theirs = getattr(metrics, name)(name="m", **kwargs), getattr(keras.metrics, name)(name="m", **kwargs)
            for seed in range(3):
                y_true, y_pred = wide(name, kwargs, shape, seed)
                weight = weights(name, kwargs, shape, seed)[form - 1] if form else None
                ours.update_state(y_true, torch.tensor(y_pred), sample_weight=weight)
                theirs.update_state(y_true, torch.tensor(y_pred), sample_weight=weight)
                same_state(ours, theirs)
                same_result(ours, theirs)
            ours.reset_state()
            theirs.reset_state()
            same_state(ours, theirs)


@pytest.mark.parametrize("name", ["CosineSimilarity", "PearsonCorrelation", "Hinge", "KLDivergence", "TopKCategoricalAccuracy"])
def test_masks(keras, name):
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    for seed in range(3):
        y_true, y_pred = wide(name, {}, CUBE, seed)
        mask = torch.tensor(np.random.default_rng(seed).random(CUBE[:-1]) > 0.4)
        for weight in (None, np.random.default_rng(seed).random(CUBE[:-1]).astype("float32")):
            mine, other = torch.tensor(y_pred), torch.tensor(y_pred)
            mine._keras_mask = other._keras_mask = mask
            ours.update_state(torch.tensor(y_true), mine, sample_weight=weight)
            theirs.update_state(torch.tensor(y_true), other, sample_weight=weight)
            same_result(ours, theirs)


@pytest.mark.parametrize("name", ["Precision", "AUC", "FalseNegatives"])
def test_masks_play_no_part_in_counts(keras, name):
    ours, theirs = getattr(metrics, name)(name="m"), getattr(keras.metrics, name)(name="m")
    y_true, y_pred = wide(name, {}, FLAT, 0)
    mine, other = torch.tensor(y_pred), torch.tensor(y_pred)
    mine._keras_mask = other._keras_mask = torch.zeros(FLAT, dtype=torch.bool)
    ours.update_state(y_true, mine)
    theirs.update_state(y_true, other)
    assert ours.variables[0].numpy().sum() > 0
    same_state(ours, theirs)


def plain(value):
    """A config with arrays, tensors and numpy's numbers as lists and numbers."""
    if isinstance(value, dict) and value.get("class_name") == "__tensor__":
        return value["config"]["value"]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return value.tolist() if isinstance(value, (np.generic, torch.Tensor)) else value


@pytest.mark.parametrize("name", MORE)
def test_configs_both_ways(keras, name):
    made, theirs = getattr(metrics, name), getattr(keras.metrics, name)
    for kwargs, _ in MORE[name]:
        for more in ({"name": "mine"}, {"name": "mine", "dtype": "float64"}):
            arguments = {**kwargs, **more}
            ours, other = made(**arguments), theirs(**arguments)
            assert (ours._direction, ours.dtype) == (getattr(other, "_direction", None), other.dtype)
            expected = plain(other.get_config())
            # Keras forgets the axis of this one.
            unusual = {"axis": ours.axis} if name == "CosineSimilarity" and ours.axis != -1 else {}
            assert ours.get_config() == {**expected, **unusual}
            back = metrics.deserialize(keras.metrics.serialize(other))
            assert type(back) is made
            assert back.get_config() == expected
            across = keras.metrics.deserialize(metrics.serialize(ours))
            assert type(across) is theirs
            assert plain(across.get_config()) == expected


@pytest.mark.parametrize("name", [*MORE, *NAMES, "Mean", "Sum"])
def test_names_when_none_is_given(keras, name):
    kwargs = MORE.get(name, [({}, None)])[0][0]
    keras.utils.clear_session(free_memory=False)
    with registry.fresh_names():
        ours = [getattr(metrics, name)(**kwargs).name for _ in range(2)]
    assert ours == [getattr(keras.metrics, name)(**kwargs).name for _ in range(2)]


def test_every_class_and_function_is_here(keras):
    """And every name, which means the same; those that need arguments say so in both."""
    ours, theirs = metrics.base.table.objects, keras.src.metrics.ALL_OBJECTS_DICT
    assert {key: value.__name__ for key, value in theirs.items()}.items() <= {k: v.__name__ for k, v in ours.items()}.items()
    for name in dir(keras.metrics):
        assert name.startswith("__") or callable(getattr(metrics, name)), name
    for key in ("acc", "f1", "kldd"):
        with pytest.raises(ValueError):
            metrics.get(key)
    for get in (metrics.get, keras.metrics.get):
        with pytest.raises(TypeError, match="num_classes"):
            get("io_u")


@pytest.mark.parametrize("name", ["top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy"])
@pytest.mark.parametrize("shape", [TABLE, CUBE])
def test_top_k_functions(keras, name, shape):
    kind = "SparseTopKCategoricalAccuracy" if name.startswith("sparse") else "TopKCategoricalAccuracy"
    for seed, k in itertools.product(range(5), (1, 2, 5)):
        y_true, y_pred = wide(kind, {"from_sorted_ids": False}, shape, seed)
        actual, expected = getattr(metrics, name)(y_true, y_pred, k=k), getattr(keras.metrics, name)(y_true, y_pred, k=k)
        assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("name", ["pearson_correlation", "concordance_correlation"])
def test_correlation_functions(keras, name):
    for shape, axis in [((9,), -1), (TABLE, -1), (TABLE, 0), (CUBE, 1)]:
        y_true, y_pred = wide("PearsonCorrelation", {}, shape, 0)
        actual = getattr(metrics, name)(y_true, y_pred, axis=axis)
        np.testing.assert_allclose(actual, getattr(keras.metrics, name)(y_true, y_pred, axis=axis), rtol=1e-5, atol=1e-6)


FUNCTIONS = ["pearson_correlation", "top_k_categorical_accuracy", "binary_accuracy", "hinge", "huber", "kl_divergence"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_wrapped_functions_both_ways(keras, name):
    ours = metrics.MeanMetricWrapper(getattr(metrics, name), name="w")
    theirs = keras.metrics.MeanMetricWrapper(getattr(keras.metrics, name), name="w")
    assert ours._direction == getattr(theirs, "_direction", None)
    assert metrics.serialize(ours) == keras.metrics.serialize(theirs)
    back = metrics.deserialize(keras.metrics.serialize(theirs))
    assert back.fn is ours.fn
    across = keras.metrics.deserialize(metrics.serialize(ours))
    assert across._fn is theirs._fn


ERRORS_OF_ARGUMENTS = [
    ("AUC", {"curve": "roc curve"}),
    ("AUC", {"summation_method": "middle"}),
    ("AUC", {"num_thresholds": 1}),
    ("AUC", {"num_labels": 3}),
    ("Precision", {"thresholds": 1.5}),
    ("Recall", {"thresholds": [0.5, -0.1]}),
    ("TruePositives", {"thresholds": [None]}),
    ("SensitivityAtSpecificity", {"specificity": 1.1}),
    ("PrecisionAtRecall", {"recall": -0.1}),
    ("RecallAtPrecision", {"precision": 0.5, "num_thresholds": 0}),
    ("FBetaScore", {"average": "all"}),
    ("FBetaScore", {"beta": 2}),
    ("FBetaScore", {"beta": -1.0}),
    ("F1Score", {"threshold": 1}),
    ("F1Score", {"threshold": 1.5}),
    ("IoU", {"num_classes": 3, "target_class_ids": [3]}),
    ("R2Score", {"class_aggregation": "mean"}),
    ("R2Score", {"num_regressors": -1}),
]


@pytest.mark.parametrize(("name", "kwargs"), ERRORS_OF_ARGUMENTS)
def test_wrong_arguments(keras, name, kwargs):
    for library in (metrics, keras.metrics):
        with pytest.raises(ValueError):
            getattr(library, name)(**kwargs)


@pytest.mark.parametrize(
    ("name", "kwargs", "shapes"),
    [
        ("AUC", {"multi_label": True}, [(4, 3, 2), (4, 3, 2)]),
        ("FBetaScore", {}, [(4,), (4,)]),
        ("F1Score", {}, [(4,), (4, 3)]),
        ("R2Score", {}, [(4,), (4,)]),
        ("Precision", {"class_id": 1}, [(4,), (4,)]),
    ],
)
def test_wrong_shapes(keras, name, kwargs, shapes):
    for library in (metrics, keras.metrics):
        with pytest.raises(ValueError):
            getattr(library, name)(**kwargs).update_state(*(np.zeros(shape, "float32") for shape in shapes))


def test_float_weights_for_integer_counts_warn(keras):
    for library in (metrics, keras.metrics):
        metric = library.MeanIoU(2)
        with pytest.warns(UserWarning, match="int"):
            metric.update_state([0, 1, 1], [0, 1, 0], np.array([1.5, 2.5, 0.5]))
        assert metric.total_cm.numpy().tolist() == [[1, 0], [0, 2]]


@pytest.mark.parametrize("samples", [2, 3])
def test_too_few_samples_for_the_adjusted_r2(keras, samples):
    for library in (metrics, keras.metrics):
        metric = library.R2Score(num_regressors=2)
        metric.update_state(np.arange(samples)[:, None], np.arange(samples)[:, None] + 0.5)
        with pytest.warns(UserWarning):
            assert metric.result().item() == pytest.approx({2: 0.0, 3: 0.625}[samples])


# ---------------------------------------------------------------- in a model


def models(keras, metric_lists, **compiled):
    """The same small model in both libraries."""
    for library in (torchkeras_lite, keras):
        made = [[one if isinstance(one, str) else one(library) for one in each] for each in metric_lists]
        model = library.Sequential([library.Input((4,)), library.layers.Dense(3, activation="softmax")])
        model.layers[0].set_weights([np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3), np.zeros(3, "float32")])
        model.compile("sgd", metrics=made[0], weighted_metrics=made[1] if len(made) > 1 else None, **compiled)
        yield model


def test_logs_of_fit_and_evaluate(keras):
    rng = np.random.default_rng(0)
    x, y, w = rng.normal(size=(40, 4)).astype("float32"), np.eye(3, dtype="float32")[rng.integers(0, 3, 40)], rng.random(40)
    given = [
        ["accuracy", "AUC", "precision", "Recall", "mse", "kl_divergence", lambda k: k.metrics.F1Score("macro", name="f")],
        ["acc", "accuracy", lambda k: k.metrics.AUC(curve="PR", name="pr"), lambda k: k.metrics.FalseNegatives(name="fn")],
    ]
    found = []
    for model in models(keras, given, loss="categorical_crossentropy"):
        history = model.fit(x, y, sample_weight=w, batch_size=16, epochs=2, shuffle=False, verbose=0).history
        scores = model.evaluate(x, y, sample_weight=w, batch_size=16, verbose=0, return_dict=True)
        found.append({**{f"fit {key}": value for key, value in history.items()}, **scores})
    assert found[0].keys() == found[1].keys()
    for key, value in found[1].items():
        np.testing.assert_allclose(found[0][key], value, rtol=2e-5, atol=1e-6, err_msg=key)


def test_counted_together_in_fit(keras):
    """Names are counted several batches at a time; the numbers stay what they are."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 4)).astype("float32"), np.eye(3, dtype="float32")[rng.integers(0, 3, 50)]
    ours, theirs = (
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history
        for model in models(keras, [["accuracy", "AUC", "Precision"]], loss="categorical_crossentropy")
    )
    assert [key.lower() for key in ours] == [key.lower() for key in theirs]
    for key in theirs:
        np.testing.assert_allclose(ours[key], theirs[key], rtol=2e-5, atol=1e-6, err_msg=key)
