"""Pictures of models: a box for each layer, an arrow for each tensor. Neither graphviz nor pydot is needed."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from torchkeras_lite.files import whole
from torchkeras_lite.graph import Graph, mapped
from torchkeras_lite.notices import warn
from torchkeras_lite.utils.canvas import Figure, Svg
from torchkeras_lite.utils.layout import Layout

_TITLE, _TEXT = 11.0, 9.5  # points
_PAD = 7.0


class Box(NamedTuple):
    """What is written into a box: a title, and cells below it with their colours."""

    title: str
    rows: tuple[tuple[tuple[str, str], ...], ...]  # each row: (text, colour of the ground) for each cell


class Drawing:
    """The boxes of a model, and how they are connected.

    `create(format="svg")` gives the picture's bytes, `to_string()` the same graph in the language of graphviz.
    """

    def __init__(self, model, rankdir="TB", expand_nested=False, dpi=200, **shown):
        self.rankdir, self.dpi = rankdir, dpi
        self.boxes: dict[Any, Box] = {}
        self.edges: list[tuple] = []
        self.groups: list[tuple[str, list]] = []  # the name of a model inside, and its boxes
        graph = getattr(model, "_graph", None)
        if graph is None:
            self.boxes[id(model)] = _box(model, None, shown)
        else:
            self._add(graph, (), expand_nested, shown)

    def _add(self, graph: Graph, path: tuple, expand: bool, shown):
        """Adds the boxes of a graph; returns the boxes at its entrances and at its exits, in order."""
        ends: dict[Any, tuple[list, list]] = {}
        for operation in graph.operations:
            inner = getattr(operation, "_graph", None) if expand else None
            where = (*path, id(operation))
            if inner is not None:
                before = len(self.boxes)
                ends[operation] = self._add(inner, where, expand, shown)
                self.groups.append((operation.name, list(self.boxes)[before:]))
            else:
                self.boxes[where] = _box(operation, graph, shown)
                ends[operation] = [where], [where]
        for operation in graph.operations:
            for node in graph.calls_of(operation):
                for place, tensor in enumerate(node.inputs):
                    sources = ends[tensor.node.operation][1]
                    targets = ends[operation][0]
                    edge = sources[min(tensor.index, len(sources) - 1)], targets[min(place, len(targets) - 1)]
                    if edge not in self.edges:
                        self.edges.append(edge)
        entries: list = []
        mapped(graph.inputs, lambda tensor: entries.extend(ends[tensor.node.operation][0]))
        exits: list = []
        mapped(graph.outputs, lambda tensor: exits.extend(ends[tensor.node.operation][1][-1:]))
        return entries, exits

    # ------------------------------------------------------------ the picture

    def create(self, prog: str = "dot", format: str = "svg") -> bytes:
        """The picture. `format`: svg, or with matplotlib png, pdf, jpg, ...; `prog` is there for old callers.

        Raises:
            ImportError: another format than svg, and no matplotlib.
        """
        canvas = Svg() if format == "svg" else Figure(self.dpi)
        content = {name: _Content(box, canvas.width_of) for name, box in self.boxes.items()}
        sideways = self.rankdir in ("LR", "RL")
        sizes = {name: (each.height, each.width) if sideways else (each.width, each.height) for name, each in content.items()}
        layout = Layout(sizes, self.edges, gap=(44.0, 40.0) if self.groups else (30.0, 40.0))

        def turned(point):
            across, along = point
            if self.rankdir in ("BT", "RL"):
                along = layout.size[1] - along
            return (along, across) if sideways else (across, along)

        width, height = layout.size[::-1] if sideways else layout.size
        canvas.open(width, height, margin=12.0 + 14.0 * bool(self.groups))
        for name, members in reversed(self.groups):
            _draw_frame(canvas, name, [(turned(layout.place[m]), content[m]) for m in members])
        axis = 0 if sideways else 1
        for (first, last), route in zip(self.edges, layout.routes, strict=True):
            points = [list(turned(point)) for point in route]
            forward = 1 if points[-1][axis] > points[0][axis] else -1
            points[0][axis] += forward * content[first].half(axis)
            points[-1][axis] -= forward * content[last].half(axis)
            canvas.arrow(points)
        for name, each in content.items():
            each.draw(canvas, *turned(layout.place[name]))
        return canvas.close(format)

    def to_string(self) -> str:
        """The graph in the language of graphviz."""
        numbers = {name: f"n{i}" for i, name in enumerate(self.boxes)}
        lines = ["digraph G {", f"  rankdir={self.rankdir}; concentrate=true; node [shape=record];"]
        for name, box in self.boxes.items():
            cells = [" | ".join(_escaped(text) for text, _ in row) for row in box.rows]
            label = " | ".join([_escaped(box.title), *(f"{{{row}}}" for row in cells)])
            lines.append(f'  {numbers[name]} [label="{{{label}}}"];')
        lines += [f"  {numbers[first]} -> {numbers[last]};" for first, last in self.edges]
        return "\n".join([*lines, "}"])


def _escaped(text: str) -> str:
    return "".join(f"\\{sign}" if sign in '{}|<>"\\' else sign for sign in text)


class _Content:
    """A box with its size, ready to be drawn."""

    def __init__(self, box: Box, width_of):
        self.box = box
        self._cells = [[width_of(text, _TEXT) + 2 * _PAD for text, _ in row] for row in box.rows]
        self.width = max([width_of(box.title, _TITLE, bold=True) + 2 * _PAD, *map(sum, self._cells)])
        self._title, self._row = _TITLE + 2 * _PAD, _TEXT + 2 * _PAD
        self.height = self._title + self._row * len(box.rows)

    def half(self, axis: int) -> float:
        return (self.width, self.height)[axis] / 2

    def draw(self, canvas, x, y):
        left, top = x - self.width / 2, y - self.height / 2
        canvas.rectangle(left, top, self.width, self._title, "black")
        canvas.text(x, top + self._title / 2, self.box.title, _TITLE, "white", bold=True)
        top += self._title
        for row, widths in zip(self.box.rows, self._cells, strict=True):
            at, more = left, (self.width - sum(widths)) / len(row)
            for (text, ground), width in zip(row, widths, strict=True):
                canvas.rectangle(at, top, width + more, self._row, ground)
                ink = "black" if ground == "white" else "white"
                canvas.text(at + (width + more) / 2, top + self._row / 2, text, _TEXT, ink)
                at += width + more
            top += self._row


def _draw_frame(canvas, name, members):
    left = min(x - each.width / 2 for (x, _), each in members) - 10
    right = max(x + each.width / 2 for (x, _), each in members) + 10
    top = min(y - each.height / 2 for (_, y), each in members) - 18
    bottom = max(y + each.height / 2 for (_, y), each in members) + 8
    canvas.rectangle(left, top, right - left, bottom - top, "#eef2f8", "#8899aa")
    canvas.text(left + 5, top + 8, name, _TEXT, "#445566", left=True)


# ---------------------------------------------------------------- what is written


def _box(operation, graph, shown) -> Box:
    kind = getattr(operation, "kind", None) or type(operation).__name__  # an Op knows what Keras calls it
    rows = []
    activation = getattr(operation, "activation", None)
    if shown.get("show_layer_activations") and activation is not None:
        named = getattr(activation, "name", None) or getattr(activation, "__name__", None) or str(activation)
        rows.append(((f"Activation: {named}", "white"),))
    nodes = graph.calls_of(operation) if graph is not None else getattr(operation, "_nodes", [])
    cells = []
    if shown.get("show_shapes"):
        if kind != "InputLayer":
            cells.append((f"Input shape: {_written([t.shape for t in nodes[-1].inputs] if nodes else None)}", "white"))
        cells.append((f"Output shape: {_written(mapped(nodes[-1].structure, lambda t: t.shape) if nodes else None)}", "white"))
    if shown.get("show_dtype"):
        cells.append((f"Output dtype: {_written(mapped(nodes[-1].structure, lambda t: t.dtype) if nodes else None)}", "white"))
    if shown.get("show_trainable") and getattr(operation, "weights", None):
        cells.append(("Trainable", "forestgreen") if operation.trainable else ("Non-trainable", "firebrick"))
    if cells:
        rows.append(tuple(cells))
    return Box(f"{operation.name} ({kind})" if shown.get("show_layer_names") else kind, tuple(rows))


def _written(value) -> str:
    if value is None:
        return "?"
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        return ", ".join(f"{key}: {part}" for key, part in value.items())
    return str(value)


# ---------------------------------------------------------------- what users call


def model_to_dot(
    model,
    show_shapes=False,
    show_dtype=False,
    show_layer_names=True,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    subgraph=False,
    show_layer_activations=False,
    show_trainable=False,
    **kwargs,
) -> Drawing:
    """The drawing of a model, for `create(format="svg")` or `to_string()`. Arguments: see `plot_model`."""
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments: {kwargs}")
    if not model.built:
        raise ValueError(
            "This model has not yet been built. Build it first by calling `build()` or by calling it on a batch of data."
        )
    return Drawing(
        model,
        rankdir,
        expand_nested,
        dpi,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
    )


def plot_model(
    model,
    to_file="model.png",
    show_shapes=False,
    show_dtype=False,
    show_layer_names=False,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    show_layer_activations=False,
    show_trainable=False,
    **kwargs,
):
    """Draws a model into a file.

    Args:
        model: a built model. One that is subclassed is a single box.
        to_file: its ending says the format (png, svg, pdf, jpg; `.dot` is text for graphviz).
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable: what is written into the boxes.
        rankdir: the direction of arrows: `"TB"` (downwards), `"LR"`, `"BT"` or `"RL"`.
        expand_nested: whether models inside are drawn with their layers, in a frame.
        dpi: dots per inch.

    Returns:
        The picture, in a notebook; else None.

    Raises:
        ValueError: the model is not built.

    Without matplotlib only svg can be drawn: a file of that ending is written then, with a warning.
    """
    drawing = model_to_dot(
        model,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        **kwargs,
    )
    to_file = os.fspath(to_file)
    extension = os.path.splitext(to_file)[1].lstrip(".").lower() or "png"
    try:
        picture = drawing.to_string().encode() if extension == "dot" else drawing.create(format=extension)
    except ImportError as error:  # a picture is no reason for a script to stop
        extension, to_file, wanted = "svg", os.path.splitext(to_file)[0] + ".svg", to_file
        warn(f"{error} Instead of {wanted!r}, {to_file!r} was written.")
        picture = drawing.create(format=extension)
    with whole(to_file) as draft, open(draft, "wb") as file:
        file.write(picture)
    if extension in ("pdf", "dot"):
        return None
    try:
        from IPython import display, get_ipython
    except ImportError:
        return None
    return display.Image(filename=to_file) if get_ipython() is not None and extension != "svg" else None
