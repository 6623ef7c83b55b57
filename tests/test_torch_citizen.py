"""What a PyTorch user expects of any torch.nn.Module, of a Keras model."""

import copy
import gc
import io
import pickle
import threading

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

import torchkeras_lite as keras
from torchkeras_lite import layers

X = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))
Y = torch.arange(16) % 3
NAMES = ["0.linear.weight", "0.linear.bias", "1.norm.weight", "1.norm.bias", "3.linear.weight", "3.linear.bias"]
STATE = [*NAMES[:4], "1.norm.running_mean", "1.norm.running_var", *NAMES[4:]]


def classifier(compiled=False):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(6, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(3),
            layers.Softmax(),
        ]
    )
    if compiled:
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def changed(model, before):
    return [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]


# ---------------------------------------------------------------- names, parameters, state


def test_state_is_named_by_position_whatever_was_made_before():
    assert list(classifier().state_dict()) == list(classifier().state_dict()) == STATE
    assert [name for name, _ in classifier().named_parameters()] == NAMES
    assert [name for name, _ in classifier().named_buffers()] == ["1.norm.running_mean", "1.norm.running_var"]
    assert [name for name, _ in classifier().named_children()] == list("01234")
    assert classifier().get_submodule("3.linear").out_features == 3


def test_each_parameter_is_there_once():
    model = classifier()
    parameters = list(model.parameters())
    assert len({id(p) for p in parameters}) == len(parameters) == 6
    assert sum(p.numel() for p in parameters) + sum(b.numel() for b in model.buffers()) == model.count_params()
    assert {id(v.raw) for v in model.weights} == {id(t) for t in (*parameters, *model.buffers())}


def test_a_state_dict_of_one_model_fits_another():
    one, other = classifier(), classifier()
    one(X + 3, training=True)
    result = other.load_state_dict(one.state_dict())
    assert not result.missing_keys and not result.unexpected_keys
    assert torch.equal(one(X), other(X))
    with pytest.raises(RuntimeError, match="Missing key"):
        other.load_state_dict({})


def test_a_state_dict_that_went_through_a_plain_dict():
    """As it does with `{name: tensor.cpu() ...}` and in files of other formats: the version that torch notes is lost."""
    one, other = classifier(), classifier()
    one(X + 3, training=True)
    other.load_state_dict({name: tensor.clone() for name, tensor in one.state_dict().items()})
    assert torch.equal(one(X), other(X))


def test_loading_with_assign_puts_the_tensors_themselves_in():
    model = classifier(compiled=True)
    model.fit(X, Y, verbose=0)
    state = model.state_dict()
    for name in state:
        state[name] = torch.full_like(state[name], 0.1)
    model.load_state_dict(state, assign=True)
    assert all(np.all(weight == np.float32(0.1)) for weight in model.get_weights())
    assert model.layers[0].kernel.shape == (8, 6) and model.layers[0].kernel.raw is model.get_parameter("0.linear.weight")
    parameters, before = list(model.parameters()), model.get_weights()
    model.fit(X, Y, verbose=0)
    assert all(a is b for a, b in zip(parameters, model.parameters(), strict=True))
    assert sum(changed(model, before)) >= 7  # all but, perhaps, a bias behind the relu


def test_loading_with_assign_while_fit_is_going_on():
    model = classifier(compiled=True)
    weights = []

    class Load(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            state = model.state_dict()
            for name in state:
                state[name] = state[name].clone()
            model.load_state_dict(state, assign=True)
            weights.append(model.get_weights()[0])

    model.fit(X, Y, epochs=3, verbose=0, callbacks=[Load()])
    assert not np.array_equal(weights[0], weights[1]) and not np.array_equal(weights[1], weights[2])


@pytest.mark.parametrize("change", ["double", "half", "bfloat16"])
def test_other_precisions(change):
    model = classifier()
    expected = model(X)
    assert getattr(model, change)() is model
    dtype = {"double": torch.float64, "half": torch.float16, "bfloat16": torch.bfloat16}[change]
    assert {t.dtype for t in model.state_dict().values()} == {dtype}
    result = model(X.to(dtype))
    assert result.dtype is dtype
    torch.testing.assert_close(result.float(), expected, atol=0.02, rtol=0.02)
    assert model(X).dtype is dtype  # as any input of a Keras layer, it is cast to what the layer computes in
    assert model.predict(X, verbose=0).shape == (16, 3)


def test_a_model_in_double_precision_is_trained_further():
    model = classifier(compiled=True)
    model.fit(X, Y, verbose=0)
    model.double()
    before = model.get_weights()
    model.fit(X.double(), Y, verbose=0)
    assert model.get_weights()[0].dtype == np.float64 and changed(model, before)[0]


def test_flags_and_chaining():
    model = classifier()
    assert not any(module.training for module in model.modules())
    assert model.train() is model and all(module.training for module in model.modules())
    assert model.eval() is model and not any(module.training for module in model.modules())
    assert model.to("cpu") is model and model.requires_grad_(True) is model


def test_requires_grad_is_seen_by_keras():
    model = classifier()
    model.layers[0].requires_grad_(False)
    assert [v.name for v in model.trainable_weights] == ["gamma", "beta", "kernel", "bias"]
    assert [v.name for v in model.non_trainable_weights] == ["kernel", "bias", "moving_mean", "moving_variance"]
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    assert changed(model, before)[:2] == [False, False] and all(changed(model, before)[2:])
    assert not model.layers[0].linear.weight.requires_grad


def test_apply_and_share_memory():
    model = classifier()
    model.apply(lambda module: nn.init.constant_(module.weight, 0.5) if isinstance(module, nn.Linear) else None)
    assert np.all(model.get_weights()[0] == 0.5)
    assert model.share_memory().layers[0].linear.weight.is_shared()


def test_zero_grad():
    model = classifier()
    model(X).square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


# ---------------------------------------------------------------- hooks


def test_forward_hooks_fire_on_layers_that_take_the_short_cut():
    model, seen = classifier(), []
    model(X), model(X)
    handles = [layer.register_forward_hook(lambda m, args, out: seen.append((m.name, args[0].shape))) for layer in model.layers]
    model(X)
    assert [name for name, _ in seen] == [layer.name for layer in model.layers] and seen[0][1] == (16, 8)
    for handle in handles:
        handle.remove()
    model(X)
    assert len(seen) == 5


def test_hooks_may_replace_what_goes_in_and_what_comes_out():
    model = classifier()
    model(X), model(X)
    model.layers[0].register_forward_pre_hook(lambda module, args: (args[0] * 0,))
    assert torch.equal(model(X)[0], model(X)[1])
    model.layers[3].register_forward_hook(lambda module, args, kwargs, out: out * 0 + kwargs.get("none", 1), with_kwargs=True)
    torch.testing.assert_close(model(X), torch.full((16, 3), 1 / 3))


def test_backward_hooks():
    model, seen = classifier(), []
    model(X), model(X)
    model.layers[0].register_full_backward_hook(lambda module, into, out: seen.append((into[0].shape, out[0].shape)))
    model.layers[0].register_full_backward_pre_hook(lambda module, out: seen.append("before"))
    model(X.clone().requires_grad_()).square().sum().backward()
    assert seen == ["before", ((16, 8), (16, 6))]


@pytest.mark.parametrize("kind", ["forward_hook", "forward_pre_hook", "full_backward_hook"])
def test_global_hooks(kind):
    model, seen = classifier(), []
    model(X), model(X)
    handle = getattr(nn.modules.module, f"register_module_{kind}")(lambda module, *_: seen.append(type(module).__name__))
    try:
        model(X.clone().requires_grad_()).square().sum().backward()
    finally:
        handle.remove()
    assert sorted(seen) == ["BatchNormalization", "Dense", "Dense", "Dropout", "Linear", "Linear", "Sequential", "Softmax"]


def test_a_model_is_made_while_a_global_hook_is_there():
    seen = []
    handle = nn.modules.module.register_module_full_backward_hook(lambda module, *_: seen.append(module))
    try:
        model = classifier()
    finally:
        handle.remove()
    assert model.output_shape == (None, 3) and not seen


# ---------------------------------------------------------------- copies and files


def through_torch(model):
    buffer = io.BytesIO()
    torch.save(model, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda m: pickle.loads(pickle.dumps(m)), "torch.save": through_torch}


@pytest.mark.parametrize("make", COPIES.values(), ids=COPIES)
def test_a_copy_is_the_same_and_apart(make):
    model = classifier(compiled=True)
    model.fit(X, Y, verbose=0, epochs=2)
    twin, before = make(model), model.get_weights()
    assert twin.input_shape == (None, 8) and twin.layers[0].kernel._module is twin.layers[0].linear
    assert torch.equal(model(X), twin(X))
    torch.manual_seed(2)
    one = twin.fit(X, Y, verbose=0, epochs=3, shuffle=False).history
    assert not any(changed(model, before)) and int(model.optimizer.iterations) == 2
    torch.manual_seed(2)
    other = model.fit(X, Y, verbose=0, epochs=3, shuffle=False).history
    assert one == other  # the optimizer's state went along
    assert not any(changed(model, twin.get_weights()))
    assert int(twin.optimizer.iterations) == int(model.optimizer.iterations) == 5


def test_a_copy_grows_on_its_own():
    model = classifier()
    twin = copy.deepcopy(model)
    twin.add(layers.Dense(7))
    assert (model.output_shape, twin.output_shape) == ((None, 3), (None, 7))


# ---------------------------------------------------------------- among torch's modules


def test_keras_layers_in_an_nn_sequential():
    body = nn.Sequential(layers.Dense(5, activation="relu"), nn.Dropout(0.5), layers.Dense(1))
    assert list(body.parameters()) == []
    assert body(X).shape == (16, 1)
    assert list(body.state_dict()) == ["0.linear.weight", "0.linear.bias", "2.linear.weight", "2.linear.bias"]
    assert body.train()[0].training and not body.eval()[0].training


def test_a_keras_model_inside_a_hand_written_module():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = classifier(), nn.Linear(3, 1)

        def forward(self, x):
            return self.head(self.body(x))

    net = Net().train()
    assert net.body.layers[2].training and net.body.layers[1].norm.training
    optimizer, target = torch.optim.Adam(net.parameters(), 0.05), X[:, :1].sign()
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (net(X) - target).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]
    assert np.abs(net.body.layers[1].moving_mean.numpy()).min() > 0
    assert torch.equal(net.eval()(X), net(X)) and not net.body.layers[1].training


@pytest.mark.parametrize("structure", [list, lambda inputs: dict(zip("ab", inputs, strict=True))])
def test_several_inputs_one_after_the_other(structure):
    inputs = keras.Input((3,)), keras.Input((3,))
    model = keras.Model(structure(inputs), layers.Dropout(0.5)(layers.Subtract()(list(inputs))))
    a, b = X[:, :3], X[:, 3:6]
    assert torch.equal(model(a, b), a - b) and torch.equal(model(structure([a, b])), a - b)
    assert torch.equal(torch.export.export(model, (a, b)).module()(a, b), a - b)
    assert model(*inputs).shape == (None, 3)
    assert (model(structure([a, b]), True) == 0).any()  # where there is one argument for the inputs, the next is `training`


def test_torch_modules_in_a_keras_sequential():
    dropout, seen = nn.Dropout(0.5), []
    dropout.register_forward_hook(lambda module, args, out: seen.append(module.training))
    parts = [keras.Input((8,)), nn.Linear(8, 4), nn.LayerNorm(4), dropout, layers.Dense(3, activation="softmax")]
    model = keras.Sequential(parts)
    assert model.output_shape == (None, 3) and model.count_params() == 8 * 4 + 4 + 4 + 4 + 4 * 3 + 3
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    seen.clear()
    model.fit(X, Y, verbose=0, validation_data=(X, Y))
    assert seen == [True, False] and all(changed(model, before))
    seen.clear()
    model.predict(X, verbose=0), model.evaluate(X, Y, verbose=0), model(X), model(X, training=True), model(X)
    assert seen == [False, False, False, True, False]


def test_parametrizations_of_the_torch_body():
    model = classifier()
    expected = model(X)
    parametrizations.weight_norm(model.layers[0].linear)
    model.compile("adam", "sparse_categorical_crossentropy")
    torch.testing.assert_close(model(X), expected)
    with torch.no_grad():
        model.layers[0].linear.parametrizations.weight.original0.mul_(2)
    assert not torch.allclose(model(X), expected)
    assert model.layers[0].kernel.numpy().shape == (8, 6)
    before = {name: tensor.clone() for name, tensor in model.named_parameters()}
    model.fit(X, Y, verbose=0)
    assert all(not torch.equal(before[name], tensor) for name, tensor in model.named_parameters())


def test_parametrized_kernels_are_counted_once_and_can_be_set():
    model = classifier()
    parametrizations.orthogonal(model.layers[0].linear)
    kernel = model.layers[0].kernel.numpy()
    np.testing.assert_allclose(kernel.T @ kernel, np.eye(6), atol=1e-5)
    flipped = np.ascontiguousarray(kernel[::-1])
    model.layers[0].kernel.assign(flipped)
    np.testing.assert_allclose(model.layers[0].kernel.numpy(), flipped, atol=1e-5)


def test_pruning():
    model = classifier()
    prune.l1_unstructured(model.layers[0].linear, "weight", 0.5)
    model(X)
    assert (model.layers[0].kernel.numpy() == 0).mean() == 0.5


def test_many_threads_predict_at_once():
    model, wrong = classifier(), []
    with torch.no_grad():
        expected = model(X).numpy()

    def work():
        for _ in range(30):
            with torch.no_grad():
                wrong.extend([] if np.allclose(model(X), expected) else [1])
            wrong.extend([] if np.allclose(model.predict(X, verbose=0), expected) else [2])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# ---------------------------------------------------------------- memory


def test_no_tensor_is_left_behind_though_nobody_collects_garbage():
    """Steps must not make circles of tensors: on a GPU they fill the memory long before Python collects them."""
    model = classifier(compiled=True)
    rows, labels = X.repeat(13, 1)[:200], Y.repeat(13)[:200]
    counts = []

    def alive():
        return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())

    class Count(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch in (5, 195):
                counts.append(alive())

    model.fit(rows, labels, batch_size=1, verbose=0), model.predict(rows, batch_size=10, verbose=0)
    gc.collect()
    gc.disable()
    try:
        model.fit(rows, labels, batch_size=1, verbose=0, callbacks=[Count()])
        assert abs(counts[1] - counts[0]) <= len(list(model.parameters())) * 2, counts
        before = alive()
        for _ in range(2):
            model.fit(rows, labels, batch_size=1, verbose=0)
            model.predict(rows, batch_size=1, verbose=0), model.evaluate(rows, labels, batch_size=1, verbose=0)
            model.train_on_batch(X, Y), model.test_on_batch(X, Y), model.predict_on_batch(X), model(X)
        assert alive() <= before
    finally:
        gc.enable()
