"""Layers of Keras 1 and 2, and their words, by what they compute. Each snippet has a fresh interpreter."""

import textwrap

import pytest

BEGIN = """
import numpy as np, pytest, torch, keras
from keras.layers import *
from keras.models import Model, Sequential
from keras import layers
rng = np.random.default_rng(0)
def near(a, b): np.testing.assert_allclose(np.asarray(a), b, rtol=1e-5, atol=1e-5)
def sigmoid(x): return 1 / (1 + np.exp(-x))
def config(layer): return {k: v for k, v in layer.get_config().items() if k != "name"}
"""

SNIPPETS = {
    "first states of cells": """
        cell, lstm = GRUCell(3), LSTMCell(3)
        x = np.ones((4, 2), "float32")
        for one in (cell.get_initial_state(inputs=x), cell.get_initial_state(x, None, None),
                    cell.get_initial_state(None, 4, "float32"), cell.get_initial_state(batch_size=4, dtype="float32")):
            assert one.shape == (4, 3) and not one.any()
        h, c = lstm.get_initial_state(batch_size=4, dtype="float32")
        assert lstm(x, [h, c])[0].shape == (4, 3)
        assert [one.shape for one in cell.get_initial_state(batch_size=5)] == [(5, 3)]  # today's
        with pytest.raises(ValueError, match="first states"): cell.get_initial_state(None, None, None)
    """,
    "constants of an RNN": """
        class Cell(keras.layers.Layer):
            state_size = 1

            def build(self, input_shape):
                self.w = self.add_weight(shape=(input_shape[-1], 1), initializer="ones", name="w")

            def call(self, inputs, states, constants):
                total = inputs @ self.w + states[0] + constants[0]
                return total * constants[-1], [total]

        x, h, a, b = np.arange(6.0).reshape(1, 3, 2), [[10.0]], [[100.0]], [[0.5]]
        wanted = 10 + 15 + 300
        inputs = [Input(shape) for shape in ((3, 2), (1,), (1,), (1,))]
        layer = RNN(Cell())
        model = Model(inputs, layer(inputs[0], initial_state=inputs[1], constants=inputs[2:]))
        near(model.predict([x, h, a, b]), [[wanted / 2]])
        near(layer(x, constants=[np.array(a), np.array(b)]).detach(), [[(wanted - 10) / 2]])
        assert layer.get_config()["num_constants"] == 2
        with keras.utils.custom_object_scope({"Cell": Cell}):
            again = layers.deserialize(layers.serialize(layer))
        model = Model(inputs, again(inputs))  # all in one list
        model.set_weights(layer.get_weights())
        near(model.predict([x, h, a, b]), [[wanted / 2]])
        with keras.utils.custom_object_scope({"Cell": Cell}):
            model.save("constants.keras")
            near(keras.models.load_model("constants.keras").predict([x, h, a, b]), [[wanted / 2]])
        assert type(RNN(SimpleRNNCell(2))) is type(RNN(Cell())) and type(layer) is not type(RNN(Cell()))
    """,
    "what is gone, found by its name in configs": """
        import json
        def layer(name, **said):
            return {"class_name": name, "config": {"name": name.lower(), **said}}
        parts = [layer("InputLayer", batch_input_shape=[None, 5, 2]), layer("LocallyConnected1D", filters=3, kernel_size=[2])]
        model = keras.models.model_from_json(json.dumps(layer("Sequential", layers=parts)))
        assert model.output_shape == (None, 4, 3)
        near(keras.metrics.get("acc")([1, 2], [1, 3]), [1, 0])
        with pytest.raises(ValueError, match="Unknown constraint"): keras.constraints.get("serialize")
        with pytest.raises(ValueError, match="Unknown metric"): keras.metrics.get("accu")
        with pytest.raises(TypeError, match="Could not find the class 'Highways'"):
            layers.deserialize({"class_name": "Highways", "config": {}})
    """,
    "RadialConstraint": """
        for which in ("radial_constraint", {"class_name": "RadialConstraint", "config": {}}):
            ring = keras.constraints.get(which)
        assert type(ring) is keras.constraints.RadialConstraint and ring.get_config() == {}
        def rings(side):
            kernel = np.arange(side * side, dtype="float32").reshape(side, side, 1, 1)
            found = ring(torch.tensor(np.tile(kernel, (1, 1, 2, 3))))
            assert found.shape == (side, side, 2, 3) and (found == found[:, :, :1, :1]).all()
            near(found[..., 0, 0], np.rot90(found[..., 0, 0]))
            return found[range(side // 2, side), range(side // 2, side), 1, 2].tolist()
        assert [rings(side) for side in (2, 3, 4, 5)] == [[0], [0, 4], [5, 15], [6, 12, 18]]  # measured with tf_keras
        with pytest.raises(ValueError, match="square"): ring(torch.zeros(2, 3, 1, 1))
        model = Sequential([Conv2D(1, 3, kernel_constraint=ring, input_shape=(4, 4, 1))])
        model.compile("sgd", "mse")
        model.fit(np.ones((2, 4, 4, 1)), np.ones((2, 2, 2, 1)), verbose=0)
        assert len(set(model.get_weights()[0].ravel())) == 2
    """,
    "MeanTensor and the curve in two words": """
        mean = keras.metrics.MeanTensor()
        with pytest.raises(ValueError, match="no value yet"): mean.result()
        near(mean([[0, 1, 2], [3, 4, 5]]), [[0, 1, 2], [3, 4, 5]])
        near(mean([[4, 5, 6], [3, 4, 5]], sample_weight=[1, 0.5]), [[2, 3, 4], [3, 4, 5]])
        near(mean.count, [[2, 2, 2], [1.5, 1.5, 1.5]])
        near(mean([[5, 5, 1], [0, 0, 0]], sample_weight=2.0), [[3.5, 4, 2.5], [4.5 / 3.5, 6 / 3.5, 7.5 / 3.5]])
        with pytest.raises(ValueError, match="have the shape"): mean.update_state([1.0])
        mean.reset_state()
        near(mean.result(), np.zeros((2, 3)))
        assert len(keras.metrics.MeanTensor(shape=(2,)).variables) == 2
        assert keras.metrics.deserialize(keras.metrics.serialize(mean)).name == "mean_tensor"
        area = keras.metrics.AUC(curve="PR_GAIN")
        again = keras.metrics.AUC.from_config({**area.get_config(), "curve": "pr_gain"})
        assert area.curve == again.curve == "PRGAIN"
    """,
    "sides of images that vary in training": """
        x = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
        higher, narrower = RandomHeight((0.5, 0.5)), RandomWidth((-0.5, -0.5), interpolation="nearest")
        near(higher(x, training=True)[0, :, 0, 0], [0, 2, 14 / 3, 22 / 3, 10, 12])  # measured with tf_keras
        near(narrower(x, training=True)[0, 0, :, 0], [1, 3])
        near(higher(x), x)
        model = Sequential([Input((4, 4, 1)), higher, narrower])
        assert model.output_shape == (None, None, None, 1)
        assert Sequential.from_config(model.get_config()).layers[0].factor == (0.5, 0.5)
        sizes = {RandomHeight(0.5, seed=seed)(x, training=True).shape[1] for seed in range(9)}
        assert len(sizes) > 1 and sizes <= {2, 3, 4, 5}
        for wrong in ((0.5, 0.2), (-2.0, 1.0)):
            with pytest.raises(ValueError, match="factor"):
                RandomWidth(wrong)
    """,
    "Keras 1's words of every family": """
        same = lambda old, new: config(old) == config(new)
        assert same(Convolution1D(4, 3, border_mode="same", subsample_length=2, init="he_normal", input_dim=5, input_length=7),
                    Conv1D(4, 3, padding="same", strides=2, kernel_initializer="he_normal"))
        first = Sequential([Convolution1D(nb_filter=4, filter_length=3, input_dim=5, input_length=7)])
        assert first.input_shape == (None, 7, 5) and first.output_shape == (None, 5, 4)
        assert same(Convolution3D(2, 3, 2, 1, subsample=(1, 2, 1)), Conv3D(2, (3, 2, 1), strides=(1, 2, 1)))
        assert same(AtrousConvolution2D(2, 3, 3, atrous_rate=(2, 2)), Conv2D(2, (3, 3), dilation_rate=(2, 2)))
        assert same(AtrousConvolution1D(2, 3, atrous_rate=2), Conv1D(2, 3, dilation_rate=2))
        assert same(SeparableConvolution2D(2, 3, 3, depth_multiplier=2, b_regularizer="l2"),
                    SeparableConv2D(2, (3, 3), depth_multiplier=2, bias_regularizer="l2"))
        assert same(Deconvolution2D(2, 3, 3, (None, 9, 9, 2), subsample=(2, 2)), Conv2DTranspose(2, (3, 3), strides=(2, 2)))
        assert same(MaxPooling1D(pool_length=3, stride=2, border_mode="same"), MaxPooling1D(3, 2, "same"))
        assert same(AveragePooling1D(), AveragePooling1D(2)) and same(AveragePooling2D((2, 2)), AveragePooling2D())
        assert same(AveragePooling3D(dim_ordering="th"), AveragePooling3D(2, data_format="channels_first"))
        assert same(GlobalMaxPooling2D(dim_ordering="th"), GlobalMaxPooling2D(data_format="channels_first"))
        assert same(UpSampling1D(length=3), UpSampling1D(3))
        assert same(ZeroPadding2D((1, 2), dim_ordering="th"), ZeroPadding2D((1, 2), data_format="channels_first"))
        assert GaussianNoise(sigma=0.5).stddev == 0.5 and GaussianDropout(p=0.25).rate == SpatialDropout2D(p=0.25).rate == 0.25
        old = LSTM(output_dim=4, init="uniform", inner_init="zero", inner_activation="hard_sigmoid", forget_bias_init="zero",
                   W_regularizer="l2", U_regularizer="l1", dropout_W=0.2, dropout_U=0.1, consume_less="gpu", input_dim=3,
                   input_length=5)
        new = LSTM(4, kernel_initializer="uniform", recurrent_initializer="zeros", recurrent_activation="hard_sigmoid",
                   unit_forget_bias=False, kernel_regularizer="l2", recurrent_regularizer="l1", dropout=0.2,
                   recurrent_dropout=0.1)
        assert same(old, new) and Sequential([old]).input_shape == (None, 5, 3)
        assert Sequential([GRU(2, input_dim=3)]).input_shape == (None, None, 3)
        assert Sequential([SimpleRNN(2, batch_input_shape=(4, 6, 3), stateful=True)]).input_shape == (4, 6, 3)
        assert same(CuDNNLSTM(4, return_sequences=True), LSTM(4, return_sequences=True)) and isinstance(CuDNNGRU(2), GRU)
        dense = TimeDistributedDense(3, input_dim=4, input_length=5)
        assert isinstance(dense, Dense) and Sequential([dense]).output_shape == (None, 5, 3)
        assert same(ConvLSTM2D(nb_filter=2, nb_row=3, nb_col=2, border_mode="same", inner_activation="tanh"),
                    ConvLSTM2D(2, (3, 2), padding="same", recurrent_activation="tanh"))
        with pytest.raises(ValueError, match="'one'"):
            LSTM(3, forget_bias_init="uniform")
    """,
    "initial values as functions": """
        from keras import initializations
        from keras.initializations import normal, identity
        seen = []
        def mine(shape, name=None):
            seen.append((tuple(shape), name))
            return normal(shape, scale=0.001, name=name)
        kernel = Sequential([Dense(50, init=mine, input_dim=40)]).get_weights()[0]
        assert seen == [((40, 50), None)] and 0.0008 < kernel.std() < 0.0012
        rnn = Sequential([SimpleRNN(3, init=lambda shape, name: initializations.uniform(shape, 0.5), input_shape=(4, 2),
                                    inner_init=lambda shape, name: identity(shape, scale=2.0, name=name))])
        near(rnn.get_weights()[1], 2 * np.eye(3))
        assert 0.1 < abs(rnn.get_weights()[0]).max() <= 0.5
        assert initializations.get("glorot_uniform") is initializations.glorot_uniform
        assert abs(initializations.he_normal((400, 30)).numpy().std() - (2 / 400) ** 0.5) < 0.005
        with pytest.raises(ValueError, match="nothing"):
            initializations.get("nothing")
    """,
    "weights to begin with": """
        kernel, bias = np.ones((2, 3), "float32"), np.arange(3, dtype="float32")
        model = Sequential([Dense(3, weights=[kernel, bias], input_dim=2), Dense(1, weights=[np.full((3, 1), 2.0), [1.0]])])
        near(model.predict(np.ones((1, 2)), verbose=0), [[2 * (2 + 3 + 4) + 1]])
        near(model.layers[0].W.numpy(), kernel)
        near(model.layers[0].b.numpy(), bias)
        table = rng.normal(size=(6, 4)).astype("float32")
        embedding = Embedding(6, 4, weights=[table], input_length=3, trainable=False)
        near(Sequential([embedding]).predict(np.array([[1, 5, 0]]), verbose=0)[0], table[[1, 5, 0]])
        near(embedding.W.numpy(), table)
        import copy
        near(copy.deepcopy(model).predict(np.ones((1, 2)), verbose=0), [[19]])
        with pytest.raises(ValueError):
            Sequential([Dense(3, weights=[bias], input_dim=2)])
    """,
    "words that an Embedding drops": """
        layer = Embedding(1000, 3, dropout=0.25, init="one")
        words = torch.arange(1000).repeat(2, 1)
        model = Sequential([layer])
        model(words)
        model.train()
        out = model(words).detach().numpy()
        assert set(np.unique(out.round(4))) == {0.0, np.float32(1.3333)} and abs((out == 0).mean() - 0.25) < 0.05
        assert (out[0] == out[1]).all() and (out[..., 0] == out[..., 2]).all()     # whole words, wherever they stand
        model.eval()
        assert (model(words).detach().numpy() == 1).all()
    """,
    "the kernel's sides one by one, in an old script": """
        import sys, io
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stderr", io.StringIO())
            assert Conv2D(4, 3, 2).kernel_size == Conv2D(4, 3, 2, border_mode="same").kernel_size == (3, 2)
            from keras.layers.convolutional import Conv2D as Old
            assert Old is Conv2D and Conv2D(4, 5, 5, activation="relu").kernel_size == (5, 5)
            assert Conv2D(4, 5, 5).strides == (1, 1) and Conv2D(4, (5, 5), (2, 2)).strides == (2, 2)
            assert Conv2D(4, 5, strides=2).kernel_size == (5, 5) and Conv3D(2, 3, 3, 3).kernel_size == (3, 3, 3)
            said = sys.stderr.getvalue()
        assert said.count("Conv2D(4, 5, 5)") == 1 and "write Conv2D(4, (5, 5))" in said
        class Mine(Convolution2D):
            def __init__(self, **kwargs):
                super().__init__(4, (3, 3), **kwargs)
        assert isinstance(Mine(), Conv2D) and isinstance(Conv2D(1, 1), Convolution2D)
        assert not isinstance(Dense(1), Convolution2D)
    """,
    "Merge": """
        left, right = Sequential([Dense(2, init="one", input_dim=3)]), Sequential([Dense(2, init="one", input_dim=4)])
        model = Sequential()
        model.add(Merge([left, right], mode="concat"))
        model.add(Dense(1, init="one"))
        x, y = np.ones((5, 3), "float32"), np.ones((5, 4), "float32")
        near(model.predict([x, y], verbose=0), np.full((5, 1), 2 * 3 + 2 * 4))
        assert model.predict_classes([x, y]).tolist() == [[1]] * 5
        model.compile("sgd", "mse", metrics=["accuracy"])
        history = model.fit([x, y], np.zeros((5, 1)), nb_epoch=3, verbose=0)
        assert history.history["loss"][0] == 14**2 and len(model.trainable_weights) == 6
        # A branch that stands in two places has one input.
        story, question = Sequential([Embedding(9, 4, input_length=6)]), Sequential([Embedding(9, 4, input_length=3)])
        match = Sequential([Merge([story, question], mode="dot", dot_axes=[2, 2])])
        assert match.output_shape == (None, 6, 3)
        other = Sequential([Embedding(9, 3, input_length=6)])
        response = Sequential([Merge([match, other], mode="sum"), Permute((2, 1))])
        answer = Sequential()
        answer.add(Merge([response, question], mode="concat", concat_axis=-1))
        answer.add(LSTM(2))
        a, q = rng.integers(0, 9, (2, 6)), rng.integers(0, 9, (2, 3))
        assert answer.predict([a, q, a], verbose=0).shape == (2, 2) and len(answer.inputs) == 3
        s, t = story.predict(a, verbose=0), question.predict(q, verbose=0)
        near(match.predict([a, q], verbose=0), np.einsum("nik,njk->nij", s, t))
        i, j = Input((2,)), Input((2,))
        model = Model([i, j], Merge(mode="mul")([i, j]))
        near(model.predict([np.full((1, 2), 3.0), np.full((1, 2), 5.0)], verbose=0), [[15, 15]])
        with pytest.raises(ValueError, match="input_shape"):
            Sequential([Merge([Sequential([Dense(1)]), right])])
    """,
    "Highway and MaxoutDense": """
        x = rng.normal(size=(4, 3)).astype("float32")
        layer = Highway(activation="tanh", input_dim=3)
        out = layer(x).detach().numpy()
        W, carry, b, b_carry = layer.get_weights()
        assert (b_carry == -2).all() and (b == 0).all()
        t = sigmoid(x @ carry + b_carry)
        near(out, t * np.tanh(x @ W + b) + (1 - t) * x)
        layer = MaxoutDense(2, nb_feature=5, b_constraint="non_neg", W_regularizer="l2")
        out = layer(x).detach().numpy()
        W, b = layer.get_weights()
        assert W.shape == (5, 3, 2) and b.shape == (5, 2) and len(layer.losses) == 1
        near(out, np.einsum("ni,kio->nko", x, W).max(1))
    """,
    "activations": """
        x = np.array([[-2.0, -0.5, 0.5, 2.0]], "float32")
        from tensorflow.keras.layers.experimental import RandomFourierFeatures
        layer = RandomFourierFeatures(2, scale=2.0)
        layer(np.zeros((1, 3)))
        layer.set_weights([[0.25], [[0.25, 0.5], [0.75, 1.0], [1.25, 1.5]], [0.25, 0.5]])   # scale, kernel, bias
        near(layer([[1.0, -2.0, 0.5]]), np.cos(np.array([[-2.5, -3.0]]) + [0.25, 0.5]))
        assert layer.trainable_weights == [] and layer.get_config()["kernel_initializer"] == "gaussian"
        layer = RandomFourierFeatures(4, trainable=True)
        layer(np.zeros((1, 3)))
        assert [w.name for w in layer.trainable_weights] == ["kernel_scale"] and abs(layer.scale - 1.5**0.5) < 1e-6
        near(ThresholdedReLU(theta=0.5)(x), [[0, 0, 0, 2]])
        near(ParametricSoftplus(0.2, 5.0)(x).detach(), 0.2 * np.log1p(np.exp(5 * x)))
        layer = SReLU(t_left_init="zero", a_left_init="one", t_right_init="one", a_right_init="one")
        near(layer(x).detach(), x)                                     # three lines of slope 1
        layer.set_weights([np.full(4, -1.0), np.full(4, 0.5), np.full(4, -2.0), np.full(4, 0.25)])   # left -1, right 1
        near(layer(x).detach(), [[-1 + 0.5 * -1, -0.5, 0.5, 1 + 0.25 * 1]])
        assert SReLU(shared_axes=[1]).shared_axes == [1]
    """,
    "locally connected": """
        x = rng.normal(size=(2, 7, 3)).astype("float32")
        layer = LocallyConnected1D(4, 3, subsample_length=2, bias=True)
        out = layer(x).detach().numpy()
        kernel, bias = layer.get_weights()
        assert kernel.shape == (3, 9, 4) and bias.shape == (3, 4)
        near(out, np.stack([x[:, p * 2 : p * 2 + 3].reshape(2, -1) @ kernel[p] for p in range(3)], 1))
        x = rng.normal(size=(2, 5, 6, 3)).astype("float32")
        layer = LocallyConnected2D(4, (3, 2), strides=(1, 2), activation="relu")
        out = layer(x).detach().numpy()
        kernel, bias = layer.get_weights()
        assert kernel.shape == (9, 18, 4) and bias.shape == (3, 3, 4)
        places = [x[:, r : r + 3, 2 * c : 2 * c + 2].reshape(2, -1) for r in range(3) for c in range(3)]
        near(out, np.maximum(np.stack([p @ k for p, k in zip(places, kernel)], 1), 0).reshape(2, 3, 3, 4))
        first = LocallyConnected2D(4, 3, 2, dim_ordering="th")
        out = first(x.transpose(0, 3, 1, 2)).detach().numpy()
        assert out.shape == (2, 4, 3, 5)
        near(out[:, :, 0, 0], x[:, :3, :2].transpose(0, 3, 1, 2).reshape(2, -1) @ first.get_weights()[0][0])
        with pytest.raises(ValueError, match="valid"):
            LocallyConnected1D(4, 3, padding="same")
        assert LocallyConnected2D(4, 3, 3, activity_regularizer="activity_l2").activity_regularizer.l2 == 0.01
    """,
    "Graph": """
        from keras.models import Graph
        graph = Graph()
        graph.add_input(name="a", input_shape=(3,))
        graph.add_input("b", (2,))
        graph.add_node(Dense(4, init="one"), name="one", input="a")
        graph.add_node(Dense(4, init="one"), name="two", inputs=["a", "b"], merge_mode="concat")
        graph.add_output(name="sum", inputs=["one", "two"], merge_mode="sum")
        graph.add_output("two_too", input="two")
        graph.compile("sgd", {"sum": "mse", "two_too": "mse"})
        data = {"a": np.ones((6, 3), "float32"), "b": np.ones((6, 2), "float32")}
        out = graph.predict(data)
        near(out["sum"], np.full((6, 4), 8.0))
        near(out["two_too"], np.full((6, 4), 5.0))
        data |= {"sum": np.zeros((6, 4)), "two_too": np.zeros((6, 4))}
        losses = graph.fit(data, nb_epoch=2, verbose=0).history["loss"]
        assert abs(losses[0] - (64 + 25)) < 1e-3 and losses[1] != losses[0]
    """,
    "the output that a Deconvolution2D was told": """
        told = Sequential([Deconvolution2D(2, 2, 2, (None, 29, 29, 2), subsample=(2, 2), input_shape=(14, 14, 3))])
        assert told.output_shape == (None, 29, 29, 2) and Deconvolution2D(2, 2, 2, (None, 28, 28, 2)).output_padding is None
        plain = Sequential([Conv2DTranspose(2, 2, strides=2, input_shape=(14, 14, 3))])
        plain.set_weights(told.get_weights())
        x = rng.normal(size=(1, 14, 14, 3)).astype("float32")
        out = told.predict(x, verbose=0)
        near(out[:, :28, :28], plain.predict(x, verbose=0))
        assert (out[:, 28] == 0).all()
        shape = dict(subsample=(2, 2), input_shape=(14, 14, 3))
        same = Sequential([Deconvolution2D(2, 3, 3, (None, 28, 28, 2), border_mode="same", **shape)])
        assert same.output_shape == (None, 28, 28, 2)
        shape = dict(subsample=(2, 2), input_shape=(3, 4, 4), dim_ordering="th")
        th = Sequential([Deconvolution2D(2, 3, 3, (None, 2, 10, 10), **shape)])
        assert th.output_shape == (None, 2, 10, 10)
    """,
    "lists of one, axes of one": """
        x = Input((3,))
        model = Model(x, Dense(1, init="one")(Lambda(lambda t: [2 * t])(x)))
        near(model.predict(np.ones((2, 3)), verbose=0), [[6], [6]])
        inner = Sequential([Dense(2, init="one", input_dim=4)])
        vector, number = Input((4,)), Input((1,))
        product = multiply([vector, Embedding(5, 4, init="one")(number)])          # (None, 1, 4), which Keras 2 let pass
        model = Model([vector, number], inner(product))
        near(model.predict([np.full((3, 4), 2.0), np.zeros((3, 1))], verbose=0), np.full((3, 2), 8.0))
    """,
    "recurrent layers of one's own": """
        from keras import backend as K
        from keras.layers.recurrent import Recurrent, _time_distributed_dense
        class Plain(Recurrent):
            def __init__(self, units, **kwargs):
                self.units = units
                super(Plain, self).__init__(**kwargs)
            def build(self, input_shape):
                self.states = [None]
                self.k = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="k")
                self.r = self.add_weight(shape=(self.units, self.units), initializer="orthogonal", name="r")
                self.b = self.add_weight(shape=(self.units,), initializer="ones", name="b")
                if self.stateful:
                    self.reset_states()
                self.built = True
            def preprocess_input(self, inputs, training=None):
                return _time_distributed_dense(inputs, self.k, self.b)
            def get_constants(self, inputs, training=None):
                return [K.constant(1.0)]
            def step(self, x, states):
                h = K.tanh(x + K.dot(states[0], self.r)) * states[1]
                return h, [h]
            def get_config(self):
                return dict(list(super(Plain, self).get_config().items()) + [("units", self.units)])
        x = rng.normal(size=(4, 5, 3)).astype("float32")
        x[1, 3:] = x[2, 0] = 0
        for words in ({}, {"return_sequences": True}, {"return_sequences": True, "go_backwards": True}):
            mine = Sequential([Masking(input_shape=(5, 3)), Plain(2, **words)])
            theirs = Sequential([Masking(input_shape=(5, 3)), SimpleRNN(2, **words)])
            theirs.set_weights(mine.get_weights())
            again = Sequential.from_config(mine.get_config(), custom_objects={"Plain": Plain})
            again.set_weights(mine.get_weights())
            near(mine.predict(x, verbose=0), theirs.predict(x, verbose=0))
            near(again.predict(x, verbose=0), theirs.predict(x, verbose=0))
        sequence, first = Input((5, 3)), Input((2,))
        model = Model([sequence, first], Plain(2, return_state=True)(sequence, initial_state=[first]))
        output, state = model.predict([x, np.ones((4, 2))], verbose=0)
        zero = model.predict([x, np.zeros((4, 2))], verbose=0)[0]
        assert (output == state).all() and abs(output - zero).max() > 1e-5
        model = Sequential([Plain(2, stateful=True, batch_input_shape=(4, 5, 3))])
        one, two = (model.predict(x, batch_size=4, verbose=0) for _ in range(2))
        model.reset_states()
        near(model.predict(x, batch_size=4, verbose=0), one)
        assert abs(one - two).max() > 1e-3
        model.compile("sgd", "mse")
        before = model.get_weights()[0]
        model.train_on_batch(x, np.zeros((4, 2)))
        assert abs(model.get_weights()[0] - before).max() > 1e-5
    """,
    "calls by number, states": """
        shared, a, b = Dense(2), Input((3,)), Input((3,))
        one, two = shared(a), shared(b)
        assert shared.get_output_at(0) is one and shared.get_output_at(1) is two and shared.get_input_at(1) is b
        assert shared.get_output_shape_at(1) == (None, 2) and shared.get_input_shape_at(0) == (None, 3)
        assert shared.get_output_shape_for((None, 3)) == (None, 2)
        with pytest.raises(ValueError, match="called 2 times"):
            shared.get_output_at(2)
        model = Sequential([LSTM(2, batch_input_shape=(1, 2, 3), stateful=True)])
        x = np.ones((1, 2, 3), "float32")
        first, second = model.predict(x, verbose=0), model.predict(x, verbose=0)
        assert abs(first - second).max() > 1e-4
        model.reset_states()
        near(model.predict(x, verbose=0), first)
        with pytest.raises(RuntimeError, match="to_json"):
            model.to_yaml()
    """,
    "layers that list their weights": """
        from keras import backend as K
        def trained(making):
            class Own(Layer):
                def build(self, shape): making(self, shape)
                def call(self, x): return K.dot(x, self.W)
                def get_output_shape_for(self, shape): return (shape[0], 2)
            entry, layer = Input((3,)), Own()
            model = Model(entry, layer(entry))
            model.compile("sgd", "mse")
            before = model.get_weights()
            model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
            moved = [bool(abs(a - b).max() > 0) for a, b in zip(before, model.get_weights())]
            return len(layer.trainable_weights), len(layer.non_trainable_weights), moved
        def listed(self, shape):
            self.W = K.variable(np.full((3, 2), 0.5))
            self.trainable_weights = [self.W]
        def appended(self, shape):
            self.W = K.variable(np.full((3, 2), 0.5))
            self._trainable_weights.append(self.W)
        def one_of_two(self, shape):
            self.kept, self.W = K.variable(np.ones((3, 2))), K.variable(np.full((3, 2), 0.5))
            self.trainable_weights = [self.W]
        def sorted_out(self, shape):
            self.mean, self.W = K.variable(np.ones(2)), K.variable(np.full((3, 2), 0.5))
            self.trainable_weights, self.non_trainable_weights = [self.W], [self.mean]
        def of_a_layer_inside(self, shape):
            self.inner = Dense(2, use_bias=False)
            self.inner.build(shape)
            self.W = self.inner.kernel
            self.trainable_weights = self.inner.trainable_weights
        def held_by_nothing_else(self, shape):
            scale = K.variable(np.full((3, 2), 0.5))
            self.W = K.constant(np.eye(3, 2)) * 4
            self._trainable_weights = []
            self._trainable_weights += [scale]
            self.call = lambda x: K.dot(x, self.W * scale)
        for build in (listed, appended, of_a_layer_inside, held_by_nothing_else):
            assert trained(build) == (1, 0, [True]), build
        assert trained(one_of_two) == trained(sorted_out) == (1, 1, [True, False])
        def not_trained(self, shape):
            self.W, self.b = K.variable(np.ones((3, 2))), self.add_weight(shape=(2,), name="b", initializer="zeros")
            self._non_trainable_weights.append(self.W)
            self.call = lambda x: K.dot(x, self.W) + self.b
        assert trained(not_trained) == (1, 1, [True, False])
        class Wrapping(layers.Wrapper):  # properties of one's own over the lists
            @property
            def trainable_weights(self): return self._trainable_weights[:] + self.layer.trainable_weights
            @property
            def non_trainable_weights(self): return self._non_trainable_weights[:] + self.layer.non_trainable_weights
            def build(self, shape):
                self.scale = self.add_weight(shape=(1,), name="scale", initializer="ones")
                super().build(shape)
            def call(self, x): return self.layer(x) * self.scale
        model = Sequential([Wrapping(Dense(2), input_shape=(3,))])
        assert [w.name for w in model.layers[0].trainable_weights] == ["scale", "kernel", "bias"]
        model.compile("sgd", "mse")
        model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
        model.save_weights("wrapping.h5")
        wanted = model.get_weights()
        model.set_weights([0 * w for w in wanted])
        model.load_weights("wrapping.h5")
        for a, b in zip(model.get_weights(), wanted): near(a, b)
    """,
    "cells written out of Keras 2's file": """
        from keras import backend as K
        from keras.layers import recurrent
        from tensorflow.python.keras.layers.recurrent import DropoutRNNCellMixin
        class Sum(DropoutRNNCellMixin, Layer):
            state_size, dropout, recurrent_dropout = 4, 0.5, 0.0
            def call(self, inputs, states, training=None):
                mask = self.get_dropout_mask_for_cell(inputs, training)
                assert self.get_recurrent_dropout_mask_for_cell(states[0], training) is None
                now = states[0] + inputs * mask
                return now, [now]
        layer, x = RNN(Sum()), torch.ones(3, 5, 4)
        near(layer(x), 5 * np.ones((3, 4)))
        one, two = layer(x, training=True), layer(x[:2], training=True)
        assert set(one.unique().tolist()) | set(two.unique().tolist()) == {0.0, 10.0}  # the same in all five steps
        ones = torch.ones(2, 50)
        masks = recurrent._generate_dropout_mask(ones, 0.5, training=True, count=3)
        assert len(masks) == 3 and all(set(mask.unique().tolist()) == {0.0, 2.0} for mask in masks)
        assert recurrent._generate_dropout_mask(ones, 0.5, training=False) is ones
        states = recurrent._generate_zero_filled_state(2, [3, (4, 5)], "float32")
        assert [tuple(state.shape) for state in states] == [(2, 3), (2, 4, 5)] and not states[0].any()
        assert recurrent._generate_zero_filled_state_for_cell(Sum(), ones, None, None).shape == (2, 4)
        assert recurrent._is_multiple_state([3]) and not recurrent._is_multiple_state(3)
        assert recurrent._standardize_args(["x", "h", "c"], None, None, 1) == ("x", ["h"], ["c"])
        assert recurrent._standardize_args("x", ("h",), "c", 1) == ("x", ["h"], ["c"])
        kept = K.ContextValueCache(lambda start: [start])
        first = kept.setdefault(kwargs={"start": 3})
        assert first == [3] and kept.setdefault(kwargs={"start": 4}) is first and None in kept
        kept.clear()
        assert kept.setdefault(kwargs={"start": 4}) == [4]
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_old_layers(name, python, repository, tmp_path):
    (tmp_path / "snippet.py").write_text(BEGIN + textwrap.dedent(SNIPPETS[name]))
    path = [repository / "compat" / "shims", repository]
    era = None if "old script" in name else "3"
    python("-W", "error", tmp_path / "snippet.py", path=path, cwd=tmp_path, ok=True, era=era)
