"""Scanning, finding and looking, through the queue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from pytestqt.qtbot import QtBot

from studio.catalogue import phrase
from studio.dataset.store.manifest import MANIFEST
from studio.events import Event, RowsFound, RowShown, Scanned
from studio.jobs.job import Done, Failed, Outcome, Stopped
from studio.jobs.queue import JobQueue, QueueName
from studio.jobs.scan import FindJob, RowJob, ScanJob
from tests.conftest import write_rows


@pytest.fixture
def queue(qtbot: QtBot) -> Iterator[JobQueue]:
    made = JobQueue()
    yield made
    made.shut_down()


def run(
    qtbot: QtBot, queue: JobQueue, job: ScanJob | FindJob | RowJob, queue_name: QueueName
) -> tuple[list[Event], Outcome]:
    events: list[Event] = []
    ends: list[Outcome] = []
    queue.submit(job, queue_name, events.append, ends.append)
    qtbot.waitUntil(lambda: bool(ends))
    return events, ends[0]


def test_a_scanned_file_is_searched_and_its_rows_are_read(
    qtbot: QtBot, queue: JobQueue, tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "rows.jsonl", 500)
    path.write_text(path.read_text() + '{"instruction": 5, "output": "x"}\n')
    events, outcome = run(qtbot, queue, ScanJob(path, tmp_path / "cache"), QueueName.SCANNING)
    last = events[-1]
    assert isinstance(last, Scanned)
    assert (outcome, last.rows, last.bad) == (Done(), 501, 1)
    folder = Path(last.folder)
    for search, count in (("number 499", 1), ("number 4", 111)):
        found, _ = run(qtbot, queue, FindJob(path, folder, {"search": search}), QueueName.READING)
        assert isinstance(found[-1], RowsFound)
        assert found[-1].rows == count == len(np.load(found[-1].file))
    assert len(list(folder.glob("*.npy"))) == 1
    shown, _ = run(qtbot, queue, RowJob(path, folder, 7), QueueName.READING)
    assert shown == [
        RowShown(7, 8, ("instruction", "output"), ("Say the number 7", "It is 7. It is 7. It is 7."))
    ]
    shown, _ = run(qtbot, queue, RowJob(path, folder, 500), QueueName.READING)
    assert shown == [RowShown(500, 501, ("instruction", "output"), ("5", "x"))]


@pytest.mark.long
def test_a_scan_does_not_keep_readers_waiting_and_leaves_no_process_behind(
    qtbot: QtBot, queue: JobQueue, tmp_path: Path
) -> None:
    path, cache = write_rows(tmp_path / "rows.jsonl", 200_000), tmp_path / "cache"
    events: list[Event] = []
    ends: list[Outcome] = []
    ticket = queue.submit(ScanJob(path, cache), QueueName.SCANNING, events.append, ends.append)
    qtbot.waitUntil(lambda: bool(events))
    first = events[0]
    assert isinstance(first, Scanned)
    shown, _ = run(qtbot, queue, RowJob(path, Path(first.folder), 0), QueueName.READING)
    assert shown
    assert not ends
    ticket.stop()
    qtbot.waitUntil(lambda: bool(ends))
    assert ends == [Stopped()]
    assert not [child for child in psutil.Process().children() if str(path) in child.cmdline()]
    assert not list(cache.glob(f"*/{MANIFEST}"))


def test_a_file_that_cannot_be_scanned_fails_in_words(qtbot: QtBot, queue: JobQueue, tmp_path: Path) -> None:
    _, outcome = run(qtbot, queue, ScanJob(tmp_path / "gone.jsonl", tmp_path / "cache"), QueueName.SCANNING)
    assert isinstance(outcome, Failed)
    gone = str(tmp_path / "gone.jsonl")
    assert outcome.said == phrase("disk.unreadable", file=gone, fault="No such file or directory")
