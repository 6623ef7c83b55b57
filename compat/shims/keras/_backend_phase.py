"""Training or not: the learning phase, and what depends on it."""

from __future__ import annotations

import contextlib
import threading

from torchkeras_lite import ops
from torchkeras_lite.calls import going_on, require_care
from torchkeras_lite.modes import settled
from torchkeras_lite.symbolic import KerasTensor, is_symbolic

from ._backend_calls import as_tensor, drawn


class Phase(int):
    """The learning phase, as it was when somebody asked; among the inputs of `function` it is one of them."""


class _State(threading.local):
    running = None  # what `function` says, while it runs


_state = _State()
_fixed: list[int] = []  # what `set_learning_phase` said


def learning_phase() -> Phase:
    """1 in training, 0 elsewhere: what `set_learning_phase` said, else the mode of the layer that is being called.

    It can be an input of `function`: `function([model.input, learning_phase()], ...)([x, 1])`.
    """
    return Phase(_now() or 0)


def _now() -> int | None:
    require_care()  # from now on layers put down that they are being called
    if _state.running is not None:
        return _state.running
    if _fixed:
        return _fixed[0]
    if going_on.layers:
        return int(going_on.layers[-1].training)
    return None if settled.root is None else int(bool(settled.mode))


def set_learning_phase(value) -> None:
    """Sets the learning phase of all functions here that depend on it, for ever. Layers of today do not look at it.

    Raises:
        ValueError: neither 0 nor 1.
    """
    if value not in (0, 1):
        raise ValueError(f"Expected learning phase to be 0 or 1. Received: {value!r}")
    _fixed[:] = [int(value)]


def forget_learning_phase() -> None:
    """Undoes `set_learning_phase`."""
    _fixed.clear()


@contextlib.contextmanager
def learning_phase_scope(value):
    """Inside, the learning phase is `value`; None is what it would be anyway, 0 if nothing says so."""
    before = _state.running
    _state.running = (_fixed[0] if _fixed else 0) if value is None else int(bool(value))
    try:
        yield _state.running
    finally:
        _state.running = before


def in_train_phase(x, alt, training=None):
    """`x` in training, `alt` elsewhere: tensors of one shape, or functions without arguments that return one.

    Args:
        training: a number, boolean or scalar tensor that says which; None is `learning_phase()`.
    """
    if training is None or isinstance(training, Phase):
        now = _now()
        if now is None:
            x, alt = _value(x), _value(alt)
            return _by_phase(x, alt) if is_symbolic((x, alt)) else alt
        training = now
    if isinstance(training, (bool, int)):
        return _value(x if training else alt)
    return switch(training, x, alt)


def in_test_phase(x, alt, training=None):
    """`alt` in training, `x` elsewhere. See `in_train_phase`."""
    return in_train_phase(alt, x, training)


@drawn
def _by_phase(x, alt):
    return as_tensor(x if _now() else alt)


def _value(expression):
    return expression() if callable(expression) else expression


def switch(condition, then_expression, else_expression):
    """`then_expression` where `condition` holds, `else_expression` where not: tensors, or functions that return one.

    A condition of no axes chooses one of the two as a whole. Another one, with at most as many axes as the expressions, chooses
    element by element, and whole slices along the axes that it lacks.

    Raises:
        ValueError: the condition has more axes than the expressions.
    """
    if isinstance(condition, Phase):
        return in_train_phase(then_expression, else_expression)
    condition = ops.cast(condition, "bool")
    if condition.ndim == 0:
        if callable(then_expression) or callable(else_expression) or not _alike(then_expression, else_expression):
            return ops.cond(condition, lambda: _value(then_expression), lambda: _value(else_expression))
        return ops.where(condition, then_expression, else_expression)
    then, other = as_tensor(_value(then_expression)), as_tensor(_value(else_expression))
    if condition.ndim > then.ndim:
        raise ValueError(
            "Rank of `condition` should be less than or equal to rank of what is chosen from. "
            f"ndim(condition)={condition.ndim}, ndim(then_expression)={then.ndim}"
        )
    for _ in range(then.ndim - condition.ndim):
        condition = ops.expand_dims(condition, -1)
    return ops.where(condition, then, other)


def _alike(one, other) -> bool:
    """Whether a choice between the two can be made without reading the condition."""
    tensors = [each for each in (one, other) if hasattr(each, "shape")]
    symbolic = any(isinstance(each, KerasTensor) for each in tensors)
    return symbolic or (len(tensors) == 2 and tuple(one.shape) == tuple(other.shape))
