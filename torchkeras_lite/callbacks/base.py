"""Callback: the hooks that training, evaluation and prediction call."""

from __future__ import annotations

from torch.nn.parallel import DistributedDataParallel


class Callback:
    """Base of all callbacks: override the hooks you want, the others cost nothing.

    `logs` is a dict of name -> float (a `Logs`: a value is fetched from the device when it is looked at). `batch` counts
    within the epoch, `epoch` from the start of training, both from 0. Setting `self.model.stop_training = True` ends
    training.

    Attributes:
        params: dict with `verbose`, `epochs` and `steps` (None where the number of batches is not known).
        model: the model that is being trained, evaluated or asked to predict.
    """

    # Here, not in __init__: a subclass that forgets super().__init__() works all the same.
    params = None
    _model = None
    resumes_with: tuple[str, ...] = ()  # the attributes that BackupAndRestore keeps: numbers, texts, tensors, lists and dicts

    def __init__(self):
        self.params = None
        self._model = None

    def set_params(self, params):
        self.params = params

    def set_model(self, model):
        self._model = model

    @property
    def model(self):
        # Whoever wraps a model for several processes still wants callbacks to see the model.
        return self._model.module if isinstance(self._model, DistributedDataParallel) else self._model

    @model.setter
    def model(self, model):
        self._model = model

    def on_batch_begin(self, batch, logs=None):
        """Older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch, logs=None):
        """Older name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch, logs=None):
        """Before an epoch of training. `logs` is empty."""

    def on_epoch_end(self, epoch, logs=None):
        """After an epoch of training and its validation. `logs`: the epoch's results, those of validation as `val_...`."""

    def on_train_batch_begin(self, batch, logs=None):
        """Before a training step. `logs` is empty."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch, logs=None):
        """After a training step. `logs`: the results since the epoch began."""
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch, logs=None):
        """Before a batch of evaluation or of validation inside `fit`. `logs` is empty."""

    def on_test_batch_end(self, batch, logs=None):
        """After a batch of evaluation or of validation inside `fit`. `logs`: the results so far."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Before a batch of prediction. `logs` is empty."""

    def on_predict_batch_end(self, batch, logs=None):
        """After a batch of prediction. `logs["outputs"]`: what the model gave for this batch."""

    def on_train_begin(self, logs=None):
        """Before training. `logs` is empty."""

    def on_train_end(self, logs=None):
        """After training. `logs`: those of the last epoch."""

    def on_test_begin(self, logs=None):
        """Before evaluation or validation. `logs` is empty."""

    def on_test_end(self, logs=None):
        """After evaluation or validation. `logs`: its results."""

    def on_predict_begin(self, logs=None):
        """Before prediction. `logs` is empty."""

    def on_predict_end(self, logs=None):
        """After prediction. `logs` is empty."""


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))
