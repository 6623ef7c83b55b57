"""Weights in few bits: torch's modules with a computed weight, whole models, training beside them, and what is refused."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import torchkeras_lite as keras
from torchkeras_lite import dtype_policies, layers, models, optimizers, quantizers
from torchkeras_lite.layers import few_bits
from torchkeras_lite.models.filters import should_quantize_layer

X = torch.linspace(-1, 1, 48).reshape(8, 6)
UNKNOWN = "ignore:Layer .* does not have a `quantize`:UserWarning"


def small():
    return models.Sequential([layers.Input((6,)), layers.Dense(16, activation="relu"), layers.Dense(2)])


def dense(mode=None, units=5, x=X, **kwargs):
    layer = layers.Dense(units, **kwargs)
    layer(x)
    layer.bias.assign(np.linspace(-1, 1, units))
    if mode:
        layer.quantize(mode)
    return layer


def held(module) -> int:
    return sum(t.numel() * t.element_size() for t in (*module.parameters(), *module.buffers()))


# ---------------------------------------------------------------- torch's modules


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
def test_the_module_stays_with_a_weight_near_to_what_it_was(mode):
    layer = dense()
    plain, body = layer(X), layer.linear
    weight = body.weight.detach()
    layer.quantize(mode)
    assert layer.linear is body and isinstance(body, nn.Linear) and layer.quantization_mode == mode
    torch.testing.assert_close(body.weight, weight, atol={"int8": 5e-3, "int4": 0.1, "float8": 0}[mode], rtol=0)
    torch.testing.assert_close(layer(X), plain, atol={"int8": 0.03, "int4": 0.2, "float8": 0.2}[mode], rtol=0)
    assert not torch.equal(layer(X), plain)


def test_bytes_are_multiplied_as_bytes():
    layer = dense("int8")
    scale = 127 / (X.abs().amax(1, keepdim=True) + 1e-7)
    integers = (X * scale).round().long()
    expected = (integers @ layer.kernel.value.long()) / (scale * layer.kernel_scale.value) + layer.bias.value
    torch.testing.assert_close(layer(X), expected)
    assert layer.kernel.dtype == "int8" and layer.kernel.shape == (6, 5) and int(layer.kernel.value.abs().max()) == 127


@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(0, 3, 2), (1, 1, 1), (3, 1500, 7), (17, 64, 8)])
@pytest.mark.parametrize("exactly", [True, False])
def test_products_of_bytes_are_exact(rows, inputs, outputs, exactly):
    a, b = (torch.randint(-128, 128, (n, inputs), dtype=torch.int8) for n in (rows, outputs))
    found = few_bits.integer_product(a, b, exactly and few_bits.is_exact())
    assert found.shape == (rows, outputs)
    torch.testing.assert_close(found.double(), a.double() @ b.double().T, rtol=0 if exactly else 1e-6, atol=0 if exactly else 1)


def test_memory():
    layer = dense(units=64, x=torch.ones(1, 256))
    floats = held(layer)
    layer.quantize("int8")
    assert held(layer) == 256 * 64 + 64 * 4 * 2 < floats / 3.8
    layer = dense("int4", units=64, x=torch.ones(1, 256))
    assert held(layer) == 256 * 32 + 2 * 64 * (4 + 1) + 64 * 4 + 256 * 4 < floats / 6
    assert layer.kernel.shape == (256, 64) and layer._kernel.shape == (256, 32)


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_copies_pickles_and_state_dicts(mode):
    layer = dense(mode)
    layer.enable_lora(2, b_initializer="ones")
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(other(X), layer(X))
    other = dense(mode)
    other.enable_lora(2)
    assert not torch.equal(other(X), layer(X))
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(X), layer(X)) and "linear.weight" in layer.state_dict()


@pytest.fixture
def compiler():
    """torch counts how often it has compiled a function; what is compiled here is not to count elsewhere."""
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


@pytest.mark.filterwarnings("ignore:.*Function.* should not be instantiated:DeprecationWarning")  # torch's own
@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
def test_compiled_in_one_graph(mode, compiler):
    layer = dense(mode)
    expected = layer(X)
    torch.testing.assert_close(torch.compile(layer, fullgraph=True, backend="eager")(X), expected)


def test_other_precisions_keep_the_mode():
    model = small()
    model.layers[0].quantize("int8")
    expected = model(X)
    model.to(torch.bfloat16)
    assert model.layers[0].dtype_policy.name == "int8_from_bfloat16" and model.layers[0].kernel.dtype == "int8"
    assert model(X).dtype is torch.bfloat16
    model.to(torch.float32)
    assert model.layers[0].dtype_policy.name == "int8_from_float32"
    torch.testing.assert_close(model(X), expected, atol=0.02, rtol=0)


@pytest.mark.parametrize("how", ["int8", "int4", "float8"])
def test_mixed_precision(how):
    layer = dense(dtype="mixed_bfloat16")
    expected = layer(X)
    layer.quantize(how)
    assert layer(X).dtype is torch.bfloat16 and layer.compute_dtype == "bfloat16"
    torch.testing.assert_close(layer(X), expected, atol=0.2, rtol=0)


def test_indices_out_of_range_are_named():
    layer = layers.Embedding(4, 3)
    layer(torch.tensor([1]))
    layer.quantize("int4")
    with pytest.raises(IndexError, match="index 4, but input_dim=4"):
        layer(torch.tensor([4]))


# ---------------------------------------------------------------- training beside them


def test_only_what_is_added_learns():
    model = small()
    model.layers[0].quantize("int8")
    model.layers[1].quantize("int4")
    for layer in model.layers:
        layer.enable_lora(2)
    before = [v.numpy() for v in model.non_trainable_weights]
    assert [v.name for v in model.trainable_weights] == ["bias", "lora_kernel_a", "lora_kernel_b"] * 2
    model.compile(optimizers.Adam(0.05), "mse")
    losses = model.fit(X, torch.sin(X[:, :2] * 3), epochs=20, shuffle=False, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    for variable, value in zip(model.non_trainable_weights, before, strict=True):
        assert np.array_equal(variable.numpy(), value)


def test_the_sum_with_what_was_learnt():
    layer = dense("int8")
    plain = layer(X)
    layer.enable_lora(2, lora_alpha=6, b_initializer="ones")
    torch.testing.assert_close(layer(X), plain + 3 * X @ layer.lora_kernel_a.value @ layer.lora_kernel_b.value)
    store = {}
    layer.save_own_variables(store)
    merged = dense("int8")
    merged.load_own_variables(store)
    torch.testing.assert_close(merged(X), layer(X), atol=0.2, rtol=0)
    layer.load_own_variables(store)
    assert torch.equal(layer(X), merged(X))  # A and B are zero now


def test_float8_learns_and_its_scales_follow():
    model = small()
    for layer in model.layers:
        layer.quantize("float8")
    model.compile(optimizers.SGD(0.1), "mse")
    losses = model.fit(X, torch.sin(X[:, :2]), batch_size=8, epochs=30, shuffle=False, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    first = model.layers[0]
    scales = [float(v.numpy()) for v in (first.inputs_scale, first.kernel_scale, first.outputs_grad_scale)]
    assert scales[0] == pytest.approx(float(X.abs().max()) / 448)
    assert 0 < scales[1] < 0.01 and 0 < scales[2] < 1e-3
    assert np.count_nonzero(first.inputs_amax_history.numpy()) == 30
    known = first.inputs_scale.numpy()
    model.predict(X * 100, verbose=0)
    assert np.array_equal(first.inputs_scale.numpy(), known)


# ---------------------------------------------------------------- models


@pytest.mark.filterwarnings(UNKNOWN)
def test_a_model_and_what_compile_settled():
    model = models.Sequential([layers.Input((6,)), layers.Dense(16), layers.ReLU(), models.Sequential([layers.Dense(2)])])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :2], verbose=0)
    plain = model.predict(X, verbose=0)
    with pytest.warns(UserWarning, match="Layer ReLU does not have a `quantize` method"):
        model.quantize("int8")
    modes = {layer.name: layer.quantization_mode for layer in model._flatten_layers() if isinstance(layer, layers.Dense)}
    assert [*modes.values()] == ["int8", "int8"]
    np.testing.assert_allclose(model.predict(X, verbose=0), plain, atol=0.03)
    model.fit(X, X[:, :2], verbose=0)  # the biases are left
    assert np.isfinite(model.evaluate(X, X[:, :2], verbose=0))


@pytest.mark.filterwarnings(UNKNOWN)
@pytest.mark.parametrize(
    ("filters", "chosen"),
    [("^a", ["a", "ab"]), (["b$"], ["ab", "b"]), (lambda layer: layer.name == "b", ["b"]), (None, ["a", "ab", "b"]), ("c", [])],
)
def test_filters(filters, chosen):
    model = models.Sequential([layers.Input((6,)), *(layers.Dense(4, name=name) for name in ("a", "ab", "b"))])
    model.quantize("int8", filters=filters)
    assert [layer.name for layer in model.layers if layer.quantization_mode] == chosen
    assert [layer.name for layer in model.layers if should_quantize_layer(layer, filters)] == chosen


@pytest.mark.filterwarnings(UNKNOWN)
def test_attention():
    x = layers.Input((5, 8))
    model = models.Model(x, layers.MultiHeadAttention(2, 4)(x, x))
    values = np.random.default_rng(0).normal(size=(2, 5, 8)).astype("float32")
    plain = model.predict(values, verbose=0)
    model.quantize("int8")
    parts = [layer for layer in model._flatten_layers() if layer.quantization_mode == "int8"]
    assert [part.name for part in parts] == ["query", "key", "value", "attention_output"]
    np.testing.assert_allclose(model.predict(values, verbose=0), plain, atol=0.05)


@pytest.mark.filterwarnings(UNKNOWN)
def test_summary_counts_bytes(capsys):
    model = small()
    model.quantize("int8")
    model.summary()
    shown = capsys.readouterr().out
    assert "Trainable params: 18 (72.00 B)" in shown
    assert "Non-trainable params: 146 (200.00 B)" in shown  # 6 * 16 + 16 * 2 bytes, 16 + 2 scales of 4


# ---------------------------------------------------------------- policies


def test_born_quantized():
    layer = layers.Dense(5, dtype="int8_from_float32", lora_rank=2)
    layer.build((None, 6))
    assert [v.name for v in layer.weights] == ["bias", "lora_kernel_a", "lora_kernel_b", "kernel", "kernel_scale"]
    assert not layer.kernel.numpy().any() and layer.kernel_scale.numpy().tolist() == [1] * 5
    assert torch.equal(layer(X), torch.zeros(8, 5))
    with pytest.raises(ValueError, match="already quantized"):
        layer.quantize("int8")
    blocks = layers.Embedding(9, 8, dtype="int4/4_from_float32")
    blocks.build()
    assert [v.shape for v in blocks.weights] == [(9, 4), (9, 2), (9, 2), (8,)]
    assert blocks.g_idx.numpy().tolist() == [0] * 4 + [1] * 4


def test_a_policy_quantizes():
    layer = dense()
    layer.dtype_policy = "int8_from_float32"
    assert layer.kernel.dtype == "int8" and layer.quantization_config.mode == "int8"
    chosen = dtype_policies.DTypePolicyMap("float32", {"inner": "float32"})
    layer = layers.Dense(3, name="inner", dtype=chosen)
    layer(X)
    layer.quantize("int8")
    assert layer.dtype_policy is chosen and chosen["inner"].name == "int8_from_float32" and layer.quantization_mode == "int8"
    with pytest.raises(ValueError, match="Implicitly enabling GPTQ"):
        dense().dtype_policy = "gptq/4/128_from_float32"


# ---------------------------------------------------------------- what is refused


def subclass():
    class Own(layers.Dense):
        pass

    layer = Own(3)
    layer(X)
    return layer


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: layers.Dense(3).quantize("int8"), ValueError, "Cannot quantize a layer that isn't yet built"),
        (lambda: dense("int8").quantize("int4"), ValueError, "already quantized with dtype_policy='int8_from_float32'"),
        (lambda: dense().quantize("int9"), ValueError, "Invalid quantization mode.*int9"),
        (lambda: dense().quantize(), ValueError, "either `mode` or `config`"),
        (lambda: dense().quantize("int8", config=7), ValueError, "must be an instance of `QuantizationConfig`"),
        (lambda: dense().quantize("int8", True, quantizers.Int4QuantizationConfig()), ValueError, "Contradictory arguments"),
        (lambda: dense().quantize("gptq"), ValueError, "must pass a `GPTQConfig`"),
        (lambda: dense(dtype="float16").quantize("int8"), ValueError, "doesn't work well"),
        (lambda: layers.ReLU().quantize("int8"), NotImplementedError, "ReLU does not have a `quantize` method"),
        (lambda: subclass().quantize("int8"), NotImplementedError, "Own does not have a `quantize` method"),
        (lambda: layers.Embedding(3, 2, weights=np.ones((3, 2))).quantize("float8"), NotImplementedError, "quantization mode"),
        (lambda: layers.Flatten(dtype="int8_from_float32")(X), NotImplementedError, "`_int8_call`"),
        (lambda: dense("float8").enable_lora(2), NotImplementedError, "lora is not currently supported"),
        (lambda: small().quantize("int8", kind=3), ValueError, "Unrecognized keyword arguments"),
        (lambda: small().quantize("int8", filters=3), ValueError, "`filters` argument must be"),
        (lambda: models.Sequential([layers.Dense(3)]).quantize("int8"), ValueError, "isn't yet built"),
        (lambda: models.Sequential().quantize("int9"), ValueError, "Invalid quantization mode"),
    ],
)
def test_refused(make, error, says):
    with pytest.raises(error, match=says):
        make()


def test_subclasses_if_it_is_said():
    layer = subclass()
    plain = layer(X)
    layer.quantize("int8", type_check=False)
    torch.testing.assert_close(layer(X), plain, atol=0.03, rtol=0)


def test_what_is_not_quantized_is_as_it_was():
    layer = dense()
    assert type(layer.linear) is nn.Linear and layer.quantization_mode is None
    assert "quantization_config" not in layer.get_config()
    torch.testing.assert_close(layer(X), F.linear(X, layer.linear.weight, layer.linear.bias))
    assert keras.Model().quantization_mode is None


@keras.saving.register_keras_serializable("few bits")
class Gains(layers.Layer):
    """A factor for each feature: a class that says itself how it keeps and uses them in few bits."""

    def build(self, input_shape):
        sizes = input_shape[-1:]
        if self.quantization_mode == "int8":
            self._in_eight_bits(sizes)
        else:
            self.gains = self.add_weight(sizes, "random_normal", name="gains")

    def _in_eight_bits(self, sizes):
        self.gains = self.add_weight(sizes, "zeros", "int8", trainable=False, name="gains")
        self.step = self.add_weight((), "ones", trainable=False, name="step")

    def call(self, inputs, training=None):
        return inputs * self.gains

    def quantize(self, mode, **kwargs):
        numbers, scale = quantizers.abs_max_quantize(self.gains, axis=0, to_numpy=True)
        sizes = self.gains.shape
        del self.gains
        self._in_eight_bits(sizes)
        self.gains.assign(numbers)
        self.step.assign(1 / scale[0])
        self._is_quantized = True
        self.dtype_policy = f"{mode}_from_{self.dtype_policy.name}"

    def _int8_call(self, inputs, training=None):
        return inputs * self.gains * self.step


def test_a_class_of_the_users_in_few_bits(tmp_path):
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    model = keras.Sequential([keras.Input((3,)), Gains()])
    before, gains = model.predict(x, verbose=0), model.layers[0].gains.numpy()
    model.quantize("int8")
    layer = model.layers[0]
    kept = [(variable.name, variable.dtype) for variable in layer.weights]
    assert kept == [("gains", "int8"), ("step", "float32")]
    assert not list(layer.parameters()) and not hasattr(layer, "gains_1")
    after = model.predict(x, verbose=0)
    np.testing.assert_allclose(after, before, atol=abs(x).max() * abs(gains).max() / 200)
    assert (after != before).any()
    np.testing.assert_allclose(after, layer(x).detach(), rtol=1e-6)
    np.testing.assert_allclose(after, layer.quantized_call(torch.tensor(x)).detach(), rtol=1e-6)
    model.save(tmp_path / "a.keras")
    opened = keras.models.load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(opened.predict(x, verbose=0), after)
    copied = copy.deepcopy(layer)
    copied.step.assign(0)
    assert not copied(x).any() and layer(x).any()
    layer.dtype_policy = "float32"
    np.testing.assert_allclose(layer(x).detach(), x * layer.gains.numpy(), rtol=1e-6)


def test_a_mode_that_a_class_knows_nothing_of():
    with pytest.raises(NotImplementedError, match="Invalid quantization mode"):
        Gains().quantized_call(np.ones((2, 3), "float32"))
    layer = Gains(dtype="int4_from_float32")
    with pytest.raises(NotImplementedError, match="`_int4_call`"):
        layer(np.ones((2, 3), "float32"))
