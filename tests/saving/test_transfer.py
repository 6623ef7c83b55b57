"""What goes between files and weights in pieces is what goes as a whole; and checksums of parts are those of the whole."""

import itertools
import os
import zlib

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import torchkeras_lite as keras
from torchkeras_lite import layers
from torchkeras_lite.saving import checksums, found, jobs, stores, transfer

LAYERS = {
    "matrix": lambda: layers.Dense(70),
    "wide": lambda: layers.Dense(3000),
    "images": lambda: layers.Conv2D(24, (3, 2)),
    "volumes": lambda: layers.Conv3D(5, (1, 2, 3)),
    "rows": lambda: layers.Conv1D(300, 5),
    "transposed": lambda: layers.Conv2DTranspose(6, 3),
    "grouped": lambda: layers.DepthwiseConv2D(3, depth_multiplier=4),
    "gates": lambda: layers.GRU(40),
    "gates before": lambda: layers.GRU(40, reset_after=False),
    "heads": lambda: layers.EinsumDense("abc,cde->abde", (None, 4, 30), bias_axes="de"),
    "heads joined": lambda: layers.EinsumDense("abcd,cde->abe", (None, 30)),
}
SHAPES = {"matrix": (50,), "wide": (40,), "images": (8, 8, 20), "volumes": (4, 5, 6, 30), "rows": (9, 30)}
SHAPES |= {"gates": (5, 30), "gates before": (5, 30), "heads": (5, 20), "heads joined": (5, 4, 6)}


@pytest.fixture
def small_pieces(monkeypatch):
    """Weights of this size go in many pieces, by three threads."""
    monkeypatch.setattr(jobs, "PIECE", 1 << 11)
    monkeypatch.setattr(jobs, "TOGETHER", 64)
    monkeypatch.setattr(jobs, "THREADS", 3)
    monkeypatch.setattr(transfer, "_TILE", 1 << 9)
    monkeypatch.setattr(transfer, "_RUN", 1 << 11)
    monkeypatch.setattr(transfer, "_SMALL", 1 << 8)


def built(kind):
    return keras.Sequential([keras.Input(SHAPES.get(kind, (8, 8, 7))), LAYERS[kind]()])


@pytest.mark.parametrize("name", ["m.weights.h5", "m.h5", "m.keras"])
@pytest.mark.parametrize("kind", LAYERS)
def test_a_weight_in_pieces_is_the_weight(kind, name, tmp_path, small_pieces):
    model, path = built(kind), tmp_path / name
    before = [v.numpy() for v in model.weights]
    model.save_weights(path) if "weights" in name else model.save(path)
    loaded = built(kind) if "weights" in name else keras.models.load_model(path)
    if "weights" in name:
        assert not np.array_equal(loaded.weights[0].numpy(), before[0])
        loaded.load_weights(path)
        with h5py.File(path) as file:  # as anybody reads it
            found = []
            file.visititems(lambda _, one: found.append(one[()]) if isinstance(one, h5py.Dataset) else None)
        for one, expected in zip(found, before, strict=True):
            np.testing.assert_array_equal(one, expected)
    for one, expected in zip(loaded.weights, before, strict=True):
        np.testing.assert_array_equal(one.numpy(), expected)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.randoms())
def test_axes_that_lie_together_become_one(shape, random):
    """The numbers stay in their order, and in their memory."""
    order = random.sample(range(len(shape)), len(shape))
    whole = np.arange(np.prod(shape)).reshape([shape[axis] for axis in order]).transpose(np.argsort(order))
    merged = transfer._merged(whole)
    assert merged.ndim >= 2 and merged.size == whole.size and np.shares_memory(merged, whole)
    np.testing.assert_array_equal(merged.ravel(), whole.ravel())
    straight = np.zeros(shape)
    assert transfer._merged(straight).shape == (1, straight.size)
    assert transfer._merged(np.zeros((2, 3, 4, 5)).transpose(2, 3, 0, 1)).shape == (20, 6)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(1, 5), st.randoms())
def test_columns_that_stand_in_several_places(widths, rows, random):
    parts = [np.random.default_rng(i).normal(size=(width, rows)).T for i, width in enumerate(widths)]
    view, whole = transfer.Columns(parts), np.concatenate(parts, 1)
    np.testing.assert_array_equal(np.asarray(view), whole)
    first, last = sorted(random.sample(range(sum(widths) + 1), 2))
    where = (slice(random.randrange(rows), rows), slice(first, last))
    for columns, memory in transfer._pieces_of(view, where):
        np.testing.assert_array_equal(whole[where][:, columns], memory)
        memory += 1
    expected = whole.copy()
    expected[where] += 1
    np.testing.assert_array_equal(np.asarray(view), expected)


@given(st.lists(st.integers(1, 12), min_size=2, max_size=4), st.randoms(), st.sampled_from([1, 200, 3000]))
def test_pieces_make_up_an_array_once(shape, random, size):
    count = np.zeros(shape, int)
    before = jobs.PIECE, jobs.TOGETHER
    jobs.PIECE, jobs.TOGETHER = size, random.choice([1, 16, 512])
    try:
        pieces = list(jobs.pieces(tuple(shape), 4))
    finally:
        jobs.PIECE, jobs.TOGETHER = before
    flat = np.arange(count.size, dtype=np.float32).reshape(shape)
    for where in pieces:
        count[where] += 1
        room = flat[where].copy()
        for offset, run in jobs.runs(tuple(shape), where, room):
            first = offset // 4
            np.testing.assert_array_equal(run.reshape(-1), np.arange(first, first + run.size))
    assert (count == 1).all()


def kernel():
    """A weight of 60 x 70 whose memory has its axes the other way round."""
    model = keras.Sequential([keras.Input((60,)), layers.Dense(70)])
    return model.weights[0]


@pytest.mark.parametrize("stored", ["<f4", "<f8", "<f2", ">f4", "<i4"])
def test_numbers_of_another_kind_are_converted(stored, tmp_path, small_pieces):
    values = np.arange(60 * 70).reshape(60, 70).astype(stored)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a"] = values
    target = kernel()
    with stores.opened(tmp_path / "a.h5") as file, jobs.at_once_unless(None) as work:
        transfer.take(stores.dataset(file, "a"), target, work)
    np.testing.assert_array_equal(target.numpy(), values.astype(np.float32))


@pytest.mark.parametrize("settings", [{"chunks": (7, 9)}, {"chunks": (7, 9), "compression": "gzip"}, {"track_times": True}])
def test_arrays_that_lie_otherwise_are_read_by_the_library(settings, tmp_path, small_pieces):
    values = np.arange(60 * 70, dtype=np.float32).reshape(60, 70)
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=1024) as file:
        file.create_dataset("a", data=values, **settings)
    target = kernel()
    with stores.opened(tmp_path / "a.h5") as file, jobs.at_once_unless(None) as work:
        transfer.take(stores.dataset(file, "a"), target, work)
    np.testing.assert_array_equal(target.numpy(), values)


@pytest.mark.parametrize("name", ["m.keras", "m.weights.h5", "m.h5"])
def test_bfloat16(name, tmp_path):
    """Keras 3 keeps the bits, as bytes that numpy has no name for; older formats never knew them."""
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, dtype="bfloat16"), layers.Dense(2, dtype="mixed_bfloat16")])
    path = tmp_path / name
    model.save_weights(path) if "weights" in name else model.save(path)
    kinds = {}
    if name != "m.keras":
        with h5py.File(path) as file:
            file.visititems(lambda key, one: kinds.update({key: one.dtype.str}) if isinstance(one, h5py.Dataset) else None)
        assert list(kinds.values()) == ["|V2" if "weights" in name else "<f4"] * 2 + ["<f4"] * 2
    loaded = keras.models.clone_model(model) if "weights" in name else keras.models.load_model(path)
    if "weights" in name:
        loaded.load_weights(path)
    for one, other in zip(model.weights, loaded.weights, strict=True):
        assert one.dtype == other.dtype and np.array_equal(one.numpy(), other.numpy())


def test_where_the_system_cannot_read_at_places_nothing_changes(tmp_path, small_pieces, monkeypatch):
    monkeypatch.delattr(os, "pread")
    model = built("images")
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_file_cut_off_while_it_is_read_is_no_model(tmp_path, small_pieces):
    model = built("matrix")
    model.save_weights(tmp_path / "m.weights.h5")
    target = built("matrix").weights[0]
    with stores.opened(tmp_path / "m.weights.h5") as file:
        found = stores.dataset(file, "layers/dense/vars/0")
        os.truncate(tmp_path / "m.weights.h5", found.offset + 4000)
        with pytest.raises(ValueError, match="ends within an array"), jobs.at_once_unless(None) as work:
            transfer.take(found, target, work)


def test_a_store_in_a_store_is_made_on_the_way(tmp_path, small_pieces):
    source = kernel()
    with stores.created(tmp_path / "a.h5") as file, jobs.at_once_unless(None) as work:
        transfer.put(file.create_group("x"), "y/z/kernel:0", source, work)
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["x/y/z/kernel:0"][()], source.numpy())
    assert not found._FILES


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_layer_that_is_only_copied_gets_no_weights(name, tmp_path, monkeypatch):
    """Bidirectional copies the layer that it is given, which stays among its arguments."""
    model = keras.Sequential([keras.Input((5, 30)), layers.Bidirectional(layers.LSTM(30), name="both")])
    model.save(tmp_path / name)
    (loaded,) = keras.models.load_model(tmp_path / name).layers
    given = next(more["layer"] for _, more in loaded._arguments.values() if "layer" in more)
    assert not given.built and given is not loaded.forward_layer
    for one, other in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_the_state_of_an_optimizer_in_pieces(name, tmp_path, small_pieces):
    model = keras.Sequential([keras.Input((60,)), layers.Dense(70), layers.Dense(3)])
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(8, 60)).astype("float32")
    model.fit(x, x[:, :3], verbose=0)
    model.save(tmp_path / name)
    loaded = keras.models.load_model(tmp_path / name)
    for one, other in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    assert float(loaded.optimizer.iterations) == 1


class Halved(layers.Dense):
    """What it has in a file is half of what it has; and it looks at what it has read."""

    def save_own_variables(self, store):
        whole = self.kernel.numpy()
        self.kernel.assign(whole / 2)
        super().save_own_variables(store)
        self.kernel.assign(whole)

    def load_own_variables(self, store):
        super().load_own_variables(store)
        self.kernel.assign(self.kernel * 2)


@pytest.mark.parametrize("name", ["m.weights.h5", "m.keras"])
def test_a_class_of_the_user_writes_and_reads_at_once(name, tmp_path, small_pieces):
    def fresh():
        return keras.Sequential([keras.Input((50,)), layers.Dense(60), Halved(70)])

    model, other = fresh(), fresh()
    model.save_weights(tmp_path / name) if "weights" in name else model.save(tmp_path / name)
    other.load_weights(tmp_path / name)
    for one, expected in zip(other.weights, model.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), expected.numpy())


def test_of_a_weight_with_two_places_in_a_file_the_last_one_counts(tmp_path, small_pieces):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for i in range(6):
            file[str(i)] = np.full((60, 70), i, np.float32)
    target = kernel()
    with stores.opened(tmp_path / "a.h5") as file, jobs.at_once_unless(None) as work:
        for i in range(6):
            transfer.take(stores.dataset(file, str(i)), target, work)
    assert (target.numpy() == 5).all()


def test_the_work_of_several_threads_is_all_of_it(monkeypatch):
    """Whole arrays for one thread each, but for such as are more than its share; and what fails is raised."""
    monkeypatch.setattr(jobs, "PIECE", 1)
    for threads in (1, 2, 3):
        monkeypatch.setattr(jobs, "THREADS", threads)
        for sizes in ([100], [1, 100], [10] * 12, [3, 50, 3, 3, 50]):
            waiting = [(1, None, (array, i)) for array, size in enumerate(sizes) for i in range(size)]
            stretches = jobs._stretches(waiting)
            assert [*itertools.chain(*stretches)] == waiting and max(map(len, stretches)) < sum(sizes) / threads + 1
            whole = [{args[0] for _, _, args in stretch} for stretch in stretches]
            assert threads == 1 or max(sizes) > 10 or len(set.union(*whole)) == sum(map(len, whole)) == 12

    done, work = [], jobs.Jobs()
    for i in range(50):
        work.add(1, lambda one, room: done.append(one) if one != 20 else 1 / 0, i)
    with pytest.raises(ZeroDivisionError):
        work.run()
    work.run()  # there is nothing left of it
    assert 20 not in done and len(done) == len(set(done))


@given(st.binary(max_size=3000), st.binary(max_size=3000))
def test_checksums_join(first, second):
    assert checksums.joined(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


@pytest.mark.parametrize("size", [0, 1, 999, 5000, 70_001])
def test_the_checksum_of_part_of_a_file(size, tmp_path, monkeypatch):
    monkeypatch.setattr(checksums, "_LARGE", 1000)
    monkeypatch.setattr(checksums, "_WINDOW", 20_000)
    content = np.random.default_rng(0).bytes(300_000)
    (tmp_path / "a").write_bytes(content)
    for start in (17, 1 << 16, 200_001):  # in the first of the blocks that are mapped, at the beginning of one, in another
        assert checksums.checksum(tmp_path / "a", start, size) == zlib.crc32(content[start : start + size])
