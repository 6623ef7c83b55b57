"""`tensorflow.python.ops.weights_broadcast_ops`: weights made as large as what they weigh."""

from ._creation import given


def assert_broadcastable(weights, values) -> None:
    """Raises ValueError unless `weights` is one number, or of the rank of `values` and in each axis of its size or of 1."""
    weights, values = given(weights), given(values)
    fits = weights.ndim == values.ndim and all(a in (1, b) for a, b in zip(weights.shape, values.shape, strict=True))
    if weights.ndim and not fits:
        raise ValueError(f"Weights of shape {tuple(weights.shape)} do not go with values of shape {tuple(values.shape)}.")


def broadcast_weights(weights, values):
    """The weights in the shape and dtype of `values`."""
    assert_broadcastable(weights, values)
    weights, values = given(weights), given(values)
    return weights.to(values.dtype).expand(values.shape)
