"""Quantization: what a layer does whose weights can be kept in few bits."""

from __future__ import annotations

import torch
from torch import nn

from torchkeras_lite import dtype_policies
from torchkeras_lite.config import get_device
from torchkeras_lite.layers.eight_bit_floats import FLOAT8
from torchkeras_lite.layers.few_bits import FEW_BITS, Bytes, Calibrated, Form, Nibbles, is_exact
from torchkeras_lite.quantizers.base import AbsMaxQuantizer
from torchkeras_lite.quantizers.int4 import pack_int4
from torchkeras_lite.quantizers.settings import AWQConfig, GPTQConfig, Int4QuantizationConfig, QuantizationConfig
from torchkeras_lite.variable import Variable

_INT4 = (-8, 7)


class Quantizable:
    """The part of a layer whose main weight can be kept in few bits.

    Quantizing swaps the torch module inside for one with the same `weight`, computed from integers; `call` stays what it was.
    """

    quantized_modes: tuple[str, ...] = ()  # what the class itself can do; a subclass may have another `call`
    quantization_config = None
    is_gptq_calibrated = is_awq_calibrated = False

    def _forms(self, mode: str) -> list[tuple[nn.Module, Form]]:
        """The torch modules inside whose weights are quantized, and what the weights look like."""
        raise NotImplementedError

    @property
    def unsaved(self):
        return super().unsaved if self.quantization_config is not None else (*super().unsaved, "quantization_config")

    def placement(self):
        if self.built or self._policy.quantization_mode not in ("int8", "int4", "gptq", "awq"):
            return super().placement()
        return {**super().placement(), "device": "meta"}  # integers take the place of what is made here

    def _adapt_as_told(self) -> None:
        mode = self._policy.quantization_mode
        if mode is not None:
            self._keep(mode, self.quantization_config, born=True)
            for variable in self._variables:
                if variable.raw.is_meta:
                    table, key = variable._module._parameters, variable._key
                    table[key] = nn.Parameter(torch.empty_like(table[key], device=get_device()))
                    self._begin_with(variable)
        super()._adapt_as_told()

    def quantized_build(self, input_shape, mode, config=None) -> None:
        """Keeps the weights in few bits from now on, all of them zero."""
        self._refuse(mode)
        self._keep(mode, config, born=True)

    def _refuse(self, mode):
        if mode not in self.quantized_modes:
            raise NotImplementedError(
                f"Invalid quantization mode. Expected one of {self.quantized_modes} for a layer {type(self).__name__}. "
                f"Received: quantization_mode={mode}"
            )

    def _quantize(self, config, type_check=True):
        if type_check and "quantized_modes" not in vars(type(self)):
            super()._quantize(config)
        self._refuse(config.mode)
        self._keep(config.mode, config)
        self.quantization_config = config
        if self._policy.quantization_mode is None:
            mode = config.mode
            if mode == "int4":
                mode = f"int4/{self._int4_block_size or -1}"
            elif hasattr(config, "dtype_policy_string"):
                mode = config.dtype_policy_string()
            self.dtype_policy = dtype_policies.get(f"{mode}_from_{self._policy.name}")

    # ------------------------------------------------------------ the swap

    def _keep(self, mode, config, born=False):
        """Swaps the weights.

        Args:
            born: whether there are no weights yet, so that integers of zero will do.
        """
        if mode == "float8":
            known = list(self._variables)
            for module, _ in self._forms(mode):
                self._narrow(module)
            if born:  # then Keras makes the weights last
                self._variables[:] = [v for v in self._variables if not any(v is one for one in known)] + known
            self.__dict__["_is_quantized"] = True
            return
        reads = mode in ("int8", "int4")  # from what comes in integers may be made, too
        found = []
        for module, form in self._forms(mode):
            code = self._code(mode, form, config)
            base = vars(self).get(f"_{form.name}")
            base = getattr(self, form.name) if base is None else base
            if born or not reads:  # "gptq" and "awq" find the integers later, with data
                kept = code.empty(base.raw.dtype, get_device() if base.raw.is_meta else base.device)
            else:
                kept = code.encoded(base.value.detach(), self._weight_quantizer(mode, form, config))
            found.append((module, form, base, code, kept))
        if reads:
            default = AbsMaxQuantizer() if mode == "int8" or self.reads_integers else None
            self.inputs_quantizer = QuantizationConfig.activation_quantizer_or_default(config, default)
        for place, (module, form, base, code, kept) in enumerate(found):
            module.__dict__["code"] = code
            for key, tensor in kept.items():
                if key != "weight":
                    module.register_buffer(key, tensor)
            if reads:
                self._forget(module, form, base, kept["weight"])
                module.quantizer, module.exactly = self.inputs_quantizer, is_exact()
            if place and reads:  # Keras makes these behind those of the first weight
                self._variables[:] = [*(v for v in self._variables if v is not base), base]
            self._show(module, form, code)
            if born and not reads:
                self._forget(module, form, base)
        self.__dict__["_is_quantized"] = True

    def _forget(self, module, form, base, weight=None):
        """The floats go, and the module computes them from now on.

        Args:
            weight: the integers that take their place; None if these are another Variable.
        """
        module._parameters.pop("weight")
        if weight is not None:
            module._buffers["weight"] = weight  # `register_buffer` would ask for the attribute
        module.__class__ = FEW_BITS[type(module)]
        code = module.code
        if weight is None:
            self._variables[:] = [v for v in self._variables if v is not base]
            self.__dict__.pop(f"_{form.name}", None)
            self.__dict__[form.name] = Unpacked(getattr(self, f"quantized_{form.name}"), code)
            return
        base.initializer = base.regularizer = base.constraint = None
        base._wants_training = False
        shown = base
        if code.packs:
            base._layout = None
            shown = Unpacked(base, code)
        self.__dict__[f"_{form.name}"], self.__dict__[form.name] = base, shown

    def _show(self, module, form, code):
        """The buffers as Variables, under Keras's names."""
        names = {key: name.format(form.name) for key, name in code.tables.items()}
        if "quantized_weight" in module._buffers:
            names = {"quantized_weight": form.name, **names}
        for key, name in names.items():
            variable = self._adopt_part(name, module, key)
            variable._wants_training = False
            if key == "quantized_weight":
                name = f"quantized_{form.name}"
            elif key == "weight_zero":
                name = f"{form.name}_zero"
            setattr(self, name, variable)

    def _adopt_part(self, name, module, key):
        variable = self.adopt(name, module, key)
        variable.path = f"{self._path or self.name}/{name}"  # wherever this is called
        return variable

    def _narrow(self, module):
        """The products of a module in float8."""
        if self.lora_enabled:
            raise NotImplementedError(f"Layer {self.name!r} is adapted by LoRA, and in 'float8' there is none. Use 'int8'.")
        history = getattr(self._policy, "amax_history_length", 1024)
        device = module.weight.device
        module.__class__ = FLOAT8[type(module)]
        for name in module.weights:
            for key, tensor in (
                (f"{name}_scale", torch.ones((), device=device)),
                (f"{name}_amax_history", torch.zeros(history, device=device)),
            ):
                module.register_parameter(key, nn.Parameter(tensor))
                variable = self._adopt_part(key, module, key)
                variable.overwrite_with_gradient = True
                setattr(self, key, variable)

    # ------------------------------------------------------------ settings

    reads_integers = False  # whether int4 makes integers of what comes in where nothing is said

    def _code(self, mode, form, config):
        policy = self._policy
        if mode == "int8":
            return Bytes(form)
        if mode == "int4":
            block = config.block_size if isinstance(config, Int4QuantizationConfig) else getattr(policy, "block_size", None)
            code = Nibbles(form, block)
            rows, columns = form.matrix
            self.__dict__.update(_int4_block_size=block, _orig_input_dim=rows, _orig_output_dim=columns)
            return code
        said = config if isinstance(config, (GPTQConfig, AWQConfig)) else policy
        if not hasattr(said, "group_size"):
            raise ValueError(
                f"Layer {self.name!r}: '{mode}' needs a group_size, which a config says, or a policy '{mode}/4/128_from_'..."
            )
        return Calibrated(form, said.weight_bits, said.group_size, mode == "awq", self.zero_name)

    zero_name = "{}_zero"

    def _weight_quantizer(self, mode, form, config):
        if mode == "int8":
            return QuantizationConfig.weight_quantizer_or_default(config, AbsMaxQuantizer(form.share))
        return QuantizationConfig.weight_quantizer_or_default(config, AbsMaxQuantizer(form.along, _INT4))

    # ------------------------------------------------------------ calibration

    def matrix_shape(self, mode: str) -> tuple[int, int]:
        """The rows and columns that the kernel is taken to have where it is calibrated."""
        return self._forms(mode)[0][1].matrix

    def take_calibrated(self, weight, **tables) -> None:
        """The integers (columns, rows) that "gptq" or "awq" found, and their tables; from now on the layer computes with them.

        Args:
            tables: `weight_scale`, `weight_zero`, `g_idx`, and for "awq" `awq_scales`.
        """
        mode = self.quantization_mode
        ((module, _),) = self._forms(mode)
        if module.code.bits == 4:
            weight = pack_int4(weight.to(torch.uint8), 0, "uint8")[0]
        for key, value in {"quantized_weight": weight, **tables}.items():
            module._buffers[key].copy_(value)
        self._use_calibrated(mode)

    def _join(self, base, factors, scale):
        if not self._is_quantized:
            super()._join(base, factors, scale)
            return
        module = base._module
        module.adaptation = (factors[0].name, factors[1].name, scale, module.code.form.layout)

    def enable_lora(self, rank, *args, **kwargs):
        mode = self.quantization_mode
        if self._is_quantized and mode not in ("int8", "int4"):
            raise NotImplementedError(
                f"lora is not currently supported with {mode.upper() if mode == 'gptq' else mode} quantization, which layer "
                f"{self.name!r} has. It goes with 'int8' and 'int4'."
            )
        super().enable_lora(rank, *args, **kwargs)

    # ------------------------------------------------------------ files

    def saved_variables(self):
        if not self._is_quantized:
            return super().saved_variables()
        left_out = self._factors() if self.lora_enabled else []
        if self.quantization_mode in ("gptq", "awq"):
            left_out = [vars(self).get(f"_{self.adapts}")]  # until there are integers
        found = [variable for variable in self._variables if not any(variable is one for one in left_out)]
        return sorted(found, key=lambda variable: variable.overwrite_with_gradient)

    def save_own_variables(self, store) -> None:
        if not (self._is_quantized and self.lora_enabled):
            super().save_own_variables(store)
            return
        merged = self._merged()
        put = getattr(store, "put", None)
        for i, variable in enumerate(self.saved_variables()):
            if id(variable) in merged:
                variable = Variable(merged[id(variable)], trainable=False, name=variable.name)
            put(str(i), variable) if put else store.__setitem__(str(i), variable.numpy())

    def _merged(self) -> dict:
        """The weight and its adaptation as one weight, quantized anew: tensors in Keras's layout by the ids of Variables."""
        mode = self.quantization_mode
        module, form = self._forms(mode)[0]
        floats = module.code.decoded(module._buffers)
        floats = floats if form.layout is None else form.layout.to_keras(floats)
        a, b = self._factors()
        floats = floats + (a.raw @ b.raw).detach() * module.adaptation[2]
        kept = module.code.encoded(floats, self._weight_quantizer(mode, form, None))
        return {
            id(variable): variable.to_keras(kept[variable._key]) for variable in self._variables if variable._module is module
            and variable._key in kept
        }  # fmt: skip

    def load_own_variables(self, store) -> None:
        super().load_own_variables(store)
        mode = self.quantization_mode
        if self._is_quantized and mode in ("gptq", "awq"):
            self._use_calibrated(mode)

    def _use_calibrated(self, mode):
        """From now on the layer computes with the integers that it has."""
        ((module, form),) = self._forms(mode)
        if "weight" in module._parameters:
            self._forget(module, form, vars(self)[f"_{form.name}"])
        self.is_gptq_calibrated, self.is_awq_calibrated = mode == "gptq", mode == "awq"


class Unpacked(Variable):
    """The integers of a weight of which a byte holds several."""

    def __init__(self, base: Variable, code):
        self._init(base._module, base._key, None, base.name, base.path)
        self._code, self._wants_training = code, False

    @property
    def raw(self):
        return self._code.unpacked(super().raw)
