"""A run whose model changed since is used from the window only after the person has agreed."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from studio.app.request import RunRequest
from studio.app.studio import Studio
from studio.cli.commands import run
from tests.conftest import write_rows

pytestmark = pytest.mark.long

SETTINGS = ("loop.steps=4", "loop.batch_size=2", "loop.validate_every=2", "watch.forgetting=false")


@pytest.fixture
def changed(tiny_model: Path, tmp_path: Path) -> None:
    """A run called toy in the window's home, whose model was trained further since."""
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    rows = write_rows(tmp_path / "rows.jsonl", 20)
    settings = [each for one in SETTINGS for each in ("--set", one)]
    command = ["train", rows, "--model", model, "--name", "toy", "--home", tmp_path / "home", *settings]
    assert run([*map(str, command)]) == 0
    file = model / "model.safetensors"
    held = mx.load(str(file))
    assert isinstance(held, dict)
    mx.save_safetensors(str(file), {name: array * 1.01 for name, array in held.items()}, {"format": "mlx"})


@pytest.fixture
def ready(changed: None, studio: Studio, qtbot: QtBot) -> Studio:
    studio.runs.use("toy")
    qtbot.waitUntil(lambda: studio.state.subjects.run("playground") is not None)
    return studio


def answer(qtbot: QtBot, studio: Studio, base: RunRequest, agrees: bool) -> None:
    """Wait for the question, see what it says, and press one of its buttons."""
    qtbot.waitUntil(lambda: base.dialog is not None and studio.queue.idle)
    dialog, base.dialog = base.dialog, None
    assert dialog is not None
    assert dialog.isVisible()
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "The weights of the model" in said
    assert "--" not in said
    shown = " ".join(label.text() for label in studio.window.findChildren(QLabel))
    assert "The weights of the model" in shown
    assert "--changed-base" not in shown
    (dialog.agree if agrees else dialog.cancel).click()


def used(qtbot: QtBot, ready: Studio, base: RunRequest, use: Callable[[], None]) -> None:
    """Refuse once, after which nothing runs; then agree."""
    use()
    answer(qtbot, ready, base, agrees=False)
    assert ready.queue.idle
    use()
    answer(qtbot, ready, base, agrees=True)
    assert not ready.queue.idle
    qtbot.waitUntil(lambda: ready.queue.idle)
    assert base.dialog is None


def test_resume_asks(ready: Studio, qtbot: QtBot) -> None:
    opened: list[str] = []
    ready.training.opened.connect(opened.append)
    used(qtbot, ready, ready.training.request, lambda: ready.training.resume("toy"))
    assert opened == ["toy"]


def test_what_happened_so_far_is_not_read_on_the_windows_thread(
    ready: Studio, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    opened = Path.open

    def seen(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "events.jsonl":
            threads.append(threading.current_thread())
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", seen)
    ready.training.resume("toy")
    answer(qtbot, ready, ready.training.request, agrees=False)
    assert ready.panes.training.plots.loss.curve.build().series.x.tolist() == [1, 2, 3, 4]
    assert threads
    assert threading.main_thread() not in threads


def test_evaluate_asks(ready: Studio, qtbot: QtBot) -> None:
    finished: list[str] = []
    ready.evaluation.finished.connect(finished.append)
    used(qtbot, ready, ready.evaluation.request, ready.evaluation.start)
    assert finished == ["toy"]


def test_the_playground_asks_once_in_a_session(ready: Studio, qtbot: QtBot) -> None:
    ready.playground.show_run()
    pane, base = ready.panes.playground, ready.playground.request
    used(qtbot, ready, base, lambda: ready.playground.ask("Hi"))
    assert pane.note.isHidden()
    ready.playground.ask("Once more")
    qtbot.waitUntil(lambda: ready.queue.idle)
    assert base.dialog is None


def test_a_resume_that_is_stopped_while_it_reads_says_nothing_of_an_earlier_end(
    ready: Studio, qtbot: QtBot
) -> None:
    used(qtbot, ready, ready.training.request, lambda: ready.training.resume("toy"))
    assert ready.panes.training.header.title().startswith("Trained")
    ready.training.resume("toy")
    ready.training.stop()
    qtbot.waitUntil(lambda: ready.queue.idle)
    assert not ready.panes.training.header.title().startswith("Trained")
