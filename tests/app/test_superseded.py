"""What comes late, or was meant for the dataset before, changes nothing of the one at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.catalogue import phrase
from studio.dataset.steps.journal import StepJournal
from studio.dataset.steps.steps import Cap, Delete, Edit, Filter, steps_in
from studio.dataset.store import source
from studio.events import DatasetRead, DatasetSaved, FixPreviewed, RowShown
from studio.files import whole
from studio.jobs.bring import BringJob
from studio.jobs.health import PreviewJob
from studio.jobs.hub import PublishJob
from studio.jobs.queue import JobQueue, Ticket
from studio.jobs.save import SaveJob
from studio.jobs.scan import RowJob
from studio.jobs.train import TrainJob
from studio.paths import Paths
from studio.ui.widgets.states import BusyState, EmptyState
from tests.conftest import write_rows

ROWS = "".join(f'{{"prompt": "Say {n}", "completion": "It is {n}."}}\n' for n in range(1, 9))
REPEATED = '{"prompt": "Say 1", "completion": "It is 1."}\n'


@pytest.fixture
def tickets(monkeypatch: pytest.MonkeyPatch) -> list[Ticket]:
    """Every ticket that the window gets from its queue."""
    kept: list[Ticket] = []
    submit = JobQueue.submit

    def keeping(*arguments: object) -> Ticket:
        kept.append(submit(*arguments))  # type: ignore[arg-type]
        return kept[-1]

    monkeypatch.setattr(JobQueue, "submit", keeping)
    return kept


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.jsonl"
    path.write_text(ROWS + REPEATED)
    return path


@pytest.fixture
def others(tmp_path: Path) -> Path:
    path = tmp_path / "others.jsonl"
    path.write_text(ROWS.replace("Say", "Tell") + REPEATED.replace("Say", "Tell"))
    return path


def opened(studio: Studio, qtbot: QtBot, path: Path) -> DatasetRead:
    studio.open_path(str(path))
    return wait_for(qtbot, studio, path.name)


def wait_for(qtbot: QtBot, studio: Studio, name: str) -> DatasetRead:
    def there() -> bool:
        return studio.state.dataset is not None and studio.state.dataset.name == name

    qtbot.waitUntil(there)
    assert studio.state.dataset is not None
    return studio.state.dataset


def last(tickets: list[Ticket], kind: type) -> Ticket:
    return next(ticket for ticket in reversed(tickets) if isinstance(ticket.job, kind))


def test_what_is_uploaded_is_what_the_dialog_was_opened_for(
    studio: Studio, qtbot: QtBot, tickets: list[Ticket], numbers: Path, others: Path
) -> None:
    opened(studio, qtbot, numbers)
    studio.dataset.uploading.ask()
    dialog = studio.dataset.uploading.dialog
    assert dialog is not None
    opened(studio, qtbot, others)
    dialog.name.setText("ann/numbers")
    qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)
    job = last(tickets, PublishJob).job
    assert isinstance(job, PublishJob)
    assert job.recipe.data.path == str(numbers)
    dialog.reject()


def test_undo_leaves_the_edits_of_the_dataset_before(
    studio: Studio, qtbot: QtBot, tmp_path: Path, numbers: Path, others: Path
) -> None:
    before = opened(studio, qtbot, numbers)
    studio.dataset.steps.toggle(9)
    studio.open_path(str(others))
    assert studio.state.dataset is None
    studio.panes.dataset.setFocus()
    studio.window.action("undo").trigger()
    assert studio.dataset.steps.current == ()
    journals = Paths.under(tmp_path / "home").step_journals
    assert StepJournal.of(journals, before.source).read().steps == (Delete(line=9),)
    wait_for(qtbot, studio, others.name)
    opened(studio, qtbot, numbers)
    assert studio.panes.dataset.edits.status.text() == "1 step"


def test_a_row_of_the_big_file_before_is_not_shown(
    studio: Studio,
    qtbot: QtBot,
    tickets: list[Ticket],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(source, "LARGE", 10_000)
    for name in ("one.jsonl", "two.jsonl"):
        studio.open_path(str(write_rows(tmp_path / name, 500)))
        qtbot.waitUntil(lambda: any(isinstance(ticket.job, RowJob) for ticket in tickets))
        if name == "one.jsonl":
            late = last(tickets, RowJob)
    view = studio.dataset.large.view
    assert view is not None
    late.on_event(RowShown(0, 77, ("prompt",), ("Of the file before",)))
    assert view.example.title() != "Line 77"


def test_files_brought_together_are_given_up_when_stopped(
    studio: Studio, qtbot: QtBot, tickets: list[Ticket], tmp_path: Path, numbers: Path, others: Path
) -> None:
    opened(studio, qtbot, numbers)
    studio.open_paths([str(numbers), str(others)])
    pane = studio.panes.dataset
    assert isinstance(pane.state, BusyState)
    assert studio.state.dataset is None
    assert not studio.window.action("save_dataset").isEnabled()
    pane.state.stop_requested.emit()
    assert last(tickets, BringJob).is_stopping()
    assert isinstance(pane.state, EmptyState)
    last(tickets, BringJob).on_event(saved(tmp_path / "numbers and 1 more"))
    assert studio.state.recipe.data.path == ""
    assert isinstance(pane.state, EmptyState)


def test_what_is_opened_after_files_were_brought_together_stays(
    studio: Studio, qtbot: QtBot, tickets: list[Ticket], tmp_path: Path, numbers: Path, others: Path
) -> None:
    studio.open_paths([str(numbers), str(others)])
    opened(studio, qtbot, others)
    last(tickets, BringJob).on_event(saved(tmp_path / "numbers and 1 more"))
    assert studio.state.recipe.data.path == str(others)


def saved(folder: Path) -> DatasetSaved:
    return DatasetSaved(
        path=str(folder),
        name=folder.name,
        fingerprint="0",
        train=9,
        validation=0,
        test=0,
        golden=0,
        undivided=0,
    )


def test_a_dataset_that_was_not_waited_for_is_not_read_again(
    studio: Studio, tickets: list[Ticket], numbers: Path
) -> None:
    studio.open_path(str(numbers))
    state = studio.panes.dataset.state
    assert isinstance(state, BusyState)
    state.stop_requested.emit()
    count = len(tickets)
    studio.state.reading_changed.emit()
    assert len(tickets) == count
    assert isinstance(studio.panes.dataset.state, EmptyState)


def test_a_fix_is_offered_only_for_the_dataset_it_was_found_in(
    studio: Studio, qtbot: QtBot, tickets: list[Ticket], numbers: Path, others: Path
) -> None:
    opened(studio, qtbot, numbers)
    health = studio.panes.dataset.health
    qtbot.waitUntil(lambda: bool(health.rows))
    finding = next(row.finding for row in health.rows if row.finding.title == "Exact duplicates")
    health.fix_requested.emit(finding)
    opened(studio, qtbot, others)
    last(tickets, PreviewJob).on_event(FixPreviewed(finding.check, ()))
    assert studio.dataset.checking.preview.dialog is None
    health.fix_requested.emit(finding)
    qtbot.waitUntil(lambda: studio.dataset.checking.preview.dialog is not None)
    studio.open_path(str(numbers))
    assert studio.dataset.checking.preview.dialog is None


def test_steps_stay_with_the_dataset_they_were_done_to(
    studio: Studio, qtbot: QtBot, numbers: Path, others: Path
) -> None:
    opened(studio, qtbot, numbers)
    studio.dataset.steps.do(Cap(rows=3, how="first"))
    assert len(opened(studio, qtbot, others).rows) == 9
    assert studio.state.recipe.data.history == ""
    assert len(opened(studio, qtbot, numbers).rows) == 3
    assert [each.words for each in wait_for(qtbot, studio, numbers.name).counts] == [
        "Keep at most 3 rows, the first"
    ]


def test_steps_that_come_quickly_are_all_done(studio: Studio, qtbot: QtBot, numbers: Path) -> None:
    opened(studio, qtbot, numbers)
    studio.dataset.steps.do(Cap(rows=5, how="first"))
    studio.dataset.steps.do(Cap(rows=3, how="first"))
    studio.dataset.steps.toggle(1)
    qtbot.waitUntil(lambda: studio.state.dataset is not None and len(studio.state.dataset.rows) == 2)
    assert len(studio.dataset.steps.current) == 3


def test_a_step_that_cannot_be_done_is_taken_back_and_said(
    studio: Studio, qtbot: QtBot, tmp_path: Path, numbers: Path
) -> None:
    opened(studio, qtbot, numbers)
    studio.dataset.steps.do(Cap(rows=5, how="first"))
    qtbot.waitUntil(lambda: studio.state.dataset is not None and len(studio.state.dataset.rows) == 5)
    step = Filter(contains="nothing like it")
    studio.dataset.steps.do(step)
    notice, told = studio.window.notice(), phrase("step.leaves_none", step=step.words(), rows=5)
    qtbot.waitUntil(lambda: str(told) in notice.text())
    assert studio.dataset.steps.current == (Cap(rows=5, how="first"),)
    assert len(wait_for(qtbot, studio, numbers.name).rows) == 5
    assert studio.panes.dataset._train.isEnabled()
    assert len(opened(studio, qtbot, numbers).rows) == 5


def test_a_change_that_cannot_be_written_down_is_said_and_not_made(
    studio: Studio, qtbot: QtBot, tmp_path: Path, numbers: Path
) -> None:
    opened(studio, qtbot, numbers)
    journals = Paths.under(tmp_path / "home").step_journals
    journals.parent.mkdir(parents=True, exist_ok=True)
    journals.write_text("in the way")
    studio.dataset.steps.toggle(9)
    notice = studio.window.notice()
    assert str(journals) in notice.text()
    assert studio.dataset.steps.current == ()


def test_a_run_trains_what_is_on_the_table_and_refuses_a_file_that_changed(
    studio: Studio, qtbot: QtBot, tickets: list[Ticket], numbers: Path
) -> None:
    before = opened(studio, qtbot, numbers)
    studio.dataset.steps.edit(1, "answer", "One!")
    studio.panes.dataset.train_requested.emit()
    studio.training.start(studio.panes.training.recipe())
    job = last(tickets, TrainJob).job
    assert isinstance(job, TrainJob)
    assert job.source == before.source
    (edit,) = steps_in(job.recipe.data.history)
    assert isinstance(edit, Edit)
    assert edit.value == "One!"
    studio.training.stop()
    qtbot.waitUntil(lambda: studio.queue.idle)


def test_a_saved_dataset_is_not_written_over_itself(
    studio: Studio, qtbot: QtBot, tmp_path: Path, numbers: Path
) -> None:
    opened(studio, qtbot, numbers)
    studio.dataset.saving.save(tmp_path / "mine")
    wait_for(qtbot, studio, "mine")
    written = {path.name: path.read_bytes() for path in (tmp_path / "mine").iterdir()}
    studio.dataset.steps.toggle(8)
    studio.dataset.saving.save(tmp_path / "mine")
    notice = studio.window.notice()
    qtbot.waitUntil(lambda: "a source is never touched" in notice.text())
    assert {path.name: path.read_bytes() for path in (tmp_path / "mine").iterdir()} == written


def test_a_step_from_before_a_dataset_was_saved_is_taken_out_of_what_its_source_holds_now(
    studio: Studio, qtbot: QtBot, tmp_path: Path, numbers: Path
) -> None:
    opened(studio, qtbot, numbers)
    studio.dataset.steps.do(Delete(line=9), Cap(rows=3, how="first"))
    qtbot.waitUntil(lambda: studio.state.dataset is not None and len(studio.state.dataset.rows) == 3)
    studio.dataset.saving.save(tmp_path / "mine")
    wait_for(qtbot, studio, "mine")
    qtbot.waitUntil(lambda: studio.queue.idle)
    numbers.write_text('{"prompt": "New", "completion": "It is new."}\n' + numbers.read_text())
    studio.dataset.history.remove(1)
    notice = studio.window.notice()
    assert len(wait_for(qtbot, studio, "numbers.jsonl").rows) == 10  # row 9 is another by now, and stays
    assert "Row 9" in notice.text()
    opened(studio, qtbot, tmp_path / "mine")
    qtbot.waitUntil(lambda: studio.queue.idle)
    studio.dataset.steps.toggle(1)
    studio.dataset.history.remove(1)
    assert "changed by hand in between" in notice.text()


def test_edits_are_not_lost_silently_when_the_file_changes_under_them(
    studio: Studio, qtbot: QtBot, tmp_path: Path, numbers: Path
) -> None:
    opened(studio, qtbot, numbers)
    studio.dataset.steps.toggle(9)
    numbers.write_text(numbers.read_text() + '{"prompt": "New", "completion": "It is new."}\n')
    studio.dataset.saving.save(tmp_path / "mine")
    notice, told = studio.window.notice(), phrase("step.other_rows", name=numbers.name)
    qtbot.waitUntil(lambda: str(told) in notice.text())
    assert not (tmp_path / "mine").exists()


def test_made_rows_join_no_other_dataset_while_theirs_is_read_again(
    studio: Studio, qtbot: QtBot, tickets: list[Ticket], tmp_path: Path, numbers: Path, others: Path
) -> None:
    opened(studio, qtbot, numbers)
    studio.dataset.synthesis.show_page()
    studio.state.reading_changed.emit()
    assert studio.state.dataset is None
    studio.dataset.synthesis.reviewing.ready.emit(str(others))
    assert studio.state.recipe.data.history == ""
    assert len(wait_for(qtbot, studio, numbers.name).rows) == 9
    studio.dataset.synthesis.reviewing.ready.emit(str(others))
    qtbot.waitUntil(lambda: studio.state.dataset is not None and len(studio.state.dataset.rows) == 18)
    assert studio.state.recipe.data.path == str(numbers)


def test_a_stop_that_comes_too_late_does_not_say_that_nothing_was_written(
    studio: Studio,
    qtbot: QtBot,
    tickets: list[Ticket],
    tmp_path: Path,
    numbers: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened(studio, qtbot, numbers)
    swap = whole._swap

    def swapped(new: Path, path: Path) -> None:
        swap(new, path)
        last(tickets, SaveJob).stop()

    monkeypatch.setattr(whole, "_swap", swapped)
    studio.dataset.saving.save(tmp_path / "mine")
    wait_for(qtbot, studio, "mine")
    notice = studio.window.notice()
    assert notice.text() == f"Saved as {tmp_path / 'mine'}."
