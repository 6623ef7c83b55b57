"""Feeding: from whatever a user passes to batches on the device, and from outputs back to numpy."""

from __future__ import annotations

import operator

import numpy as np
import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import data
from torchkeras_lite.layers.core import positive
from torchkeras_lite.models.targets import check_targets
from torchkeras_lite.modes import all_modules
from torchkeras_lite.shown import worked_out
from torchkeras_lite.variable import Variable


class Feeding:
    """The part of Trainer that deals with data."""

    def _parts(self, x, y, sample_weight) -> tuple:
        """The tuple of what was given, as tensors."""
        x, y = data.to_tensors(x, "x"), data.to_tensors(y, "y")
        if isinstance(y, (list, tuple)) and any(part is None for part in y):
            raise ValueError(
                f"`y[{[part is None for part in y].index(True)}]` is None. The usual fix: a dict of the targets that there "
                "are, by the names of their outputs."
            )
        if sample_weight is not None and y is None:
            raise ValueError("`sample_weight` was given without targets `y`.")
        if sample_weight is not None:
            weights = data.to_tensors(sample_weight, "sample_weight")
            return (x, y, data.with_ones(weights, len(pytree.tree_leaves(x)[0])))
        return (x,) if y is None else (x, y)

    def _batches(self, x, y, sample_weight, batch_size, shuffle, class_weight, steps):
        """Where batches come from. Arrays are checked and converted here, once."""
        if x is None:
            raise ValueError("There is no data: `x` is None. Expected arrays, or an iterable of batches.")
        device, reads = self._device(), self._reader()
        if type(x) is torch.utils.data.TensorDataset and y is None and sample_weight is None:
            x, y, sample_weight = three(x.tensors)
        elif data.is_of_rows(x):
            size = None if batch_size is None else positive(batch_size, "batch_size")
            x, y = data.batches_of(x, y, size, shuffle, self._input_rank()), None
        x = x if reads is None else reads(x)
        if not data.is_arrays(x):
            if isinstance(x, (list, tuple, str)) or not (hasattr(x, "__iter__") or hasattr(x, "__getitem__")):
                data.to_tensors(x, "x")  # raises, and says what is wrong with it
                raise ValueError(f"There is no data for an input that is not optional: x={x!r}.")
            if y is not None or sample_weight is not None:
                raise ValueError(
                    "`y` and `sample_weight` cannot be given beside an iterable of batches: its batches have to hold them, as "
                    f"(x, y) or (x, y, sample_weight). Received: x={type(x).__name__}."
                )
            return data.Iterable(x, steps, device, class_weight, bool(shuffle), reads)
        batch_size = 32 if batch_size is None else positive(batch_size, "batch_size")
        parts = self._parts(x, y, sample_weight)
        count = data.check_rows(**dict(zip(("x", "y", "sample_weight"), parts, strict=False)))
        if class_weight is not None:
            if len(parts) == 1:
                raise ValueError("`class_weight` was given without targets `y`.")
            parts = self._with_class_weights(parts, class_weight)
        return data.Arrays(parts, min(batch_size, count), shuffle, device)

    def _with_class_weights(self, parts, class_weight):
        """Weighted by class; for several outputs by their names, or by their order where the targets have one."""
        names, y = getattr(self, "output_names", None), parts[1]
        if isinstance(y, (list, tuple)) and names and len(names) == len(y):
            if isinstance(class_weight, (list, tuple)) and len(class_weight) == len(y):
                class_weight = {name: one for name, one in zip(names, class_weight, strict=True) if one is not None}
            if isinstance(class_weight, dict) and any(isinstance(one, dict) for one in class_weight.values()):
                named = (dict(zip(names, part, strict=True)) if isinstance(part, (list, tuple)) else part for part in parts[1:])
                parts = (parts[0], *named)
        return data.with_class_weights(parts, class_weight)

    def _takes_texts(self) -> bool:
        """Whether a layer in the model takes strings."""
        for module in all_modules(self):  # noqa: SIM110 - any() would cost a Python call for each module
            if getattr(module, "takes_texts", False):
                return True
        return False

    def _reader(self):
        """What inputs go through before they become tensors (None: nothing). Strings stay, where layers take them."""
        return data.with_texts if self._takes_texts() else None

    def _input_rank(self) -> int | None:
        """How many axes a batch has, of a model with one input that knows its shape."""
        try:
            shape = worked_out(self, "input_shape")
        except (AttributeError, ValueError):
            return None
        return len(shape) if isinstance(shape, tuple) and all(size is None or isinstance(size, int) for size in shape) else None

    def _is_one_batch(self, x, batch_size) -> bool:
        """Whether x is an array that needs no cutting: then most of what follows can be left out."""
        if not _is_numbers(x) or not x.ndim:
            return False
        return 0 < x.shape[0] <= (32 if batch_size is None else positive(batch_size, "batch_size"))

    def _adapted(self, batches, first, training: bool):
        """Arrays once more, now that the model is built and can say what its inputs and targets look like."""
        if not isinstance(batches, data.Arrays):
            return (self._prepared(batch) for batch in ()) if batches is None else Prepared(batches, self._prepared)
        prepared = self._prepared(batches.parts)
        if len(prepared) > 1 and self.compiled:
            check_targets(self, prepared[1], training)
        before, after = pytree.tree_leaves(batches.parts), pytree.tree_leaves(prepared)
        if len(before) == len(after) and all(map(operator.is_, before, after)):
            return batches
        return data.Arrays(prepared, batches.batch_size, batches.shuffle, batches.device)

    def _prepared(self, parts: tuple) -> tuple:
        """A batch, or all the data, with the inputs as the model takes them."""
        if self._has_own_steps():
            return parts  # what such a step hands to the model, and what else it does with the inputs, it alone knows
        x = self._standardized(parts[0])
        return parts if x is parts[0] else (x, *parts[1:])

    def _standardized(self, x):
        """Inputs in the rank and dtype that the model expects. Models that know say so by overriding this."""
        return x

    def _validation(self, given, batch_size, steps):
        # A tuple is (x, y, ...), even where its parts are lists of numbers, which could be an array as a whole.
        parts = isinstance(given, tuple) or (isinstance(given, list) and not data.is_array(given))
        if parts and (1 <= len(given) <= 3 or isinstance(given, tuple)):
            batches = self._batches(*three(given), batch_size, False, None, steps)
        else:
            batches = self._batches(given, None, None, batch_size, False, None, steps)
        return self._adapted(batches, None, training=False)

    def _try_validation(self, first, validation):
        """Validation data of another shape than the training data goes through the model once, before hours of training."""
        if first is None or not isinstance(validation, data.Arrays):
            return
        x = validation.parts[0]
        shapes = [[leaf.shape[1:] for leaf in pytree.tree_leaves(part) if leaf is not None] for part in (first[0], x)]
        if shapes[0] != shapes[1] and self.computes:
            with torch.no_grad():
                self(data.mapped(lambda t: t[:1].to(validation.device), x), training=False)

    def _one_batch(self, x, y, sample_weight, class_weight):
        if not _is_numbers(x) and (reads := self._reader()):  # asking goes through all modules: not in each step
            x = reads(x)
        parts = self._parts(x, y, sample_weight)
        if isinstance(parts[0], torch.Tensor) or data.in_rows(parts[0]):
            data.check_rows(**dict(zip(("x", "y", "sample_weight"), parts, strict=False)))  # a graph's arrays share no rows
        if class_weight is not None and len(parts) > 1:
            parts = self._with_class_weights(parts, class_weight)
        device = self._device()
        return data.mapped(lambda t: t.to(device), parts)


def _is_numbers(x) -> bool:
    """Whether it is one array or tensor of numbers, so that nobody needs to look for strings in it."""
    return isinstance(x, torch.Tensor) or (isinstance(x, np.ndarray) and x.dtype.kind not in "OUS")


def three(parts):
    if not 1 <= len(parts) <= 3:
        raise ValueError(f"Data is expected to be x, (x, y) or (x, y, sample_weight). Received {len(parts)} parts.")
    return (*parts, *[None] * (3 - len(parts)))


def as_given(batch):
    """A batch as a step is given it: x itself, if there is only x, one tensor or a dict of them, and not in a tuple."""
    if type(batch) is data.OnlyX:
        return tuple(batch)
    return batch[0] if len(batch) == 1 and not isinstance(batch[0], (tuple, list)) else batch


def to_numpy(tensor):
    if isinstance(tensor, Variable):  # a layer returns a weight beside what it computes
        tensor = tensor.value.clone()
    if not isinstance(tensor, torch.Tensor):
        return tensor
    tensor = tensor.detach()
    return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).cpu().numpy()


class Prepared:
    """An iterable of batches, each passed through a function."""

    def __init__(self, source, function):
        self.source, self.function, self.steps = source, function, source.steps

    @property
    def ran_out(self) -> bool:
        return self.source.ran_out

    def __iter__(self):
        return map(self.function, self.source)


class Gathered:
    """Outputs of many batches, brought to the host while the next batch is computed, in one array each."""

    def __init__(self, rows: int | None):
        self.rows, self.filled = rows, 0
        self.batches: list = []
        self.targets = self.spec = None

    def add(self, outputs):
        leaves, self.spec = pytree.tree_flatten(outputs)
        count = len(leaves[0])
        if self.rows is None or count == self.rows or any(len(leaf) != count for leaf in leaves):
            self.batches.append([leaf.detach() for leaf in leaves])
            return
        if self.targets is None:
            if self.batches:
                self.batches.append([leaf.detach() for leaf in leaves])
                return
            self.targets = [
                torch.empty((self.rows, *leaf.shape[1:]), dtype=leaf.dtype, pin_memory=leaf.is_cuda) for leaf in leaves
            ]
        for target, leaf in zip(self.targets, leaves, strict=True):
            target[self.filled : self.filled + count].copy_(leaf, non_blocking=True)
        self.filled += count

    def numpy(self):
        if self.targets is not None:
            if self.targets[0].is_pinned():
                torch.cuda.synchronize()
            whole = [target[: self.filled] for target in self.targets]
        elif not self.batches:
            raise ValueError("There is no data: no batch came.")
        else:
            whole = [parts[0] if len(parts) == 1 else torch.cat(parts) for parts in zip(*self.batches, strict=True)]
        return pytree.tree_unflatten([to_numpy(tensor) for tensor in whole], self.spec)
