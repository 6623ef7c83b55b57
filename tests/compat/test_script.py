"""A tutorial's first script, character for character, by every way to run it and in every spelling of its imports."""

import re

import pytest

SCRIPT = """\
# load libraries
from keras.models import Sequential
from keras.layers import Dense
# instantiate model
model = Sequential()
# here you can add your hidden layer
model.add(Dense(4, input_shape=(2,), activation="relu"))
# one neuron output!
model.add(Dense(1))
model.summary()
"""

_IMPORTS = "from keras.models import Sequential\nfrom keras.layers import Dense\n"
SPELLINGS = {
    "from keras": SCRIPT,
    "from tensorflow.keras": SCRIPT.replace("from keras", "from tensorflow.keras"),
    "from tensorflow import keras": SCRIPT.replace(
        _IMPORTS, "from tensorflow import keras\nSequential, Dense = keras.Sequential, keras.layers.Dense\n"
    ),
    "import tensorflow as tf": SCRIPT.replace(_IMPORTS, "import tensorflow as tf\n")
    .replace(" Sequential(", " tf.keras.models.Sequential(")
    .replace("Dense(", "tf.keras.layers.Dense("),
    "import keras": SCRIPT.replace(_IMPORTS, "import keras\n")
    .replace(" Sequential(", " keras.models.Sequential(")
    .replace("Dense(", "keras.layers.Dense("),
    "import tensorflow.keras.layers as L": SCRIPT.replace(
        _IMPORTS, "import tensorflow.keras.layers as L, tensorflow.keras.models as M\n"
    )
    .replace(" Sequential(", " M.Sequential(")
    .replace("Dense(", "L.Dense("),
}

INSTALL = "import torchkeras_lite.dropin as d; d.install()\n"
WAYS = ["-m torchkeras_lite", "install()", "PYTHONPATH"]


@pytest.fixture
def run(python, tmp_path):
    """Runs `script` one way with the package at `root`; asserts that the stand-in was what it imported."""

    def run(script, way, root, *more):
        (tmp_path / "script.py").write_text((INSTALL if way == "install()" else "") + script)
        path = [*more, root / "compat" / "shims"] if way == "PYTHONPATH" else [*more, root]
        before = ["-m", "torchkeras_lite"] if way == "-m torchkeras_lite" else []
        done = python("-X", "importtime", *before, tmp_path / "script.py", path=path, ok=True)
        # The list of imports on stderr tells whose code ran, without a word added to the script.
        assert re.search(r"\| *torchkeras_lite\.layers$", done.err, re.M) and " keras.src" not in done.err
        return done.out

    return run


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_way_and_spelling(spelling, way, run, stub):
    script = SPELLINGS[spelling].replace("keras.Sequential", "keras.models.Sequential")
    more = [stub / "fakes"] + [stub] * (way == "PYTHONPATH")
    assert run(script, way, stub, *more) == "2 layers\n"


def _checked(out, models=1):
    assert len(re.findall(r"dense\w* \(Dense\).*\(None, 4\).*12\b", out)) == models, out
    assert len(re.findall(r"dense\w* \(Dense\).*\(None, 1\).*5\b", out)) == models, out
    assert len(re.findall(r"Total params: 17 \(68\.00 B\)", out)) == models, out


@pytest.mark.parametrize("way", WAYS)
def test_the_script(way, run, repository):
    _checked(run(SCRIPT, way, repository))


def test_the_spellings_one_after_another(run, repository):
    # Which spelling comes first into a process is the test above; this one has the real layers and models behind them.
    _checked(run("".join(SPELLINGS.values()), "PYTHONPATH", repository), models=len(SPELLINGS))


def test_as_a_library(python, repository, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT.replace("from keras", "from torchkeras_lite"))
    _checked(python(tmp_path / "script.py", path=[repository], ok=True).out)
