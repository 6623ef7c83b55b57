"""A residual network from tensors: its plan as Python code, a torch module among its layers, and features from its middle.

    python examples/residual.py

Data: the 1,797 handwritten digits that come with scikit-learn, 8 x 8 pixels (pip install scikit-learn).
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from torchkeras_lite import Input, Model, layers, utils

utils.set_random_seed(1)
digits = load_digits()
x_train, x_test, y_train, y_test = train_test_split(
    digits.images[..., None].astype("float32") / 16, digits.target, test_size=0.2, random_state=0
)


def block(x, filters):
    """Two convolutions, and a way around them."""
    way_around = layers.Conv2D(filters, 1)(x)
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = layers.BatchNormalization(momentum=0.9)(layers.Conv2D(filters, 3, padding="same")(x))
    return layers.Activation("relu")(layers.add([x, way_around]))


image = Input((8, 8, 1), name="image")
x = block(image, 16)
x = layers.MaxPooling2D()(x)
x = block(x, 32)
features = layers.GlobalAveragePooling2D(name="features")(x)
answer = layers.Dense(10, activation="softmax", name="answer")(nn.Dropout(0.2)(features))
model = Model(image, answer, name="residual")

model.summary()
print("What it computes, as the function that runs:\n")
print(model.code)

model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=8, validation_data=(x_test, y_test), verbose=2)

# A second model from the same layers, which ends in the middle. Digits of one kind lie close together there.
middle = Model(model.input, model.get_layer("features").output)
found = middle.predict(x_test, verbose=0)
centres = np.stack([found[y_test == digit].mean(0) for digit in range(10)])
nearest = ((found[:, None] - centres) ** 2).sum(-1).argmin(1)
print(f"Test accuracy: {model.evaluate(x_test, y_test, verbose=0)[1]:.3f}")
print(f"Digits whose features lie nearest to the centre of their own kind: {(nearest == y_test).mean():.3f}")
