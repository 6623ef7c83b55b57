"""Two runs of a script with a seed are equal, bit by bit: initialization, shuffling, dropout, workers."""

KINDS = ["arrays", "threads", "processes", "loader"]
CODE = """
import hashlib, sys
import numpy as np, torch
import torchkeras_lite as keras
from torchkeras_lite import layers

keras.utils.set_random_seed(7)
x, y = np.random.rand(64, 8).astype("float32"), np.random.rand(64, 1).astype("float32")

class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 8

    def __getitem__(self, i):
        rows = slice(8 * i, 8 * i + 8)
        return x[rows] + np.float32(noise()), y[rows]

class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return 64

    def __getitem__(self, i):
        return x[i] + np.float32(noise()), y[i]

noise = lambda: torch.rand(()).item() + np.random.rand() if kind in ("processes", "loader") else 0.0
data = {
    "arrays": lambda: (x, y),
    "threads": lambda: (Batches(workers=3),),
    "processes": lambda: (Batches(workers=2, use_multiprocessing=True),),
    "loader": lambda: (torch.utils.data.DataLoader(Rows(), batch_size=8, shuffle=True, num_workers=2),),
}
for kind in sys.argv[1:]:
    model = keras.Sequential([layers.Dense(16, "relu"), layers.Dropout(0.3), layers.GaussianNoise(0.1), layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(*data[kind](), epochs=3, verbose=0).history
    digest = hashlib.sha256(b"".join(weight.tobytes() for weight in model.get_weights()))
    print(kind, digest.hexdigest(), history["loss"], np.random.rand(), torch.rand(()).item())
"""


def test_two_runs_are_equal(fresh):
    first, second = (fresh("-c", CODE, *KINDS, ok=True, real=True).out.splitlines() for _ in range(2))
    assert [line.split()[0] for line in first] == KINDS
    assert first == second
