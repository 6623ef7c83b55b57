"""Quantization that looks at data: GPTQ and AWQ through whole models, and the windows of text that they look at."""

import numpy as np
import pytest
import torch

from torchkeras_lite import layers, models, quantizers
from torchkeras_lite.models.calibration import AWQ, GPTQ, get_dataloader
from torchkeras_lite.quantizers.gptq import gptq_quantize_matrix

TEXT = np.random.default_rng(4).integers(0, 30, size=64)


class Letters:
    def tokenize(self, text):
        return [ord(letter) - 97 for letter in text]


def network():
    """Numbers below 30 through an embedding and two blocks."""
    blocks = [
        models.Sequential([layers.Dense(24, activation="relu", name=f"in_{i}"), layers.Dense(12, name=f"out_{i}")])
        for i in range(2)
    ]
    embedding = layers.Embedding(30, 12, name="embedding", embeddings_initializer="normal")
    model = models.Sequential([layers.Input((8,), dtype="int32"), embedding, *blocks, layers.Dense(3, name="last")])
    return model, {"pre_block_layers": [embedding], "sequential_blocks": blocks}


def config(cls, structure, **settings):
    return cls([TEXT], Letters(), num_samples=6, sequence_length=8, quantization_layer_structure=structure, **settings)


def modes(model):
    return {layer.name: layer.quantization_mode for layer in model._flatten_layers() if isinstance(layer, layers.Dense)}


@pytest.mark.parametrize("cls", [quantizers.GPTQConfig, quantizers.AWQConfig])
def test_the_blocks_of_a_model(cls, tmp_path):
    model, structure = network()
    x = TEXT.reshape(8, 8)
    plain = model.predict(x, verbose=0)
    model.quantize(config=config(cls, structure, group_size=4))
    mode = cls.mode
    assert modes(model) == {"in_0": mode, "out_0": mode, "in_1": mode, "out_1": mode, "last": None}
    quantized = model.predict(x, verbose=0)
    assert 0 < np.abs(quantized - plain).max() < 0.1 * np.abs(plain).max()
    first = structure["sequential_blocks"][0].layers[0]
    assert (first.is_gptq_calibrated, first.is_awq_calibrated) == (mode == "gptq", mode == "awq")
    assert not first._forward_pre_hooks and first.quantized_kernel.dtype == "uint8" and first.quantized_kernel.shape == (12, 12)
    assert first.kernel.shape == (24, 12) and int(first.kernel.value.max()) == 15
    model.save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again.predict(x, verbose=0), quantized, rtol=1e-6, atol=1e-6)
    assert again.get_layer("last").quantization_mode is None


def test_what_was_seen_is_what_came_in():
    layer = layers.EinsumDense("abc,cde->abde", (None, 2, 3))
    x = torch.randn(4, 5, 6)
    layer(x)
    watcher = GPTQ(layer)
    for part in (x[:1], x[1:]):
        watcher.see(part)
    rows = x.reshape(-1, 6)
    torch.testing.assert_close(watcher.hessian, 2 * rows.T @ rows / 20)
    assert watcher.num_samples == 20 and (watcher.rows, watcher.columns) == (6, 6)
    watcher = AWQ(layer)
    watcher.see(x)
    torch.testing.assert_close(watcher.activation_magnitudes, rows.abs().amax(0))


def test_errors_are_made_good():
    weights, x = torch.randn(16, 40), torch.randn(200, 40) + torch.randn(200, 1)
    find = lambda w: quantizers.compute_quantization_parameters(w, bits=3, per_channel=True)  # noqa: E731
    inverse = torch.linalg.inv(x.T @ x / 100 + 0.02 * torch.eye(40))
    harm = {}
    for name, matrix in {"each by itself": torch.eye(40), "together": inverse}.items():
        found, scale, zero, groups = gptq_quantize_matrix(weights, matrix, compute_scale_zero=find, blocksize=7)
        floats = quantizers.dequantize_with_sz_map(found, scale, zero, groups)
        harm[name] = float((x @ (floats - weights).T).square().mean())
    assert harm["together"] < 0.8 * harm["each by itself"]


@pytest.mark.parametrize(("cls", "watcher"), [(quantizers.GPTQConfig, GPTQ), (quantizers.AWQConfig, AWQ)])
@pytest.mark.parametrize("sign", [1, -1])
def test_weights_of_one_sign(cls, watcher, sign):
    layer = layers.Dense(4)
    layer(torch.ones(1, 6))
    kernel = sign * (torch.rand(6, 4) + 5)
    layer.kernel.assign(kernel)
    settings = cls(None, None, group_size=3)
    layer.quantize(config=settings)
    watched = watcher(layer, settings)
    watched.see(torch.randn(20, 6))
    watched.finish()
    torch.testing.assert_close(layer(torch.eye(6)), kernel, atol=0.4, rtol=0)


def test_groups_that_no_block_divides():
    weights = (torch.rand(3, 10) + 0.1) * torch.tensor([1.0, -1.0]).repeat(5)
    find = lambda w: quantizers.compute_quantization_parameters(w, bits=4, per_channel=True)  # noqa: E731
    found, scale, zero, groups = gptq_quantize_matrix(
        weights, torch.eye(10), blocksize=5, group_size=4, compute_scale_zero=find
    )
    assert scale.shape == zero.shape == (3, 3) and groups.int().tolist() == [0] * 4 + [1] * 4 + [2] * 2
    floats = quantizers.dequantize_with_sz_map(found, scale, zero, groups)
    assert bool(((floats - weights).abs() <= scale.repeat_interleave(4, 1)[:, :10] * 0.51).all())


def test_filters_and_a_structure_that_the_model_says():
    class Own(models.Sequential):
        def get_quantization_layer_structure(self, mode=None):
            return structure

    plain, structure = network()
    model = Own(plain.layers)
    model.quantize("gptq", config=config(quantizers.GPTQConfig, None, group_size=-1), filters="^in")
    assert modes(model) == {"in_0": "gptq", "out_0": None, "in_1": "gptq", "out_1": None, "last": None}
    with pytest.raises(NotImplementedError, match="lora is not currently supported with GPTQ"):
        model.layers[1].layers[0].enable_lora(2)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda m, s: m.quantize(config=config(quantizers.GPTQConfig, None)), ValueError, "quantization structure"),
        (lambda m, s: m.quantize(config=config(quantizers.AWQConfig, {"sequential_blocks": []})), ValueError, "No sequential"),
        (lambda m, s: m.quantize(config=quantizers.GPTQConfig(None, None)), ValueError, "requires a dataset and a tokenizer"),
        (lambda m, s: GPTQ(layers.ReLU()), TypeError, "Unsupported layer type for GPTQ"),
        (lambda m, s: GPTQ(m.layers[-1]).see(None), ValueError, "cannot be None"),
        (lambda m, s: GPTQ(m.layers[-1]).see(torch.ones(0, 12)), ValueError, "cannot be empty"),
        (lambda m, s: GPTQ(m.layers[-1]).see(torch.ones(12)), ValueError, "rank >= 2"),
        (lambda m, s: GPTQ(m.layers[-1]).see(torch.ones(2, 5)), ValueError, "do not match input features"),
        (lambda m, s: get_dataloader(None, 4, "abc"), TypeError, "must be an iterable"),
        (lambda m, s: get_dataloader(None, 4, []), ValueError, "dataset is empty"),
        (lambda m, s: get_dataloader(None, 4, [[1]], strategy="sorted"), ValueError, "Unknown strategy"),
    ],
)
def test_refused(make, error, says):
    model, structure = network()
    with pytest.raises(error, match=says):
        make(model, structure)
    assert {*modes(model).values()} == {None}


def test_windows_of_text():
    made = get_dataloader(Letters(), 3, ["abc", "defg"], 2, strategy="linspace", eos_id=25)
    assert made.dtype == np.int32 and made.tolist() == [[[0, 1, 2]], [[4, 5, 6]]]
    assert get_dataloader(None, 4, [[1, 2], [3]], 2, strategy="linspace").tolist() == [[[1, 2, 3, 1]], [[3, 1, 2, 3]]]
    flat = list(range(50))
    for strategy in ("strided", "random"):
        made, same, other = (get_dataloader(None, 5, [flat], 6, strategy=strategy, seed=seed) for seed in (1, 1, 2))
        assert made.shape == (6, 1, 5) and np.array_equal(made, same) and not np.array_equal(made, other)
        assert all(np.array_equal(np.diff(window), [1] * 4) for window in made[:, 0])
