"""`tf.sparse`: values with their places. What is expected was computed by TensorFlow."""

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers


@pytest.fixture
def diagonal(tf):
    return tf.SparseTensor(indices=[[0, 1], [1, 0], [2, 3]], values=[1.0, 2.0, 3.0], dense_shape=[3, 4])


def places(sparse):
    return sparse.indices.tolist(), sparse.values.tolist(), sparse.shape


def test_dense_and_back(tf, diagonal):
    dense = tf.sparse.to_dense(diagonal)
    assert dense.tolist() == [[0, 1, 0, 0], [2, 0, 0, 0], [0, 0, 0, 3]] and dense.dtype is torch.float32
    assert places(tf.sparse.from_dense(dense)) == places(diagonal) == ([[0, 1], [1, 0], [2, 3]], [1, 2, 3], [3, 4])
    assert tf.sparse.to_dense(diagonal, default_value=-1.0)[0].tolist() == [-1, 1, -1, -1]
    words = tf.sparse.from_dense([["", "a"], ["b", ""]])
    assert tf.sparse.to_dense(words, default_value="?").tolist() == [["?", "a"], ["b", "?"]]
    assert words.dtype == "string" and diagonal.dtype == "float32" and diagonal.get_shape().as_list() == [3, 4]


def test_what_stands_at_one_place_is_added_in_layers(tf):
    twice = tf.SparseTensor([[1, 0], [0, 1], [1, 0]], [1.0, 2.0, 3.0], [2, 2])
    assert np.asarray(twice).tolist() == [[0, 2], [4, 0]]
    assert layers.Dense(1, kernel_initializer="ones")(twice).tolist() == [[2], [4]]
    assert places(tf.sparse.eye(2, 3, dtype="int32")) == ([[0, 0], [1, 1]], [1, 1], [2, 3])
    assert tf.sparse.sparse_dense_matmul(tf.sparse.eye(2), twice).tolist() == [[0, 2], [4, 0]]


def test_the_order(tf):
    mixed = tf.SparseTensor([[0, 2], [0, 1]], ["c", "b"], [2, 3])
    with pytest.raises(ValueError, match="reorder"):
        tf.sparse.to_dense(mixed)
    assert places(tf.sparse.reorder(mixed)) == ([[0, 1], [0, 2]], ["b", "c"], [2, 3])
    with pytest.raises(ValueError, match="column for each axis"):
        tf.SparseTensor([[0], [1]], [1, 2], [2, 2])


def test_other_shapes(tf, diagonal):
    assert places(tf.sparse.transpose(diagonal)) == ([[0, 1], [1, 0], [3, 2]], [2, 1, 3], [4, 3])
    assert places(tf.sparse.reshape(diagonal, [2, -1])) == ([[0, 1], [0, 4], [1, 5]], [1, 2, 3], [2, 6])
    assert places(tf.sparse.expand_dims(diagonal, 0))[::2] == ([[0, 0, 1], [0, 1, 0], [0, 2, 3]], [1, 3, 4])
    assert tf.sparse.expand_dims(diagonal, -1).shape == [3, 4, 1]


def test_numbers(tf, diagonal):
    product = tf.sparse.sparse_dense_matmul(diagonal, torch.arange(8.0).reshape(4, 2))
    np.testing.assert_allclose(product, [[2, 3], [0, 2], [18, 21]])
    np.testing.assert_allclose(tf.sparse.sparse_dense_matmul(diagonal, torch.ones(3, 1), adjoint_a=True), [[2], [1], [0], [3]])
    assert (diagonal * 2.0).values.tolist() == [2, 4, 6]
    assert (diagonal / torch.full((3, 4), 2.0)).values.tolist() == [0.5, 1, 1.5]
    assert tf.sparse.reduce_sum(diagonal, 1).tolist() == [1, 2, 3] and float(tf.sparse.reduce_sum(diagonal)) == 6
    low = tf.SparseTensor([[0, 0], [0, 1]], [-3.0, -2.0], [2, 2])
    assert tf.sparse.reduce_max(low, 1).tolist() == [-2, 0]
    assert tf.sparse.to_dense(tf.sparse.maximum(low, low * -1.0)).tolist() == [[3, 2], [0, 0]]
    rows = tf.SparseTensor([[0, 0], [1, 0]], [1, 2], [2, 1])
    assert tf.sparse.to_indicator(rows, 3).tolist() == [[False, True, False], [False, False, True]]


def test_layers_take_what_is_there(tf):
    words = tf.SparseTensor([[0, 0], [2, 0], [2, 1]], ["hay", "oak", "ivy"], [3, 2])
    numbers = tf.SparseTensor([[0, 0], [2, 0], [2, 1]], [1, 2, 1], [3, 2])
    for layer, x, wanted in (
        (layers.StringLookup(vocabulary=["hay"]), words, [[1, 0], [0, 0], [0, 0]]),
        (layers.IntegerLookup(vocabulary=[1]), numbers, [[1, 0], [0, 0], [0, 1]]),
        (layers.Hashing(3), numbers, [[0, 0], [0, 0], [1, 0]]),
    ):
        found = layer(x)
        assert found.indices.tolist() == x.indices.tolist() and tf.sparse.to_dense(found).tolist() == wanted
    for layer, x, wanted in (
        (layers.StringLookup(vocabulary=["hay"], output_mode="multi_hot", sparse=True), words, [[0, 1], [0, 0], [1, 0]]),
        (layers.StringLookup(vocabulary=["hay"], output_mode="count"), words, [[0, 1], [0, 0], [2, 0]]),
        (layers.CategoryEncoding(4, output_mode="multi_hot"), numbers, [[0, 1, 0, 0], [0] * 4, [0, 1, 1, 0]]),
    ):
        assert layer(x).tolist() == wanted
    one = tf.SparseTensor([[0, 0], [1, 0]], ["hay", "ivy"], [2, 1])
    assert layers.StringLookup(vocabulary=["hay"], output_mode="one_hot")(one).tolist() == [[0, 1], [1, 0]]
    with pytest.raises(ValueError, match=r"sparse tensors \(batch, samples\)"):
        layers.CategoryEncoding(4)(tf.sparse.expand_dims(numbers, 0))


def test_models_make_it_dense(tf, diagonal):
    x = keras.Input((4,), sparse=True)
    model = keras.Model(x, layers.Dense(2, kernel_initializer="ones")(x))
    assert x.sparse and model.get_config()["layers"][0]["config"]["sparse"] is True
    for found in (model(diagonal).detach(), model.predict(diagonal, verbose=0)):
        np.testing.assert_allclose(found, [[1, 1], [2, 2], [3, 3]])
    model.compile("sgd", "mse")
    assert model.fit(diagonal, np.zeros((3, 2)), verbose=0).history["loss"][0] == pytest.approx(14 / 3)
