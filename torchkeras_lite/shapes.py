"""Shapes as users give them: tuples, lists and dicts of them, with or without the batch axis."""

from __future__ import annotations

from torchkeras_lite import symbolic


def first_shape(kwargs: dict):
    """The full input shape out of the arguments that say it, which are taken out of `kwargs`."""
    batch = kwargs.pop("batch_size", None)
    for key in ("batch_input_shape", "batch_shape"):
        if kwargs.get(key) is not None:
            return as_shape(kwargs.pop(key))
        kwargs.pop(key, None)
    dim, shape = kwargs.pop("input_dim", None), kwargs.pop("input_shape", None)
    if dim is not None:
        return (batch, int(dim))
    if shape is not None:
        return (batch, *(as_shape(shape) if hasattr(shape, "__iter__") else (int(shape),)))
    return None


def as_shape(shape):
    if isinstance(shape, dict):
        return {key: as_shape(value) for key, value in shape.items()}
    if shape is None or isinstance(shape, int):
        return shape
    if any(isinstance(size, (list, tuple)) for size in shape):
        return [as_shape(size) for size in shape]
    return tuple(None if size is None else int(size) for size in shape)


def any_rows(shape):
    """The shape (or shapes) with None in front."""
    if isinstance(shape, dict):
        return {key: any_rows(value) for key, value in shape.items()}
    if isinstance(shape, (list, tuple)) and any(isinstance(size, (list, tuple)) for size in shape):
        return type(shape)(any_rows(value) for value in shape)
    return (None, *shape[1:]) if shape else shape


def tensors_of_shape(shape, dtype):
    """KerasTensors for a shape, or for a list, tuple or dict of shapes."""
    if isinstance(shape, dict):
        return {key: tensors_of_shape(value, dtype) for key, value in shape.items()}
    if isinstance(shape, (list, tuple)) and any(isinstance(size, (list, tuple)) for size in shape):
        return [tensors_of_shape(value, dtype) for value in shape]
    return symbolic.KerasTensor(shape, dtype)
