"""What the functions on images share: which axes are what, and how numbers become pixels again."""

from __future__ import annotations

import torch

from torchkeras_lite import config


def axes_of(data_format: str | None) -> tuple[int, int, int]:
    """Where an image has its height, width and channels, counted from the end: with and without a batch in front."""
    return (-3, -2, -1) if config.standardize_data_format(data_format) == "channels_last" else (-2, -1, -3)


def check_rank(function: str, images: torch.Tensor, name: str = "images") -> None:
    if images.ndim not in (3, 4):
        raise ValueError(
            f"{function}: `{name}` must be one image or a batch of them. Invalid {name} rank: expected rank 3 or 4. Received: "
            f"{name}.shape={tuple(images.shape)}"
        )


def channels_first(images: torch.Tensor, axes: tuple[int, int, int]) -> torch.Tensor:
    """A view (batch, channels, height, width) of images, or of one, whose height, width and channels lie along `axes`."""
    x = images if axes[2] == -3 else images.movedim(-1, -3)
    return x if images.ndim == 4 else x.unsqueeze(0)


def as_given(x: torch.Tensor, images: torch.Tensor, axes: tuple[int, int, int]) -> torch.Tensor:
    """Turns what was made of `channels_first(images, axes)` into the axes that `images` have."""
    x = x if images.ndim == 4 else x.squeeze(0)
    return x if axes[2] == -3 else x.movedim(-3, -1)


def to_dtype(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Computed numbers in the dtype of the pixels: integers are rounded (half to even), and stay in their range."""
    if x.dtype is dtype:
        return x
    if dtype.is_floating_point:
        return x.to(dtype)
    if dtype is torch.bool:
        return x > 0
    limits = torch.iinfo(dtype)
    return x.round().clamp(limits.min, limits.max).to(dtype)
