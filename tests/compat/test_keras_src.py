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
        from keras.src.quantizers.gptq import GPTQ, gptq_quantize_matrix
        from keras.src.quantizers.awq import AWQ, awq_quantize_matrix, awq_search_optimal_scales
        from keras.src.quantizers.gptq_core import get_dataloader
        from keras.src.quantizers.utils import should_quantize_layer
        from keras.src.quantizers.quantization_config import QuantizationConfig, validate_and_resolve_config
        from keras.src.quantizers.gptq_config import GPTQConfig
        assert GPTQConfig is lite.quantizers.GPTQConfig and validate_and_resolve_config("int8", None).mode == "int8"
        assert issubclass(GPTQConfig, QuantizationConfig) and should_quantize_layer(keras.layers.Dense(1, name="ab"), "^a")
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
    "test cases": """
        import unittest
        from keras.src import testing
        from keras.src.testing.test_utils import get_test_data, named_product
        near_by_names = named_product([{"testcase_name": "one", "x": 1}, {"testcase_name": "two", "x": 2}], kind=[int, None])
        assert [(case["testcase_name"], case["x"], case["kind"]) for case in near_by_names] == [
            ("one_int", 1, int), ("two_int", 2, int), ("one_none", 1, None), ("two_none", 2, None)]
        (x, y), (test, _) = get_test_data(6, 3, (2,), 3, random_seed=1)
        assert x.shape == (6, 2) and test.shape == (3, 2) and sorted(y.tolist()) == [0, 0, 1, 1, 2, 2]

        @keras.saving.register_keras_serializable("mine")
        class Twice(keras.layers.Layer):
            def __init__(self, times=2.0, **kwargs):
                super().__init__(**kwargs)
                self.times = times
            def build(self, input_shape):
                self.scale = self.add_weight(shape=input_shape[-1:], initializer="ones", name="scale")
            def call(self, x):
                return self.times * self.scale * x
            def get_config(self):
                return {**super().get_config(), "times": self.times}

        class Changes(Twice):
            @classmethod
            def from_config(cls, config):
                return cls(times=9.0)

        class Cases(testing.TestCase):
            def runTest(self):
                self.assertAllClose({"a": torch.ones(2), "b": [keras.Variable(3.0)]}, {"a": [1, 1], "b": [np.float32(3)]})
                self.assertAllEqual(keras.ops.arange(3), [0, 1, 2])
                self.assertNotAllClose([1.0], [1.1])
                self.assertNotAllEqual([1], [2])
                self.assertDType(torch.ones(1, dtype=torch.int32), "int32")
                self.assertLen([1, 2], 2)
                self.assertAlmostEqual(torch.tensor(1.0), 1.0001)
                for wrong in (lambda: self.assertAllClose([1.0], [1.1]), lambda: self.assertAllEqual([1], [2]),
                              lambda: self.assertDType(1.0, "int32"), lambda: self.assertAllClose([1.0, 1.0], [[1.0, 1.0]])):
                    with pytest.raises(AssertionError):
                        wrong()
                said = dict(input_data=np.ones((3, 2), "float32"), expected_output=np.full((3, 2), 3.0),
                            expected_num_trainable_weights=1, expected_num_seed_generators=0, supports_masking=False)
                self.run_layer_test(Twice, {"times": 3.0}, **said)
                self.run_layer_test(Twice, {}, input_shape=(2, 5), expected_output_shape=(2, 5), expected_num_losses=0)
                self.run_layer_test(keras.layers.MultiHeadAttention, {"num_heads": 2, "key_dim": 2},
                                    input_shape={"query_shape": (2, 5, 4), "value_shape": (2, 3, 4)},
                                    expected_output_shape=(2, 5, 4))
                said["expected_num_trainable_weights"] = 2
                for cls, words in ((Twice, said), (Changes, {})):
                    with pytest.raises(AssertionError):
                        self.run_layer_test(cls, {"times": 3.0}, custom_objects={"Changes": Changes}, **words)
                assert __import__("os").path.isdir(self.get_temp_dir())

        result = unittest.TextTestRunner(stream=open("out.txt", "w")).run(Cases())
        assert result.wasSuccessful(), result.failures + result.errors
    """,
    "stores of arrays": """
        from keras.src.saving import saving_lib
        with saving_lib.H5IOStore("mine.lora.h5", mode="w") as store:
            store.make("lora")["rank"] = 4
            store.make("lora/0")["kernel_a"] = keras.Variable([[1.0, 2.0]])
        store = saving_lib.H5IOStore("mine.lora.h5", mode="r")
        assert int(store.get("lora")["rank"][()]) == 4 and len(store.get("elsewhere")) == 0
        near(store.get("lora/0")["kernel_a"], [[1, 2]])
        store.close()
        with pytest.raises(ValueError, match="mode"):
            saving_lib.H5IOStore("mine.lora.h5", mode="a")
    """,
    "objects among those of a module": """
        @keras.saving.register_keras_serializable("mine")
        class Half(keras.layers.Layer):
            pass
        known = {"half": Half}
        assert type(keras.saving.deserialize_keras_object({"class_name": "half", "config": {"name": "a"}},
                                                          module_objects=known)) is Half
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(Half(name="b")),
                                                      module_objects=known, printable_module_name="halves")
        assert type(again) is Half and again.name == "b"
    """,
    "nothing registered": """
        from keras.src.utils.tracking import DotNotTrackScope, is_tracking_enabled, no_automatic_dependency_tracking
        class Holds(keras.layers.Layer):
            @no_automatic_dependency_tracking
            def keep(self, *things):
                self.plain = list(things)
                self.guest, self.weight = things
        made = Holds()
        made.keep(keras.layers.Dense(2), keras.Variable([1.0]))
        assert type(made.plain) is list and made.guest is made.plain[0] and not list(made.children()) and not made.weights
        assert is_tracking_enabled()
        with DotNotTrackScope():
            assert not is_tracking_enabled()
        made.own = made.guest
        assert list(made.children()) == [made.guest]
    """,
    "what attention has inside": """
        class Own(keras.layers.MultiHeadAttention):
            def build(self, query_shape, value_shape, key_shape=None):
                for part in ("query", "key", "value"):
                    alike = self._get_common_kwargs_for_sublayer()
                    biased = {"bias_axes": "de"} if self._use_bias and part != "key" else {}
                    sizes = (None, self._num_heads, self._key_dim)
                    made = keras.layers.EinsumDense("abc,cde->abde", output_shape=sizes, name=part, **biased, **alike)
                    made.build(query_shape)
                    setattr(self, f"_{part}_dense", made)
                self._build_attention(4)
                made = keras.layers.EinsumDense("abcd,cde->abe", output_shape=(None, query_shape[-1]), name="out", **alike)
                made.build((*query_shape[:-1], self._num_heads, self._value_dim))
                self._output_dense = made
                self.built = True

        x = np.random.default_rng(0).normal(size=(2, 5, 6)).astype("float32")
        own, plain = Own(2, 3), keras.layers.MultiHeadAttention(2, 3)
        plain(x, x), own(x, x)
        assert [tuple(w.shape) for w in own.weights] == [(6, 2, 3), (2, 3), (6, 2, 3), (6, 2, 3), (2, 3), (2, 3, 6)]
        assert not np.array_equal(own.get_weights()[0], own.get_weights()[2]) and own._key_dense.bias is None
        weights = own.get_weights()
        plain.set_weights([*weights[:3], np.zeros((2, 3)), *weights[3:], np.zeros(6)])
        np.testing.assert_allclose(own(x, x).tolist(), plain(x, x).tolist(), rtol=1e-5, atol=1e-6)
        assert plain._query_dense is plain.query_dense
        assert (plain._dot_product_equation, plain._combine_equation) == ("aecd,abcd->acbe", "acbe,aecd->abcd")
        assert plain._dropout == 0 and abs(plain._inverse_sqrt_key_dim - 3 ** -0.5) < 1e-9
        images, over = np.ones((2, 3, 4, 5), "float32"), keras.layers.MultiHeadAttention(2, 3, attention_axes=(2,))
        over(images, images), (every := keras.layers.MultiHeadAttention(2, 3))(images, images)
        assert (over._dot_product_equation, over._combine_equation) == ("abfde,abcde->abdcf", "abdcf,abfde->abcde")
        assert (every._dot_product_equation, every._combine_equation) == ("afgde,abcde->adbcfg", "adbcfg,afgde->abcde")
        hidden = plain._masked_softmax(np.zeros((2, 2, 5, 5), "float32"), np.tril(np.ones((2, 5, 5), bool)))
        np.testing.assert_allclose(hidden[1, 1].tolist(), np.tril(np.ones((5, 5))) / np.arange(1, 6)[:, None], rtol=1e-6)
    """,
    "what layers have inside": """
        class Own(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.w, self.n = self.add_weight((2,), name="w"), self.add_weight((), trainable=False, name="n")
                self.part, self.seed = keras.layers.Dense(2), keras.random.SeedGenerator(1)
                self._build_at_init()
        own, part = Own(), keras.layers.Dense(2)
        assert own.built and own._trainable_variables == [own.w] and own._non_trainable_variables == [own.n]
        assert own._layers == [own.part] and own._seed_generators == [own.seed] and own._dtype_policy.name == "float32"
        own._tracker.locked = False
        own._tracker.unlock()
        ends = {"b": keras.Input((2,)), "a": keras.Input((2,))}
        model = keras.Model(ends, [ends["a"] + ends["b"]])
        assert {*model._inputs_struct} == {"a", "b"} and type(model._outputs_struct) is list

        class Halved(keras.layers.Rescaling):
            def call(self, x):
                return self.backend.numpy.split(self.backend.cast(super().call(x), self.dtype), 2)[1]
        assert Halved(0.5)(np.array([[2.0], [4.0]])).tolist() == [[2.0]]
        cut = keras.layers.RandomFlip("vertical", dtype="float16")
        assert cut.backend.numpy is Halved(1.0).backend.numpy and not hasattr(part, "backend")
        kept = own.w
        own.w = own._untrack_variable(own.w)
        assert own.w is None and own.weights == [own.n] and not list(own.parameters()) and kept.shape == (2,)
        own.w = own.add_weight((3,), "zeros", "int8", trainable=False, name="w")
        kept.assign([1, 2])
        assert own.w.dtype == "int8" and own.weights == [own.n, own.w] and kept.numpy().tolist() == [1, 2]
        part.build((None, 2))
        part._untrack_variable(part.kernel)
        assert part.weights == [part.bias]
        part._dtype_policy = "bfloat16"
        assert part.compute_dtype == "bfloat16"
        plain, kept = keras.layers.Dense(1), lambda x: x * 2
        with keras.RematScope("full"):
            saving = keras.layers.Dense(1)
        assert plain.rematerialized_call(kept, 1) is kept and saving.rematerialized_call(kept, 1) is not kept
        assert saving.rematerialized_call(kept)(torch.ones(1, requires_grad=True)).item() == 2
        class Shifts(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self._register_call_context_args("shift")
            def call(self, x, shift=0):
                return x + shift
        class Holds(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.inner, self.other = Shifts(), Shifts()
            def call(self, x):
                return self.inner(x) * self.other(x, shift=2)
        inputs, x = keras.Input((1,)), np.ones((1, 1), "float32")
        models = [keras.Sequential([inputs, Holds()]), keras.Model(inputs, Holds()(inputs)), Holds()]
        for model in models:
            model._register_call_context_args("shift")
            found = [float(model(x, **words).detach()) for words in ({}, {"shift": 3}, {"shift": 0}, {})]
            assert found == [3, 12, 3, 3], found
        assert models[0]._call_context_args == {"shift", "training"} and own._call_context_args == {"training"}
        assert float(Shifts()(x, 5)) == 6
        own._layers = [part]
        assert own._layers == [part] and part in own.layers_inside
    """,
    "small functions": """
        from keras.src.random.seed_generator import draw_seed, global_seed_generator
        from keras.src.trainers.data_adapters import data_adapter_utils
        from keras.src.utils.backend_utils import in_grain_data_pipeline, in_tf_graph
        from keras.src.utils.image_utils import smart_resize
        from keras.src.backend.torch import convert_to_numpy
        from keras.src.backend.torch.core import slice as part
        assert global_seed_generator() is global_seed_generator() and not in_tf_graph() and not in_grain_data_pipeline()
        first, second = draw_seed(None).tolist(), draw_seed(None).tolist()
        assert first[0] == second[0] and second[1] == first[1] + 1 and draw_seed(5).tolist() == [5, 0]
        with pytest.raises(ValueError):
            draw_seed("five")
        near(data_adapter_utils.class_weight_to_sample_weights(np.array([0, 1, 2]), {1: 3.0}), [1, 3, 1])
        near(data_adapter_utils.class_weight_to_sample_weights(np.eye(3), {1: 3.0}), [1, 3, 1])
        spec = data_adapter_utils.get_keras_tensor_spec([{"a": np.zeros((4, 2), "int32")}, {"a": np.zeros((3, 2), "int32")}])
        assert spec["a"].shape == (None, 2) and spec["a"].dtype == "int32"
        with pytest.raises(ValueError, match="cardinality"):
            data_adapter_utils.check_data_cardinality((np.zeros(2), np.zeros(3)))
        assert data_adapter_utils.list_to_tuple([1]) == (1,)
        import os, io, contextlib, tempfile
        from keras.src.saving.serialization_lib import SafeModeScope, in_safe_mode
        from keras.src.utils import file_utils, io_utils
        from keras.src.utils.torch_utils import TorchModuleWrapper
        folder = file_utils.join(tempfile.mkdtemp(), "a", "b")
        file_utils.makedirs(folder)
        with file_utils.File(file_utils.join(folder, "c"), "w") as file:
            file.write("text")
        assert file_utils.exists(folder) and file_utils.isdir(folder) and file_utils.listdir(folder) == ["c"]
        assert file_utils.is_remote_path("gs://bucket/a") and not file_utils.is_remote_path(folder)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            io_utils.print_msg("one")
            io_utils.print_msg("two", line_break=False)
        assert said.getvalue().split() == ["one", "two"] and TorchModuleWrapper is keras.layers.TorchModuleWrapper
        config = TorchModuleWrapper(torch.nn.Linear(2, 1)).get_config()
        assert in_safe_mode() is None
        with SafeModeScope(True):
            assert in_safe_mode() is True
        with SafeModeScope(False):
            assert not in_safe_mode() and TorchModuleWrapper.from_config(config).count_params() == 3
        left, right = keras.utils.split_dataset(np.arange(10), left_size=0.7)
        assert isinstance(left, torch.utils.data.Dataset) and [int(row) for row in right] == [7, 8, 9]
        import tensorflow as tf
        left, right = keras.utils.split_dataset([np.arange(10), np.ones((10, 2))], left_size=0.7)
        assert isinstance(left, tf.data.Dataset) and next(iter(left.batch(4)))[1].shape == (4, 2) and len(right) == 3
        where, models = file_utils.join(folder, "a.weights.h5"), []
        for data in ([0.0, 2.0], [5.0, 5.0]):  # one mean and one variance, which are scalars
            models.append(keras.Sequential([keras.Input((1,)), keras.layers.Normalization(axis=None)]))
            models[-1].layers[0].adapt(np.array(data)[:, None])
        models[0].save_weights(where)
        models[1].load_weights(where)
        near(models[1].layers[0].mean, 1)
        assert smart_resize(np.zeros((4, 6, 3), "float32"), (2, 2)).shape == (2, 2, 3)
        near(part(torch.arange(4), [1], [2]), [1, 2])
        near(convert_to_numpy(torch.ones(1)), [1])
        near(keras.random.uniform((2,), seed=keras.random.SeedGenerator(1, backend=keras.backend)),
             keras.random.uniform((2,), seed=keras.random.SeedGenerator(1)))
    """,
}


@pytest.mark.parametrize("code", SNIPPETS.values(), ids=SNIPPETS)
def test_snippet(code, python, repository):
    python("-c", BEGIN + textwrap.dedent(code), path=[repository / "compat" / "shims"], ok=True)
