"""Pictures of models: what is in them, and where it stands."""

import itertools
import sys
import xml.etree.ElementTree as xml

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import torchkeras_lite as keras
from torchkeras_lite import layers
from torchkeras_lite.utils.layout import Layout


def residual():
    x = keras.Input((8,), name="entry")
    h = layers.Dense(8, activation="relu", name="first")(x)
    inner = keras.Sequential([layers.Input((8,), name="within"), layers.Dense(8, name="deep")], name="inner")
    return keras.Model(x, layers.Add(name="sum")([inner(h), x]) * 2)


def texts(picture):
    return [part.text for part in xml.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]


def test_boxes_and_arrows():
    drawing = keras.utils.model_to_dot(residual())
    titles = {name: box.title for name, box in drawing.boxes.items()}
    arrows = {(titles[a], titles[b]) for a, b in drawing.edges}
    first, inner, last = "first (Dense)", "inner (Sequential)", "sum (Add)"
    assert arrows == {
        ("entry (InputLayer)", first), (first, inner), (inner, last), ("entry (InputLayer)", last),
        (last, next(title for title in titles.values() if "Multiply" in title)),
    }  # fmt: skip


def test_models_inside_are_opened():
    drawing = keras.utils.model_to_dot(residual(), expand_nested=True)
    titles = {name: box.title for name, box in drawing.boxes.items()}
    arrows = {(titles[a], titles[b]) for a, b in drawing.edges}
    within, deep = "within (InputLayer)", "deep (Dense)"
    assert {("first (Dense)", within), (within, deep), (deep, "sum (Add)")} <= arrows
    assert [(name, [titles[m] for m in members]) for name, members in drawing.groups] == [
        ("inner", ["within (InputLayer)", "deep (Dense)"])
    ]


def test_what_is_written():
    model = residual()
    model.get_layer("first").trainable = False
    shown = texts(
        keras.utils.model_to_dot(
            model, show_shapes=True, show_dtype=True, show_layer_activations=True, show_trainable=True
        ).create(format="svg")
    )
    expected = {"Activation: relu", "Non-trainable", "Trainable", "Output dtype: float32"}
    assert expected | {"Input shape: [(None, 8), (None, 8)]"} <= set(shown)


@pytest.mark.parametrize(
    ("name", "start"), [("m.png", b"\x89PNG"), ("m.svg", b"<svg"), ("m.pdf", b"%PDF"), ("m.dot", b"digraph")]
)
@pytest.mark.parametrize("rankdir", ["TB", "LR", "BT", "RL"])
def test_files(name, start, rankdir, tmp_path):
    if name.endswith(("png", "pdf")):
        pytest.importorskip("matplotlib")
    assert keras.utils.plot_model(residual(), tmp_path / name, rankdir=rankdir, expand_nested=True, dpi=50) is None
    assert (tmp_path / name).read_bytes().startswith(start)


def test_without_matplotlib_there_is_an_svg(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.warns(UserWarning, match=r"m\.svg"):
        keras.utils.plot_model(residual(), tmp_path / "m.png")
    assert (tmp_path / "m.svg").exists() and not (tmp_path / "m.png").exists()


def test_directions():
    def centre(rankdir):
        drawn = xml.fromstring(keras.utils.model_to_dot(residual(), rankdir=rankdir).create())
        return {t.text: (float(t.get("x")), float(t.get("y"))) for t in drawn.iter("{http://www.w3.org/2000/svg}text")}

    entry, last = "entry (InputLayer)", "sum (Add)"
    assert centre("TB")[entry][1] < centre("TB")[last][1] and centre("BT")[entry][1] > centre("BT")[last][1]
    assert centre("LR")[entry][0] < centre("LR")[last][0] and centre("RL")[entry][0] > centre("RL")[last][0]


def test_models_without_a_graph():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(2)

        def call(self, x):
            return self.inner(x)

    with pytest.raises(ValueError, match="not yet been built"):
        keras.utils.model_to_dot(Own())
    model = Own()
    model.build((None, 3))
    assert [box.title for box in keras.utils.model_to_dot(model, show_layer_names=False).boxes.values()] == ["Own"]
    with pytest.raises(ValueError, match="Unrecognized"):
        keras.utils.plot_model(model, layer_range=1)


@settings(max_examples=50, deadline=None, database=None)
@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=25))
def test_boxes_never_overlap_and_arrows_go_forward(count, pairs):
    edges = list({(min(a, b), max(a, b)) for a, b in pairs if a != b and max(a, b) < count})
    sizes = {i: (20.0 + 7 * (i % 4), 10.0 + 5 * (i % 3)) for i in range(count)}
    layout = Layout(sizes, edges)
    for one in range(count):
        for two in range(one):
            (x1, y1), (x2, y2) = layout.place[one], layout.place[two]
            apart_x = abs(x1 - x2) >= (sizes[one][0] + sizes[two][0]) / 2 - 1e-6
            assert apart_x or abs(y1 - y2) >= (sizes[one][1] + sizes[two][1]) / 2 - 1e-6
    for edge, route in zip(edges, layout.routes, strict=True):
        assert route[0] == layout.place[edge[0]] and route[-1] == layout.place[edge[1]]
        assert all(a[1] < b[1] for a, b in itertools.pairwise(route))
    for x, y in layout.place.values():
        assert 0 <= x <= layout.size[0] and 0 <= y <= layout.size[1]
