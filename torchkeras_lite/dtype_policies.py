"""Precision as an object: which dtype a layer computes in and which its variables are kept in."""

from __future__ import annotations

import re
from collections.abc import MutableMapping

import torch

from torchkeras_lite import config, registry
from torchkeras_lite.registry import Configurable

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
QUANTIZATION_MODES = ("int8", "float8", "int4", "gptq", "awq")


class DTypePolicy(Configurable):
    """The dtypes of a layer, by name: `"float32"`, `"bfloat16"`, ..., or `"mixed_bfloat16"`, `"mixed_float16"`.

    A plain policy computes in the dtype it keeps its variables in, and its hooks do nothing. A mixed policy keeps float32
    variables and computes under `torch.autocast`.
    """

    quantization_mode = None

    def __init__(self, name: str | None = None):
        if isinstance(name, DTypePolicy):
            name = name.name
        if name is None:
            name = dtype_policy().name
        if name not in _MIXED:
            name = _named(name)
        self.name: str = name
        self.compute_dtype: str = _MIXED.get(name, name)
        self.variable_dtype: str = "float32" if name in _MIXED else name
        # Texts are not cast, as integers are not.
        self.compute_torch_dtype: torch.dtype = torch.uint8 if name == "string" else config.torch_dtype(self.compute_dtype)
        self.is_mixed: bool = name in _MIXED

    def autocast(self, device_type: str):
        """The context in which a layer of this policy runs where it is not that around it: on, or off for a plain one."""
        if not self.is_mixed:
            return torch.autocast(device_type, enabled=False)
        return torch.autocast(device_type, dtype=self.compute_torch_dtype)

    def of_layer(self, path: str | None) -> DTypePolicy:
        """The policy of a layer that was given this one, once its path is known."""
        return self

    def over(self, name: str) -> DTypePolicy:
        """The same for what is not quantized in another dtype."""
        return DTypePolicy(name)

    def get_config(self) -> dict:
        return {"name": self.name}

    def __eq__(self, other):
        return type(other) is type(self) and other.name == self.name and other.get_config() == self.get_config()

    def __hash__(self):
        return hash(self.name)

    def __repr__(self):
        return f'<{type(self).__name__} "{self.name}">'


def _named(name) -> str:
    try:
        return config.dtype_name(name)
    except ValueError as error:
        if not isinstance(name, str):
            raise TypeError(f"'name' must be a string such as 'mixed_float16'. Received: name={name} ({type(name)})") from error
        quantized = f" `dtype_policies.get({name!r})` makes a quantized one." if "_from_" in name else ""
        raise ValueError(
            f"Cannot convert '{name}' to a DTypePolicy: it is neither 'mixed_float16', 'mixed_bfloat16' nor the name of a "
            f"dtype such as 'float32'.{quantized}"
        ) from error


FloatDTypePolicy = DTypePolicy


class QuantizedDTypePolicy(DTypePolicy):
    """Says in how many bits the weights of a layer are kept (see `Layer.quantize`): it is born so if it is given this policy.

    Args:
        mode: "int8", "int4", "float8", "gptq" or "awq".
        source_name: the policy of all that is not quantized; None is the global one.

    Raises:
        ValueError: an unknown mode, or int8 with computations in float16.
    """

    keras_module = "keras.dtype_policies"
    _settings = 0  # numbers behind the mode, as in "gptq/4/128"

    def __init__(self, mode, source_name=None):
        source_name = source_name or dtype_policy().name
        self.mode, numbers = mode, []
        if self._settings:
            self.mode, *numbers = mode.split("/")
            known = self.mode == self._expected[0] and len(numbers) == self._settings
            if not known or not all(re.fullmatch(r"-?\d+", number) for number in numbers):
                raise ValueError(
                    f"Invalid mode for {type(self).__name__}. Expected format '{'/'.join(self._expected)}', with integers. "
                    f"Received: '{mode}'"
                )
        if self.mode not in QUANTIZATION_MODES:
            raise ValueError(f"Invalid quantization mode. Expected one of {QUANTIZATION_MODES}. Received: mode={mode}")
        super().__init__(source_name)
        if self.mode == "int8" and self.compute_dtype == "float16":
            raise ValueError("Quantization mode='int8' doesn't work well with compute_dtype='float16'.")
        self.name, self.source_name, self.quantization_mode = f"{mode}_from_{source_name}", source_name, self.mode
        self._check(*map(int, numbers))

    def _check(self) -> None:
        """Keeps the numbers behind the mode."""

    def over(self, name):
        return type(self).from_config({**self.get_config(), "source_name": name})

    def get_config(self):
        return {"mode": self.name.rpartition("_from_")[0], "source_name": self.source_name}


class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """Products in float8, scaled by the largest numbers of the last `amax_history_length` steps."""

    keras_module = "keras.dtype_policies"
    default_amax_history_length = 1024

    def __init__(self, mode, source_name=None, amax_history_length=1024):
        super().__init__(mode, source_name)
        if not isinstance(amax_history_length, int):
            raise TypeError(f"`amax_history_length` must be an integer. Received: amax_history_length={amax_history_length!r}")
        self.amax_history_length = amax_history_length

    def get_config(self):
        return {**super().get_config(), "amax_history_length": self.amax_history_length}


class Int4DTypePolicy(QuantizedDTypePolicy):
    """`"int4/<block_size>"`: a scale for so many weights; -1 is one for each output."""

    keras_module = "keras.dtype_policies"
    _settings, _expected = 1, ("int4", "<block_size>")

    def _check(self, block_size):
        self.block_size = _size_of_group("block_size", block_size)


class GPTQDTypePolicy(QuantizedDTypePolicy):
    """`"gptq/<weight_bits>/<group_size>"`: 2, 3, 4 or 8 bits, and a scale for so many weights; -1 is one for all."""

    keras_module = "keras.dtype_policies"
    _settings, _expected, _bits = 2, ("gptq", "<weight_bits>", "<group_size>"), (2, 3, 4, 8)

    def _check(self, weight_bits, group_size):
        if weight_bits not in self._bits:
            raise ValueError(
                f"Invalid weight_bits in mode. {type(self).__name__} only supports {', '.join(f'{n}-bit' for n in self._bits)} "
                f"weights. Received: {weight_bits}"
            )
        self.weight_bits, self.group_size = weight_bits, _size_of_group("group_size", group_size)


class AWQDTypePolicy(GPTQDTypePolicy):
    """`"awq/4/<group_size>"`."""

    keras_module = "keras.dtype_policies"
    _expected, _bits = ("awq", "<weight_bits>", "<group_size>"), (4,)


def _size_of_group(name: str, size: int) -> int:
    if size < -1 or size == 0:
        raise ValueError(f"Invalid {name} in mode. Supported values are -1 and positive integers. Received: {size}")
    return size


_BY_MODE = {"int4/": Int4DTypePolicy, "gptq": GPTQDTypePolicy, "awq": AWQDTypePolicy, "float8": QuantizedFloat8DTypePolicy}


class DTypePolicyMap(DTypePolicy, MutableMapping):
    """Policies by the paths of layers: a layer that is given it takes the one for its own path when it is built.

    A key is a path, or a regular expression that matches a whole path. Layers that none matches have the default.

    Args:
        default_policy: a policy or its name; None is the global one.
        policy_map: dict of policies (or names) by path.

    Raises:
        ValueError: a key that is there already, a value that is no policy, a path that more than one key matches.
        TypeError: `policy_map` is no dict.
    """

    keras_module = "keras.dtype_policies"

    def __init__(self, default_policy=None, policy_map=None):
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError("`default_policy` cannot be a `DTypePolicyMap`.")
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(f"If specified, `policy_map` must be a dict. Received: {policy_map!r} of type {type(policy_map)}")
        self._given = default_policy if default_policy is None else get(default_policy)
        self._policies = {key: get(policy) for key, policy in (policy_map or {}).items()}

    @property
    def default_policy(self) -> DTypePolicy:
        return dtype_policy() if self._given is None else self._given

    name = property(lambda self: f"map_{self.default_policy.name}")
    compute_dtype = property(lambda self: self.default_policy.compute_dtype)
    variable_dtype = property(lambda self: self.default_policy.variable_dtype)
    compute_torch_dtype = property(lambda self: self.default_policy.compute_torch_dtype)
    is_mixed = property(lambda self: self.default_policy.is_mixed)
    quantization_mode = property(lambda self: self.default_policy.quantization_mode)

    def of_layer(self, path):
        return self if path is None else self[path].of_layer(path)

    def __getitem__(self, key):
        if key in self._policies:
            return self._policies[key]
        matching = [pattern for pattern in self._policies if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(f"Path '{key}' matches multiple dtype policy specification keys: {matching}. Let only one match.")
        return self._policies[matching[0]] if matching else self.default_policy

    def __setitem__(self, key, policy):
        if key in self._policies:
            raise ValueError(f"{key} already exist in the DTypePolicyMap with value {self._policies[key]}: delete it first.")
        try:
            self._policies[key] = get(policy)
        except Exception as error:
            raise ValueError(
                "Cannot interpret the assigned value by `keras.dtype_policies.get`. "
                f"Received: {policy} of type {type(policy)}"
            ) from error

    def __delitem__(self, key):
        del self._policies[key]

    def __contains__(self, key):
        return key in self._policies

    def __len__(self):
        return len(self._policies)

    def __iter__(self):
        return iter(self._policies)

    __eq__, __hash__ = object.__eq__, object.__hash__

    def get_config(self):
        policies = registry.serialize(self._policies)
        if self._given is None:  # then what is the global one is for where the config is read to say, of the others as well
            for said in policies.values():
                said["config"]["source_name" if "source_name" in said["config"] else "name"] = None
        return {"default_policy": registry.serialize(self._given), "policy_map": policies}

    def __repr__(self):
        mapping = [(key, policy.name) for key, policy in self._policies.items()]
        return f"<DTypePolicyMap default_policy={self.default_policy.name}, mapping={mapping}>"


_global = {"policy": None}


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are given none."""
    return _global["policy"] or DTypePolicy(config.floatx())


def set_dtype_policy(policy) -> None:
    """Sets the policy (or its name) of layers made from now on that are given none."""
    if policy is not None and not isinstance(policy, (str, dict, DTypePolicy)):
        raise ValueError(
            "Invalid `policy` argument. Expected the name of a policy (such as 'mixed_float16') or a DTypePolicy. "
            f"Received: policy={policy} (of type {type(policy)})"
        )
    _global["policy"] = get(policy)


def get(identifier) -> DTypePolicy:
    """A policy from a policy, a name, a dtype, a config, or None (the global one)."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict) and identifier.get("class_name") not in (None, "DTypePolicy", "FloatDTypePolicy", "Policy"):
        return deserialize(identifier)
    if isinstance(identifier, dict):
        settings = identifier.get("config", identifier)
        if not isinstance(settings, dict) or "name" not in settings:
            raise ValueError(f"Cannot interpret `dtype` argument {identifier!r}: the config of a policy has a 'name'.")
        return DTypePolicy(settings["name"])
    if isinstance(identifier, str) and "_from_" in identifier:
        mode, _, source = identifier.partition("_from_")
        if not source:
            raise ValueError(f"Cannot convert {identifier!r} to a QuantizedDTypePolicy: no policy stands behind `_from_`.")
        made = next((policy for begin, policy in _BY_MODE.items() if mode.startswith(begin)), QuantizedDTypePolicy)
        return made(mode, source)
    try:
        return DTypePolicy(identifier)
    except (ValueError, TypeError) as error:
        raise ValueError(f"Cannot interpret `dtype` argument {identifier!r}. {error}") from error


def of_layer(identifier) -> DTypePolicy:
    """`get`, for a layer."""
    return get(identifier).of_layer(None)


def by_name(described: dict) -> DTypePolicy | str:
    """The policy that `serialize` wrote; of a plain one its name."""
    if described.get("class_name") == "DTypePolicy" and registry.get_registered_object("DTypePolicy") is None:
        inner = described.get("config")
        if isinstance(inner, dict) and inner.keys() == {"name"} and isinstance(inner["name"], str):
            return inner["name"]
    policy = registry.deserialize(described)
    own = isinstance(policy, DTypePolicyMap) or getattr(policy, "quantization_mode", None)
    return policy if own else getattr(policy, "name", policy)


def serialize(dtype_policy: DTypePolicy) -> dict:
    """The policy as plain data."""
    return registry.serialize(dtype_policy)


def deserialize(config: dict, custom_objects: dict | None = None) -> DTypePolicy:
    """The policy that `serialize` wrote."""
    return registry.deserialize(config, custom_objects)


config.dtype_policy, config.set_dtype_policy = dtype_policy, set_dtype_policy  # Keras shows them there too
