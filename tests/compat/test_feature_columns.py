"""`tf.feature_column` and DenseFeatures: the numbers of TensorFlow 2.21 with tf_keras, and a model that trains on a table."""

import textwrap

import pytest

BEGIN = """
import os; os.environ["TORCHKERAS_ERA"] = "3"
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
fc = tf.feature_column
table = {
    "age": [23.0, 40.0, 61.0, 35.0], "kind": ["cat", "dog", "bird", "cat"], "n": [0, 2, 1, 5],
    "v": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], "thal": ["normal", "fixed", "reversible", "zzz"],
}
table = {name: tf.constant(values) for name, values in table.items()}
age = fc.numeric_column("age")
kind = fc.categorical_column_with_vocabulary_list("kind", ["cat", "dog"], num_oov_buckets=1)
thal = fc.categorical_column_with_vocabulary_list("thal", ["fixed", "normal", "reversible"])
ranges = fc.bucketized_column(age, boundaries=[30, 40, 60])
v = fc.numeric_column("v", shape=(2,), normalizer_fn=lambda x: x / 2)
ones = lambda column: [row.nonzero()[0].tolist() for row in layers.DenseFeatures(column)(table).numpy()]
"""

SNIPPETS = {
    "numbers": """
        assert ones(ranges) == [[0], [2], [3], [1]] and ones(fc.indicator_column(kind)) == [[0], [1], [2], [0]]
        assert ones(fc.indicator_column(thal)) == [[1], [0], [2], []]
        n = fc.categorical_column_with_identity("n", num_buckets=4, default_value=0)
        assert ones(fc.indicator_column(n)) == [[0], [2], [1], [0]]
        hashed = fc.categorical_column_with_hash_bucket("thal", hash_bucket_size=10)
        assert ones(fc.indicator_column(hashed)) == [[3], [0], [4], [0]]
        assert ones(fc.indicator_column(fc.crossed_column([ranges, "kind"], 7))) == [[4], [0], [5], [2]]
        crossed = fc.crossed_column(["thal", "kind"], hash_bucket_size=11)
        assert ones(fc.indicator_column(crossed)) == [[3], [9], [9], [0]]
        assert ranges.name == "age_bucketized" and crossed.name == "kind_X_thal"
        both = layers.DenseFeatures([v, age, fc.indicator_column(thal), ranges, fc.indicator_column(kind)])
        wanted = [[23, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0.5, 1], [40, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1.5, 2]]
        np.testing.assert_allclose(both(table).numpy()[:2], wanted)
        with open("words.txt", "w") as file:
            file.write("fixed\\nnormal\\nreversible\\n")
        assert ones(fc.indicator_column(fc.categorical_column_with_vocabulary_file("thal", "words.txt"))) == ones(
            fc.indicator_column(thal))
        spec = fc.make_parse_example_spec([age, fc.indicator_column(kind), v])
        assert spec.keys() == {"age", "kind", "v"} and tuple(spec["v"].shape) == (2,)
        for wrong in (thal, [age, thal]):
            try:
                layers.DenseFeatures(wrong)
            except ValueError as error:
                assert "indicator_column" in str(error)
            else:
                raise AssertionError
    """,
    "vectors": """
        begin = keras.initializers.Constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        layer = layers.DenseFeatures([fc.embedding_column(thal, dimension=2, initializer=begin)])
        np.testing.assert_allclose(layer(table).numpy(), [[3, 4], [1, 2], [5, 6], [0, 0]])
        assert layer.weights[0].path.endswith("thal_embedding/embedding_weights")
        assert layers.DenseFeatures(fc.embedding_column(thal, 2)).compute_output_shape({"thal": (None,)}) == (None, 2)
        words = tf.constant([["fixed", "normal"], ["reversible", "zzz"]])
        several = {"thal": words, "w": tf.constant([[1.0, 3.0], [2.0, 1.0]])}
        for combiner, first in (("mean", [2, 3]), ("sum", [4, 6]), ("sqrtn", [4 / 2**0.5, 6 / 2**0.5])):
            layer = layers.DenseFeatures(fc.embedding_column(thal, 2, combiner, initializer=begin))
            np.testing.assert_allclose(layer(several).numpy(), [first, [5, 6]], rtol=1e-6)
        weighted = fc.weighted_categorical_column(thal, "w")
        layer = layers.DenseFeatures(fc.embedding_column(weighted, 2, initializer=begin))
        np.testing.assert_allclose(layer(several).numpy(), [[2.5, 3.5], [5, 6]], rtol=1e-6)
        other = fc.categorical_column_with_vocabulary_list("other", ["fixed", "normal", "reversible"])
        shared = layers.DenseFeatures(fc.shared_embeddings([thal, other], 2, initializer=begin))
        made = shared({"thal": table["thal"], "other": table["thal"]})
        assert len(shared.weights) == 1 and made.shape == (4, 4) and (made[:, :2] == made[:, 2:]).all()
    """,
    "a table that trains": """
        r = np.random.default_rng(0)
        keras.utils.set_random_seed(0)
        data = {"age": r.integers(20, 80, 64), "thal": r.choice(["fixed", "normal", "reversible"], 64)}
        labels = (data["thal"] == "normal").astype(int)
        columns = [ranges, fc.embedding_column(thal, 4), fc.indicator_column(fc.crossed_column([ranges, thal], 20))]
        batches = tf.data.Dataset.from_tensor_slices((data, labels)).shuffle(64).batch(16)
        model = keras.Sequential([layers.DenseFeatures(columns), layers.Dense(8, activation="relu"), layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.05), keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
        losses = model.fit(batches, validation_data=batches, epochs=8, verbose=0).history["val_loss"]
        assert losses[-1] < losses[0] / 2 and model.predict(batches, verbose=0).shape == (64, 1)
        assert model.layers[0].weights[0].shape == (3, 4)
        inputs = {"age": keras.Input((1,), name="age"), "thal": keras.Input((1,), name="thal", dtype=tf.string)}
        drawn = keras.Model(inputs, layers.Dense(1)(layers.DenseFeatures(columns)(inputs)))
        drawn.compile("adam", "mse")
        assert np.isfinite(drawn.fit(batches, verbose=0).history["loss"][0])
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_feature_columns(name, python, repository, tmp_path):
    (tmp_path / "snippet.py").write_text(BEGIN + textwrap.dedent(SNIPPETS[name]))
    python(tmp_path / "snippet.py", path=[repository / "compat" / "shims", repository], cwd=tmp_path, ok=True)
