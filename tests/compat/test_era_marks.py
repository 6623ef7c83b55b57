"""Which era a program is taken for, by its words; and how a program is read at all."""

import importlib
import importlib.util
import json
import sys
from pathlib import Path

import pytest

SHIMS = Path(__file__).resolve().parents[2] / "compat" / "shims" / "keras"


@pytest.fixture(scope="module")
def files():
    """The files of the stand-in that read programs, under a name that is nobody's."""
    package = "stand_in_for_keras"
    spec = importlib.util.spec_from_file_location(package, SHIMS / "__init__.py", submodule_search_locations=[str(SHIMS)])
    sys.modules[package] = importlib.util.module_from_spec(spec)  # it is not run
    yield lambda name: importlib.import_module(f"{package}.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


PROGRAMS = {
    "nothing": ("print('nb_epoch')", "3"),
    "no Python": ("print 'nb_epoch'", "3"),
    "words of others": ("from sklearn.cluster import KMeans\nKMeans(init='random', p=2)", "3"),
    "methods of others beside tf.keras": (
        "from sklearn.svm import SVC\nfrom tensorflow import keras\nkeras.layers.Dense(2)\nSVC().fit(x).predict_proba(x)", "3",
    ),
    "methods of others": ("from sklearn.svm import SVC\nSVC().fit(x, y).predict_proba(x)", "3"),
    "plain words, the same in all": (
        "from keras.models import Sequential\nfrom keras.layers import Dense\nm = Sequential([Dense(3)])\nm.fit(x, y)", "3",
    ),
    "Keras 1": (
        "from keras.models import Sequential\nfrom keras.layers import Dense, Convolution2D\n"
        "m = Sequential()\nm.add(Convolution2D(8, 3, 3))\nm.add(Dense(output_dim=4, init='uniform'))\nm.fit(x, y, nb_epoch=3)",
        "1.2",
    ),
    "Keras 1 by its names": ("from keras.layers import *\nmerge([a, b], mode='concat', concat_axis=1)\nMaxoutDense(3)", "1.2"),
    "Keras 2 with words of Keras 1": (
        "from keras.layers import Dense\nDense(output_dim=4, init='uniform')\nm.fit(x, y, epochs=2, batch_size=3)", "2.3",
    ),
    "acc": (
        "from keras.layers import LSTM\nh = m.fit(x, y, epochs=3)\nplot(h.history['acc'], h.history['val_acc'])", "2.2",
    ),
    "acc by its own name": (
        "import keras\nm.compile('adam', 'mse', metrics=['acc'])\nh = m.fit(x, y, epochs=3)\nplot(h.history['acc'])", "3",
    ),
    "TensorFlow 1": (
        "import tensorflow as tf\nfrom tensorflow.contrib.keras.api.keras.layers import LSTM\nconfig = tf.ConfigProto()", "2.2",
    ),
    "TensorFlow 1 with its own Keras": (
        "import tensorflow as tf\nfrom tensorflow import keras\nm = keras.Sequential([keras.layers.Dense(3)])\n"
        "m.compile(tf.train.AdamOptimizer(), 'mse')\nm.fit(x, y, epochs=3)", "2.2",
    ),
    "TensorFlow 1, at once": ("import tensorflow as tf\ntf.enable_eager_execution()\ntf.keras.layers.Dense(3)(x)", "2.2"),
    "TensorFlow 2 with what it kept of 1": (
        "import tensorflow.compat.v1 as tf\ntf.train.AdamOptimizer()\nfrom tensorflow.keras import layers", "tf2",
    ),
    "Keras 2.3": (
        "from keras.utils import np_utils\nfrom keras.layers.recurrent import LSTM\nfrom keras.optimizers import Adam\n"
        "m.compile(Adam(learning_rate=0.1))\nm.fit(x, y, epochs=3)", "2.3",
    ),
    "TensorFlow 2": (
        "import tensorflow as tf\nm = tf.keras.Sequential([tf.keras.layers.LSTM(3)])\n"
        "m.compile(tf.keras.optimizers.Adam(lr=0.1))\nm.fit_generator(g, epochs=3)", "tf2",
    ),
    "TensorFlow, any": ("import tensorflow as tf\nm = tf.keras.Sequential([tf.keras.layers.LSTM(3)])\nm.fit(x, epochs=3)", "3"),
    "a rectifier with alpha": ("import tensorflow as tf\ntf.keras.activations.relu(x, alpha=0.5)", "tf2"),
    "a rectifier without": ("import tensorflow as tf\ntf.keras.activations.relu(x)", "3"),
    "Keras 3": ("import os\nos.environ['KERAS_BACKEND'] = 'torch'\nimport keras\nfrom keras import ops", "3"),
    "Keras 3 with an old word": (
        "import keras\nfrom keras import ops, layers\nkeras.utils.set_random_seed(1)\nm.save('m.keras')\n"
        "keras.optimizers.Adam(lr=0.1)\nlayers.Dense(3, kernel_initializer='zeros')", "3",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_recognized(name, files):
    source, era = PROGRAMS[name]
    assert files("_era_marks").recognize(source).era == era


def test_it_says_why(files):
    program = "import keras\n\nx = 1\nm.fit(x, y, nb_epoch=3)\nkeras.layers.Dense(3, W_regularizer='l2')"
    found = files("_era_marks").recognize(program)
    assert found.marks == [("nb_epoch=", 4), ("W_regularizer=", 5)]
    assert found.why() == "it says nb_epoch= in line 4, W_regularizer= in line 5"


def test_modules_beside_the_script_count(files, tmp_path):
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "__init__.py").write_text("")
    (tmp_path / "nets" / "small.py").write_text("import shared\nfrom keras.layers import Dense\n")
    (tmp_path / "shared.py").write_text("from keras.layers import Dense\nDense(3, init='uniform')\nimport shared")
    script = "from nets import small\nsmall.net().fit(x, y)"
    assert files("_era_marks").recognize(script, str(tmp_path / "script.py")).era == "1.2"
    assert files("_era_marks").recognize(script).era == "3"


def test_so_do_those_that_a_package_imports_from_itself(files, tmp_path):
    (tmp_path / "nets" / "deep").mkdir(parents=True)
    (tmp_path / "nets" / "__init__.py").write_text("from .small import *\n")
    (tmp_path / "nets" / "small.py").write_text("from . import deep\n")
    (tmp_path / "nets" / "deep" / "__init__.py").write_text("from ..old import net\n")
    (tmp_path / "nets" / "old.py").write_text("from keras.layers import Dense\nDense(3, init='uniform')\n")
    assert files("_era_marks").recognize("import nets", str(tmp_path / "script.py")).era == "1.2"


@pytest.mark.parametrize("named, era", [
    ("1.2", "1.2"), ("1.0.8", "1.2"), ("0.3", "1.2"), ("2.1.6", "2.2"), ("2.2", "2.2"), ("2.3", "2.3"), ("2.3.1", "2.3"),
    ("2", "2.3"), ("2.4", "tf2"), ("2.15.0", "tf2"), ("tf2", "tf2"), ("tf1.15", "2.2"), ("tf2.3", "tf2"), ("tf2.18", "3"),
    ("3", "3"), ("3.15.1", "3"), (2.3, "2.3"), ("Keras 2.3", "2.3"),
])  # fmt: skip
def test_what_eras_are_called(named, era, files):
    assert files("_era_marks").known(named) == era


def test_unknown_eras_are_refused(files):
    with pytest.raises(ValueError, match=r"Unknown era 'new'. The eras are 1.2, 2.2, 2.3, tf2, 3"):
        files("_era_marks").known("new")


def test_names_are_followed(files):
    uses = files("_script").uses(
        "import tensorflow as tf\nfrom tensorflow.keras import layers as L\nfrom tensorflow.python.keras.models import *\n"
        "keras = tf.keras\nDense = keras.layers.Dense\nx = Dense(3, activation='relu')\nL.LSTM\nmodel = Sequential()\n"
        "model.layers[0].build(1)\nfrom . import mine\nmine.thing"
    )
    said = [(use.line, use.kind, use.name, use.root) for use in uses if use.kind not in ("text",)]
    assert said == [
        (1, "import", "tensorflow", ""),
        (2, "import", "keras.layers", "tensorflow.keras"),
        (3, "import", "keras.models", "tensorflow.python.keras"),
        (4, "name", "keras", "tensorflow.keras"),
        (5, "name", "keras.layers.Dense", "tensorflow.keras"),
        (6, "call", "keras.layers.Dense", "tensorflow.keras"),
        (7, "name", "keras.layers.LSTM", "tensorflow.keras"),
        (8, "call", "keras.models.Sequential", "tensorflow.python.keras"),
        (9, "method", "build", ""),
        (9, "attribute", "layers", ""),
        (11, "attribute", "thing", ""),
    ]


def test_a_notebook_is_its_cells(files, tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["# nb_epoch=3"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "import keras\n", "if 1:\n", "    !ls"]},
        {"cell_type": "code", "source": "%%bash\nrm -r x"},
        {"cell_type": "code", "source": "to be continued ..."},
        {"cell_type": "code", "source": "%%time\nm.fit(x, nb_epoch=2)"},
    ]
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    source, places = files("_script").read(str(path))
    use = next(use for use in files("_script").uses(source) if use.name == "fit")
    assert places[use.line - 1] == f"{path}:cell 4:2" and len(places) == source.count("\n") + 1
    assert files("_era_marks").recognize(source).era == "1.2"
