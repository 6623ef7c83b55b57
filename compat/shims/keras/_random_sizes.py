"""RandomHeight and RandomWidth, which changed the size of images in training."""

from __future__ import annotations

from torchkeras_lite import KerasTensor, layers, ops, random, registry


class _RandomSide(layers.Layer):
    """In training, all images of a batch get another height (or width), the same for all; in inference they keep theirs.

    Shapes: input (batch, height, width, channels) or (height, width, channels); output the same, with that side open.

    Args:
        factor: how much larger (negative: smaller), as a share of the side: f for the range (-f, f), or a pair.
        interpolation: as of `ops.image.resize`.
        seed: of what is drawn.

    Raises:
        ValueError: a pair whose second number is below the first, or a number below -1.
    """

    axis = 0

    def __init__(self, factor, interpolation="bilinear", seed=None, **kwargs):
        super().__init__(**kwargs)
        low, high = factor if isinstance(factor, (tuple, list)) else (-factor, factor)
        if high < low or low < -1:
            raise ValueError(f"`factor` of {type(self).__name__} is a range above -1. Received: factor={factor}")
        self.factor, self.interpolation, self.seed = factor, interpolation, seed
        self.__dict__["_range"] = (1 + low, 1 + high)
        self.generator = random.SeedGenerator(seed)
        self.built = True

    def call(self, images, training=None):
        if not (self.training if training is None else training):
            return images
        sizes = list(images.shape[-3:-1])
        drawn = random.uniform((), *self._range, seed=self.generator)
        sizes[self.axis] = int(sizes[self.axis] * float(drawn))
        return ops.image.resize(images, sizes, interpolation=self.interpolation, data_format="channels_last")

    def compute_output_spec(self, images, training=None):
        return KerasTensor(self.compute_output_shape(images.shape), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        shape = list(input_shape)
        shape[self.axis - 3] = None
        return tuple(shape)


class RandomHeight(_RandomSide):
    __doc__ = _RandomSide.__doc__


class RandomWidth(_RandomSide):
    __doc__ = _RandomSide.__doc__
    axis = 1


for _cls in (RandomHeight, RandomWidth):
    registry.add_class(_cls, "keras.layers", _cls.__name__)
