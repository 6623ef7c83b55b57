"""Helpers of Keras 3's own files that extensions import: `keras.src.utils.naming.auto_name`, ..."""

from __future__ import annotations

import functools
import math
import os
import re
import sys
from os import listdir, makedirs, remove  # noqa: F401
from os.path import exists, isdir, join  # noqa: F401
from shutil import copy, rmtree  # noqa: F401

import numpy as np
import torch

from torchkeras_lite import config, lambdas, ops, registry, utils
from torchkeras_lite.layers import TorchModuleWrapper  # noqa: F401
from torchkeras_lite.registry import next_count, snake_case
from torchkeras_lite.registry import snake_case as to_snake_case  # noqa: F401
from torchkeras_lite.registry import unique_name as uniquify  # noqa: F401
from torchkeras_lite.seeds import SeedGenerator
from torchkeras_lite.tracking import Untracked as DotNotTrackScope
from torchkeras_lite.tracking import is_on as is_tracking_enabled  # noqa: F401
from torchkeras_lite.utils.images import smart_resize  # noqa: F401


def auto_name(prefix: str) -> str:
    """A name that no object has: `MyLayer` -> `my_layer`, `my_layer_1`, ..."""
    return registry.unique_name(snake_case(prefix))


def get_uid(prefix: str = "") -> int:
    """1, 2, ... for each prefix."""
    return next_count(prefix)


def get_object_name(obj) -> str:
    """The `name` of an object, or its `__name__` in snake_case."""
    return obj.name if hasattr(obj, "name") else snake_case(getattr(obj, "__name__", type(obj).__name__))


def default(method):
    """Marks a method as one that a subclass need not override."""
    method._is_default = True
    return method


def is_default(method) -> bool:
    return getattr(method, "_is_default", False)


def removeprefix(text: str, prefix: str) -> str:
    return text.removeprefix(prefix)


def removesuffix(text: str, suffix: str) -> str:
    return text.removesuffix(suffix)


def standardize_tuple(value, n: int, name: str, allow_zero: bool = False) -> tuple:
    """An integer `n` times, or a sequence of `n` integers above zero (or from zero on), as a tuple.

    Raises:
        ValueError: anything else; it names the argument.
    """
    least = 0 if allow_zero else 1
    try:
        numbers = (value,) * n if isinstance(value, int) else tuple(value)
        fits = len(numbers) == n and all(int(number) == number >= least for number in numbers)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(
            f"The `{name}` argument must be an integer, or a tuple of {n} of them, each at least {least}. Received: {value!r}"
        )
    return numbers


def validate_float_arg(value, name: str) -> float:
    """A finite number from zero on, as a float; ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ValueError(
            f"Invalid value for argument {name}: expected a non-negative float. Received: {name}={value}"
        )
    return float(value)


def squeeze_or_expand_to_same_rank(x1, x2, expand_rank_1: bool = True):
    """Two tensors whose ranks differ by one and a last axis of size 1, with equal ranks.

    Args:
        expand_rank_1: whether a tensor of rank 1 is given an axis, instead of the other losing one.
    """
    first, second = len(x1.shape), len(x2.shape)
    if first == second + 1 and x1.shape[-1] == 1:
        return (x1, ops.expand_dims(x2, -1)) if second == 1 and expand_rank_1 else (ops.squeeze(x1, -1), x2)
    if second == first + 1 and x2.shape[-1] == 1:
        return (ops.expand_dims(x1, -1), x2) if first == 1 and expand_rank_1 else (x1, ops.squeeze(x2, -1))
    return x1, x2


def no_automatic_dependency_tracking(function):
    """Makes a method one in which layers, variables, lists and dicts are set as they are: nothing is registered for them."""

    @functools.wraps(function)
    def untracked(*args, **kwargs):
        with DotNotTrackScope():
            return function(*args, **kwargs)

    return untracked


def in_tf_graph() -> bool:
    """Whether this runs while TensorFlow draws a graph. Never."""
    return False


in_grain_data_pipeline = in_tf_graph


@functools.cache
def global_seed_generator() -> SeedGenerator:
    """The one seed generator of the process, for code that draws from it by itself."""
    return SeedGenerator(config.make_default_seed() % 2**31, name="global_seed_generator")


def draw_seed(seed):
    """What a draw begins with: `[seed, count]`. A SeedGenerator moves on; None means that of the process.

    Raises:
        ValueError: a seed of another kind.
    """
    if seed is None:
        seed = global_seed_generator()
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if isinstance(seed, int):
        return ops.convert_to_tensor([seed, 0], dtype="uint32")
    raise ValueError(f"Argument `seed` must be an integer, a SeedGenerator or None. Received: seed={seed!r}")


def split_dataset(dataset, left_size=None, right_size=None, shuffle=False, seed=None, preferred_backend=None):
    """`keras.utils.split_dataset`. In programs that use TensorFlow arrays become data sets of `tf.data`, as there."""
    tensorflow = None if preferred_backend == "torch" else sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(dataset, (np.ndarray, torch.Tensor, list, tuple, dict)):
        dataset = tensorflow.data.Dataset.from_tensor_slices(tuple(dataset) if isinstance(dataset, list) else dataset)
    return utils.split_dataset(dataset, left_size, right_size, shuffle, seed)


def SafeModeScope(safe_mode: bool | None = True):
    """`with SafeModeScope(False)`: code in configs may run inside."""
    return lambdas.safe_mode(safe_mode)


def in_safe_mode() -> bool | None:
    """Whether code in configs is refused; None where nothing is being loaded."""
    return not lambdas.trusted() if lambdas.is_loading() else None


# What the files of Keras's own callbacks ask `file_utils` and `io_utils` for, and copies of them in programs.


def path_to_string(path):
    """A path as text; anything else as it is."""
    return os.fspath(path) if isinstance(path, os.PathLike) else path


def is_remote_path(filepath) -> bool:
    """Whether a path names another machine."""
    return bool(re.match(r"(/cns|/cfs|/gcs|/hdfs|/readahead|.*://)", str(filepath)))


def File(path, mode: str = "r"):
    return open(path, mode)


def print_msg(message, line_break: bool = True) -> None:
    """Writes to `sys.stdout`, and now."""
    sys.stdout.write(f"{message}\n" if line_break else message)
    sys.stdout.flush()


def ask_to_proceed_with_overwrite(filepath) -> bool:
    """Asks until the answer is yes or no."""
    while (answer := input(f"[WARNING] {filepath} already exists - overwrite? [y/n] ").strip().lower()) not in ("y", "n"):
        print_msg('Enter "y" (overwrite) or "n" (cancel).')
    return answer == "y"
