"""What layers say about arguments that are none, and which names of Keras's own subclasses find."""

import numpy as np
import pytest
import torch

from torchkeras_lite import Input, KerasTensor, layers


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: layers.ReLU(max_value=-1.0), ValueError, "max_value of a ReLU layer cannot be a negative value.*-1.0"),
        (lambda: layers.ReLU(threshold=None), ValueError, "threshold of a ReLU layer cannot be None or a negative value"),
        (lambda: layers.LeakyReLU(negative_slope=None), ValueError, "Leaky ReLU layer cannot be None"),
        (lambda: layers.Attention(score_mode="cosine"), ValueError, r"one of \{'dot', 'concat'\}.*'cosine'"),
        (lambda: layers.Embedding(2.5, 2), ValueError, "`input_dim` must be a positive integer.*2.5"),
        (lambda: layers.MultiHeadAttention(0, 2), ValueError, "argument `num_heads`.*=0"),
        (lambda: layers.MultiHeadAttention(2, 2, output_shape=2.0), ValueError, "Invalid `output_shape`.*2.0"),
        (lambda: layers.Dropout(1.5, name="d"), ValueError, "`rate`. Expected a float value between 0 and 1.*1.5.*'d'"),
        (lambda: layers.Dropout(0.5, noise_shape="ab"), ValueError, "`noise_shape`. Expected a tuple or list"),
        (lambda: layers.Dropout(0.5, noise_shape=(2, 0.5)), ValueError, "all elements to be integers or None"),
        (lambda: layers.Dropout(0.5, noise_shape=(0, 2)), ValueError, "all dimensions to be positive"),
        (lambda: layers.GroupNormalization(groups=0), ValueError, "argument `groups`.*groups=0"),
        (lambda: layers.BatchNormalization(renorm=True, renorm_clipping={"min": 1}), ValueError, "invalid keys.*'min'"),
        (
            lambda: layers.BatchNormalization(renorm=True, renorm_clipping={"rmin": 2.0, "rmax": 1.0}),
            ValueError,
            "rmax should be at least rmin",
        ),
        (
            lambda: layers.BatchNormalization(renorm=True, renorm_clipping={"dmax": -2.0}),
            ValueError,
            "dmax should be non-negative",
        ),
        (lambda: layers.LayerNormalization(axis="last"), TypeError, "int or a list/tuple of ints.*'last'"),
        (lambda: layers.UnitNormalization(axis="last"), TypeError, "int or a list/tuple of ints.*'last'"),
        (lambda: layers.SpectralNormalization(layers.Dense(2), power_iterations=0), ValueError, "greater than zero.*=0"),
        (lambda: layers.Hashing(0), ValueError, "`num_bins` for `Hashing` cannot be `None` or non-positive.*=0"),
        (lambda: layers.Hashing(2, salt=[1, 2, 3]), ValueError, r"`salt` .* a tuple of size 2.*\[1, 2, 3\]"),
        (lambda: layers.Hashing(2, dtype="float16"), ValueError, "should be an integer type.*'float16'"),
        (lambda: layers.Hashing(2, output_mode="two_hot"), ValueError, "argument `output_mode`. Expected one of.*'two_hot'"),
        (lambda: layers.CategoryEncoding(), ValueError, "num_tokens must be set.*IntegerLookup"),
        (lambda: layers.CategoryEncoding(0), ValueError, "`num_tokens` must be >= 1.*=0"),
        (lambda: layers.CategoryEncoding(2, "two_hot"), ValueError, "Unknown arg for output_mode: two_hot"),
        (lambda: layers.Discretization([1.0], num_bins=2), ValueError, "Both `num_bins` and `bin_boundaries`"),
        (lambda: layers.Normalization(mean=1.0), ValueError, "both `mean` and `variance` must be set"),
        (lambda: layers.RandomBrightness(2.0), ValueError, "`factor` argument should be a number .*=2.0"),
        (lambda: layers.RandomBrightness(0.5, value_range=[1]), ValueError, "`value_range` argument should be a list of two"),
        (lambda: layers.STFTSpectrogram(window="no such window"), (ValueError, ImportError), "window|scipy"),
        (lambda: Input((2,), ragged=True), ValueError, "`ragged=True` is not supported.* Pad them"),
        (lambda: layers.Hashing(2, sparse=True), ValueError, "`sparse` may only be true if `output_mode` is one of.*'int'"),
        (lambda: layers.StringLookup(sparse=True), ValueError, "`sparse` may only be true if `output_mode` is one of.*'int'"),
        (lambda: Input((2,), batch_shape=(1, 2)), ValueError, "cannot pass both `shape` and `batch_shape`"),
        (lambda: Input(batch_size=1, batch_shape=(1, 2)), ValueError, "cannot pass both `batch_size` and `batch_shape`"),
        (lambda: Input(batch_size=1), ValueError, "pass a `shape` argument"),
    ],
)
def test_arguments(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_inputs_that_layers_refuse():
    with pytest.raises(ValueError, match=r"broadcastable to.*mask.shape=\(2, 2\)"):
        layers.Softmax()(torch.ones(1, 2), mask=torch.ones(2, 2, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"must not have more dimensions than.*mask\[0\]"):
        layers.Softmax()(torch.ones(1, 2), mask=torch.ones(1, 1, 2, dtype=torch.bool))
    with pytest.raises(ValueError, match="cannot be more than the number of channels"):
        layers.GroupNormalization(8)(torch.ones(1, 2, 4))
    with pytest.raises(ValueError, match="ReLU object has no attribute 'kernel'"):
        layers.SpectralNormalization(layers.ReLU())(torch.ones(1, 2))
    with pytest.raises(ValueError, match="Computed output size would be zero or negative"):
        layers.Conv1D(1, 5)(torch.ones(1, 4, 1))
    for layer, size in ((layers.Cropping1D((2, 2)), (4,)), (layers.Cropping2D(2), (4, 8))):
        with pytest.raises(ValueError, match=r"`cropping` .* smaller than"):
            layer(torch.ones(1, *size, 1))


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"batch_size": 3}, "batch_size"),
        ({"shape": (4,)}, "shape"),
        ({"batch_shape": (3, 5)}, "batch_shape"),
        ({"dtype": "int32"}, "dtype"),
        ({"sparse": True}, "sparse"),
    ],
)
def test_an_input_of_a_tensor_that_is_something_else(said, word):
    tensor = KerasTensor((2, 5))
    with pytest.raises(ValueError, match=f"incompatible `{word}`"):
        layers.InputLayer(input_tensor=tensor, **said)
    with pytest.raises(ValueError, match="must be a KerasTensor"):
        layers.InputLayer(input_tensor=torch.ones(2, 5))
    layer = layers.InputLayer(input_tensor=tensor, batch_size=2, shape=(5,), dtype="float32")
    assert layer.output is tensor
    assert layer.call() is None


def test_parts_of_attention_under_the_names_that_subclasses_use():
    layer = layers.MultiHeadAttention(2, 3)
    layer.build((1, 4, 6), (1, 4, 6))
    assert (layer._query_dense, layer._key_dense) == (layer.query_dense, layer.key_dense)
    assert (layer._value_dense, layer._output_dense) == (layer.value_dense, layer.output_dense)


def test_a_subclass_whose_attention_knows_no_scores():
    class Sub(layers.MultiHeadAttention):
        def _compute_attention(self, query, key, value, attention_mask=None, training=None):
            self.hidden = attention_mask
            return super()._compute_attention(query, key, value, attention_mask, training)

    layer, x = Sub(2, 3), torch.ones(1, 4, 6)
    assert layer(x, x, use_causal_mask=True).shape == (1, 4, 6)
    assert layer.hidden.tolist() == [torch.ones(4, 4).tril().bool().tolist()]


def test_the_mask_of_concatenated_open_shapes():
    rows = torch.tensor([[True, False]])
    mask = layers.Concatenate(axis=1).compute_mask([KerasTensor((None, 2, 3)), KerasTensor((None, 2, 3))], [rows, rows])
    assert mask.tolist() == [[True, False, True, False]]


def test_shapes_before_there_are_boundaries():
    layer = layers.Discretization(num_bins=3, output_mode="multi_hot")
    assert layer.compute_output_shape((None, 4)) == (None, 3)
    assert layer(Input((4,))).shape == (None, 3)
    with pytest.raises(ValueError, match=r"You need to .* call `adapt"):
        layer(torch.ones(2, 4))


def test_tokens_without_batches_are_a_document_each():
    for data in ([1, 1, 1, 2, 2, 3], np.array([1, 1, 1, 2, 2, 3])):
        layer = layers.IntegerLookup(output_mode="tf_idf")
        layer.adapt(data)  # log(1 + 6 / (1 + 3)), log(1 + 6 / (1 + 2)), log(1 + 6 / (1 + 1)), and in front their mean
        np.testing.assert_allclose(layer([1]).tolist(), [0, np.log(2.5), 0, 0], rtol=1e-6)
        np.testing.assert_allclose(layer([4]).tolist(), [np.log([2.5, 3, 4]).mean(), 0, 0, 0], rtol=1e-6)
    layer.adapt([np.array([1, 1, 1]), np.array([2, 2, 3])])  # batches: two documents
    np.testing.assert_allclose(layer([1]).tolist(), [0, np.log(2), 0, 0], rtol=1e-6)


def test_kernels_longer_than_the_trial():
    assert layers.Conv1D(2, 1000)(Input((None, 1))).shape == (None, None, 2)
    assert layers.STFTSpectrogram(frame_length=512, frame_step=128)(Input((None, 1))).shape == (None, None, 257)


def test_reshape_of_an_open_size():
    assert layers.Reshape((3, 5))(Input(batch_shape=(2, None))).shape == (2, 3, 5)
    assert layers.Reshape((3, -1))(Input(batch_shape=(2, None))).shape == (2, 3, None)
    with pytest.raises(ValueError, match="total size"):
        layers.Reshape((3, 5))(torch.ones(2, 14))


def test_transformations_of_images_may_be_arrays():
    images = np.arange(12.0).reshape(1, 2, 2, 3)
    flipped = layers.RandomFlip("horizontal").transform_images(images, {"flips": np.array([[True]])})
    shown = layers.RandomFlip("horizontal").get_random_transformation(images, seed=1)
    made = layers.RandomFlip("horizontal").transform_images(images, {key: np.asarray(value) for key, value in shown.items()})
    assert torch.equal(made, layers.RandomFlip("horizontal").transform_images(images, shown))
    assert flipped.shape == (1, 2, 2, 3)


def test_what_only_says_that_it_is_an_array():
    class Numbers:
        def __array__(self, dtype=None, copy=None):
            return np.array([[1.0, 2.0]], dtype or "float32")

    assert layers.Rescaling(2.0)(Numbers()).tolist() == [[2.0, 4.0]]
