"""What tutorials use is there: `compat/usage.py` over its own table, and over tables in which something is missing."""

import textwrap

import pytest

BEGIN = """
import keras, tensorflow, usage
"""


@pytest.fixture
def snippet(python, repository, tmp_path):
    def run(text):
        paths = [repository / "compat" / "shims", repository, repository / "compat"]
        (tmp_path / "snippet.py").write_text(BEGIN + textwrap.dedent(text))
        return python(tmp_path / "snippet.py", path=paths, ok=True).out

    return run


def test_the_tool_sees_what_is_missing(snippet):
    out = snippet("""
        table = '''keras.layers.Dense 10 units=4 output_dim=3 input_dim=2 nonsense=1
        keras.layers.merge.add 1
        keras.layers.Convolution2D 1 nb_row=1 kernel_size=1 typo=1
        keras.datasets.imdb.load_data 1 nb_words=1
        keras.nowhere.* 2 at_all=1
        keras.models.* 1
        Model.fit 0 nb_epoch=1 epoch=1
        tf.newaxis 1
        tf.reduce_sum 1 keep_dims=1
        tf.never 3'''
        found = usage.rows(table)
        assert [row.what for row in found if not row.there] == [
            "keras.layers.Dense(nonsense=)", "keras.layers.Convolution2D(typo=)", "keras.nowhere.*", "keras.nowhere.*(at_all=)",
            "Model.fit(epoch=)", "tf.never"
        ]
        names = [row for row in found if row.kind == "keras names"]
        assert usage.share(names) == (10 + 1 + 1 + 1 + 1) / 16 and usage.share([]) == 0
        print("done")
    """)
    assert out == "done\n"


def test_what_tutorials_use_is_there(snippet):
    out = snippet("""
        found = usage.rows(usage.TABLE.read_text())
        kinds = {row.kind for row in found}
        assert kinds == {"keras names", "keras arguments", "tf names"} and len(found) > 2000
        keras_ones = [row for row in found if row.kind != "tf names"]
        floors = {"keras names": 0.985, "keras arguments": 0.985, "tf names": 0.9}
        for kind, floor in floors.items():
            some = [row for row in found if row.kind == kind]
            lost = sorted((row for row in some if not row.there), key=lambda row: -row.tutorials)[:20]
            assert usage.share(some) >= floor, (kind, usage.share(some), lost)
        assert usage.share(keras_ones) >= 0.97
        print("done")
    """)
    assert out == "done\n"
