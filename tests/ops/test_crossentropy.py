"""Cross-entropies: what they refuse, and how they hang together."""

import pytest
import torch

from torchkeras_lite import KerasTensor, ops


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy"])
@pytest.mark.parametrize("kind", [torch.ones, KerasTensor])
def test_other_shapes(name, kind):
    message = rf"{name}: `target` and `output` must have the same shape. Received: target.shape=\(2, 3\), output.shape=\(2, 4\)"
    with pytest.raises(ValueError, match=message):
        getattr(ops, name)(kind((2, 3)), kind((2, 4)))


def test_numbers_have_no_classes():
    with pytest.raises(ValueError, match="categorical_crossentropy: `target` and `output` must have an axis of classes"):
        ops.categorical_crossentropy(1.0, 0.5)
    with pytest.raises(ValueError, match="sparse_categorical_crossentropy: `output` must have an axis of classes"):
        ops.sparse_categorical_crossentropy(1, 0.5)


def test_labels():
    logits = torch.randn(2, 3)
    with pytest.raises(ValueError, match=r"must have the shape of `output` without the axis of classes. .*target.shape=\(3,\)"):
        ops.sparse_categorical_crossentropy(torch.zeros(3), logits)
    for wrong in (3, -1, -100):
        with pytest.raises(ValueError, match=f"3 classes, so labels go from 0 to 2. Received labels from {min(wrong, 1)} to"):
            ops.sparse_categorical_crossentropy(torch.tensor([1, wrong]), logits, from_logits=True)


@pytest.mark.parametrize("axis", [-1, 1, 0])
def test_one_in_other_words(axis):
    logits = torch.randn(3, 3, 3, dtype=torch.float64)
    labels = torch.randint(0, 3, (3, 3))
    sparse = ops.sparse_categorical_crossentropy(labels, logits, from_logits=True, axis=axis)
    target = ops.one_hot(labels, 3, axis=axis, dtype="float64")
    for other in (
        ops.categorical_crossentropy(target, logits, from_logits=True, axis=axis),
        ops.categorical_crossentropy(target, 5 * torch.softmax(logits, axis), axis=axis),
        ops.sparse_categorical_crossentropy(labels, torch.softmax(logits, axis), axis=axis),
    ):
        torch.testing.assert_close(sparse, other)
    binary = ops.binary_crossentropy(target, torch.sigmoid(logits))
    torch.testing.assert_close(binary, ops.binary_crossentropy(target, logits, from_logits=True))
