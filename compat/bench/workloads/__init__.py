"""What is measured: one row per workload.

A new workload is one file here and one entry of WORKLOADS: the data, the model written with the Keras names, and the same
model written by hand in torch. `import torch` stays out of the module bodies: the children time that import themselves.
"""

from workloads.base import LARGE_BATCH, PREDICT_BATCH, Workload
from workloads.cnn import cnn_data, cnn_keras, cnn_torch
from workloads.mlp import mlp_data, mlp_keras, mlp_modules, mlp_torch
from workloads.resnet import resnet_data, resnet_keras, resnet_torch
from workloads.texts import lstm_data, lstm_keras, lstm_torch, transformer_data, transformer_keras, transformer_torch
from workloads.tiny import tiny_data, tiny_keras, tiny_modules, tiny_torch

WORKLOADS = {
    "tiny": Workload(
        rows=768, batch=10, loss="binary_crossentropy", data=tiny_data, build_keras=tiny_keras, build_torch=tiny_torch,
        says="Dense 12-8-1", calls=15, long=10, goal=1.3, build_modules=tiny_modules,
    ),
    "mlp": Workload(
        rows=60_000, batch=128, loss="sparse_categorical_crossentropy", data=mlp_data, build_keras=mlp_keras,
        build_torch=mlp_torch, says="Dense 512, Dropout, Dense 10", calls=3, long=2, goal=1.05,
        build_modules=mlp_modules,
    ),
    "cnn": Workload(
        rows=3200, batch=128, loss="sparse_categorical_crossentropy", data=cnn_data, build_keras=cnn_keras,
        build_torch=cnn_torch, says="two 3x3 convolutions (32, 64) with pooling, Dropout, Dense 10", calls=3, long=2, goal=1.05,
    ),
    "resnet": Workload(
        rows=640, batch=32, loss="sparse_categorical_crossentropy", data=resnet_data, build_keras=resnet_keras,
        build_torch=resnet_torch, says="three residual stages (32, 64, 128) with BatchNormalization, functional", calls=3,
        long=2, goal=1.05,
    ),
    "lstm": Workload(
        rows=1024, batch=64, loss="binary_crossentropy", data=lstm_data, build_keras=lstm_keras, build_torch=lstm_torch,
        says="Embedding 32, LSTM 64, Dense 1", calls=5, long=3, goal=1.1,
    ),
    "transformer": Workload(
        rows=1024, batch=64, loss="binary_crossentropy", data=transformer_data, build_keras=transformer_keras,
        build_torch=transformer_torch, says="Embedding 32, one transformer block of 4 heads, mean, Dense 1", calls=5, long=3,
        goal=1.1,
    ),
}  # fmt: skip
