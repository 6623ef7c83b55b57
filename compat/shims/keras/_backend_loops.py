"""Functions of one step, or of one element, over whole tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import ops
from torchkeras_lite.calls import going_on
from torchkeras_lite.ops.dispatch import to_tensor
from torchkeras_lite.symbolic import KerasTensor

from ._backend_calls import drawn


def map_fn(fn, elems, name=None, dtype=None):
    """`fn` of each part of `elems` along the first axis, stacked. `dtype`: that of the result."""
    made = ops.map(fn, elems)
    if dtype is None:
        return made
    if isinstance(dtype, (list, tuple)):
        return type(made)(map(ops.cast, made, dtype))
    return pytree.tree_map(lambda each: ops.cast(each, dtype), made)


def foldl(fn, elems, initializer=None, name=None):
    """`total = fn(total, x)` for each part x of `elems` in turn, from `initializer` or the first part on."""
    return _folded(fn, elems, initializer, False)


def foldr(fn, elems, initializer=None, name=None):
    """`total = fn(total, x)` for each part x of `elems` from the end, from `initializer` or the last part on."""
    return _folded(fn, elems, initializer, True)


@drawn
def _folded(fn, elems, initializer, from_the_end):
    leaves, form = pytree.tree_flatten(elems)
    parts = [pytree.tree_unflatten(part, form) for part in zip(*(to_tensor(leaf).unbind() for leaf in leaves), strict=True)]
    if from_the_end:
        parts.reverse()
    total = parts.pop(0) if initializer is None else pytree.tree_map(to_tensor, initializer)
    for part in parts:
        total = fn(total, part)
    return total


def rnn(
    step_function,
    inputs,
    initial_states,
    go_backwards=False,
    mask=None,
    constants=None,
    unroll=False,
    input_length=None,
    time_major=False,
    zero_output_for_mask=False,
    return_all_outputs=True,
):
    """(last output, all outputs, last states) of `output, states = step_function(x, states)` over the steps x of `inputs`.

    Args:
        step_function: gets the states, and behind them the `constants`, in one list; returns as many states as there are.
        inputs: (batch, time, ...), or a structure of such tensors.
        initial_states: a list of tensors, maybe empty.
        go_backwards: from the last step to the first; the outputs are in the order in which they were made.
        mask: (batch, time); where it is 0 the states stay, and the output is that of the step before (at first, zeros).
        unroll: has no effect, except that the number of steps has to be known. Nor has `input_length`.
        time_major: the time is the first axis of inputs, mask and outputs.
        zero_output_for_mask: where the mask is 0, the output is zeros.
        return_all_outputs: whether the outputs of all steps are returned, or only the last one, as if it were all.

    Raises:
        ValueError: inputs of fewer than three axes, `unroll` without a known number of steps, or a mask without states.
    """
    for leaf in pytree.tree_leaves(inputs):
        if len(leaf.shape) < 3:
            raise ValueError(f"rnn: inputs must be at least 3D: (batch, time, ...). Received: shape {tuple(leaf.shape)}")
        if unroll and isinstance(leaf, KerasTensor) and leaf.shape[0 if time_major else 1] is None:
            raise ValueError("rnn: unrolling requires a fixed number of timesteps. Give the inputs one, or leave out `unroll`.")
    if mask is not None and not len(initial_states):
        raise ValueError("rnn: a mask needs states that can stay as they are. Pass `initial_states`.")
    if time_major:
        inputs, mask = pytree.tree_map(_turned, inputs), None if mask is None else _turned(mask)
    settings = go_backwards, zero_output_for_mask, return_all_outputs
    last, outputs, states = _rnn(step_function, inputs, list(initial_states), mask, list(constants or ()), *settings)
    return last, pytree.tree_map(_turned, outputs) if time_major else outputs, states


def _turned(x):
    return ops.swapaxes(x, 0, 1)


@drawn
def _rnn(step, inputs, states, mask, constants, backwards, zero_masked, return_all):
    leaves, form = pytree.tree_flatten(inputs)
    columns = [to_tensor(leaf).unbind(1) for leaf in leaves]
    steps = len(columns[0])
    states = [to_tensor(state) for state in states]
    constants = [to_tensor(each) if isinstance(each, np.ndarray) else each for each in constants]
    marks = None if mask is None else to_tensor(mask).bool().unbind(1)
    outputs: list = []
    for time in range(steps - 1, -1, -1) if backwards else range(steps):
        now = pytree.tree_unflatten([column[time] for column in columns], form)
        output, after = step(now, [*states, *constants])
        if marks is not None:
            instead = outputs[-1] if outputs and not zero_masked else pytree.tree_map(torch.zeros_like, output)
            output = pytree.tree_map(lambda new, old, mark=marks[time]: _where(mark, new, old), output, instead)
            after = [_where(marks[time], new, old) for new, old in zip(after, states, strict=False)]
        states = list(after)
        outputs.append(output)
        if going_on.inferring:  # one step shows what comes out
            outputs = outputs * steps
            break
    kept = outputs if return_all else outputs[-1:]
    return outputs[-1], pytree.tree_map(lambda *each: torch.stack(each, 1), *kept), states


def _where(mark, new, old):
    return torch.where(mark.reshape(mark.shape[:1] + (1,) * (new.ndim - 1)), new, old)
