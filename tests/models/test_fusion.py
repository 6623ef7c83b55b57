"""Fusion: what runs as one, with the values and gradients of the layers called one by one; and what must not."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import torchkeras_lite as keras
from torchkeras_lite import calls, layers
from torchkeras_lite.layers import Activation, Add, BatchNormalization, Conv2D, Dense, MaxPooling2D, ReLU
from torchkeras_lite.models import fusion

formats = pytest.mark.parametrize("format", ["channels_last", "channels_first"])


@pytest.fixture(autouse=True)
def without_masks():
    """As in a process in which no layer makes masks: with one, layers are called one by one."""
    before, calls.careful[0] = calls.careful[0], False
    yield
    calls.careful[0] = before


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def images(format="channels_last", rank=2):
    """Two images: one with a patch of zeros and a patch of ones, so that windows hold ties at and above zero."""
    x = drawn(2, *(10, 9, 8)[:rank], 3)
    x[0, :5], x[1, :5] = 0, 1
    return x if format == "channels_last" else x.movedim(-1, 1).contiguous()


def in_a_row(*parts, x):
    """The model of these layers, for inputs like x."""
    i = keras.Input(tuple(x.shape[1:]))
    return keras.Model(i, one_by_one(parts, i))


def one_by_one(parts, x, **kwargs):
    for layer in parts:
        x = layer(x, **kwargs)
    return x


def spread_out(parts):
    """Weights and statistics that are no special case: biases, gammas and means too."""
    with torch.no_grad():
        for k, (name, tensor) in enumerate((n, t) for part in parts for n, t in part.state_dict().items()):
            fresh = drawn(*tensor.shape, seed=k) * 0.5
            tensor.copy_(fresh.abs() + 0.5 if "var" in name else fresh)
    return parts


@pytest.fixture
def fused(monkeypatch):
    """A list of the groups that ran as one, by name, since it was last cleared."""
    ran = []

    def watched(kind):
        plain = kind.__call__

        def spy(self, *inputs):
            slow = []
            with monkeypatch.context() as patch:
                call = keras.layers.Layer.__call__
                patch.setattr(keras.layers.Layer, "__call__", lambda layer, *a, **k: slow.append(layer) or call(layer, *a, **k))
                y = plain(self, *inputs)
            if not slow:
                ran.append(self.name)
            return y

        monkeypatch.setattr(kind, "__call__", spy)

    watched(fusion.Fused)
    watched(fusion.Summed)
    return ran


def results(function, module, given, training):
    """Outputs, gradients of inputs and weights, and the state afterwards."""
    given = [x.clone().requires_grad_() for x in given]
    y = function(given, training=training)
    y.backward(drawn(*y.shape, seed=9))
    gradients = [t.grad for t in [*given, *module.parameters()]]
    return [y.detach(), *gradients, *module.state_dict().values()]


def same(parts, model, given, training):
    """The model gives what its layers give one by one, to the last bit."""
    twins = nn.ModuleList(copy.deepcopy(parts))

    def expected(given, training):
        return one_by_one(twins, given if isinstance(twins[0], Add) else given[0], training=training)

    theirs = results(expected, twins, given, training)
    ours = results(model, nn.ModuleList(parts), given, training)
    for one, other in zip(ours, theirs, strict=True):
        assert one is other is None or torch.equal(one, other)


# ---------------------------------------------------------------- what runs as one

PATTERNS = {
    "convolution, pooling": lambda f: [Conv2D(4, 3, activation="relu", data_format=f), MaxPooling2D(data_format=f)],
    "overlapping windows": lambda f: [
        Conv2D(4, 3, padding="same", activation="relu", data_format=f), MaxPooling2D(3, 2, "same", data_format=f),
    ],
    "a window too many": lambda f: [Conv2D(4, 3, activation="relu", data_format=f), MaxPooling2D(2, 1, "same", data_format=f)],
    "convolution, Activation": lambda f: [Conv2D(4, 3, strides=2, data_format=f), Activation("relu")],
    "convolution, ReLU": lambda f: [Conv2D(4, 3, groups=1, use_bias=False, data_format=f), ReLU()],
    "convolution, ReLU, pooling": lambda f: [Conv2D(4, 3, data_format=f), ReLU(), MaxPooling2D(data_format=f)],
    "depthwise": lambda f: [layers.DepthwiseConv2D(3, depth_multiplier=2, data_format=f), Activation("relu")],
    "separable": lambda f: [layers.SeparableConv2D(4, 3, activation="relu", data_format=f), MaxPooling2D(data_format=f)],
    "separable, ReLU": lambda f: [layers.SeparableConv2D(4, 3, data_format=f), ReLU()],
    "transposed": lambda f: [layers.Conv2DTranspose(4, 3, activation="relu", data_format=f), MaxPooling2D(data_format=f)],
    "transposed, cut": lambda f: [layers.Conv2DTranspose(4, 3, 2, "same", data_format=f), ReLU()],
    "volumes": lambda f: [layers.Conv3D(4, 2, activation="relu", data_format=f), layers.MaxPooling3D(data_format=f)],
    "normalization, Activation": lambda f: [BatchNormalization(axis_of(f)), Activation("relu")],
    "normalization, ReLU, pooling": lambda f: [BatchNormalization(axis_of(f)), ReLU(), MaxPooling2D(data_format=f)],
    "without scale and center": lambda f: [BatchNormalization(axis_of(f), scale=False, center=False), ReLU()],
    "all of them": lambda f: [
        Conv2D(4, 3, data_format=f), BatchNormalization(axis_of(f)), Activation("relu"), MaxPooling2D(data_format=f),
    ],
    "dense, ReLU": lambda f: [Dense(4), ReLU()],
    "dense, Activation": lambda f: [Dense(4, use_bias=False), Activation("relu")],
    "dense, normalization, ReLU": lambda f: [Dense(4), BatchNormalization(), ReLU()],
}  # fmt: skip


def axis_of(format):
    return -1 if format == "channels_last" else 1


@formats
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", PATTERNS)
def test_as_one_by_one(name, training, format, fused):
    parts, x = PATTERNS[name](format), images(format, 3 if name == "volumes" else 2)
    model = in_a_row(*parts, x=x)
    spread_out(parts)
    before = copy.deepcopy(model.state_dict())
    same(parts, model, [x], training)
    assert len(fused) == 1 and fused[0] in model.code and fused[0].endswith("_then_" + parts[-1].name)
    moved = [not torch.equal(before[key], value) for key, value in model.state_dict().items() if "running" in key]
    assert all(m is training for m in moved) and bool(moved) is any(isinstance(p, BatchNormalization) for p in parts)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("last", [ReLU, lambda: Activation("relu")])
@pytest.mark.parametrize("shapes", [[(6, 4)] * 2, [(6, 3, 4)] * 3, [(6, 3, 4), (6, 1, 4)], [(6, 4)]])
def test_sums(shapes, last, training, fused):
    given = [drawn(*shape, seed=k) for k, shape in enumerate(shapes)]
    parts, i = [Add(), last()], [keras.Input(shape[1:]) for shape in shapes]
    model = keras.Model(i, one_by_one(parts, i))
    same(parts, model, given, training)
    assert fused == [f"{parts[0].name}_then_{parts[1].name}"] and fused[0] in model.code


class Block(nn.Module):
    """A residual block whose layers are called one by one: two ways, their sum, and what is behind it."""

    def __init__(self, first, second, last, turn):
        super().__init__()
        self.first, self.second, self.last = map(nn.ModuleList, (first, second, last))
        self.turn = turn

    def forward(self, given, training=None):
        ways = [one_by_one(way, given[0], training=training) for way in (self.first, self.second)]
        return one_by_one(self.last, ways[::-1] if self.turn else ways, training=training)


WAYS = {
    "normalization, identity": lambda f: ([Conv2D(3, 3, padding="same", data_format=f), BatchNormalization(axis_of(f))], []),
    "two normalizations": lambda f: (
        [Conv2D(4, 3, padding="same", data_format=f), BatchNormalization(axis_of(f))],
        [Conv2D(4, 1, data_format=f), BatchNormalization(axis_of(f))],
    ),
    "convolution, identity": lambda f: ([Conv2D(3, 3, padding="same", data_format=f)], []),
    "identity, convolution": lambda f: ([], [Conv2D(3, 3, padding="same", data_format=f)]),
    "dense, activated dense": lambda f: ([Dense(4)], [Dense(4, activation="relu")]),
    "one row for all": lambda f: ([Conv2D(4, 3, padding="same", data_format=f)], [Dense(4), layers.GlobalAveragePooling2D(
        data_format=f, keepdims=True)] if f == "channels_last" else [Conv2D(4, (10, 9), data_format=f)]),
}  # fmt: skip


@formats
@pytest.mark.parametrize("turn", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("name", WAYS)
def test_residual_blocks(name, rectified, training, turn, format, fused):
    first, second = WAYS[name](format)
    parts, x = [*first, *second, Add(), *([ReLU()] if rectified else [])], images(format)
    i = keras.Input(x.shape[1:])
    block = Block(first, second, parts[len(first) + len(second) :], turn)
    ways = [one_by_one(way, i) for way in (first, second)]
    model = keras.Model(i, one_by_one(block.last, ways[::-1] if turn else ways))
    spread_out(parts)
    twin = copy.deepcopy(block)
    fused.clear()
    ours, theirs = results(model, block, [x], training), results(twin, twin, [x], training)
    for one, other in zip(ours, theirs, strict=True):
        assert one is other is None or torch.equal(one, other)
    assert "_then_" in model.code
    if name != "one row for all":
        assert [group.split("_then_")[1] for group in fused] == [parts[len(first) + len(second)].name]


def test_a_sum_is_made_in_the_memory_of_what_nobody_else_reads():
    x = images()
    i = keras.Input(x.shape[1:])
    y = BatchNormalization()(i)
    model = keras.Model(i, ReLU()(Add()([y, i])))
    before = x.clone()
    with Operations() as operations:
        model(x)
    assert operations.seen == [(name, (2, 3, 10, 9)) for name in ("native_batch_norm", "add_.Tensor", "relu_")]
    assert torch.equal(x, before)
    for model in (
        keras.Model(i, [Add()([y, i]), y]),  # somebody else reads it
        keras.Model(i, [Add()([y, i]), ReLU()(y)]),
        keras.Model(i, Add()([y, y])),
        keras.Model(i, Add()([y, i, i])),
        keras.Model(i, Add()([ReLU()(y), i])),  # it has been rectified: this is another group
        keras.Model(i, Add()([y, torch.ones(1, 10, 9, 3)])),
    ):
        assert not any(name.split("_then_")[-1].startswith("add") for name in model.code.split() if "_then_" in name)


class Operations(TorchDispatchMode):
    """What torch computes inside, and how large the results are; views and bookkeeping left out."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        y = function(*args, **(kwargs or {}))
        name = function.name().removeprefix("aten::")
        if name not in ("permute", "detach", "empty.memory_format"):
            self.seen.append((name, tuple((y if isinstance(y, torch.Tensor) else y[0]).shape)))
        return y


@formats
def test_the_pooled_numbers_are_rectified_in_place(format):
    x = images(format)
    model = in_a_row(Conv2D(4, 3, data_format=format), ReLU(), MaxPooling2D(data_format=format), x=x)
    with Operations() as operations:
        model(x)
    pooled = (2, 4, 4, 3)
    assert operations.seen == [("convolution", (2, 4, 8, 7)), ("max_pool2d_with_indices", pooled), ("relu_", pooled)]


@formats
def test_an_activation_of_its_own_is_made_in_place(format):
    x = images(format)
    for parts, first in (
        ([Conv2D(3, 3, padding="same", data_format=format), ReLU()], "convolution"),
        ([Conv2D(3, 3, padding="same", activation="relu", data_format=format)], "convolution"),
        ([BatchNormalization(axis_of(format)), ReLU()], "native_batch_norm"),
    ):
        model = in_a_row(*parts, x=x)
        with Operations() as operations:
            model(x)
        assert operations.seen == [(first, (2, 3, 10, 9)), ("relu_", (2, 3, 10, 9))]


def test_first_and_second_derivatives():
    x = drawn(1, 5, 4, 2).double().requires_grad_()
    for parts in (
        [Conv2D(2, 2), ReLU(), MaxPooling2D()],
        [Conv2D(2, 2, activation="relu"), MaxPooling2D(2, 1, "same")],
        [BatchNormalization(), ReLU()],
        [Dense(3), ReLU()],
    ):
        model = in_a_row(*parts, x=x.detach().float()).double()
        model(x)
        assert torch.autograd.gradcheck(model, (x,)) and torch.autograd.gradgradcheck(model, (x,))


def test_what_is_missing_spreads_as_before(fused):
    x = images()
    x[0, 3, 3, 0], x[1, 1, 1, 0], x[1, 7, 7, 1] = float("nan"), -float("inf"), float("inf")
    parts = [Conv2D(4, 3), ReLU(), MaxPooling2D()]
    model = in_a_row(*parts, x=x)
    fused.clear()
    torch.testing.assert_close(model(x), one_by_one(parts, x), rtol=0, atol=0, equal_nan=True)
    assert fused and model(x).isnan().any()


def test_one_layer_in_several_places(fused):
    dense, relu, x = Dense(4), ReLU(), drawn(6, 4)
    i = keras.Input((4,))
    model = keras.Model(i, Add()([relu(dense(relu(dense(i)))), i]))
    model(x)
    fused.clear()
    assert torch.equal(model(x), relu(dense(relu(dense(x)))) + x) and len(fused) == 2


def test_copies_and_sequential_models(fused):
    x, parts = images(), [Conv2D(4, 3, activation="relu"), MaxPooling2D(), Conv2D(2, 2), BatchNormalization(), ReLU()]
    model = keras.Sequential([keras.Input(x.shape[1:]), *parts])
    for one in (model, copy.deepcopy(model), keras.Model(model.input, model.output)):
        one(x)
        fused.clear()
        assert torch.equal(one(x), one_by_one(parts, x)) and len(fused) == 2 and one.code.count("_then_") == 2


def test_transforms_and_graphs_of_torch():
    torch._dynamo.reset()  # it counts what all tests before have compiled
    x = images()
    for parts in ([Conv2D(4, 3), ReLU(), MaxPooling2D()], [BatchNormalization(), ReLU()], [Dense(2), ReLU()]):
        model = in_a_row(*parts, x=x)
        expected = one_by_one(parts, x)
        assert torch.equal(torch.compile(model, backend="eager", fullgraph=True)(x), expected)
        assert torch.equal(torch.export.export(model, (x,)).module()(x), expected)
        torch.testing.assert_close(torch.func.vmap(lambda one: model(one[None])[0])(x), expected)  # noqa: B023
        zeros = {key: value * 0 for key, value in model.state_dict().items()}
        assert not torch.func.functional_call(model, zeros, (x,)).any()


def test_transforms_and_derivatives_of_a_sum():
    torch._dynamo.reset()  # it counts what all tests before have compiled
    x = drawn(2, 5, 4, 2)
    i = keras.Input((5, 4, 2))
    for parts in ([Conv2D(2, 3, padding="same")], [BatchNormalization()], [Dense(2)]):
        model = keras.Model(i, ReLU()(Add()([one_by_one(parts, i), i])))
        expected = torch.relu(one_by_one(parts, x) + x)
        assert torch.equal(model(x), expected) and "_then_add" in model.code
        assert torch.equal(torch.compile(model, backend="eager", fullgraph=True)(x), expected)
        assert torch.equal(torch.export.export(model, (x,)).module()(x), expected)
        torch.testing.assert_close(torch.func.vmap(lambda one: model(one[None])[0])(x), expected)  # noqa: B023
        state = {key: torch.stack([value, value * 2]) for key, value in model.state_dict().items()}
        both = torch.func.vmap(lambda one: torch.func.functional_call(model, one, (x,)))(state)  # noqa: B023
        torch.testing.assert_close(both[0], expected)
        double, y = model.double(), x.double().requires_grad_()
        assert torch.autograd.gradcheck(double, (y,)) and torch.autograd.gradgradcheck(double, (y,))
    # Of the two only the other one has an axis of vmap: it cannot be added in place.
    i, j = keras.Input((3,)), keras.Input((3,))
    dense = Dense(3)
    model = keras.Model([i, j], Add()([dense(i), j]))
    one, many = drawn(1, 3), drawn(4, 1, 3)
    found = torch.func.vmap(lambda other: model([one, other]))(many)
    torch.testing.assert_close(found, dense(one) + many)


# ---------------------------------------------------------------- what does not


class OwnConvolution(Conv2D):
    def call(self, x):
        return super().call(x) - 1


class OwnDense(Dense):
    def call(self, x):
        return super().call(x) - 1


class OwnNormalization(BatchNormalization):
    def call(self, x, training=None):
        return super().call(x, training=training) - 1


class OwnReLU(ReLU):
    def call(self, x):
        return super().call(x - 1)


class OwnActivation(Activation):
    def call(self, x):
        return super().call(x - 1)


class OwnPooling(MaxPooling2D):
    def call(self, x):
        return super().call(-x)


def second_reader():
    convolution, relu = Conv2D(4, 3), ReLU()

    def function(x):
        y = convolution(x)
        return relu(y) * y

    return function


def output_in_between():
    convolution, relu, pool = Conv2D(4, 3), ReLU(), MaxPooling2D()

    def function(x):
        y = convolution(x)
        return [pool(relu(y)), y]

    return function


def output_before_the_pooling():
    convolution, relu, pool = Conv2D(4, 3, activation="tanh"), ReLU(), MaxPooling2D()

    def function(x):
        y = relu(convolution(x))
        return [pool(y), y]

    return function


def recorded_mode():
    norm, relu = BatchNormalization(), ReLU()
    return lambda x: relu(norm(x, training=True))


def follows(*parts):
    return lambda x: one_by_one(parts, x)


APART = {
    "a second reader": second_reader,
    "an output in between": output_in_between,
    "an output before the pooling": output_before_the_pooling,
    "a recorded mode": recorded_mode,
    "another activation": lambda: follows(Conv2D(4, 3, activation="tanh"), MaxPooling2D()),
    "an activation and a rectifier": lambda: follows(Conv2D(4, 3, activation="tanh"), ReLU()),
    "a function that looks like it": lambda: follows(Conv2D(4, 3, activation=torch.relu), MaxPooling2D()),
    "another Activation": lambda: follows(Conv2D(4, 3), Activation("tanh")),
    "none at all": lambda: follows(Conv2D(4, 3), MaxPooling2D()),
    "a ceiling": lambda: follows(Conv2D(4, 3), ReLU(max_value=0.5)),
    "a slope": lambda: follows(Conv2D(4, 3), ReLU(negative_slope=0.1)),
    "a threshold": lambda: follows(Conv2D(4, 3), ReLU(threshold=0.2)),
    "other data formats": lambda: follows(Conv2D(4, 3, activation="relu"), MaxPooling2D(data_format="channels_first")),
    "a Dense and a pooling": lambda: follows(Dense(4, activation="relu"), MaxPooling2D()),
    "means": lambda: follows(Conv2D(4, 3, activation="relu"), layers.AveragePooling2D(2)),
    "the pooling first": lambda: follows(Conv2D(4, 3), MaxPooling2D(), ReLU()),
    "sequences": lambda: follows(layers.Reshape((30, 9)), layers.Conv1D(4, 3), ReLU(), layers.MaxPooling1D()),
    "a convolution of one's own": lambda: follows(OwnConvolution(4, 3, activation="relu"), MaxPooling2D()),
    "a Dense of one's own": lambda: follows(OwnDense(4), ReLU()),
    "a normalization of one's own": lambda: follows(OwnNormalization(), ReLU()),
    "a ReLU of one's own": lambda: follows(Conv2D(4, 3), OwnReLU()),
    "an Activation of one's own": lambda: follows(Conv2D(4, 3), OwnActivation("relu")),
    "a pooling of one's own": lambda: follows(Conv2D(4, 3, activation="relu"), OwnPooling()),
}


@pytest.mark.parametrize("name", APART)
def test_what_stays_apart(name):
    function, x = APART[name](), images()
    i = keras.Input(x.shape[1:])
    model = keras.Model(i, function(i))
    model(x)
    assert "_then_" not in model.code
    for ours, theirs in zip(listed(model(x)), listed(function(x)), strict=True):
        assert torch.equal(ours, theirs)


def listed(y):
    return y if isinstance(y, list) else [y]


def test_a_pooling_with_other_axes_than_a_normalization(fused):
    """The rectifier joins the normalization all the same."""
    x, parts = images(), [BatchNormalization(2), ReLU(), MaxPooling2D()]
    model = in_a_row(*parts, x=x)
    fused.clear()
    assert torch.equal(model(x), one_by_one(parts, x)) and fused == [f"{parts[0].name}_then_{parts[1].name}"]


def test_layers_added_and_taken_away_after_a_call():
    x, parts = images(), [Conv2D(4, 3), ReLU(), MaxPooling2D(), Conv2D(2, 2, activation="relu"), MaxPooling2D()]
    model = keras.Sequential([keras.Input(x.shape[1:])])
    for count, layer in enumerate(parts, 1):
        model.add(layer)
        for _ in range(2):
            assert torch.equal(model(x), one_by_one(parts[:count], x))
    for count in range(len(parts) - 1, 0, -1):
        model.pop()
        for _ in range(2):
            assert torch.equal(model(x), one_by_one(parts[:count], x))
    assert "_then_" not in model.code


# ---------------------------------------------------------------- what changes later

CHANGES = {
    "its own": ([Conv2D, MaxPooling2D], {"activation": "relu"}, 0, "activation", torch.tanh),
    "Activation": ([Conv2D, lambda: Activation("relu")], {}, 1, "activation", torch.tanh),
    "Activation and pooling": ([Conv2D, lambda: Activation("relu"), MaxPooling2D], {}, 1, "activation", torch.tanh),
    "ceiling": ([Conv2D, ReLU], {}, 1, "max_value", 0.5),
    "slope": ([Conv2D, ReLU, MaxPooling2D], {}, 1, "negative_slope", 0.5),
    "threshold": ([Conv2D, ReLU], {}, 1, "threshold", 0.2),
    "in front of a rectifier": ([Conv2D, ReLU], {}, 0, "activation", torch.tanh),
    "in front of two": ([Conv2D, ReLU, MaxPooling2D], {}, 0, "activation", torch.neg),
    "Dense in front": ([Dense, ReLU], {}, 0, "activation", torch.tanh),
}


@pytest.mark.parametrize("name", CHANGES)
def test_settings_changed_after_building(name, fused):
    (first, *others), arguments, which, attribute, value = CHANGES[name]
    x, parts = images(), [first(4, **({} if first is Dense else {"kernel_size": 3}), **arguments), *[make() for make in others]]
    model = in_a_row(*parts, x=x)
    before = model(x)
    assert len(fused) == 1
    plain = getattr(parts[which], attribute)
    setattr(parts[which], attribute, value)
    changed = model(x)
    assert torch.equal(changed, one_by_one(parts, x)) and not torch.equal(changed, before) and len(fused) == 1
    setattr(parts[which], attribute, plain)
    assert torch.equal(model(x), before) and len(fused) == 2


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_call_put_on_an_object(which):
    x, parts = images(), [Conv2D(4, 3), ReLU(), MaxPooling2D()]
    model = in_a_row(*parts, x=x)
    plain = parts[which].call
    parts[which].call = lambda x: plain(x) * 2 - 1
    assert torch.equal(model(x), one_by_one(parts, x))


# ---------------------------------------------------------------- who looks on


@pytest.mark.parametrize("kind", ["forward_hook", "forward_pre_hook", "full_backward_hook", "full_backward_pre_hook"])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_hooks_on_layers(which, kind, fused):
    x, parts, seen = images(), [Conv2D(4, 3), ReLU(), MaxPooling2D()], []
    model = in_a_row(*parts, x=x)
    expected, made = model(x), one_by_one(parts[: which + 1], x)
    fused.clear()
    handle = getattr(parts[which], f"register_{kind}")(lambda *given: seen.append(given[-1]))
    x.requires_grad_()
    y = model(x)
    y.sum().backward()
    assert torch.equal(y, expected) and len(seen) == 1 and not fused
    assert kind != "forward_hook" or torch.equal(seen[0], made)
    handle.remove()
    assert torch.equal(model(x), expected) and len(seen) == 1 and len(fused) == 1


INSIDE = {
    "convolution": (Conv2D, ["conv"]),
    "depthwise": (lambda _, *args, **kwargs: layers.DepthwiseConv2D(*args, **kwargs), ["conv"]),
    "separable": (layers.SeparableConv2D, ["depthwise", "pointwise"]),
    "transposed": (layers.Conv2DTranspose, ["conv"]),
    "dense": (lambda units, _, **kwargs: Dense(units, **kwargs), ["linear"]),
}


@pytest.mark.parametrize("behind", ["pooling", "ReLU", "nothing"])
@pytest.mark.parametrize("name", INSIDE)
def test_hooks_on_the_modules_inside_see_the_value_before_the_activation(name, behind):
    make, keys = INSIDE[name]
    x, first = images(), make(4, 3, activation=None if behind == "ReLU" else "relu")
    model = in_a_row(first, *{"pooling": [MaxPooling2D()], "ReLU": [ReLU()], "nothing": []}[behind], x=x)
    expected = model(x)
    for key in keys:
        seen = []
        handle = getattr(first, key).register_forward_hook(lambda _, args, y: seen.append((y, y.clone())))  # noqa: B023
        assert torch.equal(model(x), expected)
        handle.remove()
        ((kept, copied),) = seen
        assert torch.equal(kept, copied) and (kept < 0).any()


@pytest.mark.parametrize("kind", ["full_backward_hook", "full_backward_pre_hook"])
def test_backward_hooks_on_the_modules_inside(kind):
    x = images().requires_grad_()
    for parts in ([Conv2D(4, 3, activation="relu"), MaxPooling2D()], [Conv2D(4, 3), ReLU()], [Conv2D(4, 3, activation="relu")]):
        model, seen = in_a_row(*parts, x=x), []
        handle = getattr(parts[0].conv, f"register_{kind}")(lambda *given: seen.append(given[-1][0]))  # noqa: B023
        model(x).sum().backward()
        handle.remove()
        assert [gradient.shape for gradient in seen] == [(2, 4, 8, 7)]


def test_global_hooks_see_every_layer(fused):
    x, parts, seen = images(), [Conv2D(4, 3), ReLU(), MaxPooling2D()], []
    model = in_a_row(*parts, x=x)
    fused.clear()
    handle = nn.modules.module.register_module_forward_hook(lambda module, *_: seen.append(module))
    try:
        model(x)
    finally:
        handle.remove()
    assert seen == [parts[0].conv, *parts, model] and not fused


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    "name", ["convolution, ReLU, pooling", "normalization, ReLU, pooling", "dense, ReLU", "convolution, pooling"]
)
def test_what_a_second_model_of_these_layers_holds(name, training, fused):
    x, parts = images(), PATTERNS[name]("channels_last")
    model, held = in_a_row(*parts, x=x), x.clone()
    looking = keras.Model(model.input, [part.output for part in parts])
    parts_of_it = looking(x, training=training)
    assert (parts_of_it[0] < 0).any() or name == "convolution, pooling"
    copies = [y.clone() for y in parts_of_it]
    fused.clear()
    y = model(x, training=training)
    again = model(x, training=training)
    assert len(fused) == 2 and torch.equal(x, held) and torch.equal(y, copies[-1]) and torch.equal(again, y)
    assert all(torch.equal(one, other) for one, other in zip(parts_of_it, copies, strict=True))
    for one, other in zip(looking(x, training=training), copies, strict=True):
        assert torch.equal(one, other)


class Keeps(layers.Layer):
    """Passes on what it gets, and keeps it."""

    def call(self, x):
        self.kept = [x]
        return x


@pytest.mark.parametrize(
    "make",
    [
        lambda x: Add()([x]),
        lambda x: Add()([x, x]),
        lambda x: Dense(4, kernel_initializer="identity")(x),
        lambda x: BatchNormalization(epsilon=0.0, scale=False, center=False)(x),
    ],
)
def test_what_goes_in_stays(make, fused):
    """Even where the first layer returns the numbers it was given."""
    x, keeps = drawn(6, 4), Keeps()
    held, i = x.clone(), keras.Input((4,))
    model = keras.Model(i, ReLU()(make(keeps(i))))
    assert (model(x) >= 0).all() and len(fused) == 1
    assert torch.equal(x, held) and keeps.kept[0].data_ptr() == x.data_ptr() and torch.equal(keeps.kept[0], held)


# ---------------------------------------------------------------- precision and masks


@pytest.mark.parametrize("which", [None, 0, 1, 2])
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float64", "bfloat16"])
def test_precision(policy, which):
    """All layers with the policy, or one of them."""
    x, dtypes = images(), [policy if which in (None, k) else None for k in range(3)]
    parts = [Conv2D(4, 3, dtype=dtypes[0]), ReLU(dtype=dtypes[1]), MaxPooling2D(dtype=dtypes[2])]
    model = in_a_row(*parts, x=x)
    for training in (False, True):
        y = model(x, training=training)
        assert torch.equal(y, one_by_one(parts, x)) and y.dtype is getattr(torch, model.output.dtype)
    same(parts, model, [x], True)


def test_a_model_whose_precision_changes(fused):
    x, parts = images(), [Conv2D(4, 3), ReLU(), MaxPooling2D()]
    model = in_a_row(*parts, x=x)
    for dtype in (torch.float64, torch.bfloat16, torch.float32):
        model.to(dtype)(x)
        fused.clear()
        y = model(x)
        assert torch.equal(y, one_by_one(parts, x.to(dtype))) and y.dtype is dtype


def test_numbers_of_another_precision_in_between():
    """Layers cast what comes in, whatever an operator in front of them makes of it."""
    x, parts = drawn(6, 4), [Add(), ReLU()]
    i = keras.Input((4,))
    for first, second in ((i.double(), i), (i.int(), i.int()), (i, i.half())):
        given = [keras.Model(i, one)(x) for one in (first, second)]
        model = keras.Model(i, one_by_one(parts, [first, second]))
        expected = one_by_one(parts, given)
        assert "_then_" in model.code and model(x).dtype is expected.dtype and torch.equal(model(x), expected)


def test_masks_pass_through():
    i, seen = keras.Input((5,)), []

    class Looks(layers.Layer):
        def call(self, x, mask=None):
            seen.append(mask)
            return x

    model = keras.Model(i, Looks()(ReLU()(Dense(4)(layers.Embedding(9, 4, mask_zero=True)(i)))))
    x = torch.tensor([[1, 2, 0, 0, 0], [3, 0, 4, 0, 0]])
    for _ in range(2):
        model(x)
        assert "_then_" in model.code and torch.equal(seen[-1], x != 0)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_penalties_on_outputs_are_seen(which):
    x, parts = images(), [Conv2D(4, 3), ReLU(), MaxPooling2D()]
    model = in_a_row(*parts, x=x)
    parts[which].activity_regularizer = keras.regularizers.L2(0.1)
    model(x)
    (loss,) = model.losses
    assert loss.item() == pytest.approx(0.1 * one_by_one(parts[: which + 1], x).square().sum().item() / 2, rel=1e-5)


# ---------------------------------------------------------------- training


def test_fit_moves_the_weights_as_it_moves_those_of_single_layers(fused):
    x, y = images().repeat(4, 1, 1, 1), drawn(8, 2)
    parts = [*PATTERNS["all of them"]("channels_last"), Conv2D(3, 2, activation="relu"), MaxPooling2D()]
    parts += [layers.Flatten(), Dense(2)]
    model = in_a_row(*parts, x=x)
    spread_out(parts)
    other = copy.deepcopy(model)
    histories = []
    for one, care in ((model, False), (other, True)):
        calls.careful[0] = care
        fused.clear()
        one.compile(keras.optimizers.SGD(0.01), "mse")
        histories.append(one.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0).history["loss"])
        assert len(fused) == (0 if care else 8)
    assert histories[0] == histories[1] and histories[0][1] < histories[0][0]
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_frozen_normalization_stays(fused):
    x, parts = images(), [BatchNormalization(), ReLU()]
    model = in_a_row(*parts, x=x)
    spread_out(parts)
    parts[0].trainable = False
    before = copy.deepcopy(model.state_dict())
    same(parts, model, [x], True)
    assert len(fused) == 1 and all(torch.equal(before[key], value) for key, value in model.state_dict().items())


# ---------------------------------------------------------------- errors


def varying(*parts):
    """The model of these layers on images of any size."""
    i = keras.Input((None, None, 3))
    return keras.Model(i, one_by_one(parts, i))


@pytest.mark.parametrize(
    ("parts", "size", "said"),
    [
        (lambda: [Conv2D(4, 5, name="culprit"), ReLU()], 3, "3 high, the kernel needs 5"),
        (lambda: [Conv2D(4, 5, activation="relu", name="culprit"), MaxPooling2D()], 3, "3 high, the kernel needs 5"),
        (lambda: [Conv2D(4, 3, activation="relu"), MaxPooling2D(name="culprit")], 3, "1 high, the pool needs 2"),
        (lambda: [BatchNormalization(), ReLU(), MaxPooling2D(name="culprit")], 1, "1 high, the pool needs 2"),
    ],
)
def test_an_error_names_the_layer(parts, size, said):
    parts = parts()
    model = varying(*parts)
    with pytest.raises(ValueError, match=f"'culprit': the input is {said}"):
        model(torch.ones(2, size, size, 3))
    assert torch.equal(model(images()), one_by_one(parts, images()))  # nothing was spoiled


def test_an_error_of_torch_names_the_layer():
    i = [keras.Input((None, 4)), keras.Input((None, 4))]
    model = keras.Model(i, ReLU()(Add(name="culprit")(i)))
    model([torch.ones(2, 3, 4)] * 2)
    with pytest.raises(ValueError, match=r"'culprit'.*\(2, 3, 4\).*\(2, 5, 4\)"):
        model([torch.ones(2, 3, 4), torch.ones(2, 5, 4)])
    x = drawn(6, 4)
    dense = Dense(3, name="culprit")
    model = in_a_row(dense, ReLU(), x=x)
    dense.linear.double()
    with pytest.raises(RuntimeError) as caught:
        model(x)
    assert "'culprit' (Dense)" in caught.value.__notes__[0] and "(6, 4)" in caught.value.__notes__[0]


def test_a_failed_call_moves_statistics_as_single_layers_do():
    norm = BatchNormalization(momentum=0.5)
    model = varying(norm, ReLU(), MaxPooling2D())
    before = norm.moving_mean.numpy().copy()
    with pytest.raises(ValueError, match="pool"):
        model(torch.ones(2, 1, 1, 3), training=True)
    np.testing.assert_allclose(norm.moving_mean.numpy(), 0.5 * before + 0.5)
