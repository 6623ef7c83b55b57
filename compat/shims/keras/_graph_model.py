"""Graph: how Keras 0 and 1 built models of several inputs and outputs, by names."""

from __future__ import annotations

from torchkeras_lite import layers, models

from ._layers import merging


class Graph:
    """Inputs, layers and outputs put together by names, trained on dicts of arrays.

    `add_input`, `add_node` and `add_output`, then `compile(optimizer, {output: loss})` and `fit({name: array, ...})`.
    """

    def __init__(self, name=None):
        self.name, self.model = name, None
        self._tensors, self._inputs, self._outputs = {}, {}, {}
        self.nodes = {}

    def add_input(self, name, input_shape=None, batch_input_shape=None, dtype="float"):
        """An input: `input_shape` without the batch axis, or `batch_input_shape` with it."""
        dtype = {"float": "float32", "int": "int32"}.get(dtype, dtype)
        shape = {"shape": input_shape} if batch_input_shape is None else {"batch_shape": batch_input_shape}
        self._tensors[name] = self._inputs[name] = layers.Input(**shape, name=name, dtype=dtype)

    def _from(self, input, inputs, merge_mode, concat_axis, dot_axes):
        if input:
            return self._tensors[input]
        tensors = [self._tensors[name] for name in inputs]
        return tensors[0] if len(tensors) == 1 else merging(merge_mode, concat_axis, dot_axes)(tensors)

    def add_node(
        self, layer, name, input=None, inputs=(), merge_mode="concat", concat_axis=-1, dot_axes=-1, create_output=False
    ):
        """A layer called `name`, on what has the name `input`, or on what `merge_mode` makes of several `inputs`."""
        self.nodes[name] = layer
        self._tensors[name] = layer(self._from(input, inputs, merge_mode, concat_axis, dot_axes))
        if create_output:
            self.add_output(name, name)

    def add_shared_node(self, layer, name, inputs=(), merge_mode=None, concat_axis=-1, dot_axes=-1, outputs=(), **_):
        """One layer, called on each of `inputs`; the results have the names `outputs`, or are merged under `name`."""
        self.nodes[name] = layer
        made = [layer(self._tensors[one]) for one in inputs]
        self._tensors.update(zip(outputs, made, strict=False))
        if merge_mode:
            self._tensors[name] = merging(merge_mode, concat_axis, dot_axes)(made)

    def add_output(self, name, input=None, inputs=(), merge_mode="concat", concat_axis=-1, dot_axes=-1):
        """What comes out under `name`."""
        tensor = self._from(input, inputs, merge_mode, concat_axis, dot_axes)
        self._outputs[name] = self._tensors.setdefault(name, tensor)

    def compile(self, optimizer, loss, metrics=None, sample_weight_modes=None, **words):
        """Makes the model and says how it is trained; `loss` is a dict, an entry for each output."""
        outputs = {name: layers.Identity(name=f"{name}_out")(tensor) for name, tensor in self._outputs.items()}
        self.model = models.Model(self._inputs, outputs, name=self.name)
        self.model.compile(optimizer=optimizer, loss=loss, metrics=metrics, **words)

    def _split(self, data):
        return {n: data[n] for n in self._inputs}, {n: data[n] for n in self._outputs if n in data} or None

    def fit(self, data, batch_size=32, nb_epoch=10, validation_data=None, sample_weight=None, **words):
        """Trains on a dict of the arrays of all inputs and outputs. Returns the History."""
        x, y = self._split(data)
        checked = None if validation_data is None else self._split(validation_data)
        return self.model.fit(
            x, y, batch_size=batch_size, epochs=nb_epoch, validation_data=checked, sample_weight=sample_weight, **words
        )

    def evaluate(self, data, batch_size=128, verbose=0, sample_weight=None):
        """The loss on a dict of the arrays of all inputs and outputs."""
        x, y = self._split(data)
        return self.model.evaluate(x, y, batch_size=batch_size, verbose=verbose, sample_weight=sample_weight)

    def predict(self, data, batch_size=128, verbose=0):
        """A dict of what comes out."""
        return self.model.predict(self._split(data)[0], batch_size=batch_size, verbose=verbose)

    def train_on_batch(self, data, class_weight=None, sample_weight=None):
        """One step on a dict of the arrays of all inputs and outputs. Returns the loss."""
        x, y = self._split(data)
        return self.model.train_on_batch(x, y, sample_weight=sample_weight, class_weight=class_weight)

    def __getattr__(self, name):
        model = vars(self).get("model")
        if model is None or name.startswith("_"):
            raise AttributeError(f"Graph has no {name!r}" + ("" if model else ": compile() it first."))
        return getattr(model, name)
