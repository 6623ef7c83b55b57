"""`keras.wrappers.scikit_learn` of Keras 1 and 2: models as estimators of scikit-learn."""

from __future__ import annotations

import contextlib
import inspect
import sys

import numpy as np

from torchkeras_lite import Model
from torchkeras_lite.utils import to_categorical

from ._tables import ARGUMENTS

__path__ = []  # there are modules below it, by rows
__all__ = ["BaseWrapper", "KerasClassifier", "KerasRegressor"]
_METHODS = ("fit", "predict", "evaluate")


def _words_of(method: str) -> set[str]:
    """What a method of Model takes, in the words of any era."""
    return {*inspect.signature(getattr(Model, method)).parameters, *ARGUMENTS.get(f"models.Model.{method}", ())} - {"self"}


# What scikit-learn called a scorer until 0.18 (today's name says that its loss is negated, as it was then).
_OLD_SCORERS = ("log_loss", "mean_absolute_error", "mean_squared_error", "median_absolute_error")


def _teach_old_scorers() -> None:
    """Lets scikit-learn, where it is there, know its old names beside today's."""
    files = ("metrics._scorer", "model_selection._search", "model_selection._validation")
    scorers, search, validation = (sys.modules.get(f"sklearn.{file}") for file in files)
    if search is None or "log_loss" in scorers._SCORERS:
        return
    scorers._SCORERS.update({name: scorers._SCORERS[f"neg_{name}"] for name in _OLD_SCORERS})
    checked = validation.cross_val_score, validation.cross_validate, scorers.check_scoring
    tables = [function._skl_parameter_constraints for function in checked]
    for table in (search.BaseSearchCV._parameter_constraints, *tables):
        for allowed in table["scoring"]:
            if "neg_log_loss" in getattr(allowed, "options", ()):
                allowed.options |= set(_OLD_SCORERS)


class BaseWrapper:
    """The base of both.

    Args:
        build_fn: a function that returns a compiled model (or an object that does when called); None: `__call__` of a
            subclass does.
        **sk_params: arguments of `build_fn`, and of the model's `fit`, `predict` and `evaluate`. A grid search varies both.

    Raises:
        ValueError: an argument that none of them takes.
    """

    _estimator_type: str

    def __init__(self, build_fn=None, **sk_params):
        self.build_fn, self.sk_params = build_fn, sk_params
        self.check_params(sk_params)
        with contextlib.suppress(AttributeError, KeyError, TypeError):  # a release that keeps these elsewhere
            _teach_old_scorers()

    def _builder(self):
        build = type(self).__call__.__get__(self) if self.build_fn is None else self.build_fn
        return build if inspect.isroutine(build) or inspect.isclass(build) else build.__call__

    def check_params(self, params):
        """Raises ValueError for a name that nobody takes."""
        taken = inspect.signature(self._builder()).parameters
        if any(p.kind is p.VAR_KEYWORD for p in taken.values()):
            return
        known = {*taken, "nb_epoch", "batch_size"}.union(*map(_words_of, _METHODS))
        for name in params:
            if name not in known:
                raise ValueError(f"{name} is not a legal parameter")

    def get_params(self, deep=True):
        """All arguments, as a dict."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params):
        """Sets arguments; returns the object itself."""
        self.check_params({name: value for name, value in params.items() if name != "build_fn"})
        self.build_fn = params.pop("build_fn", self.build_fn)
        self.sk_params.update(params)
        return self

    def filter_sk_params(self, fn, override=None):
        """The arguments that are meant for a function, and those of `override`."""
        return {**{k: v for k, v in self.sk_params.items() if k in inspect.signature(fn).parameters}, **(override or {})}

    def _for(self, method, override):
        return {**{k: v for k, v in self.sk_params.items() if k in _words_of(method)}, **override}

    def fit(self, x, y, **kwargs):
        """Makes a new model and trains it. Returns the History."""
        self.model = self._builder()(**self.filter_sk_params(self._builder()))
        return self.model.fit(x, self._targets(y), **self._for("fit", kwargs))

    def _targets(self, y):
        y = np.asarray(y)
        loss = getattr(self.model.loss, "__name__", getattr(self.model.loss, "name", self.model.loss))
        return to_categorical(y) if loss == "categorical_crossentropy" and y.ndim != 2 else y

    def __sklearn_is_fitted__(self):
        return hasattr(self, "model")

    def __sklearn_tags__(self):
        try:
            from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags
        except ImportError as error:
            raise ImportError("Estimators need the package scikit-learn: pip install scikit-learn.") from error
        is_classifier = self._estimator_type == "classifier"
        return Tags(
            estimator_type=self._estimator_type,
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags() if is_classifier else None,
            regressor_tags=None if is_classifier else RegressorTags(),
        )


class KerasClassifier(BaseWrapper):
    """A model that tells classes apart."""

    _estimator_type = "classifier"

    def fit(self, x, y, sample_weight=None, **kwargs):
        """Makes a new model and trains it on classes: of any kind (rows,), or one-hot (rows, classes)."""
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1):
            self.classes_, y = np.unique(y), np.searchsorted(np.unique(y), y)
        else:
            raise ValueError(f"Invalid shape for y: {y.shape}")
        self.n_classes_ = len(self.classes_)
        if sample_weight is not None:
            kwargs["sample_weight"] = sample_weight
        return super().fit(x, y, **kwargs)

    def predict(self, x, **kwargs):
        """The class of each row."""
        outputs = self._outputs(x, kwargs)
        places = outputs.argmax(axis=-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype("int32")
        return self.classes_[places.reshape(len(places))] if places.size == len(places) else self.classes_[places]

    predict_classes = predict

    def predict_proba(self, x, **kwargs):
        """The probability of each class, (rows, classes); two columns where the model has one output."""
        outputs = self._outputs(x, kwargs)
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    def _outputs(self, x, kwargs):
        return self.model.predict(x, **{"verbose": 0, **self._for("predict", kwargs)})

    def score(self, x, y, **kwargs):
        """The accuracy. Raises ValueError for a model that was compiled without it."""
        y = np.searchsorted(self.classes_, y)
        words = {"verbose": 0, **self._for("evaluate", kwargs), "return_dict": True}
        results = self.model.evaluate(x, self._targets(y), **words)
        for name in ("accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"):
            if name in results:
                return results[name]
        raise ValueError(
            "The model is not configured to compute accuracy. You should pass `metrics=['accuracy']` to `model.compile()`."
        )


class KerasRegressor(BaseWrapper):
    """A model that predicts numbers."""

    _estimator_type = "regressor"

    def predict(self, x, **kwargs):
        """A number for each row, or several."""
        outputs = self.model.predict(x, **{"verbose": 0, **self._for("predict", kwargs)})
        return outputs.squeeze(-1) if outputs.shape[-1] == 1 else outputs

    def score(self, x, y, **kwargs):
        """Minus the loss."""
        words = {"verbose": 0, **self._for("evaluate", kwargs), "return_dict": False}
        loss = self.model.evaluate(x, y, **words)
        return -(loss[0] if isinstance(loss, list) else loss)
