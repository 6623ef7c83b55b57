"""TimeDistributed: a layer applied to each step of a sequence."""

from __future__ import annotations

import torch
from torch import nn

from torchkeras_lite.layers.core import Lambda
from torchkeras_lite.layers.torch_module import TorchModuleWrapper
from torchkeras_lite.layers.wrapper import Wrapper
from torchkeras_lite.modes import all_modules

_OURS = ("torchkeras_lite", "torch")


class TimeDistributed(Wrapper):
    """Applies a layer to each step of a sequence, with the same weights.

    Shapes: input (batch, time, ...); the layer gets (batch, ...), and what it makes of each step stands at that step.

    Layers that treat rows independently get all steps at once, as so many more rows: most do. Where the rows of a batch meet,
    or where nobody knows (a batch's statistics in training, states, a user's own layers), they are called step by step.

    Raises:
        ValueError: `layer` is no Keras layer, an input without a time axis, or a mask that does not begin with (batch, time).
    """

    def __init__(self, layer, **kwargs):
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        if not isinstance(input_shape, (tuple, list)) or len(input_shape) < 3:
            raise ValueError(
                f"Layer {self.name!r}: the input must have at least 3 axes: (batch, time, ...). Received: an input of shape "
                f"{input_shape}"
            )
        super().build((input_shape[0], *input_shape[2:]))
        modules = all_modules(self.layer)
        alone = all(_by_rows(module) for module in modules)
        learning = any(buffer is not None for module in modules for buffer in module._buffers.values())
        self.__dict__.update(_at_once=alone, _at_once_in_training=alone and not learning)

    def call(self, inputs, training=None, mask=None):
        if mask is not None and mask.shape[:2] != inputs.shape[:2]:
            raise ValueError(
                f"The `mask` passed to the `TimeDistributed` layer has a shape of {tuple(mask.shape)}, but it must begin with "
                f"the batch and the time of the inputs, of shape {tuple(inputs.shape)}. (Layer {self.name!r}.)"
            )
        takes_mask = mask is not None and self.layer._signature.mask
        if self._at_once_in_training if self.training else self._at_once:
            outputs = self._on(inputs.flatten(0, 1), mask.flatten(0, 1) if takes_mask else None)
            return outputs.unflatten(0, inputs.shape[:2])
        masks = mask.unbind(1) if takes_mask else [None] * inputs.shape[1]
        return torch.stack([self._on(x, one) for x, one in zip(inputs.unbind(1), masks, strict=True)], 1)

    def _on(self, x, mask):
        return self.layer(x) if mask is None else self.layer(x, mask=mask)


def _by_rows(module: nn.Module) -> bool:
    """Whether a module surely computes each row from that row alone, but for what it learns from a batch."""
    axis = getattr(module, "axis", -1)
    return (
        type(module).__module__.partition(".")[0] in _OURS
        and not isinstance(module, (Lambda, TorchModuleWrapper))
        and not getattr(module, "stateful", False)
        and 0 not in (axis if isinstance(axis, (list, tuple)) else [axis])
    )
