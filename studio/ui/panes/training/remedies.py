"""What advice names of the recipe, as links; and the value that such a link sets."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from studio.catalogue import Said
from studio.language import tr
from studio.recipe.recipe import Recipe
from studio.ui.form.words import ENTRIES

_NAMED = re.compile(r"\(([a-z_]+(?:\.[a-z_]+)?)\)")
"""How advice names a field: its path in parentheses, behind its title where the sentence has that."""
_RAISING = (tr("rate too low"), "underfitting")
"""The kinds of advice that ask for more; the others ask for less."""
DROPOUT, PATIENCE = 0.1, 3


def linked(remedy: Said) -> str:
    """The remedy as rich text, in which every field of the recipe is a link to its path."""
    return _told(str(remedy), lambda title, path: f'<a href="{path}">{escape(title)}</a>', escape)


def spoken(remedy: Said) -> str:
    """The remedy in plain words, fields by their titles."""
    return _told(str(remedy), lambda title, _: title, str)


def proposal(advice: str, path: str, recipe: Recipe, rate: float | None) -> float | int | None:
    """What a field would best be after an advice, or None where that is for the person to decide.

    `advice` is its kind, `rate` the learning rate of the run, which an empty field stands for.
    """
    more = advice in _RAISING
    match path:
        case "optimizer.learning_rate":
            rate = recipe.optimizer.learning_rate or rate
            return None if not rate else float(f"{rate * 3 if more else rate / 3:.2g}")
        case "loop.epochs":
            epochs = recipe.loop.epochs
            return 2 * epochs if more else max(epochs - 1, epochs / 2)
        case "lora.rank":
            return 2 * recipe.lora.rank if more else max(1, recipe.lora.rank // 2)
        case "optimizer.warmup":
            return min(2 * recipe.optimizer.warmup, 0.5) or 0.1
        case "optimizer.clip":
            return recipe.optimizer.clip / 2 or 1.0
        case "lora.dropout":
            return max(DROPOUT, recipe.lora.dropout)
        case "loop.patience":
            return recipe.loop.patience or PATIENCE
    return None


def _told(remedy: str, tell: Callable[[str, str], str], plain: Callable[[str], str]) -> str:
    """The remedy with what `tell` says of every title and path, and `plain` of the rest."""
    told, start = "", 0
    for found in _NAMED.finditer(remedy):
        if (entry := ENTRIES.get(found[1])) is None:
            continue
        before = remedy[start : found.start()]
        stem = before.rstrip()
        title = stem[-len(entry.title) :]
        if title.lower() == entry.title.lower():
            told += plain(stem[: -len(title)]) + tell(title, entry.path)
        else:
            told += f"{plain(before)}({tell(entry.title, entry.path)})"
        start = found.end()
    return told + plain(remedy[start:])
