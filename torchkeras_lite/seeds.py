"""Seeds: a Keras seed becomes a `torch.Generator` on the device that draws."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from torchkeras_lite import config, registry
from torchkeras_lite.calls import going_on
from torchkeras_lite.variable import Variable

_STEP = torch.tensor([0, 1], dtype=torch.int32, device="cpu")


class SeedGenerator(registry.Configurable):
    """A seed that moves on with every use, so that two draws from it differ.

    As the attribute of a layer it is part of the layer's state: `state` is among its `variables` (not among its `weights`).

    Args:
        seed: where it starts, an integer of which 32 bits count; None draws one, which `set_random_seed` makes reproducible.
        name: the first part of the path of its state.
        backend: taken for the sake of code that names one; there is only torch.

    Raises:
        ValueError: a seed that is no integer, or an unknown argument.
    """

    keras_module = "keras.random"

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs):
        kwargs.pop("backend", None)
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments: {kwargs}")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
            raise ValueError(f"Argument `seed` must be an integer. Received: seed={seed!r}")
        self.seed = seed
        self.name = name or registry.unique_name("seed_generator")
        start = config.make_default_seed() if seed is None else seed
        # On the CPU whatever the device is: a generator is seeded with a Python number, and reading one must cost nothing.
        state = torch.tensor([_signed(start), 0], dtype=torch.int32, device="cpu")
        self.state = Variable(state, trainable=False, name="seed_generator_state", device=torch.device("cpu"))
        self.state.path = "/".join([*going_on.names, self.name, "seed_generator_state"])

    def next(self, ordered: bool = True) -> torch.Tensor:
        """The current state `[seed, count]`; the count goes up by one.

        Args:
            ordered: if False, both numbers jump to others below 933199 instead.
        """
        value = self.state.value
        self.state.assign(value + _STEP if ordered else (value + 1) * 5387 % 933199)
        return value


def generator(seed, device=None) -> torch.Generator | None:
    """The `torch.Generator` that `seed` means on `device`.

    Args:
        seed: an integer (equal seeds draw equal values), a `SeedGenerator`, or None for torch's own generator.
        device: a torch device; None is `config.get_device()`.

    Returns:
        A generator, or None: torch's functions then draw from the device's default one. The meta device has none. While only
        a shape is asked for, neither a `SeedGenerator` nor the default one moves.
    """
    device = device or config.get_device()
    if torch.device(device).type == "meta":
        return None
    if seed is None:
        return torch.Generator(device) if going_on.inferring else None
    if isinstance(seed, SeedGenerator):
        if going_on.inferring:
            return torch.Generator(device)
        start, count = seed.next().tolist()
        seed = start + count
    elif isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError(
            "Argument `seed` must be either an integer or a SeedGenerator. "
            f"Received: seed={seed!r} (of type {type(seed).__name__})"
        )
    return torch.Generator(device).manual_seed(seed & 0xFFFFFFFF)


def generators_of(layer) -> Iterator[SeedGenerator]:
    """The seed generators that a layer holds as attributes, or in lists, tuples and dicts that are."""
    containers = layer.__dict__.get("_contents", ())
    for name, value in layer.__dict__.items():
        if isinstance(value, SeedGenerator):
            yield value
        elif name in containers:
            yield from _inside(value, ())


def _inside(container, around):
    around = (*around, container)
    for value in container.values() if isinstance(container, dict) else container:
        if isinstance(value, SeedGenerator):
            yield value
        elif isinstance(value, (list, tuple, dict)) and not any(value is one for one in around):  # some hold themselves
            yield from _inside(value, around)


def _signed(seed: int) -> int:
    """The same 32 bits, read as an int32."""
    return ((seed & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000
