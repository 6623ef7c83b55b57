"""While a model is made out of a file: it takes no more memory and makes no more steps than the file can account for.

A config is a few bytes and can name any size. What a file's arrays hold is known before: a weight is refused that is larger
than all of them together, before its memory is taken, and so is an operation whose result would be. One gate sees all of it, as
torch asks it before each function of its own.

Large weights that the file is about to fill need no first values: they are left as they are until then.
"""

from __future__ import annotations

import math

import torch
from torch.overrides import TorchFunctionMode

from torchkeras_lite.calls import going_on

# Elements that are never too many: of a new tensor, of a result, and of one where code of somebody else computes it.
_MADE, _COMPUTED, _BY_OTHERS = 1 << 26, 1 << 26, 1 << 27
_ALL = 1 << 28  # of all new tensors together
_STEPS = 300_000  # functions that are called for one file; the largest published networks call a tenth of that
_LARGE = 1 << 14  # elements of a weight whose first values take time
_FILLED = 1 << 22  # elements of weights beyond those in the file that may get first values: an even kernel takes long

_MAKERS = {
    torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn, torch.randint, torch.full, torch.eye, torch.arange,
    torch.linspace,
    torch.Tensor.new_zeros, torch.Tensor.new_ones, torch.Tensor.new_empty, torch.Tensor.new_full,
}  # fmt: skip
# Of no rows they make no rows, however large their weights are: so layers are called to find the shape of what comes out.
_ROW_BY_ROW = {
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
}  # fmt: skip
# Numbers among the arguments of these say where, not how much; what comes out is no larger than what goes in.
_NO_LARGER = {
    "view", "reshape", "permute", "transpose", "movedim", "moveaxis", "swapaxes", "swapdims", "expand", "expand_as",
    "flatten", "unflatten", "squeeze", "unsqueeze", "split", "split_with_sizes", "chunk", "tensor_split", "unbind",
    "narrow", "select", "flip", "roll", "rot90", "sum", "mean", "prod", "amax", "amin", "max", "min", "any", "all",
    "argmax", "argmin", "cumsum", "cumprod", "softmax", "log_softmax", "sort", "argsort", "topk", "size", "stride", "dim",
    "numel", "broadcast_to", "manual_seed", "as_strided", "diagonal", "to", "clamp", "remainder", "eq", "ne", "lt", "le",
    "gt", "ge", "mul", "add", "sub", "div", "pow", "__getitem__", "__setitem__", "__get__", "__set__", "fmod",
    "floor_divide", "true_divide", "where", "fill", "tensor", "as_tensor",
}  # fmt: skip
# What a tensor says of itself, other views of it, and what changes no more than there is.
_FREE = {
    "__get__", "numel", "dim", "size", "stride", "detach", "permute", "transpose", "view", "unsqueeze", "squeeze", "movedim",
    "requires_grad_", "fill_", "zero_", "_set_grad_enabled", "device",
}  # fmt: skip
# These make as many objects as an axis is long, or as many steps.
_MANY = {"unbind", "__iter__", "tolist", "lstm", "gru", "rnn_tanh", "rnn_relu"}
_PLAIN = {torch.Tensor, torch.nn.Parameter}  # that have no words of their own for torch's functions
_SPREADING = {
    "outer", "ger", "kron", "einsum", "tensordot", "cdist", "cartesian_prod", "meshgrid", "block_diag", "combinations",
    "bilinear", "bmm", "matmul", "__matmul__", "mm", "inner",
}  # fmt: skip


class Loading(TorchFunctionMode):
    """`with Loading(stored): ...` around what a file's config makes. Not for configs that somebody hands over himself.

    Args:
        stored: a function that gives the number of bytes of all arrays in the file; called only where much is wanted.

    Raises:
        ValueError: inside, where more is wanted than the file can account for.
    """

    def __init__(self, stored):
        super().__init__()
        self._stored, self._bytes = stored, None
        self._before: list = []
        self._made = self._steps = 0
        self._waiting: list = []
        self._postpones, self._computed = True, _COMPUTED

    def __enter__(self):
        self._before.append(going_on.loading)  # it is entered once more for what an operation runs in its turn
        going_on.loading = self
        return super().__enter__()

    def __exit__(self, *exc):
        going_on.loading = self._before.pop()
        return super().__exit__(*exc)

    # ------------------------------------------------------------ the gate

    def __torch_function__(self, function, types, args=(), kwargs=None):
        name = getattr(function, "__name__", "")
        if name in _FREE and self._steps < _STEPS and _PLAIN.issuperset(types):
            self._steps += 1
            return function(*args, **kwargs) if kwargs else function(*args)
        if "set_" in name or "autocast" in name:  # how modes begin and end: they have to end, whatever is refused
            return function(*args, **(kwargs or {}))
        kwargs = kwargs or {}
        self._steps += 1 if name not in _MANY else max(args[0].shape, default=1)
        if self._steps > _STEPS:
            raise ValueError(f"The model in the file is not valid: {_STEPS} operations are not enough to make it.")
        if name == "interpolate":
            self._check(_tables(args[0], **kwargs), _COMPUTED)
        if function in _MAKERS and str(kwargs.get("device")) == "meta":
            pass  # no memory is taken
        elif function in _MAKERS:
            most = _asked_for(name, args, kwargs)
            if most > _MADE and most > self._allowed(_MADE):
                most = _exactly(function, args, kwargs, most)
            self.take(most)
        elif name in _ROW_BY_ROW and args and not args[0].shape[0]:
            pass
        elif not name.endswith("_") or name.endswith("__"):
            most = _most(args, kwargs, name not in _NO_LARGER, name in _SPREADING)
            if most > _COMPUTED and most > self._allowed(self._computed):
                self._check(_exactly(function, args, kwargs, most), self._computed)
        for kind in types:  # symbolic tensors, variables: what they run in their turn is seen, too
            if not issubclass(kind, torch.Tensor):
                with self:
                    return kind.__torch_function__(function, types, args, kwargs)
        return function(*args, **kwargs)

    def take(self, elements: int) -> None:
        """New memory for so many elements is wanted. Raises ValueError if that is too much."""
        self._check(elements, _MADE)
        self._made += elements
        if self._made > _ALL and self._made > 8 * self._allowed(0) + _ALL:
            raise ValueError(
                f"The model in the file is not valid: its weights would have more than {self._made} elements, and the arrays "
                f"in the file have {self._bytes} bytes."
            )

    def _check(self, elements: int, floor: int) -> None:
        if elements > floor and elements > self._allowed(floor):
            raise ValueError(
                f"The model in the file is not valid: a weight or tensor would have {elements} elements, and the arrays in the "
                f"file have {self._bytes} bytes."
            )

    def _allowed(self, floor: int) -> int:
        if self._bytes is None:
            self._bytes = self._stored()
        return floor + self._bytes

    # ------------------------------------------------------------ first values

    def postpones(self, variable) -> bool:
        """Whether this weight is filled later: by the file, or else by `fill`."""
        raw = variable.raw
        if not self._postpones or raw.numel() < _LARGE or not getattr(variable.initializer, "repeats", False):
            return False
        self._waiting.append((variable, raw, raw._version))
        return True

    def fill(self) -> None:
        """Weights that still wait, because nothing was written to them, get their first values."""
        waiting = [variable for variable, raw, version in self._waiting if variable.raw is raw and raw._version == version]
        self._check(sum(variable.raw.numel() for variable in waiting), _FILLED)
        for variable in waiting:
            variable.initialize()
        self._waiting.clear()

    def hurry(self) -> None:
        """From now on each weight is filled at once: code of somebody else may look at it."""
        self.fill()
        self._postpones, self._computed = False, max(_COMPUTED, _BY_OTHERS)


def _asked_for(name: str, args, kwargs) -> int:
    """The elements of a new tensor, or more."""
    if name == "linspace":
        return int(kwargs.get("steps", args[2] if len(args) > 2 else 1))
    args = args[1:] if name.startswith("new_") else args
    if name == "randint":  # what comes before the size are values
        args = [arg for arg in (*args, kwargs.get("size")) if isinstance(arg, (tuple, list))]
        kwargs = {}
    if name.endswith("full"):  # what comes behind the size is a value
        args, kwargs = args[:1], {key: value for key, value in kwargs.items() if key == "size"}
    if name not in ("eye", "arange"):
        size = kwargs.get("size", args[0] if len(args) == 1 else args)
        if isinstance(size, (tuple, list)) and all(isinstance(one, int) for one in size):
            return max(math.prod(size), 0)
    return _most(args, kwargs, True) ** (2 if name == "eye" else 1)


def _tables(x, size=None, scale_factor=None, **_) -> int:
    """The elements of what `interpolate` looks up: for each place along an axis where it comes from, however many rows."""
    sides = x.shape[2:]
    given = scale_factor if size is None else size
    each = given if isinstance(given, (tuple, list)) else [given] * len(sides)
    return 16 * int(sum(each if size is not None else (one * side for one, side in zip(each, sides, strict=False))))


def _most(args, kwargs, sizes_count: bool, spreading: bool = False) -> int:
    """As many elements as can come out of a function of these arguments, or more.

    Args:
        sizes_count: whether numbers among the arguments may say how much there is to be.
        spreading: whether each element of one tensor meets each of another; otherwise axes meet from the last on.
    """
    sizes, number, sum_ = [], 1, 0
    todo = [*args, *kwargs.values()]
    while todo:
        value = todo.pop()
        if isinstance(value, torch.Tensor):
            sizes.append(tuple(value.shape))
            sum_ += value.numel()
        elif isinstance(value, (list, tuple)):
            todo += value
        elif sizes_count and isinstance(value, (int, float)) and abs(value) > 1:
            number *= math.ceil(abs(value)) if math.isfinite(value) else 1 << 62
    if len(sizes) > 1:
        each = [math.prod(size) for size in sizes]
        if spreading:
            sum_ = math.prod(max(size, 1) for size in each)
        elif any(each):
            rank = max(map(len, sizes))
            aligned = [(1,) * (rank - len(size)) + size for size in sizes]
            sum_ = max(sum_, math.prod(max(column) for column in zip(*aligned, strict=True)))
    return max(sum_, 1) * number


def _exactly(function, args, kwargs, most: int) -> int:
    """How many elements come out: found without any memory. (The first use of it imports much, so it is the last resort.)"""

    def unreal(value):
        if isinstance(value, torch.Tensor):
            return value.detach().to("meta")
        return type(value)(map(unreal, value)) if type(value) in (list, tuple) else value

    try:
        with torch.no_grad():
            found = function(*unreal(args), **{key: unreal(value) for key, value in kwargs.items()} | _device(function))
    except (TypeError, ValueError, IndexError):
        return 0  # the function itself will say what is wrong
    except RuntimeError:
        return most
    found = found if isinstance(found, (list, tuple)) else [found]
    return max((tensor.numel() for tensor in found if isinstance(tensor, torch.Tensor)), default=0)


def _device(function) -> dict:
    return {"device": "meta"} if function in _MAKERS else {}
