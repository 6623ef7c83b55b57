"""K.ctc_batch_cost: what is no class ends a row of labels, whatever its length is said to be. The values are TensorFlow's."""

import textwrap

SCRIPT = """
    import numpy as np
    from tensorflow.keras import backend as K
    p = np.random.default_rng(0).random((2, 6, 4)).astype("float32")
    p /= p.sum(-1, keepdims=True)
    y, times = np.array([[1, 2, 99, 99], [0, 99, 99, 99]]), np.array([[6], [5]])
    for lengths in ([[4], [4]], [[2], [1]]):
        np.testing.assert_allclose(K.ctc_batch_cost(y, p, times, np.array(lengths)).numpy(), [[4.4689], [5.5134]], atol=1e-4)
"""


def test_padding(python, repository, tmp_path):
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    python("-W", "error", tmp_path / "script.py", path=[repository / "compat" / "shims", repository], cwd=tmp_path, ok=True)
