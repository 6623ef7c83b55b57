"""Recurrent layers. What a row cannot say (cells, wrappers, masks, states) is compared in test_recurrent.py."""

import itertools

import numpy as np

SEQUENCES = (3, 5, 4)
INTEGERS = np.random.default_rng(0).integers(-2, 3, SEQUENCES).astype("int32")
KINDS = ("SimpleRNN", "LSTM", "GRU")
GATED = ("LSTM", "GRU")
FLAGS = ("return_sequences", "return_state", "go_backwards")
PENALTIES = {"kernel_regularizer": "l2", "recurrent_regularizer": "l1", "bias_regularizer": "l2"}
CONSTRAINTS = {"kernel_constraint": "unit_norm", "recurrent_constraint": "max_norm", "bias_constraint": "non_neg"}
CHOICES = [{"activation": "relu"}, {"activation": None}, {"activation": "elu"}, {"use_bias": False}, {"unroll": True}]
CONV = {"filters": 2, "kernel_size": 2}
CONV_INPUTS = {1: (2, 3, 5, 2), 2: (2, 3, 4, 5, 2), 3: (1, 2, 3, 4, 3, 2)}

ROWS = [
    *(
        (kind, {"units": 3, **{flag: True for flag, is_on in zip(FLAGS, on, strict=True) if is_on}}, SEQUENCES)
        for kind, on in itertools.product(KINDS, itertools.product((False, True), repeat=3))
    ),
    *((kind, {"units": 2, "return_sequences": True, **choice}, SEQUENCES) for kind in KINDS for choice in CHOICES),
    *((kind, {"units": 2, **PENALTIES}, SEQUENCES) for kind in KINDS),
    *((kind, {"units": 2, **CONSTRAINTS, "trainable": False}, SEQUENCES) for kind in KINDS),
    *((kind, {"units": 1, "zero_output_for_mask": True}, (1, 1, 1)) for kind in KINDS),
    *((kind, {"units": 2, "dtype": "float64"}, SEQUENCES) for kind in KINDS),
    *((kind, {"units": 2}, INTEGERS) for kind in KINDS),
    *((kind, {"units": 2, "recurrent_activation": "hard_sigmoid"}, SEQUENCES) for kind in GATED),
    *((kind, {"units": 2, "activation": "softsign", "recurrent_activation": "softsign"}, SEQUENCES) for kind in GATED),
    *((kind, {"units": 2, "implementation": 1}, SEQUENCES) for kind in GATED),
    *((kind, {"units": 2, "use_cudnn": False, "activity_regularizer": "l2"}, SEQUENCES) for kind in GATED),
    ("LSTM", {"units": 2, "unit_forget_bias": False, "bias_initializer": "ones"}, SEQUENCES),
    ("LSTM", {"units": 2, "bias_initializer": "ones"}, SEQUENCES),
    *(("GRU", {"units": 2, "reset_after": False, "use_bias": bias}, SEQUENCES) for bias in (False, True)),
    ("GRU", {"units": 2, "reset_after": False, "implementation": 1, "return_sequences": True}, SEQUENCES),
    *((f"ConvLSTM{rank}D", CONV, shape) for rank, shape in CONV_INPUTS.items()),
    *(
        (f"ConvLSTM{rank}D", {**CONV, "padding": "same", "return_sequences": True, "return_state": True}, shape)
        for rank, shape in CONV_INPUTS.items()
    ),
    ("ConvLSTM1D", {**CONV, "strides": 2, "padding": "SAME", "return_sequences": True, "go_backwards": True}, (2, 3, 5, 2)),
    ("ConvLSTM2D", {**CONV, "dilation_rate": (1, 2), "use_bias": False, "activation": "relu"}, (2, 3, 4, 5, 2)),
    ("ConvLSTM2D", {**CONV, "strides": (2, 1), "recurrent_activation": "hard_sigmoid"}, (2, 3, 4, 5, 2)),
    ("ConvLSTM2D", {**CONV, "kernel_size": (1, 3), "padding": "same", "unit_forget_bias": False, **PENALTIES}, (2, 3, 4, 5, 2)),
]

# Called with more than a tensor, or made around another layer.
ELSEWHERE = {"RNN", "SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells", "Bidirectional", "TimeDistributed"}
