"""Lists and dicts of layers as attributes."""

import collections
import copy
import io
import json
import pickle

import numpy as np
import pytest
import torch
from torch import nn

import torchkeras_lite as keras
from torchkeras_lite import Variable, layers
from torchkeras_lite.tracking import TrackedDict, TrackedList, contained, release, track


def dense(name=None):
    return layers.Dense(3, name=name)


class Net(keras.Model):
    def call(self, x):
        return x


def names(model):
    return [layer.name for layer in model.layers]


def mutations():
    """What may be done to a list of layers a, b, c: each with the names that are left, in their order."""
    d, e = (lambda: dense("d")), (lambda: dense("e"))
    yield "append", lambda x: x.append(d()), "abcd"
    yield "extend", lambda x: x.extend([d(), e()]), "abcde"
    yield "insert", lambda x: x.insert(0, d()), "dabc"
    yield "pop", lambda x: x.pop(), "ab"
    yield "pop first", lambda x: x.pop(0), "bc"
    yield "remove", lambda x: x.remove(x[1]), "ac"
    yield "clear", lambda x: x.clear(), ""
    yield "reverse", lambda x: x.reverse(), "cba"
    yield "sort", lambda x: x.sort(key=lambda layer: layer.name, reverse=True), "cba"
    yield "set", lambda x: x.__setitem__(0, d()), "dbc"
    yield "set a slice", lambda x: x.__setitem__(slice(1, None), [d()]), "ad"
    yield "del", lambda x: x.__delitem__(1), "ac"
    yield "times", lambda x: x.__imul__(0), ""


@pytest.mark.parametrize(("change", "left"), [m[1:] for m in mutations()], ids=[m[0] for m in mutations()])
@pytest.mark.parametrize("nested", [False, True])
def test_changes_of_a_list(change, left, nested):
    model = Net()
    model.blocks = [dense(name) for name in "abc"]
    if nested:
        model.blocks = {"inner": [1, (model.blocks, 2)[0]]}
        change(model.blocks["inner"][1])
    else:
        change(model.blocks)
    assert "".join(names(model)) == left
    assert {m for m in model.modules() if m is not model} == set(model.layers)


def dict_mutations():
    yield "set", lambda x: x.__setitem__("d", dense("d")), "abd"
    yield "set again", lambda x: x.__setitem__("a", dense("d")), "db"
    yield "update", lambda x: x.update(d=dense("d")), "abd"
    yield "or", lambda x: x.__ior__({"d": dense("d")}), "abd"
    yield "setdefault", lambda x: x.setdefault("d", dense("d")), "abd"
    yield "setdefault of one that is there", lambda x: x.setdefault("a", dense("d")), "ab"
    yield "pop", lambda x: x.pop("a"), "b"
    yield "popitem", lambda x: x.popitem(), "a"
    yield "del", lambda x: x.__delitem__("a"), "b"
    yield "clear", lambda x: x.clear(), ""


@pytest.mark.parametrize(("change", "left"), [m[1:] for m in dict_mutations()], ids=[m[0] for m in dict_mutations()])
@pytest.mark.parametrize("nested", [False, True])
def test_changes_of_a_dict(change, left, nested):
    model = Net()
    content = {"a": dense("a"), "b": dense("b")}
    model.parts = [content] if nested else content
    change(model.parts[0] if nested else model.parts)
    assert sorted(names(model)) == sorted(left)


def test_an_in_place_operator_on_the_attribute():
    model = Net()
    model.blocks, model.parts = [], {}
    model.blocks += [dense("a")]
    model.blocks += [dense("b")]
    model.parts |= {"c": dense("c")}
    assert names(model) == ["a", "b", "c"] and type(model.blocks) is TrackedList
    model.blocks.append(dense("d"))
    assert "d" in names(model)


def test_order_is_that_of_joining():
    model = Net()
    model.blocks = [dense("a")]
    model.head = dense("head")
    model.blocks.append(dense("b"))
    assert names(model) == ["a", "head", "b"]


def test_torch_finds_the_layers_by_name():
    model = Net()
    model.blocks = [layers.Dense(2), [nn.Linear(2, 2)]]
    model.parts = {"x.y": nn.Linear(1, 1), "x_y": nn.Linear(1, 1), 3: nn.Linear(1, 1)}
    for layer in model.layers:
        layer.build((None, 4))
    state = list(model.state_dict())
    assert state[:3] == ["blocks_0.linear.weight", "blocks_0.linear.bias", "blocks_1_0.weight"]
    assert state[4::2] == ["parts_x_y.weight", "parts_x_y_.weight", "parts_3.weight"]
    for name, module in model.named_modules():
        assert model.get_submodule(name) is module
    for name, parameter in model.named_parameters():
        assert model.get_parameter(name) is parameter
    assert contained(model) == {"blocks": ["blocks_0", "blocks_1_0"], "parts": ["parts_x_y", "parts_x_y_", "parts_3"]}


def test_an_attribute_keeps_its_name_beside_a_list():
    model = Net()
    model.blocks_0 = dense("mine")
    model.blocks = [dense("a")]
    model.blocks.append(dense("b"))
    assert model.blocks_0.name == "mine" and names(model) == ["mine", "a", "b"]


def test_another_list_takes_the_place_of_one():
    model = Net()
    model.blocks = [dense("a"), dense("b"), Variable(1.0)]
    old = model.blocks
    model.blocks = [dense("c")]
    old.append(dense("d"))
    assert names(model) == ["c"] and model.weights == []


def test_release():
    model = Net()
    model.blocks, model.pair = [dense("a"), Variable(1.0)], (dense("b"),)
    release(model, "blocks"), release(model, "pair"), release(model, "nothing")
    assert model.layers == [] and model.weights == [] and not hasattr(model, "blocks") and not hasattr(model, "pair")


def test_track():
    model = Net()
    plain = [dense("a")]
    tracked = track(plain, model, "blocks")
    model.__dict__["blocks"] = tracked
    assert type(tracked) is TrackedList and track(tracked, model, "blocks") is tracked is track(tracked, model, "alias")
    assert type(track({}, model, "d")) is type(track(collections.OrderedDict(a=1), model, "e")) is TrackedDict
    other = track(tracked, Net(), "blocks")
    assert other is not tracked and type(other) is TrackedList
    pair = collections.namedtuple("Pair", "x y")(dense("p"), 1)
    assert track(pair, model, "pair") is pair and names(model) == ["a", "p"]


def test_tuples():
    model = Net()
    model.pair = (dense("a"), [dense("b")])
    assert type(model.pair) is tuple and names(model) == ["a", "b"]


# ---------------------------------------------------------------- Variables and metrics


def test_variables_in_containers():
    model = Net()
    own = model.add_weight(shape=(1,), name="own")
    model.values = [Variable(np.ones(2, "float32")), own]
    model.more = {"state": Variable(np.ones(3, "float32"), trainable=False)}
    model.values.append(Variable(2.0))
    assert len(model.weights) == 4 and len(model.trainable_weights) == 3
    assert list(model.state_dict()) == ["own", "values_0.value", "more_state.value", "values_2.value"]
    model.trainable = False
    assert model.trainable_weights == [] and not any(p.requires_grad for p in model.parameters())
    model.trainable = True
    model.values.pop(0), model.values.remove(own)
    assert [v.shape for v in model.weights] == [(1,), (), (3,)]  # `own` is a weight all the same


def test_variables_in_lists_are_trained():
    class Line(keras.Model):
        def __init__(self):
            super().__init__()
            self.coefficients = [Variable(0.0), Variable(0.0)]

        def call(self, x):
            return x * self.coefficients[0] + self.coefficients[1]

    model, x = Line(), torch.linspace(-1, 1, 32)[:, None]
    model.compile(keras.optimizers.SGD(0.3), "mse")
    model.fit(x, 2 * x + 1, epochs=200, batch_size=32, verbose=0)
    np.testing.assert_allclose([float(c) for c in model.coefficients], [2, 1], atol=1e-2)


def test_metrics_in_containers():
    model = Net()
    model.several = [keras.metrics.Mean(name="a")]
    model.several.append(keras.metrics.Mean(name="b"))
    assert [metric.name for metric in model.metrics] == ["a", "b"]
    model.several.pop(0)
    assert [metric.name for metric in model.metrics] == ["b"]


# ---------------------------------------------------------------- copies, modes, data


def through_torch(model):
    buffer = io.BytesIO()
    torch.save(model, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


@pytest.mark.parametrize("make", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m)), through_torch])
def test_copies_are_tracked_on_their_own(make):
    model = Net()
    model.blocks = [[dense("a")], {"k": dense("b")}]
    model.values = [Variable(1.0)]
    twin = make(model)
    twin.blocks[0].append(dense("c"))
    twin.blocks[1]["l"] = dense("d")
    twin.values[0].assign(5.0)
    twin.values.append(Variable(1.0))
    assert sorted(names(twin)) == ["a", "b", "c", "d"] and names(model) == ["a", "b"]
    assert len(twin.weights) == 2 and len(model.weights) == 1 and float(model.values[0]) == 1
    assert twin.blocks[0][0] is twin.get_layer("a") and twin.blocks[0][0] is not model.blocks[0][0]


def test_a_copy_of_the_list_alone():
    model = Net()
    model.sizes, model.blocks = [1, [2, 3]], [[dense("a")]]
    for made in (copy.copy(model.sizes), copy.deepcopy(model.sizes), model.sizes.copy(), model.sizes + [], list(model.sizes)):
        assert type(made) is list and made == [1, [2, 3]]
    assert type(copy.deepcopy(model.blocks)[0]) is list
    twin = copy.copy(model.blocks)
    twin.append(dense("b"))
    assert names(model) == ["a"]


def test_what_joins_takes_over_the_mode():
    model = Net().train()
    model.blocks = [[]]
    model.blocks[0].append(nn.Dropout(0.5).eval())
    assert model.blocks[0][0].training
    model.eval()
    model.blocks[0].append(nn.Dropout(0.5))
    assert not any(module.training for module in model.modules())


def test_data_is_data():
    model = Net()
    model.settings = {"sizes": [1, {"deep": 2}], "name": "x"}
    assert model.settings == {"sizes": [1, {"deep": 2}], "name": "x"} and isinstance(model.settings["sizes"], list)
    assert json.loads(json.dumps(model.settings)) == model.settings
    assert list(model.modules()) == [model] and [*model.settings["sizes"], 3] == [1, {"deep": 2}, 3]


def test_tracked_tensors_go_into_calls():
    class Inner(layers.Layer):
        def call(self, pair, named=None):
            return pair[0] + pair[1] + named["x"]

    class Outer(Net):
        def __init__(self):
            super().__init__()
            self.pair, self.named = [torch.ones(2, 3), np.ones((2, 3), "float32")], {"x": torch.ones(2, 3)}
            self.inner = Inner()

        def call(self, x):
            return self.inner(self.pair, named=self.named) + x

    assert torch.equal(Outer()(torch.zeros(2, 3)), torch.full((2, 3), 3.0))


@pytest.mark.parametrize("base", [layers.Layer, keras.Model])
def test_attributes_before_the_base_is_ready(base):
    class Early(base):
        def __init__(self, units):
            self.units, self.inner, self.more = units, layers.Dense(units), [layers.Dense(2)]
            self.scale = Variable([3.0])
            super().__init__()
            self.inner_too = self.inner

        def call(self, x):
            return self.more[0](self.inner(x)) * self.scale

    made = Early(4)
    assert made(torch.ones(2, 3)).shape == (2, 2) and made.units == 4
    assert len(made.weights) == 5 and made.inner in made.modules() and made.more[0] in made.modules()
    assert isinstance(made.more, TrackedList) and not hasattr(made, "_early")
    copied = copy.deepcopy(made)
    np.testing.assert_array_equal(copied(torch.ones(2, 3)).detach(), made(torch.ones(2, 3)).detach())


def test_a_base_that_was_never_made_ready():
    class Never(layers.Layer):
        def __init__(self):
            self.inner = layers.Dense(2)

        def call(self, x):
            return x

    with pytest.raises(RuntimeError, match=r"In layer Never, you forgot to call `super\(\).__init__\(\)`"):
        Never()(torch.ones(1, 2))


def test_a_number_in_the_place_of_a_layer():
    made = layers.Layer()
    made.dropout = layers.Dropout(0.5)
    made.dropout = 0.25
    assert made.dropout == 0.25 and not list(made.children())
    made.dropout = layers.Dropout(0.5)
    assert list(made.children()) == [made.dropout]


def test_a_list_that_holds_itself():
    made = layers.Layer()
    made.blocks = []
    made.blocks.append(made.blocks)
    made.blocks.append([made.blocks, layers.Dense(2), keras.random.SeedGenerator(1)])
    made.blocks[1][1].build((None, 3))
    assert made.blocks[0] is made.blocks and [*made.children()] == [made.blocks[1][1]]
    assert len(made.weights) == 2 and len(made.variables) == 3
    made.blocks[1].append(layers.Dense(1))
    assert len([*made.children()]) == 2


def test_a_weight_that_is_deleted():
    made, dense = layers.Layer(), layers.Dense(2)
    made.w, made.n = made.add_weight((2,), name="w"), made.add_weight((), trainable=False, name="n")
    kept = made.w
    del made.w
    assert not hasattr(made, "w") and made.weights == [made.n] and not list(made.parameters())
    kept.assign([1, 2])
    assert kept.numpy().tolist() == [1, 2]
    made.w = made.add_weight((3,), name="w")
    assert list(made.state_dict()) == ["w", "n"] and made.weights == [made.w, made.n]
    dense.build((None, 3))
    del dense.bias
    assert dense.weights == [dense.kernel] and dense.linear.bias is None
