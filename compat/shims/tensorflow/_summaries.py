"""`tf.Summary` of TensorFlow 1: numbers and pictures under names, which `FileWriter.add_summary` writes."""

from __future__ import annotations


class _Values(list):
    """A field of many: `add` puts a new one at the end and gives it."""

    def __init__(self, kind, given=()):
        super().__init__(given)
        self._kind = kind

    def add(self, **fields):
        self.append(self._kind(**fields))
        return self[-1]


class Summary:
    """What belongs to one step."""

    class Image:
        """A picture in the bytes of a file (PNG, JPEG)."""

        def __init__(self, height=None, width=None, colorspace=None, encoded_image_string=b""):
            self.height, self.width, self.colorspace = height, width, colorspace
            self.encoded_image_string = encoded_image_string

    class Value:
        """A number, or an Image, with its name."""

        def __init__(self, tag="", simple_value=None, image=None, node_name="", metadata=None):
            self.tag, self.simple_value, self.image, self.node_name = tag, simple_value, image, node_name

    def __init__(self, value=()):
        self.value = _Values(Summary.Value, value)
