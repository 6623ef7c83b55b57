"""Metrics against Keras: results and sums over several batches for every rank, weight and mask; configs; names."""

import itertools

import numpy as np
import pytest
import torch

from torchkeras_lite import metrics

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


@pytest.mark.parametrize("identifier", ["accuracy", "acc", "Accuracy", "mse", "MSE", "binary_accuracy", own_metric])
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
