"""`tf.autograph`: there are no graphs to write, so nothing is rewritten."""

from ._missing import getattr_of

__all__ = ["experimental", "set_verbosity", "trace"]
__getattr__ = getattr_of(__name__)


def set_verbosity(level, alsologtostdout=False) -> None:
    """Has no effect."""


def trace(*args) -> None:
    print(*args)


class experimental:
    """`tf.autograph.experimental`."""

    @staticmethod
    def do_not_convert(func=None):
        return experimental.do_not_convert if func is None else func

    @staticmethod
    def set_loop_options(**options) -> None:
        """Has no effect."""
