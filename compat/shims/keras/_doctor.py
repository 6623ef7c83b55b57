"""`python -m torchkeras_lite --doctor script.py`: what a program says that Keras 3 does not have or takes otherwise.

Nothing is run: the program is read (`_script.py`), its era recognized (`_era_marks.py`), and each name, argument and default
looked up in the tables that the stand-in itself works by.
"""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from typing import NamedTuple

from . import _era_marks, _eras, _script, _tables
from ._era_defaults import METHODS, METRIC_NAMES, WORDS, of_era
from ._layers import Former
from ._words import After, Around

# Paths by rows that Keras 3 has too.
_LASTING = {"backend", "legacy", "wrappers", "preprocessing.image", "preprocessing.sequence", "optimizers.legacy"}
_SAME_NAME = {"utils.Sequence"}  # by rows here, and in Keras 3
_ON_MODELS = ("models.Sequential", "models.Model", "models.Trainer", "layers.Layer")


class Finding(NamedTuple):
    """One thing that has changed.

    Attributes:
        line: where, counted from 1.
        what: what has changed there.
        done: what is done about it.
        kind: "path", "name", "word", "method", "default" or "missing".
        short: a default, said in few words.
    """

    line: int
    what: str
    done: str
    kind: str
    short: str = ""


def main(paths: list[str], era: str | None = None) -> int:
    """Prints the findings in these files; 0 if there are none, 1 if there are, 2 if a file could not be read."""
    worst = 0
    for path in paths:
        try:
            source, places = _script.read(path)
            uses = _script.uses(source)
        except SyntaxError as error:
            print(f"{path}:{error.lineno}: is no Python {sys.version_info.major}: {error.msg}", file=sys.stderr)
            worst = 2
            continue
        except (OSError, UnicodeDecodeError, ValueError, KeyError) as error:
            print(f"{path}: cannot be read: {error}", file=sys.stderr)
            worst = 2
            continue
        found = _era_marks.recognize(source, path) if era is None else _era_marks.Found(_era_marks.known(era), [])
        findings = examine(uses, found.era)
        for finding in findings:
            print(f"{places[finding.line - 1]}: {finding.what} -> {finding.done}")
        why = "" if era is not None else f" ({found.why()})"
        print(f"{path}: {_era_marks.SPOKEN[found.era]}{why}; {len(findings) or 'nothing'} changed since.")
        worst = max(worst, 1 if findings else 0)
    return worst


def changed_defaults(source: str, path: str, era: str) -> list[Finding]:
    """What the era changes in a program and in what it imports from its folder, beyond words and names."""
    findings = []
    for text in (source, *_era_marks.beside(source, path)):
        try:
            findings += [f for f in examine(_script.uses(text), era) if f.kind == "default"]
        except (SyntaxError, ValueError, RecursionError):
            continue
    return findings


def examine(uses: list, era: str) -> list[Finding]:
    """The findings in a program, in the order of its lines, each once a line."""
    found: dict = {}
    makes_models = any(use.root for use in uses)
    for use in uses if makes_models or any(use.name.startswith("tensorflow") for use in uses) else ():
        for finding in _of_use(use, era):
            found.setdefault((finding.line, finding.what), finding)
    return sorted(found.values(), key=lambda finding: finding.line)


def _of_use(use, era):
    if use.kind in ("import", "name", "call"):
        if use.name.partition(".")[0] in ("keras", "tensorflow"):
            yield from _of_name(use, era)
    elif use.kind == "method":
        yield from _of_method(use, era)
    elif use.kind == "key" and not of_era(METRIC_NAMES, era):
        name = use.name.removeprefix("val_")
        if name in _tables.LOGS and name != "lr":
            now = use.name.replace(name, _tables.LOGS[name])
            yield Finding(use.line, f"{use.name!r} may be {now!r} in the logs", "History.history knows both names", "name")


# ---------------------------------------------------------------- names


def _look_up(name: str):
    """The object of a whole name; AttributeError or ImportError if there is none."""
    parts = name.split(".")
    found = import_module(parts[0])
    for i, part in enumerate(parts[1:], 2):
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = import_module(".".join(parts[:i]))
            except ModuleNotFoundError as error:
                raise AttributeError(str(error)) from None
    return found


def _of_name(use, era):
    said = use.name if use.root in ("keras", "") else use.root + use.name[5:]
    try:
        value = _eras._behind(_look_up(use.name))
    except (AttributeError, ImportError, NotImplementedError) as error:
        text = str(error).split(". ")[0].split("\n")[0]
        yield Finding(use.line, f"{said} is not there", f"the program stops here: {text}", "missing")
        return
    parts = use.name.split(".")[1:]
    if use.name.startswith("keras."):
        yield from _of_path(use, said, parts)
        yield from _of_row(use, said, parts, value)
    if use.kind == "call" and use.name.startswith("keras."):
        yield from _of_call(use, value, parts[-1] if parts else "", era)


def _gone(path: str) -> bool:
    return path in _tables.PATHS and path not in _LASTING


def _of_path(use, said, parts):
    for n in range(len(parts), 0, -1) if use.kind == "import" else ():
        path = ".".join(parts[:n])
        if _gone(path) and parts[n - 1] not in _tables.NAMES.get(".".join(parts[: n - 1]), ()):
            shown = _tables.PATHS[path]
            where = shown if "._" not in shown else "what it had"
            module = said[: len(said) - sum(len(part) + 1 for part in parts[n:])]
            yield Finding(use.line, f"the module {module} is gone", f"shows {where}", "path")
            return


def _of_row(use, said, parts, value):
    path, name = ".".join(parts[:-1]), parts[-1] if parts else ""
    path = _shown_path(path)
    row = _tables.NAMES.get(path, {}).get(name)
    if path == "backend":
        from torchkeras_lite import backend

        if name and not hasattr(backend, name) and name not in ("tf", "Variable"):
            yield Finding(use.line, f"{said} is gone", "works on tensors and symbolic tensors, by Keras 2's rules", "name")
    elif row and f"{path}.{name}" not in _SAME_NAME and not isinstance(value, Former):
        home, _, attribute = row.partition(":")
        done = f"is {attribute} of today" if home.startswith("torchkeras_lite") else "is here as it was"
        yield Finding(use.line, f"{said} is gone", done, "name")
    elif isinstance(value, Former) and use.kind != "import":
        yield Finding(use.line, f"{said} is an older name of {value._cls.__name__}", "takes its old arguments too", "name")


def _shown_path(path: str) -> str:
    """The path of the view that stands at a path by a row."""
    shown = _tables.PATHS.get(path, "")
    return {"keras._backend": "backend"}.get(shown, shown[6:] if shown.startswith("keras.") else path)


# ---------------------------------------------------------------- calls


def _first_line(function) -> str:
    text = (function.__doc__ or "").strip().split("\n")[0].rstrip(".")
    return text[:1].lower() + text[1:] if text else "is read as it was"


def _of_word(use, word, means, what):
    if means is None:
        return Finding(use.line, f"{what} takes no `{word}` now", "left out: it makes no difference here", "word")
    if isinstance(means, (After, Around)):
        does = means.then if isinstance(means, After) else means.within
        return Finding(use.line, f"{what} takes no `{word}` now", _first_line(does), "word")
    if isinstance(means, (str, tuple)):
        now = means if isinstance(means, str) else means[0]
        return Finding(use.line, f"`{word}` of {what} is called `{now}` now", "taken as that", "word")
    return Finding(use.line, f"{what} takes no `{word}` now", _first_line(means), "word")


def _rows_of_class(cls) -> dict:
    rows: dict = {}
    for base in reversed(cls.__mro__):
        rows |= _tables.ARGUMENTS.get(_eras._path_of(base) or "", {})
    return rows


def _of_call(use, value, name, era):
    places = []
    if isinstance(value, Former):
        places, sides, value = value._places, value._sides, value._cls
        if name.startswith("CuDNN"):
            return
        yield from (Finding(use.line, f"`{word}` of {name} is a part of `kernel_size` now", "made into that", "word")
                    for word in sides if word in use.words)  # fmt: skip
    if not isinstance(value, type):
        rows = getattr(value, "_rows", {})
        yield from (_of_word(use, word, rows[word], f"{name}()") for word in use.words if word in rows)
        return
    rows = _rows_of_class(value)
    yield from (_of_word(use, word, rows[word], name) for word in use.words if word in rows)
    path = _eras._path_of(value)
    if path is None:
        return
    if str(_tables.PLACES.get(path)).endswith(("sides", "sides_2d", "sides_3d")) and not places:
        rank = 3 if "3D" in path else 2
        sides = use.args[1 : rank + 1]
        if len(sides) == rank and era in ("1.2", "2.2", "2.3") and not any(isinstance(n, (ast.Tuple, ast.List)) for n in sides):
            written = ", ".join(map(ast.unparse, sides))
            what = f"the third argument of {name} is the strides now"
            yield Finding(use.line, what, f"read as it was: a kernel of ({written})", "word")
    for text, old, now in defaults_of(value, use.args, use.words, era, places):
        yield _default(use, name, text, old, now)


def _default(use, name, text, old, now):
    """What an era's default changes; `old` is a value where `now`, today's, is given, and words otherwise."""
    if not text:
        return Finding(use.line, f"{name}: {old}", "as it was", "default", f"{name}: {old}")
    if not now:
        return Finding(use.line, f"{text} of {name}: {old}", "as it was", "default", f"{text} of {name}: {old}")
    what = f"{text} of {name} was {old}, is {now} now"
    return Finding(use.line, what, "as it was", "default", f"{name}({text.strip('`')}={old})")


def defaults_of(cls, args, words, era, places=()):
    """(argument, what it was, what it is now) for what a call of a class of today leaves to the era."""
    rules = _eras.Era(cls, era)
    given = dict(zip(places or rules.names, args, strict=False)) | words
    for word, means in rules.old.items():
        if word in given and isinstance(means, (str, tuple)):
            given[means if isinstance(means, str) else means[0]] = given[word]
    for word, value in rules.defaults.items():
        if word not in given and value != rules.todays.get(word) and value != "channels_last":  # what it mostly is today
            yield f"`{word}`", repr(value), repr(rules.todays.get(word, "another"))
    for word, meaning in rules.meanings.items():
        if word == "mode" and getattr(given.get(word), "value", "auto") != "auto":
            continue
        if meaning.was and (word in given or not meaning.given):
            yield f"`{word}`", meaning.was, ""
    for word in rules.words:
        value = getattr(given[word], "value", None) if word in given else {**rules.todays, **rules.defaults}.get(word)
        for kind, values in WORDS.items():
            if (word == kind or word.endswith(f"_{kind}")) and isinstance(value, str):
                for was, _ in of_era(values.get(value, {}), era):
                    yield f"`{word}={value!r}`", was, ""
    for was, _ in of_era(_eras.AFTER.get(rules.path, {}), era):
        if was:
            yield "", was, ""


def _of_method(use, era):
    for path in _ON_MODELS:
        member = _tables.MEMBERS.get(path, {}).get(use.name)
        if member is not None and use.name not in ("add", "call", "lr", "decay", "metrics_names"):
            done = "here as it was" if use.name != "to_yaml" else "the program stops here, and hears why"
            yield Finding(use.line, f"the method {use.name}() is gone", done, "method")
            return
        rows = _tables.ARGUMENTS.get(f"{path}.{use.name}", {})
        yield from (_of_word(use, word, rows[word], f"{use.name}()") for word in use.words if word in rows)
    if use.name == "compile":
        yield from _of_compile(use, era)
    certain = {"batch_size", "validation_data", "validation_split"} & use.words.keys()  # nor has its fit()
    if use.name == "fit" and certain and not {"epochs", "nb_epoch"} & use.words.keys() and len(use.args) < 4:
        for value in of_era(METHODS["models.Model.fit"]["epochs"], era):
            what = f"`epochs` of fit() was {value}"
            yield Finding(use.line, f"{what}, is 1 now", "as it was, where the model was made by Keras's names", "word")
    certain = {"batch_size", "steps"} & use.words.keys()  # predict() of scikit-learn has nothing of the kind
    if use.name == "predict" and certain and "verbose" not in use.words and len(use.args) < 3:
        for value in of_era(METHODS["models.Model.predict"]["verbose"], era):
            what = f"`verbose` of predict() was {value}"
            yield Finding(use.line, f"{what}, is 'auto' now", "as it was, where the model was made by Keras's names", "word")


def _of_compile(use, era):
    given = dict(zip(("optimizer", "loss", "metrics"), use.args, strict=False)) | use.words
    optimizer = given.get("optimizer", ast.Constant("rmsprop" if "loss" in given else None))
    if isinstance(optimizer, ast.Constant) and isinstance(optimizer.value, str):
        from torchkeras_lite import optimizers

        try:
            cls = type(optimizers.get(optimizer.value))
        except ValueError:
            cls = None
        for text, old, now in defaults_of(cls, (), {}, era) if cls else ():
            yield _default(use, optimizer.value, text, old, now)
    names = (of_era(METRIC_NAMES, era) or [{}])[0]
    for node in ast.walk(given.get("metrics", ast.Constant(None))):
        if isinstance(node, ast.Constant) and node.value in names:
            old = names[node.value]
            yield Finding(use.line, f"the logs called {node.value!r} {old!r}", "as they did", "default",
                          f"{node.value!r} is {old!r} in the logs")  # fmt: skip
