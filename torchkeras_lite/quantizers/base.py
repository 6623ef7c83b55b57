"""Quantizers as objects that layers and configs hold."""

from __future__ import annotations

from torchkeras_lite import registry
from torchkeras_lite.quantizers.scaling import abs_max_quantize

table = registry.Table("quantizer", "keras.quantizers")


class Quantizer(registry.Configurable):
    """Base class. A subclass defines `__call__(x)`, and returns what is to stand for `x`.

    Args:
        output_dtype: the dtype of what it returns.
    """

    def __init__(self, output_dtype="int8"):
        self.output_dtype = output_dtype

    def __call__(self, x):
        return x

    def get_config(self) -> dict:
        """The arguments that make an equal quantizer. Subclasses write this."""
        raise NotImplementedError(f"{self} does not implement get_config()")


@table.add
class AbsMaxQuantizer(Quantizer):
    """`abs_max_quantize` with its settings: calls return the integers and the scale.

    Args:
        axis: the axes that share a scale where a call names none (then the last).
        value_range: the least and the largest integer.

    Raises:
        ValueError: a range beyond that of int8, which is the output dtype.
    """

    def __init__(self, axis=None, value_range=(-127, 127), epsilon=1e-7, output_dtype="int8"):
        super().__init__(output_dtype)
        self.axis = (axis,) if isinstance(axis, int) else axis if axis is None else tuple(axis)
        self.value_range, self.epsilon = value_range, epsilon
        if output_dtype == "int8" and not -128 <= value_range[0] <= value_range[1] <= 127:
            raise ValueError(
                "A quantizer to 'int8' has a `value_range` within [-128, 127]. "
                f"Received: value_range={value_range}"
            )

    def __call__(self, x, axis=None, to_numpy=False):
        axis = self.axis if axis is None else axis
        return abs_max_quantize(
            x, -1 if axis is None else axis, self.value_range, self.output_dtype, self.epsilon, to_numpy
        )

    def get_config(self) -> dict:
        config = {"value_range": self.value_range, "epsilon": self.epsilon, "output_dtype": self.output_dtype}
        return config if self.axis is None else {**config, "axis": self.axis}


table.add(Quantizer)
