"""Losses against Keras: values and gradients for every argument, rank, weight, mask and reduction; configs; names."""

import inspect
import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import keras as real

from torchkeras_lite import activations, losses, registry

SMOOTHED = [{"from_logits": f, "label_smoothing": s} for f in (False, True) for s in (0.0, 0.1)]
# Class, arguments, what the targets are (see `data`).
ROWS = [
    *((name, {}, "numbers") for name in ("MeanSquaredError", "MeanAbsoluteError", "LogCosh")),
    ("MeanAbsolutePercentageError", {}, "numbers"),
    ("MeanSquaredLogarithmicError", {}, "numbers"),
    *(("Huber", {"delta": delta}, "numbers") for delta in (1.0, 0.2)),
    *(("CosineSimilarity", {"axis": axis}, "numbers") for axis in (-1, 0)),
    ("Poisson", {}, "numbers"),
    ("KLDivergence", {}, "distributions"),
    *((name, {}, kind) for name in ("Hinge", "SquaredHinge") for kind in ("zeros and ones", "signs")),
    ("CategoricalHinge", {}, "one-hot"),
    *(("BinaryCrossentropy", kwargs, "zeros and ones") for kwargs in SMOOTHED),
    *(("CategoricalCrossentropy", kwargs, "one-hot") for kwargs in SMOOTHED),
    *(
        ("SparseCategoricalCrossentropy", {"from_logits": f, "ignore_class": i}, "labels")
        for f in (False, True)
        for i in (None, 0, 2)
    ),
    *(("CategoricalGeneralizedCrossEntropy", {"q": q}, "labels") for q in (0.5, 0.9)),
    *(("BinaryFocalCrossentropy", kwargs, "zeros and ones") for kwargs in SMOOTHED),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.4, "gamma": 1.5}, "zeros and ones"),
    ("BinaryFocalCrossentropy", {"gamma": 0.0}, "zeros and ones"),
    *(("CategoricalFocalCrossentropy", kwargs, "one-hot") for kwargs in SMOOTHED),
    ("CategoricalFocalCrossentropy", {"alpha": 0.4, "gamma": 1.5}, "one-hot"),
    *((name, {"axis": axis}, "zeros and ones") for name in ("Dice", "Tversky") for axis in (None, -1, 0)),
    ("Tversky", {"alpha": 0.3, "beta": 0.8, "axis": -1}, "zeros and ones"),
]
OTHERS = {"Circle", "CTC"}  # whose inputs have one rank only
CLASSES = ("one-hot", "labels", "distributions")
REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None]
SHAPES = [(6, 1), (6, 4), (5, 6, 4), (2, 3, 4, 5), (6,)]
names = {row[0]: row for row in reversed(ROWS)}


def label(row):
    name, kwargs, kind = row
    return f"{name}({','.join(f'{key}={value}' for key, value in kwargs.items())})-{kind}".replace(" ", "_")


rows = pytest.mark.parametrize("row", ROWS, ids=label)
one_row_each = pytest.mark.parametrize("row", names.values(), ids=lambda row: row[0])


def data(kind, shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    y_pred = torch.rand(shape, generator=generator) * 0.8 + 0.1
    if kind == "numbers":
        return torch.rand(shape, generator=generator) * 0.8 + 0.1, y_pred
    if kind == "distributions":
        return torch.rand(shape, generator=generator).softmax(-1), y_pred.softmax(-1)
    if kind in ("labels", "one-hot"):
        labels = torch.randint(0, shape[-1], shape[:-1], generator=generator)
        return (labels if kind == "labels" else torch.eye(shape[-1])[labels]), y_pred
    zeros_and_ones = (torch.rand(shape, generator=generator) > 0.5).float()
    return (zeros_and_ones if kind == "zeros and ones" else zeros_and_ones * 2 - 1), y_pred


def impossible(row, shape):
    """Classes need an axis of their own, of more than one."""
    return row[2] in CLASSES and shape[-1:] in ((1,), shape)


def pair(row, **more):
    """The same loss in both libraries."""
    name, kwargs, _ = row
    return getattr(losses, name)(**kwargs, **more), getattr(real.losses, name)(**kwargs, **more)


def functions(row, **more):
    """The same loss as a function in both libraries."""
    name, kwargs, _ = row
    name = registry.snake_case(name)
    ours, theirs = getattr(losses, name), getattr(real.losses, name)
    return lambda t, p: ours(t, p, **{**kwargs, **more}), lambda t, p: theirs(t, p, **{**kwargs, **more})


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


def compare(both, *args, rtol=1e-5, atol=1e-6):
    given = flattened(*args)
    ours, theirs = both
    for actual, expected in zip(run(ours, *args), run(theirs, *given), strict=True):
        if given[0] is not args[0]:
            expected = expected.reshape(actual.shape)
        np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol, strict=True)


def weights_and_masks(shape, samples, seed=0):
    """What may weigh losses of this shape in Keras, and the masks that may lie over them."""
    generator = torch.Generator().manual_seed(seed)
    weights = [None, torch.rand(shape, generator=generator)]
    if shape:
        weights.append(torch.rand(*shape, 1, generator=generator))
    if not shape:
        weights.append(torch.rand(samples, generator=generator))
    masks = [None, *([torch.arange(int(np.prod(shape))).reshape(shape) % 3 > 0] if shape else [])]
    return itertools.product(weights, masks)


# ---------------------------------------------------------------- values and gradients


@rows
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients(row, shape):
    if impossible(row, shape):
        return
    y_true, y_pred = data(row[2], shape)
    each = pair(row, reduction="none")[0](y_true, y_pred).shape
    for reduction, (weight, mask) in itertools.product(REDUCTIONS, weights_and_masks(each, shape[0])):
        if weight is not None and len(shape) == 1 and each:
            continue
        compare(pair(row, reduction=reduction), y_true, y_pred, weight, mask)


@rows
def test_functions(row):
    for shape in [(6, 4), (5, 6, 4)]:
        compare(functions(row), *data(row[2], shape))


@pytest.mark.parametrize("name", ["BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"])
@pytest.mark.parametrize("from_logits", [False, True])
def test_classes_on_another_axis(name, from_logits):
    _, _, kind = names[name]
    y_true, y_pred = data(kind, (5, 6, 4))
    y_pred = y_pred.movedim(-1, 1).contiguous()
    y_true = y_true if kind == "labels" else y_true.movedim(-1, 1).contiguous()
    for more in ({}, *([{"ignore_class": 1}] if kind == "labels" else [])):
        kwargs = {"from_logits": from_logits, "axis": 1, **more}
        for reduction in ("mean", "none"):
            compare(pair((name, kwargs, kind), reduction=reduction), y_true, y_pred)


@pytest.mark.parametrize("name", ["BinaryFocalCrossentropy", "CategoricalFocalCrossentropy"])
def test_focal_classes_on_another_axis(name):
    y_true, y_pred = (each.movedim(-1, 1).contiguous() for each in data(names[name][2], (5, 6, 4)))
    for from_logits, reduction in itertools.product((False, True), ("mean", "none")):
        compare(pair((name, {"from_logits": from_logits, "axis": 1}, None), reduction=reduction), y_true, y_pred)


def test_a_weight_for_each_class():
    row = ("CategoricalFocalCrossentropy", {"alpha": [0.1, 0.2, 0.3, 0.4]}, "one-hot")
    compare(pair(row), *data("one-hot", (6, 4)))
    assert pair(row)[0].get_config() == pair(row)[1].get_config()


@pytest.mark.parametrize("name", [name for name, row in names.items() if row[2] in ("numbers", "zeros and ones", "signs")])
@pytest.mark.parametrize("shapes", [((6,), (6, 1)), ((6, 1), (6,)), ((5, 6), (5, 6, 1)), ((5, 6, 1), (5, 6))])
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_one_axis_more_or_less(name, shapes, reduction):
    y_true, y_pred = (torch.rand(shape) * 0.8 + 0.1 for shape in shapes)
    compare(pair(names[name], reduction=reduction), y_true, y_pred)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64, torch.float32, torch.float64, torch.bool])
@pytest.mark.parametrize("column", [False, True])
@one_row_each
def test_dtypes_of_labels(row, dtype, column):
    if column and row[0] == "CategoricalGeneralizedCrossEntropy":
        return  # Keras compares each sample with the labels of all: see below
    y_true, y_pred = data(row[2], (6, 4))
    if row[2] == "labels":
        y_true = y_true % 2 if dtype is torch.bool else y_true
        y_true = y_true.unsqueeze(-1) if column else y_true
    if row[2] == "signs" and dtype in (torch.uint8, torch.bool):
        return
    compare(pair(row), y_true.to(dtype), y_pred)


def test_a_column_of_labels_is_no_different():
    y_true, y_pred = data("labels", (6, 4))
    for loss in (losses.CategoricalGeneralizedCrossEntropy(), losses.SparseCategoricalCrossentropy()):
        assert loss(y_true[:, None], y_pred) == loss(y_true, y_pred)


@one_row_each
def test_arrays_and_lists(row):
    y_true, y_pred = data(row[2], (6, 4))
    weights = np.linspace(0, 1, 6)
    ours, theirs = pair(row)
    for convert in (lambda t: t.numpy(), lambda t: t.tolist()):
        if row[2] == "labels" and isinstance(convert(y_true), list):
            continue  # Keras takes the two lists for structures of different depth
        for arguments in ((), (weights,), (weights.tolist(),)):
            actual = ours(convert(y_true), convert(y_pred), *arguments)
            expected = theirs(convert(y_true), convert(y_pred), *arguments)
            assert actual.dtype == expected.dtype
            np.testing.assert_allclose(actual.cpu(), expected.cpu(), rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@one_row_each
def test_other_float_types_are_computed_in_float32(row, dtype):
    y_true, y_pred = data(row[2], (6, 4))
    y_pred = y_pred.to(dtype)
    actual, expected = (loss(y_true, y_pred) for loss in pair(row))
    assert actual.dtype is expected.dtype is torch.float32
    torch.testing.assert_close(actual.cpu(), expected.cpu(), rtol=1e-5, atol=1e-7)
    actual, expected = (loss(y_true, y_pred) for loss in pair(row, dtype="float64"))
    assert actual.dtype is torch.float64
    torch.testing.assert_close(actual.cpu(), expected.cpu(), rtol=1e-6, atol=1e-7, check_dtype=False)  # Keras ends in float32


@rows
def test_behind_an_activation(row):
    """Computed from logits or not, the numbers agree while nothing saturates, whichever activation and loss meet."""
    if row[1].get("from_logits"):
        return
    for activation, shape in itertools.product(("softmax", "sigmoid"), ((6, 4), (5, 6, 4))):
        y_true, x = data(row[2], shape)
        ours, theirs = pair(row)
        both = (
            lambda t, p, loss=ours, f=getattr(activations, activation): loss(t, f(p)),
            lambda t, p, loss=theirs, f=getattr(real.activations, activation): loss(t, f(p)),
        )
        compare(both, y_true, x * 8 - 4)


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


ENCODINGS = [None, torch.uint8, torch.int32, torch.int64, torch.float64]
SCALED = {"MeanSquaredError", "MeanAbsoluteError", "LogCosh", "Huber", "Hinge", "SquaredHinge", "CategoricalHinge"}
anything = given(
    row=st.sampled_from(ROWS),
    shape=st.lists(st.integers(2, 5), min_size=2, max_size=4).map(tuple),
    reduction=st.sampled_from(REDUCTIONS),
    choice=st.integers(0, 7),
    encoding=st.sampled_from(ENCODINGS),
    scale=st.floats(0.01, 30),
    seed=st.integers(0, 1000),
)


def any_of_all(row, shape, reduction, choice, encoding, scale, seed):
    name, kwargs, kind = row
    y_true, y_pred = data(kind, shape, seed)
    if encoding is not None and kind in ("labels", "one-hot", "zeros and ones"):
        y_true = y_true.to(encoding)
    if name in SCALED or (kwargs.get("from_logits") and "Focal" not in name):
        y_pred = (y_pred - 0.5) * scale
    each = pair(row, reduction="none")[0](y_true, y_pred).shape
    options = list(weights_and_masks(each, shape[0], seed))
    weight, mask = options[choice % len(options)]
    atol = 1e-6 * max(1.0, scale) if name in SCALED else 1e-6
    compare(pair(row, reduction=reduction), y_true, y_pred, weight, mask, atol=atol)


@settings(max_examples=50, deadline=None)
@anything
def test_anything(**case):
    any_of_all(**case)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@anything
def test_very_much(**case):
    any_of_all(**case)


# ---------------------------------------------------------------- of one rank only: circle and CTC


def embeddings(samples, size, classes, seed=0):
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.nn.functional.normalize(torch.randn(samples, size, generator=generator), dim=1)
    return torch.randint(0, classes, (samples,), generator=generator), vectors


@pytest.mark.parametrize("kwargs", [{}, {"gamma": 2.0, "margin": 0.1}, {"remove_diagonal": False, "gamma": 5.0}])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("classes", [1, 3, 100])
def test_circle(kwargs, reduction, classes):
    both = pair(("Circle", kwargs, None), reduction=reduction)
    for seed in range(3):
        y_true, y_pred = embeddings(12, 6, classes, seed)
        for labels in (y_true, y_true[:, None], y_true.float()):
            for weight in (None, torch.rand(12)):
                compare(both, labels, y_pred, weight, rtol=2e-5, atol=2e-5)
        compare(both, y_true, y_pred, None, torch.arange(12) % 4 > 0, rtol=2e-5, atol=2e-5)


def test_circle_with_others_to_compare_with():
    y_true, y_pred = embeddings(8, 6, 3)
    others, theirs = embeddings(11, 6, 3, seed=1)
    for remove, gamma in itertools.product((False, True), (80, 3.0)):
        kwargs = {"ref_labels": others, "ref_embeddings": theirs, "remove_diagonal": remove, "gamma": gamma}
        both = (
            lambda t, p, kw=kwargs: losses.circle(t, p, **kw),
            lambda t, p, kw=kwargs: real.losses.circle(t, p, **kw),
        )
        compare(both, y_true, y_pred, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_ctc(reduction):
    generator = torch.Generator().manual_seed(0)
    y_true = torch.tensor([[1, 2, 2, 0], [3, 0, 0, 0], [1, 1, 1, 1]])
    y_pred = torch.randn(3, 9, 5, generator=generator)
    compare((losses.ctc, real.losses.ctc), y_true, y_pred)
    both = pair(("CTC", {}, None), reduction=reduction)
    for labels, weight in itertools.product((y_true, y_true.float(), y_true.int()), (None, torch.rand(3))):
        compare(both, labels, y_pred, weight)


@pytest.mark.parametrize(("name", "shapes"), [("ctc", ((3,), (3, 9, 5))), ("ctc", ((3, 4), (3, 5)))])
def test_ranks_that_both_refuse(name, shapes):
    for library in (losses, real.losses):
        with pytest.raises(ValueError, match="shape"):
            getattr(library, name)(*(torch.ones(shape) for shape in shapes))


# ---------------------------------------------------------------- users' functions, names, configs


def test_custom_functions_of_any_rank(keras):
    def elementwise(y_true, y_pred):
        return (y_true - y_pred) ** 2

    def scalar(y_true, y_pred):
        return abs(y_true - y_pred).mean() * 3

    y_true, y_pred = data("numbers", (6, 4))
    for function, reduction in itertools.product((elementwise, scalar), REDUCTIONS):
        ours = losses.LossFunctionWrapper(function, reduction=reduction)
        theirs = keras.src.losses.LossFunctionWrapper(function, reduction=reduction)
        compare((ours, theirs), y_true, y_pred)
        compare((ours, theirs), y_true.to(torch.uint8), y_pred, torch.rand(6, 1))
    both = losses.LossFunctionWrapper(elementwise), keras.src.losses.LossFunctionWrapper(elementwise)
    compare(both, y_true[:, 0], y_pred[:, :1])


LEFT_OUT = {"Huber": {"delta": 1.0}, "CosineSimilarity": {"axis": -1}}  # of Keras's configs. Ours hold them if they are others


@pytest.mark.parametrize("row", [*ROWS, ("Circle", {"gamma": 3.0, "margin": 0.1, "remove_diagonal": False}, None)], ids=label)
def test_configs_both_ways(row):
    name, kwargs, _ = row
    plain = [getattr(library, name)() for library in (losses, real.losses)]
    assert losses.serialize(plain[0]) == real.losses.serialize(plain[1])
    ours, theirs = pair(row, reduction="sum", name="mine")
    more = {key: kwargs[key] for key, usual in LEFT_OUT.get(name, {}).items() if kwargs[key] != usual}
    assert ours.get_config() == theirs.get_config() | more
    back = losses.deserialize(real.losses.serialize(theirs))
    assert type(back) is type(ours)
    assert back.get_config() == theirs.get_config()
    # Its `losses.deserialize` does not know the generalized cross-entropy.
    there = real.saving.deserialize_keras_object(losses.serialize(ours))
    assert type(there) is type(theirs)
    assert there.get_config() == theirs.get_config()
    assert there._fn_kwargs == theirs._fn_kwargs


def test_ctc_has_a_config():
    assert losses.serialize(losses.CTC()) == real.losses.serialize(real.losses.CTC())
    assert type(losses.deserialize(real.losses.serialize(real.losses.CTC(reduction="sum")))) is losses.CTC


def test_every_class_and_function_is_here_with_the_same_signature():
    classes = set()
    for name, found in vars(real.losses).items():
        if not inspect.isclass(found) and not inspect.isfunction(found):
            continue
        ours = getattr(losses, name)
        theirs = [(p.name, p.default) for p in inspect.signature(found).parameters.values()]
        if name not in ("get", "serialize", "deserialize"):
            assert [(p.name, p.default) for p in inspect.signature(ours).parameters.values()] == theirs, name
        if inspect.isclass(found) and found is not real.losses.Loss:
            classes.add(name)
    assert classes == set(names) | OTHERS


def test_every_name_of_keras_means_the_same(keras):
    for name, found in keras.src.losses.ALL_OBJECTS_DICT.items():
        if name != "LossFunctionWrapper":
            assert getattr(losses.get(name), "__name__", type(losses.get(name)).__name__) == found.__name__
    for name in names.keys() | OTHERS:
        name = registry.snake_case(name)
        function = getattr(losses, name)
        written = keras.losses.serialize(getattr(keras.losses, name))
        assert losses.get(name) is losses.get(losses.serialize(function)) is losses.get(written) is function


@pytest.mark.parametrize("name", ["crossentropy", "ce", "mse", "binary_crossentropy", "MeanSquaredError"])
@pytest.mark.parametrize("shapes", [((6,), (6, 1)), ((6, 1), (6, 1)), ((6,), (6, 4)), ((6, 1), (6, 4)), ((6, 4), (6, 4))])
def test_resolved_as_compile_does(keras, name, shapes):
    ours = losses.resolve(name, *shapes)
    theirs = keras.src.trainers.compile_utils.get_loss(name, np.zeros(shapes[0]), np.zeros(shapes[1]))
    assert ours.name == theirs.name
    assert ours.fn.__name__ == theirs.fn.__name__


@pytest.mark.parametrize("bad", ["", "mean_squared", 5, object()])
def test_what_both_refuse(keras, bad):
    for library in (losses, keras.losses):
        with pytest.raises(ValueError, match="loss"):
            library.get(bad)
