"""Convolutions."""

import numpy as np

IMAGES = np.arange(2 * 5 * 6 * 3).reshape(2, 5, 6, 3) % 7 - 3
FLOATS = np.random.default_rng(3).normal(size=(2, 6, 5, 3))
L1L2 = {"module": "keras.regularizers", "class_name": "L1L2", "config": {"l1": 0.1, "l2": 0.2}, "registered_name": None}
FIRST = {"data_format": "channels_first"}


def conv(filters, kernel_size, **kwargs):
    return {"filters": filters, "kernel_size": kernel_size, **kwargs}


def depthwise(kernel_size, depth_multiplier=1, **kwargs):
    return {"kernel_size": kernel_size, "depth_multiplier": depth_multiplier, **kwargs}


# Lengths that the strides divide and do not divide, kernels of odd and even length, shorter and longer than the strides.
SEQUENCES = [
    (conv(4, 3), (2, 7, 3)),
    (conv(4, 3, padding="same"), (2, 7, 3)),
    (conv(4, 2, padding="same"), (2, 7, 3)),
    (conv(2, 4, padding="same", dilation_rate=2), (2, 8, 3)),
    (conv(4, 3, strides=2), (2, 8, 3)),
    (conv(4, 3, strides=2, padding="same"), (2, 7, 3)),
    (conv(4, 3, strides=2, padding="same"), (2, 8, 3)),
    (conv(4, 1, strides=3, padding="same"), (2, 8, 3)),
    (conv(4, 2, strides=3, padding="same"), (2, 7, 3)),
    (conv(4, 5, padding="same"), (2, 2, 3)),
    (conv(4, (3,), activation="relu", use_bias=False), (3, 6, 1)),
    (conv(1, 3, activation="tanh"), (1, 5, 1)),
    (conv(4, 3, **FIRST), (2, 3, 7)),
    (conv(4, 4, strides=3, padding="same", **FIRST), (2, 3, 7)),
]
IMAGE_ROWS = [
    (conv(4, 3), (2, 5, 6, 3)),
    (conv(4, (2, 3)), (2, 5, 6, 1)),
    (conv(4, 3, padding="same"), (2, 5, 6, 3)),
    (conv(4, (2, 4), padding="SAME"), (2, 5, 6, 3)),
    (conv(4, (3, 2), padding="same"), (2, 5, 6, 3)),
    (conv(4, 3, strides=2), (2, 7, 6, 3)),
    (conv(4, 3, strides=2, padding="same"), (2, 7, 7, 3)),
    (conv(4, 3, strides=2, padding="same"), (2, 6, 6, 3)),
    (conv(4, 3, strides=(2, 1), padding="same"), (2, 6, 7, 3)),
    (conv(4, (2, 5), strides=(3, 2), padding="same"), (2, 7, 8, 3)),
    (conv(4, 1), (2, 5, 6, 3)),
    (conv(4, 1, strides=2, padding="same"), (2, 5, 6, 3)),
    (conv(4, 3, dilation_rate=2), (1, 5, 6, 2)),
    (conv(4, (2, 3), dilation_rate=(3, 1), padding="same"), (2, 7, 6, 3)),
    (conv(4, 7, padding="same", activation="sigmoid"), (2, 3, 2, 3)),
    (conv(3, (5, 6)), (2, 5, 6, 3)),
    (conv(3, 3, use_bias=False, activation="softmax"), (2, 5, 6, 2)),
    (conv(4, 3, **FIRST), (2, 3, 5, 6)),
    (conv(4, 3, activation="softmax", **FIRST), (2, 3, 5, 6)),
    (conv(4, (2, 3), strides=2, padding="same", **FIRST), (2, 3, 5, 6)),
]
VOLUMES = [
    (conv(3, 2), (1, 4, 3, 3, 2)),
    (conv(3, (1, 2, 3), padding="same"), (2, 4, 3, 5, 2)),
    (conv(2, 3, padding="same", activation="elu"), (1, 3, 4, 2, 1)),
    (conv(3, 3, strides=2, padding="same"), (2, 4, 3, 5, 2)),
    (conv(3, (3, 2, 2), strides=(1, 2, 3), padding="same", use_bias=False), (2, 4, 4, 5, 2)),
    (conv(3, 2, dilation_rate=(1, 2, 3), padding="same"), (2, 4, 3, 5, 2)),
    (conv(3, 2, strides=2, **FIRST), (2, 2, 4, 4, 5)),
    (conv(3, (3, 2, 1), padding="same", **FIRST), (2, 2, 4, 4, 5)),
]
OF_RANK = {1: SEQUENCES, 2: IMAGE_ROWS, 3: VOLUMES}
GROUPS = [
    ("Conv1D", conv(4, 3, groups=2, padding="same"), (2, 7, 6)),
    ("Conv1D", conv(6, 2, groups=3, padding="causal", strides=2), (2, 7, 3)),
    ("Conv1D", conv(4, 3, padding="causal"), (2, 7, 3)),
    ("Conv1D", conv(4, 2, padding="causal", dilation_rate=4, activation="gelu"), (2, 6, 3)),
    ("Conv1D", conv(4, 3, padding="causal", **FIRST), (2, 3, 7)),
    ("Conv2D", conv(4, 3, groups=2), (2, 5, 6, 6)),
    ("Conv2D", conv(6, 2, groups=3, padding="same", strides=2), (2, 5, 6, 3)),
    ("Conv2D", conv(6, (3, 1), groups=3, **FIRST), (2, 3, 5, 6)),
    ("Conv3D", conv(4, 2, groups=2), (2, 3, 4, 3, 4)),
]
SETTINGS = [
    ("Conv2D", conv(2, 3), FLOATS),
    ("Conv2D", conv(2, 3, dtype="float64"), FLOATS),
    ("Conv2D", conv(2, 3, trainable=False), (2, 5, 6, 3)),
    ("Conv2D", conv(2, 3, kernel_regularizer="l2", bias_regularizer=L1L2), (2, 5, 6, 3)),
    ("Conv2D", conv(2, 3, activity_regularizer="l2", activation="sigmoid"), (2, 5, 6, 3)),
    ("Conv2D", conv(2, 3, kernel_constraint="max_norm", bias_constraint="non_neg"), (2, 5, 6, 3)),
    ("Conv2D", conv(2, 3, kernel_initializer="he_normal", bias_initializer="ones"), (2, 5, 6, 3)),
    ("Conv1DTranspose", conv(2, 3, dtype="float64", kernel_regularizer="l1"), FLOATS[0]),
    ("Conv2DTranspose", conv(2, 3, strides=2, padding="same", kernel_regularizer="l2", bias_regularizer="l1"), (2, 3, 4, 2)),
    ("Conv2DTranspose", conv(2, 3, kernel_constraint="unit_norm", bias_initializer="ones", trainable=False), (2, 3, 4, 2)),
    ("DepthwiseConv2D", depthwise(3, 2, depthwise_regularizer="l2", bias_regularizer="l1"), (2, 5, 6, 2)),
    ("DepthwiseConv2D", depthwise(3, depthwise_constraint="max_norm", depthwise_initializer="he_normal"), (2, 5, 6, 2)),
    ("DepthwiseConv2D", depthwise(3, activity_regularizer="l1", bias_initializer="ones"), (2, 5, 6, 2)),
    ("SeparableConv2D", conv(3, 3, depthwise_regularizer="l2", pointwise_regularizer="l1"), (2, 5, 6, 2)),
    ("SeparableConv2D", conv(3, 3, pointwise_regularizer=L1L2, bias_regularizer="l2"), (2, 5, 6, 2)),
    ("SeparableConv2D", conv(3, 3, depthwise_constraint="max_norm", pointwise_constraint="non_neg"), (2, 5, 6, 2)),
    ("SeparableConv1D", conv(3, 3, depthwise_initializer="ones", pointwise_initializer="he_uniform"), (2, 6, 2)),
]
TRANSPOSED = [
    ("Conv1DTranspose", conv(4, 3, strides=2, output_padding=0), (2, 5, 3)),
    ("Conv1DTranspose", conv(4, 3, strides=3, padding="same", output_padding=2), (2, 5, 3)),
    ("Conv1DTranspose", conv(4, 1, strides=4, padding="same", output_padding=3), (2, 5, 3)),
    ("Conv1DTranspose", conv(4, 4, strides=2, padding="same", output_padding=1, **FIRST), (2, 3, 5)),
    ("Conv2DTranspose", conv(4, 4, strides=2, padding="same"), (2, 3, 4, 2)),
    ("Conv2DTranspose", conv(4, 2, strides=4, padding="same"), (2, 3, 4, 2)),
    ("Conv2DTranspose", conv(4, 2, strides=(1, 4)), (2, 3, 4, 2)),
    ("Conv2DTranspose", conv(4, 3, strides=2, padding="same", output_padding=1), (2, 3, 4, 2)),
    ("Conv2DTranspose", conv(4, 3, strides=2, padding="same", output_padding=(0, 1)), (2, 3, 4, 2)),
    ("Conv2DTranspose", conv(4, (4, 5), strides=(3, 2), output_padding=(2, 1)), (2, 3, 4, 2)),
    ("Conv2DTranspose", conv(4, 5, strides=2, padding="same", use_bias=False), (2, 3, 4, 2)),
    ("Conv2DTranspose", conv(4, (2, 5), strides=2, padding="same", output_padding=0, activation="relu"), (2, 3, 4, 2)),
    ("Conv2DTranspose", conv(4, 3, strides=2, padding="same", **FIRST), (2, 2, 3, 4)),
    ("Conv3DTranspose", conv(2, (2, 3, 4), strides=2, padding="same", output_padding=1), (1, 2, 3, 2, 3)),
    ("Conv3DTranspose", conv(2, 2, strides=(1, 2, 3), output_padding=(0, 1, 2)), (1, 2, 3, 2, 3)),
]

ROWS = [
    *((f"Conv{rank}D", kwargs, x) for rank, rows in OF_RANK.items() for kwargs, x in rows),
    *GROUPS,
    *((f"Conv{rank}DTranspose", kwargs, x) for rank, rows in OF_RANK.items() for kwargs, x in rows),
    *TRANSPOSED,
    *((f"SeparableConv{rank}D", kwargs, x) for rank in (1, 2) for kwargs, x in OF_RANK[rank]),
    ("SeparableConv1D", conv(4, 3, depth_multiplier=2, padding="same"), (2, 6, 3)),
    ("SeparableConv2D", conv(4, (2, 3), depth_multiplier=3, strides=2, padding="same", activation="relu"), (2, 5, 6, 2)),
    ("SeparableConv2D", conv(4, 2, depth_multiplier=2, strides=2, dilation_rate=2, padding="same"), (2, 5, 6, 2)),
    *(
        (f"DepthwiseConv{rank}D", {key: value for key, value in kwargs.items() if key != "filters"}, x)
        for rank in (1, 2)
        for kwargs, x in OF_RANK[rank]
    ),
    ("DepthwiseConv1D", depthwise(3, 2, strides=2, padding="same"), (2, 7, 3)),
    ("DepthwiseConv2D", depthwise((2, 3), 3, activation="relu"), (2, 5, 6, 2)),
    ("DepthwiseConv2D", depthwise(3, 2, padding="same", **FIRST), (2, 2, 5, 6)),
    ("DepthwiseConv2D", depthwise(2, 2, strides=(1, 2), dilation_rate=2, use_bias=False), (2, 5, 6, 2)),
    *SETTINGS,
]

# Keras on torch refuses integers; on JAX it takes them as floats. (The other classes refuse them on both; ours do not.)
# And it has no gradient for some small inputs that are alone in a batch: "grad_weight must be contiguous".
JAX_ROWS = [
    ("Conv2D", conv(1, (1, 2)), (1, 1, 2, 2)),
    ("Conv1DTranspose", conv(2, 2), (1, 2, 1)),
    ("Conv1D", conv(2, 3, padding="causal"), IMAGES[0]),
    ("Conv2D", conv(2, 3), IMAGES),
    ("Conv2D", conv(2, 3, strides=2, padding="same"), (IMAGES + 3).astype("uint8")),
    ("Conv2D", conv(2, 3, activation="relu"), IMAGES > 0),
    ("Conv3D", conv(2, 2, padding="same"), IMAGES[..., None].astype("int32")),
]
