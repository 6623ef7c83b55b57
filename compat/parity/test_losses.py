"""Losses against Keras: values and gradients for every argument, rank, weight, mask and reduction; configs; names."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import keras as real

from torchkeras_lite import activations, losses

NAMES = [
    "MeanSquaredError",
    "MeanAbsoluteError",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
]
FUNCTIONS = [
    "mean_squared_error",
    "mean_absolute_error",
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
]
SMOOTHED = [{"from_logits": f, "label_smoothing": s} for f in (False, True) for s in (0.0, 0.1)]
ARGUMENTS = {
    "MeanSquaredError": [{}],
    "MeanAbsoluteError": [{}],
    "BinaryCrossentropy": SMOOTHED,
    "CategoricalCrossentropy": SMOOTHED,
    "SparseCategoricalCrossentropy": [{"from_logits": f, "ignore_class": i} for f in (False, True) for i in (None, 0, 2)],
}
REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None]


def data(name, shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    y_pred = torch.rand(shape, generator=generator) * 0.8 + 0.1
    if name.startswith("Sparse"):
        return torch.randint(0, shape[-1], shape[:-1], generator=generator), y_pred
    if name.startswith("Categorical"):
        return torch.eye(shape[-1])[torch.randint(0, shape[-1], shape[:-1], generator=generator)], y_pred
    return (torch.rand(shape, generator=generator) > 0.5).float(), y_pred


def run(loss, y_true, y_pred, weight=None, mask=None):
    y_pred = y_pred.clone().requires_grad_()
    if mask is not None:
        y_pred._keras_mask = mask
    value = loss(y_true, y_pred) if weight is None else loss(y_true, y_pred, sample_weight=weight)
    value.sum().backward()
    return value.detach().cpu().numpy(), y_pred.grad.numpy()


def flattened(y_true, y_pred, *rest):
    """Keras on torch fails to derive integer labels of images ("grad_input must be contiguous"): it gets rows of pixels."""
    if y_true.ndim != 3 or y_pred.ndim != 4:
        return (y_true, y_pred, *rest)
    return tuple(one if one is None or one.ndim == 1 else one.flatten(1, 2) for one in (y_true, y_pred, *rest))


def compare(ours, theirs, *args):
    given = flattened(*args)
    for actual, expected in zip(run(ours, *args), run(theirs, *given), strict=True):
        if given[0] is not args[0]:
            expected = expected.reshape(actual.shape)
        assert actual.shape == expected.shape
        assert actual.dtype == expected.dtype
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(6, 1), (6, 4), (5, 6, 4), (2, 3, 4, 5), (6,)])
def test_values_and_gradients(keras, name, reduction, shape):
    if "ategorical" in name and shape[-1:] in ((1,), shape):
        return
    for kwargs, weighted, masked in itertools.product(ARGUMENTS[name], ("", "sample", "value", "column"), (False, True)):
        if len(shape) == 1 and (weighted or masked):
            continue
        if len(shape) > 2 and weighted == "sample":  # Keras cannot broadcast it
            continue
        y_true, y_pred = data(name, shape)
        weight = {
            "": None,
            "sample": torch.rand(shape[0]),
            "value": torch.rand(shape[:-1]),
            "column": torch.rand(*shape[:-1], 1),
        }
        mask = torch.arange(y_pred[..., 0].numel()).reshape(shape[:-1]) % 3 > 0 if masked else None
        ours = getattr(losses, name)(reduction=reduction, **kwargs)
        theirs = getattr(keras.losses, name)(reduction=reduction, **kwargs)
        compare(ours, theirs, y_true, y_pred, weight[weighted], mask)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(keras, name):
    kind = "".join(part.title() for part in name.split("_"))
    for kwargs, shape in itertools.product(ARGUMENTS[kind], [(6, 4), (5, 6, 4)]):
        y_true, y_pred = data(kind, shape)
        compare(
            lambda t, p, kw=kwargs: getattr(losses, name)(t, p, **kw),
            lambda t, p, kw=kwargs: getattr(keras.losses, name)(t, p, **kw),
            y_true,
            y_pred,
        )


@pytest.mark.parametrize("from_logits", [False, True])
def test_classes_on_another_axis(keras, from_logits):
    y_true, y_pred = data("Sparse", (5, 6, 4))
    y_pred = y_pred.movedim(-1, 1).contiguous()
    kwargs = {"from_logits": from_logits, "axis": 1}
    for options in ({}, {"ignore_class": 1}):
        compare(
            losses.SparseCategoricalCrossentropy(**kwargs, **options),
            keras.losses.SparseCategoricalCrossentropy(**kwargs, **options),
            y_true,
            y_pred,
        )
    one_hot = torch.eye(4)[y_true].movedim(-1, 1)
    compare(losses.CategoricalCrossentropy(**kwargs), keras.losses.CategoricalCrossentropy(**kwargs), one_hot, y_pred)
    binary = {"from_logits": from_logits, "axis": 1, "reduction": "none"}
    compare(losses.BinaryCrossentropy(**binary), keras.losses.BinaryCrossentropy(**binary), one_hot, y_pred)


@pytest.mark.parametrize("name", ["MeanSquaredError", "MeanAbsoluteError", "BinaryCrossentropy"])
@pytest.mark.parametrize("shapes", [((6,), (6, 1)), ((6, 1), (6,)), ((5, 6), (5, 6, 1)), ((5, 6, 1), (5, 6))])
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_one_axis_more_or_less(keras, name, shapes, reduction):
    y_true, y_pred = (torch.rand(shape) * 0.8 + 0.1 for shape in shapes)
    compare(getattr(losses, name)(reduction=reduction), getattr(keras.losses, name)(reduction=reduction), y_true, y_pred)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64, torch.float32, torch.float64, torch.bool])
@pytest.mark.parametrize("column", [False, True])
def test_dtypes_of_labels(keras, dtype, column):
    for name in NAMES:
        y_true, y_pred = data(name, (6, 4))
        if name.startswith("Sparse"):
            if dtype is torch.bool:
                y_true = y_true % 2
            y_true = y_true.unsqueeze(-1) if column else y_true
        for kwargs in ({}, *([{"from_logits": True}] if "Cross" in name else [])):
            compare(getattr(losses, name)(**kwargs), getattr(keras.losses, name)(**kwargs), y_true.to(dtype), y_pred)


@pytest.mark.parametrize("name", NAMES)
def test_arrays_and_lists(keras, name):
    y_true, y_pred = data(name, (6, 4))
    weights = np.linspace(0, 1, 6)
    for convert in (lambda t: t.numpy(), lambda t: t.tolist()):
        if name.startswith("Sparse") and isinstance(convert(y_true), list):
            continue  # Keras takes the two lists for structures of different depth
        for arguments in ((), (weights,), (weights.tolist(),)):
            actual = getattr(losses, name)()(convert(y_true), convert(y_pred), *arguments)
            expected = getattr(keras.losses, name)()(convert(y_true), convert(y_pred), *arguments)
            assert actual.dtype == expected.dtype
            np.testing.assert_allclose(actual.cpu(), expected.cpu(), rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_float_types_are_computed_in_float32(keras, dtype):
    for name in NAMES:
        y_true, y_pred = data(name, (6, 4))
        y_pred = y_pred.to(dtype)
        actual, expected = getattr(losses, name)()(y_true, y_pred), getattr(keras.losses, name)()(y_true, y_pred)
        assert actual.dtype is expected.dtype is torch.float32
        torch.testing.assert_close(actual.cpu(), expected.cpu(), rtol=1e-5, atol=0)
        assert getattr(losses, name)(dtype="float64")(y_true, y_pred).dtype is torch.float64


@pytest.mark.parametrize("name", NAMES)
def test_behind_an_activation(keras, name):
    """Computed from logits or not, the numbers agree while nothing saturates, whichever activation and loss meet."""
    for activation in ("softmax", "sigmoid"):
        for options in ({}, *([{"label_smoothing": 0.1}] if name[0] in "BC" else [])):
            for shape in ((6, 4), (5, 6, 4)):
                y_true, x = data(name, shape)
                ours, theirs = getattr(losses, name)(**options), getattr(keras.losses, name)(**options)
                compare(
                    lambda t, p, loss=ours, f=getattr(activations, activation): loss(t, f(p)),
                    lambda t, p, loss=theirs, f=getattr(keras.activations, activation): loss(t, f(p)),
                    y_true,
                    x * 8 - 4,
                )


def test_saturated_outputs_keep_a_gradient(keras):
    """Keras on torch loses it; ours is the gradient of the exact loss."""
    cases = [
        ("BinaryCrossentropy", "sigmoid", torch.tensor([[0.0], [1.0]]), torch.tensor([[200.0], [-200.0]])),
        ("CategoricalCrossentropy", "softmax", torch.tensor([[0.0, 1.0]]), torch.tensor([[200.0, -200.0]])),
        ("SparseCategoricalCrossentropy", "softmax", torch.tensor([1]), torch.tensor([[200.0, -200.0]])),
    ]
    for name, activation, y_true, x in cases:
        for weight in (None, torch.ones(len(x))):
            ours, theirs = getattr(losses, name)(), getattr(keras.losses, name)()
            value, gradient = run(lambda t, p: ours(t, getattr(activations, activation)(p)), y_true, x)  # noqa: B023
            assert value == (200.0 if activation == "sigmoid" else 400.0)
            assert abs(gradient).min() == 1 / len(x)
            _, lost = run(lambda t, p: theirs(t, getattr(keras.activations, activation)(p)), y_true, x)  # noqa: B023
            assert not lost.any()
            predictions = getattr(activations, activation)(x.clone().requires_grad_())
            assert ours(y_true, predictions, weight).item() == value


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    shape=st.lists(st.integers(2, 5), min_size=2, max_size=4),
    logits=st.booleans(),
    scale=st.floats(0.01, 30),
    seed=st.integers(0, 1000),
)
def test_any_shape_and_scale(name, shape, logits, scale, seed):
    y_true, y_pred = data(name, tuple(shape), seed)
    kwargs = {"from_logits": logits} if "Cross" in name else {}
    if logits or "Mean" in name:
        y_pred = (y_pred - 0.5) * scale
    compare(getattr(losses, name)(**kwargs), getattr(real.losses, name)(**kwargs), y_true, y_pred)


def test_custom_functions_of_any_rank(keras):
    def elementwise(y_true, y_pred):
        return (y_true - y_pred) ** 2

    def scalar(y_true, y_pred):
        return abs(y_true - y_pred).mean() * 3

    y_true, y_pred = data("MeanSquaredError", (6, 4))
    for function, reduction in itertools.product((elementwise, scalar), REDUCTIONS):
        ours = losses.LossFunctionWrapper(function, reduction=reduction)
        theirs = keras.src.losses.LossFunctionWrapper(function, reduction=reduction)
        compare(ours, theirs, y_true, y_pred)
        compare(ours, theirs, y_true.to(torch.uint8), y_pred, torch.rand(6, 1))
    compare(
        losses.LossFunctionWrapper(elementwise),
        keras.src.losses.LossFunctionWrapper(elementwise),
        y_true[:, 0],
        y_pred[:, :1],
    )


@pytest.mark.parametrize("name", NAMES)
def test_configs_and_names(keras, name):
    ours, theirs = getattr(losses, name), getattr(keras.losses, name)
    assert losses.serialize(ours()) == keras.losses.serialize(theirs())
    for kwargs in ARGUMENTS[name]:
        kwargs = {**kwargs, "reduction": "sum", "name": "mine"}
        assert ours(**kwargs).get_config() == theirs(**kwargs).get_config()
        back = losses.deserialize(keras.losses.serialize(theirs(**kwargs)))
        assert type(back) is ours
        assert back.get_config() == theirs(**kwargs).get_config()


def test_every_name_of_keras_means_the_same(keras):
    for name, found in keras.src.losses.ALL_OBJECTS_DICT.items():
        if found.__name__ in (*NAMES, *FUNCTIONS):
            assert getattr(losses.get(name), "__name__", type(losses.get(name)).__name__) == found.__name__
    written = keras.losses.serialize(keras.losses.mean_squared_error)
    assert losses.get(written) is losses.mean_squared_error


@pytest.mark.parametrize("name", ["crossentropy", "ce", "mse", "binary_crossentropy", "MeanSquaredError"])
@pytest.mark.parametrize("shapes", [((6,), (6, 1)), ((6, 1), (6, 1)), ((6,), (6, 4)), ((6, 1), (6, 4)), ((6, 4), (6, 4))])
def test_resolved_as_compile_does(keras, name, shapes):
    ours = losses.resolve(name, *shapes)
    theirs = keras.src.trainers.compile_utils.get_loss(name, np.zeros(shapes[0]), np.zeros(shapes[1]))
    assert ours.name == theirs.name
    assert ours.fn.__name__ == theirs.fn.__name__
