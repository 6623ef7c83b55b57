"""KerasFileEditor: weights of a file shown, compared, changed."""

import h5py
import numpy as np
import pytest

from torchkeras_lite import layers, models
from torchkeras_lite.saving import KerasFileEditor


def model_of(*units):
    return models.Sequential([layers.Input((3,)), *map(layers.Dense, units)])


@pytest.fixture(params=["m.keras", "m.weights.h5"])
def file(request, tmp_path):
    model = model_of(4, 2)
    (model.save if request.param.endswith(".keras") else model.save_weights)(tmp_path / request.param)
    return model, tmp_path / request.param


def test_shows_and_compares(file, capsys):
    model, path = file
    editor = KerasFileEditor(path)
    editor.summary()
    assert "Object: dense_1" in capsys.readouterr().out
    np.testing.assert_array_equal(editor.weights_dict["layers"]["dense"]["0"], model.layers[0].kernel.numpy())
    assert editor.compare(model) == {"status": "success", "error_count": 0, "match_count": 4}
    assert editor.compare(model_of(4, 5)) == {"status": "error", "error_count": 2, "match_count": 2}
    assert "has shape (4, 2) in the file, and (4, 5) in the model" in capsys.readouterr().out
    assert editor.compare(model_of(4))["error_count"] == 1
    assert editor.compare(model_of(4, 2, 1))["error_count"] == 1


def test_a_layer_between_the_others(file, tmp_path):
    model, path = file
    new = model_of(4, 4, 2)
    editor = KerasFileEditor(path)
    editor.rename_object("dense_1", "dense_2")
    editor.add_object("layers/dense_1", {"0": np.eye(4)})
    editor.add_weights("layers/dense_1", {"1": np.zeros(4), "2": 1.0})
    editor.delete_weight("dense_1", "2")
    assert editor.compare(new)["status"] == "success"
    editor.save(tmp_path / "new.weights.h5")
    new.load_weights(tmp_path / "new.weights.h5")
    x = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)
    np.testing.assert_allclose(new.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5)
    editor.delete_object("layers/dense_1")
    assert editor.compare(new)["error_count"] == 1


def test_says_what_it_does_not_find(file, tmp_path):
    editor = KerasFileEditor(file[1])
    for name in ("dense_7", "layers/dense_7", "lairs/dense"):
        with pytest.raises(ValueError, match=r"not found|does not appear"):
            editor.delete_object(name)
    editor.add_object("dense", {"0": 1.0})
    with pytest.raises(ValueError, match="more than once"):
        editor.delete_object("dense")
    with pytest.raises(ValueError, match="no path"):
        editor.rename_object("dense_1", "layers/dense_3")
    with pytest.raises(ValueError, match="should be a dict"):
        editor.add_weights("dense_1", [1.0])
    with pytest.raises(ValueError, match=r"\.weights\.h5"):
        editor.save(tmp_path / "new.h5")
    with pytest.raises(ValueError, match="Invalid filename"):
        KerasFileEditor(tmp_path / "m.h5")


@pytest.mark.parametrize("link", ["external", "soft", "virtual"])
def test_reads_nothing_of_other_files(link, tmp_path):
    other, path = tmp_path / "other.weights.h5", tmp_path / "m.weights.h5"
    model_of(4).save_weights(other)
    with h5py.File(path, "w") as file:
        if link == "external":
            file["layers"] = h5py.ExternalLink(other, "/layers")
        elif link == "soft":
            file["layers"] = h5py.SoftLink("/other")
        else:
            layout = h5py.VirtualLayout(shape=(4,), dtype="float32")
            layout[:] = h5py.VirtualSource(str(other), "layers/dense/vars/1", shape=(4,))
            file.create_virtual_dataset("layers/dense/vars/0", layout)
    with pytest.raises(ValueError, match=r"ExternalLink|SoftLink|virtual"):
        KerasFileEditor(path)
