"""Keras 2 (2017 to 2020): the rows of what Keras 3 renamed or left out. Keras 1 had much of it too. See `_tables.py`."""

from ._words import decay, epsilon, rate

# Every layer of a family file is found in all of them.
_FAMILIES = "advanced_activations convolutional core embeddings local merge noise normalization pooling recurrent wrappers"
PATHS = {
    **{f"layers.{family}": "keras.layers" for family in _FAMILIES.split()},
    "utils.np_utils": "keras.utils",
}

_OPTIMIZERS = ("SGD", "RMSprop", "Adam")

NAMES = {"optimizers": {name.lower(): f"torchkeras_lite.optimizers:{name}" for name in _OPTIMIZERS}}

_QUEUE = {"max_queue_size": None, "workers": None, "use_multiprocessing": None}

ARGUMENTS = {
    **{f"optimizers.{name}": {"lr": ("learning_rate", rate), "decay": decay, "epsilon": epsilon} for name in _OPTIMIZERS},
    "models.Model.fit": _QUEUE,
    "models.Model.evaluate": _QUEUE,
    "models.Model.predict": _QUEUE,
}

MEMBERS = {
    **{f"optimizers.{name}": {"lr": "keras._rates:lr", "decay": "keras._rates:decay"} for name in _OPTIMIZERS},
    "models.Model": {
        "fit_generator": "keras._methods:fit_generator",
        "evaluate_generator": "keras._methods:evaluate_generator",
        "predict_generator": "keras._methods:predict_generator",
    },
    "models.Sequential": {
        "predict_classes": "keras._methods:predict_classes",
        "predict_proba": "keras._methods:predict_proba",
    },
    "callbacks.History": {"history": "keras._logs:history"},
}

LOGS = {"acc": "accuracy"}
