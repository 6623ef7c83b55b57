"""Hashes, categories and vocabularies, by tables made by hand and TensorFlow's own examples."""

import numpy as np
import pytest
import torch

from torchkeras_lite import KerasTensor, layers
from torchkeras_lite.layers import hashes

LETTERS = [["A"], ["B"], ["C"], ["D"], ["E"]]


@pytest.mark.parametrize(
    ("size", "value"),
    [
        (0, 11160318154034397263), (3, 2640714258260161385), (5, 13992479962126222548), (12, 13113141256989178508),
        (20, 16014814510007390469), (40, 6504876685642412861), (64, 8115176665984236569), (65, 12090645907386023856),
        (130, 4657222448606449991),
    ],
)  # fmt: skip
def test_fingerprints_are_those_of_farmhash(size, value):
    assert hashes.fingerprint(b"abcdefghij" * 13 if size == 130 else (b"abcdefghij" * 7)[:size]) == value


def test_siphash_is_that_of_its_paper():
    assert hashes.siphash(bytes(range(15)), (0x0706050403020100, 0x0F0E0D0C0B0A0908)) == 0xA129CA6149BE45E5


def test_hashing():
    assert layers.Hashing(3)(LETTERS).tolist() == [[1], [0], [1], [1], [2]]
    assert layers.Hashing(3, salt=[133, 137])(LETTERS).tolist() == [[1], [2], [1], [0], [2]]
    masked = layers.Hashing(3, mask_value="")([["A"], ["B"], [""], ["C"], ["D"]])
    assert masked[2] == 0 and (masked[[0, 1, 3, 4]] > 0).all()
    assert layers.Hashing(3)(np.array(LETTERS)).dtype is torch.int64
    numbers = torch.tensor([[1], [2], [30]])
    assert torch.equal(layers.Hashing(7)(numbers), layers.Hashing(7)([["1"], ["2"], ["30"]]))
    assert layers.Hashing(3, output_mode="one_hot")(LETTERS).tolist() == np.eye(3)[[1, 0, 1, 1, 2]].tolist()
    for bad in ({"num_bins": 0}, {"salt": "a"}, {"output_mode": "x"}, {"dtype": "float32"}):
        with pytest.raises(ValueError, match="ayer 'hashing"):
            layers.Hashing(**{"num_bins": 2, **bad})


def test_hashed_crossing():
    letters, numbers = np.array(["A", "B", "A", "B", "A"]), np.array([101, 101, 101, 102, 102])
    assert layers.HashedCrossing(5)((letters, numbers)).tolist() == [1, 4, 1, 1, 3]
    assert layers.HashedCrossing(5, output_mode="one_hot")((letters, numbers)).tolist() == np.eye(5)[[1, 4, 1, 1, 3]].tolist()
    assert layers.HashedCrossing(5)((letters[:, None], numbers[:, None])).shape == (5, 1)
    with pytest.raises(ValueError, match="at least two"):
        layers.HashedCrossing(5)([numbers])
    with pytest.raises(ValueError, match=r"should have shape \(\), .* the same one"):
        layers.HashedCrossing(5)([numbers, numbers[:, None]])


def test_what_is_no_category_counts_for_nothing():
    for mode in ("multi_hot", "count"):
        out = layers.CategoryEncoding(3, output_mode=mode)(torch.tensor([[0, 0, 7], [-1, 2, 1]]))
        assert out.tolist() == [[2 if mode == "count" else 1, 0, 0], [0, 1, 1]]
    weighted = layers.CategoryEncoding(3, "count")(torch.tensor([[0, 0, 1]]), count_weights=torch.tensor([[0.5, 1.0, 2.0]]))
    assert weighted.tolist() == [[1.5, 2, 0]]
    for bad in ({}, {"num_tokens": 0}, {"num_tokens": 2, "output_mode": "int"}):
        with pytest.raises(ValueError, match="Layer 'category_encoding"):
            layers.CategoryEncoding(**bad)
    with pytest.raises(ValueError, match="count_weights"):
        layers.CategoryEncoding(3)(torch.tensor([[1]]), count_weights=torch.tensor([[1.0]]))


# ---------------------------------------------------------------- vocabularies


def test_string_lookup():
    layer = layers.StringLookup(vocabulary=["a", "b", "c"])
    assert layer([["a", "c", "d"], ["d", "a", "b"]]).tolist() == [[1, 3, 0], [0, 1, 2]]
    assert layer(np.array(["c"], dtype=object)).dtype is torch.int64
    assert layer("b") == 2 and layer([b"b"]).tolist() == [2]
    assert layer.get_vocabulary() == ["[UNK]", "a", "b", "c"]
    back = layers.StringLookup(vocabulary=layer.get_vocabulary(), invert=True)
    assert back([[1, 3], [0, 9]]).tolist() == [["a", "c"], ["[UNK]", "[UNK]"]]
    masked = layers.StringLookup(vocabulary=["", "[UNK]", "a"], mask_token="")
    assert masked(["", "a", "b"]).tolist() == [0, 2, 1] and masked.vocabulary_size() == 3


def test_several_places_for_what_is_unknown():
    layer = layers.StringLookup(vocabulary=["a", "b"], num_oov_indices=3)
    places = layer(["a", "A", "B", "C", "D", "E"]).tolist()
    assert places == [3, *(hashes.fingerprint(letter.encode()) % 3 for letter in "ABCDE")]
    integers = layers.IntegerLookup(vocabulary=[10, 20], num_oov_indices=4)
    assert integers(torch.tensor([10, 20, 7, -1])).tolist() == [4, 5, 3, 3]
    hashed = layers.IntegerLookup(vocabulary=[10, 20], num_oov_indices=4, oov_method="farmhash")
    assert hashed(torch.tensor([10, 7])).tolist() == [4, hashes.fingerprint(b"7") % 4]


def test_learned_vocabularies_begin_with_what_is_frequent():
    layer = layers.StringLookup()
    layer.adapt(["b", "a", "c", "b", "c", "c", "[UNK]"])
    assert layer.get_vocabulary() == ["[UNK]", "c", "b", "a"]
    layer.adapt(iter([["d", "d"], ["a", "b"]]))
    assert layer.get_vocabulary(include_special_tokens=False) == ["d", "b", "a"]  # ties: the last of the alphabet first
    few = layers.IntegerLookup(max_tokens=3, mask_token=0)
    few.adapt(np.array([[3, 3, 0, 5, 5, 5, 7]]))
    assert few.get_vocabulary() == [0, -1, 5] and few(torch.tensor([0, 5, 3])).tolist() == [0, 2, 1]


def test_vectors_of_tokens():
    words = [["a", "b", "b", "x"], ["c", "", "a", "a"]]
    options = {"vocabulary": ["a", "b", "c"], "mask_token": ""}
    assert layers.StringLookup(output_mode="multi_hot", **options)(words).tolist() == [[1, 1, 1, 0], [0, 1, 0, 1]]
    assert layers.StringLookup(output_mode="count", **options)(words).tolist() == [[1, 1, 2, 0], [0, 2, 0, 1]]
    padded = layers.StringLookup(output_mode="count", max_tokens=6, pad_to_max_tokens=True, **options)
    assert padded(words).tolist() == [[1, 1, 2, 0, 0, 0], [0, 2, 0, 1, 0, 0]]
    weighted = layers.StringLookup(output_mode="tf_idf", idf_weights=[0.5, 1.0, 2.0], **options)
    np.testing.assert_allclose(weighted(words), [[3.5 / 3, 0.5, 2, 0], [0, 1, 0, 2]], rtol=1e-6)
    one = layers.IntegerLookup(vocabulary=[5, 7], output_mode="one_hot")
    assert one(torch.tensor([[7], [1]])).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_inverse_document_frequencies_are_learned():
    layer = layers.StringLookup(output_mode="tf_idf")
    layer.adapt([["a", "b"], ["a", "a"], ["a", "c"]])
    assert layer.get_vocabulary() == ["[UNK]", "a", "c", "b"]
    weights = np.log(1 + 3 / np.array([4, 2, 2]))
    np.testing.assert_allclose(layer([["a", "c"]]), [[0, weights[0], weights[1], 0]], rtol=1e-6)
    np.testing.assert_allclose(layer([["x"]]), [[weights.mean(), 0, 0, 0]], rtol=1e-6)


def test_vocabulary_files(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("a\nb\nc\n")
    layer = layers.StringLookup(vocabulary=str(path))
    assert layer(["c", "z"]).tolist() == [3, 0] and layer.get_config()["vocabulary"] is None
    with pytest.raises(ValueError, match="does not exist"):
        layers.StringLookup(vocabulary=str(tmp_path / "none.txt"))
    with pytest.raises(ValueError, match="any file of this machine"):
        layers.StringLookup.from_config({"vocabulary": str(path)})


@pytest.mark.parametrize(
    ("kwargs", "word"),
    [
        ({"max_tokens": 1}, "max_tokens"),
        ({"pad_to_max_tokens": True}, "max_tokens"),
        ({"num_oov_indices": -1}, "num_oov_indices"),
        ({"output_mode": "x"}, "output_mode"),
        ({"invert": True, "output_mode": "count"}, "invert"),
        ({"idf_weights": [1.0]}, "idf_weights"),
        ({"vocabulary": ["a"], "output_mode": "tf_idf"}, "idf_weights"),
        ({"vocabulary": ["a", "a"]}, "repeated"),
        ({"vocabulary": []}, "empty"),
        ({"vocabulary": ["a", "m"], "mask_token": "m"}, "reserved mask"),
        ({"vocabulary": ["a", "b", "c"], "max_tokens": 3}, "larger"),
        ({"sparse": True}, "sparse"),
        ({"salt": "x"}, "salt"),
        ({"colour": 1}, "colour"),
    ],
)
def test_errors_of_lookups(kwargs, word):
    with pytest.raises(ValueError, match=word):
        layers.StringLookup(**kwargs)


def test_errors_in_use():
    with pytest.raises(ValueError, match="not in the vocabulary"):
        layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"])
    with pytest.raises(ValueError, match="not in the vocabulary"):
        layers.IntegerLookup(vocabulary=[1], num_oov_indices=0)(torch.tensor([2]))
    with pytest.raises(RuntimeError, match="vocabulary must be known"):
        layers.StringLookup(output_mode="count")([["a"]])
    with pytest.raises(ValueError, match="cannot `adapt`"):
        layers.StringLookup(vocabulary=["a"]).adapt(["b"])
    with pytest.raises(ValueError, match="looks strings up"):
        layers.StringLookup(vocabulary=["a"])(torch.tensor([1]))
    grown = layers.StringLookup(vocabulary=["a"], output_mode="count")
    with pytest.raises(RuntimeError, match="cannot change"):
        grown.set_vocabulary(["a", "b"])


def test_columns_of_strings():
    class Column:
        dtype = np.dtype(object)

        def to_numpy(self):
            return np.array(["a", "c"], dtype=object)

        __array__ = to_numpy

    assert layers.StringLookup(vocabulary=["a", "b"])(Column()).tolist() == [1, 0]


def test_rows_in_a_list_of_ones_own():
    class Rows(list):
        pass

    rows = Rows([np.array(["a", "b"], dtype=object), np.array(["c"], dtype=object)])
    places = layers.StringLookup(vocabulary=["a", "b"])(rows)
    assert type(places) is Rows and [row.tolist() for row in places] == [[1, 2], [0]]
    words = layers.StringLookup(vocabulary=["a", "b"], invert=True)(places)
    assert [list(row) for row in words] == [["a", "b"], ["[UNK]"]]


def test_vectors_asked_to_be_sparse_are_dense():
    number, word = np.array([[1], [2]]), np.array([["a"], ["b"]], dtype=object)
    for make, x in (
        (lambda **more: layers.CategoryEncoding(4, **more), number),
        (lambda **more: layers.Hashing(4, output_mode="count", **more), word),
        (lambda **more: layers.Discretization([0.5, 1.5], output_mode="one_hot", **more), number),
        (lambda **more: layers.IntegerLookup(vocabulary=[1, 2], output_mode="multi_hot", **more), number),
        (lambda **more: layers.StringLookup(vocabulary=["a"], output_mode="multi_hot", **more), word),
        (lambda **more: layers.TextVectorization(vocabulary=["a"], output_mode="count", **more), word),
        (lambda **more: layers.HashedCrossing(4, output_mode="one_hot", **more), (word, word)),
    ):
        layer = make(sparse=True)
        assert torch.equal(layer(x), make()(x)) and getattr(layer, "sparse", True) is True
        assert layer.get_config().get("sparse", True) is True


def test_lookups_without_a_vocabulary_can_be_drawn():
    for kind, dtype in ((layers.StringLookup, "string"), (layers.IntegerLookup, "int64")):
        for mode, shape in (("multi_hot", (None, None)), ("one_hot", (None, 3, None)), ("count", (None, None))):
            assert kind(output_mode=mode)(KerasTensor((None, 3), dtype)).shape == shape
        assert kind(output_mode="one_hot")(KerasTensor((None, 1), dtype)).shape == (None, None)
        assert kind(output_mode="count", max_tokens=5, pad_to_max_tokens=True)(KerasTensor((None, 3), dtype)).shape == (None, 5)
