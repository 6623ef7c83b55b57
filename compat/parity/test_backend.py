"""keras.backend beside Keras's."""

import inspect

import numpy as np
import pytest
import torch
from oracle import keras as real

import torchkeras_lite as mine

NAMES = [name for name in dir(real.backend) if not name.startswith("_")]
DTYPES = (
    "float16", "bfloat16", "float32", "float64", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
    "bool", "string", "float8_e4m3fn", "float8_e5m2", "complex64", "complex128", "int",
    float, int, bool, complex, str, None, np.float32, np.int8, np.dtype("float64"), torch.float16, torch.bool, "torch.float32",
)  # fmt: skip


def test_names():
    assert dir(mine.backend) == NAMES
    assert mine.backend.backend() == real.backend.backend() == "torch"
    assert mine.utils.clear_session is mine.backend.clear_session


@pytest.mark.parametrize("name", NAMES)
def test_signatures(name):
    def of(library):
        return [(p.default, p.kind) for p in inspect.signature(getattr(library.backend, name)).parameters.values()]

    assert of(mine) == of(real)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(dtype):
    for name in ("standardize_dtype", "is_int_dtype", "is_float_dtype"):
        assert getattr(mine.backend, name)(dtype) == getattr(real.backend, name)(dtype), name


@pytest.mark.parametrize("dtype", ["foo", object(), "int7", 3])
def test_no_dtypes(dtype):
    for library in (mine, real):
        for name in ("standardize_dtype", "is_int_dtype", "is_float_dtype"):
            with pytest.raises(ValueError, match="Invalid dtype"):
                getattr(library.backend, name)(dtype)


def test_is_keras_tensor():
    for library in (mine, real):
        inputs = library.layers.Input((3,))
        found = [library.backend.is_keras_tensor(x) for x in (inputs, inputs + 1, torch.ones(2), np.ones(2), 1, None)]
        assert found == [True, True, False, False, False, False]


def test_uids():
    found = []
    for library in (mine, real):
        library.backend.clear_session()
        one = library.layers.Dense(2).name
        uids = [library.backend.get_uid(prefix) for prefix in ("dense", "a", "a", "", "dense")]
        two, other = library.layers.Dense(2).name, library.layers.Dense(2).name
        library.backend.clear_session(free_memory=False)
        found.append([one, *uids, two, other, library.backend.get_uid(), library.backend.get_uid("a")])
    assert found[0] == found[1]


def test_result_types():
    for pair in [("int32", "float16"), (int, "uint8"), (float, "int64"), ("bfloat16", "float16"), ()]:
        assert mine.backend.result_type(*pair) == real.backend.result_type(*pair)
