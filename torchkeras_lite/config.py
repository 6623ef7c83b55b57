"""What the whole process agrees on: float type, epsilon, image layout, device and seed."""

from __future__ import annotations

import os
import random
import threading
from contextlib import contextmanager

import numpy as np
import torch

VERSION = "0.1.0"
_FLOATS = {"float16", "bfloat16", "float32", "float64"}
_values = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}


def floatx() -> str:
    """The default float type, a string such as `"float32"`."""
    return _values["floatx"]


def set_floatx(value: str) -> None:
    """Sets the default float type: one of float16, bfloat16, float32, float64."""
    name = dtype_name(value)
    if name not in _FLOATS:
        raise ValueError(f"Unknown `floatx` value: {value!r}. Expected one of {sorted(_FLOATS)}.")
    _values["floatx"] = name


def epsilon() -> float:
    """The small number that keeps divisions and logarithms finite."""
    return _values["epsilon"]


def set_epsilon(value: float) -> None:
    _values["epsilon"] = float(value)


def image_data_format() -> str:
    """`"channels_last"` or `"channels_first"`."""
    return _values["image_data_format"]


def set_image_data_format(data_format: str) -> None:
    _values["image_data_format"] = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    if data_format is None:
        return image_data_format()
    name = str(data_format).lower()
    if name not in ("channels_first", "channels_last"):
        raise ValueError(
            "The `data_format` argument must be one of {'channels_first', 'channels_last'}. "
            f"Received: data_format={data_format!r}"
        )
    return name


def backend() -> str:
    """Always `"torch"`: there is no other body."""
    return "torch"


def set_backend(backend: str) -> None:
    """Takes `"torch"`. Raises ValueError for another backend."""
    if backend != "torch":
        raise ValueError(f"There is no backend but 'torch' here. Received: backend={backend!r}")


def is_nnx_enabled() -> bool:
    """Always False: NNX belongs to JAX."""
    return False


def version() -> str:
    """The version of this package."""
    return VERSION


# ---------------------------------------------------------------- dtypes

_TORCH = {
    name: getattr(torch, name)
    for name in (
        "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64",
        "uint8", "uint16", "uint32", "uint64", "bool", "complex64", "complex128",
    )
}  # fmt: skip
_FLOAT8 = {name: getattr(torch, name) for name in ("float8_e4m3fn", "float8_e5m2")}  # stored and cast, never computed in
_NAMES = {dtype: name for name, dtype in (*_TORCH.items(), *_FLOAT8.items())}
# Torch stores these and hardly computes in them: next larger ones stand for them, as in Keras.
COMPUTED_AS = {torch.uint16: torch.int32, torch.uint32: torch.int64, torch.uint64: torch.int64}
_ALIASES = {"float": "float32", "int": "int32", "double": "float64", "half": "float16", "long": "int64"}


def dtype_name(dtype) -> str:
    """The name of a dtype given as a string, a torch or numpy dtype, a Python type, or None (then `floatx()`)."""
    if dtype is None:
        return floatx()
    if isinstance(dtype, torch.dtype):
        return _NAMES.get(dtype, str(dtype).removeprefix("torch."))
    if isinstance(dtype, type) and dtype in (float, int, bool):  # numpy's dtypes claim to equal these
        return {float: floatx(), int: "int32", bool: "bool"}[dtype]
    name = getattr(dtype, "name", None) or (np.dtype(dtype).name if isinstance(dtype, type) else str(dtype))
    name = _ALIASES.get(name, name).removeprefix("torch.")
    if name not in _TORCH and name != "string" and name not in _FLOAT8:
        raise ValueError(f"Invalid dtype: {dtype!r}. Expected one of {sorted(_TORCH)}.")
    return name


def torch_dtype(dtype) -> torch.dtype:
    """The torch dtype that any spelling of a dtype means (None: `floatx()`); for "uint16" and larger see `COMPUTED_AS`."""
    if isinstance(dtype, torch.dtype):
        return dtype
    name = dtype_name(dtype)
    if name == "string":
        raise ValueError("There are no tensors of dtype 'string' in torch: texts are arrays of numpy.")
    dtype = _FLOAT8[name] if name in _FLOAT8 else _TORCH[name]
    return COMPUTED_AS.get(dtype, dtype)


def stored_dtype(dtype) -> torch.dtype:
    """The torch dtype of this very name, of what torch hardly computes in too."""
    return _TORCH.get(dtype_name(dtype)) or torch_dtype(dtype)


# ---------------------------------------------------------------- device

_scope = threading.local()
_kinds: dict[str | None, str] = {}


def _best_device() -> torch.device:
    named = os.environ.get("TORCHKERAS_DEVICE")
    if named not in _kinds:  # asking torch what there is takes longer than a small operation
        _kinds[named] = named or (
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    kind = _kinds[named]
    return torch.device("cuda", torch.cuda.current_device()) if kind == "cuda" and not named else torch.device(kind)


def get_device() -> torch.device:
    """Where new weights and data go: the innermost `device` scope, else `TORCHKERAS_DEVICE`, else CUDA, MPS, CPU."""
    stack = getattr(_scope, "devices", None)
    return stack[-1] if stack else _best_device()


def standardize_device(name) -> torch.device:
    """A torch device from `"cuda:0"`, `"gpu:0"`, `"/GPU:0"`, `"cpu"` or a torch device."""
    if isinstance(name, torch.device):
        return name
    text = str(name).lower().removeprefix("/").removeprefix("device:")
    kind, _, index = text.partition(":")
    if kind == "gpu":
        kind = "cuda" if torch.cuda.is_available() or not torch.backends.mps.is_available() else "mps"
    if kind in ("cpu", "mps"):
        index = ""  # there is one of each, whatever number a script gives it
    try:
        return torch.device(f"{kind}:{index}" if index else kind)
    except RuntimeError as error:
        raise ValueError(f"Unknown device {name!r}. Expected for instance 'cpu', 'cuda:0', 'gpu:0' or 'mps'.") from error


@contextmanager
def device(device_name):
    """Weights made and data placed inside this scope go to this device: `with device("cpu"): ...`."""
    stack = _scope.__dict__.setdefault("devices", [])
    stack.append(standardize_device(device_name))
    try:
        yield stack[-1]
    finally:
        stack.pop()


# ---------------------------------------------------------------- seed


def set_random_seed(seed: int) -> None:
    """Seeds Python, numpy and torch (all devices): a script after this call gives the same numbers each time."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ValueError(f"Expected `seed` argument to be an integer. Received: seed={seed!r} (of type {type(seed)})")
    random.seed(int(seed))
    np.random.seed(int(seed) % 2**32)
    torch.manual_seed(int(seed))


def make_default_seed() -> int:
    """A fresh seed out of Python's generator, so that `set_random_seed` fixes it too."""
    return random.randint(1, int(1e9))


# ---------------------------------------------------------------- switches

_switches = {"interactive_logging": True, "traceback_filtering": True, "unsafe_deserialization": False}
_limits: dict[str, int | None] = {"epochs": None, "steps": None}


def enable_interactive_logging() -> None:
    """What is said while a model works goes to stdout. (So it does from the start.)"""
    _switches["interactive_logging"] = True


def disable_interactive_logging() -> None:
    """What is said while a model works goes to the logger `torchkeras_lite`."""
    _switches["interactive_logging"] = False


def is_interactive_logging_enabled() -> bool:
    return _switches["interactive_logging"]


def enable_traceback_filtering() -> None:
    """Kept for scripts that ask for it: tracebacks are short here, and never filtered."""
    _switches["traceback_filtering"] = True


def disable_traceback_filtering() -> None:
    """See `enable_traceback_filtering`."""
    _switches["traceback_filtering"] = False


def is_traceback_filtering_enabled() -> bool:
    return _switches["traceback_filtering"]


def enable_unsafe_deserialization() -> None:
    """From now on lambdas in files run, as with `safe_mode=False`: only for files from whom you trust."""
    _switches["unsafe_deserialization"] = True


def is_unsafe_deserialization_enabled() -> bool:
    return _switches["unsafe_deserialization"]


def enable_flash_attention() -> None:
    """Attention may use torch's flash kernels, where they fit. (So it may from the start.)"""
    torch.backends.cuda.enable_flash_sdp(True)


def disable_flash_attention() -> None:
    """Attention does not use torch's flash kernels."""
    torch.backends.cuda.enable_flash_sdp(False)


def is_flash_attention_enabled() -> bool:
    return torch.backends.cuda.flash_sdp_enabled()


def max_epochs() -> int | None:
    """The most epochs that any `fit` runs; None: as many as it is asked for."""
    return _limits["epochs"]


def set_max_epochs(max_epochs: int | None) -> None:
    """Cuts every `fit` to so many epochs, to try a script out."""
    _limits["epochs"] = max_epochs


def max_steps_per_epoch() -> int | None:
    """The most batches of any epoch, evaluation or prediction; None: all."""
    return _limits["steps"]


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Cuts every epoch, evaluation and prediction to so many batches, to try a script out."""
    _limits["steps"] = max_steps_per_epoch
