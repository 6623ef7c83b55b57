"""What the estimators do; `made` gives it to classes of scikit-learn."""

from __future__ import annotations

import copy

import numpy as np

from torchkeras_lite.models import Model, clone_model


class Wrapper:
    """The part that all of them share.

    Args:
        model: a compiled Model, a copy of which is trained; or a function that returns one when it is called with `X`, `y` (as
            the model will see them) and `model_kwargs`.
        warm_start: whether `fit` goes on with the model it has, given or trained before, and not with a fresh one.
        model_kwargs: dict, further arguments of the function `model`.
        fit_kwargs: dict, arguments of the model's `fit`; those given to `fit` itself come before them.

    Attributes:
        model_: the trained Model.
        history_: the History of its training.
        n_features_in_: how many columns the data has.

    Raises:
        RuntimeError: in `fit`, for a model that is not compiled, or has no loss or optimizer.
    """

    takes_columns = True  # whether the targets may have several columns

    def __init__(self, model, warm_start=False, model_kwargs=None, fit_kwargs=None):
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def fit(self, X, y, **kwargs):
        """Trains a model on X (rows, features) and y (rows,) or (rows, outputs). Returns the estimator itself.

        `kwargs` are arguments of the model's `fit`.
        """
        shape = getattr(y, "shape", ())
        X, y = self._checked(X, y, multi_output=self.takes_columns and len(shape) == 2 and shape[1] > 1)
        y = self._learned_targets(y)
        model = self._model_for(X, y)
        if not model.compiled or not model.loss or not model.optimizer:
            raise RuntimeError("Given model needs to be compiled with a loss and an optimizer.")
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    @property
    def epoch_(self) -> int:
        """How many epochs the last training had."""
        return len(self.history_.epoch) if hasattr(self, "history_") else 0

    def predict(self, X):
        """What the model says for each row of X, as the targets were given."""
        return self._as_given(self._outputs(X))

    def set_fit_request(self, **kwargs):
        """Says which metadata `fit` asks for, `name=True`, `False`, `None` or an alias. Returns the estimator itself.

        Raises:
            RuntimeError: metadata routing is off.
        """
        from sklearn import get_config
        from sklearn.utils.metadata_routing import MetadataRequest

        if not get_config().get("enable_metadata_routing", False):
            raise RuntimeError(
                "This method is only available when metadata routing is enabled: "
                "`sklearn.set_config(enable_metadata_routing=True)`."
            )
        self._metadata_request = MetadataRequest(owner=type(self).__name__)
        for name, alias in kwargs.items():
            self._metadata_request.fit.add_request(param=name, alias=alias)
        return self

    def __sklearn_clone__(self):
        model = copy.deepcopy(self.model) if isinstance(self.model, Model) else self.model
        return type(self)(model, self.warm_start, copy.deepcopy(self.model_kwargs), copy.deepcopy(self.fit_kwargs))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags

    def _checked(self, *data, **settings):
        """Data as scikit-learn has it: arrays of numbers, of the columns it was trained on."""
        try:
            from sklearn.utils.validation import validate_data
        except ImportError:  # before scikit-learn 1.6
            return self._validate_data(*data, **settings)
        return validate_data(self, *data, **settings)

    def _model_for(self, X, y):
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if isinstance(self.model, Model):
            return self.model if self.warm_start else _fresh(self.model)
        return self.model(X=X, y=y, **(self.model_kwargs or {}))

    def _outputs(self, X):
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return self.model_.predict(self._checked(X, reset=False), verbose=0)

    def _learned_targets(self, y):
        """Targets (rows, outputs), as the model is trained on them."""
        self._target_axes = y.ndim
        return y.reshape(-1, 1) if y.ndim == 1 else y

    def _as_given(self, outputs):
        return outputs.squeeze(1) if self._target_axes == 1 and outputs.ndim == 2 and outputs.shape[1] == 1 else outputs


def _fresh(model):
    """A model like this one with weights of its own, compiled as it is."""
    fresh = clone_model(model)
    if not fresh.compiled and model.compiled:
        fresh.compile_from_config(model.get_compile_config())
    return fresh


class Classifier(Wrapper):
    """A model that tells classes apart, of which it gives a number each: its targets are one-hot.

    Attributes:
        classes_: the classes, sorted.

    Raises:
        ValueError: in `fit`, for targets that are not classes, or all of one class.
    """

    takes_columns = False

    def decision_function(self, X):
        """The model's outputs, (rows, classes)."""
        return self._outputs(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags

    def _learned_targets(self, y):
        from sklearn.utils.multiclass import check_classification_targets, type_of_target

        check_classification_targets(y)
        kind = type_of_target(y)
        if kind not in ("binary", "multiclass"):
            raise ValueError(f"Only binary and multiclass target types are supported. Target type: {kind}")
        self._target_axes, y = y.ndim, y.reshape(-1)
        self.classes_ = np.unique(y)
        if len(self.classes_) == 1:
            raise ValueError("Classifier can't train when only one class is present.")
        return (y[:, None] == self.classes_).astype("float64")

    def _as_given(self, outputs):
        found = self.classes_[outputs.argmax(axis=1)]
        return found if self._target_axes == 1 else found[:, None]


class Regressor(Wrapper):
    """A model that predicts numbers."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


class Transformer(Wrapper):
    """A model whose outputs are the data for the next step of a pipeline."""

    def transform(self, X):
        """The model's outputs for the rows of X."""
        return self._outputs(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def made(module: str) -> dict[str, type]:
    """The estimators by their names, as classes of `module`. ImportError without scikit-learn, which says what to install."""
    try:
        from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
    except ImportError as error:
        raise ImportError("keras.wrappers needs the package scikit-learn: pip install scikit-learn.") from error

    class SKLearnClassifier(Classifier, ClassifierMixin, BaseEstimator):
        __doc__ = f"{Classifier.__doc__}\n{Wrapper.__doc__}"

    class SKLearnRegressor(Regressor, RegressorMixin, BaseEstimator):
        __doc__ = f"{Regressor.__doc__}\n{Wrapper.__doc__}"

    class SKLearnTransformer(Transformer, TransformerMixin, BaseEstimator):
        transform = Transformer.transform  # so that scikit-learn can make its output a DataFrame
        __doc__ = f"{Transformer.__doc__}\n{Wrapper.__doc__}"

    classes = {cls.__name__: cls for cls in (SKLearnClassifier, SKLearnRegressor, SKLearnTransformer)}
    for name, cls in classes.items():
        cls.__module__, cls.__qualname__ = module, name
    return classes
