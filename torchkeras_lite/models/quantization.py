"""Quantization of all layers of a model."""

from __future__ import annotations

from torchkeras_lite.models import calibration
from torchkeras_lite.models.filters import should_quantize_layer
from torchkeras_lite.notices import warn


def quantize(model, config, filters=None, type_check: bool = True) -> None:
    """Quantizes the layers of a model that hold no other layers; by "gptq" and "awq" those in its blocks.

    Args:
        config: a QuantizationConfig.
        filters: see `should_quantize_layer`.
        type_check: as of `Layer.quantize`.

    Raises:
        ValueError: `filters` are something else, a layer is not built or refuses the config.
    """
    if not (filters is None or isinstance(filters, (str, list, tuple)) or callable(filters)):
        raise ValueError(
            f"The `filters` argument must be a regex string, a list of regex strings, or a callable. Received: {type(filters)}"
        )
    if config.mode in calibration.WATCHERS:
        structure = config.quantization_layer_structure
        if structure is None:
            structure = model.get_quantization_layer_structure(config.mode)
        changed = calibration.calibrate(config, structure, filters, type_check)
    else:
        changed = False
        for layer in model._flatten_layers():
            if not should_quantize_layer(layer, filters) or len(layer._flatten_layers()) > 1:
                continue
            try:
                layer.quantize(config.mode, config=config, type_check=type_check)
                changed = True
            except NotImplementedError as error:
                warn(str(error))
    if changed:
        for holder in model._flatten_layers():
            if getattr(holder, "_captured", None) is not None:  # what `compile` settled are weights that are no more
                holder._capture()
