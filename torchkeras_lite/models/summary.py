"""`model.summary()`: the layers of a model as a table, in the words and lines of Keras 3."""

from __future__ import annotations

import functools
import math
import re
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch

from torchkeras_lite import config
from torchkeras_lite.callbacks import write
from torchkeras_lite.graph import mapped
from torchkeras_lite.shown import worked_out

_NOTHING = "\u034f"  # a character that takes no place


@dataclass
class Column:
    """A column of the table: `cell(layer, nested)` is the text for a layer that lies `nested` models deep."""

    title: str
    end: float  # where the column ends, as a part of the line
    align: str
    cell: Callable[[Any, int], str]


def print_summary(
    model,
    line_length=None,
    positions=None,
    print_fn=None,
    expand_nested=False,
    show_trainable=False,
    layer_range=None,
):
    """Prints the layers of a model with their output shapes and numbers of parameters.

    Args:
        line_length: characters of a line (default: 88, or what the terminal has).
        positions: where the columns end, as parts of the line (default: `[0.45, 0.8, 1.0]`).
        print_fn: gets the whole text, instead of `sys.stdout`.
        expand_nested: show the layers of models in the model, too.
        show_trainable: one more column says which layers are trained.
        layer_range: two names (regular expressions) of the first and the last layer to show.

    Raises:
        ValueError: a `line_length` with no room for the columns; a `layer_range` that names no layer.
    """
    graph = model._graph if getattr(model, "is_functional", False) else None
    columns = _columns(positions, show_trainable, None if graph is None or graph.is_chain else graph)
    widths = _widths(columns, line_length)
    layers = model.layers if graph is None else graph.operations
    rows = [
        [column.cell(layer, nested) for column in columns]
        for layer, nested in _walk(_in_range(list(layers), layer_range), expand_nested)
    ]
    text = "\n".join([f'Model: "{model.name}"', _table(columns, widths, rows), *_totals(model), ""])
    if print_fn is None:
        write(text, line_break=False)
    else:
        print_fn(text)


def _columns(positions, show_trainable, graph=None) -> list[Column]:
    """The columns; a `graph`, of a model that is no mere row of layers, gets one more."""
    ends = (0.45, 0.80, 1.0) if graph is None else (0.3, 0.56, 0.74, 1.0)
    columns = [
        Column("Layer (type)", ends[0], "left", _name),
        Column("Output Shape", ends[1], "left", _shape),
        Column("Param #", ends[2], "right", _params),
    ]
    if graph is not None:
        columns.append(Column("Connected to", ends[3], "left", functools.partial(_connections, graph)))
    for column, end in zip(columns, positions or (), strict=False):
        column.end = end
    if show_trainable:
        for column in columns:
            column.end *= 0.90
        columns.append(Column("Trainable", 1.0, "center", _trained))
    return columns


# ---------------------------------------------------------------- cells


def _name(layer, nested) -> str:
    kind = getattr(layer, "kind", None) or type(layer).__name__  # an Op knows what Keras calls it
    prefix = "   " * nested + "└ " if nested else ""
    return unicodedata.normalize("NFC", f"{prefix}{getattr(layer, 'name', None) or kind} ({kind})")


def _known_shape(layer):
    try:
        return worked_out(layer, "output_shape")
    except AttributeError:
        return None


def _shape(layer, nested) -> str:
    """The output shape: of the layer's symbolic call, or for the input shape it was built with; `?` where nobody knows."""
    try:
        if getattr(layer, "_nodes", None):
            shape = mapped(layer._nodes[-1].structure, lambda tensor: tensor.shape)
        elif (known := _known_shape(layer)) is not None:
            shape = known
        else:
            shapes = layer.get_build_config() or layer._first_shapes
            shape = layer.compute_output_shape(*shapes.get("shapes_dict", shapes).values())
        return _written(shape)
    except Exception:  # a table to look at is no reason for a script to stop
        return "?"


def _written(shape) -> str:
    """`(None, 4)`; for several outputs the structure they come in."""
    if isinstance(shape, dict):
        parts = {name: _written(part) for name, part in shape.items()}
        return next(iter(parts.values())) if len(parts) == 1 else str(parts).replace("'", "")
    if not isinstance(shape, (list, tuple)):
        raise TypeError(f"no shape: {shape!r}")
    if all(size is None or isinstance(size, int) for size in shape):
        return f"({', '.join(map(str, shape))})"
    parts = [_written(part) for part in shape]
    if len(parts) == 1:
        return parts[0]
    return str(parts if isinstance(shape, list) else tuple(parts)).replace("'", "")


def _connections(graph, layer, nested) -> str:
    """Where the inputs of a layer come from: name[which call][which output], of all its calls in this model."""
    if layer not in graph.operations:  # of a model inside
        return "-"
    sources = [tensor for node in graph.calls_of(layer) for tensor in node.inputs]
    return ", ".join(f"{t.node.operation.name}[{_which(t.node)}][{t.index}]" for t in sources) or "-"


def _which(node) -> int:
    """The number of a call among all calls of its layer, those in other models too."""
    calls = [call for call in node.operation._nodes if call.makes_outputs]
    return next(i for i, call in enumerate(calls) if call is node)


def _params(layer, nested) -> str:
    if not hasattr(layer, "built"):  # a plain torch module
        return f"{sum(p.numel() for p in layer.parameters()):,}" if isinstance(layer, torch.nn.Module) else "0"
    return f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"


def _trained(layer, nested) -> str:
    if not getattr(layer, "weights", None):
        return "-"
    return "Y" if layer.trainable else "N"


def _walk(layers, into):
    for layer, nested in [(layer, 0) for layer in layers]:
        yield layer, nested
        if into:
            yield from ((inner, deep + 1) for inner, deep in _walk(getattr(layer, "layers", None) or [], into))


def _in_range(layers, layer_range):
    if layer_range is None:
        return layers
    if len(layer_range) != 2 or not all(isinstance(name, str) for name in layer_range):
        raise ValueError(f"`layer_range` is a pair of layer names. Received: layer_range={layer_range!r}")
    first, last = ([i for i, layer in enumerate(layers) if re.match(name, layer.name)] for name in layer_range)
    if not first or not last:
        raise ValueError(
            f"`layer_range` names no layer of this model. Received: layer_range={layer_range!r}. "
            f"The layers are: {', '.join(layer.name for layer in layers)}"
        )
    if min(first) > max(last):
        first, last = last, first
    return layers[min(first) : max(last) + 1]


# ---------------------------------------------------------------- below the table


def _totals(model) -> list[str]:
    trainable, frozen = _size(model.trainable_weights), _size(model.non_trainable_weights)
    optimizer = getattr(model, "optimizer", None)
    kept = _size(optimizer.variables) if getattr(optimizer, "built", False) and hasattr(optimizer, "variables") else None
    total = [sum(both) for both in zip(trainable, frozen, kept or (0, 0), strict=True)]
    lines = [("Total", total), ("Trainable", trainable), ("Non-trainable", frozen)]
    return [f" {name} params: {n:,} ({_bytes(size)})" for name, (n, size) in [*lines, *([("Optimizer", kept)] if kept else [])]]


def _size(variables) -> tuple[int, int]:
    """How many numbers, and how many bytes, are in these variables."""
    counts = [(math.prod(v.shape), config.torch_dtype(v.dtype).itemsize) for v in {id(v): v for v in variables}.values()]
    return sum(n for n, _ in counts), sum(n * size for n, size in counts)


def _bytes(size) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"


# ---------------------------------------------------------------- the table


def _shares(columns, length) -> list[int]:
    return [end - start for start, end in pairwise([0, *(int(column.end * length) for column in columns)])]


def _widths(columns, line_length) -> list[int]:
    """Characters for the text of each column, so that the table with its lines and spaces is `line_length` wide."""
    length = line_length
    if line_length is None:
        length = 88 + 20 * any(c.title == "Connected to" for c in columns) + 12 * (columns[-1].title == "Trainable")
        length = min(length, shutil.get_terminal_size().columns - 4)
    shares = _shares(columns, length)
    if min(shares) < 4 and line_length is None:  # a terminal too narrow gets broken lines, not an error
        length = 60
        shares = _shares(columns, length)
    if min(shares) < 4:
        raise ValueError(
            f"Insufficient console width to print summary: line_length={length} leaves columns of {shares} characters, and the "
            "least is 4."
        )
    # What is meant by a share leaves out its spaces and lines: all columns give way for these alike, or share what is over.
    room = length - len(columns) - 1
    over = sum(shares) + 2 * len(columns) - room
    widths, weight = [share + 2 for share in shares], sum(shares) + 2 * len(columns)
    for i, width in enumerate(widths):
        if over > 0:
            change = -min(width, round(over / (len(widths) - i)))
        else:
            change = math.ceil(-over * width / weight) if weight else 0
            weight -= width
        widths[i] += change
        over += change
    return [max(width - 2, 1) for width in widths]


def _table(columns, widths, rows) -> str:
    from tabulate import SEPARATING_LINE, DataRow, Line, TableFormat, tabulate

    def draw(cells, edge, above=None, below=None):
        between = Line("├", "─", "┼", "┤")
        row = DataRow(edge, edge, edge)
        style = TableFormat(above, between, None, below, row, row, 0, None)
        # The cells have their widths already, with a space on each side: nothing may strip, align or pad them.
        return tabulate(cells, tablefmt=style, stralign=None, disable_numparse=True).replace(_NOTHING, "").splitlines()

    aligned = [(width, column.align) for width, column in zip(widths, columns, strict=True)]
    titles = _lines([column.title for column in columns], aligned, from_below=True)
    lines = draw(titles, "┃", Line("┏", "━", "┳", "┓"), Line("┡", "━", "╇", "┩"))
    cells = []
    for row in rows:
        cells += [*([SEPARATING_LINE] if cells else []), *_lines(row, aligned)]
    body = draw(cells or _lines([""] * len(columns), aligned), "│", below=Line("└", "─", "┴", "┘"))
    return "\n".join(lines + (body if rows else body[-1:]))


def _lines(texts, aligned, from_below=False) -> list[list[str]]:
    """One row of the table as lines of cells, broken between words and filled up to the widths."""
    columns = [[_fill(line, *how) for line in _wrap(text, how[0])] for text, how in zip(texts, aligned, strict=True)]
    height = max(map(len, columns))
    for lines, (width, _) in zip(columns, aligned, strict=True):
        blank = [" " * (width + 2)] * (height - len(lines))
        lines[:] = blank + lines if from_below else lines + blank
    return [list(line) for line in zip(*columns, strict=True)]


def _wrap(text, width) -> list[str]:
    lines, used = [""], 0
    for word in re.findall(r"\s*\S+\s*", text):
        if used and used + _cells(word.rstrip()) > width:
            lines.append("")
            used = 0
        lines[-1] += word
        used += _cells(word)
    return [_cut(line, width) for line in lines]


def _cut(line, width) -> str:
    line = line.rstrip() if _cells(line) > width else line
    if _cells(line) <= width:
        return line
    while _cells(line) > width - 1:
        line = line[:-1]
    return f"{line}…"


def _fill(line, width, align) -> str:
    if align == "left":
        left = 0
    else:
        line = line.rstrip()
        free = width - _cells(line)
        left = free if align == "right" else free // 2
    text = " " * (left + 1) + line + " " * (width - _cells(line) - left + 1)
    # tabulate counts characters, or places where wcwidth is installed: both come to the width.
    return text + _NOTHING * (width + 2 - len(text))


def _cells(text) -> int:
    """How many characters of a terminal a text takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
