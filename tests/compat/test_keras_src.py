"""`keras.src...`: the files behind Keras 3's public modules, for scripts and extensions that import from them."""

import textwrap

import pytest

BEGIN = """
import numpy as np, pytest, torch, keras
import torchkeras_lite as lite
near = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
"""

SNIPPETS = {
    "files": """
        from keras.src.layers.core.dense import Dense
        from keras.src.layers.core import dense
        from keras.src.layers.preprocessing.image_preprocessing.random_flip import RandomFlip
        from keras.src.layers.rnn import rnn
        from keras.src.optimizers.adam import Adam
        from keras.src.losses import losses
        from keras.src.losses.loss import Loss, squeeze_or_expand_to_same_rank
        from keras.src.metrics.reduction_metrics import Mean
        from keras.src.models.functional import Functional
        from keras.src.callbacks.early_stopping import EarlyStopping
        from keras.src.utils.numerical_utils import to_categorical
        from keras.src.utils.naming import auto_name, to_snake_case
        from keras.src.saving.object_registration import register_keras_serializable
        from keras.src.initializers.random_initializers import GlorotUniform
        from keras.src.tree.tree_api import flatten
        from keras.src.api_export import keras_export
        assert Dense is dense.Dense is lite.layers.Dense and Adam is lite.optimizers.Adam and rnn.LSTM is lite.layers.LSTM
        assert losses.MeanSquaredError is lite.losses.MeanSquaredError and Mean is lite.metrics.Mean
        assert keras_export("keras.layers.Mine")(Dense) is Dense
        assert (to_snake_case("MyLayer2D"), auto_name("MyLayer2D"), auto_name("MyLayer2D")) == (
            "my_layer2d", "my_layer2d", "my_layer2d_1")
        a, b = squeeze_or_expand_to_same_rank(torch.ones(3, 1), torch.ones(3))
        assert a.shape == b.shape == (3, 1)
        import keras.src.layers.merging.add, keras.src.backend.common.name_scope
        near(keras.layers.add([torch.ones(2), torch.ones(2)]), [2, 2])  # not the file of that name
        with keras.backend.name_scope("a"):
            pass
        # None of these is a sign of an old era, in which the third number would be the kernel's second side.
        assert keras.layers.Conv2D(4, 3, 2).strides == (2, 2)
        for name in ("keras.src.layers.core.densest", "keras.src.losses.none"):
            with pytest.raises(ModuleNotFoundError):
                __import__(name)
        with pytest.raises(AttributeError, match="Densest"):
            dense.Densest
    """,
    "classes of operations": """
        from keras.src.ops import numpy as knp, nn as knn
        from keras.src.ops.math import Logsumexp
        from keras.src import ops
        x = np.arange(6, dtype="float32").reshape(2, 3)
        near(knp.Add()(x, 2), x + 2)
        near(knp.Sum(axis=1, keepdims=True)(x), x.sum(1, keepdims=True))
        near(knp.Where()(x > 2, x, 0), np.where(x > 2, x, 0))
        near(knp.Concatenate(axis=0)([x, x]), np.concatenate([x, x]))
        near(knp.Abs()(-x), x)
        near(knn.Softmax(0)(x), np.exp(x) / np.exp(x).sum(0))
        near(Logsumexp(axis=(0, 1))(x), np.log(np.exp(x).sum()))
        op = knp.Sum(axis=1, name="all_of_them")
        assert isinstance(op, keras.Operation) and op.name == "all_of_them" and op.axis == 1
        entry = keras.Input((3,))
        drawn = op(knp.Multiply()(entry, 2.0))
        assert drawn.shape == (None,) and knp.Sum().symbolic_call(entry).shape == ()
        model = keras.Model(entry, drawn)
        near(model(x), 2 * x.sum(1))
        near(keras.Model.from_config(model.get_config())(x), 2 * x.sum(1))
        assert "Add" not in dir(keras.ops) and "Add" not in keras.ops.numpy.__all__
        with pytest.raises(AttributeError):
            knp.Addition
        with pytest.raises(TypeError):
            knp.Sum(axes=1)
    """,
    "names that programs add": """
        from keras.src.activations import ALL_OBJECTS_DICT
        from keras.src.initializers import ALL_OBJECTS_DICT as known
        def twice(x): return 2 * x
        ALL_OBJECTS_DICT["twice"] = twice
        assert keras.activations.get("twice") is twice and keras.layers.Dense(2, activation="twice").activation is twice
        assert known["zeros"] is keras.initializers.Zeros and "ALL_OBJECTS_DICT" not in dir(lite.activations)
    """,
    "backend": """
        from keras.src import backend
        from keras.src.backend.common.variables import standardize_shape, shape_equal
        from keras.src.backend.common import standardize_dtype, KerasVariable
        from keras.src.backend.common.keras_tensor import any_symbolic_tensors
        from keras.src.backend.torch.core import get_device
        x = backend.convert_to_tensor([[1.0, -2.0]])
        near(backend.convert_to_numpy(backend.nn.relu(x)), [[1, 0]])
        near(backend.numpy.sum(x), -1)
        near(backend.core.cast(x, "int32"), [[1, -2]])
        assert backend.is_tensor(x) and isinstance(keras.Variable(x), KerasVariable) and backend.backend() == "torch"
        out = backend.compute_output_spec(lambda a: a @ a.T, backend.KerasTensor((2, 5)))
        assert (out.shape, out.dtype) == ((2, 2), "float32") and any_symbolic_tensors((1, [out]))
        assert backend.get_keras_mask(x) is None
        backend.set_keras_mask(x, x > 0)
        near(backend.get_keras_mask(x), [[True, False]])
        backend.set_keras_mask(x, None)
        assert backend.get_keras_mask(x) is None
        with backend.StatelessScope():
            assert backend.in_stateless_scope() and backend.get_stateless_scope() is not None
        assert not backend.in_stateless_scope() and not backend.SUPPORTS_SPARSE_TENSORS
        with keras.name_scope("outer"), backend.name_scope("inner"):
            assert backend.current_path() == "outer/inner"
        assert standardize_shape([2, None]) == (2, None) and shape_equal((2, None), (2, 3)) and not shape_equal((2,), (3,))
        for wrong in (None, (2, -1), ("a",), 3):
            with pytest.raises(ValueError):
                standardize_shape(wrong)
        assert get_device() == lite.config.get_device()
    """,
}


@pytest.mark.parametrize("code", SNIPPETS.values(), ids=SNIPPETS)
def test_snippet(code, python, repository):
    python("-c", BEGIN + textwrap.dedent(code), path=[repository / "compat" / "shims"], ok=True)
