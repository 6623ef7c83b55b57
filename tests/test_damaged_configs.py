"""Configs that are none, or that have lost or mixed up something, are a TypeError or ValueError, for every public class.

What else comes out (AttributeError, KeyError, ...) says nothing of what is wrong. A damaged config may well give an object.
"""

import copy
import inspect
import random

import pytest

import torchkeras_lite as keras

SAID = (TypeError, ValueError, NotImplementedError, ImportError)
PLACES = "layers losses metrics optimizers initializers regularizers constraints dtype_policies quantizers models"
NO_CONFIGS = (None, 3, "x", [], [1])
EMPTY = ({}, {"name": 3}, {"no_such": 1}, {"class_name": "X"}, {"config": {}}, {"layer": {}}, {"layers": 3}, {"dtype": {}})
JUNK = (None, -3, 0.5, "x", [], [None], {}, {"class_name": "Dense"}, {"class_name": 3}, [[1, 2], 3], True, tuple(range(7)))
# What constructors may want.
ARGUMENTS = (
    {}, {"units": 2}, {"filters": 2, "kernel_size": 2}, {"learning_rate": 0.1}, {"num_classes": 2}, {"shape": (2,)},
    {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}, {"value": 0.5},
    {"boundaries": [1], "values": [1.0, 2]},
    {"name": "float32"}, {"num_heads": 2, "key_dim": 2}, {"target_class_ids": [0], "num_classes": 2}, {"sensitivity": 0.5},
    {"specificity": 0.5}, {"function": abs}, {"fn": abs}, {"input_dim": 2, "output_dim": 2}, {"num_bins": 3}, {"factor": 0.1},
    {"equation": "ab,bc->ac", "output_shape": 3}, {"rate": 0.5}, {"height": 3, "width": 3}, {"num_tokens": 3}, {"dims": (1,)},
    {"target_shape": (2,)}, {"axes": 1}, {"n": 2}, {"scale": 2.0}, {"bits": 2, "factor": 2}, {"height_factor": 0.1},
    {"height_factor": 0.1, "width_factor": 0.1}, {"pool_size": 2}, {"stddev": 1.0}, {"activation": "relu"},
)  # fmt: skip


def classes():
    found = {}
    for place in PLACES.split():
        module = getattr(keras, place)
        for name in dir(module):
            cls = getattr(module, name)
            if inspect.isclass(cls) and hasattr(cls, "from_config") and name[0] != "_":
                found.setdefault(cls, f"{place}.{name}")
    for name in dir(keras.optimizers.schedules):
        cls = getattr(keras.optimizers.schedules, name)
        if inspect.isclass(cls) and hasattr(cls, "from_config"):
            found.setdefault(cls, f"schedules.{name}")
    return found


CLASSES = classes()


def tried(cls, config):
    try:
        cls.from_config(copy.deepcopy(config))
    except SAID as error:
        return error
    except Exception as error:
        pytest.fail(f"{CLASSES[cls]}.from_config({config!r}): {type(error).__name__}: {error}")


def made(cls):
    inside = (keras.layers.Dense, keras.layers.LSTM, keras.layers.LSTMCell) if issubclass(cls, keras.Layer) else ()
    for args, given in (*(((), given) for given in ARGUMENTS), *(((one(2),), {}) for one in inside)):
        try:
            return cls(*args, **given)
        except Exception:  # another one wants them
            continue
    return None


@pytest.mark.parametrize("place", [*PLACES.split(), "schedules"])
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_config_is_said_to_be_one(place):
    chosen, damaged, choose = [cls for cls, name in CLASSES.items() if name.startswith(f"{place}.")], 0, random.Random(0)
    for cls in chosen:
        for config in NO_CONFIGS:
            assert tried(cls, config) is not None, (cls, config)
        for config in EMPTY:
            tried(cls, config)
        one = made(cls)
        try:
            config = None if one is None else one.get_config()
        except SAID:  # of a base
            config = None
        for key in config or ():
            tried(cls, {name: value for name, value in config.items() if name != key})
            for junk in choose.sample(JUNK, 3):
                tried(cls, {**config, key: junk})
                damaged += 1
    assert damaged > len(chosen)


@pytest.mark.parametrize("name", ["Dense", "Lambda", "TextVectorization", "StringLookup", "Pipeline", "Sequential", "Model"])
def test_what_is_no_config(name):
    with pytest.raises(TypeError, match=rf"config of a {name} is a dict.*Received: \[1\] \(of type list\)"):
        getattr(keras.layers, name, getattr(keras, name, None)).from_config([1])
