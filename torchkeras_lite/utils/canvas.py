"""What pictures are drawn on: text in the language of SVG, which needs nothing, or a figure of matplotlib's."""

from __future__ import annotations

import io
import math
from html import escape

_INK = "#222222"
_WIDE, _NARROW = frozenset("mwMW@%"), frozenset("ijltfI.,:;|()[]' ")


class Svg:
    """A picture as SVG. Lengths are points; y goes down."""

    def __init__(self):
        self._parts: list[str] = []

    def width_of(self, text: str, size: float, bold: bool = False) -> float:
        """About how wide a text is in a usual typeface."""
        units = sum(0.9 if sign in _WIDE else 0.32 if sign in _NARROW else 0.58 for sign in text)
        return size * units * (1.08 if bold else 1.0)

    def open(self, width: float, height: float, margin: float) -> None:
        wide, high = width + 2 * margin, height + 2 * margin
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}pt" height="{high:.0f}pt" '
            f'viewBox="{-margin:.0f} {-margin:.0f} {wide:.0f} {high:.0f}" font-family="Helvetica, Arial, sans-serif">',
            f'<rect x="{-margin:.0f}" y="{-margin:.0f}" width="{wide:.0f}" height="{high:.0f}" fill="white"/>',
        ]

    def rectangle(self, x, y, width, height, fill, edge="black") -> None:
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}" stroke="{edge}" '
            'stroke-width="0.8"/>'
        )

    def text(self, x, y, text, size, color, bold=False, left=False) -> None:
        weight = ' font-weight="bold"' if bold else ""
        anchor = "" if left else ' text-anchor="middle"'
        where = f'x="{x:.1f}" y="{y + 0.35 * size:.1f}"'
        self._parts.append(f'<text {where} font-size="{size}" fill="{color}"{weight}{anchor}>{escape(text)}</text>')

    def arrow(self, points) -> None:
        (x0, y0), (x1, y1) = points[-2:]
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        dx, dy = (x1 - x0) / length, (y1 - y0) / length
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*points[:-1], (x1 - 7 * dx, y1 - 7 * dy)])
        head = [(x1, y1), (x1 - 8 * dx - 3.5 * dy, y1 - 8 * dy + 3.5 * dx), (x1 - 8 * dx + 3.5 * dy, y1 - 8 * dy - 3.5 * dx)]
        self._parts.append(f'<polyline points="{line}" fill="none" stroke="{_INK}"/>')
        self._parts.append(f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in head)}" fill="{_INK}"/>')

    def close(self, format: str = "svg") -> bytes:
        return "\n".join([*self._parts, "</svg>"]).encode()


class Figure:
    """A picture in a format that matplotlib writes. Lengths are points; y goes down.

    Raises:
        ImportError: matplotlib is not there.
    """

    def __init__(self, dpi: float):
        try:
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure
        except ImportError as error:
            raise ImportError("Only svg can be drawn without matplotlib (pip install matplotlib).") from error
        self._figure, self._dpi = Figure(), dpi
        self._renderer = FigureCanvasAgg(self._figure).get_renderer()

    def width_of(self, text: str, size: float, bold: bool = False) -> float:
        drawn = self._figure.text(0, 0, text, fontsize=size, weight="bold" if bold else "normal")
        width = drawn.get_window_extent(self._renderer).width * 72 / self._figure.dpi
        drawn.remove()
        return 1.03 * width  # letters are set a little wider at some resolutions

    def open(self, width: float, height: float, margin: float) -> None:
        self._figure.set_size_inches((width + 2 * margin) / 72, (height + 2 * margin) / 72)
        self._axes = self._figure.add_axes((0, 0, 1, 1))
        self._axes.set(xlim=(-margin, width + margin), ylim=(height + margin, -margin))
        self._axes.axis("off")

    def rectangle(self, x, y, width, height, fill, edge="black") -> None:
        from matplotlib.patches import Rectangle

        self._axes.add_patch(Rectangle((x, y), width, height, facecolor=fill, edgecolor=edge, lw=0.8))

    def text(self, x, y, text, size, color, bold=False, left=False) -> None:
        weight, side = "bold" if bold else "normal", "left" if left else "center"
        self._axes.text(x, y, text, fontsize=size, color=color, weight=weight, ha=side, va="center_baseline")

    def arrow(self, points) -> None:
        if len(points) > 2:
            self._axes.plot(*zip(*points[:-1], strict=True), color=_INK, lw=1, solid_joinstyle="round")
        style = {"arrowstyle": "-|>", "color": _INK, "lw": 1, "shrinkA": 0, "shrinkB": 0}
        self._axes.annotate("", xy=points[-1], xytext=points[-2], arrowprops=style)

    def close(self, format: str) -> bytes:
        buffer = io.BytesIO()
        self._figure.savefig(buffer, format=format, dpi=self._dpi, facecolor="white")
        return buffer.getvalue()
