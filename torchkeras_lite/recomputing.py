"""Rematerialization: what a call makes on its way is not kept for the gradients but computed once more when they are."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import torch
from torch.utils import _pytree as pytree
from torch.utils.checkpoint import checkpoint

from torchkeras_lite.calls import going_on
from torchkeras_lite.modes import training_mode
from torchkeras_lite.references import Known
from torchkeras_lite.seeds import generators_of
from torchkeras_lite.symbolic import is_symbolic

_MODES = ("full", "activations", "larger_than", "list_of_layers", None)


class RematMode(NamedTuple):
    """What the scope around says."""

    mode: str | None
    output_size_threshold: int
    layer_names: list[str]


class RematScope:
    """Layers made inside are rematerialized in training: less memory for more computing.

    Args:
        mode: `"full"`: all of them; `"activations"`: their activation functions only; `"larger_than"`: those whose outputs
            have more numbers than `output_size_threshold`; `"list_of_layers"`: those named in `layer_names`; None: none.

    Raises:
        ValueError: an unknown mode.
    """

    def __init__(self, mode: str | None = "full", output_size_threshold: int = 1024, layer_names: list[str] | None = None):
        if mode not in _MODES:
            raise ValueError(f"Invalid mode {mode!r}. Supported modes are: {', '.join(map(repr, _MODES))}.")
        self.mode, self.output_size_threshold, self.layer_names = mode, output_size_threshold, list(layer_names or ())

    def __enter__(self):
        going_on.remat.append(RematMode(self.mode, self.output_size_threshold, self.layer_names))
        return self

    def __exit__(self, *exc):
        going_on.remat.pop()


def get_current_remat_mode() -> RematMode | None:
    """What the innermost RematScope says; None outside of all."""
    return going_on.remat[-1] if going_on.remat else None


def remat(f):
    """A function that computes what `f` does, and computes it again for the gradients."""

    @functools.wraps(f, updated=())
    def rematerialized(*args, **kwargs):
        if not torch.is_grad_enabled() or is_symbolic(args, kwargs):
            return f(*args, **kwargs)
        return checkpoint(f, *args, use_reentrant=False, **kwargs)

    return rematerialized


def wrap(layer) -> None:
    """Makes a layer that is being made do as the scope around says. (It has a `call` of its own then; others pay nothing.)"""
    mode = get_current_remat_mode()
    if mode.mode is not None and (mode.mode != "list_of_layers" or layer.name in mode.layer_names):
        layer.__dict__["call"] = functools.partial(_call, Known(layer), mode)


def _call(known, mode, *args, **kwargs):
    layer = known()
    plain = functools.partial(type(layer).call, layer)
    if not torch.is_grad_enabled() or going_on.inferring or is_symbolic(args, kwargs):
        return plain(*args, **kwargs)
    if mode.mode == "activations":
        return _with_activation(layer, plain, args, kwargs)
    if mode.mode == "larger_than" and not _is_larger(layer, mode.output_size_threshold, args):
        return plain(*args, **kwargs)
    return checkpoint(_Repeatable(layer, plain), *args, use_reentrant=False, **kwargs)


def _with_activation(layer, plain, args, kwargs):
    activation = getattr(layer, "activation", None)
    if activation is None:
        return plain(*args, **kwargs)
    layer.activation = remat(activation)
    try:
        return plain(*args, **kwargs)
    finally:
        layer.activation = activation


def _is_larger(layer, size: int, args) -> bool:
    """Whether the output for these inputs has more numbers than `size`; found once for each shape."""
    known = layer.__dict__.setdefault("_output_sizes", {})
    shapes = pytree.tree_map(lambda x: tuple(x.shape) if isinstance(x, torch.Tensor) else None, args[0])
    key = str(shapes)
    if key not in known:
        with training_mode(layer, False):  # nothing is drawn then
            shape = layer.compute_output_shape(shapes)
        known[key] = math.prod(shape) if all(isinstance(one, int) for one in shape) else math.inf
    return known[key] > size


class _Repeatable:
    """A layer's `call` that draws the same random numbers when it is called again. (Torch sees to its default generator.)"""

    def __init__(self, layer, plain):
        self.layers, self.plain, self.before = list(layer.modules()), plain, None

    def __call__(self, *args, **kwargs):
        if self.before is None:
            self.before = self._states()
            return self.plain(*args, **kwargs)
        now = self._states()
        try:
            self._put(self.before)
            return self.plain(*args, **kwargs)
        finally:
            self._put(now)

    def _states(self) -> dict:
        """Of each source of random numbers, how far it has come."""
        return {
            source: source.get_state() if isinstance(source, torch.Generator) else source.state.value.clone()
            for source in self._sources()
        }

    def _put(self, states: dict) -> None:
        for source in self._sources():
            if isinstance(source, torch.Generator):  # one that is not among them was made in between
                _ = source.set_state(states[source]) if source in states else source.manual_seed(source.initial_seed())
            else:
                source.state.assign(states[source])

    def _sources(self):
        for layer in self.layers:
            yield from generators_of(layer)
            yield from layer.__dict__.get("_generators", {}).values()
