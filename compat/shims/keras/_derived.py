"""What the `build` of a script's layer computes of its weights: `self.p = K.sigmoid(self.logit)`, `self.add_loss(K.sum(p))`.

In the graphs of Keras 1 and 2 these were expressions, which followed the weights. Here they are values: so what leads to them
is noted while `build` runs, and computed again before each call of the layer; a loss with each batch.
"""

from __future__ import annotations

from importlib import import_module

import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from torchkeras_lite import layers

_ERAS = ("1.2", "2.2", "2.3")
_build_for = getattr(layers.Layer._build_for, "_todays", layers.Layer._build_for)


def build_for(self, args, kwargs):
    """Builds the layer. A script's own one has what it computes of its weights computed again later."""
    if import_module("keras._eras").now not in _ERAS or type(self).__module__.partition(".")[0] == "torchkeras_lite":
        _build_for(self, args, kwargs)
        return
    with torch.inference_mode(False), torch.enable_grad(), _Notes() as notes:
        _build_for(self, args, kwargs)
    if notes.steps:
        _Derived(self, notes)


build_for._todays = _build_for


class _Notes(TorchFunctionMode):
    """Notes each function of torch whose result gradients flow through: (function, args, kwargs, result)."""

    def __init__(self):
        super().__init__()
        self.steps, self.made = [], {}

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        found = [leaf for leaf in pytree.tree_leaves(result) if _is_derived(leaf)]
        if found:
            self.steps.append((function, args, kwargs or {}, result))
            self.made.update((id(leaf), leaf) for leaf in found)
        return result

    def again(self, wanted) -> dict:
        """The tensors anew, by the identities that they had."""
        now: dict = {}

        def today(leaf):
            return now.get(id(leaf), leaf)

        for function, args, kwargs, result in self.steps_to(wanted):
            made = function(*pytree.tree_map(today, args), **pytree.tree_map(today, kwargs))
            now.update(zip(map(id, pytree.tree_leaves(result)), pytree.tree_leaves(made), strict=True))
        return now

    def steps_to(self, wanted) -> list:
        """Those steps without which the wanted tensors would not come about."""
        needed, steps = set(wanted), []
        for step in reversed(self.steps):
            if any(id(leaf) in needed for leaf in pytree.tree_leaves(step[3])):
                needed.update(map(id, pytree.tree_leaves(step[1:3])))
                steps.append(step)
        return steps[::-1]


def _is_derived(leaf) -> bool:
    return isinstance(leaf, torch.Tensor) and leaf.grad_fn is not None


class _Derived:
    """The values that a layer, and those inside of it, keep under names; and the losses that they added."""

    def __init__(self, layer, notes):
        self.notes, self.places = notes, []
        inside = layer._flatten_layers()
        for one in inside:
            for name, value in vars(one).items():
                if name[:1] != "_" and any(id(leaf) in notes.made for leaf in pytree.tree_leaves(value)):
                    self.places.append((one, name, value))
            losses = [loss for loss in one._added_losses if id(loss) in notes.made]
            one._added_losses[:] = [loss for loss in one._added_losses if id(loss) not in notes.made]
            for loss in losses:
                _penalize(one, layer, _Loss(notes, id(loss)))
        if self.places:
            wanted = {id(leaf) for *_, value in self.places for leaf in pytree.tree_leaves(value)}
            self.wanted = wanted & notes.made.keys()
            layer.register_forward_pre_hook(self.refresh)
            for place in self.wanted:
                notes.made[place]._of_weights = (notes, place)

    def refresh(self, *_) -> None:
        now = self.notes.again(self.wanted)
        for place in self.wanted:
            now[place]._of_weights = (self.notes, place)
        for layer, name, value in self.places:
            vars(layer)[name] = pytree.tree_map(lambda leaf: now.get(id(leaf), leaf), value)


def today(tensor):
    """The tensor itself; one that a layer keeps, as its weights have it now (`K.get_value`, `K.eval`)."""
    notes, place = getattr(tensor, "_of_weights", (None, None))
    return tensor if notes is None else notes.again({place})[place]


class _Loss:
    """A loss of weights, where the penalty on one of them stands."""

    def __init__(self, notes, place, before=None):
        self.notes, self.place, self.before = notes, place, before

    def __call__(self, weight):
        loss = self.notes.again({self.place})[self.place]
        return loss if self.before is None else loss + self.before(weight)


def _penalize(layer, whole, loss) -> None:
    weights = layer.trainable_weights or whole.trainable_weights
    chosen = next((weight for weight in weights if weight.regularizer is None), weights[0])
    loss.before = chosen.regularizer
    chosen.regularizer = loss
