"""In which precision a layer keeps its weights and computes, down to a few bits."""

from __future__ import annotations

import functools

from torchkeras_lite import dtype_policies
from torchkeras_lite.quantizers.settings import validate_and_resolve_config
from torchkeras_lite.references import Known


class Precise:
    """The part of Layer that deals with dtype policies, and with `quantize`."""

    _is_quantized = False

    @property
    def quantization_mode(self) -> str | None:
        """How its weights are kept in few bits: "int8", "int4", ...; None if they are not."""
        return self._policy.quantization_mode

    def quantize(self, mode: str | None = None, type_check: bool = True, config=None) -> None:
        """Keeps the weights of a built layer in few bits from now on. What it gives changes by the rounding.

        - "int8", "int4": integers with scales. They are not trained further; by `enable_lora` the layer can go on learning.
        - "float8": the layer goes on learning, and its products are rounded to eight bits.
        - "gptq", "awq": integers that are found with data, by `model.quantize`.

        Args:
            mode: one of these; may be left out if there is a config.
            type_check: whether subclasses of the layers that know how are refused: their `call` may be another.
            config: a QuantizationConfig, for what is not to be as by default.

        Raises:
            ValueError: the layer is not built, is quantized already, mode or config mean nothing, or float16 does not go with
                the mode.
            NotImplementedError: a layer that does not know how.
        """
        config = validate_and_resolve_config(mode, config)
        mode = config.mode
        if not self.built:
            raise ValueError(
                f"Cannot quantize a layer that isn't yet built. Layer {self.name!r} (of type {type(self).__name__}) is not "
                "built yet: call it, or its model, on some data first."
            )
        if self._is_quantized:
            raise ValueError(
                f"Layer {self.name!r} is already quantized with dtype_policy={self._policy.name!r}. Received: mode={mode}"
            )
        if mode == "int8" and self.compute_dtype == "float16":
            raise ValueError(
                f"Layer {self.name!r}: quantization mode='int8' doesn't work well with compute_dtype='float16', whose numbers "
                "end at 65504. Take 'mixed_bfloat16' or 'float32' for the model before you quantize it."
            )
        self._quantize(config, type_check)

    def _quantize(self, config, type_check: bool = True) -> None:
        """`quantize`, where all is well. Layers that know how override it."""
        raise NotImplementedError(
            f"Layer {type(self).__name__} does not have a `quantize` method implemented. Dense, EinsumDense, Embedding and "
            "ReversibleEmbedding have one; of their subclasses only with `type_check=False`."
        )

    def quantized_call(self, *args, **kwargs):
        """`call` in few bits: the method `_int8_call`, or of whatever mode it is, of classes that have one."""
        if self.quantization_mode is None:
            raise NotImplementedError(f"Invalid quantization mode. Layer {self.name!r} is not quantized: its mode is None.")
        own = getattr(self, f"_{self.quantization_mode}_call", None)
        if own is not None:
            return own(*args, **kwargs)
        if self._is_quantized:
            return self.call(*args, **kwargs)
        raise NotImplementedError(
            f"Layer {type(self).__name__} does not have a `_{self.quantization_mode}_call` method implemented."
        )

    def _has_quantized_call(self) -> bool:
        """Whether a class of a user's says itself how to compute in few bits. Ours have other modules then."""
        cls = type(self)
        return cls.quantized_call is not Precise.quantized_call or hasattr(cls, f"_{self.quantization_mode}_call")

    def _choose_call(self) -> None:
        """After a change of policy: the quantized call takes the place of `call`, or leaves it."""
        known = self.__dict__.get("call")
        if self._policy.quantization_mode is not None and self._has_quantized_call():
            self.__dict__["call"] = functools.partial(_quantized_call, Known(self))
        elif getattr(known, "func", None) is _quantized_call:
            del self.__dict__["call"]

    def quantized_build(self, input_shape, mode, config=None) -> None:
        """Makes the weights as integers. Layers that know how override it."""
        raise NotImplementedError(f"Layer {type(self).__name__} does not have a `quantized_build` method implemented.")

    @property
    def dtype_policy(self):
        return self.__dict__.get("_policy_map", self._policy)

    @dtype_policy.setter
    def dtype_policy(self, value):
        policy = dtype_policies.get(value)
        shared = self.__dict__.get("_policy_map")
        if shared is not None and self._path is not None and not isinstance(policy, dtype_policies.DTypePolicyMap):
            if self._path in shared:  # a map keeps what is said of one of its layers
                del shared[self._path]
            shared[self._path] = policy
            self.__dict__.update(_policy=policy, _direct=False)
        else:
            self.__dict__.pop("_policy_map", None)
            self.__dict__.update(_policy=policy.of_layer(self._path), _direct=False)
            if self._policy is not policy:
                self.__dict__["_policy_map"] = policy
        self._choose_call()
        mode = self._policy.quantization_mode
        if mode is not None and self.built and not self._is_quantized:
            if mode == "gptq":
                raise ValueError(
                    f"Implicitly enabling GPTQ quantization by setting `dtype_policy` to {value!r} is not supported: it is "
                    "done with data. The way: `model.quantize('gptq', config=GPTQConfig(...))`."
                )
            self.quantize(mode)

    @property
    def dtype(self) -> str:
        return self._policy.variable_dtype

    variable_dtype = dtype

    @property
    def compute_dtype(self) -> str:
        return self._policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that floating-point inputs are cast to."""
        return self.compute_dtype


def _quantized_call(known, *args, **kwargs):
    return known().quantized_call(*args, **kwargs)
