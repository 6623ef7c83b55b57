"""Images with other edges: errors and laws. Values are compared in compat/parity/ops."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite.ops.image import crop_images, extract_patches, extract_patches_3d, pad_images

X = torch.arange(2 * 5 * 6 * 3).view(2, 5, 6, 3)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (pad_images, (1, 1, None, 1), "exactly two of top_padding, bottom_padding, target_height"),
        (pad_images, (1, 1, 1, 1, 8), r"exactly two of top_padding.*'target_height': 8"),
        (pad_images, (1, 1, 1), "exactly two of left_padding, right_padding, target_width"),
        (pad_images, (1, -1, 1, 1), "left_padding must be >= 0 and right_padding must be >= 0"),
        (pad_images, (1, 1, None, 1, 4), "makes 1 before and -2 after"),
        (crop_images, (1, 1, None, 1), "exactly two of top_cropping, bottom_cropping, target_height"),
        (crop_images, (1, 1, None, 1, 5), "makes 1 before and -1 after"),
        (crop_images, (3, 1, 3, 1), r"crop_images: more is cut off than there is.*shape=\(2, 5, 6, 3\)"),
        (extract_patches, ((2, 2, 2, 2),), "`size` must have 2 numbers, or 3"),
        (extract_patches, (6,), r"larger than the input.*size=\(6, 6\).*padding='same'"),
        (extract_patches, (2, None, 5), r"larger than the input.*dilation_rate=\(5, 5\)"),
        (extract_patches, (2, None, 1, "full"), r"extract_patches: the `padding` argument.*'full'"),
        (extract_patches, (2, (1, 1, 1)), r"extract_patches: The `strides` argument"),
        (extract_patches_3d, (2, None, 3), r"extract_patches_3d: the patches are larger.*size=\(2, 2, 2\)"),
    ],
)
def test_what_cannot_be(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(X, *arguments)


def test_other_errors():
    with pytest.raises(TypeError, match=r"Expected an int or a tuple for `size`.*2\.5"):
        extract_patches(X, 2.5)
    with pytest.raises(TypeError, match=r"extract_patches_3d: `size` must be an integer or 3.*\(2, 2\)"):
        extract_patches_3d(X, (2, 2))
    for function in (pad_images, crop_images):
        with pytest.raises(ValueError, match=rf"{function.__name__}: `images` must be one image"):
            function(X[0, 0], 1, 1, 1, 1)


AMOUNTS = st.integers(0, 3)


@settings(max_examples=50, deadline=None, database=None)
@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.sampled_from(["channels_last", "channels_first"]))
def test_what_is_put_around_can_be_cut_off(top, left, bottom, right, data_format):
    y = pad_images(X, top, left, bottom, right, data_format=data_format)
    assert y.sum() == X.sum()
    assert torch.equal(crop_images(y, top, left, bottom, right, data_format=data_format), X)


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int32, torch.int64])
def test_patches_of_whole_numbers(dtype):
    x = X.to(dtype)
    patches = extract_patches(x, (2, 3))
    assert patches.dtype is dtype
    for row, column in ((0, 0), (1, 1)):
        expected = x[:, 2 * row : 2 * row + 2, 3 * column : 3 * column + 3].flatten(1)
        assert torch.equal(patches[:, row, column], expected)
