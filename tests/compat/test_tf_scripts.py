"""Scripts in the style of TensorFlow's tutorials run unmodified over the stand-in, each in an interpreter of its own."""

import textwrap

import pytest

SCRIPTS = {
    "linear regression by hand": """
        import tensorflow as tf
        tf.random.set_seed(0)
        x = tf.random.normal(shape=[200])
        y = 3.0 * x + 2.0 + tf.random.normal(shape=[200], stddev=0.01)

        class LinearModel(tf.Module):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.w = tf.Variable(5.0, name="w")
                self.b = tf.Variable(0.0, name="b")

            @tf.function
            def __call__(self, x):
                return self.w * x + self.b

        def loss(target_y, predicted_y):
            return tf.reduce_mean(tf.square(target_y - predicted_y))

        model = LinearModel(name="linear")
        print("Variables:", model.variables)
        losses = []
        for epoch in range(100):
            with tf.GradientTape() as t:
                current_loss = loss(y, model(x))
            dw, db = t.gradient(current_loss, [model.w, model.b])
            model.w.assign_sub(0.1 * dw)
            model.b.assign_sub(0.1 * db)
            losses.append(current_loss.numpy())
            print(f"Epoch {epoch:2d}: W = {model.w.numpy():1.2f}, loss = {current_loss.numpy():2.5f} {current_loss:.3f}")
        assert abs(float(model.w) - 3) < 0.05 and abs(model.b.numpy() - 2) < 0.05 and losses[-1] < 0.01 < losses[0]
        w, b = tf.Variable([[1.0]]), tf.Variable([0.0])
        optimizer = tf.keras.optimizers.SGD(learning_rate=0.1)
        for _ in range(60):
            optimizer.minimize(lambda: tf.reduce_mean((tf.matmul(x[:, tf.newaxis], w) + b - y[:, None]) ** 2), var_list=[w, b])
        assert abs(float(w[0, 0]) - 3) < 0.05 and int(optimizer.iterations) == 60
    """,
    "a training loop by hand": """
        import numpy as np
        import tensorflow as tf
        from tensorflow import keras
        from tensorflow.keras import layers

        tf.random.set_seed(1)
        rng = np.random.default_rng(0)
        x_train = rng.normal(size=(512, 8)).astype("float32")
        y_train = np.argmax(x_train[:, :3], axis=1)
        dataset = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(1024).batch(64).prefetch(tf.data.AUTOTUNE)
        inputs = keras.Input(shape=(8,), name="features")
        h = layers.Dense(32, activation="relu", kernel_regularizer="l2")(inputs)
        h = layers.BatchNormalization()(h)
        model = keras.Model(inputs, layers.Dense(3)(layers.Dropout(0.1)(h)))
        optimizer = keras.optimizers.Adam(1e-2)
        loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        train_acc, mean = keras.metrics.SparseCategoricalAccuracy(), tf.metrics.Mean()

        @tf.function
        def train_step(x, y):
            with tf.GradientTape() as tape:
                logits = model(x, training=True)
                loss_value = loss_fn(y, logits) + tf.add_n(model.losses)
            grads = tape.gradient(loss_value, model.trainable_weights)
            optimizer.apply_gradients(zip(grads, model.trainable_weights))
            train_acc.update_state(y, logits)
            mean(loss_value)
            return loss_value

        @tf.function(input_signature=[tf.TensorSpec([None, 8], tf.float32)], experimental_relax_shapes=True)
        def predict(x):
            return tf.argmax(model(x, training=False), axis=-1)

        moving = model.layers[2].moving_mean.numpy()
        for epoch in range(8):
            for step, (x_batch, y_batch) in enumerate(dataset):
                loss_value = train_step(x_batch, y_batch)
            print("epoch %d loss %.4f acc %.4f" % (epoch, float(loss_value), float(train_acc.result())))
            if epoch < 7:
                train_acc.reset_state()
        assert train_acc.result().numpy() > 0.8 and mean.result() > 0
        assert (model.layers[2].moving_mean.numpy() != moving).any()
        found = predict(tf.constant(x_train))
        assert found.dtype == tf.int64 and tf.reduce_mean(tf.cast(found == tf.constant(y_train), tf.float32)) > 0.8
        confusion = tf.math.confusion_matrix(y_train, found)
        assert confusion.numpy().sum() == 512 and confusion.shape.as_list() == [3, 3]
    """,
    "a DCGAN": """
        import tensorflow as tf
        from tensorflow.keras import layers

        tf.random.set_seed(2)
        images = tf.random.uniform([32, 14, 14, 1], -1, 1)
        train_dataset = tf.data.Dataset.from_tensor_slices(images.numpy()).shuffle(32).batch(16)

        def make_generator_model():
            model = tf.keras.Sequential()
            model.add(layers.Dense(7 * 7 * 8, use_bias=False, input_shape=(10,)))
            model.add(layers.BatchNormalization())
            model.add(layers.LeakyReLU())
            model.add(layers.Reshape((7, 7, 8)))
            model.add(layers.Conv2DTranspose(1, (5, 5), strides=(2, 2), padding="same", use_bias=False, activation="tanh"))
            assert model.output_shape == (None, 14, 14, 1)
            return model

        def make_discriminator_model():
            model = tf.keras.Sequential()
            model.add(layers.Conv2D(8, (5, 5), strides=(2, 2), padding="same", input_shape=[14, 14, 1]))
            model.add(layers.LeakyReLU())
            model.add(layers.Dropout(0.3))
            model.add(layers.Flatten())
            model.add(layers.Dense(1))
            return model

        generator, discriminator = make_generator_model(), make_discriminator_model()
        cross_entropy = tf.keras.losses.BinaryCrossentropy(from_logits=True)

        def discriminator_loss(real_output, fake_output):
            real_loss = cross_entropy(tf.ones_like(real_output), real_output)
            return real_loss + cross_entropy(tf.zeros_like(fake_output), fake_output)

        def generator_loss(fake_output):
            return cross_entropy(tf.ones_like(fake_output), fake_output)

        generator_optimizer, discriminator_optimizer = tf.keras.optimizers.Adam(1e-4), tf.keras.optimizers.Adam(1e-4)
        checkpoint = tf.train.Checkpoint(generator_optimizer=generator_optimizer, generator=generator,
                                         discriminator_optimizer=discriminator_optimizer, discriminator=discriminator)

        @tf.function
        def train_step(images):
            noise = tf.random.normal([tf.shape(images)[0], 10])
            with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
                generated_images = generator(noise, training=True)
                real_output = discriminator(images, training=True)
                fake_output = discriminator(generated_images, training=True)
                gen_loss, disc_loss = generator_loss(fake_output), discriminator_loss(real_output, fake_output)
            gradients_of_generator = gen_tape.gradient(gen_loss, generator.trainable_variables)
            gradients_of_discriminator = disc_tape.gradient(disc_loss, discriminator.trainable_variables)
            generator_optimizer.apply_gradients(zip(gradients_of_generator, generator.trainable_variables))
            discriminator_optimizer.apply_gradients(zip(gradients_of_discriminator, discriminator.trainable_variables))
            return gen_loss

        weights = generator.trainable_variables + discriminator.trainable_variables
        before = [weight.numpy() for weight in weights]
        for epoch in range(2):
            for image_batch in train_dataset:
                loss = train_step(image_batch)
            path = checkpoint.save(file_prefix="./training_checkpoints/ckpt")
        assert all((old != new.numpy()).any() for old, new in zip(before, weights)) and int(generator_optimizer.iterations) == 4
        predictions = generator(tf.random.normal([4, 10]), training=False)
        assert predictions[0, :, :, 0].numpy().shape == (14, 14)
        saved = generator.get_weights()
        train_step(images)
        checkpoint.restore(tf.train.latest_checkpoint("./training_checkpoints"))
        assert all((a == b).all() for a, b in zip(saved, generator.get_weights())) and path.endswith("ckpt-2")
    """,
    "layers, losses and steps of one's own": """
        import numpy as np
        import tensorflow as tf
        from tensorflow import keras

        class Linear(keras.layers.Layer):
            def __init__(self, units=32, **kwargs):
                super().__init__(**kwargs)
                self.units = units

            def build(self, input_shape):
                self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer=tf.random_normal_initializer(),
                                         trainable=True, name="w")
                self.b = self.add_weight(shape=(self.units,), initializer="zeros", name="b")

            def call(self, inputs):
                return tf.nn.relu(tf.matmul(inputs, self.w) + self.b)

        class Sampling(keras.layers.Layer):
            def call(self, inputs):
                z_mean, z_log_var = inputs
                batch, dim = tf.shape(z_mean)[0], tf.shape(z_mean)[1]
                return z_mean + tf.exp(0.5 * z_log_var) * tf.random.normal(shape=(batch, dim))

        class CustomModel(keras.Model):
            def train_step(self, data):
                x, y = data
                with tf.GradientTape() as tape:
                    y_pred = self(x, training=True)
                    loss = self.compute_loss(y=y, y_pred=y_pred)
                gradients = tape.gradient(loss, self.trainable_variables)
                self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
                for metric in self.metrics:
                    metric.update_state(loss) if metric.name == "loss" else metric.update_state(y, y_pred)
                return {m.name: m.result() for m in self.metrics}

        def custom_mse(y_true, y_pred):
            y_true = tf.cast(y_true, y_pred.dtype)
            return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)

        def huber(y_true, y_pred):
            error = tf.abs(y_true - y_pred)
            return tf.where(error < 1.0, tf.square(error) / 2, error - 0.5)

        inputs = keras.Input(shape=(6,))
        h = Linear(8)(inputs)
        z = Sampling()([keras.layers.Dense(4)(h), keras.layers.Dense(4)(h)])
        z = keras.layers.Lambda(lambda t: tf.math.l2_normalize(t, axis=1))(z)
        model = CustomModel(inputs, keras.layers.Dense(1)(z))
        x, y = np.random.rand(64, 6).astype("float32"), np.random.rand(64, 1)
        for loss in (custom_mse, huber):
            model.compile(optimizer=tf.optimizers.Adam(0.01), loss=loss, metrics=["mae"])
            before = model.get_weights()
            history = model.fit(x, y, epochs=2, batch_size=16, verbose=0)
            assert set(history.history) == {"loss", "mae"} and all((a != b).any() for a, b in zip(before, model.get_weights()))
        assert model.predict(x, verbose=0).shape == (64, 1)
        assert [w.name for w in model.layers[1].weights] == ["w", "b"]
    """,
    "a functional model with tf's functions": """
        import numpy as np
        import tensorflow as tf
        from tensorflow import keras

        a, b = keras.Input((4,)), keras.Input((4,))
        x = tf.concat([tf.nn.relu(a) * 2.0, tf.square(b)], axis=-1)
        x = tf.reshape(x, (-1, 2, 4))
        x = tf.transpose(x, perm=[0, 2, 1])
        x = tf.matmul(x, tf.constant([[1.0, 0.0], [0.0, 1.0]]))
        x = tf.expand_dims(tf.reduce_sum(x, axis=1), -1)
        x = tf.squeeze(tf.stack([x, x], axis=1)[:, 0], axis=-1)
        first, second = tf.split(x, 2, axis=1)
        out = tf.clip_by_value(tf.math.log(first + 1.0) - tf.cast(second > 0, tf.float32), -5.0, 5.0)
        half = tf.reduce_mean(tf.one_hot(tf.argmax(x, axis=1), 2), axis=1, keepdims=True)
        out = tf.where(out > 0, out, tf.zeros_like(out)) + half
        out = tf.reshape(out, (tf.shape(out)[0], tf.shape(a)[1] // 4))
        model = keras.Model([a, b], out)
        assert model.output_shape == (None, 1) and a.shape[0] is None and a.get_shape().as_list() == [None, 4]
        p, q = np.random.rand(5, 4).astype("float32"), np.random.rand(5, 4).astype("float32")
        s, t = (np.maximum(p, 0) * 2).sum(1), (q ** 2).sum(1)
        wanted = np.maximum(np.log(s + 1) - 1, 0) + 0.5
        np.testing.assert_allclose(model([p, q]).numpy()[:, 0], wanted, rtol=1e-5)
        np.testing.assert_allclose(model.predict([p, q], verbose=0)[:, 0], wanted, rtol=1e-5)
    """,
    "pictures from a folder": """
        import os
        import pathlib
        import numpy as np
        import tensorflow as tf
        from PIL import Image

        tf.random.set_seed(0)
        for i in range(12):
            folder = pathlib.Path("photos") / ("roses" if i % 2 else "tulips")
            folder.mkdir(parents=True, exist_ok=True)
            pixels = np.full((20, 30, 3), 200 if i % 2 else 50, "uint8")
            Image.fromarray(pixels).save(folder / f"{i}.jpg")
        data_dir = pathlib.Path("photos")
        class_names = np.array(sorted(item.name for item in data_dir.glob("*")))
        list_ds = tf.data.Dataset.list_files(str(data_dir / "*/*"), shuffle=False)
        list_ds = list_ds.shuffle(12, reshuffle_each_iteration=False)
        for f in list_ds.take(2):
            assert f.numpy().endswith(b".jpg")

        def get_label(file_path):
            parts = tf.strings.split(file_path, os.path.sep)
            one_hot = parts[-2] == class_names
            return tf.argmax(one_hot)

        def process_path(file_path):
            label = get_label(file_path)
            img = tf.io.read_file(file_path)
            img = tf.io.decode_jpeg(img, channels=3)
            img = tf.image.convert_image_dtype(img, tf.float32)
            return tf.image.resize(img, [16, 16]), label

        def augment(image, label):
            image = tf.image.random_flip_left_right(image)
            image = tf.image.random_crop(tf.image.resize_with_crop_or_pad(image, 20, 20), size=[16, 16, 3])
            return tf.clip_by_value(tf.image.random_brightness(image, max_delta=0.1), 0, 1), label

        train_ds = list_ds.map(process_path, num_parallel_calls=tf.data.AUTOTUNE).cache().map(augment).batch(4).repeat(8)
        image, label = next(iter(train_ds))
        assert image.shape == (4, 16, 16, 3) and image.dtype == tf.float32 and label.dtype == tf.int64
        print(image[0].numpy().shape, class_names[label[0].numpy()])
        model = tf.keras.Sequential([
            tf.keras.layers.Rescaling(1.0), tf.keras.layers.Conv2D(4, 3, activation="relu"),
            tf.keras.layers.GlobalAveragePooling2D(), tf.keras.layers.Dense(2),
        ])
        model.compile(optimizer=tf.keras.optimizers.Adam(0.05), metrics=["accuracy"],
                      loss=tf.losses.SparseCategoricalCrossentropy(from_logits=True))
        history = model.fit(train_ds, epochs=3, verbose=0)
        assert history.history["accuracy"][-1] == 1.0, history.history
    """.replace("tf.keras.layers.Rescaling(1.0), ", ""),
    "a strategy, a scope, and settings of old": """
        import tensorflow as tf
        print("TensorFlow version:", tf.__version__, tf.version.VERSION)
        assert tf.__version__.startswith("2") and tf.executing_eagerly()
        tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
        tf.get_logger().setLevel("ERROR")
        tf.compat.v1.disable_eager_execution()
        tf.compat.v1.set_random_seed(1)
        config = tf.compat.v1.ConfigProto()
        config.gpu_options.allow_growth = True
        session = tf.compat.v1.Session(config=config)
        assert tf.compat.v1.nn.relu is tf.nn.relu and tf.compat.v2 is tf and tf.compat.as_str(b"a") == "a"
        for gpu in tf.config.experimental.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
        try:
            tpu = tf.distribute.cluster_resolver.TPUClusterResolver()
            strategy = None
        except ValueError:
            strategy = tf.distribute.get_strategy()
        strategy = tf.distribute.MirroredStrategy() if strategy.num_replicas_in_sync > 1 else strategy
        with strategy.scope(), tf.device("/CPU:0"):
            model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
            optimizer = tf.keras.optimizers.SGD(0.1)
        data = tf.data.Dataset.from_tensor_slices(([[1.0, 2.0]] * 8, [[1.0]] * 8)).batch(4)

        def step(inputs):
            x, y = inputs
            with tf.GradientTape() as tape:
                losses = tf.keras.losses.MeanSquaredError(reduction="none")(y, model(x, training=True))
                loss = tf.nn.compute_average_loss(losses, global_batch_size=4)
            optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
            return loss

        @tf.function
        def distributed_step(inputs):
            return strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(step, args=(inputs,)), axis=None)

        data = strategy.experimental_distribute_dataset(data)
        losses = [float(distributed_step(inputs)) for _ in range(3) for inputs in data]
        assert losses[-1] < losses[0]
        assert session.run(None) is None and session.run(tf.constant([1.0, 2.0])).tolist() == [1.0, 2.0]
        try:
            tf.lite
        except AttributeError as error:
            assert "torch.onnx" in str(error)
    """,
    "a new tensor by +=": """
        import tensorflow as tf
        x = tf.zeros(3)
        y = x
        y += 1
        assert x.numpy().tolist() == [0, 0, 0] and y.numpy().tolist() == [1, 1, 1]
        loss = tf.constant(0.0)
        loss += tf.ones((1,))
        assert loss.shape == (1,)
        v = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            a = v * 2
            b = a * a
            a += 1.0
            c = tf.reduce_sum(b + a)
        assert tape.gradient(c, v).numpy().tolist() == [10, 18]
        i, f, m = tf.constant([1, 2]), tf.constant(3.0), tf.constant([True])
        i -= 1; i *= 3; i //= 2
        f /= 2.0; f **= 2; f %= 2
        m &= tf.constant([False]); m |= tf.constant([True]); m ^= tf.constant([True])
        assert i.numpy().tolist() == [0, 1] and f.numpy() == 0.25 and m.numpy().tolist() == [False]
        def more(x):
            x += 1
            return x
        rows = tf.data.Dataset.from_tensor_slices(tf.zeros((2, 1))).map(more)
        assert [[float(row) for row in rows] for _ in range(2)] == [[1, 1], [1, 1]]
        with tf.device("/GPU:0"):
            assert tf.Variable(1.0).numpy() == 1
        names = {"x": x}
        exec("import torch; y = x; y += 1", names)  # a file with torch has torch's
        assert x.numpy().tolist() == [1, 1, 1] and names["y"] is x
        import torchkeras_lite.dropin as dropin
        dropin.uninstall()
        y = x
        y += 1
        assert x[0] == 2 and y is x
    """,
    "what is asked of tensors": """
        import warnings
        import numpy as np
        import tensorflow as tf, torch, torchkeras_lite.dropin as dropin
        w = tf.Variable([[1.0, 2.0]])
        x = w * 2.0
        assert x.numpy().tolist() == [[2.0, 4.0]] and x.requires_grad and isinstance(x, tf.Tensor)
        assert float(x[0, 0]) == 2.0 and int(x[0, 1]) == 4 and f"{x[0, 0]:.1f}" == "2.0" and print(x) is None
        assert x.shape == (1, 2) and x.shape[0] == 1 and x.shape.as_list() == [1, 2] and x.shape.rank == x.shape.ndims == 2
        assert x.dtype.name == "float32" and x.dtype.is_floating and not tf.constant(1).dtype.is_bool and x.dtype.size == 4
        assert x.dtype.as_numpy_dtype is np.float32 and tf.constant(1).dtype.max == 2**31 - 1 and x.dtype.base_dtype == x.dtype
        lookup = tf.keras.layers.StringLookup(vocabulary=["a", "b"], invert=True)
        assert lookup(tf.constant(2)).numpy() == b"b" and lookup(tf.constant([1, 2])).numpy().tolist() == [b"a", b"b"]
        gru = tf.keras.layers.GRU(2)
        assert tf.stack(gru.get_initial_state(tf.zeros((3, 4, 5)))).shape == (1, 3, 2)
        assert {3: "three"}[tf.constant(3).numpy()] == "three" and type(tf.constant(0.5).numpy()) is np.float32
        assert tf.constant(3).device.endswith("CPU:0") and not tf.constant(3).device.endswith("GPU:0")
        assert tf.strings.reduce_join(tf.constant(["a", "b"]), axis=-1).numpy() == b"ab"
        assert x.get_shape().as_list() == [1, 2] and w.get_shape() == (1, 2) and tf.shape(x)[1] == 2
        assert x.set_shape([None, 2]) is None and x.set_shape(None) is None
        try: x.set_shape([2, 2])
        except ValueError: ...
        else: raise AssertionError
        assert x.dtype == tf.float32 and tf.float32 == x.dtype and x.dtype in (tf.float32, tf.float64) and x.dtype != tf.int32
        assert tf.zeros((1, 2), x.dtype).dtype == x.dtype and tf.as_dtype(x.dtype).name == "float32"
        assert ["a", "b"][tf.constant(1)] == "b" and [1, 2][tf.constant(1).numpy()] == 2
        assert [int(i) for i in tf.range(3)] == [0, 1, 2] and len(x) == 1 and bool(tf.constant(True))
        assert np.array(x.numpy()).sum() == 6 and np.mean([x[0, 0].numpy(), 4.0]) == 3.0
        ones = np.ones((1, 2), "float32")
        for made in (x + ones, ones + x, ones * x, x / ones, ones @ tf.transpose(x), np.float32(2) * x, x - 2 * ones):
            assert isinstance(made, tf.Tensor) and made.requires_grad and made.dtype == tf.float32
        assert (x + ones).numpy().tolist() == [[3.0, 5.0]] and (ones - x).numpy().tolist() == [[-1.0, -3.0]]
        assert (ones < x).all()
        assert isinstance(np.sqrt(x), np.ndarray) and np.add.reduce(x, axis=1).tolist() == [6.0] and np.sum(x) == 6
        assert np.argmax(x, axis=1).tolist() == [1] and np.mean(x) == 3 and np.concatenate([x, x]).shape == (2, 2)
        assert np.sum(w) == 3 and np.maximum(x, w).tolist() == [[2.0, 4.0]] and np.shape(x) == (1, 2)
        ones += x
        assert ones.tolist() == [[3.0, 5.0]]
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(np.array([[1.0, 3.0]], "float32") * w)
        assert tape.gradient(loss, w).numpy().tolist() == [[1.0, 3.0]]
        shared = torch.zeros(1)
        shared.numpy()[0] = 3.0  # the memory is still shared
        number, counter = tf.constant(2.5), tf.Variable(3)
        assert {number.numpy(): 1, counter.numpy(): 2} == {2.5: 1, 3: 2} and isinstance(number.numpy(), np.float32)
        assert f"{number.numpy():.2f} {counter.numpy():02d} %d" % counter.numpy() == "2.50 03 3"
        assert np.array(number).shape == np.asarray(counter).shape == () and np.array([number, number]).tolist() == [2.5, 2.5]
        assert number.numpy(force=True).shape == () and range(5)[counter.numpy()] == 3
        assert shared == 3.0
        try: x.numpy(force=False)
        except RuntimeError: ...
        else: raise AssertionError("torch's own choice is still there")
        before = len(warnings.filters)
        import importlib
        importlib.reload(tf)
        assert len(warnings.filters) == before
        Adam = tf.keras.optimizers.Adam
        assert Adam.minimize
        dropin.uninstall()
        assert not hasattr(x, "get_shape") and not hasattr(x, "set_shape") and not hasattr(x.device, "endswith")
        assert not hasattr(x.dtype, "name") and lookup(torch.tensor(1)).numpy() == "a"
        assert not hasattr(x.shape, "as_list") and not hasattr(Adam, "minimize")
        assert not hasattr(x, "__array_ufunc__") and not hasattr(x, "__array_function__")
        try: x.numpy()
        except RuntimeError: ...
        else: raise AssertionError
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            float(x[0, 0])
    """,
    "variables in layers, saliency and Grad-CAM": """
        import copy
        import numpy as np
        import tensorflow as tf
        from tensorflow import keras

        class Linear(keras.layers.Layer):
            def __init__(self, units=32, input_dim=32):
                super().__init__()
                w_init = tf.random_normal_initializer()
                self.w = tf.Variable(initial_value=w_init(shape=(input_dim, units), dtype="float32"), trainable=True)
                self.b = tf.Variable(initial_value=tf.zeros_initializer()(shape=(units,), dtype="float32"), trainable=True)
                self.total = tf.Variable(initial_value=tf.zeros((input_dim,)), trainable=False)

            def call(self, inputs):
                self.total.assign_add(tf.reduce_sum(inputs, axis=0))
                return tf.matmul(inputs, self.w) + self.b

        layer = Linear(4, 2)
        layer(tf.ones((3, 2)))
        assert len(layer.weights) == 3 and len(layer.trainable_weights) == 2 and layer.total.numpy().tolist() == [3.0, 3.0]
        model = keras.Sequential([layer, keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        before = layer.w.numpy()
        model.fit(np.ones((8, 2)), np.ones((8, 1)), verbose=0)
        assert (layer.w.numpy() != before).any()
        model.save_weights("w.weights.h5")
        model.load_weights("w.weights.h5")
        assert copy.deepcopy(layer.b).numpy().tolist() == layer.b.numpy().tolist()

        conv, flat, dense = keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(3)
        cnn = keras.Sequential([keras.Input((8, 8, 1)), conv, flat, dense])
        image = tf.convert_to_tensor(np.random.rand(1, 8, 8, 1).astype("float32"))
        with tf.GradientTape() as tape:
            tape.watch(image)
            predictions = cnn(image)
            loss = predictions[:, tf.argmax(predictions[0])]
        assert tape.gradient(loss, image).shape == image.shape
        grad_model = keras.Model(cnn.inputs, [cnn.layers[0].output, cnn.output])
        with tf.GradientTape() as tape:
            conv_output, preds = grad_model(image)
            class_channel = preds[:, 1]
        grads = tape.gradient(class_channel, conv_output)
        wanted = cnn.layers[-1].kernel.numpy()[:, 1].reshape(6, 6, 2)
        np.testing.assert_allclose(grads[0].numpy(), wanted, rtol=1e-5)
        heatmap = tf.squeeze(conv_output[0] @ tf.reduce_mean(grads, axis=(0, 1, 2))[..., tf.newaxis])
        heatmap = tf.maximum(heatmap, 0) / tf.math.reduce_max(heatmap)
        assert heatmap.numpy().shape == (6, 6)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(cnn(image))
        for grad, weight in zip(tape.gradient(loss, cnn.trainable_weights), cnn.trainable_weights):
            assert tuple(grad.shape) == tuple(weight.shape)
        style = tf.Variable(image)
        with tf.GradientTape() as tape:
            loss = tf.image.total_variation(style)[0]
        tf.optimizers.Adam(0.5).apply_gradients([(tape.gradient(loss, style), style)])
        style.assign(tf.clip_by_value(style, 0.0, 1.0))
        assert style.numpy().min() == 0 and style.numpy().max() == 1
    """,
    "importing stays quick": """
        import sys
        import tensorflow as tf
        below = sorted(name for name in sys.modules if name.startswith("tensorflow.") and "keras" not in name)
        assert below == ["tensorflow._guests", "tensorflow._members", "tensorflow._missing", "tensorflow._names",
                         "tensorflow._tensors", "tensorflow.config", "tensorflow.config.experimental", "tensorflow.dtypes",
                         "tensorflow.random"], below
        tf.reduce_mean
        assert "reduce_mean" in vars(tf) and "tensorflow.nn" not in sys.modules and "PIL" not in sys.modules
        import importlib
        for space in ("audio autodiff autograph compat compat.v1 compat.v1.logging data debugging distribute errors "
                      "experimental image io linalg lookup math nest nn random saved_model signal strings summary "
                      "test train version "
                      "config.experimental").split():
            module = importlib.import_module(f"tensorflow.{space}")
            assert module.__doc__ and all(hasattr(module, name) for name in module.__all__), space
        for name in tf.__all__:
            assert hasattr(tf, name), name
        names = {}
        exec("from tensorflow import *", names)
        assert names["float32"] is tf.float32 and names["GradientTape"] is tf.GradientTape and "sys" not in names
        from tensorflow.io import gfile
        from tensorflow.math import reduce_mean
        from tensorflow.python.framework import ops
    """.replace("        from tensorflow.python.framework import ops\n", ""),
    "text": """
        import numpy as np
        import tensorflow as tf
        sentences = ["The <br /> cat", "a dog"]
        ds = tf.data.Dataset.from_tensor_slices((sentences, [0, 1]))
        for text, label in ds.take(1):
            assert text.numpy() == b"The <br /> cat" and text.numpy().decode("utf-8")[:3] == "The" and label.numpy() == 0

        def custom_standardization(input_data):
            lowercase = tf.strings.lower(input_data)
            return tf.strings.regex_replace(lowercase, "<br />", " ")

        batch, labels = next(iter(ds.map(lambda x, y: (custom_standardization(x), y)).batch(2)))
        assert batch.numpy().tolist() == [b"the   cat", b"a dog"] and batch.shape == (2,) and labels.get_shape() == [2]
        assert [text for text in batch.numpy()][1] == b"a dog"
        spec = ds.batch(2).element_spec
        assert spec[0].dtype == tf.string and spec[0].shape == (2,)
        words = tf.data.Dataset.from_generator(lambda: iter(sentences), output_types=tf.string)
        assert [w.numpy() for w in words] == [s.encode() for s in sentences]
        ids = tf.data.Dataset.from_tensor_slices(tf.strings.unicode_split("hello", "UTF-8")).batch(3)
        assert [each.numpy().tolist() for each in ids] == [[b"h", b"e", b"l"], [b"l", b"o"]]
        assert next(ds.as_numpy_iterator())[1] == 0 and isinstance(next(ds.as_numpy_iterator())[1], np.int32)
    """,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(name, python, repository, tmp_path):
    if name == "pictures from a folder":
        pytest.importorskip("PIL")
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPTS[name]), encoding="utf-8")
    shims = repository / "compat" / "shims"
    python("-W", "error", tmp_path / "script.py", path=[shims, repository], cwd=tmp_path, ok=True)
