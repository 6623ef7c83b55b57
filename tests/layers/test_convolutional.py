"""Convolutions: what a PyTorch user finds inside, the definition in loops, errors, copies."""

import copy
import io
import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import prune

from torchkeras_lite import layers, models, optimizers


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def filled(layer, x):
    """The layer, built for x, with random weights (the bias too)."""
    layer(x)
    layer.set_weights([np.random.default_rng(i).normal(size=v.shape) for i, v in enumerate(layer.weights)])
    return layer


# ---------------------------------------------------------------- torch inside


@pytest.mark.parametrize(
    ("layer", "shape", "kind"),
    [
        (layers.Conv1D(4, 3), (2, 7, 3), nn.Conv1d),
        (layers.Conv1D(4, 3, data_format="channels_first"), (2, 3, 7), nn.Conv1d),
        (layers.Conv2D(4, (3, 2), strides=(1, 2)), (2, 6, 7, 3), nn.Conv2d),
        (layers.Conv2D(4, 3, padding="same", dilation_rate=2), (2, 6, 7, 3), nn.Conv2d),
        (layers.Conv2D(4, 3, strides=2, padding="same"), (2, 6, 7, 3), nn.Conv2d),
        (layers.Conv2D(4, 3, groups=2, data_format="channels_first"), (2, 4, 5, 6), nn.Conv2d),
        (layers.Conv3D(4, 2), (2, 3, 4, 5, 2), nn.Conv3d),
        (layers.Conv1DTranspose(4, 3, strides=2), (2, 5, 3), nn.ConvTranspose1d),
        (layers.Conv2DTranspose(4, 4, strides=2, padding="same"), (2, 3, 4, 2), nn.ConvTranspose2d),
        (layers.Conv2DTranspose(4, 3, strides=2, padding="same"), (2, 3, 4, 2), nn.ConvTranspose2d),
        (layers.Conv3DTranspose(4, 2, strides=2), (2, 2, 3, 2, 2), nn.ConvTranspose3d),
        (layers.DepthwiseConv1D(3, depth_multiplier=2), (2, 6, 3), nn.Conv1d),
        (layers.DepthwiseConv2D(3, padding="same"), (2, 5, 6, 3), nn.Conv2d),
    ],
)
def test_the_body_is_torchs_convolution(layer, shape, kind):
    x = drawn(*shape)
    filled(layer, x)
    assert isinstance(layer.conv, kind)
    assert list(layer.state_dict()) == ["conv.weight", "conv.bias"]
    # Given torch's order of axes, the module inside does the whole of it, the padding of Keras too.
    first = layer.data_format == "channels_first"
    inside = layer.conv(x if first else x.movedim(-1, 1))
    torch.testing.assert_close(layer(x), inside if first else inside.movedim(1, -1))
    fresh = kind(
        layer.conv.in_channels, layer.conv.out_channels, layer.kernel_size, layer.strides,
        dilation=layer.dilation_rate, groups=layer.conv.groups,
    )  # fmt: skip
    fresh.load_state_dict({name.removeprefix("conv."): value for name, value in layer.state_dict().items()})


@pytest.mark.parametrize("kernel_size", [1, (1, 3), 3, 5])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_where_torch_can_pad_it_is_plain_torch(kernel_size, padding):
    layer = layers.Conv2D(4, kernel_size, padding=padding)
    layer(drawn(2, 6, 7, 3))
    assert type(layer.conv) is nn.Conv2d
    twin = nn.Conv2d(3, 4, kernel_size, padding=padding)
    twin.load_state_dict({name.removeprefix("conv."): value for name, value in layer.state_dict().items()})
    x = drawn(2, 6, 7, 3)
    torch.testing.assert_close(layer(x), twin(x.movedim(-1, 1)).movedim(1, -1))


def test_kernels_in_the_layout_of_keras():
    layer = filled(layers.Conv2D(5, (2, 3)), drawn(2, 4, 5, 3))
    assert layer.kernel.shape == (2, 3, 3, 5) and layer.conv.weight.shape == (5, 3, 2, 3)
    kernel = np.arange(90.0).reshape(2, 3, 3, 5)
    layer.kernel.assign(kernel)
    np.testing.assert_array_equal(layer.conv.weight.detach(), kernel.transpose(3, 2, 0, 1))
    assert layer.conv.weight.is_contiguous()
    layer = filled(layers.Conv2DTranspose(5, (2, 3)), drawn(2, 4, 5, 3))
    assert layer.kernel.shape == (2, 3, 5, 3) and layer.conv.weight.shape == (3, 5, 2, 3)
    layer = filled(layers.DepthwiseConv2D((2, 3), depth_multiplier=2), drawn(2, 4, 5, 3))
    assert layer.kernel.shape == (2, 3, 3, 2) and layer.conv.weight.shape == (6, 1, 2, 3)
    kernel = np.arange(36.0).reshape(2, 3, 3, 2)
    layer.kernel.assign(kernel)
    np.testing.assert_array_equal(layer.kernel.numpy(), kernel)
    np.testing.assert_array_equal(layer.conv.weight.detach()[:, 0], kernel.reshape(2, 3, 6).transpose(2, 0, 1))


@pytest.mark.parametrize(
    "make",
    [lambda: layers.Conv2D(4, 3), lambda: layers.DepthwiseConv2D(3, depth_multiplier=2), lambda: layers.Conv2DTranspose(4, 3)],
)
def test_the_keras_view_is_a_view_with_gradients(make):
    layer = filled(make(), drawn(2, 5, 6, 3))
    view = layer.kernel.value
    assert view.untyped_storage().data_ptr() == layer.conv.weight.untyped_storage().data_ptr()
    layer(drawn(2, 5, 6, 3)).square().sum().backward()
    torch.testing.assert_close(layer.kernel.value.grad, layer.kernel.to_keras(layer.conv.weight.grad))
    torch.testing.assert_close(layer.kernel.to_raw(layer.kernel.to_keras(layer.conv.weight)), layer.conv.weight)
    layer.zero_grad()
    factors = drawn(*layer.kernel.shape)
    (layer.kernel * factors).sum().backward()
    torch.testing.assert_close(layer.kernel.value.grad, factors)


def test_a_separable_convolution_is_two():
    x = drawn(2, 5, 6, 3)
    layer = filled(layers.SeparableConv2D(4, 3, depth_multiplier=2, padding="same", activation="tanh"), x)
    assert list(layer.state_dict()) == ["depthwise.weight", "pointwise.weight", "pointwise.bias"]
    assert [v.name for v in layer.weights] == ["depthwise_kernel", "pointwise_kernel", "bias"]
    first, second = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", use_bias=False), layers.Conv2D(4, 1)
    depthwise, pointwise, bias = layer.get_weights()
    first(x), first.set_weights([depthwise])
    second(first(x)), second.set_weights([pointwise, bias])
    torch.testing.assert_close(layer(x), torch.tanh(second(first(x))))


@pytest.mark.parametrize("assign", [False, True])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_weights_in_either_memory_format(memory_format, assign):
    x = drawn(2, 5, 6, 3)
    layer, other = filled(layers.Conv2D(4, 3), x), layers.Conv2D(4, 3)
    other(x)
    kernel, y = layer.get_weights()[0], layer(x)
    layer.to(memory_format=memory_format)
    assert layer.conv.weight.is_contiguous(memory_format=memory_format)
    np.testing.assert_array_equal(layer.kernel.numpy(), kernel)
    torch.testing.assert_close(layer(x), y)
    other.load_state_dict(layer.state_dict(), assign=assign)
    torch.testing.assert_close(other(x), y)
    layer.kernel.assign(kernel * 2)
    np.testing.assert_array_equal(layer.conv.weight.detach(), (kernel * 2).transpose(3, 2, 0, 1))
    assert layer.conv.weight.is_contiguous(memory_format=memory_format)


LAYERS = [
    (lambda: layers.Conv1D(4, 3), (2, 7, 3)),
    (lambda: layers.Conv1D(4, 2, padding="causal", dilation_rate=2), (2, 7, 3)),
    (lambda: layers.Conv1D(4, 3, strides=2, padding="same"), (2, 8, 3)),
    (lambda: layers.Conv2D(4, 3), (2, 6, 7, 3)),
    (lambda: layers.Conv2D(4, 3, activation="relu"), (2, 6, 7, 1)),
    (lambda: layers.Conv2D(4, 2, padding="same"), (2, 6, 7, 3)),
    (lambda: layers.Conv2D(4, 3, strides=2, padding="same"), (2, 6, 7, 3)),
    (lambda: layers.Conv2D(4, 3, groups=2), (2, 6, 7, 4)),
    (lambda: layers.Conv3D(4, 2), (2, 3, 4, 5, 2)),
    (lambda: layers.Conv1DTranspose(4, 3, strides=2, padding="same"), (2, 7, 3)),
    (lambda: layers.Conv2DTranspose(4, 3, strides=2, padding="same"), (2, 3, 4, 3)),
    (lambda: layers.Conv2DTranspose(4, 3, strides=2, padding="same", use_bias=False), (2, 3, 4, 3)),
    (lambda: layers.Conv2DTranspose(4, 4, strides=2, padding="same"), (2, 3, 4, 3)),
    (lambda: layers.Conv3DTranspose(4, 3, strides=2, padding="same"), (2, 3, 2, 2, 2)),
    (lambda: layers.DepthwiseConv1D(3, depth_multiplier=2), (2, 7, 3)),
    (lambda: layers.DepthwiseConv2D(3, padding="same"), (2, 6, 7, 3)),
    (lambda: layers.SeparableConv1D(4, 3), (2, 7, 3)),
    (lambda: layers.SeparableConv2D(4, 3, strides=2, padding="same"), (2, 6, 7, 3)),
]
everywhere = pytest.mark.parametrize(("make", "shape"), LAYERS)


@everywhere
def test_channels_stay_last_in_memory(make, shape):
    layer = make()
    x = drawn(*shape).requires_grad_()
    seen = []
    layer.activation = lambda y: seen.append(y) or y  # what the kernel left, before an activation
    y = layer(x)
    assert seen[0].is_contiguous()
    assert y.is_contiguous()
    y.backward(torch.ones_like(y))
    assert x.grad.is_contiguous()


@everywhere
def test_zero_rows_and_one(make, shape):
    layer = make()
    y = layer(drawn(*shape))
    assert layer(torch.zeros(0, *shape[1:])).shape == (0, *y.shape[1:])
    torch.testing.assert_close(layer(drawn(*shape)[:1]), y[:1], rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *y.shape[1:])
    free = (None, *[None] * (len(shape) - 2), shape[-1])
    assert layer.compute_output_shape(free) == (*free[:-1], y.shape[-1])


@everywhere
def test_copies_and_pickles(make, shape):
    x = drawn(*shape)
    layer = filled(make(), x)
    buffer = io.BytesIO()
    torch.save(layer, buffer)
    buffer.seek(0)
    for other in (copy.deepcopy(layer), torch.load(buffer, weights_only=False), type(layer).from_config(layer.get_config())):
        other(x)
        other.set_weights(layer.get_weights())
        assert torch.equal(other(x), layer(x))
        other.weights[0].assign(other.weights[0] * 0)
        assert layer.weights[0].numpy().any()  # it was its own
        for mine, its in zip(layer.weights, other.weights, strict=True):
            assert mine.shape == its.shape


@everywhere
def test_integers_are_taken_as_floats(make, shape):
    whole = (drawn(*shape) * 3).int()
    layer = make()
    torch.testing.assert_close(layer(whole), layer(whole.float()))
    torch.testing.assert_close(layer(whole.long().numpy()), layer(whole.float()))


def test_hooks_and_pruning_of_the_body_work():
    for make, shape in LAYERS:
        layer = make()
        layer(drawn(*shape))
        body = layer.conv if hasattr(layer, "conv") else layer.depthwise
        prune.random_unstructured(body, "weight", amount=0.5)
        before = layer(drawn(*shape)).detach()
        with torch.no_grad():
            body.weight_orig.mul_(2)
        assert not torch.allclose(layer(drawn(*shape)), before)


# ---------------------------------------------------------------- the definition


def slow_convolution(x, kernel, bias, strides, dilation, pads, groups):
    """Loops over everything; x is (rows, *sizes, channels), kernel (*window, channels / groups, filters)."""
    rank = x.ndim - 2
    x = np.pad(x, [(0, 0), *pads, (0, 0)])
    window, filters = kernel.shape[:rank], kernel.shape[-1]
    sizes = [
        (size - each * (length - 1) - 1) // stride + 1
        for size, length, stride, each in zip(x.shape[1:-1], window, strides, dilation, strict=True)
    ]
    y = np.zeros((len(x), *sizes, filters))
    share, part = filters // groups, x.shape[-1] // groups
    for place in itertools.product(*map(range, sizes)):
        for entry in itertools.product(*map(range, window)):
            at = tuple(p * stride + e * each for p, stride, e, each in zip(place, strides, entry, dilation, strict=True))
            for f in range(filters):
                first = f // share * part
                seen = x[(slice(None), *at, slice(first, first + part))]
                y[(slice(None), *place, f)] += seen @ kernel[(*entry, slice(None), f)]
    return y + bias


@pytest.mark.parametrize("size", [5, 6])
@pytest.mark.parametrize(("window", "stride", "dilation"), [(3, 1, 1), (2, 1, 1), (3, 2, 1), (2, 3, 1), (4, 3, 1), (2, 1, 3)])
@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
@pytest.mark.parametrize("groups", [1, 2])
def test_convolutions_by_the_definition(size, window, stride, dilation, padding, groups):
    reach = dilation * (window - 1) + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    pads = {"valid": (0, 0), "same": (total // 2, (total + 1) // 2), "causal": (reach - 1, 0)}[padding]
    for rank in (1, 2):
        if rank == 2 and padding == "causal":
            continue
        x = drawn(2, *[size] * rank, 4)
        layer = getattr(layers, f"Conv{rank}D")(
            6, window, strides=stride, padding=padding, dilation_rate=dilation, groups=groups
        )
        kernel, bias = filled(layer, x).get_weights()
        expected = slow_convolution(x.numpy(), kernel, bias, [stride] * rank, [dilation] * rank, [pads] * rank, groups)
        np.testing.assert_allclose(layer(x).detach(), expected, rtol=1e-4, atol=1e-4)
        turned = getattr(layers, f"Conv{rank}D").from_config({**layer.get_config(), "data_format": "channels_first"})
        turned(x.movedim(-1, 1))
        turned.set_weights([kernel, bias])
        np.testing.assert_allclose(turned(x.movedim(-1, 1)).movedim(1, -1).detach(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("multiplier", [1, 2, 3])
def test_depthwise_by_the_definition(multiplier):
    x = drawn(2, 5, 6, 3)
    layer = filled(layers.DepthwiseConv2D((2, 3), strides=2, depth_multiplier=multiplier), x)
    kernel, bias = layer.get_weights()
    for channel in range(3):
        part = slice(channel * multiplier, (channel + 1) * multiplier)
        alone = x[..., channel : channel + 1].numpy()
        own = kernel[:, :, channel : channel + 1]
        expected = slow_convolution(alone, own, bias[part], (2, 2), (1, 1), [(0, 0), (0, 0)], 1)
        np.testing.assert_allclose(layer(x)[..., part].detach(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("window", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (4, 1), (1, 2)])
@pytest.mark.parametrize("extra", [None, 0, 1])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_transposed_convolutions_by_the_definition(size, window, stride, dilation, extra, padding):
    if extra is not None and extra >= stride:
        return
    layer = layers.Conv1DTranspose(2, window, strides=stride, padding=padding, output_padding=extra, dilation_rate=dilation)
    x = drawn(2, size, 3)
    kernel, bias = filled(layer, x).get_weights()
    reach = dilation * (window - 1) + 1
    full = np.zeros((2, (size - 1) * stride + reach, 2))
    for i in range(size):  # each input adds the kernel, times itself
        for e in range(window):
            full[:, i * stride + e * dilation] += x[:, i].numpy() @ kernel[e].T
    if padding == "valid":
        wanted, start = len(full[0]) + (max(stride - reach, 0) if extra is None else extra), 0
    else:
        wanted = size * stride if extra is None else (size - 1) * stride + reach % 2 + extra
        start = max((len(full[0]) - wanted) // 2, 0)  # of one entry, an even window and no extra: nothing at all
    expected = np.pad(full, [(0, 0), (0, stride), (0, 0)])[:, start : start + wanted] + bias
    np.testing.assert_allclose(layer(x).detach(), expected, rtol=1e-4, atol=1e-4)
    assert layer.compute_output_shape((None, size, 3)) == (None, wanted, 2)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_a_transposed_convolution_may_leave_nothing(rank, data_format):
    """Of a single entry, an even window and no output padding, as in Keras on JAX."""
    layer = getattr(layers, f"Conv{rank}DTranspose")(1, 2, padding="same", output_padding=0, data_format=data_format)
    y = layer(torch.ones(1, *[1] * (rank + 1)))
    channels = -1 if data_format == "channels_last" else 1
    assert y.numel() == 0 and y.shape[channels] == 1 and y.ndim == rank + 2


def test_a_transposed_convolution_is_the_gradient_of_a_convolution():
    """Keras's transposed kernel is that of the convolution it turns around, as it stands."""
    there, back = (
        layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False),
        layers.Conv2DTranspose(3, 3, strides=2, padding="same", use_bias=False),
    )
    x = drawn(2, 6, 8, 3).requires_grad_()
    y = there(x)
    back(y)
    back.set_weights(there.get_weights())
    factors = drawn(*y.shape, seed=1)
    (gradient,) = torch.autograd.grad((y * factors).sum(), x)
    torch.testing.assert_close(back(factors), gradient)


def test_causal_outputs_do_not_see_the_future():
    layer = filled(layers.Conv1D(4, 3, padding="causal", dilation_rate=2), drawn(1, 9, 2))
    x = drawn(1, 9, 2)
    y = layer(x)
    x[:, 5:] = 100.0
    torch.testing.assert_close(layer(x)[:, :5], y[:, :5])


# ---------------------------------------------------------------- errors


def test_channels_in_the_wrong_place_are_pointed_out():
    layer = layers.Conv2D(4, 3, name="conv")
    layer(drawn(2, 28, 28, 3))
    for _ in range(2):  # by the careful path and by the short one
        with pytest.raises(ValueError, match=r"'conv'.*found 28; axis 1 has 3: did you mean data_format='channels_first'\?"):
            layer(drawn(2, 3, 28, 28))
        layer(drawn(2, 28, 28, 3))
    layer = layers.Conv2D(4, 3, name="conv", data_format="channels_first")
    layer(drawn(2, 3, 28, 28))
    with pytest.raises(ValueError, match=r"found 28; axis -1 has 3: did you mean data_format='channels_last'\?"):
        layer(drawn(2, 28, 28, 3))
    with pytest.raises(ValueError, match=r"expected axis 1 of input shape to have value 3, found 4\."):
        layer(drawn(2, 4, 28, 28))
    with pytest.raises(ValueError, match=r"expected min_ndim=4, found ndim=3"):
        layer(drawn(3, 28, 28))  # torch would take it for one image


def depthwise(filters, *args, **kwargs):
    return layers.DepthwiseConv2D(*args, **kwargs)


@pytest.mark.parametrize("make", [layers.Conv2D, depthwise, layers.SeparableConv2D])
def test_inputs_that_are_too_small(make):
    message = r"'conv': the input is 4 high, the kernel needs 5 \(kernel_size=\(3, 3\), dilation_rate=\(2, 2\)"
    layer = make(8, 3, dilation_rate=2, name="conv")
    with pytest.raises(ValueError, match=message):
        layer(layers.Input((4, 9, 3)))
    with pytest.raises(ValueError, match=message):
        layer(drawn(2, 4, 9, 3))
    with pytest.raises(ValueError, match="4 high"):
        layer.build((None, 4, 9, 3))
    assert not layer.built and not layer.weights and not list(layer.children())
    layer(drawn(2, 5, 9, 3))
    for _ in range(2):
        with pytest.raises(ValueError, match=r"the input is 4 wide, the kernel needs 5"):
            layer(drawn(2, 9, 4, 3))
        layer(drawn(2, 5, 9, 3))
    with pytest.raises(ValueError, match="4 high"):
        layer(layers.Input((4, None, 3)))
    with pytest.raises(ValueError, match="4 wide"):
        layer.compute_output_shape((None, None, 4, 3))
    model = models.Sequential([layers.Input((6, 6, 3)), layers.Conv2D(4, 3)])
    with pytest.raises(ValueError, match="'conv': the input is 4 high"):
        model.add(make(8, 3, dilation_rate=2, name="conv"))


def test_too_small_inputs_guess_the_data_format():
    with pytest.raises(ValueError, match=r"3 high.*data_format='channels_first'"):
        layers.Conv2D(8, 5)(drawn(2, 3, 28, 28))
    with pytest.raises(ValueError, match="1 long, the kernel needs 3") as caught:
        layers.Conv1D(8, 3)(drawn(2, 1, 28))
    assert "channels_first" in str(caught.value)
    with pytest.raises(ValueError, match="2 deep"):
        layers.Conv3D(8, 3)(drawn(2, 2, 5, 5, 1))
    with pytest.raises(ValueError, match=r"3 wide.*data_format='channels_last'"):
        layers.Conv2D(8, 5, data_format="channels_first")(drawn(2, 28, 28, 3))


def test_kernels_longer_than_what_stands_for_unknown_sizes():
    layer = layers.Conv1D(8, 400, strides=160)
    assert layer(layers.Input((None, 1))).shape == (None, None, 8)
    assert layer.compute_output_shape((None, 16000, 1)) == (None, 98, 8)
    wide = layers.Conv2D(8, (3, 300), data_format="channels_first")
    assert wide(layers.Input((1, 5, None))).shape == (None, 8, 3, None)
    with pytest.raises(ValueError, match="2 high"):
        wide(layers.Input((1, 2, None)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Conv2D(0, 3), r"`filters`. Expected a strictly positive value.*filters=0"),
        (lambda: layers.Conv2D(None, 3)(layers.Input((5, 5, 3))), r"`filters`.*filters=None"),
        (lambda: layers.Conv2D(4, 0, name="c"), r"'c'.*`kernel_size`.*2 integers.*kernel_size=0, .*\{0\} .*`value > 0`"),
        (lambda: layers.Conv2D(4, (3, 3, 3)), r"`kernel_size`.*\(3, 3, 3\)"),
        (lambda: layers.Conv2D(4, 3.5), r"`kernel_size`.*3\.5"),
        (lambda: layers.Conv2D(4, (3, 2.5)), r"`kernel_size`.*2\.5"),
        (lambda: layers.Conv2D(4, 3, strides=(1, 0)), r"`strides`.*\(1, 0\)"),
        (lambda: layers.Conv2D(4, 3, groups=3, name="c"), r"filters must be evenly divisible.*groups=3, filters=4.*'c'"),
        (lambda: layers.Conv2D(4, 3, groups=2, name="c")(drawn(1, 5, 5, 3)), r"'c'.*must divide the channels.*channels=3"),
        (lambda: layers.Conv2D(4, 3, strides=2, dilation_rate=2, name="c"), r"`strides > 1` not supported .*\(2, 2\) .*'c'"),
        (lambda: layers.Conv2D(4, 3, padding="causal", name="c"), r"'c'.*Conv2D.*'valid', 'same'.*'causal'"),
        (lambda: layers.Conv1D(4, 3, padding="full"), r"'causal'.*padding='full'"),
        (lambda: layers.Conv1D(4, 3, padding=None), r"padding=None"),
        (lambda: layers.Conv1D(4, 3, padding=[1, 1]), r"padding=\[1, 1\]"),
        (lambda: layers.Conv2DTranspose(4, 3, 2, output_padding=(1, 2)), "must be strictly less than `strides`"),
        (lambda: layers.Conv2DTranspose(4, 3, 2, output_padding=-1), r"`output_padding`.*`value >= 0`"),
        (lambda: layers.DepthwiseConv2D(3, depth_multiplier=0), r"`depth_multiplier`.*=0"),
        (lambda: layers.Conv2D(4, 3, name="c")(layers.Input((5, 5, None))), r"'c'.*axis -1 \(the channels\)"),
        (lambda: layers.Conv2D(4, 3, name="c").build((None, 5, 5)), r"'c' cannot be built: expected min_ndim=4, found ndim=3"),
    ],
)
def test_what_errors_say(make, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        make()


def test_any_size_after_the_first():
    """The padding follows the size of each input."""
    layer = layers.Conv2D(4, 3, strides=2, padding="same")
    for size in (7, 8, 3, 12):
        x = drawn(1, size, size + 1, 3)
        pads = [(-(-n // 2) - 1) * 2 + 3 - n for n in (size, size + 1)]
        flat = [amount for total in reversed(pads) for amount in (total // 2, total - total // 2)]
        y = layer(x)
        weight, bias = layer.conv.weight, layer.conv.bias
        expected = F.conv2d(F.pad(x.movedim(-1, 1), flat), weight, bias, stride=2).movedim(1, -1)
        torch.testing.assert_close(y, expected)


def test_a_small_network_learns():
    torch.manual_seed(0)
    x = drawn(64, 8, 8, 1)
    y = (x[:, :4].mean((1, 2, 3)) > x[:, 4:].mean((1, 2, 3))).float()[:, None]
    model = models.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.SeparableConv2D(8, 3, padding="same", activation="relu"),
            layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizers.Adam(0.01), "binary_crossentropy")
    history = model.fit(x, y, epochs=30, batch_size=16, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]


def test_a_subclass_with_weights_of_its_own_has_no_filters():
    class Mean(layers.Conv2D):
        def __init__(self, **kwargs):
            super().__init__(filters=None, kernel_size=2, padding="same", **kwargs)

        def build(self, input_shape):
            self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones")

        def call(self, x):
            return x.mean((1, 2)) * self.scale

    layer = Mean()
    assert layer.filters is None and layer.padding == "same"
    assert layer(torch.full((1, 4, 4, 3), 2.0)).tolist() == [[2.0, 2.0, 2.0]]
