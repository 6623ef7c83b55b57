"""Models: a layer that can be trained, shown and saved."""

from torchkeras_lite.saving import load_model, model_from_json, save_model
from torchkeras_lite.models.trainer import Trainer
from torchkeras_lite.models.model import Model
from torchkeras_lite.models.functional import Functional
from torchkeras_lite.models.sequential import Sequential
from torchkeras_lite.models.cloning import clone_model
