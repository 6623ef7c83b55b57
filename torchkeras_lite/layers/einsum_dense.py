"""EinsumDense: a Dense layer whose product is written as an equation."""

from __future__ import annotations

import math
import re
import string

import torch
from torch import nn

from torchkeras_lite import activations, constraints, initializers, registry, regularizers
from torchkeras_lite.calls import regardless_of_training
from torchkeras_lite.initializers import VarianceScaling
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.eight_bit_floats import add_narrow
from torchkeras_lite.layers.few_bits import Einsum, Form
from torchkeras_lite.layers.low_rank import LowRank
from torchkeras_lite.layers.quantizable import Quantizable
from torchkeras_lite.weights import bare

_FORM = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


class Folded:
    """The Keras view of the matrix of an nn.Linear: its rows and columns unfolded into several axes, those in another order.

    Args:
        rows, columns: what the number of rows (the outputs) and that of columns (the inputs) are the products of.
        order: which of these axes, rows first, stands where in Keras.
    """

    def __init__(self, rows, columns, order):
        self.rows, self.columns, self.order = tuple(rows), tuple(columns), tuple(order)
        self.inverse = tuple(self.order.index(i) for i in range(len(self.order)))

    def to_keras(self, tensor):
        return tensor.reshape(self.rows + self.columns).permute(self.order)

    def from_keras(self, tensor):
        return tensor.permute(self.inverse).reshape(math.prod(self.rows), math.prod(self.columns))


class Unfolded:
    """The Keras view of a vector that has several axes there."""

    def __init__(self, shape):
        self.shape = tuple(shape)

    def to_keras(self, tensor):
        return tensor.reshape(self.shape)

    def from_keras(self, tensor):
        return tensor.reshape(-1)


class EinsumDense(Quantizable, LowRank, Layer):
    """y = activation(einsum(equation, x, kernel) + bias).

    Shapes follow from the equation: `"abc,cd->abd"` takes (a, b, c) and a kernel (c, d) to (a, b, d).

    Args:
        equation: `"ab,bc->ac"`, `"...ab,bc->...ac"` or `"ab...,bc->ac..."`, with any letters: those of the input, of the kernel
            and of the output. Without an ellipsis in front, the first letter is the batch axis.
        output_shape: the sizes of the output's letters, without the batch axis; an int if it is one. None for a size that
            the input tells.
        activation: a name or callable; None is linear.
        bias_axes: the letters of the output that the bias has; None for no bias.
        lora_rank, lora_alpha: `enable_lora(lora_rank, lora_alpha)` when it is built.
        gptq_unpacked_column_size: stands in the configs of Keras; the sizes are found.
        quantization_config: how, where `dtype` says that it is quantized.

    Raises:
        ValueError: (when it is built) an equation of another form, a letter of the kernel that is neither in the input nor in
            the output, a letter of the bias that is not in the output, or sizes that contradict each other.

    Where the axes that are summed up stand last in the input, in the order of the equation, the body is `self.linear`, an
    nn.Linear over these axes taken as one. Else it is torch.einsum.
    """

    casts_integers = True
    quantized_modes = ("int8", "float8", "int4", "gptq", "awq")
    zero_name = "zero_point"

    def __init__(
        self,
        equation,
        output_shape,
        activation=None,
        bias_axes=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        gptq_unpacked_column_size=None,
        quantization_config=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.gptq_unpacked_column_size = gptq_unpacked_column_size
        self.quantization_config = quantization_config
        self.equation = equation
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._settle_adaptation(lora_rank, lora_alpha)

    def build(self, input_shape):
        terms = Terms(self.equation, self.bias_axes, input_shape, self.partial_output_shape)
        self.input_spec = InputSpec(ndim=len(input_shape))
        of_kernel = {
            "initializer": self._for_axes(terms),
            "regularizer": self.kernel_regularizer,
            "constraint": self.kernel_constraint,
        }
        of_bias = {
            "initializer": self.bias_initializer,
            "regularizer": self.bias_regularizer,
            "constraint": self.bias_constraint,
        }
        folded = terms.is_matrix
        in_matrix = folded and self.bias_axes is not None and set(self.bias_axes) == set(terms.made)
        if folded:
            rows, columns = terms.sizes(terms.made), terms.sizes(terms.summed)
            order = [(terms.made + terms.summed).index(letter) for letter in terms.kernel]
            self.linear = bare(nn.Linear, math.prod(columns), math.prod(rows), bias=in_matrix, **self.placement())
            self.kernel = self.adopt("kernel", self.linear, "weight", Folded(rows, columns, order), **of_kernel)
        else:
            self.kernel = self.add_weight(terms.kernel_shape, name="kernel", **of_kernel)
        self.bias = None
        if in_matrix:
            self.bias = self.adopt("bias", self.linear, "bias", Unfolded(terms.bias_shape), **of_bias)
        elif self.bias_axes is not None:
            self.bias = self.add_weight(terms.bias_shape, name="bias", **of_bias)
        # What `call` has to do: fold the input, unfold the output, add a bias of its own.
        self.__dict__["_fold"] = -len(terms.summed) if folded and len(terms.summed) > 1 else 0
        self.__dict__["_unfold"] = tuple(rows) if folded and len(terms.made) > 1 else ()
        self.__dict__["_add"] = torch.add if self.bias is not None and not in_matrix else None
        self.__dict__["_folded"] = folded
        self.__dict__["_letters"], self.__dict__["_seen_as"] = terms.letters, (self.kernel.shape, self.kernel.layout)
        self._adapt_as_told()

    @property
    def unsaved(self):
        return super().unsaved if self.gptq_unpacked_column_size else (*super().unsaved, "gptq_unpacked_column_size")

    def _forms(self, mode):
        _, kernel, outputs = self._letters
        if "linear" not in self._modules:
            self._as_module()
        module = self._modules["linear"]
        shape, layout = self._seen_as
        share = tuple(axis for axis, letter in enumerate(kernel) if letter not in outputs)
        rows = math.prod(shape[axis] for axis in share)
        if mode in ("gptq", "awq"):
            rows = self._rows(shape, mode)
            self.gptq_unpacked_column_size = math.prod(shape) // rows if mode == "gptq" else None
        matrix = rows, math.prod(shape) // rows
        return [(module, Form("kernel", shape, layout, share, matrix, equation=self._letters))]

    def _as_module(self):
        """Moves what a product that is no matrix's needs into a torch module, whose class can say how it multiplies."""
        module = Einsum(self.equation)
        for variable in [variable for variable in self._variables if variable is not self.bias]:
            key = "weight" if variable.name == "kernel" else variable._key
            module.register_parameter(key, self._parameters.pop(variable._key))
            variable.move(module, key)
        module.axis = tuple(axis for axis, letter in enumerate(self._letters[0]) if letter not in self._letters[2])
        self.linear = module
        self.__dict__["_folded"] = True

    def _narrow(self, module):
        super()._narrow(module)
        if self._add is not None:
            self.__dict__["_add"] = add_narrow

    @staticmethod
    def _rows(shape, mode):
        """How many rows Keras takes a kernel to have where it is calibrated: the largest axis is that of the model."""
        if len(shape) not in (2, 3):
            raise ValueError(f"Mode '{mode}' takes kernels of two or three axes. Received: a kernel of shape {shape}")
        return shape[0] if len(shape) == 2 or shape.index(max(shape)) == 0 else shape[0] * shape[1]

    def _for_axes(self, terms):
        """The kernel's initializer; one that counts inputs and outputs is told which axes are which."""
        given = self.kernel_initializer
        if not isinstance(given, VarianceScaling) or (given.input_axes is not None and given.output_axes is not None):
            return given
        axes = {"input_axes": terms.input_axes, "output_axes": terms.output_axes}
        return type(given).from_config({**given.get_config(), "seed": given.seed, **axes})

    @regardless_of_training
    def call(self, inputs, training=None):
        if not self._folded:
            y = torch.einsum(self.equation, inputs, self.kernel.value)
        else:
            y = self._modules["linear"](inputs.flatten(self._fold) if self._fold else inputs)
            if self._unfold:
                y = y.view(y.shape[:-1] + self._unfold)
        if self._add is not None:
            y = self._add(y, self.bias.value)
        return y if self.activation is None else self.activation(y)

    def get_config(self):  # `layer.output_shape` is the shape that came out
        own = {"output_shape": self.partial_output_shape, "activity_regularizer": registry.serialize(self.activity_regularizer)}
        return {**registry.arguments_as_config(self, EinsumDense), **own}


class Terms:
    """What an equation says about sizes.

    Attributes:
        inputs, kernel, outputs: the letters of each; `summed` are those of the input that the output lacks, `made` the reverse.
        letters: those three, with one for each axis of an ellipsis.
        kernel_shape, bias_shape: shapes of the weights (`bias_shape` is None without a bias).
        input_axes, output_axes: the axes of the kernel that count as its inputs and outputs.
        is_matrix: whether the product is that of a matrix, the letters that are summed and made standing last.
    """

    def __init__(self, equation, bias_axes, input_shape, output_shape):
        match = _FORM.fullmatch(equation)
        left, self.inputs, right, self.kernel, left_out, self.outputs, right_out = match.groups() if match else [None] * 7
        if not match or (left, right) != (left_out, right_out) or (left and right) or (right and len(self.inputs) < 2):
            raise ValueError(
                f"Invalid einsum equation {equation!r}. Equations must be in the form [X],[Y]->[Z], ...[X],[Y]->...[Z], or "
                "[X]...,[Y]->[Z]..., in letters and without spaces."
            )
        received = f"Received: equation={equation!r}, output_shape={output_shape}, input_shape={tuple(input_shape)}"
        self._received = received
        more = len(input_shape) - len(self.inputs)  # axes in the ellipsis
        if more < bool(left) or (more and not (left or right)):
            expected = f"{len(self.inputs)}{' or more' if right else ''}" if not left else f"more than {len(self.inputs)}"
            raise ValueError(f"EinsumDense: the equation takes inputs with {expected} axes. {received}")
        made = tuple(output_shape) if left else (input_shape[0], *output_shape)
        if len(made) < len(self.outputs):  # sizes behind those of the letters are passed over, as in Keras
            raise ValueError(
                f"EinsumDense: `output_shape` needs {len(self.outputs) - (not left)} sizes, for the letters "
                f"{self.outputs if left else self.outputs[1:]!r} of the output. {received}"
            )
        taken = dict(zip(self.inputs, input_shape[more:] if left else input_shape, strict=False))
        known = dict(zip(self.outputs, made, strict=False))
        for letter in self.inputs:
            if known.get(letter) not in (None, taken[letter]):
                raise ValueError(
                    f"EinsumDense: input shape and output shape do not match at shared dimension {letter!r}: {taken[letter]} "
                    f"in the input, {known[letter]} in the output. {received}"
                )
        for letters, where, others in (
            (self.outputs, "output", self.inputs + self.kernel),
            (self.kernel, "kernel", self.inputs + self.outputs),
            (bias_axes or "", "bias", self.outputs),
        ):
            if lost := set(letters) - set(others):
                raise ValueError(
                    f"EinsumDense: dimension {min(lost)!r} of the {where} was found neither in the "
                    f"{ {'output': 'input nor in the kernel', 'kernel': 'input nor in the output', 'bias': 'output'}[where]}. "
                    f"{received}, bias_axes={bias_axes!r}"
                )
        self._known = {**taken, **{letter: size for letter, size in known.items() if size is not None}}
        self.summed = "".join(letter for letter in self.inputs if letter not in known)
        self.made = "".join(letter for letter in self.outputs if letter not in taken)
        self.kernel_shape = self.sizes(self.kernel)
        unused = "".join(letter for letter in string.ascii_letters if letter not in equation)[:more]
        before, behind = ("", unused) if right else (unused, "")
        self.letters = before + self.inputs + behind, self.kernel, before + self.outputs + behind
        self.output_axes = [axis for axis, letter in enumerate(self.kernel) if letter in known]
        self.input_axes = [axis for axis, letter in enumerate(self.kernel) if letter not in known]
        self.bias_shape = None
        if bias_axes is not None:
            tail = self.outputs[min(map(self.outputs.find, bias_axes)) :]
            behind = [1] * more if right else []
            self.bias_shape = (*(self._known[letter] if letter in bias_axes else 1 for letter in tail), *behind)
        free = self.inputs.removesuffix(self.summed)
        self.is_matrix = bool(
            self.summed
            and self.made
            and not right
            and self.inputs == free + self.summed
            and self.outputs == free + self.made
            and sorted(self.kernel) == sorted(self.summed + self.made)
        )

    def sizes(self, letters) -> list:
        """The sizes of these letters; ValueError where the weights cannot be made because one is not known."""
        for letter in letters:
            if self._known.get(letter) is None:
                raise ValueError(f"EinsumDense: the size of {letter!r} is not known. {self._received}")
        return [self._known[letter] for letter in letters]
