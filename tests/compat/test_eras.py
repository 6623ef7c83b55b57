"""Scripts in the style of old Keras, as they were written, beside the same scripts in today's words.

`eras/` holds them. Each runs by `python -m torchkeras_lite` and, with the words below replaced, as a script of
torchkeras_lite without any stand-in. Both have to print the same: every weight, every batch and every loss.
"""

import re
from pathlib import Path

import pytest

ERAS = Path(__file__).parent / "eras"
KERAS = ("from keras.", "from torchkeras_lite.")
PLAIN = ("import keras\n", "import torchkeras_lite as keras\n")
UTILS = ("from keras.utils import np_utils", "from torchkeras_lite import utils as np_utils")

# Script -> (old words, today's), replaced wherever they stand, in this order.
SCRIPTS = {
    "keras1_mlp": [
        KERAS,
        ("output_dim=", ""),
        ("init='uniform'", "kernel_initializer='uniform'"),
        ("init='glorot_normal'", "kernel_initializer='glorot_normal'"),
        ("b_constraint=None, bias=True", "bias_constraint=None, use_bias=True"),
        ("nb_epoch=12", "epochs=12"),
        ("model.predict_classes(X, verbose=0)", "(model.predict(X, verbose=0) > 0.5).astype('int32')"),
    ],
    "keras1_cnn": [
        UTILS,
        KERAS,
        ("layers.core", "layers"),
        ("layers.convolutional", "layers"),
        ("import Convolution2D", "import Conv2D"),
        ("Convolution2D(32, 3, 3", "Conv2D(32, (3, 3)"),
        ("Convolution2D(nb_filters, nb_conv, nb_conv", "Conv2D(nb_filters, (nb_conv, nb_conv)"),
        ("border_mode=\"same\", dim_ordering='tf'", "padding='same', data_format='channels_last'"),
        ("subsample=(1, 1), init=", "strides=(1, 1), kernel_initializer="),
        ("border_mode='valid'", "padding='valid'"),
        ("p=0.25", "rate=0.25"),
        ("import SGD", "import SGD, schedules"),
        ("lr=0.01, decay=1e-6", "schedules.InverseTimeDecay(0.01, 1, 1e-6)"),
        ("nb_epoch=nb_epoch", "epochs=nb_epoch"),
    ],
    "keras1_functional": [
        KERAS,
        ("Dropout, merge", "Dropout, Lambda, add, concatenate, dot, multiply"),
        ("output_dim=8, init=", "8, kernel_initializer="),
        ("W_regularizer=l2(l=0.001)", "kernel_regularizer=l2(0.001)"),
        (
            "merge([encoded_a, encoded_b], mode=lambda x: abs(x[0] - x[1]), output_shape=(8,))",
            "Lambda(lambda x: abs(x[0] - x[1]), output_shape=(8,))([encoded_a, encoded_b])",
        ),
        ("merge([encoded_a, encoded_b], mode='concat', concat_axis=-1)", "concatenate([encoded_a, encoded_b], axis=-1)"),
        ("merge([encoded_a, encoded_b], mode='mul')", "multiply([encoded_a, encoded_b])"),
        ("merge([encoded_a, encoded_b], mode='cos', dot_axes=1)", "dot([encoded_a, encoded_b], axes=1, normalize=True)"),
        ("merge([both, product, distance, cosine], mode='concat')", "concatenate([both, product, distance, cosine])"),
        ("p=0.1", "rate=0.1"),
        ("init='normal'", "kernel_initializer='normal'"),
        ("input=[tweet_a, tweet_b], output=", "inputs=[tweet_a, tweet_b], outputs="),
        ("nb_epoch=6", "epochs=6"),
        ("fit_generator(batches(), samples_per_epoch=nb_samples, nb_epoch=4", "fit(batches(), steps_per_epoch=10, epochs=4"),
        ("nb_val_samples=90, max_q_size=4, nb_worker=1", "validation_steps=3"),
        ("evaluate_generator(batches(), val_samples=nb_samples)", "evaluate(batches(), steps=10, verbose=0)"),
        ("predict_generator(batches(), val_samples=60)", "predict(batches(), steps=2, verbose=0)"),
    ],
    "keras2_mlp": [
        KERAS,
        PLAIN,
        ("layers.core", "layers"),
        ("utils.np_utils", "utils"),
        ("lr=0.002", "learning_rate=0.002"),
        ("epsilon=None, decay=0.0, ", ""),
        ("history['acc']", "history['accuracy']"),
        ("history['val_acc']", "history['val_accuracy']"),
        ("model.predict_classes(x_test[:16])", "model.predict(x_test[:16], verbose=0).argmax(axis=-1)"),
        ("model.predict_proba(x_test[:2])", "model.predict(x_test[:2], verbose=0)"),
    ],
    "keras2_cnn": [
        UTILS,
        KERAS,
        PLAIN,
        ("layers.core", "layers"),
        ("layers.convolutional", "layers"),
        ("layers.pooling", "layers"),
        ("layers.normalization", "layers"),
        ("lr=0.05, decay=0.01", "keras.optimizers.schedules.InverseTimeDecay(0.05, 1, 0.01)"),
        ("fit_generator(", "fit("),
        (",\n                    workers=4,\n                    use_multiprocessing=False", ""),
        ("evaluate_generator(flow(x_test, y_test), steps=3)", "evaluate(flow(x_test, y_test), steps=3, verbose=0)"),
        ("predict_generator(flow(x_test, y_test), 2)", "predict(flow(x_test, y_test), steps=2, verbose=0)"),
    ],
    "keras2_functional": [
        KERAS,
        ("layers.embeddings", "layers"),
        ("layers.merge", "layers"),
        ("import SGD", "import SGD, schedules"),
        ("lr=learning_rate, momentum", "schedules.InverseTimeDecay(learning_rate, 1, decay_rate), momentum"),
        (", decay=decay_rate, nesterov", ", nesterov"),
        ("sgd.lr = 0.01", "sgd.learning_rate = schedules.InverseTimeDecay(0.01, 1, decay_rate)"),
    ],
}

# A loss that each script prints, and the share of its first value below which the last one has to be.
LEARNED = {
    "keras1_mlp": ("loss", 0.3),
    "keras1_cnn": ("loss", 0.6),
    "keras1_functional": ("aux_output_loss", 0.7),
    "keras2_mlp": ("loss", 0.3),
    "keras2_cnn": ("loss", 0.2),
    "keras2_functional": ("loss", 0.75),
}

# What no old Keras let one seed in a way that reaches torch. Python imports it before the script.
SEEDS = "import random, torch\nrandom.seed(11)\ntorch.manual_seed(11)\n"


def today(name):
    """The script with its old words replaced; each of them has to be in it."""
    text = (ERAS / f"{name}.py").read_text()
    for old, new in SCRIPTS[name]:
        assert old in text, old
        text = text.replace(old, new)
    assert not re.search(r"^(from|import) keras\b", text, re.M)
    return text


def numbers_of(out):
    """What was printed, without progress bars and times."""
    lines = [line for line in re.split(r"[\n\r\b]+", out) if "\x1b[" not in line]
    return [re.sub(r"\b\d+(s|ms|us)(/step|/epoch)?\b", "_", line) for line in lines]


def losses(lines, word="loss"):
    return [float(found[1]) for line in lines if (found := re.search(rf"(?:^|\s){word}: ([\d.e+-]+)", line))]


@pytest.fixture
def run(python, repository, tmp_path):
    def run(text, *before):
        (tmp_path / "sitecustomize.py").write_text(SEEDS)
        (tmp_path / "script.py").write_text(text)
        done = python("-W", "error", *before, "script.py", path=[tmp_path, repository], cwd=tmp_path, ok=True)
        return numbers_of(done.out)

    return run


def as_it_was(run, text):
    return run(text, "-m", "torchkeras_lite")


@pytest.mark.parametrize("name", SCRIPTS)
def test_old_words_and_todays_print_the_same(name, run):
    old = as_it_was(run, (ERAS / f"{name}.py").read_text())
    assert old == run(today(name))
    word, share = LEARNED[name]
    values = losses(old, word)
    assert len(values) > 4 and values[-1] < share * values[0], values


def test_no_script_is_left_out():
    assert {path.stem for path in ERAS.glob("*.py")} == SCRIPTS.keys()


def test_a_decay_is_seen_in_the_numbers(run):
    text = (ERAS / "keras2_functional.py").read_text()
    constant = text.replace(", decay=decay_rate", "")
    assert constant != text
    with_decay, without = as_it_was(run, text), as_it_was(run, constant)
    assert losses(with_decay)[0] != losses(without)[0] and len(with_decay) == len(without)


@pytest.mark.parametrize("name", ["keras1_cnn", "keras2_cnn"])
def test_under_tensorflow(name, run):
    text = (ERAS / f"{name}.py").read_text()
    moved = text.replace("from keras.", "from tensorflow.keras.").replace("import keras\n", "from tensorflow import keras\n")
    assert moved != text
    assert as_it_was(run, moved) == as_it_was(run, text)
