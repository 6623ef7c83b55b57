"""What programs took out of Keras 2's file of recurrent layers to write cells of their own: masks for dropout, states."""

from __future__ import annotations

import torch

from . import _backend_phase, _backend_random


def generate_dropout_mask(ones, rate, training=None, count=1):
    """`ones` with some of them dropped in training; a list of several for a `count` above 1."""

    def mask():
        return _backend_phase.in_train_phase(lambda: _backend_random.dropout(ones, rate), ones, training=training)

    return [mask() for _ in range(count)] if count > 1 else mask()


def generate_zero_filled_state(batch_size_tensor, state_size, dtype):
    """Zeros for each row, for a size or a structure of sizes."""

    def zeros(size):
        shape = tuple(size) if isinstance(size, (tuple, list, torch.Size)) else (size,)
        return torch.zeros((int(batch_size_tensor), *shape), dtype=getattr(torch, str(dtype or "float32").rpartition(".")[2]))

    return [zeros(size) for size in state_size] if is_multiple_state(state_size) else zeros(state_size)


def generate_zero_filled_state_for_cell(cell, inputs, batch_size, dtype):
    """The same for the states of a cell, for as many rows as `inputs` has."""
    if inputs is not None:
        batch_size, dtype = inputs.shape[0], inputs.dtype
    return generate_zero_filled_state(batch_size, cell.state_size, dtype)


def is_multiple_state(state_size) -> bool:
    """Whether a cell has several states: its sizes are a list then."""
    return hasattr(state_size, "__len__") and not isinstance(state_size, torch.Size)


def caching_device(rnn_cell) -> None:
    """The device on which a cell's variables are read: where they are."""


def standardize_args(inputs, initial_state, constants, num_constants):
    """`(inputs, states or None, constants or None)`, which may all have been given in one list."""
    if isinstance(inputs, (list, tuple)):
        inputs = list(inputs)
        if num_constants:
            inputs, constants = inputs[:-num_constants], inputs[-num_constants:]
        inputs, *states = inputs
        initial_state = states or initial_state

    def listed(given):
        return given if given is None or isinstance(given, list) else list(given) if isinstance(given, tuple) else [given]

    return inputs, listed(initial_state), listed(constants)


class ContextValueCache:
    """Keeps what `default` computes, until it is cleared."""

    def __init__(self, default):
        self.default, self._values = default, {}

    def setdefault(self, key=None, default=None, kwargs=None):
        if key not in self._values:
            self._values[key] = self.default(**(kwargs or {})) if default is None else default
        return self._values[key]

    def clear(self) -> None:
        self._values.clear()

    def __contains__(self, key):
        return key in self._values


class DropoutRNNCellMixin:
    """Gives a cell with the rates `dropout` and `recurrent_dropout` masks that are the same in all steps of a sequence."""

    def reset_dropout_mask(self):
        vars(self)["_masks_of_inputs"] = None

    def reset_recurrent_dropout_mask(self):
        vars(self)["_masks_of_states"] = None

    def get_dropout_mask_for_cell(self, inputs, training, count=1):
        """The mask of the inputs, or a list of `count`; None where the rate is 0."""
        return self._mask("_masks_of_inputs", inputs, self.dropout, training, count)

    def get_recurrent_dropout_mask_for_cell(self, inputs, training, count=1):
        """The mask of the states, or a list of `count`; None where the rate is 0."""
        return self._mask("_masks_of_states", inputs, self.recurrent_dropout, training, count)

    def _mask(self, name, like, rate, training, count):
        if not rate:
            return None
        if vars(self).get(name) is None:
            vars(self)[name] = generate_dropout_mask(torch.ones_like(like), rate, training, count)
        return vars(self)[name]
