"""Libraries around Keras over the stand-in: pandas, scikit-learn's tools, and what keras-tuner and scikeras ask for."""

import textwrap

import pytest

SNIPPETS = {
    "pandas: frames and series are data": """
        import numpy as np, pandas as pd
        from keras.models import Sequential
        from keras.layers import Dense
        r = np.random.default_rng(0)
        frame = pd.DataFrame(r.normal(size=(40, 3)), columns=list("abc"), index=range(100, 140))
        frame["target"] = (frame.a > 0).astype(int)
        inputs, target = frame.drop("target", axis=1), frame["target"]

        def build():
            model = Sequential([Dense(1, input_dim=3, activation="sigmoid", kernel_initializer="ones")])
            model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
            return model

        wanted = build()
        wanted.fit(inputs.values, target.values, batch_size=8, epochs=2, shuffle=False, verbose=0)
        kinds = {
            "frame and series": (inputs, target),
            "a frame of one column": (inputs, frame[["target"]]),
            "objects": (inputs.astype(object), target),
            "booleans": (inputs, target == 1),
            "categories": (inputs, target.astype("category").cat.codes),
            "nullable": (inputs.convert_dtypes(), target.astype("Int64")),
            "mixed dtypes": (inputs.astype({"a": "float32"}), target.astype("int8")),
        }
        for kind, (x, y) in kinds.items():
            model = build()
            history = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0, validation_data=(x, y))
            for a, b in zip(model.get_weights(), wanted.get_weights()):
                np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6, err_msg=kind)
        np.testing.assert_allclose(model.predict(inputs, verbose=0), wanted.predict(inputs.values, verbose=0), rtol=1e-5)
        halves = model.fit(inputs, target, validation_split=0.5, verbose=0, sample_weight=frame["a"].abs())
        assert "val_accuracy" in halves.history
        parts = frame.sample(frac=1, random_state=0)
        train, test = parts[:30].copy(), parts[30:].copy()
        y = train.pop("target")
        model.fit(train, y, verbose=0, class_weight={0: 1.0, 1: 2.0})
        assert len(model.evaluate(test.drop(columns="target"), test.target, verbose=0)) == 2
        assert np.isfinite(model.train_on_batch(train, y)).all()
    """,
    "pandas: pictures named in a frame": """
        import numpy as np, pandas as pd
        from PIL import Image
        from keras.preprocessing.image import ImageDataGenerator
        for i in range(10):
            Image.fromarray(np.full((6, 5, 3), 20 * i, "uint8")).save(f"{i}.png")
        frame = pd.DataFrame({
            "filename": [f"{i}.png" for i in range(10)], "class": ["dog", "cat"] * 5, "size": np.arange(10.0),
            "age": 2 * np.arange(10.0), "weight": np.linspace(0, 1, 10),
        })
        pictures = ImageDataGenerator(rescale=1 / 255.0, validation_split=0.2)
        said = dict(directory=".", target_size=(4, 4), batch_size=5, shuffle=False)
        flow = pictures.flow_from_dataframe(frame, x_col="filename", y_col="class", class_mode="categorical", **said)
        x, y = next(flow)
        np.testing.assert_allclose(x[:, 0, 0, 0], 20 * np.arange(5) / 255, rtol=1e-6)
        assert flow.class_indices == {"cat": 0, "dog": 1} and y.argmax(1).tolist() == [1, 0, 1, 0, 1] and len(flow) == 2
        assert flow.filenames[:2] == ["0.png", "1.png"] and list(flow.classes)[:2] == [1, 0] and flow.n == 10
        halves = [pictures.flow_from_dataframe(frame, subset=each, **said).n for each in ("training", "validation")]
        assert halves == [8, 2]
        raw = pictures.flow_from_dataframe(frame, y_col=["size", "age"], class_mode="raw", **said)
        assert next(raw)[1].tolist() == [[i, 2 * i] for i in range(5)]
        several = next(pictures.flow_from_dataframe(frame, y_col=["size", "age"], class_mode="multi_output", **said))[1]
        assert [part.tolist() for part in several] == [[0, 1, 2, 3, 4], [0, 2, 4, 6, 8]]
        x = next(pictures.flow_from_dataframe(frame, y_col=None, class_mode=None, **said))
        assert x.shape == (5, 4, 4, 3)
        *_, w = next(pictures.flow_from_dataframe(frame, class_mode="sparse", weight_col="weight", **said))
        np.testing.assert_allclose(w, frame.weight[:5])
        more = pd.concat([frame, pd.DataFrame({"filename": ["gone.png"], "class": ["cat"]})])
        assert pictures.flow_from_dataframe(more, class_mode="binary", **said).n == 10
    """,
    "scikit-learn: searches over KerasClassifier": """
        import numpy as np
        import keras
        from keras.layers import Dense
        from keras.models import Sequential
        from keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor
        from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV, StratifiedKFold, cross_val_score
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler
        keras.utils.set_random_seed(0)
        r = np.random.RandomState(0)
        x = r.normal(size=(60, 3))
        y = (x[:, 0] > 0).astype(int)

        def build(optimizer="adam", neurons=4):
            model = Sequential()
            model.add(Dense(neurons, input_dim=3, activation="relu"))
            model.add(Dense(1, activation="sigmoid"))
            model.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
            model.optimizer.learning_rate = 0.05
            return model

        net = KerasClassifier(build_fn=build, epochs=30, batch_size=10, verbose=0)
        scores = cross_val_score(net, x, y, cv=StratifiedKFold(n_splits=2, shuffle=True, random_state=7))
        assert scores.shape == (2,) and scores.mean() > 0.6
        grid = GridSearchCV(estimator=net, param_grid={"neurons": [1, 8], "epochs": [5]}, cv=2).fit(x, y)
        assert set(grid.best_params_) == {"neurons", "epochs"} and grid.cv_results_["mean_test_score"].shape == (2,)
        old, new = (cross_val_score(net, x, y, cv=2, scoring=name) for name in ("log_loss", "neg_log_loss"))
        assert old.shape == new.shape == (2,) and (old < 0).all()  # the name until 0.18
        assert GridSearchCV(net, {"neurons": [2]}, cv=2, scoring="log_loss").fit(x, y).best_score_ < 0
        draws = RandomizedSearchCV(KerasClassifier(build, verbose=0), {"neurons": [2, 3], "optimizer": ["sgd"]}, n_iter=2, cv=2)
        assert draws.fit(x, y).best_params_["optimizer"] == "sgd"

        def line():
            model = Sequential([Dense(1, input_dim=3)])
            model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.1))
            return model

        net = KerasRegressor(build_fn=line, epochs=20, batch_size=5, verbose=0)
        pipe = Pipeline([("scale", StandardScaler()), ("mlp", net)])
        assert abs(cross_val_score(pipe, x, x.sum(1), cv=KFold(2))).max() < 0.1
        assert pipe.fit(x, x.sum(1)).predict(x).shape == (60,)
    """,
    "objects as Keras 2 wrote them": """
        import keras
        from keras.utils import legacy

        class Range:
            def __init__(self, low, high=1):
                self.low, self.high = low, high

            def get_config(self):
                return {"low": self.low, "high": self.high}

            @classmethod
            def from_config(cls, config):
                return cls(**config)

        def named():
            return 3

        written = legacy.serialize_keras_object(Range(2, high=5))
        assert written == {"class_name": "Range", "config": {"low": 2, "high": 5}}
        for read in (legacy.deserialize_keras_object, keras.utils.deserialize_keras_object):
            assert read(written, module_objects={"Range": Range}).high == 5
            assert read(written, None, {"Range": Range}).low == 2
            assert read("named", module_objects={"named": named}) is named and legacy.serialize_keras_object(named) == "named"
            try:
                read(written, module_objects={}, printable_module_name="range")
            except ValueError as error:
                assert "Unknown range: 'Range'" in str(error)
        dense = keras.utils.deserialize_keras_object(keras.utils.serialize_keras_object(keras.layers.Dense(3)))
        assert dense.units == 3 and legacy.deserialize_keras_object(None) is None
    """,
    "suites of extensions: tf.test.TestCase": """
        import numpy as np, pytest
        import tensorflow as tf
        class Cases(tf.test.TestCase):
            def runTest(self):
                with self.cached_session():
                    assert self.evaluate({"a": [tf.constant([1, 2])]})["a"][0].tolist() == [1, 2]
                self.assertAllClose(tf.constant([1.0, 2.0]), [1, 2])
                self.assertAllEqual(tf.constant(["a", "b"]), [b"a", b"b"])
                self.assertAllEqual(tf.ragged.constant([[1, 2], [3]]), [[1, 2], [3]])
                self.assertDTypeEqual(tf.ones(2), "float32")
                self.assertShapeEqual(np.ones((2, 3)), tf.ones((2, 3)))
                self.assertAllInRange(tf.constant([0.0, 1.0]), 0, 1)
                self.assertAllInSet(tf.constant([0, 1, 1]), {0, 1})
                self.assertNear(1.0, 1.01, 0.1)
                self.assertNDArrayNear(np.ones(2), tf.ones(2), 1e-6)
                for wrong, *said in (
                    (self.assertAllClose, [1.0], [1.1]), (self.assertAllEqual, [[1, 2], [3]], [[1, 2], [4]]),
                    (self.assertAllInRange, tf.constant([0.0]), 0, 1, True), (self.assertDTypeEqual, tf.ones(2), "int32"),
                    (self.assertAllInSet, [2], {0, 1}), (self.assertShapeEqual, np.ones(2), tf.ones(3)),
                    (self.assertNDArrayNear, np.ones(2), tf.zeros(2), 0.5), (self.assertAllLess, [1, 2], 2),
                ):  # fmt: skip
                    with pytest.raises(AssertionError):
                        wrong(*said)

        result = Cases().run()
        assert result.wasSuccessful(), result.errors + result.failures
    """,
    "extensions of tf.keras: layers are built for TensorShapes": """
        import numpy as np, pytest
        import tensorflow as tf
        shapes = []

        class Own(tf.keras.layers.Layer):
            def build(self, input_shape):
                shapes.append(input_shape)
                self.scale = self.add_weight(shape=input_shape[-1:], initializer="ones", name="scale")

            def call(self, x):
                return self.scale.read_value() * (x[0] if isinstance(x, list) else x)

        assert Own()(tf.ones((2, 3))).numpy().tolist() == [[1, 1, 1]] * 2
        Own()(tf.keras.Input((3,)))
        assert [shape.as_list() for shape in shapes] == [[2, 3], [None, 3]] and shapes[1].rank == 2
        assert isinstance(shapes[0], tf.TensorShape) and shapes[0] == (2, 3)
        layer = tf.keras.Sequential([Own(), tf.keras.layers.Dense(2)])
        assert layer(tf.ones((1, 4))).shape == (1, 2)
        assert tf.keras.Sequential.from_config(layer.get_config(), {"Own": Own}).built
        tf.debugging.disable_traceback_filtering()
        assert not tf.debugging.is_traceback_filtering_enabled()
        tf.debugging.enable_traceback_filtering()
        assert tf.debugging.is_traceback_filtering_enabled()
    """,
    "the classes between Layer and the layers": """
        import keras, numpy as np, torch
        from keras import layers
        from keras.layers.convolutional import _Conv
        from keras.layers.merge import _Merge
        from keras.layers.pooling import _GlobalPooling2D, _Pooling1D, _Pooling2D
        from keras.src.layers.convolutional.base_conv import BaseConv
        from keras.src.layers.pooling.base_global_pooling import BaseGlobalPooling
        from keras.src.layers.rnn.conv_lstm import ConvLSTM
        from keras.layers.core.tf_op_layer import TFOpLambda
        from tensorflow.python.keras.layers.convolutional import Conv
        from tensorflow.python.keras.layers.normalization import BatchNormalizationBase
        from keras.layers.rnn.rnn_utils import is_multiple_state
        from keras.engine.topology import Node
        kinds = [layers.Conv1D(2, 3), layers.Conv2D(2, 3), layers.Conv2DTranspose(2, 3), layers.SeparableConv2D(2, 3),
                 layers.DepthwiseConv2D(3), layers.Dense(2), layers.MaxPooling2D(), layers.AveragePooling1D(2),
                 layers.GlobalAveragePooling2D()]
        told = [[isinstance(layer, kind) for layer in kinds] for kind in
                (_Conv, BaseConv, _Pooling2D, _Pooling1D, _GlobalPooling2D, BaseGlobalPooling)]
        assert told == [[1, 1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1, 0, 0],
                        [0, 0, 0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 0, 1]]
        assert issubclass(layers.Conv3DTranspose, Conv) and not issubclass(layers.Dense, Conv)
        assert isinstance(layers.ConvLSTM2D(2, 3), ConvLSTM) and isinstance(layers.BatchNormalization(), BatchNormalizationBase)

        class Centred(_Conv):  # an old library's convolution of its own
            def __init__(self, filters, **words):
                super().__init__(rank=2, filters=filters, kernel_size=3, use_bias=False, **words)

            def call(self, x):
                return super().call(x) - 1

        class Summed(_GlobalPooling2D):
            def call(self, x):
                return keras.ops.sum(x, axis=[1, 2])

        class Root(_Pooling2D):
            def _pooling_function(self, inputs, pool_size, strides, padding, data_format):
                return keras.ops.average_pool(inputs ** 2, pool_size, strides, padding, data_format) ** 0.5

        image = keras.Input((4, 4, 1))
        model = keras.Model(image, Summed()(Root()(Centred(1, padding="same", kernel_initializer="ones")(image))))
        x = np.zeros((1, 4, 4, 1), "float32")
        assert model.predict(x, verbose=0).tolist() == [[4.0]]  # 0 * W - 1, its root mean square in four windows
        own = {"Centred": Centred, "Summed": Summed, "Root": Root}
        again = keras.Model.from_config(model.get_config(), custom_objects=own)
        assert isinstance(again.layers[1], Conv) and again.layers[1].rank == 2 and again.count_params() == 9
        assert isinstance(model.layers[1]._inbound_nodes[0], Node) and is_multiple_state([1, 2])
        graph = keras.Model(image, keras.ops.relu(image))
        assert [isinstance(one, TFOpLambda) for one in graph.operations] == [False, True]
        assert "_Conv" not in dir(layers) and "Pooling2D" not in dir(layers)
    """,
    "what repositories of Keras 2's time are made of": """
        from keras_preprocessing.sequence import pad_sequences  # before keras itself
        import keras, numpy as np, torch
        import tensorflow as tf
        from keras import backend as K
        from keras_applications.imagenet_utils import _obtain_input_shape
        from keras_preprocessing import image
        from keras_preprocessing.text import Tokenizer
        from keras.utils.conv_utils import normalize_data_format
        from tensorflow.python.eager import tape
        from tensorflow.python.ops.custom_gradient import _graph_mode_decorator
        from tensorflow.python.util import tf_inspect
        assert image.ImageDataGenerator is keras.preprocessing.image.ImageDataGenerator
        assert Tokenizer is keras.preprocessing.text.Tokenizer and pad_sequences([[1]], 3).tolist() == [[0, 0, 1]]
        assert _obtain_input_shape(None, 224, 32, "channels_last", True) == (224, 224, 3)
        assert normalize_data_format(None) == "channels_last" and normalize_data_format("channels_first") == "channels_first"

        # Losses of detectors: a loop over pictures, some of which have no box.
        more = lambda i, total: (i + 1, total + K.constant([1.0, 2.0]))
        i, total = K.control_flow_ops.while_loop(lambda i, total: i < 3, more, [0, K.zeros(2)])
        assert int(i) == 3 and total.tolist() == [3, 6]
        none = torch.zeros(2, 0)
        assert K.max(none, axis=-1).tolist() == [-np.inf] * 2 and K.min(none, axis=-1).tolist() == [np.inf] * 2
        assert tf.reduce_max(none, axis=[1]).tolist() == [-np.inf] * 2 and K.max(none.int(), 1).tolist() == [-2 ** 31] * 2
        assert tf.reduce_min(torch.tensor([3, 1])).item() == 1 and K.max(torch.tensor([[3, 1]]), axis=[0, 1]).item() == 3
        boxes, scores = keras.Input((2, 3)), keras.Input((4,))
        overlap = keras.layers.Lambda(lambda ab: ab[0] @ K.zeros((7, 5)) + ab[1], output_shape=(1,))  # cannot be tried out
        assert overlap([boxes, scores]).shape == (None, 1)
        assert overlap.compute_output_shape([(8, 2, 3), (8, 4)]) == overlap.compute_output_shape([8, 2]) == (8, 1)

        corners, chances = K.placeholder((None, 4)), K.placeholder((None,))
        best = tf.image.non_max_suppression(corners, chances, K.constant(2, dtype="int32"), iou_threshold=0.5)
        values = {corners: [[0, 0, 1, 1], [0, 0, 1, 0.9], [2, 2, 3, 3]], chances: [0.5, 0.9, 0.1]}
        kept, where = K.get_session().run([K.gather(corners, best), best], feed_dict=values)
        assert where.tolist() == [1, 2] and kept[1].tolist() == [2, 2, 3, 3]

        class Anchors(keras.layers.Layer):
            def call(self, x):
                rows, height, width = x._keras_shape
                return x * float(height) + width

        picture = keras.Input((2, 3))
        assert picture._keras_shape == picture._shape_val == (None, 2, 3)
        assert keras.Model(picture, Anchors()(picture)).predict(np.ones((1, 2, 3)), verbose=0).tolist() == [[[5.0] * 3] * 2]
        x = torch.ones(2)
        x._keras_shape = (None, 7)
        assert x._keras_shape == (None, 7)

        assert tf_inspect.getargspec(lambda a, b=2, *c: 0) == (["a", "b"], "c", None, (2,))
        x = tf.Variable([3.0])
        with tf.GradientTape() as recorded:
            y = _graph_mode_decorator(lambda x: (x * x, lambda upstream: upstream * 100), [x])
            with tape.stop_recording():
                z = x * 5
        assert recorded.gradient(y, x).tolist() == [100] and not z.requires_grad
    """,
    "packages of Keras 2's time, installed and not": """
        import sys
        from pathlib import Path
        import torchkeras_lite.dropin as d
        d.install()
        import keras_applications.vgg16, keras_preprocessing.image, keras
        assert keras_applications.VGG16 is keras_applications.vgg16.VGG16 is keras.applications.VGG16
        d.uninstall()
        assert not [name for name in sys.modules if name.startswith("keras_")]
        folder = Path("installed", "keras_applications")
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("from . import resnext")
        (folder / "resnext.py").write_text("here = True")
        sys.path.append("installed")
        d.install()
        import keras_applications, keras
        from keras_applications import resnext
        assert resnext.here and not hasattr(keras_applications, "VGG16") and keras.applications.VGG16
    """,
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_libraries(name, python, repository, tmp_path):
    for library in ("pandas", "PIL") if name.startswith("pandas") else ("sklearn",) if name.startswith("scikit") else ():
        pytest.importorskip(library)
    begin = "import os; os.environ['TORCHKERAS_ERA'] = '3'\n"
    (tmp_path / "snippet.py").write_text(begin + textwrap.dedent(SNIPPETS[name]))
    python(tmp_path / "snippet.py", path=[repository / "compat" / "shims", repository], cwd=tmp_path, ok=True)
