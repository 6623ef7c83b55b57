"""Text as numbers."""

from __future__ import annotations

import re

import numpy as np
import torch

from torchkeras_lite import registry
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.categories import batches_of
from torchkeras_lite.layers.encoding import MODES, check_choice
from torchkeras_lite.layers.lookup import _NAMES, StringLookup
from torchkeras_lite.symbolic import KerasTensor
from torchkeras_lite.texts import Texts

_NO_PUNCTUATION = dict.fromkeys(map(ord, "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"))
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}  # TensorFlow's `lower` leaves all other letters
_STANDARDS = {
    "lower_and_strip_punctuation": _LOWER | _NO_PUNCTUATION,
    "lower": _LOWER,
    "strip_punctuation": _NO_PUNCTUATION,
    None: None,
}
_WORD = re.compile(r"[^ \t\n\v\f\r]+")
_OTHER_SPACE = re.compile(r"[\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")  # only Python splits there


class TextVectorization(Layer):
    """Texts as numbers: standardized, split into tokens, perhaps joined to n-grams, and looked up in a vocabulary.

    The vocabulary is given, or learned from texts: `layer.adapt(texts)`. In a model texts enter by `Input((1,),
    dtype="string")`; they are lists or arrays of strings.

    Shapes: texts (batch,) or (batch, 1) become (batch, tokens) of int64, filled up with 0; in other modes (batch, size of the
    vocabulary).

    Args:
        max_tokens: the most that the vocabulary may have, "" (0) and "[UNK]" (1, for what is in no vocabulary) too.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", None, or a function of an array of strings.
        split: "whitespace", "character", None, or a function of an array of strings that returns a list of tokens for each.
        ngrams: n for all up to n tokens in a row, or a tuple of numbers, or None.
        output_mode: "int", "one_hot", "multi_hot", "count" or "tf_idf".
        output_sequence_length: cut or fill up to so many tokens, with "int"; None: up to the longest of the batch.
        pad_to_max_tokens: make vectors of the size `max_tokens`, whatever the vocabulary has.
        vocabulary: a list or array of tokens, or the path of a file with one in each line.
        idf_weights: with "tf_idf" and a vocabulary, the inverse document frequencies.
        encoding: of strings that come as bytes.

    Raises:
        ValueError: arguments that do not go together; texts of another shape.
        RuntimeError: vectors are asked for before there is a vocabulary.
    """

    takes_texts = True
    reads_itself = True  # its weights in files have names

    def __init__(
        self,
        max_tokens=None,
        standardize="lower_and_strip_punctuation",
        split="whitespace",
        ngrams=None,
        output_mode="int",
        output_sequence_length=None,
        pad_to_max_tokens=False,
        vocabulary=None,
        idf_weights=None,
        sparse=False,
        ragged=False,
        encoding="utf-8",
        name=None,
        **kwargs,
    ):
        size, given = kwargs.pop("vocabulary_size", None), kwargs.pop("has_input_vocabulary", vocabulary is not None)
        super().__init__(name=name, **kwargs)
        output_mode = _NAMES.get(output_mode, output_mode)
        if ragged:
            raise ValueError(f"Layer {self.name!r}: `ragged=True` is not supported by torch layers. Leave it out.")
        if not callable(standardize):
            check_choice(self, "standardize", standardize, tuple(_STANDARDS))
        if not callable(split):
            check_choice(self, "split", split, ("whitespace", "character", None))
        check_choice(self, "output_mode", output_mode, (*MODES, "tf_idf"))
        tuple_of_int = isinstance(ngrams, tuple) and all(isinstance(width, int) for width in ngrams)
        if not (ngrams is None or isinstance(ngrams, int) or tuple_of_int):
            raise ValueError(f"Layer {self.name!r}: `ngrams` must be None, an integer or a tuple of such. Received: {ngrams!r}")
        length = output_sequence_length
        if not (length is None or (isinstance(length, int) and output_mode == "int")):
            raise ValueError(
                f"Layer {self.name!r}: `output_sequence_length` must be None, or an integer with `output_mode='int'`. "
                f"Received: output_sequence_length={length!r}, output_mode={output_mode!r}"
            )
        self.standardize, self.split, self.output_mode, self.output_sequence_length = standardize, split, output_mode, length
        self.__dict__.update(ngrams=ngrams, _widths=range(1, ngrams + 1) if isinstance(ngrams, int) else ngrams)
        self.ragged, self.encoding = ragged, encoding
        lookup = StringLookup(
            max_tokens,
            mask_token="",
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            encoding=encoding,
            has_input_vocabulary=given,
            vocabulary_size=size,
        )
        self._lookup_layer = lookup
        self.built = self.builds_nothing

    # ------------------------------------------------------------ the vocabulary

    def adapt(self, data, batch_size=None, steps=None) -> None:
        """Learns the vocabulary anew: the tokens that are there, the most frequent first.

        Args:
            data: a list or array of texts, or an iterable of texts or batches of them (a data set), of which `steps` are taken.

        Raises:
            ValueError: the vocabulary was given to the constructor.
        """
        self.reset_state()
        for batch in batches_of(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Begins to count anew."""
        self._lookup_layer.reset_state()

    def update_state(self, data) -> None:
        """Counts the tokens of one more batch of texts."""
        texts = Texts(data, self.encoding)
        self._lookup_layer.count(self._tokens(texts[None] if texts.ndim == 0 else texts))

    def finalize_state(self) -> None:
        """Makes the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()

    def get_vocabulary(self, include_special_tokens=True) -> list[str]:
        """The token at each place."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def set_vocabulary(self, vocabulary, idf_weights=None) -> None:
        """Takes a vocabulary instead of learning one: see StringLookup."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    def vocabulary_size(self) -> int:
        """How many places there are, those of "" and "[UNK]" too."""
        return self._lookup_layer.vocabulary_size()

    # ------------------------------------------------------------ tokens

    def _tokens(self, texts) -> list[list[str]]:
        """The tokens of each text."""
        if callable(self.standardize):
            # numpy's own functions of strings want its own dtype
            texts = Texts(self.standardize(np.asarray(texts.tolist(), dtype=str).reshape(texts.shape)), self.encoding)
        table = None if callable(self.standardize) else _STANDARDS[self.standardize]
        if self.split is None:
            rows = [row if isinstance(row, list) else [row] for row in texts.tolist()]
            tokens = [[one.translate(table) for one in row] for row in rows] if table else rows
        else:
            if texts.ndim > 2 or (texts.ndim == 2 and texts.shape[1] != 1):
                raise ValueError(
                    f"Layer {self.name!r} splits texts, so they should have the shape (batch,) or (batch, 1). Received: "
                    f"{texts.shape}"
                )
            flat = texts.ravel().tolist()
            flat = [one.translate(table) for one in flat] if table else flat
            tokens = self._split(flat)
        if self._widths is not None:
            many = isinstance(self._widths, range)  # there are none that are wider than their row
            tokens = [_joined(row, self._widths[: len(row)] if many else self._widths) for row in tokens]
        return tokens

    def _split(self, texts) -> list[list[str]]:
        if self.split == "whitespace":
            return [_WORD.findall(one) if _OTHER_SPACE.search(one) else one.split() for one in texts]
        if self.split == "character":
            return list(map(list, texts))
        found = self.split(np.asarray(texts, dtype=str))
        found = found.to_list() if hasattr(found, "to_list") else found
        return [Texts(list(row), self.encoding).tolist() for row in found]

    def forward(self, *args, **kwargs):
        if args and (isinstance(args[0], (str, bytes)) or (isinstance(args[0], list) and not args[0])):
            args = (Texts(args[0], self.encoding), *args[1:])
        return super().forward(*args, **kwargs)

    def call(self, inputs):
        if not isinstance(inputs, Texts):
            raise ValueError(f"Layer {self.name!r} takes texts. Received: {type(inputs).__name__} of {inputs.dtype}")
        single = inputs.ndim == 0
        tokens = self._tokens(inputs[None] if single else inputs)
        lookup, length = self._lookup_layer, self.output_sequence_length
        length = max(map(len, tokens), default=0) if length is None else length
        table = np.zeros((len(tokens), length), dtype=np.int64) if self.output_mode == "int" else _nowhere(len(tokens), length)
        for row, words in zip(table, tokens, strict=True):
            words = words[:length]
            row[: len(words)] = lookup.places_of(words)
        places = torch.from_numpy(table).to(self._device())
        return lookup.encode(places[0] if single else places)

    def _infer(self, args, kwargs):
        # With no texts at hand, the longest has no length.
        if self.output_mode == "int" and self.output_sequence_length is None and self.split is not None:
            given = args[0]
            return KerasTensor((given.shape[0], None), "int64")
        if self._lookup_layer._unknown:
            return KerasTensor((args[0].shape[0], None), "int64" if self.output_mode != "tf_idf" else None)
        return super()._infer(args, kwargs)

    @property
    def compute_dtype(self) -> str:
        """What goes in."""
        return "string"

    variable_dtype = compute_dtype

    # ------------------------------------------------------------ files

    def get_config(self):
        lookup = self._lookup_layer
        own = ("ngrams", "output_mode", "output_sequence_length", "ragged", "encoding")
        return {
            **self._base_config(),
            **{name: getattr(self, name) for name in own},
            **{name: getattr(lookup, name) for name in ("max_tokens", "pad_to_max_tokens", "sparse")},
            "standardize": registry.serialize(self.standardize),
            "split": registry.serialize(self.split),
            "vocabulary": lookup.input_vocabulary,
            "idf_weights": lookup.input_idf_weights,
            "vocabulary_size": self.vocabulary_size(),
        }

    @classmethod
    def from_config(cls, config):
        """A layer from its config. A config that names a file is taken only from whom one trusts."""
        config = registry.config_of(cls, config)
        StringLookup.refuse_files(config)
        if isinstance(config.get("ngrams"), list):
            config["ngrams"] = tuple(config["ngrams"])
        return super().from_config(config)

    def get_build_config(self):
        return None

    def save_assets(self, dir_path) -> None:
        """Writes the vocabulary, if no config has it, to `vocabulary.txt` in a folder."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path) -> None:
        """Reads what `save_assets` wrote."""
        self._lookup_layer.load_assets(dir_path)

    def save_own_variables(self, store) -> None:
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store) -> None:
        self._lookup_layer.load_own_variables(store)


def _nowhere(rows, length):
    """Places that count for nothing."""
    return np.full((rows, length), -1, dtype=np.int64)


def _joined(tokens, widths) -> list[str]:
    """The n-grams of a list of tokens."""
    return [" ".join(tokens[i : i + width]) for width in widths for i in range(len(tokens) - width + 1)]
