"""Do old releases open the HDF5 files that are written here? Each golden model is written anew, and opened by them.

    python compat/golden/reopen.py write FOLDER              (here)
    PYTHON_OF_AN_OLD_KERAS compat/golden/reopen.py read FOLDER

`read` prints what does not open, or predicts something else. It runs where only the old Keras is.
"""

import os
import sys
import zipfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def write(folder):
    import torchkeras_lite

    os.makedirs(folder, exist_ok=True)
    with zipfile.ZipFile(os.path.join(HERE, "golden.zip")) as golden:
        golden.extractall(folder)
        for name in golden.namelist():
            if name.endswith(".h5") and not name.startswith("keras-1"):
                model = torchkeras_lite.models.load_model(os.path.join(folder, name))
                model.save(os.path.join(folder, name.replace(".h5", ".anew.h5")))


def read(folder):
    sys.path.insert(0, HERE)
    from make import old_keras, predictions

    keras, release = old_keras()
    opened = 0
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".anew.h5"):
            continue
        with np.load(os.path.join(folder, name.replace(".anew.h5", ".npz"))) as arrays:
            inputs, expected = ([arrays[key] for key in sorted(arrays) if key[0] == side] for side in "xy")
        try:
            model = keras.models.load_model(os.path.join(folder, name), compile="trained" in name)
            found = predictions(model, inputs, 2 if "stateful" in name else 1)
            error = max(np.abs(one - other).max() for one, other in zip(found, expected))  # noqa: B905  Python 3.9 too
            opened += error < 1e-5
            if error >= 1e-5:
                print(name, "differs by", error)
        except Exception as error:
            print(name, type(error).__name__, str(error)[:300])
    print(release, "opens", opened)


if __name__ == "__main__":
    {"write": write, "read": read}[sys.argv[1]](sys.argv[2])
