"""A recipe file in stages is read whole, and refused with the stage at fault before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import RecipeError
from studio.recipe.files import read_recipe
from studio.recipe.stages import has_stages, read_stages
from tests.conftest import refused

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


SECOND = {"name": "stage-2"}


def test_a_usual_recipe_has_no_stages_and_one_with_stages_is_no_usual_recipe(tmp_path: Path) -> None:
    file = file_with(tmp_path, "lora.rank = 4\n")
    assert not has_stages(file)
    assert not has_stages(tmp_path / "b.jsonl")
    with refused("recipe.in_file", RecipeError, fault="recipe.of_stages"):
        read_recipe(file_with(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("was", "instead", "code", "values"),
    [
        ('"read"', '"stage-2"', "stages.name_twice", SECOND),
        ('"a.txt"', '"c.txt"', "stages.dataset_missing", {"name": "read"}),
        ('data.path = "b.jsonl"', "", "stages.no_dataset", SECOND),
        ("lora.rank = 2", "lora.rnk = 2", "stages.at_fault", {**SECOND, "fault": "recipe.near_field"}),
        ("lora.rank = 2", "lora.rank = 0", "stages.at_fault", {**SECOND, "fault": "value.at_least"}),
        ("lora.rank = 2", 'base.adapter = "x"', "stages.own_parent", SECOND),
        ("lora.rank = 2", 'model = "x"', "stages.other_model", SECOND),
        (
            "lora.rank = 2",
            'base.quantize = "4-bit"\nbase.mode = "mxfp8"',
            "stages.at_fault",
            {**SECOND, "fault": "recipe.mode_bits"},
        ),
        (GOOD, "stage = []", "stages.none", {}),
        (GOOD, 'stage = "x"', "stages.none", {}),
        (GOOD, "[[stages]]\nname = 1", "stages.none", {}),
    ],
)
def test_what_cannot_be_is_said_with_its_stage(
    was: str, instead: str, code: str, values: dict[str, str], tmp_path: Path
) -> None:
    file = file_with(tmp_path, GOOD.replace(was, instead))
    with refused("recipe.in_file", RecipeError, file=file, fault=code) as raised:
        read_stages(file)
    fault = dict(raised.value.phrase.values)["fault"]
    with refused(code, **values):
        raise RecipeError(fault)
