"""`tf.nest`: structures of lists, tuples and dicts."""

from torchkeras_lite import tree
from torchkeras_lite.tree import assert_same_structure, flatten, is_nested, pack_sequence_as

from ._missing import getattr_of

__all__ = ["assert_same_structure", "flatten", "is_nested", "map_structure", "pack_sequence_as"]
__getattr__ = getattr_of(__name__)


def map_structure(func, *structure, **kwargs):
    """`func` of the leaves of structures of one form."""
    return tree.map_structure(func, *structure)
