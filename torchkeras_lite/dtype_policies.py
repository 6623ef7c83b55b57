"""Precision as an object: which dtype a layer computes in and which its variables are kept in."""

from __future__ import annotations

import torch

from torchkeras_lite import config, registry
from torchkeras_lite.registry import Configurable

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}


class DTypePolicy(Configurable):
    """The dtypes of a layer, by name: `"float32"`, `"bfloat16"`, ..., or `"mixed_bfloat16"`, `"mixed_float16"`.

    A plain policy computes in the dtype it keeps its variables in, and its hooks do nothing. A mixed policy keeps float32
    variables and computes under `torch.autocast`.
    """

    quantization_mode = None

    def __init__(self, name: str | None = None):
        if isinstance(name, DTypePolicy):
            name = name.name
        if isinstance(name, str) and "_from_" in name:
            raise ValueError(
                f"The dtype policy {name!r} means weights as integers, and layers here keep theirs as floats, in "
                "torch modules. The usual fix: the policy behind `_from_`, and torchao's `quantize_` on the trained model."
            )
        if name not in _MIXED:
            name = config.dtype_name(name)
        self.name: str = name
        self.compute_dtype: str = _MIXED.get(name, name)
        self.variable_dtype: str = "float32" if name in _MIXED else name
        self.compute_torch_dtype: torch.dtype = config.torch_dtype(self.compute_dtype)
        self.is_mixed: bool = name in _MIXED

    def autocast(self, device_type: str):
        """The context in which a layer of this policy runs where it is not that around it: on, or off for a plain one."""
        if not self.is_mixed:
            return torch.autocast(device_type, enabled=False)
        return torch.autocast(device_type, dtype=self.compute_torch_dtype)

    def get_config(self) -> dict:
        return {"name": self.name}

    def __eq__(self, other):
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self):
        return hash(self.name)

    def __repr__(self):
        return f'<DTypePolicy "{self.name}">'


FloatDTypePolicy = DTypePolicy
_global = {"policy": None}


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are given none."""
    return _global["policy"] or DTypePolicy(config.floatx())


def set_dtype_policy(policy) -> None:
    """Sets the policy (or its name) of layers made from now on that are given none."""
    _global["policy"] = get(policy)


def get(identifier) -> DTypePolicy:
    """A policy from a policy, a name, a dtype, a config, or None (the global one)."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        settings = identifier.get("config", identifier)
        if not isinstance(settings, dict) or "name" not in settings:
            raise ValueError(f"Cannot interpret `dtype` argument {identifier!r}: the config of a policy has a 'name'.")
        return DTypePolicy(settings["name"])
    if isinstance(identifier, str) and "_from_" in identifier:
        return DTypePolicy(identifier)  # which says why not
    try:
        return DTypePolicy(identifier)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"Cannot interpret `dtype` argument {identifier!r}. Expected a dtype name such as 'float32', "
            "'mixed_bfloat16' or 'mixed_float16', or a DTypePolicy."
        ) from error


def serialize(dtype_policy: DTypePolicy) -> dict:
    """The policy as plain data."""
    return registry.serialize(dtype_policy)


def deserialize(config: dict, custom_objects: dict | None = None) -> DTypePolicy:
    """The policy that `serialize` wrote."""
    return registry.deserialize(config, custom_objects)


config.dtype_policy, config.set_dtype_policy = dtype_policy, set_dtype_policy  # Keras shows them there too
