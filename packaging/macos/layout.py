"""Lays the real files of macOS out as PyInstaller's BUNDLE would, on any system, and checks them.

    python packaging/macos/layout.py build/macos

What needs a Mac is missing: Python itself, and the archive of its modules in the program. The rest is what
would be in the application, relinked as there, so that the checker sees what it will see on a Mac.
"""

from __future__ import annotations

import os
import plistlib
import shutil
import sys
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import check_bundle
import mac_wheels
import notices
import plist
from left_out import is_used
from macho import images, read_image
from PyInstaller.building.osx import BUNDLE
from PyInstaller.utils.osx import collect_files_from_framework_bundles
from relink import relinked

Entry = tuple[str, str, str]
QT = ("Core", "DBus", "Gui", "Network", "OpenGL", "OpenGLWidgets", "Svg", "Test", "Widgets")
"""What the window and pyqtgraph import."""

PLUGINS = ("generic", "iconengines", "imageformats", "networkinformation", "platforms", "styles", "tls")
LEFT_OUT = ("wandb/*", "scipy/*", "sklearn/*", "mlx/include/*", "*.a")
"""Packages that the spec leaves out, too."""

METADATA = ("mlx", "mlx_metal", "mlx_lm", "transformers", "datasets", "keyring", "lm_eval", "tensorboardx")
DATA = (
    *("mlx/lib/mlx.metallib", "py3langid/data/*", "certifi/cacert.pem", "bm25s/*.json"),
    *("transformers/**/*.py", "mlx_lm/**/*.py"),  # whose source is read
    *(f"lm_eval/tasks/**/*.{ending}" for ending in ("yaml", "py", "json", "tsv", "lark")),
    "PySide6/Qt/translations/qtbase_zh_CN.qm",
)


class _Layout(BUNDLE):
    """PyInstaller's own rules of what goes where, without what it does on a Mac afterwards."""

    def __init__(self) -> None:
        """Nothing is built."""

    def entries(self, collected: list[Entry]) -> list[Entry]:
        return list(self._process_bundle_toc(collected))


def main() -> int:
    made = Path(sys.argv[1]).absolute()
    site, app = made / "site", made / f"{plist.NAME}.app"
    mac_wheels.download(made / "wheels")
    for old in (site, app):
        shutil.rmtree(old, ignore_errors=True)
    carried = mac_wheels.unpack(made / "wheels", site)
    notices.gather(made / "notices")
    collected = [*_code(site), *_data(site, made)]
    for entry in _Layout().entries(
        [*collected, *_program(made), *collect_files_from_framework_bundles(collected)]
    ):
        _place(app, *entry)
    with (app / "Contents" / "Info.plist").open("wb") as file:
        plistlib.dump(plist.info(), file)
    (app / "Contents" / "Resources" / plist.ICON).write_bytes(b"icns\0\0\0\x08")  # drawn elsewhere
    print(f"Laid out: the macOS files of {len(carried)} distributions; no Python, no archive of modules.")
    return check_bundle.main([str(app)])


def _code(site: Path) -> Iterator[Entry]:
    """Every extension module, and each library that one of the files asks for."""
    found = {str(path.relative_to(site)): path for path in images(sorted(site.rglob("*")))}
    by_name = {path.name: where for where, path in found.items()}
    waiting = [where for where in found if _wanted(where)]
    done: set[str] = set()
    while waiting:
        where = waiting.pop()
        if where in done:
            continue
        done.add(where)
        code = read_image(found[where]).arm64
        names = [load.name.rpartition("/")[2] for load in (code.loads if code else ())]
        waiting += [by_name[name] for name in names if name in by_name]
    for where in sorted(done):
        yield where, str(found[where]), "EXTENSION" if where.endswith(".so") else "BINARY"
        if not where.endswith(".so") and "/plugins/" not in where:
            yield Path(where).name, where, "SYMLINK"
    yield "mlx.metallib", "mlx/lib/mlx.metallib", "SYMLINK"


def _wanted(where: str) -> bool:
    """Whether a file is taken for itself, and not only where another asks for it."""
    if not is_used(where) or any(fnmatch(where, pattern) for pattern in LEFT_OUT):
        return False
    if where.startswith("PySide6/Qt/plugins/"):
        return where.split("/")[3] in PLUGINS
    if where.startswith("PySide6/"):
        return where in {f"PySide6/Qt{name}.abi3.so" for name in QT}
    return where.endswith(".so")


def _data(site: Path, made: Path) -> Iterator[Entry]:
    patterns = [*DATA, *(f"{name}-*.dist-info/METADATA" for name in METADATA)]
    for pattern in patterns:
        for path in sorted(site.glob(pattern)):
            if path.is_file() and is_used(where := path.relative_to(site).as_posix()):
                yield where, str(path), "DATA"
    for folder, below in ((mac_wheels.ROOT / "resources", "resources"), (made / "notices", "")):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.relative_to(folder).parts[0] not in ("fonts", "screens"):
                yield str(Path(below) / path.relative_to(folder)), str(path), "DATA"


def _program(made: Path) -> Iterator[Entry]:
    """What a double click starts, from PyInstaller's own wheel for macOS."""
    program = made / "program"
    (wheel,) = (made / "wheels").glob("pyinstaller-*.whl")
    with zipfile.ZipFile(wheel) as packed:
        program.write_bytes(packed.read("PyInstaller/bootloader/Darwin-64bit/runw"))
    yield plist.NAME, str(program), "EXECUTABLE"


def _place(app: Path, where: str, source: str, kind: str) -> None:
    path = app / where
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "SYMLINK":
        path.symlink_to(source)
    elif kind == "DATA":
        os.link(source, path) if source.startswith(str(app.parent)) else shutil.copyfile(source, path)
    else:
        up = os.path.relpath(app / "Contents" / "Frameworks", path.parent)
        path.write_bytes(relinked(Path(source).read_bytes(), f"@loader_path/{up}"))
        path.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main())
