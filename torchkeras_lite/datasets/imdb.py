"""Film reviews."""

from torchkeras_lite.datasets.texts import imdb as load_data
from torchkeras_lite.datasets.texts import imdb_word_index as get_word_index

__all__ = ["get_word_index", "load_data"]
