"""Low-rank adaptation: W + alpha / rank * A B, in torch's own modules."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from torchkeras_lite import layers, models

X = torch.linspace(-1, 1, 12).reshape(3, 4)


def adapted(**kwargs):
    layer = layers.Dense(5, **kwargs)
    layer(X)
    layer.enable_lora(2, lora_alpha=6, b_initializer="glorot_uniform")
    return layer


def test_the_linear_stays_a_linear_with_a_sum_for_its_weight():
    layer = adapted()
    weight = layer._kernel.value + 3 * layer.lora_kernel_a.value @ layer.lora_kernel_b.value
    torch.testing.assert_close(layer(X), X @ weight + layer.bias.value)
    torch.testing.assert_close(layer.kernel.value, weight)
    assert isinstance(layer.linear, nn.Linear)
    torch.testing.assert_close(F.linear(X, layer.linear.weight, layer.linear.bias), layer(X))
    assert {*layer.state_dict()} == {"linear.weight", "linear.bias", "linear.lora_kernel_a", "linear.lora_kernel_b"}


def test_copies_and_pickles():
    layer = adapted()
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(other(X), layer(X))
        other.lora_kernel_a.assign(np.zeros((4, 2)))
        torch.testing.assert_close(other(X), X @ other._kernel.value + other.bias.value)
        assert not torch.equal(other(X), layer(X))


def test_only_a_and_b_and_the_bias_are_trained():
    model = models.Sequential([layers.Dense(5, activation="relu"), layers.Dense(1)])
    model(X)
    first = model.layers[0]
    before = first(X)
    first.enable_lora(2)
    torch.testing.assert_close(first(X), before)  # B is zero
    assert [v.name for v in first.trainable_weights] == ["bias", "lora_kernel_a", "lora_kernel_b"]
    assert [v.name for v in first.weights] == ["kernel", "bias", "lora_kernel_a", "lora_kernel_b"]
    base, b = first._kernel.numpy(), first.lora_kernel_b.numpy()
    model.compile("adam", "mse")
    model.fit(X, np.ones((3, 1)), epochs=3, verbose=0)
    assert np.array_equal(first._kernel.numpy(), base)
    assert not np.array_equal(first.lora_kernel_b.numpy(), b)
    first.trainable = False
    first.trainable = True
    assert [v.name for v in first.trainable_weights] == ["bias", "lora_kernel_a", "lora_kernel_b"]


def test_what_is_assigned_to_the_kernel_is_the_sum():
    layer = adapted()
    layer.kernel.assign(np.ones((4, 5)))
    np.testing.assert_allclose(layer.kernel.numpy(), np.ones((4, 5)), rtol=1e-6)
    assert not np.allclose(layer._kernel.numpy(), 1)


def test_rows_of_an_embedding():
    layer = layers.Embedding(6, 3, lora_rank=2)
    rows = torch.tensor([[0, 5], [2, 2]])
    layer(rows)
    layer.lora_embeddings_b.assign(np.ones((2, 3)))
    torch.testing.assert_close(layer(rows), layer.embeddings.value[rows])
    assert not torch.equal(layer(rows), layer._embeddings.value[rows])


def test_file_of_an_adapted_layer_is_that_of_a_plain_one(tmp_path):
    def model(**kwargs):
        return models.Sequential([layers.Input((4,)), layers.Dense(5, **kwargs)])

    first = model(lora_rank=2, lora_alpha=5)
    first.layers[-1].lora_kernel_b.assign(np.ones((2, 5)))
    first.save_weights(tmp_path / "m.weights.h5")
    for other in (model(), model(lora_rank=1)):
        other.load_weights(tmp_path / "m.weights.h5")
        torch.testing.assert_close(other(X), first(X))
    first.save(tmp_path / "m.keras")
    back = models.load_model(tmp_path / "m.keras")
    torch.testing.assert_close(back(X), first(X))
    assert back.layers[-1].lora_alpha == 5 and not back.layers[-1].lora_kernel_b.numpy().any()


def test_says_why_not():
    layer = layers.Dense(5)
    with pytest.raises(ValueError, match="isn't yet built"):
        layer.enable_lora(2)
    layer(X)
    layer.enable_lora(2)
    with pytest.raises(ValueError, match="only be done once"):
        layer.enable_lora(2)
    limited = layers.Dense(5, kernel_constraint="max_norm")
    limited(X)
    with pytest.raises(ValueError, match="incompatible with kernel constraints"):
        limited.enable_lora(2)


def test_a_weight_that_is_frozen_by_itself_keeps_its_place():
    layer = layers.Dense(2)
    layer(X)
    layer.kernel.trainable = False
    assert [v.name for v in layer.weights] == ["kernel", "bias"]
    assert [v.name for v in layer.trainable_weights] == ["bias"]
