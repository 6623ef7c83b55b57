"""`tf.config.experimental`: the older home of the same functions, and a few settings."""

from __future__ import annotations

import torch

from .._missing import getattr_of
from . import LogicalDeviceConfiguration as VirtualDeviceConfiguration
from . import get_visible_devices, list_logical_devices, list_physical_devices, set_visible_devices
from . import set_logical_device_configuration as set_virtual_device_configuration

__all__ = [
    "VirtualDeviceConfiguration", "enable_op_determinism", "enable_tensor_float_32_execution", "get_device_details",
    "get_memory_growth", "get_memory_info", "get_visible_devices", "list_logical_devices", "list_physical_devices",
    "set_memory_growth", "set_virtual_device_configuration", "set_visible_devices", "tensor_float_32_execution_enabled",
]  # fmt: skip
__getattr__ = getattr_of(__name__)


def set_memory_growth(device, enable) -> None:
    """Has no effect: torch takes memory as it needs it."""


def get_memory_growth(device) -> bool:
    return True


def get_memory_info(device) -> dict:
    """How many bytes tensors take on a GPU now, and took at most."""
    place = torch.device("cuda", int(str(device).rpartition(":")[2]))
    return {"current": torch.cuda.memory_allocated(place), "peak": torch.cuda.max_memory_allocated(place)}


def get_device_details(device) -> dict:
    """The name and the compute capability of a GPU."""
    if device.device_type != "GPU" or not torch.cuda.is_available():
        return {}
    number = int(device.name.rpartition(":")[2])
    return {"device_name": torch.cuda.get_device_name(number), "compute_capability": torch.cuda.get_device_capability(number)}


def enable_op_determinism() -> None:
    """From now on an operation without a deterministic algorithm raises."""
    torch.use_deterministic_algorithms(True)


def enable_tensor_float_32_execution(enabled) -> None:
    torch.set_float32_matmul_precision("high" if enabled else "highest")


def tensor_float_32_execution_enabled() -> bool:
    return torch.get_float32_matmul_precision() != "highest"
