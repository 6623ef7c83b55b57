"""Recognise handwritten digits: 1,797 real images of 8 x 8 pixels, which scikit-learn brings along.

A Keras script like any other. Run it with

    python -m torchkeras_lite examples/digits.py
"""

import keras
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

keras.utils.set_random_seed(1)

images, labels = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(images, labels, test_size=0.2, random_state=1, stratify=labels)

model = keras.Sequential(
    [
        keras.Input(shape=(64,)),
        layers.Rescaling(1 / 16),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(
    x_train,
    y_train,
    epochs=20,
    validation_split=0.1,
    callbacks=[keras.callbacks.EarlyStopping(patience=4, restore_best_weights=True)],
)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"On {len(x_test)} images it has never seen: accuracy {accuracy:.3f}, loss {loss:.3f}")
probabilities = model.predict(x_test[:5], verbose=0)
print("Five of them: predicted", probabilities.argmax(axis=-1).tolist(), "- true", y_test[:5].tolist())
assert accuracy > 0.95, "that is far worse than usual"
