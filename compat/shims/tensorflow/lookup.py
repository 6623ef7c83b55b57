"""`tf.lookup`: tables from numbers or text to numbers or text."""

from __future__ import annotations

import numpy as np
import torch

from ._creation import given
from ._missing import getattr_of
from ._tensors import is_string, torch_dtype
from ._text import is_text, string_of, text

__all__ = ["KeyValueTensorInitializer", "StaticHashTable", "StaticVocabularyTable", "TextFileIndex", "TextFileInitializer"]
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


class TextFileIndex:
    """What of a line is a key or a value: all of it, or its number; a column where a number from zero on is given."""

    WHOLE_LINE, LINE_NUMBER = -2, -1


class TextFileInitializer(KeyValueTensorInitializer):
    """What a table holds, a pair in each line of a file.

    Args:
        key_index, value_index: a column of the line, or one of TextFileIndex.
        vocab_size: how many lines count (None: all).
    """

    def __init__(
        self, filename, key_dtype, key_index, value_dtype, value_index, vocab_size=None, delimiter="\t", name=None,
        value_index_offset=0,
    ):  # fmt: skip
        with open(string_of(filename), encoding="utf-8") as stream:
            lines = stream.read().splitlines()[:vocab_size]

        def column(index, dtype, offset=0):
            if index == TextFileIndex.LINE_NUMBER:
                return [number + offset for number in range(len(lines))]
            found = lines if index == TextFileIndex.WHOLE_LINE else [line.split(delimiter)[index] for line in lines]
            number = str if is_string(dtype) else float if torch_dtype(dtype).is_floating_point else int
            return [number(one) for one in found]

        values = column(value_index, value_dtype, value_index_offset)
        super().__init__(column(key_index, key_dtype), values, key_dtype, value_dtype)


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
