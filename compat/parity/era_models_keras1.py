"""Models of `era_models.py` in the words of Keras 1, but with the epsilon of Keras 2: a script for the stand-in.

usage: python era_models_keras1.py OUT.npz
"""

import sys

import numpy as np
from era_models import ROWS, classes, floats, results_of, rng, words, yes_or_no
from keras.layers import (
    LSTM,
    Activation,
    Convolution1D,
    Convolution2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Input,
    MaxPooling1D,
    MaxPooling2D,
    Permute,
    RepeatVector,
    SimpleRNN,
    TimeDistributed,
    merge,
)
from keras.layers.core import TimeDistributedDense
from keras.models import Model, Sequential
from keras.optimizers import SGD, Adadelta, Adam, RMSprop
from keras.regularizers import l2


def mlp():
    model = Sequential()
    model.add(Dense(12, input_dim=10, init="uniform", activation="relu"))
    model.add(Dropout(p=0.0))
    model.add(Dense(output_dim=8, activation="tanh", W_regularizer=l2(l=0.01)))
    model.add(Dense(4, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=RMSprop(epsilon=1e-7), metrics=["accuracy"])
    return model, floats(ROWS, 10), classes(4)


def cnn():
    model = Sequential()
    model.add(Convolution2D(4, 3, 3, border_mode="valid", input_shape=(10, 10, 1), dim_ordering="tf"))
    model.add(Activation("relu"))
    model.add(Convolution2D(nb_filter=6, nb_row=3, nb_col=3, subsample=(1, 1), activation="relu"))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Flatten())
    model.add(Dense(8, activation="relu", bias=True))
    model.add(Dense(3, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=Adadelta(epsilon=1e-7), metrics=["accuracy"])
    return model, floats(ROWS, 10, 10, 1), classes(3)


def pixel_by_pixel():
    model = Sequential()
    model.add(SimpleRNN(output_dim=8, inner_init="identity", activation="relu", input_shape=(12, 1)))
    model.add(Dense(3, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=RMSprop(lr=1e-3, epsilon=1e-7), metrics=["accuracy"])
    return model, floats(ROWS, 12, 1), classes(3)


def rows_then_columns():
    image = Input(shape=(5, 4, 1))
    columns = LSTM(output_dim=6)(TimeDistributed(LSTM(output_dim=5))(image))
    model = Model(input=image, output=Dense(3, activation="softmax")(columns))
    model.compile(loss="categorical_crossentropy", optimizer=RMSprop(epsilon=1e-7), metrics=["accuracy"])
    return model, floats(ROWS, 5, 4, 1), classes(3)


def reviews_lstm():
    model = Sequential()
    model.add(Embedding(20, 6, dropout=0.0))
    model.add(LSTM(7, dropout_W=0.0, dropout_U=0.0))
    model.add(Dense(1))
    model.add(Activation("sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer=Adam(epsilon=1e-7), metrics=["accuracy"])
    return model, words(9, 20), yes_or_no()


def reviews_cnn():
    model = Sequential()
    model.add(Embedding(20, 5, input_length=10, dropout=0.0))
    model.add(Convolution1D(nb_filter=6, filter_length=3, border_mode="valid", activation="relu", subsample_length=1))
    model.add(MaxPooling1D(pool_length=model.output_shape[1]))
    model.add(Flatten())
    model.add(Dense(5))
    model.add(Activation("relu"))
    model.add(Dense(1))
    model.add(Activation("sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer=Adam(epsilon=1e-7), metrics=["accuracy"])
    return model, words(10, 20), yes_or_no()


def sums():
    model = Sequential()
    model.add(LSTM(8, input_dim=5, input_length=6))
    model.add(RepeatVector(3))
    model.add(LSTM(7, return_sequences=True))
    model.add(TimeDistributedDense(5))
    model.add(Activation("softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=Adam(epsilon=1e-7), metrics=["accuracy"])
    eye = np.eye(5, dtype="float32")
    return model, eye[rng.randint(0, 5, (ROWS, 6))], eye[rng.randint(0, 5, (ROWS, 3))]


def memory():
    story, question = Input(shape=(7,)), Input(shape=(3,))
    keys, values = Embedding(15, 5)(story), Embedding(15, 3)(story)
    asked = Embedding(input_dim=15, output_dim=5, input_length=3)(question)
    match = Activation("softmax")(merge([keys, asked], mode="dot", dot_axes=[2, 2]))
    answer = merge([Permute((2, 1))(merge([match, values], mode="sum")), asked], mode="concat")
    answer = Dense(6, activation="softmax")(LSTM(4)(answer))
    model = Model(input=[story, question], output=answer)
    model.compile(optimizer=RMSprop(epsilon=1e-7), loss="categorical_crossentropy", metrics=["accuracy"])
    return model, [words(7, 15), words(3, 15)], classes(6)


def frozen():
    first = [Dense(7, activation="relu", input_shape=(6,)), Dense(5, activation="relu")]
    model = Sequential(first + [Dense(3, activation="softmax")])
    for layer in first[:1]:
        layer.trainable = False
    model.compile(loss="categorical_crossentropy", optimizer=SGD(lr=0.1, momentum=0.5), metrics=["accuracy"])
    return model, floats(ROWS, 6), classes(3)


MODELS = [mlp, cnn, pixel_by_pixel, rows_then_columns, reviews_lstm, reviews_cnn, sums, memory, frozen]

if __name__ == "__main__":
    every = {}
    for build in MODELS:
        every.update((f"{build.__name__}|{key}", value) for key, value in results_of(build, nb_epoch=1).items())
    np.savez_compressed(sys.argv[1], **every)
