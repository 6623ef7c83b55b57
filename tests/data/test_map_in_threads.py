"""A function of elements that builds layers: the first element goes through it alone."""

import threading
import time

import torch

import torchkeras_lite as keras
from torchkeras_lite import layers
from torchkeras_lite.data import Dataset


def test_a_model_is_built_once():
    class Slow(layers.Layer):
        """Takes its time to be built, in which others could call it."""

        def build(self, input_shape):
            time.sleep(0.05)
            self.factor = self.add_weight((), "ones", name="factor")

        def call(self, inputs):
            return inputs * (self.factor.value + 1)

    model = keras.Sequential([Slow(), layers.ZeroPadding1D(1), Slow()])
    found = list(Dataset.of_rows(torch.ones(40, 1, 3, 2)).map(model, num_parallel_calls=8))
    assert {tuple(each.shape) for each in found} == {(1, 5, 2)} and all(each.max() == 4 for each in found)
    assert len(model.weights) == 2


def test_the_others_go_side_by_side():
    names, together = set(), threading.Barrier(3, timeout=60)

    def wait(x):
        if x > 0:
            names.add(threading.current_thread().name)
            together.wait()
        return x

    assert [int(x) for x in Dataset.of_rows(torch.arange(7)).map(wait, num_parallel_calls=3)] == list(range(7))
    assert len(names) == 3
