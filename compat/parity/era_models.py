"""Small models in the words of Keras 2.3, one epoch each: a script that runs in Keras 2 on TensorFlow and in the stand-in.

usage: python era_models.py OUT.npz [NAME ...]       with a `keras` to import; `record_tf_keras.py` runs it with tf_keras's
"""

import sys

import numpy as np
from keras import backend as K
from keras.layers import (
    GRU,
    LSTM,
    Activation,
    Add,
    Average,
    AveragePooling2D,
    BatchNormalization,
    Bidirectional,
    Concatenate,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    ConvLSTM2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    Input,
    Lambda,
    Layer,
    LeakyReLU,
    Masking,
    MaxPooling1D,
    MaxPooling2D,
    Multiply,
    Permute,
    RepeatVector,
    Reshape,
    SeparableConv2D,
    SimpleRNN,
    TimeDistributed,
    UpSampling2D,
    ZeroPadding2D,
    add,
    concatenate,
    dot,
)
from keras.models import Model, Sequential
from keras.optimizers import SGD, Adadelta, Adagrad, Adam, Adamax, RMSprop
from keras.regularizers import l1_l2, l2

rng = np.random.RandomState(7)
ROWS = 24


def floats(*shape):
    return rng.uniform(-1, 1, shape).astype("float32")


def words(length, count):
    return rng.randint(1, count, (ROWS, length))


def classes(count):
    return np.eye(count, dtype="float32")[rng.randint(0, count, ROWS)]


def yes_or_no():
    return rng.randint(0, 2, (ROWS, 1)).astype("float32")


def mlp():
    model = Sequential()
    model.add(Dense(12, activation="relu", input_shape=(10,)))
    model.add(Dropout(0.0))
    model.add(Dense(8, activation="tanh", kernel_regularizer=l2(0.01)))
    model.add(Dense(4, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=RMSprop(), metrics=["accuracy"])
    return model, floats(ROWS, 10), classes(4)


def newswires():
    model = Sequential()
    model.add(Dense(16, input_shape=(20,)))
    model.add(Activation("relu"))
    model.add(Dropout(0.0))
    model.add(Dense(5))
    model.add(Activation("softmax"))
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, (floats(ROWS, 20) > 0).astype("float32"), rng.randint(0, 5, ROWS)


def cnn():
    model = Sequential()
    model.add(Conv2D(4, kernel_size=(3, 3), activation="relu", input_shape=(10, 10, 1)))
    model.add(Conv2D(6, (3, 3), activation="relu"))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Flatten())
    model.add(Dense(8, activation="relu"))
    model.add(Dense(3, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=Adadelta(lr=1.0, epsilon=1e-7), metrics=["accuracy"])
    return model, floats(ROWS, 10, 10, 1), classes(3)


def photos():
    model = Sequential()
    model.add(Conv2D(4, (3, 3), padding="same", input_shape=(8, 8, 3)))
    model.add(Activation("relu"))
    model.add(ZeroPadding2D(1))
    model.add(Conv2D(4, (3, 3), strides=2))
    model.add(LeakyReLU(alpha=0.2))
    model.add(AveragePooling2D(2))
    model.add(Flatten())
    model.add(Dense(3, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=RMSprop(lr=0.001, decay=1e-2), metrics=["accuracy"])
    return model, floats(ROWS, 8, 8, 3), classes(3)


def pixel_by_pixel():
    model = Sequential()
    model.add(SimpleRNN(8, activation="relu", input_shape=(12, 1)))
    model.add(Dense(3, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=RMSprop(lr=1e-3), metrics=["accuracy"])
    return model, floats(ROWS, 12, 1), classes(3)


def rows_then_columns():
    image = Input(shape=(5, 4, 1))
    rows = TimeDistributed(LSTM(5, recurrent_activation="hard_sigmoid"))(image)
    columns = LSTM(6, recurrent_activation="hard_sigmoid")(rows)
    model = Model(image, Dense(3, activation="softmax")(columns))
    model.compile(loss="categorical_crossentropy", optimizer=RMSprop(), metrics=["accuracy"])
    return model, floats(ROWS, 5, 4, 1), classes(3)


def reviews_lstm():
    model = Sequential()
    model.add(Embedding(20, 6))
    model.add(LSTM(7, dropout=0.0, recurrent_dropout=0.0, recurrent_activation="hard_sigmoid"))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, words(9, 20), yes_or_no()


def reviews_masked():
    model = Sequential()
    model.add(Embedding(20, 6, mask_zero=True, input_length=9))
    model.add(GRU(5, return_sequences=True, reset_after=False, recurrent_activation="hard_sigmoid"))
    model.add(LSTM(4, recurrent_activation="sigmoid", go_backwards=True))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer=Adam(lr=0.01, beta_1=0.8), metrics=["accuracy"])
    return model, words(9, 20) * (np.arange(9) < rng.randint(2, 10, (ROWS, 1))), yes_or_no()


def reviews_both_ways():
    model = Sequential()
    model.add(Embedding(20, 5, input_length=7))
    model.add(Bidirectional(LSTM(4, recurrent_activation="hard_sigmoid")))
    model.add(Dense(1, activation="sigmoid"))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, words(7, 20), yes_or_no()


def reviews_cnn():
    model = Sequential()
    model.add(Embedding(20, 5, input_length=10))
    model.add(Conv1D(6, 3, padding="valid", activation="relu", strides=1))
    model.add(GlobalMaxPooling1D())
    model.add(Dense(5))
    model.add(Activation("relu"))
    model.add(Dense(1))
    model.add(Activation("sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, words(10, 20), yes_or_no()


def reviews_cnn_lstm():
    model = Sequential()
    model.add(Embedding(20, 5, input_length=12))
    model.add(Conv1D(6, 3, padding="valid", activation="relu"))
    model.add(MaxPooling1D(pool_size=2))
    model.add(LSTM(5, recurrent_activation="hard_sigmoid"))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer=Adagrad(lr=0.05, epsilon=1e-7), metrics=["accuracy"])
    return model, words(12, 20), yes_or_no()


def reviews_by_averages():
    model = Sequential()
    model.add(Embedding(25, 6, input_length=8))
    model.add(GlobalAveragePooling1D())
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, words(8, 25), yes_or_no()


def sums():
    model = Sequential()
    model.add(LSTM(8, input_shape=(6, 5), recurrent_activation="hard_sigmoid"))
    model.add(RepeatVector(3))
    model.add(LSTM(7, return_sequences=True, recurrent_activation="hard_sigmoid"))
    model.add(TimeDistributed(Dense(5)))
    model.add(Activation("softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    eye = np.eye(5, dtype="float32")
    return model, eye[rng.randint(0, 5, (ROWS, 6))], eye[rng.randint(0, 5, (ROWS, 3))]


def next_letter():
    model = Sequential()
    model.add(LSTM(9, input_shape=(6, 7), recurrent_activation="sigmoid"))
    model.add(Dense(7))
    model.add(Activation("softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=RMSprop(lr=0.01))
    return model, np.eye(7, dtype="float32")[rng.randint(0, 7, (ROWS, 6))], classes(7)


def films():
    model = Sequential()
    model.add(ConvLSTM2D(filters=3, kernel_size=(3, 3), padding="same", return_sequences=True, input_shape=(None, 5, 6, 1)))
    model.add(BatchNormalization())
    model.add(ConvLSTM2D(filters=2, kernel_size=(3, 3), padding="same", return_sequences=True))
    model.add(Conv3D(filters=1, kernel_size=(3, 3, 3), activation="sigmoid", padding="same", data_format="channels_last"))
    model.compile(loss="binary_crossentropy", optimizer=Adadelta(lr=1.0, epsilon=1e-7))
    return model, (floats(ROWS, 3, 5, 6, 1) > 0.5).astype("float32"), (floats(ROWS, 3, 5, 6, 1) > 0.5).astype("float32")


def twins():
    def distance(pair):
        return K.sqrt(K.maximum(K.sum(K.square(pair[0] - pair[1]), axis=1, keepdims=True), K.epsilon()))

    def contrastive(y_true, y_pred):
        return K.mean(y_true * K.square(y_pred) + (1 - y_true) * K.square(K.maximum(1 - y_pred, 0)))

    def near(y_true, y_pred):
        return K.mean(K.equal(y_true, K.cast(y_pred < 0.5, y_true.dtype)))

    one = Input(shape=(8,))
    base = Model(one, Dense(5, activation="relu")(Dense(6, activation="relu")(one)))
    a, b = Input(shape=(8,)), Input(shape=(8,))
    model = Model([a, b], Lambda(distance)([base(a), base(b)]))
    model.compile(loss=contrastive, optimizer=RMSprop(), metrics=[near])
    return model, [floats(ROWS, 8), floats(ROWS, 8)], yes_or_no()


def stories():
    story, question = Input(shape=(8,), dtype="int32"), Input(shape=(4,), dtype="int32")
    told = Embedding(15, 6)(story)
    asked = RepeatVector(8)(GRU(6, reset_after=False, recurrent_activation="hard_sigmoid")(Embedding(15, 6)(question)))
    merged = GRU(5, reset_after=False, recurrent_activation="hard_sigmoid")(add([told, asked]))
    model = Model([story, question], Dense(6, activation="softmax")(merged))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model, [words(8, 15), words(4, 15)], classes(6)


def memory():
    story, question = Input((7,)), Input((3,))
    keys, values, asked = Embedding(15, 5)(story), Embedding(15, 3)(story), Embedding(15, 5, input_length=3)(question)
    match = Activation("softmax")(dot([keys, asked], axes=(2, 2)))
    answer = concatenate([Permute((2, 1))(add([match, values])), asked])
    answer = Dense(6, activation="softmax")(LSTM(4, recurrent_activation="hard_sigmoid")(answer))
    model = Model([story, question], answer)
    model.compile(optimizer=RMSprop(), loss="categorical_crossentropy", metrics=["accuracy"])
    return model, [words(7, 15), words(3, 15)], classes(6)


def denoising():
    noisy = Input(shape=(8, 8, 1))
    x = Conv2D(3, 3, strides=2, activation="relu", padding="same")(noisy)
    x = Conv2D(4, 3, strides=2, activation="relu", padding="same")(x)
    x = Dense(16)(Dense(3, name="latent")(Flatten()(x)))
    x = Reshape((2, 2, 4))(x)
    x = Conv2DTranspose(4, 3, strides=2, activation="relu", padding="same")(x)
    x = Conv2DTranspose(3, 3, strides=2, activation="relu", padding="same")(x)
    model = Model(noisy, Activation("sigmoid")(Conv2DTranspose(1, 3, padding="same")(x)))
    model.compile(loss="mse", optimizer="adam")
    return model, floats(ROWS, 8, 8, 1), np.abs(floats(ROWS, 8, 8, 1))


def variational():
    x = Input(shape=(9,))
    h = Dense(7, activation="relu")(x)
    middle, spread = Dense(2)(h), Dense(2)(h)

    def sampling(args):
        middle, spread = args
        return middle + K.exp(0.5 * spread) * K.random_normal(shape=(K.shape(middle)[0], 2), mean=0.0, stddev=0.0)

    out = Dense(9, activation="sigmoid")(Dense(6, activation="relu")(Lambda(sampling, output_shape=(2,))([middle, spread])))
    model = Model(x, out)
    divergence = -0.5 * K.sum(1 + spread - K.square(middle) - K.exp(spread), axis=-1)
    model.add_loss(K.mean(9 * K.mean(K.binary_crossentropy(x, out), axis=-1) + divergence))
    model.compile(optimizer=RMSprop())
    return model, np.abs(floats(ROWS, 9)), None


def residual():
    image = Input((8, 8, 2))
    x = Activation("relu")(BatchNormalization()(Conv2D(4, 3, padding="same", kernel_regularizer=l2(1e-3))(image)))
    for strides in (1, 2):
        y = Activation("relu")(BatchNormalization()(Conv2D(4, 3, strides=strides, padding="same")(x)))
        y = BatchNormalization()(Conv2D(4, 3, padding="same")(y))
        x = Conv2D(4, 1, strides=strides, padding="same")(x) if strides > 1 else x
        x = Activation("relu")(Add()([x, y]))
    model = Model(image, Dense(3, activation="softmax")(GlobalAveragePooling2D()(x)))
    model.compile(loss="categorical_crossentropy", optimizer=Adam(lr=0.01), metrics=["accuracy"])
    return model, floats(ROWS, 8, 8, 2), classes(3)


def mobile():
    image = Input((8, 8, 2))
    x = SeparableConv2D(4, 3, padding="same", activation="relu", depth_multiplier=2)(image)
    x = DepthwiseConv2D(3, strides=2, padding="same", use_bias=False)(x)
    x = Multiply()([x, Average()([x, Conv2D(4, 1, activation="sigmoid")(x)])])
    x = UpSampling2D(2)(x)
    model = Model(image, Conv2D(1, 3, padding="same")(Concatenate()([x, image])))
    model.compile(SGD(lr=0.05, momentum=0.9, decay=0.01, nesterov=True), "mae", metrics=["mse"])
    return model, floats(ROWS, 8, 8, 2), floats(ROWS, 8, 8, 1)


def translation():
    source, target = Input(shape=(None, 5)), Input(shape=(None, 6))
    _, h, c = LSTM(7, return_state=True, recurrent_activation="hard_sigmoid")(source)
    decoder = LSTM(7, return_sequences=True, return_state=True, recurrent_activation="hard_sigmoid")
    x, _, _ = decoder(target, initial_state=[h, c])
    model = Model([source, target], Dense(6, activation="softmax")(x))
    model.compile(optimizer=RMSprop(), loss="categorical_crossentropy")
    eye = np.eye(6, dtype="float32")
    return model, [floats(ROWS, 5, 5), eye[rng.randint(0, 6, (ROWS, 4))]], eye[rng.randint(0, 6, (ROWS, 4))]


class Antirectifier(Layer):
    def call(self, inputs):
        inputs = inputs - K.mean(inputs, axis=1, keepdims=True)
        inputs = K.l2_normalize(inputs, axis=1)
        return K.concatenate([K.relu(inputs), K.relu(-inputs)], axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 2 * input_shape[1])


def both_signs():
    model = Sequential()
    model.add(Dense(6, input_shape=(9,)))
    model.add(Antirectifier())
    model.add(Dense(5))
    model.add(Antirectifier())
    model.add(Dense(3, kernel_regularizer=l1_l2(0.01, 0.02)))
    model.add(Activation("softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=RMSprop(), metrics=["accuracy"])
    return model, floats(ROWS, 9), classes(3)


def frozen():
    first = [Dense(7, activation="relu", input_shape=(6,)), Dense(5, activation="relu")]
    model = Sequential([*first, Dense(3, activation="softmax")])
    for layer in first[:1]:
        layer.trainable = False
    model.compile(loss="categorical_crossentropy", optimizer=SGD(lr=0.1, momentum=0.5), metrics=["accuracy"])
    return model, floats(ROWS, 6), classes(3)


def two_outputs():
    post, shape = Input(shape=(9,), dtype="int32", name="post"), Input(shape=(4,), name="shape")
    x = Conv1D(5, 3, activation="relu")(Embedding(12, 4)(post))
    x = concatenate([GlobalMaxPooling1D()(x), shape])
    age, kind = Dense(1, name="age")(x), Dense(3, activation="softmax", name="kind")(x)
    model = Model([post, shape], [age, kind])
    losses = {"age": "mse", "kind": "categorical_crossentropy"}
    model.compile("adam", loss=losses, loss_weights={"age": 0.25, "kind": 2.0}, metrics={"kind": "accuracy"})
    return model, {"post": words(9, 12), "shape": floats(ROWS, 4)}, {"age": floats(ROWS, 1), "kind": classes(3)}


def padded_numbers():
    model = Sequential()
    model.add(Masking(mask_value=0.0, input_shape=(6, 3)))
    model.add(SimpleRNN(5, return_sequences=True))
    model.add(Bidirectional(GRU(4, reset_after=False, recurrent_activation="hard_sigmoid"), merge_mode="sum"))
    model.add(Dense(1))
    model.compile(loss="mean_absolute_error", optimizer=Adamax(lr=0.01))
    return model, floats(ROWS, 6, 3) * (np.arange(6) < rng.randint(1, 7, (ROWS, 1)))[..., None], floats(ROWS, 1)


MODELS = [
    mlp, newswires, cnn, photos, pixel_by_pixel, rows_then_columns, reviews_lstm, reviews_masked, reviews_both_ways,
    reviews_cnn, reviews_cnn_lstm, reviews_by_averages, sums, next_letter, films, twins, stories, memory, denoising,
    variational, residual, mobile, translation, both_signs, frozen, two_outputs, padded_numbers,
]  # fmt: skip


def begin_with(weights):
    """Weights of these shapes, the same wherever this runs. Those with one axis are above 0: some are variances."""
    draw = np.random.RandomState(len(weights))
    limits = [1 / np.sqrt(np.prod(w.shape[:-1])) if w.ndim > 1 else None for w in weights]
    return [
        draw.uniform(-limit, limit, w.shape) if limit else draw.uniform(0.02, 0.3, w.shape)
        for w, limit in zip(weights, limits, strict=True)
    ]


def results_of(build, **fitting):
    """All that one epoch leaves: losses and metrics of training and evaluation, weights, predictions."""
    rng.seed(11)
    model, x, y = build()
    if not model.weights:
        model.predict(x)  # without a shape it is built by its first data
    model.set_weights(begin_with(model.get_weights()))
    history = model.fit(x, y, batch_size=8, shuffle=False, verbose=0, **fitting).history
    found = {key: np.float32(values) for key, values in history.items() if key in ("loss", "accuracy", "acc")}
    made = model.predict(x)
    for i, value in enumerate(made if isinstance(made, list) else [made]):
        found[f"prediction {i}"] = np.float32(value[:3])
    tested = model.evaluate(x, y, verbose=0)
    found["tested"] = np.float32(tested[0] if isinstance(tested, list) else tested)
    for i, value in enumerate(model.get_weights()):
        found[f"weight {i}"] = np.float32(value)
    return found


if __name__ == "__main__":
    every = {}
    for build in MODELS:
        if not sys.argv[2:] or build.__name__ in sys.argv[2:]:
            every.update((f"{build.__name__}|{key}", value) for key, value in results_of(build, epochs=1).items())
    np.savez_compressed(sys.argv[1], **every)
