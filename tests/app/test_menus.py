"""Whatever a pane can begin is in the menu bar."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractButton, QMenu
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from tests.ui.test_menus import PANES, menu_of


def test_whatever_a_pane_has_a_button_for_is_in_its_menu_by_the_same_name(
    studio: Studio, qtbot: QtBot
) -> None:
    menu = menu_of(studio.window, 3)
    words: dict[str, list[str]] = {}
    for pane in PANES:
        studio.window.show_pane(pane)
        head = getattr(studio.panes, pane).header.findChildren(QAbstractButton)
        seen = [each for each in head if each.isVisible()]
        words[pane] = [each.text() for each in menu.actions()]
        assert words[pane][: len(seen)] == [each.text() or each.accessibleName() for each in seen]
        enabled = [each.isEnabled() for each in menu.actions()]
        assert enabled[: len(seen)] == [each.isEnabled() for each in seen]
    assert {"Open…", "Try the sample"} <= set(words["dataset"])
    assert "Start training" in words["training"]
    assert "Talk to Starter" in words["playground"]
    studio.window.show_pane("dataset")
    entries = next(each for each in menu.actions() if each.text() == "Open…").menu()
    assert isinstance(entries, QMenu)
    assert "From the Hub…" in [each.text() for each in entries.actions()]
    next(each for each in menu.actions() if each.text() == "Try the sample").trigger()
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    menu.aboutToShow.emit()
    assert "Try the sample" not in [each.text() for each in menu.actions()]
    assert next(each for each in menu.actions() if each.text() == "Train on this").isEnabled()
