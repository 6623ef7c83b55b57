"""`keras.backend` as Keras 1 and 2 had it: its state, its functions and gradients of symbolic tensors, scripts that use it.

Each runs in a fresh interpreter. What the single functions compute: see `test_backend.py`.
"""

import textwrap

import pytest

NAMES = """
abs all any arange argmax argmin backend batch_dot batch_flatten batch_get_value batch_normalization batch_set_value bias_add
binary_crossentropy cast cast_to_floatx categorical_crossentropy clear_session clip concatenate constant control_dependencies
conv1d conv2d conv2d_transpose conv3d conv3d_transpose cos count_params ctc_batch_cost ctc_decode ctc_label_dense_to_sparse
cumprod cumsum depthwise_conv2d dot dropout dtype eager elu epsilon equal eval exp expand_dims eye flatten floatx foldl foldr
function gather get_session get_uid get_value gradients greater greater_equal hard_sigmoid identity image_data_format
in_test_phase in_top_k in_train_phase int_shape is_keras_tensor is_placeholder is_sparse is_tensor is_variable l2_normalize
learning_phase less less_equal local_conv1d local_conv2d log logsumexp manual_variable_initialization map_fn max maximum mean
min minimum moving_average_update name_scope ndim normalize_batch_in_training normalize_data_format not_equal one_hot ones
ones_like pattern_broadcast permute_dimensions placeholder pool2d pool3d pow print_tensor prod random_binomial random_normal
random_normal_variable random_uniform random_uniform_variable relu repeat repeat_elements reset_uids reshape resize_images
resize_volumes reverse rnn round separable_conv1d separable_conv2d set_epsilon set_floatx set_image_data_format
set_learning_phase set_session set_value shape sigmoid sign sin size slice softmax softplus softsign
sparse_categorical_crossentropy spatial_2d_padding spatial_3d_padding sqrt square squeeze stack std stop_gradient sum switch
symbolic tanh temporal_padding tile to_dense transpose truncated_normal update update_add update_sub var variable zeros
zeros_like
asymmetric_spatial_2d_padding asymmetric_temporal_padding atrous_conv2d deconv2d get_variable_shape image_dim_ordering lesser
lesser_equal set_image_dim_ordering
"""  # Keras 2.3.1's, and behind them what Keras 1.2.2 had besides

BEGIN = """
import warnings; warnings.simplefilter("error")
import numpy as np, pytest, torch, keras
from keras import backend as K, layers, models
from keras.layers import Input, Dense, Lambda, Dropout, Conv2D, Flatten
from keras.models import Model, Sequential
near = lambda a, b, tol=1e-5: np.testing.assert_allclose(a, b, rtol=tol, atol=tol)
rng = np.random.default_rng(0)
x = rng.normal(size=(5, 3)).astype("float32")
"""

NAMES_LINE = f"NAMES = {NAMES.split()}\n"

SNIPPETS = {
    "all names, wherever they are taken from": """
        import torchkeras_lite.backend as today
        import keras.backend.tensorflow_backend as KTF
        from keras.backend.common import _EPSILON, floatx
        from tensorflow.keras import backend as K2
        import tensorflow.keras.backend as K3, tensorflow as tf
        assert K is K2 is K3 is KTF is tf.keras.backend is keras.backend is K.tensorflow_backend and K.tf is tf
        assert not [name for name in NAMES if not callable(getattr(K, name)) or name not in K.__all__]
        for name in today.__all__:
            assert name == "clear_session" or getattr(K, name) is getattr(today, name)
        assert not [name for name in NAMES if name not in today.__all__ and not getattr(K, name).__doc__]
        assert _EPSILON == K.epsilon() == 1e-7 and K.Variable is keras.Variable and K.backend() == "torch"
        assert isinstance(K._get_available_gpus(), list)
        with pytest.raises(AttributeError, match="'keras.backend' has no attribute 'batch_dott'"):
            K.batch_dott
    """,
    "variables and constants": """
        v = K.variable([[1, 2], [3, 4]], name="v")
        assert K.is_variable(v) and K.is_tensor(v) and not K.is_keras_tensor(v) and K.dtype(v) == "float32" and v.name == "v"
        assert (K.int_shape(v), K.ndim(v), K.count_params(v)) == ((2, 2), 2, 4)
        assert K.get_value(v).tolist() == K.eval(v).tolist() == [[1, 2], [3, 4]] and K.get_value(v).dtype == np.float32
        K.set_value(v, np.zeros((2, 2)))
        assert K.eval(K.sum(v + 1)) == 4 and isinstance(K.eval(K.sum(v)), np.float32)
        with pytest.raises(ValueError, match="shape"):
            K.set_value(v, np.zeros(3))
        w = K.variable(3, dtype="int32")
        assert K.dtype(w) == "int32" and K.get_value(K.variable(np.float64(0.5))) == 0.5
        K.batch_set_value([(v, np.ones((2, 2))), (w, 7)])
        one, two = K.batch_get_value([v, w])
        assert one.sum() == 4 and two == 7
        assert K.eval(K.zeros((2, 3))).tolist() == [[0] * 3] * 2 and K.is_variable(K.ones((2,), dtype="int32"))
        assert K.eval(K.eye(2)).tolist() == [[1, 0], [0, 1]] and K.eval(K.eye((1, 2))).tolist() == [[1, 0]]
        assert K.eval(K.constant(3, shape=(2, 2))).tolist() == [[3, 3], [3, 3]] and K.dtype(K.constant([1, 2])) == "float32"
        assert K.eval(K.constant([1, 2, 3, 4], dtype="int64", shape=(2, 2))).dtype == np.int64
        assert K.eval(K.zeros_like(w)).dtype == np.int32 and K.cast_to_floatx(np.arange(3)).dtype == np.float32
        for make in (K.random_uniform_variable, K.random_normal_variable):
            a, b, c = (K.eval(make((300, 20), 2, 4, seed=seed)) for seed in (1, 1, 2))
            assert (a == b).all() and (a != c).any()
        assert abs(a.mean() - 2) < 0.3 and abs(a.std() - 4) < 0.3
        p = K.placeholder(ndim=3, name="p")
        assert p.shape == (None, None, None) and K.is_placeholder(p) and not K.is_placeholder(p + 1) and not K.is_placeholder(v)
        assert K.is_placeholder(Input((2,))) and K.placeholder((2, None), dtype="int32").dtype == "int32"
        few = K.placeholder((2, 2), sparse=True)
        assert few.sparse and K.is_sparse(few)
        assert K.function([few], [K.dot(few, K.constant([[1.0], [2.0]]))])([[[0.0, 3.0], [4.0, 0.0]]])[0].tolist() == [[6], [4]]
        anything = K.placeholder()
        twice = K.function([anything], [anything * 2])
        assert twice([3.0]) == [6] and twice([np.ones((2, 1))])[0].tolist() == [[2], [2]]
        assert K.placeholder((None, 3)).get_shape().as_list() == [None, 3] and p.get_shape().ndims == 3
        with pytest.raises(TypeError, match="symbolic"):
            K.get_value(p)
        with pytest.raises(ValueError, match="disconnected"):
            K.eval(p * 2)
        class Coo:
            row, col, data, shape = np.array([0, 1, 1]), np.array([2, 0, 0]), np.array([1.0, 2.0, 3.0]), (2, 3)
            def tocoo(self): return self
        sparse = K.variable(Coo())
        assert K.is_sparse(sparse) and not K.is_sparse(v) and K.eval(K.to_dense(sparse)).tolist() == [[0, 0, 1], [5, 0, 0]]
        assert K.eval(K.dot(sparse, np.ones((3, 2), "float32"))).tolist() == [[1, 1], [5, 5]] and K.to_dense(v) is v
    """,
    "updates": """
        v = K.variable([1.0, 2.0])
        assert K.update(v, [3, 4]) is v and K.eval(v).tolist() == [3, 4]
        K.update_add(v, 1), K.update_sub(v, np.array([2, 0]))
        assert K.eval(v).tolist() == [2, 5]
        K.moving_average_update(v, K.constant([0, 0]), 0.5)
        assert K.eval(v).tolist() == [1, 2.5]
        p = K.placeholder((2,))
        f = K.function([p], [K.sum(v * p)], updates=[K.update_add(v, p), (w := K.variable(0.0), K.sum(p))])
        assert f([np.array([1, 1])]) == [3.5] and K.eval(v).tolist() == [2, 3.5] and K.eval(w) == 2
        assert f([np.array([1, 0])]) == [2] and K.eval(v).tolist() == [3, 3.5]
        slow = K.function([p], [], updates=[K.moving_average_update(v, p, 0.5)])
        assert slow([np.array([1, 0.5])]) == [] and K.eval(v).tolist() == [2, 2]
        with pytest.raises(ValueError, match="computed already"):
            K.function([], [v], updates=[(v, v - 0.1 * v)])

        class Counter(layers.Layer):
            def build(self, shape):
                self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")
            def call(self, x):
                K.update_add(self.calls, 1)
                return x + self.calls
        model = Sequential([Input((3,)), Counter()])
        model.compute_output_shape((None, 3))
        assert K.eval(model.layers[0].calls) == 0                       # nothing of trying it out
        near(model.predict(x, verbose=0), x + 1), near(model.predict(x, verbose=0), x + 2)

        class Centre(layers.Layer):
            def build(self, shape):
                self.mean = self.add_weight(shape=(3,), initializer="zeros", trainable=False, name="mean")
            def call(self, x, training=None):
                now = K.mean(x, axis=0)
                K.moving_average_update(self.mean, now, 0.5)
                return x - K.in_train_phase(now, self.mean)
        model = Sequential([Input((3,)), Centre(), Dense(1)])
        model.compile("sgd", "mse")
        assert K.eval(model.layers[0].mean).tolist() == [0, 0, 0]       # nothing of trying it out
        model.predict(x, verbose=0), model.evaluate(x, x[:, :1], verbose=0)
        assert K.eval(model.layers[0].mean).tolist() == [0, 0, 0]
        model.fit(x, x[:, :1], batch_size=5, epochs=1, verbose=0)
        near(K.eval(model.layers[0].mean), x.mean(0) / 2)
        kernel, bias = model.layers[1].get_weights()
        near(model.predict(x, verbose=0), (x - x.mean(0) / 2) @ kernel + bias)
    """,
    "the learning phase": """
        inputs = Input((3,))
        noisy = Dropout(0.5)(inputs)
        chosen = K.in_train_phase(inputs * 2, inputs * 3)
        f = K.function([inputs, K.learning_phase()], [noisy, chosen])
        near(f([x, 0])[0], x); near(f([x, 0])[1], 3 * x); near(f([x, 1])[1], 2 * x)
        dropped = f([x, True])[0]
        assert set(np.unique(np.round(dropped / x, 3))) == {0, 2}
        near(K.function([inputs], [noisy])([x])[0], x)
        assert K.learning_phase() == 0 and K.eval(K.in_train_phase(K.constant(1), K.constant(2))) == 2
        assert K.function([inputs], [K.switch(K.learning_phase(), inputs, 0 * inputs)])([x])[0].sum() == 0
        K.set_learning_phase(1)
        assert K.learning_phase() == 1 and K.eval(K.in_train_phase(K.constant(1), K.constant(2))) == 1
        near(K.function([inputs], [chosen])([x])[0], 2 * x)
        near(K.function([inputs, K.learning_phase()], [chosen])([x, 0])[0], 3 * x)
        K.clear_session()
        assert K.learning_phase() == 0
        with pytest.raises(ValueError, match="0 or 1"):
            K.set_learning_phase(2)
        seen = []
        class Spy(layers.Layer):
            def call(self, x):
                seen.append(K.learning_phase())
                return K.in_train_phase(lambda: x * 0, x)
        model = Sequential([Input((3,)), Spy(), Dense(1, use_bias=False)])
        model.compile("sgd", "mse")
        seen.clear()
        before = model.get_weights()[0]
        model.fit(x, x[:, :1], verbose=0)
        near(model.get_weights()[0], before)                             # all was zero in training
        fitted, count = seen[-1], len(seen)
        model.predict(x, verbose=0)
        assert fitted == 1 and len(seen) > count and set(seen[count:]) == {0}, seen
        assert abs(model.predict(x, verbose=0)).sum() > 0 and model(x, training=True).abs().sum() == 0
        inputs = Input((3,))                                             # drawn, not inside of a layer
        model = Model(inputs, K.in_train_phase(0 * inputs, inputs))
        model.compile("sgd", "mse")
        near(model.predict(x, verbose=0), x)
        assert abs(model.fit(x, 0 * x, verbose=0).history["loss"][0]) == 0 and model.evaluate(x, 0 * x, verbose=0) > 0.1
    """,
    "random numbers": """
        a = K.eval(K.random_normal((2000,), mean=3.0, stddev=2.0))
        assert abs(a.mean() - 3) < 0.2 and abs(a.std() - 2) < 0.2
        assert abs(K.eval(K.random_normal(shape=(2000,), mean=0.0, std=5.0)).std() - 5) < 0.4
        a = K.eval(K.random_uniform((2000,), 1, 3)); assert a.min() >= 1 and a.max() < 3 and abs(a.mean() - 2) < 0.1
        a = K.eval(K.random_uniform((2000,), low=-1, high=0)); assert -1 <= a.min() < -0.9 < -0.1 < a.max() < 0
        a = K.eval(K.random_uniform((200,), 0, 3, dtype="int32")); assert set(a) == {0, 1, 2} and a.dtype == np.int32
        a = K.eval(K.random_binomial((2000,), p=0.25)); assert set(a) == {0, 1} and abs(a.mean() - 0.25) < 0.06
        a = K.eval(K.truncated_normal((2000,), 1.0, 0.5)); assert 0 <= a.min() and a.max() <= 2 and 0.3 < a.std() < 0.6
        a = K.eval(K.dropout(K.ones((2000,)), 0.25)); assert set(np.unique(a)) == {0, np.float32(1 / 0.75)}
        a = K.eval(K.dropout(K.ones((50, 4)), 0.5, noise_shape=(50, 1)))
        assert (a == a[:, :1]).all() and len(np.unique(a)) == 2
        one, two = K.eval(K.random_normal((4,), seed=3)), K.eval(K.random_normal((4,), seed=3))
        K.clear_session()
        assert (one != two).all() and (K.eval(K.random_normal((4,), seed=3)) == one).all()
        inputs = Input((3,))
        shape = K.shape(inputs)
        for made in (K.random_normal(shape), K.random_uniform(shape=(shape[0], 3), seed=1), K.dropout(inputs, 0.5),
                     K.random_normal((5, 3), mean=inputs), K.truncated_normal(shape), K.random_binomial(shape, 0.5)):
            f = K.function([inputs], [made])
            assert made.shape[-1] in (3, None) and f([x])[0].shape == (5, 3) and (f([x])[0] != f([x])[0]).any()
    """,
    "functions": """
        a, b = Input((3,)), K.placeholder((None, 1))
        hidden = Dense(4, activation="relu")(a)
        out = Dense(2)(hidden) * b
        model = Model(a, hidden)
        f = K.function([a, b], [out, [hidden, model.layers[1].kernel], K.constant(2)], name="f")
        ones = np.ones((5, 1))
        got, (inner, kernel), two = f([x, ones])
        near(inner, np.maximum(x @ kernel, 0)); near(inner, model.predict(x, verbose=0))
        assert two == 2 and isinstance(got, np.ndarray) and got.shape == (5, 2)
        near(K.function([hidden, b], out)([inner, 2 * ones]), 2 * got)          # from the middle on; one output, not in a list
        near(K.function(a, hidden)(x), inner); near(K.function(model.inputs, model.outputs)([x])[0], inner)
        assert K.function([a], [K.sum(a)])([x.astype("float64")])[0].dtype == np.float32
        assert K.function([], [K.variable(3.0)])([]) == [3]
        counter = K.variable(1.0)
        f = K.function([a], [K.sum(a) * 0 + counter])
        K.set_value(counter, 5)
        assert f([x]) == [5]
        for wrong, message in ((lambda: f([x, x]), "takes 1 inputs"), (lambda: f([x[:, :2]]), "Cannot feed value of shape"),
                               (lambda: K.function([a], [out]), "disconnected"), (lambda: K.function([a], [None]), "is None")):
            with pytest.raises(ValueError, match=message):
                wrong()
        with pytest.raises(TypeError, match="symbolic"):
            K.function([K.variable(1.0)], [a])
        with pytest.warns(UserWarning, match="feed_dict"):
            K.function([a], [a], feed_dict={})
        import io, contextlib
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            drawn = K.print_tensor(a, message="a is") * 2
            assert shown.getvalue() == ""
            near(K.function([a], [drawn])([x[:1]])[0], 2 * x[:1])
        assert shown.getvalue().startswith("a is [[")
        with K.get_session() as session:
            near(session.run(hidden, feed_dict={a: x}), inner)
            assert session.run([counter, None]) == [5, None]
            near(session.run([out], {a: x, b: ones, K.learning_phase(): 0})[0], got)
        K.set_session(None); K.manual_variable_initialization(True); K.experimental.enable_tf_random_generator()
        assert K.eager(len) is len is K.symbolic(len) and K.pattern_broadcast(a, (True,)) is a
        assert K.get_variable_shape(counter) == ()
        K.set_epsilon(0.5)
        near(K.eval(K.clip(K.constant(0.1), K.epsilon(), 1)), 0.5)
        near(K.eval(K.binary_crossentropy(K.constant([1.0]), K.constant([0.1]))), [0.0])        # log(0.5 + 0.5)
        K.set_epsilon(1e-7); K.set_floatx("float64")
        assert K.dtype(K.zeros((2,))) == K.dtype(K.placeholder((2,))) == "float64" == K.cast_to_floatx([1]).dtype
        K.set_floatx("float32"); K.set_image_data_format("channels_first")
        assert K.int_shape(K.spatial_2d_padding(K.ones((1, 1, 2, 2)))) == (1, 1, 4, 4)
        K.set_image_data_format("channels_last")
        with K.control_dependencies([out]), K.name_scope("n"):
            pass
        K.set_image_dim_ordering("th")
        assert (K.image_dim_ordering(), K.image_data_format(), K.normalize_data_format(None)) == ("th", *["channels_first"] * 2)
        K.set_image_dim_ordering("tf")
        assert K.image_dim_ordering() == "tf" and K.get_uid("a") == 1 and K.get_uid("a") == 2
        K.reset_uids()
        assert K.get_uid("a") == 1
    """,
    "gradients": """
        keras.utils.set_random_seed(1)
        model = Sequential([Input((3,)), Dense(4, activation="tanh"), Dropout(0.5), Dense(2, activation="softmax")])
        dense, last = model.layers[0], model.layers[2]
        loss = K.mean(model.output[:, 1])
        data = torch.tensor(x, requires_grad=True)
        hidden = torch.tanh(data @ dense.kernel + dense.bias)
        value = torch.softmax(hidden @ last.kernel + last.bias, -1)[:, 1].mean()
        wanted = torch.autograd.grad(value, [data, hidden, dense.kernel.raw, last.bias.raw])
        wanted = [w.numpy() for w in wanted]
        wanted[2] = wanted[2].T if wanted[2].shape != (3, 4) else wanted[2]
        sources = [model.input, dense.output, dense.kernel, last.bias]
        for frozen in (False, True):
            model.trainable = not frozen
            slopes = K.gradients(loss, sources)
            assert [tuple(s.shape) for s in slopes] == [(None, 3), (None, 4), (3, 4), (2,)]
            got = K.function([model.input], [loss, slopes])([x])
            near(got[0], value.item()); [near(a, b) for a, b in zip(got[1], wanted, strict=True)]
            assert dense.kernel.raw.requires_grad is not frozen
        assert K.gradients(loss, K.placeholder((2,))) == [None] and len(K.gradients(loss, model.input)) == 1
        # by a variable of one's own, of vectors (summed), twice, and of integers
        p, v = K.placeholder((None, 2)), K.variable([1.0, 2.0])
        cube = p * p * p * v
        first, of_v = K.gradients(cube, [p, v])
        second = K.gradients(K.sum(first), [p])[0]
        a = np.array([[1, 2], [3, 4]], "float32")
        one, two, three = K.function([p], [first, of_v, second])([a])
        near(one, 3 * a ** 2 * [1, 2]); near(two, (a ** 3).sum(0)); near(three, 6 * a * [1, 2])
        K.set_value(v, [0, 1])
        near(K.function([p], [first])([a])[0], 3 * a ** 2 * [0, 1])
        number = K.placeholder((None,), dtype="int32")
        assert K.gradients(K.sum(K.cast(number, "float32")), [number]) == [None]
        total = K.gradients([K.sum(p), K.sum(2 * p)], p)
        near(K.function([p], total)([a])[0], np.full((2, 2), 3))
        away = K.gradients(K.sum(K.stop_gradient(p) * p), p)
        near(K.function([p], away)([a])[0], a)
        # of values
        near(K.eval(K.gradients(K.sum(K.square(v)), [v])[0]), [0, 2])
        assert K.gradients(K.sum(K.square(v)), [K.variable(1.0)]) == [None]
        with pytest.raises(ValueError, match="no record"):
            K.gradients(K.sum(K.square(v)), [K.constant(1.0)])
        near(Model(model.input, K.gradients(loss, model.input)[0]).predict(x, verbose=0), wanted[0])
        with pytest.raises(RuntimeError, match="K.function"):
            Model(model.input, K.gradients(loss, dense.kernel)[0]).predict(x, verbose=0)
    """,
    "what cannot be": """
        p, t = K.placeholder((None, 3)), K.placeholder((None, None, 3))
        step = lambda x, s: (x, s)
        for wrong, message in (
            (lambda: K.batch_dot(p, K.placeholder((None, 4))), r"x.shape\\[1\\] != y.shape\\[1\\]"),
            (lambda: K.batch_dot(p, p, axes=0), "axis 0"), (lambda: K.batch_dot(p, K.ones((3,))), "rank < 2"),
            (lambda: K.batch_dot(K.ones((2, 3)), K.ones((4, 3))), "different batch sizes"),
            (lambda: K.batch_dot(p, p, axes=[[1], [1]]), "Multiple target"),
            (lambda: K.rnn(step, p, []), "at least 3D"), (lambda: K.rnn(step, t, [], unroll=True), "fixed number"),
            (lambda: K.rnn(step, t, [], mask=p), "needs states"),
            (lambda: K.rnn(lambda x, s: (x + K.placeholder((3,)), s), t, []), "does not get as an argument"),
            (lambda: K.switch(K.ones((2, 3)), K.ones((2,)), K.ones((2,))), "Rank of `condition`"),
            (lambda: K.slice(p, (0,), (1,)), "should match"), (lambda: K.bias_add(t, K.ones((1, 2, 3))), "Unexpected bias"),
            (lambda: K.resize_images(K.ones((1, 2, 2, 1)), 2, 2, "channels_last", "cubic"), "nearest"),
            (lambda: K.pool2d(K.ones((1, 2, 2, 1)), (2, 2), pool_mode="min"), "pool_mode"),
            (lambda: K.conv1d(K.ones((1, 2, 2)), K.ones((2, 2, 1)), padding="causal", data_format="channels_first"), "causal"),
            (lambda: K.conv2d_transpose(K.ones((1, 2, 2, 1)), K.ones((2, 2, 1, 1)), (1, 9, 4, 1), (2, 2)), "does not go with"),
            (lambda: K.repeat(t, 2), "two axes"), (lambda: K.normalize_data_format("channels"), "data_format"),
            (lambda: K.spatial_2d_padding(K.ones((1, 2, 2, 1)), ((1, 1),)), "2 pairs"),
        ):
            with pytest.raises(ValueError, match=message):
                wrong()
        with pytest.raises(NotImplementedError, match="more numbers"):
            K.tile(p, (1, 2, 3))
        with pytest.raises(TypeError, match="twice"):
            K.expand_dims(p, axis=1, dim=1)
        sparse = K.ctc_label_dense_to_sparse(np.array([[1, 2, 3], [4, 5, 6]]), np.array([2, 1]))
        assert K.eval(sparse).tolist() == [[1, 2, 0], [4, 0, 0]]
        states = K.rnn(step, np.ones((2, 4, 3), "float32"), [], return_all_outputs=False)
        assert K.int_shape(states[1]) == (2, 1, 3) and states[2] == []
    """,
}

# In the style of the scripts of the time.
SCRIPTS = {
    "saliency and class activation maps": """
        keras.utils.set_random_seed(3)
        model = Sequential()
        model.add(Conv2D(4, (3, 3), activation="relu", padding="same", name="conv", input_shape=(8, 8, 3)))
        model.add(Flatten())
        model.add(Dense(5, activation="softmax"))
        img = rng.uniform(size=(1, 8, 8, 3)).astype("float32")
        class_idx = np.argmax(model.predict(img, verbose=0)[0])
        class_output = model.output[:, class_idx]
        last_conv_layer = model.get_layer("conv")
        grads = K.gradients(class_output, last_conv_layer.output)[0]
        pooled_grads = K.mean(grads, axis=(0, 1, 2))
        iterate = K.function([model.input], [pooled_grads, last_conv_layer.output[0]])
        pooled_grads_value, conv_layer_output_value = iterate([img])
        for i in range(4):
            conv_layer_output_value[:, :, i] *= pooled_grads_value[i]
        heatmap = np.maximum(np.mean(conv_layer_output_value, axis=-1), 0)
        assert heatmap.shape == (8, 8) and heatmap.max() > 0
        # the gradient, by differences
        saliency = K.function([model.input], [K.gradients(class_output, model.input)[0]])([img])[0]
        for place in ((0, 1, 2, 0), (0, 7, 7, 2), (0, 4, 4, 1)):
            up, down = img.copy(), img.copy()
            up[place] += 0.02; down[place] -= 0.02
            probs = [model.predict(each, verbose=0)[0, class_idx] for each in (up, down)]
            near(saliency[place], (probs[0] - probs[1]) / 0.04, 1e-3)
    """,
    "filters and dreams": """
        keras.utils.set_random_seed(3)
        dream = Input(batch_shape=(1, 12, 12, 3))
        y = Conv2D(4, (3, 3), activation="relu", padding="same", name="block1")(dream)
        y = layers.MaxPooling2D((2, 2))(y)
        y = Conv2D(6, (3, 3), activation="relu", padding="same", name="block2")(y)
        model = Model(dream, y)
        layer_dict = dict([(layer.name, layer) for layer in model.layers])
        loss = K.variable(0.)
        for layer_name, coeff in {"block1": 0.5, "block2": 1.5}.items():
            out = layer_dict[layer_name].output
            scaling = K.prod(K.cast(K.shape(out), "float32"))
            loss = loss + coeff * K.sum(K.square(out[:, 2: -2, 2: -2, :])) / scaling
        grads = K.gradients(loss, dream)[0]
        grads /= K.maximum(K.mean(K.abs(grads)), K.epsilon())
        fetch_loss_and_grads = K.function([dream], [loss, grads])
        img, values = rng.uniform(size=(1, 12, 12, 3)).astype("float32"), []
        for _ in range(5):
            loss_value, grad_values = fetch_loss_and_grads([img])
            near(abs(grad_values).mean(), 1, 1e-4)
            img += 0.01 * grad_values
            values.append(loss_value)
        assert all(a < b for a, b in zip(values, values[1:])) and values[-1] > 1.1 * values[0], values
    """,
    "the style of one image and the content of another": """
        keras.utils.set_random_seed(3)
        img_nrows = img_ncols = 8
        base_image = K.variable(rng.uniform(size=(1, 8, 8, 3)))
        style_reference_image = K.variable(rng.uniform(size=(1, 8, 8, 3)))
        if K.image_data_format() == "channels_first":
            combination_image = K.placeholder((1, 3, img_nrows, img_ncols))
        else:
            combination_image = K.placeholder((1, img_nrows, img_ncols, 3))
        input_tensor = K.concatenate([base_image, style_reference_image, combination_image], axis=0)
        features = Conv2D(4, (3, 3), activation="relu", padding="same", name="conv1")
        deeper = Conv2D(4, (3, 3), activation="relu", padding="same", name="conv2")
        outputs_dict = {"conv1": features(input_tensor)}
        outputs_dict["conv2"] = deeper(outputs_dict["conv1"])
        def gram_matrix(x):
            assert K.ndim(x) == 3
            flat = K.batch_flatten(K.permute_dimensions(x, (2, 0, 1)))
            return K.dot(flat, K.transpose(flat))
        def style_loss(style, combination):
            return K.sum(K.square(gram_matrix(style) - gram_matrix(combination))) / (4. * (3 ** 2) * (64 ** 2))
        def total_variation_loss(x):
            a = K.square(x[:, :img_nrows - 1, :img_ncols - 1, :] - x[:, 1:, :img_ncols - 1, :])
            b = K.square(x[:, :img_nrows - 1, :img_ncols - 1, :] - x[:, :img_nrows - 1, 1:, :])
            return K.sum(K.pow(a + b, 1.25))
        loss = K.variable(0.0)
        layer_features = outputs_dict["conv2"]
        loss += 0.025 * K.sum(K.square(layer_features[2, :, :, :] - layer_features[0, :, :, :]))
        for name in ("conv1", "conv2"):
            layer_features = outputs_dict[name]
            loss += style_loss(layer_features[1, :, :, :], layer_features[2, :, :, :]) / 2
        loss += 0.001 * total_variation_loss(combination_image)
        grads = K.gradients(loss, combination_image)
        outputs = [loss]
        if isinstance(grads, (list, tuple)):
            outputs += grads
        else:
            outputs.append(grads)
        f_outputs = K.function([combination_image], outputs)
        image = rng.uniform(size=(1, 8, 8, 3))
        start, grad = f_outputs([image])
        step = 0.02 * grad / abs(grad).max()
        slope = (f_outputs([image + step / 8])[0] - f_outputs([image - step / 8])[0]) / 2
        near(slope, (grad * step / 8).sum(), 2e-2 * abs(slope))
        for _ in range(10):
            value, grad = f_outputs([image])
            image = image - 0.02 * grad / abs(grad).max()
        assert value < 0.8 * start, (start, value)
        K.set_value(base_image, image)                  # the graph reads what the variable holds now
        assert f_outputs([image])[0] < value
    """,
    "a variational autoencoder": """
        keras.utils.set_random_seed(3)
        original_dim, latent_dim, epsilon_std = 12, 2, 1.0
        inputs = Input(shape=(original_dim,))
        h = Dense(8, activation="relu")(inputs)
        z_mean, z_log_var = Dense(latent_dim)(h), Dense(latent_dim)(h)
        def sampling(args):
            z_mean, z_log_var = args
            batch, dim = K.shape(z_mean)[0], K.int_shape(z_mean)[1]
            epsilon = K.random_normal(shape=(batch, dim), mean=0., stddev=epsilon_std)
            return z_mean + K.exp(z_log_var / 2) * epsilon
        z = Lambda(sampling, output_shape=(latent_dim,))([z_mean, z_log_var])
        decoded = Dense(original_dim, activation="sigmoid")(Dense(8, activation="relu")(z))
        class Losses(layers.Layer):
            def call(self, args):
                x, decoded, z_mean, z_log_var = args
                xent_loss = original_dim * K.mean(K.binary_crossentropy(x, decoded), axis=-1)
                kl_loss = - 0.5 * K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)
                self.add_loss(K.mean(xent_loss + kl_loss))
                return decoded
        vae = Model(inputs, Losses()([inputs, decoded, z_mean, z_log_var]))
        vae.compile(optimizer="rmsprop", loss=None)
        data = (rng.uniform(size=(200, 12)) < 0.1).astype("float32")
        history = vae.fit(data, epochs=8, batch_size=20, verbose=0).history["loss"]
        assert history[-1] < 0.9 * history[0], history
        assert (vae.predict(data[:4], verbose=0) != vae.predict(data[:4], verbose=0)).any()
    """,
    "losses and metrics of one's own, and twins": """
        keras.utils.set_random_seed(3)
        def euclidean_distance(vects):
            x, y = vects
            return K.sqrt(K.maximum(K.sum(K.square(x - y), axis=1, keepdims=True), K.epsilon()))
        def contrastive_loss(y_true, y_pred):
            margin = 1
            return K.mean(y_true * K.square(y_pred) + (1 - y_true) * K.square(K.maximum(margin - y_pred, 0)))
        def accuracy(y_true, y_pred):
            return K.mean(K.equal(y_true, K.cast(y_pred < 0.5, y_true.dtype)))
        def recall(y_true, y_pred):
            true_positives = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
            return true_positives / (K.sum(K.round(K.clip(y_true, 0, 1))) + K.epsilon())
        base = Sequential([Dense(8, activation="relu", input_shape=(3,)), Dense(2)])
        a, b = Input((3,)), Input((3,))
        distance = Lambda(euclidean_distance, output_shape=(1,))([base(a), base(b)])
        model = Model([a, b], distance)
        model.compile(loss=contrastive_loss, optimizer="adam", metrics=[accuracy, recall])
        left = rng.normal(size=(300, 3)).astype("float32")
        same = rng.integers(0, 2, (300, 1)).astype("float32")
        right = np.where(same > 0, left + 0.1 * rng.normal(size=(300, 3)), rng.normal(size=(300, 3)) + 1)
        right = right.astype("float32")
        history = model.fit([left, right], same, epochs=15, batch_size=30, verbose=0).history
        assert history["loss"][-1] < 0.6 * history["loss"][0] and history["accuracy"][-1] > 0.8, history
        got = model.predict([left, right], verbose=0)
        value, hits, found = model.evaluate([left, right], same, batch_size=300, verbose=0)
        near(value, (same * got ** 2 + (1 - same) * np.maximum(1 - got, 0) ** 2).mean(), 1e-4)
        near(hits, (same == (got < 0.5)).mean(), 1e-4)
        near(found, np.round(np.clip(same * got, 0, 1)).sum() / same.sum(), 1e-3)
    """,
    "reading by ctc": """
        keras.utils.set_random_seed(3)
        def ctc_lambda_func(args):
            y_pred, labels, input_length, label_length = args
            y_pred = y_pred[:, 2:, :]
            return K.ctc_batch_cost(labels, y_pred, input_length, label_length)
        data = Input(name="the_input", shape=(10, 4), dtype="float32")
        y_pred = Dense(5, activation="softmax", name="softmax")(Dense(16, activation="tanh")(data))
        labels = Input(name="the_labels", shape=[3], dtype="float32")
        input_length = Input(name="input_length", shape=[1], dtype="int64")
        label_length = Input(name="label_length", shape=[1], dtype="int64")
        loss_out = Lambda(ctc_lambda_func, output_shape=(1,), name="ctc")([y_pred, labels, input_length, label_length])
        model = Model(inputs=[data, labels, input_length, label_length], outputs=loss_out)
        model.compile(loss={"ctc": lambda y_true, y_pred: y_pred}, optimizer=keras.optimizers.Adam(lr=0.02))
        test_func = K.function([data], [y_pred])
        text = rng.integers(0, 4, (64, 3))
        image = np.zeros((64, 10, 4), "float32")
        for row, word in enumerate(text):
            for place, letter in enumerate(word):
                image[row, 2 + 2 * place + 1, letter] = 1          # a letter, a pause
        given = [image, text.astype("float32"), np.full((64, 1), 8), np.full((64, 1), 3)]
        first = model.evaluate(given, np.zeros((64, 1)), verbose=0)
        model.fit(given, np.zeros((64, 1)), epochs=150, batch_size=32, verbose=0)
        assert model.evaluate(given, np.zeros((64, 1)), verbose=0) < 0.1 * first
        out = test_func([image])[0]
        decoded = K.get_value(K.ctc_decode(out[:, 2:], np.full(64, 8), greedy=True)[0][0])[:, :3]
        assert (decoded == text).mean() > 0.95
    """,
    "layers of one's own": """
        keras.utils.set_random_seed(3)
        class Linear(layers.Layer):
            def __init__(self, output_dim, **kwargs):
                self.output_dim = output_dim
                super(Linear, self).__init__(**kwargs)
            def build(self, input_shape):
                self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.output_dim), initializer="uniform",
                                              trainable=True)
                super(Linear, self).build(input_shape)
            def call(self, x):
                return K.dot(x, self.kernel)
            def compute_output_shape(self, input_shape):
                return (input_shape[0], self.output_dim)
        class Attention(layers.Layer):
            def build(self, input_shape):
                self.W = self.add_weight(name="W", shape=(input_shape[-1], 1), initializer="normal")
                super(Attention, self).build(input_shape)
            def call(self, x):
                e = K.squeeze(K.tanh(K.dot(x, self.W)), axis=-1)
                alpha = K.expand_dims(K.softmax(e))
                return K.sum(x * alpha, axis=1)
        def antirectifier(x):
            x -= K.mean(x, axis=1, keepdims=True)
            x = K.l2_normalize(x, axis=1)
            return K.concatenate([K.relu(x), K.relu(-x)], axis=1)
        inputs = Input((6, 3))
        model = Model(inputs, Linear(1)(Lambda(antirectifier)(Attention()(inputs))))
        model.compile("adam", "mse")
        seq = rng.normal(size=(40, 6, 3)).astype("float32")
        history = model.fit(seq, seq[:, 0, :1], epochs=30, verbose=0).history["loss"]
        assert history[-1] < history[0]
        W, kernel = model.get_weights()
        e = np.exp(np.tanh(seq @ W)); mixed = (seq * e / e.sum(1, keepdims=True)).sum(1)
        mixed -= mixed.mean(1, keepdims=True); mixed /= np.sqrt((mixed ** 2).sum(1, keepdims=True))
        near(model.predict(seq, verbose=0), np.concatenate([np.maximum(mixed, 0), np.maximum(-mixed, 0)], 1) @ kernel, 1e-4)
        K.set_value(model.optimizer.lr, 0.5)
        assert K.get_value(model.optimizer.lr) == 0.5 and float(K.eval(model.optimizer.lr)) == 0.5
    """,
}


@pytest.mark.parametrize("name", [*SNIPPETS, *SCRIPTS])
def test_in_a_fresh_interpreter(name, python, repository, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(BEGIN + NAMES_LINE + textwrap.dedent({**SNIPPETS, **SCRIPTS}[name]))
    python(script, path=[repository / "compat" / "shims"], ok=True)
