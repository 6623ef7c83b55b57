"""Seeds and random tensors: a Keras seed becomes a `torch.Generator` on the device that draws."""

from __future__ import annotations

import torch

from torchkeras_lite import config, registry
from torchkeras_lite.variable import Variable


class SeedGenerator(registry.Configurable):
    """A seed that moves on with every use, so that two draws from it differ.

    Args:
        seed: where it starts; None draws one, which `set_random_seed` makes reproducible.
        name: the name of its state.
    """

    def __init__(self, seed: int | None = None, name: str | None = None):
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
            raise ValueError(f"Argument `seed` must be an integer. Received: seed={seed!r}")
        self.seed = seed
        self.name = name or registry.unique_name("seed_generator")
        start = config.make_default_seed() if seed is None else seed & 0xFFFFFFFF
        # On the CPU whatever the device is: a generator is seeded with a Python number, and reading one must cost nothing.
        state = torch.tensor([start, 0])
        self.state = Variable(state, trainable=False, name="seed_generator_state", device=torch.device("cpu"))

    def next(self) -> torch.Tensor:
        """The current state `[seed, count]`; the count goes up by one."""
        value = self.state.value
        self.state.assign(value + torch.tensor([0, 1]))
        return value


def generator(seed, device=None) -> torch.Generator | None:
    """The `torch.Generator` that `seed` means on `device`.

    Args:
        seed: an integer (equal seeds draw equal values), a `SeedGenerator`, or None for torch's own generator.
        device: a torch device; None is `config.get_device()`.

    Returns:
        A generator, or None: torch's functions then draw from the device's default one. The meta device has none.
    """
    device = device or config.get_device()
    if seed is None or torch.device(device).type == "meta":
        return None
    if isinstance(seed, SeedGenerator):
        seed = int(seed.next().sum())
    elif isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError(
            "Argument `seed` must be either an integer or an instance of `SeedGenerator`. "
            f"Received: seed={seed!r} (of type {type(seed).__name__})"
        )
    return torch.Generator(device).manual_seed(seed & 0xFFFFFFFF)


def _empty(shape, dtype) -> torch.Tensor:
    return torch.empty(tuple(shape), dtype=config.torch_dtype(dtype), device=config.get_device())


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None) -> torch.Tensor:
    """A tensor of `shape` from the normal distribution."""
    out = _empty(shape, dtype)
    return out.normal_(mean, stddev, generator=generator(seed, out.device))


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None) -> torch.Tensor:
    """A tensor of `shape`, uniform in `[minval, maxval)`."""
    out = _empty(shape, dtype)
    return out.uniform_(generator=generator(seed, out.device)).mul_(maxval - minval).add_(minval)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None) -> torch.Tensor:
    """A tensor of `shape` from the normal distribution cut off at two standard deviations."""
    out = _empty(shape, dtype)
    # The inverse of the cumulative distribution has too little room in sixteen bits.
    wide = out if out.dtype in (torch.float32, torch.float64) else torch.empty_like(out, dtype=torch.float32)
    torch.nn.init.trunc_normal_(wide, 0.0, 1.0, -2.0, 2.0, generator=generator(seed, out.device))
    return wide.mul_(stddev).add_(mean).to(out.dtype)
