"""`tf.errors`. Where Python or torch has an error of its own, it is that one: `except` catches what is really raised."""

import torch

from ._missing import getattr_of

__all__ = [
    "AlreadyExistsError", "DataLossError", "FailedPreconditionError", "InternalError", "InvalidArgumentError", "NotFoundError",
    "OpError", "OutOfRangeError", "PermissionDeniedError", "ResourceExhaustedError", "UnavailableError", "UnimplementedError",
]  # fmt: skip
__getattr__ = getattr_of(__name__)

AlreadyExistsError, NotFoundError, PermissionDeniedError = FileExistsError, FileNotFoundError, PermissionError
ResourceExhaustedError, UnimplementedError = torch.OutOfMemoryError, NotImplementedError


class OpError(Exception):
    """An error of an operation: `OpError(node_def, op, message)`."""

    def __init__(self, node_def=None, op=None, message="", *args):
        super().__init__(message)
        self.node_def, self.op, self.message = node_def, op, message


class InvalidArgumentError(OpError, ValueError):
    pass


class OutOfRangeError(OpError):
    pass


class FailedPreconditionError(OpError):
    pass


class DataLossError(OpError):
    pass


class InternalError(OpError):
    pass


class UnavailableError(OpError):
    pass
