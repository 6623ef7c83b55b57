"""Data sets from folders, and pieces of series: what is in them, in which order, and the methods of tf.data."""

import wave

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import torchkeras_lite as k
from torchkeras_lite import layers, utils
from torchkeras_lite.data import Dataset
from torchkeras_lite.texts import Texts


@pytest.fixture
def folder(tmp_path):
    """Two classes, of images that are gray in their own shade: 0, 10, 20, ... for cats and 100, 110, ... for dogs."""
    for number, name in enumerate(("cats", "dogs")):
        (tmp_path / name / "more").mkdir(parents=True)
        for i in range(5):
            shade = 100 * number + 10 * i
            Image.new("RGB", (6 + i, 9), (shade, shade, shade)).save(tmp_path / name / ("more" if i == 3 else "") / f"{i}.png")
        (tmp_path / name / "read.me").write_text("no image")
    return tmp_path


def shades(dataset):
    return {int(image[0, 0, 0]): int(label) for images, labels in dataset for image, label in zip(images, labels, strict=True)}


def test_images_and_labels(folder, capsys):
    data = utils.image_dataset_from_directory(folder, image_size=(4, 3), batch_size=4)
    assert "Found 10 files belonging to 2 classes." in capsys.readouterr().out
    assert data.class_names == ["cats", "dogs"] and len(data) == 3 and len(data.file_paths) == 10
    images, labels = next(iter(data))
    assert images.shape == (4, 4, 3, 3) and images.dtype is torch.float32 and labels.dtype is torch.int32
    for _ in range(2):
        assert shades(data) == {100 * n + 10 * i: n for n in (0, 1) for i in range(5)}
    orders = [torch.cat([images[:, 0, 0, 0] for images, _ in data]).tolist() for _ in range(2)]
    assert orders[0] != orders[1]
    fixed = [utils.image_dataset_from_directory(folder, image_size=(4, 3), seed=3, verbose=False) for _ in range(2)]
    assert torch.equal(*(next(iter(each))[1] for each in fixed))


def test_forms_of_labels(folder):
    def first(**kwargs):
        return next(iter(utils.image_dataset_from_directory(folder, image_size=4, shuffle=False, verbose=False, **kwargs)))

    assert first(label_mode="categorical")[1].tolist() == [[1, 0]] * 5 + [[0, 1]] * 5
    assert first(label_mode="binary")[1].tolist() == [[0.0]] * 5 + [[1.0]] * 5
    assert first(label_mode=None).shape == first(labels=None).shape == (10, 4, 4, 3)
    assert first(class_names=["dogs", "cats"])[1].tolist() == [0] * 5 + [1] * 5
    assert first(labels=list(range(10)))[1].tolist() == list(range(10))
    assert first(color_mode="grayscale")[0].shape == (10, 4, 4, 1) and first(color_mode="rgba")[0].shape == (10, 4, 4, 4)
    assert first(data_format="channels_first")[0].shape == (10, 3, 4, 4)
    assert first(batch_size=None)[0].shape == (4, 4, 3)
    for how in ("crop_to_aspect_ratio", "pad_to_aspect_ratio"):
        assert first(**{how: True})[0].shape == (10, 4, 4, 3)


def test_two_parts_share_no_file(folder):
    both = utils.image_dataset_from_directory(folder, validation_split=0.3, subset="both", seed=1, image_size=4)
    assert [len(part.file_paths) for part in both] == [7, 3]
    assert not set(both[0].file_paths) & set(both[1].file_paths)
    for part, name in zip(both, ("training", "validation"), strict=True):
        alone = utils.image_dataset_from_directory(folder, validation_split=0.3, subset=name, seed=1, image_size=4)
        assert alone.file_paths == part.file_paths
    orders = [torch.cat([labels for _, labels in both[1]]).tolist() for _ in range(2)]
    assert orders[0] == orders[1]  # validation comes in one order


@pytest.mark.parametrize(
    ("kwargs", "word"),
    [
        ({"labels": 3}, "labels"),
        ({"labels": [1, 2]}, "2 `labels`"),
        ({"label_mode": "x"}, "label_mode"),
        ({"class_names": ["birds"]}, "class_names"),
        ({"labels": None, "class_names": ["cats"]}, "class_names"),
        ({"class_names": ["cats"], "label_mode": "binary"}, "exactly 2"),
        ({"color_mode": "cmyk"}, "color_mode"),
        ({"image_size": (1, 2, 3)}, "image_size"),
        ({"interpolation": "area"}, "interpolation"),
        ({"validation_split": 2, "subset": "both", "seed": 1}, "between 0 and 1"),
        ({"validation_split": 0.2}, "inversely"),
        ({"validation_split": 0.2, "subset": "test", "seed": 1}, "subset"),
        ({"validation_split": 0.2, "subset": "both"}, "seed"),
        ({"validation_split": 0.01, "subset": "validation", "seed": 1}, "No validation (images|text files)"),
        ({"format": "arrow"}, "`format` should be 'tf' or 'grain'.*'arrow'"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "Only one"),
    ],
)
def test_errors(folder, kwargs, word):
    with pytest.raises(ValueError, match=word):
        utils.image_dataset_from_directory(folder, **kwargs)


def test_texts(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for i in range(3):
            (tmp_path / name / f"{i}.txt").write_text(f"{name} number {i}", encoding="utf-8")
    data = utils.text_dataset_from_directory(tmp_path, batch_size=4, shuffle=False, max_length=8, verbose=False)
    texts, labels = next(iter(data))
    assert isinstance(texts, Texts) and texts.tolist() == ["a number"] * 3 + ["b number"] and labels.tolist() == [0, 0, 0, 1]
    assert data.element_spec[0] == ((4,), "string")
    vectorize = layers.TextVectorization()
    vectorize.adapt(data.map(lambda texts, labels: texts))
    numbers = data.map(lambda texts, labels: (vectorize(texts), labels))
    assert next(iter(numbers))[0].tolist() == [[4, 2], [4, 2], [4, 2], [3, 2]]


def test_sounds(tmp_path):
    for i, length in enumerate((30, 50)):
        (tmp_path / str(i)).mkdir()
        with wave.open(str(tmp_path / str(i) / "x.wav"), "wb") as file:
            file.setnchannels(2), file.setsampwidth(2), file.setframerate(100)
            file.writeframes(np.full((length, 2), -16384, "<i2").tobytes())
    sounds, labels = next(iter(utils.audio_dataset_from_directory(tmp_path, shuffle=False, verbose=False)))
    assert sounds.shape == (2, 50, 2) and labels.tolist() == [0, 1]
    assert (sounds[0, :30] == -0.5).all() and not sounds[0, 30:].any()
    for length in (20, 70):
        data = utils.audio_dataset_from_directory(tmp_path, output_sequence_length=length, verbose=False)
        assert next(iter(data))[0].shape == (2, length, 2)
    slower = utils.audio_dataset_from_directory(tmp_path, sampling_rate=50, shuffle=False, verbose=False)
    assert next(iter(slower))[0].shape == (2, 25, 2)


@settings(max_examples=40, deadline=None)
@given(
    steps=st.integers(13, 30), length=st.integers(1, 4), stride=st.integers(1, 3), rate=st.integers(1, 2),
    start=st.integers(0, 3), cut=st.integers(0, 2), targets=st.booleans(),
)  # fmt: skip
def test_pieces_of_a_series(steps, length, stride, rate, start, cut, targets):
    data, wanted = np.arange(steps * 2.0).reshape(steps, 2), np.arange(steps) * 10
    end = steps - cut if cut else None
    found = utils.timeseries_dataset_from_array(
        data, wanted if targets else None, length, stride, rate, batch_size=3, start_index=start, end_index=end
    )
    pieces, labels = [], []
    last = (end or steps) - (length - 1) * rate
    for i in range(start, last, stride):
        pieces.append(data[i : i + length * rate : rate])
        labels.append(wanted[i])
    batches = list(found)
    got = torch.cat([batch[0] if targets else batch for batch in batches])
    np.testing.assert_array_equal(got, np.stack(pieces))
    if targets:
        assert torch.cat([batch[1] for batch in batches]).tolist() == labels
    assert len(found) == len(batches)


def test_errors_of_series():
    data = np.arange(10.0)
    places = {"start_index": 10}, {"end_index": 10}, {"start_index": 5, "end_index": 4}
    for kwargs in (*places, {"sampling_rate": 0}, {"sequence_stride": 10}):
        with pytest.raises(ValueError, match="must be"):
            utils.timeseries_dataset_from_array(data, None, 2, **kwargs)
    with pytest.raises(ValueError, match="no pieces"):
        utils.timeseries_dataset_from_array(data, None, 11)


def test_methods():
    data = Dataset.of_rows((torch.arange(10), Texts([str(i) for i in range(10)])))

    def numbers(dataset):
        return [int(each[0]) if each[0].ndim == 0 else each[0].tolist() for each in dataset]

    assert numbers(data.take(3)) == [0, 1, 2] and numbers(data.skip(8)) == [8, 9] and numbers(data.take(-1)) == list(range(10))
    assert numbers(data.batch(4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]] and len(data.batch(4, drop_remainder=True)) == 2
    assert numbers(data.batch(4).unbatch()) == numbers(data) == numbers(data.prefetch(1).with_options())
    assert numbers(data.repeat(2)) == [*range(10), *range(10)] and len(data.repeat(2)) == 20
    assert numbers(data.repeat().take(13))[10:] == [0, 1, 2] and data.repeat().cardinality() == -1
    assert numbers(data.shard(3, 1)) == [1, 4, 7] and numbers(data.concatenate(data.take(1))) == [*range(10), 0]
    assert numbers(data.filter(lambda i, text: i % 2 == 0)) == [0, 2, 4, 6, 8]
    for calls in (None, 3, -1):
        assert numbers(data.map(lambda i, text: (i + int(text), text), num_parallel_calls=calls)) == list(range(0, 20, 2))
    assert data.batch(3).map(lambda i, text: i.sum()).reduce(0, lambda a, b: a + b) == 45
    assert [int(i) for i, _ in data.enumerate(5)] == list(range(5, 15))
    shuffled = data.shuffle(10, seed=1)
    first, second = numbers(shuffled), numbers(shuffled)
    assert sorted(first) == sorted(second) == list(range(10)) and first != second
    assert numbers(data.shuffle(10, seed=1)) == first
    once = data.shuffle(10, reshuffle_each_iteration=False)
    assert numbers(once) == numbers(once)
    kept = data.shuffle(10).cache()
    assert numbers(kept) == numbers(kept)
    assert next(data.batch(2).as_numpy_iterator())[1].tolist() == ["0", "1"]
    with pytest.raises(TypeError, match="endless"):
        len(data.repeat())
    with pytest.raises(TypeError, match="unknown"):
        len(data.filter(lambda *_: True))
    with pytest.raises(ValueError, match="buffer_size"):
        data.shuffle(0)


def test_a_model_learns_from_a_folder(folder):
    train, test = utils.image_dataset_from_directory(folder, image_size=4, validation_split=0.4, subset="both", seed=0)
    steps = [layers.Rescaling(1 / 255), layers.RandomFlip(), layers.GlobalAveragePooling2D(), layers.Dense(2)]
    model = k.Sequential([k.Input((4, 4, 3)), *steps])
    model.compile(k.optimizers.Adam(0.1), k.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    model.fit(train.cache().prefetch(-1), validation_data=test, epochs=40, verbose=0)
    assert model.evaluate(train, verbose=0)[1] == 1
    assert model.predict(test.map(lambda images, labels: images), verbose=0).shape == (4, 2)
