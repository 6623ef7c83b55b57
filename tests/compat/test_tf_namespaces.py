"""Namespaces of the stand-in whose functions have no plain values: images, files, chance, checkpoints, settings."""

import io
import wave

import numpy as np
import pytest
import torch

from torchkeras_lite import layers, models, optimizers

RGB = np.random.default_rng(0).integers(0, 256, (4, 6, 3)).astype("uint8")


# ---------------------------------------------------------------- images


def test_sizes_of_images(tf):
    image = tf.image
    x = np.arange(16, dtype="float32").reshape(4, 4, 1)
    assert image.resize(x, (2, 2))[..., 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert image.resize(x, [8, 8])[0, :4, 0].tolist() == [0.0, 0.25, 0.75, 1.25]
    near = image.resize(RGB, (2, 3), method=image.ResizeMethod.NEAREST_NEIGHBOR)
    assert near.dtype is torch.uint8 and near.tolist() == RGB[1::2, 1::2].tolist()
    assert image.resize(RGB, (2, 2)).dtype is torch.float32
    assert image.resize(x, (2, 2), method="area")[..., 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert image.resize(x[:, :2], (2, 2), preserve_aspect_ratio=True).shape == (2, 1, 1)
    padded = image.resize_with_pad(x, 4, 8)[..., 0]
    assert padded[:, 2:6].tolist() == x[..., 0].tolist() and padded[:, :2].abs().sum() == 0
    both = image.resize_with_crop_or_pad(x, 2, 6)[..., 0]
    assert both.tolist() == [[0, 4, 5, 6, 7, 0], [0, 8, 9, 10, 11, 0]]
    assert image.central_crop(x, 0.5)[..., 0].tolist() == [[5, 6], [9, 10]]
    assert image.crop_to_bounding_box(x, 1, 2, 2, 2)[..., 0].tolist() == [[6, 7], [10, 11]]
    assert image.pad_to_bounding_box(x, 1, 0, 5, 5)[1, 0, 0] == 0 and image.pad_to_bounding_box(x, 1, 0, 5, 5)[1, 1, 0] == 1
    patches = image.extract_patches(x[None], [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID")
    assert patches.shape == (1, 2, 2, 4) and patches[0, 0, 1].tolist() == [2, 3, 6, 7]
    same = image.extract_patches(RGB[None], [1, 3, 3, 1], [1, 1, 1, 1], [1, 1, 1, 1], "SAME")
    assert same.dtype is torch.uint8 and same[0, 1, 1].tolist() == RGB[:3, :3].ravel().tolist()


def test_turned_images(tf):
    assert tf.image.flip_left_right(RGB).tolist() == RGB[:, ::-1].tolist()
    assert tf.image.flip_up_down(RGB[None])[0].tolist() == RGB[::-1].tolist()
    assert tf.image.transpose(RGB).tolist() == RGB.transpose(1, 0, 2).tolist()
    assert tf.image.rot90(RGB).tolist() == np.rot90(RGB).tolist()


def test_colours(tf):
    image = tf.image
    floats = image.convert_image_dtype(RGB, tf.float32)
    np.testing.assert_allclose(floats.numpy(), RGB / 255, rtol=1e-6)
    assert image.convert_image_dtype(floats, tf.uint8).tolist() == RGB.tolist()
    assert image.convert_image_dtype([1.5, -1.0], tf.uint8, saturate=True).tolist() == [255, 0]
    assert image.convert_image_dtype(tf.constant([255], dtype="uint8"), tf.int32).tolist() == [255 * 2**23]
    deep = np.array([0, 65535], "uint16")  # how bright white is, only the dtype knows
    assert tf.constant(deep).dtype is tf.cast([1], tf.uint16).dtype is torch.uint16
    assert image.convert_image_dtype(deep, tf.float32).tolist() == [0, 1]
    gray = image.rgb_to_grayscale(floats)
    np.testing.assert_allclose(gray.numpy()[..., 0], RGB / 255 @ [0.2989, 0.587, 0.114], rtol=1e-4)
    assert image.rgb_to_grayscale(RGB).dtype is torch.uint8 and image.grayscale_to_rgb(gray).shape == (4, 6, 3)
    for there, back in ((image.rgb_to_hsv, image.hsv_to_rgb), (image.rgb_to_yuv, image.yuv_to_rgb)):
        np.testing.assert_allclose(back(there(floats)).numpy(), floats.numpy(), atol=1e-5)
    np.testing.assert_allclose(image.rgb_to_yuv([[[1.0, 1.0, 1.0]]]).ravel(), [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(image.adjust_brightness(floats, 0.1).numpy(), RGB / 255 + 0.1, rtol=1e-5)
    wanted = np.clip((RGB / 255 + 0.1) * 255.5, 0, 255).astype("uint8")  # as TensorFlow goes to floats and back
    assert image.adjust_brightness(RGB, 0.1).tolist() == wanted.tolist()
    assert image.adjust_contrast([[[1.0], [3.0]]], 2.0).ravel().tolist() == [0.0, 4.0]
    np.testing.assert_allclose(image.adjust_gamma(floats, 2.0, 0.5).numpy(), (RGB / 255) ** 2 / 2, atol=1e-6)
    np.testing.assert_allclose(image.adjust_hue([[[1.0, 0.0, 0.0]]], 1 / 3).ravel(), [0, 1, 0], atol=1e-5)
    np.testing.assert_allclose(image.adjust_saturation([[[1.0, 0.5, 0.5]]], 0.0).ravel(), [1, 1, 1], atol=1e-6)
    whole = image.per_image_standardization(RGB)
    np.testing.assert_allclose(whole.numpy(), (RGB - RGB.mean()) / RGB.std(), rtol=1e-4, atol=1e-5)
    assert image.per_image_standardization(np.ones((2, 2, 1), "float32")).abs().sum() == 0


def test_measures_of_images(tf):
    image, x = tf.image, np.arange(9, dtype="float32").reshape(1, 3, 3, 1)
    assert image.total_variation(x).tolist() == [6 * 3 + 6 * 1]
    down, across = image.image_gradients(x)
    assert down[0, :, 0, 0].tolist() == [3, 3, 0] and across[0, 0, :, 0].tolist() == [1, 1, 0]
    assert image.sobel_edges(x)[0, 1, 1, 0].tolist() == [24, 8] and image.sobel_edges(x).shape == (1, 3, 3, 1, 2)
    assert image.psnr(x, x + 0.1, max_val=1.0).tolist() == pytest.approx([20.0], rel=1e-4)
    assert image.psnr(RGB, RGB + (RGB < 255).astype("uint8"), 255) > 47
    big = np.random.default_rng(0).random((2, 16, 16, 1)).astype("float32")
    assert image.ssim(big, big, 1.0).tolist() == pytest.approx([1.0, 1.0]) and (image.ssim(big, 1 - big, 1.0) < 0).all()


def test_boxes(tf):
    boxes = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.9], [0.0, 0.0, 0.1, 0.1]]
    assert tf.image.non_max_suppression(boxes, [0.5, 0.9, 0.3], 5).tolist() == [1, 2]
    assert tf.image.non_max_suppression(boxes, [0.5, 0.9, 0.3], 1).tolist() == [1]
    assert tf.image.non_max_suppression(boxes, [0.5, 0.9, 0.3], 5, score_threshold=0.4).tolist() == [1]
    kept, count = tf.image.non_max_suppression_padded(boxes, [0.5, 0.9, 0.3], 3, pad_to_max_output_size=True)
    assert kept.tolist() == [1, 2, 0] and count == 2
    rows = [[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, -0.1, 1, 0.9], [0, 10, 1, 11], [0, 10.1, 1, 11.1], [0, 100, 1, 101]]
    scored = [0.9, 0.75, 0.6, 0.95, 0.5, 0.3]
    # Measured with TensorFlow.
    kept, scores = tf.image.non_max_suppression_with_scores(rows, scored, 6, 0.5, 0.1, soft_nms_sigma=0.5)
    assert kept.tolist() == [3, 0, 1, 5, 4, 2]
    np.testing.assert_allclose(scores, [0.95, 0.9, 0.384, 0.3, 0.256, 0.197], atol=1e-4)
    kept, scores = tf.image.non_max_suppression_with_scores(rows, scored, 6, 1.0, 0.3, soft_nms_sigma=0.2)
    assert kept.tolist() == [3, 0] and scores.tolist() == pytest.approx([0.95, 0.9])
    kept, scores = tf.image.non_max_suppression_with_scores(rows, scored, 3)
    assert kept.tolist() == [3, 0, 5] and scores.tolist() == pytest.approx([0.95, 0.9, 0.3])
    x = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    whole = tf.image.crop_and_resize(x, [[0.0, 0.0, 1.0, 1.0]], [0], (4, 4))
    np.testing.assert_allclose(whole.numpy(), x, atol=1e-5)
    boxes = [[0.0, 0.0, 1 / 3, 1 / 3], [0.5, 0.5, 2.0, 2.0]]
    corner = tf.image.crop_and_resize(x, boxes, [0, 0], (2, 2), extrapolation_value=-1)
    np.testing.assert_allclose(corner[..., 0].numpy(), [[[0, 1], [4, 5]], [[7.5, -1], [-1, -1]]], atol=1e-5)


def test_chance_with_images(tf):
    image = tf.image
    tf.random.set_seed(3)
    flipped = {image.random_flip_left_right(RGB).tolist() == RGB.tolist() for _ in range(30)}
    assert flipped == {True, False}
    batch = image.random_flip_up_down(np.stack([RGB] * 32))
    assert {one.tolist() == RGB.tolist() for one in batch} == {True, False}
    crops = {tuple(image.random_crop(RGB, (2, 2, 3)).reshape(-1).tolist()) for _ in range(60)}
    assert len(crops) == 15  # 3 * 5 places, all of them
    floats = RGB / np.float32(255)
    for change, args, fixed in (
        ("brightness", (0.2,), lambda x: x.mean()),
        ("contrast", (0.5, 1.5), lambda x: x.std()),
        ("saturation", (0.5, 1.5), lambda x: x.std()),
        ("hue", (0.2,), lambda x: x[0, 0, 0]),
    ):
        made = [getattr(image, f"random_{change}")(floats, *args) for _ in range(3)]
        assert len({round(float(fixed(one)), 6) for one in made}) > 1
        again = [getattr(image, f"stateless_random_{change}")(floats, *args, seed=(1, 2)).tolist() for _ in range(2)]
        assert again[0] == again[1]
        with pytest.raises(ValueError):
            getattr(image, f"random_{change}")(floats, *([-1.0] if len(args) == 1 else [2.0, 1.0]))
    for name, more in (("flip_left_right", ()), ("flip_up_down", ()), ("crop", ((2, 2, 3),))):
        draw = getattr(image, f"stateless_random_{name}")
        assert draw(RGB, *more, seed=[1, 2]).tolist() == draw(RGB, *more, seed=[1, 2]).tolist()
    with pytest.raises(ValueError, match="Need value"):
        image.random_crop(RGB, (9, 2, 3))


def test_parts_of_images_that_show_a_box(tf):
    box = [[[0.25, 0.5, 0.75, 1.0]]]
    image = torch.arange(40 * 60 * 3).reshape(40, 60, 3)
    begins = set()
    for seed in range(1, 40):
        begin, size, part = tf.image.sample_distorted_bounding_box(
            (40, 60, 3), box, seed=seed, min_object_covered=0.5, aspect_ratio_range=(0.8, 1.25), area_range=(0.1, 0.9)
        )
        (top, left, _), (rows, columns, channels) = begin.tolist(), size.tolist()
        assert channels == -1 and tf.slice(image, begin, size).shape == (rows, columns, 3)
        assert part.shape == (1, 1, 4)
        np.testing.assert_allclose(part[0, 0], [top / 40, left / 60, (top + rows) / 40, (left + columns) / 60], rtol=1e-6)
        if (rows, columns) != (40, 60):  # the whole image is what is left where nothing is found
            assert 0.75 <= columns / rows <= 1.35 and 0.08 <= rows * columns / 2400 <= 0.95
        shown = max(0, min(30, top + rows) - max(10, top)) * max(0, min(60, left + columns) - max(30, left))
        assert shown >= 0.5 * 600
        begins.add((top, left))
    assert len(begins) > 20
    first, again = (tf.image.stateless_sample_distorted_bounding_box((40, 60, 3), box, seed=(1, 2)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    with pytest.raises(ValueError, match="No bounding boxes"):
        tf.image.sample_distorted_bounding_box((40, 60, 3), np.zeros((1, 0, 4)))
    begin, size, part = tf.image.sample_distorted_bounding_box(
        (40, 60, 3), np.zeros((1, 0, 4)), max_attempts=0, use_image_if_no_bounding_boxes=True
    )
    assert begin.tolist() == [0, 0, 0] and size.tolist() == [40, 60, -1] and part.tolist() == [[[0, 0, 1, 1]]]


def test_pictures_in_files(tf, tmp_path):
    pytest.importorskip("PIL")
    path = tmp_path / "deep" / "a.png"
    tf.io.write_file(str(path), tf.io.encode_png(RGB))
    contents = tf.io.read_file(tf.constant(str(path)))
    assert contents == path.read_bytes() and contents.numpy() == bytes(contents)
    assert tf.io.decode_png(contents).tolist() == tf.image.decode_image(contents, channels=3).tolist() == RGB.tolist()
    assert tf.io.decode_png(contents, channels=1).shape == (4, 6, 1)
    np.testing.assert_allclose(tf.io.decode_image(contents, dtype=tf.float32).numpy(), RGB / 255, rtol=1e-6)
    smooth = np.broadcast_to(np.arange(0, 128, 8, dtype="uint8")[:, None, None], (16, 16, 3))
    jpeg = tf.io.encode_jpeg(smooth)
    assert tf.image.is_jpeg(jpeg) and not tf.image.is_jpeg(contents)
    assert np.abs(tf.image.decode_jpeg(jpeg, channels=3).numpy().astype(int) - smooth).max() < 8
    with pytest.raises(ValueError, match="channels"):
        tf.io.decode_png(contents, channels=2)
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(RGB[..., 0]).save(out, "GIF", save_all=True, append_images=[Image.fromarray(RGB[..., 1])])
    assert tf.io.decode_gif(out.getvalue()).shape == (2, 4, 6, 3) == tf.io.decode_image(out.getvalue()).shape
    out = io.BytesIO()
    Image.fromarray(RGB).save(out, "BMP")
    assert tf.io.decode_bmp(out.getvalue()).tolist() == RGB.tolist()


# ---------------------------------------------------------------- files, text and sound


def test_files(tf, tmp_path):
    gfile = tf.io.gfile
    gfile.makedirs(tmp_path / "a" / "b")
    with gfile.GFile(str(tmp_path / "a" / "x.txt"), "w") as file:
        file.write("ä\n")
    gfile.copy(tmp_path / "a" / "x.txt", tmp_path / "a" / "y.txt")
    with pytest.raises(FileExistsError):
        gfile.copy(tmp_path / "a" / "x.txt", tmp_path / "a" / "y.txt")
    assert sorted(gfile.listdir(tmp_path / "a")) == ["b", "x.txt", "y.txt"] and gfile.isdir(tmp_path / "a")
    assert tf.io.read_file(str(tmp_path / "a" / "y.txt")) == "ä\n".encode()
    assert tf.io.matching_files(str(tmp_path / "a" / "*.txt")).tolist() == gfile.glob(str(tmp_path / "a" / "*.txt"))
    gfile.rename(tmp_path / "a" / "y.txt", tmp_path / "a" / "z.txt")
    gfile.remove(tmp_path / "a" / "x.txt")
    assert gfile.exists(tmp_path / "a" / "z.txt") and not gfile.exists(tmp_path / "a" / "x.txt")
    assert gfile.join("a", "b") == "a/b" and gfile.stat(tmp_path / "a" / "z.txt").st_size == 3
    assert [len(files) for *_, files in gfile.walk(tmp_path / "a")] == [1, 0]
    gfile.rmtree(tmp_path / "a")
    with pytest.raises(tf.errors.NotFoundError):
        tf.io.read_file(str(tmp_path / "a" / "z.txt"))
    assert tf.io.decode_raw(b"\x01\x00\x02\x00", tf.int16).tolist() == [1, 2]
    assert tf.io.decode_raw(b"\x00\x01", tf.int16, little_endian=False).tolist() == [1]
    assert tf.io.decode_base64(tf.io.encode_base64(b"\xff\xfe\xfd\xfc")) == b"\xff\xfe\xfd\xfc"


def test_text(tf):
    one, some = tf.constant("a"), tf.constant(["a", "b"])
    assert one == "a" and one.dtype == tf.string and one.shape == () and one.get_shape().rank == 0
    assert some[1] == "b" and some[1].numpy() == b"b" and some.get_shape().as_list() == [2] and isinstance(some, tf.Tensor)
    assert [each.numpy() for each in some] == [b"a", b"b"] and some[tf.constant([1])].tolist() == ["b"]
    raw = tf.constant(b"ab c")
    assert tf.is_tensor(one) and raw.numpy() == b"ab c" and tf.strings.split(raw).tolist() == ["ab", "c"]
    assert tf.strings.length(raw).tolist() == 4 and tf.strings.join([raw, ["x"]]).tolist() == ["ab cx"]
    assert next(iter(tf.data.Dataset.from_tensors(raw))) == b"ab c"


def test_sound(tf):
    samples = np.array([[0, 16384], [-32768, 100]], "<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((2, 2, 8000, 2, "NONE", ""))
        file.writeframes(samples.tobytes())
    audio, rate = tf.audio.decode_wav(out.getvalue())
    assert int(rate) == 8000 and audio.tolist() == (samples / 32768).astype("float32").tolist()
    assert tf.audio.decode_wav(out.getvalue(), desired_channels=1, desired_samples=3).audio.tolist() == [[0], [-1], [0]]
    again = tf.audio.decode_wav(tf.audio.encode_wav([[0.5], [-0.25]], 8000)).audio
    np.testing.assert_allclose(again.numpy(), [[0.5], [-0.25]], atol=1e-4)


# ---------------------------------------------------------------- chance


def test_softmax_among_the_mathematics(tf):
    assert tf.math.softmax([[0.0, 0.0]]).tolist() == [[0.5, 0.5]] and tf.math.log_softmax is tf.nn.log_softmax


def test_random(tf):
    random = tf.random
    random.set_seed(1)
    assert random.normal([2, 3], dtype=tf.float64).dtype is torch.float64
    big = random.normal((20000,), mean=3.0, stddev=2.0)
    assert abs(float(big.mean()) - 3) < 0.06 and abs(float(big.std()) - 2) < 0.06
    assert random.truncated_normal([5000]).abs().max() <= 2
    assert random.uniform([1000], 2, 3).min() >= 2
    assert set(random.uniform([200], maxval=3, dtype=tf.int32).tolist()) == {0, 1, 2}
    assert abs(float(random.poisson([20000], 4.0).mean()) - 4) < 0.1 and random.poisson([2], [1.0, 2.0]).shape == (2, 2)
    assert abs(float(random.gamma([20000], 2.0, beta=4.0).mean()) - 0.5) < 0.02
    drawn = random.categorical(tf.math.log([[0.0, 1.0, 0.0], [0.5, 0.5, 0.0]]), 100)
    assert drawn.dtype is torch.int64 and drawn.shape == (2, 100) and set(drawn[0].tolist()) == {1} and drawn[1].max() == 1
    assert sorted(random.shuffle(tf.range(9)).tolist()) == list(range(9))
    for draw in (lambda: random.uniform([3], seed=5), lambda: random.normal([3], seed=5)):
        assert draw().tolist() == draw().tolist()
    for name in ("uniform", "normal", "truncated_normal"):
        draw = getattr(random, f"stateless_{name}")
        assert draw([3], seed=(1, 2)).tolist() == draw([3], (1, 2)).tolist() != draw([3], (1, 3)).tolist()
    assert random.stateless_categorical([[0.0, 0.0]], 9, seed=[1, 1]).shape == (1, 9)
    nan, inf = float("nan"), float("inf")
    odd = tf.random.categorical([[nan, -1.0, -inf, 1.0], [inf, 0.0, nan, nan], [nan, inf, -inf, -inf]], 50, seed=1)
    assert [sorted(set(row)) for row in odd.tolist()] == [[1, 3], [1], [4]] and odd.dtype is torch.int64
    one, other = random.Generator.from_seed(1), random.Generator.from_seed(1)
    assert one.normal([2]).tolist() == other.normal([2]).tolist() != one.normal([2]).tolist()
    assert one.uniform([1], 0, 9, dtype=tf.int32).dtype is torch.int32 and one.truncated_normal([2]).shape == (2,)
    assert one.make_seeds(2).shape == (2, 2) and len(one.split(2)) == 2
    random.set_global_generator(one)
    assert random.get_global_generator() is one and random.split([1, 2], 3).shape == (3, 2)
    one.reset_from_seed(1)
    assert isinstance(random.Generator.from_non_deterministic_state(), random.Generator)


# ---------------------------------------------------------------- checkpoints


def network():
    return models.Sequential([layers.Input((3,)), layers.Dense(2, name="a"), layers.Dense(1, name="b")])


def trained(model, optimizer):
    model.compile(optimizer, "mse")
    model.fit(np.ones((4, 3), "float32"), np.ones((4, 1), "float32"), verbose=0)
    return model


def test_checkpoints(tf, tmp_path):
    model, optimizer, step = network(), optimizers.Adam(0.1), tf.Variable(7)
    trained(model, optimizer)
    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer, step=step, more=[tf.Variable(1.0)], data=iter([1]))
    path = checkpoint.save(tmp_path / "training" / "ckpt")
    assert path == str(tmp_path / "training" / "ckpt-1") and checkpoint.step is step
    assert tf.train.latest_checkpoint(tmp_path / "training") == path
    saved, slots = [w.numpy() for w in model.weights], [v.numpy() for v in optimizer.variables]
    trained(model, optimizer)
    step.assign(9)
    checkpoint.restore(path).assert_consumed()
    assert int(step) == 7 and all(np.array_equal(a, b.numpy()) for a, b in zip(saved, model.weights, strict=True))
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(slots, optimizer.variables, strict=True))

    fresh, later = network(), optimizers.Adam(0.5)  # an optimizer that is built afterwards
    other = tf.train.Checkpoint(model=fresh, optimizer=later)
    other.restore(path).expect_partial()
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(saved, fresh.weights, strict=True)) and not later.built
    later.build(fresh.trainable_variables)
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(slots, later.variables, strict=True))
    with pytest.raises(ValueError, match="has no 'net'"):
        tf.train.Checkpoint(net=fresh).restore(path)
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        other.restore(tmp_path / "none")
    other.restore(None)
    with pytest.raises(TypeError, match="cannot save"):
        tf.train.Checkpoint(a=object()).write(tmp_path / "x")


def test_a_model_built_after_its_checkpoint(tf, tmp_path):
    class Net(models.Model):
        def __init__(self):
            super().__init__()
            self.d = layers.Dense(2)

        def call(self, x):
            return self.d(x)

    x, net = np.ones((1, 3), "float32"), Net()
    wanted = net(x).detach().numpy()
    path = tf.train.Checkpoint(net).write(tmp_path / "c")
    again = Net()
    tf.train.Checkpoint(again).read(path)
    np.testing.assert_array_equal(again(x).detach().numpy(), wanted)


def test_checkpoint_manager(tf, tmp_path):
    class Module(tf.Module):
        def __init__(self):
            self.v = tf.Variable([1.0])

    module = Module()
    checkpoint = tf.train.Checkpoint(module=module)
    manager = tf.train.CheckpointManager(checkpoint, tmp_path, max_to_keep=2)
    assert manager.latest_checkpoint is None and manager.restore_or_initialize() is None
    for value in (1.0, 2.0, 3.0):
        module.v.assign([value])
        manager.save()
    assert [path.rpartition("-")[2] for path in manager.checkpoints] == ["2", "3"] and len(list(tmp_path.glob("*.h5"))) == 2
    module.v.assign([9.0])
    again = tf.train.CheckpointManager(checkpoint, tmp_path, max_to_keep=2)
    assert again.restore_or_initialize() == manager.latest_checkpoint == tf.train.latest_checkpoint(tmp_path)
    assert module.v.numpy().tolist() == [3.0] and again.save().endswith("ckpt-4")
    state = tf.train.get_checkpoint_state(tmp_path)
    assert state.model_checkpoint_path.endswith("ckpt-4") and len(state.all_model_checkpoint_paths) == 2
    assert tf.train.latest_checkpoint(tmp_path / "none") is None
    step = tf.Variable(0)
    waits = tf.train.CheckpointManager(checkpoint, tmp_path / "w", 3, step_counter=step, checkpoint_interval=5)
    assert waits.save() and waits.save() is None and waits.save(check_interval=False)
    step.assign(5)
    assert waits.save()
    with pytest.raises(ValueError, match="positive"):
        tf.train.CheckpointManager(checkpoint, tmp_path, 0)


def test_latest_of_keras_files(tf, tmp_path):
    for number in (1, 2):
        network().save_weights(tmp_path / f"cp-{number}.weights.h5")
    assert tf.train.latest_checkpoint(tmp_path) == str(tmp_path / "cp-2.weights.h5")


# ---------------------------------------------------------------- strategies, assertions, settings


def test_one_replica(tf):
    d = tf.distribute
    made = (d.MirroredStrategy(["GPU:0"]), d.OneDeviceStrategy("/cpu:0"), d.MultiWorkerMirroredStrategy(), d.get_strategy())
    for strategy in made:
        with strategy.scope():
            assert d.get_strategy() is strategy and d.has_strategy()
        assert strategy.num_replicas_in_sync == 1 and strategy.run(lambda a, b: a + b, args=(1,), kwargs={"b": 2}) == 3
        per_example = strategy.experimental_local_results(tf.constant([1.0, 3.0]))[0]
        assert strategy.reduce(d.ReduceOp.SUM, per_example, axis=None) is per_example
        assert strategy.reduce("MEAN", per_example, axis=0) == 2 and strategy.reduce(d.ReduceOp.SUM, per_example, axis=0) == 4
        assert strategy.experimental_distribute_dataset([1]) == [1] and strategy.gather(3, 0) == 3
        assert strategy.distribute_datasets_from_function(lambda context: context.get_per_replica_batch_size(64)) == 64
    assert not d.has_strategy() and d.get_replica_context().all_reduce("SUM", 3) == 3 and not d.in_cross_replica_context()


HOLDS = """assert_equal([1],[1]) assert_none_equal([1],[2]) assert_less([1],[2]) assert_less_equal([1],[1])
    assert_greater([2],[1]) assert_greater_equal([2],[2]) assert_positive([1]) assert_non_negative([0]) assert_negative([-1])
    assert_non_positive([0])
    assert_near([1.0],[1.0]) Assert(True,[1]) assert_rank([1],1) assert_rank_at_least([1],1) assert_rank_in([1],[0,1])
    assert_scalar(1) assert_type([1],'int32') assert_integer([1]) assert_all_finite([1.0],'') check_numerics([1.0],'')
    assert_shapes({(1,2):('a',)}) assert_shapes([([[1,2]],('a',2)),([5],('a',))]) assert_same_float_dtype([1.0],'float32')"""
FAILS = """assert_equal([1],[2]) assert_none_equal([1],[1]) assert_less([1],[1]) assert_less_equal([2],[1])
    assert_greater([1],[1]) assert_greater_equal([1],[2]) assert_positive([0]) assert_non_negative([-1]) assert_negative([0])
    assert_non_positive([1])
    assert_near([1.0],[1.1]) Assert(False,[1]) assert_rank([1],2) assert_rank_at_least([1],2) assert_rank_in([1],[0])
    assert_scalar([1]) assert_all_finite([float('nan')],'') check_numerics([float('inf')],'') assert_same_float_dtype([1])
    assert_shapes([([[1,2]],('a',2)),([5,6],('a',))]) assert_shapes([([1],('a','b'))]) assert_equal(['a'],['b'])"""


def test_assertions(tf):
    for statement in HOLDS.split():
        eval(f"debugging.{statement}", {"debugging": tf.debugging})
    for statement in FAILS.split():
        with pytest.raises(ValueError):
            eval(f"debugging.{statement}", {"debugging": tf.debugging})
    with pytest.raises(tf.errors.InvalidArgumentError, match="sizes: Condition x == y"):
        tf.debugging.assert_equal(1, 2, message="sizes")
    with pytest.raises(TypeError, match="int32"):
        tf.debugging.assert_type([1.0], tf.int32)
    with pytest.raises(TypeError, match="integer"):
        tf.debugging.assert_integer([1.0])
    assert tf.debugging.is_numeric_tensor(tf.constant(1)) and not tf.debugging.is_numeric_tensor(tf.constant(True))
    tf.debugging.enable_check_numerics()
    assert torch.is_anomaly_enabled()
    tf.debugging.disable_check_numerics()
    assert not torch.is_anomaly_enabled()


def test_settings(tf):
    config = tf.config
    assert [one.name for one in config.list_logical_devices("CPU")] == ["/device:CPU:0"]
    cpu = config.list_physical_devices("CPU")[0]
    config.experimental.set_memory_growth(cpu, True)
    config.set_visible_devices([cpu], "CPU")
    config.set_logical_device_configuration(cpu, [config.LogicalDeviceConfiguration(memory_limit=1024)])
    config.run_functions_eagerly(True)
    config.optimizer.set_jit(True)
    threads = config.threading.get_intra_op_parallelism_threads()
    config.threading.set_intra_op_parallelism_threads(threads)
    assert torch.get_num_threads() == threads and config.experimental.get_device_details(cpu) == {}
    precision = torch.get_float32_matmul_precision()
    config.experimental.enable_tensor_float_32_execution(True)
    assert config.experimental.tensor_float_32_execution_enabled()
    torch.set_float32_matmul_precision(precision)
    with tf.device("/job:localhost/replica:0/task:0/device:CPU:0"), tf.device(None):
        assert tf.zeros(1).device.type == "cpu"
    assert tf.test.gpu_device_name() in ("", "/device:GPU:0") and tf.version.VERSION == "2.21.0"


def test_functions_stay_what_they_are(tf, capsys):
    def double(x):
        return 2 * x

    assert tf.function(double) is double and double.python_function(3) == double(3) == 6
    decorated = tf.function(input_signature=[tf.TensorSpec([None], tf.float32)], experimental_relax_shapes=True)(double)
    assert decorated is double and tf.autograph.experimental.do_not_convert(double) is double

    class Thing:
        @tf.function(jit_compile=True)
        def method(self, x):
            return x + 1

    assert Thing().method(1) == 2 and tf.function(Thing().method)(1) == 2 and tf.function(print) is print
    tf.print("loss:", tf.constant([1.5, 2.0]), {"a": tf.constant(1)}, tf.Variable(2.0), sep=" ")
    assert capsys.readouterr().err == "loss: [1.5 2. ] {'a': 1} 2.0\n"
    with tf.name_scope("a") as scope, tf.init_scope(), tf.control_dependencies([]):
        assert scope == "a/" and tf.group(1, 2) is None and tf.no_op() is None
    assert tf.get_logger().name == "tensorflow"


def test_errors_are_those_that_are_raised(tf):
    assert tf.errors.ResourceExhaustedError is torch.OutOfMemoryError
    assert str(tf.errors.InvalidArgumentError(None, None, "text")) == "text"
    assert issubclass(tf.errors.OutOfRangeError, tf.errors.OpError)


def test_summaries(tf, tmp_path):
    pytest.importorskip("tensorboard")
    summary = tf.summary
    assert summary.scalar("nobody listens", 1.0, step=0) is False
    writer = summary.create_file_writer(str(tmp_path / "logs"))
    with writer.as_default():
        assert summary.scalar("loss", tf.constant(0.5), step=3)
        summary.experimental.set_step(4)
        assert summary.scalar("loss", 0.25) and summary.histogram("w", tf.ones(3)) and summary.text("t", "hello")
        assert summary.image("i", RGB[None]) and summary.image("two", np.zeros((2, 2, 2, 1), "float32"))
        with summary.record_if(False):
            assert not summary.scalar("loss", 1.0, step=9)
        summary.experimental.set_step(None)
        with pytest.raises(ValueError, match="step"):
            summary.scalar("loss", 1.0)
    writer.close()
    with summary.create_noop_writer().as_default():
        assert not summary.scalar("loss", 1.0, step=1)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "logs")).Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [(3, 0.5), (4, 0.25)]
    assert {"i", "two/0", "two/1"} == set(events.Tags()["images"])


def test_summaries_of_tensorflow_1(tf, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    Summary = tf.file("_summaries").Summary
    summary = Summary()
    value = summary.value.add()
    value.simple_value, value.tag = np.float32(0.5), "loss"
    picture = tf.io.encode_png(RGB)
    more = Summary(value=[
        Summary.Value(tag="loss", simple_value=0.25),
        Summary.Value(tag="picture", image=Summary.Image(4, 6, encoded_image_string=bytes(picture.numpy()))),
    ])  # fmt: skip
    writer = tf.summary.FileWriter(str(tmp_path), None)
    writer.add_summary(summary, 2)
    writer.add_summary(more, 3)
    writer.close()
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [(2, 0.5), (3, 0.25)]
    assert events.Tags()["images"] == ["picture"]


def test_traces(tf, tmp_path):
    def noted(folder):
        return [path.name for path in (tmp_path / folder / "plugins" / "profile").glob("*")]

    writer = tf.summary.create_noop_writer()
    tf.summary.trace_on(graph=True, profiler=True, profiler_outdir=str(tmp_path / "a"))
    with writer.as_default():
        tf.summary.trace_export("step", step=0)
    tf.summary.trace_on()
    tf.summary.trace_export("nothing was noted", step=0, profiler_outdir=str(tmp_path / "b"))
    tf.summary.trace_on(profiler=True, profiler_outdir=str(tmp_path / "b"))
    tf.summary.trace_off()
    assert len(noted("a")) == 1 and noted("b") == []
    profiler = tf.profiler.experimental
    with profiler.Profile(str(tmp_path / "c"), profiler.ProfilerOptions(host_tracer_level=3)):
        with profiler.Trace("train", step_num=1, _r=1):
            tf.ones(2) + 1
        with pytest.raises(RuntimeError, match="Another profiler"):
            profiler.start(str(tmp_path / "d"))
    assert "train step_num=1 _r=1" in (tmp_path / "c" / "plugins" / "profile" / noted("c")[0]).read_text()
    with pytest.raises(RuntimeError, match="No profiler"):
        profiler.stop()


def test_names_that_moved(tf, tmp_path):
    assert tf.dtypes.cast([1.75], tf.int32).tolist() == [1]
    assert tf.dtypes.saturate_cast([300.0], tf.uint8).item() == 255 and tf.dtypes.complex(1.0, 2.0).item() == 1 + 2j
    averaged = tf.Variable(1.0, synchronization=tf.VariableSynchronization.ON_READ, aggregation=tf.VariableAggregation.MEAN)
    assert averaged.numpy() == 1 and tf.version.VERSION == "2.21.0"
    folder = str(tmp_path / "one" / "two")
    tf.io.gfile.MakeDirs(folder)
    with tf.io.gfile.Open(folder + "/text", "w") as file:
        file.write("hello")
    with tf.io.gfile.FastGFile(folder + "/text") as file:
        assert tf.io.gfile.Exists(folder) and file.read() == "hello"
    tf.io.gfile.DeleteRecursively(folder)
    assert not tf.io.gfile.Exists(folder) and tf.io.gfile.IsDirectory(str(tmp_path))
    tf.config.experimental_run_functions_eagerly(True)
    assert tf.config.experimental_functions_run_eagerly()
    assert tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY == "serving_default" and tf.saved_model.SERVING == "serve"
    assert tf.autograph.to_code(test_traces).startswith("def test_traces(tf") and tf.autograph.to_graph(len) is len


def test_sets(tf):
    sets, dense = tf.sets, tf.sparse.to_dense
    a, b = tf.constant([[2, 3, 5, 7], [7, 9, 0, 0]]), tf.constant([[4, 5, 6], [9, 10, 0]])
    assert dense(sets.union(a, b)).tolist() == [[2, 3, 4, 5, 6, 7], [0, 7, 9, 10, 0, 0]]
    assert dense(sets.difference(a, b)).tolist() == [[2, 3, 7], [7, 0, 0]] and sets.size(a).tolist() == [4, 3]
    assert dense(sets.difference(a, b, aminusb=False), default_value=-1).tolist() == [[4, 6], [10, -1]]
    both = sets.intersection(tf.sparse.from_dense(a), tf.sparse.from_dense(b))
    assert both.indices.tolist() == [[0, 0], [1, 0]] and both.values.tolist() == [5, 9] and both.values.dtype is torch.int32
    words = sets.union([["b", "a"]], [["c"]])
    assert words.values.numpy().tolist() == [b"a", b"b", b"c"]
    with pytest.raises(ValueError, match="axes but the last"):
        sets.union(a, b[:1])


def test_lines(tf, tmp_path):
    for name, text in (("a", "one\ntwo\r\n"), ("b", "ä")):
        (tmp_path / name).write_bytes(text.encode())
    read = tf.data.TextLineDataset
    assert list(read(str(tmp_path / "a"))) == ["one", "two"]
    lines = list(read([str(tmp_path / "a"), str(tmp_path / "b")]).batch(2))
    assert [each.tolist() for each in lines] == [["one", "two"], ["ä"]] and lines[1].numpy().tolist() == ["ä".encode()]
    files = tf.data.Dataset.list_files(str(tmp_path / "*"), shuffle=False)
    assert [one.numpy() for one in read(files)] == [b"one", b"two", "ä".encode()]


# ---------------------------------------------------------------- records


def test_records(tf, tmp_path):
    train = tf.train

    def example(number):
        feature = {
            "image": train.Feature(bytes_list=train.BytesList(value=[tf.constant(b"\xff\x00").numpy(), b"x"])),
            "label": train.Feature(int64_list=train.Int64List(value=[number, -3, 2**40])),
            "weight": train.Feature(float_list=train.FloatList(value=[0.5])),
        }
        return train.Example(features=train.Features(feature=feature))

    path = str(tmp_path / "a.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for number in range(3):
            writer.write(example(number).SerializeToString())
    raw = tf.data.TFRecordDataset([path])
    again = train.Example.FromString(next(iter(raw)).numpy())
    assert again.features.feature["label"].int64_list.value == [0, -3, 2**40]
    other = train.Example()
    other.ParseFromString(example(7).SerializeToString())
    assert other.features.feature["weight"].float_list.value == [0.5]
    fixed = tf.io.FixedLenFeature
    description = {
        "image": fixed([2], tf.string), "label": fixed((3,), tf.int64), "weight": fixed([], tf.float32),
        "more": fixed([2], tf.float32, default_value=1.5),
    }  # fmt: skip
    parsed = list(raw.map(lambda one: tf.io.parse_single_example(one, description)))
    assert parsed[2]["label"].tolist() == [2, -3, 2**40] and parsed[0]["image"].numpy().tolist() == [b"\xff\x00", b"x"]
    assert parsed[0]["weight"].shape == () and parsed[0]["more"].tolist() == [1.5, 1.5]
    batch = next(iter(raw.batch(3).map(lambda some: tf.io.parse_example(some, description))))
    assert batch["label"][:, 0].tolist() == [0, 1, 2] and batch["label"].dtype is torch.int64
    for spec, problem in ((fixed([4], tf.int64), "3 values"), (fixed([], tf.int64), "3 values")):
        with pytest.raises(ValueError, match=problem):
            tf.io.parse_single_example(example(0).SerializeToString(), {"label": spec})
    with pytest.raises(ValueError, match="required"):
        tf.io.parse_single_example(example(0).SerializeToString(), {"none": fixed([], tf.int64)})
    (tmp_path / "b").write_bytes(b"this is no such file")
    with pytest.raises(ValueError, match="no TFRecord"):
        list(tf.data.TFRecordDataset(str(tmp_path / "b")))
    (tmp_path / "c").write_bytes((tmp_path / "a.tfrecord").read_bytes()[:-1])
    with pytest.raises(ValueError, match="within a record"):
        list(tf.data.TFRecordDataset(str(tmp_path / "c")))


def test_records_are_those_of_tensorboard(tf, tmp_path):
    """Another reader and another checksum: TensorBoard's own, of files that TensorFlow writes."""
    reader = pytest.importorskip("tensorboard.compat.tensorflow_stub.pywrap_tensorflow")
    path = tmp_path / "r"
    with tf.io.TFRecordWriter(path) as writer:
        writer.write(b"hello")
    assert tf.file("_records").masked_crc(b"hello") == reader.masked_crc32c(b"hello")
    found = reader.PyRecordReader_New(str(path))
    found.GetNext()
    assert found.record() == b"hello"


def test_tables(tf):
    entries = tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([5, 7], dtype=tf.int64))
    table = tf.lookup.StaticHashTable(entries, default_value=-1)
    found = table.lookup(tf.constant([["b", "x"], ["a", "a"]]))
    assert found.tolist() == [[7, -1], [5, 5]] and found.dtype is torch.int64 and int(table.size()) == 2
    assert table["a"].tolist() == 5 and table.lookup(tf.constant(b"b")).shape == ()
    names = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer([0, 1], ["zero", "one"]), "")
    assert names.lookup([1, 9]).tolist() == ["one", ""]
    words = tf.lookup.StaticVocabularyTable(tf.lookup.KeyValueTensorInitializer(["a", "b"], [0, 1]), num_oov_buckets=2)
    assert words.lookup(["b", "a"]).tolist() == [1, 0] and set(words.lookup(list("cdefghij")).tolist()) == {2, 3}
    with pytest.raises(ValueError):
        tf.lookup.KeyValueTensorInitializer(["a"], [1, 2])


def test_tables_in_files(tf, tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("a,5\nb,7\nc,9\n")
    pairs = tf.lookup.TextFileInitializer(str(file), tf.string, 0, tf.int64, 1, delimiter=",")
    assert tf.lookup.StaticHashTable(pairs, -1).lookup(["c", "x", "a"]).tolist() == [9, -1, 5]
    back = tf.lookup.TextFileInitializer(str(file), tf.int64, 1, tf.string, 0, vocab_size=2, delimiter=",")
    assert tf.lookup.StaticHashTable(back, "?").lookup([7, 9]).tolist() == ["b", "?"]
    index = tf.lookup.TextFileIndex
    lines = tf.lookup.TextFileInitializer(str(file), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER)
    assert tf.lookup.StaticHashTable(lines, -1).lookup(["b,7"]).tolist() == [1]


def test_negative_samples(tf):
    true = tf.constant([[5], [0]], "int64")
    drawn, of_true, of_drawn = tf.random.log_uniform_candidate_sampler(true, 1, 50, True, 60, seed=3)
    assert drawn.dtype is torch.int64 and sorted(set(drawn.tolist())) == sorted(drawn.tolist()) and drawn.max() < 60
    assert of_true.shape == (2, 1) and of_true[1] > of_true[0] and of_drawn.shape == (50,) and (of_drawn <= 1).all()
    drawn, of_true, _ = tf.random.log_uniform_candidate_sampler(true, 1, 20000, False, 60, seed=3)
    for row, number in enumerate((5, 0)):
        chance = np.log((number + 2) / (number + 1)) / np.log(61)
        np.testing.assert_allclose(of_true[row, 0], chance * 20000, rtol=1e-5)
        assert abs((drawn == number).double().mean() - chance) < 0.01
    with pytest.raises(ValueError, match="too small"):
        tf.random.log_uniform_candidate_sampler(true, 1, 61, True, 60)


def test_the_latest_weights_have_any_name(tf, tmp_path):
    h5py = pytest.importorskip("h5py")
    import os

    (tmp_path / "notes.txt").write_text("no weights")
    for i, name in enumerate(("cp-0002.ckpt", "cp-0001.ckpt")):
        h5py.File(tmp_path / name, "w").close()
        os.utime(tmp_path / name, (i, i))
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "cp-0001.ckpt")
