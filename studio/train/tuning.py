"""A recipe in the words of the models' room: what is trained, and in which form the base is held."""

from __future__ import annotations

from studio.models.form import Form
from studio.models.tuning import Tuning
from studio.train.recipe import Recipe


def tuning_of(recipe: Recipe) -> Tuning:
    """What the recipe trains of its model."""
    lora, scope = recipe.lora, recipe.scope
    return Tuning(
        method=recipe.method,
        rank=lora.rank,
        alpha=lora.alpha,
        dropout=lora.dropout,
        rank_stabilized=lora.rank_stabilized,
        targets=lora.targets,
        layers=scope.layers,
        embeddings=scope.embeddings,
        head=scope.head,
    )


def form_of(recipe: Recipe) -> Form:
    """The form the recipe's base model is loaded in. Weights that are trained themselves stay unquantized."""
    base = recipe.base
    if not recipe.adapts or base.quantize == "no":
        return Form(precision=base.precision)
    bits = int(base.quantize.removesuffix("-bit"))
    return Form(bits, int(base.group_size), base.mode, base.precision)
