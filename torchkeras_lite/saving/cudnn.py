"""Weights of CuDNNLSTM and CuDNNGRU, layers of Keras 2 that only GPUs ran, in the order and in the shapes of LSTM and GRU.

Both have the gates in Keras's order, but each gate's matrices the other way round, as cuDNN reads them; and a second bias,
which stands behind the first.
"""

from __future__ import annotations

import math

import numpy as np

CLASSES = {"CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU"}
SETTINGS = {  # what such a layer computed always
    "LSTM": {"activation": "tanh", "recurrent_activation": "sigmoid"},
    "GRU": {"activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": True},
}


def places(arrays) -> list[int]:
    """Where among the arrays of a layer the three of such a layer begin: their shapes are like no other's."""
    shapes = [tuple(one.shape) for one in arrays]
    return [i for i in range(len(shapes) - 2) if _gates(*shapes[i : i + 3])]


def _gates(kernel, recurrent, bias) -> int:
    """How many gates arrays of these shapes have, if they are cuDNN's; or 0."""
    if len(kernel) != 2 or len(recurrent) != 2 or len(bias) != 1 or not recurrent[0] or recurrent[1] % recurrent[0]:
        return 0
    gates = recurrent[1] // recurrent[0]
    return gates if gates in (3, 4) and kernel[1] == recurrent[1] and bias[0] == 2 * recurrent[1] else 0


def of_today(layer, arrays: list) -> list[np.ndarray]:
    """The arrays of a layer, with those of cuDNN's as today's. They are read only if the layer has room for them."""
    found = places(arrays)
    room = sum(math.prod(variable.shape) for variable in (*layer.trainable_weights, *layer.non_trainable_weights))
    if not found or sum(math.prod(one.shape) for one in arrays) > 2 * room:
        return arrays
    values = [np.asarray(one) for one in arrays]
    for i in found:
        kernel, recurrent, bias = values[i : i + 3]
        gates = recurrent.shape[1] // recurrent.shape[0]
        values[i] = np.hstack([part.ravel().reshape(part.shape[::-1]).T for part in np.hsplit(kernel, gates)])
        values[i + 1] = np.hstack([part.T for part in np.hsplit(recurrent, gates)])
        values[i + 2] = bias.reshape(2, -1) if gates == 3 else bias.reshape(2, -1).sum(0)
    return values
