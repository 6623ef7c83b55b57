"""Control flow: branches and loops, whose bodies are functions of tensors.

On tensors they are Python's own. In a graph each is one call, whose functions must take all tensors as arguments: one that they
find by themselves (a closure) would stay symbolic for ever. Only the branches of `cond`, which have no arguments, may do that.
"""

from __future__ import annotations

from functools import partial

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import symbolic
from torchkeras_lite.calls import going_on
from torchkeras_lite.ops.dispatch import Tensor, family, to_tensor
from torchkeras_lite.ops.selection import where

op = family("core")


def _without_strangers(name, result):
    """`result`; where a function brought in a symbolic tensor that was no argument, a ValueError."""
    if going_on.inferring and symbolic.tensors_in(result):
        raise ValueError(
            f"{name}: a function that was given to it uses a symbolic tensor that it does not get as an argument: "
            f"{symbolic.tensors_in(result)}. Pass that tensor to the function as an argument, or put the call into a layer."
        )
    return result


# ---------------------------------------------------------------- branches


@op("Cond", tensors=3)
def cond(pred, true_fn, false_fn):
    """`true_fn()` if `pred` holds, else `false_fn()`.

    In a graph the branches may use other symbolic tensors: then both are computed, and the outputs of one are chosen.

    Raises:
        ValueError: in a graph, the branches give different structures, shapes or dtypes.
    """
    if isinstance(pred, symbolic.KerasTensor):
        return _drawn_cond(pred, true_fn, false_fn)
    if going_on.inferring or pred:
        return true_fn()
    return false_fn()


def _drawn_cond(pred, true_fn, false_fn):
    branches = [true_fn(), false_fn()]
    kinds = [pytree.tree_map(_kind, branch) for branch in branches]
    if kinds[0] != kinds[1]:
        raise ValueError(
            "cond: `true_fn` and `false_fn` must return the same structure, with the same shapes and dtypes. Received: "
            f"{kinds[0]} and {kinds[1]}"
        )
    if symbolic.is_symbolic(branches):
        return pytree.tree_map(partial(_chosen, pred), *branches)
    return symbolic.record(cond, (pred, true_fn, false_fn), {})


def _kind(leaf):
    return (tuple(leaf.shape), str(leaf.dtype).removeprefix("torch.")) if hasattr(leaf, "dtype") else type(leaf)


def _chosen(pred, one, other):
    return one if one is other or one is None else where(pred, one, other)


@op("Switch", tensors=("index", "branches", "operands"))
def switch(index, branches, *operands):
    """`branches[index](*operands)`; an index that is too small or too large means the first or the last one."""
    if symbolic.is_symbolic((index, operands)):
        return symbolic.record(switch, (index, branches, *operands), {})
    chosen = branches[0 if going_on.inferring else min(max(int(index), 0), len(branches) - 1)]
    return _without_strangers("switch", chosen(*operands))


# ---------------------------------------------------------------- loops


@op("WhileLoop", tensors=("loop_vars",))
def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """`loop_vars = body(*loop_vars)` as long as `cond(*loop_vars)` holds.

    Args:
        loop_vars: a tensor, or a list or tuple of tensors or structures of them; a list comes back as a tuple. Their shapes and
            dtypes stay.
        maximum_iterations: ends the loop after this many turns.
    """
    if symbolic.is_symbolic((loop_vars,)):
        return symbolic.record(while_loop, (cond, body, loop_vars, maximum_iterations), {})
    several = isinstance(loop_vars, (list, tuple))
    values = pytree.tree_map(to_tensor, tuple(loop_vars) if several else (loop_vars,))
    turns = 0
    while (going_on.inferring and not turns) or (cond(*values) and (maximum_iterations is None or turns < maximum_iterations)):
        values = body(*values)
        values = tuple(values) if isinstance(values, (list, tuple)) else (values,)
        turns += 1
        if going_on.inferring:  # one turn shows what comes out; who knows whether the loop ends on zeros
            break
    return _without_strangers("while_loop", values if several else values[0])


@op("ForiLoop", tensors=("init_val",))
def fori_loop(lower, upper, body_fun, init_val):
    """`value = body_fun(i, value)` for each i from `lower` to `upper - 1`, from `init_val` on, whose shape and dtype stay."""
    if symbolic.is_symbolic((lower, upper, init_val)):
        return symbolic.record(fori_loop, (lower, upper, body_fun, init_val), {})
    value = init_val
    for turn in range(lower, upper):
        value = body_fun(turn, value)
        if going_on.inferring:
            break
    return _without_strangers("fori_loop", value)


@op("Map", tensors=2)
def map(f, xs):
    """`f` of each part of `xs` along the first axis, stacked. `xs`, and what `f` returns, may be structures of tensors."""
    if symbolic.is_symbolic((xs,)):
        return symbolic.record(map, (f, xs), {})
    return _rolled("map", lambda carry, x: (carry, f(x)), (), xs)[1]


@op("VectorizedMap", tensors=("elements",))
def vectorized_map(function, elements):
    """As `map`, for all parts at once; one after the other where `function` does something that cannot be done so."""
    if symbolic.is_symbolic((elements,)):
        return symbolic.record(vectorized_map, (function, elements), {})
    elements = pytree.tree_map(to_tensor, elements)
    try:
        result = torch.vmap(function, randomness="different")(elements)
    except (RuntimeError, ValueError):  # it reads a value, or returns what is no tensor
        result = map(function, elements)
    return _without_strangers("vectorized_map", result)


@op("Scan", tensors=3)
def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """`carry, y = f(carry, x)` for each part x of `xs` along the first axis: the last carry, and all y stacked.

    Args:
        f: called with the carry so far, from `init` on, and a part of `xs` (None without `xs`).
        init, xs: tensors, or structures of them. A y that is None stays None.
        length: the number of turns; needed without `xs`.
        reverse: from the last part to the first. The y stand where their x stand.
        unroll: has no effect here.

    Raises:
        TypeError: `f` cannot be called.
        ValueError: neither `xs` nor `length`, a `length` that `xs` does not have, or an `unroll` below 1.
    """
    if not callable(f):
        raise TypeError(f"scan: `f` must be a function of the carry and a part of `xs`. Received: f={f!r}")
    if not isinstance(unroll, bool) and (not isinstance(unroll, int) or unroll < 1):
        raise ValueError(f"scan: `unroll` must be a positive integer or a boolean. Received: unroll={unroll!r}")
    if xs is None and length is None:
        raise ValueError("scan: the number of turns is not known. Pass `xs`, or `length`.")
    if symbolic.is_symbolic((init, xs)):
        return symbolic.record(scan, (f, init, xs, length, reverse, unroll), {})
    return _rolled("scan", f, init, xs, length, reverse)


def _rolled(name, f, init, xs, length=None, reverse=False):
    parts, form = ([], None) if xs is None else pytree.tree_flatten(xs)
    parts = [to_tensor(part) for part in parts]
    turns = _turns(name, parts, length)
    carry, ys = pytree.tree_map(to_tensor, init), []
    if turns == 0:  # a turn on zeros says what there is nothing of
        parts = [part.new_zeros(1, *part.shape[1:]) for part in parts]
    steps = [*zip(*(part.unbind() for part in parts), strict=True)] if parts else [()] * max(turns, 1)
    steps = steps[: max(turns, 1)]
    for step in reversed(steps) if reverse else steps:
        following, y = f(carry, pytree.tree_unflatten(step, form) if parts else None)
        carry = following if turns else carry
        ys.append(y)
    ys = pytree.tree_map(lambda *each: _stacked(each, turns), *(reversed(ys) if reverse else ys))
    return _without_strangers(name, (carry, ys))


def _turns(name, parts, length) -> int:
    if not parts:
        return int(length)
    sizes = {part.shape[0] if part.ndim else None for part in parts}
    if len(sizes) > 1 or None in sizes or (length is not None and length > min(sizes)):
        raise ValueError(
            f"{name}: all tensors in `xs` must have a first axis of the same size, and of `length` at least. Received: "
            f"{[tuple(part.shape) for part in parts]} and length={length}"
        )
    return sizes.pop() if length is None else int(length)


def _stacked(each, turns):
    if each[0] is None:
        return None
    each = [y if isinstance(y, (Tensor, symbolic.KerasTensor)) else to_tensor(y) for y in each]
    return torch.stack(each) if turns else each[0].new_zeros(0, *each[0].shape)


# ---------------------------------------------------------------- in parallel


@op("AssociativeScan", tensors=2)
def associative_scan(f, elems, reverse=False, axis=0):
    """x0, f(x0, x1), f(f(x0, x1), x2), ... along `axis`, in about 2 log2(n) calls of `f`.

    Args:
        f: an associative function of two parts of `elems`, along the whole axis at once: `f(a, f(b, c)) == f(f(a, b), c)`.
        elems: a tensor, or a structure of tensors whose sizes along `axis` are equal; so is the result.
        reverse: from the end of the axis to its beginning.

    Source: Blelloch, Prefix Sums and Their Applications (1990).

    Raises:
        TypeError: `f` cannot be called.
        ValueError: the sizes along `axis` differ.
    """
    if not callable(f):
        raise TypeError(f"associative_scan: `f` must be a function of two parts of `elems`. Received: f={f!r}")
    leaves, form = pytree.tree_flatten(elems)
    if not all(isinstance(leaf, (Tensor, symbolic.KerasTensor)) for leaf in leaves):
        leaves = [leaf if isinstance(leaf, symbolic.KerasTensor) else to_tensor(leaf) for leaf in leaves]
    if len({leaf.shape[axis] for leaf in leaves}) != 1:
        raise ValueError(
            f"associative_scan: all tensors in `elems` must have the same size along axis {axis}. Received shapes: "
            f"{[tuple(leaf.shape) for leaf in leaves]}"
        )
    if symbolic.is_symbolic(leaves):
        return symbolic.record(associative_scan, (f, elems, reverse, axis), {})

    def join(some, others):
        return pytree.tree_leaves(f(pytree.tree_unflatten(some, form), pytree.tree_unflatten(others, form)))

    if reverse:
        leaves = [leaf.flip(axis) for leaf in leaves]
    joined = _prefixes(join, leaves, axis)
    joined = pytree.tree_unflatten([leaf.flip(axis) for leaf in joined] if reverse else joined, form)
    return _without_strangers("associative_scan", joined)


def _prefixes(join, leaves, axis):
    """What comes of joining the first k places, for each k: of pairs first, which settles every second place."""
    size = leaves[0].shape[axis]
    if size < 2:
        return leaves
    second = _prefixes(join, join(_places(leaves, axis, 0, size - 1, 2), _places(leaves, axis, 1, size, 2)), axis)
    first = _places(leaves, axis, 0, 1)
    if size > 2:
        rest = join(_places(second, axis, 0, (size - 1) // 2), _places(leaves, axis, 2, size, 2))
        first = [torch.cat(both, axis) for both in zip(first, rest, strict=True)]
    return [_alternating(*both, axis % both[0].ndim) for both in zip(first, second, strict=True)]


def _places(leaves, axis, *start_stop_step):
    indices = [[slice(None)] * leaf.ndim for leaf in leaves]
    for index in indices:
        index[axis] = slice(*start_stop_step)
    return [leaf[tuple(index)] for leaf, index in zip(leaves, indices, strict=True)]


def _alternating(first, second, axis):
    """first[0], second[0], first[1], ...; `first` may be longer by one."""
    size = second.shape[axis]
    both = torch.stack((first.narrow(axis, 0, size), second), axis + 1).flatten(axis, axis + 1)
    return both if first.shape[axis] == size else torch.cat((both, first.narrow(axis, size, 1)), axis)
