"""How a model is to be quantized: one class for each way."""

from __future__ import annotations

from torchkeras_lite import registry
from torchkeras_lite.quantizers.base import AbsMaxQuantizer, table


class QuantizationConfig(registry.Configurable):
    """Base class. A subclass says its `mode`.

    Args:
        weight_quantizer, activation_quantizer: Quantizers, or None.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.__module__ == __name__:
            table.add(cls)

    def __init__(self, weight_quantizer=None, activation_quantizer=None):
        self.weight_quantizer, self.activation_quantizer = weight_quantizer, activation_quantizer

    @property
    def mode(self) -> str:
        """The name of the way: `"int8"`, `"int4"`, `"float8"`, `"gptq"`, `"awq"`."""
        raise NotImplementedError(
            "Subclasses must implement this property. Do not instantiate QuantizationConfig directly."
        )

    @staticmethod
    def weight_quantizer_or_default(config, default):
        """The weight quantizer of a config; `default` where there is none."""
        return default if config is None or config.weight_quantizer is None else config.weight_quantizer

    @staticmethod
    def activation_quantizer_or_default(config, default):
        """The activation quantizer of a config, None too; `default` where there is no config."""
        return default if config is None else config.activation_quantizer


def _check_int8(config):
    quantizer = config.weight_quantizer
    if quantizer is not None and quantizer.output_dtype != "int8":
        raise ValueError(
            f"{type(config).__name__} requires a weight_quantizer with output_dtype='int8'. "
            f"Received: output_dtype={quantizer.output_dtype}"
        )


class Int8QuantizationConfig(QuantizationConfig):
    """Weights and activations as bytes. `activation_quantizer="default"`: an AbsMaxQuantizer; None: weights only.

    Raises:
        ValueError: a weight quantizer of another dtype.
    """

    mode = "int8"

    def __init__(self, weight_quantizer=None, activation_quantizer="default"):
        activation_quantizer = AbsMaxQuantizer() if activation_quantizer == "default" else activation_quantizer
        super().__init__(weight_quantizer, activation_quantizer)
        _check_int8(self)


class Int4QuantizationConfig(QuantizationConfig):
    """Weights in four bits.

    Args:
        activation_quantizer: `"default"` is None here: only the weights are quantized.
        block_size: how many inputs share a scale; None or -1: all.

    Raises:
        ValueError: a block size below 1 that is not -1; own quantizers together with blocks; a weight quantizer of another
            range or dtype.
    """

    mode = "int4"

    def __init__(self, weight_quantizer=None, activation_quantizer="default", block_size=128):
        super().__init__(weight_quantizer, None if activation_quantizer == "default" else activation_quantizer)
        if block_size is not None and block_size != -1 and block_size <= 0:
            raise ValueError(f"block_size must be None, -1, or a positive integer. Received: block_size={block_size}")
        self.block_size = block_size
        own = self.weight_quantizer is not None or self.activation_quantizer is not None
        if own and block_size is not None and block_size > 0:
            raise ValueError(
                "Int4 sub-channel quantization (block_size > 0) does not support custom quantizers. Set block_size to None or "
                f"-1, or leave the quantizers out. Received: block_size={block_size}"
            )
        if weight_quantizer is not None and tuple(weight_quantizer.value_range) != (-8, 7):
            raise ValueError(
                "Int4QuantizationConfig requires a weight_quantizer with value_range=(-8, 7). "
                f"Received: value_range={weight_quantizer.value_range}"
            )
        _check_int8(self)

    @classmethod
    def from_config(cls, config):
        config = registry.config_of(cls, config)
        return super().from_config({"block_size": None, **config})  # files from before there were blocks


class Float8QuantizationConfig(QuantizationConfig):
    """Training in eight-bit floats; it has no quantizers of its own."""

    mode = "float8"

    def __init__(self):
        super().__init__()


class _Calibrated(QuantizationConfig):
    """A way that looks at data first. Data, tokenizer and layers are not kept in its config: a file has the integers."""

    unsaved = ("dataset", "tokenizer", "quantization_layer_structure")

    def _check(self):
        for name in ("num_samples", "sequence_length"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be a positive integer.")
        if self.group_size < -1 or self.group_size == 0:
            raise ValueError(
                f"Invalid group_size: it is the columns of a group, or -1 for one group a channel. Received: {self.group_size}."
            )

    def dtype_policy_string(self) -> str:
        """The name of the dtype policy that layers quantized this way have, such as `"awq/4/128"`."""
        return f"{self.mode}/{self.weight_bits}/{self.group_size}"

    def _settings(self, cls) -> dict:
        return {**registry.arguments_as_config(self, cls), **dict.fromkeys(self.unsaved)}


class GPTQConfig(_Calibrated):
    """Weights rounded one after the other, each error made good by those that follow (Frantar et al., arXiv:2210.17323).

    Args:
        dataset, tokenizer: what the model's activations are watched on: texts or numbers, and what makes numbers of texts.
        weight_bits: 2, 3, 4 or 8.
        per_channel, symmetric, group_size: see `compute_quantization_parameters`.
        hessian_damping: a number from 0 to 1, added to the diagonal of the Hessian as a share of its mean.
        activation_order: whether the weights of the largest activations come first.
        quantization_layer_structure: {"pre_block_layers": [...], "sequential_blocks": [...]} of the model.

    Raises:
        ValueError: a number out of its range.
    """

    mode = "gptq"

    def __init__(
        self, dataset, tokenizer, *, weight_bits: int = 4, num_samples: int = 128, per_channel: bool = True,
        sequence_length: int = 512, hessian_damping: float = 0.01, group_size: int = 128, symmetric: bool = False,
        activation_order: bool = False, quantization_layer_structure: dict | None = None,
    ):  # fmt: skip
        super().__init__()
        self.dataset, self.tokenizer, self.weight_bits, self.num_samples = dataset, tokenizer, weight_bits, num_samples
        self.per_channel, self.sequence_length, self.hessian_damping = per_channel, sequence_length, hessian_damping
        self.group_size, self.symmetric, self.activation_order = group_size, symmetric, activation_order
        self.quantization_layer_structure = quantization_layer_structure
        if weight_bits not in (2, 3, 4, 8):
            raise ValueError(f"Unsupported weight_bits {weight_bits}. Supported values are 2, 3, 4, and 8.")
        if not 0 <= hessian_damping <= 1:
            raise ValueError("hessian_damping must be between 0 and 1.")
        self._check()

    def get_config(self) -> dict:
        return self._settings(GPTQConfig)


class AWQConfig(_Calibrated):
    """Weights scaled up before they are rounded where the activations are large (Lin et al., arXiv:2306.00978).

    Args:
        dataset, tokenizer, group_size, quantization_layer_structure: as of `GPTQConfig`.
        weight_bits: 4.
        num_grid_points: how many scales are tried.

    Raises:
        ValueError: a number out of its range.
    """

    mode = "awq"

    def __init__(
        self, dataset, tokenizer, *, weight_bits: int = 4, num_samples: int = 128, sequence_length: int = 512,
        group_size: int = 128, num_grid_points: int = 20, quantization_layer_structure: dict | None = None,
    ):  # fmt: skip
        super().__init__()
        self.dataset, self.tokenizer, self.weight_bits, self.num_samples = dataset, tokenizer, weight_bits, num_samples
        self.sequence_length, self.group_size, self.num_grid_points = sequence_length, group_size, num_grid_points
        self.quantization_layer_structure = quantization_layer_structure
        if weight_bits != 4:
            raise ValueError(f"AWQ only supports 4-bit quantization. Received weight_bits={weight_bits}.")
        self._check()
        if num_grid_points <= 0:
            raise ValueError("num_grid_points must be a positive integer.")

    def get_config(self) -> dict:
        return self._settings(AWQConfig)


table.add(QuantizationConfig)


MODES = {
    "int8": Int8QuantizationConfig, "float8": Float8QuantizationConfig, "int4": Int4QuantizationConfig, "gptq": GPTQConfig,
    "awq": AWQConfig,
}  # fmt: skip


def validate_and_resolve_config(mode, config) -> QuantizationConfig:
    """What is meant by a mode, a config, or both.

    Raises:
        ValueError: no mode and no config, an unknown mode, a config of another mode or class, or a mode that looks at data
            without a config that has them.
    """
    if isinstance(config, str):
        mode, config = config, None
    if config is None:
        _check_mode(mode)
        if mode is None:
            raise ValueError("You must provide either `mode` or `config` to `quantize`.")
        if issubclass(MODES[mode], _Calibrated):
            name = MODES[mode].__name__
            raise ValueError(f"For {mode.upper()}, you must pass a `{name}` object in the `config` argument: it has the data.")
        return MODES[mode]()
    if not isinstance(config, QuantizationConfig):
        raise ValueError(
            f"Argument `config` must be an instance of `QuantizationConfig`. Received: config={config} (of type {type(config)})"
        )
    if mode is not None and config.mode != mode:
        _check_mode(mode)
        raise ValueError(f"Contradictory arguments: mode={mode!r} but config.mode={config.mode!r}")
    _check_mode(config.mode)
    if issubclass(MODES[config.mode], _Calibrated) and not isinstance(config, MODES[config.mode]):
        raise ValueError(
            f"Mode {config.mode!r} requires a valid `config` argument of type `{MODES[config.mode].__name__}`. "
            f"Received: {type(config)}"
        )
    return config


def _check_mode(mode):
    if mode is not None and mode not in MODES:
        raise ValueError(f"Invalid quantization mode. Expected one of {tuple(MODES)}. Received: mode={mode}")
