"""keras.quantizers: numbers in few bits, and the settings that say how."""

from torchkeras_lite import registry
from torchkeras_lite.quantizers import scaling, int4, float8, fake, gptq, awq, base, settings
from torchkeras_lite.quantizers.scaling import (
    abs_max_quantize, abs_max_quantize_grouped_with_zero_point, compute_quantization_parameters, dequantize_with_sz_map,
    dequantize_with_zero_point, quantize_with_sz_map, quantize_with_zero_point,
)
from torchkeras_lite.quantizers.int4 import pack_int4, unpack_int4
from torchkeras_lite.quantizers.float8 import compute_float8_amax_history, compute_float8_scale, quantize_and_dequantize
from torchkeras_lite.quantizers.fake import fake_quant_with_min_max_vars
from torchkeras_lite.quantizers.base import AbsMaxQuantizer, Quantizer
from torchkeras_lite.quantizers.settings import (
    AWQConfig, Float8QuantizationConfig, GPTQConfig, Int4QuantizationConfig, Int8QuantizationConfig, QuantizationConfig,
)


def get(identifier, **kwargs):
    """The quantizer that a name, config, class, object or None (None) means; `kwargs` are for a class that is named.

    Raises:
        ValueError: what means none.
    """
    if isinstance(identifier, str) and kwargs:
        return base.table.find(identifier)(**kwargs)
    return base.table.get(identifier)


def serialize(quantizer):
    return registry.serialize(quantizer)


def deserialize(config, custom_objects=None):
    return registry.deserialize(config, custom_objects, base.table)
