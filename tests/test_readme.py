"""The README says what is so: its table is the recipe's, its pictures and files exist."""

from __future__ import annotations

import re
from pathlib import Path

from studio.cli.opening import COMMANDS
from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import fields

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def recipe_table() -> str:
    """The recipe's fields as a Markdown table."""
    rows = ["| field | default | what it does |", "|---|---|---|"]
    return "\n".join([*rows, *(_row(entry) for entry in fields())])


def _row(entry: FieldEntry) -> str:
    default = (
        "auto" if entry.optional else f"{entry.default:g}" if entry.kind is float else str(entry.default)
    )
    unit = f" {entry.unit}" if entry.unit and default else ""
    return f"| `{entry.path}` | {default}{unit} | {entry.help} |"


def test_the_recipe_table_is_that_of_the_recipe() -> None:
    shown = README.partition("<!-- recipe table -->\n")[2].partition("\n<!-- end of recipe table -->")[0]
    assert shown == recipe_table()


def test_every_picture_and_file_it_links_exists() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target


def test_every_command_is_described() -> None:
    for command in COMMANDS:
        assert f"studio {command}" in README


def test_every_room_is_on_the_map() -> None:
    rooms = {path.name for path in (ROOT / "studio").iterdir() if (path / "__init__.py").exists()}
    assert all(f"\n  {room}/" in README for room in rooms)
