"""History: what `fit` returns."""

from __future__ import annotations

import functools
import html
import itertools
import weakref

from torchkeras_lite.callbacks.base import Callback

_SHOWN = 10  # epochs at either end of a long table
_COLUMNS = 4  # panels beside each other


class History(Callback):
    """Records the logs of each epoch. `fit` adds one and returns it.

    Attributes:
        history: dict of name -> list of floats, one for each epoch.
        epoch: the numbers of the epochs, from 0.
    """

    __slots__ = ("_model",)  # beside the `__dict__`, which the model keeps: see `Kept`
    resumes_with = ("history", "epoch", "_epochs")

    def __init__(self):
        super().__init__()
        self.history = {}
        self.epoch = []
        self._epochs = {}  # name -> the epoch of each of its values: validation may not come in each

    def on_train_begin(self, logs=None):
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        epochs = vars(self).setdefault("_epochs", {})
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
            epochs.setdefault(name, []).append(epoch)
        if self.model is not None:
            self.go_to(self.model)

    def go_to(self, model) -> None:
        """Makes this one `model.history`."""
        if hasattr(model, "keep_history"):
            model.keep_history(Kept(self))
        else:
            model.history = self

    def plot(self, names=None):
        """Draws the values over the epochs: a panel for each name, with the values of validation in it (needs matplotlib).

        Args:
            names: which of them, without `val_`; None is all.

        Returns:
            The matplotlib figure.

        Raises:
            ValueError: there is nothing to draw, or no such name.
        """
        from matplotlib import pyplot

        known = list(dict.fromkeys(name.removeprefix("val_") for name in self.history))
        names = known if names is None else [names] if isinstance(names, str) else list(names)
        unknown = [name for name in names if name not in known]
        if unknown or not names:
            wanted = repr(unknown[0]) if unknown else "value"
            raise ValueError(f"There is no {wanted} in the history. What there is: {known}.")
        columns = min(len(names), _COLUMNS)
        rows = -(-len(names) // columns)
        size = (4.5 * columns, 3.2 * rows)
        figure, panels = pyplot.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
        for panel, name in itertools.zip_longest(panels.flat, names):
            if name is None:
                panel.remove()
                continue
            for key, label in ((name, "training"), (f"val_{name}", "validation")):
                if key in self.history:
                    numbers = self._numbers(key)
                    panel.plot(numbers, self.history[key], marker="o" if len(numbers) == 1 else None, label=label)
            panel.set(xlabel="epoch", title=name)
            panel.xaxis.get_major_locator().set_params(integer=True)
            panel.legend()
        figure._ipython_display_ = functools.partial(_show_once, figure)
        return figure

    def _numbers(self, name: str) -> list[int]:
        """The epoch of each value of this name, from 1 as the progress bar counts."""
        count, epochs = len(self.history[name]), vars(self).get("_epochs", {}).get(name, ())
        if len(epochs) == count and all(a < b for a, b in itertools.pairwise(epochs)):
            return [epoch + 1 for epoch in epochs]
        first = max(1, self.epoch[-1] + 2 - count) if self.epoch else 1  # filled by hand, or by several trainings
        return list(range(first, first + count))

    def _repr_html_(self):
        """A table for notebooks: a row for each epoch; of many epochs the first and the last."""
        columns = {name: dict(zip(self._numbers(name), values, strict=True)) for name, values in self.history.items()}
        numbers = sorted(set().union(*columns.values()))
        rows = [[str(number), *(_number(column.get(number)) for column in columns.values())] for number in numbers]
        if len(rows) > 2 * _SHOWN:
            rows[_SHOWN:-_SHOWN] = [["…"] * (len(columns) + 1)]
        rows = [_row("th", ["epoch", *columns]), *(_row("td", row) for row in rows)]
        return f"<table>{''.join(rows)}</table>"


class Kept:
    """All that is in a History, kept by the model that was trained. (The History holds the model, so this does not hold it.)"""

    def __init__(self, history: History):
        self.kind, self.content = type(history), history.__dict__
        self._known = weakref.ref(history)

    def of(self, model) -> History:
        """The History; where nobody has it any more, another with the same content."""
        history = self._known and self._known()
        if history is None:
            history = self.kind.__new__(self.kind)
            history.__dict__, history._model = self.content, model
            self._known = weakref.ref(history)
        return history

    def __getstate__(self):
        return {**self.__dict__, "_known": None}


def _row(cell: str, texts) -> str:
    return "<tr>" + "".join(f"<{cell}>{html.escape(text)}</{cell}>" for text in texts) + "</tr>"


def _show_once(figure) -> None:
    """In a notebook: what pyplot is about to show there is not shown a second time because it is what a cell gives."""
    from matplotlib import pyplot

    if figure.number not in pyplot.get_fignums():
        raise NotImplementedError  # as any figure is shown


def _number(value) -> str:
    if value is None:
        return ""  # none in this epoch
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)
