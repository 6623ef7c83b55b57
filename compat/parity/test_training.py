"""Training beside Keras: from the same weights, on the same batches, to the same weights, losses and logs."""

import itertools

import numpy as np
import pytest
import torch
from oracle import keras
from recorder import Recorder

import torchkeras_lite as tk

LIBRARIES = (tk, keras)
unused = pytest.mark.filterwarnings("ignore:Gradients do not exist")  # both say so of weights that the loss does not use
GENERATOR = np.random.default_rng(3)
X = GENERATOR.normal(size=(80, 6)).astype("float32")
SCORE = X @ GENERATOR.normal(size=(6, 10)).astype("float32") + 0.3 * GENERATOR.normal(size=(80, 10)).astype("float32")
LABELS = SCORE.argmax(-1)
TARGETS = {
    "regression": SCORE[:, :2],
    "one": SCORE[:, :1],
    "flat": SCORE[:, 0],
    "binary": (SCORE[:, :1] > 0).astype("float32"),
    "sparse": LABELS,
    "one_hot": np.eye(10, dtype="float32")[LABELS],
}


def network(*tail, normalized=False):
    def make(lib):
        layers = lib.layers
        norm = [layers.BatchNormalization(name="norm")] if normalized else []
        ends = [layers.Dense(units, activation=activation, name=f"end{i}") for i, (units, activation) in enumerate(tail)]
        return lib.models.Sequential([lib.Input((6,)), layers.Dense(8, "tanh", name="first"), *norm, *ends], name="net")

    return make


MODELS = {
    "regression": (network((2, None)), "mse", ["mae"]),
    "one": (network((1, None)), "mean_absolute_error", ["mse", "mae"]),
    "flat": (network((1, None)), "mse", ["mse"]),
    "binary": (network((1, "sigmoid")), "binary_crossentropy", ["accuracy"]),
    "sparse": (network((10, "softmax")), "sparse_categorical_crossentropy", ["accuracy"]),
    "one_hot": (network((10, "softmax")), "categorical_crossentropy", ["acc", "categorical_crossentropy"]),
    "normalized": (network((10, "softmax"), normalized=True), "sparse_categorical_crossentropy", ["accuracy"]),
}
OPTIMIZERS = {
    "sgd": (lambda lib: lib.optimizers.SGD(0.05), 1e-5),
    "momentum": (lambda lib: lib.optimizers.SGD(0.02, momentum=0.9, nesterov=True), 1e-5),
    "adam": (lambda lib: lib.optimizers.Adam(0.01), 1e-4),
}


def target(name):
    return TARGETS[{"normalized": "sparse"}.get(name, name)]


def pair(make, x=X):
    """The model of `make` in both libraries, with the same weights."""
    made = [make(lib) for lib in LIBRARIES]
    for model in made:
        if not model.built or not model.weights:
            model(x)
    values = [0.5 * np.random.default_rng(i).normal(size=v.shape) for i, v in enumerate(made[1].weights)]
    values = [abs(value) + 0.5 if "variance" in v.path else value for v, value in zip(made[1].weights, values, strict=True)]
    for model in made:
        model.set_weights(values)
    return made


def compiled(name, optimizer="sgd", **more):
    make, loss, metrics = MODELS[name]
    made = pair(make)
    for lib, model in zip(LIBRARIES, made, strict=True):
        model.compile(OPTIMIZERS[optimizer][0](lib), **{"loss": loss, "metrics": metrics, **more})
    return made


def same_weights(ours, theirs, rtol=1e-5):
    for v, w in zip(ours.weights, theirs.weights, strict=True):
        expected = w.numpy()
        np.testing.assert_allclose(v.numpy(), expected, rtol=rtol, atol=rtol * abs(expected).max(), err_msg=v.path)


def same(ours, theirs, rtol=1e-5, atol=1e-6):
    """The same values in the same structure, of the same types, with the same keys in the same order."""
    assert type(ours) is type(theirs)
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            same(ours[key], theirs[key], rtol, atol)
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            same(one, other, rtol, atol)
    elif isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol, strict=True)
    elif isinstance(theirs, float):
        assert ours == pytest.approx(theirs, rel=rtol, abs=atol)
    else:
        assert ours == theirs


def fitted(made, *args, rtol=1e-5, **kwargs):
    """Fits both, compares histories and weights."""
    kwargs = {"shuffle": False, "verbose": 0, "batch_size": 16, **kwargs}
    ours, theirs = (model.fit(*args, **kwargs) for model in made)
    assert ours.epoch == theirs.epoch
    assert ours.params == theirs.params
    same(ours.history, theirs.history, rtol=max(rtol, 1e-5))
    same_weights(*made, rtol=rtol)
    return ours.history


# ---------------------------------------------------------------- twenty steps


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", MODELS)
def test_twenty_steps_of_fit(name, optimizer):
    made = compiled(name, optimizer)
    history = fitted(made, X, target(name), epochs=4, rtol=OPTIMIZERS[optimizer][1])
    assert history["loss"][-1] < history["loss"][0]
    ours, theirs = made
    assert ours.optimizer.iterations == theirs.optimizer.iterations == 20
    same(ours.predict(X, verbose=0), theirs.predict(X, verbose=0), rtol=1e-3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", MODELS)
def test_twenty_steps_on_batches(name, optimizer):
    made = compiled(name, optimizer)
    y = target(name)
    for step in range(20):
        rows = slice(step % 5 * 16, step % 5 * 16 + 16)
        ours, theirs = (model.train_on_batch(X[rows], y[rows], return_dict=step % 2 == 0) for model in made)
        same(ours, theirs, rtol=OPTIMIZERS[optimizer][1], atol=1e-5)
    same_weights(*made, rtol=OPTIMIZERS[optimizer][1])


@pytest.mark.parametrize("name", MODELS)
def test_the_last_batch_is_smaller(name):
    fitted(compiled(name), X, target(name), epochs=2, batch_size=33)


# ---------------------------------------------------------------- what comes back


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("metrics", [None, "default"])
def test_results(name, metrics):
    made = compiled(name, **({"metrics": None} if metrics is None else {}))
    y = target(name)
    for return_dict in (False, True):
        same(*(model.evaluate(X, y, batch_size=30, verbose=0, return_dict=return_dict) for model in made))
        same(*(model.test_on_batch(X, y, return_dict=return_dict) for model in made))
        same(*(model.test_on_batch(X, y, sample_weight=abs(SCORE[:, 0]), return_dict=return_dict) for model in made))
    same(*(model.predict(X, batch_size=30, verbose=0) for model in made))
    same(*(model.predict(X[:1], verbose=0) for model in made))
    same(*(model.predict(X, batch_size=30, verbose=0, steps=2) for model in made))
    same(*(model.predict_on_batch(X) for model in made))
    same(*(model.metrics_names for model in made))
    same(*(model.evaluate(X, y, batch_size=30, verbose=0, steps=2) for model in made))
    same(*(model.train_on_batch(X, y) for model in made))
    same(*(model.train_on_batch(X, y, return_dict=True) for model in made))


# ---------------------------------------------------------------- data


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    "kwargs",
    [
        {"validation_split": 0.25},
        {"validation_data": (X[:20], None)},
        {"validation_split": 0.25, "validation_batch_size": 3},
        {"validation_split": 0.3, "validation_freq": 2, "epochs": 3},
        {"validation_split": 0.3, "validation_freq": [1, 3], "epochs": 3},
        {"sample_weight": abs(SCORE[:, 0])},
        {"sample_weight": abs(SCORE[:, 0]), "validation_split": 0.25},
        {"validation_data": (X[:20], None, abs(SCORE[:20, 1]))},
        {"epochs": 5, "initial_epoch": 3},
        {"epochs": 2, "initial_epoch": 2},
        {"epochs": 0},
    ],
    ids=lambda kwargs: "-".join(f"{k}={v}" if isinstance(v, (int, float, list)) else k for k, v in kwargs.items()),
)
def test_arguments_of_fit(name, kwargs):
    y = target(name)
    if "validation_data" in kwargs:
        x, _, *weights = kwargs["validation_data"]
        kwargs = {"validation_data": (x, y[:20], *weights)}
    fitted(compiled(name), X, y, **{"epochs": 2, **kwargs})


@pytest.mark.parametrize("name", ["binary", "sparse", "one_hot", "normalized"])
def test_class_weights(name):
    weights = {label: 0.5 + label for label in range(2 if name == "binary" else 10)}
    fitted(compiled(name, weighted_metrics=["accuracy"]), X, target(name), class_weight=weights, epochs=2)
    made = compiled(name)
    same(*(model.train_on_batch(X, target(name), class_weight=weights) for model in made))
    same_weights(*made)


@pytest.mark.parametrize("name", MODELS)
def test_weighted_metrics(name):
    metrics = {"one": ["mse"], "flat": ["mae"], "regression": ["mse"]}.get(name, ["accuracy"])
    made = compiled(name, metrics=metrics, weighted_metrics=metrics)
    fitted(made, X, target(name), sample_weight=abs(SCORE[:, 0]), validation_split=0.2, epochs=2)
    arguments = {"sample_weight": abs(SCORE[:, 1]), "verbose": 0}
    for return_dict in (True, False):
        same(*(model.evaluate(X, target(name), return_dict=return_dict, **arguments) for model in made))


@pytest.mark.parametrize(
    "convert",
    [torch.tensor, np.float64, np.asfortranarray, lambda a: a[::-1].copy()[::-1], lambda a: a.tolist()],
    ids=["tensor", "float64", "fortran", "reversed", "list"],
)
def test_kinds_of_arrays(convert):
    ours, theirs = compiled("regression")
    ours.fit(convert(X), convert(TARGETS["regression"]), shuffle=False, verbose=0, batch_size=16)
    theirs.fit(X, TARGETS["regression"], shuffle=False, verbose=0, batch_size=16)
    same_weights(ours, theirs)


@pytest.mark.parametrize("kind", ["generator", "loader", "sequence"])
def test_batches_from_elsewhere(kind):
    y = LABELS

    def source(lib):
        batches = [(X[i : i + 16], y[i : i + 16]) for i in range(0, 80, 16)]
        if kind == "generator":
            return (batches[i % 5] for i in range(15))
        if kind == "loader":
            return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(y)), batch_size=16)
        base = keras.utils.PyDataset if lib is keras else object
        methods = {"__len__": lambda self: 5, "__getitem__": lambda self, i: batches[i]}
        return type("Batches", (base,), methods)()

    made = compiled("sparse")
    arguments = {"epochs": 3, "verbose": 0, "shuffle": False, **({"steps_per_epoch": 5} if kind == "generator" else {})}
    ours, theirs = (model.fit(source(lib), **arguments) for lib, model in zip(LIBRARIES, made, strict=True))
    same(ours.history, theirs.history)
    same_weights(*made)


# ---------------------------------------------------------------- metrics


@pytest.mark.parametrize(
    ("name", "metrics"),
    [
        ("binary", lambda lib: ["accuracy", "acc", "binary_accuracy", "BinaryAccuracy", lib.metrics.BinaryAccuracy()]),
        ("binary", lambda lib: ["bce", "binary_crossentropy", lib.metrics.BinaryCrossentropy()]),
        ("sparse", lambda lib: ["acc", "sparse_categorical_accuracy", lib.metrics.SparseCategoricalAccuracy("my")]),
        ("one_hot", lambda lib: ["accuracy", "categorical_accuracy", lib.metrics.categorical_crossentropy]),
        ("regression", lambda lib: ["mse", "MSE", "mean_squared_error", lib.metrics.MeanSquaredError(name="own")]),
        ("regression", lambda lib: ["mae", lib.losses.mean_absolute_error, lib.metrics.RootMeanSquaredError(), "accuracy"]),
        ("one", lambda lib: [["mse", "mae"]]),
        ("one", lambda lib: ["mse", "mse"]),
        ("one", lambda lib: [shifted, lambda t, p: abs(t - p)]),
    ],
)
def test_metrics_of_every_spelling(name, metrics):
    make, loss, _ = MODELS[name]
    made = pair(make)
    for lib, model in zip(LIBRARIES, made, strict=True):
        model.compile("sgd", loss, metrics=metrics(lib))
    fitted(made, X, target(name), epochs=2, validation_split=0.2)
    same(*(model.evaluate(X, target(name), verbose=0, return_dict=True) for model in made))
    same(*(model.evaluate(X, target(name), verbose=0) for model in made))
    same(*(model.metrics_names for model in made))
    same(*([metric.name for metric in model.metrics] for model in made))


def shifted(y_true, y_pred):
    return abs(y_true - y_pred).mean(-1) + 1


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("regression", lambda lib: lib.losses.MeanSquaredError()),
        ("regression", lambda lib: lib.losses.MeanSquaredError(reduction="sum")),
        ("regression", lambda lib: lib.losses.mean_absolute_error),
        ("regression", lambda lib: shifted),
        ("regression", lambda lib: ["mse"]),
        ("one_hot", lambda lib: lib.losses.CategoricalCrossentropy(label_smoothing=0.1)),
        ("one_hot", lambda lib: "crossentropy"),
        ("sparse", lambda lib: "ce"),
        ("binary", lambda lib: lib.losses.BinaryCrossentropy(label_smoothing=0.2)),
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_of_every_spelling(name, loss, weighted):
    make, _, metrics = MODELS[name]
    made = pair(make)
    for lib, model in zip(LIBRARIES, made, strict=True):
        model.compile("sgd", loss(lib), metrics=metrics, loss_weights=[0.5] if weighted else None)
    fitted(made, X, target(name), epochs=2)


# ---------------------------------------------------------------- several outputs


def several(structure):
    def make(lib):
        class Several(lib.models.Model):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.body = lib.layers.Dense(5, "tanh", name="body")
                self.left = lib.layers.Dense(2, name="left")
                self.right = lib.layers.Dense(1, "sigmoid", name="right")

            def call(self, x):
                x = self.body(x)
                left, right = self.left(x), self.right(x)
                return {"dict": {"b": left, "a": right}, "list": [left, right], "tuple": (left, right)}[structure]

        return Several(name="net")

    return make


def parts(structure, left, right):
    return {"dict": {"b": left, "a": right}, "list": [left, right], "tuple": (left, right)}[structure]


@unused
@pytest.mark.parametrize("structure", ["dict", "list", "tuple"])
@pytest.mark.parametrize(
    "options",
    [
        {"loss": "one"},
        {"loss": "each"},
        {"loss": "each", "loss_weights": True},
        {"loss": "each", "metrics": True},
        {"loss": "each", "metrics": True, "weighted_metrics": True},
        {"loss": "one", "metrics": True},
        {"loss": "some"},
    ],
    ids=str,
)
def test_several_outputs(structure, options):
    y = parts(structure, TARGETS["regression"], TARGETS["binary"])
    loss = {
        "one": "mse",
        "each": parts(structure, "mse", "binary_crossentropy"),
        "some": parts(structure, "mse", None),
    }[options["loss"]]
    arguments = {"loss": loss}
    if "loss_weights" in options:
        arguments["loss_weights"] = parts(structure, 0.5, 2.0)
    for name in ("metrics", "weighted_metrics"):
        if name in options:
            arguments[name] = parts(structure, ["mse", "mae"], ["accuracy"])
    made = pair(several(structure))
    for model in made:
        model.compile("sgd", **arguments)
    fitted(made, X, y, epochs=2)
    fitted(made, X, y, epochs=2, sample_weight=abs(SCORE[:, 0]))
    fitted(made, X, y, validation_data=(X[:20], parts(structure, y_left(y)[:20], y_right(y)[:20])))
    for return_dict in (False, True):
        same(*(model.evaluate(X, y, verbose=0, return_dict=return_dict) for model in made))
        same(*(model.test_on_batch(X, y, return_dict=return_dict) for model in made))
    same(*(model.predict(X, verbose=0) for model in made))
    same(*(model.predict_on_batch(X) for model in made))


def y_left(y):
    return y["b"] if isinstance(y, dict) else y[0]


def y_right(y):
    return y["a"] if isinstance(y, dict) else y[1]


@pytest.mark.parametrize("structure", ["dict", "list"])
def test_several_inputs(structure):
    def make(lib):
        class Wide(lib.models.Model):
            def __init__(self):
                super().__init__(name="wide")
                self.one, self.two = lib.layers.Dense(4, name="one"), lib.layers.Dense(4, name="two")
                self.head = lib.layers.Dense(2, name="head")

            def call(self, inputs):
                a, b = (inputs["a"], inputs["b"]) if structure == "dict" else inputs
                return self.head(self.one(a) * self.two(b))

        return Wide()

    x = {"a": X, "b": X[:, :3]} if structure == "dict" else [X, X[:, :3]]
    made = pair(make, x)
    for model in made:
        model.compile("adam", "mse", metrics=["mae"])
    fitted(made, x, TARGETS["regression"], epochs=2, validation_split=0.2, rtol=1e-4)
    same(*(model.evaluate(x, TARGETS["regression"], verbose=0) for model in made), rtol=1e-4)
    same(*(model.predict(x, verbose=0) for model in made), rtol=1e-3)


# ---------------------------------------------------------------- penalties and constraints


def penalized(lib):
    layers, regularizers = lib.layers, lib.regularizers

    class Penalty(layers.Layer):
        def call(self, x):
            self.add_loss(0.01 * (x**2).mean())
            return x

    return lib.models.Sequential(
        [
            lib.Input((6,)),
            layers.Dense(5, "tanh", kernel_regularizer=regularizers.L1(0.01), name="first"),
            Penalty(name="penalty"),
            layers.Dense(4, "relu", bias_regularizer=regularizers.L2(0.1), activity_regularizer="l2", name="mid"),
            layers.BatchNormalization(gamma_regularizer=regularizers.L1L2(0.01, 0.02), name="norm"),
            layers.Dense(2, name="last"),
        ],
        name="net",
    )


def test_penalties():
    made = pair(penalized)
    for model in made:
        model.compile("sgd", "mse", metrics=["mse"])
    fitted(made, X, TARGETS["regression"], epochs=4, validation_split=0.2)
    same(*(model.evaluate(X, TARGETS["regression"], verbose=0) for model in made))
    made = pair(penalized)
    for training in (True, False):
        for model in made:
            model(X, training=training)
        found, wanted = ([float(loss.detach()) for loss in model.losses] for model in made)
        assert len(found) == len(wanted) == 5
        np.testing.assert_allclose(sorted(found), sorted(wanted), rtol=1e-5)


@unused
def test_a_penalty_is_the_only_loss():
    made = pair(penalized)
    for model in made:
        model.compile("sgd")
    fitted(made, X, epochs=2)
    same(*(model.evaluate(X, verbose=0) for model in made))
    same(*(model.train_on_batch(X) for model in made))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_constraints(optimizer):
    def make(lib):
        constraints = lib.constraints
        return lib.models.Sequential(
            [
                lib.Input((6,)),
                lib.layers.Dense(5, "tanh", kernel_constraint=constraints.MaxNorm(0.5), name="first"),
                lib.layers.Dense(4, bias_constraint="non_neg", kernel_constraint=constraints.UnitNorm(axis=1), name="mid"),
                lib.layers.Dense(2, kernel_constraint=constraints.MinMaxNorm(0.2, 0.8, rate=0.9), name="last"),
            ]
        )

    made = pair(make)
    for lib, model in zip(LIBRARIES, made, strict=True):
        model.compile(OPTIMIZERS[optimizer][0](lib), "mse")
    fitted(made, X, TARGETS["regression"], epochs=4, rtol=1e-4)
    assert (np.linalg.norm(made[0].get_weights()[0], axis=0) <= 0.5 + 1e-6).all()


def test_frozen_layers():
    made = compiled("normalized")
    for layer in ("first", "norm"):
        for lib, model in zip(LIBRARIES, made, strict=True):
            model.get_layer(layer).trainable = False
            model.compile(lib.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
        kept = made[0].get_layer(layer).get_weights()
        fitted(made, X, LABELS, epochs=2)
        np.testing.assert_equal(made[0].get_layer(layer).get_weights(), kept)
    for lib, model in zip(LIBRARIES, made, strict=True):
        model.trainable = True
        model.compile(lib.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    fitted(made, X, LABELS, epochs=2)
    assert (made[0].get_layer("first").get_weights()[0] != 0).all()


# ---------------------------------------------------------------- callbacks


@pytest.mark.parametrize("stop_after", [None, 6, 14])
@pytest.mark.parametrize("validation_split", [0, 0.2])
def test_what_callbacks_are_told(stop_after, validation_split):
    made = compiled("sparse")
    told = []
    for lib, model in zip(LIBRARIES, made, strict=True):
        recorder = Recorder(lib, stop_after)
        arguments = {"batch_size": 16, "shuffle": False, "verbose": 0, "callbacks": [recorder.callback]}
        model.fit(X, LABELS, epochs=2, validation_split=validation_split, **arguments)
        del arguments["shuffle"]
        model.evaluate(X, LABELS, **arguments)
        model.predict(X, **arguments)
        told.append(recorder.told)
    assert [(name, numbers, list(logs)) for name, numbers, logs in told[0]] == [
        (name, numbers, list(logs)) for name, numbers, logs in told[1]
    ]
    for (_, _, ours), (_, _, theirs) in zip(*told, strict=True):
        for key in ours:
            np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["evaluate", "predict"])
def test_stopping_evaluation_and_prediction(kind):
    seen = []
    for lib, model in zip(LIBRARIES, compiled("regression"), strict=True):
        batches = []

        class Stop(lib.callbacks.Callback):
            def on_test_batch_end(self, batch, logs=None):
                batches.append(batch)  # noqa: B023
                self.model.stop_evaluating = batch == 1

            def on_predict_batch_end(self, batch, logs=None):
                batches.append(batch)  # noqa: B023
                self.model.stop_predicting = batch == 1

        data = (X, TARGETS["regression"]) if kind == "evaluate" else (X,)
        result = getattr(model, kind)(*data, batch_size=16, verbose=0, callbacks=[Stop()])
        seen.append((batches, result))
    same(*seen)


# ---------------------------------------------------------------- steps of one's own


def with_torch_step(lib):
    class Own(lib.models.Model):
        def __init__(self):
            super().__init__(name="own")
            self.body = lib.layers.Dense(5, "tanh", name="body")
            self.norm = lib.layers.BatchNormalization(name="norm")
            self.head = lib.layers.Dense(2, name="head")

        def call(self, x, training=None):
            return self.head(self.norm(self.body(x), training=training))

    class Stepping(Own):
        def train_step(self, data):
            x, y = data[:2]
            self.zero_grad()
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
            loss.backward()
            gradients = [v.value.grad for v in self.trainable_weights]
            with torch.no_grad():
                self.optimizer.apply(gradients, self.trainable_weights)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {metric.name: metric.result() for metric in self.metrics}

    return Own, Stepping


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_in_the_style_of_the_torch_guide(optimizer):
    made = [*pair(lambda lib: with_torch_step(lib)[1]()), pair(lambda lib: with_torch_step(lib)[0]())[0]]
    histories = []
    for lib, model in zip((tk, keras, tk), made, strict=True):
        model.compile(OPTIMIZERS[optimizer][0](lib), "mse", metrics=["mae"])
        histories.append(model.fit(X, TARGETS["regression"], epochs=4, batch_size=16, shuffle=False, verbose=0))
    rtol = OPTIMIZERS[optimizer][1]
    for one, other in itertools.pairwise(histories):  # (the order of the keys is that of a nested dict)
        same(dict(sorted(one.history.items())), dict(sorted(other.history.items())), rtol=rtol)
    same_weights(made[0], made[1], rtol=rtol)
    same_weights(made[2], made[1], rtol=rtol)  # and it equals the default step


def test_metrics_and_losses_of_ones_own():
    """The guide's lower-level form: no compile() loss, metrics held by the model."""

    def make(lib):
        class Own(with_torch_step(lib)[0]):
            def __init__(self):
                super().__init__()
                self.loss_tracker = lib.metrics.Mean(name="loss")
                self.mae_metric = lib.metrics.MeanAbsoluteError(name="mae")
                self.loss_fn = lib.losses.MeanSquaredError()

            @property
            def metrics(self):
                return [self.loss_tracker, self.mae_metric]

            def train_step(self, data):
                x, y = data[:2]
                y_pred = self(x, training=True)
                loss = self.loss_fn(y, y_pred)
                self.zero_grad()
                loss.backward()
                with torch.no_grad():
                    self.optimizer.apply([v.value.grad for v in self.trainable_weights], self.trainable_weights)
                self.loss_tracker.update_state(loss)
                self.mae_metric.update_state(y, y_pred)
                return {"loss": self.loss_tracker.result(), "mae": self.mae_metric.result()}

            def test_step(self, data):
                x, y = data[:2]
                y_pred = self(x, training=False)
                self.loss_tracker.update_state(self.loss_fn(y, y_pred))
                return {"loss": self.loss_tracker.result()}

        return Own()

    made = pair(make)
    for lib, model in zip(LIBRARIES, made, strict=True):
        model.compile(lib.optimizers.Adam(0.01))
    fitted(made, X, TARGETS["regression"], epochs=4, validation_split=0.2, rtol=1e-4)
    same(*(model.evaluate(X, TARGETS["regression"], verbose=0, return_dict=True) for model in made), rtol=1e-4)


def test_compute_loss_of_ones_own():
    def make(lib):
        class Own(with_torch_step(lib)[0]):
            def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
                return ((y_pred - y) ** 2).mean() + sum(self.losses) + 1.0

        return Own()

    made = pair(make)
    for model in made:
        model.compile("sgd")
    fitted(made, X, TARGETS["regression"], epochs=2, validation_split=0.2)
