"""Fourier transforms, and complex numbers seen as pairs. Keras's transforms take and give `(real, imaginary)`."""

from __future__ import annotations

import torch
from torch.nn import functional

from torchkeras_lite import symbolic
from torchkeras_lite.ops.dispatch import INEXACT, Tensor, family, floated, lifted, to_tensor, together

op = family("math")


# ---------------------------------------------------------------- complex numbers


@op("ViewAsComplex")
def view_as_complex(x):
    """x[..., 0] + i x[..., 1], for x of shape (..., 2)."""
    if not isinstance(x, Tensor):
        return lifted(view_as_complex, x)
    if x.ndim < 1 or x.shape[-1] != 2:
        raise ValueError(f"view_as_complex: Last dimension of input must be size 2. Received shape: {tuple(x.shape)}")
    return torch.complex(*(x if x.dtype is torch.float64 else x.float()).unbind(-1))


@op("ViewAsReal")
def view_as_real(x):
    """(real, imaginary) along a new last axis."""
    if not isinstance(x, Tensor):
        return lifted(view_as_real, x)
    if not x.is_complex():
        return torch.stack((x, torch.zeros_like(x)), -1)
    return torch.view_as_real(x.resolve_conj())


_RANKS = {"fft2": 2, "ifft2": 2, "istft": 2}  # how many axes the transforms of more than one need


def _are_parts(x, axes: int = 1) -> bool:
    """Whether x is a pair of floating-point tensors of the same kind, with at least so many axes."""
    return (
        isinstance(x, (tuple, list))
        and len(x) == 2
        and isinstance(x[0], Tensor)
        and isinstance(x[1], Tensor)
        and x[0].dtype is x[1].dtype
        and x[0].is_floating_point()
        and x[0].shape == x[1].shape
        and x[0].ndim >= axes
    )


def _parts(function, x, *args):
    """`function` again on a pair that is as `_are_parts` wants it."""
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        name = function.__name__
        raise ValueError(f"{name}: Input `x` should be a tuple of two tensors, real part and imaginary part. Received: x={x!r}")
    drawn = symbolic.is_symbolic(x)
    parts = list(x) if drawn else together(x)
    if tuple(parts[0].shape) != tuple(parts[1].shape):
        raise ValueError(
            f"{function.__name__}: Both the real and imaginary parts should have the same shape. "
            f"Received: {tuple(parts[0].shape)} and {tuple(parts[1].shape)}"
        )
    least = _RANKS.get(function.__name__, 1)
    if len(parts[0].shape) < least:
        raise ValueError(f"{function.__name__}: Input should have rank >= {least}. Received: shape {tuple(parts[0].shape)}")
    if drawn:
        return symbolic.record(function, (parts, *args), {})
    if not parts[0].is_floating_point():
        raise ValueError(f"{function.__name__}: expected the parts of `x` to be floats: cast them. Received: {parts[0].dtype}")
    return function(parts, *args)


# ---------------------------------------------------------------- transforms


@op("FFT", listed=True)
def fft(x):
    """The discrete Fourier transform along the last axis, of a pair (real, imaginary); so is the result."""
    if not _are_parts(x):
        return _parts(fft, x)
    y = torch.fft.fft(torch.complex(*x))
    return y.real, y.imag


@op("FFT2", listed=True)
def fft2(x):
    """The discrete Fourier transform along the last two axes, of a pair (real, imaginary); so is the result."""
    if not _are_parts(x, 2):
        return _parts(fft2, x)
    y = torch.fft.fft2(torch.complex(*x))
    return y.real, y.imag


@op("IFFT2", listed=True)
def ifft2(x):
    """The inverse of `fft2`."""
    if not _are_parts(x, 2):
        return _parts(ifft2, x)
    y = torch.fft.ifft2(torch.complex(*x))
    return y.real, y.imag


@op("RFFT")
def rfft(x, fft_length=None):
    """The Fourier transform of real numbers along the last axis, cut off or filled up with zeros to `fft_length`.

    Returns a pair (real, imaginary) of shape (..., fft_length // 2 + 1): the other half is its mirror image.
    """
    if not isinstance(x, Tensor) or x.dtype not in INEXACT:
        return floated(rfft, x, fft_length)
    y = torch.fft.rfft(x, n=fft_length)
    return y.real, y.imag


@op("IRFFT", listed=True)
def irfft(x, fft_length=None):
    """The inverse of `rfft`: real numbers, `fft_length` of them (None: an even number)."""
    if not _are_parts(x):
        return _parts(irfft, x, fft_length)
    return torch.fft.irfft(torch.complex(*x), n=fft_length)


# ---------------------------------------------------------------- pieces of signals


@op("ExtractSequences")
def extract_sequences(x, sequence_length, sequence_stride):
    """Pieces of the last axis, one every `sequence_stride`: (..., pieces, sequence_length). What is left over is left out."""
    if not isinstance(x, Tensor):
        return lifted(extract_sequences, x, sequence_length, sequence_stride)
    return x.unfold(-1, sequence_length, sequence_stride)


@op("STFT")
def stft(x, sequence_length, sequence_stride, fft_length, window="hann", center=True):
    """Fourier transforms of pieces of the last axis: a pair (real, imaginary) of shape (..., pieces, fft_length // 2 + 1).

    Args:
        sequence_length, sequence_stride: how long a piece is, and how far from one to the next.
        fft_length: pieces are filled up with zeros to this length, on both sides.
        window: what pieces are multiplied with: `"hann"`, `"hamming"`, a tensor of `sequence_length` numbers, or None.
        center: the signal is reflected at both ends, so that the k-th piece has its middle at k * sequence_stride.

    Raises:
        TypeError: x is neither float32 nor float64.
        ValueError: a window, stride or `fft_length` that does not fit.
    """
    _expect_steps("stft", sequence_stride)
    if not isinstance(x, Tensor):
        return lifted(stft, x, sequence_length, sequence_stride, fft_length, window, center)
    if x.dtype not in (torch.float32, torch.float64):
        raise TypeError(f"stft: expected `float32` or `float64`. Received: {str(x.dtype).removeprefix('torch.')}")
    if fft_length < sequence_length:
        raise ValueError(
            f"stft: `fft_length` must equal or exceed `sequence_length`. Received: sequence_length={sequence_length}, "
            f"fft_length={fft_length}"
        )
    y = torch.stft(
        x.reshape(-1, x.shape[-1]),
        n_fft=fft_length,
        hop_length=sequence_stride,
        win_length=sequence_length,
        window=_window("stft", window, sequence_length, x),
        center=center,
        return_complex=True,
    )
    y = y.unflatten(0, x.shape[:-1]).mT if x.ndim > 1 else y[0].mT
    return y.real, y.imag


@op("ISTFT", listed=True)
def istft(x, sequence_length, sequence_stride, fft_length, length=None, window="hann", center=True):
    """The inverse of `stft`: the signal (..., samples) whose transforms the pair `x` holds. See there for the arguments.

    Args:
        length: how many samples; None: as many as there are.
    """
    _expect_steps("istft", sequence_stride)
    if not _are_parts(x, 2):
        return _parts(istft, x, sequence_length, sequence_stride, fft_length, length, window, center)
    real = x[0]
    window = None if window is None else _window("istft", window, sequence_length, real)
    batch = real.shape[:-2]
    if window is not None and center and sequence_length == fft_length:
        pieces = torch.complex(*x).reshape(-1, *real.shape[-2:]).mT
        signal = torch.istft(pieces, fft_length, sequence_stride, sequence_length, window, center, length=length)
        return signal.reshape(*batch, -1)
    pieces = torch.fft.irfft(torch.complex(*x), n=fft_length).reshape(-1, real.shape[-2], fft_length)
    if window is not None:
        pieces = pieces * _inverse(window, sequence_stride, fft_length)
    samples = (real.shape[-2] - 1) * sequence_stride + fft_length
    signal = functional.fold(pieces.mT, (1, samples), (1, fft_length), stride=(1, sequence_stride))  # pieces overlap and add up
    signal = signal.reshape(*batch, samples)
    start = fft_length // 2 if center else 0
    return signal[..., start : start + length if length is not None else samples - start]


def _expect_steps(name, sequence_stride):
    if not isinstance(sequence_stride, int) or sequence_stride <= 0:
        raise ValueError(f"{name}: `sequence_stride` must be a positive integer. Received: sequence_stride={sequence_stride!r}")


_WINDOWS = {"hann": torch.hann_window, "hamming": torch.hamming_window}


def _window(name, window, sequence_length, x):
    if window is None:
        return x.new_ones(sequence_length)
    if isinstance(window, str):
        if window not in _WINDOWS:
            raise ValueError(f"{name}: If a string is passed to `window`, it must be 'hann' or 'hamming'. Received: {window!r}")
        return _WINDOWS[window](sequence_length, periodic=True, dtype=x.dtype, device=x.device)
    window = to_tensor(window, x.dtype, x.device)
    if window.shape != (sequence_length,):
        raise ValueError(
            f"{name}: The shape of `window` must be equal to ({sequence_length},), which is `sequence_length`. Received: "
            f"{tuple(window.shape)}"
        )
    return window


def _inverse(window, sequence_stride, fft_length):
    """What undoes a window where pieces overlap: itself by the sum of the squares of all that cover a place."""
    before = (fft_length - window.shape[0]) // 2
    window = functional.pad(window, (before, fft_length - window.shape[0] - before))
    turns = -(-fft_length // sequence_stride)
    squares = functional.pad(window.square(), (0, turns * sequence_stride - fft_length))
    return window / squares.view(turns, sequence_stride).sum(0).repeat(turns)[:fft_length]
