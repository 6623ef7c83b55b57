"""The cells of recurrent layers: SimpleRNNCell, LSTMCell, GRUCell, and StackedRNNCells.

A cell computes one step. What makes layers over sequences quick is here too: the product of all steps with the input weights
at once (`project`), what is left to do in each step (`stepper`), and torch's kernel, where there is one (`kernel`).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from torchkeras_lite import activations, constraints, initializers, regularizers
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.core import known, positive
from torchkeras_lite.random import dropout as dropped
from torchkeras_lite.seeds import SeedGenerator
from torchkeras_lite.variable import Permuted, tensor_of

_PLAIN = {activations.sigmoid: torch.sigmoid, activations.tanh: torch.tanh, activations.relu: torch.relu}


class DropoutRNNCell:
    """Mixed into cells: random masks for inputs and states, the same in all steps of a sequence.

    Attributes: `dropout` and `recurrent_dropout`, rates; `seed_generator`; `dropout_mask_count`, how many masks (None: one).
    """

    dropout_mask_count: int | None = None

    def get_dropout_mask(self, step_input):
        """The mask for the inputs of a step: drawn once, until `reset_dropout_mask()`. None where nothing is dropped."""
        return self._drawn("_dropout_mask", step_input, self.dropout)

    def get_recurrent_dropout_mask(self, step_input):
        """The mask for a state: drawn once, until `reset_recurrent_dropout_mask()`. None where nothing is dropped."""
        return self._drawn("_recurrent_dropout_mask", step_input, self.recurrent_dropout)

    def reset_dropout_mask(self):
        self.__dict__["_dropout_mask"] = None

    def reset_recurrent_dropout_mask(self):
        self.__dict__["_recurrent_dropout_mask"] = None

    def _drawn(self, name, like, rate):
        if rate > 0 and self.__dict__.get(name) is None:
            ones, count = torch.ones_like(like), self.dropout_mask_count
            drawn = [dropped(ones, rate, seed=self.seed_generator) for _ in range(count or 1)]
            self.__dict__[name] = drawn if count else drawn[0]
        return self.__dict__.get(name)


class GateOrder:
    """Keras has the gates of a GRU in the order update, reset, candidate; torch in the order reset, update, candidate.

    Args:
        axis: where they stand in torch.
        transposed: whether Keras has a matrix the other way round, too.
    """

    def __init__(self, axis: int, transposed: bool = False):
        self.axis, self.transposed = axis, transposed

    def to_keras(self, tensor):
        tensor = self._exchanged(tensor)
        return tensor.t() if self.transposed else tensor

    def from_keras(self, tensor):
        return self._exchanged(tensor.t() if self.transposed else tensor)

    def shape_of(self, tensor) -> tuple[int, ...]:
        """The shape of the Keras view, without making it."""
        return tuple(tensor.shape[::-1]) if self.transposed else tuple(tensor.shape)

    def parts(self, tensor) -> list:
        """What the Keras view of a matrix is made of, from left to right."""
        return [part.t() if self.transposed else part for part in self._gates(tensor)]

    def _gates(self, tensor):
        first, second, third = tensor.chunk(3, self.axis)
        return second, first, third

    def _exchanged(self, tensor):
        return torch.cat(self._gates(tensor), self.axis)


class GatedCell(DropoutRNNCell, Layer):
    """What the three cells share.

    Attributes:
        gates: how many values there are for each unit.
        state_size, output_size: as RNN asks for them.
        kernel_of: torch's kernel, settled by `build`; None where there is none for these activations.
        whole: whether a layer may take whole sequences past `call`: a subclass may have written another one.

    The parameters are in torch's layout: `weight_ih` (gates * units, features), `weight_hh` (gates * units, units), and
    `gate_bias`.
    """

    casts_integers = True
    gates = 1
    matrix_layout, bias_layout = Permuted(1, 0), None

    def _settle_arguments(self, arguments, implementation=None):
        """Keeps the constructor's arguments, given as a dict of its local variables."""
        self.units = positive(arguments["units"], "units")
        for word in ("activation", "recurrent_activation"):
            if word in arguments:
                setattr(self, word, activations.get(arguments[word]))
        for word in ("kernel", "recurrent", "bias"):
            for kind, table in (("initializer", initializers), ("regularizer", regularizers), ("constraint", constraints)):
                setattr(self, f"{word}_{kind}", table.get(arguments[f"{word}_{kind}"]))
        self.use_bias, self.seed = arguments["use_bias"], arguments["seed"]
        self.dropout = min(1.0, max(0.0, arguments["dropout"]))
        self.recurrent_dropout = min(1.0, max(0.0, arguments["recurrent_dropout"]))
        self.seed_generator = SeedGenerator(self.seed)
        if implementation is not None:
            self.implementation = 1 if self.recurrent_dropout else implementation
            self.dropout_mask_count = self.gates if self.implementation == 1 else None
        self.state_size = self.output_size = self.units

    def build(self, input_shape):
        features = known(input_shape[-1], self, "the last axis")
        rows = self.gates * self.units
        self.weight_ih = nn.Parameter(torch.empty(rows, features, **self.placement()))
        self.weight_hh = nn.Parameter(torch.empty(rows, self.units, **self.placement()))
        self.kernel = self.adopt(
            "kernel", self, "weight_ih", self.matrix_layout,
            self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint,
        )  # fmt: skip
        self.recurrent_kernel = self.adopt(
            "recurrent_kernel", self, "weight_hh", self.matrix_layout,
            self.recurrent_initializer, self.recurrent_regularizer, self.recurrent_constraint,
        )  # fmt: skip
        self.bias = None
        if self.use_bias:
            self.gate_bias = nn.Parameter(torch.empty(self._bias_shape(rows), **self.placement()))
            self.bias = self.adopt(
                "bias", self, "gate_bias", self.bias_layout,
                self._first_bias(), self.bias_regularizer, self.bias_constraint,
            )  # fmt: skip
        self.__dict__.update(whole=self.is_whole(), kernel_of=self._find_kernel())

    def is_whole(self):
        """Whether `call` is ours, and nothing hangs on its being called."""
        return type(self).call is GatedCell.call and self.activity_regularizer is None

    def _bias_shape(self, rows):
        return (rows,)

    def _first_bias(self):
        return self.bias_initializer

    def get_initial_state(self, batch_size=None):
        """Zeros, a tensor for each state."""
        like = self.weight_hh if self.built else torch.empty((), device=self._device())
        return self.zero_states(like, batch_size)

    def zero_states(self, like, rows):
        sizes = self.state_size if isinstance(self.state_size, (list, tuple)) else [self.state_size]
        return [like.new_zeros(rows, size, dtype=self._policy.compute_torch_dtype) for size in sizes]

    def project(self, x, training=False):
        """W x + b for all gates; x (..., batch, features) holds one step or several, the output (..., batch, gates * units)."""
        weight, bias = self.weight_ih, self._input_bias()
        if not training or not self.dropout:
            return F.linear(x, weight, bias)
        masks = self.get_dropout_mask(x if x.ndim == 2 else x[0])
        if not isinstance(masks, list):
            return F.linear(x * masks, weight, bias)
        biases = [None] * self.gates if bias is None else bias.chunk(self.gates)
        parts = zip(masks, weight.chunk(self.gates), biases, strict=True)
        return torch.cat([F.linear(x * mask, rows, one) for mask, rows, one in parts], -1)

    def _input_bias(self):
        return self.gate_bias if self.use_bias else None

    def recurrence(self, state, training, rows=slice(None)):
        """The function R h of a state, with what is dropped from it. `rows`: only of these gates' rows."""
        masks = self.get_recurrent_dropout_mask(state) if training else None
        weight = self.weight_hh[rows]
        if masks is None:
            return lambda h: F.linear(h, weight)
        if not isinstance(masks, list):
            return lambda h: F.linear(h * masks, weight)
        parts = weight.split(self.units)
        return lambda h: torch.cat([F.linear(h * mask, part) for mask, part in zip(masks, parts, strict=False)], -1)

    def recurrence_added(self, state, training):
        """The function (projected, h) -> projected + R h."""
        if training and self.get_recurrent_dropout_mask(state) is not None:
            recur = self.recurrence(state, training)
            return lambda projected, h: projected + recur(h)
        weight = self.weight_hh.t()
        return lambda projected, h: torch.addmm(projected, h, weight)

    def call(self, inputs, states, training=False):
        several = isinstance(states, (list, tuple))
        output, new = self.stepper(states if several else [states], training)(
            self.project(inputs, training), states if several else [states]
        )
        return output, new if several else new[0]

    def stepper(self, states, training):
        """The function `(projected, states) -> (output, states)` of one step."""
        raise NotImplementedError

    def torch_weights(self):
        """The weights as torch's kernel takes them. Keras has one bias where torch has two."""
        if not self.use_bias:
            return [self.weight_ih, self.weight_hh]
        bias = self.gate_bias
        return [self.weight_ih, self.weight_hh, bias, torch.zeros_like(bias)]

    def fits_kernel(self, training):
        """Whether torch's kernel computes what is asked for."""
        dropping = training and (self.recurrent_dropout or (self.dropout and self.dropout_mask_count))
        return self.kernel_of is not None and not dropping


class SimpleRNNCell(GatedCell):
    """One step of h' = activation(x W + h R + b).

    Shapes: inputs (batch, features), states (batch, units), alone or in a list; kernel (features, units), recurrent_kernel
    (units, units), bias (units,).

    Args:
        units: the size of the output, which is the state.
        activation: a name or callable; None is linear.
        use_bias: whether there is a bias.
        dropout, recurrent_dropout: the share of inputs, and of the state, that is set to zero in training.
        seed: fixes what is dropped.

    Returns:
        (output, states), the states as they came: alone or in a list.
    """

    kernels = {torch.tanh: torch.rnn_tanh, torch.relu: torch.rnn_relu}

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
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._settle_arguments(locals())

    def _find_kernel(self):
        return self.kernels.get(plain(self.activation))

    def stepper(self, states, training):
        activation, added = plain(self.activation), self.recurrence_added(states[0], training)

        def step(projected, states):
            h = activation(added(projected, states[0]))
            return h, [h]

        return step


class LSTMCell(GatedCell):
    """One step of a long short-term memory: c' = f c + i g, h' = o activation(c').

    i, f and o are recurrent_activation, g is activation of x W + h R + b. Source: Hochreiter and Schmidhuber 1997.

    Shapes: inputs (batch, features), states a list of h and c (batch, units); kernel (features, 4 units), recurrent_kernel
    (units, 4 units), bias (4 units,), with the gates in the order i, f, g, o.

    Args:
        units: the size of the output, which is h.
        activation, recurrent_activation: names or callables; None is linear.
        use_bias: whether there is a bias.
        unit_forget_bias: whether the bias of f begins at 1.
        dropout, recurrent_dropout: the share of inputs, and of h, that is set to zero in training.
        seed: fixes what is dropped.
        implementation: 1 drops other inputs for each gate; 2 (default) the same. With recurrent_dropout it is 1.

    Returns:
        (h, [h, c]).
    """

    gates = 4
    kernels = {(torch.tanh, torch.sigmoid): torch.lstm}

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
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        **kwargs,
    ):
        implementation = kwargs.pop("implementation", 2)
        super().__init__(**kwargs)
        self._settle_arguments(locals(), implementation)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [self.units, self.units]

    def _first_bias(self):
        return ForgetBias(self.bias_initializer) if self.unit_forget_bias else self.bias_initializer

    def _find_kernel(self):
        return self.kernels.get((plain(self.activation), plain(self.recurrent_activation)))

    def stepper(self, states, training):
        activation, gate = plain(self.activation), plain(self.recurrent_activation)
        added, place = self.recurrence_added(states[0], training), 2 * self.units
        at_once = is_by_element(gate)

        def step(projected, states):
            h, c = states
            z = added(projected, h)
            g = activation(z.narrow(-1, place, self.units))
            # One call for all four costs less than three, though nobody asks for that of g.
            i, f, _, o = gate(z).chunk(4, -1) if at_once else map(gate, z.chunk(4, -1))
            c = torch.addcmul(i * g, f, c)
            h = o * activation(c)
            return h, [h, c]

        return step


class GRUCell(GatedCell):
    """One step of a gated recurrent unit: h' = z h + (1 - z) g.

    z and r are recurrent_activation of x W + h R + b; g is activation of the same with r times what comes from the state: after
    the product with R (`reset_after`), or before. Source: Cho et al. 2014, arXiv:1406.1078.

    Shapes: inputs (batch, features), states (batch, units), alone or in a list; kernel (features, 3 units), recurrent_kernel
    (units, 3 units), bias (2, 3 units): for inputs and state; or (3 units,) without reset_after. The gates are in the order
    z, r, g.

    Args:
        units: the size of the output, which is the state.
        activation, recurrent_activation: names or callables; None is linear.
        use_bias: whether there is a bias.
        dropout, recurrent_dropout: the share of inputs, and of the state, that is set to zero in training.
        reset_after: see above. torch has a kernel for True only.
        seed: fixes what is dropped.
        implementation: 1 drops other inputs for each gate; 2 (default) the same. With recurrent_dropout it is 1.

    Returns:
        (output, states), the states as they came: alone or in a list.
    """

    gates = 3
    kernels = {(torch.tanh, torch.sigmoid): torch.gru}
    matrix_layout, bias_layout = GateOrder(0, transposed=True), GateOrder(-1)

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
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        reset_after=True,
        seed=None,
        **kwargs,
    ):
        implementation = kwargs.pop("implementation", 2)
        super().__init__(**kwargs)
        self._settle_arguments(locals(), implementation)
        self.reset_after = reset_after

    def _bias_shape(self, rows):
        return (2, rows) if self.reset_after else (rows,)

    def _find_kernel(self):
        found = self.kernels.get((plain(self.activation), plain(self.recurrent_activation)))
        return found if self.reset_after else None

    def _input_bias(self):
        if not self.use_bias:
            return None
        return self.gate_bias[0] if self.reset_after else self.gate_bias

    def torch_weights(self):
        return [self.weight_ih, self.weight_hh, *(self.gate_bias.unbind() if self.use_bias else ())]

    def stepper(self, states, training):
        activation, gate = plain(self.activation), plain(self.recurrent_activation)
        bias = self.gate_bias[1] if self.use_bias and self.reset_after else 0.0
        if self.reset_after:
            recur = self.recurrence(states[0], training)
        else:
            recur = self.recurrence(states[0], training, slice(2 * self.units))
            weight = self.weight_hh[2 * self.units :]
            masks = self.get_recurrent_dropout_mask(states[0]) if training else None

        at_once, sizes = is_by_element(gate), (2 * self.units, self.units)

        def step(projected, states):
            (h,) = states
            x_gates, x_g = projected.split(sizes, -1)
            if self.reset_after:
                h_gates, h_g = (recur(h) + bias).split(sizes, -1)
            else:
                h_gates = recur(h)
            gates = x_gates + h_gates
            r, z = gate(gates).chunk(2, -1) if at_once else map(gate, gates.chunk(2, -1))
            if self.reset_after:
                g = activation(torch.addcmul(x_g, r, h_g))
            else:
                kept = h if masks is None else h * masks[-1]
                g = activation(x_g + F.linear(r * kept, weight))
            h = torch.lerp(g, h, z)
            return h, [h]

        return step


class StackedRNNCells(Layer):
    """Cells one on top of the other, as one cell.

    Args:
        cells: a list of cells.

    Its states are a list with an entry for each cell: a tensor, or a list of them where the cell has several.

    Raises:
        ValueError: a cell without `call` or `state_size`.
    """

    def __init__(self, cells, **kwargs):
        super().__init__(**kwargs)
        for cell in cells:
            for word in ("call", "state_size"):
                if word not in dir(cell):
                    raise ValueError(
                        f"Layer {self.name!r}: each cell needs a `{word}`"
                        f"{' method' if word == 'call' else ' attribute'}. Received: {cell!r}"
                    )
        self.cells = cells

    @property
    def state_size(self):
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self):
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size=None):
        """What each cell begins with."""
        return [initial_state(cell, batch_size, self) for cell in self.cells]

    def build(self, input_shape):
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            input_shape = (input_shape[0], output_size(cell))

    def call(self, inputs, states, training=False, **kwargs):
        new = []
        for cell, state in zip(self.cells, states, strict=True):
            inputs, state = call_cell(cell, inputs, state, training, kwargs)
            new.append(state)
        return inputs, new[0] if len(new) == 1 else new


def forget_masks(cell) -> None:
    """Lets a cell, a user's too, and the cells in it draw new masks for the next sequence."""
    for name in ("reset_dropout_mask", "reset_recurrent_dropout_mask"):
        reset = getattr(cell, name, None)
        if reset is not None:
            reset()
    for one in cell.cells if isinstance(cell, StackedRNNCells) else ():
        forget_masks(one)


def call_cell(cell, inputs, state, training, more=()):
    """One step of any cell. The state comes back as it came: alone, or in a list."""
    several = isinstance(state, (list, tuple))
    kwargs = dict(more)
    if isinstance(cell, Layer) and cell._signature.training:
        kwargs["training"] = training
    run = cell if callable(cell) else cell.call
    output, new = run(inputs, list(state) if several else [state], **kwargs)
    if not isinstance(new, (list, tuple)):
        new = [new]
    return output, list(new) if several else new[0]


def initial_state(cell, rows, owner):
    """What a cell begins with: its own wish, or zeros."""
    if getattr(cell, "get_initial_state", None) is not None:
        return cell.get_initial_state(batch_size=rows)
    kind = {"dtype": owner._policy.compute_torch_dtype, "device": owner._device()}
    size = cell.state_size
    if isinstance(size, int) or is_one_state(size):
        return torch.zeros(rows, *([size] if isinstance(size, int) else size), **kind)
    return [torch.zeros(rows, *(one if isinstance(one, (list, tuple)) else [one]), **kind) for one in size]


def is_one_state(size) -> bool:
    """Whether this is the shape of one state (a torch.Size, or what calls itself a shape), and no list of several sizes."""
    return isinstance(size, torch.Size) or type(size).__name__ == "TensorShape"


def output_size(cell):
    """How many numbers a cell gives for each row."""
    if getattr(cell, "output_size", None) is not None:
        return cell.output_size
    return cell.state_size[0] if isinstance(cell.state_size, (list, tuple)) else cell.state_size


class ForgetBias:
    """An initializer for the biases of an LSTM: ones for the gate that forgets, another initializer for the rest."""

    def __init__(self, others):
        self.others = others

    def __call__(self, shape, dtype=None, **kwargs):
        units = shape[0] // 4
        first, rest = (tensor_of(self.others((size,), dtype=dtype)) for size in (units, 2 * units))
        return torch.cat([first, torch.ones_like(first), rest])


_BY_ELEMENT = {torch.sigmoid, torch.tanh, torch.relu, activations.hard_sigmoid, activations.linear}


def is_by_element(function) -> bool:
    """Whether an activation looks at each number by itself, as far as is known; a user's own may say so: `by_element`."""
    return function in _BY_ELEMENT or getattr(function, "by_element", False)


def plain(activation):
    """Inside of a step nobody looks for what an activation notes on its output for a loss."""
    return _PLAIN.get(activation, activation)
