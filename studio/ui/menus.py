"""The menu bar as data: every menu, every command, its shortcut and its role on a Mac."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from studio.language import tr
from studio.ui.plain import keyless, tip
from studio.ui.widgets.popup import Menu

Role = QAction.MenuRole
Standard = QKeySequence.StandardKey

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
    Command("undo", tr("Undo"), Standard.Undo, Role.TextHeuristicRole),
    Command("redo", tr("Redo"), Standard.Redo, Role.TextHeuristicRole),
    SEPARATOR,
    Command("cut", tr("Cut"), Standard.Cut, Role.TextHeuristicRole),
    Command("copy", tr("Copy"), Standard.Copy, Role.TextHeuristicRole),
    Command("paste", tr("Paste"), Standard.Paste, Role.TextHeuristicRole),
    Command("selectAll", tr("Select All"), Standard.SelectAll, Role.TextHeuristicRole),
)
"""What a field knows; the role lets these reach a Mac's own panels, too."""

RUN = (
    Command("start", tr("Start Training"), "Ctrl+R"),
    Command("sweep", tr("Sweep…")),
    Command("stop", tr("Stop Training"), "Ctrl+."),
    SEPARATOR,
    Command("serve", tr("Local Server…")),
    SEPARATOR,
    Command("run:play", tr("Open in Playground")),
    Command("run:evaluate", tr("Evaluate"), "Ctrl+E"),
    Command("run:serve", tr("Serve…")),
    Command("run:resume", tr("Resume")),
    Command("run:continue", tr("Continue Sweep")),
    SEPARATOR,
    Command("run:export", tr("Export…"), "Ctrl+Shift+E"),
    Command("run:from", tr("Continue from This Run")),
    Command("run:recipe", tr("Use This Recipe")),
    Command("run:sweep", tr("Compare Its Sweep")),
    Command("run:rename", tr("Rename")),
    Command("run:notes", tr("Edit Notes")),
    SEPARATOR,
    Command("run:reveal", tr("Show in Finder") if MAC else tr("Show in Folder")),
    Command("run:delete", tr("Move to Trash")),
)
"""What can be done with training, and below it with the run that the pane in front is about."""


def menus(panes: Sequence[tuple[str, str]]) -> tuple[tuple[str, tuple[Command, ...]], ...]:
    """All menus for these panes, given as (key, title)."""
    views = (
        Command(f"pane:{key}", title, f"Ctrl+{number}", group="pane")
        for number, (key, title) in enumerate(panes, start=1)
    )
    looks = (
        Command(f"appearance:{mode}", title, group="appearance")
        for mode, title in (
            ("system", tr("System Appearance")),
            ("light", tr("Light Appearance")),
            ("dark", tr("Dark Appearance")),
        )
    )
    return (
        (
            tr("File"),
            (
                Command("open_dataset", tr("Open Dataset…"), Standard.Open),
                Command("open_folder", tr("Open Folder…"), "Ctrl+Shift+O"),
                Command("open_hub", tr("Open from the Hub…")),
                Command("recent", tr("Open Recent")),
                Command("library", tr("Dataset Library…"), "Ctrl+Shift+L"),
                Command(
                    "reveal_dataset", tr("Show Dataset in Finder") if MAC else tr("Show Dataset in Folder")
                ),
                SEPARATOR,
                Command("save_dataset", tr("Save as Dataset…"), Standard.SaveAs),
                Command("export_lines", tr("Export as JSONL…")),
                Command("export_layout", tr("Export for mlx-lm…")),
                Command("upload", tr("Upload to the Hub…")),
                SEPARATOR,
                Command("close", tr("Close"), Standard.Close),
                Command("quit", tr("Quit Tuning Studio"), Standard.Quit, Role.QuitRole),
            ),
        ),
        (
            tr("Edit"),
            (
                *EDIT,
                SEPARATOR,
                Command("find", tr("Find"), Standard.Find),
                SEPARATOR,
                Command("settings", tr("Settings…"), "Ctrl+,", Role.PreferencesRole),
            ),
        ),
        (tr("Run"), RUN),
        (
            tr("View"),
            (*views, SEPARATOR, *looks, SEPARATOR, Command("full_screen", tr("Full Screen"), FULL_SCREEN)),
        ),
        (
            tr("Window"),
            (
                Command("minimize", tr("Minimize"), "Ctrl+M"),
                Command("zoom", tr("Zoom")),
                SEPARATOR,
                Command("front", tr("Bring All to Front")),
            ),
        ),
        (
            tr("Help"),
            (
                Command("help", tr("Glossary"), "Ctrl+?"),
                Command("help_adapter", tr("What Trains in Your Model")),
                Command("tour", tr("Tour of Tuning Studio")),
                SEPARATOR,
                Command("about", tr("About Tuning Studio"), role=Role.AboutRole),
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
        forget = menu.addAction(tr("Clear Menu"))
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
