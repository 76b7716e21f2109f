"""What failed, for those who look into it: copied, never sent; and what helps, as the key of a button."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from studio.catalogue import Said
from studio.language import tr
from studio.paths import Paths

if TYPE_CHECKING:
    from studio.recipe.recipe import Recipe  # pydantic, which no window needs to be seen

COPY = tr("Copy Details")
COPY_DETAILS, COPY_CRASH, REMEDY = "copy details", "copy crash:", "remedy:"
"""The key of the button that copies details, and how those of a crash and of a remedy begin."""


@dataclass(frozen=True)
class Wish:
    """What a button of a remedy asks for: fields of the recipe to be set, or a thing to be done."""

    values: Mapping[str, Any]
    does: str
    about: str = ""  # the model that it is for

    @property
    def key(self) -> str:
        return REMEDY + json.dumps({"values": self.values, "does": self.does, "about": self.about})

    @classmethod
    def of(cls, key: str) -> Wish:
        return cls(**json.loads(key.removeprefix(REMEDY)))


def helps(said: Said, recipe: Recipe | None, rate: float | None = None) -> list[tuple[str, str]]:
    """What helps against a failure, as titles and keys of buttons, the likeliest first."""
    from studio.failures import remedies_for

    found = remedies_for(said, recipe, rate)
    return [(str(each.title), Wish(dict(each.values), each.does, each.about).key) for each in found]


def copy_details(paths: Paths) -> None:
    """Put versions, system and the last lines of the log on the clipboard."""
    from studio.crashes import details

    QApplication.clipboard().setText(details(paths))


def copy_crash(report: str) -> bool:
    """Put the report of a crash on the clipboard, where it is still there."""
    try:
        QApplication.clipboard().setText(Path(report).read_text(encoding="utf-8"))
    except OSError:
        return False
    return True


def show_log(paths: Paths) -> None:
    """Show the log in the program that the system has for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(paths.log)))
