"""The base of recurrent layers that programs wrote themselves before Keras 2.1 had cells."""

from __future__ import annotations

import numpy as np
import torch

from torchkeras_lite import layers
from torchkeras_lite.calls import going_on

from . import _backend_loops, _backend_phase, _backend_random, _backend_state

__all__ = ["Recurrent", "time_distributed_dense"]


class Recurrent(layers.Layer):
    """A loop over `output, states = step(x, states)`, which subclasses write, as they do `build`.

    Shapes: input (batch, time, features); output (batch, units), or (batch, time, units) with `return_sequences`.

    A subclass sets `states` in `build`, a list with None for each state, and `units` (Keras 1: `output_dim`), which is how wide
    states are at first. It may also write `get_initial_state` (Keras 1: `get_initial_states`), `get_constants` (tensors
    that `step` gets behind the states) and `preprocess_input` (once for all steps).

    Args:
        return_sequences: whether the outputs of all steps come out. return_state: whether the last states do too.
        go_backwards: from the last step to the first.
        stateful: whether a batch begins with the states of the one before; wants a `batch_input_shape`.
        unroll, implementation, consume_less: once about speed.
        input_dim, input_length: features and steps of the first layer of a model.
    """

    def __init__(
        self, return_sequences=False, return_state=False, go_backwards=False, stateful=False, unroll=False,
        implementation=0, consume_less="cpu", input_dim=None, input_length=None, **kwargs,
    ):  # fmt: skip
        if input_dim is not None:
            kwargs["input_shape"] = (input_length, input_dim)
        super().__init__(**kwargs)
        self.return_sequences, self.return_state, self.go_backwards = return_sequences, return_state, go_backwards
        self.stateful, self.unroll, self.implementation, self.consume_less = stateful, unroll, implementation, consume_less
        self.supports_masking = True
        self.input_spec = [layers.InputSpec(ndim=3)]
        self.state_spec = None
        self.dropout = self.recurrent_dropout = 0

    def step(self, inputs, states):
        raise NotImplementedError(f"{type(self).__name__} has to define `step(x, states)`, which returns (output, states).")

    def get_constants(self, inputs, training=None):
        return []

    def preprocess_input(self, inputs, training=None):
        return inputs

    def _width(self) -> int:
        return getattr(self, "units", None) or self.output_dim

    def get_initial_state(self, inputs):
        return [inputs.new_zeros(inputs.shape[0], self._width()) for _ in self.states]

    def get_initial_states(self, x):
        return self.get_initial_state(x)

    def compute_mask(self, inputs, mask=None):
        mask = mask[0] if isinstance(mask, list) else mask
        masks = mask if self.return_sequences else None
        return [masks, *(None for _ in self.states)] if self.return_state else masks

    def call(self, inputs, mask=None, training=None, initial_state=None):
        if isinstance(inputs, (list, tuple)):
            inputs, *initial_state = inputs
        if initial_state is None:
            kept = [state + 0 for state in self.states] if self.stateful else None  # copies: these change before the gradients
            initial_state = self.get_initial_states(inputs) if kept is None else kept
        initial_state = list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        if len(initial_state) != len(self.states):
            raise ValueError(
                f"Layer {self.name!r} has {len(self.states)} states but was passed {len(initial_state)} initial states."
            )
        last, outputs, states = _backend_loops.rnn(
            self.step,
            self.preprocess_input(inputs),
            initial_state,
            go_backwards=self.go_backwards,
            mask=mask[0] if isinstance(mask, list) else mask,
            constants=self.get_constants(inputs),
            unroll=self.unroll,
        )
        if self.stateful and not going_on.inferring:
            for kept, state in zip(self.states, states, strict=True):
                kept.assign(state.detach())
        output = outputs if self.return_sequences else last
        return [output, *states] if self.return_state else output

    def reset_states(self, states=None):
        """Zeros as the states that a stateful layer keeps, or these arrays."""
        if not self.stateful:
            raise AttributeError("Layer must be stateful.")
        spec = self.input_spec[0] if isinstance(self.input_spec, (list, tuple)) else self.input_spec
        rows = (spec.shape or (None,))[0] or (getattr(self, "_input_shape_arg", None) or (None,))[0]
        if not rows:
            raise ValueError(f"Layer {self.name!r} is stateful: tell it `batch_input_shape=(rows, time, features)`.")
        if self.states[0] is None:
            self.states = [_backend_state.variable(np.zeros((rows, self._width()))) for _ in self.states]
        given = [np.zeros(tuple(kept.shape)) for kept in self.states] if states is None else states
        for kept, value in zip(self.states, given if isinstance(given, (list, tuple)) else [given], strict=True):
            kept.assign(value)


def time_distributed_dense(
    x, w, b=None, dropout=None, input_dim=None, output_dim=None, timesteps=None, training=None
):
    """`x @ w + b` for each step of (batch, time, features); `dropout` hides the same features in all steps."""
    if dropout:
        x = _backend_phase.in_train_phase(x * _backend_random.dropout(torch.ones_like(x[:, :1]), dropout), x, training)
    y = x @ w
    return y if b is None else y + b
