"""The era of the script, and its defaults in what the script calls by Keras's names.

In a script of an older era `keras.layers.LSTM` is a class that stands before today's: calling it makes an object of today's
class, with the defaults of then written out, so that layers, files and copies know nothing of eras. It is equal to today's
class, `isinstance` and `issubclass` take one for the other, and a subclass of it hands its arguments on the same way. What
is read from a config or a file is never touched. The tables are in `_era_defaults.py`.
"""

from __future__ import annotations

import abc
import builtins
import contextlib
import copyreg
import functools
import inspect
import operator
import os
import re
import sys
import weakref
from importlib import import_module

from . import _era, _era_marks, _members, _script, _tables
from ._era_defaults import (
    AFTER,
    DEFAULTS,
    MEANINGS,
    METHODS,
    METRIC_NAMES,
    SAYS_SAMPLES,
    TARGETS_ARE_COLUMNS,
    WORDS,
    of_era,
    sums_over_the_batch,
)
from ._words import After

VARIABLE = "TORCHKERAS_ERA"
_HANDED_ON = "TORCHKERAS_ERA_OF_PROCESS"  # "<number of a process> <its era>", for the workers that it starts
# Modules whose classes may have rows, and the view's paths that show them.
_SHOWN = ("layers", "models", "optimizers", "losses", "metrics", "callbacks", "initializers", "utils", "")
_MODELS = ("models.Model", "models.Sequential", "models.Functional")

now = "3"  # the era of the script that runs
within_tensorflow = False  # whether its Keras is that of TensorFlow alone
_made: dict[type, type] = {}  # today's class -> what a script of the era is shown
_told: dict = {}  # what callbacks of the fit() that runs find in their `params` besides
_takers = weakref.WeakKeyDictionary()  # an optimizer -> the model that was compiled with it
_rows: dict[tuple[str, str], str | None] = {}  # (path of a view, name) -> the row that stood in NAMES before


def begin() -> None:
    """Settles the era when `keras` is imported: the one that was named, or the one that the script shows."""
    global within_tensorflow
    dropin = sys.modules.get("torchkeras_lite.dropin")
    named = getattr(dropin, "era", None) or os.environ.get(VARIABLE) or _of_the_parent()
    if named:
        within_tensorflow = named.strip().lower().startswith("tf")
        take(_era_marks.known(named))
        return
    sources = [_source_of_the_script() or ("", "")]
    found = _era_marks.recognize(*sources[0])
    if not found.marks:
        sources += _sources_of_importers()
        found = _era_marks.recognize(*sources[-1], *sources[:-1])
    within_tensorflow = found.roots == {"tensorflow.keras"}
    if found.era == "3":
        return
    take(found.era)
    doctor = import_module("keras._doctor")
    differs = [finding for source in sources for finding in doctor.changed_defaults(*source, found.era)]
    if differs:
        _era.tell(f"taken for a script of {_era_marks.SPOKEN[found.era]}, as {found.why()}; so {_listed(differs)}. "
                  f"(--doctor lists all, --era 3 or {VARIABLE}=3 takes today's.)")  # fmt: skip


def _of_the_parent() -> str | None:
    """The era of the process that has started this one as a worker: the program is the same."""
    processes = sys.modules.get("multiprocessing.process")
    if processes is None:
        return None
    parent = getattr(processes.parent_process(), "pid", None)
    if parent is None and getattr(processes.current_process(), "_inheriting", False):
        parent = os.getppid()  # a worker that imports the program again, before it knows its parent
    number, _, era = os.environ.get(_HANDED_ON, "").partition(" ")
    return era if number == str(parent) else None


def _listed(findings, most=3) -> str:
    texts = list(dict.fromkeys(finding.short for finding in findings))
    return ", ".join(texts[:most]) + (f" and {len(texts) - most} more" if len(texts) > most else "")


def _source_of_the_script() -> tuple[str, str] | None:
    """The text of the program that runs, and its path."""
    dropin, main = sys.modules.get("torchkeras_lite.dropin"), sys.modules.get("__main__")
    if getattr(dropin, "source", None):
        return dropin.source, ""
    file, cells = getattr(main, "__file__", None), getattr(main, "In", None)
    if isinstance(cells, list):  # a notebook: what has been run so far
        return "\n".join(map(_script.plain_cell, filter(None, cells))), ""
    asked = sys.argv[0] if sys.argv else ""
    if asked.endswith(".py") and os.path.isfile(asked):
        file = asked  # what runs programs of others (runpy, a profiler, a debugger) says there which one it runs
    if not file or not file.endswith(".py"):
        return None
    try:
        with open(file, encoding="utf-8") as stream:
            return stream.read(), file
    except (OSError, UnicodeDecodeError):
        return None


def _sources_of_importers() -> list[tuple[str, str]]:
    """The texts, and paths, of the modules that are being imported and so came to ask for keras; the nearest last.

    Where the program itself says nothing of Keras (a test runner, a server, a script over somebody's library), they do.
    """
    ours = tuple(os.path.dirname(os.path.abspath(file)) + os.sep for file in (
        os.path.dirname(__file__), sys.modules["torchkeras_lite"].__file__,
    ))  # fmt: skip
    frame, seen, found = sys._getframe(1), set(), []
    while frame is not None:
        file, frame = frame.f_code.co_filename, frame.f_back
        if file in seen or not file.endswith(".py") or file.startswith(ours):
            continue
        seen.add(file)
        try:
            with open(file, encoding="utf-8") as stream:
                text = stream.read()
        except (OSError, UnicodeDecodeError):
            continue
        if "keras" in text:
            found.insert(0, (text, file))
            found = [*_of_its_package(file), *found]
    return found


def _of_its_package(file: str, most: int = 20):
    """Texts of other files of the package that a file belongs to: how much of it has been imported yet is an accident."""
    root = os.path.dirname(file)
    together = os.path.basename(file) == "conftest.py"  # of tests, which are in no package for the most part
    while os.path.isfile(os.path.join(os.path.dirname(root), "__init__.py")):
        root = os.path.dirname(root)
    if not together and not os.path.isfile(os.path.join(root, "__init__.py")):
        return
    files = (os.path.join(folder, name) for folder, _, names in sorted(os.walk(root)) for name in sorted(names))
    for other in (each for each in files if each.endswith(".py") and each != file):
        with open(other, encoding="utf-8", errors="replace") as stream:
            text = stream.read()
        if most and "keras" in text:
            most -= 1
            yield text, ""


# ---------------------------------------------------------------- what is shown


def take(era: str) -> None:
    """From now on `keras` is that of this era."""
    global now
    _era.settled = era
    if era == now:
        return
    now = era
    os.environ[_HANDED_ON] = f"{os.getpid()} {era}"
    for (path, name), row in _rows.items():
        if row is None:
            del _tables.NAMES[path][name]
        else:
            _tables.NAMES[path][name] = row
    _rows.clear()
    _made.clear()
    backend = import_module("keras._backend")
    for name, swapped in import_module("keras._backend_nn").OUTPUT_FIRST.items():
        setattr(backend, name, swapped if era == "1.2" else swapped.__wrapped__)
    if era == "3":
        import_module("keras._backend").backend = import_module("torchkeras_lite.backend").backend
        return
    package = sys.modules["torchkeras_lite"]
    for path in _SHOWN:
        module = getattr(package, path) if path else package
        rows = _tables.NAMES.get(path, {})
        for name in {*rows, *dir(module)}:
            cls = _pointed_at(rows[name]) if name in rows else getattr(module, name, None)
            if isinstance(cls, type) and name[:1] != "_" and _path_of(cls) and differs(cls):
                _show(path, name, f"keras._eras:{_path_of(cls)}")
    for path in ("optimizers", "activations"):
        _show(path, "get", f"keras._eras:{path}_get")
    _show("activations", "deserialize", "keras._eras:activations_deserialize")
    _show("activations", "hard_sigmoid", "keras._backend_nn:hard_sigmoid")
    _show("activations", "relu", "keras._activations:relu")
    _show("metrics", "binary_accuracy", "keras._losses:binary_accuracy")
    for name in import_module("keras._merged_masks").FUNCTIONS:
        _show("layers", name, f"keras._merged_masks:{name}")
    for name in ("load_model", "model_from_json"):
        for path in ("models", "saving") if name == "load_model" else ("models",):
            _show(path, name, f"keras._eras:{name}")
    # Old programs ask for it to choose between spellings for TensorFlow, Theano and CNTK.
    import_module("keras._backend").backend = _tensorflow
    _watch_methods()


def _tensorflow() -> str:
    """The name of the backend that programs of the era were written for."""
    return "tensorflow"


def _show(path, name, row) -> None:
    rows = _tables.NAMES.setdefault(path, {})
    _rows[path, name] = rows.get(name)
    rows[name] = row


def _pointed_at(row: str):
    """Today's class that a row of NAMES points at, if it does."""
    module, _, name = row.partition(":")
    return getattr(sys.modules.get(module), name, None) if module.startswith("torchkeras_lite") else None


def _path_of(cls) -> str | None:
    """`layers.LSTM` for one of our public classes."""
    for path in _SHOWN[:-1]:
        if getattr(getattr(sys.modules["torchkeras_lite"], path, None), cls.__name__, None) is cls:
            return f"{path}.{cls.__name__}"
    return None


def differs(cls) -> bool:
    """Whether calls of this class meant something else in the era."""
    return _path_of(cls) in _MODELS or Era(cls, now).differs


def __getattr__(name: str):
    """`layers.LSTM`: the class as the era has it."""
    path, _, last = name.rpartition(".")
    if not path:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return of(getattr(getattr(sys.modules["torchkeras_lite"], path), last))


def of(cls: type) -> type:
    """What a script of the era is shown for a class of today: that class itself where nothing differs."""
    if now == "3" or not differs(cls):
        return cls
    if cls not in _made:
        _made[cls] = _class_of_era(cls)
    return _made[cls]


# ---------------------------------------------------------------- arguments


class Era:
    """How the arguments of a class are read in an era.

    Args:
        cls: a class of today.
        era: one of ERAS.
    """

    def __init__(self, cls: type, era: str):
        self.path = _path_of(cls) or cls.__name__
        parameters = _parameters(cls)
        self.names = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        self.todays = {p.name: p.default for p in parameters if p.default is not p.empty}
        self.defaults = {a: v for a, rows in DEFAULTS.get(self.path, {}).items() for v in of_era(rows, era)}
        self.meanings = {a: m for a, rows in MEANINGS.get(self.path, {}).items() for m in of_era(rows, era)}
        self.after = [then for _, then in of_era(AFTER.get(self.path, {}), era)]
        if self.path == "layers.ActivityRegularization" or "activity_regularizer" in self.names:
            self.after += of_era({"2.3": sums_over_the_batch}, era)
        self.words = {}  # argument -> {value: what makes today's}
        for kind, values in WORDS.items():
            found = {value: row[1] for value, rows in values.items() for row in of_era(rows, era)}
            if found:
                self.words |= {name: found for name in self.names if name == kind or name.endswith(f"_{kind}")}
        self.old = _tables.ARGUMENTS.get(self.path, {})
        self.later = {word for word, means in self.old.items() if isinstance(means, After)}

    @property
    def differs(self) -> bool:
        return bool(self.defaults or self.meanings or self.after or self.words)

    @functools.cached_property
    def places(self):
        module, _, attribute = _tables.PLACES.get(self.path, "").partition(":")
        return getattr(import_module(module), attribute) if module else None

    def read(self, args: tuple, words: dict) -> tuple[tuple, dict]:
        """The arguments of a call in the words of today, the defaults of the era among them."""
        if self.places is not None:
            args, words = self.places(args, words)
        if len(args) > len(self.names):
            return args, words  # the constructor says what is wrong
        defaults = {**self.todays, **self.defaults}
        old = {word: means for word, means in self.old.items() if word not in self.later}
        later = {word: value for word, value in words.items() if word in self.later}
        words = {word: value for word, value in words.items() if word not in later}
        given = _members.today(dict(zip(self.names, args, strict=False)), words, old, defaults, self.path.rpartition(".")[2])
        for word, value in self.defaults.items():
            given.setdefault(word, value)
        for word, meaning in self.meanings.items():
            if word in given or not meaning.given:
                given.update(meaning.read({**defaults, **given}))
        for word, values in self.words.items():
            value = given.get(word, defaults.get(word))
            if isinstance(value, str) and value in values:
                given[word] = values[value]()
        # What rows have set to None is an old word, used up; the constructor would read it again.
        return (), {word: value for word, value in given.items() if value is not None or word not in self.old} | later


def _parameters(cls) -> list:
    known = getattr(cls.__init__, "_parameters", None)
    return known if known is not None else list(inspect.signature(cls.__init__).parameters.values())[1:]


# ---------------------------------------------------------------- the classes


class Shown(abc.ABCMeta):
    """The class of what stands before today's classes, and of the subclasses that scripts make of it."""

    def __call__(cls, *args, **words):
        today = vars(cls).get("_of_today")
        if today is None:
            return super().__call__(*args, **words)
        era = vars(cls)["_of_era"]
        if era is None:
            args, words = _ends_alone(today, args, words)
            return _marked(today(*args, **words))
        args, given = era.read(args, words)
        made = today(*args, **given)
        for then in era.after:
            then(made, words)
        return made

    def __instancecheck__(cls, one):
        today = vars(cls).get("_of_today")
        return super().__instancecheck__(one) if today is None else isinstance(one, today)

    def __subclasscheck__(cls, other):
        today = vars(cls).get("_of_today")
        return super().__subclasscheck__(other) if today is None else issubclass(other, today)

    def __setattr__(cls, name, value):
        """What a script changes of the class, it changes of today's, whose instances it has."""
        before = None if name.startswith("_of_") else vars(cls).get("_of_before")
        if before is None:
            super().__setattr__(name, value)
            return
        today = vars(cls)["_of_today"]
        if name in vars(today):
            before.setdefault(name, vars(today)[name])
        setattr(today, name, value)

    def __delattr__(cls, name):
        """What has been changed is taken back."""
        before = vars(cls).get("_of_before")
        if before is None:
            super().__delattr__(name)
        elif name in before:
            setattr(vars(cls)["_of_today"], name, before.pop(name))
        else:
            delattr(vars(cls)["_of_today"], name)

    def __eq__(cls, other):
        return vars(cls).get("_of_today", cls) is _behind(other)

    def __hash__(cls):
        return type.__hash__(vars(cls).get("_of_today", cls))

    @property
    def __signature__(cls):
        return inspect.signature(cls.__init__).replace(parameters=list(inspect.signature(cls.__init__).parameters.values())[1:])


def _behind(cls):
    """Today's class behind the one that is shown; anything else as it is."""
    return vars(cls).get("_of_today", cls) if isinstance(cls, type) else cls


def _pickled(cls):
    today = vars(cls).get("_of_today")
    return cls.__qualname__ if today is None else (operator.getitem, ((today,), 0))


copyreg.pickle(Shown, _pickled)


class _FromConfig:
    """`from_config` of today's class; of a subclass with a constructor of its own it is that class's."""

    def __get__(self, one, owner):
        today = vars(owner).get("_of_today")
        if today is not None:
            return today.from_config
        shown = next(cls for cls in owner.__mro__ if "_of_today" in vars(cls))
        inherited = super(shown, owner).from_config
        if owner.__init__ is not shown.__init__:
            return inherited

        @functools.wraps(inherited)
        def from_config(*args, **words):
            era = shown._of_era
            shown._of_era = None
            try:
                return inherited(*args, **words)
            finally:
                shown._of_era = era

        return from_config


def _ends_alone(today, args, words):
    """Before Keras 3 a model of one input or output gave that tensor itself (`model.output`), not the list it was made from."""
    if today.__name__ == "Sequential":
        return args, words
    args = (*map(_alone, args[:2]), *args[2:])
    ends = ("inputs", "outputs", "input", "output")
    return args, {word: _alone(value) if word in ends else value for word, value in words.items()}


def _alone(ends):
    return ends[0] if isinstance(ends, (list, tuple)) and len(ends) == 1 else ends


def _class_of_era(today: type) -> type:
    """The class that stands before `today`."""
    model = _path_of(today) in _MODELS
    body = {"__module__": today.__module__, "__qualname__": today.__qualname__, "__doc__": today.__doc__, "_of_today": today}
    body |= {"_of_era": None, "_called_by_keras": True} if model else {"_of_era": Era(today, now), "from_config": _FromConfig()}
    shown = Shown(today.__name__, (today,), body)
    if model:

        @functools.wraps(today.__init__)
        def __init__(self, *args, **words):
            args, words = _ends_alone(today, args, words)
            super(shown, self).__init__(*args, **words)

        type.__setattr__(shown, "__init__", __init__)
    else:

        @functools.wraps(today.__init__)
        def __init__(self, *args, **words):
            era, given = shown._of_era, words
            if era is not None:
                args, given = era.read(args, words)
            super(shown, self).__init__(*args, **given)
            for then in era.after if era is not None else ():
                then(self, words)

        type.__setattr__(shown, "__init__", __init__)  # after the class is made: its arguments are those of `today`
    shown._of_before = {}  # it is complete; what it is told from now on is told today's
    return shown


# ---------------------------------------------------------------- functions, and methods of models


def _marked(model):
    vars(model)["_called_by_keras"] = True
    return model


def load_model(*args, **words):
    return _marked(import_module("torchkeras_lite.models").load_model(*args, **words))


def model_from_json(*args, **words):
    return _marked(import_module("torchkeras_lite.models").model_from_json(*args, **words))


def optimizers_get(identifier, *args, **words):
    """The optimizer that `identifier` means, with the settings of the era where it is a name."""
    from torchkeras_lite import optimizers

    if isinstance(identifier, str):
        return of(type(optimizers.get(identifier)))()
    return optimizers.get(identifier, *args, **words)


def activations_get(identifier):
    """The function that `identifier` means."""
    from torchkeras_lite import activations

    found = {value: row[1] for value, rows in WORDS["activation"].items() for row in of_era(rows, now)}
    return found[identifier]() if isinstance(identifier, str) and identifier in found else activations.get(identifier)


def activations_deserialize(config, custom_objects=None, use_legacy_format=None):
    """The function that a name, or a config, means."""
    from torchkeras_lite import activations

    found = activations.deserialize(config, custom_objects)
    name = getattr(found, "__name__", "")
    return activations_get(name) if found is getattr(activations, name, None) else found


def _watch_methods() -> None:
    """Lets methods of models that the script made by Keras's names go by the era."""
    from torchkeras_lite import registry
    from torchkeras_lite.models import Model, Sequential

    hard = import_module("keras._backend_nn").hard_sigmoid
    registry.publish(hard, hard.__module__)
    for name, change in (("compile", _compile), ("fit", _fit), ("predict", _predict)):
        owner = next(cls for cls in Model.__mro__ if name in vars(cls))
        if not hasattr(vars(owner)[name], "_before_eras"):
            _members._set(owner, name, _going_by_the_era(vars(owner)[name], change))
    callback = import_module("torchkeras_lite.callbacks").Callback
    if callback.set_params is not _set_params:
        _members._set(callback, "set_params", _set_params)
    account = import_module("torchkeras_lite.models.account").Account
    if not hasattr(account._as_list, "_before_eras"):
        _members._set(account, "_as_list", _in_their_order(account._as_list))
    listed = import_module("torchkeras_lite.callbacks").CallbackList
    if not hasattr(listed._call_batch, "_before_eras"):
        _members._set(listed, "_call_batch", _telling_the_batch(listed._call_batch))
    tally = import_module("torchkeras_lite.models.tally").Tally
    if not hasattr(tally.add_loss, "_before_eras"):
        _members._set(tally, "add_loss", _telling_the_rows(tally.add_loss))
    names, layer = import_module("keras._layer_names"), sys.modules["torchkeras_lite.layer"]
    if layer.unique_name is not names.name_of:
        _members._set(layer, "unique_name", names.name_of)
        _members._set(registry, "check_name", names.check_name)
        _members._set(Sequential, "_input_name", staticmethod(names.input_name))
    past = import_module("keras._past_python")
    if not hasattr(re.split, "_todays"):
        _members._set(re, "split", past.split_as_before_37(re.split))
    for name, today in past.old_builtins().items():
        _members._set(builtins, name, today)


def _going_by_the_era(method, change):
    @functools.wraps(method)
    def by_the_era(self, *args, **words):
        if now != "3" and getattr(self, "_called_by_keras", False):
            args, words = change(self, args, words)
            if change is _fit:
                try:
                    return method(self, *args, **words)
                finally:
                    _told.clear()
            if change is _compile:
                compiled = method(self, *args, **words)
                import_module("keras._weighted").weigh(self, now)
                return compiled
        return method(self, *args, **words)

    by_the_era._before_eras = method
    return by_the_era


def _mapped(change, given):
    """What stands in the lists and dicts of an argument, changed."""
    if isinstance(given, dict):
        return {key: _mapped(change, one) for key, one in given.items()}
    return type(given)(_mapped(change, one) for one in given) if type(given) in (list, tuple) else change(given)


def _compile(model, args, words):
    words = {**dict(zip(("optimizer", "loss", "metrics", "loss_weights", "sample_weight_mode"), args, strict=False)), **words}
    if isinstance(words.get("optimizer", "rmsprop"), str):
        words["optimizer"] = optimizers_get(words.get("optimizer", "rmsprop"))
    elif hasattr(words["optimizer"], "apply_gradients"):
        words["optimizer"] = _its_own(words["optimizer"], model)
    words = import_module("keras._layer_losses").settled(model, words)
    if words.get("run_eagerly") and words.get("jit_compile") not in (None, False, "auto"):
        raise ValueError("You cannot enable `run_eagerly` and `jit_compile` at the same time. Leave one of them out.")
    columns, names = of_era(TARGETS_ARE_COLUMNS, now), (of_era(METRIC_NAMES, now) or [{}])[0]
    for word in ("loss", "metrics", "weighted_metrics"):
        if columns and word in words:
            words[word] = _mapped(_for_columns, words[word])
        if names and word != "loss" and word in words:
            words[word] = _mapped(lambda one: names.get(one, one) if isinstance(one, str) else one, words[word])
    return (), words


def _its_own(optimizer, model):
    """An optimizer whose slots no other model has: one object was welcome in several, with one rate and one step count."""
    taken, trained = _takers.get(optimizer), model.trainable_variables if model.built else []
    if (taken is not None and taken() is not model) or (optimizer.built and not (trained and optimizer.knows(trained))):
        optimizer = optimizer.sibling()
    _takers[optimizer] = weakref.ref(model)
    return optimizer


def _for_columns(function):
    """A loss or metric of the script's own, called with targets (rows, 1) where they are (rows,)."""
    if not inspect.isfunction(function) or function.__module__.partition(".")[0] in ("torchkeras_lite", "keras", "tensorflow"):
        return function

    @functools.wraps(function)
    def called(y_true, y_pred, *more, **words):
        if y_true.ndim == 1 and y_pred.ndim == 2:
            y_true = y_true[:, None]
        return function(y_true, y_pred, *more, **words)

    return called


def _predict(model, args, words):
    names = ("x", "batch_size", "verbose", "steps", "callbacks")
    left_out = {word: value for word, rows in METHODS["models.Model.predict"].items() for value in of_era(rows, now)}
    given = {*names[: len(args)], *words}
    words = {**{word: value for word, value in left_out.items() if word not in given}, **words}
    if now != "tf2":  # the rows of the first input counted; others might have more
        if args:
            args = (_as_long_as_the_first(args[0]), *args[1:])
        elif "x" in words:
            words["x"] = _as_long_as_the_first(words["x"])
    return args, words


def _as_long_as_the_first(x):
    if not isinstance(x, list) or len(x) < 2 or not all(hasattr(part, "shape") and len(part.shape) for part in x):
        return x
    rows = len(x[0])
    return [part[:rows] if len(part) > rows else part for part in x]


def _fit(model, args, words):
    if len(args) < 4 and not {"epochs", "nb_epoch"} & words.keys():
        words = {**words, **{word: value for word, rows in METHODS["models.Model.fit"].items() for value in of_era(rows, now)}}
    for name in of_era(SAYS_SAMPLES, now) and ("_say_samples", "_hand_out_validation_data", "_tell_params"):
        with contextlib.suppress(AttributeError, IndexError, KeyError, TypeError, ValueError):
            globals()[name](*args, **words)  # fit() says what is wrong with its arguments
    with contextlib.suppress(AttributeError, TypeError):
        if _told:
            _told["metrics"] = _names_in_logs(model, _told["do_validation"])
    if now in _OLD and words.get("validation_split") and words.get("class_weight") and words.get("validation_data") is None:
        words = _weighing_all_rows(words["y"] if "y" in words else args[1] if len(args) > 1 else None, words)
    return args, words


_OLD = ("1.2", "2.2", "2.3")


def _weighing_all_rows(y, words) -> dict:
    """Weights of classes were given to rows before some were held out, so that the loss of these was weighted too."""
    numpy = import_module("numpy")
    classes = words["class_weight"]
    if not isinstance(y, numpy.ndarray) or not isinstance(classes, dict) or not all(map(_is_whole, classes)):
        return words
    labels = y.argmax(-1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
    if len(labels) != len(y) or not set(numpy.unique(labels)) <= classes.keys():
        return words
    weights = numpy.array([classes[label] for label in labels], "float32")
    given = words.get("sample_weight")
    weights = weights if given is None else weights * numpy.asarray(given)
    return {**words, "class_weight": None, "sample_weight": weights}


def _is_whole(key) -> bool:
    return isinstance(key, int)


def _set_params(self, params):
    self.params = {**_told, **params} if _told and params else params


def _in_their_order(method):
    """Before Keras 3, each metric had its place, in the order of the outputs, whatever else had its name."""

    @functools.wraps(method)
    def as_list(self, logs):
        if now == "3" or not getattr(self, "_called_by_keras", False):
            return method(self, logs)
        names = self.metrics_names
        values = [logs[name] for name in names if name in logs] + [logs[name] for name in sorted(logs) if name not in names]
        return values[0] if len(values) == 1 else values

    as_list._before_eras = method
    return as_list


def _telling_the_batch(method):
    @functools.wraps(method)
    def call_batch(self, name, batch, logs):
        if _told:
            _told["batch"] = batch
            if name.endswith("begin"):
                _told.pop("rows", None)
            elif (
                name in ("on_batch_end", "on_train_batch_end")
                and now in _OLD
                and "loss" in _told
                and any(map(_is_theirs, self._hooks[name]))
            ):
                return _call_with_the_loss_of_the_batch(self, name, batch, logs)
        return method(self, name, batch, logs)

    call_batch._before_eras = method
    return call_batch


def _is_theirs(hook) -> bool:
    """Whether a callback is the script's own."""
    kind = type(getattr(hook, "__self__", None))
    return kind.__name__ == "LambdaCallback" or kind.__module__.partition(".")[0] != "torchkeras_lite"


def _call_with_the_loss_of_the_batch(callbacks, name, batch, logs) -> None:
    """Logs of a batch had its own loss; our callbacks want the mean so far."""
    kind = import_module("torchkeras_lite.logs").Logs
    logs = (logs if type(logs) is kind else kind(logs or {})).in_order()
    own = kind({**dict(dict.items(kind(logs))), "loss": _told["loss"]})
    for hook in callbacks._hooks[name]:
        hook(batch, logs=own if _is_theirs(hook) else logs)


def _telling_the_rows(method):
    @functools.wraps(method)
    def add_loss(self, loss, rows):
        if _told:
            _told.update(rows=rows, loss=loss)
        method(self, loss, rows)

    add_loss._before_eras = method
    return add_loss


def of_batch(name: str) -> int:
    """What the logs of a batch in fit() held besides: its number ("batch") and its rows ("size"). KeyError elsewhere."""
    if name == "batch":
        return _told["batch"]
    if "rows" in _told:
        return _told["rows"]
    return min(_told["batch_size"], _told["samples"] - _told["batch"] * _told["batch_size"])


def _tell_params(x=None, y=None, batch_size=None, epochs=1, verbose=1, callbacks=None, validation_split=0.0,
                 validation_data=None, *_, **words):  # fmt: skip
    """What `callback.params` held besides."""
    rows, epochs = _rows_of(x), words.get("nb_epoch", epochs)
    validates = validation_data is not None or bool(validation_split)
    if rows is not None:
        rows = int(rows * (1.0 - validation_split)) if validation_split and validation_data is None else rows
        _told.update(samples=rows, nb_sample=rows, batch_size=batch_size or 32)
    _told.update(nb_epoch=epochs, do_validation=validates)


def expect(samples: int) -> None:
    """Tells the fit() that follows what callbacks of Keras 1 found in their `params` where a generator gave the rows."""
    if now == "1.2":
        _told["nb_sample"] = samples


def _names_in_logs(model, validates: bool) -> list[str]:
    """The loss and the metrics of compile(), as far as they have names of their own."""
    given = model._compile_metrics
    metrics = _list(given.metrics_given or []) + _list(given.weighted_given or []) if given is not None else []
    names = [getattr(one, "name", None) or getattr(one, "__name__", one) for one in metrics]
    names = ["loss", *(name for name in names if isinstance(name, str))]
    return [*names, *(f"val_{name}" for name in names)] if validates else names


def _say_samples(x=None, y=None, batch_size=None, epochs=1, verbose=1, callbacks=None, validation_split=0.0,
                 validation_data=None, *_, **words):  # fmt: skip
    rows = _rows_of(x)
    if not verbose or words.get("steps_per_epoch") or rows is None:
        return
    held = 0
    if validation_data is not None:
        held = _rows_of(validation_data[0]) if isinstance(validation_data, (tuple, list)) else None
    elif validation_split:
        held = rows - int(rows * (1.0 - validation_split))
        rows -= held
    print(f"Train on {rows} samples" + (f", validate on {held} samples" if held else ""))


def _hand_out_validation_data(x=None, y=None, batch_size=None, epochs=1, verbose=1, callbacks=None, validation_split=0.0,
                              validation_data=None, *_, **words):  # fmt: skip
    """Callbacks had the arrays to validate on: inputs, targets and weights, one after the other in a list."""
    if validation_data is None and validation_split:
        first = int(_rows_of(x) * (1.0 - validation_split))
        validation_data = tuple([array[first:] for array in _list(part)] for part in (x, y))
    if not isinstance(validation_data, (tuple, list)) or not callbacks:
        return
    inputs, targets, *weights = map(_list, validation_data)
    targets = [array.reshape(-1, 1) if array.ndim == 1 else array for array in targets]
    weights = weights[0] if weights else [import_module("numpy").ones(len(array), "float32") for array in targets]
    for callback in _list(callbacks):
        callback.validation_data = [*inputs, *targets, *weights]


def _list(given) -> list:
    return list(given) if isinstance(given, (list, tuple)) else list(given.values()) if isinstance(given, dict) else [given]


def _rows_of(x):
    while isinstance(x, (list, tuple, dict)) and len(x):
        x = next(iter(x.values() if isinstance(x, dict) else x))
    return len(x) if getattr(x, "shape", ()) else None
