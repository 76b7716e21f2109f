"""A recipe file in stages is read whole, and refused with the stage at fault before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import RecipeError
from studio.recipe.files import read_recipe
from studio.recipe.stages import has_stages, read_stages

GOOD = """
model = "starter"
lora.rank = 4

[[stage]]
name = "read"
objective = "text"
data.path = "a.txt"
base.quantize = "8-bit"

[[stage]]
data.path = "b.jsonl"
lora.rank = 2
"""


def file_with(folder: Path, text: str) -> Path:
    for name in ("a.txt", "b.jsonl"):
        (folder / name).write_text("")
    file = folder / "staged.toml"
    file.write_text(text)
    return file


def test_each_stage_is_the_common_recipe_with_what_it_changes(tmp_path: Path) -> None:
    file = file_with(tmp_path, GOOD)
    assert has_stages(file)

    read, answer = read_stages(file).members()

    assert (read.name, answer.name) == ("read", "stage-2")
    assert read.changes == {
        "objective": "text",
        "data.path": str(tmp_path / "a.txt"),
        "base.quantize": "8-bit",
    }
    assert (read.recipe.lora.rank, answer.recipe.lora.rank) == (4, 2)
    assert answer.recipe.objective == "sft"
    assert answer.recipe.base.quantize == "no", "a stage says nothing of the next"


def test_a_usual_recipe_has_no_stages_and_one_with_stages_is_no_usual_recipe(tmp_path: Path) -> None:
    file = file_with(tmp_path, "lora.rank = 4\n")
    assert not has_stages(file)
    assert not has_stages(tmp_path / "b.jsonl")
    with pytest.raises(RecipeError) as raised:
        read_recipe(file_with(tmp_path, GOOD))
    assert "`studio train` carries it out" in str(raised.value)


@pytest.mark.parametrize(
    ("was", "instead", "told"),
    [
        ('"read"', '"stage-2"', "Two stages are called stage-2."),
        ('"a.txt"', '"c.txt"', "Stage read: there is no dataset at"),
        ('data.path = "b.jsonl"', "", "Stage stage-2 names no dataset."),
        ("lora.rank = 2", "lora.rnk = 2", "Stage stage-2: The recipe has no field called lora.rnk."),
        ("lora.rank = 2", "lora.rank = 0", "Stage stage-2: Rank (lora.rank) must be at least 1."),
        ("lora.rank = 2", 'base.adapter = "x"', "names what it goes on from, and that is always the stage"),
        ("lora.rank = 2", 'model = "x"', "Stage stage-2 names a model of its own"),
        ("lora.rank = 2", 'base.quantize = "4-bit"\nbase.mode = "mxfp8"', "Stage stage-2: The mode mxfp8"),
        (GOOD, "stage = []", "It has no stages."),
        (GOOD, 'stage = "x"', "It has no stages."),
        (GOOD, "[[stages]]\nname = 1", "Begin each with a line [[stage]]"),
    ],
)
def test_what_cannot_be_is_said_with_its_stage(was: str, instead: str, told: str, tmp_path: Path) -> None:
    file = file_with(tmp_path, GOOD.replace(was, instead))
    with pytest.raises(RecipeError) as raised:
        read_stages(file)
    assert str(raised.value).startswith(f"{file}: ")
    assert told in str(raised.value)
