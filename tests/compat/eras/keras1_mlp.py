# Your first neural network with Keras, step by step
from keras.models import Sequential
from keras.layers import Dense
import numpy
# fix random seed for reproducibility
seed = 7
numpy.random.seed(seed)
# a table of patients: eight measurements, and whether they fell ill
dataset = numpy.random.randn(400, 9)
dataset[:, 8] = dataset[:, 0] + dataset[:, 3] - dataset[:, 5] > 0
# split into input (X) and output (Y) variables
X = dataset[:,0:8]
Y = dataset[:,8]
# create model
model = Sequential()
model.add(Dense(12, input_dim=8, init='uniform', activation='relu'))
model.add(Dense(output_dim=8, init='uniform', activation='relu'))
model.add(Dense(output_dim=1, init='glorot_normal', activation='sigmoid', b_constraint=None, bias=True))
# Compile model
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
model.summary()
# Fit the model
model.fit(X, Y, validation_split=0.33, nb_epoch=12, batch_size=10, verbose=2)
# evaluate the model
scores = model.evaluate(X, Y)
print("acc: %.2f%%" % (scores[1]*100))
# calculate predictions
predictions = model.predict(X, verbose=0)
# round predictions
rounded = [int(round(x[0])) for x in predictions]
print(rounded[:20])
classes = model.predict_classes(X, verbose=0)
print(classes[:20].ravel().tolist())
print("loss: %.6f" % scores[0])
