"""What scripts of Keras 1 and 2 did with `keras.backend` inside of models and losses, beside the same by hand in torch.

Each runs in a fresh interpreter.
"""

import textwrap

import pytest

BEGIN = """
import warnings; warnings.simplefilter("error")
import functools
import numpy as np, pytest, torch, keras
from keras import backend as K, layers
from keras.layers import Input, Dense, Lambda, Flatten, Reshape, Conv2D, MaxPooling2D, UpSampling2D
from keras.models import Model, Sequential
near = lambda a, b, tol=1e-5: np.testing.assert_allclose(a, b, rtol=tol, atol=tol)
rng = np.random.default_rng(0)
keras.utils.set_random_seed(3)
"""

SNIPPETS = {
    "a gradient penalty on samples between real and made ones": """
        from keras.layers.merge import _Merge

        class Between(_Merge):
            def _merge_function(self, inputs):
                weights = K.random_uniform((8, 1, 1, 1), 0.5, 0.5)
                return weights * inputs[0] + (1 - weights) * inputs[1]

        def wasserstein(y_true, y_pred):
            return K.mean(y_true * y_pred)

        def penalty(y_true, y_pred, averaged_samples):
            slopes = K.gradients(y_pred, averaged_samples)[0]
            squares = K.sum(K.square(slopes), axis=np.arange(1, len(slopes.shape)))
            return K.mean(K.square(1 - K.sqrt(squares)))

        generator = Sequential([Input((4,)), Dense(36), Reshape((6, 6, 1))])
        critic = Sequential([Input((6, 6, 1)), Conv2D(3, 3, activation="tanh"), Flatten(), Dense(1)])
        generator.trainable = False
        real, noise = Input((6, 6, 1)), Input((4,))
        between = Between()([real, generator(noise)])
        loss = functools.partial(penalty, averaged_samples=between)
        loss.__name__ = "gradient_penalty"
        model = Model([real, noise], [critic(real), critic(generator(noise)), critic(between)])
        model.compile(keras.optimizers.SGD(0.01), [wasserstein, wasserstein, loss], loss_weights=[1, 1, 10])
        x, z, one = rng.normal(size=(8, 6, 6, 1)).astype("float32"), rng.normal(size=(8, 4)).astype("float32"), np.ones((8, 1))
        conv, dense = critic.layers[0], critic.layers[2]
        before = [w.copy() for w in critic.get_weights()]
        made = torch.tensor(generator.predict(z, verbose=0))
        weights = [torch.tensor(w, requires_grad=True) for w in before]
        def judge(images):
            kernel = weights[0].permute(3, 2, 0, 1)
            hidden = torch.tanh(torch.nn.functional.conv2d(images.permute(0, 3, 1, 2), kernel, weights[1]))
            return hidden.permute(0, 2, 3, 1).flatten(1) @ weights[2] + weights[3]
        mixed = (0.5 * torch.tensor(x) + 0.5 * made).requires_grad_()
        slopes = torch.autograd.grad(judge(mixed).sum(), mixed, create_graph=True)[0]
        by_hand = ((1 - (slopes ** 2).sum((1, 2, 3)).sqrt()) ** 2).mean()
        total = -judge(torch.tensor(x)).mean() + judge(made).mean() + 10 * by_hand
        total.backward()
        near(model.train_on_batch([x, z], [-one, one, 0 * one])[0], total.item())
        for old, now, weight in zip(before, critic.get_weights(), weights):
            near(now, old - 0.01 * (0 if weight.grad is None else weight.grad.numpy()))
    """,
    "the length of gradients as a layer of one's own": """
        class Length(layers.Layer):
            def call(self, inputs):
                value, of = inputs
                slope = K.gradients(value, of)[0]
                return K.sqrt(K.sum(K.batch_flatten(K.square(slope)), axis=1, keepdims=True))

        critic = Sequential([Input((6, 6, 1)), Conv2D(3, 3, activation="tanh"), Flatten(), Dense(1)])
        image, between = Input((6, 6, 1)), Input((6, 6, 1))
        model = Model([image, between], [critic(image), Length()([critic(between), between])])
        model.compile(keras.optimizers.SGD(0.01), [lambda y, p: K.mean(y * p), "mse"], loss_weights=[1, 10])
        x, z = rng.normal(size=(2, 8, 6, 6, 1)).astype("float32")
        one = np.ones((8, 1), "float32")
        weights = [torch.tensor(w, requires_grad=True) for w in critic.get_weights()]
        def judge(images):
            hidden = torch.nn.functional.conv2d(images.permute(0, 3, 1, 2), weights[0].permute(3, 2, 0, 1), weights[1])
            return torch.tanh(hidden).permute(0, 2, 3, 1).flatten(1) @ weights[2] + weights[3]
        mixed = torch.tensor(z).requires_grad_()
        slopes = torch.autograd.grad(judge(mixed).sum(), mixed, create_graph=True)[0]
        length = (slopes ** 2).sum((1, 2, 3)).sqrt()
        near(model.predict([x, z], verbose=0)[1][:, 0], length.detach())
        total = -judge(torch.tensor(x)).mean() + 10 * ((1 - length) ** 2).mean()
        total.backward()
        near(model.train_on_batch([x, z], [-one, one])[0], total.item())
        for now, weight in zip(critic.get_weights(), weights):
            near(now, (weight - 0.01 * (0 if weight.grad is None else weight.grad)).detach())
    """,
    "where the maximum was: gradients inside of a Lambda": """
        def getwhere(x):
            before, behind = x
            return K.gradients(K.sum(behind), before)
        image = Input((4, 4, 2))
        before = Conv2D(2, 1)(image)
        behind = MaxPooling2D(2)(before)
        where = Lambda(getwhere, output_shape=lambda shapes: shapes[0])([before, behind])
        model = Model(image, layers.multiply([UpSampling2D(2)(behind), where]))
        x = rng.normal(size=(3, 4, 4, 2)).astype("float32")
        kernel, bias = model.get_weights()
        moved = x @ kernel[0, 0] + bias
        largest = moved.reshape(3, 2, 2, 2, 2, 2).max((2, 4)).repeat(2, 1).repeat(2, 2)
        wanted = np.where(moved == largest, moved, 0)
        near(model.predict(x, verbose=0), wanted)
        near(model(x).detach(), wanted)
        model.compile("sgd", "mse")
        near(model.evaluate(x, 0 * x, verbose=0), (wanted ** 2).mean())
        assert model.fit(x, 0 * x, epochs=20, verbose=0).history["loss"][-1] < (wanted ** 2).mean()
        near(K.function([model.input], [model.output])([x])[0], model.predict(x, verbose=0))
    """,
    "gradients as outputs of models": """
        a, b = Input((3,)), Input((3,))
        hidden = Dense(4, activation="tanh")(a)
        value = Dense(1)(layers.add([hidden, Dense(4)(b)]))
        by_a, by_hidden = K.gradients(value, [a, hidden])
        model = Model([a, b], [value, by_a, by_hidden])
        x, y = rng.normal(size=(2, 5, 3)).astype("float32")
        inner = model.get_layer(hidden.node.operation.name)
        outer = model.get_layer(value.node.operation.name)
        w, bias = inner.get_weights()
        v = outer.get_weights()[0][:, 0]
        slopes = (1 - np.tanh(x @ w + bias) ** 2) * v @ w.T
        got = model.predict([x, y], verbose=0)
        near(got[1], slopes); near(got[2], np.tile(v, (5, 1)))
        near(model.predict_on_batch([x, y])[1], slopes)
        near(model([x, y])[1].detach(), slopes)
        model.compile("sgd", ["mse", "mse", "mse"], loss_weights=[0, 1, 0])
        near(model.evaluate([x, y], [got[0], 0 * x, got[2]], verbose=0)[0], (slopes ** 2).mean())
        before = inner.get_weights()[0]
        model.train_on_batch([x, y], [got[0], 0 * x, got[2]])
        assert abs(inner.get_weights()[0] - before).max() > 1e-4           # by the gradient of a gradient
    """,
    "a latent vector drawn for batches of one size": """
        size = 10
        x = Input((6,))
        middle, spread = Dense(2)(x), Dense(2)(x)
        def sampling(args):
            middle, spread = args
            return middle + K.exp(spread / 2) * K.random_normal(shape=(size, 2), mean=0.0, stddev=0.0)
        latent = Lambda(sampling)([middle, spread])
        out = Dense(6, activation="sigmoid")(latent)
        assert latent.shape == (size, 2) and out.shape == (size, 6)
        def loss(y_true, y_pred):
            divergence = -0.5 * K.mean(1 + spread - K.square(middle) - K.exp(spread), axis=-1)
            return K.mean(K.binary_crossentropy(y_true, y_pred), axis=-1) + divergence
        model = Model(x, out)
        model.compile("sgd", loss)
        data = rng.uniform(size=(30, 6)).astype("float32")
        weights = model.get_weights()
        m, s = (data @ weights[i] + weights[i + 1] for i in (0, 2))
        y = 1 / (1 + np.exp(-(m @ weights[4] + weights[5])))
        wanted = -(data * np.log(y) + (1 - data) * np.log(1 - y)).mean(-1) - 0.5 * (1 + s - m ** 2 - np.exp(s)).mean(-1)
        near(model.evaluate(data, data, batch_size=size, verbose=0), wanted.mean(), 1e-4)
        model.fit(data, data, batch_size=size, epochs=1, verbose=0)
    """,
    "what a picture looks like, by products over its places": """
        image = Input(batch_shape=(1, None, None, 3))
        rows = K.batch_flatten(K.permute_dimensions(image[0], (2, 0, 1)))
        gram = K.dot(rows, K.transpose(rows))
        assert gram.shape == (3, 3)
        x = rng.normal(size=(1, 5, 4, 3)).astype("float32")
        flat = x.reshape(20, 3)
        value, slope = K.function([image], [gram, K.gradients(K.sum(K.square(gram)), image)[0]])([x])
        near(value, flat.T @ flat, 1e-4); near(slope.reshape(20, 3), 4 * flat @ flat.T @ flat, 1e-3)
        sizes = K.function([image], [K.shape(image), K.shape(image)[1:3]])([x])
        assert sizes[0].tolist() == [1, 5, 4, 3] and sizes[1].tolist() == [5, 4] and sizes[0].dtype == np.int32
    """,
    "who replaces get_file reaches the weights of applications": """
        from keras import applications, utils
        import sys
        asked, real = [], utils.get_file
        def nowhere(fname, *args, **kwargs):
            asked.append(fname)
            raise OSError("no network")
        for module in list(sys.modules.values()):
            if getattr(module, "__dict__", {}).get("get_file") is real:
                module.get_file = nowhere
        with pytest.raises(OSError, match="no network"):
            applications.MobileNet(weights="imagenet", input_shape=(128, 128, 3))
        assert len(asked) == 1 and "mobilenet" in asked[0]
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_in_models(name, python, repository, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(BEGIN + textwrap.dedent(SNIPPETS[name]))
    python(script, path=[repository / "compat" / "shims"], ok=True)
