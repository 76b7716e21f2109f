"""A staged recipe: several recipes in one file, each of which goes on from what the one before it made.

What stands at the top of the file holds for every stage, and each `[[stage]]` says what is different in it:

    model = "starter"
    lora.rank = 8

    [[stage]]
    name = "read"
    objective = "text"
    data.path = "articles.txt"

    [[stage]]
    name = "answer"
    data.path = "chats.jsonl"
    loop.epochs = 2
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.catalogue import sentences
from studio.errors import RecipeError
from studio.paths import STARTER_MODEL
from studio.recipe.files import STAGE, read_tables, values_in
from studio.recipe.recipe import Recipe, find_field
from studio.recipe.sweep import Member


@dataclass(frozen=True)
class StagedRecipe:
    """What all stages have in common, and for each its name and the fields it sets, by their full names."""

    base: Recipe
    stages: tuple[tuple[str, Mapping[str, Any]], ...]

    def members(self) -> tuple[Member, ...]:
        """The stages in order, as recipes; where each goes on from the one before is settled as it starts.

        Raises RecipeError naming the stage at fault, so that nothing starts that cannot end.
        """
        found: list[Member] = []
        for number, (name, changes) in enumerate(self.stages, 1):
            if name in {member.name for member in found}:
                raise RecipeError("stages.name_twice", name=name)
            later = {"base.adapter": ""} if number > 1 else {}
            recipe = _recipe(name, self.base, {**later, **changes})
            _check(number, name, recipe, self.base)
            found.append(Member(name, {path: find_field(path).value(recipe) for path in changes}, recipe))
        return tuple(found)

    def remarks(self) -> Iterator[str]:
        """What a person should know beforehand: nothing, where every stage is what was asked for."""
        yield from ()


def has_stages(file: Path) -> bool:
    """Whether a file is a recipe in stages."""
    return file.suffix.lower() == ".toml" and file.is_file() and STAGE in read_tables(file)


def read_stages(file: Path) -> StagedRecipe:
    """The staged recipe in a TOML file. Paths in it are relative to the folder that it is in.

    Raises RecipeError with the file and what is wrong: it cannot be read, names a field that does not exist,
    has a value that is not possible, or stages that cannot follow each other.
    """
    tables = read_tables(file)
    try:
        return _staged(tables, file.resolve().parent)
    except RecipeError as error:
        raise RecipeError("recipe.in_file", file=file, fault=error.said) from error


def _staged(tables: dict[str, Any], folder: Path) -> StagedRecipe:
    stages = tables.pop(STAGE, [])
    if not (isinstance(stages, list) and stages and all(isinstance(stage, dict) for stage in stages)):
        raise RecipeError("stages.none")
    found = []
    for number, stage in enumerate(stages, 1):
        name = str(stage.pop("name", "") or f"stage-{number}")
        try:
            found.append((name, _placed(dict(values_in(stage)), folder)))
        except RecipeError as error:
            raise RecipeError("stages.at_fault", name=name, fault=error.said) from error
    staged = StagedRecipe(Recipe().with_values(_placed(dict(values_in(tables)), folder)), tuple(found))
    staged.members()
    return staged


def _placed(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The values, with paths that stand in the file made whole."""
    placed = dict(values)
    for path in ("model", "data.path", "base.adapter"):
        value = str(placed.get(path) or STARTER_MODEL)
        beside = folder / Path(value).expanduser()
        if value != STARTER_MODEL and (path == "data.path" or beside.exists()):
            placed[path] = str(beside)
    return placed


def _recipe(name: str, base: Recipe, values: Mapping[str, Any]) -> Recipe:
    try:
        return base.with_values(values)
    except RecipeError as error:
        raise RecipeError("stages.at_fault", name=name, fault=error.said) from error


def _check(number: int, name: str, recipe: Recipe, base: Recipe) -> None:
    """Raise RecipeError where a stage could not follow the one before it."""
    if recipe.model != base.model:
        raise RecipeError("stages.other_model", name=name)
    if number > 1 and recipe.base.adapter:
        raise RecipeError("stages.own_parent", name=name)
    if not recipe.data.path:
        raise RecipeError("stages.no_dataset", name=name)
    if not Path(recipe.data.path).expanduser().exists():
        raise RecipeError("stages.dataset_missing", name=name, path=recipe.data.path)
    if problems := recipe.problems():
        raise RecipeError("stages.at_fault", name=name, fault=sentences(problems))
