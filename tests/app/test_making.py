"""More rows are made in the window, from a dataset and from documents, judged by single keys, and added."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.dataset.read.load import read
from studio.events import Event, Progress
from studio.jobs.queue import QueueName
from studio.paths import Paths
from studio.settings import Settings
from studio.synth.folder import SyntheticFolder
from studio.train.dataset_cache import DatasetCache
from studio.ui.theme import Theme
from tests.conftest import finish
from tests.jobs.openai_server import Answer, Body, openai_server

LEFT = Qt.MouseButton.LeftButton
COMMAND, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
THINGS = ("anchor", "bridge", "crane", "dredger", "engine")


class Keychain(KeyringBackend):
    """A keychain that ends with the test."""

    priority = -1  # nobody else picks it

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def keychain() -> Iterator[Keychain]:
    before, own = keyring.get_keyring(), Keychain()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Six examples whose requests have words to mistype."""
    path = tmp_path / "numbers.jsonl"
    names = ("seven", "eleven", "twelve", "thirteen", "fourteen", "fifteen")
    rows = [{"prompt": f"Please write the number {n}", "completion": f"Here is {n}."} for n in names]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    """A web page of five passages, each about another thing."""
    sections = [
        f"<h1>Thing {name}</h1><p>The {name} weighs {n + 11} tons.{f' Every {name} is painted green.' * 25}"
        for n, name in enumerate(THINGS)
    ]
    path = tmp_path / "handbook.html"
    path.write_text(f"<html><body>{''.join(sections)}</body></html>")
    return path


def good(body: Body, number: int = 0) -> str:
    """A question and an answer that stand in the passage."""
    name, tons = re.findall(r"The (\w+) weighs (\d+) tons", body["messages"][0]["content"])[0]
    return json.dumps([{"question": f"What does the {name} weigh?", "answer": f"It weighs {tons} tons."}])


def open_dataset(studio: Studio, qtbot: QtBot, path: Path) -> None:
    studio.open_path(str(path))
    wait_for(studio, qtbot, path.name)
    studio.panes.dataset.tabs.choose("synthesis")


def wait_for(studio: Studio, qtbot: QtBot, name: str) -> None:
    qtbot.waitUntil(lambda: studio.state.dataset is not None and studio.state.dataset.name == name)


def make(studio: Studio, qtbot: QtBot) -> None:
    """Click, and wait for the end."""
    qtbot.mouseClick(studio.panes.dataset.synthesis.card.make, LEFT)
    assert studio.dataset.synthesis.busy
    qtbot.waitUntil(lambda: not studio.dataset.synthesis.busy)


def ask_server(studio: Studio, qtbot: QtBot, url: str) -> None:
    """Choose a server in the form, and type where it is."""
    form = studio.panes.dataset.synthesis.form
    choice = form.models.findData("server")
    form.models.setCurrentIndex(choice)
    form.models.activated.emit(choice)
    assert form.server.isVisible()
    qtbot.keyClicks(form.server, url)
    qtbot.keyClicks(form.name, "llama")
    form.rows["each"].editor.selectAll()
    qtbot.keyClicks(form.rows["each"].editor, "1")


def mistype(studio: Studio) -> None:
    form = studio.panes.dataset.synthesis.form
    form.way.setCurrentIndex(form.way.findData("noise"))
    form.way.activated.emit(form.way.currentIndex())


def states(studio: Studio) -> list[str]:
    """What is written down of each row."""
    folder = studio.dataset.synthesis.reviewing.folder
    assert folder is not None
    return [review.state for _, review in folder.reviewed()]


def test_rows_are_judged_by_single_keys_and_every_word_can_be_taken_back(
    studio: Studio, qtbot: QtBot, source: Path
) -> None:
    open_dataset(studio, qtbot, source)
    page = studio.panes.dataset.synthesis
    mistype(studio)
    assert not page.form.models.isVisible()
    assert not page.form.documents.isVisible()
    make(studio, qtbot)
    review, table = page.review, page.review.table
    assert states(studio) == ["pending"] * 6
    assert studio.window.focusWidget() is table
    qtbot.keyClick(table, Qt.Key.Key_A)
    qtbot.keyClick(table, Qt.Key.Key_R)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    qtbot.keyClick(table, Qt.Key.Key_Backspace)
    assert states(studio) == ["accepted", "rejected", "accepted", "rejected", "pending", "pending"]
    assert table.current() == table.made.by_number(5)
    qtbot.keyClick(table, Qt.Key.Key_E)
    assert studio.window.focusWidget() is review.row.answer
    review.row.answer.selectAll()
    qtbot.keyClicks(review.row.answer, "15, are you all right?")
    qtbot.keyClick(review.row.answer, Qt.Key.Key_Return, COMMAND)
    edited = table.made.by_number(5)
    assert edited is not None
    assert (edited.state, edited.answer) == ("edited", "15, are you all right?")
    assert table.current() == table.made.by_number(6)
    qtbot.keyClick(table, Qt.Key.Key_E)
    qtbot.keyClicks(review.row.answer, "never mind")
    qtbot.keyClick(review.row.answer, Qt.Key.Key_Escape)
    assert states(studio)[4:] == ["edited", "pending"]
    qtbot.keyClick(table, Qt.Key.Key_U)
    assert states(studio)[4:] == ["pending", "pending"]
    assert review.row.answer.toPlainText() == "Here is fourteen."
    studio.window.action("undo").trigger()
    assert states(studio)[3] == "pending"
    assert table.current() == table.made.by_number(4)
    review.chips.choose("pending")
    assert table.made.rowCount() == 3
    qtbot.keyClick(table, Qt.Key.Key_A, COMMAND | SHIFT)
    assert states(studio) == ["accepted", "rejected", "accepted", "accepted", "accepted", "accepted"]
    assert table.made.rowCount() == 0
    qtbot.keyClick(review.chips, Qt.Key.Key_U)
    assert states(studio).count("pending") == 3
    assert review.chips.label("accepted") == "Accepted 2"
    assert review.add.text() == "Add 2 accepted rows"


def test_accepted_rows_become_a_step_of_the_dataset_and_stay_marked_as_made(
    studio: Studio, qtbot: QtBot, source: Path
) -> None:
    open_dataset(studio, qtbot, source)
    page, review = studio.panes.dataset.synthesis, studio.panes.dataset.synthesis.review
    mistype(studio)
    make(studio, qtbot)
    assert not review.add.isVisible()
    for key in (Qt.Key.Key_A, Qt.Key.Key_A, Qt.Key.Key_R):
        qtbot.keyClick(review.table, key)
    qtbot.mouseClick(review.add, LEFT)
    qtbot.waitUntil(lambda: studio.state.dataset is not None and len(studio.state.dataset.rows) == 8)
    dataset = finish(DatasetCache().open(studio.state.recipe))
    made = [json.loads(record.made) for record in dataset.prepared.rows.records if record.made]
    assert [row["maker"] for row in made] == ["noise", "noise"]
    assert source.read_text().count("\n") == 6
    assert [row.state for row in review.table.made.rows][:3] == ["added", "added", "rejected"]
    assert not review.add.isVisible()
    qtbot.keyClick(review.table, Qt.Key.Key_A)
    assert review.add.text() == "Add 1 accepted row"
    studio.panes.dataset.tabs.choose("history")
    qtbot.waitUntil(lambda: bool(studio.panes.dataset.history.removers))
    qtbot.mouseClick(studio.panes.dataset.history.removers[0], LEFT)
    qtbot.waitUntil(lambda: studio.state.dataset is not None and len(studio.state.dataset.rows) == 6)
    assert review.add.text() == "Add 3 accepted rows"
    assert page.card.make.property("role") == "plain"


@pytest.mark.long
def test_a_making_is_stopped_found_again_after_a_restart_and_gone_on_with(
    studio: Studio, qtbot: QtBot, source: Path, handbook: Path, tmp_path: Path, qapp: QApplication
) -> None:
    thinks, may_answer = threading.Event(), threading.Event()

    def answer(body: Body, number: int) -> Answer:
        if number == 3:
            thinks.set()
            may_answer.wait(30)
        return good(body)

    with openai_server(answer) as served:
        open_dataset(studio, qtbot, source)
        page = studio.panes.dataset.synthesis
        page.add_documents([str(handbook)])
        ask_server(studio, qtbot, served.url)
        qtbot.mouseClick(page.card.make, LEFT)
        qtbot.waitUntil(thinks.is_set)
        qtbot.waitUntil(lambda: page.review.table.made.rowCount() == 2)
        assert page.card.status.text() == "Making rows: 2 of 5 passages"
        qtbot.keyClick(page.review.table, Qt.Key.Key_A)
        qtbot.mouseClick(page.card.stop, LEFT)
        qtbot.waitUntil(lambda: not studio.dataset.synthesis.busy)
        may_answer.set()
        assert page.card.again.isVisible()
        studio.window.close()
        theme = Theme(qapp)
        window = make_window(theme, Settings())
        window.show()
        again = Studio(Paths.under(tmp_path / "home"), theme, Settings(), window)
        open_dataset(again, qtbot, source)
        review = again.panes.dataset.synthesis.review
        assert review.links[0].text().startswith("From documents: 2 rows, 1 to review, not finished")
        qtbot.mouseClick(review.links[0], LEFT)
        assert [row.state for row in review.table.made.rows] == ["accepted", "pending"]
        qtbot.mouseClick(again.panes.dataset.synthesis.card.again, LEFT)
        qtbot.waitUntil(lambda: not again.dataset.synthesis.busy)
    assert [row.prompt for row in review.table.made.rows] == [f"What does the {n} weigh?" for n in THINGS]
    assert states(again) == ["accepted", *["pending"] * 4]
    assert review.summary.text() == "5 rows from 5 sources."
    assert not again.panes.dataset.synthesis.card.again.isVisible()
    window.close()
    window.deleteLater()


def test_a_document_on_the_empty_window_becomes_a_dataset_by_a_server_with_a_key(
    studio: Studio, qtbot: QtBot, handbook: Path, keychain: Keychain, tmp_path: Path
) -> None:
    def answer(body: Body, number: int) -> Answer:
        return (401, {"error": {"message": "bad key"}}, {}) if number == 1 else good(body)

    pane, page = studio.panes.dataset, studio.panes.dataset.synthesis
    notes = tmp_path / "notes.md"
    studio.window.files_dropped.emit([str(handbook), str(notes)])
    assert page.isVisible()
    assert not pane.tabs.isVisible()
    assert page.form.documents.paths == (str(handbook), str(notes))
    qtbot.mouseClick(page.form.documents.removers[1], LEFT)
    assert page.form.way.findData("paraphrase") < 0
    with openai_server(answer) as served:
        ask_server(studio, qtbot, served.url)
        qtbot.keyClicks(page.form.key, "sk-secret")
        make(studio, qtbot)
        assert "did not take the key" in page.card.status.text()
        assert page.form.key.text() == ""
        qtbot.keyClicks(page.form.key, "sk-better")
        qtbot.mouseClick(page.card.again, LEFT)
        qtbot.waitUntil(lambda: not studio.dataset.synthesis.busy)
    assert served.keys == ["Bearer sk-secret", *["Bearer sk-better"] * 5]
    assert list(keychain.kept.values()) == ["sk-better"]
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert not any(b"sk-" in path.read_bytes() for path in files)
    review = page.review
    assert "The anchor weighs 11 tons." in review.row.passage.marked()
    assert not any("painted" in mark for mark in review.row.passage.marked())
    qtbot.keyClick(review.table, Qt.Key.Key_A, COMMAND | SHIFT)
    qtbot.mouseClick(review.add, LEFT)
    wait_for(studio, qtbot, "handbook rows")
    dataset = studio.state.dataset
    assert dataset is not None
    made = [json.loads(record.made) for record in read(Path(dataset.path)).records]
    assert ["bridge weighs 12 tons" in row["passage"] for row in made].count(True) == 1
    assert pane.tabs.isVisible()
    pane.tabs.choose("synthesis")
    assert {row.state for row in review.table.made.rows} == {"added"}


def test_a_making_that_nobody_here_confirmed_says_what_it_would_send_and_waits_for_a_second_press(
    studio: Studio, qtbot: QtBot, handbook: Path, keychain: Keychain, tmp_path: Path
) -> None:
    page = studio.panes.dataset.synthesis
    studio.window.files_dropped.emit([str(handbook)])
    with openai_server(lambda body, number: (401, {}, {}) if number == 1 else good(body)) as served:
        ask_server(studio, qtbot, served.url)
        make(studio, qtbot)
        (tmp_path / "home" / "confirmed.jsonl").unlink()  # as on another machine
        qtbot.mouseClick(page.card.again, LEFT)
        assert not studio.dataset.synthesis.busy
        assert str(handbook) in page.card.status.text()
        assert served.url in page.card.status.text()
        assert len(served.asked) == 1
        qtbot.mouseClick(page.card.again, LEFT)
        qtbot.waitUntil(lambda: not studio.dataset.synthesis.busy)
    assert len(served.asked) == 6


@dataclass(frozen=True)
class Waiting:
    """Keeps the engine busy until it may end."""

    may_end: threading.Event

    @property
    def title(self) -> str:
        return "Waiting"

    def run_events(self, context: Any) -> Generator[Event]:
        while not self.may_end.wait(0.01):
            yield Progress("waiting", 0)


def test_the_starter_waits_for_the_engine_and_what_it_made_in_vain_is_summed_up(
    studio: Studio, qtbot: QtBot, handbook: Path
) -> None:
    page = studio.panes.dataset.synthesis
    studio.open_path(str(handbook))
    for name, value in (("sources", "2"), ("max_tokens", "24")):
        page.form.rows[name].set_value(value)
    may_end = threading.Event()
    studio.queue.submit(Waiting(may_end), QueueName.ENGINE, lambda _: None, lambda _: None)
    qtbot.mouseClick(page.card.make, LEFT)
    assert page.card.status.text().startswith("The engine is busy.")
    may_end.set()
    qtbot.waitUntil(lambda: not studio.dataset.synthesis.busy)
    folder = studio.dataset.synthesis.reviewing.folder
    assert folder is not None
    assert len(folder.asked()) == 2
    assert page.review.summary.text().startswith("0 rows from 2 sources.")
    assert "left out:" in page.review.summary.text()
    assert page.review.summary.isVisible()


def test_documents_are_dropped_on_the_page_and_left_out_again(
    studio: Studio, qtbot: QtBot, source: Path, handbook: Path, tmp_path: Path
) -> None:
    open_dataset(studio, qtbot, source)
    page = studio.panes.dataset.synthesis
    mistype(studio)
    notes = tmp_path / "notes.txt"
    notes.write_text("Every crane is green.")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in (handbook, notes, source)])
    move, buttons, keys = Qt.DropAction.CopyAction, LEFT, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), move, data, buttons, keys)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(page, QDropEvent(QPointF(5, 5), move, data, buttons, keys))
    assert page.form.documents.paths == (str(handbook), str(notes))
    assert page.form.generator.name == "passages"
    qtbot.mouseClick(page.form.documents.removers[0], LEFT)
    assert page.form.documents.paths == (str(notes),)
    qtbot.mouseClick(page.form.documents.removers[0], LEFT)
    assert page.card.status.text() == "Add a document to begin."
    assert not page.card.make.isEnabled()
    page.add_documents([str(notes)])
    qtbot.keyClicks(page.form.rows["each"].editor, "9")
    assert page.card.status.text() == "Fix the highlighted field."


def test_a_making_belongs_to_its_dataset(studio: Studio, qtbot: QtBot, source: Path, tmp_path: Path) -> None:
    other = tmp_path / "others.jsonl"
    other.write_text(source.read_text())
    open_dataset(studio, qtbot, source)
    mistype(studio)
    make(studio, qtbot)
    review = studio.panes.dataset.synthesis.review
    made = review.table.made.rowCount()
    open_dataset(studio, qtbot, other)
    assert review.nothing.isVisible()
    assert not review.links
    open_dataset(studio, qtbot, source)
    assert len(review.links) == 1
    qtbot.mouseClick(review.links[0], LEFT)
    assert review.table.made.rowCount() == made
    assert studio.panes.dataset.synthesis.form.generator.name == "noise"
    assert SyntheticFolder(next((tmp_path / "home" / "made").iterdir())).finished
