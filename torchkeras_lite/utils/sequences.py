"""Sequences of unequal length as one array."""

from __future__ import annotations

import numpy as np


def pad_sequences(sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre", value=0.0) -> np.ndarray:
    """Sequences as an array of shape (number of sequences, maxlen, ...): short ones are filled up, long ones cut.

    Args:
        sequences: lists or arrays; their entries may have a shape of their own.
        maxlen: None is the length of the longest.
        dtype: of the result; `object` for strings of any length.
        padding, truncating: `"pre"` or `"post"`, which end is filled or cut.
        value: what fills.

    Raises:
        ValueError: something is no sequence, or the entries of two sequences have different shapes.
    """
    for name, side in (("Truncating", truncating), ("Padding", padding)):
        if side not in ("pre", "post"):
            raise ValueError(f"{name} type {side!r} not understood: expected 'pre' or 'post'.")
    if not hasattr(sequences, "__len__"):
        raise ValueError("`sequences` must be iterable, a list of sequences.")
    for sequence in sequences:
        if not hasattr(sequence, "__len__"):
            raise ValueError(f"`sequences` must be a list of iterables. Found non-iterable: {sequence!r}")
    text = np.issubdtype(dtype, np.str_) or np.issubdtype(dtype, np.bytes_)
    if isinstance(value, str) and dtype is not object and not text:
        raise ValueError(
            f"`dtype` {dtype} is not compatible with `value` {value!r}: use `dtype=object` for strings of any length."
        )
    maxlen = max(map(len, sequences), default=0) if maxlen is None else maxlen
    entry = next((np.asarray(sequence).shape[1:] for sequence in sequences if len(sequence)), ())
    padded = np.full((len(sequences), maxlen, *entry), value, dtype=dtype)
    for i, sequence in enumerate(sequences):
        if not len(sequence) or not maxlen:
            continue
        kept = np.asarray(sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen], dtype=dtype)
        if kept.shape[1:] != entry:
            raise ValueError(
                f"The entries of sequence {i} have shape {kept.shape[1:]}, those of the first one {entry}: they must be alike."
            )
        padded[i, slice(len(kept)) if padding == "post" else slice(maxlen - len(kept), None)] = kept
    return padded
