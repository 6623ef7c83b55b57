"""Sounds as pictures: which frequencies are there, and when."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from torchkeras_lite import config, initializers
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.encoding import check_choice
from torchkeras_lite.notices import warn
from torchkeras_lite.ops.convolution import conv
from torchkeras_lite.ops.signal import stft


class MelSpectrogram(Layer):
    """The strength of bands of frequencies, as wide as the ear tells them apart, over time.

    Shapes: (samples,) or (batch, samples) become (num_mel_bins, times) or (batch, num_mel_bins, times).

    Args:
        fft_length: the length of the Fourier transform.
        sequence_stride: samples from one time to the next.
        sequence_length: samples of a window; None: `fft_length`.
        window: "hann", "hamming", an array of `sequence_length` numbers, or None.
        sampling_rate: samples of a second.
        num_mel_bins: how many bands.
        min_freq, max_freq: where they begin and end, in Hertz; None: half the sampling rate.
        power_to_db: give decibels above `ref_power`, of which the lowest are cut off `top_db` below the highest.
        mag_exp: the exponent of magnitudes: 1 is energy, 2 is power.
        min_power: what is lower counts as this, in decibels.

    Raises:
        ValueError: an `fft_length` shorter than `sequence_length`.
    """

    casts_integers = True

    def __init__(
        self,
        fft_length=2048,
        sequence_stride=512,
        sequence_length=None,
        window="hann",
        sampling_rate=16000,
        num_mel_bins=128,
        min_freq=20.0,
        max_freq=None,
        power_to_db=True,
        top_db=80.0,
        mag_exp=2.0,
        min_power=1e-10,
        ref_power=1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.fft_length, self.sequence_stride, self.sequence_length = fft_length, sequence_stride, sequence_length or fft_length
        if fft_length < self.sequence_length:
            raise ValueError(
                f"Layer {self.name!r}: `fft_length` must be greater than or equal to `sequence_length`. Received: "
                f"sequence_length={self.sequence_length}, fft_length={fft_length}"
            )
        self.window, self.sampling_rate, self.num_mel_bins = window, sampling_rate, num_mel_bins
        self.min_freq, self.max_freq = min_freq, max_freq or int(sampling_rate / 2)
        self.power_to_db, self.top_db, self.mag_exp = power_to_db, top_db, mag_exp
        self.min_power, self.ref_power = min_power, ref_power
        self.__dict__["_bands"] = self._weights()
        self.built = self.builds_nothing

    def _weights(self):
        """How much each frequency counts in each band: triangles on the mel scale, (fft_length // 2 + 1, num_mel_bins)."""

        def mel(hertz):
            return 1127.0 * torch.log(1.0 + hertz / 700.0)

        precise, (first, last) = torch.float64, mel(torch.tensor([self.min_freq, self.max_freq], dtype=torch.float64)).tolist()
        frequencies = mel(torch.linspace(0.0, self.sampling_rate / 2, self.fft_length // 2 + 1, dtype=precise))[1:, None]
        edges = torch.linspace(first, last, self.num_mel_bins + 2, dtype=precise)
        low, middle, high = edges[:-2], edges[1:-1], edges[2:]
        sides = torch.minimum((frequencies - low) / (middle - low), (high - frequencies) / (high - middle))
        weights = F.pad(sides.clamp(min=0.0), (0, 0, 1, 0))  # the constant part counts nowhere
        return weights.to(config.get_device(), torch.float32)

    def call(self, inputs):
        given = inputs.dtype
        x = inputs if given in (torch.float32, torch.float64) else inputs.float()
        real, imag = stft(x, self.sequence_length, self.sequence_stride, self.fft_length, self.window)
        if self._bands.device != x.device or self._bands.dtype is not x.dtype:
            self.__dict__["_bands"] = self._bands.to(x)
        power = torch.hypot(real, imag) ** self.mag_exp @ self._bands
        if self.power_to_db:
            reference = 10 * math.log10(max(abs(self.ref_power), self.min_power))
            power = 10 * power.clamp(min=self.min_power).log10() - reference
            if power.numel():
                power = torch.maximum(power, power.amax() - self.top_db)
        return power.mT.to(given)

    def get_build_config(self):
        return {"input_shape": None}


_STFT_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class STFTSpectrogram(Layer):
    """Fourier transforms of pieces of sequences, by convolutions with weights that could be trained further.

    Shapes: (batch, samples, channels) becomes (batch, times, frequencies * channels), or with `expand_dims` (batch, times,
    frequencies, channels); with `data_format="channels_first"` channels come second, then times and frequencies.

    Args:
        mode: "log" or "magnitude", "psd" (power), "real", "imag", "angle", or "stft": both parts, one after the other.
        frame_length, frame_step: samples of a piece, and from one to the next; None: half a piece.
        fft_length: the length of the transform; None: the next power of two.
        window: the name of a window, or an array; None: none.
        periodic: whether the window is one for ever repeated signals.
        scaling: "density", "spectrum" or None.
        padding: "valid" or "same".
        expand_dims: keep frequencies and channels apart.
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: arguments that are unknown or do not go together. TypeError: a call on other inputs than floats.
    """

    def __init__(
        self,
        mode="log",
        frame_length=256,
        frame_step=None,
        fft_length=None,
        window="hann",
        periodic=False,
        scaling="density",
        padding="valid",
        expand_dims=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if frame_step is not None and not 1 <= frame_step <= frame_length:
            raise ValueError(
                f"Layer {self.name!r}: `frame_step` should be positive, and not greater than `frame_length`. Received: "
                f"frame_step={frame_step}, frame_length={frame_length}"
            )
        if fft_length is not None and fft_length < frame_length:
            raise ValueError(
                f"Layer {self.name!r}: `fft_length` should not be less than `frame_length`. Received: fft_length={fft_length}, "
                f"frame_length={frame_length}"
            )
        if fft_length is not None and fft_length & -fft_length != fft_length:
            warn(f"`fft_length` is recommended to be a power of two. Received fft_length={fft_length}")
        check_choice(self, "mode", mode, _STFT_MODES)
        check_choice(self, "scaling", scaling, ("density", "spectrum", None))
        check_choice(self, "padding", padding, ("valid", "same"))
        initializers.STFT("real", window, scaling, periodic)  # or an error, if there is no such window
        self.mode, self.frame_length, self.frame_step, self.fft_length = mode, frame_length, frame_step, fft_length
        self.window, self.periodic, self.scaling, self.padding = window, periodic, scaling, padding
        self.expand_dims, self.data_format = expand_dims, config.standardize_data_format(data_format)
        self.__dict__["_size"] = fft_length or 2 ** math.ceil(math.log2(frame_length))
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape):
        shape = (self.frame_length, 1, self._size // 2 + 1)
        for part, unwanted in (("real", "imag"), ("imag", "real")):
            if self.mode != unwanted:
                draw = initializers.STFT(part, self.window, self.scaling, self.periodic)
                setattr(self, f"{part}_kernel", self.add_weight(shape, draw, name=f"{part}_kernel"))

    def call(self, inputs):
        if not inputs.is_floating_point():
            raise TypeError(f"Layer {self.name!r}: expected floats. Received: inputs of {inputs.dtype}")
        real = None if self.mode == "imag" else self._convolved(inputs, self.real_kernel)
        imag = None if self.mode == "real" else self._convolved(inputs, self.imag_kernel)
        if self.mode in ("real", "imag"):
            return self._arranged(imag if real is None else real)
        if self.mode == "angle":
            return self._arranged(torch.atan2(imag, real))
        if self.mode == "stft":
            return self._arranged(torch.cat((real, imag), 2))
        power = real.square() + imag.square()
        if self.mode == "psd":
            return self._arranged(power + F.pad(power[:, :, 1:-1], (0, 0, 1, 1)))
        magnitude = self._arranged(power.clamp(min=config.epsilon()).sqrt())
        return magnitude if self.mode == "magnitude" else magnitude.clamp(min=config.epsilon()).log()

    def _convolved(self, inputs, kernel):
        """(batch, channels, frequencies, times)."""
        x = inputs.mT if self.data_format == "channels_last" else inputs
        batch, channels, samples = x.shape
        step = self.frame_step or self.frame_length // 2
        y = conv(
            x.reshape(batch * channels, 1, samples),
            kernel.value.to(inputs.dtype),
            strides=step,
            padding=self.padding,
            data_format="channels_first",
        )
        return y.reshape(batch, channels, *y.shape[1:])

    def _arranged(self, x):
        last = self.data_format == "channels_last"
        if self.expand_dims:
            return x.permute(0, 3, 2, 1) if last else x.permute(0, 1, 3, 2)
        x = x.flatten(1, 2)
        return x.mT if last else x
