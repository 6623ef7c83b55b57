"""TerminateOnNaN: no training on a loss that is no number."""

from __future__ import annotations

import math

from torchkeras_lite.callbacks.base import Callback
from torchkeras_lite.callbacks.console import write


class TerminateOnNaN(Callback):
    """Ends training at the first batch whose loss is NaN or infinite. It looks at each loss, so a GPU waits in each step.

    Args:
        raise_error: raise RuntimeError instead, so that no `on_train_end` runs.
    """

    def __init__(self, raise_error: bool = False):
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}")
        write(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
