"""Objects and weights <-> files."""

from torchkeras_lite.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from torchkeras_lite.saving.models import (
    deserialize_keras_object, load_model, load_weights, model_from_json, save_model, save_weights,
)
from torchkeras_lite.saving.file_editor import KerasFileEditor
