"""Dense, Embedding, activations, Dropout, BatchNormalization and what only moves or scales numbers."""

import itertools

import numpy as np

L1L2 = {"module": "keras.regularizers", "class_name": "L1L2", "config": {"l1": 0.1, "l2": 0.2}, "registered_name": None}
ORDINARY = np.random.default_rng(7)
INTEGERS = np.array([[3, 0, 1], [0, 2, 4]])
ACTIVATIONS = """
    celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid
    log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid
    squareplus swish tanh tanh_shrink
""".split()

# (class, arguments, shape of the input or the input itself)
ROWS = [
    ("Dense", {"units": 3}, (5, 4)),
    ("Dense", {"units": 3}, (2, 5, 4)),
    ("Dense", {"units": 2, "activation": "gelu"}, (2, 3, 2, 4)),
    ("Dense", {"units": 1, "use_bias": False}, (5, 4)),
    ("Dense", {"units": 3}, INTEGERS),
    ("Dense", {"units": 3, "activation": "tanh"}, INTEGERS.astype("uint8")),
    ("Dense", {"units": 3}, INTEGERS > 1),
    ("Dense", {"units": 3}, ORDINARY.normal(size=(4, 2))),
    ("Dense", {"units": 3, "dtype": "float64"}, ORDINARY.normal(size=(4, 2))),
    ("Dense", {"units": 3, "trainable": False}, (5, 4)),
    ("Dense", {"units": 3, "kernel_regularizer": "l2", "bias_regularizer": L1L2}, (5, 4)),
    ("Dense", {"units": 3, "activity_regularizer": "l2", "activation": "sigmoid"}, (5, 4)),
    ("Dense", {"units": 3, "kernel_constraint": "max_norm", "bias_constraint": "non_neg"}, (5, 4)),
    ("Dense", {"units": 3, "kernel_initializer": "he_normal", "bias_initializer": "ones"}, (5, 4)),
    *(("Activation", {"activation": name}, (5, 4)) for name in ACTIVATIONS),
    ("Activation", {"activation": "softmax"}, (2, 3, 4)),
    ("Activation", {"activation": "relu"}, INTEGERS),
    ("Activation", {"activation": None}, INTEGERS),
    ("Activation", {"activation": "tanh"}, INTEGERS),
    ("Dropout", {"rate": 0}, (5, 4)),
    ("Dropout", {"rate": 0.3, "seed": 1}, (5, 4)),
    ("Dropout", {"rate": 1, "noise_shape": (None, 1)}, (5, 4)),
    ("Dropout", {"rate": 0.5, "noise_shape": [None, 1, 4]}, (5, 2, 4)),
    ("Flatten", {}, (5,)),
    ("Flatten", {}, (5, 4)),
    ("Flatten", {}, (2, 3, 4, 5)),
    ("Flatten", {"data_format": "channels_first"}, (2, 3, 4, 5)),
    ("Flatten", {"data_format": "channels_first"}, (2, 3, 4)),
    ("Flatten", {"data_format": "channels_first"}, (5, 4)),
    ("Flatten", {}, INTEGERS),
    ("Reshape", {"target_shape": (3, 4)}, (2, 12)),
    ("Reshape", {"target_shape": (-1, 2, 2)}, (2, 12)),
    ("Reshape", {"target_shape": [12]}, (2, 3, 4)),
    ("Reshape", {"target_shape": (-1,)}, (5,)),
    ("Reshape", {"target_shape": (3, 1)}, INTEGERS),
    ("Embedding", {"input_dim": 5, "output_dim": 3}, INTEGERS),
    ("Embedding", {"input_dim": 5, "output_dim": 3}, INTEGERS[0]),
    ("Embedding", {"input_dim": 5, "output_dim": 3}, INTEGERS.astype("uint8")),
    ("Embedding", {"input_dim": 5, "output_dim": 3}, INTEGERS.astype("float32")),
    ("Embedding", {"input_dim": 5, "output_dim": 3, "mask_zero": True}, INTEGERS),
    ("Embedding", {"input_dim": 5, "output_dim": 3, "embeddings_regularizer": "l1"}, INTEGERS.astype("int32")),
    ("Embedding", {"input_dim": 5, "output_dim": 1, "embeddings_constraint": "unit_norm"}, INTEGERS[..., None]),
    ("Embedding", {"input_dim": 5, "output_dim": 3, "embeddings_initializer": "ones", "trainable": False}, INTEGERS),
    ("BatchNormalization", {}, (6, 4)),
    ("BatchNormalization", {"axis": 1}, (6, 4)),
    ("BatchNormalization", {"momentum": 0.5, "epsilon": 0.1}, (6, 4)),
    ("BatchNormalization", {"center": False}, (6, 4)),
    ("BatchNormalization", {"scale": False}, (6, 4)),
    ("BatchNormalization", {"center": False, "scale": False}, (6, 3, 4)),
    ("BatchNormalization", {}, (1, 4)),
    ("BatchNormalization", {}, (1, 3, 4)),
    ("BatchNormalization", {}, INTEGERS),
    ("BatchNormalization", {"trainable": False}, (6, 4)),
    ("BatchNormalization", {"gamma_regularizer": "l2", "beta_regularizer": "l1", "gamma_constraint": "non_neg"}, (6, 4)),
    ("BatchNormalization", {"beta_initializer": "ones", "moving_mean_initializer": "ones"}, (6, 4)),
    *(("BatchNormalization", {"axis": axis}, (4, 5, 2, 3, 2)[:rank]) for rank in (3, 4, 5) for axis in (1, -1, 2)),
    ("BatchNormalization", {"axis": 0}, (6, 4)),
    ("Rescaling", {"scale": 1 / 255}, INTEGERS.astype("uint8")),
    ("Rescaling", {"scale": 2, "offset": -1}, (5, 4)),
    ("Rescaling", {"scale": [0.5, 1.0, 2.0], "offset": [1.0, 0.0, -1.0]}, (2, 4, 4, 3)),
    ("Rescaling", {"scale": np.array([0.5, 1.0, 2.0], "float32"), "offset": 0.5}, INTEGERS),
    ("Rescaling", {"scale": 0.5}, ORDINARY.normal(size=(4, 2)).astype("float16")),
    *(
        ("ReLU", {"max_value": top, "negative_slope": slope, "threshold": start}, (5, 4))
        for top, slope, start in itertools.product((None, 0.8, 6), (0.0, 0.2), (0.0, 0.3))
    ),
    ("ReLU", {}, INTEGERS - 2),
    ("ReLU", {"max_value": 0.0}, (5, 4)),
    ("Softmax", {}, (5, 4)),
    ("Softmax", {"axis": 1}, (2, 3, 4)),
    ("Softmax", {"axis": [1, 2]}, (2, 3, 4)),
    ("Softmax", {"axis": (-1,)}, (2, 3, 4)),
    ("Softmax", {"axis": 0}, (5,)),
]
