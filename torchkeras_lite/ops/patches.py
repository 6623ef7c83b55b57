"""Images as columns of patches, and back."""

from __future__ import annotations

from torch.nn import functional as F

from torchkeras_lite.ops.dispatch import Tensor, family, lifted
from torchkeras_lite.ops.windows import WHOLE, in_doubles, settled, spread

op = family("nn")


@settled
def _pairs(name, ndim, wanted, kernel_size, dilation, padding, stride, output_size=1):
    if ndim != wanted:
        raise ValueError(f"{name}: `x` must have {wanted} axes. Received: an input with {ndim} axes")
    return (
        spread(kernel_size, 2, "kernel_size", name),
        spread(dilation, 2, "dilation", name),
        spread(padding, 2, "padding", name, zero=True),
        spread(stride, 2, "stride", name),
        spread(output_size, 2, "output_size", name),
    )


@op("Unfold")
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """The patches of images (im2col): (N, C, H, W) becomes (N, C * kh * kw, number of patches), row by row.

    Settings are an integer or (for the height, for the width); `padding` adds zeros on all sides.
    """
    if not isinstance(x, Tensor):
        return lifted(unfold, x, kernel_size, dilation, padding, stride)
    window, spacing, zeros, steps, _ = _pairs("unfold", x.ndim, 4, kernel_size, dilation, padding, stride)
    if x.dtype in WHOLE:
        return in_doubles(unfold, (x,), kernel_size, dilation, padding, stride)
    try:
        return F.unfold(x, window, spacing, zeros, steps)
    except RuntimeError as error:
        sizes = [size + 2 * more for size, more in zip(x.shape[2:], zeros, strict=True)]
        if all(size > gap * (side - 1) for size, gap, side in zip(sizes, spacing, window, strict=True)):
            raise
        raise ValueError(
            f"unfold: no patch fits into the image. Received: x.shape={tuple(x.shape)}, kernel_size={kernel_size}, dilation="
            f"{dilation}, padding={padding}"
        ) from error


@op("Fold")
def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Puts the patches of `unfold` back in their places and adds up where they overlap (col2im).

    Shapes: x (N, C * kh * kw, number of patches), output (N, C, *output_size).
    """
    if not isinstance(x, Tensor):
        return lifted(fold, x, output_size, kernel_size, dilation, padding, stride)
    window, spacing, zeros, steps, sizes = _pairs("fold", x.ndim, 3, kernel_size, dilation, padding, stride, output_size)
    if x.dtype in WHOLE:
        return in_doubles(fold, (x,), output_size, kernel_size, dilation, padding, stride)
    try:
        return F.fold(x, sizes, window, spacing, zeros, steps)
    except RuntimeError as error:
        axes = zip(sizes, zeros, spacing, window, steps, strict=True)
        rows, columns = ((size + 2 * more - gap * (side - 1) - 1) // step + 1 for size, more, gap, side, step in axes)
        if x.shape[1] % (window[0] * window[1]) == 0 and x.shape[2] == rows * columns:
            raise
        raise ValueError(
            f"fold: `x` must have a multiple of {window[0] * window[1]} entries (kernel_size={kernel_size}) on axis 1 and "
            f"{rows} * {columns} patches on axis 2. Received: x.shape={tuple(x.shape)}, output_size={output_size}"
        ) from error
