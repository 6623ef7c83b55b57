"""`tf.distribute` with one replica: strategies that change nothing, so that scripts written for many devices run on one."""

from __future__ import annotations

import contextlib
import enum

from torchkeras_lite import ops, tree

from ._missing import getattr_of

__all__ = [
    "DistributedValues", "HierarchicalCopyAllReduce", "InputContext", "InputOptions", "MirroredStrategy",
    "MultiWorkerMirroredStrategy", "NcclAllReduce", "OneDeviceStrategy", "ReduceOp", "ReductionToOneDevice", "RunOptions",
    "Strategy", "TPUStrategy", "cluster_resolver", "experimental",
    "get_replica_context", "get_strategy", "has_strategy", "in_cross_replica_context",
]  # fmt: skip
__getattr__ = getattr_of(__name__)


class ReduceOp(enum.Enum):
    SUM, MEAN = "SUM", "MEAN"


class InputContext:
    """Which part of the data a worker reads: all of it."""

    num_input_pipelines, input_pipeline_id, num_replicas_in_sync = 1, 0, 1

    def get_per_replica_batch_size(self, global_batch_size):
        return global_batch_size


class _Replica:
    """The one replica."""

    num_replicas_in_sync, replica_id_in_sync_group = 1, 0

    def all_reduce(self, reduce_op, value, options=None):
        return value

    def merge_call(self, merge_fn, args=(), kwargs=None):
        return merge_fn(get_strategy(), *args, **(kwargs or {}))


class Strategy:
    """One replica, on the device that torchkeras_lite uses anyway. The arguments of TensorFlow's strategies have no effect."""

    num_replicas_in_sync = 1

    def __init__(self, *args, **kwargs):
        self.extended = self

    @contextlib.contextmanager
    def scope(self):
        """Inside, `get_strategy()` is this one."""
        _strategies.append(self)
        try:
            yield self
        finally:
            _strategies.remove(self)

    def run(self, fn, args=(), kwargs=None, options=None):
        return fn(*args, **(kwargs or {}))

    experimental_run_v2 = run

    def reduce(self, reduce_op, value, axis):
        """The value; with an `axis`, its sum or mean along it."""
        if axis is None:
            return value
        mean = (reduce_op if isinstance(reduce_op, str) else reduce_op.value).upper() == "MEAN"
        return tree.map_structure(lambda one: (ops.mean if mean else ops.sum)(one, axis=axis), value)

    def gather(self, value, axis):
        return value

    def experimental_distribute_dataset(self, dataset, options=None):
        return dataset

    def distribute_datasets_from_function(self, dataset_fn, options=None):
        return dataset_fn(InputContext())

    def experimental_local_results(self, value) -> tuple:
        return (value,)

    def make_dataset_iterator(self, dataset):
        return iter(dataset)


class MirroredStrategy(Strategy):
    pass


class MultiWorkerMirroredStrategy(Strategy):
    pass


class OneDeviceStrategy(Strategy):
    pass


class TPUStrategy(Strategy):
    pass


class Setting:
    """What says how TensorFlow's devices talk to each other; nothing here."""

    def __init__(self, *args, **kwargs):
        pass


HierarchicalCopyAllReduce = NcclAllReduce = ReductionToOneDevice = InputOptions = RunOptions = Setting


class DistributedValues:
    """A value for each replica; here values are themselves, so nothing is one."""


class experimental:
    """`tf.distribute.experimental`."""

    MultiWorkerMirroredStrategy, TPUStrategy = MultiWorkerMirroredStrategy, TPUStrategy
    CommunicationOptions = CommunicationImplementation = CollectiveHints = Setting

    class CentralStorageStrategy(Strategy):
        pass

    class CollectiveCommunication:
        AUTO, RING, NCCL = "AUTO", "RING", "NCCL"


_strategies = [Strategy()]


def get_strategy() -> Strategy:
    return _strategies[-1]


def has_strategy() -> bool:
    return len(_strategies) > 1


def get_replica_context() -> _Replica:
    return _Replica()


def in_cross_replica_context() -> bool:
    return False


class cluster_resolver:
    """`tf.distribute.cluster_resolver`."""

    class TPUClusterResolver:
        """There are no TPUs: a ValueError, which scripts take for that."""

        def __init__(self, tpu=None, *args, **kwargs):
            raise ValueError("Please provide a TPU Name to connect to: there is no TPU that torch could use here.")

        @classmethod
        def connect(cls, tpu=None, zone=None, project=None):
            return cls(tpu)
