"""Keras 1 (2016): the rows of what Keras 2 renamed or left out. See `_tables.py`."""

from ._words import batchnorm_mode, data_format

NAMES = {
    "layers": {"Convolution2D": "keras._layers:Convolution2D", "merge": "keras._layers:merge"},
    "regularizers": {
        "l1l2": "torchkeras_lite.regularizers:L1L2",
        "activity_l1": "torchkeras_lite.regularizers:L1",
        "activity_l2": "torchkeras_lite.regularizers:L2",
    },
}

_WEIGHTS = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_SLIDING = {"border_mode": "padding", "dim_ordering": ("data_format", data_format)}
_QUEUE = {"max_q_size": None, "nb_worker": None, "pickle_safe": None}

ARGUMENTS = {
    "layers.Dense": {"output_dim": "units", **_WEIGHTS},
    "layers.Conv2D": {"nb_filter": "filters", "subsample": "strides", **_SLIDING, **_WEIGHTS},
    "layers.MaxPooling2D": _SLIDING,
    "layers.AveragePooling2D": _SLIDING,
    "layers.Dropout": {"p": "rate"},
    "layers.BatchNormalization": {
        "mode": batchnorm_mode,
        "beta_init": "beta_initializer",
        "gamma_init": "gamma_initializer",
    },
    "layers.Embedding": {
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "regularizers.L1": {"l": "l1"},
    "regularizers.L2": {"l": "l2"},
    "models.Model": {"input": "inputs", "output": "outputs"},
    "models.Model.fit": {"nb_epoch": "epochs", **_QUEUE},
    "models.Model.evaluate": _QUEUE,
    "models.Model.predict": _QUEUE,
}
