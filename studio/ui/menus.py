"""The menu bar as data: every menu, every command, its shortcut and its role on a Mac."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from studio.ui.plain import keyless, tip
from studio.ui.widgets.popup import Menu

Role = QAction.MenuRole
Standard = QKeySequence.StandardKey
APPEARANCES = ("system", "light", "dark")
MAC = sys.platform == "darwin"
FULL_SCREEN = "Ctrl+Meta+F" if MAC else "F11"


@dataclass(frozen=True)
class Command:
    """One menu entry. `key` is announced when it is chosen; "" draws a separator."""

    key: str
    text: str = ""
    shortcut: str | QKeySequence.StandardKey = ""
    role: QAction.MenuRole = Role.NoRole
    group: str = ""  # entries of one group are checkable, one at a time


SEPARATOR = Command("")
EDIT = (
    Command("undo", "Undo", Standard.Undo, Role.TextHeuristicRole),
    Command("redo", "Redo", Standard.Redo, Role.TextHeuristicRole),
    SEPARATOR,
    Command("cut", "Cut", Standard.Cut, Role.TextHeuristicRole),
    Command("copy", "Copy", Standard.Copy, Role.TextHeuristicRole),
    Command("paste", "Paste", Standard.Paste, Role.TextHeuristicRole),
    Command("selectAll", "Select All", Standard.SelectAll, Role.TextHeuristicRole),
)
"""What a field knows; the role lets these reach a Mac's own panels, too."""

RUN = (
    Command("start", "Start Training", "Ctrl+R"),
    Command("sweep", "Sweep…"),
    Command("stop", "Stop Training", "Ctrl+."),
    SEPARATOR,
    Command("serve", "Local Server…"),
    SEPARATOR,
    Command("run:play", "Open in Playground"),
    Command("run:evaluate", "Evaluate", "Ctrl+E"),
    Command("run:serve", "Serve…"),
    Command("run:resume", "Resume"),
    Command("run:continue", "Continue Sweep"),
    SEPARATOR,
    Command("run:export", "Export…", "Ctrl+Shift+E"),
    Command("run:from", "Continue from This Run"),
    Command("run:recipe", "Use This Recipe"),
    Command("run:sweep", "Compare Its Sweep"),
    Command("run:rename", "Rename"),
    Command("run:notes", "Edit Notes"),
    SEPARATOR,
    Command("run:reveal", "Show in Finder" if MAC else "Show in Folder"),
    Command("run:delete", "Move to Trash"),
)
"""What can be done with training, and below it with the run that the pane in front is about."""


def menus(panes: Sequence[tuple[str, str]]) -> tuple[tuple[str, tuple[Command, ...]], ...]:
    """All menus for these panes, given as (key, title)."""
    views = (
        Command(f"pane:{key}", title, f"Ctrl+{number}", group="pane")
        for number, (key, title) in enumerate(panes, start=1)
    )
    looks = (
        Command(f"appearance:{mode}", f"{mode.title()} Appearance", group="appearance")
        for mode in APPEARANCES
    )
    return (
        (
            "File",
            (
                Command("open_dataset", "Open Dataset…", Standard.Open),
                Command("open_folder", "Open Folder…", "Ctrl+Shift+O"),
                Command("open_hub", "Open from the Hub…"),
                Command("recent", "Open Recent"),
                Command("library", "Dataset Library…", "Ctrl+Shift+L"),
                Command("reveal_dataset", "Show Dataset in Finder" if MAC else "Show Dataset in Folder"),
                SEPARATOR,
                Command("save_dataset", "Save as Dataset…", Standard.SaveAs),
                Command("export_lines", "Export as JSONL…"),
                Command("export_layout", "Export for mlx-lm…"),
                Command("upload", "Upload to the Hub…"),
                SEPARATOR,
                Command("close", "Close", Standard.Close),
                Command("quit", "Quit Tuning Studio", Standard.Quit, Role.QuitRole),
            ),
        ),
        (
            "Edit",
            (
                *EDIT,
                SEPARATOR,
                Command("find", "Find", Standard.Find),
                SEPARATOR,
                Command("settings", "Settings…", "Ctrl+,", Role.PreferencesRole),
            ),
        ),
        ("Run", RUN),
        (
            "View",
            (*views, SEPARATOR, *looks, SEPARATOR, Command("full_screen", "Full Screen", FULL_SCREEN)),
        ),
        (
            "Window",
            (
                Command("minimize", "Minimize", "Ctrl+M"),
                Command("zoom", "Zoom"),
                SEPARATOR,
                Command("front", "Bring All to Front"),
            ),
        ),
        (
            "Help",
            (
                Command("help", "Glossary", "Ctrl+?"),
                Command("help_adapter", "What Trains in Your Model"),
                Command("tour", "Tour of Tuning Studio"),
                SEPARATOR,
                Command("about", "About Tuning Studio", role=Role.AboutRole),
            ),
        ),
    )


def fill_menu_bar(
    bar: QMenuBar,
    panes: Iterable[tuple[str, str]],
    chosen: Callable[[], None],
    opens: Callable[[bool], None],
) -> dict[str, QAction]:
    """Build the menus; every action carries its key as data and calls `chosen`. Returned by key.

    `opens` is called before one is shown, and after it has gone, with whether it is being shown.
    """
    actions: dict[str, QAction] = {}
    groups: dict[str, QActionGroup] = {}
    for title, commands in menus(tuple(panes)):
        menu = Menu(bar, title)
        bar.addMenu(menu)
        menu.aboutToShow.connect(partial(opens, True))
        menu.aboutToHide.connect(partial(opens, False))
        for command in commands:
            if not command.key:
                menu.addSeparator()
                continue
            action = _add(menu, command, groups)
            action.triggered.connect(chosen)
            actions[command.key] = action
    return actions


def fill_recent(menu: QMenu, paths: Sequence[str], chosen: Callable[[], None]) -> None:
    """Offer paths to open again, under their names, and to forget them all."""
    for action in menu.actions():
        menu.removeAction(action)
        action.deleteLater()  # it may be the one that was chosen
    for path in paths:
        action = menu.addAction(keyless(PurePath(path).name))
        action.setToolTip(tip(path))
        action.setData(f"recent:{path}")
        action.triggered.connect(chosen)
    if paths:
        menu.addSeparator()
        forget = menu.addAction("Clear Menu")
        forget.setData("forget_recent")
        forget.triggered.connect(chosen)
    menu.setEnabled(bool(paths))


def _add(menu: QMenu, command: Command, groups: dict[str, QActionGroup]) -> QAction:
    action = menu.addAction(command.text)
    action.setData(command.key)
    action.setMenuRole(command.role)
    if command.shortcut:
        action.setShortcut(QKeySequence(command.shortcut))
    if command.group:
        action.setCheckable(True)
        groups.setdefault(command.group, QActionGroup(menu)).addAction(action)
    return action
