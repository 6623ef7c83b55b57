"""Products: errors, whole numbers, functions spread over tensors."""

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import ops


def test_shapes_that_do_not_fit():
    a, b = torch.ones(2, 3), torch.ones(4, 5)
    for function in (ops.matmul, ops.dot, lambda a, b: ops.tensordot(a, b, 1)):
        with pytest.raises(ValueError, match=r"cannot multiply `x1` of shape \(2, 3\) and `x2` of shape \(4, 5\)"):
            function(a, b)
    with pytest.raises(ValueError, match="`matmul` cannot multiply"):
        ops.matmul(keras.Input((3,)), keras.Input((4, 5)))
    with pytest.raises(ValueError, match=r"`inner` expects equal last sizes. Received: x1.shape=\(2, 3\), x2.shape=\(4, 5\)"):
        ops.inner(a, b)


def test_cross_errors():
    with pytest.raises(ValueError, match=r"`cross` expects vectors of 2 or 3 numbers. Received: x2 with 4"):
        ops.cross(torch.ones(2, 3), torch.ones(2, 4))


def test_trace_errors():
    with pytest.raises(ValueError, match="`trace` expects two different axes"):
        ops.trace(torch.ones(2, 2), axis1=1, axis2=-1)


def test_whole_numbers_are_exact():
    a = torch.tensor([[2**24 + 1, 1]])
    assert ops.matmul(a, a.T).item() == (2**24 + 1) ** 2 + 1
    big = torch.full((1, 2), 100, dtype=torch.int8)
    assert ops.matmul(big, big.T).item() == ops.einsum("ij,kj->ik", big, big).item() == 20000
    assert ops.matmul(big, big.T.bool()).dtype is torch.int8


def test_einsum_in_graphs():
    x, y = keras.Input((3, 4)), keras.Input((4, 5))
    made = ops.einsum("bij,bjk->bik", x, y, optimize=True)
    assert made.shape == (None, 3, 5)
    model = keras.Model([x, y], made)
    again = keras.Model.from_config(model.get_config())
    a, b = torch.randn(2, 3, 4), torch.randn(2, 4, 5)
    assert torch.equal(model([a, b]), a @ b) and torch.equal(again([a, b]), a @ b)


# ---------------------------------------------------------------- functions spread over tensors


def test_vectorize_is_numpys():
    def larger(a, b):
        return torch.where(a > b, a - b, a + b)

    a, b = np.arange(6).reshape(2, 1, 3), np.arange(4).reshape(4, 1) * 2 - 3
    truth = np.vectorize(lambda a, b: a - b if a > b else a + b)(a, b)
    made = ops.vectorize(larger)(a, b)
    assert made.shape == (2, 4, 3) and made.tolist() == truth.tolist()
    assert ops.vectorize(larger)(2, 3).item() == 5
    assert ops.vectorize(larger)(torch.ones(1, 1), 3).shape == (1, 1)


def test_vectorize_with_axes():
    function = ops.vectorize(torch.mv, signature="(m,n),(n)->(m)")
    a, v = torch.randn(5, 1, 2, 3), torch.randn(4, 3)
    made = function(a, v)
    assert made.shape == (5, 4, 2)
    torch.testing.assert_close(made, torch.einsum("abmn,bn->abm", a.expand(5, 4, 2, 3), v))


def test_vectorize_several_results():
    sums = ops.vectorize(lambda x: (x.sum(), x * 2), signature="(n)->(),(n)")
    total, double = sums(torch.arange(6.0).reshape(2, 1, 3))
    assert total.tolist() == [[3], [12]] and double.shape == (2, 1, 3)


def test_vectorize_leaves_arguments_whole():
    table = torch.tensor([10.0, 20, 30])
    function = ops.vectorize(lambda table, place, offset=0.0: table[place] + offset, excluded={0})
    assert function(table, torch.tensor([[2, 0]]), offset=1).tolist() == [[31, 11]]
    assert ops.vectorize(lambda x, y: x if y is None else x + y)(torch.ones(2), None).tolist() == [1, 1]


def test_vectorize_is_differentiable():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    ops.vectorize(lambda x, y: x * y)(x, torch.tensor([[3.0], [4.0]])).sum().backward()
    assert x.grad.tolist() == [7, 7]


def test_vectorize_errors():
    with pytest.raises(ValueError, match="`vectorize` expects a function for `pyfunc`"):
        ops.vectorize(3)
    with pytest.raises(ValueError, match="`vectorize` expects a signature such as"):
        ops.vectorize(torch.mv, signature="m,n->m")
    function = ops.vectorize(torch.mv, signature="(m,n),(n)->(m)")
    with pytest.raises(TypeError, match=r"takes 2 tensors .* Received: 1"):
        function(torch.ones(2, 3))
    with pytest.raises(ValueError, match="The axis n has the sizes 3 and 4"):
        function(torch.ones(2, 3), torch.ones(4))
    with pytest.raises(ValueError, match=r"of shape \(3,\) has no axes for \(m,n\)"):
        function(torch.ones(3), torch.ones(3))
    with pytest.raises(ValueError, match=r"Tensors of the shapes .* do not broadcast"):
        ops.vectorize(torch.add)(torch.ones(3), torch.ones(2))
    with pytest.raises(ValueError, match=r"returned a tensor of shape \(2,\), expected were axes \(\)"):
        ops.vectorize(lambda x: x.expand(2))(torch.ones(3))
    with pytest.raises(TypeError, match="returned 1 results, its signature says 2"):
        ops.vectorize(torch.sin, signature="()->(),()")(torch.ones(3))
