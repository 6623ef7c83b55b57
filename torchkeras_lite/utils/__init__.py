"""Helpers around models and data."""

from torchkeras_lite.backend import clear_session
from torchkeras_lite.callbacks.progress import Progbar
from torchkeras_lite.config import set_random_seed
from torchkeras_lite.data import PyDataset
from torchkeras_lite.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from torchkeras_lite.saving import deserialize_keras_object
from torchkeras_lite.utils.numerical import normalize, to_categorical
from torchkeras_lite.utils.sequences import pad_sequences
from torchkeras_lite.utils.downloads import get_file
from torchkeras_lite.utils.layout import Layout
from torchkeras_lite.utils.canvas import Figure, Svg
from torchkeras_lite.utils.plotting import model_to_dot, plot_model
from torchkeras_lite.utils.images import array_to_img, img_to_array, load_img, save_img
from torchkeras_lite.utils.datasets_from_folders import (
    audio_dataset_from_directory,
    image_dataset_from_directory,
    text_dataset_from_directory,
    timeseries_dataset_from_array,
)
from torchkeras_lite.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from torchkeras_lite.backend import standardize_dtype
from torchkeras_lite.utils.config_object import Config
from torchkeras_lite.utils.parts import pack_x_y_sample_weight, split_dataset, unpack_x_y_sample_weight
from torchkeras_lite.utils.feature_space import FeatureSpace
from torchkeras_lite.utils import bounding_boxes
