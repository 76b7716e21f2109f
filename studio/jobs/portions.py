"""How a run goes on that asked too much of the machine: in smaller portions, of the same batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.catalogue import phrase
from studio.events import Event, Log, PortionsHalved
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.history import history_of

if TYPE_CHECKING:
    from studio.dataset.render.render import Tokens
    from studio.train.prepare import Ready

LEAST = 16
"""Tokens at once that are never halved: one row of them is computed anyway."""


def in_portions(
    recipe: Recipe, run: RunFolder, ready: Ready, *, smaller: bool
) -> tuple[Recipe, tuple[Event, ...]]:
    """The recipe in the portions that the run has come to, which are halved first where `smaller`.

    And what is to be told of it.
    """
    halved = [event.tokens for event in history_of(run).all_of(PortionsHalved)]
    if not smaller and not halved:
        return recipe, ()
    tokens = halved[-1] if halved else _at_once(recipe, ready)
    tokens = max(LEAST, tokens // 2) if smaller else tokens
    values: dict[str, int | bool] = {"loop.tokens_at_once": tokens}
    if _can_recompute(ready):
        values["loop.checkpointing"] = True
    said = "portions.smaller" if "loop.checkpointing" in values else "portions.only_tokens"
    told = Log(str(phrase(said, tokens=tokens)))
    return recipe.with_values(values), (PortionsHalved(tokens), told) if smaller else (told,)


def _at_once(recipe: Recipe, ready: Ready) -> int:
    """The tokens that the recipe computes at once: where its batches have fewer than it allows, those."""
    from studio.train.session import default_budget

    allowed = recipe.loop.tokens_at_once or default_budget()
    longest = max((len(tokens.ids) - 1 for tokens in _sequences(ready)), default=allowed)
    width = max(longest, recipe.data.max_length) if recipe.data.packing else longest
    return min(allowed, recipe.loop.batch_size * width * (2 if recipe.pairs else 1))


def _sequences(ready: Ready) -> list[Tokens]:
    examples = ready.data.train
    return [each for e in examples for each in (e.tokens, e.rejected) if each is not None]


def _can_recompute(ready: Ready) -> bool:
    """Whether this model's family is one that gradient checkpointing knows."""
    from studio.train.kernels.overlay import verified

    return verified(ready.opened.module)
