"""Images in other colours: errors and laws. Values are compared in compat/parity/ops."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite.ops.image import hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv

X = torch.rand(2, 4, 5, 3)


def test_what_is_no_coloured_image():
    with pytest.raises(ValueError, match=r"rgb_to_grayscale: Invalid channel size: expected 3 .*\(2, 4, 5, 2\)"):
        rgb_to_grayscale(X[..., :2])
    with pytest.raises(ValueError, match=r"rgb_to_grayscale: .* expected rank 3 or 4.*shape=\(5, 3\)"):
        rgb_to_grayscale(X[0, 0])
    for function in (rgb_to_hsv, hsv_to_rgb):
        with pytest.raises(ValueError, match=r"expected float dtype.*uint8.*Divide integers by 255"):
            function((255 * X).to(torch.uint8))
        with pytest.raises(ValueError, match=r"must have 3 channels.*\(2, 4, 5, 3\)"):
            function(X, data_format="channels_first")
        with pytest.raises(ValueError, match=rf"{function.__name__}: `images` must be one image"):
            function(X[0, 0])


COLOURS = st.lists(st.integers(0, 8), min_size=3, max_size=3)


@settings(max_examples=50, deadline=None, database=None)
@given(st.lists(COLOURS, min_size=1, max_size=20))
def test_hsv_and_back(colours):
    rgb = torch.tensor(colours, dtype=torch.float64).view(1, -1, 3) / 8
    hsv = rgb_to_hsv(rgb)
    assert hsv.min() >= 0 and hsv.max() <= 1
    torch.testing.assert_close(hsv_to_rgb(hsv), rgb)


def test_gradients_of_greys_are_finite():
    x = torch.tensor([[[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]], requires_grad=True)
    rgb_to_hsv(x).sum().backward()
    assert x.grad.isfinite().all()


def test_a_grey_image_is_copied():
    grey = X[..., :1].clone()
    rgb_to_grayscale(grey).zero_()
    assert grey.sum() > 0
