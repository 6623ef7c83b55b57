"""Convolutional LSTMs over sequences of sequences, images and volumes."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from torchkeras_lite import config
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layers.convolutional import convolution, kernel_layout
from torchkeras_lite.layers.core import STRICTLY, known, positive
from torchkeras_lite.layers.recurrent import OwnCell, of_cell
from torchkeras_lite.layers.recurrent_cells import ForgetBias, GatedCell, plain
from torchkeras_lite.ops.windows import padding_named, spread, turns


class ConvLSTMCell(GatedCell):
    """One step of an LSTM whose products are convolutions: those of the input with the padding, strides and dilation given,
    those of the state with padding="same".

    Shapes: inputs (batch, *sizes, channels), states a list of h and c (batch, *new_sizes, filters), or with the channels on
    axis 1; kernel (*kernel_size, channels, 4 filters), recurrent_kernel (*kernel_size, filters, 4 filters), bias (4 filters,).

    Args:
        rank: how many axes the kernels slide along.
        Others as ConvLSTM2D has them.
    """

    gates = 4

    def __init__(
        self,
        rank,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
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
        super().__init__(**kwargs)
        self._settle_arguments({**locals(), "units": positive(filters, "filters", STRICTLY)}, implementation=1)
        self.rank, self.filters, self.unit_forget_bias = rank, self.units, unit_forget_bias
        owner = f"Layer {self.name!r}"
        self.kernel_size = spread(kernel_size, rank, "kernel_size", owner)
        self.strides = spread(strides, rank, "strides", owner)
        self.dilation_rate = spread(dilation_rate, rank, "dilation_rate", owner)
        self.padding = padding_named(padding, owner)
        self.data_format = config.standardize_data_format(data_format)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "Specifying `strides > 1` is not compatible with `dilation_rate > 1`. Received: strides="
                f"{self.strides}, dilation_rate={self.dilation_rate} in {owner}"
            )
        self.state_size = [self.filters, self.filters]
        self.__dict__["_inward"], self.__dict__["_outward"] = turns(rank, self.data_format)

    def build(self, inputs_shape, states_shape=None):
        channel_axis = 1 if self.data_format == "channels_first" else -1
        sizes = [inputs_shape[axis] for axis in self._inward[2:]]
        if None in sizes:
            raise ValueError(
                f"Layer {self.name!r}: the sizes of the input must be known, for the states to have a size. Received: a step "
                f"of shape {tuple(inputs_shape)}."
            )
        channels = known(inputs_shape[channel_axis], self, f"axis {channel_axis} (the channels)")
        ones = (1,) * self.rank
        same = {"strides": ones, "dilation_rate": ones, "padding": "same", "rank": self.rank, "placement": self.placement}
        around = SimpleNamespace(kernel_size=self.kernel_size, data_format=self.data_format, **same)
        self.conv = convolution(self, channels, 4 * self.filters, 1, self.use_bias)
        self.recurrent_conv = convolution(around, self.filters, 4 * self.filters, 1, False)
        layout = kernel_layout(self.rank)
        self.kernel = self.adopt(
            "kernel", self.conv, "weight", layout,
            self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint,
        )  # fmt: skip
        self.recurrent_kernel = self.adopt(
            "recurrent_kernel", self.recurrent_conv, "weight", layout,
            self.recurrent_initializer, self.recurrent_regularizer, self.recurrent_constraint,
        )  # fmt: skip
        self.bias = None
        if self.use_bias:
            first = ForgetBias(self.bias_initializer) if self.unit_forget_bias else self.bias_initializer
            self.bias = self.adopt("bias", self.conv, "bias", None, first, self.bias_regularizer, self.bias_constraint)
        with torch.no_grad():
            step = self.conv(self.conv.weight.new_zeros(1, channels, *sizes))
        self.__dict__.update(_sizes=step.shape[2:], whole=self.is_whole(), kernel_of=None)

    def get_initial_state(self, batch_size=None):
        """Zeros for h and c."""
        shape = [batch_size, self.filters, *self._sizes]
        shape = [shape[axis] for axis in self._outward]
        return [self.conv.weight.new_zeros(shape, dtype=self._policy.compute_torch_dtype) for _ in range(2)]

    def project(self, x, training=False):
        """The convolution of the inputs: x holds a step, or several in front. Of a step, the output has filters on axis 1."""
        several = x.ndim > self.rank + 2
        rows = x.flatten(0, 1) if several else x
        conv = self.conv
        if not training or not self.dropout:
            y = conv(rows.permute(self._inward))
        else:
            masks = self.get_dropout_mask(x[0] if several else x)
            biases = [None] * 4 if conv.bias is None else conv.bias.chunk(4)
            parts = zip(masks, conv.weight.chunk(4), biases, strict=True)
            dropped = [((x * mask).reshape(rows.shape).permute(self._inward), *weights) for mask, *weights in parts]
            y = torch.cat([conv._conv_forward(*one) for one in dropped], 1)
        return y.unflatten(0, x.shape[:2]) if several else y

    def recurrence(self, state, training):
        masks = self.get_recurrent_dropout_mask(state) if training else None
        conv, inward = self.recurrent_conv, self._inward
        if masks is None:
            return lambda h: conv(h.permute(inward))
        parts = [*zip(masks, conv.weight.chunk(4), strict=True)]
        return lambda h: torch.cat([conv._conv_forward((h * mask).permute(inward), part, None) for mask, part in parts], 1)

    def stepper(self, states, training):
        activation, gate = plain(self.activation), plain(self.recurrent_activation)
        recur, outward = self.recurrence(states[0], training), self._outward

        def step(projected, states):
            h, c = states
            i, f, g, o = (part.permute(outward) for part in (projected + recur(h)).chunk(4, 1))
            c = gate(f) * c + gate(i) * activation(g)
            h = gate(o) * activation(c)
            return h, [h, c]

        return step


class ConvLSTM(OwnCell):
    """The base of ConvLSTM1D, 2D and 3D, and their arguments.

    Args:
        filters: how many features come out.
        kernel_size: how long the kernels are along each axis: an integer, or one for each.
        strides, padding, dilation_rate: of the convolution of the input, as Conv2D has them.
        data_format: "channels_last" or "channels_first"; None is the global setting.
        activation, recurrent_activation: names or callables; None is linear.
        use_bias: whether there is a bias.
        unit_forget_bias: whether the bias of the gate that forgets begins at 1.
        dropout, recurrent_dropout: the share of inputs, and of h, that is set to zero in training.
        seed: fixes what is dropped.

    Others as RNN has them.

    Raises:
        ValueError: sizes that are not positive, strides together with dilation, sizes of the input that are not known.
    """

    cell_type, cell_name = ConvLSTMCell, "conv_lstm_cell"
    rank: int

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
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
        zero_output_for_mask=False,
        **kwargs,
    ):
        self._make({**locals(), "rank": self.rank}, kwargs)
        self.input_spec = InputSpec(ndim=self.rank + 3)


of_cell(ConvLSTM)


class ConvLSTM1D(ConvLSTM):
    """An LSTM whose products are convolutions along sequences. Arguments as `ConvLSTM` has them.

    Shapes: input (batch, time, steps, channels), output (batch, new_steps, filters), or (batch, time, new_steps, filters) with
    `return_sequences`; with data_format="channels_first" channels and filters stand in front of the steps. Source: Shi et al.
    2015, arXiv:1506.04214.
    """

    rank = 1


class ConvLSTM2D(ConvLSTM):
    """An LSTM whose products are convolutions over images. Arguments as `ConvLSTM` has them.

    Shapes: input (batch, time, height, width, channels), output (batch, new_height, new_width, filters), or (batch, time, ...)
    with `return_sequences`; with data_format="channels_first" channels and filters stand in front of the height. Source: Shi et
    al. 2015, arXiv:1506.04214.
    """

    rank = 2


class ConvLSTM3D(ConvLSTM):
    """An LSTM whose products are convolutions over volumes. Arguments as `ConvLSTM` has them.

    Shapes: input (batch, time, depth, height, width, channels), output (batch, *new_sizes, filters), or (batch, time, ...) with
    `return_sequences`; with data_format="channels_first" channels and filters stand in front of the sizes.
    """

    rank = 3
