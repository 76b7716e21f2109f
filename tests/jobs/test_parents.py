"""A run goes on from another: what it starts from, what it keeps, and when it is refused in words."""

from __future__ import annotations

import json
import shutil
from math import log
from pathlib import Path

import mlx.core as mx
import pytest

from studio.cli.commands import run as command_line
from studio.errors import RunError, RunMissing
from studio.evaluate.options import EvaluationOptions
from studio.events import (
    Evaluated,
    Event,
    Forecasted,
    Log,
    ModelCounted,
    Prepared,
    RunOpened,
    Step,
    Validated,
)
from studio.generate.contestant import PARENT, one_prompt
from studio.generate.sampling import Sampling
from studio.jobs.answers import ChatJob
from studio.jobs.evaluate import EvaluateJob
from studio.jobs.forecast import ForecastJob
from studio.jobs.train import ResumeJob, TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.store import summarize
from studio.train import prepare
from studio.train.prepare import general_text, parents_of
from tests.conftest import refused, write_pairs, write_rows
from tests.train.test_resume import assert_identical, run_to

GENERAL = EvaluationOptions.model_validate({"measures": ("general_text",), "primary": "validation_loss"})

QUICK = {
    "watch.forgetting": False,
    "loop.steps": 4,
    "validate_every": 2,
    "batch_size": 4,
    "lora.dropout": 0.1,
}
IDS = mx.array([[5, 9, 200, 31, 7, 2, 11]])


@pytest.fixture(scope="module")
def home(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs: `read` learned texts, `sft` went on from it with DoRA, and pairs to go on with."""
    folder = tmp_path_factory.mktemp("chain")
    rows = write_rows(folder / "rows.jsonl", 40)
    texts = folder / "texts.jsonl"
    texts.write_text("".join(json.dumps({"text": f"After {n} comes {n + 1}."}) + "\n" for n in range(40)))
    write_pairs(folder / "pairs.jsonl", 40)
    first = {**QUICK, "model": str(tiny_model), "data.path": str(rows), "rank": 2, "learning_rate": 0.02}
    for name, more in (
        ("read", {"objective": "text", "data.path": str(texts), "targets": "q_proj, up_proj"}),
        ("sft", {"base.adapter": "read", "method": "dora", "rank": 3}),
    ):
        list(
            TrainJob(Recipe().with_values({**first, **more}), folder / "runs", name).run_events(ModelCache())
        )
    return folder


@pytest.fixture
def runs(home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(home / "runs", tmp_path / "runs"))


@pytest.fixture
def recipe(home: Path, tiny_model: Path) -> Recipe:
    """DPO on what `sft` made."""
    values = {**QUICK, "model": str(tiny_model), "data.path": str(home / "pairs.jsonl"), "rank": 4}
    return Recipe().with_values({**values, "base.adapter": "sft", "objective": "dpo", "learning_rate": 0.02})


def performed(job: TrainJob | ResumeJob) -> tuple[RunFolder, list[Event]]:
    events = list(job.run_events(ModelCache()))
    return RunFolder(Path(next(e.folder for e in events if isinstance(e, RunOpened)))), events


def test_the_reference_of_dpo_is_the_model_as_it_starts(recipe: Recipe, runs: Path) -> None:
    run, events = performed(TrainJob(recipe, runs, "dpo"))

    first = next(e for e in events if isinstance(e, Validated))
    assert first.step == 0
    assert first.loss == pytest.approx(log(2), rel=1e-5), "nothing is preferred to what it starts from"
    manifest = run.manifest()
    assert manifest["parent"] == "sft"
    assert len(manifest["parents"]) == 2, "the chain, the oldest first"
    assert summarize(run).parent == "sft"
    kept = json.loads((run.adapter / "adapter_config.json").read_text())
    assert kept["parents"] == manifest["parents"], "the adapter says what it needs"


@pytest.fixture
def _little_general_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "general_text", lambda renderer, _=None: general_text(renderer, 100))


@pytest.mark.long
@pytest.mark.usefixtures("_little_general_text")
def test_a_run_needs_its_parents_no_more_once_it_has_begun(recipe: Recipe, runs: Path) -> None:
    whole, _ = run_to(TrainJob(recipe, runs, "whole"))
    parts, _ = run_to(TrainJob(recipe, runs, "parts"), 3)
    for name in ("read", "sft"):
        shutil.rmtree(runs / name)

    run_to(ResumeJob(parts))

    assert_identical(whole, parts)
    sampling = Sampling(max_tokens=4, temperature=0)
    assert list(ChatJob(parts, one_prompt("Say 7"), sampling).run_events(ModelCache()))
    result = next(
        e for e in EvaluateJob(parts, options=GENERAL).run_events(ModelCache()) if isinstance(e, Evaluated)
    )
    assert result.contestants == (("base", "Base"), ("tuned", "Tuned"))


@pytest.mark.long
@pytest.mark.usefixtures("_little_general_text")
def test_evaluation_compares_with_the_original_or_with_the_parent(recipe: Recipe, runs: Path) -> None:
    run, _ = performed(TrainJob(recipe, runs, "dpo"))

    original, parent = (
        next(
            e
            for e in EvaluateJob(run, against=against, options=GENERAL).run_events(ModelCache())
            if isinstance(e, Evaluated)
        )
        for against in ("original", PARENT)
    )

    losses = {
        name: [each.value for each in found.score("general_text").scores]
        for name, found in (("original", original), ("parent", parent))
    }
    assert losses["original"][1] == losses["parent"][1]
    assert losses["original"][0] != pytest.approx(losses["parent"][0], rel=1e-3)
    assert parent.contestants == (("parent", "Parent"), ("tuned", "Tuned"))
    of_parent = next(
        e
        for e in EvaluateJob(RunFolder(runs / "sft"), options=GENERAL).run_events(ModelCache())
        if isinstance(e, Evaluated)
    )
    as_tuned = of_parent.score("general_text").of("tuned")
    assert losses["parent"][0] == pytest.approx(as_tuned, rel=1e-6), "the parent, as it ended"
    with pytest.raises(RunError) as raised:
        list(EvaluateJob(RunFolder(runs / "read"), against=PARENT).run_events(ModelCache()))
    assert raised.value.code == "parent.none"


@pytest.mark.long
def test_a_forecast_counts_what_is_carried(recipe: Recipe, runs: Path) -> None:
    chained = recipe.with_values({"base.adapter": str(runs / "sft")})
    foretold = {type(e): e for e in ForecastJob(chained).run_events(None)}
    bare = {type(e): e for e in ForecastJob(recipe.with_values({"base.adapter": ""})).run_events(None)}
    _, events = performed(TrainJob(chained, runs, "dpo"))

    prepared = next(e for e in events if isinstance(e, Prepared))
    forecast, without = foretold[Forecasted], bare[Forecasted]
    assert isinstance(forecast, Forecasted)
    assert isinstance(without, Forecasted)
    assert forecast.total_parameters == prepared.total_parameters > without.total_parameters
    assert forecast.trainable_parameters == prepared.trainable_parameters == without.trainable_parameters
    more = forecast.total_parameters - without.total_parameters
    assert forecast.weights - without.weights == 4 * more, "kept in fp32"
    assert isinstance(foretold[ModelCounted], ModelCounted)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda run: shutil.rmtree(run.path / "parents" / "01"), "parent.gone"),
        (lambda run: _rewritten(run.path / "parents" / "02"), "parent.changed"),
    ],
    ids=["missing", "changed"],
)
def test_parents_that_are_missing_or_others_by_now_are_refused(
    damage: object, code: str, recipe: Recipe, runs: Path
) -> None:
    run, _ = run_to(TrainJob(recipe, runs, "dpo"), 2)
    assert callable(damage)
    damage(run)

    for job in (
        ResumeJob(run),
        ChatJob(run, one_prompt("Hi"), Sampling()),
        EvaluateJob(run, changed_base=True),
    ):
        with refused(code, name=run.name):
            list(job.run_events(ModelCache()))


def _rewritten(folder: Path) -> None:
    weights = dict(mx.load(str(folder / "adapters.safetensors")))
    mx.eval(weights)
    (folder / "adapters.safetensors").unlink()
    mx.save_safetensors(str(folder / "adapters.safetensors"), {n: 1.01 * a for n, a in weights.items()})


def test_what_is_not_there_to_go_on_from_is_said_and_leaves_nothing_behind(
    recipe: Recipe, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "peft").mkdir()
    (runs / "untrained").mkdir()
    (runs / "untrained" / "run.json").write_text('{"recipe": {}}')
    before = sorted(runs.iterdir())
    for name, error, code in (
        ("nobody", RunMissing, "parent.missing"),
        (str(tmp_path / "peft"), RunError, "parent.no_adapter"),
        ("untrained", RunError, "parent.no_adapter"),
        (str(runs / "sft" / "parents"), RunError, "parent.no_adapter"),
    ):
        with pytest.raises(error) as raised:
            list(TrainJob(recipe.with_values({"base.adapter": name}), runs).run_events(ModelCache()))
        assert raised.value.code == code
    assert sorted(runs.iterdir()) == before
    home = str(runs.parent)
    assert command_line(["forecast", recipe.model, "--set", "adapter=nobody", "--home", home]) == 2
    assert "no run and no folder called nobody" in capsys.readouterr().err


def test_a_run_is_gone_on_from_by_its_name_folder_adapter_or_checkpoint(recipe: Recipe, runs: Path) -> None:
    sft = RunFolder(runs / "sft")
    chains = [
        [each.fingerprint for each in parents_of(recipe.with_values({"base.adapter": str(folder)}))]
        for folder in (sft.path, sft.adapter, sft.parents()[-1])
    ]
    assert chains[0] == chains[1]
    assert chains[2] == chains[0][:1]
    newest = parents_of(recipe.with_values({"base.adapter": str(sft.checkpoints()[-1])}))
    assert len(newest) == 2


@pytest.mark.long
def test_a_parent_made_on_another_model_is_named(recipe: Recipe, runs: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(recipe.model, tmp_path / "other"))
    weights = dict(mx.load(str(other / "model.safetensors")))
    mx.save_safetensors(str(other / "model.safetensors"), {n: a * 1.5 for n, a in weights.items()})

    changed = recipe.with_values({"model": str(other), "loop.steps": 1})
    _, events = performed(TrainJob(changed, runs, "elsewhere"))
    _, usual = performed(TrainJob(recipe.with_values({"loop.steps": 1}), runs, "here"))

    warnings = [
        [e.text for e in found if isinstance(e, Log) and "sft was trained on" in e.text]
        for found in (events, usual)
    ]
    assert [len(each) for each in warnings] == [1, 0]
    assert [e.step for e in events if isinstance(e, Step)] == [1]
