"""Losses for outputs in structures, and several losses for one output."""

from collections import namedtuple

import numpy as np
import pytest
import torch

from torchkeras_lite import layers, models

X = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
A, B = X[:, :1], X[:, 1:2] * 2
Pair = namedtuple("Pair", ["left", "right"])


def model_of(structure):
    x = layers.Input((3,))
    a, b = layers.Dense(1, name="a")(x), layers.Dense(1, name="b")(x)
    return models.Model(x, structure(a, b))


def square(y, p):
    return torch.mean((p - y) ** 2)


def absolute(y, p):
    return torch.mean(torch.abs(p - y))


def after_one_batch(model, y, loss, **kwargs):
    """The logs of one step, and the outputs before it."""
    before = [torch.as_tensor(part).detach().numpy() for part in (model.get_layer("a")(X), model.get_layer("b")(X))]
    model.compile("sgd", loss, **kwargs)
    history = model.fit(X, y, batch_size=4, verbose=0).history
    return {key: value[0] for key, value in history.items()}, *before


def test_outputs_in_lists_in_dicts():
    model = model_of(lambda a, b: {"one": [a, b], "two": b})
    logs, a, b = after_one_batch(model, {"one": [A, B], "two": A}, {"one": ["mse", "mae"], "two": "mse"})
    expected = {"one/a_loss": np.mean((a - A) ** 2), "one/b_loss": np.abs(b - B).mean(), "two_loss": np.mean((b - A) ** 2)}
    assert logs == pytest.approx({"loss": sum(expected.values()), **expected}, rel=1e-5)


def test_one_loss_for_all_of_a_structure():
    model = model_of(lambda a, b: {"one": (a, b), "two": b})
    logs, a, b = after_one_batch(model, {"one": (A, B), "two": A}, "mse")
    total = sum(np.mean(d**2) for d in (a - A, b - B, b - A))
    assert logs["loss"] == pytest.approx(total, rel=1e-5)
    assert {*logs} == {"loss", "one/a_loss", "one/b_loss", "two_loss"}


def test_several_losses_for_one_output_and_their_weights():
    model = model_of(lambda a, b: [a, b])
    logs, a, b = after_one_batch(model, [A, B], ["mse", ["mae", "mse"]], loss_weights=[1.0, [2.0, 3.0]])
    total = np.mean((a - A) ** 2) + 2 * np.abs(b - B).mean() + 3 * np.mean((b - B) ** 2)
    assert logs["loss"] == pytest.approx(total, rel=1e-5)


def test_a_loss_gets_a_structure_whole():
    def ratio(y, p):
        assert type(p) is type(y) is Pair
        return torch.mean((p.left - y.left) ** 2) * torch.mean((p.right - y.right) ** 2)

    model = model_of(Pair)
    logs, a, b = after_one_batch(model, Pair(A, B), [ratio, Pair(None, "mae")])
    whole = np.mean((a - A) ** 2) * np.mean((b - B) ** 2)
    right = np.abs(b - B).mean()
    assert logs == pytest.approx({"loss": whole + right, "a_b_loss": whole, "b_loss": right}, rel=1e-5)


def test_losses_of_a_dict_are_named_by_its_keys():
    model = model_of(lambda a, b: {"one": a, "two": b})
    both = lambda y, p: torch.mean(p["one"] - y["one"]) + torch.mean(p["two"])  # noqa: E731
    logs, *_ = after_one_batch(model, {"one": A, "two": B}, [both, {"two": "mse"}])
    assert {*logs} == {"loss", "one_two_loss", "two_loss"}


def test_one_output_with_a_list_of_losses_in_a_dict():
    x = layers.Input((3,))
    model = models.Model(x, layers.Dense(1, name="a")(x))
    model.compile("sgd", {"a": ["mse", "mae"]})
    p = model(X).detach().numpy()
    logs = model.evaluate(X, A, return_dict=True, verbose=0)
    assert logs["loss"] == pytest.approx(np.mean((p - A) ** 2) + np.abs(p - A).mean(), rel=1e-5)


def test_says_what_does_not_fit():
    model = model_of(lambda a, b: {"one": [a, b], "two": b})
    model.compile("sgd", {"one": ["mse", "mae"], "tow": "mse"})
    with pytest.raises(KeyError, match=r"tow.*can't be found.*Did you mean 'two'"):
        model.fit(X, {"one": [A, B], "two": A}, verbose=0)
    with pytest.raises(ValueError, match="Unknown loss"):
        model.compile("sgd", {"one": ["mse", "mea"]})


# ---------------------------------------------------------------- metrics


def test_metrics_in_the_structure_of_the_outputs():
    """Names and values as Keras 3.15 gives them: the name of the layer stands in front, whatever the path."""
    model = model_of(lambda a, b: {"one": [a, b], "two": {"three": b}})
    y, weights = {"one": [A, B], "two": {"three": A}}, {"one": [A[:, 0] + 1, B[:, 0] + 2], "two": {"three": A[:, 0] * 0}}
    logs, a, b = after_one_batch(
        model, y, "mse", metrics={"one": ["mae", [absolute, "mse"]], "two": {"three": ["mae"]}},
        weighted_metrics={"one": ["mae", None]},
    )  # fmt: skip
    expected = {
        "a_mae": np.abs(a - A).mean(), "b_absolute": np.abs(b - B).mean(), "b_mse": np.mean((b - B) ** 2),
        "b_mae": np.abs(b - A).mean(), "a_weighted_mae": np.abs(a - A).mean(),
    }  # fmt: skip
    assert {key: logs[key] for key in expected} == pytest.approx(expected, rel=1e-5)
    found = model.evaluate(X, y, sample_weight=weights, verbose=0, return_dict=True)
    a, b = (model.get_layer(name)(X).detach().numpy() for name in ("a", "b"))
    weight = A[:, 0] + 1
    assert found["a_weighted_mae"] == pytest.approx((np.abs(a - A)[:, 0] * weight).sum() / weight.sum(), rel=1e-4)
    assert found["b_mae"] == pytest.approx(np.abs(b - A).mean(), rel=1e-4)


def test_metrics_of_some_of_the_outputs_and_of_none_there_are():
    model = model_of(lambda a, b: [(a, b), b])
    logs, _, b = after_one_batch(model, [(A, B), A], "mse", metrics=[None, "mae"])
    assert logs["b_mae"] == pytest.approx(np.abs(b - A).mean(), rel=1e-5) and "a_mae" not in logs
    model = model_of(lambda a, b: {"one": [a, b], "two": b})
    with pytest.raises(ValueError, match=r"structure of the outputs.*\['one', 'two'\] at its top.*three"):
        after_one_batch(model, {"one": [A, B], "two": A}, "mse", metrics={"three": ["mae"]})
