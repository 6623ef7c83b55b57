"""Attention over one sequence, EinsumDense and ReversibleEmbedding. (Layers with heads: `test_attention.py`.)"""

import numpy as np

ELSEWHERE = {"MultiHeadAttention", "GroupedQueryAttention"}
L1L2 = {"module": "keras.regularizers", "class_name": "L1L2", "config": {"l1": 0.1, "l2": 0.2}, "registered_name": None}
INTEGERS = np.array([[3, 0, 1], [0, 2, 4]])
PAIR, TRIPLE = [(2, 3, 4), (2, 5, 4)], [(2, 3, 4), (2, 5, 6), (2, 5, 4)]

ROWS = [
    ("Attention", {}, PAIR),
    ("Attention", {}, TRIPLE),
    ("Attention", {"use_scale": True}, PAIR),
    ("Attention", {"use_scale": True, "trainable": False}, PAIR),
    ("Attention", {"score_mode": "concat"}, TRIPLE),
    ("Attention", {"score_mode": "concat", "use_scale": True}, PAIR),
    ("Attention", {"seed": 3}, PAIR),
    ("Attention", {}, [(2, 3, 3, 4), (2, 3, 5, 4)]),
    ("Attention", {"score_mode": "concat"}, [(2, 3, 3, 4), (2, 3, 5, 4)]),
    ("Attention", {"activity_regularizer": "l2"}, PAIR),
    ("AdditiveAttention", {}, PAIR),
    ("AdditiveAttention", {}, TRIPLE),
    ("AdditiveAttention", {"use_scale": False}, PAIR),
    ("AdditiveAttention", {"seed": 3}, [(2, 3, 3, 4), (2, 3, 5, 4)]),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3}, (5, 4)),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c", "activation": "relu"}, (5, 4)),
    ("EinsumDense", {"equation": "ab,cb->ac", "output_shape": [3], "bias_axes": "c"}, (5, 4)),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (3, 6), "bias_axes": "d"}, (2, 3, 4)),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (3, 6), "bias_axes": "bd"}, (2, 3, 4)),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (3, 6), "bias_axes": "b"}, (2, 3, 4)),
    ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (3, 2, 5), "bias_axes": "de"}, (2, 3, 4)),
    ("EinsumDense", {"equation": "abc,ecd->abde", "output_shape": (3, 2, 5), "bias_axes": "ed"}, (2, 3, 4)),
    ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (3, 2, 5), "bias_axes": "d"}, (2, 3, 4)),
    ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (3, 2, 5), "bias_axes": "e"}, (2, 3, 4)),
    ("EinsumDense", {"equation": "abcd,cde->abe", "output_shape": (3, 5), "bias_axes": "e"}, (2, 3, 2, 4)),
    ("EinsumDense", {"equation": "abcd,dce->abe", "output_shape": (3, 5), "bias_axes": "be"}, (2, 3, 2, 4)),
    ("EinsumDense", {"equation": "abcd,cdef->abef", "output_shape": (3, 5, 2), "bias_axes": "ef"}, (2, 3, 2, 4)),
    ("EinsumDense", {"equation": "abc,cd->adb", "output_shape": (6, 3), "bias_axes": "d"}, (2, 3, 4)),
    ("EinsumDense", {"equation": "acb,cd->abd", "output_shape": (4, 6), "bias_axes": "d"}, (2, 3, 4)),
    ("EinsumDense", {"equation": "abc,bcd->abd", "output_shape": (3, 6), "bias_axes": "bd"}, (2, 3, 4)),
    ("EinsumDense", {"equation": "abc,c->ab", "output_shape": (3,)}, (2, 3, 4)),
    ("EinsumDense", {"equation": "ab,c->abc", "output_shape": (4, 3), "bias_axes": "c"}, (5, 4)),
    ("EinsumDense", {"equation": "abc,c->abc", "output_shape": (3, 4), "bias_axes": "c"}, (2, 3, 4)),
    ("EinsumDense", {"equation": "...x,xy->...y", "output_shape": 6, "bias_axes": "y"}, (2, 4)),
    ("EinsumDense", {"equation": "...x,xy->...y", "output_shape": 6, "bias_axes": "y"}, (2, 3, 3, 4)),
    ("EinsumDense", {"equation": "...xy,yz->...xz", "output_shape": (3, 6), "bias_axes": "x"}, (2, 2, 3, 4)),
    ("EinsumDense", {"equation": "...xy,xyz->...z", "output_shape": 6, "bias_axes": "z"}, (2, 2, 3, 4)),
    ("EinsumDense", {"equation": "ab...,bc->ac...", "output_shape": 6, "bias_axes": "c"}, (2, 4, 3, 2)),
    ("EinsumDense", {"equation": "ab...,bc->ac...", "output_shape": 6, "bias_axes": "c"}, (2, 4)),
    ("EinsumDense", {"equation": "abc...,cd->abd...", "output_shape": (4, 6), "bias_axes": "bd"}, (2, 4, 3, 2)),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3, "trainable": False, "dtype": "float64"}, (5, 4)),
    (
        "EinsumDense",
        {
            "equation": "abc,cde->abde",
            "output_shape": (3, 2, 5),
            "bias_axes": "de",
            "kernel_initializer": "he_normal",
            "bias_initializer": "ones",
            "kernel_regularizer": L1L2,
            "bias_regularizer": "l2",
            "activity_regularizer": "l2",
            "kernel_constraint": "max_norm",
            "bias_constraint": "non_neg",
        },
        (2, 3, 4),
    ),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3}, INTEGERS),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "mask_zero": True}, INTEGERS),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "reverse_dtype": "float32", "logit_soft_cap": 2.0}, INTEGERS),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "embeddings_regularizer": "l1"}, INTEGERS),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "embeddings_constraint": "unit_norm"}, INTEGERS),
]

JAX_ROWS = [
    # Keras on torch multiplies integers with a float kernel, which torch refuses.
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c"}, INTEGERS.astype("int32")),
]
