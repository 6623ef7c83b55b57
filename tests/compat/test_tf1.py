"""Scripts in the style of TensorFlow 1 over the stand-in, each in an interpreter of its own."""

import textwrap

import pytest

SCRIPTS = {
    "Keras layers in a graph of one's own": """
        import numpy as np
        import tensorflow as tf
        from keras import backend as K
        from keras.layers import Dense
        from keras.objectives import categorical_crossentropy
        config = tf.ConfigProto(allow_soft_placement=True)
        config.gpu_options.allow_growth = True
        config.gpu_options.per_process_gpu_memory_fraction = 0.3
        sess = tf.Session(config=config)
        K.set_session(sess)
        tf.set_random_seed(3)
        points = tf.placeholder(tf.float32, shape=(None, 4))
        labels = tf.placeholder(tf.float32, shape=(None, 2))
        predicted = Dense(2, activation="softmax")(Dense(8, activation="relu")(points))
        loss = tf.reduce_mean(categorical_crossentropy(labels, predicted))
        counter = tf.train.get_or_create_global_step()
        step = tf.train.GradientDescentOptimizer(0.5).minimize(loss, global_step=counter)
        sess.run(tf.global_variables_initializer())
        r = np.random.RandomState(0)
        x = r.randn(64, 4).astype("float32")
        y = np.eye(2)[(x[:, 0] > 0).astype(int)]
        before = sess.run(loss, {points: x, labels: y})
        with sess.as_default():
            for i in range(30):
                step.run(feed_dict={points: x, labels: y})
            right = tf.equal(tf.argmax(predicted, 1), tf.argmax(labels, dimension=1))
            assert tf.reduce_mean(tf.cast(right, tf.float32)).eval(feed_dict={points: x, labels: y}) > 0.95
        _, after = sess.run([step, loss], feed_dict={points: x, labels: y})
        assert after < before / 3 and sess.run(counter) == 31 and counter.eval() == 31
        found = sess.run({"loss": loss, "both": [predicted, labels]}, {points: x[:1], labels: y[:1]})
        assert found["both"][0].shape == (1, 2) and isinstance(found["both"][0], np.ndarray)
    """,
    "softmax by hand": """
        import numpy as np
        import tensorflow as tf
        x, y = tf.placeholder("float", [None, 3]), tf.placeholder("float", [None, 2])
        W, b = tf.Variable(tf.zeros([3, 2])), tf.Variable(tf.zeros([2]))
        guess = tf.nn.softmax(tf.matmul(x, W) + b)
        cost = tf.reduce_mean(-tf.reduce_sum(y * tf.log(guess + 1e-8), reduction_indices=1))
        slopes = tf.gradients(cost, [W, b])
        train = tf.train.GradientDescentOptimizer(1.0).minimize(cost)
        data = np.array([[1, 0, 0], [0, 1, 0]], "float32"), np.array([[1, 0], [0, 1]], "float32")
        feed = {x: data[0], y: data[1]}
        with tf.Session() as sess:
            sess.run(tf.initialize_all_variables())
            np.testing.assert_allclose(sess.run(slopes[0], feed), [[-0.25, 0.25], [0.25, -0.25], [0, 0]], atol=1e-6)
            sess.run(train, feed_dict=feed)
            np.testing.assert_allclose(sess.run(W), [[0.25, -0.25], [-0.25, 0.25], [0, 0]], atol=1e-6)
            np.testing.assert_allclose(sess.run(cost, feed), np.log1p(np.exp(-0.5)), rtol=1e-5)
    """,
    "an actor learns from the gradients of its critic": """
        import numpy as np
        import tensorflow as tf
        from tensorflow.keras import Input, Model, backend as K, layers
        state = Input((3,))
        actor = Model(state, layers.Dense(1, use_bias=False, kernel_initializer="ones")(state))
        of_critic = tf.placeholder(tf.float32, [None, 1])
        slopes = tf.gradients(actor.output, actor.trainable_weights, -of_critic)
        pairs = list(zip(slopes, actor.trainable_weights))
        steps = [tf.train.GradientDescentOptimizer(0.1).apply_gradients(pairs) for _ in range(2)]
        x, g = np.array([[1, 2, 3], [0, 1, 0]], "float32"), np.array([[1], [10]], "float32")
        feed, near = {actor.input: x, of_critic: g}, np.testing.assert_allclose
        with tf.Session() as sess:
            near(sess.run(slopes, feed)[0], -x.T @ g)
            both = tf.gradients([actor.output, actor.output], state, [of_critic, None])
            near(sess.run(both, feed)[0], np.repeat(g + 1, 3, 1))
            sess.run(steps[0], feed)
            near(actor.get_weights()[0], 1 + 0.1 * x.T @ g, rtol=1e-6)
        K.get_session().run([steps[1]], feed)  # Keras's session makes steps too
        near(actor.get_weights()[0], 1 + 0.2 * x.T @ g, rtol=1e-6)
        pairs = tf.train.GradientDescentOptimizer(0.1).compute_gradients(tf.reduce_sum(actor.output))
        assert [variable for _, variable in pairs] == actor.trainable_weights
        near(sess.run(pairs[0][0], feed), [[1], [3], [3]])
        x = tf.constant([1.0, 2.0])
        x.requires_grad_()
        assert tf.gradients(x * x, x, grad_ys=tf.constant([10.0, 1.0]))[0].tolist() == [20, 4]
    """,
    "a layer that takes the gradients of a model by two of its inputs": """
        import numpy as np
        import tensorflow as tf
        from tensorflow.keras import Input, Model, layers
        start, end = Input((1,), name="start"), [Input((1,), name="x"), Input((1,), name="y")]
        both = layers.Concatenate()(end)
        far = layers.Dense(1, use_bias=False)(layers.Lambda(lambda z: tf.square(z))(both))
        slopes = layers.Lambda(lambda z: tf.gradients(z[0], z[1], unconnected_gradients="zero"))([far, [*end, start]])
        steep = layers.Lambda(lambda z: tf.norm(z, axis=-1, keepdims=True))(layers.Concatenate()(slopes))
        model = Model([start, *end], steep)
        data = {"start": np.ones((2, 1)), "x": np.array([[1.0], [0]]), "y": np.array([[2.0], [3]])}
        model.set_weights([np.array([[1.5], [2]])])
        by_hand = [[73**0.5], [12]]  # the root of (2 * 1.5 x)^2 + (2 * 2 y)^2
        np.testing.assert_allclose(model.predict(data, verbose=0), by_hand, rtol=1e-6)
        model.compile("sgd", "mae")
        model.fit(data, np.zeros((2, 1)), epochs=5, verbose=0)
        assert (np.abs(model.get_weights()[0].ravel()) < [1.5, 2]).all()
        assert tf.gradients(far * 1, [start, end[0]])[0] is None
    """,
    "names that went: tf.losses, tf.keras.experimental, the writer of a callback": """
        import numpy as np, pytest
        import tensorflow as tf
        from tensorflow import dtypes
        from tensorflow.python.framework.ops import EagerTensor
        from tensorflow.python.ops.resource_variable_ops import ResourceVariable
        from keras.layers import K, Dense
        x = dtypes.cast([1.75], tf.int32)
        assert type(x) is EagerTensor and type(tf.Variable(x)) is ResourceVariable
        assert K is tf.keras.backend and tf.VERSION == tf.__version__
        drawn = Dense(2)(tf.keras.Input((3, 4)))
        assert drawn.shape == (None, 3, 2) and drawn.shape.as_list()[1:] == [3, 2] and drawn.shape.rank == 3
        variable, counted = tf.Variable(1.0), tf.train.get_or_create_global_step()
        descent, before = tf.train.GradientDescentOptimizer(0.5), int(counted)
        descent.apply_gradients([(tf.constant(1.0), variable)], global_step=counted)
        descent.minimize(lambda: variable * 2.0, [variable], global_step=counted)
        assert variable.numpy() == -0.5 and int(counted) == before + 2
        losses = tf.losses
        assert losses.MeanSquaredError is tf.keras.losses.MeanSquaredError
        assert losses.mean_squared_error([1.0], [3.0]).item() == 4 and tf.gfile.Exists(".")
        assert losses.softmax_cross_entropy([[0.0, 1.0]], [[0.0, 1.0]]).item() == pytest.approx(0.313262, rel=1e-5)
        given = ([0.0, 1.0, 5.0], [3.0, 1.5, 5.0])
        kinds, weights = tf.losses.Reduction, [1.0, 3.0, 0.0]
        wanted = {"NONE": [2.5, 0.375, 0], "SUM": 2.875, "SUM_OVER_BATCH_SIZE": 2.875 / 3, "SUM_BY_NONZERO_WEIGHTS": 2.875 / 2}
        for kind, value in {**wanted, "MEAN": 2.875 / 4}.items():
            found = losses.huber_loss(*given, weights=weights, reduction=getattr(kinds, kind))
            np.testing.assert_allclose(found, value, rtol=1e-6, err_msg=kind)
        assert losses.MeanSquaredError(reduction=kinds.SUM)([[1.0], [2.0]], [[2.0], [4.0]]).item() == 5
        assert tf.compat.v1.losses.absolute_difference(*given, reduction=tf.compat.v1.losses.Reduction.SUM).item() == 3.5
        # What TensorFlow 2.21's own cell, in tensorflow.python.keras, gives for these weights and inputs.
        PEEPED = [
            [[0.00299897, 0.0], [-0.2560933, -0.21844076], [-0.50778884, -0.62486553], [0.0507918, 0.0]],
            [[-0.01036701, -0.39211544], [-0.29013985, 0.00954922], [0.11397071, 0.0], [0.0866653, 0.0]],
        ]
        experimental = tf.keras.experimental
        assert experimental.CosineDecay is tf.keras.optimizers.schedules.CosineDecay
        wave = experimental.LinearCosineDecay(0.1, 10, num_periods=1.0, alpha=0.5, beta=0.25)
        np.testing.assert_allclose(wave(np.array([0.0, 2.5, 5, 10, 20])), [0.175, 0.0875, 0.025, 0.075, 0.075], rtol=1e-6)
        noisy = experimental.NoisyLinearCosineDecay(0.1, 10, initial_variance=1e-12)
        assert float(noisy(4)) == pytest.approx(float(experimental.LinearCosineDecay(0.1, 10)(4)), rel=1e-4)
        assert tf.keras.callbacks.experimental.BackupAndRestore is tf.keras.callbacks.BackupAndRestore
        x = np.random.default_rng(3).normal(size=(2, 4, 3)).astype("float32")
        cell = experimental.PeepholeLSTMCell(2, kernel_initializer="he_normal")
        layer = tf.keras.layers.RNN(cell, return_sequences=True)
        layer.build(x.shape)
        assert [tuple(w.shape) for w in layer.weights] == [(3, 8), (2, 8), (8,), (2,), (2,), (2,)]
        numbers = np.random.default_rng(5)
        layer.set_weights([numbers.normal(size=w.shape).astype("float32") for w in layer.get_weights()])
        np.testing.assert_allclose(layer(x).numpy(), PEEPED, atol=1e-6)
        again = type(cell).from_config(cell.get_config())
        assert type(again.kernel_initializer) is type(cell.kernel_initializer) and again.units == 2
        if pytest.importorskip("tensorboard"):
            callback = tf.keras.callbacks.TensorBoard("of_callback")
            model = tf.keras.Sequential([Dense(1, input_shape=(2,))])
            callback.set_model(model)
            summary = tf.Summary(value=[tf.Summary.Value(tag="loss", simple_value=0.5)])
            callback.writer.add_summary(summary, 2)
            callback.writer.flush()
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            events = EventAccumulator("of_callback/train").Reload()
            assert [(event.step, event.value) for event in events.Scalars("loss")] == [(2, 0.5)]
    """,
    "optimizers of tf.train": """
        import numpy as np
        import tensorflow as tf
        import tensorflow.compat.v1 as tf1
        from tensorflow import keras
        assert tf1.train.AdamOptimizer is tf.train.AdamOptimizer and tf.compat.v1.train is tf.train
        adam = tf.train.AdamOptimizer(0.01)
        assert float(adam.learning_rate) == np.float32(0.01) and adam.epsilon == 1e-8
        assert isinstance(adam, keras.optimizers.Adam)
        assert tf.train.RMSPropOptimizer(0.1).rho == 0.9 and tf.train.MomentumOptimizer(0.1, 0.8).momentum == 0.8
        values = []
        for settings in ({}, {"momentum": 0.9, "centered": True}):
            v, rms = tf.Variable([1.0, 2.0]), tf.train.RMSPropOptimizer(0.1, **settings)
            for slope in ([0.1, 0.2], [0.3, -0.1], [1e-4, 2.0]):
                rms.apply_gradients([(tf.constant(slope), v)])
            values += v.numpy().tolist()
        np.testing.assert_allclose(values, [0.95632, 1.80216, 0.90843, 1.77249], atol=1e-5)  # measured with TensorFlow
        assert keras.optimizers.RMSprop(0.1).slot_initializers() == {}
        np.testing.assert_allclose(tf.reduce_mean(tf.ones((2, 3, 4)), axis=range(1, 3)), [1, 1])
        assert tf1.train.AdagradOptimizer(0.1).initial_accumulator_value == 0.1
        assert tf1.train.AdadeltaOptimizer().rho == 0.95 and tf1.train.FtrlOptimizer(0.1).learning_rate_power == -0.5
        model = keras.Sequential([keras.layers.Dense(1, input_shape=(2,), kernel_initializer="ones")])
        model.compile(loss="mse", optimizer=tf.train.GradientDescentOptimizer(0.25), metrics=["mae"])
        model.fit(np.array([[1.0, 1.0]]), np.array([0.0]), verbose=0)
        np.testing.assert_allclose(model.get_weights()[0].ravel(), [0, 0], atol=1e-6)
        rate = tf.train.exponential_decay(0.5, tf.train.get_global_step(), 10, 0.5, staircase=True)
        assert abs(float(rate(25)) - 0.125) < 1e-6 and float(tf.train.piecewise_constant(0, [2], [1.0, 0.5])(3)) == 0.5
        model.compile(tf.train.MomentumOptimizer(rate, 0.9), "mse")
        model.fit(np.array([[1.0, 1.0]]), np.array([0.0]), verbose=0)
    """,
    "functions that moved": """
        import numpy as np
        import tensorflow as tf
        x = tf.constant([[1.0, 4.0]])
        near = lambda a, b: np.testing.assert_allclose(np.asarray(a), b, rtol=1e-6)
        near(tf.log(x), np.log([[1.0, 4.0]]))
        near(tf.reduce_sum(x, reduction_indices=[1], keep_dims=True), [[5.0]])
        near(tf.div(7, 2), 3)
        near(tf.div(tf.constant([7.0]), 2.0), [3.5])
        near(tf.to_float(tf.constant([3])) + tf.squared_difference(x[0, 0], 3.0), [7.0])
        near(tf.matrix_determinant(tf.constant([[2.0, 1.0], [0.0, 3.0]])), 6)
        near(tf.py_func(lambda a: a.sum(), [x], tf.float32), 5)
        near(tf.setdiff1d([1, 2, 3], [2])[0], [1, 3])
        near(tf.nn.softmax_cross_entropy_with_logits_v2(labels=[[0.0, 1.0]], logits=x), np.log1p(np.exp(-3)))
        assert tf.image.resize_images(tf.ones((4, 4, 1)), (2, 2)).shape == (2, 2, 1)
        assert tf.random_normal([2, 3]).shape == (2, 3) and tf.truncated_normal([2], stddev=0.1).shape == (2,)
        assert isinstance(tf.glorot_uniform_initializer(), tf.keras.initializers.GlorotUniform)
        losses = tf.compat.v1.losses
        near(losses.mean_squared_error([1.0, 2.0], [1.0, 4.0]), 2)
        near(losses.mean_squared_error([1.0, 2.0], [1.0, 4.0], weights=[0.0, 1.0]), 4)
        near(losses.softmax_cross_entropy([[0.0, 1.0]], x), np.log1p(np.exp(-3)))
        near(losses.sparse_softmax_cross_entropy([1], x), np.log1p(np.exp(-3)))
        near(losses.sigmoid_cross_entropy([[1.0]], [[0.0]]), np.log(2))
        near(losses.huber_loss([0.0, 0.0], [0.5, 3.0]), (0.125 + 2.5) / 2)
        assert tf.layers.dense(x, 3, name="a/b").shape == (1, 3) and tf.layers.flatten(tf.ones((2, 3, 4))).shape == (2, 12)
        assert tf.layers.conv2d(tf.ones((1, 5, 5, 1)), 2, 3, padding="same").shape == (1, 5, 5, 2)
        assert tf.layers.Dense is tf.keras.layers.Dense and tf.layers.dropout(x, 0.5, training=False).tolist() == x.tolist()
        with tf.variable_scope("deep"):
            w = tf.get_variable("w", shape=[2, 2], initializer=tf.zeros_initializer())
        with tf.variable_scope("deep", reuse=True):
            assert tf.get_variable("w", [2, 2]) is w
        assert tf.get_variable("w", [2, 2]) is not w and len(tf.trainable_variables()) == 2
        tf.assign_add(w, tf.ones((2, 2)))
        assert tf.Session().run(w).sum() == 4
        with tf.Graph().as_default() as graph, tf.device("/cpu:0"):
            assert graph.get_collection(tf.GraphKeys.UPDATE_OPS) == [] and tf.get_default_graph().get_operations() == []
        tf.reset_default_graph()
        assert "Session" not in tf.__all__
        a, b = tf.placeholder(tf.float32), tf.placeholder(tf.float32)  # of any shape
        with tf.Session() as session:
            assert session.run(a + b, {a: 3, b: 4.5}) == 7.5
            assert session.run((a + b) * 3.0, {a: [1, 3], b: [[2], [4]]}).tolist() == [[9, 15], [15, 21]]
    """,
    "inside of TensorFlow": """
        import tensorflow as tf
        from tensorflow.python.client import device_lib
        from tensorflow.python.framework import ops, dtypes
        from tensorflow.python.ops import array_ops, math_ops, nn
        from tensorflow.python.platform import gfile
        from tensorflow.python.util import nest
        from tensorflow.python.training import moving_averages
        import tensorflow.python.ops.nn_ops as nn_ops
        assert device_lib.list_local_devices()[0].device_type == "CPU" and dtypes.float32 is tf.float32
        assert math_ops.reduce_sum is tf.reduce_sum and array_ops.concat is tf.concat and nn is tf.nn is nn_ops
        assert gfile is tf.io.gfile and nest is tf.nest and ops.convert_to_tensor is tf.convert_to_tensor
        v = tf.Variable([1.0])
        moving_averages.assign_moving_average(v, 2.0, 0.75)
        assert v.numpy().tolist() == [1.25]
        try:
            from tensorflow.python.ops import nothing_of_that_name
        except ImportError:
            pass
    """,
    "patches": """
        import tensorflow as tf
        image = tf.reshape(tf.constant([1.0, 2.0, 3.0, 4.0]), (1, 2, 2, 1))
        one = [1, 1, 1, 1]
        for word in ("ksizes", "sizes"):
            patches = tf.extract_image_patches(image, **{word: [1, 2, 2, 1]}, strides=one, rates=one, padding="VALID")
            assert patches.numpy().tolist() == [[[[1.0, 2.0, 3.0, 4.0]]]]
    """,
    "more of the inside": """
        import numpy as np
        import tensorflow as tf
        from tensorflow.python.framework import smart_cond
        from tensorflow.python.keras.optimizer_v2.optimizer_v2 import OptimizerV2
        from tensorflow.python.layers import utils
        from tensorflow.python.ops import gen_sparse_ops, init_ops, rnn_cell_impl
        from tensorflow.python.ops.init_ops import Zeros, glorot_normal_initializer
        from tensorflow.python.ops.init_ops_v2 import glorot_normal
        from tensorflow.python.ops.linalg.sparse import sparse
        from tensorflow.python.ops.random_ops import random_shuffle
        from tensorflow.python.ops.rnn_cell import *
        from tensorflow.python.util.tf_export import keras_export
        keras = tf.keras
        assert Zeros is keras.initializers.Zeros and OptimizerV2 is keras.optimizers.Optimizer and random_shuffle
        assert glorot_normal is glorot_normal_initializer is init_ops.glorot_normal_initializer
        assert glorot_normal is keras.initializers.GlorotNormal
        @keras_export("keras.Mine")
        class Mine: here = 1
        assert Mine.here == 1
        assert smart_cond.smart_cond(True, lambda: 1, lambda: 2) == 1 and smart_cond.smart_cond(None, lambda: 1, lambda: 2) == 2
        chosen = smart_cond.smart_cond(tf.constant(False), lambda: tf.constant(1), lambda: tf.constant(2))
        assert int(chosen) == 2
        class Sum(RNNCell):
            state_size = output_size = 3
            def call(self, inputs, state): return inputs + state, inputs + state
        cell = Sum()
        assert cell.zero_state(2, tf.float32).shape == (2, 3) and rnn_cell_impl._like_rnncell(cell)
        assert rnn_cell_impl._concat(2, [3, 4]) == [2, 3, 4] and not rnn_cell_impl._like_rnncell(Mine)
        indices, values = gen_sparse_ops.sparse_reorder([[1, 0], [0, 2]], [5.0, 7.0], [2, 3])
        assert indices.numpy().tolist() == [[0, 2], [1, 0]] and values.numpy().tolist() == [7.0, 5.0]
        a = np.array([[[0.0, 2.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 3.0]]], "float32")
        csr = sparse.CSRSparseMatrix(tf.sparse.from_dense(a))
        np.testing.assert_allclose(sparse.matmul(csr, a, transpose_b=True), a @ a.transpose(0, 2, 1))
        square = sparse.matmul(csr, csr)
        np.testing.assert_allclose(tf.sparse.to_dense(square.to_sparse_tensor()), a @ a)
        assert tuple(square.shape) == (2, 2, 2) and square.dtype == tf.float32
    """,
    "the digits of the tutorials, and words of tf.contrib": """
        import numpy as np
        import torch
        import tensorflow as tf
        from torchkeras_lite.datasets import mnist
        bytes_ = (np.arange(20 * 784) % 256).reshape(20, 28, 28).astype("uint8")
        mnist.load_data = lambda: ((bytes_, np.arange(20) % 10), (bytes_[:3], np.array([1, 2, 3])))
        from tensorflow.examples.tutorials.mnist import input_data
        digits = input_data.read_data_sets("MNIST_data/", one_hot=True, validation_size=5)
        assert digits.train.images.shape == (15, 784) and digits.train.images.dtype == np.float32
        np.testing.assert_allclose(digits.validation.images[0], bytes_[0].ravel() / 255, rtol=1e-6)
        assert digits.test.labels.argmax(1).tolist() == [1, 2, 3] and digits.validation.num_examples == 5
        first, second = digits.train.next_batch(10), digits.train.next_batch(10)
        assert first[0].shape == second[0].shape == (10, 784) and digits.train.epochs_completed == 1
        seen = np.concatenate([first[1], second[1][:5]]).argmax(1)
        assert sorted(seen.tolist()) == sorted((np.arange(5, 20) % 10).tolist())
        contrib = tf.contrib.layers
        assert float(contrib.l2_regularizer(0.1)(torch.ones(10))) == 0.5  # half the sum of squares
        y = contrib.fully_connected(-tf.ones((2, 3)), 4, weights_initializer=tf.ones_initializer())
        assert y.tolist() == [[0] * 4] * 2
        x = tf.reshape(tf.range(16.0), (1, 4, 4, 1))
        assert contrib.max_pool2d(x, 2).flatten().tolist() == [5, 7, 13, 15]
        assert contrib.conv2d(x, 3, [3, 3]).shape == (1, 4, 4, 3)
        assert tf.nn.pool(x, [2, 2], "AVG", strides=[2, 2]).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
        assert tf.nn.pool(x, [2, 2], "MAX", padding="SAME").shape == (1, 4, 4, 1)
    """,
    "queues, and what is in a checkpoint": """
        import tensorflow as tf
        queue = tf.queue.FIFOQueue(3, [tf.float32, tf.int32])
        queue.enqueue_many([[1.0, 2.0], [3, 4]])
        queue.enqueue([5.0, 6])
        try:
            queue.enqueue([7.0, 8])
        except tf.errors.FailedPreconditionError as error:
            assert "full" in str(error)
        assert [int(part) for part in queue.dequeue()] == [1, 3] and int(queue.size()) == 2
        assert [part.tolist() for part in queue.dequeue_many(2)] == [[2, 5], [4, 6]]
        try:
            queue.dequeue()
        except tf.errors.OutOfRangeError as error:
            assert "empty" in str(error)
        path = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0])).save("here/x")
        name, shape = tf.train.list_variables("here")[-1]
        assert name.startswith("v") and shape == [2]
        assert tf.train.load_variable(path, name).tolist() == [1, 2]
        assert not tf.train.load_checkpoint(path).has_tensor("w")
        open("here/old.index", "w").close()
        for place, kind, text in (("here/old", ValueError, "TensorFlow's own format"), ("no", tf.errors.NotFoundError, "'no'")):
            try:
                tf.train.load_checkpoint(place)
            except kind as error:
                assert text in str(error)
            else:
                raise AssertionError
    """,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(name, python, repository, tmp_path):
    begin = "import os; os.environ['TORCHKERAS_ERA'] = '3'\n"
    (tmp_path / "script.py").write_text(begin + textwrap.dedent(SCRIPTS[name]), encoding="utf-8")
    path = [repository / "compat" / "shims", repository]
    python("-W", "error", tmp_path / "script.py", path=path, cwd=tmp_path, ok=True)
