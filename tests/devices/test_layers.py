"""Every layer on another device than the CPU: the same numbers, and nothing that lies elsewhere."""

import numpy as np
import pytest
import torch
from rows import JAX_ROWS, ROWS
from torch.utils import _pytree as pytree
from values import as_input, label

from torchkeras_lite import config, layers

pytestmark = pytest.mark.slow
ALL = ROWS + JAX_ROWS


def tensors(structure):
    return [leaf for leaf in pytree.tree_leaves(structure) if isinstance(leaf, torch.Tensor)]


def run(layer, x, place):
    """All that a call with training leaves, and a call without."""
    found = {}
    for training in (True, False):
        torch.manual_seed(3)
        given = [torch.as_tensor(one).to(place) for one in (x if isinstance(x, list) else [x])]
        for one in given:
            if one.is_floating_point():
                one.requires_grad_()
        y = layer(given if isinstance(x, list) else given[0], training=training)
        loss = sum(
            (leaf.float() * torch.arange(leaf.numel(), device=leaf.device).view(leaf.shape).sin()).sum()
            for leaf in tensors(y)
            if leaf.is_floating_point()
        )
        loss = loss + sum(one.sum() for one in layer.losses)
        layer.zero_grad()
        if isinstance(loss, torch.Tensor) and loss.requires_grad:
            loss.backward()
        found |= {
            f"{training} {name}": value
            for name, value in [
                *((f"output {i}", leaf) for i, leaf in enumerate(tensors(y))),
                *(
                    (f"mask {i}", leaf)
                    for i, leaf in enumerate(tensors([getattr(one, "_keras_mask", None) for one in tensors(y)]))
                ),
                *((f"gradient of input {i}", one.grad) for i, one in enumerate(given)),
                *((f"gradient of {v.name}", v.raw.grad) for v in layer.trainable_weights),
                *((f"state {v.path}", v.raw.clone()) for v in layer.weights),
            ]
        }
    return found


def on_both(name, kwargs, x):
    """The layer on each of the two devices, with the same weights."""
    found = []
    for place in ("cpu", "simulated:0"):
        with config.device(place):
            torch.manual_seed(0)
            layer = getattr(layers, name)(name="one", **kwargs)
            layer(x)
        found.append((layer, place))
    (one, _), (other, _) = found
    other.set_weights(one.get_weights())
    return found


@pytest.mark.parametrize(("name", "kwargs", "x"), ALL, ids=map(label, ALL))
def test_a_layer(device, name, kwargs, x):
    x = as_input(x)
    found = on_both(name, kwargs, x)
    same(*(run(layer, x, place) for layer, place in found))


def same(expected, actual):
    assert expected.keys() == actual.keys()
    for key, value in expected.items():
        if value is None:
            assert actual[key] is None, key
            continue
        assert actual[key].device.type == "simulated", key
        np.testing.assert_allclose(actual[key].detach().cpu(), value.detach(), rtol=1e-4, atol=1e-5, err_msg=key)


QUANTIZED = [
    ("Dense", {"units": 5}, np.ones((20, 6), "float32")),
    ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 2, 3)}, np.ones((2, 3, 6), "float32")),
    ("EinsumDense", {"equation": "abc,bd->adc", "output_shape": (4, 5), "bias_axes": "d"}, np.ones((2, 6, 5), "float32")),
    ("Embedding", {"input_dim": 9, "output_dim": 5}, np.arange(6).reshape(2, 3)),
]


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
@pytest.mark.parametrize("row", QUANTIZED, ids=["dense", "heads", "einsum", "embedding"])
def test_few_bits(device, row, mode):
    name, kwargs, x = row
    if (name, mode) == ("Embedding", "float8"):
        pytest.skip("an Embedding has no products")
    found = on_both(name, kwargs, x)
    for layer, place in found:
        with config.device(place):
            layer.quantize(mode)
            if mode != "float8":
                torch.manual_seed(1)
                layer.enable_lora(2, a_initializer="ones", b_initializer="ones")
    same(*(run(layer, x, place) for layer, place in found))
