"""The numbers that go into a comparison. No Keras is imported here: both backends read this."""

import numpy as np


def drawn(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def as_input(x):
    """A row's input: an array as it is, drawn floats for a shape, and a list of either for a list."""
    if isinstance(x, list):
        return [drawn(each, seed) if isinstance(each, tuple) else each for seed, each in enumerate(x)]
    return drawn(x) if isinstance(x, tuple) else x


def weights_like(layer):
    """A value for each weight of a layer: variances are positive, as they are in life."""
    values = [drawn(tuple(v.shape), seed) for seed, v in enumerate(layer.weights)]
    return [np.abs(value) + 0.5 if "var" in v.path else value for v, value in zip(layer.weights, values, strict=True)]


def factors(shape):
    """What an output is multiplied with before it is summed: other gradients than ones come in at the back."""
    return np.linspace(-1, 2, int(np.prod(shape)), dtype="float32").reshape(shape)


def label(row):
    """The name of a row, for test ids and records."""
    name, kwargs, x = row
    shown = ",".join(f"{key}={value.get('class_name') if isinstance(value, dict) else value}" for key, value in kwargs.items())
    inputs = "+".join(
        str(each if isinstance(each, tuple) else f"{each.dtype}{each.shape}") for each in (x if isinstance(x, list) else [x])
    )
    return f"{name}({shown})-{inputs}".replace(" ", "")
