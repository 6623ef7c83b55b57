"""`tf.lookup`: tables from numbers or text to numbers or text."""

from __future__ import annotations

import numpy as np
import torch

from ._creation import given
from ._missing import getattr_of
from ._tensors import is_string, torch_dtype
from ._text import is_text, string_of, text

__all__ = ["KeyValueTensorInitializer", "StaticHashTable", "StaticVocabularyTable"]
__getattr__ = getattr_of(__name__)


def _plain(value) -> list:
    """The entries as Python's numbers and strings."""
    made = given(value)
    if not is_text(made):
        return made.reshape(-1).tolist()
    return [string_of(made)] if isinstance(made, (str, bytes)) else [string_of(one) for one in made.ravel().tolist()]


class KeyValueTensorInitializer:
    """What a table holds: as many keys as values."""

    def __init__(self, keys, values, key_dtype=None, value_dtype=None, name=None):
        made = given(values, None if value_dtype is None or is_string(value_dtype) else value_dtype)
        self.entries = dict(zip(_plain(keys), _plain(made), strict=True))
        self.value_dtype = "string" if is_text(made) else made.dtype


class StaticHashTable:
    """Finds the value of each key, and `default_value` for keys that it lacks."""

    def __init__(self, initializer, default_value, name=None, experimental_is_anonymous=False):
        self._entries, self._dtype = initializer.entries, initializer.value_dtype
        self._default = string_of(default_value) if is_string(self._dtype) else given(default_value).item()

    def lookup(self, keys, name=None):
        """A tensor (or text) of the shape of the keys."""
        keys = given(keys)
        shape = tuple(keys.shape)
        found = [self._of(key) for key in _plain(keys)]
        if is_string(self._dtype):
            return text(np.array([*found, None], dtype=object)[:-1].reshape(shape))
        return torch.tensor(found, dtype=torch_dtype(self._dtype)).reshape(shape)

    __getitem__ = lookup

    def _of(self, key):
        return self._entries.get(key, self._default)

    def size(self, name=None):
        return torch.tensor(len(self._entries), dtype=torch.int64)


class StaticVocabularyTable(StaticHashTable):
    """Finds the number of each key; keys that it lacks are spread over `num_oov_buckets` numbers behind the others."""

    def __init__(self, initializer, num_oov_buckets, lookup_key_dtype=None, name=None, experimental_is_anonymous=False):
        super().__init__(initializer, 0)
        self._buckets = int(num_oov_buckets)

    def _of(self, key):
        if key in self._entries:
            return self._entries[key]
        import zlib

        return len(self._entries) + zlib.crc32(str(key).encode()) % self._buckets
