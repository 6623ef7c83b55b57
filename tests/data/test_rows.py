"""Data that is read as it is needed: files of h5py, memmaps, sparse matrices."""

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import data, layers

X = np.random.default_rng(0).random((50, 4), dtype="float32")
Y = (X.sum(1) > 2).astype("int64")


def h5(path, x):
    h5py = pytest.importorskip("h5py")
    file = h5py.File(path / "x.h5", "w")
    file["x"] = x
    return file["x"]


def memmap(path, x):
    array = np.memmap(path / "x.raw", dtype=x.dtype, mode="w+", shape=x.shape)
    array[:] = x
    return array


def sparse(path, x):
    return pytest.importorskip("scipy.sparse").coo_matrix(x)


KINDS = pytest.mark.parametrize("kind", [h5, memmap, sparse])


def model():
    keras.utils.set_random_seed(1)
    made = keras.Sequential([keras.Input((4,)), layers.Dense(2, "softmax")])
    made.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


@KINDS
@pytest.mark.parametrize("shuffle", [True, False, "batch"])
@pytest.mark.parametrize("more", [{}, {"validation_split": 0.2}, {"class_weight": {0: 1.0, 1: 3.0}}], ids=str)
def test_fit_sees_what_it_sees_in_memory(tmp_path, kind, shuffle, more):
    a, b = model(), model()
    settings = {"epochs": 2, "batch_size": 16, "shuffle": shuffle, "verbose": 0, **more}
    wanted = a.fit(X, Y, **settings).history
    keras.utils.set_random_seed(1)
    model()
    found = b.fit(kind(tmp_path, X), Y, **settings).history
    assert found.keys() == wanted.keys()
    for name in wanted:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-5)


@KINDS
def test_evaluate_and_predict(tmp_path, kind):
    one, x = model(), kind(tmp_path, X)
    np.testing.assert_allclose(one.predict(x, verbose=0), one.predict(X, verbose=0), rtol=1e-6)
    np.testing.assert_allclose(one.evaluate(x, Y, verbose=0), one.evaluate(X, Y, verbose=0), rtol=1e-6)
    np.testing.assert_allclose(one.predict_on_batch(x), one.predict(X, verbose=0), rtol=1e-6)


@pytest.mark.parametrize("kind", [h5, memmap])
def test_bytes_and_doubles_become_what_the_model_takes(tmp_path, kind):
    one = model()
    for dtype in ("uint8", "float64"):
        x = (X * 9).astype(dtype)
        np.testing.assert_allclose(one.predict(kind(tmp_path, x), verbose=0), one.predict(x, verbose=0), rtol=1e-6)
        assert isinstance(data.to_tensor(kind(tmp_path, x)), data.Rows)  # doubles are not converted as a whole


def test_sparse_inputs(tmp_path):
    wanted, x = model(), keras.Input((4,), sparse=True)
    one = keras.Model(x, wanted.layers[-1](x))
    again = keras.Model.from_config(one.get_config())
    again.set_weights(one.get_weights())
    for made in (one, again):
        assert made.inputs[0].sparse and not made.outputs[0].sparse
        for rows in (sparse(tmp_path, X), sparse(tmp_path, X).tocsr()):
            np.testing.assert_allclose(made.predict(rows, verbose=0), wanted.predict(X, verbose=0), rtol=1e-6)
            np.testing.assert_allclose(made(rows).detach(), wanted(X).detach(), rtol=1e-6)
    torch.testing.assert_close(layers.Rescaling(2.0)(sparse(tmp_path, X)), torch.from_numpy(X * 2))


def test_targets_and_several_inputs(tmp_path):
    x, y = h5(tmp_path, X), memmap(tmp_path, Y)
    a = model()
    assert a.evaluate(X, y, verbose=0) == pytest.approx(a.evaluate(X, Y, verbose=0))
    inputs = {"a": keras.Input((4,), name="a"), "b": keras.Input((4,), name="b")}
    both = keras.Model(inputs, inputs["a"] * 2 + inputs["b"])
    np.testing.assert_allclose(both.predict({"a": x, "b": X}, verbose=0), 3 * X, rtol=1e-6)


def test_only_batches_are_read(tmp_path):
    x = h5(tmp_path, X)
    read = []
    rows = data.Rows(x, lambda some: read.append(len(some)) or torch.tensor(np.array(some)))
    batches = data.Arrays((rows[10:],), 8, "batch", torch.device("cpu"))
    assert len(batches.first()[0]) == 8 and batches.steps == 5
    together = torch.cat([part for (part,) in batches])
    assert max(read) == 8
    np.testing.assert_array_equal(np.sort(together.numpy(), axis=0), np.sort(X[10:], axis=0))
    chosen = torch.tensor([7, 0, 3])
    np.testing.assert_array_equal(rows[10:].index_select(0, chosen).numpy(), X[10:][[7, 0, 3]])


def test_unequal_lengths(tmp_path):
    with pytest.raises(ValueError, match=r"'x' sizes: 50\n'y' sizes: 49"):
        model().fit(h5(tmp_path, X), Y[:49], verbose=0)


LARGE = """
import resource, sys
import subprocess
import sys

import numpy as np
import torchkeras_lite as keras
from torchkeras_lite import layers

kind, folder = sys.argv[1:]
rows = 250_000
if kind == "h5py":
    import h5py
    x = h5py.File(folder + "/x.h5", "w").create_dataset("x", (rows, 2000), "float32", chunks=(100, 2000))
else:
    x = np.memmap(folder + "/x.raw", "float32", "w+", shape=(rows, 2000))
y = np.zeros(rows, "float32")
model = keras.Sequential([keras.Input((2000,)), layers.Dense(1)])
model.compile("sgd", "mse")
model.predict(x[:64], verbose=0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for shuffle in (True, "batch", False):
    model.fit(x, y, batch_size=64, steps_per_epoch=5, shuffle=shuffle, verbose=0)
model.fit(x, y, batch_size=64, steps_per_epoch=5, validation_split=0.5, validation_steps=3, verbose=0)
model.evaluate(x, y, batch_size=64, steps=5, verbose=0)
assert model.predict(x, batch_size=64, steps=5, verbose=0).shape == (320, 1)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**10)
"""


@pytest.mark.parametrize("kind", ["h5py", "memmap"])
def test_two_gigabytes_are_never_read_as_a_whole(fresh, tmp_path, kind):
    """(Nothing of them is written, so neither takes room on the disk.)"""
    pytest.importorskip("resource")
    assert float(fresh("-c", LARGE, kind, tmp_path, ok=True).out) < 200, "megabytes more than before"
