"""Has old releases of Keras write the golden files: models with seeded weights, some inputs, and what they predict for these.

    PYTHON_OF_AN_OLD_KERAS compat/golden/make.py FOLDER [KIND ...]

A model of each kind in kinds_keras2.py (or kinds_keras1.py, where Keras 1 runs this) goes into FOLDER as `<release>-<kind>.h5`,
and as `<release>-<kind>.keras` where the release has that format; inputs and predictions go into `<release>-<kind>.npz`. This
file needs nothing but the old Keras and numpy. `pack.py` makes `golden.zip` of the folder.
"""

import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)


def old_keras():
    """The old Keras that is installed, and its release: keras before Keras 3, or tf_keras."""
    try:
        import tf_keras as keras

        return keras, "tf_keras-" + keras.__version__
    except ImportError:
        import keras

        if keras.backend.backend() == "theano":
            __import__("theano.ifelse")  # which Keras uses without importing it

        assert int(keras.__version__[0]) < 3, "this is about old releases"
        return keras, "keras-" + keras.__version__


def seeded(model, either_way):
    """Sets weights that no start of training gives: small numbers, positive ones where a variance may be.

    With `either_way` kernels are the same when they are turned round.
    """
    draw = np.random.RandomState(7)
    values = []
    for value in model.get_weights():
        if value.dtype.kind not in "fiu" or value.ndim == 0:
            values.append(value)
        elif value.ndim == 1:
            values.append((0.5 + draw.uniform(0, 1, value.shape)).astype(value.dtype))
        else:
            drawn = draw.uniform(-1, 1, value.shape) / np.sqrt(value.shape[0])
            drawn = drawn + drawn[::-1, ::-1] if either_way and value.ndim == 4 else drawn
            values.append(drawn.astype(value.dtype))
    model.set_weights(values)


def predictions(model, inputs, batches):
    """What the model says of its inputs; in the second batch something else, if it has states."""
    found = [model.predict(inputs if len(inputs) > 1 else inputs[0], batch_size=4) for _ in range(batches)]
    return [np.asarray(one) for many in found for one in (many if isinstance(many, list) else [many])]


def write(folder, wanted):
    keras, release = old_keras()
    first = int(keras.__version__[0])
    kinds = __import__("kinds_keras1" if first == 1 else "kinds_keras2")
    by_zip = release.startswith("tf_keras") or tuple(map(int, keras.__version__.split(".")[:2])) >= (2, 12)
    for name, make in kinds.KINDS.items():
        if wanted and name not in wanted:
            continue
        getattr(keras.backend, "clear_session", int)()  # Keras on Theano has none
        try:
            made = make(keras)
        except (AttributeError, ImportError) as error:
            print(release, "has no", name, "-", error)
            continue
        model, inputs, batches = made if len(made) == 3 else (*made, 1)
        if not name.startswith("trained"):
            seeded(model, name in kinds.EITHER_WAY)
        start = os.path.join(folder, release + "-" + name)
        model.save(start + ".h5")
        if by_zip and name not in kinds.ONLY_HDF5:
            model.save(start + ".keras")
        arrays = {f"x{i}": one for i, one in enumerate(inputs)}
        arrays.update({f"y{i}": one for i, one in enumerate(predictions(model, inputs, batches))})
        np.savez_compressed(start + ".npz", **arrays)
        print(release, name, os.path.getsize(start + ".h5"))


if __name__ == "__main__":
    if not os.path.isdir(sys.argv[1]):
        os.makedirs(sys.argv[1])
    write(sys.argv[1], sys.argv[2:])
