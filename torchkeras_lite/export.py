"""`keras.export`: models and functions as programs of `torch.export`, which run without this package."""

from __future__ import annotations

import inspect
import os
import warnings

import torch
from torch import nn

from torchkeras_lite import config, tree
from torchkeras_lite.input_spec import InputSpec
from torchkeras_lite.layer import Layer
from torchkeras_lite.shapes import tensors_of_shape
from torchkeras_lite.symbolic import KerasTensor

__all__ = ["ExportArchive"]

_ELSEWHERE = {
    "tf_saved_model": "A SavedModel is a graph of TensorFlow's",
    "openvino": "OpenVINO has a converter of its own: `openvino.convert_model(model, example_input=x)`",
    "litert": "LiteRT has a converter of its own: `litert_torch.convert(model, (x,))`",
    "onnx": "torch has an exporter of its own: `torch.onnx.export(model, (x,), 'model.onnx')`",
}


def export_model(model, filepath, format: str, verbose=None, input_signature=None, **kwargs) -> str:
    """Writes the model, in inference mode, as a program of `torch.export`. See `Model.export`."""
    if format not in ("torch", *_ELSEWHERE):
        raise ValueError(f"Unrecognized format={format!r}. Supported here: 'torch'. (Keras knows {sorted(_ELSEWHERE)} too.)")
    if format != "torch":
        raise NotImplementedError(
            f"The model cannot be exported with format={format!r}: it is a torch.nn.Module. {_ELSEWHERE[format]}. The fix: "
            "`model.export('model.pt2', format='torch')`, which `torch.export.load('model.pt2').module()` runs anywhere; or "
            "`model.save('model.keras')`, which Keras opens with any backend."
        )
    filepath = os.fspath(filepath)
    if not filepath.endswith(".pt2"):
        raise ValueError(f"With format='torch' the file name must end with '.pt2'. Received: filepath={filepath!r}")
    if input_signature is None:
        input_signature = [_signature_of(model)]
    program = program_of(model, input_signature, **kwargs)
    torch.export.save(program, filepath)
    if verbose or verbose is None:
        print(f"Saved a program of torch.export at '{filepath}'.")
    return filepath


def program_of(module: nn.Module, signature, **kwargs):
    """`torch.export` of the module on inputs as the signature says; sizes that it leaves open stay open where they can.

    Raises:
        ValueError: an argument that `torch.export.export` does not know.
        RuntimeError: torch cannot export it.
    """
    known = set(inspect.signature(torch.export.export).parameters) - {"mod", "args", "kwargs"}
    if kwargs.keys() - known:
        raise ValueError(f'Unsupported arguments for `format="torch"`: {sorted(kwargs.keys() - known)}. Known: {sorted(known)}')
    args = tuple(tree.map_structure(_example, part) for part in signature)
    shapes = kwargs.pop("dynamic_shapes", None)
    if shapes is None:
        shapes = tuple(tree.map_structure(_open_sizes, part) for part in signature)
    elif isinstance(shapes, dict) and shapes and all(isinstance(key, int) for key in shapes):
        shapes = (shapes,)  # of the only input
    if isinstance(shapes, (list, tuple)):
        shapes = {"args": tuple(shapes)}
    modes = [(each, each.training) for each in module.modules()]
    module.eval()
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            if isinstance(module, Layer) and not module.built:
                module(*args)  # weights are made before: they are no part of the program
            return torch.export.export(module, args, dynamic_shapes=shapes, **{"strict": False, **kwargs})
    except Exception as error:
        raise RuntimeError(
            "The model could not be exported. Most often something in it depends on the values of its input (an `if`, or a "
            f"number that is read), or a given size does not fit. torch says: {error}"
        ) from error
    finally:
        for each, mode in modes:
            each.training = mode


def _signature_of(model):
    """The inputs of a model, with None for sizes that are open."""
    if getattr(model, "is_functional", False):
        return model.input
    shapes = model._build_shapes
    if not shapes:
        raise ValueError(
            f"The model {model.name!r} has not been called yet, so the shapes of its inputs are not known. The usual fix: call "
            "it on some data first, or pass `input_signature=[keras.InputSpec(shape=(None, 3), dtype='float32')]`."
        )
    return tensors_of_shape(next(iter(shapes.values())), model.compute_dtype)


def _example(spec):
    """Zeros for a spec; where a size is open, one that torch does not take for fixed (it would: 0 and 1)."""
    if isinstance(spec, torch.Tensor):
        return spec
    shape = [(32 if axis else 2) if size is None else size for axis, size in enumerate(_checked(spec).shape)]
    return torch.zeros(shape, dtype=config.torch_dtype(spec.dtype or config.floatx()), device=config.get_device())


def _open_sizes(spec):
    if isinstance(spec, torch.Tensor):
        return None
    return {axis: torch.export.Dim.AUTO for axis, size in enumerate(_checked(spec).shape) if size is None}


def _checked(spec):
    if not isinstance(spec, (InputSpec, KerasTensor)) or spec.shape is None:
        raise ValueError(
            "A signature is a list with an InputSpec (with a full `shape`), KerasTensor or tensor for each argument. Received: "
            f"{spec!r}"
        )
    return spec


class ExportArchive:
    """Functions of models, each a program of `torch.export`, together in a folder.

        archive = keras.export.ExportArchive(format="torch")
        archive.track(model)
        archive.add_endpoint("serve", model.call, input_signature=[keras.InputSpec(shape=(None, 3), dtype="float32")])
        archive.write_out("folder")                              # folder/serve.pt2
        torch.export.load("folder/serve.pt2").module()(x)

    Args:
        format: "torch". Keras's "saved_model" and "openvino" are refused with a NotImplementedError.
    """

    def __init__(self, format: str = "saved_model"):
        if format != "torch":
            why = _ELSEWHERE.get("tf_saved_model" if format == "saved_model" else format)
            if why is None:
                raise ValueError(f"Unrecognized format={format!r} of an ExportArchive. Supported here: 'torch'.")
            raise NotImplementedError(
                f"An ExportArchive cannot be written with format={format!r}: models here are torch.nn.Modules. {why}. The "
                "fix: `ExportArchive(format='torch')`, which makes programs that `torch.export.load` opens."
            )
        self._tracked: list[nn.Module] = []
        self._programs: dict = {}

    def track(self, resource) -> None:
        """The weights of this layer or module belong to the archive. To be called before `add_endpoint`."""
        if not isinstance(resource, nn.Module):
            raise ValueError(f"A layer, a model or a torch.nn.Module can be tracked. Received: {resource!r}")
        if isinstance(resource, Layer) and not resource.built:
            raise ValueError(
                f"The layer {resource.name!r} has no weights yet. The usual fix: call it on some data, and then track it."
            )
        if not any(resource is known for known in self._tracked):
            self._tracked.append(resource)

    def add_endpoint(self, name: str, fn, input_signature=None, **kwargs):
        """Adds a function under a name. Returns it.

        Args:
            input_signature: a list with an InputSpec, KerasTensor or tensor for each argument.
            kwargs: for `torch.export.export`.
        """
        if name in self._programs:
            raise ValueError(f"Endpoint name {name!r} is already taken.")
        owner = getattr(fn, "__self__", fn)
        if isinstance(owner, nn.Module):
            self.track(owner)
            if input_signature is None:
                input_signature = [_signature_of(owner)]
        if not input_signature:
            raise ValueError(
                f"The endpoint {name!r} needs an `input_signature`, as "
                "`[keras.InputSpec(shape=(None, 3), dtype='float32')]`: a function does not tell the shapes that it takes."
            )
        self._programs[name] = program_of(_Endpoint(fn, self._tracked), input_signature, **kwargs)
        return fn

    def track_and_add_endpoint(self, name: str, resource, input_signature=None, **kwargs):
        """Tracks a layer or model, and adds its call under a name."""
        self.track(resource)
        return self.add_endpoint(name, resource, input_signature, **kwargs)

    @property
    def variables(self) -> list:
        return [variable for layer in self._tracked if isinstance(layer, Layer) for variable in layer.variables]

    @property
    def trainable_variables(self) -> list:
        return [variable for layer in self._tracked if isinstance(layer, Layer) for variable in layer.trainable_variables]

    @property
    def non_trainable_variables(self) -> list:
        return [variable for layer in self._tracked if isinstance(layer, Layer) for variable in layer.non_trainable_variables]

    def write_out(self, filepath, options=None, verbose: bool = True) -> None:
        """Writes `<endpoint>.pt2` for each endpoint into the folder `filepath`."""
        if not self._programs:
            raise ValueError("There is no endpoint to write. Call `add_endpoint` first.")
        filepath = os.fspath(filepath)
        os.makedirs(filepath, exist_ok=True)
        for name, program in self._programs.items():
            torch.export.save(program, os.path.join(filepath, f"{name}.pt2"))
        if verbose:
            print(f"Saved programs of torch.export in '{filepath}': {', '.join(self._programs)}.")


class _Endpoint(nn.Module):
    def __init__(self, fn, tracked):
        super().__init__()
        self.function = fn if not isinstance(fn, nn.Module) else fn.__call__
        self.tracked = nn.ModuleList(tracked)

    def forward(self, *args):
        return self.function(*args)
