"""`tf.io`: whole files, pictures in them, and records."""

from __future__ import annotations

import os
import pathlib

import numpy as np
import torch

from . import _gfile as gfile
from ._creation import given
from ._missing import getattr_of
from ._tensors import torch_dtype
from ._text import Raw, string_of

_PICTURES = dict.fromkeys(
    "decode_bmp decode_gif decode_image decode_jpeg decode_png encode_jpeg encode_png is_jpeg".split(), "_pictures"
)
_RECORDS = dict.fromkeys(
    """FixedLenFeature FixedLenSequenceFeature TFRecordOptions TFRecordWriter VarLenFeature parse_example parse_single_example
    parse_single_sequence_example""".split(),
    "_records",
)
_LATER = {**_PICTURES, **_RECORDS, "decode_csv": "_csv"}
__all__ = [
    "decode_base64", "decode_raw", "encode_base64", "gfile", "matching_files", "parse_tensor", "read_file", "serialize_tensor",
    "write_file", *_LATER,
]  # fmt: skip
__getattr__ = getattr_of(__name__, _LATER)


def read_file(filename, name=None) -> Raw:
    """The bytes of a file."""
    return Raw(pathlib.Path(path_of(filename)).read_bytes())


def write_file(filename, contents, name=None) -> None:
    """Makes the file (and its folder) with these bytes, or this text in UTF-8."""
    path = pathlib.Path(path_of(filename))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents.encode() if isinstance(contents, str) else bytes(contents))


def path_of(filename) -> str:
    """A path out of a string, a path, or what `tf.data` gives for one."""
    if isinstance(filename, np.ndarray) and filename.ndim == 0:
        filename = filename[()]
    return os.fsdecode(filename) if isinstance(filename, (bytes, os.PathLike)) else string_of(filename)


def matching_files(pattern, name=None):
    """The paths that match a pattern, sorted."""
    from ._text import Texts

    return Texts(sorted(gfile.glob(path_of(pattern))))


def decode_raw(input_bytes, out_type, little_endian=True, fixed_length=None, name=None):
    """The bytes as numbers of a dtype."""
    numbers = np.frombuffer(bytes(input_bytes), np.dtype(str(torch_dtype(out_type)).removeprefix("torch.")))
    if not little_endian:
        numbers = numbers.byteswap()
    return torch.from_numpy(numbers.copy())


def encode_base64(input, pad=False, name=None):
    """The bytes in the letters of URLs, without `=` at the end unless `pad`."""
    import base64

    letters = base64.urlsafe_b64encode(input.encode() if isinstance(input, str) else bytes(input)).decode()
    return given(letters if pad else letters.rstrip("="))


def decode_base64(input, name=None) -> Raw:
    import base64

    letters = string_of(input)
    return Raw(base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4)))


def serialize_tensor(tensor, name=None) -> Raw:
    """The bytes of TensorFlow's TensorProto: the dtype, the sizes, and the numbers (or the lengths of strings, and these)."""
    from ._tensor_messages import tensor_message

    return Raw(tensor_message(given(tensor)))


def parse_tensor(serialized, out_type, name=None):
    """The tensor that `serialize_tensor` wrote. ValueError where it is of another dtype."""
    from ._tensor_messages import tensor_of_message

    return tensor_of_message(bytes(serialized), out_type)
