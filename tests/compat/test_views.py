"""`import keras` shows torchkeras_lite: the same objects, module by module, when they are asked for."""

import textwrap

import pytest

# Each runs in a fresh interpreter, with the stand-ins and a small package in place of torchkeras_lite.
SNIPPETS = {
    "one object under both names": """
        import keras, torchkeras_lite as real
        from keras.layers import Dense
        assert Dense is real.layers.Dense is keras.layers.Dense is keras.layers.core.Dense
        assert Dense.__module__ == "torchkeras_lite.layers.core"
        assert keras.layers is not real.layers and keras.__version__ == "3.15.1"
        assert "shims" in keras.__file__
    """,
    "nothing is imported before it is asked for": """
        import sys, keras
        below = {n for n in sys.modules if n.startswith("torchkeras_lite.")}
        assert below == {"torchkeras_lite.layers", "torchkeras_lite.layers.core", "torchkeras_lite.models"}, below
        assert all(n.startswith("keras._") for n in sys.modules if n.startswith("keras."))
        import importlib.util
        assert importlib.util.find_spec("keras.losses").origin.endswith("losses.py")
        assert "torchkeras_lite.losses" not in sys.modules and "keras.losses" not in sys.modules
        assert keras.losses.mse() == 1          # an attribute of its parent, imported on first use
        assert "torchkeras_lite.losses" in sys.modules
    """,
    "any depth": """
        import keras.utils.deep.down as a
        from keras.utils.deep import down as b
        from keras.utils import deep
        import keras
        assert a is b is deep.down is keras.utils.deep.down and a.here == 1
    """,
    "what is not there": """
        import importlib, importlib.util, keras
        for name in ("keras.none", "keras.layers.none", "keras.losses.none", "keras.layers._secret", "keras._none"):
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as error:
                assert error.name == name
            else:
                raise AssertionError(name)
        assert importlib.util.find_spec("keras.none") is None
        assert not hasattr(keras, "none") and not hasattr(keras.layers, "_secret_")
        try:
            keras.layers.Dens
        except AttributeError as error:
            assert "'keras.layers' has no attribute 'Dens'" in str(error) and "torchkeras_lite" in str(error), error
            assert error.name == "Dens" and error.obj is keras.layers
        else:
            raise AssertionError
        try:
            from keras.layers import Dens
        except ImportError as error:
            assert "Dens" in str(error) and "keras.layers" in str(error)
    """,
    "a star takes what the real module gives": """
        before = set(globals())
        from keras.layers import *
        assert set(globals()) - before == {"Dense", "before"}, set(globals()) - before
        from keras.losses import *
        assert set(globals()) - before == {"Dense", "before", "mse", "math"}, set(globals()) - before
    """,
    "what is set on a view stays there": """
        import keras, torchkeras_lite as real
        from unittest import mock
        with mock.patch("keras.layers.Dense", 1), mock.patch.object(keras.layers, "New", 2, create=True):
            import keras.layers as again
            assert (again.Dense, again.New) == (1, 2) and real.layers.Dense is not 1 and not hasattr(real.layers, "New")
        assert keras.layers.Dense is real.layers.Dense and not hasattr(keras.layers, "New")
        real.layers.Later = 3
        assert keras.layers.Later == 3
    """.replace("is not 1", "!= 1"),
    "the module's own particulars": """
        import importlib, inspect, keras, keras.layers.core as core, types
        assert isinstance(core, types.ModuleType) and inspect.ismodule(keras)
        assert core.__name__ == core.__spec__.name == "keras.layers.core" and keras.layers.__package__ == "keras.layers"
        assert core.__doc__ == "The core."
        assert importlib.util.find_spec("keras.layers.core") is core.__spec__
        assert keras.layers.__path__ == [] and not hasattr(core, "__wrapped__") and not hasattr(core, "__file__")
        assert repr(core) == "<module 'keras.layers.core', a view of 'torchkeras_lite.layers.core'>"
        assert {"Dense", "core", "__name__"} <= set(dir(keras.layers)) and "_real" not in dir(keras.layers)
        assert all(hasattr(module, name) for module in (keras, keras.layers, core) for name in dir(module))
        assert inspect.getmodule(core.Dense).__name__ == "torchkeras_lite.layers.core"
        assert inspect.getsource(core.Dense).startswith("class Dense")
    """,
    "reload changes nothing": """
        import importlib, sys, keras, keras.layers
        view, dense, finders = keras.layers, keras.layers.Dense, list(map(type, sys.meta_path))
        keras.layers.mine = 1
        assert importlib.reload(keras) is keras and importlib.reload(keras.layers) is view
        assert view.Dense is dense and view.mine == 1 and keras.layers is view and keras.models.Sequential
        assert list(map(type, sys.meta_path)) == finders
    """,
    "pickling": """
        import pickle, keras
        data = pickle.dumps([keras.layers.Dense, keras.layers.Dense(), keras.losses.mse])
        assert b"torchkeras_lite.layers.core" in data
        a, b, c = pickle.loads(data)
        assert a is keras.layers.Dense and type(b) is a and c is keras.losses.mse
    """,
    "under tensorflow too": """
        import tensorflow.keras.layers as L
        from tensorflow.keras.models import Sequential
        from tensorflow import keras as tk
        import tensorflow as tf, keras, importlib, sys
        assert tf.keras is tk is keras and L is keras.layers is tf.keras.layers and Sequential is keras.Sequential
        assert importlib.import_module("tensorflow.keras.utils.deep") is keras.utils.deep
        assert sys.modules["tensorflow.keras.layers"] is L and L.__spec__.name == L.__name__ == "keras.layers"
        assert importlib.reload(L) is L and importlib.reload(tf.keras) is keras
        assert importlib.util.find_spec("tensorflow.keras.losses").name == "tensorflow.keras.losses"
        assert importlib.util.find_spec("tensorflow.keras.none") is None
    """.replace("is keras.Sequential", "is keras.models.Sequential"),
    "rows of paths": """
        import keras._tables, sys, types
        sys.modules["old_things"] = old = types.ModuleType("old_things"); old.__spec__ = keras.__spec__
        keras._tables.PATHS.update({"layers.core": "torchkeras_lite.layers", "losses.old": "torchkeras_lite.utils.deep",
                                    "engine": "torchkeras_lite.models", "engine.core": "torchkeras_lite.layers"})
        assert keras.losses.old.down.here == 1 and keras.layers.core.__name__ == "keras.layers.core"
        import keras.engine.core as engine, keras.layers.core as core, keras.layers, keras.utils.deep
        assert core is keras.layers.core is not keras.layers and core.__name__ == "keras.layers.core"
        assert core.Dense is engine.Dense is keras.layers.Dense and keras.engine.Sequential is keras.models.Sequential
        from tensorflow.keras.layers.core import Dense
        import tensorflow.keras.engine.core
        assert Dense is core.Dense and tensorflow.keras.engine.core is engine
    """,
    "rows of paths to modules that are seen already": """
        import importlib.util, sys, keras._tables, keras.layers
        keras._tables.PATHS.update({"layers.core": "keras.layers", "utils.old": "keras.utils.deep"})
        keras._tables.NAMES["layers"] = {"Old": "math:pi"}
        import keras.layers.core as core
        from tensorflow.keras.layers.core import Dense, Old
        from keras.utils import old
        import tensorflow.keras.utils.old as again
        assert core is keras.layers is keras.layers.core and Dense is keras.layers.Dense and Old == keras.layers.Old
        assert old is again is keras.utils.deep is keras.utils.old and old.down.here == 1
        assert keras.layers.__name__ == keras.layers.__spec__.name == "keras.layers"
        assert importlib.util.find_spec("keras.layers.core.none") is None and not hasattr(keras.layers.core, "none")
        keras.layers.core.mine = 1
        assert keras.layers.mine == 1
    """,
    "rows of names": """
        import keras._tables, keras, torchkeras_lite as real
        keras._tables.NAMES["layers"] = {"Old": "collections:OrderedDict", "Dense": "collections:Counter"}
        keras._tables.NAMES[""] = {"gone": "math:pi"}
        from keras.layers import Old
        import collections, math
        assert Old is collections.OrderedDict and keras.gone == math.pi and "gone" in dir(keras)
        assert keras.layers.Dense is collections.Counter and real.layers.Dense is not collections.Counter
        assert keras.layers.__all__ == ["Dense", "Old"] and "Old" in dir(keras.layers)
        names = {}
        exec("from keras.layers import *", names)
        assert names["Old"] is Old
    """,
    "threads": """
        import threading, importlib
        seen = []
        def work(): seen.append(importlib.import_module("tensorflow.keras.utils.deep.down"))
        threads = [threading.Thread(target=work) for _ in range(16)]
        for t in threads: t.start()
        for t in threads: t.join()
        import keras
        assert len(seen) == 16 and set(seen) == {keras.utils.deep.down}
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_views(name, python, stub, tmp_path):
    (tmp_path / "snippet.py").write_text(textwrap.dedent(SNIPPETS[name]))
    python("-W", "error", tmp_path / "snippet.py", path=[stub / "compat" / "shims", stub, stub / "fakes"], ok=True)
