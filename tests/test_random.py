"""Random tensors and seeds: distributions, seeds that repeat, seeds that move on, and what layers know of them."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

import torchkeras_lite as keras
from torchkeras_lite import layers, random

COUNT = 20_000


def distance(values, cumulative):
    """Kolmogorov and Smirnov: the largest difference between the share of values below x and the probability of it."""
    values = values.flatten().double().sort().values
    expected = cumulative(values)
    below, up_to = torch.arange(len(values)) / len(values), torch.arange(1, len(values) + 1) / len(values)
    return max((expected - below).abs().max(), (up_to - expected).abs().max()).item()


def truncated(x):
    low, high = torch.special.ndtr(torch.tensor([-2.0, 2.0], dtype=torch.float64))
    return (torch.special.ndtr(x) - low) / (high - low)


def arcsine(x):
    return 2 / math.pi * torch.asin(x.sqrt())


CONTINUOUS = {
    "normal": (lambda n, s: random.normal((n,), 3.0, 2.0, seed=s), lambda x: torch.special.ndtr((x - 3) / 2)),
    "normal of tensors": (
        lambda n, s: random.normal((n // 2, 2), torch.tensor([3.0, 3.0]), np.float32(2.0), seed=s),
        lambda x: torch.special.ndtr((x - 3) / 2),
    ),
    "uniform": (lambda n, s: random.uniform((n,), -1.0, 3.0, seed=s), lambda x: (x + 1) / 4),
    "uniform of tensors": (lambda n, s: random.uniform((n,), torch.tensor(-1.0), [3.0], seed=s), lambda x: (x + 1) / 4),
    "truncated_normal": (lambda n, s: random.truncated_normal((n,), 1.0, 3.0, seed=s), lambda x: truncated((x - 1) / 3)),
    "gamma below 1": (lambda n, s: random.gamma((n,), 0.3, seed=s), lambda x: torch.special.gammainc(torch.tensor(0.3), x)),
    "gamma above 1": (lambda n, s: random.gamma((n,), 4.5, seed=s), lambda x: torch.special.gammainc(torch.tensor(4.5), x)),
    "beta, arcsine": (lambda n, s: random.beta((n,), 0.5, 0.5, seed=s), arcsine),
    "beta, a power": (lambda n, s: random.beta((n,), 3.0, 1.0, seed=s), lambda x: x**3),
    "beta, tiny": (lambda n, s: random.beta((n,), 0.05, 1.0, "float64", seed=s), lambda x: x**0.05),
    "beta, skewed": (lambda n, s: random.beta((n,), 1.0, 4.0, seed=s), lambda x: 1 - (1 - x) ** 4),
}


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_distributions(name, seed):
    draw, cumulative = CONTINUOUS[name]
    assert distance(draw(COUNT, seed), cumulative) < 1.95 / math.sqrt(COUNT)  # one draw in a thousand is farther off


def binomial(k, n=4, p=0.3):
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)


DISCRETE = {
    "randint": (lambda n, s: random.randint((n,), -2, 3, seed=s), dict.fromkeys(range(-2, 3), 0.2)),
    "randint of tensors": (
        lambda n, s: random.randint((n,), torch.tensor(-2), np.array([3]), seed=s),
        dict.fromkeys(range(-2, 3), 0.2),
    ),
    "binomial": (lambda n, s: random.binomial((n,), 4, 0.3, seed=s), {k: binomial(k) for k in range(5)}),
    "categorical": (
        lambda n, s: random.categorical(np.log([[0.5, 0.125, 0.375]]), n, seed=s),
        {0: 0.5, 1: 0.125, 2: 0.375},
    ),
    "dropout": (lambda n, s: random.dropout(torch.ones(n), 0.25, seed=s), {0: 0.25, 1 / 0.75: 0.75}),
    "dropout, unseeded": (lambda n, s: random.dropout(torch.ones(n), 0.25), {0: 0.25, 1 / 0.75: 0.75}),
}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_distributions(name, seed):
    keras.utils.set_random_seed(seed)
    draw, shares = DISCRETE[name]
    values = draw(COUNT, seed).double().flatten()
    found = {key: (values - key).abs().lt(1e-6).sum().item() for key in shares}
    assert sum(found.values()) == COUNT
    for key, share in shares.items():
        assert abs(found[key] - COUNT * share) < 4.5 * math.sqrt(COUNT * share * (1 - share)), key


DRAWS = {
    "normal": lambda seed: random.normal((3, 2), seed=seed),
    "uniform": lambda seed: random.uniform((3, 2), seed=seed),
    "truncated_normal": lambda seed: random.truncated_normal((3, 2), seed=seed),
    "randint": lambda seed: random.randint((3, 2), 0, 10**6, seed=seed),
    "randint of tensors": lambda seed: random.randint((3, 2), torch.tensor(0), 10**6, seed=seed),
    "gamma": lambda seed: random.gamma((3, 2), 0.7, seed=seed),
    "beta": lambda seed: random.beta((3, 2), 0.7, 2.0, seed=seed),
    "binomial": lambda seed: random.binomial((3, 2), 1000, 0.5, seed=seed),
    "categorical": lambda seed: random.categorical(np.zeros((3, 1000), "float32"), 2, seed=seed),
    "shuffle": lambda seed: random.shuffle(np.arange(60).reshape(2, 30), 1, seed=seed),
    "dropout": lambda seed: random.dropout(np.ones((10, 10), "float32"), 0.5, seed=seed),
}


@pytest.mark.parametrize("name", DRAWS)
def test_seeds(name):
    draw = DRAWS[name]
    assert torch.equal(draw(5), draw(5)) and not torch.equal(draw(5), draw(6))
    one, two = random.SeedGenerator(5), random.SeedGenerator(5)
    first, second = draw(one), draw(one)
    assert torch.equal(first, draw(5)) and not torch.equal(first, second)
    assert torch.equal(first, draw(two)) and torch.equal(second, draw(two))
    torch.manual_seed(3)
    before = torch.get_rng_state()
    draw(5)
    assert torch.equal(torch.get_rng_state(), before)  # a seed leaves torch's own generator alone
    keras.utils.set_random_seed(3)
    drawn = [draw(None), draw(None)]
    keras.utils.set_random_seed(3)
    assert torch.equal(drawn[0], draw(None)) and not torch.equal(*drawn)
    with pytest.raises(ValueError, match=r"either an integer or a SeedGenerator. Received: seed='a'"):
        draw("a")


def test_gradients():
    # The mean of gamma(a) is a, that of beta(a, b) is a / (a + b): so are, on average, the slopes of their samples.
    a, b = torch.tensor(0.8, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    random.gamma((COUNT,), a, seed=1).mean().backward()
    assert a.grad.item() == pytest.approx(1, abs=0.05)
    a.grad = None
    random.beta((COUNT,), a, b, seed=1).mean().backward()
    assert a.grad.item() == pytest.approx(2 / 2.8**2, abs=0.01) and b.grad.item() == pytest.approx(-0.8 / 2.8**2, abs=0.01)


def test_beta_of_tiny_concentrations_has_two_ends():
    drawn = random.beta((COUNT,), 1e-3, 1e-3, seed=0)
    assert drawn.isfinite().all() and (drawn < 0.01).float().mean().item() == pytest.approx(0.5, abs=0.02)


def test_shuffle_moves_whole_slices():
    x = torch.arange(60).reshape(3, 20)
    along = random.shuffle(x, axis=-1, seed=1)
    assert not torch.equal(along, x) and torch.equal(along - along[:1], x - x[:1])  # each row in the same order
    assert torch.equal(random.shuffle(x, axis=1, seed=1), along)
    assert torch.equal(random.shuffle(x, seed=2).sort(0).values, x)


def test_dropout():
    x = torch.arange(1.0, 25).reshape(4, 6).requires_grad_()
    rows = random.dropout(x, 0.5, noise_shape=(None, 1), seed=1)
    kept = (rows != 0).all(1)
    assert kept.any() and not kept.all() and torch.equal(rows[kept], 2 * x[kept]) and not rows[~kept].any()
    assert random.dropout(x, 0) is x and not random.dropout(x, 1).any()
    assert random.dropout(keras.Variable([1.0]), 1).shape == (1,)
    for rate in (-0.1, 1.5):
        with pytest.raises(ValueError, match=f"between 0 and 1. Received: rate={rate}"):
            random.dropout(x, rate)


@pytest.mark.parametrize("name", ["normal", "uniform", "truncated_normal"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_dtypes(name, dtype):
    drawn = getattr(random, name)((50,), dtype=dtype, seed=1)
    assert str(drawn.dtype) == f"torch.{dtype}" and drawn.isfinite().all() and len(drawn.unique()) > 30
    with pytest.raises(ValueError, match=f"`keras.random.{name}` requires a floating point `dtype`. Received: dtype='int32'"):
        getattr(random, name)((2,), dtype="int32")


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"requires an integer `dtype`. Received: dtype='float32'"):
        random.randint((2,), 0, 3, dtype="float32")
    with pytest.raises(ValueError, match=r"of shape \(batch, classes\). Received: logits of shape \(3,\)"):
        random.categorical([0.1, 0.2, 0.3], 2)
    with pytest.raises(ValueError, match=r"needs `alpha` above 0. Received: alpha=0"):
        random.gamma((2,), 0)
    with pytest.raises(ValueError, match=r"needs `beta` above 0. Received: beta=-1"):
        random.beta((2,), 1.0, -1)
    with pytest.raises(ValueError, match=r"in \[0, 1\]. Received: probabilities=1.5"):
        random.binomial((2,), 3, 1.5)
    with pytest.raises(ValueError, match=r"at least 0. Received: counts=-3"):
        random.binomial((2,), -3, 0.5)


# ---------------------------------------------------------------- generators


def test_seed_generator():
    seeds = random.SeedGenerator(5, name="s")
    assert seeds.get_config() == {"seed": 5, "name": "s"} and seeds.state.path == "s/seed_generator_state"
    assert seeds.next().tolist() == [5, 0] and seeds.next().tolist() == [5, 1]
    assert seeds.next(ordered=False).tolist() == [5, 2] and seeds.state.numpy().tolist() == [32322, 16161]
    twin = random.SeedGenerator.from_config(seeds.get_config())
    assert twin.state.numpy().tolist() == [5, 0]
    revived = keras.utils.deserialize_keras_object(keras.utils.serialize_keras_object(seeds))
    assert isinstance(revived, random.SeedGenerator) and revived.name == "s"
    assert not torch.equal(random.SeedGenerator().state.value, random.SeedGenerator().state.value)
    keras.utils.set_random_seed(1)
    first = random.SeedGenerator().state.value
    keras.utils.set_random_seed(1)
    assert torch.equal(first, random.SeedGenerator().state.value)
    for bad in ("a", 1.5, True):
        with pytest.raises(ValueError, match=f"must be an integer. Received: seed={bad!r}"):
            random.SeedGenerator(bad)
    with pytest.raises(ValueError, match="Unrecognized keyword arguments"):
        random.SeedGenerator(1, nmae="x")


def test_a_seed_of_more_than_31_bits():
    for seed in (2**31, 2**32 - 1, -1):
        drawn = random.normal((2,), seed=seed)
        assert torch.equal(drawn, random.normal((2,), seed=random.SeedGenerator(seed)))
        assert torch.equal(drawn, random.normal((2,), seed=seed & 0xFFFFFFFF))


class Noise(layers.Layer):
    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = random.SeedGenerator(seed)

    def build(self, shape):
        self.scale = self.add_weight((1,), "ones", name="scale")

    def call(self, x):
        return x + self.scale * random.normal(x.shape, seed=self.seed_generator)


def test_a_layer_knows_its_generators():
    layer = Noise(1337)
    inputs = layers.Input((3,))
    model = keras.Model(inputs, layers.Dense(1)(layer(inputs)))
    assert layer.seed_generator.state.numpy().tolist() == [1337, 0]  # finding shapes draws nothing that counts
    assert [v.name for v in layer.variables] == ["scale", "seed_generator_state"]
    assert [v.name for v in layer.weights] == ["scale"] and layer.non_trainable_weights == []
    assert [v.name for v in model.non_trainable_variables] == ["seed_generator_state"]
    x = torch.zeros(2, 3)
    once, twice = layer(x), layer(x)
    assert not torch.equal(once, twice) and layer.seed_generator.state.numpy().tolist() == [1337, 2]
    assert layer.compute_output_shape((None, 3)) == (None, 3)
    assert layer.seed_generator.state.numpy().tolist() == [1337, 2]
    twin = copy.deepcopy(layer)
    assert torch.equal(twin(x), layer(x)) and twin.seed_generator.state is not layer.seed_generator.state
    layer.trainable = False
    assert layer.non_trainable_variables == layer.variables


def test_generators_in_containers():
    class Many(layers.Layer):
        def __init__(self):
            super().__init__()
            self.generators = [random.SeedGenerator(1), {"inner": random.SeedGenerator(2)}]
            self.inner = Noise(3)
            self.again = self.generators[0]

    states = [v.numpy().tolist() for v in Many().variables]
    assert states == [[1, 0], [2, 0], [3, 0]]


@pytest.mark.parametrize("seed", [None, 5, random.SeedGenerator(9)])
def test_first_values_count_even_if_made_while_a_shape_is_found(seed):
    class Outer(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(4, kernel_initializer=keras.initializers.RandomNormal(stddev=1.0, seed=seed))

        def call(self, x):
            return self.inner(x)

    before = seed.state.numpy()[1] if isinstance(seed, random.SeedGenerator) else None
    model = Outer()
    model(layers.Input((3,)))
    if seed == 5:
        assert torch.equal(model.inner.kernel.value, random.normal((3, 4), seed=5))
    elif seed is not None:
        assert seed.state.numpy()[1] == before + 1
    other = Outer()
    other(layers.Input((3,)))
    assert torch.equal(model.inner.kernel.value, other.inner.kernel.value) is (seed == 5)


def test_no_draw_while_a_shape_is_found():
    class Unruly(layers.Layer):
        """Refuses zero rows, so it is tried with real ones."""

        def call(self, x):
            assert len(x)
            return random.dropout(x, 0.5) + random.normal(x.shape) + random.shuffle(x)

    torch.manual_seed(1)
    before = torch.get_rng_state()
    assert Unruly()(layers.Input((3,))).shape == (None, 3)
    assert torch.equal(torch.get_rng_state(), before)


def test_two_trainings_are_equal_to_the_bit():
    def trained():
        keras.utils.set_random_seed(2)
        model = keras.Sequential([Noise(4), layers.Dense(2), layers.Dropout(0.5)])
        model.compile("adam", "mse")
        model.fit(np.ones((16, 3), "float32"), np.ones((16, 2), "float32"), epochs=2, batch_size=4, verbose=0)
        return [v.numpy() for v in model.variables]

    for a, b in zip(trained(), trained(), strict=True):
        assert np.array_equal(a, b)


def test_draws_in_a_compiled_function():
    drawn = torch.compile(lambda x: x + random.normal((3,), seed=1), backend="eager")(torch.zeros(3))
    assert torch.equal(drawn, random.normal((3,), seed=1))


def test_in_a_torch_module_a_generator_stays_on_the_cpu():
    holder = nn.Sequential(Noise(1))
    holder.double()
    assert holder[0].seed_generator.state.dtype == "int32"
