"""Depthwise, separable and transposed convolutions."""

from __future__ import annotations

from torch import nn
from torch.nn import functional as F

from torchkeras_lite import constraints, initializers, regularizers
from torchkeras_lite.layers.convolutional import Convolving, Sliding, convolution, kernel_layout
from torchkeras_lite.layers.core import STRICTLY, positive
from torchkeras_lite.ops.windows import spread, transposed_shares
from torchkeras_lite.weights import bare


class DepthwiseLayout:
    """Keras's depthwise kernels are (*window, channels, multiplier), torch's (channels * multiplier, 1, *window)."""

    def __init__(self, multiplier: int):
        self.multiplier = multiplier

    def to_keras(self, tensor):
        return tensor.squeeze(1).unflatten(0, (-1, self.multiplier)).movedim((0, 1), (-2, -1))

    def from_keras(self, tensor):
        return tensor.movedim((-2, -1), (0, 1)).flatten(0, 1).unsqueeze(1)


# ---------------------------------------------------------------- depthwise


class BaseDepthwiseConv(Sliding):
    """Each channel is convolved by itself, with `depth_multiplier` kernels of its own.

    Args:
        kernel_size: how long the kernels are along each axis: an integer, or one for each.
        strides: how far they move from one output to the next.
        padding: "valid" (none), or "same" (zeros on both sides, so that the output has size / stride entries, rounded up).
        depth_multiplier: how many features come out for each channel.
        data_format: "channels_last" or "channels_first"; None is the global setting.
        dilation_rate: the distance between neighbouring entries of a kernel.
        activation: a name or callable; None is linear.
        use_bias: whether there is a bias.

    Raises:
        ValueError: sizes that are not positive, a kernel that does not fit into the input.

    The body is `self.conv`, torch's convolution with as many groups as channels.
    """

    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.depth_multiplier = positive(depth_multiplier, "depth_multiplier", STRICTLY)
        self._settle_arguments(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            bias_initializer, bias_regularizer, bias_constraint,
        )  # fmt: skip
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self.conv = convolution(self, channels, channels * self.depth_multiplier, channels, self.use_bias)
        self.kernel = self.adopt(
            "kernel", self.conv, "weight", DepthwiseLayout(self.depth_multiplier),
            self.depthwise_initializer, self.depthwise_regularizer, self.depthwise_constraint,
        )  # fmt: skip
        self._adopt_bias(self.conv, channels)


class DepthwiseConv1D(BaseDepthwiseConv):
    """A depthwise convolution along sequences. Arguments as `BaseDepthwiseConv` has them.

    Shapes: input (batch, steps, channels), output (batch, new_steps, channels * depth_multiplier); with
    data_format="channels_first" channels stand on axis 1. Kernel (window, channels, depth_multiplier), bias
    (channels * depth_multiplier,). The body is an nn.Conv1d.
    """

    rank = 1


class DepthwiseConv2D(BaseDepthwiseConv):
    """A depthwise convolution over images. Arguments as `BaseDepthwiseConv` has them.

    Shapes: input (batch, height, width, channels), output (batch, new_height, new_width, channels * depth_multiplier); with
    data_format="channels_first" channels stand on axis 1. Kernel (*kernel_size, channels, depth_multiplier), bias
    (channels * depth_multiplier,). The body is an nn.Conv2d.
    """

    rank = 2


# ---------------------------------------------------------------- separable


class BaseSeparableConv(Sliding):
    """A depthwise convolution, then a mix of all its features at each place; the activation follows the mix.

    Args:
        filters: how many features come out.
        kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier: those of the depthwise half.
        activation: a name or callable; None is linear.
        use_bias: whether there is a bias (one, behind the mix).

    Raises:
        ValueError: sizes that are not positive, a kernel that does not fit into the input.

    The body is `self.depthwise` and `self.pointwise`, two of torch's convolutions.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = positive(filters, "filters", STRICTLY)
        self.depth_multiplier = positive(depth_multiplier, "depth_multiplier", STRICTLY)
        self._settle_arguments(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            bias_initializer, bias_regularizer, bias_constraint,
        )  # fmt: skip
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        features = channels * self.depth_multiplier
        self.depthwise = convolution(self, channels, features, channels, False)
        self.pointwise = convolution(self, features, self.filters, 1, self.use_bias, pointwise=True)
        self.depthwise_kernel = self.adopt(
            "depthwise_kernel", self.depthwise, "weight", DepthwiseLayout(self.depth_multiplier),
            self.depthwise_initializer, self.depthwise_regularizer, self.depthwise_constraint,
        )  # fmt: skip
        self.pointwise_kernel = self.adopt(
            "pointwise_kernel", self.pointwise, "weight", kernel_layout(self.rank),
            self.pointwise_initializer, self.pointwise_regularizer, self.pointwise_constraint,
        )  # fmt: skip
        self._adopt_bias(self.pointwise, channels)

    def raw(self, inputs):
        return self.pointwise(self.depthwise(inputs.permute(self._inward)))


class SeparableConv1D(BaseSeparableConv):
    """A separable convolution along sequences. Arguments as `BaseSeparableConv` has them.

    Shapes: input (batch, steps, channels), output (batch, new_steps, filters); with data_format="channels_first" channels and
    filters stand on axis 1. Kernels (window, channels, depth_multiplier) and (1, channels * depth_multiplier, filters), bias
    (filters,). The body is two nn.Conv1d.
    """

    rank = 1


class SeparableConv2D(BaseSeparableConv):
    """A separable convolution over images. Arguments as `BaseSeparableConv` has them.

    Shapes: input (batch, height, width, channels), output (batch, new_height, new_width, filters); with
    data_format="channels_first" channels and filters stand on axis 1. Kernels (*kernel_size, channels, depth_multiplier) and
    (1, 1, channels * depth_multiplier, filters), bias (filters,). The body is two nn.Conv2d.
    """

    rank = 2


SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D


# ---------------------------------------------------------------- transposed


class _Cutting:
    """Mixed into torch's transposed convolutions: `cut` holds what is cut off (in front, behind) each axis of the output."""

    cut = ()

    def forward(self, x):
        cutting = any(map(any, self.cut))
        y = self.convolve(
            x, self.weight, None if cutting else self.bias,
            self.stride, self.padding, self.output_padding, self.groups, self.dilation,
        )  # fmt: skip
        if not cutting:
            return y
        for axis, (front, behind) in enumerate(self.cut, 2):
            if front or behind:
                y = y.narrow(axis, front, y.shape[axis] - front - behind)
        # Adding the bias last writes what is left into memory without gaps, which costs less than a copy of its own.
        return y.clone() if self.bias is None else y + self.bias.to(y.dtype).reshape(-1, *[1] * len(self.cut))

    def extra_repr(self):
        return f"{super().extra_repr()}, cut={self.cut}"


def _as_images(x, weight, bias, stride, padding, output_padding, groups, dilation):
    """A 1-D transposed convolution as one of images one pixel high, for which torch has kernels with channels last."""
    y = F.conv_transpose2d(
        x.unsqueeze(2), weight.unsqueeze(2), bias, (1, *stride), (0, *padding), (0, *output_padding), groups, (1, *dilation)
    )
    return y.squeeze(2)


class CutConvTranspose1d(_Cutting, nn.ConvTranspose1d):
    """nn.ConvTranspose1d whose end is cut off, quick where (batch, channels, steps) is a view of (batch, steps, channels)."""

    convolve = staticmethod(_as_images)


class CutConvTranspose2d(_Cutting, nn.ConvTranspose2d):
    """nn.ConvTranspose2d whose end is cut off."""

    convolve = staticmethod(F.conv_transpose2d)


class CutConvTranspose3d(_Cutting, nn.ConvTranspose3d):
    """nn.ConvTranspose3d whose end is cut off."""

    convolve = staticmethod(F.conv_transpose3d)


_PLAIN = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_CUT = {1: CutConvTranspose1d, 2: CutConvTranspose2d, 3: CutConvTranspose3d}


class BaseConvTranspose(Convolving):
    """The transpose of a convolution: each input entry adds the kernel, times itself, to a place of the output.

    Args:
        filters: how many features come out.
        kernel_size: how long the kernel is along each axis: an integer, or one for each.
        strides: how far apart the places of neighbouring inputs are.
        padding: "valid" (all that the kernel reaches, at least size * stride entries), or "same" (size * stride entries).
        output_padding: how many entries more than necessary, less than the strides; None: as above.
        data_format: "channels_last" or "channels_first"; None is the global setting.
        dilation_rate: the distance between neighbouring entries of the kernel.
        activation: a name or callable; None is linear.
        use_bias: whether there is a bias.

    Raises:
        ValueError: sizes that are not positive, an output padding that is not less than the strides, strides together with
            dilation.

    The body is `self.conv`, torch's transposed convolution; its weight is the kernel with the axes in another order.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        output_padding=None,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = positive(filters, "filters", STRICTLY)
        self._settle_arguments(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            bias_initializer, bias_regularizer, bias_constraint,
        )  # fmt: skip
        self._either_strides_or_dilation()
        self.output_padding = output_padding
        if output_padding is not None:
            self.output_padding = spread(output_padding, self.rank, "output_padding", f"Layer {self.name!r}", zero=True)
            if any(extra >= stride for extra, stride in zip(self.output_padding, self.strides, strict=True)):
                raise ValueError(
                    f"Layer {self.name!r}: `output_padding` must be strictly less than `strides` along each axis. Received: "
                    f"output_padding={self.output_padding}, strides={self.strides}"
                )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        axes = zip(self.kernel_size, self.strides, self.dilation_rate, strict=True)
        extras = self.output_padding or (None,) * self.rank
        shares = [transposed_shares(*axis, self.padding, extra) for axis, extra in zip(axes, extras, strict=True)]
        padding, more, cut = zip(*shares, strict=True)
        plain = not any(map(any, cut)) and (self.rank > 1 or self.data_format == "channels_first")
        self.conv = bare(
            (_PLAIN if plain else _CUT)[self.rank],
            channels,
            self.filters,
            self.kernel_size,
            self.strides,
            padding,
            more,
            bias=self.use_bias,
            dilation=self.dilation_rate,
            **self.placement(),
        )
        if not plain:
            self.conv.cut = cut
        self.kernel = self.adopt(
            "kernel", self.conv, "weight", kernel_layout(self.rank),
            self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint,
        )  # fmt: skip
        self._adopt_bias(self.conv, channels)


class Conv1DTranspose(BaseConvTranspose):
    """A transposed convolution along sequences. Arguments as `BaseConvTranspose` has them.

    Shapes: input (batch, steps, channels), output (batch, new_steps, filters); with data_format="channels_first" channels and
    filters stand on axis 1. Kernel (window, filters, channels), bias (filters,). The body is an nn.ConvTranspose1d.
    """

    rank = 1


class Conv2DTranspose(BaseConvTranspose):
    """A transposed convolution over images. Arguments as `BaseConvTranspose` has them.

    Shapes: input (batch, height, width, channels), output (batch, new_height, new_width, filters); with
    data_format="channels_first" channels and filters stand on axis 1. Kernel (*kernel_size, filters, channels), bias
    (filters,). The body is an nn.ConvTranspose2d.
    """

    rank = 2


class Conv3DTranspose(BaseConvTranspose):
    """A transposed convolution over volumes. Arguments as `BaseConvTranspose` has them, but in another
    order.

    Shapes: input (batch, depth, height, width, channels), output (batch, new_depth, new_height, new_width, filters); with
    data_format="channels_first" channels and filters stand on axis 1. Kernel (*kernel_size, filters, channels), bias
    (filters,). The body is an nn.ConvTranspose3d.
    """

    rank = 3

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        output_padding=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            filters, kernel_size, strides, padding, output_padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
            kernel_constraint, bias_constraint, **kwargs,
        )  # fmt: skip


Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose
