"""`tf.audio`: WAV files of 16 bits."""

from __future__ import annotations

import io
import wave
from typing import NamedTuple

import numpy as np
import torch

from ._creation import given
from ._missing import getattr_of
from ._text import Raw

__all__ = ["decode_wav", "encode_wav"]
__getattr__ = getattr_of(__name__)


class DecodeWav(NamedTuple):
    """What `decode_wav` gives."""

    audio: torch.Tensor
    sample_rate: torch.Tensor


def decode_wav(contents, desired_channels=-1, desired_samples=-1, name=None) -> DecodeWav:
    """The samples in [-1, 1), shape (samples, channels), and how many there are per second.

    Args:
        contents: the bytes of the file.
        desired_channels: the file's own, or so many: the first ones, or the last one repeated.
        desired_samples: all, or so many: the rest is cut off, or zeros are put behind.

    Raises:
        ValueError: the file has not 16 bits per sample.
    """
    with wave.open(io.BytesIO(bytes(contents))) as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"Can only read 16-bit WAV files, but received {8 * file.getsampwidth()}")
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        rate = file.getframerate()
    made = torch.from_numpy(samples.astype(np.float32)) / 32768
    if desired_channels > 0:
        made = made[:, [min(i, made.shape[1] - 1) for i in range(desired_channels)]]
    if desired_samples >= 0:
        made = torch.nn.functional.pad(made[:desired_samples], (0, 0, 0, max(desired_samples - len(made), 0)))
    return DecodeWav(made, torch.tensor(rate, dtype=torch.int32))


def encode_wav(audio, sample_rate, name=None) -> Raw:
    """The bytes of a file with these samples, shape (samples, channels), in [-1, 1]."""
    samples, out = given(audio).cpu().numpy(), io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(int(sample_rate))
        file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
    return Raw(out.getvalue())
