"""The contender written by hand: what a PyTorch expert who counts every call writes for `fit` and `predict`.

It gives what Keras gives (a history with each epoch's loss and accuracy; numpy in, numpy out) and takes the ways that
were fastest on one CPU thread. Measured in paired epochs, torch 2.13, as a share of the epoch without the change:

    change                                                      tiny   mlp    why
    Adam(fused=True)            instead of foreach=True          0.78   0.85   one kernel for all
    plain tensors, addmm        instead of nn.Sequential         0.87   1.0    no module calls, no transposes
    p.grad = None by hand       instead of zero_grad()           0.92   1.0    that one opens a profiler record
    loss, hits once per epoch   instead of sums in each step     0.92   1.0    keeps the logits, reads nothing back
    one vector for all weights  instead of six parameters        0.92   1.05   Adam walks over one; big sums cost a pass
    rows gathered for many batches, then split                   0.98   1.05   while they stay in the cache
    16 random bits per unit     instead of F.dropout             -      0.88   a Bernoulli draw is slow on a CPU
    numbers below 1e-38 are 0   instead of kept as they are      1.0    0.39   from the third epoch on, see below

No difference to be seen: advanced indexing for index_select, slices of the permutation for split, out= buffers,
backward(ones), autograd.grad, the loss without its Python wrapper, (inputs, outputs) matrices in mlp. What was measured
for cnn and resnet stands in workloads/cnn.py and workloads/resnet.py.

A relu unit that never fires has no gradient, so Adam's moving average of it shrinks by a tenth each step; after some 800
steps it is below what a float32 can normally hold, and stays there for ever, since 0.9 of the smallest number rounds to
itself. A processor computes with such numbers many times more slowly: an epoch of mlp went from 1.3 s to 3.3 s. Hence
torch.set_flush_denormal; XLA does it unasked.

It keeps to documented names, eager mode, and an optimizer object (what compile gives: a learning rate, a state to
save). `torch-floor` is the same loop around torch's private Adam kernel, called directly: no program to recommend, but
a floor to look at, down to the second and the 70 MiB that the first optimizer object of a process costs (it imports
torch._dynamo). This file is the measure of all other contenders: a change here may only make it faster.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

GATHER_BYTES = 256 * 1024  # rows gathered at once: as many batches as stay in the second-level cache, at least one


@dataclass
class Net:
    """params: what the optimizer steps. train(x) and infer(x): logits, with and without dropout."""

    params: list[torch.Tensor]
    train: Callable[[torch.Tensor], torch.Tensor]
    infer: Callable[[torch.Tensor], torch.Tensor]
    mode: Callable[[bool], object] = lambda training: None


def from_module(module):
    """A Net from an nn.Module that gives logits, for models where the calls are not the cost (convolutions)."""
    return Net(list(module.parameters()), module, torch.inference_mode()(module), module.train)


def start_like_keras(module):
    """The module with Keras's initial weights in its convolutions and dense layers: Glorot uniform, biases zero."""
    for part in module.modules():
        if isinstance(part, (torch.nn.Conv2d, torch.nn.Linear)):
            torch.nn.init.xavier_uniform_(part.weight)
            if part.bias is not None:
                torch.nn.init.zeros_(part.bias)
    return module


def glorot(inputs, outputs):
    """Glorot uniform, Keras's start for a kernel, as (inputs, outputs)."""
    limit = math.sqrt(6 / (inputs + outputs))
    return torch.empty(inputs, outputs).uniform_(-limit, limit)


def one_vector(tensors):
    """Lay weights side by side in one vector, gradients in another: the optimizer then sees a single parameter.

    Returns the vector and the weights, each a view of it whose .grad is a view of the vector's .grad.
    """
    sizes = [t.numel() for t in tensors]
    vector = torch.cat([t.reshape(-1) for t in tensors])
    grad = torch.zeros_like(vector)
    views = []
    for tensor, part, part_grad in zip(tensors, vector.split(sizes), grad.split(sizes), strict=True):
        view = part.view_as(tensor).detach().requires_grad_()
        view.grad = part_grad.view_as(tensor)
        views.append(view)
    vector.requires_grad_().grad = grad
    return vector, views


def keep_mask(shape, rate):
    """Factors for an inverted dropout: 0 with probability `rate`, else 1 / (1 - rate).

    F.dropout draws a Bernoulli number per element, a tenth of a whole mlp step on a CPU. Sixteen random bits decide as
    well and cost a fifth; the rate is met to 2^-17, and the scale belongs to the rate really used, so means are exact.
    """
    count = math.prod(shape)
    dropped = round(rate * 65536)
    bits = torch.empty((count + 3) // 4, dtype=torch.int64).random_(-(2**63), None).view(torch.int16)[:count]
    return torch.ge(bits.view(shape), dropped - 32768, out=torch.empty(shape)).mul_(65536 / (65536 - dropped))


def hits_binary(logits, y):
    """Share of logits on the right side of 0, which is a probability of one half."""
    return ((logits > 0) == y).float().mean()


def hits_sparse(logits, y):
    """Share of rows whose largest logit is the label's."""
    return (logits.argmax(1) == y).float().mean()


# Keras's word for a loss: loss from logits, accuracy from logits, what turns logits into predictions, shape of y
TASKS = {
    "binary_crossentropy": (F.binary_cross_entropy_with_logits, hits_binary, torch.sigmoid, (-1, 1)),
    "sparse_categorical_crossentropy": (F.cross_entropy, hits_sparse, lambda logits: logits.softmax(1), (-1,)),
}


class HandWritten:
    """build, fit, predict and a bare forward, for child.py."""

    def __init__(self, workload, floor=False, modules=False):
        self.workload = workload
        self.loss, self.hits, self.head, self.y_shape = TASKS[workload.loss]
        torch.manual_seed(0)
        self.net = (workload.build_modules if modules else workload.build_torch)(torch)
        if floor:
            self.step = private_adam(self.net.params)
        else:
            self.step = torch.optim.Adam(self.net.params, lr=1e-3, eps=1e-7, fused=True).step
        # Gradients that share a vector are summed into, so they are zeroed with one call. Others are dropped: backward
        # then hands its own buffers over instead of adding to ours.
        self.shared = self.net.params[0].grad

    def fit(self, x, y, epochs=1):
        """Train; returns {"loss": [per epoch], "accuracy": [...]}, as Keras's history does."""
        x, y = torch.from_numpy(x), torch.from_numpy(y).view(self.y_shape)
        batch, forward, loss_of, step = self.workload.batch, self.net.train, self.loss, self.step
        params, shared = self.net.params, self.shared
        row_bytes = x[0].numel() * x.element_size()
        at_once = batch * max(1, GATHER_BYTES // (batch * row_bytes))
        history = {"loss": [], "accuracy": []}
        self.net.mode(True)
        torch.set_flush_denormal(True)
        for _ in range(epochs):
            order = torch.randperm(len(x))
            kept = []
            for rows in order.split(at_once):
                xs, ys = x.index_select(0, rows).split(batch), y.index_select(0, rows).split(batch)
                for xb, yb in zip(xs, ys, strict=True):
                    logits = forward(xb)
                    loss = loss_of(logits, yb)
                    if shared is None:
                        for p in params:
                            p.grad = None
                    else:
                        shared.zero_()
                    loss.backward()
                    step()
                    kept.append(logits.detach())
            # Mean over samples of the losses met on the way: what Keras's running mean, weighted by batch size, gives.
            logits, labels = torch.cat(kept), y.index_select(0, order)
            history["loss"].append(loss_of(logits, labels).item())
            history["accuracy"].append(self.hits(logits, labels).item())
        torch.set_flush_denormal(False)  # a program would leave it on; in tests and in anatomy.py others run beside this
        return history

    def predict(self, x, batch_size):
        """Predictions for all rows, as numpy."""
        infer = self.net.infer
        self.net.mode(False)
        return self.head(torch.cat([infer(xb) for xb in torch.from_numpy(x).split(batch_size)])).numpy()

    def predict_row(self, x):
        """The same for what fits into one batch: nothing to cut, nothing to join."""
        self.net.mode(False)
        return self.head(self.net.infer(torch.from_numpy(x))).numpy()

    def bare(self, x):
        """A callable: the forward pass on a tensor that is there already."""
        x = torch.from_numpy(x)
        self.net.mode(False)
        return lambda: self.head(self.net.infer(x))


def private_adam(params):
    """Adam's step without the optimizer object: torch's own kernel on lists that never change."""
    means, squares = [torch.zeros_like(p) for p in params], [torch.zeros_like(p) for p in params]
    steps = [torch.zeros(()) for _ in params]
    options = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.0, "eps": 1e-7}
    options |= {"amsgrad": False, "maximize": False}

    @torch.no_grad()
    def step():
        torch._foreach_add_(steps, 1)
        torch._fused_adam_(params, [p.grad for p in params], means, squares, [], steps, **options)

    return step
