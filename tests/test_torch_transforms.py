"""torch.compile, torch.export, torch.fx, torch.func and torch.jit on Keras models."""

import warnings

import pytest
import torch
from torch import nn

import torchkeras_lite as keras
from torchkeras_lite import layers

X = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))


def classifier():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((8,)),
            layers.Rescaling(0.5),
            layers.Dense(6, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            nn.Linear(6, 6),
            layers.Reshape((2, 3)),
            layers.Flatten(),
            layers.Activation("tanh"),
            layers.ReLU(negative_slope=0.1),
            layers.Lambda(lambda x: x * 2),
            layers.Dense(3),
            layers.Softmax(),
        ]
    )


def words():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [keras.Input((5,), dtype="int32"), layers.Embedding(10, 4), layers.Flatten(), layers.Dense(3, activation="softmax")]
    )


class Views(keras.Model):
    """Computes with Keras's view of the weights of a layer, and with a list and a Variable of its own."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)
        self.parts = [layers.Dense(4), layers.Dropout(0.5)]
        self.scale = keras.Variable(torch.full((4,), 2.0))

    def call(self, x, training=None):
        x = self.dense(x)
        for part in self.parts:
            x = part(x)
        return (x @ self.dense.kernel.T) * self.scale.sum()


def built(model, x=X):
    model(x)
    return model


MODELS = {
    "layers": lambda: (classifier(), X),
    "layers, called before": lambda: (built(built(classifier())), X),
    "embedding": lambda: (words(), torch.randint(0, 10, (16, 5))),
    "subclass": lambda: (built(Views()), X),
    "nested": lambda: (keras.Sequential([keras.Input((8,)), classifier(), layers.Dense(2)]), X),
    "in torch": lambda: (nn.Sequential(built(classifier()), nn.Linear(3, 2)).eval(), X),
}


@pytest.fixture(autouse=True)
def fresh():
    torch._dynamo.reset()


@pytest.mark.parametrize("name", MODELS)
def test_compiles_into_one_graph(name):
    model, x = MODELS[name]()
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), model(x))
    torch.testing.assert_close(compiled(x[:5]), model(x[:5]))  # another number of rows


def test_compiled_and_trained_by_hand():
    model, plain = classifier(), classifier()
    for net in (model, plain):
        net.train().layers[3].rate = 0  # a graph draws other random numbers
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    for net in (compiled, plain):
        torch.manual_seed(3)
        net(X).square().sum().backward()
    for (name, one), two in zip(model.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one.grad, two.grad, msg=name)
    norm = model.layers[2]
    assert norm.moving_mean.numpy().any()  # the moving statistics follow inside the graph
    torch.testing.assert_close(norm.moving_variance.value, plain.layers[2].moving_variance.value)


def test_the_training_argument_of_a_compiled_model():
    model = classifier()
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    assert torch.equal(compiled(X), compiled(X))
    assert not torch.equal(compiled(X, training=True), compiled(X, training=True))
    assert not any(module.training for module in model.modules())
    assert torch.equal(compiled(X), compiled(X))


def test_compiled_in_place_and_fitted():
    model = classifier()
    model.compile("sgd", "sparse_categorical_crossentropy")
    nn.Module.compile(model, backend="eager")
    before = model.get_weights()
    model.fit(X, torch.arange(16) % 3, verbose=0)
    assert (before[0] != model.get_weights()[0]).any()


def test_a_model_that_is_not_built_yet_compiles():
    model = keras.Sequential([layers.Dense(3)])
    compiled = torch.compile(model, backend="eager")
    assert compiled(X).shape == (16, 3) and model.built
    torch.testing.assert_close(compiled(X), model(X))


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", ["layers", "embedding", "subclass"])
def test_export(name, strict):
    model, x = MODELS[name]()
    program = torch.export.export(model, (x,), strict=strict)
    torch.testing.assert_close(program.module()(x), model(x))
    assert {*program.state_dict} == {*model.state_dict()}


@pytest.mark.xfail(strict=True, reason="the signature of `forward` is `*args`")
def test_export_with_any_number_of_rows():
    model = classifier()
    program = torch.export.export(model, (X,), dynamic_shapes=({0: torch.export.Dim("rows")},))
    torch.testing.assert_close(program.module()(X[:3]), model(X[:3]))


@pytest.mark.xfail(strict=True, reason="the signature of `forward` is `*args`")
@pytest.mark.parametrize("name", ["layers", "layers, called before", "nested"])
def test_symbolic_trace(name):
    model, x = MODELS[name]()
    traced = torch.fx.symbolic_trace(model)
    torch.testing.assert_close(traced(x), model(x))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ["layers", "layers, called before"])
def test_jit_trace(name):
    model, x = MODELS[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own about a deprecated function, and about `if` on sizes
        traced = torch.jit.trace(model, (x,), check_trace=False)
    torch.testing.assert_close(traced(x[:3]), model(x[:3]))


@pytest.mark.parametrize("name", MODELS)
def test_functional_call(name):
    model, x = MODELS[name]()
    expected = model(x)
    zeros = {key: torch.zeros_like(value) for key, value in model.named_parameters()}
    result = torch.func.functional_call(model, zeros, (x,))
    assert not torch.allclose(result, expected) and torch.equal(result[0], result[1])
    torch.testing.assert_close(model(x), expected)


@pytest.mark.parametrize("name", MODELS)
def test_gradients_of_functional_calls(name):
    model, x = MODELS[name]()
    parameters = dict(model.named_parameters())
    gradients = torch.func.grad(lambda p: torch.func.functional_call(model, p, (x,)).square().sum())(parameters)
    model(x).square().sum().backward()
    for key, parameter in parameters.items():
        torch.testing.assert_close(gradients[key], parameter.grad, msg=key)


def test_many_models_at_once_and_gradients_row_by_row():
    model = built(Views())
    parameters = {key: value.detach() for key, value in model.named_parameters()}
    both = {key: torch.stack([value, value * 0]) for key, value in parameters.items()}
    results = torch.func.vmap(lambda p: torch.func.functional_call(model, p, (X,)))(both)
    torch.testing.assert_close(results[0], model(X))
    assert not results[1].any()

    def loss(p, row):
        return torch.func.functional_call(model, p, (row[None],)).sum()

    each = torch.func.vmap(torch.func.grad(loss), (None, 0))(parameters, X)
    model(X).sum().backward()
    for key, parameter in model.named_parameters():
        torch.testing.assert_close(each[key].sum(0), parameter.grad, rtol=1e-4, atol=1e-4)


def test_jacobians():
    model = classifier()
    jacobian = torch.func.jacrev(model)(X[:2])
    assert jacobian.shape == (2, 3, 2, 8) and not jacobian[0, :, 1].any()
    step = torch.zeros(2, 8)
    step[0, 3] = 1e-2
    measured = (model(X[:2] + step) - model(X[:2] - step)).detach() / 2e-2
    torch.testing.assert_close(jacobian[:, :, 0, 3], measured, atol=1e-3, rtol=0)
