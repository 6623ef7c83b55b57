import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import ops


def softplus_for_torch(x):
    e = torch.exp(x)

    def grad(*args, upstream):
        return upstream * (1 - 1 / (1 + e))

    return torch.log(1 + e), grad


def softplus_for_jax(x):
    e = torch.exp(x)

    def grad(upstream):
        return upstream * (1 - 1 / (1 + e))

    return torch.log(1 + e), grad


def softplus_for_all(x):
    e = torch.exp(x)

    def grad(*args, upstream=None):
        if upstream is None:
            (upstream,) = args
        return upstream * (1 - 1 / (1 + e))

    return torch.log(1 + e), grad


@pytest.mark.parametrize("f", [softplus_for_torch, softplus_for_jax, softplus_for_all])
def test_gradients_given_by_hand(f):
    f = ops.custom_gradient(f)
    x = torch.linspace(-3, 3, 7, dtype=torch.float64, requires_grad=True)
    assert f(x).equal(torch.log(1 + torch.exp(x)))
    assert torch.autograd.gradcheck(f, x)
    assert torch.autograd.gradgradcheck(f, x)  # what the gradient kept of the forward pass has a gradient too
    assert not f(x.detach()).requires_grad
    with torch.no_grad():
        assert not f(x).requires_grad


def test_gradients_given_by_hand_under_torch_func():
    @ops.custom_gradient
    def f(x):
        return x * 2, lambda *args, upstream: upstream * args[0] * 100

    x = torch.tensor([1.0, 2.0])
    assert torch.func.grad(lambda x: f(x).sum())(x).tolist() == [100, 200]
    assert torch.vmap(torch.func.grad(f))(x).tolist() == [100, 200]


def test_the_gradient_is_what_it_is_said_to_be():
    @ops.custom_gradient
    def f(x, y, scale):
        return x * y * scale, lambda *args, upstream: (upstream * 10, None)

    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    f(x, y, 3).sum().backward()
    assert x.grad.tolist() == [10, 10] and y.grad is None


def test_arguments_may_be_variables_arrays_and_structures():
    @ops.custom_gradient
    def f(pair, factor):
        def grad(a, b, factor, upstream):
            return upstream[0] * 2, upstream[1] * 3, None

        return (pair["a"] * factor, pair["b"] + 1), grad

    a, b = keras.Variable([1.0, 2.0]), torch.ones(2, requires_grad=True)
    one, other = f({"a": a, "b": b}, np.array([3.0, 3.0], "float32"))
    assert one.tolist() == [3, 6] and other.tolist() == [2, 2]
    (one + 10 * other).sum().backward()
    assert a.grad.tolist() == [2, 2] and b.grad.tolist() == [30, 30]


def test_in_a_model():
    @ops.custom_gradient
    def f(x):
        return x * 2, lambda *args, upstream: upstream * 100

    inputs = keras.Input((3,))
    model = keras.Model(inputs, f(inputs))
    x = torch.ones(2, 3, requires_grad=True)
    model(x).sum().backward()
    assert model.output_shape == (None, 3) and x.grad.eq(100).all()


def test_a_function_without_a_gradient_is_refused():
    with pytest.raises(ValueError, match=r"custom_gradient: lonely must return `\(outputs, grad_fn\)`"):
        ops.custom_gradient(lonely)(torch.ones(2))


def lonely(x):
    return x


def test_too_few_gradients():
    def f(x, y):
        return x * y, lambda *args, upstream: upstream

    x, y = torch.ones(2, requires_grad=True), torch.ones(2)
    with pytest.raises(ValueError, match=r"one gradient.*each of the 2 tensors that f takes. It returned 1"):
        ops.custom_gradient(f)(x, y).sum().backward()


def test_stop_gradient():
    x = torch.ones(2, requires_grad=True)
    (ops.stop_gradient(x) * x).sum().backward()
    assert x.grad.tolist() == [1, 1]
    assert not ops.stop_gradient(keras.Variable([1.0])).requires_grad


def test_jvp_goes_through_files():
    keras.saving.register_keras_serializable("jvp")(square)
    x = keras.Input((2,))
    model = keras.Model(x, ops.jvp(square, [x], [x]))
    again = keras.Model.from_config(model.get_config())
    value, derivative = again(np.array([[1.0, 3.0]], "float32"))
    assert value.tolist() == [[1, 9]] and derivative.tolist() == [[2, 18]]


def square(x):
    return x * x


def test_jvp_of_jvp_and_of_numbers():
    def slope(x):
        return ops.jvp(lambda y: y**3, [x], [torch.ones_like(x)])[1]

    value, curvature = ops.jvp(slope, [2.0], [1.0])
    assert value == 12 and curvature == 12
