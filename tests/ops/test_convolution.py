"""Convolutions as operations: laws, errors, files, compilers."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torchkeras_lite as tk
from torchkeras_lite import ops

LIGHT = settings(max_examples=50, deadline=None, database=None)


def drawn(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@st.composite
def geometries(draw):
    """(rank, window, strides, dilation): as the layers have it, not strides and dilation together."""
    rank = draw(st.integers(1, 3))
    several = st.lists(st.integers(1, 3), min_size=rank, max_size=rank).map(tuple)
    ones = (1,) * rank
    strides, dilation = draw(several), ones
    if draw(st.booleans()):
        strides, dilation = ones, strides
    return rank, draw(several), strides, dilation


# ---------------------------------------------------------------- laws


@LIGHT
@given(rank=st.integers(1, 3), window=st.integers(1, 4), channels=st.integers(1, 3), size=st.integers(1, 5))
def test_a_kernel_with_a_one_in_the_middle_changes_nothing(rank, window, channels, size):
    x = drawn((2, *[size] * rank, channels))
    kernel = torch.zeros(*[window] * rank, channels, channels, dtype=x.dtype)
    kernel[((window - 1) // 2,) * rank] = torch.eye(channels)
    torch.testing.assert_close(ops.conv(x, kernel, padding="same"), x)


@LIGHT
@given(geometry=geometries(), padding=st.sampled_from(["valid", "same"]), steps=st.integers(1, 3), rest=st.integers(0, 2))
def test_the_transpose_is_the_gradient(geometry, padding, steps, rest):
    rank, window, strides, dilation = geometry
    reaches = [gap * (side - 1) + 1 for gap, side in zip(dilation, window, strict=True)]
    if padding == "same":
        extras, sizes = None, [steps * stride for stride in strides]
    else:
        extras = [min(rest, stride - 1) for stride in strides]
        sizes = [(steps - 1) * stride + reach + extra for stride, reach, extra in zip(strides, reaches, extras, strict=True)]
    x, kernel = drawn((2, *sizes, 2)).requires_grad_(), drawn((*window, 2, 3), 1)
    y = ops.conv(x, kernel, strides, padding, None, dilation)
    assert y.shape == (2, *[steps] * rank, 3)
    weights = drawn(y.shape, 2)
    (expected,) = torch.autograd.grad((y * weights).sum(), x)
    torch.testing.assert_close(ops.conv_transpose(weights, kernel, strides, padding, extras, None, dilation), expected)


@LIGHT
@given(geometry=geometries(), padding=st.sampled_from(["valid", "same"]))
def test_channels_may_stand_first_or_last(geometry, padding):
    rank, window, strides, dilation = geometry
    x, kernel = drawn((2, *[7] * rank, 2)), drawn((*window, 2, 2), 1)
    for one in (ops.conv, ops.depthwise_conv):
        last = one(x, kernel, strides, padding, "channels_last", dilation)
        first = one(x.movedim(-1, 1), kernel, strides, padding, "channels_first", dilation)
        torch.testing.assert_close(first.movedim(1, -1), last)
        assert rank == 3 or last.is_contiguous()  # of volumes torch returns what it likes


@LIGHT
@given(geometry=geometries(), padding=st.sampled_from(["valid", "same"]), groups=st.integers(1, 3))
def test_groups_are_convolutions_of_their_own(geometry, padding, groups):
    rank, window, strides, dilation = geometry
    x, kernel = drawn((2, *[7] * rank, 2 * groups)), drawn((*window, 2, 3 * groups), 1)
    parts = zip(x.chunk(groups, -1), kernel.chunk(groups, -1), strict=True)
    apart = [ops.conv(part, one, strides, padding, None, dilation) for part, one in parts]
    torch.testing.assert_close(ops.conv(x, kernel, strides, padding, None, dilation), torch.cat(apart, -1))


@LIGHT
@given(geometry=geometries(), padding=st.sampled_from(["valid", "same"]))
def test_separable_is_depthwise_and_a_mix(geometry, padding):
    rank, window, strides, dilation = geometry
    x, kernel, mix = drawn((2, *[7] * rank, 2)), drawn((*window, 2, 2), 1), drawn((4, 3), 2)
    mixed = ops.separable_conv(x, kernel, mix.reshape(*[1] * rank, 4, 3), strides, padding, None, dilation)
    torch.testing.assert_close(mixed, ops.depthwise_conv(x, kernel, strides, padding, None, dilation) @ mix)


def test_integers_wrap_around():
    x, kernel = torch.full((1, 1, 1), 100, dtype=torch.int8), torch.full((1, 1, 1), 3, dtype=torch.int8)
    assert ops.conv(x, kernel).item() == 300 - 256


# ---------------------------------------------------------------- errors


X, KERNEL = torch.zeros(1, 4, 5, 2), torch.zeros(3, 3, 2, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.conv(torch.zeros(4, 2), KERNEL), "conv: `inputs` must have 3, 4 or 5 axes.*an input with 2 axes"),
        (lambda: ops.conv(X, torch.zeros(3, 2, 2)), "conv: the kernel must have as many axes.*kernel with 3 .* input with 4"),
        (lambda: ops.conv(X, torch.zeros(3, 3, 3, 2)), r"conv: the input has 2 channels, the kernel wants 3.*\(1, 4, 5, 2\)"),
        (lambda: ops.conv(X, KERNEL, data_format="channels_first"), "conv: .*the other data_format"),
        (lambda: ops.conv(X, torch.zeros(3, 3, 1, 3)), r"conv: .* 2 groups.*kernel.shape=\(3, 3, 1, 3\)"),
        (lambda: ops.conv(X, torch.zeros(5, 3, 2, 2)), "conv: the input is 4 high, the kernel needs 5.*padding='same'"),
        (lambda: ops.conv(X, KERNEL, dilation_rate=(1, 3)), "conv: the input is 5 wide, the kernel needs 7"),
        (lambda: ops.conv(X[0], torch.zeros(6, 2, 2)), "conv: the input is 5 long, the kernel needs 6"),
        (lambda: ops.conv(X.int(), torch.zeros(5, 3, 2, 2).int()), "conv: the input is 4 high"),
        (lambda: ops.conv(X, KERNEL, strides=(1, 2, 3)), r"conv: The `strides` argument must be a tuple of 2.*\(1, 2, 3\)"),
        (lambda: ops.conv(X, KERNEL, strides=0), "conv: The `strides` argument must be .*.*strides=0.*`value > 0`"),
        (lambda: ops.conv(X, KERNEL, dilation_rate=[1]), r"conv: The `dilation_rate` argument.*\[1\]"),
        (lambda: ops.conv(X, KERNEL, padding="causal"), "conv: the `padding` argument must be 'valid' or 'same'.*'causal'"),
        (lambda: ops.conv(X, KERNEL, padding=1), "conv: the `padding` argument .*padding=1"),
        (lambda: ops.conv(X, KERNEL, data_format="last"), "`data_format` argument must be one of.*'last'"),
        (
            lambda: ops.depthwise_conv(X, KERNEL[:, :, :1]),
            "depthwise_conv: the input has 2 channels, the kernel wants 1",
        ),
        (lambda: ops.depthwise_conv(X, torch.zeros(5, 5, 2, 1)), "depthwise_conv: the input is 4 high, the kernel needs 5"),
        (lambda: ops.separable_conv(X, KERNEL, torch.zeros(1, 1, 3, 1)), "conv: the input has 4 channels, the kernel wants 3"),
        (lambda: ops.conv_transpose(X, torch.zeros(3, 3, 2, 3)), "conv_transpose: the input has 2 channels.* wants 3"),
        (lambda: ops.conv_transpose(X, KERNEL, output_padding=-1), "conv_transpose: The `output_padding` argument.*-1"),
        (lambda: ops.conv_transpose(X, KERNEL, padding="full"), "conv_transpose: the `padding` argument"),
        (lambda: ops.conv_transpose(X, torch.zeros(3, 2, 2)), "conv_transpose: the kernel must have as many axes"),
        (lambda: ops.conv(tk.KerasTensor((None, 4, 5, 2)), torch.zeros(5, 3, 2, 2)), "conv: the input is 4 high"),
        (lambda: ops.conv(tk.KerasTensor((None, 4, 5, 3)), KERNEL), "conv: the input has 3 channels, the kernel wants 2"),
    ],
)
def test_errors_say_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---------------------------------------------------------------- graphs and files


def test_sizes_may_be_open():
    image = tk.KerasTensor((None, None, None, 2))
    assert ops.conv(image, KERNEL).shape == (None, None, None, 2)
    assert ops.conv(image, KERNEL, 2, "same").shape == (None, None, None, 2)
    assert ops.conv_transpose(image, torch.zeros(3, 3, 5, 2), 2).shape == (None, None, None, 5)
    assert ops.depthwise_conv(tk.KerasTensor((None, None, 2)), torch.zeros(3, 2, 4)).shape == (None, None, 8)


@pytest.mark.parametrize(
    "call",
    [
        lambda x, k: ops.conv_transpose(x, k, (2, 1), "same", (1, 0)),
        lambda x, k: ops.conv_transpose(x, k, 2, output_padding=1, data_format="channels_last"),
        lambda x, k: ops.conv(x, k[:, :, :1], 2, "SAME"),  # two groups
    ],
)
def test_a_model_comes_back_from_its_config(call):
    x, kernel = drawn((2, 5, 6, 2)), drawn((2, 2, 2, 2), 1)
    inputs = [tk.Input(batch_shape=tuple(one.shape), dtype="float64") for one in (x, kernel)]
    model = tk.Model(inputs, call(*inputs))
    again = tk.Model.from_config(json.loads(json.dumps(model.get_config())))
    assert torch.equal(again([x, kernel]), model([x, kernel]))


def test_the_data_format_of_the_day_is_written_down():
    x, kernel = tk.Input((6, 5, 2)), tk.Input(batch_shape=(3, 3, 2, 2))
    model = tk.Model([x, kernel], ops.conv(x, kernel))
    config = next(one["config"] for one in model.get_config()["layers"] if one["class_name"] == "Conv")
    assert config["data_format"] == "channels_last"


@pytest.mark.parametrize("dynamic", [False, True])
def test_a_compiler_takes_it_whole(dynamic):
    def together(x, kernel):
        return ops.conv_transpose(ops.conv(x, kernel, 2, "same"), kernel, 2, "same")

    torch.compiler.reset()
    x, kernel = drawn((2, 6, 7, 3)), drawn((3, 2, 3, 4), 1)
    compiled = torch.compile(together, fullgraph=True, dynamic=dynamic, backend="eager")
    torch.testing.assert_close(compiled(x, kernel), together(x, kernel))
