"""`ALL_OBJECTS_DICT` of Keras 3's own files: the very dicts in which names are looked up, so that programs can add theirs."""

from torchkeras_lite.registry import tables


def __getattr__(name: str) -> dict:
    if f"keras.{name}" not in tables:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return tables[f"keras.{name}"].objects
