import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torchkeras_lite as keras
from torchkeras_lite import ops

SQUARE = ["cholesky", "cholesky_inverse", "det", "eig", "eigh", "inv", "logdet", "slogdet"]
NOT_A_MATRIX = torch.ones(3)


@pytest.mark.parametrize("name", SQUARE)
@pytest.mark.parametrize("symbolic", [False, True])
def test_square_matrices_are_expected(name, symbolic):
    x = keras.KerasTensor((2, 3)) if symbolic else torch.ones(2, 3)
    with pytest.raises(ValueError, match=rf"{name}: expected square matrices\. Received a tensor of shape \(2, 3\)"):
        getattr(ops, name)(x)


@pytest.mark.parametrize("name", [*SQUARE, "lu_factor", "matrix_rank", "pinv", "qr", "svd"])
def test_matrices_are_expected(name):
    with pytest.raises(ValueError, match=rf"{name}: expected matrices.*\(3,\)"):
        getattr(ops, name)(NOT_A_MATRIX)


def test_cholesky_of_what_is_not_positive_definite():
    with pytest.raises(ValueError, match=r"cholesky: the decomposition failed.*not positive definite"):
        ops.cholesky([[0.0, 1.0], [1.0, 0.0]])


def test_singular_matrices():
    for f in (ops.inv, lambda x: ops.solve(x, torch.ones(2))):
        with pytest.raises(torch.linalg.LinAlgError):
            f(torch.zeros(2, 2))


@pytest.mark.parametrize("name", ["solve", "solve_triangular"])
def test_equations_that_do_not_fit(name):
    solve = getattr(ops, name)
    with pytest.raises(ValueError, match=rf"{name}: expected square matrices for `a`"):
        solve(torch.ones(2, 3), torch.ones(2))
    with pytest.raises(ValueError, match=rf"{name}: expected `b` to have as many rows.*a\.shape=\(2, 2\), b\.shape=\(3, 1\)"):
        solve(torch.ones(2, 2), torch.ones(3, 1))
    with pytest.raises(ValueError, match=rf"{name}: expected `b`"):
        solve(torch.ones(2, 2), torch.ones(3))


def test_lstsq_of_what_does_not_fit():
    for a, b in (((2, 3, 2), (3,)), ((3, 2), (2,)), ((3, 2), (3, 2, 2))):
        with pytest.raises(ValueError, match="lstsq: expected one matrix `a`"):
            ops.lstsq(torch.ones(a), torch.ones(b))


@pytest.mark.parametrize(("ord", "axis"), [("l2", None), ("fro", 1), ("nuc", (1,)), (3, (0, 1))])
def test_norms_that_there_are_not(ord, axis):
    with pytest.raises(ValueError, match=r"norm: `ord` does not go with \d axes"):
        ops.norm(keras.KerasTensor((2, 3)), ord, axis)
    with pytest.raises(RuntimeError, match=r"norm: `ord` does not go with \d axes"):
        ops.norm(np.ones((2, 3), dtype="float32"), ord, axis)
    if isinstance(ord, str):
        with pytest.raises(RuntimeError, match=r"norm: `ord` does not go with"):
            ops.norm(torch.ones(2, 3), ord, axis)


def test_qr_modes():
    with pytest.raises(ValueError, match=r"qr: expected `mode`.*Received: mode='raw'"):
        ops.qr(torch.ones(2, 2), "raw")
    with pytest.raises(ValueError, match=r"qr: expected `mode`"):
        ops.qr(keras.KerasTensor((2, 2)), "raw")


def test_cdist_of_what_does_not_fit():
    for x, y in (((2,), (3, 2)), ((2, 2), (2, 3))):
        with pytest.raises(ValueError, match="cdist: expected tensors of shape"):
            ops.cdist(torch.ones(x), torch.ones(y))


def test_integers_become_floats():
    assert ops.solve([[2, 0], [0, 4]], [2, 4]).tolist() == [1.0, 1.0]
    assert ops.det(np.array([[1, 2], [3, 4]])).dtype is torch.float32
    assert ops.inv([[2, 0], [0, 4]]).tolist() == [[0.5, 0.0], [0.0, 0.25]]


def symmetric(x):
    return x + x.mT


def positive(x):
    return x @ x.mT + torch.eye(len(x), dtype=x.dtype)


def test_gradients_along_symmetric_matrices():
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 3))).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: ops.cholesky(positive(x)), x)
    assert torch.autograd.gradcheck(lambda x: ops.cholesky(positive(x), upper=True), x)
    assert torch.autograd.gradcheck(lambda x: ops.eigh(symmetric(x))[0], x)
    assert torch.autograd.gradcheck(lambda x: ops.eigh(symmetric(x))[1].square(), x)
    assert torch.autograd.gradcheck(lambda x: ops.eig(x)[0].abs().sum(), x)


def test_second_derivatives_of_distances_and_the_gradient_between_equal_rows():
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 2))).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: ops.cdist(x, 1 + torch.eye(4, 2, dtype=x.dtype)), x)
    ops.cdist(x, x).sum().backward()
    assert x.grad.isfinite().all() and x.grad.abs().sum() > 0


matrices = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(0, 99)).map(
    lambda t: torch.from_numpy(np.random.default_rng(t[2]).normal(size=(2, t[0], t[1])))
)


@settings(max_examples=50, deadline=None)
@given(matrices)
def test_factors_multiply_to_the_matrix(x):
    close = torch.testing.assert_close
    for mode in ("reduced", "complete"):
        q, r = ops.qr(x, mode)
        close(q @ r, x)
        close(q.mT @ q, torch.eye(q.shape[-1], dtype=x.dtype).expand(2, -1, -1))
    u, s, v = ops.svd(x, full_matrices=False)
    close((u * s.unsqueeze(-2)) @ v, x)
    close(s, ops.svd(x, compute_uv=False))
    inverse = ops.pinv(x)
    close(x @ inverse @ x, x)
    assert ops.matrix_rank(x).tolist() == [min(x.shape[-2:])] * 2
    factors, pivots = ops.lu_factor(x)
    rows = list(range(x.shape[-2]))
    for place, other in enumerate(pivots[0].tolist()):
        rows[place], rows[other] = rows[other], rows[place]
    k = min(x.shape[-2:])
    lower = factors[0][:, :k].tril(-1) + torch.eye(x.shape[-2], k, dtype=x.dtype)
    close(lower @ factors[0][:k].triu(), x[0][rows])


def test_shapes_of_symbolic_matrices_do_not_hang_on_zeros_being_singular():
    x = keras.KerasTensor((3, 3))
    for name in ("inv", "cholesky", "cholesky_inverse", "lu_factor", "logdet"):
        shape = getattr(ops, name)(x)
        shape = shape[0] if isinstance(shape, tuple) else shape
        assert shape.shape == (() if name == "logdet" else (3, 3))
    assert ops.solve(x, keras.KerasTensor((3,))).shape == (3,)
