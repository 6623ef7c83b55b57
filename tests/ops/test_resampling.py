"""Images in another size: errors and laws. Values are compared in compat/parity/ops."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite.ops.image import resize, scale_and_translate

X = torch.rand(2, 6, 8, 3)
KERNELS = ("bilinear", "bicubic", "lanczos3", "lanczos5")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": (3,)}, r"`size` must have positive height and width.*size=\(3,\)"),
        ({"size": (3, 0)}, r"`size` must have positive .*size=\(3, 0\)"),
        ({"size": (3, 3), "images": X[0, 0]}, r"resize: `images` must be one image .*shape=\(8, 3\)"),
        ({"size": (3, 3), "interpolation": "area"}, r"`interpolation` must be one of .*lanczos5.*'area'"),
        ({"size": (3, 3), "fill_mode": "reflect"}, r"`fill_mode` can only be 'constant'.*'reflect'"),
        ({"size": (3, 3), "crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "not both"),
        ({"size": (3, 3), "data_format": "last"}, "data_format"),
    ],
)
def test_what_resize_cannot_do(arguments, message):
    with pytest.raises(ValueError, match=message):
        resize(**{"images": X, **arguments})


def test_what_scale_and_translate_cannot_do():
    one = torch.ones(1)
    with pytest.raises(ValueError, match=r"`method` must be one of .*'nearest'"):
        scale_and_translate(X, X.shape, one, one, [1], "nearest")
    with pytest.raises(ValueError, match=r"for each of the 4 axes.*output_shape=\(6, 8\)"):
        scale_and_translate(X, (6, 8), one, one, [1], "linear")
    assert scale_and_translate(X, X.shape, one[:0], one[:0], [], "linear") is X


SIZES = st.integers(1, 40)


@settings(max_examples=50, deadline=None, database=None)
@given(SIZES, SIZES, SIZES, SIZES, st.sampled_from(("nearest", *KERNELS)), st.booleans())
def test_a_plain_image_stays_plain(height, width, new_height, new_width, kernel, antialias):
    y = resize(torch.full((1, height, width, 2), 0.7), (new_height, new_width), kernel, antialias)
    torch.testing.assert_close(y, torch.full((1, new_height, new_width, 2), 0.7))


@settings(max_examples=50, deadline=None, database=None)
@given(st.integers(1, 500), st.integers(1, 500))
def test_the_nearest_pixel_is_the_one_around_the_middle(size, new_size):
    y = resize(torch.arange(size).view(1, size, 1), (1, new_size), "nearest").flatten()
    assert y.tolist() == [(2 * place + 1) * size // (2 * new_size) for place in range(new_size)]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("antialias", [False, True])
def test_resize_is_a_scaling_without_a_shift(kernel, antialias):
    size = (9, 5)
    scale = torch.tensor([9 / 6, 5 / 8])
    y = scale_and_translate(X, (2, *size, 3), scale, torch.zeros(2), (1, 2), kernel.replace("bi", "tri", 1), antialias)
    torch.testing.assert_close(resize(X, size, kernel, antialias), y, rtol=1e-5, atol=1e-5)


def test_weights_first_found_in_inference_can_be_trained_with():
    x = torch.rand(1, 13, 17, 1, requires_grad=True)
    with torch.inference_mode():
        resize(x, (19, 23), "lanczos3")
    resize(x, (19, 23), "lanczos3").sum().backward()
    torch.testing.assert_close(x.grad.sum(), torch.tensor(19.0 * 23.0))
