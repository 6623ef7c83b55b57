"""Computing in sixteen bits while variables keep thirty-two: the words that Keras 2 had for dtype policies."""

from torchkeras_lite.dtype_policies import DTypePolicy, dtype_policy, set_dtype_policy
from torchkeras_lite.dtype_policies import DTypePolicy as Policy
from torchkeras_lite.dtype_policies import dtype_policy as global_policy
from torchkeras_lite.dtype_policies import set_dtype_policy as set_global_policy
from torchkeras_lite.optimizers import LossScaleOptimizer

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
