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
    pyplot = matplotlib.pyplot
    pyplot.close("all")
    many = History()
    for epoch in range(4):  # validated in every other one
        validation = {"val_a": epoch / 10, "val_b": 2.0} if epoch % 2 else {}
        many.on_epoch_end(epoch, {**dict.fromkeys("abcde", 1.0), **validation})
    panels = many.plot().axes
    assert [panel.get_title() for panel in panels] == list("abcde")
    assert len({panel.get_subplotspec().rowspan.start for panel in panels}) == 2
    assert list(panels[0].lines[1].get_xdata()) == [2, 4] and list(panels[0].lines[1].get_ydata()) == [0.1, 0.3]
    assert list(panels[0].lines[0].get_xdata()) == [1, 2, 3, 4]
    pyplot.close("all")
    point = history(1).plot("loss").axes[0].lines[0]
    assert point.get_marker() == "o"  # a line through one point is not seen
    pyplot.close("all")


def test_a_picture_is_shown_once():
    """A notebook shows all that pyplot holds at the end of a cell, and what the cell gives."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    figure = history().plot()
    assert figure._ipython_display_() is None
    matplotlib.pyplot.close(figure)
    with pytest.raises(NotImplementedError):
        figure._ipython_display_()


def test_trainings_one_after_the_other():
    one = history(2)
    one.on_train_begin()
    for epoch in range(2):
        one.on_epoch_end(epoch, {"loss": 0.0})
    assert one._numbers("loss") == [1, 2, 3, 4]
    assert history(2, first=3)._numbers("loss") == [4, 5]
    by_hand = History()
    by_hand.history = {"loss": [1.0, 2.0, 3.0]}
    assert by_hand._numbers("loss") == [1, 2, 3]


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
    one.on_epoch_end(4, {"a<b": 5.0, "late": 6.0})
    assert one._repr_html_().endswith("<td>3</td></tr><tr><td>5</td><td>5</td><td>6</td></tr></table>")
    assert History()._repr_html_() == "<table><tr><th>epoch</th></tr></table>"
