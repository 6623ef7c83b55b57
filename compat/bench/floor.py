"""The floor under a step: what its kernels would cost if nothing were between them.

The operations of a real step are recorded as they reach torch's kernels. Matrix products and convolutions (forward and
backward) are then run alone, on the tensors that they were given. Of all other kernels only the bytes that they must read and
write are charged, as a copy of as many bytes takes them.
"""

import time
from collections import Counter

import torch
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

PRODUCTS = {"mm", "addmm", "bmm", "baddbmm", "convolution", "convolution_backward"}
OVERWRITING = {"copy_", "fill_", "zero_", "random_", "uniform_", "bernoulli_", "normal_"}  # these do not read their target
GATHERING = {"index_select", "index", "gather", "embedding"}  # these read no more than they give


def size(tensor):
    """Bytes of a tensor; what is repeated by a stride of zero is read once."""
    return min(tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes())


def tensors(value):
    """The tensors in an argument or result."""
    return [leaf for leaf in pytree.tree_leaves(value) if isinstance(leaf, torch.Tensor)]


def traffic(op, args, kwargs, out):
    """Bytes that an operation reads and writes; none for views and for memory that is only asked for."""
    name = op.overloadpacket.__name__
    if name.startswith(("empty", "new_empty")):
        return 0
    reads = writes = 0
    taken, written = set(), set()
    for index, argument in enumerate(op._schema.arguments):
        given = tensors(args[index] if index < len(args) else kwargs.get(argument.name))
        changed = argument.alias_info is not None and argument.alias_info.is_write
        for tensor in given:
            taken.add(tensor.untyped_storage().data_ptr())
            if changed:
                writes += size(tensor)
                written.add(tensor.untyped_storage().data_ptr())
            if not (changed and (name in OVERWRITING or argument.name == "out")):
                reads += size(tensor)
    fresh = [t for t in tensors(out) if t.untyped_storage().data_ptr() not in taken]
    if not fresh and not written:
        return 0  # a view
    writes += sum(map(size, fresh))
    return (min(reads, writes) if name in GATHERING else reads) + writes


class Recorder(TorchDispatchMode):
    """What reaches the kernels: products with one set of tensors for each different call, and the bytes of the rest."""

    def __init__(self):
        super().__init__()
        self.products = {}  # signature -> (op, args, kwargs)
        self.counts = Counter()  # signature -> calls
        self.bytes = Counter()  # bytes -> calls that move as many
        self.ops = 0

    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        out = op(*args, **kwargs)
        self.ops += 1
        if op.overloadpacket.__name__ in PRODUCTS:
            leaves = pytree.tree_leaves((args, kwargs))
            key = (op, *((leaf.shape, leaf.stride()) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves))
            self.products.setdefault(key, (op, args, kwargs))
            self.counts[key] += 1
        elif moved := traffic(op, args, kwargs, out):
            self.bytes[moved] += 1
        return out


def least(function, seconds=0.05):
    """The shortest of many calls, in seconds: at least five, and then for as long as it is worth it."""
    end, best, turn = time.perf_counter() + seconds, float("inf"), 0
    while turn < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        function()
        best, turn = min(best, time.perf_counter() - start), turn + 1
    return best


def copying(count):
    """Seconds that a copy takes which moves `count` bytes, half of them read and half written, without the call itself."""
    source, target = (torch.zeros(count // 2, dtype=torch.uint8) for _ in range(2))
    nothing = torch.zeros(0, dtype=torch.uint8)
    return max(0.0, least(lambda: target.copy_(source), 0.01) - least(lambda: nothing.copy_(nothing), 0.002))


def floor(runner, x, y, steps):
    """{"products", "copies": seconds; "moved": bytes; "ops": number} of one step, from a fit of `steps` steps."""
    with Recorder() as recorder:
        runner.fit(x, y)
    with torch.no_grad():
        products = sum(
            recorder.counts[key] * least(lambda call=call: call[0](*call[1], **call[2]))
            for key, call in recorder.products.items()
        )
    copies = sum(calls * copying(count) for count, calls in recorder.bytes.items())
    moved = sum(count * calls for count, calls in recorder.bytes.items())
    return {
        "products": products / steps, "copies": copies / steps, "moved": moved / steps, "ops": recorder.ops / steps
    }
