"""`keras.backend`, K, of Keras 1 and 2: functions of tensors, arrays, Variables and symbolic tensors; and what Keras 3 has.

They are built of `torchkeras_lite.ops`, so integers and floats meet as they do there (TensorFlow refused them). Where one has
a rule of its own, it says so. On symbolic tensors they draw: `function` runs what was drawn, `gradients` draws what will be
differentiated then.
"""

from __future__ import annotations

import importlib
import sys

from torchkeras_lite import backend as _today
from torchkeras_lite import registry
from torchkeras_lite.variable import Variable

from ._views import Lasting

# File -> what it has for `keras.backend`.
_NAMES = {
    "_backend_math": """
        abs all any argmax argmin cast clip cos cumprod cumsum equal exp greater greater_equal less less_equal lesser
        lesser_equal log logsumexp max maximum mean min minimum not_equal pow prod round sign sin sqrt square std sum var
        """,
    "_backend_products": "batch_dot dot",
    "_backend_shapes": """
        arange batch_flatten concatenate count_params dtype expand_dims flatten gather get_variable_shape int_shape
        is_sparse ndim one_hot permute_dimensions repeat repeat_elements reshape reverse shape size slice squeeze stack tile
        to_dense transpose
        """,
    "_backend_resizing": """
        asymmetric_spatial_2d_padding asymmetric_temporal_padding resize_images resize_volumes spatial_2d_padding
        spatial_3d_padding temporal_padding
        """,
    "_backend_nn": """
        batch_normalization bias_add binary_crossentropy categorical_crossentropy elu hard_sigmoid in_top_k l2_normalize
        normalize_batch_in_training relu sigmoid softmax softplus softsign sparse_categorical_crossentropy tanh
        """,
    "_backend_convolution": """
        atrous_conv2d conv1d conv2d conv2d_transpose conv3d conv3d_transpose deconv2d depthwise_conv2d local_conv1d
        local_conv2d pool2d pool3d separable_conv1d separable_conv2d
        """,
    "_backend_random": "dropout random_bernoulli random_binomial random_normal random_uniform truncated_normal",
    "_backend_state": """
        batch_get_value batch_set_value cast_to_floatx constant eye get_value identity is_placeholder is_tensor is_variable
        moving_average_update ones ones_like placeholder random_normal_variable random_uniform_variable set_value update
        update_add update_sub variable zeros zeros_like
        """,
    "_backend_phase": "in_test_phase in_train_phase learning_phase learning_phase_scope set_learning_phase switch",
    "_backend_loops": "foldl foldr map_fn rnn",
    "_backend_ctc": "ctc_batch_cost ctc_decode ctc_label_dense_to_sparse",
    "_backend_graph": "eval function gradients stop_gradient",
    "_backend_session": """
        clear_session control_dependencies eager experimental get_session image_dim_ordering manual_variable_initialization
        name_scope normalize_data_format pattern_broadcast print_tensor reset_uids set_image_dim_ordering set_session symbolic
        """,
}

_found = {name: getattr(_today, name) for name in _today.__all__}
for _file, _names in _NAMES.items():
    _module = importlib.import_module(f"keras.{_file}")
    _found.update((name, getattr(_module, name)) for name in _names.split())
_get_available_gpus = _module.gpus  # which half of the tutorials on several GPUs call
_found["Variable"] = Variable
_found["ContextValueCache"] = importlib.import_module("keras._rnn_masks").ContextValueCache
__all__ = sorted(_found)
globals().update(_found)
for _name in _NAMES["_backend_nn"].split():  # `Activation(K.relu)` can be copied and saved
    registry.publish(_found[_name], _found[_name].__module__)

sys.modules[__name__].__class__ = Lasting
__path__: list[str] = []  # there are modules below it, by rows of PATHS

# What scripts took from here though it was no function of the backend.
_MODULES = {
    "tf": "tensorflow", "tensorflow_backend": "keras.backend", "common": "keras.backend",
    "ctc": "tensorflow.python.ops.ctc_ops", "tf_ops": "tensorflow.python.framework.ops",
    "moving_averages": "tensorflow.python.training.moving_averages",
    **{name: f"tensorflow.python.ops.{name}" for name in ("control_flow_ops", "functional_ops", "tensor_array_ops")},
}  # fmt: skip
_FILES_TODAY = (
    "backend_utils config dtypes global_state keras_tensor masking stateless_scope symbolic_scope torch variables"
).split()
_SETTINGS = {"_EPSILON": "epsilon", "_FLOATX": "floatx", "_BACKEND": "backend", "_IMAGE_DATA_FORMAT": "image_data_format"}


def __getattr__(name: str):
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name in _SETTINGS:
        return _found[_SETTINGS[name]]()
    if name in _FILES_TODAY:
        return importlib.import_module("keras.backend")
    if not name.startswith("_"):
        today = importlib.import_module("keras._backend_today")
        if hasattr(today, name):
            return getattr(today, name)
    raise AttributeError(f"module 'keras.backend' has no attribute {name!r} (this is torchkeras_lite under Keras's name)")
