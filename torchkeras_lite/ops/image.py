"""keras.ops.image: a table of contents."""
# ruff: noqa: F401

from torchkeras_lite.ops.colour import hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv
from torchkeras_lite.ops.filtering import gaussian_blur, sobel_edges, ssim
from torchkeras_lite.ops.framing import crop_images, extract_patches, extract_patches_3d, pad_images
from torchkeras_lite.ops.resampling import resize, scale_and_translate
from torchkeras_lite.ops.warping import affine_transform, elastic_transform, map_coordinates, perspective_transform
