"""Every field of the recipe does something, and what it says of itself is true."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.catalogue import phrase
from studio.cli.commands import run as command_line
from studio.errors import RecipeError
from studio.events import (
    Prepared,
    Probed,
    Progress,
    Rewards,
    RunOpened,
    Sampled,
    Saved,
    Step,
    Validated,
)
from studio.jobs.train import TrainJob, recipe_of
from studio.models.cache import ModelCache
from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import Recipe, applies, fields, find_field
from studio.runs.folder import RunFolder
from studio.train import prepare
from studio.ui.form.recipe import PICKED, RecipeForm
from tests.conftest import refused, write_pairs, write_rows

ENTRIES = list(fields())
START = {"epochs": 1, "validate_every": 1, "rank": 2, "prompts": "Say the number 7", "sample_tokens": 12}

LENGTH = {"steps", "read", "rates", "weights", "validated", "saved", "kept", "probed", "sampled"}
EVERYTHING = {"split", "held out", "shapes"} | LENGTH
LAST_LAYER = {"scope.layers": 1}
FOUR_BITS = {"base.quantize": "4-bit", "base.group_size": "32"}
PAIRS = {"data.path": "pairs.jsonl", "objective": "dpo"}
SIMPO = {**PAIRS, "objective": "simpo"}
MODEL = {"weights", "sampled", "losses"}  # what changes with nearly everything that is learned

CHANGES: dict[str, tuple[dict[str, Any], Any, set[str]]] = {
    "model": ({}, "other", MODEL),
    "method": ({}, "dora", {"size", *MODEL}),
    "objective": ({"data.path": "pairs.jsonl"}, "dpo", {"rewards", "held out", "read", "rates", *MODEL}),
    "data.path": ({}, "other.jsonl", EVERYTHING | MODEL),
    "data.columns": ({}, "prompt=output, answer=instruction", {"held out", "read", *MODEL}),
    "data.history": (
        {},
        '[{"kind": "cap", "rows": 12, "how": "first", "seed": 0}]',
        EVERYTHING | MODEL,
    ),
    "data.max_length": ({}, 60, {"left out"} | EVERYTHING | MODEL),
    "data.too_long": ({"data.max_length": 60}, "cut_end", {"left out", "cut"} | EVERYTHING | MODEL),
    "data.train_on": ({}, "all", {"held out", *MODEL}),
    "data.template": ({}, "alpaca", {"read", "shapes", *MODEL}),
    "data.packing": ({}, True, {"shapes", *LENGTH, *MODEL}),
    "data.validation_share": ({}, 0.3, EVERYTHING | MODEL),
    "data.test_share": ({}, 0.3, (EVERYTHING | MODEL) - {"held out"}),
    "base.quantize": ({"base.group_size": "32"}, "4-bit", MODEL),
    "base.group_size": (FOUR_BITS, "64", MODEL),
    "base.mode": (FOUR_BITS, "mxfp4", MODEL),
    "base.adapter": ({}, "adapter", {"files", *MODEL}),
    "base.precision": ({}, "bfloat16", {"weights", "losses"}),
    "scope.layers": ({}, 1, {"size", *MODEL}),
    "scope.embeddings": ({}, True, {"size", *MODEL}),
    "scope.head": ({}, True, {"size", *MODEL}),
    "lora.rank": ({}, 3, {"size", *MODEL}),
    "lora.alpha": ({}, 16.0, MODEL),
    "lora.dropout": ({}, 0.3, MODEL),
    "lora.targets": ({}, "q_proj, v_proj", {"size", *MODEL}),
    "lora.rank_stabilized": ({}, True, MODEL),
    "preference.beta": (PAIRS, 0.5, {"rewards", "weights", "losses"}),
    "preference.simpo_beta": (SIMPO, 1.0, {"rewards", *MODEL}),
    "preference.simpo_gamma": (SIMPO, 0.1, {"rewards", *MODEL}),
    "optimizer.name": ({}, "lion", {"rates", *MODEL}),
    "optimizer.learning_rate": ({}, 1e-4, {"rates", *MODEL}),
    "optimizer.schedule": ({}, "linear", {"rates", *MODEL}),
    "optimizer.warmup": ({}, 0.5, {"rates", *MODEL}),
    "optimizer.warmup_steps": ({}, 3, {"rates", *MODEL}),
    "optimizer.floor": ({}, 0.5, {"rates", *MODEL}),
    "optimizer.weight_decay": ({}, 0.5, {"weights", "losses"}),
    "optimizer.clip": ({}, 0.05, {"weights"}),
    "optimizer.lora_plus": ({}, 8.0, MODEL),
    "loop.epochs": ({}, 2.0, LENGTH | MODEL),
    "loop.steps": ({}, 4, {"shapes"} | LENGTH | MODEL),
    "loop.batch_size": ({}, 4, {"shapes"} | LENGTH | MODEL),
    "loop.accumulation": ({}, 2, LENGTH | MODEL),
    "loop.tokens_at_once": ({}, 64, {"shapes", "memory"}),
    "loop.checkpointing": ({"loop.tokens_at_once": 10_000, "batch_size": 48}, True, {"memory"}),
    "loop.prefix_cache": ({**LAST_LAYER, "loop.epochs": 2.0}, "off", {"prefix"}),
    "loop.neftune": ({}, 50.0, MODEL),
    "loop.validate_every": ({}, 2, {"validated", "saved", "kept", "probed", "sampled", "losses"}),
    "loop.patience": (
        {"loop.epochs": 20.0, "validate_every": 12, "optimizer.learning_rate": 0.1},
        1,
        LENGTH | MODEL,
    ),
    "loop.save_every": ({}, 4, {"saved", "kept"}),
    "loop.keep": ({}, 1, {"kept"}),
    "loop.rest": ({}, 0.2, {"rested"}),
    "loop.seed": ({}, 1, {"held out", "read", "shapes", *MODEL}),
    "watch.forgetting": ({}, False, {"probed"}),
    "watch.prompts": ({}, "Who?\nWhat?", {"sampled"}),
    "watch.sample_tokens": ({}, 5, {"sampled"}),
    "watch.tensorboard": ({}, True, {"files"}),
    "watch.wandb": ({}, "tests", {"files"}),
}
"""For each field what the other fields are, another value, and all of what it changes about a run.

Nothing more and nothing less; memory is compared only where it is named, since all else moves it a little.
"""


@dataclass(frozen=True)
class Bench:
    """Carries out recipes on the tiny model and the toy data, and says what could be seen of each run."""

    recipe: Recipe
    model_cache: ModelCache
    folder: Path

    def observe(self, values: dict[str, Any], name: str) -> dict[str, Any]:
        recipe = self.recipe.with_values(values)
        events = list(TrainJob(recipe, self.folder / "runs", name).run_events(self.model_cache))
        run = RunFolder(Path(next(e.folder for e in events if isinstance(e, RunOpened))))
        prepared = next(e for e in events if isinstance(e, Prepared))
        steps = [e for e in events if isinstance(e, Step)]
        return {
            "split": (prepared.train_examples, prepared.validation_examples, prepared.test_examples),
            "held out": next(e.tokens for e in events if isinstance(e, Validated)),
            "left out": prepared.skipped_examples,
            "cut": prepared.cut_examples,
            "size": prepared.trainable_parameters,
            "shapes": prepared.shapes,
            "prefix": prepared.prefix_bytes,
            "steps": prepared.steps if recipe.loop.patience == 0 else steps[-1].step,
            "read": [e.tokens for e in steps],
            "rates": [e.learning_rate for e in steps],
            "memory": max(e.memory_peak - e.memory_active for e in steps),
            "losses": np.array([e.loss for e in events if isinstance(e, Validated)]),
            "rewards": np.array([e.margin for e in events if isinstance(e, Rewards)]),
            "validated": [e.step for e in events if isinstance(e, Validated)],
            "probed": [e.step for e in events if isinstance(e, Probed)],
            "sampled": [(e.step, e.prompt, e.answer) for e in events if isinstance(e, Sampled)],
            "rested": any(isinstance(e, Progress) and e.what == "Resting" for e in events),
            "saved": [e.step for e in events if isinstance(e, Saved)],
            "kept": [path.name for path in run.checkpoints()],
            "files": sorted(path.name for path in run.path.iterdir()),
            "weights": _weights(run.checkpoints()[-1]),
        }


def _weights(folder: Path) -> dict[str, Any]:
    arrays: Any = mx.load(str(folder / "adapters.safetensors"))
    return {name: np.array(array) for name, array in arrays.items()}


def _differ(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.shape != other.shape or not np.allclose(one, other, rtol=1e-4)
    if not isinstance(one, dict):
        return bool(one != other)
    shapes = [{name: array.shape for name, array in each.items()} for each in (one, other)]
    return shapes[0] != shapes[1] or not all(np.allclose(one[n], other[n], rtol=1e-3, atol=1e-6) for n in one)


@pytest.fixture(scope="module")
def context(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("recipe")
    data = write_rows(folder / "toy.jsonl", 60)
    write_rows(folder / "other.jsonl", 30)
    write_pairs(folder / "pairs.jsonl", 60)
    shutil.copytree(tiny_model, folder / "other")
    weights: Any = mx.load(str(tiny_model / "model.safetensors"))
    weights["model.norm.weight"] = weights["model.norm.weight"] * 1.5
    mx.save_safetensors(str(folder / "other" / "model.safetensors"), weights)
    recipe = Recipe().with_values({"model": str(tiny_model), "data.path": str(data), **START})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(prepare, "PROBE_TOKENS", 200)  # a glance at general text, in every run
        bench = Bench(recipe, ModelCache(), folder)
        bench.observe({"lora.alpha": 64}, "parent")
        shutil.copytree(folder / "runs" / "parent" / "adapter", folder / "adapter")
        yield bench


@pytest.fixture(scope="module")
def before(context: Bench) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What is seen of a run with these values, once for each set of them."""
    known: dict[str, dict[str, Any]] = {}

    def observed(values: dict[str, Any]) -> dict[str, Any]:
        if (key := str(values)) not in known:
            known[key] = context.observe(placed(values, context.folder), "before")
        return known[key]

    return observed


def value_for(entry: FieldEntry, folder: Path) -> Any:
    """Another value for a field; paths are made whole."""
    return placed({entry.path: CHANGES[entry.path][1]}, folder)[entry.path]


def placed(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The values, with paths under `folder`."""
    paths = (*PICKED, "base.adapter")
    return {path: str(folder / value) if path in paths else value for path, value in values.items()}


def test_no_field_is_left_out_here() -> None:
    assert CHANGES.keys() == {entry.path for entry in ENTRIES}


def test_the_same_recipe_gives_the_same_run(context: Bench, before: Any) -> None:
    first, again = before({}), context.observe({}, "again")
    assert {what for what in first if what != "memory" and _differ(first[what], again[what])} == set()


@pytest.mark.long
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry.path))
def test_changing_a_field_changes_the_run(
    entry: FieldEntry, context: Bench, before: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    others, value, expected = CHANGES[entry.path]
    without = before(others)
    changed = placed({**others, entry.path: value}, context.folder)
    assert applies(entry, context.recipe.with_values(changed))
    assert context.recipe.with_values(changed) != context.recipe.with_values(placed(others, context.folder))
    after = context.observe(changed, entry.name)
    compared = without.keys() - ({"memory"} - expected)
    differing = {what for what in compared - {"memory"} if _differ(without[what], after[what])}
    if "memory" in compared and after["memory"] < 0.9 * without["memory"]:
        differing.add("memory")
    assert differing == expected


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
    assert entry.level in ("basic", "advanced", "dataset")
    assert entry.path == "data.path" or entry.default is not None or entry.optional
    assert not entry.choices or entry.default in entry.choices


@pytest.mark.parametrize(
    "entry", [e for e in ENTRIES if e.kind not in (str, bool)], ids=lambda entry: str(entry.path)
)
def test_a_number_has_bounds_and_they_hold(entry: FieldEntry) -> None:
    low, high = entry.bounds
    assert low is not None
    title = phrase("field.of", title=entry.title, path=entry.path)
    below, above = {"value.at_least", "value.more_than"}, {"value.at_most", "value.less_than"}
    beyond = [(low - 1, below), (float("nan"), {"value.number", *below, *above})]
    beyond += [(high + 1, above), (float("inf"), {"value.number", *above})] if high is not None else []
    for value, codes in beyond:
        with pytest.raises(RecipeError) as raised:
            Recipe().with_values({entry.path: value})
        assert raised.value.code in codes
        assert dict(raised.value.phrase.values)["title"] == title


@pytest.mark.parametrize("name", ["learning_rate", "alpha", "epochs"])
def test_what_must_be_above_zero_is_not_zero(name: str) -> None:
    with refused("value.more_than", RecipeError, limit=0):
        Recipe().with_values({name: 0})


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("lora.rank", "8.5", "value.whole_number"),
        ("lora.rank", "", "value.whole_number"),
        ("lora.dropout", "1", "value.less_than"),
        ("data.template", "llama", "value.template"),
        ("method", "llama", "value.choice"),
    ],
)
def test_a_bad_value_is_named_with_its_field(name: str, value: str, code: str) -> None:
    title = phrase("field.of", title=find_field(name).title, path=name)
    with refused(code, RecipeError, title=title):
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
    with pytest.raises(RecipeError) as raised:
        Recipe().with_values({typed: 3})
    assert raised.value.said == phrase("recipe.near_field", name=typed, near=meant)


def test_an_optional_field_can_be_given_back() -> None:
    chosen = Recipe().with_values({"learning_rate": "3e-4"})
    assert chosen.optimizer.learning_rate == 3e-4
    for nothing in ("", "auto", None):
        assert chosen.with_values({"learning_rate": nothing}) == Recipe()


def test_a_recipe_survives_json_and_the_run_folder(context: Bench, before: Any) -> None:
    before({})
    values = {entry.path: value_for(entry, context.folder) for entry in ENTRIES}
    recipe = Recipe().with_values(values)
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
    assert recipe_of({"recipe": recipe.model_dump(mode="json")}) == recipe
    assert recipe_of(RunFolder(context.folder / "runs" / "before").manifest()) == context.recipe


def test_the_form_and_the_help_show_every_field(qtbot: QtBot, capsys: pytest.CaptureFixture[str]) -> None:
    form = RecipeForm()
    qtbot.addWidget(form)
    paths = {entry.path for entry in ENTRIES if entry.level != "dataset"} - set(PICKED)
    assert {form.row(path).entry.path for path in paths} == paths
    assert command_line(["train", "--help"]) == 0
    shown = "".join(capsys.readouterr().out.split())
    assert all(entry.path in shown for entry in ENTRIES if entry.path not in PICKED)


def test_a_misspelt_field_is_a_bad_request_on_the_command_line(
    toy_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line(["train", str(toy_data), "--set", "rnak=3"]) == 2
    assert "Did you mean rank?" in capsys.readouterr().err
