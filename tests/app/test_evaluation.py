"""Evaluations that a run keeps: brought back with what a person said of them, beside each other, reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.app.answer_words import add_line
from studio.app.studio import Studio
from studio.evaluate.store import EvaluationStore
from studio.events import Evaluated
from studio.files import write_proof
from studio.jobs.rescore import RescoreJob
from studio.runs.folder import RunFolder
from studio.ui.panes.evaluation.pane import EvaluationPane
from tests.app.keychain import own_keychain
from tests.app.test_run_menu import stored_run
from tests.ui.evaluated import BASE, CONTESTANTS, SCORES, TUNED, figures, outcomes


def rows_of(right: int) -> dict[str, list[float]]:
    """Twelve rows, of which the base has none right, and tuned so many."""
    return {BASE: [0.0] * 12, TUNED: [float(n < right) for n in range(12)]}


def evaluation(run: RunFolder, headline: str, number: int = 0, better: int = 12) -> EvaluationStore:
    """A complete evaluation in a run's folder, with so many answers right."""
    plan = {"number": number, "shared": "3f9ac01d77aa", "contestants": [], "options": {}, "format": 1}
    store = EvaluationStore.opened(run, plan)
    store.begin("golden_exact")
    for event in (*outcomes(), *SCORES, *figures()):
        store.keep("golden_exact", event)
    store.keep_rows("golden_exact", "", [f"q{n}" for n in range(12)], rows_of(better))
    store.finish("golden_exact")
    result = Evaluated(
        run=run.name,
        golden="12 golden prompts",
        headline=headline,
        verdict=("It rose.",),
        scores=SCORES,
        primary="golden_exact",
        contestants=CONTESTANTS,
        seconds=41.3,
        suite="standard",
        folder=str(store.folder),
    )
    store.complete(result)
    return store


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return stored_run(tmp_path / "home", "capitals", outcome="done")


@pytest.fixture
def pane(studio: Studio, run: RunFolder, qtbot: QtBot) -> EvaluationPane:
    """The pane with two evaluations of one run, the later one on show."""
    evaluation(run, "Unclear", 1)
    evaluation(run, "Better", 2, better=3)
    studio.runs.use(run.name)
    studio.window.show_pane("evaluation")
    studio.window.activateWindow()  # else no key of it is a shortcut
    qtbot.waitUntil(lambda: studio.panes.evaluation.results.earlier.count() == 2)
    qtbot.waitUntil(lambda: studio.queue.idle)
    return studio.panes.evaluation


def pick(combo: object, words: str) -> None:
    """Choose the entry of a combo box that says this."""
    place = next(n for n in range(combo.count()) if words in combo.itemText(n))  # type: ignore[attr-defined]
    combo.setCurrentIndex(place)  # type: ignore[attr-defined]
    combo.activated.emit(place)  # type: ignore[attr-defined]


def test_the_newest_evaluation_comes_back_and_earlier_ones_can_be_chosen(
    pane: EvaluationPane, studio: Studio, qtbot: QtBot
) -> None:
    assert pane.header.title() == "Evaluation of capitals"
    assert pane.results.verdict.headline.text() == "Better"
    assert "Better" in pane.results.earlier.currentText()
    assert pane.results.verdict.verified.text() == "✓ Verified 3f9ac01d"
    assert pane.results.answers.model.rowCount() == 12
    assert pane.results.figures.count() == len(figures())
    assert pane.setup._card.value().endswith("about 41 s")  # as long as it took before
    pick(pane.results.earlier, "Unclear")
    qtbot.waitUntil(lambda: pane.results.verdict.headline.text() == "Unclear")
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert pane.results.answers.model.rowCount() == 12


def test_an_earlier_evaluation_is_laid_beside_and_the_rows_it_does_better_on_are_one_click_away(
    pane: EvaluationPane, qtbot: QtBot
) -> None:
    pick(pane.results.beside, "Unclear")
    qtbot.waitUntil(lambda: len(pane.results.model.sides) == 3)
    assert "Unclear" in pane.results.model.sides[1].title
    row = next(row for row in pane.results.model.rows if row.measure == "golden_exact")
    assert row.difference(0, TUNED) == row.difference(1, TUNED)
    direct = pane.results.model.sides[2]
    difference = row.difference(2, direct.compared)
    assert difference is not None
    assert difference.value == pytest.approx(-9 / 12)  # 3 right against 12
    pane.results.answers.choose("fallen")
    assert [each.asked.id for each in pane.results.answers.model.rows] == [f"q{n}" for n in range(3, 12)]
    pick(pane.results.beside, "Nothing")
    assert len(pane.results.model.sides) == 1
    assert pane.results.answers.model.counts()["fallen"] == 0


def test_what_a_person_says_is_kept_and_counted(
    pane: EvaluationPane, studio: Studio, run: RunFolder, qtbot: QtBot
) -> None:
    pane.results.tabs.choose("answers")
    answers = pane.results.answers
    answers.choose("broken")
    qtbot.keyClick(answers.list, Qt.Key.Key_R)  # what the scorer calls broken is right
    answers.choose("")
    qtbot.keyClick(answers.list, Qt.Key.Key_V)
    qtbot.keyClick(answers.list, Qt.Key.Key_3)
    qtbot.keyClick(answers.list, Qt.Key.Key_V)
    answers._note("as asked")
    voted, noted = "q0", answers.current
    assert noted is not None
    qtbot.waitUntil(lambda: studio.queue.idle)
    (newest, _) = sorted(run.evaluations.iterdir(), reverse=True)
    store = EvaluationStore(newest)
    assert [(r.item, r.contestant, r.right) for r in store.rulings().values()] == [("q1", TUNED, True)]
    (vote,) = store.votes()
    assert (vote.item, vote.choice, {vote.a, vote.b}) == (voted, "tie", {BASE, TUNED})
    assert store.notes() == {noted.asked.id: "as asked"}
    pick(pane.results.earlier, "Unclear")
    qtbot.waitUntil(lambda: pane.results.verdict.headline.text() == "Unclear")
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert answers.model.counts()["overruled"] == 0
    pick(pane.results.earlier, "Better")
    qtbot.waitUntil(lambda: answers.model.counts()["overruled"] == 1)
    counts = answers.model.counts()
    assert (counts["voted"], counts["broken"]) == (1, 2)  # of three, one was overruled
    assert pane.results.verdict.worse.text() == "2 rows got worse"


def test_what_is_said_while_it_runs_is_kept_at_its_end(studio: Studio, run: RunFolder, qtbot: QtBot) -> None:
    store, words = evaluation(run, "Better"), studio.evaluation.words
    words.begin()
    words._rule(("golden", "q1"), TUNED, True)
    words.turn_to(store.folder)
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert [ruling.item for ruling in store.rulings().values()] == ["q1"]


def test_a_row_goes_to_a_golden_set_and_to_a_dataset(
    pane: EvaluationPane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "more.jsonl"
    file.write_text('{"prompt": "a", "ideal": "b"}')  # its last line has no end
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(file), ""))
    pane.results.answers.act("golden")
    pane.results.answers.act("dataset")
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    prompt = "What is the capital of country 0?"
    assert rows[1:] == [
        {"prompt": prompt, "ideal": "The capital is Rome."},
        {"prompt": prompt, "completion": "The capital is Rome."},
    ]
    add_line(tmp_path / "new.jsonl", {"prompt": "é"})
    assert (tmp_path / "new.jsonl").read_text("utf-8") == '{"prompt": "é"}\n'


def test_a_checkpoint_is_taken_as_the_result_of_the_run(
    pane: EvaluationPane, studio: Studio, run: RunFolder, qtbot: QtBot
) -> None:
    step = run.path / "checkpoints" / "step-000120"
    step.mkdir(parents=True)
    (step / "adapters.safetensors").write_bytes(b"earlier")
    (step / "adapter_config.json").write_text("{}")
    write_proof(step)
    pane.checkpoint_requested.emit("tuned@120")
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert (run.adapter / "adapters.safetensors").read_bytes() == b"earlier"
    assert "Step 120 is the result of capitals now" in studio.window.notice("evaluation").text()


def test_one_click_writes_the_report_and_opens_it(
    pane: EvaluationPane, studio: Studio, run: RunFolder, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    assert pane.report.isVisible()
    pane.report.menu().actions()[0].trigger()
    qtbot.waitUntil(lambda: bool(opened))
    assert opened == [str(run.path / "report" / "report.html")]
    assert "Better" in Path(opened[0]).read_text("utf-8")


def test_a_result_on_show_stays_when_the_list_of_runs_comes_again(
    pane: EvaluationPane, studio: Studio, qtbot: QtBot
) -> None:
    studio.runs.refresh()
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert pane.results.verdict.headline.text() == "Better"


def test_rulings_are_counted_in_the_scores_by_one_click(
    pane: EvaluationPane, studio: Studio, run: RunFolder, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is scored anew, and how, is the job's; the window asks for it of what is on show."""
    asked: list[RescoreJob] = []
    monkeypatch.setattr(RescoreJob, "run_events", lambda job, _: asked.append(job) or iter(()))
    rescore = pane.results.verdict.rescore
    assert not rescore.isVisible()
    pane.results.answers.act("wrong")
    assert rescore.text() == "Count 1 ruling in the scores"
    qtbot.waitUntil(lambda: studio.queue.idle)
    shown = studio.evaluation.words.folder
    qtbot.mouseClick(rescore, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert [(job.run, job.folder) for job in asked] == [(run, shown)]


def test_a_servers_model_is_named_and_its_key_goes_to_the_keychain(
    studio: Studio, pane: EvaluationPane, qtbot: QtBot
) -> None:
    card = pane.setup.contestants
    with own_keychain() as keychain:
        card.menu.actions()[-1].trigger()
        dialog = studio.evaluation.adding.dialog
        assert dialog is not None
        dialog.name.setText("big")
        assert not dialog.agree.isEnabled()
        dialog.address.setText("localhost:1234/v1")
        dialog.key.setText("sk-SECRET")
        dialog.agree.click()
        assert (card.more, keychain.kept) == ([], {})  # an address begins with http
        dialog.address.setText("http://localhost:1234/v1/")
        dialog.agree.click()
        assert list(keychain.kept.values()) == ["sk-SECRET"]
    assert not dialog.isVisible()
    assert [each.key for each in card.more] == ["server:http://localhost:1234/v1#big"]
    assert "SECRET" not in str(card.more[0].model_dump())
