"""Cross-entropies."""

import numpy as np
from values import drawn

from ops.harness import over_dtypes, row

LOGITS = 2 * drawn((4, 3, 5))
RAW = np.abs(drawn((4, 3, 5), 1)) + 0.1  # probabilities that do not add up to 1
CHANCES = 1 / (1 + np.exp(-LOGITS))
SOFT = np.abs(drawn((4, 3, 5), 2)) / 5
BITS = (drawn((4, 3, 5), 3) > 0).astype("float32")
LABELS = np.arange(12, dtype="int32").reshape(4, 3) % 5
EYE = np.eye(5, dtype="float32")
NEARLY = 0.8 * BITS + 0.1
FLOATS = ("float16", "bfloat16", "float32", "float64")

ROWS = [
    row("binary_crossentropy", BITS, CHANCES).but(gradients=False),  # torch knows no targets beyond 0 and 1, so no differences
    row("binary_crossentropy", NEARLY, CHANCES),
    row("binary_crossentropy", SOFT, CHANCES),
    row("binary_crossentropy", BITS, LOGITS, from_logits=True),
    row("binary_crossentropy", BITS, BITS).but(gradients=False),  # no differences where the logarithm ends
    row("binary_crossentropy", [0.0, 1.0], [0.3, 0.4]).but(symbolic=False, config=False),
    # Keras on torch refuses integers.
    row("binary_crossentropy", BITS[0].astype("int32"), CHANCES[0]).but(
        expected=np.where(BITS[0] > 0, -np.log(CHANCES[0]), -np.log(1 - CHANCES[0])), config=False
    ),
    *over_dtypes("binary_crossentropy", NEARLY, CHANCES, dtypes=FLOATS),
    *over_dtypes("binary_crossentropy", NEARLY, LOGITS, from_logits=True, dtypes=FLOATS),
    row("categorical_crossentropy", SOFT, RAW),
    row("categorical_crossentropy", SOFT, LOGITS, from_logits=True),
    # The shape that Keras says of symbolic tensors is always without the last axis.
    row("categorical_crossentropy", SOFT, RAW, axis=1).but(symbolic=None),
    row("categorical_crossentropy", SOFT, LOGITS, from_logits=True, axis=0).but(symbolic=None),
    row("categorical_crossentropy", EYE, EYE).but(gradients=False),
    row("categorical_crossentropy", EYE.astype("int32"), RAW[0, :1].repeat(5, 0)),
    row("categorical_crossentropy", [0, 1], [0.3, 0.4]).but(symbolic=False, config=False),
    *over_dtypes("categorical_crossentropy", SOFT, RAW, dtypes=FLOATS),
    *over_dtypes("categorical_crossentropy", SOFT, LOGITS, from_logits=True, dtypes=FLOATS),
    row("sparse_categorical_crossentropy", LABELS, RAW),
    row("sparse_categorical_crossentropy", LABELS, LOGITS, from_logits=True),
    row("sparse_categorical_crossentropy", LABELS[..., None], LOGITS, from_logits=True),
    row("sparse_categorical_crossentropy", LABELS[:, :1] % 3, LOGITS[:, :, 0], from_logits=True),
    # (The harness leaves the batch open of what has several axes only.)
    row("sparse_categorical_crossentropy", LABELS[:, 0] % 3, RAW[:, :, 0]).but(symbolic=None),
    row("sparse_categorical_crossentropy", LABELS[:, [0, 1, 2, 0, 1]] % 3, RAW, axis=1),
    row("sparse_categorical_crossentropy", np.array(2), RAW[0, 0]),
    row("sparse_categorical_crossentropy", LABELS.astype("float32"), RAW).but(gradients=False),  # labels are no numbers
    row("sparse_categorical_crossentropy", LABELS.astype("uint8"), RAW),
    row("sparse_categorical_crossentropy", [0, 1], [[0.3, 0.4], [0.1, 0.9]]).but(symbolic=False, config=False),
    # Symbolically Keras asks a list for its shape.
    *(one.but(symbolic=None) for one in over_dtypes("sparse_categorical_crossentropy", LABELS.tolist(), RAW, dtypes=FLOATS)),
]
