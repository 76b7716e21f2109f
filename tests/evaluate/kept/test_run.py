"""A run's probe and its evaluation say the same of the same text, and every checkpoint is a dot."""

from __future__ import annotations

import shutil
from pathlib import Path

import mlx.core as mx
import pytest

from studio.catalogue import Phrase
from studio.evaluate.measure import Setting
from studio.evaluate.measures.general_text import IN_TRAINING
from studio.evaluate.registry import BY_KEY
from studio.evaluate.store import EvaluationStore
from studio.events import INCOMPATIBLE, MEASURED, NOT_RUN, Figure, Probed, Score, Validated
from studio.files import write_proof
from studio.generate.contestant import contestant_of
from studio.jobs.contestants import open_contestants
from studio.jobs.train import TrainJob, prepare_again
from studio.models import arrays
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.result import take_checkpoint
from tests.conftest import finish, write_rows

QUICK = {"loop.steps": 6, "batch_size": 4, "rank": 2, "learning_rate": 0.02, "loop.keep": 3, "save_every": 2}


@pytest.fixture(scope="module")
def trained(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was validated at every checkpoint on everything, and one that chose what to read."""
    folder = tmp_path_factory.mktemp("kept")
    rows = write_rows(folder / "rows.jsonl", 60)
    for name, more in (("whole", {"validate_every": 2}), ("part", {})):
        values = {"model": str(tiny_model), "data.path": str(rows), **QUICK, **more}
        list(TrainJob(Recipe().with_values(values), folder / "runs", name).run_events(ModelCache()))
    return folder / "runs"


@pytest.fixture
def runs(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path / "runs")
    return tmp_path / "runs"


def setting(runs: Path, name: str, *keys: str) -> Setting:
    run, cache = RunFolder(runs / name), ModelCache()
    recipe, ready = finish(prepare_again(run, cache))
    contestants = finish(open_contestants(run, [contestant_of(key) for key in keys], cache))
    store = EvaluationStore.opened(run, {"of": "a test"})
    return Setting(contestants, store, data=ready.data, recipe=recipe, run=run)


def taken(key: str, given: Setting) -> tuple[dict[str, Score], list[Figure]]:
    events = list(BY_KEY[key].run(given))
    scores = {event.part: event for event in events if isinstance(event, Score)}
    return scores, [event for event in events if isinstance(event, Figure)]


@pytest.mark.parametrize("name", ["whole", "part"])
def test_general_text_has_the_value_of_the_runs_own_curve(name: str, runs: Path) -> None:
    given = setting(runs, name, "base", "tuned@6")
    probed = {event.step: event for event in RunFolder(runs / name).events() if isinstance(event, Probed)}
    scores, _ = taken("general_text", given)
    part = "" if name == "whole" else IN_TRAINING
    assert set(scores) == {"", part}
    assert scores[part].of("base") == pytest.approx(probed[0].loss, rel=1e-5)
    assert scores[part].of("tuned@6") == pytest.approx(probed[6].loss, rel=1e-5)
    assert probed[6].loss != pytest.approx(probed[0].loss, rel=1e-4)


def test_every_checkpoint_is_a_dot_where_training_saw_it(runs: Path) -> None:
    scores, (forgotten, moved) = taken("trade_off", setting(runs, "whole", "base", "tuned"))
    run = RunFolder(runs / "whole")
    validated = {event.step: event.loss for event in run.events() if isinstance(event, Validated)}
    assert scores[""].state == MEASURED
    dots = {int(point["label"]): point for point in forgotten.data["points"] if point["label"]}
    assert {step: dot["contestant"] for step, dot in dots.items()} == {
        0: "",
        2: "tuned@2",
        4: "tuned@4",
        6: "tuned@6",
    }
    for step in (2, 4, 6):
        price = (dots[step]["x"] - dots[0]["x"]) / (dots[0]["y"] - dots[step]["y"])
        assert scores[""].of("tuned" if step == 6 else f"tuned@{step}") == pytest.approx(price, abs=1e-3)
        assert dots[step]["y"] == pytest.approx(validated[step], abs=2e-5)
    seen = [
        (point["x"], point["y"]) for point in forgotten.data["points"] if point["series"] == "During training"
    ]
    assert seen == [
        (pytest.approx(dots[s]["x"], abs=2e-5), pytest.approx(dots[s]["y"], abs=2e-5)) for s in (2, 4, 6)
    ]
    steps = [point["x"] for point in moved.data["points"]]
    assert steps[0] == 0 < min(steps[1:])


def test_dots_of_other_rows_are_not_drawn_among_them(runs: Path) -> None:
    _, (forgotten, _) = taken("trade_off", setting(runs, "part", "base", "tuned"))
    assert {point["series"] for point in forgotten.data["points"]} == {"Start", "Checkpoints"}


def test_checkpoints_of_one_content_are_within_the_noise_and_can_be_taken(runs: Path) -> None:
    run = RunFolder(runs / "whole")
    for name in (
        "adapters.safetensors",
        "adapter_config.json",
        "checksums.json",
        "optimizer.safetensors",
        "position.json",
    ):
        shutil.copy(run.path / "checkpoints/step-000006" / name, run.path / "checkpoints/step-000004" / name)
    scores, (figure, _) = taken("trade_off", setting(runs, "whole", "base", "tuned"))
    assert scores[""].of("tuned@4") == scores[""].of("tuned")
    assert set(figure.data["alike"]) >= {4, 6}
    assert isinstance(figure.title, Phrase)
    assert figure.title.code == "kept.alike"
    assert take_checkpoint(run, 4).step == 4


def test_a_run_with_one_checkpoint_has_nothing_to_choose(runs: Path) -> None:
    for step in (2, 4):
        shutil.rmtree(runs / "whole/checkpoints" / f"step-{step:06d}")
    score = taken("trade_off", setting(runs, "whole", "base", "tuned"))[0][""]
    assert isinstance(score.reason, Phrase)
    assert (score.state, score.reason.code) == (NOT_RUN, "kept.one_checkpoint")


def test_where_nothing_was_gained_no_price_is_named(runs: Path) -> None:
    for step in (2, 4, 6):
        file = runs / "whole/checkpoints" / f"step-{step:06d}" / "adapters.safetensors"
        learned = arrays.read(file)
        worse = {name: -1000 * a if name.endswith("lora_b") else a for name, a in learned.items()}
        mx.save_safetensors(str(file), worse)
        write_proof(file.parent)
    score = taken("trade_off", setting(runs, "whole", "base", "tuned"))[0][""]
    assert isinstance(score.reason, Phrase)
    assert (score.state, score.reason.code, score.scores) == (INCOMPATIBLE, "kept.no_gain", ())
