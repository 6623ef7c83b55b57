"""Config, and batches and data in parts."""

import copy

import numpy as np
import pytest
import torch

import torchkeras_lite as keras
from torchkeras_lite import layers, utils
from torchkeras_lite.data.pipeline import Dataset


def test_config():
    config = utils.Config(rate=0.1, units=3)
    config.seed = 5
    config["name"] = "a"
    assert config.rate == config["rate"] == config.get("rate") == 0.1 and "seed" in config and len(config) == 4
    assert config.as_dict() == {"rate": 0.1, "units": 3, "seed": 5, "name": "a"}
    assert config.to_json() == '{"rate": 0.1, "units": 3, "seed": 5, "name": "a"}'
    assert copy.deepcopy(config).as_dict() == config.as_dict() and list(config) == ["name", "rate", "seed", "units"]
    del config["name"]
    with pytest.raises(AttributeError, match="Did you mean 'units'"):
        _ = config.unit
    with pytest.raises(KeyError, match="units"):
        config["unit"]
    config.freeze()
    for change in (lambda: setattr(config, "seed", 1), lambda: config.update(a=1), lambda: config.pop("seed")):
        with pytest.raises(ValueError, match="frozen"):
            change()
    assert config.frozen and config.seed == 5


@pytest.mark.parametrize(("parts", "expected"), [((1,), 1), (((1, 2),), ((1, 2),)), ((1, 2), (1, 2)), ((1, 2, 3), (1, 2, 3))])
def test_batches(parts, expected):
    packed = utils.pack_x_y_sample_weight(*parts)
    assert packed == expected
    assert utils.unpack_x_y_sample_weight(packed) == (*parts, None, None)[:3]


def test_two_parts_of_one():
    x, y = np.arange(20).reshape(10, 2), torch.arange(10)
    left, right = utils.split_dataset((x, y), left_size=0.7)
    assert [len(left), len(right)] == [7, 3] and right[0][0].tolist() == [14, 15] and int(right[2][1]) == 9
    left, right = utils.split_dataset(x, left_size=2, right_size=3)
    assert [len(left), len(right)] == [2, 3] and right[0].tolist() == [14, 15]
    left, right = utils.split_dataset(torch.utils.data.TensorDataset(y), right_size=4, shuffle=True, seed=1)
    rows = [int(row[0]) for part in (left, right) for row in part]
    assert sorted(rows) == list(range(10)) and rows != list(range(10))
    again = utils.split_dataset(torch.utils.data.TensorDataset(y), right_size=4, shuffle=True, seed=1)[0]
    assert [int(row[0]) for row in again] == rows[:6]


def test_two_parts_of_a_data_set_in_the_manner_of_tf_data():
    whole = Dataset.of_rows((torch.arange(10), torch.arange(20).reshape(10, 2)))
    left, right = utils.split_dataset(whole, left_size=0.7)
    assert [type(part) for part in (left, right)] == [Dataset] * 2 and [len(left), len(right)] == [7, 3]
    assert [int(row) for row, _ in right] == [7, 8, 9] and next(iter(left.batch(2)))[1].tolist() == [[0, 1], [2, 3]]
    left, right = utils.split_dataset(whole.map(lambda x, y: x * 2), right_size=4, shuffle=True, seed=1)
    rows = [int(row) for part in (left, right) for row in part]
    assert sorted(rows) == list(range(0, 20, 2)) and rows != sorted(rows) and len(left) == 6
    assert [int(row) for part in (left, right) for row in part] == rows
    with pytest.raises(ValueError, match="endless"):
        utils.split_dataset(whole.repeat(), left_size=1)


@pytest.mark.parametrize("sizes", [{}, {"left_size": 1.5}, {"left_size": 11}, {"left_size": 0.8, "right_size": 0.8}])
def test_sizes_that_do_not_fit(sizes):
    with pytest.raises(ValueError):
        utils.split_dataset(np.arange(10), **sizes)
    with pytest.raises(TypeError, match="Dataset"):
        utils.split_dataset(5, left_size=1)


def test_layers_as_configs():
    layer = layers.deserialize(layers.serialize(layers.Dense(3, activation="relu", name="d")))
    assert isinstance(layer, layers.Dense) and layer.units == 3 and layer.name == "d"
    with pytest.raises(ValueError, match="of a layer"):
        layers.deserialize(keras.losses.serialize(keras.losses.MeanSquaredError()))


def test_tensors_are_normalized_with_gradients():
    x = torch.tensor([[3.0, 4.0], [0.0, 5.0]], requires_grad=True)
    made = keras.utils.normalize(x, axis=1)
    np.testing.assert_allclose(made.detach(), keras.utils.normalize(x.detach().numpy(), axis=1), rtol=1e-6)
    made[0, 0].backward()
    np.testing.assert_allclose(x.grad[0], [16 / 125, -12 / 125], rtol=1e-5)
