"""`tf.train`: checkpoints of models, optimizers, Variables and modules.

A checkpoint is one HDF5 file, `<path>.weights.h5`. In it lies under the name of each object what Keras's own weights files
hold of it; the file `checkpoint` beside it says which one is the latest, as TensorFlow writes it.
"""

from __future__ import annotations

import functools
import os
import re

import torch

from torchkeras_lite.files import whole
from torchkeras_lite.layer import Layer
from torchkeras_lite.modes import training_mode
from torchkeras_lite.saving import weights as weights_file
from torchkeras_lite.saving.stores import Source, Store, created
from torchkeras_lite.variable import Variable as _Variable

from ._missing import getattr_of
from ._variable import Module, Variable

_RECORDS = dict.fromkeys(
    "BytesList Example Feature FeatureList FeatureLists Features FloatList Int64List SequenceExample".split(), "_records"
)
# TensorFlow 1's, which nobody lists.
_OLD = {"NewCheckpointReader": "_checkpoint_readers"} | dict.fromkeys(
    """AdadeltaOptimizer AdagradOptimizer AdamOptimizer FtrlOptimizer GradientDescentOptimizer MomentumOptimizer
    RMSPropOptimizer cosine_decay cosine_decay_restarts create_global_step exponential_decay get_global_step
    get_or_create_global_step inverse_time_decay natural_exp_decay piecewise_constant piecewise_constant_decay
    polynomial_decay""".split(),
    "_optimizers",
)
_READERS = dict.fromkeys(("list_variables", "load_checkpoint", "load_variable"), "_checkpoint_readers")
__all__ = ["Checkpoint", "CheckpointManager", "get_checkpoint_state", "latest_checkpoint", *_READERS, *_RECORDS]
__getattr__ = getattr_of(__name__, _RECORDS | _READERS | _OLD)

SUFFIX = ".weights.h5"


class Status:
    """What `restore` gives: everything that could be restored was, or there would have been an error."""

    def assert_consumed(self):
        return self

    assert_existing_objects_matched = assert_nontrivial_match = expect_partial = assert_consumed

    def initialize_or_restore(self, session=None):
        pass


class Checkpoint:
    """Saves objects and restores them: `tf.train.Checkpoint(model=model, optimizer=optimizer, step=tf.Variable(0))`.

    Args:
        root: an object without a name of its own.
        **kwargs: models, layers, optimizers, Variables, `tf.Module`s and checkpoints; lists and dicts of them. Iterators have
            no state to save.
    """

    def __init__(self, root=None, **kwargs):
        self._objects = {**({"root": root} if root is not None else {}), **kwargs}
        self.save_counter = Variable(0, trainable=False, dtype="int64", name="save_counter")
        vars(self).update(kwargs)

    def write(self, file_prefix, options=None) -> str:
        """Writes the file `<file_prefix>.weights.h5`. Returns the prefix."""
        path = _without_suffix(file_prefix)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with whole(path + SUFFIX) as draft, created(draft) as file:
            for name, one in (*self._objects.items(), ("save_counter", self.save_counter)):
                _write(one, file.require_group(name), name)
        return path

    def save(self, file_prefix, options=None) -> str:
        """As `write`, to `<file_prefix>-1`, `<file_prefix>-2`, ..., and notes it as the latest one of its folder."""
        self.save_counter.assign_add(1)
        path = self.write(f"{_without_suffix(file_prefix)}-{int(self.save_counter)}")
        _note(path, [path])
        return path

    def read(self, save_path, options=None) -> Status:
        """Restores everything. What is not built yet gets its values when it is.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: an object that the file lacks, or whose weights have other shapes.
        """
        import h5py

        file_name = _without_suffix(save_path) + SUFFIX
        if not os.path.exists(file_name):
            raise FileNotFoundError(f"There is no checkpoint {save_path!r} (no file {file_name!r}).")
        with h5py.File(file_name, "r") as file:
            for name, one in (*self._objects.items(), ("save_counter", self.save_counter)):
                if name not in file:
                    raise ValueError(f"The checkpoint {save_path!r} has no {name!r}; it has {sorted(file)}.")
                _read(one, file, name, file_name)
        return Status()

    def restore(self, save_path, options=None) -> Status:
        """As `read`; None, which `latest_checkpoint` gives where there is none, changes nothing."""
        return Status() if save_path is None else self.read(save_path)


# ---------------------------------------------------------------- one object


def _is_optimizer(one) -> bool:
    return hasattr(one, "save_own_variables") and hasattr(one, "apply_gradients")


def _parts(one) -> dict:
    """What a container or a checkpoint holds, by names."""
    if isinstance(one, Checkpoint):
        return one._objects
    return one if isinstance(one, dict) else {str(i): part for i, part in enumerate(one)}


def _write(one, group, name) -> None:
    if isinstance(one, _Variable):
        Store(group)["0"] = one.numpy()
    elif isinstance(one, Layer):
        weights_file.write(one, group)
    elif _is_optimizer(one):
        one.save_own_variables(Store(group))
    elif isinstance(one, Module):
        for i, variable in enumerate(one.variables):
            Store(group)[str(i)] = variable.numpy()
    elif isinstance(one, (Checkpoint, dict, list, tuple)):
        for key, part in _parts(one).items():
            _write(part, group.require_group(str(key)), f"{name}/{key}")
    elif not hasattr(one, "__next__"):
        raise TypeError(f"tf.train.Checkpoint cannot save {name}={one!r} of type {type(one).__name__!r}.")


def _read(one, file, path, file_name) -> None:
    if isinstance(one, _Variable):
        one.assign(Source(file, path)["0"])
    elif isinstance(one, Layer):
        if one.built:
            weights_file.read(one, functools.partial(Source, file[path]), file_name)
        else:

            def read(file):
                weights_file.read(one, functools.partial(Source, file[path]), file_name)

            _when_built(one, "_build_for", file_name, read)
    elif _is_optimizer(one):
        if one.built or not len(Source(file, path)):
            one.load_own_variables(Source(file, path))
        else:
            _when_built(one, "build", file_name, lambda file: one.load_own_variables(Source(file, path)))
    elif isinstance(one, Module):
        _read_module(one, Source(file, path), path)
    elif isinstance(one, (Checkpoint, dict, list, tuple)):
        for key, part in _parts(one).items():
            _read(part, file, f"{path}/{key}", file_name)


def _read_module(module, source, path) -> None:
    variables = module.variables
    if len(source) != len(variables):
        raise ValueError(f"{path!r} has {len(variables)} Variables, the checkpoint {len(source)}.")
    for i, variable in enumerate(variables):
        variable.assign(source[str(i)])


def _when_built(one, method, file_name, read) -> None:
    """Calls `read` with the open file as soon as an object that is not built yet has been built by its `method`."""

    def build(*args, **kwargs):
        import h5py

        del vars(one)[method]
        result = getattr(one, method)(*args, **kwargs)
        if method == "_build_for" and not all(getattr(part, "built", True) for part in one.modules() if part is not one):
            with torch.no_grad(), training_mode(one, False):  # what a model builds as it goes
                one.call(*args[0])
        with h5py.File(file_name, "r") as file:
            read(file)
        return result

    vars(one)[method] = build


# ---------------------------------------------------------------- which there are


def _without_suffix(path) -> str:
    return os.fspath(path).removesuffix(SUFFIX)


def _note(latest, paths) -> None:
    folder = os.path.dirname(latest)
    lines = [f'model_checkpoint_path: "{os.path.basename(latest)}"']
    lines += [f'all_model_checkpoint_paths: "{os.path.basename(path)}"' for path in paths]
    with whole(os.path.join(folder, "checkpoint")) as draft, open(draft, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


class CheckpointState:
    """What a folder's file `checkpoint` says."""

    def __init__(self, latest, paths):
        self.model_checkpoint_path, self.all_model_checkpoint_paths = latest, paths


def get_checkpoint_state(checkpoint_dir, latest_filename=None) -> CheckpointState | None:
    file_name = os.path.join(checkpoint_dir, latest_filename or "checkpoint")
    if not os.path.isfile(file_name):
        return None
    with open(file_name, encoding="utf-8") as file:
        rows = re.findall(r'^(\w+): "(.*)"$', file.read(), re.MULTILINE)
    paths = [(kind, os.path.join(checkpoint_dir, path)) for kind, path in rows]
    every = [path for kind, path in paths if kind == "all_model_checkpoint_paths"]
    return CheckpointState(dict(paths).get("model_checkpoint_path"), every)


def latest_checkpoint(checkpoint_dir, latest_filename=None) -> str | None:
    """The path to restore from, or None. Without a file `checkpoint`, the newest weights file that Keras wrote there.

    Such a file ends in `.weights.h5`, or is an HDF5 file of any other name (scripts wrote `cp-0001.ckpt`, without the ending).
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is not None and os.path.exists(f"{state.model_checkpoint_path}{SUFFIX}"):
        return state.model_checkpoint_path
    if not os.path.isdir(checkpoint_dir):
        return None
    files = [os.path.join(checkpoint_dir, name) for name in os.listdir(checkpoint_dir)]
    files = [path for path in files if path.endswith(SUFFIX) or _is_hdf5(path)]
    return max(files, key=lambda path: (os.path.getmtime(path), path), default=None)


def _is_hdf5(path) -> bool:
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


class CheckpointManager:
    """Keeps the last `max_to_keep` checkpoints (None: all) of a folder.

    Args:
        checkpoint: a Checkpoint. directory: where the files go. checkpoint_name: how they begin.
        step_counter, checkpoint_interval: with both, `save(check_interval=True)` waits for so many steps.
    """

    def __init__(self, checkpoint, directory, max_to_keep, keep_checkpoint_every_n_hours=None, checkpoint_name="ckpt",
                 step_counter=None, checkpoint_interval=None, init_fn=None):  # fmt: skip
        if max_to_keep is not None and max_to_keep <= 0:
            raise ValueError(f"Expected a positive integer or `None` for `max_to_keep`, got {max_to_keep}.")
        self.checkpoint, self.directory = checkpoint, os.fspath(directory)
        self._keeps, self._name, self._begin = max_to_keep, checkpoint_name, init_fn
        self._counter, self.checkpoint_interval, self._last = step_counter, checkpoint_interval, None
        state = get_checkpoint_state(self.directory)
        found = [] if state is None else state.all_model_checkpoint_paths
        self.checkpoints = [path for path in found if os.path.exists(path + SUFFIX)]

    @property
    def latest_checkpoint(self) -> str | None:
        return self.checkpoints[-1] if self.checkpoints else None

    def save(self, checkpoint_number=None, check_interval=True, options=None) -> str | None:
        """Writes a checkpoint and removes what is too old. Returns its path."""
        if self.checkpoint_interval is not None and check_interval:
            now = int(self._counter)
            if self._last is not None and now < self._last + self.checkpoint_interval:
                return None
            self._last = now
        counter = self.checkpoint.save_counter
        counter.assign_add(1)
        number = int(counter if checkpoint_number is None else checkpoint_number)
        path = self.checkpoint.write(os.path.join(self.directory, f"{self._name}-{number}"))
        self.checkpoints = [*(old for old in self.checkpoints if old != path), path]
        while self._keeps is not None and len(self.checkpoints) > self._keeps:
            old = self.checkpoints.pop(0) + SUFFIX
            if os.path.exists(old):
                os.remove(old)
        _note(path, self.checkpoints)
        return path

    def restore_or_initialize(self) -> str | None:
        """Restores the latest checkpoint, if there is one, and returns its path."""
        if self.latest_checkpoint is not None:
            self.checkpoint.restore(self.latest_checkpoint)
        elif self._begin is not None:
            self._begin()
        return self.latest_checkpoint
