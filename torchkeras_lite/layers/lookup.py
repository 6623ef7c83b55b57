"""Tokens and their places in a vocabulary."""

from __future__ import annotations

import collections
import os

import numpy as np
import torch

from torchkeras_lite import config, lambdas, registry
from torchkeras_lite.calls import going_on
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.categories import batches_of, checked_salt
from torchkeras_lite.layers.encoding import MODES, ByValue, check_choice, check_sparse, encoded
from torchkeras_lite.layers.hashes import bucket
from torchkeras_lite.symbolic import KerasTensor
from torchkeras_lite.texts import Texts, is_texts

_NAMES = {"binary": "multi_hot", "tf-idf": "tf_idf"}
_NOWHERE = torch.iinfo(torch.int64).max  # the place of what does not count


class _Lookup(ByValue, Layer):
    """The base of StringLookup and IntegerLookup: a table of tokens, given, or learned by `adapt`.

    The places are: with "int" and a mask token 0 for that, then `num_oov_indices` for what is in no vocabulary, then the
    tokens.
    """

    def _begin(
        self, max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, output_mode, sparse,
        pad_to_max_tokens, oov_method, salt, kwargs,
    ):  # fmt: skip
        output_mode = _NAMES.get(output_mode, output_mode)
        check_choice(self, "output_mode", output_mode, (*MODES, "tf_idf"))
        check_sparse(self, sparse, output_mode)
        check_choice(self, "oov_method", oov_method, ("floormod", "farmhash"))
        problem = None
        if max_tokens is not None and max_tokens <= 1:
            problem = f"`max_tokens` must be greater than 1. Received: max_tokens={max_tokens}"
        elif pad_to_max_tokens and max_tokens is None:
            problem = "if `pad_to_max_tokens` is True, `max_tokens` must be set"
        elif num_oov_indices < 0:
            problem = f"`num_oov_indices` must not be negative. Received: num_oov_indices={num_oov_indices}"
        elif salt is not None and self.vocabulary_dtype == "int64" and oov_method != "farmhash":
            problem = f"`salt` has a meaning only with `oov_method='farmhash'`. Received: oov_method={oov_method!r}"
        elif invert and output_mode != "int":
            problem = f"`output_mode` must be 'int' if `invert` is True. Received: output_mode={output_mode!r}"
        elif idf_weights is not None and output_mode != "tf_idf":
            problem = f"`idf_weights` have a meaning only with `output_mode='tf_idf'`. Received: output_mode={output_mode!r}"
        elif vocabulary is not None and output_mode == "tf_idf" and idf_weights is None:
            problem = "with a `vocabulary` and `output_mode='tf_idf'`, `idf_weights` must be given too"
        if problem:
            raise ValueError(f"Layer {self.name!r}: {problem}.")
        self.max_tokens, self.num_oov_indices, self.pad_to_max_tokens = max_tokens, num_oov_indices, pad_to_max_tokens
        self.mask_token, self.oov_token, self.invert, self.output_mode = mask_token, oov_token, invert, output_mode
        self.sparse, self.oov_method, self.salt = sparse, oov_method, checked_salt(self, salt)
        given = None if vocabulary is None or isinstance(vocabulary, (str, os.PathLike)) else _listed(vocabulary)
        self.__dict__.update(
            input_vocabulary=given,
            input_idf_weights=None if idf_weights is None else np.asarray(idf_weights).tolist(),
            idf_weights=None,
            _frozen_size=kwargs.pop("vocabulary_size", None),
            _has_input_vocabulary=kwargs.pop("has_input_vocabulary", vocabulary is not None),
            _tokens=[],
            _places={},
            _keys=None,
        )
        kwargs.pop("trainable", None)
        kwargs.pop("dtype", None)
        if kwargs:
            raise ValueError(f"Layer {self.name!r}: unrecognized keyword argument(s): {kwargs}")
        self.built = self.builds_nothing
        self.reset_state()
        if mask_token is not None:
            self._places[mask_token] = 0 if output_mode == "int" else _NOWHERE
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    @property
    def compute_dtype(self) -> str:
        """What goes in: tokens, or with `invert` places."""
        return "int64" if self.invert else self.vocabulary_dtype

    @property
    def variable_dtype(self) -> str:
        return self.vocabulary_dtype

    reads_itself = True  # its weights in files have names

    # ------------------------------------------------------------ the vocabulary

    @property
    def _oov_start(self) -> int:
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    @property
    def _start(self) -> int:
        """The place of the first token."""
        return self._oov_start + self.num_oov_indices

    def vocabulary_size(self) -> int:
        """How many places there are, those for the mask and for what is in no vocabulary too."""
        return len(self._tokens) + self._start

    def get_vocabulary(self, include_special_tokens=True) -> list:
        """The token at each place."""
        if not include_special_tokens:
            return list(self._tokens)
        return [self.mask_token] * self._oov_start + [self.oov_token] * self.num_oov_indices + self._tokens

    def set_vocabulary(self, vocabulary, idf_weights=None) -> None:
        """Takes a vocabulary instead of learning one.

        Args:
            vocabulary: a list, array or tensor of tokens, or the path of a file with one in each line. The mask token and those
                for what is in no vocabulary may stand in front; then all of them must.
            idf_weights: the inverse document frequency of each token, with `output_mode="tf_idf"`.

        Raises:
            ValueError: an empty vocabulary, tokens that repeat, more than `max_tokens`, or special tokens elsewhere;
                `idf_weights` that are missing, of another length, or without a meaning.
            RuntimeError: the size changes after it has become that of outputs.
        """
        if (idf_weights is None) == (self.output_mode == "tf_idf"):
            raise ValueError(
                f"Layer {self.name!r}: `idf_weights` go with `output_mode='tf_idf'`. Received: "
                f"output_mode={self.output_mode!r}, idf_weights={idf_weights}"
            )
        if isinstance(vocabulary, (str, os.PathLike)):
            vocabulary = self._read(vocabulary)
        vocabulary = _listed(vocabulary)
        if not vocabulary:
            raise ValueError(f"Layer {self.name!r}: cannot set an empty vocabulary.")
        front = vocabulary[: self._start]
        led = len(front) == self._start and front == self._special(len(front))
        tokens = vocabulary[self._start :] if led else vocabulary
        self._check(tokens)
        self._take(tokens)
        if idf_weights is not None:
            weights = np.asarray(idf_weights, dtype=config.floatx())
            if weights.ndim != 1 or len(weights) != len(vocabulary):
                raise ValueError(
                    f"Layer {self.name!r}: `idf_weights` must be as many as there are tokens. Received: {len(vocabulary)} "
                    f"tokens, idf_weights of shape {weights.shape}"
                )
            if going_on.loading:
                going_on.loading.take(max(self._start, self.max_tokens if self.pad_to_max_tokens else 0))
            self._weigh(weights if led else np.concatenate((np.full(self._start, weights.mean()), weights)))

    def _special(self, count: int) -> list:
        """The first of the special tokens."""
        return ([self.mask_token] * self._oov_start + [self.oov_token] * min(self.num_oov_indices, count))[:count]

    def _check(self, tokens):
        repeated = [token for token, count in collections.Counter(tokens).items() if count > 1]
        if repeated:
            raise ValueError(f"Layer {self.name!r}: the vocabulary has at least one repeated term: {repeated}")
        for kind, token, wanted in (("mask", self.mask_token, True), ("OOV", self.oov_token, self.invert)):
            if token is not None and wanted and token in tokens:
                raise ValueError(
                    f"Layer {self.name!r}: found the reserved {kind} token {token!r} at an unexpected place in the vocabulary. "
                    f"Leave special tokens out, or put exactly these in front: {self._special(9)}"
                )
        if self.max_tokens is not None and self._start + len(tokens) > self.max_tokens:
            raise ValueError(
                f"Layer {self.name!r}: the vocabulary is larger than `max_tokens`: {self._start + len(tokens)}, with the "
                f"special tokens, against {self.max_tokens}."
            )

    def _read(self, path) -> list:
        if not os.path.exists(path):
            raise ValueError(f"Layer {self.name!r}: vocabulary file {os.fspath(path)!r} does not exist.")
        if self.output_mode == "tf_idf":
            raise ValueError(f"Layer {self.name!r}: with `output_mode='tf_idf'` a vocabulary cannot come from a file.")
        with open(path, encoding=getattr(self, "encoding", "utf-8"), newline="\n") as file:
            return [self._parsed(line) for line in file.read().removesuffix("\n").split("\n")]

    def _parsed(self, line: str):
        return line.removesuffix("\r") if self.vocabulary_dtype == "string" else int(line)

    def _take(self, tokens) -> None:
        size = len(tokens) + self._start
        if self._varies and self._frozen_size is not None and size != self._frozen_size:
            raise RuntimeError(
                f"Layer {self.name!r}: with `output_mode={self.output_mode!r}` and `pad_to_max_tokens=False` the size of the "
                f"vocabulary cannot change any more. Old size: {self._frozen_size}, new size: {size}."
            )
        places = {token: i for i, token in enumerate(tokens, self._start)}
        if self.mask_token is not None:
            places[self.mask_token] = 0 if self.output_mode == "int" else _NOWHERE
        self.__dict__.update(_tokens=list(tokens), _places=places, _keys=None, _frozen_size=size)

    @property
    def _varies(self) -> bool:
        """Whether the size of outputs is that of the vocabulary."""
        return self.output_mode != "int" and not self.pad_to_max_tokens

    def _weigh(self, weights) -> None:
        missing = self.max_tokens - len(weights) if self.pad_to_max_tokens else 0
        weights = np.pad(np.asarray(weights, dtype=config.floatx()), (0, missing))
        self.__dict__["idf_weights"] = torch.from_numpy(weights).to(config.get_device())

    # ------------------------------------------------------------ learning it

    def adapt(self, data, steps=None) -> None:
        """Learns the vocabulary anew: the tokens that are there, the most frequent first.

        Args:
            data: an array or a list of tokens, or an iterable of batches of them (a data set), of which `steps` are taken. A
                row is a document, for `output_mode="tf_idf"`.

        Raises:
            ValueError: the vocabulary was given to the constructor.
        """
        self.reset_state()
        for batch in batches_of(data, steps):
            # Of data without batches each token is a document of its own; a batch with one axis is one document.
            whole = batch is data or hasattr(data, "to_numpy")
            self.update_state(np.expand_dims(batch, -1) if whole and np.ndim(batch) == 1 else batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Begins to count anew."""
        self.__dict__.update(_counts=collections.Counter(), _document_counts=collections.Counter(), _documents=0)

    def update_state(self, data) -> None:
        """Counts the tokens of one more batch, in which each row is a document."""
        array = Texts(data) if self.vocabulary_dtype == "string" else _integers(data)
        self.count(array.reshape(-1, array.shape[-1] if array.ndim and array.shape[-1] else 1).tolist())

    def count(self, documents) -> None:
        """Counts the tokens of lists of them."""
        if self._has_input_vocabulary:
            raise ValueError(
                f"Layer {self.name!r} cannot `adapt`: its vocabulary was given. The usual fix: make it without `vocabulary`."
            )
        for tokens in documents:
            self._counts.update(tokens)
            if self.output_mode == "tf_idf":
                self._document_counts.update(set(tokens))
        self.__dict__["_documents"] += len(documents)

    def finalize_state(self) -> None:
        """Makes the vocabulary of what was counted."""
        if self._has_input_vocabulary or not self._counts:
            self._take(self._tokens)
            return
        for token in (self.mask_token, self.oov_token):
            self._counts.pop(token, None)
        tokens = sorted(self._counts, key=lambda token: (self._counts[token], token), reverse=True)
        if self.max_tokens is not None:
            tokens = tokens[: max(self.max_tokens - self._start, 0)]
        self._take(tokens)
        if self.output_mode == "tf_idf":
            counts = np.array([self._document_counts[token] for token in tokens], dtype="float64")
            weights = np.log(1 + self._documents / (1 + counts))
            self._weigh(np.concatenate((np.full(self._start, weights.mean()), weights)))
        self.reset_state()

    # ------------------------------------------------------------ looking up

    def _place(self, token) -> int:
        """The place of a token that is in no vocabulary."""
        if self.num_oov_indices == 1:
            return self._oov_start
        if self.num_oov_indices == 0:
            raise ValueError(
                f"Layer {self.name!r}: {token!r} is not in the vocabulary, and with `num_oov_indices=0` all inputs should be. "
                "The usual fix: `num_oov_indices=1`."
            )
        if self.vocabulary_dtype == "int64" and self.oov_method == "floormod":
            return token % self.num_oov_indices + self._oov_start
        key = None if self.salt is None else tuple(self.salt)
        return bucket(str(token), self.num_oov_indices, key) + self._oov_start

    def places_of(self, tokens) -> list[int]:
        """The places of a list of tokens."""
        known = self._places
        found = [known.get(token, -1) for token in tokens]
        if -1 in found:
            found = [self._place(token) if place < 0 else place for token, place in zip(tokens, found, strict=True)]
        return found

    @property
    def _unknown(self) -> bool:
        """Whether the size of the vectors that come out is not known yet: a graph may be drawn before `adapt` all the same."""
        return self._varies and self._frozen_size is None

    def _infer(self, args, kwargs):
        if not self._unknown:
            return super()._infer(args, kwargs)
        shape = args[0].shape
        if self.output_mode == "one_hot":
            shape = shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape
        else:
            shape = shape[:1] + shape[2:] if len(shape) > 1 else ()
        return KerasTensor((*shape, None), "int64" if self.output_mode != "tf_idf" else None)

    def depth(self) -> int:
        """The size of the vectors that come out."""
        if self._unknown:
            raise RuntimeError(
                f"Layer {self.name!r}: with `output_mode={self.output_mode!r}` and `pad_to_max_tokens=False` the vocabulary "
                "must be known before the layer is called. Pass `vocabulary`, or call `adapt(data)`."
            )
        return self.max_tokens if self.pad_to_max_tokens else self._frozen_size

    def encode(self, places):
        """Places as what `output_mode` says."""
        if self.output_mode == "int":
            return places
        dtype = torch.int64 if self.output_mode != "tf_idf" else config.torch_dtype(None)
        table = encoded(places, "count" if self.output_mode == "tf_idf" else self.output_mode, self.depth(), dtype)
        if self.output_mode != "tf_idf" or (going_on.inferring and self.idf_weights is None):
            return table
        if self.idf_weights is None:
            raise ValueError(f"Layer {self.name!r} has no `idf_weights`. Pass them with `vocabulary`, or call `adapt(data)`.")
        return table * self.idf_weights.to(table.device)

    def _token_at(self, places):
        """The tokens at places, a flat list."""
        table = self.get_vocabulary()
        return [table[i] if 0 <= i < len(table) else self.oov_token for i in places]

    # ------------------------------------------------------------ files

    def get_config(self):
        names = (
            "invert", "max_tokens", "num_oov_indices", "oov_token", "mask_token", "output_mode", "sparse", "pad_to_max_tokens",
            "oov_method", "salt",
        )  # fmt: skip
        return {
            **self._base_config(),
            **{name: getattr(self, name) for name in names},
            "idf_weights": self.input_idf_weights,
            "vocabulary": self.input_vocabulary,
            "vocabulary_size": self._frozen_size,
        }

    @classmethod
    def from_config(cls, config):
        """A layer from its config. A config that names a file is taken only from whom one trusts."""
        config = registry.config_of(cls, config)
        cls.refuse_files(config)
        return super().from_config(config)

    @staticmethod
    def refuse_files(config) -> None:
        """Raises ValueError for a config that would have any file of this machine read."""
        if isinstance(config.get("vocabulary"), str) and not lambdas.trusted():
            raise ValueError(
                f"The config names a vocabulary file, {config['vocabulary']!r}, which could be any file of this machine. If "
                "you trust where the config comes from, pass `safe_mode=False` to `load_model`."
            )

    def get_build_config(self):
        return {}

    def build_from_config(self, config):
        pass

    def save_assets(self, dir_path) -> None:
        """Writes the vocabulary, if no config has it, to `vocabulary.txt` in a folder."""
        if self.input_vocabulary is None:
            with open(os.path.join(dir_path, "vocabulary.txt"), "w", encoding="utf-8", newline="\n") as file:
                file.write("\n".join(map(str, self.get_vocabulary())))

    def load_assets(self, dir_path) -> None:
        """Reads what `save_assets` wrote."""
        if self.input_vocabulary is not None:
            return
        with open(os.path.join(dir_path, "vocabulary.txt"), encoding="utf-8", newline="\n") as file:
            lines = file.read().split("\n")
        while lines and not lines[-1]:
            lines.pop()
        tokens = [self._parsed(line) for line in lines]
        if tokens[self._start :]:
            self.set_vocabulary(tokens, *([self._loaded_weights(len(tokens))] if self.output_mode == "tf_idf" else []))

    def _loaded_weights(self, count):
        return self.idf_weights.cpu().numpy()[:count] if self.idf_weights is not None else np.ones(count)

    def save_own_variables(self, store) -> None:
        if self.output_mode == "tf_idf" and self.idf_weights is not None:
            store["idf_weights"] = self.idf_weights.cpu().numpy()

    def load_own_variables(self, store) -> None:
        if self.output_mode == "tf_idf":
            self.__dict__["idf_weights"] = torch.from_numpy(np.asarray(store["idf_weights"])).to(config.get_device())


def _listed(vocabulary) -> list:
    """A vocabulary as Python's strings or integers."""
    if is_texts(vocabulary):
        return Texts(vocabulary).ravel().tolist()
    return _integers(vocabulary).ravel().tolist() if len(vocabulary) else []


def _integers(data):
    data = data.detach().cpu().numpy() if isinstance(data, torch.Tensor) else np.asarray(data)
    return data.astype("int64")


class StringLookup(_Lookup):
    """The place of each string in a vocabulary; with `invert` the string at each place.

    Strings are lists or arrays of strings; places are int64.

    Shapes: "int": as the input; "one_hot": (..., size of the vocabulary), where a last axis of 1 goes; "multi_hot", "count" and
    "tf_idf": (batch, size).

    Args:
        max_tokens: the most that the vocabulary may have, the special tokens too.
        num_oov_indices: how many places there are for strings in no vocabulary; they are shared out by a hash.
        mask_token: has the place 0 (with "int"; else it does not count).
        oov_token: stands for strings in no vocabulary when `invert` is used.
        vocabulary: a list or array of strings, or the path of a file with one in each line.
        idf_weights: with "tf_idf" and a vocabulary, the inverse document frequencies.
        output_mode: "int", "one_hot", "multi_hot", "count" or "tf_idf" (counts times inverse document frequencies).
        pad_to_max_tokens: make vectors of the size `max_tokens`, whatever the vocabulary has.
        salt: for the hash.

    Raises:
        ValueError: arguments that do not go together; a string in no vocabulary with `num_oov_indices=0`.
        RuntimeError: vectors are asked for before there is a vocabulary.
    """

    takes_texts = True
    vocabulary_dtype = "string"

    def __init__(
        self,
        max_tokens=None,
        num_oov_indices=1,
        mask_token=None,
        oov_token="[UNK]",
        vocabulary=None,
        idf_weights=None,
        invert=False,
        output_mode="int",
        pad_to_max_tokens=False,
        sparse=False,
        encoding="utf-8",
        name=None,
        salt=None,
        **kwargs,
    ):
        super().__init__(name=name)
        self.encoding = encoding
        oov_method = kwargs.pop("oov_method", "floormod")
        self._begin(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, output_mode, sparse,
            pad_to_max_tokens, oov_method, salt, kwargs,
        )  # fmt: skip

    def forward(self, *args, **kwargs):
        if args and isinstance(args[0], (str, bytes)):
            args = (Texts(args[0]), *args[1:])
        elif args and self.output_mode != "int" and _is_ragged(args[0]):
            return torch.stack([self(Texts(np.array([*row, None], dtype=object)[:-1])) for row in args[0]])
        elif args and isinstance(args[0], list) and type(args[0]) is not list:  # a ragged tensor of one's own: row by row
            return type(args[0])(self(row) for row in args[0])
        return super().forward(*args, **kwargs)

    def call(self, inputs):
        if self.invert:
            tokens = np.array([*self._token_at(inputs.reshape(-1).tolist()), None], dtype=object)[:-1]
            return Texts(tokens.reshape(tuple(inputs.shape)))
        if not isinstance(inputs, Texts):
            raise ValueError(f"Layer {self.name!r} looks strings up. Received: {type(inputs).__name__} of {inputs.dtype}")
        places = torch.tensor(self.places_of(inputs.ravel().tolist()), dtype=torch.int64, device=self._device())
        return self.encode(places.reshape(inputs.shape))

    def get_config(self):
        return {**super().get_config(), "encoding": self.encoding}


def _is_ragged(rows) -> bool:
    """Whether these are lists of unequal length."""
    plain = isinstance(rows, (list, tuple)) and all(isinstance(row, (list, tuple, np.ndarray)) for row in rows)
    return plain and len({len(row) for row in rows}) > 1


class IntegerLookup(_Lookup):
    """The place of each integer in a vocabulary; with `invert` the integer at each place. Places are int64.

    Shapes: as of StringLookup.

    Args:
        max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, output_mode, pad_to_max_tokens: as
            of StringLookup.
        vocabulary_dtype: only "int64".
        oov_method: how integers in no vocabulary share out their places: "floormod", the remainder, or "farmhash".
        salt: for "farmhash".

    Raises:
        ValueError: arguments that do not go together; an integer in no vocabulary with `num_oov_indices=0`.
        RuntimeError: vectors are asked for before there is a vocabulary.
    """

    vocabulary_dtype = "int64"

    def __init__(
        self,
        max_tokens=None,
        num_oov_indices=1,
        mask_token=None,
        oov_token=-1,
        vocabulary=None,
        vocabulary_dtype="int64",
        idf_weights=None,
        invert=False,
        output_mode="int",
        sparse=False,
        pad_to_max_tokens=False,
        oov_method="floormod",
        salt=None,
        name=None,
        **kwargs,
    ):
        if vocabulary_dtype != "int64":
            raise ValueError(f"Only `vocabulary_dtype='int64'` is supported. Received: vocabulary_dtype={vocabulary_dtype!r}")
        super().__init__(name=name)
        self._begin(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, output_mode, sparse,
            pad_to_max_tokens, oov_method, salt, kwargs,
        )  # fmt: skip

    def call(self, inputs):
        inputs = inputs.long()
        if self.invert:
            table = self._on_device("table", inputs.device, self.get_vocabulary)
            outside = (inputs < 0) | (inputs >= len(table))
            return torch.where(outside, self.oov_token, table[torch.where(outside, 0, inputs)])
        return self.encode(self._found(inputs))

    def _on_device(self, name, device, make):
        """A list of integers as a tensor, kept until the vocabulary changes."""
        kept = self._keys
        if kept is None or kept[0] != device:
            kept = self.__dict__["_keys"] = (device, {})
        if name not in kept[1]:
            kept[1][name] = torch.tensor([0 if token is None else token for token in make()], dtype=torch.int64, device=device)
        return kept[1][name]

    def _found(self, inputs):
        """The places of integers, found on the device among the sorted ones."""
        hashed = self.num_oov_indices != 1 and (self.num_oov_indices == 0 or self.oov_method == "farmhash")
        if hashed:  # strings are made of those in no vocabulary, or an error: both on the host
            places = torch.tensor(self.places_of(inputs.reshape(-1).tolist()), dtype=torch.int64, device=inputs.device)
            return places.reshape(inputs.shape)
        ordered = self._on_device("keys", inputs.device, lambda: sorted(self._tokens))
        places = inputs % self.num_oov_indices + self._oov_start
        if len(ordered):
            there = self._on_device("places", inputs.device, lambda: [self._places[token] for token in sorted(self._tokens)])
            at = torch.searchsorted(ordered, inputs).clamp_(max=len(ordered) - 1)
            places = torch.where(ordered[at] == inputs, there[at], places)
        if self.mask_token is not None:
            places = torch.where(inputs == self.mask_token, 0 if self.output_mode == "int" else _NOWHERE, places)
        return places

    def get_config(self):
        return {**super().get_config(), "vocabulary_dtype": self.vocabulary_dtype}
