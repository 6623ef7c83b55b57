"""Data sets of single rows: torch's, those of Hugging Face (by what they look like), columns, data frames of pandas."""

import collections

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

import torchkeras_lite as keras
from torchkeras_lite import layers

X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


class Mapped(Dataset):
    def __len__(self):
        return len(X)

    def __getitem__(self, i):
        return X[i], Y[i]


class Streamed(IterableDataset):
    """Gives rows, or batches where it is told so."""

    def __init__(self, size=None):
        self.size = size

    def __iter__(self):
        step = self.size or 1
        parts = ((X[i : i + step], Y[i : i + step]) for i in range(0, len(X), step))
        return parts if self.size else ((x[0], y[0]) for x, y in parts)


class Table:
    """What a Dataset of Hugging Face can do, as far as it matters: rows and columns by name, lists unless told otherwise."""

    def __init__(self, columns, kind=None):
        self.columns, self.format = columns, {"type": kind}
        self.column_names = list(columns)

    def with_format(self, kind):
        return Table(self.columns, kind)

    def __len__(self):
        return len(next(iter(self.columns.values())))

    def __iter__(self):
        return ({name: column[i] for name, column in self.columns.items()} for i in range(len(self)))

    def __getitem__(self, which):
        if isinstance(which, str):
            return Column(self.columns[which])
        make = {None: np.ndarray.tolist, "numpy": lambda a: a, "torch": torch.tensor}[self.format["type"]]
        return {name: make(np.asarray(column)[which]) for name, column in self.columns.items()}


class Column(collections.abc.Sequence):
    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, which):
        return self.values[which].tolist()


class TableStream:
    """The same as a stream: no length, no rows by number."""

    format = None

    def __init__(self, columns, names=True):
        self.columns, self.column_names = columns, list(columns) if names else None

    def with_format(self, kind):
        return self

    def __iter__(self):
        return iter(Table(self.columns))

    def iter(self, batch_size):
        for i in range(0, len(X), batch_size):
            yield {name: column[i : i + batch_size].tolist() for name, column in self.columns.items()}


COLUMNS = {"features": X, "label": Y[:, 0]}


def model():
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


def fitted(*given, **more):
    return model().fit(*given, **{"shuffle": False, "batch_size": 8, "epochs": 2, "verbose": 0, **more}).history


WHOLE = {
    "map": lambda: (Mapped(),),
    "tensors": lambda: (TensorDataset(torch.tensor(X), torch.tensor(Y)),),
    "part": lambda: (Subset(Mapped(), range(20)),),
    "stream": lambda: (Streamed(),),
    "stream of batches": lambda: (Streamed(8),),
    "table": lambda: (Table(COLUMNS),),
    "table of tensors": lambda: (Table(COLUMNS, "torch"),),
    "table, named": lambda: (Table({"features": X, "goal": Y[:, 0]}), "goal"),
    "table stream": lambda: (TableStream(COLUMNS),),
    "nameless table stream": lambda: (TableStream(COLUMNS, names=False),),
    "columns": lambda: (Table(COLUMNS)["features"], Table(COLUMNS)["label"]),
    "deques": lambda: (collections.deque(X), collections.deque(Y)),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_rows_become_batches(kind):
    more = {"batch_size": None} if kind == "stream of batches" else {}
    expected = fitted(X, Y, validation_data=(X, Y))
    found = fitted(*WHOLE[kind](), validation_data=WHOLE[kind]() if len(WHOLE[kind]()) == 2 else WHOLE[kind]()[0], **more)
    if kind == "table, named":  # (a pair of validation data is arrays)
        expected.pop("val_loss"), found.pop("val_loss")
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5)


@pytest.mark.parametrize("kind", [kind for kind in WHOLE if kind not in ("columns", "deques", "table, named")])
def test_evaluated_and_predicted(kind):
    made = model()
    expected = made.evaluate(X, Y, verbose=0), made.predict(X, verbose=0)
    assert made.evaluate(*WHOLE[kind](), verbose=0) == pytest.approx(expected[0], rel=1e-5)
    np.testing.assert_allclose(made.predict(*WHOLE[kind](), verbose=0), expected[1], rtol=1e-5)


@pytest.mark.parametrize("kind", ["map", "tensors", "table"])
def test_a_new_order_each_epoch_that_follows_the_seed(kind):
    seen = []

    class Noting(keras.Sequential):
        def train_step(self, data):
            seen.append(data[1].flatten().tolist())
            return super().train_step(data)

    def run():
        seen.clear()
        keras.utils.set_random_seed(3)
        made = Noting([keras.Input((4,)), layers.Dense(1)])
        made.compile("sgd", "mse")
        made.fit(*WHOLE[kind](), batch_size=8, epochs=2, verbose=0)
        return [[y for batch in epoch for y in batch] for epoch in (seen[:3], seen[3:])]

    first, again = run(), run()
    assert first == again and first[0] != first[1]
    for epoch in first:
        np.testing.assert_allclose(sorted(epoch), np.sort(Y[:, 0]))


def test_several_columns_go_to_the_inputs_of_their_names():
    inputs = {"a": keras.Input((1,), name="a"), "b": keras.Input((1,), name="b")}
    made = keras.Model(inputs, inputs["a"] * 2 + inputs["b"])
    table = Table({"a": X[:, 0], "b": X[:, 1], "id": np.arange(20), "labels": Y[:, 0]})
    np.testing.assert_allclose(made.predict(table, verbose=0), X[:, :1] * 2 + X[:, 1:2], rtol=1e-6)
    made.compile("sgd", "mse")
    assert made.evaluate(table, verbose=0) == pytest.approx(((X[:, 0] * 2 + X[:, 1] - Y[:, 0]) ** 2).mean(), rel=1e-5)
    both = keras.Model(inputs, {"p": inputs["a"] * 1, "q": inputs["b"] * 1})
    both.compile("sgd", "mse")
    two = Table({"a": X[:, 0], "b": X[:, 1], "p": X[:, 2], "q": X[:, 3]})
    expected = ((X[:, 0] - X[:, 2]) ** 2).mean() + ((X[:, 1] - X[:, 3]) ** 2).mean()
    assert both.evaluate(two, ["p", "q"], verbose=0)[0] == pytest.approx(expected, rel=1e-5)


def test_strings_in_a_column():
    words = np.array(["good", "bad"] * 10)
    text = layers.TextVectorization(output_sequence_length=1, vocabulary=["good", "bad"])
    made = keras.Sequential([text, layers.Embedding(4, 2), layers.Flatten(), layers.Dense(1)])
    made.compile("sgd", "mse")
    labels = np.arange(20.0)
    expected = made.predict(words, verbose=0)
    for given in (Table({"text": words, "label": labels}), TableStream({"text": words, "label": labels}), Column(words)):
        np.testing.assert_allclose(made.predict(given, verbose=0), expected, rtol=1e-6)
    made.fit(Table({"text": words, "label": labels}), verbose=0)


def test_images_in_a_column():
    image = pytest.importorskip("PIL.Image")
    pictures = [image.fromarray(np.full((2, 3), i, "uint8")) for i in range(3)]

    class Pictures(TableStream):
        def iter(self, batch_size):
            yield {"image": pictures, "label": [0, 1, 2]}

    made = keras.Sequential([keras.Input((2, 3)), layers.Flatten()])
    np.testing.assert_allclose(made.predict(Pictures({"image": 0, "label": 0}), verbose=0), np.arange(3)[:, None] * np.ones(6))


def test_what_cannot_be():
    with pytest.raises(ValueError, match=r"names the column 'goal'.*\['features', 'label'\]"):
        model().fit(Table(COLUMNS), "goal", verbose=0)
    with pytest.raises(ValueError, match="pairs"):
        model().fit(Mapped(), Y, verbose=0)
    with pytest.raises(ValueError, match="batch_size"):
        model().fit(Mapped(), batch_size=0, verbose=0)


# ---------------------------------------------------------------- pandas


def frame(**columns):
    return pytest.importorskip("pandas").DataFrame(X, columns=list("abcd")).assign(**columns)


FRAMES = {
    "as it is": lambda pandas, f: f,
    "another index": lambda pandas, f: f.set_index(pandas.date_range("2020", periods=20)),
    "nullable floats": lambda pandas, f: f.astype("Float32"),
    "objects": lambda pandas, f: f.astype(object),
    "doubles": lambda pandas, f: f.astype("float64"),
    "a list of columns": lambda pandas, f: f[["a", "b", "c", "d"]],
}


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("targets", ["series", "frame"])
def test_data_frames(kind, targets):
    pandas = pytest.importorskip("pandas")
    x, y = FRAMES[kind](pandas, frame()), pandas.Series(Y[:, 0], index=range(100, 120))
    y, weights = y if targets == "series" else y.to_frame(), pandas.Series(np.arange(20.0))
    found = fitted(x, y, sample_weight=weights, validation_split=0.25)
    for name, values in fitted(X, Y, sample_weight=np.arange(20.0), validation_split=0.25).items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5)
    made = model()
    np.testing.assert_allclose(made.predict(x, verbose=0), made.predict(X, verbose=0), rtol=1e-6)
    assert made.evaluate(x, y, verbose=0) == pytest.approx(made.evaluate(X, Y, verbose=0), rel=1e-6)
    assert made.train_on_batch(x, y) == pytest.approx(((made.predict(X, verbose=0) - Y) ** 2).mean(), rel=2)


def test_columns_of_every_kind_in_one_frame():
    pandas = pytest.importorskip("pandas")
    mixed = frame(a=X[:, 0] > 0, b=range(20), c=pandas.array(range(20), dtype="Int64"), d=pandas.array([True, False] * 10))
    plain = np.stack([X[:, 0] > 0, np.arange(20), np.arange(20), np.array([1, 0] * 10)], 1).astype("float32")
    np.testing.assert_allclose(model().predict(mixed, verbose=0), model().predict(plain, verbose=0), rtol=1e-6)
    classes = pandas.Series([0, 1] * 10, dtype="category")
    np.testing.assert_allclose(fitted(mixed, classes)["loss"], fitted(plain, np.array([0, 1] * 10))["loss"], rtol=1e-5)


def test_columns_of_strings():
    pandas = pytest.importorskip("pandas")
    words = ["good", "bad", "bad"] * 4
    text = layers.TextVectorization(output_sequence_length=1, vocabulary=["good", "bad"])
    made = keras.Sequential([text, layers.Embedding(4, 2), layers.Flatten(), layers.Dense(1)])
    made.compile(keras.optimizers.SGD(0.0), "mse")
    expected = made.predict(np.array(words), verbose=0)
    assert expected[0] != expected[1] == expected[2]
    for given in (pandas.Series(words), pandas.Series(words, dtype=object), words, tuple(words), [[word] for word in words]):
        np.testing.assert_allclose(made.predict(given, verbose=0), expected, rtol=1e-6)
        loss = made.fit(given, np.zeros(12), verbose=0).history["loss"]
        np.testing.assert_allclose(loss, [(expected**2).mean()], rtol=1e-5)


def test_a_frame_as_a_dict_of_columns():
    inputs = {"a": keras.Input((1,), name="a"), "c": keras.Input((1,), name="c")}
    made = keras.Model(inputs, inputs["a"] - inputs["c"])
    np.testing.assert_allclose(made.predict(dict(frame()), verbose=0), X[:, :1] - X[:, 2:3], rtol=1e-6)


@pytest.mark.parametrize("column", [lambda pandas: "x", lambda pandas: pandas.array([1, None] * 10, dtype="Int64")])
def test_frames_that_hold_no_numbers(column):
    pandas = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match="dtype=object"):
        fitted(frame(b=column(pandas)), Y)
