"""FeatureSpace. The numbers are those of Keras 3.15.1 on TensorFlow."""

import json
import zipfile

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers
from torchkeras_lite.data import Dataset
from torchkeras_lite.texts import Texts
from torchkeras_lite.utils import FeatureSpace

TABLE = {
    "size": [0.5, -1.0, 2.0, 3.5, 0.5, 1.0],
    "raw": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    "age": [3, 5, 3, 9, 5, 3],
    "colour": ["red", "blue", "red", "green", "blue", "red"],
    "code": [10, 20, 10, 30, 40, 10],
}
# age (3 and one for what is unknown), code (4), colour (4), raw, size, colour_X_age (6), colour_X_code (5)
FIRST = [0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1.5, -0.41758504509, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0]
SECOND = [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 2.0, -1.49137508869, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]


def space(**settings):
    return FeatureSpace(
        features={
            "size": "float_normalized",
            "raw": FeatureSpace.float_rescaled(scale=0.5, offset=1.0),
            "age": "integer_categorical",
            "colour": "string_categorical",
            "code": FeatureSpace.integer_hashed(num_bins=4),
        },
        crosses=[("colour", "age"), FeatureSpace.cross(("colour", "code"), 5)],
        crossing_dim=6,
        **settings,
    )


def rows():
    return Dataset.of_rows({key: Texts(v) if key == "colour" else torch.tensor(v) for key, v in TABLE.items()})


@pytest.fixture
def adapted():
    made = space()
    made.adapt(TABLE)
    return made


def test_rows_become_vectors(adapted):
    encoded = adapted(TABLE)
    assert encoded.shape == (6, 25) and encoded.dtype is torch.float32
    np.testing.assert_allclose(encoded[:2].numpy(), [FIRST, SECOND], atol=1e-6)


def test_one_row_becomes_one_vector(adapted):
    np.testing.assert_allclose(adapted({key: value[1] for key, value in TABLE.items()}).numpy(), SECOND, atol=1e-6)


def test_columns_may_have_an_axis_of_size_one(adapted):
    columns = {key: np.array(value)[:, None] for key, value in TABLE.items()}
    assert torch.equal(adapted(columns), adapted(TABLE))


@pytest.mark.parametrize("batched", [None, 2, 4])
def test_it_learns_from_data_sets_of_rows_and_of_batches(adapted, batched):
    other = space()
    other.adapt(rows() if batched is None else rows().batch(batched))
    torch.testing.assert_close(other(TABLE), adapted(TABLE))


def test_it_learns_from_an_iterator(adapted):
    other = space()
    other.adapt(iter(rows().batch(2)))
    torch.testing.assert_close(other(TABLE), adapted(TABLE))


def test_in_a_pipeline(adapted):
    labelled = Dataset.of_rows((rows_of(TABLE), torch.arange(6)))
    encoded = list(labelled.batch(3).map(lambda x, y: (adapted(x), y)))
    assert [x.shape for x, _ in encoded] == [(3, 25), (3, 25)]
    assert torch.equal(torch.cat([x for x, _ in encoded]), adapted(TABLE))
    alone = list(labelled.map(lambda x, y: adapted(x)))
    assert torch.equal(torch.stack(alone), adapted(TABLE))


def rows_of(table):
    return {key: Texts(v) if isinstance(v[0], str) else torch.tensor(v) for key, v in table.items()}


def test_as_a_dict():
    made = FeatureSpace(
        features={
            "size": FeatureSpace.float(),
            "bins": FeatureSpace.float_discretized(num_bins=3),
            "hashed": FeatureSpace.string_hashed(4, output_mode="int"),
            "known": FeatureSpace.string_categorical(max_tokens=3, output_mode="int"),
        },
        crosses=[FeatureSpace.cross(("hashed", "known"), 7, output_mode="int")],
        output_mode="dict",
    )
    data = {"size": TABLE["size"], "bins": TABLE["raw"], "hashed": TABLE["colour"], "known": TABLE["colour"]}
    made.adapt(data)
    encoded = made(data)
    wanted = {
        "bins": [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1]],
        "known": [[1], [2], [1], [0], [2], [1]],
        "hashed": [[2], [1], [2], [0], [1], [2]],
        "size": [[each] for each in TABLE["size"]],
        "hashed_X_known": [[5], [0], [5], [1], [0], [5]],
    }
    assert {key: value.tolist() for key, value in encoded.items()} == wanted
    assert encoded["known"].dtype is torch.int64 and encoded["bins"].dtype is torch.float32
    one = made({key: value[0] for key, value in data.items()})
    assert {key: value.tolist() for key, value in one.items()} == {key: value[0] for key, value in wanted.items()}


def test_a_preprocessor_of_ones_own():
    data = {"note": ["a b", "b c", "c c a"], "number": [1.0, 2.0, 3.0]}
    layer = layers.TextVectorization(output_mode="tf_idf")
    made = FeatureSpace({"note": FeatureSpace.feature("string", layer, "float"), "number": "float"})
    made.adapt(data)
    half = float(np.log(2))
    wanted = [[0, 0, half, half, 1], [0, half, half, 0, 2], [0, 2 * half, 0, half, 3]]
    order = [4, 0, 1, 2, 3]  # the feature "note" stands before "number"
    assert made.preprocessors["note"] is layer
    got = made(data).numpy()
    assert got.shape == (3, 5)
    np.testing.assert_allclose(np.sort(got, 1), np.sort(np.array(wanted), 1), rtol=1e-5)
    np.testing.assert_allclose(got[:, order][:, 0], data["number"])


def test_learning_again_changes_the_sizes(adapted):
    adapted.adapt({**TABLE, "colour": ["red", "blue", "red", "green", "white", "black"]})
    assert adapted(TABLE).shape == (6, 27)


def test_in_a_model(adapted):
    assert adapted.get_encoded_features().shape == (None, 25)
    assert {key: (x.shape, x.dtype) for key, x in adapted.get_inputs().items()}["colour"] == ((None, 1), "string")
    outputs = layers.Dense(1, kernel_initializer="ones")(adapted.get_encoded_features())
    model = keras.Model(adapted.get_inputs(), outputs)
    np.testing.assert_allclose(model.predict(rows().batch(4), verbose=0)[:2, 0], [sum(FIRST), sum(SECOND)], rtol=1e-5)
    model.compile("sgd", "mse")
    labelled = Dataset.of_rows((rows_of(TABLE), torch.ones(6, 1))).batch(2)
    history = model.fit(labelled, epochs=2, verbose=0).history["loss"]
    assert history[1] < history[0]


def test_through_a_file(adapted, tmp_path):
    path = tmp_path / "space.keras"
    adapted.save(path)
    again = keras.models.load_model(path)
    assert isinstance(again, FeatureSpace) and torch.equal(again(TABLE), adapted(TABLE))
    with zipfile.ZipFile(path) as archive:
        written = json.loads(archive.read("config.json"))
        assert "assets/preprocessors/string_lookup/vocabulary.txt" in archive.namelist()
    assert (written["module"], written["class_name"]) == ("keras.utils", "FeatureSpace")
    inside = "keras.src.layers.preprocessing.feature_space"  # where Keras looks for them
    assert {(f["module"], f["class_name"]) for f in written["config"]["features"].values()} == {(inside, "Feature")}
    assert {(c["module"], c["class_name"]) for c in written["config"]["crosses"]} == {(inside, "Cross")}


def test_a_model_through_a_file(adapted, tmp_path):
    model = keras.Model(adapted.get_inputs(), layers.Dense(2)(adapted.get_encoded_features()))
    path = tmp_path / "model.keras"
    model.save(path)
    data = rows().batch(6)
    np.testing.assert_array_equal(keras.models.load_model(path).predict(data, verbose=0), model.predict(data, verbose=0))


def test_nothing_to_learn():
    assert FeatureSpace({"a": "float"})({"a": [1.0, 2.0]}).tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: FeatureSpace({}), ValueError, "cannot be None or empty"),
        (lambda: FeatureSpace({"a": "nope"}), ValueError, "Invalid feature type: nope"),
        (lambda: FeatureSpace({"a": "float"}, output_mode="list"), ValueError, "output_mode=list"),
        (lambda: FeatureSpace({"a": "float"}, crosses=[("a", "b")]), ValueError, r"unknown features: \['b'\]"),
        (lambda: FeatureSpace({"a": "float"}, crosses=[("a", "a")], crossing_dim=0), ValueError, "crossing_dim"),
        (lambda: FeatureSpace.cross(("a", "b"), 3, output_mode="float"), ValueError, "output_mode=float"),
        (lambda: FeatureSpace.feature("int32", None, "bits"), ValueError, "output_mode=bits"),
        (lambda: FeatureSpace({"a": "float_normalized"})({"a": [1.0]}), ValueError, r"\.adapt\(dataset\)"),
        (lambda: FeatureSpace({"a": "float"})([1.0]), ValueError, "only be called with a dict"),
        (lambda: FeatureSpace({"a": "float"})({"b": [1.0]}), KeyError, r"\['b'\]"),
        (lambda: space().adapt([1, 2]), ValueError, "data set of dicts"),
        (lambda: space().adapt(Dataset.of_rows((torch.ones(3), torch.ones(3)))), ValueError, "lambda x, y: x"),
        (
            lambda: FeatureSpace({"a": FeatureSpace.integer_hashed(3, output_mode="int")})({"a": [1, 2]}),
            ValueError,
            "output_mode='dict'",
        ),
        (
            lambda: FeatureSpace({"a": FeatureSpace.feature("float32", layers.Rescaling(2.0), "one_hot")})({"a": [1.0]}),
            ValueError,
            "should give integers",
        ),
    ],
)
def test_what_is_wrong_is_said(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
