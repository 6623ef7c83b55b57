"""Fourier transforms, and complex numbers seen as pairs."""

import numpy as np
from values import drawn

from ops.harness import DTYPES, over_dtypes, row

X, PAIR = drawn((2, 8)), (drawn((2, 8)), drawn((2, 8), 1))
IMAGES = (drawn((2, 4, 6)), drawn((2, 4, 6), 1))
SIGNAL = drawn((2, 50))
# Pieces of a signal of 48 samples: transforms of length 16, one every 8 samples.
PIECES = (drawn((2, 7, 9)), drawn((2, 7, 9), 1))
WINDOW = np.linspace(0.5, 1, 16).tolist()
FLOATS = ("float32", "float64")
COMPLEX = drawn((3, 2))[:, 0] + 1j * drawn((3, 2))[:, 1].astype("float64")

ROWS = [
    row("view_as_complex", drawn((3, 4, 2))),
    row("view_as_complex", [1.0, 2.0]).but(symbolic=False, config=False),  # nothing to draw
    row("view_as_complex", np.array([[1, 2], [3, 4]])),
    row("view_as_real", drawn((3, 4)) + 1j * drawn((3, 4), 1)),
    row("view_as_real", X).but(expected=np.stack([X, 0 * X], -1)),  # as on JAX; torch's imag refuses
    *over_dtypes("view_as_complex", drawn((3, 2)), dtypes=DTYPES[:-1]),
    # Its complex64 would cut the digits of float64 off. (In a model, Keras gives complex128 itself.)
    *(one.but(expected=COMPLEX) for one in over_dtypes("view_as_complex", drawn((3, 2)), dtypes=DTYPES[-1:])),
    row("extract_sequences", X, 3, 2),
    row("extract_sequences", X, sequence_length=8, sequence_stride=1),
    row("extract_sequences", drawn((9,)), 4, 4),
    row("extract_sequences", drawn((2, 3, 9)), 2, 3),
    *over_dtypes("extract_sequences", X, 3, 2),
    row("fft", PAIR),
    row("fft", list(PAIR)),
    row("fft", (drawn((5,)), drawn((5,), 1))),
    *over_dtypes("fft", PAIR, dtypes=FLOATS),
    row("fft2", IMAGES),
    row("ifft2", IMAGES),
    row("rfft", X),
    row("rfft", X, 6),
    row("rfft", X, fft_length=11),
    row("rfft", drawn((2, 3, 7))),
    *over_dtypes("rfft", X, dtypes=("int32", "int64", *FLOATS)),
    row("irfft", PAIR),
    row("irfft", PAIR, 9),
    row("irfft", PAIR, fft_length=20),
    *over_dtypes("irfft", PAIR, dtypes=FLOATS),
    row("stft", SIGNAL, 16, 8, 16),
    row("stft", SIGNAL, 10, 4, 16),
    row("stft", SIGNAL, 11, 4, 16, "hamming"),
    row("stft", SIGNAL, 16, 8, 16, window=None),
    row("stft", SIGNAL, 16, 8, 16, WINDOW),
    row("stft", SIGNAL, 16, 5, 17, center=False),
    row("stft", drawn((50,)), 16, 8, 16),
    row("stft", drawn((2, 3, 50)), 16, 8, 16),
    *over_dtypes("stft", SIGNAL, 16, 8, 16, dtypes=FLOATS),
    row("istft", PIECES, 16, 8, 16),
    row("istft", PIECES, 16, 8, 16, length=40),
    row("istft", PIECES, 16, 8, 16, window="hamming"),
    row("istft", PIECES, 16, 8, 16, window=None),
    row("istft", PIECES, 16, 8, 16, window=WINDOW),
    row("istft", PIECES, 16, 8, 16, center=False, window="hamming"),
    row("istft", PIECES, 12, 4, 16),
    row("istft", PIECES, 13, 4, 16, window="hamming", center=False),
    row("istft", PIECES, 12, 4, 16, 30),
    row("istft", (drawn((7, 9)), drawn((7, 9), 1)), 16, 8, 16).but(symbolic=None),  # open pieces are no signal
    row("istft", (drawn((2, 3, 7, 9)), drawn((2, 3, 7, 9), 1)), 16, 8, 16),
    row("istft", (drawn((2, 3, 7, 9)), drawn((2, 3, 7, 9), 1)), 12, 4, 16),
    *over_dtypes("istft", PIECES, 16, 8, 16, dtypes=FLOATS),
]
