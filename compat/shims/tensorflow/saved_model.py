"""`tf.saved_model`: TensorFlow's own format, which only TensorFlow can write and read."""

from ._missing import getattr_of

__all__ = ["load", "save"]
__getattr__ = getattr_of(__name__)


def save(obj, export_dir, signatures=None, options=None):
    raise NotImplementedError(
        "A SavedModel is a graph of TensorFlow's, and this is torch. Use `model.save('model.keras')`, or `torch.export`."
    )


def load(export_dir, tags=None, options=None):
    raise NotImplementedError(
        "A SavedModel is a graph of TensorFlow's, and this is torch. Use `tf.keras.models.load_model('model.keras')`, and save "
        "what there is as .keras with TensorFlow first."
    )
