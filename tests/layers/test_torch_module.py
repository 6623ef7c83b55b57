"""Torch modules and raw torch functions on symbolic tensors."""

import copy
import json
import pickle
import threading

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.module import _has_any_global_hook
from torch.utils import _pytree as pytree

import torchkeras_lite as keras
from torchkeras_lite import Variable, layers
from torchkeras_lite.layers.torch_module import _watch

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(6, 4, generator=GENERATOR)
Z = torch.randn(6, 5, 4, generator=GENERATOR)


def model_of(function, x=X, **kwargs):
    i = keras.Input(tuple(x.shape[1:]), **kwargs)
    return keras.Model(i, function(i))


def bug(reason):
    return pytest.mark.xfail(strict=True, reason=reason)


@pytest.fixture(autouse=True)
def nothing_stays():
    yield
    keras.Model(*[keras.Input((1,))] * 2)
    left, _watch.calls[:] = list(_watch.calls), []
    assert not _has_any_global_hook() and not left


# ---------------------------------------------------------------- functions, methods, operators

C, N = torch.arange(4.0), np.arange(4, dtype="float32")
FUNCTIONS = {
    "slice": lambda x: x[:, 1:3],
    "ellipsis": lambda x: x[..., 0],
    "new axes": lambda x: x[:, None, ::2, None],
    "from the end": lambda x: x[:, -1],
    "list of indices": lambda x: x[:, [0, 2]],
    "tensor of indices": lambda x: x[:, torch.tensor([0, 2])],
    "booleans": lambda x: x[:, torch.tensor([True, False, True, False])],
    "rows": lambda x: x[1:],
    "one row": lambda x: x[0],
    "cat": lambda x: torch.cat([x, x * 2], -1),
    "stack": lambda x: torch.stack([x, x], 1),
    "stack in front": lambda x: torch.stack([x, x]),
    "where": lambda x: torch.where(x > 0, x, -x),
    "einsum": lambda x: torch.einsum("bi,bj->bij", x, x),
    "einsum with a constant": lambda x: torch.einsum("bi,i->b", x, C),
    "logic": lambda x: (x > 0) & (x < 1) | ~(x > 2) ^ (x != 0.5),
    "equal": lambda x: x == x,
    "constant": lambda x: x * C,
    "constant in front": lambda x: C * x,
    "numpy": lambda x: x * N if isinstance(x, keras.KerasTensor) else x * C,
    "numpy in front": lambda x: N * x if isinstance(x, keras.KerasTensor) else x * C,
    "numpy number": lambda x: x * np.float32(2),
    "numbers in front": lambda x: 1 - x + 1 / (x.abs() + 1) + 2**x,
    "arithmetic": lambda x: -x + x**2 % 2 + x // 2 + abs(x),
    "matmul": lambda x: x @ torch.ones(4, 2),
    "two symbolic": lambda x: x.unsqueeze(1) @ x.unsqueeze(2),
    "methods": lambda x: x.relu().sum(-1, keepdim=True),
    "max": lambda x: x.max(-1).values,
    "argmax": lambda x: x.argmax(-1),
    "split": lambda x: torch.split(x, 2, -1),
    "unbind": lambda x: x.unbind(1),
    "transposed": lambda x: x.T,
    "types": lambda x: [x.double(), x.int(), x.float()],
    "view": lambda x: x.view(-1, 2, 2),
    "flatten": lambda x: x.flatten(1),
    "pad": lambda x: F.pad(x, (1, 1)),
    "gelu": lambda x: F.gelu(x, approximate="tanh"),
    "attention": lambda x: F.scaled_dot_product_attention(x[:, None], x[:, None], x[:, None]),
    "clamp": lambda x: torch.clamp(x, min=0.1),
    "infinite": lambda x: torch.where(x > 0, x, float("-inf")),
    "norms": lambda x: F.layer_norm(F.normalize(x, dim=-1), (4,)),
    "parameter": lambda x: x * nn.Parameter(torch.arange(4.0), requires_grad=False),
    "relu": F.relu,
    "softmax": lambda x: F.softmax(x, dim=-1),
    "reshape": lambda x: x.reshape(-1, 2, 2),
    "permute": lambda x: x[:, None].permute(0, 2, 1),
    "to": lambda x: x.to(torch.float64),
    "dtype": lambda x: torch.sum(x, -1, dtype=torch.float64),
}


def same(ours, expected):
    for one, other in zip(pytree.tree_leaves(ours), pytree.tree_leaves(expected), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    model, expected = model_of(FUNCTIONS[name]), FUNCTIONS[name](X)
    same(model(X), expected)
    for spec, value in zip(model.outputs, model(X) if isinstance(model(X), (list, tuple)) else [model(X)], strict=True):
        assert len(spec.shape) == value.dim() and f"torch.{spec.dtype}" == str(value.dtype)
        assert all(a is None or a == b for a, b in zip(spec.shape, value.shape, strict=True))
    for one in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        same(one(X), expected)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_in_configs(name):
    config = json.loads(json.dumps(model_of(FUNCTIONS[name]).get_config()))
    same(keras.Model.from_config(config)(X), FUNCTIONS[name](X))


def test_variables_and_varying_sizes():
    scale = Variable(np.arange(4, dtype="float32"))
    torch.testing.assert_close(model_of(lambda x: scale * x + x * scale)(X), 2 * X * C)
    i = keras.Input((None, 4))
    y, z = i[:, 1:].mean(1), torch.cat([i, i], 1)
    assert y.shape == (None, 4) and z.shape == (None, None, 4)
    same(keras.Model(i, [y, z])(Z), [Z[:, 1:].mean(1), torch.cat([Z, Z], 1)])


@bug("a Variable among the arguments of an operator cannot be serialized")
def test_a_variable_in_a_config():
    model_of(lambda x: x * Variable(np.arange(4, dtype="float32"))).get_config()


def test_constants_move_with_the_model():
    assert model_of(lambda x: x * C).to("meta")(X.to("meta")).device.type == "meta"


@pytest.mark.parametrize("what", [bool, float, int, len, list, lambda x: x.numpy(), lambda x: x.item(), np.exp])
def test_what_has_no_value(what):
    with pytest.raises(TypeError):
        what(keras.Input((4,)))


# ---------------------------------------------------------------- modules


def test_linear():
    linear = nn.Linear(4, 3)
    model = model_of(linear)
    assert torch.equal(model(X), linear(X)) and len(model.weights) == len(list(model.parameters())) == 2
    model.compile("sgd", "mse")
    before = linear.weight.clone()
    model.fit(X, torch.ones(6, 3), verbose=0)
    assert not torch.equal(before, linear.weight) and torch.equal(model(X), linear(X))


def test_one_module_twice_shares_its_weights():
    linear = nn.Linear(4, 4)
    model = model_of(lambda x: linear(linear(x)))
    assert len(list(model.parameters())) == len(model.state_dict()) == 2 and len(model.operations) == 2
    assert torch.equal(model(X), linear(linear(X)))
    for one in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        with torch.no_grad():
            next(one.parameters()).zero_()
        assert len(list(one.parameters())) == 2 and not torch.equal(one(X), model(X))


@pytest.mark.parametrize("born", ["train", "eval"])
def test_modes_and_statistics(born):
    module = getattr(nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.BatchNorm1d(4)), born)()
    model = model_of(module)
    norm = module[2]
    assert norm.running_var.eq(1).all() and norm.running_mean.eq(0).all() and norm.num_batches_tracked == 0
    assert torch.equal(model(X), model(X)) and torch.equal(model(X), module[0](X) / (1 + norm.eps) ** 0.5)
    assert not torch.equal(model(X, training=True), model(X, training=True)) and norm.num_batches_tracked == 2
    model.compile("sgd", "mse")
    before = copy.deepcopy(module.state_dict())
    model.fit(X, X, verbose=0)
    assert norm.num_batches_tracked == 3
    assert not any(torch.equal(before[key], value) for key, value in module.state_dict().items())


def test_several_outputs():
    lstm = nn.LSTM(4, 3, batch_first=True)

    def parts(x):
        y, (h, c) = lstm(x)
        return [y, h, c]

    model = model_of(parts, Z)
    same(model(Z), parts(Z))
    assert len(list(model.parameters())) == 4 and model.outputs[0].shape == (None, 5, 3)
    first = model_of(lambda x: lstm(x)[0], Z)
    first.compile("sgd", "mse")
    first.fit(Z, torch.ones(6, 5, 3), verbose=0)
    torch.testing.assert_close(first(Z), lstm(Z)[0])


@pytest.mark.parametrize(
    ("module", "call"),
    [
        (lambda: nn.MultiheadAttention(4, 2, batch_first=True), lambda m, x: m(x, x, x, need_weights=False)[0]),
        (lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), lambda m, x: m(x)),
        (lambda: nn.Conv1d(5, 2, 3), lambda m, x: m(x)),
        (lambda: nn.Bilinear(4, 4, 2), lambda m, x: m(x, x * 2)),
        (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(4, 2)), lambda m, x: m(x)),
    ],
)
def test_modules_are_one_call(module, call):
    module = module()
    model = model_of(lambda x: call(module, x), Z)
    torch.testing.assert_close(model(Z), call(module.eval(), Z), rtol=1e-5, atol=1e-6)
    assert len(list(model.parameters())) == len(list(module.parameters()))


def test_frozen_modules_stay():
    linear = nn.Linear(4, 3).requires_grad_(False)
    before = linear.weight.clone()
    model = model_of(lambda x: layers.Dense(1)(linear(x)))
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    assert torch.equal(before, linear.weight) and len(model.trainable_weights) == 2


class ByKeyword(nn.Module):
    """Owns a parameter that it uses itself, and a dropout."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x):
        return F.dropout(x * self.scale, 0.5, self.training)


def refused(module, *args, **kwargs):
    """A call that torch's hooks miss: the error says which module it was, and what to write instead."""
    with pytest.raises(TypeError, match=rf"{type(module).__name__}[\s\S]*`layers\.TorchModuleWrapper\(module\)\(x\)`"):
        module(*args, **kwargs)


def trains(model, parameters, x=X):
    """`fit` moves the parameters, which are all that the model has."""
    assert {id(p) for p in model.parameters()} == {id(p) for p in parameters}
    before = [p.detach().clone() for p in parameters]
    model.compile("sgd", "mse")
    model.fit(x, torch.ones_like(model(x)), verbose=0)
    return not any(torch.equal(a, b) for a, b in zip(before, parameters, strict=True))


def test_modules_called_by_keyword_are_refused():
    """The hooks see no keywords: drawn function by function, parameters would be constants, and the mode be drawn in."""
    module = ByKeyword().train()
    i = keras.Input((4,))
    refused(module, x=i)
    assert module.training and not _watch.calls
    for y in (module(i), layers.TorchModuleWrapper(module)(i)):
        model = keras.Model(i, y)
        assert torch.equal(model(X), model(X)) and torch.equal(model(X), X * module.scale)
        assert not torch.equal(model(X, training=True), model(X, training=True))
        assert trains(model, [module.scale])
        module.scale.data.fill_(1)


def test_attention_called_by_keyword():
    i = keras.Input((5, 4))
    attention = nn.MultiheadAttention(4, 2, batch_first=True)
    refused(attention, query=i, key=i, value=i)
    output, weights = layers.TorchModuleWrapper(attention)(query=i, key=i, value=i)
    assert (output.shape, weights.shape) == ((None, 5, 4), (None, 5, 5))


class Holds(nn.Module):
    """A torch module with one of our layers inside."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3)

    def forward(self, x):
        return self.dense(x)


@pytest.mark.parametrize("built", [False, True])
def test_a_module_with_a_layer_inside(built):
    module = Holds()
    if built:
        module(X)
    y = module(keras.Input((4,)))
    left, _watch.calls[:] = list(_watch.calls), []
    assert isinstance(y, keras.KerasTensor) and not left


def test_errors_leave_everything_as_it_was():
    class Fails(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 4)

        def forward(self, x):
            self.inner(x)
            raise ZeroDivisionError("mine")

    misfit = nn.Sequential(nn.Linear(4, 4), nn.Linear(5, 5))
    for module, error in ((Fails().train(), ZeroDivisionError), (misfit, RuntimeError)):
        i = keras.Input((4,))
        with pytest.raises(error):
            module(i)
        assert all(part.training for part in module.modules()) and not _watch.calls
        linear = nn.Linear(4, 2)
        assert torch.equal(keras.Model(i, linear(i))(X), linear(X))


def test_an_error_names_the_module_and_the_shapes():
    with pytest.raises(RuntimeError) as caught:
        nn.Linear(5, 3)(keras.Input((4,)))
    said = " ".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert "Linear" in said and "(None, 4)" in said


# ---------------------------------------------------------------- when the hooks are on


def test_hooks_are_on_only_while_a_graph_is_drawn():
    i = keras.Input((4,))
    assert _has_any_global_hook()
    y = layers.Dense(3)(i)
    model = keras.Model(i, y)
    assert not _has_any_global_hook()
    y * 2
    assert _has_any_global_hook()
    model(X)
    assert not _has_any_global_hook()
    model.compile("sgd", "mse")
    model.fit(X, torch.ones(6, 3), verbose=0)
    model.summary(print_fn=lambda text: None)
    copy.deepcopy(model), keras.Model.from_config(model.get_config()), model.input_shape, model.output_shape, model.code
    keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    assert not _has_any_global_hook()
    assert model.inputs and _has_any_global_hook()  # from here on somebody may draw


def a_call(i, h):
    layers.Dense(2)(X)


def a_model(i, h):
    j = keras.Input((4,))
    keras.Model(j, layers.Dense(2)(j))


def an_encoder(i, h):
    keras.Model(i, h)


@pytest.mark.parametrize("pause", [a_call, a_model, an_encoder])
def test_modules_called_after_a_pause_are_refused_once(pause):
    """The hooks are off, though the tensors drawn before are at hand; the error puts them on."""
    i = keras.Input((4,))
    h = layers.Activation("tanh")(i)
    pause(i, h)
    linear = nn.Linear(4, 2)
    assert not _has_any_global_hook()
    refused(linear, h)
    assert _has_any_global_hook() and not _watch.calls
    model = keras.Model(i, linear(h))
    assert torch.equal(model(X), linear(X.tanh())) and trains(model, [linear.weight, linear.bias])


@pytest.mark.parametrize("pause", [a_call, a_model, an_encoder])
def test_wrapped_modules_need_no_drawing(pause):
    i = keras.Input((4,))
    h = layers.Activation("tanh")(i)
    pause(i, h)
    linear = nn.Linear(4, 2)
    model = keras.Model(i, layers.TorchModuleWrapper(linear)(h))
    assert torch.equal(model(X), linear(X.tanh())) and trains(model, [linear.weight, linear.bias])


def test_layers_functions_and_operators_go_on_after_a_pause():
    i = keras.Input((4,))
    a_call(i, i)
    model = keras.Model(i, F.relu(layers.Activation("tanh")(i) * 2)[:, 1:])
    assert torch.equal(model(X), F.relu(X.tanh() * 2)[:, 1:])


@pytest.mark.parametrize("make", [nn.LSTM, nn.GRU, lambda size, _: nn.TransformerEncoderLayer(size, 2, 8)])
def test_modules_that_ask_for_attributes_are_refused(make):
    i = keras.Input((5, 4))
    a_call(i, i)
    refused(make(4, 3), i)


def test_real_calls_while_drawing():
    i, linear = keras.Input((4,)), nn.Linear(4, 3)
    expected = linear(X)
    assert torch.equal(keras.Model(i, linear(i))(X), expected)
    seen = []
    linear.register_forward_hook(lambda *_: seen.append(1))
    model = model_of(linear)
    seen.clear()
    model(X)
    assert seen == [1]


def test_other_threads_go_on():
    linear, done = nn.Linear(4, 4), []

    def work():
        for _ in range(300):
            linear(X)
        done.append(True)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    models = [model_of(nn.Linear(4, 2)) for _ in range(20)]
    for thread in threads:
        thread.join()
    assert len(done) == 3 and all(model(X).shape == (6, 2) for model in models)


@keras.saving.register_keras_serializable("torch modules")
class Holding(keras.Model):
    """Has a torch module among its arguments, and leaves it to the config to hold it."""

    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, x):
        return self.inner(x)

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["inner"]))


def test_a_torch_module_in_a_config_of_the_users(tmp_path):
    model = Holding(nn.Linear(4, 2))
    wanted = model(X)
    model.save(tmp_path / "a.keras")
    with pytest.raises(ValueError, match="arbitrary code execution"):
        keras.models.load_model(tmp_path / "a.keras")
    opened = keras.models.load_model(tmp_path / "a.keras", safe_mode=False)
    assert type(opened.inner) is nn.Linear and torch.equal(opened(X), wanted)


def test_a_wrapper_from_its_config():
    wrapper = layers.TorchModuleWrapper(nn.Sequential(nn.Linear(4, 2)))
    config = wrapper.get_config()
    with pytest.raises(ValueError, match="safe_mode=False"):
        layers.TorchModuleWrapper.from_config(config)
    again = layers.TorchModuleWrapper.from_config(config, safe_mode=False)
    assert torch.equal(again(X), wrapper(X)) and again.module is not wrapper.module
