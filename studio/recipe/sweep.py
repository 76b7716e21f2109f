"""A sweep: the runs that fields of a recipe make with several values each, all checked before any starts.

A grid is every combination of the values. A guided search goes over one field after the other, in the order
in which they matter, and keeps the best value of each before it comes to the next.
"""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from studio.catalogue import Phrase, listed, phrase, sentences
from studio.errors import RecipeError
from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import Recipe, applies, find_field

MOST = 200
"""So many runs may come out of one grid; a larger one is nearly always a slip of the hand."""
LONGEST_WORD = 24
RATE, RANK, ALPHA = "optimizer.learning_rate", "lora.rank", "lora.alpha"
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
    """A recipe, and fields that take several values each; every combination of them is a run.

    `guided`: instead, the fields are stages of a search in this order. With `alpha_follows` Alpha stays as
    many times Rank as in the recipe, wherever Rank is gone over and Alpha is not.
    """

    base: Recipe
    over: Over
    guided: bool = False
    alpha_follows: bool = False

    @property
    def count(self) -> int:
        """How many runs there will be; of a search whose stages begin with what came before, at most."""
        if not self.guided:
            return len(self.members())
        return sum(len(self.stage(place, {})) for place in range(len(self.over)))

    def stage(self, place: int, settled: Mapping[str, Any]) -> tuple[Member, ...]:
        """The runs of a stage of the search, with what the stages before it `settled`.

        A value that the recipe has anyway was trained in the stages before, so only the first stage has it.
        """
        path, values = self.over[place]
        entry = find_field(path)
        kept = {name: settled.get(name, find_field(name).value(self.base)) for name, _ in self.over[:place]}
        base = self._following(self.base.with_values(kept))
        grid = Sweep(base, ((path, values),), alpha_follows=self._alpha_follows)
        mine = entry.value(self.base)
        members = [m for m in grid._combinations() if not place or m.changes[path] != mine]
        return tuple(replace(member, changes={**kept, **member.changes}) for member in members)

    def plan(self) -> tuple[Recipe, ...]:
        """What each stage of a search would train if those before it changed nothing."""
        places = range(len(self.over))
        return tuple(member.recipe for place in places for member in self.stage(place, {}))

    def members(self) -> tuple[Member, ...]:
        """The grid in order, the last field changing fastest, each name different; or a search's first stage.

        Raises RecipeError naming the value or the member at fault, so that nothing starts that cannot end.
        """
        if not self.guided:
            return self._combinations()
        self._entries()
        first, *_ = [self.stage(place, {}) for place in range(len(self.over))]
        return first

    def _combinations(self) -> tuple[Member, ...]:
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

    @property
    def _alpha_follows(self) -> bool:
        return self.alpha_follows and all(path != ALPHA for path, _ in self.over)

    def _following(self, recipe: Recipe) -> Recipe:
        """The recipe, its Alpha as many times its Rank as in the base, where that is asked for."""
        lora = self.base.lora
        if not self._alpha_follows:
            return recipe
        return recipe.with_values({ALPHA: lora.alpha / lora.rank * recipe.lora.rank})

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
        recipe = self._following(recipe)
        changes = {entry.path: entry.value(recipe) for entry in entries}
        name = " ".join(f"{_called(entry)}-{_word(changes[entry.path])}" for entry in entries)
        if problems := recipe.problems():
            raise RecipeError("sweep.cannot_run", name=name, problems=sentences(problems))
        return Member(_distinct(name, names), changes, recipe)


def usual_stages(base: Recipe, rate: float) -> Over:
    """What a guided search goes over where nothing else is asked for, in the order that matters.

    Values lie around those of the recipe: three times the learning rate and a third of it (`rate` is the one
    that an empty field stands for), twice the rank and the batch and half of them, and an epoch more or less.
    """
    loop, chosen = base.loop, base.optimizer.learning_rate
    low, _, high = (float(f"{each:.2g}") for each in _around(chosen or rate, 3))
    stages: list[tuple[str, Sequence[Any]]] = [(RATE, (low, chosen, high))]
    if base.adapts:
        stages.append((RANK, _whole(base.lora.rank)))
    stages.append(("loop.batch_size", _whole(loop.batch_size)))
    if loop.steps:
        stages.append(("loop.steps", _whole(loop.steps)))
    else:
        fewer, same, more = loop.epochs - 1, loop.epochs, loop.epochs + 1
        stages.append(("loop.epochs", (fewer, same, more) if fewer > 0 else (same, more)))
    return tuple((path, tuple(dict.fromkeys(values))) for path, values in stages)


def _whole(value: int) -> tuple[int, ...]:
    """The half of it, it, and twice as many; never less than one."""
    return tuple(max(1, round(each)) for each in _around(value, 2))


def _around(value: float, times: float) -> tuple[float, float, float]:
    return value / times, value, value * times


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
