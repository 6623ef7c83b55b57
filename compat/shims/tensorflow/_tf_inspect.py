"""`tensorflow.python.util.tf_inspect`: Python's `inspect`, which libraries took from there, with what Python has dropped."""

from collections import namedtuple
from inspect import *  # noqa: F403
from inspect import getfullargspec

ArgSpec = namedtuple("ArgSpec", "args varargs keywords defaults")


def getargspec(function) -> ArgSpec:
    """The arguments of a function that may be given by position, and their defaults."""
    return ArgSpec(*getfullargspec(function)[:4])
