"""Every field of the recipe does something, and what it says of itself is true."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.cli.commands import run as command_line
from studio.errors import RecipeError
from studio.events import Prepared, RunOpened, Saved, Step, Validated
from studio.jobs.train import TrainJob, recipe_of
from studio.models.shelf import Shelf
from studio.runs.folder import RunFolder
from studio.train.recipe import FieldEntry, Recipe, fields, find_field
from studio.ui.widgets.form import PICKED, RecipeForm
from tests.conftest import write_rows

ENTRIES = list(fields())
START = {"epochs": 1, "rank": 2}

EVERYTHING = {"split", "held out", "read", "rates", "weights", "validated", "saved", "kept"}
LONGER_OR_SHORTER = EVERYTHING - {"split", "held out"}
CHANGES: dict[str, tuple[Any, set[str]]] = {
    "model": ("other", {"weights"}),
    "data.path": ("other.jsonl", EVERYTHING),
    "data.template": ("alpaca", {"read", "weights"}),
    "data.max_length": (60, {"read", "held out", "cut", "weights"}),
    "data.validation_share": (0.3, EVERYTHING),
    "data.test_share": (0.3, EVERYTHING - {"held out"}),
    "lora.rank": (3, {"size", "weights"}),
    "lora.alpha": (8.0, {"weights"}),
    "lora.dropout": (0.3, {"weights"}),
    "lora.layers": (1, {"size", "weights"}),
    "optimizer.learning_rate": (1e-4, {"rates", "weights"}),
    "optimizer.warmup": (0.5, {"rates", "weights"}),
    "optimizer.weight_decay": (0.5, {"weights"}),
    "optimizer.clip": (0.05, {"weights"}),
    "loop.epochs": (2.0, LONGER_OR_SHORTER),
    "loop.batch_size": (4, LONGER_OR_SHORTER),
    "loop.accumulation": (2, LONGER_OR_SHORTER),
    "loop.validate_every": (2, {"validated", "saved", "kept"}),
    "loop.save_every": (4, {"saved", "kept"}),
    "loop.keep": (1, {"kept"}),
    "loop.seed": (1, {"held out", "read", "weights"}),
}
"""For each field another value, and all of what it changes about a run: nothing more, nothing less."""


@dataclass(frozen=True)
class Bench:
    """Carries out recipes on the tiny model and the toy data, and says what could be seen of each run."""

    recipe: Recipe
    shelf: Shelf
    folder: Path

    def observe(self, recipe: Recipe, name: str) -> dict[str, Any]:
        events = list(TrainJob(recipe, self.folder / "runs", name).run_events(self.shelf))
        run = RunFolder(Path(next(e.folder for e in events if isinstance(e, RunOpened))))
        prepared = next(e for e in events if isinstance(e, Prepared))
        steps = [e for e in events if isinstance(e, Step)]
        return {
            "split": (prepared.train_examples, prepared.validation_examples, prepared.test_examples),
            "held out": next(e.tokens for e in events if isinstance(e, Validated)),
            "cut": prepared.cut_examples,
            "size": prepared.trainable_parameters,
            "read": [e.tokens for e in steps],
            "rates": [e.learning_rate for e in steps],
            "validated": [e.step for e in events if isinstance(e, Validated)],
            "saved": [e.step for e in events if isinstance(e, Saved)],
            "kept": [path.name for path in run.checkpoints()],
            "weights": _weights(run.checkpoints()[-1]),
        }


def _weights(folder: Path) -> dict[str, Any]:
    arrays: Any = mx.load(str(folder / "adapters.safetensors"))
    return {name: np.array(array) for name, array in arrays.items()}


def _differ(one: Any, other: Any) -> bool:
    if not isinstance(one, dict):
        return bool(one != other)
    shapes = [{name: array.shape for name, array in each.items()} for each in (one, other)]
    return shapes[0] != shapes[1] or not all(np.allclose(one[n], other[n], rtol=1e-3, atol=1e-6) for n in one)


@pytest.fixture(scope="module")
def bench(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("recipe")
    data = write_rows(folder / "toy.jsonl", 60)
    write_rows(folder / "other.jsonl", 30)
    shutil.copytree(tiny_model, folder / "other")
    weights: Any = mx.load(str(tiny_model / "model.safetensors"))
    weights["model.norm.weight"] = weights["model.norm.weight"] * 1.5
    mx.save_safetensors(str(folder / "other" / "model.safetensors"), weights)
    recipe = Recipe().with_values({"model": str(tiny_model), "data.path": str(data), **START})
    return Bench(recipe, Shelf(), folder)


@pytest.fixture(scope="module")
def before(bench: Bench) -> dict[str, Any]:
    return bench.observe(bench.recipe, "before")


def value_for(entry: FieldEntry, folder: Path) -> Any:
    """Another value for a field; paths are made whole."""
    value = CHANGES[entry.path][0]
    return str(folder / value) if entry.path in PICKED else value


def test_no_field_is_left_out_here() -> None:
    assert CHANGES.keys() == {entry.path for entry in ENTRIES}


def test_the_same_recipe_gives_the_same_run(bench: Bench, before: dict[str, Any]) -> None:
    again = bench.observe(bench.recipe, "again")
    assert {what for what in before if _differ(before[what], again[what])} == set()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry.path))
def test_changing_a_field_changes_the_run(entry: FieldEntry, bench: Bench, before: dict[str, Any]) -> None:
    changed = bench.recipe.with_values({entry.path: value_for(entry, bench.folder)})
    assert entry.value(changed) != entry.value(bench.recipe)
    after = bench.observe(changed, entry.name)
    assert {what for what in before if _differ(before[what], after[what])} == CHANGES[entry.path][1]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry.path))
def test_a_field_is_found_by_its_short_name_and_takes_text(entry: FieldEntry, tmp_path: Path) -> None:
    value = value_for(entry, tmp_path)
    changed = Recipe().with_values({entry.path: value})
    assert entry.value(changed) == value
    assert Recipe().with_values({entry.name: str(value)}) == changed
    assert find_field(entry.name).path == entry.path


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry.path))
def test_a_field_explains_itself(entry: FieldEntry) -> None:
    assert entry.title
    assert entry.help.endswith(".")
    assert entry.level in ("basic", "advanced")
    assert entry.path == "data.path" or entry.default is not None or entry.optional
    assert not entry.choices or entry.default in entry.choices


@pytest.mark.parametrize(
    "entry", [e for e in ENTRIES if e.kind is not str], ids=lambda entry: str(entry.path)
)
def test_a_number_has_bounds_and_they_hold(entry: FieldEntry) -> None:
    low, high = entry.bounds
    assert low is not None
    beyond = [low - 1, float("nan"), *([high + 1, float("inf")] if high is not None else [])]
    for value in beyond:
        with pytest.raises(RecipeError, match=rf"{entry.title} \({entry.path}\) cannot be"):
            Recipe().with_values({entry.path: value})


@pytest.mark.parametrize("name", ["learning_rate", "alpha", "epochs"])
def test_what_must_be_above_zero_is_not_zero(name: str) -> None:
    with pytest.raises(RecipeError, match="greater than 0"):
        Recipe().with_values({name: 0})


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("rank", "8.5", r"Rank \(lora\.rank\) cannot be '8.5'"),
        ("rank", "", r"Rank \(lora\.rank\) cannot be ''"),
        ("dropout", "1", r"Dropout \(lora\.dropout\) cannot be '1': input should be less than 1"),
        ("template", "llama", r"Template \(data\.template\) cannot be 'llama': input should be 'auto'"),
    ],
)
def test_a_bad_value_is_named_with_its_field(name: str, value: str, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        Recipe().with_values({name: value})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rnak", "rank"),
        ("lora.rnk", "lora.rank"),
        ("batchsize", "batch_size"),
        ("lerning_rate", "learning_rate"),
    ],
)
def test_an_unknown_field_is_answered_with_the_nearest_one(typed: str, meant: str) -> None:
    with pytest.raises(RecipeError, match=f"no field called {typed}. Did you mean {meant}?"):
        Recipe().with_values({typed: 3})


def test_an_optional_field_can_be_given_back() -> None:
    chosen = Recipe().with_values({"learning_rate": "3e-4"})
    assert chosen.optimizer.learning_rate == 3e-4
    for nothing in ("", "auto", None):
        assert chosen.with_values({"learning_rate": nothing}) == Recipe()


def test_a_recipe_survives_json_and_the_run_folder(bench: Bench, before: dict[str, Any]) -> None:
    values = {entry.path: value_for(entry, bench.folder) for entry in ENTRIES}
    recipe = Recipe().with_values(values)
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
    assert recipe_of({"recipe": recipe.model_dump(mode="json")}) == recipe
    assert recipe_of(RunFolder(bench.folder / "runs" / "before").manifest()) == bench.recipe


def test_the_form_and_the_help_show_every_field(qtbot: QtBot, capsys: pytest.CaptureFixture[str]) -> None:
    form = RecipeForm()
    qtbot.addWidget(form)
    assert form.rows.keys() | set(PICKED) == {entry.path for entry in ENTRIES}
    assert command_line(["train", "--help"]) == 0
    shown = "".join(capsys.readouterr().out.split())
    assert all(path in shown for path in form.rows)


def test_a_misspelt_field_is_a_bad_request_on_the_command_line(
    toy_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line(["train", str(toy_data), "--set", "rnak=3"]) == 2
    assert "Did you mean rank?" in capsys.readouterr().err
