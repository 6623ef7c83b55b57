"""Every module path of a Keras release shows its public names, and all roots show the same objects.

`module_paths.txt` lists, for each file of the releases 1.0 to 3.15 with something public in it, a few of its names.
"""

import textwrap
from pathlib import Path

import pytest

TABLE = Path(__file__).with_name("module_paths.txt")
ROOTS = """
keras keras.src keras.api keras.api.keras keras.api._v2.keras tensorflow.keras tensorflow.python.keras
tensorflow.python.keras.api._v2.keras tensorflow.contrib.keras tensorflow.contrib.keras.api.keras tensorflow.compat.v1.keras
tensorflow.compat.v2.keras tf_keras tf_keras.src tf_keras.api._v2.keras keras_core keras_core.src
"""


@pytest.fixture
def snippet(python, repository, tmp_path):
    def run(text):
        begin = "import os; os.environ['TORCHKERAS_ERA'] = '3'\n"
        (tmp_path / "snippet.py").write_text(begin + textwrap.dedent(text))
        path = [repository / "compat" / "shims", repository]
        return python("-W", "error", tmp_path / "snippet.py", path=path, ok=True).out

    return run


def test_every_path_of_every_release(snippet):
    snippet(f"""
        import pathlib
        import keras
        from importlib import import_module
        lost = []
        for line in pathlib.Path({str(TABLE)!r}).read_text().splitlines():
            path, *names = line.split()
            module = import_module("keras." + path)
            lost += [(path, name) for name in names if not hasattr(module, name)]
            assert import_module("keras.src." + path) is module
        assert not lost, lost
    """)
    assert len(TABLE.read_text().splitlines()) > 450


@pytest.mark.parametrize("first", ["keras", "tensorflow", "tf_keras", "keras_core"])
def test_one_object_under_all_roots(snippet, first):
    snippet(f"""
        import {first}
        from importlib import import_module
        import keras
        for root in {ROOTS.split()}:
            module = import_module(root)
            assert module is keras, root
            assert import_module(root + ".layers.recurrent") is keras.layers and module.layers.LSTM is keras.layers.LSTM
            names = {{}}
            exec(f"from {{root}}.optimizers import Adam; from {{root}} import layers, backend as K, Model", names)
            assert names["Adam"] is keras.optimizers.Adam and names["K"] is keras.backend and names["Model"] is keras.Model
            exec(f"import {{root}}.models as m; from {{root}}.preprocessing.image import ImageDataGenerator", names)
            assert names["m"] is keras.models
        import tensorflow as tf, tensorflow.compat.v2 as tf2, tensorflow.compat.v1 as tf1
        assert tf2 is tf and tf1.keras is tf.compat.v1.keras is tf.contrib.keras is tf.python.keras is keras
        assert keras.version() == keras.__version__ >= "3" and tf.__version__ >= "2"
        inside = "tensorflow.python"
        for wrong in ("keras.layers.nowhere", "tf_keras.nowhere", inside + ".keras.nowhere", inside + ".nowhere",
                      "keras.api.nowhere"):
            try:
                import_module(wrong)
            except ModuleNotFoundError:
                continue
            raise AssertionError(wrong)
    """)


def test_names_that_moved(snippet):
    snippet("""
        import numpy as np, keras
        from keras import layers
        from keras.layers.merge import concatenate, Add
        x = np.random.default_rng(0).normal(size=(1, 4, 2)).astype("float32")
        assert layers.merge.add is layers.add and layers.merge.Concatenate is layers.Concatenate and Add is layers.Add
        for kind in (layers.Attention, layers.AdditiveAttention):
            layer, plain = kind(causal=True), kind()
            told, other = (each([x, x]).detach().numpy() for each in (layer, plain))
            plain.set_weights(layer.get_weights())
            wanted = plain([x, x], use_causal_mask=True).detach().numpy()
            np.testing.assert_allclose(told, wanted, rtol=1e-5)
            assert abs(told - plain([x, x]).detach().numpy()).max() > 1e-3
        assert layers.AtrousConv2D(2, 3, 3, atrous_rate=2).dilation_rate == (2, 2)
        assert layers.Deconv2D(2, 3, strides=2).strides == (2, 2)
        begins = keras.initializers
        assert begins.normal is begins.RandomNormal and begins.one is begins.Ones
        norm = layers.SyncBatchNormalization()
        assert norm.synchronized and isinstance(norm, layers.BatchNormalization)
        assert norm.from_config(norm.get_config()).epsilon == 1e-3
    """)


def test_half_precision_as_it_was_experimental(snippet):
    snippet("""
        import numpy as np, keras, tensorflow as tf
        from tensorflow.keras.mixed_precision import experimental as mixed_precision
        from keras.mixed_precision.experimental import LossScaleOptimizer
        policy = mixed_precision.Policy("mixed_bfloat16", loss_scale="dynamic")
        mixed_precision.set_policy(policy)
        dense = keras.layers.Dense(3)
        assert mixed_precision.get_layer_policy(dense).compute_dtype == "bfloat16" and dense.variable_dtype == "float32"
        assert mixed_precision.global_policy() == policy
        mixed_precision.set_policy("float32")
        optimizer = LossScaleOptimizer(keras.optimizers.SGD(0.5), "dynamic")
        assert optimizer.initial_scale == 2.0**15 and LossScaleOptimizer(keras.optimizers.SGD(), 128).initial_scale == 128
        optimizer = LossScaleOptimizer(keras.optimizers.SGD(0.5), loss_scale=64)
        w = tf.Variable([1.0, 2.0])
        optimizer.build([w])
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(w * 3.0)
            scaled = optimizer.get_scaled_loss(loss)
        grads = optimizer.get_unscaled_gradients(tape.gradient(scaled, [w]))
        assert float(scaled) == 64 * 9 and float(optimizer.loss_scale.value) == 64
        optimizer.apply_gradients(zip(grads, [w]))
        np.testing.assert_allclose(w.numpy(), [-0.5, 0.5], rtol=1e-6)
    """)


def test_other_roots_go_too(snippet):
    snippet("""
        import sys
        import torchkeras_lite.dropin as dropin
        dropin.install()
        import tf_keras, keras_core.layers, tf_keras.layers
        import keras
        assert tf_keras is keras_core is keras
        dropin.uninstall()
        assert not [name for name in sys.modules if name.partition(".")[0] in ("keras", "tf_keras", "keras_core")]
    """)
