"""Keras 1 (2016): the rows of what Keras 2 renamed or left out. Those of the layers: `_keras1_layers.py`. See `_tables.py`."""

from ._words import Around, counting_accuracy

NAMES = {
    "regularizers": {
        "l1l2": "torchkeras_lite.regularizers:L1L2",
        "activity_l1": "torchkeras_lite.regularizers:L1",
        "activity_l2": "torchkeras_lite.regularizers:L2",
        "activity_l1l2": "torchkeras_lite.regularizers:L1L2",
        "WeightRegularizer": "torchkeras_lite.regularizers:L1L2",
        "ActivityRegularizer": "torchkeras_lite.regularizers:L1L2",
    },
    "constraints": {
        "maxnorm": "torchkeras_lite.constraints:MaxNorm",
        "nonneg": "torchkeras_lite.constraints:NonNeg",
        "unitnorm": "torchkeras_lite.constraints:UnitNorm",
    },
    "datasets.imdb": {"load_data": "keras._datasets:imdb"},
    "datasets.reuters": {"load_data": "keras._datasets:reuters"},
}

_QUEUE = {"max_q_size": None, "nb_worker": None, "pickle_safe": None}

ARGUMENTS = {
    "regularizers.L1": {"l": "l1"},
    "regularizers.L2": {"l": "l2"},
    "constraints.MaxNorm": {"m": "max_value"},
    "models.Model": {"input": "inputs", "output": "outputs"},
    "models.Model.fit": {"nb_epoch": "epochs", "show_accuracy": Around(counting_accuracy), **_QUEUE},
    "models.Model.evaluate": {"show_accuracy": Around(counting_accuracy), **_QUEUE},
    "models.Model.predict": _QUEUE,
    "models.Model.train_on_batch": {"accuracy": Around(counting_accuracy)},
    "models.Model.test_on_batch": {"accuracy": Around(counting_accuracy)},
    "models.Trainer.compile": {"class_mode": None, "theano_mode": None, "mode": None},
    "callbacks.ReduceLROnPlateau": {"epsilon": "min_delta"},
}
