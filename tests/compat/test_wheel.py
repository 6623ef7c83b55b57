"""The wheel carries the stand-ins as data, installs nothing called keras or tensorflow, and runs where it is put."""

import importlib.util
import subprocess
import sys
import zipfile

import pytest

pytestmark = pytest.mark.slow

SCRIPT = """
import sys
from tensorflow.keras.layers import Dense
import keras, torchkeras_lite, tensorflow
print(keras.__file__)
print(torchkeras_lite.__file__)
print(Dense.__module__.partition(".")[0], keras.layers.Dense is Dense, sys.argv[1:])
"""


@pytest.fixture(scope="module")
def wheel(repository, tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--disable-pip-version-check", "-w", out, repository]
    if importlib.util.find_spec("hatchling") is not None:
        command.insert(4, "--no-build-isolation")
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if "No matching distribution found for hatchling" in done.stderr or "No module named pip" in done.stderr:
        pytest.skip("the build backend cannot be had here")
    assert done.returncode == 0, done.stderr
    return next(out.glob("*.whl"))


def test_what_is_in_it(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {name for name in tops if not name.endswith(".dist-info")} == {"torchkeras_lite"}
    shims = {f"_shims/{name}" for name in ("keras/__init__.py", "keras/_keras1.py", "tensorflow/config/__init__.py")}
    assert {f"torchkeras_lite/{name}" for name in {"__main__.py", "dropin.py", "py.typed", *shims}} <= set(names)
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]


def test_it_runs_from_where_it_is_put(wheel, python, tmp_path):
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    (tmp_path / "script.py").write_text(SCRIPT)
    expected = f"{site}/torchkeras_lite/_shims/keras/__init__.py\n{site}/torchkeras_lite/__init__.py\n"
    expected += "torchkeras_lite True ['a', '-b']\n"
    done = python("-m", "torchkeras_lite", "script.py", "a", "-b", path=[site], cwd=tmp_path, ok=True)
    assert done.out == expected
    (tmp_path / "script.py").write_text("import torchkeras_lite.dropin as d; d.install()" + SCRIPT)
    assert python("script.py", "a", "-b", path=[site], cwd=tmp_path, ok=True).out == expected
