"""The optimizers of `tf.train`, TensorFlow 1's: Keras's, with the arguments and defaults of then; and its schedules."""

from __future__ import annotations

from torchkeras_lite import optimizers
from torchkeras_lite.optimizers import schedules

from ._variable import Variable

__all__ = [
    "AdadeltaOptimizer", "AdagradOptimizer", "AdamOptimizer", "FtrlOptimizer", "GradientDescentOptimizer", "MomentumOptimizer",
    "RMSPropOptimizer", "cosine_decay", "cosine_decay_restarts", "create_global_step", "exponential_decay", "get_global_step",
    "get_or_create_global_step", "inverse_time_decay", "natural_exp_decay", "piecewise_constant", "piecewise_constant_decay",
    "polynomial_decay",
]  # fmt: skip


def _rate(rate):
    """A number, or the schedule that stands for it."""
    return rate if callable(rate) else float(rate)


def GradientDescentOptimizer(learning_rate, use_locking=False, name="GradientDescent"):
    return optimizers.SGD(_rate(learning_rate), name=name)


def MomentumOptimizer(learning_rate, momentum, use_locking=False, name="Momentum", use_nesterov=False):
    return optimizers.SGD(_rate(learning_rate), momentum=momentum, nesterov=use_nesterov, name=name)


def AdamOptimizer(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, use_locking=False, name="Adam"):
    return optimizers.Adam(_rate(learning_rate), beta_1=beta1, beta_2=beta2, epsilon=epsilon, name=name)


class RMSprop(optimizers.RMSprop):
    """One whose average of squares begins at one, as TensorFlow 1's did: its first steps are as small as those of SGD."""

    __module__ = optimizers.RMSprop.__module__  # files name it so, and hold the average

    def slot_initializers(self):
        return {"velocity": "ones"}


def RMSPropOptimizer(
    learning_rate, decay=0.9, momentum=0.0, epsilon=1e-10, use_locking=False, centered=False, name="RMSProp"
):  # fmt: skip
    return RMSprop(
        _rate(learning_rate), rho=decay, momentum=momentum, epsilon=epsilon, centered=centered, name=name
    )


def AdagradOptimizer(learning_rate, initial_accumulator_value=0.1, use_locking=False, name="Adagrad"):
    return optimizers.Adagrad(_rate(learning_rate), initial_accumulator_value=initial_accumulator_value, name=name)


def AdadeltaOptimizer(learning_rate=0.001, rho=0.95, epsilon=1e-8, use_locking=False, name="Adadelta"):
    return optimizers.Adadelta(_rate(learning_rate), rho=rho, epsilon=epsilon, name=name)


def FtrlOptimizer(
    learning_rate, learning_rate_power=-0.5, initial_accumulator_value=0.1, l1_regularization_strength=0.0,
    l2_regularization_strength=0.0, use_locking=False, name="Ftrl", l2_shrinkage_regularization_strength=0.0, **settings,
):  # fmt: skip
    return optimizers.Ftrl(
        _rate(learning_rate), learning_rate_power=learning_rate_power, initial_accumulator_value=initial_accumulator_value,
        l1_regularization_strength=l1_regularization_strength, l2_regularization_strength=l2_regularization_strength,
        l2_shrinkage_regularization_strength=l2_shrinkage_regularization_strength, name=name,
    )  # fmt: skip


# ---------------------------------------------------------------- schedules: the optimizer counts the steps itself


def exponential_decay(learning_rate, global_step, decay_steps, decay_rate, staircase=False, name=None):
    return schedules.ExponentialDecay(learning_rate, decay_steps, decay_rate, staircase=staircase)


def natural_exp_decay(learning_rate, global_step, decay_steps, decay_rate, staircase=False, name=None):
    import math

    return schedules.ExponentialDecay(learning_rate, decay_steps, math.exp(-decay_rate), staircase=staircase)


def inverse_time_decay(learning_rate, global_step, decay_steps, decay_rate, staircase=False, name=None):
    return schedules.InverseTimeDecay(learning_rate, decay_steps, decay_rate, staircase=staircase)


def polynomial_decay(
    learning_rate, global_step, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False, name=None
):  # fmt: skip
    return schedules.PolynomialDecay(learning_rate, decay_steps, end_learning_rate, power=power, cycle=cycle)


def cosine_decay(learning_rate, global_step, decay_steps, alpha=0.0, name=None):
    return schedules.CosineDecay(learning_rate, decay_steps, alpha=alpha)


def cosine_decay_restarts(learning_rate, global_step, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0, name=None):
    return schedules.CosineDecayRestarts(learning_rate, first_decay_steps, t_mul=t_mul, m_mul=m_mul, alpha=alpha)


def piecewise_constant(x, boundaries, values, name=None):
    return schedules.PiecewiseConstantDecay(list(boundaries), list(values))


piecewise_constant_decay = piecewise_constant
_global_step: list[Variable] = []


def get_or_create_global_step(graph=None):
    """A Variable that counts from zero, always the same one."""
    if not _global_step:
        _global_step.append(Variable(0, trainable=False, dtype="int64", name="global_step"))
    return _global_step[0]


get_global_step = create_global_step = get_or_create_global_step
