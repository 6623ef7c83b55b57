"""pad_sequences."""

import numpy as np
import pytest

from torchkeras_lite.utils import pad_sequences

GIVEN = [[1], [2, 3], [4, 5, 6], []]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6], [0, 0, 0]]),
        ({"padding": "post"}, [[1, 0, 0], [2, 3, 0], [4, 5, 6], [0, 0, 0]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6], [0, 0]]),
        ({"maxlen": 2, "truncating": "post", "value": -1}, [[-1, 1], [2, 3], [4, 5], [-1, -1]]),
    ],
)
def test_numbers(settings, expected):
    padded = pad_sequences(GIVEN, **settings)
    np.testing.assert_array_equal(padded, expected)
    assert padded.dtype == np.int32


def test_entries_with_a_shape():
    padded = pad_sequences([np.ones((1, 2)), np.ones((3, 2))], dtype="float32", padding="post")
    np.testing.assert_array_equal(padded[:, :, 0], [[1, 0, 0], [1, 1, 1]])


def test_strings():
    assert pad_sequences([["a"], ["b", "c"]], dtype=object, value="-").tolist() == [["-", "a"], ["b", "c"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(sequences=1), "iterable"),
        (dict(sequences=[1]), "non-iterable"),
        (dict(sequences=GIVEN, padding="left"), "Padding type 'left'"),
        (dict(sequences=GIVEN, truncating="left"), "Truncating type 'left'"),
        (dict(sequences=GIVEN, value="x"), "dtype=object"),
        (dict(sequences=[np.ones((1, 2)), np.ones((1, 3))]), "must be alike"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        pad_sequences(**arguments)
