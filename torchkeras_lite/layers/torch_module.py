"""Any torch module as a layer, and torch modules called on symbolic tensors."""

from __future__ import annotations

import base64
import contextlib
import io
import pickle
import re
import sys
import weakref

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules import module as torch_module

from torchkeras_lite import config, lambdas, registry, symbolic
from torchkeras_lite.calls import going_on, regardless_of_training
from torchkeras_lite.layer import Layer
from torchkeras_lite.modes import training_mode


class TorchModuleWrapper(Layer):
    """Any torch.nn.Module as a layer; Sequential wraps the ones it is given.

    Args:
        module: what computes the output. Its parameters are this layer's weights, in torch's layout.
        output_shape: not needed; kept for files.
    """

    def __init__(self, module, name=None, output_shape=None, **kwargs):
        super().__init__(name=name or registry.unique_name(registry.snake_case(type(module).__name__)), **kwargs)
        if not isinstance(module, nn.Module):
            raise TypeError(f"TorchModuleWrapper wraps a torch.nn.Module. Received: {module!r} (of type {type(module)})")
        self.module = module.to(config.get_device())
        self.output_shape_argument = output_shape
        self.built = self.builds_nothing

    @regardless_of_training
    def call(self, *args, training=None, **kwargs):
        return self.module(*args, **kwargs)

    # ------------------------------------------------------------ files, as Keras has them

    reads_itself = True

    def save_own_variables(self, store) -> None:
        """Puts the state of the module into `store`, under torch's names."""
        for key, tensor in self.module.state_dict().items():
            store[key] = (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).cpu().numpy()

    def load_own_variables(self, store) -> None:
        keys = list(store.keys())
        if keys and all(key.isdigit() for key in keys) and not {*keys} & {*self.module.state_dict()}:
            super().load_own_variables(store)  # files of the first releases of this package
            return
        # h5py gives 0-dimensional arrays as numbers
        self.module.load_state_dict({key: torch.as_tensor(np.asarray(store[key])) for key in keys})

    def get_config(self):
        """The module comes along as what `torch.save` makes of it, in base64."""
        packed = io.BytesIO()
        torch.save(self.module, packed)
        text = base64.b64encode(packed.getvalue()).decode("ascii")
        return {**self._base_config(), "module": text, "output_shape": self.output_shape_argument}

    @classmethod
    def from_config(cls, config, custom_objects=None, safe_mode=None):
        """The layer with the module that a config holds; with `safe_mode=False` because the caller trusts it."""
        config = registry.config_of(cls, config)
        if isinstance(config.get("module"), str):
            said = contextlib.nullcontext() if safe_mode is None else lambdas.safe_mode_unless_said(safe_mode)
            with registry.CustomObjectScope(custom_objects), said:
                config = {**config, "module": _unpacked(config["module"], config.get("name"))}
        return cls(**{key: value if key == "module" else registry.deserialize(value) for key, value in config.items()})


def _unpacked(text: str, name) -> nn.Module:
    """The torch module in a config. It may be made of torch's own modules, and of classes that the user names.

    Raises:
        ValueError: nobody has said that the file is to be trusted, or there is something else in it.
    """
    if not lambdas.trusted():
        raise ValueError(
            f"Layer {name!r} holds a torch module, as a pickle in the config, and `torch.load` might run what code is in it "
            "(arbitrary code execution). If you trust the file, pass `safe_mode=False` to `load_model`; classes of your own in "
            "it have to be named in `custom_objects`."
        )
    known = [one for one in vars(nn).values() if isinstance(one, type) and issubclass(one, (nn.Module, nn.Parameter))]
    known += [F.relu, F.gelu, set]
    known += [one for one in registry.known_objects() if isinstance(one, type) and issubclass(one, nn.Module)]
    with torch.serialization.safe_globals(known):
        try:
            return torch.load(io.BytesIO(base64.b64decode(text)), map_location="cpu", weights_only=True)
        except (ValueError, RuntimeError, EOFError, KeyError, TypeError, AttributeError, pickle.UnpicklingError) as error:
            missing = re.search(r"GLOBAL (\S+)", str(error))
            raise ValueError(
                f"The torch module of layer {name!r} cannot be read: "
                + (f"{missing[1]} in it is neither torch.nn's nor named in `custom_objects`." if missing else str(error))
            ) from error


# ---------------------------------------------------------------- torch modules called on symbolic tensors
#
# `nn.Linear(4, 3)(x)` on a KerasTensor must draw one node, with the module in it: drawn function by function, its weights would
# be constants that nobody trains, and a Dropout stay in the mode of that moment. Nobody but torch is asked when a module is
# called, so two of torch's global hooks look on: only while a graph is being drawn, so that training never pays for them. What
# they miss is refused.


class _Watch:
    """The two hooks. The first runs the module on stand-ins, the second puts its call into the graph."""

    def __init__(self):
        self.handles: list = []
        self.calls: list = []  # (module, what it was called on, what is put back behind it), outermost first

    def begin(self):
        if not self.handles:
            self.handles = [
                torch_module.register_module_forward_pre_hook(self._before),
                torch_module.register_module_forward_hook(self._after, with_kwargs=True, always_call=True),
            ]

    def end(self):
        for handle in self.handles:
            handle.remove()
            torch_module._global_forward_hooks_with_kwargs.pop(handle.id, None)  # torch leaves that word behind
        self.handles.clear()

    def _before(self, module, args):
        if isinstance(module, Layer) or going_on.trying or not symbolic.is_symbolic(args):
            return None
        trial = contextlib.ExitStack()
        trial.enter_context(training_mode(module, False))  # it must not move the statistics of a BatchNorm
        trial.callback(setattr, going_on, "trying", going_on.trying)
        going_on.trying = True
        self.calls.append((module, args, trial))
        return symbolic.stand_ins(args)

    def _after(self, module, args, kwargs, output=None):
        if not self.calls or self.calls[-1][0] is not module:
            return None
        _, args, trial = self.calls.pop()
        trial.close()
        error = sys.exc_info()[1]
        if output is None and error is not None:
            if hasattr(error, "add_note"):
                error.add_note(f"(in the call of the torch module {module} on symbolic inputs {args})")
            return None
        return wrapper_of(module)(*args, **kwargs)


def _refuse_inside_modules():
    """Called before a function is drawn: one that a torch module calls must not be, as the module itself was missed."""
    missed, frame = None, sys._getframe(2)
    while frame is not None:
        module = frame.f_locals.get("self") if frame.f_code is _CALL else None
        if module is not None and not isinstance(module, Layer):
            missed = module  # the outermost counts
        frame = frame.f_back
    if missed is not None:
        symbolic.drawing.begin()
        raise TypeError(
            f"The torch module {missed} was called on a symbolic tensor by keyword, or after a model was made from the "
            "graph; then only a layer can be added to it. The usual fix: `layers.TorchModuleWrapper(module)(x)`."
        )


_CALL = nn.Module._call_impl.__code__

_wrappers: weakref.WeakValueDictionary[int, TorchModuleWrapper] = weakref.WeakValueDictionary()


def wrapper_of(module: nn.Module) -> TorchModuleWrapper:
    """The layer that stands for a torch module in graphs: one for all its calls, so that they share its weights."""
    wrapper = _wrappers.get(id(module))  # which holds the module, so that the number is not given away while it lives
    if wrapper is None:
        wrapper = _wrappers[id(module)] = TorchModuleWrapper(module)
    return wrapper


_watch = _Watch()
symbolic.drawing.on_begin, symbolic.drawing.on_pause = _watch.begin, _watch.end
symbolic.drawing.on_record = _refuse_inside_modules
