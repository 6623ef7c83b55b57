"""Normalization: what it refuses and warns of, gradients in corners, extreme numbers."""

import pytest
import torch

from torchkeras_lite import KerasTensor, Variable, ops


@pytest.mark.parametrize("x", [torch.ones(2, 3), KerasTensor((None, 3))])
@pytest.mark.parametrize("name", ["mean", "variance", "offset", "scale"])
def test_vectors_of_another_length(x, name):
    vectors = {"mean": torch.ones(3), "variance": torch.ones(3), name: torch.ones(2)}
    with pytest.raises(ValueError, match=rf"`{name}` must be a vector of length `x.shape\[axis\]`, so of shape \(3,\)"):
        ops.batch_normalization(x, axis=-1, **vectors)


def test_other_refusals():
    x = torch.ones(2, 3)
    with pytest.raises(NotImplementedError, match="moments: statistics of one process only"):
        ops.moments(x, 0, synchronized=True)
    for order in (0, 1.5, "fro"):
        with pytest.raises(ValueError, match=f"normalize: Argument `order` must be an int >= 1. Received: order={order}"):
            ops.normalize(x, order=order)
    with pytest.raises(ValueError, match=r"psnr: both images must have the same shape. Received: x1.shape=\(2, 3\)"):
        ops.psnr(x, torch.ones(3, 2), 1.0)


def test_scaling_by_deviation_is_deprecated():
    x, gamma = torch.randn(4, 3), torch.randn(3)
    with pytest.warns(UserWarning, match="`rms_scaling=True` is deprecated"):
        y = ops.layer_normalization(x, gamma, rms_scaling=True, epsilon=1e-3)
    torch.testing.assert_close(y, x * gamma / torch.sqrt(x.var(-1, correction=0, keepdim=True) + 1e-3))


def test_zeros_have_gradients():
    x = torch.zeros(2, 3, requires_grad=True)
    ops.normalize(x).sum().backward()
    assert x.grad.isfinite().all()
    size = torch.zeros(3, requires_grad=True)
    torch.view_as_real(ops.polar(size, torch.tensor([0.0, 1.0, 2.0]))).sum().backward()
    torch.testing.assert_close(size.grad, torch.cos(torch.tensor([0.0, 1, 2])) + torch.sin(torch.tensor([0.0, 1, 2])))


def test_statistics_of_half_precision():
    mean, variance = ops.moments(torch.tensor([-300.0, 300.0, 300.0, -300.0], dtype=torch.float16), 0)
    assert mean == 0 and variance == 65504.0  # as near as it can say 90000
    x = torch.tensor([[3e4, 3e4, 3e4, 0.0]], dtype=torch.float16)
    torch.testing.assert_close(
        ops.rms_normalization(x).float(), torch.tensor([[1.1547, 1.1547, 1.1547, 0.0]]), rtol=1e-3, atol=0
    )
    torch.testing.assert_close(ops.normalize(x).float(), torch.tensor([[0.5774, 0.5774, 0.5774, 0.0]]), rtol=1e-3, atol=0)


def test_weights_may_be_variables():
    x, gamma = torch.randn(4, 3), Variable([1.0, 2.0, 3.0])
    y = ops.layer_normalization(x, gamma, Variable([0.0, 0.0, 1.0]))
    torch.testing.assert_close(y, torch.layer_norm(x, (3,), gamma.value, torch.tensor([0.0, 0, 1]), 1e-7))
    y.sum().backward()
    assert gamma.value.grad is not None
