"""The kinds of models that Keras 2 writes golden files of. A function gives a model, its inputs, perhaps how many batches."""

import numpy as np

ONLY_HDF5 = EITHER_WAY = set()
KINDS = {}


def kind(function):
    KINDS[function.__name__] = function
    return function


def numbers(*shape):
    return np.random.RandomState(3).uniform(-1, 1, shape).astype("float32")


def indices(most, *shape):
    return np.random.RandomState(5).randint(0, most, shape).astype("int32")


def chain(keras, *layers):
    return keras.models.Sequential(list(layers))


@kind
def dense(k):
    L = k.layers
    return chain(k, L.Dense(5, activation="relu", input_shape=(4,)), L.Dropout(0.5), L.Dense(3, activation="softmax")), [
        numbers(4, 4)
    ]


@kind
def trained_dense(k):
    L = k.layers
    model = chain(
        k,
        L.Dense(5, activation="tanh", input_dim=4, kernel_regularizer=k.regularizers.l2(0.01)),
        L.Dense(3, activation="softmax", kernel_constraint=k.constraints.MaxNorm(2.0)),
    )
    model.compile(k.optimizers.Adam(beta_1=0.8), "categorical_crossentropy", metrics=["accuracy"])
    model.fit(numbers(8, 4), np.eye(3, dtype="float32")[indices(3, 8)], epochs=2, verbose=0)
    return model, [numbers(4, 4)]


@kind
def trained_two_outputs(k):
    L = k.layers
    x = L.Input((4,), name="x")
    hidden = L.Dense(4, activation="elu", name="hidden")(x)
    model = k.models.Model(x, [L.Dense(1, name="a")(hidden), L.Dense(1, activation="sigmoid", name="b")(hidden)])
    model.compile(
        "rmsprop", {"a": "mse", "b": "binary_crossentropy"}, loss_weights={"a": 1.0, "b": 0.2}, metrics={"a": ["mae"]}
    )
    model.fit(numbers(8, 4), [numbers(8, 1), indices(2, 8, 1)], epochs=1, verbose=0)
    return model, [numbers(4, 4)]


@kind
def convolution_normalized(k):
    L = k.layers
    model = chain(
        k,
        L.Conv2D(4, 3, padding="same", use_bias=False, input_shape=(8, 8, 3)),
        L.BatchNormalization(),
        L.Activation("relu"),
        L.MaxPooling2D(2),
        L.Conv2D(2, (3, 1), strides=2, activation="tanh"),
        L.Flatten(),
        L.Dense(2),
    )
    return model, [numbers(2, 8, 8, 3)]


@kind
def convolutions(k):
    L = k.layers
    same = "valid" if k.backend.backend() == "theano" else "same"  # which Theano pads in another way
    x = L.Input((6, 6, 3))
    y = L.Conv2DTranspose(4, 3, strides=2, padding=same)(x)
    y = L.ZeroPadding2D(1)(y)
    y = L.Cropping2D(((1, 0), (0, 1)))(y)
    y = L.UpSampling2D(2)(y)
    y = L.AveragePooling2D(3, strides=2, padding=same)(y)
    return k.models.Model(x, L.GlobalMaxPooling2D()(y)), [numbers(2, 6, 6, 3)]


@kind
def convolution_1d(k):
    L = k.layers
    model = chain(
        k, L.Conv1D(4, 3, padding="causal", dilation_rate=2, input_shape=(9, 3)), L.MaxPooling1D(2), L.SeparableConv1D(3, 2),
        L.GlobalAveragePooling1D(),
    )  # fmt: skip
    return model, [numbers(2, 9, 3)]


@kind
def convolution_3d(k):
    L = k.layers
    return chain(k, L.Conv3D(2, 2, input_shape=(4, 4, 4, 2)), L.GlobalAveragePooling3D()), [numbers(2, 4, 4, 4, 2)]


@kind
def depthwise(k):
    L = k.layers
    return chain(k, L.DepthwiseConv2D(3, depth_multiplier=2, padding="same", input_shape=(6, 6, 3)), L.Flatten()), [
        numbers(2, 6, 6, 3)
    ]


@kind
def separable(k):
    L = k.layers
    return chain(k, L.SeparableConv2D(4, 3, depth_multiplier=2, input_shape=(6, 6, 3)), L.Flatten()), [numbers(2, 6, 6, 3)]


@kind
def mobile_block(k):
    L = k.layers
    x = L.Input((8, 8, 4), name="image")
    y = L.Conv2D(8, 1, use_bias=False, name="expand")(x)
    y = L.BatchNormalization(axis=-1, epsilon=1e-3, momentum=0.999, name="expand_BN")(y)
    y = L.ReLU(6.0, name="expand_relu")(y)
    y = L.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(y)
    y = L.BatchNormalization(axis=-1, epsilon=1e-3, momentum=0.999, name="depthwise_BN")(y)
    y = L.ReLU(6.0, name="depthwise_relu")(y)
    y = L.Conv2D(4, 1, use_bias=False, name="project")(y)
    y = L.Add(name="add")([x, y])
    return k.models.Model(x, L.GlobalAveragePooling2D(name="pool")(y), name="block"), [numbers(2, 8, 8, 4)]


@kind
def lstm(k):
    L = k.layers
    return chain(k, L.LSTM(4, return_sequences=True, input_shape=(5, 3)), L.LSTM(3), L.Dense(1)), [numbers(4, 5, 3)]


@kind
def gru(k):
    return chain(k, k.layers.GRU(4, input_shape=(5, 3)), k.layers.Dense(1)), [numbers(4, 5, 3)]


@kind
def gru_reset_before(k):
    return chain(k, k.layers.GRU(4, reset_after=False, recurrent_activation="hard_sigmoid", input_shape=(5, 3))), [
        numbers(4, 5, 3)
    ]


@kind
def gru_reset_after(k):
    return chain(k, k.layers.GRU(4, reset_after=True, recurrent_activation="sigmoid", input_shape=(5, 3))), [numbers(4, 5, 3)]


@kind
def simple_rnn(k):
    return chain(k, k.layers.SimpleRNN(4, go_backwards=True, input_shape=(5, 3))), [numbers(4, 5, 3)]


@kind
def cells(k):
    L = k.layers
    stacked = L.RNN([L.LSTMCell(3), L.GRUCell(2)], input_shape=(5, 3))
    return chain(k, stacked), [numbers(4, 5, 3)]


@kind
def bidirectional(k):
    L = k.layers
    model = chain(
        k, L.Bidirectional(L.LSTM(3, return_sequences=True), input_shape=(5, 2)), L.Bidirectional(L.GRU(2), merge_mode="sum")
    )
    return model, [numbers(4, 5, 2)]


@kind
def stateful(k):
    L = k.layers
    return chain(k, L.LSTM(3, stateful=True, batch_input_shape=(4, 5, 2)), L.Dense(1)), [numbers(4, 5, 2)], 2


@kind
def convolution_lstm(k):
    L = k.layers
    layer = L.ConvLSTM2D(2, 3, padding="same", return_sequences=True, input_shape=(3, 4, 4, 2))
    return chain(k, layer, L.TimeDistributed(L.Flatten())), [numbers(2, 3, 4, 4, 2)]


@kind
def embedding_masked(k):
    L = k.layers
    return chain(k, L.Embedding(7, 3, mask_zero=True, input_length=6), L.LSTM(4), L.Dense(1)), [indices(7, 4, 6)]


@kind
def masking(k):
    L = k.layers
    x = numbers(4, 6, 3)
    x[:, 4:] = 0
    return chain(k, L.Masking(0.0, input_shape=(6, 3)), L.GRU(4)), [x]


@kind
def time_distributed(k):
    L = k.layers
    model = chain(
        k,
        L.TimeDistributed(L.Dense(3, activation="relu"), input_shape=(5, 4)),
        L.Permute((2, 1)),
        L.Flatten(),
        L.RepeatVector(2),
    )
    return model, [numbers(4, 5, 4)]


@kind
def activations(k):
    L = k.layers
    x = L.Input((4,))
    outputs = [L.LeakyReLU(0.2)(x), L.PReLU()(x), L.ELU(0.5)(x), L.Softmax()(x), L.ReLU(1.0, 0.1)(x)]
    return k.models.Model(x, outputs), [numbers(4, 4)]


@kind
def several_inputs(k):
    L = k.layers
    a, b = L.Input((4,), name="a"), L.Input((4,), name="b")
    shared = L.Dense(3, name="shared")
    both = [shared(a), shared(b)]
    merged = [L.Add()(both), L.Multiply()(both), L.Average()(both), L.Maximum()(both), L.Subtract()(both), L.Dot(1, True)(both)]
    return k.models.Model([a, b], L.Concatenate(axis=-1)(merged)), [numbers(4, 4), numbers(4, 4)[::-1]]


@kind
def nested(k):
    L = k.layers
    inner = chain(k, L.Dense(3, activation="relu", input_shape=(4,), name="first"), L.BatchNormalization(name="bn"))
    x = L.Input((4,))
    part = L.Input((3,))
    head = k.models.Model(part, L.Dense(2, name="head")(part), name="head_model")
    return k.models.Model(x, head(inner(x))), [numbers(4, 4)]


@kind
def noise(k):
    L = k.layers
    model = chain(
        k, L.GaussianNoise(0.1, input_shape=(6, 3)), L.SpatialDropout1D(0.2), L.GaussianDropout(0.1), L.AlphaDropout(0.1),
        L.ActivityRegularization(0.01), L.Reshape((3, 6)), L.Dense(2),
    )  # fmt: skip
    return model, [numbers(4, 6, 3)]


@kind
def layer_normalized(k):
    L = k.layers
    x = L.Input((5, 4))
    y = L.LayerNormalization()(x)
    return k.models.Model(x, L.Attention()([y, x])), [numbers(2, 5, 4)]


@kind
def transformer_block(k):
    L = k.layers
    x = L.Input((5, 4))
    y = L.MultiHeadAttention(2, 3)(x, x)
    y = L.LayerNormalization(epsilon=1e-6)(L.Add()([x, y]))
    return k.models.Model(x, L.Dense(4, activation="gelu")(y)), [numbers(2, 5, 4)]


@kind
def operators(k):
    if not hasattr(k.layers, "MultiHeadAttention"):
        raise AttributeError("operators on tensors in graphs")
    x = k.layers.Input((4,))
    y = k.layers.Dense(4)(x) * 2.0 + x
    return k.models.Model(x, 1.0 - y[:, :2] / 3.0), [numbers(4, 4)]


@kind
def tensorflow_functions(k):
    if not hasattr(k.layers, "MultiHeadAttention"):
        raise AttributeError("TensorFlow's functions in graphs")
    import tensorflow as tf

    x = k.layers.Input((4, 3))
    y = tf.nn.relu(tf.concat([x, tf.transpose(x, [0, 1, 2])], -1))
    return k.models.Model(x, tf.reduce_mean(tf.math.square(y), axis=1)), [numbers(2, 4, 3)]


@kind
def rescaled(k):
    L = k.layers
    return chain(k, L.Rescaling(1 / 127.5, -1.0, input_shape=(4, 4, 3)), L.Resizing(2, 2), L.Flatten()), [
        numbers(2, 4, 4, 3) * 100
    ]


@kind
def normalized_by_data(k):
    layer = k.layers.Normalization(input_shape=(4,))
    layer.adapt(numbers(8, 4) * 3 + 1)
    return chain(k, layer, k.layers.Dense(2)), [numbers(4, 4)]
