"""What the test suites of libraries around tf.keras ask for: MatchZoo, keract, keras-rl2, spektral, TensorFlow Addons and others."""

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
        assert [tuple(one.shape) for one in losses_utils.remove_squeezable_dimensions(K.ones((2, 1)), K.ones((2,)))] == [(2,), (2,)]
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_library_suites(name, python, repository, tmp_path):
    begin = "import os; os.environ['TORCHKERAS_ERA'] = 'tf2'\n"
    (tmp_path / "snippet.py").write_text(begin + textwrap.dedent(SNIPPETS[name]))
    python(tmp_path / "snippet.py", path=[repository / "compat" / "shims", repository], cwd=tmp_path, ok=True)
