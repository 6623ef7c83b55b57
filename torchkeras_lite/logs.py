"""Logs: the numbers of a batch or an epoch, brought from the device only when somebody looks."""

from __future__ import annotations

import numpy as np
import torch

_NEAR = {"cpu"}  # where reading a tensor is no transfer
_NUMBER = (float, int, np.number)


class Logs(dict):
    """A dict of name -> float whose values may still lie on a device.

    Making one costs next to nothing and reads nothing. The first look at any value brings all of them over, with one
    transfer for each device, and from then on this is an ordinary dict of floats. Names (`in`, `len`, `list`, `keys`)
    are known without a transfer.

    A value is a number; a tensor with one element; a pair `(total, count)` of these, which means total / count (0 where the
    count is 0); a nested dict, whose entries take its place; or anything else, where tensors become numpy arrays.
    Whoever hands over tensors may not change them in place afterwards.
    """

    # Every way by which CPython reads a dict is overridden: `{**logs}`, `dict(logs)` and `f(**logs)` take the values
    # straight out of the table unless `__iter__` is overridden, so that is here too.
    __slots__ = ("_pending",)

    def __init__(self, values=(), /, **named):
        self._pending = True
        if isinstance(values, Logs):
            values._settle()
            self._pending = values._pending
            values = dict.items(values)  # what has not been brought over stays where it is
        dict.__init__(self, values, **named)
        for value in dict.values(self):
            if isinstance(value, dict):
                flat = list(_flat(dict.items(self)))
                dict.clear(self)
                dict.update(self, flat)
                break

    def in_order(self) -> Logs:
        """These logs with their names in alphabetical order, the order Keras shows; itself where that is so already."""
        names = list(dict.keys(self))
        ordered = sorted(names)
        if names == ordered:
            return self
        self._settle()
        other = Logs((name, dict.__getitem__(self, name)) for name in ordered)
        other._pending = self._pending
        return other

    def _settle(self):
        """For logs that find their values late: the point up to which that may wait."""

    def _fetch(self):
        tensors = []
        for value in dict.values(self):
            if _is_scalar(value):
                tensors.append(value)
            elif _is_pair(value):
                tensors.extend(part for part in value if isinstance(part, torch.Tensor))
        numbers = _numbers(tensors)
        for name, value in dict.items(self):
            dict.__setitem__(self, name, _plain(value, numbers))
        self._pending = False  # last: should a transfer fail, the next look tries again

    # ------------------------------------------------------------ reading

    def __getitem__(self, name):
        if self._pending:
            self._fetch()
        return dict.__getitem__(self, name)

    def get(self, name, default=None):
        if name not in self:
            return default
        return self[name]

    def __iter__(self):
        return dict.__iter__(self)

    def keys(self):
        return dict.keys(self)

    def values(self):
        if self._pending:
            self._fetch()
        return dict.values(self)

    def items(self):
        if self._pending:
            self._fetch()
        return dict.items(self)

    def copy(self):
        return dict(self)

    def __eq__(self, other):
        return dict(self) == (dict(other) if isinstance(other, Logs) else other)

    def __ne__(self, other):
        return not self == other

    __hash__ = None

    def __or__(self, other):
        return dict(self) | other if isinstance(other, dict) else NotImplemented

    def __repr__(self):
        return repr(dict(self))

    def __reduce_ex__(self, protocol):
        return dict, (dict(self),)  # a pickle or a deep copy is a plain dict

    # ------------------------------------------------------------ writing

    def __setitem__(self, name, value):
        # What a callback puts in stays what it is (a pair stays a pair), so the fetching that reads pairs has to be over.
        if _is_scalar(value):
            value = float(value.item())
        elif isinstance(value, np.generic):
            value = value.item()
        if self._pending and type(value) is not float:
            self._fetch()
        dict.__setitem__(self, name, value)

    def update(self, other=(), /, **named):
        for name, value in dict(other, **named).items():
            self[name] = value

    def __ior__(self, other):
        self.update(other)
        return self

    def setdefault(self, name, default=None):
        if name not in self:
            self[name] = default
        return self[name]

    def pop(self, name, *default):
        if self._pending:
            self._fetch()
        return dict.pop(self, name, *default)

    def popitem(self):
        if self._pending:
            self._fetch()
        return dict.popitem(self)


def _flat(items):
    for name, value in items:
        if isinstance(value, dict):
            yield from _flat(dict.items(value))
        else:
            yield name, value


def _is_scalar(value) -> bool:
    return isinstance(value, torch.Tensor) and (value.dim() == 0 or (value.dim() == 1 and len(value) == 1))


def _is_pair(value) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(v, _NUMBER) or _is_scalar(v) for v in value)


def _numbers(tensors) -> dict[int, float]:
    """The number in each tensor, by the tensor's id: one transfer for each device, however many there are."""
    numbers, far = {}, {}
    for tensor in tensors:
        if tensor.device.type in _NEAR:
            numbers[id(tensor)] = tensor.item()
        else:
            far.setdefault(tensor.device, {})[id(tensor)] = tensor
    for device, group in far.items():
        scalars = [tensor.detach().reshape(()) for tensor in group.values()]
        if len({scalar.dtype for scalar in scalars}) > 1:
            wide = torch.float32 if device.type == "mps" else torch.float64  # there are no doubles on MPS
            scalars = [scalar.to(wide) for scalar in scalars]
        # This is the point where the host waits for the device.
        numbers.update(zip(group, torch.stack(scalars).tolist(), strict=True))
    return numbers


def _plain(value, numbers):
    if type(value) is float:
        return value
    if isinstance(value, torch.Tensor):
        if id(value) in numbers:
            return float(numbers[id(value)])
        return _array(value)
    if _is_pair(value):
        total, count = (float(numbers[id(part)] if isinstance(part, torch.Tensor) else part) for part in value)
        mean = total / count if count else 0.0
        # The quotient that torch's division gives, so that logs and a metric's result() are equal: float32, unless a
        # part is a float64 (half floats are kept as sums in float32).
        dtypes = [part.dtype for part in value if isinstance(part, torch.Tensor)]
        return float(np.float32(mean)) if dtypes and torch.float64 not in dtypes else mean
    if isinstance(value, (list, tuple)):
        return type(value)([_array(part) for part in value]) if type(value) in (list, tuple) else value
    if isinstance(value, np.ndarray):
        return float(value.item()) if value.ndim == 0 or value.shape == (1,) else value
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _array(value):
    if not isinstance(value, torch.Tensor):
        return value
    value = value.detach()
    return (value.float() if value.dtype is torch.bfloat16 else value).cpu().numpy()
