"""Records and tensors as bytes. The bytes were written by TensorFlow."""

import numpy as np
import pytest
import torch

TENSORS = {
    "float32": (lambda: torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
                b'\x08\x01\x12\x08\x12\x02\x08\x02\x12\x02\x08\x02"\x10\x00\x00\x80?\x00\x00\x00@\x00\x00@@\x00\x00\x80@'),
    "int32": (lambda: torch.tensor([1, 2, 3], dtype=torch.int32),
              b'\x08\x03\x12\x04\x12\x02\x08\x03"\x0c\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00'),
    "int64": (lambda: torch.tensor(5), b'\x08\t\x12\x00"\x08\x05\x00\x00\x00\x00\x00\x00\x00'),
    "bool": (lambda: torch.tensor([True, False]), b'\x08\n\x12\x04\x12\x02\x08\x02"\x02\x01\x00'),
    "uint8": (lambda: torch.tensor([1, 200], dtype=torch.uint8), b'\x08\x04\x12\x04\x12\x02\x08\x02"\x02\x01\xc8'),
    "float16": (lambda: torch.tensor([1.5], dtype=torch.float16), b'\x08\x13\x12\x04\x12\x02\x08\x01"\x02\x00>'),
    "bfloat16": (lambda: torch.tensor([1.5], dtype=torch.bfloat16), b'\x08\x0e\x12\x04\x12\x02\x08\x01"\x02\xc0?'),
    "string": (lambda: [["a", "bcd"], ["", "\u00e9"]],
               b'\x08\x07\x12\x08\x12\x02\x08\x02\x12\x02\x08\x02B\x01aB\x03bcdB\x00B\x02\xc3\xa9'),
}  # fmt: skip


@pytest.mark.parametrize("dtype", TENSORS)
def test_tensors(tf, dtype):
    make, written = TENSORS[dtype]
    assert tf.io.serialize_tensor(make()).numpy() == written
    again = tf.io.parse_tensor(written, getattr(tf, dtype))
    if dtype == "string":
        assert again.numpy().tolist() == [[b"a", b"bcd"], [b"", b"\xc3\xa9"]]
    else:
        assert again.dtype is make().dtype and torch.equal(again, make())
    with pytest.raises(ValueError, match="Type mismatch"):
        tf.io.parse_tensor(written, tf.complex64)


def test_tensors_without_elements(tf):
    written = b"\x08\x01\x12\x06\x12\x00\x12\x02\x08\x03"
    assert tf.io.serialize_tensor(torch.zeros(0, 3)).numpy() == written
    assert tf.io.parse_tensor(written, tf.float32).shape == (0, 3)


@pytest.fixture
def feature(tf):
    train = tf.train

    def make(*values):
        if isinstance(values[0], bytes):
            return train.Feature(bytes_list=train.BytesList(value=values))
        return train.Feature(int64_list=train.Int64List(value=values))

    return make


def test_any_number_of_values(tf, feature):
    train, io = tf.train, tf.io
    written = [
        train.Example(features=train.Features(feature=features)).SerializeToString()
        for features in ({"n": feature(1), "w": feature(b"a", b"b")}, {"n": feature(2), "w": feature(b"c")}, {"n": feature(3)})
    ]
    spec = {"n": io.FixedLenFeature([], tf.int64), "w": io.VarLenFeature(tf.string)}
    one = io.parse_single_example(written[0], spec)
    assert tf.sparse.to_dense(one["w"]).tolist() == [b"a", b"b"] and one["n"] == 1
    assert one["w"].indices.tolist() == [[0], [1]] and one["w"].shape == [2]
    batch = io.parse_example(written, spec)
    assert tf.sparse.to_dense(batch["w"], "?").tolist() == [[b"a", b"b"], [b"c", "?"], ["?", "?"]]
    assert batch["n"].tolist() == [1, 2, 3]
    rows = io.parse_example(written, {"w": io.FixedLenSequenceFeature([], tf.string, allow_missing=True)})
    assert rows["w"].tolist() == [[b"a", b"b"], [b"c", ""], ["", ""]]
    numbers = io.parse_example(written, {"n": io.FixedLenSequenceFeature([1], tf.int64, allow_missing=True)})
    assert numbers["n"].tolist() == [[[1]], [[2]], [[3]]]


def test_sequences(tf, feature):
    train = tf.train
    steps = train.FeatureList(feature=[feature(b"a", b"b"), feature(b"c")])
    known = train.Features(feature={"id": feature(7)})
    written = train.SequenceExample(known, train.FeatureLists(feature_list={"w": steps})).SerializeToString()
    assert written == (
        b"\n\r\n\x0b\n\x02id\x12\x05\x1a\x03\n\x01\x07\x12\x18\n\x16\n\x01w\x12\x11\n\x08\n\x06\n\x01a\n\x01b"
        b"\n\x05\n\x03\n\x01c"
    )
    sizes = train.FeatureList(feature=[feature(4, 5), feature(6, 7)])
    lists = train.FeatureLists(feature_list={"w": steps, "s": sizes})
    written = train.SequenceExample(context=known, feature_lists=lists).SerializeToString()
    context, rows = tf.io.parse_single_sequence_example(
        written,
        {"id": tf.io.FixedLenFeature([], tf.int64)},
        {"w": tf.io.VarLenFeature(tf.string), "s": tf.io.FixedLenSequenceFeature([2], tf.int64)},
    )
    assert context["id"] == 7 and rows["s"].tolist() == [[4, 5], [6, 7]]
    assert tf.sparse.to_dense(rows["w"]).tolist() == [[b"a", b"b"], [b"c", ""]]


def test_parts_of_records_are_messages(tf, feature):
    assert tf.train.Feature.FromString(feature(b"a").SerializeToString()).bytes_list.value == [b"a"]
    assert feature(3).SerializeToString() == b"\x1a\x03\n\x01\x03"


def test_compressed_files(tf, tmp_path):
    path = str(tmp_path / "small")
    with tf.io.TFRecordWriter(path, tf.io.TFRecordOptions(compression_type="GZIP")) as writer:
        writer.write(b"one")
    assert (tmp_path / "small").read_bytes()[:2] == b"\x1f\x8b"
    assert [record.numpy() for record in tf.data.TFRecordDataset(path, compression_type="GZIP")] == [b"one"]


def test_python_in_between(tf):
    @tf.py_function(Tout=tf.int64)
    def more(x):
        return x + 1

    @tf.numpy_function(Tout=tf.float32)
    def half(x):
        assert isinstance(x, np.ndarray)
        return x / 2

    assert more(torch.tensor(2)) == 3 and half(torch.tensor([3.0])).tolist() == [1.5]
