"""`tf.config`: what torch says of this machine, and settings that torch has too. The others are taken and change nothing."""

from __future__ import annotations

from typing import NamedTuple

import torch

from .._missing import getattr_of

__all__ = [
    "LogicalDevice", "LogicalDeviceConfiguration", "PhysicalDevice", "experimental", "functions_run_eagerly",
    "experimental_connect_to_cluster", "experimental_connect_to_host", "experimental_functions_run_eagerly",
    "experimental_run_functions_eagerly", "get_logical_device_configuration", "get_soft_device_placement",
    "get_visible_devices", "list_logical_devices", "list_physical_devices", "optimizer", "run_functions_eagerly",
    "set_logical_device_configuration", "set_soft_device_placement", "set_visible_devices", "threading",
]  # fmt: skip
__getattr__ = getattr_of(__name__)


class PhysicalDevice(NamedTuple):
    """A device by the name and kind TensorFlow gives it."""

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device as `tf.device` takes it."""

    name: str
    device_type: str


class LogicalDeviceConfiguration:
    """Limits for a device; torch has none to set here."""

    def __init__(self, memory_limit=None, experimental_priority=None, experimental_device_ordinal=None):
        self.memory_limit = memory_limit


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices of one kind ("CPU", "GPU"), or all. Always one CPU; a GPU for each CUDA device, or for Apple's."""
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else int(torch.backends.mps.is_available())
    devices = [PhysicalDevice("/physical_device:CPU:0", "CPU")]
    devices += [PhysicalDevice(f"/physical_device:GPU:{i}", "GPU") for i in range(gpus)]
    return [device for device in devices if device_type in (None, device.device_type)]


get_visible_devices = list_physical_devices


def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """As `list_physical_devices`, by the names that `tf.device` takes."""
    return [LogicalDevice(name.replace("physical_", ""), kind) for name, kind in list_physical_devices(device_type)]


def set_visible_devices(devices, device_type=None) -> None:
    """Has no effect: set CUDA_VISIBLE_DEVICES, or use `with tf.device(...)`."""


def set_logical_device_configuration(device, logical_devices) -> None:
    """Has no effect: torch takes memory as it needs it and does not split devices."""


def get_logical_device_configuration(device) -> None:
    """None: no device has a configuration."""


def set_soft_device_placement(enabled) -> None:
    """Has no effect: operations run where their tensors lie."""


def get_soft_device_placement() -> bool:
    return False


def run_functions_eagerly(run_eagerly) -> None:
    """Has no effect: functions run as Python in any case."""


def functions_run_eagerly() -> bool:
    return True


experimental_run_functions_eagerly, experimental_functions_run_eagerly = run_functions_eagerly, functions_run_eagerly


def experimental_connect_to_cluster(cluster_spec_or_resolver, *args, **settings) -> None:
    """Has no effect: there is this machine. torch.distributed has its own words for more."""


experimental_connect_to_host = experimental_connect_to_cluster


class optimizer:
    """`tf.config.optimizer`: of a compiler that is not here."""

    @staticmethod
    def set_jit(enabled) -> None:
        """Has no effect; `model.compile(jit_compile=True)` compiles."""

    @staticmethod
    def get_jit() -> str:
        return ""

    @staticmethod
    def set_experimental_options(options) -> None:
        """Has no effect."""


class threading:
    """`tf.config.threading`: how many threads torch uses."""

    @staticmethod
    def get_intra_op_parallelism_threads() -> int:
        return torch.get_num_threads()

    @staticmethod
    def get_inter_op_parallelism_threads() -> int:
        return torch.get_num_interop_threads()

    @staticmethod
    def set_intra_op_parallelism_threads(num_threads) -> None:
        """For the parts of one operation; 0 leaves it to torch."""
        if num_threads:
            torch.set_num_threads(int(num_threads))

    @staticmethod
    def set_inter_op_parallelism_threads(num_threads) -> None:
        """Has no effect: operations run one after the other."""


from . import experimental  # noqa: E402  it shows what stands above
