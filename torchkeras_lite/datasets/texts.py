"""Texts as lists of word numbers: film reviews and news."""

from __future__ import annotations

import json

import numpy as np

from torchkeras_lite.datasets.source import arrays, fetched, is_synthetic

TOPICS = (
    "cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply", "coffee", "sugar", "trade",
    "reserves", "ship", "cotton", "carcass", "crude", "nat-gas", "cpi", "money-fx", "interest", "gnp", "meal-feed", "alum",
    "oilseed", "gold", "tin", "strategic-metal", "livestock", "retail", "ipi", "iron-steel", "rubber", "heat", "jobs", "lei",
    "bop", "zinc", "orange", "pet-chem", "dlr", "gas", "silver", "wpi", "hog", "lead",
)  # fmt: skip


def synthetic(rows: int, classes: int):
    """Random texts and labels, the same at each call."""
    draw = np.random.default_rng(0)
    texts = np.empty(rows, dtype=object)
    for i, length in enumerate(draw.integers(20, 400, rows)):
        texts[i] = np.minimum(draw.zipf(1.2, length), 30000).tolist()
    return texts, draw.integers(0, classes, rows)


def imdb(path="imdb.npz", num_words=None, skip_top=0, maxlen=None, seed=113, start_char=1, oov_char=2, index_from=3):
    """50,000 film reviews: lists of word numbers, labels 1 (good) and 0, as `(x_train, y_train), (x_test, y_test)`.

    Words are numbered by frequency, the most frequent is 1 (before `index_from` is added). Half of the reviews are for
    training. Source: Maas et al. 2011.

    Args:
        path: the name in the cache.
        num_words, skip_top: only numbers in `[skip_top, num_words)` are kept; others become `oov_char`, or are left out if that
            is None.
        maxlen: longer reviews are left out.
        seed: of the order.
        start_char: begins each review; None puts nothing in front.
        index_from: added to each word's number.
    """
    if is_synthetic():
        parts = [synthetic(25000, 2), synthetic(25000, 2)]
    else:
        found = arrays(fetched(path, "imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"))
        parts = [(found["x_train"], found["y_train"]), (found["x_test"], found["y_test"])]
    draw = np.random.RandomState(seed)
    parts = [_marked(*_shuffled(x, y, draw), start_char, index_from, maxlen) for x, y in parts]
    if maxlen and not all(len(x) for x, _ in parts):
        raise ValueError(f"No sequence is shorter than maxlen={maxlen}. Increase maxlen.")
    num_words = num_words or max(max(text) for x, _ in parts for text in x)
    return tuple((_chosen(x, skip_top, num_words, oov_char), y) for x, y in parts)


def reuters(
    path="reuters.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    test_split=0.2,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
):
    """11,228 news of 46 topics: lists of word numbers, as `(x_train, y_train), (x_test, y_test)`.

    Arguments are those of `imdb`; `test_split` is the share that is for testing. Source: the Reuters-21578 collection.
    """
    if is_synthetic():
        x, y = synthetic(11228, 46)
    else:
        found = arrays(fetched(path, "reuters.npz", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"))
        x, y = found["x"], found["y"]
    x, y = _marked(*_shuffled(x, y, np.random.RandomState(seed)), start_char, index_from, maxlen)
    num_words = num_words or max(map(max, x))
    x, cut = _chosen(x, skip_top, num_words, oov_char), int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])


def imdb_word_index(path="imdb_word_index.json") -> dict[str, int]:
    """The number of each word in the reviews, before `index_from` is added."""
    return _word_index(path, "imdb_word_index.json", "bfafd718b763782e994055a2d397834f")


def reuters_word_index(path="reuters_word_index.json") -> dict[str, int]:
    """The number of each word in the news, before `index_from` is added."""
    return _word_index(path, "reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921")


def reuters_label_names() -> tuple[str, ...]:
    """The topics of the news, in the order of their labels."""
    return TOPICS


def _word_index(path, name, file_hash):
    if is_synthetic():
        return {f"word{i}": i for i in range(1, 30001)}
    with open(fetched(path, name, file_hash), encoding="utf8") as file:
        return json.load(file)


def _shuffled(x, y, draw):
    order = np.arange(len(x))
    draw.shuffle(order)
    return x[order], y[order]


def _marked(x, y, start_char, index_from, maxlen):
    front = [] if start_char is None else [start_char]
    texts = [front + [word + (index_from or 0) for word in text] for text in x]
    if not maxlen:
        return texts, y
    short = [i for i, text in enumerate(texts) if len(text) < maxlen]
    return [texts[i] for i in short], y[short]


def _chosen(texts, skip_top, num_words, oov_char):
    chosen = np.empty(len(texts), dtype=object)
    for i, text in enumerate(texts):
        if oov_char is None:
            chosen[i] = [word for word in text if skip_top <= word < num_words]
        else:
            chosen[i] = [word if skip_top <= word < num_words else oov_char for word in text]
    return chosen
