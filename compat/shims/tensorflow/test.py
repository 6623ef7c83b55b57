"""`tf.test`: questions about this machine, and the test case of extensions' suites."""

import unittest

import torch

from ._missing import getattr_of

__all__ = ["TestCase", "gpu_device_name", "is_built_with_cuda", "is_built_with_gpu_support", "is_gpu_available", "main"]  # noqa: F822
__getattr__ = getattr_of(__name__, {"TestCase": "_test_case"})
main = unittest.main


def is_gpu_available(cuda_only=False, min_cuda_compute_capability=None) -> bool:
    return torch.cuda.is_available() or (not cuda_only and torch.backends.mps.is_available())


def gpu_device_name() -> str:
    """`"/device:GPU:0"`, or an empty string."""
    return "/device:GPU:0" if is_gpu_available() else ""


def is_built_with_cuda() -> bool:
    return torch.version.cuda is not None


def is_built_with_gpu_support() -> bool:
    return is_built_with_cuda() or torch.backends.mps.is_built()
