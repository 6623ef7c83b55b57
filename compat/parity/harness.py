"""What the comparisons of layers with Keras have in common."""

import numpy as np
import pytest
import torch
from oracle import keras as real
from torch.utils import _pytree as pytree
from values import as_input, drawn, factors, label, weights_like

from torchkeras_lite import layers as mine

__all__ = ["as_input", "both", "config", "drawn", "equalize", "label", "mine", "pair", "real", "run", "same", "weights_like"]


def pair(name, kwargs, x=None):
    """Our layer and Keras's; built for `x`, if there is one, and with the same weights."""
    made = [getattr(library, name)(name="one", **kwargs) for library in (mine, real.layers)]
    if x is not None:
        made[0](x), made[1](x)
        equalize(*made)
    return made


def both(make, x):
    """`make(layers)` with either library's layers; built for `x` and with the same weights."""
    made = [make(library) for library in (mine, real.layers)]
    made[0](x), made[1](x)
    equalize(*made)
    return made


def equalize(ours, theirs):
    theirs.set_weights(weights_like(theirs))
    ours.set_weights([np.asarray(value, "float64") for value in theirs.get_weights()])


def run(layer, x, **kwargs):
    """All that a call and its backward pass leave: outputs, gradients, losses, mask, state."""
    tensors = [torch.tensor(each) for each in (x if isinstance(x, list) else [x])]
    for tensor in tensors:
        if tensor.is_floating_point():
            tensor.requires_grad_()
    layer.zero_grad()
    y = layer(tensors if isinstance(x, list) else tensors[0], **kwargs)
    penalties = sum((loss.sum() for loss in layer.losses), torch.zeros(()))
    if pytree.tree_any(lambda leaf: leaf.requires_grad, y) or penalties.requires_grad:
        weighted = (leaf * torch.from_numpy(factors(leaf.shape)).to(leaf) for leaf in pytree.tree_leaves(y))
        (sum(each.sum() for each in weighted) + penalties).backward()
    return {
        **_named("output", y),
        **_named("input gradient", [tensor.grad for tensor in tensors] if isinstance(x, list) else tensors[0].grad),
        "losses": penalties,
        "mask": getattr(y, "_keras_mask", None),
        **{f"gradient of {v.name}": v.value.grad for v in layer.weights},
        **{v.path: v.value for v in layer.weights},
    }


def _named(word, value):
    several = isinstance(value, (list, tuple))
    return {f"{word} {i}": each for i, each in enumerate(pytree.tree_leaves(value))} if several else {word: value}


def same(ours, theirs, rtol=1e-5, atol=1e-6, of_largest=0.0):
    """Compares what `run` returned. `of_largest` is a tolerance relative to a tensor's largest entry."""
    assert ours.keys() == theirs.keys()
    for key, expected in theirs.items():
        actual = ours[key]
        if (actual is None) != (expected is None) and "gradient" in key:  # no gradient, or one of zeros
            assert not (expected if actual is None else actual).any(), key
            continue
        assert (actual is None) == (expected is None), key
        if expected is not None:
            assert actual.dtype is expected.dtype, key
            actual, expected = actual.detach().numpy(), expected.detach().numpy()
            allowed = max(atol, of_largest * np.abs(expected).max(initial=0)) if of_largest else atol
            np.testing.assert_allclose(actual, expected, rtol=rtol, atol=allowed, err_msg=key, strict=True)


def config(layer):
    """The config without words of quantization; Keras hands back the strength of a penalty as float32 holds it."""
    words = layer.get_config()
    for word in words:
        if "regularizer" in word and words[word]:
            strengths = words[word]["config"]
            words[word]["config"] = {key: pytest.approx(value) for key, value in strengths.items()}
    return {word: value for word, value in words.items() if word != "quantization_config" and "lora" not in word}
