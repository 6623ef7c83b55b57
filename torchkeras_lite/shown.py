"""Shown: an attribute that is worked out when it is asked for, unless the user has set one of that name."""

from __future__ import annotations


class Shown:
    """What is computed when it is asked for, as by `property`, and makes room for an attribute of a user's of that name.

    Args:
        function: takes the object, returns what is shown.
    """

    def __init__(self, function):
        self.function, self.__doc__ = function, function.__doc__

    def __get__(self, instance, owner=None):
        return self if instance is None else self.function(instance)


def worked_out(instance, name: str):
    """The attribute `name` of an object as we work it out, whatever its user keeps there."""
    found = getattr(type(instance), name, None)
    return found.function(instance) if isinstance(found, Shown) else getattr(instance, name)
