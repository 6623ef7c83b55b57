"""Trainer: compile, fit, evaluate, predict, and the steps that users override.

The loops hold no arithmetic and read nothing back from the device; a step holds no bookkeeping.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import operator
import warnings
from typing import Any

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import config, data, optimizers, registry
from torchkeras_lite.callbacks import Callback, CallbackList, History
from torchkeras_lite.calls import is_careful
from torchkeras_lite.logs import Logs
from torchkeras_lite.metrics import Mean
from torchkeras_lite.models.compile import CompileLoss, CompileMetrics
from torchkeras_lite.models.feeding import Feeding, Gathered, three, to_numpy
from torchkeras_lite.models.tally import Tally
from torchkeras_lite.modes import flushed_denormals, training_mode


class Trainer(Feeding):
    """The training half of a Model."""

    stop_training = stop_evaluating = stop_predicting = False
    compiled = False
    optimizer = None
    _compile_loss = _compile_metrics = _loss_tracker = _tally = None
    _place = None  # where BackupAndRestore found that the next fit is to go on
    _captured = None  # the Variables that compile() found trainable
    _params: list | None = None  # their torch parameters: the same list object as long as they are the same parameters
    _regularized: tuple | list = ()
    _held_metrics: tuple | list = ()

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
            auto_scale_loss: a model of the policy "mixed_float16" trains with a LossScaleOptimizer around the optimizer.
        """
        output_names = getattr(self, "output_names", None)
        compiled = dict(
            optimizer=self._scaling(optimizers.get(optimizer)) if auto_scale_loss else optimizers.get(optimizer),
            _compile_loss=None if loss is None else CompileLoss(self._taking_sides(loss), loss_weights, output_names),
            _compile_metrics=CompileMetrics(metrics, weighted_metrics, output_names),
            _loss_tracker=Mean(name="loss"),
        )
        compiled["_tally"] = Tally(compiled["_loss_tracker"], compiled["_compile_metrics"], self._pending_results)
        # Nothing above may fail half-way: the model is either compiled anew or as it was.
        for key, value in compiled.items():
            object.__setattr__(self, key, value)
        object.__setattr__(self, "_compile_arguments", dict(
            optimizer=optimizer, loss=loss, loss_weights=loss_weights, metrics=metrics, weighted_metrics=weighted_metrics,
            run_eagerly=run_eagerly, steps_per_execution=steps_per_execution, jit_compile=jit_compile,
        ))  # fmt: skip
        self.run_eagerly, self.jit_compile, self.steps_per_execution = run_eagerly, jit_compile, steps_per_execution
        object.__setattr__(self, "_captured", self.trainable_weights if self.built else None)
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
            warnings.warn(
                f"{type(self).__name__} has a `compile()` of its own, so it was not compiled while it was loaded. Call it, or "
                "write `get_compile_config()` and `compile_from_config(config)` too.",
                stacklevel=2,
            )
            return
        self.compile(**registry.deserialize(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    @property
    def loss(self):
        return self._compile_arguments["loss"] if self.compiled else None

    @property
    def metrics(self) -> list:
        """The loss tracker, metrics held by the model and its layers, and those of `compile()`."""
        if self._tally is not None:
            self._tally.count()
        return self._with_compiled(self._find_held_metrics())

    def _find_held_metrics(self) -> list:
        """Metrics that are attributes of the model or of layers in it. Looking through all modules is not for every step."""
        found = []
        for layer in self._flatten_layers():
            if isinstance(layer, Trainer) and layer is not self:
                continue  # a model inside keeps its own account
            found += [metric for metric in layer._metrics if not any(metric is known for known in found)]
        object.__setattr__(self, "_held_metrics", found)
        return found

    def _with_compiled(self, held: list) -> list:
        if not self.compiled:
            return list(held)
        trackers = self._compile_loss.trackers if self._compile_loss is not None else []
        compiled = [self._compile_metrics] if self._compile_metrics.given else []
        return [self._loss_tracker, *compiled, *trackers, *held]

    @property
    def metrics_names(self) -> list[str]:
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        self._tally.clear()
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict:
        """The results of all metrics so far, by name, as tensors on the device."""
        results = {}
        for metric in self.metrics:
            value = metric.result()
            results.update(value if isinstance(value, dict) else {metric.name: value})
        return results

    def _pending_results(self) -> Logs:
        self._tally.count()
        results = {}
        for metric in self._with_compiled(self._held_metrics):
            value = metric.pending() if hasattr(metric, "pending") else metric.result()
            if type(value) is dict:
                results.update(value)
            else:
                results[metric.name] = value
        return Logs(results)

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
                loss = penalty.sum() if loss is None else loss + penalty.sum()
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
        return self._pending_results() if plain else self.get_metrics_result()

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
        steps_per_epoch = at_most(steps_per_epoch, config.max_steps_per_epoch())
        if validation_split and validation_data is None and data.is_arrays(x):
            parts, held_out = data.split(self._parts(x, y, sample_weight), validation_split)
            batches = self._batches(*three(parts), batch_size, shuffle, class_weight, steps_per_epoch)
            validation_data = held_out
        else:
            if validation_split and validation_data is None:
                raise ValueError("`validation_split` is only supported for arrays, as the rows at the end must be known.")
            batches = self._batches(x, y, sample_weight, batch_size, shuffle, class_weight, steps_per_epoch)
        first = batches.first()
        self._build_from(first)
        batches = self._adapted(batches, first, training=True)
        validation = None
        if validation_data is not None:
            validation = self._validation(validation_data, validation_batch_size or batch_size, validation_steps)
            self._try_validation(first, validation)
        cbs = _callback_list(callbacks, self, verbose, epochs, _steps(batches, steps_per_epoch))
        batches = cbs.following(batches)
        if steps_per_epoch is not None:
            batches = data.Resumed(batches, steps_per_epoch)
        self.stop_training = False
        logs = Logs()
        with self._training():
            cbs.on_train_begin()
            place, self._place = self._place, None
            for epoch in range(initial_epoch if place is None else place.epoch, epochs):
                self.reset_metrics()
                cbs.on_epoch_begin(epoch)
                done, place = 0 if place is None else self._go_on(place, first, batches), None
                step = done - 1
                if done:
                    logs = _as_logs(self.get_metrics_result())
                for step, batch in enumerate(batches, done):
                    if cbs.wants_train_batch_begin:
                        cbs.on_train_batch_begin(step)
                    logs = None  # so that these logs, if nobody keeps them, need not be settled before the next step
                    logs = self.train_step(_as_given(batch))
                    if cbs.wants_train_batch_end:
                        cbs.on_train_batch_end(step, _as_logs(logs))
                    if self.stop_training:
                        break
                if steps_per_epoch is not None and batches.ran_out:
                    self.stop_training = True
                    if step < 0 and epoch > initial_epoch:
                        break  # it ended with the epoch before
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
        steps = at_most(steps, config.max_steps_per_epoch())
        batches = self._batches(x, y, sample_weight, batch_size, False, None, steps)
        first = batches.first()
        self._build_from(first)
        batches = self._adapted(batches, first, training=False)
        verbose = 1 if verbose == "auto" else verbose
        cbs = _callback_list(callbacks, self, verbose, 1, _steps(batches, steps), history=False)
        results = self._evaluate(batches, steps, cbs)
        return dict(sorted(results.items())) if return_dict else self._as_list(results)

    def _evaluate(self, batches, steps, cbs) -> Logs:
        """The loop of evaluation, in inference mode; the metrics begin and end their own count."""
        with training_mode(self, False, settle=True), self._inference("test_step"):
            self.stop_evaluating = False
            cbs.on_test_begin()
            self.reset_metrics()
            self._look_around()
            logs = Logs()
            for step, batch in enumerate(batches):
                if cbs.wants_test_batch_begin:
                    cbs.on_test_batch_begin(step)
                logs = None
                logs = self.test_step(_as_given(batch))
                if cbs.wants_test_batch_end:
                    cbs.on_test_batch_end(step, _as_logs(logs))
                if self.stop_evaluating or step + 1 == steps:
                    break
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
        steps = at_most(steps, config.max_steps_per_epoch())
        if not verbose and callbacks is None and steps is None and self.built and self._is_one_batch(x, batch_size):
            x = self._standardized(data.to_tensor(x, "x").to(self._device()))
            with training_mode(self, False, settle=True), self._inference("predict_step"):
                outputs = self.predict_step(_as_given((x,)))
            return to_numpy(outputs) if isinstance(outputs, torch.Tensor) else pytree.tree_map(to_numpy, outputs)
        batches = self._batches(x, None, None, batch_size, False, None, steps)
        first = batches.first()
        self._build_from(first)
        batches = self._adapted(batches, first, training=False)
        verbose = 1 if verbose == "auto" else verbose
        cbs = None
        if verbose or callbacks:
            cbs = _callback_list(callbacks, self, verbose, 1, _steps(batches, steps), history=False)
            cbs.on_predict_begin()
        self.stop_predicting = False
        gathered = Gathered(getattr(batches, "rows", None) if steps is None else None)
        with training_mode(self, False, settle=True), self._inference("predict_step"):
            for step, batch in enumerate(batches):
                if cbs is not None and cbs.wants_predict_batch_begin:
                    cbs.on_predict_batch_begin(step)
                outputs = self.predict_step(_as_given(batch))
                gathered.add(outputs)
                if cbs is not None and cbs.wants_predict_batch_end:
                    cbs.on_predict_batch_end(step, {"outputs": outputs})
                if self.stop_predicting or step + 1 == steps:
                    break
        if cbs is not None:
            cbs.on_predict_end()
        return gathered.numpy()

    # ------------------------------------------------------------ one batch

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: dict | None = None, return_dict: bool = False
    ) -> float | list[float] | dict[str, float]:
        """One step of training on one batch. Returns the loss, or [loss, metrics ...], or a dict: of this batch alone."""
        self._assert_compiled("train_on_batch")
        batch = self._one_batch(x, y, sample_weight, class_weight)
        self._build_from(batch)
        batch = self._prepared(batch)
        self.reset_metrics()
        with self._training():
            logs = self._epoch_logs(self.train_step(_as_given(batch)))
        return dict(sorted(logs.items())) if return_dict else self._as_list(logs)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> float | list[float] | dict[str, float]:
        """The loss and metrics of one batch."""
        self._assert_compiled("test_on_batch")
        batch = self._one_batch(x, y, sample_weight, None)
        self._build_from(batch)
        batch = self._prepared(batch)
        self.reset_metrics()
        self._look_around()
        with torch.no_grad():
            logs = self._epoch_logs(self.test_step(_as_given(batch)))
        return dict(sorted(logs.items())) if return_dict else self._as_list(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The model's output for one batch, as numpy arrays."""
        batch = self._one_batch(x, None, None, None)
        self._build_from(batch)
        with torch.no_grad():
            return pytree.tree_map(to_numpy, self.predict_step(_as_given(self._prepared(batch))))

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

    def _build_from(self, batch):
        """Builds the model and its optimizer from the first batch."""
        if not self.built:
            self._build_for_data(batch[0])
        if self.compiled and self._captured is None:
            object.__setattr__(self, "_captured", self.trainable_weights)

    def _build_for_data(self, x):
        """Builds an unbuilt model by one call on two rows, in inference mode: nothing is learned, nothing counted.

        A model without a `call`, whose steps use the models in it, has nothing to build by.
        """
        if not self.computes:
            self.built = True
            return
        few = pytree.tree_map(lambda t: t[:2], x)
        with torch.no_grad():
            self(few, training=False)

    @contextlib.contextmanager
    def _training(self):
        """Inside, the captured weights want gradients; at the end, however it comes, all is as it was."""
        params = self._begin_training()
        thawed = [parameter for parameter in params if not parameter.requires_grad]
        for parameter in thawed:
            parameter.requires_grad_(True)
        try:
            with training_mode(self, True, settle=True), flushed_denormals():
                yield
        finally:
            for parameter in thawed:
                parameter.requires_grad_(False)
            for parameter in params:
                parameter.grad = None

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

    def _begin_training(self) -> list:
        """The parameters to train, as a list that stays the same object while they are the same parameters."""
        if self._captured is None:
            object.__setattr__(self, "_captured", self.trainable_weights)
        params = [variable.raw for variable in self._captured]
        current = self._params
        if current is None or len(current) != len(params) or any(a is not b for a, b in zip(current, params, strict=True)):
            object.__setattr__(self, "_params", params)
            if not self.optimizer.built:
                self.optimizer.build(self._captured)
        self._look_around()
        return self._params

    def _look_around(self):
        """What takes a walk through all modules and stays the same from step to step."""
        regularized = [v for v in self.weights if v.regularizer is not None]
        object.__setattr__(self, "_regularized", regularized)
        self._find_held_metrics()

    def _inference(self, step: str):
        """Inference mode for our own steps; a user's step may keep what it makes, so it runs without gradients only."""
        return torch.inference_mode() if getattr(type(self), step) is getattr(Trainer, step) else torch.no_grad()

    def _epoch_logs(self, logs) -> Logs:
        """The results behind the last step: what it returned, or the metrics' results where a user's step names just those."""
        if isinstance(logs, Logs):
            return logs
        results = self.get_metrics_result()
        return _as_logs(results if logs is not None and set(results) == set(logs) else logs)

    def _as_list(self, logs):
        """[loss, metric, ...] in the order of `compile()`; the loss alone where it is alone."""
        names = []
        for metric in self._with_compiled(self._held_metrics):
            names += [one.name for one in metric.metrics] if isinstance(metric, CompileMetrics) else [metric.name]
        # A metric whose label is not its name (the second of that name) comes behind, as in Keras.
        values = [logs[name] for name in names if name in logs] + [logs[name] for name in sorted(logs) if name not in names]
        return values[0] if len(values) == 1 else values


# ---------------------------------------------------------------- helpers


def unpack_x_y_sample_weight(data):
    """x, y and sample_weight out of what a step is given; what is missing is None."""
    if type(data) is tuple and len(data) == 2:
        return *data, None
    if not isinstance(data, (tuple, list)):
        return data, None, None
    return three(data)


def _as_given(batch):
    """A batch as a step is given it: x itself, if there is only x and it is one tensor or a dict of them."""
    return batch[0] if len(batch) == 1 and not isinstance(batch[0], (tuple, list)) else batch


@functools.lru_cache(256)
def _takes_training(method) -> bool:
    parameters = inspect.signature(method).parameters.values()
    return any(one.name == "training" or one.kind is one.VAR_KEYWORD for one in parameters)


def _rows(x) -> int:
    return x.shape[0] if isinstance(x, torch.Tensor) else pytree.tree_leaves(x)[0].shape[0]


def _as_logs(logs) -> Logs:
    if isinstance(logs, Logs):
        return logs
    if not isinstance(logs, dict):
        return Logs({} if logs is None else {"loss": logs})
    return Logs({key: value.detach() if isinstance(value, torch.Tensor) else value for key, value in logs.items()})


def _is_due(frequency, epoch: int) -> bool:
    if isinstance(frequency, int):
        return epoch % frequency == 0
    return epoch in frequency


def at_most(asked: int | None, limit: int | None) -> int | None:
    """What is asked for, cut to the limit of the whole process (None: there is none)."""
    return asked if limit is None else limit if asked is None else min(asked, limit)


def _steps(batches, limit):
    steps = getattr(batches, "steps", None)
    return limit if limit is not None else steps


def _callback_list(callbacks, model, verbose, epochs, steps, history=True) -> CallbackList:
    if isinstance(callbacks, CallbackList):
        return callbacks
    return CallbackList(
        callbacks, add_history=history, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=epochs, steps=steps
    )
