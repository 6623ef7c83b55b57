"""Trainer: compile, fit, evaluate, predict, and the steps that users override.

The loops hold no arithmetic and read nothing back from the device; a step holds no bookkeeping.
"""

from __future__ import annotations

import functools
import inspect
import math
import numbers
import operator
from collections.abc import Collection
from typing import Any

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import config, data, optimizers, registry
from torchkeras_lite.callbacks import Callback, CallbackList, History
from torchkeras_lite.calls import is_careful
from torchkeras_lite.layers.core import positive
from torchkeras_lite.logs import Logs
from torchkeras_lite.metrics import Mean
from torchkeras_lite.models.account import Account, as_logs
from torchkeras_lite.models.compile import CompileLoss, CompileMetrics
from torchkeras_lite.models.feeding import Feeding, Gathered, as_given, three, to_numpy
from torchkeras_lite.models.memory import out_of_memory
from torchkeras_lite.models.readiness import Readiness, has_unbuilt
from torchkeras_lite.models.single import SingleBatches
from torchkeras_lite.models.tally import Tally
from torchkeras_lite.models.wide import numbered, rows_to_evaluate, rows_to_predict
from torchkeras_lite.modes import training_mode
from torchkeras_lite.notices import warn
from torchkeras_lite.shown import Shown


class Trainer(SingleBatches, Account, Readiness, Feeding):
    """The training half of a Model."""

    stop_training = stop_evaluating = stop_predicting = run_eagerly = False
    compiled = False
    optimizer = None
    steps_per_execution = 1
    _place = None  # where BackupAndRestore found that the next fit is to go on

    # ------------------------------------------------------------ compile

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: list[float] | dict[str, float] | None = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Says how the model is trained.

        What is trainable is settled here: a layer frozen later stays in training until the next `compile()`. (So a
        discriminator compiled on its own keeps learning after the combined model has frozen it.)

        Args:
            optimizer: a name, an Optimizer, or a torch.optim optimizer (object, class or partial).
            loss: a name, a Loss, a function `(y_true, y_pred)`, a torch loss; or a list or dict, one for each output.
            loss_weights: numbers that weigh the outputs' losses.
            metrics, weighted_metrics: names, Metrics or functions; the weighted ones get the sample weights.
            steps_per_execution: callbacks are told of batches so many at a time, as where they run as one.
            run_eagerly, jit_compile: kept, for configs. Every step is eager; `torch.nn.Module.compile(model)` compiles calls,
                which on a CPU was slower where it was measured.
            auto_scale_loss: a model of the policy "mixed_float16" trains with a LossScaleOptimizer around the optimizer.
        """
        if steps_per_execution != "auto":
            positive(steps_per_execution, "steps_per_execution")
        output_names = getattr(self, "output_names", None)
        compiled = dict(
            optimizer=self._scaling(optimizers.get(optimizer)) if auto_scale_loss else optimizers.get(optimizer),
            _compile_loss=None if loss is None else CompileLoss(self._taking_sides(loss), loss_weights, output_names),
            _compile_metrics=CompileMetrics(metrics, weighted_metrics, output_names),
            _loss_tracker=Mean(name="loss"),
        )
        compiled["_tally"] = Tally(compiled["_loss_tracker"], compiled["_compile_metrics"], compiled["_compile_loss"])
        # Nothing above may fail half-way: the model is either compiled anew or as it was.
        for key, value in compiled.items():
            object.__setattr__(self, key, value)
        object.__setattr__(self, "_compile_arguments", dict(
            optimizer=optimizer, loss=loss, loss_weights=loss_weights, metrics=metrics, weighted_metrics=weighted_metrics,
            run_eagerly=run_eagerly, steps_per_execution=steps_per_execution, jit_compile=jit_compile,
        ))  # fmt: skip
        if run_eagerly and jit_compile and jit_compile != "auto":
            warn("`run_eagerly=True` and `jit_compile=True` exclude each other. `jit_compile` is taken for False.")
            jit_compile = False
        self.run_eagerly, self.jit_compile, self.steps_per_execution = run_eagerly, jit_compile, steps_per_execution
        self.__dict__.pop("loss", None)  # one that the user had set before
        object.__setattr__(self, "_captured", None)
        if self.built and not (has_unbuilt(self) and self.computes):
            self._capture()
        object.__setattr__(self, "_params", None)
        self.stop_training = False
        self.compiled = True

    def _scaling(self, optimizer):
        if self.dtype_policy.name != "mixed_float16" or optimizer is None:
            return optimizer
        scaling = optimizers.LossScaleOptimizer
        return optimizer if isinstance(optimizer, scaling) else scaling(optimizer, name="loss_scale_optimizer")

    def get_compile_config(self) -> dict:
        """The arguments of `compile()`, as plain data; empty if there was none."""
        if not self.compiled:
            return {}
        return registry.serialize({**self._compile_arguments, "optimizer": self.optimizer})

    def compile_from_config(self, config: dict) -> None:
        """Compiles the model as `get_compile_config` says, and makes the optimizer's state."""
        if type(self).compile is not Trainer.compile:
            warn(
                f"{type(self).__name__} has a `compile()` of its own, so it was not compiled while it was loaded. Call it, or "
                "write `get_compile_config()` and `compile_from_config(config)` too.",
            )
            return
        self.compile(**registry.deserialize(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    @Shown
    def loss(self):
        """What `compile()` was given as `loss`."""
        return self._compile_arguments["loss"] if self.compiled else None

    # ------------------------------------------------------------ what users override

    def train_step(self, data: Any) -> dict:
        """One step of training on `data`: x, (x, y) or (x, y, sample_weight). Returns the logs."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=True)
        loss = self._compute_loss(x, y, y_pred, sample_weight, training=True)
        self._tally.add_loss(loss.detach(), _rows(x))
        params = self._params or self._begin_training()
        for parameter in params:
            parameter.grad = None
        if params:  # of a model that is frozen as a whole nothing is trained
            self.optimizer.scale_loss(loss).backward()
            self.optimizer.step(params)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict:
        """One step of evaluation. Returns the logs."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        loss = self._compute_loss(x, y, y_pred, sample_weight, training=False)
        self._tally.add_loss(loss, _rows(x))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The model's output for one batch."""
        return self(unpack_x_y_sample_weight(data)[0], training=False)

    def _compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """`compute_loss`, also where it is overridden as it was before it knew `training`."""
        method = type(self).compute_loss
        if method is Trainer.compute_loss or _takes_training(method):
            return self.compute_loss(x, y, y_pred, sample_weight, training=training)
        return self.compute_loss(x, y, y_pred, sample_weight)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> torch.Tensor:
        """The scalar to minimise: the loss of `compile()` plus all that is in `self.losses`."""
        loss = None
        if self._compile_loss is not None and y is not None:
            loss = self._compile_loss(y, y_pred, sample_weight)
        if self._regularized or is_careful():
            for penalty in self._penalties():
                total = penalty.sum() if hasattr(penalty, "sum") else penalty  # a function of a user's may give a plain number
                loss = torch.as_tensor(total) if loss is None else loss + total
        if loss is None:
            raise ValueError(
                "No loss to compute. Provide a `loss` argument in `compile()`, and targets `y` in `fit()`, or add losses with "
                "`add_loss()`."
            )
        return loss

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict:
        """Feeds the metrics of `compile()`; returns all results by name."""
        plain = type(self).get_metrics_result is Trainer.get_metrics_result
        if plain and self._tally.takes(y, y_pred, sample_weight):
            return self._tally.add(y, y_pred)
        if y is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self._tally.read() if plain else self.get_metrics_result()

    # ------------------------------------------------------------ fit

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Callback | list[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | list[int] = 1,
    ) -> History:
        """Trains the model. Returns its History.

        Args:
            x, y: arrays (numpy, torch, data frames, lists of numbers), or lists or dicts of them; or x alone: an iterable
                of batches.
            batch_size: rows in a batch; 32 if left out.
            epochs: the number of the last epoch; `initial_epoch` the number of the first.
            verbose: 0 silent, 1 a progress bar, 2 a line an epoch; "auto" is 1.
            validation_split: the share of rows at the end of the arrays to validate on.
            validation_data: (x, y), (x, y, weights) or an iterable of batches.
            shuffle: whether each epoch has a new order.
            class_weight: `{class: weight}`.
            sample_weight: a weight for each row.
            steps_per_epoch, validation_steps: batches in an epoch, or None for all there are.
            validation_freq: validate every so many epochs, or in the epochs listed.

        Raises:
            ValueError: the model is not compiled, or the data does not fit.
        """
        self._assert_compiled("fit")
        epochs, initial_epoch = at_most(operator.index(epochs), config.max_epochs()), operator.index(initial_epoch)
        steps_per_epoch = at_most(steps_of(steps_per_epoch, "steps_per_epoch"), config.max_steps_per_epoch())
        validation_steps = steps_of(validation_steps, "validation_steps")
        if validation_split and validation_data is None and data.is_arrays(x):
            parts, held_out = data.split(self._parts(x, y, sample_weight), validation_split)
            batches = self._batches(*three(parts), batch_size, shuffle, class_weight, steps_per_epoch)
            validation_data = held_out
        else:
            if validation_split and validation_data is None:
                raise ValueError("`validation_split` is only supported for arrays, as the rows at the end must be known.")
            batches = self._batches(x, y, sample_weight, batch_size, shuffle, class_weight, steps_per_epoch)
        first = batches.first(keep=not callbacks)  # which may change the data, or the place in it, before an epoch begins
        self._build_from(first)
        batches = self._adapted(batches, first, training=True)
        validation = None
        if validation_data is not None:
            _is_due(validation_freq, 1)  # raises now what would be raised behind an epoch
            validation = self._validation(validation_data, validation_batch_size or batch_size, validation_steps)
            self._try_validation(first, validation)
        cbs = _callback_list(callbacks, self, verbose, epochs, _steps(batches, steps_per_epoch))
        batches = cbs.following(batches)
        if steps_per_epoch is not None:
            batches = data.Resumed(batches, steps_per_epoch)
        self.stop_training = False
        logs = Logs()
        each, batch = self._each, first
        with self._training(), cbs:
            cbs.on_train_begin()
            place, self._place = self._place, None
            for epoch in range(initial_epoch if place is None else place.epoch, epochs):
                self.reset_metrics()
                cbs.on_epoch_begin(epoch)
                done, place = 0 if place is None else self._go_on(place, first, batches), None
                step = done - 1
                if done:
                    logs = as_logs(self.get_metrics_result())
                try:
                    for step, batch in enumerate(batches, done):
                        if cbs.wants_train_batch_begin and not step % each:
                            cbs.on_train_batch_begin(step)
                        logs = None  # so that these logs, if nobody keeps them, need not be settled before the next step
                        logs = self.train_step(as_given(batch))
                        if (step + 1) % each:
                            continue
                        if cbs.wants_train_batch_end:
                            cbs.on_train_batch_end(step, as_logs(logs))
                        if self.stop_training:
                            break
                except torch.OutOfMemoryError as error:
                    raise out_of_memory(error, batch) from error
                if (step + 1) % each and cbs.wants_train_batch_end:
                    cbs.on_train_batch_end(_last_of(step, each), as_logs(logs))
                if steps_per_epoch is not None:
                    if batches.ran_out:
                        self.stop_training = True
                    elif -1 < step < steps_per_epoch - 1 and not self.stop_training:
                        warn(_ended(f"epoch {epoch + 1}", step, "steps_per_epoch", steps_per_epoch))
                if step < 0 and epoch > initial_epoch:  # it ended with the epoch before
                    if not self.stop_training:
                        warn(
                            f"The iterator passed as `x` ran out of data: nothing was left for epoch {epoch + 1}, so training "
                            "ends. The usual fix: `epochs=1`, or something that can begin again (a DataLoader, a Sequence).",
                        )
                    self.stop_training = True
                    break
                if step < 0:
                    raise ValueError("There is no data: an epoch had no batch. An iterator that is used up stays so.")
                epoch_logs = Logs(sorted(self._epoch_logs(logs).items()))  # read from the device here, once an epoch
                if validation is not None and _is_due(validation_freq, epoch + 1):
                    results = self._evaluate(validation, validation_steps, cbs)
                    epoch_logs.update({f"val_{name}": value for name, value in results.items()})
                cbs.on_epoch_end(epoch, epoch_logs)
                logs = epoch_logs
                if self.stop_training:
                    break
            if place is not None:  # it was at its end already
                place.take(self)
            self.optimizer.finalize_variable_values(self._captured)
            cbs.on_train_end(logs)
        return self.history

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Callback | list[Callback] | None = None,
        return_dict: bool = False,
        **kwargs,
    ) -> float | list[float] | dict[str, float]:
        """The loss and metrics on data: a list [loss, metric, ...] (a number if there is only the loss), or a dict."""
        self._assert_compiled("evaluate")
        if kwargs:
            raise ValueError(f"Arguments not recognized: {kwargs}")
        steps = at_most(steps_of(steps, "steps"), config.max_steps_per_epoch())
        batches = self._batches(x, y, sample_weight, batch_size, False, None, steps)
        first = batches.first(keep=True)
        self._build_from(first)
        batches = self._adapted(batches, first, training=False)
        verbose = 1 if verbose == "auto" else verbose
        cbs = _callback_list(callbacks, self, verbose, 1, _steps(batches, steps), history=False)
        with cbs:
            results = self._evaluate(batches, steps, cbs)
        return dict(sorted(results.items())) if return_dict else self._as_list(results)

    def _evaluate(self, batches, steps, cbs) -> Logs:
        """The loop of evaluation, in inference mode; the metrics begin and end their own count."""
        with training_mode(self, False, settle=True), self._inference("test_step"):
            self.stop_evaluating = False
            cbs.on_test_begin()
            self.reset_metrics()
            self._look_around()
            logs, batch, step, each = Logs(), None, -1, self._each
            wide = None if cbs.watches_batches("test") else numbered(batches, rows_to_evaluate(self), steps)
            each = each if wide is None else 1
            try:
                for step, batch in enumerate(batches) if wide is None else wide:
                    if cbs.wants_test_batch_begin and not step % each:
                        cbs.on_test_batch_begin(step)
                    logs = None
                    logs = self.test_step(as_given(batch))
                    if cbs.wants_test_batch_end and not (step + 1) % each:
                        cbs.on_test_batch_end(step, as_logs(logs))
                    if self.stop_evaluating or step + 1 == steps:
                        break
            except torch.OutOfMemoryError as error:
                raise out_of_memory(error, batch) from error
            if (step + 1) % each and cbs.wants_test_batch_end:
                cbs.on_test_batch_end(_last_of(step, each), as_logs(logs))
            if step < 0:
                warn(
                    "There was nothing to validate on: `validation_data` gave no batch. The usual fix: `validation_steps`, so "
                    "that an iterator is not used up in the first epoch, or something that can begin again (a DataLoader).",
                )
            elif steps is not None and step < steps - 1 and not (self.stop_evaluating or getattr(batches, "ran_out", False)):
                name = "validation_steps" if cbs.history is not None else "steps"
                warn(_ended("evaluation", step, name, steps))
            results = self._epoch_logs(logs)
            cbs.on_test_end(results)
        return results

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Callback | list[Callback] | None = None,
    ) -> Any:
        """The model's outputs for all rows of x, as numpy arrays in the structure of the output."""
        steps = at_most(steps_of(steps, "steps"), config.max_steps_per_epoch())
        if not verbose and callbacks is None and steps is None and self.built and self._is_one_batch(x, batch_size):
            x = self._standardized(data.to_tensor(x, "x").to(self._device()))
            with training_mode(self, False, settle=True), self._inference("predict_step"):
                outputs = self.predict_step(as_given((x,)))
            return to_numpy(outputs) if isinstance(outputs, torch.Tensor) else pytree.tree_map(to_numpy, outputs)
        batches = self._batches(x, None, None, batch_size, False, None, steps)
        first = batches.first(keep=True)
        self._build_from(first)
        batches = self._adapted(batches, first, training=False)
        verbose = 1 if verbose == "auto" else verbose
        cbs = _callback_list(callbacks, self, verbose, 1, _steps(batches, steps), history=False)
        each, step, batch, group = self._each if self.compiled else 1, -1, first, []
        gathered = Gathered(getattr(batches, "rows", None) if steps is None else None)
        with cbs:
            cbs.on_predict_begin()
            self.stop_predicting = False
            with training_mode(self, False, settle=True), self._inference("predict_step"):
                wide = None if cbs.watches_batches("predict") else numbered(batches, rows_to_predict(self), steps)
                each = each if wide is None else 1
                try:
                    for step, batch in enumerate(batches) if wide is None else wide:
                        if cbs.wants_predict_batch_begin and not step % each:
                            cbs.on_predict_batch_begin(step)
                        outputs = self.predict_step(as_given(batch))
                        gathered.add(outputs)
                        if cbs.wants_predict_batch_end:
                            group.append(outputs)
                            if not (step + 1) % each:
                                cbs.on_predict_batch_end(step, {"outputs": _joined(group)})
                                group = []
                        if self.stop_predicting or step + 1 == steps:
                            break
                except torch.OutOfMemoryError as error:
                    raise out_of_memory(error, batch) from error
                if group:
                    cbs.on_predict_batch_end(_last_of(step, each), {"outputs": _joined(group)})
            if steps is not None and step < steps - 1 and not (self.stop_predicting or getattr(batches, "ran_out", False)):
                warn(_ended("prediction", step, "steps", steps))
            cbs.on_predict_end()
        return gathered.numpy()

    # ------------------------------------------------------------ rungs of the ladder

    def _penalties(self):
        """What is added to the loss: all of `self.losses`, found without a walk through the modules where that can be."""
        return self.losses if is_careful() else [v.regularizer(v.value) for v in self._regularized if v.trainable]

    def _assert_compiled(self, what: str):
        if not self.compiled:
            raise ValueError(
                f"You must call `compile()` before using the model: `{what}` needs an optimizer and a loss. The usual fix: "
                "`model.compile(optimizer='adam', loss='mse')`."
            )

    @classmethod
    def _has_own_steps(cls) -> bool:
        """Whether a step is overridden."""
        return (
            cls.train_step is not Trainer.train_step
            or cls.test_step is not Trainer.test_step
            or cls.predict_step is not Trainer.predict_step
        )

    @property
    def _each(self) -> int:
        """Batches of which callbacks are told together."""
        return 1 if self.steps_per_execution == "auto" else int(self.steps_per_execution)

    def _go_on(self, place, first, batches) -> int:
        """Takes training up where another process left it. Returns how many steps of this epoch were done there."""
        if place.batch and type(self).train_step is Trainer.train_step:
            # The metrics in which it left its sums are made only when a batch shows what the outputs are like.
            with training_mode(self, False, settle=True), torch.no_grad():
                Trainer.test_step(self, self._prepared(first))
        place.take(self)
        if isinstance(batches, data.Resumed):
            batches.done = place.batch
        return place.batch

    def _inference(self, step: str):
        """Inference mode for our own steps; a user's step may keep what it makes, so it runs without gradients only."""
        return torch.inference_mode() if getattr(type(self), step) is getattr(Trainer, step) else torch.no_grad()

# ---------------------------------------------------------------- helpers


def unpack_x_y_sample_weight(data):
    """x, y and sample_weight out of what a step is given; what is missing is None."""
    if type(data) is tuple and len(data) == 2:
        return *data, None
    if not isinstance(data, (tuple, list)):
        return data, None, None
    return three(data)


@functools.lru_cache(256)
def _takes_training(method) -> bool:
    parameters = inspect.signature(method).parameters.values()
    return any(one.name == "training" or one.kind is one.VAR_KEYWORD for one in parameters)


def _rows(x) -> int:
    return x.shape[0] if isinstance(x, torch.Tensor) else pytree.tree_leaves(x)[0].shape[0]


def _is_due(frequency, epoch: int) -> bool:
    if isinstance(frequency, numbers.Integral) and frequency > 0:
        return epoch % frequency == 0
    if isinstance(frequency, Collection) and not isinstance(frequency, str):
        return epoch in frequency
    raise ValueError(
        "`validation_freq` is a number of epochs, 1 or more, or a list of the epochs behind which to validate, counted from 1. "
        f"Received: validation_freq={frequency!r}"
    )


def steps_of(asked, name: str) -> int | None:
    """The number of batches asked for; a part of one counts as one, and 0 is all there are."""
    try:
        whole = math.ceil(asked or 0)
    except (TypeError, ValueError, OverflowError):
        whole = -1
    if whole < 0:
        raise ValueError(f"`{name}` is a number of batches, or None for all there are. Received: {name}={asked!r}")
    return whole or None


def at_most(asked: int | None, limit: int | None) -> int | None:
    """What is asked for, cut to the limit of the whole process (None: there is none)."""
    return asked if limit is None else limit if asked is None else min(asked, limit)


def _ended(what: str, step: int, name: str, steps: int) -> str:
    return (
        f"The data ran out: {what} had {step + 1} of the {steps} batches that `{name}` asks for. The usual fix: leave `{name}` "
        "out, for all the batches there are."
    )


def _last_of(step: int, each: int) -> int:
    """The number of the last batch of a group, as Keras counts it, also where the data ended before."""
    return step - step % each + each - 1


def _joined(group: list):
    """The outputs of several batches as one."""
    if len(group) == 1:
        return group[0]
    leaves, spec = zip(*map(pytree.tree_flatten, group), strict=True)
    return pytree.tree_unflatten([torch.cat(parts) for parts in zip(*leaves, strict=True)], spec[0])


def _steps(batches, limit):
    steps = getattr(batches, "steps", None)
    return limit if limit is not None else steps


def _callback_list(callbacks, model, verbose, epochs, steps, history=True) -> CallbackList:
    if isinstance(callbacks, CallbackList):
        return callbacks
    return CallbackList(
        callbacks, add_history=history, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=epochs, steps=steps
    )
