"""Keras 1 (2016): the arguments of layers that Keras 2 renamed. Most went on being understood there. See `_tables.py`."""

from ._words import (
    After,
    batchnorm_mode,
    data_format,
    drop_words,
    ends,
    forget_bias,
    initial_weights,
    initializer,
    sequence_input,
    sequence_length,
    sides,
)  # fmt: skip

_KERNEL = {
    "init": ("kernel_initializer", initializer),
    "W_regularizer": "kernel_regularizer",
    "W_constraint": "kernel_constraint",
}
_BIAS = {"b_regularizer": "bias_regularizer", "b_constraint": "bias_constraint", "bias": "use_bias"}
_WEIGHTS = {**_KERNEL, **_BIAS}
_CHANNELS = {"dim_ordering": ("data_format", data_format)}
_SLIDING = {"border_mode": "padding", **_CHANNELS}
_SEQUENCE = {"input_dim": sequence_input, "input_length": sequence_length}
_CONVOLUTION = {"nb_filter": "filters", "subsample": "strides", "atrous_rate": "dilation_rate", **_SLIDING, **_WEIGHTS}
_POOLING1D = {"pool_length": "pool_size", "stride": "strides", "length": "pool_size", "border_mode": "padding"}
_RECURRENT = {
    "output_dim": "units",
    **_KERNEL,
    **{key: value for key, value in _BIAS.items() if key != "bias"},
    "inner_init": ("recurrent_initializer", initializer),
    "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "consume_less": None,
    **_SEQUENCE,
}
_GATES = {**_RECURRENT, "inner_activation": "recurrent_activation"}

ARGUMENTS = {
    # What any layer takes.
    "layers.Layer": {"input_dtype": "dtype", "weights": After(initial_weights)},
    "layers.Dense": {"output_dim": "units", "input_length": sequence_length, **_WEIGHTS},
    "layers.Conv1D": {"filter_length": "kernel_size", "subsample_length": "strides", **_CONVOLUTION, **_SEQUENCE},
    "layers.Conv2D": _CONVOLUTION,
    "layers.Conv3D": _CONVOLUTION,
    "layers.Conv2DTranspose": _CONVOLUTION,
    "layers.Conv3DTranspose": _CONVOLUTION,
    "layers.SeparableConv2D": {
        **{word: means for word, means in _CONVOLUTION.items() if word not in _KERNEL},
        "init": ("depthwise_initializer", initializer),
    },
    **{f"layers.{kind}Pooling1D": _POOLING1D for kind in ("Max", "Average")},
    **{f"layers.{kind}Pooling{rank}D": _SLIDING for kind in ("Max", "Average") for rank in (2, 3)},
    **{f"layers.Global{kind}Pooling{rank}D": _CHANNELS for kind in ("Max", "Average") for rank in (2, 3)},
    "layers.UpSampling1D": {"length": "size"},
    **{f"layers.{kind}{rank}D": _CHANNELS for kind in ("UpSampling", "ZeroPadding", "Cropping") for rank in (2, 3)},
    "layers.ZeroPadding1D": {"padding": ends},
    "layers.ZeroPadding2D": {**_CHANNELS, "padding": sides},
    "layers.Flatten": _CHANNELS,
    "layers.Dropout": {"p": "rate"},
    "layers.GaussianDropout": {"p": "rate"},
    "layers.GaussianNoise": {"sigma": "stddev"},
    "layers.SpatialDropout1D": {"p": "rate"},
    "layers.SpatialDropout2D": {"p": "rate", **_CHANNELS},
    "layers.SpatialDropout3D": {"p": "rate", **_CHANNELS},
    "layers.BatchNormalization": {
        "mode": After(batchnorm_mode),
        "beta_init": ("beta_initializer", initializer),
        "gamma_init": ("gamma_initializer", initializer),
    },
    "layers.PReLU": {"init": ("alpha_initializer", initializer)},
    "layers.Embedding": {
        "init": ("embeddings_initializer", initializer),
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
        "dropout": After(drop_words),
    },
    "layers.Reshape": {"dims": "target_shape"},
    "layers.SimpleRNN": _RECURRENT,
    "layers.LSTM": {**_GATES, "forget_bias_init": forget_bias},
    "layers.GRU": _GATES,
    "layers.ConvLSTM2D": {
        **_CONVOLUTION,
        **{word: means for word, means in _GATES.items() if word not in ("output_dim", *_SEQUENCE)},
        "forget_bias_init": forget_bias,
    },
}

PLACES = {
    **{f"layers.AveragePooling{rank}D": "keras._places:pool_of_two" for rank in (1, 2, 3)},
    "layers.Conv2D": "keras._places:kernel_sides_2d",
    "layers.Conv3D": "keras._places:kernel_sides_3d",
    "layers.ConvLSTM2D": "keras._places:conv_lstm_sides",
    "layers.SeparableConv2D": "keras._places:separable_sides",
    "layers.Conv2DTranspose": "keras._places:transposed_sides",
}

# An attribute of Keras 1 -> today's, by the families that have it.
_ATTRIBUTES = {
    "Dense": {"output_dim": "units", "init": "kernel_initializer"},
    "SimpleRNN": {"output_dim": "units", "init": "kernel_initializer", "inner_init": "recurrent_initializer"},
    **{name: {
        "output_dim": "units", "init": "kernel_initializer", "inner_init": "recurrent_initializer",
        "inner_activation": "recurrent_activation",
    } for name in ("LSTM", "GRU")},
    **{f"{name}{rank}D": {
        "nb_filter": "filters", "subsample": "strides", "border_mode": "padding", "init": "kernel_initializer",
    } for name in ("Conv", "SeparableConv") for rank in (1, 2, 3) if (name, rank) != ("SeparableConv", 3)},
    **{f"{name}Pooling{rank}D": {"border_mode": "padding"} for name in ("Max", "Average") for rank in (1, 2, 3)},
    **{name: {"p": "rate"} for name in ("Dropout", "GaussianDropout", *(f"SpatialDropout{rank}D" for rank in (1, 2, 3)))},
    "GaussianNoise": {"sigma": "stddev"},
}  # fmt: skip
MEMBERS = {
    f"layers.{layer}": {old: f"keras._methods:{today}" for old, today in names.items()}
    for layer, names in _ATTRIBUTES.items()
}
