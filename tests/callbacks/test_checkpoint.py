"""ModelCheckpoint: paths and errors. (When it saves is compared with Keras in parity.)"""

from pathlib import Path

import numpy as np
import pytest

import torchkeras_lite as keras
from torchkeras_lite.callbacks import CallbackList, ModelCheckpoint, OrbaxCheckpoint


class Model:
    metrics = ()

    def save_weights(self, path, overwrite=False):
        assert overwrite
        Path(path).write_text("weights")

    def save(self, path, overwrite=False):
        assert overwrite
        Path(path).write_text("model")


def epochs(callback, *logs):
    callbacks = CallbackList([callback], model=Model())
    for epoch, values in enumerate(logs):
        callbacks.on_epoch_begin(epoch)
        for batch in range(3):
            callbacks.on_train_batch_end(batch, {"loss": 0.5})
        callbacks.on_epoch_end(epoch, values)


def files(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("extension", [".weights.h5", ".h5", ".keras", ".hdf5", ".pt", ""])
@pytest.mark.parametrize("weights_only, content", [(True, "weights"), (False, "model")])
def test_names_and_folders(extension, weights_only, content, tmp_path):
    path = tmp_path / "new" / ("{epoch:02d}-{val_loss:.2f}" + extension)
    epochs(ModelCheckpoint(path, save_weights_only=weights_only), {"val_loss": 0.5}, {"val_loss": 0.25})
    assert files(tmp_path) == {f"new/01-0.50{extension}": content, f"new/02-0.25{extension}": content}


def test_batches_go_on_over_epochs(tmp_path):
    epochs(ModelCheckpoint(tmp_path / "{epoch}-{batch}", save_freq=2), {}, {})
    assert set(files(tmp_path)) == {"1-2", "2-1", "2-3"}


def test_a_step_may_stand_for_several_batches(tmp_path):
    callbacks = CallbackList([ModelCheckpoint(tmp_path / "{epoch}-{batch}", save_freq=4)], model=Model())
    for epoch in range(2):
        callbacks.on_epoch_begin(epoch)
        for batch in (2, 5, 8):
            callbacks.on_train_batch_end(batch)
    assert set(files(tmp_path)) == {"1-6", "2-3", "2-9"}


def test_the_best_after_some_batches(tmp_path):
    callback = ModelCheckpoint(tmp_path / "{epoch}-{batch}", monitor="loss", save_freq=1, save_best_only=True)
    epochs(callback, {"loss": 0.5})  # it knows its direction before the first epoch has ended
    assert set(files(tmp_path)) == {"1-1"} and callback.best == 0.5


class Reports(ModelCheckpoint):
    """As libraries that keep account of experiments have it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.reported = []

    def on_train_batch_end(self, batch, logs=None):
        if self._should_save_on_batch(batch):
            self._save_model(epoch=self._current_epoch, batch=batch, logs=logs)
            self.reported.append(Path(self._get_file_path(epoch=self._current_epoch, batch=batch, logs=logs)))

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        if self.save_freq == "epoch":
            self.reported.append(Path(self._get_file_path(epoch=epoch, batch=None, logs=logs)))

    def _should_save_model(self, epoch, batch, logs, filepath):
        return Path(filepath).name[0] != "1" and super()._should_save_model(epoch, batch, logs, filepath)


def test_subclasses_use_and_replace_its_steps(tmp_path):
    by_batch, by_epoch = Reports(tmp_path / "{epoch}-{batch}", save_freq=2), Reports(tmp_path / "{epoch}-{loss:.0f}")
    epochs(by_batch, {"loss": 2}, {"loss": 1})
    epochs(by_epoch, {"loss": 2}, {"loss": 1})
    assert [path.name for path in by_batch.reported] == ["1-2", "2-1", "2-3"]
    assert [path.name for path in by_epoch.reported] == ["1-2", "2-1"]
    assert files(tmp_path) == dict.fromkeys(("2-1", "2-3"), "model")


def test_a_name_that_the_logs_do_not_have(tmp_path):
    with pytest.raises(KeyError, match=r"\{val_los\}.*names 'val_los'\. What it may name here: epoch, loss, val_loss"):
        epochs(ModelCheckpoint(tmp_path / "{val_los}"), {"loss": 1.0, "val_loss": 2.0})
    assert files(tmp_path) == {}


def test_a_folder_in_the_way(tmp_path):
    for name in ("other/a.txt", "m.keras/a.txt", "config/config.json"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("{}")
        with pytest.raises(IsADirectoryError, match="ModelCheckpoint writes a file"):
            epochs(ModelCheckpoint((tmp_path / name).parent), {})
        assert (tmp_path / name).read_text() == "{}"


def test_a_name_without_an_ending_is_written_again(tmp_path):
    """The folder of the epoch before, or of the run before, is replaced; so is an empty one."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    (tmp_path / "empty").mkdir()
    for name in ("m", "empty"):
        for _ in range(2):
            model.fit(np.ones((4, 3)), np.ones((4, 2)), epochs=2, verbose=0, callbacks=[ModelCheckpoint(tmp_path / name)])
        loaded = keras.models.load_model(tmp_path / name)
        np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])
    with pytest.raises(IsADirectoryError):
        epochs(ModelCheckpoint(tmp_path / "m", save_weights_only=True), {})


@pytest.mark.parametrize("save_freq", ["batch", 1.5, None, True])
def test_save_freq(save_freq):
    with pytest.raises(ValueError, match=r"'epoch' or a number of batches\. Received: save_freq="):
        ModelCheckpoint("a", save_freq=save_freq)


def test_a_value_that_is_missing_saves_all_the_same(tmp_path):
    with pytest.warns(UserWarning, match=r"'val_loss'.*not in the logs \(loss\)"):
        epochs(ModelCheckpoint(tmp_path / "a", save_best_only=True), {"loss": 1.0})
    with pytest.warns(UserWarning, match="a single number"):
        epochs(ModelCheckpoint(tmp_path / "b", save_best_only=True), {"val_loss": [1.0, 2.0]})
    assert set(files(tmp_path)) == {"a", "b"}


def test_what_it_says(tmp_path, capsys):
    callback = ModelCheckpoint(tmp_path / "a", save_best_only=True, verbose=1)
    epochs(callback, {"val_loss": 2.0}, {"val_loss": 1.0}, {"val_loss": 3.0})
    assert capsys.readouterr().out.replace(str(tmp_path), "").split("\n\n") == [
        "\nEpoch 1: val_loss improved from None to 2.00000, saving model to /a",
        "Epoch 1: finished saving model to /a",
        "Epoch 2: val_loss improved from 2.00000 to 1.00000, saving model to /a",
        "Epoch 2: finished saving model to /a",
        "Epoch 3: val_loss did not improve from 1.00000\n",
    ]


def test_there_is_no_orbax(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"orbax-checkpoint.*BackupAndRestore"):
        OrbaxCheckpoint("folder")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    with pytest.raises(NotImplementedError, match="ModelCheckpoint"):
        OrbaxCheckpoint("folder", max_to_keep=3)
