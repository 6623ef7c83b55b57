"""`summary()` never fails, whatever the model and the terminal. (Its text is compared with Keras's in parity.)"""

import io
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from torchkeras_lite import layers, registry
from torchkeras_lite.models import Model, Sequential
from torchkeras_lite.models.summary import print_summary

SMALL = """\
Model: "small"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┓
┃ Layer (type)             ┃ Output Shape       ┃    Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━┩
│ dense (Dense)            │ (None, 4)          │         12 │
├──────────────────────────┼────────────────────┼────────────┤
│ dense_1 (Dense)          │ (None, 1)          │          5 │
└──────────────────────────┴────────────────────┴────────────┘
 Total params: 17 (68.00 B)
 Trainable params: 17 (68.00 B)
 Non-trainable params: 0 (0.00 B)
"""


@pytest.fixture
def small():
    with registry.fresh_names():
        return Sequential([layers.Dense(4, input_dim=2), layers.Dense(1)], name="small")


class Layer:
    """A layer as far as a summary looks at it."""

    name, built, trainable, weights, layers = "fake", True, True, (), ()

    def __init__(self, **attributes):
        self.__dict__.update(attributes)

    def count_params(self):
        return 0


def model_of(*fakes, **attributes):
    base = {"name": "fake", "layers": fakes, "trainable_weights": [], "non_trainable_weights": [], "optimizer": None}
    return SimpleNamespace(**base | attributes)


def shown(model, **arguments):
    texts = []
    print_summary(model, print_fn=texts.append, **{"line_length": 62} | arguments)
    (text,) = texts
    return text


def rows(model, **arguments):
    """The cells of the table below its title, line by line."""
    lines = shown(model, **{"line_length": 160} | arguments).splitlines()
    return [[cell.strip() for cell in line[1:-1].split("│")] for line in lines if line.startswith("│")]


def test_the_text_goes_to_stdout_or_to_a_function(small, capsys):
    assert small.summary(line_length=62) is None
    assert capsys.readouterr().out == SMALL
    assert shown(small) == SMALL and capsys.readouterr().out == ""


def test_stdout_is_looked_up_when_writing(small, monkeypatch):
    later = io.StringIO()
    monkeypatch.setattr(sys, "stdout", later)
    small.summary(line_length=62)
    assert later.getvalue() == SMALL


def test_an_output_that_knows_only_ascii(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    print_summary(model_of(Layer(name="x" * 50, output_shape=(None, 3))), line_length=62)
    text = raw.getvalue().decode("ascii").splitlines()
    assert text[1] == "+==========================+====================+============+"
    assert text[2] == "| Layer (type)             | Output Shape       |    Param # |"
    assert text[4] == f"| {'x' * 23}. | (None, 3)          |          0 |"


@pytest.mark.parametrize("columns", ["", "0", "1", "5", "19", "wide"])
@pytest.mark.parametrize("show_trainable", [False, True])
def test_odd_terminals(columns, show_trainable, small, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    small.summary(show_trainable=show_trainable)
    text = capsys.readouterr().out
    assert "17 (68.00 B)" in text and "12" in text


def test_a_line_length_without_room(small):
    with pytest.raises(ValueError, match=r"Insufficient console width.*line_length=12"):
        small.summary(line_length=12)
    with pytest.raises(ValueError, match="Insufficient console width"):
        small.summary(positions=[0.5, 0.5, 1.0])


def test_a_longer_line_than_the_terminal_is_not_cut(small, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    small.summary(line_length=62)
    assert capsys.readouterr().out == SMALL


@pytest.mark.parametrize(
    "shape, text",
    [
        ((None, 3), "(None, 3)"),
        ((), "()"),
        (torch.Size([2, 3]), "(2, 3)"),
        ([(None, 3)], "(None, 3)"),
        ([(None, 3), (None, 4, 5)], "[(None, 3), (None, 4, 5)]"),
        (((None, 3), (None,)), "((None, 3), (None))"),
        ({"a": (None, 3), "b": (2,)}, "{a: (None, 3), b: (2)}"),
        ({"a": (None, 3)}, "(None, 3)"),
        ([(None, 3), {"a": (None, 1)}], "[(None, 3), (None, 1)]"),
        ("nonsense", "?"),
        (None, "?"),
    ],
)
def test_shapes(shape, text):
    assert rows(model_of(Layer(output_shape=shape)))[0][1] == text


def test_a_layer_that_does_not_know_its_shape():
    class Stubborn(Layer):
        @property
        def output_shape(self):
            raise RuntimeError("out of memory")

    class Built(Layer):
        def get_build_config(self):
            return {"shape_of_the_input": (None, 3)}

        def compute_output_shape(self, input_shape):
            return (*input_shape, 7)

    class Unbuilt(Layer):
        built = False

        def get_build_config(self):
            return None

    table = rows(model_of(Stubborn(), Layer(), Built(), Unbuilt()))
    assert [row[1:] for row in table] == [["?", "0"], ["?", "0"], ["(None, 3, 7)", "0"], ["?", "0 (unbuilt)"]]


def test_torch_modules_among_the_layers():
    table = rows(model_of(nn.Linear(3, 4), object()), show_trainable=True)
    assert table == [["Linear (Linear)", "?", "16", "-"], ["object (object)", "?", "0", "-"]]


def test_a_torch_module_in_a_sequential():
    registry.reset_names()  # names are counted from the beginning
    model = Sequential([layers.Input((3,)), nn.Linear(3, 4), layers.Dense(2)])
    table = rows(model)
    assert [row[1:] for row in table] == [["(None, 4)", "16"], ["(None, 2)", "10"]]
    assert table[0][0].startswith("linear (")
    assert "Total params: 26 (104.00 B)" in shown(model)


def test_optimizers_with_and_without_variables():
    variables = [torch.zeros(3), torch.zeros((), dtype=torch.int64)]
    ours = SimpleNamespace(built=True, variables=variables)
    assert shown(model_of(optimizer=ours)).splitlines()[-4:] == [
        " Total params: 4 (20.00 B)",
        " Trainable params: 0 (0.00 B)",
        " Non-trainable params: 0 (0.00 B)",
        " Optimizer params: 4 (20.00 B)",
    ]
    for silent in (SimpleNamespace(built=False, variables=variables), torch.optim.SGD(variables[:1]), None):
        assert "Optimizer" not in shown(model_of(optimizer=silent))


def test_a_model_compiled_with_an_optimizer_of_torch():
    model = Sequential([layers.Dense(1, input_dim=2)])
    model.compile(torch.optim.Adam(model.parameters()), "mse")
    model.train_on_batch(torch.ones(2, 2), torch.ones(2, 1))
    assert " Trainable params: 3 (12.00 B)" in shown(model)


def test_sizes():
    def text(n, dtype="float32"):
        weights = [SimpleNamespace(shape=(n,), dtype=dtype)]
        return shown(model_of(trainable_weights=weights)).splitlines()[-2]

    assert text(255) == " Trainable params: 255 (1020.00 B)" and text(256) == " Trainable params: 256 (1.00 KB)"
    assert text(1_500_000, "bfloat16") == " Trainable params: 1,500,000 (2.86 MB)"
    assert text(10**12, "float64").endswith("(7.28 TB)") and text(10**17).endswith("(355.27 PB)")
    shared = SimpleNamespace(shape=(2, 3), dtype="float32")
    assert "Total params: 6 (24.00 B)" in shown(model_of(trainable_weights=[shared, shared]))


def test_nested_models_are_shown_when_asked_for():
    inner = Layer(name="inner", layers=[Layer(name="a"), Layer(name="b", layers=[Layer(name="c")])])
    assert [row[0] for row in rows(model_of(inner))] == ["inner (Layer)"]
    table = shown(model_of(inner), line_length=160, expand_nested=True)
    names = [line[2:].split("(")[0] for line in table.splitlines() if line.startswith("│")]
    assert names == ["inner ", "   └ a ", "   └ b ", "      └ c "]


@pytest.mark.parametrize("counts_places", [False, True])
def test_wide_characters_keep_the_lines_straight(counts_places, monkeypatch):
    import tabulate

    places = SimpleNamespace(wcswidth=lambda text: sum(0 if c == "\u034f" else 2 if c > "\u3000" else 1 for c in text))
    monkeypatch.setattr(tabulate, "wcwidth", places if counts_places else None)
    lines = shown(model_of(Layer(name="層" * 30), Layer(name="e\u0301" * 3))).splitlines()[1:9]
    assert lines[3:6] == [
        f"│ {'層' * 11}…  │ ?                  │          0 │",
        "│ (Layer)                  │                    │            │",
        "├──────────────────────────┼────────────────────┼────────────┤",
    ]
    assert lines[6] == "│ ééé (Layer)              │ ?                  │          0 │"


def test_ranges(small):
    assert [row[0] for row in rows(small, layer_range=["dense_1", ".*_1"])] == ["dense_1 (Dense)"]
    with pytest.raises(ValueError, match=r"names no layer.*The layers are: dense, dense_1"):
        small.summary(layer_range=["dens_1", "x"])
    with pytest.raises(ValueError, match="a pair of layer names"):
        small.summary(layer_range=["dense"])
    with pytest.raises(ValueError, match="a pair of layer names"):
        small.summary(layer_range=[0, 1])


def test_a_subclassed_model_before_and_after_its_first_call():
    class Mine(Model):
        def __init__(self):
            super().__init__(name="mine")
            self.hidden = layers.Dense(4, name="hidden")

        def call(self, x):
            return self.hidden(x)

    model = Mine()
    assert rows(model) == [["hidden (Dense)", "?", "0 (unbuilt)"]]
    model(torch.ones(3, 2))
    assert rows(model) == [["hidden (Dense)", "(None, 4)", "12"]]


def test_layers_without_a_build_of_their_own():
    class Head(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = layers.Dense(5)

        def call(self, x):
            return {"values": self.inner(x)}

    class Mine(Model):
        def __init__(self):
            super().__init__()
            self.head = Head(name="head")

        def call(self, x):
            return self.head(x)["values"]

    model = Mine()
    model(torch.ones(3, 2))
    assert rows(model) == [["head (Head)", "(None, 5)", "15"]] and model.head.get_build_config() is None


def test_a_summary_changes_nothing(small):
    before = {name: value.clone() for name, value in small.state_dict().items()}
    small.summary(print_fn=lambda text: None, expand_nested=True)
    state = small.state_dict()
    assert list(state) == list(before) and all(torch.equal(state[name], before[name]) for name in before)


def test_tabulate_is_loaded_by_the_first_summary_only(fresh):
    fresh("-c", "import sys, torchkeras_lite; sys.exit('tabulate' in sys.modules)", ok=True)
