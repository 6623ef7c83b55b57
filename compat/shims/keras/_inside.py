"""What Keras 3's layers have inside, and programs use: `layer._tracker.locked = False`, `layer._untrack_variable(kernel)`."""

from __future__ import annotations

from torchkeras_lite.seeds import generators_of
from torchkeras_lite.shown import Shown


class Tracker:
    """The lock that Keras 3 puts on a built layer. There is none here: a layer takes weights at any time."""

    locked = False

    def lock(self, msg: str | None = None) -> None:
        self.locked = True

    def unlock(self) -> None:
        self.locked = False


@Shown
def tracker(self):
    return vars(self).setdefault("_tracker", Tracker())


@Shown
def trainable_variables(self):
    """The layer's own, frozen or not."""
    return [one for one in self._variables if one.is_parameter and one._wants_training]


@Shown
def non_trainable_variables(self):
    return [one for one in self._variables if not (one.is_parameter and one._wants_training)]


@Shown
def layers(self):
    return self.layers_inside


@Shown
def seed_generators(self):
    getattr(self, "seed_generator", None)  # of ours it is made when it is asked for
    return list(generators_of(self))


dtype_policy = property(lambda self: self.dtype_policy, lambda self, policy: setattr(self, "dtype_policy", policy))


def build_at_init(self) -> None:
    """For a layer whose weights are made in its constructor: it is built, unless a `build` of its own is still to come."""
    if self.builds_nothing:
        self.built = True
