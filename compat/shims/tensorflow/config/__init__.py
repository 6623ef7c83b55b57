"""`tf.config`: what torch says of this machine."""

from __future__ import annotations

from typing import NamedTuple

import torch

from .._missing import getattr_of

__all__ = ["PhysicalDevice", "experimental", "list_physical_devices"]
__getattr__ = getattr_of(__name__)


class PhysicalDevice(NamedTuple):
    """A device by the name and kind TensorFlow gives it."""

    name: str
    device_type: str


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices of one kind ("CPU", "GPU"), or all. Always one CPU; a GPU for each CUDA device, or for Apple's."""
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else int(torch.backends.mps.is_available())
    devices = [PhysicalDevice("/physical_device:CPU:0", "CPU")]
    devices += [PhysicalDevice(f"/physical_device:GPU:{i}", "GPU") for i in range(gpus)]
    return [device for device in devices if device_type in (None, device.device_type)]


from . import experimental  # noqa: E402  it shows what stands above
