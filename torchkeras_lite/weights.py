"""What a layer knows of its weights: how they are made, found, frozen, read and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from torchkeras_lite import config, constraints, initializers, regularizers
from torchkeras_lite.calls import going_on
from torchkeras_lite.scopes import StatelessScope
from torchkeras_lite.seeds import generators_of
from torchkeras_lite.variable import Tables, Variable, tensor_of


class Weighted:
    """The half of Layer that deals with weights."""

    # ------------------------------------------------------------ making

    def placement(self) -> dict:
        """The dtype and device for torch modules made in `build`."""
        return {"dtype": config.torch_dtype(self.variable_dtype), "device": config.get_device()}

    def add_weight(
        self,
        shape: Sequence[int] | int | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """A new weight: a torch parameter (or a buffer, when not trainable) of this layer, seen as a Variable.

        Args:
            shape: its shape; None for a scalar.
            initializer: what fills it; by default glorot_uniform for floats and zeros for integers.
        """
        if isinstance(shape, str):  # the order of arguments in older code: name first
            name, shape, initializer = shape, initializer, None
        dtype = config.torch_dtype(dtype or self.variable_dtype)
        shape = () if shape is None else tuple(shape) if hasattr(shape, "__iter__") else (shape,)
        if any(size is None for size in shape):
            raise ValueError(f"Layer {self.name!r}: a weight needs a full shape. Received: shape={shape}")
        if initializer is None:
            initializer = "glorot_uniform" if dtype.is_floating_point else "zeros"
        key = base = (name or "variable").replace(".", "_").replace("/", "_")
        count = 1
        while key in self._parameters or key in self._buffers or key in self._modules:
            key, count = f"{base}_{count}", count + 1
        tensor = torch.empty(shape, dtype=dtype, device=config.get_device())
        if trainable and dtype.is_floating_point:
            self._parameters[key] = nn.Parameter(tensor)
        else:
            self._buffers[key] = tensor
        variable = self.adopt(name or key, self, key, None, initializer, regularizer, constraint)
        variable._wants_training = trainable
        if overwrite_with_gradient:
            variable.overwrite_with_gradient = True
        return variable

    add_variable = add_weight

    def adopt(
        self, name: str, module: nn.Module, key: str, layout=None, initializer=None, regularizer=None, constraint=None
    ) -> Variable:
        """Makes the tensor `module.key` of torch a weight of this layer, under the name and in the layout of Keras.

        Args:
            layout: an object with `to_keras` and `from_keras` (see `variable.Permuted`), or None for no change.
            initializer: fills it, seeing the Keras layout; None leaves what torch put there.
        """
        path = "/".join([*(going_on.names or [self._path or self.name]), name])
        variable = Variable.of(module, key, layout, name, path)
        variable.initializer = initializers.get(initializer)
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        self._begin_with(variable)
        self._variables.append(variable)
        return variable

    def _begin_with(self, variable):
        """Gives a weight its first value, if its tensor has any memory yet."""
        raw = variable.raw
        waits = raw.is_meta or (going_on.loading and variable.initializer is not None and going_on.loading.postpones(variable))
        if variable.initializer is not None and not waits:
            variable.initialize()
        if isinstance(raw, nn.Parameter):
            raw.requires_grad_(self._trainable)

    def _track_variable(self, name, variable):
        """A Variable made by hand and assigned to the layer moves in: torch sees it from now on."""
        if not any(variable is known for known in self._variables):
            if not isinstance(variable._module, nn.Module):
                raise TypeError(f"Not a variable: {variable!r}")
            raw = variable.raw
            if variable._key == "value" and len(list(variable._module._modules)) == 0 and variable._layout is None:
                table = self._parameters if isinstance(raw, nn.Parameter) else self._buffers
                table[name] = raw
                variable.move(self, name)
            self._variables.append(variable)
        object.__setattr__(self, name, variable)

    def _untrack_variable(self, variable) -> None:
        """The variable is no weight of the layer any more; it keeps its value."""
        home, key = variable._module, variable._key
        self._variables[:] = [one for one in self._variables if one is not variable]
        variable.leave()
        if home is not self.own_tables and key not in home._parameters:
            home._parameters[key] = None  # a torch module asks for it by name

    @property
    def own_tables(self) -> Tables:
        """Where Variables of its own find their tensors."""
        tables = self.__dict__.get("_own_tables")
        if tables is None or tables._parameters is not self._parameters:
            tables = self.__dict__["_own_tables"] = Tables(self)
        return tables

    # ------------------------------------------------------------ finding and freezing

    @property
    def trainable(self) -> bool:
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool):
        value = bool(value)
        object.__setattr__(self, "_trainable", value)
        for variable in self._variables:
            if variable._wants_training and isinstance(variable.raw, nn.Parameter):
                variable.raw.requires_grad_(value)
        own = {id(variable.raw) for variable in self._variables}
        for parameter in self._parameters.values():
            if parameter is not None and id(parameter) not in own:
                parameter.requires_grad_(value)
        for child in self._modules.values():
            _freeze(child, value, own)

    @property
    def variables(self) -> list[Variable]:
        """All weights, and the states of seed generators: those of a layer behind its own weights."""
        found, seen = [], set()
        _collect(self, found, seen, self.name, states=True)
        return found

    @property
    def weights(self) -> list[Variable]:
        """All weights, those of the layers inside too; each layer's trainable ones first."""
        found, seen = [], set()
        _collect(self, found, seen, self.name)
        return found

    @property
    def trainable_weights(self) -> list[Variable]:
        return [variable for variable in self.weights if variable.trainable] if self._trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        return [variable for variable in self.weights if not variable.trainable] if self._trainable else self.weights

    trainable_variables = trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        return [variable for variable in self.variables if not variable.trainable] if self._trainable else self.variables

    def own_variables(self) -> list[Variable]:
        """Its weights without those of layers inside; torch modules inside count as its own."""
        found = []
        _collect(self, found, set(), self.name, deep=False)
        return found

    def get_weights(self) -> list[np.ndarray]:
        """The values of `weights`, as numpy arrays."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence) -> None:
        """Sets all weights from arrays in the order of `weights`. Nothing is changed when one does not fit."""
        mine = self.weights
        if len(mine) != len(weights):
            raise ValueError(
                f"You called `set_weights(weights)` on layer {self.name!r} with a weight list of length {len(weights)}, but "
                f"the layer was expecting {len(mine)} weights."
            )
        for variable, value in zip(mine, weights, strict=True):
            shape = tuple(getattr(value, "shape", None) or tensor_of(value).shape)
            if variable.shape != shape:
                raise ValueError(
                    f"Layer {self.name!r} weight shape {variable.shape} ({variable.path}) is not compatible with provided "
                    f"weight shape {shape}."
                )
        for variable, value in zip(mine, weights, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """The number of scalars in its weights."""
        if not self.built:
            raise ValueError(
                f"`count_params` of layer {self.name!r}: the layer isn't built, so it has no weights yet. The usual fix: call "
                "it on data, or `layer.build(input_shape)`."
            )
        return sum(variable.raw.numel() for variable in self.weights)

    # ------------------------------------------------------------ without side effects

    def stateless_call(self, trainable_variables, non_trainable_variables, *args, return_losses: bool = False, **kwargs):
        """The layer called with other values for its variables, which it leaves as they are.

        Args:
            trainable_variables, non_trainable_variables: a value for each variable in the lists of these names. Gradients flow
                to them.
            return_losses: whether to return the `losses` of the call too.

        Returns:
            (outputs, non-trainable values after the call), and the losses behind them where they are asked for.

        Raises:
            ValueError: the layer is not built, or as many values as it has variables are not given.
        """
        if not self.built:
            raise ValueError(
                f"`stateless_call` of {self.name!r} needs its variables, and it is not built yet. The usual fix: call it on "
                "some data first."
            )
        mapping = []
        for word, values in (("trainable", trainable_variables), ("non_trainable", non_trainable_variables)):
            mine, values = getattr(self, f"{word}_variables"), list(values)
            if len(values) != len(mine):
                raise ValueError(
                    f"Argument `{word}_variables` must have a value for each of the {len(mine)} variables in "
                    f"`{word}_variables` of {self.name!r}. Received: {len(values)} values"
                )
            mapping += zip(mine, values, strict=True)
        with StatelessScope(mapping) as scope:
            outputs = self(*args, **kwargs)
            losses = self.losses if return_losses else None
            after = [scope.get_current_value(variable) for variable in self.non_trainable_variables]
        return (outputs, after, losses) if return_losses else (outputs, after)

    # ------------------------------------------------------------ files

    def saved_variables(self) -> list[Variable]:
        """Its own weights as files hold them, in their order."""
        return self.own_variables()

    def save_own_variables(self, store) -> None:
        """Puts its own weights (not those of layers inside) into `store`, under "0", "1", ..."""
        put = getattr(store, "put", None)  # ours take variables; a dict takes arrays
        for i, variable in enumerate(self.saved_variables()):
            put(str(i), variable) if put else store.__setitem__(str(i), variable.numpy())

    def load_own_variables(self, store) -> None:
        own = self.saved_variables()
        if len(store.keys()) != len(own):
            raise ValueError(
                f"Layer {self.name!r} expected {len(own)} variables, but received {len(store.keys())} variables during "
                f"loading. Expected: {[variable.name for variable in own]}"
            )
        take = getattr(store, "take", None)
        for i, variable in enumerate(own):
            take(str(i), variable) if take else variable.assign(store[str(i)])


def _freeze(module, value, own):
    if module is None:
        return
    if isinstance(module, Weighted):
        module.trainable = value
        return
    for parameter in module._parameters.values():
        if parameter is not None and id(parameter) not in own:
            parameter.requires_grad_(value)
    for child in module._modules.values():
        _freeze(child, value, own)


def _own(layer: Weighted) -> list[Variable]:
    """A layer's own weights, those made to be trained first: Keras's order. One that is frozen by itself keeps its place."""
    wants = [v for v in layer._variables if v.is_parameter]
    return wants + [v for v in layer._variables if not any(v is w for w in wants)]


def _collect(module, found, seen, path, deep=True, states=False):
    """Adds the Variables of a module and of all that is inside it, each tensor once.

    Args:
        deep: of layers inside it too; states: of seed generators too.
    """
    if module is None:
        return
    if isinstance(module, Weighted):
        path = module._path or path
        for variable in _own(module):
            if id(variable.raw) not in seen:
                seen.add(id(variable.raw))
                found.append(variable)
    for table in (module._parameters, module._buffers):
        for key, tensor in table.items():
            if tensor is not None and id(tensor) not in seen:
                seen.add(id(tensor))
                found.append(Variable.of(module, key, None, key, f"{path}/{key}"))
    if states and isinstance(module, Weighted):
        for seeds in generators_of(module):
            if id(seeds.state.raw) not in seen:
                seen.add(id(seeds.state.raw))
                found.append(seeds.state)
    for key, child in module._modules.items():
        if deep or not isinstance(child, Weighted):
            _collect(child, found, seen, f"{path}/{key}", deep, states)


def bare(cls, *args, **kwargs) -> nn.Module:
    """`cls(*args, **kwargs)` without torch's initialisation of its parameters: the Keras initializers fill them."""
    module = cls.__new__(cls)
    module.__dict__["reset_parameters"] = _nothing
    module.__init__(*args, **kwargs)
    module.__dict__.pop("reset_parameters", None)
    return module


def _nothing() -> None:
    return None
