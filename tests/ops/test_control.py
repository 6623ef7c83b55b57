import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torchkeras_lite as keras
from torchkeras_lite import ops

X = torch.arange(12.0).reshape(4, 3)


def double(x):
    return x * 2


# ---------------------------------------------------------------- branches


def test_cond_calls_one_branch():
    calls = []
    assert ops.cond(torch.tensor(True), lambda: calls.append(1) or 5, lambda: calls.append(2)) == 5
    assert ops.cond(0, lambda: calls.append(1), lambda: calls.append(2) or 6) == 6
    assert calls == [1, 2]


def test_branches_of_a_graph_may_use_its_tensors():
    x = keras.Input((3,))
    y = ops.cond(ops.sum(x) > 10, lambda: {"a": x * 2, "b": None}, lambda: {"a": x - 1, "b": None})
    model = keras.Model(x, y["a"])
    again = keras.Model.from_config(model.get_config())
    for each in (model, again):
        assert each(X).equal(X * 2) and each(X - X).equal(X - X - 1)
    leaf = torch.ones(2, 3, requires_grad=True)
    model(leaf).sum().backward()
    assert leaf.grad.eq(1).all()


def test_branches_must_agree():
    pred = keras.KerasTensor((), "bool")
    for other in (lambda: torch.ones(3), lambda: torch.ones(2).int(), lambda: (torch.ones(2),), lambda: None):
        with pytest.raises(ValueError, match="cond: `true_fn` and `false_fn` must return the same structure"):
            ops.cond(pred, lambda: torch.ones(2), other)


def test_switch_with_a_tensor_for_an_index():
    branches = [lambda x: x, double, lambda x: x * 3]
    for index, factor in ((0, 1), (1, 2), (9, 3), (-1, 1)):
        assert ops.switch(torch.tensor(index), branches, X).equal(X * factor)
    index, x = keras.Input((), batch_size=1, dtype="int32"), keras.Input((3,))
    model = keras.Model([index, x], ops.switch(index, branches, x))
    assert model([np.array([2], "int32"), X]).equal(X * 3)


# ---------------------------------------------------------------- loops


def test_while_loop():
    assert ops.while_loop(lambda x: x.sum() < 100, double, 1.0).item() == 128
    assert [v.item() for v in ops.while_loop(lambda i, x: i < 5, lambda i, x: (i + 1, x * 2), [0, 1])] == [5, 32]
    assert ops.while_loop(lambda i: i < 5, lambda i: i + 1, 0, maximum_iterations=3).item() == 3
    x = torch.ones(2, requires_grad=True)
    ops.while_loop(lambda x: x.sum() < 10, double, x).sum().backward()
    assert x.grad.tolist() == [8, 8]


def test_the_condition_of_a_loop_is_not_asked_while_it_is_drawn():
    asked = []

    def small(x):
        asked.append(x)
        return x.sum() < 100

    x = keras.Input((3,))
    model = keras.Model(x, ops.while_loop(small, double, x))
    assert not asked and model.output_shape == (None, 3)
    assert model(X + 1).shape == X.shape and asked


def test_loops_that_would_never_end_on_zeros():
    x = keras.Input((3,))
    model = keras.Model(x, ops.while_loop(lambda x: x.sum() < 100, double, x))
    assert model.output_shape == (None, 3)
    assert model(X + 1).sum() == (X + 1).sum() * 2
    assert keras.Model(x, model(x)).output_shape == (None, 3)


@pytest.mark.parametrize("f", ["while_loop", "fori_loop"])
def test_loops_go_through_files(f):
    keras.saving.register_keras_serializable("loops")(below_50)
    keras.saving.register_keras_serializable("loops")(double)
    keras.saving.register_keras_serializable("loops")(add)
    x = keras.Input((3,))
    y = ops.while_loop(below_50, double, x, 9) if f == "while_loop" else ops.fori_loop(1, 4, add, x)
    model = keras.Model(x, y)
    assert keras.Model.from_config(model.get_config())(X).equal(model(X))
    assert model(X).equal(X if f == "while_loop" else X + 6)


def below_50(x):
    return x.sum() < 50


def add(i, x):
    return x + i


def test_map_runs_over_arrays_structures_and_nothing():
    assert ops.map(lambda x: x + 1, np.array([1, 2, 3])).tolist() == [2, 3, 4]
    assert ops.map(lambda x: {"a": x[0] * x[1]}, (np.arange(3), np.arange(3)))["a"].tolist() == [0, 1, 4]
    assert ops.map(lambda x: x.sum().reshape(1, 1), torch.zeros(0, 5)).shape == (0, 1, 1)


def test_vectorized_map_of_what_cannot_be_vectorized():
    assert ops.vectorized_map(lambda x: x * 2 if x.sum() > 15 else x, X).equal(torch.cat((X[:2], X[2:] * 2)))
    assert ops.vectorized_map(lambda x: torch.where(x > 2, x, 0), X).equal(X * (X > 2))
    assert len(set(ops.vectorized_map(lambda x: x + torch.rand(()), torch.zeros(4)).tolist())) == 4
    with pytest.raises(ZeroDivisionError):
        ops.vectorized_map(lambda x: 1 / 0, X)


def test_scan():
    carry, ys = ops.scan(lambda c, x: (c + x, c), 0.0, np.array([1.0, 2.0, 3.0]))
    assert carry == 6 and ys.tolist() == [0, 1, 3]
    carry, ys = ops.scan(lambda c, x: (c + x, None), 0.0, np.array([1.0, 2.0, 3.0]))
    assert carry == 6 and ys is None
    carry, ys = ops.scan(lambda c, x: ({"n": c["n"] + 1}, {"x": x}), {"n": 0}, X, reverse=True)
    assert carry["n"] == 4 and ys["x"].equal(X)
    carry, ys = ops.scan(lambda c, x: (c + x, c.sum()), torch.ones(3), torch.zeros(0, 3))
    assert carry.tolist() == [1, 1, 1] and ys.shape == (0,)
    carry, ys = ops.scan(lambda c, _: (c * 2, c), 1, length=0)
    assert carry == 1 and ys.shape == (0,)


def test_scan_with_bad_arguments():
    with pytest.raises(TypeError, match="scan: `f` must be a function"):
        ops.scan(1, 0.0, X)
    for unroll in (0, -1, "yes"):
        with pytest.raises(ValueError, match="scan: `unroll` must be a positive integer or a boolean"):
            ops.scan(double, 0.0, X, unroll=unroll)
    with pytest.raises(ValueError, match="the number of turns is not known"):
        ops.scan(double, 0.0)
    with pytest.raises(ValueError, match=r"scan: all tensors in `xs`.*\(4, 3\).*length=5"):
        ops.scan(double, 0.0, X, length=5)
    with pytest.raises(ValueError, match=r"map: all tensors in `xs`.*\(4, 3\), \(3,\)"):
        ops.map(double, (X, X[0]))
    with pytest.raises(ValueError, match=r"map: all tensors in `xs`.*\(\), \(\)"):
        ops.map(double, [1, 2])


@pytest.mark.parametrize(
    "call",
    [
        lambda x, other: ops.map(lambda row: row + other, x),
        lambda x, other: ops.scan(lambda c, row: (c + row, other), torch.zeros(3), x),
        lambda x, other: ops.fori_loop(0, 2, lambda i, x: x + other, x),
        lambda x, other: ops.while_loop(lambda x: x.sum() < 3, lambda x: x + other, x),
        lambda x, other: ops.switch(0, [lambda x: x + other], x),
        lambda x, other: ops.associative_scan(lambda a, b: a + b + other, x),
    ],
)
def test_functions_may_not_reach_for_symbolic_tensors(call):
    x, other = keras.KerasTensor((4, 3)), keras.KerasTensor((3,), name="stranger")
    with pytest.raises(ValueError, match="uses a symbolic tensor that it does not get as an argument"):
        call(x, other)


# ---------------------------------------------------------------- in parallel


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 20), st.booleans(), st.integers(0, 9))
def test_associative_scan_is_what_one_after_the_other_gives(size, reverse, seed):
    x = torch.from_numpy(np.random.default_rng(seed).normal(size=(size, 2, 2)))
    rows = list(itertools.accumulate(x.flip(0) if reverse else x, torch.matmul))
    expected = torch.stack(rows[::-1] if reverse else rows)
    torch.testing.assert_close(ops.associative_scan(torch.matmul, x, reverse=reverse), expected)


def test_associative_scan_takes_few_steps():
    calls = []
    ops.associative_scan(lambda a, b: calls.append(1) or a + b, torch.ones(1024))
    assert len(calls) <= 19


def test_associative_scan_with_bad_arguments():
    with pytest.raises(TypeError, match="associative_scan: `f` must be a function"):
        ops.associative_scan(1, X)
    for kind in (torch.ones, keras.KerasTensor):
        with pytest.raises(ValueError, match=r"same size along axis 1.*\(2, 3\), \(2, 4\)"):
            ops.associative_scan(lambda a, b: a, [kind((2, 3)), kind((2, 4))], axis=1)
