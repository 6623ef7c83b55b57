"""Loaders of data sets, in the words of Keras 1 and 2 too."""

from torchkeras_lite import utils as _utils
from torchkeras_lite.datasets import images as _images
from torchkeras_lite.datasets import imdb as _imdb
from torchkeras_lite.datasets import reuters as _reuters

from ._members import function_with

_WORDS = {"nb_words": "num_words"}

image_dataset_from_directory = function_with(_utils.image_dataset_from_directory, {"smart_resize": "crop_to_aspect_ratio"})
imdb = function_with(_imdb.load_data, _WORDS)
reuters = function_with(_reuters.load_data, _WORDS)


def load_batch(fpath, label_key="labels"):
    """One file of CIFAR: images (n, 3, 32, 32), and a list of labels."""
    images, labels = _images._batch(fpath, label_key.encode())
    return images, labels[:, 0].tolist()
