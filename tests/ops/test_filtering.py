"""Images seen through small windows: errors, and values where Keras has none. Others are compared in compat/parity/ops."""

import numpy as np
import pytest
import torch

from torchkeras_lite.ops.image import gaussian_blur, sobel_edges, ssim

X = torch.rand(2, 12, 13, 3)


def test_what_cannot_be():
    with pytest.raises(ValueError, match=r"gaussian_blur: `images` must be one image .*\(13, 3\)"):
        gaussian_blur(X[0, 0])
    with pytest.raises(ValueError, match=r"sobel_edges: `images` must be a batch \(4 axes\).*\(12, 13, 3\)"):
        sobel_edges(X[0])
    with pytest.raises(ValueError, match=r"ssim: `image2` must be one image .*\(13, 3\)"):
        ssim(X, X[0, 0])
    with pytest.raises(ValueError, match=r"smaller than the window.*\(2, 6, 13, 3\), filter_size=11.*smaller `filter_size`"):
        ssim(X[:, :6], X[:, :6])


def windows(x, size, sigma):
    """The Gaussian means of (batch, height, width, channels) that fit into it."""
    places = np.arange(size) - (size - 1) / 2
    weights = np.exp(-0.5 * (places / sigma) ** 2)
    weights = np.outer(weights, weights) / weights.sum() ** 2
    return np.einsum("bhwcij,ij->bhwc", np.lib.stride_tricks.sliding_window_view(x, (size, size), (1, 2)), weights)


def test_ssim_in_double_precision():
    a, b = 10 * X.double().numpy(), 10 * torch.rand(2, 12, 13, 3, dtype=torch.float64).numpy()
    mean1, mean2 = windows(a, 7, 1.5), windows(b, 7, 1.5)
    variance1, variance2 = windows(a * a, 7, 1.5) - mean1**2, windows(b * b, 7, 1.5) - mean2**2
    covariance = windows(a * b, 7, 1.5) - mean1 * mean2
    c1, c2 = (0.01 * 4) ** 2, (0.03 * 4) ** 2
    alike = (2 * mean1 * mean2 + c1) * (2 * covariance + c2)
    expected = (alike / ((mean1**2 + mean2**2 + c1) * (variance1 + variance2 + c2))).mean((1, 2, 3))
    np.testing.assert_allclose(ssim(torch.from_numpy(a), torch.from_numpy(b), 4, 7), expected, rtol=1e-10)


def test_an_image_is_like_itself():
    torch.testing.assert_close(ssim(X, X), torch.ones(2))
    assert (ssim(X, X.flip(1)) < 0.9).all()


def test_whole_numbers_are_blurred_too():
    x = (255 * X).to(torch.uint8)
    y = gaussian_blur(x, (3, 3), (1.0, 2.0))
    assert y.dtype is torch.uint8
    assert torch.equal(y, gaussian_blur(x.float(), (3, 3), (1.0, 2.0)).round().to(torch.uint8))


def test_the_data_format_is_the_usual_one():
    """Keras on torch takes None for channels_first, if nothing is symbolic."""
    assert torch.equal(gaussian_blur(X), gaussian_blur(X, data_format="channels_last"))
    assert not torch.allclose(gaussian_blur(X), gaussian_blur(X, data_format="channels_first"))
