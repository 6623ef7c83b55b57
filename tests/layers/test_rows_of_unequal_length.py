"""Lists of tokens of unequal length, one list for each row, as labels come."""

import numpy as np
import pytest
import torch

from torchkeras_lite import layers

ROWS = [["a", "b", "a"], ["c"], []]


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [("multi_hot", [[0, 1, 1, 0], [0, 0, 0, 1], [0] * 4]), ("count", [[0, 2, 1, 0], [0, 0, 0, 1], [0] * 4])],
)
def test_as_vectors(mode, wanted):
    layer = layers.StringLookup(vocabulary=["a", "b", "c"], output_mode=mode)
    assert layer(ROWS).tolist() == wanted
    assert torch.equal(layer(tuple(ROWS)), layer(ROWS)) and torch.equal(layer([ROWS[0]]), layer(ROWS)[:1])


def test_learned_from_batches_of_which_one_is_empty():
    layer = layers.StringLookup(output_mode="tf_idf")
    layer.adapt([np.array(row, dtype=object) for row in ROWS])
    assert layer.get_vocabulary() == ["[UNK]", "a", "c", "b"]
