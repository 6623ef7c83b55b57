"""What stands under `tensorflow`, and what is said of everything else."""

import textwrap

import pytest

SNIPPETS = {
    "what is missing says so": """
        import importlib, importlib.metadata, importlib.util, inspect, tensorflow as tf
        for space, name in [(tf, "estimator"), (tf, "flags"), (tf, "os"), (tf.random, "Normal"),
                            (tf.config, "set_memory"), (tf.config.experimental, "x"), (tf.dtypes, "casts"),
                            (tf, "reduce_summ")]:
            assert not hasattr(space, name)
            try:
                getattr(space, name)
            except AttributeError as error:
                text = str(error)
            assert f"{space.__name__}.{name} does not exist" in text and "not TensorFlow" in text, text
            near = {"Normal": "normal", "reduce_summ": "reduce_sum"}.get(name)
            told = f"has {near}" in text if near else "` has " in text or f"dir({space.__name__})" in text
            assert told and len(text) < 400, text
        for probe in ("__wrapped__", "__path_of__", "__array__"):
            try:
                getattr(tf, probe)
            except AttributeError as error:
                assert str(error) == f"module 'tensorflow' has no attribute '{probe}'"
        for statement in ("from tensorflow import estimator", "import tensorflow.contrib.rnn as r",
                          "import tensorflow.estimator", "from tensorflow.examples.tutorials import word2vec",
                          "from tensorflow.random import Normal"):
            try:
                exec(statement)
            except ImportError as error:
                assert "not TensorFlow" in str(error) or "cannot import name 'Normal'" in str(error), (statement, error)
            else:
                raise AssertionError(statement)
        assert importlib.util.find_spec("tensorflow.estimator") is None
        assert importlib.util.find_spec("tensorflow") is tf.__spec__ and tf.__version__ == "2.21.0"
        try:
            importlib.metadata.version("tensorflow")
        except importlib.metadata.PackageNotFoundError: ...
        else: raise AssertionError
        inspect.getmembers(tf.random), inspect.unwrap(tf.random.set_seed), repr(tf), dir(tf)
        importlib.reload(tf)
        assert tf.keras.layers.Dense and tf.random.set_seed
    """,
    "a look is not an import": """
        import sys, importlib.util
        assert "shims" in importlib.util.find_spec("tensorflow").origin
        assert importlib.util.find_spec("keras") and "tensorflow" not in sys.modules and "keras" not in sys.modules
    """,
    "dtypes": """
        import copy, json, pickle, numpy as np, torch, tensorflow as tf
        from tensorflow.dtypes import DType
        names = ("float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex64 "
                 "complex128").split()
        for name in names:
            dtype = getattr(tf, name)
            assert type(dtype) is DType and dtype == name == dtype.name == str(dtype) == f"{dtype}"
            assert dtype == getattr(torch, name) and getattr(torch, name) == dtype and tf.as_dtype(name) == dtype
            assert dtype.size == getattr(torch, name).itemsize and tf.as_dtype(getattr(torch, name)) == dtype
            assert pickle.loads(pickle.dumps(dtype)) == copy.deepcopy(dtype) == dtype and {dtype: 1}[name] == 1
            if name != "bfloat16":
                assert np.dtype(dtype) == dtype == np.dtype(name) and np.zeros(2, dtype=dtype).dtype == name
                assert dtype.as_numpy_dtype is np.dtype(name).type and dtype == dtype.as_numpy_dtype
                assert np.zeros(2).astype(dtype).dtype == dtype and tf.as_dtype(np.dtype(name)) == dtype
        assert tf.float32 != tf.float64 and tf.float32 != torch.float64 and not tf.float32 == np.int32
        assert tf.float32 not in (float, int, bool) and tf.float32 != 3 and tf.float32 is not None
        assert tf.half is tf.float16 and tf.double is tf.float64 and tf.string.as_numpy_dtype is np.object_
        assert list(map(tf.as_dtype, (float, int, bool, np.float16))) == ["float32", "int32", "bool", "float16"]
        assert (tf.int8.min, tf.uint8.max, tf.bool.max, tf.float16.max) == (-128, 255, True, 65504.0)
        assert tf.bfloat16.is_floating and tf.uint8.is_unsigned and tf.int8.is_integer and tf.bool.is_bool
        assert not tf.bool.is_integer and tf.complex64.is_complex and not tf.float32.is_integer
        assert repr(tf.float32) == "tf.float32" and json.dumps([tf.float32]) == '["float32"]'
        for wrong in ("float33", object(), None):
            try: tf.as_dtype(wrong)
            except TypeError as error: assert "DType" in str(error)
            else: raise AssertionError(wrong)
    """,
    "devices": """
        import torch, tensorflow as tf
        from unittest import mock
        cpu = tf.config.list_physical_devices("CPU")
        assert [(d.name, d.device_type) for d in cpu] == [("/physical_device:CPU:0", "CPU")]
        assert tf.config.list_physical_devices("TPU") == []
        with mock.patch("torch.cuda.is_available", lambda: True), mock.patch("torch.cuda.device_count", lambda: 2):
            everything = tf.config.experimental.list_physical_devices()
            gpus = tf.config.list_physical_devices(device_type="GPU")
        assert everything == cpu + gpus
        assert [d.name for d in gpus] == ["/physical_device:GPU:0", "/physical_device:GPU:1"]
        with mock.patch("torch.cuda.is_available", lambda: False), \\
                mock.patch("torch.backends.mps.is_available", lambda: False):
            assert tf.config.list_physical_devices("GPU") == [] and len(tf.config.list_physical_devices()) == 1
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_tensorflow(name, python, stub, tmp_path):
    (tmp_path / "snippet.py").write_text(textwrap.dedent(SNIPPETS[name]))
    python("-W", "error", tmp_path / "snippet.py", path=[stub / "compat" / "shims", stub], ok=True)


def test_set_seed(python, repository, tmp_path):
    (tmp_path / "snippet.py").write_text(
        textwrap.dedent(
            """
            import random, numpy as np, tensorflow as tf, torch
            from torchkeras_lite import config
            np.random.seed(5)
            data = np.random.rand(3)
            np.random.seed(5)
            drawn = []
            for _ in range(2):
                tf.random.set_seed(7)
                drawn.append((torch.rand(2).tolist(), config.make_default_seed()))
            assert drawn[0] == drawn[1]
            assert (np.random.rand(3) == data).all()
            tf.random.set_seed(8)
            assert torch.rand(2).tolist() != drawn[0][0] and config.make_default_seed() != drawn[0][1]
            """
        )
    )
    python(tmp_path / "snippet.py", path=[repository / "compat" / "shims", repository], ok=True)
