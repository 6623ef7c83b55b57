"""Files that old releases of Keras wrote (make.py says how) open here, and the models predict what they predicted there."""

import io
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import torchkeras_lite as keras

GOLDEN = zipfile.ZipFile(Path(__file__).with_name("golden.zip"))
MODELS = [name for name in GOLDEN.namelist() if not name.endswith(".npz")]


def recorded(name):
    with np.load(io.BytesIO(GOLDEN.read(f"{name.rpartition('.')[0]}.npz"))) as arrays:
        return [[arrays[key] for key in sorted(arrays) if key[0] == side] for side in "xy"]


@pytest.mark.parametrize("name", MODELS)
def test_opens_and_predicts(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(GOLDEN.read(name))
    inputs, expected = recorded(name)
    model = keras.models.load_model(path, compile="trained" in name)
    batches = 2 if "stateful" in name else 1
    found = [model.predict(inputs if len(inputs) > 1 else inputs[0], batch_size=4, verbose=0) for _ in range(batches)]
    found = [one for many in found for one in (many if isinstance(many, (list, tuple)) else [many])]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    if "trained" in name:
        assert model.compiled and model.optimizer.iterations == (2 if "dense" in name else 1)


def test_a_description_in_json_opens_too(tmp_path):
    for name in ("keras-1.2.2-several_inputs.h5", "keras-2.3.1-nested.h5", "keras-2.15.0-bidirectional.h5"):
        with h5py.File(io.BytesIO(GOLDEN.read(name))) as file:
            described = json.loads(file.attrs["model_config"])
            version = file.attrs["keras_version"]
        (tmp_path / "w.h5").write_bytes(GOLDEN.read(name))
        model = keras.models.model_from_json(json.dumps({**described, "keras_version": version}))
        model.load_weights(tmp_path / "w.h5")
        inputs, expected = recorded(name)
        found = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
        np.testing.assert_allclose(found, expected[0], rtol=1e-4, atol=1e-5)
