"""`RNN(cell)(x, constants=[...])` of Keras 2: tensors that a cell of the script's own gets at each step, beside its states."""

from __future__ import annotations

import inspect
from functools import partial

from torchkeras_lite.layers.recurrent_cells import call_cell
from torchkeras_lite.layers.recurrent_kernels import through_steps

from ._rnn_masks import standardize_args


class _WithConstants:
    """What an RNN does more once it has been given constants. Put in front of its class then."""

    def build(self, sequences_shape, initial_state_shape=None, constants_shape=None):
        super().build(sequences_shape, initial_state_shape)

    def call(self, sequences, initial_state=None, constants=None, mask=None, training=False):
        self.__dict__["_constants_now"] = constants
        try:
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        finally:
            del self.__dict__["_constants_now"]

    def _over(self, cell, x, states, mask, training, sequences):
        if not _takes_constants(cell):
            return super()._over(cell, x, states, mask, training, sequences)
        step = partial(call_cell, cell, training=training, more={"constants": self._constants_now})
        zeros = self.zero_output_for_mask
        return through_steps(step, x.unbind(1), states, mask=mask, sequences=sequences, zeros=zeros)

    def get_config(self):
        return {**super().get_config(), "num_constants": self._num_constants}


def _takes_constants(cell) -> bool:
    return "constants" in inspect.signature(cell.call).parameters


def given(layer, args: tuple, words: dict) -> tuple:
    """The arguments of a call of an RNN: (x, ...), and by their words first states and constants, of old in one list too."""
    count = vars(layer).get("_num_constants", 0)
    listed = bool(args) and type(args[0]) in (list, tuple) and count
    if not listed and words.get("constants") is None:
        return args, words
    words = {**dict(zip(("initial_state",), args[1:], strict=False)), **words}
    x, states, constants = standardize_args(args[0], words.pop("initial_state", None), words.pop("constants", None), count)
    if "constants" not in inspect.signature(type(layer).call).parameters:
        _let_it_take(layer)
    vars(layer)["_num_constants"] = len(constants)
    return (x,), {**words, "constants": constants, **({} if states is None else {"initial_state": states})}


def _let_it_take(layer) -> None:
    cls = type(layer)
    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    if cls not in _made:
        _made[cls] = type(cls)(cls.__name__, (_WithConstants, cls), names)
    layer.__class__ = _made[cls]


_made: dict[type, type] = {}

