"""Gradients that are stopped, given by hand, or taken forwards."""

from __future__ import annotations

import functools
import inspect
import warnings

import torch
from torch.utils import _pytree as pytree

from torchkeras_lite import symbolic
from torchkeras_lite.ops.dispatch import Tensor, family, lifted, to_tensor

op = family("core")


@op("StopGradient")
def stop_gradient(variable):
    """The same values, through which no gradient flows back."""
    if not isinstance(variable, Tensor):
        return lifted(stop_gradient, variable)
    return variable.detach()


def custom_gradient(f):
    """Decorator: `f(*args)` returns `(outputs, grad_fn)`, and gradients are what `grad_fn` says.

    `grad_fn(*args, upstream=...)` gets the arguments of the call as a flat list and the gradient of the output (a tuple of
    them, for several outputs); `grad_fn(upstream)` and `grad_fn(*upstream)` work too. It returns a gradient, or None, for each
    tensor among the arguments.
    """

    @functools.wraps(f)
    def wrapped(*args, **kwargs):
        if symbolic.is_symbolic(args, kwargs):
            return symbolic.record(wrapped, args, kwargs)
        leaves, structure = pytree.tree_flatten((args, kwargs))
        leaves = [to_tensor(leaf) if hasattr(leaf, "dtype") else leaf for leaf in leaves]
        args, kwargs = pytree.tree_unflatten(leaves, structure)
        found = f(*args, **kwargs)
        if not (isinstance(found, (tuple, list)) and len(found) == 2 and callable(found[1])):
            raise ValueError(
                f"custom_gradient: {f.__name__} must return `(outputs, grad_fn)`, where `grad_fn(*args, upstream)` gives the "
                f"gradients. Received: {found!r}"
            )
        outputs, grad_fn = found
        if not torch.is_grad_enabled() or not any(isinstance(leaf, Tensor) and leaf.requires_grad for leaf in leaves):
            return outputs
        # The values are cut off from how they were computed; what `grad_fn` kept of that is not, for gradients of gradients.
        values, form = pytree.tree_flatten(outputs)
        given = [value.detach() if isinstance(value, Tensor) else value for value in values]
        return pytree.tree_unflatten(_Given.apply(grad_fn, f.__name__, len(given), *given, *leaves), form)

    return wrapped


class _Given(torch.autograd.Function):
    """Hands `outputs` on, as if they were computed from `leaves` by something whose gradient is `grad_fn`."""

    generate_vmap_rule = True

    @staticmethod
    def forward(grad_fn, name, count, *outputs_and_leaves):
        return tuple(value.view_as(value) if isinstance(value, Tensor) else value for value in outputs_and_leaves[:count])

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.grad_fn, ctx.name, ctx.count, *rest = inputs
        leaves = rest[ctx.count :]
        ctx.save_for_backward(*[leaf for leaf in leaves if isinstance(leaf, Tensor)])
        ctx.leaves = [None if isinstance(leaf, Tensor) else (leaf,) for leaf in leaves]  # None: among the saved

    @staticmethod
    def backward(ctx, *upstream):
        saved = iter(ctx.saved_tensors)
        leaves = [next(saved) if leaf is None else leaf[0] for leaf in ctx.leaves]
        grads = _called(ctx.grad_fn, leaves, upstream)
        grads = list(grads) if isinstance(grads, (tuple, list)) else [grads]
        wanted = [place for place, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
        if len(grads) == len(wanted) != len(leaves):  # nothing said of the arguments that are no tensors
            spread = dict(zip(wanted, grads, strict=True))
            grads = [spread.get(place) for place in range(len(leaves))]
        if len(grads) != len(leaves):
            raise ValueError(
                f"custom_gradient: the gradient function of {ctx.name} must return one gradient (or None) for each of the "
                f"{len(wanted)} tensors that {ctx.name} takes. It returned {len(grads)}."
            )
        return (None, None, None, *[None] * ctx.count, *grads)


def _called(grad_fn, leaves, upstream):
    """`grad_fn` in the way in which it is written: for Keras on torch, or for Keras on JAX and TensorFlow."""
    try:
        inspect.signature(grad_fn).bind(*leaves, upstream=upstream)
    except TypeError:
        return grad_fn(*upstream)
    return grad_fn(*leaves, upstream=upstream[0] if len(upstream) == 1 else upstream)


linalg_op = family("linalg")


@linalg_op("JVP", tensors=("fun", "primals", "tangents"))
def jvp(fun, primals, tangents, has_aux=False):
    """`fun(*primals)` and its derivative along `tangents`, by forward differentiation: `(value, derivative)`.

    With `has_aux`, `fun` returns `(value, more)`, and so does this: `(value, derivative, more)`.
    """
    if symbolic.is_symbolic((primals, tangents)):
        return symbolic.record(jvp, (fun, primals, tangents, has_aux), {})
    primals, tangents = (pytree.tree_map(to_tensor, tuple(values)) for values in (primals, tangents))
    with warnings.catch_warnings():  # torch loads rules of its own the first time, with a word that is not for us
        warnings.filterwarnings("ignore", r".*torch\.jit\.script", DeprecationWarning)
        return torch.func.jvp(fun, primals, tangents, has_aux=has_aux)
