"""Models whose own steps call them on something else than the data: they are built in their first step."""

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers


class Nodes(keras.Model):
    """Data are numbers of nodes; `call` wants the features of all of them."""

    def __init__(self, features):
        super().__init__()
        self.features = features
        self.first, self.last = layers.Dense(4), layers.Dense(2)
        self.normal = layers.BatchNormalization()

    def call(self, inputs, training=False):
        features, scale = inputs
        return self.last(self.normal(self.first(features * scale), training=training))

    def _scores(self, numbers, training):
        return self([self.features, torch.tensor(2.0)], training=training)[numbers]

    def train_step(self, data):
        numbers, y = data
        loss = self.compute_loss(y=y, y_pred=self._scores(numbers, True))
        self.zero_grad()
        loss.backward()
        weights = self.trainable_weights
        self.optimizer.apply([w.value.grad for w in weights], weights)
        return {"cost": loss.detach()}

    def test_step(self, data):
        numbers, y = data
        return {"cost": self.compute_loss(y=y, y_pred=self._scores(numbers, False))}

    def predict_step(self, data):
        return self._scores(data, False)


@pytest.fixture
def features():
    keras.utils.set_random_seed(0)
    return torch.rand(10, 3)


NUMBERS, Y = np.arange(10), np.arange(10) % 2


def test_fit_builds_in_the_first_step(features):
    model = Nodes(features)
    model.compile(keras.optimizers.Adam(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    costs = model.fit(NUMBERS, Y, batch_size=5, epochs=20, verbose=0).history["cost"]
    assert 0 < costs[-1] < costs[0]
    assert model.optimizer.iterations == 40 and len(model.trainable_weights) == 6
    assert model.first.kernel.shape == (3, 4) and all(w.value.requires_grad for w in model.trainable_weights)
    assert not torch.equal(model.normal.moving_mean.value, torch.zeros(4))
    model.fit(NUMBERS, Y, batch_size=5, verbose=0)
    assert model.optimizer.iterations == 42
    assert model.predict(NUMBERS[:4], verbose=0).shape == (4, 2)


def test_evaluate_and_predict_do_so_too(features):
    model = Nodes(features)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    cost = model.evaluate(NUMBERS, Y, verbose=0, return_dict=True)["cost"]
    scores = torch.as_tensor(model.predict(NUMBERS, verbose=0))
    assert cost == pytest.approx(torch.nn.functional.cross_entropy(scores, torch.tensor(Y)).item(), rel=1e-5)


def test_a_trial_that_fails_leaves_nothing_behind(features):
    class Halfway(Nodes):
        def call(self, inputs, training=False):
            if isinstance(inputs, list):
                return super().call(inputs, training)
            self.first(torch.ones(2, 9))  # built for something else, before it fails
            raise TypeError("what is this?")

    model = Halfway(features)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(NUMBERS, Y, batch_size=5, verbose=0)
    assert model.first.kernel.shape == (3, 4) and len(list(model.parameters())) == 6


def test_without_steps_of_its_own_the_error_is_seen(features):
    class Plain(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, inputs):
            raise TypeError("what is this?")

    model = Plain()
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match="what is this"):
        model.fit(np.ones((2, 3)), np.ones((2, 2)), verbose=0)
