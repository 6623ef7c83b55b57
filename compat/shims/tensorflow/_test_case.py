"""`tf.test.TestCase`: the test case that suites of extensions build on, over torch's tensors."""

from __future__ import annotations

import contextlib
import unittest

import numpy as np
from keras._testing import Comparing

try:
    from absl.testing.absltest import TestCase as _Base
except ImportError:
    _Base = unittest.TestCase


class TestCase(Comparing, _Base):
    """Compares tensors, ragged and sparse ones and texts too, with arrays and lists."""

    def convert_to_numpy(self, x):
        if hasattr(x, "to_list"):
            x = x.to_list()
        if hasattr(x, "values") and hasattr(x, "dense_shape"):
            x = x.to_dense() if hasattr(x, "to_dense") else x
        x = super().convert_to_numpy(x.numpy() if hasattr(x, "numpy") else x)
        return np.char.encode(x, "utf-8") if x.dtype.kind == "U" else _as_bytes(x) if x.dtype == object else x

    _GetNdArray = convert_to_numpy

    def evaluate(self, tensors):
        """Arrays in the place of tensors."""
        if isinstance(tensors, dict):
            return {key: self.evaluate(value) for key, value in tensors.items()}
        if isinstance(tensors, (list, tuple)):
            return type(tensors)(self.evaluate(value) for value in tensors)
        return self.convert_to_numpy(tensors)

    @contextlib.contextmanager
    def cached_session(self, *args, **kwargs):
        yield self

    session = cached_session

    def assertDTypeEqual(self, target, expected_dtype):
        wanted = np.dtype(getattr(expected_dtype, "as_numpy_dtype", expected_dtype))
        self.assertEqual(self.convert_to_numpy(target).dtype, wanted)

    def assertShapeEqual(self, input_a, input_b, msg=None):
        self.assertEqual(tuple(input_a.shape), tuple(input_b.shape), msg)

    def assertNear(self, f1, f2, err, msg=None):
        self.assertLessEqual(abs(float(f1) - float(f2)), err, msg)

    def assertNDArrayNear(self, ndarray1, ndarray2, err, msg=None):
        self.assertLess(np.abs(self.convert_to_numpy(ndarray1) - self.convert_to_numpy(ndarray2)).max(), err, msg)

    assertArrayNear = assertNDArrayNear

    def assertAllGreater(self, a, comparison_target):
        self.assertGreater(self.convert_to_numpy(a).min(), comparison_target)

    def assertAllGreaterEqual(self, a, comparison_target):
        self.assertGreaterEqual(self.convert_to_numpy(a).min(), comparison_target)

    def assertAllLess(self, a, comparison_target):
        self.assertLess(self.convert_to_numpy(a).max(), comparison_target)

    def assertAllLessEqual(self, a, comparison_target):
        self.assertLessEqual(self.convert_to_numpy(a).max(), comparison_target)

    def assertAllInRange(self, target, lower_bound, upper_bound, open_lower_bound=False, open_upper_bound=False):
        (self.assertAllGreater if open_lower_bound else self.assertAllGreaterEqual)(target, lower_bound)
        (self.assertAllLess if open_upper_bound else self.assertAllLessEqual)(target, upper_bound)

    def assertAllInSet(self, target, expected_set):
        self.assertLessEqual(set(self.convert_to_numpy(target).ravel().tolist()), set(expected_set))


def _as_bytes(x):
    """An array of objects whose texts are bytes, as TensorFlow has them."""
    return np.vectorize(lambda one: one.encode() if isinstance(one, str) else one, otypes=[object])(x) if x.size else x
