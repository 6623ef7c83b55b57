"""OrbaxCheckpoint, which says what to use in its place."""

from __future__ import annotations

import importlib.util

from torchkeras_lite.callbacks.stopping import MonitorCallback


class OrbaxCheckpoint(MonitorCallback):
    """Keras's checkpoints in the format of orbax, JAX's library. There is no such format here.

    Raises:
        ImportError: orbax is not installed, as in Keras.
        NotImplementedError: it is.
    """

    def __init__(
        self,
        directory,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        mode="auto",
        save_freq="epoch",
        initial_value_threshold=None,
        max_to_keep=1,
        save_on_background=True,
        save_weights_only=False,
    ):
        if importlib.util.find_spec("orbax") is None:
            raise ImportError(
                "OrbaxCheckpoint requires the 'orbax-checkpoint' package, which is for JAX. For checkpoints of a model, its "
                "optimizer and the place in training use ModelCheckpoint or BackupAndRestore."
            )
        raise NotImplementedError(
            "OrbaxCheckpoint writes the files of JAX's orbax, and models here are torch modules. For checkpoints of a model, "
            "its optimizer and the place in training use ModelCheckpoint or BackupAndRestore."
        )
