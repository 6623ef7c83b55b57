"""Products of tensors."""

import numpy as np
from values import drawn

from ops.harness import DTYPES, over_dtypes, over_wide, row

A, B = drawn((2, 3)), drawn((3, 4), 1)
V, W = drawn((3,)), drawn((3,), 1)
BATCH, OTHER = drawn((2, 3, 4)), drawn((2, 4, 5), 1)
I, J = np.arange(6).reshape(2, 3) - 2, np.arange(12).reshape(3, 4)
INT8 = I.astype("int8")
MIXED = [("int8", "uint8"), ("int32", "float32"), ("int64", "float16"), ("bool", "int8"), ("float16", "bfloat16")]
BATCHES = np.ones((2, 2, 3), "float32")


NARROW = tuple(dtype for dtype in DTYPES if "64" not in dtype)


def counted(name, a, b, *args, truth=None, dtypes=NARROW):
    """Rows over dtypes, of which the wide ones stay wide (see `over_wide`). The batch is the first tensor's alone."""
    wide = over_wide(name, truth or getattr(np, name), a, b, *args)
    return [one.but(batched=1) for one in over_dtypes(name, a, b, *args, dtypes=dtypes) + wide]


def mixed(name, a, b, *args):
    """Rows of two dtypes that meet in a third."""
    rows = over_dtypes(name, a, b, *args, dtypes=[first for first, _ in MIXED])
    others = over_dtypes(name, a, b, *args, dtypes=[second for _, second in MIXED])
    return [one.but(args=(one.args[0], *other.args[1:]), batched=1) for one, other in zip(rows, others, strict=True)]


ROWS = [
    row("matmul", A, B).but(batched=1),
    row("matmul", BATCH, OTHER),
    row("matmul", BATCH, drawn((4, 5))).but(batched=1),
    row("matmul", drawn((3, 2, 4)), drawn((4, 1))).but(batched=1),
    row("matmul", A, V),
    row("matmul", V, B).but(batched=0),
    row("matmul", V, W),
    row("matmul", V, drawn((2, 3, 4))).but(batched=2),
    row("matmul", drawn((2, 0)), drawn((0, 3))).but(batched=1, gradients=False),  # differences need numbers
    row("matmul", [[1, 2]], [[3], [4]]).but(symbolic=False, config=False),
    row("matmul", A, J[:3].tolist()).but(symbolic=False, config=False),  # Keras draws tensors only
    *counted("matmul", np.abs(I) % 2, J % 2),
    *counted("matmul", I, J - 3, dtypes=NARROW[2:]),
    *mixed("matmul", np.abs(I), J),
    row("dot", A, B).but(batched=1),
    row("dot", V, W),
    row("dot", A, V),
    row("dot", BATCH, drawn((4,))),
    row("dot", BATCH, drawn((4, 5))).but(batched=1),
    # Keras on torch multiplies as `matmul` does; numpy's and JAX's `dot` keep all axes, and so do Keras's shapes
    row("dot", BATCH, OTHER).but(expected=np.dot(BATCH, OTHER), batched=1, config=False),
    row("dot", A, 2.5),
    row("dot", np.array(2.0, "float32"), A).but(batched=0),
    row("dot", 2, 3).but(symbolic=False, config=False),
    *counted("dot", np.abs(I) % 2, J % 2),
    *mixed("dot", np.abs(I), J),
    row("inner", V, W),
    row("inner", A, drawn((4, 3), 1)).but(batched=1),
    row("inner", BATCH, drawn((4,))),
    row("inner", A, 2.0),
    *counted("inner", np.abs(I) % 2, np.abs(I[:1]) % 2),
    *mixed("inner", np.abs(I), np.abs(I)),
    row("outer", V, drawn((2,), 1)),
    row("outer", A, B),
    row("outer", 2, [1, 2]).but(symbolic=False, config=False),
    row("outer", V.astype("float16"), [1, 2]).but(symbolic=False, config=False),
    *over_dtypes("outer", np.abs(I), J),
    *mixed("outer", np.abs(I), J),
    row("vdot", V, W),
    row("vdot", np.array([1 + 2j, 3], "complex64"), np.array([2, 1 - 1j], "complex64")).but(config=False),
    # Keras on torch wants one axis
    row("vdot", 2.0, 3.0).but(expected=np.array(6.0, "float32"), symbolic=False, config=False),
    row("vdot", A, drawn((2, 3), 1)).but(expected=np.array(np.vdot(A, drawn((2, 3), 1))), config=False),
    *counted("vdot", np.abs(I[0]) % 2, np.abs(I[1]) % 2, truth=lambda a, b: np.array(np.vdot(a, b))),
    row("tensordot", BATCH, drawn((3, 4, 5))).but(batched=1),
    row("tensordot", A, B, 1).but(batched=1),
    row("tensordot", A, B, axes=0),
    row("tensordot", BATCH, drawn((4, 3)), axes=([1, 2], [1, 0])).but(symbolic=None),  # Keras trips over None
    row("tensordot", BATCH, OTHER, axes=[[2], [1]]).but(symbolic=None),  # the same
    row("tensordot", BATCH, OTHER, axes=(-1, -2)).but(symbolic=None, config=False),  # Keras draws lists of axes only
    *counted("tensordot", np.abs(I) % 2, J % 2, 1),
    *mixed("tensordot", np.abs(I), J, 1),
    row("einsum", "ij,jk->ik", A, B).but(batched=2),
    row("einsum", "bij,bjk->bik", BATCH, OTHER),
    row("einsum", "...ij,jk->...ik", BATCH, drawn((4, 5))).but(batched=2),
    row("einsum", "ij,jk", A, B).but(batched=2),
    row("einsum", "ii", drawn((3, 3))).but(symbolic=None, config=False),  # Keras draws one axis for both
    row("einsum", "ij->ji", A),
    row("einsum", "ij->", A),
    row("einsum", "i,j,k->ijk", V, W, V),
    row("einsum", "i,ij,j", drawn((2,)), A, V).but(batched=0),
    *[one.but(batched=2) for one in over_dtypes("einsum", "ij,jk->ik", np.abs(I), J, dtypes=DTYPES[1:])],
    # Keras on torch wants one dtype; Keras's shapes say where two meet
    *[
        row("einsum", "ij,jk->ik", np.abs(I).astype(a), J.astype(b)).but(
            expected=(np.abs(I) @ J).astype(c), config=False, batched=2
        )
        for a, b, c in (("int8", "uint8", "int16"), ("int32", "float32", "float32"), ("int64", "float16", "float16"))
    ],
    row("kron", A, B),
    row("kron", V, W),
    row("kron", A, V).but(expected=np.kron(A, V), symbolic=None, config=False),  # Keras draws the shorter shape
    row("kron", I, 2).but(symbolic=False, config=False),  # as above
    *over_dtypes("kron", np.abs(I), J),
    *mixed("kron", np.abs(I), J),
    # Keras on torch takes the first axis of size 3 without `axis`, of which torch warns; numpy and JAX the last
    row("cross", A, drawn((2, 3), 1)).but(expected=np.cross(A, drawn((2, 3), 1)), config=False),
    row("cross", V, A).but(expected=np.cross(V, A), config=False, batched=0),  # Keras on torch wants equally many axes
    # Keras cannot read its own config with an `axis` (axis=0 becomes axisa=0)
    row("cross", drawn((3, 2)), drawn((3, 2), 1), axis=0).but(batched=0, config=False),
    row("cross", BATCHES * V, BATCHES * W, axis=-1).but(config=False),
    # Keras on torch has no axes apart, and no vectors of two numbers
    row("cross", drawn((3, 2)), A, axisa=0).but(expected=np.cross(drawn((3, 2)), A, axisa=0), config=False, batched=0),
    row("cross", A, drawn((2, 3), 1), axisc=0).but(expected=np.cross(A, drawn((2, 3), 1), axisc=0), config=False),
    row("cross", drawn((4, 2)), drawn((4, 2), 1)).but(
        expected=np.linalg.det(np.stack([drawn((4, 2)), drawn((4, 2), 1)], 1)), config=False
    ),
    row("cross", drawn((4, 2)), drawn((4, 3), 1)).but(
        expected=np.cross(np.pad(drawn((4, 2)), ((0, 0), (0, 1))), drawn((4, 3), 1)), config=False
    ),
    *[one.but(batched=2) for one in counted("cross", np.abs(I), np.abs(I[::-1]), -1, -1, -1, -1, dtypes=NARROW[1:])],
    row("trace", drawn((3, 3))),
    row("trace", A, offset=1),
    row("trace", BATCH, -1, axis1=1, axis2=2),
    row("trace", BATCH, 0, -1, 0),
    *over_dtypes("trace", I),
]
