"""Quantization that looks at data: block after block, what comes into each layer is watched, and its weights are rounded so
that what comes out changes least."""

from __future__ import annotations

import math

import numpy as np
import torch

from torchkeras_lite.layers.core import Dense
from torchkeras_lite.layers.einsum_dense import EinsumDense
from torchkeras_lite.models.filters import should_quantize_layer
from torchkeras_lite.notices import warn
from torchkeras_lite.quantizers.awq import awq_quantize_matrix
from torchkeras_lite.quantizers.gptq import gptq_quantize_matrix
from torchkeras_lite.quantizers.scaling import compute_quantization_parameters
from torchkeras_lite.quantizers.settings import AWQConfig, GPTQConfig
from torchkeras_lite.variable import tensor_of


class Watching:
    """What is learnt of one Dense or EinsumDense layer while data goes through it.

    Args:
        layer: the layer; if it is quantized already, its weights are those of before, until `finish`.
        config: a GPTQConfig or AWQConfig.

    Raises:
        TypeError: another layer.
        ValueError: a kernel of other than two or three axes.
    """

    mode: str

    def __init__(self, layer, config):
        if not isinstance(layer, (Dense, EinsumDense)):
            raise TypeError(f"Unsupported layer type for {self.mode.upper()}: {type(layer)}. It takes Dense and EinsumDense.")
        self.original_layer, self.config, self.num_samples = layer, config, 0
        self.device = layer._device()
        self.rows, self.columns = layer.matrix_shape(self.mode)
        self.kernel_shape = tuple(layer.kernel.shape)

    def weights(self):
        """The kernel as a matrix (columns, rows): outputs and inputs."""
        return self.original_layer.kernel.value.detach().reshape(self.rows, self.columns).T.float()

    def _rows_of(self, batch):
        if batch is None:
            raise ValueError("Input tensor cannot be None.")
        batch = tensor_of(batch, device=self.device)
        if batch.numel() == 0:
            raise ValueError("Input tensor cannot be empty.")
        return batch.detach()

    def watch(self, layer, args, kwargs):
        """A hook in front of a call."""
        inputs = args[0] if args else kwargs["inputs"]
        self.see(torch.as_tensor(inputs).reshape(-1, self.rows))

    def see(self, batch):
        raise NotImplementedError

    def finish(self):
        """Gives the layer its integers."""
        raise NotImplementedError


class GPTQ(Watching):
    """See `quantizers.gptq`. `hessian` is the mean of 2 x xᵀ over all rows that were seen."""

    mode = "gptq"

    def __init__(self, layer, config=None):
        super().__init__(layer, config or GPTQConfig(dataset=None, tokenizer=None))
        self.hessian = torch.zeros(self.rows, self.rows, device=self.device)

    def update_hessian_with_batch(self, input_batch):
        """Takes (..., rows) into account. Raises ValueError for what is None, empty, no matrix or of another size."""
        x = self._rows_of(input_batch)
        if x.ndim < 2:
            raise ValueError(f"Input tensor must have rank >= 2 (got rank {x.ndim}).")
        x = x.reshape(-1, x.shape[-1]).float()
        if x.shape[1] != self.rows:
            raise ValueError(f"Hessian dimensions ({self.rows}) do not match input features ({x.shape[1]}).")
        gram, total = x.T @ x, self.num_samples + len(x)
        self.hessian = self.hessian * (self.num_samples / total) + (gram + gram.T) / 2 * (2 / total)
        self.num_samples = total

    see = update_hessian_with_batch

    def quantize_and_correct_layer(self, blocksize=128):
        """Finds the integers of the layer, which computes with them from now on."""
        config, hessian, dtype = self.config, self.hessian.clone(), self.original_layer.variable_dtype
        diagonal = hessian.diagonal()
        diagonal[diagonal == 0] = 1  # an input that never came
        diagonal += config.hessian_damping * diagonal.mean()

        def find(group):
            # Zero has to be in the range, and its middle if that is wished: the zero point of weights of one sign has a sign.
            group = torch.cat([group, -group if config.symmetric else torch.zeros_like(group[:, :1])], 1)
            return compute_quantization_parameters(
                group, bits=config.weight_bits, symmetric=config.symmetric, per_channel=config.per_channel, compute_dtype=dtype
            )

        integers, scale, zero, groups = gptq_quantize_matrix(
            self.weights(),
            torch.linalg.inv(hessian),
            blocksize=blocksize,
            group_size=config.group_size,
            activation_order=config.activation_order,
            order_metric=diagonal,
            compute_scale_zero=find,
        )
        self.original_layer.take_calibrated(integers, weight_scale=scale, weight_zero=zero, g_idx=groups)

    finish = quantize_and_correct_layer

    def free(self):
        del self.hessian


class AWQ(Watching):
    """See `quantizers.awq`. `activation_magnitudes` are the largest of each input that were seen."""

    mode = "awq"

    def __init__(self, layer, config=None):
        super().__init__(layer, config or AWQConfig(dataset=None, tokenizer=None))
        self.activation_magnitudes = torch.zeros(self.rows, device=self.device)

    def update_activation_magnitudes(self, input_batch):
        """Takes (..., rows) into account. Raises ValueError for what is None or empty."""
        x = self._rows_of(input_batch)
        x = x.reshape(-1, x.shape[-1]).float()
        self.activation_magnitudes = torch.maximum(self.activation_magnitudes, x.abs().amax(0))
        self.num_samples += len(x)

    see = update_activation_magnitudes

    def quantize_layer(self):
        """Finds the integers of the layer, which computes with them from now on."""
        config = self.config
        integers, scale, zero, scales, groups = awq_quantize_matrix(
            self.weights(), self.activation_magnitudes, num_grid_points=config.num_grid_points, group_size=config.group_size
        )
        self.original_layer.take_calibrated(integers, weight_scale=scale, weight_zero=zero, awq_scales=scales, g_idx=groups)

    finish = quantize_layer

    def free(self):
        del self.activation_magnitudes


# ---------------------------------------------------------------- data


def get_dataloader(
    tokenizer, sequence_length, dataset, num_samples=128, *, strategy="strided", seed=42, stride=None, eos_id=None
):
    """Windows of a text as one array of integers, (num_samples, 1, sequence_length). A text that is too short is repeated.

    Args:
        tokenizer: its `tokenize` makes integers of a text.
        dataset: texts, or rows of integers.
        strategy: where windows begin: `"strided"` (one after the other, from a place that the seed tells), `"linspace"` (from
            the first to the last) or `"random"`.
        stride: from one window to the next; they cover the text if left out.
        eos_id: an integer to put between texts.

    Raises:
        TypeError: `dataset` is a single text, or nothing to go through.
        ValueError: an empty dataset, or an unknown strategy.
    """
    if not hasattr(dataset, "__iter__") or isinstance(dataset, (str, bytes)):
        raise TypeError(
            "The `dataset` argument must be an iterable, such as a list of texts or an array of integers. Got type: "
            f"{type(dataset).__name__}."
        )
    pieces = []
    for text in dataset:
        of_text = isinstance(text, str)
        if pieces and of_text and eos_id is not None:
            pieces.append(np.array([eos_id]))
        pieces.append(np.asarray(_array(tokenizer.tokenize(text) if of_text else text)).reshape(-1))
    if not pieces:
        raise ValueError("Provided dataset is empty.")
    tokens = np.concatenate(pieces).astype(np.int32)
    if tokens.size < num_samples * sequence_length:
        tokens = np.tile(tokens, math.ceil(num_samples * sequence_length / max(1, tokens.size)))
    last = tokens.size - sequence_length
    if last < 0:
        raise ValueError(f"Not enough tokens to form one sample of length {sequence_length} (have {tokens.size}).")
    if strategy == "random":
        starts = np.random.default_rng(seed).integers(0, last + 1, size=num_samples)
    elif strategy == "linspace":
        starts = np.linspace(0, last, num_samples, dtype=np.int64)
    elif strategy == "strided":
        step = max(1, (last + 1) // num_samples) if stride is None else stride
        starts = (np.random.default_rng(seed).integers(last + 1) + np.arange(num_samples) * step) % (last + 1)
    else:
        raise ValueError(f"Unknown strategy: {strategy}. Expected 'strided', 'linspace' or 'random'.")
    return np.lib.stride_tricks.sliding_window_view(tokens, sequence_length)[starts][:, None].copy()


def _array(value):
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value


# ---------------------------------------------------------------- models


WATCHERS = {"gptq": GPTQ, "awq": AWQ}


def calibrate(config, structure, filters=None, type_check: bool = True) -> bool:
    """Quantizes the Dense and EinsumDense layers in the blocks of a model.

    Args:
        config: a GPTQConfig or AWQConfig, with data.
        structure: {"pre_block_layers": what the data goes through first, "sequential_blocks": the blocks, in order}.
        filters, type_check: as of `Model.quantize`.

    Returns:
        Whether any layer was quantized.

    Raises:
        ValueError: no data, no structure, or no blocks in it.
    """
    check(config, structure)
    batches = get_dataloader(config.tokenizer, config.sequence_length, config.dataset, config.num_samples)
    changed = False
    with torch.no_grad():
        samples = [torch.as_tensor(batch) for batch in batches]
        for layer in structure.get("pre_block_layers") or ():
            samples = [layer(sample) for sample in samples]
        blocks = structure["sequential_blocks"]
        for place, block in enumerate(blocks):
            watchers = [WATCHERS[config.mode](layer, config) for layer in _begun(block, config, filters, type_check)]
            hooks = [watcher.original_layer.register_forward_pre_hook(watcher.watch, with_kwargs=True) for watcher in watchers]
            try:
                if watchers:
                    for sample in samples:
                        block(_in_batch(sample))
            finally:
                for hook in hooks:
                    hook.remove()
            for watcher in watchers:
                watcher.finish()
                changed = True
            if place + 1 < len(blocks):  # what comes out of rounded weights goes into the next block
                samples = [block(_in_batch(sample))[0] for sample in samples]
    return changed


def check(config, structure) -> None:
    """Raises ValueError where there are no data, or no structure, or no blocks."""
    name = config.mode.upper()
    if config.dataset is None or config.tokenizer is None:
        raise ValueError(f"{name} quantization requires a dataset and a tokenizer. Give them to the `{name}Config`.")
    if structure is None:
        raise ValueError(
            f"For mode='{config.mode}', a valid quantization structure must be provided: by "
            "`config.quantization_layer_structure`, or by overriding `model.get_quantization_layer_structure(mode)`. It is a "
            "dictionary with keys 'pre_block_layers' and 'sequential_blocks'."
        )
    if not structure.get("sequential_blocks"):
        raise ValueError("No sequential blocks found in the provided structure to quantize: 'sequential_blocks' is empty.")


def _begun(block, config, filters, type_check) -> list:
    """The layers in a block that are to be quantized; they have room for integers now."""
    found = []
    for layer in block._flatten_layers():
        if not isinstance(layer, (Dense, EinsumDense)) or not should_quantize_layer(layer, filters):
            continue
        try:
            if layer.quantization_mode != config.mode or layer.is_gptq_calibrated or layer.is_awq_calibrated:
                layer.quantize(config.mode, config=config, type_check=type_check)
            found.append(layer)
        except NotImplementedError as error:
            warn(str(error))
    return found


def _in_batch(sample):
    return sample[None] if sample.ndim == 2 else sample
