"""SwapEMAWeights: evaluation with the moving averages of the weights."""

from __future__ import annotations

import torch

from torchkeras_lite.callbacks.base import Callback


class SwapEMAWeights(Callback):
    """While a model is evaluated or predicts, its weights are the averages that its optimizer keeps.

    Args:
        swap_on_epoch: from the end of an epoch until the next begins, too: for callbacks behind this one, such as
            ModelCheckpoint.

    Raises:
        ValueError: the optimizer (of several: each of them) keeps no averages, or none yet; it needs `use_ema=True`.
    """

    def __init__(self, swap_on_epoch=False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._kept: list | None = None  # the weights, while the averages are in their place

    def _put_averages(self) -> None:
        if self._kept is not None:
            return
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        several = getattr(optimizer, "optimizers", [optimizer])
        averaging = [each for each in several if each.use_ema and each.built]
        if not averaging:
            raise ValueError(
                "SwapEMAWeights must be used when `use_ema=True` is set in the optimizer, which has begun to train. Received: "
                f"{', '.join(f'{each.name!r} (use_ema={each.use_ema}, built={each.built})' for each in several)}"
            )
        self._kept = []
        with torch.no_grad():
            for each in averaging:
                weights, averages = each.weights_and_averages()
                self._kept.append((each, [weight.clone() for weight in weights]))
                torch._foreach_copy_(weights, averages)

    def _put_weights(self) -> None:
        kept, self._kept = self._kept or [], None
        with torch.no_grad():
            for optimizer, values in kept:
                torch._foreach_copy_(optimizer.weights_and_averages()[0], values)

    def on_epoch_begin(self, epoch, logs=None):
        self._put_weights()

    def on_epoch_end(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._put_averages()

    def on_train_end(self, logs=None):
        self._kept = None  # `fit` has made the weights their averages

    def _abandon(self):
        self._put_weights()  # a run that was cut off leaves what it had learned

    def on_test_begin(self, logs=None):
        self._put_averages()

    def on_test_end(self, logs=None):
        self._put_weights()

    def on_predict_begin(self, logs=None):
        self._put_averages()

    def on_predict_end(self, logs=None):
        self._put_weights()
