"""Objects and weights <-> files."""

from torchkeras_lite.registry import (
    CustomObjectScope,
    custom_object_scope,
    deserialize as deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize as serialize_keras_object,
)
from torchkeras_lite.saving.models import load_model, load_weights, model_from_json, save_model, save_weights
