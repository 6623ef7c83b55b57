"""Torch's modules with a weight of few bits.

The module stays the module it was, under the names it had; only its `weight` is computed from then on, from integers, scales
and zero points that are its buffers. So whatever uses the module goes on, and a layer that is not quantized pays nothing. Where
what comes in is made integers too, the product is one of integers.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from torchkeras_lite.layers.low_rank import ADAPTED, AdaptedEmbedding, AdaptedLinear
from torchkeras_lite.quantizers.int4 import pack_int4, unpack_int4
from torchkeras_lite.quantizers.scaling import abs_max_quantize_grouped_with_zero_point
from torchkeras_lite.variable import Permuted

BYTE, WORD = torch.int8, torch.uint8


class Form:
    """What there is to know of a weight before it can be kept in few bits.

    Args:
        name: Keras's name of it.
        shape: its shape in Keras.
        layout: from Keras's layout to torch's (None: they are one).
        share: the axes of which all numbers share a scale: those that a product sums up.
        matrix: (rows, columns) as which it is packed; its own shape if left out.
        along, paired: the axis of the matrix that blocks divide, and that of which two numbers go into a byte.
        equation: the letters of the input, the kernel and the output, for a product that is no matrix's.
        zero_dtype: of the zero points of blocks.
        indexed: whether there is a table of which number is in which block.
    """

    def __init__(
        self, name, shape, layout, share, matrix=None, along=0, paired=-1, equation=None, zero_dtype=BYTE, indexed=True
    ):
        self.name, self.shape, self.layout, self.share = name, tuple(shape), layout, share
        self.matrix = self.shape if matrix is None else tuple(matrix)
        self.along, self.paired, self.equation = along, paired, equation
        self.zero_dtype, self.indexed = zero_dtype, indexed

    def to_torch(self, tensor):
        tensor = tensor.reshape(self.shape)
        return tensor if self.layout is None else self.layout.from_keras(tensor)

    def kept_scale(self, scale):
        """A scale of as many axes as the weight has, in the shape in which Keras keeps it."""
        if self.equation is None:
            return scale.squeeze(self.share)
        _, kernel, outputs = self.equation
        return _in_order(scale, kernel, outputs)

    def scale_of(self, scale):
        """The way back, of no more axes than torch's layout wants."""
        if self.equation is None or self.layout is not None:
            return scale.reshape(-1, 1)  # a row of torch's matrix is an output
        _, kernel, outputs = self.equation
        return _in_order(scale, outputs, kernel)

    def scale_of_inputs(self, scale):
        if self.equation is None or self.layout is not None:
            return scale
        inputs, _, outputs = self.equation
        return _in_order(scale, inputs, outputs)


def _in_order(tensor, letters, wanted):
    """Its axes, one for each of `letters`, in the order `wanted`; 1 for a letter that is new, and those left out are 1."""
    kept = [letters.index(letter) for letter in wanted if letter in letters]
    left = [axis for axis in range(len(letters)) if axis not in kept]
    sizes = [tensor.shape[letters.index(letter)] if letter in letters else 1 for letter in wanted]
    return tensor.permute(kept + left).reshape(sizes)


# ---------------------------------------------------------------- how a weight is kept


class Bytes:
    """int8, and a scale for the numbers along `form.share`. The integers are in torch's layout, as the floats were."""

    packs = False
    tables = {"weight_scale": "{}_scale"}  # the buffers beside the integers, and their names in Keras

    def __init__(self, form):
        self.form = form

    def empty(self, dtype, device) -> dict:
        """The buffers of a weight that is not known yet."""
        form = self.form
        share = (form.share,) if isinstance(form.share, int) else form.share
        share = [axis % len(form.shape) for axis in share]
        sizes = [1 if axis in share else size for axis, size in enumerate(form.shape)]
        weight = torch.zeros(form.shape, dtype=BYTE, device=device)
        return {
            "weight": form.to_torch(weight).contiguous(),
            "weight_scale": form.kept_scale(torch.ones(sizes, dtype=dtype, device=device)),
        }

    def encoded(self, weight, quantizer) -> dict:
        """The buffers of a weight, given in Keras's layout."""
        integers, scale = quantizer(weight, to_numpy=True)
        form = self.form
        return {
            "weight": form.to_torch(integers).contiguous(),
            "weight_scale": form.kept_scale(scale).to(weight.dtype).contiguous(),
        }

    def decoded(self, kept):
        """The floats, in torch's layout."""
        scale = self.form.scale_of(kept["weight_scale"])
        return kept["weight"].to(scale.dtype) / scale

    def rows(self, kept, indices):
        vectors = F.embedding(indices, kept["weight"])
        return vectors / F.embedding(indices, kept["weight_scale"].unsqueeze(-1))

    def float_product(self, module, x):
        """x times the weight, where x stays as it is."""
        weight, own = module._buffers["weight"], module._buffers["weight_scale"]
        y = module.through(x, weight.to(x.dtype))
        return y / (own if module.multiplies_in_parts else own.reshape(-1)).to(y.dtype)

    def product(self, module, integers, scale):
        """Of what comes in as integers, with its scale, and the weight."""
        kept, form = module._buffers, self.form
        own = kept["weight_scale"]
        if not module.multiplies_in_parts:
            return integer_product(integers, kept["weight"], module.exactly) / (own.reshape(-1) * scale)
        y = module.through(integers.to(own.dtype), kept["weight"].to(own.dtype))
        return y / (own * form.scale_of_inputs(scale))


class Nibbles:
    """int4, two in a byte, in Keras's layout: a scale for all along an axis, or a scale and a zero point for each block.

    Args:
        block: how many numbers are in a block; None: all along the axis, and no zero point.
    """

    packs = True

    def __init__(self, form, block=None):
        self.form, self.block = form, None if block in (None, -1) else block
        self.tables = {"weight_scale": "{}_scale"}
        if self.block:
            self.tables |= {"weight_zero": "{}_zero", "g_idx": "g_idx"}
            if not form.indexed:
                del self.tables["g_idx"]

    def empty(self, dtype, device) -> dict:
        form, sizes = self.form, list(self.form.matrix)
        length = sizes[form.along]
        sizes[form.paired] = math.ceil(sizes[form.paired] / 2)
        kept = {"weight": torch.zeros(sizes, dtype=BYTE, device=device)}
        sizes = list(form.matrix)
        if self.block:
            sizes[form.along] = math.ceil(length / self.block)
        else:
            del sizes[form.along]
        kept["weight_scale"] = torch.ones(sizes, dtype=dtype, device=device)
        if self.block:
            kept["weight_zero"] = torch.zeros(sizes, dtype=form.zero_dtype, device=device)
        return self._own(kept)

    def encoded(self, weight, quantizer) -> dict:
        form, kept = self.form, {}
        weight = weight.reshape(form.matrix)
        if self.block:
            along_rows = form.along == 0
            parts = abs_max_quantize_grouped_with_zero_point(weight if along_rows else weight.T, self.block, to_numpy=True)
            integers, kept["weight_scale"], zero = parts if along_rows else [part.T.contiguous() for part in parts]
            kept["weight_zero"] = zero.to(form.zero_dtype)
        else:
            integers, scale = quantizer(weight, to_numpy=True)
            kept["weight_scale"] = scale.squeeze(form.along)
        kept["weight"] = pack_int4(integers, form.paired)[0].contiguous()
        return self._own(kept)

    def _own(self, kept):
        if "g_idx" in self.tables:
            places = torch.arange(self.form.matrix[self.form.along], device=kept["weight"].device)
            kept["g_idx"] = (places // self.block).float()
        return {key: kept[key] for key in ("weight", *self.tables)}

    def integers(self, packed):
        return unpack_int4(packed, self.form.matrix[self.form.paired], self.form.paired)

    def unpacked(self, packed):
        """The integers in the shape of the weight in Keras."""
        return self.integers(packed).reshape(self.form.shape)

    def decoded(self, kept):
        form = self.form
        return form.to_torch(self._floats(self.integers(kept["weight"]), kept, form.along))

    def _floats(self, integers, kept, along):
        scale, along = kept["weight_scale"], along % integers.ndim
        if not self.block:
            return integers.to(scale.dtype) / scale.unsqueeze(along)
        zero, blocks, length = kept["weight_zero"].to(scale.dtype), scale.shape[along], integers.shape[along]
        if blocks == 1:
            return (integers - zero) * scale
        if length % self.block:
            scale, zero = (t.repeat_interleave(self.block, along).narrow(along, 0, length) for t in (scale, zero))
            return (integers - zero) * scale
        floats = integers.unflatten(along, (blocks, self.block)) - zero.unsqueeze(along + 1)
        return (floats * scale.unsqueeze(along + 1)).flatten(along, along + 1)

    def rows(self, kept, indices):
        integers = unpack_int4(F.embedding(indices, kept["weight"]), self.form.matrix[-1], -1)
        scales = {key: kept[key] if self.block else kept[key].unsqueeze(-1) for key in self.tables if key != "g_idx"}
        picked = {key: F.embedding(indices, table) for key, table in scales.items()}
        if not self.block:
            return integers / picked["weight_scale"]
        return self._floats(integers, picked, -1)

    def float_product(self, module, x):
        return module.through(x, module.weight)

    def product(self, module, integers, scale):
        floats = module.weight
        return module.through(integers.to(floats.dtype), floats) / self.form.scale_of_inputs(scale)


class Calibrated:
    """Unsigned integers of a matrix (columns, rows), with scales and zero points for groups of rows.

    Args:
        bits: of an integer; of four bits two are in a byte.
        group: how many rows are in a group; -1: all.
        awq: whether each row was multiplied by a number of its own before.
    """

    packs = True

    def __init__(self, form, bits, group, awq, zero="{}_zero"):
        self.form, self.bits, self.group = form, bits, group
        self.tables = {"weight_scale": "{}_scale", "weight_zero": zero}
        if awq:
            self.tables["awq_scales"] = "awq_scales"
        self.tables["g_idx"] = "g_idx"

    def empty(self, dtype, device) -> dict:
        rows, columns = self.form.matrix
        groups = 1 if self.group == -1 else math.ceil(rows / self.group)
        kept = {
            "quantized_weight": torch.zeros(math.ceil(columns / 2) if self.bits == 4 else columns, rows, dtype=WORD),
            "weight_scale": torch.ones(columns, groups, dtype=dtype),
            "weight_zero": torch.zeros(columns, groups, dtype=WORD),
            "awq_scales": torch.ones(rows, dtype=dtype),
            "g_idx": torch.zeros(rows),
        }
        return {key: kept[key].to(device) for key in ("quantized_weight", *self.tables)}

    float_product = Nibbles.float_product

    def integers(self, packed):
        return unpack_int4(packed, self.form.matrix[1], 0, "uint8") if self.bits == 4 else packed

    unpacked = integers

    def decoded(self, kept):
        places = kept["g_idx"].long()
        scale, zero = (kept[key].index_select(-1, places) for key in ("weight_scale", "weight_zero"))
        floats = ((self.integers(kept["quantized_weight"]) - zero.to(scale.dtype)) * scale).T
        if "awq_scales" in kept:
            floats = floats / kept["awq_scales"].unsqueeze(-1)
        return self.form.to_torch(floats)


def integer_product(a, weight, exactly):
    """a weightᵀ for bytes, without a rounding: (..., inputs) and (outputs, inputs) make (..., outputs)."""
    rows = a.reshape(-1, a.shape[-1])
    if a.dtype is BYTE and exactly and _takes(rows, weight):
        y = torch._int_mm(rows, weight.T)
    else:
        y = F.linear(rows.float(), weight.float())
    return y.reshape(*a.shape[:-1], len(weight))


def _takes(rows, weight) -> bool:
    """Whether torch's product of bytes takes these: on a GPU it is particular."""
    if rows.device.type == "cuda":
        return len(rows) > 16 and rows.shape[1] % 8 == 0 and len(weight) % 8 == 0
    return rows.device.type == "cpu"


def is_exact() -> bool:
    """Whether this machine's product of bytes is exact: some processors add in 16 bits, and stop at their end."""
    ends = torch.full((2, 64), -128, dtype=BYTE), torch.full((2, 64), 127, dtype=BYTE)
    try:
        return all(bool((torch._int_mm(a, b.T) == 64 * int(a[0, 0]) * int(b[0, 0])).all()) for a in ends for b in ends)
    except (RuntimeError, AttributeError):
        return False


# ---------------------------------------------------------------- torch's modules


class Einsum(nn.Module):
    """The product of an equation whose kernel is no matrix, as a module with a `weight`."""

    bias = None

    def __init__(self, equation):
        super().__init__()
        self.equation = equation


class FewBits:
    """A torch module whose `weight` is computed from its buffers.

    Attributes:
        code: how.
        quantizer: makes integers of what comes in, and gives their scale; None: the product is one of floats.
        axis: along which they share it.
        adaptation: see `low_rank.AdaptedModule`.
    """

    code = quantizer = adaptation = None
    axis, exactly, multiplies_in_parts = -1, False, False

    @property
    def weight(self):
        return self.code.decoded(self._buffers)

    def product(self, x):
        """x times the weight, without the bias."""
        if self.quantizer is None:
            y = self.code.float_product(self, x)
        else:
            with torch.no_grad():
                integers, scale = self.quantizer(x.detach(), axis=self.axis)
                y = self.code.product(self, integers, scale).to(x.dtype)
            if torch.is_grad_enabled() and x.requires_grad:  # zero, with the gradient of the product of floats
                y = y + self.through(x - x.detach(), self.weight)
        return y if self.adaptation is None else y + self.adapted_part(x)

    def adapted_part(self, x):
        a, b, scale, layout = self.adaptation
        a, b = self._parameters[a], self._parameters[b]
        x = x.to(a.dtype)
        if isinstance(layout, Permuted) and a.ndim == 2:
            y = x @ a @ b
        else:
            y = self.through(x, a @ b if layout is None else layout.from_keras(a @ b))
        return (y * scale).to(self._buffers["weight_scale"].dtype)

    @staticmethod
    def through(x, weight):
        return F.linear(x, weight)

    def forward(self, x):
        y = self.product(x)
        return y if self.bias is None else y + self.bias.to(y.dtype)


class FewBitsLinear(FewBits, nn.Linear):
    pass


class FewBitsEinsum(FewBits, Einsum):
    multiplies_in_parts = True  # no matrix product: its scales have the axes of the output

    def through(self, x, weight):
        return torch.einsum(self.equation, x, weight)

    def forward(self, x):
        return self.product(x)


class FewBitsEmbedding(FewBits, nn.Embedding):
    def forward(self, indices):  # only of the rows that are asked for
        vectors = self.code.rows(self._buffers, indices)
        if self.adaptation is None:
            return vectors
        a, b, scale, _ = self.adaptation
        change = F.embedding(indices, self._parameters[a]) @ self._parameters[b]
        return vectors + (change * scale).to(vectors.dtype)


FEW_BITS: dict[type, type] = {
    nn.Linear: FewBitsLinear, AdaptedLinear: FewBitsLinear, nn.Embedding: FewBitsEmbedding,
    AdaptedEmbedding: FewBitsEmbedding, Einsum: FewBitsEinsum,
}  # fmt: skip
ADAPTED |= {cls: cls for cls in (FewBitsLinear, FewBitsEinsum, FewBitsEmbedding)}
