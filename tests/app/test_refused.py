"""What cannot be opened or used is refused over the pane it concerns, and what was on show stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.dataset.store import source
from studio.events import Log
from tests.conftest import write_rows


def opened(studio: Studio, qtbot: QtBot, path: Path) -> None:
    studio.open_path(str(path))
    qtbot.waitUntil(lambda: studio.state.dataset is not None and studio.state.dataset.name == path.name)


@pytest.mark.parametrize("kind", ["a picture", "an empty file", "an unreadable one", "two of them"])
def test_a_wrong_file_is_a_notice_over_the_dataset_that_stays(
    studio: Studio, qtbot: QtBot, toy_data: Path, tmp_path: Path, kind: str
) -> None:
    opened(studio, qtbot, toy_data)
    studio.dataset.steps.edit(1, "answer", "Edited by hand")
    qtbot.waitUntil(lambda: not studio.dataset.datasets.busy)
    before = studio.state.dataset
    wrong = tmp_path / ("photo.png" if kind == "a picture" else "wrong.jsonl")
    wrong.write_bytes(
        {"a picture": b"\x89PNG\r\n\x1a\n\x00", "an empty file": b""}.get(kind, b"\x00\xff{nothing")
    )
    notice = studio.window.notice("dataset")
    studio.open_paths([str(wrong)] * (2 if kind == "two of them" else 1))
    qtbot.waitUntil(notice.isVisible)
    assert wrong.name in notice.text() or wrong.stem in notice.text()
    assert studio.state.dataset == before
    assert studio.panes.dataset.state is None
    qtbot.waitUntil(lambda: studio.panes.dataset.example.title() == "Line 1")
    assert studio.panes.dataset.header.title() == toy_data.name
    assert studio.panes.dataset.table.model.rowCount() == len(before.rows if before else ())
    opened(studio, qtbot, toy_data)
    assert not notice.isVisible()


def test_a_wrong_file_leaves_a_big_one_on_show(
    studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "LARGE", 10_000)
    big, wrong = write_rows(tmp_path / "big.jsonl", 500), tmp_path / "empty.jsonl"
    wrong.write_text("")
    with qtbot.waitSignal(studio.dataset.large.shown):
        studio.open_path(str(big))
    with qtbot.waitSignal(studio.dataset.large.shown):
        studio.open_path(str(wrong))
    assert studio.dataset.large.path == big
    assert studio.dataset.large.view is not None
    assert studio.window.notice("dataset").isVisible()


def test_a_wrong_model_folder_never_enters_the_list_and_its_notice_leaves_with_another_model(
    studio: Studio, qtbot: QtBot, tmp_path: Path, tiny_model: Path
) -> None:
    studio.window.show_pane("training")
    picker, notice = studio.panes.training.form._model, studio.window.notice("training")
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "config.json").write_text('{"model_type": "llama"}')
    unheard, packed = tmp_path / "unheard", tmp_path / "small.gguf"
    shutil.copytree(tiny_model, unheard)
    (unheard / "config.json").write_text('{"model_type": "unheard_of"}')
    packed.write_bytes(b"GGUF and more")
    wrong = (
        (tmp_path / "data", "There is no model"),
        (bare, "has no weights"),
        (unheard, "unheard_of: mlx-lm has no such family"),
        (packed, "Convert it first"),
    )
    for folder, why in wrong:
        studio.training.use_model(str(folder))
        assert why in notice.text()
        assert notice.isVisible()
        assert picker.findData(str(folder)) < 0
        assert studio.panes.training.recipe().model == "starter"
    studio.training.use_model(str(tiny_model))
    assert picker.chosen() == str(tiny_model)
    assert not notice.isVisible()


def test_what_a_background_job_says_stands_over_the_pane_it_concerns(
    studio: Studio, qtbot: QtBot, toy_data: Path, tmp_path: Path
) -> None:
    studio.open_path(str(toy_data))
    studio.window.show_pane("runs")
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    studio.dataset.datasets._show_remark(Log("Four rows were left out.", "warning"))
    studio.evaluation._show_log(Log("It answers late.", "warning"))
    assert studio.window.notice("dataset").text() == "Four rows were left out."
    assert studio.window.notice("evaluation").text() == "It answers late."
    assert not studio.window.notice("runs").text()
    other = tmp_path / "other.jsonl"
    other.write_bytes(toy_data.read_bytes())
    opened(studio, qtbot, other)
    assert studio.window.notice("dataset").isHidden()
    assert not studio.window.notice("evaluation").isHidden()


def test_what_was_said_for_want_of_a_dataset_leaves_when_there_is_one(
    studio: Studio, qtbot: QtBot, toy_data: Path
) -> None:
    studio.window.show_pane("training")
    studio.training.start(studio.panes.training.recipe())
    assert studio.window.notice("training").isVisible()
    opened(studio, qtbot, toy_data)
    assert studio.window.notice("training").isHidden()
