"""`tf.sparse`: values with their places. What is expected was computed by TensorFlow."""

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers, sparse


@pytest.fixture
def diagonal(tf):
    return tf.SparseTensor(indices=[[0, 1], [1, 0], [2, 3]], values=[1.0, 2.0, 3.0], dense_shape=[3, 4])


def places(one):
    return one.indices.tolist(), one.values.tolist(), one.shape


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


def test_joined(tf, diagonal):
    other = tf.SparseTensor([[0, 1], [1, 3], [2, 3]], [1.0, 5.0, -3.0], [3, 4])
    assert places(tf.sparse.add(diagonal, other)) == ([[0, 1], [1, 0], [1, 3], [2, 3]], [2, 2, 5, 0], [3, 4])
    assert places(tf.sparse.add(diagonal, other, threshold=0.5))[1] == [2, 2, 5]
    assert tf.sparse.add(diagonal, torch.ones(3, 4)).tolist() == [[1, 2, 1, 1], [3, 1, 1, 1], [1, 1, 1, 4]]
    assert places(tf.sparse.minimum(diagonal, other)) == ([[0, 1], [1, 0], [1, 3], [2, 3]], [1, 0, 0, -3], [3, 4])
    wanted = [[0, 1], [0, 5], [1, 0], [1, 7], [2, 3], [2, 7]], [1, 1, 2, 5, 3, -3], [3, 8]
    assert places(tf.sparse.concat(-1, [diagonal, other])) == wanted
    with pytest.raises(ValueError, match="must agree"):
        tf.sparse.concat(0, [diagonal, tf.sparse.eye(2)])
    unequal = tf.sparse.concat(0, [diagonal, tf.sparse.eye(2)], expand_nonconcat_dims=True)
    assert places(unequal) == ([[0, 1], [1, 0], [2, 3], [3, 0], [4, 1]], [1, 2, 3, 1, 1], [5, 4])


def test_pieces(tf, diagonal):
    assert places(tf.sparse.slice(diagonal, [1, 0], [5, 2])) == ([[0, 0]], [2], [2, 2])
    parts = tf.sparse.split(sp_input=diagonal, num_split=3, axis=1)
    assert [*map(places, parts)] == [([[0, 1], [1, 0]], [1, 2], [3, 2]), ([], [], [3, 1]), ([[2, 0]], [3], [3, 1])]
    assert places(tf.sparse.retain(diagonal, [True, False, True]))[:2] == ([[0, 1], [2, 3]], [1, 3])
    assert places(tf.sparse.reset_shape(diagonal, [4, 4]))[2] == [4, 4]
    assert places(tf.sparse.map_values(torch.add, diagonal, 10.0))[1] == [11, 12, 13]
    filled, empty = tf.sparse.fill_empty_rows(tf.SparseTensor([[0, 1], [2, 0]], [1.0, 2.0], [4, 2]), 9.0)
    assert places(filled) == ([[0, 1], [1, 0], [2, 0], [3, 0]], [1, 9, 2, 9], [4, 2])
    assert empty.tolist() == [False, True, False, True]
    soft = tf.sparse.softmax(tf.SparseTensor([[0, 0], [0, 2], [1, 1]], [0.0, 1.0, 5.0], [2, 3]))
    np.testing.assert_allclose(soft.values, [0.26894143, 0.7310586, 1.0], rtol=1e-6)


def test_gradients_flow_through_the_values(tf):
    values = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    sparse = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], values, [2, 2])
    (tf.sparse.sparse_dense_matmul(sparse, torch.ones(2, 1)) ** 2).sum().backward()
    assert values.grad.tolist() == [6, 6, 6]
    values.grad = None
    tf.sparse.reduce_sum(sparse * 2.0).backward()
    assert values.grad.tolist() == [2, 2, 2]


# ---------------------------------------------------------------- in layers of scripts


@pytest.fixture
def kept(tf):
    """Sparse data stays sparse, as it does once `tensorflow` has been imported."""
    sparse.keep_as(lambda: tf.SparseTensor)
    yield tf.SparseTensor
    sparse.keep_as(None)


scipy_sparse = pytest.importorskip("scipy.sparse")
SQUARE = scipy_sparse.random(6, 6, 0.4, "csr", random_state=0, dtype="float32") + scipy_sparse.eye(6, dtype="float32")
FEATURES = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


class Neighbours(keras.Layer):
    """A layer of a graph: what the neighbours are, weighted."""

    def __init__(self, tf, how):
        super().__init__()
        self.tf, self.how = tf, how

    def build(self, input_shape):
        self.w = self.add_weight((input_shape[0][-1], 3), name="w")

    def call(self, inputs):
        x, edges = inputs
        assert isinstance(edges, self.tf.SparseTensor)
        h = x @ self.w
        if self.how == "gathered":
            to, of = edges.indices.T
            return torch.zeros_like(h).index_add(0, to, h[of] * edges.values[:, None])
        if self.how == "dense":
            return self.tf.sparse.to_dense(self.tf.sparse.reorder(edges)) @ h
        return self.tf.sparse.sparse_dense_matmul(edges, h) if self.how == "product" else edges @ h


@pytest.mark.parametrize("how", ["product", "operator", "gathered", "dense"])
def test_layers_of_scripts_get_sparse_tensors(tf, kept, how):
    inputs = [keras.Input((4,)), keras.Input((6,), sparse=True)]
    outputs = Neighbours(tf, how)(inputs)
    assert outputs.shape == (None, 3)
    model = keras.Model(inputs, outputs)
    wanted = SQUARE @ (FEATURES @ model.get_weights()[0])
    coo = SQUARE.tocoo()
    given = tf.SparseTensor(np.stack([coo.row, coo.col], 1), coo.data, coo.shape)
    for edges in (SQUARE, coo, given):
        np.testing.assert_allclose(model.predict([FEATURES, edges], batch_size=6, verbose=0), wanted, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model([FEATURES, given]).detach(), wanted, rtol=1e-4, atol=1e-5)
    model.compile("sgd", "mse")
    before = model.evaluate([FEATURES, SQUARE], np.ones((6, 3)), batch_size=6, verbose=0)
    model.fit([FEATURES, given], np.ones((6, 3)), batch_size=6, epochs=3, verbose=0)
    model.fit(iter([([FEATURES, given], np.ones((6, 3)))]), steps_per_epoch=1, verbose=0)
    model.train_on_batch([FEATURES, SQUARE], np.ones((6, 3)))
    assert model.evaluate([FEATURES, SQUARE], np.ones((6, 3)), batch_size=6, verbose=0) < before


def test_batches_of_sparse_rows(tf, kept):
    class Rows(keras.Layer):
        def call(self, x):
            assert isinstance(x, tf.SparseTensor) and x.indices.shape[1] == 2
            return tf.sparse.reduce_sum(x, 1)[:, None] + 0 * x.values.sum()

    rows = keras.Input((6,), sparse=True)
    model = keras.Model(rows, Rows()(rows))
    wanted = np.asarray(SQUARE.sum(1)).reshape(-1, 1)
    for given in (SQUARE, tf.sparse.from_dense(SQUARE.toarray())):
        np.testing.assert_allclose(model.predict(given, batch_size=4, verbose=0), wanted, rtol=1e-6)
    # Each row comes once, beside its own target, in whatever order: the loss is 0 in each batch.
    model.compile("sgd", "mae")
    for given in (SQUARE, tf.sparse.from_dense(SQUARE.toarray())):
        assert model.fit(given, wanted, batch_size=2, epochs=2, verbose=0).history["loss"] == pytest.approx([0, 0], abs=1e-6)

    class Whole(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1, kernel_initializer="ones")

        def call(self, x):
            assert isinstance(x, tf.SparseTensor)
            return self.dense(x)

    np.testing.assert_allclose(Whole().predict(SQUARE, batch_size=4, verbose=0), wanted, rtol=1e-6)


def test_layers_of_ours_get_dense_ones(tf, kept):
    rows = keras.Input((6,), sparse=True)
    model = keras.Model(rows, layers.Dense(1, kernel_initializer="ones")(rows))
    assert not model._entries[0].takes_sparse  # batches are dense before the model is called
    wanted = np.asarray(SQUARE.sum(1)).reshape(-1, 1)
    np.testing.assert_allclose(model.predict(SQUARE, batch_size=4, verbose=0), wanted, rtol=1e-6)
    plain = keras.Sequential([keras.Input((6,)), layers.Dense(1, kernel_initializer="ones")])
    np.testing.assert_allclose(plain.predict(SQUARE, batch_size=4, verbose=0), wanted, rtol=1e-6)
    given = tf.sparse.from_dense(SQUARE.toarray())
    np.testing.assert_allclose(plain(given).detach(), wanted, rtol=1e-6)
    both = layers.Concatenate()([given, torch.zeros(6, 1)])
    assert both[:, :6].tolist() == SQUARE.toarray().tolist()


def test_symbolic_ones_stand_in_graphs(tf, kept):
    rows = keras.Input((6,), sparse=True)
    turned = tf.sparse.map_values(torch.square, rows)
    assert turned.sparse and turned.shape == (None, 6)
    dense = tf.sparse.to_dense(turned)
    assert not dense.sparse and dense.shape == (None, 6)
    for outputs in (dense, layers.Lambda(lambda x: tf.sparse.to_dense(tf.sparse.map_values(torch.square, x)))(rows)):
        model = keras.Model(rows, outputs)
        np.testing.assert_allclose(model.predict(SQUARE, batch_size=4, verbose=0), SQUARE.toarray() ** 2, rtol=1e-6)


def test_functions_of_torch_take_them_for_dense_ones(tf, diagonal):
    dense = diagonal.to_dense()
    assert torch.equal(torch.relu(diagonal), dense) and torch.equal(diagonal + 1, dense + 1)
    assert torch.equal(torch.nn.functional.linear(diagonal, torch.ones(2, 4)), dense.sum(1, keepdim=True).expand(3, 2))
    assert torch.equal(torch.ones(2, 3) @ diagonal, torch.ones(2, 3) @ dense)
    assert torch.equal(keras.ops.matmul(diagonal, torch.ones(4, 1)), dense.sum(1, keepdim=True))


def test_without_anybody_who_keeps_them_they_are_dense():
    rows = keras.Input((6,), sparse=True)
    seen = []

    class Looks(keras.Layer):
        def call(self, x):
            seen.append(type(x))
            return x

    model = keras.Model(rows, Looks()(rows))
    assert model.predict(SQUARE, verbose=0).tolist() == SQUARE.toarray().tolist() and {*seen} == {torch.Tensor}


def test_extremes_of_segments(tf):
    inf, low = torch.inf, torch.finfo(torch.float32).min
    data = torch.tensor([[inf], [1.0], [-inf]])
    assert tf.math.unsorted_segment_max(data, [0, 2, 3], 5).flatten().tolist() == [inf, low, 1, low, low]
    assert tf.math.unsorted_segment_min(data, [0, 2, 3], 5).flatten().tolist() == [-low, -low, 1, -inf, -low]
    assert tf.math.segment_max(torch.tensor([1.0, 2.0]), [0, 2]).tolist() == [1, 0, 2]


def test_rows_of_unequal_length_by_the_row_of_each_value(tf):
    rows = tf.RaggedTensor.from_value_rowids([1, 2, 3, 4], [0, 0, 2, 2], nrows=4)
    assert rows.to_list() == [[1, 2], [], [3, 4], []] and rows.value_rowids().tolist() == [0, 0, 2, 2]
    assert rows.row_starts().tolist() == [0, 2, 2, 4] and rows.row_limits().tolist() == [2, 2, 4, 4]
