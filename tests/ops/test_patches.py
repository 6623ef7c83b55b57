"""Images as patches, and back: laws and errors."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torchkeras_lite as tk
from torchkeras_lite import ops

LIGHT = settings(max_examples=50, deadline=None, database=None)
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
X = torch.zeros(2, 3, 6, 5)


def drawn(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@LIGHT
@given(window=pairs, dilation=pairs, padding=pairs, stride=pairs)
def test_fold_adds_each_entry_as_often_as_it_stands_in_a_patch(window, dilation, padding, stride):
    x = drawn((2, 3, 7, 8))

    def there_and_back(x):
        return ops.fold(ops.unfold(x, window, dilation, padding, stride), (7, 8), window, dilation, padding, stride)

    torch.testing.assert_close(there_and_back(x), x * there_and_back(torch.ones_like(x)))
    counts = there_and_back(torch.ones(2, 3, 7, 8, dtype=torch.int32))
    assert counts.dtype is torch.int32 and torch.equal(counts, there_and_back(torch.ones_like(x)).int())


@LIGHT
@given(window=pairs, dilation=pairs, stride=pairs)
def test_a_convolution_is_a_product_with_the_patches(window, dilation, stride):
    x, kernel = drawn((2, 3, 7, 8)), drawn((*window, 3, 4), 1)
    y = ops.conv(x, kernel, stride, "valid", "channels_first", dilation)
    patches = ops.unfold(x, window, dilation, 0, stride)
    torch.testing.assert_close(kernel.permute(3, 2, 0, 1).flatten(1) @ patches, y.flatten(2))


def test_sizes_may_be_open():
    assert ops.unfold(tk.KerasTensor((None, 3, None, 5)), 2).shape == (None, 12, None)
    assert ops.fold(tk.KerasTensor((None, 12, 20)), (6, 5), 2).shape == (None, 3, 6, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.unfold(X[0], 2), "unfold: `x` must have 4 axes.*an input with 3 axes"),
        (lambda: ops.unfold(X, 6), r"unfold: no patch fits.*x.shape=\(2, 3, 6, 5\), kernel_size=6"),
        (lambda: ops.unfold(X, 3, dilation=3), "unfold: no patch fits.*dilation=3"),
        (lambda: ops.unfold(X, (2, 2, 2)), r"unfold: The `kernel_size` argument must be a tuple of 2.*\(2, 2, 2\)"),
        (lambda: ops.unfold(X, 2, stride=0), "unfold: The `stride` argument must be .*.*stride=0.*`value > 0`"),
        (lambda: ops.unfold(X, 2, padding=-1), "unfold: The `padding` argument must be .*.*padding=-1.*`value >= 0`"),
        (lambda: ops.fold(X, (6, 5), 2), "fold: `x` must have 3 axes.*an input with 4 axes"),
        (lambda: ops.fold(torch.zeros(2, 13, 20), (6, 5), 2), r"fold: .*a multiple of 4 entries.*x.shape=\(2, 13, 20\)"),
        (lambda: ops.fold(torch.zeros(2, 12, 21), (6, 5), 2), r"fold: .* 5 \* 4 patches on axis 2.*x.shape=\(2, 12, 21\)"),
        (lambda: ops.fold(tk.KerasTensor((None, 12, 21)), (6, 5), 2), r"fold: .* 5 \* 4 patches"),
        (lambda: ops.fold(torch.zeros(2, 12, 20), (6, 5, 1), 2), "fold: The `output_size` argument must be a tuple of 2"),
    ],
)
def test_errors_say_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()
