"""What is measured: one row per workload.

A new workload is one entry of WORKLOADS: the data, the model written with the Keras names, and the same model written
by hand in torch. `import torch` stays out of the module body: the children time that import themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

PREDICT_BATCH = 32  # the default of Keras's predict
LARGE_BATCH = 1024  # what somebody in a hurry passes


@dataclass(frozen=True)
class Workload:
    """One model on one data set.

    rows: number of samples at scale 1. data(rows) gives (x, y) as numpy arrays. build_keras(keras) gives an uncompiled
    model, `keras` being any module that spells Keras. build_torch(torch) gives a hand_torch.Net. loss is Keras's word
    for it. calls: how many `fit(epochs=1)` are timed in a process. long: the epochs of the one longer `fit`.
    goal: fit may take this many times the hand-written epoch.
    """

    rows: int
    batch: int
    loss: str
    data: Callable[[int], tuple[np.ndarray, np.ndarray]]
    build_keras: Callable[[Any], Any]
    build_torch: Callable[[Any], Any]
    calls: int
    long: int
    goal: float


# ---------------------------------------------------------------------------------------------------------------- tiny
def tiny_data(rows):
    """Eight standardized columns and a yes/no answer, the size of the diabetes table of a thousand tutorials."""
    rng = np.random.default_rng(7)
    x = rng.standard_normal((rows, 8), dtype=np.float32)
    noise = rng.standard_normal(rows, dtype=np.float32)
    return x, (x @ rng.standard_normal(8, dtype=np.float32) + noise > 0).astype(np.float32)


def tiny_keras(keras):
    """Dense 12 relu - Dense 8 relu - Dense 1 sigmoid."""
    layers = keras.layers
    return keras.Sequential([
        layers.Input((8,)),
        layers.Dense(12, activation="relu"),
        layers.Dense(8, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ])


def tiny_torch(torch):
    """The same in two dozen torch calls a step.

    Written with addmm on (inputs, outputs) matrices, because F.linear adds a transpose to the graph for each layer and
    nn.Linear a module call on top: with matrices of 8 x 12 the calls are the whole cost (epoch x0.93 and x0.85).
    """
    from hand_torch import Net, glorot, one_vector

    addmm, relu = torch.addmm, torch.relu_
    vector, (w1, b1, w2, b2, w3, b3) = one_vector(
        [t for i, o in ((8, 12), (12, 8), (8, 1)) for t in (glorot(i, o), torch.zeros(o))]
    )
    # Reading through detached twins needs neither inference_mode nor no_grad: entering either costs a third of a row.
    u1, c1, u2, c2, u3, c3 = (p.detach() for p in (w1, b1, w2, b2, w3, b3))

    def train(x):
        return addmm(b3, relu(addmm(b2, relu(addmm(b1, x, w1)), w2)), w3)

    def infer(x):
        return addmm(c3, relu(addmm(c2, relu(addmm(c1, x, u1)), u2)), u3)

    return Net([vector], train, infer)


# ----------------------------------------------------------------------------------------------------------------- mlp
def mlp_data(rows):
    """The shape of MNIST, flattened: pixels in 0..1, ten classes that a linear teacher tells apart."""
    rng = np.random.default_rng(7)
    x = rng.random((rows, 784), dtype=np.float32)
    teacher = rng.standard_normal((784, 10), dtype=np.float32)
    # Centring the products instead of x: a centred copy of x would set the peak of the memory we are here to measure.
    return x, (x @ teacher - 0.5 * teacher.sum(0)).argmax(1)


def mlp_keras(keras):
    """Dense 512 relu - Dropout .2 - Dense 10 softmax."""
    layers = keras.layers
    return keras.Sequential([
        layers.Input((784,)),
        layers.Dense(512, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(10, activation="softmax"),
    ])


def mlp_torch(torch):
    """The same: two matrix products rule here, so only the dropout deserves care (see hand_torch.keep_mask)."""
    from hand_torch import Net, glorot, keep_mask

    linear = torch.nn.functional.linear
    w1, w2 = glorot(784, 512).t().contiguous(), glorot(512, 10).t().contiguous()
    b1, b2 = torch.zeros(512), torch.zeros(10)
    params = [t.requires_grad_() for t in (w1, b1, w2, b2)]
    u1, c1, u2, c2 = (p.detach() for p in params)

    def train(x):
        hidden = linear(x, w1, b1)
        # A mask of nonnegative factors commutes with relu; before it, both can work in place.
        return linear(hidden.mul_(keep_mask(hidden.shape, 0.2)).relu_(), w2, b2)

    def infer(x):
        return linear(linear(x, u1, c1).relu_(), u2, c2)

    return Net(params, train, infer)


WORKLOADS = {
    "tiny": Workload(
        rows=768, batch=10, loss="binary_crossentropy", data=tiny_data, build_keras=tiny_keras, build_torch=tiny_torch,
        calls=15, long=10, goal=1.3,
    ),
    "mlp": Workload(
        rows=60_000, batch=128, loss="sparse_categorical_crossentropy", data=mlp_data, build_keras=mlp_keras,
        build_torch=mlp_torch, calls=3, long=2, goal=1.05,
    ),
}
