"""Which layers of a model are meant."""

from __future__ import annotations

import re


def should_quantize_layer(layer, filters) -> bool:
    """Whether `filters` let a layer through: a regular expression that its name has in it, one of several, or a function."""
    if isinstance(filters, str):
        filters = [filters]
    if isinstance(filters, (list, tuple)):
        return any(re.search(pattern, layer.name) for pattern in filters)
    return filters is None or bool(filters(layer))
