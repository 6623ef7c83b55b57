"""What enters a model: tensors in the ranks and dtypes that its Inputs say, in the structure in which they were given."""

from __future__ import annotations

import torch

from torchkeras_lite.data.rows import SparseRows
from torchkeras_lite.graph import leaves
from torchkeras_lite.layers.core import InputLayer
from torchkeras_lite.sparse import Sparse
from torchkeras_lite.symbolic import KerasTensor

Tensor = torch.Tensor


class Entry:
    """One Input of a model.

    Args:
        layer: the InputLayer.
        keeps_integers: whether integers stay what they are: those that an Embedding looks up. (Through floats, large ones
            would change.)
        sizes_vary: whether other sizes than the Input's are let through, for the layers to judge.
        ranks_vary: whether other numbers of axes are, too.
        takes_sparse: whether sparse tensors stay what they are; otherwise they are made dense.

    Attributes:
        tail: the sizes behind the batch axis.
        dtype: the torch dtype that the model takes there; None where integers stay.
    """

    def __init__(
        self,
        layer: InputLayer,
        keeps_integers: bool = False,
        sizes_vary: bool = False,
        ranks_vary: bool = False,
        takes_sparse: bool = False,
    ):
        self.layer, self.keeps_integers, self.takes_sparse = layer, keeps_integers, takes_sparse
        self.sizes_vary, self.ranks_vary = sizes_vary, ranks_vary
        self.shape, self.tail = layer.batch_shape, layer.batch_shape[1:]
        self.dtype = None if keeps_integers else layer.torch_input_dtype()

    def standardized(self, x: Tensor, model) -> Tensor:
        """The tensor in the rank and dtype of the Input: (batch,) becomes (batch, 1) where that is what is wanted.

        Raises:
            ValueError: its shape does not fit.
        """
        wanted, given = self.shape, x.shape
        if isinstance(x, (Sparse, SparseRows)):
            if self.takes_sparse:
                if not self.fits(x):
                    raise self.misfit(given, model)
                return x if self.dtype is None else x.to(self.dtype)
            x = x.to_dense()
        if x.shape[1:] != self.tail:
            if len(given) == len(wanted) - 1 and wanted[-1] in (1, None) and len(wanted) > 1:
                x = x.unsqueeze(-1)
            elif len(given) == len(wanted) + 1 and given[-1] == 1:
                x = x.squeeze(-1)
            if not (self.ranks_vary or len(x.shape) == len(wanted)) or not (self.sizes_vary or self.fits(x)):
                raise self.misfit(given, model)
        return x if self.dtype is None or x.dtype is self.dtype else x.to(self.dtype)

    def misfit(self, given, model) -> ValueError:
        """What is wrong with an input of the shape `given`."""
        which = f" input {self.layer.name!r} of" if len(model._entries) > 1 else ""
        return ValueError(
            f"Invalid input shape for{which} model {model.name!r}: expected shape={self.shape}, found "
            f"shape={tuple(given)}." + _shape_hint(tuple(given), self.shape)
        )

    def fits(self, x: Tensor) -> bool:
        """Whether a tensor has the rank and sizes of the Input."""
        return len(x.shape) == len(self.shape) and all(
            b is None or a == b for a, b in zip(x.shape[1:], self.tail, strict=True)
        )


def _shape_hint(shape, wanted) -> str:
    if len(shape) == len(wanted) - 1 and all(b is None or a == b for a, b in zip(shape, wanted[1:], strict=True)):
        return f" The batch axis is missing. The usual fix: `x[None]`, which has shape {(1, *shape)}."
    if len(shape) == len(wanted) == 4 and (shape[0], shape[2], shape[3], shape[1]) == (shape[0], *wanted[1:]):
        return " The channels stand first in the data, and last in the model. The usual fix: `x.transpose(0, 2, 3, 1)`."
    if len(shape) == len(wanted) - 1 and wanted[-1] == 1 and shape[1:] == wanted[1:-1]:
        return " The axis of the channels is missing. The usual fix: `x[..., None]`."
    return " (None stands for the batch axis, which the data must have.)"


def in_order(given, inputs, entries: list[Entry], model) -> list:
    """The tensors in `given`, one for each entry.

    Args:
        given: a tensor, or a list, tuple or dict of tensors (by the keys, or by the names of the Inputs).
        inputs: the KerasTensors in the structure in which the model was made from them.

    Raises:
        ValueError: there are more or fewer than the model has inputs, or a name is missing.
    """
    if isinstance(given, Tensor):
        given = [given]
    elif isinstance(given, dict) and not isinstance(inputs, dict):
        names = [entry.layer.name for entry in entries]
        missing = [name for name in names if name not in given]
        if len(given) == len(names) == 1:
            return list(given.values())
        if missing:
            raise ValueError(_mismatch(given, inputs, model, f" There is no {missing[0]!r} in it."))
        return [given[name] for name in names]
    elif isinstance(given, dict):
        given = _picked(given, inputs, model)
    elif isinstance(inputs, dict) and list(inputs) != sorted(inputs):
        raise ValueError(_mismatch(given, inputs, model, " Pass a dict: its order could be meant in two ways."))
    found = leaves(given)
    if len(found) != len(entries):
        raise ValueError(
            f"Layer {model.name!r} expects {len(entries)} input(s), but it received {len(found)} input tensors."
            + _mismatch(given, inputs, model)
        )
    return found


def _picked(given, inputs, model):
    """Of a dict the entries that the model takes; data sets often have more."""
    if not isinstance(inputs, dict):
        return given
    missing = [key for key in inputs if not isinstance(given, dict) or key not in given]
    if missing:
        raise ValueError(_mismatch(given, inputs, model, f" There is no {missing[0]!r} in it."))
    return {key: _picked(given[key], part, model) if isinstance(part, dict) else given[key] for key, part in inputs.items()}


def _mismatch(given, inputs, model, more="") -> str:
    return (
        f" The structure of `inputs` doesn't match the expected structure of model {model.name!r}. Expected: "
        f"{_outline(inputs)}. Received: {_outline(given)}.{more}"
    ).lstrip(" " if more else "")


def _outline(structure) -> str:
    if isinstance(structure, dict):
        return "{" + ", ".join(f"{key!r}: {_outline(value)}" for key, value in structure.items()) + "}"
    if isinstance(structure, (list, tuple)):
        return "[" + ", ".join(map(_outline, structure)) + "]"
    if isinstance(structure, KerasTensor):
        return f"{structure.name} {structure.shape}"
    return f"tensor {tuple(structure.shape)}" if hasattr(structure, "shape") else repr(structure)
