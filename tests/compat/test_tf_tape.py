"""`tf.GradientTape`, `tf.Variable`, `tf.Module` and gradients of one's own."""

import gc
import weakref

import numpy as np
import pytest
import torch

from torchkeras_lite import layers, models, optimizers
from torchkeras_lite.variable import Variable


def values(structure):
    return [None if one is None else one.tolist() for one in structure]


def test_the_value_of_a_variable_is_an_attribute_and_a_method(tf):
    v = tf.Variable([3.0, 4.0])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(v.value() * v.value)
    assert tape.gradient(y, v).tolist() == [6.0, 8.0]
    assert type(v.value()) is type(v.value * 2) is type(v * v) is torch.Tensor
    v.assign([5.0, 6.0])
    assert v.value().tolist() == v.value.tolist() == [5.0, 6.0]


# ---------------------------------------------------------------- what gradients are


def test_of_variables_and_tensors(tf):
    x, w = tf.constant([1.0, 2.0]), tf.Variable([3.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(x * w * w)
    found = tape.gradient(y, {"x": x, "w": [w]})
    assert found["x"].tolist() == [9.0, 16.0] and found["w"][0].tolist() == [6.0, 16.0]
    assert not x.requires_grad and not found["x"].requires_grad and w.raw.grad is None


def test_what_no_way_leads_to(tf):
    x, other, constant = tf.Variable(2.0), tf.Variable([1.0, 2.0]), tf.constant(3.0)
    frozen, before = tf.Variable(1.0, trainable=False), tf.Variable(2.0) * 2.0
    with tf.GradientTape(persistent=True) as tape:
        y = x * constant * frozen + before
    assert values(tape.gradient(y, [x, other, constant, frozen, before])) == [3.0, None, None, None, None]
    zeros = tape.gradient(y, [other, constant], unconnected_gradients=tf.UnconnectedGradients.ZERO)
    assert values(zeros) == [[0.0, 0.0], 0.0]
    assert tape.gradient(tf.constant(1.0), x) is None and values(tape.gradient(y, [other], None, "zero")) == [[0.0, 0.0]]


def test_integers_have_none(tf):
    x = tf.constant(2)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, x) is None


def test_several_targets_and_their_weights(tf):
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        a, b = x * 2.0, x * x
    assert tape.gradient({"a": a, "b": b}, x).tolist() == [4.0, 6.0]
    assert tape.gradient(b, x, output_gradients=tf.constant([1.0, 10.0])).tolist() == [2.0, 40.0]
    assert tape.gradient([a, b], [x], output_gradients=[[1.0, 0.0], [0.0, 1.0]])[0].tolist() == [2.0, 4.0]


def test_only_what_is_watched(tf):
    a, b = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(a)
        y = a * b
    assert values(tape.gradient(y, [a, b])) == [3.0, None]


@pytest.mark.parametrize("frozen", [lambda tf: tf.Variable(2.0, trainable=False), lambda tf: dense_of_one().bias])
def test_frozen_variables_can_be_watched(frozen, tf):
    variable = frozen(tf)
    variable.trainable = False
    with tf.GradientTape() as tape:
        tape.watch(variable)
        y = tf.reduce_sum(variable * 3.0)
    assert np.unique(tape.gradient(y, variable)).tolist() == [3.0]
    assert not variable.trainable and not variable.raw.requires_grad


def dense_of_one():
    layer = layers.Dense(1)
    layer.build((None, 1))
    return layer


def test_gradients_of_weights_have_keras_layout(tf):
    layer = layers.Dense(3)
    x = tf.constant([[1.0, 2.0]])
    layer(x)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(layer(x) * tf.constant([1.0, 2.0, 3.0]))
    kernel, bias = tape.gradient(y, layer.trainable_variables)
    assert kernel.tolist() == [[1, 2, 3], [2, 4, 6]] and bias.tolist() == [1, 2, 3]
    with tf.GradientTape() as tape:
        tape.watch(layer.trainable_variables)
        y = layer(x)
    assert tape.jacobian(y, layer.kernel)[0, 1].tolist() == [[0, 1, 0], [0, 2, 0]]


# ---------------------------------------------------------------- how often, and what is recorded


def test_once_or_persistent(tf):
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    assert tape.gradient(y, x).tolist() == 6.0
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(y, x)
    with tf.GradientTape(persistent=True) as tape:
        y = x * x
        z = y * y
    assert tape.gradient(z, x).tolist() == 108.0 and tape.gradient(y, x).tolist() == 6.0
    with pytest.raises(ValueError, match="still recording"), tape, tape:
        pass


def test_tapes_beside_each_other_share_what_they_recorded(tf):
    a, b = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as first, tf.GradientTape() as second:
        common = tf.exp(a * b)
    assert first.gradient(common, a) == pytest.approx(3 * np.exp(6), rel=1e-5)
    assert second.gradient(common, b) == pytest.approx(2 * np.exp(6), rel=1e-5)


def test_the_last_gradient_frees_what_was_recorded(tf):
    x = tf.Variable(np.ones(1000, "float32"))
    for count in (1, 2):
        with tf.GradientTape() as tape, tf.GradientTape() as other:
            y = tf.exp(x)
        saved = y.grad_fn
        tape.gradient(y, x)
        if count == 2:
            assert saved._saved_result is not None
            other.gradient(y, x)
            with pytest.raises(RuntimeError, match="freed"):
                saved._saved_result  # noqa: B018


def test_second_derivatives(tf):
    x = tf.constant(3.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        first = inner.gradient(y, x)
    assert (first.item(), outer.gradient(first, x).item()) == (27.0, 18.0)


def test_hessian_through_a_layer(tf):
    layer = layers.Dense(1, activation="tanh")
    x = tf.constant([[0.5]])
    layer(x)
    layer.set_weights([np.array([[0.3]], "float32"), np.array([0.0], "float32")])
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            loss = tf.reduce_sum(layer(x))
        grad = inner.gradient(loss, layer.kernel)
    second = outer.jacobian(grad, layer.kernel)
    t = np.tanh(0.15)
    np.testing.assert_allclose(second.numpy(force=True).ravel(), [0.25 * -2 * t * (1 - t * t)], rtol=1e-5)


def test_stop_recording_and_reset(tf):
    x, y = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        a = x * x
        with tape.stop_recording():
            b = y * y
        z = a + b
    assert values(tape.gradient(z, [x, y])) == [4.0, None]
    with tf.GradientTape() as tape:
        b = y * y
        tape.reset()
        z = x * x + b
    assert values(tape.gradient(z, [x, y])) == [4.0, None]
    with pytest.raises(RuntimeError, match="not recording"):
        tape.reset()


def test_recording_is_on_inside_and_as_before_afterwards(tf):
    x = tf.Variable(3.0)
    with torch.no_grad():
        with tf.GradientTape() as tape:
            assert torch.is_grad_enabled()
            y = x * x
        assert not torch.is_grad_enabled()
        assert tape.gradient(y, x).tolist() == 6.0
    with pytest.raises(ZeroDivisionError), tf.GradientTape():
        raise ZeroDivisionError
    assert tf.file("_tape")._open.tapes == []


def test_jacobians(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = tf.reduce_sum(x, axis=1)
    whole, rows = tape.jacobian(y, x), tape.batch_jacobian(y, x)
    assert whole.shape == (2, 2, 2, 2) and whole[1, 0].tolist() == [[0.0, 0.0], [6.0, 0.0]]
    assert rows.tolist() == [[[2.0, 0.0], [0.0, 4.0]], [[6.0, 0.0], [0.0, 8.0]]]
    assert tape.jacobian(z, x)[0].tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert tape.jacobian(y, tf.Variable([1.0])) is None
    with pytest.raises(ValueError, match="as many examples"):
        tape.batch_jacobian(tf.reduce_sum(y, keepdims=True), x)


def test_custom_gradients(tf):
    @tf.custom_gradient
    def log1pexp(x):
        e = tf.exp(x)
        return tf.math.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))

    x = tf.constant(100.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = log1pexp(x)
    assert tape.gradient(y, x).tolist() == 1.0
    w = tf.Variable([0.3, 1.7])
    with tf.GradientTape() as tape:
        y = tf.grad_pass_through(tf.round)(w) * 2.0 + tf.stop_gradient(w)
    assert tape.gradient(y, w).tolist() == [2.0, 2.0]
    with tf.GradientTape() as tape:
        y = tf.recompute_grad(lambda x: x * x)(w)
    np.testing.assert_allclose(tape.gradient(y, w).numpy(), [0.6, 3.4], rtol=1e-6)


def test_clipping_has_no_nan_at_zero(tf):
    x = tf.constant([0.0, 0.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.clip_by_norm(x, 1.0)
    assert tape.gradient(y, x).tolist() == [1.0, 1.0]


# ---------------------------------------------------------------- training


def test_a_model_called_in_a_tape_trains(tf):
    model = models.Sequential([layers.Dense(4), layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(1)])
    optimizer = optimizers.SGD(0.1)
    x = tf.random.normal((16, 3))
    model(x)
    before = [weight.numpy() for weight in model.weights]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x, training=True)))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True))
    changed = [not np.array_equal(a, b.numpy()) for a, b in zip(before, model.weights, strict=True)]
    assert all(changed[i] for i in (0, 2, 3, 4, 5, 6)), changed  # moving statistics too; the first bias has no gradient
    members = tf.file("_members")
    loss = members.minimize(optimizer, lambda: tf.reduce_mean(tf.square(model(x))), model.trainable_variables)
    assert int(optimizer.iterations) == 2
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x)))
    members.minimize(optimizer, loss, lambda: model.trainable_variables, tape=tape)
    assert int(optimizer.iterations) == 3
    with pytest.raises(ValueError, match="tape"):
        members.minimize(optimizer, loss, model.trainable_variables)


def test_memory_is_given_back(tf):
    x = tf.Variable(np.ones(10, "float32"))
    for _ in range(2):
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(x * x)
        tape.gradient(y, x)
    del tape, y
    gc.collect()
    assert not [one for one in gc.get_objects() if type(one).__name__ == "GradientTape"]


# ---------------------------------------------------------------- Variables and modules


def test_variables(tf):
    v = tf.Variable([1.0, 2.0], name="scale:0")
    assert v.name == "scale:0" and v.shape == (2,) and v.dtype == tf.float32 and v.trainable
    assert isinstance(v, Variable) and isinstance(dense_of_one().kernel, tf.Variable) and not isinstance(v.value, tf.Variable)
    kept = v.read_value()
    assert v.assign([3.0, 4.0]) is v and v.numpy().tolist() == [3.0, 4.0] and kept.tolist() == [1.0, 2.0]
    v.assign_add([1.0, 1.0])
    v.assign_sub(tf.constant([0.5, 0.5]))
    assert (v + 1).tolist() == [4.5, 5.5] and (2 * v).tolist() == [7.0, 9.0] and (-v).tolist() == [-3.5, -4.5] and v[0] == 3.5
    assert v.scatter_nd_update([[0]], [9.0]).numpy().tolist() == [9.0, 4.5]
    v.scatter_nd_add([[0]], [1.0])
    assert v.scatter_nd_sub([[1]], [1.0]).numpy().tolist() == [10.0, 3.5]
    table = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    table[0, 1].assign(42.0)
    assert table[:, 0].assign([7, 8]) is table and table.numpy().tolist() == [[7, 42], [8, 4]]
    table.scatter_update(tf.IndexedSlices(values=[[9.0, 9.0]], indices=[1]))
    assert table.scatter_add(tf.IndexedSlices([[1.0, 0.0]], [0])).numpy().tolist() == [[8, 42], [9, 9]]
    with tf.GradientTape() as tape:
        product = table[0, 1] * 3
    assert tape.gradient(product, table).tolist() == [[0, 3], [0, 0]]
    counter = tf.Variable(0)
    counter.assign_add(1)
    assert counter.dtype == tf.int32 and int(counter) == 1 and tf.Variable(lambda: tf.ones((2,))).shape == (2,)
    assert tf.Variable(1, dtype=tf.float64).dtype == "float64" and not tf.Variable(1.0, trainable=False).trainable
    assert repr(tf.Variable([1, 2], name="v")) == "<tf.Variable 'v:0' shape=(2,) dtype=int32, numpy=[1, 2]>"
    with pytest.raises(ValueError, match="shape"):
        tf.Variable([1.0], shape=[2])
    with pytest.raises(TypeError, match="text"):
        tf.Variable("a")


def test_modules(tf):
    class Layer(tf.Module):
        def __init__(self):
            super().__init__(name="layer")
            self.w, self.frozen = tf.Variable([1.0]), tf.Variable(2.0, trainable=False)

    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.parts = [Layer(), {"k": tf.Variable(3.0)}]
            self.again = self.parts[0]
            self.keras = dense_of_one()
            self.a = tf.Variable(4.0)

    net = Net()
    assert net.name == "net" and Layer().name == "layer"
    assert [np.ravel(v.numpy()).tolist() for v in net.variables[:4]] == [[4.0], [3.0], [2.0], [1.0]]
    assert len(net.variables) == 6 and len(net.trainable_variables) == 5 and len(net.non_trainable_variables) == 1
    assert len(net.submodules) == 2
    with net.name_scope as scope:
        assert scope == "net/"
    with pytest.raises(ValueError, match="identifier"):
        tf.Module(name="a b")


def test_a_model_trained_by_a_step_of_ones_own_is_freed_at_once(tf):
    def trained():
        model, optimizer = models.Sequential([layers.Dense(3), layers.Dense(1)]), optimizers.SGD()

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
        def step(x):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model(x, training=True) ** 2)
            weights = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            return loss

        assert step(tf.ones((2, 4))) > step.get_concrete_function()(tf.ones((2, 4))) > step.python_function(tf.ones((2, 4)))
        return [weakref.ref(model), *(weakref.ref(one) for one in model.parameters())]

    trained()  # what is imported on first use leaves circles of Python's own
    gc.disable()
    try:
        assert [known() for known in trained()] == [None] * 5
    finally:
        gc.enable()


# ---------------------------------------------------------------- weights that change before gradients go through them


@pytest.fixture
def steps_of_tf(tf):
    """Optimizers, with the methods that they have under the stand-in."""
    tf.GradientTape  # noqa: B018 - the file is there, as it is for whoever has made a tape
    members = tf.file("_members")
    members.put_on()
    yield
    members.take_off()


def _pair():
    generator = models.Sequential([layers.Input((2,)), layers.Dense(3, activation="tanh")])
    judge = models.Sequential([layers.Input((3,)), layers.Dense(4, activation="tanh"), layers.Dense(1)])
    rng = np.random.default_rng(3)
    for model in (generator, judge):
        model.set_weights([rng.normal(size=w.shape).astype("float32") for w in model.get_weights()])
    return generator, judge, rng.normal(size=(5, 2)).astype("float32")


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])  # the first two are steps of torch's that autograd does not see
@pytest.mark.parametrize("way", ["two tapes", "one tape", "inside"])
def test_gradients_after_a_step_go_through_the_weights_that_were(tf, steps_of_tf, name, way):
    generator, judge, noise = _pair()
    optimizer = getattr(optimizers, name)(0.5)
    with tf.GradientTape(persistent=True) as tape:
        score = judge(generator(noise))
        losses = tf.reduce_mean(score**2), tf.reduce_mean((score - 1) ** 2)
    wanted = tape.gradient(losses[1], generator.trainable_variables)
    step = tape.gradient(losses[0], judge.trainable_variables)
    del tape, score, losses

    with tf.GradientTape(persistent=way == "one tape") as first, tf.GradientTape() as other:
        second = first if way == "one tape" else other
        score = judge(generator(noise))
        losses = tf.reduce_mean(score**2), tf.reduce_mean((score - 1) ** 2)
        if way == "inside":
            optimizer.apply_gradients(zip(step, judge.trainable_variables, strict=True))
            found = second.gradient(losses[1], generator.trainable_variables)
    if way != "inside":
        slopes = first.gradient(losses[0], judge.trainable_variables)
        optimizer.apply_gradients(zip(slopes, judge.trainable_variables, strict=True))
        changed = judge.get_weights()
        found = second.gradient(losses[1], generator.trainable_variables)
        for before, after in zip(changed, judge.get_weights(), strict=True):
            assert (before == after).all()
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one.detach(), other.detach(), rtol=1e-6)


def test_what_is_computed_after_a_step_has_the_new_weights(tf, steps_of_tf):
    generator, judge, noise = _pair()
    optimizer = optimizers.Adam(0.5)
    with tf.GradientTape(persistent=True) as tape:
        loss = tf.reduce_mean(judge(generator(noise)) ** 2)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, judge.trainable_variables), judge.trainable_variables, strict=True)
        )
        loss = tf.reduce_mean(judge(generator(noise)) ** 2)
    found = tape.gradient(loss, generator.trainable_variables)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(judge(generator(noise)) ** 2)
    for one, other in zip(found, tape.gradient(loss, generator.trainable_variables), strict=True):
        np.testing.assert_allclose(one.detach(), other.detach(), rtol=1e-6)


def test_weights_of_before_are_kept_for_tapes_that_wait_only(tf, steps_of_tf):
    generator, judge, noise = _pair()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(judge(generator(noise)) ** 2)
    slopes = tape.gradient(loss, judge.trainable_variables)
    optimizers.SGD(0.5).apply_gradients(zip(slopes, judge.trainable_variables, strict=True))
    assert not tape._kept
