"""Layers under names of old, whose arguments cannot be told apart from today's by their words."""

from __future__ import annotations

import functools
import numbers

from torchkeras_lite import layers

from . import _eras
from ._words import by_name


class Former:
    """A class of today under an old name, which can be called as it once was. For `isinstance` and subclasses it is the class.

    Args:
        name: the old name.
        cls: the class of today.
        places: the arguments in their old order; `nb_row`, `nb_col` and the like make one kernel size.
        sides: which of them do.
    """

    def __init__(self, name: str, cls: type, places: str, sides: str = ""):
        self.__name__ = self.__qualname__ = name
        self._cls, self._places, self._sides = cls, places.split(), sides.split()

    def __call__(self, *args, **words):
        """The layer, from arguments of then (an integer in the third place, or words of then) or of today."""
        sides = self._sides
        if sides and not (self._is_side(args) or {*sides} & words.keys()):
            return self._class_of_era()(*args, **words)
        words = by_name(args, self._places, words, self.__name__)
        missing = [word for word in self._places[: 1 + len(sides)] if word not in words]
        if missing and sides:
            needed = f"{', '.join(self._places[: len(sides)])} and {sides[-1]}"
            raise TypeError(f"{self.__name__} of Keras 1 needs {needed}. Missing: {', '.join(missing)}")
        shape = words.pop("output_shape", None)
        if sides:
            words["kernel_size"] = tuple(words.pop(side) for side in sides)
        layer = self._class_of_era()(**words)
        if shape is not None:
            _come_out_as(layer, shape)
        return layer

    def _class_of_era(self):
        # Those for CuDNN had today's defaults already.
        return self._cls if self.__name__.startswith("CuDNN") else _eras.of(self._cls)

    def _is_side(self, args) -> bool:
        return len(args) > 2 and isinstance(args[2], numbers.Integral)

    def __instancecheck__(self, layer):
        return isinstance(layer, self._cls)

    def __subclasscheck__(self, cls):
        return issubclass(cls, self._cls)

    def __mro_entries__(self, bases):
        return (self._cls,)

    def __getattr__(self, name):
        return getattr(self._cls, name)

    def __repr__(self):
        return f"<{self.__name__}, an older name of {self._cls.__module__}.{self._cls.__name__}>"


def _come_out_as(layer, shape) -> None:
    """Lets a transposed convolution add so many entries at the ends that its output has the `shape` that Keras 1 was told."""
    build = layer.build

    @functools.wraps(build)
    def build_for(input_shape):
        del vars(layer)["build"]
        first = layer.data_format == "channels_first"
        ins, outs = (input_shape[2:], shape[2:]) if first else (input_shape[1:-1], shape[1:-1])
        axes = list(zip(ins, outs, layer.kernel_size, layer.strides, strict=True))
        if all(isinstance(size, numbers.Integral) for axis in axes for size in axis):
            margins = [window // 2 * 2 if layer.padding == "same" else 0 for _, _, window, _ in axes]
            extra = tuple(
                out - ((size - 1) * stride + window - margin)
                for (size, out, window, stride), margin in zip(axes, margins, strict=True)
            )
            if all(0 <= more < stride for more, (*_, stride) in zip(extra, axes, strict=True)):
                layer.output_padding = extra
        build(input_shape)

    vars(layer)["build"] = build_for


_WEIGHTS = "W_regularizer b_regularizer activity_regularizer W_constraint b_constraint bias"
_BEGIN = "init activation weights border_mode"
_PLANE = "nb_filter nb_row nb_col"

Convolution2D = Former("Convolution2D", layers.Conv2D, f"{_PLANE} {_BEGIN} subsample dim_ordering {_WEIGHTS}", "nb_row nb_col")
AtrousConvolution2D = Former(
    "AtrousConvolution2D", layers.Conv2D, f"{_PLANE} {_BEGIN} subsample atrous_rate dim_ordering {_WEIGHTS}", "nb_row nb_col"
)
Deconvolution2D = Former(
    "Deconvolution2D",
    layers.Conv2DTranspose,
    f"{_PLANE} output_shape {_BEGIN} subsample dim_ordering {_WEIGHTS}",
    "nb_row nb_col",
)
SeparableConvolution2D = Former(
    "SeparableConvolution2D",
    layers.SeparableConv2D,
    f"{_PLANE} {_BEGIN} subsample depth_multiplier dim_ordering depthwise_regularizer pointwise_regularizer b_regularizer "
    "activity_regularizer depthwise_constraint pointwise_constraint b_constraint bias",
    "nb_row nb_col",
)
Convolution3D = Former(
    "Convolution3D",
    layers.Conv3D,
    f"nb_filter kernel_dim1 kernel_dim2 kernel_dim3 {_BEGIN} subsample dim_ordering {_WEIGHTS}",
    "kernel_dim1 kernel_dim2 kernel_dim3",
)
Deconvolution3D = Former(
    "Deconvolution3D",
    layers.Conv3DTranspose,
    f"nb_filter kernel_dim1 kernel_dim2 kernel_dim3 output_shape {_BEGIN} subsample dim_ordering {_WEIGHTS}",
    "kernel_dim1 kernel_dim2 kernel_dim3",
)
AtrousConvolution1D = Former(
    "AtrousConvolution1D",
    layers.Conv1D,
    f"nb_filter filter_length {_BEGIN} subsample_length atrous_rate {_WEIGHTS}",
)
_CUDNN = (
    "units kernel_initializer recurrent_initializer bias_initializer {} kernel_regularizer recurrent_regularizer "
    "bias_regularizer activity_regularizer kernel_constraint recurrent_constraint bias_constraint return_sequences "
    "return_state stateful"
)
CuDNNLSTM = Former("CuDNNLSTM", layers.LSTM, _CUDNN.format("unit_forget_bias"))
CuDNNGRU = Former("CuDNNGRU", layers.GRU, _CUDNN.format(""))
TimeDistributedDense = Former(
    "TimeDistributedDense", layers.Dense, f"output_dim init activation weights {_WEIGHTS} input_dim input_length"
)


# ---------------------------------------------------------------- several tensors made into one

_MODES = {
    "sum": layers.Add,
    "mul": layers.Multiply,
    "ave": layers.Average,
    "max": layers.Maximum,
    "concat": layers.Concatenate,
    "dot": layers.Dot,
    "cos": layers.Dot,
}


def merging(mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, arguments=None, name=None):
    """The layer of today for a mode of `merge`. Raises ValueError for an unknown mode."""
    if callable(mode):
        return layers.Lambda(mode, output_shape, output_mask, arguments, name=name)
    if mode not in _MODES:
        raise ValueError(f"`mode` must be one of {', '.join(map(repr, _MODES))}, or a function. Received: mode={mode!r}")
    settings = {"concat": {"axis": concat_axis}, "dot": {"axes": dot_axes}, "cos": {"axes": dot_axes, "normalize": True}}
    return _MODES[mode](**settings.get(mode, {}), name=name)


def merge(inputs, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, arguments=None, name=None):
    """Several KerasTensors made into one, by a layer of today.

    Args:
        inputs: a list of KerasTensors.
        mode: "sum", "mul", "ave", "max", "concat", "dot", "cos" (each the layer of that meaning), or a function of the list.
        concat_axis: the axis of "concat".
        dot_axes: the axis, or the two axes, of "dot" and "cos".
        output_shape, output_mask, arguments: for a function, as `Lambda` has them.
        name: the name of the layer.

    Raises:
        ValueError: an unknown mode.
    """
    return merging(mode, concat_axis, dot_axes, output_shape, output_mask, arguments, name)(inputs)


# In Keras 2 that name was a module, from which the layers of today came: `keras.layers.merge.add`.
_MERGING = "Add Subtract Multiply Average Maximum Minimum Concatenate Dot".split()
vars(merge).update({name: getattr(layers, name) for one in _MERGING for name in (one, one.lower())})
