"""Habits of Keras 2 that Keras 3 has no word for: names in logs, added metrics, watched variables, strings as tensors."""

import textwrap

import pytest

BEGIN = """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
near = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5)
r = np.random.default_rng(0)
x, y = r.normal(size=(32, 4)).astype("float32"), r.integers(0, 2, (32, 1))
"""

SNIPPETS = {
    "names in logs": """
        seen = []

        class Watching(keras.callbacks.Callback):
            def on_batch_end(self, batch, logs=None):
                seen.append(logs.get("acc"))

            def on_epoch_end(self, epoch, logs={}):
                seen.extend([logs.get("acc"), logs["val_acc"], logs.get("nothing", 7), logs.get("lr")])

        model = keras.Sequential([layers.Dense(1, activation="sigmoid", input_shape=(4,))])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        best = keras.callbacks.ModelCheckpoint("best.h5", monitor="val_acc", save_best_only=True)
        stop = keras.callbacks.EarlyStopping(monitor="val_acc", patience=5)
        history = model.fit(x, y, validation_data=(x, y), batch_size=32, verbose=0, callbacks=[Watching(), best, stop])
        wanted, after = history.history["accuracy"][0], history.history["val_acc"][0]
        near(seen[:3], [wanted, wanted, after])
        assert seen[3] == 7 and seen[4] is None and history.history.get("acc") == [wanted]
        assert best.monitor == stop.monitor == "val_acc" and best.best == stop.best == after
        try:
            model.fit(x, y, verbose=0, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda e, logs: logs["mae"])])
        except KeyError as error:
            assert error.args == ("mae",)
    """,
    "added metrics": """
        class Level(layers.Layer):
            def call(self, inputs):
                self.add_metric(tf.reduce_mean(inputs), name="level", aggregation="mean")
                return inputs * 2

        class Counting(layers.Layer):
            def __init__(self):
                super().__init__()
                self.peak = keras.metrics.Mean(name="peak")

            def call(self, inputs):
                self.add_metric(self.peak(tf.reduce_max(inputs)))
                return inputs

        inputs = keras.Input((4,))
        level = Level()
        hidden = level(inputs)
        model = keras.Model(inputs, layers.Dense(1)(Counting()(hidden)))
        model.add_metric(tf.reduce_sum(hidden), name="total", aggregation="mean")
        model.compile("sgd", "mse", metrics=["mae"])
        for _ in range(2):
            logs = model.fit(x, y, batch_size=16, shuffle=False, verbose=0).history
        halves = x.reshape(2, 16, 4)
        near(logs["level"][0], x.mean())
        near(logs["total"][0], np.mean(2 * halves.sum((1, 2))))
        near(logs["peak"][0], np.mean(2 * halves.max((1, 2))))
        near(model.evaluate(x, y, verbose=0, return_dict=True)["level"], x.mean())
        assert [m.name for m in level.metrics] == ["level"] and layers.Dense(2).metrics == []

        class Own(layers.Layer):
            def __init__(self):
                super().__init__()
                self.metrics = "mine"

        assert Own().metrics == "mine"
        try:
            Level().add_metric(tf.constant(1.0))
        except ValueError as error:
            assert "name" in str(error)
    """,
    "watched variables": """
        used, unused, layer, other = tf.Variable(2.0), tf.Variable(3.0), layers.Dense(1), layers.Dense(1)
        layer.build((None, 4)), other.build((None, 4))
        frozen = tf.Variable(1.0, trainable=False)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(x)) * used * frozen
        watched = tape.watched_variables()
        assert {id(v.raw) for v in watched} == {id(v.raw) for v in [used, *layer.trainable_variables]}
        gradients = dict(zip((id(v.raw) for v in watched), tape.gradient(loss, watched)))
        near(gradients[id(layer.bias.raw)], [64.0])
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(unused)
            loss = used * unused
        assert [v is unused for v in tape.watched_variables()] == [True]
    """,
    "strings as tensors": """
        words = keras.ops.convert_to_tensor(["one", "two"])
        assert words.shape == (2,) and list(words) == ["one", "two"]
        assert keras.ops.convert_to_tensor("one", dtype="string").shape == ()
        assert tf.constant("one").numpy() == b"one" and tf.constant([["a"], ["b"]]).shape == (2, 1)
        for wrong in (["1", "2"], "1"):
            try:
                keras.ops.convert_to_tensor(wrong, dtype="float32")
            except (TypeError, ValueError):
                continue
            raise AssertionError(wrong)
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_habits(name, python, repository, tmp_path):
    begin = "import os; os.environ['TORCHKERAS_ERA'] = '3'\n" + BEGIN
    (tmp_path / "snippet.py").write_text(begin + textwrap.dedent(SNIPPETS[name]))
    path = [repository / "compat" / "shims", repository]
    python("-W", "error", tmp_path / "snippet.py", path=path, cwd=tmp_path, ok=True)
