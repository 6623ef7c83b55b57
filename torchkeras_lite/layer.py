"""Layer: a torch.nn.Module with Keras's face.

How a layer decides whether it trains (`self.training`, torch's own flag, is the only truth; the first rule that applies wins):

1. `layer(x, training=True)`: the argument reaches every module inside, for the time of the call.
2. `fit`, `train_on_batch` and `train_step` put the model into training mode, `evaluate` and `predict` into inference mode, and
   put back what they found.
3. After the user's `.train()` or `.eval()`, the flag stays as torch users expect.
4. Augmentation of images goes on, as in Keras, where none of these says otherwise (`born_training`); so does a layer or model
   of the user's with `call(self, x, training=True)`.
5. Otherwise inference: a layer is born with the flag down (torch's modules are born with it up), and a torch module that
   becomes part of a layer takes over that layer's flag.

A frozen BatchNormalization (`trainable = False`) stays in inference mode whatever the flag says.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules import module as torch_module

from torchkeras_lite import config, dtype_policies, input_spec, nested, recomputing, registry, regularizers, symbolic
from torchkeras_lite.calls import NameScope, Signature, arguments_of, building, careful, going_on, require_care
from torchkeras_lite.drawn import Drawn
from torchkeras_lite.holding import Holding
from torchkeras_lite.modes import all_modules, differing, settled, training_mode
from torchkeras_lite.precise import Precise
from torchkeras_lite.registry import Configurable, is_ours, serialize, snake_case, unique_name
from torchkeras_lite.shapes import any_rows, as_shape, first_shape
from torchkeras_lite.sparse import Sparse
from torchkeras_lite.texts import Texts, is_texts
from torchkeras_lite.variable import Variable, tensor_of
from torchkeras_lite.weights import Weighted

Tensor = torch.Tensor
_INTEGERS = frozenset({torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.bool, *config.COMPUTED_AS})
_CONTAINERS = frozenset({list, tuple, dict})
_PLAIN = (int, float, str, bool, bytes, type(None))
_HOOKS = (
    torch_module._global_forward_hooks,
    torch_module._global_forward_pre_hooks,
    torch_module._global_backward_hooks,
    torch_module._global_backward_pre_hooks,
)


class _NotBegun:
    """Stands for what `Layer.__init__` sets, until it does."""

    def __get__(self, layer, owner):
        if layer is None:
            return self
        raise RuntimeError(
            f"In layer {owner.__name__}, you forgot to call `super().__init__()`, which has to come first in `__init__()`: it "
            "makes the places where weights and layers are kept."
        )


def _any_tensor(args, kwargs) -> bool:
    return any(isinstance(leaf, Tensor) for leaf in nested.leaves((args, kwargs)))


def _definer(cls: type, name: str) -> type:
    return next(base for base in cls.__mro__ if name in vars(base))


class Layer(Holding, Weighted, Drawn, Precise, Configurable, nn.Module):
    """The base of all layers: state made in `build`, computation in `call`.

    Args:
        activity_regularizer: a penalty on the output, added to the loss.
        trainable: whether its weights are to be trained.
        dtype: a dtype name or DTypePolicy.
        autocast: whether floating-point inputs are cast to the compute dtype.
        name: unique in a model; made from the class name when left out.
        input_shape, input_dim, batch_input_shape, batch_shape: the shape of the input, when this is the first layer of a
            Sequential, with or without the batch axis.
    """

    unsaved = ("activity_regularizer",)  # among the base settings, where there is one
    born_training = False  # whether it trains where nobody says that it should not
    _direct = _NotBegun()  # whether a call may take the short cut
    _direct_dtypes = frozenset()  # of the tensors that may
    _forward_is_a_users = False  # whether `forward` is a name that a Keras user has given to something else
    _is_torchs_way = False  # whether the class has `forward` in the place of `call`
    takes_sparse = False  # whether `call` gets sparse tensors as they are; classes of users do, unless they say otherwise
    casts_integers = False  # whether integer inputs become floats before `call` (layers that only do float arithmetic)
    _convert_input_args = True  # False, as Keras has it: `call` gets what was passed, lists and texts as they are
    _allow_non_tensor_positional_args = False  # True: a number, a text or nothing may be the first argument

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs,
    ):
        nn.Module.__init__(self)
        if not isinstance(trainable, bool):
            raise ValueError(f"Expected `trainable` to be a boolean. Received: trainable={trainable!r}")
        if name is not None:
            registry.check_name(name)
        setting = self.__dict__
        setting["training"] = self.born_training
        setting["name"] = name or unique_name(snake_case(type(self).__name__))
        setting["built"] = False
        setting["autocast"] = autocast
        setting["supports_masking"] = False
        setting["input_spec"] = None
        setting["activity_regularizer"] = regularizers.get(activity_regularizer)
        setting["_trainable"] = trainable
        setting["_policy"] = dtype_policies.of_layer(dtype)
        setting["_variables"] = []
        setting["_added_losses"] = []
        setting["_nodes"] = symbolic.Nodes()
        setting["_metrics"] = []
        setting["_build_shapes"] = None
        setting["_path"] = None
        setting["_direct"] = False
        if setting["_policy"].quantization_mode is not None:
            self._choose_call()
        if self._makes_masks:
            require_care()
        if going_on.remat and not hasattr(self, "train_step"):
            recomputing.wrap(self)
        shape = first_shape(kwargs)
        if shape is not None:
            setting["_input_shape_arg"] = shape
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}")
        for early in setting.pop("_early", ()):
            if early in setting:
                setattr(self, early, setting.pop(early))

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = building(cls.build)
        written = cls.__dict__.get("forward")
        if written is not None and is_ours(cls):
            cls._entrance = written
        elif written is not None and ("call" in cls.__dict__ or not (cls._is_torchs_way or is_ours(_definer(cls, "call")))):
            cls._forward_is_a_users = True  # a helper of `call`, or something else altogether
        elif written is not None:
            cls.call = written  # written the torch way: `forward` is what it computes
            cls._is_torchs_way = True
            del cls.forward
        cls._signature = Signature(cls.call)
        if "call" in cls.__dict__ and cls._signature.trains_by_itself is not None and not is_ours(cls):
            cls.born_training = cls._signature.trains_by_itself
        if not is_ours(cls) and "takes_sparse" not in cls.__dict__:
            cls.takes_sparse = True
        # Ours say themselves when they make masks; what a user's `compute_mask` does cannot be known.
        cls._makes_masks = cls.compute_mask is not Layer.compute_mask and not is_ours(cls)

    # ------------------------------------------------------------ what subclasses write

    def build(self, input_shape: Any) -> None:
        """Makes the weights for inputs of this shape. The default has none to make."""
        self.built = True

    def call(self, *args, **kwargs):
        """Computes the output. Subclasses write this."""
        raise NotImplementedError(
            f"Layer {type(self).__name__} does not have a `call` method implemented."
        )

    def compute_mask(self, inputs, previous_mask=None):
        """The mask of the output, given that of the input."""
        return previous_mask

    # ------------------------------------------------------------ calling

    def __call__(self, *args, **kwargs):
        # The short cut of a built layer on one plain tensor; `forward` is the truth, this only skips what cannot matter.
        if self._direct and len(args) == 1:
            x = args[0]
            if type(x) is Tensor:
                plain = x.dtype in self._direct_dtypes
            elif type(x) in _CONTAINERS:  # layers that merge, models with several inputs
                plain = bool(x)
                for part in x.values() if type(x) is dict else x:
                    if type(part) is not Tensor or part.dtype not in self._direct_dtypes:
                        plain = False
                        break
            else:
                plain = False
            if (
                plain
                and not careful[0]
                and not going_on.narrow
                and not (
                    self._forward_hooks
                    or self._forward_pre_hooks
                    or self._backward_hooks
                    or self._backward_pre_hooks
                    or any(_HOOKS)
                )
                and (not kwargs or (len(kwargs) == 1 and "training" in kwargs and self._trains_as(kwargs["training"])))
            ):
                try:
                    return self.call(x, training=self.training) if self._signature.training else self.call(x)
                except Exception as error:
                    if not self._lies_elsewhere(args):
                        self._explain(error, args)
                        raise
                # It failed because it lies elsewhere than the weights: the careful path brings it over, as Keras does.
        if self._forward_is_a_users or going_on.trying or symbolic.is_symbolic(args, kwargs):
            return self._entrance(*args, **kwargs)  # nothing that a hook would want to see
        return nn.Module.__call__(self, *args, **kwargs)

    def _training_among(self, args) -> tuple:
        """The other arguments, and the one that stands where `training` does."""
        place = self._signature.training_position
        return args[:place] + args[place + 1 :], args[place]

    def _lies_elsewhere(self, args) -> bool:
        """Whether the first tensor is on another device than the weights."""
        for leaf in nested.leaves(args[:1]):
            if isinstance(leaf, Tensor):
                return leaf.device != self._home(leaf.device)
        return False

    def _trains_as(self, training) -> bool:
        """Whether everything inside is in this mode already; `fit` has seen to that once for all its steps."""
        return (settled.root is self and settled.mode is training) or not differing(self, training)

    def forward(self, *args, **kwargs):
        """The whole of a call: converts, builds, settles the training mode, carries masks and penalties."""
        signature = self._signature
        if self._convert_input_args:
            if args and not isinstance(args[0], Tensor) and is_texts(args[0]) and not isinstance(args[0], str):
                args = (Texts(args[0]), *args[1:])
            args = tuple(self._convert(arg, self.casts_integers and i == 0) for i, arg in enumerate(args))
            kwargs = {key: self._convert(value) for key, value in kwargs.items()} if kwargs else kwargs
        if (
            not args
            and not (kwargs.keys() & {*signature.tensors})
            and not (kwargs and signature.open_ended)
            and (signature.required or not signature.tensors)
        ):
            args, kwargs = self._called_on_nothing(kwargs)
        if symbolic.is_symbolic(args, kwargs):
            return self._call_symbolic(args, kwargs)
        if symbolic.drawing.going_on and not going_on.trying and not torch.compiler.is_compiling():
            symbolic.drawing.pause()
        if self._lies_elsewhere(args):
            home = self._home(None)
            args, kwargs = nested.mapped(lambda leaf: leaf.to(home) if isinstance(leaf, Tensor) else leaf, (args, kwargs))
        if (
            args
            and isinstance(args[0], _PLAIN)
            and not (args[0] is None and _any_tensor(args, kwargs))
            and not self._allow_non_tensor_positional_args
        ):
            raise ValueError(
                f"Inputs to a layer should be tensors. Got {args[0]!r} (of type {type(args[0])}) as input for layer "
                f"{self.name!r}. The usual fix: `numpy.array([...])` with a batch axis in front."
            )
        if kwargs.get("mask") is not None:
            require_care()  # the output is to have a mask too, where the layer passes them on
        training = kwargs.pop("training", None)
        if training is None and signature.training and len(args) > signature.training_position:
            args, training = self._training_among(args)
        if not self.built:
            build = self._build_for
            if torch.compiler.is_compiling():
                build = torch.compiler.disable(build)  # weights are made outside of compiled graphs
            build(args, kwargs)
        elif self.input_spec is not None:
            input_spec.check(self.input_spec, args[0] if args else next(iter(kwargs.values())), self.name)
        if not differing(self, training):
            return self._run(args, kwargs)
        with training_mode(self, bool(training)):
            return self._run(args, kwargs)

    def _called_on_nothing(self, kwargs):
        """The arguments of a call that has none which `call` knows, where there is a way to understand them: here is none."""
        names = self._signature.tensors
        raise TypeError(
            f"Layer {self.name!r} was called on nothing: missing a required argument {names[0] if names else 'inputs'!r}. Pass "
            "it a tensor: `layer(x)`."
        )

    def _run(self, args, kwargs):
        """`call` with its mask, its training flag, and what follows from its output."""
        signature, stack = self._signature, going_on.layers
        watched = careful[0] and not torch.compiler.is_compiling()  # a graph may have no side effects
        if watched:
            if not stack:
                self._clear_losses()
            stack.append(self)
        if signature.training:
            kwargs = {**kwargs, "training": self.training}
        mask = None
        if careful[0]:
            kwargs, mask = self._with_masks(args, kwargs)
        # Layers inside that are built in the first call have this one's name in their paths.
        scope = None if self._direct or torch.compiler.is_compiling() else self._named()
        try:
            if scope is not None:
                scope.__enter__()
            if self._policy.is_mixed is going_on.narrow:
                outputs = self.call(*args, **kwargs)
            else:
                outputs = self._in_its_width(args, kwargs)
        except Exception as error:
            self._explain(error, args)
            raise
        finally:
            if scope is not None:
                scope.__exit__()
            if watched:
                stack.pop()
        if not self.built:
            self.built = True
        if self.activity_regularizer is not None:
            for leaf in nested.leaves(outputs):
                if isinstance(leaf, Tensor):
                    self.add_loss(self.activity_regularizer(leaf) / max(len(leaf), 1))
        if careful[0]:
            self._set_output_mask(args, mask, outputs)
        if not self._direct and not torch.compiler.is_compiling():
            self._settle()
        return outputs

    def _in_its_width(self, args, kwargs):
        """`call` under autocast, or without it for a layer of one dtype inside one of a mixed policy."""
        before, going_on.narrow = going_on.narrow, self._policy.is_mixed
        try:
            with self._policy.autocast(config.get_device().type):
                return self.call(*args, **kwargs)
        finally:
            going_on.narrow = before

    def _settle(self):
        """Decides, once, whether later calls may take the short cut of `__call__`."""
        dtypes = {self._policy.compute_torch_dtype}
        if not self.autocast:
            dtypes |= {torch.float16, torch.bfloat16, torch.float32, torch.float64}
        if self._policy.quantization_mode is not None and not self._is_quantized and not self._has_quantized_call():
            raise NotImplementedError(
                f"Layer {type(self).__name__} does not have a `_{self._policy.quantization_mode}_call` method implemented, and "
                f"the dtype policy of {self.name!r} is {self._policy.name!r}. Only layers that `quantize` take such a policy."
            )
        self.__dict__["_direct_dtypes"] = frozenset(dtypes if self.casts_integers else dtypes | _INTEGERS)
        self.__dict__["_direct"] = (
            self.built
            and self.activity_regularizer is None
            and not self._policy.is_mixed
            and not self._signature.mask_required
            and bool(self._signature.tensors)
        )

    def _convert(self, value, integers: bool = False):
        """Arrays become tensors on the device; floating-point tensors (`integers` too) are cast to the compute dtype."""
        if isinstance(value, Tensor):
            return self._cast(value, integers)
        if isinstance(value, (*_PLAIN, symbolic.KerasTensor)):
            return value
        if isinstance(value, Variable):
            return self._cast(value.seen(), integers)
        if isinstance(value, Sparse):
            value = value.to(self._device())
            if not self.takes_sparse:
                return self._cast(value.to_dense(), integers)
            target = self._policy.compute_torch_dtype
            return value.to(target) if self.autocast and value.is_floating_point() and target.is_floating_point else value
        if hasattr(value, "to_numpy") and hasattr(value, "dtype") and value.dtype.kind not in "fiub":
            value = value.to_numpy()  # a column of pandas, of strings
        if isinstance(value, np.ndarray) and value.dtype.kind in "OUS" and is_texts(value):
            return value if isinstance(value, Texts) else Texts(value)
        if isinstance(value, (list, tuple, dict)):
            if not value:
                return value
            leaves = nested.leaves(value)
            if leaves and leaves[0] is value:  # of a class of one's own
                if isinstance(value, dict):
                    return self._convert(dict(value), integers)
                raise ValueError(
                    f"Layer {self.name!r} ({type(self).__name__}) takes rows of one length. Received: a "
                    f"{type(value).__name__}. The usual fix: pad them (`x.to_tensor()`)."
                )
            if isinstance(value, (list, tuple)) and all(type(leaf) in (int, float, bool) for leaf in leaves):
                return self._cast(tensor_of(value, device=self._device()), integers)  # [[1., 2.]]: an array
            return nested.mapped(lambda leaf: self._convert(leaf, integers), value)
        if hasattr(value, "__array__") or hasattr(value, "__array_interface__") or hasattr(value, "toarray"):
            return self._cast(tensor_of(value, device=self._device()), integers)
        return value

    def _cast(self, x, integers):
        target = self._policy.compute_torch_dtype
        if x.dtype is target or not target.is_floating_point:
            return x
        if (integers and x.dtype in _INTEGERS) or (self.autocast and x.is_floating_point()):
            mask = getattr(x, "_keras_mask", None)
            x = x.to(target)
            if mask is not None:
                x._keras_mask = mask
        return x

    def _home(self, otherwise) -> torch.device:
        """The device of the weights; `otherwise` where there are none."""
        for module in all_modules(self):
            for tensor in module._parameters.values():
                if tensor is not None:
                    return tensor.device
        for module in all_modules(self):  # of a quantized layer
            if "weight" in module._buffers:
                return module._buffers["weight"].device
        return otherwise

    def _device(self) -> torch.device:
        """Where the weights are, or where they would be made."""
        return self._home(None) or config.get_device()

    def _explain(self, error: Exception, args) -> None:
        """An error out of `call`: ours if the input was never right; else torch's, with the layer and its inputs noted."""
        if getattr(error, "_explained", False):
            return
        error._explained = True
        if isinstance(error, (RuntimeError, IndexError, TypeError, ValueError)) and args:
            try:
                input_spec.check(self.input_spec, args[0], self.name)
            except ValueError as clear:
                clear._explained = True
                raise clear from error
        if hasattr(error, "add_note"):
            shapes = nested.mapped(_shown, args)
            error.add_note(f"(in the call of layer {self.name!r} ({type(self).__name__}) on inputs of shape {shapes})")

    def _apply(self, fn, recurse=True):
        """`.to()`, `.double()`, `.half()`, ...: the precision in which the layer takes its inputs goes along."""
        super()._apply(fn, recurse)
        if not self._policy.is_mixed and self._policy.compute_torch_dtype.is_floating_point:
            before = config.torch_dtype(self.variable_dtype)
            after = fn(torch.zeros((), dtype=before)).dtype
            if after is not before and after.is_floating_point:
                self.dtype_policy = self._policy.over(config.dtype_name(after))
        return self

    # ------------------------------------------------------------ building

    def _build_for(self, args, kwargs):
        """Builds the layer for these arguments, on the device where they are."""
        first = args[0] if args else next((kwargs[name] for name in self._signature.tensors if name in kwargs), None)
        input_spec.check(self.input_spec, first, self.name)
        shapes = self._shapes_of(args, kwargs)
        wanted = [one.name for one in arguments_of(self.build)]
        named = {name: shapes.get(name.removesuffix("_shape")) for name in wanted}
        device = next((leaf.device for leaf in nested.leaves(first) if isinstance(leaf, Tensor)), None)
        with config.device(device or self._device()):
            if len(wanted) > 1 and any(named.values()):
                self.build(**{name: shape for name, shape in named.items() if shape is not None})
            else:
                self.build(next(iter(shapes.values()), None))
        if self._build_shapes is None:  # by a `build` of ours, which looks at none; for `summary`
            self.__dict__["_first_shapes"] = {key: any_rows(shape) for key, shape in shapes.items()}
        if device is not None and self._build_shapes:  # the number of rows was that of one batch
            self.__dict__["_build_shapes"] = {key: any_rows(shape) for key, shape in self._build_shapes.items()}

    def _shapes_of(self, args, kwargs) -> dict:
        """The shapes in each argument of a call that has any, by the argument's name."""
        shapes = {}
        for name, value in {**dict(zip(self._signature.tensors, args, strict=False)), **kwargs}.items():
            if any(hasattr(leaf, "shape") for leaf in nested.leaves(value)):
                shapes[name] = nested.mapped(lambda leaf: tuple(leaf.shape) if hasattr(leaf, "shape") else None, value)
        return shapes

    # ------------------------------------------------------------ what it is

    def __getstate__(self):
        # The calls that were drawn belong to the graphs of models, which copy them. (They lead from layer to layer, deeper
        # than Python's stack.)
        return {**self.__dict__, "_nodes": symbolic.Nodes(), "_added_losses": []}

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def extra_repr(self) -> str:
        return f"name={self.name}"

    @property
    def path(self) -> str | None:
        return self._path

    @property
    def builds_nothing(self) -> bool:
        """Whether `build` is one of ours: then a layer without weights is built from the beginning."""
        return is_ours(type(self).build)

    # ------------------------------------------------------------ penalties and masks

    def add_loss(self, loss) -> None:
        """Adds scalar tensors to the losses of the call that is going on."""
        require_care()
        for leaf in nested.leaves(loss):
            self._added_losses.append(leaf)

    @property
    def losses(self) -> list[Tensor]:
        """What `add_loss` and activity regularizers left in the last call, then the penalties on the weights."""
        added = [loss for module in nn.Module.modules(self) if isinstance(module, Layer) for loss in module._added_losses]
        return added + [v.regularizer(v.value) for v in self.trainable_weights if v.regularizer is not None]

    def _clear_losses(self):
        for module in nn.Module.modules(self):
            if isinstance(module, Layer):
                module._added_losses.clear()

    def _with_masks(self, args, kwargs):
        """The keyword arguments with the masks that `call` asks for, and the mask of the first input."""
        signature = self._signature
        mask = kwargs.get("mask")
        if mask is None and args:
            mask = nested.mapped(lambda leaf: getattr(leaf, "_keras_mask", None), args[0])
            if not isinstance(mask, Tensor) and not any(leaf is not None for leaf in nested.leaves(mask)):
                mask = None
        if signature.mask and mask is not None:
            kwargs = {**kwargs, "mask": mask}
        for name in signature.masks_of:
            place = signature.position[name[:-5]]
            if kwargs.get(name) is None and len(args) <= signature.position[name]:
                carrier = args[place] if place < len(args) else kwargs.get(name[:-5])
                carried = nested.mapped(lambda leaf: getattr(leaf, "_keras_mask", None), carrier)
                if any(leaf is not None for leaf in nested.leaves(carried)):
                    kwargs = {**kwargs, name: carried}
        return kwargs, mask

    def _set_output_mask(self, args, mask, outputs):
        computed = self.compute_mask(args[0] if len(args) == 1 else args, mask) if self._passes_masks() else None
        if computed is None:
            return
        several = isinstance(outputs, (list, tuple))
        masks = computed if isinstance(computed, (list, tuple)) else [computed]
        for output, one in zip(outputs if several else [outputs], masks, strict=False):
            if one is not None and isinstance(output, Tensor):
                output._keras_mask = one

    def _passes_masks(self) -> bool:
        return self.supports_masking or type(self).compute_mask is not Layer.compute_mask

    # ------------------------------------------------------------ config

    def _base_config(self) -> dict:
        config = {"name": self.name, "trainable": self._trainable, "dtype": serialize(self.dtype_policy)}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = serialize(self.activity_regularizer)
        return config

    def get_config(self) -> dict:
        """The settings that every layer has: what a `get_config` of one's own adds to."""
        own = {"autocast": self.autocast} if type(self).get_config is Layer.get_config else {}  # no `__init__` but this one
        return {**self._base_config(), **own}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Layer:
        """A layer made from what `get_config()` gave. A plain precision comes as its name, which is what most code looks at.

        Args:
            custom_objects: names, and the classes and functions that they mean in this config.
        """
        with registry.CustomObjectScope(custom_objects or {}):
            if isinstance(config, dict) and isinstance(config.get("dtype"), dict):
                config = {**config, "dtype": dtype_policies.by_name(config["dtype"])}
            return super().from_config(config)

    def get_build_config(self) -> dict | None:
        """What `build_from_config` needs to build the layer again, in Keras's words."""
        if self._build_shapes is None:
            return None
        shapes = dict(self._build_shapes)
        return {"input_shape": next(iter(shapes.values()))} if len(shapes) == 1 else {"shapes_dict": shapes}

    def build_from_config(self, config: dict) -> None:
        if config and not self.built:
            shapes = {key: as_shape(value) for key, value in config.get("shapes_dict", config).items()}
            self.build(*shapes.values()) if len(shapes) == 1 else self.build(**shapes)  # none, if it needs to know none

    def _named(self):
        return NameScope(self)


Layer._signature = Signature(Layer.call)
Layer._entrance = Layer.forward
Layer._makes_masks = False


def has_hooks(*layers) -> bool:
    """Whether somebody has put torch's hooks on these layers, on the torch modules in them, or on all modules."""
    if any(_HOOKS):
        return True
    for layer in layers:
        if layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks or layer._backward_pre_hooks:
            return True
        for module in layer._modules.values():
            if module is None:  # an attribute that held a layer, and holds None now
                continue
            if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks:
                return True
    return False


def _shown(value):
    """The shape of a tensor, for messages; the rows that a trial makes up are None."""
    if not hasattr(value, "shape"):
        return value
    shape = tuple(value.shape)
    return (None, *shape[1:]) if going_on.trying and shape else shape
