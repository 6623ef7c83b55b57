"""What layers over sequences, images and volumes share: the two data formats, checks, large windows over unknown sizes."""

from __future__ import annotations

from torchkeras_lite import config, input_spec, symbolic
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.ops.windows import turns


def shape_with_room(layer, args, kwargs, axes, room):
    """The output shape where a trial failed, perhaps as a size made up for None is too small for a large window.

    So `room` is made up for the sizes that are None on `axes`. Returns None where there is nothing to make larger.
    """
    given = args[0] if args else next(iter(kwargs.values()))
    shape = [*given.shape]
    for axis, size in zip(axes, room, strict=False):
        shape[axis] = size if shape[axis] is None else shape[axis]
    if shape == [*given.shape]:
        return None
    larger = symbolic.KerasTensor(shape, given.dtype)
    tried = (layer._infer((larger, *args[1:]), kwargs) if args else layer._infer((larger,), {})).shape
    return tuple(None if before is None else after for before, after in zip(given.shape, tried, strict=True))


class Spatial(Layer):
    """The base of those without weights. A subclass says over how many axes it works (`rank`).

    Shapes: (batch, *sizes, channels) with `data_format="channels_last"`, else (batch, channels, *sizes).
    """

    rank: int
    room: tuple[int, ...] | None = None  # how large an input has to be along each axis, for something to come out

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.built = self.builds_nothing
        inward, outward = turns(self.rank, self.data_format)
        self.__dict__.update(_inward=inward, _outward=outward, _axes=inward[2:])

    def _check_rank(self, inputs) -> None:
        """For computations that would not fail on inputs of another rank: the short way to `call` looks at no spec."""
        if inputs.ndim != self.rank + 2:
            input_spec.check(self.input_spec, inputs, self.name)

    def _declared_shape(self, args, kwargs):
        return shape_with_room(self, args, kwargs, self._axes, self.room or ())
