"""`tf.random`."""

from __future__ import annotations

import numpy as np

from torchkeras_lite.config import set_random_seed

from ._missing import getattr_of

_DRAWN = [
    "Generator", "categorical", "gamma", "get_global_generator", "log_uniform_candidate_sampler", "normal", "poisson",
    "set_global_generator", "shuffle", "split", "stateless_categorical", "stateless_normal", "stateless_truncated_normal",
    "stateless_uniform", "truncated_normal", "uniform",
]  # fmt: skip
__all__ = ["set_seed", *_DRAWN]
__getattr__ = getattr_of(__name__, dict.fromkeys(_DRAWN, "_drawn"))


def set_seed(seed: int) -> None:
    """Makes weights, dropout and shuffling repeat from run to run.

    Python's generator is seeded with torch's, because Keras draws its default seeds from it. numpy's goes on as it was,
    as under TensorFlow: a script that seeded it draws its data from there.
    """
    state = np.random.get_state()
    set_random_seed(int(seed))
    np.random.set_state(state)
