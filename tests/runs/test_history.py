"""What is kept beside a journal says what reading all of it says, whatever happened to either."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from studio.events import Ended, Event, Prepared, Probed, Rewards, Sampled, Step, Validated, to_json
from studio.runs import history as module
from studio.runs.folder import RunFolder
from studio.runs.history import REWARDS, STEP, RunHistory, history_of
from studio.runs.store import RunStore, RunSummary, summarize
from tests.runs.damages import damages

HOMES = sorted((Path(__file__).parents[1] / "fixtures").glob("*/home/runs/*/events.jsonl"))
RECIPE = {"recipe": {"model": "toy", "data": {"path": "toy.jsonl"}}}
KEPT = (".history", ".summary")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what small journals say, too."""
    monkeypatch.setattr(module, "SMALL", 0)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "runs", "toy", RECIPE)


def step(number: int, loss: float = 1.0) -> Step:
    figures = (number / 10, loss, 1e-4, 0.5, 64, 900.0, 2**30, 2**31, 2**32, number * 0.5, 9.0)
    return Step(number, 90, *figures)


def prepared(first: int = 1) -> Prepared:
    return Prepared("toy", 10, 100, 9, 2, 2, 90, 1e-4, first_step=first)


def session(first: int, last: int, *end: Event) -> list[Event]:
    """What happens from one step to another: rewards with each, all else every fifth."""
    found: list[Event] = [prepared(first)]
    for number in range(first, last + 1):
        loss = 9 / number + first / 100
        found += [step(number, loss), Rewards(number, "train", 0.1, 0.2, loss, 0.5, 4)]
        if number % 5 == 0:
            found += [
                Validated(number, loss + 0.1, 2.0, 99, True),
                Rewards(number, "validation", 0.3, 0.1, loss, 0.75, 8),
                Probed(number, 2 * loss, 50),
                Sampled(number, "a\u2028b", "\udcff ü"),
            ]
    return [*found, *end]


def append(run: RunFolder, events: list[Event]) -> None:
    with (run.path / "events.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(to_json(event) + "\n" for event in events)


def said(history: RunHistory) -> tuple[object, ...]:
    return (history.steps.tolist(), history.rewards.tolist(), history.events, history.damaged, history.ended)


def read_whole(run: RunFolder) -> tuple[object, ...]:
    """The same from every event of the journal, each as an object."""
    events, damaged = run.history()
    steps = [[float(value) for value in asdict(e).values()] for e in events if isinstance(e, Step)]
    rewards: dict[int, list[float]] = {}
    for event in events:
        if isinstance(event, Prepared):
            rewards = {number: row for number, row in rewards.items() if number < event.first_step}
        elif isinstance(event, Rewards) and event.part == "train":
            rewards[event.step] = [float(getattr(event, name)) for name in REWARDS]
    others = [e for e in events if not isinstance(e, Step) and getattr(e, "part", "") != "train"]
    ended = bool(events) and isinstance(events[-1], Ended)
    return steps, list(rewards.values()), tuple(others), tuple(damaged), ended


def summed_up(run: RunFolder) -> dict[str, object]:
    """What the first release made a run's line in the list of."""
    events = run.events()
    steps = [e for e in events if isinstance(e, Step)]
    best = min((e for e in events if isinstance(e, Validated)), key=lambda e: e.loss, default=None)
    plan = [e for e in events if isinstance(e, Prepared)]
    return {
        "step": steps[-1].step if steps else 0,
        "seconds": steps[-1].seconds if steps else 0.0,
        "steps": plan[-1].steps if plan else 0,
        "learning_rate": plan[-1].learning_rate if plan else None,
        "best_loss": best.loss if best else None,
        "best_step": best.step if best else None,
        "state": events[-1].outcome if events and isinstance(events[-1], Ended) else "interrupted",
    }


def check(run: RunFolder) -> None:
    """Asked twice, as the second time comes from what is kept."""
    for _ in range(2):
        assert said(history_of(run)) == read_whole(run)
        summary = summarize(run)
        assert {name: getattr(summary, name) for name in summed_up(run)} == summed_up(run)


@pytest.mark.parametrize("journal", HOMES, ids=lambda path: path.parent.name)
def test_a_stored_run_of_an_earlier_release_is_told_as_reading_it_whole_tells_it(
    journal: Path, tmp_path: Path
) -> None:
    run = RunFolder(Path(shutil.copytree(journal.parent, tmp_path / "runs" / journal.parent.name)))
    before = {name: getattr(summarize(run), name) for name in RunSummary.__dataclass_fields__}
    assert said(history_of(run)) == read_whole(run)
    check(run)
    assert before == {name: getattr(summarize(run), name) for name in before}
    assert all((run.path / name).exists() for name in KEPT)
    assert not [name for name, _ in run.files() if name in KEPT]


def test_a_run_that_goes_on_is_caught_up(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    check(run)  # nothing happened yet
    events = session(1, 40, Ended("done", "Done."))
    for start in range(0, len(events), 7):
        append(run, events[start : start + 7])
        check(run)
    taken: list[bytes] = []
    take = module._Reading.take
    monkeypatch.setattr(module._Reading, "take", lambda self, line: (taken.append(line), take(self, line)))
    assert history_of(run).last_step == step(40, 9 / 40 + 0.01)
    assert len(taken) < 0.05 * len(events)


def test_a_resumed_run_tells_what_it_repeats_once(run: RunFolder) -> None:
    append(run, session(1, 33, Ended("failed", "x")))
    check(run)
    for first, last in ((26, 41), (31, 31), (11, 57)):
        append(run, session(first, last))
        check(run)
    append(run, [Validated(55, 0.01, 1.0, 9, True), Ended("stopped", "Stopped.")])
    check(run)
    assert history_of(run).column("step").tolist() == list(range(1, 58))
    assert history_of(run).planned == 90
    assert summarize(run).best_step == 55


@pytest.mark.parametrize("cut", [1, 9, 60])
def test_a_line_that_is_being_written_is_no_part_of_what_is_kept(cut: int, run: RunFolder) -> None:
    journal = run.path / "events.jsonl"
    append(run, session(1, 20))
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-cut])
    check(run)
    journal.write_bytes(whole)
    check(run)
    journal.write_bytes(whole[:-1])  # whole but for its end
    check(run)
    journal.write_bytes(whole + b'{"kind": "Step", "st')
    run.append(step(21))
    check(run)


def damage_journal(content: bytes) -> bytes:
    return content.replace(b'"step": 5,', b'"step": 7,', 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content.replace(b'"loss": ', b'"loss": 1', 1),
        lambda content: b"[1]\n" + content + b'{"kind": "Step", "step": "x"}\n{"kind": "Later"}\n',
        lambda content: content.replace(b'"tokens": 64', b'"tokens": 1' + 400 * b"0", 1),
        damage_journal,
    ],
    ids=["emptied", "shorter", "longer", "other lines", "a huge number", "as long"],
)
def test_another_journal_is_read_anew(change: Callable[[bytes], bytes], run: RunFolder) -> None:
    append(run, session(1, 20))
    check(run)
    journal = run.path / "events.jsonl"
    journal.write_bytes(change(journal.read_bytes()))
    os.utime(journal, ns=(1, 1))
    history = history_of(run)
    for name in KEPT:
        (run.path / name).unlink(missing_ok=True)
    assert said(history) == said(history_of(run))
    if b"000000" not in journal.read_bytes():  # no column holds such a number
        check(run)


@pytest.mark.parametrize("name", KEPT)
def test_a_damaged_file_is_made_anew(name: str, run: RunFolder) -> None:
    append(run, session(1, 20, Ended("done", "Done.")))
    check(run)
    kept = run.path / name
    whole = kept.read_bytes()
    dice = random.Random(3)
    for _ in range(40):
        place = dice.randrange(len(whole))
        kept.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << dice.randrange(8)]) + whole[place + 1 :])
        check(run)
    for _, damage in damages(kept):
        kept.write_bytes(whole)
        kept.write_bytes(whole)
        damage(kept)
        check(run)
        if kept.is_dir():
            kept.rmdir()


def test_what_another_version_kept_is_made_anew(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    append(run, session(1, 20))
    monkeypatch.setattr(module, "__version__", "0.0.1")
    check(run)
    monkeypatch.undo()
    monkeypatch.setattr(module, "SMALL", 0)
    for name in KEPT:
        assert module.unseal(run.path / name) is None
    check(run)
    assert module.unseal(run.path / ".summary") is not None


def test_a_run_in_a_folder_that_may_not_be_written_is_told(run: RunFolder) -> None:
    append(run, session(1, 20))
    for name in KEPT:
        (run.path / name).mkdir()
    check(run)


def test_the_list_knows_of_an_evaluation_that_came_or_went(tmp_path: Path) -> None:
    home = next(path for path in HOMES if path.parent.name == "finished").parent
    run = RunFolder(Path(shutil.copytree(home, tmp_path / "runs" / "finished")))
    store = RunStore(run.path.parent)
    assert store.summaries()[0].tuned_exact == 0.0
    (evaluation,) = run.evaluations.iterdir()
    other = shutil.copytree(evaluation, run.evaluations / "99991231-000000-000000")
    result = json.loads((other / "result.json").read_text())
    for measure in result["measures"]:
        measure["tuned"] = 0.5
    (other / "result.json").write_text(json.dumps(result))
    assert RunStore(run.path.parent).summaries()[0].tuned_exact == 0.5
    shutil.rmtree(other)
    assert RunStore(run.path.parent).summaries()[0].tuned_exact == 0.0


def test_columns_are_the_fields_of_their_events() -> None:
    history = RunHistory.of(session(1, 10))
    assert history.last_step == step(10, 9 / 10 + 0.01)
    assert history.last_rewards == Rewards(10, "train", 0.1, 0.2, 9 / 10 + 0.01, 0.5, 4)
    assert history.column("tokens").tolist() == [64] * 10
    assert history.reward("pairs").tolist() == [4] * 10
    assert np.isfinite(history.steps).all()
    assert list(STEP) == list(asdict(step(1)))
