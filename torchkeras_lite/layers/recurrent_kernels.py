"""torch's recurrent kernels over whole sequences, with Keras's masks, and the loop over steps for what they do not know.

Everything here has the batch in front: x is (batch, time, features), a mask (batch, time), a state (batch, units).
"""

from __future__ import annotations

import torch

Tensor = torch.Tensor
_FAR = 1e4  # where sigmoid is 0 or 1 to the last bit, in half precision too


# ---------------------------------------------------------------- kernels


def through_kernel(kernel, x, states, weights, mask=None, sequences=False, last_states=True, zeros=False):
    """A sequence through one of torch's kernels.

    Args:
        kernel: torch.lstm, torch.gru, torch.rnn_tanh or torch.rnn_relu.
        states: the first hidden state, and for torch.lstm the first cell state.
        weights: torch's list: those of the inputs, those of the state, and the biases of both, if there are any.
        mask: False where a step does not count: state and output stay as they were, the output at first zero.
        sequences: whether the outputs of all steps are asked for, or only the last one.
        last_states: whether the last states are; without a mask, or other than a cell state, they cost nothing.
        zeros: whether outputs of masked steps are zeros.

    Returns:
        The outputs (batch, time, units), or the last one (batch, units); and the list of the last states.
    """
    if x.is_cuda:
        weights = _in_one_piece(weights)
    if mask is not None:
        return _masked(kernel, x, states, weights, mask, sequences, last_states, zeros)
    outputs, states = _run(kernel, x, states, weights)
    return outputs if sequences else states[0], states


def _run(kernel, x, states, weights, batch_first=True):
    shape = (x.shape[0 if batch_first else 1], weights[1].shape[1])
    if states[0].shape != shape or states[-1].shape != shape:
        states = [_fitting(state, shape) for state in states]
    states = [state.unsqueeze(0) for state in states]
    given = states if kernel is torch.lstm else states[0]
    outputs, *states = kernel(x, given, weights, len(weights) > 2, 1, 0.0, torch.is_grad_enabled(), False, batch_first)
    return outputs, [state.squeeze(0) for state in states]


def _fitting(state, shape):
    """A state of one row for all rows. Others do not fit: torch.lstm would not look, and read on behind their end."""
    if state.shape[-1] != shape[1] or state.ndim != 2:
        raise ValueError(f"The first states of this recurrent layer have to be {shape} in size. Received: {tuple(state.shape)}")
    if state.shape[0] != 1:
        raise ValueError(
            f"The first states of a recurrent layer need the rows of its input: the size of tensor a ({state.shape[0]}) must "
            f"match the size of tensor b ({shape[0]}) at non-singleton dimension 0"
        )
    return state.expand(shape)


def _masked(kernel, x, states, weights, mask, sequences, last_states, zeros):
    """The steps that count move to the front, the kernel runs over all, and each step is given the output it last saw.

    No length is read back from the device, and rows without a step that counts are rows as any other. In between the time
    stands in front, as the kernels have it.
    """
    batch, time, features = x.shape
    seen = mask.cumsum(1)  # how many steps that count there were, this one included
    count = seen[:, -1:]
    rows = torch.arange(batch, device=x.device).unsqueeze(1)
    # What is masked goes into a step behind the last one, and zeros take its place: it may be NaN, which no gradient must meet.
    place = torch.where(mask, seen - 1, time) * batch + rows
    moved = x.new_zeros((time + 1) * batch, features).index_copy_(0, place.flatten(), x.flatten(0, 1))
    x = moved.view(time + 1, batch, features)[:time]
    if kernel is torch.lstm and last_states:
        x, weights = _holding(x, weights, torch.arange(time, device=x.device).unsqueeze(1) >= count.squeeze(1))
    outputs, last = _run(kernel, x, states, weights, batch_first=False)
    outputs = outputs.flatten(0, 1)
    nothing = count == 0
    final = outputs.index_select(0, ((count - 1).clamp(min=0) * batch + rows).flatten())
    last[0] = torch.where(nothing, states[0], final)
    if sequences:
        kept = mask if zeros else seen > 0
        outputs = outputs.index_select(0, ((seen - 1).clamp(min=0) * batch + rows).flatten()).unflatten(0, mask.shape)
        return outputs * kept.unsqueeze(-1), last
    return final * (mask[:, -1:] if zeros else ~nothing), last


def _holding(x, weights, held):
    """Makes an LSTM hold its cell state in the steps that are `held`: there a new feature shuts one gate and opens another."""
    into, *others = weights
    units = len(into) // 4
    column = into.new_zeros(4, units, 1)
    column[0], column[1] = -_FAR, _FAR
    return torch.cat([x, held.unsqueeze(-1).to(x.dtype)], -1), [torch.cat([into, column.view(-1, 1)], 1), *others]


def _in_one_piece(weights):
    """cuDNN wants its weights side by side in memory, and would copy (and warn) in each call."""
    pieces = torch.cat([weight.reshape(-1) for weight in weights]).split([weight.numel() for weight in weights])
    return [piece.view(weight.shape) for piece, weight in zip(pieces, weights, strict=True)]


# ---------------------------------------------------------------- steps


def through_steps(step, steps, states, mask=None, sequences=False, zeros=False):
    """A sequence through a function `step(x, states) -> (output, states)`, step by step.

    Args:
        steps: the inputs, one for each step.
        states: a structure of lists and tensors.
        mask, sequences, zeros: as in `through_kernel`.
    """
    masks = [None] * len(steps) if mask is None else mask.unbind(1)
    outputs, last = [], None
    for x, counts in zip(steps, masks, strict=True):
        output, new = step(x, states)
        if counts is not None:
            if last is None or zeros:
                last = torch.zeros_like(output)
            output, new = _where(counts, output, last), _where(counts, new, states)
        last, states = output, new
        if sequences:
            outputs.append(output)
    return torch.stack(outputs, 1) if sequences else last, states


def _where(counts, new, old):
    if isinstance(new, (list, tuple)):
        return [_where(counts, *pair) for pair in zip(new, old, strict=True)]
    return torch.where(counts.reshape(-1, *[1] * (new.ndim - 1)), new, old)
