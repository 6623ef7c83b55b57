"""Keras 2 (2017 to 2020): the rows of what Keras 3 renamed or left out. Keras 1 had much of it too. See `_tables.py`."""

from ._words import (
    After,
    also_by_value,
    curve,
    decay,
    epsilon,
    every_so_many_epochs,
    initial_decay,
    loss_scale,
    no_targets,
    num_constants,
    rate,
    sees_backwards,
    steps_per_execution,
    time_major,
)

_WITH_KERNELS = "Dense Conv1D Conv2D Conv3D Conv2DTranspose Conv3DTranspose".split()

PATHS = {
    "backend": "keras._backend",
    "utils.legacy": "keras._objects",
    "legacy.saving.serialization": "keras._objects",
    **{f"backend.{name}_backend": "keras._backend" for name in ("tensorflow", "theano", "cntk", "load")},
    "backend.common": "keras._backend",
}

_OPTIMIZERS = ("SGD", "RMSprop", "Adam", "Adamax", "Adadelta", "Adagrad", "Nadam")

NAMES = {
    "": {"version": "keras._utils:version"},
    "mixed_precision": {
        "set_policy": "torchkeras_lite.mixed_precision:set_global_policy",
        "get_layer_policy": "keras._utils:get_layer_policy",
    },
    "constraints": {name: f"keras._constraints:{name}" for name in ("RadialConstraint", "radial_constraint")},
    "metrics": {
        "MeanTensor": "keras._mean_tensor:MeanTensor",
        **dict.fromkeys(("acc", "ACC"), "torchkeras_lite.metrics.accuracy:accuracy"),
        "cosine_proximity": "keras._losses:cosine_proximity", "cosine_similarity": "keras._losses:cosine_proximity",
        **dict.fromkeys(("KLD", "kld", "kullback_leibler_divergence"), "torchkeras_lite.losses:kl_divergence"),
        "logcosh": "torchkeras_lite.losses:log_cosh",
        **{short: f"torchkeras_lite.losses:{name}" for short, name in (
            ("mse", "mean_squared_error"), ("MSE", "mean_squared_error"),
            ("mae", "mean_absolute_error"), ("MAE", "mean_absolute_error"),
            ("mape", "mean_absolute_percentage_error"), ("MAPE", "mean_absolute_percentage_error"),
            ("msle", "mean_squared_logarithmic_error"), ("MSLE", "mean_squared_logarithmic_error"),
        )},
    },
    "initializers": {
        **{old: f"torchkeras_lite.initializers:{name}" for old, name in (
            ("zero", "Zeros"), ("one", "Ones"), ("uniform", "RandomUniform"), ("normal", "RandomNormal"),
        )},
    },
    "layers": {
        "_Merge": "keras._merge:ByFunction",
        "DropoutRNNCellMixin": "keras._rnn_masks:DropoutRNNCellMixin",
        **{f"_{name}": f"keras._rnn_masks:{name}" for name in (
            "generate_dropout_mask", "generate_zero_filled_state", "generate_zero_filled_state_for_cell", "is_multiple_state",
            "caching_device", "standardize_args",
        )},
        "AtrousConv1D": "keras._layers:AtrousConvolution1D",
        "AtrousConv2D": "keras._layers:AtrousConvolution2D",
        "Deconv2D": "keras._layers:Deconvolution2D",
        "Deconv3D": "keras._layers:Deconvolution3D",
        "DenseFeatures": "keras._feature_columns:DenseFeatures",
        "AbstractRNNCell": "torchkeras_lite.layers:Layer",
        "TFSMLayer": "keras._saved_model:TFSMLayer",
        "PreprocessingLayer": "torchkeras_lite.layers:Layer",
        "BatchNormalizationV1": "torchkeras_lite.layers:BatchNormalization",
        "BatchNormalizationV2": "torchkeras_lite.layers:BatchNormalization",
        "SyncBatchNormalization": "keras._dead_layers:SyncBatchNormalization",
        "RandomFourierFeatures": "keras._dead_layers:RandomFourierFeatures",
        "RandomHeight": "keras._random_sizes:RandomHeight", "RandomWidth": "keras._random_sizes:RandomWidth",
    },
    "optimizers": {
        **{name.lower(): f"torchkeras_lite.optimizers:{name}" for name in _OPTIMIZERS},
        "OptimizerV2": "torchkeras_lite.optimizers:Optimizer",
    },
    "callbacks": {"BaseLogger": "torchkeras_lite.callbacks:Callback"},
    "utils": {
        "deserialize_keras_object": "keras._objects:either",
        "get_file": "keras._downloads:get_file",
        "image_dataset_from_directory": "keras._datasets:image_dataset_from_directory",
    },
    "applications.imagenet_utils": {
        "_obtain_input_shape": "keras._sizes:obtain_input_shape", "obtain_input_shape": "keras._sizes:obtain_input_shape",
    },
    "preprocessing": {"image_dataset_from_directory": "keras._datasets:image_dataset_from_directory"},
    **{f"datasets.{name}": {"load_batch": "keras._datasets:load_batch"} for name in ("cifar10", "cifar100")},
}

_QUEUE = {"max_queue_size": None, "workers": None, "use_multiprocessing": None}
for _kind in "activations constraints initializers layers losses metrics optimizers regularizers".split():
    NAMES.setdefault(_kind, {}).update({
        name: f"keras._legacy_format:{_kind}_{name}" for name in ("serialize", "deserialize")
    })  # fmt: skip

ARGUMENTS = {
    **{f"optimizers.{name}": {
        "lr": ("learning_rate", rate), "decay": decay, "epsilon": epsilon, "clipvalue": After(also_by_value),
    } for name in _OPTIMIZERS},
    "optimizers.Optimizer": {
        "lr": ("learning_rate", rate), "decay": After(initial_decay), "clipvalue": After(also_by_value),
        "jit_compile": None, "is_legacy_optimizer": None,
        "gradient_aggregator": None, "gradient_transformers": None,
    },
    "models.Trainer.compile": {
        "sample_weight_mode": None, "target_tensors": no_targets, "experimental_run_tf_function": None,
        "steps_per_execution": steps_per_execution,
    },
    "layers.Layer.add_loss": {"inputs": None},
    "models.Model.add_loss": {"inputs": None},
    "models.Model.fit": _QUEUE,
    "models.Model.evaluate": _QUEUE,
    "models.Model.predict": _QUEUE,
    "models.Model.train_on_batch": {"reset_metrics": None},
    "models.Model.test_on_batch": {"reset_metrics": None},
    "metrics.AUC": {"curve": curve},
    "metrics.Metric.add_weight": {"synchronization": None, "aggregation": None},
    "layers.Layer": {"dynamic": None},
    "layers.RNN": {"num_constants": After(num_constants), "time_major": After(time_major)},
    "layers.Layer.add_weight": {"synchronization": None},
    "callbacks.ModelCheckpoint": {"period": After(every_so_many_epochs), "options": None},
    "callbacks.ProgbarLogger": {"count_mode": None, "stateful_metrics": None},
    "callbacks.TensorBoard": {
        **dict.fromkeys(("batch_size", "write_grads", "embeddings_layer_names", "embeddings_data")),
    },
    "dtype_policies.DTypePolicy": {"loss_scale": None},
    "optimizers.LossScaleOptimizer": {"loss_scale": loss_scale},
    "layers.BatchNormalization": {"fused": None, "virtual_batch_size": None},
    **{f"layers.{name}": {"causal": After(sees_backwards)} for name in ("Attention", "AdditiveAttention")},
    "layers.SimpleRNN": {"implementation": None},
    "layers.Embedding": {"sparse": None},
}
ARGUMENTS["optimizers.Nadam"]["schedule_decay"] = None
ARGUMENTS["optimizers.SGD"].pop("epsilon")

PLACES = {
    "layers.Layer": "keras._places:without_itself",
    "layers.InputLayer": "keras._places:sizes_as_tuple",
    "layers.Layer.add_weight": "keras._places:name_of_weight",
    "layers.RNN.get_initial_state": "keras._places:rows_of_state",
    "layers.Layer.add_loss": "keras._places:losses_alone",
    "models.Model.add_loss": "keras._places:losses_alone",
    "metrics.Metric.add_weight": "keras._places:weight_of_metric",
    "models.Model": "keras._places:without_itself",
    "models.Sequential": "keras._places:name_after_layers",
    "callbacks.ProgbarLogger": "keras._places:nothing",
    "models.Trainer.compile": "keras._places:compile_arguments",
    "callbacks.ModelCheckpoint": "keras._places:words_of_checkpoint",
    "callbacks.ReduceLROnPlateau": "keras._places:words_of_plateau",
    "utils.CustomObjectScope": "keras._places:in_one_dict",
    "optimizers.LossScaleOptimizer": "keras._places:loss_scale",
    "optimizers.Optimizer": "keras._places:optimizer",
    "optimizers.SGD": "keras._places:sgd",
    "optimizers.RMSprop": "keras._places:rmsprop",
}

_OF_OWN_OPTIMIZERS = """
    build update update_step get_updates get_gradients add_slot get_slot get_slot_names add_variable_from_reference iterations
    weights lr variables get_weights set_weights
    """

MEMBERS = {
    "optimizers.Optimizer": {
        "__init_subclass__": "keras._own_optimizers:init_subclass",
        **{name: f"keras._own_optimizers:{name}" for name in _OF_OWN_OPTIMIZERS.split()},
        **{f"_{name}": f"keras._own_optimizers:{name}" for name in (
            "set_hyper", "get_hyper", "decayed_lr", "prepare_local", "fallback_apply_state", "resource_apply_dense",
            "serialize_hyperparameter", "build_learning_rate", "var_key", "index_dict", "initial_decay", "decays",
            "use_locking", "made_rate",
        )},
        "_name": "keras._methods:name_of_optimizer",
    },
    **{f"applications.{file}": {"get_file": "keras._downloads:get_file"} for file in ("imagenet_utils", "network")},
    **{
        f"optimizers.{name}": {word: f"keras._rates:{word}" for word in ("lr", "decay", "learning_rate")}
        for name in _OPTIMIZERS
    },
    "optimizers.LossScaleOptimizer": {
        name: f"keras._methods:{name}" for name in ("get_scaled_loss", "get_unscaled_gradients", "loss_scale")
    },
    "layers.Layer": {
        name: f"keras._methods:{name}"
        for name in ("get_input_at", "get_output_at", "get_input_shape_at", "get_output_shape_at", "get_output_shape_for")
    } | {name: f"keras._added_metrics:{name}" for name in ("add_metric", "metrics")} | {
        name: f"keras._methods:{name}"
        for name in ("updates", "add_update", "get_updates_for", "get_losses_for", "path", "stateful")
    } | {
        **{name: f"keras._calls:{name.strip('_')}" for name in ("__init_subclass__", "_called_on_nothing", "call")},
        "_build_for": "keras._derived:build_for",
        "_track_variable": "keras._own_weights:track_variable",
        "trainable_weights": "keras._own_weights:trainable_weights",
        "non_trainable_weights": "keras._own_weights:non_trainable_weights",
        "_trainable_weights": "keras._own_weights:own_trainable_weights",
        "_non_trainable_weights": "keras._own_weights:own_non_trainable_weights",
        "inbound_nodes": "keras._methods:calls", "_inbound_nodes": "keras._methods:calls",
        "outbound_nodes": "keras._methods:read_by", "_outbound_nodes": "keras._methods:read_by",
        "batch_input_shape": "keras._methods:batch_input_shape", "_call_symbolic": "keras._methods:call_symbolic",
        "_compute_dtype": "keras._methods:compute_dtype", "_track_trackable": "keras._methods:track_trackable",
    },
    "variable.Variable": {"name": "keras._weight_names:name", "shape": "keras._sizes:shape_of_variable"},
    "symbolic.Node": {
        name: f"keras._methods:{name}"
        for name in ("inbound_layers", "outbound_layer", "input_tensors", "input_masks", "output_tensors")
    } | {"__init__": "keras._methods:drawn_node"},
    "layers.InputLayer": {
        "_begin": "keras._sizes:begin_with",
        "input_shape": "keras._sizes:shape_of_input_layer", "output_shape": "keras._sizes:shape_of_input_layer",
    },
    "layers.Bidirectional": {"layer": "keras._methods:layer_of_both", "__call__": "keras._methods:call_of_both"},
    "layers.recurrent_cells.GatedCell": {"get_initial_state": "keras._methods:state_of_cell"},
    "layers.RNN": {"__call__": "keras._methods:call_of_rnn", "reset_states": "keras._methods:reset_states_of_rnn"},
    **{f"layers.{layer}": {"W": "keras._methods:kernel", "b": "keras._methods:bias"} for layer in _WITH_KERNELS},
    "layers.Embedding": {"W": "keras._methods:embeddings"},
    "KerasTensor": {name: f"keras._methods:{name[1:]}" for name in ("_keras_shape", "_keras_history")} | {
        "_shape_val": "keras._methods:keras_shape",  # as TensorFlow 1 called it
        "get_shape": "keras._sizes:get_shape", "__len__": "keras._sizes:length", "__init__": "keras._sizes:drawn",
        "__eq__": "keras._sizes:equal", "__ne__": "keras._sizes:not_equal",
    },
    "models.Model": {
        "fit_generator": "keras._methods:fit_generator",
        "evaluate_generator": "keras._methods:evaluate_generator",
        "predict_generator": "keras._methods:predict_generator",
        "reset_states": "keras._methods:reset_states",
        "get_layer": "keras._layer_names:get_layer",
        "to_yaml": "keras._methods:to_yaml",
        "load_weights": "keras._late_weights:load_weights",
        **{f"_make_{what}_function": "keras._methods:ready" for what in ("predict", "test")},
        **{f"make_{what}_function": f"keras._methods:make_{what}_function" for what in ("predict", "test")},
        **{f"{line}make_train_function": "keras._own_optimizers:make_train_function" for line in ("_", "")},
        "_feed_input_names": "keras._methods:input_names", "state_updates": "keras._methods:state_updates",
        "uses_learning_phase": "keras._methods:uses_learning_phase", "stateful": "keras._methods:stateful_model",
        "export": "keras._saved_model:export", "_is_compiled": "keras._methods:is_compiled",
        "_feed_inputs": "keras._methods:feed_inputs",
        **{name: f"keras._compiled:{name}" for name in (
            "compiled_loss", "compiled_metrics", "metrics_names", "metrics_tensors", "targets", "sample_weights", "total_loss",
        )},
    },
    "models.entries.Entry": {"standardized": "keras._methods:standardized"},
    "layers.Lambda": {
        "call": "keras._methods:call_of_lambda",
        "from_config": "keras._lambdas:from_config",
    },
    "lambdas": {"dump": "keras._lambdas:dump"},
    "initializers": {"get": "keras._initializations:get_initializer"},
    "registry": {
        "arguments_as_config": "keras._objects:arguments_as_config", "_find_builtin": "keras._found_by_name:find_builtin",
    },
    "registry.Table": {"find": "keras._found_by_name:find"},
    "models.Sequential": {
        "predict_classes": "keras._methods:predict_classes",
        "predict_proba": "keras._methods:predict_proba",
        "add": "keras._merge:add", "from_config": "keras._merge:from_config",
        "_appended": "keras._merge:appended", "layers": "keras._merge:layers_of",
        "model": "keras._methods:itself",
    },
    "callbacks.TensorBoard": {"writer": "keras._logs:writer"},
    "callbacks.History": {"history": "keras._logs:history"},
    "callbacks.rates": {"_note_rates": "keras._logs:note_rates"},
    "callbacks.stopping.MonitorCallback": {"_direction": "keras._logs:direction"},
    "logs.Logs": {"__missing__": "keras._logs:of_old", "get": "keras._logs:get"},
    "metrics.Metric": {
        "reset_states": "keras._methods:reset_state_of_metric", "weights": "keras._methods:weights_of_metric",
        "stateful": "keras._methods:stateful_metric",
        **{f"{what}_weights": f"keras._methods:{what}_weights_of_metric" for what in ("get", "set")},
    },
}

LOGS = {
    "acc": "accuracy", "lr": "learning_rate", "mean_absolute_error": "mae", "mean_squared_error": "mse",
    "mean_absolute_percentage_error": "mape", "mean_squared_logarithmic_error": "msle", "cosine_proximity": "cosine_similarity",
}  # fmt: skip
