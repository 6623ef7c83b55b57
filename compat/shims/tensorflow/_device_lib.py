"""`tensorflow.python.client.device_lib`."""

from __future__ import annotations

from typing import NamedTuple

import torch

__all__ = ["list_local_devices"]


class Device(NamedTuple):
    """A device by the name and kind TensorFlow gives it."""

    name: str
    device_type: str
    memory_limit: int
    physical_device_desc: str


def list_local_devices(session_config=None) -> list[Device]:
    """One CPU, and the GPUs."""
    found = [Device("/device:CPU:0", "CPU", 268435456, "")]
    for i in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(i)
        found.append(Device(f"/device:GPU:{i}", "GPU", about.total_memory, f"device: {i}, name: {about.name}"))
    return found
