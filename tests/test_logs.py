"""Logs is a dict of floats to everybody who reads it, by whatever way, and reads nothing before."""

import copy
import json
import operator
import pickle
import timeit

import numpy as np
import pytest
import torch

from torchkeras_lite.logs import Logs

FLOATS = {"loss": 0.5, "accuracy": 0.75}


def fresh():
    return Logs({"loss": torch.tensor(0.5), "accuracy": (torch.tensor(3.0), torch.tensor(4))})


@pytest.fixture
def transfers(monkeypatch):
    """Each point at which the host asks a tensor for its value; the CPU stands for a device that is far away."""
    monkeypatch.setattr("torchkeras_lite.logs._NEAR", set())
    seen = []
    for name in ("item", "tolist", "cpu", "numpy", "__float__"):
        plain = getattr(torch.Tensor, name)

        def counted(self, *args, _plain=plain, _name=name, **kwargs):
            seen.append(_name)
            return _plain(self, *args, **kwargs)

        monkeypatch.setattr(torch.Tensor, name, counted)
    return seen


def spread(**values):
    return values


READERS = {
    "display": lambda logs: {**logs},
    "dict": lambda logs: dict(logs),
    "dict with more": lambda logs: {k: v for k, v in dict(logs, more=1.0).items() if k != "more"},
    "update": lambda logs: (lambda d: d.update(logs) or d)({}),
    "arguments": lambda logs: spread(**logs),
    "copy": lambda logs: logs.copy(),
    "copy.copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda logs: pickle.loads(pickle.dumps(logs)),
    "json": lambda logs: json.loads(json.dumps(logs)),
    "json, indented": lambda logs: json.loads(json.dumps(logs, indent=1)),
    "repr": lambda logs: eval(repr(logs)),
    "format": lambda logs: eval(f"{logs}"),
    "items": lambda logs: dict(logs.items()),
    "values": lambda logs: dict(zip(list(logs), logs.values(), strict=True)),
    "getitem": lambda logs: {name: logs[name] for name in logs},
    "keys and getitem": lambda logs: {name: logs[name] for name in logs.keys()},  # noqa: SIM118
    "get": lambda logs: {name: logs.get(name) for name in FLOATS},
    "pop": lambda logs: {name: logs.pop(name) for name in FLOATS},
    "popitem": lambda logs: dict(logs.popitem() for _ in range(2)),
    "setdefault": lambda logs: {name: logs.setdefault(name, 9.0) for name in FLOATS},
    "or": lambda logs: logs | {},
    "ror": lambda logs: {} | logs,
    "or of two": lambda logs: Logs() | logs,
    "ior": lambda logs: (lambda d: d.__ior__(logs))({}),
    "format_map": lambda logs: eval("{{'loss': {loss}, 'accuracy': {accuracy}}}".format_map(logs)),
    "percent": lambda logs: eval("{'loss': %(loss)r, 'accuracy': %(accuracy)r}" % logs),  # noqa: UP031
    "match": lambda logs: next(
        {"loss": a, "accuracy": b} for a, b in [_match(logs)]
    ),
}  # fmt: skip


def _match(logs):
    match logs:
        case {"loss": a, "accuracy": b}:
            return a, b


@pytest.mark.parametrize("reader", READERS)
def test_every_way_of_reading_gives_floats(reader):
    result = READERS[reader](fresh())
    assert type(result) is dict
    assert result == FLOATS
    assert all(type(value) is float for value in result.values())


@pytest.mark.parametrize("reader", sorted(set(READERS) - {"popitem", "pop"}))
def test_reading_all_is_one_transfer(reader, transfers):
    logs = fresh()
    READERS[reader](logs)
    assert transfers == ["tolist"]
    READERS[reader](logs)
    assert transfers == ["tolist"]


def test_names_cost_no_transfer(transfers):
    logs = fresh()
    assert len(logs) == 2 and "loss" in logs and "val_loss" not in logs and bool(logs)
    assert list(logs) == list(logs.keys()) == ["loss", "accuracy"]
    assert list(reversed(logs)) == ["accuracy", "loss"]
    assert logs.get("val_loss") is None and logs.get("val_loss", 3) == 3
    logs["lr"] = 0.1
    logs.update({"more": np.float32(0.5)}, most=2.0)
    assert logs.in_order() is not logs and list(logs.in_order()) == ["accuracy", "loss", "lr", "more", "most"]
    assert transfers == []
    assert logs == {**FLOATS, "lr": 0.1, "more": 0.5, "most": 2.0}
    assert transfers == ["tolist"]


def test_equality_from_both_sides():
    other = {"loss": 0.5}
    assert operator.eq(fresh(), FLOATS) and operator.eq(FLOATS, fresh()) and operator.eq(fresh(), fresh())
    assert not operator.ne(fresh(), FLOATS) and not operator.ne(FLOATS, fresh())
    assert operator.ne(fresh(), other) and operator.ne(other, fresh()) and not operator.eq(fresh(), 3)
    with pytest.raises(TypeError, match="unhashable"):
        hash(fresh())


def test_missing_names_raise_as_in_a_dict():
    with pytest.raises(KeyError, match="val_loss"):
        fresh()["val_loss"]
    with pytest.raises(KeyError, match="val_loss"):
        fresh().pop("val_loss")
    assert fresh().pop("val_loss", None) is None
    with pytest.raises(KeyError):
        Logs().popitem()


def test_values_seen_late_are_those_of_their_batch():
    running, kept = torch.zeros(()), []
    for step in range(5):
        running = running + step  # a new tensor each step, as a training step makes them
        kept.append(Logs({"sum": running, "mean": (running, step + 1)}))
    assert [logs["sum"] for logs in kept] == [0.0, 1.0, 3.0, 6.0, 10.0]
    assert [logs["mean"] for logs in kept] == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_a_mean_is_the_quotient_in_the_dtype_of_the_sum():
    total, count = torch.tensor(1.0), torch.tensor(3)
    assert Logs({"a": (total, count)})["a"] == (total / count).item() != 1 / 3
    assert Logs({"a": (total.double(), count)})["a"] == 1 / 3
    assert Logs({"a": (total, 3)})["a"] == (total / 3).item()
    assert Logs({"a": (torch.tensor(1), count)})["a"] == (torch.tensor(1) / count).item() != 1 / 3
    assert Logs({"a": (1, 3)})["a"] == 1 / 3
    assert Logs({"a": (torch.tensor(0.0), torch.tensor(0))})["a"] == 0.0


@pytest.mark.parametrize("near", [{"cpu"}, set()])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.bool])
def test_dtypes_may_be_mixed(dtype, near, monkeypatch):
    monkeypatch.setattr("torchkeras_lite.logs._NEAR", near)
    logs = Logs({"a": torch.tensor(1, dtype=dtype), "b": torch.tensor(0.1), "c": torch.tensor(0.1, dtype=torch.float64)})
    assert logs == {"a": 1.0, "b": torch.tensor(0.1).item(), "c": 0.1}
    assert all(type(value) is float for value in logs.values())


@pytest.mark.parametrize("near", [{"cpu"}, set()])
def test_large_counts_keep_every_digit(near, monkeypatch):
    monkeypatch.setattr("torchkeras_lite.logs._NEAR", near)
    count = 2**24 + 1  # no float32
    assert Logs({"n": torch.tensor(count), "x": torch.tensor(0.5)})["n"] == count


def test_what_else_a_step_may_return():
    array = np.arange(3)
    logs = Logs(
        {
            "outer": {"inner": torch.tensor(2.0), "deep": {"x": 1}},
            "flag": True,
            "n": 3,
            "np": np.float32(0.5),
            "one": torch.ones(1),
            "outputs": torch.ones(2, 1, requires_grad=True),
            "half": torch.ones(2, dtype=torch.bfloat16),
            "row": torch.ones(1, 1),
            "list": [torch.zeros(2), torch.ones(2)],
            "two": (torch.zeros(2), torch.ones(2)),
            "array": array,
            "text": "good",
            "none": None,
            "graph": torch.tensor(4.0, requires_grad=True) * 2,
        }
    )
    names = list(logs)
    assert names[:3] == ["inner", "x", "flag"] and len(logs) == 15 and "outer" not in logs
    assert (logs["inner"], logs["x"], logs["flag"], logs["n"], logs["np"], logs["one"]) == (2.0, 1.0, 1.0, 3.0, 0.5, 1.0)
    assert {type(logs[name]) for name in ("inner", "x", "flag", "n", "np", "one", "graph")} == {float}
    assert type(logs["outputs"]) is np.ndarray and logs["outputs"].shape == (2, 1)
    assert logs["half"].tolist() == [1.0, 1.0]
    assert logs["row"].shape == (1, 1)  # the outputs of a last batch of one row stay an array
    assert isinstance(logs["list"], list) and [part.tolist() for part in logs["list"]] == [[0, 0], [1, 1]]
    assert isinstance(logs["two"], tuple) and type(logs["two"][1]) is np.ndarray
    assert logs["array"] is array and logs["text"] == "good" and logs["none"] is None and logs["graph"] == 8.0


def test_what_a_callback_puts_in_stays_what_it_is():
    logs = fresh()
    logs["range"] = (1, 2)
    logs["epochs"] = 3
    logs["tensor"] = torch.tensor(2)
    logs.setdefault("note", "slow")
    logs |= {"more": [1]}
    del logs["accuracy"]
    again = Logs(logs)
    for one in (logs, again, logs.in_order()):
        assert one == {"loss": 0.5, "range": (1, 2), "epochs": 3, "tensor": 2.0, "note": "slow", "more": [1]}
    assert type(logs["epochs"]) is int and type(logs["tensor"]) is float


def test_in_order_is_itself_when_in_order_already():
    logs = Logs(a=1, b=2)
    assert logs.in_order() is logs
    assert list(Logs(b=1, a=torch.tensor(2.0)).in_order().items()) == [("a", 2.0), ("b", 1.0)]


def test_an_unread_copy_stays_unread(transfers):
    assert Logs(fresh()) is not None and transfers == []


def test_a_failed_transfer_is_tried_again(monkeypatch):
    logs = fresh()
    monkeypatch.setattr("torchkeras_lite.logs._NEAR", set())
    with monkeypatch.context() as patch:
        patch.setattr(torch, "stack", lambda *args: (_ for _ in ()).throw(RuntimeError("the device is gone")))
        with pytest.raises(RuntimeError, match="gone"):
            logs["loss"]
    assert logs == FLOATS


def test_pandas_like_readers_that_ask_for_the_mapping_protocol():
    from collections import ChainMap, Counter, OrderedDict, UserDict

    assert dict(ChainMap({}, fresh())) == FLOATS
    assert dict(OrderedDict(fresh())) == FLOATS and dict(UserDict(fresh())) == FLOATS
    assert Counter(fresh()) == FLOATS


def test_making_one_costs_next_to_nothing():
    values = {"loss": torch.tensor(0.5), "accuracy": (torch.tensor(3.0), torch.tensor(4))}
    best = min(timeit.repeat(lambda: Logs(values), number=1000, repeat=5)) / 1000
    assert best < 10e-6  # seconds; about half a microsecond here


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_on_cuda_one_transfer_for_each_device(transfers):
    logs = Logs(
        {
            "near": torch.tensor(0.25),
            "loss": torch.tensor(0.5, device="cuda"),
            "accuracy": (torch.tensor(3.0, device="cuda"), torch.tensor(4, device="cuda")),
        }
    )
    assert logs == {"near": 0.25, **FLOATS}
    assert transfers == ["tolist", "tolist"]  # the CPU counts as far here
