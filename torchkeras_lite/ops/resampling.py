"""Images in another size: the nearest pixel, or weighted sums of the pixels around."""

from __future__ import annotations

import functools

import torch
from torch.nn import functional as F

from torchkeras_lite.ops.dispatch import Tensor, family, lifted, to_tensor
from torchkeras_lite.ops.pixels import as_given, axes_of, channels_first, check_rank, to_dtype
from torchkeras_lite.symbolic import is_symbolic

op = family("image")

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


# ---------------------------------------------------------------- weights


def _linear(distance):
    return (1 - distance).clamp(min=0)


def _cubic(distance):
    """Cubic convolution with a = -0.5: Keys 1981, "Cubic convolution interpolation for digital image processing".

    torch's "bicubic" without `antialias` has a = -0.75 and repeats the edge.
    """
    near = (1.5 * distance - 2.5) * distance.square() + 1
    far = ((2.5 - 0.5 * distance) * distance - 4) * distance + 2
    return torch.where(distance < 1, near, torch.where(distance < 2, far, 0.0))


def _lanczos(distance, radius):
    return torch.where(distance < radius, torch.sinc(distance) * torch.sinc(distance / radius), 0.0)


_KERNELS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear"), _linear),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), _cubic),
    "lanczos3": functools.partial(_lanczos, radius=3),
    "lanczos5": functools.partial(_lanczos, radius=5),
}


def _weights(size, new_size, scale, shift, method, antialias):
    """The matrix (new_size, size) that resamples an axis: entry j lies at (j + 0.5) * scale + shift, in new entries.

    Weights that would fall off the edge are shared out among the others. `antialias` widens the kernel where the axis shrinks,
    so that every old entry counts. New entries whose middle lies outside are zero.
    """
    places = {"dtype": scale.dtype, "device": scale.device}
    middles = (torch.arange(new_size, **places) + 0.5 - shift) / scale - 0.5
    distances = (middles[:, None] - torch.arange(size, **places)).abs()
    weights = _KERNELS[method](distances * scale.clamp(max=1) if antialias else distances)
    total = weights.sum(1, keepdim=True)
    inside = ((middles >= -0.5) & (middles <= size - 0.5))[:, None] & (total.abs() > 1e-4)
    return torch.where(inside, weights / torch.where(inside, total, 1.0), 0.0)


def _fixed_weights(size, new_size, method, antialias, dtype, device):
    """The weights that bring `size` entries to `new_size`, worked out in float64."""
    with torch.inference_mode(False):  # they are kept, and training may use them
        scale = torch.tensor(new_size / size, dtype=torch.float64, device="cpu")
        return _weights(size, new_size, scale, 0.0, method, antialias).to(device, dtype)


_kept_weights = functools.lru_cache(maxsize=128)(_fixed_weights)


def resample(x, axis, new_size, method, antialias=False):
    """Brings the floating `x` to `new_size` along `axis`, with a kernel of `INTERPOLATIONS` other than "nearest".

    A matrix product, several times as fast as torch's interpolation with as many taps.
    """
    find = _fixed_weights if torch.compiler.is_compiling() else _kept_weights
    return _weighted(x, axis % x.ndim, find(x.shape[axis], new_size, method, antialias, x.dtype, x.device))


def _weighted(x, axis, weights):
    if axis == x.ndim - 1:
        return torch.matmul(x, weights.T)
    rest = x.shape[axis + 1 :]
    return torch.matmul(weights, x.flatten(axis + 1)).reshape(*x.shape[:axis], len(weights), *rest)


# ---------------------------------------------------------------- resize


@op("Resize")
def resize(
    images,
    size,
    interpolation="bilinear",
    antialias=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    fill_mode="constant",
    fill_value=0.0,
    data_format=None,
):
    """Images of height and width `size`. Pixels are squares with the value in the middle.

    `antialias`: where an axis shrinks, every pixel counts. To keep what is seen in shape, cut the longer side off first, or put
    `fill_value` beside the shorter (`crop_to_aspect_ratio`, `pad_to_aspect_ratio`). Integers are rounded, within their range.
    """
    if not isinstance(images, Tensor):
        return lifted(
            resize,
            images,
            size,
            interpolation,
            antialias,
            crop_to_aspect_ratio,
            pad_to_aspect_ratio,
            fill_mode,
            fill_value,
            data_format,
        )
    check_rank("resize", images)
    if len(size) != 2 or size[0] <= 0 or size[1] <= 0:
        raise ValueError(f"resize: `size` must have positive height and width, two integers. Received: size={size!r}")
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"resize: `interpolation` must be one of {INTERPOLATIONS}. Received: interpolation={interpolation!r}")
    if fill_mode != "constant":
        raise ValueError(f"resize: `fill_mode` can only be 'constant'. Received: fill_mode={fill_mode!r}")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("resize: either `crop_to_aspect_ratio` or `pad_to_aspect_ratio` can be True, not both.")
    axes, x = axes_of(data_format), images
    if not x.is_floating_point() and (interpolation != "nearest" or pad_to_aspect_ratio):
        x = x.float()
    if crop_to_aspect_ratio:
        x = _cut_to_ratio(x, size, axes)
    elif pad_to_aspect_ratio:
        x = _padded_to_ratio(x, size, axes, fill_value)
    if interpolation == "nearest":
        x = _nearest(x, size, axes)
    elif _torch_has(interpolation, antialias, x.dtype):
        flat = channels_first(x, axes)
        x = as_given(F.interpolate(flat, tuple(size), mode=interpolation, antialias=antialias), x, axes)
    else:
        for axis, new_size in zip(reversed(axes[:2]), reversed(size), strict=True):
            if x.shape[axis] != new_size:
                x = resample(x, axis, new_size, interpolation, antialias)
    return to_dtype(x, images.dtype)


def _torch_has(interpolation, antialias, dtype) -> bool:
    """Whether torch has what Keras means: its "bicubic" is Keys's only with `antialias`, which is only for full precision."""
    if antialias:
        return interpolation in ("bilinear", "bicubic") and dtype in (torch.float32, torch.float64)
    return interpolation == "bilinear"


def _nearest(x, size, axes):
    """The pixel in which the middle of the new one lies. In integers, since rounded products would miss some."""
    for axis, new_size in zip(axes, size, strict=False):
        if (old := x.shape[axis]) != new_size:
            middles = torch.arange(new_size, device=x.device) * 2 + 1  # in halves of a new pixel
            x = x.index_select(axis, middles.mul_(old).div_(2 * new_size, rounding_mode="floor"))
    return x


def _cut_to_ratio(x, size, axes):
    """The middle of the images, in the proportions of `size`."""
    (height, width), (down, across) = (x.shape[axis] for axis in axes[:2]), size
    kept = max(min(height, int(width * down / across)), 1), max(min(width, int(height * across / down)), 1)
    for axis, old, new in zip(axes, (height, width), kept, strict=False):
        x = x.narrow(axis, (old - new) // 2, new)
    return x


def _padded_to_ratio(x, size, axes, fill_value):
    """The images with a border on two sides that brings them to the proportions of `size`, up to a pixel."""
    (height, width), (down, across) = (x.shape[axis] for axis in axes[:2]), size
    above = max(int(width * down / across) - height, 0) // 2
    beside = max(int(height * across / down) - width, 0) // 2
    border = (beside, beside, above, above)
    return F.pad(x, border if axes[2] == -3 else (0, 0, *border), value=fill_value) if above or beside else x


# ---------------------------------------------------------------- scale and translate


@op("ScaleAndTranslate", tensors=("images", "output_shape", "scale", "translation"))
def scale_and_translate(images, output_shape, scale, translation, spatial_dims, method, antialias=True):
    """What lies at p along the i-th of `spatial_dims` comes to p * scale[i] + translation[i], in an array of `output_shape`.

    Positions count from the edge of the first entry (its middle is at 0.5). Zero where nothing comes to lie. `method`: "linear"
    or "cubic" (also with "bi", "tri"), "lanczos3", "lanczos5". Integers are rounded, between the least and the largest.
    """
    if not (isinstance(images, Tensor) and isinstance(scale, Tensor) and isinstance(translation, Tensor)):
        if is_symbolic((images, scale, translation)):
            return lifted(scale_and_translate, images, output_shape, scale, translation, spatial_dims, method, antialias)
        images = to_tensor(images)
        scale, translation = (to_tensor(each, device=images.device) for each in (scale, translation))
        return scale_and_translate(images, output_shape, scale, translation, spatial_dims, method, antialias)
    if method not in _KERNELS:
        raise ValueError(f"scale_and_translate: `method` must be one of {tuple(_KERNELS)}. Received: method={method!r}")
    if len(output_shape) != images.ndim:
        raise ValueError(
            f"scale_and_translate: `output_shape` must have a size for each of the {images.ndim} axes of `images`. "
            f"Received: output_shape={tuple(output_shape)}"
        )
    if not spatial_dims:
        return images
    dtype = torch.promote_types(scale.dtype, translation.dtype)
    if not dtype.is_floating_point:
        dtype = torch.float32
    x = images if images.is_floating_point() else images.float()
    for one_scale, shift, axis in zip(scale.to(dtype).unbind(), translation.to(dtype).unbind(), spatial_dims, strict=True):
        axis %= x.ndim
        weights = _weights(x.shape[axis], output_shape[axis], one_scale, shift, method, antialias)
        x = _weighted(x, axis, weights.to(x.dtype))
    if x.dtype is images.dtype:
        return x
    return x.round().clamp(images.amin(), images.amax()).to(images.dtype)
