"""Initializers: called with a shape and a dtype, they give the first value of a weight, in the Keras layout."""

from __future__ import annotations

import math

import numpy as np
import torch

from torchkeras_lite import config, random, registry
from torchkeras_lite.variable import Variable, tensor_of

_table = registry.Table("initializer", "keras.initializers")


class Initializer(registry.Configurable):
    """Base class. A subclass defines `__call__(shape, dtype=None)` and returns a tensor of that shape."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.__module__ == __name__:
            _table.add(cls)

    def __call__(self, shape, dtype=None) -> torch.Tensor:
        raise NotImplementedError("Initializer subclasses must implement the `__call__()` method.")

    def clone(self):
        """A new initializer of the same settings; an unseeded one draws a seed of its own."""
        return type(self).from_config(self.get_config())


# ---------------------------------------------------------------- constant


class Zeros(Initializer):
    """All zeros."""

    fills = 0.0  # the number that is everywhere, for which no tensor has to be made

    def __call__(self, shape, dtype=None) -> torch.Tensor:
        return torch.zeros(tuple(shape), dtype=config.torch_dtype(dtype), device=config.get_device())


class Ones(Initializer):
    """All ones."""

    fills = 1.0

    def __call__(self, shape, dtype=None) -> torch.Tensor:
        return torch.ones(tuple(shape), dtype=config.torch_dtype(dtype), device=config.get_device())


class Constant(Initializer):
    """The same value everywhere.

    Args:
        value: a number, an array that broadcasts to the shape, or one of as many numbers, row after row.
    """

    def __init__(self, value=0.0):
        self.value = value

    def __call__(self, shape, dtype=None) -> torch.Tensor:
        value, shape = tensor_of(self.value, config.torch_dtype(dtype), config.get_device()), tuple(shape)
        try:
            return value.expand(shape).clone()
        except RuntimeError:
            if value.numel() != math.prod(shape):
                raise
            return value.reshape(shape).clone()


class Identity(Initializer):
    """`gain` on the diagonal of a matrix, zeros elsewhere."""

    def __init__(self, gain=1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None) -> torch.Tensor:
        if len(shape) != 2:
            raise ValueError(
                f"The Identity initializer makes matrices only. Received: shape={tuple(shape)} of rank {len(shape)}."
            )
        return (torch.eye(*shape, device=config.get_device()) * self.gain).to(config.torch_dtype(dtype))


class STFT(Initializer):
    """The kernel of a convolution that is a Fourier transform of pieces of a signal: (times, 1, bands).

    Args:
        side: `"real"` or `"imag"`, the part of the complex numbers.
        window: what pieces are multiplied with: the name of a window of `scipy.signal.windows`, an array with a number for
            each time, or None.
        scaling: `"density"` or `"spectrum"`: the window is divided by the root of the sum of its squares, or by the sum of its
            absolute values. None: it is not.
        periodic: whether a window given by name is the beginning of a periodic function, or symmetric.

    Raises:
        ValueError: a side, window or scaling that does not exist.
        ImportError: SciPy is not installed, and torch does not have this window.
    """

    def __init__(self, side="real", window="hann", scaling="density", periodic=False):
        if side not in ("real", "imag"):
            raise ValueError(f"`side` should be 'real' or 'imag'. Received: side={side!r}")
        if scaling not in ("density", "spectrum", None):
            raise ValueError(f"`scaling` must be 'density', 'spectrum' or None. Received: scaling={scaling!r}")
        if isinstance(window, str):
            _window(window, 1, periodic)  # or an error
        self.side, self.window, self.scaling, self.periodic = side, window, scaling, periodic

    def __call__(self, shape, dtype=None) -> torch.Tensor:
        times, _, bands = shape
        dtype = config.torch_dtype(dtype)
        precise = {"dtype": torch.float64 if dtype is torch.float64 else torch.float32, "device": config.get_device()}
        time, band = torch.arange(times, device=precise["device"]), torch.arange(bands, device=precise["device"])
        around = max(2 * (bands - 1), 1)
        angle = (time[:, None, None] * band % around).to(precise["dtype"]) * (-2.0 * math.pi / around)
        kernel = angle.cos() if self.side == "real" else angle.sin()
        if self.window is not None:
            window = _window(self.window, times, self.periodic) if isinstance(self.window, str) else self.window
            window = tensor_of(window, **precise)
            if window.shape != (times,):
                raise ValueError(
                    f"The STFT initializer needs a window of {times} numbers, one for each time. Received: a window of shape "
                    f"{tuple(window.shape)}"
                )
            kernel = kernel * (window / self._scale(window))[:, None, None]
        return kernel.to(dtype)

    def _scale(self, window):
        return {"density": window.square().sum().sqrt(), "spectrum": window.abs().sum(), None: 1.0}[self.scaling]


def _window(name: str, length: int, periodic: bool):
    """The numbers of a window that SciPy has under this name."""
    if name in ("bartlett", "blackman", "cosine", "hamming", "hann", "nuttall"):  # and torch too
        return getattr(torch.signal.windows, name)(length, sym=not periodic, dtype=torch.float64)
    try:
        from scipy.signal import get_window
    except ImportError as error:
        raise ImportError(f"The window {name!r} comes from SciPy: `pip install scipy`.") from error
    return get_window(name, length, periodic)


# ---------------------------------------------------------------- random


class RandomInitializer(Initializer):
    """Base of those that draw.

    Args:
        seed: an integer; None draws one when the initializer is made. Either way each call gives the same values again.
            With a `SeedGenerator` each call gives others.
    """

    def __init__(self, seed=None):
        self._given_seed = seed
        if seed is None:
            seed = config.make_default_seed()
        elif isinstance(seed, np.integer):
            seed = int(seed)
        elif isinstance(seed, dict):
            seed = registry.deserialize(seed)
        if not isinstance(seed, (int, random.SeedGenerator)):
            raise ValueError(
                "`seed` argument should be an instance of `SeedGenerator`, or an integer. "
                f"Received: seed={seed!r}"
            )
        self.seed = seed

    @property
    def repeats(self) -> bool:
        """Whether it gives the same values whenever it is called, and leaves other generators alone."""
        return isinstance(self.seed, int)

    def _base_config(self):
        return {"seed": registry.serialize(self._given_seed)}  # None stays None: a clone draws its own


class RandomNormal(RandomInitializer):
    """Normal distribution."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.mean, self.stddev = mean, stddev
        super().__init__(seed)

    def __call__(self, shape, dtype=None) -> torch.Tensor:
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)


class TruncatedNormal(RandomInitializer):
    """Normal distribution without its tails beyond two standard deviations."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.mean, self.stddev = mean, stddev
        super().__init__(seed)

    def __call__(self, shape, dtype=None) -> torch.Tensor:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


class RandomUniform(RandomInitializer):
    """Uniform in `[minval, maxval)`."""

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        self.minval, self.maxval = minval, maxval
        super().__init__(seed)

    def __call__(self, shape, dtype=None) -> torch.Tensor:
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)


class VarianceScaling(RandomInitializer):
    """Variance `scale / n`, where n counts the inputs or outputs of a unit.

    Args:
        scale: a positive number.
        mode: `"fan_in"`, `"fan_out"` or `"fan_avg"`, what n is.
        distribution: `"truncated_normal"`, `"untruncated_normal"` or `"uniform"`.
        input_axes, output_axes: the axes of the shape that make up the fans, where the last two are not what counts.
    """

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None, input_axes=None, output_axes=None):
        if scale <= 0.0:
            raise ValueError(f"Argument `scale` must be positive float. Received: scale={scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Invalid `mode` argument: {mode!r}. Expected 'fan_in', 'fan_out' or 'fan_avg'.")
        distribution = {"normal": "truncated_normal"}.get(distribution.lower(), distribution.lower())
        if distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                f"Invalid `distribution` argument: {distribution!r}. "
                "Expected 'uniform', 'truncated_normal' or 'untruncated_normal'."
            )
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes
        super().__init__(seed)

    def __call__(self, shape, dtype=None) -> torch.Tensor:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random.uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(variance), dtype, self.seed)
        return random.truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, dtype, self.seed)


_TRUNCATED_STDDEV = 0.87962566103423978  # of the unit normal distribution cut off at -2 and 2


class GlorotUniform(VarianceScaling):
    """Uniform with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)."""

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(1.0, "fan_avg", "uniform", seed, input_axes, output_axes)


class GlorotNormal(VarianceScaling):
    """Truncated normal with variance 2 / (fan_in + fan_out)."""

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, input_axes, output_axes)


class HeUniform(VarianceScaling):
    """Uniform with variance 2 / fan_in (He et al. 2015)."""

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(2.0, "fan_in", "uniform", seed, input_axes, output_axes)


class HeNormal(VarianceScaling):
    """Truncated normal with variance 2 / fan_in."""

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(2.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class LecunUniform(VarianceScaling):
    """Uniform with variance 1 / fan_in (LeCun et al. 1998)."""

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(1.0, "fan_in", "uniform", seed, input_axes, output_axes)


class LecunNormal(VarianceScaling):
    """Truncated normal with variance 1 / fan_in."""

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(1.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class Orthogonal(RandomInitializer):
    """A random orthogonal matrix times `gain`; all axes but the last are taken as rows (Saxe et al. 2014)."""

    def __init__(self, gain=1.0, seed=None):
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape, dtype=None) -> torch.Tensor:
        if len(shape) < 2:
            raise ValueError(
                f"The Orthogonal initializer needs a shape of rank 2 or more. Received: shape={tuple(shape)} "
                f"of rank {len(shape)}."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        dtype = config.torch_dtype(dtype)
        wide = dtype if dtype in (torch.float32, torch.float64) else torch.float32  # there is no QR in sixteen bits
        matrix = random.normal((max(rows, columns), min(rows, columns)), dtype=wide, seed=self.seed)
        q, r = torch.linalg.qr(matrix)
        q = q * r.diagonal().sign()  # without the signs some rotations would be likelier than others
        if rows < columns:
            q = q.T
        return q.reshape(tuple(shape)).mul_(self.gain).to(dtype)


def compute_fans(shape, input_axes=None, output_axes=None) -> tuple[int, int]:
    """How many inputs and outputs a unit of a weight of this Keras shape has: kernels are (..., inputs, outputs)."""
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        fan = shape[0] if shape else 1
        return fan, fan
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


# ---------------------------------------------------------------- by name

for _name in ("RandomInitializer", "random_initializer"):  # a base that nobody asks for by name
    del _table.objects[_name]
_table.add(Initializer)
_ALIASES = {
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
    "STFTInitializer": STFT,
    "normal": RandomNormal,
    "one": Ones,
    "uniform": RandomUniform,
    "zero": Zeros,
}
_table.objects.update(_ALIASES)

zeros, ones, constant, identity, orthogonal, stft = Zeros, Ones, Constant, Identity, Orthogonal, STFT
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling, glorot_uniform, glorot_normal = VarianceScaling, GlorotUniform, GlorotNormal
he_uniform, he_normal, lecun_uniform, lecun_normal = HeUniform, HeNormal, LecunUniform, LecunNormal
IdentityInitializer, OrthogonalInitializer, STFTInitializer = Identity, Orthogonal, STFT


def get(identifier):
    """The initializer that a name, config, class, callable `(shape, dtype=None)`, tensor, array or None (None) means.

    Raises:
        ValueError: there is no initializer of that name, or it is none of these.
    """
    if isinstance(identifier, (torch.Tensor, Variable, np.ndarray, np.generic)):
        return _given(identifier)
    return _table.get(identifier)


def _given(value):
    def initialize(shape, dtype=None):
        tensor = tensor_of(value, config.torch_dtype(dtype), config.get_device())
        if tuple(shape) != tuple(tensor.shape):
            raise ValueError(
                f"Expected `shape` to be {tuple(tensor.shape)}, that of the value given as initializer. Received: "
                f"shape={tuple(shape)}"
            )
        return tensor

    return initialize


def serialize(initializer):
    return registry.serialize(initializer)


def deserialize(config, custom_objects=None):
    return registry.deserialize(config, custom_objects, _table)
