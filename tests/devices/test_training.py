"""Training on another device than the CPU, with all that belongs to it: the same numbers, and no needless waits."""

import inspect

import numpy as np
import pytest
import test_losses as of_losses
import test_reads as of_optimizers
import torch

import torchkeras_lite as keras
from torchkeras_lite import config, layers, losses, metrics, optimizers

pytestmark = [
    pytest.mark.slow,
    # torch makes the memory of a result too small, for devices that are not built in, and enlarges it by itself.
    pytest.mark.filterwarnings("ignore:An output with one or more elements was resized:UserWarning"),
]
PLACES = ("cpu", "simulated:0")


def build(dropout=0.0):  # each device draws numbers of its own
    x = entry = keras.Input((8, 8, 2))
    x = layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2")(x)
    x = layers.Dropout(dropout)(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(layers.MaxPooling2D()(x))
    return keras.Model(entry, layers.Dense(3, activation="softmax")(x))


def on_both(act, make=build):
    """What `act(model, place)` gives with the same model on the CPU and on the device."""
    start, found = None, []
    for place in PLACES:
        with config.device(place):
            keras.utils.set_random_seed(1)
            model = make()
            start = start or model.get_weights()
            model.set_weights(start)
            assert {weight.raw.device.type for weight in model.weights} == {place.partition(":")[0]}
            keras.utils.set_random_seed(2)
            found.append((act(model, place), model.get_weights()))
    return found


def same(found, rtol=1e-3, atol=1e-5):
    (expected, before), (actual, after) = found
    for one, other in zip(after, before, strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol)
    if isinstance(expected, dict):
        assert expected.keys() == actual.keys()
        for key in expected:
            np.testing.assert_allclose(actual[key], expected[key], rtol=rtol, atol=atol, err_msg=key)
    elif expected is not None:
        np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)


def data(rows=48, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((rows, 8, 8, 2)).astype("float32"), rng.integers(0, 3, rows)


SETTINGS = [
    *of_optimizers.SETTINGS,
    {"learning_rate": keras.optimizers.schedules.CosineDecay(0.01, 4, warmup_target=0.02, warmup_steps=2)},
]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: ",".join(setting))
@pytest.mark.parametrize("name", of_optimizers.NAMES)
def test_optimizers(device, name, setting):
    x, y = data()

    def act(model, place):
        model.compile(getattr(optimizers, name)(**setting), "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history
        for variable in model.optimizer.variables:
            assert variable.raw.device.type == place.partition(":")[0] or variable.raw.dim() == 0, variable.path
        return history

    if name != "Muon" or "weight_decay" not in setting:
        same(on_both(act, lambda: keras.Sequential([keras.Input((8, 8, 2)), layers.Flatten(), layers.Dense(3, "softmax")])))


@pytest.mark.parametrize("row", of_losses.ROWS, ids=of_losses.label)
def test_losses(device, row):
    name, kwargs, kind = row
    y_true, y_pred = of_losses.data(kind, (6, 4))[:2]
    weight = None if kwargs.get("axis") == 0 else torch.rand(6)
    expected = getattr(losses, name)(**kwargs)(y_true, y_pred, weight)
    for targets in (y_true, y_true.numpy(), y_true.to("simulated")):  # a DataLoader's targets lie on the CPU
        with config.device("simulated:0"):
            given = y_pred.detach().to("simulated").requires_grad_()
            for one in (weight, None if weight is None else weight.numpy(), None if weight is None else weight.to("simulated")):
                found = getattr(losses, name)(**kwargs)(targets, given, one)
                assert found.device.type == "simulated"
                np.testing.assert_allclose(found.detach().cpu(), expected.detach(), rtol=1e-4, atol=1e-6)
            found.backward()


def metric_arguments(one):
    needed = {
        "num_classes": 4,
        "target_class_ids": [0, 1],
        **dict.fromkeys(("precision", "recall", "sensitivity", "specificity"), 0.5),
    }
    return {key: needed[key] for key, p in inspect.signature(one).parameters.items() if key in needed and p.default is p.empty}


METRICS = sorted(
    name
    for name, one in vars(metrics).items()
    if isinstance(one, type)
    and issubclass(one, metrics.Metric)
    and name not in ("Metric", "Counted", "MeanMetricWrapper", "Mean", "Sum")
)


@pytest.mark.parametrize("name", METRICS)
def test_metrics(device, name):
    kind = getattr(metrics, name)
    rng = np.random.default_rng(0)
    y_pred = rng.random((6, 4)).astype("float32")
    y_true = rng.integers(0, 4, 6) if "Sparse" in name else rng.integers(0, 2, (6, 4)).astype("float32")
    if name in ("IoU", "MeanIoU"):
        y_pred = rng.integers(0, 4, (6, 4))
    found = []
    for place in PLACES:
        with config.device(place):
            metric = kind(**metric_arguments(kind))
            for given in (y_true, torch.as_tensor(y_true), torch.as_tensor(y_true).to(place)):
                metric.update_state(given, torch.as_tensor(y_pred).to(place))
            result = metric.result()
            metric.reset_state()
            assert all(variable.raw.device.type == place.partition(":")[0] for variable in metric.variables)
            found.append({key: value.cpu() for key, value in result.items()} if isinstance(result, dict) else result.cpu())
    if isinstance(found[0], dict):
        assert all(np.allclose(found[0][key], found[1][key], rtol=1e-4) for key in found[0])
    else:
        np.testing.assert_allclose(*found, rtol=1e-4)


def kinds_of_data():
    x, y = data()
    w = np.random.default_rng(3).random(48).astype("float32")
    tensors = torch.from_numpy(x), torch.from_numpy(y)

    class Rows(keras.utils.PyDataset):
        def __len__(self):
            return 6

        def __getitem__(self, i):
            return x[8 * i : 8 * i + 8], y[8 * i : 8 * i + 8]

    def batches():
        while True:
            for i in range(6):
                yield x[8 * i : 8 * i + 8], y[8 * i : 8 * i + 8], w[8 * i : 8 * i + 8]

    def loader():
        return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*tensors), batch_size=8)

    return {
        "arrays": lambda: {"x": x, "y": y, "batch_size": 8},
        "tensors": lambda: {"x": tensors[0], "y": tensors[1], "batch_size": 8},
        "weights": lambda: {"x": x, "y": y, "sample_weight": w, "batch_size": 8},
        "classes": lambda: {"x": x, "y": y, "class_weight": {0: 1.0, 1: 2.0, 2: 0.5}, "batch_size": 8},
        "generator": lambda: {"x": batches(), "steps_per_epoch": 6},
        "generator and classes": lambda: {"x": ((a, b) for a, b, _ in batches()), "steps_per_epoch": 6, "class_weight": {0: 2}},
        "DataLoader": lambda: {"x": loader()},
        "PyDataset": lambda: {"x": Rows()},
        "split": lambda: {"x": x, "y": y, "batch_size": 8, "validation_split": 0.25},
        "validation": lambda: {"x": x, "y": y, "batch_size": 8, "validation_data": (x, y, w)},
        "validation loader": lambda: {"x": loader(), "validation_data": loader()},
        "shuffled": lambda: {"x": x, "y": y, "batch_size": 8, "shuffle": True},
        "lists": lambda: {"x": [x], "y": [y], "batch_size": 8},
    }


@pytest.mark.parametrize("kind", kinds_of_data())
def test_data(device, kind):
    def act(model, place):
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"])
        given = kinds_of_data()[kind]()
        history = model.fit(**{"shuffle": False, **given}, epochs=2, verbose=0).history
        assert model.predict(data()[0], batch_size=8, verbose=0).shape == (48, 3)
        return history if kind != "shuffled" else None

    found = on_both(act)
    if kind != "shuffled":  # each device draws an order of its own
        same(found)


@pytest.mark.parametrize("kind", ["arrays", "generator", "DataLoader"])
def test_nothing_waits_for_the_device_in_a_step(device, kind):
    """Twice as many steps wait no more often: what waits, waits once an epoch."""
    with config.device("simulated:0"):
        model = build(0.2)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy", metrics.SparseTopKCategoricalAccuracy(2)])
        counts = {}
        for rows in (48, 48, 96):
            x, y = data(rows)
            given = {
                "arrays": lambda x=x, y=y: {"x": x, "y": y, "batch_size": 8},
                "generator": lambda x=x, y=y, rows=rows: {"x": ((x[i : i + 8], y[i : i + 8]) for i in range(0, rows, 8))},
                "DataLoader": lambda x=x, y=y: {
                    "x": torch.utils.data.DataLoader(
                        torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(y)), batch_size=8
                    )
                },
            }[kind]
            for call in ("fit", "evaluate", "predict"):
                arguments = given()
                if call == "predict" and kind == "arrays":
                    arguments.pop("y")
                device.reads()
                getattr(model, call)(**arguments, verbose=0)
                counts[call, rows] = device.reads()
    for call in ("fit", "evaluate", "predict"):
        assert counts[call, 96] <= counts[call, 48] + (6 if call == "predict" else 0), counts


def test_single_batches(device):
    x, y = data(8)

    def act(model, place):
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        found = {"train": model.train_on_batch(x, y), "test": model.test_on_batch(torch.from_numpy(x), torch.from_numpy(y))}
        found["predicted"] = model.predict_on_batch(x)
        assert isinstance(found["predicted"], np.ndarray)
        return found

    same(on_both(act))


def test_a_loop_by_hand_over_batches_of_the_cpu(device):
    """As in Keras's guide: what a DataLoader gives lies on the CPU; layers, losses and metrics take it where they are."""
    x, y = data(16)

    def act(model, place):
        optimizer = optimizers.Adam(0.01)
        loss_of, metric = losses.SparseCategoricalCrossentropy(), metrics.SparseCategoricalAccuracy()
        for i in (0, 8):
            a, b = torch.from_numpy(x[i : i + 8]), torch.from_numpy(y[i : i + 8])
            predicted = model(a, training=True)
            loss = loss_of(b, predicted)
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                optimizer.apply([v.value.grad for v in model.trainable_weights], model.trainable_weights)
            metric.update_state(b, predicted)
        return {"loss": loss.item(), "accuracy": float(metric.result())}

    same(on_both(act))


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
def test_files(device, ending, tmp_path):
    x, y = data(16)
    for place, other in (PLACES, PLACES[::-1]):
        with config.device(place):
            model = build()
            model.compile("adam", "sparse_categorical_crossentropy")
            model.fit(x, y, verbose=0)
            expected = model.predict(x, verbose=0)
            path = str(tmp_path / f"{place[:3]}{ending}")
            model.save_weights(path) if "weights" in ending else model.save(path)
        for there in (place, other):
            with config.device(there):
                if "weights" in ending:
                    again = build()
                    again.load_weights(path)
                else:
                    again = keras.models.load_model(path)
                    again.fit(x, y, verbose=0, epochs=0)
                np.testing.assert_allclose(again.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-6)
                assert {weight.raw.device.type for weight in again.weights} == {there.partition(":")[0]}
                if "weights" not in ending:
                    again.fit(x, y, verbose=0)


def test_callbacks(device, tmp_path):
    x, y = data(16)
    for place in PLACES:
        with config.device(place):
            model = build()
            model.compile(optimizers.Adam(use_ema=True), "sparse_categorical_crossentropy", metrics=["accuracy"])
            folder = tmp_path / place[:3]
            known = keras.callbacks
            given = [
                known.EarlyStopping("val_loss", patience=1, restore_best_weights=True),
                known.ReduceLROnPlateau("loss", patience=1),
                known.ModelCheckpoint(str(folder / "{epoch}.keras"), save_best_only=True),
                known.BackupAndRestore(str(folder / "b")),
                known.CSVLogger(f"{folder}.csv"),
                known.TerminateOnNaN(),
                known.SwapEMAWeights(swap_on_epoch=True),
                known.LearningRateScheduler(lambda epoch, rate: float(rate) * 0.9),
            ]
            history = model.fit(x, y, validation_data=(x, y), epochs=3, verbose=0, callbacks=given)
            assert np.isfinite(history.history["val_loss"]).all()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16", "float64"])
def test_precision(device, policy):
    x, y = data(16)
    with config.device("simulated:0"):
        keras.config.set_dtype_policy(policy)
        model = build(0.2)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(x, y, epochs=2, verbose=0).history
        assert np.isfinite(history["loss"]).all()
        assert model.predict(x, verbose=0).shape == (16, 3)


def test_layers_are_moved_as_modules_are(device):
    """`model.to(device)`, as in torch, where the default device is the CPU."""
    x, y = data(16)
    model = build()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    expected = model.predict(x, verbose=0)
    model.to("simulated")
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-6)
    model.fit(x, y, verbose=0)
    assert {weight.raw.device.type for weight in model.weights} == {"simulated"}
    model.evaluate(x, y, verbose=0)
    model.to("cpu")
    model.fit(x, y, verbose=0)


def test_random_numbers(device):
    with config.device("simulated:0"):
        draw, one = keras.random, keras.random.SeedGenerator(3)
        found = [
            draw.normal((4,), seed=one),
            draw.uniform((4,), seed=7),
            draw.randint((4,), 0, 9),
            draw.truncated_normal((3,)),
            draw.categorical(np.ones((2, 3), "float32"), 4),
            draw.shuffle(np.arange(5)),
            draw.gamma((3,), 2.0),
            draw.beta((3,), 1.0, 2.0),
            draw.binomial((3,), 5, 0.5),
            draw.dropout(np.ones(3, "float32"), 0.5),
        ]
        assert [value.device.type for value in found] == ["simulated"] * len(found)
        assert torch.equal(keras.random.uniform((4,), seed=7), keras.random.uniform((4,), seed=7))
