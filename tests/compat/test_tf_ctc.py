"""`tf.nn.ctc_loss`, its decoders and `tf.edit_distance`, through sparse tensors. The values are those of TensorFlow 2.21."""

import numpy as np
import pytest

X = np.random.default_rng(0).normal(size=(6, 2, 4)).astype("float32")  # times, batch, classes
Y = np.array([[1, 2, 0], [3, 3, 2]])
LENGTHS = [6, 5]


@pytest.fixture
def labels(tf):
    return tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [1, 2, 0], [2, 2])


def near(found, wanted):
    np.testing.assert_allclose(np.asarray(found), wanted, atol=1e-4)


def test_loss(tf, labels):
    near(tf.nn.ctc_loss(Y, X, [2, 3], LENGTHS, blank_index=0), [5.5748, 6.2870])
    near(tf.nn.ctc_loss(Y[:1], X.transpose(1, 0, 2)[:1], [2], [6], logits_time_major=False, blank_index=-1), [4.5325])
    near(tf.nn.ctc_loss(labels, X, None, LENGTHS, blank_index=-1), [4.5325, 4.8166])
    near(tf.nn.ctc_loss(labels, X, LENGTHS), [4.5325, 4.8166])  # TensorFlow 1's places and words
    words = {"inputs": X, "labels": tf.cast(labels, "int32"), "sequence_length": LENGTHS}
    near(tf.nn.ctc_loss(**words), [4.5325, 4.8166])


def test_greedy(tf):
    (found,), scores = tf.nn.ctc_greedy_decoder(X, LENGTHS)
    assert found.indices.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1]]
    assert found.values.tolist() == [2, 0, 1, 2, 1] and found.dense_shape.tolist() == [2, 3]
    near(scores, [[-4.6825], [-4.1653]])
    (found,), _ = tf.nn.ctc_greedy_decoder(X, LENGTHS, merge_repeated=False, blank_index=0)
    assert found.values.tolist() == [2, 3, 3, 1, 1, 2, 1, 1, 1, 3]
    assert tf.sparse.to_dense(found, default_value=-1).shape == (2, 5)


def test_beam_search(tf):
    found, scores = tf.nn.ctc_beam_search_decoder(X, LENGTHS, 5, 2)
    assert [one.values.tolist() for one in found] == [[2, 0, 1, 2, 1], [2, 0, 2, 2, 1, 2]]
    near(scores, [[-2.8692, -3.1710], [-1.9609, -2.3732]])


def test_edit_distance(tf):
    found = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], ["a", "b", "c"], [3, 2])
    wanted = tf.SparseTensor([[0, 0], [1, 0], [1, 1], [2, 0]], ["a", "c", "d", "e"], [3, 2])
    assert tf.edit_distance(found, wanted).tolist() == [1, 0.5, 1]
    assert tf.edit_distance(found, wanted, normalize=False).tolist() == [1, 1, 1]


def test_a_sparse_tensor_of_another_dtype(tf, labels):
    cast = tf.cast(labels, tf.float32)
    assert cast.values.tolist() == [1.0, 2.0, 0.0] and str(cast.values.dtype) == "torch.float32"
