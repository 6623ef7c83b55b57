"""clone_model: what the clone takes over, and what is its own."""

import numpy as np
import pytest

from torchkeras_lite import layers, metrics, models

X = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_a_compiled_model_gives_a_compiled_clone(kind):
    chain = [layers.Input((3,)), layers.Dense(2)]
    model = models.Sequential(chain)
    if kind == "functional":
        x = layers.Input((3,))
        model = models.Model(x, layers.Dense(2)(x))
    assert not models.clone_model(model).compiled
    seen = metrics.MeanAbsoluteError(name="seen")

    def own_loss(y, p):
        return ((y - p) ** 2).mean()

    model.compile("adam", own_loss, metrics=[seen])
    model.optimizer.learning_rate = 0.25
    clone = models.clone_model(model)
    assert clone.compiled and clone.optimizer is not model.optimizer
    assert float(clone.optimizer.learning_rate) == 0.25
    before = model.get_weights()
    logs = clone.fit(X, X[:, :2], verbose=0).history
    assert {*logs} == {"loss", "seen"}
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert float(seen.result()) == 0


def test_inputs_in_another_structure():
    a, b = layers.Input((3,)), layers.Input((3,))
    model = models.Model({"a": a, "b": b}, a + b * 2)
    with pytest.raises(ValueError, match=r"must have the same structure as model\.input"):
        models.clone_model(model, input_tensors=[a, b])
