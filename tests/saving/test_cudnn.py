"""Files of Keras 2 with CuDNNLSTM and CuDNNGRU in them, which only GPUs ran: written here as those wrote them.

What comes out was recorded from tf_keras 2.21, which reads such weights into LSTM and GRU (compat/golden has no files of these:
no machine there had a GPU).
"""

import json

import h5py
import numpy as np
import pytest

import torchkeras_lite as keras
from torchkeras_lite import layers

X = (np.arange(12).reshape(1, 4, 3) / 10 - 0.5).astype("float32")
FORWARD = {"LSTM": [-0.002539873, -0.030571485], "GRU": [0.04737854, -0.082329527]}
BACKWARD = {"LSTM": [-0.005340875, 0.021988608], "GRU": [-0.089377709, -0.018315071]}
GATES = {"LSTM": 4, "GRU": 3}


def arrays(kind):
    width = 2 * GATES[kind]
    return [
        ((np.arange(3 * width).reshape(3, width) * 7 % 11) / 10 - 0.5).astype("float32"),
        ((np.arange(2 * width).reshape(2, width) * 5 % 13) / 10 - 0.6).astype("float32"),
        ((np.arange(2 * width) * 3 % 7) / 10 - 0.3).astype("float32"),
    ]


def written(path, kind, both):
    layer = {"class_name": f"CuDNN{kind}", "config": {"name": "r", "units": 2, "go_backwards": False}}
    values = arrays(kind)
    if both:
        layer = {"class_name": "Bidirectional", "config": {"name": "r", "layer": layer, "merge_mode": "concat"}}
        values += [-value / 2 for value in values]
    first = layer["config"]
    first["batch_input_shape"] = [None, 4, 3]
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = b"2.2.4", b"tensorflow"
        config = {"class_name": "Sequential", "config": {"name": "s", "layers": [layer]}}
        file.attrs["model_config"] = json.dumps(config).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.asarray([b"r"])
        group = group.create_group("r")
        names = [f"r/w{i}:0" for i in range(len(values))]
        group.attrs["weight_names"] = np.asarray([name.encode() for name in names])
        for name, value in zip(names, values, strict=True):
            group[name] = value


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("kind", GATES)
def test_a_whole_model(kind, both, tmp_path):
    written(tmp_path / "m.h5", kind, both)
    model = keras.models.load_model(tmp_path / "m.h5")
    expected = FORWARD[kind] + (BACKWARD[kind] if both else [])
    np.testing.assert_allclose(model.predict(X, verbose=0)[0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", GATES)
def test_weights_into_the_layer_of_today(kind, tmp_path):
    written(tmp_path / "m.h5", kind, False)
    model = keras.Sequential([keras.Input((4, 3)), getattr(layers, kind)(2)])
    model.load_weights(tmp_path / "m.h5")
    np.testing.assert_allclose(model.predict(X, verbose=0)[0], FORWARD[kind], rtol=1e-5, atol=1e-6)
    wide = keras.Sequential([keras.Input((4, 3)), getattr(layers, kind)(3)])
    with pytest.raises(ValueError, match="do not fit"):
        wide.load_weights(tmp_path / "m.h5")
