"""What a PyTorch user finds inside a layer: torch's own modules, in torch's own layout."""

import copy
import io

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from torchkeras_lite import layers, models

X = torch.linspace(-1, 2, 24).reshape(6, 4)


def test_dense_holds_a_linear():
    layer = layers.Dense(3, activation="tanh")
    y = layer(X)
    assert type(layer.linear) is nn.Linear
    assert list(layer.state_dict()) == ["linear.weight", "linear.bias"]
    assert layer.linear.weight.shape == (3, 4) and layer.kernel.shape == (4, 3)
    torch.testing.assert_close(y, torch.tanh(F.linear(X, layer.linear.weight, layer.linear.bias)))
    kernel = np.arange(12.0, dtype="float32").reshape(4, 3)
    layer.set_weights([kernel, np.ones(3)])
    np.testing.assert_array_equal(layer.linear.weight.detach(), kernel.T)
    assert layer.linear.weight.is_contiguous()
    bare = layers.Dense(3, use_bias=False)
    bare(X)
    assert list(bare.state_dict()) == ["linear.weight"]
    assert bare.linear.bias is None and bare.bias is None


def test_a_dense_without_activation_is_its_linear():
    layer = layers.Dense(3)
    assert torch.equal(layer(X), layer.linear(X))


def test_embedding_holds_an_embedding():
    layer = layers.Embedding(5, 3)
    y = layer(torch.tensor([[0, 4], [2, 2]]))
    assert type(layer.embedding) is nn.Embedding
    assert list(layer.state_dict()) == ["embedding.weight"]
    assert layer.embeddings.value is layer.embedding.weight
    assert torch.equal(y[1, 0], layer.embedding.weight[2])


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ((6, 4), nn.BatchNorm1d),
        ((6, 3, 4), nn.BatchNorm1d),
        ((2, 3, 3, 4), nn.BatchNorm2d),
        ((2, 3, 3, 2, 4), nn.BatchNorm3d),
    ],
)
def test_batch_normalization_holds_torchs(shape, kind):
    layer = layers.BatchNormalization(momentum=0.9, epsilon=0.01)
    x = torch.randn(shape)
    layer(x, training=True)
    norm = layer.norm
    assert type(norm) is kind
    assert (norm.eps, norm.momentum) == (0.01, pytest.approx(0.1))
    assert list(layer.state_dict()) == ["norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"]
    assert [name for name, _ in layer.named_parameters()] == ["norm.weight", "norm.bias"]
    # The module inside, given torch's order of the axes, does in inference what the layer does.
    norm.eval()
    torch.testing.assert_close(layer(x), norm(x.movedim(-1, 1)).movedim(1, -1))


def test_batch_normalization_without_gamma_and_beta():
    layer = layers.BatchNormalization(center=False, scale=False)
    layer(X)
    assert list(layer.state_dict()) == ["norm.running_mean", "norm.running_var"]
    assert not list(layer.parameters())


def test_images_stay_channels_last_in_memory():
    layer = layers.BatchNormalization()
    x = torch.randn(2, 5, 5, 3)
    for training in (False, True):
        assert layer(x, training=training).is_contiguous()


def test_state_dicts_name_layers_of_a_sequential_by_position():
    chain = [layers.Dense(3), layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(1)]
    model = models.Sequential([layers.Input((4,)), *chain])
    assert list(model.state_dict()) == [
        "0.linear.weight", "0.linear.bias",
        "1.norm.weight", "1.norm.bias", "1.norm.running_mean", "1.norm.running_var",
        "3.linear.weight", "3.linear.bias",
    ]  # fmt: skip
    twin = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3, eps=1e-3), nn.Dropout(0.5), nn.Linear(3, 1)).eval()
    flat = {name.replace("linear.", "").replace("norm.", ""): tensor for name, tensor in model.state_dict().items()}
    twin.load_state_dict(flat)
    torch.testing.assert_close(model(X), twin(X))


@pytest.mark.parametrize("assign", [False, True])
def test_load_state_dict(assign):
    first, second = layers.Dense(3), layers.Dense(3)
    first(X), second(X)
    second.load_state_dict({name: tensor.clone() for name, tensor in first.state_dict().items()}, assign=assign)
    np.testing.assert_array_equal(second.kernel.numpy(), first.kernel.numpy())
    assert torch.equal(second(X), first(X))
    second.kernel.assign(np.zeros((4, 3)))
    assert not second.linear.weight.any() and first.linear.weight.any()


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Dense(3, "relu"),
        lambda: layers.BatchNormalization(),
        lambda: layers.Dropout(0.5, seed=3),
        lambda: layers.Reshape((2, 2)),
        lambda: layers.Softmax(),
        lambda: layers.Rescaling([1.0, 2.0, 3.0, 4.0]),
    ],
)
def test_copies_and_pickles(make):
    layer = make()
    y = layer(X, training=True)
    buffer = io.BytesIO()
    torch.save(layer, buffer)
    buffer.seek(0)
    for other in (copy.deepcopy(layer), torch.load(buffer, weights_only=False)):
        assert torch.equal(other(X), layer(X))
        assert other.get_config() == layer.get_config()
        for a, b in zip(other.parameters(), layer.parameters(), strict=True):
            assert a is not b
        if isinstance(layer, layers.Dropout):
            assert torch.equal(other(X, training=True), y)  # the sequence of masks begins anew


def test_gradients_in_the_layout_of_keras():
    layer = layers.Dense(3)
    layer(X).square().sum().backward()
    assert layer.kernel.value.grad.shape == (4, 3)
    assert torch.equal(layer.kernel.value.grad, layer.linear.weight.grad.T)
    assert layer.bias.value.grad is layer.linear.bias.grad


def test_layers_among_torch_modules():
    net = nn.Sequential(nn.Linear(4, 5), layers.Dense(3), layers.BatchNormalization(), nn.ReLU())
    net(X)
    assert "1.linear.weight" in net.state_dict()
    net.train()
    before = net[2].norm.running_mean.clone()
    net(X)
    assert not torch.equal(before, net[2].norm.running_mean)
    net.eval()
    before = net[2].norm.running_mean.clone()
    net(X)
    assert torch.equal(before, net[2].norm.running_mean)


def test_hooks_work_on_every_layer():
    for layer in (layers.Dense(3), layers.Dropout(0.5), layers.BatchNormalization(), layers.Flatten()):
        layer(X)
        seen = []
        handle = layer.register_forward_hook(lambda module, args, output: seen.append(output.shape))  # noqa: B023
        y = layer(X)
        handle.remove()
        layer(X)
        assert seen == [y.shape]


def test_running_statistics_in_half_precision_inputs():
    layer = layers.BatchNormalization()
    y = layer(X.half(), training=True)
    assert y.dtype is torch.float32
    assert layer.norm.running_mean.dtype is torch.float32


def test_a_torch_module_in_a_wrapper():
    inner = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5))
    layer = layers.TorchModuleWrapper(inner, name="mine")
    assert [v.path for v in layer.weights] == ["mine/module/0/weight", "mine/module/0/bias"]
    assert not inner[1].training  # it takes over the layer's flag
    torch.testing.assert_close(layer(X), inner[0](X))
    assert (layer(X, training=True) == 0).any() and not inner[1].training
    layer.trainable = False
    assert not inner[0].weight.requires_grad
    layer.trainable = True
    assert inner[0].weight.requires_grad
    with pytest.raises(TypeError, match=r"torch\.nn\.Module.*lambda"):
        layers.TorchModuleWrapper(lambda x: x)
    assert layer.get_config().keys() >= {"name", "module", "output_shape"}  # files of it: tests/saving/test_torch_modules.py
