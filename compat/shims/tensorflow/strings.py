"""`tf.strings`: functions of text, string by string. Patterns are Python's; lengths count bytes, unless told otherwise."""

from __future__ import annotations

import re

import numpy as np
import torch

from torchkeras_lite.layers.hashes import fingerprint

from ._creation import given
from ._missing import getattr_of
from ._tensors import torch_dtype
from ._text import Text, Texts, each, is_text, objects, string_of, text
from .ragged import RaggedTensor

__all__ = [
    "as_string", "bytes_split", "format", "join", "length", "lower", "reduce_join", "regex_full_match", "regex_replace",
    "split", "strip", "substr", "to_hash_bucket_fast", "to_number", "unicode_decode", "unicode_encode",
    "unicode_split", "unicode_transcode", "upper",
]  # fmt: skip
__getattr__ = getattr_of(__name__)


def lower(input, encoding="", name=None):
    return each(str.lower, input)


def upper(input, encoding="", name=None):
    return each(str.upper, input)


def strip(input, name=None):
    return each(str.strip, input)


def regex_replace(input, pattern, rewrite, replace_global=True, name=None):
    """Every match (or the first one) replaced; `\\1` in `rewrite` is the first group, `\\0` all of the match.

    Where `rewrite` asks for a group that the pattern does not have, nothing is replaced.
    """
    found, rewrite = re.compile(string_of(pattern)), re.sub(r"\\0", r"\\g<0>", string_of(rewrite))
    if any(int(group) > found.groups for group in re.findall(r"\\([1-9])", rewrite)):
        return each(str, input)
    return each(lambda one: found.sub(rewrite, one, count=0 if replace_global else 1), input)


def regex_full_match(input, pattern, name=None):
    """Whether the pattern fits the whole string."""
    found = re.compile(string_of(pattern))
    return _numbers(lambda one: found.fullmatch(one) is not None, input, torch.bool)


def _numbers(function, input, dtype):
    """`function` of each string, as a tensor."""
    if isinstance(input, RaggedTensor):
        return RaggedTensor(_numbers(function, row, dtype) for row in input)
    array = objects(input)
    made = [function(string_of(one)) for one in array.ravel().tolist()]
    return torch.tensor(made, dtype=dtype).reshape(array.shape)


def length(input, unit="BYTE", name=None):
    """How many bytes, or with `unit="UTF8_CHAR"` letters."""
    return _numbers(lambda one: len(one.encode() if unit == "BYTE" else one), input, torch.int32)


def to_number(input, out_type="float32", name=None):
    """The numbers that are written there. ValueError where it is none."""
    dtype = torch_dtype(out_type)
    return _numbers(float if dtype.is_floating_point else int, input, dtype)


def as_string(input, precision=-1, scientific=False, shortest=False, width=-1, fill="", name=None):
    """Numbers as text; floats with `precision` digits behind the point (6)."""
    if is_text(input):
        return text(input)
    values = given(input)
    kind = "e" if scientific else "g" if shortest else "f"
    layout = (fill or "") + (str(width) if width > 0 else "")
    if values.is_floating_point():
        layout += f".{6 if precision < 0 else precision}{kind}"

    def written(value) -> str:
        return ("true" if value else "false") if isinstance(value, bool) else builtin_format(value, layout)

    if values.ndim == 0:
        return Text(written(values.item()))
    return Texts(np.array([written(value) for value in values.reshape(-1).tolist()], dtype=object).reshape(tuple(values.shape)))


builtin_format = format


def format(template, inputs, placeholder="{}", summarize=3, name=None):
    """The template with the inputs in the places of `{}`."""
    inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    parts = template.split(placeholder)
    if len(parts) != len(inputs) + 1:
        raise ValueError(f"There are {len(parts) - 1} placeholders in the template, and {len(inputs)} inputs.")
    shown = [str(one.tolist()) if hasattr(one, "tolist") else str(one) for one in inputs]
    return Text("".join(part + one for part, one in zip(parts, [*shown, ""], strict=True)))


def substr(input, pos, len, unit="BYTE", name=None):
    """The part from `pos` (counted from the end, if negative) on, at most `len` long."""
    pos, count = int(pos), int(len)

    def part(one: str) -> str:
        whole = one.encode() if unit == "BYTE" else one
        start = pos if pos >= 0 else max(pos + whole.__len__(), 0)
        found = whole[start : start + count]
        return found.decode(errors="replace") if unit == "BYTE" else found

    return each(part, input)


def join(inputs, separator="", name=None):
    """The strings of several tensors put together, place by place."""
    return each(lambda *parts: separator.join(parts), *inputs)


def reduce_join(inputs, axis=None, keepdims=False, separator="", name=None):
    """The strings along an axis (None: all) put together."""
    if isinstance(inputs, list) and inputs and axis in (-1, 1) and all(isinstance(row, np.ndarray) for row in inputs):
        made = [reduce_join(row, keepdims=keepdims, separator=separator) for row in inputs]  # of unequal length
        return Texts(np.stack(made)) if keepdims else Texts(np.array([*made, None], dtype=object)[:-1])
    array = objects(inputs)
    if axis is None:
        made = separator.join(map(string_of, array.ravel().tolist()))
        return Texts(np.full((1,) * array.ndim, made, dtype=object)) if keepdims else Text(made)
    rows = np.moveaxis(array, axis, -1)
    made = Texts(np.empty(rows.shape[:-1], dtype=object))
    for place in np.ndindex(*rows.shape[:-1]):
        made[place] = separator.join(map(string_of, rows[place].tolist()))
    return Texts(np.expand_dims(made, axis)) if keepdims else text(made)


# ---------------------------------------------------------------- into parts


def _parts(function, input):
    """The parts of one string as Texts; of a row of strings, a list of them, as their numbers differ."""
    if isinstance(input, (str, bytes)) or objects(input).ndim == 0:
        return Texts(np.array([*function(string_of(text(input))), None], dtype=object)[:-1])
    return RaggedTensor(_parts(function, one) for one in objects(input))


def split(input, sep=None, maxsplit=-1, name=None):
    """The parts between separators, by default between blanks: Texts for one string, a list of Texts for several."""
    sep = None if sep is None or string_of(sep) == "" else string_of(sep)
    return _parts(lambda one: one.split(sep, maxsplit), input)


def unicode_split(input, input_encoding="UTF-8", errors="replace", replacement_char=65533, name=None):
    """The letters: Texts for one string, a list of Texts for several."""
    return _parts(list, input)


def bytes_split(input, name=None):
    """The bytes: Texts for one string, a list of Texts for several."""
    return _parts(lambda one: [one.encode()[i : i + 1] for i in range(len(one.encode()))], input)


def unicode_decode(input, input_encoding="UTF-8", errors="replace", replacement_char=65533, name=None):
    """The numbers of the letters: a tensor for one string, a list of tensors for several."""
    if isinstance(input, (str, bytes)) or objects(input).ndim == 0:
        raw = objects(input)[()]
        letters = raw.decode(input_encoding, errors) if isinstance(raw, bytes) else raw
        return torch.tensor(list(map(ord, letters)), dtype=torch.int32)
    return RaggedTensor(unicode_decode(one, input_encoding, errors) for one in objects(input))


def unicode_encode(input, output_encoding, errors="replace", replacement_char=65533, name=None):
    """The strings whose letters have these numbers, along the last axis. A list of tensors gives a string for each."""
    if isinstance(input, (list, tuple)) and any(hasattr(row, "__len__") for row in input):
        return Texts(np.array([*(unicode_encode(row, output_encoding) for row in input), None], dtype=object)[:-1])
    numbers = given(input)
    if numbers.ndim > 1:
        return text(np.stack([objects(unicode_encode(row, output_encoding)) for row in numbers]))
    letters = "".join(map(chr, numbers.tolist()))
    return Text(letters) if output_encoding == "UTF-8" else text(letters.encode(output_encoding))


def unicode_transcode(input, input_encoding, output_encoding, errors="replace", replacement_char=65533, name=None):
    """The same letters in another encoding."""
    array = objects(input)
    made = [
        (one.decode(input_encoding, errors) if isinstance(one, bytes) else one).encode(output_encoding, errors)
        for one in array.ravel().tolist()
    ]
    out = np.empty(len(made), dtype=object)
    out[:] = made
    return text(out.reshape(array.shape))


def to_hash_bucket_fast(input, num_buckets, name=None):
    """A number below `num_buckets` for each string, always the same: FarmHash's fingerprint, as TensorFlow takes it."""
    return _numbers(lambda one: fingerprint(one.encode()) % int(num_buckets), input, torch.int64)
