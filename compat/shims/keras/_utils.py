"""Helpers of `keras.utils` that Keras 3 no longer has."""

from __future__ import annotations

import inspect
import sys

import numpy as np

from torchkeras_lite import KerasTensor, registry

# ---------------------------------------------------------------- lists and functions


def to_list(x, allow_tuple=False):
    """A list as it is, anything else in a list."""
    return x if isinstance(x, list) else list(x) if allow_tuple and isinstance(x, tuple) else [x]


def unpack_singleton(x):
    """The one entry of a list of one; anything else as it is."""
    return x[0] if len(x) == 1 else x


def object_list_uid(object_list):
    """Numbers that tell lists of objects apart, as text."""
    return ", ".join(str(abs(id(x))) for x in to_list(object_list))


def slice_arrays(arrays, start=None, stop=None):
    """Rows of an array or of each of a list of arrays: from `start` to `stop`, or those that the list `start` names."""
    if arrays is None:
        return [None]
    rows = start if hasattr(start, "__len__") else slice(start, stop)
    if isinstance(arrays, list):
        return [None if x is None else x[rows] for x in arrays]
    return arrays[rows] if hasattr(arrays, "__getitem__") else [None]


def has_arg(fn, name, accept_all=False):
    """Whether a function takes an argument called `name`, by name (or, with `accept_all`, any)."""
    parameters = inspect.signature(fn).parameters
    if accept_all and any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return True
    return name in parameters and parameters[name].kind in (
        inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY,
    )  # fmt: skip


def is_keras_tensor(x):
    return isinstance(x, KerasTensor)


def get_from_module(identifier, module_params, module_name, instantiate=False, kwargs=None):
    """What a name means in a dict of names."""
    if not isinstance(identifier, str):
        return identifier
    if identifier not in module_params:
        raise ValueError(f"Invalid {module_name}: {identifier}")
    found = module_params[identifier]
    return found(**(kwargs or {})) if instantiate else found


# ---------------------------------------------------------------- numbers


def probas_to_classes(y_pred):
    """The class of each row: the largest of several outputs, or whether a single one is above a half."""
    y_pred = np.asarray(y_pred)
    if y_pred.ndim > 1 and y_pred.shape[1] > 1:
        return y_pred.argmax(axis=1)
    return np.array([1 if p > 0.5 else 0 for p in y_pred.ravel()])


def categorical_probas_to_classes(p):
    """The place of the largest number of each row."""
    return np.argmax(p, axis=1)


def convert_kernel(kernel, data_format=None):
    """A kernel of a convolution turned over along its axes in space, as Theano and TensorFlow differ."""
    kernel = np.asarray(kernel)
    if not 3 <= kernel.ndim <= 5:
        raise ValueError(f"Invalid kernel shape: {kernel.shape}")
    return np.copy(kernel[(slice(None, None, -1),) * (kernel.ndim - 2)])


def convert_all_kernels_in_model(model):
    """Turns over the kernels of all convolutions of a model: for weights of Theano in TensorFlow, and back."""
    for layer in model._flatten_layers():
        if type(layer).__name__ in ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose") and layer.built:
            layer.kernel.assign(convert_kernel(layer.kernel.numpy()))


def convert_dense_weights_data_format(dense, previous_feature_map_shape, target_data_format="channels_first"):
    """Reorders the kernel of a Dense behind a Flatten for images (rows, columns, channels) whose channels now stand elsewhere.

    Args:
        previous_feature_map_shape: the shape of an image in front of the Flatten, without the batch axis.
        target_data_format: where the channels will stand: "channels_first" or "channels_last".
    """
    if target_data_format not in ("channels_first", "channels_last"):
        raise ValueError(f"`target_data_format` must be 'channels_first' or 'channels_last'. Received: {target_data_format!r}")
    kernel = dense.kernel.numpy()
    images = kernel.T.reshape(-1, *previous_feature_map_shape)
    # The map's shape is given in the old order, so the kernel goes from that into the other one.
    turned = images.transpose((0, 3, 1, 2) if target_data_format == "channels_first" else (0, 2, 3, 1))
    dense.kernel.assign(turned.reshape(len(images), -1).T)


def make_batches(size, batch_size):
    """The batches of `size` rows, as pairs of the first row and the one behind the last."""
    return [(start, min(size, start + batch_size)) for start in range(0, size, batch_size)]


def count_params(weights):
    """How many numbers there are in a list of weights."""
    return int(sum(np.prod(tuple(weight.shape)) for weight in {id(w): w for w in weights}.values()))


def normalize_tuple(value, n, name):
    """An integer `n` times, or a sequence of `n` integers, as a tuple."""
    value = (value,) * n if isinstance(value, int) else tuple(value)
    if len(value) != n or not all(isinstance(one, (int, np.integer)) for one in value):
        raise ValueError(f"The `{name}` argument must be an integer or {n} of them. Received: {value}")
    return value


def normalize_padding(value):
    if value.lower() not in ("valid", "same", "causal"):
        raise ValueError(f"The `padding` argument must be one of 'valid', 'same' and 'causal'. Received: {value}")
    return value.lower()


def conv_output_length(input_length, filter_size, padding, stride, dilation=1):
    """How many places a window has in a sequence."""
    if input_length is None:
        return None
    window = filter_size + (filter_size - 1) * (dilation - 1)
    length = {
        "same": input_length, "causal": input_length, "valid": input_length - window + 1, "full": input_length + window - 1,
    }[padding]  # fmt: skip
    return (length + stride - 1) // stride


def conv_input_length(output_length, filter_size, padding, stride):
    """The length of the sequence in which a window has so many places."""
    if output_length is None:
        return None
    margin = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}[padding]
    return (output_length - 1) * stride - 2 * margin + filter_size


def deconv_length(dim_size, stride_size, kernel_size, padding, output_padding=None, dilation=1):
    """What a transposed convolution makes of a length."""
    if dim_size is None:
        return None
    window = kernel_size + (kernel_size - 1) * (dilation - 1)
    if output_padding is None:
        more = {"valid": max(window - stride_size, 0), "full": -(stride_size + window - 2), "same": 0}[padding]
        return dim_size * stride_size + more
    margin = {"same": window // 2, "valid": 0, "full": window - 1}[padding]
    return (dim_size - 1) * stride_size + window - 2 * margin + output_padding


# ---------------------------------------------------------------- models and files


def version():
    """The version of the Keras that this stands in for, which scripts compare."""
    return sys.modules["keras"].__version__


def get_layer_policy(layer):
    """The dtypes of a layer, as an object."""
    return layer.dtype_policy


def print_summary(model, line_length=None, positions=None, print_fn=None, **more):
    model.summary(line_length=line_length, positions=positions, print_fn=print_fn, **more)


def model_from_config(config, custom_objects=None):
    """The model that a config (a dict with its class) describes."""
    return registry.deserialize(config, custom_objects)


def model_from_yaml(yaml_string, custom_objects=None):
    raise RuntimeError(
        "Models are not read from YAML any more: it could run any code. Write the model with `to_json()` and read it with "
        "`keras.models.model_from_json()`."
    )


def multi_gpu_model(model, gpus=None, cpu_merge=True, cpu_relocation=False):
    """The model itself, on the device it is on: a batch is not split here, so results are the same, speed is of one GPU."""
    if isinstance(gpus, (list, tuple)):
        gpus = len(gpus)
    if gpus is not None and gpus <= 1:
        raise ValueError(f"For multi-gpu usage to be effective, call `multi_gpu_model` with `gpus >= 2`. Received: gpus={gpus}")
    return model


class HDF5Matrix:
    """Rows `start` to `end` of a data set in an HDF5 file, read as they are asked for.

    Args:
        datapath: the file; dataset: the name of the data set in it.
        normalizer: applied to what is read.
    """

    def __init__(self, datapath, dataset, start=0, end=None, normalizer=None):
        try:
            import h5py
        except ImportError as error:
            raise ImportError("HDF5Matrix needs the package h5py: pip install h5py.") from error
        self.data = h5py.File(datapath, "r")[dataset]
        self.start, self.end = start, self.data.shape[0] if end is None else end
        self.normalizer = normalizer

    def __len__(self):
        return self.end - self.start

    def __getitem__(self, key):
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            rows = self.data[self.start + start : self.start + stop : step]
        elif isinstance(key, (int, np.integer)):
            if not -len(self) <= key < len(self):
                raise IndexError(f"HDF5Matrix has {len(self)} rows. Received: {key}")
            rows = self.data[self.start + key % len(self)]
        else:
            wanted = np.asarray(key)
            unique, place = np.unique(wanted, return_inverse=True)  # h5py reads rows in their order only
            rows = self.data[self.start + unique][place]
        return rows if self.normalizer is None else self.normalizer(rows)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self[:], dtype=dtype)

    @property
    def shape(self):
        return (len(self), *self.data.shape[1:])

    @property
    def dtype(self):
        return self.data.dtype

    @property
    def ndim(self):
        return self.data.ndim

    @property
    def size(self):
        return int(np.prod(self.shape))
