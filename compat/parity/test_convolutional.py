"""Convolutions beside Keras: random geometry, errors, precisions, names."""

import inspect

import numpy as np
import pytest
import torch
from harness import both, drawn, mine, pair, real, run
from hypothesis import assume, given, settings
from hypothesis import strategies as st

FEW = settings(max_examples=40, deadline=None, database=None, derandomize=True)
MANY = settings(max_examples=2000, deadline=None, database=None)


def near(actual, expected, key):
    """Equal to 1e-5 of the largest entry: entries near zero are sums in which large numbers cancel."""
    scale = np.abs(expected).max(initial=0)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5 * scale, err_msg=key, strict=True)


def compare(case):
    name, kwargs, shape = case
    x = drawn(shape)
    ours, theirs = pair(name, kwargs, x)
    found = run(ours, x)
    try:
        wanted = run(theirs, x)
    except RuntimeError as error:  # Keras on torch has no gradient for some small inputs alone in a batch: see JAX_ROWS
        assume("grad_weight" not in str(error))
        raise
    assert found.keys() == wanted.keys()
    for key, expected in wanted.items():
        if expected is not None:
            near(found[key].detach().numpy(), expected.detach().numpy(), key)
    y = tuple(found["output"].shape)
    assert ours.compute_output_shape((None, *shape[1:])) == (None, *y[1:])
    assert ours.compute_output_shape(shape) == y


def of(rank, low, high):
    return st.tuples(*[st.integers(low, high)] * rank)


@st.composite
def geometry(draw, ranks, kinds, together=False):
    """(what all convolutions take, sizes of the input that leave something over)."""
    rank = draw(st.sampled_from(ranks))
    longest = 3 if rank == 3 else 5
    kwargs = {
        "kernel_size": draw(of(rank, 1, longest)),
        "padding": draw(st.sampled_from(kinds if rank == 1 else kinds[:2])),
        "data_format": draw(st.sampled_from(["channels_last", "channels_first"])),
        "use_bias": draw(st.booleans()),
        "activation": draw(st.sampled_from([None, "relu", "tanh"])),
    }
    moving = draw(st.sampled_from(["strides", "dilation_rate", "neither", *(["both"] if together else [])]))
    if moving in ("strides", "both"):
        kwargs["strides"] = draw(of(rank, 1, 4))
    if moving in ("dilation_rate", "both"):
        kwargs["dilation_rate"] = draw(of(rank, 1, 3))
    sizes = draw(of(rank, 1, 6 if rank == 3 else 10))
    return rank, kwargs, sizes


def reach(kwargs, rank):
    """How far the kernel goes along each axis."""
    dilation = kwargs.get("dilation_rate", (1,) * rank)
    return [each * (window - 1) + 1 for window, each in zip(kwargs["kernel_size"], dilation, strict=True)]


def shaped(rows, channels, sizes, kwargs):
    return (rows, *sizes, channels) if kwargs["data_format"] == "channels_last" else (rows, channels, *sizes)


@st.composite
def convolutions(draw):
    rank, kwargs, sizes = draw(geometry((1, 2, 3), ("valid", "same", "causal")))
    if kwargs["padding"] == "valid":
        sizes = tuple(map(max, sizes, reach(kwargs, rank)))
    groups = draw(st.integers(1, 3))
    kwargs.update(groups=groups, filters=groups * draw(st.integers(1, 3)))
    return f"Conv{rank}D", kwargs, shaped(draw(st.integers(1, 3)), groups * draw(st.integers(1, 3)), sizes, kwargs)


@st.composite
def transposed(draw):
    rank, kwargs, sizes = draw(geometry((1, 2, 3), ("valid", "same")))
    kwargs["filters"] = draw(st.integers(1, 3))
    if draw(st.booleans()):
        kwargs["output_padding"] = tuple(draw(st.integers(0, stride - 1)) for stride in kwargs.get("strides", (1,) * rank))
    sizes = sizes if rank < 3 else tuple(min(size, 4) for size in sizes)
    return f"Conv{rank}DTranspose", kwargs, shaped(draw(st.integers(1, 3)), draw(st.integers(1, 4)), sizes, kwargs)


@st.composite
def by_channel(draw):
    rank, kwargs, sizes = draw(geometry((1, 2), ("valid", "same"), together=True))
    if kwargs["padding"] == "valid":
        sizes = tuple(map(max, sizes, reach(kwargs, rank)))
    kwargs["depth_multiplier"] = draw(st.integers(1, 3))
    kind = draw(st.sampled_from(["Depthwise", "Separable"]))
    if kind == "Separable":
        kwargs["filters"] = draw(st.integers(1, 4))
    return f"{kind}Conv{rank}D", kwargs, shaped(draw(st.integers(1, 3)), draw(st.integers(1, 4)), sizes, kwargs)


@FEW
@given(convolutions())
def test_any_convolution(case):
    compare(case)


@FEW
@given(transposed())
def test_any_transposed_convolution(case):
    compare(case)


@FEW
@given(by_channel())
def test_any_depthwise_or_separable_convolution(case):
    compare(case)


@pytest.mark.slow
@MANY
@given(convolutions())
def test_many_convolutions(case):
    compare(case)


@pytest.mark.slow
@MANY
@given(transposed())
def test_many_transposed_convolutions(case):
    compare(case)


@pytest.mark.slow
@MANY
@given(by_channel())
def test_many_depthwise_and_separable_convolutions(case):
    compare(case)


# ---------------------------------------------------------------- names, errors, precisions, masks

CLASSES = {
    "Conv1D": ({"filters": 4, "kernel_size": 3, "padding": "causal"}, (2, 6, 3)),
    "Conv2D": ({"filters": 4, "kernel_size": 3, "padding": "same", "strides": 2}, (2, 6, 5, 3)),
    "Conv3D": ({"filters": 4, "kernel_size": 2}, (2, 3, 4, 3, 2)),
    "Conv1DTranspose": ({"filters": 4, "kernel_size": 3, "padding": "same", "strides": 2}, (2, 5, 3)),
    "Conv2DTranspose": ({"filters": 4, "kernel_size": 3, "padding": "same", "strides": 2}, (2, 4, 5, 3)),
    "Conv3DTranspose": ({"filters": 4, "kernel_size": 2, "strides": 2}, (2, 2, 3, 2, 2)),
    "DepthwiseConv1D": ({"kernel_size": 3, "depth_multiplier": 2}, (2, 6, 3)),
    "DepthwiseConv2D": ({"kernel_size": 2, "padding": "same"}, (2, 4, 5, 3)),
    "SeparableConv1D": ({"filters": 4, "kernel_size": 3}, (2, 6, 3)),
    "SeparableConv2D": ({"filters": 4, "kernel_size": 3, "depth_multiplier": 2}, (2, 4, 5, 3)),
}
classes = pytest.mark.parametrize("name", CLASSES)


@classes
def test_arguments_have_keras_names_and_order(name):
    ours, theirs = (inspect.signature(getattr(layers, name)).parameters for layers in (mine, real.layers))
    assert [key for key in ours if not key.startswith("lora_")] == list(theirs)  # which Keras has in **kwargs
    for key, parameter in ((key, ours[key]) for key in theirs):
        default = theirs[key].default
        assert parameter.default == (default[0] if isinstance(default, tuple) else default), key  # 1 and (1, 1) are the same


def test_other_names_of_the_classes():
    for name in [name for name in dir(real.layers) if "Convolution" in name]:
        assert getattr(mine, name) is getattr(mine, name.replace("Convolution", "Conv"))
        assert getattr(real.layers, name) is getattr(real.layers, name.replace("Convolution", "Conv"))


@classes
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float64"])
def test_precision(name, policy):
    kwargs, shape = CLASSES[name]
    x = drawn(shape)
    ours, theirs = pair(name, {**kwargs, "dtype": policy}, x)
    assert [v.dtype for v in ours.weights] == [v.dtype for v in theirs.weights]
    found, wanted = ours(x), theirs(x)
    assert found.dtype is wanted.dtype
    rtol = 1e-6 if policy == "float64" else 0.03
    np.testing.assert_allclose(found.detach().double(), wanted.detach().double(), rtol=rtol, atol=3 * rtol)
    found.sum().backward()
    assert all(v.value.grad is not None and v.value.grad.dtype is v.value.dtype for v in ours.weights)


@classes
def test_specs_of_the_input(name):
    kwargs, shape = CLASSES[name]
    for data_format in ("channels_last", "channels_first"):
        if kwargs["kernel_size"] > shape[1] and "padding" not in kwargs and "Transpose" not in name:
            continue
        ours, theirs = pair(name, {**kwargs, "data_format": data_format}, drawn((2, 4, 4, 4, 4)[: len(shape)]))
        assert (ours.input_spec.min_ndim, ours.input_spec.axes) == (theirs.input_spec.min_ndim, theirs.input_spec.axes)


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        *((name, {"filters": 0}) for name in CLASSES if "Depthwise" not in name),
        *((name, {"filters": -1}) for name in CLASSES if "Depthwise" not in name),
        *((name, {"depth_multiplier": 0}) for name in CLASSES if "able" in name or "Depthwise" in name),
        *((name, {"kernel_size": 0}) for name in CLASSES),
        *((name, {"kernel_size": (3, 3, 3, 3)}) for name in CLASSES),
        *((name, {"kernel_size": None}) for name in CLASSES),
        *((name, {"kernel_size": "three"}) for name in CLASSES),
        *((name, {"strides": 0}) for name in CLASSES),
        *((name, {"strides": (1, -1, 1)}) for name in CLASSES),
        *((name, {"dilation_rate": 0}) for name in CLASSES),
        *((name, {"padding": "full"}) for name in CLASSES),
        *((name, {"padding": "causal"}) for name in CLASSES if name != "Conv1D"),
        *((name, {"data_format": "channels_middle"}) for name in CLASSES),
        *((name, {"strides": 2, "dilation_rate": 2}) for name in CLASSES if name.startswith("Conv")),
        *((f"Conv{rank}D", {"groups": 0}) for rank in (1, 2, 3)),
        *((f"Conv{rank}D", {"groups": 3}) for rank in (1, 2, 3)),
        *((name, {"strides": 2, "output_padding": 2}) for name in CLASSES if "Transpose" in name),
        *((name, {"strides": 2, "output_padding": -1}) for name in CLASSES if "Transpose" in name),
    ],
)
def test_bad_arguments(name, kwargs):
    kwargs = {**CLASSES[name][0], **kwargs}
    for layers in (mine, real.layers):
        with pytest.raises(ValueError):
            getattr(layers, name)(**kwargs)


@classes
def test_bad_inputs(name):
    kwargs, shape = CLASSES[name]
    wrong = [shape[1:], (*shape, 2), (*shape[:-1], None)]
    if "Transpose" not in name and kwargs.get("padding", "valid") == "valid":
        wrong.append((2, *[1] * (len(shape) - 2), 3))
    for layers in (mine, real.layers):
        for bad in wrong:
            layer = getattr(layers, name)(**kwargs)
            with pytest.raises((ValueError, TypeError, IndexError)) as caught:
                layer(layers.Input(batch_shape=bad))
            assert layers is real.layers or (caught.type is ValueError and not layer.built and not layer.weights)
            if None not in bad:
                with pytest.raises(ValueError):
                    getattr(layers, name)(**kwargs)(drawn(bad))
        layer = getattr(layers, name)(**kwargs)
        layer(drawn(shape))
        for bad in ((*shape[:-1], shape[-1] + 1), shape[1:]):
            with pytest.raises(ValueError):
                layer(drawn(bad))


def test_channels_that_the_groups_do_not_divide():
    for layers in (mine, real.layers):
        with pytest.raises(ValueError):
            layers.Conv2D(4, 3, groups=2)(drawn((2, 5, 5, 3)))


def test_masks_end_here():
    x = torch.tensor([[3, 0, 1, 4], [0, 2, 4, 0]])
    for name in ("Conv1D", "Conv1DTranspose", "DepthwiseConv1D", "SeparableConv1D"):
        for layers in (mine, real.layers):
            masked = layers.Embedding(5, 3, mask_zero=True)(x)
            assert masked._keras_mask is not None
            layer = getattr(layers, name)(**CLASSES[name][0])
            if layers is real.layers:
                with pytest.warns(UserWarning, match="does not support masking"):
                    y = layer(masked)
            else:
                y = layer(masked)
            assert getattr(y, "_keras_mask", None) is None
            assert not layer.supports_masking


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_subclass_may_change_the_kernel(data_format, padding):
    def standardized(layers):
        class Standardized(layers.Conv2D):
            def convolution_op(self, inputs, kernel):
                mean = torch.mean(kernel, (0, 1, 2), keepdim=True)
                deviation = torch.std(kernel, (0, 1, 2), keepdim=True)
                return super().convolution_op(inputs, (kernel - mean) / (deviation + 1e-5))

        return Standardized(4, 3, strides=2, padding=padding, data_format=data_format, activation="tanh", name="one")

    x = drawn((2, 6, 7, 6))
    ours, theirs = both(standardized, x)
    found, wanted = run(ours, x), run(theirs, x)
    for key, expected in wanted.items():
        if expected is not None:
            near(found[key].detach().numpy(), expected.detach().numpy(), key)
