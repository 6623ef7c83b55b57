"""keras.ops: what Keras offers on tensors, as functions over torch."""

from torchkeras_lite.ops.dispatch import family, lifted, promoted, to_tensor  # isort: skip
from torchkeras_lite.ops.elementwise import add
