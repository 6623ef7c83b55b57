"""`tf.__internal__`: the few names of TensorFlow's inside that libraries around Keras take there."""

from types import SimpleNamespace

from . import _averages, _smart_cond

__internal__ = SimpleNamespace(
    decorator=SimpleNamespace(unwrap=lambda target: ([], target)),  # nothing is decorated
    smart_cond=SimpleNamespace(smart_cond=_smart_cond.smart_cond, smart_constant_value=_smart_cond.smart_constant_value),
    train=SimpleNamespace(assign_moving_average=_averages.assign_moving_average),
)
