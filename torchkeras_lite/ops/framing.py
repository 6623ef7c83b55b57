"""Images with other edges: borders around them, edges cut off, patches cut out."""

from __future__ import annotations

from torch.nn import functional as F

from torchkeras_lite import config
from torchkeras_lite.ops.dispatch import Tensor, family, lifted
from torchkeras_lite.ops.pixels import axes_of, check_rank
from torchkeras_lite.ops.windows import padding_named, same_padding, spread

op = family("image")


# ---------------------------------------------------------------- borders


@op("PadImages")
def pad_images(
    images,
    top_padding=None,
    left_padding=None,
    bottom_padding=None,
    right_padding=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Zeros around images. Of top, bottom and target height two are given, the third follows; so for the width."""
    if not isinstance(images, Tensor):
        return lifted(
            pad_images,
            images,
            top_padding,
            left_padding,
            bottom_padding,
            right_padding,
            target_height,
            target_width,
            data_format,
        )
    check_rank("pad_images", images)
    axes = axes_of(data_format)
    height, width = images.shape[axes[0]], images.shape[axes[1]]
    amounts = {"top_padding": top_padding, "bottom_padding": bottom_padding, "target_height": target_height}
    top, bottom = _ends("pad_images", amounts, lambda target: target - height)
    amounts = {"left_padding": left_padding, "right_padding": right_padding, "target_width": target_width}
    left, right = _ends("pad_images", amounts, lambda target: target - width)
    border = (left, right, top, bottom)
    return F.pad(images, border if axes[2] == -3 else (0, 0, *border))


@op("CropImages")
def crop_images(
    images,
    top_cropping=None,
    left_cropping=None,
    bottom_cropping=None,
    right_cropping=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """A view without the edges. Of top, bottom and target height two are given, the third follows; so for the width."""
    if not isinstance(images, Tensor):
        return lifted(
            crop_images,
            images,
            top_cropping,
            left_cropping,
            bottom_cropping,
            right_cropping,
            target_height,
            target_width,
            data_format,
        )
    check_rank("crop_images", images)
    axes = axes_of(data_format)
    height, width = images.shape[axes[0]], images.shape[axes[1]]
    amounts = {"top_cropping": top_cropping, "bottom_cropping": bottom_cropping, "target_height": target_height}
    top, bottom = _ends("crop_images", amounts, lambda target: height - target)
    amounts = {"left_cropping": left_cropping, "right_cropping": right_cropping, "target_width": target_width}
    left, right = _ends("crop_images", amounts, lambda target: width - target)
    if top + bottom > height or left + right > width:
        raise ValueError(
            f"crop_images: more is cut off than there is. Received: images.shape={tuple(images.shape)}, "
            f"top={top}, bottom={bottom}, left={left}, right={right}"
        )
    return images.narrow(axes[0], top, height - top - bottom).narrow(axes[1], left, width - left - right)


def _ends(function, amounts, room) -> tuple[int, int]:
    """The amounts added or taken before and after, out of two of three.

    Args:
        amounts: name and value of the amount before, of that after, and of the target size.
        room: what both amounts come to, if there is a target.
    """
    before, after, target = amounts.values()
    if (before, after, target).count(None) != 1:
        raise ValueError(f"{function}: Must specify exactly two of {', '.join(amounts)}. Received: {amounts}")
    if before is None:
        before = room(target) - after
    elif after is None:
        after = room(target) - before
    if before < 0 or after < 0 or (target or 0) < 0:
        raise ValueError(
            f"{function}: {' and '.join(f'{name} must be >= 0' for name in amounts)}. Received: {amounts}, which makes "
            f"{before} before and {after} after"
        )
    return before, after


# ---------------------------------------------------------------- patches


@op("ExtractPatches")
def extract_patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Patches of `size` (a number, or one for each axis; three for volumes), every `strides` (None: side by side).

    (batch, height, width, channels) becomes (batch, rows, columns, patch height * patch width * channels), with and without the
    batch in front. `padding="same"` puts zeros around, so that there are size / strides patches, rounded up.
    """
    if not isinstance(images, Tensor):
        return lifted(extract_patches, images, size, strides, dilation_rate, padding, data_format)
    if not isinstance(size, (int, tuple, list)):
        raise TypeError(f"extract_patches: Expected an int or a tuple for `size`. Received: size={size!r} of type {type(size)}")
    if not isinstance(size, int) and len(size) not in (2, 3):
        raise ValueError(f"extract_patches: `size` must have 2 numbers, or 3 for volumes. Received: size={size!r}")
    rank = 2 if isinstance(size, int) else len(size)
    return _patches("extract_patches", images, rank, size, strides, dilation_rate, padding, data_format)


def extract_patches_3d(volumes, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """As `extract_patches`, of volumes (batch, depth, height, width, channels); a number for `size` means all three axes."""
    size = (size,) * 3 if isinstance(size, int) else size
    if not isinstance(volumes, Tensor):
        return extract_patches(volumes, size, strides, dilation_rate, padding, data_format)
    if len(size) != 3:
        raise TypeError(f"extract_patches_3d: `size` must be an integer or 3 of them. Received: size={size!r}")
    return _patches("extract_patches_3d", volumes, 3, size, strides, dilation_rate, padding, data_format)


def _patches(function, x, rank, size, strides, dilation_rate, padding, data_format):
    if x.ndim not in (rank + 1, rank + 2):
        raise ValueError(
            f"{function}: with size={size!r} the input must have {rank + 1} axes, or {rank + 2} with a batch. "
            f"Received: an input of shape {tuple(x.shape)}"
        )
    size = spread(size, rank, "size", function)
    strides = spread(strides, rank, "strides", function) if strides else size
    dilations = spread(dilation_rate, rank, "dilation_rate", function)
    first = config.standardize_data_format(data_format) == "channels_first"
    if first:
        x = x.movedim(-rank - 1, -1)
    lead = x.ndim - rank - 1
    axes = list(zip(range(lead, lead + rank), size, strides, dilations, strict=True))
    if padding_named(padding, function) == "same":
        pads = [same_padding(x.shape[axis], *window) for axis, *window in axes]
        x = F.pad(x, [0, 0, *(amount for pair in reversed(pads) for amount in pair)])
    for axis, extent, stride, dilation in axes:
        window = (extent - 1) * dilation + 1
        if x.shape[axis] < window:
            raise ValueError(
                f"{function}: the patches are larger than the input. Received: an input of shape {tuple(x.shape)}, "
                f"size={size}, dilation_rate={dilations}. Make them smaller, or say padding='same'."
            )
        x = x.unfold(axis, window, stride)[..., ::dilation]  # the entries of a patch lie last
    channels = lead + rank
    x = x.movedim(channels, -1).flatten(channels)  # (batch, *places, channels, *size) -> (batch, *places, size and channels)
    return x.movedim(-1, lead) if first else x
