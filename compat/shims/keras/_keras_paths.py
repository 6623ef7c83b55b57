"""Where Keras 1 and 2 kept their names: module paths, and names that moved or went. See `_tables.py`.

A family file shows everything of its package, so that a name is found in whichever file an era had it.
"""

_LAYERS = (
    "advanced_activations attention convolutional convolutional_recurrent core cudnn_recurrent dense_attention einsum_dense "
    "embeddings kernelized local merge merging multi_head_attention noise normalization pooling recurrent recurrent_v2 "
    "regularization reshaping rnn serialization wrappers"
)
_ENGINE = (
    "base_layer base_layer_utils data_adapter functional input_layer input_spec keras_tensor network saving sequential "
    "topology training training_arrays training_generator training_utils"
)
_UTILS = (
    "np_utils vis_utils visualize_util data_utils generic_utils io_utils layer_utils conv_utils losses_utils metrics_utils "
    "multi_gpu_utils test_utils tf_utils control_flow_util dataset_utils image_utils numerical_utils python_utils "
    "sequence_utils model_visualization"
)
PATHS = {
    **{f"layers.{family}": "keras.layers" for family in _LAYERS.split()},
    "layers.normalization.batch_normalization": "keras.layers",
    "layers.normalization.layer_normalization": "keras.layers",
    "engine": "keras._engine",
    **{f"engine.{file}": "keras._engine" for file in _ENGINE.split()},
    **{f"utils.{file}": "keras.utils" for file in _UTILS.split()},
    "objectives": "keras.losses",
    "initializations": "keras._initializations",
    "legacy": "keras._legacy",
    "legacy.layers": "keras.layers",
    "legacy.models": "keras.models",
    "legacy.interfaces": "keras._legacy_interfaces",
    "wrappers.scikit_learn": "keras._wrappers",
    "preprocessing.image": "keras._image",
    "preprocessing.sequence": "keras._sequence",
    "preprocessing.text": "keras._text",
    "optimizer_v1": "keras.optimizers",
    "optimizers.legacy": "keras.optimizers",
    "optimizers.optimizer_v2": "keras.optimizers",
    "optimizers.schedules.learning_rate_schedule": "keras.optimizers.schedules",
    **{f"models.{file}": "keras.models" for file in ("model", "functional", "sequential", "cloning")},
    "saving.save": "keras.saving",
}

_layers = {name: f"keras._layers:{name}" for name in (
    "AtrousConvolution1D", "AtrousConvolution2D", "Convolution2D", "Convolution3D", "CuDNNGRU", "CuDNNLSTM",
    "Deconvolution2D", "Deconvolution3D", "SeparableConvolution2D", "TimeDistributedDense", "merge",
)}  # fmt: skip
_layers |= {name: f"keras._dead_layers:{name}" for name in (
    "Highway", "LocallyConnected1D", "LocallyConnected2D", "MaxoutDense", "ParametricSoftplus", "SReLU", "ThresholdedReLU",
)}  # fmt: skip
_layers |= {
    "Recurrent": "keras._recurrent:Recurrent", "_time_distributed_dense": "keras._recurrent:time_distributed_dense",
    "time_distributed_dense": "keras._recurrent:time_distributed_dense",
}  # fmt: skip
_layers |= {"Merge": "keras._merge:Merge", "K": "keras:backend", "regularizers": "torchkeras_lite:regularizers"}

NAMES = {
    "layers": _layers,
    "models": {
        "Graph": "keras._graph_model:Graph",
        "model_from_config": "keras._utils:model_from_config",
        "model_from_yaml": "keras._utils:model_from_yaml",
        "Input": "torchkeras_lite.layers:Input",
    },
    "losses": {
        **dict.fromkeys(("KLD", "kld"), "torchkeras_lite.losses:kl_divergence"),
        "kullback_leibler_divergence": "torchkeras_lite.losses:kl_divergence",
        "cosine": "torchkeras_lite.losses:cosine_similarity",
        "cosine_proximity": "torchkeras_lite.losses:cosine_similarity",
        "Reduction": "keras._losses:Reduction",
        "logcosh": "torchkeras_lite.losses:log_cosh",
        **{short: f"torchkeras_lite.losses:{name}" for short, name in (
            ("mse", "mean_squared_error"), ("MSE", "mean_squared_error"),
            ("mae", "mean_absolute_error"), ("MAE", "mean_absolute_error"),
            ("mape", "mean_absolute_percentage_error"), ("MAPE", "mean_absolute_percentage_error"),
            ("msle", "mean_squared_logarithmic_error"), ("MSLE", "mean_squared_logarithmic_error"),
        )},
    },
    "utils": {
        "Sequence": "torchkeras_lite.utils:PyDataset",
        "plot": "torchkeras_lite.utils:plot_model",
        **{name: f"keras._utils:{name}" for name in (
            "HDF5Matrix", "categorical_probas_to_classes", "convert_all_kernels_in_model", "convert_kernel",
            "conv_input_length", "conv_output_length", "deconv_length", "get_from_module", "has_arg", "is_keras_tensor",
            "multi_gpu_model",
            "object_list_uid", "probas_to_classes", "print_summary", "slice_arrays", "to_list", "unpack_singleton",
            "convert_dense_weights_data_format", "count_params", "make_batches", "normalize_padding", "normalize_tuple",
        )},
        "get_source_inputs": "keras._engine:get_source_inputs",
        "layer_from_config": "keras._utils:model_from_config",
        "normalize_data_format": "keras._backend_session:normalize_data_format",
        **dict.fromkeys(("Reduction", "ReductionV2"), "keras._losses:Reduction"),
        **{name: f"keras._losses:{name}" for name in (
            "compute_weighted_loss", "reduce_weighted_loss", "remove_squeezable_dimensions", "squeeze_or_expand_dimensions",
        )},
    },
}  # fmt: skip
