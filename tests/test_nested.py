"""Structures are gone through as torch's pytree does it."""

from collections import OrderedDict, namedtuple

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils import _pytree as pytree

from torchkeras_lite import nested

Pair = namedtuple("Pair", "left right")


class Own(list):
    pass


LEAVES = st.one_of(st.none(), st.integers(), st.text(max_size=2), st.sampled_from([torch.Size((2, 3)), Own([1, 2]), {4}]))
STRUCTURES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=2), inner, max_size=3),
        st.dictionaries(st.text(max_size=2), inner, max_size=3).map(OrderedDict),
        st.tuples(inner, inner).map(lambda both: Pair(*both)),
    ),
    max_leaves=12,
)


@given(STRUCTURES)
def test_what_is_in_it(structure):
    assert nested.leaves(structure) == pytree.tree_leaves(structure)


@given(STRUCTURES)
def test_the_same_of_something_else(structure):
    ours, theirs = nested.mapped(repr, structure), pytree.tree_map(repr, structure)
    assert ours == theirs and pytree.tree_structure(ours) == pytree.tree_structure(theirs)
