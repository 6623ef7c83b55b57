"""History: what `fit` returns, drawn and as a table."""

import pytest

from torchkeras_lite.callbacks import History


def history(epochs=3, first=0):
    one = History()
    one.on_train_begin()
    for epoch in range(first, first + epochs):
        one.on_epoch_end(epoch, {"loss": 1.0 / (epoch + 1), "accuracy": 0.5, "val_loss": 2.0})
    return one


def test_plot():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    figure = history(3, first=2).plot()
    panels = figure.axes
    assert [panel.get_title() for panel in panels] == ["loss", "accuracy"]
    training, validation = panels[0].lines
    assert list(training.get_xdata()) == [3, 4, 5] and list(training.get_ydata()) == [1 / 3, 1 / 4, 1 / 5]
    assert list(validation.get_ydata()) == [2.0] * 3 and len(panels[1].lines) == 1
    assert [panel.get_title() for panel in history().plot("accuracy").axes] == ["accuracy"]
    with pytest.raises(ValueError, match=r"no 'acc' in the history. What there is: \['loss', 'accuracy'\]"):
        history().plot(["acc"])
    with pytest.raises(ValueError, match=r"What there is: \[\]"):
        History().plot()
    matplotlib.pyplot.close("all")


def test_a_table_in_a_notebook():
    text = history(2)._repr_html_()
    assert text.startswith("<table><tr><th>epoch</th><th>loss</th><th>accuracy</th><th>val_loss</th></tr>")
    assert "<tr><td>2</td><td>0.5</td><td>0.5</td><td>2</td></tr></table>" in text
    long = history(25)._repr_html_()
    assert long.count("<tr>") == 22 and "<td>10</td>" in long and "<td>11</td>" not in long and "<td>25</td>" in long
    one = History()
    one.on_train_begin()
    one.on_epoch_end(0, {"a<b": 1.0})
    one.on_epoch_end(1, {"a<b": 1.0, "late": 3.0})
    assert "a&lt;b" in one._repr_html_() and "<td>1</td><td>1</td><td></td>" in one._repr_html_()
    assert History()._repr_html_() == "<table><tr><th>epoch</th></tr></table>"
