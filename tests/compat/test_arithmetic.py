"""Operators of tensors under the stand-in: `a /= b` makes a new tensor, and lists and arrays on either side are tensors."""

import textwrap

import pytest

SNIPPETS = {
    "attention that divides in place": """
        import numpy as np
        import keras
        from keras import backend as K
        from keras.layers import Layer, Input, Embedding, LSTM, Dense
        from keras.models import Model

        class Weighing(Layer):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.supports_masking = True

            def build(self, input_shape):
                self.w = self.add_weight(shape=(input_shape[-1], 1), initializer="ones", name="w")

            def compute_mask(self, inputs, mask=None):
                return None

            def call(self, x, mask=None):
                scores = K.squeeze(K.dot(x, self.w), -1)
                scores += 0.5
                scores = K.tanh(scores)
                a = K.exp(scores)
                if mask is not None:
                    a *= K.cast(mask, K.floatx())
                a /= K.cast(K.sum(a, axis=1, keepdims=True) + K.epsilon(), K.floatx())
                return K.sum(x * K.expand_dims(a), axis=1)

        keras.utils.set_random_seed(0)
        words = Input(shape=(5,))
        x = LSTM(3, return_sequences=True)(Embedding(20, 4, mask_zero=True)(words))
        model = Model(words, Dense(1, activation="sigmoid")(Weighing()(x)))
        model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy")
        r = np.random.RandomState(0)
        data, labels = r.randint(0, 20, (32, 5)), r.randint(0, 2, 32)
        before = model.layers[3].get_weights()[0].copy()
        losses = model.fit(data, labels, epochs=10, verbose=0).history["loss"]
        assert losses[-1] < losses[0] and abs(model.layers[3].get_weights()[0] - before).max() > 1e-5
        x, w = r.randn(2, 3, 4).astype("float32"), np.ones((4, 1), "float32")
        a = np.exp(np.tanh((x @ w)[..., 0] + 0.5))
        wanted = (x * (a / (a.sum(1, keepdims=True) + 1e-7))[..., None]).sum(1)
        np.testing.assert_allclose(K.eval(Weighing()(K.constant(x))), wanted, rtol=1e-5)
    """,
    "arrays on either side of tensors": """
        import operator, warnings
        import numpy as np
        import keras
        from keras import backend as K
        warnings.simplefilter("error")
        a = np.array([[1.0, 2.0, 3.0], [0.5, 4.0, 2.0]])
        b = np.array([[2.0, 1.0, 3.0], [2.5, 0.5, 2.0]])
        plain = keras.ops.convert_to_tensor(b.astype("float32"))
        seen = []

        class Keeps(keras.layers.Layer):
            def call(self, x):
                seen.append(x)
                return x

        keras.Sequential([keras.layers.Dense(3, kernel_initializer="identity"), Keeps()])(b)
        learning = [x for x in seen if x.requires_grad][-1]  # what has to be differentiated
        names = "add sub mul truediv floordiv mod pow matmul eq ne lt le gt ge".split()
        for name in names:
            function = getattr(operator, name)
            for tensor in (plain, learning):
                for left, right in ((a, tensor), (tensor, a)):
                    if name == "matmul":
                        left, right = left[0], right[0]
                    wanted = function(*(x if x is a or len(x.shape) == 1 and isinstance(x, np.ndarray) else
                                        x.detach().numpy() for x in (left, right)))
                    got = function(left, right)
                    assert keras.ops.is_tensor(got), name
                    assert keras.backend.standardize_dtype(got.dtype) in ("float32", "bool"), (name, got.dtype)
                    np.testing.assert_allclose(K.eval(got), wanted, rtol=1e-5, err_msg=name)

        # A loss with weights in an array, as a closure or a global.
        weights = np.array([1.0, 2.0, 0.5])
        def weighted(truth, guess): return K.mean(weights * K.square(truth - guess), axis=-1)
        def weighing(truth, guess): return K.mean(K.square(truth - guess) * weights, axis=-1)
        def train(loss):
            model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, kernel_initializer="ones")])
            model.compile(keras.optimizers.SGD(0.1), loss)
            model.fit(a, b, batch_size=2, epochs=2, shuffle=False, verbose=0)
            return model.get_weights()[0]
        as_tensor = K.constant(weights)
        wanted = train(lambda truth, guess: K.mean(as_tensor * K.square(truth - guess), axis=-1))
        for loss in (weighted, weighing):
            np.testing.assert_allclose(train(loss), wanted, rtol=1e-6)
    """,
    "arrays in a module that knows torch": """
        import warnings
        import numpy as np
        import torch
        import keras
        warnings.simplefilter("ignore")  # numpy's about torch
        both = torch.ones(2) * np.array([1.0, 2.0])
        assert both.dtype == torch.float64  # what torch and numpy make of it
        x = torch.ones(2, requires_grad=True)
        (np.array([1.0, 2.0]) * x + x - np.array([1.0, 2.0])).sum().backward()
        assert x.grad.tolist() == [2.0, 3.0]
    """,
    "who else holds a tensor keeps its values": """
        import numpy as np
        import tensorflow as tf
        x = tf.constant([1.0, 2.0])
        shortcut = x
        x += 1.0
        x *= 2.0
        x -= tf.constant([1.0, 1.0])
        x **= 2
        x //= 2
        assert shortcut.numpy().tolist() == [1, 2] and x.numpy().tolist() == [4, 12]
        flags = tf.constant([True, False])
        both = flags
        both &= tf.constant([False, False])
        assert flags.numpy().tolist() == [True, False] and both.numpy().tolist() == [False, False]

        class Residual(tf.keras.layers.Layer):
            def call(self, x):
                before = x
                x += tf.square(x)
                return x - before

        model = tf.keras.Sequential([tf.keras.Input((2,)), Residual()])
        data = np.array([[1.0, 3.0]], "float32")
        assert model.predict(data, verbose=0).tolist() == [[1, 9]] and data.tolist() == [[1, 3]]
        count = tf.constant(1)
        count += 1
        total = 0.0
        for _ in range(3):
            total += tf.reduce_sum(shortcut)
        assert count.numpy() == 2 and total.numpy() == 9
    """,
    "torch's own code, and modules that import torch, write in place": """
        import torch
        import keras
        a = torch.ones(2)
        b = a
        b += 1
        assert a.tolist() == [2, 2] and a is b
        w = torch.ones(2, requires_grad=True)
        names = {"w": w, "no_grad": torch.no_grad}
        exec("with no_grad():\\n    w -= 0.5", names)
        assert names["w"] is w and w.tolist() == [0.5, 0.5]
        net = torch.nn.Linear(2, 1)
        step = torch.optim.Adam(net.parameters())
        for _ in range(2):
            net(torch.ones(1, 2)).sum().backward()
            step.step()
        assert float(step.state[net.weight]["step"]) == 2
        script = {"a": a}
        exec("b = a\\nb += 1", script)
        assert script["b"].tolist() == [3, 3] and a.tolist() == [2, 2]
    """,
    "lists on the left": """
        import tensorflow as tf
        import keras.backend as K
        x = tf.constant([[1.0, 2.0]])
        assert ([1.0] * 2 + x).numpy().tolist() == [[2, 3]] and ((3.0, 3.0) - x).numpy().tolist() == [[2, 1]]
        assert ([2, 3] * x).numpy().tolist() == [[2, 6]] and ([1.0, 1.0] / x).numpy().tolist() == [[1, 0.5]]
        assert (1 - x).numpy().tolist() == [[0, -1]] and ([1, 2] + tf.constant([1, 1])).dtype == tf.int32
        v = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum([3.0, 4.0] * (v * 1.0))
        assert tape.gradient(loss, v).numpy().tolist() == [3, 4]
        # On the right too.
        assert (x - [1.0, 1.0]).numpy().tolist() == [[0, 1]] and (x * (3, 4)).numpy().tolist() == [[3, 8]]
        assert (x + [1, 2]).dtype == tf.float32 and (tf.constant([1, 2]) + [0.5, 0.5]).numpy().tolist() == [1.5, 2.5]
        assert (x == [1, 3]).numpy().tolist() == [[True, False]] and (x != [1, 3]).numpy().tolist() == [[False, True]]
        assert (x < [2, 2]).numpy().tolist() == [[True, False]] and (x == [1, 2, 3]) is False and (x == ["a"]) is False
        try:
            x < [1, 2, 3]
        except RuntimeError:
            pass
        else:
            raise AssertionError
        # Steps backwards.
        t = tf.reshape(tf.range(24), (2, 3, 4))
        a = t.numpy()
        for index in ((slice(None, None, -1),), (slice(None), slice(None, None, -2), 1), (..., slice(3, 0, -1))):
            assert (t[index].numpy() == a[index]).all() and t[index].shape == a[index].shape
        assert x[:, ::-1].numpy().tolist() == [[2, 1]] and x[tf.newaxis, ..., ::-1].shape == (1, 1, 2)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(v[::-1] * [3.0, 4.0])
        assert tape.gradient(loss, v).numpy().tolist() == [4, 3]
        try:
            x[::0]
        except ValueError:
            pass
        else:
            raise AssertionError
    """,
    "all is as it was afterwards": """
        import torch
        names = "iadd rsub itruediv ipow sub eq getitem".split()
        before = {f"__{name}__": getattr(torch.Tensor, f"__{name}__") for name in names}
        own = {name for name in vars(torch.Tensor)}
        import torchkeras_lite.dropin as dropin
        dropin.install()
        import keras
        assert torch.Tensor.__iadd__ is not before["__iadd__"]
        dropin.uninstall()
        assert all(getattr(torch.Tensor, name) is method for name, method in before.items())
        assert {name for name in vars(torch.Tensor)} == own
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_arithmetic(name, python, repository, tmp_path):
    (tmp_path / "snippet.py").write_text(textwrap.dedent(SNIPPETS[name]))
    python("-W", "error", tmp_path / "snippet.py", path=[repository / "compat" / "shims", repository], ok=True)
