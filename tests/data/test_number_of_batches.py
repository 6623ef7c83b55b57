"""A PyDataset may keep the number of its batches under the name `num_batches`."""

import numpy as np

import torchkeras_lite as keras
from torchkeras_lite import layers


class Pairs(keras.utils.PyDataset):
    def __init__(self, num_batches):
        super().__init__()
        self.num_batches = num_batches

    def __len__(self):
        return self.num_batches

    def __getitem__(self, index):
        return np.full((2, 1), index, "float32"), np.zeros((2, 1), "float32")


def test_kept_under_that_name():
    data = Pairs(3)
    assert (data.num_batches, len(data), len(list(data))) == (3, 3, 3)
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    assert model.predict(data, verbose=0).ravel().tolist() == [0, 0, 1, 1, 2, 2]
    data.num_batches = 1
    assert model.predict(data, verbose=0).ravel().tolist() == [0, 0]
