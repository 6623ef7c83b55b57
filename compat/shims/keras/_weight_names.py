"""`weight.name` as the eras had it: where the weight is, and what it is called there.

TensorFlow's variables were named after the scopes in which they were made, `dense_1/kernel:0`, and Keras 1 put layers and
weights together, `dense_1_W`. Programs choose weights by these names: which are to be frozen, decayed, or learn slower.
What is in a file goes by the paths of variables, which are today's.
"""

from __future__ import annotations

from torchkeras_lite import layers
from torchkeras_lite.calls import going_on
from torchkeras_lite.models import Functional, Sequential

from . import _eras

_KERAS_1 = {
    "kernel": "W", "recurrent_kernel": "U", "bias": "b", "embeddings": "W", "alpha": "alphas", "moving_mean": "running_mean",
    "moving_variance": "running_std",
}  # fmt: skip
_SLOTS = {"momentum": "m", "velocity": "v", "velocity_hat": "vhat", "norm": "u"}
_OURS = ("torchkeras_lite", "keras")


class Name:
    """What a variable is called: the word it was made with, or what the era has made of that."""

    def __get__(self, variable, owner=None):
        if variable is None:
            return self
        own = vars(variable)
        if _eras.now != "3" and "_name_then" in own:
            return own["_name_then"]
        try:
            return own["name"]
        except KeyError:
            raise AttributeError("name") from None  # while it is copied there is none yet

    def __set__(self, variable, name):
        own = vars(variable)
        if _eras.now != "3":
            own["_name_then"] = name if "path" in own else full(name)  # another one later is what a program wants
        own["name"] = name


name = Name()


def full(name: str, era: str | None = None) -> str:
    """The full name of a variable that is being made."""
    era = era or _eras.now
    makers = [(str(scope), getattr(scope, "caller", None)) for scope in going_on.names]
    maker = makers[-1][1] if makers else None
    if era == "1.2":
        return _of_keras_1(name, [maker for _, maker in makers if maker is not None])
    if name.endswith(":0"):
        return name
    if isinstance(maker, layers.DepthwiseConv2D | layers.DepthwiseConv1D) and name == "kernel":
        name = "depthwise_kernel"
    said = [scope for at, (scope, _) in enumerate(makers) if not _silent(at, makers, era)]
    return "/".join([*said, name]) + ":0"


def name_slot(slot, optimizer: str, kind: str, variable) -> None:
    """Names what an optimizer keeps for a variable: `Adam/m/dense/kernel:0`."""
    if _eras.now == "3":
        return
    kind = kind if optimizer == "RMSprop" else _SLOTS.get(kind, kind)
    vars(slot)["_name_then"] = f"{optimizer}/{kind}/{variable.name}"


def _of_keras_1(name, makers) -> str:
    while len(makers) > 1 and isinstance(makers[-2], layers.RNN | layers.StackedRNNCells):
        makers.pop()
    if not makers or type(makers[-1]).__module__.partition(".")[0] not in _OURS:
        return name  # programs put the name of the layer in front themselves
    return f"{makers[-1].name}_{_KERAS_1.get(name, name)}"


def _silent(at: int, makers, era: str) -> bool:
    """Whether a layer opened no scope when its weights were made: what holds it had them made, and did not call it."""
    maker, holder = makers[at][1], makers[at - 1][1] if at else None
    if isinstance(maker, Sequential | Functional):
        return True
    if isinstance(holder, layers.RNN | layers.StackedRNNCells):
        return era != "tf2" or _of_images(holder)
    return isinstance(holder, layers.Wrapper) and not isinstance(holder, layers.Bidirectional)


def _of_images(layer) -> bool:
    return isinstance(layer, layers.ConvLSTM1D | layers.ConvLSTM2D | layers.ConvLSTM3D)
