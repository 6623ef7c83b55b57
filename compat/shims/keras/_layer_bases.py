"""The classes between `Layer` and the layers themselves, in Keras's own files: libraries ask `isinstance(layer, _Conv)`, and
derive layers of their own from them.

Keras puts them elsewhere in its tree than the core does: `_Conv` is the base of convolutions of every kind, its constructor
that of the plain ones. So a name here has a class to derive from, and layers that count as its kind. `dir(keras.layers)` shows
none of them.
"""

from __future__ import annotations

from torchkeras_lite import layers
from torchkeras_lite.layers.conv_lstm import ConvLSTM as _ConvLSTM
from torchkeras_lite.layers.conv_lstm import ConvLSTMCell as _ConvLSTMCell
from torchkeras_lite.layers.convolution_variants import BaseConvTranspose as _Transpose
from torchkeras_lite.layers.convolution_variants import BaseDepthwiseConv as _Depthwise
from torchkeras_lite.layers.convolution_variants import BaseSeparableConv as _Separable
from torchkeras_lite.layers.convolutional import BaseConv as _Plain
from torchkeras_lite.layers.convolutional import Convolving as _Convolving
from torchkeras_lite.layers.recurrent_cells import DropoutRNNCell  # noqa: F401
from torchkeras_lite.layers.spatial import Spatial as _Spatial
from torchkeras_lite.symbolic import Op as _Op


class Kind:
    """A name of Keras's: `base` for those who derive from it or call it, and for `isinstance` also the `members`."""

    def __init__(self, name: str, base: type, *members: type):
        self.__name__ = self.__qualname__ = name
        self.base, self.members = base, (base, *members)

    def __call__(self, *args, **kwargs):
        return self.base(*args, **kwargs)

    def __instancecheck__(self, layer):
        return isinstance(layer, self.members)

    def __subclasscheck__(self, cls):
        return issubclass(cls, self.members)

    def __mro_entries__(self, bases):
        return (self.base,)

    def __getattr__(self, name):
        return getattr(self.base, name)

    def __repr__(self):
        return f"<{self.__name__} of Keras: {', '.join(cls.__name__ for cls in self.members)}>"


def _ranked(cls: type) -> type:
    """`cls` as Keras constructs it, with the number of the axes in front: rank, filters, ..."""

    def __init__(self, rank, *args, **kwargs):
        self.__dict__["rank"] = rank
        cls.__init__(self, *args, **kwargs)

    return type(cls.__name__, (cls,), {"__init__": __init__, "__module__": __name__})


_convolution = _ranked(_Plain)
BaseConv = Kind("BaseConv", _convolution, _Plain)
Conv, _Conv = (Kind(name, _convolution, _Convolving) for name in ("Conv", "_Conv"))
BaseConvTranspose = Kind("BaseConvTranspose", _ranked(_Transpose), _Transpose)
_depthwise, _separable = _ranked(_Depthwise), _ranked(_Separable)
BaseDepthwiseConv, DepthwiseConv = (Kind(name, _depthwise, _Depthwise) for name in ("BaseDepthwiseConv", "DepthwiseConv"))
BaseSeparableConv, SeparableConv, _SeparableConv = (
    Kind(name, _separable, _Separable) for name in ("BaseSeparableConv", "SeparableConv", "_SeparableConv")
)
_recurrent = _ranked(_ConvLSTM)
ConvLSTM, BaseConvLSTM = (Kind(name, _recurrent, _ConvLSTM) for name in ("ConvLSTM", "BaseConvLSTM"))
ConvLSTMCell = Kind("ConvLSTMCell", _ranked(_ConvLSTMCell), _ConvLSTMCell)
ConvRNN, ConvRNN2D, ConvRecurrent2D = (Kind(name, _ConvLSTM) for name in ("ConvRNN", "ConvRNN2D", "ConvRecurrent2D"))
_CuDNNRNN = Kind("_CuDNNRNN", layers.RNN)
BaseDenseAttention = Kind("BaseDenseAttention", layers.Attention, layers.AdditiveAttention)
BatchNormalizationBase = layers.BatchNormalization


class _GlobalPooling(_Spatial):
    """What a subclass reduces in its `call`, to one value for each channel."""

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format, **kwargs)
        self.keepdims = keepdims


class _Pooling(_Spatial):
    """What a subclass pools in its `_pooling_function(inputs, pool_size, strides, padding, data_format)`."""

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.pool_size = _for_each_axis(pool_size, self.rank)
        self.strides = self.pool_size if strides is None else _for_each_axis(strides, self.rank)
        self.padding = padding

    def call(self, inputs):
        return self._pooling_function(
            inputs=inputs, pool_size=self.pool_size, strides=self.strides, padding=self.padding, data_format=self.data_format
        )


def _for_each_axis(value, rank: int) -> tuple:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank


def _pooling(name: str, base: type, rank: int) -> Kind:
    members = [getattr(layers, name.replace("Pooling", f"{how}Pooling")) for how in ("Max", "Average")]
    return Kind(name, type(name, (base,), {"rank": rank, "__module__": __name__}), *members)


_windows = {f"Pooling{rank}D": _pooling(f"Pooling{rank}D", _Pooling, rank) for rank in (1, 2, 3)}
_global = {f"GlobalPooling{rank}D": _pooling(f"GlobalPooling{rank}D", _GlobalPooling, rank) for rank in (1, 2, 3)}
BasePooling = Kind("BasePooling", *(cls for kind in _windows.values() for cls in kind.members[1:]))
BaseGlobalPooling = Kind("BaseGlobalPooling", *(cls for kind in _global.values() for cls in kind.members[1:]))
globals().update({prefix + name: kind for name, kind in (_windows | _global).items() for prefix in ("", "_")})


# The functions in a graph, which Keras 2 wrapped in layers.
TFOpLambda, TensorFlowOpLayer, SlicingOpLambda = (
    Kind(name, _Op) for name in ("TFOpLambda", "TensorFlowOpLayer", "SlicingOpLambda")
)
