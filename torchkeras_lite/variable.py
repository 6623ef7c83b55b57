"""Variable: a torch parameter or buffer, seen in the Keras layout."""

from __future__ import annotations

import operator

import numpy as np
import torch
from torch import nn

from torchkeras_lite import config, registry
from torchkeras_lite.calls import going_on
from torchkeras_lite.references import Known
from torchkeras_lite.sparse import dense


class Permuted:
    """The Keras view of a torch tensor is that tensor with its axes in another order (`(1, 0)`: a transpose)."""

    def __init__(self, *axes: int):
        self.axes = axes
        self.inverse = tuple(axes.index(i) for i in range(len(axes)))

    def shape_of(self, tensor) -> tuple[int, ...]:
        """The shape of the Keras view."""
        shape = tensor.shape
        return tuple([shape[axis] for axis in self.axes])

    def to_keras(self, tensor):
        return tensor.permute(self.axes)

    def from_keras(self, tensor):
        return tensor.permute(self.inverse)


class Reshaped:
    """The Keras view of a torch tensor is that tensor with other sizes, and the numbers in the same order."""

    def __init__(self, keras_shape, torch_shape):
        self.keras_shape, self.torch_shape = tuple(keras_shape), tuple(torch_shape)

    def to_keras(self, tensor):
        return tensor.reshape(self.keras_shape)

    def from_keras(self, tensor):
        return tensor.reshape(self.torch_shape)


class _Cell(nn.Module):
    """The home of a variable that belongs to no layer."""


class Tables(nn.Module):
    """Where a layer keeps the tensors that are its own.

    Its Variables hold on to this and not to the layer, which holds them: what is held in a circle is not freed with its last
    user.
    """

    def __init__(self, layer: nn.Module):
        super().__init__()
        tables = dict(_parameters=layer._parameters, _buffers=layer._buffers, _modules=layer._modules)
        self.__dict__.update(tables, layer=Known(layer))


class Variable:
    """A weight or a piece of state, in the shape and layout that Keras documents.

    The tensor itself lives in a torch module under a name, in torch's layout; it is looked up at every use, so
    `load_state_dict(assign=True)`, `.to()` and `deepcopy` never leave a stale one behind. A Variable can stand in any torch
    expression, with gradients, and `v.value.grad` is its gradient in the Keras layout.

    Args:
        initializer: a tensor, array or number; or a callable `(shape, dtype)` or its name, together with `shape`.
        shape, dtype: for a callable initializer; `dtype` may also convert a given value.
        trainable: a parameter that wants gradients, or a buffer.
        name: the last part of its path.

    Raises:
        ValueError: an initializer without a shape, what is no number, or a name that is no string or has a `/` in it.
    """

    overwrite_with_gradient = False  # whether an optimizer's step makes it its gradient
    __array_priority__ = 1000  # as torch's tensors have it: `array * variable` is a tensor, and gradients flow

    def __init__(
        self,
        initializer,
        shape=None,
        dtype=None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
        device=None,
    ):
        device = device or config.get_device()
        if name is not None:
            registry.check_name(name)
        if isinstance(initializer, str):
            initializer = registry.tables["keras.initializers"].get(initializer)
        if callable(initializer) and not isinstance(initializer, (torch.Tensor, Variable)):
            if shape is None:
                raise ValueError("A Variable from an initializer needs a shape: the `shape` argument should be specified.")
            tensor = torch.as_tensor(initializer(tuple(shape), dtype=config.dtype_name(dtype)), device=device)
        else:
            if dtype is None and isinstance(initializer, (int, list, tuple)) and np.asarray(initializer).dtype == np.int64:
                dtype = "int32"  # Python's integers, as Keras takes them; arrays keep their own dtype
            tensor = tensor_of(initializer, dtype, device)
        tensor = tensor.detach().to(config.torch_dtype(dtype) if dtype is not None else tensor.dtype, copy=True)
        cell = _Cell()
        if trainable and tensor.is_floating_point():
            cell.register_parameter("value", nn.Parameter(tensor))
        else:
            cell.register_buffer("value", tensor)
        name = name or registry.unique_name("variable")
        self._init(cell, "value", None, name, "/".join([*going_on.names, name]))
        self._wants_training = trainable

    @classmethod
    def of(cls, module: nn.Module, key: str, layout=None, name: str | None = None, path: str = "") -> Variable:
        """The Variable that shows `module.key`. `layout` converts (`to_keras`, `from_keras`); None is no change."""
        variable = cls.__new__(cls)
        variable._init(module, key, layout, name or key, path)
        return variable

    def _init(self, module, key, layout, name, path=""):
        self.move(module, key)
        self._layout = layout
        self.name = name
        self.path = path or name
        self.initializer = self.regularizer = self.constraint = None
        self._wants_training = True

    def move(self, module, key: str) -> None:
        """Makes it show `module.key`."""
        self._module, self._key = getattr(module, "own_tables", module), key

    def leave(self) -> None:
        """Takes the tensor along out of the module where it is: the variable belongs to no layer any more."""
        raw, cell = self.raw, _Cell()
        for table, own in ((self._module._parameters, cell._parameters), (self._module._buffers, cell._buffers)):
            if table.get(self._key) is raw:
                own["value"] = table.pop(self._key)
        self.move(cell, "value")

    # ------------------------------------------------------------ the tensor

    @property
    def raw(self) -> torch.Tensor:
        """The tensor in torch's layout: the nn.Parameter or buffer itself."""
        module, key = self._module, self._key
        tensor = module._parameters.get(key)
        if tensor is None:
            tensor = module._buffers.get(key)
            if tensor is None:
                tensor = getattr(self._holder(), key)  # a parametrization computes it
        return tensor

    def _holder(self):
        """The object of which torch makes an attribute what it computes."""
        return self._module.layer() if isinstance(self._module, Tables) else self._module

    def seen(self) -> torch.Tensor:
        """The tensor in the Keras layout: a view, through which gradients flow."""
        tensor = self.raw
        if self._layout is None:
            return tensor
        view = self._layout.to_keras(tensor)
        # The gradient is handed on. `retain_grad` must not be called: torch.optim would then take the view for a leaf, accept
        # it without a word, and never change it.
        if not torch.compiler.is_compiling() and tensor.is_leaf and tensor.grad is not None:
            view.grad = self._layout.to_keras(tensor.grad)
        return view

    value = property(seen)

    @property
    def grad(self) -> torch.Tensor | None:
        """The gradient that the last backward pass left, in the Keras layout."""
        raw = self.raw
        grad = raw.grad if raw.is_leaf else None
        return grad if grad is None or self._layout is None else self._layout.to_keras(grad)

    @property
    def layout(self):
        """What turns `raw` into Keras's layout and back (`to_keras`, `from_keras`); None where both are the same."""
        return self._layout

    @property
    def home(self) -> nn.Module | None:
        """The module that holds the tensor of a variable that belongs to no layer; None for a layer's."""
        return self._module if isinstance(self._module, _Cell) else None

    def to_raw(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor of the Keras layout (a gradient, a value) in the layout of `raw`."""
        return tensor if self._layout is None else self._layout.from_keras(tensor)

    def to_keras(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor of the layout of `raw` (an optimizer's slot) in the Keras layout."""
        return tensor if self._layout is None else self._layout.to_keras(tensor)

    # ------------------------------------------------------------ change

    def initialize(self) -> None:
        """Sets the value that its initializer gives."""
        raw, number = self.raw, vars(type(self.initializer)).get("fills")  # of a subclass nobody knows
        if number is not None and raw.is_leaf:
            raw.detach().fill_(number)
            return
        with torch.no_grad(), config.device(raw.device):
            raw.copy_(self.to_raw(tensor_of(self.initializer(self.shape, dtype=self.dtype))))

    def assign(self, value):
        """Sets the value, in the Keras layout. Raises ValueError where the shape differs."""
        if going_on.forgetting:
            return self
        raw = self.raw
        value = tensor_of(value, raw.dtype, raw.device)
        if tuple(value.shape) != tuple(self.shape):
            raise ValueError(
                "The shape of the target variable and the shape of the target value differ. "
                f"variable.shape={tuple(self.shape)}, Received: value.shape={tuple(value.shape)}. Target variable: {self.path}"
            )
        if going_on.stateless is not None:
            going_on.stateless.add_update((self, value))
            return self
        with torch.no_grad():
            if isinstance(self._module, _Cell) and self._key in self._module._buffers:
                # State is replaced, not overwritten: whoever kept the old tensor keeps the old value.
                self._module._buffers[self._key] = value.clone()
            elif raw.is_leaf:
                raw.copy_(self.to_raw(value))
            else:  # a parametrization computes it: torch finds what to set behind it
                setattr(self._holder(), self._key, self.to_raw(value))
        return self

    def assign_add(self, value):
        return self.assign(self.seen().detach() + tensor_of(value, None, self.raw.device))

    def assign_sub(self, value):
        return self.assign(self.seen().detach() - tensor_of(value, None, self.raw.device))

    # ------------------------------------------------------------ what it is

    @property
    def shape(self):
        raw = self.raw
        if self._layout is None:
            return tuple(raw.shape)
        known = getattr(self._layout, "shape_of", None)
        return tuple(self._layout.to_keras(raw.detach()).shape) if known is None else known(raw)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def dtype(self) -> str:
        """The dtype's name, as Keras gives it (`"float32"`)."""
        return config.dtype_name(self.raw.dtype)

    @property
    def device(self) -> torch.device:
        return self.raw.device

    @property
    def is_parameter(self) -> bool:
        """Whether torch knows the tensor as a parameter (in a StatelessScope: the one whose place a value has taken)."""
        return isinstance(self.raw if going_on.stateless is None else self._replaced(), nn.Parameter)

    @property
    def trainable(self) -> bool:
        raw = self.raw if going_on.stateless is None else self._replaced()
        return raw.requires_grad if isinstance(raw, nn.Parameter) else False

    def _replaced(self) -> torch.Tensor:
        """The tensor itself, where a StatelessScope has put a value in its place."""
        original = going_on.stateless.original(self)
        return self.raw if original is None else original

    @trainable.setter
    def trainable(self, value: bool):
        self._wants_training = bool(value)
        if isinstance(self.raw, nn.Parameter):
            self.raw.requires_grad_(bool(value))

    def numpy(self) -> np.ndarray:
        """A copy of the value on the host."""
        value = self.seen().detach()
        if value.dtype is torch.bfloat16:
            value = value.float()
        return value.cpu().numpy(force=False).copy()

    def __array__(self, dtype=None, copy=None):
        value = self.numpy()
        return value if dtype is None else value.astype(dtype)

    def __dlpack__(self, **kwargs):
        return self.seen().detach().__dlpack__(**kwargs)  # how torch.as_tensor and others find the tensor

    def __dlpack_device__(self):
        return self.raw.__dlpack_device__()

    def __array_function__(self, function, types, args, kwargs):
        return function(*_map(args, Variable.numpy), **_map(kwargs, Variable.numpy))

    def __repr__(self):
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, value={self.numpy()}>"

    # ------------------------------------------------------------ in expressions

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return func(*_map(args, _value), **(_map(kwargs, _value) if kwargs else {}))

    def __getattr__(self, name: str):
        if name.startswith("_"):  # while copying or unpickling there is nothing to ask yet
            raise AttributeError(name)
        try:
            return getattr(self.seen(), name)
        except AttributeError:
            raise AttributeError(f"'Variable' object has no attribute {name!r}") from None

    def __getitem__(self, index):
        try:
            return self.seen()[index]
        except ValueError:
            return part_of(self.seen(), index)

    def __len__(self):
        return len(self.seen())

    def __iter__(self):
        return iter(self.seen())

    def _only(self) -> torch.Tensor:
        """The value, if it is one number; TypeError otherwise."""
        value = self.seen().detach()
        if value.numel() != 1:
            raise TypeError(f"Only a Variable of one number is a number, or is true or false. Received: shape={self.shape}")
        return value

    def __bool__(self):
        return bool(self._only())

    def __float__(self):
        return float(self._only())

    def __int__(self):
        return int(self._only())

    def __index__(self):
        return operator.index(self.seen().detach())

    def __round__(self, ndigits=None):
        return torch.round(self.seen(), decimals=ndigits or 0)

    def __hash__(self):
        return id(self)

    def __format__(self, spec):
        if not spec:
            return repr(self)
        return format(self.seen().detach().item(), spec) if self.ndim == 0 else object.__format__(self, spec)


def _value(variable: Variable) -> torch.Tensor:
    return variable.seen()


def _map(items, function):
    """`items` with `function` applied to each Variable in it, in lists, tuples and dicts too."""
    if isinstance(items, Variable):
        return function(items)
    if isinstance(items, (tuple, list)):
        values = [_map(item, function) for item in items]
        return type(items)(*values) if hasattr(items, "_fields") else type(items)(values)
    if isinstance(items, dict):
        return {key: _map(item, function) for key, item in items.items()}
    return items


def _operand(other, device):
    """The other side of an operator: arrays and lists become tensors, as in Keras."""
    if isinstance(other, Variable):
        return other.seen()
    return tensor_of(other, None, device) if isinstance(other, (np.ndarray, list, tuple)) else other


def _matmul(a, b):
    """torch multiplies no matrices of two dtypes; numpy's are float64 more often than not."""
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) and a.dtype is not b.dtype:
        common = torch.promote_types(a.dtype, b.dtype)
        a, b = a.to(common), b.to(common)
    return a @ b


def _minus(a, b):
    """torch subtracts no bools; beside numbers they are 0 and 1."""
    bools = [x for x in (a, b) if isinstance(x, torch.Tensor) and x.dtype is torch.bool]
    if len(bools) == 1 and isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        common = torch.promote_types(a.dtype, b.dtype)
        a, b = a.to(common), b.to(common)
    return a - b


def _logical(function):
    """Of a Variable `&`, `|` and `^` ask what is true, as in Keras; torch's go bit by bit, and not on floats."""

    def apply(a, b):
        device = a.device if isinstance(a, torch.Tensor) else b.device
        return function(*(x if isinstance(x, torch.Tensor) else torch.as_tensor(x, device=device) for x in (a, b)))

    return apply


_OWN = {
    "matmul": _matmul, "sub": _minus, "and_": _logical(torch.logical_and), "or_": _logical(torch.logical_or),
    "xor": _logical(torch.logical_xor),
}  # fmt: skip


def _binary(function):
    def forward(self, other):
        value = self.seen()
        return function(value, _operand(other, value.device))

    def reflected(self, other):
        value = self.seen()
        return function(_operand(other, value.device), value)

    return forward, reflected


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor"):
    _plain = _name.rstrip("_")
    _forward, _reflected = _binary(_OWN.get(_name) or getattr(operator, _name))
    setattr(Variable, f"__{_plain}__", _forward)
    setattr(Variable, f"__r{_plain}__", _reflected)
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Variable, f"__{_name}__", _binary(getattr(operator, _name))[0])
for _name in ("neg", "abs", "pos"):
    setattr(Variable, f"__{_name}__", lambda self, _function=getattr(operator, _name): _function(self.seen()))
Variable.__invert__ = lambda self: torch.logical_not(self.seen())


def forwards(index, ndim: int) -> tuple[list[int], object]:
    """An index without negative steps, which torch does not know: the axes to turn around, and the index of what comes out.

    `x[::-1]` is `x.flip(0)[:]`, and `x[5:1:-2]` is `x.flip(0)[~5:~1:2]`: `~i` counts as far from the other end.
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    if not any(type(part) is slice and part.step is not None and part.step < 0 for part in parts):
        return [], index
    taken = [0 if part is None or part is Ellipsis else getattr(part, "ndim", 1) if _is_mask(part) else 1 for part in parts]
    axes, axis = [], 0
    for place, part in enumerate(parts):
        if type(part) is slice and part.step is not None and part.step < 0:
            start, stop = (None if end is None else ~int(end) for end in (part.start, part.stop))
            parts[place] = slice(start, stop, -part.step)
            axes.append(axis)
        axis += ndim - sum(taken) if part is Ellipsis else taken[place]
    return axes, tuple(parts)


def _is_mask(part) -> bool:
    return getattr(part, "dtype", None) in (torch.bool, np.bool_)


def part_of(x: torch.Tensor, index):
    """`x[index]` where a slice in it may have a negative step."""
    axes, index = forwards(index, x.ndim)
    return (x.flip(axes) if axes else x)[index]


def device_of(value) -> torch.device:
    """Where a tensor or Variable lies, and for all else the device in use."""
    device = getattr(value, "device", None)
    return device if isinstance(device, torch.device) else config.get_device()  # arrays of numpy say "cpu" of themselves


def tensor_of(value, dtype=None, device=None) -> torch.Tensor:
    """Anything number-like as a tensor: a Variable, tensor, array, list or number. Python floats become `floatx()`."""
    if isinstance(value, Variable):
        value = value.seen()
    if isinstance(value, str):
        raise ValueError(f"Expected numbers: a tensor, an array, a list or a number. Received: {value!r} (of type str)")
    value = dense(value)
    if not isinstance(value, torch.Tensor):
        if dtype is None and isinstance(value, (float, list, tuple)):
            array = np.asarray(value)
            dtype = config.floatx() if array.dtype == np.float64 else None
        if not isinstance(value, np.ndarray):
            if hasattr(value, "toarray"):
                value = value.toarray()  # a sparse matrix of scipy
            elif hasattr(value, "__array__") and hasattr(value, "to_numpy"):
                value = value.to_numpy(copy=True)  # columns and tables of pandas
        if isinstance(value, np.ndarray) and any(stride < 0 for stride in value.strides):
            value = value.copy()  # torch has no such views
        if isinstance(value, np.ndarray) and value.dtype.num >= 256:
            # bfloat16 and float8 of ml_dtypes, which jax gives to numpy: torch knows the bits.
            bits = torch.from_numpy(value.view(f"u{value.dtype.itemsize}"))
            value = bits.view(config.torch_dtype(value.dtype.name))
        if isinstance(value, np.ndarray) and not value.dtype.isnative:
            value = value.astype(value.dtype.newbyteorder("="))  # as files of other machines have it
        if isinstance(value, (list, tuple)) or (hasattr(value, "__array__") and not hasattr(value, "__dlpack__")):
            value = np.asarray(value)  # an array is all that torch takes without a look at each number
        value = torch.as_tensor(value, device=device)
        if dtype is None:
            dtype = config.COMPUTED_AS.get(value.dtype)
    target = None if dtype is None else config.torch_dtype(dtype)
    if (target is None or value.dtype is target) and (device is None or value.device == torch.device(device)):
        return value
    return value.to(device=device or value.device, dtype=target or value.dtype)
