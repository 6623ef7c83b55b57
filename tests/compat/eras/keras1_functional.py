'''Which of two short texts was written by the same person as a third?
A functional model with a shared layer and an auxiliary output.
'''
from __future__ import print_function

import numpy as np
np.random.seed(0)

from keras.layers import Input, Dense, Dropout, merge
from keras.models import Model
from keras.regularizers import l2

nb_samples = 300

# each text is a vector of word counts; people differ in the words they like
taste = np.random.poisson(2, size=(2, 16))
author_a = np.random.randint(2, size=nb_samples)
author_b = np.random.randint(2, size=nb_samples)
data_a = np.random.poisson(taste[author_a]).astype('float32')
data_b = np.random.poisson(taste[author_b]).astype('float32')
labels = (author_a == author_b).astype('float32')

tweet_a = Input(shape=(16,), name='tweet_a')
tweet_b = Input(shape=(16,), name='tweet_b')

# this layer can take as input a vector
# and will return a vector of size 8
shared = Dense(output_dim=8, init='lecun_uniform', activation='tanh', W_regularizer=l2(l=0.001))

# when we reuse the same layer instance
# multiple times, the weights of the layer
# are also being reused
encoded_a = shared(tweet_a)
encoded_b = shared(tweet_b)

# we can then merge the two vectors:
distance = merge([encoded_a, encoded_b], mode=lambda x: abs(x[0] - x[1]), output_shape=(8,))
both = merge([encoded_a, encoded_b], mode='concat', concat_axis=-1)
product = merge([encoded_a, encoded_b], mode='mul')
cosine = merge([encoded_a, encoded_b], mode='cos', dot_axes=1)
merged_vector = merge([both, product, distance, cosine], mode='concat')
merged_vector = Dropout(p=0.1)(merged_vector)

# and add a logistic regression on top
predictions = Dense(1, init='normal', activation='sigmoid', name='main_output')(merged_vector)
auxiliary = Dense(1, activation='sigmoid', name='aux_output')(encoded_a)

# we define a trainable model linking the
# tweet inputs to the predictions
model = Model(input=[tweet_a, tweet_b], output=[predictions, auxiliary])
model.compile(optimizer='rmsprop',
              loss='binary_crossentropy', loss_weights=[1., 0.2])
model.summary()
model.fit([data_a, data_b], [labels, author_a], nb_epoch=6, batch_size=32, verbose=2)


def batches(batch_size=30):
    while 1:
        for i in range(0, nb_samples, batch_size):
            rows = slice(i, i + batch_size)
            yield [data_a[rows], data_b[rows]], [labels[rows], author_a[rows]]


model.fit_generator(batches(), samples_per_epoch=nb_samples, nb_epoch=4, verbose=2,
                    validation_data=batches(), nb_val_samples=90, max_q_size=4, nb_worker=1)
print('Loss:', model.evaluate_generator(batches(), val_samples=nb_samples))
guesses, authors = model.predict_generator(batches(), val_samples=60)
print(guesses.shape, guesses[:5].ravel())
