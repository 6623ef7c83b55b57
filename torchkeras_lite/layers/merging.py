"""Layers that make one tensor of several. They are called on a list: `Add()([x, y])`, or `add([x, y])`."""

from __future__ import annotations

import functools
import math
import operator

import torch
from torch.nn import functional as F

from torchkeras_lite import config
from torchkeras_lite.layer import Layer


class Merge(Layer):
    """Element by element over a list of tensors; sizes of 1 are stretched.

    A tensor with fewer axes than another gets axes of size 1 behind the batch axis: (batch, c) meets (batch, a, b, c) as
    (batch, 1, 1, c). Subclasses write `combine`, which takes two tensors.

    Masks: where all inputs have one, the output counts wherever any of them counts; else it has no mask.
    """

    exactly: int | None = None  # how many tensors, if that is fixed
    combine = None

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        self._fit(self._listed(input_shape))

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)) or (self.exactly and len(inputs) != self.exactly):
            self._listed(shapes_of(inputs))
        try:
            if len(inputs) == 2 and inputs[0].ndim == inputs[1].ndim:
                return self.combine(*inputs)
            # One after the other: for 3, 4 and 8 tensors of a usual size faster than stacking them.
            return functools.reduce(self.combine, aligned(inputs))
        except Exception:
            self._fit(self._listed(shapes_of(inputs)))  # built for other inputs: says what is wrong with these
            raise

    def compute_mask(self, inputs, mask=None):
        if mask is None:
            return None
        self._check_masks(inputs, mask)
        return None if any(one is None for one in mask) else functools.reduce(torch.logical_or, map(self._convert, mask))

    def _check_masks(self, inputs, mask):
        for name, value in (("mask", mask), ("inputs", inputs)):
            if not isinstance(value, (list, tuple)):
                raise ValueError(f"Layer {self.name!r}: `{name}` should be a list. Received: {name}={value}")
        if len(inputs) != len(mask):
            raise ValueError(
                f"Layer {self.name!r}: `inputs` and `mask` should have the same length, with None where an input has no mask. "
                f"Received: {len(inputs)} inputs and {len(mask)} masks, mask={mask}"
            )

    def _masked(self, inputs, mask):
        """The inputs in the rank of the output, each with its mask over all of its axes, or None.

        As in Keras, an input that had to be given axes counts everywhere.
        """
        self._check_masks(inputs, mask)
        return [
            (x, None if one is None or x is not given else one.bool().unsqueeze(-1).expand_as(x))
            for x, given, one in zip(aligned(inputs), inputs, mask, strict=True)
        ]

    def _listed(self, shapes) -> list[tuple]:
        """What `build` was given, if it is a list of as many shapes as this layer takes; ValueError otherwise."""
        count = f"exactly {self.exactly} inputs" if self.exactly else "at least 1 input"
        if not isinstance(shapes, (list, tuple)) or not any(isinstance(shape, (list, tuple)) for shape in shapes):
            raise ValueError(
                f"A {type(self).__name__} layer should be called on a list of {count}: `layer([x, y])`. Received: "
                f"input_shape={shapes} in layer {self.name!r}, which is not a list of shapes."
            )
        for position, shape in enumerate(shapes):
            if not isinstance(shape, (list, tuple)) or not shape:
                raise ValueError(
                    f"Layer {self.name!r} ({type(self).__name__}) merges tensors with a batch axis. Received: input {position} "
                    f"is {'a scalar' if shape == () else 'no tensor'}, among shapes {list(shapes)}. The usual fix: "
                    "a Rescaling layer, or `x + 1`, adds a number."
                )
        if self.exactly and len(shapes) != self.exactly:
            raise ValueError(
                f"A {type(self).__name__} layer should be called on {count}: `layer([x, y])`. Received: {len(shapes)} inputs, "
                f"of shapes {list(shapes)}, in layer {self.name!r}."
            )
        return [tuple(shape) for shape in shapes]

    def _fit(self, shapes) -> tuple:
        """The shape of the output for inputs of these shapes (None: varies); ValueError where two of them do not fit."""
        rank = max(map(len, shapes))
        full = [(shape[0], *[1] * (rank - len(shape)), *shape[1:]) for shape in shapes]
        result = []
        for axis in range(rank):
            sizes = [shape[axis] for shape in full]
            known = [size for size in sizes if size is not None and (size != 1 or axis == 0)]
            if len(set(known)) > 1:
                first, other = sizes.index(known[0]), next(i for i, size in enumerate(sizes) if size in {*known} - {known[0]})
                if axis == 0:
                    expected = "All inputs need the same batch size."
                else:
                    expected = (
                        "Counted from the last axis, sizes must be equal, or 1. The usual fix: a Dense, a 1x1 convolution or a "
                        "Reshape in front of one of them; or Concatenate, if both are to be kept."
                    )
                raise ValueError(
                    f"Layer {self.name!r} ({type(self).__name__}): inputs {first} and {other}, of shapes {shapes[first]} and "
                    f"{shapes[other]}, cannot be merged: {sizes[first]} against {sizes[other]} "
                    f"{'rows' if axis == 0 else f'on axis {axis - rank}'}. {expected} Full list of shapes: {shapes}"
                )
            # As in Keras, a size that varies in one input is not settled by another.
            result.append((known[0] if known else 1) if None not in sizes or (axis == 0 and known) else None)
        return tuple(result)

    def _declared_shape(self, args, kwargs):
        # The trial fails where a size that varies meets one that is known; at run time they may well be equal.
        inputs = args[0] if args else next(iter(kwargs.values()))
        return self._fit([x.shape for x in inputs])


def shapes_of(inputs):
    """What `build` is given for these inputs: a list of shapes, or a shape where it is no list."""
    if not isinstance(inputs, (list, tuple)):
        return tuple(inputs.shape) if hasattr(inputs, "shape") else inputs
    return [tuple(x.shape) if hasattr(x, "shape") else None for x in inputs]


def aligned(inputs):
    """The inputs, with axes of size 1 behind the batch axis of those that have fewer than the others."""
    rank = max(x.ndim for x in inputs)
    return [x if x.ndim == rank else x.reshape(x.shape[0], *[1] * (rank - x.ndim), *x.shape[1:]) for x in inputs]


class Add(Merge):
    """The sum of a list of tensors.

    Shapes: inputs (batch, ...) that are equal or broadcast (see `Merge`), output (batch, ...).

    Raises:
        ValueError: not a list, or shapes that do not broadcast.
    """

    combine = torch.add
    fusible = True

    def raw(self, inputs):
        """The sum, as a tensor of its own."""
        return self.call(inputs) if len(inputs) > 1 else inputs[0].clone()

    def turned(self, y):
        return y


class Subtract(Merge):
    """The first of two tensors less the second.

    Shapes: inputs (batch, ...) that are equal or broadcast (see `Merge`), output (batch, ...).

    Raises:
        ValueError: not a list of two, or shapes that do not broadcast.
    """

    exactly = 2
    combine = torch.sub


class Multiply(Merge):
    """The product of a list of tensors, element by element.

    Shapes: inputs (batch, ...) that are equal or broadcast (see `Merge`), output (batch, ...).

    What an input's mask hides counts as 1. Where every input has a mask and all of them hide an entry, it is 0.

    Raises:
        ValueError: not a list, or shapes that do not broadcast.
    """

    combine = torch.mul

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        pairs = self._masked(inputs, mask)
        product = functools.reduce(torch.mul, [x if one is None else x.masked_fill(~one, 1) for x, one in pairs])
        masks = [one for _, one in pairs]
        return product if None in masks else product.masked_fill(~functools.reduce(torch.logical_or, masks), 0)


class Average(Merge):
    """The mean of a list of tensors; of integers it is a float.

    Shapes: inputs (batch, ...) that are equal or broadcast (see `Merge`), output (batch, ...).

    Raises:
        ValueError: not a list, or shapes that do not broadcast.
    """

    combine = torch.add

    def call(self, inputs):
        return super().call(inputs) / len(inputs)


class Extreme(Merge):
    """Maximum and Minimum: what an input's mask hides does not take part."""

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        (result, seen), *others = self._masked(inputs, mask)
        for x, one in others:
            if one is not None:
                x = torch.where(one, x, result)
            if seen is not None:
                result = torch.where(seen, result, x)
            seen = None if one is None or seen is None else one | seen
            result = self.combine(result, x)
        return result


class Maximum(Extreme):
    """The largest of a list of tensors, element by element.

    Shapes: inputs (batch, ...) that are equal or broadcast (see `Merge`), output (batch, ...).

    Raises:
        ValueError: not a list, or shapes that do not broadcast.
    """

    combine = torch.maximum


class Minimum(Extreme):
    """The smallest of a list of tensors, element by element.

    Shapes: inputs (batch, ...) that are equal or broadcast (see `Merge`), output (batch, ...).

    Raises:
        ValueError: not a list, or shapes that do not broadcast.
    """

    combine = torch.minimum


class Concatenate(Merge):
    """The tensors of a list one behind the other on an axis.

    Shapes: inputs (batch, ..., size, ...) that differ on `axis` only, output (batch, ..., sum of the sizes, ...).

    Args:
        axis: an int; -1 is the last axis, 0 the batch axis.

    Raises:
        ValueError: not a list, or shapes that differ elsewhere.
        IndexError: the inputs have no such axis.

    An input without a mask counts everywhere if another has one.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        try:
            self.axis = operator.index(axis)
        except TypeError:
            raise TypeError(f"Layer {self.name!r}: `axis` is the axis to concatenate on, an int. Received: {axis=}") from None

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)):
            self._listed(shapes_of(inputs))
        try:
            return torch.cat(inputs, self.axis)
        except Exception:
            self._fit(self._listed(shapes_of(inputs)))
            raise

    def compute_mask(self, inputs, mask=None):
        if mask is None:
            return None
        self._check_masks(inputs, mask)
        if all(one is None for one in mask):
            return None
        inputs, mask = [*map(self._convert, inputs)], [*map(self._convert, mask)]
        # An entry counts where any of its features does, so one column says as much as the whole mask.
        columns = []
        for x, one in zip(inputs, mask, strict=True):
            if one is None:
                columns.append(torch.ones_like(x[..., :1], dtype=torch.bool))
            else:
                column = one.unsqueeze(-1) if one.ndim < x.ndim else one.any(-1, keepdim=True)
                columns.append(column.bool().expand(*(-1 if size is None else size for size in x.shape[:-1]), 1))
        return torch.cat(columns, self.axis).any(-1)

    def _fit(self, shapes):
        rank = len(shapes[0])
        for position, shape in enumerate(shapes):
            if len(shape) != rank:
                raise ValueError(
                    f"Layer {self.name!r} (Concatenate): inputs 0 and {position} have {rank} and {len(shape)} axes. All need "
                    f"the same number. Full list of shapes: {shapes}. The usual fix: Reshape or Flatten in front of one."
                )
        if not -rank <= self.axis < rank:
            raise IndexError(
                f"Layer {self.name!r} (Concatenate): axis={self.axis} is not an axis of inputs with {rank} axes. Full list of "
                f"shapes: {shapes}. The usual fix: axis=-1 concatenates the features."
            )
        result = list(shapes[0])
        for axis in range(rank):
            sizes = [shape[axis] for shape in shapes]
            if axis == self.axis % rank:
                result[axis] = None if None in sizes else sum(sizes)
                continue
            known = [(i, size) for i, size in enumerate(sizes) if size is not None]
            for position, size in known[1:]:
                if size != known[0][1]:
                    raise ValueError(
                        f"Layer {self.name!r} (Concatenate, axis={self.axis}) requires inputs with matching shapes except for "
                        f"the concatenation axis: inputs {known[0][0]} and {position} differ on axis {axis}, {known[0][1]} "
                        f"against {size}. Full list of shapes: {shapes}. The usual fix: "
                        f"{_other_axis(shapes, self.axis % rank)}."
                    )
        return tuple(result)


def _other_axis(shapes, axis) -> str:
    """What to do about inputs that cannot be concatenated on `axis`: another axis, if that is the only one they differ on."""
    differing = {i for i, sizes in enumerate(zip(*shapes, strict=True)) if len({*sizes} - {None}) > 1}
    if len(differing) == 1 and axis not in differing:
        return f"axis={differing.pop()}, the only one on which they differ"
    return "padding, cropping or Reshape in front of one of them"


class Dot(Merge):
    """The dot product of two tensors along an axis of each, row by row of the batch.

    Shapes: inputs (batch, ..., size, ...) and (batch, ..., size, ...); output (batch, the other axes of the first, the other
    axes of the second), and (batch, 1) where there are no others. No mask comes out.

    Args:
        axes: the axis of both (an int), or a pair of ints. Not the batch axis.
        normalize: whether the vectors are brought to length 1 first, which makes the result their cosine.

    Raises:
        TypeError, ValueError: `axes` is not an int or two of them; not a list of two inputs; sizes that differ.
        IndexError: an input has no such axis.
    """

    exactly = 2

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(axes, (int, list, tuple)):
            raise TypeError(f"Layer {self.name!r}: `axes` must be an int, or a list or tuple of two. Received: {axes=}")
        if not isinstance(axes, int) and (len(axes) != 2 or not all(isinstance(axis, int) for axis in axes)):
            raise ValueError(f"Layer {self.name!r}: `axes` must hold two ints, an axis for each input. Received: {axes=}")
        self.axes = axes
        self.normalize = normalize

    def build(self, input_shape):
        self._plan(self._listed(input_shape))

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            self._listed(shapes_of(inputs))
        x, y = inputs
        ranks, first, second = self.__dict__["_planned"]
        if (x.ndim, y.ndim) != ranks or x.shape[first] != y.shape[second] or x.shape[0] != y.shape[0]:
            self._plan(self._listed(shapes_of(inputs)))
            _, first, second = self.__dict__["_planned"]
        if self.normalize:
            x, y = (F.normalize(_as_float(t), dim=axis, eps=config.epsilon()) for t, axis in ((x, first), (y, second)))
        return batch_dot(x, y, first, second)

    def compute_mask(self, inputs, mask=None):
        return None

    def _plan(self, shapes):
        """Checks the shapes and keeps, for their ranks, which axes are meant."""
        self._fit(shapes)
        ranks = tuple(map(len, shapes))
        self.__dict__["_planned"] = (ranks, *self._axes_in(ranks))

    def _axes_in(self, ranks):
        axes = (self.axes, self.axes) if isinstance(self.axes, int) else tuple(self.axes)
        if isinstance(self.axes, int) and self.axes < 0:
            return tuple(axis % rank for axis, rank in zip(axes, ranks, strict=True))  # Keras counts round and round
        for position, (axis, rank) in enumerate(zip(axes, ranks, strict=True)):
            if not -rank <= axis < rank:
                raise IndexError(
                    f"Layer {self.name!r} (Dot): axes={self.axes}, but input {position} has no axis {axis}: it has {rank} "
                    "axes, the batch axis among them."
                )
        return tuple(axis % rank for axis, rank in zip(axes, ranks, strict=True))

    def _fit(self, shapes):
        x, y = shapes
        first, second = self._axes_in((len(x), len(y)))
        where = f"Layer {self.name!r} (Dot, axes={self.axes})"
        if first == 0 or second == 0:
            raise ValueError(
                f"{where}: axis 0 is the batch axis, over which there is no dot product. Received shapes: {x} and {y}. The "
                "usual fix: `axes=-1`; inputs without a batch axis get one by `x[None]`."
            )
        if x[first] != y[second]:
            raise ValueError(
                f"{where}: the axes must be of one size, but axis {first} of input 0 is {x[first]} and axis {second} of input "
                f"1 is {y[second]}. Received shapes: {x} and {y}."
            )
        if None not in (x[0], y[0]) and x[0] != y[0]:
            raise ValueError(f"{where}: both inputs need the same batch size. Received shapes: {x} and {y}.")
        rest = (*x[1:first], *x[first + 1 :], *y[1:second], *y[second + 1 :])
        return (x[0], *(rest or (1,)))


def _as_float(x):
    return x if x.is_floating_point() else x.float()


def batch_dot(x, y, first: int, second: int):
    """The sum over axis `first` of x and `second` of y (neither is 0) of their products, row by row.

    The other axes of x, then those of y, come behind the batch axis; (batch, 1) where there are none.
    """
    if not x.is_floating_point() or x.dtype is not y.dtype:
        dtype = torch.promote_types(x.dtype, y.dtype)
        if not dtype.is_floating_point:
            total = _batch_dot(x.long(), y.long(), first, second, _integer_bmm)
            return total.to(torch.int32 if x.dtype is y.dtype is torch.int8 else dtype)
        x, y = x.to(dtype), y.to(dtype)
    if x.ndim == y.ndim == 2:
        return (x * y).sum(1, keepdim=True)  # up to twelve times as fast as bmm
    return _batch_dot(x, y, first, second, torch.bmm)


def _batch_dot(x, y, first, second, bmm):
    x, y = x.movedim(first, -1), y.movedim(second, 1)
    left, right = x.shape[1:-1], y.shape[2:]
    rows, size = x.shape[0], x.shape[-1]
    product = bmm(x.reshape(rows, math.prod(left), size), y.reshape(rows, size, math.prod(right)))
    return product.reshape(rows, *(left + right or (1,)))


def _integer_bmm(x, y):
    """torch has no bmm of integers on CUDA."""
    return (x.unsqueeze(3) * y.unsqueeze(1)).sum(2)


def add(inputs, **kwargs):
    """`Add(**kwargs)(inputs)`: the sum of a list of tensors."""
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs):
    """`Subtract(**kwargs)(inputs)`: the first of two tensors less the second."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs):
    """`Multiply(**kwargs)(inputs)`: the product of a list of tensors."""
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs):
    """`Average(**kwargs)(inputs)`: the mean of a list of tensors."""
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs):
    """`Maximum(**kwargs)(inputs)`: the largest, element by element, of a list of tensors."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs):
    """`Minimum(**kwargs)(inputs)`: the smallest, element by element, of a list of tensors."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs, axis=-1, **kwargs):
    """`Concatenate(axis, **kwargs)(inputs)`: a list of tensors one behind the other."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs, axes=-1, **kwargs):
    """`Dot(axes, **kwargs)(inputs)`: the dot product of two tensors."""
    return Dot(axes=axes, **kwargs)(inputs)
