"""Variable: a torch tensor in the Keras layout, in any expression."""

import copy
import operator
import pickle

import numpy as np
import pytest
import torch
from torch import nn

import torchkeras_lite as keras
from torchkeras_lite import Variable, layers
from torchkeras_lite.variable import Permuted, part_of, tensor_of

A = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
B = np.array([[5.0, 6.0], [7.0, 9.0]], "float32")
OPERATORS = "add sub mul truediv floordiv mod pow matmul eq ne lt le gt ge".split()
OTHERS = {
    "array": B,
    "float64 array": B.astype("float64"),
    "tensor": torch.tensor(B),
    "variable": None,
    "list": B.tolist(),
    "2": 2,
    "2.0": 2.0,
}


def dense(units=3, features=2):
    layer = layers.Dense(units)
    layer.build((None, features))
    return layer


# ---------------------------------------------------------------- expressions


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_on_both_sides(name, other):
    operation, variable = getattr(operator, name), Variable(A)
    if name == "matmul" and other in ("2", "2.0"):
        pytest.skip("numbers are no matrices")
    value = Variable(B) if other == "variable" else OTHERS[other]
    plain = B if other == "variable" else np.asarray(value, "float32" if other == "list" else None)
    for result, expected in (
        (operation(variable, value), operation(A, plain)),
        (operation(value, variable), operation(plain, A)),
    ):
        assert isinstance(result, torch.Tensor)
        np.testing.assert_allclose(result.detach(), expected, rtol=1e-6)
        if name in ("add", "sub", "mul", "truediv", "pow", "matmul"):
            assert result.requires_grad  # numpy, too, has not taken the gradient away


def test_operators_of_one():
    flags = Variable(np.array([True, False]))
    assert torch.equal(-Variable(A), -torch.tensor(A)) and torch.equal(abs(-Variable(A)), torch.tensor(A))
    assert torch.equal(+Variable(A), torch.tensor(A)) and torch.equal(round(Variable([1.4, 2.6])), torch.tensor([1.0, 3.0]))
    assert torch.equal(round(Variable([1.26]), 1), torch.tensor([1.3]))
    assert (~flags).tolist() == [False, True] and (flags & True).tolist() == [True, False]
    assert (False | flags).tolist() == [True, False] and (flags ^ flags).tolist() == [False, False]


def test_in_place_operators_make_a_tensor_as_in_keras():
    variable = kept = Variable(A)
    variable += 1
    assert isinstance(variable, torch.Tensor) and torch.equal(kept.value, torch.tensor(A))


def test_types_promote_as_in_torch():
    variable = Variable(A)
    assert (variable + 1).dtype is (variable * np.float64(2)).dtype is (variable * [1.0, 2.0]).dtype is torch.float32
    assert (variable + np.ones(2)).dtype is torch.float64 and (variable + np.arange(2)).dtype is torch.float32
    assert (Variable(5) // 2).dtype is torch.int32


def test_python_numbers():
    assert float(Variable(1.5)) == 1.5 and int(Variable(2.7)) == 2 and bool(Variable(0.0)) is False
    assert [10, 20, 30][Variable(1)] == 20 and list(range(Variable(3))) == [0, 1, 2]
    with pytest.raises((TypeError, ValueError, RuntimeError)):
        float(Variable(A))


def test_torch_functions():
    v, t = Variable(A), torch.tensor(A)
    assert torch.equal(torch.sum(v), t.sum()) and torch.equal(torch.cat([v, v]), torch.cat([t, t]))
    assert torch.equal(torch.stack((v, t)), torch.stack((t, t)))
    assert torch.equal(torch.where(v > 2, v, 0.0), torch.where(t > 2, t, 0.0))
    assert torch.equal(torch.einsum("ij,jk->ik", v, v), t @ t) and torch.equal(nn.functional.linear(t, v), t @ t.T)
    assert torch.equal(torch.as_tensor(v), t) and torch.equal(torch.tensor(v), t)
    assert torch.equal(torch.zeros_like(v), t * 0) and torch.allclose(v, v)
    assert torch.equal(torch.empty(2, 2).copy_(v), t) and torch.equal(torch.add(input=v, other=v), t + t)


def test_methods_of_tensors():
    v = Variable(A)
    assert v.sum().item() == 10 and v.T.tolist() == A.T.tolist() and v.reshape(4).shape == (4,) and v.tolist() == A.tolist()
    assert v.mean(0).tolist() == [2, 3] and not v.detach().requires_grad and v.size() == (2, 2) and v.dim() == v.ndim == 2
    with pytest.raises(AttributeError, match="'Variable' object has no attribute 'nonsense'"):
        v.nonsense  # noqa: B018
    assert not hasattr(v, "_nonsense")


def test_numpy_functions():
    v = Variable(A)
    assert np.asarray(v).tolist() == A.tolist() and np.array(v, dtype="float64").dtype == "float64"
    assert np.sum(v) == 10 and np.add(v, 1).tolist() == (A + 1).tolist() and np.dot(B, v).tolist() == (B @ A).tolist()
    assert np.concatenate([v, B]).tolist() == [*A.tolist(), *B.tolist()] and np.mean(v, axis=0).tolist() == [2, 3]
    copied = v.numpy()
    copied[:] = 0
    assert v.numpy().tolist() == A.tolist() and Variable(A, dtype="bfloat16").numpy().tolist() == A.tolist()


def test_slicing():
    kernel = dense().kernel
    assert kernel[0].shape == (3,) and kernel[:, 1:].shape == (2, 2) and kernel[..., None].shape == (2, 3, 1)
    assert len(kernel) == 2 and [row.shape for row in kernel] == [(3,), (3,)]
    kernel[0, 1].backward()
    assert kernel.grad.tolist() == [[0, 1, 0], [0, 0, 0]]
    with pytest.raises(TypeError, match="item assignment"):
        kernel[0] = 1


def test_text():
    assert f"{Variable(1.5):.2f}" == "1.50"
    for text in (f"{Variable(1.5, name='a')}", str(Variable(1.5, name="a")), repr(Variable(1.5, name="a"))):
        assert text == "<Variable path=a, shape=(), dtype=float32, value=1.5>"
    with pytest.raises(TypeError, match="format"):
        f"{Variable(A):.2f}"


def test_identity():
    one, two = Variable(1.0), Variable(1.0)
    assert {one: 1, two: 2}[one] == 1 and hash(one) != hash(two)
    assert any(one is v for v in [two, one])


# ---------------------------------------------------------------- gradients


def test_gradients_arrive_in_both_layouts():
    layer = dense()
    factor = torch.arange(6.0).reshape(2, 3)
    assert layer.kernel.grad is None and layer.bias.value.grad is None
    (layer.kernel * factor).sum().backward()
    assert torch.equal(layer.kernel.value.grad, factor) and torch.equal(layer.kernel.grad, factor)
    assert torch.equal(layer.linear.weight.grad, factor.T)
    layer.zero_grad()
    assert layer.kernel.grad is None


def test_the_loop_of_the_guides():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(3), layers.Dense(1)])
    optimizer, x = keras.optimizers.SGD(0.1), torch.ones(4, 2)
    before = model.get_weights()
    model.zero_grad()
    model(x).sum().backward()
    variables = list(model.trainable_weights)
    gradients = [v.value.grad for v in variables]
    with torch.no_grad():
        optimizer.apply(gradients, variables)
    for old, new, gradient in zip(before, model.get_weights(), gradients, strict=True):
        np.testing.assert_allclose(new, old - 0.1 * gradient.numpy(), rtol=1e-5, atol=1e-7)


def test_torch_optimizers_refuse_views_and_take_the_tensors():
    """A view that they took without a word would never be trained."""
    layer = dense()
    with pytest.raises(ValueError, match="non-leaf"):
        torch.optim.SGD([v.value for v in layer.weights], 0.1)
    optimizer = torch.optim.SGD([v.raw for v in layer.weights], 0.1)
    before = layer.get_weights()
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_allclose(new, old - 0.1, rtol=1e-5, atol=1e-7)
    alone = Variable(A)
    optimizer = torch.optim.SGD([alone.value], 0.5)
    alone.square().sum().backward()
    optimizer.step()
    assert not alone.numpy().any()


def test_views_inside_torchs_transforms():
    layer = dense()

    def f(parameters, x):
        return torch.func.functional_call(body, parameters, (x,)).sum()

    class Body(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            return x @ self.layer.kernel + self.layer.bias

    body, x = Body(), torch.randn(5, 2)
    gradients = torch.func.grad(f)(dict(body.named_parameters()), x)
    torch.testing.assert_close(gradients["layer.linear.weight"], x.sum(0).expand(3, 2))
    rows = torch.func.vmap(lambda row: f(dict(body.named_parameters()), row[None]))(x)
    torch.testing.assert_close(rows.sum(), body(x).sum())


def test_trainable():
    variable = Variable(1.0)
    assert variable.trainable and variable.value.requires_grad and not Variable(1.0, trainable=False).trainable
    variable.trainable = False
    assert not variable.value.requires_grad and not variable.trainable
    variable.trainable = True
    assert variable.value.requires_grad and not Variable(1, trainable=True).trainable  # integers have no gradients


# ---------------------------------------------------------------- making and changing


MADE = [(1, "int32"), (1.0, "float32"), ([1, 2], "int32"), ([1.0, 2.0], "float32"), (np.ones(2), "float64"), (True, "bool"),
        (np.arange(3), "int64"), (np.ones(1, "uint8"), "uint8"), (torch.ones(1, dtype=torch.float64), "float64"),
        (Variable(A), "float32")]  # fmt: skip


@pytest.mark.parametrize(("value", "dtype"), MADE)
def test_dtypes(value, dtype):
    variable = Variable(value, trainable=False)
    assert variable.dtype == dtype and variable.shape == np.shape(value)
    assert Variable(value, dtype="float16").dtype == "float16"


def test_initializers():
    made = Variable(keras.initializers.Constant(3.0), shape=(2, 3), dtype="float64")
    assert made.numpy().tolist() == [[3.0] * 3] * 2 and made.dtype == "float64"
    assert Variable("ones", shape=(3,)).numpy().tolist() == [1.0] * 3
    assert Variable(initializer="uniform", shape=(40, 5)).numpy().std() > 0.01
    for wrong, said in (((keras.initializers.Zeros(),), "shape"), (("zeros",), "shape"), (("zeroes", (2,)), "'zeros'")):
        with pytest.raises(ValueError, match=said):
            Variable(*wrong)


def test_a_value_is_copied():
    array, tensor = A.copy(), torch.tensor(A)
    variables = Variable(array), Variable(tensor)
    array[:], tensor[:] = 0, 0
    assert all(v.numpy().tolist() == A.tolist() for v in variables)


@pytest.mark.parametrize("name", ["a/b", 3])
def test_names_that_cannot_be(name):
    with pytest.raises(ValueError, match="name"):
        Variable(1.0, name=name)


def test_names():
    assert Variable(1.0, name="a").path == Variable(1.0, name="a").name == "a"
    assert Variable(1.0).name != Variable(1.0).name


def test_assign():
    variable = Variable(np.zeros((2, 2), "float32"))
    assert variable.assign(A) is variable and variable.numpy().tolist() == A.tolist()
    variable.assign_add(1.0), variable.assign_sub(B)
    np.testing.assert_allclose(variable.numpy(), A + 1 - B)
    variable.assign(variable * 2)
    np.testing.assert_allclose(variable.numpy(), 2 * (A + 1 - B))
    assert variable.trainable and variable.value.is_leaf
    count = Variable(0)
    count.assign_add(1), count.assign(2.7)
    assert int(count) == 2 and count.dtype == "int32"


def test_assign_in_the_keras_layout():
    layer = dense()
    parameter = layer.linear.weight
    layer.kernel.assign(np.arange(6).reshape(2, 3))
    assert layer.linear.weight is parameter and parameter.tolist() == [[0, 3], [1, 4], [2, 5]]
    layer.kernel.assign_add(layer.kernel)
    assert parameter.tolist() == [[0, 6], [2, 8], [4, 10]]


@pytest.mark.parametrize("value", [1.0, np.ones((3, 2)), np.ones((2, 3, 1)), np.ones(6)])
def test_assigning_another_shape(value):
    layer = dense()
    before = layer.get_weights()[0]
    with pytest.raises(ValueError, match=r"kernel") as error:
        layer.kernel.assign(value)
    assert str((2, 3)) in str(error.value) and str(np.shape(value)) in str(error.value)
    assert np.array_equal(before, layer.get_weights()[0])


def test_what_is_no_number():
    for value in ("a", ["a"], None, object()):
        with pytest.raises((ValueError, TypeError, RuntimeError)):
            Variable(value)
    with pytest.raises(ValueError, match="numbers"):
        Variable(1.0).assign("a")


def test_state_is_replaced_and_weights_are_written_into():
    state, weight = Variable(A, trainable=False), Variable(A)
    old_state, old_weight = state.value, weight.value
    state.assign(B), weight.assign(B)
    assert old_state.tolist() == A.tolist() and old_weight.tolist() == B.tolist()


# ---------------------------------------------------------------- where it lives


def test_copies():
    layer = dense()
    twin = copy.deepcopy(layer)
    twin.kernel.assign(np.zeros((2, 3)))
    assert twin.kernel._module is twin.linear and layer.kernel.numpy().any() and not twin.linear.weight.any()
    alone = Variable(A, name="alone")
    for made in (copy.deepcopy(alone), pickle.loads(pickle.dumps(alone))):
        made.assign(B)
        assert made.name == "alone" and alone.numpy().tolist() == A.tolist() and made.numpy().tolist() == B.tolist()


def test_it_follows_its_tensor():
    layer = dense()
    kernel = layer.kernel
    layer.linear.weight = nn.Parameter(torch.ones(3, 2))
    assert kernel.numpy().tolist() == [[1.0] * 3] * 2
    layer.linear.double()
    assert kernel.dtype == "float64" and kernel.value.dtype is torch.float64
    layer.linear.to("meta")
    assert kernel.device.type == "meta" and kernel.shape == (2, 3)


@pytest.mark.parametrize("axes", [(1, 0), (2, 0, 1), (3, 2, 0, 1), (0, 1)])
def test_permuted_there_and_back(axes):
    layout, tensor = Permuted(*axes), torch.randn([2, 3, 4, 5][: len(axes)])
    assert torch.equal(layout.from_keras(layout.to_keras(tensor)), tensor)
    assert layout.to_keras(tensor).shape == tuple(tensor.shape[axis] for axis in axes)


def test_tensor_of():
    assert tensor_of([1.0, 2.0]).dtype is torch.float32 and tensor_of(1.5).dtype is torch.float32
    assert tensor_of(np.ones(2)).dtype is torch.float64 and tensor_of(Variable(A)).shape == (2, 2)
    assert tensor_of([1, 2], "float16").dtype is torch.float16 and tensor_of(torch.ones(1), device="meta").is_meta
    same = torch.ones(2)
    assert tensor_of(same) is same and tensor_of(same, torch.float32, "cpu") is same


def test_arrays_that_run_backwards():
    backwards = np.arange(6.0).reshape(2, 3)[:, ::-1]
    assert tensor_of(backwards).tolist() == backwards.tolist()


def test_tables_of_pandas():
    numbers = np.array([[1.0, 3.0], [2.0, 4.0]])
    numbers.flags.writeable = False

    class Table:
        def to_numpy(self, copy=False):
            return numbers.copy() if copy else numbers

        __array__ = to_numpy

    assert tensor_of(Table()).tolist() == [[1, 3], [2, 4]] and tensor_of(Table(), "float32").dtype is torch.float32
    assert layers.Dense(1, kernel_initializer="ones")(Table()).tolist() == [[4], [6]]
    tensor_of(Table())[0, 0] = 9
    assert numbers[0, 0] == 1


def test_arrays_of_jax_dtypes():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = np.array([[1.5, -2.0, 0.25]])
    for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2"):
        made = keras.ops.convert_to_tensor(x.astype(getattr(ml_dtypes, name)))
        assert made.dtype is getattr(torch, name) and made.float().tolist() == x.tolist()
        assert keras.ops.cast(x, name).dtype is getattr(torch, name)
    assert keras.ops.add(x.astype(ml_dtypes.bfloat16), 1).dtype is torch.bfloat16
    assert keras.ops.cast(keras.KerasTensor((2,)), "float8_e5m2").dtype == "float8_e5m2"


@pytest.mark.parametrize("step", [-1, -2, -3])
def test_steps_backwards(step):
    array = np.arange(60).reshape(3, 4, 5)
    tensor, mask, all_of = torch.tensor(array), array[:, :, 0] > 20, slice(None)
    for start in (None, -7, -1, 0, 2, 6):
        for stop in (None, -7, -2, 0, 1, 6):
            part = slice(start, stop, step)
            for index in (part, (all_of, part), (..., part), (None, part, ..., part), (part, [0, 1]), (mask, part), (0, part)):
                np.testing.assert_array_equal(part_of(tensor, index), array[index], str(index))
    variable = Variable(A)
    np.testing.assert_array_equal(variable[::step].detach(), A[::step])
    with pytest.raises(ValueError, match="zero"):
        variable[::0]


def test_what_is_true_of_variables():
    for dtype in ("float32", "bfloat16", "int32", "bool"):
        a, b = Variable([0, 2, 0, 4], dtype=dtype), torch.tensor([0, 0, 1, 3])
        assert (a & b).tolist() == [False, False, False, True] and (b.numpy() & a).dtype is torch.bool
        assert (a | b).tolist() == [False, True, True, True] and (True | a).tolist() == [True] * 4
        assert (a ^ b).tolist() == [False, True, True, False]
        assert (~a).tolist() == [True, False, True, False]


def test_variables_less_bools():
    x = Variable([1.5, 2.0])
    assert (x - torch.tensor([True, False])).tolist() == [0.5, 2.0]
    assert (np.array([True, False]) - Variable([1, 2], dtype="int32")).tolist() == [0, -2]


def test_only_one_number_is_a_number():
    one, several = Variable([[1.5]]), Variable([1.0, 2.0])
    assert (float(one), int(one), bool(one)) == (1.5, 1, True)
    for kind in (float, int, bool):
        with pytest.raises(TypeError, match="one number"):
            kind(several)
