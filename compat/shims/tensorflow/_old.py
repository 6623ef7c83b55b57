"""TensorFlow 1: functions that stood directly under `tf` and moved, went or got other arguments. `_names.OLD` lists them.

`tf.compat.v1` has them too. What made graphs is in `_graphs.py`.
"""

from __future__ import annotations

import torch

from torchkeras_lite import initializers

from . import _gfile, debugging, image, io, linalg, math, nn, random, strings
from ._control import print as _print
from ._creation import cast
from ._function import numpy_function
from ._tensors import torch_dtype
from .compat.v1 import logging as logging

ceil, digamma, erf, erfc, is_finite, is_inf, is_nan, lgamma = (
    math.ceil, math.digamma, math.erf, math.erfc, math.is_finite, math.is_inf, math.is_nan, math.lgamma
)  # fmt: skip
imag, log, log1p, log_sigmoid, logical_xor, real, reciprocal, rint, rsqrt, squared_difference = (
    math.imag, math.log, math.log1p, math.log_sigmoid, math.logical_xor, math.real, math.reciprocal, math.rint, math.rsqrt,
    math.squared_difference,
)  # fmt: skip
angle, conj, confusion_matrix, count_nonzero, cumprod, expm1, floordiv, floormod, mod, polyval, zero_fraction, bincount = (
    math.angle, math.conj, math.confusion_matrix, math.count_nonzero, math.cumprod, math.expm1, math.floordiv, math.floormod,
    math.mod, math.polyval, math.zero_fraction, math.bincount,
)  # fmt: skip
segment_max, segment_mean, segment_min, segment_prod, segment_sum = (
    math.segment_max, math.segment_mean, math.segment_min, math.segment_prod, math.segment_sum
)  # fmt: skip
unsorted_segment_max, unsorted_segment_mean, unsorted_segment_sum = (
    math.unsorted_segment_max, math.unsorted_segment_mean, math.unsorted_segment_sum
)  # fmt: skip
floor_div, div_no_nan, sub, mul, neg = math.floordiv, math.divide_no_nan, math.subtract, math.multiply, math.negative
cholesky, cholesky_solve, cross, diag, diag_part, global_norm = (
    linalg.cholesky, linalg.cholesky_solve, linalg.cross, linalg.tensor_diag, linalg.tensor_diag_part, linalg.global_norm
)  # fmt: skip
matrix_band_part, matrix_determinant, matrix_diag, matrix_diag_part, matrix_inverse, matrix_solve, matrix_transpose = (
    linalg.band_part, linalg.det, linalg.diag, linalg.diag_part, linalg.inv, linalg.solve, linalg.matrix_transpose
)  # fmt: skip
matrix_set_diag, matrix_triangular_solve, qr, self_adjoint_eig, svd, trace = (
    linalg.set_diag, linalg.triangular_solve, linalg.qr, linalg.eigh, linalg.svd, linalg.trace
)  # fmt: skip
depth_to_space, space_to_depth = nn.depth_to_space, nn.space_to_depth
random_normal, random_uniform, random_gamma, random_poisson, random_shuffle, truncated_normal = (
    random.normal, random.uniform, random.gamma, random.poisson, random.shuffle, random.truncated_normal
)  # fmt: skip
random_crop, multinomial = image.random_crop, random.categorical


def extract_image_patches(images, ksizes=None, strides=None, rates=None, padding=None, name=None, sizes=None):
    """`tf.image.extract_patches`."""
    return image.extract_patches(images, sizes if ksizes is None else ksizes, strides, rates, padding)


decode_base64, decode_raw, encode_base64, matching_files, read_file, write_file = (
    io.decode_base64, io.decode_raw, io.encode_base64, io.matching_files, io.read_file, io.write_file
)  # fmt: skip
FixedLenFeature, parse_example, parse_single_example = io.FixedLenFeature, io.parse_example, io.parse_single_example
as_string, regex_replace, string_join, string_split, string_strip, string_to_number, substr = (
    strings.as_string, strings.regex_replace, strings.join, strings.split, strings.strip, strings.to_number, strings.substr
)  # fmt: skip
for _name in debugging.__all__:
    if _name.startswith("assert_"):
        globals()[_name] = getattr(debugging, _name)
check_numerics = verify_tensor_all_finite = debugging.check_numerics
glorot_normal_initializer, glorot_uniform_initializer, orthogonal_initializer, truncated_normal_initializer = (
    initializers.GlorotNormal, initializers.GlorotUniform, initializers.Orthogonal, initializers.TruncatedNormal
)  # fmt: skip
uniform_unit_scaling_initializer = variance_scaling_initializer = initializers.VarianceScaling
AUTO_REUSE, gfile = "AUTO_REUSE", _gfile


def py_func(func, inp, Tout, stateful=True, name=None):
    """`func(*inp)` with numpy arrays, and what it returns as tensors of the dtypes `Tout`."""
    return numpy_function(func, inp, Tout)


def div(x, y, name=None):
    """x / y; of whole numbers, the whole part of it."""
    return math.floordiv(x, y) if isinstance(x, int) or not torch.as_tensor(x).is_floating_point() else math.divide(x, y)


def to_float(x, name="ToFloat"):
    return cast(x, "float32")


def to_double(x, name="ToDouble"):
    return cast(x, "float64")


def to_int32(x, name="ToInt32"):
    return cast(x, "int32")


def to_int64(x, name="ToInt64"):
    return cast(x, "int64")


def setdiff1d(x, y, index_dtype="int32", name=None):
    """The values of x that are not in y, in their order, and where they stand."""
    x, y = torch.as_tensor(x), torch.as_tensor(y)
    (places,) = torch.where(~torch.isin(x, y))
    return x[places], places.to(torch_dtype(index_dtype))


def Print(input_, data, message=None, first_n=None, summarize=None, name=None):
    """`input_` itself; `data` is printed."""
    _print(message or "", *data)
    return input_
