"""Several runs chosen in the window are read from their folders and drawn over each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.events import Ended
from studio.paths import Paths
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.settings import Settings
from studio.ui.theme import Theme
from tests.ui.conftest import run_events, step


@pytest.fixture
def runs(tmp_path: Path) -> list[RunFolder]:
    """Three runs of a sweep, as their folders tell them."""
    made = []
    for rank in (4, 8, 16):
        recipe = Recipe().with_values({"rank": rank}).model_dump()
        run = RunFolder.create(tmp_path / "home" / "runs", f"s-rank-{rank}", {"recipe": recipe, "sweep": "s"})
        for event in [*run_events(48, 48), Ended("done")]:
            run.append(event)
        made.append(run)
    return made


@pytest.fixture
def studio(runs: list[RunFolder], qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Studio]:
    theme = Theme(qapp)
    theme.apply(qapp)
    window = make_window(theme, Settings())
    window.show()
    studio = Studio(Paths.under(tmp_path / "home"), theme, Settings(), window)
    studio.window.show_pane("runs")
    studio.runs.refresh()
    qtbot.waitUntil(lambda: len(studio.panes.runs._model.rows) == 3)
    yield studio
    window.close()
    window.deleteLater()


def test_the_runs_of_a_sweep_are_compared_and_what_happens_to_them_is_followed(
    studio: Studio, runs: list[RunFolder], qtbot: QtBot
) -> None:
    pane = studio.panes.runs
    pane.select("s-rank-8")
    qtbot.waitUntil(lambda: bool(pane.details.facts.findChildren(object)))
    pane._whole_sweep.click()
    qtbot.waitUntil(lambda: pane.comparison.isVisible())
    assert pane.comparison.overlay is not None
    assert pane.comparison.overlay.labels() == ["rank-4", "rank-8", "rank-16"]
    assert pane.comparison.model.titles()[:2] == ["Run", "Rank"]
    runs[0].append(step(49, 60))
    studio.runs.refresh()
    qtbot.waitUntil(lambda: pane.comparison.model.rows[0].step == 49)
    assert len(pane.comparison.overlay._runs[0].training) == 49
    assert pane.header.subtitle() == "3 runs, 3 selected and overlaid"


def test_runs_that_are_deleted_leave_the_comparison(studio: Studio, qtbot: QtBot) -> None:
    pane = studio.panes.runs
    pane.select_several(["s-rank-4", "s-rank-8"])
    qtbot.waitUntil(lambda: pane.comparison.isVisible())
    pane._delete.click()
    pane._confirm.agree.click()
    qtbot.waitUntil(lambda: [run.name for run in pane._model.rows] == ["s-rank-16"])
    assert pane.comparison.isHidden()
    assert [run.name for run in studio.store.runs()] == ["s-rank-16"]


def test_runs_on_other_rows_or_on_the_same_otherwise_divided_are_told_apart(
    studio: Studio, runs: list[RunFolder], qtbot: QtBot
) -> None:
    store, folder = studio.store, studio.store.folder
    rows = {store.compared(run.name)[1].rows for run in runs}
    assert len(rows) == 1
    for name, values in (("other-rows", {"data.path": "/x.jsonl"}), ("otherwise", {"loop.seed": 3})):
        RunFolder.create(folder, name, {"recipe": Recipe().with_values(values).model_dump()})
        rows.add(store.compared(name)[1].rows)
    assert len(rows) == 3
    kept = [RunFolder.create(folder, name, {"recipe": Recipe().model_dump()}) for name in ("one", "two")]
    for run, fingerprint in zip(kept, ("a", "b"), strict=True):
        run.dataset.mkdir()
        (run.dataset / "dataset.json").write_text(f'{{"fingerprint": "{fingerprint}"}}')
    assert [store.compared(run.name)[1].rows for run in kept] == ["a", "b"]
    pane = studio.panes.runs
    studio.runs.refresh()
    qtbot.waitUntil(lambda: len(pane._model.rows) == 7)
    pane.select_several(["one", "two"])
    qtbot.waitUntil(pane.comparison.remark.isVisible)
    pane.select_several(["s-rank-4", "s-rank-8"])
    qtbot.waitUntil(lambda: not pane.comparison.remark.isVisible())
