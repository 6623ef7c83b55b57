"""Generators, data loaders, and whatever gives batches."""

import concurrent.futures
import os
import threading
import time

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

import torchkeras_lite as keras
from torchkeras_lite import data, layers
from torchkeras_lite.data import numbered

X = np.arange(80, dtype="float32").reshape(10, 8) / 10
Y = np.arange(10, dtype="float32")[:, None]
CPU = torch.device("cpu")


class Watching(keras.Sequential):
    """Notes the first target of each step."""

    def train_step(self, data):
        self.seen.append(int(data[1][0, 0]))
        return super().train_step(data)

    def test_step(self, data):
        self.seen.append(("test", int(data[1][0, 0])))
        return super().test_step(data)


def model(lazy=False):
    made = Watching([] if lazy else [keras.Input((8,))])
    made.__dict__["seen"] = []
    made.add(layers.Dense(1))
    made.compile(keras.optimizers.SGD(0.0), "mse")
    return made


def pairs(count=5, size=2):
    """Batches that begin with the targets 0, 1, 2, ..."""
    for i in range(count):
        yield X[:size], np.full((size, 1), i, "float32")


def endless():
    i = 0
    while True:
        yield X[:2], np.full((2, 1), i, "float32")
        i += 1


class ByNumber:
    """What Keras 2 called a Sequence: no `__iter__`."""

    def __init__(self, count=4):
        self.count, self.log = count, []

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        self.log.append(i)
        return X[:2], np.full((2, 1), i, "float32")

    def on_epoch_end(self):
        self.log.append("end")


class Restarts:
    """An iterable that can begin again, without a length."""

    def __iter__(self):
        return pairs()


def loader(batch_size=2, **kwargs):
    return DataLoader(TensorDataset(torch.tensor(X), torch.tensor(Y)), batch_size=batch_size, **kwargs)


# ---------------------------------------------------------------- each batch once


@pytest.mark.parametrize("lazy", [False, True])
def test_the_first_batch_of_a_generator_is_not_lost(lazy):
    made = model(lazy)
    made.fit(pairs(), verbose=0)
    assert made.seen == [0, 1, 2, 3, 4]


def test_generators_in_evaluate_and_predict():
    made = model(lazy=True)
    pieces = [(X[i : i + 2], Y[i : i + 2]) for i in range(0, 10, 2)]
    loss = made.evaluate(iter(pieces), verbose=0)
    assert made.seen == [("test", i) for i in range(0, 10, 2)]
    assert loss == pytest.approx(made.evaluate(X, Y, verbose=0), rel=1e-5)
    expected = made.predict(X, verbose=0)
    for given in (iter(pieces), (x for x, _ in pieces), ((x,) for x, _ in pieces), ([x, y] for x, y in pieces), Restarts()):
        found = made.predict(given, verbose=0)
        np.testing.assert_allclose(
            found, expected if not isinstance(given, Restarts) else np.tile(expected[:2], (5, 1)), rtol=1e-5
        )


def test_endless_generators_go_on_in_the_next_epoch():
    made = model()
    made.fit(endless(), steps_per_epoch=3, epochs=2, verbose=0)
    assert made.seen == [0, 1, 2, 3, 4, 5]
    made.seen.clear()
    made.fit(X, Y, batch_size=10, epochs=2, shuffle=False, validation_data=endless(), validation_steps=2, verbose=0)
    assert made.seen == [0, ("test", 0), ("test", 1), 0, ("test", 2), ("test", 3)]


def test_what_can_begin_again_does():
    for source in (loader(), list(pairs()) and Restarts(), ByNumber(5)):
        made = model()
        made.fit(source, epochs=2, verbose=0, validation_data=source)
        firsts = [0, 2, 4, 6, 8] if isinstance(source, DataLoader) else [0, 1, 2, 3, 4]
        assert made.seen == 2 * [*firsts, *(("test", i) for i in firsts)]


def test_steps_of_validation_begin_again_each_time():
    made = model()
    made.fit(X, Y, batch_size=10, epochs=2, shuffle=False, validation_data=loader(), validation_steps=2, verbose=0)
    assert made.seen == [0, ("test", 0), ("test", 2)] * 2
    made.seen.clear()
    made.evaluate(loader(), steps=3, verbose=0)
    assert made.seen == [("test", 0), ("test", 2), ("test", 4)] and made.predict(loader(), steps=2, verbose=0).shape == (4, 1)


@pytest.mark.filterwarnings("ignore:The data ran out")
@pytest.mark.parametrize("source", [loader, ByNumber, lambda: (X, Y)])
def test_steps_per_epoch_go_through_all_of_the_data(source):
    made, given = model(), source()
    arguments = given if isinstance(given, tuple) else (given,)
    made.fit(*arguments, batch_size=2 if len(arguments) == 2 else None, shuffle=False, steps_per_epoch=2, epochs=3, verbose=0)
    step = 1 if isinstance(given, ByNumber) else 2
    expected = [0, 1, 2, 3, 0, 1] if isinstance(given, ByNumber) else [0, 2, 4, 6, 8]
    assert made.seen == expected, step


def test_a_generator_that_ends_early_ends_the_training():
    made = model()
    with pytest.warns(UserWarning, match="ran out"):
        history = made.fit(pairs(3), steps_per_epoch=2, epochs=4, verbose=0).history
    assert made.seen == [0, 1, 2] and len(history["loss"]) == 2


def test_resumed():
    def run(source, steps, epochs):
        resumed = data.Resumed(source, steps)
        return [list(resumed) for _ in range(epochs)]

    assert run([1, 2, 3, 4], 2, 3) == [[1, 2], [3, 4], [1, 2]]
    assert run([1, 2, 3], 2, 4) == [[1, 2], [3], [1, 2], [3]]
    assert run([1, 2], 5, 2) == [[1, 2], [1, 2]]
    assert run([1, 2], 2, 3) == [[1, 2]] * 3
    assert run([], 2, 2) == [[], []]
    ended = iter([1, 2, 3])
    assert run(ended, 2, 4) == [[1, 2], [3], [], []]


# ---------------------------------------------------------------- kinds


def test_by_number():
    made, source = model(), ByNumber()
    made.fit(source, epochs=2, verbose=0)
    assert made.seen == [0, 1, 2, 3] * 2
    assert source.log[-10:] == [0, 1, 2, 3, "end", 0, 1, 2, 3, "end"]
    source.log.clear()
    made.evaluate(source, steps=2, verbose=0)
    assert source.log[-3:] == [0, 1, "end"]


def test_data_loaders():
    made = model()
    assert made.evaluate(loader(3), verbose=0) == pytest.approx(made.evaluate(X, Y, verbose=0), rel=1e-5)
    np.testing.assert_allclose(made.predict(loader(3), verbose=0), made.predict(X, verbose=0), rtol=1e-5)

    class Rows(Dataset):
        def __len__(self):
            return 10

        def __getitem__(self, i):
            return {"a": X[i], "b": float(i)}, Y[i]

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs["a"]) + inputs["b"][:, None]

    net = Net()
    net.compile(keras.optimizers.SGD(0.0), "mse")
    loss = net.fit(DataLoader(Rows(), batch_size=4), verbose=0).history["loss"][0]
    kernel, bias = net.get_weights()
    assert loss == pytest.approx(((X @ kernel + bias) ** 2).mean(), rel=1e-3, abs=1e-5)


def test_batches_may_be_lists_tensors_and_numbers():
    parts = [
        (X[:2].tolist(), [[1.0], [2.0]]),
        [torch.tensor(X[:2]), torch.ones(2, 1)],
        (X[:2].astype("float64"), Y[:2], [1.0, 0.0]),
        (X[:2], Y[:2], None),
        (X[:1].astype(">f4"), Y[:1]),
    ]
    made = model()
    made.fit(iter(parts), verbose=0)
    assert made.seen == [1, 1, 0, 0, 0]


def test_class_weights_for_batches():
    def loss(batches, **kwargs):
        made = keras.Sequential([keras.Input((8,)), layers.Dense(1, kernel_initializer="zeros")])
        made.compile(keras.optimizers.SGD(0.0), "mse")
        return made.fit(iter(batches), verbose=0, **kwargs).history["loss"][0]

    labels = np.array([[0.0], [1.0]], "float32")
    assert loss([(X[:2], labels)]) == pytest.approx(0.5)
    assert loss([(X[:2], labels)], class_weight={1: 4.0}) == pytest.approx(2.0)
    assert loss([(X[:2], labels, [1.0, 0.5])], class_weight={1: 4.0}) == pytest.approx(1.0)


# ---------------------------------------------------------------- what is wrong


def test_nothing_in_it():
    for nothing in (iter([]), (x for x in ()), Restarts.__new__(type("Empty", (), {"__iter__": lambda self: iter([])}))):
        with pytest.raises(ValueError, match="no data"):
            model().fit(nothing, verbose=0)


WRONG = [
    ((X, Y, Y, Y), "4 parts"),
    ((X, None, Y[:, 0]), "targets"),
    (([["a"]], Y), "numbers"),
    (("text", Y), "`x`"),
]


@pytest.mark.parametrize(("batch", "said"), WRONG, ids=[row[1] for row in WRONG])
def test_batches_that_cannot_be(batch, said):
    with pytest.raises(ValueError, match=said):
        model().fit(iter([batch]), verbose=0)


def test_targets_belong_into_the_batches():
    for kwargs in ({"y": Y}, {"sample_weight": np.ones(10)}):
        with pytest.raises(ValueError, match="iterable of batches"):
            model().fit(pairs(), verbose=0, **kwargs)
    with pytest.raises(ValueError, match="validation_split"):
        model().fit(pairs(), validation_split=0.2, verbose=0)
    with pytest.raises(ValueError, match="function"):
        model().fit(pairs, verbose=0)


def test_an_error_in_a_generator_is_the_users():
    def broken():
        yield X[:2], Y[:2]
        raise OSError("the disk")

    made = model()
    with pytest.raises(OSError, match="the disk"):
        made.fit(broken(), verbose=0)
    assert made.seen == [0] and not made.training
    made.fit(pairs(), verbose=0)


# ---------------------------------------------------------------- PyDataset


class Batches(keras.utils.PyDataset):
    def __init__(self, count=6, **kwargs):
        super().__init__(**kwargs)
        self.count, self.log = count, []

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        if i == self.count - 1:
            time.sleep(0.02)  # whoever comes in late still comes in its place
        return X[:2], np.full((2, 1), i, "float32")

    def on_epoch_begin(self):
        self.log.append("begin")

    def on_epoch_end(self):
        self.log.append("end")


@pytest.mark.parametrize("settings", [{}, {"workers": 3}, {"workers": 2, "use_multiprocessing": True}])
def test_batches_come_in_order_whoever_makes_them(settings):
    m, source = model(), Batches(max_queue_size=4, **settings)
    m.fit(source, epochs=2, shuffle=False, verbose=0, validation_data=Batches(2, **settings))
    assert m.seen == 2 * [*range(6), ("test", 0), ("test", 1)]
    assert source.log == ["begin", "end"] * 2
    assert m.predict(source, verbose=0).shape == (12, 1)


def test_threads_make_batches_side_by_side():
    class Together(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            both.wait()  # one alone would wait in vain
            return threading.get_ident()

    both = threading.Barrier(2, timeout=60)
    makers = list(data.Numbered(Together(workers=2)))
    assert len(set(makers)) == 2 and threading.get_ident() not in makers


def test_processes_make_batches():
    class Where(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            return os.getpid()

    makers = list(data.Numbered(Where(workers=2, use_multiprocessing=True)))
    assert len(set(makers)) == 2 and os.getpid() not in makers
    assert set(data.Numbered(Where(workers=0, use_multiprocessing=True))) == {os.getpid()}


@pytest.mark.parametrize(("settings", "ahead"), [({"workers": 2}, 10), ({"workers": 2, "max_queue_size": 3}, 3),
                                                ({"workers": 4, "max_queue_size": 1}, 4)])  # fmt: skip
def test_no_more_batches_are_made_ahead_than_fit_into_the_queue(settings, ahead, monkeypatch):
    class Pool:
        """Makes everything at once."""

        def __init__(self, workers):
            assert workers == settings["workers"]

        def __enter__(self):
            return self

        def __exit__(self, *exc):
            pass

        def submit(self, make, index):
            made.append(index)
            done = concurrent.futures.Future()
            done.set_result(make(index))
            return done

        def shutdown(self, **settings):
            pass

    made: list = []
    monkeypatch.setattr(numbered, "ThreadPoolExecutor", Pool)
    for count, (_, y) in enumerate(data.Numbered(Batches(30, **settings))):
        assert y[0, 0] == count and len(made) == min(count + ahead, 30)
    loaders: list = []

    class Loader(DataLoader):
        def __init__(self, source, **settings):
            loaders.append((settings["num_workers"], settings["prefetch_factor"]))
            super().__init__(source, batch_size=None, sampler=settings["sampler"], collate_fn=settings["collate_fn"])

    monkeypatch.setattr(torch.utils.data, "DataLoader", Loader)
    assert len(list(data.Numbered(Batches(3, use_multiprocessing=True, **settings)))) == 3
    assert loaders == [(settings["workers"], max(ahead // settings["workers"], 1))]


def test_batches_go_to_a_gpu_over_pinned_memory_while_the_host_goes_on(monkeypatch):
    log: list = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: log.append("pin") or tensor)
    monkeypatch.setattr(torch.Tensor, "to", lambda tensor, device, non_blocking=False: log.append(non_blocking) or tensor)
    gpu = torch.device("cuda")
    batches = data.Iterable([(X[:2], {"a": Y[:2]})], None, gpu)
    for x, y in batches:
        assert torch.equal(x, torch.from_numpy(X[:2])) and list(y) == ["a"]
    assert log == ["pin", "pin", True, True]
    arrays = data.Arrays((torch.arange(6),), 2, False, CPU)
    log.clear()
    arrays.device, arrays.resident = gpu, False  # as where they are too large to lie there
    for (batch,) in arrays:
        log.append(batch.tolist())
    # Each copy is under way while the batch before it is worked on.
    assert log == ["pin", True, "pin", True, [0, 1], "pin", True, [2, 3], [4, 5]]


def test_worker_processes_work_on_the_host():
    """Wherever the parent works: a GPU that it has begun to use cannot be used by copies of it."""

    class Where(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            here = keras.ops.zeros((1,))  # made where new tensors go
            return np.array([here.device.type == "cpu", torch.cuda.is_initialized()])

    numbered = data.Numbered(Where(workers=2, use_multiprocessing=True))
    with keras.device("meta"):
        assert keras.ops.zeros((1,)).device.type == "meta"
        assert [batch.tolist() for batch in numbered] == [[True, False]] * 3


def test_batches_are_shuffled_in_fit_only():
    keras.utils.set_random_seed(0)
    m = model()
    m.fit(Batches(), epochs=2, verbose=0)
    first, second = m.seen[:6], m.seen[6:]
    assert sorted(first) == sorted(second) == list(range(6)) and first != second
    m.seen.clear()
    m.evaluate(Batches(3), verbose=0)
    assert m.seen == [("test", i) for i in range(3)]


def test_endless_batches():
    class Endless(Batches):
        num_batches = None

    m = model()
    m.fit(Endless(), steps_per_epoch=3, epochs=2, shuffle=False, verbose=0)
    assert m.seen == [0, 1, 2, 3, 4, 5]


def test_data_sets_that_are_not_finished():
    class NoItems(keras.utils.PyDataset):
        def __len__(self):
            return 1

    class NoLength(keras.utils.PyDataset):
        def __getitem__(self, i):
            return X[:2]

    with pytest.raises(NotImplementedError, match="NoItems has to define `__getitem__"):
        model().fit(NoItems(), verbose=0)
    with pytest.raises(NotImplementedError, match="num_batches"):
        model().fit(NoLength(), verbose=0)
    assert len([batch for batch, _ in zip(NoLength(), range(3), strict=False)]) == 3  # a loop of one's own may end itself
    with pytest.raises(ValueError, match="length 0"):
        model().fit(Batches(0), verbose=0)

    class Forgetful(Batches):
        def __init__(self):
            self.count, self.log = 2, []

    with pytest.warns(UserWarning, match=r"should call `super\(\).__init__"):
        model().fit(Forgetful(), verbose=0)


@pytest.mark.parametrize("settings", [{}, {"workers": 2}, {"workers": 1, "use_multiprocessing": True}])
def test_the_users_error_comes_through(settings):
    class Broken(Batches):
        def __getitem__(self, i):
            if i == 1:
                raise KeyError("no such file")
            return super().__getitem__(i)

    with pytest.raises(KeyError, match="no such file"):
        model().fit(Broken(**settings), shuffle=False, verbose=0)


class Counted:
    """Three batches; how often somebody began with them, and how many were given."""

    begun = given = 0

    def __iter__(self):
        self.begun += 1
        for i in range(3):
            self.given += 1
            yield torch.full((2, 4), float(i)), torch.ones(2, 1)


@pytest.mark.filterwarnings("ignore:The data ran out")
@pytest.mark.parametrize("steps", [None, 2])
def test_training_goes_over_a_loader_once_an_epoch(steps):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    loader, seen = Counted(), []
    model.fit(loader, epochs=3, steps_per_epoch=steps, verbose=0)
    assert (loader.begun, loader.given) == ((3, 9) if steps is None else (2, 5))
    # Whoever changes the data at the beginning of an epoch finds it there.
    loader = Counted()
    note = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(loader.begun))
    model.fit(loader, epochs=2, verbose=0, callbacks=[note])
    assert seen[1] == seen[0] + 1 == loader.begun - 1


@pytest.mark.parametrize("call", ["evaluate", "predict"])
def test_evaluation_goes_over_a_loader_once(call):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    loader = Counted()
    for times in (1, 2):
        found = getattr(model, call)(loader, verbose=0)
        assert (loader.begun, loader.given) == (times, 3 * times)
        expected = [[0.0], [0.0], [4.0], [4.0], [8.0], [8.0]] if call == "predict" else (1 + 9 + 49) / 3
        np.testing.assert_allclose(found, expected, rtol=1e-6)


# ---------------------------------------------------------------- how many batches


@pytest.mark.parametrize("source", [loader, ByNumber, lambda: (X, Y)], ids=["loader", "by number", "arrays"])
def test_data_that_ends_before_the_steps_asked_for(source):
    """(What is asked for again and again begins anew, so training goes on.)"""
    given = source()
    data = given if isinstance(given, tuple) else (given,)
    size = 2 if len(data) == 2 else None
    batches = 4 if source is ByNumber else 5
    made = model()
    with pytest.warns(UserWarning, match=rf"epoch [12] had {batches} of the 7 batches that `steps_per_epoch`") as caught:
        made.fit(*data, batch_size=size, steps_per_epoch=7, epochs=2, shuffle=False, verbose=0)
    assert len(caught) == 2 and caught[0].filename == __file__
    assert made.seen == made.seen[:batches] * 2
    with pytest.warns(UserWarning, match=rf"evaluation had {batches} of the 7 batches that `steps`"):
        made.evaluate(*data, batch_size=size, steps=7, verbose=0)
    with pytest.warns(UserWarning, match=rf"prediction had {batches} of the 7 batches that `steps`"):
        assert len(made.predict(data[0], batch_size=size, steps=7, verbose=0)) == 2 * batches
    with pytest.warns(UserWarning, match=rf"evaluation had {batches} of the 7 batches that `validation_steps`"):
        held = given if isinstance(given, tuple) else data[0]
        made.fit(X, Y, validation_data=held, validation_batch_size=size, validation_steps=7, verbose=0)


def test_whoever_stops_by_himself_has_not_run_out():
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = self.model.stop_evaluating = self.model.stop_predicting = True

        on_test_batch_end = on_predict_batch_end = on_train_batch_end

    made, more = model(), {"verbose": 0, "callbacks": [Stop()]}
    made.fit(loader(), steps_per_epoch=5, **more)
    made.evaluate(loader(), steps=5, **more)
    made.predict(loader(), steps=5, **more)


def test_an_iterator_to_validate_on_that_is_used_up():
    made = model()
    with pytest.warns(UserWarning, match="nothing to validate on") as caught:
        history = made.fit(X, Y, validation_data=pairs(2), epochs=3, verbose=0)
    assert len(caught) == 2 and caught[0].filename == __file__
    assert len(history.history["loss"]) == 3 and history._numbers("val_loss") == [1]
    with pytest.warns(UserWarning, match="nothing to validate on"):
        made.fit(X, Y, validation_data=iter([]), verbose=0)


@pytest.mark.parametrize(("asked", "found"), [(2.0, 2), (1.5, 2), (np.int64(2), 2), (np.float32(1.5), 2), (0, 5), (None, 5)])
def test_how_steps_may_be_said(asked, found):
    """`steps_per_epoch=len(x) / 32`: the part of a batch counts as one, and with an endless generator there is an end."""
    made = model()
    assert made.fit(loader(), steps_per_epoch=asked, verbose=0).params["steps"] == found
    assert len(made.seen) == found
    assert len(made.predict(loader(), steps=asked, verbose=0)) == 2 * found
    if asked:
        made.fit(endless(), steps_per_epoch=asked, verbose=0, validation_data=endless(), validation_steps=asked)
        assert made.seen[-2:] == [("test", 0), ("test", 1)]


@pytest.mark.parametrize("steps", [-1, "2", float("nan"), float("inf"), [2], -0.5e1])
def test_steps_that_cannot_be(steps):
    made = model()
    with pytest.raises(ValueError, match="`steps_per_epoch` is a number of batches"):
        made.fit(loader(), steps_per_epoch=steps, verbose=0)
    with pytest.raises(ValueError, match="`validation_steps` is a number of batches"):
        made.fit(loader(), validation_data=loader(), validation_steps=steps, verbose=0)
    with pytest.raises(ValueError, match="`steps` is a number of batches"):
        made.evaluate(loader(), steps=steps, verbose=0)
    with pytest.raises(ValueError, match="`steps` is a number of batches"):
        made.predict(loader(), steps=steps, verbose=0)
    assert made.seen == []
