"""A Mac application as it lies on the disk: its files, its links, and every path that leads to a file."""

from __future__ import annotations

import os
import plistlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from macho import Image, UnreadableImage, images, read_image


@dataclass(frozen=True, order=True)
class Finding:
    """One fault: by which rule, in which file, what is wrong, and what to do about it."""

    rule: str
    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"[{self.rule}] {self.where}\n    {self.what}\n    -> {self.remedy}"


class AppBundle:
    """Looks at everything inside an .app once, so that each rule asks and none walks."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.contents = self.root / "Contents"
        self.frameworks = self.contents / "Frameworks"
        self.resources = self.contents / "Resources"
        self.programs = self.contents / "MacOS"
        self.unreadable: dict[Path, str] = {}

    @cached_property
    def entries(self) -> list[Path]:
        """Every file, folder and link; links are not followed."""
        found: list[Path] = []
        for folder, folders, files in os.walk(self.root):
            found.extend(Path(folder) / name for name in (*folders, *files))
        return sorted(found)

    @cached_property
    def links(self) -> list[Path]:
        return [path for path in self.entries if path.is_symlink()]

    @cached_property
    def files(self) -> list[Path]:
        """Regular files, each once."""
        return [path for path in self.entries if path.is_file() and not path.is_symlink()]

    @cached_property
    def images(self) -> list[Image]:
        """Every Mach-O file that can be read; those that cannot are kept in `unreadable`."""
        read: list[Image] = []
        for path in images(self.files):
            try:
                read.append(read_image(path))
            except UnreadableImage as fault:
                self.unreadable[path] = str(fault)
        return read

    @cached_property
    def plist(self) -> dict[str, Any] | None:
        """Info.plist, or None where it is missing or damaged."""
        try:
            with (self.contents / "Info.plist").open("rb") as file:
                read = plistlib.load(file)
        except (OSError, ValueError, plistlib.InvalidFileException):
            return None
        return read if isinstance(read, dict) else None

    @property
    def program(self) -> Path | None:
        """What a double click starts."""
        name = (self.plist or {}).get("CFBundleExecutable")
        return self.programs / name if isinstance(name, str) and name else None

    def where(self, path: Path) -> str:
        """The path as a person would say it: from Contents on."""
        return str(path).removeprefix(f"{self.root}{os.sep}")

    def holds(self, path: Path) -> bool:
        """Whether the path, all links followed, ends inside the application."""
        return path.resolve().is_relative_to(self.root.resolve())

    def paths_to(self, name: str) -> list[Path]:
        """Every path by which a file of this name can be opened, through linked folders too."""
        return sorted(path for path in self._reachable(self.root, frozenset()) if path.name == name)

    def _reachable(self, folder: Path, above: frozenset[Path]) -> Iterator[Path]:
        real = folder.resolve()
        if real in above or not real.is_relative_to(self.root.resolve()):
            return
        for path in sorted(folder.iterdir()):
            if path.is_dir():
                yield from self._reachable(path, above | {real})
            else:
                yield path
