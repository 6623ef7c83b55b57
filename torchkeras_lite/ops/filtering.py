"""Images seen through small windows: blurred, their edges, how alike two look."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from torchkeras_lite.ops.dispatch import Tensor, family, lifted
from torchkeras_lite.ops.pixels import as_given, axes_of, channels_first, check_rank, to_dtype
from torchkeras_lite.ops.windows import WHOLE, in_doubles

op = family("image")


def gaussian(size: int, sigma: float, like: Tensor) -> Tensor:
    """`size` weights of sum 1 around the middle, with the standard deviation `sigma`."""
    places = torch.arange(size, dtype=like.dtype, device=like.device) - (size - 1) / 2
    weights = torch.exp(-0.5 * (places / sigma).square())
    return weights / weights.sum()


def smoothed(x: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """(batch, channels, height, width) with each channel weighted by `down` along its height and `across` along its width.

    No zeros are put around. Two passes of n weights, instead of one of n * n.
    """
    channels = x.shape[1]
    x = F.conv2d(x, down.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)
    return F.conv2d(x, across.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)


def blurred(x: Tensor, kernel_size, sigma) -> Tensor:
    """(batch, channels, height, width) through a Gaussian window, width first in both pairs, with zeros around."""
    border = [part for size in kernel_size for part in ((size - 1) // 2, size // 2)]
    across, down = (gaussian(size, deviation, x) for size, deviation in zip(kernel_size, sigma, strict=True))
    return smoothed(F.pad(x, border), down, across)


@op("GaussianBlur")
def gaussian_blur(images, kernel_size=(3, 3), sigma=(1.0, 1.0), data_format=None):
    """Images through a Gaussian window, with zeros around. Of `kernel_size` and `sigma` the first is for the width, as in Keras
    on JAX, whatever Keras's description says."""
    if not isinstance(images, Tensor):
        return lifted(gaussian_blur, images, kernel_size, sigma, data_format)
    check_rank("gaussian_blur", images)
    axes = axes_of(data_format)
    x = channels_first(images if images.is_floating_point() else images.float(), axes)
    return to_dtype(as_given(blurred(x, kernel_size, sigma), images, axes), images.dtype)


@op("SobelEdges")
def sobel_edges(images, data_format=None):
    """How images change, down and across: (batch, height, width, channels, 2). Sobel's windows, with zeros around.

    A difference of the neighbours along one axis, smoothed by 1 2 1 along the other. Integers wrap around.
    """
    if not isinstance(images, Tensor):
        return lifted(sobel_edges, images, data_format)
    if images.ndim != 4:
        raise ValueError(f"sobel_edges: `images` must be a batch (4 axes). Received: images.shape={tuple(images.shape)}")
    if images.dtype in WHOLE:
        return in_doubles(sobel_edges, (images,), data_format)
    axes = axes_of(data_format)
    x = channels_first(images, axes)
    slope = torch.arange(-1, 2, dtype=x.dtype, device=x.device)
    down = torch.outer(slope, 2 - slope.abs())
    windows = torch.stack((down, down.T)).unsqueeze(1).repeat(x.shape[1], 1, 1, 1)
    edges = F.conv2d(x, windows, padding=1, groups=x.shape[1])  # for each channel two
    return torch.stack([as_given(each, images, axes) for each in (edges[:, ::2], edges[:, 1::2])], -1)


@op("SSIM", tensors=2)
def ssim(image1, image2, max_val=1.0, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, data_format=None):
    """Structural similarity of images with pixels in [0, max_val], at most 1: one number for each pair.

    The mean over Gaussian windows, and over the channels, of (2 m1 m2 + c1) (2 s12 + c2) / ((m1² + m2² + c1) (s1² + s2² + c2)),
    with means m, variances s² and c = (k * max_val)²: Wang et al. 2004, "Image quality assessment".
    """
    if not (isinstance(image1, Tensor) and isinstance(image2, Tensor)):
        return lifted(ssim, image1, image2, max_val, filter_size, filter_sigma, k1, k2, data_format)
    check_rank("ssim", image1, "image1")
    check_rank("ssim", image2, "image2")
    axes = axes_of(data_format)
    dtype = image1.dtype if image1.is_floating_point() else torch.float32
    a, b = (channels_first(image.to(dtype), axes) for image in (image1, image2))
    if a.shape[-2] < filter_size or a.shape[-1] < filter_size:
        raise ValueError(
            f"ssim: the images are smaller than the window. Received: image1.shape={tuple(image1.shape)}, "
            f"filter_size={filter_size}. Give a smaller `filter_size`."
        )
    window = gaussian(filter_size, filter_sigma, a)
    mean1, mean2, square1, square2, product = smoothed(torch.cat((a, b, a * a, b * b, a * b)), window, window).chunk(5)
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    both, squares = mean1 * mean2, mean1.square() + mean2.square()
    likeness = (2 * both + c1) * (2 * (product - both) + c2) / ((squares + c1) * (square1 + square2 - squares + c2))
    found = likeness.mean((1, 2, 3)).to(image1.dtype)
    return found if image1.ndim == 4 else found.squeeze(0)
