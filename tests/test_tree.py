"""Nested structures."""

import gc
import weakref
from collections import OrderedDict, deque, namedtuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils import _pytree as pytree

from torchkeras_lite import Variable, layers, nested, tree

Pair = namedtuple("Pair", "x y")
LEAVES = st.one_of(st.integers(), st.none(), st.text(max_size=2))
STRUCTURES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=2), inner, max_size=3),
        st.dictionaries(st.text(max_size=2), inner, max_size=3).map(OrderedDict),
        st.tuples(inner, inner).map(lambda pair: Pair(*pair)),
        st.lists(inner, max_size=3).map(deque),
    ),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(STRUCTURES)
def test_laws(structure):
    leaves = tree.flatten(structure)
    assert tree.pack_sequence_as(structure, leaves) == structure
    assert tree.map_structure(lambda leaf: leaf, structure) == structure
    assert tree.flatten(tree.map_structure(lambda leaf: (leaf,), structure)) == leaves
    assert [leaf for _, leaf in tree.flatten_with_path(structure)] == leaves
    assert tree.traverse(lambda part: None, structure) == structure
    for path, leaf in tree.flatten_with_path(structure):
        part = structure
        for key in path:
            part = part[key]
        assert part is leaf
    tree.assert_same_structure(structure, structure)
    tree.assert_same_paths(structure, tree.lists_to_tuples(structure))


def test_order_of_dicts():
    given = {"b": 1, "a": {"d": 2, "c": 3}}
    assert tree.flatten(given) == [3, 2, 1]
    packed = tree.pack_sequence_as(given, [30, 20, 10])
    assert packed == {"b": 10, "a": {"d": 20, "c": 30}} and list(packed) == ["b", "a"]
    assert tree.flatten(OrderedDict(given)) == [1, 3, 2]
    assert tree.flatten({1: "x", "a": "y"}) == ["x", "y"]  # keys that do not compare


def test_several_structures():
    assert tree.map_structure(lambda a, b: a + b, {"y": 1, "x": [2]}, {"x": [20], "y": 10}) == {"y": 11, "x": [22]}
    mixed = tree.map_structure(lambda a, b: (a, b), OrderedDict([("y", 1), ("x", 2)]), {"x": 20, "y": 10})
    assert mixed == OrderedDict([("y", (1, 10)), ("x", (2, 20))])
    assert tree.map_structure(lambda a, b: (a, b), [1, None], [2, None], none_is_leaf=False) == [(1, 2), None]
    assert tree.map_structure_up_to([0, None], lambda a, b: (a, b), [[1], {"a": 2}], [3, 4]) == [([1], 3), ({"a": 2}, 4)]
    for wrong in ([1], [1, 2, 3], (1, 2), {0: 1, 1: 2}, 1, [1, [2]]):
        for call in (tree.map_structure, lambda function, a, b: tree.assert_same_structure(a, b)):
            with pytest.raises(ValueError, match="don't have the same nested structure"):
                call(lambda a, b: a, [1, 2], wrong)
    with pytest.raises(ValueError, match="None in some of them only"):
        tree.map_structure(lambda a, b: a, [None], [1], none_is_leaf=False)
    for call in (lambda: tree.map_structure(str), lambda: tree.map_structure_up_to([1], str)):
        with pytest.raises(ValueError, match="at least one structure"):
            call()


def test_pack_sequence_as_counts():
    for leaves in ([1], [1, 2, 3]):
        with pytest.raises(ValueError, match=rf"has 2 leaves. Received: {len(leaves)} in"):
            tree.pack_sequence_as([0, 0], leaves)


def test_paths():
    tree.assert_same_paths([1, {"a": 2}], (5, {"a": 6}))
    with pytest.raises(ValueError, match=r"Only in `a`: \[\('x',\)\]. Only in `b`: \[\('y', 0\)\]"):
        tree.assert_same_paths({"x": 1}, {"y": [1]})


def test_check_types_is_of_old():
    with pytest.warns(DeprecationWarning, match="no effect any more.$"):
        tree.assert_same_structure([1], [2], check_types=True)
    with pytest.warns(DeprecationWarning, match="assert_same_paths"):
        tree.assert_same_structure([1], [2], check_types=False)


def test_traverse():
    seen = []
    tree.traverse(lambda part: seen.append(part), {"b": [1], "a": 2})
    assert seen == [{"b": [1], "a": 2}, 2, [1], 1]
    assert tree.traverse(lambda part: tree.MAP_TO_NONE if part == 2 else None, [1, (2, 3)]) == [1, (None, 3)]
    assert tree.traverse(lambda part: sum(part) if isinstance(part, list) else None, [[1, 2], [3]], top_down=False) == 6
    assert tree.traverse(lambda part: "x" if isinstance(part, list) else None, ([1, 2], 3)) == ("x", 3)


def test_shapes():
    shapes = {"b": (None, 2), "a": [[1, 2], (3, None)], "c": ()}
    assert tree.map_shape_structure(len, shapes) == {"b": 2, "a": [2, 2], "c": 0}


def test_what_is_a_leaf():
    for leaf in (None, 1, "ab", {1, 2}, torch.ones(2), Variable([1.0, 2.0]), layers.Input((3,))):
        assert not tree.is_nested(leaf) and tree.flatten(leaf)[0] is leaf
    for container in ([], (), {}, Pair(1, 2), deque()):
        assert tree.is_nested(container)
    layer = layers.Layer()
    layer.kept = [1, {"b": 2, "a": 3}]  # what layers make of lists and dicts
    assert tree.flatten(layer.kept) == [1, 3, 2] and tree.map_structure(str, layer.kept) == ["1", {"b": "2", "a": "3"}]


def test_what_was_looked_through_is_not_held():
    gc.disable()
    try:
        layer = layers.Dense(2)
        layer.build((None, 3))
        known = weakref.ref(layer.kernel)
        tree.map_structure(lambda variable: variable.shape, {"a": [layer.kernel], "b": (layer.bias,)})
        del layer
        assert known() is None
    finally:
        gc.enable()


class Own(list):
    """What torch takes for a leaf."""


@settings(max_examples=50, deadline=None)
@given(st.tuples(STRUCTURES, st.sampled_from([torch.Size((2, 3)), Own([1, 2]), {4}, None])))
def test_structures_are_gone_through_as_torch_does_it(structure):
    assert nested.leaves(structure) == pytree.tree_leaves(structure)
    ours, theirs = nested.mapped(repr, structure), pytree.tree_map(repr, structure)
    assert ours == theirs and pytree.tree_structure(ours) == pytree.tree_structure(theirs)
