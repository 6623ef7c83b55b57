"""`keras.src.testing`, and what `tf.test.TestCase` shares with it: the test case that suites of extensions build on."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from torchkeras_lite import backend, config, ops, saving, tree, utils
from torchkeras_lite.losses import Loss
from torchkeras_lite.models import Model
from torchkeras_lite.registry import custom_object_scope
from torchkeras_lite.symbolic import KerasTensor

__path__: list = []  # `keras.src.testing` is a folder of files, which rows of PATHS name

try:
    from absl.testing import parameterized
except ImportError:  # then there is nobody either who would name the cases of a test
    _Base = unittest.TestCase
else:
    _Base = parameterized.TestCase


def uses_gpu() -> bool:
    return torch.cuda.is_available()


torch_uses_gpu = uses_gpu


def uses_tpu() -> bool:
    return False


tensorflow_uses_gpu = tensorflow_uses_tpu = jax_uses_gpu = jax_uses_tpu = uses_tpu


class Comparing:
    """Assertions about anything that is a number, an array or a tensor. `rtol` and `atol` are those of each family."""

    maxDiff = None
    _tolerances = {"rtol": 1e-6, "atol": 1e-6}

    def get_temp_dir(self) -> str:
        """A folder that is gone after the test."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def convert_to_numpy(self, x):
        return x if isinstance(x, np.ndarray) else ops.convert_to_numpy(x) if _is_tensor(x) else np.array(x)

    def assertAllClose(self, actual, desired, rtol=None, atol=None, msg=None):
        """Equal shapes, and numbers that are near; structures part by part."""
        near = {name: said if given is None else given
                for (name, said), given in zip(self._tolerances.items(), (rtol, atol), strict=True)}  # fmt: skip
        for a, b in self._pairs(actual, desired, msg):
            np.testing.assert_allclose(a, b, err_msg=msg or "", **near)

    def assertNotAllClose(self, actual, desired, rtol=None, atol=None, msg=None):
        try:
            self.assertAllClose(actual, desired, rtol=rtol, atol=atol)
        except AssertionError:
            return
        raise AssertionError(msg or f"All numbers are close: {actual!r}")

    def assertAllEqual(self, actual, desired, msg=None):
        for a, b in self._pairs(actual, desired, msg):
            np.testing.assert_array_equal(a, b, err_msg=msg or "")

    def assertNotAllEqual(self, actual, desired, msg=None):
        try:
            self.assertAllEqual(actual, desired)
        except AssertionError:
            return
        raise AssertionError(msg or f"All numbers are equal: {actual!r}")

    def assertDType(self, x, dtype, msg=None):
        self.assertEqual(backend.standardize_dtype(getattr(x, "dtype", type(x))), backend.standardize_dtype(dtype), msg)

    def _pairs(self, actual, desired, msg):
        """The arrays of two structures of one form; a list of numbers is one array."""
        if isinstance(actual, dict) or isinstance(desired, dict):
            self.assertEqual(sorted(actual), sorted(desired), msg)
            parts = [(actual[key], desired[key]) for key in actual]
        elif _is_several(actual) and _is_several(desired):
            self.assertEqual(len(actual), len(desired), msg)
            parts = zip(actual, desired, strict=True)
        else:
            return [(self.convert_to_numpy(actual), self.convert_to_numpy(desired))]
        return [pair for part in parts for pair in self._pairs(*part, msg)]


def _is_tensor(x) -> bool:
    return hasattr(x, "detach") or hasattr(x, "__array__")


def _is_several(x) -> bool:
    """Whether a list is one of tensors, or of lists that make no array together."""
    if not isinstance(x, (list, tuple)):
        return False
    try:
        return any(_is_tensor(leaf) or isinstance(leaf, dict) for leaf in x) or np.array(x).dtype == object
    except ValueError:  # ragged
        return True


class TestCase(Comparing, _Base):
    """A test case that knows tensors and layers."""

    __test__ = False  # what derives from it is a test, not this

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "__test__" not in vars(cls):
            cls.__test__ = True

    def setUp(self):
        super().setUp()
        utils.clear_session(free_memory=False)
        config.disable_traceback_filtering()

    def assertAllClose(self, actual, desired, atol=1e-6, rtol=1e-6, tpu_atol=None, tpu_rtol=None, msg=None):
        super().assertAllClose(actual, desired, rtol=rtol, atol=atol, msg=msg)

    def assertNotAllClose(self, x1, x2, atol=1e-6, rtol=1e-6, msg=None):
        super().assertNotAllClose(x1, x2, rtol=rtol, atol=atol, msg=msg)

    def assertAlmostEqual(self, actual, desired, decimal=3, tpu_decimal=None, msg=None):
        a, b = self.convert_to_numpy(actual), self.convert_to_numpy(desired)
        np.testing.assert_almost_equal(a, b, decimal=decimal, err_msg=msg or "")

    def assertLen(self, iterable, expected_len, msg=None):
        self.assertEqual(len(iterable), expected_len, msg)

    def assertFileExists(self, path):
        self.assertTrue(Path(path).is_file(), f"There is no file {path}.")

    def assertSparse(self, x, sparse=True):
        self.assertEqual(bool(getattr(x, "sparse" if isinstance(x, KerasTensor) else "is_sparse", False)), sparse)

    def assertRagged(self, x, ragged=True):
        self.assertEqual(bool(getattr(x, "ragged" if isinstance(x, KerasTensor) else "is_nested", False)), ragged)

    def run_class_serialization_test(self, instance, custom_objects=None):
        """What comes back from the config, and from text, has the same config and the same attributes."""
        said, names = instance.get_config(), set(dir(instance))
        with custom_object_scope(custom_objects or {}):
            first = type(instance).from_config(said)
            text = json.dumps(saving.serialize_keras_object(instance))
            second = saving.deserialize_keras_object(json.loads(text))
        for revived in (first, second):
            self.assertEqual(_plain(revived.get_config()), _plain(said))
            self.assertEqual(set(dir(revived)) - {"__annotations__"}, names - {"__annotations__"})
        return second

    def run_layer_test(
        self, layer_cls, init_kwargs, input_shape=None, input_dtype=None, input_sparse=False, input_ragged=False,
        input_data=None, call_kwargs=None, expected_output_shape=None, expected_output_dtype=None,
        expected_output_sparse=False, expected_output_ragged=False, expected_output=None,
        expected_num_trainable_weights=None, expected_num_non_trainable_weights=None,
        expected_num_non_trainable_variables=None, expected_num_seed_generators=None, expected_num_losses=None,
        supports_masking=None, expected_mask_shape=None, custom_objects=None, run_training_check=True,
        run_mixed_precision_check=True, assert_built_after_instantiation=False, tpu_atol=None, tpu_rtol=None,
    ):  # fmt: skip
        """A layer is built, called on symbolic tensors and on real ones, trained a little, and comes back from its config.

        Shapes and dtypes may be structures; each `expected_...` is compared where it is given. In half precision the
        layer must compute what its policy says.
        """
        if input_shape is not None and input_data is not None:
            raise ValueError("input_shape and input_data say the same thing: pass one of them.")
        if expected_output_shape is not None and expected_output is not None:
            raise ValueError("expected_output_shape and expected_output say the same thing: pass one of them.")
        if expected_output is not None and input_data is None:
            raise ValueError("expected_output needs the input_data that it comes from.")
        if expected_mask_shape is not None and supports_masking is not True:
            raise ValueError("expected_mask_shape needs supports_masking=True.")
        init_kwargs, call_kwargs = init_kwargs or {}, call_kwargs or {}
        input_shape, input_dtype = _of_the_call(input_shape), _of_the_call(input_dtype)

        layer = layer_cls(**init_kwargs)
        self.run_class_serialization_test(layer, custom_objects)
        if assert_built_after_instantiation:
            self.assertTrue(layer.built)
        if supports_masking is not None:
            self.assertEqual(layer.supports_masking, supports_masking)
        if input_shape is None and input_data is None:
            return

        shapes = input_shape if input_data is None else tree.map_structure(lambda x: tuple(x.shape), input_data)
        if input_dtype is None:
            kinds = None if input_data is None else tree.map_structure(lambda x: backend.standardize_dtype(x.dtype), input_data)
            input_dtype = kinds or tree.map_shape_structure(lambda _: "float32", shapes)
        made = _made(shapes, input_dtype) if input_data is None else input_data
        drawn = tree.map_structure(lambda x: KerasTensor(x.shape, dtype=backend.standardize_dtype(x.dtype)), made)

        counts = {
            "trainable_weights": expected_num_trainable_weights,
            "non_trainable_weights": expected_num_non_trainable_weights,
            "non_trainable_variables": expected_num_non_trainable_variables,
        }
        for inputs in (drawn, made):
            layer = layer_cls(**init_kwargs)
            outputs = layer(**inputs, **call_kwargs) if isinstance(inputs, dict) else layer(inputs, **call_kwargs)
            self.assertTrue(layer.built)
            for name, wanted in counts.items():
                if wanted is not None:
                    self.assertLen(getattr(layer, name), wanted, name)
            if expected_num_seed_generators is not None:
                self.assertLen(_seeds(layer), expected_num_seed_generators, "seed generators")
            if expected_output_shape is not None:
                found = tree.map_structure(lambda x: tuple(x.shape), outputs)
                self.assertEqual(_plain(found), _plain(expected_output_shape))
            if expected_output_dtype is not None:
                found = tree.map_structure(lambda x: backend.standardize_dtype(x.dtype), outputs)
                self.assertEqual(tree.flatten(found), tree.flatten(expected_output_dtype))
            if expected_mask_shape is not None:
                self.assertEqual(tuple(layer.compute_mask(inputs, None).shape), tuple(expected_mask_shape))
        if expected_num_losses is not None:
            self.assertLen(layer.losses, expected_num_losses, "losses")
        if expected_output is not None:
            for found, wanted in zip(tree.flatten(outputs), tree.flatten(expected_output), strict=True):
                self.assertAllClose(found, wanted)
        if run_training_check:
            _train(self, layer, made, outputs, call_kwargs)
        if run_mixed_precision_check and torch.cuda.is_available():
            self._check_half(layer_cls, init_kwargs, made, call_kwargs)

    def _check_half(self, layer_cls, init_kwargs, made, call_kwargs):
        layer = layer_cls(**{**init_kwargs, "dtype": "mixed_float16"})
        outputs = layer(**made, **call_kwargs) if isinstance(made, dict) else layer(made, **call_kwargs)
        for found in tree.flatten(outputs):
            if found.is_floating_point():
                self.assertEqual(backend.standardize_dtype(found.dtype), layer.compute_dtype)
        for weight in layer.weights:
            if backend.standardize_dtype(weight.dtype).startswith("float"):
                self.assertEqual(backend.standardize_dtype(weight.dtype), layer.variable_dtype)


def _of_the_call(given):
    """By the arguments of `call`, what may be given by those of `build` (`query_shape`)."""
    return {name.removesuffix("_shape"): each for name, each in given.items()} if isinstance(given, dict) else given


def _train(case, layer, inputs, outputs, call_kwargs) -> None:
    """One step of a model around the layer, with what it gives as the targets."""

    class Around(Model):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def call(self, x):
            return self.layer(**x, **call_kwargs) if isinstance(x, dict) else self.layer(x, **call_kwargs)

    class MeanOfAll(Loss):
        def call(self, y_true, y_pred):
            return ops.mean(y_pred, axis=tuple(range(1, len(y_pred.shape)))) if len(y_pred.shape) > 1 else y_pred

    if not all(x.is_floating_point() for x in tree.flatten(outputs)):
        return
    model = Around()
    model.compile("sgd", tree.map_structure(lambda _: MeanOfAll(), outputs) if isinstance(outputs, dict) else MeanOfAll())
    wanted = tree.map_structure(lambda x: np.zeros(tuple(x.shape), "float32"), outputs)
    x = tree.map_structure(lambda value: case.convert_to_numpy(value), inputs)
    model.fit(x, wanted, batch_size=len(tree.flatten(x)[0]), verbose=0)


def _made(shapes, dtypes):
    """A tensor of each shape: small numbers, or ones where they count."""

    def one(shape, dtype):
        size = [2 if size is None else size for size in shape]
        floating = "float" in backend.standardize_dtype(dtype)
        return ops.cast(ops.convert_to_tensor(np.random.default_rng(0).random(size) if floating else np.ones(size)), dtype)

    if isinstance(shapes, dict):
        return {key: _made(shape, dtypes[key]) for key, shape in shapes.items()}
    if shapes and isinstance(shapes[0], (list, tuple)):
        made = [_made(*pair) for pair in zip(shapes, dtypes, strict=True)]
        return made if isinstance(shapes, list) else tuple(made)
    return one(shapes, dtypes)


def _seeds(layer) -> list:
    return [seed for one in layer._flatten_layers() for seed in getattr(one, "_seed_generators", ())]


def _plain(value):
    """A structure whose tuples are lists, as JSON has them."""
    return json.loads(json.dumps(saving.serialize_keras_object(value)))


def named_product(*args, **kwargs) -> list[dict]:
    """The arguments of every combination, for `parameterized.named_parameters`, each with a name made of the parts' names.

    Args:
        args: lists of dicts of arguments, each with a "testcase_name".
        kwargs: an argument and its values; the parts' names are then the values, or their `__name__`.
    """

    def named(key, value):
        return {"testcase_name": str(getattr(value, "__name__", value)).lower(), key: value}

    choices = [*args, *([named(key, value) for value in values] for key, values in kwargs.items())]
    # The first one changes fastest.
    chosen = [parts[::-1] for parts in itertools.product(*reversed(choices))]
    return [
        {**{key: value for part in parts for key, value in part.items()},
         "testcase_name": "_".join(part["testcase_name"] for part in parts)}
        for parts in chosen
    ]  # fmt: skip


def get_test_data(train_samples, test_samples, input_shape, num_classes, random_seed=None):
    """Points around one centre for each class, as ((x_train, y_train), (x_test, y_test)); each class as often in both."""
    draw = np.random.RandomState(random_seed)
    centres = 2 * num_classes * draw.random_sample((num_classes, *input_shape))

    def some(count):
        y = draw.permutation(np.arange(count) % num_classes)
        return (centres[y] + draw.normal(size=(count, *input_shape))).astype("float32"), y

    return some(train_samples), some(test_samples)
