"""A run's folder holds its log for people and for other tools, whole at any time."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

from studio.events import Advice, Ended, Log, Prepared, Saved, Step, Validated
from studio.runs.folder import RunFolder

STEP = Step(1, 8, 0.25, 2.5, 1e-4, 0.5, 100, 1000.0, 1, 2 * 10**9, 3, 1.0, 7.0)
PREPARED = Prepared("starter", 10, 100, 40, 4, 0, 8, 1e-4)


def new_run(folder: Path) -> RunFolder:
    return RunFolder.create(folder, "first", {"recipe": {}})


def log_of(run: RunFolder) -> list[dict[str, float]]:
    found: list[dict[str, float]] = json.loads((run.path / "training_log.json").read_text())
    return found


def lines_of(run: RunFolder) -> list[str]:
    return [line.split("  ", 1)[1] for line in (run.path / "training_log.txt").read_text().splitlines()]


def test_the_json_log_is_a_whole_list_after_every_event(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    for count, event in enumerate(
        (Log("hello"), PREPARED, Validated(0, 3.0, 20.0, 9, True), STEP, replace(STEP, step=2, epoch=0.5))
    ):
        run.append(event)
        assert len(log_of(run)) == max(0, count - 1)

    run.append(Validated(2, 2.0, 7.4, 9, True))
    assert log_of(run) == [
        {"step": 0, "epoch": 0.0, "eval_loss": 3.0},
        {"step": 1, "epoch": 0.25, "loss": 2.5, "grad_norm": 0.5, "learning_rate": 1e-4},
        {"step": 2, "epoch": 0.5, "loss": 2.5, "grad_norm": 0.5, "learning_rate": 1e-4},
        {"step": 2, "epoch": 0.5, "eval_loss": 2.0},
    ]


def test_a_resume_takes_out_of_the_json_what_it_does_anew_and_the_text_tells_of_both(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    for event in (PREPARED, STEP, replace(STEP, step=2), replace(STEP, step=3)):
        run.append(event)

    run.append(replace(PREPARED, first_step=3))
    run.append(replace(STEP, step=3, loss=1.0))
    assert [(line["step"], line["loss"]) for line in log_of(run)] == [(1, 2.5), (2, 2.5), (3, 1.0)]
    assert len([line for line in lines_of(run) if line.startswith("Step 3 of 8: loss")]) == 2


def test_the_text_log_says_in_words_what_happened(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    advice = Advice(1, "plateau", "The loss stands still.", "Stop here.")
    for event in (STEP, Validated(1, 2.0, 7.4, 9, True), advice, Saved(1, "x"), Ended("done", "Trained.")):
        run.append(event)

    said = lines_of(run)
    assert said[0].startswith(
        "Step 1 of 8: loss 2.5000, learning rate 0.0001, gradient norm 0.5, 1,000 tokens/s"
    )
    assert said[1:] == [
        "Step 1: validation loss 2.000 (best)",
        "Step 1: The loss stands still. Stop here.",
        "Step 1: checkpoint saved",
        "Ended (done) Trained.",
    ]


def test_what_is_not_a_number_is_null_and_hostile_text_stays_on_its_line(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    run.append(replace(STEP, loss=math.nan))
    run.append(Log("one\ntwo\x1b[31m\ud800"))

    assert log_of(run)[0]["loss"] is None
    assert len(lines_of(run)) == 2
    assert "\x1b" not in (run.path / "training_log.txt").read_text()


def test_a_run_of_an_earlier_release_gets_its_whole_log_at_its_next_event(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    run.append(STEP)
    (run.path / "training_log.json").unlink()

    run.append(replace(STEP, step=2))
    assert [line["step"] for line in log_of(run)] == [1, 2]
