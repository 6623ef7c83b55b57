"""Models as estimators of scikit-learn. They are made when somebody asks for one: scikit-learn is not needed for the rest."""

from torchkeras_lite.wrappers.estimators import made

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals().update(made(__name__))
    return globals()[name]


def __dir__():
    return sorted({*globals(), *__all__})
