"""What Keras 3's own code, and extensions written like it, take from `keras.src.backend` beyond `keras.backend`."""

from __future__ import annotations

from types import SimpleNamespace

from torchkeras_lite import KerasTensor, StatelessScope, SymbolicScope, config, device, initializers, ops, random  # noqa: F401
from torchkeras_lite.calls import going_on, require_care
from torchkeras_lite.ops import (  # noqa: F401
    associative_scan,
    cond,
    convert_to_numpy,
    convert_to_tensor,
    fori_loop,
    image,
    linalg,
    nn,
    numpy,
    scan,
    scatter,
    scatter_update,
    slice_update,
    unstack,
    vectorized_map,
    while_loop,
)
from torchkeras_lite.recomputing import RematMode, RematScope, get_current_remat_mode, remat  # noqa: F401
from torchkeras_lite.symbolic import infer, is_symbolic
from torchkeras_lite.variable import Variable

math, KerasVariable = ops, Variable
_CORE = """
    associative_scan cast cond convert_to_numpy convert_to_tensor fori_loop is_tensor map scan scatter scatter_update shape
    slice slice_update stop_gradient switch unstack vectorized_map while_loop
    """
core = SimpleNamespace(remat=remat, **{name: getattr(ops, name) for name in _CORE.split()})
device_scope = device
standardize_data_format, get_device, to_torch_dtype = config.standardize_data_format, config.get_device, config.torch_dtype
SUPPORTS_SPARSE_TENSORS = SUPPORTS_RAGGED_TENSORS = False
SUPPORTS_COMPLEX_DTYPES = IS_THREAD_SAFE = True


def current_path() -> str:
    """The names put in front of those of variables made here, with `/` between them."""
    return "/".join(going_on.names)


def any_symbolic_tensors(args=None, kwargs=None) -> bool:
    """Whether a KerasTensor is among the arguments, however deep."""
    return is_symbolic(args or (), kwargs)


def compute_output_spec(fn, *args, **kwargs):
    """The KerasTensors that come out of a function for these KerasTensors: it runs on stand-ins."""
    return infer(fn, args, kwargs)


def get_keras_mask(x):
    """The mask that a tensor carries; None if none."""
    return getattr(x, "_keras_mask", None)


def set_keras_mask(x, mask) -> None:
    """Makes a tensor carry a mask; None takes it away."""
    if mask is not None:
        require_care()
        x._keras_mask = mask
    elif get_keras_mask(x) is not None:
        del x._keras_mask


def get_stateless_scope():
    """The StatelessScope that is open; None if none."""
    return going_on.stateless


def in_stateless_scope() -> bool:
    return going_on.stateless is not None


def in_symbolic_scope() -> bool:
    """Whether shapes are being found."""
    return going_on.inferring


def random_seed_dtype() -> str:
    return "int32"


def standardize_shape(shape) -> tuple:
    """A shape as a tuple of integers and None.

    Raises:
        ValueError: what is no shape, or a size that is no integer or below zero.
    """
    if shape is None or not hasattr(shape, "__iter__"):
        raise ValueError(f"Undefined shapes are not supported: expected a list or tuple of sizes. Received: {shape!r}")
    for size in shape:
        if size is not None and not (hasattr(size, "__index__") and int(size) >= 0):
            raise ValueError(f"A size of a shape must be None or an integer from 0 on. Received: {size!r} in {tuple(shape)}")
    return tuple(None if size is None else int(size) for size in shape)


def shape_equal(shape_1, shape_2) -> bool:
    """Whether two shapes agree, None agreeing with anything."""
    return len(shape_1) == len(shape_2) and all(a == b or None in (a, b) for a, b in zip(shape_1, shape_2, strict=True))


