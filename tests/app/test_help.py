"""The glossary is opened from the menu and from a field, and knows the model and its forecast."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.ui.dialogs.glossary import ADAPTER_PAGE


def test_the_menu_opens_the_glossary_which_closes_with_the_window(studio: Studio) -> None:
    studio.window.action("help").trigger()
    assert studio.help.glossary is not None
    assert studio.help.glossary.isVisible()
    studio.window.close()
    assert not studio.help.glossary.isVisible()


def test_the_mark_beside_a_field_opens_its_page(studio: Studio) -> None:
    mark = studio.panes.training.form.row("lora.alpha").mark
    assert mark is not None
    mark.click()
    assert studio.help.glossary is not None
    assert studio.help.glossary.text.toPlainText().startswith("Alpha")


def test_the_page_of_the_adapter_follows_the_recipe(studio: Studio, qtbot: QtBot) -> None:
    studio.training.change({"lora.rank": 4})
    studio.window.action("help_adapter").trigger()
    glossary = studio.help.glossary
    assert glossary is not None
    assert glossary.list.currentItem().text() == ADAPTER_PAGE
    qtbot.waitUntil(lambda: bool(glossary.adapter.rows()))
    by = "\N{MULTIPLICATION SIGN}"
    shapes = {row[0]: row[2] for row in glossary.adapter.rows()}
    assert shapes["mlp.down_proj"] == f"256 {by} 4 · 4 {by} 640"
    assert "parameters train" in glossary.adapter.costs.text()
    studio.training.change({"method": "full"})
    qtbot.waitUntil(lambda: not glossary.adapter.rows())
