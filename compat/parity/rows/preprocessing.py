"""Layers that prepare data and draw nothing: sizes, categories, intervals, shades, spectrograms.

Augmentation, where chance decides, and what looks strings up, for which Keras needs TensorFlow, is compared elsewhere.
"""

import numpy as np

_chance = np.random.default_rng(0)
IMAGES = _chance.uniform(0, 255, (2, 7, 6, 3)).astype("float32")
BYTES = _chance.integers(0, 256, (2, 7, 6, 3)).astype("uint8")
CATEGORIES = _chance.integers(0, 6, (5, 3)).astype("int64")
COLUMN = CATEGORIES[:, :1].astype("int32")
NUMBERS = _chance.normal(size=(6, 4)).astype("float32")
SOUND = (2, 400)

ROWS = [
    ("Resizing", {"height": 4, "width": 9}, IMAGES),
    ("Resizing", {"height": 4, "width": 9, "interpolation": "nearest"}, IMAGES),
    ("Resizing", {"height": 3, "width": 4, "antialias": True}, IMAGES),
    ("Resizing", {"height": 5, "width": 9, "crop_to_aspect_ratio": True}, IMAGES),
    ("Resizing", {"height": 5, "width": 9, "pad_to_aspect_ratio": True, "fill_value": 2.0}, IMAGES),
    ("Resizing", {"height": 4, "width": 9, "dtype": "float64"}, IMAGES),
    ("CenterCrop", {"height": 3, "width": 4}, IMAGES),
    ("CenterCrop", {"height": 7, "width": 6}, IMAGES),
    ("CenterCrop", {"height": 4, "width": 3}, BYTES),
    ("CenterCrop", {"height": 9, "width": 5}, IMAGES),
    ("CategoryEncoding", {"num_tokens": 6}, CATEGORIES),
    ("CategoryEncoding", {"num_tokens": 6, "output_mode": "count"}, CATEGORIES),
    ("CategoryEncoding", {"num_tokens": 6, "output_mode": "one_hot"}, COLUMN),
    ("CategoryEncoding", {"num_tokens": 6, "output_mode": "one_hot"}, CATEGORIES),
    ("CategoryEncoding", {"num_tokens": 6, "output_mode": "count", "dtype": "float64"}, CATEGORIES),
    ("Discretization", {"bin_boundaries": [-1.0, 0.0, 0.5]}, NUMBERS),
    ("Discretization", {"bin_boundaries": [1.0, 3.0]}, COLUMN),
    ("Discretization", {"bin_boundaries": [-1.0, 0.5], "output_mode": "one_hot"}, NUMBERS),
    ("Discretization", {"bin_boundaries": [-1.0, 0.5], "output_mode": "multi_hot"}, NUMBERS),
    ("Discretization", {"bin_boundaries": [-1.0, 0.5], "output_mode": "count"}, NUMBERS),
    ("AutoContrast", {}, IMAGES),
    ("AutoContrast", {"value_range": (300, 0)}, IMAGES),
    ("ContrastLimitedAdaptiveHistogramEqualization", {"clip_limit": 0, "tile_grid_size": (2, 3)}, IMAGES),
    ("MelSpectrogram", {"fft_length": 64, "sequence_stride": 20, "num_mel_bins": 8}, SOUND),
    ("MelSpectrogram", {"fft_length": 64, "sequence_length": 40, "num_mel_bins": 8, "power_to_db": False}, SOUND),
    ("MelSpectrogram", {"fft_length": 64, "num_mel_bins": 6, "mag_exp": 1.0, "max_freq": 3000, "ref_power": 2.0}, SOUND),
    *(
        ("STFTSpectrogram", {"mode": mode, "frame_length": 30, "frame_step": 10}, (2, 100, 2))
        for mode in ("log", "magnitude", "psd", "real", "imag", "angle", "stft")
    ),
    ("STFTSpectrogram", {"mode": "magnitude", "frame_length": 30, "padding": "same", "expand_dims": True}, (2, 100, 2)),
    ("STFTSpectrogram", {"mode": "psd", "frame_length": 32, "window": None, "scaling": "spectrum"}, (2, 100, 1)),
]

# Keras on torch cuts histograms off at whole numbers.
JAX_ROWS = [
    ("ContrastLimitedAdaptiveHistogramEqualization", {}, IMAGES),
    ("ContrastLimitedAdaptiveHistogramEqualization", {"clip_limit": 2.0, "tile_grid_size": (2, 2)}, IMAGES),
]

ELSEWHERE = {
    "AugMix", "CutMix", "Equalization", "HashedCrossing", "Hashing", "IntegerLookup", "MaxNumBoundingBoxes", "MixUp",
    "Pipeline", "RandAugment", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast",
    "RandomCrop", "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale",
    "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation",
    "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom", "Solarization", "StringLookup",
    "TextVectorization",
}  # fmt: skip
