"""Keras's words for several devices. One process with one device means them all; more devices are torch.distributed's.

Meshes, layouts and maps of layouts are plain data, and may speak of any devices. To train on several, wrap the model in
`torch.nn.parallel.DistributedDataParallel` in a loop of your own: it is a torch module.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import MutableMapping
from typing import Any

import numpy as np
import torch

from torchkeras_lite import config

_BATCH = "batch"
_current: list[Any] = [None]


def list_devices(device_type: str | None = None) -> list[str]:
    """The devices of a kind (`"cpu"`, `"gpu"`), or of the kind that is used: `["cpu:0"]`, `["gpu:0", "gpu:1"]`, ..."""
    kind = (device_type or config.get_device().type).lower()
    kind = {"cuda": "gpu"}.get(kind, kind)
    return [f"{kind}:{number}" for number in range(get_device_count(kind))]


def get_device_count(device_type: str | None = None) -> int:
    """How many devices there are of a kind, or of the kind that is used."""
    kind = (device_type or config.get_device().type).lower()
    if kind in ("gpu", "cuda"):
        return torch.cuda.device_count()
    if kind == "mps":
        return int(torch.backends.mps.is_available())
    return int(kind == "cpu")


def initialize(job_addresses=None, num_processes=None, process_id=None) -> None:
    """Nothing, for a single process.

    Raises:
        NotImplementedError: there are more.
    """
    if (num_processes or 1) > 1 or len([part for part in (job_addresses or "").split(",") if part]) > 1:
        raise NotImplementedError(
            "Several processes are torch.distributed's: call `torch.distributed.init_process_group()`, and wrap the model in "
            f"`torch.nn.parallel.DistributedDataParallel`. Received: num_processes={num_processes}, "
            f"job_addresses={job_addresses!r}"
        )


class DeviceMesh:
    """Devices in a grid whose axes have names.

    Args:
        shape: how many there are along each axis.
        axis_names: a name for each axis.
        devices: their names; all there are where left out.

    Raises:
        ValueError: no shape or no names, more of one than of the other, or another number of devices.
    """

    def __init__(self, shape, axis_names, devices=None):
        if not shape or not axis_names:
            raise ValueError(f"Shape and axis_names cannot be empty. Received: shape={shape}, axis_names={axis_names}")
        if len(shape) != len(axis_names):
            raise ValueError(f"Shape and axis_names should have same size. Received: shape={shape}, axis_names={axis_names}")
        devices = np.array(list_devices() if devices is None else devices)
        if math.prod(shape) != devices.size:
            raise ValueError(
                f"Shape does not match the number of devices. Received: shape={shape}; devices.shape={devices.shape}"
            )
        self.shape, self.axis_names, self.devices = shape, axis_names, devices.reshape(shape)

    def __repr__(self):
        return f"<{type(self).__name__} shape={self.shape}, axis_names={self.axis_names}>"


class TensorLayout:
    """Along which axes of a mesh a tensor is cut: a name or None (not cut) for each of its axes.

    Raises:
        ValueError: a name that the mesh does not have; another mesh where there is one.
    """

    def __init__(self, axes, device_mesh: DeviceMesh | None = None):
        self.axes, self._mesh = tuple(axes), device_mesh
        self._check()

    @property
    def device_mesh(self):
        return self._mesh

    @device_mesh.setter
    def device_mesh(self, mesh):
        if self._mesh is not None:
            raise ValueError(f"Cannot override device mesh value. Existing value is {self._mesh}")
        self._mesh = mesh
        self._check()

    def _check(self):
        unknown = {name for name in self.axes if name is not None} - {*(self._mesh.axis_names if self._mesh else self.axes)}
        if unknown:
            raise ValueError(
                f"Invalid axis names for Layout. Valid axis names: {set(self._mesh.axis_names)}, Got {unknown}"
            )

    def __repr__(self):
        return f"<{type(self).__name__} axes={self.axes}, device_mesh={self.device_mesh}>"


class LayoutMap(MutableMapping):
    """Layouts by the paths of variables; a key may be a regular expression that fits the whole of a path.

    Raises:
        ValueError: a key that is there already, a value that is no layout, a path that several keys fit.
    """

    def __init__(self, device_mesh: DeviceMesh | None):
        self.device_mesh, self._layouts = device_mesh, {}

    def __getitem__(self, key):
        """The layout of a path; None if no key fits."""
        if key in self._layouts:
            return self._layouts[key]
        fit = [pattern for pattern in self._layouts if re.fullmatch(pattern, key)]
        if len(fit) > 1:
            raise ValueError(f"Path '{key}' matches multiple layout specification keys: {fit}. Let each path fit one only.")
        return self._layouts[fit[0]] if fit else None

    def __setitem__(self, key, layout):
        if key in self._layouts:
            raise ValueError(f"{key} already exist in the LayoutMap with value {self._layouts[key]}.")
        layout = TensorLayout(layout) if isinstance(layout, tuple) else layout
        if not isinstance(layout, TensorLayout):
            raise ValueError(f"{layout} should be a TensorLayout type, got {type(layout)}")
        if layout.device_mesh is None and self.device_mesh is not None:
            layout.device_mesh = self.device_mesh
        self._layouts[key] = layout

    def __delitem__(self, key):
        del self._layouts[key]

    def __len__(self):
        return len(self._layouts)

    def __iter__(self):
        return iter(self._layouts)


class Distribution:
    """Base class: which layout data and variables have."""

    num_processes = 1

    def __init__(self, device_mesh: DeviceMesh, batch_dim_name: str | None = None, auto_shard_dataset: bool = True):
        self.device_mesh, self.batch_dim_name, self.auto_shard_dataset = device_mesh, batch_dim_name, auto_shard_dataset

    def get_data_layout(self, data_shape) -> TensorLayout:
        """Data is cut along its first axis."""
        return TensorLayout([self.batch_dim_name, *[None] * (len(data_shape) - 1)], self.device_mesh)

    def get_variable_layout(self, variable) -> TensorLayout:
        """A variable is not cut."""
        return TensorLayout([None] * len(variable.shape), self.device_mesh)

    def get_tensor_layout(self, path) -> TensorLayout | None:
        return None

    def distribute_dataset(self, dataset):
        """The part of the data that this process sees: all of it."""
        return dataset

    @contextlib.contextmanager
    def scope(self):
        """Inside, this is the distribution."""
        outer = distribution()
        set_distribution(self)
        try:
            yield
        finally:
            set_distribution(outer)

    def __repr__(self):
        return f"<{type(self).__name__} device_mesh={self.device_mesh}>"


class DataParallel(Distribution):
    """Each device has the whole model and a part of each batch.

    Args:
        device_mesh, devices: where; all devices there are where both are left out.
    """

    def __init__(self, device_mesh=None, devices=None, auto_shard_dataset=True):
        if device_mesh is not None and not isinstance(device_mesh, DeviceMesh):
            raise ValueError(
                f"Expect `mesh` to be an instance of `DeviceMesh`. Received: mesh={device_mesh} (of type {type(device_mesh)})"
            )
        if device_mesh is None:
            devices = np.array(list_devices() if devices is None else devices)
            device_mesh = DeviceMesh(devices.shape, [_BATCH], devices)
        super().__init__(device_mesh, device_mesh.axis_names[0], auto_shard_dataset)

    @property
    def num_model_replicas(self) -> int:
        return self.device_mesh.devices.size


class ModelParallel(Distribution):
    """Variables are cut as a LayoutMap says.

    Raises:
        ValueError: no map.
    """

    def __init__(self, *, layout_map=None, batch_dim_name=None, auto_shard_dataset=True, device_mesh=None):
        if layout_map is None:
            raise ValueError("You must specify a layout_map argument.")
        if not isinstance(layout_map, LayoutMap):
            raise ValueError(f"Argument `layout_map` must be a `LayoutMap` instance. Received: layout_map={layout_map}")
        mesh = layout_map.device_mesh
        super().__init__(mesh, batch_dim_name or mesh.axis_names[0], auto_shard_dataset)
        self._layout_map = layout_map

    @property
    def num_model_replicas(self) -> int:
        return self.device_mesh.shape[list(self.device_mesh.axis_names).index(self.batch_dim_name)]

    def get_variable_layout(self, variable) -> TensorLayout:
        return self._layout_map[variable.path] or super().get_variable_layout(variable)

    def get_tensor_layout(self, path) -> TensorLayout | None:
        return self._layout_map[path]


def distribution() -> Distribution | None:
    """The distribution that is set; None if none."""
    return _current[0]


def set_distribution(value: Distribution | None) -> None:
    """Sets the distribution of the process.

    Raises:
        NotImplementedError: it is over several devices.
    """
    if value is not None and value.device_mesh.devices.size > 1:
        raise NotImplementedError(
            f"{value!r} is over {value.device_mesh.devices.size} devices; a model here runs on one. To train on several, wrap "
            "it in `torch.nn.parallel.DistributedDataParallel`, in a loop of your own under `torchrun`."
        )
    _current[0] = value


def distribute_tensor(tensor, layout: TensorLayout):
    """The tensor cut as the layout says: as it is, on one device."""
    mesh = layout.device_mesh
    if mesh is not None and mesh.devices.size > 1 and any(layout.axes):
        raise NotImplementedError(f"A tensor here lies on one device. Received: layout={layout}")
    return tensor
