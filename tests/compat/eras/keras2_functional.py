"""Will somebody like a film? Matrix factorisation with a little network on top,
trained with a time-based learning rate schedule.
"""
import numpy as np

from keras.layers import Input, Dense, Flatten
from keras.layers.embeddings import Embedding
from keras.layers.merge import concatenate, dot
from keras.models import Model
from keras.optimizers import SGD

np.random.seed(5)
n_users, n_films, n_latent = 30, 20, 4

users = np.random.randint(n_users, size=1000)
films = np.random.randint(n_films, size=1000)
tastes = np.random.normal(size=(n_users, 2))
kinds = np.random.normal(size=(n_films, 2))
ratings = 3 + (tastes[users] * kinds[films]).sum(axis=1)

user_input = Input(shape=(1,), dtype='int32', name='user')
film_input = Input(shape=(1,), dtype='int32', name='film')
user_vector = Flatten()(Embedding(n_users, n_latent, input_length=1)(user_input))
film_vector = Flatten()(Embedding(n_films, n_latent, input_length=1)(film_input))

product = dot([user_vector, film_vector], axes=1)
features = concatenate([user_vector, film_vector, product])
hidden = Dense(16, activation='relu')(features)
rating = Dense(1)(hidden)

model = Model(inputs=[user_input, film_input], outputs=rating)
model.summary()

epochs = 6
learning_rate = 0.1
decay_rate = learning_rate / epochs
momentum = 0.8
sgd = SGD(lr=learning_rate, momentum=momentum, decay=decay_rate, nesterov=False)
model.compile(loss='mean_squared_error', optimizer=sgd, metrics=['mae'])

history = model.fit([users, films], ratings, epochs=epochs, batch_size=50,
                    validation_split=0.2, verbose=2)
print(sorted(history.history.keys()))

loss, mae = model.evaluate([users[:100], films[:100]], ratings[:100], verbose=0)
print('loss %.5f, mean absolute error %.5f' % (loss, mae))
print(model.predict([users[:4], films[:4]]).ravel())

# once more, more slowly
sgd.lr = 0.01
model.fit([users, films], ratings, epochs=1, batch_size=50, verbose=2)
