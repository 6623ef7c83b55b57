"""`tf.string`: text, which torch's tensors cannot hold. One string is a Python string, more are a numpy array of them.

Both answer what scripts ask of TensorFlow's tensors (`numpy()` gives bytes, `shape`, `dtype`), and go on being what Python and
numpy know.
"""

from __future__ import annotations

import numpy as np

from ._tensors import TensorShape
from .dtypes import string


class _Scalar:
    is_text_tensor = True
    shape, dtype, ndim = TensorShape(), string, 0

    def get_shape(self) -> TensorShape:
        return self.shape


class Text(_Scalar, str):
    """A string without axes."""

    def __getitem__(self, index):
        return Texts([str(self)]) if index is None else super().__getitem__(index)

    def numpy(self) -> bytes:
        return self.encode()


class Raw(_Scalar, bytes):
    """Bytes without axes: the contents of a file."""

    def numpy(self) -> bytes:
        return bytes(self)


class Texts(np.ndarray):
    """An array of strings."""

    is_text_tensor = True

    def __new__(cls, values):
        return np.asarray(values, dtype=object).view(cls)

    @property
    def shape(self) -> TensorShape:
        return TensorShape(np.ndarray.shape.__get__(self))

    def numpy(self) -> np.ndarray:
        """The strings as bytes."""
        return np.array([_bytes(each) for each in self.ravel().tolist()] + [None], dtype=object)[:-1].reshape(self.shape)

    def get_shape(self) -> TensorShape:
        return self.shape

    def __getitem__(self, index):
        if hasattr(index, "tolist"):
            index = index.tolist()
        found = super().__getitem__(index)
        return text(found) if isinstance(found, (str, bytes)) else found

    def __iter__(self):
        return (self[i] for i in range(len(self)))


def _bytes(value) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def string_of(value) -> str:
    """A Python string out of a string or bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)


def is_text(value) -> bool:
    """Whether this is text: strings, bytes, or lists and arrays of them."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (str, bytes)) or (isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "OUS")


def text(value):
    """Text, Raw or Texts of anything that is text."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = np.ndarray.__getitem__(value, ())
    if isinstance(value, (Text, Raw, Texts)):
        return value
    if isinstance(value, str):
        return Text(value)
    return Raw(value) if isinstance(value, bytes) else Texts(value)


def objects(value) -> np.ndarray:
    """Text as an array of Python's strings and bytes."""
    return np.asarray(bytes(value) if isinstance(value, bytes) else value, dtype=object)  # numpy takes Raw for a buffer


def each(function, *values):
    """`function` of one string of each of the values, which broadcast: Text for strings, Texts for arrays."""
    if all(isinstance(value, (str, bytes)) for value in values):
        return text(function(*map(string_of, values)))
    arrays = np.broadcast_arrays(*map(objects, values))
    made = [function(*map(string_of, row)) for row in zip(*(array.ravel().tolist() for array in arrays), strict=True)]
    return _shaped(made, arrays[0].shape)


def _shaped(made: list, shape) -> Texts:
    out = np.empty(len(made), dtype=object)
    out[:] = made
    return Texts(out.reshape(shape))
