"""`keras.backend` of the stand-in beside Keras 2 on TensorFlow, whose values `record_tf_backend.py` recorded.

Each row runs in one fresh interpreter, on arrays, tensors, Variables and placeholders (whose first axis is open).
"""

from __future__ import annotations

from pathlib import Path

import backend_rows
import numpy as np
import pytest
from record_tf_backend import FILE, unpack

HERE = Path(__file__).parent
ROWS = backend_rows.rows()
with np.load(FILE) as _packed:
    RECORDED = unpack(_packed)

DRIVER = """
import sys, traceback, warnings
warnings.simplefilter("error")
import numpy as np
from keras import backend as K
sys.path.append(sys.argv[1])
import backend_rows
from record_tf_backend import flat, pack

def tensors(name, value): return K.constant(value, dtype=str(value.dtype))
def variables(name, value): return K.variable(value, dtype=str(value.dtype))
def arrays(name, value): return value

def evaluated(row, values, turn):
    if turn is not None:
        made = eval(row, {"K": K, **{name: turn(name, value) for name, value in values.items()}})
        return [K.get_value(each) for each in flat(made)]
    shapes = {name: value.shape if name.endswith("_k") else (None, *value.shape[1:]) for name, value in values.items()}
    places = {name: K.placeholder(shapes[name], dtype=str(value.dtype)) for name, value in values.items()}
    drawn = flat(eval(row, {"K": K, **places}))
    made = K.function(list(places.values()), drawn)(list(values.values()))
    for one, value in zip(drawn, made):
        if K.is_keras_tensor(one):
            assert len(one.shape) == np.ndim(value) and all(a in (None, b) for a, b in zip(one.shape, np.shape(value))), one
            assert K.dtype(one) == str(np.asarray(value).dtype), (one, np.asarray(value).dtype)
    return made

known, found = backend_rows.data(), {}
for row in backend_rows.rows():
    values = {name: known[name] for name in backend_rows.names(row)}
    for turn in (tensors, variables, arrays, None):
        try:
            made = [np.asarray(each) for each in evaluated(row, values, turn)]
        except Exception:
            made = traceback.format_exc()
        found[f"{turn.__name__ if turn else 'placeholders'}|{row}"] = made
np.savez(sys.argv[2], **pack(found))
"""


@pytest.fixture(scope="module")
def found(fresh, tmp_path_factory):
    """What the stand-in makes of all rows."""
    file = tmp_path_factory.mktemp("backend") / "found.npz"
    fresh("-c", DRIVER, HERE, file, path=[HERE.parent / "shims"], ok=True)
    with np.load(file) as packed:
        return unpack(packed)


@pytest.mark.parametrize("row", ROWS)
def test_as_keras_2_says(found, row):
    for turn in ("tensors", "variables", "arrays", "placeholders"):
        made, wanted = found[f"{turn}|{row}"], RECORDED[row]
        assert not isinstance(made, str), made
        assert len(made) == len(wanted), turn
        for one, other in zip(made, wanted, strict=True):
            assert (one.shape, one.dtype) == (other.shape, other.dtype), turn
            np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6, err_msg=turn)


def test_the_record_is_of_these_rows():
    assert list(RECORDED) == ROWS, "run `python compat/parity/record_tf_backend.py`"
    assert not [row for row, values in RECORDED.items() if isinstance(values, str)]
