"""What the test suites of libraries around tf.keras ask for: MatchZoo, keract, keras-rl2, TensorFlow Addons and others."""

import textwrap

import pytest

SNIPPETS = {
    "a Lambda finds a tensor of the graph outside of its arguments": """
        import keras, numpy as np, pytest
        import tensorflow as tf
        from keras import backend as K, layers
        x = layers.Input((3,))
        rows = layers.Dense(3, use_bias=False, kernel_initializer="ones")(x)
        wanted = tf.cast(tf.not_equal(x, 0.0), K.floatx())  # a global name in what follows

        def added(given, other):
            return layers.Lambda(lambda t: t + (1.0 - wanted) * other, name="beside", output_shape=lambda s: s)(given)

        model = keras.Model(x, added(rows, layers.Dense(1, kernel_initializer="zeros", bias_initializer="ones")(x)))
        model.compile(keras.optimizers.SGD(0.5), "mse")
        given = np.array([[1.0, 2.0, 0.0]], "float32")
        assert model.predict(given, verbose=0).tolist() == [[3, 3, 4]] and model.get_layer("beside").output.shape == (None, 3)
        pair = layers.Lambda(lambda ab: ab[0] * wanted + ab[1] * x)([rows, rows])
        part = keras.Model(x, pair)
        assert part.predict(given, verbose=0).tolist() == [[6, 9, 0]]
        z = layers.Input((3,))
        assert keras.Model(z, part(z)).predict(given, verbose=0).tolist() == [[6, 9, 0]]
        assert model.train_on_batch(given, given) >= 0 and model.layers[2].trainable
        bias = [w for w in model.weights if w.shape == (1,)][0]
        np.testing.assert_allclose(bias.numpy(), [1 - 0.5 * 2 * 4 / 3], rtol=1e-6)  # gradients go there too
        sized = layers.Lambda(lambda t: K.reshape(t, (-1, wanted.shape[1], 1)), name="sized")  # asks for a shape only
        assert sized(rows).shape == (None, 3, 1) and keras.Model(x, sized(rows)).get_layer("sized").input is rows

        class Own(layers.Layer):  # in no era
            def call(self, t):
                return t * wanted

        with pytest.raises(ValueError, match="symbolic tensor that is not among its arguments"):
            Own()(rows)
    """,
    "what Keras 2 kept on models and optimizers": """
        import keras, numpy as np
        from keras import backend as K
        from keras.utils import losses_utils
        model = keras.Sequential([keras.layers.Dense(1, input_shape=(2,))])
        assert not model._is_compiled
        model.compile(keras.optimizers.Adam(name="mine"), "mse")
        assert model._is_compiled and model.optimizer._name == "mine"
        assert [one is two for one, two in zip(model._feed_inputs, model.inputs, strict=True)] == [True]
        named = {"doubled": model.output * 2, "there": model.input}
        doubled, there = K.function(model._feed_inputs, named.values())(np.ones((1, 2)))
        assert there.tolist() == [[1, 1]] and doubled.shape == (1, 1)
        values = K.constant([[1.0], [3.0], [5.0]])
        weighted = losses_utils.compute_weighted_loss
        assert float(weighted(values)) == 3 and float(weighted(values, [1.0, 0.0, 1.0], losses_utils.ReductionV2.SUM)) == 6
        assert weighted(values, [2.0, 0.0, 1.0], "none").tolist() == [[2], [0], [5]]
        counted = weighted(K.constant([1, 2, 4], dtype="int32"))
        assert counted.tolist() == 2 and K.dtype(counted) == "int32"
        y, p, w = K.constant([1.0, 2.0]), K.constant([[1.0], [2.0]]), K.constant([[1.0], [2.0]])
        shapes = [tuple(one.shape) for one in losses_utils.squeeze_or_expand_dimensions(p, y, w)]
        assert shapes == [(2,), (2,), (2,)]
        p, w = K.ones((2, 3)), K.ones((2,))
        assert [tuple(one.shape) for one in losses_utils.squeeze_or_expand_dimensions(p, None, w)[::2]] == [(2, 3), (2, 1)]
        pair = losses_utils.remove_squeezable_dimensions(K.ones((2, 1)), K.ones((2,)))
        assert [tuple(one.shape) for one in pair] == [(2,), (2,)]
    """,
    "metrics, layers and optimizers of TensorFlow Addons": """
        import numpy as np, pytest
        import tensorflow as tf
        from tensorflow.python.ops import control_flow_util, weights_broadcast_ops
        tf.no_gradient("Own>Op")

        @tf.RegisterGradient("Own>Other")
        def slope(op, grad):
            return grad * 2

        assert slope(None, 3) == 6 and not control_flow_util.GraphOrParentsInXlaContext(None)

        class Correlation(tf.keras.metrics.Metric):
            def __init__(self, name="own", **words):
                super().__init__(name=name, **words)
                self.rows = self.add_weight("rows", 3, dtype=tf.int64)
                self.total = self.add_weight("total", shape=None, initializer="zeros")
                self.grid = self.add_weight("grid", shape=(2, 2), initializer=tf.keras.initializers.Ones)

            def update_state(self, y_true, y_pred, sample_weight=None):
                weights = weights_broadcast_ops.broadcast_weights(sample_weight, y_true)
                self.total.assign_add(tf.reduce_sum(weights * y_true))
                self.rows.assign_add(tf.ones((3,), self.rows.dtype.base_dtype))

            def result(self):
                return self.total

        one, two = Correlation(), Correlation()
        assert [w.shape for w in one.weights] == [(3,), (), (2, 2)]
        one.update_state(tf.ones((2, 3)), None, [[2.0], [1.0]])
        two.set_weights(one.get_weights())
        assert float(two.result()) == 9 and two.rows.numpy().tolist() == [1, 1, 1] and one.rows.dtype.as_numpy_dtype is np.int64
        assert one.total.dtype == "float32" and one.total.dtype.is_floating
        with pytest.raises(ValueError, match="has 3 weights"):
            two.set_weights([])
        with pytest.raises(ValueError, match="do not go with values"):
            weights_broadcast_ops.broadcast_weights(tf.ones((2,)), tf.ones((2, 3)))
        said = tf.keras.losses.serialize(tf.keras.losses.Huber(2.0), use_legacy_format=True)
        assert tf.keras.losses.deserialize(said, use_legacy_format=True).delta == 2
        assert tf.keras.activations.deserialize("relu", use_legacy_format=True) == tf.keras.activations.relu

        class Noisy(tf.keras.layers.Dense):  # weights of its own in the place of Dense's
            def build(self, input_shape):
                self.mu = self.add_weight(name="mu", shape=(input_shape[-1], self.units), initializer="ones",
                                          synchronization="auto")
                self.built = True
                assert self._compute_dtype == "float32" and self._track_trackable(self.mu, name="mu") is self.mu

            kernel = property(lambda self: self.mu * 2)
            bias = property(lambda self: tf.constant([1.0, 0.0]))

        layer = Noisy(2, activation="relu")
        assert layer(tf.ones((1, 3))).numpy().tolist() == [[7, 6]] and len(layer.trainable_weights) == 1
        shape = layer.compute_output_shape(tf.TensorShape((None, 3)))
        assert shape.as_list() == [None, 2] and shape == (None, 2)
        made = layer.compute_output_signature(tf.TensorSpec((None, 3), tf.float32))
        assert made.shape.as_list() == [None, 2] and made.dtype == "float32"
        shape.assert_has_rank(2)
        with pytest.raises(ValueError, match="rank 3"):
            tf.ones((2, 3)).shape.assert_has_rank(3)

        class Own(tf.keras.optimizers.legacy.Optimizer):
            def __init__(self, learning_rate=0.0001, momentum=0.1, name="Own", **words):
                super().__init__(name, **words)
                self._set_hyper("learning_rate", learning_rate)
                self._set_hyper("momentum", momentum)

            def get_config(self):
                config = super().get_config()
                return {**config, **{name: self._serialize_hyperparameter(name) for name in ("learning_rate", "momentum")}}

        own = Own()
        assert own.get_config()["learning_rate"] == 0.0001 and own.get_config()["momentum"] == 0.1
        own.learning_rate = 0.5
        assert own.get_config()["learning_rate"] == 0.5
        table = tf.Variable(np.zeros((3, 2), "float32"))
        rows = tf.IndexedSlices(tf.constant([[1.0, 1.0], [2.0, 0.0], [1.0, 1.0]]), tf.constant([2, 0, 2]), (3, 2))
        tf.keras.optimizers.SGD(1.0).apply_gradients([(rows, table)])
        assert table.numpy().tolist() == [[-2, 0], [0, 0], [-2, -2]]
        moving = tf.Variable(1.0)
        tf.__internal__.train.assign_moving_average(moving, 3.0, 0.5)
        assert float(moving) == 2 and tf.__internal__.decorator.unwrap(len) == ([], len)
    """,
    "functions of TensorFlow's that libraries call": """
        import numpy as np
        import tensorflow as tf
        v = tf.Variable([0.0, 2.0])
        with tf.GradientTape() as tape:
            z = tf.reduce_sum(tf.math.reciprocal_no_nan(v))
        assert tape.gradient(z, v).numpy().tolist() == [0, -0.25]

        given = tf.keras.Input((3, 2))
        turned = tf.keras.Model(given, tf.reverse_sequence(given, [1, 3], seq_axis=1))
        pairs = np.arange(12.0).reshape(2, 3, 2)
        np.testing.assert_array_equal(turned(pairs).numpy()[1], pairs[1, ::-1])

        image = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype("float32")
        picture = tf.keras.Input((5, 4, 3))
        drawn = tf.keras.Model(picture, tf.nn.max_pool_with_argmax(picture, 2, 2, "SAME"))
        for padding in ("VALID", "SAME"):
            found, place = tf.nn.max_pool_with_argmax(image, 2, 2, padding)
            np.testing.assert_array_equal(found.numpy(), tf.nn.max_pool2d(image, 2, 2, padding).numpy())
            for one, where, flat in zip(found.numpy(), place.numpy(), image.reshape(2, -1)):
                np.testing.assert_array_equal(flat[where], one, err_msg=padding)
        np.testing.assert_array_equal(drawn(image)[1].numpy(), place.numpy())
        narrow = tf.constant([1.5, 3.0], "bfloat16")
        assert narrow.numpy().tolist() == np.asarray(narrow).tolist() == [1.5, 3] and narrow.numpy().dtype == "float32"
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_library_suites(name, python, repository, tmp_path):
    begin = "import os; os.environ['TORCHKERAS_ERA'] = 'tf2'\n"
    (tmp_path / "snippet.py").write_text(begin + textwrap.dedent(SNIPPETS[name]))
    python(tmp_path / "snippet.py", path=[repository / "compat" / "shims", repository], cwd=tmp_path, ok=True)
