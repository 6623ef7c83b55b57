"""Files of models with torch modules in them, both ways with Keras; either opens them only with `safe_mode=False`."""

import keras as real
import numpy as np
import pytest
from torch import nn

import torchkeras_lite as mine

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


@pytest.mark.parametrize(("writer", "reader"), [(mine, real), (real, mine)], ids=["written here", "written by Keras"])
def test_keras_files(writer, reader, tmp_path):
    module = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.GELU())
    wrapped = writer.layers.TorchModuleWrapper(module, output_shape=(None, 5))
    model = writer.Sequential([writer.Input((4,)), wrapped, writer.layers.Dense(2)])
    nn.init.normal_(module[1].running_mean)
    module[1].num_batches_tracked.fill_(7)
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="safe_mode=False"):
        reader.models.load_model(tmp_path / "m.keras")
    loaded = reader.models.load_model(tmp_path / "m.keras", safe_mode=False)
    np.testing.assert_allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    assert int(loaded.layers[0].module[1].num_batches_tracked) == 7
