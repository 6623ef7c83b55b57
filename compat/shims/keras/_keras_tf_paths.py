"""Keras 2.4 to 2.15, which was TensorFlow's: the files its names stood in, `keras.optimizers.optimizer_v2.adam` and the like.

Internal paths for the most part, as `tensorflow.python.keras` and `keras.src` show them, and as scripts have them that
editors completed. A file shows everything of its package. Public paths: `_keras_paths.py`. See `_tables.py`.
"""

_FILES = {
    "layers": """
        layers.activation.thresholded_relu layers.attention.base_dense_attention layers.core.tf_op_layer
        layers.core.activation layers.core.dropout layers.core.flatten layers.core.permute layers.core.repeat_vector
        layers.core.reshape layers.core.spatial_dropout layers.core.activity_regularization
        layers.experimental layers.experimental.preprocessing layers.legacy_rnn layers.legacy_rnn.rnn_cell_impl
        layers.locally_connected layers.locally_connected.locally_connected1d layers.locally_connected.locally_connected2d
        layers.normalization.batch_normalization_v1 layers.normalization_v2 layers.pooling.base_global_pooling1d
        layers.pooling.base_global_pooling2d layers.pooling.base_global_pooling3d layers.pooling.base_pooling1d
        layers.pooling.base_pooling2d layers.pooling.base_pooling3d layers.preprocessing.category_crossing
        layers.preprocessing.preprocessing_utils layers.preprocessing.reduction layers.regularization.spatial_dropout1d
        layers.regularization.spatial_dropout2d layers.regularization.spatial_dropout3d layers.rnn.abstract_rnn_cell
        layers.rnn.base_conv_lstm layers.rnn.base_conv_rnn layers.rnn.base_cudnn_rnn layers.rnn.base_rnn layers.rnn.base_wrapper
        layers.rnn.cell_wrappers layers.rnn.cudnn_gru layers.rnn.cudnn_lstm layers.rnn.dropout_rnn_cell_mixin layers.rnn.gru_v1
        layers.rnn.legacy_cells layers.rnn.lstm_v1 layers.rnn_cell_wrapper_v2 layers.wrappers.bidirectional feature_column
        feature_column.base_feature_layer feature_column.dense_features feature_column.dense_features_v2
        feature_column.sequence_feature_column
        """,
    "optimizers": """
        optimizer_experimental optimizer_experimental.adadelta optimizer_experimental.adagrad optimizer_experimental.adam
        optimizer_experimental.optimizer optimizer_experimental.rmsprop optimizer_experimental.sgd optimizer_v2
        optimizer_v2.adadelta optimizer_v2.adagrad optimizer_v2.adam optimizer_v2.adamax optimizer_v2.ftrl
        optimizer_v2.gradient_descent optimizer_v2.nadam optimizer_v2.optimizer_v2 optimizer_v2.rmsprop
        optimizers.experimental optimizers.gradient_descent optimizers.optimizer_v1 optimizers.adadelta_v2
        optimizers.adagrad_v2 optimizers.adam_v2 optimizers.adamax_v2 optimizers.gradient_descent_v2 optimizers.nadam_v2
        optimizers.rmsprop_v2 optimizers.base_optimizer_v2
        """
    + " ".join(
        f"optimizers.{folder}.{file}"
        for folder in ("legacy", "optimizer_experimental", "optimizer_v2")
        for file in "adadelta adafactor adagrad adam adamax adamw ftrl gradient_descent nadam optimizer rmsprop sgd".split()
    )
    + " optimizers.optimizer_experimental optimizers.legacy.optimizer_v2 optimizers.optimizer_v2.optimizer_v2",
    "optimizers.schedules": """
        optimizers.learning_rate_schedule optimizer_v2.learning_rate_schedule optimizers.optimizer_v2.learning_rate_schedule
        """,
    "callbacks": "callbacks.callbacks callbacks.experimental callbacks.tensorboard_v1 callbacks.tensorboard_v2 callbacks_v1",
    "initializers": "initializers.initializers initializers.initializers_v1 initializers.initializers_v2",
    "metrics": "metrics.base_metric metrics.metrics metrics.py_metric",
    "mixed_precision": """
        mixed_precision.experimental mixed_precision.experimental.policy mixed_precision.experimental.loss_scale_optimizer
        mixed_precision.loss_scale_optimizer mixed_precision.policy
        """,
    "models": "models.sharpness_aware_minimization",
    "saving": """
        saving.experimental saving.experimental.saving_lib saving.experimental.serialization_lib saving.hdf5_format
        saving.legacy saving.legacy.hdf5_format saving.legacy.model_config saving.legacy.save saving.legacy.saving_utils
        saving.legacy.serialization saving.model_config saving.pickle_utils saving.saved_model_experimental saving.saving_utils
        """,
    "utils": """
        distribute distribute.distributed_training_utils preprocessing.dataset_utils preprocessing.image_dataset
        preprocessing.text_dataset preprocessing.timeseries utils.all_utils utils.audio_dataset utils.feature_space
        utils.image_dataset utils.mode_keys utils.object_identity utils.text_dataset utils.tf_contextlib utils.tf_inspect
        utils.timeseries_dataset utils.training_utils utils.version_utils
        """,
    "backend": "backend.exports backend.numpy_backend backend_config",
    "_experimental": "experimental",
    "_engine": """
        engine.base_layer_v1 engine.base_preprocessing_layer engine.compile_utils engine.functional_utils engine.node
        engine.training_arrays_v1 engine.training_eager_v1 engine.training_generator_v1 engine.training_utils_v1
        engine.training_v1
        """,
}
_FILES |= {
    "_image": "legacy.preprocessing.image",
    "_sequence": "legacy.preprocessing.sequence",
    "_text": "legacy.preprocessing.text",
    "_legacy": "legacy.preprocessing legacy.saving",
    "_backend": "legacy.backend",
    "losses": "legacy.losses",
    "_rnn_masks": "layers.rnn.rnn_utils",
}
PATHS = {path: f"keras.{shown}" for shown, paths in _FILES.items() for path in paths.split()}
