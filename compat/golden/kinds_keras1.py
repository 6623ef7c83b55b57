"""The kinds of models that Keras 1 writes golden files of, in its own words. As kinds_keras2.py."""

import numpy as np
from kinds_keras2 import indices, numbers

ONLY_HDF5 = set()
KINDS = {}
EITHER_WAY = {"convolution_tf", "convolution_1d"}  # kernels that are the same turned round: see saving/keras1.py


def kind(function):
    KINDS[function.__name__] = function
    return function


def chain(keras, *layers):
    return keras.models.Sequential(list(layers))


@kind
def dense(k):
    L = k.layers
    model = chain(
        k, L.Dense(5, init="uniform", activation="relu", input_dim=4), L.Dropout(0.5), L.Dense(3), L.Activation("softmax")
    )
    return model, [numbers(4, 4)]


@kind
def trained_dense(k):
    L = k.layers
    l2 = k.regularizers.l2(0.01)
    model = chain(k, L.Dense(5, activation="tanh", input_shape=(4,), W_regularizer=l2), L.Dense(3, activation="softmax"))
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(numbers(8, 4), np.eye(3, dtype="float32")[indices(3, 8)], nb_epoch=2, verbose=0)
    return model, [numbers(4, 4)]


@kind
def convolution_th(k):
    L = k.layers
    model = chain(
        k,
        L.ZeroPadding2D((1, 1), dim_ordering="th", input_shape=(3, 6, 6)),
        L.Convolution2D(4, 3, 3, activation="relu", dim_ordering="th"),
        L.MaxPooling2D((2, 2), strides=(2, 2), dim_ordering="th"),
        L.Convolution2D(2, 3, 3, border_mode="same", subsample=(1, 1), dim_ordering="th"),
        L.Flatten(),
        L.Dense(2),
    )
    return model, [numbers(2, 3, 6, 6)]


@kind
def convolution_tf(k):
    L = k.layers
    model = chain(
        k,
        L.Convolution2D(4, 3, 3, border_mode="valid", activation="relu", dim_ordering="tf", input_shape=(6, 6, 3)),
        L.AveragePooling2D((2, 2), dim_ordering="tf"),
        L.Flatten(),
        L.Dense(2),
    )
    return model, [numbers(2, 6, 6, 3)]


@kind
def convolution_1d(k):
    L = k.layers
    return chain(k, L.Convolution1D(4, 3, input_shape=(8, 3)), L.MaxPooling1D(2), L.GlobalMaxPooling1D()), [numbers(2, 8, 3)]


@kind
def normalized(k):
    return chain(k, k.layers.BatchNormalization(input_shape=(4,)), k.layers.Dense(2)), [numbers(4, 4)]


@kind
def lstm(k):
    L = k.layers
    return chain(k, L.LSTM(4, return_sequences=True, input_shape=(5, 3)), L.LSTM(3), L.Dense(1)), [numbers(4, 5, 3)]


@kind
def gru(k):
    return chain(k, k.layers.GRU(4, input_dim=3, input_length=5), k.layers.Dense(1)), [numbers(4, 5, 3)]


@kind
def simple_rnn(k):
    return chain(k, k.layers.SimpleRNN(4, go_backwards=True, input_shape=(5, 3))), [numbers(4, 5, 3)]


@kind
def stateful(k):
    L = k.layers
    return chain(k, L.LSTM(3, stateful=True, batch_input_shape=(4, 5, 2)), L.Dense(1)), [numbers(4, 5, 2)], 2


@kind
def embedding_masked(k):
    L = k.layers
    return chain(k, L.Embedding(7, 3, input_length=6, mask_zero=True), L.LSTM(4), L.Dense(1)), [indices(7, 4, 6)]


@kind
def bidirectional(k):
    return chain(k, k.layers.Bidirectional(k.layers.LSTM(3), input_shape=(5, 2))), [numbers(4, 5, 2)]


@kind
def time_distributed(k):
    L = k.layers
    return chain(k, L.TimeDistributed(L.Dense(3), input_shape=(5, 4)), L.Permute((2, 1)), L.Flatten(), L.RepeatVector(2)), [
        numbers(4, 5, 4)
    ]


@kind
def activations(k):
    from keras.layers import advanced_activations as A

    x = k.layers.Input((4,))
    return k.models.Model(input=x, output=[A.LeakyReLU(0.2)(x), A.PReLU()(x), A.ELU(0.5)(x)]), [numbers(4, 4)]


@kind
def several_inputs(k):
    L = k.layers
    a, b = L.Input((4,), name="a"), L.Input((4,), name="b")
    shared = L.Dense(3, name="shared")
    both = [shared(a), shared(b)]
    merged = [L.merge(both, mode=mode) for mode in ("sum", "mul", "ave", "max", "concat")]
    merged.append(L.merge(both, mode="dot", dot_axes=1))
    return k.models.Model(input=[a, b], output=L.merge(merged, mode="concat")), [numbers(4, 4), numbers(4, 4)[::-1]]


@kind
def branches(k):
    L = k.layers
    left, right = chain(k, L.Dense(3, input_dim=4)), chain(k, L.Dense(3, input_dim=4))
    return chain(k, L.Merge([left, right], mode="concat"), L.Dense(2)), [numbers(4, 4), numbers(4, 4)[::-1]]


@kind
def nested(k):
    L = k.layers
    inner = chain(k, L.Dense(3, activation="relu", input_shape=(4,)), L.BatchNormalization())
    x = L.Input((4,))
    return k.models.Model(input=x, output=L.Dense(2)(inner(x))), [numbers(4, 4)]
