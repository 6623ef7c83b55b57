"""Whatever a user passes, as batches of (x, y, weights)."""

from torchkeras_lite.data.rows import Rows
from torchkeras_lite.data.arrays import (
    Arrays, check_rows, class_weights, in_rows, is_array, is_arrays, mapped, split, to_tensor, to_tensors, with_class_weights,
    with_ones, with_texts,
)
from torchkeras_lite.data.followed import Followed
from torchkeras_lite.data.pipeline import Dataset
from torchkeras_lite.data.numbered import Numbered, PyDataset
from torchkeras_lite.data.rowwise import batches_of, is_of_rows
from torchkeras_lite.data.iterables import Iterable, OnlyX, Resumed
