"""Model: a layer that can be trained, shown and saved."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import registry, saving
from torchkeras_lite.export import export_model
from torchkeras_lite.layer import Layer
from torchkeras_lite.models import graph_config
from torchkeras_lite.models.quantization import quantize
from torchkeras_lite.models.state_tree import read_state, write_state
from torchkeras_lite.models.summary import print_summary
from torchkeras_lite.models.trainer import Trainer
from torchkeras_lite.models.wiring import Wired
from torchkeras_lite.quantizers.settings import validate_and_resolve_config
from torchkeras_lite.registry import arguments_as_config, suggest
from torchkeras_lite.saving import legacy_config
from torchkeras_lite.shapes import as_shape, tensors_of_shape


def _look_anew(model, _):
    """After `load_state_dict(assign=True)` there are other parameters: also in the middle of a fit."""
    object.__setattr__(model, "_params", None)


class Model(Wired, Trainer, Layer):
    """A model. Make it from tensors, or subclass it.

    `Model(inputs, outputs)` takes what leads from some tensors (of `Input`) to others. A subclass makes layers in `__init__`
    and uses them in `call`. A subclass that only trains in another way can be made from tensors too.

    It is a torch.nn.Module like any other: `parameters()`, `state_dict()`, `.to()`, hooks, `torch.compile(model)` and a
    training loop of one's own work as in torch.

    Args:
        inputs: the KerasTensor that enters; or a list, tuple or dict of them, which then is what the model is called on.
        outputs: the KerasTensors that come out, in the structure in which the model returns its outputs.
        name, trainable: as of any layer.

    Raises:
        ValueError: an output does not follow from the inputs, two layers have one name, or something is no KerasTensor.
    """

    from_tensors: type[Model]  # what `Model(inputs, outputs)` is: Functional

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        automatic = isinstance(cls.__dict__.get("get_config"), functools.partialmethod)
        if automatic and graph_config.is_made_from_tensors(cls):
            del cls.get_config  # its arguments are tensors, which say less than the graph between them

    def __init__(self, *args, **kwargs):
        ends = [kwargs.pop(word, None) for word in ("inputs", "outputs")]
        for i, value in enumerate(args[:2]):
            if ends[i] is not None:
                raise TypeError(f"{type(self).__name__}() got two values for `{('inputs', 'outputs')[i]}`.")
            ends[i] = value
        if len(args) == 3:
            kwargs["name"] = args[2]
        if len(args) > 3 or (ends[0] is None) != (ends[1] is None):
            raise ValueError(
                "A model is made from `inputs` and `outputs`, both of them: `Model(inputs, outputs)`. Received: "
                f"inputs={ends[0]}, outputs={ends[1]}" + (f", and {args[3:]}" if len(args) > 3 else "")
            )
        if type(self) is Model and ends[0] is not None:
            self.__class__ = Model.from_tensors
        super().__init__(**kwargs)
        self.register_load_state_dict_post_hook(_look_anew)
        if ends[0] is not None:
            self._wire(*ends)
            if not self._trainable:
                self.trainable = False

    def build(self, input_shape: Any = None) -> None:
        """Builds all layers inside, for inputs of this shape (a list or dict of shapes for several inputs)."""
        if self._graph is not None or input_shape is None or not self.computes:
            self.built = True
            return
        self.built = True  # while it is tried out: the layers inside build themselves
        try:
            self._infer((tensors_of_shape(as_shape(input_shape), self.compute_dtype),), {})
        except BaseException:
            if type(self).build is not Model.build and self.__dict__.get("_in_build"):
                return  # the user's own `build` ends with this one: the call behind it says what is wrong, if anything is
            self.built = False
            raise

    def _build_for(self, args, kwargs):
        # A first call on real data builds the layers inside as it goes; only a `build` of the user's own has to run before.
        if type(self).build is not Model.build:
            super()._build_for(args, kwargs)
        elif len(args) == 1:  # a file says what the model was called on
            shape = pytree.tree_map(lambda leaf: (None, *leaf.shape[1:]) if hasattr(leaf, "shape") else None, args[0])
            self.__dict__["_build_shapes"] = {"input_shape": shape}

    # ------------------------------------------------------------ layers

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside, in order; of a model made from tensors those of its graph, Inputs too."""
        if self._graph is not None:
            return [operation for operation in self._graph.operations if isinstance(operation, Layer)]
        return [layer for layer in self.layers_inside if layer is not self]

    @layers.setter
    def layers(self, _):
        raise AttributeError("`Model.layers` attribute is reserved: it lists the layers inside. Keep yours under another name.")

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of this name, or at this index of `layers`."""
        layers = self.layers
        if (name is None) == (index is None):
            raise ValueError("Provide either a layer name or layer index at `get_layer`, and not both.")
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"Was asked to retrieve layer at index {index} but model only has {len(layers)} layers.")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in layers]
        raise ValueError(f"No such layer: {name!r}. Existing layers are: {names}.{suggest(name, names)}")

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: list[str] | None = None,
    ) -> None:
        """Prints the layers, their output shapes and their numbers of parameters, as a table.

        Args:
            line_length: characters in a line.
            positions: where columns end, as shares of a line.
            print_fn: called with the text instead of printing it.
            expand_nested: whether the layers of models inside are shown too.
            show_trainable: whether there is a column that says which layers are trained.
            layer_range: two layer names (or patterns): the first and the last to show.
        """
        print_summary(
            self,
            line_length=line_length,
            positions=positions,
            print_fn=print_fn,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
            layer_range=layer_range,
        )

    # ------------------------------------------------------------ few bits

    def get_quantization_layer_structure(self, mode: str | None = None) -> dict | None:
        """{"pre_block_layers": [...], "sequential_blocks": [...]}, for modes that look at data. Subclasses may say it."""
        return None

    def quantize(self, mode: str | None = None, config=None, filters=None, **kwargs) -> None:
        """Keeps the weights of the layers inside in few bits from now on. See `Layer.quantize`.

        Layers that do not know how stay as they are, with a warning.

        Args:
            mode, config: as of `Layer.quantize`.
            filters: which layers: a regular expression (or several) that is in their names, or a function of a layer.

        Raises:
            ValueError: a layer that is not built, or what `Layer.quantize` refuses.
        """
        type_check = kwargs.pop("type_check", True)
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}")
        quantize(self, validate_and_resolve_config(mode, config), filters, type_check)

    # ------------------------------------------------------------ config

    def get_config(self) -> dict:
        """What makes an equal model without its weights: of one made from tensors its layers and how they are connected."""
        if self._graph is not None and graph_config.is_made_from_tensors(type(self)):
            return graph_config.to_config(self)
        return arguments_as_config(self, Model)

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None):
        """A model from what `get_config()` gave."""
        if not {"layers", "input_layers", "output_layers"} <= registry.config_of(cls, config).keys():
            return super().from_config(config)
        with registry.understood(cls):
            if any(isinstance(node, list) for layer in config["layers"] for node in layer.get("inbound_nodes", ())):
                config = legacy_config.modern({"class_name": "Functional", "config": config})["config"]  # of Keras 2
            return graph_config.from_config(Model.from_tensors if cls is Model else cls, config, custom_objects)

    # ------------------------------------------------------------ training

    def _standardized(self, x):
        """Inputs as `call` takes them, made so once for a whole fit rather than in each step."""
        if self._graph is not None:
            return self._matched(x)
        target = self._policy.compute_torch_dtype
        if self._policy.is_mixed or not self.autocast:
            return x
        return pytree.tree_map(lambda t: t.to(target) if isinstance(t, torch.Tensor) and t.is_floating_point() else t, x)

    # ------------------------------------------------------------ files

    def save_weights(self, filepath: str | os.PathLike, overwrite: bool = True, **kwargs) -> None:
        """Writes all weights to one HDF5 file, in the layout of Keras 3's `.weights.h5` (a plain `.h5`: of Keras 2)."""
        saving.save_weights(self, filepath, overwrite, **kwargs)

    def load_weights(self, filepath: str | os.PathLike, skip_mismatch: bool = False, **kwargs) -> None:
        """Reads what `save_weights` or `save` (these or those of Keras 3) wrote. Nothing changes when something does not fit.

        Args:
            skip_mismatch: leave out layers whose shapes differ, with a warning, instead of failing.
            by_name: (files in the layout of Keras 2) find layers by name, not by their order.
            objects_to_skip: (`.weights.h5`) layers that stay as they are, with what only they hold.
        """
        saving.load_weights(self, filepath, skip_mismatch, **kwargs)

    def save(self, filepath: str | os.PathLike, overwrite: bool = True, zipped: bool | None = None, **kwargs) -> None:
        """Writes the whole model to a `.keras` or HDF5 file. See `saving.save_model`."""
        saving.save_model(self, filepath, overwrite, zipped, **kwargs)

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict:
        """The values of all variables: {"trainable_variables": {"model": {"dense": {"kernel": tensor, ...}}}, ...}.

        Args:
            value_format: "backend_tensor" (copies, which training leaves alone) or "numpy_array".

        Raises:
            ValueError: two variables have one path.
        """
        return read_state(self, value_format)

    def set_state_tree(self, state_tree: dict) -> None:
        """Assigns what `get_state_tree` gave, or a part of it. Raises ValueError for a variable that is not there."""
        write_state(self, state_tree)

    def export(
        self, filepath: str | os.PathLike, format: str = "tf_saved_model", verbose=None, input_signature=None, **kwargs
    ) -> str:
        """Writes the model, in inference mode, as a program that runs without this package: format="torch".

            model.export("model.pt2", format="torch")
            torch.export.load("model.pt2").module()(x)

        Sizes that are None in the model's inputs stay open, the number of rows too.

        Args:
            format: "torch". The other formats of Keras are refused with a NotImplementedError that says what to do.
            verbose: whether to print where the file is; None is yes.
            input_signature: a list with an InputSpec, KerasTensor or tensor for each argument of the call, where others are
                meant than those that the model knows.
            kwargs: for `torch.export.export`: `strict`, `dynamic_shapes`, ...

        Raises:
            ValueError: an unknown format or argument, or a file name without ".pt2".
            RuntimeError: torch cannot export the model.
        """
        return export_model(self, filepath, format, verbose, input_signature, **kwargs)

    def to_json(self, **kwargs) -> str:
        """The config as JSON text (`kwargs` go to `json.dumps`), for `models.model_from_json`."""
        return json.dumps(registry.serialize(self), **kwargs)
