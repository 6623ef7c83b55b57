"""What layers, tensors and modules of Keras 2 had besides, which its tests and its users' layers ask for."""

import textwrap

import pytest

BEGIN = """\
import numpy as np, torch
import torchkeras_lite as lite
import keras
from keras import backend as K, initializers, layers, models
"""
SNIPPETS = {
    "modules below keras.engine, without an import": """
        assert keras.engine.topology.Layer is lite.layers.Layer and keras.engine.training.Model is models.Model
        from keras.engine import saving
        from keras.legacy import layers as old
        assert old.MaxoutDense is layers.MaxoutDense and old is layers
        from keras.engine.training_utils import make_batches
        assert make_batches(5, 2) == [(0, 2), (2, 4), (4, 5)]
    """,
    "layers that are gone have configs": """
        model = models.Sequential([
            layers.LocallyConnected1D(3, 2, activation="relu", input_shape=(5, 2), kernel_regularizer="l2"),
            layers.Flatten(), layers.ThresholdedReLU(0.5), layers.MaxoutDense(2), layers.Highway(), layers.SReLU(),
            layers.Dense(2, activation=K.softsign),
        ])
        copy = models.Sequential.from_config(model.get_config())
        copy.set_weights(model.get_weights())
        x = np.linspace(-1, 1, 20).reshape(2, 5, 2)
        np.testing.assert_array_equal(copy.predict(x, verbose=0), model.predict(x, verbose=0))
        assert copy.layers[0].kernel_regularizer is not None and copy.layers[-1].activation is K.softsign
        for suffix in ("h5", "keras"):
            model.save(f"m.{suffix}")
            read = models.load_model(f"m.{suffix}")
            np.testing.assert_array_equal(read.predict(x, verbose=0), model.predict(x, verbose=0))
    """,
    "a seed goes on": """
        initial = initializers.he_uniform(seed=3)
        first, second = initial((3, 3)), initial((3, 3))
        assert not torch.equal(first, second)
        again = initializers.he_uniform(seed=3)
        assert torch.equal(again((3, 3)), first)
        todays = lite.initializers.HeUniform(seed=3)
        assert torch.equal(todays((3, 3)), todays((3, 3)))
        assert isinstance(layers.Dense.from_config(layers.Dense(2, kernel_initializer=initial).get_config()), layers.Dense)
    """,
    "updates and losses": """
        class Mean(layers.Layer):
            def build(self, input_shape):
                self.mean = self.add_weight(name="mean", shape=(input_shape[-1],), initializer="zeros", trainable=False)
                super().build(input_shape)
            def call(self, x):
                self.add_update([(self.mean, K.mean(x, axis=0))], x)
                return x - self.mean
        model = models.Sequential([Mean(input_shape=(2,)), layers.Dense(1, kernel_regularizer="l2")])
        model.compile("sgd", "mse")
        model.predict(np.ones((2, 2)), verbose=0)
        assert model.layers[0].mean.numpy().tolist() == [0, 0]
        model.fit(np.full((4, 2), 3.0), np.ones(4), verbose=0)
        assert model.layers[0].mean.numpy().tolist() == [3, 3]
        assert model.updates == [] == model.layers[0].get_updates_for(model.inputs[0])
        assert len(model.layers[1].get_losses_for(None)) == 1 and model.layers[1].get_losses_for(model.inputs[0]) == []
        assert model.inputs[0]._keras_shape == (None, 2)
        class Mean1(Mean):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.updates, self.path = [], "mean/of/rows"
            def call(self, x):
                self.updates = [(self.mean, K.mean(x, axis=0))]
                return x - self.mean
        model = models.Sequential([Mean1(input_shape=(2,))])
        model.compile("sgd", "mse")
        model.predict(np.ones((2, 2)), verbose=0)
        assert model.layers[0].mean.numpy().tolist() == [0, 0]
        model.fit(np.full((4, 2), 3.0), np.ones((4, 2)), verbose=0)
        assert model.layers[0].mean.numpy().tolist() == [3, 3]
        assert model.layers[0].updates == [] and model.layers[0].path == "mean/of/rows" and model.path != "mean/of/rows"
        class Penalty(layers.Layer):
            def call(self, x):
                self.add_loss(0.5 * K.mean(K.square(x)), inputs=x)
                self.add_loss([K.sum(x)], x)
                return x
        x = layers.Input((2,))
        y = Penalty()(layers.Dense(2, use_bias=False, kernel_initializer="ones")(x))
        model = models.Model(x, y)
        model.compile("sgd")
        assert model.evaluate(np.ones((1, 2)), verbose=0) == 2 + 4
        assert y._keras_history == (model.layers[-1], 0, 0) and x._keras_history[0] is model.layers[0]
        both = layers.Bidirectional(layers.LSTM(2))
        assert both.layer is both.forward_layer
        assert layers.Dropout(3.0).rate == 1
    """,
    "metrics, losses and margins": """
        accuracy = keras.metrics.TruePositives()
        assert [weight is known for weight, known in zip(accuracy.weights, accuracy.variables)] == [True]
        a, b = K.constant([[1.0, 0.0]]), K.constant([[3.0, 4.0]])
        np.testing.assert_allclose(K.eval(keras.metrics.cosine_proximity(a, b)), [0.6], rtol=1e-6)
        np.testing.assert_allclose(K.eval(keras.losses.cosine_proximity(a, b)), [-0.6], rtol=1e-6)
        assert layers.ZeroPadding2D(padding={"right_pad": 4, "bottom_pad": 2}).padding == ((0, 2), (0, 4))
        assert layers.ZeroPadding2D((1, 2)).padding == ((1, 1), (2, 2)) and layers.ZeroPadding2D(padding=3).padding[1] == (3, 3)
        for cls in (layers.Conv2D, layers.SeparableConv2D, layers.Conv2DTranspose):
            assert cls(4, 3, 5).kernel_size == (3, 5) == cls(nb_filter=4, nb_row=3, nb_col=5).kernel_size
            assert cls(4, 3, strides=2).strides == (2, 2)
        assert layers.ZeroPadding2D(padding=(1, 2, 3, 4)).padding == ((1, 2), (3, 4))
        assert layers.ZeroPadding1D(padding={"left_pad": 1}).padding == (1, 0)
        class Mixed:
            def __init__(self, share):
                self.share = share
            def __call__(self, y_true, y_pred):
                return self.share * K.mean(K.square(y_true - y_pred), axis=-1)
            def get_config(self):
                return {"share": self.share}
        model = models.Sequential([layers.Dense(1, input_shape=(2,), kernel_initializer="zeros")])
        model.compile("sgd", Mixed(0.25))
        model.save("m.h5")
        read = models.load_model("m.h5", custom_objects={"Mixed": Mixed})
        assert read.evaluate(np.ones((2, 2)), np.full((2, 1), 2.0), verbose=0) == 1
    """,
    "first states of recurrent layers": """
        x, h, c = layers.Input((3, 2)), layers.Input((4,)), layers.Input((4,))
        lstm = layers.LSTM(4)
        both = models.Model([x, h, c], [lstm([x, h, c]), lstm(x, initial_state=[h, c])])
        data = [np.random.default_rng(0).normal(size=shape) for shape in ((5, 3, 2), (5, 4), (5, 4))]
        listed, named = both.predict(data, verbose=0)
        np.testing.assert_array_equal(listed, named)
        assert np.abs(listed - both.predict([data[0], 0 * data[1], data[2]], verbose=0)[0]).max() > 0.01
        gru = layers.GRU(4, stateful=True)
        model = models.Sequential([layers.Input(batch_shape=(5, 3, 2)), gru])
        zeros = model.predict(data[0], verbose=0)
        gru.reset_states(data[1])
        other = model.predict(data[0], verbose=0)
        np.testing.assert_allclose(other, K.eval(gru(K.constant(data[0]), initial_state=K.constant(data[1]))), rtol=1e-5)
        gru.reset_states()
        np.testing.assert_allclose(model.predict(data[0], verbose=0), zeros, rtol=1e-6)
        for wrong, message in (([data[1]] * 2, "expects 1 states"), (data[1][:2], "has states of")):
            try:
                gru.reset_states(wrong)
            except ValueError as error:
                assert message in str(error), error
            else:
                raise AssertionError
    """,
    "names that are nobody's objects are names": """
        from keras.utils import deserialize_keras_object as read
        def mine(): ...
        assert read("SGD") == "SGD" and read(["accuracy", None]) == ["accuracy", None]   # as a compile_config has them
        assert read("mine", custom_objects={"mine": mine}) is mine
        with keras.utils.custom_object_scope({"mine": mine}):
            assert read("mine") is mine
        with keras.utils.custom_object_scope({"other": read}, {"mine": mine}):  # scopes of several dicts
            assert read("mine") is mine and read("other") is read
    """,
    "layers of known networks": """
        then = {
            "res2a_branch1": "conv2_block1_0_conv", "res5c_branch2c": "conv5_block3_3_conv",
            "bn3b_branch2a": "conv3_block2_1_bn",
            "bn_conv1": "conv1_bn", "fc1000": "predictions", "add_1": "conv2_block1_add", "add_16": "conv5_block3_add",
            "activation_2": "conv2_block1_1_relu", "activation_48": "conv5_block3_2_relu", "activation_49": "conv5_block3_out",
            "conv1/bn": "conv1_bn", "Conv/BatchNorm": "conv_bn", "expanded_conv/squeeze_excite/AvgPool":
            "expanded_conv_squeeze_excite_avg_pool", "activation_5": "conv2_block2_1_relu",
        }
        model = models.Sequential([layers.Activation("relu", name=name) for name in dict.fromkeys(then.values())])
        assert {old: model.get_layer(old).name for old in then} == then
        assert model.get_layer(index=0).name == "conv2_block1_0_conv"
        for wrong in ("activation_50", "res2z_branch1", "conv2/bn"):
            try:
                model.get_layer(wrong)
            except ValueError as error:
                assert f"No such layer: {wrong!r}" in str(error)
            else:
                raise AssertionError(wrong)
        mine = models.Sequential([layers.Activation("relu", name="add_1"), layers.Activation("relu", name="conv2_block1_add")])
        assert mine.get_layer("add_1") is mine.layers[0]   # a name that is there is that one's
    """,
    "a shape that is a number": """
        import tensorflow as tf
        for given in (3, np.int64(3), (3,), [3]):
            assert tf.keras.Input(shape=given).shape == layers.Input(given).shape == (None, 3)
            assert layers.InputLayer(input_shape=given).output.shape == (None, 3)
        assert layers.Input(batch_shape=(2, 3)).shape == (2, 3) and layers.Input(()).shape == (None,)
    """,
    "a kernel behind a Flatten": """
        from keras.utils.layer_utils import convert_dense_weights_data_format
        dense = layers.Dense(3, input_shape=(12,), use_bias=False)
        dense.build((None, 12))
        image = np.random.default_rng(0).normal(size=(2, 3, 2)).astype("float32")
        before = image.ravel() @ dense.kernel.numpy()
        convert_dense_weights_data_format(dense, (2, 3, 2), "channels_first")
        np.testing.assert_allclose(image.transpose(2, 0, 1).ravel() @ dense.kernel.numpy(), before, rtol=1e-5)
        convert_dense_weights_data_format(dense, (2, 2, 3), "channels_last")
        np.testing.assert_allclose(image.ravel() @ dense.kernel.numpy(), before, rtol=1e-5)
    """,
    "`_layers` begin with the InputLayer, and symbolic tensors have a graph": """
        import tensorflow as tf
        chain = models.Sequential([layers.Dense(1, input_shape=(2,))])
        assert [type(one).__name__ for one in chain._layers] == ["InputLayer", "Dense"] and len(chain.layers) == 1
        a = layers.Input((2,))
        graph = models.Model(a, layers.Dense(1)(a))
        assert graph._layers == graph.layers and graph._layers[0].output is a
        assert models.Sequential([layers.Dense(1)])._layers[0].name.startswith("dense")
        assert a.graph is tf.get_default_graph()
        try:
            chain.compile("sgd", "mse", run_eagerly=True, jit_compile=True)
        except ValueError as error:
            assert "`run_eagerly` and `jit_compile`" in str(error)
        else:
            raise AssertionError
    """,
    "what `super().call` took": """
        x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
        mask = np.array([[True, True, False], [True, False, False]])
        class ByName(layers.LSTM):
            def call(self, inputs, mask=None, training=None, initial_state=None):
                return super().call(inputs=inputs, mask=mask, training=training, initial_state=initial_state)
        class ByPlace(layers.LSTM):
            def call(self, inputs, mask=None, training=None, initial_state=None):
                return layers.LSTM.call(self, inputs, mask, training, initial_state)
        class Todays(layers.LSTM):
            def call(self, inputs, initial_state=None, mask=None, training=None):
                return super().call(inputs, initial_state, mask, training)
        plain = layers.LSTM(2)
        first = [torch.ones(2, 2), torch.zeros(2, 2)]
        for told in ({}, {"mask": torch.from_numpy(mask)}, {"initial_state": first}, {"mask": torch.from_numpy(mask),
                                                                                  "initial_state": first}):
            wanted = plain(x, **told)
            assert torch.equal(plain(inputs=x, **told), wanted)
            for kind in (ByName, ByPlace, Todays):
                layer = kind(2)
                layer(x)
                layer.set_weights(plain.get_weights())
                assert torch.equal(layer(x, **told), wanted), (kind, told)
        class Same(layers.Layer):
            pass
        class Handed(layers.Layer):
            def call(self, inputs, **words):
                return super().call(inputs, **words)
        a = layers.Input((4,))
        model = models.Model(a, Handed()(Same()(a)))
        np.testing.assert_array_equal(model.predict(x[0], verbose=0), x[0])
        class Rectified(layers.PReLU):
            def call(self, inputs, mask=None):
                return super().call(inputs, mask=mask)
        assert Rectified(alpha_initializer="ones")(-x).equal(-torch.from_numpy(x))
        class Penalized(layers.ActivityRegularization):
            def call(self, inputs, **words):
                return super().call(inputs, training=True)
        assert Penalized(l1=1.0)(x).equal(torch.from_numpy(x))
    """,
}


def test_what_super_took_in_keras_1_was_a_mask(python, repository, tmp_path):
    (tmp_path / "snippet.py").write_text(BEGIN + textwrap.dedent("""
        class Handed(layers.Dense):
            def call(self, x, mask=None):
                return super(Handed, self).call(x, mask)
        class Noise(layers.Dropout):
            def call(self, x, mask=None):
                return layers.Dropout.call(self, x, mask=mask) + super(Noise, self).call(x, mask)
        x = np.ones((2, 3), "float32")
        assert Handed(1, init="one")(x).tolist() == [[3], [3]]
        assert Noise(0.5)(x).tolist() == [[2, 2, 2]] * 2
    """))  # fmt: skip
    path = [repository / "compat" / "shims", repository]
    python("-W", "error", tmp_path / "snippet.py", path=path, cwd=tmp_path, ok=True, era="1.2")


@pytest.mark.parametrize("name", SNIPPETS)
def test_members(name, python, repository, tmp_path):
    (tmp_path / "snippet.py").write_text(BEGIN + textwrap.dedent(SNIPPETS[name]))
    path = [repository / "compat" / "shims", repository]
    python("-W", "error", tmp_path / "snippet.py", path=path, cwd=tmp_path, ok=True, era="2.3")
