"""Names of weights, and shapes that are asked things, as programs of each era know them."""

import textwrap

import pytest

BEGIN = """
import copy
import numpy as np
"""
SNIPPETS = {
    "tf2": """
        import tensorflow as tf
        from tensorflow import keras
        from tensorflow.keras import layers as L
        names = lambda one: [weight.name for weight in one.weights]
        several = lambda place, *words: [f"{place}/{word}:0" for word in words]
        dense, cell = ("kernel", "bias"), ("kernel", "recurrent_kernel", "bias")

        model = keras.Sequential([L.Dense(4, input_shape=(3,)), L.BatchNormalization(), L.Dense(2, name="head")])
        moving = ("gamma", "beta", "moving_mean", "moving_variance")
        assert names(model) == [*several("dense", *dense), *several("batch_normalization", *moving), *several("head", *dense)]
        assert [weight.path for weight in model.weights][-1] == "sequential/head/bias"
        assert copy.deepcopy(model).weights[0].name == "dense/kernel:0"

        inner = keras.Sequential([L.Dense(2, name="deep")])
        image = keras.Input((3,))
        assert names(keras.Model(image, inner(image))) == several("deep", *dense)

        class Own(keras.Model):
            def __init__(self):
                super().__init__()
                self.first = L.Dense(2, name="first")

            def call(self, x):
                return self.first(x)

        own = Own()
        own(np.zeros((1, 3), "float32"))
        assert names(own) == several("own/first", *dense)

        rows = keras.Sequential([
            L.LSTM(3, return_sequences=True, input_shape=(5, 2)), L.Bidirectional(L.GRU(2, return_sequences=True)),
            L.TimeDistributed(L.Dense(2)), L.RNN([L.GRUCell(3), L.LSTMCell(2, name="last")]),
        ])
        assert names(rows) == [
            *several("lstm/lstm_cell", *cell), *several("bidirectional/forward_gru/gru_cell", *cell),
            *several("bidirectional/backward_gru/gru_cell", *cell), *several("time_distributed", *dense),
            *several("rnn/stacked_rnn_cells/gru_cell", *cell), *several("rnn/stacked_rnn_cells/last", *cell),
        ]
        images = keras.Sequential([L.ConvLSTM2D(2, 2, input_shape=(4, 8, 8, 1)), L.DepthwiseConv2D(3)])
        assert names(images) == [*several("conv_lstm2d", *cell), *several("depthwise_conv2d", "depthwise_kernel", "bias")]

        optimizer = keras.optimizers.AdamW(1.0, weight_decay=0.5)
        optimizer.exclude_from_weight_decay(var_names=["bias", "head/kernel"])
        one = keras.Sequential([L.Dense(2, input_shape=(2,), name="body"), L.Dense(1, name="head")])
        one.build((None, 2))
        before = one.get_weights()
        optimizer.apply_gradients((tf.zeros_like(weight), weight) for weight in one.trainable_variables)
        np.testing.assert_allclose(one.get_weights()[0], before[0] / 2)
        np.testing.assert_array_equal(one.get_weights()[2], before[2])
        assert optimizer.variables[-1].name == "AdamW/v/head/bias:0" and optimizer.iterations.name == "iteration:0"
        optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
        optimizer.build(one.trainable_variables)
        assert optimizer.variables[-1].name == "SGD/m/head/bias:0" and optimizer.learning_rate.name == "learning_rate:0"

        variable = tf.Variable(1.0, name="scale/of")
        assert (variable.name, tf.Variable(2.0).name) == ("scale/of:0", "Variable:0")
        assert [metric.name for metric in keras.metrics.Mean().weights] == ["total:0", "count:0"]
        assert keras.metrics.Mean(name="a").weights[0].path == "a/total"

        # shapes
        x = keras.Input((4, 3))
        assert x.shape.as_list() == [None, 4, 3] and x.shape[1:].as_list() == [4, 3] and x.shape.rank == x.shape.ndims == 3
        assert repr(x.shape) == "(None, 4, 3)" and x.shape == (None, 4, 3) and type(keras.backend.int_shape(x)) is tuple
        kernel = one.layers[0].kernel
        assert kernel.shape.num_elements() == 4 and kernel.shape.as_list() == kernel.get_shape().as_list() == [2, 2]
        half = tf.TensorShape([None, 3])
        assert half.merge_with([2, None]) == (2, 3) and half.with_rank(2) is half and (half + [1]).as_list() == [None, 3, 1]
        assert half.dims[1].value == tf.compat.v1.Dimension(3) == tf.compat.dimension_value(half[1]) == 3
        assert tf.compat.dimension_value(half[0]) is None and tf.TensorShape(None).concatenate([2]).rank is None
        assert tf.TensorSpec((None, 3)).shape.as_list() == [None, 3] and tf.zeros((2, 3)).shape.num_elements() == 6
        for wrong in (lambda: half.with_rank(3), lambda: half.merge_with([2, 4]), lambda: tf.TensorShape(None).as_list()):
            try:
                wrong()
            except ValueError:
                continue
            raise AssertionError
    """,
    "2.3": """
        from keras import backend as K, layers as L, models
        names = lambda one: [weight.name for weight in one.weights]
        model = models.Sequential([
            L.Embedding(9, 2, input_length=5), L.LSTM(3, return_sequences=True),
            L.Bidirectional(L.GRU(2, return_sequences=True)), L.TimeDistributed(L.Dense(2)),
            L.RNN([L.LSTMCell(3), L.GRUCell(2)]),
        ])
        places = "lstm_1 bidirectional_1/forward_gru_1 bidirectional_1/backward_gru_1 time_distributed_1 rnn_1 rnn_1".split()
        cell = ("kernel", "recurrent_kernel", "bias")
        wanted = [f"{place}/{word}:0" for place in places for word in (cell if "time" not in place else ("kernel", "bias"))]
        assert names(model) == ["embedding_1/embeddings:0", *wanted]
        inner = models.Sequential([L.Dense(2)])
        image = L.Input((3,))
        assert names(models.Model(image, inner(image)))[0] == f"{inner.layers[0].name}/kernel:0"
        assert K.variable(1.0, name="kept").name == "kept:0"
        frozen = [weight for weight in model.weights if "lstm" in weight.name]
        assert [weight.shape.as_list() for weight in frozen] == [[2, 12], [3, 12], [12]]
        # TensorFlow 1: a size has a value
        assert image.get_shape()[1].value == image.shape[-1].value == 3 and image.shape[0] is None
        assert K.int_shape(image) == (None, 3) and all(type(size) in (int, type(None)) for size in K.int_shape(image))
    """,
    "1.2": """
        from keras import backend as K, layers as L, models
        names = lambda one: [weight.name for weight in one.weights]
        model = models.Sequential([
            L.Embedding(9, 2, input_length=5), L.LSTM(3, return_sequences=True), L.TimeDistributed(L.Dense(2)),
            L.Bidirectional(L.SimpleRNN(2)), L.BatchNormalization(), L.Highway(), L.Dense(2, name="out"),
        ])
        wanted = "embedding_1_W lstm_1_W lstm_1_U lstm_1_b dense_1_W dense_1_b forward_simplernn_1_W forward_simplernn_1_U"
        wanted += " forward_simplernn_1_b backward_simplernn_1_W backward_simplernn_1_U backward_simplernn_1_b"
        wanted += " batchnormalization_1_gamma batchnormalization_1_beta batchnormalization_1_running_mean"
        wanted += " batchnormalization_1_running_std highway_1_W highway_1_W_carry highway_1_b highway_1_b_carry out_W out_b"
        assert sorted(names(model)) == sorted(wanted.split())

        class Own(L.Layer):
            def build(self, input_shape):
                self.w = self.add_weight((input_shape[-1], 2), initializer="zero", name=f"{self.name}_w")
                self.built = True

            def call(self, x, mask=None):
                return K.dot(x, self.w)

        assert names(models.Sequential([Own(input_shape=(3,), name="mine")])) == ["mine_w"]
        assert K.variable(1.0, name="kept").name == "kept"
    """,
    "3": """
        import keras
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
        assert [weight.name for weight in model.weights] == ["kernel", "bias"] and type(model.inputs[0].shape) is tuple
        import tensorflow as tf
        assert keras.Input((3,)).shape.as_list() == [None, 3] and keras.Input((3,)).shape == (None, 3)
        assert type(model.weights[0].shape) is tuple and tf.Variable(1.0, name="scale").name == "scale:0"
    """,
}


@pytest.mark.parametrize("era", SNIPPETS)
def test_names_and_shapes(era, python, repository, tmp_path):
    (tmp_path / "snippet.py").write_text(BEGIN + textwrap.dedent(SNIPPETS[era]))
    path = [repository / "compat" / "shims", repository]
    python("-W", "error", tmp_path / "snippet.py", path=path, cwd=tmp_path, ok=True, era=era)
