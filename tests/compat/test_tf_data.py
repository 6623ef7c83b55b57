"""`tf.data` of the stand-in: what each method gives, and training from it."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from torchkeras_lite import config

SHIM = Path(__file__).resolve().parents[2] / "compat" / "shims" / "tensorflow"


@pytest.fixture(scope="module")
def data(shape):
    """The file itself, under a name that is nobody's: this process must not see a `tensorflow`."""
    names = ("_missing", "data")
    for name in ("", *names):
        path = SHIM / f"{name}.py" if name else SHIM / "__init__.py"
        full = f"stand_in_for_tf.{name}".rstrip(".")
        spec = importlib.util.spec_from_file_location(full, path, submodule_search_locations=[str(SHIM)] if not name else None)
        module = sys.modules[full] = importlib.util.module_from_spec(spec)
        if name:
            spec.loader.exec_module(module)
    yield sys.modules["stand_in_for_tf.data"]
    for name in [name for name in sys.modules if name.startswith("stand_in_for_tf")]:
        del sys.modules[name]


@pytest.fixture
def numbers(data):
    return data.Dataset.range


def listed(dataset):
    return [each.tolist() for each in dataset]


def rows(data, count=10):
    x = np.arange(2.0 * count, dtype="float32").reshape(count, 2)
    return data.Dataset.from_tensor_slices((x, {"a": np.arange(count), "b": [str(i) for i in range(count)]}))


def test_rows(data):
    dataset = rows(data, 3)
    x, rest = list(dataset)[2]
    assert x.tolist() == [4.0, 5.0] and int(rest["a"]) == 2 and rest["b"] == "2" and len(dataset) == 3
    batches = list(dataset.batch(2))
    assert batches[1][0].shape == (1, 2) and list(batches[0][1]["b"]) == ["0", "1"]
    assert len(dataset.batch(2)) == 2 and len(dataset.batch(2, drop_remainder=True)) == len(list(dataset.batch(2, True))) == 1
    with pytest.raises(ValueError, match="not compatible"):
        data.Dataset.from_tensor_slices((np.ones(3), np.ones(4)))


def test_the_one_element(data):
    numbers = data.Dataset.range(3)
    assert numbers.skip(2).get_single_element() == 2
    assert numbers.batch(3).get_single_element().tolist() == [0, 1, 2]
    for count, message in ((0, "empty"), (2, "more than one")):
        with pytest.raises(ValueError, match=message):
            numbers.take(count).get_single_element()


def test_python_numbers_are_of_32_bits(data):
    assert [t.dtype for t in next(iter(data.Dataset.from_tensor_slices(([1], [1.0]))))] == [torch.int32, torch.float32]
    assert next(iter(data.Dataset.from_tensor_slices(np.ones(1)))).dtype is torch.float64


@pytest.mark.parametrize("mapped", [False, True])  # rows of arrays take another way than single elements
def test_orders(data, numbers, mapped):
    dataset = data.Dataset.from_tensor_slices(np.arange(10))
    dataset = dataset.map(lambda i: i) if mapped else dataset
    shuffled = dataset.shuffle(10, seed=1)
    first, second = listed(shuffled), listed(shuffled)
    assert sorted(first) == sorted(second) == list(range(10)) and first != second
    fixed = dataset.shuffle(10, seed=1, reshuffle_each_iteration=False)
    assert listed(fixed) == listed(fixed)
    assert all(value <= place + 3 for place, value in enumerate(listed(dataset.shuffle(4))))  # a buffer of 4
    assert listed(dataset.take(3)) == [0, 1, 2] and listed(dataset.skip(8)) == [8, 9]
    assert listed(dataset.take(2).repeat(2)) == [0, 1, 0, 1] and listed(dataset.repeat().take(12))[-2:] == [0, 1]
    assert listed(dataset.shard(3, 1)) == [1, 4, 7]
    assert listed(dataset.batch(4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert listed(dataset.repeat(2).batch(8))[1] == [8, 9, 0, 1, 2, 3, 4, 5]
    for made, count in ((dataset.take(3), 3), (dataset.skip(8), 2), (dataset.repeat(2), 20), (dataset.shard(3, 1), 3)):
        assert len(made) == int(made.cardinality()) == len(listed(made)) == count
    assert int(dataset.repeat().cardinality()) == data.INFINITE_CARDINALITY
    with pytest.raises(TypeError, match="infinite"):
        len(dataset.repeat())


def test_functions(data, numbers):
    assert listed(numbers(5).map(lambda i: i * i)) == [0, 1, 4, 9, 16]
    assert listed(numbers(20).map(lambda i: i + 1, num_parallel_calls=data.AUTOTUNE)) == list(range(1, 21))
    assert listed(numbers(5).filter(lambda i: i % 2 == 0)) == [0, 2, 4]
    assert listed(numbers(3).flat_map(lambda i: numbers(int(i)))) == [0, 0, 1]
    assert listed(numbers(1, 4).interleave(lambda i: numbers(10 * int(i), 10 * int(i) + 2), cycle_length=2)) == [
        10, 20, 11, 21, 30, 31,
    ]  # fmt: skip
    pair = data.Dataset.zip((numbers(3), numbers(3, 6))).map(lambda a, b: a + b)
    assert listed(pair) == [3, 5, 7] and len(pair) == 3
    assert [(int(i), int(v)) for i, v in numbers(7, 9).enumerate()] == [(0, 7), (1, 8)]
    assert int(numbers(5).reduce(np.int64(0), lambda state, value: state + value)) == 10
    assert listed(numbers(2).concatenate(numbers(2))) == [0, 1, 0, 1]
    assert listed(numbers(6).batch(4).unbatch()) == list(range(6))
    assert listed(numbers(3).apply(lambda d: d.skip(1)).prefetch(data.AUTOTUNE)) == [1, 2]


def test_windows(numbers):
    def windows(*args, **kwargs):
        return [listed(window) for window in numbers(7).window(*args, **kwargs)]

    assert windows(3) == [[0, 1, 2], [3, 4, 5], [6]]
    assert windows(3, shift=2, drop_remainder=True) == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    assert windows(2, shift=1, stride=2, drop_remainder=True) == [[0, 2], [1, 3], [2, 4], [3, 5], [4, 6]]
    assert windows(1, shift=3) == [[0], [3], [6]]


def test_padded_batches(data):
    dataset = data.Dataset.from_generator(lambda: ([1] * i for i in (1, 3, 2)), output_types="int64")
    assert listed(dataset.padded_batch(2)) == [[[1, 0, 0], [1, 1, 1]], [[1, 1]]]
    assert listed(dataset.padded_batch(3, padded_shapes=(4,), padding_values=-1))[0][0] == [1, -1, -1, -1]


def test_generators_begin_anew_and_get_their_types(data):
    signature = (data.TensorSpec((), "int32"), data.TensorSpec((2,), "float32"))
    dataset = data.Dataset.from_generator(lambda: ((i, [i, i]) for i in range(3)), output_signature=signature)
    for _ in range(2):
        first, second = list(dataset)[-1]
        assert (first.dtype, second.dtype, second.tolist()) == (torch.int32, torch.float32, [2.0, 2.0])
    with pytest.raises(TypeError, match="unknown"):
        len(dataset)


def test_cached_elements_are_made_once(numbers):
    made = []
    dataset = numbers(3).map(lambda i: made.append(int(i)) or i).cache()
    assert listed(dataset.take(1)) == [0]  # not a whole pass
    assert listed(dataset) == listed(dataset) == [0, 1, 2] and made == [0, 0, 1, 2]


def test_what_is_in_it(data):
    x, rest = rows(data).batch(4).element_spec
    assert x.shape == (4, 2) and x.dtype == "float32" and rest["a"].dtype == "int64"
    assert next(rows(data).as_numpy_iterator())[0].tolist() == [0.0, 1.0]


def test_training_from_it(python, repository, tmp_path):
    (tmp_path / "script.py").write_text(
        """
import numpy as np, tensorflow as tf
x = np.random.rand(64, 4).astype("float32")
y = x.sum(1, keepdims=True)
train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(64).batch(16).prefetch(tf.data.AUTOTUNE)
model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(train, epochs=2, validation_data=train.take(2), verbose=2)
assert set(history.history) == {"loss", "val_loss"} and int(model.optimizer.iterations) == 8
endless = train.repeat()
model.fit(endless, steps_per_epoch=3, epochs=2, verbose=0)
assert int(model.optimizer.iterations) == 14
assert model.predict(train.map(lambda x, y: x), verbose=0).shape == (64, 1)
from tensorflow.data import Dataset
import tensorflow.data as d
assert d.Dataset is Dataset is tf.data.Dataset and tf.TensorSpec is d.TensorSpec
"""
    )
    python(tmp_path / "script.py", path=[repository / "compat" / "shims", repository], ok=True)


def test_elements_come_to_the_device_in_use(data, numbers):
    seen = []
    dataset = numbers(4).map(lambda i: seen.append((i.device.type, config.get_device().type)) or i).batch(2)
    with config.device("meta"):
        assert [batch.device.type for batch in dataset] == ["meta", "meta"] and set(seen) == {("cpu", "cpu")}
    assert [batch.device.type for batch in dataset] == ["cpu", "cpu"]


def test_csv_lines(data, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y,z\n1,2.5,\"a,b\"\n,NA,c\n")
    sets = data.experimental.CsvDataset(str(path), [7, 0.5, ""], header=True, na_value="NA")
    first, second = sets
    assert [one.dtype for one in first[:2]] == [torch.int32, torch.float32]
    assert [first[0].item(), first[1].item(), first[2].numpy()] == [1, 2.5, b"a,b"]
    assert [second[0].item(), second[1].item(), second[2].numpy()] == [7, 0.5, b"c"]
    (row,) = data.experimental.CsvDataset(str(path), [[1.0], torch.float32], header=True, select_cols=[1, 0]).take(1)
    assert [one.item() for one in row] == [2.5, 1.0]
    with pytest.raises(ValueError, match="required but missing"):
        list(data.experimental.CsvDataset(str(path), [torch.int32], header=True, select_cols=[0]))
    with pytest.raises(ValueError, match="Expected 2 fields"):
        list(data.experimental.CsvDataset(str(path), [0, 0]))


def test_numpy_elements_one_by_one(data):
    elements = data.Dataset.range(3).as_numpy_iterator()
    assert elements.next() == 0 and next(elements) == 1 and list(elements) == [2]
    elements = iter(data.Dataset.range(3))
    assert elements.next() == 0 and elements.get_next() == 1 and list(elements) == [2]


def test_what_inference_cached_can_be_trained_on(data):
    cached = data.Dataset.from_tensor_slices([1.0, 2.0]).map(lambda x: x * 2).cache()
    with torch.inference_mode():
        assert [one.item() for one in cached] == [2.0, 4.0]
    weight = torch.ones((), requires_grad=True)
    sum(weight * one for one in cached).backward()
    assert weight.grad.item() == 6.0


def test_tables(data):
    class Table(dict):
        columns = property(list)

        def to_numpy(self):
            return np.stack([self[key] for key in self], -1)

    class Column(np.ndarray):
        def to_numpy(self):
            return np.asarray(self)

    numbers = Table(a=np.array([1.0, 2.0]), b=np.array([3, 4]))
    rows = data.Dataset.from_tensor_slices(numbers)
    assert [row.tolist() for row in rows] == [[1, 3], [2, 4]] and next(iter(rows)).dtype is torch.float64
    mixed = Table(a=np.array([1.0, 2.0]).view(Column), b=np.array(["x", "y"], dtype=object).view(Column))
    first = next(iter(data.Dataset.from_tensor_slices(mixed)))
    assert first["a"] == 1 and first["b"] == "x"


def test_batches_of_unequal_rows(tf):
    rows = [[1, 2, 3], [4], [5, 6], [7, 8], [9, 10]]
    data = tf.data.Dataset.from_generator(lambda: ((tf.constant(row), i) for i, row in enumerate(rows)), (tf.int32, tf.int32))
    (ragged, labels), (dense, _) = data.ragged_batch(3)
    assert [row.tolist() for row in ragged] == rows[:3] and labels.tolist() == [0, 1, 2] and dense.tolist() == rows[3:]
    assert [row.tolist() for row in ragged.numpy()] == rows[:3] and ragged.shape.as_list() == [3, None]
    assert len(list(data.apply(tf.data.experimental.dense_to_ragged_batch(batch_size=3, drop_remainder=True)))) == 1
    whole, _ = data.ragged_batch(tf.constant(5)).get_single_element()
    assert whole.to_tensor().tolist()[1] == [4, 0, 0]
