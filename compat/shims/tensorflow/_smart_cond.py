"""`tensorflow.python`: `framework.smart_cond` and `ops.control_flow_util`."""

from importlib import import_module


def smart_cond(pred, true_fn=None, false_fn=None, name=None):
    """What `true_fn` or `false_fn` returns: at once where `pred` is a plain truth, else by `tf.cond`."""
    if isinstance(pred, (bool, int)) or pred is None:
        chosen = true_fn if pred else false_fn
        return chosen() if callable(chosen) else chosen
    return import_module("tensorflow").cond(pred, true_fn, false_fn)


def smart_constant_value(pred):
    """The truth that is known already, or None."""
    return bool(pred) if isinstance(pred, (bool, int)) else None


def GraphOrParentsInXlaContext(graph) -> bool:
    """Whether XLA compiles the graph: nothing is, here."""
    return False
