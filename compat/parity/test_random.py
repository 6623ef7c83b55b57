"""keras.random beside Keras's: signatures, dtypes, shapes, errors, what a layer knows of its generators.

Distributions are tested by themselves (tests/test_random.py); where the way from a seed to values is the same, values are
compared too.
"""

import inspect
import json

import numpy as np
import pytest
import torch
from oracle import keras as real

import torchkeras_lite as mine

NAMES = [name for name in dir(real.random) if not name.startswith("_")]
LOGITS = np.log(np.float32([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]))
# (name, arguments, whether equal seeds give Keras's values)
DRAWS = [
    ("normal", {"shape": (3, 2)}, True),
    ("normal", {"shape": (), "mean": 3.0, "stddev": 0.1}, True),
    ("normal", {"shape": [2], "dtype": "float16"}, True),
    ("normal", {"shape": (2,), "dtype": "float64"}, True),
    ("normal", {"shape": (0, 3)}, True),
    ("uniform", {"shape": (3, 2)}, True),
    ("uniform", {"shape": ()}, True),
    ("uniform", {"shape": (4,), "minval": -3.0, "maxval": 5, "dtype": "bfloat16"}, True),
    ("truncated_normal", {"shape": (3, 2), "mean": 1.0, "stddev": 2.0}, False),
    ("truncated_normal", {"shape": (3,), "dtype": "float16"}, False),
    ("randint", {"shape": (3, 2), "minval": -4, "maxval": 50}, True),
    ("randint", {"shape": (3,), "minval": 0, "maxval": 9, "dtype": "uint8"}, True),
    ("randint", {"shape": (3,), "minval": 0, "maxval": 9, "dtype": "int64"}, True),
    ("gamma", {"shape": (3, 2), "alpha": 0.5}, False),
    ("gamma", {"shape": (3, 2), "alpha": [0.5, 2.0], "dtype": "float16"}, False),
    ("beta", {"shape": (3, 2), "alpha": 0.5, "beta": [1.0, 2.0]}, False),
    ("binomial", {"shape": (3, 2), "counts": 10.0, "probabilities": 0.5}, False),
    ("binomial", {"shape": (2,), "counts": 10.0, "probabilities": [0.5, 0.1], "dtype": "int32"}, False),
    ("categorical", {"logits": LOGITS, "num_samples": 5}, True),
    ("categorical", {"logits": LOGITS, "num_samples": 5, "dtype": "int64"}, True),
    ("shuffle", {"x": np.arange(12).reshape(4, 3)}, False),
    ("dropout", {"inputs": np.ones((4, 3), "float32"), "rate": 0.5}, False),
    ("dropout", {"inputs": np.ones((4, 3), "float32"), "rate": 0.5, "noise_shape": (None, 1)}, False),
]


def test_names():
    assert sorted(mine.random.__all__) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_signatures(name):
    def of(library):
        parameters = inspect.signature(getattr(library.random, name)).parameters.values()
        return [(p.name, p.default, p.kind) for p in parameters]

    assert of(mine) == of(real)


@pytest.mark.parametrize("name, arguments, alike", DRAWS)
def test_draws(name, arguments, alike):
    def drawn(library, seed):
        given = {key: torch.as_tensor(value) if isinstance(value, np.ndarray) else value for key, value in arguments.items()}
        return getattr(library.random, name)(**given, seed=seed)

    for seed in (3, None):
        ours, theirs = drawn(mine, seed), drawn(real, seed)
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    if alike:
        torch.testing.assert_close(drawn(mine, 3), drawn(real, 3))


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("uniform", {"shape": (2,), "dtype": "int32"}),
        ("randint", {"shape": (2,), "minval": 0, "maxval": 3, "dtype": "float32"}),
        ("randint", {"shape": (2,), "minval": 0, "maxval": 3, "dtype": "bool"}),
        ("randint", {"shape": (2,), "minval": 3, "maxval": 3}),
        ("categorical", {"logits": np.zeros(3, "float32"), "num_samples": 2}),
        ("categorical", {"logits": np.zeros((1, 2, 3), "float32"), "num_samples": 2}),
        ("gamma", {"shape": (2,), "alpha": -1.0}),
        ("beta", {"shape": (2,), "alpha": 1.0, "beta": 0.0}),
        ("binomial", {"shape": (2,), "counts": 3.0, "probabilities": 1.5}),
        ("dropout", {"inputs": np.ones((2, 2), "float32"), "rate": 1.5}),
        ("normal", {"shape": (2,), "seed": "a"}),
        ("normal", {"shape": (2,), "seed": 1.5}),
        ("SeedGenerator", {"seed": "a"}),
        ("SeedGenerator", {"seed": 1.5}),
        ("SeedGenerator", {"sead": 1}),
    ],
)
def test_errors(name, arguments, monkeypatch):
    monkeypatch.setattr(torch.distributions.Distribution, "_validate_args", True)  # torch.compile turns it off for all
    def error(library):
        given = {key: torch.as_tensor(value) if isinstance(value, np.ndarray) else value for key, value in arguments.items()}
        with pytest.raises(Exception) as caught:
            getattr(library.random, name)(**given)
        return caught.type

    assert error(mine) is error(real)


def test_shuffle_keeps_slices_together():
    # Keras on torch shuffles each row on its own where the axis is not the first; on JAX and TensorFlow slices stay whole.
    x = torch.arange(12).reshape(3, 4)
    theirs = real.random.shuffle(x, axis=1, seed=1)
    assert not torch.equal(theirs - theirs[:1], x - x[:1])
    ours = mine.random.shuffle(x, axis=1, seed=1)
    assert torch.equal(ours - ours[:1], x - x[:1])


# ---------------------------------------------------------------- generators


def test_seed_generators():
    for seed in (0, 1337, 2**31 - 1):
        ours, theirs = (library.random.SeedGenerator(seed, name="s") for library in (mine, real))
        assert ours.get_config() == theirs.get_config()
        for attribute in ("path", "name", "dtype", "shape", "trainable"):
            assert getattr(ours.state, attribute) == getattr(theirs.state, attribute)
        for ordered in (True, True, False, False, True):
            assert ours.next(ordered=ordered).tolist() == theirs.next(ordered=ordered).tolist()
        words = json.dumps(real.saving.serialize_keras_object(theirs))
        assert mine.utils.serialize_keras_object(ours) == json.loads(words)
        revived = mine.utils.deserialize_keras_object(json.loads(words))
        assert revived.state.numpy().tolist() == [seed, 0]


def noise(library):
    class Noise(library.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.seed_generator = library.random.SeedGenerator(1337, name="seeds")
            self.more = [library.random.SeedGenerator(1, name="more")]

        def build(self, shape):
            self.scale = self.add_weight((1,), "ones", name="scale")
            self.offset = self.add_weight((1,), "zeros", trainable=False, name="offset")

        def call(self, x):
            return x * self.scale + library.random.normal(library.ops.shape(x), seed=self.seed_generator)

    return Noise(name="noise")


def test_what_a_layer_knows():
    layers = [noise(library) for library in (mine, real)]
    models = []
    for library, layer in zip((mine, real), layers, strict=True):
        inputs = library.layers.Input((3,))
        models.append(library.Model(inputs, library.layers.Dense(1, name="dense")(layer(inputs))))
    for ours, theirs in (layers, models):
        for group in ("weights", "variables", "trainable_weights", "trainable_variables", "non_trainable_weights"):
            assert [v.path for v in getattr(ours, group)] == [v.path for v in getattr(theirs, group)], group
        assert [v.path for v in ours.non_trainable_variables] == [v.path for v in theirs.non_trainable_variables]
    states = [layer.seed_generator.state for layer in layers]
    assert states[0].numpy().tolist() == states[1].numpy().tolist() == [1337, 0]
    x = torch.ones(2, 3)
    for _ in range(2):
        torch.testing.assert_close(layers[0](x), layers[1](x))
    assert states[0].numpy().tolist() == states[1].numpy().tolist() == [1337, 2]


def test_weights_files_know_nothing_of_generators(tmp_path):
    import h5py

    def names(library):
        layer = noise(library)
        inputs = library.layers.Input((3,))
        library.Model(inputs, layer(inputs)).save_weights(tmp_path / f"{library.__name__}.weights.h5")
        found = []
        with h5py.File(tmp_path / f"{library.__name__}.weights.h5") as file:
            file.visititems(lambda name, thing: found.append(name) if hasattr(thing, "shape") else None)
        return found

    assert names(mine) == names(real)
