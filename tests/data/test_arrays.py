"""Arrays of every kind become tensors, and tensors batches."""

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import Variable, data, layers

X = np.arange(80, dtype="float32").reshape(10, 8) / 10
Y = np.arange(10, dtype="float32")[:, None]


class Frame:
    """As much of a data frame as is asked for."""

    def __init__(self, array):
        self.array = array

    def to_numpy(self):
        return self.array

    def __len__(self):
        return len(self.array)


class Arrayish:
    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array if dtype is None else self.array.astype(dtype)


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


KINDS = {
    "float32": X,
    "float64": X.astype("float64"),
    "float16": X.astype("float16"),
    "int64": X.astype("int64"),
    "uint8": X.astype("uint8"),
    "uint16": X.astype("uint16"),
    "bool": X > 4,
    "big endian": X.astype(">f4"),
    "big endian doubles": X.astype(">f8"),
    "big endian integers": X.astype(">i4"),
    "objects": X.astype(object),
    "columns in memory": np.asfortranarray(X),
    "every other column": np.repeat(X, 2, 1)[:, ::2],
    "backwards": X[::-1, ::-1],
    "read only": read_only(X),
    "a list": X.tolist(),
    "tuples": tuple(map(tuple, X.tolist())),
    "a list of numpy numbers": [list(row) for row in X],
    "a frame": Frame(X),
    "what has __array__": Arrayish(X),
    "a tensor": torch.tensor(X),
    "a tensor that wants gradients": torch.tensor(X, requires_grad=True),
    "a transposed tensor": torch.tensor(X.T.copy()).T,
    "a Variable": Variable(X),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_arrays(kind):
    given = KINDS[kind]
    tensor = data.to_tensor(given)
    expected = torch.tensor(np.asarray(given.array if hasattr(given, "array") else X).astype("float32"))
    if kind in ("int64", "uint8", "uint16", "bool", "big endian integers"):
        assert not tensor.is_floating_point()
        expected = torch.tensor(np.asarray(given).astype("int64")).to(tensor.dtype)
    elif kind == "float16":
        assert tensor.dtype is torch.float16
        expected = torch.tensor(given)
    else:
        assert tensor.dtype is torch.float32
    assert torch.equal(tensor, torch.tensor(X[::-1, ::-1].copy()) if kind == "backwards" else expected)
    assert type(tensor) is torch.Tensor and not tensor.requires_grad
    assert data.is_array(given) and data.is_arrays(given)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_predicted_trained_and_evaluated(kind):
    given = KINDS[kind]
    model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    same = data.to_tensor(given).float()
    with torch.no_grad():
        expected = model(same).numpy()
    np.testing.assert_allclose(model.predict(given, verbose=0, batch_size=4), expected, rtol=1e-4, atol=1e-4)
    loss = ((expected - Y) ** 2).mean()
    assert model.fit(given, Y, verbose=0, batch_size=4).history["loss"] == [pytest.approx(loss, rel=1e-4)]
    assert model.evaluate(given, Y, verbose=0) == pytest.approx(loss, rel=1e-4)
    assert model.train_on_batch(given, Y) == pytest.approx(loss, rel=1e-4)
    assert model.predict_on_batch(given).shape == (10, 1)


def test_nothing_is_copied_that_need_not_be():
    array, tensor = X.copy(), torch.tensor(X)
    assert data.to_tensor(array).data_ptr() == array.ctypes.data and data.to_tensor(tensor).data_ptr() == tensor.data_ptr()
    kept = array.copy()
    model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(array, Y, verbose=0, epochs=2)
    assert np.array_equal(array, kept)


def test_structures():
    given = {"a": X.tolist(), "b": [X, (Y, Frame(Y))]}
    tensors = data.to_tensors(given, "x")
    assert torch.equal(tensors["a"], torch.tensor(X)) and type(tensors["b"]) is list and type(tensors["b"][1]) is tuple
    assert torch.equal(tensors["b"][1][1], torch.tensor(Y)) and data.to_tensors(None, "x") is None
    assert data.is_arrays(given) and not data.is_array(given) and not data.is_array([X, X])
    for other in (iter([X]), (x for x in X), object(), "text", ["a"], [], {"a": "b"}, None):
        assert not data.is_arrays(other)


def test_the_width_of_floats(request):
    request.addfinalizer(lambda: keras.config.set_floatx("float32"))
    keras.config.set_floatx("float64")
    assert data.to_tensor(X.astype("float64")).dtype is torch.float64 and data.to_tensor([[1.0]]).dtype is torch.float64
    keras.config.set_floatx("bfloat16")
    assert data.to_tensor(X.astype("float64")).dtype is torch.bfloat16


REFUSED = [
    ("rows of different lengths", [[1.0, 2.0], [3.0]], "lengths"),
    ("texts", np.array([["a", "b"]]), "a"),
    ("bytes", np.array([b"a"]), "numbers"),
    ("dates", np.array(["2020-01-01"], dtype="datetime64[D]"), "datetime64"),
    ("objects that are no numbers", np.array([[1, "x"]], dtype=object), "object"),
    ("categories", np.array(["a", "b"], dtype=object), "cat.codes"),
    ("objects of different lengths", np.array([None, [1]], dtype=object), "object"),
]


@pytest.mark.parametrize(("value", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_no_numbers(value, said):
    with pytest.raises(ValueError, match="`targets`") as error:
        data.to_tensor(value, "targets")
    assert said in str(error.value)


UNKNOWN = [object(), "text", 3.0, lambda: X, ["a", "b"], {"a": "b"}, []]


@pytest.mark.parametrize("value", UNKNOWN, ids=lambda value: type(value).__name__)
def test_what_is_no_data(value):
    model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"`x|x="):
        model.fit(value, Y, verbose=0)
    with pytest.raises(ValueError, match="no data"):
        model.fit(None, verbose=0)


# ---------------------------------------------------------------- rows


def test_rows_are_counted_and_compared():
    x, y = torch.ones(4, 2), torch.ones(4)
    assert data.check_rows(x={"a": x, "b": [x]}, y=y, sample_weight=None) == 4
    with pytest.raises(ValueError, match="cardinality") as error:
        data.check_rows(x=[x, x[:3]], y=y[:2])
    assert "'x' sizes: 4, 3" in str(error.value) and "'y' sizes: 2" in str(error.value)
    for nothing in (x[:0], None):
        with pytest.raises(ValueError, match="no data"):
            data.check_rows(x=nothing)
    with pytest.raises(ValueError, match="`y` is a single number"):
        data.check_rows(x=x, y=torch.tensor(1.0))


def test_the_split_for_validation():
    parts = (torch.arange(10), {"a": torch.arange(10) * 2})
    for share, cut in ((0.2, 8), (0.25, 7), (0.5, 5), (0.01, 9)):
        train, held = data.split(parts, share)
        assert train[0].tolist() == list(range(cut)) and held[0].tolist() == list(range(cut, 10))
        assert held[1]["a"].tolist() == [2 * i for i in range(cut, 10)]
    for wrong in (1.0, 0.99, -0.1, 2):
        with pytest.raises(ValueError, match="validation_split"):
            data.split(parts, wrong)


# ---------------------------------------------------------------- batches


def arrays(shuffle, size=3, rows=10):
    return data.Arrays((torch.arange(rows), {"a": torch.arange(rows) * 10}), size, shuffle, torch.device("cpu"))


def test_batches_in_order():
    batches = arrays(False)
    assert batches.steps == 4 and batches.rows == 10 and batches.first()[0].tolist() == [0, 1, 2]
    for _ in range(2):
        assert [x.tolist() for x, _ in batches] == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]
    assert all(torch.equal(10 * x, rest["a"]) for x, rest in batches)


@pytest.mark.parametrize(("size", "rows"), [(3, 10), (1, 5), (10, 10), (7, 10), (4, 4000)])
def test_batches_in_a_new_order_each_time(size, rows):
    batches = arrays(True, size, rows)
    epochs = [[(x, rest["a"]) for x, rest in batches] for _ in range(2)]
    for epoch in epochs:
        assert len(epoch) == batches.steps and [len(x) for x, _ in epoch[:-1]] == [size] * (batches.steps - 1)
        assert all(torch.equal(10 * x, a) for x, a in epoch)
        assert sorted(torch.cat([x for x, _ in epoch]).tolist()) == list(range(rows))
    orders = [torch.cat([x for x, _ in epoch]).tolist() for epoch in epochs]
    assert orders[0] != orders[1] and orders[0] != list(range(rows))


def test_whole_batches_in_a_new_order():
    torch.manual_seed(0)
    batches = arrays("batch")
    epochs = [[x.tolist() for x, _ in batches] for _ in range(3)]
    for epoch in epochs:
        assert sorted(epoch) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]
    assert len({str(epoch) for epoch in epochs}) > 1


def test_data_lies_on_the_device_and_is_shuffled_there(monkeypatch):
    randperm, where = torch.randperm, []
    monkeypatch.setattr(torch, "randperm", lambda rows, device: where.append(device.type) or randperm(rows, device=device))
    batches = data.Arrays((torch.arange(10), {"a": torch.arange(10)}), 3, True, torch.device("meta"))
    assert batches.resident
    for x, y in batches:
        assert x.device.type == y["a"].device.type == "meta"
    assert where == ["meta"]


def test_the_order_follows_the_seed():
    def order():
        torch.manual_seed(5)
        return [x.tolist() for x, _ in arrays(True)]

    assert order() == order()


class Watching(keras.Sequential):
    """Notes the targets of each step."""

    def train_step(self, data):
        self.__dict__.setdefault("seen", []).append(data[1].flatten().tolist())
        return super().train_step(data)


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_shuffle_in_fit(shuffle):
    model = Watching([keras.Input((8,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    torch.manual_seed(1)
    model.fit(X, Y, batch_size=4, epochs=3, shuffle=shuffle, verbose=0)
    epochs = [model.seen[i : i + 3] for i in (0, 3, 6)]
    in_order = [[0.0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert all(sorted(row for batch in epoch for row in batch) == list(range(10)) for epoch in epochs)
    assert (epochs == [in_order] * 3) is (shuffle is False)
    assert all(sorted(epoch) == in_order for epoch in epochs) is (shuffle != True)  # noqa: E712 - "batch" is true as well


@pytest.mark.parametrize("size", [0, -1, 2.5, "a", True])
def test_batch_sizes_that_cannot_be(size):
    model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    for act in (model.fit, model.evaluate, lambda x, y, **kwargs: model.predict(x, **kwargs)):
        with pytest.raises(ValueError, match="batch_size"):
            act(X, Y, batch_size=size, verbose=0)
    model.fit(X, Y, batch_size=np.int64(3), verbose=0)


# ---------------------------------------------------------------- weights

CLASS_WEIGHTS = [
    ({0: 2.0, 1: 3.0}, [0, 1, 2], [2, 3, 1]),
    ({0: 2.0, 1: 3.0}, np.eye(3), [2, 3, 1]),
    ({0: 2.0, 1: 3.0}, [[0.0], [1.0]], [2, 3]),
    ({0: 4.0, 1: 5.0}, [0.0, 1.0], [4, 5]),
    ({5: 2.0}, [0, 1], [1, 1]),
    ({-1: 2.0, 1: 3.0}, [-1, 1, 0], [2, 3, 1]),
    ({-1: 2.0, 1: 3.0}, [[-1.0], [1.0]], [2, 3]),
    ({0: 2.0}, [-1, 0], [1, 2]),
    ({10**12: 2.0}, [10**12, 0], [2, 1]),
    ({np.int64(0): 2.0, "1": 3}, [0, 1], [2, 3]),
    ({}, [0, 1], [1, 1]),
]


@pytest.mark.parametrize(("weights", "labels", "expected"), CLASS_WEIGHTS)
def test_class_weights(weights, labels, expected):
    found = data.class_weights(weights, torch.as_tensor(np.asarray(labels)))
    assert found.tolist() == expected and found.dtype is torch.float32


def test_class_weights_of_labels_in_rows():
    x, y, rows = torch.zeros(2, 3), torch.tensor([[[0], [1], [1]], [[1], [0], [0]]]), torch.tensor([2.0, 3.0])
    found = data.with_class_weights((x, y, rows), {0: 1.0, 1: 10.0})[2]
    assert found.tolist() == [[2, 20, 20], [30, 3, 3]]
    named = data.with_class_weights((x, {"a": y}, {"a": rows}), {"a": {0: 1.0, 1: 10.0}})[2]
    assert named["a"].tolist() == [[2, 20, 20], [30, 3, 3]]


def test_class_weights_want_one_output():
    with pytest.raises(ValueError, match="single output"):
        data.class_weights({0: 1.0}, {"a": torch.ones(2)})


def test_weights_in_fit():
    def loss(y=(0, 1) * 5, **kwargs):
        model = keras.Sequential([keras.Input((8,)), layers.Dense(1, kernel_initializer="zeros")])
        model.compile(keras.optimizers.SGD(0.0), "mse")
        return model.fit(X, np.array(y, "float32")[:, None], verbose=0, batch_size=5, **kwargs).history["loss"][0]

    assert loss() == pytest.approx(0.5)
    assert loss(class_weight={0: 3.0, 1: 0.0}) == 0 and loss(class_weight={1: 3.0}) == pytest.approx(1.5)
    assert loss(sample_weight=[1.0] * 10) == loss(sample_weight=np.ones((10, 1))) == pytest.approx(0.5)
    assert loss(sample_weight=[0, 2] * 5) == pytest.approx(1.0)
    assert loss(sample_weight=[0, 2] * 5, class_weight={1: 2.0}) == pytest.approx(2.0)
    assert loss(y=(0, 1) + (1,) * 8, sample_weight=[1, 1] + [0] * 8) == pytest.approx(0.1)
    with pytest.raises(ValueError, match="sample_weight"):
        loss(sample_weight=np.ones(5))
    model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    for kwargs in ({"sample_weight": np.ones(10)}, {"class_weight": {0: 1.0}}):
        with pytest.raises(ValueError, match="without targets"):
            model.fit(X, verbose=0, **kwargs)


class Either(layers.Layer):
    def call(self, a, b=None):
        return a if b is None else a + b


@pytest.mark.parametrize("kind", [dict, list])
def test_inputs_that_are_left_out(kind):
    a, b = layers.Input((8,), name="a"), layers.Input((8,), name="b", optional=True)
    output = layers.Dense(1, kernel_initializer="ones")(Either()(a, b))
    model = keras.Model({"a": a, "b": b} if kind is dict else [a, b], output)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x = {"a": X, "b": None} if kind is dict else [X, None]
    wanted = X.sum(1, keepdims=True)
    loss = ((wanted - Y) ** 2).mean()
    np.testing.assert_allclose(model.predict(x, batch_size=4, verbose=0), wanted, rtol=1e-5)
    fitted = model.fit(x, Y, batch_size=4, verbose=0, validation_data=(x, Y)).history
    for found in (fitted["loss"][0], fitted["val_loss"][0], model.evaluate(x, Y, verbose=0), model.train_on_batch(x, Y)):
        np.testing.assert_allclose(found, loss, rtol=1e-4)
    split = model.fit(x, Y, validation_split=0.5, shuffle=False, verbose=0).history
    np.testing.assert_allclose(split["val_loss"][0], ((wanted - Y)[5:] ** 2).mean(), rtol=1e-4)


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support")
@pytest.mark.parametrize("kind", [torch.Tensor.to_sparse, torch.Tensor.to_sparse_csr], ids=["coo", "csr"])
def test_sparse_tensors(kind):
    model = keras.Sequential([keras.Input((8,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x = kind(torch.tensor(X))
    wanted = X.sum(1, keepdims=True)
    np.testing.assert_allclose(model.predict(x, batch_size=4, verbose=0), wanted, rtol=1e-5)
    loss = ((wanted - Y) ** 2).mean()
    fitted = model.fit(x, Y, batch_size=4, validation_split=0.2, verbose=0)
    np.testing.assert_allclose(model.fit(x, Y, batch_size=4, verbose=0).history["loss"], [loss], rtol=1e-5)
    np.testing.assert_allclose(model.evaluate(x, Y, batch_size=4, verbose=0), loss, rtol=1e-5)
    np.testing.assert_allclose(fitted.history["val_loss"], [((wanted - Y)[8:] ** 2).mean()], rtol=1e-5)


@pytest.mark.parametrize("kind", ["uint16", "uint32", "uint64"])
def test_unsigned_numbers(kind):
    model = keras.Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x, y = np.arange(20).reshape(10, 2).astype(kind), np.arange(10).astype(kind)
    wanted = x.sum(1, keepdims=True).astype("float32")
    np.testing.assert_allclose(model.predict(x, batch_size=4, verbose=0), wanted)
    loss = model.fit(x, y, batch_size=4, shuffle=True, verbose=0).history["loss"]
    np.testing.assert_allclose(loss, [((wanted[:, 0] - y) ** 2).mean()], rtol=1e-5)
