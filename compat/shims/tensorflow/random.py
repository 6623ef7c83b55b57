"""`tf.random`."""

from __future__ import annotations

import numpy as np

from torchkeras_lite.config import set_random_seed

from ._missing import getattr_of

__all__ = ["set_seed"]
__getattr__ = getattr_of(__name__)


def set_seed(seed: int) -> None:
    """Makes weights, dropout and shuffling repeat from run to run.

    Python's generator is seeded with torch's, because Keras draws its default seeds from it. numpy's goes on as it was,
    as under TensorFlow: a script that seeded it draws its data from there.
    """
    state = np.random.get_state()
    set_random_seed(seed)
    np.random.set_state(state)
