"""Models of several outputs, some of which have no loss: targets may be those of the others alone."""

import numpy as np
import pytest

import torchkeras_lite as keras
from torchkeras_lite import layers

X = np.ones((4, 3), "float32")


def model(loss):
    entry = keras.Input((3,))
    ways = [layers.Dense(size, kernel_initializer="ones", name=name)(entry) for name, size in (("a", 2), ("b", 4), ("c", 1))]
    made = keras.Model(entry, ways)
    made.compile("sgd", loss=loss)
    return made


@pytest.mark.parametrize("loss", [["mse", None, None], [None, "mse", None], {"a": "mse"}])
@pytest.mark.parametrize("wrapped", [False, True])
def test_one_target(loss, wrapped):
    y = np.full((4, 4 if isinstance(loss, list) and loss[1] else 2), 1.0, "float32")
    assert model(loss).evaluate(X, [y] if wrapped else y, verbose=0) == pytest.approx(4)  # (3 - 1) ** 2


def test_two_targets():
    y = [np.full((4, 2), 1.0, "float32"), np.full((4, 1), 2.0, "float32")]
    one = model(["mse", None, "mse"])
    assert one.evaluate(X, y, verbose=0, return_dict=True)["loss"] == pytest.approx(4 + 1)
    all_three = [y[0], np.zeros((4, 4), "float32"), y[1]]
    assert one.evaluate(X, all_three, verbose=0, return_dict=True)["loss"] == pytest.approx(5)


def test_too_few_are_an_error():
    with pytest.raises(ValueError, match="`y` must have 3 entries"):
        model(["mse", "mse", None]).evaluate(X, [np.zeros((4, 2))], verbose=0)


OF_A, OF_B = {0: 2.0, 1: 3.0}, {1: 5.0}


@pytest.mark.parametrize(
    ("weights", "named"),
    [
        ({"a": OF_A, "b": OF_B}, True),
        ({"a": OF_A, "b": OF_B}, False),
        ({"b": OF_B}, True),
        ({"b": OF_B}, False),
        ([OF_A, OF_B], False),
    ],
)
def test_weights_of_classes_by_output(weights, named):
    def one():
        entry = keras.Input((3,))
        made = keras.Model(entry, [layers.Dense(1, kernel_initializer="ones", name=name)(entry) for name in "ab"])
        made.compile(keras.optimizers.SGD(0.0), "mse")
        return made

    a, b = np.array([0, 1, 0, 1]), np.array([1, 1, 0, 0])
    y = {"a": a, "b": b} if named else [a, b]
    by_row = [np.array([2.0, 3, 2, 3]) if "a" in weights or isinstance(weights, list) else np.ones(4), np.array([5.0, 5, 1, 1])]
    assert one().fit(X, y, class_weight=weights, verbose=0).history["loss"] == pytest.approx(
        one().fit(X, [a, b], sample_weight=by_row, verbose=0).history["loss"]
    )
    expected = one().train_on_batch(X, [a, b], sample_weight=by_row)
    assert one().train_on_batch(X, y, class_weight=weights) == pytest.approx(expected)
    if not named:
        twice = one().fit(X, y, class_weight=weights, sample_weight=[np.full(4, 2.0)] * 2, verbose=0).history["loss"]
        assert twice == pytest.approx([2 * value for value in one().fit(X, y, class_weight=weights, verbose=0).history["loss"]])
