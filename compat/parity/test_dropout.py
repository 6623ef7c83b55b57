"""Dropout in training: not the same numbers as Keras, but the same law."""

import numpy as np
import pytest
import torch
from harness import mine, pair, real


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("noise_shape", [None, (None, 1), (1, 50)])
@pytest.mark.parametrize("seed", [None, 5])
def test_dropout_in_training(rate, noise_shape, seed):
    x = np.full((2000, 50), 3.0, "float32")
    for layer in pair("Dropout", {"rate": rate, "noise_shape": noise_shape, "seed": seed}):
        y = layer(x, training=True).numpy()
        kept = y != 0
        np.testing.assert_allclose(y[kept], 3.0 / (1 - rate), rtol=1e-6)
        if noise_shape == (None, 1):
            assert (kept == kept[:, :1]).all()
        elif noise_shape == (1, 50):
            assert (kept == kept[:1]).all()
        decisions = kept[: noise_shape[0] if noise_shape else None, : 1 if noise_shape == (None, 1) else None]
        error = (rate * (1 - rate) / decisions.size) ** 0.5
        assert abs(decisions.mean() - (1 - rate)) < 5 * error
        assert (layer(x, training=True).numpy() != y).any()
        assert (layer(x) == 3).all()


def test_a_seeded_dropout_repeats_its_sequence():
    x = np.ones((20, 5), "float32")
    for library in (mine, real.layers):
        first, second = library.Dropout(0.5, seed=3), library.Dropout(0.5, seed=3)
        torch.manual_seed(0)
        sequence = [first(x, training=True) for _ in range(3)]
        torch.manual_seed(1)
        assert all(torch.equal(y, second(x, training=True)) for y in sequence)
        assert not torch.equal(sequence[0], sequence[1])
