"""Which files that are written here do real releases of Keras open? Golden models are written anew, and opened by them.

    python compat/golden/reopen.py write FOLDER [RELEASE ...]              (here)
    PYTHON_OF_A_KERAS compat/golden/reopen.py read FOLDER [ENDING ...]     (Keras 2, or tf_keras where there is both)
    PYTHON_OF_A_KERAS compat/golden/reopen.py read3 FOLDER [ENDING ...]    (Keras 3)

`write` takes the models of these releases (by default of all), and writes each as `.h5`, `.keras` and `.weights.h5`. `read`
prints what does not open, or predicts something else, and counts. It runs where only that Keras is. Weights are loaded into the
model that the same Keras has opened, all of whose weights are zeros by then.
"""

import os
import sys
import zipfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ENDINGS = (".h5", ".keras", ".weights.h5")


def write(folder, *releases):
    import torchkeras_lite

    os.makedirs(folder, exist_ok=True)
    with zipfile.ZipFile(os.path.join(HERE, "golden.zip")) as golden:
        for name in golden.namelist():
            if name.endswith(".h5") and name.startswith(releases or ""):
                golden.extract(name, folder)
                golden.extract(name.replace(".h5", ".npz"), folder)
                start = os.path.join(folder, name[: -len(".h5")])
                model = torchkeras_lite.models.load_model(f"{start}.h5")
                model.save(f"{start}.anew.h5")
                model.save(f"{start}.anew.keras")
                model.save_weights(f"{start}.anew.weights.h5")


def read(folder, *endings, keras3=False):
    sys.path.insert(0, HERE)
    from make import old_keras

    if keras3:
        import keras

        release = "keras-" + keras.__version__ + " on " + keras.backend.backend()
    else:
        keras, release = old_keras()
    for ending in endings or ENDINGS:
        names = [name[: -len(".anew.keras")] for name in sorted(os.listdir(folder)) if name.endswith(".anew.keras")]
        opened = 0
        for name in names:
            start = os.path.join(folder, name)
            try:
                model = opened_by(keras, start, ending, keras3)
                with np.load(start + ".npz") as arrays:
                    inputs, expected = ([arrays[key] for key in sorted(arrays) if key[0] == side] for side in "xy")
                found = outputs(keras, model, inputs, "stateful" in name)
                error = max(np.abs(one - other).max() for one, other in zip(found, expected))  # noqa: B905  Python 3.9 too
                opened += error < 1e-5
                if error >= 1e-5:
                    print(name + ending, "differs by", error, flush=True)
            except Exception as error:
                print(name + ending, type(error).__name__, str(error)[:300].replace("\n", " "), flush=True)
        print(release, "opens", opened, "of", len(names), ending, flush=True)


def opened_by(keras, start, ending, keras3):
    """The model, out of the file with this ending."""
    if "weights" not in ending:
        return keras.models.load_model(start + ".anew" + ending, compile="trained" in start)
    model = keras.models.load_model(start + (".anew.keras" if keras3 else ".anew.h5"), compile=False)
    model.set_weights([np.zeros_like(value) for value in model.get_weights()])
    model.load_weights(start + ".anew" + ending)
    return model


def outputs(keras, model, inputs, stateful):
    """What the model says of its inputs; twice, four at a time, if it has states."""

    def said(inputs):
        found = model(inputs if len(inputs) > 1 else inputs[0], training=False)
        found = found if isinstance(found, (list, tuple)) else [found]
        return [np.asarray(one.detach() if hasattr(one, "detach") else one) for one in found]

    if not stateful:
        return said(inputs)
    many = [said([one[i : i + 4] for one in inputs])[0] for _ in range(2) for i in range(0, len(inputs[0]), 4)]
    half = len(many) // 2
    return [np.concatenate(many[:half]), np.concatenate(many[half:])]


if __name__ == "__main__":
    word, *rest = sys.argv[1:]
    write(*rest) if word == "write" else read(*rest, keras3=word == "read3")
