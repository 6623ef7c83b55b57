"""Activations by themselves; compat/parity compares their values with Keras."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from torchkeras_lite import activations, ops


@pytest.mark.parametrize("axis", [-1, 0])
def test_sparsemax_is_a_distribution(axis):
    x = torch.tensor([[0.1, 0.3, 0.2, -1.0], [5.0, 0.0, 0.0, 4.9]])
    x = x if axis == -1 else x.T
    y = activations.sparsemax(x, axis=axis)
    torch.testing.assert_close(y.sum(axis), torch.ones(2))
    expected = torch.tensor([[0.7 / 3, 1.3 / 3, 1.0 / 3, 0.0], [0.55, 0.0, 0.0, 0.45]])
    torch.testing.assert_close(y, expected if axis == -1 else expected.T)
    double = x.double()[:1].requires_grad_() if axis == -1 else x.double()[:, :1].requires_grad_()
    assert torch.autograd.gradcheck(lambda t: activations.sparsemax(t, axis=axis), (double,))


def test_probabilities_remember_their_logits():
    x = torch.randn(3, 4)
    for function, kind in ((activations.softmax, "softmax"), (activations.sigmoid, "sigmoid")):
        y = function(x)
        assert y._keras_logits is x
        assert y._keras_activation == kind
    assert activations.softmax(x, axis=1)._keras_logits is x
    assert not hasattr(activations.softmax(x, axis=0), "_keras_logits")  # a loss would look along another axis


@pytest.mark.slow
def test_no_note_inside_a_compiled_graph():
    compiled = torch.compile(lambda x: activations.softmax(activations.relu(x)), backend="eager", fullgraph=True)
    y = compiled(torch.ones(2, 3))
    assert not hasattr(y, "_keras_logits")
    torch.testing.assert_close(y, torch.full((2, 3), 1 / 3))


def test_what_get_accepts():
    assert activations.get(None) is activations.linear
    assert activations.get("ReLU") is activations.relu
    assert activations.get("swish") is activations.silu is activations.swish
    layer = nn.ReLU()
    for torch_callable in (torch.relu, F.gelu, layer, np.tanh):
        assert activations.get(torch_callable) is torch_callable
    with pytest.raises(ValueError, match=r"Unknown activation function: 'rellu'\. Did you mean 'relu'"):
        activations.get("rellu")
    with pytest.raises(ValueError, match="activation function identifier: 3"):
        activations.get(3)


def test_numbers_and_arrays():
    assert activations.relu(-2.0).item() == 0.0
    np.testing.assert_allclose(activations.sigmoid(np.zeros(2, "float32")).cpu(), [0.5, 0.5])


def test_most_are_the_functions_of_ops():
    own = {"softmax", "sigmoid", "relu", "gelu"}  # with notes for losses, more arguments, another default
    for name in set(activations._table.objects) - own - {"mish", "linear", "exponential"}:
        assert activations.get(name) is getattr(activations, name) is getattr(ops, name)
    for name in own:
        assert activations.get(name) is getattr(activations, name) is not getattr(ops, name)
    assert [activations.serialize(function) for function in (ops.relu, ops.softmax, ops.tanh)] == ["relu", "softmax", "tanh"]


def test_what_is_no_tensor_leaves_no_note():
    assert not hasattr(activations.softmax([1.0, 2.0]), "_keras_logits")


def test_linear_gives_back_the_same_object():
    x = torch.ones(2)
    assert activations.linear(x) is x
