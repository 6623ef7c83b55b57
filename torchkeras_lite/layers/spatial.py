"""What layers without weights over sequences, images and volumes share: the rank, the two data formats, checks."""

from __future__ import annotations

from torchkeras_lite import config, input_spec
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.windows import shape_with_room, turns


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
        inward, outward = turns(self.rank, self.data_format)
        self.__dict__.update(_inward=inward, _outward=outward, _axes=inward[2:])

    def _check_rank(self, inputs) -> None:
        """For computations that would not fail on inputs of another rank: the short way to `call` looks at no spec."""
        if inputs.ndim != self.rank + 2:
            input_spec.check(self.input_spec, inputs, self.name)

    def _declared_shape(self, args, kwargs):
        return shape_with_room(self, args, kwargs, self._axes, self.room or ())
