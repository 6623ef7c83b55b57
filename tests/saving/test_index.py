"""What is known of a file without the HDF5 library is what the library says; and of what is plain, nothing is left to it."""

import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import torchkeras_lite as keras
from torchkeras_lite.saving import stores
from torchkeras_lite.saving.found import Found, file_of
from torchkeras_lite.saving.heads import leaves, messages, number
from torchkeras_lite.saving.index import Index, Plain, names_in

GOLDEN = Path(__file__).parents[2] / "compat" / "golden" / "golden.zip"
PLAIN = ["<f2", "<f4", "<f8", "<i1", "<i2", "<i4", "<i8", "<u1", "<u2", "<u4", "<u8"]
OTHERS = [">f4", ">i8", "?", "<c8", "V2", "S5"]


def groups_of(file):
    """The paths of all groups that hold nothing but arrays."""
    found = [""]
    file.visititems(lambda path, one: found.append(path) if isinstance(one, h5py.Group) else None)
    return [path for path in found[1:] if file[path] and all(isinstance(one, h5py.Dataset) for one in file[path].values())]


def same_as_the_library(path) -> list:
    """All arrays of a file, each compared with what h5py reads."""
    every = []
    with stores.opened(path) as file:
        stored = stores.stored_bytes(file)
        for group in groups_of(file):
            arrays = stores.arrays(file, group)
            assert [*arrays] == [*file[group]]
            for key, one in arrays.items():
                expected = file[group][key]
                assert (tuple(one.shape), one.dtype, one.nbytes) == (expected.shape, expected.dtype, expected[()].nbytes)
                np.testing.assert_array_equal(np.asarray(one), expected[()])
                if isinstance(one, Plain):
                    assert expected.name.endswith(one.name)
                    np.testing.assert_array_equal(np.asarray(stores.dataset(file[group], key)), expected[()])
            every += arrays.values()
        sizes = []
        file.visititems(lambda _, one: sizes.append(one.size * one.dtype.itemsize) if isinstance(one, h5py.Dataset) else None)
        if all(isinstance(one, Plain) for one in every):
            assert stored == sum(sizes)
    return every


@given(
    st.lists(st.tuples(st.sampled_from([*PLAIN, *OTHERS]), st.lists(st.integers(0, 4), max_size=3)), min_size=1, max_size=6),
    st.integers(0, 3), st.booleans(), st.sampled_from([0, 512, 2048]),
)  # fmt: skip
def test_the_library_says_the_same(tmp_path_factory, arrays, depth, latest, front):
    path = tmp_path_factory.mktemp("h5") / "a.h5"
    with h5py.File(path, "w", libver=("earliest", "v108" if latest else "v110"), userblock_size=front) as file:
        group = file.create_group("/".join("x" * (depth + 1)))
        for i, (kind, shape) in enumerate(arrays):
            count = int(np.prod(shape))
            group[f"{'z' * (i % 2)}{i}"] = np.frombuffer(bytes(i % 100 for i in range(count * 40)), kind)[:count].reshape(shape)
    found = same_as_the_library(path)
    if all(kind in PLAIN and 0 not in shape for kind, shape in arrays):
        assert all(isinstance(one, Plain) for one in found)


@pytest.mark.parametrize(
    "settings", [{"chunks": (2, 2)}, {"chunks": (2, 2), "compression": "gzip"}, {"fletcher32": True}, {"maxshape": (None, 4)}]
)
def test_what_is_not_plain_is_left_to_the_library(settings, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("g/a", data=np.arange(12.0).reshape(3, 4), **settings)
    (found,) = same_as_the_library(tmp_path / "a.h5")
    assert isinstance(found, Found)
    with stores.opened(tmp_path / "a.h5") as file:
        assert file_of(file).index.stored is None and stores.stored_bytes(file) > 0


def test_links_are_left_to_the_library(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["g/a"], file["h/a"], file["i/ü"] = np.arange(3.0), np.arange(3.0), np.arange(3.0)
        file["h/b"] = h5py.SoftLink("/g/a")
        file["i/b"] = file["g/a"]
    with stores.opened(tmp_path / "a.h5") as file:
        assert isinstance(stores.arrays(file, "g")["a"], Plain)
        assert [*stores.arrays(file, "i")] == ["b", "ü"]
        assert stores.arrays(file, "g/b/c") == {} == stores.arrays(file, "nothing/at/all")
        with pytest.raises(ValueError, match="points elsewhere"):
            stores.arrays(file, "h")


def test_a_link_that_also_gives_an_address_is_a_link(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["g/a"] = np.arange(3.0)
        file["h/b"] = h5py.SoftLink("/g/a")
        address = h5py.h5o.get_info(file["g/a"].id).addr
    content = bytearray((tmp_path / "a.h5").read_bytes())
    entry = content.index(b"SNOD", content.index(b"SNOD", content.index(b"SNOD") + 1) + 1) + 8
    assert content[entry + 8 : entry + 20] == b"\xff" * 8 + b"\2\0\0\0"
    content[entry + 8 : entry + 16] = address.to_bytes(8, "little")
    (tmp_path / "a.h5").write_bytes(content)
    with stores.opened(tmp_path / "a.h5") as file, pytest.raises(ValueError, match="points elsewhere"):
        stores.arrays(file, "h")


def described(path):
    """The bytes of a file with one array, the address of the array's head, and what stands in it."""
    with h5py.File(path, "w") as file:
        file["a"] = np.arange(3.0)
        address = h5py.h5o.get_info(file["a"].id).addr
    content = path.read_bytes()
    return content, address, [*messages(content, 0, address)]


def known(content, address, messages, end=None):
    index = Index(content, 0, len(content) if end is None else end, 0)
    index.add(address, messages, None)
    return address in index._arrays


def test_what_is_said_twice_or_in_part_is_left_to_the_library(tmp_path):
    content, address, every = described(tmp_path / "a.h5")
    assert known(content, address, every)
    for one in every:
        told = one[0] in (0x01, 0x03, 0x08)
        assert known(content, address, [*every, one]) is not told
        assert known(content, address, [other for other in every if other is not one]) is not told
    assert not known(content, address, [*every, (0x0B, *every[0][1:])])  # filters
    assert not known(content, address, every, len(content) - 1)  # where the last number is, or was
    for kind, at, _, _ in every:
        assert kind not in (0x01, 0x03, 0x08) or not known(content[: at + 4], address, every)  # the file is cut off


def message_of_names(content, address):
    """Where in the head of a group stands where its names are: first the tree, then the heap."""
    return next(at for kind, at, _, _ in messages(content, 0, address) if kind == 0x11)


@pytest.mark.parametrize("what", ["tree", "heap", "both"])
def test_groups_share_no_names(what, tmp_path):
    """A thousand groups of the same thousand names would be a million steps in a small file."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for group in "gh":
            file[f"{group}/a"] = np.arange(3.0)
        addresses = [h5py.h5o.get_info(file[group].id).addr for group in "gh"]
    content = bytearray((tmp_path / "a.h5").read_bytes())
    one, other = (message_of_names(content, address) for address in addresses)
    for part in {"tree": [0], "heap": [8], "both": [0, 8]}[what]:
        content[other + part : other + part + 8] = content[one + part : one + part + 8]
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(ValueError, match="leads back"), stores.opened(tmp_path / "a.h5"):
        pass


def test_names_that_lie_in_one_another_are_left_to_the_library(tmp_path):
    """They could be a thousand times what the file has."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in ("a" * 40, *"bcdefg"):
            file[f"g/{name}"] = np.arange(3.0)
        address = h5py.h5o.get_info(file["g"].id).addr
    content = bytearray((tmp_path / "a.h5").read_bytes())
    message = message_of_names(content, address)
    (table,) = leaves(content, 0, number(content, message), 8, walked := set())
    with pytest.raises(ValueError, match="leads back"):
        [*leaves(content, 0, number(content, message), 8, walked)]
    table += 8
    assert len(names_in(bytes(content), 0, message, set())[0]) == 7
    first = int.from_bytes(content[table : table + 8], "little")
    for i in range(1, 7):
        content[table + 40 * i : table + 40 * i + 8] = (first + i).to_bytes(8, "little")
    names, addresses = names_in(bytes(content), 0, message, set())
    assert names is None and len(addresses) == 7


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5"])
def test_nothing_of_ours_is_left_to_the_library(name, tmp_path, monkeypatch):
    """Nor of Keras's own files, which are laid out alike."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.BatchNormalization()])
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 4)), np.zeros((4, 3)), verbose=0)
    model.save_weights(tmp_path / name) if "weights" in name else model.save(tmp_path / name)
    monkeypatch.setattr(Found, "__init__", None)
    model.load_weights(tmp_path / name) if "weights" in name else keras.models.load_model(tmp_path / name)


def test_in_golden_files_the_library_says_the_same(tmp_path):
    plain = others = 0
    with zipfile.ZipFile(GOLDEN) as golden:
        for name in golden.namelist():
            if name.endswith((".h5", ".hdf5")):
                found = same_as_the_library(golden.extract(name, tmp_path))
                plain += sum(isinstance(one, Plain) for one in found)
                others += len(found)
    assert plain > 300 and plain > 0.9 * others
