"""`keras.preprocessing` of Keras 1 and 2: texts, sequences, images. Each snippet has a fresh interpreter."""

import textwrap

import pytest

BEGIN = """
import numpy as np, pytest, os
near = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)
"""

SNIPPETS = {
    "texts": """
        from keras.preprocessing.text import (
            Tokenizer, hashing_trick, one_hot, text_to_word_sequence, tokenizer_from_json)
        assert text_to_word_sequence("The cat, the DOG!") == ["the", "cat", "the", "dog"]
        assert text_to_word_sequence("a-b;C", filters=";", lower=False, split="-") == ["a", "b", "C"]
        texts = ["the cat sat on the mat", "the dog sat", "a bird"]
        tokenizer = Tokenizer(nb_words=5)
        tokenizer.fit_on_texts(texts)
        assert tokenizer.word_index == dict(the=1, sat=2, cat=3, on=4, mat=5, dog=6, a=7, bird=8)
        assert tokenizer.word_counts["the"] == 3 and tokenizer.word_docs["the"] == 2 and tokenizer.document_count == 3
        assert tokenizer.texts_to_sequences(texts + ["no such words"]) == [[1, 3, 2, 4, 1], [1, 2], [], []]
        assert tokenizer.sequences_to_texts([[1, 3, 99], [2]]) == ["the cat", "sat"]
        near(tokenizer.texts_to_matrix(["the the cat"]), [[0, 1, 0, 1, 0]])
        near(tokenizer.texts_to_matrix(["the the cat"], "count"), [[0, 2, 0, 1, 0]])
        near(tokenizer.texts_to_matrix(["the the cat"], mode="freq"), [[0, 2 / 3, 0, 1 / 3, 0]])
        near(tokenizer.texts_to_matrix(["the the cat"], mode="tfidf"),
             [[0, (1 + np.log(2)) * np.log(1 + 3 / 3), 0, np.log(1 + 3 / 2), 0]])
        again = tokenizer_from_json(tokenizer.to_json())
        assert again.texts_to_sequences(texts) == tokenizer.texts_to_sequences(texts) and again.index_word[3] == "cat"
        near(again.texts_to_matrix(texts, "tfidf"), tokenizer.texts_to_matrix(texts, "tfidf"))
        known = Tokenizer(num_words=4, oov_token="?")
        known.fit_on_texts(texts)
        assert known.word_index["?"] == 1 and known.texts_to_sequences(["the bird sat"]) == [[2, 1, 3]]
        letters = Tokenizer(char_level=True)
        letters.fit_on_texts(["abba b"])
        assert letters.word_index == {"b": 1, "a": 2, " ": 3} and letters.texts_to_sequences(["ab"]) == [[2, 1]]
        counted = Tokenizer(num_words=4)
        counted.fit_on_sequences([[1, 2], [2, 3]])
        assert counted.sequences_to_matrix([[2, 2]], "count").tolist() == [[0, 0, 2, 0]]
        with pytest.raises(ValueError, match="mode"):
            tokenizer.texts_to_matrix(texts, mode="tf")
        with pytest.raises(ValueError, match="fit"):
            Tokenizer().sequences_to_matrix([[1]])
        numbers = hashing_trick("a b a", 10, hash_function="md5")
        assert numbers == hashing_trick("A, b a!", 10, "md5") and numbers[0] == numbers[2] and set(numbers) <= set(range(1, 10))
        assert one_hot("x x y", 5)[0] == one_hot("x", 5)[0]
    """,
    "sequences": """
        from keras.preprocessing.sequence import TimeseriesGenerator, make_sampling_table, pad_sequences, skipgrams
        from keras.preprocessing import sequence
        assert sequence.pad_sequences is pad_sequences and pad_sequences([[1], [2, 3]], maxlen=2).tolist() == [[0, 1], [2, 3]]
        couples, labels = skipgrams([1, 0, 2, 3], 4, window_size=1, negative_samples=0, shuffle=False)
        assert couples == [[2, 3], [3, 2]] and labels == [1, 1]
        couples, labels = skipgrams([1, 2, 3], 4, window_size=2, negative_samples=1.0, seed=3, categorical=True)
        assert len(couples) == 12 and sorted(labels) == [[0, 1]] * 6 + [[1, 0]] * 6
        assert (couples, labels) != skipgrams([1, 2, 3], 4, window_size=2, seed=4, categorical=True)
        for couple, label in zip(couples, labels):
            assert 1 <= couple[0] <= 3 and 1 <= couple[1] <= 3 and (label == [1, 0] or couple[0] != couple[1])
        table = make_sampling_table(5, 1e-3)
        rank = np.array([1, 1, 2, 3, 4])
        near(table, np.sqrt(1e-3 * (rank * (np.log(rank) + 0.577) + 0.5 - 1 / (12 * rank))))
        assert make_sampling_table(10**6)[-1] == 1.0 and skipgrams([1, 2], 3, sampling_table=np.zeros(3))[0] == []
        data = np.arange(20).reshape(10, 2)
        series = TimeseriesGenerator(data, np.arange(10), length=4, sampling_rate=2, batch_size=4)
        assert len(series) == 2 and series[0][0].shape == (4, 2, 2)
        assert series[0][0][0].tolist() == [[0, 1], [4, 5]] and series[0][1].tolist() == [4, 5, 6, 7]
        assert series[1][1].tolist() == [8, 9]
        back = TimeseriesGenerator(data, np.arange(10), 3, stride=2, start_index=1, end_index=8, reverse=True)
        assert back[0][1].tolist() == [4, 6, 8] and back[0][0][0, :, 0].tolist() == [6, 4, 2]
        mixed = TimeseriesGenerator(data, np.arange(10), 3, shuffle=True, batch_size=50)[0]
        assert set(mixed[1]) == set(range(3, 10)) and all(x[-1, 0] == 2 * (y - 1) for x, y in zip(*mixed))
        with pytest.raises(ValueError, match="not allowed"):
            TimeseriesGenerator(data, np.arange(10), 12)
    """,
    "transforms of an image": """
        from keras.preprocessing import image
        from keras.preprocessing.image import ImageDataGenerator
        x = np.arange(48, dtype="float32").reshape(4, 4, 3)
        make = ImageDataGenerator().apply_transform
        near(make(x, {"flip_horizontal": True}), x[:, ::-1])
        near(make(x, {"flip_vertical": True}), x[::-1])
        near(make(x, {"theta": 90}), np.rot90(x, -1))
        near(make(x, {"theta": 180}), x[::-1, ::-1])
        near(make(x, {"tx": 1}), x[[1, 2, 3, 3]])
        near(make(x, {"ty": -1}), x[:, [0, 0, 1, 2]])
        black = ImageDataGenerator(fill_mode="constant", cval=7.0)
        near(black.apply_transform(x, {"tx": 2}), np.concatenate([x[2:], np.full((2, 4, 3), 7.0)]))
        near(make(x, {"zx": 1 / 3})[:, 0, 0], [12, 16, 20, 24])            # the middle, three times as large
        near(make(x, {"channel_shift_intensity": 10.0}), np.clip(x + 10, 0, 47))
        near(make(x, {"brightness": 2.0}), np.uint8(x) * 2.0)
        first = ImageDataGenerator(dim_ordering="th")
        near(first.apply_transform(x.transpose(2, 0, 1), {"tx": 1}), x[[1, 2, 3, 3]].transpose(2, 0, 1))
        assert image.random_rotation(x, 30, row_axis=0, col_axis=1, channel_axis=2).shape == x.shape
        near(image.random_shift(x, 0, 0, 0, 1, 2), x)
        near(image.random_zoom(x, (1, 1), 0, 1, 2), x)
        near(image.flip_axis(x, 1), x[:, ::-1])
        drawn = ImageDataGenerator(rotation_range=20, width_shift_range=0.25, height_shift_range=[1, 3], zoom_range=0.5,
                                   shear_range=5, horizontal_flip=True, brightness_range=(0.5, 1.5), channel_shift_range=9)
        seen = [drawn.get_random_transform((8, 4, 3), seed) for seed in range(200)]
        assert drawn.get_random_transform((8, 4, 3), 5) == seen[5] and 15 < max(one["theta"] for one in seen) <= 20
        assert {abs(one["tx"]) for one in seen} == {1, 3} and max(abs(one["ty"]) for one in seen) <= 1
        assert 0.5 <= min(one["zx"] for one in seen) and any(one["zx"] != one["zy"] for one in seen)
        assert {one["flip_horizontal"] for one in seen} == {True, False} and not any(one["flip_vertical"] for one in seen)
        with pytest.raises(ValueError, match="zoom_range"):
            ImageDataGenerator(zoom_range=(1, 2, 3))
    """,
    "statistics": """
        from keras.preprocessing.image import ImageDataGenerator
        rng = np.random.default_rng(0)
        x = rng.normal(3, 2, (50, 4, 4, 2)).astype("float32")
        generator = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True)
        generator.fit(x)
        near(generator.mean.ravel(), x.mean((0, 1, 2)))
        near(generator.standardize(x.copy()), (x - x.mean((0, 1, 2))) / ((x - x.mean((0, 1, 2))).std((0, 1, 2)) + 1e-6))
        white = ImageDataGenerator(featurewise_center=True, zca_whitening=True)
        white.fit(x)
        flat = np.stack([white.standardize(one.copy()) for one in x]).reshape(50, -1)
        np.testing.assert_allclose(flat.T @ flat / 50, np.eye(32), atol=2e-3)
        one = ImageDataGenerator(samplewise_center=True, samplewise_std_normalization=True).standardize(x[0].copy())
        assert abs(one.mean()) < 1e-5 and abs(one.std() - 1) < 1e-5
        near(ImageDataGenerator(rescale=0.5, preprocessing_function=lambda x: x + 1).standardize(x[0].copy()), (x[0] + 1) / 2)
        with pytest.warns(UserWarning, match="fit"):
            ImageDataGenerator(featurewise_center=True).standardize(x[0].copy())
        with pytest.warns(UserWarning, match="overrides"):
            assert ImageDataGenerator(featurewise_std_normalization=True).featurewise_center
        augmented = ImageDataGenerator(featurewise_center=True, vertical_flip=True)
        augmented.fit(x, augment=True, rounds=2, seed=1)
        np.testing.assert_allclose(augmented.mean.ravel(), x.mean((0, 1, 2)), rtol=1e-5)
    """,
    "batches of an array": """
        from keras.preprocessing.image import ImageDataGenerator
        x = np.arange(10, dtype="float32").reshape(10, 1, 1, 1) * np.ones((1, 2, 2, 3), "float32")
        y = np.arange(10)
        plain = ImageDataGenerator(validation_split=0.3)
        flow = plain.flow(x, y, batch_size=4, shuffle=False)
        assert len(flow) == 3 and [len(b) for _, b in (next(flow), next(flow), next(flow))] == [4, 4, 2]
        assert next(flow)[1].tolist() == [0, 1, 2, 3] and flow[2][1].tolist() == [8, 9]
        near(flow[1][0], x[4:8])
        assert plain.flow(x, y, subset="validation", shuffle=False, batch_size=9)[0][1].tolist() == [0, 1, 2]
        assert plain.flow(x, y, subset="training", shuffle=False, batch_size=9)[0][1].tolist() == list(range(3, 10))
        seeded = [np.concatenate([next(f)[1] for _ in range(6)]).tolist() for f in (plain.flow(x, y, 4, seed=3) for _ in "ab")]
        assert seeded[0] == seeded[1] and sorted(seeded[0][:10]) == list(range(10)) and seeded[0][:10] != seeded[0][10:]
        assert plain.flow(x, batch_size=3)[0].shape == (3, 2, 2, 3)
        images, other = plain.flow((x, [y]), y, shuffle=False)[0][0]
        assert other.tolist() == list(range(10))
        assert plain.flow(x, y, sample_weight=y / 2, shuffle=False)[0][2].tolist() == (y / 2).tolist()
        os.mkdir("out")
        next(plain.flow(x, batch_size=5, save_to_dir="out", save_prefix="im", save_format="jpeg"))
        assert len(os.listdir("out")) == 5 and all(name.startswith("im_") for name in os.listdir("out"))
        with pytest.raises(ValueError, match="same length"):
            plain.flow(x, y[:3])
        with pytest.raises(ValueError, match="rank 4"):
            plain.flow(x[0], y[:2])
        import keras
        model = keras.Sequential([keras.layers.Flatten(input_shape=(2, 2, 3)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        assert model.fit_generator(plain.flow(x, y, batch_size=4), samples_per_epoch=10, nb_epoch=2, verbose=0).epoch == [0, 1]
        assert model.fit(plain.flow(x, y, batch_size=4), epochs=2, verbose=0).epoch == [0, 1]
        assert model.predict_generator(plain.flow(x, batch_size=4, shuffle=False), steps=3).shape == (10, 1)
    """,
    "a batch at once is its images one by one": """
        from keras.preprocessing.image import ImageDataGenerator
        rng = np.random.default_rng(0)
        pictures = rng.uniform(0, 255, (9, 7, 5, 3)).astype("float32")
        every = dict(rotation_range=40, width_shift_range=0.3, height_shift_range=[1, 2], shear_range=15, zoom_range=0.4,
                     horizontal_flip=True, vertical_flip=True)
        class Own(ImageDataGenerator):
            def apply_transform(self, x, parameters):
                return super().apply_transform(x, parameters)  # sees single images, so each goes by itself
        for settings in (
            *({**every, "fill_mode": mode, "cval": 3.0} for mode in ("nearest", "constant", "reflect", "wrap")),
            {**every, "interpolation_order": 0}, {**every, "data_format": "channels_first"}, {"height_shift_range": [1]},
            {"width_shift_range": 2, "fill_mode": "constant"}, {"channel_shift_range": 30, "horizontal_flip": True},
            {"brightness_range": (0.4, 0.9), "vertical_flip": True}, {"samplewise_center": True, "rotation_range": 9},
            {"samplewise_center": True, "samplewise_std_normalization": True, "rescale": 0.1, "zoom_range": 0.2},
            {"preprocessing_function": lambda x: x[::-1] * 2, "rescale": 0.5, "rotation_range": 9}, {},
        ):
            x = pictures.transpose(0, 3, 1, 2) if "data_format" in settings else pictures
            batches = [kind(**settings).flow(x, batch_size=9, seed=4)[0] for kind in (ImageDataGenerator, Own)]
            np.testing.assert_allclose(*batches, rtol=1e-5, atol=1e-4, err_msg=str(settings))
        assert (pictures == np.random.default_rng(0).uniform(0, 255, (9, 7, 5, 3)).astype("float32")).all()
        black = ImageDataGenerator(height_shift_range=[1], fill_mode="constant", cval=-1)
        whole = black.flow(pictures, batch_size=9, seed=1)[0]
        for after in whole:  # shifts by whole pixels move numbers, and change none
            assert any(np.array_equal(after[1:], x[:-1]) or np.array_equal(after[:-1], x[1:]) for x in pictures)
        even = ImageDataGenerator(**every).flow(np.ones((9, 7, 5, 1), "float32"), batch_size=9)[0]
        assert (even == 1).all()  # a mask stays a mask
    """,
    "batches of folders and tables": """
        from PIL import Image
        from keras.preprocessing.image import ImageDataGenerator
        for name, value in (("a/1.png", 10), ("a/2.png", 20), ("b/1.png", 30), ("b/more/2.jpg", 40), ("b/no.txt", 0)):
            os.makedirs(os.path.dirname(f"all/{name}"), exist_ok=True)
            if name.endswith("txt"): open(f"all/{name}", "w").close()
            else: Image.new("RGB", (6, 4), (value,) * 3).save(f"all/{name}")
        make = ImageDataGenerator(rescale=0.1, validation_split=0.5)
        flow = make.flow_from_directory("all", target_size=(3, 2), batch_size=8, shuffle=False)
        x, y = next(flow)
        assert flow.class_indices == {"a": 0, "b": 1} and flow.classes.tolist() == [0, 0, 1, 1] and flow.samples == flow.n == 4
        assert flow.filenames == ["a/1.png", "a/2.png", "b/1.png", "b/more/2.jpg"] and x.shape == (4, 3, 2, 3)
        near(x[:3, 0, 0, 0], [1, 2, 3])
        assert y.tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]
        flow = make.flow_from_directory("all", class_mode="binary", color_mode="grayscale", subset="validation", shuffle=False)
        assert flow.filenames == ["a/1.png", "b/1.png"] and flow[0][1].tolist() == [0, 1] and flow.image_shape == (256, 256, 1)
        assert make.flow_from_directory("all", classes=["b"], class_mode=None)[0].shape == (2, 256, 256, 3)
        x, y = make.flow_from_directory("all", class_mode="input", target_size=(4, 6))[0]
        near(x, y)
        with pytest.raises(ValueError, match="class_mode"):
            make.flow_from_directory("all", class_mode="other")
        with pytest.raises(ValueError, match="color mode"):
            make.flow_from_directory("all", color_mode="cmyk")
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_old_preprocessing(name, python, repository, tmp_path):
    (tmp_path / "snippet.py").write_text(BEGIN + textwrap.dedent(SNIPPETS[name]))
    path = [repository / "compat" / "shims", repository]
    python("-W", "error", tmp_path / "snippet.py", path=path, cwd=tmp_path, ok=True)
