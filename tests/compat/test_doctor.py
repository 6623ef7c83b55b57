"""`--doctor` on programs of each era, `--era`, and the line that says which era was taken."""

import re

import pytest

SCRIPT = """\
import numpy as np
from keras.layers.core import Dense
from keras.layers import LSTM, MaxoutDense, Convolution2D
from keras.models import Sequential
from keras import backend as K

model = Sequential()
model.add(LSTM(4, input_shape=(5, 3), inner_activation='sigmoid'))
model.add(Dense(output_dim=2, bias=False))
print(K.get_value(K.sum(K.variable([1.0, 2.0]))))
model.compile('adam', 'mse', metrics=['accuracy'])
history = model.fit(np.zeros((4, 5, 3)), np.zeros((4, 2)), nb_epoch=1, verbose=0)
print(sorted(history.history), model.optimizer.epsilon, model.layers[0].recurrent_initializer.gain)
keras_has_none = K.no_such_thing if False else None
ten = keras_has_none and model.fit(np.zeros((4, 5, 3)), np.zeros((4, 2)), batch_size=2)
"""
# line: what has changed -> what is done, in the words that matter
CHANGED = [
    (2, "keras.layers.core is gone", "shows keras.layers"),
    (3, "keras.layers.MaxoutDense is gone", "here as it was"),
    (8, "`inner_activation` of LSTM is called `recurrent_activation` now", "taken as that"),
    (8, "`recurrent_initializer='orthogonal'` of LSTM: stretched by 1.1", "as it was"),
    (8, "LSTM: the weights of each gate were drawn by themselves", "as it was"),
    (9, "`bias` of Dense is called `use_bias` now", "taken as that"),
    (9, "`output_dim` of Dense is called `units` now", "taken as that"),
    (10, "keras.backend.get_value is gone", "Keras 2's rules"),
    (10, "keras.backend.sum is gone", "Keras 2's rules"),
    (10, "keras.backend.variable is gone", "Keras 2's rules"),
    (11, "`epsilon` of adam was 1e-08, is 1e-07 now", "as it was"),
    (11, "the logs called 'accuracy' 'acc'", "as they did"),
    (12, "`nb_epoch` of fit() is called `epochs` now", "taken as that"),
    (14, "keras.backend.no_such_thing is not there", "the program stops here"),
    (15, "`epochs` of fit() was 10, is 1 now", "as it was"),
]
LINE = "keras: taken for a script of Keras 1, as it says "


@pytest.fixture
def ours(python, repository, tmp_path):
    def run(*args, **more):
        return python("-W", "error", "-m", "torchkeras_lite", *args, path=[repository], cwd=tmp_path, era=None, **more)

    return run


def test_the_doctor_and_the_run_agree(ours, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "today.py").write_text("import keras\nkeras.Sequential([keras.layers.LSTM(3)]).compile('adam', 'mse')\n")
    (tmp_path / "broken.py").write_text("print 'old'\n")
    done = ours("--doctor", "script.py", "today.py", "broken.py")
    *lines, last, second = done.out.splitlines()
    found = [re.fullmatch(r"script\.py:(\d+): (.*) -> (.*)", line).groups() for line in lines]
    assert sorted(found) == sorted(found, key=lambda one: (one[0], one[1], one[2]))
    assert [int(line) for line, _, _ in found] == sorted(line for line, _, _ in CHANGED)
    for line, what, then in CHANGED:
        assert any(int(n) == line and what in w and then in t for n, w, t in found), (line, what, lines)
    assert last.startswith("script.py: Keras 1 (it says ") and last.endswith(f"); {len(CHANGED)} changed since.")
    assert second == "today.py: Keras 3 (nothing says another); nothing changed since."
    assert done.code == 2 and "broken.py:1: is no Python 3" in done.err

    ran = ours("script.py", ok=True)
    assert ran.out.splitlines() == ["3.0", "['acc', 'loss'] 1e-08 1.1"]
    assert ran.err.startswith(LINE) and ran.err.count("\n") == 1 and "; so `recurrent_initializer=" in ran.err
    assert "MaxoutDense in line 3" in ran.err and ", and 3 more" not in ran.err and " and 1 more. (" in ran.err


def test_exit_codes_and_named_eras(ours, tmp_path):
    (tmp_path / "lstm.py").write_text("from keras.layers import GRU\nGRU(3)\n")
    assert ours("--doctor", "lstm.py").code == 0
    done = ours("--era", "2.3", "--doctor", "lstm.py")
    assert done.code == 1 and done.out.splitlines() == [
        "lstm.py:2: `reset_after` of GRU was False, is True now -> as it was",
        "lstm.py: Keras 2.3; 1 changed since.",
    ]
    assert ours("--doctor", "missing.py").code == 2
    assert ours("--era", "new", "lstm.py").code == 2 == ours("--era").code == ours("--doctor").code


def test_a_line_where_the_era_changes_something_and_none_else(ours, tmp_path):
    words = "from keras.layers import Dense\nprint(Dense(output_dim=3).units)\n"
    (tmp_path / "words.py").write_text(words)
    assert ours("words.py", ok=True).err == ""
    lstm = words + "from keras.layers import LSTM; print(LSTM(3).recurrent_activation.__name__)"
    done = ours("-c", lstm, ok=True)
    assert done.err.startswith(LINE) and done.out == "3\nhard_sigmoid\n"
    done = ours("-", input=lstm.encode(), ok=True)
    assert done.err.startswith(LINE) and done.out == "3\nhard_sigmoid\n"
    done = ours("--era=3", "-c", lstm, ok=True)
    assert done.err == "" and done.out == "3\nsigmoid\n"


def test_install_takes_an_era(python, repository, tmp_path):
    (tmp_path / "script.py").write_text(
        "import torchkeras_lite as lite, torchkeras_lite.dropin as d\n"
        "try: d.install(era='new')\nexcept ValueError as error: assert 'The eras are 1.2, 2.3, tf2' in str(error)\n"
        "else: raise AssertionError\n"
        "d.install(era='1.2')\nimport keras\nassert keras.optimizers.Adam().epsilon == 1e-8\n"
        "old = keras.optimizers.Adam\n"
        "d.install(era='2.3')\nassert keras.optimizers.Adam().epsilon == 1e-7 and not keras.layers.GRU(2).reset_after\n"
        "d.install(era='3')\nassert keras.layers.GRU is lite.layers.GRU and lite.Model is keras.Model\n"
        "d.uninstall()\nassert not hasattr(lite.Model.compile, '_before_eras') and old().epsilon == 1e-8\n"
    )
    python("-W", "error", "script.py", path=[repository], cwd=tmp_path, ok=True, era=None)


def test_the_stand_in_alone_knows_the_era_too(python, repository, tmp_path):
    (tmp_path / "script.py").write_text("import keras\nprint(keras.optimizers.Adam().epsilon)\n")
    shims = repository / "compat" / "shims"
    assert python("script.py", path=[shims, repository], cwd=tmp_path, ok=True, era="1.2").out == "1e-08\n"
    assert python("script.py", path=[shims, repository], cwd=tmp_path, ok=True, era=None).out == "1e-07\n"


def test_a_runner_of_programs_is_not_the_program(python, repository, tmp_path):
    old = "from keras.layers.core import Dense\nimport keras\nprint(keras.layers.GRU(2).reset_after)\n"
    (tmp_path / "old.py").write_text(old)
    (tmp_path / "runner.py").write_text(
        "import runpy, sys\nsys.argv = sys.argv[1:]\nimport torchkeras_lite.dropin as d\nd.install()\nimport keras\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    ran = python(tmp_path / "runner.py", tmp_path / "old.py", path=[repository], era=None, ok=True)
    assert ran.out.split() == ["False"] and "taken for a script of" in ran.err


def test_where_the_program_says_nothing_those_do_who_import_keras(python, repository, tmp_path):
    (tmp_path / "library" / "inner").mkdir(parents=True)
    (tmp_path / "library" / "inner" / "__init__.py").write_text(
        "import keras\ndef net(): return keras.layers.GRU(2)\n"
    )
    (tmp_path / "library" / "not_imported_yet.py").write_text("from keras.layers.core import Dense\n")
    (tmp_path / "library" / "__init__.py").write_text("from .inner import keras, net\n")
    (tmp_path / "elsewhere").mkdir()
    program = "import torchkeras_lite.dropin as d\nd.install()\nimport library\nprint(library.net().reset_after)\n"
    (tmp_path / "elsewhere" / "silent.py").write_text(program)
    (tmp_path / "elsewhere" / "speaks.py").write_text(program + "from keras import ops\n")
    ran = python(tmp_path / "elsewhere" / "silent.py", path=[repository, tmp_path], era=None, ok=True)
    assert ran.out.split() == ["False"] and "it says keras.layers.core" in ran.err
    ran = python(tmp_path / "elsewhere" / "speaks.py", path=[repository, tmp_path], era=None, ok=True)
    assert ran.out.split() == ["True"] and "taken for" not in ran.err


def test_the_editor_is_told_where_things_are(ours, tmp_path):
    told = ours("--editor", ok=True).out
    assert "shims" in told and "extraPaths" in told and "PyCharm" in told
    assert "wrote" in ours("--editor", "typings", ok=True).out
    stub = (tmp_path / "typings" / "keras" / "layers" / "core" / "__init__.pyi").read_text()
    assert "from torchkeras_lite.layers.core import Dense as Dense\n" in stub
    assert "from torchkeras_lite.layers.convolutional import Conv2D as Convolution2D\n" in stub
    again = (tmp_path / "typings" / "tensorflow" / "keras" / "layers" / "__init__.pyi").read_text()
    assert again == "from keras.layers import *\n"
    for path in (tmp_path / "typings").rglob("*.pyi"):
        compile(path.read_text(), path, "exec")
