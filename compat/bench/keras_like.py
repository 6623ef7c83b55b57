"""The contenders that spell Keras: ours, and the real one on torch and on JAX. Only the import differs."""

import importlib
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def load(name):
    """Import the namespace for a contender and make sure that it is the one meant."""
    if name == "ours":
        sys.path.insert(0, str(ROOT))
        keras = importlib.import_module("torchkeras_lite")
    else:
        os.environ["KERAS_BACKEND"] = name.removeprefix("keras-")
        keras = importlib.import_module("keras")
        if ROOT in Path(keras.__file__).resolve().parents and "site-packages" not in Path(keras.__file__).parts:
            raise ImportError(f"`import keras` found {keras.__file__}, which is ours: take compat/shims off the path")
        if "torchkeras_lite" in sys.modules:
            raise ImportError("the real Keras must be measured in a process without torchkeras_lite")
        if keras.backend.backend() != os.environ["KERAS_BACKEND"]:
            raise ImportError(f"keras runs on {keras.backend.backend()}, not on {os.environ['KERAS_BACKEND']}")
    # Touched inside the timed import: a package that loads its parts late must not look quicker for it.
    _ = keras.Sequential, keras.layers.Dense
    return keras


class KerasLike:
    """build, fit, predict and a bare forward, for child.py, with nothing but Keras's public names."""

    def __init__(self, workload, keras, name):
        self.workload, self.name = workload, name
        self.model = workload.build_keras(keras)
        self.model.compile(loss=workload.loss, optimizer="adam", metrics=["accuracy"])

    def fit(self, x, y, epochs=1):
        """Train; returns the history's dictionary."""
        return self.model.fit(x, y, batch_size=self.workload.batch, epochs=epochs, verbose=0).history

    def predict(self, x, batch_size):
        """Predictions for all rows, as numpy."""
        return self.model.predict(x, batch_size=batch_size, verbose=0)

    def predict_row(self, x):
        """Predict with the defaults, as in a user's loop over single rows."""
        return self.model.predict(x, verbose=0)

    def bare(self, x):
        """A callable: the model called on a tensor that is there already, no gradients recorded."""
        model = self.model
        if self.name == "keras-jax":
            import jax

            x = jax.numpy.asarray(x)
            # Copies, since predict gives the variables' own buffers away; jit, since a plain call goes op by op.
            kinds = model.trainable_variables, model.non_trainable_variables
            state = [[jax.numpy.array(v.value) for v in kind] for kind in kinds]
            forward = jax.jit(lambda x: model.stateless_call(*state, x)[0])
            return lambda: jax.block_until_ready(forward(x))
        import torch

        x = torch.from_numpy(x)
        return torch.inference_mode()(lambda: model(x))
