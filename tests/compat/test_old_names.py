"""Paths, helpers, callbacks, optimizers and estimators of Keras 1 and 2. Each snippet has a fresh interpreter."""

import textwrap

import pytest

BEGIN = """
import numpy as np, pytest, os, keras
from keras import layers, models, optimizers, callbacks
import torchkeras_lite as lite
near = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
"""

SNIPPETS = {
    "one file of CIFAR": """
        import pickle
        from keras.datasets.cifar10 import load_batch, load_data
        pixels = np.arange(2 * 3072).reshape(2, 3072).astype("uint8")
        with open("data_batch_1", "wb") as file:
            pickle.dump({b"data": pixels, b"labels": [3, 1], b"coarse": [0, 2]}, file, protocol=3)
        images, labels = load_batch("data_batch_1")
        assert images.shape == (2, 3, 32, 32) and (images.reshape(2, -1) == pixels).all() and labels == [3, 1]
        assert load_batch("data_batch_1", "coarse")[1] == [0, 2]
    """,
    "paths": """
        from keras.layers.core import Dense, Dropout, Flatten, Lambda, Merge
        from keras.layers.convolutional import Convolution2D, MaxPooling2D, ZeroPadding2D
        from keras.layers.recurrent import LSTM
        from keras.layers.convolutional_recurrent import ConvLSTM2D
        from keras.layers.advanced_activations import PReLU, LeakyReLU
        from keras.layers.noise import GaussianNoise
        from keras.layers.local import LocallyConnected1D
        from keras.layers.wrappers import TimeDistributed, Bidirectional
        from keras.legacy.layers import MaxoutDense
        from keras.engine import Layer, InputSpec, Input, Model
        from keras.engine.topology import Layer as Again, get_source_inputs, Container
        from keras.engine.training import slice_X
        from keras.objectives import mse, kullback_leibler_divergence
        from keras.utils.np_utils import to_categorical
        from keras.utils.visualize_util import plot
        from keras.utils.vis_utils import plot_model, model_to_dot
        from keras.utils.data_utils import get_file, Sequence
        from keras.utils.generic_utils import Progbar, has_arg
        from keras.utils.io_utils import HDF5Matrix
        from keras.utils.layer_utils import print_summary, convert_all_kernels_in_model
        from keras.wrappers.scikit_learn import KerasClassifier
        from keras.constraints import maxnorm
        from keras.optimizers import adam, nadam, adagrad
        from tensorflow.keras.layers.core import Dense as Tf
        import keras.src.layers as below
        from keras.src.models import Sequential as Below
        loss = keras.losses.MeanSquaredError(reduction=keras.losses.Reduction.NONE)
        near(loss(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]])), [0, 4])
        near(keras.losses.cosine_proximity(np.array([[1.0, 0]]), np.array([[3.0, 4]])), [-0.6])
        assert below is layers and Below is models.Sequential
        assert Dense is Tf is lite.layers.Dense and Layer is Again is lite.Layer and plot is plot_model
        assert Sequence is lite.utils.PyDataset and maxnorm(m=2).max_value == 2 and adam is lite.optimizers.Adam
        assert get_file.__module__ == "keras._downloads"  # which knows where Keras 2 unpacked archives
        a, b = Input((2,)), Input((3,))
        merged = layers.concatenate([layers.Dense(2)(a), b, a])
        assert get_source_inputs(merged) == [b, a] or set(get_source_inputs(merged)) == {a, b}
        assert slice_X([np.arange(5), None], 1, 3)[0].tolist() == [1, 2] and slice_X(np.arange(5), [0, 4]).tolist() == [0, 4]
    """,
    "helpers": """
        from keras.utils import np_utils, generic_utils, layer_utils, conv_utils, multi_gpu_model
        assert np_utils.probas_to_classes(np.array([[0.1, 0.9], [0.8, 0.2]])).tolist() == [1, 0]
        assert np_utils.probas_to_classes(np.array([[0.7], [0.2]])).tolist() == [1, 0]
        assert generic_utils.has_arg(lambda x, *, y: 0, "y") and not generic_utils.has_arg(lambda **k: 0, "y")
        assert generic_utils.has_arg(lambda **k: 0, "y", accept_all=True)
        assert conv_utils.conv_output_length(10, 3, "valid", 2) == 4 and conv_utils.conv_output_length(10, 3, "same", 3) == 4
        assert conv_utils.deconv_length(14, 2, 3, "valid") == 29 and conv_utils.conv_input_length(4, 3, "valid", 2) == 9
        model = models.Sequential([layers.Conv2D(2, 3, input_shape=(5, 5, 1)), layers.Flatten(), layers.Dense(1)])
        kernel, dense = model.layers[0].get_weights()[0], model.layers[2].get_weights()[0]
        layer_utils.convert_all_kernels_in_model(model)
        assert (model.layers[0].get_weights()[0] == kernel[::-1, ::-1]).all()
        assert (model.layers[2].get_weights()[0] == dense).all()
        assert multi_gpu_model(model, gpus=2) is model
        with pytest.raises(ValueError, match="gpus"):
            multi_gpu_model(model, gpus=1)
        import h5py
        with h5py.File("data.h5", "w") as file:
            file["x"] = np.arange(10.0)
        rows = generic_utils.HDF5Matrix("data.h5", "x", 2, 8, normalizer=lambda x: x * 10)
        assert len(rows) == 6 and rows.shape == (6,) and rows[1:3].tolist() == [30, 40] and rows[0] == 20 and rows[-1] == 70
        assert rows[[3, 0, 3]].tolist() == [50, 20, 50] and np.asarray(rows).sum() == 270
        with pytest.raises(RuntimeError, match="JSON|json"):
            models.model_from_yaml("")
    """,
    "callbacks": """
        model = models.Sequential([layers.Dense(1, input_dim=2)])
        model.compile("sgd", "mse")
        x, y = np.ones((4, 2)), np.ones((4, 1))
        check = callbacks.ModelCheckpoint("at{epoch}.h5", period=3, save_weights_only=False)
        model.fit(x, y, nb_epoch=7, verbose=0, callbacks=[check])
        assert sorted(name for name in os.listdir() if name.endswith("h5")) == ["at3.h5", "at6.h5"]
        assert callbacks.ReduceLROnPlateau(epsilon=0.5).min_delta == 0.5
        callbacks.TensorBoard("logs", batch_size=3, write_grads=True)
        again = keras.models.load_model("at6.h5")
        near(again.predict(x, verbose=0).shape, (4, 1))
        assert again.optimizer is not None and again.optimizer.lr == 0.01
    """,
    "optimizers and compile": """
        sgd = optimizers.SGD(0.01, 0.9, 1e-6, True)
        assert sgd.momentum == 0.9 and sgd.nesterov and abs(sgd.decay - 1e-6) < 1e-12 and abs(float(sgd.lr) - 0.01) < 1e-9
        assert optimizers.SGD(0.5, 0.9, True).nesterov and optimizers.SGD(0.5, 0.0, False).decay == 0
        rms = optimizers.RMSprop(0.002, 0.8, 1e-6, 0.1)
        assert rms.rho == 0.8 and rms.epsilon == 1e-6 and rms.decay == 0.1 and rms.momentum == 0
        assert optimizers.RMSprop(0.002, 0.8, 0.5).momentum == 0.5
        assert float(optimizers.Nadam(lr=0.5, schedule_decay=0.004).lr) == 0.5
        assert float(optimizers.Adagrad(lr=1, epsilon=None).lr) == 1
        assert float(optimizers.Adadelta(lr=1.0, rho=0.95, epsilon=1e-08, decay=0.0).lr) == 1.0
        x, y = np.ones((4, 2)), np.eye(2)[[0, 1, 0, 1]]
        for place in (["accuracy"], "acc", {"out": "accuracy"}):
            model = models.Sequential([layers.Dense(2, "softmax", input_dim=2, name="out")])
            model.compile("adam", "categorical_crossentropy", place)
            assert len(model.evaluate(x, y, verbose=0)) == 2
        model.compile("sgd", "mse", [2.0])                                           # today's order
        weighed = model.evaluate(x, y, verbose=0)
        model.compile("sgd", "mse", None, [2.0], sample_weight_mode=None)            # Keras 2's
        near(model.evaluate(x, y, verbose=0), weighed)
        model.compile("sgd", "mse")
        near(2 * model.evaluate(x, y, verbose=0), weighed)
        with pytest.raises(ValueError, match="target_tensors"):
            model.compile("sgd", "mse", target_tensors=[1])
    """,
    "estimators of scikit-learn": """
        from keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor
        from sklearn.base import clone, is_classifier, is_regressor
        from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler
        keras.utils.set_random_seed(1)
        rng = np.random.default_rng(0)
        x = rng.normal(size=(120, 4)).astype("float32")
        names = np.where(x[:, 0] + x[:, 1] > 0, "yes", "no")
        def build(units=8, optimizer="adam"):
            model = models.Sequential([layers.Dense(units, activation="relu", input_dim=4), layers.Dense(1, "sigmoid")])
            model.compile(loss="binary_crossentropy", optimizer=optimizers.Adam(lr=0.05), metrics=["accuracy"])
            return model
        one = KerasClassifier(build_fn=build, nb_epoch=10, batch_size=20, verbose=0)
        history = one.fit(x, names)
        assert history.epoch == list(range(10)) and one.classes_.tolist() == ["no", "yes"] and one.n_classes_ == 2
        assert set(one.predict(x)) <= {"yes", "no"} and one.predict(x).shape == (120,)
        near(one.predict_proba(x).sum(1), np.ones(120))
        near(one.score(x, names), (one.predict(x) == names).mean())
        assert one.score(x, names) > 0.9 and is_classifier(one)
        copied = clone(one)
        assert copied.get_params() == one.get_params() and copied.build_fn is build and not hasattr(copied, "model")
        with pytest.raises(ValueError, match="nb_units is not a legal parameter"):
            KerasClassifier(build, nb_units=3)
        scores = cross_val_score(one, x, names, cv=KFold(3))
        assert scores.shape == (3,) and scores.mean() > 0.85
        pipe = Pipeline([("scale", StandardScaler()), ("net", KerasClassifier(build, epochs=10, batch_size=20, verbose=0))])
        assert pipe.fit(x, names).score(x, names) > 0.9
        search = GridSearchCV(one, {"units": [1, 8], "batch_size": [10]}, cv=2).fit(x, names)
        assert search.best_params_["units"] in (1, 8) and search.best_estimator_.model is not None
        def several():
            model = models.Sequential([layers.Dense(3, "softmax", input_dim=4)])
            model.compile("sgd", "categorical_crossentropy", ["accuracy"])
            return model
        kinds = KerasClassifier(several, verbose=0).fit(x, np.arange(120) % 3)
        def number():
            model = models.Sequential([layers.Dense(1, input_dim=4)])
            model.compile(loss="mean_squared_error", optimizer=optimizers.SGD(lr=0.1))
            return model
        line = KerasRegressor(build_fn=number, nb_epoch=20, batch_size=20, verbose=0)
        target = x @ np.array([1.0, 2, 3, 4]) + 5
        line.fit(x, target)
        assert is_regressor(line) and line.predict(x).shape == (120,)
        near(line.score(x, target), -((line.predict(x) - target) ** 2).mean())
        assert line.score(x, target) > -0.01
        class Own(KerasRegressor):
            def __call__(self, rate=0.1):
                return number()
        assert Own(rate=0.2, epochs=1, verbose=0).fit(x, target).epoch == [0]
    """,
    "data sets in Keras 1's words": """
        from keras.datasets import imdb, reuters
        import keras._datasets as loaders
        seen = []
        understood = keras._members.function_with(lambda path="x", num_words=None: seen.append((path, num_words)),
                                                  {"nb_words": "num_words"})
        understood(nb_words=20)
        understood("y", num_words=3)
        assert seen == [("x", 20), ("y", 3)] and imdb.load_data is loaders.imdb and reuters.load_data is loaders.reuters
        with pytest.raises(TypeError, match="twice"):
            understood(nb_words=2, num_words=3)
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_old_names(name, python, repository, tmp_path):
    (tmp_path / "snippet.py").write_text(BEGIN + textwrap.dedent(SNIPPETS[name]))
    path = [repository / "compat" / "shims", repository]
    python("-W", "error", tmp_path / "snippet.py", path=path, cwd=tmp_path, ok=True)
