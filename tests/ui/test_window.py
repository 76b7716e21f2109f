from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from studio.ui.theme import Theme
from studio.ui.widgets.button import Button, IconButton
from studio.ui.window import MainWindow, PaneEntry

KEYS = ("dataset", "training", "evaluation", "playground", "runs")


@pytest.fixture
def window(theme: Theme, qtbot) -> MainWindow:
    entries = [
        PaneEntry(key, key.title(), "database", QWidget(), "Library" if key == "runs" else "") for key in KEYS
    ]
    window = MainWindow(theme, entries)
    qtbot.addWidget(window)
    return window


def drag(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def enter(window: MainWindow, data: QMimeData) -> QDragEnterEvent:
    event = QDragEnterEvent(
        QPointF(50, 50).toPoint(),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dragEnterEvent(event)
    return event


def test_files_dropped_anywhere_are_announced_and_the_window_shows_where(window, tmp_path, qtbot) -> None:
    window.show()
    paths = [tmp_path / "invoices.jsonl", tmp_path / "more.csv"]
    data, hint = drag(*paths), window.findChild(QFrame, "drop")
    assert enter(window, data).isAccepted()
    assert hint.isVisible()
    drop = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    with qtbot.waitSignal(window.files_dropped) as dropped:
        window.dropEvent(drop)
    assert dropped.args == [[str(path) for path in paths]]
    assert not hint.isVisible()


def test_a_drag_that_leaves_takes_the_highlight_with_it(window, tmp_path) -> None:
    window.show()
    enter(window, drag(tmp_path / "a.csv"))
    window.dragLeaveEvent(QDragLeaveEvent())
    assert not window.findChild(QFrame, "drop").isVisible()


def test_dragged_text_is_not_taken_for_a_file(window) -> None:
    data = QMimeData()
    data.setText("just words")
    window.show()
    enter(window, data)
    assert not window.findChild(QFrame, "drop").isVisible()


def test_fields_leave_dropped_files_to_the_window(theme, qtbot) -> None:
    field = QLineEdit()
    window = MainWindow(theme, [PaneEntry("one", "One", "database", field)])
    qtbot.addWidget(window)
    assert not field.acceptDrops()


@pytest.mark.parametrize("key", KEYS)
def test_every_pane_is_reached_by_its_menu_entry(window, key) -> None:
    window.action(f"pane:{key}").trigger()
    assert window.current_pane() == key
    assert window.action(f"pane:{key}").isChecked()


def test_a_pane_built_later_takes_its_place(window, qtbot) -> None:
    window.show_pane("training")
    late = QLineEdit()
    window.set_pane("training", late)
    assert window._stack.currentWidget() is late
    assert window.current_pane() == "training"
    assert not late.acceptDrops()
    window.set_pane("runs", QWidget())
    assert window.current_pane() == "training"
    window.show_pane("runs")
    assert window.current_pane() == "runs"


def test_the_sidebar_chooses_panes(window) -> None:
    button = next(b for b in window.findChildren(Button) if b.property("pane") == "runs")
    button.click()
    assert window.current_pane() == "runs"


def test_commands_are_announced_by_key(window, qtbot) -> None:
    for key in ("open_dataset", "start", "stop", "about"):
        with qtbot.waitSignal(window.action_triggered) as announced:
            window.action(key).trigger()
        assert announced.args == [key]


def test_only_about_and_quit_have_a_role_on_a_mac(window) -> None:
    roles = {key: action.menuRole() for key, action in window._actions.items()}
    assert roles.pop("about") == QAction.MenuRole.AboutRole
    assert roles.pop("quit") == QAction.MenuRole.QuitRole
    assert set(roles.values()) == {QAction.MenuRole.NoRole}


def test_shortcuts_are_unique(window) -> None:
    keys = [
        action.shortcut().toString() for action in window._actions.values() if not action.shortcut().isEmpty()
    ]
    assert len(keys) == len(set(keys))
    assert {"Ctrl+O", "Ctrl+R", "Ctrl+.", "Ctrl+1", "Ctrl+5"} <= set(keys)


def test_edit_commands_reach_the_field_with_the_focus(theme, qtbot) -> None:
    field = QLineEdit("words")
    window = MainWindow(theme, [PaneEntry("one", "One", "database", field)])
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    window.action("selectAll").trigger()
    assert field.selectedText() == "words"


def test_appearance_is_chosen_in_the_menu(window, theme) -> None:
    window.action("appearance:dark").trigger()
    assert theme.is_dark


def test_the_engine_is_told_at_the_foot_of_the_sidebar(window) -> None:
    window.show()
    window.set_engine("Training · step 120 of 240", "24 s left", 0.5)
    assert window._sidebar._bar.value() == 500
    assert window._sidebar._bar.isVisible()
    window.set_engine("Idle")
    assert not window._sidebar._bar.isVisible()


def test_a_notice_is_shown_above_the_pane(window) -> None:
    window.show()
    window.show_notice("The disk is full.", "bad")
    assert window._notice.isVisible()


def test_icon_buttons_have_names(window) -> None:
    assert all(button.accessibleName() and button.toolTip() for button in window.findChildren(IconButton))


def test_the_window_works_at_its_smallest(window) -> None:
    window.resize(1040, 680)
    window.show()
    assert (window.width(), window.height()) == (1040, 680)


def test_a_window_closed_right_after_its_first_paint_is_not_furnished(window, qtbot) -> None:
    furnished: list[bool] = []
    window.first_painted.connect(lambda: furnished.append(True))
    window.show()
    window.grab()  # paints
    window.close()
    qtbot.wait(50)
    assert furnished == []
