"""Where the boxes of a layered drawing stand: a level for each step, boxes near what they are connected to.

The steps are those of Sugiyama, Tagawa and Toda 1981: levels by the longest path, edges over several levels led through points
of their own, an order in each level by the mean of the neighbours, and positions that pull connected boxes into line.
"""

from __future__ import annotations

import collections
import itertools
from collections.abc import Hashable


class Layout:
    """Positions of boxes.

    Args:
        sizes: box -> (its size across, its size along) the direction in which edges run.
        edges: pairs of boxes, from one to the next; there is no circle.
        gap: (between neighbours of a level, between levels).

    Attributes:
        place: box -> (across, along), its middle.
        routes: for each edge its points, from box to box.
        size: of the whole drawing.
    """

    def __init__(self, sizes: dict[Hashable, tuple[float, float]], edges: list[tuple], gap=(30.0, 40.0)):
        self.sizes, self._gap = dict(sizes), gap
        level = _levels(list(sizes), edges)
        self._chains = [self._chain(i, edge, level) for i, edge in enumerate(edges)]
        self._near = collections.defaultdict(lambda: ([], []))  # what is above a box, and what below
        for chain in self._chains:
            for upper, lower in itertools.pairwise(chain):
                self._near[lower][0].append(upper)
                self._near[upper][1].append(lower)
        rows: list[list] = [[] for _ in range(max(level.values(), default=-1) + 1)]
        for box, at in level.items():
            rows[at].append(box)
        self._order(rows)
        self._position(rows)
        self.routes = [[self.place[box] for box in chain] for chain in self._chains]

    def _chain(self, number, edge, level) -> list:
        """The edge as a row of points, one in each level it crosses."""
        first, last = edge
        points = [(number, at) for at in range(level[first] + 1, level[last])]
        for point in points:
            level[point], self.sizes[point] = point[1], (1.0, 0.0)
        return [first, *points, last]

    def _order(self, rows) -> None:
        index = {box: i for row in rows for i, box in enumerate(row)}
        for sweep in range(8):
            side = sweep % 2
            for row in rows[1:] if side == 0 else rows[-2::-1]:
                means = {}
                for box in row:
                    near = [index[other] for other in self._near[box][side]]
                    means[box] = sum(near) / len(near) if near else index[box]
                row.sort(key=means.get)
                index.update((box, i) for i, box in enumerate(row))

    def _position(self, rows) -> None:
        across = {}
        for row in rows:
            edge = 0.0
            for box in row:
                across[box] = edge + self.sizes[box][0] / 2
                edge += self.sizes[box][0] + self._gap[0]
        for sweep in range(24):
            for row in rows if sweep % 2 == 0 else reversed(rows):
                wanted = []
                for box in row:
                    near = [across[other] for other in (*self._near[box][0], *self._near[box][1])]
                    wanted.append(sum(near) / len(near) if near else across[box])
                self._spread(row, wanted, across)
        left = min((across[box] - self.sizes[box][0] / 2 for box in across), default=0)
        along, self.place = 0.0, {}
        for row in rows:
            depth = max(self.sizes[box][1] for box in row)
            self.place.update((box, (across[box] - left, along + depth / 2)) for box in row)
            along += depth + self._gap[1]
        width = max((self.place[box][0] + self.sizes[box][0] / 2 for box in self.place), default=0)
        self.size = width, max(along - self._gap[1], 0)

    def _spread(self, row, wanted, across) -> None:
        """Boxes of a level as near to where they want to be as the others let them: blocks that touch move as one."""
        blocks: list[list] = []  # each: [sum of (wanted - offset), count, width so far, its boxes with their offsets]
        for box, want in zip(row, wanted, strict=True):
            half = self.sizes[box][0] / 2
            blocks.append([want, 1, [(box, 0.0)], half, half])
            while len(blocks) > 1 and self._overlap(blocks[-2], blocks[-1]):
                self._merge(blocks)
        for total, count, members, _, _ in blocks:
            across.update((box, total / count + offset) for box, offset in members)

    def _overlap(self, one, two) -> bool:
        return one[0] / one[1] + one[2][-1][1] + one[4] + self._gap[0] > two[0] / two[1] + two[2][0][1] - two[3] + 1e-9

    def _merge(self, blocks) -> None:
        two, one = blocks.pop(), blocks[-1]
        shift = one[2][-1][1] + one[4] + self._gap[0] + two[3] - two[2][0][1]
        one[0] += two[0] - shift * two[1]
        one[1] += two[1]
        one[2] += [(box, offset + shift) for box, offset in two[2]]
        one[4] = two[4]


def _levels(boxes, edges) -> dict:
    """The longest way from a beginning to each box; beginnings stand right above what needs them first."""
    before, after = collections.defaultdict(list), collections.defaultdict(list)
    for first, last in edges:
        before[last].append(first)
        after[first].append(last)
    level: dict = {}
    waiting = {box: len(before[box]) for box in boxes}
    ready = [box for box in boxes if not waiting[box]]
    while ready:
        box = ready.pop()
        level[box] = max((level[other] + 1 for other in before[box]), default=0)
        for other in after[box]:
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    for box in boxes:
        if not before[box] and after[box]:
            level[box] = min(level[other] for other in after[box]) - 1
    return {box: level[box] for box in boxes}
