"""Draws every pane in every state, light and dark, into pictures: `make screens`.

Nothing is invented: the real app runs offscreen on the sample, and is photographed on the way. The four
pictures that the README shows are kept in `resources/screens/`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from studio.app.start import Application
from studio.app.studio import Studio
from studio.dataset.store import source
from studio.dataset.store.source import LARGE
from studio.jobs.job import Outcome
from studio.jobs.queue import QueueName
from studio.jobs.sweep import SweepJob
from studio.paths import Paths, resource
from studio.process import prepare_process
from studio.recipe.files import ready_recipes
from studio.recipe.sweep import Sweep
from studio.settings import Settings, write_settings
from studio.ui.widgets.states import BusyState, FailedState

OUT = Path("build/screens")
README = (
    "dataset-done-light",
    "dataset-health-light",
    "dataset-review-dark",
    "training-busy-dark",
    "evaluation-done-light",
    "playground-done-dark",
)
PATIENCE = 3600.0
"""Seconds until an event that does not come is given up: a busy machine only takes longer."""


class Photographer:
    """Drives the app and keeps a light and a dark picture of what it shows."""

    def __init__(self, out: Path, home: Path, size: tuple[int, int]) -> None:
        prepare_process()
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        self.out, self.home, self._size = out, home, size
        write_settings(Paths.under(home).settings, Settings(toured=True))
        self.application = Application(["studio"], Paths.under(home))
        self.application.window.show()
        self.studio: Studio = self.application.build_studio()
        self.window = self.studio.window
        self.resize()

    def resize(self) -> None:
        """Give the window the size of the pictures again."""
        self.window.resize(*self._size)

    def close(self) -> None:
        """Close the window, which stops the engine and waits for it: also where something went wrong."""
        self.window.close()

    def wait(self, condition: Callable[[], object]) -> None:
        """Let the app run until the condition holds. Raises TimeoutError after an hour."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(str(condition))
            self.application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)

    def rest(self, seconds: float = 0.4) -> None:
        """Let the redraws happen that timers put off for less than this: those come before a later timer."""
        rung: list[bool] = []
        QTimer.singleShot(round(1000 * seconds), lambda: rung.append(True))
        self.wait(lambda: rung)

    def wait_idle(self) -> None:
        """Let the app run until nothing is read or computed any more, and what came is drawn."""
        self.rest()
        self.wait(lambda: self.studio.queue.idle)
        self.rest()

    def shoot(self, name: str, what: QWidget | None = None) -> None:
        """Save `name-light.png` and `name-dark.png` of the window as it is, or of a dialog."""
        for mode in ("light", "dark"):
            self.application.theme.set_mode(mode)
            self.rest(0.15)
            (what or self.window).grab().save(str(self.out / f"{name}-{mode}.png"))

    def show(self, pane: str, state: str) -> None:
        """Bring a pane to the front and photograph it."""
        self.window.show_pane(pane)
        self.rest()
        self.shoot(f"{pane}-{state}")


def main() -> None:
    """Photograph a first session from its empty start to its end."""
    from screens_hub import bringing
    from screens_making import making
    from screens_models import models

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--readme", action="store_true", help="also renew the pictures of the README")
    parser.add_argument("--size", default="1280x820", help="of the window, as 1440x900")
    asked = parser.parse_args()
    width, height = map(int, asked.size.split("x"))
    with tempfile.TemporaryDirectory() as home:
        photographer = Photographer(asked.out, Path(home), (width, height))
        with closing(photographer):
            _empty(photographer)
            _dataset(photographer)
            _rows(photographer)
            bringing(photographer)
            _large(photographer)
            making(photographer)
            models(photographer)
            _recipe(photographer)
            _training(photographer)
            _asking(photographer)
            _serving(photographer)
            _comparing(photographer)
            _failures(photographer)
    if asked.readme:
        for name in README:
            resource("screens").mkdir(exist_ok=True)
            shutil.copy(asked.out / f"{name}.png", resource(f"screens/{name}.png"))


def _empty(to: Photographer) -> None:
    to.rest()
    for pane in ("dataset", "training", "evaluation", "playground", "runs"):
        to.show(pane, "empty")


def _dataset(to: Photographer) -> None:
    large = to.home / "large.jsonl"
    large.write_text(
        resource("starter/instructions.jsonl").read_text(encoding="utf-8") * 60, encoding="utf-8"
    )
    pane = to.studio.panes.dataset
    to.studio.open_path(str(large))
    to.wait(lambda: isinstance(pane.state, BusyState))
    to.shoot("dataset-busy")
    to.studio.open_path(str(to.home / "nothing.jsonl"))
    to.wait(lambda: isinstance(pane.state, FailedState))
    to.show("dataset", "failed")
    to.studio.open_path(str(resource("starter/messy.jsonl")))
    to.wait(lambda: to.studio.state.dataset)
    to.show("dataset", "faulty")
    to.studio.dataset.datasets.open_sample()
    to.wait(lambda: to.studio.state.dataset and pane.health.rows)
    to.show("dataset", "done")
    to.studio.open_path(str(to.home / "nothing.jsonl"))
    to.wait(to.window.notice("dataset").isVisible)
    to.show("dataset", "refused")
    to.window.notice("dataset").close_message()
    to.window.resize(1040, 680)
    to.show("dataset", "small")
    to.show("training", "small")
    to.resize()


def _rows(to: Photographer) -> None:
    """The dataset pane's pages: a conversation, plots, health with a fix, edits, and a history."""
    pane, studio = to.studio.panes.dataset, to.studio
    pane.example.tabs.choose("chat")
    to.show("dataset", "chat")
    pane.example.tabs.choose("tokens")
    pane.tabs.choose("plots")
    to.show("dataset", "plots")
    pane.tabs.choose("rows")
    studio.dataset.steps.edit(3, "answer", "Cobalt has the symbol Co, from the German kobold.")
    studio.dataset.steps.toggle(5)
    pane.table.choose_line(8)
    QTest.keyClick(pane.table.view, Qt.Key.Key_Return)
    to.show("dataset", "editing")
    studio.dataset.steps.undo()
    studio.dataset.steps.undo()
    studio.open_path(str(resource("starter/messy.jsonl")))
    to.wait(lambda: studio.state.dataset and pane.health.open_findings > 1)
    pane.tabs.choose("health")
    row = next(row for row in pane.health.rows if row.finding.fix)
    row.toggle.click()
    to.show("dataset", "health")
    row.fix.click()
    to.wait(lambda: studio.dataset.checking.preview.dialog)
    if studio.dataset.checking.preview.dialog is not None:
        to.shoot("dataset-fix", studio.dataset.checking.preview.dialog)
        studio.dataset.checking.preview.dialog.agree.click()
    to.wait(lambda: studio.state.dataset and studio.state.dataset.counts)
    pane.tabs.choose("history")
    to.wait(lambda: pane.history.removers)
    to.show("dataset", "history")
    pane.tabs.choose("rows")
    studio.dataset.library.show()
    if (library := studio.dataset.library.dialog) is not None:
        to.wait(lambda: library.model.entries)
        to.shoot("dataset-library", library)
        library.reject()


def _large(to: Photographer) -> None:
    """A file too big to hold: while it is checked, after, a row that cannot train, and a part of it."""
    source.LARGE = 10**6
    huge = to.home / "support-2026.jsonl"
    _write_huge(huge, 80_000)
    to.studio.open_path(str(huge))
    to.wait(lambda: to.studio.dataset.large.scan and to.studio.dataset.large.scan.rows > 20_000)
    view = to.studio.dataset.large.view
    if view is None:
        raise RuntimeError("the big file is not shown")
    to.show("dataset", "scanning")
    to.wait(lambda: to.studio.dataset.large.scan and to.studio.dataset.large.scan.finished)
    to.show("dataset", "huge")
    view.table.chips.choose("bad")
    to.wait(lambda: view.table.model.rowCount() < 1000)
    view.table.view.selectRow(1)
    to.wait(lambda: "cannot" in view.example.title())
    to.show("dataset", "huge-bad")
    view.table.chips.choose("good")
    view.bar.part.click()
    if (dialog := to.studio.dataset.large_parts.dialog) is not None:
        to.rest()
        to.shoot("dataset-part", dialog)
        dialog.reject()
    to.window.resize(1040, 680)
    to.show("dataset", "huge-small")
    to.resize()
    source.LARGE = LARGE
    to.studio.dataset.datasets.open_sample()
    to.wait(lambda: to.studio.state.dataset)


def _write_huge(path: Path, count: int) -> None:
    """Rows that are all different but one in 200; one in 500 cannot train."""
    rows = resource("starter/instructions.jsonl").read_text(encoding="utf-8").splitlines()
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            row = json.loads(rows[number % len(rows)])
            if number >= len(rows) and number % 200:
                row["instruction"] += f" (question {number:,})"
            if number % 1000 == 4:
                row["output"] = ""
            line = json.dumps(row, ensure_ascii=False)
            file.write((line[: len(line) // 2] if number % 1000 == 9 else line) + "\n")


def _recipe(to: Photographer) -> None:
    """The form: its sections unfolded, a search, a contradiction, a ready recipe."""
    to.window.show_pane("training")
    pane = to.studio.panes.training
    before = pane.recipe()
    to.window.resize(1280, 2400)
    for section in pane.form.sections.values():
        section.set_open(True)
    to.show("training", "fields")
    for section in pane.form.sections.values():
        section.set_open(False)
    to.resize()
    pane.recipe_card.search("memory")
    to.show("training", "search")
    pane.recipe_card.search("")
    pane.set_recipe(before.with_values({"objective": "dpo", "prefix_cache": "memory", "rank": 32}))
    to.show("training", "contradiction")
    pane.recipe_card.actions_shown()[ready_recipes()[0].title].trigger()
    to.show("training", "ready")
    pane.set_recipe(before)
    pane.form.changed.emit()
    to.wait_idle()


def _training(to: Photographer) -> None:
    to.window.show_pane("training")
    to.studio.panes.training.start()
    to.wait(lambda: to.studio.training.busy)
    to.shoot("training-preparing")
    to.wait(lambda: _step(to) >= 150)
    to.show("training", "busy")
    to.studio.playground.ask("What is the capital of Norway?")
    to.shoot("playground-busy")
    to.window.show_pane("training")
    to.studio.training.stop()
    to.wait(lambda: not to.studio.training.busy)
    to.show("training", "stopped")
    rank = to.studio.state.recipe.lora.rank
    to.studio.training.change({"lora.rank": 2 * rank})
    to.wait_idle()
    to.show("training", "ready")
    to.studio.training.change({"lora.rank": rank})
    to.studio.panes.training.resume_requested.emit()
    to.wait(lambda: to.studio.training.busy)
    to.wait(lambda: not to.studio.training.busy)
    to.show("training", "done")
    sheet = to.studio.panes.training.ask_for_sweep()
    sheet.ways.choose("search")
    to.shoot("training-search", sheet)
    sheet.reject()


def _asking(to: Photographer) -> None:
    to.show("evaluation", "ready")
    to.studio.evaluation.start()
    results = to.studio.panes.evaluation.results
    to.wait(lambda: results.answers.model.rowCount() > 20)
    to.show("evaluation", "busy")
    to.studio.panes.evaluation.stop.click()
    to.wait(lambda: not to.studio.evaluation.request.busy)
    to.show("evaluation", "stopped")
    to.studio.evaluation.start()
    subjects = to.studio.state.subjects
    to.wait(lambda: (run := subjects.run("evaluation")) and run.tuned_exact is not None)
    to.wait_idle()
    to.show("evaluation", "done")
    results.tabs.choose("answers")
    to.show("evaluation", "answers")
    results.answers.act("vote")
    to.show("evaluation", "voting")
    results.answers.act("vote")
    results.tabs.choose("figures")
    to.show("evaluation", "figures")
    results.tabs.choose("scores")
    for prompt in ("What is the currency of Japan?", "What is 7 plus 5?", "What is the capital of Italy?"):
        to.studio.playground.ask(prompt)
        to.wait(lambda: to.studio.panes.playground.send_button.isVisible())
    to.show("playground", "done")
    _tokens(to)
    run = to.studio.state.subjects.run("evaluation")
    if run is not None:
        to.studio.runs.show(run.name)
    to.wait_idle()
    to.show("runs", "done")
    to.window.resize(1040, 680)
    for pane in ("evaluation", "playground", "runs"):
        to.show(pane, "small")
    to.resize()


def _tokens(to: Photographer) -> None:
    """The tuned answer token by token, shaded by its probability and by its shift."""
    to.studio.panes.playground.columns.exchanges[-1].cells["tuned"].acted.emit("tokens")
    dialog = to.studio.answer_tokens.dialog
    assert dialog is not None
    to.wait(lambda: dialog.read)
    for way in ("probability", "shift"):
        dialog.ways.choose(way)
        to.rest()
        to.shoot(f"playground-tokens-{way}", dialog)
    dialog.accept()


def _serving(to: Photographer) -> None:
    """The local server: off, with a port that is taken, and at work."""
    from tests.app.keychain import own_keychain

    with own_keychain(), socket.create_server(("127.0.0.1", 0)) as taken:
        to.studio.serving.open()
        dialog = to.studio.serving.dialog
        assert dialog is not None
        to.rest()
        to.shoot("serve-off", dialog)
        port = dialog.port.text()
        dialog.port.setText(str(taken.getsockname()[1]))
        dialog.agree.click()
        to.rest()
        to.shoot("serve-failed", dialog)
        dialog.port.setText(port)
        dialog.new_key.click()
        dialog.agree.click()
        to.wait(lambda: dialog.state.text() == "Running")
        dialog.tabs.choose("python")
        to.rest()
        to.shoot("serve-running", dialog)
        to.studio.serving.stop()
        dialog.close()


def _comparing(to: Photographer) -> None:
    """A small sweep, and its runs over each other."""
    recipe = to.studio.state.recipe.with_values({"steps": 60})
    job = SweepJob(Sweep(recipe, (("lora.rank", (2, 8, 32)),)), to.studio.store.folder, "ranks")
    ended: list[Outcome] = []
    to.studio.queue.submit(job, QueueName.ENGINE, lambda _: None, ended.append)
    to.wait(lambda: ended)
    to.studio.runs.refresh()
    pane = to.studio.panes.runs
    to.wait(lambda: len(pane.names_of_sweep("ranks")) == 3)
    pane.select_several(pane.names_of_sweep("ranks"))
    to.wait_idle()
    to.show("runs", "compared")


def _failures(to: Photographer) -> None:
    """A run whose model has lost its weights since it was chosen."""
    bad = to.home / "weightless"
    shutil.copytree(resource("starter/model"), bad)
    to.studio.open_path(str(bad))
    to.wait_idle()
    (bad / "model.safetensors").unlink()
    to.wait(lambda: to.studio.state.dataset)
    to.studio.panes.training.start()
    to.wait(lambda: not to.studio.training.busy)
    to.show("training", "failed")
    run = to.studio.state.subjects.run("evaluation")
    if run is not None:
        shutil.rmtree(run.folder / "adapter")
        to.studio.evaluation.start()
        to.wait(lambda: isinstance(to.studio.panes.evaluation.state, FailedState))
        to.show("evaluation", "failed")
        to.studio.playground.ask("What is the capital of Norway?")
        to.wait(lambda: to.studio.panes.playground.send_button.isVisible())
        to.show("playground", "failed")


def _step(to: Photographer) -> int:
    runs = to.studio.store.summaries()
    return runs[0].step if runs else 0


if __name__ == "__main__":
    main()
