"""Keras 2 (2017 to 2020): the rows of what Keras 3 renamed or left out. Keras 1 had much of it too. See `_tables.py`."""

from ._words import After, decay, epsilon, every_so_many_epochs, no_targets, rate

_WITH_KERNELS = "Dense Conv1D Conv2D Conv3D Conv2DTranspose Conv3DTranspose".split()

PATHS = {
    "backend": "keras._backend",
    **{f"backend.{name}_backend": "keras._backend" for name in ("tensorflow", "theano", "cntk", "load")},
    "backend.common": "keras._backend",
}

_OPTIMIZERS = ("SGD", "RMSprop", "Adam", "Adamax", "Adadelta", "Adagrad", "Nadam")

NAMES = {
    "optimizers": {name.lower(): f"torchkeras_lite.optimizers:{name}" for name in _OPTIMIZERS},
    "callbacks": {"BaseLogger": "torchkeras_lite.callbacks:Callback"},
}

_QUEUE = {"max_queue_size": None, "workers": None, "use_multiprocessing": None}

ARGUMENTS = {
    **{f"optimizers.{name}": {"lr": ("learning_rate", rate), "decay": decay, "epsilon": epsilon} for name in _OPTIMIZERS},
    "models.Trainer.compile": {"sample_weight_mode": None, "target_tensors": no_targets, "experimental_run_tf_function": None},
    "models.Model.fit": _QUEUE,
    "models.Model.evaluate": _QUEUE,
    "models.Model.predict": _QUEUE,
    "models.Model.train_on_batch": {"reset_metrics": None},
    "models.Model.test_on_batch": {"reset_metrics": None},
    "callbacks.ModelCheckpoint": {"period": After(every_so_many_epochs)},
    "callbacks.TensorBoard": {
        **dict.fromkeys(("batch_size", "write_grads", "embeddings_layer_names", "embeddings_data")),
    },
    "layers.BatchNormalization": {"fused": None, "virtual_batch_size": None},
    "layers.LSTM": {"time_major": None},
    "layers.GRU": {"time_major": None},
}
ARGUMENTS["optimizers.Nadam"]["schedule_decay"] = None
ARGUMENTS["optimizers.SGD"].pop("epsilon")

PLACES = {
    "layers.Layer.add_weight": "keras._places:name_of_weight",
    "models.Trainer.compile": "keras._places:compile_arguments",
    "optimizers.SGD": "keras._places:sgd",
    "optimizers.RMSprop": "keras._places:rmsprop",
}

MEMBERS = {
    **{f"optimizers.{name}": {"lr": "keras._rates:lr", "decay": "keras._rates:decay"} for name in _OPTIMIZERS},
    "layers.Layer": {
        name: f"keras._methods:{name}"
        for name in ("get_input_at", "get_output_at", "get_input_shape_at", "get_output_shape_at", "get_output_shape_for")
    },
    **{f"layers.{layer}": {"W": "keras._methods:kernel", "b": "keras._methods:bias"} for layer in _WITH_KERNELS},
    "layers.Embedding": {"W": "keras._methods:embeddings"},
    "models.Model": {
        "fit_generator": "keras._methods:fit_generator",
        "evaluate_generator": "keras._methods:evaluate_generator",
        "predict_generator": "keras._methods:predict_generator",
        "reset_states": "keras._methods:reset_states",
        "to_yaml": "keras._methods:to_yaml",
        **{name: f"keras._compiled:{name}" for name in ("compiled_loss", "compiled_metrics", "metrics_names")},
    },
    "models.entries.Entry": {"standardized": "keras._methods:standardized"},
    "layers.Lambda": {"call": "keras._methods:call_of_lambda"},
    "models.Sequential": {
        "predict_classes": "keras._methods:predict_classes",
        "predict_proba": "keras._methods:predict_proba",
        "add": "keras._merge:add",
    },
    "callbacks.History": {"history": "keras._logs:history"},
}

LOGS = {
    "acc": "accuracy", "lr": "learning_rate", "mean_absolute_error": "mae", "mean_squared_error": "mse",
    "mean_absolute_percentage_error": "mape", "mean_squared_logarithmic_error": "msle", "cosine_proximity": "cosine_similarity",
}  # fmt: skip
