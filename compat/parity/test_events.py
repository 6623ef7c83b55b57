"""What callbacks are told, event by event, and what comes back, over each kind of data, beside Keras."""

import numpy as np
import pytest
import torch
from oracle import keras
from recorder import Recorder

import torchkeras_lite as tk

LIBRARIES = (tk, keras)
X = np.random.default_rng(3).normal(size=(50, 6)).astype("float32")
Y = (X @ np.random.default_rng(4).normal(size=(6, 3))).argmax(1)
SIZE = 8  # the last batch has two rows
pytestmark = [
    pytest.mark.filterwarnings("ignore:Your input ran out of data"),  # Keras says so of every generator that ends
    pytest.mark.filterwarnings("ignore:The iterator passed as `x` ran out"),
    pytest.mark.filterwarnings("ignore:The data ran out"),
    pytest.mark.filterwarnings("ignore:.*shuffle=True. was passed, but will be ignored"),
]


def batches(rows=len(X), targets=True):
    for i in range(0, rows, SIZE):
        yield (X[i : min(i + SIZE, rows)], Y[i : min(i + SIZE, rows)]) if targets else (X[i : min(i + SIZE, rows)],)


def over_and_over(targets=True):
    while True:
        yield from batches(targets=targets)


def by_number(lib, targets, **settings):
    class Batches(lib.utils.PyDataset):
        def __len__(self):
            return 7

        def __getitem__(self, i):
            return list(batches(targets=targets))[i]

    return Batches(**settings)


def loader(lib, targets):
    parts = (torch.tensor(X), torch.tensor(Y)) if targets else (torch.tensor(X),)
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*parts), batch_size=SIZE)


# kind -> (data with or without targets, arguments of fit, of evaluate and predict)
KINDS = {
    "arrays": (lambda lib, targets: (X, Y) if targets else (X,), {"batch_size": SIZE}, {"batch_size": SIZE}),
    "steps over arrays": (
        lambda lib, targets: (X, Y) if targets else (X,),
        {"batch_size": SIZE, "steps_per_epoch": 3},
        {"batch_size": SIZE, "steps": 2},
    ),
    "generator": (lambda lib, targets: (over_and_over(targets),), {"steps_per_epoch": 7}, {"steps": 7}),
    "generator that ends": (lambda lib, targets: (batches(targets=targets),), {"epochs": 1}, {}),
    "PyDataset": (lambda lib, targets: (by_number(lib, targets),), {}, {}),
    # Ours in threads; Keras's threads now and then hand batches over in another order, so without them.
    "PyDataset in threads": (lambda lib, targets: (by_number(lib, targets, workers=2 if lib is tk else 1),), {}, {}),
    "loader": (lambda lib, targets: (loader(lib, targets),), {}, {}),
    "steps over a loader": (lambda lib, targets: (loader(lib, targets),), {"steps_per_epoch": 5}, {"steps": 2}),
}


def models():
    made = []
    for lib in LIBRARIES:
        layers = [lib.layers.Dense(5, "tanh"), lib.layers.BatchNormalization(), lib.layers.Dense(3, "softmax")]
        made.append(lib.models.Sequential([lib.Input((6,)), *layers]))
        made[-1].compile(lib.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    made[0].set_weights(made[1].get_weights())
    return zip(LIBRARIES, made, strict=True)


def outline(told):
    return [(name, numbers, list(logs)) for name, numbers, logs in told]


def compare(told, results):
    assert outline(told[0]) == outline(told[1])
    for (name, _, ours), (_, _, theirs) in zip(*told, strict=True):
        for key in ours:
            np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-4, atol=1e-6, err_msg=f"{name} {key}")
    np.testing.assert_allclose(*results, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("validation", [None, "arrays", "the same"])
def test_fit(kind, validation):
    if kind == "generator" and validation == "the same":
        pytest.skip("an endless generator of validation data gives Keras its first two batches again in each epoch")
    make, arguments, other = KINDS[kind]
    told, results = [], []
    for lib, model in models():
        recorder, more = Recorder(lib), {}
        if validation == "arrays":
            more = {"validation_data": (X[:20], Y[:20]), "validation_batch_size": 16}
        elif validation:
            data = make(lib, True)
            more = {"validation_data": data if len(data) == 2 else data[0], "validation_steps": other.get("steps")}
            if kind == "generator that ends":
                more["validation_steps"] = 7
        arguments = {"epochs": 3, "shuffle": False, "verbose": 0, **arguments}
        history = model.fit(*make(lib, True), callbacks=[recorder.callback], **arguments, **more)
        told.append(recorder.told)
        results.append([history.history[name] for name in sorted(history.history)])
        results[-1] += [history.epoch]
        assert history.params == {"verbose": 0, "epochs": arguments["epochs"], "steps": history.params["steps"]}
    compare(told, [np.array(one, dtype=float) for one in results])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", ["evaluate", "predict"])
def test_evaluate_and_predict(kind, call):
    make, _, arguments = KINDS[kind]
    told, results = [], []
    for lib, model in models():
        recorder = Recorder(lib)
        data = make(lib, call == "evaluate")
        results.append(getattr(model, call)(*data, verbose=0, callbacks=[recorder.callback], **arguments))
        told.append(recorder.told)
    compare(told, results)
