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
