"""Records what Keras 2 on TensorFlow makes of `era_models.py`: into `tf_keras.npz`.

usage: python compat/parity/record_tf_keras.py     in an environment that has tensorflow and tf_keras; tests need neither
"""

from __future__ import annotations

import functools
import os
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent
FILE = HERE / "tf_keras.npz"


def main() -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tf_keras
    from tf_keras import backend, layers, models, optimizers, regularizers

    # The optimizers of 2.3's days, which know `lr` and `decay`.
    for name in ("SGD", "RMSprop", "Adam", "Adamax", "Adadelta", "Adagrad"):
        setattr(optimizers, name, getattr(optimizers.legacy, name))
    optimizers.Adagrad = functools.partial(optimizers.legacy.Adagrad, initial_accumulator_value=0.0)
    sys.modules["keras"] = tf_keras
    for module in (backend, layers, models, optimizers, regularizers):
        sys.modules[f"keras.{module.__name__.rpartition('.')[2]}"] = module
    sys.argv = ["era_models.py", str(FILE), *sys.argv[1:]]
    runpy.run_path(str(HERE / "era_models.py"), run_name="__main__")
    print(FILE.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
