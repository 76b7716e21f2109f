"""Everything in the menu bar is reached by keys alone."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from studio.ui.menus import menus
from studio.ui.theme import Theme
from studio.ui.window import SEARCH, MainWindow, PaneEntry

PANES = ("dataset", "training", "evaluation", "playground", "runs", "models")


def menu_of(window: MainWindow, place: int) -> QMenu:
    menu = window.menuBar().actions()[place].menu()
    assert isinstance(menu, QMenu)
    return menu


def walked(menu: QMenu, heard: list[str]) -> list[str]:
    """What is announced as one goes down a menu by keys and chooses each entry; those with entries aside."""
    for nth in range(sum(bool(each.data()) and each.menu() is None for each in menu.actions())):
        menu.popup(QPoint(0, 0))
        entries = [each for each in menu.actions() if each.data() and each.menu() is None]
        for each in menu.actions():
            each.setEnabled(each in entries)
        for _ in range(nth + 1):
            QTest.keyClick(menu, Qt.Key.Key_Down)
        assert menu.activeAction() is entries[nth]
        QTest.keyClick(menu, Qt.Key.Key_Return)
        assert not menu.isVisible()
    return heard


def test_every_entry_of_every_menu_is_chosen_by_keys_and_every_shortcut_works(
    theme: Theme, qtbot: QtBot
) -> None:
    window = MainWindow(theme, [PaneEntry(key, key.title(), "database", QWidget()) for key in PANES])
    qtbot.addWidget(window)
    QLineEdit(window.pane()).setObjectName(SEARCH)  # for Find
    window.may_close = lambda: False  # Close and Quit are announced, too, and the walk goes on
    heard: list[str] = []
    window.action_triggered.connect(heard.append)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    for nth, (title, commands) in enumerate(menus([(key, key.title()) for key in PANES])):
        menu = menu_of(window, nth + (nth >= 3))  # after the menu of the pane, which has entries of its own
        assert menu.title() == title
        heard.clear()
        keys = [each.key for each in commands if each.key and each.key != "recent"]
        assert walked(menu, heard) == keys
        for command in commands:
            action = window.action(command.key) if command.key else None
            if action is None or action.shortcut().isEmpty():
                continue
            window.showNormal()
            window.activateWindow()
            qtbot.waitUntil(window.isActiveWindow)
            action.setEnabled(True)
            heard.clear()
            QTest.keySequence(window, QKeySequence(action.shortcut()))
            assert heard == [command.key]
