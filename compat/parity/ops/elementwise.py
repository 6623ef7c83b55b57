"""Arithmetic of one number at a time."""

from values import drawn

from ops.harness import over_dtypes, row

ROWS = [
    row("add", drawn((2, 3)), drawn((2, 3), 1)),
    row("add", drawn((2, 3)), 2),
    row("add", drawn((2, 3)), drawn((3,), 1)),
    *over_dtypes("add", drawn((2, 3)), 2),
]
