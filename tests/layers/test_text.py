"""Text as numbers: tokens, vocabularies, models that take strings, files."""

import json
import zipfile

import numpy as np
import pytest
import torch

import torchkeras_lite as k
from torchkeras_lite import layers
from torchkeras_lite.data import Dataset
from torchkeras_lite.saving import archive
from torchkeras_lite.texts import Texts

TEXTS = ["Hello, the world!", "the cat sat.", "The cat"]
LABELS = np.array([0.0, 1.0, 1.0])
FORMS = {
    "list": TEXTS,
    "rows": [[text] for text in TEXTS],
    "strings": np.array(TEXTS),
    "objects": np.array(TEXTS, dtype=object)[:, None],
    "bytes": np.array([text.encode() for text in TEXTS]),
    "tuple": tuple(TEXTS),
}
forms = pytest.mark.parametrize("form", FORMS)


@forms
def test_numbers_of_words(form):
    layer = layers.TextVectorization()
    layer.adapt(FORMS[form])
    assert layer.get_vocabulary() == ["", "[UNK]", "the", "cat", "world", "sat", "hello"]
    found = layer(FORMS[form])
    assert found.dtype is torch.int64 and found.tolist() == [[6, 2, 4], [2, 3, 5], [2, 3, 0]]
    assert layer(["a cat"]).tolist() == [[1, 3]] and layer("the CAT").tolist() == [2, 3]


def test_data_sets_and_generators_of_texts():
    learned = layers.TextVectorization()
    learned.adapt(TEXTS)
    rows = Dataset.of_rows(Texts(TEXTS))
    for data in (rows, rows.batch(2), iter([TEXTS[:1], np.array(TEXTS[1:])])):
        layer = layers.TextVectorization()
        layer.adapt(data)
        assert layer.get_vocabulary() == learned.get_vocabulary()
    layer.adapt(rows, steps=1)
    assert layer.get_vocabulary() == ["", "[UNK]", "world", "the", "hello"]


@pytest.mark.parametrize(
    ("kwargs", "text", "tokens"),
    [
        ({}, "A  b,\tC'd\n", ["a", "b", "cd"]),
        ({"standardize": "lower"}, "A b, \u00c9", ["a", "b,", "\u00c9"]),
        ({"standardize": "strip_punctuation"}, "A [b]", ["A", "b"]),
        ({"standardize": None}, "A b,\u00a0c\x1fd", ["A", "b,\u00a0c\x1fd"]),
        ({"standardize": lambda texts: np.char.replace(texts, "x", "y")}, "x a", ["y", "a"]),
        ({"split": "character"}, "Ab c", ["a", "b", " ", "c"]),
        ({"split": lambda texts: [text.split("|") for text in texts], "standardize": None}, "a b|c", ["a b", "c"]),
        ({"split": None}, "A b!", ["a b"]),
        ({"ngrams": 2}, "a b c", ["a", "b", "c", "a b", "b c"]),
        ({"ngrams": (3,)}, "a b c d", ["a b c", "b c d"]),
    ],
)
def test_tokens(kwargs, text, tokens):
    layer = layers.TextVectorization(vocabulary=tokens, **kwargs)
    assert layer([text]).tolist() == [list(range(2, 2 + len(tokens)))]


def test_lengths_and_vectors():
    words = ["the", "cat"]
    for length in (2, 5):
        layer = layers.TextVectorization(output_sequence_length=length, vocabulary=words)
        assert layer(["the the cat", ""]).tolist() == [([2, 2, 3] + [0] * 5)[:length], [0] * length]
        assert layer.compute_output_shape((None, 1)) == (None, length)
    assert layers.TextVectorization(vocabulary=words)(k.Input((1,), dtype="string")).shape == (None, None)
    texts = ["the the dog", "cat"]
    assert layers.TextVectorization(output_mode="multi_hot", vocabulary=words)(texts).tolist() == [[1, 1, 0], [0, 0, 1]]
    assert layers.TextVectorization(output_mode="count", vocabulary=words)(texts).tolist() == [[1, 2, 0], [0, 0, 1]]
    padded = layers.TextVectorization(5, output_mode="count", vocabulary=words, pad_to_max_tokens=True)
    assert padded(texts).tolist() == [[1, 2, 0, 0, 0], [0, 0, 1, 0, 0]]
    weighted = layers.TextVectorization(output_mode="tf_idf", vocabulary=words, idf_weights=[1.0, 3.0])
    assert weighted(texts).tolist() == [[2, 2, 0], [0, 0, 3]]
    assert padded([]).shape == (0, 5) and layers.TextVectorization(vocabulary=words)([]).shape == (0, 0)


@pytest.mark.parametrize(
    ("kwargs", "word"),
    [
        ({"standardize": "upper"}, "standardize"),
        ({"split": "words"}, "split"),
        ({"output_mode": "x"}, "output_mode"),
        ({"ngrams": "2"}, "ngrams"),
        ({"output_sequence_length": 2, "output_mode": "count"}, "output_sequence_length"),
        ({"ragged": True}, "ragged"),
        ({"sparse": True}, "sparse"),
    ],
)
def test_errors(kwargs, word):
    with pytest.raises(ValueError, match=word):
        layers.TextVectorization(**kwargs)


def test_errors_in_use():
    with pytest.raises(ValueError, match=r"\(batch, 1\)"):
        layers.TextVectorization(vocabulary=["a"])([["a", "b"]])
    with pytest.raises(ValueError, match="takes texts"):
        layers.TextVectorization(vocabulary=["a"])(torch.tensor([1]))
    with pytest.raises(RuntimeError, match="vocabulary must be known"):
        layers.TextVectorization(output_mode="count")(["a"])


# ---------------------------------------------------------------- models


def classifier(kind, vectorize):
    rest = [layers.Embedding(9, 3), layers.GlobalAveragePooling1D(), layers.Dense(1)]
    if kind == "functional":
        entry = k.Input((1,), dtype="string")
        out = vectorize(entry)
        for layer in rest:
            out = layer(out)
        return k.Model(entry, out)
    entry = [k.Input((1,), dtype="string")] if kind == "sequential" else []
    return k.Sequential([*entry, vectorize, *rest])


@forms
@pytest.mark.parametrize("kind", ["functional", "sequential", "no Input"])
def test_models_take_texts(kind, form):
    layer = layers.TextVectorization(output_sequence_length=4)
    layer.adapt(TEXTS)
    model = classifier(kind, layer)
    model.compile("sgd", "mse")
    x = FORMS[form]
    model.fit(x, LABELS, batch_size=2, verbose=0, validation_data=(x, LABELS))
    predicted = model.predict(x, verbose=0)
    assert predicted.shape == (3, 1)
    np.testing.assert_allclose(model(x).detach(), predicted, rtol=1e-5)
    np.testing.assert_allclose(model.evaluate(x, LABELS, verbose=0), ((predicted[:, 0] - LABELS) ** 2).mean(), rtol=1e-4)
    model.train_on_batch(x, LABELS)
    batches = Dataset.of_rows((Texts(TEXTS), torch.tensor(LABELS))).shuffle(3).batch(2)
    model.fit(batches, epochs=2, verbose=0)


def test_texts_beside_numbers():
    words, number = k.Input((1,), dtype="string", name="words"), k.Input((2,), name="number")
    joined = layers.Concatenate()([layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(words), number])
    model = k.Model([words, number], layers.Dense(1)(joined))
    model.compile("sgd", "mse")
    x = [np.array([["a"], ["c"], ["b"]]), np.ones((3, 2))]
    model.fit(x, LABELS, verbose=0)
    by_name = {"words": x[0], "number": x[1]}
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(by_name, verbose=0))


def test_texts_where_numbers_are_wanted_are_an_error():
    model = k.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"not numbers|no numbers|Unrecognized"):
        model.fit(np.array(TEXTS), LABELS, verbose=0)


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("zipped", [True, False])
def test_vocabularies_lie_beside_the_weights(tmp_path, zipped):
    learned, weighted = layers.TextVectorization(output_sequence_length=4), layers.TextVectorization(output_mode="tf_idf")
    learned.adapt(TEXTS), weighted.adapt(TEXTS)
    entry = k.Input((1,), dtype="string")
    out = layers.Concatenate()([layers.Flatten()(layers.Embedding(9, 2)(learned(entry))), weighted(entry)])
    model = k.Model(entry, out)
    path = tmp_path / "model.keras"
    model.save(path, zipped=zipped)
    again = k.models.load_model(path)
    np.testing.assert_allclose(again(TEXTS).detach(), model(TEXTS).detach(), rtol=1e-6)
    assert again.layers[1].get_vocabulary() == learned.get_vocabulary()
    if zipped:
        names = zipfile.ZipFile(path).namelist()
        assert "assets/layers/text_vectorization/_lookup_layer/vocabulary.txt" in names or any(
            name.startswith("assets/layers/text_vectorization") for name in names
        )


def test_what_an_archive_holds_stays_in_its_folder(tmp_path, monkeypatch):
    layer = layers.TextVectorization()
    layer.adapt(TEXTS)
    model = k.Sequential([k.Input((1,), dtype="string"), layer])
    model.save(tmp_path / "model.keras")
    for evil in ("../evil.txt", "a\\..\\..\\evil.txt", "C:evil.txt"):
        path = tmp_path / "evil.keras"
        with zipfile.ZipFile(tmp_path / "model.keras") as source, zipfile.ZipFile(path, "w") as target:
            for name in source.namelist():
                target.writestr(name, source.read(name))
            prefix = next(name for name in source.namelist() if name.startswith("assets")).removesuffix("vocabulary.txt")
            target.writestr(prefix + evil, "x")
        with pytest.raises(ValueError, match="not valid"):
            k.models.load_model(path)
    monkeypatch.setattr(archive, "_ASSETS_LIMIT", 10)
    with pytest.raises(ValueError, match="unpack to more than such texts can"):
        k.models.load_model(tmp_path / "model.keras")


def test_no_file_is_read_because_a_config_names_it(tmp_path):
    (tmp_path / "secret.txt").write_text("secret\n")
    layer = layers.TextVectorization()
    layer.adapt(TEXTS)
    k.Sequential([k.Input((1,), dtype="string"), layer]).save(tmp_path / "model.keras")
    path = tmp_path / "evil.keras"
    with zipfile.ZipFile(tmp_path / "model.keras") as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "config.json":
                config = json.loads(content)
                config["config"]["layers"][1]["config"]["vocabulary"] = str(tmp_path / "secret.txt")
                content = json.dumps(config)
            target.writestr(name, content)
    with pytest.raises((ValueError, TypeError), match="any file of this machine"):
        k.models.load_model(path)


def test_configs():
    layer = layers.TextVectorization(10, standardize="lower", ngrams=(1, 2), vocabulary=["b", "a"], output_mode="count")
    again = layers.TextVectorization.from_config(json.loads(json.dumps(layer.get_config())))
    assert again.get_config() == layer.get_config() and again.get_vocabulary() == ["[UNK]", "b", "a"]
    assert again.get_config()["ngrams"] == (1, 2) and again.compute_dtype == "string"


@pytest.mark.parametrize("mode", ["multi_hot", "count", "tf_idf"])
def test_a_vocabulary_may_be_learned_after_the_graph_was_drawn(mode):
    vectors = layers.TextVectorization(output_mode=mode)
    model = k.Sequential([k.Input((), dtype="string"), vectors])
    assert model.output_shape == (None, None)
    assert model.outputs[0].dtype == ("float32" if mode == "tf_idf" else "int64")
    texts = np.array(["oak ash oak", "elm"], dtype=object)
    with pytest.raises(RuntimeError, match="the vocabulary must be known"):
        model(texts)
    vectors.adapt(texts)
    wanted = layers.TextVectorization(output_mode=mode)
    wanted.adapt(texts)
    assert torch.equal(model(texts), wanted(texts)) and wanted(texts).shape == (2, 4)
