"""Bidirectional: a recurrent layer that reads a sequence in both directions."""

from __future__ import annotations

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import registry
from torchkeras_lite.layer import Layer

_MERGES = {
    "concat": lambda there, back: torch.cat([there, back], -1),
    "sum": torch.add,
    "ave": lambda there, back: (there + back) / 2,
    "mul": torch.mul,
    None: lambda there, back: (there, back),
}


class Bidirectional(Layer):
    """Two recurrent layers over a sequence, one from its beginning and one from its end.

    Shapes: those of the layer; with merge_mode="concat" the last axis of the output is as long as both.

    Args:
        layer: an RNN, LSTM, GRU, ..., or a layer with `go_backwards`, `return_sequences`, `return_state` and `stateful`. It is
            copied by its config: its weights are not used.
        merge_mode: "concat", "sum", "mul" or "ave" of both outputs; None for a tuple of them.
        weights: initial weights, those of the layer forward first.
        backward_layer: the layer that reads backwards; by default a copy of `layer` that does.

    Calling it: as `layer`; the first half of `initial_state` is for the layer forward. With `return_state` the states follow
    the output, those of the layer forward first. With `return_sequences` the outputs of masked steps are zeros.

    Raises:
        ValueError: no layers, an unknown merge_mode, or two layers that do not go together.
    """

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        for word, one in (("layer", layer), ("backward_layer", backward_layer)):
            if not isinstance(one, Layer) and not (one is None and word == "backward_layer"):
                raise ValueError(f"Argument `{word}` of Bidirectional must be a Keras layer. Received: {word}={one!r}")
        if merge_mode not in _MERGES:
            raise ValueError(f"Argument `merge_mode` must be one of {[*_MERGES]}. Received: merge_mode={merge_mode!r}")
        super().__init__(**kwargs)
        self.forward_layer = _copy(layer, "forward")
        self.backward_layer = _copy(layer, "backward", go_backwards=True) if backward_layer is None else backward_layer
        self._check_layers()
        self.merge_mode = merge_mode
        self.__dict__["_given"] = weights
        self.stateful, self.return_sequences, self.return_state = layer.stateful, layer.return_sequences, layer.return_state
        self.supports_masking = True
        self.input_spec = layer.input_spec
        self.casts_integers = layer.casts_integers
        for one in (self.forward_layer, self.backward_layer):
            if hasattr(one, "zero_output_for_mask"):
                one.zero_output_for_mask = one.return_sequences

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The layer that `get_config` described."""
        if isinstance(config, dict) and isinstance(config.get("layer"), dict):  # of which it makes a copy: it needs no weights
            given = {key: value for key, value in config["layer"].items() if key != "build_config"}
            config = {**config, "layer": given}
        return super().from_config(config, custom_objects)

    def _check_layers(self):
        there, back = self.forward_layer, self.backward_layer
        if there.go_backwards == back.go_backwards:
            raise ValueError(
                f"Layer {self.name!r}: of the two layers one must have go_backwards=True, the other False. Received: "
                f"{there.go_backwards} for both."
            )
        for word in ("stateful", "return_sequences", "return_state"):
            if getattr(there, word) != getattr(back, word):
                raise ValueError(
                    f"Layer {self.name!r}: both layers must have the same `{word}`. Received: {getattr(there, word)} for the "
                    f"layer forward, {getattr(back, word)} for the layer backward."
                )

    def build(self, sequences_shape, initial_state_shape=None):
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        given, self.__dict__["_given"] = self._given, None
        if given:
            self.set_weights(given)

    def call(self, sequences, initial_state=None, mask=None, training=None):
        there, back = ({} if mask is None else {"mask": mask} for _ in range(2))
        if initial_state is not None:
            half = len(initial_state) // 2
            there["initial_state"], back["initial_state"] = initial_state[:half], initial_state[half:]
        forward, backward = self.forward_layer(sequences, **there), self.backward_layer(sequences, **back)
        states = ()
        if self.return_state:
            (forward, *states), (backward, *others) = forward, backward
            states += others
        if self.return_sequences:
            backward = backward.flip(1)
        output = _MERGES[self.merge_mode](forward, backward)
        if not self.return_state:
            return output
        return (*output, *states) if self.merge_mode is None else (output, *states)

    def compute_mask(self, sequences, mask):
        """That of the input for the outputs of all steps; None for last outputs and for states."""
        masks = pytree.tree_leaves(mask)
        output = masks[0] if masks and self.return_sequences else None
        return (output, output) if self.merge_mode is None else output

    @property
    def states(self):
        """The states that both layers keep for the next batch, those of the layer forward first; None if they keep none."""
        there, back = self.forward_layer.states, self.backward_layer.states
        return (*there, *back) if there and back else None

    def reset_state(self):
        """The next batch of a stateful layer begins with zeros again."""
        if not self.stateful:
            raise AttributeError(f"Layer {self.name!r} has no states to reset: it was made without stateful=True.")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def get_config(self):
        layers = {"layer": self.forward_layer, "backward_layer": self.backward_layer}
        described = {word: registry.serialize(layer) for word, layer in layers.items()}
        return {**self._base_config(), "merge_mode": self.merge_mode, **described}


def _copy(layer, direction, **settings):
    """A layer of the same config, with a name that says its direction."""
    name = f"{direction}_{layer.name.removeprefix(f'{direction}_')}"
    known = {registry.get_registered_name(type(part)): type(part) for part in layer.modules() if isinstance(part, Layer)}
    # A `from_config` of the user's reads what stands in files; without one, objects in the config are handed on as they are.
    reads = type(layer).from_config.__func__ is not registry.Configurable.from_config.__func__
    config = registry.serialize(layer)["config"] if reads else layer.get_config()
    with registry.CustomObjectScope(known):
        copy = type(layer).from_config({**config, "name": name, **settings})
    if hasattr(layer, "use_cudnn"):
        copy.use_cudnn = layer.use_cudnn
    return copy
