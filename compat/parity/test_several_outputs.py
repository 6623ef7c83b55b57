"""What `compile` and `fit` take for several outputs, in every way of writing it, beside Keras: histories and results."""

import numpy as np
import pytest
from oracle import keras

import torchkeras_lite as tk

X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
VALUES, CLASSES = X.sum(1, keepdims=True), (X.sum(1) > 0).astype("int64")
RISING, EVEN = np.arange(20.0), np.ones(20)
STEPS = X[:, :, None] * np.arange(1, 4, dtype="float32")  # (20, 4, 3)
LOSSES = {"value": "mse", "kind": "sparse_categorical_crossentropy"}
unused = pytest.mark.filterwarnings("ignore:Gradients do not exist")


def network(lib, structure):
    lib.utils.set_random_seed(0)
    entry = lib.Input((4,), name="entry")
    hidden = lib.layers.Dense(3, "tanh", name="hidden")(entry)
    value, kind = lib.layers.Dense(1, name="value")(hidden), lib.layers.Dense(2, "softmax", name="kind")(hidden)
    return lib.Model(entry, {"value": value, "kind": kind} if structure == "dict" else [value, kind])


def pair(structure):
    made = [network(lib, structure) for lib in (tk, keras)]
    made[0].set_weights(made[1].get_weights())
    return made


def same(ours, theirs):
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        ours, theirs = list(ours.values()), list(theirs.values())
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def compare(structure, y=None, sample_weight=None, **arguments):
    made = pair(structure)
    if y is None:
        y = {"value": VALUES, "kind": CLASSES} if structure == "dict" else [VALUES, CLASSES]
    histories = []
    for model in made:
        model.compile("sgd", **arguments)
        more = {} if sample_weight is None else {"sample_weight": sample_weight}
        histories.append(model.fit(X, y, batch_size=8, epochs=3, shuffle=False, verbose=0, **more).history)
    same(*histories)
    for return_dict in (True, False):
        same(*(model.evaluate(X, y, batch_size=8, verbose=0, return_dict=return_dict, **more) for model in made))
    assert made[0].metrics_names == made[1].metrics_names
    return histories[0]


METRICS = {
    "a list": ["mae", "acc"],
    "a list, one nested": ["mae", ["accuracy", "sparse_categorical_crossentropy"]],
    "nested lists": [["mae", "mse"], ["acc"]],
    "an empty one": [[], ["acc"]],
    "none": [None, ["acc"]],
    "names": {"value": "mae", "kind": ["acc"]},
    "names, one only": {"kind": "acc"},
    "names, an empty one": {"value": ["mae"], "kind": []},
}


@pytest.mark.parametrize("structure", ["list", "dict"])
@pytest.mark.parametrize("form", METRICS)
@pytest.mark.parametrize("weighted", [False, True])
def test_metrics(structure, form, weighted):
    given = METRICS[form]
    if structure == "dict" and not isinstance(given, dict):
        given = dict(zip(("value", "kind"), given, strict=True))
    loss = LOSSES if structure == "dict" else list(LOSSES.values())
    history = compare(
        structure,
        loss=loss,
        sample_weight=RISING if weighted else None,
        **{"weighted_metrics" if weighted else "metrics": given},
    )
    assert len(history) > 3


@unused
@pytest.mark.parametrize("structure", ["list", "dict"])
@pytest.mark.parametrize("weights", [None, [1.0, 0.5], {"value": 2.0, "kind": 0.5}])
@pytest.mark.parametrize("form", ["names", "list", "none"])
def test_losses_and_their_weights(structure, weights, form):
    if form != "names" and isinstance(weights, dict):
        pytest.skip("Keras wants losses and their weights written the same way")
    loss = {"names": LOSSES, "list": list(LOSSES.values()), "none": ["mse", None]}[form]
    if structure == "dict" and isinstance(weights, list):
        weights = {"kind": 0.25}  # (which Keras does not take) the rest weighs one
        ours = network(tk, "dict")
        ours.compile("sgd", LOSSES, loss_weights=weights)
        results = ours.evaluate(X, {"value": VALUES, "kind": CLASSES}, verbose=0, return_dict=True)
        assert results["loss"] == pytest.approx(results["value_loss"] + 0.25 * results["kind_loss"], rel=1e-5)
        return
    if structure == "dict" and form != "names":
        loss = dict(zip(("value", "kind"), loss, strict=True))
    compare(structure, loss=loss, loss_weights=weights)


WEIGHTS = {
    "one for all": {"list": RISING, "dict": RISING},
    "one for each": {"list": [RISING, EVEN * 2], "dict": {"value": RISING, "kind": EVEN * 2}},
    "none for one": {"list": [RISING, None]},
}


@pytest.mark.parametrize(("structure", "form"), [(s, form) for form, row in WEIGHTS.items() for s in row])
def test_sample_weights_by_output(structure, form):
    loss = LOSSES if structure == "dict" else list(LOSSES.values())
    metrics = {"value": "mae", "kind": "acc"}
    compare(structure, loss=loss, weighted_metrics=metrics, sample_weight=WEIGHTS[form][structure])
    made = pair(structure)
    y = {"value": VALUES, "kind": CLASSES} if structure == "dict" else [VALUES, CLASSES]
    weights = WEIGHTS[form][structure]
    batches = [(X[i : i + 8], cut(y, i), cut(weights, i)) for i in (0, 8, 16)]
    found = []
    for model in made[:1] if form == "none for one" else made:  # Keras takes no None in a batch of a generator
        model.compile("sgd", loss, weighted_metrics=metrics)
        found.append(model.fit((batch for batch in batches), verbose=0, shuffle=False, steps_per_epoch=3).history)
    same(found[0], found[-1])


def cut(parts, i):
    if isinstance(parts, dict):
        return {name: cut(part, i) for name, part in parts.items()}
    return [cut(part, i) for part in parts] if isinstance(parts, list) else parts[i : i + 8] if parts is not None else None


@pytest.mark.parametrize("loss", ["mse", "sparse_categorical_crossentropy"])
@pytest.mark.parametrize("weights", ["temporal", "of rows"])
def test_weights_of_time_steps(loss, weights):
    histories = []
    weights = np.arange(80.0).reshape(20, 4) / 40 if weights == "temporal" else RISING / 10
    y = STEPS.sum(-1, keepdims=True) if loss == "mse" else (STEPS.sum(-1) > 0).astype("int64")
    initial = None
    for lib in (tk, keras):
        head = lib.layers.Dense(1, kernel_initializer="ones") if loss == "mse" else lib.layers.Dense(2, "softmax")
        model = lib.Sequential([lib.Input((4, 3)), lib.layers.Dense(3, "tanh"), head])
        initial = initial or model.get_weights()
        model.set_weights(initial)
        model.compile("sgd", loss, weighted_metrics=["mae" if loss == "mse" else "acc"])
        given = weights if lib is tk or weights.ndim == 2 else np.repeat(weights[:, None], 4, 1)  # which Keras wants spread
        histories.append(
            model.fit(STEPS, y, sample_weight=given, batch_size=8, epochs=3, shuffle=False, verbose=0).history
        )
    same(*histories)


def test_class_weights_by_output():
    """Keras 1 and 2 took them; today's Keras does not, so sample weights say what they mean."""
    model = network(tk, "list")
    model.compile("sgd", list(LOSSES.values()), weighted_metrics={"kind": "acc"})
    y = {"value": VALUES, "kind": CLASSES}
    start = model.get_weights()
    found = model.fit(X, y, class_weight={"kind": {0: 1.0, 1: 3.0}}, batch_size=8, epochs=2, shuffle=False, verbose=0).history
    model.set_weights(start)
    weights = {"kind": np.where(CLASSES == 1, 3.0, 1.0)}
    same(model.fit(X, y, sample_weight=weights, batch_size=8, epochs=2, shuffle=False, verbose=0).history, found)
    model.set_weights(start)
    both = model.evaluate(X, y, sample_weight={"kind": weights["kind"] * RISING}, verbose=0)
    model.set_weights(start)
    model.optimizer.learning_rate = 0.0
    again = model.fit(
        X, y, class_weight={"kind": {1: 3.0}}, sample_weight={"kind": RISING}, batch_size=20, shuffle=False, verbose=0
    ).history
    np.testing.assert_allclose(again["loss"][0], both[0], rtol=1e-5)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1.0, 2.0], r"dict\(enumerate\(class_weight\)\)"),
        (np.array([1.0, 2.0]), r"dict\(enumerate\(class_weight\)\)"),
        ("balanced", "Received: 'balanced'"),
        ({"a": 1.0}, "dict of numbers"),
        ({0: None}, "dict of numbers"),
        ({"kind": {0: 1.0}}, "by the names of outputs needs targets by these names"),
    ],
    ids=str,
)
def test_class_weights_that_cannot_be(weights, words):
    model = tk.Sequential([tk.Input((4,)), tk.layers.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    for call in (model.fit, model.train_on_batch):
        with pytest.raises(ValueError, match=words):
            call(X, CLASSES, class_weight=weights)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"metrics": {"other": "mae"}}, r"`metrics`.* key 'other'.*\['value', 'kind'\]"),
        ({"metrics": [["mae"], ["acc"], ["acc"]]}, "3 entries for 2 outputs"),
        ({"metrics": [{"value": "mae"}, {"kind": "acc"}]}, "metric"),
        ({"loss_weights": [1.0]}, "`loss_weights` must have 2 entries"),
    ],
    ids=str,
)
def test_what_does_not_fit_the_outputs(arguments, words):
    model = network(tk, "list")
    with pytest.raises((ValueError, TypeError), match=words):
        model.compile("sgd", list(LOSSES.values()), **arguments)
        model.fit(X, [VALUES, CLASSES], verbose=0)


@pytest.mark.parametrize(
    ("y", "weights", "words"),
    [
        ([VALUES], None, "`y` must have 2 entries"),
        (VALUES, None, "`y` must have 2 entries"),
        ([VALUES, None], None, r"`y\[1\]` is None"),
        ({"value": VALUES, "other": CLASSES}, None, "key 'other'"),
        ([VALUES, CLASSES], [RISING], "`sample_weight` must have 2 entries"),
        ([VALUES, CLASSES], {"other": RISING}, "key 'other'"),
    ],
)
def test_targets_that_do_not_fit_the_outputs(y, weights, words):
    model = network(tk, "list")
    model.compile("sgd", list(LOSSES.values()))
    with pytest.raises(ValueError, match=words):
        model.fit(X, y, sample_weight=weights, verbose=0)
    model.fit(X, [VALUES, CLASSES], verbose=0)
