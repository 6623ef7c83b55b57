"""Tensors of zeros for the most part, given by the places and the values of the others, for layers that look at these.

Torch's own sparse tensors have methods where programs read `x.indices` and `x.values`. Nothing here makes a `Sparse` by itself:
while nobody has a class for them, sparse data is made dense. Who has one says so by `keep_as`, and layers of users get such.
"""

from __future__ import annotations

import numpy as np
import torch

from torchkeras_lite import nested

_kept_as: list = [None]


def keep_as(find_class) -> None:
    """Sparse data, and stand-ins for it, are objects of the class that `find_class()` returns, from now on; None: dense."""
    _kept_as[0] = find_class


def kind() -> type | None:
    """The class, a subclass of Sparse, of sparse data; None where it is made dense."""
    return _kept_as[0] and _kept_as[0]()


_PRODUCTS = frozenset((torch.matmul, torch.mm, torch.Tensor.matmul, torch.Tensor.mm, torch.sparse.mm))


class Sparse:
    """Values, and where each stands. It answers what Arrays and layers ask of a tensor; to torch's functions it is dense.

    Attributes:
        indices: (values, axes), whole numbers.
        values: (values,).
        sizes: of the whole, a tuple.
    """

    indices: torch.Tensor
    values: torch.Tensor
    sizes: tuple

    @classmethod
    def of(cls, indices, values, sizes) -> Sparse:
        """Made of tensors that fit together."""
        raise NotImplementedError

    @classmethod
    def of_rows(cls, matrix) -> Sparse:
        """Made of a sparse matrix of scipy."""
        matrix = matrix.tocoo()
        values = matrix.data.astype(np.float32) if matrix.data.dtype.kind == "f" else matrix.data
        places = np.stack([matrix.row, matrix.col], 1).astype(np.int64)
        return cls.of(torch.from_numpy(places), torch.from_numpy(np.array(values)), matrix.shape).in_order()

    @classmethod
    def stand_in(cls, sizes, make, dtype, device) -> Sparse:
        """One of these sizes, with entries on the diagonal: where nothing is known yet, something has to be there."""
        count = min(sizes) if sizes else 0
        places = torch.arange(count, device=device).unsqueeze(1).expand(count, len(sizes)).contiguous()
        return cls.of(places, make((count,), dtype=dtype, device=device), sizes)

    def in_order(self) -> Sparse:
        """The same, row by row."""
        order = torch.argsort(self._flat(), stable=True)
        return self.of(self.indices[order], self.values[order], self.sizes)

    def _flat(self):
        """The place of each value in the flattened whole."""
        flat = torch.zeros_like(self.indices[:, 0])
        for axis, size in enumerate(self.sizes):
            flat = flat * size + self.indices[:, axis]
        return flat

    def torchs(self) -> torch.Tensor:
        """As torch has it. Gradients flow through the values."""
        return torch.sparse_coo_tensor(self.indices.T, self.values, tuple(self.sizes), check_invariants=True)

    def to_dense(self) -> torch.Tensor:
        """The whole. What stands at one place is added."""
        whole = torch.zeros(self.sizes, dtype=self.values.dtype, device=self.values.device)
        return whole.index_put(tuple(self.indices.T), self.values, accumulate=self.values.dtype is not torch.bool)

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function in _PRODUCTS and len(args) == 2 and not kwargs:
            x, y = args
            if isinstance(x, Sparse) and isinstance(y, torch.Tensor) and len(x.sizes) == y.ndim == 2:
                return torch.sparse.mm(x.torchs(), y)
        return function(*nested.mapped(dense, args), **nested.mapped(dense, kwargs or {}))

    # ------------------------------------------------------------ what is asked of a tensor

    @property
    def ndim(self) -> int:
        return len(self.sizes)

    @property
    def device(self) -> torch.device:
        return self.values.device

    def __len__(self) -> int:
        return self.sizes[0]

    def is_floating_point(self) -> bool:
        return self.values.is_floating_point()

    def numel(self) -> int:
        return self.values.numel() * (1 + len(self.sizes))

    def element_size(self) -> int:
        return self.values.element_size()

    def detach(self) -> Sparse:
        return self.of(self.indices, self.values.detach(), self.sizes)

    def pin_memory(self) -> Sparse:
        return self

    def to(self, where, non_blocking: bool = False) -> Sparse:
        """On a device, or of a dtype."""
        if isinstance(where, torch.dtype):
            return self if self.values.dtype is where else self.of(self.indices, self.values.to(where), self.sizes)
        if self.values.device == torch.device(where) == self.indices.device:
            return self
        moved = (part.to(where, non_blocking=non_blocking) for part in (self.indices, self.values))
        return self.of(*moved, self.sizes)

    def index_select(self, axis: int, rows: torch.Tensor) -> Sparse:
        """The rows of these numbers, each of which is wanted once."""
        place = rows.new_full((self.sizes[0],), -1)
        place[rows] = torch.arange(len(rows), device=rows.device)
        found = place[self.indices[:, 0]]
        kept = found >= 0
        places = torch.cat([found[kept].unsqueeze(1), self.indices[kept, 1:]], 1)
        return self.of(places, self.values[kept], (len(rows), *self.sizes[1:])).in_order()

    def split(self, size: int) -> list:
        """All rows, so many at a time."""
        return [self[start : start + size] for start in range(0, self.sizes[0], size)]

    def __getitem__(self, which):
        if not isinstance(which, slice):
            return self.to_dense()[which]
        start, stop, step = which.indices(self.sizes[0])
        if (start, stop, step) == (0, self.sizes[0], 1):
            return self
        return self.index_select(0, torch.arange(start, stop, step, device=self.indices.device))


def dense(value):
    """The tensor that a Sparse is; anything else as it is."""
    return value.to_dense() if isinstance(value, Sparse) else value


def _operator(name):
    operate = getattr(torch.Tensor, name)
    return lambda self, *others: operate(self.to_dense(), *map(dense, others))


for _name in "add radd sub rsub mul rmul truediv rtruediv pow rmatmul neg abs eq ne lt le gt ge".split():
    setattr(Sparse, f"__{_name}__", _operator(f"__{_name}__"))
Sparse.__matmul__ = lambda self, other: torch.matmul(self, dense(other))
Sparse.__hash__ = object.__hash__
