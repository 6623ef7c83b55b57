"""Arguments and inputs that do not fit: the types of error of Keras."""

import numpy as np
import pytest
from harness import drawn, mine, pair, real, run, same
from rows.core import INTEGERS


@pytest.mark.parametrize(
    ("name", "kwargs", "x"),
    [
        ("Dense", {"units": 0}, None),
        ("Dense", {"units": -1}, None),
        ("Dense", {"units": 2.5}, None),
        ("Dense", {"units": 3, "activation": "rellu"}, None),
        ("Dense", {"units": 3, "kernel_initializer": "glorot"}, None),
        ("Dense", {"units": 3, "kernel_regularizer": "l3"}, None),
        ("Dense", {"units": 3, "unit": 3}, None),
        ("Dense", {"units": 3, "name": 3}, None),
        ("Dense", {"units": 3, "name": "a/b"}, None),
        ("Dense", {"units": 3, "trainable": "yes"}, None),
        ("Dense", {"units": 3, "dtype": "float31"}, None),
        ("Dense", {"units": 3}, drawn((4,))),
        ("Activation", {"activation": "rellu"}, None),
        ("Activation", {"activation": 3}, None),
        ("Dropout", {"rate": 1.5}, None),
        ("Dropout", {"rate": -0.1}, None),
        ("Dropout", {"rate": 0.5, "noise_shape": "ab"}, None),
        ("Dropout", {"rate": 0.5, "noise_shape": 3}, None),
        ("Dropout", {"rate": 0.5, "noise_shape": (0, 2)}, None),
        ("Dropout", {"rate": 0.5, "noise_shape": (1.5, 2)}, None),
        ("Flatten", {"data_format": "channels"}, None),
        ("Flatten", {}, np.float32(3)),
        ("Reshape", {"target_shape": (-1, -1)}, None),
        ("Reshape", {"target_shape": (-2, 3)}, None),
        ("Reshape", {"target_shape": (5,)}, drawn((2, 12))),
        ("Reshape", {"target_shape": (-1, 5)}, drawn((2, 12))),
        ("Embedding", {"input_dim": 0, "output_dim": 3}, None),
        ("Embedding", {"input_dim": 3, "output_dim": -3}, None),
        ("Embedding", {"input_dim": 3, "output_dim": "3"}, None),
        ("Embedding", {"input_dim": 5, "output_dim": 3, "weights": drawn((5, 2))}, None),
        ("Embedding", {"input_dim": 3, "output_dim": 2}, INTEGERS),
        ("ReLU", {"max_value": -1}, None),
        ("ReLU", {"negative_slope": -1}, None),
        ("ReLU", {"negative_slope": None}, None),
        ("ReLU", {"threshold": None}, None),
        ("InputLayer", {}, None),
        ("InputLayer", {"shape": (3,), "batch_shape": (None, 3)}, None),
        ("InputLayer", {"shape": (3,), "dtype": "float31"}, None),
        ("InputLayer", {"shape": (-3,)}, None),
        ("InputLayer", {"shape": (2.5,)}, None),
        ("InputLayer", {"batch_size": 3, "batch_shape": (3, 3)}, None),
    ],
    ids=str,
)
def test_the_same_type_of_error(name, kwargs, x):
    raised = []
    for library in (mine, real.layers):
        with pytest.raises(Exception) as caught:
            layer = getattr(library, name)(**kwargs)
            assert x is not None
            layer(x)
        raised.append(caught.type)
    assert raised[0] is raised[1]


@pytest.mark.parametrize(
    ("name", "kwargs", "first", "second"),
    [
        ("Dense", {"units": 3}, (2, 4), (2, 5)),
        ("BatchNormalization", {}, (2, 4), (2, 5)),
        ("BatchNormalization", {}, (2, 4), (2, 3, 4)),
        ("Reshape", {"target_shape": (3, 4)}, (2, 12), (2, 10)),
        ("Reshape", {"target_shape": (-1, 4)}, (2, 12), (2, 10)),
    ],
)
def test_a_second_input_that_does_not_fit(name, kwargs, first, second):
    for layer in pair(name, kwargs, drawn(first)):
        with pytest.raises(ValueError):
            layer(drawn(second))
        assert layer(drawn(first)).isfinite().all()


@pytest.mark.parametrize(
    ("name", "kwargs", "shapes"),
    [
        ("Dense", {"units": 3}, [(2, 4), (5, 2, 4), (1, 4)]),
        ("Reshape", {"target_shape": (-1, 2)}, [(2, 12), (2, 6), (3, 5, 4)]),
        ("Flatten", {}, [(2, 12), (2, 6, 2), (3,)]),
        ("Embedding", {"input_dim": 5, "output_dim": 2}, [(2, 12), (3,)]),
        ("BatchNormalization", {}, [(2, 4), (7, 4)]),
    ],
)
def test_a_second_input_of_another_size(name, kwargs, shapes):
    inputs = [abs(drawn(shape)).astype("int64") if name == "Embedding" else drawn(shape) for shape in shapes]
    ours, theirs = pair(name, kwargs, inputs[0])
    for x in inputs:
        same(run(ours, x), run(theirs, x))
