"""`model.summary()` beside the real Keras: every character."""

import functools
import io
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import keras

import torchkeras_lite
from torchkeras_lite import registry
from torchkeras_lite.models.summary import print_summary


def small(k):
    return k.Sequential([k.layers.Dense(4, input_shape=(2,), activation="relu"), k.layers.Dense(1)])


def mlp(k):
    return k.Sequential(
        [
            k.layers.Input((28, 28), name="pixels"),
            k.layers.Rescaling(1 / 255),
            k.layers.Flatten(),
            k.layers.Dense(512, activation="relu", name="a_layer_with_quite_a_long_name_that_says_it_all_twice_over"),
            k.layers.BatchNormalization(name="two words"),
            k.layers.Dropout(0.2),
            k.layers.Dense(10, name="final_answers_of_the_model"),
            k.layers.Softmax(),
        ],
        name="mlp",
    )


def words(k):
    return k.Sequential([k.layers.Input((7,), dtype="int32"), k.layers.Embedding(20_000, 64), k.layers.Reshape((-1, 32))])


def unbuilt(k):
    return k.Sequential([k.layers.Dense(3), k.layers.Dropout(0.1), k.layers.BatchNormalization()], name="unbuilt")


def empty(k):
    return k.Sequential(name="empty")


def nested(k):
    inner = k.Sequential([k.layers.Input((3,)), k.layers.Dense(3, name="one"), k.layers.ReLU(name="two")], name="inner")
    middle = k.Sequential([k.layers.Input((3,)), inner, k.layers.Dense(2, name="three")], name="middle")
    return k.Sequential([k.layers.Input((5,)), k.layers.Dense(3), middle, k.layers.Activation("relu")], name="outer")


def frozen(k):
    model = mlp(k)
    model.layers[2].trainable = False
    model.layers[3].trainable = False
    return model


def compiled(k):
    model = small(k)
    model.compile("adam", "mse")
    return model


def trained(optimizer):
    def make(k):
        model = mlp(k)
        model.layers[3].trainable = False
        model.compile(optimizer, "sparse_categorical_crossentropy")
        model.train_on_batch(torch.ones(4, 28, 28).numpy(), torch.ones(4).numpy())
        return model

    make.__name__ = f"trained_{optimizer}"
    return make


def built_by_shape(k):
    model = k.Sequential([k.layers.Dense(3), k.layers.Dropout(0.5), k.layers.Dense(2)])
    model.build((None, 5))
    return model


def built_by_call(k):
    model = k.Sequential([k.layers.Dense(3), k.layers.Flatten(), k.layers.Dense(2)])
    model(torch.ones(3, 6))
    return model


def half(k):
    return k.Sequential([k.layers.Input((4,)), k.layers.Dense(3, dtype="float16"), k.layers.Dense(5, dtype="float64")])


def subclassed(k, called=False):
    class Mine(k.Model):
        def __init__(self):
            super().__init__()
            self.hidden = k.layers.Dense(4)
            self.tower = k.Sequential([k.layers.Dense(3), k.layers.Dense(2)], name="tower")

        def call(self, x):
            return self.tower(self.hidden(x))

    model = Mine()
    if called:
        model(torch.ones(3, 5))
    return model


def subclassed_and_called(k):
    return subclassed(k, called=True)


pytestmark = pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")

MODELS = [
    small, mlp, words, unbuilt, empty, nested, frozen, compiled, trained("adam"), built_by_shape, half,
    subclassed,
]  # fmt: skip


@functools.cache
def made(library, make):
    """The model, with names counted from the beginning."""
    keras.utils.clear_session(free_memory=False)
    with registry.fresh_names():
        return make(library)


def summary(library, make, to_function=False, **arguments):
    model = made(library, make)
    texts, stream, plain = [], io.StringIO(), sys.stdout
    if to_function:
        arguments["print_fn"] = texts.append
    sys.stdout = stream
    try:
        model.summary(**arguments)
    except ValueError as error:
        return type(error)
    finally:
        sys.stdout = plain
    return texts, stream.getvalue()


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"to_function": True},
        {"line_length": 60},
        {"line_length": 140, "show_trainable": True},
        {"expand_nested": True, "show_trainable": True},
        {"positions": [0.3, 0.5, 0.9], "line_length": 101},
        {"positions": [0.2, 0.4, 0.6]},
        {"line_length": 10},
    ],
    ids=str,
)
def test_every_character(make, arguments):
    assert summary(torchkeras_lite, make, **arguments) == summary(keras, make, **arguments)


@pytest.mark.parametrize("make", [built_by_call, subclassed_and_called], ids=lambda make: make.__name__)
def test_models_that_were_called_keep_the_batch_open(make):
    """Keras writes the batch size of the first call, 3, as if it were the model's; ours leaves it open."""

    def joined(text):
        return " ".join(text.split())

    ours, theirs = (summary(k, make, to_function=True)[0][0] for k in (torchkeras_lite, keras))
    assert "(3, " in theirs and joined(ours) == joined(theirs.replace("(3, ", "(None, "))


@pytest.mark.parametrize("columns", ["40", "61", "80", "100"])
@pytest.mark.parametrize("show_trainable", [False, True])
def test_the_width_of_the_terminal(columns, show_trainable, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    ours, theirs = (summary(k, mlp, show_trainable=show_trainable) for k in (torchkeras_lite, keras))
    assert ours == theirs


@pytest.mark.parametrize("layer_range", [["flatten", "two words"], [".*over", ".*"], ["two.*", "flatten"], ["x", "y"], ["a"]])
def test_layer_range(layer_range):
    assert summary(torchkeras_lite, mlp, layer_range=layer_range) == summary(keras, mlp, layer_range=layer_range)


class Variable:
    def __init__(self, *shape, dtype="float32"):
        self.shape, self.dtype = shape, dtype


def fake(library, rows, sizes, name):
    """A model of layers that only have names and shapes: of the class that each library takes for a mere sequence."""

    def layer(name, kind, shape, count, built, trainable):
        made = type(kind, (), {})()
        made.name, made.built, made.trainable, made.weights = name, built, trainable, [0] * bool(count)
        made.count_params = lambda: count
        made.output_shape = shape
        made._inbound_nodes, made._build_shapes_dict = (), {"input_shape": 1}
        return made

    model = type("Fake", (), {})()
    model.name, model.layers = name, [layer(*row) for row in rows]
    model.trainable_weights = [Variable(*shape) for shape in sizes]
    model.non_trainable_weights = [Variable(*shape, dtype="int64") for shape in sizes[:2]]
    model.compiled, model.optimizer = False, None
    return model


word = st.text("abcXYZ_12 -.", min_size=1, max_size=40)
sizes = st.lists(st.integers(1, 5000), max_size=3).map(tuple)


@settings(max_examples=150, deadline=None, database=None)
@given(
    rows=st.lists(
        st.tuples(word, st.from_regex(r"[A-Z][A-Za-z]{0,30}", fullmatch=True),
                  st.lists(st.one_of(st.none(), st.integers(0, 10**6)), max_size=5).map(tuple),
                  st.integers(0, 10**12), st.booleans(), st.booleans()),
        max_size=4,
    ),
    sizes=st.lists(sizes, max_size=3),
    name=word,
    line_length=st.one_of(st.none(), st.integers(20, 150)),
    positions=st.one_of(st.none(), st.lists(st.floats(0.1, 0.4), min_size=3, max_size=3)),
    show_trainable=st.booleans(),
)  # fmt: skip
def test_any_names_and_widths(rows, sizes, name, line_length, positions, show_trainable):
    if positions is not None:
        line_length = line_length and line_length + 50  # Keras lets columns vanish where there is no room
        positions = [sum(positions[: i + 1]) / max(1, sum(positions)) for i in range(3)]
    results = []
    for library, draw in ((torchkeras_lite, print_summary), (keras, keras.src.utils.summary_utils.print_summary)):
        texts = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("COLUMNS", "200")
            try:
                draw(
                    fake(library, rows, sizes, name),
                    line_length=line_length,
                    positions=positions and list(positions),
                    print_fn=texts.append,
                    show_trainable=show_trainable,
                )
            except ValueError as error:
                texts = type(error)
        results.append(texts)
    assert results[0] == results[1]
