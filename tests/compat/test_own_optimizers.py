"""Optimizers that users wrote for Keras 1, for tf.keras up to 2.10 and from 2.11 on: Adam in each way is Adam."""

import textwrap

SCRIPT = '''
import copy
import numpy as np, torch
import tensorflow as tf
import keras
from keras import backend as K
from keras.callbacks import LearningRateScheduler
import torchkeras_lite as lite

class ByUpdates(keras.optimizers.Optimizer):
    """Keras 1 and 2: what `get_updates` makes is made once, and all updates are computed before any is made."""
    def __init__(self, lr=0.05, beta_1=0.9, beta_2=0.999, decay=0.0, **kwargs):
        super(ByUpdates, self).__init__(**kwargs)
        with K.name_scope("own"):
            self.iterations = K.variable(0, dtype="int64", name="iterations")
            self.lr = K.variable(lr, name="lr")
            self.decay = K.variable(decay, name="decay")
        self.beta_1, self.beta_2, self.initial_decay = beta_1, beta_2, decay
    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        lr = self.lr
        if self.initial_decay > 0:
            lr = lr * (1.0 / (1.0 + self.decay * K.cast(self.iterations, K.dtype(self.decay))))
        t = K.cast(self.iterations, K.floatx()) + 1
        rate = lr * K.sqrt(1 - K.pow(self.beta_2, t)) / (1 - K.pow(self.beta_1, t))
        ms = [K.zeros(K.int_shape(p), dtype=K.dtype(p)) for p in params]
        vs = [K.zeros(K.int_shape(p), dtype=K.dtype(p)) for p in params]
        self.weights = [self.iterations] + ms + vs
        for p, g, m, v in zip(params, grads, ms, vs):
            m_t = self.beta_1 * m + (1 - self.beta_1) * g
            self.updates.append(K.update(m, m_t))
            self.updates.append(K.moving_average_update(v, K.square(g), self.beta_2))
            v_t = self.beta_2 * v + (1 - self.beta_2) * K.square(g)
            p_t = p - rate * m_t / (K.sqrt(v_t) + 1e-7)
            self.updates.append((p, p_t) if K.ndim(p) == 1 else K.update(p, p_t))
        return self.updates
    def get_config(self):
        config = {"lr": float(K.get_value(self.lr)), "beta_1": self.beta_1, "decay": float(K.get_value(self.decay))}
        return dict(list(super(ByUpdates, self).get_config().items()) + list(config.items()))

class OfKeras1(keras.optimizers.Optimizer):
    def __init__(self, lr=0.05, **kwargs):
        super(OfKeras1, self).__init__(**kwargs)
        self.__dict__.update(locals())
        self.lr = K.variable(self.lr)
        self.adam = ByUpdates(lr)
    def get_updates(self, params, constraints, loss):
        self.updates = []
        for p, g in zip(params, K.gradients(loss, params)):
            self.updates.append((p, p - self.lr * g))
        return self.updates

class ByVariable(keras.optimizers.Optimizer):
    """tf.keras up to 2.10."""
    def __init__(self, learning_rate=0.05, beta_1=0.9, beta_2=0.999, weight_decay=0.5, name="ByVariable", **kwargs):
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", kwargs.get("lr", learning_rate))
        self._set_hyper("decay", self._initial_decay)
        self._set_hyper("beta_1", beta_1)
        self._set_hyper("beta_2", lambda: beta_2)
        self.weight_decay = weight_decay  # a word of its own: the base must not decay by it
    def _create_slots(self, var_list):
        for var in var_list:
            self.add_slot(var, "m")
        for var in var_list:
            self.add_slot(var, "v", initializer="zeros")
    def _prepare_local(self, var_device, var_dtype, apply_state):
        super()._prepare_local(var_device, var_dtype, apply_state)
        t = tf.cast(self.iterations + 1, var_dtype)
        b1, b2 = (tf.identity(self._get_hyper(name, var_dtype)) for name in ("beta_1", "beta_2"))
        state = apply_state[(var_device, var_dtype)]
        state.update(b1=b1, b2=b2, rate=state["lr_t"] * tf.sqrt(1 - tf.pow(b2, t)) / (1 - tf.pow(b1, t)))
    def _resource_apply_dense(self, grad, var, apply_state=None):
        device, dtype = var.device, var.dtype.base_dtype
        state = (apply_state or {}).get((device, dtype)) or self._fallback_apply_state(device, dtype)
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        m.assign(state["b1"] * m + (1 - state["b1"]) * grad, use_locking=self._use_locking)
        v.assign(state["b2"] * v + (1 - state["b2"]) * tf.square(grad))
        return var.assign_sub(state["rate"] * m / (tf.sqrt(v) + 1e-7))
    def get_config(self):
        names = ("learning_rate", "beta_1", "beta_2")
        return {**super().get_config(), **{name: self._serialize_hyperparameter(name) for name in names}}

class ByStep(keras.optimizers.Optimizer):
    """tf.keras from 2.11 on."""
    def __init__(self, learning_rate=0.05, beta_1=0.9, beta_2=0.999, name="ByStep", **kwargs):
        super().__init__(name=name, jit_compile=False, **kwargs)
        self._learning_rate = self._build_learning_rate(learning_rate)
        self.beta_1, self.beta_2 = beta_1, beta_2
    def build(self, var_list):
        super().build(var_list)
        if hasattr(self, "_built") and self._built:
            return
        self._built = True
        self.m = [self.add_variable_from_reference(model_variable=var, variable_name="m") for var in var_list]
        self.v = [self.add_variable_from_reference(var, "v", shape=var.shape, initial_value="zeros") for var in var_list]
    def update_step(self, gradient, variable):
        t = tf.cast(self.iterations + 1, variable.dtype)
        rate = tf.cast(self.learning_rate, variable.dtype) * tf.sqrt(1 - tf.pow(self.beta_2, t)) / (1 - tf.pow(self.beta_1, t))
        key = self._var_key(variable)
        m, v = self.m[self._index_dict[key]], self.v[self._index_dict.get(key)]
        m.assign_add((gradient - m) * (1 - self.beta_1))
        v.assign_add((tf.square(gradient) - v) * (1 - self.beta_2))
        variable.assign_sub(rate * m / (tf.sqrt(v) + 1e-7))
    def get_config(self):
        rate = self._serialize_hyperparameter(self._learning_rate)
        return {**super().get_config(), "learning_rate": rate, "beta_1": self.beta_1}

class Slower(keras.optimizers.Adam):
    def _resource_apply_dense(self, grad, var, apply_state=None):
        super()._resource_apply_dense(grad * 3.0, var)

class SlowerByUpdates(keras.optimizers.SGD):
    def get_updates(self, loss, params):
        return super().get_updates(loss, params)

class Multiplied(keras.optimizers.Optimizer):
    """Holds another, and calls that one's `get_updates` with another rate for each kind of variable."""
    def __init__(self, inner, multipliers, **kwargs):
        super(Multiplied, self).__init__(**kwargs)
        self.inner, self.multipliers = inner, multipliers
    def get_updates(self, loss, params):
        base, updates = K.get_value(self.inner.lr), []
        for ndim, multiplier in self.multipliers.items():
            self.inner.lr = base * multiplier
            updates += self.inner.get_updates(loss, [p for p in params if K.ndim(p) == ndim])
        self.inner.lr = base
        return updates

near = lambda a, b: [np.testing.assert_allclose(x, y, rtol=2e-5, atol=1e-6) for x, y in zip(a, b, strict=True)]
x = np.linspace(-1, 1, 24).reshape(8, 3).astype("float32")
y = x.sum(1, keepdims=True) ** 2
def trained(optimizer, epochs=3, callbacks=(), model=None):
    if model is None:
        model = keras.Sequential([keras.layers.Dense(2, activation="tanh"), keras.layers.Dense(1)])
        model.build((None, 3))
        model.set_weights([np.cos(np.arange(w.size)).reshape(w.shape) for w in model.get_weights()])
        model.compile(optimizer, "mse")
    model.fit(x, y, batch_size=4, epochs=epochs, shuffle=False, verbose=0, callbacks=list(callbacks))
    return model

expected = trained(lite.optimizers.Adam(0.05)).get_weights()
slower = LearningRateScheduler(lambda epoch: 0.05 / (epoch + 1))
expected_slower = trained(lite.optimizers.Adam(0.05), callbacks=[slower]).get_weights()
clipped = trained(lite.optimizers.Adam(0.05, clipnorm=0.1)).get_weights()
for make in (ByUpdates, ByVariable, ByStep):
    model = trained(make())
    near(model.get_weights(), expected)
    assert int(K.get_value(model.optimizer.iterations)) == 6
    near(trained(make(), callbacks=[slower]).get_weights(), expected_slower)
    near(trained(make(clipnorm=0.1)).get_weights(), clipped)
    again = make.from_config(model.optimizer.get_config())
    assert abs(float(K.get_value(again.lr)) - 0.05) < 1e-7 and float(again.beta_1) == np.float32(0.9) or again.beta_1 == 0.9
    # State, by arrays and by a file: training goes on as if nothing had been between.
    onward = trained(None, 2, model=copy.deepcopy(model)).get_weights()
    other = keras.Sequential([keras.layers.Dense(2, activation="tanh"), keras.layers.Dense(1)])
    other.build((None, 3))
    other.set_weights(model.get_weights())
    other.compile(make(), "mse")
    other.optimizer.build(other.trainable_weights)
    state = [np.array(value) for value in K.batch_get_value(model.optimizer.weights)]
    assert len(state) == len(model.optimizer.get_weights()) >= 9 and int(state[0]) == 6
    if make is not ByUpdates:  # whose own step count is one of what it keeps
        other.optimizer.set_weights(state)
        near(trained(None, 2, model=other).get_weights(), onward)
    model.save("model.h5")
    loaded = keras.models.load_model("model.h5", custom_objects={make.__name__: make})
    near(trained(None, 2, model=loaded).get_weights(), onward)

near(trained(ByUpdates(decay=0.5)).get_weights(), trained(lite.optimizers.Adam(
    lite.optimizers.schedules.InverseTimeDecay(0.05, 1, 0.5))).get_weights())
near(trained(ByVariable(decay=0.5)).get_weights(), trained(ByUpdates(decay=0.5)).get_weights())
steps = keras.optimizers.schedules.PiecewiseConstantDecay([2, 4], [0.1, 0.05, 0.01])
near(trained(ByStep(steps)).get_weights(), trained(lite.optimizers.Adam(steps)).get_weights())
near(trained(ByVariable(steps)).get_weights(), trained(lite.optimizers.Adam(steps)).get_weights())
near(trained(OfKeras1(0.25)).get_weights(), trained(lite.optimizers.SGD(0.25)).get_weights())
near(trained(SlowerByUpdates(0.25, momentum=0.5)).get_weights(), trained(lite.optimizers.SGD(0.25, momentum=0.5)).get_weights())
near(trained(Slower(0.05, epsilon=3e-7)).get_weights(), expected)
# What scripts wrote to keep an optimizer's state beside the weights.
model = trained(keras.optimizers.RMSprop(0.01))
kept = K.batch_get_value(getattr(model.optimizer, "weights"))
other = keras.models.model_from_json(model.to_json())
other.set_weights(model.get_weights())
other.compile(keras.optimizers.RMSprop(0.01), "mse")
other._make_train_function()
other.optimizer.set_weights(kept)
near(trained(None, 2, model=other).get_weights(), trained(None, 2, model=model).get_weights())

inner = keras.optimizers.SGD(0.25)
near(trained(Multiplied(inner, {1: 0.0, 2: 1.0})).get_weights()[::2],
     trained(Multiplied(keras.optimizers.SGD(0.5), {2: 0.5})).get_weights()[::2])
assert int(inner.iterations) == 12 and float(inner.learning_rate) == 0.25
halved = trained(Multiplied(keras.optimizers.SGD(0.5), {1: 0.5, 2: 0.5})).get_weights()
near(halved, trained(lite.optimizers.SGD(0.25)).get_weights())
assert "get_updates" not in vars(lite.optimizers.Adam) and isinstance(ByStep(), lite.optimizers.Optimizer)
'''


def test_adam_in_every_way(python, repository, tmp_path):
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    python("-W", "ignore", "-m", "torchkeras_lite", "--era", "3", "script.py", path=[repository], cwd=tmp_path, ok=True)
