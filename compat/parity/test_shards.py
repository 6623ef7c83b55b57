"""Weights in several files: Keras reads ours, and we read Keras's."""

import json

import keras as real
import numpy as np
import pytest

import torchkeras_lite as ours

WAYS = pytest.mark.parametrize(("writer", "reader"), [(ours, real), (real, ours), (ours, ours)])


def model_of(k, seed):
    k.utils.set_random_seed(seed)
    layers = k.layers
    inner = k.Sequential([k.Input((6,)), layers.Dense(5, name="first"), layers.BatchNormalization()], name="inner")
    return k.Sequential([k.Input((6,)), inner, layers.Dense(3), layers.Dense(2)])


@WAYS
def test_both_ways(writer, reader, tmp_path):
    written, read = model_of(writer, 1), model_of(reader, 2)
    written.save_weights(tmp_path / "m.weights.json", max_shard_size=150 / 2**30)
    assert len(list(tmp_path.glob("m_*.weights.h5"))) > 2
    read.load_weights(tmp_path / "m.weights.json")
    for one, other in zip(written.get_weights(), read.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_map_is_that_of_keras(tmp_path):
    for name, k in (("ours", ours), ("real", real)):
        (tmp_path / name).mkdir()
        model_of(k, 1).save_weights(tmp_path / name / "m.weights.json", max_shard_size=150 / 2**30)
    found, expected = (json.loads((tmp_path / name / "m.weights.json").read_text()) for name in ("ours", "real"))
    assert found == expected


def test_errors(tmp_path):
    model, path = model_of(ours, 1), tmp_path / "m.weights.json"
    with pytest.raises(ValueError, match=r"more than max_shard_size"):
        model.save_weights(path, max_shard_size=10 / 2**30)
    with pytest.raises(ValueError, match=r"must end in `\.weights\.json`"):
        model.save_weights(tmp_path / "m.h5", max_shard_size=1)
    assert not list(tmp_path.iterdir())
    model.save_weights(path, max_shard_size=1)
    with pytest.raises(FileExistsError):
        model.save_weights(path, max_shard_size=1, overwrite=False)
    for elsewhere in ("../m_00000.weights.h5", "/etc/m.weights.h5", "a\\m.weights.h5", 3, ["x/y.weights.h5"]):
        told = json.loads(path.read_text())
        told["weight_map"] = dict.fromkeys(told["weight_map"], elsewhere)
        (tmp_path / "bad.weights.json").write_text(json.dumps(told))
        with pytest.raises(ValueError, match="weights are said to be in"):
            model.load_weights(tmp_path / "bad.weights.json")
    (tmp_path / "bad.weights.json").write_text("[]")
    with pytest.raises(ValueError, match="does not say where the weights are"):
        model.load_weights(tmp_path / "bad.weights.json")
