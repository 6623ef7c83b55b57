"""Images as patches, and back."""

import numpy as np
import torch
from values import drawn

from ops.harness import over_dtypes, row

FLOATS = ("float16", "bfloat16", "float32", "float64")
WHOLE = ("uint8", "int8", "int16", "int32", "int64")


def tensor(*shape):
    return torch.from_numpy(drawn(shape))  # of arrays Keras on torch makes no tensors here


IMAGE = tensor(2, 3, 6, 5)
SMALL = np.arange(2 * 4 * 4).reshape(1, 2, 4, 4) % 11
# The four quarters of each channel, entry by entry.
QUARTERS = SMALL.reshape(1, 2, 2, 2, 2, 2).transpose(0, 1, 3, 5, 2, 4).reshape(1, 8, 4)

ROWS = [
    row("unfold", IMAGE, 2),
    row("unfold", IMAGE, (3, 2), stride=(1, 2)),
    row("unfold", IMAGE, 2, 2, 1, 3),
    row("unfold", IMAGE, [2, 3], dilation=[3, 1], padding=[0, 2]),
    row("unfold", tensor(1, 1, 3, 3), 3),
    row("fold", tensor(2, 12, 20), (6, 5), 2),
    row("fold", tensor(2, 18, 12), output_size=[6, 5], kernel_size=[3, 2], padding=(0, 1), stride=[2, 1]),
    row("fold", tensor(2, 12, 9), 5, 2, 2),
    row("fold", tensor(1, 8, 4), 4, 2, stride=2),
    row("fold", tensor(2, 12, 6), (6, 7), 2, 2, 1, 3),
    *over_dtypes("unfold", IMAGE, 2, dtypes=("bool", *FLOATS)),
    *over_dtypes("fold", tensor(2, 12, 20), (6, 5), 2, dtypes=FLOATS),
    # Keras on torch refuses integers; on JAX they stay what they are.
    *(row("unfold", SMALL.astype(each), 2, stride=2).but(expected=QUARTERS.astype(each), config=False) for each in WHOLE),
    *(row("fold", QUARTERS.astype(each), 4, 2, stride=2).but(expected=SMALL.astype(each), config=False) for each in WHOLE),
]
