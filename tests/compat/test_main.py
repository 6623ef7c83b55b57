"""`python -m torchkeras_lite X` beside `python X`: same code, same output, same words on stderr."""

import os
import sys
import textwrap
import zipfile

import pytest

WHO = """\

import sys, __main__
print(sys.argv, type(__loader__).__name__, [p for p in sys.path if not p.endswith("compat/shims")])
own = ("__builtins__", "__loader__", "__spec__")
print({k: str(v).split(" object at ") for k, v in globals().items() if k not in own})
print(__spec__ and (__spec__.name, __spec__.origin, __spec__.parent))
print(__builtins__ is sys.modules["builtins"], vars(__main__) is globals(), list(sys.modules).count("__main__"))
"""

PROGRAMS = {
    "who": WHO,
    "docstring": "'''doc'''\nprint(__doc__, __annotations__)\nx: int = 1\nprint(__annotations__)",
    "main guard": "if __name__ == '__main__': print('main')",
    "exit 3": "import sys; sys.exit(3)",
    "exit text": "import sys; sys.exit('bye')",
    "exit none": "raise SystemExit",
    "exit true": "raise SystemExit(True)",
    "exit now": "import os; os._exit(7)",
    "error": "def f():\n    raise ValueError('no')\n\nf()\n",
    "error chain": "try:\n    1/0\nexcept Exception as e:\n    raise KeyError('k') from e",
    "error again": "def f():\n    try:\n        [][1]\n    finally:\n        {}['x']\nf()",
    "suggestion": "import math\nmath.sinn",
    "syntax": "x = 1\nif x\n    pass\n",
    "indentation": "def f():\nreturn 1\n",
    "import error": "import nothing_of_this_name",
    "keyboard": "raise KeyboardInterrupt",
    "keyboard signal": "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(5)",
    "own hook": "import sys, traceback\nsys.excepthook = lambda k, e, t: print(k, e, traceback.format_tb(t))\n1/0",
    "bad hook": "import sys\ndef hook(k, e, t): sys.exit(9)\nsys.excepthook = hook\n1/0",
    "atexit": "import atexit, __main__\natexit.register(lambda: print('end', x, __main__.x))\nx = 5\nraise KeyError(1)",
    "destructor": "class A:\n    def __del__(self): print('gone')\na = A()",
    "stdin": "print(input('? ') + input())",
    "warning": "import warnings\ndef f(): warnings.warn('old', DeprecationWarning, stacklevel=2)\nf()",
    "thread": "import threading as t, time\ndef f(): time.sleep(.1); print('late')\nt.Thread(target=f).start()\n1/0",
    "pickle": "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A, A.__module__, A)",
    "dataclass": "from __future__ import annotations\nimport dataclasses, typing\n@dataclasses.dataclass\nclass A:\n"
    "    x: typing.ClassVar[int] = 1\nprint(dataclasses.fields(A), typing.get_type_hints(A))",
    "source": "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f), inspect.getmodule(f))",
    "global": "x = 1\ndef f(): return x\nprint([f() for _ in range(2)], eval('x'))",
    "local import": "import beside\nprint(beside.__file__)",
}  # fmt: skip


@pytest.fixture
def same(python, stub, tmp_path):
    """Runs both and compares; returns what plain Python did."""

    def compare(*args, input=None, words=True, options=()):
        plain = python(*options, *args, path=[stub], cwd=tmp_path, input=input)
        ours = python(*options, "-m", "torchkeras_lite", *args, path=[stub], cwd=tmp_path, input=input)
        assert (ours.code, ours.out) == (plain.code, plain.out), ours.err
        if words:
            assert ours.err == plain.err
        return plain

    return compare


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_script(name, same, tmp_path):
    (tmp_path / "beside.py").write_text("")
    (tmp_path / "script.py").write_text(PROGRAMS[name])
    done = same("script.py", "a", "-c", "--b=1", "-m", input=b"one\ntwo\n")
    if "error" in name:
        assert done.code == 1 and "Traceback" in done.err


def test_the_first_frame_is_the_script_s(python, stub, tmp_path):
    (tmp_path / "script.py").write_text("def f():\n    raise ValueError('no')\n\nf()\n")
    err = python("-m", "torchkeras_lite", "script.py", path=[stub], cwd=tmp_path).err.splitlines()
    assert err[0] == "Traceback (most recent call last):" and err[1].endswith('script.py", line 4, in <module>')
    assert "runpy" not in "".join(err) and "torchkeras_lite" not in "".join(err)


@pytest.mark.parametrize("options", [(), ("-O", "-W", "error"), *[("-P",)] * (sys.version_info >= (3, 11))], ids=str)
@pytest.mark.parametrize("place", ["sub/script.py", "./sub/script.py", "sub/../sub/script.py", "link.py"])
def test_where_a_script_lies(same, tmp_path, place, options):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "script.py").write_text(WHO)
    (tmp_path / "link.py").symlink_to("sub/script.py")
    same(place, "x", options=options)
    same(tmp_path / place, options=options)


@pytest.mark.parametrize(
    "data",
    [
        b"# -*- coding: latin-1 -*-\nprint(ascii('\xe9\xa4'))",
        b"\xef\xbb\xbfprint(ascii('\xc3\xa9'))",
        b"print(1)\r\nprint(2)\r\n1/0\r\n",
        b"",
        b"print('no newline at the end')\n    ",
        "print(ascii('é'))".encode(),
    ],
)
def test_encodings(same, tmp_path, data):
    (tmp_path / "script.py").write_bytes(data)
    same("script.py")


def test_an_unreadable_encoding_is_a_syntax_error(same, tmp_path):
    (tmp_path / "script.py").write_bytes(b"x = '\xe9'\n")
    assert "SyntaxError" in same("script.py", words=False).err


def test_compiled_scripts(same, tmp_path):
    import py_compile

    (tmp_path / "script.py").write_text(WHO + "1/0")
    py_compile.compile(tmp_path / "script.py", cfile=tmp_path / "script.pyc")
    same("script.pyc", "x")


def test_missing_files(same, tmp_path):
    assert same("none.py").code == 2
    assert same("../none.py", "x").code == 2
    (tmp_path / "empty").mkdir()
    assert same("empty").code == 1


@pytest.mark.parametrize("end", ["", "raise ValueError(1)", "import sys; sys.exit(4)", "if"])
def test_folders_and_archives(same, tmp_path, end):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").write_text("import helper\n" + WHO + end)
    (tmp_path / "app" / "helper.py").write_text("")
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        for file in ("__main__.py", "helper.py"):
            archive.write(tmp_path / "app" / file, file)
    for name in ("app", "app/", "app.zip"):
        same(name, "a", "-b")


@pytest.mark.parametrize("end", ["", "raise ValueError(1)", "import sys; sys.exit(4)", "if"])
def test_modules(same, tmp_path, end):
    (tmp_path / "one.py").write_text(WHO + end)
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("")
    (tmp_path / "pack" / "__main__.py").write_text(WHO + end)
    same("-m", "one", "a", "-m")
    same("-m", "pack", "a")
    same("-mone", "a")


def test_modules_that_are_not(same, tmp_path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("")
    assert same("-m", "none").code == 1
    assert same("-m", "pack").code == 1
    assert same("-m", "pack.none").code == 1


@pytest.mark.parametrize(
    "code", [WHO, "1/0", "import sys; sys.exit('x')", "raise KeyboardInterrupt", "if", "", "print(input())"]
)
def test_code_and_standard_input(same, code):
    # From 3.13 on Python shows the lines of a -c program in tracebacks, which no other caller of compile() gets.
    words = "1/0" not in code and "Keyboard" not in code and code != "if"
    same("-c", code, "a", "-m", input=b"line\n", words=words)
    same(f"-c{code or ' '}", "a", input=b"line\n", words=words)
    same("-", "a", input=code.encode(), words=code != "if")


def test_spawned_processes(same, tmp_path):
    (tmp_path / "script.py").write_text(
        textwrap.dedent(
            """
            import multiprocessing as mp
            from torchkeras_lite import layers

            class Box:
                def __init__(self, value): self.value = value

            def work(box): return Box(box.value + 1)

            if __name__ == "__main__":
                with mp.get_context("spawn").Pool(1) as pool:
                    print([b.value for b in pool.map(work, [Box(1), Box(2)])])
            """
        )
    )
    assert same("script.py").out == "[2, 3]\n"


def test_spawned_processes_find_keras(python, stub, tmp_path):
    (tmp_path / "script.py").write_text(
        "import multiprocessing as mp\nfrom keras.layers import Dense\ndef work(_): return Dense\n"
        "if __name__ == '__main__':\n    with mp.get_context('spawn').Pool(1) as p:\n"
        "        print(p.map(work, [0])[0] is Dense)\n"
    )
    assert python("-m", "torchkeras_lite", "script.py", path=[stub], cwd=tmp_path, ok=True).out == "True\n"


def test_a_local_file_comes_before_the_stand_ins(python, stub, tmp_path):
    # As with Python, where what lies beside the script comes before what is installed.
    (tmp_path / "tensorflow.py").write_text("mine = 1")
    (tmp_path / "script.py").write_text("import tensorflow, sys\nprint(tensorflow.mine, sys.path[0])")
    done = python("-m", "torchkeras_lite", "script.py", path=[stub], cwd=tmp_path, ok=True)
    assert done.out == f"1 {os.path.realpath(tmp_path)}\n"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="-P came with Python 3.11")
def test_a_safe_path_starts_with_the_stand_ins(python, stub, tmp_path):
    (tmp_path / "script.py").write_text("import sys; print(sys.path[0])")
    done = python("-P", "-m", "torchkeras_lite", "script.py", path=[stub], cwd=tmp_path, ok=True)
    assert done.out == f"{stub}/compat/shims\n"


def test_usage(python, stub):
    def ours(*args):
        return python("-m", "torchkeras_lite", *args, path=[stub])

    assert (ours().code, ours("--help").code) == (2, 0)
    assert ours().err == ours("--help").out and ours("--help").out.startswith("usage: python -m torchkeras_lite")
    assert ours("-c").code == ours("-m").code == ours("--what").code == 2
    assert "--what" in ours("--what").err
    assert ours("--version").code == 0 and ours("--version").out.startswith("torchkeras_lite ")
