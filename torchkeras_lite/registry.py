"""Names and configs of every kind of object: find by name, write as a dict, make again from the dict.

A class that inherits `Configurable` needs no `get_config`: its constructor's arguments are remembered, class by class.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import re
import threading
import types
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch

from torchkeras_lite import lambdas
from torchkeras_lite.calls import going_on

_PACKAGE = __name__.partition(".")[0]
_ROOM = 1 << 20  # bytes of an array of texts that are never too many

# ---------------------------------------------------------------- names of our own and of users

_builtin: dict[tuple[str, str], Any] = {}  # ("keras.layers", "Dense") -> class
_named: dict[str, dict[str, Any]] = {}  # the same as "Dense" -> "keras.layers" -> class
_functions: dict[tuple[str, str], Any] = {}  # ("keras.ops", "gelu") -> function, for those that go by their full names
_EXTENSIONS = {"keras_hub", "keras_cv", "keras_nlp"}  # of Keras's authors, who do not register what is in them
_of_extensions: dict[tuple[str, str], Any] = {}  # (its module, "TransformerEncoder") -> class, once a program has it
_custom: dict[str, Any] = {}  # "package>name" -> user's class or function
_custom_names: dict[Any, str] = {}
_scopes = threading.local()


def is_ours(obj) -> bool:
    """Whether a class or function is defined in this package."""
    return (getattr(obj, "__module__", None) or "").partition(".")[0] == _PACKAGE


def publish(function, module: str) -> None:
    """Configs may name this function as `module.name`."""
    _functions[module, function.__name__] = function


def add_class(cls, module: str, name: str) -> None:
    """Configs may name this class as `module.name`, unless they name another so."""
    _named.setdefault(name, {})[module] = _builtin.setdefault((module, name), cls)


def snake_case(name: str) -> str:
    """`"BatchNormalization"` -> `"batch_normalization"`, `"ReLU"` -> `"re_lu"`, `"Conv2D"` -> `"conv2d"`: Keras's rule."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def public_module(obj) -> str:
    """The module under which Keras publishes one of our objects (`"keras.layers"`); a user's own module otherwise."""
    parts = obj.__module__.split(".")
    if parts[0] != _PACKAGE:
        return obj.__module__
    if "keras_module" in vars(obj):  # one that Keras does not publish, but names in files
        return obj.keras_module
    if parts[1] in ("models", "dtype_policies", "layer"):
        return "keras"
    return ".".join(["keras", parts[1], *(["schedules"] if parts[-1] == "schedules" else [])])


def public_name(cls) -> str:
    """The name under which Keras publishes a class of ours, where that is not the class's own."""
    return vars(cls).get("keras_name", cls.__name__)


def register_keras_serializable(package: str = "Custom", name: str | None = None):
    """Decorator: from now on files and configs may name this class or function, as `package>name`."""

    def decorate(obj):
        if inspect.isclass(obj) and not hasattr(obj, "get_config"):
            raise ValueError(f"Cannot register a class without a `get_config()` method: {obj.__name__}.")
        full = f"{package}>{name or obj.__name__}"
        _custom[full], _custom_names[obj] = obj, full
        return obj

    return decorate


def get_registered_name(obj) -> str:
    return _custom_names.get(obj, obj.__name__)


def get_registered_object(name: str, custom_objects: dict | None = None, module_objects: dict | None = None):
    """The class or function registered under `name`, looked for in the scopes, the registry and the tables given."""
    for table in (*reversed(_scope_stack()), _custom, custom_objects or {}, module_objects or {}):
        if name in table:
            return table[name]
    return None


def known_objects() -> list:
    """All classes and functions that users have registered, or named in a scope that is open."""
    return [obj for table in (*_scope_stack(), _custom) for obj in table.values()]


def get_custom_objects() -> dict[str, Any]:
    """The process-wide table of custom names; entries put in it are found everywhere."""
    return _custom


def _scope_stack() -> list[dict]:
    return _scopes.__dict__.setdefault("stack", [])


class CustomObjectScope:
    """`with CustomObjectScope({"my_loss": my_loss}): ...` makes names known inside the block."""

    def __init__(self, custom_objects: dict[str, Any]):
        self.custom_objects = custom_objects or {}

    def __enter__(self):
        _scope_stack().append(dict(self.custom_objects))
        return self

    def __exit__(self, *exc):
        _scope_stack().pop()


custom_object_scope = CustomObjectScope


def suggest(name: str, known) -> str:
    """` Did you mean 'x'?`, or nothing when no known name is near."""
    lower = {str(k).lower(): str(k) for k in known}
    near = difflib.get_close_matches(str(name).lower(), lower, n=1)
    return f" Did you mean {lower[near[0]]!r}?" if near else ""


tables: dict[str, Table] = {}  # "keras.initializers" -> its table, for files that stand below the one that fills it


_APART = ("keras.initializers", "keras.regularizers", "keras.constraints", "keras.optimizers")  # nothing else will take these


class Table:
    """The known objects of one kind and what a user may pass for one: a name, a dict, a class, an object, a callable.

    Args:
        kind: the word for error messages (`"loss"`).
        public: the public module that names these objects (`"keras.losses"`).
    """

    def __init__(self, kind: str, public: str):
        self.kind, self.public = kind, public
        self.objects: dict[str, Any] = {}
        self.functions: dict[str, Any] = {}  # beside classes that their names mean elsewhere
        tables[public] = self

    def add(self, obj, *aliases: str):
        """Makes `obj` known under its own name, its snake_case name, and `aliases`. Returns it, so it may decorate."""
        name = obj.__name__
        _builtin[self.public, name] = obj
        _named.setdefault(name, {})[self.public] = obj
        for key in (name, snake_case(name), *aliases):
            self.objects.setdefault(key, obj)
        return obj

    def find(self, name: str):
        """The class or function called `name`; ValueError, with the nearest known name, if there is none."""
        name = name if isinstance(name, str) else repr(name)
        found = get_registered_object(name, None, self.objects)
        if found is None:
            found = next((obj for key, obj in self.objects.items() if key.lower() == name.lower()), None)
        if found is None:
            for full, obj in _custom.items():
                if full.rpartition(">")[2] == name:
                    return obj
            raise ValueError(
                f"Could not interpret {self.kind} identifier. "  # which programs look for
                f"Unknown {self.kind}: {name!r}.{suggest(name, self.objects)} Known names: "
                f"{', '.join(sorted(k for k, o in self.objects.items() if k == o.__name__))}. An object of your own can be "
                "passed itself, or named inside a `custom_object_scope`."
            )
        return found

    def get(self, identifier):
        """The object that `identifier` means; classes (by name or passed) come back as new instances."""
        if identifier is None:
            return None
        if isinstance(identifier, str):
            identifier = self.find(str(identifier))
        elif isinstance(identifier, dict):
            return deserialize(identifier, table=self)
        if inspect.isclass(identifier):
            return identifier()
        if callable(identifier) or hasattr(identifier, "get_config"):
            other = public_module(type(identifier))
            if other in _APART and other != self.public:
                raise ValueError(f"Expected {self.kind} identifier, and not an object of {other}. Received: {identifier!r}")
            return getattr(identifier, "_stands_for", identifier)
        raise ValueError(
            f"Could not interpret {self.kind} identifier: {identifier!r} (of type {type(identifier).__name__}). "
            f"Expected a name such as {next(iter(self.objects))!r}, a config dict, or a callable object."
        )


# ---------------------------------------------------------------- objects <-> dicts


def serialize(obj) -> Any:
    """`obj` as plain data: Keras's `{"module", "class_name", "config", "registered_name"}` for objects."""
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return obj
    if isinstance(obj, dict):
        return {key: serialize(value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        values = [serialize(value) for value in obj]
        return tuple(values) if isinstance(obj, tuple) else values
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, slice):
        parts = {part: serialize(getattr(obj, part)) for part in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if obj is ...:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, torch.dtype):
        return str(obj).removeprefix("torch.")
    if isinstance(obj, (np.ndarray, torch.Tensor)):
        value = obj.detach().cpu().numpy() if isinstance(obj, torch.Tensor) else obj
        return {"class_name": "__numpy__", "config": {"value": value.tolist(), "dtype": str(value.dtype)}}
    obj = getattr(obj, "_stands_for", obj)  # a function that does the same, and understands more
    if lambdas.is_nameless(obj):
        return {"class_name": "__lambda__", "config": {"value": serialize(list(lambdas.dump(obj).values()))}}
    if isinstance(obj, types.FunctionType | types.BuiltinFunctionType):
        return _serialize_function(obj)
    if hasattr(obj, "get_config"):
        cls = type(obj)
        mine = is_ours(cls)
        described = {
            "module": public_module(cls),
            "class_name": public_name(cls),
            "config": obj.get_config() if mine else _plain(obj.get_config()),
            "registered_name": None if mine else get_registered_name(cls),
        }
        for part in ("build_config", "compile_config"):
            more = getattr(obj, f"get_{part}", None)
            more = None if more is None else more()
            if more is not None:
                described[part] = serialize(more)
        return described
    if inspect.isclass(obj):
        return {"module": public_module(obj), "class_name": obj.__name__, "config": None, "registered_name": None}
    if isinstance(obj, torch.nn.Module):
        return {**serialize(_builtin["keras.layers", "TorchModuleWrapper"](obj)), "bare": True}
    raise TypeError(f"Cannot serialize {obj!r} (of type {type(obj).__name__}): it has no `get_config()`.")


def serialize_keras_object(obj) -> Any:
    """`serialize`, by which functions of ours are objects too, and not only names: what was a function comes back as one."""
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        values = [serialize_keras_object(value) for value in obj]
        return tuple(values) if isinstance(obj, tuple) else values
    described = serialize(obj)
    if isinstance(described, str) and isinstance(obj, types.FunctionType | types.BuiltinFunctionType):
        return {"module": "builtins", "class_name": "function", "config": described, "registered_name": "function"}
    return described


def _function_of_ours(name: str, table: Table | None):
    """The activation, loss, metric or operation of this name; None if there is none."""
    for one in (table, *(tables.get(f"keras.{kind}") for kind in ("activations", "losses", "metrics"))):
        found = None if one is None else one.functions.get(name) or one.objects.get(name)
        if isinstance(found, types.FunctionType | types.BuiltinFunctionType):
            return found
    return _builtin.get(("keras.ops", name))


def _plain(config):
    """A config of a user's class, which may hold layers, functions and arrays. What no file can hold stays as it is."""
    if not isinstance(config, dict):
        return config
    plain = {}
    for key, value in config.items():
        try:
            plain[key] = serialize(value)
        except TypeError:
            plain[key] = value
    return plain


def _serialize_function(fn):
    if _builtin.get((public_module(fn), fn.__name__)) is fn:
        return fn.__name__
    if _functions.get((public_module(fn), fn.__name__)) is fn:
        return {"module": public_module(fn), "class_name": "function", "config": fn.__name__, "registered_name": fn.__name__}
    return {"module": "builtins", "class_name": "function", "config": get_registered_name(fn), "registered_name": "function"}


def deserialize(config, custom_objects: dict | None = None, table: Table | None = None) -> Any:
    """The object that `serialize` wrote. Only registered and built-in names are found: no code is imported or run.

    Raises:
        TypeError: a class or function of that name is not known; the message says how to register it.
    """
    if isinstance(config, (list, tuple)):
        return type(config)([deserialize(item, custom_objects, table) for item in config])
    if not isinstance(config, dict):
        return config
    if "class_name" not in config:
        return {
            key: deserialize(value, custom_objects, table) if isinstance(value, _CONTAINERS) else value
            for key, value in config.items()
        }
    name, inner = config["class_name"], config.get("config")
    if not isinstance(name, str):
        raise TypeError(f"The config is not valid: {name!r} is no name of a class.")
    if name in _VALUES and not (isinstance(inner, dict) and _VALUES[name] <= inner.keys()):
        raise ValueError(f"The config is not valid: {name!r} needs {sorted(_VALUES[name])}. Received: {inner!r}")
    if name in ("__numpy__", "__tensor__"):
        return _array(inner["value"], np.dtype(inner["dtype"]))
    if name == "__bytes__":
        return str(inner["value"]).encode("utf-8")
    if name == "__slice__":
        return slice(*(deserialize(inner[part], custom_objects) for part in ("start", "stop", "step")))
    if name == "__ellipsis__":
        return ...
    if name == "__lambda__":
        return lambdas.load(inner)
    registered = config.get("registered_name") or name
    if registered == name == "function":
        registered = inner
    found = get_registered_object(registered, custom_objects) or get_registered_object(
        inner if name == "function" else name, custom_objects
    )
    if found is None and name == "function":
        found = _functions.get((config.get("module"), inner)) or _builtin.get((config.get("module"), inner))
        if found is None:  # Keras before 3.7 left the package out
            found = next((obj for full, obj in _custom.items() if full.rpartition(">")[2] == inner), None)
        if found is None and config.get("module") == "builtins" and registered == inner:  # one of ours, as Keras writes it
            found = _function_of_ours(inner, table)
    if found is None:
        found = _find_builtin(str(config.get("module")), name) or (table.objects.get(name) if table else None)
    if found is None and config.get("module") is None and name != "function":  # as in files of before Keras 3
        found = _find_builtin("keras", name)
    if found is None:
        found = _of_extensions.get((str(config.get("module")), name))
    if found is None:
        raise TypeError(
            f"Could not find the {'function' if name == 'function' else 'class'} {registered!r} (module "
            f"{config.get('module')!r}). If it is your own, decorate it with `@register_keras_serializable()`, or pass "
            f"`custom_objects={{{registered!r}: ...}}`."
        )
    if going_on.loading and not is_ours(found):
        going_on.loading.hurry()
    if not inspect.isclass(found):
        return found
    with CustomObjectScope(custom_objects) if custom_objects else nullcontext(), understood(found):
        make = getattr(found, "from_config", None)  # a class of the user's may have a `get_config` only
        made = make(dict(inner or {})) if make else found(**deserialize(inner or {}))
        if config.get("build_config") and not made.built:
            made.build_from_config(config["build_config"])
        if config.get("compile_config"):
            made.compile_from_config(config["compile_config"])
    module = getattr(made, "module", None) if config.get("bare") else None
    return module if isinstance(module, torch.nn.Module) else made  # a torch module by itself: Keras has it in a layer


_CONTAINERS = (dict, list, tuple)
_VALUES = {
    "__numpy__": {"value", "dtype"}, "__tensor__": {"value", "dtype"}, "__bytes__": {"value"},
    "__slice__": {"start", "stop", "step"},
}  # fmt: skip
# What it comes to where a config has something of another kind than what is meant.
_NONSENSE = (AttributeError, LookupError, ArithmeticError, AssertionError, RuntimeError)


class understood:
    """Inside, a class of ours that stumbles over a config says so. In one of the user's it may be something else."""

    def __init__(self, cls):
        self.cls = cls

    def __enter__(self):
        pass

    def __exit__(self, kind, error, trace):
        if not isinstance(error, _NONSENSE) or isinstance(error, NotImplementedError):
            return
        if is_ours(self.cls):
            raise ValueError(f"The config of a {self.cls.__name__} is not valid: {kind.__name__}: {error}") from error


def config_of(cls, config) -> dict:
    """The config for an object of this class, as a dict that can be changed. TypeError where it is none."""
    if hasattr(config, "keys"):
        return dict(config)
    raise TypeError(
        f"The config of a {cls.__name__} is a dict, as `get_config()` returns it. Received: {config!r} (of type "
        f"{type(config).__name__})"
    )


def _array(value, dtype) -> np.ndarray:
    """The array that a config describes. In one of texts each has the room that the dtype says, or the longest wants."""
    if dtype.kind in "biufcO":
        return np.array(value, dtype=dtype)
    if dtype.kind not in "SU":
        raise ValueError(f"The config is not valid: there is an array of {dtype} in it, not of numbers or texts.")
    texts = np.array(value, dtype=object)
    lengths = [len(text) for text in texts.flat]
    room = texts.size * max([dtype.itemsize, *lengths])
    if room > max(_ROOM, 64 * sum(lengths)):
        raise ValueError(f"The config is not valid: there is an array of {dtype} in it, of {room} bytes for {sum(lengths)}.")
    return texts.astype(dtype if dtype.itemsize else dtype.kind)


def find_class(name: str, custom_objects: dict | None = None):
    """The class that a config means by this name alone: the user's, or one of ours; None if there is none."""
    return get_registered_object(name, custom_objects) or _find_builtin("keras", name)


def _find_builtin(module: str, name: str):
    """Our class of this name. Files of other releases name other modules: then the one whose public module fits best."""
    if (module, name) in _builtin:
        return _builtin[module, name]
    parts = module.split(".")
    if not any("keras" in part for part in parts):
        return None
    found = _named.get(name)
    return found[max(found, key=lambda public: public.rpartition(".")[2] in parts)] if found else None


# ---------------------------------------------------------------- arguments remembered


class Configurable:
    """Base of everything with a config: `get_config()` gives the constructor's arguments back, `from_config` uses them.

    What is remembered belongs to the class whose constructor was called, so `super().get_config()` in a subclass of Dense
    gives the arguments of Dense, as users of Keras expect.
    """

    unsaved: tuple[str, ...] = ()  # arguments that no config holds

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if is_ours(cls):
            add_class(cls, public_module(cls), public_name(cls))
        elif cls.__module__.partition(".")[0] in _EXTENSIONS:
            _of_extensions[cls.__module__, cls.__name__] = cls
        if "__init__" in cls.__dict__:
            cls.__init__ = _remember(cls, cls.__init__)
            if "get_config" not in cls.__dict__:
                above = next(each for each in cls.__mro__[1:] if "get_config" in vars(each))
                written = not is_ours(above) and inspect.isfunction(vars(above)["get_config"])
                cls.get_config = functools.partialmethod(_written_above if written else arguments_as_config, cls)

    def _base_config(self) -> dict:
        """Settings that every object of the kind has (a layer's name, trainable and dtype)."""
        return {}

    def get_config(self) -> dict:
        """The arguments that make an equal object, as plain data."""
        return self._base_config()

    @classmethod
    def from_config(cls, config: dict):
        """An object made from what `get_config()` gave."""
        config = config_of(cls, config)
        try:
            settings = {
                key: deserialize(value) if isinstance(value, _CONTAINERS) else value for key, value in config.items()
            }
            return cls(**settings)
        except NotImplementedError:
            raise
        except (TypeError, *_NONSENSE) as error:
            raise TypeError(
                f"Unable to make a {cls.__name__} from its config: {error}. The constructor has to accept what "
                f"`get_config()` returns (or override `from_config`). Received: config={config}"
            ) from error


def _remember(cls, init):
    parameters = inspect.signature(init).parameters

    @functools.wraps(init)
    def __init__(self, *args, **kwargs):
        self.__dict__.setdefault("_arguments", {}).setdefault(cls, (args, kwargs))
        init(self, *args, **kwargs)

    __init__._parameters = list(parameters.values())[1:]
    return __init__


def arguments_as_config(self, cls) -> dict:
    """The config of `self` seen as a `cls`."""
    args, kwargs = self.__dict__.get("_arguments", {}).get(cls, ((), {}))
    parameters = cls.__init__._parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters)
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) and len(args) >= len(parameters):
        raise NotImplementedError(
            f"{cls.__name__} takes positional arguments without names, which no config can hold: override `get_config()`."
        )
    names = {p.name for p in parameters}
    own = {key: value for key, value in self._base_config().items() if open_ended or key in names}
    mine = is_ours(cls)
    positional = dict(zip((p.name for p in parameters), args, strict=False))
    for p in parameters:
        if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) or p.name in own or p.name in self.unsaved:
            continue
        value = kwargs.get(p.name, positional.get(p.name, p.default))
        if mine:  # ours keep each argument, resolved, under its own name: what a user changed later is what is saved
            value = getattr(self, p.name, value)
        own[p.name] = _as_setting(cls, p.name, value)
    for key, value in kwargs.items():
        if key not in own and key not in names and key not in self.unsaved and not mine:
            own[key] = _as_setting(cls, key, value)
    return own


def _written_above(self, cls) -> dict:
    """The config that a class above says, which may tell more than arguments do, and the arguments that it does not know."""
    said = super(cls, self).get_config()
    args, kwargs = self.__dict__.get("_arguments", {}).get(cls, ((), {}))
    parameters = cls.__init__._parameters
    for name, value in {**dict(zip((p.name for p in parameters), args, strict=False)), **kwargs}.items():
        if name not in said and name not in self.unsaved:
            try:
                said[name] = serialize(value)
            except TypeError:
                continue  # Keras would not have it either
    if any(p.kind is p.VAR_KEYWORD for p in parameters) or "from_config" in _names_of_users(cls):
        return said
    return {name: said[name] for name in said if any(p.name == name for p in parameters)}


def _names_of_users(cls) -> set:
    """What classes that are not ours define, of this one and those above."""
    return {name for each in cls.__mro__ if not is_ours(each) for name in vars(each)}


def _as_setting(cls, name, value):
    try:
        return serialize(value)
    except TypeError as error:
        raise NotImplementedError(
            f"{cls.__name__} was made with {name}={value!r}, which no config can hold. Override `get_config()`, and "
            "`from_config()` where it has to be made anew."
        ) from error


# ---------------------------------------------------------------- unique names


_counts: dict[str, int] = {}


def next_count(prefix: str = "") -> int:
    """How many names have been made of `prefix`, counting this one: 1, 2, ..."""
    _counts[prefix] = count = _counts.get(prefix, 0) + 1
    return count


def unique_name(prefix: str) -> str:
    """`dense`, `dense_1`, `dense_2`, ...: counted over the process until `reset_names()`."""
    count = next_count(prefix) - 1
    return f"{prefix}_{count}" if count else prefix


def check_name(name) -> None:
    """Refuses a name that is no string, or has a `/` in it, because paths are made of names. A file's names are as they are."""
    if not isinstance(name, str) or ("/" in name and not going_on.loading):
        raise ValueError(f"Argument `name` must be a string and cannot contain character `/`. Received: name={name!r}")


def reset_names() -> None:
    """Names are counted from the beginning again."""
    _counts.clear()


@contextmanager
def fresh_names():
    """Names inside are counted from the beginning, and the outer count goes on behind."""
    saved = dict(_counts)
    _counts.clear()
    try:
        yield
    finally:
        _counts.clear()
        _counts.update(saved)
