"""Tensors without values: shapes, dtypes, nodes, and what cannot be asked of them."""

import copy
import operator

import numpy as np
import pytest
import torch
from torch import nn

import torchkeras_lite as keras
from torchkeras_lite import KerasTensor, Variable, layers
from torchkeras_lite.symbolic import OPS, infer, is_symbolic


def tensor(*shape, dtype="float32"):
    return KerasTensor(shape, dtype)


# ---------------------------------------------------------------- shapes and dtypes

F = torch.nn.functional
ROWS = (None, 8)
TIME = (None, None, 8)
IMAGE = (None, None, None, 3)
SHAPES = [
    ("x + 1", ROWS, lambda x: x + 1, (None, 8)),
    ("1 - x", ROWS, lambda x: 1 - x, (None, 8)),
    ("x @ matrix", ROWS, lambda x: x @ torch.ones(8, 3), (None, 3)),
    ("matrix @ x", (8, None), lambda x: torch.ones(3, 8) @ x, (3, None)),
    ("x > 0", ROWS, lambda x: x > 0, (None, 8)),
    ("-x", ROWS, lambda x: -x, (None, 8)),
    ("abs", ROWS, abs, (None, 8)),
    ("x[:, 0]", ROWS, lambda x: x[:, 0], (None,)),
    ("x[..., None]", ROWS, lambda x: x[..., None], (None, 8, 1)),
    ("x[0]", ROWS, lambda x: x[0], (8,)),
    ("x.T", ROWS, lambda x: x.T, (8, None)),
    ("x + noise of so many rows", ROWS, lambda x: x + torch.rand(5, 1), (5, 8)),
    ("two of so many rows", (None, 3), lambda x: torch.stack([x.sum(1), x.sum(1) * torch.rand(5)]), (2, 5)),
    ("x.T @ x", ROWS, lambda x: x.T @ x, (8, 8)),
    ("x @ x.T", ROWS, lambda x: x @ x.T, (None, None)),
    ("gram of time", (4, None), lambda x: torch.matmul(x, x.T), (4, 4)),
    ("gram of an image", (1, None, None, 3), lambda x: torch.mm(x.flatten(0, 2).T, x.flatten(0, 2)), (3, 3)),
    ("sum(-1)", ROWS, lambda x: x.sum(-1), (None,)),
    ("sum(0)", ROWS, lambda x: x.sum(0), (8,)),
    ("mean()", ROWS, lambda x: x.mean(), ()),
    ("relu", ROWS, torch.relu, (None, 8)),
    ("cat in front", ROWS, lambda x: torch.cat([x, x], 0), (None, 8)),
    ("cat behind", ROWS, lambda x: torch.cat([x, x], 1), (None, 16)),
    ("stack", ROWS, lambda x: torch.stack([x, x]), (2, None, 8)),
    ("reshape", ROWS, lambda x: x.reshape(-1, 4), (None, 4)),
    ("flatten", (None, 4, 5), lambda x: torch.flatten(x, 1), (None, 20)),
    ("argmax", ROWS, lambda x: x.argmax(-1), (None,)),
    ("keyword", ROWS, lambda x: torch.sum(input=x, dim=1), (None,)),
    ("where", ROWS, lambda x: torch.where(x > 0, x, 0.0), (None, 8)),
    ("linear", ROWS, lambda x: F.linear(x, torch.ones(3, 8)), (None, 3)),
    ("time + 1", TIME, lambda x: x + 1, (None, None, 8)),
    ("mean over time", TIME, lambda x: x.mean(1), (None, 8)),
    ("time transposed", TIME, lambda x: x.transpose(1, 2), (None, 8, None)),
    ("last of time", TIME, lambda x: x[:, -1], (None, 8)),
    ("a piece of time", TIME, lambda x: x[:, :5], (None, 5, 8)),
    ("twice the time", TIME, lambda x: torch.cat([x, x], 1), (None, None, 8)),
    ("padded features", TIME, lambda x: F.pad(x, (0, 1)), (None, None, 9)),
    ("pooled image", IMAGE, lambda x: F.avg_pool2d(x.permute(0, 3, 1, 2), 2), (None, 3, None, None)),
    ("convolved image", IMAGE, lambda x: F.conv2d(x.permute(0, 3, 1, 2), torch.ones(4, 3, 5, 5)), (None, 4, None, None)),
    ("fixed rows", (2, 3), lambda x: x + 1, (2, 3)),
    ("fixed rows, sum", (2, 3), lambda x: x.sum(0), (3,)),
    ("a number", (), lambda x: x * 2, ()),
]


@pytest.mark.parametrize(("shape", "function", "expected"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES])
def test_shapes(shape, function, expected):
    result = function(tensor(*shape))
    assert isinstance(result, KerasTensor) and result.shape == expected
    real = function(torch.zeros([size or (5 if i == 0 else 256) for i, size in enumerate(shape)]))
    assert result.dtype == str(real.dtype).removeprefix("torch.")
    assert len(result.shape) == real.ndim


def test_dtypes():
    x = tensor(None, 3, dtype="int32")
    assert (x / 2).dtype == "float32" and (x + 1).dtype == "int32" and (x > 1).dtype == "bool" and x.float().dtype == "float32"
    assert x.long().dtype == "int64" and tensor(None).dtype == "float32" and KerasTensor((1,), torch.bool).dtype == "bool"


def test_operators_beside_other_things():
    x = tensor(None, 8)
    assert (x + np.ones(8, "float32")).shape == (x * Variable(np.ones(8, "float32"))).shape == (None, 8)
    kernel = Variable(np.ones((8, 4), "float32"))
    assert (x @ kernel).shape == (None, 4) and (Variable(np.ones((4, 8), "float32")) @ x.T).shape == (4, None)
    assert (Variable(2.0) * x).shape == (torch.ones(8) + x).shape == (2.0**x).shape == (None, 8)
    y = x
    y += 1
    assert y is not x and y.node is not None and x.node is None


def test_several_outputs():
    x = tensor(None, 8)
    values, indices = torch.max(x, 1)
    assert values.shape == indices.shape == (None,) and (values.dtype, indices.dtype) == ("float32", "int64")
    assert (values.index, indices.index) == (0, 1) and values.node is indices.node
    assert [part.shape for part in x.split(3, 1)] == [(None, 3), (None, 3), (None, 2)]


def test_fixed_rows_can_be_walked():
    assert len(tensor(2, 3)) == 2 and [row.shape for row in tensor(2, 3)] == [(3,), (3,)]


def test_what_infer_returns_beside_tensors():
    spec = infer(lambda x: {"y": x, "n": 3, "l": [x[:, 0], None]}, (tensor(None, 4),), {})
    assert spec["n"] == 3 and spec["l"][1] is None and spec["y"].shape == (None, 4) and spec["l"][0].shape == (None,)


def test_functions_that_refuse_no_rows():
    def refuses(x):
        if len(x) == 0:
            raise ValueError("empty")
        return x.mean(1)

    assert infer(refuses, (tensor(None, None, 8),), {}).shape == (None, 8)
    assert infer(refuses, (tensor(4, 6, 8),), {}).shape == (4, 8)
    with pytest.raises(ValueError, match="never"):
        infer(lambda x: (_ for _ in ()).throw(ValueError("never")), (tensor(None, 8),), {})


def test_inferring_leaves_nothing_behind():
    norm = layers.BatchNormalization()
    model = keras.Sequential([keras.Input((8,)), norm, nn.BatchNorm1d(8), layers.Dense(3)])
    assert not norm.moving_mean.numpy().any() and norm.moving_variance.numpy().all()
    assert model.layers[1].module.num_batches_tracked == 0
    assert all(p.grad is None and p.requires_grad for p in model.parameters())


# ---------------------------------------------------------------- layers and torch modules


class Refuses(layers.Layer):
    def call(self, x):
        assert len(x) > 0
        return x * 2


MODELS = [
    ("a layer that wants rows", (8,), [Refuses(), layers.Dense(2)], (None, 2)),
    ("convolutions", (3, 8, 8), [nn.Conv2d(3, 4, 3), nn.MaxPool2d(2), nn.Flatten(), layers.Dense(2)], (None, 2)),
    ("images of any size", (3, None, None), [nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()], (None, 4)),
    ("unflatten", (4,), [nn.Sequential(nn.Unflatten(1, (2, 2)), nn.Flatten())], (None, 4)),
    ("time", (None, 8), [layers.Dense(3), layers.BatchNormalization(), layers.Activation("softmax")], (None, None, 3)),
    ("reshaped time", (None, 3), [layers.Reshape((-1, 6))], (None, None, 6)),
    ("other rows", (8,), [layers.Lambda(lambda x: x.reshape(-1, 2))], (None, 2)),
    ("no rows left", (8,), [layers.Lambda(lambda x: x.mean())], ()),
    ("words", (None,), [layers.Embedding(10, 4)], (None, None, 4)),
]


@pytest.mark.parametrize(("shape", "parts", "expected"), [row[1:] for row in MODELS], ids=[row[0] for row in MODELS])
def test_output_shapes_of_models(shape, parts, expected):
    kind = "int32" if isinstance(parts[0], layers.Embedding) else None
    model = keras.Sequential([keras.Input(shape, dtype=kind), *parts])
    assert model.output_shape == expected
    real = model(torch.zeros([4, *(size or 12 for size in shape)]))
    assert len(real.shape) == len(expected) and all(a in (None, b) for a, b in zip(expected, real.shape, strict=True))


def test_compute_output_shape():
    assert layers.Dense(3).compute_output_shape((None, None, 8)) == (None, None, 3)
    assert layers.Flatten().compute_output_shape((None, 3, 4)) == (None, 12)
    assert layers.Flatten().compute_output_shape((None, None, 4)) == (None, None)
    assert layers.Embedding(10, 4).compute_output_shape((2, 5)) == (2, 5, 4)


def test_a_layer_may_say_its_shape_where_it_cannot_be_tried():
    class Reads(layers.Layer):
        def call(self, x):
            raise OSError("the file is not here")

        def compute_output_shape(self, input_shape):
            return (*input_shape[:-1], 7)

    assert Reads()(keras.Input((8,))).shape == (None, 7)

    class ReadsOne(Reads):
        def call(self, query, key, mask=None):
            raise OSError("the file is not here")

    class ReadsBoth(ReadsOne):
        def compute_output_shape(self, key_shape, query_shape):
            return (*query_shape[:-1], key_shape[-1])

    query, key = keras.Input((4, 2)), keras.Input((5, 3))
    assert ReadsOne()(query, key).shape == (None, 4, 7) and ReadsOne()(query, key=key, mask=key).shape == (None, 4, 7)
    assert ReadsBoth()(query, key, mask=query).shape == (None, 4, 3)


def test_structures():
    class Parts(layers.Layer):
        def call(self, pair, scale=1.0):
            return {"sum": pair[0] + pair[1] * scale, "list": [pair[0][:, :2]]}

    layer, x, y = Parts(), tensor(None, 8), tensor(None, 8)
    result = layer([x, y], scale=2.0)
    assert result["sum"].shape == (None, 8) and result["list"][0].shape == (None, 2)
    node = result["sum"].node
    assert node.operation is layer and node.inputs == [x, y] and all(a is b for a, b in zip(node.inputs, (x, y), strict=True))
    assert [out.shape for out in node.outputs] == [(None, 8), (None, 2)]
    assert node.structure["sum"] is result["sum"] and node.structure["list"][0] is result["list"][0]
    assert node.kwargs == {"scale": 2.0}


def test_input():
    x = keras.Input((3,), dtype="int32", name="x")
    assert (x.shape, x.dtype, x.name) == ((None, 3), "int32", "x")
    assert keras.Input((3,), batch_size=2).shape == keras.Input(batch_shape=(2, 3)).shape == (2, 3)
    assert keras.Input(()).shape == (None,) and isinstance(x, KerasTensor)
    for wrong in ({}, {"shape": 3}, {"shape": (3,), "batch_shape": (None, 3)}):
        with pytest.raises(ValueError, match="shape"):
            keras.Input(**wrong)


def of_a_nest(x):
    inner = keras.Input(x.shape[1:], batch_size=len(x))
    return keras.Model(inner, inner[:30])(x)


def of_somebody_else(x):
    class Own(layers.Layer):
        def call(self, x):
            return x[:30]

    return Own()(x)


GREAT = {
    "Dense": lambda x: layers.Dense(3)(x),
    "LSTM": lambda x: layers.LSTM(3, return_sequences=True)(layers.Reshape((2, 4))(x)),
    "a layer in a layer": lambda x: layers.TimeDistributed(layers.Dense(3))(layers.Reshape((2, 4))(x)),
    "reshaped": lambda x: keras.ops.reshape(x, (-1,)),
    "one behind the other": lambda x: layers.Concatenate(axis=0)([x, x]),
    "turned": lambda x: keras.ops.transpose(x),
    "and something": lambda x: x + torch.rand(8),
    "and as many": lambda x: x + torch.rand(64, 1),
    "the first": lambda x: x[:30],
    "the first, as a piece": lambda x: keras.ops.slice(x, (0, 0), (30, 8)),
    "every third": lambda x: x[::3],
    "a diagonal": lambda x: torch.diagonal(x),
    "as many as there are columns": lambda x: torch.linalg.svd(x)[1],
    "operators": lambda x: keras.ops.relu(-x * 2 + x),
    "a sum": lambda x: keras.ops.sum(x),
    "in pieces": lambda x: keras.ops.split(x, 4)[1],
    "cut in a function": lambda x: keras.ops.map(lambda row: row * 2, x),
    "a Lambda": lambda x: layers.Lambda(lambda t: t[:30])(x),
    "a nest": of_a_nest,
    "a layer of somebody else": of_somebody_else,
}


@pytest.mark.parametrize("how", GREAT)
def test_few_rows_stand_for_a_great_many(how, monkeypatch):
    monkeypatch.setattr("torchkeras_lite.symbolic._MUCH", 1 << 20)
    as_it_is = GREAT[how](keras.Input(batch_shape=(64, 8))).shape
    monkeypatch.setattr("torchkeras_lite.symbolic._MUCH", 8)
    assert GREAT[how](keras.Input(batch_shape=(64, 8))).shape == as_it_is


def test_masks_of_a_great_many_rows(monkeypatch):
    monkeypatch.setattr("torchkeras_lite.symbolic._MUCH", 8)
    x = layers.Embedding(5, 4, mask_zero=True)(keras.Input(batch_shape=(64, 6), dtype="int32"))
    assert x.shape == (64, 6, 4) and x._keras_mask.shape == (64, 6) and layers.LSTM(3)(x).shape == (64, 3)


# ---------------------------------------------------------------- nodes


def test_nodes():
    x = tensor(None, 8)
    y = torch.relu(x)
    z = y + x
    assert (y.node.operation.kind, z.node.operation.kind) == ("torch.relu", "Add") and OPS[operator.add] == "Add"
    again = z + 1
    assert z.node.operation.name.startswith("add") and again.node.operation.name not in (z.node.operation.name, "Add")
    assert [t is u for t, u in zip(z.node.inputs, (y, x), strict=True)] == [True, True] and z.node.outputs[0] is z
    one = torch.tensor([[1.0, -2.0]])
    assert z.node.operation(y.node.operation(one), one).tolist() == [[2.0, -2.0]]
    assert F.softmax(x, dim=-1).node.kwargs["dim"] == -1
    assert is_symbolic([{"a": (1, x)}]) and not is_symbolic([1, torch.ones(1)], {"b": None})


@pytest.mark.parametrize("name", "add sub mul truediv floordiv mod pow matmul eq ne lt le gt ge".split())
def test_operators_are_named_as_keras_names_them(name):
    operation = getattr(operator, name)
    square = tensor(3, 3)
    result = operation(square, square)
    a, b = torch.rand(3, 3) + 1, torch.rand(3, 3) + 1
    assert result.node.operation.kind == OPS[operation] and torch.equal(result.node.operation(a, b), operation(a, b))
    if name != "matmul":
        reflected = operation(2.0, square)
        assert torch.equal(reflected.node.operation(*[a if v is square else v for v in reflected.node.args]), operation(2.0, a))


def test_copies_of_models_have_graphs_of_their_own():
    model = keras.Sequential([keras.Input((8,)), layers.Dense(3)])
    twin = copy.deepcopy(model)
    assert twin.output is not model.output and twin.output.node.operation in (twin, twin.layers[-1])


# ---------------------------------------------------------------- what has no answer

ERRORS = [
    ("bool", bool, TypeError),
    ("if", lambda x: 1 if x > 0 else 2, TypeError),
    ("len", len, TypeError),
    ("list", list, TypeError),
    ("float", float, TypeError),
    ("int", int, TypeError),
    ("index", lambda x: [1, 2][x], TypeError),
    ("range", range, TypeError),
    ("asarray", np.asarray, ValueError),
    ("numpy()", lambda x: x.numpy(), (TypeError, ValueError)),
    ("tolist()", lambda x: x.tolist(), (TypeError, ValueError)),
    ("item()", lambda x: x.item(), (TypeError, ValueError)),
    ("torch.tensor", torch.tensor, (TypeError, ValueError)),
    ("an attribute", lambda x: x.nonsense, AttributeError),
    ("format", lambda x: f"{x:.2f}", TypeError),
]


@pytest.mark.parametrize(("what", "function", "kind"), ERRORS)
def test_questions_about_values(what, function, kind):
    with pytest.raises(kind) as error:
        function(tensor(None, 8))
    assert "KerasTensor" in str(error.value)


def test_size_is_the_shape():
    assert tensor(None, 8).size() == (None, 8) and tensor(None, 8).size(1) == 8 and tensor(None, 8).dim() == 2


def test_sizes_of_nothing_stay():
    assert (tensor(None, 0) + 1).shape == (None, 0) and tensor(None, 8)[:, 8:].shape == (None, 0)


def test_numpy_on_the_left():
    x = tensor(None, 8)
    assert (np.ones(8, "float32") + x).shape == (np.sqrt(64.0) * x).shape == (None, 8)


def test_a_call_that_does_not_fit_says_where():
    with pytest.raises((ValueError, RuntimeError)) as error:
        keras.Sequential([keras.Input((8,), name="x"), layers.Lambda(lambda x: x @ torch.ones(7, 2), name="here")])
    assert "here" in " ".join([str(error.value), *getattr(error.value, "__notes__", ())])


def test_text_and_identity():
    x = KerasTensor((None, 3), name="x")
    assert repr(x) == "<KerasTensor shape=(None, 3), dtype=float32, name=x>"
    assert {x: 1}[x] == 1 and x.ndim == x.rank == 2


def test_an_open_batch_beside_a_fixed_one():
    for made in (keras.Input((3,)) + KerasTensor((2, 3)), torch.add(keras.Input((3,)), KerasTensor((2, 3)))):
        assert made.shape == (2, 3)


def test_an_open_size_beside_one_that_it_is_tried_with():
    open_one, fixed = layers.Input((None, None, 2)), layers.Input((256, 256, 3))
    assert layers.Concatenate()([open_one, fixed]).shape == (None, 256, 256, 5)


def test_open_sizes_that_need_rows_are_tried_with_small_ones():
    seen = []

    def halved(x):
        seen.append(tuple(x.shape))
        if not len(x):
            raise RuntimeError("no rows")
        return x[:, ::2]

    assert layers.Lambda(halved)(layers.Input((None, 3))).shape == (None, None, 3)
    assert all(size < 1000 for rows, size, _ in seen if rows)


def test_shapes_that_do_not_fit_name_the_operation():
    with pytest.raises(ValueError, match=r"Add cannot be applied to tensors of shapes \[\(2, 3\), \(4, 3\)\]"):
        KerasTensor((2, 3)) + KerasTensor((4, 3))


def test_torchs_named_results_come_out_of_a_model():
    x = keras.Input((3,))
    model = keras.Model(x, torch.topk(x, 2))
    values, indices = model(torch.tensor([[1.0, 3.0, 2.0]]))
    assert values.tolist() == [[3.0, 2.0]] and indices.tolist() == [[1, 2]]


def test_sparse_and_ragged_are_known_words():
    plain = keras.KerasTensor((2, 3))
    assert (plain.sparse, plain.ragged) == (False, False) and keras.KerasTensor((2,), sparse=True).sparse
    with pytest.raises(ValueError, match="cannot have `sparse=True` and `ragged=True`"):
        keras.KerasTensor((2,), sparse=True, ragged=True)
    with pytest.raises(TypeError, match="cannot be used as a boolean"):
        bool(plain)
    with pytest.raises(ValueError, match="numerical value"):
        np.array(plain)


@pytest.mark.parametrize(
    ("a", "b", "together"),
    [
        ((None, 3), (2, None), (2, 3)),
        ((None, None, 3), (None, 1, 3), (None, None, 3)),
        ((None, None, 3), (5, 3), (None, 5, 3)),
        ((None, 5, 3), (None, None, 3), (None, 5, 3)),
        ((None, None), (None, None), (None, None)),
        ((None, 4, None), (None, None, 7), (None, 4, 7)),
    ],
)
def test_open_sizes_beside_fixed_ones(a, b, together):
    assert (KerasTensor(a) + KerasTensor(b)).shape == together
    assert (KerasTensor(b) > KerasTensor(a)).shape == together


def test_sizes_that_never_fit_are_named():
    with pytest.raises(ValueError, match=r"Add cannot be applied.*\(None, None, 4\).*\(None, None, 5\)"):
        KerasTensor((None, None, 4)) + KerasTensor((None, None, 5))


LIKE_NUMPY = {  # what torch's tensors cannot do, and Keras's can
    "backwards": (lambda x: x[:, ::-1], (None, 4)),
    "every second backwards": (lambda x: x[:, 3:0:-2], (None, 2)),
    "rows backwards": (lambda x: x[::-1, 1], (None,)),
    "minus a list": (lambda x: x - [1.0, 2.0, 3.0, 4.0], (None, 4)),
    "a tuple over": (lambda x: (1, 2, 3, 4) / x, (None, 4)),
    "a list of rows": (lambda x: [[1.5], [2.5]] * x, (2, 4)),
    "above a list": (lambda x: x > [3, 3, 3, 3], (None, 4)),
}


@pytest.mark.parametrize("name", LIKE_NUMPY)
def test_as_arrays_do_it(name):
    function, shape = LIKE_NUMPY[name]
    array = np.arange(1.0, 9.0, dtype="float32").reshape(2, 4)
    x = keras.Input((4,))
    y = function(x)
    model = keras.Model(x, y)
    wanted = np.asarray(function(array), "float32" if y.dtype != "bool" else bool)
    for each in (model, keras.Model.from_config(model.get_config())):
        found = each.predict(array, verbose=0)
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert y.shape == shape and y.dtype == str(wanted.dtype)


def test_an_axis_that_is_not_there():
    for function in (keras.ops.softmax, keras.ops.sort, keras.ops.cumsum):
        with pytest.raises(ValueError, match=r"shapes \[\(3, 4\)\]: axis 10 is out of bounds"):
            function(keras.KerasTensor((3, 4)), axis=10)


def test_a_tensor_is_found_among_others():
    x, y, z = keras.Input((2,)), keras.Input((2,)), keras.Input((3,))
    assert x in [z, y, x] and x not in (y, z) and [z, y, x].index(x) == 2
    assert (x == z) is False and (x == y).dtype == "bool"
    model = keras.Model([x, y], x == y)
    assert model([torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 3.0]])]).tolist() == [[True, False]]
    for asked in (x == 1, x != y, keras.ops.equal(x, y)):
        with pytest.raises(TypeError, match="cannot be used as a boolean"):
            bool(asked)


def test_a_layer_may_return_a_weight_beside_what_it_computes():
    class Chained(layers.Layer):
        def build(self, shape):
            self.chain = self.add_weight(shape=(3, 3), initializer="ones", name="chain")

        def call(self, x):
            return x @ self.chain, self.chain

    x = keras.Input((2, 3))
    y, chain = Chained()(x)
    assert chain.shape == (3, 3) and y.shape == (None, 2, 3)
    model = keras.Model(x, [y, chain])
    rows = np.ones((2, 2, 3), "float32")
    found = model.predict(rows, verbose=0)
    summed = keras.Model(x, y + keras.ops.sum(chain))
    summed.compile("sgd", "mse")
    assert summed.predict(rows, verbose=0).tolist() == np.full((2, 2, 3), 12.0).tolist()
    summed.train_on_batch(rows, np.zeros((2, 2, 3)))
    assert isinstance(found[1], np.ndarray) and found[1].tolist() == [[1.0] * 3] * 3  # as it was then
    assert (model.get_weights()[0] < 1).all()
