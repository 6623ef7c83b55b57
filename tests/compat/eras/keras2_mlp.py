'''Trains a simple deep NN on a small set of noisy digits.

Gets to 90% test accuracy or so after 8 epochs.
'''

from __future__ import print_function

import numpy as np
import keras
from keras.models import Sequential
from keras.layers.core import Dense, Dropout
from keras.optimizers import Adam
from keras.callbacks import EarlyStopping
from keras.utils.np_utils import to_categorical

np.random.seed(42)
batch_size = 32
num_classes = 4
epochs = 8

# the data, split between train and test sets
prototypes = np.random.randint(0, 256, size=(num_classes, 64))
y_train = np.random.randint(num_classes, size=512)
y_test = np.random.randint(num_classes, size=128)
x_train = (prototypes[y_train] + np.random.normal(0, 200, size=(512, 64))).astype('float32')
x_test = (prototypes[y_test] + np.random.normal(0, 200, size=(128, 64))).astype('float32')
x_train /= 255
x_test /= 255
print(x_train.shape[0], 'train samples')
print(x_test.shape[0], 'test samples')

# convert class vectors to binary class matrices
y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = to_categorical(y_test, num_classes=num_classes)

model = Sequential()
model.add(Dense(64, activation='relu', input_shape=(64,)))
model.add(Dropout(0.2))
model.add(Dense(32, activation='relu', kernel_initializer='he_uniform'))
model.add(Dropout(0.2))
model.add(Dense(num_classes, activation='softmax'))

model.summary()

model.compile(loss='categorical_crossentropy',
              optimizer=Adam(lr=0.002, beta_1=0.9, beta_2=0.999, epsilon=None, decay=0.0, amsgrad=False),
              metrics=['accuracy'])

history = model.fit(x_train, y_train,
                    batch_size=batch_size,
                    epochs=epochs,
                    verbose=2,
                    callbacks=[EarlyStopping(monitor='val_loss', patience=3)],
                    validation_data=(x_test, y_test))
score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', score[0])
print('Test accuracy:', score[1])

# summarize history for accuracy
for epoch, (acc, val_acc) in enumerate(zip(history.history['acc'], history.history['val_acc'])):
    print('epoch %d: acc %.4f, val_acc %.4f' % (epoch, acc, val_acc))
print(model.predict_classes(x_test[:16]).tolist())
print(model.predict_proba(x_test[:2]))
