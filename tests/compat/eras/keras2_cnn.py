'''Train a small CNN on pictures that are made while it trains.
'''

from __future__ import print_function
import keras
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Dropout, Activation, Flatten
from keras.layers.convolutional import Conv2D
from keras.layers.pooling import MaxPooling2D
from keras.layers.normalization import BatchNormalization
from keras.utils import np_utils

np.random.seed(3)
batch_size = 20
num_classes = 2
epochs = 5


def squares_and_frames(samples, seed):
    '''Pictures of 10 by 10, filled squares (class 0) and their frames (class 1).'''
    random = np.random.RandomState(seed)
    x = random.normal(0, 0.3, size=(samples, 10, 10, 1))
    y = random.randint(num_classes, size=samples)
    for picture, label in zip(x, y):
        top, left = random.randint(0, 5, size=2)
        picture[top:top + 5, left:left + 5] += 1
        if label:
            picture[top + 1:top + 4, left + 1:left + 4] -= 1
    return x.astype('float32'), np_utils.to_categorical(y, num_classes)


def flow(x, y):
    '''Batches for ever, each picture perhaps turned round.'''
    random = np.random.RandomState(0)
    while True:
        rows = random.permutation(len(x))[:batch_size]
        batch = x[rows]
        if random.rand() < 0.5:
            batch = batch[:, :, ::-1]
        yield batch, y[rows]


x_train, y_train = squares_and_frames(200, seed=1)
x_test, y_test = squares_and_frames(60, seed=2)

model = Sequential()
model.add(Conv2D(8, (3, 3), padding='same', input_shape=x_train.shape[1:]))
model.add(BatchNormalization(axis=-1, momentum=0.8))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(16))
model.add(Activation('relu'))
model.add(Dense(num_classes))
model.add(Activation('softmax'))

# initiate the optimizer
opt = keras.optimizers.SGD(lr=0.05, decay=0.01, momentum=0.9, nesterov=True)

model.compile(loss='categorical_crossentropy',
              optimizer=opt,
              metrics=['accuracy'])

# fits the model on batches with real-time data augmentation:
model.fit_generator(flow(x_train, y_train),
                    steps_per_epoch=len(x_train) // batch_size,
                    epochs=epochs,
                    validation_data=(x_test, y_test),
                    verbose=2,
                    workers=4,
                    use_multiprocessing=False)

# Score trained model.
scores = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', scores[0])
print('Test accuracy:', scores[1])
scores = model.evaluate_generator(flow(x_test, y_test), steps=3)
print('On turned pictures:', scores)
predictions = model.predict_generator(flow(x_test, y_test), 2)
print(predictions.shape, predictions.argmax(axis=-1).tolist())
