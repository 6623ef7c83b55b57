"""What is left of TensorFlow's graphs and sessions: scripts that set them up go on, those that run something get it."""

from __future__ import annotations

import contextlib
import sys
from types import SimpleNamespace

import torch

from torchkeras_lite import backend, config, registry
from torchkeras_lite.calls import going_on
from torchkeras_lite.ops.dispatch import to_tensor
from torchkeras_lite.scopes import name_scope as name_scope
from torchkeras_lite.symbolic import KerasTensor
from torchkeras_lite.variable import Variable

from . import _backend_random
from ._backend_calls import channels, drawn
from ._backend_graph import function
from ._backend_phase import forget_learning_phase


class Session:
    """Computes symbolic tensors: `session.run(fetches, feed_dict={tensor: value})`. Everything else of a session is gone."""

    graph = None

    def run(self, fetches, feed_dict=None, **kwargs):
        """The values of KerasTensors, Variables and tensors, in the structure of `fetches`; None for anything else."""
        given = feed_dict or {}
        several = isinstance(fetches, (list, tuple))
        known = KerasTensor, Variable, torch.Tensor
        wanted = [x if isinstance(x, known) else None for x in (fetches if several else [fetches])]
        values = iter(function(list(given), [x for x in wanted if x is not None])(list(given.values())))
        found = [None if x is None else next(values) for x in wanted]
        for x in fetches if several else [fetches]:
            if not isinstance(x, known) and hasattr(x, "run"):  # a step of an optimizer of TensorFlow's
                x.run(feed_dict)
        return found if several else found[0]

    def close(self) -> None:
        """Nothing is to be closed."""

    def list_devices(self) -> list:
        """None that TensorFlow would know."""
        return []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass


_session = Session()


def get_session() -> Session:
    """What runs symbolic tensors, as far as a script of TensorFlow's wants to do that itself."""
    return _session


def set_session(session) -> None:
    """Accepted; torch needs no session, and its settings mean nothing here."""


def clear_session(free_memory: bool = True) -> None:
    """Names, learning phase and the sequences of seeds begin anew, and what torch has compiled is forgotten."""
    forget_learning_phase()
    _backend_random.begin_anew()
    backend.clear_session(free_memory)


def reset_uids() -> None:
    """Names are counted from the beginning again."""
    registry.reset_names()


def manual_variable_initialization(value) -> None:
    """Accepted: variables have their values from the beginning, whoever asks."""


def control_dependencies(control_inputs):
    """A context without effect: here everything happens in the order in which it is written."""
    return contextlib.nullcontext()


def symbolic(func):
    """The function itself: nothing has to be told to which graph it belongs."""
    return func


eager = symbolic


# tf.keras could choose between two kinds of random generators; torch has the one.
experimental = SimpleNamespace(
    enable_tf_random_generator=lambda: None,
    disable_tf_random_generator=lambda: None,
    is_tf_random_generator_enabled=lambda: True,
)


def pattern_broadcast(x, broadcastable):
    """x itself: every axis of size 1 broadcasts."""
    return x


def print_tensor(x, message=""):
    """x itself; its value is printed behind `message` where, in a graph whenever, it is computed."""
    return _printed(x, message)


@drawn
def _printed(x, message):
    x = to_tensor(x)
    if not going_on.inferring:
        sys.stdout.write(f"{message} {x.detach().cpu().numpy()}\n")
    return x


# ---------------------------------------------------------------- where the channels are


def normalize_data_format(value) -> str:
    """Where the channels are, in today's words, of old or new ones; None is the global setting."""
    return channels(value)


def image_dim_ordering() -> str:
    """Keras 1's words for `image_data_format`: "tf" (channels last) or "th" (first)."""
    return {"channels_last": "tf", "channels_first": "th"}[config.image_data_format()]


def set_image_dim_ordering(dim_ordering) -> None:
    """Sets where the channels are: "tf" (last) or "th" (first)."""
    config.set_image_data_format(channels(dim_ordering))


def gpus() -> list[str]:
    """The GPUs, named as TensorFlow names them."""
    return [f"/device:GPU:{i}" for i in range(torch.cuda.device_count())]
