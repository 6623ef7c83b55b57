"""ResNet50 on its own, as older code imports it."""

from torchkeras_lite.applications.resnet import ResNet50, decode_predictions, preprocess_input

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]
