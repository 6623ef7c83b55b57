"""Sequences of unequal length."""

from torchkeras_lite.utils.sequences import pad_sequences

__all__ = ["pad_sequences"]
