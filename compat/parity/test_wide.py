"""The law behind wide passes: a layer that keeps rows apart gives for some rows what it gives for them among others."""

import torch
from harness import as_input, mine
from rows import ROWS
from torch.utils import _pytree as pytree

from torchkeras_lite.models import wide


def rows_of(x, which):
    return pytree.tree_map(lambda part: part[which], x)


def test_rows_are_apart_where_that_is_said():
    asked, close = 0, {"rtol": 1e-4, "atol": 2e-5}
    for name, kwargs, x in ROWS:
        given = as_input(x)
        given = [torch.tensor(part) for part in given] if isinstance(given, list) else torch.tensor(given)
        first = given[0] if isinstance(given, list) else given
        if first.ndim < 2 or first.shape[0] < 2:
            continue
        layer = getattr(mine, name)(**kwargs)
        whole = layer(given, training=False)
        if not wide._layer_is_by_row(layer, max(leaf.ndim for leaf in pytree.tree_leaves(whole))):
            continue
        asked += 1
        for some in (slice(1), slice(1, None)):
            alone = layer(rows_of(given, some), training=False)
            for part, among in zip(pytree.tree_leaves(alone), pytree.tree_leaves(whole), strict=True):
                torch.testing.assert_close(part, among[some], msg=lambda text, row=(name, kwargs): f"{row}: {text}", **close)
    assert asked > 300
