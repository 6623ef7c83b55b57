"""The workloads: every contender computes the same model on the same data."""

import os

import numpy as np
import pytest


@pytest.mark.parametrize("name", ["tiny", "mlp", "cnn", "resnet", "lstm", "transformer"])
def test_data_is_the_same_each_time_and_says_its_class(hand, name):
    workload = hand[1].WORKLOADS[name]
    x, y = workload.data(200)
    again = workload.data(200)
    assert (x == again[0]).all()
    assert (y == again[1]).all()
    assert x.dtype == (np.int32 if name in ("lstm", "transformer") else np.float32)
    assert len(x) == len(y) == 200
    if name in ("cnn", "resnet"):
        side, channels = {"cnn": (28, 1), "resnet": (32, 3)}[name]
        assert x.shape[1:] == (side, side, channels)
        assert x.min() >= 0
        assert 0.9 < x.max() <= 1
        assert set(y) == set(range(10))
        # Images of one class are nearer to their own mean than to that of any other, and not equal.
        means = np.stack([x[y == label].mean(0) for label in range(10)])
        distances = ((x[:, None] - means[None]) ** 2).mean((2, 3, 4))
        assert (distances.argmin(1) == y).all()
        assert distances.min() > 0.01


def test_one_model_however_it_is_spelled(script, fresh, tmp_path):
    transplant, given = script("transplant"), tmp_path / "given.npz"
    files = {contender: tmp_path / f"{contender}.npz" for contender in ("hand", "ours", "keras-torch")}
    transplant.hand(given, files["hand"])
    transplant.contend("ours", given, files["ours"])
    env = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    fresh(transplant.__file__, "keras-torch", given, files["keras-torch"], path=[], env=env, ok=True)

    hand, *others = (dict(np.load(file)) for file in files.values())
    for found in others:
        assert set(found) == set(hand)
        for name in transplant.ROWS:
            assert found[f"{name}/count"] == hand[f"{name}/count"]
            np.testing.assert_allclose(found[f"{name}/predictions"], hand[f"{name}/predictions"], rtol=1e-4, atol=1e-5)
            # Other rows in the batches, other units dropped.
            assert found[f"{name}/loss"] == pytest.approx(hand[f"{name}/loss"], rel=0.1), name
        np.testing.assert_allclose(found["resnet/training"], hand["resnet/training"], rtol=1e-3, atol=1e-5)
