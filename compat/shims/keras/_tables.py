"""What stands under `keras` besides torchkeras_lite's own modules, as rows. `_views.py` reads PATHS, NAMES and ROOTS at
each look-up; `_members.py` puts ARGUMENTS, PLACES and MEMBERS on the classes when `keras` is imported.

An old word is a row, never a branch in the core. The rows stand in the files of their eras: `_keras1*.py` hold what went
with Keras 2, `_keras2.py` what Keras 2 had and Keras 3 has not, `_keras_*.py` what both had. An era's rows are added to
those of the eras before. Those of Keras 3's own files come first: where an era had the same path, it shows what the era had.
"""

from . import _keras1, _keras1_layers, _keras2, _keras3_paths, _keras_paths, _keras_tf_paths

# Module path below `keras` -> full name of the module seen there; "keras.<path>" is that module under a second name. A row
# comes before a real module of the same path; the parents of a path need rows of their own where torchkeras_lite has no
# such module.
#     "layers.core": "keras.layers"
PATHS: dict[str, str] = {}

# Module path below `keras` ("" is keras itself) -> {name: "module:attribute"}. A row comes before the real module's
# name, so it can add a dead class or put a function that understands old arguments in front of today's class.
#     "layers": {"merge": "keras._layers:merge"}
NAMES: dict[str, dict[str, str]] = {}

# Module path below `keras` -> full name of the module that is asked for what the real one lacks. Such names are in no list of
# the module's names (`dir`, `*`).
BEHIND: dict[str, str] = {}

# A class below torchkeras_lite, or a method of one -> {old word of an argument: what it means}. Rows of a class are for its
# constructor; a subclass that hands arguments on to it is understood too. What a word means:
#     "init": "kernel_initializer"      another word for the same value
#     "lr": ("learning_rate", rate)     another word, and a function from the old value to today's
#     "nb_worker": None                 nothing any more: the value is dropped
#     "decay": decay                    a function (value, arguments by today's words, defaults included) -> {word: value},
#                                       which comes after the rows above it and replaces what is given
#     "weights": After(set_later)       a function (object, value), called when the constructor is through
#     "accuracy": Around(counting)      a function (object, value) -> context manager, in which the method runs
ARGUMENTS: dict[str, dict] = {}

# A class, or a method of one -> "module:attribute" of a function that reads arguments given by position: (arguments, words)
# -> the same for today. For orders that once were others, where the kinds of the values tell.
PLACES: dict[str, str] = {}

# A class below torchkeras_lite -> {name: "module:attribute"}, what the class has too: methods and properties of old. Or a
# module that uses a function of `keras`: who replaces that one (a test, a notebook without network) means its use there too.
#     "models.Model": {"fit_generator": "keras._methods:fit_generator"}
MEMBERS: dict[str, dict[str, str]] = {}

# The last word of a name in `History.history` -> its word today, for those who ask for what is not there.
LOGS: dict[str, str] = {}

# Other roots under which the very same module objects are found.
_INSIDE = (".api._v2.keras", ".api._v2", ".api._v1.keras", ".api._v1", ".api.keras", ".api", ".python.keras", ".src")
_KERAS = ("tf_keras", "keras_core", "tensorflow.python.keras", "tensorflow.contrib.keras")
ROOTS: dict[str, str] = {
    **{f"{root}{inside}": "keras" for root in ("keras", *_KERAS) for inside in _INSIDE},  # before those they begin with
    **dict.fromkeys((*_KERAS, *(f"tensorflow.{where}keras" for where in ("", "compat.v1.", "compat.v2."))), "keras"),
    "tensorflow.compat.v2": "tensorflow",
    "keras_preprocessing": "keras.preprocessing",
}

for _era in (_keras3_paths, _keras_tf_paths, _keras_paths, _keras1, _keras1_layers, _keras2):
    for _table, _name in ((PATHS, "PATHS"), (BEHIND, "BEHIND"), (LOGS, "LOGS"), (PLACES, "PLACES")):
        _table.update(getattr(_era, _name, {}))
    for _table, _name in ((NAMES, "NAMES"), (ARGUMENTS, "ARGUMENTS"), (MEMBERS, "MEMBERS")):
        for _key, _rows in getattr(_era, _name, {}).items():
            _table.setdefault(_key, {}).update(_rows)
