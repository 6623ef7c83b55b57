"""`.weights.h5`: the real Keras reads what we write, and we read what it writes."""

import numpy as np
import pytest

import torchkeras_lite as ours


def plain(lib):
    return lib.Sequential(
        [lib.Input((3,)), lib.layers.Dense(4, name="first"), lib.layers.BatchNormalization(), lib.layers.Dense(2)]
    )


def nested(lib):
    inner = lib.Sequential([lib.Input((3,)), lib.layers.Dense(5), lib.layers.Dense(4)])
    return lib.Sequential([lib.Input((3,)), inner, lib.layers.Dense(2)])


def subclassed(lib):
    class Own(lib.Model):
        def __init__(self):
            super().__init__(name="own")
            self.a = lib.layers.Dense(2)
            self.blocks = [lib.layers.Dense(3), lib.layers.Dense(4)]
            self.seq = lib.Sequential([lib.layers.Dense(2)])

        def call(self, x):
            x = self.seq(self.a(x))
            for block in self.blocks:
                x = block(x)
            return x

    model = Own()
    model(np.ones((2, 3), "float32"))
    return model


@pytest.mark.parametrize("make", [plain, nested, subclassed])
@pytest.mark.parametrize("ours_writes", [True, False])
def test_files_of_both(make, ours_writes, keras, tmp_path):
    writer, reader = (make(ours), make(keras)) if ours_writes else (make(keras), make(ours))
    rng = np.random.default_rng(1)
    writer.set_weights([rng.random(w.shape).astype("float32") for w in writer.get_weights()])
    path = str(tmp_path / "x.weights.h5")
    writer.save_weights(path)
    reader.load_weights(path)
    for written, read in zip(writer.get_weights(), reader.get_weights(), strict=True):
        np.testing.assert_array_equal(written, read)


def test_what_does_not_fit_changes_nothing(tmp_path):
    path = tmp_path / "x.weights.h5"
    plain(ours).save_weights(path)
    other = ours.Sequential([ours.Input((3,)), ours.layers.Dense(4), ours.layers.BatchNormalization(), ours.layers.Dense(5)])
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"do not fit layer .*shape \(4, 5\), in the file \(4, 2\)"):
        other.load_weights(path)
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.warns(UserWarning, match="left as they are"):
        other.load_weights(path, skip_mismatch=True)
    assert not np.array_equal(before[0], other.get_weights()[0])


def test_no_half_file_stays(tmp_path, monkeypatch):
    model = plain(ours)
    monkeypatch.setattr(type(model.layers[1]), "save_own_variables", lambda self, store: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.save_weights(tmp_path / "x.weights.h5")
    assert list(tmp_path.iterdir()) == []
