"""BatchNormalization over many batches, frozen, and masked."""

import numpy as np
import pytest
import torch
from harness import both, drawn, run, same


@pytest.mark.parametrize("shape", [(6, 4), (6, 3, 4), (2, 3, 3, 4)])
@pytest.mark.parametrize("momentum", [0.99, 0.6])
def test_moving_statistics_over_batches(shape, momentum):
    ours, theirs = both(lambda layers: layers.BatchNormalization(momentum=momentum, name="one"), drawn(shape))
    for seed in range(20):
        x = drawn(shape, seed) * (seed + 1) + seed
        for layer in (ours, theirs):
            layer(x, training=seed % 4 != 3)
        for actual, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)
    same(run(ours, x), run(theirs, x), rtol=1e-4)


def test_a_frozen_normalization_uses_the_moving_statistics():
    x = drawn((6, 4))
    ours, theirs = both(lambda layers: layers.BatchNormalization(name="one"), x)
    ours.trainable = theirs.trainable = False
    kept = ours.get_weights()
    np.testing.assert_allclose(ours(x, training=True), theirs(x, training=True).detach(), rtol=1e-5, atol=1e-6)
    np.testing.assert_equal(ours.get_weights(), kept)
    ours.trainable = theirs.trainable = True
    same(run(ours, x, training=True), run(theirs, x, training=True))
    assert (ours.get_weights()[2] != kept[2]).all()


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("dtype", [bool, "float32", "int32"])
def test_masked_normalization(axis, dtype, with_masks):
    x = drawn((4, 3, 5))
    mask = torch.tensor(np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 1, 1]]).astype(dtype))
    ours, theirs = both(lambda layers: layers.BatchNormalization(axis=axis, momentum=0.5, name="one"), x)
    for training in (True, False, True):
        same(run(ours, x, mask=mask, training=training), run(theirs, x, mask=mask, training=training), rtol=1e-4, atol=1e-5)
    x[0, 2] = np.nan  # masked, so it must not matter
    for layer in (ours, theirs):
        layer(x, mask=mask, training=True)
    np.testing.assert_allclose(ours.get_weights(), theirs.get_weights(), rtol=1e-5)
    for layer in (ours, theirs):
        with pytest.raises(ValueError):
            layer(x, mask=mask[:, 0], training=True)
