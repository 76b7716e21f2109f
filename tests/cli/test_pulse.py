"""Where nothing can be drawn, a line tells at least every half minute what is being done; a stop is told."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Generator, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from studio.cli.commands import run
from studio.cli.terminal import LONGEST_SILENCE, Pulse, StoppedByPerson, perform
from studio.events import Event, Log, Progress, RunOpened, Step
from tests.conftest import write_rows


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def step(number: int) -> Step:
    return Step(number, 900, 0.1, 2.5, 1e-4, 1.0, 100, 812.0, 1, 1, 1, 5.0, 3600.0)


@pytest.mark.parametrize("seconds", [0.5, 3.0, 7.0, 12.5])
def test_no_silence_is_longer_than_half_a_minute(seconds: float) -> None:
    clock, lines = Clock(), list[float]()
    pulse = Pulse(lambda line: lines.append(clock.now), clock)
    for number in range(int(600 / seconds)):
        clock.now += min(seconds, 5)
        pulse.beat()  # as its thread does each second
        if number % 3 == 0:
            pulse.show(f"Step {number}")
    gaps = [later - earlier for earlier, later in zip([0.0, *lines], [*lines, clock.now], strict=True)]
    assert max(gaps) <= LONGEST_SILENCE
    assert len(lines) <= clock.now / 20


def test_what_takes_long_is_told_with_its_time_and_nothing_is_told_twice() -> None:
    clock, lines = Clock(), list[str]()
    pulse = Pulse(lines.append, clock)
    pulse.show("Reading")
    for _ in range(80):
        clock.now += 1
        pulse.beat()
    assert lines == ["Reading", "Reading (for 50 s)", "Reading (for 75 s)"]
    pulse.spoken()
    clock.now += 20
    pulse.beat()
    assert len(lines) == 3


def test_the_thread_beats_while_one_step_takes_minutes() -> None:
    clock, said = Clock(), threading.Event()
    pulse = Pulse(lambda line: said.set(), clock)
    with pulse.beating():
        clock.now = 100.0
        assert said.wait(60)
    assert not any(thread.name == "pulse" for thread in threading.enumerate())


def training(clock: Clock) -> Iterator[Event]:
    yield RunOpened("toy", "/runs/toy")
    for number in range(1, 61):
        clock.now += 4
        yield step(number)
        if number == 30:
            yield Log("A remark.")
    yield Progress("Saving", 3, 8)


def test_training_into_a_file_tells_its_steps(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()

    def events() -> Generator[Event]:
        yield from training(clock)

    assert len(list(perform(events(), clock))) == 63
    lines = capsys.readouterr().err.splitlines()
    steps = [
        int(found[1]) for line in lines if (found := re.match(r"Step (\d+) of 900: loss 2.500 · 812", line))
    ]
    assert 8 <= len(steps) <= 12
    told = sorted([0, *steps, 30, 60])  # the remark is a line, too
    assert max(4 * (later - earlier) for earlier, later in pairwise(told)) <= LONGEST_SILENCE
    assert "A remark." in lines
    assert "Run toy" in lines


def test_an_evaluation_tells_every_answer_and_every_portion(tmp_path: Path, tiny_model: Path) -> None:
    from studio.dataset.dataset import Dataset
    from studio.evaluate.evaluation import evaluate
    from studio.evaluate.golden import golden_from_test
    from studio.evaluate.registry import BY_KEY
    from studio.evaluate.store import EvaluationStore
    from studio.recipe.fields import Data
    from tests.evaluate.contestants import open_contestant, setting_of

    pair = [open_contestant(tiny_model, key) for key in ("base", "tuned")]
    data = Dataset.load(write_rows(tmp_path / "toy.jsonl", 60), pair[0].renderer, Data(), 0)
    setting = setting_of(pair, EvaluationStore(tmp_path), golden_from_test(data), data)
    measures = [BY_KEY[key] for key in ("golden_exact", "validation_loss")]
    told = [event for event in evaluate(setting, measures, "golden_exact") if isinstance(event, Progress)]
    assert len([event for event in told if event.what.startswith("Asking")]) > 20  # after each token of all
    losses = [event for event in told if event.what == "validation"]
    assert (losses[0].done, losses[-1].done, losses[-1].total) == (0, *[2 * len(data.validation)] * 2)
    assert len(losses) > 2


def stopping(*before: Event) -> Generator[Event]:
    """A job during which Ctrl-C is pressed."""
    yield from before
    os.kill(os.getpid(), signal.SIGINT)
    for number in range(1000):
        yield Progress("Asking", number, 1000)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ((), "there is nothing to save"),
        ((Progress("Reading", 1, 2),), "there is nothing to save"),
        ((RunOpened("toy", "/runs/toy"), step(1)), "after this step, and saving"),
    ],
)
def test_a_stop_says_whether_anything_is_saved(
    before: tuple[Event, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []
    with pytest.raises(StoppedByPerson):
        seen.extend(perform(stopping(*before)))
    assert words in " ".join(capsys.readouterr().err.split())


def test_an_evaluation_that_is_stopped_keeps_its_answers_and_says_so(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.jobs.evaluate import EvaluateJob

    data = write_rows(tmp_path / "toy.jsonl", 40)
    assert (
        run(["train", str(data), "--model", str(tiny_model), "--name", "toy", "--set", "loop.steps=1"]) == 0
    )
    whole = EvaluateJob.run_events

    def pressed(job: EvaluateJob, model_cache: object) -> Generator[Event]:
        for event in whole(job, model_cache):  # type: ignore[arg-type]
            if isinstance(event, Progress) and event.what.startswith("Asking"):
                os.kill(os.getpid(), signal.SIGINT)
            yield event
            assert not (isinstance(event, Progress) and event.what.startswith("Asking")), "it went on"

    monkeypatch.setattr(EvaluateJob, "run_events", pressed)
    capsys.readouterr()
    assert run(["evaluate", "toy"]) == 130
    assert "Stopped; what was answered is kept." in capsys.readouterr().err
    kept = list((tmp_path / "home" / "runs" / "toy").glob("evaluations/*/plan.json"))
    assert len(kept) == 1
    assert not (kept[0].parent / "result.json").exists()


@pytest.mark.parametrize(("limit", "rows"), [(24, "some"), (8, "none")])
def test_rows_left_out_for_their_length_come_with_the_maximum_that_keeps_95_percent(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str], limit: int, rows: str
) -> None:
    from studio.dataset.dataset import Dataset
    from studio.dataset.render.render import Renderer, Rendering
    from studio.models.tokenizer import load_tokenizer
    from studio.recipe.fields import Data

    data = write_rows(tmp_path / "toy.jsonl", 40)
    renderer = Renderer(load_tokenizer(tiny_model), Rendering(max_length=10_000))
    whole = Dataset.load(data, renderer, Data(), 0)
    lengths = sorted(len(e.tokens.ids) for e in (*whole.train, *whole.validation, *whole.test))
    assert len(lengths) == 40
    limit = lengths[limit - 1] if rows == "some" else lengths[0] - 1
    code = run(
        [
            "train",
            str(data),
            "--model",
            str(tiny_model),
            "--set",
            "loop.steps=1",
            "--set",
            f"data.max_length={limit}",
        ]
    )
    said = " ".join(capsys.readouterr().err.split())
    assert code == (0 if rows == "some" else 2)
    wanted = int(re.findall(r"maximum (?:length )?of ([\d,]+) would keep 95 %", said)[0].replace(",", ""))
    kept = sum(length <= wanted for length in lengths)
    assert kept >= 38
    assert sum(length <= wanted - 1 for length in lengths) < 38
