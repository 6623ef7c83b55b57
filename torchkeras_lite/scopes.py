"""Scopes: names in front of the paths of variables, and calls that leave the variables as they are."""

from __future__ import annotations

from typing import Any

import torch

from torchkeras_lite import registry
from torchkeras_lite.calls import ScopeName, going_on
from torchkeras_lite.variable import Variable, tensor_of


class _Name(ScopeName):
    """A name that a user has put in front. It differs from a layer's equal name: two scopes of one name are two."""

    __hash__ = ScopeName.__hash__

    def __eq__(self, other):
        return self is other

    def __ne__(self, other):
        return self is not other


class name_scope:
    """Inside, the paths of new variables begin with this name: `with name_scope("block"): ...` gives `block/dense/kernel`.

    Args:
        name: a string without `/`.
        caller: whoever opens the scope; together with `deduplicate`, a scope in one of the same name and caller adds nothing.
        override_parent: a path to begin from, instead of that of the scopes around this one.

    Raises:
        ValueError: a name that is no string or has a `/` in it.
    """

    def __init__(self, name: str, caller: Any = None, deduplicate: bool = True, override_parent: str | None = None):
        registry.check_name(name)
        self.name, self.caller, self.deduplicate, self.override_parent = name, caller, deduplicate, override_parent

    def __enter__(self):
        self._outer = outer = going_on.names
        last = outer[-1] if outer else None
        again = self.caller is not None and getattr(last, "caller", None) is self.caller and str(last) == self.name
        if not (self.deduplicate and again):
            parent = outer if self.override_parent is None else [part for part in self.override_parent.split("/") if part]
            name = _Name(self.name)
            name.caller = self.caller
            going_on.names = [*parent, name]
        return self

    def __exit__(self, *exc):
        going_on.names = self._outer


class StatelessScope:
    """Inside, variables have the values of `state_mapping`, and what is assigned to them goes there instead.

    The values stand where torch looks for its parameters and buffers, so that the modules inside of layers see them too, and
    gradients flow to them; reading a Variable costs what it always does. State that is not in the mapping, and that
    changes in other ways than by assigning to a Variable (statistics that a torch module keeps), is changed. Scopes of two
    threads must not share variables.

    Args:
        state_mapping: pairs (variable, value); the values are in the layout of the variables, as Keras documents it.
        collect_losses, initialize_variables: kept; losses are where they always are, variables made inside are real at once.

    Raises:
        ValueError: a key that is no Variable, or a value of another shape.
    """

    def __init__(self, state_mapping=None, collect_losses: bool = False, initialize_variables: bool = True):
        self.collect_losses, self.initialize_variables = collect_losses, initialize_variables
        self.losses: list = []
        self.state_mapping: dict[tuple, torch.Tensor] = {}
        self._variables: dict[tuple, Variable] = {}
        self._originals: dict[tuple, torch.Tensor] = {}
        self._put: dict[tuple, tuple] = {}  # what was put in place, and its version then
        self._active = False
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ValueError(
                    "Invalid reference variable in StatelessScope: the keys of `state_mapping` must be Variables. "
                    f"Received: {variable!r}"
                )
            value = tensor_of(value, variable.dtype, variable.device)
            if tuple(value.shape) != tuple(variable.shape):
                raise ValueError(
                    f"Invalid variable value in StatelessScope: {variable.path} has shape {tuple(variable.shape)}. "
                    f"Received: a value of shape {tuple(value.shape)}"
                )
            self._keep(variable, value)

    def __enter__(self):
        self._outer = going_on.stateless
        if self._outer is not None:
            self._outer._leave()
        going_on.stateless = self
        self._enter()
        return self

    def __exit__(self, *exc):
        self._leave()
        going_on.stateless = self._outer
        if self._outer is not None:
            self._outer._enter()

    def get_current_value(self, variable: Variable):
        """The value that a variable has in the scope; None for one that was neither in the mapping nor assigned to."""
        place = _place(variable)
        if self._active and place in self._put:
            self._take(place)
        return self.state_mapping.get(place)

    def add_update(self, update) -> None:
        """Takes a pair (variable, value): what `variable.assign(value)` does in the scope."""
        variable, value = update
        self._keep(variable, value)
        if self._active:
            self._show(_place(variable))

    def add_loss(self, loss) -> None:
        self.losses.append(loss)

    def original(self, variable: Variable) -> torch.Tensor | None:
        """The tensor that is outside of the scope where a value of the scope is now."""
        return self._originals.get(_place(variable))

    def _keep(self, variable, value):
        self._variables[_place(variable)] = variable
        self.state_mapping[_place(variable)] = value

    def _enter(self):
        self._active = True
        for place in self.state_mapping:
            self._show(place)

    def _leave(self):
        for place, original in self._originals.items():
            self._take(place)
            _table(*place)[place[1]] = original
        self._originals, self._put, self._active = {}, {}, False

    def _show(self, place):
        variable, table = self._variables[place], _table(*place)
        self._originals.setdefault(place, table[place[1]])
        raw = variable.to_raw(self.state_mapping[place])
        # A tensor of its own: modules change buffers in place, which is not to happen to the one that was given.
        raw = raw.view_as(raw) if isinstance(self._originals[place], torch.nn.Parameter) else raw.clone()
        table[place[1]] = raw
        self._put[place] = raw, raw._version

    def _take(self, place):
        """Keeps what has become of a value in place."""
        raw, version = self._put[place]
        now = _table(*place)[place[1]]
        if now is not raw or raw._version != version:
            self.state_mapping[place] = self._variables[place].value


def _place(variable: Variable) -> tuple:
    """Where the tensor is: several Variables may show one."""
    return variable._module, variable._key


def _table(module, key: str) -> dict:
    tables = (getattr(module, "_parameters", ()), getattr(module, "_buffers", ()))
    return next((table for table in tables if key in table), module.__dict__)  # metrics keep their sums as attributes


class SymbolicScope:
    """Inside, no seed generator moves, as when shapes are found by calling layers on stand-ins."""

    def __enter__(self):
        self._outer, going_on.inferring = going_on.inferring, True
        return self

    def __exit__(self, *exc):
        going_on.inferring = self._outer
