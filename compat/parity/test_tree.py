"""keras.tree beside Keras's, on a table of structures and all pairs of them."""

import inspect
from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest
from oracle import keras as real

from torchkeras_lite import tree as mine

Pair = namedtuple("Pair", "x y")
STRUCTURES = {
    "leaf": 5,
    "none": None,
    "string": "ab",
    "set": {1, 2},
    "empty list": [],
    "empty tuple": (),
    "empty dict": {},
    "list": [1, 2],
    "tuple": (1, 2),
    "list of one": [1],
    "list of list": [[1]],
    "list with None": [None, 1],
    "dict": {"b": 1, "a": 2},
    "dict of numbers": {2: "y", 1: "x"},
    "dict with None": {"a": None},
    "OrderedDict": OrderedDict([("b", 1), ("a", 2)]),
    "defaultdict": defaultdict(list, {"b": 1, "a": 2}),
    "namedtuple": Pair(3, {"z": 1, "c": [None, 2]}),
    "namedtuples": [Pair(1, 2), Pair(x=[3], y=4)],
    "deque": deque([1, 2]),
    "deep": {"b": [1, (2, None)], "a": {"y": (), "x": 7}},
}
NAMES = [name for name in dir(real.tree) if not name.startswith("_")]


def outcome(function, *args, **kwargs):
    """What comes back, or the type of the error."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return type(error)


def same(make, *args, **kwargs):
    """Whether `make(tree)` of either library has the same outcome."""
    ours, theirs = (outcome(make(library), *args, **kwargs) for library in (mine, real.tree))
    assert ours == theirs and type(ours) is type(theirs), f"{ours} instead of {theirs}"


def test_names():
    assert sorted(mine.__all__) == NAMES
    for name in NAMES:
        ours, theirs = (inspect.signature(getattr(library, name)).parameters for library in (mine, real.tree))
        assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()], name


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_one_structure(structure):
    for name in ("is_nested", "flatten", "flatten_with_path", "lists_to_tuples"):
        same(lambda tree, name=name: getattr(tree, name), structure)
    same(lambda tree: tree.map_structure, str, structure)
    same(lambda tree: tree.map_structure, str, structure, none_is_leaf=False)
    same(lambda tree: tree.map_shape_structure, lambda shape: ("shape", shape), structure)
    same(lambda tree: tree.map_structure_up_to, structure, str, structure)
    count = len(mine.flatten(structure))
    for leaves in (list(range(count)), tuple(range(count)), [*range(count), 0], [0] * (count - 1)):
        same(lambda tree: tree.pack_sequence_as, structure, leaves)
    for top_down in (True, False):
        same(lambda tree: tree.traverse, lambda part: None, structure, top_down=top_down)
        same(lambda tree: tree.traverse, lambda part: ("v", part) if isinstance(part, int) else None, structure, top_down)
        same(lambda tree: tree.traverse, lambda part: len(part) if isinstance(part, list) else None, structure, top_down)
        same(
            lambda tree: lambda *args: tree.traverse(lambda part: tree.MAP_TO_NONE if part == 2 else None, *args),
            structure,
            top_down,
        )


@pytest.mark.parametrize("a", STRUCTURES.values(), ids=STRUCTURES)
@pytest.mark.parametrize("b", STRUCTURES.values(), ids=STRUCTURES)
def test_two_structures(a, b):
    same(lambda tree: tree.assert_same_structure, a, b)
    same(lambda tree: tree.assert_same_paths, a, b)
    same(lambda tree: tree.map_structure_up_to, a, str, b)
    same(lambda tree: tree.map_structure_up_to, a, lambda *parts: parts, a, b)
    if outcome(mine.assert_same_structure, a, b) is ValueError:
        # Keras on torch takes a container for a leaf of the second structure; on JAX and TensorFlow it is an error.
        assert outcome(mine.map_structure, lambda *leaves: leaves, a, b) is ValueError
    else:
        same(lambda tree: tree.map_structure, lambda *leaves: leaves, a, b)


def test_order_of_results():
    # Keras on torch sorts the dicts that it returns; on JAX and TensorFlow they keep their order.
    assert list(mine.pack_sequence_as({"b": 0, "a": 0}, [1, 2]).items()) == [("b", 2), ("a", 1)]


def test_dicts_in_dicts():
    # Keras on torch sorts the keys of the outermost dict only; on JAX and TensorFlow those of all.
    structure = {"b": {"d": 1, "c": 2}, "a": OrderedDict([("q", 3), ("p", 4)])}
    assert real.tree.flatten(structure) == [3, 4, 1, 2] and mine.flatten(structure) == [3, 4, 2, 1]
    assert mine.flatten_with_path(structure)[2:] == [(("b", "c"), 2), (("b", "d"), 1)]
    assert mine.pack_sequence_as(structure, "wxyz") == {"b": {"d": "z", "c": "y"}, "a": {"q": "w", "p": "x"}}


def test_paths_of_namedtuples():
    # Keras on torch numbers the fields by name, over all of them; on JAX and TensorFlow by position.
    assert [path for path, _ in mine.flatten_with_path(namedtuple("Z", "z a")(1, [2]))] == [(0,), (1, 0)]
