"""The objective follows the data: any dataset opens, and what does not fit is offered with one button."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.events import DatasetRead
from tests.conftest import write_pairs


def opened(studio: Studio, qtbot: QtBot, path: Path) -> DatasetRead:
    studio.open_path(str(path))
    return settled(studio, qtbot, path.name)


def settled(studio: Studio, qtbot: QtBot, name: str) -> DatasetRead:
    qtbot.waitUntil(lambda: studio.state.dataset is not None and not studio.dataset.datasets.busy)
    assert studio.state.dataset is not None
    assert studio.state.dataset.name == name
    return studio.state.dataset


def test_preference_pairs_offer_dpo_once_and_one_button_takes_it(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    pairs = write_pairs(tmp_path / "pairs.jsonl", 12)
    opened(studio, qtbot, pairs)
    notice = studio.window.notice("dataset")
    assert notice.isVisible()
    assert "pairs.jsonl holds preference pairs. With SFT only the chosen answers train" in notice.text()
    assert notice.action.text() == "Use DPO"
    assert studio.panes.training.recipe().objective == "sft"  # nothing changes by itself
    studio.dataset.datasets.give_up()
    assert notice.isHidden()
    (tmp_path / "other").mkdir()
    pairs = write_pairs(tmp_path / "other" / "pairs.jsonl", 12)
    opened(studio, qtbot, pairs)
    notice.action.click()
    assert studio.panes.training.recipe().objective == "dpo"
    settled(studio, qtbot, "pairs.jsonl")
    assert notice.isHidden()
    studio.training.change({"objective": "sft"})  # chosen, so it is not asked about again
    settled(studio, qtbot, "pairs.jsonl")
    assert notice.isHidden()


def test_with_dpo_set_any_dataset_opens_and_use_sft_settles_it(
    studio: Studio, qtbot: QtBot, toy_data: Path
) -> None:
    studio.training.change({"objective": "dpo"})
    dataset = opened(studio, qtbot, toy_data)
    assert dataset.rows
    assert studio.panes.dataset.table.model.rowCount() == len(dataset.rows)
    studio.panes.dataset.example_chosen.emit(dataset.rows[0].line)  # a row is shown as tokens, too
    qtbot.waitUntil(lambda: studio.panes.dataset.example.title() != "")
    for pane in ("dataset", "training"):
        assert "DPO learns from pairs of a chosen and a rejected answer" in studio.window.notice(pane).text()
        assert not studio.window.notice(pane).isHidden()
    assert not studio.panes.training.can_start()
    studio.window.notice("dataset").action.click()
    settled(studio, qtbot, toy_data.name)
    assert studio.panes.training.recipe().objective == "sft"
    assert studio.panes.training.can_start()
    assert studio.window.notice("dataset").isHidden()
    assert studio.window.notice("training").isHidden()


def test_the_sample_opens_in_a_fresh_home_whatever_the_objective(studio: Studio, qtbot: QtBot) -> None:
    studio.training.change({"objective": "text"})
    studio.panes.dataset.sample_requested.emit()
    dataset = settled(studio, qtbot, "instructions.jsonl")
    assert dataset.rows
    studio.training.change({"objective": "sft"})  # in the form, as the notice says
    settled(studio, qtbot, "instructions.jsonl")
    assert studio.window.notice("dataset").isHidden()


def test_prompts_without_answers_are_counted_and_do_not_train(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "some.jsonl"
    rows = [f'{{"prompt": "Say {n}", "completion": "It is {n}."}}\n' for n in range(9)]
    path.write_text("".join(rows) + '{"prompt": "Say more"}\n{"prompt": "And more"}\n')
    dataset = opened(studio, qtbot, path)
    assert len(dataset.rows) == 9
    assert "2 rows need attention, 2 cannot train" in studio.panes.dataset.header.subtitle()
