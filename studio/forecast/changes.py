"""The smallest changes to a recipe that would make it fit, found by trying them through the forecast."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from studio import words
from studio.catalogue import Phrase, Value, listed, phrase
from studio.errors import StudioError
from studio.recipe.recipe import Recipe, find_field

MOST = 3
"""So many ways are told."""
LEAST_TOKENS = 128

type Values = dict[str, Any]


def changes(recipe: Recipe, peak_of: Callable[[Recipe], int], limit: int, tokens: int) -> list[Phrase]:
    """Ways to make the recipe fit into `limit` bytes, the gentlest first; at most three.

    `tokens` are those that the recipe computes at once now. A way that works alone is never told together
    with another; only where none does, they are combined in order until they fit.
    """
    found: list[Phrase] = []
    tried: list[Values] = []
    for way in _ways(recipe, tokens):
        for values in way:
            if (peak := _peak(recipe, values, peak_of)) is None:
                continue
            if peak <= limit:
                found.append(_sentence(values, peak))
                break
            tried.append(values)
        if len(found) == MOST:
            break
    return found or _together(recipe, peak_of, limit, tokens)


def _together(recipe: Recipe, peak_of: Callable[[Recipe], int], limit: int, tokens: int) -> list[Phrase]:
    """All that helps, one after the other until it fits; then what turned out to be needless is left out."""
    kept: Values = {}
    lowest = _peak(recipe, {}, peak_of) or 0
    for way in _ways(recipe, tokens):
        last = list(way)[-1:]
        for values in last:
            peak = _peak(recipe, {**kept, **values}, peak_of)
            if peak is not None and peak < lowest:
                kept, lowest = {**kept, **values}, peak
        if lowest <= limit:
            break
    if lowest > limit:
        return []
    for name in list(kept):
        fewer = {other: value for other, value in kept.items() if other != name}
        if fewer and (peak := _peak(recipe, fewer, peak_of)) is not None and peak <= limit:
            kept, lowest = fewer, peak
    return [_sentence(kept, lowest)]


def _ways(recipe: Recipe, tokens: int) -> Iterator[Iterator[Values]]:
    """Ways to save memory, those that change least of what is learned first; in each the mildest first."""
    yield _halved("loop.tokens_at_once", tokens, LEAST_TOKENS)
    if not recipe.loop.checkpointing:
        yield iter([{"loop.checkpointing": True}])
    if recipe.optimizer.name in ("adamw", "muon"):
        yield iter([{"optimizer.name": "adamw8bit"}])
    if recipe.adapts and recipe.base.quantize != "4-bit":
        sizes = ["4-bit"] if recipe.base.quantize == "8-bit" else ["8-bit", "4-bit"]
        yield iter([{"base.quantize": size} for size in sizes])
    if not recipe.adapts:
        yield iter([{"method": "lora"}])
    yield iter([{"scope.layers": count} for count in (16, 8, 4) if not 0 < recipe.scope.layers <= count])
    yield _halved("data.max_length", recipe.data.max_length, 256)
    yield _halved("lora.rank", recipe.lora.rank, 4) if recipe.adapts else iter(())


def _halved(name: str, value: int, least: int) -> Iterator[Values]:
    while value // 2 >= least:
        value //= 2
        yield {name: value}


def _peak(recipe: Recipe, values: Values, peak_of: Callable[[Recipe], int]) -> int | None:
    """The peak with these values, or None where they are not possible with this model."""
    try:
        changed = recipe.with_values(values)
        return None if changed.problems() else peak_of(changed)
    except StudioError:
        return None


def _sentence(values: Values, peak: int) -> Phrase:
    """Set Tokens at once to 512: 9.1 GB."""
    asked = [
        phrase("forecast.change", title=find_field(name).title, value=_shown(value))
        for name, value in values.items()
    ]
    return phrase("forecast.set", changes=listed(asked), peak=words.memory(peak))


def _shown(value: Any) -> Value:
    return phrase("forecast.on") if value is True else value if isinstance(value, int) else str(value)
