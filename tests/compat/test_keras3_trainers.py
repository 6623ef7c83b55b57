"""Where Keras 3 keeps its trainers and its saving of old, as `keras.src` names them."""

import textwrap

import pytest


@pytest.fixture
def script(python, repository, tmp_path):
    def run(text):
        (tmp_path / "snippet.py").write_text(textwrap.dedent(text))
        return python("-W", "error", tmp_path / "snippet.py", path=[repository / "compat" / "shims", repository], ok=True)

    return run


def test_paths_of_trainers_and_legacy_saving(script):
    script(
        """
        import keras
        from keras.src.trainers.compile_utils import CompileLoss, CompileMetrics
        from keras.src.trainers.data_adapters.py_dataset_adapter import PyDataset
        from keras.src.trainers.trainer import Trainer
        from keras.src.trainers import data_adapters, trainer
        from keras.legacy.saving import deserialize_keras_object, serialize_keras_object

        assert issubclass(keras.Model, Trainer) and trainer.Trainer is Trainer
        assert PyDataset is keras.utils.PyDataset
        loss = CompileLoss("mse", output_names=["a"])
        assert float(loss(keras.ops.ones((2, 1)), keras.ops.zeros((2, 1)))) == 1.0
        known = {"Dense": keras.layers.Dense}
        layer = deserialize_keras_object(serialize_keras_object(keras.layers.Dense(3, name="d")), known)
        assert layer.units == 3 and layer.name == "d"
        """
    )


def test_lambda_from_its_config(script):
    script(
        """
        import numpy as np
        import keras

        config = keras.layers.Lambda(lambda x: x * 3).get_config()
        layer = keras.layers.Lambda.from_config(config, safe_mode=False)
        assert float(layer(np.ones((1, 1)))) == 3.0
        try:
            keras.layers.Lambda.from_config(config)(np.ones((1, 1)))
        except ValueError as error:
            assert "safe_mode=False" in str(error)
        else:
            raise AssertionError("code out of a config has run")
        """
    )
