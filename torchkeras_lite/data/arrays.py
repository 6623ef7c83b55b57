"""Data that lies in memory: turned into tensors once, put on the device once, handed out by index."""

from __future__ import annotations

import collections
import contextlib
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import config
from torchkeras_lite.data.rows import Rows, SparseRows, is_rows
from torchkeras_lite.sparse import Sparse, kind
from torchkeras_lite.texts import Texts, is_texts
from torchkeras_lite.variable import Variable

_GATHERED_BYTES = 256 * 1024  # rows gathered at once: what the second-level cache of a CPU holds
_AS_THEY_ARE = frozenset(map(np.dtype, ("float32", "int64", "int32", "uint8", "bool")))  # dtypes that stay in a tensor
_FREE_SHARE = 0.5  # of a GPU's free memory that data may take to lie there during a fit


def is_array(value) -> bool:
    """Whether `value` is one array of rows: a tensor, a numpy array, a data frame or column, or a list of numbers."""
    if isinstance(value, (torch.Tensor, np.ndarray, Variable, Rows)) or hasattr(value, "to_numpy") or is_rows(value):
        return True
    if isinstance(value, (list, tuple)):
        return len(value) > 0 and _all_numbers(value)
    if hasattr(value, "__array__") and not callable(getattr(value, "__iter__", None)):
        return True
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes, Texts)) or not len(value):
        return False
    first = value[0]  # of a range, a deque, or a column of a data set
    return is_array(first) or _all_numbers(first)


def _all_numbers(value) -> bool:
    while isinstance(value, (list, tuple)):
        if not value:
            return True
        value = value[0]
    return isinstance(value, (int, float, np.generic)) and not isinstance(value, str)


def is_arrays(value) -> bool:
    """Whether `value` is an array, or lists, tuples and dicts of arrays."""
    if is_array(value):
        return True
    if not isinstance(value, (dict, list, tuple)):
        return False
    # None stands for an input that may be left out.
    items = [item for item in (value.values() if isinstance(value, dict) else value) if item is not None]
    return (bool(items) or (isinstance(value, dict) and not value)) and all(map(is_arrays, items))


def to_tensors(data, what: str):
    """`data` with each array in it as a tensor on the host (no copy where none is needed); float64 becomes `floatx()`."""
    if type(data) is np.ndarray and data.dtype in _AS_THEY_ARE:  # what most batches are, in each step
        flags = data.flags
        if flags.c_contiguous and flags.writeable and data.ndim:
            return torch.from_numpy(data)
    if data is None:
        return None
    if is_array(data):
        return to_tensor(data, what)
    if isinstance(data, dict):
        return {key: to_tensors(value, f"{what}[{key!r}]") for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        parts = [to_tensors(value, f"{what}[{i}]") for i, value in enumerate(data)]
        return type(data)(*parts) if hasattr(data, "_fields") else type(data)(parts)
    raise ValueError(
        f"Unrecognized data type for `{what}`: {type(data)}. Expected a numpy array, a torch tensor, a data frame, a list of "
        "numbers, or a list or dict of those."
    )


def with_texts(data):
    """`data` with strings in arrays and lists as Texts, which batches can hold beside tensors."""
    if isinstance(data, dict):
        return {key: with_texts(value) for key, value in data.items()}
    if hasattr(data, "to_numpy"):
        array = data.to_numpy()
        return Texts(array) if is_texts(array) else data
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes, list, tuple)) and len(data) and is_texts(data[0]):
        data = list(data)
    if is_texts(data) and not isinstance(data, (str, bytes)):
        with contextlib.suppress(ValueError):  # a list of inputs of unequal shapes
            return Texts(data)
    return type(data)(map(with_texts, data)) if isinstance(data, (list, tuple)) and not is_array(data) else data


def to_tensor(value, what: str = "data") -> torch.Tensor:
    """One array as a tensor. Texts stay: who takes strings has made them of them (`with_texts`)."""
    if isinstance(value, (Texts, Rows)):
        return value
    if isinstance(value, Sparse):
        double = value.values.dtype is torch.float64 and config.floatx() != "float64"
        return (value.to(config.torch_dtype(None)) if double else value).detach()
    if is_rows(value):
        if hasattr(value, "tocsr") and kind() is not None:
            return SparseRows(value.tocsr(), _tensor_of_rows)
        return Rows(value.tocsr() if hasattr(value, "tocsr") else value, _tensor_of_rows)
    if isinstance(value, Variable):
        value = value.value.detach()
    if not isinstance(value, torch.Tensor):
        if hasattr(value, "to_numpy"):
            value = value.to_numpy()
        elif isinstance(value, Sequence) and not isinstance(value, (list, tuple)):
            value = _listed(value)
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise ValueError(
                f"`{what}` is a list whose rows have different lengths, which is no array. The usual fix: pad them to one "
                "length."
            ) from error
        if array.dtype == object:
            try:
                array = array.astype(np.float64)
            except (TypeError, ValueError) as error:
                fix = "pad sequences to one length, or convert with `.astype('float32')`"
                if isinstance(array.flat[0], str):
                    fix = "turn texts or categories into integers first (a column of pandas: `.astype('category').cat.codes`)"
                raise ValueError(
                    f"`{what}` is an array of Python objects (dtype=object), for instance {array.flat[0]!r}, which are no "
                    f"numbers. The usual fix: {fix}."
                ) from error
        if array.dtype.kind in "USM":
            raise ValueError(
                f"`{what}` has dtype {array.dtype}, for instance {array.flat[0]!r}: not numbers. The usual fix: turn texts or "
                "categories into integers first."
            )
        if array.dtype.kind == "u" and array.dtype.itemsize > 1:  # for which torch has next to no kernels
            array = array.astype(np.int32 if array.dtype.itemsize == 2 else np.int64)
        if array.dtype == np.float64 and config.floatx() != "bfloat16":  # which numpy does not know
            array = array.astype(config.floatx())
        if any(stride < 0 for stride in array.strides) or not array.dtype.isnative:
            array = array.astype(array.dtype.newbyteorder("="), order="C")
        array = np.ascontiguousarray(array) if array.ndim else array.reshape(())
        if array.flags.writeable:
            value = torch.from_numpy(array)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a read-only array is only ever read here
                value = torch.from_numpy(array)
    if value.dtype is torch.float64 and config.floatx() != "float64":
        value = value.to(config.torch_dtype(None))
    return value.detach() if value.requires_grad else value


def _listed(sequence):
    """All that is in it, in what numpy takes."""
    values = sequence[:] if not isinstance(sequence, collections.deque) else list(sequence)
    if isinstance(values, torch.Tensor):
        return values.numpy(force=True)
    return [np.asarray(value) for value in values] if isinstance(values, list) and hasattr(values[0], "__array__") else values


def _tensor_of_rows(array) -> torch.Tensor:
    return to_tensor(np.array(array))  # a copy of its own: what lies in a file may not be written to


def with_ones(weights, count: int):
    """Sample weights with ones in the places where a list of them has None."""
    if isinstance(weights, (list, tuple)) and any(one is None for one in weights):
        ones = torch.ones(count, dtype=config.torch_dtype(None))
        return type(weights)(ones if one is None else one for one in weights)
    return weights


def rows(data) -> int:
    """The number of rows of the first tensor in `data`."""
    return next(leaf for leaf in pytree.tree_leaves(data) if leaf is not None).shape[0]


def in_rows(part) -> bool:
    """Whether the arrays in it have one number of rows. Those of a graph (its nodes, its edges) have not."""
    return len({leaf.shape[:1] for leaf in pytree.tree_leaves(part) if hasattr(leaf, "shape")}) <= 1


def check_rows(**parts) -> int:
    """The number of rows, equal in all parts and not zero. Raises ValueError that shows the sizes otherwise."""
    sizes = {}
    for name, part in parts.items():
        leaves = [leaf for leaf in pytree.tree_leaves(part) if leaf is not None]
        for leaf in leaves:
            if leaf.ndim == 0:
                raise ValueError(f"`{name}` is a single number. Expected an array with one row for each sample.")
        if leaves:
            sizes[name] = [leaf.shape[0] for leaf in leaves]
    found = {size for values in sizes.values() for size in values}
    shown = "\n".join(f"'{name}' sizes: {', '.join(map(str, values))}" for name, values in sizes.items())
    if len(found) > 1:
        piecewise = [name for name, values in sizes.items() if len(values) > 1 and len({*values}) == 1]
        if piecewise:
            shown += f"\n(A list of arrays is several inputs or outputs. If its entries are rows: `np.stack({piecewise[0]})`.)"
        raise ValueError(
            f"Data cardinality is ambiguous. Make sure all arrays contain the same number of samples.\n{shown}"
        )
    count = found.pop() if found else 0
    if count == 0:
        raise ValueError(f"There is no data: expected at least one sample. Received:\n{shown or 'nothing'}")
    return count


class Arrays:
    """Batches of (x,), (x, y) or (x, y, weights) out of tensors.

    Args:
        parts: the tuple of those, each a tensor or a structure of tensors.
        batch_size: rows of a batch; the last batch of an epoch may have fewer.
        shuffle: a new order each epoch (True), new order of whole batches (`"batch"`), or none.
        device: where batches are wanted.
    """

    def __init__(self, parts: tuple, batch_size: int, shuffle, device: torch.device):
        parts = _dense(parts)
        self.rows = rows(parts)
        self.batch_size, self.shuffle, self.device = batch_size, shuffle, device
        self.steps = -(-self.rows // batch_size)
        self.resident = _fits(parts, device)
        self.parts = mapped(lambda t: t.to(device, non_blocking=True), parts) if self.resident else parts
        leaves, self._spec = pytree.tree_flatten(self.parts)
        self._leaves = [leaf for leaf in leaves if leaf is not None]
        self._absent = [place for place, leaf in enumerate(leaves) if leaf is None]
        self._flat = all(isinstance(part, (torch.Tensor, Rows)) for part in self.parts)

    def first(self, keep: bool = False):
        """The first batch, for building from. It is there already, so there is nothing to keep."""
        batch = mapped(lambda t: t[: self.batch_size], self.parts)
        return batch if self.resident else mapped(lambda t: t.to(self.device), batch)

    def __iter__(self):
        if not self.shuffle:
            batches = zip(*(leaf.split(self.batch_size) for leaf in self._leaves), strict=True)
        else:
            batches = self._shuffled()
        if not self.resident:
            batches = self._moved(batches)
        if self._flat:
            return map(tuple, batches)
        return (pytree.tree_unflatten(self._whole(batch), self._spec) for batch in batches)

    def _whole(self, batch) -> list:
        leaves = list(batch)
        for place in self._absent:
            leaves.insert(place, None)
        return leaves

    def _shuffled(self):
        """Batches in a new order. Small rows are gathered for several batches at once, as long as they stay in the cache."""
        leaves, size = self._leaves, self.batch_size
        if self.shuffle == "batch":
            for i in torch.randperm(self.steps).tolist():
                yield [leaf[i * size : (i + 1) * size] for leaf in leaves]
            return
        row_bytes = sum(leaf[:1].numel() * leaf.element_size() for leaf in leaves)
        at_once = size * max(1, _GATHERED_BYTES // max(1, size * row_bytes))
        device = next((leaf.device for leaf in leaves if isinstance(leaf, torch.Tensor)), leaves[0].device)
        for rows in torch.randperm(self.rows, device=device).split(at_once):
            gathered = [leaf.index_select(0, rows).split(size) for leaf in leaves]
            yield from zip(*gathered, strict=True)

    def _moved(self, batches):
        """Batches go over pinned memory, each copy under way while the batch before is being worked on."""
        if self.device.type != "cuda":
            yield from ([leaf.to(self.device) for leaf in batch] for batch in batches)
            return
        ahead = None
        for batch in batches:
            moving = [leaf.pin_memory().to(self.device, non_blocking=True) for leaf in batch]
            if ahead is not None:
                yield ahead
            ahead = moving
        yield ahead


def mapped(function, parts):
    """`parts` with `function` applied to each tensor in it."""
    return pytree.tree_map(lambda leaf: None if leaf is None else function(leaf), parts)


def _dense(parts):
    """The same without sparse tensors, out of which no rows can be cut."""
    for part in parts:
        if type(part) is not torch.Tensor or part.layout is not torch.strided:
            return mapped(lambda t: t.to_dense() if isinstance(t, torch.Tensor) and t.layout is not torch.strided else t, parts)
    return parts


def _fits(parts, device) -> bool:
    """Whether all the data may lie on the device."""
    if any(isinstance(leaf, Rows) for leaf in pytree.tree_leaves(parts)):
        return False
    if device.type != "cuda":
        return True
    leaves = [leaf for leaf in pytree.tree_leaves(parts) if leaf is not None and leaf.device != device]
    wanted = sum(leaf.numel() * leaf.element_size() for leaf in leaves)
    return wanted <= _FREE_SHARE * torch.cuda.mem_get_info(device)[0]


def split(parts: tuple, share: float):
    """The first rows for training and the last `share` of them for validation, as Keras cuts: before any shuffling."""
    parts = _dense(parts)
    count = rows(parts)
    cut = int(count * (1.0 - share))
    if not 0 < share < 1 or cut == 0 or cut == count:
        raise ValueError(
            f"`validation_split` must leave rows on both sides. Received: validation_split={share} for {count} rows "
            f"(training: {max(min(cut, count), 0)})."
        )
    return mapped(lambda t: t[:cut], parts), mapped(lambda t: t[cut:], parts)


def class_weights(weights: dict, y):
    """A weight for each row of `y` (integers, or one-hot rows) out of `{class: weight}`; classes left out weigh 1.

    Of several outputs: `{name: {class: weight}}`, by the names of the outputs or, where `y` is a dict, of the targets; gives
    a dict of weights for the outputs in it.

    Raises:
        ValueError: it is no dict, or there are several outputs and it does not say for which.
    """
    if not isinstance(weights, Mapping):
        fix = "dict(enumerate(class_weight))" if np.ndim(weights) == 1 else "{0: 1.0, 1: 2.0}"
        raise ValueError(f"`class_weight` is a dict {{class: weight}}. Received: {weights!r}. The usual fix: `{fix}`.")
    if any(isinstance(one, Mapping) for one in weights.values()):
        if not isinstance(y, dict):
            raise ValueError(
                "`class_weight` by the names of outputs needs targets by these names. The usual fix: "
                f"`y={{{', '.join(f'{name!r}: ...' for name in weights)}}}`."
            )
        unknown = [name for name in weights if name not in y]
        if unknown:
            raise ValueError(f"`class_weight` names {unknown[0]!r}, and the targets are {sorted(y)}.")
        return {name: class_weights(one, y[name]) for name, one in weights.items() if one is not None}
    if isinstance(y, Rows):
        y = y.to(y.device)
    if not isinstance(y, torch.Tensor):
        raise ValueError(
            "`class_weight` as {class: weight} is only supported for models with a single output. The usual fix: "
            "{output name: {class: weight}}, or `sample_weight`."
        )
    labels = y.long() if y.ndim == 1 else y.argmax(-1) if y.shape[-1] > 1 else y[..., 0].long()
    dtype = config.torch_dtype(None)
    if not weights:
        return torch.ones(labels.shape, dtype=dtype, device=y.device)
    # Looked up among the sorted labels that have a weight: labels may be negative, or large.
    try:
        given = sorted((int(label), float(weight)) for label, weight in weights.items())
    except (TypeError, ValueError) as error:
        raise ValueError(f"`class_weight` is a dict of numbers: {{class: weight}}. Received: {weights!r}") from error
    keys = torch.tensor([label for label, _ in given], device=y.device)
    values = torch.tensor([weight for _, weight in given], dtype=dtype, device=y.device)
    places = torch.searchsorted(keys, labels).clamp_(max=len(given) - 1)
    return torch.where(keys[places] == labels, values[places], torch.ones((), dtype=dtype, device=y.device))


def with_class_weights(parts: tuple, weights: dict) -> tuple:
    """(x, y) or (x, y, sample weights) with the weights that belong to the classes in `y`, multiplied where there are both."""
    found = class_weights(weights, parts[1])
    if len(parts) == 2:
        return (*parts, found)
    given = parts[2]
    if not isinstance(found, dict):
        return (*parts[:2], _times(found, given))
    if not isinstance(given, dict):
        raise ValueError("`class_weight` by output wants `sample_weight` by output too: a dict of the same names.")
    both = {name: _times(found[name], given[name]) for name in found if name in given}
    return (*parts[:2], {**given, **found, **both})


def _times(found, given):
    """Weights by class, one for each label of a row, times the weights of the rows."""
    return found * given.reshape(tuple(given.shape) + (1,) * max(found.ndim - given.ndim, 0))
