"""Loaders of data sets, in the words of Keras 1 too."""

from torchkeras_lite.datasets import imdb as _imdb
from torchkeras_lite.datasets import reuters as _reuters

from ._members import function_with

_WORDS = {"nb_words": "num_words"}

imdb = function_with(_imdb.load_data, _WORDS)
reuters = function_with(_reuters.load_data, _WORDS)
