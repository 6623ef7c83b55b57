"""`keras.preprocessing.text`: words of texts as numbers."""

from __future__ import annotations

import collections
import hashlib
import json

import numpy as np

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def text_to_word_sequence(text, filters=FILTERS, lower=True, split=" "):
    """The words of a text.

    Args:
        filters: characters that count as `split`.
        lower: whether letters become small ones.
        split: what stands between words.
    """
    text = text.lower() if lower else text
    return [word for word in text.translate(dict.fromkeys(map(ord, filters), split)).split(split) if word]


def one_hot(text, n, filters=FILTERS, lower=True, split=" ", hash_function=hash):
    """A number in [1, n) for each word: `hashing_trick` with Python's `hash`, which differs from run to run."""
    return hashing_trick(text, n, hash_function, filters, lower, split)


def hashing_trick(text, n, hash_function=None, filters=FILTERS, lower=True, split=" "):
    """A number in [1, n) for each word, by its hash; several words may share one.

    Args:
        hash_function: None (Python's `hash`), "md5" (the same in each run), or a function of a string.
    """
    if hash_function == "md5":
        hash_function = _md5
    words = text_to_word_sequence(text, filters, lower, split)
    return [(hash_function or hash)(word) % (n - 1) + 1 for word in words]


def _md5(word):
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


class Tokenizer:
    """Turns texts into sequences of numbers, or into vectors, one entry for each word.

    The most frequent word has number 1; 0 is nobody's. `fit_on_texts` has to see the words first.

    Args:
        num_words: only numbers below this one come out. None: all.
        filters, lower, split: as of `text_to_word_sequence`.
        char_level: characters are the words.
        oov_token: what stands, as number 1, for words that are not known.
        analyzer: a function (text) -> words.
        nb_words: `num_words`, as Keras 1 called it.
    """

    def __init__(
        self, num_words=None, filters=FILTERS, lower=True, split=" ", char_level=False, oov_token=None, document_count=0,
        analyzer=None, nb_words=None,
    ):  # fmt: skip
        self.num_words = num_words if nb_words is None else nb_words
        self.filters, self.lower, self.split = filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.document_count = document_count
        self.word_counts = collections.OrderedDict()
        self.word_docs = collections.defaultdict(int)
        self.index_docs = collections.defaultdict(int)
        self.word_index, self.index_word = {}, {}

    nb_words = property(lambda self: self.num_words)

    def _words(self, text):
        if self.char_level or isinstance(text, list):
            if self.lower:
                text = [part.lower() for part in text] if isinstance(text, list) else text.lower()
            return text
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts):
        """Counts the words of texts (strings, or lists of words) and numbers them, the most frequent one first."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        ranked = sorted(self.word_counts, key=lambda word: -self.word_counts[word])
        first = [] if self.oov_token is None else [self.oov_token]
        self.word_index = {word: i for i, word in enumerate([*first, *ranked], 1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences):
        """Counts numbers, where no texts are there: `sequences_to_matrix` needs it for "tfidf"."""
        self.document_count += len(sequences)
        for sequence in sequences:
            for i in set(sequence):
                self.index_docs[i] += 1

    def texts_to_sequences(self, texts):
        """Texts as lists of numbers."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts):
        """`texts_to_sequences`, one by one."""
        unknown = self.word_index.get(self.oov_token)
        for text in texts:
            found = (self._number(self.word_index.get(word), unknown) for word in self._words(text))
            yield [i for i in found if i is not None]

    def _number(self, i, unknown):
        return unknown if i is None or (self.num_words and i >= self.num_words) else i

    def sequences_to_texts(self, sequences):
        """Lists of numbers as texts, with a blank between words."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences):
        """`sequences_to_texts`, one by one."""
        unknown = self.word_index.get(self.oov_token)
        for sequence in sequences:
            found = [self._number(i if i in self.index_word else None, unknown) for i in sequence]
            yield " ".join(self.index_word[i] for i in found if i is not None)

    def texts_to_matrix(self, texts, mode="binary"):
        """Texts as rows of a matrix with a column for each word. See `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences, mode="binary"):
        """Lists of numbers as rows of a matrix (number of sequences, num_words).

        Args:
            mode: "binary" (is the word there), "count", "freq" (its share of the row's words), or "tfidf".
        """
        if not self.num_words and not self.word_index:
            raise ValueError("Specify `num_words`, or fit the Tokenizer on texts first.")
        if mode not in ("binary", "count", "freq", "tfidf"):
            raise ValueError(f"Unknown vectorization mode: {mode}")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Fit the Tokenizer on some data before using the mode 'tfidf'.")
        width = self.num_words or len(self.word_index) + 1
        matrix = np.zeros((len(sequences), width))
        for row, sequence in zip(matrix, sequences, strict=True):
            for i, count in collections.Counter(i for i in sequence if i < width).items():
                if mode == "tfidf":
                    rarity = np.log(1 + self.document_count / (1 + self.index_docs.get(i, 0)))
                    row[i] = (1 + np.log(count)) * rarity
                else:
                    row[i] = {"binary": 1, "count": count, "freq": count / len(sequence)}[mode]
        return matrix

    def get_config(self):
        """All it knows, as plain data."""
        texts = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        plain = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
        return {
            **{name: getattr(self, name) for name in plain},
            **{name: json.dumps(getattr(self, name)) for name in texts},
        }

    def to_json(self, **kwargs):
        """All it knows, as JSON, for `tokenizer_from_json`. `kwargs` go to `json.dumps`."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def tokenizer_from_json(json_string):
    """The Tokenizer that `to_json` wrote."""
    config = json.loads(json_string)["config"]
    known = {
        name: json.loads(config.pop(name)) for name in ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
    }
    tokenizer = Tokenizer(**config)
    tokenizer.word_counts.update(known["word_counts"])
    tokenizer.word_docs.update(known["word_docs"])
    tokenizer.index_docs.update({int(i): count for i, count in known["index_docs"].items()})
    tokenizer.word_index = known["word_index"]
    tokenizer.index_word = {int(i): word for i, word in known["index_word"].items()}
    return tokenizer


def base_filter():
    """The characters that count as blanks."""
    return FILTERS
