"""Every test here looks at a fresh interpreter: what `import keras` means is decided once per process.

Many need no torch: they run against `stub`, a folder that holds the stand-ins, the two files of the package that belong
to them, and a few modules of nothing in place of the rest. That takes a tenth of a second where torch takes three.
"""

import importlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIMS = ROOT / "compat" / "shims"

STUB = {
    "__init__.py": "from . import layers, models\n__version__ = '0'\n",
    "config.py": "def set_random_seed(seed): ...\n",
    "layers/__init__.py": "__all__ = ['Dense']\nfrom .core import Dense\nimport os\n",
    "layers/core.py": '"""The core."""\nclass Dense:\n    def __init__(*_, **__): ...\nhidden = 1\n_private = 2\n',
    "layers/_secret.py": "",
    "losses.py": "print('losses runs')\nimport math\ndef mse(): return 1\n_private = 2\n",
    "models.py": """
class Sequential:
    def __init__(self): self.layers = []
    def add(self, layer): self.layers.append(layer)
    def summary(self): print(len(self.layers), "layers")
""",
    "utils/__init__.py": "",
    "utils/deep/__init__.py": "",
    "utils/deep/down.py": "here = 1\n",
    # for tests that import `tensorflow` but ask nothing of torch
    "../fakes/torch.py": "class Tensor: ...\nclass Size(tuple): ...\nclass device: ...\nclass dtype: ...\n",
}


@pytest.fixture(scope="session")
def stub(tmp_path_factory):
    """A checkout with a `torchkeras_lite` that imports nothing: the path of its root."""
    root = tmp_path_factory.mktemp("stub")
    for name, text in STUB.items():
        file = root / "torchkeras_lite" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for name in ("dropin.py", "__main__.py"):
        shutil.copy(ROOT / "torchkeras_lite" / name, root / "torchkeras_lite")
    shutil.copytree(SHIMS, root / "compat" / "shims", ignore=shutil.ignore_patterns("__pycache__"))
    for era in (root / "compat" / "shims" / "keras").glob("_keras*.py"):
        era.write_text("PATHS = {}\n")  # rows of old eras speak of what is not in this package; tests add rows of their own
    return root


@pytest.fixture(scope="session")
def python(fresh, tmp_path_factory):
    """Runs `python *args` and returns its code, out and err; `path`, `ok` and `real` as in `fresh.py`.

    With this checkout on the path torch is imported already, unless it is to be a real interpreter.
    Keras is today's, whatever the program says; with `era=None` that is left to the program.
    """
    elsewhere = tmp_path_factory.mktemp("empty")  # -c and -m put the current folder on the path

    def run(*args, path=(), cwd=None, era="3", real=False, **more):
        env = {**os.environ, **({"TORCHKERAS_ERA": era} if era else {})}
        real = real or not {ROOT, SHIMS}.intersection(path)
        return fresh(*args, path=path, cwd=cwd or elsewhere, env=env, real=real, **more)

    return run


@pytest.fixture(scope="session")
def repository():
    """The root of this checkout."""
    return ROOT


class StandIn:
    """`tf.<name>` by the tables of the stand-in, whose files run under another name here."""

    def __init__(self, package):
        self.package = package
        self.later = self.file("_names").LATER

    def file(self, name):
        return importlib.import_module(f"{self.package}.{name}")

    def __getattr__(self, name):
        if name in ("random", "config", "dtypes"):
            return self.file(name)
        if name in self.later:
            file = self.file(self.later[name])
            return file if name == self.later[name] else getattr(file, name)
        return getattr(self.file("dtypes"), name)


@pytest.fixture(scope="session")
def shape():
    """The one file of the stand-in for Keras that those for TensorFlow need, where it is looked for."""
    spec = importlib.util.spec_from_file_location("keras._shape", SHIMS / "keras" / "_shape.py")
    sys.modules["keras._shape"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["keras._shape"]


@pytest.fixture(scope="session")
def tf(shape):
    """The files of the stand-in for TensorFlow, under a name that is nobody's: this process must not see a `tensorflow`."""
    package, folder = "stand_in_for_tensorflow", SHIMS / "tensorflow"
    spec = importlib.util.spec_from_file_location(package, folder / "__init__.py", submodule_search_locations=[str(folder)])
    sys.modules[package] = importlib.util.module_from_spec(spec)  # it is not run: it would look for `keras`
    yield StandIn(package)
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
