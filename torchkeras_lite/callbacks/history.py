"""History: what `fit` returns."""

from __future__ import annotations

import html
import weakref

from torchkeras_lite.callbacks.base import Callback

_SHOWN = 10  # epochs at either end of a long table


class History(Callback):
    """Records the logs of each epoch. `fit` adds one and returns it.

    Attributes:
        history: dict of name -> list of floats, one for each epoch.
        epoch: the numbers of the epochs, from 0.
    """

    __slots__ = ("_model",)  # beside the `__dict__`, which the model keeps: see `Kept`
    resumes_with = ("history", "epoch")

    def __init__(self):
        super().__init__()
        self.history = {}
        self.epoch = []

    def on_train_begin(self, logs=None):
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
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
        figure, panels = pyplot.subplots(1, len(names), figsize=(4.5 * len(names), 3.2), squeeze=False, layout="constrained")
        for panel, name in zip(panels[0], names, strict=True):
            for key, label in ((name, "training"), (f"val_{name}", "validation")):
                if key in self.history:
                    values = self.history[key]
                    first = self.epoch[-1] + 2 - len(values) if self.epoch else 1  # numbered from 1, as the progress bar does
                    panel.plot(range(first, first + len(values)), values, label=label)
            panel.set(xlabel="epoch", title=name)
            panel.xaxis.get_major_locator().set_params(integer=True)
            panel.legend()
        return figure

    def _repr_html_(self):
        """A table for notebooks: a row for each epoch; of many epochs the first and the last."""
        names = list(self.history)
        count = max(map(len, self.history.values()), default=0)
        shown = range(count) if count <= 2 * _SHOWN else [*range(_SHOWN), None, *range(count - _SHOWN, count)]
        rows = [_row("th", ["epoch", *names])]
        first = self.epoch[-1] + 2 - count if self.epoch else 1
        for i in shown:
            if i is None:
                rows.append(_row("td", ["…"] * (len(names) + 1)))
                continue
            rows.append(_row("td", [str(first + i), *(_number(self.history[name], i - count) for name in names)]))
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


def _number(values, place: int) -> str:
    if -place > len(values):
        return ""  # a name that came later
    value = values[place]
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)
