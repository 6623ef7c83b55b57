"""All that a model holds as dicts in dicts, by the parts of the paths of its variables."""

from __future__ import annotations

GROUPS = ("trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables")


def read_state(model, value_format: str) -> dict:
    """See `Model.get_state_tree`."""
    if value_format not in ("backend_tensor", "numpy_array"):
        raise ValueError(
            f"Invalid `value_format` argument. Expected 'backend_tensor' or 'numpy_array'. Received: "
            f"value_format={value_format!r}"
        )
    return {group: _tree(_variables(model, group), value_format == "numpy_array") for group in GROUPS}


def write_state(model, state_tree: dict) -> None:
    """See `Model.set_state_tree`. Nothing is changed when a variable is not there."""
    plan = []
    for group, tree in state_tree.items():
        if group not in GROUPS:
            raise ValueError(f"Unknown variable name: {group!r}. A state tree has the keys {GROUPS}.")
        known = {variable.path: variable for variable in _variables(model, group)}
        for path, value in _flat(tree):
            if path not in known:
                raise ValueError(f"The model has no variable {path!r} among its {group}: {sorted(known)}")
            plan.append((known[path], value))
    for variable, value in plan:
        variable.assign(value)


def _variables(model, group):
    if group == "optimizer_variables":
        return [] if model.optimizer is None else model.optimizer.variables
    return getattr(model, group)


def _tree(variables, as_arrays) -> dict:
    tree: dict = {}
    for variable in variables:
        *above, last = variable.path.split("/")
        place = tree
        for part in above:
            place = place.setdefault(part, {})
        if last in place:
            raise ValueError(
                f"The following variable path is found twice in the model: {variable.path!r}. `get_state_tree()` needs paths "
                "that are unique: give the layers names of their own."
            )
        place[last] = variable.numpy() if as_arrays else variable.value.detach().clone()
    return tree


def _flat(tree, above=""):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}/")
        else:
            yield f"{above}{key}", value
