"""`tf.autograph`: there are no graphs to write, so nothing is rewritten."""

import inspect

from ._missing import getattr_of

__all__ = ["experimental", "set_verbosity", "to_code", "to_graph", "trace"]
__getattr__ = getattr_of(__name__)


def set_verbosity(level, alsologtostdout=False) -> None:
    """Has no effect."""


def trace(*args) -> None:
    print(*args)


def to_graph(entity, recursive=True, experimental_optional_features=None, **settings):
    """The function itself."""
    return entity


def to_code(entity, recursive=True, experimental_optional_features=None, **settings) -> str:
    """The text of the function as it was written: nothing else runs."""
    return inspect.getsource(inspect.unwrap(entity))


class experimental:
    """`tf.autograph.experimental`."""

    @staticmethod
    def do_not_convert(func=None):
        return experimental.do_not_convert if func is None else func

    @staticmethod
    def set_loop_options(**options) -> None:
        """Has no effect."""
