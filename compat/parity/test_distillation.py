"""Distillation against Keras: the same losses, weights and logs; the same configs; files."""

import json
from contextlib import nullcontext

import numpy as np
import pytest
from oracle import keras as real

import torchkeras_lite as ours

X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
Y = np.random.default_rng(1).uniform(size=(12, 3)).astype("float32")


def model(keras, width):
    entry = keras.Input((4,))
    hidden = keras.layers.Dense(5, "tanh", name="hidden")(keras.layers.Dense(width, "relu")(entry))
    made = keras.Model(entry, keras.layers.Dense(3, "softmax")(hidden))
    rng = np.random.default_rng(width)
    made.set_weights([rng.normal(size=weight.shape) * 0.5 for weight in made.get_weights()])
    return made


LOSSES = {
    "logits": lambda k: k.LogitsDistillation(),
    "divergence": lambda k: k.LogitsDistillation(2.0, (real if k is real.distillation else ours).losses.KLDivergence()),
    "cross-entropy": lambda k: k.LogitsDistillation(4.0, "categorical_crossentropy"),
    "outputs": lambda k: k.FeatureDistillation("mae"),
    "layers": lambda k: k.FeatureDistillation("mse", "hidden", "hidden"),
    "both": lambda k: [k.LogitsDistillation(), k.FeatureDistillation("cosine_similarity", "hidden", "hidden")],
}


def distiller(keras, losses, **settings):
    made = keras.distillation.Distiller(model(keras, 9), model(keras, 6), LOSSES[losses](keras.distillation), **settings)
    return compiled(keras, made)


def compiled(keras, made):
    made.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
    return made


@pytest.mark.filterwarnings("ignore:Gradients do not exist")  # for the layers behind those that are compared
@pytest.mark.parametrize("share", [0.3, 0.0, 1.0])
@pytest.mark.parametrize("losses", LOSSES)
def test_training(losses, share):
    weights = {"distillation_loss_weights": [0.5, 2.0]} if losses == "both" else {}
    pair = [distiller(keras, losses, student_loss_weight=share, **weights) for keras in (ours, real)]
    mine, theirs = (one.fit(X, Y, batch_size=5, epochs=2, shuffle=False, verbose=0).history for one in pair)
    assert mine.keys() == theirs.keys()
    for name in mine:
        np.testing.assert_allclose(mine[name], theirs[name], rtol=1e-4, atol=1e-6, err_msg=name)
    for mine, theirs in zip(*(one.student.get_weights() for one in pair), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)
    mine, theirs = (one.evaluate(X, Y, verbose=0, return_dict=True) for one in pair)
    assert mine == pytest.approx(theirs, rel=1e-4)


@pytest.mark.parametrize("losses", LOSSES)
def test_configs_and_files(losses, tmp_path):
    pair = [distiller(keras, losses) for keras in (ours, real)]
    mine, theirs = (json.loads(json.dumps(one.get_config())) for one in pair)
    for part in ("distillation_loss_weights", "student_loss_weight", "name"):
        assert mine[part] == theirs[part]
    assert [one["class_name"] for one in mine["distillation_losses"]] == [
        one["class_name"] for one in theirs["distillation_losses"]
    ]
    file = tmp_path / "d.keras"
    for one in pair:
        one.fit(X, Y, verbose=0)
        one.save(file)
        with nullcontext() if one is pair[0] else pytest.warns(UserWarning, match="does not know the loss"):
            again = ours.saving.load_model(file)
        assert isinstance(again, ours.distillation.Distiller) and not again.teacher.trainable
        np.testing.assert_allclose(again.predict(X, verbose=0), one.predict(X, verbose=0), rtol=1e-5)
        again = again if again.compiled else compiled(ours, again)
        assert again.evaluate(X, Y, verbose=0)[0] == pytest.approx(one.evaluate(X, Y, verbose=0)[0], rel=1e-5)


def wide(keras):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(7)])


WRONG = {
    "no teacher": lambda k, d: d.Distiller("a model", model(k, 6), d.LogitsDistillation()),
    "other outputs": lambda k, d: d.Distiller(wide(k), model(k, 6), d.LogitsDistillation()),
    "no loss": lambda k, d: d.Distiller(model(k, 6), model(k, 6), None),
    "share": lambda k, d: d.Distiller(model(k, 6), model(k, 6), d.LogitsDistillation(), student_loss_weight=1.5),
    "weights": lambda k, d: d.Distiller(model(k, 6), model(k, 6), [d.LogitsDistillation()], [1.0, 2.0]),
    "unknown layer": lambda k, d: d.Distiller(model(k, 6), model(k, 6), d.FeatureDistillation("mse", "third", "hidden")),
    "temperature": lambda k, d: d.LogitsDistillation(0.0),
    "kind of temperature": lambda k, d: d.LogitsDistillation("warm"),
    "nothing to learn": lambda k, d: d.FeatureDistillation([None, None]),
    "compiled without": lambda k, d: distiller(k, "logits").compile("sgd"),
    "unfit outputs": lambda k, d: d.LogitsDistillation().validate_outputs([1, 2], [1]),
    "base": lambda k, d: d.DistillationLoss().compute_loss(None, None),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_errors_are_of_keras_kind(wrong):
    with pytest.raises((ValueError, NotImplementedError)) as theirs:
        wrong(real, real.distillation)
    with pytest.raises(theirs.type):
        wrong(ours, ours.distillation)


def test_a_loss_of_ones_own_and_subclassed_models():
    class Absolute(ours.distillation.DistillationLoss):
        def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
            return (teacher_outputs - student_outputs).abs().mean()

    class Net(ours.Model):
        def __init__(self, width):
            super().__init__()
            self.inside, self.out = ours.layers.Dense(width), ours.layers.Dense(3)

        def call(self, x):
            return self.out(self.inside(x))

    teacher, student = Net(8), Net(2)
    teacher(X), student(X)
    before = [weight.copy() for weight in teacher.get_weights()]
    made = ours.distillation.Distiller(teacher, student, Absolute(), student_loss_weight=0.0)
    made.compile(ours.optimizers.Adam(0.05), "mse")
    losses = made.fit(X, Y, epochs=40, verbose=0).history["distillation_loss"]
    assert losses[-1] < 0.7 * losses[0]
    for now, then in zip(teacher.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    with pytest.raises(ValueError, match="teacher and the student"):
        ours.distillation.Distiller(teacher, student, ours.distillation.FeatureDistillation("mse", "inside", "inside"))
