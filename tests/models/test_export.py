"""`model.export` and `keras.export.ExportArchive`: programs of torch.export."""

import pytest
import torch

from torchkeras_lite import InputSpec, layers, models, ops
from torchkeras_lite.export import ExportArchive

X = torch.linspace(-1, 1, 12).reshape(3, 4)


def plain():
    return models.Sequential([
        layers.Input((4,)), layers.Dense(5, "relu"), layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(2),
    ])  # fmt: skip


class Own(models.Model):
    def __init__(self):
        super().__init__()
        self.inner = layers.Dense(2)

    def call(self, x):
        return ops.tanh(self.inner(x))


def program(path):
    return torch.export.load(path).module()


@pytest.mark.parametrize("make", [plain, Own])
def test_any_number_of_rows_comes_back(make, tmp_path, capsys):
    model = make()
    model(X)
    path = model.export(tmp_path / "m.pt2", format="torch")
    assert str(path) in capsys.readouterr().out
    for x in (X, X[:1], torch.cat([X, X])):
        torch.testing.assert_close(program(path)(x), model(x))


def test_inputs_and_outputs_in_their_structure(tmp_path):
    a, b = layers.Input((4,), name="a"), layers.Input((None, 3), name="b")
    total = layers.GlobalAveragePooling1D()(layers.Conv1D(4, 3)(b)) + a
    model = models.Model({"a": a, "b": b}, {"sum": total, "twice": total * 2})
    model.export(tmp_path / "m.pt2", format="torch", verbose=False)
    inputs = {"a": X, "b": torch.rand(3, 9, 3)}
    expected, found = model(inputs), program(tmp_path / "m.pt2")(inputs)
    assert found.keys() == expected.keys()
    for key in expected:
        torch.testing.assert_close(found[key], expected[key])


def test_a_signature_says_what_else_is_meant(tmp_path):
    model = models.Sequential([layers.Embedding(9, 3), layers.Flatten()])
    with pytest.raises(ValueError, match="input_signature"):
        model.export(tmp_path / "m.pt2", format="torch")
    model.export(tmp_path / "m.pt2", format="torch", input_signature=[InputSpec(shape=(None, 2), dtype="int64")], verbose=0)
    x = torch.tensor([[1, 8], [0, 2], [3, 3]])
    torch.testing.assert_close(program(tmp_path / "m.pt2")(x), model(x))


def test_a_model_that_trains_is_exported_as_it_predicts(tmp_path):
    model = plain()
    model.train()
    model.export(tmp_path / "m.pt2", format="torch", verbose=False)
    assert model.training
    torch.testing.assert_close(program(tmp_path / "m.pt2")(X), model(X, training=False))


class Branches(models.Model):
    def call(self, x):
        return x * 2 if bool(x[0, 0] > 0) else x


def test_says_why_not(tmp_path):
    model = plain()
    with pytest.raises(ValueError, match="Unrecognized format='gguf'"):
        model.export(tmp_path / "m", format="gguf")
    for format in ("onnx", "openvino", "litert"):
        with pytest.raises(NotImplementedError, match="of its own"):
            model.export(tmp_path / "m", format=format)
    with pytest.raises(NotImplementedError, match="format='torch'"):
        model.export(tmp_path / "m")
    with pytest.raises(ValueError, match=r"\.pt2"):
        model.export(tmp_path / "m.bin", format="torch")
    with pytest.raises(ValueError, match=r"Unsupported arguments.*opset"):
        model.export(tmp_path / "m.pt2", format="torch", opset=3)
    branches = Branches()
    branches(X)
    with pytest.raises(RuntimeError, match="depends on the values"):
        branches.export(tmp_path / "m.pt2", format="torch")
    assert not list(tmp_path.iterdir())


def test_archive(tmp_path):
    model = plain()
    archive = ExportArchive(format="torch")
    archive.track(model)
    archive.add_endpoint("serve", model.call, [InputSpec(shape=(None, 4), dtype="float32")])
    archive.add_endpoint("twice", lambda x: model(x) * 2, [InputSpec(shape=(None, 4), dtype="float32")])
    assert len(archive.variables) == len(model.variables)
    with pytest.raises(ValueError, match="already taken"):
        archive.add_endpoint("serve", model)
    with pytest.raises(ValueError, match="input_signature"):
        archive.add_endpoint("other", lambda x: x)
    archive.write_out(tmp_path / "a", verbose=False)
    torch.testing.assert_close(program(tmp_path / "a" / "serve.pt2")(X), model(X))
    torch.testing.assert_close(program(tmp_path / "a" / "twice.pt2")(X), model(X) * 2)
    with pytest.raises(NotImplementedError, match="format='torch'"):
        ExportArchive()
    with pytest.raises(ValueError, match="no weights yet"):
        archive.track(layers.Dense(3))
