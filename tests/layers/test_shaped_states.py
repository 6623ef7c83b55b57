"""States that are no vectors: the shape of one state, and shapes of several. And what enters an InputLayer."""

import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers


class TensorShape(tuple):
    """A shape of one's own kind."""


class Tally(layers.Layer):
    """The sum of all steps so far, each (2, 3)."""

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.state_size = size

    def call(self, inputs, states):
        total = states[0] + inputs
        return total, [total]


@pytest.mark.parametrize("size", [torch.Size([2, 3]), TensorShape((2, 3)), [(2, 3)]], ids=["torch", "own", "list"])
def test_the_shape_of_one_state(size):
    x = torch.rand(4, 5, 2, 3)
    layer = layers.RNN(Tally(size), return_sequences=True, return_state=True)
    sums, last = layer(x)
    torch.testing.assert_close(sums, x.cumsum(1))
    assert torch.equal(last, sums[:, -1])
    entry = keras.Input((5, 2, 3))
    model = keras.Model(entry, layers.RNN(Tally(size))(entry))
    assert model.output_shape == (None, 2, 3)
    torch.testing.assert_close(model(x), x.sum(1))


def test_two_integers_are_two_states():
    class Two(layers.Layer):
        state_size = (2, 3)

        def call(self, inputs, states):
            return inputs, [states[0] + 1, states[1] - 1]

    _, one, other = layers.RNN(Two(), return_state=True)(torch.zeros(4, 5, 6))
    assert one.tolist() == [[5.0] * 2] * 4 and other.tolist() == [[-5.0] * 3] * 4


def test_what_enters_an_input_layer_is_what_comes_out():
    image, other = keras.Input((3,), name="image"), keras.Input((3,), name="other")
    hidden = layers.Dense(4, name="hidden")(image)
    model = keras.Model([image, other], layers.Add()([hidden, layers.Dense(4)(other)]))
    part = keras.Model(model.get_layer("image").input, model.get_layer("hidden").output)
    x = torch.rand(2, 3)
    assert torch.equal(part(x), model.get_layer("hidden")(x))
