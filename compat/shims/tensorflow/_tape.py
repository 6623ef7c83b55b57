"""`tf.GradientTape` over torch.autograd, which records anyway: a tape switches recording on and asks for gradients.

- Gradients of Variables come in Keras's layout. A source that the target does not depend on, or that was computed before the
  tape began and is not watched, has None.
- What tapes that are open at the same time record is kept until the last of them has given its gradients (a generator and a
  discriminator share a forward pass); a persistent tape keeps it for as long as it lives.
- Inside an open tape gradients are recorded too, so tapes in one another give second derivatives.
- Torch changes weights in place. A tape that is to give gradients after an optimizer's step (of the generator, behind the
  discriminator's step) finds the weights as they were when it recorded: see `keep`.
"""

from __future__ import annotations

import contextlib
import enum
import gc
import math
import threading
import weakref

import torch

from torchkeras_lite import tree
from torchkeras_lite.variable import Variable

from ._creation import given


class UnconnectedGradients(enum.Enum):
    """What a source gets that the target does not depend on."""

    NONE = "none"
    ZERO = "zero"


class _Open(threading.local):
    """The tapes that record just now, in the order in which they began."""

    def __init__(self):
        self.tapes: list[GradientTape] = []
        self.waiting: weakref.WeakSet[GradientTape] = weakref.WeakSet()  # those that may give gradients yet


_open = _Open()


def _now() -> int:
    """The number that autograd gives to its next node: nodes of before have smaller ones."""
    with torch.enable_grad():
        return torch.zeros((), requires_grad=True).view(()).grad_fn._sequence_nr()


def keep(variables) -> None:
    """Before these Variables are changed in place: tapes that wait note what they hold, for gradients that go through them."""
    waiting = list(_open.waiting)
    if not waiting:
        return
    held = {}
    for one in variables:
        if isinstance(one, Variable):
            held[id(one.raw)] = (one.raw, one.raw._version, one.raw.detach().clone())
    torch.autograd.graph.increment_version([raw for raw, *_ in held.values()])  # torch's fused steps leave that out
    for tape in waiting:
        tape._kept = {**held, **tape._kept}  # the first change is the one behind what was recorded


@contextlib.contextmanager
def _as_recorded(kept):
    """Inside, weights hold what they held when they were recorded; autograd takes them for unchanged."""
    raws = tuple(raw for raw, *_ in kept)
    now = [(raw._version, raw.detach().clone()) for raw in raws]
    with torch.no_grad():
        for raw, _, value in kept:
            raw.copy_(value)
        torch._C._autograd._unsafe_set_version_counter(raws, tuple(version for _, version, _ in kept))
        try:
            yield
        finally:
            for raw, (_, value) in zip(raws, now, strict=True):
                raw.copy_(value)
            torch._C._autograd._unsafe_set_version_counter(raws, tuple(version for version, _ in now))


class GradientTape:
    """Records what is computed inside, for gradients afterwards.

    Args:
        persistent: whether it gives gradients more than once.
        watch_accessed_variables: whether trainable variables need no `watch`.
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent, self._watches_variables = persistent, watch_accessed_variables
        self._watched: dict = {}  # id of a tensor -> (what was watched, the tensor, the edge where its gradient comes out)
        self._began = self._restarted = None
        self._spent, self._recording = False, False
        self._companions = weakref.WeakSet([self])
        self._kept: dict = {}  # id of a weight's tensor -> (it, its version, its values) before the first change of it

    # ------------------------------------------------------------ recording

    def __enter__(self):
        if self._recording:
            raise ValueError("Tape is still recording, this can happen if you try to re-enter an already-active tape.")
        self._start()
        return self

    def _start(self):
        if _open.tapes:
            self._companions = _open.tapes[-1]._companions
            self._companions.add(self)
        self._outer = torch.is_grad_enabled()
        torch.set_grad_enabled(True)
        if self._began is None:
            self._began = _now()
        _open.tapes.append(self)
        _open.waiting.add(self)
        self._recording = True

    def __exit__(self, *exc):
        self._stop()

    def _stop(self):
        torch.set_grad_enabled(self._outer)
        _open.tapes.remove(self)
        self._recording = False
        for _, tensor, edge in self._watched.values():
            if edge is not None:
                tensor.requires_grad_(False)  # as it was; the edge still leads to its gradient

    def watch(self, tensor):
        """From now on gradients with respect to this tensor or Variable, or to those in a list, are wanted."""
        for one in tree.flatten(tensor):
            raw = one.raw if isinstance(one, Variable) else one
            if not isinstance(raw, torch.Tensor):
                raise ValueError(f"Passed in object {one!r} of type {type(one).__name__!r}, not a tensor or Variable.")
            edge = None
            if not raw.requires_grad and (raw.is_floating_point() or raw.is_complex()):
                raw.requires_grad_(True)
                edge = torch.autograd.graph.get_gradient_edge(raw)
            self._watched.setdefault(id(raw), (one, raw, edge))

    def watched_variables(self) -> tuple:
        """The Variables given to `watch`, and the trainable ones on which something depends that was computed and is kept."""
        found = {id(one.raw): one for one, *_ in self._watched.values() if isinstance(one, Variable)}
        if self._watches_variables:
            for one in gc.get_objects():  # nobody keeps a list of them
                if issubclass(type(one), Variable) and one.trainable and id(one.raw) not in found and _in_use(one.raw):
                    found[id(one.raw)] = one
        return tuple(found.values())

    @contextlib.contextmanager
    def stop_recording(self):
        """Inside, nothing is recorded."""
        if not self._recording:
            raise RuntimeError("Tape is not recording.")
        with torch.no_grad():
            yield

    def reset(self):
        """Forgets what was recorded: gradients only go through what comes afterwards."""
        if not self._recording:
            raise RuntimeError("Tape is not recording.")
        self._began = self._restarted = _now()
        for _, tensor, edge in self._watched.values():
            if edge is not None:
                tensor.requires_grad_(False)
        self._watched.clear()

    # ------------------------------------------------------------ gradients

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients="none"):
        """The gradients of the target (the sum of its numbers, and of several targets) with respect to the sources.

        Args:
            target: a tensor, or a list or dict of them.
            sources: tensors and Variables, one or a structure of them; the result has the same structure.
            output_gradients: for each target what its numbers count.
            unconnected_gradients: "zero" gives zeros instead of None.

        Raises:
            RuntimeError: a second call, where the tape is not persistent.
        """
        retain = self._spend()
        targets = [given(one) for one in tree.flatten(target)]
        weights = [None] * len(targets) if output_gradients is None else _beside(target, output_gradients)
        pairs = [
            (one, torch.ones_like(one) if weight is None else given(weight).to(one.dtype))
            for one, weight in zip(targets, weights, strict=True)
            if one.requires_grad
        ]
        found = self._found([one for one, _ in pairs], [weight for _, weight in pairs], tree.flatten(sources), retain)
        zero = UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO
        made = [self._shown(*each, zero) for each in zip(tree.flatten(sources), found, strict=True)]
        return made[0] if not tree.is_nested(sources) else tree.pack_sequence_as(sources, made)

    def _spend(self) -> bool:
        """Notes that gradients were taken; returns whether the graph must be kept for others."""
        if self._spent and not self._persistent:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians). Make it with "
                "`tf.GradientTape(persistent=True)`."
            )
        self._spent = True
        if not self._persistent:
            _open.waiting.discard(self)
        return self._persistent or any(not tape._spent or tape._persistent for tape in self._companions)

    def _found(self, targets, weights, sources, retain, batched=False):
        """The gradients in torch's layout, or None."""
        inputs = [self._input(source) for source in sources]
        if self._restarted is not None:
            reached = _reached(targets, self._restarted)
            inputs = [one if one is None or _node(one) in reached else None for one in inputs]
        wanted = [one for one in inputs if one is not None]
        if not targets or not wanted:
            return [None] * len(sources)
        record = bool(_open.tapes)

        def differentiated(retain):
            with torch.set_grad_enabled(record):
                return torch.autograd.grad(
                    targets, wanted, weights, retain_graph=retain, create_graph=record, allow_unused=True,
                    is_grads_batched=batched,
                )  # fmt: skip

        try:
            grads = iter(differentiated(retain or record or bool(self._kept)))
        except RuntimeError as error:
            if not self._kept or "modified by an inplace operation" not in str(error):
                raise
            with _as_recorded(self._kept.values()):
                grads = iter(differentiated(retain or record))
        return [None if one is None else next(grads) for one in inputs]

    def _input(self, source):
        """Where autograd is to collect the gradient of a source: a tensor, an edge, or None if there is none."""
        variable = isinstance(source, Variable)
        if not variable and not isinstance(source, torch.Tensor):
            raise TypeError(f"Gradients are taken with respect to tensors and Variables. Received: {source!r}")
        raw = source.raw if variable else source
        watched = self._watched.get(id(raw))
        if watched is not None:
            return watched[2] or (raw if raw.requires_grad else None)
        if not raw.requires_grad or (variable and not self._watches_variables):
            return None
        if not variable and raw.grad_fn is not None and raw.grad_fn._sequence_nr() < self._began:
            return None  # it was computed before
        return raw

    @staticmethod
    def _shown(source, grad, zero):
        if grad is None:
            like = source.seen() if isinstance(source, Variable) else source
            return torch.zeros_like(like, requires_grad=False) if zero else None
        return source.to_keras(grad) if isinstance(source, Variable) else grad

    # ------------------------------------------------------------ matrices of gradients

    def jacobian(self, target, sources, unconnected_gradients="none", parallel_iterations=None, experimental_use_pfor=True):
        """The derivative of each number of the target: shape `target.shape + source.shape`."""
        target = given(target)
        rows = torch.eye(target.numel(), dtype=target.dtype, device=target.device).reshape(-1, *target.shape)
        return self._derivatives(target, sources, rows, target.shape, unconnected_gradients)

    def batch_jacobian(
        self, target, source, unconnected_gradients="none", parallel_iterations=None, experimental_use_pfor=True
    ):
        """The derivatives of each example of the target with respect to its own: shape `target.shape + source.shape[1:]`.

        Raises:
            ValueError: the target and the source are not of the same number of examples.
        """
        target = given(target)
        if target.shape[0] != source.shape[0]:
            raise ValueError(f"Expected as many examples in both. Received: {tuple(target.shape)} and {tuple(source.shape)}")
        inner = target.shape[1:]
        rows = torch.eye(math.prod(inner), dtype=target.dtype, device=target.device).reshape(-1, 1, *inner)
        rows = rows.expand(-1, *target.shape)
        found = self._derivatives(target, source, rows, inner, unconnected_gradients)  # (*inner, batch, *source.shape[1:])
        return None if found is None else found.movedim(len(inner), 0)

    def _derivatives(self, target, sources, rows, shape, unconnected_gradients):
        self._spend()
        flat = tree.flatten(sources)
        if not target.requires_grad:
            found = [None] * len(flat)
        else:
            try:
                found = self._found([target], [rows], flat, True, batched=True)
            except RuntimeError:  # an operation that cannot be done for all rows at once
                each = [self._found([target], [row], flat, True) for row in rows]
                found = [None if one[0] is None else torch.stack(one) for one in zip(*each, strict=True)]
        zero = UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO
        made = []
        for source, grad in zip(flat, found, strict=True):
            if grad is None:
                made.append(target.new_zeros((*shape, *source.shape)) if zero else None)
                continue
            if isinstance(source, Variable):
                grad = torch.stack([source.to_keras(one) for one in grad])
            made.append(grad.reshape(*shape, *grad.shape[1:]))
        return made[0] if not tree.is_nested(sources) else tree.pack_sequence_as(sources, made)


def _in_use(leaf: torch.Tensor) -> bool:
    """Whether a graph holds this leaf: then the node that collects its gradient lives on, with what is noted in it."""
    if not leaf.requires_grad or not leaf.is_leaf:
        return False
    note = object()
    torch.autograd.graph.get_gradient_edge(leaf).node.metadata["note"] = note
    return torch.autograd.graph.get_gradient_edge(leaf).node.metadata.pop("note", None) is note


def _beside(target, weights) -> list:
    """One of the weights for each target; they may be lists of numbers themselves."""
    if not tree.is_nested(target):
        return [weights]
    return list(weights) if isinstance(target, (list, tuple)) else [weights[key] for key in sorted(target)]


def _node(one):
    if isinstance(one, torch.autograd.graph.GradientEdge):
        return one.node
    return torch.autograd.graph.get_gradient_edge(one).node


def _reached(targets, begin) -> set:
    """The nodes behind the targets to which a way leads over nodes that are not older than `begin`."""
    waiting = [_node(target) for target in targets if target.requires_grad]
    found: set = set()
    while waiting:
        node = waiting.pop()
        if node in found or (node._sequence_nr() < begin and node.next_functions):
            continue
        found.add(node)
        waiting.extend(following for following, _ in node.next_functions if following is not None)
    return found
