"""BackupAndRestore: killed and run again, a script ends as if nobody had interrupted it."""

import os
import signal

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import callbacks, layers

# A script with all kinds of randomness: shuffling, dropout from a SeedGenerator and from torch, a callback that draws.
SCRIPT = """
import os, random, sys
import numpy as np, torch
import torchkeras_lite as keras
from torchkeras_lite import callbacks, layers

folder, result, kind, save_freq, die_at = sys.argv[1:6]
keras.utils.set_random_seed(7)
x = np.random.default_rng(0).random((48, 6), dtype="float32")
y = (x.sum(1) > 3).astype("int64")
model = keras.Sequential([keras.Input((6,)), layers.Dense(8, "relu"), layers.BatchNormalization(), layers.Dropout(0.3, seed=3),
                          layers.Dropout(0.2), layers.Dense(2, "softmax")])
model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
done = 0

class Die(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        global done
        done += 1
        if done == int(die_at):
            os.kill(os.getpid(), 9)

class Draw(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        random.random(), np.random.random()

def batches():
    for i in range(1000):
        at = np.random.default_rng(i).integers(0, 48, 8)
        yield x[at], y[at]

data = {
    "arrays": lambda: dict(x=x, y=y, batch_size=8),
    "loader": lambda: dict(x=torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.tensor(x), torch.tensor(y)), batch_size=8, shuffle=True)),
    "generator": lambda: dict(x=batches(), steps_per_epoch=6),
    "steps": lambda: dict(x=x, y=y, batch_size=8, steps_per_epoch=4),
}[kind]()
backup = callbacks.BackupAndRestore(folder, save_freq if save_freq == "epoch" else int(save_freq))
plateau = callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=10.0)
history = model.fit(**data, epochs=4, verbose=0, callbacks=[Draw(), backup, plateau, Die()], validation_data=(x, y))
torch.save({
    "weights": [torch.as_tensor(w) for w in model.get_weights()],
    "optimizer": [torch.as_tensor(v.value) for v in model.optimizer.variables],
    "history": history.history, "epoch": history.epoch,
    "draws": [random.random(), float(np.random.random()), float(torch.rand(()))],
}, result)
"""


def run(fresh, tmp_path, name, kind, save_freq, die_at):
    result = tmp_path / name
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = fresh(script, tmp_path / f"{name}_backup", result, kind, save_freq, die_at)
    assert done.code == (-signal.SIGKILL if die_at else 0), done.err
    return None if die_at else torch.load(result, weights_only=True)


MORE_DEATHS = [("arrays", 1, 9), ("arrays", "epoch", 15), ("loader", 4, 11), ("steps", 3, 6)]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")
@pytest.mark.parametrize(
    ("kind", "save_freq", "die_at"),
    [
        ("arrays", 4, 11),
        ("generator", 4, 9),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in MORE_DEATHS),
    ],
)
def test_killed_and_run_again(fresh, tmp_path, kind, save_freq, die_at):
    whole = run(fresh, tmp_path, "whole", kind, save_freq, 0)
    run(fresh, tmp_path, "killed", kind, save_freq, die_at)
    assert os.listdir(tmp_path / "killed_backup") == ["latest.state"]
    again = run(fresh, tmp_path, "killed", kind, save_freq, 0)
    assert again["history"] == whole["history"] and again["epoch"] == whole["epoch"] == [0, 1, 2, 3]
    assert again["draws"] == whole["draws"]
    for name in ("weights", "optimizer"):
        for a, b in zip(again[name], whole[name], strict=True):
            assert torch.equal(a, b)
    assert not (tmp_path / "killed_backup").exists()


X = np.random.default_rng(0).random((16, 3), dtype="float32")


def small(optimizer="adam"):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model.compile(optimizer, "mse")
    return model


class Raise(callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyError("stop")


def fit(model, path, *more, **settings):
    backup = callbacks.BackupAndRestore(path, **settings)
    return model.fit(X, X[:, :1], batch_size=4, epochs=3, verbose=0, callbacks=[backup, *more])


@pytest.mark.parametrize("optimizer", ["adam", "sgd", torch.optim.AdamW], ids=str)
def test_interrupted_at_the_end_of_an_epoch(tmp_path, optimizer):
    whole = small(optimizer)
    history = fit(whole, tmp_path / "a").history
    with pytest.raises(KeyError):
        fit(small(optimizer), tmp_path / "b", Raise(1))
    again = small(optimizer)
    assert fit(again, tmp_path / "b").history == history and len(history["loss"]) == 3
    for a, b in zip(again.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    if optimizer is torch.optim.AdamW:  # whose rate is a double
        assert again.optimizer.optimizer.param_groups[0]["lr"] == whole.optimizer.optimizer.param_groups[0]["lr"] == 0.001


class Halve(callbacks.Callback):
    """Halves the rate behind each batch, or each epoch, and draws: all of this belongs to what is over."""

    def __init__(self, when):
        super().__init__()
        setattr(self, when, self._halve)

    def _halve(self, *args, **kwargs):
        self.model.optimizer.learning_rate = float(self.model.optimizer.learning_rate) * 0.5
        np.random.rand()


class Stop(callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.left = step

    def on_train_batch_begin(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            raise KeyError("stop")


@pytest.mark.parametrize(("when", "save_freq"), [("on_train_batch_end", 3), ("on_epoch_end", "epoch"), ("on_epoch_end", 4)])
@pytest.mark.parametrize("optimizer", ["sgd", torch.optim.AdamW], ids=str)
def test_what_callbacks_behind_it_do_belongs_to_what_is_kept(tmp_path, when, save_freq, optimizer):
    def run(folder, *more):
        model = small(optimizer)
        fit(model, tmp_path / folder, Halve(when), *more, save_freq=save_freq)
        return [*model.get_weights(), np.random.rand()]

    whole = run("a")
    with pytest.raises(KeyError):
        run("b", Stop(8))
    for a, b in zip(run("b"), whole, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_history_goes_on_with_the_epochs_of_its_values(tmp_path):
    def run(folder, *more):
        backup = callbacks.BackupAndRestore(tmp_path / folder)
        arguments = {"validation_data": (X, X[:, :1]), "validation_freq": 2, "epochs": 6, "verbose": 0}
        return small().fit(X, X[:, :1], callbacks=[backup, *more], **arguments)

    run("a")
    with pytest.raises(KeyError):
        run("b", Raise(3))
    history = run("b")
    assert history._numbers("loss") == [1, 2, 3, 4, 5, 6] and history._numbers("val_loss") == [2, 4, 6]


def test_what_is_kept(tmp_path):
    fit(small(), tmp_path / "a", delete_checkpoint=False)
    assert os.listdir(tmp_path / "a") == ["latest.state"]
    model = small()
    before = model.get_weights()[0].copy()
    history = fit(model, tmp_path / "a", delete_checkpoint=False)  # nothing is left to do
    assert history.epoch == [0, 1, 2] and len(history.history["loss"]) == 3
    assert not np.allclose(before, model.get_weights()[0])
    fit(small(), tmp_path / "never", save_freq=False)
    assert not (tmp_path / "never").exists()


def test_an_unreadable_file(tmp_path):
    with pytest.raises(KeyError):
        fit(small(), tmp_path / "one", Raise(1))
    (tmp_path / "one" / "latest.state").write_bytes(b"half of it")
    with pytest.raises(OSError, match="double_checkpoint=True"):
        fit(small(), tmp_path / "one")
    whole = fit(small(), tmp_path / "whole").history
    with pytest.raises(KeyError):
        fit(small(), tmp_path / "two", Raise(2), double_checkpoint=True)
    assert sorted(os.listdir(tmp_path / "two")) == ["latest.state", "latest.state.bkp"]
    (tmp_path / "two" / "latest.state").write_bytes(b"half of it")
    assert fit(small(), tmp_path / "two", double_checkpoint=True).history == whole


def test_a_full_disk_leaves_the_old_state(tmp_path, monkeypatch):
    save, calls = torch.save, []

    def full(value, file):
        calls.append(1)
        if len(calls) == 2:
            file.write(b"half of it")
            raise OSError(28, "No space left on device")
        save(value, file)

    monkeypatch.setattr(torch, "save", full)
    model = small()
    with pytest.raises(OSError, match="No space"):
        fit(model, tmp_path / "a")
    assert os.listdir(tmp_path / "a") == ["latest.state"]
    assert len(fit(small(), tmp_path / "a").history["loss"]) == 3


def test_early_stopping_behind_it_goes_on_counting(tmp_path):
    def stopping():
        return callbacks.EarlyStopping("loss", patience=2, min_delta=100.0, restore_best_weights=True)

    whole, part, again = stopping(), stopping(), stopping()

    class RaiseAtBegin(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyError("stop")

    fit(small(), tmp_path / "a", whole)
    with pytest.raises(KeyError):
        fit(small(), tmp_path / "b", part, RaiseAtBegin())
    fit(small(), tmp_path / "b", again)
    assert (again.best, again.wait, again.stopped_epoch) == (whole.best, whole.wait, whole.stopped_epoch)
    assert whole.stopped_epoch == 2
    assert all(torch.equal(a, b) for a, b in zip(whole.best_weights, again.best_weights, strict=True))


def test_arguments(tmp_path):
    with pytest.raises(ValueError, match="backup_dir"):
        callbacks.BackupAndRestore("")
    with pytest.raises(ValueError, match=r"Invalid value: `save_freq` .*'batch'"):
        callbacks.BackupAndRestore(tmp_path, save_freq="batch")
