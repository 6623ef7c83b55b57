"""`keras.utils.legacy`: objects as dicts of a class's name and its config, and back, as Keras 1 and 2 wrote them."""

from __future__ import annotations

import inspect
from importlib import import_module

from torchkeras_lite import registry
from torchkeras_lite.utils import deserialize_keras_object as _todays

__all__ = ["deserialize_keras_object", "serialize_keras_object"]


def serialize_keras_object(instance):
    """A dict of the class's name and the config; of a function, its name."""
    if instance is None:
        return None
    if hasattr(instance, "get_config"):
        return {"class_name": registry.get_registered_name(type(instance)), "config": instance.get_config()}
    if hasattr(instance, "__name__"):
        return registry.get_registered_name(instance)
    raise ValueError(f"Cannot serialize {instance!r} because it does not implement `get_config()`.")


def deserialize_keras_object(identifier, module_objects=None, custom_objects=None, printable_module_name="object"):
    """The object that `serialize_keras_object` wrote, found among custom objects and those of a module (a dict by name)."""
    if isinstance(identifier, str):
        found = _named(identifier, module_objects, custom_objects, printable_module_name)
        return found() if inspect.isclass(found) else found
    if not isinstance(identifier, dict):
        return identifier
    if "class_name" not in identifier or "config" not in identifier:
        raise ValueError(f"Improper config format for {identifier}. Please specify the class name and its config.")
    cls = _named(identifier["class_name"], module_objects, custom_objects, printable_module_name)
    with registry.custom_object_scope(custom_objects or {}):
        return cls.from_config(identifier["config"]) if hasattr(cls, "from_config") else cls(**identifier["config"])


def _named(name, module_objects, custom_objects, kind):
    found = registry.get_registered_object(name, custom_objects, module_objects)
    if found is None:
        raise ValueError(
            f"Unknown {kind}: {name!r}. The usual fix: pass it in `custom_objects`, or open a "
            "`keras.utils.custom_object_scope({name: object})`."
        )
    return found


def either(config, *args, **words):
    """`keras.utils.deserialize_keras_object`: today's, or in the words of Keras 2 (`module_objects`, ...) the one of then."""
    by_place = len(args) > 1 and not isinstance(args[1], bool)  # today the second of them is `safe_mode`
    of_today = isinstance(config, dict) and "module" in config and not by_place
    if of_today and config.get("class_name") not in (words.get("module_objects") or ()):
        return _todays(config, *args, **{word: words[word] for word in ("custom_objects", "safe_mode") if word in words})
    known = isinstance(config, str) and registry.get_registered_object(config, words.get("custom_objects")) is not None
    if by_place or known or {"module_objects", "printable_module_name"} & words.keys():
        return deserialize_keras_object(config, *args, **words)
    return _todays(config, *args, **words)


_arguments_as_config = getattr(registry.arguments_as_config, "_todays", registry.arguments_as_config)


def arguments_as_config(self, cls):
    """The arguments that an object was made with. A class without a `get_config` kept none of them until Keras 2.3.

    So what no config can hold (a Variable, a model) was no hindrance then, and is none in a script of that time.
    """
    try:
        return _arguments_as_config(self, cls)
    except (TypeError, NotImplementedError):
        if import_module("keras._eras").now not in ("1.2", "2.2", "2.3"):
            raise
        return self._base_config()


arguments_as_config._todays = _arguments_as_config
