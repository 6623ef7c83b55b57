"""Masks while a graph is drawn: layers that need one can be drawn, and the real ones flow when the model runs."""

import numpy as np
import pytest

import torchkeras_lite as keras
from torchkeras_lite import layers, ops

TOKENS = np.array([[3, 1, 0, 0], [2, 0, 0, 0], [1, 1, 1, 1]])


class MaskedMean(layers.Layer):
    """Cannot work without a mask."""

    def call(self, x, mask=None):
        assert mask is not None
        weights = ops.expand_dims(ops.cast(mask, "float32"), -1)
        return ops.sum(x * weights, axis=1) / ops.sum(weights, axis=1)


class Halves(layers.Layer):
    """Two outputs, each with a mask of its own."""

    def call(self, x):
        return ops.split(x, 2, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else ops.split(mask, 2, axis=1)


def test_a_layer_that_needs_its_mask():
    x = keras.Input((None,), dtype="int32")
    embedded = layers.Embedding(5, 3, mask_zero=True, name="table")(x)
    assert embedded._keras_mask.shape == (None, None) and embedded._keras_mask.dtype == "bool"
    model = keras.Model(x, MaskedMean()(layers.Dropout(0.5)(embedded)))
    table = model.get_layer("table").embeddings.numpy()
    expected = [np.mean([table[token] for token in row if token], axis=0) for row in TOKENS]
    np.testing.assert_allclose(model(TOKENS).detach().numpy(), expected, rtol=1e-5)


def test_several_outputs_have_masks_of_their_own():
    embedding = layers.Embedding(5, 3, mask_zero=True)
    first, second = Halves()(embedding(TOKENS))
    assert first._keras_mask.tolist() == (TOKENS[:, :2] != 0).tolist()
    assert second._keras_mask.tolist() == (TOKENS[:, 2:] != 0).tolist()
    x = keras.Input((4,), dtype="int32")
    halves = Halves()(embedding(x))
    assert [half._keras_mask.shape for half in halves] == [(None, 2), (None, 2)]
    model = keras.Model(x, MaskedMean()(halves[0]))
    table = embedding.embeddings.numpy()
    expected = [np.mean([table[token] for token in row[:2] if token], axis=0) for row in TOKENS]
    np.testing.assert_allclose(model(TOKENS).detach().numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("draw", "wanted"),
    [
        (lambda x, e: e._keras_mask, TOKENS != 0),
        (lambda x, e: layers.LSTM(2, return_sequences=True)(layers.Dropout(0.5)(e))._keras_mask, TOKENS != 0),
        (lambda x, e: ops.cast(layers.Add()([e, e])._keras_mask, "float32")[:, None], (TOKENS != 0)[:, None].astype("float32")),
        (
            lambda x, e: (
                layers.Concatenate(1)([layers.Reshape((4, 1))(x), layers.Embedding(5, 1, mask_zero=True)(x)])._keras_mask
            ),
            np.concatenate([np.ones_like(TOKENS, bool), TOKENS != 0], 1),
        ),
        (lambda x, e: layers.Masking(2)(layers.Reshape((2, 2))(x))._keras_mask, (TOKENS.reshape(-1, 2, 2) != 2).any(-1)),
    ],
)
def test_a_mask_is_a_tensor_of_the_graph(draw, wanted):
    x = keras.Input((4,), dtype="int32")
    model = keras.Model(x, draw(x, layers.Embedding(5, 3, mask_zero=True)(x)))
    for made in (model, keras.Model.from_config(model.get_config())):
        assert made.outputs[0].shape[1:] == wanted.shape[1:] and made(TOKENS).tolist() == wanted.tolist()


def test_a_mask_can_be_given_to_another_layer():
    x = keras.Input((4,), dtype="int32")
    embedded = layers.Embedding(5, 3, mask_zero=True, name="table")(x)
    model = keras.Model(x, layers.GlobalAveragePooling1D()(ops.exp(embedded), mask=embedded._keras_mask))
    table = np.exp(model.get_layer("table").embeddings.numpy())
    expected = [np.mean([table[token] for token in row if token], axis=0) for row in TOKENS]
    np.testing.assert_allclose(model.predict(TOKENS, verbose=0), expected, rtol=1e-5)


def test_no_mask_where_none_is_made():
    x = keras.Input((4, 3))
    assert x._keras_mask is None and layers.Dense(2)(x)._keras_mask is None


def test_a_spec_that_a_layer_gives_is_taken():
    class Told(layers.Layer):
        def call(self, x):
            raise RuntimeError("not to be tried")

        def compute_output_spec(self, x):
            return keras.KerasTensor((x.shape[0], 7), "int32")

    drawn = Told()(keras.Input((3,)))
    assert drawn.shape == (None, 7) and drawn.dtype == "int32"
