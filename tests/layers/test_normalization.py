"""Normalizations: their laws, torch's modules inside, several processes, what is learned from data."""

import copy
import itertools
import subprocess
import sys
import textwrap
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from torchkeras_lite import layers, models
from torchkeras_lite.data import PyDataset

LIGHT = settings(max_examples=40, deadline=None, database=None)
shapes = st.lists(st.integers(2, 5), min_size=2, max_size=4).map(tuple)


def drawn(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@LIGHT
@given(shape=shapes, seed=st.integers(0, 50), data=st.data())
def test_over_any_axes(shape, seed, data):
    x = drawn(shape, seed) * 3 + 2
    axes = data.draw(st.lists(st.integers(1, x.ndim - 1), min_size=1, unique=True))
    signed = [axis - x.ndim if data.draw(st.booleans()) else axis for axis in axes]
    mean, variance = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
    y = layers.LayerNormalization(axis=signed, epsilon=1e-3)(x)
    torch.testing.assert_close(y, (x - mean) / (variance + 1e-3).sqrt(), rtol=1e-4, atol=1e-5)
    rms = layers.RMSNormalization(axis=signed, epsilon=1e-3)
    torch.testing.assert_close(rms(x), x / (x.square().mean(axes, keepdim=True) + 1e-3).sqrt(), rtol=1e-4, atol=1e-5)
    value = drawn(rms.scale.shape, 3)
    rms.scale.assign(value)
    sizes = [size if axis in axes else 1 for axis, size in enumerate(shape)]
    wanted = value.reshape(sizes) * x / (x.square().mean(axes, keepdim=True) + 1e-3).sqrt()
    torch.testing.assert_close(rms(x), wanted, rtol=1e-4, atol=1e-5)
    length = torch.linalg.vector_norm(layers.UnitNormalization(axis=signed)(x), dim=axes)
    torch.testing.assert_close(length, torch.ones_like(length), rtol=1e-4, atol=0)


@LIGHT
@given(groups=st.sampled_from([1, 2, 3, 6, -1]), axis=st.sampled_from([1, -1]), rank=st.integers(2, 5), seed=st.integers(0, 50))
def test_groups(groups, axis, rank, seed):
    shape = (2, 6, 3, 2, 2)[:rank] if axis == 1 else (2, 3, 2, 2)[: rank - 1] + (6,)
    x = drawn(shape, seed)
    y = layers.GroupNormalization(groups, axis=axis)(x).movedim(axis, 1)
    parts = x.movedim(axis, 1).reshape(2, 6 if groups == -1 else groups, -1)
    mean, variance = parts.mean(-1, keepdim=True), parts.var(-1, correction=0, keepdim=True)
    wanted = ((parts - mean) / (variance + 1e-3).sqrt()).reshape(y.shape)
    torch.testing.assert_close(y, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("layer", "kind", "names"),
    [
        (lambda: layers.LayerNormalization(), nn.LayerNorm, ["norm.weight", "norm.bias"]),
        (lambda: layers.LayerNormalization(center=False), nn.LayerNorm, ["norm.weight"]),
        (lambda: layers.GroupNormalization(2), nn.GroupNorm, ["norm.weight", "norm.bias"]),
        (lambda: layers.GroupNormalization(2, scale=False), nn.GroupNorm, ["norm.bias"]),
        (lambda: layers.RMSNormalization(), nn.RMSNorm, ["norm.weight"]),
        (lambda: layers.PReLU(shared_axes=[1]), nn.PReLU, ["prelu.weight"]),
    ],
)
def test_torchs_modules_inside(layer, kind, names):
    layer = layer()
    x = drawn((3, 5, 4))
    y = layer(x)
    assert list(layer.state_dict()) == names
    inside = next(layer.children())
    assert type(inside) is kind
    if kind in (nn.LayerNorm, nn.RMSNorm):
        torch.testing.assert_close(y, inside(x))
    copied = copy.deepcopy(layer)
    assert torch.equal(copied(x), y)
    assert layer.double()(x.double()).dtype is torch.float64


@pytest.mark.parametrize("layer", [layers.LayerNormalization, layers.RMSNormalization, lambda: layers.GroupNormalization(2)])
def test_no_rows(layer):
    assert layer()(torch.zeros(0, 3, 4)).shape == (0, 3, 4)


@pytest.mark.parametrize("layer", [layers.LayerNormalization, lambda: layers.GroupNormalization(2)])
def test_integers_become_floats(layer):
    x = torch.tensor([[3, 0, 1, 5], [0, 2, 4, 4]])
    torch.testing.assert_close(layer()(x), layer()(x.float()))


def test_training_on_no_rows_tells_the_shape():
    layer = layers.BatchNormalization()
    layer.build((None, 4))
    assert layer(torch.ones(0, 4), training=True).shape == (0, 4)
    assert layer.moving_mean.numpy().tolist() == [0] * 4 and layer.moving_variance.numpy().tolist() == [1] * 4
    model = models.Sequential([layers.Input((None, None, 4)), layers.BatchNormalization()])
    assert model(layers.Input((None, 8, 4)), training=True).shape == (None, None, 8, 4)


def test_a_zero_vector_has_no_direction():
    for dtype in ("float32", "float16", "bfloat16"):
        x = torch.tensor([[0.0, 0.0], [3.0, 4.0]], dtype=getattr(torch, dtype))
        y = layers.UnitNormalization(dtype=dtype)(x).float()
        torch.testing.assert_close(y, torch.tensor([[0.0, 0.0], [0.6, 0.8]]), rtol=1e-2, atol=0)


def test_spectral_normalization_ends_at_norm_one():
    layer = layers.SpectralNormalization(layers.Dense(6), power_iterations=3)
    x = drawn((2, 5))
    for _ in range(20):
        layer(x, training=True)
    assert torch.linalg.matrix_norm(layer.layer.kernel.value.detach(), 2).item() == pytest.approx(1, rel=1e-3)
    before = layer.get_weights()
    layer(x)
    np.testing.assert_equal(before, layer.get_weights())


# ---------------------------------------------------------------- several processes

TOGETHER = textwrap.dedent(
    """
    import sys, torch
    from torch import distributed
    from torchkeras_lite import layers

    rank, renorm, file = int(sys.argv[1]), sys.argv[2] == "True", sys.argv[3]
    distributed.init_process_group("gloo", init_method=f"file://{file}", rank=rank, world_size=2)
    x = torch.randn(7, 3, 4, generator=torch.Generator().manual_seed(0)) * 2 + 1
    factors = torch.linspace(-1, 2, x.numel()).reshape(x.shape)
    mask = torch.arange(21).reshape(7, 3) % 4 > 0
    mine = slice(0, 5) if rank == 0 else slice(5, 7)
    for masked in (False, True):
        results = []
        for synchronized, rows in ((True, mine), (False, slice(0, 7))):
            layer = layers.BatchNormalization(synchronized=synchronized, renorm=renorm, momentum=0.5)
            part = x[rows].clone().requires_grad_()
            y = layer(part, training=True, mask=mask[rows] if masked else None)
            (y * factors[rows]).sum().backward()
            results.append((y, part.grad, layer.get_weights()))
        (y, gradient, weights), (whole, whole_gradient, whole_weights) = results
        torch.testing.assert_close(y, whole[mine], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(gradient, whole_gradient[mine], rtol=1e-4, atol=1e-5)
        for a, b in zip(weights, whole_weights):
            torch.testing.assert_close(torch.tensor(a), torch.tensor(b), rtol=1e-4, atol=1e-5)
    distributed.destroy_process_group()
    print("the same")
    """
)


@pytest.mark.slow
@pytest.mark.parametrize("renorm", [False, True])
def test_statistics_of_all_processes(renorm, tmp_path):
    arguments = [[sys.executable, "-c", TOGETHER, str(rank), str(renorm), str(tmp_path / "meeting")] for rank in range(2)]
    running = [subprocess.Popen(each, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for each in arguments]
    for process in running:
        out, err = process.communicate(timeout=120)
        assert out.strip() == "the same", err


def test_alone_synchronized_means_nothing():
    x = drawn((6, 4))
    assert torch.equal(
        layers.BatchNormalization(synchronized=True)(x, training=True), layers.BatchNormalization()(x, training=True)
    )


# ---------------------------------------------------------------- learned from data


class Batches(PyDataset):
    def __init__(self, x):
        super().__init__()
        self.x = x

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return self.x[index * 4 : index * 4 + 4], None


@LIGHT
@given(cuts=st.lists(st.integers(0, 20), max_size=4), seed=st.integers(0, 50))
def test_adapting_does_not_care_about_batches(cuts, seed):
    x = drawn((20, 3), seed).numpy() * 5 + 100
    edges = [0, *sorted(cuts), 20]
    layer = layers.Normalization()
    layer.adapt([x[a:b] for a, b in itertools.pairwise(edges)])
    np.testing.assert_allclose(layer.adapt_mean.numpy(), x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(layer.adapt_variance.numpy(), x.var(0), rtol=1e-3)


def test_adapt_to_numbered_batches():
    x = drawn((12, 3)).numpy()
    layer = layers.Normalization()
    layer.adapt(Batches(x))
    np.testing.assert_allclose(layer(x).numpy(), (x - x.mean(0)) / x.std(0), rtol=1e-4, atol=1e-5)


def test_a_normalization_and_its_inverse():
    x = drawn((12, 3, 2)) * 4 + 1
    there, back = layers.Normalization(axis=(1, 2)), layers.Normalization(axis=(1, 2), invert=True)
    there.adapt(x), back.adapt(x)
    torch.testing.assert_close(back(there(x)), x)
    model = models.Sequential([layers.Input((3, 2)), there, back])
    torch.testing.assert_close(model(x), x)


def test_given_statistics_move_along():
    layer = layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0])
    x = torch.tensor([[3.0, 5.0]])
    assert layer(x).tolist() == [[1.0, 1.0]]
    assert layer.double()(x.double()).dtype is torch.float64
    assert copy.deepcopy(layer)(x.double()).tolist() == [[1.0, 1.0]]
    with pytest.raises(ValueError, match="nothing to `adapt`"):
        layer.adapt(x)


def test_an_unknown_size():
    for layer in (layers.LayerNormalization(), layers.GroupNormalization(1), layers.Normalization(), layers.PReLU()):
        with pytest.raises(ValueError, match=r"known size|defined dimension"):
            layer(layers.Input((3, None)))
        assert not layer.built and not layer.weights


def test_adapting_to_a_data_set_that_says_what_is_in_it():
    class Spec(NamedTuple):
        shape: tuple
        dtype: str

    class Batches(list):
        element_spec = Spec((2, 3), "float32")

        def batch(self, size):
            raise AssertionError("these are batches")

    layer = layers.Normalization()
    layer.adapt(Batches([np.ones((2, 3), "float32"), np.full((2, 3), 3.0, "float32")]))
    assert layer.mean.reshape(-1).tolist() == [2, 2, 2]
