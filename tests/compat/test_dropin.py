"""install() and uninstall(), and where the stand-ins are found."""

import shutil
import textwrap

import pytest

SNIPPETS = {
    "install and uninstall": """
        import sys
        before, finders = list(sys.path), list(sys.meta_path)
        import torchkeras_lite.dropin as d
        d.install(); d.install()
        assert sys.path[0].endswith("shims") and sys.path[1:] == before
        import keras, tensorflow as tf
        from tensorflow.keras.layers import Dense
        assert keras.__version__ == "3.15.1" and "shims" in tf.__file__
        assert d.install() is None and sys.path[1:] == before          # again, with the stand-ins imported
        d.uninstall(); d.uninstall()
        assert sys.path == before and sys.meta_path == finders
        assert not [n for n in sys.modules if n.partition(".")[0] in ("keras", "tensorflow")]
        assert keras.layers.Dense is Dense                               # what is held goes on working
        d.install()
        import keras as again
        assert again is not keras and again.layers.Dense is Dense
    """,
    "install puts itself first": """
        import sys, os
        import torchkeras_lite.dropin as d
        shims = d._shims()
        sys.path += [shims, shims]
        d.install()
        assert sys.path.index(shims) == 0 and sys.path.count(shims) == 1
    """,
    "another keras is there already": """
        import sys
        sys.path.insert(0, "other")
        import keras, torchkeras_lite.dropin as d
        before = list(sys.path)
        try:
            d.install()
        except RuntimeError as error:
            text = str(error)
            assert "`keras`" in text and keras.__file__ in text and "before the first import" in text, text
            assert "restart the kernel" in text and "python -m torchkeras_lite" in text
        else:
            raise AssertionError
        assert sys.path == before
        d.uninstall()
        assert sys.modules["keras"] is keras and sys.path == before
    """,
    "a module without a file is another one too": """
        import sys, types, torchkeras_lite.dropin as d
        sys.modules["tensorflow"] = types.ModuleType("tensorflow")
        try:
            d.install()
        except RuntimeError as error:
            assert "`tensorflow`" in str(error)
        else:
            raise AssertionError
    """,
    "only the standard library": """
        import sys
        before = set(sys.modules)
        import torchkeras_lite.dropin
        new = {n.partition(".")[0] for n in set(sys.modules) - before}
        assert new - sys.stdlib_module_names == {"torchkeras_lite"}, new
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_dropin(name, python, stub, tmp_path):
    (tmp_path / "other" / "keras").mkdir(parents=True)
    (tmp_path / "other" / "keras" / "__init__.py").write_text("")
    (tmp_path / "snippet.py").write_text(textwrap.dedent(SNIPPETS[name]))
    python("-W", "error", tmp_path / "snippet.py", path=[stub, stub / "fakes"], cwd=tmp_path, ok=True)


def test_the_package_is_found_beside_the_stand_ins(python, stub):
    # Without site-packages: nothing is installed, only the folder of the stand-ins is on the path.
    code = "import sys, keras; print(keras.layers.Dense, sys.path[-1])"
    done = python("-S", "-c", code, path=[stub / "compat" / "shims"], ok=True)
    assert done.out == f"<class 'torchkeras_lite.layers.core.Dense'> {stub}\n"


def test_a_package_that_does_not_import_says_why(python, stub, tmp_path):
    shutil.copytree(stub, tmp_path / "broken")
    (tmp_path / "broken" / "torchkeras_lite" / "__init__.py").write_text("import a_missing_library")
    done = python("-S", "-c", "import keras", path=[tmp_path / "broken" / "compat" / "shims"])
    assert done.err.endswith("ModuleNotFoundError: No module named 'a_missing_library'\n")


def test_a_package_without_stand_ins_says_so(python, stub, tmp_path):
    shutil.copytree(stub / "torchkeras_lite", tmp_path / "torchkeras_lite")
    done = python("-S", "-c", "import torchkeras_lite.dropin as d; d.install()", path=[tmp_path])
    assert "RuntimeError" in done.err and "Install it again" in done.err
    # The layout of a wheel.
    shutil.copytree(stub / "compat" / "shims", tmp_path / "torchkeras_lite" / "_shims")
    code = "import torchkeras_lite.dropin as d; d.install(); import keras; print(keras.__file__)"
    done = python("-S", "-c", code, path=[tmp_path], ok=True)
    assert done.out == f"{tmp_path}/torchkeras_lite/_shims/keras/__init__.py\n"


def test_a_linked_package_finds_its_checkout(python, stub, tmp_path):
    (tmp_path / "torchkeras_lite").symlink_to(stub / "torchkeras_lite")
    code = "import torchkeras_lite.dropin as d; d.install(); import keras; print(keras.__file__)"
    assert str(stub) in python("-S", "-c", code, path=[tmp_path], ok=True).out
