"""Users call what they hold in their layers what they like, also what torch calls its methods."""

import numpy as np
import pytest
import torch

from torchkeras_lite import Input, Model, layers
from torchkeras_lite.models import Sequential

ROWS = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]], "float32")


def _times(factor):
    return layers.Dense(3, kernel_initializer=lambda shape, dtype=None: torch.eye(3) * factor)


@pytest.mark.parametrize("name", "forward train apply children modules parameters to type float half".split())
@pytest.mark.parametrize("base", [layers.Layer, Model])
@pytest.mark.parametrize("make", [_times, lambda factor: Sequential([_times(factor)])])
def test_a_layer_under_a_name_of_torchs(name, base, make):
    class Held(base):
        def __init__(self):
            super().__init__()
            setattr(self, name, make(2.0))

        def call(self, x):
            return getattr(self, name)(x) + x

    held = Held()
    for _ in range(2):  # the first builds
        np.testing.assert_allclose(held(ROWS).detach(), 3 * ROWS)
    assert len(held.trainable_weights) == 2
    inputs = Input((3,))
    model = Model(inputs, Held()(inputs))
    model.compile("sgd", "mse")
    model.fit(ROWS, 3 * ROWS, verbose=0)
    np.testing.assert_allclose(model.predict(ROWS, verbose=0), 3 * ROWS, rtol=1e-6)


@pytest.mark.parametrize("value", [[1.0, 2.0], 2.0, None])
def test_forward_may_be_any_value(value):
    class Held(layers.Layer):
        def __init__(self):
            super().__init__()
            self.forward = value

        def call(self, x):
            return x * (1 if self.forward is None else self.forward[1] if isinstance(self.forward, list) else self.forward)

    inputs = Input((3,))
    model = Model(inputs, Held()(inputs))
    np.testing.assert_allclose(model.predict(ROWS, verbose=0), ROWS * (1 if value is None else 2))


@pytest.mark.parametrize("base", [layers.Layer, Model])
def test_forward_may_be_a_helper_of_call(base):
    class Helped(base):
        def __init__(self):
            super().__init__()
            self.dense = _times(2.0)

        def forward(self, x, factor):
            return self.dense(x) * factor

        def call(self, x, training=False):
            return self.forward(x, 10.0 if training else 1.0)

    helped = Helped()
    np.testing.assert_allclose(helped(ROWS).detach(), 2 * ROWS)
    np.testing.assert_allclose(helped(ROWS, training=True).detach(), 20 * ROWS)
    inputs = Input((3,))
    np.testing.assert_allclose(Model(inputs, Helped()(inputs)).predict(ROWS, verbose=0), 2 * ROWS)


def test_a_subclass_fills_in_forward():
    class Around(layers.Layer):
        def call(self, x):
            return self.forward(x) + 1

    class Doubled(Around):
        def forward(self, x):
            return 2 * x

    np.testing.assert_allclose(Doubled()(ROWS), 2 * ROWS + 1)


def test_forward_in_the_place_of_call_is_what_a_layer_computes():
    class Doubled(layers.Layer):
        def forward(self, x):
            return 2 * x

    class Tripled(Doubled):
        def forward(self, x):
            return super().call(x) + x

    np.testing.assert_allclose(Doubled()(ROWS), 2 * ROWS)
    np.testing.assert_allclose(Tripled()(ROWS), 3 * ROWS)


@pytest.mark.parametrize("held", ["modules", "children"])
def test_a_model_may_hold_a_list_under_a_name_of_torchs(held):
    class Chain(Model):
        def __init__(self):
            super().__init__()
            setattr(self, held, [_times(2.0), _times(3.0)])

        def call(self, x):
            for layer in getattr(self, held):
                x = layer(x)
            return x

    model = Chain()
    model.compile("sgd", "mse")
    model.fit(ROWS, 6 * ROWS, verbose=0)
    np.testing.assert_allclose(model.predict(ROWS, verbose=0), 6 * ROWS, rtol=1e-6)
    assert len(model.trainable_weights) == 4


def test_a_model_may_have_a_method_under_a_name_of_torchs():
    class Counted(Model):
        def __init__(self):
            super().__init__()
            self.dense = _times(2.0)

        def modules(self, number):
            return number + 1

        def call(self, x):
            return self.dense(x) * self.modules(1)

    model = Counted()
    model.compile("sgd", "mse")
    model.fit(ROWS, 4 * ROWS, verbose=0)
    np.testing.assert_allclose(model.predict(ROWS, verbose=0), 4 * ROWS, rtol=1e-6)
