"""`get_state_tree` and `set_state_tree`."""

import numpy as np
import pytest

from torchkeras_lite import layers, models

X = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
Y = X[:, :1]


def compiled():
    # No bias in front of the normalization: its gradient is the noise around zero, which Adam makes into whole steps.
    one, two = layers.Dense(2, use_bias=False, name="one"), layers.BatchNormalization(name="two")
    model = models.Sequential([layers.Input((3,)), one, two, layers.Dense(1, name="three")], name="m")
    model.compile("adam", "mse", metrics=["mae"])
    return model


def test_goes_back_and_forth():
    model = compiled()
    model.fit(X, Y, verbose=0)
    tree = model.get_state_tree()
    assert {*tree} == {"trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables"}
    assert {*tree["trainable_variables"]["m"]} == {"one", "two", "three"}
    assert {*tree["non_trainable_variables"]["m"]["two"]} == {"moving_mean", "moving_variance"}
    kernel = tree["trainable_variables"]["m"]["one"]["kernel"]
    np.testing.assert_array_equal(kernel, model.get_layer("one").kernel.numpy())
    moments = tree["optimizer_variables"][model.optimizer.name]
    assert moments["iteration"] == 1 and "m_one_kernel_momentum" in moments
    assert tree["metrics_variables"]
    expected = model.predict(X, verbose=0)
    model.fit(X, Y, epochs=3, shuffle=False, verbose=0)
    after = model.predict(X, verbose=0)
    assert not np.allclose(after, expected)
    model.set_state_tree(tree)
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5)
    model.fit(X, Y, epochs=3, shuffle=False, verbose=0)  # the optimizer is where it was, too
    np.testing.assert_allclose(model.predict(X, verbose=0), after, rtol=1e-4, atol=1e-5)


def test_a_part_of_a_tree_as_arrays():
    model = compiled()
    tree = model.get_state_tree(value_format="numpy_array")
    kernel = np.ones_like(tree["trainable_variables"]["m"]["one"]["kernel"])
    model.set_state_tree({"trainable_variables": {"m": {"one": {"kernel": kernel}}}})
    assert np.array_equal(model.get_layer("one").kernel.numpy(), kernel)


def test_says_what_does_not_fit():
    model = compiled()
    with pytest.raises(ValueError, match="no variable 'm/four/kernel'"):
        model.set_state_tree({"trainable_variables": {"m": {"four": {"kernel": 1}}}})
    with pytest.raises(ValueError, match="Unknown variable name: 'weights'"):
        model.set_state_tree({"weights": {}})
    with pytest.raises(ValueError, match="value_format"):
        model.get_state_tree("list")
    assert models.Sequential([layers.Input((3,)), layers.Dense(2)]).get_state_tree()["optimizer_variables"] == {}
    twin = models.Sequential([layers.Input((3,)), layers.Dense(2, name="m")], name="m")
    twin.layers[0].bias.path = twin.layers[0].kernel.path
    with pytest.raises(ValueError, match="found twice"):
        twin.get_state_tree()
