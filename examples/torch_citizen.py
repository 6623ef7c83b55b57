"""A Keras model is a torch.nn.Module: train it with a loop of your own, mix it with torch modules, keep its state_dict.

    python examples/torch_citizen.py
"""

import torch
from sklearn.datasets import load_digits
from torch import nn

from torchkeras_lite import layers, models

torch.manual_seed(1)
images, labels = load_digits(return_X_y=True)
x = torch.tensor(images, dtype=torch.float32) / 16
y = torch.tensor(labels)

# Any torch module may stand among Keras layers ...
body = models.Sequential([layers.Dense(64, activation="relu", input_shape=(64,)), nn.LayerNorm(64), layers.Dropout(0.1)])
# ... and a Keras model among torch modules.
net = nn.Sequential(body, layers.Dense(10)).to(x.device)
net(x[:1])  # the last layer learns its input size here

optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
net.train()
for epoch in range(15):
    total = 0.0
    for index in torch.randperm(len(x)).split(64):
        loss = nn.functional.cross_entropy(net(x[index]), y[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(index)
    print(f"epoch {epoch + 1:2d}  loss {float(total) / len(x):.4f}")

net.eval()
with torch.inference_mode():
    print(f"accuracy {(net(x).argmax(-1) == y).float().mean():.3f}")
print("state_dict:", list(net.state_dict()))
