"""LambdaCallback: functions as hooks."""

from __future__ import annotations

from torchkeras_lite.callbacks.base import HOOKS, Callback


class LambdaCallback(Callback):
    """A callback made of functions: `LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))`.

    Args:
        on_...: a function for any hook of `Callback`, with the arguments of that hook (hooks of batches are called as
            `f(batch, logs=logs)`).
        **kwargs: anything else becomes an attribute.

    Raises:
        TypeError: a name begins with `on_` and is no hook.
    """

    def __init__(
        self,
        on_epoch_begin=None,
        on_epoch_end=None,
        on_train_begin=None,
        on_train_end=None,
        on_train_batch_begin=None,
        on_train_batch_end=None,
        **kwargs,
    ):
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        for name, value in {**hooks, **kwargs}.items():
            if name.startswith("on_"):
                if name not in HOOKS:
                    raise TypeError(f"LambdaCallback got {name!r}, which is no hook. The hooks are: {', '.join(HOOKS)}.")
                if value is None:
                    continue
            setattr(self, name, value)
