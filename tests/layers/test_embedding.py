"""Embeddings of positions: a sequence of unknown length is tried out with more steps than there are positions."""

import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers, ops


class Positioned(keras.Layer):
    """Tokens plus where they stand, among the first `steps` places."""

    def __init__(self, steps, words, size, **kwargs):
        super().__init__(**kwargs)
        self.tokens, self.places = layers.Embedding(words, size), layers.Embedding(steps, size)

    def call(self, inputs):
        return self.tokens(inputs) + self.places(ops.arange(0, ops.shape(inputs)[-1], 1))


def test_fewer_positions_than_a_trial_has_steps():
    words = keras.Input((None,), dtype="int64")
    layer = Positioned(6, 9, 4)
    model = keras.Model(words, layer(words))
    assert model.output.shape == (None, None, 4)
    x = torch.tensor([[1, 2, 8], [3, 3, 0]])
    wanted = layer.tokens.embeddings.value[x] + layer.places.embeddings.value[:3]
    torch.testing.assert_close(model(x), wanted)


def test_too_many_steps_are_an_error_when_it_counts():
    words = keras.Input((None,), dtype="int64")
    model = keras.Model(words, Positioned(6, 9, 4)(words))
    with pytest.raises(IndexError, match="got the index 6, but input_dim=6"):
        model(torch.zeros((2, 7), dtype=torch.int64))


def test_indices_from_the_end():
    layer = layers.Embedding(5, 2)
    found = layer(torch.tensor([[-1, 0], [-5, 4]]))
    torch.testing.assert_close(found, layer.embeddings.value[torch.tensor([[4, 0], [0, 4]])])
    for wrong in (-6, 5):
        with pytest.raises(IndexError, match=f"got the index {wrong}, but input_dim=5"):
            layer(torch.tensor([[wrong, -1]]))
