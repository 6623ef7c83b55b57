"""What layers without weights over sequences, images and volumes share: the rank, the two data formats, checks."""

from __future__ import annotations

from torchkeras_lite import config, input_spec, symbolic
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer

WORDS = {1: ("long",), 2: ("high", "wide"), 3: ("deep", "high", "wide")}  # what an input of some rank is, axis by axis


class Spatial(Layer):
    """The base of these layers. A subclass says over how many axes it works (`rank`).

    Shapes: (batch, *sizes, channels) with `data_format="channels_last"`, else (batch, channels, *sizes).
    """

    rank: int
    room: tuple[int, ...] | None = None  # how large an input has to be along each axis, for something to come out

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.built = True
        last = self.rank + 1
        settled = self.__dict__
        # torch wants the channels on axis 1. For channels_last data the move is a view, whose memory is the layout that torch
        # calls channels_last; what its kernels return is, moved back, contiguous.
        if self.data_format == "channels_last":
            settled["_axes"] = (*range(1, last),)
            settled["_inward"], settled["_outward"] = (0, last, *range(1, last)), (0, *range(2, last + 1), 1)
        else:
            settled["_axes"] = (*range(2, last + 1),)
            settled["_inward"] = settled["_outward"] = (*range(last + 1),)

    def _check_rank(self, inputs) -> None:
        """For computations that would not fail on inputs of another rank: the short way to `call` looks at no spec."""
        if inputs.ndim != self.rank + 2:
            input_spec.check(self.input_spec, inputs, self.name)

    def _declared_shape(self, args, kwargs):
        # The trial failed: perhaps a size made up for None is too small for a large window. So larger ones are made up.
        given = args[0] if args else next(iter(kwargs.values()))
        shape = [*given.shape]
        for axis, size in zip(self._axes, self.room or (), strict=False):
            shape[axis] = size if shape[axis] is None else shape[axis]
        if shape == [*given.shape]:
            return None
        tried = self._infer((symbolic.KerasTensor(shape, given.dtype),), {}).shape
        return tuple(None if before is None else after for before, after in zip(given.shape, tried, strict=True))
