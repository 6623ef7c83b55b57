"""Folders that stand for SavedModels: written and read by `tf.saved_model`, `model.export` and `TFSMLayer`."""

import textwrap

BEGIN = """
import gc, os, pathlib
import numpy as np, pytest
import tensorflow as tf
x = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
near = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
"""

SCRIPT = """
model = tf.keras.Sequential([tf.keras.layers.Input((3,)), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(2, name="odds")])
expected = model.predict(x, verbose=0)
assert model.export("exported") == "exported" and tf.saved_model.contains_saved_model("exported")
loaded = tf.saved_model.load("exported")
near(loaded.serve(x), expected)
near(loaded(x, training=False), expected)
infer = loaded.signatures["serving_default"]
near(infer(tf.constant(x))["output_0"], expected)
near(infer(input_1=tf.constant(x))["output_0"], expected)
assert [tuple(v.shape) for v in loaded.variables] == [(3, 2), (2,)] == [tuple(v.shape) for v in loaded.trainable_variables]
near(tf.keras.models.load_model("exported").predict(x, verbose=0), expected)

layer = tf.keras.layers.TFSMLayer("exported")
near(layer(x), expected)
layer = tf.keras.layers.TFSMLayer("exported", call_endpoint="serving_default")
named = tf.keras.Sequential([tf.keras.layers.Input((3,)), layer])
near(named.predict(x, verbose=0)["output_0"], expected)
with pytest.raises(ValueError, match="names a SavedModel, 'exported'"):  # a config is data
    tf.keras.layers.TFSMLayer.from_config(layer.get_config())
tf.keras.layers.TFSMLayer.from_config(layer.get_config(), safe_mode=False)
with pytest.raises(ValueError, match="endpoint 'train'"):
    tf.keras.layers.TFSMLayer("exported", call_endpoint="train")

import zipfile
def changed(old, new):
    with zipfile.ZipFile("exported/serve.pt2") as good, zipfile.ZipFile("changed.pt2", "w") as bad:
        for name in good.namelist():
            content = good.read(name)
            if name.endswith("model.json"):
                assert old in content
                content = content.replace(old, new)
            bad.writestr(name, content)
from keras import _programs
_programs.check("exported/serve.pt2")
call, size = b'"target": "torch.ops.aten.linear.default"', b'"expr_str": "Symbol('
for old, new in (
    (call, b'"target": "torch.os.system"'), (call, b'"target": "_operator.call"'), (call, b'"target": "#x"'),
    (call, b'"target": "torch.ops.aten.from_file.default"'), (call, b'"target": "torch.ops.load_library"'),
    (size, b'"expr_str": "exec('), (size, b'"expr_str": "().__class__('), (size, b'"expr_str": "open('),
):
    changed(old, new)
    with pytest.raises(ValueError, match="is not opened"):
        _programs.opened("changed.pt2")

import torch
class Bomb:
    def __reduce__(self):
        return os.mkdir, ("PWNED",)
torch.save(Bomb(), "bomb.pt")
with zipfile.ZipFile("exported/serve.pt2") as good, zipfile.ZipFile("changed.pt2", "w") as bad:
    for name in good.namelist():
        bad.writestr(name, pathlib.Path("bomb.pt").read_bytes() if name.endswith(".pt") else good.read(name))
with pytest.raises(Exception, match="[Ww]eights"):
    _programs.opened("changed.pt2")
assert not os.path.exists("PWNED") and "TORCH_FORCE_WEIGHTS_ONLY_LOAD" not in os.environ

model.save("saved")
near(tf.saved_model.load("saved")(x), expected)
tf.keras.models.save_model(model, "again", save_format="tf")
near(tf.saved_model.load("again").predict(x, verbose=0), expected)

class Own(tf.keras.Model):
    def __init__(self, units):
        super().__init__()
        self.dense = tf.keras.layers.Dense(units)
    def call(self, inputs):
        return tf.nn.relu(self.dense(inputs))

own = Own(2)
with pytest.raises(ValueError, match="not built"):
    own.export("unbuilt")
expected = own(x).numpy()
tf.saved_model.save(own, "own")
del Own
loaded = tf.saved_model.load("own")  # its class is unknown by its name: its program runs
near(loaded(x).detach(), expected)
near(loaded(np.concatenate([x, x])).detach(), np.concatenate([expected, expected]))

class Both(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = tf.keras.layers.Dense(1)
    def call(self, inputs):
        wide, deep = inputs
        return self.dense(tf.concat([wide, deep], axis=-1))

both = Both()
expected = both([x, x[:, :1]]).numpy()
both.export("both", verbose=False)
del Both
near(tf.keras.layers.TFSMLayer("both")((x, x[:, :1])).detach(), expected)
near(tf.saved_model.load("both")([x, x[:, :1]]).detach(), expected)

class Scale(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(2.0)
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def add(self, x):
        return x * x + self.w
    @tf.function
    def __call__(self, x):
        return x * self.w

scale = Scale()
with pytest.raises(ValueError, match="input_signature"):
    tf.saved_model.save(tf.Module(), "nothing")
scale.__call__.get_concrete_function(tf.TensorSpec([], tf.string))  # not for torch
call = scale.__call__.get_concrete_function(x=tf.TensorSpec([None], tf.float32))
tf.saved_model.save(scale, "scale", signatures={"serving_default": call})
loaded = tf.saved_model.load("scale")
assert loaded.add(tf.constant([1.0, 2.0])).tolist() == [3, 6] and loaded(tf.constant([3.0])).tolist() == [6]
assert loaded.signatures["serving_default"](tf.constant([3.0]))["output_0"].tolist() == [6]
assert float(loaded.variables[0]) == 2
tf.saved_model.save(scale, "unsigned")
assert tf.saved_model.load("unsigned").signatures == {}
with pytest.raises(AttributeError, match="subtract"):
    loaded.subtract

with pytest.raises(OSError, match="does not exist"):
    tf.saved_model.load("nowhere")
os.mkdir("theirs")
pathlib.Path("theirs/saved_model.pb").write_bytes(b"...")
with pytest.raises(NotImplementedError, match="TensorFlow"):
    tf.saved_model.load("theirs")
"""


def test_folders(python, repository, tmp_path):
    (tmp_path / "script.py").write_text(BEGIN + textwrap.dedent(SCRIPT))
    path = [repository / "compat" / "shims", repository]
    python(tmp_path / "script.py", path=path, cwd=tmp_path, ok=True)
