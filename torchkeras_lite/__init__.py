"""The Keras API as PyTorch itself."""

__version__ = "0.1.0"
