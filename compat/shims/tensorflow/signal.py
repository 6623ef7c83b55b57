"""`tf.signal`: Fourier transforms, frames, windows and the mel scale."""

from __future__ import annotations

import math

import torch

from torchkeras_lite import config

from ._creation import given
from ._missing import getattr_of
from ._tensors import torch_dtype

__all__ = [
    "dct", "fft", "fft2d", "fft3d", "fftshift", "frame", "hamming_window", "hann_window", "idct", "ifft", "ifft2d", "ifft3d",
    "ifftshift", "inverse_stft", "inverse_stft_window_fn", "irfft", "irfft2d", "linear_to_mel_weight_matrix",
    "mfccs_from_log_mel_spectrograms", "overlap_and_add", "rfft", "rfft2d", "stft",
]  # fmt: skip
__getattr__ = getattr_of(__name__)

# ---------------------------------------------------------------- transforms


def fft(input, name=None):
    return torch.fft.fft(given(input))


def ifft(input, name=None):
    return torch.fft.ifft(given(input))


def fft2d(input, name=None):
    return torch.fft.fft2(given(input))


def ifft2d(input, name=None):
    return torch.fft.ifft2(given(input))


def fft3d(input, name=None):
    return torch.fft.fftn(given(input), dim=(-3, -2, -1))


def ifft3d(input, name=None):
    return torch.fft.ifftn(given(input), dim=(-3, -2, -1))


def rfft(input_tensor, fft_length=None, name=None):
    return torch.fft.rfft(given(input_tensor), None if fft_length is None else int(_first(fft_length)))


def irfft(input_tensor, fft_length=None, name=None):
    return torch.fft.irfft(given(input_tensor), None if fft_length is None else int(_first(fft_length)))


def rfft2d(input_tensor, fft_length=None, name=None):
    return torch.fft.rfft2(given(input_tensor), None if fft_length is None else tuple(map(int, fft_length)))


def irfft2d(input_tensor, fft_length=None, name=None):
    return torch.fft.irfft2(given(input_tensor), None if fft_length is None else tuple(map(int, fft_length)))


def _first(value):
    return value[0] if isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) else value


def fftshift(x, axes=None, name=None):
    return torch.fft.fftshift(given(x), axes)


def ifftshift(x, axes=None, name=None):
    return torch.fft.ifftshift(given(x), axes)


def _cosines(n, **where):
    places = torch.arange(n, **where)
    return torch.cos(math.pi / n * (places[:, None] + 0.5) * places)  # (place, frequency)


def dct(input, type=2, n=None, axis=-1, norm=None, name=None):
    """The cosine transform of the second kind along the last axis; with `norm="ortho"` its inverse is its transpose."""
    x = given(input)
    if type != 2 or axis != -1:
        raise NotImplementedError("tf.signal.dct is here for type=2 along the last axis. Use scipy.fft.dct for the others.")
    size = x.shape[-1] if n is None else int(n)
    x = torch.nn.functional.pad(x, (0, size - x.shape[-1]))
    found = 2 * (x @ _cosines(size, dtype=x.dtype, device=x.device))
    return found * _ortho(size, found) if norm == "ortho" else found


def _ortho(n, like):
    scale = torch.full((n,), math.sqrt(1 / (2 * n)), dtype=like.dtype, device=like.device)
    scale[0] = math.sqrt(1 / (4 * n))
    return scale


def idct(input, type=2, n=None, axis=-1, norm=None, name=None):
    """The inverse of `dct(norm="ortho")`; without a norm, 2 n times the inverse of `dct`."""
    x = given(input)
    if type != 2 or axis != -1 or n is not None:
        raise NotImplementedError("tf.signal.idct is here for type=2 along the last axis. Use scipy.fft.idct for the others.")
    size = x.shape[-1]
    cosines = _cosines(size, dtype=x.dtype, device=x.device)
    if norm == "ortho":
        return 2 * ((x * _ortho(size, x)) @ cosines.T)
    weights = torch.full((size,), 2.0, dtype=x.dtype, device=x.device)
    weights[0] = 1.0
    return (x * weights) @ cosines.T


# ---------------------------------------------------------------- windows and frames


def hann_window(window_length, periodic=True, dtype="float32", name=None):
    return torch.hann_window(int(window_length), bool(periodic), dtype=torch_dtype(dtype), device=config.get_device())


def hamming_window(window_length, periodic=True, dtype="float32", name=None):
    return torch.hamming_window(int(window_length), bool(periodic), dtype=torch_dtype(dtype), device=config.get_device())


def frame(signal, frame_length, frame_step, pad_end=False, pad_value=0, axis=-1, name=None):
    """Pieces of the signal along a new axis behind `axis`; `pad_end`: the last ones too, filled up."""
    x, length, step = given(signal).movedim(axis, -1), int(frame_length), int(frame_step)
    if pad_end:
        count = -(-x.shape[-1] // step)
        x = torch.nn.functional.pad(x, (0, max((count - 1) * step + length - x.shape[-1], 0)), value=pad_value)
    if x.shape[-1] < length:
        made = x.new_zeros((*x.shape[:-1], 0, length))
    else:
        made = x.unfold(-1, length, step)
    return made if axis in (-1, x.ndim - 1) else made.movedim((-2, -1), (axis % x.ndim, axis % x.ndim + 1))


def overlap_and_add(signal, frame_step, name=None):
    """The sum of frames, each `frame_step` further than the one before: what `frame` is undone with."""
    x, step = given(signal), int(frame_step)
    count, length = x.shape[-2:]
    total = (count - 1) * step + length
    places = (torch.arange(count, device=x.device)[:, None] * step + torch.arange(length, device=x.device)).reshape(-1)
    return x.new_zeros((*x.shape[:-2], total)).index_add(-1, places, x.flatten(-2))


def stft(signals, frame_length, frame_step, fft_length=None, window_fn=hann_window, pad_end=False, name=None):
    """The Fourier transform of each frame: complex, shape (..., frames, fft_length // 2 + 1)."""
    x, length = given(signals), int(frame_length)
    size = 2 ** math.ceil(math.log2(length)) if fft_length is None else int(fft_length)
    frames = frame(x, length, frame_step, pad_end)
    if window_fn is not None:
        frames = frames * window_fn(length, dtype=x.dtype).to(x.device)
    return torch.fft.rfft(frames, size)


def inverse_stft(stfts, frame_length, frame_step, fft_length=None, window_fn=hann_window, name=None):
    """The signal of these frames. Exact with `window_fn=inverse_stft_window_fn(frame_step)`."""
    x, length = given(stfts), int(frame_length)
    size = 2 ** math.ceil(math.log2(length)) if fft_length is None else int(fft_length)
    frames = torch.fft.irfft(x, size)[..., :length]
    frames = torch.nn.functional.pad(frames, (0, length - frames.shape[-1]))
    if window_fn is not None:
        frames = frames * window_fn(length, dtype=frames.dtype).to(frames.device)
    return overlap_and_add(frames, frame_step)


def inverse_stft_window_fn(frame_step, forward_window_fn=hann_window, name=None):
    """The window with which `inverse_stft` undoes `stft`."""
    step = int(frame_step)

    def window(frame_length, dtype):
        forward = forward_window_fn(frame_length, dtype=dtype)
        squares = torch.nn.functional.pad(forward.square(), (0, -frame_length % step)).reshape(-1, step)
        sums = squares.sum(0, keepdim=True).expand(len(squares), -1).reshape(-1)[:frame_length]
        return forward / sums

    return window


# ---------------------------------------------------------------- the mel scale


def _mel(hertz):
    return 1127.0 * torch.log1p(hertz / 700.0)


def linear_to_mel_weight_matrix(num_mel_bins=20, num_spectrogram_bins=129, sample_rate=8000, lower_edge_hertz=125.0,
                                upper_edge_hertz=3800.0, dtype="float32", name=None):  # fmt: skip
    """Triangles on the mel scale: shape (num_spectrogram_bins, num_mel_bins), to multiply spectrograms with from the right."""
    where = {"dtype": torch.float64, "device": "cpu"}
    bins = _mel(torch.linspace(0.0, float(sample_rate) / 2, int(num_spectrogram_bins), **where)[1:])[:, None]
    edges = torch.tensor([float(lower_edge_hertz), float(upper_edge_hertz)], **where)
    edges = torch.linspace(*_mel(edges).tolist(), int(num_mel_bins) + 2, **where)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    heights = torch.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)).clamp(min=0)
    return torch.nn.functional.pad(heights, (0, 0, 1, 0)).to(config.get_device(), torch_dtype(dtype))  # the constant has none


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms, name=None):
    """The cosine transform of log mel spectrograms: HTK's coefficients."""
    x = given(log_mel_spectrograms)
    return dct(x) / math.sqrt(2.0 * x.shape[-1])
