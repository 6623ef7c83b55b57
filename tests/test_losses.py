"""Losses by themselves: the quick way, bad input, users' own, torch's own; compat/parity compares values with Keras."""

import copy
import functools
import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from torchkeras_lite import activations, layers, losses, models, registry


def test_the_usual_way_is_one_torch_call(python_calls):
    x = torch.randn(8, 4, requires_grad=True)
    column = x[:, :1]
    labels = torch.randint(0, 4, (8,))
    cases = [
        ("mse", labels.float(), column, "mse_loss"),
        ("mae", labels.float(), column, "l1_loss"),
        (losses.MeanSquaredError(), x.detach(), x, "mse_loss"),
        ("binary_crossentropy", labels % 2, activations.sigmoid(column), "binary_cross_entropy_with_logits"),
        (losses.BinaryCrossentropy(from_logits=True), labels % 2, column, "binary_cross_entropy_with_logits"),
        ("categorical_crossentropy", torch.eye(4)[labels], activations.softmax(x), "cross_entropy"),
        (losses.CategoricalCrossentropy(label_smoothing=0.1), torch.eye(4)[labels], activations.softmax(x), "cross_entropy"),
        ("sparse_categorical_crossentropy", labels, activations.softmax(x), "cross_entropy"),
        ("sparse_categorical_crossentropy", labels.to(torch.uint8)[:, None], activations.softmax(x), "cross_entropy"),
        (losses.SparseCategoricalCrossentropy(from_logits=True), labels, x, "cross_entropy"),
        (losses.Huber(0.5), labels.float(), column, "huber_loss"),
        ("poisson", labels, column.exp(), "poisson_nll_loss"),
    ]
    for identifier, y_true, y_pred, expected in cases:
        loss = losses.resolve(identifier)
        calls = python_calls(lambda loss=loss, y_true=y_true, y_pred=y_pred: loss(y_true, y_pred))
        assert expected in calls, (identifier, calls)
        assert len(calls) <= 8, (identifier, calls)
        assert loss(y_true, y_pred).shape == ()


def test_a_changed_reduction_and_an_overridden_call_are_respected():
    y_true, y_pred = torch.zeros(4, 2), torch.full((4, 2), 3.0)
    loss = losses.MeanSquaredError()
    assert loss(y_true, y_pred).item() == 9.0
    loss.reduction = "sum"
    assert loss(y_true, y_pred).item() == 36.0

    class Doubled(losses.MeanSquaredError):
        def call(self, y_true, y_pred):
            return 2 * super().call(y_true, y_pred)

    assert Doubled()(y_true, y_pred).item() == 18.0


VALUES = [
    ("mean_squared_error", [[0, 2]], [[1, 5]], {}, 5.0),
    ("mean_absolute_error", [[0, 2]], [[1, 5]], {}, 2.0),
    ("mean_absolute_percentage_error", [[4, 10]], [[3, 15]], {}, 37.5),
    ("mean_squared_logarithmic_error", [[0, np.e - 1]], [[np.e**2 - 1, 0]], {}, 2.5),
    ("huber", [[0, 0]], [[0.5, -3]], {}, (0.125 + 2.5) / 2),
    ("huber", [[0, 0]], [[0.5, -3]], {"delta": 0.25}, (0.25 * 0.375 + 0.25 * 2.875) / 2),
    ("log_cosh", [[0, 0]], [[1, -200]], {}, (np.log(np.cosh(1)) + 200 - np.log(2)) / 2),
    ("cosine_similarity", [[3, 4]], [[4, 3]], {}, -24 / 25),
    ("cosine_similarity", [[3, 4]], [[0, 0]], {}, 0.0),
    ("poisson", [[2, 0]], [[np.e, 3]], {}, (np.e - 2 + 3) / 2),
    ("kl_divergence", [[0.5, 0.5]], [[0.25, 0.75]], {}, 0.5 * np.log(2) + 0.5 * np.log(2 / 3)),
    ("hinge", [[0, 1]], [[0.5, 0.25]], {}, (1.5 + 0.75) / 2),
    ("hinge", [[-1, 1]], [[0.5, 3]], {}, 1.5 / 2),
    ("squared_hinge", [[0, 1]], [[0.5, 0.25]], {}, (2.25 + 0.5625) / 2),
    ("categorical_hinge", [[0, 1, 0]], [[0.5, 0.25, 0.1]], {}, 1.25),
    ("categorical_hinge", [[0, 1, 0]], [[0.5, 2, 0.1]], {}, 0.0),
    ("binary_focal_crossentropy", [[1, 0]], [[0.5, 0.5]], {"gamma": 1}, np.log(2) / 2),
    (
        "binary_focal_crossentropy",
        [[1, 0]],
        [[0.0, 0.0]],
        {"from_logits": True, "apply_class_balancing": True, "alpha": 0.2},
        np.log(2) / 8,
    ),
    ("categorical_focal_crossentropy", [[0, 1]], [[1, 3]], {"alpha": 0.5}, 0.5 / 16 * -np.log(0.75)),
    ("categorical_focal_crossentropy", [[0, 1]], [[0, 0]], {"alpha": [9.0, 2.0], "from_logits": True}, np.log(2) / 2),
    ("categorical_generalized_cross_entropy", [1], [[0.75, 0.25]], {"q": 0.5}, 1.0),
    ("categorical_generalized_cross_entropy", [[1]], [[0.75, 0.25]], {"q": 0.5}, 1.0),
    ("dice", [[1, 0, 1]], [[1, 1, 0]], {}, 0.5),
    ("tversky", [[1, 0, 1]], [[1, 1, 1]], {"alpha": 0.25, "beta": 0.5}, 0.2),
    ("tversky", [[1, 0, 1]], [[1, 0, 0]], {"alpha": 0.25, "beta": 0.5}, 0.2),
    ("ctc", [[1, 0]], np.zeros((1, 2, 2)), {}, -np.log(0.75)),  # 3 of the 4 ways through two times read "1"
]


@pytest.mark.parametrize(("name", "y_true", "y_pred", "kwargs", "expected"), VALUES)
def test_values_by_hand(name, y_true, y_pred, kwargs, expected):
    function = getattr(losses, name)
    y_pred = torch.tensor(y_pred, dtype=torch.float32)
    assert function(torch.tensor(y_true), y_pred, **kwargs).item() == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert function(np.array(y_true), y_pred.double(), **kwargs).dtype is torch.float64
    cls = type(losses.get(next(key for key in dir(losses) if registry.snake_case(key) == name and key != name)))
    loss = cls(**kwargs)
    for one in (loss, losses.deserialize(losses.serialize(loss)), copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert one(torch.tensor(y_true), y_pred).item() == pytest.approx(expected, rel=1e-5, abs=1e-6)
    twice = loss(torch.tensor([*y_true] * 2), torch.cat([y_pred] * 2), torch.tensor([1.0, 3.0]))
    if name not in ("dice", "tversky"):  # sums over the batch
        assert twice.item() == pytest.approx(2 * expected, rel=1e-5, abs=1e-6)


def test_circle_by_hand():
    """Two of one class at a right angle, a third of its own in the direction of the first."""
    vectors, labels = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), torch.tensor([7, 7, 9])
    pull, push = 2 * (0.4 + 1) * (1 - 0.4), {0: 2 * 1.4 * 0.6, 1: 2 * 0.4 * -0.4}  # distances of 1, and of 0 and 1
    expected = [np.log1p(np.exp(pull + push[0])), np.log1p(np.exp(pull + push[1])), 0.0]
    values = losses.circle(labels, vectors, gamma=2)
    assert values.tolist() == pytest.approx(expected, rel=1e-5)
    assert values._keras_mask.tolist() == [True, True, False]
    assert losses.Circle(gamma=2)(labels, vectors).item() == pytest.approx(
        sum(expected) / 2, rel=1e-5
    )  # of those with a partner
    assert losses.circle(labels, vectors, remove_diagonal=False, gamma=2)[2] > 0
    alone = losses.Circle()(torch.arange(3), vectors.requires_grad_())
    alone.backward()
    assert alone.item() == 0.0
    assert not vectors.grad.any()


@pytest.mark.parametrize("name", sorted({name for name, *_ in VALUES} - {"ctc"}) + ["circle", "binary_crossentropy"])
def test_nothing_is_read_back_from_the_device(name):
    """On torch's meta device there is nothing to read."""
    labels = torch.zeros(4, dtype=torch.int64, device="meta")
    cls = next(key for key in dir(losses) if registry.snake_case(key) == name and key != name)
    numbers = torch.rand(4, 3, device="meta")
    y_true = labels if name in ("circle", "categorical_generalized_cross_entropy") else numbers
    for weight in (None, numbers[:, 0]):
        assert getattr(losses, cls)()(y_true, numbers, weight).shape == ()


@pytest.mark.parametrize("name", ["mse", "poisson", "cosine_similarity", "hinge", "bce", "categorical_crossentropy"])
def test_no_rows_have_no_losses(name):
    rows = torch.zeros(0, 3)
    assert losses.get(name)(rows, rows).shape == (0,)
    for y_pred in (rows, activations.sigmoid(rows), activations.softmax(rows)):
        assert losses.resolve(name)(rows, y_pred).item() == 0.0


def test_gradients_where_it_is_hard():
    """At the kink of a hinge half of what is beside it; beside zeros, and of probabilities of 0 and 1, no NaN."""
    x = torch.tensor([[1.0, 1.0]], requires_grad=True)
    losses.Hinge()(torch.tensor([[1.0, -1.0]]), x).backward()
    assert x.grad.tolist() == [[-0.25, 0.5]]
    for name, values in [
        ("cosine_similarity", [[0.0, 0.0]]),
        ("binary_focal_crossentropy", [[0.0, 1.0]]),
        ("categorical_focal_crossentropy", [[0.0, 1.0]]),
        ("kl_divergence", [[0.0, 1.0]]),
        ("poisson", [[0.0, 1.0]]),
        ("mean_squared_logarithmic_error", [[0.0, -2.0]]),
        ("dice", [[0.0, 0.0]]),
    ]:
        x = torch.tensor(values, requires_grad=True)
        for y_true in ([[1.0, 0.0]], [[0.0, 1.0]]):
            value = getattr(losses, name)(torch.tensor(y_true), x).sum()
            (gradient,) = torch.autograd.grad(value, x)
            assert value.isfinite(), name
            assert gradient.isfinite().all(), name


def test_users_own_loss_class():
    class Quartic(losses.Loss):
        def __init__(self, power=4, **kwargs):
            super().__init__(**kwargs)
            self.power = power

        def call(self, y_true, y_pred):
            assert y_true.dtype is y_pred.dtype is torch.float32
            return ((y_true - y_pred) ** self.power).mean(-1)

        def get_config(self):
            return {**super().get_config(), "power": self.power}

    loss = Quartic(2, name="quartic")
    assert loss(np.zeros((3, 2), "uint8"), np.full((3, 2), 2.0)).item() == 4.0
    assert loss.get_config() == {"name": "quartic", "reduction": "sum_over_batch_size", "power": 2}
    assert Quartic.from_config(loss.get_config()).power == 2
    assert Quartic().name == "quartic"
    assert Quartic(reduction="none")(torch.zeros(3, 2), torch.ones(3, 2)).tolist() == [1.0] * 3

    class Implicit(losses.Loss):
        def __init__(self, alpha=0.5):
            super().__init__(name="implicit")
            self.alpha = alpha

    assert Implicit(0.25).get_config() == {"alpha": 0.25}
    with pytest.raises(NotImplementedError, match="Implicit must define `call"):
        Implicit()(torch.zeros(1), torch.zeros(1))


def test_round_trips():
    loss = losses.SparseCategoricalCrossentropy(axis=1, ignore_class=3, reduction="sum")
    assert losses.deserialize(losses.serialize(loss)).axis == 1

    @registry.register_keras_serializable("tests")
    def cubed(y_true, y_pred, factor=1.0):
        return factor * (y_true - y_pred) ** 3

    wrapped = losses.LossFunctionWrapper(cubed, name="cubed", factor=2.0)
    back = losses.deserialize(losses.serialize(wrapped))
    assert back.fn is cubed
    assert back(torch.ones(2), torch.zeros(2)).item() == 2.0
    builtin = losses.LossFunctionWrapper(losses.mean_squared_error, name="mse")
    assert losses.deserialize(losses.serialize(builtin)).fn is losses.mean_squared_error
    y_true, y_pred = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.3, 0.7]])
    for other in (copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))):
        for name in ("mse", "categorical_crossentropy"):
            loss = losses.resolve(name)
            assert other(loss)(y_true, y_pred) == loss(y_true, y_pred)


def test_lists():
    loss = losses.SparseCategoricalCrossentropy()
    value = loss([1, 0], [[0.5, 0.5], [0.25, 0.75]], [1.0, 3.0])
    assert value.item() == pytest.approx((np.log(2) + 3 * np.log(4)) / 2)
    assert losses.mean_squared_error([1, 2], [1, 4]).item() == 2.0


def test_weights_per_sample_for_sequences():
    y_true, y_pred, weight = torch.zeros(3, 5, 2), torch.ones(3, 5, 2), torch.tensor([0.0, 1.0, 2.0])
    y_pred[2] = 2.0
    assert losses.MeanSquaredError()(y_true, y_pred, weight).item() == pytest.approx((0 + 1 + 2 * 4) / 3)
    y_pred._keras_mask = torch.arange(5).expand(3, 5) < 3
    assert losses.MeanSquaredError()(y_true, y_pred, weight).item() == pytest.approx((0 + 1 + 2 * 4) / 3)


def test_nothing_left_weighs_nothing():
    y_true, y_pred = torch.zeros(3, 5, 2), torch.ones(3, 5, 2, requires_grad=True)
    masked = y_pred * 1
    masked._keras_mask = torch.zeros(3, 5, dtype=torch.bool)
    assert losses.MeanSquaredError()(y_true, masked).item() == 0.0
    assert losses.MeanSquaredError(reduction="mean_with_sample_weight")(y_true, y_pred, torch.zeros(3)).item() == 0.0
    ignored = losses.SparseCategoricalCrossentropy(ignore_class=255)
    assert ignored(torch.full((3, 5), 255), torch.full((3, 5, 2), 0.5)).item() == 0.0


@pytest.mark.parametrize("weights", [None, torch.ones(4)])
@pytest.mark.parametrize(
    ("name", "y_true", "y_pred", "message"),
    [
        ("mse", torch.zeros(4, 3), torch.zeros(4, 2), r"mean_squared_error.*y_true\.shape=\(4, 3\), y_pred\.shape=\(4, 2\)"),
        ("mae", torch.zeros(5), torch.zeros(4), r"mean_absolute_error.*same shape"),
        ("binary_crossentropy", torch.zeros(4), torch.rand(4, 3), r"(?s)binary.*\(4,\).*sparse_categorical_crossentropy"),
        (
            "categorical_crossentropy",
            torch.zeros(4, dtype=torch.int64),
            torch.rand(4, 3),
            r"\(4,\).*\(4, 3\).*labels are integers: use sparse_categorical_crossentropy",
        ),
        ("categorical_crossentropy", torch.zeros(4, 1), torch.rand(4, 3), "labels are integers: use sparse_categorical"),
        ("categorical_crossentropy", torch.zeros(4, 5), torch.rand(4, 3), "as many units as there are classes"),
        ("sparse_categorical_crossentropy", torch.eye(4), torch.rand(4, 4), "one-hot: use categorical_crossentropy"),
        (
            "sparse_categorical_crossentropy",
            torch.zeros(5),
            torch.rand(4, 3),
            r"y_true\.shape=\(5,\), y_pred\.shape=\(4, 3\)",
        ),
        ("sparse_categorical_crossentropy", torch.tensor([0, 1, 7, 2]), torch.rand(4, 3), "label 7 .* 3 classes.* 0 to 2"),
        ("sparse_categorical_crossentropy", torch.tensor([0, 1, -1, 2]), torch.rand(4, 3), "label -1 .* 3 classes"),
        ("sparse_categorical_crossentropy", torch.tensor([0, 1, -100, 2]), torch.rand(4, 3), "label -100 .* 3 classes"),
        *(
            (name, torch.zeros(4, 3), torch.zeros(4, 2), rf"{name}: .*same shape.*\(4, 3\).*\(4, 2\)")
            for name in ("huber", "log_cosh", "cosine_similarity", "poisson", "hinge", "squared_hinge", "dice", "tversky")
        ),
        *(
            (alias, torch.zeros(4, 3), torch.zeros(4, 2), rf"{name}: .*same shape")
            for alias, name in [
                ("mape", "mean_absolute_percentage_error"),
                ("MSLE", "mean_squared_logarithmic_error"),
                ("kld", "kl_divergence"),
                ("categorical_hinge", "categorical_hinge"),
            ]
        ),
        ("binary_focal_crossentropy", torch.zeros(4), torch.rand(4, 3), r"binary_focal_c.*\(4,\).*\(4, 3\)"),
        ("categorical_focal_crossentropy", torch.zeros(4), torch.rand(4, 3), "categorical_focal_c.*labels are integers"),
        ("CategoricalGeneralizedCrossEntropy", torch.tensor([0, 1, 7, 2]), torch.rand(4, 3), "generalized.*label 7"),
        ("CategoricalGeneralizedCrossEntropy", torch.eye(4), torch.rand(4, 4), "generalized.*one integer label"),
        ("ctc", torch.zeros(4), torch.rand(4, 3), r"ctc: .*\(samples, times, classes\).*\(4,\)"),
    ],
)
def test_bad_input(name, y_true, y_pred, message, weights):
    """In the quick way (behind an activation, without weights) and the careful one."""
    for outputs in (y_pred, activations.softmax(y_pred), activations.sigmoid(y_pred)):
        with pytest.raises(ValueError, match=message):
            losses.resolve(name)(y_true, outputs, weights)


def test_bad_weights_names_and_reductions():
    with pytest.raises(ValueError, match=r"`sample_weight` .*\(3,\) does not fit losses of shape \(4,\)"):
        losses.MeanSquaredError()(torch.zeros(4, 2), torch.zeros(4, 2), torch.ones(3))
    with pytest.raises(ValueError, match=r"Unknown loss: 'mean_square_error'\. Did you mean 'mean_squared_error'"):
        losses.get("mean_square_error")
    with pytest.raises(ValueError, match="reduction='average'"):
        losses.MeanSquaredError(reduction="average")
    for function in (losses.categorical_crossentropy, losses.categorical_focal_crossentropy):
        with pytest.raises(ValueError, match="axis=True"):
            function(torch.eye(2), torch.eye(2), axis=True)
    for q in (0, 1, -0.5, 2):
        with pytest.raises(ValueError, match=rf"`q` must be .*\(0, 1\).*q={q}"):
            losses.CategoricalGeneralizedCrossEntropy(q)
    with pytest.raises(ValueError, match=r"ctc_loss: .*same number of samples"):
        losses.ctc(torch.zeros(4, 2), torch.rand(3, 5, 3))
    assert losses.get(None) is None
    assert losses.resolve(None) is None


def test_warnings_about_likely_mistakes():
    with pytest.warns(UserWarning, match=r"repeated to fit.*\(4, 1\).*\(4, 3\)"):
        value = losses.MeanSquaredError()(torch.zeros(4, 1), torch.ones(4, 3))
    assert value.item() == 1.0  # as Keras: broadcast
    with pytest.warns(SyntaxWarning, match="use binary_crossentropy"):
        losses.CategoricalCrossentropy()(torch.ones(4, 1), torch.ones(4, 1))
    with pytest.warns(UserWarning, match=r"(?s)from_logits=True.*output of a softmax"):
        value = losses.SparseCategoricalCrossentropy(from_logits=True)(
            torch.tensor([0]), activations.softmax(torch.zeros(1, 2))
        )
    assert value.item() == pytest.approx(np.log(2))


def test_half_precision_keeps_logits():
    x = torch.tensor([[100.0, -100.0]], dtype=torch.bfloat16, requires_grad=True)
    for weight in (None, torch.ones(1)):
        loss = losses.SparseCategoricalCrossentropy()(torch.tensor([1]), activations.softmax(x), weight)
        assert loss.dtype is torch.float32
        assert loss.item() == 200.0
        (gradient,) = torch.autograd.grad(loss, x)
        assert gradient.tolist() == [[1.0, -1.0]]


# ---------------------------------------------------------------- torch's own losses


@pytest.mark.parametrize(
    ("given", "y_true", "y_pred", "expected"),
    [
        (nn.MSELoss(), [1, 2, 3], [[0.0], [0.0], [0.0]], 14 / 3),
        (nn.MSELoss, [[1.0], [2.0]], [[0.0], [0.0]], 2.5),
        (F.mse_loss, [1, 2, 3], [[0.0], [0.0], [0.0]], 14 / 3),
        (F.l1_loss, [[1], [2]], [0.0, 0.0], 1.5),
        (nn.HuberLoss(), [[1], [2]], [0.0, 0.0], 1.0),
        (nn.BCEWithLogitsLoss(), [[0], [1]], [[0.0], [0.0]], np.log(2)),
        (F.binary_cross_entropy, [0, 1], [[0.5], [0.5]], np.log(2)),
        (nn.CrossEntropyLoss(), [[0], [1]], [[0.0, 0.0, 0.0]] * 2, np.log(3)),
        (nn.CrossEntropyLoss(), [0.0, 1.0], [[0.0, 0.0, 0.0]] * 2, np.log(3)),
        (nn.CrossEntropyLoss(), [[0.5, 0.5], [1, 0]], [[0.0, 0.0]] * 2, np.log(2)),
        (functools.partial(F.cross_entropy, label_smoothing=0.5), [0, 1], [[0.0, 0.0, 0.0]] * 2, np.log(3)),
        (nn.NLLLoss(), [[1]], [[-1.0, -2.0]], 2.0),
        (nn.MSELoss(reduction="none"), [[1.0], [2.0]], [[0.0], [0.0]], 2.5),
        (nn.MSELoss(reduction="sum"), [[1.0], [2.0]], [[0.0], [0.0]], 5.0),
    ],
)
def test_torch_losses(given, y_true, y_pred, expected):
    loss = losses.get(given)
    assert isinstance(loss, losses.TorchLoss)
    y_pred = torch.tensor(y_pred, requires_grad=True)
    value = loss(np.array(y_true), y_pred)
    assert value.shape == ()
    assert value.item() == pytest.approx(expected)
    value.backward()


def test_torch_loss_classes_last():
    """Keras has the classes on the last axis, torch on the second."""
    y_pred, y_true = torch.randn(2, 5, 3), torch.randint(0, 3, (2, 5))
    expected = F.cross_entropy(y_pred.reshape(-1, 3), y_true.reshape(-1))
    for labels in (y_true, y_true[..., None], y_true.to(torch.uint8)):
        torch.testing.assert_close(losses.get(nn.CrossEntropyLoss())(labels, y_pred), expected)
    torch.testing.assert_close(losses.get(nn.CrossEntropyLoss())(y_true, y_pred.movedim(-1, 1)), expected)


def test_torch_loss_weights():
    y_true, y_pred, weight = torch.tensor([0, 1]), torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([3.0, 1.0])
    each = F.cross_entropy(y_pred, y_true, reduction="none")
    for given in (nn.CrossEntropyLoss(), F.cross_entropy):
        torch.testing.assert_close(losses.get(given)(y_true, y_pred, weight), (each * weight).mean())
    torch.testing.assert_close(losses.get(nn.MSELoss())(torch.zeros(2, 2), y_pred, weight), torch.tensor((2.0 * 3 + 0) / 2))
    module = nn.CrossEntropyLoss()
    losses.get(module)(y_true, y_pred, weight)
    assert module.reduction == "mean"

    class Own(nn.Module):
        def forward(self, prediction, target):
            return (prediction - 2 * target).mean()

    assert losses.get(Own())(torch.ones(2), torch.zeros(2, 1)).item() == -2.0
    with pytest.raises(ValueError, match="own has no `reduction`"):
        losses.get(Own())(torch.ones(2), torch.zeros(2), torch.ones(2))

    class InKerasOrder(nn.Module):
        def forward(self, y_true, y_pred):
            return y_pred - 2 * y_true

    assert losses.resolve(InKerasOrder())(torch.ones(2), torch.zeros(2)).item() == -2.0


@pytest.mark.parametrize("name", ["mean_squared_error", "binary_crossentropy", "categorical_crossentropy", "kl_divergence"])
def test_functions_are_drawn_on_symbolic_tensors(name):
    function, x = losses.get(name), layers.Input((4,))
    y = layers.Dense(4, activation="softmax")(x)
    value = function(x, y_pred=y)
    assert value.shape == (None,)
    data = F.softmax(torch.randn(3, 4), -1)
    drawn, predicted = models.Model(x, [value, y]).predict(data, verbose=0)
    np.testing.assert_allclose(drawn, function(data, torch.tensor(predicted)), rtol=1e-5)
    assert pickle.loads(pickle.dumps(function)) is function


def test_own_losses_of_dicts():
    class Counted(losses.Loss):
        def call(self, y_true, y_pred):
            assert all(part.dtype is torch.float32 for part in y_true.values())
            return y_true["mask"] * (y_true["labels"] - y_pred) ** 2

    true = {"labels": np.array([1, 2, 3]), "mask": np.array([True, False, True])}
    predicted = torch.tensor([0.0, 0.0, 1.0], requires_grad=True)
    loss = Counted()(true, predicted)
    loss.backward()
    assert loss.item() == pytest.approx(5 / 3) and predicted.grad.tolist() == pytest.approx([-2 / 3, 0, -4 / 3])
    weighted = Counted(reduction="sum")(true, predicted, sample_weight=np.array([1, 1, 2]))
    assert weighted.item() == 9
    both = losses.Loss()
    both.call = lambda y_true, y_pred: y_pred["a"] - y_true["a"]
    assert both({"a": np.array([1, 2])}, {"a": np.array([2, 4])}).item() == 1.5


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_on_the_gpu():
    x = torch.randn(8, 4, device="cuda", requires_grad=True)
    labels = np.arange(8) % 4
    for loss in (losses.SparseCategoricalCrossentropy(), losses.get(nn.CrossEntropyLoss(weight=torch.ones(4)))):
        value = loss(labels, activations.softmax(x) if not isinstance(loss, losses.TorchLoss) else x)
        assert value.is_cuda
        torch.testing.assert_close(value, F.cross_entropy(x, torch.tensor(labels, device="cuda")))
