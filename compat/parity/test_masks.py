"""Masks: which layers make, use, hand on and lose them."""

import numpy as np
import pytest
import torch
from harness import drawn, equalize, mine, pair, real, run, same
from rows.core import INTEGERS


def test_masks_flow_through_as_in_keras():
    """Embedding makes one; element-wise layers hand it on; what changes the axes loses it."""
    chain = [
        lambda layers: layers.Embedding(5, 4, mask_zero=True),
        lambda layers: layers.Dense(4, activation="tanh"),
        lambda layers: layers.Dropout(0.5),
        lambda layers: layers.BatchNormalization(),
        lambda layers: layers.Activation("relu"),
        lambda layers: layers.ReLU(),
        lambda layers: layers.Rescaling(2.0),
    ]
    ours = theirs = torch.tensor(INTEGERS)
    for make in chain:
        pairs = make(mine), make(real.layers)
        pairs[0](ours), pairs[1](theirs)
        equalize(*pairs)
        ours, theirs = pairs[0](ours), pairs[1](theirs)
        assert torch.equal(ours._keras_mask, theirs._keras_mask)
        assert torch.equal(ours._keras_mask, torch.tensor(INTEGERS != 0))
        np.testing.assert_allclose(ours.detach(), theirs.detach(), rtol=1e-5, atol=1e-6)
    for make in (lambda layers: layers.Flatten(), lambda layers: layers.Reshape((12,))):
        assert getattr(make(mine)(ours), "_keras_mask", None) is None
        with pytest.warns(UserWarning, match="does not support masking"):
            assert getattr(make(real.layers)(theirs), "_keras_mask", None) is None


@pytest.mark.parametrize("axis", [-1, 1, (1, 2)])
@pytest.mark.parametrize("dtype", [bool, "float32", "int64"])
def test_masked_softmax(axis, dtype, with_masks):
    x = drawn((2, 3, 4))
    masks = [drawn((2, 3, 4), 1) > 0, drawn((3, 4), 2) > 0, drawn((2, 1, 4), 3) > 0, np.zeros((2, 3, 4), bool)]
    for mask in masks:
        mask = torch.tensor(mask.astype(dtype))
        ours, theirs = pair("Softmax", {"axis": axis})
        same(run(ours, x, mask=mask), run(theirs, x, mask=mask))
        assert not ours(x, mask=mask)[(mask == 0).expand(2, 3, 4)].any()
