"""Functions in the place of layers whose arguments cannot be told apart from today's by their words."""

from __future__ import annotations

import numbers

from torchkeras_lite import layers

from ._words import by_name

_CONVOLUTION2D = (
    "nb_filter nb_row nb_col init activation weights border_mode subsample dim_ordering W_regularizer b_regularizer "
    "activity_regularizer W_constraint b_constraint bias"
).split()


def Convolution2D(*args, **words):
    """A Conv2D: `Convolution2D(32, 3, 3)` as in Keras 1, with the kernel's height and width one by one, or as today.

    An integer in the third place is Keras 1's width; strides in that place have to be a tuple.
    """
    if (len(args) > 2 and isinstance(args[2], numbers.Integral)) or {"nb_row", "nb_col"} & words.keys():
        words = by_name(args, _CONVOLUTION2D, words, "Convolution2D")
        missing = [name for name in _CONVOLUTION2D[:3] if name not in words]
        if missing:
            raise TypeError(f"Convolution2D of Keras 1 needs nb_filter, nb_row and nb_col. Missing: {', '.join(missing)}")
        args, words["kernel_size"] = (), (words.pop("nb_row"), words.pop("nb_col"))
    return layers.Conv2D(*args, **words)


_MODES = {
    "sum": layers.Add,
    "mul": layers.Multiply,
    "ave": layers.Average,
    "max": layers.Maximum,
    "concat": layers.Concatenate,
    "dot": layers.Dot,
    "cos": layers.Dot,
}


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
    if callable(mode):
        return layers.Lambda(mode, output_shape, output_mask, arguments, name=name)(inputs)
    if mode not in _MODES:
        raise ValueError(f"`mode` must be one of {', '.join(map(repr, _MODES))}, or a function. Received: mode={mode!r}")
    settings = {"concat": {"axis": concat_axis}, "dot": {"axes": dot_axes}, "cos": {"axes": dot_axes, "normalize": True}}
    return _MODES[mode](**settings.get(mode, {}), name=name)(inputs)
