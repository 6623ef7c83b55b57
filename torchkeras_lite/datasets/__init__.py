"""Data sets to learn with: each is a module with `load_data`."""

from torchkeras_lite.datasets import source
from torchkeras_lite.datasets import images, tables, texts
from torchkeras_lite.datasets import boston_housing, california_housing, cifar10, cifar100, fashion_mnist, imdb, mnist, reuters
