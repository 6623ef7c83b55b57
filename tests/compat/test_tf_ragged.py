"""`tf.ragged`: rows of unequal length. And `tf.experimental.numpy`, which is imported as a module."""

import textwrap

import numpy as np
import pytest

ROWS = [
    ("r.to_list()", [[b"a", b"b"], [b"c"], []]),
    ("r.to_tensor()", [["a", "b"], ["c", ""], ["", ""]]),
    ("r.to_tensor('-')[2]", ["-", "-"]),
    ("tuple(r.shape)", (3, None)),
    ("r.row_lengths()", [2, 1, 0]),
    ("r.row_splits", [0, 2, 3, 3]),
    ("r.flat_values", ["a", "b", "c"]),
    ("r[0]", ["a", "b"]),
    ("r[0, 1]", "b"),
    ("r[1:].to_list()", [[b"c"], []]),
    ("r[:, :1].to_list()", [[b"a"], [b"c"], []]),
    ("n.to_tensor()", [[1, 2], [3, 0]]),
    ("n.to_tensor(-1, shape=[None, 3])", [[1, 2, -1], [3, -1, -1]]),
    ("n.to_tensor(shape=[None, 1])", [[1], [3]]),
    ("n.values", [1, 2, 3]),
    ("n.merge_dims(0, 1)", [1, 2, 3]),
    ("tf.ragged.constant([[[1], [2, 3]], [[4]]]).to_tensor()", [[[1, 0], [2, 3]], [[4, 0], [0, 0]]]),
    ("tf.ragged.stack([tf.constant([1.0]), tf.constant([2.0, 3.0])]).to_list()", [[1.0], [2.0, 3.0]]),
    ("tf.ragged.range([2, 0, 3]).to_list()", [[0, 1], [], [0, 1, 2]]),
    ("tf.ragged.range([2, 5], [4, 6]).to_list()", [[2, 3], [5]]),
    ("tf.ragged.boolean_mask([[1, 2], [3, 4]], [[True, False], [True, True]]).to_list()", [[1], [3, 4]]),
    ("tf.RaggedTensor.from_row_splits([1, 2, 3], [0, 1, 3]).to_list()", [[1], [2, 3]]),
    ("tf.RaggedTensor.from_row_lengths([1, 2, 3], [0, 3]).to_list()", [[], [1, 2, 3]]),
    ("tf.RaggedTensor.from_tensor([[1, 2], [3, 0]], padding=0).to_list()", [[1, 2], [3]]),
    ("tf.RaggedTensor.from_tensor([[1, 2], [3, 0]], lengths=[2, 0]).to_list()", [[1, 2], []]),
    ("tf.strings.split(['1,2', '3'], ',').to_tensor()", [["1", "2"], ["3", ""]]),
    ("tf.strings.to_number(tf.strings.split(['1,2', '3'], ',')).to_list()", [[1.0, 2.0], [3.0]]),
    ("tf.strings.to_number(tf.strings.split(['1,2', '3,4'], ',').to_tensor())", [[1, 2], [3, 4]]),
    ("[e.tolist() for e in tf.data.Dataset.from_tensor_slices(n)]", [[1, 2], [3]]),
    ("[e.to_list() for e in tf.data.Dataset.from_tensor_slices(r).batch(2)]", [[[b"a", b"b"], [b"c"]], [[]]]),
    ("tf.constant('x')[None].shape.rank", 1),
    ("tf.strings.regex_replace(['a.'], r'[.]$', r' \\1')", ["a."]),
    ("tf.ragged.constant([3, 5])", [3, 5]),
    ("tf.ragged.constant(['x', 'y']).shape.rank", 1),
    ("tf.constant([['x', 'y']]).shape.as_list()", [1, 2]),
    ("tf.map_fn(tf.range, tf.constant([2, 1]), fn_output_signature=tf.RaggedTensorSpec([None])).to_list()", [[0, 1], [0]]),
    ("tf.map_fn(lambda pair: tf.size(pair[0]) + pair[1][0], (n, n))", [3, 4]),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_values(row, tf):
    expression, wanted = row
    names = {"r": tf.ragged.constant([["a", "b"], ["c"], []]), "n": tf.ragged.constant([[1, 2], [3]]), "tf": tf}
    found = eval(expression, names)
    assert (np.asarray(found, dtype=object).tolist() if hasattr(found, "dtype") else found) == wanted
    assert str(names["n"].dtype).endswith("int32") and str(names["r"].dtype).endswith("string")


SCRIPTS = {
    "labels of unequal number": """
        import numpy as np
        import tensorflow as tf
        labels = tf.ragged.constant([["a", "b"], ["c"], []])
        lookup = tf.keras.layers.StringLookup(output_mode="multi_hot")
        lookup.adapt(labels)
        assert lookup.get_vocabulary() == ["[UNK]", "c", "b", "a"]
        assert lookup(labels).numpy().tolist() == [[0, 0, 1, 1], [0, 1, 0, 0], [0, 0, 0, 0]]
        """,
    "numpy as a module": """
        import tensorflow as tf
        import tensorflow.experimental.numpy as tnp
        tnp.experimental_enable_numpy_behavior()
        assert tf.experimental.numpy is tnp
        x = tnp.asarray([[1.0, -2.0]], dtype=tnp.float32)
        assert tnp.maximum(x, 0.0).numpy().tolist() == [[1, 0]] and isinstance(x, tnp.ndarray)
        assert tnp.matmul(x, tnp.ones((2, 1))).numpy().item() == -1 and tnp.random.randn(2, 3).shape == (2, 3)
        tnp.random.seed(1)
        a = tnp.random.uniform(2, 3, size=4)
        assert a.shape == (4,) and bool((a >= 2).all()) and tnp.shape(a) == (4,)
        """,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(name, python, repository, tmp_path):
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPTS[name]), encoding="utf-8")
    python("-W", "error", tmp_path / "script.py", path=[repository / "compat" / "shims", repository], cwd=tmp_path, ok=True)
