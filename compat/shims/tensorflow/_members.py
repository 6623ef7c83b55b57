"""Methods that scripts for TensorFlow 2 call and Keras 3 has not, there as long as the stand-in is imported."""

from __future__ import annotations

import logging
import sys

import numpy as np

from ._tensors import IndexedSlices, TensorShape
from .dtypes import as_dtype


def minimize(self, loss, var_list=None, tape=None, name=None, global_step=None, **settings):
    """One step towards a smaller loss; of a symbolic loss, what does the step each time a session runs it.

    Args:
        loss: a function without arguments that computes it; or, with the `tape` that recorded it, a tensor; or a KerasTensor.
        var_list: the Variables to change, or a function without arguments that gives them; behind a KerasTensor all.
    """
    from torchkeras_lite.symbolic import KerasTensor

    from ._tape import GradientTape

    if isinstance(loss, KerasTensor):
        return apply_gradients(self, compute_gradients(self, loss, var_list), global_step=global_step)
    if var_list is None:
        raise ValueError("`var_list` is required: the Variables to change, such as `model.trainable_weights`.")
    if callable(loss):
        with GradientTape() as tape:
            loss = loss()
    elif tape is None:
        raise ValueError("`tape` is required when a `Tensor` loss is passed.")
    variables = list(var_list() if callable(var_list) else var_list)
    counted = {} if global_step is None else {"global_step": global_step}
    return self.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True), **counted)


def compute_gradients(self, loss, var_list=None, *args, **settings) -> list:
    """Pairs of a symbolic gradient and a Variable, of a symbolic loss."""
    from ._graphs import gradients, variables_behind

    variables = list(var_list or variables_behind(loss))
    return list(zip(gradients(loss, variables), variables, strict=True))


def apply_gradients(self, grads_and_vars, *args, **settings):
    """One step; of symbolic gradients, what does the step each time a session runs it."""
    from torchkeras_lite.optimizers import Optimizer
    from torchkeras_lite.symbolic import KerasTensor

    pairs = [
        (slope.whole(variable.shape) if isinstance(slope, IndexedSlices) else slope, variable)
        for slope, variable in grads_and_vars
    ]
    if any(isinstance(slope, KerasTensor) for slope, _ in pairs):
        from ._graphs import Step

        return Step(self, *zip(*pairs, strict=True), settings.get("global_step"))
    counted = settings.pop("global_step", None)  # TensorFlow 1's: a Variable that counts the steps
    tapes = sys.modules.get(f"{__package__}._tape")
    if tapes is not None:
        tapes.keep([variable for slope, variable in pairs if slope is not None])
    for word in ("name", "experimental_aggregate_gradients", "skip_gradients_aggregation"):
        settings.pop(word, None)
    if "_other_sets" in self.__dict__:
        done = _each_by_its_own(self, self._other_sets, pairs)
    else:
        try:
            done = _before[Optimizer, "apply_gradients"](self, pairs, *args, **settings)
        except ValueError:
            if _era() == "3" or not self.built or self.knows([variable for _, variable in pairs]):
                raise
            self._other_sets = []
            done = _each_by_its_own(self, self._other_sets, pairs)
    if counted is not None:
        counted.assign_add(1)
    return done


def _era() -> str:
    from keras import _eras

    return _eras.now


def _each_by_its_own(optimizer, sets: list, pairs: list):
    """One step where an optimizer trains several sets of variables in turn, as those up to Keras 2.10 did.

    Args:
        sets: what keeps the state of the variables that the optimizer was not built with; new ones are added.
    """
    from torchkeras_lite.optimizers import Optimizer

    known = {id(target.raw): one for one in (optimizer, *sets) for target in one._targets}
    new = [variable for _, variable in pairs if id(_raw(variable)) not in known]
    if new:
        sets.append(optimizer.sibling())
        del sets[-1]._other_sets
        sets[-1].build(new)
        known.update(dict.fromkeys((id(_raw(variable)) for variable in new), sets[-1]))
    shares: dict = {}
    for slope, variable in pairs:
        shares.setdefault(known[id(_raw(variable))], []).append((slope, variable))
    steps = optimizer._iterations.item()
    for one, share in shares.items():
        if len(shares) == 1 or any(slope is not None for slope, _ in share):
            optimizer._iterations.assign(steps)
            done = _before[Optimizer, "apply_gradients"](one, share)
    return done


def _raw(variable):
    return getattr(variable, "raw", variable)


def get_logger() -> logging.Logger:
    """Python's logger "tensorflow"."""
    return logging.getLogger("tensorflow")


def get_shape(self) -> TensorShape:
    """The shape of a symbolic tensor."""
    return TensorShape(self.shape)


def graph_of(self):
    """The graph that a symbolic tensor is in: the only one."""
    from ._graphs import get_default_graph

    return get_default_graph()


def evaluated(self, feed_dict=None, session=None):
    """The value of a symbolic tensor, as an array, for these values of what it follows from."""
    from ._graphs import get_default_session

    return get_default_session().run(self, feed_dict)


def numpy(self):
    """Strings as bytes, as TensorFlow gives them: one where there are no axes."""
    found = [each.encode() if isinstance(each, str) else each for each in self.ravel().tolist()]
    return np.array([*found, None], dtype=object)[:-1].reshape(self.shape) if self.ndim else found[0]


def read_value(self):
    """The value of a variable as a tensor."""
    return self.value


def compute_output_shape(self, *args, **kwargs):
    """The shape that comes out, as TensorFlow's own."""
    from torchkeras_lite.drawn import Drawn

    return _as_tf(_before[Drawn, "compute_output_shape"](self, *args, **kwargs))


def compute_output_signature(self, input_signature):
    """TensorSpecs of what the layer gives for inputs of these TensorSpecs."""
    from torch.utils import _pytree as pytree

    from .data import TensorSpec

    def is_spec(x):
        return isinstance(x, TensorSpec)

    shape = self.compute_output_shape(pytree.tree_map(lambda spec: tuple(spec.shape), input_signature, is_leaf=is_spec))
    several = not all(size is None or isinstance(size, int) for size in shape)
    made = [TensorSpec(one, self.compute_dtype) for one in (shape if several else [shape])]
    return made if several else made[0]


def dtype_of(self):
    """The dtype of a variable, as TensorFlow's own: `v.dtype.base_dtype`."""
    from torchkeras_lite.variable import Variable

    return as_dtype(_before[Variable, "dtype"].fget(self))


def shapes_of(self, args, kwargs) -> dict:
    """What a layer of the script's own is built for: a TensorShape for each tensor, as tf.keras hands them to `build`."""
    from torchkeras_lite.layer import Layer

    shapes = _before[Layer, "_shapes_of"](self, args, kwargs)
    return shapes if type(self).build.__module__.partition(".")[0] == "torchkeras_lite" else _as_tf(shapes)


def _as_tf(shapes):
    if isinstance(shapes, dict):
        return {key: _as_tf(shape) for key, shape in shapes.items()}
    if isinstance(shapes, list) or any(isinstance(size, (list, tuple, dict)) for size in shapes or ()):
        return type(shapes)(map(_as_tf, shapes))
    return shapes if shapes is None else TensorShape(shapes)


# module and class -> what it gets
_ADDED = {
    ("torchkeras_lite.drawn", "Drawn"): {"compute_output_shape": compute_output_shape},
    ("torchkeras_lite.layer", "Layer"): {"_shapes_of": shapes_of, "compute_output_signature": compute_output_signature},
    ("torchkeras_lite.variable", "Variable"): {"read_value": read_value, "dtype": property(dtype_of)},
    ("torchkeras_lite.optimizers", "Optimizer"): {
        "minimize": minimize, "compute_gradients": compute_gradients, "apply_gradients": apply_gradients,
    },
    ("torchkeras_lite.texts", "Texts"): {"numpy": numpy},
    ("torchkeras_lite.symbolic", "KerasTensor"): {"eval": evaluated, "get_shape": get_shape, "graph": property(graph_of)},
}


_before: dict = {}  # (class, name) -> what it had there itself, or None


def _classes():
    for (module, name), methods in _ADDED.items():
        if module in sys.modules:
            yield getattr(sys.modules[module], name), methods


def put_on() -> None:
    for cls, methods in _classes():
        for name, method in methods.items():
            if vars(cls).get(name) is not method:
                _before[cls, name] = vars(cls).get(name)
                setattr(cls, name, method)


def take_off() -> None:
    while _before:
        (cls, name), method = _before.popitem()
        if method is None:
            delattr(cls, name)
        else:
            setattr(cls, name, method)
