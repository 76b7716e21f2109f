"""Recipes as files that a person can read and edit (TOML), and the ready ones that ship with the app."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import RecipeError
from studio.files import FORMAT, NewerFile, check_target, version_of, write_text
from studio.paths import model_folder, resource
from studio.recipe.recipe import Recipe, fields, find_field

ABOUT = "about"
"""The table in which a recipe file may introduce itself: its title, and a sentence of help."""
KNOWN = 1
"""The version of recipe files; they name none as long as it is the first."""
STAGE = "stage"
"""The tables of a recipe in stages: see `studio.recipe.stages`."""


@dataclass(frozen=True)
class ReadyRecipe:
    """A recipe that ships with the app. Its model is named as on the Hub: the person chooses the folder."""

    name: str  # the file's, without its ending
    title: str
    help: str
    recipe: Recipe


def read_recipe(file: Path) -> Recipe:
    """The recipe in a TOML file; what it leaves out is as by default.

    Raises RecipeError with the file and what is wrong: it cannot be read, a field does not exist (with the
    nearest one that does), or a value is not possible.
    """
    return _recipe(file, read_tables(file))


def write_recipe(file: Path, recipe: Recipe) -> None:
    """Write a recipe's model, and all that is not as by default, whole or not at all.

    Raises TargetError where the file would replace, or lie in, the recipe's dataset or model.
    """
    check_target(file, _sources(recipe))
    lines: list[str] = []
    group = ""
    for entry in fields():
        value = entry.value(recipe)
        if value == entry.default and entry.path != "model":
            continue
        if entry.group != group:
            group = entry.group
            lines += ["", f"[{group}]"]
        lines.append(f"{entry.name} = {_toml(value)}")
    write_text(file, "\n".join(lines) + "\n")


def _sources(recipe: Recipe) -> list[Path]:
    """What the recipe reads."""
    template = Path(recipe.data.template).expanduser()
    paths = [Path(recipe.data.path)] if recipe.data.path else []
    return [*paths, model_folder(recipe.model), *([template] if template.is_file() else [])]


def ready_recipes() -> tuple[ReadyRecipe, ...]:
    """The recipes in `resources/recipes/`, by name."""
    return tuple(_ready(file) for file in sorted(resource("recipes").glob("*.toml")))


def _ready(file: Path) -> ReadyRecipe:
    tree = read_tables(file)
    about = tree[ABOUT]
    return ReadyRecipe(file.stem, about["title"], about["help"], _recipe(file, tree))


def read_tables(file: Path) -> dict[str, Any]:
    """What a recipe file says, as it stands there. Raises RecipeError where it cannot be read."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
        version_of(file, found, KNOWN)
    except NewerFile as error:
        raise RecipeError(error.said) from error
    except FileNotFoundError:
        raise RecipeError("recipe.missing", file=file) from None
    except (OSError, ValueError) as error:  # TOML's and UTF-8's errors are ValueErrors
        raise RecipeError("recipe.unreadable", file=file, fault=error) from error
    return found


def _recipe(file: Path, tree: dict[str, Any]) -> Recipe:
    try:
        return Recipe().with_values(dict(values_in(tree)))
    except RecipeError as error:
        raise RecipeError("recipe.in_file", file=file, fault=error.said) from error


def values_in(tree: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """A file's values by their fields' whole names. Raises RecipeError for a name that is not one."""
    for name, value in tree.items():
        if name in (ABOUT, FORMAT):
            continue
        if name == STAGE:
            raise RecipeError("recipe.of_stages")
        inside = value.items() if isinstance(value, dict) else ()
        for path, one in ((f"{name}.{key}", v) for key, v in inside) if inside else ((name, value),):
            entry = find_field(path)
            if entry.path != path:
                raise RecipeError("recipe.near_field", name=path, near=entry.path)
            number = isinstance(one, int) and not isinstance(one, bool)
            yield path, str(one) if number and entry.choices else one


def _toml(value: Any) -> str:
    """A value of a recipe as TOML writes it."""
    if isinstance(value, str):  # as JSON does, but for one character that TOML wants escaped
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
