"""What a row cannot say of Embedding, Lambda and Input."""

import numpy as np
import pytest
import torch
from harness import config, drawn, mine, pair, real, run, same
from rows.core import INTEGERS


def test_an_embedding_with_given_vectors():
    table = drawn((5, 3))
    for weights in (table, [table], torch.tensor(table)):
        ours, theirs = mine.Embedding(5, 3, weights=weights), real.layers.Embedding(5, 3, weights=weights)
        assert ours.built and theirs.built
        np.testing.assert_array_equal(ours(INTEGERS).detach(), theirs(INTEGERS).detach())
        np.testing.assert_array_equal(ours.get_weights()[0], table)
        assert config(ours).keys() == config(theirs).keys()
        assert "weights" not in config(ours)


def test_lambda():
    def function(x, factor=2.0, training=None):
        return x * factor if training else x

    def masking(x, mask=None):
        return mask

    x = drawn((2, 3))
    for kwargs in ({}, {"arguments": {"factor": 3.0}}, {"mask": masking}, {"output_shape": (3,)}):
        ours, theirs = pair("Lambda", {"function": function, **kwargs})
        for training in (None, False, True):
            same(run(ours, x, training=training), run(theirs, x, training=training))
        assert ours.compute_output_shape((None, 3)) == theirs.compute_output_shape((None, 3)) == (None, 3)
        assert ours.supports_masking == theirs.supports_masking
        assert config(ours).keys() == config(theirs).keys()
        assert config(ours)["arguments"] == config(theirs)["arguments"]
    ours, theirs = pair("Lambda", {"function": lambda x: x[:, None] ** 2})
    same(run(ours, x), run(theirs, x))
    assert ours.compute_output_shape((None, 3)) == theirs.compute_output_shape((None, 3)) == (None, 1, 3)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"shape": (3,)},
        {"shape": (None, 4), "dtype": "int32"},
        {"shape": (), "batch_size": 2},
        {"batch_shape": (5, 3)},
        {"shape": (3,), "dtype": "uint8", "optional": True},
    ],
)
def test_input(kwargs):
    ours, theirs = (library.InputLayer(name="one", **kwargs) for library in (mine, real.layers))
    assert ours.get_config() == theirs.get_config()
    assert mine.InputLayer.from_config(theirs.get_config()).get_config() == theirs.get_config()
    assert real.layers.InputLayer.from_config(ours.get_config()).get_config() == theirs.get_config()
    assert (ours.batch_shape, ours.dtype, ours.built) == (theirs.batch_shape, theirs.dtype, theirs.built)
    ours, theirs = (library.Input(name="one", **kwargs) for library in (mine, real))
    assert (ours.shape, ours.dtype, ours.name) == (theirs.shape, theirs.dtype, theirs.name)
