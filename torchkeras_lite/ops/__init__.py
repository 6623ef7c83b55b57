"""keras.ops: what Keras offers on tensors, as functions over torch."""

# In the order in which they build on each other.
from torchkeras_lite.ops import (
    dispatch, windows, pixels, elementwise, exponential, trigonometry, special, complex_numbers, rounding, bitwise,
    comparison, selection, creation, shaping, joining, indexing, products, reductions, cumulative, sorting,
    statistics, nan, segments, convolution, pooling, patches, attention, crossentropy, ctc, encoding, nonlinear,
    normalizing, core, gradients, control, matrices, signal, resampling, colour, filtering, framing, warping,
)

from torchkeras_lite.ops import image, linalg, nn, numpy
from torchkeras_lite.ops.numpy import *
from torchkeras_lite.ops.nn import *
from torchkeras_lite.ops.linalg import *

# What Keras shows at the top only.
from torchkeras_lite.ops.exponential import rsqrt
from torchkeras_lite.ops.special import erf, erfc, erfinv
from torchkeras_lite.ops.shaping import rearrange
from torchkeras_lite.ops.reductions import logsumexp
from torchkeras_lite.ops.sorting import in_top_k, top_k
from torchkeras_lite.ops.segments import segment_max, segment_min, segment_prod, segment_sum
from torchkeras_lite.ops.core import (
    cast, convert_to_numpy, convert_to_tensor, dtype, is_tensor, saturate_cast, scatter, scatter_update, shape, slice,
    slice_update, unstack,
)
from torchkeras_lite.ops.gradients import custom_gradient, stop_gradient
from torchkeras_lite.ops.control import associative_scan, cond, fori_loop, map, scan, switch, vectorized_map, while_loop
from torchkeras_lite.ops.matrices import cdist, logdet
from torchkeras_lite.ops.signal import (
    extract_sequences, fft, fft2, ifft2, irfft, istft, rfft, stft, view_as_complex, view_as_real,
)
