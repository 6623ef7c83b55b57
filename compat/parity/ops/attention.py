"""Attention."""

import numpy as np
from values import drawn

from ops.harness import over_dtypes, row

Q, K, V = drawn((2, 5, 4, 3)), drawn((2, 6, 4, 3), 1), drawn((2, 6, 4, 3), 2)
MASK = drawn((2, 1, 5, 6), 3) > -0.5
MASK[..., 0] = True
BIAS = drawn((2, 4, 5, 6), 4)
BLIND = MASK & (np.arange(5) > 0)[:, None]  # the first query sees nothing
CAUSAL = np.tril(np.ones((5, 6), bool))
FAR = np.float32(-2e38)
WIDE = [each.astype("float64") for each in (Q, K, V)]


def attended(q, k, v, added=0.0, cap=None):
    logits = np.einsum("btnh,bsnh->bnts", q, k).astype("float64") / np.sqrt(q.shape[-1])
    logits = (logits if cap is None else cap * np.tanh(logits / cap)) + added
    chances = np.exp(logits - logits.max(-1, keepdims=True))
    return np.einsum("bnts,bsnh->btnh", chances / chances.sum(-1, keepdims=True), v).astype(q.dtype)


ROWS = [
    row("dot_product_attention", Q, K, V),
    row("dot_product_attention", Q, K, V, scale=0.3),
    row("dot_product_attention", Q, K, V, is_causal=True),
    row("dot_product_attention", Q, K, V, BIAS),
    row("dot_product_attention", Q, K, V, bias=BIAS[:1, :1], flash_attention=False),
    row("dot_product_attention", Q, K, V, mask=MASK),
    row("dot_product_attention", Q, K, V, None, MASK, 0.3),
    # Who sees nothing gets the mean of the values, and (as in Keras) a gradient that differences do not have.
    row("dot_product_attention", Q, K, V, mask=BLIND).but(gradients=False),
    row("dot_product_attention", Q, K, V, mask=MASK.astype("int32")),
    row("dot_product_attention", Q, K, V, mask=MASK, is_causal=True),
    row("dot_product_attention", Q, K[:, :, :2], V[:, :, :2]),
    row("dot_product_attention", Q, K[:, :, :1], V[:, :, :1]),
    # The shape that Keras says of symbolic tensors is always the query's.
    row("dot_product_attention", Q, K, np.concatenate([V, V], -1)).but(symbolic=None),
    # Keras on torch refuses these; JAX takes the first two, and knows caps on TPUs.
    row("dot_product_attention", Q, K, V, BIAS, MASK).but(expected=attended(Q, K, V, np.where(MASK, BIAS, FAR)), config=False),
    row("dot_product_attention", Q, K, V, BIAS, is_causal=True).but(
        expected=attended(Q, K, V, np.where(CAUSAL, BIAS, FAR)), config=False
    ),
    row("dot_product_attention", Q, K, V, attn_logits_soft_cap=0.5).but(
        expected=attended(Q, K, V, cap=0.5), config=False, symbolic=None
    ),
    row("dot_product_attention", Q, K, V, mask=MASK, is_causal=True, attn_logits_soft_cap=0.5).but(
        expected=attended(Q, K, V, np.where(MASK & CAUSAL, 0, FAR), cap=0.5), config=False, symbolic=None
    ),
    *over_dtypes("dot_product_attention", Q, K, V, dtypes=("float16", "bfloat16", "float32")),
    # Keras on torch makes float32 of float64.
    row("dot_product_attention", *WIDE).but(expected=attended(*WIDE), config=False),
    row("dot_product_attention", Q.astype("float16"), K, V).but(gradients=False, config=False),
]
