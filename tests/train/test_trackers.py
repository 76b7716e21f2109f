"""Trackers get the curves when asked, each point once, and never stop a run."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from studio.errors import RecipeError
from studio.events import (
    Ended,
    Event,
    Log,
    Prepared,
    Probed,
    Rewards,
    Sampled,
    Skipped,
    Step,
    Validated,
)
from studio.recipe.loop_fields import about_wandb
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.train import trackers
from studio.train.trackers import Tracker, curves_of, trackers_for
from tests.conftest import refused


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.delenv("WANDB_API_KEY", raising=False)


def recipe_with(**watch: Any) -> Recipe:
    return Recipe().with_values({"data.path": "/a/private/folder/letters.jsonl", **watch})


TENSORBOARD = recipe_with(tensorboard=True)
WANDB = recipe_with(wandb="tuning")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "runs", "letters", {"recipe": TENSORBOARD.model_dump()})


def prepared(first_step: int = 1) -> Prepared:
    return Prepared("starter", 10, 100, 8, 1, 1, 20, 1e-3, first_step)


def step(number: int) -> Step:
    return Step(number, 20, number / 10, 2.0 / number, 1e-3, 0.5, 100, 900.0, 10, 20, 30, 1.0, 1.0)


def validation(at: int) -> list[Event]:
    return [
        Validated(at, 1.5 - at / 100, 4.0, 50, True),
        Rewards(at, "validation", 0.4, 0.1, 0.3, 0.75, 16),
        Probed(at, 3.0 + at / 100, 200),
        Sampled(at, "What is a star?", f"A ball of gas, said at {at}."),
        Sampled(at, "Name a river.", "The Danube."),
    ]


def steps(first: int, last: int) -> list[Event]:
    return [step(number) for number in range(first, last + 1)]


WHOLE = [prepared(), *validation(0), *steps(1, 10), *validation(10), *steps(11, 20), *validation(20)]


def tell(recipe: Recipe, run: RunFolder, events: Sequence[Event]) -> list[Log]:
    """One session, as training does it: an event is written to the run's folder and shown to the trackers."""
    found = trackers_for(recipe, run)
    said: list[Log | None] = []
    for event in events:
        run.append(event)
        said += [tracker.see(event) for tracker in found]
    said += [tracker.close() for tracker in found]
    return [log for log in said if log]


def in_two_sessions(recipe: Recipe, run: RunFolder) -> None:
    """Killed after step 14, and resumed from the checkpoint of step 10."""
    killed = next(i for i, event in enumerate(WHOLE) if event == step(15))
    after = next(i for i, event in enumerate(WHOLE) if event == step(11))
    assert tell(recipe, run, WHOLE[:killed]) == []
    again = [prepared(11), *validation(10), *WHOLE[after:], Ended("done")]
    assert tell(recipe, run, again) == []


def expected() -> dict[str, dict[int, float]]:
    curves: dict[str, dict[int, float]] = {}
    for event in WHOLE:
        for name, value in curves_of(event).items():
            curves.setdefault(name, {})[event.step] = value  # type: ignore[attr-defined]
    return curves


def records(file: Path) -> Iterator[bytes]:
    """The records of a TFRecord file: length, its checksum, content, its checksum."""
    content, at = file.read_bytes(), 0
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        yield content[at + 12 : at + 12 + length]
        at += 16 + length


def tensorboard_shows(run: RunFolder) -> tuple[dict[str, list[tuple[int, float]]], dict[str, list[str]]]:
    """Points by curve and texts by tag, as TensorBoard reads them: a start hides all from its step on."""
    from tensorboardX.proto.event_pb2 import Event as Written
    from tensorboardX.proto.event_pb2 import SessionLog

    points: dict[str, list[tuple[int, float]]] = {}
    texts: dict[str, list[tuple[int, str]]] = {}
    for file in sorted((run.path / "tensorboard").iterdir()):
        for record in records(file):
            written = Written.FromString(record)
            if written.session_log.status == SessionLog.START:
                for kept in (*points.values(), *texts.values()):
                    kept[:] = [each for each in kept if each[0] < written.step]  # type: ignore[misc]
            for value in written.summary.value:
                if value.HasField("tensor"):
                    text = value.tensor.string_val[0].decode()
                    texts.setdefault(value.tag, []).append((written.step, text))
                else:
                    points.setdefault(value.tag, []).append((written.step, value.simple_value))
    return points, {tag: [text for _, text in found] for tag, found in texts.items()}


def test_tensorboard_shows_every_curve_and_the_samples(run: RunFolder) -> None:
    assert tell(TENSORBOARD, run, WHOLE) == []
    points, texts = tensorboard_shows(run)
    assert {name: dict(found) for name, found in points.items()} == {
        name: pytest.approx(found, rel=1e-6) for name, found in expected().items()
    }
    (star,) = (found for tag, found in texts.items() if "star" in tag)
    assert star == [f"A ball of gas, said at {at}." for at in (0, 10, 20)]


def test_a_resumed_run_shows_every_step_once_in_tensorboard(run: RunFolder) -> None:
    in_two_sessions(TENSORBOARD, run)
    points, texts = tensorboard_shows(run)
    assert [at for at, _ in points["train/loss"]] == list(range(1, 21))
    assert [at for at, _ in points["validation/loss"]] == [0, 10, 20]
    assert all(len(found) == 3 for found in texts.values())


def wandb_records(run: RunFolder) -> Iterator[Any]:
    """What `wandb sync` would send: protocol buffers in blocks of 32 KiB, as in LevelDB's log."""
    from wandb.proto.wandb_internal_pb2 import Record

    for file in sorted(run.path.glob("wandb/offline-run-*/run-*.wandb")):
        content, at, whole = file.read_bytes(), 7, b""
        while at + 7 <= len(content):
            if 32768 - at % 32768 < 7:  # no room for a header: the block is filled up
                at += 32768 - at % 32768
                continue
            _, length, kind = struct.unpack_from("<IHB", content, at)
            whole += content[at + 7 : at + 7 + length]
            at += 7 + length
            if kind in (1, 4):  # a whole record, or the last part of one
                yield Record.FromString(whole)
                whole = b""


def wandb_points(run: RunFolder) -> list[tuple[str, int, Any]]:
    points = []
    for record in wandb_records(run):
        items = {(i.key or "/".join(i.nested_key)): json.loads(i.value_json) for i in record.history.item}
        points += [(n, record.history.step.num, v) for n, v in items.items() if not n.startswith("_")]
    return points


@pytest.mark.long
def test_weights_and_biases_gets_every_curve_and_the_samples(run: RunFolder) -> None:
    assert tell(WANDB, run, WHOLE) == []
    points = wandb_points(run)
    curves: dict[str, dict[int, float]] = {}
    for name, at, value in points:
        if not name.startswith("samples/"):
            curves.setdefault(name, {})[at] = value
    assert curves == expected()
    tables = [p for p in run.path.rglob("*.table.json")]
    assert [10, "Name a river.", "The Danube."] in [
        row for t in tables for row in json.loads(t.read_text())["data"]
    ]


@pytest.mark.long
def test_a_resumed_run_is_the_same_run_in_weights_and_biases(run: RunFolder) -> None:
    in_two_sessions(WANDB, run)
    begun = [record.run for record in wandb_records(run) if record.HasField("run")]
    assert len(list(run.path.glob("wandb/offline-run-*"))) == 2
    assert len({each.run_id for each in begun}) == 1
    assert {each.project for each in begun} == {"tuning"}
    assert {each.display_name for each in begun} == {"letters"}
    assert {at for name, at, _ in wandb_points(run) if name == "train/loss"} == set(range(1, 21))
    validations = [at for name, at, _ in wandb_points(run) if name == "validation/loss"]
    assert validations == [0, 10, 20]


def test_no_folder_of_this_computer_is_sent(run: RunFolder) -> None:
    assert tell(WANDB, run, WHOLE) == []
    sent = b"".join(record.SerializeToString() for record in wandb_records(run) if record.HasField("run"))
    assert b"letters.jsonl" in sent
    assert b"private" not in sent


def test_two_runs_of_one_name_are_two_runs_there(tmp_path: Path) -> None:
    ids = set()
    for place in ("here", "there"):
        run = RunFolder.create(tmp_path / place, "letters", {"recipe": WANDB.model_dump()})
        assert tell(WANDB, run, WHOLE[:3]) == []
        ids |= {record.run.run_id for record in wandb_records(run) if record.HasField("run")}
    assert len(ids) == 2


def test_nothing_is_told_anybody_who_was_not_asked_for(run: RunFolder) -> None:
    assert trackers_for(Recipe(), run) == []
    program = "import sys, studio.train.trackers; print({'wandb', 'tensorboardX', 'mlx'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("recipe", "package"), [(TENSORBOARD, "tensorboardX"), (WANDB, "wandb")], ids=["tensorboard", "wandb"]
)
def test_a_missing_package_is_told_with_the_command_that_installs_it(
    recipe: Recipe, package: str, run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # what Python does for a package that is not there
    with refused("tracker.no_package", RecipeError, install=trackers.INSTALL):
        trackers_for(recipe, run)


def test_the_application_says_that_it_has_no_wandb_at_the_field_and_before_a_run(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "source" not in about_wandb()
    monkeypatch.setattr(sys, "frozen", True, raising=False)  # as PyInstaller's start does
    monkeypatch.setitem(sys.modules, "wandb", None)
    assert about_wandb().startswith("Not in the application: install Tuning Studio from its source")
    with refused("tracker.not_in_application", RecipeError, name="Weights & Biases"):
        trackers_for(WANDB, run)


def test_nobody_signed_in_is_told_before_the_run_begins(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_MODE")
    with pytest.raises(RecipeError, check=lambda error: error.code == "tracker.signed_out"):
        trackers_for(WANDB, run)


def test_a_failing_tracker_is_told_of_once_and_stops_nothing(run: RunFolder) -> None:
    (run.path / "tensorboard").write_text("a file where the folder should be")
    (tracker,) = trackers_for(TENSORBOARD, run)
    said = [tracker.see(event) for event in WHOLE]
    (warning,) = [log for log in said if log]
    assert warning.level == "warning"
    assert warning.text.startswith("TensorBoard gets no more of this run: ")
    assert warning.text.endswith("Training goes on.")
    assert tracker.close() is None


def test_a_disk_that_fills_up_later_stops_nothing_either(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tracker,) = trackers_for(TENSORBOARD, run)
    assert [tracker.see(event) for event in WHOLE[:10]] == [None] * 10

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(trackers._TensorBoard, "curves", full)
    said = [log for event in WHOLE[10:] if (log := tracker.see(event))]
    assert [log.text for log in said] == [
        "TensorBoard gets no more of this run: [Errno 28] No space left on device. Training goes on."
    ]
    assert tracker.close() is None


def test_events_out_of_turn_are_passed_over(run: RunFolder) -> None:
    tracker: Tracker
    (tracker,) = trackers_for(TENSORBOARD, run)
    events: list[Event] = [step(1), Skipped(1, "loss", 1), Log("hello"), Ended("failed")]
    assert [tracker.see(event) for event in events] == [None] * 4
    assert tracker.close() is None
    assert not (run.path / "tensorboard").exists()
