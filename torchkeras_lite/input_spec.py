"""InputSpec: what a layer demands of the shape and dtype of its inputs."""

from __future__ import annotations

from torchkeras_lite import config, nested
from torchkeras_lite.registry import Configurable


class InputSpec(Configurable):
    """Demands on one input. Whatever is None is free.

    Args:
        dtype: a dtype name.
        shape: the whole shape, None for sizes that vary.
        ndim, min_ndim, max_ndim: the number of axes, exactly or bounded.
        axes: `{axis: size}`.
        allow_last_axis_squeeze: whether a last axis of size 1 may be missing or added.
        name: the key of this input where inputs come as a dict.
        optional: whether None may be passed.
    """

    def __init__(
        self,
        dtype=None,
        shape=None,
        ndim=None,
        max_ndim=None,
        min_ndim=None,
        axes=None,
        allow_last_axis_squeeze=False,
        name=None,
        optional=False,
    ):
        self.dtype = None if dtype is None else config.dtype_name(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name, self.optional = name, optional

    def problem(self, shape, dtype) -> str | None:
        """What is wrong with an input of this shape and dtype: "expected ..., found ...", or None."""
        rank = len(shape)
        if self.ndim is not None and rank != self.ndim and not self.allow_last_axis_squeeze:
            return f"expected ndim={self.ndim}, found ndim={rank}"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"expected min_ndim={self.min_ndim}, found ndim={rank}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"expected max_ndim={self.max_ndim}, found ndim={rank}"
        if self.dtype is not None and config.dtype_name(dtype) != self.dtype:
            return f"expected dtype={self.dtype}, found dtype={config.dtype_name(dtype)}"
        for axis, size in self.axes.items():
            if size is not None and (not -rank <= axis < rank or shape[axis] not in (size, None)):
                return f"expected axis {axis} of input shape to have value {size}"
        if self.shape is not None:
            mine, other = self.shape, tuple(shape)
            if self.allow_last_axis_squeeze:
                mine, other = (s[:-1] if s and s[-1] == 1 else s for s in (mine, other))
            if len(mine) != len(other) or any(
                a is not None and b is not None and a != b for a, b in zip(mine, other, strict=True)
            ):
                return f"expected shape={self.shape}, found shape={tuple(shape)}"
        return None


def check(spec, inputs, layer_name: str, hint: str = "") -> None:
    """Raises ValueError where `inputs` (tensors, in any structure) do not meet `spec` (one or several InputSpecs)."""
    if spec is None:
        return
    specs = list(spec) if isinstance(spec, (list, tuple)) else [spec]
    leaves = nested.leaves(inputs) if isinstance(inputs, (list, tuple, dict)) else [inputs]
    if len(leaves) != len(specs):
        raise ValueError(
            f"Layer {layer_name!r} expects {len(specs)} input(s), but it received {len(leaves)} input tensors."
        )
    for index, (leaf, one) in enumerate(zip(leaves, specs, strict=True)):
        if one is None or (leaf is None and one.optional):
            continue
        if not hasattr(leaf, "shape"):
            raise ValueError(
                f"Inputs to a layer should be tensors. Got {leaf!r} (of type {type(leaf)}) as input for layer {layer_name!r}."
            )
        problem = one.problem(leaf.shape, leaf.dtype)
        if problem:
            raise ValueError(
                f"Input {index} of layer {layer_name!r} is incompatible with the layer: {problem}. "
                f"Full shape received: {tuple(leaf.shape)}{hint}"
            )
