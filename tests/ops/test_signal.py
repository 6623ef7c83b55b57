import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torchkeras_lite as keras
from torchkeras_lite import ops

X = torch.randn(2, 32, generator=torch.Generator().manual_seed(0))
PAIR_FUNCTIONS = [ops.fft, ops.fft2, ops.ifft2, ops.irfft, lambda x: ops.istft(x, 4, 2, 4)]
STEPS = (8, 4, 8)


@pytest.mark.parametrize("f", PAIR_FUNCTIONS)
def test_pairs_are_expected(f):
    with pytest.raises(ValueError, match="`x` should be a tuple of two tensors"):
        f(X)
    for kind in (torch.zeros, keras.KerasTensor):
        with pytest.raises(
            ValueError, match=r"real and imaginary parts should have the same shape. Received: \(2, 3\) and \(2, 4\)"
        ):
            f((kind((2, 3)), kind((2, 4))))
    with pytest.raises(ValueError, match=r"expected the parts of `x` to be floats"):
        f((np.zeros((2, 3), int), np.zeros((2, 3), int)))


def test_the_parts_meet_in_one_dtype():
    real, imaginary = ops.fft((X.double(), X))
    assert real.dtype is imaginary.dtype is torch.float64


def test_view_as_complex_wants_pairs():
    with pytest.raises(ValueError, match=r"view_as_complex: Last dimension.*\(2, 3\)"):
        ops.view_as_complex(torch.ones(2, 3))


def test_views_undo_each_other():
    z = torch.complex(X, X.flip(0))
    assert ops.view_as_complex(ops.view_as_real(z)).equal(z)
    assert ops.view_as_real(z.conj()).equal(torch.stack((z.real, -z.imag), -1))


def test_bad_settings():
    for f, x in ((ops.stft, X), (ops.istft, (X, X))):
        with pytest.raises(ValueError, match=r"`sequence_stride` must be a positive integer. Received: sequence_stride=0"):
            f(x, 8, 0, 8)
        with pytest.raises(ValueError, match=r"shape of `window` must be equal to \(8,\)"):
            f(x, 8, 4, 62, window=torch.ones(7))
        with pytest.raises(ValueError, match=r"must be 'hann' or 'hamming'. Received: 'flat'"):
            f(x, 8, 4, 62, window="flat")
    with pytest.raises(ValueError, match="`fft_length` must equal or exceed `sequence_length`"):
        ops.stft(X, 8, 4, 6)
    with pytest.raises(TypeError, match=r"stft: expected `float32` or `float64`. Received: int64"):
        ops.stft(X.long(), 8, 4, 8)


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 40), st.integers(0, 9))
def test_rfft_and_back(size, seed):
    x = torch.from_numpy(np.random.default_rng(seed).normal(size=(3, size)))
    torch.testing.assert_close(ops.irfft(ops.rfft(x), size), x)


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from([(16, 4, 16), (16, 8, 16), (12, 4, 16), (16, 4, 20)]),
    st.sampled_from(["hann", "hamming"]),
    st.integers(0, 9),
)
def test_stft_and_back(steps, window, seed):
    x = torch.from_numpy(np.random.default_rng(seed).normal(size=(2, 3, 64)))
    back = ops.istft(ops.stft(x, *steps, window=window), *steps, length=64, window=window)
    torch.testing.assert_close(back[..., 16:48], x[..., 16:48])  # at the ends, fewer pieces overlap


def test_open_batches():
    x = keras.Input((32,))
    real, imaginary = ops.stft(x, *STEPS)
    assert real.shape == imaginary.shape == (None, 9, 5)
    model = keras.Model(x, ops.istft((real, imaginary), *STEPS))
    assert model.output_shape == (None, 32)
    torch.testing.assert_close(model(X), X)


def test_pieces_are_no_copies():
    assert ops.extract_sequences(X, 4, 2).data_ptr() == X.data_ptr()


def test_too_few_axes():
    row, matrices = torch.ones(4), torch.ones(2, 3)
    for f, args in ((ops.fft2, ()), (ops.ifft2, ()), (ops.istft, STEPS)):
        with pytest.raises(ValueError, match="rank >= 2"):
            f((row, row), *args)
    with pytest.raises(ValueError, match="rank >= 2"):
        ops.fft2((keras.KerasTensor((4,)), keras.KerasTensor((4,))))
    assert ops.fft2((matrices, matrices))[0].shape == (2, 3)
