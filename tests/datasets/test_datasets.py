"""The data sets, out of small files in the cache that look like the published ones."""

import gzip
import pickle

import numpy as np
import pytest

import torchkeras_lite as keras
from torchkeras_lite.datasets import source

DRAW = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A cache without a network; checksums are those of the published files, so here they are not looked at."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("torchkeras_lite.utils.downloads._is_good", lambda path, *_: __import__("os").path.exists(path))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


def texts(*lengths):
    made = np.empty(len(lengths), dtype=object)
    for i, length in enumerate(lengths):
        made[i] = DRAW.integers(1, 50, length).tolist()
    return made


def test_mnist(home):
    given = {"x_train": DRAW.integers(0, 256, (5, 28, 28), dtype="uint8"), "y_train": np.arange(5, dtype="uint8")}
    given |= {"x_test": given["x_train"][:2], "y_test": given["y_train"][:2]}
    np.savez(home / "mnist.npz", **given)
    (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
    for found, name in ((x, "x_train"), (y, "y_train"), (x_test, "x_test"), (y_test, "y_test")):
        np.testing.assert_array_equal(found, given[name])
        assert found.dtype == np.uint8


def test_fashion_mnist(home):
    (home / "fashion-mnist").mkdir()
    images, labels = DRAW.integers(0, 256, (3, 28, 28), dtype="uint8"), np.array([7, 8, 9], "uint8")
    for part in ("train", "t10k"):
        for kind, header, content in (("images-idx3", 16, images), ("labels-idx1", 8, labels)):
            with gzip.open(home / "fashion-mnist" / f"{part}-{kind}-ubyte.gz", "wb") as file:
                file.write(bytes(header) + content.tobytes())
    for x, y in keras.datasets.fashion_mnist.load_data():
        np.testing.assert_array_equal(x, images)
        np.testing.assert_array_equal(y, labels)


def test_cifar(home):
    flat = DRAW.integers(0, 256, (2, 3072), dtype="uint8")
    folder = home / "cifar-10-batches-py"  # where Keras 2 left it
    folder.mkdir()
    for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
        (folder / name).write_bytes(pickle.dumps({b"data": flat, b"labels": [3, 4]}))
    (x, y), (x_test, y_test) = keras.datasets.cifar10.load_data()
    assert (x.shape, y.shape, x_test.shape, y_test.shape) == ((10, 32, 32, 3), (10, 1), (2, 32, 32, 3), (2, 1))
    np.testing.assert_array_equal(x_test[0, :, :, 1], flat[0].reshape(3, 32, 32)[1])
    np.testing.assert_array_equal(y_test, [[3], [4]])
    folder = home / "cifar-100-python-target" / "cifar-100-python"  # where Keras 3 leaves it
    folder.mkdir(parents=True)
    (home / "cifar-100-python-target_archive").write_bytes(b"")
    for name in ("train", "test"):
        (folder / name).write_bytes(pickle.dumps({b"data": flat, b"fine_labels": [99, 0], b"coarse_labels": [19, 1]}))
    with pytest.warns(UserWarning, match="extract"):
        (_, fine), _ = keras.datasets.cifar100.load_data()
    with pytest.warns(UserWarning, match="extract"):
        (_, coarse), _ = keras.datasets.cifar100.load_data("coarse")
    assert (fine.tolist(), coarse.tolist()) == ([[99], [0]], [[19], [1]])
    with pytest.raises(ValueError, match="label_mode"):
        keras.datasets.cifar100.load_data("finest")


def test_imdb(home):
    test = texts(4)
    test[0][0] = 99  # the largest number is left out, as in Keras
    np.savez(home / "imdb.npz", x_train=texts(3, 5, 9), y_train=np.array([0, 1, 1]), x_test=test, y_test=np.array([1]))
    (x, y), (x_test, _) = keras.datasets.imdb.load_data()
    assert sorted(map(len, x)) == [4, 6, 10] and all(text[0] == 1 and min(text[1:]) > 3 for text in x)
    assert sorted(y) == [0, 1, 1] and len(x_test[0]) == 5
    (few, _), _ = keras.datasets.imdb.load_data(num_words=10, skip_top=5)
    for text, whole in zip(few, x, strict=True):
        assert text == [word if 5 <= word < 10 else 2 for word in whole]
    (few, _), _ = keras.datasets.imdb.load_data(num_words=10, oov_char=None)
    assert [len(text) for text in few] == [sum(word < 10 for word in whole) for whole in x]
    (bare, _), _ = keras.datasets.imdb.load_data(start_char=None, index_from=0)
    assert [[word + 3 for word in text] for text in bare] == [text[1:] for text in x]
    (short, labels), _ = keras.datasets.imdb.load_data(maxlen=7)
    assert sorted(map(len, short)) == [4, 6] and len(labels) == 2
    with pytest.raises(ValueError, match="maxlen=2"):
        keras.datasets.imdb.load_data(maxlen=2)


def test_reuters(home):
    np.savez(home / "reuters.npz", x=texts(*range(1, 11)), y=np.arange(10))
    (x, y), (x_test, y_test) = keras.datasets.reuters.load_data(test_split=0.3)
    assert (len(x), len(x_test)) == (7, 3) and sorted([*y, *y_test]) == list(range(10))
    assert all(len(text) == label + 2 for text, label in zip(x, y, strict=True))  # texts and labels stay together
    assert len(keras.datasets.reuters.get_label_names()) == 46


@pytest.mark.parametrize(("name", "columns"), [("boston_housing", 13), ("california_housing", 8)])
def test_houses(name, columns, home):
    rows = DRAW.normal(size=(10, columns))
    np.savez(home / f"{name}.npz", x=rows, y=np.arange(10.0))
    (x, y), (x_test, y_test) = getattr(keras.datasets, name).load_data(test_split=0.4)
    assert (x.shape, x_test.shape) == ((6, columns), (4, columns))
    np.testing.assert_array_equal(np.concatenate([x, x_test]), rows[np.concatenate([y, y_test]).astype(int)])
    with pytest.raises(ValueError, match="test_split"):
        getattr(keras.datasets, name).load_data(test_split=1)


def test_a_pickle_in_a_file_calls_nothing(home):
    class Gadget:
        def __reduce__(self):
            return print, ("run",)

    content = np.empty(1, dtype=object)
    content[0] = Gadget()
    np.savez(home / "reuters.npz", x=content, y=np.arange(1))
    with pytest.raises(ValueError, match=r"builtins\.print"):
        keras.datasets.reuters.load_data()


def test_without_a_network_the_message_says_what_to_do(home, monkeypatch):
    monkeypatch.setattr(source, "_BASE", (home / "nowhere").as_uri() + "/")
    with pytest.raises(OSError, match=r"put the file to .*mnist.npz"):
        keras.datasets.mnist.load_data()


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("mnist", ((60000, 28, 28), (60000,), (10000, 28, 28), (10000,))),
        ("cifar10", ((50000, 32, 32, 3), (50000, 1), (10000, 32, 32, 3), (10000, 1))),
        ("boston_housing", ((404, 13), (404,), (102, 13), (102,))),
        ("reuters", ((8982,), (8982,), (2246,), (2246,))),
    ],
)
def test_synthetic(name, shapes, monkeypatch):
    monkeypatch.setenv("TORCHKERAS_SYNTHETIC_DATA", "1")
    source._announce.cache_clear()
    with pytest.warns(UserWarning, match="Accuracies mean nothing"):
        (x, y), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    assert (x.shape, y.shape, x_test.shape, y_test.shape) == shapes
