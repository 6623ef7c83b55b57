"""The dtypes in which tensors meet, beside Keras's `result_type`.

One thing is left out on purpose. At the end Keras on torch makes 32 bits of 64, even where both dtypes have 64, because JAX
does so unless it is told otherwise. Its own operations do not keep to it: of two float64 tensors `add` makes float64, `maximum`
float32. Here what has 64 bits keeps them.
"""

import itertools

import pytest
import torch

from torchkeras_lite.promotion import result_type

NAMES = """
    bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128
""".split()
KINDS = [*NAMES, int, float, None]
NARROWED = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64"}


@pytest.mark.parametrize("several", [1, 2, 3])
def test_result_type(keras, several):
    for dtypes in itertools.product(KINDS, repeat=several):
        found = result_type(*dtypes)
        assert NARROWED.get(found, found) == keras.backend.result_type(*dtypes), dtypes


@pytest.mark.parametrize("first", NAMES)
def test_64_bits_are_kept_as_torch_keeps_them(first):
    for second in NAMES:
        if {first, second} & {"uint16", "uint32", "uint64"}:
            continue  # torch promotes these among themselves only
        expected = torch.promote_types(getattr(torch, first), getattr(torch, second))
        assert result_type(first, second) == str(expected).removeprefix("torch."), second


@pytest.mark.parametrize("dtypes", [("float8_e4m3fn", "float32"), ("float8_e5m2",), ("nonsense", int)])
def test_errors(keras, dtypes):
    with pytest.raises(ValueError):
        keras.backend.result_type(*dtypes)
    with pytest.raises(ValueError):
        result_type(*dtypes)
