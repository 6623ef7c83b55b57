"""Initializers and seeds by themselves; compat/parity compares their values with Keras."""

import copy
import pickle
import sys

import numpy as np
import pytest
import torch

from torchkeras_lite import config, initializers, layers, random
from torchkeras_lite.variable import Variable

RANDOM = [
    initializers.GlorotNormal,
    initializers.GlorotUniform,
    initializers.Orthogonal,
    initializers.RandomNormal,
    initializers.RandomUniform,
    initializers.TruncatedNormal,
]


@pytest.mark.parametrize("cls", RANDOM)
def test_seeds(cls):
    unseeded = cls()
    first = unseeded((4, 5))
    assert torch.equal(first, unseeded((4, 5)))  # one seed, drawn when it was made
    assert not torch.equal(first, cls()((4, 5)))
    assert not torch.equal(first, unseeded.clone()((4, 5)))
    assert torch.equal(cls(seed=3)((4, 5)), cls(seed=np.int64(3))((4, 5)))
    config.set_random_seed(1)
    one = cls()((4, 5))
    config.set_random_seed(1)
    assert torch.equal(one, cls()((4, 5)))
    again = cls.from_config(cls(seed=3).get_config())
    assert torch.equal(again((4, 5)), cls(seed=3)((4, 5)))
    assert cls().get_config()["seed"] is None


@pytest.mark.parametrize("cls", RANDOM)
def test_global_generator_is_left_alone(cls):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    cls()((4, 5))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("cls", RANDOM)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_dtypes(cls, dtype):
    narrow = cls(seed=2)((30, 20), dtype=dtype)
    assert narrow.dtype is config.torch_dtype(dtype)
    assert 0 < narrow.float().std() < 1
    assert torch.isfinite(narrow).all()


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (3, 2, 5), (2, 2, 20)])
def test_orthogonal(shape):
    q = initializers.Orthogonal(gain=3.0, seed=1)(shape).reshape(-1, shape[-1]).cpu() / 3
    gram = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    torch.testing.assert_close(gram, torch.eye(len(gram)))


def test_truncated_normal_stays_inside():
    x = initializers.TruncatedNormal(mean=5.0, stddev=0.5, seed=0)((200, 200))
    assert x.min() >= 4.0
    assert x.max() <= 6.0
    assert abs(x.std() / 0.5 - 0.8796) < 0.01
    assert initializers.TruncatedNormal(stddev=0.0)((3,)).tolist() == [0.0] * 3


@pytest.mark.parametrize(
    ("shape", "fans"), [((), (1, 1)), ((7,), (7, 7)), ((3, 4), (3, 4)), ((5, 3, 4), (15, 20)), ((2, 5, 3, 4), (30, 40))]
)
def test_fans(shape, fans):
    assert initializers.compute_fans(shape) == fans


def test_stft_is_a_fourier_transform():
    signal = np.sin(np.arange(64) * 0.7) + np.cos(np.arange(64) * 2.1)
    for window, weights in ((None, np.ones(64)), ("hann", np.hanning(64)), (np.arange(64.0), np.arange(64.0))):
        real, imag = (initializers.STFT(side, window, None)((64, 1, 33), "float64").cpu().numpy() for side in ("real", "imag"))
        expected = np.fft.rfft(signal * weights)
        np.testing.assert_allclose(signal @ real[:, 0], expected.real, atol=1e-10)
        np.testing.assert_allclose(signal @ imag[:, 0], expected.imag, atol=1e-10)
    power = initializers.STFT("real", "hamming", "density")((64, 1, 33))[:, 0, 0]
    assert power.square().sum().item() == pytest.approx(1.0, rel=1e-5)
    assert initializers.STFT("real", "hamming", "spectrum")((64, 1, 33))[:, 0, 0].sum().item() == pytest.approx(1.0, rel=1e-5)
    assert initializers.STFT()((4, 1, 1), "float16").dtype is torch.float16


def test_stft_without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.signal", None)
    assert initializers.get("stft")((8, 1, 5)).shape == (8, 1, 5)
    with pytest.raises(ImportError, match="'parzen' comes from SciPy: `pip install scipy`"):
        initializers.STFT(window="parzen")


def test_what_get_accepts():
    assert initializers.get(None) is None
    assert initializers.get("glorot_uniform") is not initializers.get("glorot_uniform")
    assert type(initializers.get(initializers.HeNormal)) is initializers.HeNormal
    assert initializers.get({"class_name": "Constant", "config": {"value": 3.0}})((2,)).tolist() == [3.0, 3.0]

    def ones(shape, dtype=None):
        return torch.ones(shape)

    assert initializers.get(ones) is ones
    for given in (torch.tensor([1.0, 2.0]), np.array([1.0, 2.0]), Variable([1.0, 2.0])):
        initializer = initializers.get(given)
        assert initializer((2,), dtype="float32").tolist() == [1.0, 2.0]
        assert initializer((2,)).dtype is torch.float32
        with pytest.raises(ValueError, match=r"`shape` to be \(2,\).*shape=\(3,\)"):
            initializer((3,))
    with pytest.raises(ValueError, match=r"Unknown initializer: 'glorot'"):
        initializers.get("glorot")


def test_users_own_class():
    class Halves(initializers.Initializer):
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, shape, dtype=None):
            return torch.full(shape, self.factor / 2)

    assert Halves.from_config(Halves(4.0).get_config())((2,)).tolist() == [2.0, 2.0]
    with pytest.raises(NotImplementedError):
        initializers.Initializer()((2,))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: initializers.VarianceScaling(scale=0), "scale"),
        (lambda: initializers.VarianceScaling(mode="fan"), "'fan'"),
        (lambda: initializers.VarianceScaling(distribution="cauchy"), "'cauchy'"),
        (lambda: initializers.RandomNormal(seed="abc"), "seed='abc'"),
        (lambda: initializers.Identity()((2, 2, 2)), "rank 3"),
        (lambda: initializers.Orthogonal()((2,)), "rank 1"),
        (lambda: initializers.STFT(side="left"), "side='left'"),
        (lambda: initializers.STFT(scaling="power"), "scaling='power'"),
        (lambda: initializers.STFT(window=np.ones(3))((4, 1, 3)), r"window of 4 numbers.*\(3,\)"),
        (lambda: random.SeedGenerator(seed=1.5), r"seed=1\.5"),
        (lambda: random.normal((2,), seed=1.5), r"seed=1\.5"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_copies_draw_alike():
    initializer = initializers.RandomNormal()
    expected = initializer((3,))
    for other in (copy.deepcopy(initializer), pickle.loads(pickle.dumps(initializer))):
        assert torch.equal(other((3,)), expected)


def test_devices():
    with config.device("meta"):
        for cls in (*RANDOM, initializers.Zeros, initializers.Ones):
            assert cls()((3, 4)).is_meta
    with config.device("cpu"):
        assert initializers.GlorotUniform()((3, 4)).device.type == "cpu"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_drawn_on_the_gpu():
    with config.device("cuda"):
        initializer = initializers.HeNormal()
        assert initializer((3, 4)).is_cuda
        assert torch.equal(initializer((3, 4)), initializer((3, 4)))


def test_seed_generator():
    seeds = random.SeedGenerator(2**33 + 5)
    assert [seeds.next().tolist() for _ in range(2)] == [[5, 0], [5, 1]]
    assert seeds.state.numpy().tolist() == [5, 2]
    assert random.SeedGenerator.from_config(random.SeedGenerator(4, name="s").get_config()).seed == 4
    assert random.generator(None) is None
    assert torch.equal(random.uniform((3,), seed=4), random.uniform((3,), seed=4))
    low, high = random.uniform((1000,), -2.0, 3.0, seed=1).aminmax()
    assert -2.0 <= low < -1.9 < 2.9 < high < 3.0


def test_constant_takes_as_many_numbers_row_after_row():
    assert initializers.Constant([-1.0, 1.0])((2, 1)).tolist() == [[-1.0], [1.0]]
    assert initializers.Constant([1, 2, 3, 4])((2, 2)).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert initializers.Constant([1, 2])((2, 2)).tolist() == [[1.0, 2.0], [1.0, 2.0]]  # it broadcasts
    with pytest.raises(RuntimeError, match="size"):
        initializers.Constant([1, 2, 3])((2, 2))


@pytest.mark.parametrize("base", [initializers.Zeros, initializers.Ones])
def test_what_a_class_of_the_user_says_counts(base):
    class Sevens(base):
        def __call__(self, shape, dtype=None):
            return super().__call__(shape, dtype) * 0 + 7

    layer = layers.Dense(2, bias_initializer=Sevens(), kernel_initializer=base())
    layer.build((None, 3))
    assert (layer.bias.numpy() == 7).all() and (layer.kernel.numpy() == (base is initializers.Ones)).all()
    assert layer.kernel.trainable and layer.kernel.raw.grad_fn is None
