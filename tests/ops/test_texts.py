"""Operations that move values about, or compare them, on strings."""

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers, ops
from torchkeras_lite.texts import Texts

X = np.array([["b", "a", ""], ["c", "b", "b"]], dtype=object)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (lambda x: ops.expand_dims(x, -1), X[..., None]),
        (lambda x: ops.expand_dims(x, (0, 3)), X[None, ..., None]),
        (lambda x: ops.squeeze(ops.expand_dims(x, 1), 1), X),
        (lambda x: ops.reshape(x, (3, -1)), X.reshape(3, 2)),
        (lambda x: ops.ravel(x), X.ravel()),
        (lambda x: ops.transpose(x), X.T),
        (lambda x: ops.concatenate([x, x], 1), np.concatenate([X, X], 1)),
        (lambda x: ops.stack([x, x], 1), np.stack([X, X], 1)),
        (lambda x: ops.split(x, 3, axis=1)[2], X[:, 2:]),
        (lambda x: ops.unstack(x)[1], X[1]),
        (lambda x: ops.take(x, [2, 0], axis=1), X[:, [2, 0]]),
        (lambda x: ops.flip(x, 1), X[:, ::-1]),
        (lambda x: ops.repeat(x, 2, axis=0), X.repeat(2, 0)),
        (lambda x: ops.tile(x, (1, 2)), np.tile(X, (1, 2))),
        (lambda x: ops.broadcast_to(x, (2, 2, 3)), np.broadcast_to(X, (2, 2, 3))),
        (lambda x: ops.where([[True], [False]], x, Texts("z")), [["b", "a", ""], ["z", "z", "z"]]),
        (lambda x: ops.sort(x, 1), np.sort(X, 1)),
        (lambda x: ops.cast(x, "string"), X),
    ],
)
def test_strings_move_as_numbers_do(found, wanted):
    for x in (X, Texts(X), X.tolist()):
        got = found(x)
        assert isinstance(got, Texts) and got.tolist() == np.asarray(wanted).tolist()


def test_strings_are_compared():
    assert ops.equal(X, "b").tolist() == [[True, False, False], [False, True, True]]
    assert ops.not_equal(Texts(X), Texts("b")).tolist() == [[False, True, True], [True, False, False]]
    assert ops.less(X, [["b", "b", "b"]]).tolist() == [[False, True, True], [False, False, False]]


def test_nobody_adds_strings():
    with pytest.raises(ValueError, match="Add computes with numbers"):
        ops.add(X, X)


def test_in_models():
    word = keras.Input((), dtype="string")
    column = ops.expand_dims(word, -1)
    assert (column.shape, column.dtype) == ((None, 1), "string")
    both = ops.concatenate([column, column], 1)
    known = layers.StringLookup(vocabulary=["a", "b"], output_mode="count")
    model = keras.Model(word, known(both))
    assert torch.equal(model(Texts(["b", "a", "?"])), torch.tensor([[0, 0, 2], [0, 2, 0], [2, 0, 0]]))
