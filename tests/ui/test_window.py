from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from studio.ui.theme import Theme
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.popup import Combo
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


def test_a_drop_is_a_copy_also_where_its_source_proposes_to_move(window, tmp_path, qtbot) -> None:
    data, both = drag(tmp_path / "mine.jsonl"), Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier
    events = [
        QDragEnterEvent(QPoint(50, 50), both, data, buttons, keys),
        QDragMoveEvent(QPoint(60, 60), both, data, buttons, keys),
        QDropEvent(QPointF(60, 60), both, data, buttons, keys),
    ]
    with qtbot.waitSignal(window.files_dropped):
        for event, handle in zip(
            events, (window.dragEnterEvent, window.dragMoveEvent, window.dropEvent), strict=True
        ):
            event.setDropAction(Qt.DropAction.MoveAction)
            handle(event)
    assert [event.dropAction() for event in events] == [Qt.DropAction.CopyAction] * 3
    assert all(event.isAccepted() for event in events)


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
    assert window.pane() is late
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


def test_about_quit_settings_and_edits_have_a_role_on_a_mac(window) -> None:
    roles = {key: action.menuRole() for key, action in window._actions.items()}
    assert roles.pop("about") == QAction.MenuRole.AboutRole
    assert roles.pop("quit") == QAction.MenuRole.QuitRole
    assert roles.pop("settings") == QAction.MenuRole.PreferencesRole
    edits = {key for key, role in roles.items() if role == QAction.MenuRole.TextHeuristicRole}
    assert edits == {"undo", "redo", "cut", "copy", "paste", "selectAll"}  # so that a Mac's panels know them
    assert {role for key, role in roles.items() if key not in edits} == {QAction.MenuRole.NoRole}


def test_shortcuts_are_unique(window) -> None:
    keys = [
        action.shortcut().toString() for action in window._actions.values() if not action.shortcut().isEmpty()
    ]
    assert len(keys) == len(set(keys))
    assert {"Ctrl+O", "Ctrl+R", "Ctrl+.", "Ctrl+1", "Ctrl+5", "Ctrl+F", "Ctrl+M"} <= set(keys)


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
    assert window.notice().isVisible()


def test_a_notice_stays_with_its_pane(window) -> None:
    window.show()
    window.show_notice("Four rows were left out.", "warn")
    window.show_pane("runs")
    assert not window.notice("dataset").isVisible()
    assert not window.notice().isVisible()
    window.show_pane("dataset")
    assert window.notice().isVisible()


def test_a_notice_leaves_with_its_cause_over_whichever_pane_it_stands(window) -> None:
    window.show()
    window.show_notice("No model there.", "bad", pane="training", cause="no model")
    window.show_notice("Four rows were left out.", "warn")
    window.end_notice("another cause")
    assert not window.notice("training").isHidden()
    window.end_notice("no model")
    assert window.notice("training").isHidden()
    assert window.notice().isVisible()


def test_the_button_of_a_notice_announces_its_key_and_closes_it(window, qtbot) -> None:
    window.show()
    window.show_notice("A was stopped.", "dim", pane="training", action="Resume", key="resume:A")
    window.show_pane("training")
    with qtbot.waitSignal(window.action_triggered) as announced:
        window.notice().action.click()
    assert announced.args == ["resume:A"]
    assert not window.notice().isVisible()


def test_find_goes_to_the_search_of_the_pane_and_is_off_where_there_is_none(theme, qtbot) -> None:
    pane = QWidget()
    search = QLineEdit("words", pane)
    search.setObjectName("search")
    window = MainWindow(
        theme, [PaneEntry("one", "One", "database", pane), PaneEntry("two", "Two", "database", QWidget())]
    )
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    window.action("find").trigger()
    qtbot.waitUntil(search.hasFocus)
    assert search.selectedText() == "words"
    window.show_pane("two")
    assert not window.action("find").isEnabled()


def test_while_a_menu_is_shown_what_cannot_act_is_off(window) -> None:
    window.show()
    window.show_pane("runs")
    window.setFocus()
    edit = next(a.menu() for a in window.menuBar().actions() if a.text() == "Edit")
    edit.aboutToShow.emit()
    assert not any(window.action(key).isEnabled() for key in ("copy", "undo", "find"))
    edit.aboutToHide.emit()
    assert window.action("copy").isEnabled()


def test_the_window_menu_zooms_and_the_view_menu_fills_the_screen(window) -> None:
    window.show()
    window.action("zoom").trigger()
    assert window.isMaximized()
    window.action("zoom").trigger()
    assert not window.isMaximized()
    window.action("full_screen").trigger()
    assert window.isFullScreen()
    window.action("full_screen").trigger()
    assert not window.isFullScreen()
    window.action("minimize").trigger()
    assert window.isMinimized()
    window.action("front").trigger()
    assert not window.isMinimized()


def test_the_focus_of_a_button_that_goes_stays_in_its_pane(theme, qtbot) -> None:
    pane = QWidget()
    button = Button("Evaluate", parent=pane)
    window = MainWindow(theme, [PaneEntry("one", "One", "database", pane)])
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    button.hide()
    qtbot.waitUntil(lambda: not button.hasFocus())
    assert not window._sidebar.isAncestorOf(window.focusWidget())


def test_lists_and_menus_are_round_and_show_what_is_behind_their_corners(window, qtbot) -> None:
    box = Combo(window)
    box.addItems(["one", "two"])
    window.show()
    box.showPopup()
    for popup in (box.view().window(), next(a.menu() for a in window.menuBar().actions())):
        popup.resize(120, 80)
        assert popup.grab().toImage().pixelColor(0, 0).alpha() == 0
    box.hidePopup()


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
