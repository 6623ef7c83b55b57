"""Convolutions in one to three dimensions, and what all their kinds share."""

from __future__ import annotations

from torch import nn
from torch.nn import functional as F

from torchkeras_lite import activations, config, constraints, initializers, regularizers
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer, has_hooks
from torchkeras_lite.layers.core import STRICTLY, known, positive
from torchkeras_lite.layers.low_rank import ADAPTED, AdaptedModule, LowRank
from torchkeras_lite.layers.spatial import shape_with_room
from torchkeras_lite.ops.windows import WORDS, padding_shares, same_padding, spread, turns
from torchkeras_lite.variable import Permuted
from torchkeras_lite.weights import bare

# ---------------------------------------------------------------- torch's convolutions, with what Keras asks of them


class _Padding:
    """Mixed into torch's convolutions: pads by other amounts in front than behind, or by amounts that follow from the size.

    Attributes:
        ahead: what F.pad adds ahead of the convolution, in its order; None: nothing.
        follows: whether the padding is what `padding="same"` asks for the input at hand.
    """

    ahead, follows = None, False

    def _conv_forward(self, x, weight, bias):
        padding, ahead = self.padding, self.ahead
        if self.follows:
            padding, ahead = padding_shares([*map(same_padding, x.shape[2:], self.kernel_size, self.stride, self.dilation)])
        if ahead is not None:
            # A sequence is padded as an image one pixel high: of 3-D tensors torch would not keep the layout of the memory.
            x = F.pad(x, ahead) if x.ndim > 3 else F.pad(x.unsqueeze(2), ahead).squeeze(2)
        return self.convolve(x, weight, bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self):
        ahead = "same" if self.follows else self.ahead
        return super().extra_repr() + (f", ahead={ahead}" if ahead else "")


def _as_images(x, weight, bias, stride, padding, dilation, groups):
    """A 1-D convolution as one of images one pixel high.

    torch has kernels for channels that lie last in memory only for images: of sequences it would copy input and output.
    Forward and backward take half the time.
    """
    y = F.conv2d(x.unsqueeze(2), weight.unsqueeze(2), bias, (1, *stride), (0, *padding), (1, *dilation), groups)
    return y.squeeze(2)


class PaddedConv1d(_Padding, nn.Conv1d):
    """nn.Conv1d with Keras's padding, quick where (batch, channels, steps) is a view of (batch, steps, channels)."""

    convolve = staticmethod(_as_images)


class PaddedConv2d(_Padding, nn.Conv2d):
    """nn.Conv2d with Keras's padding."""

    convolve = staticmethod(F.conv2d)


class PaddedConv3d(_Padding, nn.Conv3d):
    """nn.Conv3d with Keras's padding."""

    convolve = staticmethod(F.conv3d)


class AdaptedConv1d(AdaptedModule, nn.Conv1d):
    pass


class AdaptedConv2d(AdaptedModule, nn.Conv2d):
    pass


class AdaptedConv3d(AdaptedModule, nn.Conv3d):
    pass


class AdaptedPaddedConv1d(AdaptedModule, PaddedConv1d):
    pass


class AdaptedPaddedConv2d(AdaptedModule, PaddedConv2d):
    pass


class AdaptedPaddedConv3d(AdaptedModule, PaddedConv3d):
    pass


_PLAIN = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_PADDED = {1: PaddedConv1d, 2: PaddedConv2d, 3: PaddedConv3d}
ADAPTED |= {nn.Conv1d: AdaptedConv1d, nn.Conv2d: AdaptedConv2d, nn.Conv3d: AdaptedConv3d}
ADAPTED |= {PaddedConv1d: AdaptedPaddedConv1d, PaddedConv2d: AdaptedPaddedConv2d, PaddedConv3d: AdaptedPaddedConv3d}


def convolution(layer, channels: int, filters: int, groups: int, bias: bool, pointwise: bool = False) -> nn.Module:
    """The torch module for the geometry of `layer` (or for kernels of one entry): torch's own where its padding will do."""
    ones = (1,) * layer.rank
    sizes = (ones, ones, ones) if pointwise else (layer.kernel_size, layer.strides, layer.dilation_rate)
    axes = [*zip(*sizes, strict=True)]
    pads, follows = [(0, 0)] * layer.rank, False
    if layer.padding == "causal":
        pads = [(dilation * (window - 1), 0) for window, _, dilation in axes]
    elif layer.padding == "same" and all(window == 1 or stride == 1 for window, stride, _ in axes):
        pads = [same_padding(1, *axis) for axis in axes]  # of size 1 as of any other
    elif layer.padding == "same":
        follows = True
    padding, ahead = padding_shares(pads)
    plain = ahead is None and not follows and (layer.rank > 1 or layer.data_format == "channels_first")
    kind = (_PLAIN if plain else _PADDED)[layer.rank]
    window, stride, dilation = sizes
    module = bare(kind, channels, filters, window, stride, padding, dilation, groups, bias, **layer.placement())
    if not plain:
        module.ahead, module.follows = ahead, follows
    return module


class ImageSpec(InputSpec):
    """An InputSpec that, where the channels do not fit, looks for them where the other data format has them."""

    def problem(self, shape, dtype):
        problem = super().problem(shape, dtype)
        if problem and self.axes and len(shape) == self.min_ndim:
            ((axis, size),) = self.axes.items()
            other, name = (1, "channels_first") if axis == -1 else (-1, "channels_last")
            problem += f", found {shape[axis]}"
            if shape[other] == size:
                problem += f"; axis {other} has {size}: did you mean data_format={name!r}?"
        return problem


# ---------------------------------------------------------------- what all convolutions share


class Convolving(Layer):
    """The base of all convolutions: arguments, data formats, checks, and the call."""

    casts_integers = True
    unsaved = ()  # here Keras writes down that there is no activity regularizer
    rank: int  # how many axes the kernel slides along

    def _settle_arguments(
        self, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
        bias_initializer, bias_regularizer, bias_constraint, allowed=("valid", "same"),
    ):  # fmt: skip
        self.kernel_size = spread(kernel_size, self.rank, "kernel_size", f"Layer {self.name!r}")
        self.strides = spread(strides, self.rank, "strides", f"Layer {self.name!r}")
        self.dilation_rate = spread(dilation_rate, self.rank, "dilation_rate", f"Layer {self.name!r}")
        self.padding = padding.lower() if isinstance(padding, str) else padding
        if self.padding not in allowed:
            raise ValueError(
                f"Layer {self.name!r}: the `padding` argument of a {type(self).__name__} must be one of {allowed}. Received: "
                f"padding={padding!r}"
            )
        self.data_format = config.standardize_data_format(data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = ImageSpec(min_ndim=self.rank + 2, max_ndim=self.rank + 2)
        inward, outward = turns(self.rank, self.data_format)
        self.__dict__.update(_first=self.data_format == "channels_first", _inward=inward, _outward=outward)

    def _either_strides_or_dilation(self):
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "`strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: "
                f"strides={self.strides} and dilation_rate={self.dilation_rate} in layer {self.name!r}"
            )

    def _channels(self, input_shape) -> int:
        """The channels of the input, whose shape is checked."""
        problem = self.input_spec.problem(input_shape, self.compute_dtype)
        if problem:
            raise ValueError(f"Layer {self.name!r} cannot be built: {problem}. Full shape received: {tuple(input_shape)}")
        axis = 1 if self._first else -1
        channels = known(input_shape[axis], self, f"axis {axis} (the channels)")
        problem = self._too_small(input_shape)
        if problem:
            raise ValueError(problem)
        return channels

    def _adopt_bias(self, module, channels):
        self.bias = None
        if self.use_bias:
            self.bias = self.adopt(
                "bias", module, "bias", None, self.bias_initializer, self.bias_regularizer, self.bias_constraint
            )
        ndim = self.rank + 2
        self.input_spec = ImageSpec(min_ndim=ndim, max_ndim=ndim, axes={1 if self._first else -1: channels})

    @property
    def fusible(self) -> bool:
        return self.rank > 1  # what a sequence gives is a view of an image

    def raw(self, inputs):
        """The output before the activation, with the axes as torch has them."""
        return self.conv(inputs.permute(self._inward))

    def turned(self, y):
        """An output of `raw`, with the axes as Keras has them."""
        return y.permute(self._outward)

    def turned_in(self, x):
        """A tensor with the axes as Keras has them, as torch has them."""
        return x.permute(self._inward)

    def call(self, inputs):
        y = self.raw(inputs)
        if self.activation is activations.relu and self.rank > 1 and not has_hooks(self):
            return y.relu_().permute(self._outward)  # nobody else reads y, torch's backward pass neither
        y = y.permute(self._outward)
        return y if self.activation is None else self.activation(y)

    def _too_small(self, shape) -> str | None:
        """What is wrong with an input of this shape, if nothing can come out for it."""


class Sliding(Convolving):
    """The base of those whose kernel has to fit into the input."""

    def _too_small(self, shape):
        sizes, other = (shape[2:], shape[-1]) if self._first else (shape[1:-1], shape[1])
        axes = zip(sizes, self.kernel_size, self.dilation_rate, WORDS[self.rank], strict=True)
        for size, window, dilation, word in axes:
            needed = dilation * (window - 1) + 1 if self.padding == "valid" else 1
            if size is not None and size < needed:
                turned = "channels_last" if self._first else "channels_first"
                turned = f", or data_format={turned!r}" if other in (1, 3) else ""
                return (
                    f"Layer {self.name!r}: the input is {size} {word}, the kernel needs {needed} (kernel_size="
                    f"{self.kernel_size}, dilation_rate={self.dilation_rate}, padding={self.padding!r}), so nothing can come "
                    f"out. Computed output size would be zero or negative. Received: an input of shape {tuple(shape)}. The "
                    f"usual fix: padding='same', a smaller kernel, fewer strides and pooling layers before{turned}."
                )
        return None

    def _explain(self, error, args):
        fresh = isinstance(error, RuntimeError) and bool(args) and not getattr(error, "_explained", False)
        super()._explain(error, args)
        problem = self._too_small(args[0].shape) if fresh else None
        if problem:
            clear = ValueError(problem)
            clear._explained = True
            raise clear from error

    def _declared_shape(self, args, kwargs):
        declared = super()._declared_shape(args, kwargs)
        if declared is not None or not args or self._too_small(args[0].shape):
            return declared
        room = [window * dilation for window, dilation in zip(self.kernel_size, self.dilation_rate, strict=True)]
        return shape_with_room(self, args, kwargs, self._inward[2:], room)


# ---------------------------------------------------------------- convolutions


class BaseConv(LowRank, Sliding):
    """y = activation(x * W + b), where W slides along the axes between batch and channels.

    Args:
        filters: how many features come out.
        kernel_size: how long the kernel is along each axis: an integer, or one for each.
        strides: how far it moves from one output to the next.
        padding: "valid" (none), "same" (zeros on both sides, so that the output has size / stride entries, rounded up); for
            sequences also "causal" (zeros in front, so that no output depends on later inputs).
        data_format: "channels_last" or "channels_first"; None is the global setting.
        dilation_rate: the distance between neighbouring entries of the kernel.
        groups: the input's channels and the filters are split into as many groups, which know nothing of each other.
        activation: a name or callable; None is linear.
        use_bias: whether there is a bias.
        lora_rank, lora_alpha: `enable_lora(lora_rank, lora_alpha)` when it is built.

    Raises:
        ValueError: sizes that are not positive, filters or channels that the groups do not divide, strides together with
            dilation, a kernel that does not fit into the input.

    The body is `self.conv`, torch's convolution; its weight is the kernel with the axes in another order.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        groups=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        # A subclass that has a `build` of its own may have no filters.
        self.filters = None if filters is None else positive(filters, "filters", STRICTLY)
        self.groups = positive(groups, "groups", "The number of groups must be a positive integer. Received: {}={}.")
        self._settle_arguments(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            bias_initializer, bias_regularizer, bias_constraint,
            allowed=("valid", "same", "causal") if self.rank == 1 else ("valid", "same"),
        )  # fmt: skip
        self._either_strides_or_dilation()
        if (self.filters or 0) % self.groups:
            raise ValueError(
                "The number of filters must be evenly divisible by the number of groups. Received: "
                f"groups={groups}, filters={filters}. (Layer {self.name!r}: `groups` must divide `filters`.)"
            )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self._settle_adaptation(lora_rank, lora_alpha)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"Layer {self.name!r}: `groups` must divide the channels of the input. Received: groups={self.groups}, "
                f"channels={channels} (full input shape: {tuple(input_shape)})"
            )
        filters = positive(self.filters, "filters", STRICTLY)
        self.conv = convolution(self, channels, filters, self.groups, self.use_bias)
        self.kernel = self.adopt(
            "kernel", self.conv, "weight", kernel_layout(self.rank),
            self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint,
        )  # fmt: skip
        self._adopt_bias(self.conv, channels)
        self._adapt_as_told()

    def convolution_op(self, inputs, kernel):
        """inputs * kernel (in Keras's layout), without the bias. A subclass may override it, to change the kernel first."""
        y = self.conv._conv_forward(inputs.permute(self._inward), kernel_layout(self.rank).from_keras(kernel), None)
        return y.permute(self._outward)

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "convolution_op" in cls.__dict__ and "call" not in cls.__dict__:
            cls.call = BaseConv._call_of_override

    def _call_of_override(self, inputs):
        y = self.convolution_op(inputs, self.kernel.value)
        if self.use_bias:
            y = y + (self.bias.value.reshape(-1, *[1] * self.rank) if self._first else self.bias.value).to(y.dtype)
        return y if self.activation is None else self.activation(y)


def kernel_layout(rank: int) -> Permuted:
    """Keras has (*window, in, out) where torch has (out, in, *window); and with in and out exchanged for transposed ones."""
    return Permuted(*range(2, rank + 2), 1, 0)


class Conv1D(BaseConv):
    """A convolution along sequences. Arguments as `BaseConv` has them.

    Shapes: input (batch, steps, channels), output (batch, new_steps, filters); with data_format="channels_first"
    (batch, channels, steps) and (batch, filters, new_steps). Kernel (window, channels / groups, filters), bias (filters,).
    The body is an nn.Conv1d.
    """

    rank = 1


class Conv2D(BaseConv):
    """A convolution over images. Arguments as `BaseConv` has them.

    Shapes: input (batch, height, width, channels), output (batch, new_height, new_width, filters); with
    data_format="channels_first" (batch, channels, height, width) and (batch, filters, new_height, new_width). Kernel
    (*kernel_size, channels / groups, filters), bias (filters,). The body is an nn.Conv2d.
    """

    rank = 2


class Conv3D(BaseConv):
    """A convolution over volumes. Arguments as `BaseConv` has them.

    Shapes: input (batch, depth, height, width, channels), output (batch, new_depth, new_height, new_width, filters); with
    data_format="channels_first" the channels and filters stand on axis 1. Kernel (*kernel_size, channels / groups, filters),
    bias (filters,). The body is an nn.Conv3d.
    """

    rank = 3


Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
