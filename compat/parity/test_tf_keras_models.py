"""Small models in old words, trained for an epoch in the stand-in and in Keras 2 on TensorFlow: the same numbers.

What Keras 2 made of `era_models.py` was recorded by `record_tf_keras.py`. `era_models_keras1.py` has some of the models in
the words of Keras 1.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
with np.load(HERE / "tf_keras.npz") as _packed:
    RECORDED = dict(_packed)


def names(file: str) -> list[str]:
    return re.findall(r"\w+", re.search(r"^MODELS = \[(.*?)\]", (HERE / file).read_text(), re.M | re.S)[1])


def run(fresh, file: str, era: str, out: Path) -> dict[str, np.ndarray]:
    """What a script saves under the stand-in."""
    fresh(HERE / file, out, path=[HERE.parent / "shims"], env={**os.environ, "TORCHKERAS_ERA": era}, ok=True)
    with np.load(out) as packed:
        return dict(packed)


@pytest.fixture(scope="module")
def keras2(fresh, tmp_path_factory):
    return run(fresh, "era_models.py", "2.3", tmp_path_factory.mktemp("models") / "two.npz")


@pytest.fixture(scope="module")
def keras1(fresh, tmp_path_factory):
    return run(fresh, "era_models_keras1.py", "1.2", tmp_path_factory.mktemp("models") / "one.npz")


# Here RMSprop and Adagrad meet gradients of about 1e-8, which are noise, and make steps of a whole learning rate of them.
NOISY = ("rows_then_columns", "reviews_cnn_lstm", "next_letter")


def compare(found, name):
    wanted = {key: value for key, value in RECORDED.items() if key.startswith(f"{name}|")}
    found = {re.sub(r"\|acc$", "|accuracy", key): value for key, value in found.items() if key.startswith(f"{name}|")}
    assert found.keys() == wanted.keys()
    weights = [key for key in wanted if "|weight" in key]
    if name in NOISY:
        far = np.concatenate([abs(found[key] - wanted[key]).ravel() > 1e-3 for key in weights])
        assert far.mean() < 0.15  # nor do they matter: the losses and predictions are the same
    for key, value in wanted.items():
        assert found[key].shape == value.shape, key
        if name not in NOISY or key not in weights:
            np.testing.assert_allclose(found[key], value, rtol=0, atol=1e-3, err_msg=key)


@pytest.mark.parametrize("name", names("era_models.py"))
def test_in_the_words_of_keras_2(keras2, name):
    compare(keras2, name)


@pytest.mark.parametrize("name", names("era_models_keras1.py"))
def test_in_the_words_of_keras_1(keras1, name):
    compare(keras1, name)


def test_the_record_is_of_these_models():
    assert list(dict.fromkeys(key.partition("|")[0] for key in RECORDED)) == names("era_models.py")
