"""Masks that layers of a user's own make, before anything else in the process has made one."""

import pytest
import torch

from torchkeras_lite import calls, layers, models


@pytest.fixture
def nobody_makes_masks():
    before, calls.careful[0] = calls.careful[0], False
    yield
    calls.careful[0] = before


X = torch.tensor([[[1.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [3.0, 4.0]]])
REAL = torch.tensor([[True, False], [False, True]])


def test_an_embedding_makes_a_mask(nobody_makes_masks):
    ids = torch.tensor([[1, 0], [2, 3]])
    layer = layers.Embedding(4, 2, mask_zero=True)
    for _ in range(2):
        assert torch.equal(layer(ids)._keras_mask, ids != 0)
    assert torch.equal(layers.Dense(2)(layer(ids))._keras_mask, ids != 0)


def test_a_lambda_makes_a_mask(nobody_makes_masks):
    layer = layers.Lambda(lambda x: x * 2, mask=lambda x, mask: (x != 0).any(-1))
    assert torch.equal(layer(X)._keras_mask, REAL)


def test_a_layer_of_ones_own_makes_a_mask(nobody_makes_masks):
    class Masking(layers.Layer):
        def compute_mask(self, inputs, previous_mask=None):
            return (inputs != 0).any(-1)

        def call(self, inputs):
            return inputs

    assert torch.equal(Masking()(X)._keras_mask, REAL)
    model = models.Sequential([layers.Input((2, 2)), Masking(), layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    # Only the entries that count are in the sum; Keras divides it by the number of those.
    assert model.evaluate(X, torch.zeros(2, 2, 1), verbose=0) == pytest.approx((3.0**2 + 7.0**2) / 2)


def test_no_masks_cost_no_care(nobody_makes_masks):
    model = models.Sequential([layers.Input((2,)), layers.Embedding(4, 2), layers.Dense(1)])
    model(torch.tensor([[1, 0]]))
    assert not calls.careful[0]
