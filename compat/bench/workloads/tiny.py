"""tiny: the table of a thousand tutorials, where calls are the whole cost."""

import numpy as np


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


def tiny_modules(torch):
    """The same as PyTorch's own tutorials write it."""
    from hand_torch import from_module, start_like_keras

    nn = torch.nn
    return from_module(start_like_keras(
        nn.Sequential(nn.Linear(8, 12), nn.ReLU(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 1))
    ))  # fmt: skip


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
