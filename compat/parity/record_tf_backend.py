"""Records what `keras.backend` of Keras 2 on TensorFlow makes of the rows in `backend_rows.py`: into `tf_backend.npz`.

usage: python compat/parity/record_tf_backend.py     in an environment that has tensorflow and tf_keras; tests need neither
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import backend_rows

FILE = Path(__file__).with_name("tf_backend.npz")


def flat(made) -> list:
    """All that a call gave, in a list; shapes stay together."""
    return [each for part in made for each in flat(part)] if type(made) in (list, tuple) else [made]


def pack(found: dict[str, list[np.ndarray] | str]) -> dict[str, np.ndarray]:
    """All values one behind the other, and an index: a row's expression -> dtypes and shapes, or the name of its error."""
    index = {
        row: values if isinstance(values, str) else [[str(each.dtype), each.shape] for each in values]
        for row, values in found.items()
    }
    every = b"".join(each.tobytes() for values in found.values() if not isinstance(values, str) for each in values)
    return {"index": np.frombuffer(json.dumps(index).encode(), "uint8"), "values": np.frombuffer(every, "uint8")}


def unpack(packed) -> dict[str, list[np.ndarray] | str]:
    """What `pack` was given."""
    found, every, at = {}, packed["values"].tobytes(), 0
    for row, values in json.loads(packed["index"].tobytes()).items():
        found[row] = values if isinstance(values, str) else []
        for dtype, shape in values if isinstance(values, list) else ():
            size = int(np.prod(shape, dtype="int64")) * np.dtype(dtype).itemsize
            found[row].append(np.frombuffer(every[at : at + size], dtype).reshape(shape))
            at += size
    return found


def main() -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf
    from tf_keras.src import backend as K

    given = backend_rows.data()
    arrays = {name: (tf.Variable if name.endswith("_k") else tf.constant)(value) for name, value in given.items()}
    found = {}
    for row in backend_rows.rows():
        try:
            made = eval(row, {"K": K, **arrays})
            found[row] = [np.array(each.numpy() if hasattr(each, "numpy") else each) for each in flat(made)]
        except Exception as error:
            found[row] = type(error).__name__
            print(f"{row}\n    {type(error).__name__}: {str(error)[:200]!r}")
    np.savez_compressed(FILE, **pack(found))
    print(len(found), "rows,", FILE.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
