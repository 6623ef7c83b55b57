"""Low-rank adaptation (LoRA, Hu et al. 2021): a frozen weight W goes on learning as W + alpha / rank * A B."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from torchkeras_lite.variable import Variable


class LowRank:
    """The part of a layer whose main weight can be adapted.

    The torch module inside stays the module it was, under the names it had; only its `weight` is the sum from then on. So
    whatever uses the module learns A and B, and a layer that is not adapted pays nothing.
    """

    adapts = "kernel"  # the attribute that holds the weight

    def _settle_adaptation(self, rank, alpha) -> None:
        """To be called by the constructor."""
        self.lora_rank = rank
        self.lora_alpha = rank if alpha is None else alpha
        self.lora_enabled = False

    def _adapt_as_told(self) -> None:
        """To be called at the end of `build`."""
        self.__dict__.setdefault(f"_{self.adapts}", self.__dict__.get(self.adapts))  # what is stored, under Keras's name
        if self.lora_rank:
            self.enable_lora(self.lora_rank, self.lora_alpha)

    @property
    def unsaved(self):
        return super().unsaved if self.lora_rank else (*super().unsaved, "lora_rank", "lora_alpha")

    def enable_lora(self, rank, lora_alpha=None, a_initializer="he_uniform", b_initializer="zeros") -> None:
        """Freezes the weight, of shape (..., n), and adds to it alpha / rank * A B, which is trained instead.

        Args:
            rank: the length of the axis between A (..., rank) and B (rank, n).
            lora_alpha: the strength; `rank` if left out.
            a_initializer, b_initializer: what A and B begin with. As B is zero, nothing changes at first.

        Raises:
            ValueError: the layer is not built, is adapted already, or has a constraint on the weight.
        """
        name = self.adapts
        if getattr(self, f"{name}_constraint"):
            raise ValueError(
                f"Lora is incompatible with {name.removesuffix('s')} constraints, and layer {self.name!r} has one: the sum "
                f"would not keep to it. Make the layer without `{name}_constraint`."
            )
        if not self.built and name not in self.__dict__:
            raise ValueError(
                f"Cannot enable lora on a layer that isn't yet built, as {self.name!r} is. Call the layer, or its model, on "
                "some data first."
            )
        if self.lora_enabled:
            raise ValueError(f"lora is already enabled on layer {self.name!r}. This can only be done once per layer.")
        base = getattr(self, name)
        module, shape = base._module, base.shape
        given = {
            "a": ((*shape[:-1], rank), a_initializer),
            "b": ((rank, shape[-1]), b_initializer),
        }
        factors = []
        for letter, (size, initializer) in given.items():
            key = f"lora_{name}_{letter}"
            module.register_parameter(key, nn.Parameter(torch.empty(size, dtype=torch.float32, device=base.device)))
            factor = self.adopt(key, module, key, None, initializer, getattr(self, f"{name}_regularizer"))
            setattr(self, key, factor)
            factors.append(factor)
        alpha = rank if lora_alpha is None else lora_alpha
        self._join(base, factors, alpha / rank)
        self.lora_rank, self.lora_alpha, self.lora_enabled = rank, alpha, True

    def _join(self, base, factors, scale) -> None:
        """Makes the weight a sum."""
        name, module = self.adapts, base._module
        base.trainable = False
        self.__dict__[f"_{name}"] = base
        self.__dict__[name] = AdaptedVariable(base, *factors, scale)  # one more view, and no weight of its own
        if module is not self.own_tables:
            module.__class__ = ADAPTED[type(module)]
            module.adaptation = (factors[0].name, factors[1].name, scale, base._layout)

    # In files an adapted layer looks like any other of its kind: the sum is the weight.

    def saved_variables(self) -> list:
        if not self.lora_enabled:
            return super().saved_variables()
        base, factors = getattr(self, f"_{self.adapts}"), self._factors()
        rest = [variable for variable in self._variables if not any(variable is factor for factor in factors)]
        return [getattr(self, self.adapts) if variable is base else variable for variable in rest]

    def load_own_variables(self, store) -> None:
        if self.lora_enabled and len(store.keys()) == len(self.saved_variables()):
            for factor in self._factors():
                factor.assign(torch.zeros(factor.shape))
        super().load_own_variables(store)

    def _factors(self) -> list:
        return [getattr(self, f"lora_{self.adapts}_{letter}") for letter in "ab"]


class AdaptedVariable(Variable):
    """What the weight is with the adaptation. What is assigned to it changes W, so that the sum is what was assigned."""

    def __init__(self, base: Variable, a: Variable, b: Variable, scale: float):
        self._init(base._module, base._key, base._layout, base.name, base.path)
        self._parts = (base, a, b, scale)
        self._wants_training = False

    @property
    def raw(self):
        base, a, b, scale = self._parts
        return adapted(base.raw, a.raw, b.raw, scale, self._layout)

    def assign(self, value):
        base, a, b, scale = self._parts
        value = torch.as_tensor(value, dtype=base.raw.dtype, device=base.raw.device)
        base.assign(value - ((a.raw @ b.raw) * scale).detach().to(value.dtype))
        return self


def adapted(weight, a, b, scale, layout):
    """The weight, in torch's layout, with its adaptation, whose factors are in Keras's."""
    change = (a @ b) * scale
    return weight + (change if layout is None else layout.from_keras(change)).to(weight.dtype)


# ---------------------------------------------------------------- torch's modules, adapted


class AdaptedModule:
    """A torch module whose `weight` is a sum. The parameter itself keeps its name, in `state_dict()` too."""

    adaptation: tuple  # the names of A and B among the parameters, the scale, the layout

    @property
    def weight(self):
        a, b, scale, layout = self.adaptation
        return adapted(self._parameters["weight"], self._parameters[a], self._parameters[b], scale, layout)


class AdaptedLinear(AdaptedModule, nn.Linear):
    pass


class AdaptedEmbedding(AdaptedModule, nn.Embedding):
    def forward(self, indices):  # of the sum only the rows that are asked for
        a, b, scale, _ = self.adaptation
        vectors = F.embedding(indices, self._parameters["weight"])
        change = F.embedding(indices, self._parameters[a]) @ self._parameters[b]
        return vectors + (change * scale).to(vectors.dtype)


ADAPTED: dict[type, type] = {nn.Linear: AdaptedLinear, nn.Embedding: AdaptedEmbedding}
