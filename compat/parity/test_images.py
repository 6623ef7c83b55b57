"""Images beside the real Keras: the same pixels."""

import io

import numpy as np
import pytest
from oracle import keras as real

import torchkeras_lite as mine

Image = pytest.importorskip("PIL.Image")
PIXELS = np.random.default_rng(0).integers(0, 256, (11, 14, 4), dtype="uint8")


@pytest.fixture
def path(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "image.png")
    return tmp_path / "image.png"


@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"target_size": (6, 9)},
        {"target_size": (20, 9), "interpolation": "bicubic"},
        {"target_size": (9, 4), "keep_aspect_ratio": True, "interpolation": "lanczos"},
    ],
)
def test_loading(path, color_mode, settings):
    found = [np.asarray(k.utils.load_img(path, color_mode=color_mode, **settings)) for k in (mine, real)]
    np.testing.assert_array_equal(*found)
    again = mine.utils.load_img(io.BytesIO(path.read_bytes()), color_mode=color_mode, **settings)
    np.testing.assert_array_equal(np.asarray(again), found[1])


@pytest.mark.parametrize("data_format", [None, "channels_first"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_arrays_and_back(channels, data_format):
    x = PIXELS[:, :, :channels].astype("float32") / 3 + 20
    x = x.transpose(2, 0, 1) if data_format else x
    for scale in (True, False):
        images = [k.utils.array_to_img(x, data_format, scale) for k in (mine, real)]
        np.testing.assert_array_equal(*map(np.asarray, images))
        assert images[0].mode == images[1].mode
        arrays = [k.utils.img_to_array(images[1], data_format) for k in (mine, real)]
        np.testing.assert_array_equal(*arrays)
        assert arrays[0].dtype == arrays[1].dtype == np.float32


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp"])
def test_saving(name, tmp_path):
    channels = 3 if name != "a.png" else 4
    for folder, k in (("mine", mine), ("real", real)):
        (tmp_path / folder).mkdir()
        k.utils.save_img(tmp_path / folder / name, PIXELS[:, :, :channels])
    assert (tmp_path / "mine" / name).read_bytes() == (tmp_path / "real" / name).read_bytes()
    with pytest.warns(UserWarning, match="JPEG"):
        mine.utils.save_img(tmp_path / "b.jpg", PIXELS)


@pytest.mark.parametrize("size", [(5, 5), (20, 30), (3, 14)])
@pytest.mark.parametrize("batched", [False, True])
def test_smart_resize(size, batched):
    x = PIXELS[None].astype("float32") if batched else PIXELS.astype("float32")
    found = [k.preprocessing.image.smart_resize(x, size) for k in (mine, real)]
    assert isinstance(found[0], np.ndarray)
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda k: k.utils.load_img(5), TypeError),
        (lambda k: k.utils.array_to_img(np.zeros((2, 2))), ValueError),
        (lambda k: k.utils.array_to_img(np.zeros((2, 2, 2))), ValueError),
        (lambda k: k.utils.img_to_array(np.zeros(3)), ValueError),
        (lambda k: k.preprocessing.image.smart_resize(np.zeros((2, 2, 3)), 5), TypeError),
        (lambda k: k.preprocessing.image.smart_resize(np.zeros((2, 2)), (2, 2)), ValueError),
    ],
)
def test_bad_input(call, error):
    for k in (mine, real):
        with pytest.raises(error):
            call(k)
    for settings in ({"color_mode": "cmyk"}, {"target_size": (2, 2), "interpolation": "cubic"}):
        buffer = io.BytesIO()
        Image.fromarray(PIXELS).save(buffer, "png")
        with pytest.raises(ValueError, match=r"Received|Supported"):
            mine.utils.load_img(buffer, **settings)
