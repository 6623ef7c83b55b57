"""Keras 3: the files behind its public modules, as `keras.src.<folder>.<file>` names them. See `_tables.py`.

Editors complete imports to these paths, so scripts are full of them. A file shows everything of its package; a file of a
folder inside a package stands under the package too, because `from keras.src.layers.core import dense` asks there.
"""

_FILES = {
    "activations": "activations",
    "callbacks": """
        backup_and_restore callback callback_list csv_logger early_stopping history lambda_callback learning_rate_scheduler
        model_checkpoint monitor_callback orbax_checkpoint progbar_logger reduce_lr_on_plateau remote_monitor swap_ema_weights
        tensorboard terminate_on_nan
        """,
    "constraints": "constraints",
    "distribution": "distribution_lib",
    "distillation": "distillation_loss distiller",
    "dtype_policies": "dtype_policy dtype_policy_map",
    "initializers": "constant_initializers initializer random_initializers",
    "layers": "input_spec layer activations attention convolutional core merging normalization pooling preprocessing "
    "regularization reshaping rnn",
    "layers.activations": "activation elu leaky_relu prelu relu softmax",
    "layers.attention": "additive_attention attention grouped_query_attention multi_head_attention",
    "layers.convolutional": """
        base_conv base_conv_transpose base_depthwise_conv base_separable_conv conv1d conv1d_transpose conv2d conv2d_transpose
        conv3d conv3d_transpose depthwise_conv1d depthwise_conv2d separable_conv1d separable_conv2d
        """,
    "layers.core": "dense einsum_dense embedding identity input_layer lambda_layer masking reversible_embedding wrapper",
    "layers.merging": "add average base_merge concatenate dot maximum minimum multiply subtract",
    "layers.normalization": """
        batch_normalization group_normalization layer_normalization rms_normalization spectral_normalization unit_normalization
        """,
    "layers.pooling": """
        adaptive_average_pooling1d adaptive_average_pooling2d adaptive_average_pooling3d adaptive_max_pooling1d
        adaptive_max_pooling2d adaptive_max_pooling3d average_pooling1d average_pooling2d average_pooling3d
        base_adaptive_pooling base_global_pooling base_pooling global_average_pooling1d global_average_pooling2d
        global_average_pooling3d global_max_pooling1d global_max_pooling2d global_max_pooling3d max_pooling1d max_pooling2d
        max_pooling3d
        """,
    "layers.preprocessing": """
        category_encoding data_layer discretization feature_space hashed_crossing hashing image_preprocessing index_lookup
        integer_lookup mel_spectrogram normalization pipeline rescaling stft_spectrogram string_lookup text_vectorization
        """,
    "layers.preprocessing.image_preprocessing": """
        aug_mix auto_contrast base_image_preprocessing_layer center_crop clahe cut_mix equalization max_num_bounding_box mix_up
        rand_augment random_brightness random_color_degeneration random_color_jitter random_contrast random_crop
        random_elastic_transform random_erasing random_flip random_gaussian_blur random_grayscale random_hue random_invert
        random_perspective random_posterization random_rotation random_saturation random_sharpness random_shear
        random_translation random_zoom resizing solarization
        """,
    "layers.regularization": "activity_regularization alpha_dropout dropout gaussian_dropout gaussian_noise spatial_dropout",
    "layers.reshaping": """
        cropping1d cropping2d cropping3d flatten permute repeat_vector reshape up_sampling1d up_sampling2d up_sampling3d
        zero_padding1d zero_padding2d zero_padding3d
        """,
    "layers.rnn": """
        bidirectional conv_lstm conv_lstm1d conv_lstm2d conv_lstm3d dropout_rnn_cell gru lstm rnn simple_rnn stacked_rnn_cells
        time_distributed
        """,
    "losses": "loss losses",
    "metrics": """
        accuracy_metrics confusion_metrics correlation_metrics f_score_metrics hinge_metrics iou_metrics metric metrics_utils
        probabilistic_metrics reduction_metrics regression_metrics
        """,
    "models": "cloning functional model sequential variable_mapping",
    "ops": "core einops math",
    "optimizers": """
        adadelta adafactor adagrad adam adamax adamw base_optimizer ftrl lamb lion loss_scale_optimizer multi_optimizer muon
        nadam optimizer rmsprop schedule_free_adamw sgd
        """,
    "optimizers.schedules": "learning_rate_schedule",
    "quantizers": "awq_config gptq_config quantizers",
    "random": "random seed_generator",
    "regularizers": "regularizers",
    "saving": "file_editor keras_saveable object_registration saving_api saving_lib serialization_lib",
    "tree": "tree_api",
    "utils": """
        argument_validation audio_dataset_utils backend_utils code_stats config dataset_utils dtype_utils file_utils
        image_dataset_utils image_utils io_utils model_visualization module_utils naming numerical_utils progbar python_utils
        rng_utils sequence_utils summary_utils text_dataset_utils timeseries_dataset_utils torch_utils traceback_utils tracking
        """,
    "wrappers": "sklearn_wrapper",
}


def _rows() -> dict[str, str]:
    rows = {}
    for folder, files in _FILES.items():
        package = "optimizers.schedules" if folder == "optimizers.schedules" else folder.partition(".")[0]
        for file in files.split():
            rows[f"{folder}.{file}"] = rows[f"{package}.{file}"] = f"keras.{package}"
    return rows


_BACKEND = """
    config common
    common.backend_utils common.dtypes common.global_state common.keras_tensor common.masking common.name_scope common.remat
    common.stateless_scope common.symbolic_scope common.tensor_attributes common.variables
    torch torch.core torch.math torch.nn torch.numpy torch.random
    tensorflow tensorflow.core tensorflow.math tensorflow.nn tensorflow.numpy
    """
PATHS = {**_rows(), **{f"backend.{file}": "keras._backend" for file in _BACKEND.split()}}
_FEATURE_SPACE = ("layers.preprocessing.feature_space", "layers.feature_space")  # a file of layers, and a class of utils
NAMES = {path: {"FeatureSpace": "torchkeras_lite.utils:FeatureSpace"} for path in _FEATURE_SPACE}
NAMES["saving"] = {
    "H5IOStore": "keras._stores:H5IOStore",
    **{name: f"keras._helpers:{name}" for name in ("SafeModeScope", "in_safe_mode")},
    "deserialize_keras_object": "keras._objects:either",  # with `module_objects` too
}
NAMES["utils"] = {"split_dataset": "keras._helpers:split_dataset"}
_BEHIND_QUANTIZERS = {
    "quantization_config": {"quantizers.settings": "validate_and_resolve_config"},
    "utils": {"models.filters": "should_quantize_layer"},
    "gptq": {"models.calibration": "GPTQ", "quantizers.gptq": "gptq_quantize_matrix"},
    "gptq_core": {"models.calibration": "get_dataloader"},
    "awq": {"models.calibration": "AWQ", "quantizers.awq": "awq_quantize_matrix awq_search_optimal_scales"},
}
NAMES |= {
    f"quantizers.{file}": {
        name: f"torchkeras_lite.{place}:{name}" for place, names in places.items() for name in names.split()
    }
    for file, places in _BEHIND_QUANTIZERS.items()
}
NAMES |= {
    kind: {"ALL_OBJECTS_DICT": f"keras._all_objects:{kind}"}
    for kind in ("activations", "constraints", "initializers", "losses", "metrics", "optimizers", "regularizers")
}
PATHS |= {
    **dict.fromkeys(_FEATURE_SPACE, "torchkeras_lite.layers"),
    **{f"quantizers.{file}": "torchkeras_lite.quantizers" for file in _BEHIND_QUANTIZERS},
    "layers.preprocessing.image_preprocessing.bounding_boxes": "keras.utils.bounding_boxes",
    **{
        f"{place}bounding_boxes.{file}": "keras.utils.bounding_boxes"
        for place in ("layers.preprocessing.image_preprocessing.", "utils.")
        for file in ("converters", "iou", "validation")
    },
    "api_export": "keras._api_export",
    "ops.function": "torchkeras_lite.operation",
    "ops.node": "torchkeras_lite.symbolic",
    "ops.random": "keras.random",
    "ops.operation": "torchkeras_lite.operation",
    "testing": "keras._testing",
    "testing.test_case": "keras._testing",
    "testing.test_utils": "keras._testing",
    "trainers": "torchkeras_lite.models",
    "trainers.compile_utils": "torchkeras_lite.models.compile",
    "trainers.trainer": "torchkeras_lite.models.trainer",
    "trainers.data_adapters": "torchkeras_lite.data",
    "trainers.data_adapters.array_slicing": "keras._data_adapters",
    "trainers.data_adapters.data_adapter_utils": "keras._data_adapters",
    "trainers.data_adapters.py_dataset_adapter": "keras.utils",
}
_PREPROCESSING = "Rescaling Normalization image_layer.ImageLayer CategoryEncoding Discretization Hashing MelSpectrogram".split()
MEMBERS = {
    **{f"layers.{layer}": {"backend": "keras._inside:backend"} for layer in _PREPROCESSING},
    "models.Model": {f"_{name}": f"keras._inside:{name}" for name in ("inputs_struct", "outputs_struct")},
    "layers.MultiHeadAttention": {f"_{name}": f"keras._attention_inside:{name}" for name in (
        "num_heads", "key_dim", "value_dim", "dropout", "use_bias", "kernel_initializer", "bias_initializer",
        "kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint", "build_attention", "softmax",
        "dot_product_equation", "combine_equation", "inverse_sqrt_key_dim", "masked_softmax",
    )} | {"_get_common_kwargs_for_sublayer": "keras._attention_inside:common_kwargs"},
    "layers.Layer": {f"_{name}": f"keras._inside:{name}" for name in (
        "tracker", "trainable_variables", "non_trainable_variables", "layers", "seed_generators",
        "dtype_policy", "build_at_init", "register_call_context_args", "call_context_args",
    )} | {"rematerialized_call": "keras._inside:rematerialized_call"},
}  # fmt: skip
BEHIND = dict.fromkeys(("ops", "ops.image", "ops.linalg", "ops.nn", "ops.numpy"), "keras._op_classes")
BEHIND |= dict.fromkeys(("losses", "random", "regularizers", "utils"), "keras._helpers")
BEHIND["layers"] = "keras._layer_bases"
