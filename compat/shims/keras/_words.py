"""What old values are today: functions for rows of ARGUMENTS.

Those that take `given`, the arguments by today's words with the defaults of those left out, return arguments by their words.
"""

from __future__ import annotations

import numbers


def by_name(args: tuple, names: list[str], words: dict, what: str) -> dict:
    """The arguments of a call by name: `args` under the first of `names`, beside `words`."""
    if len(args) > len(names):
        raise TypeError(f"{what} takes at most {len(names)} arguments by position ({', '.join(names)}). Received: {len(args)}")
    twice = [name for name in names[: len(args)] if name in words]
    if twice:
        raise TypeError(f"{what} got `{twice[0]}` twice: by position and by name.")
    return {**dict(zip(names, args, strict=False)), **words}


def data_format(value):
    """Where the channels are: in Theano's order, TensorFlow's, or that of the global setting."""
    known = {"th": "channels_first", "tf": "channels_last", "default": None}
    if value not in known:
        raise ValueError(f"`dim_ordering` must be 'tf' (channels last), 'th' (first) or 'default'. Received: {value!r}")
    return known[value]


def batchnorm_mode(value, given):
    """Only mode 0 has survived: statistics for each feature, moving ones outside training."""
    if value != 0:
        raise ValueError(
            f"BatchNormalization knows `mode=0` only (normalize each feature over the batch). Received: mode={value!r}"
        )
    return {}


def rate(value):
    """A learning rate, which could be any kind of number."""
    return float(value) if isinstance(value, numbers.Real) else value


def decay(value, given):
    """`lr / (1 + decay * iterations)`, counted in batches: a schedule of that formula in the place of the rate."""
    if not value:
        return {}
    from torchkeras_lite.optimizers.schedules import InverseTimeDecay

    rate = given["learning_rate"]
    if not isinstance(rate, numbers.Real):
        raise ValueError(
            f"`decay={value!r}` goes with a learning rate that is a number. Received: {rate!r}. A schedule decays by itself."
        )
    return {"learning_rate": InverseTimeDecay(float(rate), decay_steps=1, decay_rate=float(value))}


def epsilon(value, given):
    """None stood for the default."""
    return {} if value is None else {"epsilon": value}
