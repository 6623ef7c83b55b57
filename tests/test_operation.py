"""Operations of users, and functions out of graphs."""

import copy
import json
from abc import ABC

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import KerasTensor, Operation, layers


@keras.saving.register_keras_serializable("tests")
class Scale(Operation):
    def __init__(self, factor, *, shift=0, name=None):
        super().__init__(name=name)
        self.factor, self.shift = factor, shift

    def call(self, x, times=1):
        return x * self.factor * times + self.shift


class Unknown(Operation, ABC):
    """Cannot be tried out, and says itself what comes out."""

    def call(self, x):
        assert len(x) == 7
        return x.sum(1).long()

    def compute_output_spec(self, x):
        return KerasTensor(x.shape[:1], "int64")


def test_on_tensors():
    assert Scale(3)(torch.ones(2)).tolist() == [3, 3] and Scale(3, shift=1)(2, times=2) == 13
    with pytest.raises(NotImplementedError, match=r"Operation must define `call\(\)`"):
        Operation()(torch.ones(1))


def test_in_a_graph():
    inputs = layers.Input((3,))
    operation = Scale(2.0, shift=1, name="scale")
    outputs = operation(inputs, times=2)
    assert outputs.shape == (None, 3) and operation.input is inputs and operation.output is outputs
    model = keras.Model(inputs, layers.Activation("relu")(operation(outputs)))
    x = torch.tensor([[1.0, -2.0, 3.0]])
    expected = torch.relu((x * 4 + 1) * 2 + 1)
    assert torch.equal(model(x), expected)
    twin = keras.Model.from_config(json.loads(json.dumps(model.get_config())))
    assert torch.equal(twin(x), expected) and twin._graph.operations[1].get_config() == operation.get_config()
    assert torch.equal(copy.deepcopy(model)(x), expected)
    assert operation.get_config() == {"factor": 2.0, "shift": 1, "name": "scale"}


def test_a_shape_that_is_said():
    inputs = layers.Input((3,))
    outputs = Unknown()(inputs)
    assert (outputs.shape, outputs.dtype) == ((None,), "int64")
    assert keras.Model(inputs, outputs)(torch.ones(7, 3)).tolist() == [3] * 7


def test_names_and_configs():
    class MyOwnThing(Operation):
        def __init__(self, size):
            super().__init__()
            self.size = size

    first, second = MyOwnThing(1), MyOwnThing(2)
    assert first.name.startswith("my_own_thing") and first.name != second.name
    assert first.get_config() == {"size": 1}  # its constructor takes no name
    assert repr(Operation(name="n")) == "<Operation name=n>"
    for name in ("a/b", 3):
        with pytest.raises(ValueError, match=r"cannot contain character `/`. Received: name="):
            Operation(name=name)
    with pytest.raises(AttributeError, match="never been called on a symbolic tensor"):
        _ = first.input
    assert isinstance(keras.utils.deserialize_keras_object(keras.utils.serialize_keras_object(Scale(2))), Scale)


def test_what_is_an_operation():
    inputs = layers.Input((3,))
    assert isinstance(layers.Dense(2), Operation) and issubclass(keras.Layer, Operation) and issubclass(keras.Model, Operation)
    assert isinstance((inputs + 1).node.operation, Operation)
    assert not isinstance(torch.nn.Linear(1, 1), Operation)


def test_an_error_in_the_trial_says_what_to_do():
    class Broken(Operation):
        def call(self, x):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken") as caught:
        Broken(name="b")(layers.Input((3,)))
    if hasattr(caught.value, "__notes__"):
        assert "'b' (Broken) was tried out" in caught.value.__notes__[-1]


# ---------------------------------------------------------------- Function


def test_function():
    a, b = layers.Input((3,)), layers.Input((3,))
    add = keras.Function([a, b], {"sum": a + b, "product": [a * b]}, name="add")
    assert add.name == "add" and len(add.inputs) == 2 and len(add.outputs) == 2
    assert len(add.operations) == 4
    found = add([np.float32([[1, 2, 3]]), torch.tensor([[4.0, 5.0, 6.0]])])
    assert found["sum"].tolist() == [[5, 7, 9]] and found["product"][0].tolist() == [[4, 10, 18]]
    shapes = add.compute_output_shape([(7, 3), (7, 3)])
    assert shapes == {"sum": (7, 3), "product": [(7, 3)]}


@pytest.mark.parametrize("wrap", [lambda t: t, lambda t: [t], lambda t: {"k": t}])
def test_structures_of_a_function(wrap):
    x = layers.Input((3,))
    double = keras.Function(wrap(x), wrap(x * 2))
    found = double(wrap(torch.ones(2, 3)))
    assert type(found) is type(wrap(torch.ones(1))) and torch.equal(keras.tree.flatten(found)[0], torch.full((2, 3), 2.0))
    drawn = double(wrap(KerasTensor((5, 3))))
    assert keras.tree.flatten(drawn)[0].shape == (5, 3)


def test_function_refuses():
    x = layers.Input((3,))
    with pytest.raises(ValueError, match=r"`inputs` argument cannot be empty"):
        keras.Function([], [x])
    with pytest.raises(ValueError, match=r"`outputs` argument cannot be empty"):
        keras.Function([x], [])
    with pytest.raises(ValueError, match="Graph disconnected"):
        keras.Function(layers.Input((3,)), x + 1)
    double = keras.Function(x, x * 2, name="double")
    with pytest.raises(ValueError, match=r"'double' takes .* Received: 1 inputs, of shapes \[\(2, 4\)\]"):
        double(np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"Received: 2 inputs"):
        double([np.ones((2, 3)), np.ones((2, 3))])
