"""An installation of its own, of links to the one that runs the tests, from which files can be taken."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_OTHER = ("PYTHONPATH", "HF_HUB_OFFLINE")


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the app in it, and the app's own folder."""

    environment: Path
    app: Path

    @classmethod
    def under(cls, folder: Path) -> Installed:
        """Lay it out: third parties' packages are links, the app's code and resources are copies."""
        made = cls(folder / "environment", folder / "app")
        made.packages.mkdir(parents=True)
        interpreter = made.environment / "bin" / "python"
        interpreter.parent.mkdir()
        interpreter.symlink_to(Path(sys.executable).resolve())
        given = Path(sys.prefix, "pyvenv.cfg").read_text(encoding="utf-8")
        (made.environment / "pyvenv.cfg").write_text(given, encoding="utf-8")
        for each in Path(sysconfig.get_path("purelib")).iterdir():
            if not each.name.startswith("__editable__"):
                (made.packages / each.name).symlink_to(each)
        made.app.mkdir()
        for name in ("studio", "resources"):
            shutil.copytree(ROOT / name, made.app / name)
        (made.packages / "app.pth").write_text(f"{made.app}\n", encoding="utf-8")
        return made

    @property
    def packages(self) -> Path:
        """Where a virtual environment of this Python has them."""
        version = "python{}.{}".format(*sys.version_info)
        return self.environment / "lib" / version / "site-packages"

    def take(self, path: str) -> None:
        """Take a file, or a folder, out of the app where it is there, else out of the packages."""
        place = self._own(path)
        shutil.rmtree(place) if place.is_dir() else place.unlink()

    def spoil(self, path: str, content: bytes) -> None:
        """Write something else into a file of the app, or of the packages."""
        self._own(path).write_bytes(content)

    @contextmanager
    def without(self, path: str, content: bytes | None = None) -> Iterator[None]:
        """Have a file taken out meanwhile, or something else in it."""
        place = self._own(path)
        kept = place.read_bytes()
        self.take(path) if content is None else self.spoil(path, content)
        try:
            yield
        finally:
            place.write_bytes(kept)

    def _own(self, path: str) -> Path:
        """That file or folder, of a copy where the package was a link."""
        place = self.app / path
        if place.exists():
            return place
        package = self.packages / Path(path).parts[0]
        if package.is_symlink():
            given = package.resolve()
            package.unlink()
            shutil.copytree(given, package)
        return self.packages / path

    def selftest(self, *options: str) -> tuple[int, dict[str, Any]]:
        """Run its self-test; the exit code and the report."""
        environment = {name: value for name, value in os.environ.items() if name not in _OTHER}
        ended = subprocess.run(
            [self.environment / "bin" / "python", "-P", "-m", "studio", "selftest", "--json", *options],
            env=environment,
            cwd=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.stdout, ended.stderr
        return ended.returncode, json.loads(ended.stdout)
