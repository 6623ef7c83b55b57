"""Preparing data: what Keras still shows of its older helpers."""

from torchkeras_lite.preprocessing import image, sequence
