"""Numbers as categories, and categories as vectors."""

from __future__ import annotations

import numpy as np
import torch

from torchkeras_lite import registry
from torchkeras_lite.calls import going_on
from torchkeras_lite.layer import Layer
from torchkeras_lite.layers.encoding import MODES, ByValue, check_choice, check_sparse, encoded
from torchkeras_lite.layers.hashes import bucket, crossed
from torchkeras_lite.texts import Texts, is_texts
from torchkeras_lite.variable import tensor_of


class CategoryEncoding(ByValue, Layer):
    """Numbers of categories as vectors.

    Shapes: (batch, categories) becomes (batch, num_tokens), with "one_hot" (batch, categories, num_tokens), where a last axis
    of size 1 goes.

    Args:
        num_tokens: how many categories there are.
        output_mode: "multi_hot": 1 for each category that is there; "count": how often it is; "one_hot": a vector for each.

    Raises:
        ValueError: no `num_tokens` or fewer than 1, another mode, or `count_weights` in a call in another mode than "count".
    """

    unsaved = (*Layer.unsaved, "sparse")

    def __init__(self, num_tokens=None, output_mode="multi_hot", sparse=False, **kwargs):
        super().__init__(**kwargs)
        output_mode = "multi_hot" if output_mode == "binary" else output_mode
        if output_mode not in MODES[1:]:
            raise ValueError(f"Unknown arg for output_mode: {output_mode}. Layer {self.name!r} knows {MODES[1:]}.")
        if num_tokens is None or num_tokens < 1:
            wrong = "num_tokens must be set to use this layer" if num_tokens is None else "`num_tokens` must be >= 1"
            raise ValueError(
                f"Layer {self.name!r}: {wrong}. Received: num_tokens={num_tokens}. If the number is not known, use the "
                "IntegerLookup layer instead."
            )
        self.num_tokens, self.output_mode, self.sparse = num_tokens, output_mode, sparse
        self.built = self.builds_nothing

    def call(self, inputs, count_weights=None):
        dtype = self._policy.compute_torch_dtype
        if count_weights is not None:
            if self.output_mode != "count":
                raise ValueError(
                    f"Layer {self.name!r}: `count_weights` is not used when `output_mode` is not 'count'. Received: "
                    f"output_mode={self.output_mode!r}"
                )
            count_weights = tensor_of(count_weights, dtype, inputs.device)
        return encoded(inputs, self.output_mode, self.num_tokens, dtype, count_weights)


class Discretization(Layer):
    """The number of the interval in which each number lies: below the first boundary is 0, from the last on is the last.

    Boundaries are given, or learned from data such that about as many numbers lie in each interval: `layer.adapt(data)`.

    Args:
        bin_boundaries: the boundaries, in order.
        num_bins: how many intervals to learn.
        epsilon: how exactly: the data is kept as about 1 / epsilon quantiles.
        output_mode: "int" (int32), or "one_hot", "multi_hot", "count": see CategoryEncoding.

    Raises:
        ValueError: both or neither of `bin_boundaries` and `num_bins`; another mode; a call before boundaries are known.
    """

    casts_integers = True

    def __init__(
        self, bin_boundaries=None, num_bins=None, epsilon=0.01, output_mode="int", sparse=False, dtype=None, name=None
    ):
        super().__init__(name=name, dtype=dtype)
        check_choice(self, "output_mode", output_mode, MODES)
        check_sparse(self, sparse, output_mode)
        if num_bins is not None and num_bins < 0:
            raise ValueError(f"Layer {self.name!r}: `num_bins` must not be negative. Received: num_bins={num_bins}")
        if (num_bins is None) == (bin_boundaries is None):
            both = "" if num_bins is None else "Both `num_bins` and `bin_boundaries` should not be set: "
            raise ValueError(
                f"Layer {self.name!r}: {both}give either `num_bins` or `bin_boundaries`. Received: num_bins={num_bins}, "
                f"bin_boundaries={bin_boundaries}"
            )
        self.num_bins, self.epsilon, self.output_mode, self.sparse = num_bins, epsilon, output_mode, sparse
        self.__dict__.update(bin_boundaries=bin_boundaries, _boundaries=None)
        self.reset_state()
        self.built = self.builds_nothing

    def call(self, inputs):
        if self.bin_boundaries is None:
            if going_on.inferring:
                return encoded(torch.zeros_like(inputs, dtype=torch.int64), self.output_mode, self.num_bins, self._made())
            raise ValueError(
                f"Layer {self.name!r} knows no boundaries yet. You need to either pass `bin_boundaries`, or call `adapt(data)` "
                "before it is used."
            )
        known = self._boundaries
        if known is None or known.device != inputs.device or known.dtype != inputs.dtype:
            known = self.__dict__["_boundaries"] = tensor_of(list(self.bin_boundaries), inputs.dtype, inputs.device)
        places = torch.bucketize(inputs, known, right=True)
        return encoded(places, self.output_mode, len(self.bin_boundaries) + 1, self._made())

    def _made(self) -> torch.dtype:
        """The dtype of the output."""
        return torch.int32 if self.output_mode == "int" else self._policy.compute_torch_dtype

    def adapt(self, data, steps=None) -> None:
        """Learns the boundaries from an array or a tensor, or from an iterable of batches (`steps` of them, if given).

        Raises:
            ValueError: the boundaries were given.
        """
        if self.num_bins is None:
            raise ValueError(f"Layer {self.name!r} was given `bin_boundaries`. Give it `num_bins` instead, and it can `adapt`.")
        self.reset_state()
        for batch in batches_of(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forgets what was learned."""
        if self.num_bins is not None:
            self.__dict__.update(summary=np.array([[], []], dtype="float32"), bin_boundaries=None, _boundaries=None)

    def update_state(self, data) -> None:
        """Learns from one more batch."""
        data = data.detach().cpu().numpy() if isinstance(data, torch.Tensor) else np.asarray(data)
        values = np.sort(data.astype("float32"), axis=None)
        step = max(values.size * self.epsilon, 1)
        quantiles = values[int(step - 1) :: int(step)]
        both = np.concatenate((np.stack([quantiles, np.full_like(quantiles, step)]), self.summary), axis=1)
        self.__dict__["summary"] = _compressed(both[:, np.argsort(both[0])], self.epsilon)

    def finalize_state(self) -> None:
        """Makes boundaries of what was learned."""
        if self.num_bins is not None:
            boundaries = _compressed(self.summary, 1.0 / self.num_bins)[0, :-1].tolist()
            self.__dict__.update(bin_boundaries=boundaries, _boundaries=None)

    def get_config(self):
        own = {name: getattr(self, name) for name in ("bin_boundaries", "num_bins", "epsilon", "output_mode", "sparse")}
        return {**own, "name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        config = registry.config_of(cls, config)
        learned = config.get("bin_boundaries") if config.get("num_bins") is not None else None
        if learned is not None:
            config["bin_boundaries"] = None
        made = super().from_config(config)
        if learned is not None:
            made.__dict__["bin_boundaries"] = learned
        return made


def _compressed(summary, epsilon):
    """Quantiles with their weights, (2, count), as fewer: one for each `epsilon` of all the weight, in between linearly."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    total = summary[1].cumsum()
    there = total / total[-1]
    weights = np.interp(shares, there, total)
    return np.stack((np.interp(shares, there, summary[0]), np.diff(weights, prepend=0))).astype("float32")


def batches_of(data, steps=None):
    """An array, a tensor or a list as one batch; of whatever else can be iterated `steps` batches (None: all)."""
    if isinstance(data, (list, tuple, str, bytes, torch.Tensor, np.ndarray)) or hasattr(data, "to_numpy"):
        if isinstance(data, (list, tuple)) and any(isinstance(each, (np.ndarray, torch.Tensor)) for each in data):
            yield from data
        else:
            yield data.to_numpy() if hasattr(data, "to_numpy") else data
        return
    for i, batch in enumerate(data):
        if i == steps:
            return
        yield batch


class Hashing(ByValue, Layer):
    """A number below `num_bins` for each string or integer: always the same, for different ones mostly different.

    They are the numbers that TensorFlow gives: FarmHash, or with a `salt` SipHash.

    Shapes: as the input, or as that of CategoryEncoding. Strings come as arrays or lists of strings.

    Args:
        num_bins: how many numbers there are.
        mask_value: what gets the number 0, which nothing else gets then.
        salt: one or two integers; other salts give other numbers.
        output_mode: "int", or "one_hot", "multi_hot", "count".

    Raises:
        ValueError: no bins, another mode, a salt that is none, or "int" with a dtype that is no int32 or int64.
    """

    takes_texts = True

    def __init__(self, num_bins, mask_value=None, salt=None, output_mode="int", sparse=False, **kwargs):
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else None
        super().__init__(**kwargs)
        if num_bins is None or num_bins <= 0:
            raise ValueError(
                f"The `num_bins` for `Hashing` cannot be `None` or non-positive values. Received: num_bins={num_bins} in layer "
                f"{self.name!r}"
            )
        if output_mode == "int" and self.dtype not in ("int32", "int64"):
            raise ValueError(
                'When `output_mode="int"`, `dtype` should be an integer type, \'int32\' or \'int64\'. Received: '
                f"dtype={self.dtype!r} in layer {self.name!r}"
            )
        check_choice(self, "output_mode", output_mode, MODES)
        check_sparse(self, sparse, output_mode)
        self.num_bins, self.mask_value, self.output_mode, self.sparse = num_bins, mask_value, output_mode, sparse
        self.salt = checked_salt(self, salt)
        self.built = self.builds_nothing

    def call(self, inputs):
        buckets = self.num_bins - 1 if self.mask_value is not None and self.num_bins > 1 else self.num_bins
        hidden = buckets < self.num_bins
        key = None if self.salt is None else tuple(self.salt)
        texts, device = isinstance(inputs, Texts), inputs.device

        def number(value):
            if hidden and value == self.mask_value:
                return 0
            return bucket(value if texts else str(int(value)), buckets, key) + hidden

        flat = inputs.ravel().tolist() if texts else inputs.reshape(-1).tolist()  # strings are made of numbers, on the host
        device = self._device() if texts else device
        places = torch.tensor([number(value) for value in flat], dtype=torch.int64, device=device).reshape(inputs.shape)
        return encoded(places, self.output_mode, self.num_bins, self._policy.compute_torch_dtype)


def checked_salt(layer, salt) -> list | None:
    """Two integers, or None."""
    if salt is None:
        return None
    if isinstance(salt, (tuple, list)) and len(salt) == 2:
        return list(salt)
    if isinstance(salt, int):
        return [salt, salt]
    raise ValueError(
        f"Layer {layer.name!r}: `salt` is an integer, or can only be a tuple of size 2. Received: salt={salt!r}"
    )


class HashedCrossing(Layer):
    """A number below `num_bins` for the values that several features have together: those of TensorFlow.

    Shapes: a list of strings or integers of the shape (), (batch,) or (batch, 1); the result has the same, or with "one_hot"
    (batch, num_bins).

    Args:
        num_bins: how many numbers there are.
        output_mode: "int" or "one_hot".

    Raises:
        ValueError: another mode; fewer than two inputs, of unequal or other shapes, or neither strings nor integers.
    """

    takes_texts = True

    def __init__(self, num_bins, output_mode="int", sparse=False, name=None, dtype=None, **kwargs):
        super().__init__(name=name, dtype="int64" if output_mode == "int" and dtype is None else dtype)
        check_choice(self, "output_mode", output_mode, MODES[:2])
        check_sparse(self, sparse, output_mode)
        self.num_bins, self.output_mode, self.sparse = num_bins, output_mode, sparse
        self.built = self.builds_nothing

    def forward(self, *args, **kwargs):
        if args and isinstance(args[0], (list, tuple)):
            args = (tuple(Texts(part) if is_texts(part) else part for part in args[0]), *args[1:])
        return super().forward(*args, **kwargs)

    def _convert(self, value, integers=False):
        parts = isinstance(value, (list, tuple)) and any(isinstance(part, Texts) for part in value)
        return tuple(super(HashedCrossing, self)._convert(part) for part in value) if parts else super()._convert(value)

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(f"Layer {self.name!r}: a HashedCrossing should be called on a list of at least two inputs.")
        shape = tuple(inputs[0].shape)
        if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1) or any(tuple(x.shape) != shape for x in inputs):
            raise ValueError(
                f"Layer {self.name!r}: all inputs should have shape (), (batch,) or (batch, 1), the same one. Received: "
                f"{[tuple(x.shape) for x in inputs]}"
            )
        if any(x.is_floating_point() for x in inputs):
            raise ValueError(f"Layer {self.name!r}: all inputs should have an integer or string dtype.")
        columns = [x.reshape(-1).tolist() for x in inputs]
        device = next((x.device for x in inputs if isinstance(x, torch.Tensor)), self._device())
        numbers = [crossed(row, self.num_bins) for row in zip(*columns, strict=True)]
        places = torch.tensor(numbers, dtype=torch.int64, device=device).reshape(shape)
        return encoded(places, self.output_mode, self.num_bins, self._policy.compute_torch_dtype)

    def get_config(self):
        own = {"num_bins": self.num_bins, "output_mode": self.output_mode, "sparse": self.sparse}
        return {**own, "name": self.name, "dtype": self.dtype}
