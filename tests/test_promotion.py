import itertools

import numpy as np
import pytest
import torch

from torchkeras_lite import Variable, config
from torchkeras_lite.promotion import common_dtype, result_type

NAMES = """
    bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128
""".split()
KINDS = [*NAMES, int, float]


@pytest.fixture
def floatx():
    before = config.floatx()
    yield config.set_floatx
    config.set_floatx(before)


def test_the_order_of_two_and_repeating_one_make_no_difference():
    for a, b in itertools.product(KINDS, repeat=2):
        assert result_type(a, b) == result_type(b, a) == result_type(a, b, a, b)


def test_three_meet_where_two_of_them_meet_the_third():
    names = [name for name in NAMES if name != "uint64"]  # which meets signed integers in a weak float
    for a, b, c in itertools.product(names, repeat=3):
        assert result_type(result_type(a, b), c) == result_type(a, b, c)


def test_numbers_are_weak():
    assert result_type("int8", int) == "int8"
    assert result_type("float16", float, int) == "float16"
    assert result_type("bool", int) == "int32"
    assert result_type("complex64", float) == "complex64"


def test_floatx_decides_where_nothing_else_does(floatx):
    floatx("bfloat16")
    assert result_type() == result_type(float) == result_type("int64", float) == result_type(None) == "bfloat16"
    floatx("float64")
    assert result_type("bool", float) == "float64"
    assert result_type("float16", float) == "float16"
    assert result_type("float16", None) == "float64"  # None is `floatx`, and not weak


def test_all_spellings_of_a_dtype():
    for spelled in ("int64", torch.int64, np.int64, np.dtype("int64")):
        assert result_type(spelled) == result_type(spelled, int) == "int64"
        assert result_type(spelled, "float16") == "float16"
    assert result_type(np.dtype("float64"), "float32") == "float64"
    assert result_type(bool, "uint8") == "uint8"


@pytest.mark.parametrize("dtype", ["nonsense", torch.float8_e5m2])
def test_dtypes_that_meet_no_other(dtype):
    with pytest.raises(ValueError, match=str(dtype).removeprefix("torch.")):
        result_type(dtype, "float32")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((torch.ones(2), 1), torch.float32),
        ((torch.ones(2, dtype=torch.int8), 2.5), torch.float32),
        ((torch.ones(2, dtype=torch.int8), True), torch.int8),
        ((torch.ones(2), np.float64(2)), torch.float32),  # numpy's float64 is a float, as weak as Python's
        ((torch.ones(2), np.float32(2), np.ones(2)), torch.float64),  # an array is not
        ((torch.ones(2), 1j), torch.complex64),
        ((Variable(1.0, dtype="float16"), 2.5), torch.float16),
    ],
)
def test_dtypes_of_values(values, expected):
    assert common_dtype(values) is expected
