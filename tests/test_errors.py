"""Bad input: the error says what is wrong and how to mend it, and the model stays as usable as before."""

import re

import numpy as np
import pytest
import torch

import torchkeras_lite as tk
from torchkeras_lite import callbacks, layers, losses, models, optimizers

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(20, 4)).astype("float32")
Y = GENERATOR.normal(size=(20, 1)).astype("float32")
LABELS = GENERATOR.integers(0, 3, 20)
ONE_HOT = np.eye(3)[LABELS]


def small(units=1, activation=None, loss="mse", **kwargs):
    tk.utils.set_random_seed(0)
    chain = [layers.Dense(3, name="first"), layers.BatchNormalization(), layers.Dense(units, activation, name="last")]
    model = models.Sequential([layers.Input((4,)), *chain], name="small")
    if loss is not None:
        model.compile("sgd", loss, **kwargs)
    return model


def nothing(y_true, y_pred):
    """A loss or metric of somebody who forgot the `return`."""


def classifier(loss="sparse_categorical_crossentropy"):
    return small(3, "softmax", loss)


def state(model):
    """All that a failure must leave as it was. (Moving statistics may have seen the batch on which the loss then failed.)"""
    return {
        "weights": [v.numpy().tolist() for v in model.trainable_weights],
        "training": [module.training for module in model.modules()],
        "requires_grad": [parameter.requires_grad for parameter in model.parameters()],
        "grad": [parameter.grad for parameter in model.parameters()],
        "trainable": [v.path for v in model.trainable_weights],
    }


def still_trains(model, y=None, loss=None):
    """The model can be trained, evaluated and asked; what is not compiled yet is compiled."""
    y = {1: Y, 2: ONE_HOT[:, :2], 3: LABELS}[model.output_shape[-1]] if y is None else y
    if not model.compiled or loss is not None:
        model.compile("sgd", loss or "mse")
    before = model.get_weights()
    history = model.fit(X, y, epochs=2, verbose=0)
    assert history.epoch == [0, 1]
    assert np.isfinite(history.history["loss"]).all()
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    assert np.isfinite(model.evaluate(X, y, verbose=0))
    assert model.predict(X, verbose=0).shape == (20, model.output_shape[-1])


# ---------------------------------------------------------------- what fails before anything is learned

FIT = [
    # shapes
    ("a wrong width", small, (X[:, :3], Y), ValueError, ["'small'", "(None, 4)", "(20, 3)"]),
    ("a wrong rank", small, (X[:, None], Y), ValueError, ["'small'", "(None, 4)", "(20, 1, 4)"]),
    ("no batch axis", small, (X[0], Y[:4]), ValueError, ["'small'", "(4,)", "batch axis is missing", "x[None]", "(1, 4)"]),
    ("wide targets", lambda: small(2), (X, ONE_HOT), ValueError,
     ["mean_squared_error", "(20, 3)", "(20, 2)", "as many units"]),
    # dtypes
    ("objects", small, (np.array([[1, "a"]] * 20, object), Y), ValueError, ["`x`", "dtype=object", "'a'|1", "pad"]),
    ("texts", small, (np.array([["one"] * 4] * 20), Y), ValueError, ["`x`", "<U3", "one", "into integers"]),
    ("texts as targets", small, (X, np.array(["a"] * 20)), ValueError, ["`y`", "<U1", "integers"]),
    ("uneven rows", small, ([[1.0, 2.0], [3.0]], [[1.0], [2.0]]), ValueError, ["`x`", "different lengths", "pad"]),
    ("uneven arrays", small, (np.array([[1], [1, 2]], object), Y[:2]), ValueError, ["`x`", "dtype=object", "pad"]),
    # labels
    ("labels for a one-hot loss", lambda: classifier("categorical_crossentropy"), (X, LABELS), ValueError,
     ["categorical_crossentropy", "(20,)", "(20, 3)", "labels are integers: use sparse_categorical_crossentropy"]),
    ("one-hot rows for a sparse loss", classifier, (X, ONE_HOT), ValueError,
     ["sparse_categorical_crossentropy", "(20, 3)", "labels are one-hot: use categorical_crossentropy"]),
    ("too many classes", lambda: classifier("categorical_crossentropy"), (X, np.eye(4)[LABELS]), ValueError,
     ["categorical_crossentropy", "(20, 4)", "(20, 3)", "as many units as there are classes"]),
    ("a label too large", classifier, (X, LABELS + 1), ValueError, ["label 3", "`y`", "3 units", "[0, 3)", "4 units"]),
    ("a label below 0", classifier, (X, LABELS - 1), ValueError, ["label -1", "`y`", "[0, 3)", "number the classes from 0"]),
    # sizes
    ("no rows", small, (X[:0], Y[:0]), ValueError, ["no data", "'x' sizes: 0"]),
    ("empty lists", small, ([], []), ValueError, ["no data"]),
    ("nothing", small, (None, Y), ValueError, ["no data", "`x` is None"]),
    ("an empty generator", small, (iter([]),), ValueError, ["no data", "`x`", "no batch"]),
    ("a row missing", small, (X, Y[:-1]), ValueError, ["ambiguous", "'x' sizes: 20", "'y' sizes: 19"]),
    ("one number", small, (X, 3.0), ValueError, ["`y`", "float"]),
    ("no targets", small, (X,), ValueError, ["No loss", "`y`"]),
    ("rows missing in a batch", small, (iter([(X, Y[:3])]),), ValueError,
     ["mean_squared_error", "(3, 1)", "(20, 1)", "targets: 3, of predictions: 20", "as many rows in `y` as in `x`"]),
    ("labels missing in a batch", classifier, (iter([(X, LABELS[:3])]),), ValueError, ["targets: 3, of predictions: 20"]),
    ("one-hot labels missing in a batch", lambda: classifier("categorical_crossentropy"), (iter([(X, ONE_HOT[:3])]),),
     ValueError, ["targets: 3, of predictions: 20"]),
    ("binary labels missing in a batch", lambda: small(1, "sigmoid", "binary_crossentropy"), (iter([(X, Y[:3] > 0)]),),
     ValueError, ["targets: 3, of predictions: 20"]),
    ("weights of two outputs", lambda: small(loss_weights=[1.0, 2.0]), (X, Y), ValueError,
     ["one output", "`loss_weights`", "one entry", "2"]),
    ("a loss without a return", lambda: small(loss=nothing), (X, Y), ValueError, ["loss 'nothing'", "None", "`return`"]),
    ("targets twice", small, (iter([(X, Y)]), Y), ValueError, ["`y`", "batches", "list_iterator"]),
]  # fmt: skip


def expect(error, words):
    """Exactly this type, and all these words in the message; `a|b` is either."""
    return pytest.raises(error, check=lambda caught: type(caught) is error and not missing(caught, words))


def missing(caught, words):
    text = re.sub(r"\s+", " ", str(caught))
    return [word for word in words if not any(part in text for part in word.split("|"))]


@pytest.mark.parametrize(("make", "arguments", "error", "words"), [row[1:] for row in FIT], ids=[row[0] for row in FIT])
def test_data_that_does_not_fit(make, arguments, error, words):
    model = make()
    before = state(model)
    with expect(error, words):
        model.fit(*arguments, verbose=0)
    assert state(model) == before
    still_trains(model, loss="sparse_categorical_crossentropy" if model.output_shape[-1] == 3 else "mse")


@pytest.mark.parametrize("call", ["evaluate", "train_on_batch", "test_on_batch"])
@pytest.mark.parametrize(
    ("make", "x", "y", "words"),
    [
        (small, X[:, :3], Y, ["(None, 4)", "(20, 3)"]),
        (small, X, Y[:3], ["'x' sizes: 20", "'y' sizes: 3"]),
        (small, X[:0], Y[:0], ["no data"]),
        (lambda: small(2), X, ONE_HOT, ["(20, 3)", "(20, 2)"]),
        (classifier, X, LABELS + 1, ["label 3", "out of range"]),
        (classifier, X, ONE_HOT, ["one-hot: use categorical_crossentropy"]),
    ],
)
def test_data_that_does_not_fit_elsewhere(call, make, x, y, words):
    model = make()
    before = state(model)
    with expect(ValueError, words):
        getattr(model, call)(x, y, **({"verbose": 0} if call == "evaluate" else {}))
    assert state(model) == before
    still_trains(model)


@pytest.mark.parametrize("call", ["predict", "predict_on_batch"])
@pytest.mark.parametrize(("x", "words"), [(X[:, :3], ["'small'", "(20, 3)"]), (X[:0], ["no data"]), (X[0], ["x[None]"])])
def test_data_that_cannot_be_predicted(call, x, words):
    model = small()
    before = state(model)
    with expect(ValueError, words):
        getattr(model, call)(x, **({"verbose": 0} if call == "predict" else {}))
    assert state(model) == before
    still_trains(model)


@pytest.mark.parametrize(
    ("kwargs", "error", "words"),
    [
        ({"batch_size": 0}, ValueError, ["`batch_size`", "positive integer", "0"]),
        ({"batch_size": -1}, ValueError, ["`batch_size`", "positive integer", "-1"]),
        ({"batch_size": 2.5}, ValueError, ["`batch_size`", "positive integer", "2.5"]),
        ({"batch_size": "32"}, ValueError, ["`batch_size`", "positive integer", "'32'"]),
        ({"batch_size": True}, ValueError, ["`batch_size`", "positive integer", "True"]),
        ({"validation_split": 1.0}, ValueError, ["`validation_split`", "1.0", "20 rows"]),
        ({"validation_split": 0.99}, ValueError, ["`validation_split`", "0.99", "20 rows"]),
        ({"validation_data": (X, Y[:3])}, ValueError, ["'x' sizes: 20", "'y' sizes: 3"]),
        ({"validation_data": (X[:, :2], Y)}, ValueError, ["(None, 4)", "(1, 2)"]),
        ({"validation_data": (X[:0], Y[:0])}, ValueError, ["no data"]),
        ({"validation_data": (X, Y, Y, Y)}, ValueError, ["(x, y, sample_weight)", "4 parts"]),
        *(
            ({"validation_data": (X, Y), "validation_freq": freq}, ValueError, ["`validation_freq`", "1 or more", repr(freq)])
            for freq in (0, -1, 1.5, "1", None)
        ),
        ({"sample_weight": np.ones(3)}, ValueError, ["'sample_weight' sizes: 3", "'x' sizes: 20"]),
        ({"epochs": "three"}, TypeError, ["'str'", "integer"]),
        ({"epochs": 2.5}, TypeError, ["'float'", "integer"]),
        ({"epoch": 3}, TypeError, ["epoch"]),
        ({"callbacks": ["stop"]}, AttributeError, ["`callbacks`", "'stop'", "LambdaCallback"]),
    ],
    ids=str,
)
def test_arguments_of_fit(kwargs, error, words):
    model = small()
    before = state(model)
    with expect(error, words):
        model.fit(X, Y, **{"verbose": 0, **kwargs})
    assert state(model) == before
    still_trains(model)


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "32"])
@pytest.mark.parametrize("call", ["evaluate", "predict"])
def test_batch_sizes_elsewhere(call, batch_size):
    model = small()
    with expect(ValueError, ["`batch_size`", "positive integer", repr(batch_size)]):
        getattr(model, call)(X, *([Y] if call == "evaluate" else []), batch_size=batch_size, verbose=0)


@pytest.mark.parametrize("call", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_not_compiled(call):
    model = small(loss=None)
    before = state(model)
    with expect(ValueError, ["compile()", f"`{call}`", "model.compile(optimizer='adam', loss='mse')"]):
        getattr(model, call)(X, Y)
    assert state(model) == before
    assert model.predict(X, verbose=0).shape == (20, 1)  # needs none
    still_trains(model)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"optimizer": "addam"}, ["optimizer", "'addam'", "Did you mean 'adam'?"]),
        ({"optimizer": 3}, ["optimizer", "3", "int"]),
        ({"loss": "msee"}, ["loss", "'msee'", "Did you mean 'MSE'?"]),
        ({"loss": 3}, ["loss", "3", "int"]),
        ({"loss": "binary_crossentropi"}, ["loss", "Did you mean 'binary_crossentropy'?"]),
        ({"metrics": ["acuracy"]}, ["metric", "'acuracy'", "Did you mean 'accuracy'?"]),
        ({"weighted_metrics": ["maee"]}, ["metric", "'maee'", "Did you mean"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("compiled", [True, False])
def test_unknown_names_in_compile(arguments, words, compiled):
    model = small(loss="mse" if compiled else None)
    optimizer, before = model.optimizer, state(model)
    with expect(ValueError, words):
        model.compile(**{"optimizer": "adam", "loss": "mae", **arguments})
    assert model.compiled is compiled and model.optimizer is optimizer  # as it was, not half-way
    assert state(model) == before
    still_trains(model)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: layers.Dense(3, "rellu"), ValueError, ["activation", "'rellu'", "Did you mean 'relu'?"]),
        (lambda: layers.Activation("rellu"), ValueError, ["activation", "'rellu'", "Did you mean 'relu'?"]),
        (lambda: layers.Dense(3, kernel_initializer="glorot_unifrm"), ValueError, ["initializer", "Did you mean"]),
        (lambda: layers.Dense(3, kernel_regularizer="l3"), ValueError, ["regularizer", "'l3'"]),
        (lambda: layers.Dense(3, kernel_constraint="max"), ValueError, ["constraint", "'max'"]),
        (lambda: layers.Dense(0), ValueError, ["`units`", "positive integer", "0"]),
        (lambda: layers.Dense("three"), ValueError, ["`units`", "positive integer", "'three'"]),
        (lambda: layers.Dense(3, unit=3), ValueError, ["Dense", "unit"]),
        (lambda: layers.Dense(3, name="a/b"), ValueError, ["`name`", "a/b"]),
        (lambda: layers.Dense(3, dtype="float31"), ValueError, ["float31"]),
        (lambda: layers.Dropout(1.5), ValueError, ["`rate`", "1.5", "between 0 and 1"]),
        (lambda: layers.Embedding(0, 3), ValueError, ["`input_dim`", "positive integer", "0"]),
        (lambda: layers.Reshape((-1, -1)), ValueError, ["target_shape", "-1"]),
        (lambda: layers.Reshape((5,))(X), ValueError, ["'mine'|reshape", "(4,)", "(5,)"]),
        (lambda: layers.BatchNormalization(axis=3)(X), ValueError, ["axis=3", "(20, 4)"]),
        (lambda: layers.Input(4), ValueError, ["shape", "Input(shape=(4,))"]),
        (lambda: layers.Input(), ValueError, ["`shape`", "`batch_shape`"]),
        (lambda: optimizers.SGD(lrr=3), ValueError, ["SGD", "'lrr'", "learning_rate"]),
        (lambda: losses.get("msee"), ValueError, ["'msee'", "Did you mean"]),
        (lambda: models.Sequential([3]), ValueError, ["Sequential", "3", "int", "Layer"]),
        (lambda: models.Sequential([layers.Dense(2, name="a"), layers.Dense(2, name="a")]), ValueError, ["'a'", "unique"]),
        (lambda: models.Sequential()(X), ValueError, ["no layers", "add()"]),
        (lambda: small().get_layer("lats"), ValueError, ["'lats'", "first", "Did you mean 'last'?"]),
        (lambda: small().get_layer(), ValueError, ["name", "index"]),
        (lambda: small().set_weights([np.ones(3)]), ValueError, ["'small'", "length 1", "8"]),
        (lambda: layers.Dense(2, name="mine").count_params(), ValueError, ["'mine'", "isn't built", "build("]),
        (lambda: models.Model(1, 2), ValueError, ["`inputs`", "KerasTensors", "inputs=1"]),
    ],
)
def test_what_cannot_be_made(make, error, words):
    with expect(error, words):
        make()


@pytest.mark.parametrize("built", [False, True])
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((), TypeError, ["'mine'", "called on nothing", "'inputs'", "layer(x)"]),
        ((None,), ValueError, ["'mine'", "None", "NoneType", "tensors"]),
        (("text",), ValueError, ["'mine'", "'text'", "tensors"]),
        ((3.0,), ValueError, ["'mine'", "3.0", "float"]),
        (([],), ValueError, ["'mine'"]),
        ((X[0],), ValueError, ["'mine'", "min_ndim=2", "ndim=1"]),
    ],
    ids=str,
)
def test_a_layer_called_on_what_is_no_input(arguments, error, words, built):
    layer = layers.Dense(3, name="mine")
    if built:
        layer(X)
    with expect(error, words):
        layer(*arguments)
    assert layer.built is built
    assert layer(X).shape == (20, 3)
    assert len(layer.weights) == 2


@pytest.mark.parametrize("careful", [False, True])
def test_a_built_layer_called_on_another_width(careful):
    layer = layers.Dense(3, name="mine")
    layer(X)
    with expect(ValueError, ["'mine'", "axis -1", "value 4", "(20, 2)"]):
        layer(X[:, :2] if careful else torch.tensor(X[:, :2]))
    norm = layers.BatchNormalization(name="norm")
    norm(X)
    with expect(ValueError, ["'norm'", "expected ndim=2, found ndim=3"]):
        norm(X[None])


def test_indices_that_an_embedding_does_not_have():
    for bad in (3, -4):
        layer = layers.Embedding(3, 2, name="words")
        with expect(IndexError, ["'words'", f"index {bad}", "input_dim=3", "[0, 3)", "largest index + 1"]):
            layer(np.array([[0, bad]]))
        assert layer(np.array([[0, 2]])).shape == (1, 2, 2)


def test_weights_that_do_not_fit_change_nothing():
    model = small()
    before = state(model)
    wrong = [np.ones_like(weight) for weight in model.get_weights()]
    wrong[-1] = np.ones((2, 2))
    with expect(ValueError, ["'small'", "last/bias", "(1,)", "(2, 2)"]):
        model.set_weights(wrong)
    assert state(model) == before


def test_a_metric_without_a_return():
    model = small(metrics=[nothing])
    with expect(ValueError, ["metric 'nothing'", "None", "`return`"]):
        model.fit(X, Y, verbose=0)
    still_trains(model, loss="mse")


# ---------------------------------------------------------------- NaN in the targets


@pytest.mark.parametrize(
    ("columns", "shape", "words"),
    [
        ([0], (20,), "`y`"),
        ([0], (20, 1), "`y`"),
        ([1], (20, 3), "`y`, column 1"),
        ([0, 2], (20, 3), "`y`, columns [0, 2]"),
    ],
)
def test_targets_with_nan(columns, shape, words):
    y = np.zeros(shape, "float32")
    y.reshape(20, -1)[3, columns] = np.nan
    model = small(shape[1] if len(shape) > 1 else 1)
    with pytest.warns(UserWarning, match=re.escape(words)) as caught:
        model.fit(X, y, verbose=0)
    assert len(caught) == 1 and "fill them in" in str(caught[0].message)
    assert caught[0].filename == __file__  # it points at the call of fit


@pytest.mark.parametrize(("y", "words"), [(LABELS * 1.0, "target 2 in `y`"), (np.sign(Y), "target -1 in `y`")])
def test_targets_that_binary_crossentropy_is_not_about(y, words):
    model = small(1, "sigmoid", "binary_crossentropy")
    with pytest.warns(UserWarning, match=words) as caught:
        model.fit(X, y, verbose=0)
    assert not missing(caught[0].message, ["binary_crossentropy", "0 and 1", "sparse_categorical_crossentropy"])
    still_trains(model, (Y > 0) * 1.0)


def test_targets_without_nan_cause_no_warning():
    small().fit(X, Y, verbose=0)
    small().fit(X, np.full((20, 1), np.inf), verbose=0)
    classifier().fit(X, LABELS, verbose=0)


# ---------------------------------------------------------------- a fit that is cut off


class Cut(callbacks.Callback):
    """Raises at the n-th time that a hook is called."""

    def __init__(self, hook, count, error):
        super().__init__()
        setattr(self, hook, self._hook)
        self.left, self.error = count, error

    def _hook(self, *args, **kwargs):
        self.left -= 1
        if self.left == 0:
            raise self.error("stop here")


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize(
    ("hook", "count", "steps"),
    [
        ("on_train_begin", 1, 0),
        ("on_epoch_begin", 2, 5),
        ("on_train_batch_begin", 4, 3),
        ("on_train_batch_end", 4, 4),
        ("on_test_begin", 1, 5),
        ("on_test_batch_begin", 1, 5),
        ("on_test_batch_end", 2, 5),
        ("on_test_end", 1, 5),
        ("on_epoch_end", 1, 5),
        ("on_train_end", 1, 10),
    ],
)
@pytest.mark.parametrize("mode", [True, False])
def test_an_interrupted_fit(hook, count, steps, error, mode):
    arguments = {"epochs": 2, "batch_size": 4, "shuffle": False, "verbose": 0}
    whole, cut = small(), small()
    for step in range(steps):
        rows = slice(step % 5 * 4, step % 5 * 4 + 4)
        whole.train_on_batch(X[rows], Y[rows])
    cut.train(mode)
    before = state(cut)
    with pytest.raises(error):
        cut.fit(X, Y, validation_data=(X, Y), callbacks=[Cut(hook, count, error)], **arguments)
    after = state(cut)
    for actual, expected in zip(cut.get_weights(), whole.get_weights(), strict=True):  # the weights it had reached
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)
    assert {**after, "weights": None} == {**before, "weights": None}
    assert cut.optimizer.iterations == steps
    assert not torch.is_inference_mode_enabled() and torch.is_grad_enabled()
    still_trains(cut)


@pytest.mark.parametrize("call", ["evaluate", "predict"])
@pytest.mark.parametrize("mode", [True, False])
def test_an_interrupted_evaluation(call, mode):
    model = small()
    model.train(mode)
    before = state(model)
    hook = f"on_{'test' if call == 'evaluate' else 'predict'}_batch_end"
    with pytest.raises(KeyboardInterrupt):
        arguments = {"batch_size": 4, "verbose": 0, "callbacks": [Cut(hook, 2, KeyboardInterrupt)]}
        getattr(model, call)(X, *([Y] if call == "evaluate" else []), **arguments)
    assert state(model) == before
    assert not torch.is_inference_mode_enabled() and torch.is_grad_enabled()
    still_trains(model)


def test_what_was_frozen_after_compile_is_frozen_after_an_interrupt():
    """Inside `fit` such a layer learns, as `compile()` settled; outside it is what the user made it."""
    model = small()
    model.get_layer("first").trainable = False
    before = state(model)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, batch_size=4, verbose=0, callbacks=[Cut("on_train_batch_end", 3, KeyboardInterrupt)])
    after = state(model)
    assert after["weights"] != before["weights"]
    assert {**after, "weights": None} == {**before, "weights": None}
    assert not any(v.trainable for v in model.get_layer("first").weights)


def test_an_error_in_a_layer_names_the_layer():
    class Broken(layers.Layer):
        calls = 0

        def call(self, x):
            Broken.calls += len(x) > 0
            if Broken.calls == 3:
                raise ZeroDivisionError("by my own fault")
            return x

    model = models.Sequential([layers.Input((4,)), Broken(name="broken"), layers.Dense(1)])
    model.compile("sgd", "mse")
    Broken.calls = 0
    before = state(model)
    with pytest.raises(ZeroDivisionError, match="by my own fault") as caught:
        model.fit(X, Y, batch_size=4, verbose=0)
    if hasattr(caught.value, "__notes__"):
        assert any("'broken'" in note and "Broken" in note and "(4, 4)" in note for note in caught.value.__notes__)
    assert {**state(model), "weights": None} == {**before, "weights": None}
    still_trains(model)


def test_an_error_in_the_data():
    def batches():
        yield X[:4], Y[:4]
        yield X[4:8], Y[4:8]
        raise OSError("the disk is gone")

    whole, cut = small(), small()
    for start in (0, 4):
        whole.train_on_batch(X[start : start + 4], Y[start : start + 4])
    with pytest.raises(OSError, match="the disk is gone"):
        cut.fit(batches(), verbose=0)
    for actual, expected in zip(cut.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)
    still_trains(cut)


def test_a_layer_that_does_not_fit_is_not_added():
    model = models.Sequential([layers.Input((4,)), layers.Dense(3)])
    with pytest.raises(ValueError):
        model.add(layers.Reshape((2, 2)))
    assert len(model.layers) == 1 and len(model.weights) == 2
    assert model.output_shape == (None, 3)
    model.add(layers.Dense(1))
    still_trains(model)


def test_a_build_that_fails_leaves_nothing_behind():
    class Unlucky(layers.Layer):
        lucky = False

        def build(self, input_shape):
            self.w = self.add_weight(shape=(input_shape[-1], 1), name="w")
            if not self.lucky:
                raise ValueError("not today")

        def call(self, x):
            return x @ self.w

    layer = Unlucky()
    with pytest.raises(ValueError, match="not today"):
        layer(X)
    assert not layer.built and not layer.weights
    layer.lucky = True
    assert layer(X).shape == (20, 1)
    assert [v.name for v in layer.weights] == ["w"]
    assert len(list(layer.parameters())) == 1
