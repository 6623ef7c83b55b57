"""What stands under `keras` besides torchkeras_lite's own modules, as rows. `_views.py` reads them at each look-up.

An old word is a row here, never a branch in the core. A file per era may add its rows with `.update(...)`.
"""

# Module path below `keras` -> full name of the module seen there. A row comes before a real module of the same path;
# the parents of a path need rows of their own where torchkeras_lite has no such module.
#     "layers.core": "torchkeras_lite.layers"
PATHS: dict[str, str] = {}

# Module path below `keras` ("" is keras itself) -> {name: "module:attribute"}. A row comes before the real module's
# name, so it can add a dead class or put one that understands old arguments in front of today's.
#     "layers": {"Merge": "keras._merge:Merge"}
NAMES: dict[str, dict[str, str]] = {}

# Other roots under which the very same module objects are found.
ROOTS: dict[str, str] = {"tensorflow.keras": "keras"}
