"""Control flow and scopes: `tf.cond`, `tf.while_loop`, `tf.map_fn`, `tf.TensorArray`, `tf.device` and their kin.

Everything runs at once, as Python; of graphs there is nothing to say.
"""

from __future__ import annotations

import contextlib
import sys

import torch

from torchkeras_lite import config, ops, tree

from ._creation import given
from ._tensors import torch_dtype
from .ragged import RaggedTensor, RaggedTensorSpec

__all__ = [
    "TensorArray",
    "case",
    "cond",
    "control_dependencies",
    "device",
    "executing_eagerly",
    "foldl",
    "group",
    "init_scope",
    "inside_function",
    "map_fn",
    "name_scope",
    "no_op",
    "print",
    "scan",
    "switch_case",
    "vectorized_map",
    "while_loop",
]  # fmt: skip

# ---------------------------------------------------------------- branches


def cond(pred, true_fn=None, false_fn=None, name=None):
    """`true_fn()` if `pred` holds, else `false_fn()`."""
    return ops.cond(given(pred), true_fn, false_fn)


def case(pred_fn_pairs, default=None, exclusive=False, strict=False, name="case"):
    """The function beside the first condition that holds, called; else `default`."""
    pairs = pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs
    holding = [function for condition, function in pairs if bool(given(condition))]
    if exclusive and len(holding) > 1:
        raise ValueError(f"tf.case: {len(holding)} conditions hold, and `exclusive=True` allows one.")
    chosen = holding[0] if holding else default
    if chosen is None:
        raise ValueError("tf.case: no condition holds, and there is no `default`.")
    return chosen()


def switch_case(branch_index, branch_fns, default=None, name="switch_case"):
    """The function of this number, called; else `default`, or the last one."""
    pairs = branch_fns.items() if isinstance(branch_fns, dict) else branch_fns
    pairs = list(enumerate(pairs) if all(map(callable, pairs)) else pairs)
    functions = dict(pairs)
    return functions.get(int(branch_index), default or functions[max(functions)])()


# ---------------------------------------------------------------- loops


def while_loop(cond, body, loop_vars, shape_invariants=None, parallel_iterations=10, back_prop=True, swap_memory=False,
               maximum_iterations=None, name=None):  # fmt: skip
    """`loop_vars = body(*loop_vars)` as long as `cond(*loop_vars)` holds."""
    values = [one if isinstance(one, TensorArray) else tree.map_structure(given, one) for one in loop_vars]
    turns = 0
    while bool(cond(*values)) and (maximum_iterations is None or turns < int(maximum_iterations)):
        values = body(*values)
        values = list(values) if isinstance(values, (list, tuple)) else [values]
        turns += 1
    return tuple(values) if isinstance(loop_vars, tuple) else values


def map_fn(fn, elems, dtype=None, parallel_iterations=None, back_prop=True, swap_memory=False, infer_shape=True, name=None,
           fn_output_signature=None):  # fmt: skip
    """`fn` of each part along the first axis, stacked."""
    flat = [one if isinstance(one, RaggedTensor) else given(one) for one in tree.flatten(elems)]
    made = [fn(tree.pack_sequence_as(elems, [one[i] for one in flat])) for i in range(len(flat[0]))]
    wanted = fn_output_signature if fn_output_signature is not None else dtype
    if wanted is None:
        return tree.map_structure(lambda *parts: _put_together(parts, None), *made)
    # A dtype is for one output, and structures are of the form of the output.
    return tree.map_structure(lambda one, *parts: _put_together(parts, one), wanted, *made)


def _put_together(parts, wanted):
    """The outputs for the parts as one tensor of the dtype that is wanted: rows of unequal length where such are wanted."""
    parts = [given(one) for one in parts]
    dtype = None if wanted is None else torch_dtype(getattr(wanted, "dtype", wanted))
    if isinstance(wanted, RaggedTensorSpec):
        return RaggedTensor(one.to(dtype) for one in parts)
    stacked = torch.stack(parts)
    return stacked if dtype is None else stacked.to(dtype)


def vectorized_map(fn, elems, fallback_to_while_loop=True, warn=True):
    return ops.vectorized_map(fn, tree.map_structure(given, elems))


def foldl(fn, elems, initializer=None, *args, name=None, **settings):
    """`fn(so far, part)` over the parts along the first axis."""
    parts = list(given(elems))
    found = parts.pop(0) if initializer is None else given(initializer)
    for part in parts:
        found = fn(found, part)
    return found


def scan(fn, elems, initializer=None, *args, reverse=False, name=None, **settings):
    """As `foldl`: all that was found on the way, stacked."""
    flat = [given(one) for one in tree.flatten(elems)]
    parts = [tree.pack_sequence_as(elems, [one[i] for one in flat]) for i in range(flat[0].shape[0])]
    parts = parts[::-1] if reverse else parts
    found, made = (parts.pop(0), None) if initializer is None else (tree.map_structure(given, initializer), [])
    made = [found] if made is None else made
    for part in parts:
        found = fn(found, part)
        made.append(found)
    return tree.map_structure(lambda *each: torch.stack(each[::-1] if reverse else each), *made)


class TensorArray:
    """A list of tensors. Each `write` gives the array to go on with."""

    def __init__(self, dtype=None, size=None, dynamic_size=None, clear_after_read=None, tensor_array_name=None, handle=None,
                 flow=None, infer_shape=True, element_shape=None, colocate_with_first_write_call=True, name=None):  # fmt: skip
        self.dtype, self.dynamic_size, self.element_shape = dtype, bool(dynamic_size), element_shape
        self._parts = [None] * (0 if size is None else int(size))

    def write(self, index, value, name=None):
        """The array with another tensor at `index`; IndexError beyond the end, unless it is of `dynamic_size`."""
        index = int(index)
        if index >= len(self._parts):
            if not self.dynamic_size:
                raise IndexError(f"Tried to write to index {index} but array is not resizeable and size is {len(self._parts)}")
            self._parts.extend([None] * (index + 1 - len(self._parts)))
        self._parts[index] = given(value, self.dtype) if self.dtype not in ("string", None) else given(value)
        return self

    def read(self, index, name=None):
        found = self._parts[int(index)]
        return self._empty() if found is None else found

    def _empty(self):
        """Zeros of the shape that the others have, as in TensorFlow, for what was never written."""
        like = next((part for part in self._parts if part is not None), None)
        if like is None:
            raise ValueError("Nothing was written to this TensorArray.")
        return torch.zeros_like(like)

    def stack(self, name=None):
        return torch.stack([self._empty() if part is None else part for part in self._parts])

    def concat(self, name=None):
        return torch.cat([self._empty() if part is None else part for part in self._parts])

    def unstack(self, value, name=None):
        self._parts = list(given(value))
        return self

    def gather(self, indices, name=None):
        return torch.stack([self.read(i) for i in given(indices).tolist()])

    def size(self, name=None):
        return torch.tensor(len(self._parts), dtype=torch.int32)

    def identity(self):
        return self

    def mark_used(self):
        pass


# ---------------------------------------------------------------- scopes


class name_scope:
    """A scope for names: `with tf.name_scope("block") as scope`. It changes nothing but what `scope` is."""

    def __init__(self, name):
        self.name = name

    def __enter__(self) -> str:
        return f"{self.name}/"

    def __exit__(self, *exc):
        pass


def device(device_name):
    """Inside, new tensors and weights lie on this device: `with tf.device("/GPU:0")`. None changes nothing.

    As TensorFlow's soft placement has it, a GPU that is not there is the device in use.
    """
    if device_name is None:
        return contextlib.nullcontext()
    name = str(device_name).lower()
    for part in name.split("/"):  # "/job:localhost/replica:0/task:0/device:GPU:0"
        kind = part.removeprefix("device:").partition(":")[0]
        if kind in ("cpu", "gpu", "cuda", "mps"):
            name = part
    kind = name.removeprefix("device:").partition(":")[0]
    if (kind in ("gpu", "cuda") and not torch.cuda.is_available()) or (kind == "mps" and not torch.backends.mps.is_available()):
        return contextlib.nullcontext()
    return config.device(name)


def init_scope():
    return contextlib.nullcontext()


def control_dependencies(control_inputs):
    """Nothing waits: things happen in the order in which they stand."""
    return contextlib.nullcontext()


def group(*inputs, name=None) -> None:
    """Nothing is left to do: the inputs have happened."""


def no_op(name=None) -> None:
    pass


def executing_eagerly() -> bool:
    return True


def inside_function() -> bool:
    return False


def print(*inputs, output_stream=None, summarize=3, sep=" ", end="\n", name=None):
    """Values as text, to the error stream as in TensorFlow: tensors without their dtype and device."""
    stream = {None: sys.stderr, "sys.stderr": sys.stderr, "sys.stdout": sys.stdout}.get(output_stream, output_stream)
    text = sep.join(str(tree.map_structure(_shown, one)) for one in inputs) + end
    if isinstance(stream, str):
        with open(stream.removeprefix("file://"), "a", encoding="utf-8") as file:
            file.write(text)
    elif callable(getattr(stream, "write", None)):
        stream.write(text)
    else:
        stream(text)


def _shown(value):
    if hasattr(value, "detach") or hasattr(value, "raw"):
        array = ops.convert_to_numpy(value)
        return array.item() if array.ndim == 0 else array
    return value
