"""News."""

from torchkeras_lite.datasets.texts import reuters as load_data
from torchkeras_lite.datasets.texts import reuters_label_names as get_label_names
from torchkeras_lite.datasets.texts import reuters_word_index as get_word_index

__all__ = ["get_label_names", "get_word_index", "load_data"]
