"""A sweep: the runs that a grid over a recipe's fields makes, named and checked before any of them starts."""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from studio.catalogue import Phrase, listed, phrase, sentences
from studio.errors import RecipeError
from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import Recipe, applies, find_field

MOST = 200
"""So many runs may come out of one grid; a larger one is nearly always a slip of the hand."""
LONGEST_WORD = 24
FORM = "--over takes FIELD=VALUE,VALUE, for example --over lora.rank=8,16,32"

type Over = tuple[tuple[str, tuple[Any, ...]], ...]
"""Fields by their full names, each with the values that it takes in turn."""


@dataclass(frozen=True)
class Member:
    """One run of a sweep: its name, which fits a file's, what it changes, and the recipe that comes of it."""

    name: str
    changes: dict[str, Any]
    recipe: Recipe

    @property
    def words(self) -> str:
        """The changes as a person reads them: Rank 16, Learning rate 2e-4."""
        return ", ".join(f"{find_field(path).title} {short(value)}" for path, value in self.changes.items())


@dataclass(frozen=True)
class Sweep:
    """A recipe, and fields that take several values each; every combination of them is a run."""

    base: Recipe
    over: Over

    def members(self) -> tuple[Member, ...]:
        """The grid in order, the last field changing fastest, each name different.

        Raises RecipeError naming the value or the member at fault, so that nothing starts that cannot end.
        """
        entries = self._entries()
        if (count := math.prod(len(values) for _, values in self.over)) > MOST:
            raise RecipeError("sweep.too_many", count=count, most=MOST)
        found: dict[tuple[Any, ...], Member] = {}
        names: set[str] = set()
        for values in itertools.product(*(values for _, values in self.over)):
            member = self._member(entries, values, names)
            effect = tuple(
                (member.changes[entry.path],) if applies(entry, member.recipe) else () for entry in entries
            )
            if effect in found:
                raise _twins(entries, found[effect], member)
            found[effect] = member
            names.add(member.name)
        return tuple(found.values())

    def remarks(self) -> Iterator[Phrase]:
        """What a person should know before comparing the members."""
        varied = [find_field(path) for path, _ in self.over]
        changed = [entry.title for entry in varied if _changes_what_is_held_out(entry)]
        if changed:
            yield phrase("sweep.held_out", fields=listed(changed))

    def _entries(self) -> list[FieldEntry]:
        if not self.over:
            raise RecipeError("sweep.no_field", form=FORM)
        entries = [find_field(path) for path, _ in self.over]
        for place, entry in enumerate(entries):
            if entry.path == "data.path":
                raise RecipeError("sweep.over_datasets")
            if entry in entries[:place]:
                raise RecipeError("sweep.field_twice", title=entry.title, name=entry.path)
        return entries

    def _member(self, entries: Sequence[FieldEntry], values: Sequence[Any], names: set[str]) -> Member:
        recipe = self.base.with_values({e.path: value for e, value in zip(entries, values, strict=True)})
        changes = {entry.path: entry.value(recipe) for entry in entries}
        name = " ".join(f"{_called(entry)}-{_word(changes[entry.path])}" for entry in entries)
        if problems := recipe.problems():
            raise RecipeError("sweep.cannot_run", name=name, problems=sentences(problems))
        return Member(_distinct(name, names), changes, recipe)


def parse_over(text: str) -> tuple[str, tuple[str, ...]]:
    """`lora.rank=8,16` as the field's full name and its values.

    A value with a comma in it stands in double quotes: `targets=all,"q_proj,v_proj"` (for a shell, all of
    it in single quotes). Raises RecipeError.
    """
    name, equals, rest = text.partition("=")
    if not equals:
        raise RecipeError("sweep.no_values", form=FORM, text=repr(text))
    try:
        (row,) = csv.reader([rest], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError) as error:
        raise RecipeError("sweep.quote", text=text) from error
    values = tuple(value.strip() for value in row)
    if not values or "" in values:
        raise RecipeError("sweep.empty_value", text=text)
    return find_field(name.strip()).path, values


def short(value: Any) -> str:
    """A value in few letters: 16, 2e-4, 0.05, auto, yes."""
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return str(value)
    if value and abs(value) < 0.001:
        digits, _, power = f"{value:.5e}".partition("e")
        return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"
    return f"{value:.6g}"


def _called(entry: FieldEntry) -> str:
    return entry.group if entry.name == "name" else entry.name


def _word(value: Any) -> str:
    """A value as part of a file's name."""
    text = short(value)
    if "/" in text:
        text = PurePath(text).name
    return re.sub(r"[^\w.+-]+", "-", text)[:LONGEST_WORD].strip("-") or "none"


def _distinct(name: str, taken: set[str]) -> str:
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return next(each for each in itertools.chain([name], numbered) if each not in taken)


def _twins(entries: Sequence[FieldEntry], one: Member, other: Member) -> RecipeError:
    """Why two members would train the very same."""
    resting = [entry.title for entry in entries if one.changes[entry.path] != other.changes[entry.path]]
    if not resting:
        return RecipeError("sweep.twice", name=one.name)
    return RecipeError("sweep.twins", one=one.name, other=other.name, resting=listed(resting))


def _changes_what_is_held_out(entry: FieldEntry) -> bool:
    return (entry.group == "data" and entry.name != "packing") or entry.path in (
        "model",
        "objective",
        "loop.seed",
    )
