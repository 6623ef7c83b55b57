"""Input, Dense, Embedding, Activation, Lambda."""

from __future__ import annotations

import inspect
import numbers

import torch
from torch import nn

from torchkeras_lite import activations, config, constraints, initializers, lambdas, registry, regularizers
from torchkeras_lite.calls import going_on, regardless_of_training, require_care
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.few_bits import Form
from torchkeras_lite.layers.low_rank import LowRank
from torchkeras_lite.layers.quantizable import Quantizable
from torchkeras_lite.symbolic import KerasTensor, Node, drawing
from torchkeras_lite.variable import Permuted, tensor_of
from torchkeras_lite.weights import bare


class Dense(Quantizable, LowRank, Layer):
    """y = activation(x W + b), over the last axis.

    Shapes: input (batch, ..., features), output (batch, ..., units); kernel (features, units), bias (units,).

    Args:
        units: the size of the output's last axis.
        activation: a name or callable; None is linear.
        use_bias: whether there is a bias.
        lora_rank, lora_alpha: `enable_lora(lora_rank, lora_alpha)` when it is built.
        quantization_config: how, where `dtype` says that it is quantized.

    The body is `self.linear`, an nn.Linear, whose weight is the kernel transposed.
    """

    casts_integers = True
    fusible = True
    quantized_modes = ("int8", "float8", "int4", "gptq", "awq")

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        quantization_config=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.quantization_config = quantization_config
        self.units = positive(units, "units")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._settle_adaptation(lora_rank, lora_alpha)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape):
        features = known(input_shape[-1], self, "the last axis")
        self.linear = bare(nn.Linear, features, self.units, bias=self.use_bias, **self.placement())
        self.kernel = self.adopt(
            "kernel", self.linear, "weight", Permuted(1, 0),
            self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint,
        )  # fmt: skip
        self.bias = None
        if self.use_bias:
            self.bias = self.adopt(
                "bias", self.linear, "bias", None, self.bias_initializer, self.bias_regularizer, self.bias_constraint
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})
        self._adapt_as_told()

    def _forms(self, mode):
        shape = self.linear.in_features, self.units
        return [(self.linear, Form("kernel", shape, Permuted(1, 0), 0))]

    def raw(self, inputs):
        """The output before the activation."""
        return self.linear(inputs)

    def turned(self, y):
        return y

    turned_in = turned

    @regardless_of_training
    def call(self, inputs, training=None):
        try:
            linear = self.linear
        except AttributeError:  # the `build` of a subclass has made weights of its own
            linear = self._by_own_weights
        y = linear(inputs)
        return y if self.activation is None else self.activation(y)  # scripts set None to see the logits

    def _by_own_weights(self, inputs):
        """x W + b with whatever a subclass shows as `kernel` and `bias`."""
        y = torch.matmul(inputs, tensor_of(self.kernel))
        return y if getattr(self, "bias", None) is None else y + tensor_of(self.bias)


class Embedding(Quantizable, LowRank, Layer):
    """Turns integers into vectors: y = E[x].

    Shapes: input (batch, ...) of integers in [0, input_dim), output (batch, ..., output_dim).

    Args:
        input_dim: how many integers there are.
        output_dim: the length of a vector.
        mask_zero: whether 0 is padding: later layers get a mask of the entries that are not 0.
        weights: initial vectors, (input_dim, output_dim), or a list holding them.
        lora_rank, lora_alpha: `enable_lora(lora_rank, lora_alpha)` when it is built.
        quantization_config: how, where `dtype` says that it is quantized.
        input_length: the length of each sequence, if fixed; then the layer can be built at once.

    The body is `self.embedding`, an nn.Embedding.
    """

    adapts = "embeddings"
    quantized_modes = ("int8", "int4")

    def __init__(
        self,
        input_dim,
        output_dim,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        weights=None,
        lora_rank=None,
        lora_alpha=None,
        quantization_config=None,
        **kwargs,
    ):
        length = kwargs.pop("input_length", None)
        if length is not None and not {"input_shape", "batch_input_shape", "batch_shape"} & kwargs.keys():
            kwargs["input_shape"] = length if isinstance(length, (list, tuple)) else (length,)
        super().__init__(**kwargs)
        self.quantization_config = quantization_config
        said = "`{0}` must be a positive integer. Received an invalid value: {0}={1}"
        self.input_dim, self.output_dim = positive(input_dim, "input_dim", said), positive(output_dim, "output_dim", said)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self._settle_adaptation(lora_rank, lora_alpha)
        self.__dict__["_given"] = weights
        if mask_zero:
            require_care()
        if weights is not None:
            self.build()

    def build(self, input_shape=None):
        self._make_weights()
        self._adapt_as_told()

    def _make_weights(self):
        self.embedding = bare(nn.Embedding, self.input_dim, self.output_dim, **self.placement())
        given, self.__dict__["_given"] = self._given, None
        self.embeddings = self.adopt(
            "embeddings", self.embedding, "weight", None,
            self.embeddings_initializer, self.embeddings_regularizer, self.embeddings_constraint,
        )  # fmt: skip
        if given is not None:
            self.embeddings.assign(given[0] if isinstance(given, (list, tuple)) and len(given) == 1 else given)

    def _forms(self, mode):
        return [(self.embedding, Form("embeddings", (self.input_dim, self.output_dim), None, -1, along=-1))]

    def call(self, inputs):
        if inputs.dtype is not torch.int64 and inputs.dtype is not torch.int32:
            inputs = inputs.long()
        if going_on.inferring:  # a stand-in may be longer than there are positions, which a GPU could not say
            inputs = inputs.clamp(0, self.input_dim - 1)
        try:
            return self.embedding(inputs).to(self._policy.compute_torch_dtype)
        except IndexError as error:
            if -self.input_dim <= inputs.min() < 0 and inputs.max() < self.input_dim:
                return self.call(inputs % self.input_dim)  # counted from the end, as Keras does on torch and JAX
            raise IndexError(
                f"Layer {self.name!r} got the index {_outlier(inputs, self.input_dim)}, but input_dim={self.input_dim}: "
                f"indices must be in [0, {self.input_dim}). The usual fix: input_dim is the largest index + 1."
            ) from error

    def compute_mask(self, inputs, mask=None):
        return inputs != 0 if self.mask_zero else None

    def get_config(self):  # all arguments but `weights`, which are saved as weights
        kept = ("embeddings_initializer", "embeddings_regularizer", "activity_regularizer", "embeddings_constraint")
        return {
            **self._base_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            **{name: registry.serialize(getattr(self, name)) for name in kept},
            "mask_zero": self.mask_zero,
            **({"lora_rank": self.lora_rank, "lora_alpha": self.lora_alpha} if self.lora_rank else {}),
            **({"quantization_config": registry.serialize(how)} if (how := self.quantization_config) else {}),
        }


def _outlier(indices, limit):
    return int(indices.max()) if int(indices.max()) >= limit else int(indices.min())


class Activation(Layer):
    """Applies a function to each element: `Activation("relu")`. Output shape: that of the input."""

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.casts_integers = self.activation not in (activations.linear, activations.relu)  # those leave integers integers
        self.supports_masking = True
        self.built = self.builds_nothing

    def call(self, inputs):
        return self.activation(inputs)


class Lambda(Layer):
    """A function as a layer.

    Args:
        function: takes the input, and `mask` or `training` if it names them.
        output_shape: not needed: the function is tried out. Used where it cannot be.
        mask: a mask, or a function `(inputs, mask)` that computes one.
        arguments: keyword arguments for the function.
    """

    takes_sparse = True

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        self.function = function
        self.output_shape_argument = output_shape
        self.mask = mask
        self.arguments = dict(arguments or {})
        names = _parameter_names(function)
        self.__dict__["_extra"] = [name for name in ("training", "mask") if name in names]
        if mask is not None:
            self.supports_masking = True
            require_care()
        self.built = self.builds_nothing

    def call(self, inputs, mask=None, training=None):
        extra = {"mask": mask, "training": training}
        return self.function(inputs, **{name: extra[name] for name in self._extra}, **self.arguments)

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape):
        shape = self.output_shape_argument
        if shape is None:
            return super().compute_output_shape(input_shape)
        if callable(shape):
            return tuple(shape(input_shape))
        first = input_shape  # of several inputs the first says how many rows there are
        while isinstance(first, dict) or (first and isinstance(first[0], (tuple, list, dict))):
            first = next(iter(first.values() if isinstance(first, dict) else first))
        return (first[0] if first else None, *shape)

    def _declared_shape(self, args, kwargs):
        return None if self.output_shape_argument is None else super()._declared_shape(args, kwargs)

    @classmethod
    def from_config(cls, config, custom_objects=None, safe_mode=None):
        """The layer that a config describes. With `safe_mode=False` the code of a nameless function comes out of the config.

        A function that `custom_objects` (here or around) has under the name of the layer takes the place of a nameless one.
        """
        config = registry.config_of(cls, config)
        if isinstance(config.get("function"), dict) and config["function"].get("class_name") == "__lambda__":
            supplied = registry.get_registered_object(config.get("name"), custom_objects)
            if callable(supplied) and not isinstance(supplied, type):
                config = {**config, "function": supplied}
        alone = not lambdas.is_loading()
        safe = lambdas.safe_mode_unless_said(safe_mode is not False)
        with safe, registry.CustomObjectScope(custom_objects or {}):
            layer = super().from_config(config)
        if alone and layer.function is lambdas.refusing:  # in a file, the rest of the model can be looked at
            lambdas.refusing()
        return layer

    def get_config(self):
        shape, mask = self.output_shape_argument, self.mask
        return {
            **self._base_config(),
            "function": _as_config(self.function),
            **({} if shape is None else {"output_shape": _as_config(shape)}),
            **({} if mask is None else {"mask": _as_config(mask)}),
            "arguments": registry.serialize(dict(self.arguments)),
        }


def _as_config(value):
    """A lambda in the words that Keras's Lambda reads, which are others than elsewhere."""
    if lambdas.is_nameless(value):
        return {"class_name": "__lambda__", "config": registry.serialize(lambdas.dump(value))}
    return registry.serialize(value)


def _parameter_names(function):
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # a builtin tells nothing: it gets the input only
        return []


class InputLayer(Layer):
    """The place where data enters a model: a shape, a dtype and a name."""

    def __init__(
        self,
        shape=None,
        batch_size=None,
        dtype=None,
        sparse=None,
        ragged=None,
        batch_shape=None,
        input_tensor=None,
        optional=False,
        name=None,
        **kwargs,
    ):
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        shape = kwargs.pop("input_shape", shape)  # may be (), a number per row
        if input_tensor is not None:
            self._agree(input_tensor, shape, batch_size, batch_shape, dtype, sparse)
        if ragged:
            raise ValueError("`ragged=True` is not supported: layers take rows of one length. Pad them, and mask the rest.")
        if input_tensor is not None:
            batch_shape, dtype = input_tensor.shape, input_tensor.dtype
        elif shape is None and batch_shape is None:
            raise ValueError("You must pass a `shape` argument (without the batch axis), or a `batch_shape`.")
        elif shape is not None and batch_shape is not None:
            raise ValueError("You cannot pass both `shape` and `batch_shape`: the second is the first with the batch axis.")
        elif batch_size is not None and batch_shape is not None:
            raise ValueError("You cannot pass both `batch_size` and `batch_shape`: the one is the other's first size.")
        super().__init__(name=name, **kwargs)
        self.batch_shape = _checked_shape(batch_shape) if batch_shape is not None else (batch_size, *_checked_shape(shape))
        self.__dict__["_input_dtype"] = config.dtype_name(dtype)
        self.sparse, self.ragged = bool(sparse) or (input_tensor is not None and input_tensor.sparse), False
        self.optional = optional
        self.built = self.builds_nothing
        self._begin(input_tensor)

    @staticmethod
    def _agree(tensor, shape, batch_size, batch_shape, dtype, sparse):
        """Raises ValueError unless this is a KerasTensor, and what else is said goes with it."""
        if not isinstance(tensor, KerasTensor):
            raise ValueError(f"Argument `input_tensor` must be a KerasTensor. Received: {tensor!r} (of type {type(tensor)})")
        said = {
            "batch_size": (batch_size, tensor.shape[0] if tensor.shape else None),
            "shape": (None if shape is None else tuple(shape), tensor.shape[1:]),
            "batch_shape": (None if batch_shape is None else tuple(batch_shape), tensor.shape),
            "dtype": (None if dtype is None else config.dtype_name(dtype), tensor.dtype),
            "sparse": (sparse, tensor.sparse),
        }
        for name, (given, own) in said.items():
            if given is not None and given != own:
                raise ValueError(
                    f"When providing the `input_tensor` argument, you cannot provide an incompatible `{name}` argument. "
                    f"Received: {name}={given!r}, and input_tensor has {own!r}"
                )

    def _begin(self, tensor=None):
        """The first tensor of a graph."""
        tensor = KerasTensor(self.batch_shape, self.dtype, self.name, sparse=self.sparse) if tensor is None else tensor
        self._nodes.append(Node(self, (), {}, tensor))
        drawing.begin()

    def __setstate__(self, state):
        super().__setstate__(state)
        self._begin()  # a copy begins a graph of its own

    @property
    def input(self):
        """What enters here is what comes out: `Model(model.get_layer("image").input, ...)`."""
        return self.output

    @property
    def dtype(self):
        return self._input_dtype

    @property
    def takes_texts(self) -> bool:
        return self._input_dtype == "string"

    def torch_input_dtype(self) -> torch.dtype | None:
        """The dtype that inputs are cast to; None for strings."""
        return None if self._input_dtype == "string" else config.torch_dtype(self._input_dtype)

    def call(self, inputs=None):
        return inputs

    def get_build_config(self):
        return None  # there is nothing to build

    def get_config(self):
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": False,
            "name": self.name,
            "optional": self.optional,
        }


def _checked_shape(shape):
    if not isinstance(shape, (list, tuple, torch.Size)):
        raise ValueError(
            f"Cannot convert {shape!r} to a shape: `shape` is a tuple of sizes without the batch axis. The usual fix: "
            f"`Input(shape=({shape},))`."
        )
    if not all(size is None or (isinstance(size, numbers.Integral) and size >= 0) for size in shape):
        raise ValueError(f"Cannot convert {shape!r} to a shape: each size is a non-negative integer, or None if it varies.")
    return tuple(None if size is None else int(size) for size in shape)


def Input(
    shape=None,
    batch_size=None,
    dtype=None,
    sparse=None,
    ragged=None,
    batch_shape=None,
    name=None,
    tensor=None,
    optional=False,
    **kwargs,
):
    """A KerasTensor through which data will enter a model.

    Args:
        shape: sizes without the batch axis; None for sizes that vary.
        batch_size: a fixed batch size; None (usual) if it varies.
        dtype: a dtype name; `floatx()` if left out.
        sparse: sparse data will come. It is made dense where it enters, and so is any that comes without this being said.
        batch_shape: the shape with the batch axis, instead of the two above.
    """
    return InputLayer(
        shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name=name, **kwargs
    ).output  # fmt: skip


STRICTLY = "Invalid value for argument `{0}`. Expected a strictly positive value. Received {0}={1}."


def positive(
    value, name: str, said: str = "Received an invalid value for `{0}`, expected a positive integer. Received: {0}={1}"
) -> int:
    """`value` as an int; ValueError unless it is a positive integer. `said` is the message, of name and value."""
    try:
        whole = not isinstance(value, (bool, str)) and int(value) == value and value > 0
    except (TypeError, ValueError):
        whole = False
    if not whole:
        raise ValueError(said.format(name, repr(value)))
    return int(value)


def known(size, layer: Layer, what: str) -> int:
    """A size that must be known to make weights."""
    if size is None:
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) needs {what} of its input to have a known size. Received: None. "
            "Give the model an input shape in which only the batch and the sequence axes are None."
        )
    return int(size)
