"""`python -m torchkeras_lite script.py args...` is `python script.py args...`, with torchkeras_lite as keras."""

from __future__ import annotations

import importlib
import os
import pkgutil
import runpy
import sys
from importlib.machinery import BuiltinImporter, SourceFileLoader, SourcelessFileLoader
from types import ModuleType

from torchkeras_lite import dropin

USAGE = """\
usage: python -m torchkeras_lite [--era ERA] [-c code | -m module | script | -] [args ...]
       python -m torchkeras_lite [--era ERA] --doctor script ...
       python -m torchkeras_lite --editor [folder]

Runs a Python program as `python` would, but `keras` and `tensorflow.keras` are torchkeras_lite.
  script       a file, or a folder or zip archive with a __main__.py; - reads the program from standard input
  -c code      the program itself
  -m module    a module of the path
  --era ERA    whose defaults the names of Keras have: 1.2, 2.3, tf2 or 3, or a version (2.1.6). Left out, it is the era
               that the program shows; a line on stderr says which and why, if that changes anything
  --doctor     runs nothing; lists each line of the scripts (or notebooks) whose meaning has changed between their era and
               Keras 3, and what is done about it. Ends with 0 if there is none, with 1 if there are some, with 2 on errors
  --editor     prints the settings with which an editor finds `keras` and `tensorflow`; with a folder, writes type stubs there
  --help, --version"""


def main(args: list[str]) -> None:
    """Does what `args` (all after `python -m torchkeras_lite`) say."""
    era = None
    while args and (args[0] == "--era" or args[0].startswith("--era=")):
        given = args[0][6:] if args[0] != "--era" else args[1] if len(args) > 1 else ""
        try:
            era = dropin.check_era(given)
        except ValueError as error:
            print(f"{error}\n{USAGE}", file=sys.stderr)
            sys.exit(2)
        args = args[1 if args[0] != "--era" else 2 :]
    if not args or (args[0] in ("-c", "-m", "--doctor") and len(args) == 1):
        print(USAGE, file=sys.stderr)
        sys.exit(2)
    first, rest = args[0], args[1:]
    if first in ("-h", "--help"):
        print(USAGE)
    elif first in ("-V", "--version"):
        print(f"torchkeras_lite {_version()} (Python {sys.version.partition(' ')[0]})")
    elif first in ("--doctor", "--editor"):
        dropin.install(era="3")
        tool = importlib.import_module(f"keras._{first[2:]}")
        sys.exit(tool.main(rest, era) if first == "--doctor" else tool.main(rest))
    elif first[:2] in ("-c", "-m"):
        argument, rest = (first[2:], rest) if first[2:] else (rest[0], rest[1:])
        sys.argv[:] = [first[:2], *rest]
        _set_path("" if first[1] == "c" else None, era)
        fresh = _fresh_main()
        if first[1] == "c":
            dropin.source = argument
            _run(fresh, source=argument, file="<string>")
        else:
            _run(module=argument)
    elif first == "-":
        sys.argv[:] = args
        _set_path("", era)
        text = sys.stdin.buffer.read()
        dropin.source = text.decode(errors="replace")
        _run(_fresh_main(__file__="<stdin>", __cached__=None), source=text, file="<stdin>")
    elif first.startswith("-"):
        print(f"unknown option {first}\n{USAGE}", file=sys.stderr)
        sys.exit(2)
    else:
        sys.argv[:] = args
        _run_file(first, era)


def _run_file(name: str, era: str | None) -> None:
    file = os.path.join(os.getcwd(), name)  # joined, not tidied: the interpreter leaves `./` and `..` in __file__ too
    if pkgutil.get_importer(file) is not None:  # a folder or an archive: its __main__.py, found by way of the path
        _set_path(file, era, always=True)
        _fresh_main()
        _run(module="__main__")
        return
    try:
        with open(file, "rb") as stream:
            source = stream.read()
            stream.seek(0)
            code = pkgutil.read_code(stream) if file.endswith(".pyc") else None
    except OSError as error:
        print(f"{sys.orig_argv[0]}: can't open file {file!r}: [Errno {error.errno}] {error.strerror}", file=sys.stderr)
        sys.exit(2)
    loader = (SourcelessFileLoader if code else SourceFileLoader)("__main__", file)
    _set_path(os.path.dirname(os.path.realpath(file)), era)
    _run(_fresh_main(loader, __file__=file, __cached__=None), source=source, code=code, file=file)


def _fresh_main(loader=BuiltinImporter, **attributes) -> ModuleType:
    """A `__main__` as the interpreter makes it, in the place of this file's own."""
    sys.modules["torchkeras_lite.__main__"] = sys.modules["__main__"]
    module = sys.modules["__main__"] = ModuleType("__main__")
    module.__loader__ = loader
    if sys.version_info < (3, 14):
        module.__annotations__ = {}
    vars(module).update(__builtins__=sys.modules["builtins"], **attributes)
    return module


def _set_path(first: str | None, era: str | None, always: bool = False) -> None:
    """Puts `first` where `python -m` has the current folder (None: that stays), and the stand-ins behind it.

    With -P or -I Python puts nothing there; a folder or archive that it runs is found by way of the path `always`.
    """
    safe = getattr(sys.flags, "safe_path", bool(sys.flags.isolated))
    if first is not None and not safe:
        del sys.path[0]
    if first is not None and (always or not safe):
        sys.path.insert(0, first)
    dropin.install(int(always or not safe), era)


def _run(main=None, source=None, code=None, file=None, module=None) -> None:
    """Runs `code`, or `source` compiled, in the module `main`, or else the module called `module`."""
    try:
        if module is not None:
            runpy._run_module_as_main(module, alter_argv=module != "__main__")  # what the interpreter itself calls
        else:
            exec(code or compile(source, file, "exec", dont_inherit=True), vars(main))
    except SystemExit:
        raise
    except BaseException as error:
        # The interpreter must see the exception, for its exit code and its own way with KeyboardInterrupt; whoever
        # shows it (the script may have set a hook) sees the frames below this one.
        sys.excepthook = _showing(error.__traceback__.tb_next, sys.excepthook)
        raise


def _showing(trace, hook):
    def show(kind, error, _):
        sys.last_traceback = trace
        hook(kind, error.with_traceback(trace), trace)

    return show


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("torchkeras_lite")
    except PackageNotFoundError:
        return "(checkout, not installed)"


if __name__ == "__main__":
    main(sys.argv[1:])
