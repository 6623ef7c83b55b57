"""mlp: the first network for MNIST, where two matrix products are the cost."""

import numpy as np


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


def mlp_modules(torch):
    """The same as PyTorch's own tutorials write it."""
    from hand_torch import from_module, start_like_keras

    nn = torch.nn
    return from_module(start_like_keras(
        nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, 10))
    ))  # fmt: skip


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
