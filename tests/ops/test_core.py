import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torchkeras_lite as keras
from torchkeras_lite import ops


def test_shape_of_a_symbolic_tensor_has_none_for_what_is_open():
    assert ops.shape(keras.Input((3,))) == (None, 3)
    assert ops.shape(torch.zeros(2, 3)) == (2, 3) and type(ops.shape(torch.zeros(2, 3))) is tuple


def test_what_is_a_tensor():
    assert ops.is_tensor(torch.zeros(2))
    assert not any(map(ops.is_tensor, (np.zeros(2), [1.0], 1.0, keras.Variable([1.0]), keras.Input((3,)))))


def test_dtype_is_a_name():
    assert ops.dtype(torch.zeros(1, dtype=torch.bfloat16)) == ops.dtype(keras.KerasTensor((1,), "bfloat16")) == "bfloat16"
    assert ops.dtype(keras.Variable([1.0])) == ops.dtype(np.zeros(1, "float32")) == "float32"


def test_cast_gives_variables_gradients():
    v = keras.Variable([1.0, 2.0])
    ops.cast(v, "float64").sum().backward()
    assert v.grad.tolist() == [1.0, 1.0]


def test_tensors_stay_the_same_object_where_nothing_changes():
    x = torch.zeros(2)
    assert ops.convert_to_tensor(x) is x and ops.cast(x, "float32") is x


def test_torch_has_no_such_tensors():
    with pytest.raises(ValueError, match="`ragged=True` is not supported"):
        ops.convert_to_tensor([1.0], ragged=True)
    assert torch.equal(ops.convert_to_tensor([1.0, 0.0], sparse=True), torch.tensor([1.0, 0.0]))


def test_lists_of_symbolic_tensors_want_to_be_stacked():
    with pytest.raises(ValueError, match=r"keras\.ops\.stack"):
        ops.convert_to_tensor([keras.Input((2,)), keras.Input((2,))])


def test_convert_to_numpy():
    x = torch.tensor([1.5, -2.0], requires_grad=True)
    array = ops.convert_to_numpy(x)
    assert array.dtype == np.float32 and array.tolist() == [1.5, -2.0]
    array[0] = 9
    assert x[0] == 1.5  # a copy
    assert ops.convert_to_numpy(x.detach().bfloat16()).tolist() == [1.5, -2.0]
    assert ops.convert_to_numpy(torch.tensor([1 + 2j]).conj()).tolist() == [1 - 2j]
    assert ops.convert_to_numpy([x, x]).shape == (2, 2)
    assert ops.convert_to_numpy(keras.Variable([3.0])).tolist() == [3.0]
    assert ops.convert_to_numpy([1, 2]).tolist() == [1, 2]
    with pytest.raises(ValueError, match="symbolic"):
        ops.convert_to_numpy(keras.Input((2,)))


DTYPES = ("uint8", "int8", "int16", "int32", "int64")


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(("float16", "bfloat16", "float32", "float64")),
    st.sampled_from(DTYPES),
    st.floats(allow_nan=False),
)
def test_saturated_floats_are_the_nearest_integers_in_range(source, target, number):
    x = torch.tensor(number, dtype=torch.float64).to(getattr(torch, source))
    about = torch.iinfo(getattr(torch, target))
    exact = int(x.nan_to_num())
    assert ops.saturate_cast(x, target).item() == min(max(exact, about.min), about.max)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(DTYPES), st.sampled_from(DTYPES), st.integers(-(2**63), 2**63 - 1))
def test_saturated_integers_are_the_nearest_in_range(source, target, number):
    limits = [torch.iinfo(getattr(torch, name)) for name in (source, target)]
    number = min(max(number, limits[0].min), limits[0].max)
    x = torch.tensor(number, dtype=getattr(torch, source))
    assert ops.saturate_cast(x, target).item() == min(max(number, limits[1].min), limits[1].max)


def test_unstack_needs_to_know_how_many():
    with pytest.raises(ValueError, match=r"from shape \(None, 3\): axis 0 is open\. Pass `num`"):
        ops.unstack(keras.Input((3,)))
    assert [part.shape for part in ops.unstack(keras.Input((3,)), num=5)] == [(3,)] * 5
    with pytest.raises(ValueError, match="`num` is 2, but axis 0"):
        ops.unstack(torch.zeros(3, 2), num=2)


def test_a_model_with_unstack_refuses_batches_of_another_size():
    x = keras.Input((3,))
    model = keras.Model(x, ops.unstack(x, num=2))
    assert [part.tolist() for part in model(np.ones((2, 3), "float32"))] == [[1.0] * 3] * 2
    with pytest.raises(ValueError, match="`num` is 2"):
        model(np.ones((4, 3), "float32"))


X = torch.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize("start", [[1, 0], (1, 0), np.array([1, 0]), torch.tensor([1, 0]), [torch.tensor(1), 0]])
def test_slices_begin_at_numbers_or_tensors(start):
    assert ops.slice(X, start, (2, 2)).equal(X[1:3, :2])
    changed = ops.slice_update(X, start, -torch.ones(2, 2))
    assert changed[1:3, :2].eq(-1).all() and changed.sum() == X.sum() - X[1:3, :2].sum() - 4
    assert X.min() == 0  # a copy


def test_slices_in_graphs():
    x = keras.Input((5,))
    start = keras.Input((), batch_size=2, dtype="int64")
    model = keras.Model([x, start], [ops.slice(x, start, (1, 3)), ops.slice_update(x, start, np.full((1, 3), 7.0, "float32"))])
    assert model.output_shape == [(1, 3), (None, 5)]
    part, changed = model([X.new_tensor([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]), torch.tensor([1, 2])])
    assert part.tolist() == [[7, 8, 9]] and changed.tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 7, 7]]
    assert ops.slice(x, (0, 1), (-1, 2)).shape == (None, 2)
    assert ops.slice(x, (2, 1), (3, -1)).shape == (3, 4)
    assert ops.slice(X, (5, 1), (-1, -1)).shape == (0, 2)


def test_slices_name_every_axis():
    x = keras.Input((3,))
    with pytest.raises(ValueError, match=r"slice: `shape` must have one size for each axis.*shape=\(2,\)"):
        ops.slice(x, (0, 0), (2,))
    with pytest.raises(ValueError, match=r"slice: `start_indices` must have one number for each axis.*\(0,\)"):
        ops.slice(x, (0,), (2, 2))
    with pytest.raises(ValueError, match="the size of axis 0 is -1, which needs a number"):
        ops.slice(X, torch.tensor([1, 0]), (-1, 2))


def test_what_is_scattered_to_one_place_twice_adds_up():
    assert ops.scatter([[0], [0]], [1.0, 2.0], (2,)).tolist() == [3.0, 0.0]


def test_unknown_reductions():
    for x in (X, keras.Input((3,))):
        with pytest.raises(ValueError, match=r"scatter_update: expected `reduction`.*Received: 'mean'"):
            ops.scatter_update(x, [[0, 0]], [1.0], "mean")


def test_scattered_places_are_checked():
    for reduction in (None, "add", "max"):
        with pytest.raises(IndexError):
            ops.scatter_update(X, [[0, 3]], [1.0], reduction)


def test_arrays_go_to_the_device_in_use_and_tensors_stay():
    array = np.ones((2, 2), "float32")
    with keras.device("meta"):
        for made in (ops.convert_to_tensor(array), ops.add(array, array), ops.matmul(array, 2 * array), ops.sum([1.0, 2.0])):
            assert made.device.type == "meta"
        assert ops.add(torch.ones(2, 2), array).device.type == "cpu"


@pytest.mark.parametrize(("name", "larger"), [("uint16", torch.int32), ("uint32", torch.int64), ("uint64", torch.int64)])
def test_unsigned_numbers_are_counted_in_a_larger_dtype(name, larger):
    """Torch stores such numbers and cannot add them."""
    x = np.array([[3, 1], [2, 40000]], dtype=name)
    for made in (ops.convert_to_tensor(x), ops.cast(x, name), ops.convert_to_tensor([[3, 1], [2, 40000]], dtype=name)):
        assert made.dtype is larger and made.tolist() == x.tolist()
    assert ops.add(x, x).tolist() == [[6, 2], [4, 80000]] and (ops.zeros(2, name) + 1).tolist() == [1, 1]
    assert ops.max(x, axis=0).tolist() == [3, 40000] and ops.one_hot(x[:, 0], 4).argmax(-1).tolist() == [3, 2]
    assert (keras.random.randint((50,), 0, 9, dtype=name, seed=1) < 9).all()
    assert keras.layers.Dense(1, kernel_initializer="ones")(x).tolist() == [[4], [40002]]
    assert keras.metrics.SparseCategoricalAccuracy()(x[:, 0], np.eye(4)[[3, 1]]) == 0.5
    assert (keras.Input((3,), dtype=name) * 2).shape == (None, 3)
    unsigned = torch.tensor([[3, 1]], dtype=getattr(torch, name))
    assert keras.layers.Dense(1, kernel_initializer="ones")(unsigned).tolist() == [[4]]


def test_unsigned_numbers_saturate_where_they_end():
    assert ops.saturate_cast([70000.0, -3.0, 5.0], "uint16").tolist() == [65535, 0, 5]
    assert ops.saturate_cast(torch.tensor([2**40, -1]), "uint32").tolist() == [2**32 - 1, 0]


def test_bytes_are_read_as_the_very_dtype():
    for dtype in ("uint16", np.uint16, torch.uint16):
        assert ops.view(torch.tensor([-1, 5], dtype=torch.int16), dtype).tolist() == [65535, 5]
    assert ops.view(keras.KerasTensor((2, 3), "int32"), "uint32").dtype == "uint32"
