"""Files of pictures to tensors and back, through Pillow: `tf.io.decode_jpeg` and its kin."""

from __future__ import annotations

import io

import numpy as np
import torch

from . import image as images
from ._creation import given
from ._tensors import torch_dtype
from ._text import Raw

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def _pillow():
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("Decoding and encoding images needs Pillow: pip install pillow") from error
    return Image


def _opened(contents):
    return _pillow().open(io.BytesIO(bytes(contents)))


def decode_image(contents, channels=None, dtype="uint8", name=None, expand_animations=True):
    """The picture in a JPEG, PNG, GIF or BMP file: shape (height, width, channels); with a frame axis for an animation.

    Args:
        contents: the bytes of the file, as `tf.io.read_file` gives them.
        channels: 1 (gray), 3 (RGB), 4 (RGBA), or 0: as the file has it.
    """
    picture = _opened(contents)
    if picture.format == "GIF" and expand_animations:
        return images.convert_image_dtype(decode_gif(contents), dtype)
    if channels not in (None, 0, *_MODES):
        raise ValueError(f"`channels` must be 0, 1, 3 or 4. Received: channels={channels}")
    deep = picture.mode.startswith("I") and torch_dtype(dtype) is torch.uint16
    if not deep:
        mode = _MODES.get(channels or 0) or (picture.mode if picture.mode in _MODES.values() else "RGB")
        picture = picture.convert(mode)
    pixels = np.array(picture, np.uint16 if deep else np.uint8)
    made = torch.from_numpy(pixels if pixels.ndim == 3 else pixels[..., None])
    return made if deep else images.convert_image_dtype(made, dtype)


def decode_jpeg(contents, channels=0, *args, name=None, **settings):
    """See `decode_image`. What concerns the speed of TensorFlow's decoder has no effect."""
    return decode_image(contents, channels, expand_animations=False)


def decode_png(contents, channels=0, dtype="uint8", name=None):
    return decode_image(contents, channels, dtype, expand_animations=False)


def decode_bmp(contents, channels=0, name=None):
    return decode_image(contents, channels, expand_animations=False)


def decode_gif(contents, name=None):
    """All frames: shape (frames, height, width, 3)."""
    from PIL import ImageSequence

    frames = [np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(_opened(contents))]
    return torch.from_numpy(np.stack(frames))


def is_jpeg(contents, name=None):
    """Whether the bytes begin as a JPEG file does."""
    return torch.tensor(bytes(contents)[:3] == b"\xff\xd8\xff")


def _encoded(image, kind, **settings) -> Raw:
    pixels = given(image).cpu().numpy()
    out = io.BytesIO()
    _pillow().fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(out, kind, **settings)
    return Raw(out.getvalue())


def encode_jpeg(image, format="", quality=95, *args, name=None, **settings):
    """The bytes of a JPEG file of a uint8 image."""
    return _encoded(image, "JPEG", quality=quality)


def adjust_jpeg_quality(image, jpeg_quality, name=None):
    """The image as a JPEG file of that quality (0 to 100) has it."""
    image = given(image)
    pixels = images.convert_image_dtype(image, "uint8", saturate=True)
    return images.convert_image_dtype(decode_jpeg(encode_jpeg(pixels, quality=int(jpeg_quality))), image.dtype)


def encode_png(image, compression=-1, name=None):
    """The bytes of a PNG file of a uint8 image."""
    return _encoded(image, "PNG")
