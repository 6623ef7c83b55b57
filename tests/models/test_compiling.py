"""What `compile()` keeps, says again as plain data, and lets one compute by hand."""

import json

import numpy as np
import pytest

import torchkeras_lite as keras
from torchkeras_lite import layers

X = np.random.default_rng(0).normal(size=(24, 4)).astype("float32")
LABELS = (X.sum(1) > 0).astype("int64")


def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((4,)), layers.Dense(5, "tanh"), layers.Dense(2, "softmax")])


def test_compiling_again_keeps_the_weights_and_begins_a_new_optimizer():
    made = model()
    made.compile("adam", "sparse_categorical_crossentropy", metrics=["acc"])
    made.fit(X, LABELS, epochs=2, verbose=0)
    kept, first = made.get_weights(), made.optimizer
    made.compile("sgd", "sparse_categorical_crossentropy")
    for now, before in zip(made.get_weights(), kept, strict=True):
        np.testing.assert_array_equal(now, before)
    assert made.optimizer is not first and made.optimizer.iterations == 0
    assert list(made.fit(X, LABELS, verbose=0).history) == ["loss"]


def test_a_compile_that_fails_leaves_what_was():
    made = model()
    made.compile("adam", "sparse_categorical_crossentropy", metrics=["acc"])
    before = made.optimizer
    for arguments in ({"loss": "no such loss"}, {"metrics": ["no such metric"]}, {"optimizer": "none such"}):
        with pytest.raises(ValueError):
            made.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})
    assert made.optimizer is before and set(made.fit(X, LABELS, verbose=0).history) == {"acc", "loss"}


def test_the_arguments_as_plain_data():
    made = model()
    assert made.get_compile_config() == {}
    made.compile(
        keras.optimizers.Adam(0.03), keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy", "mae"][:1],
        weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="w")], steps_per_execution=2, jit_compile=False,
        run_eagerly=True, loss_weights=[0.5],
    )  # fmt: skip
    given = json.loads(json.dumps(made.get_compile_config()))
    other = model()
    other.compile_from_config(given)
    assert other.optimizer.built and float(other.optimizer.learning_rate) == pytest.approx(0.03)
    assert (other.steps_per_execution, other.jit_compile, other.run_eagerly) == (2, False, True)
    settings = {"epochs": 2, "shuffle": False, "verbose": 0, "sample_weight": np.arange(24.0)}
    assert other.fit(X, LABELS, **settings).history == made.fit(X, LABELS, **settings).history


@pytest.mark.parametrize("metrics", ["accuracy", ["accuracy"], [["accuracy"]], ["acc"], "acc"])
def test_accuracy_by_each_of_its_names(metrics):
    made = model()
    made.compile("sgd", "sparse_categorical_crossentropy", metrics=metrics)
    name = "acc" if "acc" in (metrics, metrics[0]) else "accuracy"
    expected = (made.predict(X, verbose=0).argmax(1) == LABELS).mean()
    assert made.evaluate(X, LABELS, verbose=0, return_dict=True)[name] == pytest.approx(expected)


def test_loss_and_metrics_by_hand():
    made = model()
    made.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc"])
    expected = made.evaluate(X, LABELS, verbose=0, return_dict=True)
    made.reset_metrics()
    x, y = keras.ops.convert_to_tensor(X), keras.ops.convert_to_tensor(LABELS)
    predicted = made(x, training=False)
    loss = made.compute_loss(x, y, predicted)
    assert float(loss.detach()) == pytest.approx(expected["loss"], rel=1e-5)
    assert made.compute_metrics(x, y, predicted, None)["acc"] == pytest.approx(expected["acc"])
    loss.backward()
    gradients = [weight.value.grad for weight in made.trainable_weights]
    assert all(gradient is not None for gradient in gradients)


def test_results_on_batches_are_those_of_the_batch():
    made = model()
    made.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy", metrics=["acc"])
    first, second = made.train_on_batch(X[:8], LABELS[:8]), made.train_on_batch(X[8:], LABELS[8:])
    for rows, found in ((slice(0, 8), first), (slice(8, None), second)):
        np.testing.assert_allclose(found, made.evaluate(X[rows], LABELS[rows], verbose=0), rtol=1e-5)
        np.testing.assert_allclose(found, made.test_on_batch(X[rows], LABELS[rows]), rtol=1e-5)


# ---------------------------------------------------------------- layers that come later


class Headed(keras.Model):
    def __init__(self):
        super().__init__()
        self.body, self.head = layers.Dense(3, name="body"), layers.Dense(2, name="head")

    def call(self, x):
        return self.head(self.body(x))


def moved(trained, y=LABELS):
    before = [weight.numpy().copy() for weight in trained.trainable_weights]
    trained.fit(X, y, verbose=0)
    after = [weight.numpy() for weight in trained.trainable_weights]
    return [a.shape != b.shape or np.abs(a - b).max() > 0 for a, b in zip(after, before, strict=True)]


def test_a_new_layer_that_is_not_built_trains_after_compiling_again():
    keras.utils.set_random_seed(0)
    made = Headed()
    made.compile("adam", "sparse_categorical_crossentropy")
    made.fit(X, LABELS, verbose=0)
    made.head = layers.Dense(4, name="new")
    made.compile("adam", "sparse_categorical_crossentropy")
    made.fit(X, LABELS, verbose=0)
    assert [weight.path.rpartition("/")[2] for weight in made.optimizer._trainable_variables] == ["kernel", "bias"] * 2
    assert moved(made) == [True] * 4


def test_a_layer_that_nobody_calls_does_no_harm():
    keras.utils.set_random_seed(0)
    made = Headed()
    made.spare = layers.Dense(7)
    for _ in range(2):
        made.compile("adam", "sparse_categorical_crossentropy")
        made.fit(X, LABELS, verbose=0)
        assert moved(made) == [True] * 4 and not made.spare.built


def test_weights_that_came_after_compile_are_refused():
    """As in Keras. They would stay as they are, and nobody would notice."""
    made = model()
    made.compile("adam", "sparse_categorical_crossentropy")
    made.fit(X, LABELS, verbose=0)
    made.add(layers.Dense(2, "softmax", name="later"))
    with pytest.raises(ValueError, match=r"Unknown variable: .*later/kernel.*`compile\(\)`.*again"):
        made.fit(X, LABELS, verbose=0)
    made.compile(made.optimizer, "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="Unknown variable"):
        made.fit(X, LABELS, verbose=0)
    made.compile("adam", "sparse_categorical_crossentropy")
    assert moved(made) == [True] * 6


def test_steps_of_ones_own_may_train_what_they_like():
    class Stepping(Headed):
        def train_step(self, data):
            return {"loss": keras.ops.convert_to_tensor(0.0)}

    made = Stepping()
    made.compile("adam")
    made.fit(X, LABELS, verbose=0)
    made.other = layers.Dense(2)
    made.other.build((None, 2))
    assert made.fit(X, LABELS, verbose=0).history["loss"] == [0.0]


@pytest.mark.parametrize("penalty", [0.5, 1, np.float32(0.25)])
def test_a_regularizer_that_gives_a_plain_number(penalty):
    layer = layers.Dense(2, kernel_initializer="zeros", kernel_regularizer=lambda _: penalty)
    made = keras.Sequential([keras.Input((4,)), layer])
    made.compile("sgd", "mse")
    for result in (made.evaluate(X, np.ones((24, 2)), verbose=0), made.train_on_batch(X, np.ones((24, 2)))):
        assert result == pytest.approx(1 + penalty)


@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_of_outputs_in_a_list_with_targets_in_a_dict(weighted):
    inputs = layers.Input((3,))
    outputs = [layers.Dense(1, name=name)(inputs) for name in ("zeal", "awe")]  # not in the order of the alphabet
    model = keras.Model(inputs, outputs)
    word = "weighted_metrics" if weighted else "metrics"
    model.compile("sgd", "mse", **{word: {"zeal": ["mae"], "awe": ["mse"]}})
    x = np.arange(12.0, dtype="float32").reshape(4, 3) / 10
    y = {"awe": np.ones((4, 1)), "zeal": np.full((4, 1), -3.0)}
    weights = {"awe": np.array([1.0, 2, 0, 0]), "zeal": np.array([0, 0, 1.0, 3])} if weighted else dict.fromkeys(y, np.ones(4))
    zeal, awe = (part[:, 0] for part in model.predict(x, verbose=0))
    found = model.evaluate(x, y, sample_weight=weights if weighted else None, verbose=0, return_dict=True)
    near = np.testing.assert_allclose
    near(found["zeal_mae"], np.average(abs(zeal + 3), weights=weights["zeal"]), rtol=1e-5)
    near(found["awe_mse"], np.average((awe - 1) ** 2, weights=weights["awe"]), rtol=1e-5)


def test_eager_steps_are_not_compiled():
    model = keras.Sequential([layers.Dense(1)])
    with pytest.warns(UserWarning, match="exclude each other"):
        model.compile("sgd", "mse", run_eagerly=True, jit_compile=True)
    assert model.run_eagerly is True and model.jit_compile is False
    model.compile("sgd", "mse", run_eagerly=True, jit_compile="auto")
    model.compile("sgd", "mse", jit_compile=True)
    assert model.jit_compile is True and model.run_eagerly is False
