"""Libraries that look for TensorFlow go on as if there were none, whatever is imported first."""

import textwrap

import pytest

TENSORBOARD = """
    import glob, torch
    from torch.utils.tensorboard import SummaryWriter
    import tensorboard.compat
    with SummaryWriter("logs") as writer:
        writer.add_scalar("loss", 0.5, 3)
        writer.add_histogram("weights", torch.ones(3), 3)
        writer.add_text("note", "hello", 3)
    assert tensorboard.compat.tf.__version__ == "stub"
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    events = EventAccumulator(glob.glob("logs/events*")[0]).Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(3, 0.5)]
    import tensorflow as tf, keras                                  # afterwards the stand-in is there for who wants it
    assert tf.keras is keras and tf.__version__ == "2.21.0" and "shims" in tf.__file__
"""

EINOPS = """
    import numpy as np, torch
    from einops import rearrange, reduce, repeat
    x = np.arange(6.0).reshape(2, 3)
    def check():
        assert (rearrange(x, "a b -> b a") == x.T).all() and reduce(x, "a b -> a", "sum").tolist() == [3, 12]
        assert torch.equal(rearrange(torch.tensor(x), "a b -> b a"), torch.tensor(x).T)
        assert repeat(torch.tensor(x), "a b -> a b c", c=2).shape == (2, 3, 2)
        for unknown in ("text", object(), {1}):
            try: rearrange(unknown, "a b -> b a")
            except RuntimeError as error: assert "Tensor type unknown to einops" in str(error), error
            else: raise AssertionError(unknown)
    check()
    import tensorflow.keras
    check()
    import einops._backends as b, torchkeras_lite.dropin as d
    assert type(b.__loader__).__name__ == "SourceFileLoader" and b.__spec__.loader is b.__loader__
    names = lambda: {k.framework_name for k in vars(b).values() if getattr(k, "framework_name", None)}
    assert not {"tensorflow", "tensorflow.keras"} & names()
    d.uninstall()
    assert {"tensorflow", "tensorflow.keras"} <= names()
"""

SKLEARN = """
    import numpy as np
    from sklearn.linear_model import LinearRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    import tensorflow as tf
    x = np.arange(20.0).reshape(10, 2)
    assert cross_val_score(make_pipeline(StandardScaler(), LinearRegression()), x, x.sum(1), cv=2).min() > 0.999
"""


# What is imported before the library decides which way it meets the stand-in.
ORDERS = [
    ("tensorboard", ""),
    ("tensorboard", "import keras"),
    ("tensorboard", "import tensorflow.keras"),
    ("einops", ""),
    ("einops", "import tensorflow.keras"),
    ("sklearn", "import tensorflow.keras"),
]


LIBRARIES = {"tensorboard": TENSORBOARD, "einops": EINOPS, "sklearn": SKLEARN}


@pytest.mark.parametrize(("library", "first"), ORDERS)
def test_guests(library, first, python, stub, tmp_path):
    (tmp_path / "snippet.py").write_text(first + "\n" + textwrap.dedent(LIBRARIES[library]))
    python(tmp_path / "snippet.py", path=[stub / "compat" / "shims", stub], cwd=tmp_path, ok=True)
