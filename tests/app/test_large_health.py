"""What is wrong with a file too big to hold, mended and mapped in the window."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.app import large_health
from studio.app.studio import Studio
from studio.dataset.manifest import Manifest
from studio.dataset.steps.steps import Fix
from studio.events import Checked
from studio.jobs.health import HealthJob
from studio.train.dataset_cache import DatasetCache
from studio.ui.panes.dataset.large import LargeView
from studio.ui.widgets.button import Button
from tests.app.conftest import opened_by_pages as opened
from tests.conftest import write_rows

pytestmark = pytest.mark.usefixtures("small_files_are_large")


def faulty(path: Path, rows: int = 600) -> Path:
    """Numbers, then two rows that say the same and one that names somebody."""
    write_rows(path, rows)
    told = [{"instruction": "Who?", "output": "Write to jane.doe@acme.org, she knows."}]
    told += 2 * [{"instruction": "Which bay has the tides?", "output": "The Bay of Fundy has them."}]
    path.write_text(path.read_text() + "".join(json.dumps(row) + "\n" for row in told))
    return path


def checked(studio: Studio, qtbot: QtBot, path: Path) -> LargeView:
    view = opened(studio, qtbot, path)
    qtbot.waitUntil(lambda: bool(view.health.rows), timeout=20_000)
    return view


@pytest.mark.long
def test_few_rows_are_checked_at_once_and_a_quote_leads_to_its_row(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    view = checked(studio, qtbot, faulty(tmp_path / "big.jsonl"))
    found = {row.finding.check: row.finding for row in view.health.rows if row.finding.count}
    assert found["personal data"].lines == (601,)
    assert found["duplicates"].lines == (603,)
    assert view.tabs.button("health").text() == f"Health  {view.health.open_findings}"
    view.tabs.choose("health")
    view.table.chips.choose("warnings")
    qtbot.waitUntil(lambda: view.table.model.rowCount() < 600)
    view.health.line_chosen.emit(601)
    assert view.tabs.current == "rows"
    assert view.table.model.rowCount() == 603
    qtbot.waitUntil(lambda: view.example.title() == "Line 601")


@pytest.mark.long
def test_many_rows_are_checked_when_asked_and_until_stopped(
    studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_health, "AT_ONCE", 100)
    view = opened(studio, qtbot, faulty(tmp_path / "big.jsonl", 20_000))
    qtbot.waitUntil(lambda: view.health.offer.accessibleName() == "Check all 20,003 rows")
    assert not view.health.rows
    begin = view.health.offer.findChildren(Button)[0]
    begin.click()
    assert studio.dataset.large_health._checking.busy
    view.health.stop_requested.emit()
    assert not studio.dataset.large_health._checking.busy
    view.health.offer.findChildren(Button)[0].click()
    qtbot.waitUntil(lambda: bool(view.health.rows), timeout=60_000)


@pytest.mark.long
def test_a_fix_is_shown_written_as_lines_and_opened_by_pages(
    studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = faulty(tmp_path / "big.jsonl")
    before, out = path.read_bytes(), tmp_path / "mended.jsonl"
    view = checked(studio, qtbot, path)
    row = next(row for row in view.health.rows if row.finding.check == "personal data")
    row.fix.click()
    health = studio.dataset.large_health
    qtbot.waitUntil(lambda: health.preview.dialog is not None)
    assert health.preview.dialog is not None
    assert "big.jsonl itself stays as it is" in health.preview.dialog.text.text()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    health.preview.dialog.agree.click()
    qtbot.waitUntil(lambda: studio.dataset.large.path == out)
    fixed = studio.dataset.large.view
    assert fixed is not None
    assert fixed is not view
    qtbot.waitUntil(lambda: fixed.bar.status.text() == "All 603 rows read")
    said = json.loads(out.read_text().splitlines()[600])["messages"]
    assert said[1]["content"] == "Write to [e-mail], she knows."
    assert path.read_bytes() == before
    assert studio.state.dataset is None


@pytest.mark.long
def test_a_fix_is_saved_with_its_history_where_a_folder_is_named(
    studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = checked(studio, qtbot, faulty(tmp_path / "big.jsonl"))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mended"), ""))
    next(row for row in view.health.rows if row.finding.check == "duplicates").fix.click()
    qtbot.waitUntil(lambda: studio.dataset.large_health.preview.dialog is not None)
    dialog = studio.dataset.large_health.preview.dialog
    assert dialog is not None
    dialog.agree.click()
    qtbot.waitUntil(lambda: studio.state.dataset is not None, timeout=20_000)
    assert studio.state.dataset is not None
    assert len(studio.state.dataset.rows) == 602
    assert [count.after for count in Manifest.read(tmp_path / "mended").counts] == [602]


@pytest.mark.long
def test_what_was_changed_by_hand_is_looked_over_as_it_was_changed(
    studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = checked(studio, qtbot, faulty(tmp_path / "big.jsonl"))

    def counts() -> dict[str, int]:
        return {row.finding.check: row.finding.count for row in view.health.rows if row.finding.count}

    assert counts()["personal data"] == counts()["duplicates"] == 1
    view.edited.emit(601, "answer", "Write to the office, they know.")
    view.delete_toggled.emit(602)
    qtbot.waitUntil(lambda: not counts().keys() & {"personal data", "duplicates"})
    studio.dataset.large_editing.undo()
    qtbot.waitUntil(lambda: counts().get("duplicates") == 1)
    monkeypatch.setattr(large_health, "AT_ONCE", 100)
    view.delete_toggled.emit(602)
    assert view.health.offer.accessibleName() == "Rows were changed"
    job = HealthJob(studio.dataset.large.edited_recipe, studio.dataset._paths.scans, indexed=True)
    found = next(event for event in job.run_events(DatasetCache()) if isinstance(event, Checked))
    assert found.rows == 602


@pytest.mark.long
def test_unknown_columns_are_asked_for_and_the_file_is_opened_by_pages_with_them(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text("".join(f'{{"x": "Wo ist {n}?", "y": "Hier ist {n}."}}\n' for n in range(1000)))
    studio.open_path(str(path))
    columns = studio.dataset.columns
    qtbot.waitUntil(lambda: columns.dialog is not None)
    assert columns.dialog is not None
    assert "What are the columns of odd.jsonl?" in studio.panes.dataset.state.accessibleName()
    columns.dialog.reject()
    studio.panes.dataset.columns_requested.emit()
    dialog = columns.dialog
    assert dialog is not None
    dialog.choices["prompt"].choose("x")
    dialog.choices["answer"].choose("y")
    qtbot.waitUntil(dialog.agree.isEnabled)
    dialog.agree.click()
    view = studio.dataset.large.view
    assert view is not None
    qtbot.waitUntil(lambda: view.bar.status.text() == "All 1,000 rows read")
    first = view.table.model.rows[0]
    assert (first.prompt, first.answer) == ("Wo ist 0?", "Hier ist 0.")
    qtbot.waitUntil(lambda: "Hier ist 0." in view.example.tokens.toPlainText())
    qtbot.waitUntil(lambda: bool(view.health.rows), timeout=20_000)
    out, fix = tmp_path / "mended.jsonl", Fix(check="duplicates")
    studio.dataset.large_parts.write_fixed(out, fix)
    qtbot.waitUntil(lambda: studio.dataset.large.path == out)
    assert json.loads(out.read_text().splitlines()[0])["messages"][1]["content"] == "Hier ist 0."


@pytest.mark.long
def test_the_columns_of_a_file_on_show_can_be_named_anew(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "turned.jsonl"
    path.write_text("".join(f'{{"prompt": "Hier {n}.", "completion": "Wo {n}?"}}\n' for n in range(1000)))
    opened(studio, qtbot, path)
    assert studio.panes.dataset.open_menu.columns.isVisible()
    studio.panes.dataset.columns_requested.emit()
    columns = studio.dataset.columns
    qtbot.waitUntil(lambda: columns.dialog is not None)
    dialog = columns.dialog
    assert dialog is not None
    dialog.choices["answer"].choose("prompt")
    dialog.choices["prompt"].choose("completion")
    qtbot.waitUntil(dialog.agree.isEnabled)
    dialog.agree.click()
    view = studio.dataset.large.view
    assert view is not None
    qtbot.waitUntil(lambda: view.bar.status.text() == "All 1,000 rows read")
    assert view.table.model.rows[0].answer == "Hier 0."
