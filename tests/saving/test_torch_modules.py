"""Models with torch modules in them, as files: a module is a pickle, so it is read only if the caller says so.

Both ways with Keras: compat/parity/test_torch_module_files.py.
"""

import base64
import os

import numpy as np
import pytest
from torch import nn

import torchkeras_lite as keras
from torchkeras_lite import layers

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.scale = nn.Linear(4, 3), nn.BatchNorm1d(3)

    def forward(self, x):
        return self.scale(self.inner(x))


def model(module):
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.Input((4,)), layers.TorchModuleWrapper(module, name="wrapped"), layers.Dense(2)])
    made.compile("sgd", "mse")
    made.fit(X, X[:, :2], verbose=0)  # statistics move
    return made


def plain():
    return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.LayerNorm(5))


@pytest.mark.parametrize("name", ["m.keras", "m", "m.h5"])
def test_it_comes_back_if_the_caller_says_so(name, tmp_path):
    made = model(plain())
    made.save(tmp_path / name)
    with pytest.raises(ValueError, match=r"holds a torch module.*safe_mode=False"):
        keras.models.load_model(tmp_path / name)
    loaded = keras.models.load_model(tmp_path / name, safe_mode=False)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), made.predict(X, verbose=0))
    assert int(loaded.get_layer("wrapped").module[1].num_batches_tracked) == 1


def test_classes_of_the_user_have_to_be_named(tmp_path):
    made = model(Own())
    made.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match=r"Own in it is neither torch\.nn's nor named in `custom_objects`"):
        keras.models.load_model(tmp_path / "m.keras", safe_mode=False)
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=False, custom_objects={"Own": Own})
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), made.predict(X, verbose=0))


def test_nothing_else_is_unpickled_even_then(tmp_path):
    bomb = f"c{os.name}\nsystem\n(S'touch {tmp_path / 'PWNED'}'\ntR.".encode()
    config = {**layers.TorchModuleWrapper(plain()).get_config(), "module": base64.b64encode(bomb).decode()}
    config = {"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": config}
    for content in (config, {**config, "config": {**config["config"], "module": "?"}}):
        with pytest.raises(ValueError, match="cannot be read"):
            keras.saving.deserialize_keras_object(content, safe_mode=False)
    assert not (tmp_path / "PWNED").exists()


def test_weights_alone(tmp_path):
    made, other = model(plain()), model(plain())
    other.set_weights([weight + 1 for weight in other.get_weights()])
    made.save_weights(tmp_path / "w.weights.h5")
    other.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(other.predict(X, verbose=0), made.predict(X, verbose=0))
    narrow = keras.Sequential([keras.Input((4,)), layers.TorchModuleWrapper(nn.Linear(4, 3)), layers.Dense(2)])
    before = narrow.get_weights()
    with pytest.raises(ValueError):
        narrow.load_weights(tmp_path / "w.weights.h5")
    for old, new in zip(before, narrow.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
