"""What `tf.random` draws. `seed` is a number that makes one call repeat; TensorFlow's own numbers are others."""

from __future__ import annotations

import contextlib
import hashlib
import math

import torch

from torchkeras_lite import config
from torchkeras_lite import random as drawn

from ._creation import given
from ._tensors import sizes, torch_dtype
from .dtypes import as_dtype

INT32 = torch.iinfo(torch.int32).max


def normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None):
    return drawn.normal(sizes(shape), mean, stddev, as_dtype(dtype).name, seed)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None):
    """The normal distribution cut off at two standard deviations."""
    return drawn.truncated_normal(sizes(shape), mean, stddev, as_dtype(dtype).name, seed)


def uniform(shape, minval=0, maxval=None, dtype="float32", seed=None, name=None):
    """Numbers in [minval, maxval): below 1 for floats; integers need a `maxval`."""
    dtype = as_dtype(dtype)
    if dtype.is_integer:
        if maxval is None:
            raise ValueError("Must specify maxval for integer dtype: tf.random.uniform")
        return drawn.randint(sizes(shape), minval, maxval, dtype.name, seed)
    return drawn.uniform(sizes(shape), minval, 1.0 if maxval is None else maxval, dtype.name, seed)


def gamma(shape, alpha, beta=None, dtype="float32", seed=None, name=None):
    """The gamma distribution; the shape is `shape + alpha.shape`."""
    alpha, beta = given(alpha, dtype), given(1.0 if beta is None else beta, dtype)
    alpha, beta = torch.broadcast_tensors(alpha, beta)
    return drawn.gamma((*sizes(shape), *alpha.shape), alpha, as_dtype(dtype).name, seed) / beta


def poisson(shape, lam, dtype="float32", seed=None, name=None):
    """The Poisson distribution; the shape is `shape + lam.shape`."""
    lam = given(lam, "float32")
    made = torch.Generator(lam.device).manual_seed(int(seed)) if seed is not None else None
    return torch.poisson(lam.expand(*sizes(shape), *lam.shape).contiguous(), generator=made).to(torch_dtype(dtype))


def categorical(logits, num_samples, dtype="int64", seed=None, name=None):
    """So many classes for each row of logits: shape (rows, num_samples).

    Classes whose logits are no finite numbers are not drawn; a row of nothing else gives the number of classes.
    """
    logits, dtype = given(logits), as_dtype(dtype or "int64").name
    if logits.device.type == "cpu":
        with contextlib.suppress(RuntimeError):  # what torch says of such logits here; elsewhere the whole device is lost
            return drawn.categorical(logits, int(num_samples), dtype, seed)
    known = logits.isfinite()
    some = known.any(-1, keepdim=True)
    found = drawn.categorical(torch.where(known, logits, torch.where(some, -torch.inf, 0.0)), int(num_samples), dtype, seed)
    return torch.where(some, found, logits.shape[-1])


def shuffle(value, seed=None, name=None):
    """The rows in another order."""
    return drawn.shuffle(given(value), 0, seed)


# ---------------------------------------------------------------- as a function of the seed


def _mixed(seed) -> int:
    """One number of the two (or more) that make a seed."""
    digest = hashlib.sha256(repr([int(each) for each in given(seed).reshape(-1).tolist()]).encode()).digest()
    return int.from_bytes(digest[:4], "little") % INT32


def stateless_uniform(shape, seed, minval=0, maxval=None, dtype="float32", name=None, alg="auto_select"):
    return uniform(shape, minval, maxval, dtype, _mixed(seed))


def stateless_normal(shape, seed, mean=0.0, stddev=1.0, dtype="float32", name=None, alg="auto_select"):
    return normal(shape, mean, stddev, dtype, _mixed(seed))


def stateless_truncated_normal(shape, seed, mean=0.0, stddev=1.0, dtype="float32", name=None, alg="auto_select"):
    return truncated_normal(shape, mean, stddev, dtype, _mixed(seed))


def stateless_categorical(logits, num_samples, seed, dtype="int64", name=None):
    return categorical(logits, num_samples, dtype, _mixed(seed))


def split(seed, num=2, alg="auto_select"):
    """`num` new seeds out of one: shape (num, 2)."""
    made = torch.Generator().manual_seed(_mixed(seed))
    return torch.randint(0, INT32, (int(num), 2), generator=made, dtype=torch.int32)


class Generator:
    """Draws one after the other, beginning with a seed."""

    def __init__(self, seed=None):
        self._seeds = torch.Generator()
        self._seeds.seed() if seed is None else self._seeds.manual_seed(int(seed))

    @classmethod
    def from_seed(cls, seed, alg=None):
        return cls(seed)

    @classmethod
    def from_non_deterministic_state(cls, alg=None):
        return cls()

    def _next(self) -> int:
        return int(torch.randint(0, INT32, (), generator=self._seeds))

    def reset_from_seed(self, seed) -> None:
        self._seeds.manual_seed(int(seed))

    def make_seeds(self, count=1):
        """Seeds for the stateless functions: shape (2, count)."""
        return torch.randint(0, INT32, (2, int(count)), generator=self._seeds).to(config.get_device())

    def split(self, count=1):
        return [Generator(self._next()) for _ in range(count)]

    def normal(self, shape, mean=0.0, stddev=1.0, dtype="float32", name=None):
        return normal(shape, mean, stddev, dtype, self._next())

    def truncated_normal(self, shape, mean=0.0, stddev=1.0, dtype="float32", name=None):
        return truncated_normal(shape, mean, stddev, dtype, self._next())

    def uniform(self, shape, minval=0, maxval=None, dtype="float32", name=None):
        return uniform(shape, minval, maxval, dtype, self._next())


_global = [Generator()]


def get_global_generator() -> Generator:
    return _global[0]


def set_global_generator(generator: Generator) -> None:
    _global[0] = generator


def log_uniform_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max, seed=None, name=None):
    """Classes for negative sampling: of classes sorted by how often they occur, a rare one is drawn less often.

    Args:
        true_classes: integers of shape (batch, num_true).
        num_sampled: how many classes are drawn, for the whole batch.
        unique: whether no class is drawn twice.
        range_max: classes are those below.

    Returns:
        The classes (int64), and how often each of the true ones and of the drawn ones is to be expected among them.

    Raises:
        ValueError: more different classes are wanted than there are.
    """
    if unique and num_sampled > range_max:
        raise ValueError(f"Sampler's range is too small: {num_sampled} different classes out of {range_max}.")
    true_classes = given(true_classes)
    device = true_classes.device
    made = torch.Generator(device)
    made.manual_seed(int(torch.randint(INT32, ())) if seed is None else int(seed))
    chances = _log_uniform(torch.arange(range_max, device=device, dtype=torch.float64), range_max)
    if not unique:
        drawn_classes, tries = torch.multinomial(chances, num_sampled, replacement=True, generator=made), None
    else:
        order, tries = [], 0
        while len(order) < num_sampled:
            for one in torch.multinomial(chances, 4 * num_sampled, replacement=True, generator=made).tolist():
                tries += 1
                if one not in order:
                    order.append(one)
                    if len(order) == num_sampled:
                        break
        drawn_classes = torch.tensor(order, device=device, dtype=torch.int64)

    def expected(classes):
        chance = _log_uniform(classes.to(torch.float64), range_max)
        count = chance * num_sampled if tries is None else -torch.expm1(tries * torch.log1p(-chance))
        return count.to(torch.float32)

    return drawn_classes, expected(true_classes), expected(drawn_classes)


def _log_uniform(classes, range_max):
    return torch.log((classes + 2) / (classes + 1)) / math.log(range_max + 1)
