"""Old arguments, methods and attributes on today's classes, one by one. Each snippet has a fresh interpreter."""

import textwrap

import pytest

BEGIN = """
import numpy as np, pytest, torch, keras
from keras import callbacks, layers, models, optimizers, regularizers
import torchkeras_lite as lite
"""

SNIPPETS = {
    "what Keras 2 took without a word": """
        class Own(models.Model):
            def __init__(self, units):
                super().__init__(self)
                self.dense = layers.Dense(units)
            def call(self, x):
                return self.dense(x)
        class Double(layers.Layer):
            def __init__(self):
                super(Double, self).__init__(self, dynamic=True)
            def call(self, x):
                return x * 2
        model = Own(3)
        assert model(np.ones((2, 2))).shape == (2, 3) and model.name == "own" and len(model.weights) == 2
        assert Double()(np.ones(2)).tolist() == [2, 2] and Double().trainable is True
        named = models.Sequential([layers.Dense(1)], "after_the_layers")
        assert named.name == "after_the_layers" and named.trainable is True
        assert models.Sequential([layers.Dense(1)], None).trainable and not models.Sequential([], False).trainable
        x, y = np.array([[1.0, 2.0]]), np.array([[3.0, 2.0]])
        from keras import losses, metrics
        for short in ("mse", "MSE", "mae", "MAPE", "msle", "KLD", "kld", "kullback_leibler_divergence", "logcosh"):
            assert getattr(metrics, short)(x, y).shape == (1,) and getattr(metrics, short) is getattr(losses, short)
        assert metrics.mse(x, y).tolist() == [2.0]
        inner = models.Sequential([layers.Dense(1)])
        assert layers.TimeDistributed(inner)(np.ones((1, 4, 2))).shape == (1, 4, 1)
        class Largest(keras.metrics.Metric):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.largest = self.add_weight("largest", initializer="zeros", synchronization="auto", aggregation="none")
                self.rows = self.add_weight("rows", (2,), initializer="ones")
            def update_state(self, y_true, y_pred, sample_weight=None):
                self.largest.assign(keras.ops.maximum(self.largest, keras.ops.max(y_pred)))
            def result(self):
                return self.largest
        assert float(Largest()([0.0], [7.0])) == 7 and Largest().rows.numpy().tolist() == [1, 1]
        mean = keras.metrics.Mean()
        mean.update_state([3.0, 5.0])
        assert float(mean.result()) == 4
        mean.reset_states()
        assert float(mean.result()) == 0
        with pytest.raises(TypeError):
            lite.metrics.Mean().reset_states(1)
    """,
    "what Keras 2 kept of compile()": """
        class Own(models.Model):
            def train_step(self, data):
                x, y = data
                loss = self.compiled_loss(y, self(x), regularization_losses=self.losses)
                self.zero_grad()
                loss.backward()
                with torch.no_grad():
                    self.optimizer.apply([v.value.grad for v in self.trainable_weights], self.trainable_weights)
                self.compiled_metrics.update_state(y, self(x))
                return {m.name: m.result() for m in self.metrics}
        i = keras.Input((3,))
        made = [cls(i, layers.Dense(2, kernel_initializer="ones", kernel_regularizer="l2")(i)) for cls in (Own, models.Model)]
        x, y = np.ones((8, 3), "float32"), np.zeros((8, 2), "float32")
        logs = []
        for model in made:
            model.compile("sgd", "mse", metrics=["mae"])
            logs.append(model.fit(x, y, epochs=2, batch_size=8, verbose=0).history)
            assert model.metrics_names == ["loss", "mae"]
            assert logs[-1]["mean_absolute_error"] is logs[-1]["mae"]
        np.testing.assert_allclose(logs[0]["loss"], logs[1]["loss"], rtol=1e-6)
        for a, b in zip(*(model.get_weights() for model in made)):
            np.testing.assert_allclose(a, b, rtol=1e-6)
    """,
    "a weight's name comes first in TensorFlow": """
        class Own(layers.Layer):
            def build(self, shape):
                self.a = self.add_weight("a", shape=[3], initializer="ones")
                self.b = self.add_weight("b", (2,), "float32", "ones", trainable=False)
                self.c = self.add_weight((4,), "zeros", name="c")
        layer = Own()
        layer.build((None, 1))
        assert [w.name for w in layer.weights] == ["a", "c", "b"]
        assert [w.shape for w in layer.weights] == [(3,), (4,), (2,)] and [w.numpy().sum() for w in layer.weights] == [3, 0, 2]
    """,
    "rows say what is there": """
        import importlib, inspect
        from keras import _members, _tables
        for path, rows in _tables.ARGUMENTS.items():
            cls, method = _members._find(lite, path)
            assert cls is not None, path
            parameters = inspect.signature(getattr(cls, method)).parameters
            for old, new in rows.items():
                assert old not in parameters or callable(new) or hasattr(new, "then"), (path, old)
                # Model() takes its tensors out of *args, **kwargs itself.
                new = new[0] if isinstance(new, tuple) else new
                assert not isinstance(new, str) or new in parameters or path == "models.Model", (path, new)
        for path, rows in _tables.MEMBERS.items():
            cls, method = _members._find(lite, path)
            if cls is None:  # a file, in which a function is another one
                assert all(hasattr(importlib.import_module(f"torchkeras_lite.{path}"), name) for name in rows), path
                continue
            assert method == "__init__", path
            for name in rows:
                assert name in vars(cls), (path, name)
        for path, rows in _tables.NAMES.items():
            view = importlib.import_module(f"keras.{path}" if path else "keras")
            for name in rows:
                assert getattr(view, name) is not None and name in view.__all__
        for path, name in _tables.PATHS.items():
            found, meant = importlib.import_module(f"keras.{path}"), importlib.import_module(name)
            if name.startswith("keras"):
                assert found is meant, path
            else:  # one of our own modules, seen under another path
                for key, one in vars(meant).items():
                    assert key[0] == "_" or getattr(one, "__module__", "") != name or getattr(found, key) is one, (path, key)
        for path in ("core", "convolutional", "pooling", "normalization", "embeddings"):
            for name in ("Dense", "Convolution2D", "MaxPooling2D", "BatchNormalization", "Embedding", "merge"):
                assert getattr(importlib.import_module(f"keras.layers.{path}"), name) is getattr(layers, name)
        assert layers.Dense is lite.layers.Dense and models.Model is keras.Model is lite.Model
    """,
    "arguments of layers": """
        same = lambda old, new: {**old.get_config(), "name": ""} == {**new.get_config(), "name": ""}
        assert same(
            layers.Dense(output_dim=3, init="uniform", activation="relu", W_regularizer="l2", b_regularizer="l1",
                         W_constraint="max_norm", b_constraint="non_neg", bias=True, input_dim=4),
            layers.Dense(3, "relu", True, "uniform", "zeros", "l2", "l1", None, "max_norm", "non_neg", input_shape=(4,)))
        assert same(
            layers.Conv2D(nb_filter=4, kernel_size=3, subsample=2, border_mode="same", dim_ordering="th", bias=False),
            layers.Conv2D(4, 3, strides=2, padding="same", data_format="channels_first", use_bias=False))
        assert same(layers.MaxPooling2D((2, 2), border_mode="same", dim_ordering="tf"),
                    layers.MaxPooling2D((2, 2), padding="same", data_format="channels_last"))
        assert layers.AveragePooling2D(2, dim_ordering="default").data_format == "channels_last"
        assert layers.Dropout(p=0.3).rate == 0.3
        old = layers.BatchNormalization(mode=0, axis=1, beta_init="one", gamma_init="zero")
        assert same(old, layers.BatchNormalization(axis=1, beta_initializer="ones", gamma_initializer="zeros"))
        assert same(layers.Embedding(5, 2, init="normal"), layers.Embedding(5, 2, embeddings_initializer="normal"))
        assert regularizers.l2(l=0.5).l2 == 0.5 and regularizers.activity_l2(0.25).l2 == 0.25
        assert regularizers.l1l2(l1=0.5, l2=0.25).l1 == 0.5
        with pytest.raises(ValueError, match="'tf'"):
            layers.MaxPooling2D(2, dim_ordering="theano")
        with pytest.raises(ValueError, match="mode=3"):
            layers.BatchNormalization(mode=3)
        # The other modes; what Keras 1.2.2 on Theano gave.
        r = np.random.RandomState(0)
        x, gamma, beta = r.randn(8, 5).astype("float32"), r.rand(5) + 0.5, r.randn(5)
        recorded = {1: ([-0.7896854, -0.7226582, -1.2315602], 3.2528615), 2: ([3.953123, -2.4854333, 0.7307556], 7.655892)}
        for mode, (wanted, loss) in recorded.items():
            norm = layers.BatchNormalization(mode=mode, input_shape=(5,), weights=[gamma, beta, np.zeros(5), np.ones(5)])
            model = models.Sequential([norm, layers.Dense(1, init="one")])
            model.compile("sgd", "mse")
            assert np.abs(model.predict(x, verbose=0)[:3, 0] - wanted).max() < 1e-5
            assert abs(model.train_on_batch(x, x[:, :1]) - loss) < 1e-5 and isinstance(norm, layers.BatchNormalization)
            assert norm.get_weights()[2].tolist() == [0] * 5
            again = models.Sequential.from_config(model.get_config())
            again.set_weights(model.get_weights())
            assert again.layers[0].mode == mode and (again.predict(x, verbose=0) == model.predict(x, verbose=0)).all()
    """,
    "an argument under two names": """
        for make in (lambda: layers.Dense(3, output_dim=4), lambda: layers.Dense(units=3, output_dim=4)):
            with pytest.raises(TypeError, match="Dense got the argument `units` twice.*as `output_dim`"):
                make()
        with pytest.raises(TypeError, match="`units`"):
            layers.Dense(3, units=4, init="zero")
        with pytest.raises(ValueError, match="outputs_dim"):
            layers.Dense(3, outputs_dim=4, init="zero")
        with pytest.raises(TypeError, match="by position and by name"):
            layers.Convolution2D(32, 3, 3, nb_col=2)
        with pytest.raises(TypeError, match="Missing: nb_filter, nb_col"):
            layers.Convolution2D(nb_row=2)
    """,
    "classes of one's own": """
        class Wide(layers.Dense):
            def __init__(self, output_dim, p=1, **kwargs):          # its own words are its own
                self.p = p
                super().__init__(output_dim=2 * output_dim, init="one", **kwargs)
        class Plain(layers.Dense): pass
        class Kernel(layers.Conv2D): pass
        wide = Wide(output_dim=3, p=5, W_regularizer="l2", use_bias=False)
        assert wide.units == 6 and wide.p == 5 and wide.kernel_regularizer.l2 == 0.01
        assert wide(torch.ones(1, 4)).tolist() == [[4.0] * 6]
        assert Plain(output_dim=3, bias=False).units == 3 and Kernel(nb_filter=2, kernel_size=1).filters == 2
        for layer in (layers.Dense(output_dim=3, init="one"), Plain(output_dim=3, init="one")):
            config = layer.get_config()
            assert "init" not in config and "output_dim" not in config and config["units"] == 3
            assert type(layer).from_config(config).get_config() == config
        class Net(models.Model):
            def __init__(self):
                super().__init__()
                self.dense = layers.Dense(output_dim=1)
            def call(self, x): return self.dense(x)
            def fit(self, *args, **kwargs): return super().fit(*args, nb_epoch=2, **kwargs)
        net = Net()
        net.compile(optimizer="sgd", loss="mse")
        assert net.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0).epoch == [0, 1]
    """,
    "Convolution2D": """
        make = layers.Convolution2D
        for old in (make(4, 3, 2), make(4, 3, nb_col=2), make(4, nb_row=3, nb_col=2), make(nb_filter=4, nb_row=3, nb_col=2),
                    make(np.int64(4), np.int64(3), np.int64(2)), make(4, (3, 2)), make(4, [3, 2], (1, 1))):
            assert isinstance(old, layers.Conv2D) and type(old) is lite.layers.Conv2D
            assert old.filters == 4 and old.kernel_size == (3, 2) and old.strides == (1, 1)
        full = make(4, 3, 3, "one", "relu", subsample=(2, 1), border_mode="same", W_regularizer="l2", bias=False)
        assert full.kernel_initializer.get_config() == {} and full.activation is keras.activations.relu
        assert (full.strides, full.padding, full.use_bias) == ((2, 1), "same", False)
        assert make(4, 3).kernel_size == (3, 3) and make(4, 3, strides=2).strides == (2, 2)
        assert make(4, (3, 3), (2, 2)).strides == (2, 2)
        # The class of today is not touched: there the third place is the strides.
        assert layers.Conv2D(4, 3, 3).strides == (3, 3) and lite.layers.Convolution2D is lite.layers.Conv2D
    """,
    "merge": """
        a, b = np.array([[1.0, -2.0, 3.0]], "float32"), np.array([[4.0, 5.0, -6.0]], "float32")
        first, second = layers.Input(shape=(3,)), layers.Input((3,))
        cosine = (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())
        expected = {
            "sum": a + b, "mul": a * b, "ave": (a + b) / 2, "max": np.maximum(a, b), "concat": np.hstack([a, b]),
            "dot": [[(a * b).sum()]], "cos": [[cosine]],
        }
        for mode, value in expected.items():
            merged = layers.merge([first, second], mode=mode, name=f"merge_{mode}")
            model = models.Model(input=[first, second], output=merged)
            np.testing.assert_allclose(model.predict([a, b], verbose=0), value, rtol=1e-6)
            assert model.layers[-1].name == f"merge_{mode}"
        minus = lambda x, by: (x[0] - x[1]) * by
        difference = layers.merge([first, second], mode=minus, output_shape=(3,), arguments={"by": 2})
        model = models.Model([first, second], difference)
        np.testing.assert_allclose(model.predict([a, b], verbose=0), 2 * (a - b))
        x, y = layers.Input((2, 3)), layers.Input((2, 3))
        assert layers.merge([x, y], "concat", 1).shape == (None, 4, 3) and layers.merge([x, y]).shape == (None, 2, 3)
        assert layers.merge([x, y], mode="dot", dot_axes=(2, 2)).shape == (None, 2, 2)
        with pytest.raises(ValueError, match="'concat'"):
            layers.merge([first, second], mode="add")
    """,
    "a learning rate that decays": """
        data, target = torch.ones(6, 1), torch.zeros(6, 1)
        def train(optimizer, **settings):
            model = models.Sequential([layers.Dense(1, init="one", bias=False, input_dim=1)])
            model.compile(optimizer, "mse")
            seen = []
            note = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(model.get_weights()[0].item()))
            model.fit(data, target, batch_size=2, verbose=0, callbacks=[note], **settings)
            return seen
        # y = w, loss w^2, three batches in an epoch: w -= lr / (1 + decay * batches before) * 2 w
        def by_hand(lr, decay, batches, momentum=0.0, w=1.0, moment=0.0):
            seen = []
            for i in range(batches):
                moment = momentum * moment - lr / (1 + decay * i) * 2 * w
                w += moment
                seen.append(w)
            return seen
        sgd = optimizers.SGD(lr=0.1, decay=0.5)
        np.testing.assert_allclose(train(sgd, nb_epoch=2), by_hand(0.1, 0.5, 6), rtol=1e-6)
        assert sgd.lr == 0.1 and sgd.decay == 0.5 and int(sgd.iterations) == 6
        np.testing.assert_allclose(float(sgd.learning_rate), 0.1, rtol=1e-6)  # another name of `lr`
        np.testing.assert_allclose(train(optimizers.SGD(0.2, momentum=0.5, decay=0.25), epochs=3),
                                   by_hand(0.2, 0.25, 9, momentum=0.5), rtol=1e-5)
        np.testing.assert_allclose(train(optimizers.sgd(lr=0.1, decay=0.0), epochs=2), by_hand(0.1, 0, 6), rtol=1e-6)
        # Set in the middle, the rate goes on decaying from there.
        def halve(epoch, logs): sgd.lr = sgd.lr / 2
        sgd = optimizers.SGD(decay=1, lr=0.2)
        model = models.Sequential([layers.Dense(1, init="one", bias=False, input_dim=1)])
        model.compile(sgd, "mse")
        model.fit(data, target, batch_size=6, epochs=2, verbose=0, callbacks=[callbacks.LambdaCallback(on_epoch_end=halve)])
        w = 1 - 0.2 * 2 * 1
        np.testing.assert_allclose(model.get_weights()[0].item(), w - 0.1 / 2 * 2 * w, rtol=1e-6)
    """,
    "a step of one's own by get_updates": """
        from keras import backend as K
        model = models.Sequential([layers.Dense(3, input_dim=2, activation="softmax", kernel_initializer="zeros")])
        action, reward = K.placeholder(shape=[None, 3]), K.placeholder(shape=[None])
        loss = -K.sum(K.log(K.sum(action * model.output, axis=1)) * reward)
        weights, start = model.trainable_weights, model.get_weights()
        x, taken = np.array([[1.0, 2.0]]), np.array([[0.0, 1.0, 0.0]])
        by_logits = 2.0 * (np.full(3, 1 / 3) - taken[0])  # of -2 log p
        for give in (lambda o: o.get_updates(loss, weights), lambda o: o.get_updates(weights, [], loss),
                     lambda o: o.get_updates(params=weights, loss=loss, constraints=[])):
            sgd = optimizers.SGD(lr=0.1)
            train = K.function([model.input, action, reward], [loss], updates=give(sgd))
            model.set_weights(start)
            np.testing.assert_allclose(train([x, taken, [2.0]]), [2 * np.log(3)], rtol=1e-6)
            kernel, bias = model.get_weights()
            np.testing.assert_allclose(kernel, -0.1 * x.T * by_logits, rtol=1e-5)
            np.testing.assert_allclose(bias, -0.1 * by_logits, rtol=1e-5)
            assert int(sgd.iterations) == 1
    """,
    "callbacks set a rate that decays": """
        data, target = torch.ones(6, 1), torch.zeros(6, 1)
        sgd = optimizers.SGD(lr=0.1, decay=0.5)
        model = models.Sequential([layers.Dense(1, init="one", bias=False, input_dim=1)])
        model.compile(sgd, "mse")
        set_by = callbacks.LearningRateScheduler(lambda epoch, rate: [0.1, 0.05][epoch])
        logs = model.fit(data, target, batch_size=6, nb_epoch=2, verbose=0, callbacks=[set_by]).history
        np.testing.assert_allclose(logs["lr"], [0.1, 0.05], rtol=1e-6)  # before any decay
        w = (1 - 0.1 * 2) * (1 - 0.05 / 1.5 * 2)
        np.testing.assert_allclose(model.get_weights()[0].item(), w, rtol=1e-6)
        plateau = callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1, min_delta=9.0)
        model.fit(data, target, batch_size=6, nb_epoch=2, verbose=0, callbacks=[plateau])
        assert abs(float(sgd.lr) - 0.025) < 1e-7 and sgd.decay == 0.5
        np.testing.assert_allclose(model.get_weights()[0].item(), w * (1 - 0.05 / 2 * 2) * (1 - 0.05 / 2.5 * 2), rtol=1e-6)
        sgd.learning_rate = 0.4
        assert float(sgd.learning_rate) == np.float32(0.4) == sgd.lr.numpy()
        schedule = optimizers.schedules.InverseTimeDecay(0.5, 1, 1.0)  # no word of old has made this one
        today = optimizers.SGD(schedule)
        today.iterations.assign(1)
        assert float(today.learning_rate) == 0.25
    """,
    "lr reads and sets": """
        for cls in (optimizers.SGD, optimizers.RMSprop, optimizers.Adam):
            plain, decaying = cls(lr=0.25), cls(lr=0.25, decay=0.5)
            for optimizer in (plain, decaying):
                assert float(optimizer.lr) == 0.25 == optimizer.lr.numpy()
                optimizer.lr = 0.5
                assert float(optimizer.lr) == 0.5 == float(optimizer.learning_rate)
                optimizer.lr.assign(0.125)
                assert float(optimizer.lr) == 0.125 == float(optimizer.learning_rate)
            assert (plain.decay, decaying.decay) == (0.0, 0.5)
            again = cls.from_config(decaying.get_config())
            assert float(again.lr) == 0.125 and again.decay == 0.5
            assert cls(lr=1).lr == 1.0 and cls(lr=np.float32(0.5)).lr == 0.5 and cls(0.5).lr == 0.5
        assert optimizers.Adam(epsilon=None).epsilon == 1e-7 and optimizers.Adam(epsilon=1e-8).epsilon == 1e-8
        schedule = optimizers.schedules.ExponentialDecay(0.5, 10, 0.9)
        other = optimizers.SGD(lr=schedule)
        assert float(other.lr) == 0.5 and other.decay == 0.0
        with pytest.raises(TypeError, match="schedule"):
            other.lr = 0.1
        decaying.lr = schedule                                        # as with `learning_rate`
        assert decaying.get_config()["learning_rate"]["class_name"] == "ExponentialDecay"
        with pytest.raises(ValueError, match="decays by itself"):
            optimizers.SGD(lr=schedule, decay=0.1)
        with pytest.raises(TypeError, match="`learning_rate` twice"):
            optimizers.SGD(0.1, lr=0.2)
        class Mine(optimizers.SGD):
            def __init__(self, decay=0.9):
                super().__init__(lr=0.5)
                self.decay = decay
        assert Mine().decay == 0.9 and Mine().lr == 0.5
    """,
    "generators": """
        given = []
        def batches(rows=4, words="train"):
            while True:
                given.append(words)
                yield np.full((rows, 2), len(given), "float32"), np.zeros((rows, 1))
        model = models.Sequential([layers.Dense(1, input_dim=2)])
        model.compile("sgd", "mse")
        def count(call):
            given.clear()
            result = call()
            return result, given.count("train"), given.count("val")
        fit = lambda *args, **words: lambda: model.fit_generator(batches(), *args, verbose=0, **words)
        assert count(fit(5, 2))[1:] == (10, 0)                                          # Keras 2 counts batches
        assert count(fit(steps_per_epoch=5, epochs=2, max_queue_size=3, workers=2, use_multiprocessing=True))[1] == 10
        assert count(fit(samples_per_epoch=20, nb_epoch=2, nb_worker=2, pickle_safe=True))[1] == 10   # Keras 1 samples
        assert count(fit(20, nb_epoch=2))[1] == 10 and count(fit(samples_per_epoch=17, nb_epoch=1))[1] == 5
        assert count(fit(steps_per_epoch=3, nb_epoch=2))[1] == 6                        # half moved to Keras 2
        history, train, val = count(fit(8, nb_epoch=3, validation_data=batches(2, "val"), nb_val_samples=5))
        assert (train, val) == (6, 9) and len(history.history["val_loss"]) == 3
        history, train, val = count(fit(2, 3, validation_data=batches(2, "val"), validation_steps=2))
        assert (train, val) == (6, 6) and history.epoch == [0, 1, 2]
        arrays = (np.zeros((3, 2)), np.zeros((3, 1)))
        assert len(fit(8, nb_epoch=2, validation_data=arrays)().history["val_loss"]) == 2
        # No batch is lost or seen twice: the first one, looked at for its size, is trained on.
        def evaluate(**words): return lambda: model.evaluate_generator(batches(), **words)
        model.set_weights([np.ones((2, 1)), np.zeros(1)])                               # loss of batch i: (2 i)^2
        for loss, train, _ in (count(evaluate(val_samples=12)), count(evaluate(steps=3)), count(evaluate(val_samples=9))):
            assert train == 3 and abs(loss - 4 * (1 + 4 + 9) / 3) < 1e-5
        out, train, _ = count(lambda: model.predict_generator(batches(), val_samples=8))
        assert train == 2 and out.ravel().tolist() == [2.0] * 4 + [4.0] * 4
        assert count(lambda: model.predict_generator(batches(), 2, verbose=0))[0].tolist() == out.tolist()
        pairs = [(np.ones((4, 2)), np.zeros((4, 1)))] * 3                                # what can begin again
        assert model.fit_generator(iter(pairs), samples_per_epoch=12, nb_epoch=1, verbose=0).epoch == [0]
        class Pairs:
            def __len__(self): return 3
            def __getitem__(self, i): return pairs[i]
        assert model.fit_generator(Pairs(), epochs=2, verbose=0, shuffle=False).epoch == [0, 1]
        with pytest.raises(TypeError, match="by position and by name"):
            model.fit_generator(batches(), 3, steps_per_epoch=3)
        with pytest.raises(TypeError, match="step_per_epoch"):
            model.fit_generator(batches(), step_per_epoch=3)
    """,
    "methods of Sequential, and fit": """
        x = np.array([[0.0], [1.0], [2.0]], "float32")
        model = models.Sequential([layers.Dense(1, init="one", activation="sigmoid", input_dim=1)])
        classes = model.predict_classes(x)
        assert classes.tolist() == [[0], [1], [1]] and classes.dtype == np.int32
        assert (model.predict_proba(x) == model.predict(x, verbose=0)).all()
        model = models.Sequential([layers.Dense(3, input_dim=1)])
        model.set_weights([np.array([[1.0, 2, 0]]), np.array([0.5, -1, 0])])
        assert model.predict_classes(x, batch_size=2).tolist() == [0, 0, 1]
        assert not hasattr(models.Model, "predict_classes")
        model.compile("sgd", "mse", metrics=["accuracy"])
        history = model.fit(x, np.eye(3), 2, nb_epoch=4, verbose=0, validation_data=(x, np.eye(3)))
        assert history.epoch == [0, 1, 2, 3]
        with pytest.raises(TypeError, match="`epochs` twice"):
            model.fit(x, np.eye(3), epochs=2, nb_epoch=4)
        import copy, json, pickle
        logs = history.history
        assert sorted(logs) == ["accuracy", "loss", "val_accuracy", "val_loss"] and "acc" not in logs
        assert logs["acc"] is logs["accuracy"] and logs["val_acc"] is logs["val_accuracy"] and len(logs["acc"]) == 4
        for missing in ("val_accu", "f1", "mean_acc", 3):
            with pytest.raises(KeyError):
                logs[missing]
        assert type(pickle.loads(pickle.dumps(logs))) is dict and copy.deepcopy(logs) == json.loads(json.dumps(logs)) == logs
        assert model.history.history is logs
        own = models.Sequential([layers.Dense(3, input_dim=1)])
        own.compile("sgd", "mse", metrics=["acc"])
        assert "acc" in own.fit(x, np.eye(3), verbose=0).history
    """,
    "imported again, and taken away": """
        import importlib, inspect, torchkeras_lite.dropin as dropin
        def depth(function):
            return 1 + depth(function.__wrapped__) if hasattr(function, "__wrapped__") else 0
        fit, init, depths = models.Model.fit, layers.Dense.__init__, None
        for _ in range(2):
            now = [depth(f) for f in (models.Model.fit, layers.Dense.__init__, layers.Conv2D.__init__, optimizers.SGD.__init__)]
            assert now == (depths or now)
            depths = now
            importlib.reload(keras)
        assert models.Model.fit is fit and layers.Dense.__init__ is init
        importlib.reload(keras._members).put_on(lite)                 # somebody reloads everything there is
        assert layers.Dense(output_dim=3).units == 3 and depth(layers.Dense.__init__) == depths[1]
        assert depth(models.Model.fit) == depths[0]
        assert str(inspect.signature(layers.Dense)).startswith("(units, activation=None")
        assert "nb_epoch" not in inspect.signature(models.Model.fit).parameters
    """,
    "how often the model is right, asked for where it runs": """
        x, y = np.eye(4, dtype="float32"), np.eye(2, dtype="float32")[[0, 1, 1, 1]]
        model = models.Sequential([layers.Dense(2, input_dim=4, activation="softmax", init="zero")])
        model.compile("adam", "categorical_crossentropy")
        optimizer = model.optimizer
        history = model.fit(x, y, nb_epoch=2, show_accuracy=True, validation_data=(x, y), verbose=0).history
        assert {*history} == {"loss", "accuracy", "val_loss", "val_accuracy"} and history["acc"] == history["accuracy"]
        right = float((model.predict(x, verbose=0).argmax(1) == y.argmax(1)).mean())
        loss = model.evaluate(x, y, verbose=0)
        np.testing.assert_allclose(model.evaluate(x, y, show_accuracy=True, verbose=0), [loss, right], rtol=1e-6)
        np.testing.assert_allclose(model.test_on_batch(x, y, accuracy=True), [loss, right], rtol=1e-6)
        assert np.ndim(loss) == 0 and {*model.fit(x, y, show_accuracy=False, verbose=0).history} == {"loss"}
        assert len(model.train_on_batch(x, y, accuracy=True)) == 2 and np.ndim(model.train_on_batch(x, y)) == 0
        assert model.optimizer is optimizer and int(optimizer.iterations) == 5
        model.compile("adam", "categorical_crossentropy", metrics=["mae"])
        assert len(model.evaluate(x, y, show_accuracy=True, verbose=0)) == 3
    """,
    "weights for a model that is built later, and what load_weights returns": """
        class Net(models.Model):
            def __init__(self):
                super().__init__()
                self.first, self.last = layers.Dense(4, activation="tanh"), layers.Dense(2)
            def call(self, x):
                return self.last(self.first(x))
        x = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
        net = Net()
        wanted = net(x).detach().numpy()
        net.save_weights("cp.ckpt"); net.save_weights("w.weights.h5")
        net.load_weights("cp.ckpt").expect_partial()
        assert net.load_weights("w.weights.h5") is None
        for begin in (
            lambda model: model(x), lambda model: model.build((None, 3)), lambda model: model.predict(x, verbose=0),
            lambda model: model.compile("sgd", "mse") or model.evaluate(x, x[:, :2], verbose=0),
        ):
            later = Net()
            later.load_weights("cp.ckpt").assert_existing_objects_matched()
            assert not later.built and not later.weights
            begin(later)
            np.testing.assert_allclose(later(x).detach().numpy(), wanted, rtol=1e-6)
            later.first.bias.assign_add([1, 2, 3, 4])
            later(x)  # they are not read again
            assert later.first.bias.numpy().tolist() == [1, 2, 3, 4]
        with pytest.raises(FileNotFoundError): Net().load_weights("none.ckpt")
        with pytest.raises(ValueError, match="not built"): Net().load_weights("w.weights.h5")

        class Scale(layers.Layer):
            def __init__(self):
                super().__init__()
                self.scale = self.add_weight(shape=(3,), initializer="ones")
            def call(self, x):
                return x * self.scale
        class Scaled(models.Model):
            def __init__(self):
                super().__init__()
                self.one = Scale()
            def call(self, x):
                return self.one(x)
        net, again = Scaled(), Scaled()
        net(x)
        net.one.scale.assign([1, 2, 3])
        net.save_weights("scaled")
        again.load_weights("scaled")  # all that it has is there
        assert again.one.scale.numpy().tolist() == [1, 2, 3] and again(x).shape == (4, 3)
    """,
    "taken away": """
        import torchkeras_lite.dropin as dropin
        layer, optimizer, dense = layers.Dense(output_dim=3), optimizers.SGD(lr=0.1, decay=0.5), lite.layers.Dense
        dropin.uninstall()
        assert "output_dim" not in str(layer.get_config()) and optimizer.get_config()["learning_rate"]
        for call in (lambda: dense(output_dim=3), lambda: lite.optimizers.SGD(lr=0.1), lambda: lite.layers.Conv2D(nb_filter=1)):
            with pytest.raises((TypeError, ValueError)):
                call()
        assert not hasattr(lite.Model, "fit_generator") and not hasattr(lite.Sequential, "predict_classes")
        assert not hasattr(optimizer, "lr") and "history" not in vars(lite.callbacks.History)
        assert "fit" not in vars(lite.Model) and "__init__" not in vars(lite.layers.Conv2D)
        assert not hasattr(lite.layers.Dense.__init__, "_understands") and not hasattr(lite.Model.__init__, "_understands")
        dropin.install()
        import keras as again
        assert again is not keras and again.layers.Dense is dense and dense(output_dim=4).units == 4
        assert again.Sequential.predict_classes and optimizer.lr == 0.1
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_old_words(name, python, repository, tmp_path):
    (tmp_path / "snippet.py").write_text(BEGIN + textwrap.dedent(SNIPPETS[name]))
    path = [repository / "compat" / "shims", repository]
    python("-W", "error", tmp_path / "snippet.py", path=path, cwd=tmp_path, ok=True)


def test_without_the_stand_in_nothing_is_understood(python, repository):
    code = """if 1:
        import torchkeras_lite as lite
        for call in (lambda: lite.layers.Dense(output_dim=3), lambda: lite.optimizers.SGD(lr=0.1)):
            try: call()
            except (TypeError, ValueError): continue
            raise AssertionError
        assert not hasattr(lite.Model, "fit_generator")
    """
    python("-c", code, path=[repository], ok=True)
