"""A model is freed with the last reference to it, as in plain PyTorch: nothing in it waits until Python looks for circles."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import callbacks, layers, ops, optimizers

X, Y = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")


@pytest.fixture(autouse=True)
def no_collection():
    gc.disable()
    yield
    gc.enable()


def held_after(make) -> list:
    """What is left of what `make` makes when the last reference to it is gone: names of modules, shapes of weights."""
    make()  # what is imported on first use leaves circles of Python's own
    model = make()
    modules = [(type(module).__name__, weakref.ref(module)) for module in model.modules()]
    weights = [(tuple(one.shape), weakref.ref(one)) for one in (*model.parameters(), *model.buffers())]
    assert modules and weights
    del model
    return [name for name, known in (*modules, *weights) if known() is not None]


# ---------------------------------------------------------------- kinds of models


def sequential():
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(1)])


def late_sequential():
    return called(keras.Sequential([layers.Dense(3, activation="relu"), layers.Dense(1)]))


def functional():
    entry = keras.Input((4,))
    return keras.Model(entry, layers.Dense(1)(layers.Dense(3)(entry)))


def with_functions():
    entry = keras.Input((4,))
    return keras.Model(entry, layers.Dense(1)(ops.relu(layers.Dense(4)(entry) * 2 + entry)))


def nested():
    entry = keras.Input((4,))
    return keras.Model(entry, layers.Add()([functional()(entry), sequential()(entry)]))


def sharing():
    shared, entry = layers.Dense(4), keras.Input((4,))
    return keras.Model(entry, layers.Dense(1)(shared(shared(shared(entry)))))


def sharing_crosswise():
    first, second, one, other = layers.Dense(4), layers.Dense(4), keras.Input((4,)), keras.Input((4,))
    return keras.Model([one, other], [second(first(one)), first(second(other))])


def part_of_another():
    whole = functional()
    return keras.Model(whole.input, whole.layers[1].output)


def with_losses():
    entry = keras.Input((4,))
    inner = layers.Dense(3, activity_regularizer="l2", kernel_regularizer="l2")(entry)
    model = keras.Model(entry, layers.Dense(1)(inner))
    model.add_loss(ops.mean(inner))
    return model


def with_a_loss_that_uses_its_tensors():
    entry = keras.Input((4,))
    inner = layers.Dense(3)(entry)
    model = keras.Model(entry, layers.Dense(1)(inner))
    model.compile("sgd", lambda y, p: ops.mean(ops.square(y - p)) + ops.mean(inner))
    model.train_on_batch(X, Y)
    return model


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(4), [layers.Dense(4)]]
        self.named = {"head": layers.Dense(1)}
        self.inner = sequential()

    def call(self, x):
        return self.named["head"](self.blocks[1][0](self.blocks[0](x))) + self.inner(x)


class Own(layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight((shape[-1], 1))
        self.count = self.add_weight((1,), "zeros", trainable=False)
        self.scale = keras.Variable(np.ones(1, "float32"))
        self.plain = torch.nn.Parameter(torch.ones(1))

    def call(self, x):
        self.count.assign_add(torch.ones(1))
        return x @ self.kernel * self.scale + self.plain


def rematerialized():
    with keras.RematScope("full"):
        model = sequential()
    model.compile("sgd", "mse")
    model.train_on_batch(X, Y)
    return model


def decoding_step_by_step():
    cell, entry = layers.LSTM(3, return_state=True), keras.Input((5, 4))
    _, *states = cell(entry)
    steps = []
    for _ in range(3):
        step, *states = cell(entry, initial_state=states)
        steps.append(step)
    return keras.Model(entry, layers.Dense(1)(layers.Concatenate()(steps)))


def adversarial():
    noise, judge = keras.Input((2,)), late_sequential()
    judge.compile("sgd", "mse")
    model = keras.Model(noise, judge(layers.Dense(4)(noise)))
    model.compile("sgd", "mse")
    model.train_on_batch(X[:, :2], Y)
    judge.train_on_batch(X, Y)
    return model


def called(layer, *shape):
    layer(torch.ones(2, *(shape or (4,))))
    return layer


def of_texts():
    words = layers.TextVectorization(10, output_sequence_length=4)
    words.adapt(["a b", "c d"])
    return keras.Sequential([keras.Input((1,), dtype="string"), words, layers.Embedding(10, 4), layers.Flatten()])


def of_images():
    entry = keras.Input((8, 8, 3))
    x = layers.RandomRotation(0.1)(layers.Rescaling(1 / 255)(entry))
    x = layers.MaxPooling2D()(layers.Conv2D(2, 3, activation="relu")(x))
    x = layers.BatchNormalization()(layers.SeparableConv2D(2, 2)(x))
    return called(keras.Model(entry, layers.Lambda(lambda x: x * 2)(layers.GlobalAveragePooling2D()(x))), 8, 8, 3)


def normalized():
    scaled = layers.Normalization()
    scaled.adapt(X)
    return keras.Sequential([keras.Input((4,)), scaled, layers.Dropout(0.5), layers.GaussianNoise(0.1), layers.Dense(1)])


def attending():
    x = torch.ones(2, 4, 3)
    layer = layers.MultiHeadAttention(2, 3)
    layer(x, x)
    return layer


KINDS = [
    sequential, late_sequential, functional, with_functions, nested, sharing, sharing_crosswise, part_of_another, with_losses,
    with_a_loss_that_uses_its_tensors, rematerialized, decoding_step_by_step, adversarial, of_texts, of_images, normalized,
    attending,
]  # fmt: skip
LAYERS = {
    "own weights": lambda: called(Own()),
    "own weights in a model": lambda: keras.Sequential([keras.Input((4,)), Own()]),
    "subclass": lambda: called(Subclassed()),
    "LSTM": lambda: called(layers.LSTM(3), 5, 4),
    "GRU": lambda: called(layers.GRU(3, reset_after=False), 5, 4),
    "Bidirectional": lambda: called(layers.Bidirectional(layers.LSTM(3)), 5, 4),
    "RNN": lambda: called(layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)]), 5, 4),
    "stateful": lambda: called(layers.SimpleRNN(3, stateful=True), 5, 4),
    "TimeDistributed": lambda: called(layers.TimeDistributed(layers.Dense(2)), 5, 4),
    "masks": lambda: keras.Sequential([keras.Input((None,)), layers.Embedding(9, 4, mask_zero=True), layers.LSTM(3)]),
}


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_a_model_is_freed_at_once(make):
    assert held_after(make) == []


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_freed_at_once(name):
    assert held_after(LAYERS[name]) == []


# ---------------------------------------------------------------- what was done with it


def used(make, optimizer="sgd", **settings):
    model = make()
    model.compile(optimizer, "mse", metrics=["mae"])
    model.fit(X, Y, batch_size=4, epochs=2, validation_split=0.25, verbose=0, **settings)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, batch_size=3, verbose=0)
    return model


def single_steps(model, path):
    model.train_on_batch(X, Y)
    model.test_on_batch(X, Y)
    model.predict_on_batch(X)


def failures(model, path):
    for mistake in (
        lambda: model(torch.ones(2, 7)),
        lambda: model.fit(X, Y[:3], verbose=0),
        lambda: model.load_weights(path / "nowhere.weights.h5"),
        lambda: model.get_layer("nobody"),
    ):
        with pytest.raises((ValueError, OSError)):
            mistake()


def files(model, path):
    model.save(path / "a.keras")
    model.save(path / "a.h5")
    model.save_weights(path / "a.weights.h5")
    model.load_weights(path / "a.weights.h5")


def loaded(model, path):
    model.save(path / "b.keras")
    return keras.models.load_model(path / "b.keras")


def loaded_hdf5(model, path):
    model.save(path / "b.h5")
    return keras.models.load_model(path / "b.h5")


def shown(model, path):
    model.summary(print_fn=lambda text: None, expand_nested=True)
    model.get_config(), model.to_json(), model.get_weights()


DEEDS = {
    "single steps": single_steps, "failures": failures, "files": files, "shown": shown, "loaded": loaded,
    "loaded from HDF5": loaded_hdf5, "cloned": lambda model, path: keras.models.clone_model(model),
    "deepcopy": lambda model, path: copy.deepcopy(model), "pickle": lambda model, path: pickle.loads(pickle.dumps(model)),
}  # fmt: skip


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("make", [sequential, functional], ids=lambda make: make.__name__)
def test_whatever_was_done_with_it(make, deed, tmp_path):
    def done():
        model = used(make)
        return DEEDS[deed](model, tmp_path) or model

    assert held_after(done) == []


@pytest.mark.parametrize("make", [late_sequential, nested, sharing, with_losses, Subclassed], ids=lambda make: make.__name__)
def test_after_a_fit(make):
    assert held_after(lambda: used(make)) == []


OPTIMIZERS = [one for one in vars(optimizers).values() if isinstance(one, type) and issubclass(one, optimizers.Optimizer)]
AROUND_OTHERS = (optimizers.Optimizer, optimizers.LossScaleOptimizer, optimizers.MultiOptimizer, optimizers.TorchOptimizer)


@pytest.mark.parametrize(
    "optimizer",
    [*(one for one in OPTIMIZERS if one not in AROUND_OTHERS), torch.optim.Adam,
     lambda: optimizers.LossScaleOptimizer(optimizers.SGD()), lambda: optimizers.Adam(use_ema=True, clipnorm=1.0),
     lambda: optimizers.MultiOptimizer(lambda variable, inner=optimizers.SGD(): inner),
     lambda: optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 10, 0.9))],
)  # fmt: skip
def test_with_each_optimizer(optimizer):
    def stepped():
        model = sequential()
        model.compile(optimizer if optimizer is torch.optim.Adam else optimizer(), "mse")
        model.train_on_batch(X, Y)
        return model

    assert held_after(stepped) == []


def test_with_callbacks(tmp_path):
    class Mine(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.weights = self.model.get_weights()

    def run():
        found = [
            callbacks.EarlyStopping(restore_best_weights=True), callbacks.ReduceLROnPlateau(), callbacks.TerminateOnNaN(),
            callbacks.LearningRateScheduler(lambda epoch, rate: rate), callbacks.ModelCheckpoint(tmp_path / "a.keras"),
            callbacks.CSVLogger(tmp_path / "a.csv"), callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
            callbacks.BackupAndRestore(tmp_path / "backup"), callbacks.History(), Mine(),
        ]  # fmt: skip
        return used(sequential, callbacks=found)

    assert held_after(run) == []


def test_with_steps_of_its_own():
    class Mine(keras.Model):
        def __init__(self):
            super().__init__()
            self.head, self.tracker = layers.Dense(1), keras.metrics.Mean(name="mine")

        def call(self, x):
            return self.head(x)

        def train_step(self, data):
            x, y = data
            loss = ops.mean(ops.square(self(x, training=True) - y))
            self.zero_grad()
            loss.backward()
            self.optimizer.apply([v.value.grad for v in self.trainable_weights], self.trainable_weights)
            self.tracker.update_state(loss)
            return {"mine": self.tracker.result()}

    def run():
        model = Mine()
        model.compile("adam")
        model.fit(X, Y, verbose=0)
        return model

    assert held_after(run) == []


def test_in_a_loop_nothing_is_left_in_a_layer_that_stays():
    base = sequential()
    heads = []
    for _ in range(3):
        entry = keras.Input((4,))
        model = keras.Model(entry, layers.Dense(1)(base(entry)))
        heads.append(weakref.ref(model.layers[-1]))
        del model, entry
    assert [head() for head in heads] == [None] * 3 and len(base._nodes) == 1


def test_a_chain_of_thousands_of_calls_is_freed_too():
    end = keras.Input((4,))
    for _ in range(2_000):
        end = end + 1
    entry = weakref.ref(end.node.inputs[0])
    del end
    assert entry() is None


# ---------------------------------------------------------------- what stays as long as it is wanted


def test_a_layer_still_knows_its_first_call():
    layer, entry = layers.Dense(3, name="a"), keras.Input((4,))
    layer(entry)
    again = layer.output
    assert again is layer.output is layer._nodes[0].outputs[0] and again.node.operation is layer and layer.input is entry
    assert again.shape == (None, 3)
    name = again.name
    del again
    assert layer.output.name == name and keras.Model(entry, layer.output).get_layer("a") is layer
    states = layers.LSTM(3, return_state=True)
    states(keras.Input((5, 4)))
    assert [one.index for one in states.output] == [0, 1, 2] and states._nodes[0].structure[1].node is states._nodes[0]


def test_of_later_calls_it_knows_those_that_led_to_something():
    layer, entries = layers.Dense(3), [keras.Input((4,)) for _ in range(4)]
    layer(entries[0])
    kept = layer(entries[1])
    layer(entries[2])
    model = keras.Model(entries[3], layers.Dense(1)(layer(entries[3])))
    assert [node.inputs[0] for node in layer._nodes] == [entries[0], entries[1], entries[3]] and layer._nodes[1] is kept.node
    del kept, model
    assert len(layer._nodes) == 1


def test_a_mask_comes_along_with_an_output_made_anew():
    layer = layers.Embedding(9, 4, mask_zero=True)
    layer(keras.Input((5,)))
    assert layer.output._keras_mask.shape == (None, 5) and layer.output._keras_mask.dtype == "bool"


def test_copies_of_a_tensor_have_a_history_of_their_own():
    layer = layers.Dense(3)
    tensor = layer(keras.Input((4,)))
    for twin in (copy.deepcopy(tensor), pickle.loads(pickle.dumps(tensor))):
        assert twin is not tensor and twin.node.outputs[0] is twin and twin.node.operation is not layer
        model = keras.Model(twin.node.inputs[0], twin)
        np.testing.assert_array_equal(model.layers[-1].kernel.numpy(), layer.kernel.numpy())
    assert tensor.node.outputs[0] is tensor


def test_a_history_outlives_its_model_and_a_model_its_history():
    model = sequential()
    model.compile("sgd", "mse")
    with pytest.raises(AttributeError, match="history"):
        model.history  # noqa: B018
    history = model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    assert model.history is history and history.model is model
    history.mine, losses = 3, history.history["loss"]
    del history
    again = model.history
    assert type(again) is callbacks.History and again is model.history and again.model is model
    assert again.history["loss"] is losses and again.epoch == [0, 1] and again.mine == 3
    known = weakref.ref(model)
    del model
    assert known() is again.model  # whoever has only this can still predict
    twin = copy.deepcopy(again.model)
    assert twin.history.model is twin and twin.history.history == again.history
    assert pickle.loads(pickle.dumps(twin)).history.epoch == [0, 1]


def test_a_model_may_have_a_history_of_its_own():
    class Mine(keras.Model):
        def __init__(self):
            super().__init__()
            self.head, self.history = layers.Dense(1), ["mine"]

        def call(self, x):
            return self.head(x)

    model = Mine()
    assert model.history == ["mine"]
    model.compile("sgd", "mse")
    assert model.fit(X, Y, verbose=0) is model.history and len(model.history.history["loss"]) == 1


def test_weights_outlive_their_layer():
    layer = called(Own())
    kernel, values = layer.kernel, layer.kernel.numpy()
    twin = copy.deepcopy(layer)
    del layer
    np.testing.assert_array_equal(kernel.numpy(), values)
    kernel.assign(values + 1)
    np.testing.assert_array_equal(kernel.numpy(), values + 1)
    np.testing.assert_array_equal(twin.kernel.numpy(), values)
    twin.kernel.assign(values + 2)
    assert torch.equal(twin._parameters["variable"].detach(), twin.kernel.value.detach())


def test_a_list_outlives_its_layer():
    model = called(Subclassed())
    blocks = model.blocks
    blocks.append(layers.Dense(2))
    assert "blocks_2" in model._modules
    twin = pickle.loads(pickle.dumps(model))
    del model
    blocks.append(layers.Dense(2))
    twin.blocks.append(layers.Dense(3))
    assert len(blocks) == 4 and twin._modules["blocks_3"] is twin.blocks[3] and len(twin.blocks) == 4


@pytest.mark.parametrize("norm", [torch.nn.utils.spectral_norm, torch.nn.utils.parametrizations.weight_norm])
def test_what_torch_computes_a_layers_own_weight_from(norm):
    class Named(layers.Layer):
        def build(self, shape):
            self.matrix = self.add_weight((shape[-1], 2), name="w")

        def call(self, x):
            return x @ self.matrix

    layer = called(Named())
    norm(layer, "w")
    x = torch.ones(1, 4)
    np.testing.assert_allclose(layer(x).detach().numpy(), layer.matrix.numpy().sum(0, keepdims=True), rtol=1e-6)
