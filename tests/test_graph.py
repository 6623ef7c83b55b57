"""Graphs: their order, the function written from them, its memory, copies of deep ones."""

import copy
import io
import json
import pickle
import traceback
import weakref

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers
from torchkeras_lite.graph import Graph, leaves

X = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))


def copies(model):
    """The model copied in each of the ways."""
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    yield copy.deepcopy(model)
    yield pickle.loads(pickle.dumps(model))
    yield torch.load(file, weights_only=False)
    again = keras.Model.from_config(json.loads(json.dumps(model.get_config())))
    again.set_weights(model.get_weights())
    yield again


# ---------------------------------------------------------------- order


def test_leaves_of_dicts_by_sorted_keys():
    assert leaves({"b": 1, "a": [2, {"d": 3, "c": 4}], "c": (5,)}) == [2, 4, 3, 1, 5]


def test_nodes_follow_what_they_need():
    i = keras.Input((4,), name="i")
    d = layers.Dense(4, name="d")
    h = d(i)
    out = layers.Add(name="add")([d(h), h, i])
    graph = Graph(i, [out, h])
    done = set()
    for node in graph.nodes:
        assert all(tensor.node in done for tensor in node.inputs)
        done.add(node)
    assert [o.name for o in graph.operations] == ["i", "d", "add"] and not graph.is_chain
    assert [node.operation.name for node in graph.nodes].count("d") == 2
    assert graph.history(out) == ("add", 0, 0) and graph.history(h) == ("d", 0, 0)
    assert Graph(i, d(i)).is_chain


def test_only_what_leads_to_the_outputs_is_in_it():
    i = keras.Input((4,))
    h = layers.Dense(3, name="kept")(i)
    layers.Dense(2, name="left_out")(h)
    assert "left_out" not in Graph(i, h).source()


def test_operators_make_way_for_layers_of_their_name():
    i = keras.Input((4,))
    y = i + 1
    taken = y.node.operation.name
    model = keras.Model(i, layers.Dense(2, name=taken)(y))
    assert model.get_layer(taken) is model.layers[-1] and len({o.name for o in model.operations}) == 3


@pytest.mark.parametrize("function", [lambda a, b: a + b, lambda a, b: X[:1, :3] * b, torch.maximum])
def test_an_operator_whose_second_argument_came_last(function):
    i, dense = keras.Input((4,)), layers.Dense(3)
    h = dense(i)
    model = keras.Model(i, function(i[:, 1:], dense(h[:, :1] + i)))
    assert model(X).shape == (6, 3)


# ---------------------------------------------------------------- the text

ODD = ["class", "x1", "x2", "forward", "slice", "training", "layers", "output", "1a", "a'b", 'a"b', "a\nb", "ü", "日本", "a b",
       "__import__", "__builtins__", "None", "print", "weights", "call", "state_dict", "_modules", "constant", "a;b", "a.b",
       "self", "T", "of_x", "exec", "name", "built", "'''", "\\", "x1 = 1\n    import os"]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("what", ["layer", "input", "model"])
def test_odd_names(name, what):
    i, j = keras.Input((4,), name=name if what == "input" else "i"), keras.Input((4,), name="j")
    dense = layers.Dense(3, name=name if what == "layer" else "d")
    both = layers.Add(name="both")([dense(i), dense(j)])
    model = keras.Model([i, j], both, name=name if what == "model" else "m")
    assert model.code.isascii() and "import os" not in model.code and "'" not in model.code and '"' not in model.code
    expected = dense(X) + dense(2 * X)
    for one in (model, *copies(model)):
        assert torch.equal(one([X, 2 * X]), expected)
    assert torch.equal(model({i.name: X, "j": 2 * X}), expected)
    assert model.get_layer(dense.name) is dense and len(model.weights) == len(model.state_dict()) == 2
    assert callable(model.state_dict) and callable(model.call) and model.built is True
    model.compile("sgd", "mse")
    model.fit([X, X], torch.ones(6, 3), verbose=0)


def test_names_that_become_equal():
    i = keras.Input((4,))
    model = keras.Model(i, layers.Dense(4, name="a_b")(layers.Dense(4, name="a b")(layers.Dense(4, name="a-b")(i))))
    assert len(model.state_dict()) == len(set(model.state_dict())) == 6
    x = X
    for layer in model.layers[1:]:
        x = layer(x)
    assert torch.equal(model(X), x)


def test_the_code_is_what_runs():
    i = keras.Input((4,))
    model = keras.Model(i, layers.Dense(2, name="o")(layers.Activation("tanh", name="h")(i[:, 1:]) * 3))
    assert model.code.startswith("def forward(x1):\n") and "    return x" in model.code
    for word in ("o(", "h(", "slice(1, None, None)", "3"):
        assert word in model.code
    assert model._function.__code__.co_names == compile(model.code, "", "exec").co_consts[0].co_names


def test_constants_are_not_in_the_text():
    i = keras.Input((4,))
    words = "'); raise SystemExit('"

    class Said(layers.Layer):
        def call(self, x, how=None, value=None):
            assert how == words and value == pytest.approx(0.5)
            return x

    model = keras.Model(i, Said()(i, how=words, value=0.5))
    assert "SystemExit" not in model.code and torch.equal(model(X), X)


def test_a_traceback_shows_the_line():
    class Fails(layers.Layer):
        def call(self, x):
            if len(x) > 4:
                raise ZeroDivisionError("mine")
            return x

    i = keras.Input((4,))
    model = keras.Model(i, Fails(name="culprit")(i))
    with pytest.raises(ZeroDivisionError) as caught:
        model(X)
    text = "".join(traceback.format_exception(caught.value))
    assert "x1 = culprit(x1)" in text and "'culprit' (Fails)" in text


# ---------------------------------------------------------------- memory


class Tap(layers.Layer):
    """Passes on what it gets; notes which of the results before are still there."""

    results, alive = [], []

    def call(self, *x):
        y = sum(x) * 1.0
        if len(x[0]) == 6:
            Tap.alive.append([ref() is not None for ref in Tap.results])
            Tap.results.append(weakref.ref(y))
        return y


def alive(model):
    Tap.results, Tap.alive = [], []
    with torch.no_grad():
        model(X)
    return Tap.alive


def test_a_chain_keeps_one_activation():
    i = x = keras.Input((4,))
    for _ in range(6):
        x = Tap()(x)
    assert [sum(there) for there in alive(keras.Model(i, x))] == [0, 1, 1, 1, 1, 1]


def test_what_a_short_cut_held_is_let_go():
    i = keras.Input((4,))
    a = Tap()(i)
    b = Tap()(a)
    c = Tap()(a, b)
    model = keras.Model(i, Tap()(Tap()(c)))
    assert alive(model)[3:] == [[False, False, True], [False, False, False, True]]


def test_branches_let_go_of_what_they_need_no_more():
    """Each result lives up to the call of its last reader: that of the trunk to the branch that begins last."""
    i = keras.Input((4,))
    trunk = Tap()(i)
    left = Tap()(Tap()(trunk))
    right = Tap()(Tap()(trunk))
    model = keras.Model(i, Tap()(Tap()(left, right)))
    assert [[k for k, there in enumerate(now) if there] for now in alive(model)] == [
        [], [0], [0, 1], [0, 2], [2, 3], [2, 4], [5],
    ]  # fmt: skip


def test_a_model_inside_and_calls_made_as_one_let_go_too():
    i = keras.Input((4,))
    inner = keras.Model(i, Tap()(Tap()(i)))
    i = keras.Input((4,))
    a = Tap()(i)
    b = layers.ReLU()(layers.Dense(4)(a))
    c = inner(b)
    d = layers.ReLU()(layers.Add()([a, c]))
    model = keras.Model(i, Tap()(Tap()(d)))
    model(X)
    assert "add_" in model.code and model.code.count("_then_") == 2
    assert [[k for k, there in enumerate(now) if there] for now in alive(model)] == [[], [0], [0, 1], [], [3]]


@pytest.mark.parametrize("kind", ["list", "dict"])
def test_parts_of_outputs_are_let_go_one_by_one(kind):
    class Split(layers.Layer):
        def call(self, x):
            parts = [x * 1.0, x * 2.0, x * 3.0]
            if len(x) == 6:
                Tap.results.extend(map(weakref.ref, parts))
            return parts if kind == "list" else dict(zip("cab", parts, strict=True))

    i = keras.Input((4,))
    parts = Split()(i)
    first, second, _ = parts if kind == "list" else (parts[key] for key in "cab")
    model = keras.Model(i, Tap()(Tap()(Tap()(first), second)))
    assert [[k for k, there in enumerate(now) if there] for now in alive(model)] == [[0, 1], [1, 3], [4]]


def test_outputs_and_inputs_stay():
    i = keras.Input((4,))
    a = Tap()(i)
    b = Tap()(a)
    model = keras.Model(i, [Tap()(b, i), a])
    assert [[k for k, there in enumerate(now) if there] for now in alive(model)] == [[], [0], [0, 1]]


def test_unused_outputs_are_let_go():
    class Split(layers.Layer):
        def call(self, x):
            parts = {"a": x * 1.0, "b": x * 2.0}
            if len(x) == 6:
                refs.extend(weakref.ref(part) for part in parts.values())
            return parts

    class Looks(layers.Layer):
        def call(self, x):
            if len(x) == 6:
                seen.append([ref() is not None for ref in refs])
            return x * 1.0

    refs, seen = [], []
    i = keras.Input((4,))
    model = keras.Model(i, Looks()(Looks()(Split()(i)["a"])))
    with torch.no_grad():
        model(X)
    assert seen == [[True, False], [False, False]]


# ---------------------------------------------------------------- deep ones, and copies


def test_a_thousand_layers():
    i = x = keras.Input((4,))
    for k in range(1000):
        x = layers.Dense(4, kernel_initializer="identity", name=f"d{k}")(x)
    model = keras.Model(i, x)
    torch.testing.assert_close(model(X), X)
    with torch.no_grad():
        model.layers[500].kernel.value.mul_(2)
    for one in copies(model):
        torch.testing.assert_close(one(X), 2 * X)
    front, back = keras.Model(model.inputs, model.layers[400].output), keras.Model(model.layers[400].output, model.output)
    torch.testing.assert_close(back(front(X)), 2 * X)
    model.compile("sgd", "mse")
    model.fit(X, X, verbose=0)
    model.summary(print_fn=lambda text: None)


def test_a_thousand_operators_and_many_sums():
    i = x = keras.Input((4,))
    for _ in range(1500):
        x = x + 1
    for k in range(100):
        x = layers.Add()([x, layers.Dense(4, kernel_initializer="zeros", name=f"d{k}")(x)])
    model = keras.Model(i, x)
    for one in (model, *copies(model)):
        torch.testing.assert_close(one(X), X + 1500)


def test_models_in_models_in_models():
    i = keras.Input((4,))
    model = keras.Model(i, layers.Dense(4)(i))
    expected = model(X)
    for _ in range(40):
        i = keras.Input((4,))
        model = keras.Model(i, model(i))
    for one in (model, *copies(model)):
        assert torch.equal(one(X), expected) and len(one.weights) == 2


def test_copies_are_whole_and_apart():
    i, d = keras.Input((4,), name="i"), layers.Dense(4, name="d")
    model = keras.Model(i, {"y": d(d(i)), "x": i[:, 1:] * np.arange(3, dtype="float32")}, name="m")
    expected = model(X)
    for one in copies(model):
        assert [layer.name for layer in one.layers] == ["i", "d"] and len(list(one.parameters())) == 2
        assert one.get_layer("d") is not d and one.input is not model.input and one.output_shape == model.output_shape
        part = keras.Model(one.input, one.get_layer("d").output)
        assert torch.equal(part(X), d(X))
        with torch.no_grad():
            one.get_layer("d").kernel.value.zero_()
        assert not torch.equal(one(X)["y"], expected["y"]) and torch.equal(one(X)["x"], expected["x"])
    assert torch.equal(model(X)["y"], expected["y"])


# ---------------------------------------------------------------- errors


def test_a_disconnected_graph_names_what_is_missing():
    i, j = keras.Input((4,), name="here"), keras.Input((4,), name="missing")
    dense = layers.Dense(3, name="both")
    y = layers.Add()([dense(i), dense(j)])
    with pytest.raises(ValueError, match=r"Graph disconnected.*'both'.*'missing'.*'here'") as caught:
        keras.Model(i, y)
    assert "usual fix" in str(caught.value)
    model = keras.Model([i, j], y)  # nothing was spoiled
    torch.testing.assert_close(model([X, X]), 2 * dense(X))


def test_two_layers_of_one_name():
    i = keras.Input((4,))
    h = layers.Dense(3, name="twice")(i)
    y = layers.Dense(3, name="twice")(h)
    with pytest.raises(ValueError, match="twice"):
        keras.Model(i, y)
    assert keras.Model(i, h)(X).shape == (6, 3)


def test_what_is_no_tensor():
    i = keras.Input((4,))
    for inputs, outputs in (([i, 3], i), (i, torch.ones(2)), (i, layers.Dense(2)), ([], i), (i, []), (X, i)):
        with pytest.raises(ValueError, match="KerasTensor"):
            keras.Model(inputs, outputs)
    with pytest.raises(ValueError, match="both"):
        keras.Model(i)
