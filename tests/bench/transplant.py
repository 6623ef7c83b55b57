"""The same weights in the hand-written models and in those that are spelled with Keras's names.

`hand(GIVEN, OUT)` writes the hand-written models' weights and the data to GIVEN (.npz). `contend(CONTENDER, GIVEN, OUT)`, or
`python transplant.py CONTENDER GIVEN OUT`, plants them into a contender's models. OUT (.npz) gets, for each workload, the
number of weights, the predictions and the loss of one epoch; and for resnet, where nothing in training is random, what the
model gives in training mode.
"""

import re
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "compat" / "bench"))

from workloads import WORKLOADS

ROWS = {"tiny": 400, "mlp": 640, "cnn": 256, "resnet": 64, "lstm": 128, "transformer": 128}
HEADS = 4


def hand(given, out):
    """Write what the hand-written models start from, and what they make of it."""
    import torch
    from hand_torch import HandWritten

    weights, result = {}, {}
    for name, rows in ROWS.items():
        runner = HandWritten(WORKLOADS[name])
        x, y = WORKLOADS[name].data(rows)
        params = [param.detach() for param in runner.net.params]
        if name == "tiny":  # one vector, in Keras's layout
            shapes = [(8, 12), (12,), (12, 8), (8,), (8, 1), (1,)]
            params = [part.view(s) for part, s in zip(params[0].split([np.prod(s) for s in shapes]), shapes, strict=True)]
        if name == "transformer":
            params = heads_apart(params)
        weights |= {f"{name}/{i}": param.numpy().copy() for i, param in enumerate(params)}
        weights |= {f"{name}/x": x, f"{name}/y": y}
        result[f"{name}/count"] = sum(param.numel() for param in params)
        result[f"{name}/predictions"] = runner.predict(x, 32)
        if name == "resnet":
            runner.net.mode(True)
            result[f"{name}/training"] = runner.head(runner.net.train(torch.from_numpy(x[:32]))).detach().numpy()
        result[f"{name}/loss"] = runner.fit(x, y)["loss"][0]
    np.savez(given, **weights)
    np.savez(out, **result)


def heads_apart(params):
    """Attention's weights as Keras has them: query, key and value by themselves, a matrix for each head."""
    table, inner, inner_bias, outer, outer_bias, *rest = params
    width = inner.shape[1]
    parts = []
    for matrix, bias in zip(inner.chunk(3), inner_bias.chunk(3), strict=True):
        parts += [matrix.T.reshape(width, HEADS, -1), bias.reshape(HEADS, -1)]
    return [table, *parts, outer.T.reshape(HEADS, -1, width), outer_bias, *rest]


def number(layer):
    """The place of a layer among those of its class, by which an automatic name ends."""
    found = re.search(r"_(\d+)$", layer.name)
    return int(found[1]) if found else 0


def in_order(model):
    """Layers with weights as the builder made them.

    A functional model sorts its layers by depth: there, convolutions take turns with normalizations, and Dense is last.
    """
    layers = [layer for layer in model.layers if layer.trainable_weights]
    if not any(type(layer).__name__ == "Conv2D" for layer in layers):
        return layers
    convs, norms, denses = (
        sorted((layer for layer in layers if type(layer).__name__ == kind), key=number)
        for kind in ("Conv2D", "BatchNormalization", "Dense")
    )
    return [layer for pair in zip(convs, norms, strict=True) for layer in pair] + denses if norms else layers


def keras_layout(array, shape):
    """A weight as Keras lays it out. The hand-written tiny has it so already."""
    if array.ndim == 4:
        return array.transpose(2, 3, 1, 0)
    return array if array.shape == tuple(shape) else array.T


def contend(contender, given, out):
    """Build, plant, predict, train."""
    from keras_like import KerasLike, load

    given, result, keras = np.load(given), {}, load(contender)
    for name in ROWS:
        x, y = given[f"{name}/x"], given[f"{name}/y"]
        runner = KerasLike(WORKLOADS[name], keras, contender)
        weights = [weight for layer in in_order(runner.model) for weight in layer.trainable_weights]
        for i, weight in enumerate(weights):
            weight.assign(keras_layout(given[f"{name}/{i}"], weight.shape))
        result[f"{name}/count"] = sum(int(np.prod(weight.shape)) for weight in weights)
        result[f"{name}/predictions"] = runner.predict(x, 32)
        if name == "resnet":
            result[f"{name}/training"] = runner.model(x[:32], training=True).detach().numpy()
        result[f"{name}/loss"] = runner.fit(x, y)["loss"][0]
    np.savez(out, **result)


if __name__ == "__main__":
    contend(*sys.argv[1:])
