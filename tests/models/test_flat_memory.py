"""Six thousand batches leave nothing behind, with the garbage collector off: what a step makes is freed when it is over."""

import json
import os

import pytest

CODE = """
import gc, json, sys, resource
import numpy as np, torch
import torchkeras_lite as keras
from torchkeras_lite import layers

entry = keras.Input((16,))
x = layers.Dense(64, "relu", kernel_regularizer="l2")(entry)
x = layers.Dropout(0.1)(layers.BatchNormalization()(x))
model = keras.Model(entry, layers.Dense(4, "softmax")(x))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
rows = 64
x, y = np.random.rand(rows * 250, 16).astype("float32"), np.random.randint(0, 4, rows * 250)

def batches():
    while True:
        for i in range(0, len(x), rows):
            yield x[i : i + rows], y[i : i + rows]

class Looking(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch % 10 == 0:
            logs["loss"]

def fit(epochs):
    if kind == "arrays":
        model.fit(x, y, batch_size=rows, epochs=epochs, verbose=0, callbacks=[Looking()])
    else:
        model.fit(batches(), steps_per_epoch=250, epochs=epochs, verbose=0, callbacks=[Looking()])

def evaluate(epochs):
    for _ in range(epochs):
        model.evaluate(*((x, y) if kind == "arrays" else (batches(),)), batch_size=rows, steps=250, verbose=0)

def predict(epochs):
    for _ in range(epochs):
        model.predict(x if kind == "arrays" else batches(), batch_size=rows, steps=250, verbose=0)

def tensors():
    return sum(issubclass(type(one), torch.Tensor) for one in gc.get_objects())

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20

kind, found = sys.argv[1], {}
for act in (fit, evaluate, predict):
    gc.collect()
    gc.disable()
    act(6)  # what is made once is made here; and the allocator finds out which sizes come again
    before, sizes = tensors(), [resident()]
    for _ in range(3):
        act(8)
        sizes.append(resident())
    # A leak is there each time; how the allocator lays things out is not.
    found[act.__name__] = tensors() - before, 3 * min(sizes[i + 1] - sizes[i] for i in range(3))
    gc.enable()
print(json.dumps(found))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the resident size is read from /proc")
@pytest.mark.parametrize("kind", ["arrays", "generator"])
def test_six_thousand_batches(fresh, kind):
    for call, (tensors, megabytes) in json.loads(fresh("-c", CODE, kind, ok=True).out).items():
        assert tensors <= 0, f"{call}: {tensors} tensors more than before"
        assert megabytes < 16, f"{call}: {megabytes:.1f} MB more than before"  # 6,000 batches of inputs alone are 25 MB
