"""Recurrent layers: RNN over any cell, SimpleRNN, LSTM, GRU."""

from __future__ import annotations

from functools import partial

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite.calls import going_on
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.recurrent_cells import (
    GRUCell,
    LSTMCell,
    SimpleRNNCell,
    StackedRNNCells,
    call_cell,
    forget_masks,
    initial_state,
    is_one_state,
)
from torchkeras_lite.layers.recurrent_kernels import through_kernel, through_steps
from torchkeras_lite.variable import Variable, tensor_of


class RNN(Layer):
    """A cell, applied to the steps of a sequence one after the other.

    Shapes: input (batch, time, ...), output (batch, units), or (batch, time, units) with `return_sequences`; with
    `return_state` a tuple of the output and the last states, each (batch, size).

    Args:
        cell: an object with `call(inputs, states) -> (output, new_states)`, which may take `training` too, and `state_size` (an
            integer or a list of them); perhaps `output_size` and `get_initial_state(batch_size)`. A list of cells is stacked.
        return_sequences: whether the outputs of all steps come out, or only the last one.
        return_state: whether the last states come out too.
        go_backwards: whether the last step comes first; the outputs are in that order, too.
        stateful: whether a batch begins with the states that the batch before it ended with (row by row).
        unroll: accepted; torch knows no difference.
        zero_output_for_mask: whether the outputs of masked steps are zeros, instead of the output before.

    Calling it: `layer(sequences, initial_state=None, mask=None, training=None)`. The states are a list (a tensor will do for
    one), tensors or KerasTensors; the mask (batch, time) is False for steps that do not count.

    Raises:
        ValueError: no cell; a batch of another size than the states of a stateful layer have, or of unknown size.
    """

    unsaved = ()

    def __init__(
        self,
        cell,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        zero_output_for_mask=False,
        **kwargs,
    ):
        cell = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cell
        for word, form in (("call", "method"), ("state_size", "attribute (an integer, or a list of them)")):
            if word not in dir(cell):
                raise ValueError(f"Argument `cell` should have a `{word}` {form}. Received: cell={cell!r}")
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful, self.unroll = go_backwards, stateful, unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        if not isinstance(cell.state_size, (list, tuple, int)):
            raise ValueError(f"`state_size` of the cell must be an integer, or a list of them. Received: {cell.state_size!r}")
        self.__dict__["states"] = None

    @property
    def state_size(self):
        size = self.cell.state_size
        return [size] if isinstance(size, int) or is_one_state(size) else list(size)

    def build(self, sequences_shape, initial_state_shape=None):
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful:
            self._make_states(sequences_shape)

    def _make_states(self, sequences_shape):
        rows = sequences_shape[0]
        if rows is None:
            raise ValueError(
                f"Layer {self.name!r}: with stateful=True the batch size must be known. Received: an input of shape "
                f"{tuple(sequences_shape)}. The usual fix: `Input(batch_shape=(32, ...))`, or `batch_size=32`."
            )
        kept = pytree.tree_map(
            lambda state: Variable(state, trainable=False, dtype=self.variable_dtype, name="rnn_state"),
            self.get_initial_state(rows),
        )
        self.__dict__.update(states=kept, _rows=rows)  # state, but none of the weights

    def get_initial_state(self, batch_size):
        """The states of a sequence's beginning, a list: what the cell wishes, or zeros."""
        states = initial_state(self.cell, batch_size, self)
        return list(states) if isinstance(states, (list, tuple)) else [states]

    def reset_state(self):
        """The next batch of a stateful layer begins with zeros again."""
        for state in pytree.tree_leaves(self.states or []):
            state.assign(torch.zeros_like(state.value))

    reset_states = reset_state

    def call(self, sequences, initial_state=None, mask=None, training=False):
        rows = len(sequences)
        if self.stateful and not going_on.trying and rows != self._rows:
            raise ValueError(
                f"Layer {self.name!r}: with stateful=True each batch must have as many rows as the states. Expected a batch "
                f"size of {self._rows}. Received: {rows}."
            )
        states = self._first_states(initial_state, rows, sequences.device)
        if mask is not None:
            mask = _plain_mask(mask)
            mask = mask.flip(1) if self.go_backwards else mask
        x = sequences.flip(1) if self.go_backwards else sequences
        output, states = self._over(self.cell, x, states, mask, training, self.return_sequences)
        if self.stateful and not going_on.trying:
            with torch.inference_mode(False):  # what `predict` leaves is for training too
                for kept, state in zip(pytree.tree_leaves(self.states), pytree.tree_leaves(states), strict=True):
                    kept.assign(state)
        return (output, *states) if self.return_state else output

    def _first_states(self, given, rows, device):
        if given is None:
            if not self.stateful or going_on.trying:
                return self.get_initial_state(rows)
            given = self.states
        given = given if isinstance(given, (list, tuple)) else [given]
        dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
        return pytree.tree_map(lambda state: tensor_of(state, dtype, device), list(given))

    def _over(self, cell, x, states, mask, training, sequences):
        """A sequence through a cell, quickly where it can be: `(output or outputs, last states)`."""
        if type(cell) is StackedRNNCells:
            # Which step of one cell comes before which step of another makes no difference.
            new, last = [], cell.cells[-1]
            for one, state in zip(cell.cells, states, strict=True):
                several = isinstance(state, (list, tuple))
                x, state = self._over(one, x, state if several else [state], mask, training, sequences or one is not last)
                new.append(state if several else state[0])
            return x, new
        options = {"mask": mask, "sequences": sequences, "zeros": self.zero_output_for_mask}
        if not getattr(cell, "whole", False) or cell._policy != self._policy:
            try:
                found = through_steps(partial(call_cell, cell, training=training), x.unbind(1), states, **options)
            finally:
                forget_masks(cell)
            return pytree.tree_map(lambda leaf: leaf.to(self._policy.compute_torch_dtype), found)
        try:
            if cell.fits_kernel(training):
                x = x * cell.get_dropout_mask(x[:, 0]).unsqueeze(1) if training and cell.dropout else x
                needed = self.return_state or self.stateful
                return through_kernel(cell.kernel_of, x, states, cell.torch_weights(), last_states=needed, **options)
            steps = cell.project(x.transpose(0, 1), training).unbind()
            return through_steps(cell.stepper(states, training), steps, states, **options)
        finally:
            forget_masks(cell)

    # ------------------------------------------------------------ graphs and masks

    def _call_symbolic(self, args, kwargs):
        if self.unroll and args and args[0].shape[1] is None:
            raise ValueError(
                f"Layer {self.name!r}: cannot unroll over a time axis of unknown size. Received: an input of shape "
                f"{args[0].shape}. The usual fix: unroll=False, which is as fast; or an `Input` with a number of steps."
            )
        return super()._call_symbolic(args, kwargs)

    def compute_mask(self, sequences, mask):
        """That of the input for the outputs of all steps; None for a last output and for states."""
        masks = pytree.tree_leaves(mask)
        output = masks[0] if masks and self.return_sequences else None
        return [output, *[None] * len(self.state_size)] if self.return_state else output


def _plain_mask(mask):
    """The mask (batch, time): several are those of several inputs, and a step counts if anything in it does."""
    mask = pytree.tree_leaves(mask)[0].bool()
    return mask if mask.ndim == 2 else mask.flatten(2).any(-1)


# ---------------------------------------------------------------- layers with a cell of their own


def of_cell(cls):
    """Shows the constructor's arguments that are the cell's as attributes of the layer."""
    for parameter in cls.cell_type.__init__._parameters:
        if parameter.kind is not parameter.VAR_KEYWORD:
            setattr(cls, parameter.name, property(lambda self, name=parameter.name: getattr(self.cell, name)))
    return cls


class OwnCell(RNN):
    """What layers share that make their cell themselves.

    Attributes:
        cell_type: the class of the cell; cell_name: its name.
    """

    casts_integers = True

    def _make(self, arguments, kwargs):
        """Makes the cell, and the layer around it, from the constructor's arguments: a dict of its local variables."""
        words = [p.name for p in self.cell_type.__init__._parameters if p.kind is not p.VAR_KEYWORD]
        more = {word: kwargs.pop(word) for word in ("implementation",) if word in kwargs}
        settings = {"dtype": kwargs.get("dtype"), "trainable": kwargs.get("trainable", True), "name": self.cell_name}
        cell = self.cell_type(**{word: arguments[word] for word in words}, **more, **settings)
        flags = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")
        RNN.__init__(
            self, cell, **{flag: arguments[flag] for flag in flags if flag in arguments},
            activity_regularizer=arguments["activity_regularizer"], **kwargs,
        )  # fmt: skip
        self.input_spec = InputSpec(ndim=3)

    def _check_cudnn(self, use_cudnn):
        if use_cudnn not in ("auto", True, False):
            raise ValueError(f"Argument `use_cudnn` must be 'auto', True or False. Received: use_cudnn={use_cudnn!r}")
        if use_cudnn is True and self.cell.recurrent_dropout:
            raise ValueError(
                f"Layer {self.name!r}: cuDNN drops nothing from states. Received: use_cudnn=True, recurrent_dropout="
                f"{self.cell.recurrent_dropout}. The usual fix: use_cudnn='auto'."
            )
        self.use_cudnn = use_cudnn


@of_cell
class SimpleRNN(OwnCell):
    """h' = activation(x W + h R + b) over the steps of a sequence.

    Shapes: input (batch, time, features), output (batch, units), or (batch, time, units) with `return_sequences`; kernel
    (features, units), recurrent_kernel (units, units), bias (units,).

    Arguments as SimpleRNNCell and RNN have them. Where the activation is tanh or relu, torch's own kernel computes it.
    """

    cell_type, cell_name = SimpleRNNCell, "simple_rnn_cell"
    unsaved = ("seed",)  # as in Keras

    def __init__(
        self,
        units,
        activation="tanh",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        seed=None,
        zero_output_for_mask=False,
        **kwargs,
    ):
        self._make(locals(), kwargs)


@of_cell
class LSTM(OwnCell):
    """Long short-term memory over the steps of a sequence. Source: Hochreiter and Schmidhuber 1997.

    Shapes: input (batch, time, features), output (batch, units), or (batch, time, units) with `return_sequences`; the states
    are h and c; kernel (features, 4 units), recurrent_kernel (units, 4 units), bias (4 units,).

    Args:
        use_cudnn: accepted; torch's own kernel computes it wherever it can: where the activations are tanh and sigmoid, and
            nothing is dropped from the state. Masks are no hindrance.

    Other arguments as LSTMCell and RNN have them.

    Raises:
        ValueError: `use_cudnn=True` together with recurrent_dropout.
    """

    cell_type, cell_name = LSTMCell, "lstm_cell"
    unsaved = ("use_cudnn",)

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        use_cudnn="auto",
        zero_output_for_mask=False,
        **kwargs,
    ):
        self._make(locals(), kwargs)
        self._check_cudnn(use_cudnn)


@of_cell
class GRU(OwnCell):
    """Gated recurrent units over the steps of a sequence. Source: Cho et al. 2014, arXiv:1406.1078.

    Shapes: input (batch, time, features), output (batch, units), or (batch, time, units) with `return_sequences`; kernel
    (features, 3 units), recurrent_kernel (units, 3 units), bias (2, 3 units), or (3 units,) without `reset_after`.

    Args:
        use_cudnn: accepted; torch's own kernel computes it wherever it can: with `reset_after`, where the activations are tanh
            and sigmoid, and nothing is dropped from the state. Masks are no hindrance.

    Other arguments as GRUCell and RNN have them.

    Raises:
        ValueError: `use_cudnn=True` together with recurrent_dropout.
    """

    cell_type, cell_name = GRUCell, "gru_cell"
    unsaved = ("use_cudnn",)

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        reset_after=True,
        use_cudnn="auto",
        zero_output_for_mask=False,
        **kwargs,
    ):
        self._make(locals(), kwargs)
        self._check_cudnn(use_cudnn)
