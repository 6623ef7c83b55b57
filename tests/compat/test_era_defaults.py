"""The defaults of an era, in what a script calls by Keras's names, and nowhere else."""

import textwrap

import pytest

BEGIN = """\
import numpy as np, torch
import torchkeras_lite as lite
import keras
from keras import layers, optimizers, models, callbacks
torch.manual_seed(3)
"""

# What each output of a model is called, and in which order its losses and metrics come.
SEVERAL_OUTPUTS = """
        x = np.arange(1.0, 6.0, dtype="float32")[:, None]
        image = layers.Input((1,))
        ends = [layers.Dense(1, name=name, kernel_initializer=first)(image) for name, first in (("z", "ones"), ("a", "zeros"))]
        model = models.Model(image, ends)
        model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
        found = model.evaluate(x, [2 * x, x], verbose=0)
        np.testing.assert_allclose(found, [22, 11, 11, 3, 11, 3, 11], rtol=1e-5)
        assert model.metrics_names == ["loss", "z_loss", "a_loss", "z_mae", "z_mse", "a_mae", "a_mse"]
        np.testing.assert_allclose(model.test_on_batch(x, [2 * x, x]), found, rtol=1e-5)
        # Two metrics for two outputs are two for each.
        model.compile("sgd", "mse", metrics=["mae", "mse"])
        names = ["loss", "z_loss", "a_loss", "z_mae", "z_mse", "a_mae", "a_mse"]
        assert model.metrics_names == names
        model.evaluate(x, [2 * x, 2 * x], verbose=0)
        assert model.metrics_names == names
        np.testing.assert_allclose(model.evaluate(x, [2 * x, 2 * x], verbose=0), [55, 11, 44, 3, 11, 6, 44], rtol=1e-5)

        class Own(models.Model):
            def __init__(self):
                super().__init__()
                self.one, self.two = layers.Dense(1, kernel_initializer="ones"), layers.Dense(1, kernel_initializer="zeros")

            def call(self, inputs):
                return [self.one(inputs), self.two(inputs)]

        model = Own()
        model.compile("sgd", "mse", metrics={"output_2": "mae"}, loss_weights={"output_1": 2.0, "output_2": 0.5})
        weights = {"output_2": np.full(5, 3.0)}
        found = model.train_on_batch(x, [2 * x, x], sample_weight=weights)
        np.testing.assert_allclose(found, [2 * 11 + 0.5 * 33, 11, 33, 3], rtol=1e-5)
        assert model.metrics_names == ["loss", "output_1_loss", "output_2_loss", "output_2_mae"]
        model = Own()
        model.compile("sgd", "mse", metrics=["mae"])
        named = {"loss", "output_1_loss", "output_1_mae", "output_2_loss", "output_2_mae"}
        assert set(model.fit(x, [x, x], verbose=0).history) == named
"""

SNIPPETS = {
    "1.2 layers of one's own, attributes, Merge again, params": """
        from keras import backend as K, initializations
        from keras.layers import Convolution2D, Dense, Dropout, LSTM, Merge

        class Own(layers.Layer):
            def build(self, input_shape):
                self.W = initializations.glorot_uniform((input_shape[1], 2), name=f"{self.name}_W")
                self.factor = K.variable(np.full(2, 3.0))  # no weight: it is in no list
                self.trainable_weights = [self.W]

            def call(self, x, mask=None):
                return K.dot(x, self.W) * self.factor

            def get_output_shape_for(self, shape):
                return (shape[0], 2)

        model = models.Sequential([Own(input_shape=(3,), name="mine")])
        assert [weight.name for weight in model.weights] == ["mine_W"] and len(model.get_weights()) == 1
        model.compile("sgd", "mse")
        x = np.ones((4, 3), "float32")
        before = model.predict(x)
        model.fit(x, np.zeros((4, 2)), nb_epoch=1, verbose=0)
        assert (K.get_value(model.layers[0].factor) == 3).all() and (model.predict(x) != before).all()
        np.testing.assert_allclose(model.predict(x), x @ model.get_weights()[0] * 3, rtol=1e-5)

        conv, lstm = Convolution2D(4, 3, 3, border_mode="same", subsample=(2, 2)), LSTM(3, inner_activation="tanh")
        assert (conv.nb_filter, conv.border_mode, conv.subsample) == (4, "same", (2, 2))
        assert (Dense(5).output_dim, lstm.output_dim, Dropout(0.25).p) == (5, 3, 0.25)
        assert lstm.inner_activation is lite.activations.tanh

        branches = [models.Sequential([Dense(2, input_dim=size)]) for size in (2, 3)]
        joined = models.Sequential([Merge(branches, mode="concat"), Dense(1)])
        again = models.Sequential.from_config(joined.get_config())
        again.set_weights(joined.get_weights())
        parts = [np.ones((2, 2)), np.ones((2, 3))]
        np.testing.assert_array_equal(again.predict(parts), joined.predict(parts))
        again.add(Dense(3))
        assert again.output_shape == (None, 3)

        class Asking(callbacks.Callback):
            def on_train_begin(self, logs={}):
                told.append((self.params["nb_sample"], self.params["nb_epoch"]))

        told = []
        batches = iter([(x, np.zeros((4, 2)))] * 9)
        model.fit_generator(batches, samples_per_epoch=8, nb_epoch=2, verbose=0, callbacks=[Asking()])
        assert told == [(8, 2)]
    """,
    "2.3 what callbacks are told of a batch, weights of held out rows": """
        from keras.legacy import interfaces
        from keras.preprocessing.image import ImageDataGenerator
        told, by_lambda = [], []

        class Telling(callbacks.Callback):
            def on_batch_end(self, batch, logs={}):
                told.append(logs["loss"])

            @interfaces.legacy_get_updates_support
            def on_epoch_end(self, epoch, logs=None):
                self.rate = logs.get("lr")

        model = models.Sequential([layers.Dense(1, input_shape=(3,))])
        model.compile(optimizers.SGD(lr=1e-9), "mse")
        x, y = np.arange(18.0).reshape(6, 3), np.arange(6.0)
        telling, plateau = Telling(), callbacks.ReduceLROnPlateau(patience=9, monitor="loss")
        later = callbacks.LambdaCallback(on_batch_end=lambda batch, logs: by_lambda.append(logs["loss"]))
        history = model.fit(x, y, batch_size=2, epochs=1, shuffle=False, verbose=0, callbacks=[telling, later, plateau])
        errors = ((model.predict(x)[:, 0] - y) ** 2).reshape(3, 2).mean(1)
        np.testing.assert_allclose(told, errors, rtol=1e-4)
        np.testing.assert_allclose(by_lambda, errors, rtol=1e-4)
        np.testing.assert_allclose(history.history["loss"], [errors.mean()], rtol=1e-4)
        assert list(history.history) == ["loss", "lr"] and np.isclose(history.history["lr"][0], 1e-9)
        assert model.layers[0].input_shape == (None, 3) and model.stateful is False

        classes, weights = np.array([0, 1, 0, 1, 1, 0]), {0: 1.0, 1: 4.0}
        kept = models.Sequential([layers.Dense(2, activation="softmax", input_shape=(3,))])
        kept.compile(optimizers.SGD(lr=0.0), "sparse_categorical_crossentropy")
        logs = kept.fit(x, classes, validation_split=0.5, class_weight=weights, shuffle=False, verbose=0, epochs=1).history
        each = -np.log(kept.predict(x)[np.arange(6), classes]) * [1, 4, 1, 4, 4, 1]
        np.testing.assert_allclose(logs["loss"] + logs["val_loss"], [each[:3].mean(), each[3:].mean()], rtol=1e-4)

        images = ImageDataGenerator(rescale=0.5, featurewise_center=True)
        images.fit(np.arange(32.0).reshape(2, 4, 4, 1))
        assert images.mean.ravel().tolist() == [7.75]
    """,
    "tf2 inputs, logs of rates": """
        image = layers.Input((3,))
        model = models.Model(image, layers.Dense(1)(image))
        assert [layer.input_shape for layer in model.layers] == [[(None, 3)], (None, 3)]
        assert [layer.output_shape for layer in model.layers] == [[(None, 3)], (None, 1)]
        model.compile("sgd", "mse", metrics=["mae"])
        found = model.fit(np.ones((2, 3)), np.ones(2), verbose=0, callbacks=[callbacks.LearningRateScheduler(lambda e: 0.5)])
        assert found.history["lr"] == [0.5] and "learning_rate" not in found.history
        model.save("m.h5")
        assert models.load_model("m.h5").metrics_names == ["loss", "mae"]
    """,
    "2.3 losses that ask the layer behind y_pred for what went into it": """
        from keras import backend as K

        class Scores(layers.Layer):
            def __init__(self, units, **kwargs):
                self.units, self.supports_masking = units, True
                super().__init__(**kwargs)

            def build(self, input_shape):
                self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units), initializer="ones")
                self.built = True

            def call(self, x, mask=None):
                return K.in_train_phase(K.zeros_like(K.dot(x, self.kernel)), K.softmax(K.dot(x, self.kernel)))

            def compute_mask(self, x, mask=None):
                return None

            def compute_output_shape(self, shape):
                return shape[:2] + (self.units,)

            @property
            def loss_function(self):
                def loss(y_true, y_pred):
                    x, mask = self._inbound_nodes[0].input_tensors[0], self._inbound_nodes[0].input_masks[0]
                    kept = K.cast(mask, K.floatx())
                    return K.sum(K.sum(K.square(y_true - K.dot(x, self.kernel)), -1) * kept, 1)
                return loss

        def share(y_true, y_pred):
            layer, index = y_pred._keras_history[:2]
            seen.append(K.int_shape(y_pred))
            return K.mean(K.cast(layer._inbound_nodes[index].input_masks[0], "float32"))

        seen = []
        model = models.Sequential([layers.Embedding(9, 2, mask_zero=True), Scores(3)])
        assert model.built and model.output_shape == (None, None, 3)  # the first layer says how it is called
        model.compile("sgd", model.layers[-1].loss_function, metrics=[share])
        x = np.array([[1, 2, 0, 0], [3, 0, 0, 0]])
        y = np.arange(24.0).reshape(2, 4, 3) / 10
        vectors = model.get_weights()[0][x]
        wanted = (((y - vectors.sum(-1, keepdims=True)) ** 2).sum(-1) * (x > 0)).sum(1).mean()
        before = model.get_weights()
        logs = model.fit(x, y, batch_size=2, verbose=0, epochs=1).history
        np.testing.assert_allclose(logs["loss"], [wanted], rtol=1e-5)
        np.testing.assert_allclose(logs["share"], [3 / 8])
        assert all((old != new).any() for old, new in zip(before, model.get_weights())) and seen[-1] == (2, 4, 3)
        assert model.layers[-1]._inbound_nodes[0].input_tensors == [model.layers[0].output]
        np.testing.assert_allclose(model.predict(x).sum(-1), 1, rtol=1e-5)
        model.save("m.h5")
        again = models.load_model("m.h5", custom_objects={"Scores": Scores, "loss": None, "share": share}, compile=False)
        np.testing.assert_allclose(again.predict(x), model.predict(x))

        # a metric that is one number, of outputs with a mask
        masked = models.Sequential([layers.Embedding(9, 2, mask_zero=True), layers.Dense(1)])
        masked.compile("sgd", "mse", metrics=[lambda y_true, y_pred: K.max(y_true)])
        assert abs(masked.evaluate(x, y[..., :1], verbose=0)[1] - 2.1) < 1e-6
    """,
    "2.3 identities, rows of batches, a metric of an axis, an Input of values": """
        from keras import backend as K, metrics
        wide = models.Sequential([layers.LSTM(2, recurrent_initializer="identity", input_shape=(4, 2))]).get_weights()[1]
        np.testing.assert_array_equal(wide, np.tile(np.eye(2), 4))
        gated = layers.GRU(2, recurrent_initializer=keras.initializers.Identity(3.0))
        gated.build((None, 4, 2))
        np.testing.assert_array_equal(gated.get_weights()[1], 3 * np.tile(np.eye(2), 3))
        assert gated.get_config()["recurrent_initializer"]["class_name"] == "Identity"
        assert lite.layers.LSTM(2, recurrent_initializer="identity").recurrent_initializer((2, 4)).sum() == 2

        told = []

        class Telling(callbacks.Callback):
            def on_batch_end(self, batch, logs={}):
                told.append((batch, logs.get("batch"), logs.get("size")))

        def batches():
            while True:
                for rows in (4, 3):
                    yield np.ones((rows, 3)), np.ones((rows, 1))

        model = models.Sequential([layers.Dense(1, input_shape=(3,))])
        model.compile("sgd", "mse")
        model.fit_generator(batches(), steps_per_epoch=2, epochs=1, verbose=0, callbacks=[Telling()], validation_data=(
            np.ones((5, 3)), np.ones((5, 1))))
        model.fit(np.ones((7, 3)), np.ones((7, 1)), batch_size=5, epochs=1, verbose=0, callbacks=[Telling()])
        assert told == [(0, 0, 4), (1, 1, 3), (0, 0, 5), (1, 1, 2)]

        y, p = np.array([[[0, 1.0], [1, 1]], [[0, 0], [1, 0]]]), np.array([[[0.5, 0.7], [0.6, 0.6]], [[0.4, 0.7], [0.4, 0.9]]])
        found = K.eval(metrics.binary_accuracy(K.constant(y), K.constant(p)))
        np.testing.assert_array_equal(found, [[1, 1], [0.5, 0]])

        both = optimizers.SGD(lr=1.0, clipnorm=1.0, clipvalue=0.5)
        one = models.Sequential([layers.Dense(2, input_shape=(2,), use_bias=False)])
        one.set_weights([np.array([[1.0, 2.0], [3.0, 4.0]])])
        one.compile(both, "mse")
        one.fit(np.array([[1.0, 0.1]]), np.array([[10.0, 20.0]]), verbose=0)
        np.testing.assert_allclose(one.get_weights()[0], [[1.4409, 2.5], [3.0441, 4.0892]], atol=1e-4)  # measured
        assert optimizers.SGD.from_config(both.get_config()).clipvalue == 0.5

        entering = layers.Input(tensor=K.variable(np.arange(6.0).reshape(2, 3)))
        assert K.int_shape(entering) == (2, 3)
        try:
            layers.InputLayer(input_shape=(3,), input_tensor=np.zeros((2, 3)))
        except ValueError as error:
            assert "must be a KerasTensor" in str(error)
        else:
            raise AssertionError
        np.testing.assert_array_equal(models.Model(entering, layers.Lambda(lambda x: x * 2)(entering)).predict(np.ones((2, 3))),
                                      np.full((2, 3), 2.0))
    """,
    "1.2 recurrent layers": """
        old, new = layers.LSTM(4, input_dim=3, input_length=5), lite.layers.LSTM(4)
        x = torch.tensor([-4.0, -1.0, 0.5, 3.0])
        assert torch.allclose(old.recurrent_activation(x), torch.tensor([0.0, 0.3, 0.6, 1.0]))
        assert torch.allclose(new.recurrent_activation(x), torch.sigmoid(x))
        assert layers.LSTM(4, inner_activation="sigmoid").recurrent_activation is lite.activations.sigmoid
        assert layers.LSTM(4, "relu", "tanh").recurrent_activation is lite.activations.tanh
        assert abs(layers.Dense(3, activation="hard_sigmoid").activation(x)[1].item() - 0.3) < 1e-7
        assert layers.GRU(4).reset_after is False and lite.layers.GRU(4).reset_after is True
        # Each gate was drawn as a layer of its own, and orthogonal matrices were stretched.
        layer = layers.LSTM(6, input_dim=6, input_length=2)
        layer.build((None, 2, 6))
        kernel, recurrent = layer.cell.kernel.numpy(), layer.cell.recurrent_kernel.numpy()
        limit, together = (6 / 12) ** 0.5, (6 / 30) ** 0.5
        assert together < np.abs(kernel).max() <= limit
        for gate in np.split(recurrent, 4, axis=1):
            np.testing.assert_allclose(gate.T @ gate, 1.21 * np.eye(6), atol=1e-5)
        given = layers.GRU(4, weights=[np.ones((3, 12)), np.ones((4, 12)), np.ones(12)], input_dim=3)
        given.build((None, 5, 3))
        assert (given.cell.kernel.numpy() == 1).all()
        # Layers hold what they were made with: copies are equal.
        again = type(old).from_config(old.get_config())
        assert type(old) is lite.layers.LSTM and again.recurrent_activation is old.recurrent_activation
        both = layers.Bidirectional(layers.LSTM(2))
        assert both.backward_layer.recurrent_activation is old.recurrent_activation
    """,
    "1.2 initial values": """
        values = layers.Dense(500, init="he_normal", input_dim=400)
        values.build((None, 400))
        drawn, width = values.kernel.numpy(), (2 / 400) ** 0.5
        assert np.abs(drawn).max() > 3.5 * width and abs(drawn.std() / width - 1) < 0.02  # the tails were not cut off
        todays = lite.layers.Dense(500, kernel_initializer="he_normal")
        todays.build((None, 400))
        assert np.abs(todays.kernel.numpy()).max() < 2.4 * width
        dense = layers.Dense(3, W_regularizer="l1l2", activity_regularizer="activity_l2", W_constraint="nonneg")
        assert dense.kernel_regularizer.l1 == 0.01 == dense.kernel_regularizer.l2 == dense.activity_regularizer.l2
        assert isinstance(dense.kernel_constraint, lite.constraints.NonNeg)
        assert layers.Convolution2D(4, 3, 3, init="he_normal").kernel_initializer.distribution == "untruncated_normal"
        assert [layers.MaxPooling2D().name, layers.Convolution2D(4, 3, 3).name] == ["maxpooling2d_1", "convolution2d_2"]
        from keras import backend as K
        output, target = K.constant([[0.3, 0.7]]), K.constant([[0.0, 1.0]])
        assert abs(K.eval(K.categorical_crossentropy(output, target)) + np.log(0.7)) < 1e-5  # the output came first
        assert np.abs(K.eval(K.binary_crossentropy(output, target)) + np.log(0.7)).max() < 1e-5
        model = models.Sequential([layers.LSTM(2, input_dim=3)])
        assert (model.name, model.layers[0].name, model.input_names) == ("sequential_1", "lstm_1", ["lstm_input_1"])
    """,
    "1.2 optimizers": """
        def step(optimizer, gradient):
            weight = lite.Variable(np.zeros(2, "float32"))
            optimizer.apply([torch.tensor(gradient)], [weight])
            return weight.numpy()
        g = np.array([1e-9, 1e-3], "float32")
        old = step(optimizers.RMSprop(), g)
        np.testing.assert_allclose(old, -0.001 * g / (np.sqrt(0.1 * g**2) + 1e-8), rtol=5e-2)
        assert abs(step(lite.optimizers.RMSprop(), g)[0] / old[0]) < 1e-3
        np.testing.assert_allclose(step(optimizers.Adagrad(), g)[1], -0.01, rtol=1e-4)
        assert optimizers.Adam().epsilon == 1e-8 and optimizers.Adam(epsilon=1e-3).epsilon == 1e-3
        assert lite.optimizers.Adam().epsilon == 1e-7 == optimizers.Adam.from_config({}).epsilon
        assert float(optimizers.Adadelta().lr) == 1 and optimizers.Nadam(lr=0.5).learning_rate.item() == 0.5
        assert optimizers.get("adam").epsilon == 1e-8 and optimizers.adam is optimizers.Adam
        decayed = optimizers.Adagrad(decay=0.5)
        assert float(decayed.lr) == np.float32(0.01) and decayed.decay == 0.5
        # The norm that `clipnorm` bounds was that of all gradients together.
        a, b = lite.Variable(np.zeros(1, "float32")), lite.Variable(np.zeros(1, "float32"))
        optimizers.SGD(lr=1.0, clipnorm=1.0).apply([torch.tensor([3.0]), torch.tensor([4.0])], [a, b])
        np.testing.assert_allclose([a.item(), b.item()], [-0.6, -0.8], rtol=1e-6)
    """,
    "1.2 models": """
        import contextlib, io
        seen = []
        def loss(y_true, y_pred):
            seen.append(tuple(y_true.shape))
            return ((y_true.reshape(len(y_pred), -1) - y_pred) ** 2).mean(-1)
        model = models.Sequential([layers.Dense(3, input_dim=2, activation="softmax")])
        model.compile("adam", loss, metrics=["accuracy", loss])
        assert model.optimizer.epsilon == 1e-8
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            history = model.fit(np.zeros((10, 2)), np.zeros(10), nb_epoch=1, validation_split=0.2, verbose=2).history
            model.predict(np.zeros((2, 2)))
        assert out.getvalue().startswith("Train on 8 samples, validate on 2 samples\\n"), out.getvalue()
        assert "loss" in out.getvalue().splitlines()[-1]  # predict() said nothing
        assert {"acc", "val_acc"} < {*history} and "accuracy" not in [*history]
        assert set(seen) == {(8, 1), (2, 1)}
        seen.clear()
        todays = lite.models.Sequential([lite.layers.Dense(3)])
        todays.compile("adam", loss, metrics=["accuracy"])
        assert "accuracy" in todays.fit(np.zeros((8, 2)), np.zeros(8), verbose=0).history
        assert todays.optimizer.epsilon == 1e-7 and set(seen) == {(8,)}
        class Mine(models.Model):
            def __init__(self):
                super().__init__()
                self.dense = layers.Dense(1, init="orthogonal")
            def call(self, x):
                return self.dense(x)
        mine = Mine()
        mine.compile("rmsprop", "mse", ["accuracy"])
        assert "acc" in mine.fit(np.zeros((4, 2)), np.zeros(4), verbose=0).history
        x = layers.Input(shape=(2,))
        functional = models.Model(input=x, output=layers.Dense(1)(x))
        functional.compile("sgd", "mse", metrics={functional.output_names[0]: ["accuracy", "mse"]})
        assert {"acc", "mean_squared_error"} < {*functional.fit(np.zeros((4, 2)), np.zeros(4), verbose=0).history}
        # Metrics counted the steps that a mask leaves out.
        steps = np.ones((4, 3, 2))
        steps[:, 2] = 0
        masked = models.Sequential([layers.Masking(input_shape=(3, 2)), layers.Dense(1, init="one")])
        masked.compile("sgd", "mse", metrics=["mae"])
        loss, mae = masked.evaluate(steps, np.full((4, 3, 1), 8.0), verbose=0)
        assert abs(loss - 36) < 1e-5 and abs(mae - (6 + 6 + 8) / 3) < 1e-5
        from keras.engine.training import Model as same
        assert same is models.Model is keras.Model
    """,
    "1.2 callbacks": """
        class Fake:
            stop_training = False
            metrics = []
            optimizer = lite.optimizers.SGD(0.5)
        def epochs(callback, values, name="val_loss"):
            callback.set_model(Fake())
            callback.on_train_begin()
            for epoch, value in enumerate(values):
                callback.on_epoch_end(epoch, {name: value})
                if callback.model.stop_training:
                    break
            return epoch
        worse = [1.0, 2.0, 3.0, 4.0, 5.0]
        assert [epochs(callbacks.EarlyStopping(patience=p), worse) for p in (0, 1, 2)] == [1, 2, 3]
        assert [epochs(lite.callbacks.EarlyStopping(patience=p), worse) for p in (0, 1, 2)] == [1, 1, 2]
        assert epochs(callbacks.EarlyStopping(monitor="my_acc"), worse, "my_acc") == 4  # more is better
        assert epochs(callbacks.EarlyStopping(monitor="mine"), worse, "mine") == 1
        better = [5.0, 4.0, 3.0, 2.0, 1.0]
        assert epochs(callbacks.EarlyStopping(patience=1, baseline=0.5), better) == 1
        assert epochs(lite.callbacks.EarlyStopping(patience=1, baseline=0.5), better) == 4
        class Looks(callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                self.seen = [array.tolist() for array in self.validation_data]
        x, looks = np.arange(5.0)[:, None], Looks()
        model = models.Sequential([layers.Dense(1, input_dim=1)])
        model.compile("sgd", "mse")
        model.fit(x, x[:, 0], validation_split=0.4, callbacks=[looks], verbose=0, nb_epoch=1)
        assert looks.seen == [[[3.0], [4.0]], [[3.0], [4.0]], [1.0, 1.0]]
        model.fit(x, x, validation_data=([[7.0]], [[8.0]]), callbacks=[callbacks.History()], verbose=0, nb_epoch=1)
        assert len(model.fit(x, x, verbose=0).epoch) == len(model.fit(x, x, 2, verbose=0).epoch) == 10
        assert len(model.fit(x, x, 2, 3, 0).epoch) == 3
        model.fit(x, x, nb_epoch=2, verbose=0, callbacks=[callbacks.ModelCheckpoint("{epoch:02d}.h5")])
        import os
        assert sorted(name for name in os.listdir() if name.endswith(".h5")) == ["00.h5", "01.h5"]
        rates = []
        plateau = callbacks.ReduceLROnPlateau(patience=2, factor=0.5)
        Fake.optimizer.learning_rate = 0.5
        plateau.set_model(Fake())
        plateau.on_train_begin()
        for epoch, value in enumerate([2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 1.0, 2.0, 2.0, 2.0]):
            plateau.on_epoch_end(epoch, {"val_loss": value})
            rates.append(float(Fake.optimizer.learning_rate))
        assert rates == [0.5] * 3 + [0.25] * 2 + [0.125] * 4 + [0.0625]
        def schedule(epoch, drop=0.5):
            return 0.5 * drop**epoch
        scheduler = callbacks.LearningRateScheduler(schedule)
        scheduler.set_model(Fake())
        scheduler.on_epoch_begin(2)
        assert float(Fake.optimizer.learning_rate) == 0.125
    """,
    "1.2 classes": """
        import abc, inspect, pickle
        LSTM = layers.LSTM
        assert LSTM == lite.layers.LSTM and hash(LSTM) == hash(lite.layers.LSTM) and LSTM is not lite.layers.LSTM
        from keras.layers.recurrent import LSTM as same
        assert same is LSTM and keras.layers.AvgPool1D is keras.layers.AveragePooling1D
        assert isinstance(lite.layers.LSTM(2), LSTM) and isinstance(LSTM(2), lite.layers.LSTM) and not isinstance(1, LSTM)
        assert issubclass(lite.layers.LSTM, LSTM) and issubclass(LSTM, lite.layers.Layer) and not issubclass(layers.Dense, LSTM)
        assert "recurrent_activation" in inspect.signature(LSTM).parameters and LSTM.__name__ == "LSTM"
        class Same(LSTM): pass
        class Own(layers.GRU, abc.ABC):
            def __init__(self, width, **words):
                super().__init__(width, **words)
                self.width = width
            def get_config(self):
                return {"width": self.width, "name": self.name}
        assert Same(2).recurrent_activation.__name__ == "hard_sigmoid"
        assert list(inspect.signature(Own).parameters) == ["width", "words"]
        assert Own(2).reset_after is False and Own.from_config({"width": 2}).reset_after is False
        assert Same.from_config(lite.layers.LSTM(2).get_config()).recurrent_activation is lite.activations.sigmoid
        assert isinstance(Same(2), Same) and isinstance(Same(2), LSTM) and not isinstance(LSTM(2), Same)
        assert pickle.loads(pickle.dumps(LSTM)) is lite.layers.LSTM
        assert LSTM.from_config(lite.layers.LSTM(2).get_config()).recurrent_activation is lite.activations.sigmoid
        # What files hold stays what it is.
        for suffix in ("keras", "h5"):
            for made, name in ((lite, "sigmoid"), (keras, "hard_sigmoid")):
                model = made.models.Sequential([made.layers.LSTM(2, input_shape=(3, 1))])
                model.save(f"m.{suffix}")
                read = keras.models.load_model(f"m.{suffix}")
                assert read.layers[-1].recurrent_activation.__name__ == name
                assert read.layers[-1].recurrent_activation is model.layers[-1].recurrent_activation
                read.compile("adam", "mse")
                assert read.optimizer.epsilon == 1e-8
    """,
    "1.2 other layers": """
        keras.backend.set_image_dim_ordering("th")
        x = torch.arange(12.0).reshape(1, 3, 2, 2)
        assert (layers.Flatten()(x)[0] == torch.arange(12.0)).all()
        assert (lite.layers.Flatten()(x)[0] == x.permute(0, 2, 3, 1).reshape(-1)).all()
        assert layers.Conv2D(2, 3, 3).kernel_size == (3, 3) and layers.Convolution2D(2, 3, 3).data_format == "channels_first"
        assert layers.Convolution1D(2, 3, init="he_normal").data_format == "channels_last"
    """,
    "2.3 one optimizer in several models": """
        adam = optimizers.Adam(0.5, decay=0.25)
        critic = models.Sequential([layers.Dense(1, input_shape=(2,))])
        critic.compile(adam, "mse")
        maker = models.Sequential([layers.Dense(2, input_shape=(3,))])
        critic.trainable = False
        z = layers.Input((3,))
        both = models.Model(z, critic(maker(z)))
        both.compile(adam, "mse")
        assert critic.optimizer is adam is not both.optimizer and both.optimizer.get_config() == adam.get_config()
        before = [weight.copy() for weight in maker.get_weights()]
        for _ in range(2):
            critic.train_on_batch(np.ones((4, 2)), np.ones(4))
            both.train_on_batch(np.ones((4, 3)), np.ones(4))
        assert np.abs(maker.get_weights()[0] - before[0]).max() > 0.1
        slots = both.optimizer.variables
        both.compile(both.optimizer, "mse")
        both.train_on_batch(np.ones((4, 3)), np.ones(4))
        assert both.optimizer.iterations.item() == 5 and slots[-1] is both.optimizer.variables[-1]
        critic.trainable = True
        both.compile(both.optimizer, "mse")
        both.train_on_batch(np.ones((4, 3)), np.ones(4))
        assert adam.iterations.item() == 6
        import copy, pickle
        assert copy.deepcopy(both).optimizer is not both.optimizer and pickle.loads(pickle.dumps(adam)).get_config()

        from keras import backend as K
        adam, x, y = optimizers.Adam(0.1), np.array([[1.0, 2], [3, -1]]), np.array([[1.0], [0]])
        def made():
            model = models.Sequential([layers.Dense(1, use_bias=False, input_shape=(2,))])
            model.set_weights([np.array([[0.5], [0.25]])])
            model.compile(adam, "mse")
            return model
        a, b = made(), made()
        def train(expected):  # recorded from tf_keras 2.21, optimizers.legacy
            a.train_on_batch(x, y)
            b.train_on_batch(2 * x, y)
            found = np.concatenate([a.get_weights()[0], b.get_weights()[0]]).ravel()
            assert np.abs(found - expected).max() < 1e-6, found
        a.train_on_batch(x, y)
        b.train_on_batch(2 * x, y)
        train([0.3161525726, 0.4305123389, 0.3483636379, 0.3296272755])
        adam.lr = 0.5
        train([-0.0817258358, 0.7694585919, -0.0467205048, 0.1658098847])
        K.set_value(b.optimizer.lr, 0.01)
        train([-0.0852449536, 0.7687306404, -0.0524512157, 0.1644724011])
        assert K.get_value(adam.lr) == np.float32(0.01) and K.get_value(a.optimizer.iterations) == 8
        a.compile(adam, "mse")
        a.train_on_batch(x, y)
        assert np.abs(a.get_weights()[0].ravel() - [-0.0859189928, 0.7651700973]).max() < 1e-6
    """,
    "2.1.6": """
        assert layers.LSTM(2).recurrent_activation.__name__ == "hard_sigmoid" and optimizers.Adam().epsilon == 1e-7
        assert layers.Dense(2, kernel_initializer="he_normal").kernel_initializer.distribution == "truncated_normal"
        assert layers.LSTM(2).recurrent_initializer.gain == 1.0
        assert callbacks.EarlyStopping(patience=2).patience == 2
        model = models.Sequential([layers.Dense(1)])
        model.compile("sgd", "mse", ["accuracy"])
        assert "acc" in model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0).history
        # Losses were divided by the share of weights that are not zero; what Keras 1.2.2 on Theano gave.
        r = np.random.RandomState(0)
        x = r.randn(4, 3, 2).astype("float32")
        x[1, 1:], x[3, 2] = 0, 0
        y = r.randn(4, 3, 1).astype("float32")
        def made(*first):
            model = models.Sequential([*first, layers.Dense(1)])
            model.build((None, *(3, 2)[-1 - len(first):]))
            model.set_weights([[[1.0], [2.0]], [0.5]])
            model.compile("sgd", "mse", sample_weight_mode="temporal")
            return model
        model, weights = made(), np.array([0.0, 2, 1, 0])
        for loss in (model.evaluate(x[:, 0], y[:, 0], sample_weight=weights, verbose=0),
                     model.train_on_batch(x[:, 0], y[:, 0], sample_weight=weights)):
            assert abs(loss - 2.69154) < 1e-5
        assert np.abs(model.get_weights()[0].ravel() - [0.96437, 2.0024]).max() < 1e-5
        single = [model.evaluate(x[:3, 0], y[:3, 0], sample_weight=weights[:3], verbose=0),
                  model.evaluate(x[3:, 0], y[3:, 0], sample_weight=[5.0], verbose=0)]
        loss = model.evaluate(x[:, 0], y[:, 0], batch_size=3, sample_weight=np.array([0.0, 2, 1, 5]), verbose=0)
        assert abs(loss - (3 * single[0] + single[1]) / 4) < 1e-5  # batch by batch
        model, weights = made(layers.Masking()), np.ones((4, 3))
        weights[0, 1] = weights[1, 2] = 0
        assert abs(model.evaluate(x, y, verbose=0) - 7.59054) < 1e-5
        assert abs(model.evaluate(x, y, sample_weight=weights, verbose=0) - 1.7779) < 1e-5
    """,
    "2.2 layers made with what no config holds": """
        class Faded(layers.Layer):
            def __init__(self, share, power=1, **kwargs):
                super().__init__(**kwargs)
                self.share, self.power = share, power
            def call(self, x):
                return x * self.share ** self.power
        class Kept(Faded):
            def __init__(self, share=2.0, power=1, **kwargs):
                super().__init__(share, power, **kwargs)
        inputs = layers.Input((2,))
        model = models.Model(inputs, Kept(3.0, power=2, name="kept")(Faded(keras.backend.variable(0.5), name="faded")(inputs)))
        import json
        faded, kept = [layer["config"] for layer in json.loads(model.to_json())["config"]["layers"][1:]]
        assert faded["name"] == "faded" and "share" not in faded and kept["share"] == 3.0 and kept["power"] == 2
        assert model.predict(np.ones((1, 2)), verbose=0).tolist() == [[4.5, 4.5]]
    """,
    "2.3": """
        assert layers.LSTM(2).recurrent_activation is lite.activations.sigmoid and layers.GRU(2).reset_after is False
        assert layers.CuDNNGRU(2).reset_after is True
        assert layers.ConvLSTM2D(2, 3).cell.recurrent_activation.__name__ == "hard_sigmoid"
        assert layers.ConvLSTM2D(2, 3).cell.recurrent_activation is not lite.activations.hard_sigmoid
        assert optimizers.Adagrad().learning_rate.item() == np.float32(0.01)
        assert layers.Conv2D(8, 3, 3).kernel_size == (3, 3)
        assert layers.SimpleRNN(2, implementation=1).units == 2
        assert keras.activations.deserialize("tanh") is keras.activations.tanh
        for config in ("hard_sigmoid", keras.activations.serialize(keras.activations.hard_sigmoid)):
            assert keras.activations.deserialize(config) is keras.activations.hard_sigmoid
        # Rows that weigh less than 1 counted; what TensorFlow 2's Keras gives.
        metric = keras.metrics.MeanIoU(num_classes=2)
        metric.update_state([0, 0, 1, 1], [0, 1, 0, 1], sample_weight=[0.2, 0.3, 0.4, 0.1])
        assert metric.stateful and abs(float(metric.result()) - 0.1736111) < 1e-6
        model = models.Sequential([layers.Dense(1)])
        model.compile("sgd", "mse", ["accuracy"])
        assert "accuracy" in model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0).history
        # A mask left the divisor as it was; what Keras 2.3.1 on Theano gave.
        r = np.random.RandomState(0)
        x = r.randn(4, 3, 2).astype("float32")
        x[1, 1:], x[3, 2] = 0, 0
        y, weights = r.randn(4, 3, 1).astype("float32"), np.ones((4, 3))
        weights[0, 1] = weights[1, 2] = 0
        model = models.Sequential([layers.Masking(input_shape=(3, 2)), layers.Dense(1, weights=[[[1.0], [2.0]], [0.5]])])
        model.compile("sgd", "mse")
        assert abs(model.evaluate(x, y, verbose=0) - 5.6929) < 1e-5
        assert abs(model.evaluate(x, y, sample_weight=weights, verbose=0) - 1.11119) < 1e-5
        a = layers.Input((3, 2))
        b = layers.Masking()(a)
        model = models.Model(a, [layers.Dense(1, weights=[[[1.0], [2.0]], [0.5]])(one) for one in (a, b)])
        model.compile("sgd", "mse")
        assert abs(model.evaluate(x, [y, y], verbose=0)[2] - 5.6929) < 1e-5
        # Penalties on what comes out of a layer were sums over the batch.
        x, y = r.randn(6, 2).astype("float32"), r.randn(6, 1).astype("float32")
        for penalty in (keras.regularizers.l2(0.1), lambda z: 0.1 * (z**2).sum()):
            kernel = np.array([[1.0, 2, 3], [0, -1, 1]], "float32")
            sparse = layers.Dense(3, activity_regularizer=penalty, weights=[kernel, np.zeros(3)], input_shape=(2,))
            model = models.Sequential([sparse, layers.ActivityRegularization(l1=0.5)])
            model.compile("sgd", lambda a, b: 0 * b)
            wanted = 0.1 * ((x @ kernel) ** 2).sum() + 0.5 * np.abs(x @ kernel).sum()
            assert abs(model.evaluate(x, y, verbose=0) / wanted - 1) < 1e-5
        penalty = layers.Dense(3, activity_regularizer="l2").activity_regularizer
        assert type(lite.regularizers.get({"class_name": "L2", "config": {"l2": 1.0}})) is lite.regularizers.L2
        assert lite.regularizers.serialize(penalty)["class_name"] == "L2" and type(penalty) is not lite.regularizers.L2
        # The moving variance followed the unbiased one.
        norm = layers.BatchNormalization(momentum=0.5, input_shape=(2,))
        model = models.Sequential([norm])
        model.compile("sgd", "mse")
        model.train_on_batch(x, x)
        np.testing.assert_allclose(norm.get_weights()[3], 0.5 + 0.5 * x.var(0) * 6 / (5 - 1e-3), rtol=1e-5)
        # The names of what evaluate() gives, in its order.
        a = layers.Input((2,))
        model = models.Model(a, [layers.Dense(1, name="p")(a), layers.Dense(1, name="q")(a)])
        assert [node.outbound_layer.name for node in model.layers[0]._outbound_nodes] == ["p", "q"]
        model.compile("sgd", "mse", ["mae"], loss_weights=[1.0, 0.5])
        names = model.metrics_names
        values = model.evaluate(x, [y, y], verbose=0)
        found = dict(zip(model.metrics_names, values))
        assert [*found] == names
        p, q = model.predict(x)
        assert abs(found["p_loss"] - ((p - y) ** 2).mean()) < 1e-5 and abs(found["q_mae"] - abs(q - y).mean()) < 1e-5
        assert [*found] == ["loss", "p_loss", "q_loss", "p_mae", "q_mae"]
        model = models.Sequential([layers.Dense(1, input_dim=2)])
        model.compile("sgd", "mse", ["mae"], weighted_metrics=["mae", "mse"])
        off, weights = model.predict(x) - y, np.arange(6)[:, None] / 15.0  # their sum is 1
        wanted = [(weights * off**2).mean(), abs(off).mean(), (weights * abs(off)).sum(), (weights * off**2).sum()]
        np.testing.assert_allclose(model.evaluate(x, y, sample_weight=weights[:, 0], verbose=0), wanted, rtol=1e-5)
        assert model.metrics_names == ["loss", "mae", "weighted_mae", "mse"]
        # The loss as a tensor, which follows from inputs, targets and weights.
        model = models.Sequential([layers.Dense(1, input_dim=2, kernel_regularizer="l2")])
        model.compile("sgd", "mse")
        K, (kernel, bias) = keras.backend, model.trainable_weights
        given = [model.inputs[0], model.sample_weights[0], model.targets[0], K.learning_phase()]
        run = K.function(given, [model.total_loss, *model.optimizer.get_gradients(model.total_loss, [kernel, bias])])
        found, off = run([x, np.ones(6), y, 0]), model.predict(x) - y
        wanted = [model.evaluate(x, y, verbose=0), x.T @ off / 3 + 0.02 * kernel.numpy(), off.mean(0) * 2]
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
        # What callbacks and programs found on the way.
        told = []
        class Told(callbacks.Callback):
            def on_train_begin(self, logs=None):
                told.append(self.params)
            def on_batch_begin(self, batch, logs=None):
                sizes.append((logs["batch"], logs["size"]))
            def on_batch_end(self, batch, logs=None):
                sizes.append((batch, logs.get("size", 0)))
        sizes = []
        model = models.Sequential([layers.Dense(1, input_dim=2)])
        model.compile("sgd", "mse", ["mae"])
        assert model.metrics_names == ["loss", "mae"]
        model.fit(x, y, batch_size=2, epochs=3, verbose=0, validation_split=0.4, callbacks=[Told()])
        wanted = {"samples": 3, "batch_size": 2, "epochs": 3, "do_validation": True, "verbose": 0, "steps": 2}
        assert wanted.items() <= told[0].items() and told[0]["metrics"] == ["loss", "mae", "val_loss", "val_mae"], told
        assert sizes == 3 * [(0, 2), (0, 2), (1, 1), (1, 1)]
        model.evaluate(x, y, callbacks=[Told()], verbose=0)
        layer = model.layers[0]
        assert model.model is model and model._make_predict_function() is None and not model.uses_learning_phase
        said = model.make_predict_function()(iter([(x[:2],)]))
        assert said.tolist() == model.predict_on_batch(x[:2]).tolist() and not said.requires_grad
        logs = model.make_test_function()(iter([(x[:2], y[:2])]))
        assert set(logs) == {"loss", "mae"} and abs(logs["mae"] - abs(said.numpy().ravel() - y[:2].ravel()).mean()) < 1e-6
        assert layer.batch_input_shape == (None, 2) and model._feed_input_names == model.input_names
        assert layer._inbound_nodes[0].inbound_layers[0].name == f"{layer.name}_input"
        assert layer.outbound_nodes == []
        layer.inbound_nodes = []
        assert layer.inbound_nodes == [] and layers.Dropout(0.5).inbound_nodes == []
        class Around(models.Model):
            def __init__(self):
                super().__init__()
                self.model = models.Sequential([layers.Dense(3)])
            def call(self, x):
                return self.model(x)
        around = Around()
        assert around(torch.ones(1, 2)).shape == (1, 3) and len(around.weights) == 2
        # Names of layers, counted from one; operators took none of them.
        keras.backend.clear_session()
        first = models.Sequential([layers.Dense(3, input_dim=2), layers.Activation("relu"), layers.Dense(1)])
        assert [layer.name for layer in first.layers] == ["dense_1", "activation_1", "dense_2"]
        assert first.name == "sequential_1" and first.input_names == ["dense_1_input"]
        image = layers.Input((4, 4, 1))
        x = layers.Conv2D(2, 3)(image + 1)
        model = models.Model(image, layers.add([layers.BatchNormalization()(x), x]))
        named = [layer.name for layer in model.layers]
        assert named == ["input_1", "conv2d_1", "batch_normalization_1", "add_1"] and model.name == "model_1", named
        assert models.Model.from_config(model.get_config()).layers[1].name == "conv2d_1"
        class MyLayer(layers.Layer):
            pass
        assert MyLayer().name == "my_layer_1" and MyLayer(name="mine").name == "mine"
        # A symbolic tensor is no list of outputs; a list of them is.
        model = models.Sequential([layers.Dense(2, input_shape=(3,))])
        assert not hasattr(model.output, "__len__") and len([model.output]) == 1
        try: len(model.output)
        except TypeError: pass
        else: raise AssertionError
        one, other = layers.Input((3,)), layers.Input((3,))
        assert one == one and not one == other and one != other and other in [one, other] and one != None
        assert [one, other].index(other) == 1 and len({one, other}) == 2
        # Models with nameless functions are copied by their configs; what a file holds of them is not run.
        elsewhere = {"layers": layers, "by": 2, "__name__": "a_library"}
        exec("layer = layers.Lambda(lambda x: by * x, input_shape=(3,))", elsewhere)
        double = models.Sequential([elsewhere["layer"]])
        again = models.Sequential.from_config(double.get_config())
        assert again.predict(np.ones((1, 3)), verbose=0).tolist() == [[2, 2, 2]]
        config = double.get_config()
        from keras import _lambdas as lambdas
        kept = lambdas._written.copy()
        lambdas._written.clear()
        try: models.Sequential.from_config(config)
        except ValueError as error: assert "arbitrary code" in str(error)
        else: raise AssertionError
        lambdas._written.update(kept)
        # A slash in a name, which files keep, is a part of it.
        image = layers.Input((4, 4, 3), name="data/in")
        fire = layers.Conv2D(2, 1, name="fire2/squeeze1x1")
        model = models.Model(image, layers.Flatten(name="out/flat")(fire(image)), name="squeeze/net")
        assert model.get_layer("fire2/squeeze1x1") is fire and fire.kernel.path == "fire2/squeeze1x1/kernel"
        model.compile("sgd", "mse", ["mae"])
        assert np.isfinite(model.fit(np.ones((2, 4, 4, 3)), np.ones((2, 32)), verbose=0).history["loss"]).all()
        for file in ("named.h5", "named.keras"):
            model.save(file)
            wanted = model.predict(np.ones((1, 4, 4, 3)))
            for load in (models.load_model, lite.models.load_model):
                again = load(file)
                assert [layer.name for layer in again.layers] == ["data/in", "fire2/squeeze1x1", "out/flat"]
                np.testing.assert_allclose(again.predict(np.ones((1, 4, 4, 3)), verbose=0), wanted, rtol=1e-6)
        model.save_weights("weights.h5")
        fire.kernel.assign(np.zeros((1, 1, 3, 2)))
        model.load_weights("weights.h5", by_name=True)
        np.testing.assert_allclose(model.predict(np.ones((1, 4, 4, 3))), wanted, rtol=1e-6)
        with keras.backend.name_scope("block/one"):
            assert keras.backend.variable(np.zeros(2), name="a/b").shape == (2,)
        # Workers go by the era of the process that has started them.
        import os, types, multiprocessing.process as processes
        from keras import _eras
        assert _eras._of_the_parent() is None
        processes._parent_process = types.SimpleNamespace(pid=os.getpid())
        assert _eras._of_the_parent() == "2.3"
        processes._parent_process = types.SimpleNamespace(pid=1)
        assert _eras._of_the_parent() is None
        processes._parent_process = None
        os.environ[_eras._HANDED_ON] = f"{os.getppid()} 1.2"
        assert _eras._of_the_parent() is None
        processes.current_process()._inheriting = True
        assert _eras._of_the_parent() == "1.2"
        # The rows of the first input count in predict.
        first, second = layers.Input((1,)), layers.Input((1,))
        sums = models.Model([first, second], layers.Add()([first, second]))
        ones, more = np.ones((2, 1)), np.arange(5.0)[:, None]
        assert sums.predict([ones, more]).tolist() == [[1], [2]] == sums.predict(x=[ones, more]).tolist()
        try: sums.predict([more, ones])
        except ValueError as error: assert "cardinality" in str(error)
        else: raise AssertionError
        # Who changes a method of Model (as loggers of experiments do) changes it for all models; and of a layer for all.
        from unittest import mock
        calls, plain = [], keras.Model.fit
        def fit(self, *args, **words):
            calls.append(type(self).__name__)
            return plain(self, *args, **words)
        with mock.patch.object(keras.Model, "fit", fit):
            model = models.Sequential([layers.Dense(1, input_shape=(2,))])
            model.compile("sgd", "mse")
            model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
        model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
        assert calls == ["Sequential"] and keras.Model.fit is plain
        layers.GRU.mark = 7
        assert layers.GRU(2).mark == 7 == lite.layers.GRU.mark
        # Empty matches split nothing before Python 3.7.
        import re
        assert re.split("x*", "axbc") == ["a", "bc"] and re.split("(-)?", "a-b--c", 1) == ["a", "-", "b--c"]
        assert re.split("([^a-z]+)?", "to the hall.") == ["to", " ", "the", " ", "hall", ".", ""]
        assert re.split("b*?", "abc") == ["abc"] and re.split(",", "a,b") == ["a", "b"]
        elsewhere = {"__name__": "a_library", "re": re}
        exec("found = re.split('x*', 'ab')", elsewhere)
        assert elsewhere["found"] == ["", "a", "b", ""]
        # Python 2's names.
        assert [*xrange(2)] == [0, 1] and reduce(lambda a, b: a + b, [1, 2]) == 3 and isinstance(unicode("a"), basestring)
    """,
    "2.2 an Input that is a tensor of others": """
        from keras import backend as K
        entry = layers.Input((2,))
        judge = models.Model(entry, layers.Dense(1, use_bias=False, kernel_initializer="ones")(layers.Lambda(K.square)(entry)))
        real, share = layers.Input((2,)), K.placeholder(shape=(None, 1))
        mixed = layers.Input(shape=(2,), tensor=share * real + (1 - share) * 3.0)
        slope = K.gradients(judge(mixed), [mixed])[0]
        found = K.function([real, share], [slope, judge(mixed)])([np.ones((1, 2)), np.array([[0.5]])])
        assert found[0].tolist() == [[4, 4]] and found[1].tolist() == [[8]]
        again = models.Model(mixed, judge(mixed))
        assert again.predict(np.ones((1, 2)), verbose=0).tolist() == [[2]]
    """,
    "2.2 metrics_tensors": """
        from keras import backend as K
        a, b = layers.Input((2,)), layers.Input((1,))
        guess = layers.Dense(1, use_bias=False, kernel_initializer="ones")(a)
        apart = layers.Subtract()([guess, b])
        loss = K.mean(K.square(apart))
        model = models.Model([a, b], apart)
        model.add_loss([loss])
        model.compile("sgd", None)
        model.metrics_names.append("apart")
        model.metrics_tensors.append(K.mean(K.abs(apart)))
        model.metrics_tensors.append(K.max(guess))
        model.metrics_names.append("most")
        x = [np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [2.0]])]
        assert model.evaluate(x, verbose=0) == [14.5, 3.5, 7.0] and model.metrics_names == ["loss", "apart", "most"]
        history = model.fit(x, verbose=0).history
        assert history["apart"] == [3.5] and history["most"] == [7.0]
    """,
    "2.2 an initializer of a shape alone": """
        def ramp(shape, name=None):
            return np.linspace(0.0, 1.0, int(np.prod(shape))).reshape(shape)
        model = models.Sequential([layers.Dense(2, kernel_initializer=ramp, bias_initializer=ramp, input_shape=(2,))])
        np.testing.assert_allclose(model.get_weights()[0], [[0, 1 / 3], [2 / 3, 1]], rtol=1e-6)
        assert model.get_weights()[1].tolist() == [0, 1]
        again = type(model).from_config(model.get_config(), custom_objects={"ramp": ramp})
        assert again.get_weights()[1].tolist() == [0, 1]
    """,
    "2.3 what build computes of weights": """
        from keras import backend as K, initializers
        from keras.engine import InputSpec
        class Gated(layers.Wrapper):
            def build(self, input_shape=None):
                self.input_spec = InputSpec(shape=input_shape)
                self.layer.build(input_shape)
                self.layer.built = True
                super(Gated, self).build()
                self.logit = self.layer.add_weight(name="logit", shape=(1,), initializer=initializers.Constant(0.5))
                self.p = K.sigmoid(self.logit[0])
                size = 0.01 * K.sum(K.square(self.layer.kernel))
                self.layer.add_loss(K.sum(size / (1.0 - self.p) + self.p * K.log(self.p)))
            def compute_output_shape(self, shape):
                return self.layer.compute_output_shape(shape)
            def call(self, x):
                return self.layer.call(x * (1.0 - self.p))
        class Normed(layers.Layer):
            def build(self, shape):
                self.v = self.add_weight(name="v", shape=(shape[1], 2), initializer="ones")
                self.g = self.add_weight(name="g", shape=(2,), initializer="ones")
                self.w = self.v * self.g / K.sqrt(K.sum(K.square(self.v), axis=0))
                self.built = True
            def call(self, x):
                return K.dot(x, self.w)
            def compute_output_shape(self, shape):
                return (shape[0], 2)
        x = np.arange(24.0).reshape(6, 4) / 10
        entry = layers.Input((4,))
        model = models.Model(entry, Normed()(Gated(layers.Dense(3, activation="tanh"))(entry)))
        model.compile("sgd", "mse")
        assert len(model.losses) == 1 and len(model.layers[1].trainable_weights) == 3
        shapes = [w.shape for w in model.get_weights()]
        assert shapes == [(4, 3), (3,), (1,), (3, 2), (2,)]
        numbers = np.random.RandomState(0)
        model.set_weights([np.array([0.5]) if shape == (1,) else numbers.normal(size=shape) for shape in shapes])
        losses = model.fit(x, np.c_[x.sum(1), -x[:, 0]], batch_size=2, epochs=3, shuffle=False, verbose=0).history["loss"]
        near = np.testing.assert_allclose  # Keras 2.3.1 on Theano gave these
        near(losses, [16.67096, 15.88472, 15.31798], rtol=1e-5)
        near([K.eval(model.layers[1].p), K.get_value(model.layers[1].logit)[0]], [0.6199, 0.4891], atol=1e-4)
        near(K.eval(model.layers[2].w), [[0.3441, 0.4323], [-0.0011, 0.086], [-0.3893, -0.7567]], atol=1e-4)
        near(model.predict(x)[0], [0.07394, -0.01697], atol=1e-4)
        near(model.losses[0].item(), model.evaluate(x, model.predict(x), verbose=0), rtol=1e-5)
    """,
    "tf2 layers that a layer draws in its own place": """
        class Attention(layers.Layer):
            def __call__(self, inputs):
                scores = layers.Dense(1, use_bias=False, name="scores")(inputs)
                return layers.Dot(1)([layers.Softmax(1, name="shares")(scores), inputs])
        x = np.random.default_rng(0).normal(size=(8, 3, 4)).astype("float32")
        for known in ({"input_shape": (3, 4)}, {}):
            model = models.Sequential([layers.Dense(4, activation="tanh", **known), Attention(name="a"), layers.Flatten(),
                                       layers.Dense(1)])
            model.build(x.shape)
            assert model.count_params() == 20 + 4 + 5 and len(model.layers) == 6
            assert [layer.name for layer in model.layers][1:4] == ["scores", "shares", model.layers[3].name]
            shares = models.Model(model.inputs, model.get_layer("shares").output).predict(x, verbose=0)
            np.testing.assert_allclose(shares.sum(1), np.ones((8, 1)), rtol=1e-5)
            model.compile(optimizers.SGD(0.1), "mse")
            before = model.get_layer("scores").get_weights()[0]
            model.fit(x, x[:, 0].max(-1), verbose=0)
            assert np.abs(model.get_layer("scores").get_weights()[0] - before).max() > 1e-4
    """,
    "tf1.12, whose Keras counted from none": """
        model = models.Sequential([layers.Dense(2, input_shape=(3,)), layers.Dense(1)])
        assert [layer.name for layer in model.layers] == ["dense", "dense_1"] and layers.Input((2,)).name == "input_1"
        assert model.name == "sequential" and layers.GRU(2).reset_after is False
        model.compile("sgd", "mse", metrics=["mae"])
        assert list(model.fit(np.ones((4, 3)), np.ones(4), verbose=0).history) == ["loss", "mean_absolute_error"]
    """,
    "tf2": """
        assert optimizers.SGD(0.5, lr=0.25).learning_rate == 0.25  # `lr` was what counted
        names = [layers.Input((2,)).name, layers.Dense(2).name, layers.Dense(2).name]
        assert names == ["input_1", "dense", "dense_1"]
        assert models.Sequential([layers.Dense(1, input_shape=(2,))]).input_names == ["dense_2_input"]
        assert layers.GRU(2).reset_after is True and layers.LSTM is not layers.GRU
        assert keras.backend.backend() == "tensorflow" and keras.config.backend() == lite.backend.backend() == "torch"
        assert optimizers.Adagrad is lite.optimizers.Adagrad and optimizers.SGD(clipnorm=1.0).clipnorm == 1.0
        assert layers.Conv2D(8, 3, 3).strides == (3, 3)
        assert callbacks.EarlyStopping(monitor="val_my_auc").mode == "max"
        assert callbacks.ModelCheckpoint("x.keras", monitor="val_my_auc").mode == "min"
        words = {"patience": 3, "frequency": "epoch", "verbose": 1, "period": 2}
        assert callbacks.ModelCheckpoint("x.keras", **words).verbose == 1   # took any word
        assert callbacks.ReduceLROnPlateau(patience=2, lr=1.0).patience == 2
        try:
            callbacks.EarlyStopping(frequency="epoch")
        except TypeError:
            words.clear()
        assert not words
        assert keras.activations.hard_sigmoid(torch.tensor(1.0)).item() == np.float32(0.7)
        assert keras.activations.get("hard_sigmoid")(torch.tensor(1.0)).item() == np.float32(0.7)
        # The rectifier knows its old word, and is today's to whoever takes it or compares it.
        relu = keras.activations.relu
        for leaky in (relu(torch.tensor([-2.0, 9.0]), alpha=0.25, max_value=4), relu(torch.tensor([-2.0, 9.0]), 0.25, 4)):
            assert leaky.tolist() == [-0.5, 4.0]
        assert relu(layers.Input((2,)), alpha=0.1).shape == (None, 2) and keras.activations.serialize(relu) == "relu"
        dense = layers.Dense(2, activation=relu)
        assert dense.activation is lite.activations.relu and dense.activation == relu and relu in {dense.activation}
        assert dense.get_config()["activation"] == "relu" and relu != keras.activations.tanh
        # Masks of merging layers: all that there are have to agree.
        words, numbers = layers.Input((3,)), layers.Input((3,))
        embed = lambda x: layers.Embedding(5, 2, mask_zero=True)(x)
        def mask_of(merge):
            merged = merge([embed(words), embed(numbers)]), merge([embed(words), layers.Embedding(5, 2)(numbers)])
            class Mask(layers.Layer):
                def call(self, x, mask=None): return torch.as_tensor(mask).float()
            model = models.Model([words, numbers], [Mask()(each) for each in merged])
            return [mask.tolist() for mask in model.predict([np.array([[1, 2, 0]]), np.array([[3, 0, 0]])], verbose=0)]
        two, one = [[1, 0, 0]], [[1, 1, 0]]
        for merge in (layers.Add(), layers.add, layers.Multiply(), layers.maximum, layers.Average(), layers.Concatenate(),
                      layers.concatenate):
            assert mask_of(merge) == [two, one], merge
        assert mask_of(lambda pair: layers.concatenate(pair, axis=1)) == [[[1, 1, 0, 1, 0, 0]], [[1, 1, 0, 1, 1, 1]]]
        # Targets without a second axis are a column, repeated to fit.
        import warnings; warnings.simplefilter("ignore", UserWarning)
        x, y = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3), np.arange(4.0, dtype="float32")
        for units in (2, 4):  # as many as there are rows too
            model = models.Sequential([layers.Dense(units, kernel_initializer="ones", activation="tanh")])
            model.compile("sgd", "mae", metrics=["mse", keras.metrics.RootMeanSquaredError()])
            gap = np.tanh(x.sum(1)) - y
            near = [np.abs(gap).mean(), (gap ** 2).mean(), (gap ** 2).mean() ** 0.5]
            np.testing.assert_allclose(model.evaluate(x, y, verbose=0), near, rtol=1e-5)
            np.testing.assert_allclose(model.evaluate(x, y[:, None], verbose=0), near, rtol=1e-5)
            two = models.Model(first := layers.Input((3,)), [model(first), layers.Flatten()(first)])
            two.compile("sgd", "mae")
            np.testing.assert_allclose(two.evaluate(x, [y, x], verbose=0)[:2], [near[0], near[0]], rtol=1e-5)
        labels = models.Sequential([layers.Dense(3, activation="softmax")])
        labels.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        assert {*labels.fit(x, np.array([0, 1, 2, 1]), verbose=0).history} == {"loss", "accuracy"}
        # Recorded from TensorFlow 2's Keras: constant weights, the sum over all outputs.
        x = torch.linspace(-1, 1, 48).reshape(1, 3, 4, 4, 1)
        layer = layers.ConvLSTM2D(2, 3, kernel_initializer=keras.initializers.Constant(0.1), return_sequences=True,
                                  recurrent_initializer=keras.initializers.Constant(0.2))
        y = layer(x)
        np.testing.assert_allclose([y.sum().item(), y[0, -1, 0, 0, 0].item()], TF2, rtol=1e-5)
    """,
    "tf2 models of one output in a list": """
        import tensorflow as tf
        image = layers.Input((3,))
        hidden = layers.Dense(2, name="hidden")(image)
        for model in (models.Model([image], [hidden]), models.Model(inputs=[image], outputs=[hidden]),
                      tf.keras.Model([image], (hidden,))):
            assert layers.Dense(4)(model.output).shape == model(image).shape[:1] + (4,) == (None, 4)
            assert model.input is image or model.input.shape == (None, 3)
        model.compile("sgd", ["mse"], loss_weights=[1.0], metrics=["mae"])
        x, y = np.ones((4, 3), "float32"), np.ones((4, 2), "float32")
        assert set(model.fit([x], [y], verbose=0).history) == {"loss", "mae"}
        assert np.shape(model.predict([x], verbose=0)) == (4, 2)

        class Own(models.Model):
            def __init__(self):
                super().__init__(inputs=[image], outputs=[hidden])

        assert Own().output is hidden
        assert models.Model([image], [hidden, hidden]).output == [hidden, hidden]
        assert isinstance(lite.models.Model([image], [hidden]).output, list)
    """,
    "2.3 several outputs": SEVERAL_OUTPUTS,
    "tf2 several outputs": SEVERAL_OUTPUTS + """
        model = Own()
        model.compile("sgd", {"output_1": "mse", "output_2": "mae"})
        targets = {"output_2": x, "output_1": 2 * x}
        np.testing.assert_allclose(model.evaluate(x, targets, verbose=0), [14, 11, 3], rtol=1e-5)
    """,
    "tf2 one optimizer for several sets of variables": """
        import copy
        import tensorflow as tf

        def step(optimizer, *variables, none=()):
            with tf.GradientTape() as tape:
                loss = sum(tf.reduce_sum(variable * variable) for variable in variables)
            slopes = [None if any(v is one for one in none) else s for s, v in zip(tape.gradient(loss, variables), variables)]
            optimizer.apply_gradients(zip(slopes, variables), name="step", experimental_aggregate_gradients=False)
            return [variable.numpy().tolist() for variable in variables]

        adam = optimizers.Adam(0.1)
        a, b = tf.Variable([1.0, 2.0]), tf.Variable([1.0])
        found = [step(adam, one)[0] for one in (a, b, a, b)]
        wanted = [[0.9, 1.9], [0.9255867], [0.8145076, 1.8142966], [0.84770817]]  # measured with tf.keras.optimizers.legacy
        for one, other in zip(found, wanted):
            np.testing.assert_allclose(one, other, rtol=1e-5)
        assert adam.iterations.numpy() == 4 and len(adam.variables()) == len(adam.variables) == 4
        for variable in adam.variables()[2:]:
            variable.assign(tf.zeros_like(variable))
        assert adam.get_weights()[1].tolist() == [0, 0]
        # Several sets in one step count once.
        adam = optimizers.Adam(0.1)
        step(adam, a)
        again = optimizers.Adam(0.1)
        c, d = tf.Variable(a.numpy()), tf.Variable(b.numpy())
        again.build([c, d])
        again.iterations.assign(1)
        for slot, known in zip(again.variables[2:4], adam.variables[2:4]):
            slot.assign(known)
        assert [step(adam, a, b), step(adam, a, b, none=[b])] == [step(again, c, d), [step(again, c)[0], d.numpy().tolist()]]
        assert adam.iterations.numpy() == 3
        with np.testing.assert_raises(ValueError):
            lite.optimizers.Adam.apply(adam, [b], [b])
        copy.deepcopy(adam).apply_gradients([(tf.ones(1), b)])
    """,
    "tf2 whole rates, lists of states, one layer, gone arguments": """
        for rate in (1, np.float32(1), np.int64(1)):
            assert float(optimizers.SGD(rate).learning_rate) == float(optimizers.Ftrl(learning_rate=rate).learning_rate) == 1
        x = np.arange(12, dtype="float32").reshape(2, 3, 2)
        for layer, count in ((layers.LSTM(4, return_state=True), 3), (layers.RNN(layers.GRUCell(4), return_state=True), 2),
                             (layers.Bidirectional(layers.GRU(4, return_state=True)), 3),
                             (layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode=None), 2)):
            for given in (x, layers.Input((3, 2))):
                found = layer(given)
                assert type(found) is list and [given] + found[1:] and len(found) == count
        model = models.Sequential(layers.Dense(2, input_shape=(3,)))
        assert len(model.layers) == 1 and model.output_shape == (None, 2)
        model.compile("sgd", "mse", steps_per_execution=None)
        assert not model.layers[0].stateful and layers.LSTM(2, stateful=True).stateful
        callbacks.ProgbarLogger("steps", stateful_metrics=["loss"]), callbacks.ModelCheckpoint("file", options=None)
        lstm, other = (layers.LSTM(2, return_sequences=True, return_state=True, time_major=way) for way in (True, False))
        found = lstm(x.transpose(1, 0, 2))
        other(x)
        other.set_weights(lstm.get_weights())
        wanted, *states = other(x)
        np.testing.assert_allclose(found[0].detach(), wanted.detach().transpose(0, 1), rtol=1e-6)
        np.testing.assert_allclose(found[2].detach(), states[1].detach(), rtol=1e-6)
    """,
    "3": """
        with np.testing.assert_raises(ValueError): optimizers.SGD(1)
        assert type(layers.LSTM(4, return_state=True)(np.ones((2, 3, 2)))) is tuple
        import tensorflow as tf
        adam = optimizers.Adam(0.1)
        adam.apply_gradients([(tf.ones(1), tf.Variable([1.0]))])
        with np.testing.assert_raises(ValueError):
            adam.apply_gradients([(tf.ones(1), tf.Variable([1.0]))])
        try: layers.Dense(2, name="a/b")
        except ValueError as error: assert "cannot contain character" in str(error)
        else: raise AssertionError
        assert keras.backend.backend() == "torch" and len(layers.Input(batch_shape=(4, 2))) == 4
        assert layers.LSTM is lite.layers.LSTM and models.Model is lite.Model and optimizers.Adam is lite.optimizers.Adam
    """,
}  # fmt: skip
RECORDED = "TF2 = [-0.82191604, 0.010314259]\n"


@pytest.mark.parametrize("name", SNIPPETS)
def test_defaults(name, python, repository, tmp_path):
    (tmp_path / "snippet.py").write_text(BEGIN + RECORDED + textwrap.dedent(SNIPPETS[name]))
    path = [repository / "compat" / "shims", repository]
    python("-W", "error", tmp_path / "snippet.py", path=path, cwd=tmp_path, ok=True, era=name.split()[0].rstrip(","))
