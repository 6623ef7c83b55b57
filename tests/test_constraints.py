"""Constraints: values by hand, axes, names."""

import copy
import pickle

import pytest
import torch

from torchkeras_lite import constraints
from torchkeras_lite.variable import Variable

W = torch.tensor([[3.0, 0.3], [-4.0, 0.4]])  # columns of length 5 and 0.5


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (constraints.MaxNorm(2.0), [[1.2, 0.3], [-1.6, 0.4]]),
        (constraints.MaxNorm(3.0, axis=1), [[2.98511, 0.298511], [-2.985112, 0.298511]]),
        (constraints.NonNeg(), [[3.0, 0.3], [0.0, 0.4]]),
        (constraints.UnitNorm(), [[0.6, 0.6], [-0.8, 0.8]]),
        (constraints.UnitNorm(axis=[0, 1]), [[0.5970223, 0.05970223], [-0.7960297, 0.07960297]]),
        (constraints.MinMaxNorm(1.0, 2.0), [[1.2, 0.6], [-1.6, 0.8]]),
        (constraints.MinMaxNorm(1.0, 2.0, rate=0.5), [[2.1, 0.45], [-2.8, 0.6]]),
    ],
)
def test_values(constraint, expected):
    for w in (W, Variable(W), W.numpy()):
        torch.testing.assert_close(constraint(w).cpu(), torch.tensor(expected), rtol=1e-5, atol=1e-6)
    assert W[0, 0] == 3.0  # the weight given is left alone
    back = constraints.deserialize(constraints.serialize(constraint))
    assert type(back) is type(constraint)
    for other in (back, copy.deepcopy(constraint), pickle.loads(pickle.dumps(constraint))):
        assert torch.equal(other(W), constraint(W))


def test_zero_stays_zero():
    for constraint in (constraints.MaxNorm(), constraints.UnitNorm(), constraints.MinMaxNorm(0.5)):
        assert constraint(torch.zeros(3, 2)).tolist() == [[0.0] * 2] * 3


def test_names():
    for name in ("max_norm", "MaxNorm", "non_neg", "unit_norm", "min_max_norm"):
        assert isinstance(constraints.get(name), constraints.Constraint)
    assert constraints.get("max_norm").get_config() == {"max_value": 2, "axis": 0}
    assert type(constraints.get(constraints.NonNeg)) is constraints.NonNeg
    assert constraints.get(None) is None
    assert constraints.get(torch.abs) is torch.abs
    assert constraints.max_norm(3.0).max_value == 3.0
    assert constraints.Constraint()(W) is W
    with pytest.raises(ValueError, match=r"Unknown constraint: 'maxnrm'\. Did you mean"):
        constraints.get("maxnrm")
