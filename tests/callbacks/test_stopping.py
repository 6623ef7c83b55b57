"""EarlyStopping: weights on the device, and what it says when it cannot decide. (Its decisions are compared in parity.)"""

import warnings
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from torchkeras_lite.callbacks import CallbackList, EarlyStopping, ModelCheckpoint
from torchkeras_lite.variable import Permuted, Variable


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.norm = nn.Linear(2, 3), nn.BatchNorm1d(3)
        self.linear.bias.requires_grad_(False)
        self.weights = [
            Variable.of(self.linear, "weight", Permuted(1, 0)),
            Variable.of(self.linear, "bias"),
            Variable.of(self.norm, "running_mean"),
            Variable.of(self.norm, "num_batches_tracked"),
        ]
        self.metrics = []
        self.stop_training = False

    def fill(self, value):
        with torch.no_grad():
            for tensor in self.state_dict().values():
                tensor.fill_(value)


def fit(model, callback, values, name="val_loss"):
    callbacks = CallbackList([callback], model=model)
    callbacks.on_train_begin()
    for epoch, value in enumerate(values):
        model.fill(epoch)
        callbacks.on_epoch_end(epoch, {name: value})
        if model.stop_training:
            break
    callbacks.on_train_end()
    return epoch


def test_the_best_weights_come_back_frozen_ones_and_running_averages_too():
    model, callback = Model(), EarlyStopping(patience=2, restore_best_weights=True)
    parameter = model.linear.weight
    assert fit(model, callback, [3.0, 1.0, 2.0, 2.0, 0.0]) == 3
    assert model.linear.weight is parameter and not model.linear.bias.requires_grad
    assert [weight.value.unique().tolist() for weight in model.weights] == [[1]] * 4
    assert callback.best == 1.0 and callback.best_epoch == 1 and callback.stopped_epoch == 3


def test_remembered_weights_are_copies_without_a_graph_in_the_keras_layout():
    model, callback = Model(), EarlyStopping(restore_best_weights=True)
    fit(model, callback, [1.0])
    model.fill(7)
    assert [tuple(weight.shape) for weight in callback.best_weights] == [(2, 3), (3,), (3,), ()]
    assert all(weight.unique().tolist() == [0] and not weight.requires_grad for weight in callback.best_weights)
    assert callback.best_weights[3].dtype is torch.int64


def test_remembering_brings_nothing_to_the_host(monkeypatch):
    model, callback = Model(), EarlyStopping(restore_best_weights=True)
    for name in ("cpu", "numpy", "tolist", "item", "__array__"):
        monkeypatch.setattr(torch.Tensor, name, lambda self, *args: pytest.fail("a transfer"))
    fit(model, callback, [3.0, 2.0, 1.0])
    assert callback.best_epoch == 2


def test_a_value_that_is_missing_is_named_once_an_epoch():
    with pytest.warns(UserWarning, match=r"'val_loss'.*There is: accuracy, loss\..*validation data") as caught:
        CallbackList([EarlyStopping()], model=Model()).on_epoch_end(0, {"loss": 1.0, "accuracy": 0.5})
    assert len(caught) == 1


def test_an_unknown_mode_is_named_at_the_line_of_the_user():
    with pytest.warns(UserWarning, match="EarlyStopping mode 'least' is unknown") as caught:
        EarlyStopping(mode="least")
    assert caught[0].filename == __file__


@pytest.mark.parametrize("direction, best", [("up", 3.0), ("down", 1.0)])
def test_a_metric_says_which_way_is_up_even_inside_a_group(direction, best):
    model, callback = Model(), EarlyStopping("val_mine", patience=9)
    model.metrics = [
        SimpleNamespace(name="other", _direction="down"),
        SimpleNamespace(name="all", metrics=[SimpleNamespace(name="mine", _direction=direction)]),
    ]
    fit(model, callback, [2.0, 3.0, 1.0], "val_mine")
    assert callback.best == best


@pytest.mark.parametrize("make", [EarlyStopping, lambda name: ModelCheckpoint("x", monitor=name, save_best_only=True)])
def test_a_name_that_is_not_there_is_no_question_of_directions(make):
    model = Model()
    model.metrics, model.save = [], lambda path, overwrite: None
    with pytest.warns(UserWarning, match=r"'val_acc', which is not in the logs.*val_loss"):
        fit(model, make("val_acc"), [1.0])


def test_a_direction_that_nobody_knows():
    model = Model()
    model.metrics = [SimpleNamespace(name="mine"), object()]
    with pytest.raises(ValueError, match=r"EarlyStopping\(monitor='val_mine'.*mode='max' or mode='min'"):
        fit(model, EarlyStopping("val_mine"), [1.0], "val_mine")
    fit(model, EarlyStopping("val_mine", mode="max"), [1.0], "val_mine")


def test_what_it_says(capsys):
    with warnings.catch_warnings():
        fit(Model(), EarlyStopping(verbose=1, restore_best_weights=True), [1.0, 2.0])
    assert capsys.readouterr().out == ("Epoch 2: early stopping\nRestoring model weights from the end of the best epoch: 1.\n")
